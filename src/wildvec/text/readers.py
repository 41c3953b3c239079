"""Any source of text or tokens, as blocks for the encoder.

A file, a compressed file, standard input or an open file becomes TextBlocks: bytes that end at white space. C code
splits them into tokens. An iterable of sentences, or a file with a tokenizer, becomes TokenBlocks: the tokens of many
sentences in one array.
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
from operator import length_hint
from typing import IO, Any

import numpy as np
from numpy.typing import NDArray

from wildvec._text import join_tokens, last_space, prepare_text
from wildvec.base.checks import checked, choice
from wildvec.base.keys import key_bytes
from wildvec.base.pages import Scratch
from wildvec.text.content import FORMAT_BYTES, check_is_text
from wildvec.text.files import STDIN, Paths, find_files, name_of, open_file, read_bytes
from wildvec.text.line_sentences import LineSentence

BLOCK_BYTES = 1 << 20  # a block and its ids fit into the second-level cache
BATCH_TOKENS = 200_000  # joining them takes about as long as Python lets another thread wait for the GIL
LONGEST_TOKEN = 1 << 26  # bytes; text with a longer token is refused
BOM = b"\xef\xbb\xbf"  # the byte order mark that some editors put before UTF-8
ERRORS = ("strict", "replace", "ignore")

Tokenizer = Callable[[str], Iterable[Any]]
log = logging.getLogger(__name__)


@dataclass(frozen=True)
class _Options:
    """The arguments of Corpus.read that say how to read text."""

    tokenizer: Tokenizer | None
    lowercase: bool
    errors: str
    keep_empty: bool = False  # an empty line is an empty sentence


@dataclass
class TextBlock:
    """Bytes of a file that start and end at white space."""

    data: NDArray[np.uint8]
    name: str  # of the file
    offset: int  # of data[0] in the decompressed file
    advance: int  # bytes for the progress bar
    options: _Options
    release: Callable[[], None]  # gives `data` back to the pool

    def clean(self) -> NDArray[np.uint8] | bytes:
        """Return valid UTF-8 with ASCII white space only, in lower case if the options say so; changes `data`."""
        lowercase = self.options.lowercase
        bad, is_ascii = prepare_text(self.data, lowercase)
        if bad >= 0:
            return replace(self, data=np.frombuffer(bytearray(self.decode(), "utf-8"), np.uint8)).clean()
        if lowercase and not is_ascii:
            return self.data.tobytes().decode("utf-8").lower().encode("utf-8")
        return self.data

    def decode(self) -> str:
        """Return the block as a str. ValueError: errors="strict" and a byte is not UTF-8; the text names the byte."""
        try:
            return self.data.tobytes().decode("utf-8", self.options.errors)
        except UnicodeDecodeError as error:
            byte = f"byte {self.offset + error.start} (0x{self.data[error.start]:02x})"
            remedy = "give errors='replace' or 'ignore', or convert the file to UTF-8"
            raise ValueError(f"{self.name}: {byte} is not UTF-8; {remedy}") from None


@dataclass
class TokenBlock:
    """Tokens of consecutive sentences: UTF-8 with NUL between tokens (uint8), or integers (int64)."""

    data: NDArray[Any]
    lengths: NDArray[np.uint32] | None  # bytes of each token; None for integers
    n_tokens: int
    ends: NDArray[np.int32]  # tokens up to the end of each sentence
    advance: int  # for the progress bar
    first: int = 0  # number of the first sentence in the source
    sentences: Sequence[Any] = field(
        default_factory=list
    )  # as the user gave them, to name the place of an error
    release: Callable[[], None] = lambda: None  # gives the arrays back to their pools

    def explain_separator(self) -> ValueError:
        """Return the error for a block in which a token contains a NUL character."""
        for number, sentence in enumerate(self.sentences, self.first):
            for position, token in enumerate(sentence):
                if isinstance(token, str) and "\0" in token:
                    where = f"sentence {number}, token {position}: {token!r}"
                    return ValueError(f"{where} contains a NUL character; remove it from the tokens")
        return ValueError("a token contains a NUL character; remove it from the tokens")


@dataclass
class Source:
    """A source that is open for reading. Closing `blocks` closes the files that it opened."""

    blocks: Generator[TextBlock | TokenBlock, None, None]  # in order, once
    name: str
    separator: bytes  # a byte that no token contains
    unit: str  # of the progress bar
    total: int | None  # of the progress bar
    joined: bool = False  # the thread that reads also joins tokens
    max_sentence_length: int | None = None  # longer sentences are split

    def scanners(self, workers: int) -> int:
        """Return how many threads scan. Joining keeps one thread busy and takes half as long as scanning."""
        return min(max(1, workers - 1), 3) if self.joined else workers


def open_source(
    source: Any,
    *,
    tokenizer: Tokenizer | None = None,
    lowercase: bool = False,
    errors: str = "strict",
    keep_empty: bool = False,
) -> Source:
    """Open any source for reading. See Corpus.read for the sources and arguments."""
    if tokenizer is not None and not callable(tokenizer):
        raise TypeError(f"tokenizer={tokenizer!r}: give a function from a str to its tokens")
    options = _Options(
        tokenizer,
        checked("lowercase", lowercase, choice(False, True)),
        checked("errors", errors, choice(*ERRORS)),
        keep_empty,
    )
    if isinstance(source, LineSentence) and (text := source.text()) is not None:
        opened = _open_text(text, options)
        blocks = _join_lines(opened.blocks) if source.joins_lines else opened.blocks
        return replace(opened, blocks=blocks, max_sentence_length=source.max_sentence_length)
    kind = type(source).__name__
    if isinstance(source, (bytes, bytearray, memoryview)):
        raise TypeError(f"source is {kind}: give a path, io.BytesIO(source), or lists of tokens")
    if isinstance(source, (str, os.PathLike)):
        source = Paths(source)
    if isinstance(source, Paths) or hasattr(source, "read"):
        return _open_text(source, options)
    try:
        items = iter(source)
    except TypeError:
        kinds = "a path, an open file or an iterable of sentences"
        raise TypeError(f"source is {kind} {source!r}: give {kinds}") from None
    head = list(islice(items, 1))
    if head and isinstance(head[0], os.PathLike):
        return _open_paths(_only_pathlikes(chain(head, items)), options)
    total = (
        length_hint(source) or None
    )  # None also if __len__ raises TypeError, because what it wraps has no length
    sentences = _Sentences(chain(head, items), options, warn=tokenizer is None)
    return Source(sentences.blocks(), kind, b"\0", " sentences", total, joined=True)


def _open_text(source: Any, options: _Options) -> Source:
    """Open Paths or an open file."""
    if isinstance(source, Paths):
        return _open_paths(source, options)
    return _text_source([source], name_of(source), None, options)


def _join_lines(blocks: Generator[Any, None, None]) -> Generator[Any, None, None]:
    """Make line ends spaces, so that the whole text is one line."""
    with closing(blocks):
        for block in blocks:
            if isinstance(block, TextBlock):
                block.data[block.data == ord("\n")] = ord(" ")
            yield block


def _only_pathlikes(items: Iterable[Any]) -> Paths:
    """Return paths from an iterable in which a str would be a sentence."""
    paths = list(items)
    for number, item in enumerate(paths):
        if isinstance(item, str):
            remedy = "a str in an iterable is a sentence; give a Path (of Word2Vec, corpus_file takes both)"
            raise TypeError(f"item {number} is the str {item!r} among paths: {remedy}")
    return Paths(paths)


def _open_paths(paths: Paths, options: _Options) -> Source:
    files, total = find_files(paths)
    single = "standard input" if paths[0] == STDIN else os.fsdecode(paths[0])
    name = single if len(paths) == 1 else f"{len(paths)} paths"
    return _text_source(files, name, total, options)


def _text_source(files: Iterable[Any], name: str, total: int | None, options: _Options) -> Source:
    """Return a source that reads paths and open files one after the other."""
    blocks = _text_blocks(files, options)
    if options.tokenizer is None:
        return Source(blocks, name, b" ", "B", total)
    return Source(_tokenized(blocks, options), name, b"\0", " lines", None, joined=True)


def _tokenized(
    blocks: Generator[TextBlock, None, None], options: _Options
) -> Generator[TokenBlock, None, None]:
    with closing(blocks):
        yield from _Sentences(_lines(blocks, options.keep_empty), options, warn=False).blocks()


def _lines(blocks: Iterable[TextBlock], keep_empty: bool) -> Iterator[str]:
    for block in blocks:
        lines = block.decode().removesuffix("\n").split("\n")
        block.release()
        yield from (line.removesuffix("\r") for line in lines if line or keep_empty)


def _text_blocks(files: Iterable[Any], options: _Options) -> Generator[TextBlock, None, None]:
    pool = Scratch(np.uint8)
    for file in files:
        with open_file(file) as (stream, position):
            yield from _stream_blocks(stream, name_of(file), options, position, pool)


def _stream_blocks(
    stream: IO[bytes],
    name: str,
    options: _Options,
    position: Callable[[], int] | None,
    pool: Scratch,
) -> Iterator[TextBlock]:
    """Yield blocks of about BLOCK_BYTES that end at white space, or at a line end for a tokenizer.

    The end of the stream ends its last line, if a line end does not. A byte order mark at the start is dropped.
    """
    cut = last_space if options.tokenizer is None else _last_line_end
    offset = seen = 0
    parts: list[bytes] = []  # bytes after the last cut
    n_held = 0  # their number
    is_ended = True  # the last byte read is a line end

    def block(end: bytes | memoryview) -> TextBlock:
        nonlocal offset, seen, n_held
        array, length = pool.take(n_held + len(end)), 0
        for part in (*parts, end):
            array[length : length + len(part)] = np.frombuffer(part, np.uint8)
            length += len(part)
        start, before = offset, seen
        offset += length
        seen = position() if position else offset
        parts.clear()
        n_held = 0
        return TextBlock(
            array[:length], name, start, seen - before, options, release=partial(pool.give, array)
        )

    for data in _read_pieces(stream, name):
        if offset == n_held == 0 and data.startswith(BOM):
            offset = len(BOM)
            data = data[offset:]
        length = cut(data)
        if length:
            yield block(memoryview(data)[:length])
        parts.append(data[length:])
        n_held += len(data) - length
        is_ended = data.endswith(b"\n")
        if n_held > LONGEST_TOKEN and options.tokenizer is None:
            where = f"in {n_held:,} bytes from byte {offset:,} on"
            raise ValueError(f"{name}: no white space {where}; is this text?")
    if not is_ended:
        yield block(b"\n")


def _read_pieces(stream: IO[bytes], name: str) -> Iterator[bytes]:
    """Yield all bytes of a stream, in pieces of at most BLOCK_BYTES, after a check that they are text.

    The first piece is long enough to contain a byte order mark.
    """
    pieces = [read_bytes(stream, BLOCK_BYTES)]
    while pieces[-1] and sum(map(len, pieces)) < FORMAT_BYTES:
        pieces.append(read_bytes(stream, BLOCK_BYTES))
    check_is_text(b"".join(pieces), name)
    while len(pieces) > 1 and len(pieces[0]) < len(BOM):
        pieces[:2] = [pieces[0] + pieces[1]]
    yield from filter(None, pieces)
    while pieces[-1] and (data := read_bytes(stream, BLOCK_BYTES)):
        yield data


def _last_line_end(data: bytes) -> int:
    return data.rfind(b"\n") + 1


class _Sentences:
    """Sentences of any kind, as blocks of about BATCH_TOKENS tokens."""

    def __init__(self, items: Iterator[Any], options: _Options, warn: bool) -> None:
        self.items = items
        self.tokenizer = options.tokenizer
        self.lowercase = options.lowercase
        self.warn = warn  # about sentences that are str
        self.texts = Scratch(np.uint8)
        self.lengths = Scratch(np.uint32)
        self.ends = np.empty(BATCH_TOKENS, np.int32)

    def blocks(self) -> Generator[TokenBlock, None, None]:
        first = 0
        while True:
            text, lengths = self.texts.take(8 * BATCH_TOKENS), self.lengths.take(BATCH_TOKENS)
            sentences, text, lengths, n_bytes = join_tokens(
                self.items, self._tokens, first, self.ends, text, lengths
            )
            if not sentences:
                break
            yield self._block(first, sentences, text, lengths, n_bytes)
            first += len(sentences)

    def _tokens(self, sentence: Any, number: int) -> list[Any] | tuple[Any, ...]:
        """Return the tokens of one sentence that is a str, an array or another iterable."""
        if isinstance(sentence, str):
            if self.warn:
                self.warn = False
                log.warning("each sentence should be a list of words; a str is split at spaces")
            if self.tokenizer is None:
                return sentence.split()
            tokens = self.tokenizer(sentence.lower() if self.lowercase else sentence)
            if isinstance(tokens, (str, bytes)) or not isinstance(tokens, Iterable):
                what = f"gave {type(tokens).__name__} {tokens!r}, not a list of tokens"
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
        first: int,
        sentences: list[Sequence[Any]],
        text: NDArray[np.uint8],
        lengths: NDArray[np.uint32],
        n_bytes: int,
    ) -> TokenBlock:
        """Return the block of joined tokens. n_bytes: of `text` that are in use, -1 if a token is not text."""
        ends = self.ends[: len(sentences)].copy()
        n_tokens = int(ends[-1])

        def release() -> None:
            self.texts.give(text)
            self.lengths.give(lengths)

        def block(data: NDArray[Any], lengths: NDArray[np.uint32] | None, **more: Any) -> TokenBlock:
            return TokenBlock(data, lengths, n_tokens, ends, len(sentences), first, sentences, **more)

        if n_bytes >= 0 and not self.lowercase:
            return block(text[:n_bytes], lengths[:n_tokens], release=release)
        lower = text[:n_bytes].tobytes().decode().lower().encode() if n_bytes >= 0 else b""
        release()
        if n_bytes >= 0 and lower.count(0) == n_tokens - 1:  # there are tokens, and none of them contains NUL
            joined = np.frombuffer(lower, np.uint8)
            token_ends = np.append(np.flatnonzero(joined == 0), len(joined))
            return block(joined, (np.diff(token_ends, prepend=-1) - 1).astype(np.uint32))
        values: Any
        try:
            values = array("q", chain.from_iterable(sentences))
        except (TypeError, OverflowError):
            values = [key for i, sentence in enumerate(sentences, first) for key in self._keys(sentence, i)]
        if len(values) != n_tokens:
            raise ValueError(f"sentences from {first} on changed while they were read; give copies of them")
        if isinstance(values, array):
            return block(np.frombuffer(values, np.int64), None)
        data = np.frombuffer(b"\0".join(values), np.uint8)
        return block(data, np.fromiter(map(len, values), np.uint32, n_tokens))

    def _keys(self, sentence: Any, number: int) -> Iterator[bytes]:
        """Yield the bytes of each token, str or int. Slow, but it names a token that is neither."""
        for position, token in enumerate(sentence):
            try:
                yield key_bytes(str.lower(token) if self.lowercase and isinstance(token, str) else token)
            except (TypeError, ValueError) as error:
                raise type(error)(f"sentence {number}, token {position}: {error}") from None
