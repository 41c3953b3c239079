"""fastText's functions that return a model."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from wildvec.compat.fasttext.arguments import (
    SUPERVISED,
    UNSUPERVISED,
    Args,
    read_arguments,
    supervised_default,
    unsupervised_default,
)
from wildvec.compat.fasttext.autotune import tune
from wildvec.compat.fasttext.model import _FastText
from wildvec.compat.fasttext.subwords import tokenize
from wildvec.models.facebook_models import to_file
from wildvec.models.fasttext import FastText
from wildvec.models.text_classifier import TextClassifier
from wildvec.vectors.keyedvectors import KeyedVectors


def load_model(path: str | os.PathLike[str]) -> _FastText:
    """Read a model, .bin or .ftz, of fastText or wildvec.

    Raises:
        FileNotFoundError: There is no such file.
        EOFError, ValueError: It is damaged or no fastText model.
    """
    return _FastText(model_path=path)


def train_supervised(*kargs: Any, **kwargs: Any) -> _FastText:
    """Train a classifier on a file with one text a line, in which tokens that begin with `label` are labels.

    Args:
        kargs, kwargs: fastText's arguments with its defaults: input, lr=0.1, dim=100, ws=5, epoch=5, minCount=1,
            minCountLabel=0, minn=0, maxn=0, neg=5, wordNgrams=1, loss="softmax", bucket=2000000, thread,
            lrUpdateRate, t, label="__label__", verbose, pretrainedVectors, seed=0, and those of autotune. ws, t,
            lrUpdateRate and verbose have no effect.

    Raises:
        TypeError: An argument is unknown or of a wrong type.
        ValueError: It is out of range, or the file holds no label or no word.
        FileNotFoundError: There is no such file.
    """
    args, given = read_arguments(SUPERVISED, supervised_default, kargs, kwargs)
    settings = _settings(args)
    if args.autotuneValidationFile:
        model = tune(args, given, settings)
    else:
        model = TextClassifier(**settings).fit_file(args.input)
    return _FastText(args=args, content=model)


def _settings(args: Args) -> dict[str, Any]:
    """Return the settings of a TextClassifier."""
    return {
        "vector_size": args.dim,
        "alpha": args.lr,
        "epochs": args.epoch,
        "min_count": args.minCount,
        "min_count_label": args.minCountLabel,
        "word_ngrams": args.wordNgrams,
        "min_n": args.minn,
        "max_n": args.maxn,
        "bucket": args.bucket,
        "loss": args.loss,
        "negative": args.neg,
        "l2": 0.0,  # fastText has no such term
        "binary": False,
        "pretrained": args.pretrainedVectors or None,
        "label_prefix": args.label,
        "errors": "replace",  # fastText accepts any bytes
        "workers": args.thread,
        "seed": args.seed,
    }


def train_unsupervised(*kargs: Any, **kwargs: Any) -> _FastText:
    """Train vectors of words and of their character n-grams on a file with one sentence a line.

    Args:
        kargs, kwargs: fastText's arguments with its defaults: input, model="skipgram" or "cbow", lr=0.05,
            dim=100, ws=5, epoch=5, minCount=5, minn=3, maxn=6, neg=5, loss="ns" or "hs", bucket=2000000, thread,
            t=1e-4, label, pretrainedVectors. lrUpdateRate, wordNgrams and verbose have no effect.

    Raises:
        TypeError: An argument is unknown or of a wrong type.
        ValueError: It is out of range, or no word occurs often enough.
        FileNotFoundError: There is no such file.
    """
    args, _ = read_arguments(UNSUPERVISED, unsupervised_default, kargs, kwargs)
    if args.model == "supervised":
        raise ValueError("model='supervised': call train_supervised")
    if args.loss not in ("ns", "hs"):
        raise ValueError(f"loss={args.loss!r}: give 'ns' or 'hs' for vectors of words")
    sentences = _Sentences(args.input, args.label)
    if next(iter(sentences), None) is None:
        raise ValueError(f"Empty vocabulary: {args.input} holds no words")
    model = FastText(**_subword_settings(args))
    model.build_vocab(sentences)
    if args.pretrainedVectors:
        _start_from(model, args.pretrainedVectors)
    if args.epoch:
        model.train(sentences, epochs=args.epoch)
    file = to_file(model)
    settings = replace(file.settings, epoch=args.epoch, ws=args.ws, neg=args.neg)
    return _FastText(args=args, content=replace(file, settings=settings))


def _subword_settings(args: Args) -> dict[str, Any]:
    """Return the settings of a FastText model."""
    is_hs = args.loss == "hs"
    return {
        "vector_size": args.dim,
        "alpha": args.lr,
        "min_alpha": 0.0,
        "window": max(args.ws, 1),
        "min_count": args.minCount,
        "sample": args.t,
        "workers": args.thread,
        "sg": int(args.model == "skipgram"),
        "hs": int(is_hs),
        "negative": 0 if is_hs else args.neg,
        "min_n": args.minn,
        "max_n": args.maxn,
        "bucket": args.bucket,
        "seed": args.seed,
    }


def _start_from(model: FastText, path: str | os.PathLike[str]) -> None:
    """Begin with the vectors in a file. Its words that the text lacks join the vocabulary with the count 1."""
    given = KeyedVectors.load(path)
    if given.vector_size != model.vector_size:
        raise ValueError(f"{path} has vectors of {given.vector_size} numbers; dim is {model.vector_size}")
    known = dict(zip(model.vocab.keys, model.vocab.counts.tolist(), strict=True))
    more = {word: 1 for word in given.index_to_key if word not in known}
    total, min_count = model.corpus_total_words, model.min_count
    model.min_count = 1
    model.build_vocab_from_freq(known | more)
    model.min_count, model.corpus_total_words = min_count, total
    rows = [model.vocab.key_to_index[word] for word in given.index_to_key]
    model.wv.vectors_vocab[rows] = given.vectors


class _Sentences:
    """The lines of a file as lists of tokens, each with the token of the line end and without labels."""

    def __init__(self, path: str | os.PathLike[str], label_prefix: str) -> None:
        self.path = path
        self.prefix = label_prefix

    def __iter__(self) -> Iterator[list[str]]:
        with open(self.path, encoding="utf-8", errors="replace", newline="\n") as lines:
            for line in lines:
                yield [t for t in tokenize(line) if not (self.prefix and t.startswith(self.prefix))]
