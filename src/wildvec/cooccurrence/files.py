"""The native file of a Cooccurrence. In: the object. Out: a file, and from it the arguments of `from_arrays`."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

from wildvec.io import keys, native

if TYPE_CHECKING:
    from wildvec.cooccurrence.cooccurrence import Cooccurrence

CLASS = "Cooccurrence"
ARRAYS = ("counts", "offsets", "columns", "values")


def save(path: str | os.PathLike[str], pairs: Cooccurrence) -> None:
    """Write all attributes."""
    tensors = {name: getattr(pairs, name) for name in ARRAYS}
    metadata = {
        "class": CLASS,
        "window": str(pairs.window or ""),
        "symmetric": str(int(pairs.symmetric)),
        "distance_weighting": str(int(pairs.distance_weighting)),
    }
    native.write(path, {**tensors, **keys.pack(pairs.keys)}, metadata)


def load(path: str | os.PathLike[str], mmap: bool) -> dict[str, Any]:
    """Read the arguments of `Cooccurrence.from_arrays`."""
    tensors, metadata = native.read(path, mmap=mmap)
    native.check_class(path, metadata, CLASS)
    try:
        names = keys.unpack(tensors)
        window = metadata["window"]
        flags = {name: bool(int(metadata[name])) for name in ("symmetric", "distance_weighting")}
        arrays = {name: tensors[name] for name in ARRAYS}
        return {"keys": names, "window": int(window) if window else None, **flags, **arrays}
    except (ValueError, KeyError) as error:
        raise ValueError(f"{os.fspath(path)}: damaged file of co-occurrences: {error}") from error
