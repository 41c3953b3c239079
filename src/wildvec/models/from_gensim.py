"""Models that gensim saved. In: its files, of any version. Out: our models, which can be trained further."""

from __future__ import annotations

import logging
import os
from collections.abc import Mapping
from pickle import UnpicklingError
from typing import TYPE_CHECKING, Any, TypeVar, cast

import numpy as np
from numpy.typing import NDArray

from wildvec.base.keys import Key
from wildvec.io.gensim_pickle import Saved, SavedFunction, read_gensim
from wildvec.io.native import WrongClassError
from wildvec.text.tags import TagTable
from wildvec.text.vocab import Vocab
from wildvec.training import matrices
from wildvec.training.huffman import join_paths
from wildvec.vectors.gensim_vectors import buckets_of, counts_of, flatten, keys_of, rows_of

if TYPE_CHECKING:
    from wildvec.models.phrases import FrozenPhrases, Phrases
    from wildvec.models.word2vec import Word2Vec

logger = logging.getLogger(__name__)

W = TypeVar("W", bound="Word2Vec")
Path = str | os.PathLike[str]

# Our settings, and the attributes of gensim's versions that hold them.
SETTINGS: Mapping[str, tuple[str, ...]] = {
    **{
        name: (name,)
        for name in ("alpha", "window", "min_count", "max_vocab_size", "sample", "seed", "min_alpha")
    },
    **{name: (name,) for name in ("sg", "hs", "negative", "ns_exponent", "cbow_mean", "sorted_vocab")},
    **{name: (name,) for name in ("max_final_vocab", "shrink_windows")},
    "vector_size": ("vector_size", "layer1_size"),
    "epochs": ("epochs", "iter"),
}


# -- models --------------------------------------------------------------------------------------------------


def load_model(path: Path, cls: type[W], mmap: Any = None) -> W:
    """Read a model that gensim saved. WrongClassError: it is of another class."""
    name, state = read_gensim(path, mmap)
    convert: Any = {"Word2Vec": convert_model, "FastText": convert_fasttext, "Doc2Vec": convert_doc2vec}.get(
        name
    )
    if name != cls.NAME or convert is None:
        raise WrongClassError(
            f"{os.fspath(path)} holds a {name} of gensim, not a {cls.NAME}; load it with {name}.load"
        )
    saved = flatten(state)
    model: W = convert(path, cls, saved, saved_vectors(saved))
    model.corpus_count = int(saved.get("corpus_count", default=0))
    model.corpus_total_words = int(saved.get("corpus_total_words", default=0))
    model.epochs_trained = model.epochs * int(saved.get("train_count", default=1))
    return model


def saved_vectors(saved: Saved) -> Saved:
    """Return the object that holds the vectors of words; in old versions the model itself."""
    wv = saved.get("wv", default=saved)
    return cast(Saved, wv if wv.get("vectors", "syn0", "vectors_vocab") is not None else saved)


def vocab_of(wv: Saved) -> Vocab:
    """Return the words and their counts; 1 where the count is unknown."""
    keys = keys_of(wv)
    counts = counts_of(wv, keys)
    return Vocab(keys, np.ones(len(keys), np.int64) if counts is None else np.maximum(counts, 1))


def convert_model(path: Path, cls: type[W], saved: Saved, wv: Saved) -> W:
    """Return a Word2Vec with the vectors, output rows and settings of a saved one."""
    model, vocab = cls(**settings_of(saved)), vocab_of(wv)
    if len(vocab):
        rows = rows_of(path, wv, vocab.keys, "vectors", "syn0")
        model.vector_size = rows.shape[1]
        model._set_vocab(vocab)
        set_words(model, path, saved, wv, rows)
    return model


def set_words(model: Word2Vec, path: Path, saved: Saved, wv: Saved, rows: NDArray[Any]) -> None:
    """Copy the vectors of words, their factors and the output rows."""
    model.wv.vectors[: len(rows)] = rows
    set_output(model, path, saved, wv)
    factors = wv.get("vectors_lockf", default=saved.get("vectors_lockf"))
    if isinstance(factors, np.ndarray) and len(factors) in (1, len(rows)):
        model.wv.vectors_lockf = factors.astype(np.float32)


def convert_fasttext(path: Path, cls: Any, saved: Saved, wv: Saved) -> Any:
    """Return a FastText with the rows of words and buckets, output rows and settings of a saved one."""
    rules = {name: wv.get(name, default=saved.get(name)) for name in ("min_n", "max_n", "bucket")}
    given = {name: int(value) for name, value in rules.items() if value is not None}
    model, vocab = cls(**settings_of(saved), **given), vocab_of(wv)
    if not len(vocab):
        return model
    if wv.get("vectors_vocab", "syn0_vocab") is None:
        raise UnpicklingError(
            f"{os.fspath(path)}: this FastText of gensim before 3.0 has no rows of words to train further; its "
            "vectors can be read with KeyedVectors.load"
        )
    words = rows_of(path, wv, vocab.keys, "vectors_vocab", "syn0_vocab")
    ngrams = buckets_of(path, wv, model.bucket, words.shape[1])
    model.vector_size = words.shape[1]
    model._set_vocab(vocab)
    _set_rows(model, np.concatenate([words, ngrams]))
    set_output(model, path, saved, wv)
    return model


def _set_rows(model: Any, rows: NDArray[Any]) -> None:
    """Set the rows of words and of all buckets of a FastText."""
    model._has_all_buckets = True
    model._index = model._index_of(model.vocab)
    spec, *_ = model._matrix_specs(len(model.vocab))
    model._set_matrices(
        model.vocab, model._matrices | {spec.name: matrices.from_views(spec, {spec.name: rows})}
    )


def convert_doc2vec(path: Path, cls: Any, saved: Saved, wv: Saved) -> Any:
    """Return a Doc2Vec with the vectors of words and documents, output rows and settings of a saved one."""
    settings = settings_of(saved)
    is_dm = not settings.pop("sg", 0)
    more = {name: saved.get(name) for name in ("dm_concat", "dm_tag_count", "dbow_words")}
    given = {name: int(value) for name, value in more.items() if value is not None}
    model = cls(dm=int(is_dm), dm_mean=settings.pop("cbow_mean", 1), **settings, **given)
    vocab = vocab_of(wv)
    documents = cast(Saved, saved.get("dv", "docvecs", default=Saved()))
    rows = rows_of(path, wv, vocab.keys, "vectors", "syn0")
    model.vector_size = rows.shape[1]
    keys, vectors, counts = documents_of(documents)
    model._tags = TagTable(keys, counts["doc_count"], counts["word_count"])
    model._set_vocab(vocab)
    set_words(model, path, saved, wv, rows)
    model.dv.vectors[...] = vectors
    return model


def documents_of(saved: Saved) -> tuple[list[Key], NDArray[Any], dict[str, NDArray[np.int64]]]:
    """Return the tags of documents, their vectors, and the counts of documents and words of each tag."""
    vectors = saved.get("vectors_docs", "doctag_syn0", "vectors")
    if not isinstance(vectors, np.ndarray):
        raise UnpicklingError("the model has no vectors of documents")
    keys: list[Key] = list(range(len(vectors)))
    doctags = saved.get("doctags", default={})
    expandos = saved.get("expandos", default={})
    counts = {name: np.ones(len(vectors), np.int64) for name in ("doc_count", "word_count")}
    for name in counts:
        if name in expandos and len(expandos[name]) == len(vectors):
            counts[name] = np.asarray(expandos[name]).astype(np.int64)
    if saved.get("index_to_key"):
        return keys_of(saved), vectors, counts
    first = int(saved.get("max_rawint", default=-1)) + 1  # rows of str tags follow those of int tags
    for tag, entry in doctags.items():
        offset, words, documents = entry.saved_args if hasattr(entry, "saved_args") else _doctag(entry)
        row = int(offset) + first
        keys[row] = tag
        counts["word_count"][row], counts["doc_count"][row] = words, documents
    return keys, vectors, counts


def _doctag(entry: Saved) -> tuple[int, int, int]:
    return (
        entry.get("offset", "index", default=0),
        entry.get("word_count", default=1),
        entry.get("doc_count", default=1),
    )


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
        if name == "node_rows":
            set_tree(model.vocab, wv)
            rows = rows[:n][::-1]  # gensim numbers the root last
        matrix[:n, :dim] = rows[:n, :dim]


def set_tree(vocab: Vocab, wv: Saved) -> None:
    """Give a vocabulary the Huffman tree of the saved model: gensim joins equal counts in another order."""
    entries, expandos = wv.get("vocab", default={}), wv.get("expandos", default={})
    if "point" in expandos and "code" in expandos:
        points, codes = expandos["point"], expandos["code"]
    else:
        points, codes = (
            [getattr(entries.get(key), name, ()) for key in vocab.keys] for name in ("point", "code")
        )
    root = len(vocab) - 2
    try:
        vocab.tree = join_paths([root - np.asarray(path, np.int64) for path in points], codes)
    except ValueError as error:
        raise UnpicklingError(f"the paths of words are damaged: {error}") from error


# -- phrases -------------------------------------------------------------------------------------------------


def load_phrases(path: Path, cls: Any) -> Any:
    """Read Phrases or FrozenPhrases that gensim saved."""
    from wildvec.models.phrases import Phrases

    name, state = read_gensim(path)
    is_phrases = issubclass(cls, Phrases)
    if name not in (("Phrases",) if is_phrases else ("FrozenPhrases", "Phraser")):
        remedies = {"Phrases": "Phrases.load(path).freeze()", "Phraser": "FrozenPhrases.load"}
        remedy = remedies.get(name, f"{name}.load")
        raise WrongClassError(
            f"{os.fspath(path)} holds a {name} of gensim, not a {cls.__name__}; load it with {remedy}"
        )
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
