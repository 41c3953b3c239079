"""Vectors that gensim saved. In: the attributes in its files, of any version. Out: KeyedVectors."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from pickle import UnpicklingError
from typing import TYPE_CHECKING, Any, cast

import numpy as np
from numpy.typing import NDArray

from wildvec.base.keys import Key
from wildvec.io.gensim_pickle import Saved, read_gensim

if TYPE_CHECKING:
    from wildvec.vectors.keyedvectors import KeyedVectors

Path = str | os.PathLike[str]
PARTS = (
    "vocabulary",
    "trainables",
)  # objects in which gensim 3.3 to 3.8 has some of the attributes of a model


def flatten(state: Mapping[str, Any]) -> Saved:
    """Return the attributes of a model, with those of its parts in gensim 3.3 to 3.8."""
    model = Saved()
    for part in PARTS:
        if isinstance(state.get(part), Saved):
            vars(model).update(vars(state[part]))
    vars(model).update({name: value for name, value in state.items() if name not in PARTS})
    return model


def keys_of(wv: Saved) -> list[Key]:
    """Return the keys of saved vectors, in the order of rows."""
    keys = wv.get("index_to_key", "index2entity", "index2word")
    if keys:
        return [key if isinstance(key, str) else int(key) for key in keys]
    vocab = wv.get("vocab", "key_to_index", default={})
    row_of = {word: getattr(entry, "index", entry) for word, entry in vocab.items()}
    return sorted(row_of, key=lambda word: int(row_of[word]))


def counts_of(wv: Saved, keys: Sequence[Key]) -> NDArray[np.int64] | None:
    """Return how often each key occurred; None: it is not stored."""
    expandos = wv.get("expandos", default={})
    vocab = wv.get("vocab", default={})
    if "count" in expandos and len(expandos["count"]) == len(keys):
        return np.asarray(expandos["count"]).astype(np.int64)
    if len(keys) and all(hasattr(vocab.get(key), "count") for key in keys):
        return np.array([vocab[key].count for key in keys], np.int64)
    return None


def rows_of(path: Path, wv: Saved, keys: Sequence[Key], *names: str) -> NDArray[Any]:
    """Return the vectors. UnpicklingError: they do not fit the keys."""
    rows = wv.get(*names)
    if not isinstance(rows, np.ndarray) or rows.ndim != 2 or len(rows) != len(keys):
        shape = getattr(rows, "shape", "no")
        raise UnpicklingError(f"{os.fspath(path)}: {len(keys)} keys, but vectors of the shape {shape}")
    return rows


def buckets_of(path: Path, wv: Saved, bucket: int, dim: int) -> NDArray[np.float32]:
    """Return the rows of all buckets; zeros for those that gensim before 3.8 left out.

    UnpicklingError: the hashes are not those of fastText, or the rows do not fit.
    """
    rows = wv.get("vectors_ngrams", "syn0_ngrams")
    if not isinstance(rows, np.ndarray) or rows.ndim != 2 or rows.shape[1] != dim:
        raise UnpicklingError(f"{os.fspath(path)}: the model has no rows of n-grams")
    row_of = wv.get("hash2index")
    if not row_of:
        if len(rows) != bucket:
            raise UnpicklingError(f"{os.fspath(path)}: {len(rows)} rows of n-grams for {bucket} buckets")
        return rows.astype(np.float32, copy=False)
    result = np.zeros((bucket, dim), np.float32)
    buckets = np.fromiter(row_of, np.int64, len(row_of))
    numbers = np.fromiter(row_of.values(), np.int64, len(row_of))
    if len(buckets) and (buckets.max() >= bucket or buckets.min() < 0 or numbers.max() >= len(rows)):
        raise UnpicklingError(f"{os.fspath(path)}: rows of n-grams that do not exist")
    result[buckets] = rows[numbers]
    return result


def load(path: Path, cls: type[KeyedVectors], mmap: Any = None) -> KeyedVectors:
    """Read vectors that gensim saved; of a saved model, its vectors of words.

    UnpicklingError: the pickle is of something else, or is damaged.
    """
    name, state = read_gensim(path, mmap)
    wv = state.get("wv")
    model = flatten(state)
    has_rows = isinstance(wv, Saved) and wv.get("vectors", "syn0", "vectors_vocab", "syn0_vocab") is not None
    saved = wv if has_rows and isinstance(wv, Saved) else model
    keys = keys_of(saved)
    if "FastText" in name and saved.get("vectors_vocab", "syn0_vocab") is not None:
        result = _load_fasttext(path, cls, model, saved, keys)
    else:
        rows = rows_of(path, saved, keys, "vectors", "syn0", "vectors_docs", "doctag_syn0")
        result = cls.from_arrays(keys, rows, counts_of(saved, keys))
    for attribute, values in saved.get("expandos", default={}).items():
        if attribute != "count" and isinstance(values, np.ndarray) and len(values) == len(keys):
            result.expandos[attribute] = values
    return result


def _load_fasttext(
    path: Path, cls: type[KeyedVectors], model: Saved, saved: Saved, keys: list[Key]
) -> KeyedVectors:
    """Return vectors with n-grams. saved: what has the rows; model: what has their rules in old versions."""
    from wildvec.vectors.fasttext_keyedvectors import FastTextKeyedVectors

    chosen = cls if issubclass(cls, FastTextKeyedVectors) else FastTextKeyedVectors
    min_n, max_n, bucket = (
        int(saved.get(name, default=model.get(name, default=0))) for name in ("min_n", "max_n", "bucket")
    )
    words = rows_of(path, saved, keys, "vectors_vocab", "syn0_vocab").astype(np.float32, copy=False)
    ngrams = buckets_of(path, saved, bucket, words.shape[1])
    counts = counts_of(saved, keys)
    result = chosen.from_rows(keys, counts, words, ngrams, min_n=min_n, max_n=max_n, bucket=bucket)
    return cast("KeyedVectors", result)
