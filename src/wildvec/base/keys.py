"""A key as bytes, the same in the vocabulary's table and in files: text as UTF-8, an integer told from it."""

from __future__ import annotations

from typing import SupportsIndex, TypeAlias

Key: TypeAlias = str | int

INTEGER = b"\xff"  # a byte that UTF-8 never has
SMALLEST, LARGEST = -(2**63), 2**63 - 1  # what the table and files hold of integers


def key_bytes(key: str | SupportsIndex) -> bytes:
    r"""The bytes of a key: of a str its UTF-8, of an integer the byte 0xff and its digits.

    TypeError: it is neither. ValueError: a lone surrogate in a str, or an integer outside of int64.

    >>> key_bytes("7"), key_bytes(7)
    (b'7', b'\xff7')
    """
    if isinstance(key, str):
        try:
            return str.encode(key)
        except UnicodeEncodeError:
            raise ValueError(f"{key!r} holds a lone surrogate; it is not Unicode") from None
    if not hasattr(key, "__index__"):
        raise TypeError(f"{type(key).__name__} {key!r} is neither str nor int; convert it first")
    value = key.__index__()
    if not SMALLEST <= value <= LARGEST:
        raise ValueError(f"the integer {value} does not fit into int64; make it a str")
    return INTEGER + b"%d" % value


def key_of(data: bytes) -> Key:
    r"""The key that `key_bytes` made bytes of.

    >>> key_of(b"7"), key_of(b"\xff7")
    ('7', 7)
    """
    return int(data[1:]) if data[:1] == INTEGER else data.decode("utf-8")
