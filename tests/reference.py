"""The training kernels once more, in numpy and float64: what the C core must match, drawing the same numbers."""

from __future__ import annotations

import itertools
from dataclasses import dataclass

import numpy as np

MASK = 2**64 - 1
KEEP, WIDTH, NOISE = range(3)


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
            for centre in range(len(kept)):
                width = self.window
                if self.shrink_windows:
                    width = 1 + below(draw(width_key, trained + centre), width)
                self.train_window(kept, centre, width, rate)
            trained += len(kept)

    def next_noise(self) -> int:
        self._noise_drawn += 1
        return draw(self._noise_key, self._noise_drawn - 1)

    def train_window(self, words: list[int], centre: int, width: int, rate: float) -> None:
        positions = range(max(0, centre - width), min(len(words), centre + width + 1))
        context = [words[t] for t in positions if t != centre]
        if self.cbow:
            scale = 1 / len(context) if self.cbow_mean else 1.0
            gradient = self.step(scale * self.input[context].sum(0, keepdims=True), words[centre], rate)
            np.add.at(self.input, context, gradient[0] if self.cbow_mean else gradient[0] / len(context))
            self.examples += 1
        else:
            for rows in [[row] for row in context] if self.pair else [context]:
                np.add.at(self.input, rows, self.step(self.input[rows], words[centre], rate))
                self.examples += len(rows)

    def step(self, hidden: np.ndarray, centre: int, rate: float) -> np.ndarray:
        """Updates the targets of a centre; answers the gradients of the hidden rows (m, size)."""
        targets: list[tuple[np.ndarray, int, float, float]] = []  # matrix, row, times, label
        if self.nodes is not None:
            targets += [(self.nodes, node, 1, 1 - code) for node, code in self.paths[centre]]
        if self.output is not None:
            targets.append((self.output, centre, 1, 1))
            drawn = [alias_draw(self.noise, self.next_noise()) for _ in range(self.negative)]
            targets += [
                (self.output, word, drawn.count(word), 0) for word in dict.fromkeys(drawn) if word != centre
            ]
        gradient = np.zeros_like(hidden)
        updates = []
        for matrix, row, times, label in targets:
            score = hidden @ matrix[row]
            g = rate * times * (label - sigmoid(score))
            self.loss += float((times * np.log1p(np.exp(score * (1 - 2 * label)))).sum())
            gradient += g[:, None] * matrix[row]
            updates.append((matrix, row, g @ hidden))
        for matrix, row, update in updates:
            matrix[row] += update
        return gradient
