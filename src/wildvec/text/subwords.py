"""Character n-grams of words, with fastText's hashes.

Bojanowski, Grave, Joulin, Mikolov (2017), "Enriching Word Vectors with Subword Information".
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import islice

import numpy as np

from wildvec import _text
from wildvec.base.keys import Key
from wildvec.base.ragged import Ragged

WORDS_AT_ONCE = 50_000  # in one call, which takes less than 50 ms for usual words


def find_ngrams(words: Sequence[Key], min_n: int, max_n: int, bucket: int) -> Ragged:
    r"""Return the bucket of each character n-gram of each word, as fastText numbers them.

    Each word stands between < and >. Its n-grams are listed by their first character, then by length; one that occurs
    twice is listed twice. "<" and ">" alone are no n-grams. "</s>", which stands for the end of a line, has none.

    Args:
        words: Words; an integer is the str of its digits.
        min_n: Characters of the shortest n-gram.
        max_n: Characters of the longest n-gram, at most 1,000. Less than min_n, or 0: there are no n-grams.
        bucket: Number of buckets: n-gram g has the bucket hash(g) % bucket. 0: there are no n-grams.

    Returns:
        One row of int32 bucket numbers for each word.

    Raises:
        ValueError: A number is negative, or max_n is over 1,000.

    >>> [row.tolist() for row in find_ngrams(["ab", "a"], 3, 3, 100)]
    [[8, 56], [0]]
    """
    if isinstance(words, str):
        raise TypeError(f"words={words!r} is a str; give a list of words")
    parts, ends = [], [np.zeros(1, np.int64)]
    rest = iter(words)
    while some := list(islice(rest, WORDS_AT_ONCE)):
        ids, offsets = _find(some, min_n, max_n, bucket)
        parts.append(ids)
        ends.append(offsets[1:] + ends[-1][-1])
    return Ragged(np.concatenate(parts) if parts else np.empty(0, np.int32), np.concatenate(ends))


def _find(
    words: Iterable[Key], min_n: int, max_n: int, bucket: int
) -> tuple[np.ndarray[tuple[int], np.dtype[np.int32]], np.ndarray[tuple[int], np.dtype[np.int64]]]:
    keys = [str(word).encode("utf-8", "surrogateescape") for word in words]
    ends = np.cumsum(np.fromiter(map(len, keys), np.int64, len(keys)))
    return _text.find_ngrams(b"".join(keys), ends, min_n, max_n, bucket)
