"""What the C core is given of a Word2Vec and a corpus: settings, tables, matrices, and how workers share rows."""

from __future__ import annotations

import logging
from typing import Any

import numpy as np
from numpy.typing import NDArray

from wildvec._train import Task, alias_table
from wildvec.text.corpus import Corpus
from wildvec.text.vocab import keep_chances, noise_weights
from wildvec.training.deterministic import Rounds
from wildvec.training.huffman import huffman_paths
from wildvec.training.loop import chunks_of, crew_size, hot_rows, merge_interval

logger = logging.getLogger(__name__)

WORDS_AT_ONCE = 50_000  # those of all words take too much memory

Paths = tuple[NDArray[np.int64], NDArray[np.int32], NDArray[np.uint8], int]  # those of `huffman_paths`


def kept_tokens(model: Any, counts: NDArray[np.int64]) -> NDArray[np.float64]:
    """How many tokens of each word subsampling leaves, of so many."""
    return counts * keep_chances(counts, model.sample)


def _normalized(weights: NDArray[np.float64]) -> NDArray[np.float64]:
    shares: NDArray[np.float64] = weights / weights.sum()
    return shares


def shares_of_uses(model: Any, counts: NDArray[np.int64]) -> NDArray[np.float64]:
    """Each row's share of all uses: that as a token or, if it is larger, that as a negative."""
    shares = _normalized(kept_tokens(model, counts))
    if model.negative:
        shares = np.maximum(shares, _normalized(noise_weights(counts, model.ns_exponent)))
    return shares


def private_rows(
    model: Any, counts: NDArray[np.int64], workers: int, rounds: Rounds | None
) -> tuple[int, int, int]:
    """The `hot_rows` of words that occur so often, and their `merge_interval`.

    There are none where a worker is alone, nor in rounds, in which workers copy the rows that they use.
    """
    if rounds or workers == 1:
        return 0, 0, 1
    shares = shares_of_uses(model, counts)
    return *hot_rows(workers, shares), merge_interval(workers, shares)


def uses_of_rows(model: Any, counts: NDArray[np.int64], n: int, paths: Paths | None) -> NDArray[np.float32]:
    """How often training a centre uses each of the first n rows, (3, n): as input row, as output row, as node."""
    uses = np.zeros((3, n), dtype=np.float32)
    if not n:
        return uses
    centre = _normalized(kept_tokens(model, counts))
    words = centre[:n]
    uses[0, : len(words)] = words
    if model.negative:
        noise = _normalized(noise_weights(counts, model.ns_exponent))[:n]
        centres = 1 if paths is not None or model.update == "pair" else 2  # that share their negatives
        uses[1, : len(words)] = words + noise * model.negative / centres
    if paths is not None:
        offsets, nodes = paths[:2]
        for first in range(0, len(counts), WORDS_AT_ONCE):
            ends = offsets[first : first + WORDS_AT_ONCE + 1]
            of_nodes = np.repeat(centre[first : first + WORDS_AT_ONCE], np.diff(ends))
            uses[2] += np.bincount(np.minimum(nodes[ends[0] : ends[-1]], n), of_nodes, n + 1)[:n]
    return uses


def rounds_of(model: Any, counts: NDArray[np.int64]) -> Rounds | None:
    """The rounds in which the workers train words that occur so often; None if they race.

    One worker needs no rounds for the same bits.
    """
    if not model.deterministic or model.workers == 1:
        return None
    return Rounds.of(model.workers, kept_tokens(model, counts))


def task_of(model: Any, corpus: Corpus, rounds: Rounds | None) -> Task:
    """What one training needs."""
    matrices, vocab = model._matrices, model.vocab
    chunks = chunks_of(corpus, rounds)
    longest = int(np.diff(corpus.offsets[chunks]).max())
    if rounds and longest > 2 * rounds.share:
        logger.warning(
            "sentences of up to %d words, but a worker's share of a round is %d: workers will wait for each other; "
            "set max_sentence_length=%d",
            *(longest, rounds.share, rounds.share),
        )
    workers = crew_size(len(chunks) - 1, model.workers, rounds)
    task = Task(corpus.ids, corpus.offsets, matrices["vectors"], model.vector_size, longest)
    if model.sample:
        task.subsample(vocab.keep_thresholds(model.sample))
    if "output_rows" in matrices:
        noise = np.empty((len(vocab), 2), dtype=np.uint32)
        alias_table(vocab.noise_weights(model.ns_exponent), noise)
        task.negative_sampling(matrices["output_rows"], noise, model.negative)
    paths = None
    if "node_rows" in matrices:
        paths = huffman_paths(vocab.counts)
        task.hierarchical_softmax(matrices["node_rows"], *paths)
    n_hot, n_hottest, merge_every = private_rows(model, vocab.counts, workers, rounds)
    task.settings(
        cbow=not model.sg,
        window=model.window,
        shrink_windows=model.shrink_windows,
        cbow_mean=bool(model.cbow_mean),
        one_pair_at_a_time=model.update == "pair",
        seed=model.seed % 2**64,
        n_hottest=n_hottest,
        merge_every=merge_every,
        n_workers=workers,
        hot_uses=uses_of_rows(model, vocab.counts, n_hot, paths),
        share=rounds.share + longest if rounds else 0,  # its last chunk may reach beyond its end
    )
    return task
