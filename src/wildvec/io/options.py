"""Options that every reader of vectors takes. In: a user's arguments. Out: checked values."""

from __future__ import annotations

from dataclasses import dataclass

from wildvec.base.checks import checked, choice, whole

ASCII = bytes([*b"\t\n", *range(32, 127)])


@dataclass(frozen=True)
class ReadOptions:
    """How the rows of a file are read.

    Attributes:
        limit: read only the first `limit` rows; None: all rows.
        errors: treatment of keys that `encoding` cannot decode: "strict" (an error), "replace" or "ignore".
        encoding: encoding of the keys. It must contain ASCII, as UTF-8, Latin-1 and GBK do.

    Raises:
        TypeError, ValueError: a value is none of these.
    """

    limit: int | None = None
    errors: str = "strict"
    encoding: str = "utf-8"

    def __post_init__(self) -> None:
        checked("limit", self.limit, whole(0, none="all rows"))
        checked("errors", self.errors, choice("strict", "replace", "ignore"))
        checked("encoding", self.encoding, _check_encoding)


def _check_encoding(name: object) -> object:
    if not isinstance(name, str):
        raise TypeError("give the name of an encoding, such as 'utf-8' or 'latin-1'")
    try:
        contains_ascii = ASCII.decode(name, "replace") == ASCII.decode("ascii")
    except LookupError:
        raise ValueError("unknown encoding; give one that Python has, such as 'utf-8' or 'latin-1'") from None
    if not contains_ascii:
        raise ValueError("in this encoding, ASCII characters are not single bytes; convert the file to UTF-8")
    return name


def undecodable(key: bytes, options: ReadOptions, place: str) -> UnicodeDecodeError:
    """Return the error for a key that is not in the encoding; `place` is the file and the line or row.

    >>> print(undecodable(b"b\xe4r", ReadOptions(), "v.txt, line 2"))
    'utf-8' codec can't decode byte 0xe4 in position 1: v.txt, line 2: the key b'b\xe4r' is not UTF-8; give \
errors='replace' or 'ignore', or the encoding, such as encoding='latin-1'
    """
    name = "UTF-8" if options.encoding.lower() in ("utf-8", "utf8") else options.encoding
    remedy = "give errors='replace' or 'ignore', or the encoding, such as encoding='latin-1'"
    try:
        key.decode(options.encoding)
        start, end = 0, len(key)
    except UnicodeDecodeError as error:
        start, end = error.start, error.end
    reason = f"{place}: the key {key!r} is not {name}; {remedy}"
    return UnicodeDecodeError(options.encoding, key, start, end, reason)
