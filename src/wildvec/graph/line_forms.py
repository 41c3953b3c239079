"""What lines of text files hold: edges, or users and items. In: the first lines. Out: whether one is a header."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from wildvec.base.keys import integer_of_text

MISSING = ("na", "null", "none")  # words that stand for a missing number
# Usual names of the columns of files and frames, in lower case.
SOURCE_NAMES = (
    *(
        "source",
        "src",
        "from",
        "start",
        "head",
        "u",
        "node",
        "node1",
        "node_1",
        "id_1",
        "sourceid",
        "source_id",
    ),
    "fromnodeid",
)
TARGET_NAMES = (
    *("target", "dst", "to", "end", "tail", "v", "node2", "node_2", "id_2", "targetid", "target_id"),
    "tonodeid",
)
HEADER_NAMES = frozenset({*SOURCE_NAMES, *TARGET_NAMES})


@dataclass(frozen=True)
class LineForm:
    """What a line holds: two names, and then numbers.

    text: for messages. numbers: the names of the most numbers that a line may have; what follows is skipped.
    header_names: usual names of the first two columns. remedy: for a number that is missing or no number. synonyms:
    usual names of columns, and the name that stands for each; a header then says which numbers there are, in any
    order.
    """

    text: str
    numbers: tuple[str, ...]
    header_names: frozenset[str]
    remedy: str
    synonyms: Mapping[str, str] | None = None


EDGES = LineForm(
    "a line is 'source target' or 'source target weight'",
    ("weight",),
    HEADER_NAMES,
    "Graph.read(path, weighted=False) reads no weights",
)


def is_header(rows: list[list[str]], names: frozenset[str]) -> bool:
    """Return whether the first of two rows names the columns. names: usual names of the first two columns.

    It does if both are such names, or one is and ends with "id"; or if the first row has names and words where the
    second one has integers and a number.

    >>> rows = [["source", "target"], ["a", "b"]], [["a", "b"], ["b", "c"]], [["who", "what", "n"], ["a", "b", "1.5"]]
    >>> [is_header(list(pair), HEADER_NAMES) for pair in rows]
    [True, False, True]
    """
    first = [value.casefold() for value in rows[0]]
    usual = [name for name in first[:2] if name in names]
    if len(usual) == 2 or any(name.endswith("id") for name in usual):
        return True
    if len(rows) < 2 or len(first) < 2:
        return False
    second = rows[1]
    if all(integer_of_text(value) is None for value in first[:2]):
        if all(integer_of_text(value) is not None for value in second[:2]):
            return True
        is_word = len(first) > 2 and first[2].isidentifier() and not _is_number(first[2])
        return is_word and first[2] not in MISSING and len(second) > 2 and _is_number(second[2])
    return False


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True
