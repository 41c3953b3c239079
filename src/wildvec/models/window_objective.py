"""The objective of word2vec: skip-gram or CBOW over windows, with negative sampling, hierarchical softmax or both.

In: settings and the counts of a vocabulary. Out: matrices, and the task of the C core.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from wildvec._train import Task, shared_noise
from wildvec.text.vocab import Vocab, keep_chances, noise_weights
from wildvec.training.alias import AliasTable, make_alias_table
from wildvec.training.feed import Feed
from wildvec.training.huffman import Paths, paths_of
from wildvec.training.objective import FloatArray, MatrixSpec

WORDS_AT_ONCE = 50_000  # the paths of all words would need too much memory

# By how much one use moves a row towards its goal, measured with deterministic rounds: with smaller values 32 workers
# diverge, with larger ones frequent rows learn too slowly.
CURVATURE = {"vectors": 0.14, "output_rows": 0.33, "node_rows": 0.33}


@dataclass(frozen=True)
class WindowObjective:
    """Skip-gram or CBOW; the fields are the settings of `Word2Vec`.

    SHUFFLES: whether the items of a unit are in a new random order in each epoch.
    """

    SHUFFLES: ClassVar[bool] = False

    vocab: Vocab
    vector_size: int
    sg: int
    hs: int
    negative: int
    window: int
    sample: float
    ns_exponent: float
    cbow_mean: int
    shrink_windows: bool
    update: str

    @property
    def kernel(self) -> str:
        """The name of the objective in the C core."""
        return "skipgram" if self.sg else "cbow"

    def shapes(self, n_words: int) -> tuple[MatrixSpec, ...]:
        """Return the matrices for a vocabulary of n words, without use counts."""
        pairs = (
            2 * self.window if self.update == "pair" and self.sg else 1
        )  # that draw negatives, for each word
        specs = [MatrixSpec("vectors", "input", n_words, self.vector_size)]
        if self.negative:
            rows = 1 + pairs * self.noise_of_window()
            specs.append(
                MatrixSpec("output_rows", "output", n_words, self.vector_size, "zeros", rows_per_item=rows)
            )
        if self.hs:
            specs.append(MatrixSpec("node_rows", "nodes", max(0, n_words - 1), self.vector_size, "zeros"))
        return tuple(specs)

    def matrices(self, feed: Feed) -> tuple[MatrixSpec, ...]:
        """Return the words' vectors, their output rows (negative sampling) and the nodes of the Huffman tree (hs)."""
        counts, specs = self.vocab.counts, self.shapes(len(self.vocab))
        words = _normalized(counts * keep_chances(counts, self.sample))  # centres
        uses = {specs[0].name: words}
        if self.negative:
            noise = _normalized(noise_weights(counts, self.ns_exponent))
            centres = 1 if self.hs or self.update == "pair" else 2  # of one window
            uses["output_rows"] = words + noise * self.noise_of_window() / centres
        paths = self._paths if self.hs else None
        if paths:
            uses["node_rows"] = _uses_of_nodes(paths, words)
        longest = paths[3] if paths else 0
        return tuple(
            replace(
                spec,
                uses=uses.get(spec.name),
                curvature=self._curvature(spec.name, longest),
                rows_per_item=longest if spec.name == "node_rows" else spec.rows_per_item,
            )
            for spec in specs
        )

    def noise_of_window(self) -> int:
        """Return the noise words of a window; two skip-gram centres share some of theirs."""
        is_shared = self.sg and not self.hs and self.update == "block"
        return shared_noise(self.negative) if is_shared else self.negative

    def _curvature(self, name: str, longest: int) -> float:
        """Return the curvature of a use: of a centre, a noise word, or a context word with all its centres.

        Pairs are counted as if windows were shrunk. In CBOW the rows of a context move as one.
        """
        contexts = self.window + 1 if self.sg else 1
        targets = (1 + self.negative if self.negative else 0) + longest // 2
        pairs = contexts * targets if name == "vectors" else contexts
        return float(np.float32(CURVATURE[name]) * np.float32(pairs))

    def attach(self, task: Task) -> None:
        """Give the task windows, subsampling, noise and paths."""
        pair = self.update == "pair"
        task.windows(self.window, shrink=self.shrink_windows, one_pair_at_a_time=pair, shuffle=self.SHUFFLES)
        if not self.sg:
            mean = bool(self.cbow_mean)
            # as in word2vec.c and gensim: the gradient of a mean is not divided, that of a sum is
            task.compose(average_hidden=mean, average_grad=not mean)
        if self.sample:
            task.subsample(self._keep_thresholds)
        if self.negative:
            task.negative_sampling(self._noise_table, self.negative)
        if self.hs:
            task.hierarchical_softmax(*self._paths)

    @cached_property
    def _keep_thresholds(self) -> NDArray[np.uint32]:
        """The thresholds of subsampling, (words,)."""
        return self.vocab.keep_thresholds(self.sample)

    @cached_property
    def _noise_table(self) -> AliasTable:
        """The alias table of noise words, (words, 2)."""
        return make_alias_table(self.vocab.noise_weights(self.ns_exponent))

    @cached_property
    def _paths(self) -> Paths:
        """The Huffman paths of all words."""
        return paths_of(self.vocab)


def _normalized(weights: FloatArray) -> FloatArray:
    fractions: FloatArray = weights / weights.sum()
    return fractions


def _uses_of_nodes(paths: Paths, centres: FloatArray) -> FloatArray:
    """Return how often a centre uses each node. centres: the probability of each word to be the centre."""
    offsets, nodes = paths[:2]
    uses = np.zeros(len(centres) - 1)
    for first in range(0, len(centres), WORDS_AT_ONCE):
        ends = offsets[first : first + WORDS_AT_ONCE + 1]
        weights = np.repeat(centres[first : first + WORDS_AT_ONCE], np.diff(ends))
        uses += np.bincount(nodes[ends[0] : ends[-1]], weights, len(uses))
    return uses
