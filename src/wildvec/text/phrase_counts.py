"""Counts of words and of pairs of neighbouring words, from which phrases are found.

In: any source of sentences. Out: how often each word and each pair occurs. One thread reads the words; all workers
count the pairs, each those of one part (by the hash of the pair), so no two of them change the same count.
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterable, Iterator, Mapping
from contextlib import closing
from dataclasses import dataclass, fields
from itertools import chain
from typing import Any, NamedTuple, Self

import numpy as np
from numpy.typing import NDArray

from wildvec._phrases import Pairs, PairTable, PhraseWords
from wildvec._text import VocabTable, split_sentences
from wildvec.base.keys import INTEGER
from wildvec.base.pages import Scratch
from wildvec.base.progress import progress_bar
from wildvec.base.threads import in_order
from wildvec.text.readers import Source, TextBlock, TokenBlock, open_source
from wildvec.text.scanner import Scanner

BATCH_TOKENS = 1 << 20  # counted at once; one call of the C core then takes less than 50 ms
FEW_TOKENS = 20_000  # that the calling thread counts faster alone
MAX_LINE = 10_000  # longer lines of files are split, as in every corpus

Ids = NDArray[np.int32]
Longs = NDArray[np.int64]


@dataclass(frozen=True)
class PhraseArrays:
    """All counts as arrays: words by id, pairs in the order of their first occurrence.

    words: in UTF-8, each followed by a byte 0. counts, positions: of each word; the count is 0 for connector words
    and for words that only occur in pairs. starts, betweens, ends, pair_counts, pair_positions: of each pair.
    parents, links: sequence i of connector words is sequence parents[i] and then the word links[i]; 0 is empty.
    """

    words: NDArray[np.uint8]
    counts: Longs
    positions: Longs
    starts: Ids
    betweens: Ids
    ends: Ids
    pair_counts: Longs
    pair_positions: Longs
    parents: Ids
    links: Ids


class PhraseStrings(NamedTuple):
    """Words and pairs as strings: UTF-8, each followed by a byte 0; the positions of these bytes; counts; order."""

    blob: NDArray[np.uint8]
    ends: Longs
    counts: NDArray[np.float64]
    positions: Longs


class _Batch(NamedTuple):
    """Sentences of word ids. The first n_begun ids begin a sentence; they were counted as words before."""

    ids: Ids
    ends: Ids  # ids up to the end of each sentence; the last sentence may have no end
    n_begun: int


class PhraseCounts:
    """How often words and pairs of words occur.

    A pair is counted as the string of its words, joined by `delimiter`; pairs and words that are the same string are
    counted together, as in gensim. connector_words: words that can only stand inside of a phrase; they are not
    counted.
    max_vocab_size: after a sentence with which there are more words and pairs, those with a count below
    `min_reduce` are dropped, and min_reduce is raised by one (gensim's rule). workers: threads.

    Attributes: `n_tokens`, the tokens read (connector words included); `min_reduce`.

    >>> counts = PhraseCounts("_")
    >>> counts.count([["new", "york"], ["new", "york", "city"]])
    >>> counts.as_dict()
    {'new': 2, 'york': 2, 'new_york': 2, 'city': 1, 'york_city': 1}
    """

    def __init__(
        self,
        delimiter: str,
        connector_words: Iterable[str] = (),
        max_vocab_size: float = 40_000_000,
        workers: int = 1,
    ) -> None:
        self.max_vocab_size = max_vocab_size
        self.words = PhraseWords(delimiter.encode())
        self.tables = [PairTable(self.words, part, workers) for part in range(workers)]
        self.vocab = VocabTable()
        self.n_tokens = 0
        self.min_reduce = 1
        self.n_connectors = 0  # they are the first words
        self._n_live = 0  # words with a count above 0
        self._position = 0  # of the next token
        connectors = [word.encode() + b"\0" for word in sorted(set(connector_words))]
        if connectors:
            self._add_words(np.frombuffer(b"".join(connectors), np.uint8))
            self.n_connectors = len(connectors)
            self.words.set_connectors(np.arange(self.n_connectors))

    def __len__(self) -> int:
        """Return the number of distinct strings: words (without connector words) and pairs."""
        return self._n_live + sum(map(len, self.tables))

    def _add_words(self, blob: NDArray[np.uint8]) -> Ids:
        """Add words, each followed by a byte 0, to the vocabulary; return their ids."""
        lengths = (np.diff(np.flatnonzero(blob == 0), prepend=-1) - 1).astype(np.uint32)
        ids = np.empty(max(len(lengths), 1), np.int32)
        self.vocab.scan_tokens(blob[:-1], lengths, 0, ids)
        self._take_new_words()
        return ids[: len(lengths)]

    def _take_new_words(self) -> None:
        """Make the words that are new in the vocabulary known to the tables."""
        first, n = self.words.n, len(self.vocab)
        if first == n:
            return
        self.words.append(self.vocab.keys(np.arange(first, n), 0))
        for table in self.tables:
            table.mark(first)
        self._take_revived()

    def _take_revived(self) -> None:
        self._n_live += sum(table.take_revived() for table in self.tables)

    # -- counting -------------------------------------------------------------------------------------------------

    def count(self, source: Any) -> None:
        """Count a source; see `Corpus.read` for the sources.

        TypeError: a token is no str, or a sentence no list of tokens. OSError, ValueError: as for `Corpus.read`.
        """
        opened = open_source(source)
        longest = None if opened.joined else opened.max_sentence_length or MAX_LINE
        with (
            progress_bar(opened.total, "counting phrases", opened.unit) as bar,
            closing(self._batches(opened, longest, bar)) as batches,
        ):
            batch = next(batches, None)
            while batch is not None:
                batch = self._count_batch(batch, batches)

    def _batches(self, source: Source, longest: int | None, bar: Any) -> Generator[_Batch, None, None]:
        """Yield sentences of about BATCH_TOKENS ids at once. longest: longer sentences are split."""
        scanner = Scanner(self.vocab, Scratch(np.int32))
        parts: list[Ids] = []
        ends: list[Ids] = []
        n = n_begun = n_open = 0
        with closing(source.blocks) as blocks:
            for piece in chain.from_iterable(map(scanner, enumerate(map(_only_str, blocks)))):
                piece_ends = piece.ends
                if longest is not None:
                    piece_ends, n_open = split_sentences(piece.ends, piece.n_ids, longest, n_open)
                parts.append(piece.scratch[: piece.n_ids].copy())
                ends.append(piece_ends + np.int32(n))
                scanner.scratch.give(piece.scratch)
                n += piece.n_ids
                bar.update(piece.advance)
                if n >= BATCH_TOKENS:
                    batch = _Batch(np.concatenate(parts), np.concatenate(ends), n_begun)
                    parts, ends = [self._begun(batch)], []
                    n = n_begun = len(parts[0])
                    yield batch
        if ends:
            yield _Batch(np.concatenate(parts), np.concatenate(ends), n_begun)

    def _begun(self, batch: _Batch) -> Ids:
        """Return the ids of the last sentence, if it has no end, from the last word that is no connector on."""
        begun = batch.ids[int(batch.ends[-1]) if len(batch.ends) else 0 :]
        words = np.flatnonzero(begun >= self.n_connectors)
        return begun[words[-1] :] if len(words) else begun[:0]

    def _count_batch(self, batch: _Batch, batches: Iterator[_Batch]) -> _Batch | None:
        """Count a batch; read and return the next one meanwhile."""
        self._take_new_words()
        following: list[_Batch | None] = []

        def read_next() -> None:
            following.append(next(batches, None))

        first = first_end = 0
        n_begun = batch.n_begun
        while first < len(batch.ids) or first_end < len(batch.ends):
            last, last_end = self._next_chunk(batch, first, first_end)
            is_last = last == len(batch.ids) and last_end == len(batch.ends)
            ends = batch.ends[first_end:last_end] - np.int32(first)
            self._count_chunk(_Batch(batch.ids[first:last], ends, n_begun), read_next if is_last else None)
            if len(ends) and len(self) > self.max_vocab_size:
                self.prune()
            first, first_end, n_begun = last, last_end, 0
        if not following:
            read_next()
        return following[0]

    def _next_chunk(self, batch: _Batch, first: int, first_end: int) -> tuple[int, int]:
        """Return the ends of the most sentences with which the counts need not be pruned, but at least one sentence.

        A token adds at most one word and one pair. While there are too many, each sentence is a chunk, also an empty
        one, because each leads to a pruning.
        """
        n_ids, n_ends = len(batch.ids), len(batch.ends)
        space = int(min(self.max_vocab_size, 1 << 62)) - len(self)
        if 2 * (n_ids - first) <= space:
            return n_ids, n_ends
        last_end = first_end + 1
        if space >= 0:
            last_end = max(last_end, int(np.searchsorted(batch.ends, first + space // 2, "right")))
        return (n_ids, n_ends) if last_end > n_ends else (int(batch.ends[last_end - 1]), last_end)

    def _count_chunk(self, chunk: _Batch, meanwhile: Callable[[], None] | None) -> None:
        ids, ends, n_begun = chunk
        position = self._position - n_begun
        self._n_live += self.words.count(ids, n_begun, position)

        def count(table: PairTable) -> None:
            table.count(ids, ends, position)

        def tables() -> Iterator[PairTable]:
            yield from self.tables
            if meanwhile is not None:
                meanwhile()

        if len(ids) < FEW_TOKENS:
            for table in self.tables:
                count(table)
        else:
            with closing(in_order([count] * len(self.tables), tables())) as counted:
                for _ in counted:
                    pass
        self._take_revived()
        self._position += len(ids) - n_begun
        self.n_tokens += len(ids) - n_begun

    def prune(self) -> None:
        """Drop words and pairs with a count below `min_reduce`, and raise it by one."""
        counts = self.words.counts()
        rare = (counts > 0) & (counts < self.min_reduce)
        counts[rare] = 0
        self._n_live -= int(rare.sum())
        for table in self.tables:
            table.prune(self.min_reduce - 1)
        self.min_reduce += 1

    # -- other forms ----------------------------------------------------------------------------------------------

    def merge(self, other: PhraseCounts) -> None:
        """Add the counts of another object; prune as after a sentence."""
        arrays = other.to_arrays()
        self._add(arrays, self._position)
        self._position += other._position
        self.n_tokens += other.n_tokens
        self.min_reduce = max(self.min_reduce, other.min_reduce)
        if len(self) > self.max_vocab_size:
            self.prune()

    def _add(self, given: PhraseArrays, position: int) -> None:
        ids = self._add_words(given.words) if len(given.words) else np.empty(0, np.int32)
        counts, positions = self.words.counts(), self.words.positions()
        given_positions = given.positions + 2 * position
        is_new = (counts[ids] == 0) & (given.counts > 0)
        positions[ids[is_new]] = given_positions[is_new]
        counts[ids] += given.counts
        self._n_live += int(is_new.sum())
        links = ids[given.links] if len(given.links) > 1 else given.links
        for table in self.tables:
            betweens = table.add_sequences(given.parents, links)[given.betweens]
            pair_positions = given.pair_positions + 2 * position
            table.add(Pairs(ids[given.starts], betweens, ids[given.ends], given.pair_counts, pair_positions))
        self._take_revived()

    def to_arrays(self) -> PhraseArrays:
        """Return all counts, for files, pickles and merges."""
        blob, _ = self.words.blob()
        pairs, sequences = self._pairs(1)
        return PhraseArrays(
            blob.copy(),
            self.words.counts().copy(),
            self.words.positions().copy(),
            *pairs.parts(),
            *sequences.sequences(),
        )

    def add_arrays(self, arrays: PhraseArrays, n_tokens: int, min_reduce: int) -> Self:
        """Add what `to_arrays` returned, and its attributes. IndexError, ValueError: it is damaged."""
        n_words, n_pairs = len(arrays.counts), len(arrays.starts)
        sizes = {name: len(getattr(arrays, name)) for name in (field.name for field in fields(arrays))}
        if sizes["positions"] != n_words or int((arrays.words == 0).sum()) != n_words:
            raise ValueError("the arrays of words differ in length")
        if any(sizes[name] != n_pairs for name in ("betweens", "ends", "pair_counts", "pair_positions")):
            raise ValueError("the arrays of pairs differ in length")
        if n_words and int(arrays.counts.min()) < 0:
            raise ValueError("a count is negative")
        for ids, n in (
            (arrays.starts, n_words),
            (arrays.ends, n_words),
            (arrays.betweens, sizes["parents"]),
            (arrays.links[1:], n_words),
        ):
            if len(ids) and not 0 <= int(ids.min()) <= int(ids.max()) < n:
                raise IndexError(f"an id is outside of 0..{n - 1}")
        self._add(arrays, 0)
        last = max((int(p.max()) for p in (arrays.positions, arrays.pair_positions) if len(p)), default=-1)
        self._position = last // 2 + 1
        self.n_tokens, self.min_reduce = n_tokens, min_reduce
        return self

    def add_dict(self, counts: Mapping[str, int], n_tokens: int, min_reduce: int = 1) -> Self:
        """Add counts of strings, words or pairs. TypeError: a string is no str. ValueError: it contains NUL."""
        strings = [key.encode() + b"\0" for key in counts]
        ids = (
            self._add_words(np.frombuffer(b"".join(strings), np.uint8)) if strings else np.empty(0, np.int32)
        )
        if len(self.vocab) != self.n_connectors + int((ids >= self.n_connectors).sum()):
            raise ValueError("a string contains a NUL character; remove it from the tokens")
        self.words.counts()[ids] = np.fromiter(counts.values(), np.int64, len(counts))
        self.words.positions()[ids] = 2 * np.arange(len(ids))
        self._n_live = int((self.words.counts() > 0).sum())
        self._position, self.n_tokens, self.min_reduce = len(ids), n_tokens, min_reduce
        return self

    def _pairs(self, min_count: int) -> tuple[Pairs, PairTable]:
        """Return the pairs with at least this count, by first occurrence, and a table with their connector words."""
        sequences = PairTable(self.words)
        parts: list[tuple[NDArray[Any], ...]] = []
        for table in self.tables:
            numbers = sequences.add_sequences(*table.sequences())
            starts, betweens, ends, counts, positions = table.export().parts()
            keep = np.flatnonzero(counts >= min_count)
            parts.append((starts[keep], numbers[betweens[keep]], ends[keep], counts[keep], positions[keep]))
        columns = [np.concatenate(column) for column in zip(*parts, strict=True)]
        order = np.argsort(columns[-1])
        return Pairs(*(column[order] for column in columns)), sequences

    def strings(self, min_count: int = 1) -> PhraseStrings:
        r"""Return all words, and the pairs with at least this count, as distinct strings.

        >>> counts = PhraseCounts("_")
        >>> counts.count([["new", "york"]])
        >>> counts.strings().blob.tobytes(), counts.strings().counts.tolist()
        (b'new\x00york\x00new_york\x00', [1.0, 1.0, 1.0])
        """
        live = np.flatnonzero(self.words.counts())
        words = self.vocab.keys(live, 0)
        pairs, sequences = self._pairs(min_count)
        joined, ends = self.words.join(pairs, sequences)
        *_, counts, positions = pairs.parts()
        return PhraseStrings(
            np.concatenate([words, joined]),
            np.concatenate([np.flatnonzero(words == 0), ends + len(words)]),
            np.concatenate([self.words.counts()[live], counts]).astype(np.float64),
            np.concatenate([self.words.positions()[live], positions]),
        )

    def as_dict(self) -> dict[str, int]:
        """Return the count of each string, in the order of first occurrence."""
        blob, _, counts, positions = self.strings()
        keys = blob.tobytes().decode().split("\0")
        numbers = counts.astype(np.int64).tolist()
        return {keys[i]: numbers[i] for i in np.argsort(positions, kind="stable").tolist()}


def _only_str(block: TextBlock | TokenBlock) -> TextBlock | TokenBlock:
    """Return the block. TypeError: a token is an int, which cannot be joined with others to a phrase."""
    if isinstance(block, TextBlock) or not block.n_tokens:
        return block
    if block.lengths is not None and INTEGER not in block.data.tobytes():
        return block
    for number, sentence in enumerate(block.sentences, block.first):
        for position, token in enumerate(sentence):
            if not isinstance(token, str):
                kind = f"{type(token).__name__} {token!r}"
                raise TypeError(f"sentence {number}, token {position} is {kind}; phrases are made of str")
    return block
