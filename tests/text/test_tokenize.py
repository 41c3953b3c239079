"""Text becomes the same tokens as by str.split, for every text, block size and number of workers."""

from __future__ import annotations

import io
import sys
from itertools import pairwise
from unittest import mock

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wildvec._text import last_space, prepare_text
from wildvec.text import readers
from wildvec.text.corpus import Corpus

SPACES = [chr(c) for c in range(sys.maxunicode + 1) if chr(c).isspace()]
CHARACTERS = st.one_of(
    st.sampled_from(["a", "b", "A", " ", "\n", "\0", "\x01", "é", "Σ", "İ", "中", "😀", "\u200b"]),
    st.sampled_from(SPACES),
    st.characters(codec="utf-8"),
)
TEXTS = st.text(CHARACTERS, max_size=120)
WORKERS = st.integers(1, 4)


def tokens_of(corpus: Corpus) -> list[list[object]]:
    keys = corpus.vocab.keys
    ends = corpus.offsets.tolist()
    ids = corpus.ids.tolist()
    return [[keys[i] for i in ids[a:b]] for a, b in pairwise(ends)]


def split_lines(text: str) -> list[list[str]]:
    lines = [line.split() for line in text.removeprefix("\ufeff").split("\n")]
    return [line for line in lines if line]


def read(data: bytes, **options: object) -> list[list[object]]:
    return tokens_of(Corpus.read(io.BytesIO(data), min_count=1, **options))


@given(TEXTS, st.integers(1, 50), WORKERS, st.booleans())
def test_text_equals_split(text: str, block: int, workers: int, lowercase: bool):
    expected = split_lines(text.lower() if lowercase else text)
    with mock.patch.object(readers, "BLOCK_BYTES", block):
        if expected:
            assert read(text.encode(), workers=workers, lowercase=lowercase) == expected
        else:
            with pytest.raises(ValueError, match="nothing was read"):
                read(text.encode(), workers=workers, lowercase=lowercase)


@given(st.lists(st.lists(st.text(st.characters(codec="utf-8", exclude_characters="\0")))), WORKERS)
def test_token_lists_are_unchanged(sentences: list[list[str]], workers: int):
    expected = [sentence for sentence in sentences if sentence]
    with mock.patch.object(readers, "BATCH_TOKENS", 3):
        if expected:
            assert tokens_of(Corpus.read(sentences, min_count=1, workers=workers)) == expected


@given(st.binary(max_size=60), st.sampled_from(["replace", "ignore"]))
def test_broken_bytes_follow_the_policy(data: bytes, errors: str):
    data = b"text " + data  # so that the data is not the start of another format
    assert read(data, errors=errors) == split_lines(data.decode(errors=errors))


@given(st.lists(st.sampled_from([b"a", b"\xc3", b"\xa9", b"\xe2", b"\x80", b"\xed\xa0\x80"])))
def test_broken_bytes_are_found_at_the_same_offset_as_by_python(parts: list[bytes]):
    data = b"some text in ASCII" + b"".join(parts)
    bad, is_ascii = prepare_text(bytearray(data), False)
    try:
        assert (bad, is_ascii) == (-1, data.decode().isascii())
    except UnicodeDecodeError as error:
        assert bad == error.start


@pytest.mark.parametrize(
    "broken",
    [
        b"\x80",
        b"\xc0\xaf",
        b"\xe0\x9f\xbf",
        b"\xed\xa0\x80",
        b"\xf0\x8f\xbf\xbf",
        b"\xf4\x90\x80\x80",
    ],
)
def test_errors_strict_names_file_and_byte(tmp_path, broken: bytes):
    path = tmp_path / "broken.txt"
    path.write_bytes(b"good words " * 9 + broken + b" more")
    with (
        mock.patch.object(readers, "BLOCK_BYTES", 16),
        pytest.raises(ValueError, match=r"broken\.txt: byte 99 \(0x\w\w\).*errors='replace'"),
    ):
        Corpus.read(path, min_count=1)


def test_the_white_space_characters_are_those_of_str():
    everything = [chr(c) for c in range(sys.maxunicode + 1) if not 0xD800 <= c < 0xE000]
    data = bytearray("x".join(everything).encode())
    assert prepare_text(data, False)[0] == -1
    prepared = [bytes(part) for part in data.split(b"x")]
    names = [c for c in everything if c != "x"]
    prepared = [part for part in prepared if part != b""]  # both sides of the character x itself
    for character, part in zip(names, prepared, strict=True):
        splits = part.strip(b" \t\n\v\f\r\x1c\x1d\x1e\x1f") == b""
        assert splits == character.isspace(), hex(ord(character))


@pytest.mark.parametrize("length", range(1, 40))
def test_tokens_of_any_length_at_any_position(length: int):
    words = ["x" * length, "y" * (length - 1) + "z", "é" * length, "x" * length + "y"]
    text = "\n".join(" ".join(words[i:] + words[:i]) for i in range(4))
    assert read(text.encode()) == split_lines(text)
    assert tokens_of(Corpus.read([words], min_count=1)) == [words]


def test_byte_order_marks_line_ends_and_control_characters():
    assert read(b"\xef\xbb\xbfone two\r\nthree\r\n") == [["one", "two"], ["three"]]
    assert read(b"a\0b c\x01\n\0 \xef\xbb\xbf") == [["a\0b", "c\x01"], ["\0", "\ufeff"]]


@pytest.mark.parametrize("block", [1, 2, 3, 4])
def test_a_byte_order_mark_in_small_pieces(block: int):
    with mock.patch.object(readers, "BLOCK_BYTES", block):
        assert read(b"\xef\xbb\xbfa b") == [["a", "b"]]


def test_long_tokens_and_many_tokens():
    long = "l" * 3_000_000
    assert read(f"a {long} b {long}".encode()) == [["a", long, "b", long]]
    words = [f"w{i}" for i in range(150_000)]
    assert read(" ".join(words).encode(), max_sentence_length=10**6) == [words]


def test_no_white_space_at_all_is_refused():
    with (
        mock.patch.multiple(readers, LONGEST_TOKEN=1000, BLOCK_BYTES=64),
        pytest.raises(ValueError, match=r"no white space in 1,0\d\d bytes from byte 3 on"),
    ):
        read(b"ab " + b"x" * 2000)


def test_last_space():
    assert [last_space(b) for b in (b"", b"abc", b"a bc", b"a\n", b"\xc2\xa0")] == [0, 0, 2, 2, 0]
