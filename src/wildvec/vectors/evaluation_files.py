"""Evaluation files: analogies in Google's format, and word pairs with human scores.

In: a path, or lines. Out: sections of questions of four words, or pairs (word, word, score). A line
that cannot be read is an error that names the line. Empty lines and lines that begin with # are skipped.

>>> read_questions([": royalty", "man king woman queen"])
[('royalty', [('man', 'king', 'woman', 'queen')])]
>>> read_pairs([",word1,word2,similarity", "0,sun,moon,7", '1,"new york",sun,2.5'])
[('sun', 'moon', 7.0), ('new york', 'sun', 2.5)]
"""

from __future__ import annotations

import codecs
import csv
import math
import os
import re
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Literal, TypeAlias

from wildvec.base.checks import checked, whole

Lines: TypeAlias = str | os.PathLike[str] | Iterable[str]
Pair: TypeAlias = tuple[str, str, float]
Question: TypeAlias = tuple[str, str, str, str]
Columns: TypeAlias = tuple[int, int, int]

DELIMITERS = ("\t", ",", ";", "|", " ")  # " " means any white space
WORD_TITLE = re.compile(r"word[\s_-]*[12ab]?", re.IGNORECASE)


def detect_kind(source: Lines) -> Literal["analogies", "pairs"]:
    r"""Return the kind of a file, by all of its lines.

    A first line that begins with a colon starts a section of analogies. A column of numbers after
    the second column is the score of word pairs. Otherwise lines of four words are analogies.

    Raises ValueError where the file fits neither or both.

    >>> detect_kind(["run\twalk\tV\t5.1\tCOHYPONYM", "take\tremove\tV\t6.8\tSYNONYM"])
    'pairs'
    """
    table = _read_table(source, None)
    if table.rows and table.lines[0].lstrip().startswith(":"):
        return "analogies"
    numbers = table.number_columns()
    four_words = 2 * sum(len(line.split()) == 4 for line in table.lines) > len(table.lines)
    has_score = any(column >= 2 for column in numbers)
    if has_score and not (four_words and len(numbers) == table.width):
        return "pairs"
    if four_words and not has_score:
        return "analogies"
    raise ValueError(
        f"{table.name} looks like neither analogies (four words in a line) nor word pairs (two words "
        "and a score); give --analogies or --pairs"
    )


def read_questions(source: Lines) -> list[tuple[str, list[Question]]]:
    """Return (name of the section, its questions) for each section.

    A line ": name" begins a section. Questions before the first such line are in "questions".
    Raises ValueError for a line that does not hold four words.
    """
    sections: list[tuple[str, list[Question]]] = []
    for place, line in _read_lines(source):
        words = line.split()
        if words[0].startswith(":"):
            sections.append((line.strip()[1:].strip(), []))
            continue
        if len(words) != 4:
            raise ValueError(f"{place}: {_short(line)} has {len(words)} words; a question has four")
        if not sections:
            sections.append(("questions", []))
        a, b, c, d = words
        sections[-1][1].append((a, b, c, d))
    return sections


def read_pairs(
    source: Lines | Iterable[Pair],
    delimiter: str | None = None,
    columns: Sequence[int] | None = None,
    encoding: str = "utf-8",
) -> list[Pair]:
    """Return the pairs (word, word, score) of a file, of lines, or of such tuples.

    The whole file has one delimiter: the one of tab, comma, semicolon, bar and white space that
    splits the most lines into three fields or more. Fields may be quoted, as the csv module reads
    them. The score is the first column of numbers behind two columns of words. Numbers and single
    letters (an index, a part of speech) beside the words are skipped. A first line without a number
    in the score column is the header.

    delimiter: one character, " " for any white space; None to find it. columns: the numbers, from 1,
    of the columns of the first word, the second word and the score; None to find them. encoding: of
    the file.

    Raises ValueError for a line without two words and a score, for lines with more fields than most
    lines have, and where the columns are not clear.
    """
    if not isinstance(source, (str, os.PathLike)):
        items: list[Any] = list(source)
        if items and not isinstance(items[0], str):
            return [_check_pair(item, number) for number, item in enumerate(items, 1)]
        source = items
    table = _read_table(source, delimiter, encoding)
    found = table.find_columns() if columns is None else _check_columns(columns)
    first = 1 if table.rows and table.is_header(found[2]) else 0
    return [table.pair(number, found) for number in range(first, len(table.rows))]


def _check_pair(item: Any, number: int) -> Pair:
    """Return one pair of a list of tuples."""
    try:
        a, b, given = item
        score = float(given)
    except (TypeError, ValueError):
        score = math.nan
    if not math.isfinite(score):
        raise ValueError(f"pair {number} is {item!r}; give a tuple (word, word, score)")
    return str(a), str(b), score


def _check_columns(columns: Sequence[int]) -> Columns:
    """Return column numbers from 0 for column numbers from 1."""
    numbers = [checked("columns", column, whole(1)) - 1 for column in columns]
    if len(set(numbers)) != 3 or len(numbers) != 3:
        raise ValueError(f"columns={columns!r}; give three different columns: word, word, score")
    return numbers[0], numbers[1], numbers[2]


def _read_lines(source: Lines, encoding: str = "utf-8") -> list[tuple[str, str]]:
    """Return (place for error messages, line) for each line that is neither empty nor a comment."""
    if isinstance(source, (str, os.PathLike)):
        path = os.fspath(source)
        is_utf8 = checked("encoding", encoding, _codec_name) == "utf-8"
        with open(source, encoding="utf-8-sig" if is_utf8 else encoding) as file:  # without a byte order mark
            try:
                return [(f"{path}, {place}", line) for place, line in _read_lines(file)]
            except UnicodeDecodeError as error:
                name = "UTF-8" if is_utf8 else encoding
                raise ValueError(
                    f"{path} is not {name} ({error}); give its encoding, or convert it"
                ) from None
    return [
        (f"line {number}", line.rstrip("\r\n"))
        for number, line in enumerate(source, 1)
        if line.strip() and not line.startswith("#")
    ]


def _codec_name(encoding: str) -> str:
    """Return the name that Python gives an encoding, such as utf-8 for utf8; ValueError for an unknown one."""
    try:
        return codecs.lookup(encoding).name
    except LookupError:
        raise ValueError("unknown encoding; give one that Python has, such as 'utf-8' or 'latin-1'") from None


def _read_table(source: Lines, delimiter: str | None, encoding: str = "utf-8") -> _Table:
    """Split all lines at one delimiter."""
    if delimiter is not None and (len(delimiter) != 1 or delimiter in '\r\n"'):
        raise ValueError(f"delimiter={delimiter!r}: give one character, or None to find it in the file")
    read = _read_lines(source, encoding)
    places, lines = [place for place, _ in read], [line for _, line in read]
    if delimiter is None:
        delimiter = max(DELIMITERS, key=lambda mark: sum(len(_split(line, mark)) >= 3 for line in lines))
    name = os.fspath(source) if isinstance(source, (str, os.PathLike)) else "the source"
    return _Table(str(name), delimiter, places, lines, [_split(line, delimiter) for line in lines])


def _split(line: str, delimiter: str) -> list[str]:
    r"""Return the fields of one line, without blanks around them.

    >>> _split('a, "b, c",  3', ","), _split(' a\t b  3', " ")
    (['a', 'b, c', '3'], ['a', 'b', '3'])
    """
    if delimiter == " ":
        line = " ".join(line.split())
    reader = csv.reader([line], delimiter=delimiter, skipinitialspace=delimiter != " ")
    try:
        return [field.strip() for field in next(reader)]
    except csv.Error:  # a field is too long
        return []


@dataclass(frozen=True)
class _Table:
    """The fields of each line, with the name of the file and of each line for error messages."""

    name: str
    delimiter: str
    places: list[str]
    lines: list[str]
    rows: list[list[str]]

    @cached_property
    def width(self) -> int:
        """The number of fields that the most lines have."""
        widths = Counter(map(len, self.rows))
        return widths.most_common(1)[0][0] if widths else 0

    def number_columns(self) -> set[int]:
        """Return the columns that hold a number in at least half of the rows."""
        numbers = Counter(
            column for row in self.rows for column, field in enumerate(row) if _number(field) is not None
        )
        return {column for column, n in numbers.items() if 2 * n >= len(self.rows)}

    def find_columns(self) -> Columns:
        """Return the columns of the two words and of the score, from 0."""
        width, numbers = self.width, self.number_columns()
        if width == 3 and 2 in numbers:
            return 0, 1, 2
        words = [column for column in range(width) if column not in numbers]
        score = next((c for c in sorted(numbers) if sum(word < c for word in words) >= 2), None)
        if score is None:
            if width > 3 and any(column >= 2 for column in numbers):
                raise self._unclear()
            raise ValueError(
                f"{self.name} holds no pairs; give lines of two words and a number, the score, with one "
                f"delimiter (found: {self.delimiter!r})"
            )
        words = [column for column in words if column < score]
        titled = [column for column in words if WORD_TITLE.fullmatch(_field(self.rows[0], column))]
        if len(titled) == 2 and self.is_header(score):
            words = titled
        if len(words) > 2:  # a column of single letters is a part of speech or a relation
            long = [c for c in words if any(len(_field(row, c)) > 1 for row in self.rows[1:])]
            words = long if len(long) >= 2 else words[:2]
        if len(words) > 2:
            raise self._unclear()
        return words[0], words[1], score

    def _unclear(self) -> ValueError:
        return ValueError(
            f"{self.name}: it is not clear which of the {self.width} columns hold the two words and the "
            f"score (first line: {_short(self.lines[0])}); give their numbers, such as columns=(1, 2, 4), "
            "on the command line --columns 1,2,4"
        )

    def is_header(self, score: int) -> bool:
        """Return whether the first row is a header: it has a title, not a number, in the score column.

        It may have one column less, as R writes no title for an index column. A row that is too wide and
        ends with a number is a pair with a phrase that holds the delimiter.
        """
        row = self.rows[0]
        if score >= len(row):
            return len(row) == self.width - 1 >= 3
        is_pair = len(row) > self.width and _is_float(row[-1])
        return row[score] != "" and not _is_float(row[score]) and not is_pair

    def pair(self, number: int, columns: Columns) -> Pair:
        """Return the pair in a row."""
        row, place = self.rows[number], f"{self.places[number]}: {_short(self.lines[number])}"
        if any(row[self.width :]):
            raise ValueError(
                f"{place} has {len(row)} fields, most lines have {self.width}; put quotes around a field "
                f"that holds the delimiter {self.delimiter!r}"
            )
        a, b, text = (_field(row, column) for column in columns)
        score = _number(text)
        if score is None:
            raise ValueError(f"{place} has no score in column {columns[2] + 1}; give two words and a number")
        if not a or not b:
            raise ValueError(f"{place} has an empty word; give two words and a number")
        return a, b, score


def _field(row: Sequence[str], column: int) -> str:
    return row[column] if column < len(row) else ""


def _number(text: str) -> float | None:
    """Return the finite number that a field holds, or None."""
    return float(text) if _is_float(text) and math.isfinite(float(text)) else None


def _is_float(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True


def _short(line: str) -> str:
    """Quote a line for a message, at most 80 characters of it."""
    return repr(line.strip() if len(line) <= 80 else line[:80] + "…")
