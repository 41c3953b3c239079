"""A class method that cannot be called on an instance."""

from __future__ import annotations

from collections.abc import Callable
from types import MethodType
from typing import Any, NoReturn


class ClassOnlyMethod:
    """A decorator for a class method. Called on an instance, it raises AttributeError: the instance would not change.

    >>> class Model:
    ...     @ClassOnlyMethod
    ...     def load(cls, path):
    ...         return cls()
    >>> Model().load("file")
    Traceback (most recent call last):
    AttributeError: load must be called on the class: Model.load(...)
    """

    def __init__(self, function: Callable[..., Any]) -> None:
        self._function = function
        self.__doc__ = function.__doc__

    def __get__(self, instance: object, owner: type) -> Callable[..., Any]:
        """Return the method of the class, or for an instance a function that raises."""
        if instance is None:
            return MethodType(self._function, owner)
        name = self._function.__name__

        def refuse(*args: object, **kwargs: object) -> NoReturn:
            raise AttributeError(f"{name} must be called on the class: {owner.__name__}.{name}(...)")

        return refuse
