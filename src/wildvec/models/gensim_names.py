"""Names of other packages that users type from habit: ignored where harmless, else an error with a remedy.

They are those of gensim, fastText, and packages of graphs and of recommendations.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from difflib import get_close_matches
from typing import Any

from wildvec.base.checks import short

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
# Other names of settings, in packages of graphs and recommendations.
RENAMED_SETTINGS = {
    **dict.fromkeys(
        ("dimensions", "dimension", "embedding_dim", "factors", "n_factors", "no_components"), "vector_size"
    ),
    **dict.fromkeys(("iterations", "n_epochs"), "epochs"),
    **dict.fromkeys(("num_threads", "n_jobs"), "workers"),
    **dict.fromkeys(("regularization", "reg", "user_alpha", "item_alpha"), "l2"),
    **dict.fromkeys(("n_negatives", "num_negatives"), "negative"),
    **dict.fromkeys(("walk_number", "walks_per_node", "n_walks"), "num_walks"),
    "random_state": "seed",
    "context_size": "window",
}
# What stands in place of settings that exist in no form.
NO_SETTING = {
    "quiet": "progress bars appear on a terminal only; leave it out",
    "verify_negative_samples": "a user's own items are never negatives; leave it out",
    "loss": "each loss is a model: BPR, WARP, CCL, BSL",
}
INTERNAL = "wildvec.compat.gensim.install_as_gensim(), which provides gensim's internals"
# Attributes and methods of gensim that are no settings here, and what to use.
FORMER = {
    "accuracy": "wv.evaluate_word_analogies",
    "build_vocab_from_corpus": "build_vocab",
    "delete_temporary_training_data": "no call at all: no temporary data are kept",
    "docvecs": "dv",
    "init_sims": "no call at all: no norms are stored",
    "intersect_word2vec_format": "wv.intersect_word2vec_format",
    "syn0norm": "wv.get_normed_vectors()",
    "vocabulary": "vocab and wv.key_to_index",
    "wmdistance": "wv.wmdistance",
    **dict.fromkeys(
        (
            *("cum_table", "make_cum_table", "raw_vocab", "scan_vocab", "prepare_vocab", "prepare_weights"),
            *("syn1", "syn1neg", "trainables", "create_binary_tree", "init_weights", "update_weights"),
            *("lifecycle_events", "min_alpha_yet_reached", "random", "running_training_loss"),
            *("total_train_time", "train_count"),
        ),
        INTERNAL,
    ),
}
# Attributes of other packages' models of users and items.
OF_ITEM_MODELS = {
    "item_factors": "wv.vectors (the rows of wv.index_to_key)",
    "item_embeddings": "wv.vectors (the rows of wv.index_to_key)",
    "user_factors": "uv.vectors (the rows of uv.index_to_key)",
    "user_embeddings": "uv.vectors (the rows of uv.index_to_key)",
    **dict.fromkeys(
        ("predict", "score"), "recommend(user, among=items), which returns items and their scores"
    ),
}
# Arguments of other packages in methods that have fixed ones.
FORMER_ARGUMENTS = {
    "common_terms": "connector_words",
    "steps": "epochs",
    "filter_already_liked_items": "exclude_seen",
    "num_items": "n",
    "items": "among",
    "N": "n",
    "topn": "n",
    "top_k": "n",
    "k": "n",
}
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
                raise ValueError(f"{name}={short(value)} is not supported: {remedy}")
        elif name in RENAMED and "." not in RENAMED[name] and (not known or RENAMED[name] in known):
            raise TypeError(f"{name}={short(value)}: the name of this argument is {RENAMED[name]}")
        elif RENAMED_SETTINGS.get(name, "") in known:
            raise TypeError(f"{name}={short(value)}: the name of this argument is {RENAMED_SETTINGS[name]}")
        elif name in NO_SETTING:
            raise TypeError(f"{name}={short(value)}: {NO_SETTING[name]}")
        elif name not in IGNORED:
            near = get_close_matches(name.lower(), list(known), n=1)
            hint = f"; did you mean {near[0]}?" if near else ""
            raise TypeError(f"{name}={short(value)}: there is no argument of this name{hint}")


def refuse_unknown(others: Mapping[str, Any]) -> None:
    """Raise TypeError for arguments that a method does not have; the text names today's name of gensim 3's.

    >>> refuse_unknown({"steps": 5})
    Traceback (most recent call last):
    TypeError: steps=5: the name of this argument is epochs
    """
    for name, value in others.items():
        current = FORMER_ARGUMENTS.get(name)
        reason = f"the name of this argument is {current}" if current else "there is no argument of this name"
        raise TypeError(f"{name}={short(value)}: {reason}")


def refuse_settings(model: object, others: Mapping[str, Any]) -> None:
    """Raise TypeError for settings that are given to `fit`.

    >>> refuse_settings("", {"window": 10})
    Traceback (most recent call last):
    TypeError: window=10: fit takes no settings; give them to the constructor, as in str(…, window=10)
    """
    for name, value in others.items():
        raise TypeError(
            f"{name}={short(value)}: fit takes no settings; give them to the constructor, as in "
            f"{type(model).__name__}(…, {name}={short(value)})"
        )


def missing_attribute(model: object, name: str) -> AttributeError:
    """Return the error for an attribute that a model does not have.

    >>> str(missing_attribute(5, "syn0"))
    "'int' object has no attribute 'syn0'; use wv.vectors"
    """
    of_items = OF_ITEM_MODELS.get(name) if hasattr(type(model), "recommend") else None
    current = of_items or RENAMED.get(name) or FORMER.get(name)
    remedy = f"; use {current}" if current else ""
    return AttributeError(
        f"{type(model).__name__!r} object has no attribute {name!r}{remedy}", name=name, obj=model
    )
