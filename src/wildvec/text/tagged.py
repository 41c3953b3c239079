"""Documents with tags. In: files or an iterable of documents. Out: ids, and the rows of the tags of each document."""

from __future__ import annotations

import logging
import os
from collections.abc import Iterable, Iterator, Sized
from contextlib import closing
from typing import Any, NamedTuple, Protocol, Self

import numpy as np
from numpy.typing import NDArray

from wildvec.base.checksum import checksum
from wildvec.base.ragged import Ragged
from wildvec.text.corpus import Corpus, Ids, TakesItems
from wildvec.text.files import Paths
from wildvec.text.id_buffer import IdBuffer
from wildvec.text.labelled import text_lines
from wildvec.text.tags import GivenTags, TagTable
from wildvec.text.vocab import Vocab

logger = logging.getLogger(__name__)

ADVICE = "give TaggedDocument(words, tags)"
UNITS_AT_ONCE = 10_000  # that are copied to another place


class TaggedDocument(NamedTuple):
    """A document: its words, and the tags whose vectors are learned from it.

    words: Tokens (str or int). tags: A list of str or int, usually one number for each document. Any object with
    these two attributes can be used instead, also gensim's.

    >>> TaggedDocument(["a", "fine", "film"], [0])
    TaggedDocument(words=['a', 'fine', 'film'], tags=[0])
    """

    words: Any
    tags: Any

    def __str__(self) -> str:
        return f"{type(self).__name__}<{self.words}, {self.tags}>"


class TaggedLineDocument:
    r"""The lines of a file as documents; the tag of a document is the number of its line, from 0.

    source: A path (plain or compressed, a folder, a pattern or several paths, as for `corpus_file`), or an open file
    that has the method `seek`. Words end at white space. It can be read several times.

    >>> import io
    >>> [document.tags for document in TaggedLineDocument(io.BytesIO(b"one two\nthree\n"))]
    [[0], [1]]
    """

    def __init__(self, source: Any) -> None:
        self.source = source

    def __iter__(self) -> Iterator[TaggedDocument]:
        for number, line in enumerate(self._lines()):
            yield TaggedDocument(line.split(), [number])

    def _lines(self) -> Iterator[str]:
        if not hasattr(self.source, "seek"):
            yield from text_lines(Paths(self.source))
            return
        self.source.seek(0)
        for line in self.source:
            yield line if isinstance(line, str) else line.decode()


class TakesTags(TakesItems, Protocol):
    """A training task with documents (wildvec._train.Task)."""

    def tags(self, ids: NDArray[np.int32], offsets: NDArray[np.int64]) -> None:
        """Set the rows of document vectors of each unit."""


class TaggedCorpus:
    """Documents as ids, with the rows of their tags: a feed for training.

    A unit is a document, or a piece of one that is longer than max_sentence_length; each piece has all tags of its
    document. Documents without a word of the vocabulary are no units.

    Attributes:
        vocab, ids, offsets, raw_tokens: See Corpus; offsets are those of the units.
        tags: Rows of the tags of each unit (int32). Tags that are not in the table are left out.
        table: The tags, with the counts of these documents if the table was built from them.
        n_documents: Number of documents that were read.

    >>> documents = [TaggedDocument(["a", "b", "a"], ["x"]), TaggedDocument(["c", "a"], ["y", "x"])]
    >>> corpus = TaggedCorpus.read(documents, min_count=1)
    >>> corpus.ids.tolist(), corpus.table.keys, [rows.tolist() for rows in corpus.tags]
    ([0, 1, 0, 2, 0], ['x', 'y'], [[0], [1, 0]])
    """

    def __init__(self, corpus: Corpus, tags: Ragged, table: TagTable, n_documents: int) -> None:
        self.corpus = corpus
        self.vocab: Vocab = corpus.vocab
        self.raw_tokens = corpus.raw_tokens
        self.tags = tags
        self.table = table
        self.n_documents = n_documents

    @classmethod
    def read(
        cls,
        source: Any,
        *,
        known: TagTable | None = None,
        grow_tags: bool = False,
        max_sentence_length: int = 10_000,
        seed: int | None = None,
        **options: Any,
    ) -> TaggedCorpus:
        """Read documents once, number their tags and encode their words.

        Args:
            source: An iterable of documents with attributes `words` and `tags`; or Paths, a TaggedLineDocument or an
                open binary file: each line is a document, and its number the tag.
            known: The tags of a model; None: make the table from these documents.
            grow_tags: Add tags that `known` lacks. Otherwise they are left out, with a logged warning.
            max_sentence_length: Longer documents are trained in pieces.
            seed: Put the units into a random order that depends on it; None: keep the order. Documents that are
                sorted by topic can give worse vectors.
            options: Those of `Corpus.read`.

        Raises:
            TypeError: A document has no words or no tags, or a tag is neither str nor int.
            ValueError: An int tag is negative, or so large that most rows would not be used.
            Other errors are those of `Corpus.read`.
        """
        if isinstance(source, TaggedLineDocument):
            path = source.source
            source = source if hasattr(path, "seek") else Paths(path)
        if isinstance(source, Paths) or hasattr(source, "read"):
            corpus = Corpus.read(source, keep_empty=True, **options)
            given = GivenTags.numbers(len(corpus))
        else:
            documents = _SizedDocuments(source) if isinstance(source, Sized) else _Documents(source)
            corpus = Corpus.read(documents, keep_empty=True, **options)
            given = documents.given()
        table = known if known is not None else TagTable.empty()
        is_new = known is None or grow_tags
        if is_new:
            table = table.grown(given)
        rows = _known_rows(given, table)
        if is_new:
            table = table.counted(rows, corpus.sizes)
        n_documents = len(corpus)
        tags = _split_documents(corpus, rows, max_sentence_length)
        if seed is not None:
            order = np.random.default_rng(seed % 2**64).permutation(len(corpus))
            _reorder(corpus, order, options.get("cache_dir"))
            tags = _take(tags, order)
        return cls(corpus, tags, table, n_documents)

    @property
    def ids(self) -> Ids:
        """The tokens, flat."""
        return self.corpus.ids

    @property
    def offsets(self) -> NDArray[np.int64]:
        """The first token of each unit, and the number of tokens."""
        return self.corpus.offsets

    @property
    def sizes(self) -> NDArray[np.int64]:
        """The number of tokens of each unit."""
        return self.corpus.sizes

    @property
    def raw_items(self) -> int:
        """Tokens read, those outside the vocabulary included."""
        return self.corpus.raw_items

    def fingerprint(self) -> dict[str, Any]:
        """Return what distinguishes these documents from others; see `Corpus.fingerprint`."""
        return {
            **self.corpus.fingerprint(),
            "documents": self.n_documents,
            "tags": checksum(self.tags.values) + checksum(self.tags.offsets),
        }

    def attach(self, task: TakesTags) -> None:
        """Give a training task the tokens and the rows of the tags."""
        self.corpus.attach(task)
        task.tags(self.tags.values, self.tags.offsets)

    def close(self) -> None:
        """Release the memory of the documents."""
        self.corpus.close()
        self.tags = Ragged([], [0])

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *error: object) -> None:
        self.close()

    def __len__(self) -> int:
        return len(self.corpus)

    def __repr__(self) -> str:
        return f"TaggedCorpus({self.n_documents:,} documents, {len(self.ids):,} tokens, {len(self.table):,} tags)"


class _Documents:
    """An iterable of documents; iteration gives their words and collects their tags."""

    def __init__(self, documents: Any) -> None:
        if isinstance(documents, (str, bytes, os.PathLike)) or not isinstance(documents, Iterable):
            kind = f"{type(documents).__name__} {documents!r:.60}"
            raise TypeError(
                f"the documents are {kind}; give a list of TaggedDocument, or a path as corpus_file"
            )
        self.documents: Iterable[Any] = documents
        self.tags: list[Any] = []
        self.lengths: list[int] = []

    def __iter__(self) -> Iterator[Any]:
        for number, document in enumerate(self.documents):
            try:
                words, tags = document.words, document.tags
            except AttributeError:
                kind = f"{type(document).__name__} {document!r:.60}"
                raise TypeError(f"document {number} is {kind}; {ADVICE}") from None
            if type(tags) is not list:
                tags = _list_of_tags(tags, number)
            self.tags.extend(tags)
            self.lengths.append(len(tags))
            if number == 0 and isinstance(words, str):
                logger.warning(
                    "Each 'words' should be a list of words (usually unicode strings). A str is split at spaces."
                )
            yield words

    def given(self) -> GivenTags:
        """Return the tags of all documents."""
        return GivenTags.of_lists(self.tags, self.lengths)


class _SizedDocuments(_Documents):
    """Documents whose number is known."""

    def __len__(self) -> int:
        return len(self.documents)  # type: ignore[arg-type]


def _list_of_tags(tags: Any, number: int) -> list[Any]:
    if isinstance(tags, (str, bytes)) or not isinstance(tags, Iterable):
        raise TypeError(
            f"document {number}: tags={tags!r:.60}; give a list of tags, for example [{tags!r:.60}]"
        )
    return list(tags)


def _known_rows(given: GivenTags, table: TagTable) -> Ragged:
    """Return the rows of the tags of each document, without those that the table lacks."""
    rows = table.rows_of(given)
    is_known = rows >= 0
    if is_known.all():
        return Ragged(rows, given.offsets)
    n_missing = len(rows) - int(is_known.sum())
    logger.warning(
        "%d of %d tags are not in the model and are left out; build_vocab(documents, update=True) adds them",
        n_missing,
        len(rows),
    )
    before = np.concatenate([[0], np.cumsum(is_known)])
    return Ragged(rows[is_known], before[given.offsets])


def _split_documents(corpus: Corpus, tags: Ragged, longest: int) -> Ragged:
    """Split long documents of a corpus and remove empty ones; return the tags of each piece."""
    sizes = corpus.sizes
    n_pieces = -(-sizes // longest)
    if (n_pieces == 1).all():
        return tags
    documents = np.repeat(np.arange(len(sizes)), n_pieces)
    piece = np.arange(len(documents)) - np.repeat(np.cumsum(n_pieces) - n_pieces, n_pieces)
    starts = corpus.offsets[documents] + piece * longest
    corpus.offsets = np.append(starts, corpus.offsets[-1])
    return _take(tags, documents)


def _reorder(corpus: Corpus, order: NDArray[np.integer], cache_dir: Any) -> None:
    """Put the units of a corpus into another order, in memory or in a file as `Corpus.read` does."""
    units = Ragged(corpus.ids, corpus.offsets)
    with closing(IdBuffer(cache_dir)) as buffer:
        for first in range(0, len(order), UNITS_AT_ONCE):
            buffer.append(_take(units, order[first : first + UNITS_AT_ONCE]).values)
        corpus.ids = buffer.finish(lambda _, ids: len(ids), 1)[0]
    corpus.offsets = np.concatenate([[0], np.cumsum(np.diff(units.offsets)[order])])


def _take(rows: Ragged, order: NDArray[np.integer]) -> Ragged:
    """Return some rows of a ragged array."""
    lengths = np.diff(rows.offsets)[order]
    ends = np.cumsum(lengths)
    offsets = np.concatenate([[0], ends])
    within = np.arange(offsets[-1]) - np.repeat(offsets[:-1], lengths)
    return Ragged(rows.values[np.repeat(rows.offsets[order], lengths) + within], offsets)
