"""A class method that an instance does not have."""

from __future__ import annotations

from typing import Any, NoReturn


class class_only_method(classmethod):  # type: ignore[type-arg]  # noqa: N801
    """A class method; on an instance it raises AttributeError, because it would not change the instance.

    >>> class Model:
    ...     @class_only_method
    ...     def load(cls, path):
    ...         return cls()
    >>> Model().load("file")
    Traceback (most recent call last):
    AttributeError: load must be called on the class: Model.load(...)
    """

    def __get__(self, instance: Any, owner: type | None = None) -> Any:
        """Return the bound method, or for an instance a function that raises."""
        if instance is None:
            return super().__get__(instance, owner)
        name, cls = self.__name__, type(instance).__name__

        def refuse(*args: object, **kwargs: object) -> NoReturn:
            raise AttributeError(f"{name} must be called on the class: {cls}.{name}(...)")

        return refuse
