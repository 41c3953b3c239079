"""The texts of `autotune`. In: files, or texts with labels. Out: features for training, and measures of a model."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from wildvec.base.ragged import Ragged
from wildvec.models.autotune_metric import Metric
from wildvec.models.bag_feed import BagFeed
from wildvec.models.label_lists import encode_with_known, lists_of_labels
from wildvec.models.text_classifier import TextClassifier
from wildvec.text import labelled
from wildvec.text.files import Paths
from wildvec.text.vocab import Vocab

FEATURES_KEPT = 4  # kinds of features


@dataclass(frozen=True)
class Features:
    """The features of the texts for training, and what a model learns from their reading."""

    feed: BagFeed
    vocab: Vocab
    labels: list[Any]
    label_counts: list[int]
    used_buckets: NDArray[np.int32]


class Data:
    """Texts for training and for validation: each is a path as for `fit_file`, or a pair of texts and labels.

    reader: A model whose settings say how to read files.
    """

    def __init__(self, train: Any, validation: Any, reader: TextClassifier) -> None:
        texts, labels = read_pair(train, "train")
        if labels is None:
            self.lines, self.labels = reader._read(texts), None
        else:
            self.lines = labelled.lines_of_texts(texts, reader.workers)
            self.labels = lists_of_labels(labels, len(self.lines))
        texts, labels = read_pair(validation, "validation")
        wanted: Sequence[Any]
        if labels is None:
            texts, wanted = labelled.split_labels(Paths(texts), reader.label_prefix, reader.errors)
        else:
            wanted = lists_of_labels(labels, len(texts))
        chosen = [i for i, known in enumerate(wanted) if known]
        if not chosen:
            raise ValueError("no validation text has a label; give texts with labels")
        self.blocks = [data for data, _ in labelled.blocks_of_texts([texts[i] for i in chosen])]
        self.wanted: list[Sequence[Any]] = [sorted(set(wanted[i]), key=str) for i in chosen]
        self.features: dict[tuple[Any, ...], Features] = {}
        self.true: tuple[list[Any], Ragged] | None = None

    def features_for(self, model: TextClassifier) -> Features:
        """Give a new model its words, labels and matrices; return the features. Those of recent kinds are kept."""
        names = ("word_ngrams", "min_n", "max_n", "bucket", "min_count", "min_count_label", "binary")
        kind = tuple(getattr(model, name) for name in names)
        found = self.features.pop(kind, None)
        if found is None:
            feed = model._prepare(self.lines, self.labels)
            found = Features(feed, model.vocab, model.labels, model.label_counts, model._used_buckets)
        else:
            model._set_parts(found.vocab, list(found.labels), list(found.label_counts), found.used_buckets)
            model._begin_with(model._pretrained_vectors())
        self.features[kind] = found
        if len(self.features) > FEATURES_KEPT:
            del self.features[next(iter(self.features))]
        return found

    def measure(self, model: TextClassifier, metric: Metric) -> float:
        """Return a measure of the predictions for the validation texts."""
        scores = list(labelled.in_parallel([model._predictor().probabilities] * model.workers, self.blocks))
        if self.true is None:
            self.true = encode_with_known(self.wanted, model.labels)
        labels, true = self.true
        return metric.for_labels(model.labels, model.label_prefix).measure(
            np.concatenate(scores), labels, true
        )


def texts_of(texts: Any) -> list[Any]:
    """Return texts as a list; a column of a table by position, not by its index."""
    labelled.check_texts(texts)
    return list(texts)


def read_pair(data: Any, name: str) -> tuple[Any, Any]:
    """Return (path, None) of a path, (texts, labels) of a pair; TypeError for anything else."""
    if isinstance(data, (str, os.PathLike, Paths)):
        return data, None
    if isinstance(data, tuple) and len(data) == 2:
        return texts_of(data[0]), data[1]
    raise TypeError(f"{name}: give the path of a file with labels, or a pair (texts, labels)")
