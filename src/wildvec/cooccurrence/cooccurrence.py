"""The public object: a sparse matrix of weighted co-occurrence counts with a key for each row and column."""

from __future__ import annotations

import os
from collections.abc import Iterable
from functools import cached_property
from typing import TYPE_CHECKING, Any, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray

from wildvec.base.checks import checked, whole
from wildvec.base.keys import Key
from wildvec.base.threads import check_workers
from wildvec.cooccurrence import files, pmi, stanford
from wildvec.cooccurrence.counting import Window, count_corpus
from wildvec.cooccurrence.rows import Rows, checked_counts, checked_keys, checked_rows
from wildvec.text.corpus import Corpus
from wildvec.text.files import as_paths
from wildvec.text.readers import Tokenizer

if TYPE_CHECKING:
    from scipy.sparse import csr_array


class Cooccurrence:
    """How often words occur near each other: a sparse matrix in compressed rows (CSR).

    Cell (i, j) is the sum, over all occurrences of word i and all neighbours j in its window, of 1/distance (as GloVe
    counts, Pennington et al. 2014) or of 1. Windows do not cross sentences. Words outside the vocabulary are removed
    first and take no part in distances, as in Stanford's program.

    Args:
        sentences: Sentences as in `Word2Vec`: lists of tokens, or str that are split at white space.
        corpus_file: Path of a text file, several paths, a folder or a pattern, as in `Word2Vec`.
        window: Neighbours on each side.
        symmetric: False: count only neighbours on the left of the word. (Stanford's program with `-symmetric 0`
            writes the transposed matrix: its row is the left word.)
        distance_weighting: A neighbour at distance d counts 1/d; False: 1.
        min_count: Leave out words that occur less often.
        max_vocab_size: Remove rare words while reading, so that at most so many are in memory; None: never.
        max_final_vocab: Keep at most so many words, the most frequent; None: all.
        sorted_vocab: True: most frequent words first; False: order of first appearance.
        lowercase: Convert words to lower case.
        tokenizer: Function from a line to its tokens; None: str.split.
        errors: Bytes that are not UTF-8: "strict", "replace" or "ignore".
        max_sentence_length: Longer sentences are split.
        workers: Threads; None: all CPUs. The result is the same bits for any number.
        max_memory: Bytes for counting and for the result, beyond the corpus; None: half of the available memory. With
            less memory the corpus is scanned several times. A result that does not fit is in a mapped temporary file.
        cache_dir: Folder for temporary files; None: the system's.

    Attributes:
        keys: The words, list of n.
        counts: How often each occurs in the corpus, int64 (n,); 0 where unknown.
        offsets: int64 (n + 1,): row i has the cells offsets[i] … offsets[i + 1].
        columns: int32 (n_cells,), rising within a row.
        values: float32 (n_cells,), summed in double, all above 0.
        window: As given; None if unknown.
        symmetric: As given.
        distance_weighting: As given.

    Raises:
        TypeError: Neither or both of sentences and corpus_file are given, or an argument has a wrong type.
        ValueError: An argument is out of range, or no word is left.
        OverflowError: The corpus has 2**32 tokens or more.
        KeyboardInterrupt: Ctrl-C was pressed; counting stops within 0.1 s.

    >>> pairs = Cooccurrence([["a", "b", "c"], ["a", "b"]], window=2, min_count=1)
    >>> pairs
    Cooccurrence(3 keys, 6 cells, window 2, symmetric, 1/distance)
    >>> pairs["a", "b"], pairs["a", "c"]
    (2.0, 0.5)
    """

    keys: list[Key]
    counts: NDArray[np.int64]
    offsets: NDArray[np.int64]
    columns: NDArray[np.int32]
    values: NDArray[np.float32]
    window: int | None
    symmetric: bool
    distance_weighting: bool

    def __init__(
        self,
        sentences: Any = None,
        corpus_file: Any = None,
        *,
        window: int = 10,
        symmetric: bool = True,
        distance_weighting: bool = True,
        min_count: int = 5,
        max_vocab_size: int | None = None,
        max_final_vocab: int | None = None,
        sorted_vocab: bool = True,
        lowercase: bool = False,
        tokenizer: Tokenizer | None = None,
        errors: str = "strict",
        max_sentence_length: int = 10_000,
        workers: int | None = None,
        max_memory: int | None = None,
        cache_dir: str | os.PathLike[str] | None = None,
    ) -> None:
        if (sentences is None) == (corpus_file is None):
            raise TypeError("give either sentences or corpus_file")
        shape = Window(window, symmetric, distance_weighting)
        _check_memory(max_memory)
        with Corpus.read(
            as_paths(corpus_file) if sentences is None else sentences,
            min_count=min_count,
            max_vocab_size=max_vocab_size,
            max_final_vocab=max_final_vocab,
            sorted_vocab=sorted_vocab,
            workers=workers,
            lowercase=lowercase,
            tokenizer=tokenizer,
            errors=errors,
            max_sentence_length=max_sentence_length,
            cache_dir=cache_dir,
        ) as corpus:
            self._count(corpus, shape, workers, max_memory, cache_dir)

    @classmethod
    def from_corpus(
        cls,
        corpus: Corpus,
        *,
        window: int = 10,
        symmetric: bool = True,
        distance_weighting: bool = True,
        workers: int | None = None,
        max_memory: int | None = None,
        cache_dir: str | os.PathLike[str] | None = None,
    ) -> Self:
        """Count the co-occurrences of a corpus that is read already; arguments as in the constructor.

        >>> corpus = Corpus.read([["a", "b", "a"]], min_count=1)
        >>> Cooccurrence.from_corpus(corpus, window=1)["b", "a"]
        2.0
        """
        shape = Window(window, symmetric, distance_weighting)
        _check_memory(max_memory)
        self = cls.__new__(cls)
        self._count(corpus, shape, workers, max_memory, cache_dir)
        return self

    def _count(
        self,
        corpus: Corpus,
        window: Window,
        workers: int | None,
        max_memory: int | None,
        cache_dir: str | os.PathLike[str] | None,
    ) -> None:
        counts, rows = count_corpus(corpus, window, check_workers(workers), max_memory, cache_dir)
        self._set(corpus.vocab.keys, counts, rows, window)

    def _set(self, keys: list[Key], counts: NDArray[np.int64], rows: Rows, window: Window | None) -> None:
        self.keys, self.counts = keys, counts
        self.offsets, self.columns, self.values = rows
        self.window = int(window.size) if window else None
        self.symmetric = bool(window and window.symmetric)
        self.distance_weighting = bool(window and window.distance_weighting)

    @classmethod
    def from_arrays(
        cls,
        keys: Iterable[Key],
        offsets: ArrayLike,
        columns: ArrayLike,
        values: ArrayLike,
        *,
        counts: ArrayLike | None = None,
        window: int | None = None,
        symmetric: bool = False,
        distance_weighting: bool = False,
    ) -> Self:
        """Make an object of a sparse matrix in compressed rows. Arrays of the right type are not copied.

        Args:
            keys: Distinct str or int, one for each row and column.
            offsets: n + 1 integers: row i has the cells offsets[i] … offsets[i + 1].
            columns: The column of each cell, from 0 to n - 1, rising within a row.
            values: The value of each cell, finite and above 0.
            counts: How often each key occurs, n integers; None: unknown, which is stored as 0.
            window: Width of the windows in which the cells were counted, if known.
            symmetric: Whether the matrix is symmetric; it is not checked.
            distance_weighting: Whether its counts are sums of 1/distance.

        Raises:
            TypeError: A key is neither str nor int, or an array has a wrong type.
            ValueError: The arrays do not fit each other, or a value is out of range; the text names the place.

        >>> Cooccurrence.from_arrays(["a", "b"], [0, 1, 2], [1, 0], [2.0, 2.0], symmetric=True)["a", "b"]
        2.0
        """
        names = checked_keys(keys)
        rows = checked_rows(len(names), offsets, columns, values)
        given = checked_counts(counts, len(names))
        self = cls.__new__(cls)
        self._set(names, given, rows, None)
        self.window = checked("window", window, whole(1, none="unknown"))
        self.symmetric, self.distance_weighting = bool(symmetric), bool(distance_weighting)
        return self

    # -- content --------------------------------------------------------------------------------------------------

    @cached_property
    def key_to_index(self) -> dict[Key, int]:
        """The row of each key."""
        return {key: row for row, key in enumerate(self.keys)}

    def __len__(self) -> int:
        """The number of keys."""
        return len(self.keys)

    def __getitem__(self, pair: tuple[Key, Key]) -> float:
        """Return a cell, ``pairs[word, neighbour]``; 0 if they never occur together. KeyError: no such key.

        TypeError: it is not two keys.
        """
        if not isinstance(pair, tuple) or len(pair) != 2:  # type: ignore[redundant-expr]
            raise TypeError(f"[{pair!r}]: give two keys, pairs[word, neighbour]; for one key see most_common")
        row, column = (self._row(key) for key in pair)
        begin, end = self.offsets[row], self.offsets[row + 1]
        place = begin + np.searchsorted(self.columns[begin:end], column)
        return float(self.values[place]) if place < end and self.columns[place] == column else 0.0

    def most_common(self, key: Key, topn: int | None = 10) -> list[tuple[Key, float]]:
        """Return the neighbours of a key with the largest values, as (key, value); topn=None: all of them.

        >>> Cooccurrence([["a", "b", "b", "c"]], window=3, min_count=1).most_common("a", 1)
        [('b', 1.5)]
        """
        topn = checked("topn", topn, whole(0, none="all"))
        row = self._row(key)
        cells = slice(self.offsets[row], self.offsets[row + 1])
        best = np.argsort(-self.values[cells], kind="stable")[:topn]
        columns, values = self.columns[cells][best], self.values[cells][best]
        return [(self.keys[j], x) for j, x in zip(columns.tolist(), values.tolist(), strict=True)]

    def _row(self, key: Key) -> int:
        try:
            return self.key_to_index[key]
        except KeyError:
            raise KeyError(f"{key!r} is not among the {len(self):,} keys; test with `key in pairs`") from None

    def __contains__(self, key: object) -> bool:
        """Whether this is one of the keys."""
        return key in self.key_to_index

    def __repr__(self) -> str:
        parts = [f"{len(self):,} keys", f"{len(self.values):,} cells"]
        if self.window is not None:
            parts.append(f"window {self.window}")
        parts.append("symmetric" if self.symmetric else "not symmetric")
        parts += ["1/distance"] * self.distance_weighting
        return f"Cooccurrence({', '.join(parts)})"

    @property
    def _rows(self) -> Rows:
        return Rows(self.offsets, self.columns, self.values)

    # -- weighting ------------------------------------------------------------------------------------------------

    def pmi(self, *, context_exponent: float = 1.0) -> csr_array:
        """Return pointwise mutual information, log(p(i, j) / (p(i) p(j))), as a scipy CSR array (float32).

        p(i) is the fraction of row i in the sum of all cells, p(j) that of column j. Cells that are not stored, where
        PMI is -inf, stay absent. (Church & Hanks 1990.)

        Args:
            context_exponent: p(j) is proportional to (sum of column j) ** context_exponent. 0.75 smooths the context
                distribution, so that rare neighbours get lower values (Levy, Goldberg & Dagan 2015).

        Raises:
            ImportError: scipy is not installed: ``pip install wildvec[scipy]``.

        >>> matrix = Cooccurrence([["a", "b"], ["c", "d"]], min_count=1).pmi()
        >>> matrix[[0], [1]].round(4)
        array([1.3863], dtype=float32)
        """
        exponent = checked("context_exponent", context_exponent, pmi.EXPONENT)
        values = pmi.pmi_values(self._rows, exponent)
        return _csr_array(Rows(self.offsets, self.columns, values))

    def ppmi(self, *, shift: float = 0.0, context_exponent: float = 1.0) -> csr_array:
        """Return positive PMI, max(PMI - shift, 0), as a scipy CSR array (float32) of the cells above 0.

        Args:
            shift: Subtracted from PMI. log(k) gives shifted PPMI, which skip-gram with k negatives factorises
                implicitly (Levy & Goldberg 2014).
            context_exponent: As for `pmi`.

        Raises:
            ImportError: scipy is not installed: ``pip install wildvec[scipy]``.

        >>> pairs = Cooccurrence([["a", "b"], ["a", "c"], ["d", "c"]], min_count=1)
        >>> pairs.pmi().nnz, pairs.ppmi(shift=0.5).nnz
        (6, 4)
        """
        shift = checked("shift", shift, pmi.SHIFT)
        exponent = checked("context_exponent", context_exponent, pmi.EXPONENT)
        return _csr_array(pmi.ppmi_rows(self._rows, shift, exponent))

    # -- other formats --------------------------------------------------------------------------------------------

    def to_scipy(self) -> csr_array:
        """Return the matrix as a scipy CSR array (n, n) that shares the values.

        ImportError: scipy is not installed: ``pip install wildvec[scipy]``.
        """
        return _csr_array(self._rows)

    @classmethod
    def from_scipy(
        cls, matrix: Any, keys: Iterable[Key], *, counts: ArrayLike | None = None, **about: Any
    ) -> Self:
        """Make an object of a square scipy sparse matrix of any format. Stored zeros are removed.

        keys, counts and `about` (window, symmetric, distance_weighting): as in `from_arrays`. The matrix does not
        change, and may share its arrays with the result. TypeError, ValueError: as for `from_arrays`.

        >>> from scipy.sparse import coo_array
        >>> Cooccurrence.from_scipy(coo_array(([2.0, 3.0], ([0, 1], [1, 0]))), ["a", "b"])["b", "a"]
        3.0
        """
        if not hasattr(matrix, "tocsr"):
            raise TypeError(
                f"{type(matrix).__name__} is no scipy sparse matrix; use from_arrays, or scipy.sparse.csr_array"
            )
        rows = matrix.tocsr()
        if rows.shape[0] != rows.shape[1]:
            raise ValueError(f"a matrix of shape {rows.shape} is not square")
        if not rows.has_canonical_format or not rows.data.all():
            rows = rows.copy()
            rows.sum_duplicates()
            rows.eliminate_zeros()
        return cls.from_arrays(keys, rows.indptr, rows.indices, rows.data, counts=counts, **about)

    def save(self, path: str | os.PathLike[str]) -> None:
        """Write all attributes to a file in the native format (a safetensors file with checksums).

        >>> import tempfile, pathlib
        >>> path = pathlib.Path(tempfile.mkdtemp(), "counts.wv")
        >>> Cooccurrence([["a", "b"]], min_count=1).save(path)
        >>> Cooccurrence.load(path)["a", "b"]
        1.0
        """
        files.save(path, self)

    @classmethod
    def load(cls, path: str | os.PathLike[str], mmap: bool = False) -> Self:
        """Read a file that `save` wrote. mmap: map it, read-only, instead of reading it.

        Raises:
            EOFError: The file is cut off.
            ValueError: It holds no Cooccurrence (which is an AttributeError too), or is damaged.
        """
        return cls.from_arrays(**files.load(path, mmap))

    def save_stanford(self, path: str | os.PathLike[str], vocab_path: str | os.PathLike[str]) -> None:
        """Write cooccurrence.bin and vocab.txt as Stanford's GloVe programs do.

        Records of int32 row, int32 column (both from 1) and double value, by row and column, not shuffled: train with
        them after Stanford's `shuffle`. ValueError: a key contains white space.
        """
        stanford.save(path, vocab_path, self.keys, self.counts, self._rows)

    @classmethod
    def load_stanford(
        cls, path: str | os.PathLike[str], vocab_path: str | os.PathLike[str], **about: Any
    ) -> Self:
        """Read cooccurrence.bin (in any order) and vocab.txt of Stanford's GloVe programs.

        about: window, symmetric, distance_weighting, which the files do not hold.

        Raises:
            EOFError: The file is cut off.
            ValueError: A record names a word that the vocabulary does not have, or a value is not above 0; a line of
                the vocabulary is not a word and its count.
        """
        keys, counts, rows = stanford.load(path, vocab_path)
        return cls.from_arrays(keys, *rows, counts=counts, **about)


def _check_memory(max_memory: int | None) -> None:
    checked("max_memory", max_memory, whole(1, none="half of the available memory"))


def _csr_array(rows: Rows) -> csr_array:
    try:
        from scipy.sparse import csr_array
    except ImportError as error:
        raise ImportError("scipy is not installed; pip install wildvec[scipy]") from error
    n = len(rows.offsets) - 1
    return csr_array((rows.values, rows.columns, rows.offsets), shape=(n, n))
