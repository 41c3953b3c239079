"""Checks of settings. In: the value from the user. Out: the value in its proper type, or an error with a remedy."""

from __future__ import annotations

import operator
import re
from collections.abc import Callable
from typing import Any

MAX_SHOWN = 200  # characters of a value in messages

Check = Callable[
    [Any], Any
]  # returns the value in its proper type; raises TypeError or ValueError with the remedy


def checked(name: str, value: Any, check: Check) -> Any:
    """Return `check(value)`; an error names the setting and the value.

    >>> checked("epochs", 5, whole(1))
    5
    >>> checked("epochs", 0, whole(1))
    Traceback (most recent call last):
    ValueError: epochs=0: give a whole number from 1 up
    """
    try:
        return check(value)
    except (TypeError, ValueError) as error:
        raise type(error)(f"{name}={short(value)}: {error}") from None


def short(value: Any) -> str:
    """Return a value for messages; of arrays the type and the shape, of long texts the beginning."""
    shape = getattr(value, "shape", ())
    if shape:
        return f"<{type(value).__name__} of shape {tuple(shape)}>"
    text = repr(value)
    return text if len(text) <= MAX_SHOWN else f"{text[:MAX_SHOWN]}…"


def whole(low: int | None = None, high: int | None = None, *, none: str = "") -> Check:
    """Return a check for whole numbers from `low` to `high`; a fraction is refused, not rounded.

    none: the meaning of None, for the error message. With the default "", None is refused.
    """
    remedy = f"give a whole number{_range_text(low, high)}{_none_text(none)}"

    def check(value: Any) -> int | None:
        if value is None and none:
            return None
        try:
            number = operator.index(value)
        except TypeError:
            raise TypeError(remedy) from None
        if (low is not None and number < low) or (high is not None and number > high):
            raise ValueError(remedy)
        return number

    return check


def number(low: float, high: float, *, none: str = "") -> Check:
    """Return a check for numbers from `low` to `high`; NaN is refused. none: as for `whole`."""
    remedy = f"give a number{_range_text(low, high)}{_none_text(none)}"

    def check(value: Any) -> float | None:
        if value is None and none:
            return None
        if isinstance(value, (str, bytes)) or not hasattr(value, "__float__"):
            raise TypeError(remedy)
        try:
            number = float(value)
        except (TypeError, OverflowError):  # an array; an integer beyond float64
            raise TypeError(remedy) from None
        if not low <= number <= high:  # true for NaN
            raise ValueError(remedy)
        return number

    return check


def choice(*choices: Any) -> Check:
    """Return a check for one of a few values. It returns the value from `choices`, for example 1 for True.

    >>> checked("sg", True, choice(0, 1))
    1
    """
    names = [repr(value) for value in choices]
    remedy = f"give one of {', '.join(names)}" if len(names) > 2 else f"give {' or '.join(names)}"

    def check(value: Any) -> Any:
        try:
            return choices[choices.index(value)]
        except ValueError:
            raise ValueError(remedy) from None

    return check


def _range_text(low: float | None, high: float | None) -> str:
    if low is None:
        return ""
    return (
        f" from {_number_text(low)} up"
        if high is None
        else f" from {_number_text(low)} to {_number_text(high)}"
    )


def _number_text(number: float) -> str:
    """Return the shortest text of a number: 1e9, 10,000, 0.001.

    >>> [_number_text(number) for number in (10**9, 10_000, 2**31 - 1, 0.5, 1e-9, 1e38)]
    ['1e9', '10,000', '2,147,483,647', '0.5', '1e-9', '1e38']
    """
    short = re.sub(r"e\+?(-?)0*", r"e\1", f"{number:g}")
    return short if "e" in short and float(short) == number else f"{number:,}"


def _none_text(meaning: str) -> str:
    return f", or None for {meaning}" if meaning else ""
