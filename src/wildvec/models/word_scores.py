"""Probabilities of words under a trained Word2Vec model.

In: matrices and ids. Out: log-probabilities of sentences (Taddy 2015, "Document Classification by Inversion of
Distributed Language Representations"), or the most probable words.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable, Iterator, Mapping
from contextlib import closing
from itertools import islice
from typing import Any

import numpy as np
from numpy.typing import NDArray

from wildvec.base.ragged import Ragged
from wildvec.base.threads import in_order
from wildvec.models.window_objective import WindowObjective
from wildvec.training.huffman import Paths, paths_of
from wildvec.training.matrices import FloatRows

logger = logging.getLogger(__name__)

VALUES_AT_ONCE = 1 << 21  # that are copied for a group of tokens


def first_sentences(sentences: Iterable[Any], most: int) -> list[Any]:
    """Return at most `most` sentences; log a warning if there are more."""
    found = list(islice(sentences, most + 1))
    if len(found) > most:
        logger.warning("there are more than total_sentences=%d sentences; the others have no score", most)
    return found[:most]


def score_sentences(
    objective: WindowObjective, matrices: Mapping[str, FloatRows], batches: Iterable[Ragged], workers: int
) -> NDArray[np.float32]:
    """Return the log-probability of each sentence in nats, float32 (sentences,), by hierarchical softmax.

    batches: the ids of the sentences. The result does not depend on the number of workers.
    """
    scorer = _Scorer(objective, matrices, paths_of(objective.vocab))
    with closing(in_order([scorer.score] * workers, batches)) as results:
        return np.concatenate([np.empty(0, np.float32), *results])


class _Scorer:
    """Scores sentences; see `score_sentences`."""

    def __init__(self, objective: WindowObjective, matrices: Mapping[str, FloatRows], paths: Paths) -> None:
        size = objective.vector_size
        self._objective = objective
        self._vectors = matrices["vectors"][:, :size]
        self._nodes = matrices["node_rows"][:, :size]
        self._path_ends, self._path_nodes, self._codes, longest = paths
        self._step = max(1, VALUES_AT_ONCE // (size * (2 * objective.window + longest)))

    def score(self, batch: Ragged) -> NDArray[np.float32]:
        """Return the log-probability of each sentence of a batch."""
        lengths = np.diff(batch.offsets)
        sentence_of = np.repeat(np.arange(len(lengths)), lengths)
        tokens = [
            self._score_tokens(batch, part, sentence_of[part]) for part in self._parts(len(batch.values))
        ]
        scores = np.concatenate([np.empty(0), *tokens])
        return np.bincount(sentence_of, scores, len(lengths)).astype(np.float32)

    def _parts(self, n: int) -> Iterator[NDArray[np.int64]]:
        for start in range(0, n, self._step):
            yield np.arange(start, min(n, start + self._step))

    def _score_tokens(
        self, batch: Ragged, tokens: NDArray[np.int64], sentence_of: NDArray[np.int64]
    ) -> NDArray[np.float64]:
        """Return the log-probability of each token. tokens: (n,) positions in the batch."""
        window = self._objective.window
        around = tokens[:, None] + np.array([d for d in range(-window, window + 1) if d])  # (n, 2 window)
        starts, ends = batch.offsets[sentence_of], batch.offsets[sentence_of + 1]
        is_context = (around >= starts[:, None]) & (around < ends[:, None])
        contexts = self._vectors[batch.values[np.where(is_context, around, 0)]]  # (n, 2 window, size)
        if self._objective.sg:
            hidden, weights = contexts, is_context
        else:
            hidden = (contexts * is_context[:, :, None]).sum(axis=1, keepdims=True)
            if self._objective.cbow_mean:
                hidden /= np.maximum(is_context.sum(axis=1), 1)[:, None, None]
            weights = np.ones((len(tokens), 1), bool)
        return self._log_probabilities(batch.values[tokens], hidden, weights)

    def _log_probabilities(
        self, words: NDArray[np.int32], hidden: FloatRows, weights: NDArray[np.bool_]
    ) -> NDArray[np.float64]:
        """Return the sum of the log-probabilities of each word given its hidden rows.

        words: (n,). hidden: (n, rows, size). weights: (n, rows), False: the row does not count.
        """
        first, ends = self._path_ends[words], self._path_ends[words + 1]
        steps = first[:, None] + np.arange((ends - first).max())  # (n, longest path)
        is_node = steps < ends[:, None]
        steps = np.where(is_node, steps, 0)
        signs = 1.0 - 2.0 * self._codes[steps]
        products = np.matmul(self._nodes[self._path_nodes[steps]], hidden.transpose(0, 2, 1))
        log_sigmoid = -np.logaddexp(0, -signs[:, :, None] * products)
        result: NDArray[np.float64] = (log_sigmoid * is_node[:, :, None] * weights[:, None, :]).sum(
            axis=(1, 2)
        )
        return result


def most_probable(scores: NDArray[np.floating], n: int) -> list[tuple[int, float]]:
    """Return the n rows of largest softmax of the scores, with their probabilities.

    >>> [(row, round(probability, 2)) for row, probability in most_probable(np.log([1.0, 2.0, 5.0]), 2)]
    [(2, 0.62), (1, 0.25)]
    """
    exponentials = np.exp(scores.astype(np.float64) - scores.max())
    probabilities = exponentials / exponentials.sum()
    best = np.argsort(-probabilities, kind="stable")[: max(0, n)]
    return [(int(row), float(probabilities[row])) for row in best]
