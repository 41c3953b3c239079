"""The training kernels once more, in numpy and float64: what the C core must match, drawing the same numbers."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

MASK = 2**64 - 1
KEEP, WIDTH, NOISE, ORDER = range(4)
TILE = 6  # hidden rows of a block at most
NOISE_SPAN = 256  # windows over which a noise word's uses are spread, at least


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


def shuffled(items: list[int], key: int) -> list[int]:
    items = list(items)
    for k in range(len(items) - 1, 0, -1):
        other = below(draw(key, k), k + 1)
        items[k], items[other] = items[other], items[k]
    return items


def alias_draw(table: np.ndarray, bits: int) -> int:
    column = below(bits, len(table))
    return column if bits & 0xFFFFFFFF < table[column, 0] else int(table[column, 1])


def paths_of(offsets: np.ndarray, nodes: np.ndarray, codes: np.ndarray) -> list[list[tuple[int, int]]]:
    spans = itertools.pairwise(offsets)
    return [list(zip(nodes[a:b].tolist(), codes[a:b].tolist(), strict=True)) for a, b in spans]


def sigmoid(x: np.ndarray) -> np.ndarray:
    return 1 / (1 + np.exp(-x))


Target = tuple[
    np.ndarray, int, np.ndarray
]  # matrix, row, weight of its pairs with the context of each centre


@dataclass
class Block:
    """One step. context: of each hidden row, the words whose input rows make it. members: (centres, hidden rows)."""

    context: list[list[int]]
    members: np.ndarray
    targets: list[Target]
    examples: int


@dataclass
class Reference:
    """Matrices of shape (n_words, size); paths: per word, (node, code) pairs from the root."""

    has_parts = False  # whether words consist of parts: then each window draws new noise

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
    shuffle: bool = False
    loss: float = 0.0
    examples: int = 0
    far_off: int = 0  # pairs with (1 + e^-z)^|weight| > 2^28
    _noise_key: int = 0
    _windows: int = 0

    def train_chunk(self, epoch: int, chunk: int, sentences: list[np.ndarray], rate: float) -> None:
        key = subkey(subkey(mix(self.seed), epoch), chunk)
        self._noise_key, self._windows = subkey(key, NOISE), 0
        kept = self.subsampled(sentences, subkey(key, KEEP))
        if self.shuffle:
            kept = [shuffled(words, subkey(subkey(key, ORDER), unit)) for unit, words in enumerate(kept)]
        kept = [words for words in kept if len(words) > 1]
        for block in self.blocks(kept, subkey(key, WIDTH)):
            self.step(block, rate)

    def subsampled(self, sentences: list[np.ndarray], key: int) -> list[list[int]]:
        kept, read = [], 0
        for sentence in sentences:
            kept.append([int(w) for i, w in enumerate(sentence) if draw(key, read + i) >> 32 <= self.keep[w]])
            read += len(sentence)
        return kept

    def blocks(self, sentences: list[list[int]], width_key: int) -> Iterator[Block]:
        alone = self.pair or (self.nodes is not None and not self.cbow)
        start = 0  # of the sentence, among the words kept
        for words in sentences:
            for centre in range(0, len(words), 1 if alone else 2):
                width = self.window
                if self.shrink_windows:
                    width = 1 + below(draw(width_key, start + centre), width)
                centres = [centre] if alone or centre + 1 == len(words) else [centre, centre + 1]
                yield from self.blocks_of_window(words, centres, width)
            start += len(words)

    def blocks_of_window(self, words: list[int], centres: list[int], width: int) -> Iterator[Block]:
        """One centre, or two neighbours of the same width, which share their negatives unless there are paths."""
        low, end = max(0, centres[0] - width), min(len(words), centres[-1] + width + 1)
        around = [[t for t in range(low, end) if t != c and abs(t - c) <= width] for c in centres]
        if self.cbow:
            context = [[words[t] for t in positions] for positions in around]
            targets = (
                self.targets_of_each(words, centres)
                if self.nodes is not None
                else self.choose_targets(words, centres)
            )
            yield Block(context, np.eye(len(centres)), targets, len(centres))
            return
        shared = None if self.pair else self.choose_targets(words, centres)
        rows = sorted({t for context in around for t in context})
        for positions in [[t] for t in rows] if self.pair else tiles(rows):
            targets = shared or self.choose_targets(words, centres)
            members = np.array([[t in context for t in positions] for context in around], dtype=float)
            yield Block([[words[t]] for t in positions], members, targets, int(members.sum()))

    def targets_of_each(self, words: list[int], centres: list[int]) -> list[Target]:
        """One centre after the other: what the first changes, the second finds changed."""
        return [
            (matrix, row, weight * alone)
            for centre, alone in zip(centres, np.eye(len(centres)), strict=True)
            for matrix, row, weight in self.choose_targets(words, [centre])
        ]

    def choose_targets(self, words: list[int], centres: list[int]) -> list[Target]:
        """Weights > 0 are positive pairs, < 0 negative ones."""
        targets = []
        if self.nodes is not None:
            path = self.paths[words[centres[0]]]
            targets += [(self.nodes, node, np.array([1.0 - 2 * code])) for node, code in path]
        if self.output is not None:
            own = np.array([words[c] for c in centres])
            targets += [
                (self.output, word, (own == word).astype(float)) for word in dict.fromkeys(own.tolist())
            ]
            drawn = [alias_draw(self.noise, draw(self._noise_key, i)) for i in self.next_draws()]
            of_each = [drawn[: self.negative], drawn[-self.negative :]]  # the two centres may share some
            targets += [
                (self.output, word, np.array([-float(noise.count(word)) for noise in of_each[: len(own)]]))
                for word in dict.fromkeys(drawn)
                if word not in own
            ]
        return targets

    def next_draws(self) -> list[int]:
        """The numbers of the next window's draws. Each serves several, except: classic update, many, parts."""
        n = self.negative
        if not (self.cbow or self.pair or self.nodes is not None):
            n += (3 * n + 2) // 5  # of two centres
        window, spacing = self._windows, max(1, NOISE_SPAN // max(1, (n - 1) ** 2))
        self._windows += 1
        if self.pair or self.has_parts or n > 64:
            return [window * n + k for k in range(n)]
        return [window + spacing * k * k for k in range(n)]

    def step(self, block: Block, rate: float) -> None:
        """All gradients are those at the values before the step.

        The rate is bounded by 1 / sqrt(sum of absolute weights). Two centres with paths are a step each.
        """
        scales = [1 / len(rows) if self.cbow_mean else 1.0 for rows in block.context]
        sums = [self.input[rows].sum(0) for rows in block.context]
        hidden = np.array([scale * row for scale, row in zip(scales, sums, strict=True)])
        gradient = np.zeros_like(hidden)
        all_weights = np.array([by_centre @ block.members for _, _, by_centre in block.targets])
        sums = np.abs(all_weights).sum(0 if self.cbow and self.nodes is not None else None)
        rates = np.minimum(rate, 1 / np.sqrt(np.maximum(sums, 1e-9)))
        for (matrix, row, _), weights in zip(block.targets, all_weights, strict=True):
            score = hidden @ matrix[row] * np.sign(weights)
            g = rates * weights * sigmoid(-score)
            self.loss += float((np.abs(weights) * np.log1p(np.exp(-score))).sum())
            self.far_off += int((-score * np.abs(weights) > 28 * np.log(2)).sum())
            gradient += g[:, None] * matrix[row]
            matrix[row] += g @ hidden
        for rows, change in zip(block.context, gradient, strict=True):
            np.add.at(self.input, rows, change if self.cbow_mean else change / len(rows))
        self.examples += block.examples


def tiles(positions: list[int]) -> list[list[int]]:
    """Parts of at most TILE positions: if several, about equal, of even numbers; the last is what is left."""
    parts = []
    while positions:
        n = len(positions)
        if n > TILE:
            n = -(-n // -(-n // TILE))
            n += n % 2
        parts.append(positions[:n])
        positions = positions[n:]
    return parts
