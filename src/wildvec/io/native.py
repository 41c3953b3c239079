"""The native file: tensors and metadata in safetensors' layout, checksummed, memory-mappable.

8 bytes of header length, a JSON header that names each tensor's dtype, shape and place, and the
tensors without a gap. What is wildvec's own stands in the header's metadata: "format", "version",
"class", a CRC-32 of every tensor ("crc32.<name>") and one of the header ("crc32").
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
from wildvec.io.atomic import replacing
from wildvec.io.source import Source

Tensors = dict[str, NDArray[Any]]
Metadata = dict[str, str]
Make = Callable[[str, Sequence[int], np.dtype[Any]], NDArray[Any]]  # an array for a tensor of that name

DTYPES = {
    **{f"F{8 * size}": np.dtype(f"<f{size}") for size in (8, 4, 2)},
    **{f"I{8 * size}": np.dtype(f"<i{size}") for size in (8, 4, 2, 1)},
    **{f"U{8 * size}": np.dtype(f"<u{size}") for size in (8, 4, 2, 1)},
}
NAMES = {dtype: name for name, dtype in DTYPES.items()}
LONGEST_HEADER = 100_000_000  # as the safetensors package has it
BLOCK = 1 << 20
ALIGNMENT = 64
VERSION = "1"
OWN = {"format": "wildvec", "version": VERSION}


def write(
    path: str | os.PathLike[str],
    tensors: Mapping[str, NDArray[Any]],
    metadata: Mapping[str, str],
) -> None:
    """Write tensors (float16/32/64, integers) and metadata, atomically and in little memory.

    TypeError: a dtype or metadata value that the format cannot hold; OSError: as for open().
    """
    arrays = {name: _storable(name, array) for name, array in tensors.items()}
    # Large items first: so every tensor starts at a multiple of its item size, without gaps.
    order = sorted(arrays, key=lambda name: (-arrays[name].itemsize, name))
    entries, checksums, place = {}, {}, 0
    for name in order:
        array = arrays[name]
        entries[name] = {
            "dtype": NAMES[array.dtype],
            "shape": list(array.shape),
            "data_offsets": [place, place + array.nbytes],
        }
        place += array.nbytes
        checksums[f"crc32.{name}"] = checksum(array)
    for name, value in _checked_metadata(metadata).items():
        if name.startswith("crc32") or OWN.get(name, value) != value:
            raise ValueError(f"the metadata's name {name!r} is the format's own; take another")
    full = {**metadata, **OWN, **checksums}
    full = {**full, "crc32": _header_crc(entries, full)}
    header = json.dumps({"__metadata__": full, **entries}, separators=(",", ":")).encode()
    header += b" " * (-(8 + len(header)) % ALIGNMENT)
    if len(header) > LONGEST_HEADER:
        raise ValueError(f"the metadata is too large: {len(header)} bytes in the header")
    with replacing(path) as stream:
        stream.write(len(header).to_bytes(8, "little") + header)
        for name in order:
            for block in _blocks(arrays[name]):
                stream.write(block)


def read(
    path: str | os.PathLike[str], *, mmap: bool = False, verify: bool | None = None
) -> tuple[Tensors, Metadata]:
    """The tensors and metadata of a native file.

    `mmap=True` maps the file instead of reading it: read-only arrays, pages shared between
    processes. `verify` compares the tensors' checksums (default: where they are read, so not
    with mmap); the header's is always compared.
    EOFError: the file is cut off. ValueError: it is damaged, or no native file.

    >>> import tempfile, pathlib
    >>> path = pathlib.Path(tempfile.mkdtemp(), "a.wv")
    >>> write(path, {"x": np.arange(3)}, {"class": "Example"})
    >>> read(path)[0]["x"].tolist(), read(path)[1]["class"]
    ([0, 1, 2], 'Example')
    """
    with Source(path) as source:
        return read_from(source, mmap=mmap, verify=verify)


def read_from(
    source: Source, *, mmap: bool = False, verify: bool | None = None, make: Make | None = None
) -> tuple[Tensors, Metadata]:
    """`read` from an open source of which nothing was taken yet. make: where a tensor is read to, if not mapped."""
    if mmap and source.size is None:
        raise ValueError(f"{source.path}: compressed files cannot be memory-mapped; load it whole")
    try:
        begin, entries, metadata = _read_header(source)
        if mmap:
            tensors = _map_tensors(source, begin, entries)
        else:
            tensors = {name: _read_tensor(source, name, entry, make) for name, entry in entries.items()}
            if len(source.unread) or source.more():
                raise ValueError("bytes follow the last tensor")
        if verify is None:
            verify = not mmap
        for name, array in tensors.items() if verify else ():
            if metadata.get(f"crc32.{name}") != checksum(array):
                raise ValueError(f"tensor {name!r} does not match its checksum")
    except (ValueError, RecursionError) as error:
        raise ValueError(f"{source.path}: damaged native file: {error}") from error
    native = {
        name: array.astype(array.dtype.newbyteorder("="), copy=False) for name, array in tensors.items()
    }
    return native, {k: v for k, v in metadata.items() if not k.startswith("crc32.")}


def is_native(head: bytes) -> bool:
    """Whether a file that begins so is a native file (or a safetensors file)."""
    return head[8:9] == b"{" and int.from_bytes(head[:8], "little") <= LONGEST_HEADER


def check_class(path: str | os.PathLike[str], metadata: Metadata, *classes: str) -> None:
    """Raise AttributeError unless the file holds one of `classes`."""
    found = metadata.get("class", "")
    if found not in classes:
        raise AttributeError(
            f"{os.fspath(path)} holds a {found or 'nameless object'}, not a {' or '.join(classes)}"
        )


def _read_header(source: Source) -> tuple[int, dict[str, dict[str, Any]], Metadata]:
    """Where the tensors begin; their entries in the order of places; the metadata."""
    length = int.from_bytes(_take(source, 8), "little")
    if length > LONGEST_HEADER:
        raise ValueError(f"a header of {length} bytes")
    _check_size(source, 8 + length)
    header = json.loads(_take(source, length).decode(), object_pairs_hook=_unique)
    metadata = header.pop("__metadata__", None) if isinstance(header, dict) else None
    if not isinstance(metadata, dict) or metadata.get("format") != "wildvec":
        raise ValueError('its header does not say "format": "wildvec"')
    if metadata.get("version") != VERSION:
        raise ValueError(f"version {metadata.get('version')!r}; this wildvec reads {VERSION!r}")
    for name, entry in header.items():
        _check_entry(name, entry)
    entries = dict(sorted(header.items(), key=lambda item: tuple(item[1]["data_offsets"])))
    end = 0
    for name, entry in entries.items():
        begin = end
        if entry["data_offsets"][0] != begin:
            raise ValueError(f"tensor {name!r} overlaps another or leaves a gap before it")
        end = entry["data_offsets"][1]
    _check_size(source, 8 + length + end, exact=True)
    expected = metadata.pop("crc32", None)
    if expected != _header_crc(entries, _checked_metadata(metadata)):
        raise ValueError("the header does not match its checksum")
    return 8 + length, entries, metadata


def _check_entry(name: str, entry: Any) -> None:
    """Raise ValueError unless dtype, shape and place of a tensor fit each other."""
    if not isinstance(entry, dict) or entry.keys() != {
        "dtype",
        "shape",
        "data_offsets",
    }:
        raise ValueError(f"tensor {name!r} lacks dtype, shape or data_offsets")
    dtype, shape, offsets = entry["dtype"], entry["shape"], entry["data_offsets"]
    if not isinstance(dtype, str) or dtype not in DTYPES:
        raise ValueError(f"tensor {name!r} has the dtype {dtype!r}; known are {', '.join(DTYPES)}")
    for numbers in (shape, offsets):
        if not isinstance(numbers, list) or not all(type(n) is int and n >= 0 for n in numbers):
            raise ValueError(f"tensor {name!r}: {numbers!r} are no sizes")
    n_bytes = math.prod(shape) * DTYPES[dtype].itemsize
    if len(offsets) != 2 or len(shape) > 32 or offsets[1] - offsets[0] != n_bytes:
        raise ValueError(f"tensor {name!r} of shape {shape} does not fill the place {offsets}")


def _check_size(source: Source, expected: int, exact: bool = False) -> None:
    if source.size is None:
        return
    if source.size < expected:
        raise EOFError(f"{source.path}: cut off at byte {source.size} of {expected}")
    if exact and source.size > expected:
        raise ValueError("bytes follow the last tensor")


def _take(source: Source, n_bytes: int) -> bytes:
    """The next bytes; memory grows with what is there, not with what is promised."""
    parts: list[bytes] = []
    while n_bytes:
        part = bytearray(min(n_bytes, BLOCK))
        n_read = source.readinto(memoryview(part))
        if n_read < len(part):
            raise EOFError(f"{source.path}: the file is cut off")
        parts.append(bytes(part))
        n_bytes -= n_read
    return b"".join(parts)


def _read_tensor(source: Source, name: str, entry: dict[str, Any], make: Make | None) -> NDArray[Any]:
    dtype, shape, (begin, end) = (
        DTYPES[entry["dtype"]],
        entry["shape"],
        entry["data_offsets"],
    )
    if source.size is None:
        read = np.frombuffer(bytearray(_take(source, end - begin)), dtype).reshape(shape)
        if make is None:
            return read
        array = make(name, shape, dtype)
        array[...] = read
        return array
    array = np.empty(shape, dtype) if make is None else make(name, shape, dtype)
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


def _map_tensors(source: Source, begin: int, entries: dict[str, dict[str, Any]]) -> Tensors:
    data = np.asarray(np.memmap(source.path, np.uint8, "r"))
    tensors = {}
    for name, entry in entries.items():
        first, last = entry["data_offsets"]
        flat = data[begin + first : begin + last]
        array = flat.view(DTYPES[entry["dtype"]]).reshape(entry["shape"])
        tensors[name] = np.require(array, requirements="A")  # other writers may not align
    return tensors


def _storable(name: str, array: NDArray[Any]) -> NDArray[Any]:
    """The array with little-endian items; TypeError where the format has no such dtype."""
    if name == "__metadata__":
        raise ValueError("a tensor cannot be called __metadata__")
    little = array.dtype.newbyteorder("<")
    if little not in NAMES:
        raise TypeError(f"tensor {name!r} has the dtype {array.dtype}; take a float or an integer")
    return array.astype(little, copy=False)


def _checked_metadata(metadata: Mapping[Any, Any]) -> Metadata:
    for name, value in metadata.items():
        if not isinstance(name, str) or not isinstance(value, str):
            raise ValueError(f"metadata must be str, not {name!r}: {value!r}")
    return dict(metadata)


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    if len(dict(pairs)) != len(pairs):
        raise ValueError("a name stands twice in the header")
    return dict(pairs)


def _row_blocks(array: NDArray[Any]) -> Iterator[NDArray[Any]]:
    """Views of about a megabyte each that make up the array."""
    rows = array.reshape(1) if array.ndim == 0 else array
    if not rows.size:
        return
    n_rows = max(1, BLOCK * len(rows) // rows.nbytes)
    for begin in range(0, len(rows), n_rows):
        yield rows[begin : begin + n_rows]


def _blocks(array: NDArray[Any]) -> Iterator[memoryview]:
    """The items in C order, about a megabyte at a time: a strided view is never copied whole."""
    for rows in _row_blocks(array):
        yield _bytes_of(np.ascontiguousarray(rows))


def _bytes_of(array: NDArray[Any]) -> memoryview:
    return array.reshape(-1).view(np.uint8).data


def _header_crc(entries: Mapping[str, Mapping[str, Any]], metadata: Metadata) -> str:
    """Over what the header says, not how: another tool may have ordered or spaced it anew."""
    shapes = {name: [entry["dtype"], entry["shape"]] for name, entry in entries.items()}
    return _hex(zlib.crc32(json.dumps([shapes, metadata], sort_keys=True).encode()))


def _hex(value: int) -> str:
    return f"{value:08x}"
