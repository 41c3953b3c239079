"""Classes that wildvec does not have: stand-ins that raise when they are used."""

from __future__ import annotations

from importlib import import_module
from typing import Any, NoReturn


def find(module: str, name: str) -> Any:
    """Return an attribute of a module of wildvec, or a stand-in if it does not exist."""
    try:
        return getattr(import_module(module), name)
    except (ImportError, AttributeError):
        return stand_in(name)


def stand_in(name: str) -> Any:
    """Return a class whose constructor and class methods raise NotImplementedError.

    >>> stand_in("LdaModel")()
    Traceback (most recent call last):
    NotImplementedError: wildvec has no LdaModel
    """

    def refuse(*args: object, **kwargs: object) -> NoReturn:
        raise NotImplementedError(f"wildvec has no {name}")

    return type(name, (), {"__module__": __name__, "__init__": refuse, "load": classmethod(refuse)})
