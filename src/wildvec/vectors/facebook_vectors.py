"""The vectors of a fastText model, with its n-grams. In: a .bin or .ftz file. Out: FastTextKeyedVectors."""

from __future__ import annotations

import logging
import os

import numpy as np
from numpy.typing import NDArray

from wildvec.io import fasttext
from wildvec.io.fasttext import FastTextFile, ReadMode
from wildvec.quantize import QuantizedMatrix
from wildvec.vectors.fasttext_keyedvectors import FastTextKeyedVectors
from wildvec.vectors.subword_rows import SubwordRows

logger = logging.getLogger(__name__)


def load_facebook_vectors(
    path: str | os.PathLike[str],
    encoding: str = "utf-8",
    *,
    errors: str = "backslashreplace",
    workers: int | None = None,
) -> FastTextKeyedVectors:
    r"""Read the vectors of a fastText model, .bin or .ftz, that fastText, gensim or wildvec wrote.

    The rows of words and n-grams are read into the final array; the output matrix is skipped. Unknown words get vectors
    from their n-grams, as in fastText. A supervised model is read too; its labels are left out.

    Args:
        path: The file, plain or compressed (gz, bz2, xz, zst).
        encoding: Encoding of the words.
        errors: Treatment of words that `encoding` cannot decode: "backslashreplace" writes \xff for a byte, "strict"
            raises, "surrogateescape" keeps the bytes; see `bytes.decode`.
        workers: Threads that compute the vectors of words; None: all CPUs.

    Raises:
        FileNotFoundError: There is no such file.
        EOFError: The file is cut off.
        ValueError: It is damaged or no fastText model, or a word cannot be decoded.

    >>> import tempfile, pathlib
    >>> from wildvec import FastText, load_facebook_vectors, save_facebook_model
    >>> path = pathlib.Path(tempfile.mkdtemp(), "model.bin")
    >>> save_facebook_model(FastText([["night", "day"]] * 9, vector_size=8, bucket=100, workers=1), path)
    >>> load_facebook_vectors(path)["nights"].shape
    (8,)
    """
    file = fasttext.read(path, ReadMode(output=False))
    rows, buckets = _rows_of_file(file)
    n, settings = len(file.words), file.settings
    ngrams = SubwordRows(rows[n:], buckets, settings.bucket, settings.minn, settings.maxn)
    uses_ngrams = settings.maxn > 0 and settings.bucket > 0
    return FastTextKeyedVectors.from_rows(
        decode_words(os.fspath(path), file.words, encoding, errors),
        file.word_counts,
        rows[:n],
        ngrams.ngrams,
        min_n=settings.minn,
        max_n=settings.maxn,
        bucket=settings.bucket,
        buckets=buckets,
        # The n-grams of a word that cannot be decoded are those of its bytes.
        vectors=ngrams.compose(file.words, rows[:n], workers) if uses_ngrams else rows[:n],
    )


def _rows_of_file(file: FastTextFile) -> tuple[NDArray[np.float32], NDArray[np.int32] | None]:
    """Return the rows of words and n-grams, and the buckets of the n-grams; None: all buckets in order."""
    n, kept = len(file.words), file.kept_buckets
    matrix = file.input
    if kept is None:
        every = np.arange(matrix.shape[0])
        return matrix.decode(every) if isinstance(matrix, QuantizedMatrix) else matrix, None
    by_bucket = kept[np.argsort(kept[:, 0])]
    order = np.concatenate([np.arange(n), n + by_bucket[:, 1].astype(np.int64)])
    rows = matrix.decode(order) if isinstance(matrix, QuantizedMatrix) else matrix[order]
    return rows, np.ascontiguousarray(by_bucket[:, 0])


def decode_words(path: str, words: list[str], encoding: str, errors: str) -> list[str]:
    """Return the words of a file, which are UTF-8 with surrogates for other bytes, in another encoding.

    ValueError: a word cannot be decoded, or two words become the same.
    """
    is_utf8 = encoding.lower().replace("_", "-") in ("utf-8", "utf8")
    decoded: list[str] = []
    n_odd = 0
    for word in words:
        if not word.isascii() and not (is_utf8 and _is_unicode(word)):
            data = word.encode("utf-8", "surrogateescape")
            try:
                word = data.decode(encoding, errors)
            except UnicodeDecodeError as error:
                raise ValueError(
                    f"{path}: the word {data!r} is not {encoding}; give errors='backslashreplace'"
                ) from error
            n_odd += is_utf8
        decoded.append(word)
    if n_odd:
        logger.warning("%s: %d words are not %s (errors=%r)", path, n_odd, encoding, errors)
    return decoded


def _is_unicode(word: str) -> bool:
    try:
        word.encode()
    except UnicodeEncodeError:
        return False
    return True
