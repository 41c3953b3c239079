"""gensim.models.fasttext_inner: names that programs import from gensim's compiled module."""

from __future__ import annotations

from wildvec.compat.fasttext.subwords import char_ngrams, hash_of

__all__ = ["compute_ngrams", "compute_ngrams_bytes", "ft_hash_bytes", "ft_ngram_hashes"]

FAST_VERSION = 1
MAX_WORDS_IN_BATCH = 10_000


def compute_ngrams(word: str, min_n: int, max_n: int) -> list[str]:
    """Return the character n-grams of a word between < and >, the shortest first.

    >>> compute_ngrams("ab", 2, 3)
    ['<a', 'ab', 'b>', '<ab', 'ab>']
    """
    return sorted(char_ngrams(word, min_n, max_n), key=len)


def compute_ngrams_bytes(word: str, min_n: int, max_n: int) -> list[bytes]:
    """Return the same as UTF-8 in fastText's order.

    >>> compute_ngrams_bytes("ab", 2, 3)
    [b'<a', b'<ab', b'ab', b'ab>', b'b>']
    """
    return [ngram.encode() for ngram in char_ngrams(word, min_n, max_n)]


def ft_hash_bytes(bytez: bytes) -> int:
    """Return fastText's hash of some bytes."""
    return hash_of(bytez.decode("utf-8", "surrogateescape"))


def ft_ngram_hashes(word: str, minn: int, maxn: int, num_buckets: int) -> list[int]:
    """Return the bucket of each n-gram of a word, in fastText's order."""
    return [hash_of(ngram) % num_buckets for ngram in char_ngrams(word, minn, maxn)]
