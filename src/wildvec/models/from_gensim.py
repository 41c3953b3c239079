"""Models that gensim saved. In: the attributes in its files, of any version. Out: our models, which can be trained further."""

from __future__ import annotations

import logging
import os
from collections.abc import Mapping, Sequence
from pickle import UnpicklingError
from typing import TYPE_CHECKING, Any, TypeVar, cast

import numpy as np
from numpy.typing import NDArray

from wildvec.base.keys import Key
from wildvec.io.gensim_pickle import Saved, SavedFunction, read_gensim
from wildvec.io.native import WrongClassError
from wildvec.text.vocab import Vocab
from wildvec.training.huffman import huffman_paths
from wildvec.vectors.keyedvectors import KeyedVectors

if TYPE_CHECKING:
    from wildvec.models.phrases import FrozenPhrases, Phrases
    from wildvec.models.word2vec import Word2Vec

logger = logging.getLogger(__name__)

W = TypeVar("W", bound="Word2Vec")
Path = str | os.PathLike[str]

# Our settings, and the attributes of gensim's versions that hold them.
SETTINGS: Mapping[str, tuple[str, ...]] = {
    **{name: (name,) for name in ("alpha", "window", "min_count", "max_vocab_size", "sample", "seed", "min_alpha")},
    **{name: (name,) for name in ("sg", "hs", "negative", "ns_exponent", "cbow_mean", "sorted_vocab")},
    **{name: (name,) for name in ("max_final_vocab", "shrink_windows")},
    "vector_size": ("vector_size", "layer1_size"),
    "epochs": ("epochs", "iter"),
}
PARTS = ("vocabulary", "trainables")  # objects in which gensim 3.3 to 3.8 has some of the attributes
VECTORS = ("KeyedVectors", "Word2VecKeyedVectors", "EuclideanKeyedVectors")


def flatten(state: Mapping[str, Any]) -> Saved:
    """Return the attributes of a model, with those of its parts in gensim 3.3 to 3.8."""
    model = Saved()
    for part in PARTS:
        if isinstance(state.get(part), Saved):
            vars(model).update(vars(state[part]))
    vars(model).update({name: value for name, value in state.items() if name not in PARTS})
    return model


# -- vectors ----------------------------------------------------------------------------------------------------------


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


def load_vectors(path: Path, cls: type[KeyedVectors], mmap: Any = None) -> KeyedVectors:
    """Read KeyedVectors that gensim saved; of a saved model, its vectors of words."""
    name, state = read_gensim(path, mmap)
    wv = state.get("wv") if name not in VECTORS else None
    saved = wv if isinstance(wv, Saved) else flatten(state)
    keys = keys_of(saved)
    result = cls.from_arrays(keys, rows_of(path, saved, keys, "vectors", "syn0"), counts_of(saved, keys))
    for attribute, values in saved.get("expandos", default={}).items():
        if attribute != "count" and isinstance(values, np.ndarray) and len(values) == len(keys):
            result.expandos[attribute] = values
    return result


# -- models -----------------------------------------------------------------------------------------------------------


def load_model(path: Path, cls: type[W], mmap: Any = None) -> W:
    """Read a model that gensim saved. WrongClassError: it is of another class."""
    name, state = read_gensim(path, mmap)
    if name != cls.NAME:
        raise WrongClassError(f"{os.fspath(path)} holds a {name} of gensim, not a {cls.NAME}; load it with {name}.load")
    return convert_word2vec(path, cls, flatten(state))


def convert_word2vec(path: Path, cls: type[W], saved: Saved) -> W:
    """Return a Word2Vec with the vectors, output rows, settings and counters of a saved one."""
    wv = cast(Saved, saved.get("wv", default=saved))
    if wv is not saved and wv.get("vectors", "syn0") is None:
        wv = saved
    keys = keys_of(wv)
    counts = counts_of(wv, keys)
    model = cls(**settings_of(saved))
    if not keys:
        return model
    rows = rows_of(path, wv, keys, "vectors", "syn0")
    model.vector_size = rows.shape[1]
    vocab = Vocab(keys, np.ones(len(keys), np.int64) if counts is None else np.maximum(counts, 1))
    model._set_vocab(vocab)
    model.wv.vectors[...] = rows
    set_output(model, path, saved, wv)
    model.corpus_count = int(saved.get("corpus_count", default=0))
    model.corpus_total_words = int(saved.get("corpus_total_words", default=0))
    model.epochs_trained = model.epochs * int(saved.get("train_count", default=1))
    factors = wv.get("vectors_lockf")
    if isinstance(factors, np.ndarray) and len(factors) in (1, len(keys)):
        model.wv.vectors_lockf = factors.astype(np.float32)
    return model


def settings_of(saved: Saved) -> dict[str, Any]:
    """Return our settings from the attributes of a model of gensim."""
    settings = {ours: saved.get(*names) for ours, names in SETTINGS.items()}
    settings = {name: value for name, value in settings.items() if value is not None}
    for name, value in settings.items():
        settings[name] = value.item() if isinstance(value, np.generic) else value
    for name in ("sg", "hs", "cbow_mean", "sorted_vocab"):
        if name in settings:
            settings[name] = int(bool(settings[name]))
    if "shrink_windows" in settings:
        settings["shrink_windows"] = bool(settings["shrink_windows"])
    return settings


def set_output(model: Word2Vec, path: Path, saved: Saved, wv: Saved) -> None:
    """Copy the output rows (negative sampling) and the rows of the Huffman tree."""
    for name, attribute in (("output_rows", "syn1neg"), ("node_rows", "syn1")):
        rows = saved.get(attribute)
        if name not in model._matrices:
            continue
        matrix = model._matrices[name]
        if not isinstance(rows, np.ndarray) or rows.ndim != 2:
            logger.warning("%s: it has no %s; training begins with zeros there", os.fspath(path), attribute)
            continue
        n, dim = min(len(rows), len(matrix)), min(rows.shape[1], matrix.shape[1])
        order = _node_order(model.vocab, wv, n) if name == "node_rows" else slice(n)
        matrix[:n, :dim] = rows[order, :dim]


def _node_order(vocab: Vocab, wv: Saved, n: int) -> NDArray[np.int64]:
    """Return the row of each node of our Huffman tree in gensim's. Equal counts can lead to different trees."""
    offsets, nodes, _, _ = huffman_paths(vocab.counts)
    order = np.arange(n)
    entries, expandos = wv.get("vocab", default={}), wv.get("expandos", default={})
    n_different = 0
    for row, key in enumerate(vocab.keys):
        theirs = expandos["point"][row] if "point" in expandos else getattr(entries.get(key), "point", None)
        ours = nodes[offsets[row] : offsets[row + 1]]
        if theirs is None or len(theirs) != len(ours):
            n_different += 1
            continue
        order[ours] = np.minimum(np.asarray(theirs, np.int64), n - 1)
    if n_different:
        logger.warning("%d words have another path in the Huffman tree than in gensim; train further", n_different)
    return order


# -- phrases ----------------------------------------------------------------------------------------------------------


def load_phrases(path: Path, cls: Any) -> Any:
    """Read Phrases or FrozenPhrases that gensim saved."""
    from wildvec.models.phrases import Phrases

    name, state = read_gensim(path)
    is_phrases = issubclass(cls, Phrases)
    if name not in (("Phrases",) if is_phrases else ("FrozenPhrases", "Phraser")):
        raise WrongClassError(f"{os.fspath(path)} holds a {name} of gensim, not a {cls.__name__}")
    saved = Saved()
    vars(saved).update(state)
    return _phrases(cls, saved) if is_phrases else _frozen(cls, saved)


def _text(value: Any) -> str:
    """Return a str of what gensim 3 stored as bytes."""
    return value.decode() if isinstance(value, bytes) else str(value)


def _phrase_settings(saved: Saved) -> dict[str, Any]:
    connectors = saved.get("connector_words", "common_terms", default=())
    scoring = saved.get("scoring", default="default")
    if isinstance(scoring, SavedFunction):
        scoring = "npmi" if scoring.name == "npmi_scorer" else "default"
    return {
        "min_count": saved.get("min_count", default=5),
        "threshold": saved.get("threshold", default=10.0),
        "delimiter": _text(saved.get("delimiter", default="_")),
        "connector_words": frozenset(map(_text, connectors)),
        "scoring": scoring,
    }


def _phrases(cls: type[Phrases], saved: Saved) -> Phrases:
    more = {"max_vocab_size": saved.get("max_vocab_size", default=40_000_000)}
    model = cls(**_phrase_settings(saved), **more)
    counts = {_text(key): int(count) for key, count in saved.get("vocab", default={}).items()}
    n_tokens = int(saved.get("corpus_word_count", default=0))
    model._counts.add_dict(counts, n_tokens, int(saved.get("min_reduce", default=1)))
    return model


def _frozen(cls: type[FrozenPhrases], saved: Saved) -> FrozenPhrases:
    from wildvec.models.phrases import check_scorer

    settings = _phrase_settings(saved)
    grams = {}
    for key, value in saved.get("phrasegrams", default={}).items():
        phrase = settings["delimiter"].join(map(_text, key)) if isinstance(key, tuple) else _text(key)
        grams[phrase] = float(value[1] if isinstance(value, tuple) else value)
    model = cls.__new__(cls)
    model.__setstate__({**settings, "scoring": check_scorer(settings["scoring"]), "phrasegrams": grams})
    return model
