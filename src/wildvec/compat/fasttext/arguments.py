"""The arguments of fastText's training functions. In: a user's arguments. Out: checked values by fastText's names."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from types import SimpleNamespace
from typing import Any

from wildvec.base.checks import checked, choice, number, whole

LOSSES = ("softmax", "ns", "hs", "ova")
MODELS = ("supervised", "skipgram", "cbow")

unsupervised_default: dict[str, Any] = {
    "model": "skipgram",
    "lr": 0.05,
    "dim": 100,
    "ws": 5,
    "epoch": 5,
    "minCount": 5,
    "minCountLabel": 0,
    "minn": 3,
    "maxn": 6,
    "neg": 5,
    "wordNgrams": 1,
    "loss": "ns",
    "bucket": 2_000_000,
    "thread": None,
    "lrUpdateRate": 100,
    "t": 1e-4,
    "label": "__label__",
    "verbose": 2,
    "pretrainedVectors": "",
    "seed": 0,
    "autotuneValidationFile": "",
    "autotuneMetric": "f1",
    "autotunePredictions": 1,
    "autotuneDuration": 300,
    "autotuneModelSize": "",
}
supervised_default: dict[str, Any] = {
    **unsupervised_default,
    "model": "supervised",
    "lr": 0.1,
    "minCount": 1,
    "minn": 0,
    "maxn": 0,
    "loss": "softmax",
}
# In the order of positional arguments.
SUPERVISED = ("input", "lr", *(name for name in unsupervised_default if name not in ("model", "lr")))
UNSUPERVISED = (
    *("input", "model"),
    *(name for name in unsupervised_default if name not in ("model", "seed") and "autotune" not in name),
)
ALIASES = {
    "min_count": "minCount",
    "word_ngrams": "wordNgrams",
    "lr_update_rate": "lrUpdateRate",
    "label_prefix": "label",
    "pretrained_vectors": "pretrainedVectors",
}
CHECKS = {
    "lr": number(0, 1e6),
    "dim": whole(1),
    "ws": whole(0),
    "epoch": whole(0),
    "minCount": whole(0),
    "minCountLabel": whole(0),
    "minn": whole(0),
    "maxn": whole(0),
    "neg": whole(1),
    "wordNgrams": whole(1),
    "loss": choice(*LOSSES),
    "model": choice(*MODELS),
    "bucket": whole(0),
    "thread": whole(1, none="all CPUs"),
    "t": number(0, 1),
    "seed": whole(),
    "autotunePredictions": whole(1),
    "autotuneDuration": number(0, 1e9),
}


class Args(SimpleNamespace):
    """All arguments of a training as attributes, by fastText's names."""


def read_arguments(
    names: Sequence[str], defaults: Mapping[str, Any], given: Sequence[Any], named: Mapping[str, Any]
) -> tuple[Args, set[str]]:
    """Return all arguments of a call, and the names of those that were given.

    Raises:
        TypeError: An argument is unknown, given twice, or of a wrong type.
        ValueError: It is out of range.
    """
    if len(given) > len(names):
        raise TypeError(f"{len(given)} arguments by position; there are {len(names)}")
    values = dict(zip(names, given, strict=False))
    for name, value in named.items():
        name = ALIASES.get(name, name)
        if name not in names:
            raise TypeError(f"unexpected keyword argument '{name}'")
        if name in values:
            raise TypeError(f"multiple values for argument '{name}'")
        values[name] = value
    if "input" not in values:
        raise TypeError("missing the argument 'input', the path of the training text")
    chosen = {**defaults, **values}
    checks = CHECKS
    if names is UNSUPERVISED and chosen["model"] != "supervised":  # for which there is another function
        checks = CHECKS | {"model": choice("skipgram", "cbow")}
    for name, check in checks.items():
        chosen[name] = checked(name, chosen[name], check)
    args = Args(**chosen)
    _check_together(args, values)
    return args, set(values)


def _check_together(args: Args, given: Mapping[str, Any]) -> None:
    """Set the bucket to 0 where nothing is hashed. ValueError: n-grams need buckets."""
    uses_buckets = args.wordNgrams > 1 or args.maxn > 0
    if args.autotuneValidationFile and given.get("bucket"):
        return  # trials of autotune may use n-grams
    if not uses_buckets:
        args.bucket = 0
    elif not args.bucket and not args.autotuneValidationFile:
        raise ValueError(
            f"bucket=0, but wordNgrams={args.wordNgrams} and maxn={args.maxn} need buckets for n-grams; raise bucket"
        )
