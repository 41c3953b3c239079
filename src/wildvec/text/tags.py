"""Tags of documents. In: the tags as the user gave them, str or int. Out: a row number for each."""

from __future__ import annotations

import logging
import operator
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from wildvec.base.keys import Key
from wildvec.base.ragged import Ragged

logger = logging.getLogger(__name__)

MOST_ROWS = 2**31 - 1  # row numbers are int32
FREE_ROWS, ROWS_PER_TAG = 1_000_000, 100  # more rows than these are a mistake in the tags

Counts = NDArray[np.int64]


@dataclass(frozen=True)
class TagTable:
    """The tags of a model, in the order of their rows.

    keys: A str or int for each row. doc_counts, word_counts: int64 (n,), the documents with each tag and the words in
    these documents; a row whose int does not occur has the counts 0.

    >>> table = TagTable.of(GivenTags([["a"], [2, "b"]]))
    >>> table.keys
    [0, 1, 2, 'a', 'b']
    >>> table.rows_of(GivenTags([["b", "c", 1]])).tolist()
    [4, -1, 1]
    """

    keys: Sequence[Key]
    doc_counts: Counts
    word_counts: Counts

    @classmethod
    def empty(cls) -> TagTable:
        """Return the table of a model without tags."""
        return cls([], np.zeros(0, np.int64), np.zeros(0, np.int64))

    @classmethod
    def of(cls, given: GivenTags) -> TagTable:
        """Return the table of documents: an int is its own row number, strings follow in the order of appearance.

        ValueError: an int is negative or so large that most rows would not be used.
        """
        return cls.empty().grown(given)

    @classmethod
    def numbers(cls, n: int) -> TagTable:
        """Return the table of the int tags 0 … n - 1, without counts."""
        return cls(range(n), np.zeros(n, np.int64), np.zeros(n, np.int64))

    @cached_property
    def key_to_row(self) -> dict[Key, int]:
        """The row of each tag."""
        return dict(zip(self.keys, range(len(self.keys)), strict=True))

    @cached_property
    def _n_numbered(self) -> int:
        """How many of the first rows have their own number as key."""
        n = 0
        for row, key in enumerate(self.keys):
            if key != row:
                break
            n += 1
        return n

    def __len__(self) -> int:
        return len(self.keys)

    def rows_of(self, given: GivenTags) -> NDArray[np.int32]:
        """Return the row of each tag, -1 for one that the table lacks."""
        ints = given.ints
        if ints is not None and self._n_numbered == len(self):
            return np.where(ints < len(self), ints, -1).astype(np.int32)
        find = self.key_to_row.get
        return np.fromiter((find(tag, -1) for tag in given.flat), np.int32, len(given.flat))

    def grown(self, given: GivenTags) -> TagTable:
        """Return the table with the tags that it lacks behind the others. Errors as in `of`."""
        ints, strings = given.distinct()
        start = self._n_numbered
        if len(self) == start:  # no row has another key, so that an int can be its row number
            highest = int(ints.max(initial=-1))
            given.check_highest(highest, start)
            new: list[Key] = list(range(start, highest + 1))
        else:
            new = [tag for tag in ints.tolist() if tag not in self.key_to_row]
        new += [tag for tag in strings if tag not in self.key_to_row]
        if len(self) + len(new) > MOST_ROWS:
            raise ValueError(f"{len(self) + len(new):,} tags; at most {MOST_ROWS:,} are possible")
        zeros = np.zeros(len(new), np.int64)
        counts = (np.concatenate([self.doc_counts, zeros]), np.concatenate([self.word_counts, zeros]))
        return TagTable([*self.keys, *new], *counts)

    def counted(self, rows: Ragged, sizes: Counts) -> TagTable:
        """Return the table with the counts of more documents. sizes: words of each document."""
        words = np.repeat(sizes, np.diff(rows.offsets))
        return TagTable(
            self.keys,
            self.doc_counts + np.bincount(rows.values, minlength=len(self)),
            self.word_counts + np.bincount(rows.values, words, len(self)).astype(np.int64),
        )


class GivenTags:
    """The tags of documents as they were given, in one list.

    flat: All tags, str or int. offsets: int64; the tags of document i are ``flat[offsets[i]:offsets[i + 1]]``.
    TypeError, ValueError: a tag is neither, or an int is negative; the text names the document.

    >>> GivenTags([["a"], [], [1, 2]]).offsets.tolist()
    [0, 1, 1, 3]
    """

    def __init__(self, tags: Iterable[Sequence[Any]]) -> None:
        lists = list(tags)
        self._set([tag for of_document in lists for tag in of_document], [len(tags) for tags in lists])

    @classmethod
    def of_lists(cls, flat: list[Any], lengths: Sequence[int]) -> GivenTags:
        """Make the object from all tags and the number of tags of each document."""
        given = cls.__new__(cls)
        given._set(flat, lengths)
        return given

    @classmethod
    def numbers(cls, n: int) -> GivenTags:
        """Return the tags of n documents whose only tag is their number."""
        given = cls.__new__(cls)
        given.offsets = np.arange(n + 1)
        given.ints = np.arange(n)
        given.flat = range(n)
        return given

    def _set(self, flat: list[Any], lengths: Sequence[int]) -> None:
        self.offsets: NDArray[np.int64] = np.zeros(len(lengths) + 1, np.int64)
        np.cumsum(np.fromiter(lengths, np.int64, len(lengths)), out=self.offsets[1:])
        kinds = set(map(type, flat))
        if not kinds <= {int, str}:
            flat = [self._plain(tag, position) for position, tag in enumerate(flat)]
            kinds = set(map(type, flat))
        self.flat: Sequence[Key] = flat
        self.ints: NDArray[np.int64] | None = None  # all tags, if all are int
        if str not in kinds:
            self.ints = self._as_int64(flat)

    def __len__(self) -> int:
        return len(self.offsets) - 1

    def _plain(self, tag: Any, position: int) -> Key:
        if isinstance(tag, str):
            return str(tag)
        try:
            return operator.index(tag)
        except TypeError:
            kind = f"{type(tag).__name__} {tag!r:.60}"
            raise TypeError(f"{self._place(position)}: a tag is {kind}; give str or int") from None

    def _place(self, position: int) -> str:
        return f"document {np.searchsorted(self.offsets, position, side='right') - 1}"

    def _as_int64(self, flat: Sequence[Key]) -> NDArray[np.int64]:
        try:
            ints = np.array(flat, np.int64)
        except OverflowError:
            self.check_highest(max(int(tag) for tag in flat if isinstance(tag, int)))
            ints = np.full(1, -1)  # the tag that does not fit is negative
        if len(ints) and ints.min() < 0:
            position = next(i for i, tag in enumerate(flat) if not isinstance(tag, str) and tag < 0)
            where = f"{self._place(position)}: tag {flat[position]}"
            raise ValueError(f"{where}: an int tag is a row number, from 0 up; make it a str")
        return ints

    def distinct(self) -> tuple[NDArray[np.int64], list[str]]:
        """Return the int tags, sorted, and the others in the order of appearance."""
        if self.ints is not None:
            return np.unique(self.ints), []
        strings = list(dict.fromkeys(tag for tag in self.flat if isinstance(tag, str)))
        return np.unique(self._as_int64([tag for tag in self.flat if not isinstance(tag, str)])), strings

    def check_highest(self, highest: int, n_present: int = 0) -> None:
        """Raise ValueError if an int tag needs too many new rows; log a warning if it needs many.

        n_present: rows that exist already.
        """
        n_rows, n_documents = highest + 1, len(self)
        n_new = n_rows - n_present
        if n_rows > MOST_ROWS or n_new > max(FREE_ROWS, ROWS_PER_TAG * len(self.flat)):
            raise ValueError(
                f"the int tag {highest} needs {n_new:,} new rows for {n_documents:,} documents, because an int tag "
                "is a row number; number the documents from 0, or make the tags str"
            )
        if n_new > n_documents + 1:
            logger.warning(
                "the highest int tag is %d, so that %d documents need %d new rows, since an int tag is a row number",
                highest,
                n_documents,
                n_new,
            )
