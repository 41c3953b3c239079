"""The corpus. In: any source of sentences. Out: flat ids with sentence offsets, in memory or in a mapped file."""

from __future__ import annotations

from collections.abc import Generator, Iterable, Sequence
from contextlib import closing
from itertools import chain
from typing import Any, Protocol

import numpy as np
from numpy.typing import ArrayLike, NDArray

from wildvec._text import VocabTable, remap_block, split_sentences, trim_heap
from wildvec.base.checks import checked, choice, whole
from wildvec.base.checksum import checksum
from wildvec.base.keys import INTEGER, Key, key_bytes, key_of
from wildvec.base.pages import Scratch
from wildvec.base.progress import progress_bar
from wildvec.base.ragged import Ragged
from wildvec.base.threads import check_workers, in_order
from wildvec.text.id_buffer import IdBuffer
from wildvec.text.readers import Source, TokenBlock, Tokenizer, open_source
from wildvec.text.scanner import PruningScanner, Scanner
from wildvec.text.trimming import TrimRule
from wildvec.text.vocab import EmptyVocabError, Vocab, VocabRules

Ids = NDArray[np.int32]
FROM_IDS_TOKENS = 1 << 18  # ids in one block
UNLIMITED = 1 << 62  # tokens of a sentence


class TakesItems(Protocol):
    """A training task (wildvec._train.Task)."""

    def items(self, ids: Ids, offsets: NDArray[np.int64]) -> None:
        """Set the items of each unit."""


class Corpus:
    """Sentences as ids: sentence i is ``ids[offsets[i]:offsets[i + 1]]``; none is empty, unless `read` keeps such.

    vocab: the meaning of the ids. ids: int32, flat; a memory map for a large corpus. offsets: int64, one more than
    sentences. raw_tokens: the number of tokens that were read, those outside the vocabulary included. `close` or a
    `with` block releases the memory (and its file) before the object is collected.

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
        trim_rule: TrimRule | None = None,
        grow: Vocab | None = None,
        workers: int | None = None,
        lowercase: bool = False,
        tokenizer: Tokenizer | None = None,
        errors: str = "strict",
        max_sentence_length: int = 10_000,
        cache_dir: Any = None,
        keep_empty: bool = False,
    ) -> Corpus:
        """Read a source once, make its vocabulary (unless one is given) and encode it.

        Args:
            source: One of these:

                - a path (str or PathLike; "-" is standard input), a folder or a pattern (see
                  `wildvec.text.files.find_files`), several PathLikes, or an open binary file. The content is UTF-8
                  with one sentence per line, plain or compressed with gzip, bzip2, xz or zstd. Archives, UTF-16 and
                  binary data are refused (see `wildvec.text.content`);
                - an iterable of sentences. A sentence is a list of tokens, which are str or int, or a str, which is
                  split at white space;
                - a `Ragged` of ids.
            vocab: Encode with this vocabulary; unknown tokens are left out. The arguments from min_count to grow are
                then not used.
            min_count: Rarer tokens are left out.
            max_vocab_size: The most distinct tokens during reading. After a sentence with which there are more of
                them, the rarest are dropped with their occurrences so far: at the k-th time, those with counts below
                k. One thread scans. The rule is gensim's.
            max_final_vocab: The most tokens in the vocabulary; min_count is raised until it fits.
            sorted_vocab: True: the most frequent token first. False: in the order of first appearance.
            trim_rule: A function that decides which tokens are kept; see `VocabRules`.
            grow: A vocabulary that becomes larger; see `VocabRules`.
            workers: Threads; None: the CPUs that this process may use. The result is the same for any number.
            lowercase: Apply str.lower to the text, or to each token.
            tokenizer: Called with each line (or each sentence that is a str); returns its tokens. Default: str.split.
            errors: Bytes in files that are not UTF-8: "strict" raises, "replace" inserts U+FFFD, "ignore" drops them.
            max_sentence_length: Longer sentences are split. The length is in tokens as read.
            cache_dir: A folder for a temporary file with the ids. None: keep them in memory; above 256 MB (or half of
                the free memory if that is less) in the system's folder for temporary files.
            keep_empty: Keep all sentences (lines of files) as they are: also those without a token of the vocabulary,
                and long ones are not split.

        Raises:
            FileNotFoundError: There is no such file.
            EOFError: A compressed file is cut off.
            TypeError: A token is neither str nor int (the text names its place), or an argument has a wrong type.
            ValueError: The source is not UTF-8 text, changed while it was read, or contains no token; or no token is
                left in the vocabulary.

        >>> Corpus.read(["hello world", "Hello you"], lowercase=True, min_count=2).vocab.keys
        ['hello']
        """
        sorted_vocab = checked("sorted_vocab", sorted_vocab, choice(False, True))
        rules = VocabRules(min_count, max_final_vocab, sorted_vocab, trim_rule, grow)
        checked("max_vocab_size", max_vocab_size, whole(1, none="no bound"))
        checked("max_sentence_length", max_sentence_length, whole(1, 2**31 - 1))
        workers = check_workers(workers)
        if isinstance(source, Ragged):
            opened = Source(_blocks_of_ids(source), "the ids", b"\0", " tokens", len(source.values))
        else:
            opened = open_source(
                source, tokenizer=tokenizer, lowercase=lowercase, errors=errors, keep_empty=keep_empty
            )
        longest = UNLIMITED if keep_empty else max_sentence_length
        builder = _Builder(opened, vocab, workers, max_vocab_size, longest, cache_dir, keep_empty)
        with closing(builder.buffer):
            builder.scan()
            if vocab is None:
                vocab = builder.choose_vocab(rules)
            return cls(vocab, *builder.encode(), builder.raw_tokens)

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
        """Make a corpus from integers: sentence i is ``ids[offsets[i]:offsets[i + 1]]``.

        ids: integers of any type. Without `keys` they become the keys; with `keys` they are indices into it. The
        corpus has new ids, by falling count. min_count is 1 here; `options` are those of `read`.
        ValueError: an id is outside `keys`, or the offsets do not fit.

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

    def fingerprint(self) -> dict[str, Any]:
        """Return what distinguishes this corpus from others: sizes, and checksums of ids, offsets and keys.

        >>> Corpus.read([["a", "b"], ["a"]], min_count=1).fingerprint()["tokens"]
        3
        """
        keys = b"\0".join(key_bytes(key) for key in self.vocab.keys)
        return {
            "sentences": len(self),
            "tokens": len(self.ids),
            "tokens read": self.raw_tokens,
            "checksum": checksum(self.ids) + checksum(self.offsets),
            "vocabulary": checksum(np.frombuffer(keys, np.uint8)),
        }

    @property
    def sizes(self) -> NDArray[np.int64]:
        """The number of tokens of each sentence.

        >>> Corpus.from_ids([1, 2, 3], [0, 2, 3]).sizes.tolist()
        [2, 1]
        """
        return np.diff(self.offsets)

    @property
    def raw_items(self) -> int:
        """Tokens read, those outside the vocabulary included."""
        return self.raw_tokens

    def attach(self, task: TakesItems) -> None:
        """Give a training task the tokens."""
        task.items(self.ids, self.offsets)

    def close(self) -> None:
        """Release ids and offsets. A file behind them disappears when nothing else uses them."""
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


class _Builder:
    """From blocks to a corpus in three steps: scan (provisional ids), choose the vocabulary, encode."""

    def __init__(
        self,
        source: Source,
        vocab: Vocab | None,
        workers: int,
        max_vocab_size: int | None,
        max_sentence_length: int,
        cache_dir: Any,
        keep_empty: bool = False,
    ) -> None:
        self.source = source
        self.workers = workers
        self.keep_empty = keep_empty
        self.max_sentence_length = min(max_sentence_length, source.max_sentence_length or max_sentence_length)
        self.buffer = IdBuffer(cache_dir)
        self.ends: list[Ids] = []  # of each piece
        self.scanned_by: list[tuple[Scanner, int]] = []  # scanner and generation of each piece
        self.final_ids: dict[tuple[Scanner, int], Ids] = {}  # final id of each provisional id
        self.raw_tokens = 0
        self.scratch = scratch = Scratch(np.int32)
        n_scanners = source.scanners(workers)
        if vocab is not None:
            table = table_of_keys(vocab.keys)
            self.scanners = [Scanner(table, scratch, keep_empty) for _ in range(n_scanners)]
        else:
            n_tables = n_scanners if max_vocab_size is None else 1
            self.scanners = [self._new_scanner(max_vocab_size) for _ in range(n_tables)]

    def _new_scanner(self, max_vocab_size: int | None) -> Scanner:
        if max_vocab_size is None:
            return Scanner(VocabTable(), self.scratch, self.keep_empty)
        return PruningScanner(VocabTable(), self.scratch, self.keep_empty, max_vocab_size)

    def scan(self) -> None:
        """Read all blocks. ValueError: they contain no token."""
        source, open_tokens = self.source, 0
        with (
            progress_bar(source.total, "reading", source.unit) as bar,
            closing(source.blocks) as blocks,
            closing(in_order(self.scanners, enumerate(blocks))) as pieces,
        ):
            for piece in chain.from_iterable(pieces):
                n = piece.n_ids
                ends, open_tokens = split_sentences(piece.ends, n, self.max_sentence_length, open_tokens)
                self.raw_tokens += n
                self.ends.append(ends)
                self.scanned_by.append((piece.scanner, piece.generation))
                self.buffer.append(piece.scratch[:n])
                self.scratch.give(piece.scratch)
                bar.update(piece.advance)
        if not self.raw_tokens:
            raise EmptyVocabError(f"nothing was read from {source.name}: it contains no token")

    def choose_vocab(self, rules: VocabRules) -> Vocab:
        """Merge the tables of all scanners, choose the vocabulary, and map each scanner's ids to the final ids."""
        table, separator = self.scanners[0].table, self.source.separator
        first_ids = np.arange(len(table), dtype=np.int32)
        merged_ids = [first_ids, *(table.merge(other.table) for other in self.scanners[1:])]
        counts, first = table.export()

        def keys_of(ids: NDArray[np.int64]) -> Iterable[Key]:
            return _decode_keys(table.keys(ids, separator[0]).tobytes(), separator)

        vocab, final = rules.choose(counts, first, keys_of)
        for scanner, merged in zip(self.scanners, merged_ids, strict=True):
            ids = final[merged]
            self.final_ids[scanner, len(scanner.prunings)] = ids
            for generation in reversed(range(len(scanner.prunings))):
                ids = np.append(ids, np.int32(-1))[scanner.prunings[generation]]  # -1 stays -1
                self.final_ids[scanner, generation] = ids
        return vocab

    def encode(self) -> tuple[Ids, NDArray[np.int64]]:
        """Return final ids and offsets, and free the scanners with their tables."""
        maps = [self.final_ids.get(key) for key in self.scanned_by]
        self.scanners.clear()
        self.scanned_by.clear()
        self.final_ids.clear()
        trim_heap()
        ends = self.ends

        def remap(i: int, ids: Ids) -> int:
            return remap_block(ids, ends[i], maps[i])

        ids, kept = self.buffer.finish(remap, self.workers)
        if not len(ids):
            raise ValueError(
                "none of the tokens read is in the vocabulary; a model's build_vocab(…, update=True) adds new words"
            )
        offsets = _offsets(ends, kept, self.keep_empty)
        trim_heap()
        return ids, offsets


def _offsets(ends: list[Ids], kept: NDArray[np.int64], keep_empty: bool) -> NDArray[np.int64]:
    """Return the offsets of sentences.

    ends: for each piece, its sentence ends in ids; each array is freed once it is used. kept: ids per piece.
    keep_empty: also those of empty sentences; each sentence has an end.
    """
    if not keep_empty:
        ends[-1] = np.append(ends[-1], np.int32(kept[-1]))  # closes the last sentence
    offsets = np.empty(1 + sum(map(len, ends)), np.int64)
    offsets[0] = last = base = 0
    for i, n in enumerate(kept.tolist()):
        found = base + ends[i].astype(np.int64)
        ends[i] = np.empty(0, np.int32)
        if not keep_empty:
            found = found[np.diff(found, prepend=offsets[last]) > 0]
        offsets[last + 1 : last + 1 + len(found)] = found
        last, base = last + len(found), base + n
    return offsets[: last + 1]


def table_of_keys(keys_in_order: Iterable[Key]) -> VocabTable:
    """Return a table in which each key has its number in this order. Threads can share it."""
    keys = [key_bytes(key) for key in keys_in_order]
    table = VocabTable()
    table.load(b"".join(keys), np.cumsum(np.fromiter(map(len, keys), np.int64, len(keys))))
    return table


def _decode_keys(data: bytes, separator: bytes) -> Iterable[Key]:
    """Return the keys in bytes in which each key is followed by the separator."""
    if INTEGER not in data:
        return data.decode("utf-8").split(separator.decode())[:-1]
    return [key_of(key) for key in data.split(separator)[:-1]]


def _blocks_of_ids(rows: Ragged) -> Generator[TokenBlock, None, None]:
    for start in range(0, len(rows.values), FROM_IDS_TOKENS):
        values = rows.values[start : start + FROM_IDS_TOKENS]
        if values.dtype == np.uint64 and values.max() > np.iinfo(np.int64).max:
            raise ValueError(f"id {values.max()} does not fit into int64")
        first, last = np.searchsorted(rows.offsets, [start, start + len(values)], side="right")
        ends = (rows.offsets[first:last] - start).astype(np.int32)
        yield TokenBlock(values.astype(np.int64), None, len(values), ends, len(values))
