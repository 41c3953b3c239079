"""Keys (all str or all int) as arrays, and what each kind of file can hold of them."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray

Key = str | int
WHITE_SPACE = re.compile(r"\s")
ENDS_RECORD = re.compile(r"[ \n]")


def encode(key: Key) -> bytes:
    """A key as UTF-8.

    >>> encode("king"), encode(7)
    (b'king', b'7')
    """
    try:
        return str(key).encode()
    except UnicodeEncodeError as error:
        raise ValueError(f"key {key!r} cannot be written as UTF-8 ({error.reason})") from error


def check_writable(keys: Sequence[Key], binary: bool) -> None:
    """Raise ValueError if a word2vec file could not be read back with the same keys."""
    separator, remedy = (
        (
            ENDS_RECORD,
            "a space or newline ends a key there; save in the native format (.wv)",
        )
        if binary
        else (
            WHITE_SPACE,
            "white space ends a key there; save as binary or in the native format",
        )
    )
    for key in keys:
        text = str(key)
        if separator.search(text) or not (text or binary):
            kind = "binary" if binary else "text"
            raise ValueError(f"key {key!r} does not fit word2vec {kind}: {remedy}")


def pack(keys: Sequence[Key]) -> dict[str, NDArray[Any]]:
    """Arrays for the native format: `keys.int` (int64), or `keys.bytes` with `keys.offsets`.

    >>> {name: array.tolist() for name, array in pack(["a", "bc"]).items()}
    {'keys.bytes': [97, 98, 99], 'keys.offsets': [0, 1, 3]}
    """
    kinds = {int if isinstance(key, (int, np.integer)) else type(key) for key in keys}
    if kinds == {int}:
        try:
            return {"keys.int": np.array(keys, np.int64)}
        except OverflowError as error:
            raise ValueError("an integer key does not fit 64 bits; use str keys") from error
    if kinds - {str}:
        names = sorted(kind.__name__ for kind in kinds)
        raise TypeError(f"keys must be all str or all int, not {', '.join(names)}")
    encoded = [encode(key) for key in keys]
    offsets = np.zeros(len(keys) + 1, np.int64)
    np.cumsum([len(key) for key in encoded], out=offsets[1:])
    return {
        "keys.bytes": np.frombuffer(b"".join(encoded), np.uint8),
        "keys.offsets": offsets,
    }


def unpack(tensors: Mapping[str, NDArray[Any]]) -> list[Key]:
    """The keys that `pack` made arrays of; ValueError where the arrays do not fit each other."""
    if "keys.int" in tensors:
        integers = tensors["keys.int"]
        _check(
            integers.dtype == np.int64 and integers.ndim == 1,
            "keys.int must be int64 (n,)",
        )
        return list(integers.tolist())
    _check({"keys.bytes", "keys.offsets"} <= tensors.keys(), "the file holds no keys")
    data, offsets = tensors["keys.bytes"], tensors["keys.offsets"]
    _check(data.dtype == np.uint8 and data.ndim == 1, "keys.bytes must be uint8 (n,)")
    _check(
        offsets.dtype == np.int64 and offsets.ndim == 1,
        "keys.offsets must be int64 (n + 1,)",
    )
    _check(
        len(offsets) > 0
        and int(offsets[0]) == 0
        and int(offsets[-1]) == len(data)
        and bool((offsets[1:] >= offsets[:-1]).all()),
        "keys.offsets must rise from 0 to the number of bytes",
    )
    joined = data.tobytes()
    return [joined[begin:end].decode() for begin, end in pairwise(offsets.tolist())]


def _check(holds: bool, text: str) -> None:
    if not holds:
        raise ValueError(text)
