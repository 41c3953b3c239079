"""Vectors of words and of their character n-grams, which also give vectors to unknown words.

Bojanowski, Grave, Joulin, Mikolov (2017), "Enriching Word Vectors with Subword Information".

>>> wv = FastTextKeyedVectors(2, min_n=3, max_n=3, bucket=100)
>>> wv.vectors_ngrams, wv.buckets = np.array([[2, 0], [0, 2]], np.float32), np.array([8, 56], np.int32)
>>> "ab" in wv, wv.has_index_for("ab"), wv["ab"].tolist()  # the n-grams "<ab" and "ab>"
(True, False, [1.0, 1.0])
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterable
from typing import Any, ClassVar, Self

import numpy as np
from numpy.typing import ArrayLike, DTypeLike, NDArray

from wildvec.base.checks import checked, whole
from wildvec.base.keys import Key
from wildvec.io import attributes, gensim_pickle, native
from wildvec.io import vectors as files
from wildvec.vectors.keyed_files import SEP_LIMIT, Path
from wildvec.vectors.keyedvectors import KeyedVectors
from wildvec.vectors.queries import Vector, check_keys, is_key
from wildvec.vectors.row_attributes import COUNT
from wildvec.vectors.subword_rows import Floats, SubwordRows

N_GRAMS = ("vectors_vocab", "vectors_ngrams", "buckets")  # tensors of native files
MODEL = "FastText"  # the class in files of models, in which one matrix has the rows of words and of buckets
MODEL_ROWS = "subword_rows"
RULES = {"min_n": whole(0), "max_n": whole(0, 1000), "bucket": whole(0, 2**31 - 1)}


class FastTextKeyedVectors(KeyedVectors):
    """Vectors by key, and rows of character n-grams from which unknown words get a vector.

    The vector of a word is the mean of its own row and the rows of its n-grams; that of an unknown word is the mean
    of the rows of its n-grams. N-grams of `min_n` to `max_n` characters are hashed to `bucket` numbers, as fastText
    does. All methods of `KeyedVectors` take unknown words where they need a vector only. An unknown int has
    n-grams (of its digits) only where keys are int; with keys of str it is a KeyError.

    `key in wv` is true for each word that has n-grams; `wv.has_index_for(key)` says whether it has a row. A word that
    is too short for n-grams has a vector of zeros. Without n-grams (`bucket` or `max_n` is 0) an unknown word is a
    KeyError.

    Args:
        vector_size: Numbers in a vector.
        min_n, max_n: Characters of the shortest and the longest n-gram, with the marks < and > of a word's ends.
        bucket: Number of buckets.
        count: Rows to allocate.
        dtype: Type of `vectors`.

    Attributes:
        vectors: Vectors of words, (n, vector_size).
        vectors_vocab: Rows of the words themselves, float32 (n, vector_size). Words that were added later have none.
        vectors_ngrams: Rows of buckets, float32 (n_rows, vector_size).
        buckets: The bucket of each of these rows (int32); None: row b is that of bucket b. Buckets without
            a row do not count in a mean.
        vectors_vocab_lockf, vectors_ngrams_lockf: Factors of the changes of these rows in the training of a model,
            one for all or one for each: 0 freezes a row.
        min_n, max_n, bucket: The arguments. Other attributes: see `KeyedVectors`.

    Source: Bojanowski, Grave, Joulin, Mikolov (2017), "Enriching Word Vectors with Subword Information".

    >>> wv = FastTextKeyedVectors(2, min_n=3, max_n=3, bucket=100)
    >>> wv.add_vectors(["night"], [[1, 2]])
    >>> "nights" in wv, wv.has_index_for("nights"), wv["nights"].tolist()
    (True, False, [0.0, 0.0])
    """

    FILE_CLASS: ClassVar[str] = "FastTextKeyedVectors"
    MODEL_CLASS: ClassVar[str | None] = MODEL

    def __init__(
        self,
        vector_size: int,
        min_n: int = 0,
        max_n: int = 0,
        bucket: int = 0,
        count: int = 0,
        dtype: DTypeLike = np.float32,
    ) -> None:
        super().__init__(vector_size, count, dtype)
        self.min_n: int = checked("min_n", min_n, RULES["min_n"])
        self.max_n: int = checked("max_n", max_n, RULES["max_n"])
        self.bucket: int = checked("bucket", bucket, RULES["bucket"])
        self.vectors_vocab: Floats = np.empty((0, self.vector_size), np.float32)
        self.vectors_ngrams: Floats = np.empty((0, self.vector_size), np.float32)
        self.buckets: NDArray[np.int32] | None = np.empty(0, np.int32)
        self._sorted: tuple[NDArray[np.int32], NDArray[np.intp]] | None = None  # buckets, and their order
        self.vectors_vocab_lockf: Floats = np.ones(1, np.float32)
        self.vectors_ngrams_lockf: Floats = np.ones(1, np.float32)

    @classmethod
    def from_rows(
        cls,
        keys: Iterable[Key],
        counts: ArrayLike | None,
        words: Floats,
        ngrams: Floats,
        *,
        min_n: int,
        max_n: int,
        bucket: int,
        buckets: NDArray[np.int32] | None = None,
        vectors: Vector | None = None,
        workers: int | None = None,
    ) -> Self:
        """Make an object of the rows of words and n-grams, without a copy of them.

        Args:
            keys: n words.
            counts: Their counts, or None.
            words: Rows of the words themselves, float32 (n, vector_size).
            ngrams: Rows of buckets, float32 (n_rows, vector_size).
            min_n: Characters of the shortest n-gram.
            max_n: Characters of the longest n-gram.
            bucket: Number of buckets.
            buckets: The bucket of each row of `ngrams`, all different; None: all buckets have rows.
            vectors: The vectors of the words; None: they are computed.
            workers: Threads; None: all CPUs.

        Raises:
            ValueError: The arrays do not fit each other, or a key occurs twice.
        """
        keys = list(keys)
        _check_rows(len(keys), words, ngrams, bucket, buckets)
        rows = SubwordRows(ngrams, buckets, bucket, min_n, max_n)
        if vectors is None:
            vectors = rows.compose(keys, words, workers) if bucket and max_n else words
        wv = cls.from_arrays(keys, vectors, counts)
        wv.min_n, wv.max_n, wv.bucket = min_n, max_n, bucket
        wv.vectors_vocab, wv.vectors_ngrams, wv.buckets = words, ngrams, buckets
        return wv

    @property
    def _subwords(self) -> SubwordRows:
        rows: Floats = vars(self)["vectors_ngrams"]
        return SubwordRows(rows, self.buckets, self.bucket, self.min_n, self.max_n, self._order)

    @property
    def _order(self) -> NDArray[np.intp] | None:
        """The numbers of the rows of n-grams by ascending bucket; they are computed once for an array of buckets."""
        if self.buckets is None:
            return None
        if self._sorted is None or self._sorted[0] is not self.buckets:
            self._sorted = self.buckets, np.argsort(self.buckets)
        return self._sorted[1]

    @property
    def _uses_ngrams(self) -> bool:
        return self.bucket > 0 and self.max_n >= max(self.min_n, 1)

    # -- vectors of unknown words ---------------------------------------------------------------------------------

    def __contains__(self, key: object) -> bool:
        """Return whether a key has a row, or n-grams."""
        return key in self.key_to_index or (
            is_key(key) and self._subwords.has_ngrams(key) and self._is_word(key)
        )

    def _is_word(self, key: Key) -> bool:
        """Return whether an unknown key can have n-grams: a str, or an int where the vocabulary has such keys."""
        return isinstance(key, str) or not all(isinstance(known, str) for known in self.index_to_key)

    def _compose(self, keys: list[Key]) -> Floats:
        """Return the vectors of unknown words, float32 (n, vector_size). KeyError: there are no n-grams."""
        for key in keys:
            if not self._uses_ngrams or not self._is_word(key):
                self.get_index(key)  # raises KeyError
        return self._subwords.compose(keys)

    def _infer_vector(self, key: Key) -> Vector:
        return np.asarray(self._compose([key])[0], self.vectors.dtype)

    def __getitem__(self, key: Key | Iterable[Key]) -> Vector:
        """Return the vector of one word, or those of several words (n, vector_size), known or not."""
        if is_key(key) or not isinstance(key, Iterable):
            return self.get_vector(key)
        keys = check_keys("keys", key)
        rows = np.array([self.get_index(key, -1) for key in keys], np.int64)
        found = np.empty((len(keys), self.vector_size), self.vectors.dtype)
        found[rows >= 0] = self.vectors[rows[rows >= 0]]
        found[rows < 0] = self._compose([keys[i] for i in np.flatnonzero(rows < 0).tolist()])
        return found

    def _matrix(self, items: Iterable[Any]) -> Vector:
        items = list(items)
        if any(isinstance(item, str) and not item for item in items):
            self.get_index("")  # raises KeyError, unless it is a key
        unknown = [item for item in items if is_key(item) and self.get_index(item, -1) < 0]
        vectors = dict(zip(unknown, self._compose(unknown), strict=True))
        return super()._matrix([vectors.get(item, item) if is_key(item) else item for item in items])

    def _select(self, rows: NDArray[np.intp]) -> None:
        words = np.zeros((len(self), self.vector_size), np.float32)
        words[: len(self.vectors_vocab)] = self.vectors_vocab
        super()._select(rows)
        self.vectors_vocab = words[rows]

    def get_sentence_vector(self, sentence: Iterable[Key]) -> Vector:
        """Return the mean of the vectors of some words, each scaled to length 1, as fastText does: (vector_size,).

        sentence: a list of words, known or not. ValueError: it is empty.
        """
        return self.get_mean_vector(check_keys("sentence", sentence))

    # -- files ----------------------------------------------------------------------------------------------------

    def save(
        self,
        fname: Path,
        separately: Iterable[str] | None = None,
        sep_limit: int = SEP_LIMIT,
        ignore: Iterable[str] = (),
        pickle_protocol: int = 4,
    ) -> None:
        """Write all rows to a native file. The endings .bin, .txt and .vec write words alone, as in `KeyedVectors`.

        The arguments are those of `KeyedVectors.save`. `save_facebook_model` writes fastText's format, which is that
        of a model.
        """
        if files.kind_by_name(fname, files.Kind.NATIVE) is not files.Kind.NATIVE:
            super().save(fname, separately, sep_limit, ignore, pickle_protocol)
        else:
            self.save_native(fname, ignore)

    def save_native(self, fname: Path, ignore: Iterable[str] = ()) -> None:
        """Write all rows to a native file, whatever its ending, or to a binary stream; ignore: as for `save`."""
        left_out = {ignore} if isinstance(ignore, str) else set(ignore)
        kept = {name: values for name, values in self.expandos.items() if name not in left_out}
        tensors = files.to_tensors(self.index_to_key, self.vectors, kept.pop(COUNT, None)) | attributes.pack(
            kept
        )
        tensors |= {name: vars(self)[name] for name in N_GRAMS if vars(self)[name] is not None}
        rules = {name: getattr(self, name) for name in RULES}
        native.write(fname, tensors, {"class": self.FILE_CLASS, "ngrams": json.dumps(rules)})

    @classmethod
    def load(cls, fname: Path, mmap: bool | str | None = False, **options: Any) -> Self:
        """Read a native file that `save` or `FastText.save` wrote, or a file of gensim, with n-grams.

        Other files are read as by `KeyedVectors.load`, without n-grams.

        A fastText model (.bin) with its n-grams: `load_facebook_vectors`. The arguments and errors are those of
        `KeyedVectors.load`.
        """
        if options.get("limit") is not None or gensim_pickle.is_pickle(fname):
            return super().load(fname, mmap, **options)
        if (stored := files.read_class(fname)) not in (cls.FILE_CLASS, cls.MODEL_CLASS):
            return super().load(fname, mmap, **options)
        tensors, metadata = native.read(fname, mmap=bool(mmap))
        keys, matrix, found = files.unpack_attributed(os.fspath(fname), tensors)
        try:
            given = json.loads(metadata["ngrams" if stored == cls.FILE_CLASS else "model"])
            if stored == cls.MODEL_CLASS:
                rows = tensors[MODEL_ROWS]
                tensors |= {"vectors_vocab": rows[: len(keys)], "vectors_ngrams": rows[len(keys) :]}
            rules: dict[str, int] = {name: checked(name, given[name], check) for name, check in RULES.items()}
            wv = cls.from_rows(
                keys,
                None,
                tensors["vectors_vocab"],
                tensors["vectors_ngrams"],
                buckets=tensors.get("buckets"),
                vectors=matrix,
                **rules,
            )
        except (KeyError, TypeError, ValueError) as error:
            raise ValueError(f"{os.fspath(fname)}: damaged native file: {error}") from error
        wv.expandos.update(found)
        return wv


def _check_rows(
    n_words: int, words: Floats, ngrams: Floats, bucket: int, buckets: NDArray[np.int32] | None
) -> None:
    """Raise ValueError unless the rows and buckets fit each other. Words that were added later have no rows."""
    if words.ndim != 2 or ngrams.ndim != 2 or words.shape[1] != ngrams.shape[1] or len(words) > n_words:
        raise ValueError(
            f"rows of words of shape {words.shape} and of n-grams of shape {ngrams.shape} for {n_words} words"
        )
    n_rows = bucket if buckets is None else len(buckets)
    if len(ngrams) != n_rows:
        raise ValueError(f"{len(ngrams)} rows of n-grams for {n_rows} buckets")
    if buckets is None or not len(buckets):
        return
    ascending = np.sort(buckets)
    if (
        buckets.dtype != np.int32
        or ascending[0] < 0
        or ascending[-1] >= bucket
        or (np.diff(ascending) == 0).any()
    ):
        raise ValueError(f"the buckets must be int32, all different and below {bucket}")
