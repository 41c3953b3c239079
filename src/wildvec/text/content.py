"""What is no text. In: the first bytes of a file, decompressed. Out: nothing, or an error that says what to do.

Control characters are legal in text, also NUL, if they are few or of few kinds: the escape codes of a terminal, the
separators of an export. The first block of a file is refused if

- it begins as a format of FORMATS does, or
- it contains 32 or more NUL bytes, and they are 1% of it or more, or
- it contains 32 or more odd control characters (ODD) of 8 or more kinds, and they are 1% of it or more.

Of random bytes, 9% are odd control characters.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

UNPACK = "unpack it and give the text files that it contains"
CONVERT = "convert it, for example with iconv -t UTF-8 -f "
DECOMPRESS = "decompress it first (an open file without a peek method is not decompressed here)"

# (bytes, their position in the file, what the file is, what the user can do)
FORMATS = (
    (b"PK\x03\x04", 0, "a zip archive (as .docx, .xlsx and .epub files are)", UNPACK),
    (b"PK\x05\x06", 0, "an empty zip archive", "give a text file"),
    (b"7z\xbc\xaf\x27\x1c", 0, "a 7z archive", UNPACK),
    (b"Rar!\x1a\x07", 0, "a rar archive", UNPACK),
    (b"ustar\0", 257, "a tar archive", UNPACK),
    (b"ustar  \0", 257, "a tar archive", UNPACK),
    (b"%PDF-", 0, "a PDF document", "extract its text, for example with pdftotext"),
    (b"\xff\xfe\0\0", 0, "UTF-32", CONVERT + "UTF-32"),
    (b"\0\0\xfe\xff", 0, "UTF-32", CONVERT + "UTF-32"),
    (b"\xff\xfe", 0, "UTF-16", CONVERT + "UTF-16"),
    (b"\xfe\xff", 0, "UTF-16", CONVERT + "UTF-16"),
    (b"\x1f\x8b\x08", 0, "gzip data", DECOMPRESS),
    (b"BZh91AY&SY", 0, "bzip2 data", DECOMPRESS),
    (b"\xfd7zXZ\0", 0, "xz data", DECOMPRESS),
    (b"\x28\xb5\x2f\xfd", 0, "zstd data", DECOMPRESS),
)
FORMAT_BYTES = 512  # the length of a start that shows every format

# Control characters except white space, backspace and escape.
ODD = np.array([byte for byte in (*range(0x20), 0x7F) if byte not in b"\b\t\n\v\f\r\x1b\x1c\x1d\x1e\x1f"])
FEWEST, FEWEST_KINDS, FRACTION = 32, 8, 0.01


def check_is_text(start: bytes, name: str) -> None:
    r"""Raise ValueError if a file is no text in UTF-8. Broken UTF-8 is not detected here.

    start: the first bytes of the file; FORMAT_BYTES or more, unless the file is shorter. name: for the message.

    >>> check_is_text(b"some \x1b[1mbold\x1b[0m words", "a.txt")
    >>> check_is_text(b"%PDF-1.7 ...", "a.pdf")
    Traceback (most recent call last):
    ValueError: a.pdf: this is a PDF document, not UTF-8 text; extract its text, for example with pdftotext
    """
    for signature, position, kind, remedy in FORMATS:
        if start.startswith(signature, position):
            raise ValueError(f"{name}: this is {kind}, not UTF-8 text; {remedy}")
    data = np.frombuffer(start, np.uint8)
    counts = np.bincount(data, minlength=128)
    least = max(FEWEST, FRACTION * len(data))
    if counts[0] >= least:
        raise ValueError(f"{name}: {_explain_nul(data, int(counts[0]))}")
    if counts[ODD].sum() >= least and np.count_nonzero(counts[ODD]) >= FEWEST_KINDS:
        fraction = f"{counts[ODD].sum():,} of the first {len(data):,} bytes are control characters"
        raise ValueError(f"{name}: this is binary data, not UTF-8 text ({fraction}); give a text file")


def _explain_nul(data: NDArray[np.uint8], n_nul: int) -> str:
    even = int(np.count_nonzero(data[::2] == 0))
    if max(even, n_nul - even) > 0.95 * n_nul:  # the high bytes of ASCII characters
        kind = "UTF-16BE" if 2 * even > n_nul else "UTF-16LE"
        return f"this looks like {kind}, not UTF-8 text; {CONVERT}{kind}"
    remedy = "give a text file, or remove the NUL bytes, for example with tr -d '\\0'"
    return f"{n_nul:,} of the first {len(data):,} bytes are NUL, so this is no UTF-8 text; {remedy}"
