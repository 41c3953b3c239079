"""From text to probabilities of labels, with a trained `TextClassifier`. Threads can share the objects."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import chain
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray

from wildvec._text import FeatureTable, RowEncoder
from wildvec._train import BagModel
from wildvec.models.bag_feed import Ids, Offsets, row_of_feature
from wildvec.text.labelled import blocks_of_texts, frozen_table, in_parallel
from wildvec.training.matrices import FloatRows

Result = TypeVar("Result")


class TextEncoder:
    """The features of texts, as rows of a model.

    words: the words of the model. used_buckets: ascending; bucket used_buckets[k] has the row len(words) + k.
    n_buckets: number of all buckets. settings: see FeatureTable. pruned: features without rows do not count.
    """

    def __init__(
        self, words: Sequence[str], used_buckets: Ids, n_buckets: int, settings: dict[str, Any], pruned: bool
    ) -> None:
        keys = [key.encode() for key in words]
        n_words = len(keys)
        rows = np.arange(n_words, dtype=np.int32)
        ends = np.cumsum([len(key) for key in keys], dtype=np.int64)
        features = FeatureTable(b"".join(keys), ends, rows, n_words=n_words, **settings)
        used = np.concatenate([rows, np.int32(n_words) + used_buckets])
        row_of = row_of_feature(used, n_words + n_buckets)
        self._encoder = RowEncoder(frozen_table(keys), features, row_of, pruned)

    def encode(self, data: bytes) -> tuple[Ids, Offsets, Offsets]:
        """Return the rows of the features of all lines, their offsets, and the number of features of each line.

        Features without rows count in the number, unless the model is pruned.
        """
        return self._encoder.encode(data)


@dataclass(frozen=True)
class Predictor:
    """An encoder and the rows of a model. size: values of a row."""

    encoder: TextEncoder
    model: BagModel
    size: int

    def means(self, data: bytes) -> FloatRows:
        """Return the mean of the rows of each line, (n, size)."""
        return self.model.predict(*self.encoder.encode(data), probabilities=False)[0][:, : self.size]

    def probabilities(self, data: bytes) -> FloatRows:
        """Return the probability of each label for each line, (n, n_labels)."""
        found = self.model.predict(*self.encoder.encode(data))[1]
        assert found is not None
        return found

    def best(self, data: bytes) -> NDArray[np.int64]:
        """Return the most probable label of each line."""
        labels: NDArray[np.int64] = self.probabilities(data).argmax(axis=1)
        return labels

    def top(self, data: bytes, k: int, threshold: float) -> list[list[tuple[int, float]]]:
        """Return the k most probable labels of each line with their probabilities, those from the threshold up."""
        found = self.probabilities(data)
        labels = top_labels(found, k)
        chosen = np.take_along_axis(found, labels, axis=1)
        counts = (chosen >= threshold).sum(axis=1).tolist()
        return [
            list(zip(of_line[:n], values[:n], strict=True))
            for of_line, values, n in zip(labels.tolist(), chosen.tolist(), counts, strict=True)
        ]


def top_labels(probabilities: FloatRows, k: int) -> NDArray[np.int64]:
    """Return the k most probable labels of each row, the most probable one first; equal ones by number.

    >>> top_labels(np.array([[0.2, 0.5, 0.3]], np.float32), 2).tolist()
    [[1, 2]]
    """
    n = probabilities.shape[1]
    if k == 1:
        return np.asarray(probabilities.argmax(axis=1)[:, None], np.int64)
    if 8 * k < n:
        some = np.sort(np.argpartition(-probabilities, k, axis=1)[:, : k + 1], axis=1)
        order = np.argsort(-np.take_along_axis(probabilities, some, axis=1), axis=1, kind="stable")[:, :k]
        return np.take_along_axis(some, order, axis=1)
    return np.argsort(-probabilities, axis=1, kind="stable")[:, :k]


def in_blocks(texts: Iterable[Any], step: Any, workers: int) -> Iterator[Any]:
    """Yield step(lines) for blocks of texts, on several threads if there are several blocks."""
    blocks = (data for data, _ in blocks_of_texts(texts))
    first = list(zip(range(2), blocks, strict=False))
    if len(first) < 2 or workers == 1:
        yield from (step(data) for data in chain((data for _, data in first), blocks))
        return
    yield from in_parallel([step] * workers, chain((data for _, data in first), blocks))
