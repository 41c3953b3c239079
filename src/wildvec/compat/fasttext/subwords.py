"""fastText's tokens and subwords. In: a text or a word. Out: tokens, character n-grams and their hashes."""

from __future__ import annotations

import re

EOS = "</s>"
BOW = "<"
EOW = ">"
TOKEN = re.compile("\n|[^ \n\r\t\v\f\0]+")


def tokenize(text: str) -> list[str]:
    r"""Split a text at white space; each line end is a token.

    >>> tokenize("a b\n")
    ['a', 'b', '</s>']
    """
    return [EOS if token == "\n" else token for token in TOKEN.findall(text)]


def hash_of(text: str) -> int:
    """Return the hash of a token or n-gram: 32-bit FNV-1a of its UTF-8, with each byte extended by its sign."""
    value = 2166136261
    for byte in text.encode("utf-8", "surrogateescape"):
        value = ((value ^ (byte if byte < 128 else byte | 0xFFFFFF00)) * 16777619) & 0xFFFFFFFF
    return value


def char_ngrams(word: str, min_n: int, max_n: int) -> list[str]:
    """Return the character n-grams of a word between BOW and EOW, in fastText's order.

    >>> char_ngrams("ab", 2, 3)
    ['<a', '<ab', 'ab', 'ab>', 'b>']
    """
    marked = f"{BOW}{word}{EOW}"
    last = len(marked)
    return [
        marked[i : i + n]
        for i in range(last)
        for n in range(1, max_n + 1)
        if i + n <= last and n >= min_n and not (n == 1 and (i == 0 or i + n == last))
    ]
