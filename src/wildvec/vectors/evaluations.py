"""Evaluation of vectors by key, with gensim's arguments and results. In: files of questions. Out: scores."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple

from wildvec.base.checks import checked, choice
from wildvec.vectors import evaluate
from wildvec.vectors.evaluation_files import Lines, Pair
from wildvec.vectors.keyed_rows import KeyedRows

logger = logging.getLogger(__name__)

METHODS = choice("most_similar", "most_similar_cosmul")


class Correlation(NamedTuple):
    """A correlation and its two-sided p-value."""

    statistic: float
    pvalue: float

    @property
    def correlation(self) -> float:
        """The statistic, by another name."""
        return self.statistic


class Evaluations(KeyedRows):
    """Methods of `KeyedVectors` that evaluate the vectors."""

    def evaluate_word_analogies(
        self,
        analogies: Lines,
        restrict_vocab: int | None = 300_000,
        case_insensitive: bool = True,
        dummy4unknown: bool = False,
        similarity_function: str = "most_similar",
        *,
        workers: int | None = None,
    ) -> tuple[float, list[dict[str, Any]]]:
        """Answer analogies "a b c d": a is to b as c is to d. The result has gensim's form.

        Args:
            analogies: A path, or lines: four words each, and lines ": name of a section".
            restrict_vocab: Use only the first n keys; None: all.
            case_insensitive: Compare words in upper case; if several keys become equal, the first one is used.
            dummy4unknown: Questions with unknown words are incorrect; by default they are left out.
            similarity_function: The method that finds the answer, "most_similar" or "most_similar_cosmul".
            workers: Threads; None: as many as there are CPUs.

        Returns:
            The fraction of correct answers, and a dict for each section and for all of them ("Total accuracy"): its
            name ("section") and the questions "correct" and "incorrect".

        Raises:
            ValueError: A line does not hold four words; the message names the line.
        """
        method = checked("similarity_function", similarity_function, METHODS)
        result = evaluate.analogies(
            self.index_to_key,
            self.vectors,
            analogies,
            restrict_vocab=restrict_vocab,
            case_insensitive=case_insensitive,
            unknown_as_wrong=dummy4unknown,
            cosmul=method == "most_similar_cosmul",
            workers=workers,
        )
        logger.info("analogies:\n%s", result)
        total = result.all
        named = [(section.name, section) for section in result.sections] + [("Total accuracy", total)]
        return total.accuracy, [
            {"section": name, "correct": s.correct, "incorrect": s.incorrect} for name, s in named
        ]

    def evaluate_word_pairs(
        self,
        pairs: Lines | Iterable[Pair],
        delimiter: str | None = None,
        encoding: str = "utf8",
        restrict_vocab: int | None = 300_000,
        case_insensitive: bool = True,
        dummy4unknown: bool = False,
        *,
        columns: Sequence[int] | None = None,
    ) -> tuple[Correlation, Correlation, float]:
        """Compare cosines with human scores of word pairs. The result has gensim's form.

        Args:
            pairs: A path, lines, or tuples (word, word, score).
            delimiter: The delimiter of a line; None: find it (gensim's default, the tab, is found).
            encoding: Encoding of the file.
            restrict_vocab, case_insensitive: As in `evaluate_word_analogies`.
            dummy4unknown: Pairs with unknown words have the cosine 0; by default they are left out.
            columns: Numbers, from 1, of the columns of the two words and the score; None: find them.

        Returns:
            Pearson's and Spearman's correlation, each as (statistic, pvalue), and the percentage of pairs with unknown
            words.

        Raises:
            ValueError: A line cannot be read, or fewer than two pairs have known words.
        """
        result = evaluate.word_pairs(
            self.index_to_key,
            self.vectors,
            pairs,
            delimiter=delimiter,
            columns=columns,
            restrict_vocab=restrict_vocab,
            case_insensitive=case_insensitive,
            unknown_as_zero=dummy4unknown,
            encoding=encoding,
        )
        logger.info("word pairs: %s", result)
        pearson = Correlation(result.pearson, result.pearson_p)
        spearman = Correlation(result.spearman, result.spearman_p)
        return pearson, spearman, 100 * (1 - result.coverage)
