"""Predictions of a TextClassifier as fastText makes them. In: texts. Out: label ids, probabilities, measures."""

from __future__ import annotations

import math
import os
from collections.abc import Iterator, Sequence

import numpy as np
from numpy.typing import NDArray

from wildvec.base.checks import checked, number, whole
from wildvec.base.ragged import Ragged
from wildvec.compat.fasttext.subwords import EOS, tokenize
from wildvec.models.label_metrics import LabelMetrics
from wildvec.models.text_classifier import TextClassifier
from wildvec.models.text_encoder import in_blocks
from wildvec.text.files import Paths
from wildvec.text.labelled import split_labels

Floats = NDArray[np.float32]

LABELS = whole(1)  # k
THRESHOLD = number(-math.inf, math.inf)
BLOCK_SCORES = 1 << 22  # probabilities that are computed at once
MAX_SIGMOID, TABLE_SIZE = 8, 512  # of fastText's table of the logistic function
SIGMOID = (1 / (1 + np.exp(-np.linspace(-MAX_SIGMOID, MAX_SIGMOID, TABLE_SIZE + 1)))).astype(np.float32)


def predict(
    model: TextClassifier, texts: Sequence[str], k: int = 1, threshold: float = 0.0
) -> tuple[Ragged, Floats]:
    """Return the label ids of each text, the most probable one first, and their probabilities.

    A text without features has no labels. k: labels per text; -1: all. threshold: least probability.
    """
    if k == -1:
        k = len(model.labels)
    checked("k", k, LABELS)
    threshold = checked("threshold", threshold, THRESHOLD)
    texts = [cut_line(text) for text in texts]
    ids, scores, sizes = [np.empty(0, np.int64)], [np.empty(0, np.float32)], [np.zeros(1, np.int64)]
    for probabilities, has_features in _probabilities(model, texts):
        order = np.argsort(-probabilities, axis=1, kind="stable")[:, :k]
        best = np.take_along_axis(probabilities, order, axis=1)
        kept = (best >= threshold) & has_features[:, None]
        ids.append(order[kept])
        scores.append(best[kept])
        sizes.append(kept.sum(axis=1))
    return Ragged(np.concatenate(ids), np.cumsum(np.concatenate(sizes))), np.concatenate(scores)


def cut_line(text: str) -> str:
    """Return a line up to its first token EOS, at which fastText ends a line."""
    if EOS not in text:
        return text
    tokens = tokenize(text)
    return " ".join(tokens[: tokens.index(EOS)]) if EOS in tokens else text


def _probabilities(model: TextClassifier, texts: Sequence[str]) -> Iterator[tuple[Floats, NDArray[np.bool_]]]:
    """Yield the probabilities of all labels and whether each text has features, for some texts at a time."""
    n_texts = max(1, BLOCK_SCORES // max(1, len(model.labels)))
    for first in range(0, len(texts), n_texts):
        hidden = model.transform(texts[first : first + n_texts])
        has_features = hidden.any(axis=1)
        if model.loss in ("ova", "ns"):
            yield _sigmoid(_scores(hidden, model.output_rows)), has_features
        else:
            found = in_blocks(texts[first : first + n_texts], model._predictor().probabilities, model.workers)
            yield np.concatenate(list(found)), has_features


def _scores(hidden: Floats, rows: Floats) -> Floats:
    """Return all dot products. Unlike those of BLAS, their bits do not depend on the number of texts."""
    return np.asarray(np.einsum("id,jd->ij", hidden, rows))


def _sigmoid(scores: Floats) -> Floats:
    """Return the logistic function as fastText does, from a table: the largest error is 0.008."""
    places = ((scores + MAX_SIGMOID) * (TABLE_SIZE / MAX_SIGMOID / 2)).astype(np.int64)
    values = SIGMOID[np.clip(places, 0, TABLE_SIZE)]
    values[scores < -MAX_SIGMOID] = 0
    values[scores > MAX_SIGMOID] = 1
    return np.asarray(values)


def measure(
    model: TextClassifier, path: str | os.PathLike[str], k: int = 1, threshold: float = 0.0
) -> LabelMetrics:
    """Return the measures of the predictions for a file.

    Lines without a known label or without features do not count.
    """
    lines, found = split_labels(Paths(path), model.label_prefix, model.errors)
    known = {label: i for i, label in enumerate(model.labels)}
    true = [sorted(known[label] for label in of_line if label in known) for of_line in found]
    chosen = [i for i, of_line in enumerate(true) if of_line]
    predicted, scores = predict(model, [lines[i] for i in chosen], k, threshold)
    if threshold <= 0:
        is_counted = np.diff(predicted.offsets) > 0
        predicted = Ragged(predicted.values, np.append(0, predicted.offsets[1:][is_counted]))
        chosen = [i for i, counted in zip(chosen, is_counted.tolist(), strict=True) if counted]
    sizes = [len(true[i]) for i in chosen]
    flat = np.array([label for i in chosen for label in true[i]], np.int64)
    labels = [f"{model.label_prefix}{label}" for label in model.labels]
    return LabelMetrics(
        labels, predicted, scores, Ragged(flat, np.append(0, np.cumsum(sizes, dtype=np.int64)))
    )
