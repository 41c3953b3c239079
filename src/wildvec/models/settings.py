"""The settings of Word2Vec and what each may be, for the model and for the command line."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

from wildvec.base.checks import Check, checked, choice, number, whole
from wildvec.base.threads import WORKERS
from wildvec.text.readers import ERRORS
from wildvec.training.schedule import Schedule

# The upper bounds keep scratch memory sane and Ctrl-C prompt: a step is no longer than window × negative.
SETTINGS: dict[str, Check] = {
    "vector_size": whole(1, 100_000),
    "alpha": number(0, 1e38),  # float32 holds it
    "min_alpha": number(0, 1e38),
    "window": whole(1, 10_000),
    "min_count": whole(0),
    "max_vocab_size": whole(1, none="no bound"),
    "max_final_vocab": whole(1, none="no bound"),
    "sample": number(0, 2**53),
    "seed": whole(),
    "workers": WORKERS,
    "sg": choice(0, 1),
    "hs": choice(0, 1),
    "negative": whole(0, 10_000),
    "ns_exponent": number(-10, 10),
    "cbow_mean": choice(0, 1),
    "epochs": whole(1, 10**9),
    "sorted_vocab": choice(0, 1),
    "update": choice("block", "pair"),
    "held_out": number(0, 0.5),
    "patience": whole(1, none="all epochs"),
    "max_seconds": number(1e-3, 1e9, none="as long as the epochs take"),
    "checkpoint_minutes": number(0, 1e7, none="none by time"),
    "checkpoint_epochs": whole(1, none="none by epochs"),
    "keep_checkpoints": whole(1),
    "errors": choice(*ERRORS),
    "max_sentence_length": whole(1, 2**31 - 1),
}


SWITCHES = ("shrink_windows", "deterministic", "lowercase")  # True or False


def check_settings(model: Any) -> None:
    """Check each setting of a model, and what they are together; each is then of its proper type."""
    for name, bounds in SETTINGS.items():
        setattr(model, name, checked(name, getattr(model, name), bounds))
    if not model.hs and not model.negative:
        raise ValueError("hs=0 and negative=0 leave nothing to train on; set negative=5 or hs=1")
    if model.patience is not None and not model.held_out:
        raise ValueError(
            f"patience={model.patience}: there is no held-out loss to watch; set held_out=0.01, say "
            "(the training loss falls with the learning rate, whatever is learned)"
        )
    _check_time(model, model.max_seconds)


def _check_time(model: Any, max_seconds: float | None) -> None:
    if model.deterministic and max_seconds is not None:
        raise ValueError(
            f"max_seconds={max_seconds:g} with deterministic: how much is learned by then hangs on the speed; "
            "give epochs instead"
        )


# What may change when a training is resumed; what is not stored must be given again.
CHANGEABLE = ("workers", "checkpoint_minutes", "checkpoint_epochs", "keep_checkpoints")
NOT_STORED = ("tokenizer", "cache_dir")


def give_again(model: Any, settings: Mapping[str, Any]) -> None:
    """Set what may change when a training is resumed, and compare the rest with what it began with.

    TypeError: no such setting. ValueError: it is another than the training began with.
    """
    for name, value in settings.items():
        value = checked(name, value, SETTINGS[name]) if name in SETTINGS else value
        if name not in (*SETTINGS, *SWITCHES, *NOT_STORED):
            raise TypeError(f"{name}={value!r}: there is no such setting")
        if name == "workers" and value is None:
            continue
        if name in (*CHANGEABLE, *NOT_STORED) and not (name == "workers" and model.deterministic):
            setattr(model, name, value)
        elif value != getattr(model, name):
            raise ValueError(
                f"{name}={value!r}, but the training began with {getattr(model, name)!r}: it cannot change on the "
                "way; leave it out, or begin anew in another folder"
            )


def schedule_of(
    model: Any,
    epochs: int | None = None,
    start_alpha: float | None = None,
    end_alpha: float | None = None,
    max_seconds: float | None = None,
) -> Schedule:
    """How long and at what rate a model trains: by what is given, else by its settings."""

    def given(name: str, value: float | None, setting: str) -> Any:
        return getattr(model, setting) if value is None else checked(name, value, SETTINGS[setting])

    seconds = given("max_seconds", max_seconds, "max_seconds")
    _check_time(model, seconds)
    return Schedule(
        given("epochs", epochs, "epochs"),
        given("start_alpha", start_alpha, "alpha"),
        given("end_alpha", end_alpha, "min_alpha"),
        first_epoch=model.epochs_trained,
        max_seconds=seconds or math.inf,
        patience=model.patience,
    )
