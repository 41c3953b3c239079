"""GloVe's text vectors: lines of a key and its values, without a header. In: a path. Out: keys, matrix."""

from __future__ import annotations

import os
from collections import Counter

from wildvec.io.options import ReadOptions
from wildvec.io.rows import NUMBER, RowReader, Rows, count_values
from wildvec.io.source import Source

N_FIRST = 25  # lines that decide the number of values
N_BYTES = 1 << 20  # fewer lines decide if they are longer than this together


def load(
    path: str | os.PathLike[str],
    *,
    limit: int | None = None,
    errors: str = "strict",
    encoding: str = "utf-8",
) -> Rows:
    r"""Read a GloVe text file, plain or compressed: keys and float32 matrix (n, dim).

    The number of values is that of most of the first 25 rows. A key may hold spaces (some keys of
    GloVe's files do): it is the part of a line before its last `dim` fields.

    Args:
        path: the file.
        limit: read only the first `limit` rows; None: all rows.
        errors: treatment of keys that `encoding` cannot decode: "strict" (an error), "replace" or "ignore".
        encoding: encoding of the keys. It must contain ASCII.

    Raises:
        EOFError: the file is empty or its last line is cut off.
        ValueError: rows disagree, or a value is not a number; the text names the line.

    >>> import tempfile, pathlib
    >>> path = pathlib.Path(tempfile.mkdtemp(), "glove.txt")
    >>> _ = path.write_text("the 1 2\nat name 3 4\n")
    >>> load(path)[0]
    ['the', 'at name']
    """
    options = ReadOptions(limit, errors, encoding)
    with Source(path) as source:
        return read(source, options)


def read(source: Source, options: ReadOptions) -> Rows:
    """Read the rows of an open file; otherwise like `load`."""
    return RowReader(source, _find_width(source), options).read()


def _find_width(source: Source) -> int:
    """Return the number of values that most of the first rows have."""
    numbered = _first_lines(source)
    if not numbered:
        raise EOFError(f"{source.path}: the file is empty")
    # In a line of numbers only, the key looks like a value. Such a line may also be a header.
    with_words = [(i, line) for i, line in numbered if not NUMBER.fullmatch(line.split()[0])]
    widths = {i: count_values(line) for i, line in with_words or numbered}
    last = 1 + bytes(source.unread).count(b"\n")  # a last line without a newline
    if source.ended and last in widths and widths[last] < max(widths.values()):
        del widths[last]  # it is cut off
    common = Counter(widths.values()).most_common()
    width, n_rows = common[0]
    if 2 * n_rows <= len(widths):
        lines = [next(i for i, width in widths.items() if width == common[k][0]) for k in (0, 1)]
        raise ValueError(
            f"{source.path}: line {lines[0]} has {common[0][0]} values, line {lines[1]} has {common[1][0]}; "
            "each row must have as many values as the others; remove each line that is not a row"
        )
    if not width:
        raise ValueError(f"{source.path}: most lines are not a key and its values, separated by spaces")
    return width


def _first_lines(source: Source) -> list[tuple[int, bytes]]:
    """Return the first lines that are not empty, with their numbers, and leave them in the source."""
    while True:
        head = bytes(source.unread)
        if head.count(b"\n") >= (N_FIRST if len(head) < N_BYTES else 1) or not source.more():
            break
    lines = head.split(b"\n")
    if not source.ended:
        lines.pop()
    return [(i, line) for i, line in enumerate(lines[:N_FIRST], 1) if line.strip()]
