"""Keys (str, int or both) in files. In: keys. Out: arrays for the native format, or an error for word2vec's."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray

from wildvec.base.keys import Key, key_bytes, key_of

TEXT_SEPARATOR = re.compile(r"\s")
BINARY_SEPARATOR = re.compile(r"[ \n]")


def check_word2vec_keys(keys: Sequence[Key], binary: bool, prefix: str = "") -> None:
    """Raise ValueError if a reader of word2vec's format could not read the same keys back.

    Such a file holds only strings, and white space ends a key. `prefix` is added to each key.
    """
    kind, separator = ("binary", BINARY_SEPARATOR) if binary else ("text", TEXT_SEPARATOR)
    remedy = "save in the native format (.wv)"
    words = {key for key in keys if isinstance(key, str)}
    if twice := next((key for key in keys if not isinstance(key, str) and str(key) in words), None):
        raise ValueError(f"the keys {twice!r} and '{twice}' would be one in word2vec {kind}; {remedy}")
    for key in keys:
        text = f"{prefix}{key}"
        if separator.search(text) or not (text or binary):
            blank = "a space or newline" if binary else "white space"
            raise ValueError(f"key {text!r} does not fit word2vec {kind}, where {blank} ends a key; {remedy}")


def pack(keys: Sequence[Key]) -> dict[str, NDArray[Any]]:
    r"""Return the arrays that stand for keys: `keys.int` (int64), or `keys.bytes` with `keys.offsets`.

    Among str keys, an int is the byte 0xff, which UTF-8 never has, and its decimal digits.

    >>> {name: array.tolist() for name, array in pack(["a", "bc", 7]).items()}
    {'keys.bytes': [97, 98, 99, 255, 55], 'keys.offsets': [0, 1, 3, 5]}
    """
    encoded = [_encode(key) for key in keys]
    if keys and not any(isinstance(key, str) for key in keys):
        return {"keys.int": np.array(keys, np.int64)}
    offsets = np.zeros(len(keys) + 1, np.int64)
    np.cumsum([len(key) for key in encoded], out=offsets[1:])
    return {"keys.bytes": np.frombuffer(b"".join(encoded), np.uint8), "keys.offsets": offsets}


def _encode(key: Key) -> bytes:
    try:
        return key_bytes(key)
    except (TypeError, ValueError) as error:
        raise type(error)(f"key {key!r} cannot be written: {error}") from None


def unpack(tensors: Mapping[str, NDArray[Any]]) -> list[Key]:
    """Return the keys from the arrays of `pack`. ValueError: the arrays do not fit each other."""
    if "keys.int" in tensors:
        integers = tensors["keys.int"]
        _require(integers.dtype == np.int64 and integers.ndim == 1, "keys.int must be int64 (n,)")
        return list(integers.tolist())
    _require({"keys.bytes", "keys.offsets"} <= tensors.keys(), "the file holds no keys")
    data, offsets = tensors["keys.bytes"], tensors["keys.offsets"]
    _require(data.dtype == np.uint8 and data.ndim == 1, "keys.bytes must be uint8 (n,)")
    _require(offsets.dtype == np.int64 and offsets.ndim == 1, "keys.offsets must be int64 (n + 1,)")
    _require(
        len(offsets) > 0
        and int(offsets[0]) == 0
        and int(offsets[-1]) == len(data)
        and bool((offsets[1:] >= offsets[:-1]).all()),
        "keys.offsets must rise from 0 to the number of bytes",
    )
    joined = data.tobytes()
    return [key_of(joined[begin:end]) for begin, end in pairwise(offsets.tolist())]


def _require(holds: bool, text: str) -> None:
    if not holds:
        raise ValueError(text)
