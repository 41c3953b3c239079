"""Keys as bytes, the same in the vocabulary's table and in files: a str as UTF-8, an integer as marked digits."""

from __future__ import annotations

from typing import SupportsIndex, TypeAlias

Key: TypeAlias = str | int

INTEGER = b"\xff"  # the mark before an integer's digits; UTF-8 never contains this byte
SMALLEST, LARGEST = -(2**63), 2**63 - 1  # the range of integer keys


def key_bytes(key: str | SupportsIndex) -> bytes:
    r"""Return the bytes of a key: the UTF-8 of a str; the byte 0xff and the decimal digits of an integer.

    TypeError: the key is neither. ValueError: a str contains a lone surrogate, or an integer is outside int64.

    >>> key_bytes("7"), key_bytes(7)
    (b'7', b'\xff7')
    """
    if isinstance(key, str):
        try:
            return str.encode(key)  # a subclass may override encode
        except UnicodeEncodeError:
            raise ValueError(f"{key!r} contains a lone surrogate; it is not Unicode") from None
    if not hasattr(key, "__index__"):
        raise TypeError(f"{type(key).__name__} {key!r} is neither str nor int; convert it first")
    value = key.__index__()
    if not SMALLEST <= value <= LARGEST:
        raise ValueError(f"the integer {value} does not fit into int64; make it a str")
    return INTEGER + b"%d" % value


def key_of(data: bytes) -> Key:
    r"""Return the key of the bytes that `key_bytes` made.

    >>> key_of(b"7"), key_of(b"\xff7")
    ('7', 7)
    """
    return int(data[1:]) if data[:1] == INTEGER else data.decode("utf-8")


def integer_of_text(text: str) -> int | None:
    """Return the integer that Python writes as `text`, if it fits into int64; else None.

    >>> integer_of_text("-7"), integer_of_text("07"), integer_of_text("7.0"), integer_of_text("--7")
    (-7, None, None, None)
    """
    digits = text[1:] if text.startswith("-") else text
    if not (digits.isascii() and digits.isdigit() and len(digits) < 20):
        return None
    value = int(text)
    return value if str(value) == text and SMALLEST <= value <= LARGEST else None
