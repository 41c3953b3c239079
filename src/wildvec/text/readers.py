"""Any source of text or tokens, as blocks for the encoder: one road from bytes, one from tokens.

A file, a compressed file, stdin or an open file becomes TextBlocks: bytes that end at white space,
split into tokens in C. An iterable of sentences (or text with a tokenizer) becomes TokenBlocks:
tokens joined in bulk.
"""

from __future__ import annotations

import logging
import os
from array import array
from collections.abc import Callable, Generator, Iterable, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass, field, replace
from functools import partial
from itertools import chain, islice
from typing import IO, Any

import numpy as np
from numpy.typing import NDArray

from wildvec._text import join_tokens, last_space, prepare_text
from wildvec.base.keys import key_bytes
from wildvec.base.pages import Scratch
from wildvec.text.files import Paths, find_files, open_file, open_stream, read_bytes

BLOCK_BYTES = 1 << 20  # a block and its ids stay in the second-level cache
BATCH_TOKENS = 200_000  # joining them takes about as long as Python lets a thread wait for its turn
LONGEST_TOKEN = 1 << 26  # bytes; beyond, the input is no text with white space
BOM = b"\xef\xbb\xbf"  # the mark that some editors put before UTF-8
ERRORS = ("strict", "replace", "ignore")

Tokenizer = Callable[[str], Iterable[Any]]
log = logging.getLogger(__name__)


@dataclass
class TextBlock:
    """Bytes of a file from one white space to another."""

    data: NDArray[np.uint8]
    name: str  # of the file
    offset: int  # of data[0] in the (decompressed) file
    advance: int  # what the progress bar moves on by
    lowercase: bool
    errors: str  # the policy for bytes that are not UTF-8
    release: Callable[[], None]  # gives `data` back, to be used for another block

    def clean(self) -> NDArray[np.uint8] | bytes:
        """Valid UTF-8 with ASCII white space only, in lower case if asked for; changes `data`."""
        bad, is_ascii = prepare_text(self.data, self.lowercase)
        if bad >= 0:
            return replace(self, data=np.frombuffer(bytearray(self.decode(), "utf-8"), np.uint8)).clean()
        if self.lowercase and not is_ascii:
            return self.data.tobytes().decode("utf-8").lower().encode("utf-8")
        return self.data

    def decode(self) -> str:
        """The block as a str; ValueError that names the place if it is broken and to be strict."""
        try:
            return self.data.tobytes().decode("utf-8", self.errors)
        except UnicodeDecodeError as error:
            byte = f"byte {self.offset + error.start} (0x{self.data[error.start]:02x})"
            remedy = "give errors='replace' or 'ignore', or convert the file to UTF-8"
            raise ValueError(f"{self.name}: {byte} is not UTF-8; {remedy}") from None


@dataclass
class TokenBlock:
    """Tokens of consecutive sentences: UTF-8 with NUL between tokens (uint8), or int64 numbers."""

    data: NDArray[Any]
    lengths: NDArray[np.uint32] | None  # bytes of each token that is UTF-8
    n_tokens: int
    ends: NDArray[np.int32]  # tokens up to the end of each sentence
    advance: int
    first: int = 0  # number of the first sentence in the source
    sentences: Sequence[Any] = field(default_factory=list)  # as given, to name the place of an error
    release: Callable[[], None] = lambda: None  # gives the arrays back, to be used for another block

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
    """What is to be read: `blocks` once, in order; `total` and `unit` are the progress bar's.

    Closing `blocks` closes the files that it opened.
    """

    blocks: Generator[TextBlock | TokenBlock, None, None]
    name: str
    separator: bytes  # stands in no token
    unit: str
    total: int | None
    joined: bool = False  # reading it is joining tokens

    def scanners(self, workers: int) -> int:
        """How many threads can scan: joining keeps one busy with the GIL, and takes half as long as scanning."""
        return min(max(1, workers - 1), 3) if self.joined else workers


@dataclass(frozen=True)
class _Policy:
    """How the user wants text to be read."""

    tokenizer: Tokenizer | None
    lowercase: bool
    errors: str


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
    if tokenizer is not None and not callable(tokenizer):
        raise TypeError(f"tokenizer={tokenizer!r}: give a function from a str to its tokens")
    policy = _Policy(tokenizer, lowercase, errors)
    kind = type(source).__name__
    if isinstance(source, (bytes, bytearray, memoryview)):
        raise TypeError(f"source is {kind}: give a path, io.BytesIO(source), or lists of tokens")
    if isinstance(source, (str, os.PathLike)):
        source = Paths(source)
    if isinstance(source, Paths):
        return _open_paths(source, policy)
    if hasattr(source, "read"):
        name = str(getattr(source, "name", kind))
        return _text_source(_open_file_blocks(source, name, policy), name, None, policy)
    try:
        items = iter(source)
    except TypeError:
        kinds = "a path, an open file or an iterable of sentences"
        raise TypeError(f"source is {kind} {source!r}: give {kinds}") from None
    head = list(islice(items, 1))
    if head and isinstance(head[0], os.PathLike):
        return _open_paths(_only_pathlikes(chain(head, items)), policy)
    total = len(source) if hasattr(source, "__len__") else None
    sentences = _Sentences(chain(head, items), policy, warn=tokenizer is None)
    return Source(sentences.blocks(), kind, b"\0", " sentences", total, joined=True)


def _only_pathlikes(items: Iterable[Any]) -> Paths:
    """Paths from an iterable of which any str would be a sentence."""
    paths = list(items)
    for place, item in enumerate(paths):
        if isinstance(item, str):
            remedy = "a str in an iterable is a sentence; give a Path (of Word2Vec, corpus_file takes both)"
            raise TypeError(f"item {place} is the str {item!r} among paths: {remedy}")
    return Paths(paths)


def _open_paths(paths: Paths, policy: _Policy) -> Source:
    files, total = find_files(paths)
    name = os.fsdecode(paths[0]) if len(paths) == 1 else f"{len(paths)} paths"
    return _text_source(_file_blocks(files, policy), name, total, policy)


def _text_source(
    blocks: Generator[TextBlock, None, None], name: str, total: int | None, policy: _Policy
) -> Source:
    if policy.tokenizer is None:
        return Source(blocks, name, b" ", "B", total)
    return Source(_tokenized(blocks, policy), name, b"\0", " lines", None, joined=True)


def _tokenized(
    blocks: Generator[TextBlock, None, None], policy: _Policy
) -> Generator[TokenBlock, None, None]:
    with closing(blocks):
        yield from _Sentences(_lines(blocks), policy, warn=False).blocks()


def _lines(blocks: Iterable[TextBlock]) -> Iterator[str]:
    for block in blocks:
        lines = block.decode().split("\n")
        block.release()
        yield from (line.removesuffix("\r") for line in lines if line)


def _file_blocks(files: Iterable[str], policy: _Policy) -> Generator[TextBlock, None, None]:
    scratch = Scratch(np.uint8)
    for path in files:
        with open_file(path) as (stream, position):
            yield from _stream_blocks(stream, path, policy, position, scratch)


def _open_file_blocks(raw: IO[bytes], name: str, policy: _Policy) -> Generator[TextBlock, None, None]:
    with open_stream(raw, name) as stream:
        yield from _stream_blocks(stream, name, policy, None, Scratch(np.uint8))


def _stream_blocks(
    stream: IO[bytes],
    name: str,
    policy: _Policy,
    position: Callable[[], int] | None,
    scratch: Scratch,
) -> Iterator[TextBlock]:
    """Blocks of about BLOCK_BYTES that end at white space, or at a line end for a tokenizer.

    The end of the stream closes the line. A byte order mark at the start is dropped.
    """
    cut = last_space if policy.tokenizer is None else _last_line_end
    data = _first_bytes(stream)
    offset = len(BOM) if data.startswith(BOM) else 0
    data = data[offset:] or read_bytes(stream, BLOCK_BYTES)
    parts: list[bytes] = []  # what was read and has no end yet
    held = seen = 0

    def block(end: bytes | memoryview) -> TextBlock:
        nonlocal offset, seen, held
        array, length = scratch.take(held + len(end)), 0
        for part in (*parts, end):
            array[length : length + len(part)] = np.frombuffer(part, np.uint8)
            length += len(part)
        start, before = offset, seen
        offset += length
        seen = position() if position else offset
        parts.clear()
        held = 0
        release = partial(scratch.give, array)
        return TextBlock(array[:length], name, start, seen - before, policy.lowercase, policy.errors, release)

    while data:
        length = cut(data)
        if length:
            yield block(memoryview(data)[:length])
        parts.append(data[length:])
        held += len(data) - length
        if held > LONGEST_TOKEN and policy.tokenizer is None:
            where = f"in {held:,} bytes from byte {offset:,} on"
            raise ValueError(f"{name}: no white space {where}; is this text?")
        data = read_bytes(stream, BLOCK_BYTES)
    yield block(b"\n")


def _first_bytes(stream: IO[bytes]) -> bytes:
    """A first read that is long enough to show a byte order mark."""
    data = read_bytes(stream, BLOCK_BYTES)
    while 0 < len(data) < len(BOM) and (more := read_bytes(stream, BLOCK_BYTES)):
        data += more
    return data


def _last_line_end(data: bytes) -> int:
    return data.rfind(b"\n") + 1


class _Sentences:
    """Sentences of any kind, in batches of about BATCH_TOKENS tokens."""

    def __init__(self, items: Iterator[Any], policy: _Policy, warn: bool) -> None:
        self.items = items
        self.tokenizer = policy.tokenizer
        self.lowercase = policy.lowercase
        self.warn = warn
        self.scratch = Scratch(np.uint8)
        self.lengths = Scratch(np.uint32)
        self.ends = np.empty(BATCH_TOKENS, np.int32)

    def blocks(self) -> Generator[TokenBlock, None, None]:
        number = 0
        while True:
            text, lengths = self.scratch.take(8 * BATCH_TOKENS), self.lengths.take(BATCH_TOKENS)
            sentences, text, lengths, n_bytes = join_tokens(
                self.items, self._tokens, number, self.ends, text, lengths
            )
            if not sentences:
                break
            yield self._block(number, sentences, text, lengths, n_bytes)
            number += len(sentences)

    def _tokens(self, sentence: Any, number: int) -> list[Any] | tuple[Any, ...]:
        """The tokens of one sentence that is a str, an array or some other iterable."""
        if isinstance(sentence, str):
            if self.warn:
                self.warn = False
                log.warning("each sentence should be a list of words; a str is split at spaces")
            if self.tokenizer is None:
                return sentence.split()
            tokens = self.tokenizer(sentence.lower() if self.lowercase else sentence)
            if isinstance(tokens, (str, bytes)) or not isinstance(tokens, Iterable):
                what = f"gave {type(tokens).__name__} {tokens!r}, no list of tokens"
                raise TypeError(f"sentence {number}: the tokenizer {self.tokenizer!r} {what}")
            return list(tokens)
        if isinstance(sentence, (list, tuple)):
            return sentence
        if isinstance(sentence, np.ndarray) and sentence.ndim == 1:
            return list(sentence.tolist())
        if isinstance(sentence, (bytes, bytearray)) or not isinstance(sentence, Iterable):
            what = f"{type(sentence).__name__} {sentence!r}"
            raise TypeError(f"sentence {number} is {what}; give a list of str or int tokens")
        return list(sentence)

    def _block(
        self,
        number: int,
        sentences: list[Sequence[Any]],
        text: NDArray[np.uint8],
        lengths: NDArray[np.uint32],
        n_bytes: int,
    ) -> TokenBlock:
        ends = self.ends[: len(sentences)].copy()
        n_tokens = int(ends[-1])

        def release() -> None:
            self.scratch.give(text)
            self.lengths.give(lengths)

        def block(data: NDArray[Any], lengths: NDArray[np.uint32] | None, **more: Any) -> TokenBlock:
            return TokenBlock(data, lengths, n_tokens, ends, len(sentences), number, sentences, **more)

        if n_bytes >= 0 and not self.lowercase:
            return block(text[:n_bytes], lengths[:n_tokens], release=release)
        lower = text[:n_bytes].tobytes().decode().lower().encode() if n_bytes >= 0 else b""
        release()
        if n_bytes >= 0 and lower.count(0) == n_tokens - 1:  # else there is no token, or one holds a NUL
            joined = np.frombuffer(lower, np.uint8)
            ends_of_tokens = np.append(np.flatnonzero(joined == 0), len(joined))
            return block(joined, (np.diff(ends_of_tokens, prepend=-1) - 1).astype(np.uint32))
        values: Any
        try:
            values = array("q", chain.from_iterable(sentences))
        except (TypeError, OverflowError):
            values = [key for i, sentence in enumerate(sentences, number) for key in self._keys(sentence, i)]
        if len(values) != n_tokens:
            raise ValueError(f"sentences from {number} on changed while they were read; give copies of them")
        if isinstance(values, array):
            return block(np.frombuffer(values, np.int64), None)
        data = np.frombuffer(b"\0".join(values), np.uint8)
        return block(data, np.fromiter(map(len, values), np.uint32, n_tokens))

    def _keys(self, sentence: Any, number: int) -> Iterator[bytes]:
        """The slow road for strings and integers side by side, and for naming what is neither."""
        for place, token in enumerate(sentence):
            try:
                yield key_bytes(str.lower(token) if self.lowercase and isinstance(token, str) else token)
            except (TypeError, ValueError) as error:
                raise type(error)(f"sentence {number}, token {place}: {error}") from None
