"""Keys (str, int or both) as arrays, and what each kind of file can hold of them."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray

from wildvec.base.keys import Key, key_bytes, key_of

WHITE_SPACE = re.compile(r"\s")
ENDS_RECORD = re.compile(r"[ \n]")


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
    words = {key for key in keys if isinstance(key, str)}
    if twice := next((key for key in keys if not isinstance(key, str) and str(key) in words), None):
        raise ValueError(f"keys {twice!r} and '{twice}' would be one there; save in the native format (.wv)")
    for key in keys:
        text = str(key)
        if separator.search(text) or not (text or binary):
            kind = "binary" if binary else "text"
            raise ValueError(f"key {key!r} does not fit word2vec {kind}: {remedy}")


def pack(keys: Sequence[Key]) -> dict[str, NDArray[Any]]:
    r"""Arrays for the native format: `keys.int` (int64), or `keys.bytes` with `keys.offsets`.

    Beside str keys an int is the byte 0xff, which UTF-8 never has, and its digits.

    >>> {name: array.tolist() for name, array in pack(["a", "bc", 7]).items()}
    {'keys.bytes': [97, 98, 99, 255, 55], 'keys.offsets': [0, 1, 3, 5]}
    """
    encoded = [_bytes_of(key) for key in keys]
    if keys and not any(isinstance(key, str) for key in keys):
        return {"keys.int": np.array(keys, np.int64)}
    offsets = np.zeros(len(keys) + 1, np.int64)
    np.cumsum([len(key) for key in encoded], out=offsets[1:])
    return {
        "keys.bytes": np.frombuffer(b"".join(encoded), np.uint8),
        "keys.offsets": offsets,
    }


def _bytes_of(key: Key) -> bytes:
    try:
        return key_bytes(key)
    except (TypeError, ValueError) as error:
        raise type(error)(f"key {key!r} cannot be written: {error}") from None


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
    return [key_of(joined[begin:end]) for begin, end in pairwise(offsets.tolist())]


def _check(holds: bool, text: str) -> None:
    if not holds:
        raise ValueError(text)
