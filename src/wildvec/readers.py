"""Any source of text or tokens, as blocks for the encoder: one road from bytes, one from tokens.

A file, a compressed file, stdin or an open file becomes TextBlocks: bytes that end at white space,
split into tokens in C. An iterable of sentences (or text with a tokenizer) becomes TokenBlocks:
tokens joined in bulk.
"""

from __future__ import annotations

import logging
import operator
import os
from array import array
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from itertools import chain, islice
from typing import IO, Any

import numpy as np
from numpy.typing import NDArray

from wildvec._text import last_space, prepare_text
from wildvec.files import find_files, open_file, read_bytes

BLOCK_BYTES = 1 << 20  # a block and its ids stay in the second-level cache
BATCH_TOKENS = 100_000
LONGEST_TOKEN = 1 << 26  # bytes; beyond, the input is no text with white space
ERRORS = ("strict", "replace", "ignore")

Tokenizer = Callable[[str], Iterable[Any]]
log = logging.getLogger(__name__)


@dataclass
class TextBlock:
    """Bytes of a file from one white space to another; `data` is the encoder's to change."""

    data: bytearray
    name: str  # of the file
    offset: int  # of data[0] in the (decompressed) file
    advance: int  # what the progress bar moves on by


@dataclass
class TokenBlock:
    """Tokens of consecutive sentences: UTF-8 with NUL between tokens, or int64 numbers."""

    data: bytes | array[int] | NDArray[np.int64]
    n_tokens: int
    ends: NDArray[np.int32]  # tokens up to the end of each sentence
    advance: int
    first: int = 0  # number of the first sentence in the source
    sentences: list[Any] = field(default_factory=list)  # as given, to name the place of an error

    def explain_separator(self) -> ValueError:
        """The error for a block in which a token holds a NUL character."""
        for number, sentence in enumerate(self.sentences, self.first):
            for place, token in enumerate(sentence):
                if isinstance(token, str) and "\0" in token:
                    where = f"sentence {number}, token {place}: {token!r}"
                    return ValueError(f"{where} holds a NUL character; remove it from the tokens")
        return ValueError("a token holds a NUL character; remove it from the tokens")


@dataclass
class Source:
    """What is to be read: `blocks` once, in order; `total` and `unit` are the progress bar's."""

    blocks: Iterator[TextBlock] | Iterator[TokenBlock]
    name: str
    separator: bytes  # stands in no token
    unit: str
    total: int | None


def open_source(
    source: Any,
    *,
    tokenizer: Tokenizer | None = None,
    lowercase: bool = False,
    errors: str = "strict",
) -> Source:
    """Find out what `source` is and how to read it; see Corpus.read for what it may be."""
    if errors not in ERRORS:
        raise ValueError(f"errors={errors!r}: give one of {', '.join(ERRORS)}")
    if isinstance(source, (bytes, bytearray, memoryview)):
        kinds = "a path, io.BytesIO(source), or lists of tokens"
        raise TypeError(f"source is {type(source).__name__}: give {kinds}")
    if isinstance(source, (str, os.PathLike)):
        return _open_files([source], tokenizer, lowercase, errors)
    if hasattr(source, "read"):
        name = str(getattr(source, "name", type(source).__name__))
        return _open_text(_stream_blocks, (source, name), name, None, tokenizer, lowercase, errors)
    try:
        items = iter(source)
    except TypeError:
        kinds = "a path, an open file or an iterable of sentences"
        raise TypeError(f"source is {type(source).__name__} {source!r}: give {kinds}") from None
    head = list(islice(items, 1))
    if head and isinstance(head[0], os.PathLike):
        return _open_files([*head, *items], tokenizer, lowercase, errors)
    total = len(source) if hasattr(source, "__len__") else None
    sentences = _Sentences(chain(head, items), tokenizer, lowercase)
    return Source(sentences.blocks(), type(source).__name__, b"\0", " sentences", total)


def clean(block: TextBlock, lowercase: bool, errors: str) -> bytes | bytearray:
    """The block's bytes as valid UTF-8 with ASCII white space only, in lower case if asked for."""
    bad, is_ascii = prepare_text(block.data, lowercase)
    if bad >= 0:
        text = decode(block, errors)
        again = TextBlock(bytearray(text, "utf-8"), block.name, block.offset, 0)
        return clean(again, lowercase, errors)
    if lowercase and not is_ascii:
        return block.data.decode("utf-8").lower().encode("utf-8")
    return block.data


def decode(block: TextBlock, errors: str) -> str:
    """The block's text; ValueError that names the place if it is not UTF-8 and errors="strict"."""
    try:
        return block.data.decode("utf-8", errors)
    except UnicodeDecodeError as error:
        byte = f"byte {block.offset + error.start} (0x{block.data[error.start]:02x})"
        remedy = "give errors='replace' or 'ignore', or convert the file to UTF-8"
        raise ValueError(f"{block.name}: {byte} is not UTF-8; {remedy}") from None


def _open_files(
    paths: list[Any], tokenizer: Tokenizer | None, lowercase: bool, errors: str
) -> Source:
    files, total = find_files(paths)
    name = os.fspath(paths[0]) if len(paths) == 1 else f"{len(paths)} paths"
    return _open_text(_file_blocks, (files,), name, total, tokenizer, lowercase, errors)


def _open_text(
    blocks: Callable[..., Iterator[TextBlock]],
    where: tuple[Any, ...],
    name: str,
    total: int | None,
    tokenizer: Tokenizer | None,
    lowercase: bool,
    errors: str,
) -> Source:
    if tokenizer is None:
        return Source(blocks(*where, last_space), name, b" ", "B", total)
    lines = _lines(blocks(*where, _last_line_end), errors)
    sentences = _Sentences(lines, tokenizer, lowercase, warn=False)
    return Source(sentences.blocks(), name, b"\0", " lines", None)


def _last_line_end(data: bytes) -> int:
    return data.rfind(b"\n") + 1


def _file_blocks(files: Iterable[str], cut: Callable[[bytes], int]) -> Iterator[TextBlock]:
    for path in files:
        with open_file(path) as (stream, position):
            yield from _stream_blocks(stream, path, cut, position)


def _stream_blocks(
    stream: IO[bytes],
    name: str,
    cut: Callable[[bytes], int],
    position: Callable[[], int] | None = None,
) -> Iterator[TextBlock]:
    """Blocks of about BLOCK_BYTES that end where `cut` says (bytes -> how many belong together).

    The end of the stream closes the line. A byte order mark at the start is dropped.
    """
    data = read_bytes(stream, max(BLOCK_BYTES, 3))
    offset = 3 if data.startswith(b"\xef\xbb\xbf") else 0
    data, seen = data[offset:], 0
    parts: list[bytes] = []  # what was read and has no end yet
    held = 0
    while data:
        length = cut(data)
        if length:
            block = bytearray().join((*parts, memoryview(data)[:length]))
            now = position() if position else offset + len(block)
            yield TextBlock(block, name, offset, now - seen)
            offset, seen = offset + len(block), now
            parts, held = [], 0
        parts.append(data[length:])
        held += len(data) - length
        if held > LONGEST_TOKEN and cut is last_space:
            where = f"in {held:,} bytes from byte {offset:,} on"
            raise ValueError(f"{name}: no white space {where}; is this text?")
        data = read_bytes(stream, BLOCK_BYTES)
    now = position() if position else offset + held
    yield TextBlock(bytearray().join((*parts, b"\n")), name, offset, now - seen)


def _lines(blocks: Iterator[TextBlock], errors: str) -> Iterator[str]:
    for block in blocks:
        yield from (line.removesuffix("\r") for line in decode(block, errors).split("\n") if line)


class _Sentences:
    """Sentences of any kind, in batches of about BATCH_TOKENS tokens."""

    def __init__(
        self,
        items: Iterator[Any],
        tokenizer: Tokenizer | None,
        lowercase: bool,
        warn: bool = True,
    ) -> None:
        self.items = items
        self.tokenizer = tokenizer
        self.lowercase = lowercase
        self.warn = warn and tokenizer is None

    def blocks(self) -> Iterator[TokenBlock]:
        number = 0
        for batch, lengths in self._batches():
            yield self._join(batch, lengths, number)
            number += len(batch)

    def _batches(self) -> Iterator[tuple[list[Any], list[int]]]:
        """Sentences with their lengths; a short sentence costs a few C calls, a token none."""
        batch: list[Any] = []
        lengths: list[int] = []
        number = n_tokens = 0
        while part := list(islice(self.items, 64)):
            if not set(map(type, part)) <= {list, tuple}:
                part = [self._tokens(item, i) for i, item in enumerate(part, number)]
            part_lengths = list(map(len, part))
            number += len(part)
            n_tokens += sum(part_lengths)
            batch += part
            lengths += part_lengths
            if n_tokens >= BATCH_TOKENS:
                yield batch, lengths
                batch, lengths, n_tokens = [], [], 0
        if batch:
            yield batch, lengths

    def _tokens(self, sentence: Any, number: int) -> list[Any] | tuple[Any, ...]:
        """The tokens of one sentence that is a str, an array or some other iterable."""
        if isinstance(sentence, str):
            if self.warn:
                self.warn = False
                log.warning("each sentence should be a list of words; a str is split at spaces")
            if self.tokenizer is None:
                return sentence.split()
            return list(self.tokenizer(sentence.lower() if self.lowercase else sentence))
        if isinstance(sentence, (list, tuple)):
            return sentence
        if isinstance(sentence, np.ndarray) and sentence.ndim == 1:
            return list(sentence.tolist())
        if isinstance(sentence, (bytes, bytearray)) or not isinstance(sentence, Iterable):
            what = f"{type(sentence).__name__} {sentence!r}"
            raise TypeError(f"sentence {number} is {what}; give a list of str or int tokens")
        return list(sentence)

    def _join(self, batch: list[Any], lengths: list[int], number: int) -> TokenBlock:
        ends = np.cumsum(lengths)
        filled = [s for s in batch if s] if 0 in lengths else batch
        data: bytes | array[int]
        try:
            if filled and not isinstance(filled[0][0], str):
                data = array("q", chain.from_iterable(filled))
            else:
                text = "\0".join(map("\0".join, filled))
                data = (text.lower() if self.lowercase else text).encode("utf-8")
        except (TypeError, OverflowError, UnicodeEncodeError):
            keys = (self._keys(sentence, i) for i, sentence in enumerate(batch, number))
            data = b"\0".join(chain.from_iterable(keys))
        return TokenBlock(data, int(ends[-1]), ends.astype(np.int32), len(batch), number, batch)

    def _keys(self, sentence: Any, number: int) -> Iterator[bytes]:
        """The slow road for strings and integers side by side, and for naming what is neither."""
        for place, token in enumerate(sentence):
            where = f"sentence {number}, token {place}"
            if isinstance(token, str):
                try:
                    yield (token.lower() if self.lowercase else token).encode("utf-8")
                except UnicodeEncodeError:
                    what = f"{token!r} holds a lone surrogate"
                    raise ValueError(f"{where}: {what}; it is not Unicode") from None
                continue
            try:
                yield int_key(operator.index(token))
            except TypeError:
                what = f"{type(token).__name__} {token!r} is neither str nor int"
                raise TypeError(f"{where}: {what}; convert the tokens first") from None


def int_key(value: int) -> bytes:
    """An integer as the vocabulary table holds it: a byte that UTF-8 never has, and the digits."""
    return b"\xff%d" % value
