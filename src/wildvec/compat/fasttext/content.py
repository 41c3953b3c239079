"""What fastText's model holds, of a TextClassifier or of a file: a dictionary and rows by fastText's numbers."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray

from wildvec.compat.fasttext.arguments import Args, supervised_default, unsupervised_default
from wildvec.compat.fasttext.subwords import EOS, char_ngrams, hash_of
from wildvec.io.fasttext import FastTextFile, RowBlocks
from wildvec.models.facebook_models import SparseRows
from wildvec.models.text_classifier import TextClassifier
from wildvec.quantize import QuantizedMatrix
from wildvec.vectors.subword_rows import SubwordRows

Floats = NDArray[np.float32]


@dataclass(eq=False)
class Content:
    """A dictionary and two matrices.

    Attributes:
        args: Settings by fastText's names.
        words, word_counts: The words in the order of their rows.
        labels, label_counts: The labels with their prefix.
        n_rows: Number of rows of the input matrix: words, then n-grams.
        rows: Returns the input rows (n, dim) of some numbers.
        output: Returns the output matrix.
        kept_buckets: The buckets that are left after pruning, ascending; None: all.
        is_quantized: Whether the rows are those that codes stand for.
        compose: Returns the vectors of all words; None: they are computed one by one.
    """

    args: Args
    words: list[str]
    word_counts: NDArray[np.int64]
    labels: list[str]
    label_counts: NDArray[np.int64]
    n_rows: int
    rows: Callable[[NDArray[np.int64]], Floats]
    output: Callable[[], Floats]
    kept_buckets: NDArray[np.int32] | None = None
    is_quantized: bool = False
    compose: Callable[[], Floats] | None = None

    def __post_init__(self) -> None:
        self.word_ids = {word: i for i, word in enumerate(self.words)}
        self.label_ids = {label: i for i, label in enumerate(self.labels)}

    def row_of_ngram(self, ngram: str) -> int | None:
        """Return the row of a character n-gram; None: it was pruned."""
        bucket = hash_of(ngram) % int(self.args.bucket)
        if self.kept_buckets is not None:
            place = int(np.searchsorted(self.kept_buckets, bucket))
            if place == len(self.kept_buckets) or self.kept_buckets[place] != bucket:
                return None
            bucket = place
        return len(self.words) + bucket

    def subwords(self, word: str) -> tuple[list[str], NDArray[np.int64]]:
        """Return the word itself, if it is known, and its character n-grams, with their rows."""
        names, rows = ([word], [self.word_ids[word]]) if word in self.word_ids else ([], [])
        if self.args.maxn > 0 and self.args.bucket and word != EOS:
            for ngram in char_ngrams(word, self.args.minn, self.args.maxn):
                row = self.row_of_ngram(ngram)
                if row is not None:
                    names.append(ngram)
                    rows.append(row)
        return names, np.array(rows, np.int64)

    def word_vector(self, word: str) -> Floats:
        """Return the mean of the rows of a word and its n-grams; zeros if there are none."""
        rows = self.subwords(word)[1]
        return np.asarray(self.rows(rows).sum(axis=0) / np.float32(max(len(rows), 1)), np.float32)

    def word_vectors(self) -> Floats:
        """Return the vectors of all words, (n_words, dim)."""
        if self.compose is not None:
            return self.compose()
        if self.args.maxn == 0:
            return self.rows(np.arange(len(self.words)))
        return np.stack([self.word_vector(word) for word in self.words])


def of_classifier(model: TextClassifier) -> Content:
    """Return the content of a supervised model."""
    used, n_words, dim = model._used_buckets, len(model.vocab), model.vector_size
    matrix = model._matrices["input_rows"][:, :dim]

    def rows(numbers: NDArray[np.int64]) -> Floats:
        if model.pruned or len(used) == model._n_buckets:
            return matrix[numbers]
        places = np.searchsorted(used, numbers - n_words)
        is_used = np.append(used, -1)[places] == numbers - n_words
        is_word = numbers < n_words
        found = matrix[np.where(is_word, numbers, np.where(is_used, n_words + places, 0))]
        found[~(is_word | is_used)] = 0
        return found

    return Content(
        Args(**{**supervised_default, **_settings_of(model)}),
        list(model.words),
        model.word_counts,
        [f"{model.label_prefix}{label}" for label in model.labels],
        np.array(model.label_counts, np.int64),
        model.n_rows if model.pruned else n_words + model._n_buckets,
        rows,
        lambda: np.array(model.output_rows),
        used if model.pruned else None,
        model.is_quantized,
    )


def _settings_of(model: TextClassifier) -> dict[str, Any]:
    return {
        "lr": model.alpha,
        "dim": model.vector_size,
        "epoch": model.epochs,
        "minCount": model.min_count,
        "minCountLabel": model.min_count_label,
        "minn": model.min_n,
        "maxn": model.max_n,
        "neg": model.negative,
        "wordNgrams": model.word_ngrams,
        "loss": model.loss,
        "bucket": model._n_buckets,
        "thread": model.workers,
        "label": model.label_prefix,
    }


def of_file(file: FastTextFile) -> Content:
    """Return the content of an unsupervised model."""
    if isinstance(file.input, QuantizedMatrix) or isinstance(file.output, QuantizedMatrix):
        raise ValueError("a quantised model without labels; fastText has no such models")
    matrix, output, settings = file.input, file.output, file.settings
    stored = {
        "dim": settings.dim,
        "ws": settings.ws,
        "epoch": settings.epoch,
        "minCount": settings.min_count,
        "neg": settings.neg,
        "wordNgrams": settings.word_ngrams,
        "loss": settings.loss,
        "model": settings.model,
        "bucket": settings.bucket,
        "minn": settings.minn,
        "maxn": settings.maxn,
        "lrUpdateRate": settings.lr_update_rate,
        "t": settings.t,
    }
    return Content(
        Args(**{**unsupervised_default, **stored}),
        file.words,
        file.word_counts,
        file.labels,
        file.label_counts,
        len(matrix),
        _rows_of(matrix),
        lambda: output,
        compose=partial(_compose, file, matrix),
    )


def _rows_of(matrix: Floats | RowBlocks) -> Callable[[NDArray[np.int64]], Floats]:
    if isinstance(matrix, np.ndarray):
        return lambda numbers: matrix[numbers]
    return lambda numbers: matrix[:] if len(numbers) == len(matrix) else matrix.take(numbers)


def _compose(file: FastTextFile, matrix: Floats | RowBlocks) -> Floats:
    """Return the vectors of all words, all of whose n-grams have rows."""
    n, settings = len(file.words), file.settings
    if isinstance(matrix, SparseRows):
        own, ngrams, buckets = matrix.words, matrix.ngrams, matrix.buckets
    else:
        own, ngrams, buckets = matrix[:n], matrix[n:], None
    if not (settings.maxn and settings.bucket):
        return own
    rows = SubwordRows(ngrams, buckets, settings.bucket, settings.minn, settings.maxn)
    return rows.compose(file.words, own)
