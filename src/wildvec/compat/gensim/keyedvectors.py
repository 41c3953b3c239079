"""gensim.models.keyedvectors: KeyedVectors with gensim's undocumented behaviour and the names of gensim 3."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any, Self

import numpy as np
from numpy.typing import ArrayLike, DTypeLike, NDArray

from wildvec.base.keys import Key
from wildvec.vectors import keyedvectors
from wildvec.vectors.queries import Vector, is_key

REAL = np.float32

MAX_SEED = 0xFFFFFFFF  # of a word
FORMER_NAMES = {"index2word": "index_to_key", "index2entity": "index_to_key", "syn0": "vectors"}
FORMER_NORMED = ("syn0norm", "vectors_norm")


class KeyedVectors(keyedvectors.KeyedVectors):
    """wildvec's KeyedVectors with gensim's undocumented behaviour.

    An int that is no key is a row number. Vectors that are read from a file without counts get the counts n, n - 1,
    …, 1 in the order of the file. An empty list in `n_similarity` is a ZeroDivisionError. `evaluate_word_analogies`
    ignores `similarity_function`.
    """

    def get_index(self, key: Key, default: int | None = None) -> int:
        """Return the row of a key; an int that is no key is a row itself."""
        if isinstance(key, (int, np.integer)) and 0 <= key < len(self) and key not in self.key_to_index:
            return int(key)
        return super().get_index(key, default)

    def __contains__(self, key: object) -> bool:
        return is_key(key) and self.has_index_for(key)

    @property
    def next_index(self) -> int:
        """The row of the next key that is added."""
        return len(self)

    @classmethod
    def load_word2vec_format(cls, *args: Any, **kwargs: Any) -> Self:
        """Read word2vec's format, and make up counts if there is no file of counts."""
        wv = super().load_word2vec_format(*args, **kwargs)
        wv._make_up_counts()
        return wv

    def _make_up_counts(self) -> None:
        if self.counts is None:
            self.counts = np.arange(len(self), 0, -1)

    def vectors_for_all(self, *args: Any, **kwargs: Any) -> KeyedVectors:
        """Return the vectors of keys as a new object, with made-up counts if the counts are not copied."""
        found = super().vectors_for_all(*args, **kwargs)
        wv = KeyedVectors.from_arrays(found.index_to_key, found.vectors)
        wv.expandos.update(found.expandos)
        wv._make_up_counts()
        return wv

    def n_similarity(self, ws1: Iterable[Key | Vector], ws2: Iterable[Key | Vector]) -> float:
        """Return the cosine of the means of two lists; ZeroDivisionError if one is empty."""
        lists = [[words] if is_key(words) else list(words) for words in (ws1, ws2)]
        if not all(lists):
            raise ZeroDivisionError("a list of keys is empty; give at least one key in each")
        return super().n_similarity(*lists)

    def evaluate_word_analogies(
        self, *args: Any, similarity_function: str = "most_similar", **kwargs: Any
    ) -> tuple[float, list[dict[str, Any]]]:
        """Answer analogies by `most_similar`, whatever `similarity_function` is."""
        return super().evaluate_word_analogies(*args[:4], **kwargs)

    # Names of gensim 3

    def word_vec(self, *args: Any, **kwargs: Any) -> Vector:
        """Return get_vector(…); deprecated."""
        _warn("word_vec", "get_vector")
        return self.get_vector(*args, **kwargs)

    def words_closer_than(self, word1: Key, word2: Key) -> list[Key]:
        """Return closer_than(…); deprecated."""
        _warn("words_closer_than", "closer_than")
        return self.closer_than(word1, word2)

    def init_sims(self, replace: bool = False) -> None:
        """Scale all vectors to length 1 if `replace` is true; deprecated."""
        _warn("init_sims", "unit_normalize_all, or nothing: no norms are stored")
        if replace:
            self.unit_normalize_all()

    if not TYPE_CHECKING:

        def __getattr__(self, name: str) -> Any:
            """Return an attribute of gensim 3 by its name of today."""
            if name in FORMER_NAMES:
                _warn(name, FORMER_NAMES[name])
                return getattr(self, FORMER_NAMES[name])
            if name in FORMER_NORMED:
                _warn(name, "get_normed_vectors()")
                return self.get_normed_vectors()
            if name == "vocab":
                _warn(name, "key_to_index, or get_vecattr(key, 'count')")
                return self._former_vocab()
            return super().__getattr__(name)

    def _former_vocab(self) -> dict[Key, CompatVocab]:
        """Return the attribute `vocab` of gensim 3: for each key an object with `index` and `count`."""
        counts = [0] * len(self) if self.counts is None else self.counts.tolist()
        items = enumerate(zip(self.index_to_key, counts, strict=True))
        return {key: CompatVocab(index=row, count=count) for row, (key, count) in items}

    def save(self, fname_or_handle: Any, *args: Any, **kwargs: Any) -> None:  # type: ignore[override]
        """Write the vectors to a file, or to an object with `write`."""
        super().save(fname_or_handle, *args, **kwargs)

    def similarity_unseen_docs(self, *args: Any, **kwargs: Any) -> float:
        """Raise NotImplementedError: only a Doc2Vec model can infer vectors of documents."""
        raise NotImplementedError("call similarity_unseen_docs of a Doc2Vec model")


def _warn(name: str, current: str) -> None:
    warnings.warn(f"{name} is deprecated; use {current}", DeprecationWarning, stacklevel=3)


Word2VecKeyedVectors = Doc2VecKeyedVectors = EuclideanKeyedVectors = KeyedVectors


class CompatVocab:
    """A word of a vocabulary of gensim 3: an object with the attribute `count` and others."""

    def __init__(self, **kwargs: Any) -> None:
        self.count = 0
        self.__dict__.update(kwargs)

    def __lt__(self, other: CompatVocab) -> bool:
        return self.count < other.count

    def __str__(self) -> str:
        values = ", ".join(
            f"{name}:{value!r}" for name, value in sorted(vars(self).items()) if name[0] != "_"
        )
        return f"{type(self).__name__}<{values}>"


Vocab = CompatVocab


def load_word2vec_format(*args: Any, **kwargs: Any) -> KeyedVectors:
    """Return KeyedVectors.load_word2vec_format(…)."""
    return KeyedVectors.load_word2vec_format(*args, **kwargs)


def _load_word2vec_format(
    cls: type[keyedvectors.KeyedVectors], fname: str, binary_chunk_size: int = 0, **options: Any
) -> keyedvectors.KeyedVectors:
    """Return cls.load_word2vec_format(…); the size of blocks does not matter."""
    return cls.load_word2vec_format(fname, **options)


def pseudorandom_weak_vector(
    size: int, seed_string: str | None = None, hashfxn: Callable[[str], int] = hash
) -> NDArray[np.float32]:
    """Return a random vector (size,) with values in ±0.5 / size; it depends on `seed_string` if one is given."""
    seed = hashfxn(seed_string) & MAX_SEED if seed_string else None
    return ((np.random.default_rng(seed).random(size, np.float32) - np.float32(0.5)) / size).astype(REAL)


def prep_vectors(
    target_shape: tuple[int, int],
    prior_vectors: ArrayLike | None = None,
    seed: int = 0,
    dtype: DTypeLike = REAL,
) -> NDArray[Any]:
    """Return a matrix of a shape: prior vectors first, and random values in ±1 / columns elsewhere."""
    prior = np.zeros((0, 0)) if prior_vectors is None else np.asarray(prior_vectors)
    if prior.shape == target_shape:
        return prior
    rows = np.random.default_rng(seed).uniform(-1, 1, target_shape) / target_shape[1]
    rows[: prior.shape[0], : prior.shape[1]] = prior
    return rows.astype(dtype)


__all__ = [
    "REAL",
    "CompatVocab",
    "Doc2VecKeyedVectors",
    "EuclideanKeyedVectors",
    "KeyedVectors",
    "Vocab",
    "Word2VecKeyedVectors",
    "load_word2vec_format",
    "prep_vectors",
    "pseudorandom_weak_vector",
]
