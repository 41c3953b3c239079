"""Vectors from and to a file of any kind: the content decides on load, the name on save."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from enum import Enum
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from wildvec.base.keys import Key
from wildvec.io import glove, native, word2vec
from wildvec.io.keys import pack, unpack
from wildvec.io.source import Source

Vectors = tuple[list[Key], NDArray[Any], NDArray[np.int64] | None]

STRANGERS = {
    b"\x80": "a Python pickle, which wildvec never opens; in gensim, call save_word2vec_format",
    b"\xba\x16\x4f\x2f": "a fastText model; export its vectors as text (.vec)",
    b"PK\x03\x04": "a zip archive; unpack it first",
    b"\x93NUMPY": "a numpy array; use KeyedVectors.from_arrays(keys, numpy.load(path))",
    b"\x89HDF": "an HDF5 file",
}


class Kind(Enum):
    """The kinds of file; the value is what a user reads."""

    NATIVE = "native"
    BINARY = "word2vec binary"
    TEXT = "word2vec text"
    GLOVE = "GloVe text"


SUFFIXES = {
    ".wv": Kind.NATIVE,
    ".bin": Kind.BINARY,
    ".txt": Kind.TEXT,
    ".vec": Kind.TEXT,
}


def load(path: str | os.PathLike[str], mmap: bool = False) -> Vectors:
    """Keys, matrix (n, dim) and counts (None where the file has none), whatever kind it is.

    `mmap` maps a native file (read-only); the other kinds cannot be mapped: ValueError. EOFError:
    the file is cut off. AttributeError: a native file without vectors. ValueError: other damage,
    or no known kind.
    """
    with Source(path) as source:
        kind = sniff(source)
        if kind is Kind.NATIVE:
            tensors, metadata = native.read_from(source, mmap=mmap)
            native.check_class(path, metadata, "KeyedVectors", "Word2Vec")
            return from_tensors(source.path, tensors)
        if mmap:
            raise ValueError(f"{source.path}: {kind.value} cannot be memory-mapped; convert to .wv")
        if kind is Kind.GLOVE:
            return (*_as_keys(glove.read(source)), None)
        return (*_as_keys(word2vec.read(source, binary=kind is Kind.BINARY)), None)


def load_native(
    path: str | os.PathLike[str], *classes: str, make: native.Make
) -> tuple[native.Tensors, native.Metadata]:
    """Tensors and metadata of a native file of one of `classes`; errors as in `load`, no other kind is read.

    make: where each tensor is read to.
    """
    with Source(path) as source:
        kind = sniff(source)
        if kind is not Kind.NATIVE:
            raise ValueError(
                f"{source.path} is {kind.value}, which holds vectors but no {' or '.join(classes)}; "
                "read it with KeyedVectors.load"
            )
        tensors, metadata = native.read_from(source, make=make)
    native.check_class(path, metadata, *classes)
    return tensors, metadata


def save(
    path: str | os.PathLike[str],
    keys: Sequence[Key],
    matrix: NDArray[Any],
    counts: NDArray[np.int64] | None = None,
    kind: Kind | None = None,
) -> Kind:
    """Write the kind of file asked for; by default the one that the name's ending stands for.

    .wv is native, .bin word2vec binary, .txt or .vec word2vec text, each also with .gz, .bz2 or .xz
    after it; ValueError for another ending.
    """
    kind = kind or kind_by_name(path)
    if kind is Kind.GLOVE:
        raise ValueError("GloVe text is only read; save word2vec text (.txt)")
    if kind is Kind.NATIVE:
        save_native_vectors(path, keys, matrix, counts)
    else:
        word2vec.save(path, keys, matrix, counts, binary=kind is Kind.BINARY)
    return kind


def save_native_vectors(
    path: str | os.PathLike[str],
    keys: Sequence[Key],
    matrix: NDArray[Any],
    counts: NDArray[np.int64] | None = None,
) -> None:
    """Write a native file of class KeyedVectors: matrix of any float type, keys str or int."""
    native.write(path, to_tensors(keys, matrix, counts), {"class": "KeyedVectors"})


def to_tensors(
    keys: Sequence[Key], matrix: NDArray[Any], counts: NDArray[np.int64] | None = None
) -> native.Tensors:
    """The tensors that every native file with vectors has."""
    if matrix.ndim != 2 or len(keys) != len(matrix):
        raise ValueError(f"{len(keys)} keys do not fit a matrix of shape {matrix.shape}")
    tensors = {"vectors": matrix, **pack(keys)}
    if counts is not None:
        tensors["counts"] = np.asarray(counts, np.int64)
    return tensors


def from_tensors(path: str, tensors: Mapping[str, NDArray[Any]]) -> Vectors:
    """Keys, matrix and counts from a native file's tensors."""
    try:
        keys, matrix, counts = (
            unpack(tensors),
            tensors.get("vectors"),
            tensors.get("counts"),
        )
        if matrix is None or matrix.ndim != 2 or matrix.dtype.kind != "f":
            raise ValueError("no float matrix named vectors")
        if len(keys) != len(matrix) or len(set(keys)) != len(keys):
            raise ValueError(f"{len(set(keys))} different keys for {len(matrix)} rows")
        if counts is not None and (counts.shape != (len(keys),) or counts.dtype != np.int64):
            raise ValueError("counts must be int64, one for each key")
    except ValueError as error:
        raise ValueError(f"{path}: damaged native file: {error}") from error
    return keys, matrix, counts


def kind_by_name(path: str | os.PathLike[str]) -> Kind:
    """What a file to be written shall be, by its name.

    >>> kind_by_name("wiki.vec.gz")
    <Kind.TEXT: 'word2vec text'>
    """
    suffixes = [suffix.lower() for suffix in Path(path).suffixes]
    while suffixes and suffixes[-1] in (".gz", ".bz2", ".xz"):
        suffixes.pop()
    if not suffixes or suffixes[-1] not in SUFFIXES:
        raise ValueError(f"{os.fspath(path)}: the ending says the format; take one of {', '.join(SUFFIXES)}")
    return SUFFIXES[suffixes[-1]]


def sniff(source: Source) -> Kind:
    """What kind of file it is, by its first bytes; nothing is taken from the source."""
    source.more()
    head = bytes(source.unread[: word2vec.SNIFFED])
    if not head:
        raise EOFError(f"{source.path}: the file is empty")
    if native.is_native(head):
        return Kind.NATIVE
    for magic, what in STRANGERS.items():
        if head.startswith(magic):
            raise ValueError(f"{source.path} is {what}")
    if len(head) == word2vec.SNIFFED:
        head = head.rpartition(b" ")[0]  # the last number may have been cut
    header = word2vec.HEADER.match(head)
    line = head[header.end() if header else 0 :].lstrip(b"\n").partition(b"\n")[0]
    has_values = word2vec.count_values(line) > 0
    if header:
        binary = word2vec.looks_binary(head[header.end() :], int(header[2]))
        if binary is None:
            binary = bool(line) and not has_values
        return Kind.BINARY if binary else Kind.TEXT
    if has_values and not word2vec.CONTROL.search(line.partition(b" ")[2]):
        return Kind.GLOVE
    raise ValueError(
        f"{source.path} is no file of vectors that wildvec knows (native, word2vec text or "
        f"binary, GloVe text); it begins with {head[:20]!r}"
    )


def _as_keys(
    loaded: tuple[list[str], NDArray[np.float32]],
) -> tuple[list[Key], NDArray[Any]]:
    keys, matrix = loaded
    return list(keys), matrix
