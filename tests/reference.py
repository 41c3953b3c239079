"""The training kernels once more, in numpy and float64: what the C core must match, drawing the same numbers."""

from __future__ import annotations

import itertools
from dataclasses import dataclass

import numpy as np

MASK = 2**64 - 1
KEEP, WIDTH, NOISE = range(3)
TILE = 6  # hidden rows of a block at most


def mix(x: int) -> int:
    x = (x ^ x >> 30) * 0xBF58476D1CE4E5B9 & MASK
    x = (x ^ x >> 27) * 0x94D049BB133111EB & MASK
    return x ^ x >> 31


def draw(key: int, i: int) -> int:
    return mix(key + (i + 1) * 0x9E3779B97F4A7C15 & MASK)


def subkey(key: int, number: int) -> int:
    return mix(draw(key, number) ^ 0xD6E8FEB86659FD93)


def below(bits: int, n: int) -> int:
    return (bits >> 32) * n >> 32


def alias_draw(table: np.ndarray, bits: int) -> int:
    column = below(bits, len(table))
    return column if bits & 0xFFFFFFFF < table[column, 0] else int(table[column, 1])


def paths_of(offsets: np.ndarray, nodes: np.ndarray, codes: np.ndarray) -> list[list[tuple[int, int]]]:
    spans = itertools.pairwise(offsets)
    return [list(zip(nodes[a:b].tolist(), codes[a:b].tolist(), strict=True)) for a, b in spans]


def sigmoid(x: np.ndarray) -> np.ndarray:
    return 1 / (1 + np.exp(-x))


@dataclass
class Reference:
    """Matrices of shape (n_words, size); paths: per word, (node, code) pairs from the root."""

    input: np.ndarray
    output: np.ndarray | None
    nodes: np.ndarray | None
    noise: np.ndarray
    paths: list[list[tuple[int, int]]]
    keep: np.ndarray
    window: int
    negative: int
    seed: int
    cbow: bool = False
    shrink_windows: bool = True
    cbow_mean: bool = True
    pair: bool = False
    loss: float = 0.0
    examples: int = 0
    _noise_key: int = 0
    _noise_drawn: int = 0

    def train_chunk(self, epoch: int, chunk: int, sentences: list[np.ndarray], rate: float) -> None:
        key = subkey(subkey(mix(self.seed), epoch), chunk)
        keep_key, width_key, self._noise_key = (subkey(key, purpose) for purpose in (KEEP, WIDTH, NOISE))
        self._noise_drawn = 0
        read = trained = 0
        for sentence in sentences:
            kept = [int(w) for i, w in enumerate(sentence) if draw(keep_key, read + i) >> 32 <= self.keep[w]]
            read += len(sentence)
            if len(kept) < 2:
                continue
            alone = self.pair or self.nodes is not None
            for first in range(0, len(kept), 1 if alone else 2):
                width = self.window
                if self.shrink_windows:
                    width = 1 + below(draw(width_key, trained + first), width)
                centres = [first] if alone or first + 1 == len(kept) else [first, first + 1]
                self.train_window(kept, centres, width, rate)
            trained += len(kept)

    def next_noise(self) -> int:
        self._noise_drawn += 1
        return draw(self._noise_key, self._noise_drawn - 1)

    def train_window(self, words: list[int], centres: list[int], width: int, rate: float) -> None:
        """One centre, or two neighbours of the same width that share their negatives."""
        low, end = max(0, centres[0] - width), min(len(words), centres[-1] + width + 1)
        context = [[t for t in range(low, end) if t != c and abs(t - c) <= width] for c in centres]
        if self.cbow:
            self.train_cbow(words, centres, context, rate)
            return
        sides = [range(low, centres[-1]), range(centres[0] + 1, end)]
        targets = None if self.pair else self.choose_targets(words, centres)
        for side in sides:
            for positions in [[t] for t in side] if self.pair else tiles(list(side)):
                chosen = targets or self.choose_targets(words, centres)
                members = np.array([[t in around for t in positions] for around in context], dtype=float)
                rows = [words[t] for t in positions]
                np.add.at(self.input, rows, self.step(self.input[rows], members, chosen, rate))
                self.examples += int(members.sum())

    def train_cbow(self, words: list[int], centres: list[int], context: list[list[int]], rate: float) -> None:
        rows = [[words[t] for t in around] for around in context]
        scales = [1 / len(around) if self.cbow_mean else 1.0 for around in context]
        hidden = np.array(
            [scale * self.input[around].sum(0) for scale, around in zip(scales, rows, strict=True)]
        )
        gradients = self.step(hidden, np.eye(len(centres)), self.choose_targets(words, centres), rate)
        for around, gradient in zip(rows, gradients, strict=True):
            np.add.at(self.input, around, gradient if self.cbow_mean else gradient / len(around))
        self.examples += len(centres)

    def choose_targets(
        self, words: list[int], centres: list[int]
    ) -> list[tuple[np.ndarray, int, np.ndarray]]:
        """(matrix, row, weight of its pairs with the context of each centre): > 0 positive, < 0 negative."""
        targets = []
        if self.nodes is not None:
            path = self.paths[words[centres[0]]]
            targets += [(self.nodes, node, np.array([1.0 - 2 * code])) for node, code in path]
        if self.output is not None:
            own = np.array([words[c] for c in centres])
            targets += [
                (self.output, word, (own == word).astype(float)) for word in dict.fromkeys(own.tolist())
            ]
            drawn = [alias_draw(self.noise, self.next_noise()) for _ in range(self.negative)]
            targets += [
                (self.output, word, np.full(len(own), -float(drawn.count(word))))
                for word in dict.fromkeys(drawn)
                if word not in own
            ]
        return targets

    def step(
        self,
        hidden: np.ndarray,
        members: np.ndarray,
        targets: list[tuple[np.ndarray, int, np.ndarray]],
        rate: float,
    ) -> np.ndarray:
        """Updates the targets; answers the gradients of the hidden rows (m, size). members: (centres, m)."""
        gradient = np.zeros_like(hidden)
        updates = []
        for matrix, row, by_centre in targets:
            weights = by_centre @ members
            score = hidden @ matrix[row] * np.sign(weights)
            g = rate * weights * sigmoid(-score)
            self.loss += float((np.abs(weights) * np.log1p(np.exp(-score))).sum())
            gradient += g[:, None] * matrix[row]
            updates.append((matrix, row, g @ hidden))
        for matrix, row, update in updates:
            matrix[row] += update
        return gradient


def tiles(positions: list[int]) -> list[list[int]]:
    """Parts of at most TILE positions, as equal as can be, the longer ones last."""
    parts = []
    while positions:
        n = len(positions) // -(-len(positions) // TILE)
        parts.append(positions[:n])
        positions = positions[n:]
    return parts
