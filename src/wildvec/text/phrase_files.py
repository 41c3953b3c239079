"""Text with joined phrases. In: files of text, a finder of phrases. Out: the lines with phrases joined."""

from __future__ import annotations

from collections.abc import Generator
from contextlib import closing
from typing import Any, BinaryIO

import numpy as np

from wildvec._phrases import PhraseFinder
from wildvec._text import prepare_text
from wildvec.base.progress import progress_bar
from wildvec.base.threads import in_order
from wildvec.text.content import check_is_text
from wildvec.text.files import Paths, find_files, name_of, open_file, read_bytes
from wildvec.text.readers import BOM

BLOCK_BYTES = 1 << 18  # a block and its tokens fit into the second-level cache
LONGEST_LINE = 1 << 22  # bytes; a longer line is cut at white space, and no phrase is found over the cut


def join_files(finder: PhraseFinder, paths: Any, out: BinaryIO, workers: int) -> int:
    """Write the lines of files to `out`, words separated by one space, with phrases joined; return the bytes written.

    paths: as for `Paths`. ValueError: a file is not UTF-8 text. OSError: it cannot be read.
    """
    files, total = find_files(Paths(paths))
    n_written = 0

    def join(piece: tuple[bytes, str, int]) -> tuple[Any, int]:
        data, name, offset = piece
        text = np.frombuffer(bytearray(data), np.uint8)
        bad, _ = prepare_text(text, False)
        if bad >= 0:
            raise ValueError(f"{name}: byte {offset + bad} is not UTF-8; convert the file to UTF-8")
        return finder.join_text(text), len(data)

    with progress_bar(total, "joining phrases", "B") as bar, closing(_pieces(files)) as pieces:
        for joined, n_read in in_order([join] * workers, pieces):
            out.write(joined.data)
            n_written += len(joined)
            bar.update(n_read)
    return n_written


def _pieces(files: list[str]) -> Generator[tuple[bytes, str, int], None, None]:
    """Yield the bytes of files in pieces of whole lines: (bytes, name of the file, offset in it)."""
    for file in files:
        name, offset, held = name_of(file), 0, b""
        with open_file(file) as (stream, _):
            while data := read_bytes(stream, BLOCK_BYTES):
                if not offset and not held:
                    check_is_text(data, name)
                    data = data.removeprefix(BOM)
                data = held + data
                cut = data.rfind(b"\n") + 1
                if not cut and len(data) > LONGEST_LINE:
                    cut = max(data.rfind(b" "), data.rfind(b"\t")) + 1
                held = data[cut:]
                if cut:
                    yield data[:cut], name, offset
                offset += cut
        if held:
            yield held + b"\n", name, offset
