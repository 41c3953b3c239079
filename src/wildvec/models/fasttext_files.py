"""TextClassifier and fastText's files. In: a model or the content of a file. Out: the other of the two."""

from __future__ import annotations

import logging
import os
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar, cast

import numpy as np
from numpy.typing import NDArray

from wildvec.io import fasttext
from wildvec.io.atomic import COMPRESSORS
from wildvec.io.fasttext import FastTextFile, FastTextSettings, Matrix
from wildvec.io.source import Source
from wildvec.models.quantizing import Quantized, row_blocks, rows_of
from wildvec.quantize import QuantizedMatrix
from wildvec.text.vocab import Vocab

if TYPE_CHECKING:
    from wildvec.models.label_lists import Label
    from wildvec.models.text_classifier import TextClassifier

C = TypeVar("C", bound="TextClassifier")
logger = logging.getLogger(__name__)

SUFFIXES = (".bin", ".ftz")


def is_fasttext_name(path: object, endings: tuple[str, ...] = SUFFIXES) -> bool:
    """Return whether a file name ends as those of fastText's models do: .bin or .ftz, perhaps compressed."""
    if not isinstance(path, (str, os.PathLike)):
        return False
    suffixes = [suffix.lower() for suffix in Path(path).suffixes]
    while suffixes and suffixes[-1] in COMPRESSORS:
        suffixes.pop()
    return bool(suffixes) and suffixes[-1] in endings


def is_fasttext_file(path: str | os.PathLike[str]) -> bool:
    """Return whether a file is a fastText model, judged by its first bytes after decompression."""
    with Source(path) as source:
        source.more()
        return fasttext.is_fasttext(bytes(source.unread[: len(fasttext.HEAD)]))


def load(cls: type[C], path: str | os.PathLike[str], label_prefix: str = "__label__") -> C:
    """Read a supervised model; see `TextClassifier.load_fasttext`."""
    file = fasttext.read(path)
    try:
        return from_file(cls, file, label_prefix)
    except (TypeError, ValueError) as error:
        raise ValueError(f"{os.fspath(path)}: {error}") from error


def save(model: TextClassifier, path: str | os.PathLike[str]) -> None:
    """Write a model; see `TextClassifier.save_fasttext`."""
    if model.binary:
        logger.warning(
            "%s: the model counts each feature once per text (binary=True), but fastText, and this file when "
            "it is loaded, count all; for equal probabilities train with binary=False (on the command line "
            "--count-repeats)",
            os.fspath(path),
        )
    fasttext.write(path, to_file(model))


def from_file(cls: type[C], file: FastTextFile, label_prefix: str) -> C:
    """Return the model in a file. ValueError: it is unsupervised, or a setting is out of range."""
    settings = file.settings
    if settings.model != "supervised":
        raise ValueError(
            f"it holds a {settings.model} model, which has no labels; read its vectors with KeyedVectors.load"
        )
    if not file.labels:
        raise ValueError("the model has no labels")
    file = _only_unicode(file)
    if not all(label.startswith(label_prefix) for label in file.labels):
        label_prefix = ""
    model = cls(
        vector_size=settings.dim,
        epochs=settings.epoch,
        min_count=settings.min_count,
        negative=max(settings.neg, 1),
        word_ngrams=max(settings.word_ngrams, 1),
        min_n=settings.minn,
        max_n=settings.maxn,
        bucket=settings.bucket,
        loss=settings.loss,
        l2=0.0,
        binary=False,
        label_prefix=label_prefix,
    )
    labels: list[Label] = [label[len(label_prefix) :] for label in file.labels]
    buckets, order = _buckets(file, model._n_buckets)
    model._set_parts(Vocab(file.words, file.word_counts), labels, file.label_counts.tolist(), buckets)
    model.pruned = file.kept_buckets is not None
    stored = _input_of(file)
    source = rows_of(stored, order) if isinstance(stored, QuantizedMatrix) else stored
    _fill(model._matrices["input_rows"], source, order if source is stored else None)
    _fill(model._matrices["output_rows"], file.output)
    if isinstance(source, QuantizedMatrix):
        model._quantized = Quantized(
            source, file.output if isinstance(file.output, QuantizedMatrix) else None
        )
    return model


def to_file(model: TextClassifier) -> FastTextFile:
    """Return the content of the file of a model."""
    model._check_is_fitted()
    model._take_over_vectors()
    settings = FastTextSettings(
        dim=model.vector_size,
        epoch=model.epochs,
        min_count=model.min_count,
        neg=model.negative,
        word_ngrams=model.word_ngrams,
        loss=model.loss,
        bucket=model._n_buckets,
        minn=model.min_n,
        maxn=model.max_n,
    )
    labels = [f"{model.label_prefix}{label}" for label in model.labels]
    label_counts = np.array(model.label_counts, np.int64)
    file = FastTextFile(
        settings,
        model.words,
        model.word_counts,
        labels,
        label_counts,
        model.input_rows if model._quantized is None else model._quantized.input,
        np.ascontiguousarray(model.output_rows),
        n_tokens=int(model.word_counts.sum() + label_counts.sum()),
    )
    if model._quantized is None:
        return file
    if model._quantized.output is not None:
        file.output = model._quantized.output
    if model.pruned:
        buckets = model._used_buckets
        file.kept_buckets = np.stack([buckets, np.arange(len(buckets), dtype=np.int32)], axis=1)
    return file


def _only_unicode(file: FastTextFile) -> FastTextFile:
    """Return a file without the words that are not UTF-8: no str can contain them."""
    is_odd = np.array([not _is_unicode(word) for word in file.words], np.bool_)
    if not is_odd.any():
        return file
    logger.warning("%d words are not UTF-8 and are left out", is_odd.sum())
    rows = np.concatenate([np.flatnonzero(~is_odd), np.arange(len(file.words), file.input.shape[0])])
    stored = _input_of(file)
    matrix = rows_of(stored, rows) if isinstance(stored, QuantizedMatrix) else stored[rows]
    words = [word for word, odd in zip(file.words, is_odd.tolist(), strict=True) if not odd]
    return replace(file, words=words, word_counts=file.word_counts[~is_odd], input=matrix)


def _input_of(file: FastTextFile) -> Matrix:
    """Return the input matrix of a file that was read; only one that is written can be made block by block."""
    return cast(Matrix, file.input)


def _is_unicode(word: str) -> bool:
    try:
        word.encode()
    except UnicodeEncodeError:
        return False
    return True


def _buckets(file: FastTextFile, n_buckets: int) -> tuple[NDArray[np.int32], NDArray[np.int64]]:
    """Return the buckets that have rows, ascending, and the rows of words and of these buckets."""
    words = np.arange(len(file.words))
    if not n_buckets:
        return np.empty(0, np.int32), words
    if file.kept_buckets is None:
        return np.arange(n_buckets, dtype=np.int32), np.arange(len(words) + n_buckets)
    kept = file.kept_buckets[np.argsort(file.kept_buckets[:, 0])]
    return kept[:, 0].copy(), np.concatenate([words, len(words) + kept[:, 1].astype(np.int64)])


def _fill(
    target: NDArray[np.float32],
    source: NDArray[np.float32] | QuantizedMatrix,
    order: NDArray[np.int64] | None = None,
) -> None:
    """Copy rows, block by block, into a matrix that may be wider."""
    for block in row_blocks(target):
        if isinstance(source, QuantizedMatrix):
            rows = source.decode(block)
        else:
            rows = source[block] if order is None else source[order[block]]
        target[block, : rows.shape[1]] = rows
