"""Pairs in text files: edges, or users and items. In: a path. Out: the pairs as arrays, and their names.

Blocks of integers are parsed in C (csrc/graph/edge_list.c). Other lines are parsed here; from the first name that is
no integer on, all names are str.
"""

from __future__ import annotations

import csv
import os
from collections.abc import Iterator
from itertools import chain, islice
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from wildvec._graph import SEPARATORS, read_edge_lines, read_name_lines
from wildvec.base.keys import Key, integer_of_text
from wildvec.base.progress import progress_bar
from wildvec.graph.line_forms import EDGES, SOURCE_NAMES, TARGET_NAMES, LineForm, is_header
from wildvec.graph.numbering import Ids, NameTable, number_keys
from wildvec.text.files import STDIN, open_file, read_bytes

BLOCK_BYTES = 1 << 22  # parsed in one call: about 20 ms
LEAST_LINE_BYTES = 4  # of an edge: "1 2\n"
COMMENTS = ("#", "%")
PLACES = ("nodes", "the sources", "the targets")


class Pairs(NamedTuple):
    """The lines of a file.

    header: names of the columns, if the file has them, in lower case and after `LineForm.synonyms`. first, second:
    integers; or positions in `names`. numbers: float64 (lines, numbers).
    """

    header: list[str]
    names: list[Key] | None
    first: NDArray[Any]
    second: NDArray[Any]
    numbers: NDArray[np.float64]


class EdgeList(NamedTuple):
    """Edges between nodes: names of the nodes, int32 ids of both ends, and weights as they were given, or None."""

    names: list[Key]
    sources: Ids
    targets: Ids
    weights: Any


def read_edge_list(
    path: str | os.PathLike[str],
    separator: str | None = None,
    header: bool | None = None,
    weighted: bool | None = None,
    nodes: Any = (),
) -> EdgeList:
    """Read a file with an edge on each line: source, target and perhaps a weight; further values are skipped.

    Empty lines and lines that begin with # or % are skipped. The file may be compressed (gzip, bzip2, xz, zstd).
    Names are int if all of them are integers as Python writes them, otherwise str.

    Args:
        path: The file; the str ``-`` is standard input.
        separator: "," or ";" or a tab, or " " for any number of spaces and tabs. None: chosen from the first line.
        header: Whether the first line names the columns. None: it does if it contains usual names such as "source",
            or if only its names are no integers.
        weighted: Whether the third value is a weight. None: it is, if the first line has one.
        nodes: Names of nodes that may have no edges; they are numbered before those of the file.

    Raises:
        ValueError: A line has no target or no weight, a weight is no number, a name is not UTF-8, or the separator is
            unknown.
        OSError: The file cannot be read.
    """
    pairs = read_pairs(path, EDGES, separator, header, None if weighted is None else int(weighted))
    _check_header(os.fspath(path), pairs.header)
    if pairs.names is None:
        keys, (_, sources, targets) = number_keys([nodes, pairs.first, pairs.second], "node", PLACES)
    else:
        keys, (_, numbers) = number_keys([nodes, pairs.names], "node", ("nodes", os.fspath(path)))
        sources, targets = numbers[pairs.first], numbers[pairs.second]
    return EdgeList(keys, sources, targets, pairs.numbers[:, 0] if pairs.numbers.shape[1] else None)


def _check_header(path: str, header: list[str]) -> None:
    """Raise ValueError if a header names sources and targets that are not the first two columns, in this order."""
    places = [{i for i, name in enumerate(header) if name in names} for names in (SOURCE_NAMES, TARGET_NAMES)]
    if all(places) and not (0 in places[0] and 1 in places[1]):
        raise ValueError(
            f"{path}: the columns {', '.join(header[:6])}; put source and target first, and then the weight"
        )


def read_pairs(
    path: str | os.PathLike[str],
    form: LineForm,
    separator: str | None = None,
    header: bool | None = None,
    n_numbers: int | None = None,
) -> Pairs:
    """Read a file with a pair of names on each line, and then numbers.

    n_numbers: numbers of each line; None: as many as the first line has, at most those of the form. All else is as in
    `read_edge_list`.
    """
    name = os.fspath(path)
    if separator is not None and separator not in SEPARATORS:
        raise ValueError(f"separator={separator!r}: give ',' or ';' or a tab, or ' ' for spaces and tabs")
    reader = _Reader(name, form, separator, header, n_numbers)
    size = os.path.getsize(name) if os.path.isfile(name) else None
    with (
        progress_bar(size, f"reading {os.path.basename(name)}", "B") as bar,
        open_file(name) as (stream, tell),
    ):
        for block in _whole_lines(stream):
            reader.read(block)
            bar.update((tell() if tell else 0) - bar.n)
    return reader.finish()


def _whole_lines(stream: Any) -> Iterator[bytes]:
    """Yield blocks that end with a line break."""
    rest = b""
    while data := read_bytes(stream, BLOCK_BYTES):
        data = rest + data
        end = data.rfind(b"\n") + 1
        if end:
            yield data[:end]
        rest = data[end:]
    if rest:
        yield rest + b"\n"


class _Reader:
    """What was read so far: integers, or the numbers of names."""

    def __init__(
        self, file: str, form: LineForm, separator: str | None, header: bool | None, n_numbers: int | None
    ) -> None:
        self.file, self.form = "standard input" if file == STDIN else file, form
        self.separator, self.header, self.n_numbers = separator or "", header, n_numbers
        self.columns_named: list[str] = []
        self.n_lines = 0
        self.columns: list[tuple[NDArray[Any], NDArray[Any]]] = []
        self.numbers: list[NDArray[np.float64]] = []
        self.names: NameTable | None = None  # None: only integers were read
        self.is_open = False  # the first line was read

    def read(self, block: bytes) -> None:
        """Read whole lines."""
        start = 0
        if not self.is_open:
            block = block.removeprefix(b"\xef\xbb\xbf")
            start = self._read_start(block)
        unusual = 1  # lines to read here; more if the next one is unusual again
        while start < len(block):
            n_bytes = self._read_lines(block, start)
            start += n_bytes
            unusual = 1 if n_bytes else 2 * unusual
            for _ in range(unusual):
                if start < len(block):
                    start += self._read_line(block, start)

    def _read_start(self, block: bytes) -> int:
        """Choose the separator and the columns. Return the bytes of a header, or of the block if it has no edge."""
        found = list(islice(self._first_lines(block), 2))
        if not found:
            self.n_lines += block.count(b"\n")
            return len(block)
        self.is_open = True
        number, end, text = found[0]
        self.separator = self.separator or _separator_of(text)
        rows = [self._split(text) for *_, text in found]
        has_header = is_header(rows, self.form.header_names) if self.header is None else self.header
        if has_header:
            names, synonyms = map(str.casefold, rows[0]), self.form.synonyms or {}
            self.columns_named = [synonyms.get(name, name) for name in names]
        if self.n_numbers is None:
            self.n_numbers = self._count_numbers(rows[-1 if has_header else 0])
        self.n_lines += number if has_header else 0
        return end if has_header else 0

    def _count_numbers(self, row: list[str]) -> int:
        """Return how many numbers are read of each line. row: the first one."""
        most = max(0, min(len(row) - 2, len(self.form.numbers)))
        if most and row[2].startswith("{"):
            return self._check_networkx(row)
        if not self.columns_named or self.form.synonyms is None:
            return most
        for n, name in enumerate(self.columns_named[2 : 2 + most]):
            if name not in self.form.numbers or name in self.columns_named[2 : 2 + n]:
                return n
        return min(most, max(0, len(self.columns_named) - 2))

    def _check_networkx(self, row: list[str]) -> int:
        """Return 0 for a line of networkx's write_edgelist without attributes; ValueError: it has some."""
        if row[2] != "{}":
            raise ValueError(
                f"{self.file}: the line {' '.join(row)!r:.60} has attributes of networkx; write the file with "
                "networkx.write_weighted_edgelist, or read it with networkx and call Graph(graph)"
            )
        return 0

    def _first_lines(self, block: bytes) -> Iterator[tuple[int, int, str]]:
        """Yield the number, the end and the text of each line that is an edge or a header."""
        end = 0
        for number, line in enumerate(block.split(b"\n")[:-1], 1):
            end += len(line) + 1
            text = self._decode(line, self.n_lines + number)
            if _is_edge(text):
                yield number, end, text

    def _read_lines(self, block: bytes, start: int) -> int:
        """Read usual lines, and return their bytes."""
        most = min(len(block) - start, BLOCK_BYTES) // LEAST_LINE_BYTES + 1
        numbers = np.empty((most, self.n_numbers)) if self.n_numbers else None
        read = self._read_integers if self.names is None else self._read_names
        n_bytes, n_lines, n = read(block, start, most, numbers)
        self.n_lines += n_lines
        if numbers is not None:
            self.numbers.append(numbers[:n].copy())
        return n_bytes

    def _read_integers(
        self, block: bytes, start: int, most: int, numbers: NDArray[np.float64] | None
    ) -> tuple[int, int, int]:
        sources, targets = np.empty(most, np.int64), np.empty(most, np.int64)
        n_bytes, n_lines, n = read_edge_lines(block, start, self.separator, sources, targets, numbers)
        if n:
            self.columns.append((_shorten(sources[:n]), _shorten(targets[:n])))
        return n_bytes, n_lines, n

    def _read_names(
        self, block: bytes, start: int, most: int, numbers: NDArray[np.float64] | None
    ) -> tuple[int, int, int]:
        names, lengths = np.empty(len(block) - start, np.uint8), np.empty(2 * most, np.uint32)
        n_bytes, n_lines, n, n_used = read_name_lines(block, start, self.separator, names, lengths, numbers)
        if n and self.names is not None:
            self.columns.append(_ends(self.names.number_bytes(names[: n_used - 1], lengths[: 2 * n])))
        return n_bytes, n_lines, n

    def _read_line(self, block: bytes, start: int) -> int:
        """Read one line that the C parser did not read. Return its bytes."""
        end = block.index(b"\n", start) + 1
        self.n_lines += 1
        text = self._decode(block[start : end - 1], self.n_lines)
        if not _is_edge(text):
            return end - start
        values = self._split(text)
        self._check(values)
        if self.n_numbers:
            numbers = list(map(self._number, values[2:], self.form.numbers))[: self.n_numbers]
            self.numbers.append(np.array([numbers]))
        self._append(values[:2])
        return end - start

    def _append(self, names: list[str]) -> None:
        if self.names is None:
            integers = [integer_of_text(name) for name in names]
            if None not in integers:
                self.columns.append(_ends(np.array(integers, np.int64)))
                return
            self.names = NameTable()
            for i, ends in enumerate(self.columns):
                texts = list(map(str, np.column_stack(ends).ravel().tolist()))
                self.columns[i] = _ends(self.names.number(texts))
        self.columns.append(_ends(self.names.number(names)))

    def _decode(self, line: bytes, number: int) -> str:
        place = f"{self.file}, line {number:,}"
        try:
            text = line.decode("utf-8").strip(" \r\n")
        except UnicodeDecodeError as error:
            raise ValueError(f"{place}: not UTF-8 ({error}); convert the file") from None
        if "\r" in text:
            raise ValueError(f"{place}: a carriage return within the line; end lines with a line feed")
        return text

    def _split(self, text: str) -> list[str]:
        if self.separator == " ":
            return [value for value in text.replace("\t", " ").split(" ") if value]
        if '"' in text:
            return [value.strip() for value in next(csv.reader([text], delimiter=self.separator))]
        return [value.strip() for value in text.split(self.separator)]

    def _check(self, values: list[str]) -> None:
        least = 2 + (self.n_numbers or 0)
        if len(values) < least or not values[0] or not values[1]:
            found = ", ".join(map(repr, values))
            what = f"the value{'s' if len(values) > 1 else ''} {found} with the separator {self.separator!r}"
            remedy = f"; {self.form.remedy}" if 2 <= len(values) < least else ""
            if len(values) == 1 and "::" in values[0]:
                remedy = "; '::' is no separator here: replace it by a tab, for example with sed 's/::/\\t/g'"
            raise ValueError(f"{self._place()}: {what}; {self.form.text}{remedy}")

    def _number(self, text: str, name: str) -> float:
        try:
            return float(text.replace("_", "?"))  # float would read 1_0 as 10
        except ValueError:
            is_first = not any(len(ends[0]) for ends in self.columns)
            remedy = self.form.remedy + ", or header=True if this line names the columns" * is_first
            if name == "time":
                remedy = "read a file of dates with pandas (parse_dates) and give the frame"
            raise ValueError(f"{self._place()}: the {name} {text!r} is no number; {remedy}") from None

    def _place(self) -> str:
        return f"{self.file}, line {max(self.n_lines, 1):,}"

    def finish(self) -> Pairs:
        """Return all pairs."""
        first, second = (
            np.concatenate([np.empty(0, np.int32), *(column[end] for column in self.columns)])
            for end in (0, 1)
        )
        self.columns.clear()
        numbers = np.concatenate([np.empty((0, self.n_numbers or 0)), *self.numbers])
        if not self.n_numbers:
            numbers = np.empty((len(first), 0))
        names = None if self.names is None else self._decode_names(self.names)
        return Pairs(self.columns_named, names, first, second, numbers)

    def _decode_names(self, names: NameTable) -> list[Key]:
        try:
            return names.keys()
        except UnicodeDecodeError as error:
            around = error.object[max(0, error.start - 20) : error.end + 20]
            raise ValueError(f"{self.file}: a name is not UTF-8 (in {around!r}); convert the file") from None


def _ends(pairs: NDArray[Any]) -> tuple[NDArray[Any], NDArray[Any]]:
    """Return the first and the second elements of pairs in one array."""
    return pairs[0::2].copy(), pairs[1::2].copy()


def _shorten(values: NDArray[np.int64]) -> NDArray[Any]:
    """Return a copy, as int32 if possible."""
    fits = values.min() >= -(2**31) and values.max() < 2**31
    return values.astype(np.int32) if fits else values.copy()


def _is_edge(text: str) -> bool:
    """Return whether a line is neither empty nor a comment."""
    return bool(text.strip()) and not text.lstrip().startswith(COMMENTS)


def _separator_of(text: str) -> str:
    """Return the separator of a line.

    >>> _separator_of("a b,c"), _separator_of("a b")
    (',', ' ')
    """
    for separator in ("\t", ",", ";"):
        if separator in text:
            return separator
    return " "


def find_line(path: str | os.PathLike[str], pair: int, has_header: bool) -> int | None:
    """Return the number of the line that holds a pair, from 1; None for standard input, which is read only once."""
    name = os.fspath(path)
    if name == STDIN:
        return None
    with open_file(name) as (stream, _):
        lines = chain.from_iterable(block.split(b"\n")[:-1] for block in _whole_lines(stream))
        numbers = (n for n, line in enumerate(lines, 1) if _is_edge(line.decode("utf-8", "replace")))
        return next(islice(numbers, pair + has_header, None))
