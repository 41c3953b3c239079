"""Labelled text as fastText's supervised mode reads it. In: files or texts. Out: distinct tokens, lines of their ids.

A distinct token is a type. Files have one text a line, and tokens that begin with a prefix are labels. Tokens end at
ASCII white space, and the end of a line is the token ``</s>`` (see csrc/text/features.h).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Sequence, Sized
from contextlib import closing
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from wildvec._text import VocabTable
from wildvec.base.pages import Scratch
from wildvec.base.progress import progress_bar
from wildvec.base.threads import in_order
from wildvec.text.content import check_is_text
from wildvec.text.files import Paths, find_files, name_of, open_file, read_bytes
from wildvec.text.readers import BOM

BLOCK_BYTES = 1 << 20
LONGEST_LINE = 1 << 30  # bytes
END_OF_LINE = "</s>"
SEPARATORS = re.compile("[ \t\n\v\f\r\0]+")

Ids = NDArray[np.int32]
Offsets = NDArray[np.int64]
Tokens = Sequence[str]


@dataclass(frozen=True)
class Block:
    """Some consecutive lines. types: of their tokens. ends: tokens up to the end of each line."""

    types: Ids
    ends: Ids


@dataclass(frozen=True)
class Lines:
    """Lines of text, as types.

    table: of the types. keys: UTF-8 of the types, without separators; type t ends at key_ends[t]. counts, first:
    occurrences, and the place of the first one (see VocabTable.export).
    """

    blocks: list[Block]
    table: VocabTable
    keys: NDArray[np.uint8]
    key_ends: Offsets
    counts: NDArray[np.int64]
    first: NDArray[np.uint64]

    def __len__(self) -> int:
        return sum(len(block.ends) for block in self.blocks)

    @property
    def n_tokens(self) -> int:
        """The number of all tokens."""
        return sum(len(block.types) for block in self.blocks)

    def with_prefix(self, prefix: str) -> NDArray[np.uint8]:
        """Return 1 for each type that begins with the prefix, else 0; all 0 for the prefix ""."""
        wanted = np.frombuffer(prefix.encode(), np.uint8)
        starts = np.concatenate([[0], self.key_ends[:-1]])
        flags: NDArray[np.bool_] = (self.key_ends - starts >= len(wanted)) & (len(wanted) > 0)
        for k, byte in enumerate(wanted):
            possible = np.flatnonzero(flags)
            flags[possible] = self.keys[starts[possible] + k] == byte
        return flags.astype(np.uint8)

    def texts_of(self, types: NDArray[np.integer]) -> list[str]:
        """Return some types as str. ValueError: one is not UTF-8."""
        keys = self.table.keys(np.asarray(types, np.int64), ord("\n")).tobytes()
        return _decoded(keys).split("\n")[:-1]


def lines_of_paths(paths: Paths, workers: int, errors: str = "strict") -> Lines:
    """Read files with one text a line. Errors as in Corpus.read."""
    files, total = find_files(paths)
    return _scan(_blocks_of_files(files, errors), workers, total, "B")


def text_lines(paths: Paths, errors: str = "strict") -> Iterator[str]:
    """Yield the lines of files."""
    for data, _ in _blocks_of_files(find_files(paths)[0], errors):
        yield from _decoded(data).removesuffix("\n").split("\n")


def split_labels(paths: Paths, prefix: str, errors: str = "strict") -> tuple[list[str], list[set[str]]]:
    """Return the lines of files, and the labels in each line without their prefix."""
    lines = list(text_lines(paths, errors))
    labels = [
        {token[len(prefix) :] for token in SEPARATORS.split(line) if token.startswith(prefix)}
        if prefix in line
        else set()
        for line in lines
    ]
    return lines, labels


def _decoded(data: bytes) -> str:
    try:
        return data.decode()
    except UnicodeDecodeError as error:
        part = data[max(0, error.start - 20) : error.end + 20]
        remedy = "convert the text to UTF-8, or give errors='replace' or 'ignore'"
        raise ValueError(f"{part!r} is not UTF-8; {remedy}") from None


def lines_of_texts(texts: Iterable[str | Tokens], workers: int) -> Lines:
    """Read texts, which are str or lists of tokens; a line end within a text counts as a space."""
    total = len(texts) if isinstance(texts, Sized) else None
    return _scan(blocks_of_texts(texts), workers, total, " texts")


def check_texts(texts: Any) -> None:
    """Raise TypeError for one text, ValueError for a table or an array of two dimensions."""
    if isinstance(texts, (str, bytes)):
        raise TypeError(f"texts={texts!r:.60}: give a list of texts, not one text")
    if hasattr(texts, "columns"):
        raise ValueError(f"the texts are a table ({type(texts).__name__}); give one of its columns")
    if getattr(texts, "ndim", 1) != 1:
        shape = tuple(texts.shape)
        raise ValueError(
            f"the texts are an array of shape {shape}; give one of its columns, for example [:, 0]"
        )


def blocks_of_texts(texts: Iterable[str | Tokens]) -> Iterator[tuple[bytes, int]]:
    """Yield lines of UTF-8, each ended by a line end, and the number of texts in them.

    TypeError: a text is neither str nor a list of str. ValueError: a token contains white space.
    """
    check_texts(texts)
    lines: list[bytes] = []
    n_bytes = 0
    for number, text in enumerate(texts):
        lines.append(line_of_text(text, number))
        n_bytes += len(lines[-1]) + 1
        if n_bytes >= BLOCK_BYTES:
            yield _joined(lines), len(lines)
            lines, n_bytes = [], 0
    if lines:
        yield _joined(lines), len(lines)


def line_of_text(text: str | Tokens, number: int = 0) -> bytes:
    """Return the UTF-8 of a text or of tokens with spaces between them."""
    if isinstance(text, str):
        try:
            return str.encode(text)
        except UnicodeEncodeError as error:
            raise ValueError(f"text {number}: {error}; it is not Unicode") from None
    if isinstance(text, (list, tuple, np.ndarray)):
        return _line_of_tokens(list(text), number)
    kind = f"{type(text).__name__} {text!r:.60}"
    raise TypeError(f"text {number} is {kind}; give a str or a list of tokens")


def _line_of_tokens(tokens: list[Any], number: int) -> bytes:
    for position, token in enumerate(tokens):
        if not isinstance(token, str):
            kind = f"{type(token).__name__} {token!r:.60}"
            raise TypeError(f"text {number}, token {position} is {kind}; give a str")
        if not token or any(c in token for c in " \t\n\v\f\r\0"):
            problem = "contains white space or NUL" if token else "is empty"
            raise ValueError(f"text {number}, token {position}: {token!r} {problem}; give words")
    return line_of_text(" ".join(tokens), number)


def _joined(lines: list[bytes]) -> bytes:
    data = b"\n".join([*lines, b""])
    if data.count(b"\n") > len(lines):  # a line end within a text
        data = b"\n".join([*(line.replace(b"\n", b" ") for line in lines), b""])
    return data


def _blocks_of_files(files: Iterable[Any], errors: str) -> Iterator[tuple[bytes, int]]:
    for file in files:
        with open_file(file) as (stream, _):
            for data in _whole_lines(stream, name_of(file)):
                advance = len(data)
                if errors != "strict":
                    data = data.decode("utf-8", errors).encode()
                yield data, advance


def _whole_lines(stream: Any, name: str) -> Iterator[bytes]:
    """Yield pieces of a stream that end at a line end, except the last one."""
    held: list[bytes] = []  # the begin of a line
    is_first = True
    while data := read_bytes(stream, BLOCK_BYTES):
        if is_first:
            check_is_text(data, name)
            data = data.removeprefix(BOM)
            is_first = False
        cut = data.rfind(b"\n") + 1
        if cut:
            yield b"".join([*held, data[:cut]])
            held = []
        held.append(data[cut:])
        if sum(map(len, held)) > LONGEST_LINE:
            raise ValueError(f"{name}: a line has more than {LONGEST_LINE:,} bytes; give one text a line")
    if rest := b"".join(held):
        yield rest


def _scan(blocks: Iterator[tuple[bytes, int]], workers: int, total: int | None, unit: str) -> Lines:
    scratch = Scratch(np.int32)
    scanners = [_Scanner(scratch) for _ in range(workers)]
    pieces: list[tuple[VocabTable, Block]] = []
    with (
        progress_bar(total, "reading", unit) as bar,
        closing(in_order(scanners, enumerate(blocks))) as scanned,
    ):
        for table, block, advance in scanned:
            pieces.append((table, block))
            bar.update(advance)
    tables = [scanner.table for scanner in scanners]
    maps: dict[VocabTable, Ids | None] = {tables[0]: None}
    for other in tables[1:]:
        maps[other] = tables[0].merge(other)
    counts, first = tables[0].export()
    keys = tables[0].keys(np.arange(len(counts)), 0)
    key_ends = np.flatnonzero(keys == 0)
    final = [
        block if (new := maps[table]) is None else Block(new[block.types], block.ends)
        for table, block in pieces
    ]
    return Lines(final, tables[0], keys[keys != 0], key_ends - np.arange(len(key_ends)), counts, first)


class _Scanner:
    """The step of one thread: it converts lines to types of its own table."""

    def __init__(self, scratch: Scratch) -> None:
        self.table = VocabTable()
        self.scratch = scratch

    def __call__(self, numbered: tuple[int, tuple[bytes, int]]) -> tuple[VocabTable, Block, int]:
        number, (data, advance) = numbered
        return self.table, scan_block(self.table, data, number, self.scratch), advance


def scan_block(table: VocabTable, data: bytes, number: int = 0, scratch: Scratch | None = None) -> Block:
    """Return the lines of a block as ids of a table."""
    pool = scratch or Scratch(np.int32)
    ids, ends = pool.take(len(data) + 1), pool.take(len(data) + 1)
    n_ids, n_ends = table.scan_lines(data, number, ids, ends)
    block = Block(ids[:n_ids].copy(), ends[:n_ends].copy())
    pool.give(ids)
    pool.give(ends)
    return block


def in_parallel(steps: Sequence[Callable[[Any], Any]], items: Iterable[Any]) -> Iterator[Any]:
    """Yield step(item) for each item, in order, on one thread per step."""
    with closing(in_order(steps, items)) as results:
        yield from results


def frozen_table(keys: Sequence[bytes]) -> VocabTable:
    """Return a table of words (UTF-8), which threads can share."""
    table = VocabTable()
    table.load(b"".join(keys), np.cumsum([len(key) for key in keys], dtype=np.int64))
    return table
