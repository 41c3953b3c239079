"""fastText's functions that return a model."""

from __future__ import annotations

import os
from collections.abc import Iterator
from typing import Any

import numpy as np

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
from wildvec.io.fasttext import FastTextFile, FastTextSettings
from wildvec.models.text_classifier import TextClassifier
from wildvec.models.word2vec import Word2Vec


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
    """Train vectors of words on a file with one sentence a line, without character n-grams: give maxn=0.

    Args:
        kargs, kwargs: fastText's arguments with its defaults: input, model="skipgram" or "cbow", lr=0.05,
            dim=100, ws=5, epoch=5, minCount=5, minn=3, maxn=6, neg=5, loss="ns" or "hs", bucket, thread, t=1e-4,
            label.

    Raises:
        TypeError: An argument is unknown or of a wrong type.
        ValueError: It is out of range, maxn is above 0, or no word occurs often enough.
        FileNotFoundError: There is no such file.
    """
    args, _ = read_arguments(UNSUPERVISED, unsupervised_default, kargs, kwargs)
    if args.model == "supervised":
        raise ValueError("model='supervised': call train_supervised")
    if args.maxn > 0:
        raise ValueError(
            f"maxn={args.maxn}: vectors with character n-grams are not available yet; give maxn=0 for words alone"
        )
    if args.loss not in ("ns", "hs"):
        raise ValueError(f"loss={args.loss!r}: give 'ns' or 'hs' for vectors of words")
    sentences = _Sentences(args.input, args.label)
    if next(iter(sentences), None) is None:
        raise ValueError(f"Empty vocabulary: {args.input} holds no words")
    is_hs = args.loss == "hs"
    model = Word2Vec(
        sentences,
        vector_size=args.dim,
        alpha=args.lr,
        window=max(args.ws, 1),
        min_count=args.minCount,
        sample=args.t,
        workers=args.thread,
        sg=int(args.model == "skipgram"),
        hs=int(is_hs),
        negative=0 if is_hs else args.neg,
        epochs=args.epoch,
        seed=args.seed,
    )
    return _FastText(args=args, content=_file_of(model, args))


class _Sentences:
    """The lines of a file as lists of tokens, each with the token of the line end and without labels."""

    def __init__(self, path: str | os.PathLike[str], label_prefix: str) -> None:
        self.path = path
        self.prefix = label_prefix

    def __iter__(self) -> Iterator[list[str]]:
        with open(self.path, encoding="utf-8", errors="replace", newline="\n") as lines:
            for line in lines:
                yield [t for t in tokenize(line) if not (self.prefix and t.startswith(self.prefix))]


def _file_of(model: Word2Vec, args: Args) -> FastTextFile:
    name = "node_rows" if args.loss == "hs" else "output_rows"
    output = model._unpadded_matrices()[name]
    rows = np.zeros(model.wv.vectors.shape, np.float32)
    rows[: len(output)] = output
    settings = FastTextSettings(
        args.dim, args.ws, args.epoch, args.minCount, args.neg, 1, args.loss, args.model, t=args.t
    )
    words = [str(word) for word in model.wv.index_to_key]
    return FastTextFile(
        settings,
        words,
        model.vocab.counts,
        [],
        np.empty(0, np.int64),
        np.array(model.wv.vectors),
        rows,
        n_tokens=int(model.vocab.counts.sum()),
    )
