"""What is no text. In: the first bytes of a file, decompressed. Out: nothing, or an error that says what to do.

Control characters are legal in text, also NUL, if they are few or of few kinds: the escape codes of a terminal, the
separators of an export. The first SAMPLE_BYTES of a file are refused if

- they begin as a format of FORMATS does, or
- 32 or more of them, and 1% or more, are NUL, or
- 32 or more of them, and 1% or more, are odd control characters, of 8 or more kinds. White space, backspace and
  escape are not odd.

Of random bytes, 9% are odd control characters.
"""

from __future__ import annotations

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

SAMPLE_BYTES = 1 << 16
FEWEST, FEWEST_KINDS, FRACTION = 32, 8, 0.01
NOT_ODD = bytes([*b"\b\t\n\v\f\r\x1b\x1c\x1d\x1e\x1f", *range(0x20, 0x7F), *range(0x80, 0x100)])


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
    sample = start[:SAMPLE_BYTES]
    odd = sample.translate(None, NOT_ODD)
    n_nul = odd.count(0)
    least = max(FEWEST, FRACTION * len(sample))
    if n_nul >= least:
        raise ValueError(f"{name}: {_explain_nul(sample, n_nul)}")
    if len(odd) >= least and len(set(odd)) >= FEWEST_KINDS:
        fraction = f"{len(odd):,} of the first {len(sample):,} bytes are control characters"
        raise ValueError(f"{name}: this is binary data, not UTF-8 text ({fraction}); give a text file")


def _explain_nul(sample: bytes, n_nul: int) -> str:
    even = sample[::2].count(0)
    if max(even, n_nul - even) > 0.95 * n_nul:  # the high bytes of ASCII characters
        kind = "UTF-16BE" if 2 * even > n_nul else "UTF-16LE"
        return f"this looks like {kind}, not UTF-8 text; {CONVERT}{kind}"
    remedy = "give a text file, or remove the NUL bytes, for example with tr -d '\\0'"
    return f"{n_nul:,} of the first {len(sample):,} bytes are NUL, so this is no UTF-8 text; {remedy}"
