"""Labels of nodes. In: a dict, pairs (node, label), a data frame or a file. Out: an array (nodes, labels) of bool.

A node may have several labels. Files have one node per line: "node label" or "node label label …", separated by white
space; empty lines and lines that begin with # are skipped.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from wildvec.base.keys import Key, integer_of_text
from wildvec.tables.frames import library_of, open_table
from wildvec.text.files import as_paths
from wildvec.text.labelled import text_lines


@dataclass(frozen=True)
class NodeLabels:
    """Which labels each node has.

    Attributes: `rows`, int64 (n,), the row of each labelled node in the vectors; `names`, the labels in sorted order;
    `has_label`, bool (n, labels); `unknown`, the labelled nodes without a vector.
    """

    rows: NDArray[np.int64]
    names: list[Any]
    has_label: NDArray[np.bool_]
    unknown: list[Any]


def read_node_labels(labels: Any, key_to_index: Mapping[Key, int]) -> NodeLabels:
    """Return the labels of the nodes that have a vector.

    labels: {node: label or list of labels}, pairs (node, label), an array or a frame with two such columns, a path.
    key_to_index: the row of each node. Numbers of numpy, and texts of integers as Python writes them ("7", not "07"),
    are also compared with integer keys.

    Raises ValueError for a line without a label, pairs of another length, no node with a vector, and fewer than two
    labels; TypeError for anything else.

    >>> found = read_node_labels({"a": [1], "b": [1, 2], "c": []}, {"a": 0, "b": 1, "c": 2})
    >>> found.rows.tolist(), found.names, found.has_label.astype(int).tolist()
    ([0, 1], [1, 2], [[1, 0], [1, 1]])
    """
    of_row: dict[int, set[Any]] = {}
    unknown: dict[Any, None] = {}
    is_known = False
    for node, label in _pairs(labels):
        is_known = True
        row = _row_of(node, key_to_index)
        if row is None:
            unknown[node] = None
        else:
            of_row.setdefault(row, set()).add(label)
    if not of_row:
        remedy = "names of nodes are compared as they are: 1 is not '1'" if is_known else "give pairs"
        raise ValueError(f"no node of the labels has a vector ({_some(unknown)}); {remedy}")
    names = _sorted(set().union(*of_row.values()))
    if len(names) < 2:
        raise ValueError(f"all nodes have the same label, {names[0]!r}; a classification needs two")
    columns = {name: i for i, name in enumerate(names)}
    has_label = np.zeros((len(of_row), len(names)), np.bool_)
    for i, of_node in enumerate(of_row.values()):
        has_label[i, [columns[name] for name in of_node]] = True
    return NodeLabels(np.fromiter(of_row, np.int64), names, has_label, list(unknown))


def _row_of(node: Any, key_to_index: Mapping[Key, int]) -> int | None:
    plain = node.item() if isinstance(node, np.generic) else node
    if plain in key_to_index:
        return key_to_index[plain]
    if isinstance(plain, str) and (number := integer_of_text(plain)) is not None:
        return key_to_index.get(number)
    return None


def _pairs(labels: Any) -> Iterator[tuple[Any, Any]]:
    """Yield (node, label) for each label of each node."""
    if isinstance(labels, (str, os.PathLike)):
        return _pairs_of_file(labels)
    if isinstance(labels, Mapping):
        return ((node, label) for node, given in labels.items() for label in _list_of(node, given))
    if isinstance(labels, np.ndarray) or library_of(labels) != "numpy":
        return _pairs_of_table(labels)
    if isinstance(labels, Iterable):
        return _checked_pairs(labels)
    raise TypeError(
        f"labels are {type(labels).__name__}; give a dict, pairs (node, label), a frame or the path of a file"
    )


def _list_of(node: Any, given: Any) -> Sequence[Any]:
    if isinstance(given, (list, tuple, set, frozenset)):
        return [_plain(node, label) for label in given]
    return (
        [_plain(node, label) for label in given.tolist()]
        if isinstance(given, np.ndarray) and given.ndim
        else [_plain(node, given)]
    )


def _plain(node: Any, label: Any) -> Any:
    """Return a label as Python's own type; refuse a missing one."""
    plain = label.item() if isinstance(label, np.generic) else label
    if not isinstance(plain, (str, int, float)) or plain != plain:
        raise TypeError(
            f"the label {label!r} of node {node!r} is neither str nor number; leave such nodes out"
        )
    return plain


def _pairs_of_file(path: str | os.PathLike[str]) -> Iterator[tuple[str, str]]:
    for number, line in enumerate(text_lines(as_paths(path)), 1):
        fields = line.split()
        if not fields or fields[0].startswith("#"):
            continue
        if len(fields) < 2:
            raise ValueError(f"{os.fspath(path)}, line {number}: node {fields[0]!r} has no label")
        yield from ((fields[0], label) for label in fields[1:])


def _pairs_of_table(table: Any) -> Iterator[tuple[Any, Any]]:
    shape = tuple(table.shape)
    if len(shape) == 1 and hasattr(table, "index"):  # a series of pandas
        return _pairs(table.to_dict())
    if len(shape) != 2 or shape[1] != 2:
        raise ValueError(
            f"a table of labels of the shape {shape}; give two columns: node and label, or "
            "dict(zip(wv.index_to_key, labels)) if there is a label for each row of wv"
        )
    columns = open_table(table).columns
    nodes, labels = (column.values.tolist() for column in columns)
    return ((node, _plain(node, label)) for node, label in zip(nodes, labels, strict=True))


def _checked_pairs(pairs: Iterable[Any]) -> Iterator[tuple[Any, Any]]:
    for number, pair in enumerate(pairs, 1):
        if isinstance(pair, str) or not isinstance(pair, Sequence) or len(pair) != 2:
            raise ValueError(f"pair {number} of the labels is {pair!r}; give (node, label)")
        node, given = pair
        yield from ((node, label) for label in _list_of(node, given))


def _sorted(names: Iterable[Any]) -> list[Any]:
    """Return names in order: numbers by value, then strings."""
    return sorted(names, key=lambda name: (isinstance(name, str), name))


def _some(nodes: Iterable[Any]) -> str:
    listed = list(nodes)
    return ", ".join(map(repr, listed[:5])) + (", …" if len(listed) > 5 else "") if listed else "no labels"
