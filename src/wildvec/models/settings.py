"""Settings of a model: each is declared once and checked wherever its value comes from.

In: values from a constructor, an assignment, a file or the command line. Out: checked values.
"""

from __future__ import annotations

import copy
import os
from collections.abc import Callable, Collection, Mapping
from typing import Any, ClassVar, Generic, Self, TypeVar, overload

from wildvec.base.checks import Check, checked, choice
from wildvec.base.threads import WORKERS, default_workers

T = TypeVar("T")


def number_from_text(text: str) -> float:
    """Return the int or float that `text` stands for; ValueError if it is no number.

    >>> number_from_text("5"), number_from_text("1e-3")
    (5, 0.001)
    """
    for kind in (int, float):
        try:
            return kind(text)
        except ValueError:
            pass
    raise ValueError("give a number")


class Setting(Generic[T]):
    """A setting of a model class: a descriptor that checks each value that is assigned to it.

    Args:
        default: The value that the constructor uses if none is given.
        check: Returns the value with its proper type, or raises TypeError or ValueError with the remedy.
        help: What the setting means, for the command line.
        stored: Whether files of the model contain it. Paths and functions are not stored.
        changeable: Whether a resumed training may use another value than it began with.
        fixed: Whether the value can no longer change when the model has a vocabulary.
        from_text: Converts the text of a command-line option to a value for `check`.
        choices: The allowed values, if these are few.
        metavar: Name of the value in the help of the command line; "N" is a count, "X" a number.

    >>> class Model:
    ...     epochs = Setting(5, choice(1, 5), "passes over the data")
    >>> model = Model()
    >>> model.epochs = 1
    >>> model.epochs, Model.epochs.default
    (1, 5)
    >>> model.epochs = 3
    Traceback (most recent call last):
    ValueError: epochs=3: give 1 or 5
    """

    def __init__(
        self,
        default: T | None,
        check: Check,
        help: str,
        *,
        stored: bool = True,
        changeable: bool = False,
        fixed: bool = False,
        from_text: Callable[[str], Any] = number_from_text,
        choices: tuple[Any, ...] = (),
        metavar: str = "N",
    ) -> None:
        self.name = ""
        self.default = default
        self.check = check
        self.help = help
        self.stored = stored
        self.changeable = changeable
        self.fixed = fixed
        self.from_text = from_text
        self.choices = choices
        self.metavar = metavar

    def __set_name__(self, owner: type, name: str) -> None:
        self.name = name

    @overload
    def __get__(self, model: None, owner: type) -> Setting[T]: ...
    @overload
    def __get__(self, model: object, owner: type) -> T: ...
    def __get__(self, model: object | None, owner: type) -> Setting[T] | T:
        if model is None:
            return self
        value: T = vars(model)[self.name]
        return value

    def __set__(self, model: object, value: T | None) -> None:
        new, values = self.checked(value), vars(model)
        if self.fixed and values.get("vocab") and new != values[self.name]:
            raise ValueError(
                f"{self.name}={value!r}: the model has a vocabulary and {self.name}={values[self.name]!r}, which "
                "cannot change any more; create another model"
            )
        values[self.name] = new

    def __call__(self, value: Any) -> T:
        """Return the checked value; errors do not name the setting."""
        result: T = self.check(value)
        return result

    def checked(self, value: Any) -> T:
        """Return the checked value; errors name the setting and the value."""
        result: T = checked(self.name, value, self.check)
        return result

    def parse(self, text: str) -> T:
        """Return the checked value of a command-line option; errors do not name the setting.

        >>> Setting(5, choice(1, 5), "passes over the data").parse("1")
        1
        """
        return self(self.from_text(text))

    def with_default(self, default: T) -> Self:
        """Return a copy with another default, for a model class that inherits the setting."""
        other = copy.copy(self)
        other.default = default
        return other


def one_of(default: T, *choices: T, help: str) -> Setting[T]:
    """Return a setting with a few allowed values, of which `default` is the first."""
    values = (default, *choices)
    from_text: Callable[[str], Any] = str if isinstance(default, str) else number_from_text
    return Setting(default, choice(*values), help, from_text=from_text, choices=values)


def switch(default: bool, help: str, *, fixed: bool = False) -> Setting[bool]:
    """Return a setting that is True or False; other values than these, 1 and 0 are refused."""
    return Setting(default, choice(True, False), help, choices=(True, False), fixed=fixed)


def worker_count(value: Any) -> int:
    """Return the number of workers: `value`, or the CPUs that this process may use for None."""
    number: int | None = WORKERS(value)
    return default_workers() if number is None else number


def path_of_folder(what: str) -> Check:
    """Return a check for the path of a folder or None. what: the purpose of the folder, for the error."""

    def check(value: Any) -> str | os.PathLike[str] | None:
        if value is None:
            return None
        if not isinstance(value, (str, os.PathLike)) or not os.fspath(value):
            raise TypeError(f"give the path of a folder for {what}")
        return value

    return check


def function_or_none(value: Any) -> Callable[..., Any] | None:
    """Return a function or None; TypeError for anything else."""
    if value is not None and not callable(value):
        raise TypeError("give a function, or None")
    function: Callable[..., Any] | None = value
    return function


class HasSettings:
    """An object whose class declares settings."""

    SETTINGS: ClassVar[Mapping[str, Setting[Any]]] = {}  # all settings by name, those of base classes first

    def __init_subclass__(cls, **options: Any) -> None:
        super().__init_subclass__(**options)
        names = {
            name: None
            for base in reversed(cls.__mro__)
            for name, value in vars(base).items()
            if isinstance(value, Setting)
        }
        # A subclass may replace a setting by a property.
        found = {name: getattr(cls, name) for name in names}
        cls.SETTINGS = {name: value for name, value in found.items() if isinstance(value, Setting)}

    def _set_settings(self, given: Mapping[str, Any]) -> None:
        """Set all settings, by default to their default values, and check them together."""
        for name, setting in self.SETTINGS.items():
            setattr(self, name, given.get(name, setting.default))
        self._check_together()

    def _check_together(self) -> None:
        """Raise ValueError if settings contradict each other."""

    def _settings_text(self) -> str:
        """Return the class with the settings that are not the default ones."""
        changed = [
            f"{name}={value!r}"
            for name, value in self.get_params().items()
            if name != "workers" and value is not self.SETTINGS[name].default
            if not isinstance(value, (str, int, float)) or value != self.SETTINGS[name].default
        ]
        return f"{type(self).__name__}({', '.join(['not fitted', *changed])})"

    def get_params(self, deep: bool = True) -> dict[str, Any]:
        """Return the value of each setting by name, as scikit-learn's estimators do. deep: has no effect."""
        return {name: getattr(self, name) for name in self.SETTINGS}

    def set_params(self, **params: Any) -> Self:
        """Change settings, as scikit-learn's estimators do. If one value is refused, nothing changes.

        Raises:
            ValueError: There is no such setting, a value is out of range, or values contradict each other.
            TypeError: A value has the wrong type.
        """
        if unknown := params.keys() - self.SETTINGS.keys():
            raise ValueError(f"no setting {min(unknown)!r}; the settings are {', '.join(self.SETTINGS)}")
        before = self.get_params()
        try:
            for name, value in params.items():
                setattr(self, name, value)
            self._check_together()
        except (TypeError, ValueError):
            vars(self).update(before)
            raise
        return self

    def _check_same_settings(self, settings: Mapping[str, Any], fixed: Collection[str] = ()) -> None:
        """Apply settings that were given to `resume`; those that must not change are compared.

        fixed: Names of changeable settings that must not change now.

        Raises:
            TypeError: There is no such setting.
            ValueError: The training began with another value.
        """
        for name, value in settings.items():
            if name not in self.SETTINGS or name == "checkpoint":
                raise TypeError(f"{name}={value!r}: there is no such setting for a resumed training")
            setting = self.SETTINGS[name]
            if name == "workers" and value is None:
                continue
            if setting.changeable and name not in fixed:
                setattr(self, name, value)
            elif setting.checked(value) != getattr(self, name):
                raise ValueError(
                    f"{name}={value!r}, but the training began with {getattr(self, name)!r}, which cannot change; "
                    "leave it out, or begin another training in another folder"
                )
