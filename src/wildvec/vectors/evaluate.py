"""How good a matrix of vectors is: analogies (Google's format) and word pairs with human scores.

>>> import numpy as np
>>> keys = ["man", "woman", "king", "queen"]
>>> matrix = np.array([[1, 0, 0], [1, 1, 0], [1, 0, 1], [1, 1, 1]], dtype=np.float32)
>>> print(analogies(keys, matrix, [": royalty", "man king woman queen", "man king boy prince"]))
royalty: 100.0% (1 of 1)
all: 100.0% (1 of 1), 50.0% of 2 questions covered
>>> print(word_pairs(keys, matrix, [("king", "queen", 9), ("man", "queen", 1), ("man", "king", 5)]))
Pearson 0.999, Spearman 1.000, 100.0% of 3 pairs covered
"""

from __future__ import annotations

import math
import os
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from wildvec.base.checks import checked, whole
from wildvec.base.keys import Key
from wildvec.vectors import search

FIRST_ROWS = whole(0, none="all keys")  # what restrict_vocab may be

Lines: TypeAlias = str | os.PathLike[str] | Iterable[str]
Pair: TypeAlias = tuple[str, str, float]
Question: TypeAlias = tuple[str, str, str, str]

_AT_ONCE = 4096  # questions
_CANDIDATES = 8  # the three given words and five more, as word2vec's other spellings may be among them


@dataclass(frozen=True)
class Section:
    """The questions of one section as they came out; `skipped` counts those with an unknown word."""

    name: str
    correct: list[Question]
    incorrect: list[Question]
    skipped: int

    @property
    def total(self) -> int:
        """Questions answered, rightly or wrongly."""
        return len(self.correct) + len(self.incorrect)

    @property
    def accuracy(self) -> float:
        """Share of the answers that are right, 0 without any."""
        return len(self.correct) / self.total if self.total else 0.0

    def __str__(self) -> str:
        return f"{self.name}: {self.accuracy:.1%} ({len(self.correct)} of {self.total})"


@dataclass(frozen=True)
class AnalogyResult:
    """The outcome of `analogies`, section by section."""

    sections: list[Section]

    @property
    def all(self) -> Section:
        """All sections as one."""
        return Section(
            "all",
            [question for section in self.sections for question in section.correct],
            [question for section in self.sections for question in section.incorrect],
            sum(section.skipped for section in self.sections),
        )

    @property
    def correct(self) -> int:
        """Questions answered rightly."""
        return len(self.all.correct)

    @property
    def total(self) -> int:
        """Questions answered."""
        return self.all.total

    @property
    def asked(self) -> int:
        """Questions read, also those with unknown words."""
        return self.all.total + self.all.skipped

    @property
    def accuracy(self) -> float:
        """Share of the answers that are right, 0 without any."""
        return self.all.accuracy

    @property
    def coverage(self) -> float:
        """Share of the questions whose four words are all known."""
        return self.total / self.asked if self.asked else 0.0

    def __str__(self) -> str:
        last = f"{self.all}, {self.coverage:.1%} of {self.asked} questions covered"
        return "\n".join([*map(str, self.sections), last])


@dataclass(frozen=True)
class PairResult:
    """The outcome of `word_pairs`: correlations with the human scores, and their two-sided p-values."""

    pearson: float
    spearman: float
    pearson_p: float
    spearman_p: float
    pairs: int
    asked: int

    @property
    def coverage(self) -> float:
        """Share of the pairs whose words are both known."""
        return self.pairs / self.asked

    def __str__(self) -> str:
        covered = f"{self.coverage:.1%} of {self.asked} pairs covered"
        return f"Pearson {self.pearson:.3f}, Spearman {self.spearman:.3f}, {covered}"


def analogies(
    keys: Sequence[Key],
    matrix: NDArray[Any],
    source: Lines,
    *,
    restrict_vocab: int | None = 300_000,
    case_insensitive: bool = True,
    unknown_as_wrong: bool = False,
    workers: int | None = None,
) -> AnalogyResult:
    """Answer questions "a b c d" (a is to b as c is to ...) by the vector nearest to b - a + c.

    matrix: (n, dim), a row for each key, the most frequent first. source: a path or lines, four
    words each, divided by lines ": name of a section"; empty lines and comments (#) do not count.
    restrict_vocab: know only so many of the first keys. case_insensitive: compare upper-cased
    words; of several spellings the first key counts. a, b and c are never the answer.
    unknown_as_wrong: count a question with an unknown word as answered wrongly, not as skipped.

    Raises ValueError, naming the line, for one that has not four words.
    """
    rows = _rows_of(keys, restrict_vocab, case_insensitive)
    sections = _read_questions(source, case_insensitive)
    known = [q for _, questions in sections for q in questions if all(word in rows for word in q)]
    answers = _answered(keys, matrix, rows, known, case_insensitive, workers)
    right = dict(zip(known, answers, strict=True))
    if unknown_as_wrong:
        right |= {q: False for _, questions in sections for q in questions if q not in right}
    return AnalogyResult(
        [
            Section(
                name,
                [q for q in questions if right.get(q) is True],
                [q for q in questions if right.get(q) is False],
                sum(q not in right for q in questions),
            )
            for name, questions in sections
        ]
    )


def _fold(word: Key, case_insensitive: bool) -> str:
    return str(word).upper() if case_insensitive else str(word)


def _rows_of(keys: Sequence[Key], first: int | None, case_insensitive: bool) -> dict[str, int]:
    """Map each (folded) word to the first row that has it."""
    checked("restrict_vocab", first, FIRST_ROWS)
    rows: dict[str, int] = {}
    for row, key in enumerate(keys[:first]):
        rows.setdefault(_fold(key, case_insensitive), row)
    return rows


def _lines(source: Lines) -> Iterator[tuple[str, str]]:
    """Yield each line that says something, with its place for error messages."""
    if isinstance(source, (str, os.PathLike)):
        path = os.fspath(source)
        with open(source, encoding="utf-8-sig") as file:
            try:
                yield from ((f"{path}, {place}", line) for place, line in _lines(file))
            except UnicodeDecodeError as error:
                raise ValueError(f"{path} is not UTF-8 ({error}); convert it") from None
        return
    for number, line in enumerate(source, 1):
        if line.strip() and not line.startswith("#"):
            yield f"line {number}", line.strip()


def _read_questions(source: Lines, case_insensitive: bool) -> list[tuple[str, list[Question]]]:
    sections: list[tuple[str, list[Question]]] = []
    for place, line in _lines(source):
        if line.startswith(":"):
            sections.append((line[1:].strip(), []))
            continue
        words = _fold(line, case_insensitive).split()
        if len(words) != 4:
            raise ValueError(f"{place}: {line!r} has {len(words)} words; a question has four")
        if not sections:
            sections.append(("questions", []))
        a, b, c, d = words
        sections[-1][1].append((a, b, c, d))
    return sections


def _answered(
    keys: Sequence[Key],
    matrix: NDArray[Any],
    rows: dict[str, int],
    questions: Sequence[Question],
    case_insensitive: bool,
    workers: int | None,
) -> Iterator[bool]:
    """Say of each question whether the nearest word that is not given is the one expected."""
    stop = max(rows.values(), default=-1) + 1
    for first in range(0, len(questions), _AT_ONCE):
        some = questions[first : first + _AT_ONCE]
        a, b, c = (search.unit(matrix[[rows[q[i]] for q in some]]) for i in range(3))
        found, _ = search.top_k(b - a + c, matrix, _CANDIDATES, stop=stop, workers=workers)
        for question, candidates in zip(some, found.tolist(), strict=True):
            words = (_fold(keys[row], case_insensitive) for row in candidates if row >= 0)
            yield next((word for word in words if word not in question[:3]), None) == question[3]


def word_pairs(
    keys: Sequence[Key],
    matrix: NDArray[Any],
    source: Lines | Iterable[Pair],
    *,
    delimiter: str | None = None,
    restrict_vocab: int | None = 300_000,
    case_insensitive: bool = True,
    unknown_as_zero: bool = False,
) -> PairResult:
    """Correlate cosines with the human scores of word pairs.

    source: a path, lines, or (word, word, score). In a line stand two words, then columns of which
    the first number is the score; a first line without one is a header, empty lines and comments
    (#) do not count. delimiter: by default a tab where the line has one, a comma where it has no
    white space, else white space. restrict_vocab, case_insensitive: as in `analogies`.
    unknown_as_zero: let a pair with an unknown word count with cosine 0 instead of leaving it out.

    Raises ValueError, naming the line, where no score can be found, and if the source holds no pair
    or fewer than two are known.
    """
    rows = _rows_of(keys, restrict_vocab, case_insensitive)
    pairs = [
        (rows.get(_fold(a, case_insensitive), -1), rows.get(_fold(b, case_insensitive), -1), score)
        for a, b, score in _read_pairs(source, delimiter)
    ]
    if not pairs:
        name = os.fspath(source) if isinstance(source, (str, os.PathLike)) else "the source"
        raise ValueError(f"{name} holds no pairs; wanted lines of two words and a number, the score")
    known = [(a, b, score) for a, b, score in pairs if min(a, b) >= 0]
    counted = pairs if unknown_as_zero else known
    if len(counted) < 2:
        raise ValueError(
            f"{len(counted)} of {len(pairs)} pairs have known words; a correlation needs two"
            " (is this the right language, and is restrict_vocab large enough?)"
        )
    cosines = np.zeros(len(counted))
    is_known = [min(a, b) >= 0 for a, b, _ in counted]
    a = search.unit(matrix[[pair[0] for pair in known]])
    b = search.unit(matrix[[pair[1] for pair in known]])
    cosines[is_known] = np.einsum("ij,ij->i", a, b)
    human = np.array([pair[2] for pair in counted])
    pearson, spearman = _pearson(cosines, human), _pearson(_ranks(cosines), _ranks(human))
    n = len(counted)
    return PairResult(pearson, spearman, _p_value(pearson, n), _p_value(spearman, n), len(known), len(pairs))


def _read_pairs(source: Lines | Iterable[Pair], delimiter: str | None) -> Iterator[Pair]:
    if not isinstance(source, (str, os.PathLike)):
        items: list[Any] = list(source)
        if items and not isinstance(items[0], str):
            yield from ((a, b, float(score)) for a, b, score in items)
            return
        source = items
    for number, (place, line) in enumerate(_lines(source)):
        mark = delimiter or ("\t" if "\t" in line else None if len(line.split()) > 1 else ",")
        words = [word.strip() for word in line.split(mark)]
        score = next((value for value in map(_number, words[2:]) if value is not None), None)
        if score is not None:
            yield words[0], words[1], score
        elif number:
            raise ValueError(f"{place}: {line!r} has no score; wanted two words and a number")


def _number(text: str) -> float | None:
    try:
        value = float(text)
    except ValueError:
        return None
    return value if math.isfinite(value) else None


def _ranks(values: NDArray[np.float64]) -> NDArray[np.float64]:
    """Ranks from 1; equal values share the mean of theirs."""
    _, place, counts = np.unique(values, return_inverse=True, return_counts=True)
    last = np.cumsum(counts)
    return np.asarray((last - (counts - 1) / 2)[place], dtype=np.float64)


def _pearson(a: NDArray[np.float64], b: NDArray[np.float64]) -> float:
    """The correlation of two samples, NaN if one of them is constant."""
    a, b = a - a.mean(), b - b.mean()
    scale = math.sqrt(float(a @ a) * float(b @ b))
    return max(min(float(a @ b) / scale, 1.0), -1.0) if scale else math.nan


def _p_value(correlation: float, n: int) -> float:
    """How probable so strong a correlation of n pairs is by chance (two-sided, normal samples).

    The arcsine of the correlation then has the density cos(x)^(n - 3), up to a factor.
    """
    if n < 3 or math.isnan(correlation):
        return math.nan
    start = math.asin(abs(correlation))
    stop = min(math.pi / 2, start + 12 / math.sqrt(n))
    nodes, weights = np.polynomial.legendre.leggauss(128)
    x = start + (nodes + 1) * (stop - start) / 2
    log_beta = math.lgamma(0.5) + math.lgamma(n / 2 - 1) - math.lgamma((n - 1) / 2)
    density = np.cos(x) ** (n - 3) / math.exp(log_beta)
    return min(1.0, float(weights @ density) * (stop - start))
