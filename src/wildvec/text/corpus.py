"""The corpus: every source as flat ids with sentence offsets, in memory or in a mapped file."""

from __future__ import annotations

from collections.abc import Generator, Iterable, Sequence
from contextlib import closing
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
from numpy.typing import ArrayLike, NDArray

from wildvec._text import VocabTable, remap_block, split_sentences, trim_heap
from wildvec.base.checks import checked, whole
from wildvec.base.keys import INTEGER, Key, key_bytes, key_of
from wildvec.base.pages import Scratch
from wildvec.base.progress import progress_bar
from wildvec.base.ragged import Ragged
from wildvec.base.threads import check_workers, in_order
from wildvec.text.id_buffer import IdStore
from wildvec.text.readers import Source, TextBlock, TokenBlock, Tokenizer, open_source
from wildvec.text.vocab import Vocab, choose

Ids = NDArray[np.int32]
FROM_IDS_TOKENS = 1 << 18


class TakesItems(Protocol):
    """A training task (wildvec._train.Task)."""

    def items(self, ids: Ids, offsets: NDArray[np.int64]) -> None:
        """Set the items of each unit."""


class Corpus:
    """Sentences as ids: sentence i is ``ids[offsets[i]:offsets[i + 1]]``; no sentence is empty.

    vocab: what the ids mean. ids: int32, flat; a memory map for a large corpus. offsets: int64, one
    more than sentences. raw_tokens: tokens read, those outside the vocabulary included. Use `close`
    or a with block to give the memory (and the file behind it) back before the object is collected.

    >>> corpus = Corpus.read([["a", "b", "a"], ["c", "a"]], min_count=1)
    >>> corpus.vocab.keys, corpus.ids.tolist(), corpus.offsets.tolist(), corpus.raw_tokens
    (['a', 'b', 'c'], [0, 1, 0, 2, 0], [0, 3, 5], 5)
    """

    def __init__(self, vocab: Vocab, ids: Ids, offsets: NDArray[np.int64], raw_tokens: int) -> None:
        self.vocab = vocab
        self.ids = ids
        self.offsets = offsets
        self.raw_tokens = raw_tokens

    @classmethod
    def read(
        cls,
        source: Any,
        *,
        vocab: Vocab | None = None,
        min_count: int = 5,
        max_vocab_size: int | None = None,
        max_final_vocab: int | None = None,
        sorted_vocab: bool = True,
        workers: int | None = None,
        lowercase: bool = False,
        tokenizer: Tokenizer | None = None,
        errors: str = "strict",
        max_sentence_length: int = 10_000,
        cache_dir: Any = None,
    ) -> Corpus:
        """Read a source once, make its vocabulary (unless one is given) and encode it.

        source: a path (str or PathLike; "-" is stdin), a directory or a pattern, several PathLikes,
            an open binary file - plain or gzip, bzip2, xz, zstd, UTF-8, one sentence a line; or an
            iterable of sentences, each a list of str or int tokens (a str is split at white
            space); or a Ragged of ids.
        vocab: encode against it; unknown tokens are left out. min_count, max_vocab_size,
            max_final_vocab and sorted_vocab then mean nothing.
        min_count: rarer tokens are left out.
        max_vocab_size: whenever there are more distinct tokens after a block, the rarest are
            forgotten (counts below 2, then 3, …), with their occurrences so far. The scan then
            runs on one thread.
        max_final_vocab: raise min_count until the vocabulary is no larger.
        sorted_vocab: most frequent first; False: in order of first appearance.
        workers: threads, by default the CPUs this process may use; the result is the same.
        lowercase: str.lower on the text or on each token.
        tokenizer: called with each line (or str sentence), gives its tokens; default: str.split.
        errors: broken UTF-8 in files: "strict" raises, "replace" puts U+FFFD, "ignore" leaves out.
        max_sentence_length: longer sentences, counted in tokens as read, are split.
        cache_dir: keep the ids in a nameless temporary file there; default: in memory, and in the
            system's directory for temporary files once they exceed 256 MB, or half of the memory
            that is free if that is less.

        Raises FileNotFoundError, EOFError (truncated compressed file), TypeError (a token that is
        neither str nor int, with its place), ValueError (broken UTF-8, nothing read, none left).

        >>> Corpus.read(["hello world", "Hello you"], lowercase=True, min_count=2).vocab.keys
        ['hello']
        """
        if isinstance(source, Ragged):
            opened = _ids_source(source)
        else:
            opened = open_source(source, tokenizer=tokenizer, lowercase=lowercase, errors=errors)
        workers = check_workers(workers)
        build = _Build(opened, vocab, workers, max_vocab_size, max_sentence_length, cache_dir)
        with closing(build.store):
            build.scan()
            if vocab is None:
                vocab = build.choose_vocab(min_count, max_final_vocab, sorted_vocab)
            return cls(vocab, *build.encode(), build.raw_tokens)

    @classmethod
    def from_ids(
        cls,
        ids: ArrayLike,
        offsets: ArrayLike,
        keys: Sequence[Key] | None = None,
        *,
        min_count: int = 1,
        **options: Any,
    ) -> Corpus:
        """A corpus from integers: sentence i is ``ids[offsets[i]:offsets[i + 1]]``.

        ids: any integers; they become the keys, or with `keys` they are places in it. They get new
        ids by falling count. min_count is 1 here; `options` are those of `read`.

        >>> Corpus.from_ids([7, 7, 3], [0, 2, 3]).vocab.keys
        [7, 3]
        >>> Corpus.from_ids([1, 1, 0], [0, 2, 3], ["x", "y"]).vocab.keys
        ['y', 'x']
        """
        rows = Ragged(ids, offsets)
        if keys is not None and len(rows.values):
            low, high = int(rows.values.min()), int(rows.values.max())
            if low < 0 or high >= len(keys):
                outside = low if low < 0 else high
                raise ValueError(f"id {outside} is outside of keys (0..{len(keys) - 1})")
        corpus = cls.read(rows, min_count=min_count, **options)
        if keys is not None and options.get("vocab") is None:
            names = [keys[int(i)] for i in corpus.vocab.keys]
            corpus.vocab = Vocab(names, corpus.vocab.counts)
        return corpus

    def chunks(self, tokens: int = 10_000) -> NDArray[np.int64]:
        """Sentences in runs of about `tokens` tokens: run c is sentences chunks[c]:chunks[c + 1].

        >>> Corpus.from_ids([1, 2, 3, 4, 5], [0, 2, 4, 5]).chunks(3).tolist()
        [0, 2, 3]
        """
        if tokens < 1:
            raise ValueError(f"tokens={tokens}: give at least 1")
        starts = np.searchsorted(self.offsets, np.arange(0, len(self.ids), tokens))
        return np.unique(np.append(starts, len(self))).astype(np.int64)

    @property
    def sizes(self) -> NDArray[np.int64]:
        """Tokens of each sentence."""
        return np.diff(self.offsets)

    @property
    def raw_items(self) -> int:
        """Tokens read, those outside the vocabulary included."""
        return self.raw_tokens

    def attach(self, task: TakesItems) -> None:
        """Give a training task the tokens."""
        task.items(self.ids, self.offsets)

    def close(self) -> None:
        """Let go of ids and offsets; a file behind them vanishes when nobody else holds them."""
        self.ids = np.empty(0, np.int32)
        self.offsets = np.zeros(1, np.int64)

    def __enter__(self) -> Corpus:
        return self

    def __exit__(self, *error: object) -> None:
        self.close()

    def __len__(self) -> int:
        return len(self.offsets) - 1

    def __repr__(self) -> str:
        sizes = f"{len(self):,} sentences, {len(self.ids):,} tokens, {len(self.vocab):,} keys"
        return f"Corpus({sizes})"


@dataclass
class _Piece:
    """One block as a scanner left it."""

    scratch: Ids
    n_ids: int  # at the front of scratch
    ends: Ids
    scanner: _Scanner
    generation: int  # prunings of the table before this block
    advance: int


class _Scanner:
    """One worker's step: a block to provisional ids."""

    def __init__(self, table: VocabTable, scratch: Scratch, max_size: int | None) -> None:
        self.table = table
        self.scratch = scratch
        self.max_size = max_size
        self.least = 1
        self.prunings: list[Ids] = []  # old id -> new id, one array per pruning

    def __call__(self, numbered: tuple[int, TextBlock | TokenBlock]) -> _Piece:
        number, block = numbered
        generation = len(self.prunings)
        if isinstance(block, TextBlock):
            ids, n_ids, ends = self._text(block, number)
        else:
            ids, n_ids, ends = self._tokens(block, number)
        while self.max_size is not None and len(self.table) > self.max_size:
            self.least += 1
            self.prunings.append(self.table.prune(self.least))
        return _Piece(ids, n_ids, ends, self, generation, block.advance)

    def _text(self, block: TextBlock, number: int) -> tuple[Ids, int, Ids]:
        data = block.clean()
        room = len(data) // 2 + 2
        ids, ends = self.scratch.take(room), self.scratch.take(room)
        n_ids, n_ends = self.table.scan_text(data, number, ids, ends)
        block.release()
        found = ends[:n_ends].copy()
        self.scratch.give(ends)
        return ids, n_ids, found

    def _tokens(self, block: TokenBlock, number: int) -> tuple[Ids, int, Ids]:
        ids = self.scratch.take(max(block.n_tokens, 1))
        if block.lengths is None:
            self.table.scan_ints(block.data, number, ids)
        else:
            try:
                self.table.scan_tokens(block.data, block.lengths, number, ids)
            except ValueError:
                raise block.explain_separator() from None
        block.release()
        return ids, block.n_tokens, block.ends


class _Build:
    """The way from blocks to a corpus: scan (provisional ids), choose the vocabulary, encode."""

    def __init__(
        self,
        source: Source,
        vocab: Vocab | None,
        workers: int,
        max_vocab_size: int | None,
        max_sentence_length: int,
        cache_dir: Any,
    ) -> None:
        checked("max_vocab_size", max_vocab_size, whole(1, none="no bound"))
        checked("max_sentence_length", max_sentence_length, whole(1, 2**31 - 1))
        self.source = source
        self.workers = workers
        self.max_sentence_length = max_sentence_length
        self.store = IdStore(cache_dir)
        self.ends: list[Ids] = []
        self.maps: list[tuple[_Scanner, int]] = []  # per piece: whose ids, of which generation
        self.final: dict[tuple[_Scanner, int], Ids] = {}
        self.raw_tokens = 0
        self.scratch = scratch = Scratch(np.int32)
        if vocab is None:
            n_scanners = 1 if max_vocab_size is not None else source.scanners(workers)
            self.scanners = [_Scanner(VocabTable(), scratch, max_vocab_size) for _ in range(n_scanners)]
        else:
            table = _frozen_table(vocab)
            self.scanners = [_Scanner(table, scratch, None) for _ in range(source.scanners(workers))]

    def scan(self) -> None:
        """Read all blocks; ValueError if there is no token in them."""
        source, open_tokens = self.source, 0
        with (
            progress_bar(source.total, "reading", source.unit) as bar,
            closing(source.blocks) as blocks,
            closing(in_order(self.scanners, enumerate(blocks))) as pieces,
        ):
            for piece in pieces:
                n = piece.n_ids
                ends, open_tokens = split_sentences(piece.ends, n, self.max_sentence_length, open_tokens)
                self.raw_tokens += n
                self.ends.append(ends)
                self.maps.append((piece.scanner, piece.generation))
                self.store.append(piece.scratch[:n])
                self.scratch.give(piece.scratch)
                bar.update(piece.advance)
        if not self.raw_tokens:
            raise ValueError(f"nothing was read from {source.name}: it holds no token")

    def choose_vocab(self, min_count: int, max_final_vocab: int | None, sorted_vocab: bool) -> Vocab:
        """The vocabulary of all scanners together; each scanner's ids get their final meaning."""
        table = self.scanners[0].table
        own = np.arange(len(table), dtype=np.int32)
        maps = [own, *(table.merge(other.table) for other in self.scanners[1:])]
        counts, first = table.export()
        chosen = choose(counts, first, min_count, max_final_vocab, sorted_vocab)
        final = np.full(len(table), -1, np.int32)
        final[chosen] = np.arange(len(chosen), dtype=np.int32)
        for scanner, to_table in zip(self.scanners, maps, strict=True):
            meaning = final[to_table]
            self.final[scanner, len(scanner.prunings)] = meaning
            for generation in reversed(range(len(scanner.prunings))):
                meaning = np.append(meaning, np.int32(-1))[scanner.prunings[generation]]
                self.final[scanner, generation] = meaning
        separator = self.source.separator
        keys = _decode_keys(table.keys(chosen, separator[0]).tobytes(), separator)
        return Vocab(keys, counts[chosen])

    def encode(self) -> tuple[Ids, NDArray[np.int64]]:
        """Final ids and offsets; the scanners and their tables are gone afterwards."""
        maps = [self.final.get(key) for key in self.maps]
        self.scanners.clear()
        self.maps.clear()
        self.final.clear()
        trim_heap()
        ends = self.ends

        def remap(i: int, ids: Ids) -> int:
            return remap_block(ids, ends[i], maps[i])

        ids, kept = self.store.finish(remap, self.workers)
        if not len(ids):
            raise ValueError("none of the tokens read is in the vocabulary")
        offsets = _offsets(ends, kept)
        trim_heap()
        return ids, offsets


def _offsets(ends: list[Ids], kept: NDArray[np.int64]) -> NDArray[np.int64]:
    """Where the sentences begin and end, of the ends within pieces of so many ids; no sentence is empty.

    ends: given back piece by piece.
    """
    ends[-1] = np.append(ends[-1], np.int32(kept[-1]))  # closes a sentence left open
    offsets = np.empty(1 + sum(map(len, ends)), np.int64)
    offsets[0] = at = base = 0
    for i, n in enumerate(kept.tolist()):
        found = base + ends[i].astype(np.int64)
        ends[i] = np.empty(0, np.int32)
        found = found[np.diff(found, prepend=offsets[at]) > 0]
        offsets[at + 1 : at + 1 + len(found)] = found
        at, base = at + len(found), base + n
    return offsets[: at + 1]


def _frozen_table(vocab: Vocab) -> VocabTable:
    keys = [key_bytes(key) for key in vocab.keys]
    table = VocabTable()
    table.load(b"".join(keys), np.cumsum(np.fromiter(map(len, keys), np.int64, len(keys))))
    return table


def _decode_keys(data: bytes, separator: bytes) -> Iterable[Key]:
    """Keys from bytes in which each is followed by the separator."""
    if INTEGER not in data:
        return data.decode("utf-8").split(separator.decode())[:-1]
    return [key_of(key) for key in data.split(separator)[:-1]]


def _ids_source(rows: Ragged) -> Source:
    return Source(_ids_blocks(rows), "the ids", b"\0", " tokens", len(rows.values))


def _ids_blocks(rows: Ragged) -> Generator[TokenBlock, None, None]:
    for start in range(0, len(rows.values), FROM_IDS_TOKENS):
        values = rows.values[start : start + FROM_IDS_TOKENS]
        if values.dtype == np.uint64 and values.max() > np.iinfo(np.int64).max:
            raise ValueError(f"id {values.max()} does not fit into int64")
        between = np.searchsorted(rows.offsets, [start, start + len(values)], side="right")
        ends = rows.offsets[between[0] : between[1]] - start
        yield TokenBlock(values.astype(np.int64), None, len(values), ends.astype(np.int32), len(values))
