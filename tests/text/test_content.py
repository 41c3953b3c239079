"""Archives, other encodings and binary data are refused as text; text with control characters is read."""

from __future__ import annotations

import bz2
import gzip
import io
import random
import tarfile
import zipfile

import pytest

from wildvec.text.content import check_is_text
from wildvec.text.corpus import Corpus

TEXT = "the cat sat on the mat\n" * 200


def zipped() -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        archive.writestr("text.txt", TEXT)
    return file.getvalue()


def tarred(form: int) -> bytes:
    file = io.BytesIO()
    with tarfile.open(fileobj=file, mode="w", format=form) as archive:
        member = tarfile.TarInfo("text.txt")
        member.size = len(TEXT)
        archive.addfile(member, io.BytesIO(TEXT.encode()))
    return file.getvalue()


REFUSED = {
    "zip": (zipped(), "zip archive.*unpack it"),
    "7z": (b"7z\xbc\xaf\x27\x1c" + b"\0\x04" * 50, "7z archive"),
    "rar": (b"Rar!\x1a\x07\x01\0" + b"x" * 50, "rar archive"),
    "pdf": (b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n1 0 obj\n", "PDF document.*pdftotext"),
    "tar": (tarred(tarfile.GNU_FORMAT), "tar archive.*unpack it"),
    "pax.tar": (tarred(tarfile.PAX_FORMAT), "tar archive"),
    "tar.gz": (gzip.compress(tarred(tarfile.USTAR_FORMAT)), "tar archive"),
    "txt.gz.bz2": (bz2.compress(gzip.compress(TEXT.encode())), "gzip data.*decompress"),
    "utf16": (TEXT.encode("utf-16"), "this is UTF-16.*iconv -t UTF-8 -f UTF-16"),
    "utf16le": (TEXT.encode("utf-16-le"), "UTF-16LE"),
    "utf16be": (TEXT.encode("utf-16-be"), "UTF-16BE"),
    "utf32": (TEXT.encode("utf-32"), "this is UTF-32"),
    "utf32le": (TEXT.encode("utf-32-le"), "bytes are NUL"),
    "zeros": (bytes(5000), "bytes are NUL.*tr -d"),
    "text and zeros": (TEXT.encode() + bytes(100), "100 of the first 4,700 bytes are NUL"),
    "random": (random.Random(1).randbytes(2000), "binary data"),
    "floats": (b"3 2\nthe " + random.Random(2).randbytes(3000), "binary data"),
}


@pytest.mark.parametrize("errors", ["strict", "replace", "ignore"])
@pytest.mark.parametrize("kind", REFUSED)
def test_files_that_are_no_text_are_refused(tmp_path, kind, errors):
    content, message = REFUSED[kind]
    path = tmp_path / f"corpus.{kind}"
    path.write_bytes(content)
    with pytest.raises(ValueError, match=rf"corpus\.{kind}: .*{message}"):
        Corpus.read(path, min_count=1, errors=errors)
    with pytest.raises(ValueError, match=message.partition(".*")[0]):
        Corpus.read(path, min_count=1, errors=errors, tokenizer=str.split)


def test_an_open_file_without_peek_is_checked_too():
    with pytest.raises(ValueError, match=r"BytesIO: this is gzip data.*peek"):
        Corpus.read(io.BytesIO(gzip.compress(TEXT.encode())), errors="ignore")


def test_a_stream_that_returns_few_bytes_is_recognised():
    class Slow(io.BytesIO):
        def read(self, size: int = -1) -> bytes:
            return super().read(min(size, 100))

    with pytest.raises(ValueError, match="tar archive"):
        Corpus.read(Slow(tarred(tarfile.GNU_FORMAT)))
    assert Corpus.read(Slow(b"\xef\xbb\xbf" + TEXT.encode())).raw_tokens == 1200


@pytest.mark.parametrize(
    "text",
    [
        "\x1b[31merror\x1b[0m in line\n" * 100,  # colours of a terminal
        "_\bh_\be_\bl_\bp\n" * 100,  # underlined words of a manual page
        "name\x01age\x01town\n" * 100,  # an export of Hive
        "a\x1fb\x1ec\x1d\n" * 100,  # ASCII separators
        "page\f\n" * 100,
        "".join(map(chr, range(1, 128))) + "\n",  # every character once
        "a\0b c\n" + "word " * 2000,  # few NUL
        "ÄÖÜ 中文 😀\u200b\x85\n" * 50,
        "",
    ],
)
def test_text_with_control_characters_is_legal(text):
    check_is_text(text.encode(), "a.txt")
    if text:
        assert Corpus.read(io.BytesIO(text.encode()), min_count=1).raw_tokens > 0
