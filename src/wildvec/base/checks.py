"""Whether the value of a setting makes sense: checks that say what to give instead."""

from __future__ import annotations

import operator
from collections.abc import Callable
from typing import Any

Check = Callable[[Any], Any]  # the value as its type should be; TypeError or ValueError with the remedy


def checked(name: str, value: Any, check: Check) -> Any:
    """The value as `check` returns it; what it refuses is named.

    >>> checked("epochs", 5, whole(1))
    5
    >>> checked("epochs", 0, whole(1))
    Traceback (most recent call last):
    ValueError: epochs=0: give a whole number from 1 up
    """
    try:
        return check(value)
    except (TypeError, ValueError) as error:
        raise type(error)(f"{name}={value!r}: {error}") from None


def whole(low: int | None = None, high: int | None = None, *, none: str = "") -> Check:
    """A whole number in low … high, never one that had to be cut; `none`: what None means, if it is allowed."""
    remedy = f"give a whole number{_span(low, high)}{_or_none(none)}"

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
    """A number in low … high; `none`: what None means, if it is allowed."""
    remedy = f"give a number{_span(low, high)}{_or_none(none)}"

    def check(value: Any) -> float | None:
        if value is None and none:
            return None
        if isinstance(value, (str, bytes)) or not hasattr(value, "__float__"):
            raise TypeError(remedy)
        if not low <= value <= high:  # NaN, too
            raise ValueError(remedy)
        return float(value)

    return check


def choice(*choices: Any) -> Check:
    """One of a few values, as it stands among them: True is 1."""
    remedy = "give " + " or ".join(map(repr, choices))

    def check(value: Any) -> Any:
        if value not in choices:
            raise ValueError(remedy)
        return choices[choices.index(value)]

    return check


def _span(low: float | None, high: float | None) -> str:
    if low is None:
        return ""
    return f" from {low:,} up" if high is None else f" from {low:,} to {high:,}"


def _or_none(meaning: str) -> str:
    return f", or None for {meaning}" if meaning else ""
