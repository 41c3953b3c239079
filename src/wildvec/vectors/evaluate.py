"""Scores of a matrix of vectors on analogies and on word pairs with human scores.

In: keys, matrix (n, dim), and an evaluation file or its lines (`evaluation_files`). Out:
`AnalogyResult` or `PairResult`, which print their figures.

>>> import numpy as np
>>> keys = ["man", "woman", "king", "queen"]
>>> matrix = np.array([[1, 0, 0], [1, 1, 0], [1, 0, 1], [1, 1, 1]], dtype=np.float32)
>>> print(analogies(keys, matrix, [": royalty", "man king woman queen", "man king boy prince"]))
royalty: 100.0% (1 of 1)
all: 100.0% (1 of 1), all words known in 50.0% of 2 questions
>>> print(word_pairs(keys, matrix, [("king", "queen", 9), ("man", "queen", 1), ("man", "king", 5)]))
Pearson 0.999, Spearman 1.000, both words known in 3 of 3 pairs (100.0%)
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from wildvec.base.checks import checked, whole
from wildvec.base.keys import Key
from wildvec.vectors import search
from wildvec.vectors.evaluation_files import Lines, Pair, Question, read_pairs, read_questions

Rows: TypeAlias = NDArray[np.int64]
FindCandidates: TypeAlias = Callable[[NDArray[Any], Rows, int, "int | None"], Iterable[list[int]]]

FIRST_ROWS = whole(0, none="all keys")  # values that restrict_vocab may have

_BATCH = 4096  # questions in one search
_SCORES = 1 << 24  # scores in memory at once
_CANDIDATES = 8  # rows found for a question: the given words, their other spellings, and the answer


@dataclass(frozen=True)
class Section:
    """The questions of one section. `skipped` is the number of questions with an unknown word."""

    name: str
    correct: list[Question]
    incorrect: list[Question]
    skipped: int

    @property
    def total(self) -> int:
        """The number of questions with an answer, correct or incorrect."""
        return len(self.correct) + len(self.incorrect)

    @property
    def accuracy(self) -> float:
        """The fraction of the answers that are correct; 0 without answers."""
        return len(self.correct) / self.total if self.total else 0.0

    def __str__(self) -> str:
        return f"{self.name}: {self.accuracy:.1%} ({len(self.correct)} of {self.total})"


@dataclass(frozen=True)
class AnalogyResult:
    """The result of `analogies`, by section."""

    sections: list[Section]

    @property
    def all(self) -> Section:
        """All sections as one."""
        return Section(
            "all",
            [question for section in self.sections for question in section.correct],
            [question for section in self.sections for question in section.incorrect],
            self.skipped,
        )

    @property
    def correct(self) -> int:
        """The number of questions with a correct answer."""
        return sum(len(section.correct) for section in self.sections)

    @property
    def total(self) -> int:
        """The number of questions with an answer, correct or incorrect."""
        return sum(section.total for section in self.sections)

    @property
    def skipped(self) -> int:
        """The number of questions without an answer, because a word is unknown."""
        return sum(section.skipped for section in self.sections)

    @property
    def accuracy(self) -> float:
        """The fraction of the answers that are correct; 0 without answers."""
        return self.all.accuracy

    @property
    def coverage(self) -> float:
        """The fraction of the questions that have an answer; 0 without questions."""
        return self.total / (self.total + self.skipped) if self.total else 0.0

    def __str__(self) -> str:
        questions = self.total + self.skipped
        last = f"{self.all}, all words known in {self.coverage:.1%} of {questions} questions"
        return "\n".join([*map(str, self.sections), last])


@dataclass(frozen=True)
class PairResult:
    """The result of `word_pairs`.

    Attributes: `pearson` and `spearman`, the correlations of cosines and human scores; `pearson_p` and
    `spearman_p`, their two-sided p-values; `pairs`, the number of pairs whose two words are known;
    `unknown`, the number of the other pairs.
    """

    pearson: float
    spearman: float
    pearson_p: float
    spearman_p: float
    pairs: int
    unknown: int

    @property
    def coverage(self) -> float:
        """The fraction of the pairs whose two words are known."""
        return self.pairs / (self.pairs + self.unknown)

    def __str__(self) -> str:
        known = f"{self.pairs} of {self.pairs + self.unknown} pairs ({self.coverage:.1%})"
        return f"Pearson {self.pearson:.3f}, Spearman {self.spearman:.3f}, both words known in {known}"


def analogies(
    keys: Sequence[Key],
    matrix: NDArray[Any],
    source: Lines,
    *,
    restrict_vocab: int | None = 300_000,
    case_insensitive: bool = True,
    unknown_as_wrong: bool = False,
    cosmul: bool = False,
    workers: int | None = None,
) -> AnalogyResult:
    """Answer questions "a b c d" (a is to b as c is to d) by the vector nearest to b - a + c.

    keys: one for each row of the matrix (n, dim), the most frequent first. source: a path, or lines:
    four words in a line, and lines ": name of a section". Empty lines and lines that begin with # are
    skipped. restrict_vocab: use only the first n keys; None for all. case_insensitive: compare words
    in upper case; if several keys become equal, the first one is used. unknown_as_wrong: count a
    question with an unknown word as incorrect; by default it is skipped. cosmul: find the answer by
    3CosMul, as `search.products` does, instead of the mean. workers: see `search.top_k`.

    The answer to a question is never one of a, b and c.

    Raises ValueError for a line that does not hold four words; the message names the line.
    """
    rows = _map_words(keys, restrict_vocab, case_insensitive)
    sections = [
        (name, [_fold_question(question, case_insensitive) for question in questions])
        for name, questions in read_questions(source)
    ]
    known = [q for _, questions in sections for q in questions if all(word in rows for word in q)]
    find = _find_by_products if cosmul else _find_by_mean
    answers = _check_answers(keys, matrix, rows, known, case_insensitive, find, workers)
    correct = dict(zip(known, answers, strict=True))
    if unknown_as_wrong:
        correct |= {q: False for _, questions in sections for q in questions if q not in correct}
    return AnalogyResult(
        [
            Section(
                name,
                [q for q in questions if correct.get(q) is True],
                [q for q in questions if correct.get(q) is False],
                sum(q not in correct for q in questions),
            )
            for name, questions in sections
        ]
    )


def _fold(word: Key, case_insensitive: bool) -> str:
    return str(word).upper() if case_insensitive else str(word)


def _fold_question(question: Question, case_insensitive: bool) -> Question:
    a, b, c, d = (_fold(word, case_insensitive) for word in question)
    return a, b, c, d


def _map_words(keys: Sequence[Key], first: int | None, case_insensitive: bool) -> dict[str, int]:
    """Map each (folded) word among the first keys to its first row."""
    checked("restrict_vocab", first, FIRST_ROWS)
    rows: dict[str, int] = {}
    for row, key in enumerate(keys[:first]):
        rows.setdefault(_fold(key, case_insensitive), row)
    return rows


def _check_answers(
    keys: Sequence[Key],
    matrix: NDArray[Any],
    rows: dict[str, int],
    questions: Sequence[Question],
    case_insensitive: bool,
    find: FindCandidates,
    workers: int | None,
) -> Iterator[bool]:
    """Yield, for each question, whether the nearest word other than a, b and c is d."""
    stop = max(rows.values(), default=-1) + 1
    for first in range(0, len(questions), _BATCH):
        batch = questions[first : first + _BATCH]
        found = find(matrix, np.array([[rows[word] for word in q[:3]] for q in batch]), stop, workers)
        for question, candidates in zip(batch, found, strict=True):
            words = (_fold(keys[row], case_insensitive) for row in candidates if row >= 0)
            yield next((word for word in words if word not in question[:3]), None) == question[3]


def _find_by_mean(matrix: NDArray[Any], rows: Rows, stop: int, workers: int | None) -> list[list[int]]:
    """Return the rows nearest to b - a + c for each row (a, b, c) of `rows` (n, 3)."""
    a, b, c = (search.unit(matrix[rows[:, i]]) for i in range(3))
    found, _ = search.top_k(b - a + c, matrix, _CANDIDATES, stop=stop, workers=workers)
    candidates: list[list[int]] = found.tolist()
    return candidates


def _find_by_products(
    matrix: NDArray[Any], rows: Rows, stop: int, workers: int | None
) -> Iterator[list[int]]:
    """Yield the rows with the largest 3CosMul score for each row (a, b, c) of `rows` (n, 3)."""
    at_once = max(1, _SCORES // (3 * stop))
    for part in (rows[first : first + at_once] for first in range(0, len(rows), at_once)):
        words, places = np.unique(part, return_inverse=True)
        shifted = (1 + search.cosines(matrix[words], matrix, stop=stop, workers=workers)) / 2
        for a, b, c in places.reshape(len(part), 3):
            scores = shifted[b] * shifted[c] / (shifted[a] + search.EPSILON)
            yield search.top_of(scores, _CANDIDATES)[0].tolist()


def word_pairs(
    keys: Sequence[Key],
    matrix: NDArray[Any],
    source: Lines | Iterable[Pair],
    *,
    delimiter: str | None = None,
    columns: Sequence[int] | None = None,
    restrict_vocab: int | None = 300_000,
    case_insensitive: bool = True,
    unknown_as_zero: bool = False,
    encoding: str = "utf-8",
) -> PairResult:
    """Correlate the cosines of word pairs with human scores.

    keys, matrix, restrict_vocab, case_insensitive: as in `analogies`. source: a path, lines, or tuples
    (word, word, score). delimiter, columns, encoding: as in `evaluation_files.read_pairs`, which finds them by
    default. unknown_as_zero: use cosine 0 for a pair with an unknown word; by default the pair is left
    out.

    Raises ValueError for a line that cannot be read (the message names the line), and if fewer than two
    pairs have known words.
    """
    rows = _map_words(keys, restrict_vocab, case_insensitive)
    pairs = [
        (rows.get(_fold(a, case_insensitive), -1), rows.get(_fold(b, case_insensitive), -1), score)
        for a, b, score in read_pairs(source, delimiter, columns, encoding)
    ]
    known = [(a, b, score) for a, b, score in pairs if min(a, b) >= 0]
    counted = pairs if unknown_as_zero else known
    if len(counted) < 2:
        raise ValueError(
            f"{len(counted)} of {len(pairs)} pairs have known words; a correlation needs two."
            " Check the language of the words, and restrict_vocab"
        )
    cosines = np.zeros(len(counted))
    is_known = [min(a, b) >= 0 for a, b, _ in counted]
    a = search.unit(matrix[[pair[0] for pair in known]])
    b = search.unit(matrix[[pair[1] for pair in known]])
    cosines[is_known] = np.einsum("ij,ij->i", a, b)
    human = np.array([pair[2] for pair in counted])
    pearson, spearman = _pearson(cosines, human), _pearson(_ranks(cosines), _ranks(human))
    n = len(counted)
    p_values = _p_value(pearson, n), _p_value(spearman, n)
    return PairResult(pearson, spearman, *p_values, len(known), len(pairs) - len(known))


def _ranks(values: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return ranks from 1; equal values get the mean of their ranks."""
    _, index, counts = np.unique(values, return_inverse=True, return_counts=True)
    last = np.cumsum(counts)
    return np.asarray((last - (counts - 1) / 2)[index], dtype=np.float64)


def _pearson(a: NDArray[np.float64], b: NDArray[np.float64]) -> float:
    """Return the correlation of two samples; NaN if one of them is constant."""
    a, b = a - a.mean(), b - b.mean()
    scale = math.sqrt(float(a @ a) * float(b @ b))
    return max(min(float(a @ b) / scale, 1.0), -1.0) if scale else math.nan


def _p_value(correlation: float, n: int) -> float:
    """Return the two-sided p-value of a correlation of n pairs, for normal samples; NaN for n < 3.

    Without correlation in the population, the arcsine of a sample's correlation has a density
    proportional to cos(x)^(n - 3). The integral uses Gauss-Legendre quadrature.
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
