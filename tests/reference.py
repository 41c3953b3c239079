"""The training kernels once more, in numpy and float64: what the C core must match, drawing the same numbers."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

MASK = 2**64 - 1
KEEP, WIDTH, NOISE = range(3)  # stream s draws with NOISE + s
STREAMS = 2
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


Target = tuple[np.ndarray, int, np.ndarray]  # matrix, row, weight of its pairs with the context of each centre


@dataclass
class Block:
    """One step. context: per hidden row, the words whose input rows it is made of. members: (centres, hidden rows)."""

    stream: int
    context: list[list[int]]
    members: np.ndarray
    targets: list[Target]
    examples: int
    hidden: np.ndarray | None = None
    scores: np.ndarray | None = None  # (targets, hidden rows)


@dataclass
class Stream:
    """Every second half of a chunk: its words lie at begin … end of those kept."""

    number: int
    begin: int
    end: int
    noise_key: int
    noise_drawn: int = 0


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

    def train_chunk(self, epoch: int, chunk: int, sentences: list[np.ndarray], rate: float) -> None:
        """A block is scored before the one before it updates, unless both are of one stream."""
        key = subkey(subkey(mix(self.seed), epoch), chunk)
        kept = self.subsampled(sentences, subkey(key, KEEP))
        n = sum(map(len, kept))
        streams = [
            Stream(s, n * s // STREAMS, n * (s + 1) // STREAMS, subkey(key, NOISE + s)) for s in range(STREAMS)
        ]
        blocks = in_turns([list(self.blocks(stream, kept, subkey(key, WIDTH))) for stream in streams])
        for i, block in enumerate(blocks):
            if block.scores is None:
                self.score(block)
            following = blocks[i + 1] if i + 1 < len(blocks) else None
            if following and following.stream != block.stream:
                self.score(following)
            self.update(block, rate)

    def subsampled(self, sentences: list[np.ndarray], key: int) -> list[list[int]]:
        kept, read = [], 0
        for sentence in sentences:
            kept.append([int(w) for i, w in enumerate(sentence) if draw(key, read + i) >> 32 <= self.keep[w]])
            read += len(sentence)
        return [words for words in kept if len(words) > 1]

    def blocks(self, stream: Stream, sentences: list[list[int]], width_key: int) -> Iterator[Block]:
        alone = self.pair or self.nodes is not None
        start = 0  # of the sentence
        for words in sentences:
            first, last = max(start, stream.begin), min(start + len(words), stream.end)
            for centre in range(first, last, 1 if alone else 2):
                width = self.window
                if self.shrink_windows:
                    width = 1 + below(draw(width_key, centre), width)
                centres = [centre] if alone or centre + 1 == last else [centre, centre + 1]
                yield from self.blocks_of_window(stream, words, [c - start for c in centres], width)
            start += len(words)

    def blocks_of_window(
        self, stream: Stream, words: list[int], centres: list[int], width: int
    ) -> Iterator[Block]:
        """One centre, or two neighbours of the same width that share their negatives."""
        low, end = max(0, centres[0] - width), min(len(words), centres[-1] + width + 1)
        around = [[t for t in range(low, end) if t != c and abs(t - c) <= width] for c in centres]
        if self.cbow:
            context = [[words[t] for t in positions] for positions in around]
            targets = self.choose_targets(stream, words, centres)
            yield Block(stream.number, context, np.eye(len(centres)), targets, len(centres))
            return
        shared = None if self.pair else self.choose_targets(stream, words, centres)
        for side in (range(low, centres[-1]), range(centres[0] + 1, end)):
            for positions in [[t] for t in side] if self.pair else tiles(list(side)):
                targets = shared or self.choose_targets(stream, words, centres)
                members = np.array([[t in context for t in positions] for context in around], dtype=float)
                yield Block(
                    stream.number, [[words[t]] for t in positions], members, targets, int(members.sum())
                )

    def choose_targets(self, stream: Stream, words: list[int], centres: list[int]) -> list[Target]:
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
            drawn = [alias_draw(self.noise, self.next_noise(stream)) for _ in range(self.negative)]
            targets += [
                (self.output, word, np.full(len(own), -float(drawn.count(word))))
                for word in dict.fromkeys(drawn)
                if word not in own
            ]
        return targets

    def next_noise(self, stream: Stream) -> int:
        stream.noise_drawn += 1
        return draw(stream.noise_key, stream.noise_drawn - 1)

    def score(self, block: Block) -> None:
        means = [self.input[rows].sum(0) / (len(rows) if self.cbow_mean else 1) for rows in block.context]
        block.hidden = np.array(means)
        block.scores = np.array([block.hidden @ matrix[row] for matrix, row, _ in block.targets])

    def update(self, block: Block, rate: float) -> None:
        """All gradients are those before the step; in skip-gram a hidden row is read again."""
        hidden = block.hidden if self.cbow else np.array([self.input[row] for (row,) in block.context])
        gradient = np.zeros_like(hidden)
        for (matrix, row, by_centre), score in zip(block.targets, block.scores, strict=True):
            weights = by_centre @ block.members
            score = score * np.sign(weights)
            g = rate * weights * sigmoid(-score)
            self.loss += float((np.abs(weights) * np.log1p(np.exp(-score))).sum())
            gradient += g[:, None] * matrix[row]
            matrix[row] += g @ hidden
        for rows, change in zip(block.context, gradient, strict=True):
            np.add.at(self.input, rows, change if self.cbow_mean else change / len(rows))
        self.examples += block.examples


def in_turns(lists: list[list[Block]]) -> list[Block]:
    """One of each in turn; where one has no more, the others."""
    return [item for group in itertools.zip_longest(*lists) for item in group if item is not None]


def tiles(positions: list[int]) -> list[list[int]]:
    """Parts of at most TILE positions, as equal as can be, the longer ones last."""
    parts = []
    while positions:
        n = len(positions) // -(-len(positions) // TILE)
        parts.append(positions[:n])
        positions = positions[n:]
    return parts
