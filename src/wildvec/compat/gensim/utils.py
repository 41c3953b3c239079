"""gensim.utils: the functions of it that scripts for these models use. Used only where gensim is not installed."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Iterator
from pathlib import Path

from wildvec.text.trimming import RULE_DEFAULT, RULE_DISCARD, RULE_KEEP

__all__ = [
    "RULE_DEFAULT",
    "RULE_DISCARD",
    "RULE_KEEP",
    "any2unicode",
    "any2utf8",
    "deaccent",
    "save_as_line_sentence",
    "simple_preprocess",
    "to_unicode",
    "to_utf8",
    "tokenize",
]

_WORD = re.compile(r"[^\W\d]+")  # letters and underscores


def to_unicode(text: str | bytes, encoding: str = "utf8", errors: str = "strict") -> str:
    """Return text as str.

    >>> to_unicode(b"word")
    'word'
    """
    return text if isinstance(text, str) else text.decode(encoding, errors)


def to_utf8(text: str | bytes, errors: str = "strict", encoding: str = "utf8") -> bytes:
    """Return text as UTF-8. encoding: of `text`, if it is bytes."""
    return to_unicode(text, encoding, errors).encode("utf-8")


any2unicode = to_unicode
any2utf8 = to_utf8


def deaccent(text: str | bytes) -> str:
    """Return text without accents.

    >>> deaccent("café")
    'cafe'
    """
    letters = unicodedata.normalize("NFD", to_unicode(text))
    return unicodedata.normalize("NFC", "".join(c for c in letters if unicodedata.category(c) != "Mn"))


def tokenize(
    text: str | bytes, lowercase: bool = False, deacc: bool = False, errors: str = "strict"
) -> Iterator[str]:
    """Yield the words of a text, without digits and punctuation."""
    text = to_unicode(text, errors=errors)
    text = text.lower() if lowercase else text
    yield from _WORD.findall(deaccent(text) if deacc else text)


def simple_preprocess(
    doc: str | bytes, deacc: bool = False, min_len: int = 2, max_len: int = 15
) -> list[str]:
    """Return the words of a text in lower case, without those that are very short or long.

    >>> simple_preprocess("The 2 Cats, a dog")
    ['the', 'cats', 'dog']
    """
    words = tokenize(doc, lowercase=True, deacc=deacc, errors="ignore")
    return [word for word in words if min_len <= len(word) <= max_len and not word.startswith("_")]


def save_as_line_sentence(corpus: Iterable[Iterable[str]], filename: str) -> None:
    """Write sentences to a file, one per line, with a space between words."""
    with Path(filename).open("w", encoding="utf-8", newline="\n") as lines:
        lines.writelines(" ".join(sentence) + "\n" for sentence in corpus)
