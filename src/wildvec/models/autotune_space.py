"""The settings that `autotune` searches. In: a random generator and settings. Out: new settings."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

from numpy.random import Generator

Settings: TypeAlias = dict[str, Any]


@dataclass(frozen=True)
class Range:
    """A number between `low` and `high`, on a logarithmic scale.

    width: standard deviation of a change at the beginning, of the natural logarithm. whole: a whole number.
    """

    name: str
    low: float
    high: float
    width: float
    whole: bool = False

    @property
    def names(self) -> tuple[str, ...]:
        """The names of the settings."""
        return (self.name,)

    def draw(self, random: Generator) -> Settings:
        """Return any value, each order of magnitude with the same probability."""
        return self._rounded(random.uniform(math.log(self.low), math.log(self.high)))

    def change(self, settings: Settings, width: float, random: Generator) -> Settings:
        """Return a value near that of some settings. width: 1 at the beginning of a search, less later."""
        return self._rounded(math.log(settings[self.name]) + self.width * width * random.standard_normal())

    def _rounded(self, logarithm: float) -> Settings:
        value = min(max(math.exp(logarithm), self.low), self.high)
        return {self.name: round(value) if self.whole else float(f"{value:.3g}")}


@dataclass(frozen=True)
class Steps:
    """One of a few values of one or several settings; a change goes to a neighbour in the list.

    chance: Probability of a change at the beginning.
    """

    names: tuple[str, ...]
    values: Sequence[tuple[Any, ...]]
    chance: float = 0.4

    def draw(self, random: Generator) -> Settings:
        """Return any of the values."""
        return self._at(int(random.integers(len(self.values))))

    def change(self, settings: Settings, width: float, random: Generator) -> Settings:
        """Return the same value as some settings have, or a neighbour. width: as in `Range`."""
        at = self.values.index(tuple(settings[name] for name in self.names))
        if random.random() < self.chance * width:
            at += 1 if at == 0 or (at + 1 < len(self.values) and random.random() < 0.5) else -1
        return self._at(at)

    def _at(self, position: int) -> Settings:
        return dict(zip(self.names, self.values[position], strict=True))


Dimension: TypeAlias = Range | Steps

SPACE: tuple[Dimension, ...] = (
    Range("alpha", 0.01, 5, 0.8),
    Range("epochs", 1, 100, 0.8, whole=True),
    Range("l2", 1e-4, 0.05, 0.7),
    Steps(("vector_size",), [(n,) for n in (8, 16, 32, 64, 128, 256)]),
    Steps(("word_ngrams",), [(n,) for n in (1, 2, 3, 4, 5)]),
    Steps(("min_n", "max_n"), [(0, 0), (3, 6), (2, 5), (2, 4)], chance=0.25),
    Steps(("bucket",), [(n,) for n in (100_000, 500_000, 2_000_000, 10_000_000)], chance=0.2),
    Steps(("loss",), [("softmax",), ("ova",)], chance=0.15),
)

# Good settings for most texts, cheap ones first.
FIRST_TRIALS: tuple[Settings, ...] = (
    {},
    {"word_ngrams": 2},
    {"word_ngrams": 2, "epochs": 20},
    {"word_ngrams": 2, "epochs": 20, "min_n": 3, "max_n": 6},
    {"word_ngrams": 3, "epochs": 10, "alpha": 1.0},
)
