"""The native file: tensors and metadata in the layout of safetensors, with checksums, ready to be memory-mapped.

The layout: 8 bytes with the length of the header; a JSON header with each tensor's dtype, shape and byte
range; the tensors without gaps. Two things are ours. The header's metadata holds "format", "version", "class"
and a CRC-32 of the header ("crc32"). The last tensor, "checksums" (uint8, 4 bytes for each other tensor in the
order of names), holds the CRC-32s of the bytes that were written, so that one pass over the data is enough.
A file that the safetensors package wrote has neither and is read without checks.
"""

from __future__ import annotations

import json
import math
import os
import zlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from wildvec.base.checksum import checksum
from wildvec.io.atomic import write_atomically
from wildvec.io.source import Source

Tensors = dict[str, NDArray[Any]]
Metadata = dict[str, str]
Entries = dict[str, dict[str, Any]]  # of each tensor: dtype, shape, data_offsets
Allocate = Callable[[str, Sequence[int], np.dtype[Any]], NDArray[Any]]  # (name, shape, dtype) → array

DTYPES = {
    **{f"F{8 * size}": np.dtype(f"<f{size}") for size in (8, 4, 2)},
    **{f"I{8 * size}": np.dtype(f"<i{size}") for size in (8, 4, 2, 1)},
    **{f"U{8 * size}": np.dtype(f"<u{size}") for size in (8, 4, 2, 1)},
}
DTYPE_NAMES = {dtype: name for name, dtype in DTYPES.items()}
MAX_HEADER = 100_000_000  # the bound of the safetensors package
BLOCK = 1 << 20
ALIGNMENT = 64
VERSION = "2"
OWN_METADATA = {"format": "wildvec", "version": VERSION}
CHECKSUMS = "checksums"


def write(
    path: str | os.PathLike[str],
    tensors: Mapping[str, NDArray[Any]],
    metadata: Mapping[str, str],
) -> None:
    """Write tensors (float16, 32 or 64, integers) and metadata atomically.

    One pass copies a megabyte at a time. If another thread changes a tensor meanwhile, the file
    holds old and new values side by side, and its checksums are those of the values it holds.

    TypeError: a dtype that the format does not have. ValueError: metadata that are not str, or a
    reserved name. OSError: as for `write_atomically`.
    """
    arrays = {name: _as_stored(name, array) for name, array in tensors.items()}
    # Large items first: each tensor then begins at a multiple of its item size, without gaps.
    arrays = dict(sorted(arrays.items(), key=lambda item: (-item[1].itemsize, item[0])))
    crcs = dict.fromkeys(sorted(arrays), 0)
    header = _make_header({**arrays, CHECKSUMS: _pack_crcs(crcs)}, _checked_metadata(metadata))
    with write_atomically(path) as stream:
        stream.write(len(header).to_bytes(8, "little") + header)
        for name, array in arrays.items():
            for rows in _row_blocks(array):
                block = _bytes_of(rows.copy())  # a copy, because the rows may change between the two lines
                crcs[name] = zlib.crc32(block, crcs[name])
                stream.write(block)
        stream.write(_pack_crcs(crcs).tobytes())


def read(
    path: str | os.PathLike[str], *, mmap: bool = False, verify: bool | None = None
) -> tuple[Tensors, Metadata]:
    """Read the tensors and metadata of a native file, or of a safetensors file.

    Args:
        path: the file.
        mmap: map the file instead of reading it: the arrays are read-only and their pages are
            shared between processes.
        verify: whether to compare the tensors' checksums; None: only if they are read, not mapped.
            The header's checksum is always compared.

    Raises:
        EOFError: the file is cut off.
        ValueError: it is damaged, or not a native file.

    >>> import tempfile, pathlib
    >>> path = pathlib.Path(tempfile.mkdtemp(), "a.wv")
    >>> write(path, {"x": np.arange(3)}, {"class": "Example"})
    >>> read(path)[0]["x"].tolist(), read(path)[1]["class"]
    ([0, 1, 2], 'Example')
    """
    with Source(path) as source:
        return read_from(source, mmap=mmap, verify=verify)


def read_from(
    source: Source, *, mmap: bool = False, verify: bool | None = None, allocate: Allocate | None = None
) -> tuple[Tensors, Metadata]:
    """Read an open file from its begin; otherwise like `read`.

    allocate: returns the array (of any strides) that a tensor is read into; None: numpy.empty.
    """
    if mmap and source.size is None:
        raise ValueError(f"{source.path}: compressed files cannot be memory-mapped; load it without mmap")
    try:
        begin, entries, metadata = _read_header(source)
        if mmap:
            tensors = _map_tensors(source, begin, entries)
        else:
            tensors = {name: _read_tensor(source, name, entry, allocate) for name, entry in entries.items()}
            if len(source.unread) or source.more():
                raise ValueError("bytes follow the last tensor")
        checksums = tensors.pop(CHECKSUMS, None)
        if checksums is not None and (not mmap if verify is None else verify):
            _verify(tensors, checksums)
    except (ValueError, RecursionError) as error:
        raise ValueError(f"{source.path}: damaged native file: {error}") from error
    return {
        name: array.astype(array.dtype.newbyteorder("="), copy=False) for name, array in tensors.items()
    }, metadata


def read_metadata(source: Source) -> Metadata:
    """Return the metadata of an open file, of which only the header is read. Errors as for `read`."""
    try:
        return _read_header(source)[2]
    except (ValueError, RecursionError) as error:
        raise ValueError(f"{source.path}: damaged native file: {error}") from error


def is_native(head: bytes) -> bool:
    """Return whether a file with these first bytes is a native or safetensors file."""
    return head[8:9] == b"{" and int.from_bytes(head[:8], "little") <= MAX_HEADER


PUBLIC_NAMES = {"TableModel": "CategoryEmbedding"}  # classes in files that users know by another name


class WrongClassError(ValueError, AttributeError):
    """A file holds an object of another class. gensim raises AttributeError."""


def check_class(path: str | os.PathLike[str], metadata: Metadata, *classes: str) -> None:
    """Raise WrongClassError unless the file holds an object of one of `classes`."""
    found = metadata.get("class", "object without a class")
    if found not in classes:
        names = [PUBLIC_NAMES.get(name, name) for name in (found, *classes)]
        remedy = f"; load it with {names[0]}.load" if found.isidentifier() else ""
        raise WrongClassError(f"{os.fspath(path)} holds a {names[0]}, not a {' or '.join(names[1:])}{remedy}")


# Write


def _make_header(arrays: Tensors, metadata: Metadata) -> bytes:
    """Return the header for arrays that follow it in this order."""
    entries: Entries = {}
    position = 0
    for name, array in arrays.items():
        end = position + array.nbytes
        dtype = DTYPE_NAMES[array.dtype]
        entries[name] = {"dtype": dtype, "shape": list(array.shape), "data_offsets": [position, end]}
        position = end
    for name, value in metadata.items():
        if name == "crc32" or OWN_METADATA.get(name, value) != value:
            raise ValueError(f"the metadata's name {name!r} is reserved by the format; use another")
    metadata = {**metadata, **OWN_METADATA}
    metadata["crc32"] = _header_crc(entries, metadata)
    header = json.dumps({"__metadata__": metadata, **entries}, separators=(",", ":")).encode()
    header += b" " * (-(8 + len(header)) % ALIGNMENT)
    if len(header) > MAX_HEADER:
        raise ValueError(f"the metadata make a header of {len(header):,} bytes; at most {MAX_HEADER:,} fit")
    return header


def _as_stored(name: str, array: NDArray[Any]) -> NDArray[Any]:
    """Return the array with little-endian items."""
    if name in ("__metadata__", CHECKSUMS):
        raise ValueError(f"the tensor name {name!r} is reserved by the format; use another")
    little = array.dtype.newbyteorder("<")
    if little not in DTYPE_NAMES:
        raise TypeError(f"tensor {name!r} has the dtype {array.dtype}; convert it to a float or an integer")
    return array.astype(little, copy=False)


def _pack_crcs(crcs: Mapping[str, int]) -> NDArray[np.uint8]:
    """Return the tensor of checksums, which are in the order of names."""
    return np.array(list(crcs.values()), "<u4").view(np.uint8)


def _row_blocks(array: NDArray[Any]) -> Iterator[NDArray[Any]]:
    """Yield views of about a megabyte each that together are the array, flat if it is C-contiguous."""
    rows = array.reshape(-1) if array.flags.c_contiguous else array
    if not rows.size:
        return
    n_rows = max(1, BLOCK * len(rows) // rows.nbytes)
    for begin in range(0, len(rows), n_rows):
        yield rows[begin : begin + n_rows]


def _bytes_of(array: NDArray[Any]) -> memoryview:
    """Return the bytes of a C-contiguous array, without a copy."""
    return array.reshape(-1).view(np.uint8).data


def _header_crc(entries: Entries, metadata: Metadata) -> str:
    """Return the CRC-32 of the header's meaning: another tool may write the same in another order or spacing."""
    shapes = {name: [entry["dtype"], entry["shape"]] for name, entry in entries.items()}
    return f"{zlib.crc32(json.dumps([shapes, metadata], sort_keys=True).encode()):08x}"


# Read


def _read_header(source: Source) -> tuple[int, Entries, Metadata]:
    """Return the position of the first tensor, the entries in the order of positions, and the metadata."""
    length = int.from_bytes(_read_bytes(source, 8), "little")
    if length > MAX_HEADER:
        raise ValueError(f"a header of {length} bytes; at most {MAX_HEADER} are possible")
    _check_size(source, 8 + length)
    header = json.loads(_read_bytes(source, length).decode(), object_pairs_hook=_unique)
    if not isinstance(header, dict):
        raise ValueError("its header is not a JSON object")
    metadata = _checked_metadata(header.pop("__metadata__", {}))
    for name, entry in header.items():
        _check_entry(name, entry)
    entries = dict(sorted(header.items(), key=lambda item: tuple(item[1]["data_offsets"])))
    end = 0
    for name, entry in entries.items():
        begin = end
        if entry["data_offsets"][0] != begin:
            raise ValueError(f"tensor {name!r} overlaps another or leaves a gap before it")
        end = entry["data_offsets"][1]
    _check_own_metadata(entries, metadata)
    _check_size(source, 8 + length + end, exact=True)
    return 8 + length, entries, metadata


def _check_own_metadata(entries: Entries, metadata: Metadata) -> None:
    """Raise ValueError if our version or checksums are wrong. A file of another program has neither."""
    expected = metadata.pop("crc32", None)
    if expected is None and metadata.get("format") != "wildvec" and CHECKSUMS not in entries:
        return
    if metadata.get("version") != VERSION:
        raise ValueError(f"version {metadata.get('version')!r}; this wildvec reads {VERSION!r}")
    if expected != _header_crc(entries, metadata):
        raise ValueError("the header does not match its checksum")
    if (
        entries.get(CHECKSUMS, {}).get("shape") != [4 * (len(entries) - 1)]
        or entries[CHECKSUMS]["dtype"] != "U8"
    ):
        raise ValueError(f"the tensor {CHECKSUMS!r} must hold 4 bytes for each other tensor")


def _verify(tensors: Tensors, checksums: NDArray[np.uint8]) -> None:
    for name, expected in zip(sorted(tensors), checksums.copy().view("<u4").tolist(), strict=True):
        if checksum(tensors[name]) != f"{expected:08x}":
            raise ValueError(f"tensor {name!r} does not match its checksum")


def _check_entry(name: str, entry: Any) -> None:
    """Raise ValueError unless dtype, shape and byte range of a tensor fit each other."""
    if not isinstance(entry, dict) or entry.keys() != {"dtype", "shape", "data_offsets"}:
        raise ValueError(f"tensor {name!r} lacks dtype, shape or data_offsets")
    dtype, shape, offsets = entry["dtype"], entry["shape"], entry["data_offsets"]
    if not isinstance(dtype, str) or dtype not in DTYPES:
        raise ValueError(f"tensor {name!r} has the dtype {dtype!r}; wildvec reads {', '.join(DTYPES)}")
    for numbers in (shape, offsets):
        if not isinstance(numbers, list) or not all(type(n) is int and n >= 0 for n in numbers):
            raise ValueError(f"tensor {name!r}: {numbers!r} are not sizes")
    n_bytes = math.prod(shape) * DTYPES[dtype].itemsize
    if len(offsets) != 2 or len(shape) > 32 or offsets[1] - offsets[0] != n_bytes:
        raise ValueError(f"tensor {name!r} of shape {shape} does not fill the bytes {offsets}")


def _check_size(source: Source, expected: int, exact: bool = False) -> None:
    if source.size is None:
        return
    if source.size < expected:
        raise EOFError(f"{source.path}: cut off at byte {source.size} of {expected}")
    if exact and source.size > expected:
        raise ValueError("bytes follow the last tensor")


def _read_bytes(source: Source, n_bytes: int) -> bytes:
    """Read `n_bytes` bytes. Memory grows with the bytes that exist, not with the size that a header gives."""
    parts: list[bytes] = []
    while n_bytes:
        part = bytearray(min(n_bytes, BLOCK))
        n_read = source.readinto(memoryview(part))
        if n_read < len(part):
            raise EOFError(f"{source.path}: the file is cut off")
        parts.append(bytes(part))
        n_bytes -= n_read
    return b"".join(parts)


def _read_tensor(source: Source, name: str, entry: dict[str, Any], allocate: Allocate | None) -> NDArray[Any]:
    dtype, shape, (begin, end) = DTYPES[entry["dtype"]], entry["shape"], entry["data_offsets"]
    if source.size is None:  # a compressed file may be shorter than its header says
        read = np.frombuffer(bytearray(_read_bytes(source, end - begin)), dtype).reshape(shape)
        if allocate is None:
            return read
        array = allocate(name, shape, dtype)
        array[...] = read
        return array
    array = np.empty(shape, dtype) if allocate is None else allocate(name, shape, dtype)
    if array.flags.c_contiguous:
        _fill(source, array)
    else:
        for rows in _row_blocks(array):
            block = np.empty(rows.shape, dtype)
            _fill(source, block)
            rows[...] = block
    return array


def _fill(source: Source, array: NDArray[Any]) -> None:
    if source.readinto(_bytes_of(array)) < array.nbytes:
        raise EOFError(f"{source.path}: the file is cut off")


def _map_tensors(source: Source, begin: int, entries: Entries) -> Tensors:
    data = np.asarray(np.memmap(source.path, np.uint8, "r"))
    tensors = {}
    for name, entry in entries.items():
        first, last = entry["data_offsets"]
        flat = data[begin + first : begin + last]
        array = flat.view(DTYPES[entry["dtype"]]).reshape(entry["shape"])
        tensors[name] = np.require(array, requirements="A")  # other programs may not align tensors
    return tensors


def _checked_metadata(metadata: Any) -> Metadata:
    if not isinstance(metadata, Mapping):
        raise ValueError(f"metadata must be a mapping from str to str, not {metadata!r}")
    for name, value in metadata.items():
        if not isinstance(name, str) or not isinstance(value, str):
            raise ValueError(f"metadata must be str, not {name!r}: {value!r}")
    return dict(metadata)


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    if len(dict(pairs)) != len(pairs):
        raise ValueError("a name occurs twice in the header")
    return dict(pairs)
