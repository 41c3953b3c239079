"""The settings of `TextClassifier`, and checks of what its files contain."""

from __future__ import annotations

import os
from typing import Any

from wildvec.base.checks import choice, number, whole
from wildvec.models.classify_objective import LOSSES
from wildvec.models.label_lists import Label
from wildvec.models.settings import Setting, one_of
from wildvec.models.training_settings import TrainingSettings
from wildvec.text.readers import ERRORS
from wildvec.vectors.keyedvectors import KeyedVectors

Pretrained = KeyedVectors | str | os.PathLike[str] | None


def vectors_or_path(value: Any) -> Pretrained:
    """Return KeyedVectors, a path or None; TypeError for anything else."""
    if value is None or isinstance(value, KeyedVectors):
        return value
    if not isinstance(value, (str, os.PathLike)) or not os.fspath(value):
        raise TypeError("give KeyedVectors or the path of a file of vectors, or None")
    return value


def text(value: Any) -> str:
    """Return a str; TypeError for anything else."""
    if not isinstance(value, str):
        raise TypeError("give text")
    return value


def labels(value: Any) -> list[Label]:
    """Return a list of labels from a file; TypeError for anything else."""
    if not isinstance(value, list) or not all(isinstance(label, Label) and label == label for label in value):
        raise TypeError("give a list of labels")
    if len(set(value)) < len(value):
        raise ValueError("a label occurs twice")
    return value


def counts(value: Any) -> list[int]:
    """Return a list of counts from a file; TypeError for anything else."""
    if not isinstance(value, list) or not all(type(n) is int and 0 <= n < 2**63 for n in value):
        raise TypeError("give a list of counts")
    return value


class ClassifierSettings(TrainingSettings):
    """An object with the settings of a classifier."""

    vector_size = TrainingSettings.vector_size.with_default(16)
    alpha = TrainingSettings.alpha.with_default(0.7)
    min_alpha = TrainingSettings.min_alpha.with_default(0.0)
    min_count = Setting(1, whole(0), "leave out words that occur less often", fixed=True)
    min_count_label = Setting(0, whole(0), "leave out labels that occur less often", fixed=True)
    word_ngrams = Setting(1, whole(1, 100), "longest n-gram of words", fixed=True)
    min_n = Setting(0, whole(0, 1_000), "shortest character n-gram", fixed=True)
    max_n = Setting(0, whole(0, 1_000), "longest character n-gram; 0: none", fixed=True)
    bucket = Setting(2_000_000, whole(0, 2**30), "number of different n-grams", fixed=True)
    loss = Setting(
        "softmax",
        choice(*LOSSES),
        "softmax, one-vs-all, hierarchical softmax or negative sampling",
        from_text=str,
        choices=LOSSES,
        fixed=True,
    )
    negative = Setting(5, whole(1, 10_000), "with --loss ns: negatives of each text")
    l2 = Setting(0.008, number(0, 1), "each use of a row makes it smaller by alpha * l2", metavar="X")
    binary = Setting(
        True, choice(True, False), "count each feature once per text", choices=(True, False), fixed=True
    )
    pretrained = Setting[Pretrained](
        None,
        vectors_or_path,
        "file of vectors of words to begin with",
        stored=False,
        changeable=True,
        from_text=str,
        metavar="FILE",
    )
    label_prefix = Setting("__label__", text, "how labels begin", from_text=str, metavar="TEXT")
    errors = one_of(*ERRORS, help="what to do with bytes that are not UTF-8")

    def _check_together(self) -> None:
        super()._check_together()
        if 0 < self.max_n < self.min_n:
            raise ValueError(f"min_n={self.min_n} is larger than max_n={self.max_n}; lower it")
