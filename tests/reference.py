"""The training kernels once more, in numpy and float64: what the C core must match, drawing the same numbers."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

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
    _drawn: dict[int, int] = field(default_factory=dict)

    def train_chunk(self, epoch: int, chunk: int, sentences: list[np.ndarray], rate: float) -> None:
        key = subkey(subkey(mix(self.seed), epoch), chunk)
        self._keys = [subkey(key, purpose) for purpose in (KEEP, WIDTH, NOISE)]
        self._drawn = {WIDTH: 0, NOISE: 0}
        at = 0
        for sentence in sentences:
            kept = [w for i, w in enumerate(sentence) if draw(self._keys[KEEP], at + i) >> 32 <= self.keep[w]]
            at += len(sentence)
            if len(kept) > 1:
                for centres, width in self.windows(len(kept)):
                    self.train_window([int(w) for w in kept], centres, width, rate)

    def next_draw(self, purpose: int) -> int:
        self._drawn[purpose] += 1
        return draw(self._keys[purpose], self._drawn[purpose] - 1)

    def windows(self, n: int) -> Iterator[tuple[list[int], int]]:
        """Positions of one or two centres, and how far their contexts reach."""
        together = 1 if self.nodes is not None or self.pair else 2
        position = 0
        while position < n:
            centres = list(range(position, position + together if position + together <= n else position + 1))
            width = 1 + below(self.next_draw(WIDTH), self.window) if self.shrink_windows else self.window
            yield centres, width
            position += len(centres)

    def train_window(self, words: list[int], centres: list[int], width: int, rate: float) -> None:
        contexts = [
            [t for t in range(max(0, c - width), min(len(words), c + width + 1)) if t != c] for c in centres
        ]
        targets = [words[c] for c in centres]
        if self.cbow:
            rows = [[words[t] for t in context] for context in contexts]
            scale = [1 / len(context) if self.cbow_mean else 1.0 for context in contexts]
            hidden = np.array([s * self.input[r].sum(0) for r, s in zip(rows, scale, strict=True)])
            gradient = self.step(hidden, np.eye(len(centres)), targets, rate)
            self.examples += len(centres)
            for g, r in zip(gradient, rows, strict=True):
                np.add.at(self.input, r, g if self.cbow_mean else g / len(r))
        elif self.pair:
            for t in contexts[0]:
                row = words[t]
                self.input[row] += self.step(self.input[[row]], np.ones((1, 1)), targets, rate)[0]
                self.examples += 1
        else:
            positions = sorted({t for context in contexts for t in context})
            members = np.array([[t in context for t in positions] for context in contexts], dtype=float)
            rows = [words[t] for t in positions]
            gradient = self.step(self.input[rows], members, targets, rate)
            self.examples += int(members.sum())
            np.add.at(self.input, rows, gradient)

    def step(self, hidden: np.ndarray, members: np.ndarray, centres: list[int], rate: float) -> np.ndarray:
        """members[c, i]: whether hidden row i belongs to centre c. Updates the targets; answers hidden gradients."""
        targets: list[tuple[np.ndarray, int, np.ndarray, float]] = []  # matrix, row, weights, label
        if self.nodes is not None:
            targets += [(self.nodes, node, members[0], 1.0 - code) for node, code in self.paths[centres[0]]]
        if self.output is not None:
            drawn = [alias_draw(self.noise, self.next_draw(NOISE)) for _ in range(self.negative)]
            for word in dict.fromkeys(centres):
                weights = sum(m for m, c in zip(members, centres, strict=True) if c == word)
                targets.append((self.output, word, weights, 1.0))
            for word in dict.fromkeys(w for w in drawn if w not in centres):
                targets.append((self.output, word, drawn.count(word) * members.sum(0), 0.0))
        gradient = np.zeros_like(hidden)
        updates = []
        for matrix, row, weights, label in targets:
            score = hidden @ matrix[row]
            g = rate * weights * (label - sigmoid(score))
            self.loss += float((weights * np.log1p(np.exp(score * (1 - 2 * label)))).sum())
            gradient += g[:, None] * matrix[row]
            updates.append((matrix, row, g @ hidden))
        for matrix, row, update in updates:
            matrix[row] += update
        return gradient
