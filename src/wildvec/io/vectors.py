"""Vectors in files of every kind. The content decides the kind when reading, the file name when writing.

In: a path. Out: keys, matrix and counts, and the other way round.
"""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from enum import Enum
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from wildvec.base.keys import Key
from wildvec.io import attributes, fasttext, fasttext_vectors, glove, native, word2vec
from wildvec.io.atomic import COMPRESSORS
from wildvec.io.attributes import COUNT, Attributes
from wildvec.io.keys import pack, unpack
from wildvec.io.options import ReadOptions
from wildvec.io.rows import Rows, count_values
from wildvec.io.source import CONTROL, Source

Vectors = tuple[list[Key], NDArray[Any], NDArray[np.int64] | None]
Attributed = tuple[list[Key], NDArray[Any], Attributes]

CLASS = "KeyedVectors"  # of native files that `save` writes
OTHER_FORMATS = {
    b"\x80": "a Python pickle, which wildvec does not open, because a pickle can run any code; "
    "in gensim, call save_word2vec_format",
    b"PK\x03\x04": "a zip archive; unpack it first",
    b"\x93NUMPY": "a numpy array; use KeyedVectors.from_arrays(keys, numpy.load(path))",
    b"\x89HDF": "an HDF5 file; read it with h5py and use KeyedVectors.from_arrays(keys, matrix)",
    b"\xff\xfe": "UTF-16 text; convert it to UTF-8",
    b"\xfe\xff": "UTF-16 text; convert it to UTF-8",
}


class Kind(Enum):
    """The kinds of file. The value is the name in messages."""

    NATIVE = "native"
    BINARY = "word2vec binary"
    TEXT = "word2vec text"
    GLOVE = "GloVe text"
    FASTTEXT = "fastText"


LOADERS = {
    Kind.FASTTEXT: "load_facebook_model (to train it further) or load_facebook_vectors; a supervised model with "
    "TextClassifier.load_fasttext"
}
SUFFIXES = {
    ".wv": Kind.NATIVE,
    ".bin": Kind.BINARY,
    ".txt": Kind.TEXT,
    ".vec": Kind.TEXT,
    ".glove": Kind.GLOVE,
}


def load(
    path: str | os.PathLike[str],
    mmap: bool = False,
    *,
    limit: int | None = None,
    errors: str = "strict",
    encoding: str = "utf-8",
) -> Vectors:
    """Read a file of vectors of any kind: keys, matrix (n, dim) and counts (int64, None if there are none).

    Every native file with vectors is read, whatever its class: also a model. Of a fastText model (.bin, .ftz), the
    vectors of its words are read.

    Args:
        path: the file, plain or compressed (gz, bz2, xz, zst).
        mmap: map a native file, read-only, instead of reading it.
        limit: read only the first `limit` rows; None: all rows.
        errors: treatment of keys that `encoding` cannot decode: "strict" (an error), "replace" or "ignore".
        encoding: encoding of the keys. It must contain ASCII. A native file is always UTF-8.

    Raises:
        EOFError: the file is empty or cut off.
        AttributeError: a native file without vectors.
        ValueError: other damage, an unknown kind, or `mmap` of a kind that cannot be mapped.
    """
    keys, matrix, found = load_attributed(path, mmap, limit=limit, errors=errors, encoding=encoding)
    return keys, matrix, found.get(COUNT)


def load_attributed(
    path: str | os.PathLike[str],
    mmap: bool = False,
    *,
    limit: int | None = None,
    errors: str = "strict",
    encoding: str = "utf-8",
) -> Attributed:
    """Read keys, matrix and all attributes of the rows by name, "count" among them; otherwise like `load`."""
    options = ReadOptions(limit, errors, encoding)
    with Source(path) as source:
        kind = detect_kind(source)
        if kind is Kind.NATIVE:
            return _load_native_vectors(source, mmap, limit)
        if mmap:
            raise ValueError(f"{source.path}: {kind.value} cannot be memory-mapped; convert it to .wv first")
        if kind is Kind.FASTTEXT:
            words, rows, counts = fasttext_vectors.read(source, options)
            return list(words), rows, {COUNT: counts}
        if kind is Kind.GLOVE:
            return _without_attributes(glove.read(source, options))
        return _without_attributes(word2vec.read(source, options, binary=kind is Kind.BINARY))


def _without_attributes(rows: Rows) -> Attributed:
    keys, matrix = rows
    return list(keys), matrix, {}


def _load_native_vectors(source: Source, mmap: bool, limit: int | None) -> Attributed:
    tensors, metadata = native.read_from(source, mmap=mmap)
    found = metadata.get("class", "safetensors file")
    if "vectors" not in tensors and found != CLASS:
        raise AttributeError(
            f"{source.path} holds a {found}, not a {CLASS}: it has no tensors 'vectors' and 'keys.bytes'"
        )
    keys, matrix, of_rows = unpack_attributed(source.path, tensors)
    if limit is None or limit >= len(keys):
        return keys, matrix, of_rows
    # A copy, so that the memory of the other rows is released.
    first = matrix[:limit] if mmap else matrix[:limit].copy()
    return keys[:limit], first, {name: values[:limit] for name, values in of_rows.items()}


def load_native(
    path: str | os.PathLike[str], *classes: str, allocate: native.Allocate | None = None
) -> tuple[native.Tensors, native.Metadata]:
    """Read tensors and metadata of a native file that holds an object of one of `classes`.

    allocate: as for `native.read_from`. AttributeError: another class. ValueError: another kind of
    file. Other errors as for `load`.
    """
    with Source(path) as source:
        kind = detect_kind(source)
        if kind is not Kind.NATIVE:
            remedy = LOADERS.get(kind, f"{CLASS}.load")
            raise ValueError(
                f"{source.path} is {kind.value}, which holds vectors but no {' or '.join(classes)}; "
                f"read it with {remedy}"
            )
        tensors, metadata = native.read_from(source, allocate=allocate)
    native.check_class(path, metadata, *classes)
    return tensors, metadata


def read_class(path: str | os.PathLike[str]) -> str | None:
    """Return the class of the object in a native file; None for any other file. Errors as for `load`."""
    with Source(path) as source:
        return native.read_metadata(source).get("class") if detect_kind(source) is Kind.NATIVE else None


def save(
    path: str | os.PathLike[str],
    keys: Sequence[Key],
    matrix: NDArray[Any],
    counts: NDArray[np.int64] | None = None,
    kind: Kind | None = None,
    *,
    more: Attributes | None = None,
) -> Kind:
    """Write vectors and return the kind of file: `kind`, or the one that the ending of `path` stands for.

    more: attributes of the rows by name, which only the native format has.

    The endings are .wv (native), .bin (word2vec binary), .txt and .vec (word2vec text), .glove (GloVe text, which has
    no header), each also with .gz, .bz2 or .xz after it. ValueError: another ending, or a key that the kind cannot
    hold.
    """
    kind = kind or kind_by_name(path)
    if kind is Kind.FASTTEXT:
        raise ValueError(f"{kind.value} is only read; write word2vec text (.txt)")
    if kind is Kind.NATIVE:
        native.write(path, to_tensors(keys, matrix, counts) | attributes.pack(more or {}), {"class": CLASS})
    else:
        binary, header = kind is Kind.BINARY, kind is not Kind.GLOVE
        word2vec.save(path, keys, matrix, counts, binary=binary, header=header)
    return kind


def to_tensors(
    keys: Sequence[Key], matrix: NDArray[Any], counts: NDArray[np.int64] | None = None
) -> native.Tensors:
    """Return the tensors that every native file with vectors has."""
    if matrix.ndim != 2 or len(keys) != len(matrix):
        raise ValueError(f"{len(keys)} keys do not fit a matrix of shape {matrix.shape}")
    tensors = {"vectors": matrix, **pack(keys)}
    if counts is not None:
        tensors["counts"] = np.asarray(counts, np.int64)
    return tensors


def from_tensors(path: str, tensors: Mapping[str, NDArray[Any]]) -> Vectors:
    """Return keys, matrix and counts from a native file's tensors."""
    keys, matrix, found = unpack_attributed(path, tensors)
    return keys, matrix, found.get(COUNT)


def unpack_attributed(path: str, tensors: Mapping[str, NDArray[Any]]) -> Attributed:
    """Return keys, matrix and all attributes from a native file's tensors."""
    try:
        keys, matrix = unpack(tensors), tensors.get("vectors")
        if matrix is None or matrix.ndim != 2 or matrix.dtype.kind != "f":
            raise ValueError("no float matrix named vectors")
        if len(keys) != len(matrix) or len(set(keys)) != len(keys):
            raise ValueError(f"{len(set(keys))} different keys for {len(matrix)} rows")
        found = attributes.unpack(tensors, len(keys))
    except ValueError as error:
        raise ValueError(f"{path}: damaged native file: {error}") from error
    return keys, matrix, found


def kind_by_name(path: str | os.PathLike[str], default: Kind | None = None) -> Kind:
    """Return the kind of file that the ending of a name stands for, or `default`.

    ValueError: the ending stands for none and there is no default.

    >>> kind_by_name("wiki.vec.gz")
    <Kind.TEXT: 'word2vec text'>
    """
    suffixes = [suffix.lower() for suffix in Path(path).suffixes]
    while suffixes and suffixes[-1] in COMPRESSORS:
        suffixes.pop()
    kind = SUFFIXES.get(suffixes[-1], default) if suffixes else default
    if kind is None:
        endings = ", ".join(SUFFIXES)
        raise ValueError(f"{os.fspath(path)}: the ending decides the format; choose one of {endings}")
    return kind


def detect_kind(source: Source) -> Kind:
    """Return the kind of a file, judged by its first bytes. They stay in the source.

    EOFError: the file is empty. ValueError: an unknown kind.
    """
    source.more()
    head = bytes(source.unread[: word2vec.HEAD])
    if not head:
        raise EOFError(f"{source.path}: the file is empty")
    if native.is_native(head):
        return Kind.NATIVE
    if fasttext.is_fasttext(head):
        return Kind.FASTTEXT
    for magic, description in OTHER_FORMATS.items():
        if head.startswith(magic):
            raise ValueError(f"{source.path} is {description}")
    header = word2vec.HEADER.match(head)
    rows = head[header.end() :] if header else head
    if len(head) == word2vec.HEAD:
        rows = rows.rpartition(b" ")[0]  # the last number may be cut
    if header:
        return _detect_word2vec(rows, int(header[2]))
    if any(map(count_values, rows.splitlines())) and not CONTROL.search(rows):
        return Kind.GLOVE
    raise ValueError(
        f"{source.path} is no file of vectors that wildvec can read (native, word2vec text or "
        f"binary, GloVe text, fastText, gensim's save); it begins with {head[:20]!r}"
    )


def _detect_word2vec(rows: bytes, dim: int) -> Kind:
    """Return whether the rows after a header are binary records or lines of text."""
    binary = word2vec.looks_binary(rows, dim)
    if binary is None:
        line = rows.lstrip(b"\n").partition(b"\n")[0]
        binary = bool(line) and not count_values(line)
    return Kind.BINARY if binary else Kind.TEXT
