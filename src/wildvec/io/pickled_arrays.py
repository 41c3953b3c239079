"""numpy's arrays in pickles of other programs. In: what a pickle calls. Out: arrays; a wrong pickle raises.

numpy's own constructors trust a pickle: the state of a dtype can claim that 8 bytes are no pointer to an object, or
that a field lies outside of an element, and the process then crashes. Here a dtype is made from its name and its byte
order only, and the size of the data is checked.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from pickle import UnpicklingError
from typing import Any, NoReturn

import numpy as np

KINDS = "biufcSUO"  # of dtypes that are accepted: numbers, strings and objects
BYTE_ORDERS = "<>=|"


class PickledFunction:
    """A function that a pickle may call. The pickle cannot set attributes of it."""

    __slots__ = ("_function",)

    def __init__(self, function: Callable[..., Any]) -> None:
        self._function = function

    def __call__(self, *args: Any) -> Any:
        """Call the function."""
        return self._function(*args)

    def __setstate__(self, state: object) -> None:
        raise UnpicklingError("the pickle sets attributes of a function")


class PickledDType:
    """A dtype while a pickle is read."""

    def __init__(self, name: Any, align: bool = False, copy: bool = False) -> None:
        dtype: np.dtype[Any] = np.dtype(name if isinstance(name, str) else "V")
        if dtype.kind not in KINDS:
            raise UnpicklingError(f"the pickle has an array of the type {name!r}, which is not accepted")
        self.__dict__["plain"] = dtype

    def __setstate__(self, state: Any) -> None:
        order = state[1] if isinstance(state, tuple) and len(state) > 1 else None
        if not isinstance(order, str) or len(order) != 1 or order not in BYTE_ORDERS:
            raise UnpicklingError(f"the pickle has an array of the byte order {order!r}")
        self.__dict__["plain"] = self.__dict__["plain"].newbyteorder(order)


class PickledArray(np.ndarray[Any, Any]):
    """An array while a pickle is read; `plain` converts it."""

    def __setstate__(self, state: Any) -> None:
        if self.__dict__.setdefault("is_set", False):
            raise UnpicklingError("the pickle sets the values of an array twice")
        *_, shape, dtype, in_fortran_order, data = state
        if _plain_dtype(dtype).kind == "O" and not (isinstance(data, list) and len(data) == _size(shape)):
            raise UnpicklingError(f"an array of objects of the shape {shape} has other data")
        self.__dict__["is_set"] = True
        super().__setstate__((1, shape, _plain_dtype(dtype), in_fortran_order, data))


def plain(value: Any) -> Any:
    """Return arrays of a pickle as numpy's own class, also those that are the values of a dict."""
    if isinstance(value, PickledArray):
        return value.view(np.ndarray)
    if isinstance(value, dict) and any(isinstance(item, PickledArray) for item in value.values()):
        return {key: plain(item) for key, item in value.items()}
    return value


def _plain_dtype(dtype: Any) -> np.dtype[Any]:
    if not isinstance(dtype, PickledDType):
        raise UnpicklingError(f"the type of an array is the {type(dtype).__name__} {dtype!r}")
    found: np.dtype[Any] = dtype.__dict__["plain"]
    return found


def _size(shape: Any) -> int:
    return (
        math.prod(shape) if isinstance(shape, tuple) and all(type(n) is int and n >= 0 for n in shape) else -1
    )


def _refuse(*args: object) -> NoReturn:
    raise UnpicklingError("the pickle makes an array in a way that is not accepted")


# Stands for the class numpy.ndarray, which a pickle passes to `_reconstruct`.
NDARRAY = PickledFunction(_refuse)


def _reconstruct(cls: Any, shape: Any, name: Any) -> PickledArray:
    """Return an array that `__setstate__` fills."""
    if cls is not NDARRAY:
        raise UnpicklingError(f"the pickle makes an array of the class {getattr(cls, '__name__', cls)!r}")
    return PickledArray((0,), np.int8)


def _scalar(dtype: Any, data: Any) -> Any:
    """Return one number. data: its bytes; a str holds the bytes of a pickle of Python 2."""
    return _from_bytes(data.encode("latin1") if isinstance(data, str) else data, dtype, (), "C")[()]


def _from_bytes(data: Any, dtype: Any, shape: Any, order: Any) -> Any:
    """Return an array of the bytes of its elements (pickle protocol 5)."""
    if not isinstance(data, (bytes, bytearray)):
        raise UnpicklingError(f"the data of an array is a {type(data).__name__}, not bytes")
    return np.frombuffer(data, _plain_dtype(dtype)).reshape(shape, order=order)


CONSTRUCTORS: dict[tuple[str, str], Any] = {
    ("numpy", "ndarray"): NDARRAY,
    ("numpy", "dtype"): PickledDType,
    **{
        (f"numpy.{core}.{module}", name): PickledFunction(function)
        for core in ("core", "_core")
        for module in ("multiarray", "numeric")
        for name, function in (
            ("_reconstruct", _reconstruct),
            ("scalar", _scalar),
            ("_frombuffer", _from_bytes),
        )
    },
}
