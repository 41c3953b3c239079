r"""Attributes of rows in native files. In: arrays by name, one value for each row. Out: tensors, and back.

Numbers are stored as they are, as the tensor "attributes.<name>". Other values (str, bool, None, lists of these) are JSON
in the bytes of a tensor "attributes_json.<name>". The attribute "count" is the tensor "counts".

>>> tensors = pack({"count": np.array([7]), "colour": np.array(["red"], object)})
>>> sorted(tensors), unpack(tensors, 1)["colour"].tolist()
(['attributes_json.colour', 'counts'], ['red'])
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

Attributes = dict[str, NDArray[Any]]

COUNT, COUNTS = "count", "counts"
NUMBERS, JSON = "attributes.", "attributes_json."


def pack(attributes: Mapping[str, NDArray[Any]]) -> dict[str, NDArray[Any]]:
    """Return the tensors that stand for attributes.

    TypeError: a value is neither a number nor text nor a list of these.
    """
    tensors: dict[str, NDArray[Any]] = {}
    for name, values in attributes.items():
        if name == COUNT and values.dtype.kind in "iu":
            tensors[COUNTS] = np.asarray(values, np.int64)
        elif values.dtype.kind in "iuf":
            tensors[NUMBERS + name] = values
        else:
            tensors[JSON + name] = np.frombuffer(_to_json(name, values), np.uint8)
    return tensors


def _to_json(name: str, values: NDArray[Any]) -> bytes:
    content = {"dtype": values.dtype.name, "values": values.tolist()}
    try:
        return json.dumps(content, default=_to_list, separators=(",", ":")).encode()
    except (TypeError, ValueError) as error:
        raise TypeError(
            f"attribute {name!r} cannot be written ({error}); give numbers, text or lists of these, or leave it out "
            f"with ignore=[{name!r}]"
        ) from None


def _to_list(value: Any) -> Any:
    if isinstance(value, (np.ndarray, np.generic)):
        return value.tolist()
    raise TypeError(f"a value is {type(value).__name__}")


def unpack(tensors: Mapping[str, NDArray[Any]], n_rows: int) -> Attributes:
    """Return the attributes from the tensors of a file; ValueError: they do not fit n rows."""
    attributes: Attributes = {}
    for tensor, values in tensors.items():
        if tensor == COUNTS:
            if values.shape != (n_rows,) or values.dtype != np.int64:
                raise ValueError("counts must be int64, one for each key")
            attributes[COUNT] = values
        elif tensor.startswith(NUMBERS):
            attributes[tensor.removeprefix(NUMBERS)] = values
        elif tensor.startswith(JSON):
            attributes[tensor.removeprefix(JSON)] = _from_json(values)
    for name, values in attributes.items():
        if values.shape != (n_rows,):
            raise ValueError(f"attribute {name!r} has the shape {values.shape} for {n_rows} keys")
    return attributes


def _from_json(data: NDArray[Any]) -> NDArray[Any]:
    content = json.loads(data.tobytes())
    if not isinstance(content, dict) or not isinstance(content.get("values"), list):
        raise ValueError("an attribute is not JSON of values")
    if content.get("dtype") not in ("bool", "object"):
        raise ValueError(f"an attribute has the dtype {content.get('dtype')!r}")
    return np.fromiter(content["values"], object).astype(content["dtype"])
