"""Vectors of new documents, for a model of documents whose other rows stay as they are.

In: an objective, its matrices, documents as word ids. Out: one vector per document. It depends only on the model, on
the words of the document and on the seed: not on other documents, on their order or on the number of workers. So all
documents get the same random draws (by epoch and position), and the first vector is drawn by a hash of the words.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from wildvec._train import Task, Worker
from wildvec.base.progress import progress_bar
from wildvec.base.ragged import Ragged
from wildvec.base.threads import check_workers, in_order
from wildvec.models.document_objective import DocumentObjective
from wildvec.training.matrices import FloatRows, allocate

DOCUMENTS_AT_ONCE = 6  # that share negatives (WV_TILE); their draws do not depend on each other
TOKENS_AT_ONCE = 20_000  # of one call without the GIL
GOLDEN = np.uint64(0x9E3779B97F4A7C15)

Numbers = NDArray[np.int64]


def infer(
    objective: DocumentObjective,
    matrices: Mapping[str, FloatRows],
    ids: Ragged,
    epochs: int,
    alpha: float,
    min_alpha: float,
    seed: int = 1,
    workers: int | None = None,
) -> NDArray[np.float32]:
    """Return vectors of documents, float32 (documents, vector_size).

    A document without words keeps its first random vector.

    Args:
        objective: Of the trained model; words are not trained, also with dbow_words.
        matrices: Of the trained model, by name, with padding. They do not change.
        ids: The word ids of each document, int32.
        epochs: Passes over each document.
        alpha: Learning rate of the first pass.
        min_alpha: Learning rate of the last pass; it falls linearly.
        seed: Of all random draws.
        workers: Threads; None: the CPUs that this process may use.

    Raises:
        ValueError: An id is outside the vocabulary, or epochs is less than 1.
        FloatingPointError: A vector is no longer finite, as alpha is too large.
    """
    if epochs < 1:
        raise ValueError(f"epochs={epochs}: give 1 or more")
    if not len(ids):
        return np.empty((0, objective.vector_size), np.float32)
    if objective.dbow_words:
        objective = replace(objective, dbow_words=0)
    inference = _Inference(objective, matrices, ids, seed % 2**64)
    rates = np.linspace(alpha, min_alpha if epochs > 1 else alpha, epochs, dtype=np.float32)
    inference.run(rates, check_workers(workers))
    return inference.rows[:, : objective.vector_size]


class _Inference:
    """The vectors of some documents while they are trained. rows: (documents, padded size), in the order given."""

    def __init__(
        self, objective: DocumentObjective, matrices: Mapping[str, FloatRows], ids: Ragged, seed: int
    ) -> None:
        self.rows = first_rows(ids, objective.vector_size, seed)
        n_tags = objective.dm_tag_count if objective.kernel == "dm_concat" else 1
        self._n = len(ids)
        lengths = np.diff(ids.offsets)
        order = np.argsort(-lengths, kind="stable")  # documents of one chunk have about the same length
        self._offsets = np.concatenate([[0], np.cumsum(lengths[order])])
        words = _reordered(ids, order, self._offsets)
        size = DOCUMENTS_AT_ONCE if objective.kernel == "dbow" else 1
        starts = np.arange(0, self._n, size)
        self._chunks = np.stack([starts, np.minimum(starts + size, self._n)], axis=1)
        longest = int(self._items(self._chunks).max(initial=1))
        self._task = task = Task(objective.kernel, max_chunk=max(1, longest), seed=seed)
        for spec in objective.shapes(len(objective.vocab)):
            if spec.role == "documents":
                task.matrix("documents", self.rows, spec.size)
            else:
                task.matrix(spec.role, matrices[spec.name], spec.size)
        task.items(words, self._offsets)
        task.tags(np.repeat(order.astype(np.int32), n_tags), n_tags * np.arange(self._n + 1))
        objective.attach(task)
        task.infer_documents()

    def _items(self, chunks: Numbers) -> Numbers:
        items: Numbers = self._offsets[chunks[:, 1]] - self._offsets[chunks[:, 0]]
        return items

    def run(self, rates: NDArray[np.float32], workers: int) -> None:
        """Train all documents; rates: the learning rate of each epoch."""
        stop = _Stop(self._task)
        before = np.concatenate([[0], np.cumsum(self._items(self._chunks))])
        cuts = np.searchsorted(before[:-1], np.arange(0, before[-1] + 1, TOKENS_AT_ONCE))
        cuts = np.unique(np.append(cuts, len(self._chunks)))
        workers = min(workers, max(1, len(cuts) - 1))

        def step_of(worker: Worker) -> Callable[[tuple[int, int]], int]:
            def train(part: tuple[int, int]) -> int:
                first, last = part
                chunks, losses = self._chunks[first:last], np.empty(last - first)
                for epoch, rate in enumerate(rates):
                    if stop.is_set():
                        break
                    worker.train(epoch, 0, chunks, np.full(last - first, rate, np.float32), losses)
                return int(before[last] - before[first])

            return train

        steps = [step_of(Worker(self._task)) for _ in range(workers)]
        parts = list(zip(cuts[:-1].tolist(), cuts[1:].tolist(), strict=True))
        if before[-1] <= TOKENS_AT_ONCE:  # a thread would take longer than one short document
            for part in parts:
                steps[0](part)
            return
        with progress_bar(int(before[-1]), "inferring", "tokens") as bar:
            for n in in_order(steps, parts, stop):
                bar.update(n)


class _Stop(threading.Event):
    """Is set at Ctrl-C or an error; then also the C core returns, before threads are joined."""

    def __init__(self, task: Task) -> None:
        super().__init__()
        self._task = task

    def set(self) -> None:
        super().set()
        self._task.stop()


def _reordered(ids: Ragged, order: Numbers, offsets: Numbers) -> NDArray[np.int32]:
    """Return the ids of the rows in another order. offsets: of the rows in this order."""
    shift = np.repeat(ids.offsets[:-1][order] - offsets[:-1], np.diff(offsets))
    return np.ascontiguousarray(ids.values[np.arange(offsets[-1]) + shift], np.int32)


def first_rows(ids: Ragged, size: int, seed: int) -> FloatRows:
    """Return random vectors, uniform in ±1 / size, drawn by the seed and a hash of each document's ids.

    >>> rows = first_rows(Ragged([3, 1, 4, 3, 1], [0, 2, 3, 5]), 4, seed=1)
    >>> bool((rows[0] == rows[2]).all()), bool((rows[0] == rows[1]).all())
    (True, False)
    """
    rows = allocate(len(ids), size)
    keys = _mix(_hash_rows(ids) ^ _mix(np.full(1, seed, np.uint64) + GOLDEN))
    for first in range(0, len(keys), 10_000):
        counters = (np.arange(size, dtype=np.uint64) + np.uint64(1)) * GOLDEN
        draws = _mix(keys[first : first + 10_000, np.newaxis] + counters) >> np.uint64(40)
        rows[first : first + 10_000, :size] = (draws.astype(np.float32) / 2**23 - 1) / size
    return rows


def _hash_rows(ids: Ragged) -> NDArray[np.uint64]:
    """Return a hash of each row; it depends on the order of the ids."""
    starts, lengths = ids.offsets[:-1], np.diff(ids.offsets)
    position = (np.arange(len(ids.values)) - np.repeat(starts, lengths)).astype(np.uint64)
    mixed = _mix(_mix(position + np.uint64(1)) + ids.values.astype(np.uint64) * GOLDEN)
    sums = np.concatenate([np.zeros(1, np.uint64), np.cumsum(mixed, dtype=np.uint64)])
    hashes: NDArray[np.uint64] = sums[ids.offsets[1:]] - sums[starts]
    return hashes


def _mix(x: NDArray[np.uint64]) -> NDArray[np.uint64]:
    """Return the finaliser of SplitMix64 of each number, as csrc/rng.h does."""
    with np.errstate(over="ignore"):
        x = (x ^ x >> np.uint64(30)) * np.uint64(0xBF58476D1CE4E5B9)
        x = (x ^ x >> np.uint64(27)) * np.uint64(0x94D049BB133111EB)
        mixed: NDArray[np.uint64] = x ^ x >> np.uint64(31)
    return mixed
