"""fastText's autotune with `TextClassifier.autotune`. In: the arguments of train_supervised. Out: the best model."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from typing import Any

from wildvec.compat.fasttext.arguments import Args
from wildvec.models.text_classifier import TextClassifier

# Arguments that are searched unless they are given, and the settings of TextClassifier.
SEARCHED = {
    "lr": "alpha",
    "dim": "vector_size",
    "epoch": "epochs",
    "wordNgrams": "word_ngrams",
    "minn": "min_n",
    "maxn": "max_n",
    "bucket": "bucket",
}
UNITS = {"": 1, "k": 10**3, "m": 10**6, "g": 10**9}


def tune(args: Args, given: Collection[str], settings: Mapping[str, Any]) -> TextClassifier:
    """Return the best model of a search.

    args: All arguments of train_supervised; those of the best model are set. given: The names of those that the user
        gave, which are not searched. settings: What the arguments mean for a TextClassifier.
    """
    searched = {setting for name, setting in SEARCHED.items() if name not in given}
    if "bucket" in given and not args.bucket:
        searched -= {"word_ngrams", "min_n", "max_n"}  # n-grams need buckets
    model = TextClassifier.autotune(
        args.input,
        args.autotuneValidationFile,
        max(args.autotuneDuration, 1e-3),
        args.autotuneMetric,
        k=args.autotunePredictions,
        max_bytes=bytes_of(args.autotuneModelSize),
        **{name: value for name, value in settings.items() if name not in searched},
    )
    for name, setting in SEARCHED.items():
        setattr(args, name, getattr(model, setting))
    return model


def bytes_of(size: Any) -> int | None:
    """Return the number of bytes that fastText means by a size such as "2M" or "500k"; None for "".

    >>> bytes_of("2M"), bytes_of("1.5k"), bytes_of(1000), bytes_of("")
    (2000000, 1500, 1000, None)
    """
    text = str(size).strip().lower()
    if not text:
        return None
    found = re.fullmatch(r"(\d+(?:\.\d*)?)([kmg]?)", text)
    if found is None or not float(found[1]):
        raise ValueError(f"autotuneModelSize={size!r}: give a number of bytes, such as '2M' or '500k'")
    return int(float(found[1]) * UNITS[found[2]])
