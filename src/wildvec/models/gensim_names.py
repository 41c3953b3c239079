"""Names of gensim and fastText that users type from habit: ignored where harmless, else an error with a remedy."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from difflib import get_close_matches
from typing import Any

# Arguments whose absence changes no result.
IGNORED = frozenset(
    {
        *("batch_words", "comment", "compute_loss", "hashfxn", "keep_raw_vocab"),
        *("progress_per", "queue_factor", "report_delay", "total_examples", "total_words", "word_count"),
    }
)
RENAMED = {
    "dim": "vector_size",
    "epoch": "epochs",
    "learning_rate": "alpha",
    "lr": "alpha",
    "maxn": "max_n",
    "minCount": "min_count",
    "minCountLabel": "min_count_label",
    "minn": "min_n",
    "neg": "negative",
    "pretrainedVectors": "pretrained",
    "thread": "workers",
    "wordNgrams": "word_ngrams",
    "ws": "window",
    "iter": "epochs",
    "docvecs": "dv",
    "index2entity": "wv.index_to_key",
    "index2word": "wv.index_to_key",
    "layer1_size": "vector_size",
    "size": "vector_size",
    "syn0": "wv.vectors",
    **{
        name: f"wv.{name}"
        for name in (
            *("distance", "doesnt_match", "evaluate_word_analogies", "evaluate_word_pairs"),
            *("most_similar", "most_similar_cosmul", "n_similarity", "similar_by_vector", "similar_by_word"),
            *("similarity", "save_word2vec_format", "load_word2vec_format"),
        )
    },
}
# Attributes of gensim's models that it does not document.
INTERNALS = frozenset(
    {
        *(
            "cum_table",
            "lifecycle_events",
            "min_alpha_yet_reached",
            "random",
            "raw_vocab",
            "running_training_loss",
        ),
        *("syn1", "syn1neg", "total_train_time", "train_count"),
    }
)
# Arguments that would change the result: the remedy, and the value that means "not used".
REFUSED: dict[str, tuple[Any, str]] = {
    "null_word": (0, "leave it out; no model needs a null word here"),
}


def check_arguments(given: Mapping[str, Any], known: Iterable[str] = ()) -> None:
    """Accept arguments of gensim that change nothing.

    known: Names of settings, of which an error suggests the nearest one.

    Raises:
        TypeError: An argument has another name now, or there is none of this name.
        ValueError: An argument of gensim that is not supported.

    >>> check_arguments({"compute_loss": True})
    >>> check_arguments({"size": 50})
    Traceback (most recent call last):
    TypeError: size=50: the name of this argument is vector_size
    """
    for name, value in given.items():
        if name in REFUSED:
            unused, remedy = REFUSED[name]
            if value != unused:
                raise ValueError(f"{name}={value!r} is not supported: {remedy}")
        elif name in RENAMED and "." not in RENAMED[name] and (not known or RENAMED[name] in known):
            raise TypeError(f"{name}={value!r}: the name of this argument is {RENAMED[name]}")
        elif name not in IGNORED:
            near = get_close_matches(name.lower(), list(known), n=1)
            hint = f"; did you mean {near[0]}?" if near else ""
            raise TypeError(f"{name}={value!r}: there is no argument of this name{hint}")


def missing_attribute(model: object, name: str) -> AttributeError:
    """Return the error for an attribute that a model does not have.

    >>> str(missing_attribute(5, "syn0"))
    "'int' object has no attribute 'syn0'; use wv.vectors"
    """
    remedy = f"; use {RENAMED[name]}" if name in RENAMED else ""
    if name in INTERNALS:
        remedy = "; it is an internal of gensim, which the classes of wildvec.compat.gensim have"
    return AttributeError(
        f"{type(model).__name__!r} object has no attribute {name!r}{remedy}", name=name, obj=model
    )
