"""Files of vectors: round trips, values, keys, cut and damaged files, hostile headers."""

from __future__ import annotations

import bz2
import gzip
import logging
import lzma
import os
import pickle
import re
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from wildvec.io import Kind, glove, load, save, word2vec

KEYS = ["king", "queen", "Zürich", "東京", "a_b"]
MATRIX = np.arange(15, dtype=np.float32).reshape(5, 3) / 7 - 1

word_keys = st.lists(
    st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=8).filter(
        lambda key: not any(c.isspace() for c in key)
    ),
    min_size=1,
    max_size=6,
    unique=True,
)


@st.composite
def vectors(draw: st.DrawFn) -> tuple[list[str], np.ndarray]:
    keys = draw(word_keys)
    shape = (len(keys), draw(st.integers(1, 5)))
    return keys, draw(hnp.arrays(np.float32, shape, elements=st.floats(width=32)))


def same(a: np.ndarray, b: np.ndarray) -> bool:
    return a.dtype == b.dtype and np.array_equal(a, b, equal_nan=True)


# Round trips


@given(vectors(), st.sampled_from([".wv", ".bin", ".txt", ".vec", ".vec.gz", ".bin.xz", ".txt.bz2"]))
@settings(max_examples=120, deadline=None)
def test_saved_vectors_are_loaded_unchanged(
    tmp_path_factory: pytest.TempPathFactory, data: tuple[list[str], np.ndarray], suffix: str
) -> None:
    keys, matrix = data
    path = tmp_path_factory.getbasetemp() / f"trip{suffix}"
    kind = save(path, keys, matrix)
    if kind is Kind.BINARY:  # a tiny binary file may look like text
        got_keys, got = word2vec.load(path, binary=True)
    else:
        got_keys, got, _ = load(path)
    assert got_keys == keys
    assert same(got, matrix)


def test_a_round_trip_keeps_every_byte_of_a_binary_file(tmp_path: Path) -> None:
    rng = np.random.default_rng(1)
    keys = [f"word{i}" for i in range(3000)]
    save(tmp_path / "a.bin", keys, rng.standard_normal((3000, 50)))
    loaded_keys, matrix, _ = load(tmp_path / "a.bin")
    save(tmp_path / "b.bin", loaded_keys, matrix)
    assert (tmp_path / "a.bin").read_bytes() == (tmp_path / "b.bin").read_bytes()
    save(tmp_path / "c.txt", loaded_keys, matrix)
    save(tmp_path / "d.bin", *load(tmp_path / "c.txt")[:2])
    assert (tmp_path / "d.bin").read_bytes() == (tmp_path / "b.bin").read_bytes()


def test_files_larger_than_the_buffer(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("wildvec.io.source.WINDOW", 100)
    keys = [f"word{i}" for i in range(300)]
    matrix = np.random.default_rng(1).standard_normal((300, 20)).astype(np.float32)
    for name in ("v.bin", "v.txt", "v.txt.gz", "v.bin.xz", "v.wv", "v.wv.bz2"):
        save(tmp_path / name, keys, matrix)
        got_keys, got, _ = load(tmp_path / name)
        assert got_keys == keys and same(got, matrix)
    text = (tmp_path / "v.txt").read_bytes().partition(b"\n")[2]
    for data in (text, text.rstrip(), gzip.compress(text)):
        (tmp_path / "glove").write_bytes(data)
        got_keys, got, _ = load(tmp_path / "glove")
        assert got_keys == keys and same(got, matrix)


def test_rows_are_sorted_by_falling_count_and_limit_reads_the_first(tmp_path: Path) -> None:
    path = tmp_path / "v.txt"
    word2vec.save(path, KEYS, MATRIX, np.array([1, 5, 3, 5, 2]))
    assert word2vec.load(path)[0] == ["queen", "東京", "Zürich", "a_b", "king"]
    keys, matrix = word2vec.load(path, limit=2)
    assert keys == ["queen", "東京"]
    assert same(matrix, MATRIX[[1, 3]])
    assert word2vec.load(path, limit=0)[1].shape == (0, 3)
    with pytest.raises(ValueError, match="limit=-1"):
        word2vec.load(path, limit=-1)


def test_a_strided_view_is_saved_like_a_copy(tmp_path: Path) -> None:
    padded = np.arange(2 * 16, dtype=np.float32).reshape(2, 16)
    for suffix in (".wv", ".bin", ".txt"):
        save(tmp_path / f"v{suffix}", ["a", "b"], padded[:, :3])
        assert same(load(tmp_path / f"v{suffix}")[1], padded[:, :3])


def test_the_content_decides_the_kind_not_the_name(tmp_path: Path) -> None:
    for suffix in (".wv", ".bin", ".txt", ".txt.gz"):
        save(tmp_path / f"v{suffix}", KEYS, MATRIX)
        renamed = tmp_path / "renamed.csv"
        os.replace(tmp_path / f"v{suffix}", renamed)
        keys, matrix, _ = load(renamed)
        assert keys == KEYS
        assert same(matrix, MATRIX)


def test_variants_that_other_tools_write(tmp_path: Path) -> None:
    path = tmp_path / "v"
    path.write_bytes("\ufeff2 2\r\na 1 2 \r\nb\t.5  -1e3\r\n".encode())
    assert load(path)[1].tolist() == [[1, 2], [0.5, -1000]]
    one = np.array([1.5, -2], "<f4").tobytes()
    path.write_bytes(
        b"2 2\na " + one + b"\nb " + one + b"\n"
    )  # word2vec.c writes a newline after each record
    assert load(path)[0] == ["a", "b"]


def test_a_wrong_binary_flag_is_an_error(tmp_path: Path) -> None:
    save(tmp_path / "v.bin", KEYS, MATRIX)
    save(tmp_path / "v.txt", KEYS, MATRIX)
    with pytest.raises(ValueError, match="binary=True"):
        word2vec.load(tmp_path / "v.bin")
    with pytest.raises(ValueError, match="binary=False"):
        word2vec.load(tmp_path / "v.txt", binary=True)


@pytest.mark.parametrize("row", ["a 0x10 1_0", "a 1,0,2,0,3,0,4,0", "a one two", "é 0x10 1_0"])
def test_text_with_odd_numbers_is_not_read_as_binary(tmp_path: Path, row: str) -> None:
    path = tmp_path / "v.vec"
    path.write_text(f"2 2\n{row}\nb 1 2\n", "utf-8")
    with pytest.raises(ValueError, match=r"v\.vec, line 2"):
        load(path)
    with pytest.raises(ValueError, match="binary=False"):
        word2vec.load(path, binary=True)


# Numbers

numbers = st.one_of(
    st.floats().map(repr),
    st.floats(width=32).map(repr),
    st.decimals(allow_nan=False, allow_infinity=False).map(str),
    st.from_regex(r"[+-]?([0-9]{1,25}\.?[0-9]{0,25}|\.[0-9]{1,25})([eE][+-]?[0-9]{1,3})?", fullmatch=True),
    st.sampled_from(["16777217", "1.00000017881393432617187499", "3.4028235677973366e38", "1e-46"]),
).filter(str.isascii)


@given(st.lists(numbers, min_size=1, max_size=20))
@settings(max_examples=300, deadline=None)
def test_every_value_is_the_float32_of_its_float(
    tmp_path_factory: pytest.TempPathFactory, texts: list[str]
) -> None:
    path = tmp_path_factory.getbasetemp() / "numbers.txt"
    path.write_text(f"1 {len(texts)}\nkey {' '.join(texts)}\n")
    with np.errstate(over="ignore"):
        expected = np.array([[np.float32(float(text)) for text in texts]])
    assert same(word2vec.load(path)[1], expected)


def test_more_odd_values_than_fit_in_one_block(tmp_path: Path) -> None:
    path = tmp_path / "v.txt"
    path.write_text("5000 2\n" + "".join(f"k{i} 1e-30 {i}e-40\n" for i in range(5000)))
    _, matrix = word2vec.load(path)
    assert (matrix[:, 0] == np.float32(1e-30)).all()
    assert matrix[4999, 1] == np.float32(4999e-40)


@pytest.mark.parametrize("bad", ["x", "1_0", "1e", "--1", ".", "0x10", "1,5", "nano", "\u0661"])
def test_an_error_names_the_line_and_the_field_that_is_not_a_number(tmp_path: Path, bad: str) -> None:
    path = tmp_path / "v.txt"
    path.write_text(f"3 2\na 1 2\n\nb 3 {bad}\nc 5 6\n", encoding="utf-8")
    with pytest.raises(ValueError, match=r"v\.txt, line 4, .*not a decimal number") as caught:
        word2vec.load(path)
    assert repr(bad) in str(caught.value)


@pytest.mark.parametrize("line", ["b 3", "b 3 4 5", "b"])
def test_an_error_names_the_line_of_another_length(tmp_path: Path, line: str) -> None:
    path = tmp_path / "v.txt"
    path.write_text(f"3 2\na 1 2\n{line}\nc 5 6\n")
    with pytest.raises(ValueError, match=r"line 3.*wrong number of values"):
        load(path)
    path.write_text(f"a 1 2\n{line}\nc 5 6\n")
    with pytest.raises(ValueError, match=r"line 2.*wrong number of values"):
        load(path)


def test_a_last_line_cut_off(tmp_path: Path) -> None:
    (tmp_path / "v").write_text("a 1 2 3\nb 1")
    with pytest.raises(EOFError, match=r"last line, 2, holds fewer than 3 values"):
        load(tmp_path / "v")
    (tmp_path / "v").write_text("a 1 2 3\n\n  \n")
    assert load(tmp_path / "v")[0] == ["a"]


# Keys


def test_glove_keys_may_hold_spaces(tmp_path: Path) -> None:
    path = tmp_path / "glove.txt"
    path.write_text("the 1 2\n. . . 3 4\nat home 5 6\n\u00a0 7 8", encoding="utf-8")
    keys, matrix = glove.load(path)
    assert keys == ["the", ". . .", "at home", "\u00a0"]
    assert matrix.tolist() == [[1, 2], [3, 4], [5, 6], [7, 8]]
    assert glove.load(path, limit=2)[0] == ["the", ". . ."]
    assert load(path)[0] == keys


def test_keys_that_are_not_utf8(tmp_path: Path) -> None:
    path = tmp_path / "v.txt"
    path.write_bytes(b"2 1\nok 1\nb\xff\xc3 2\n")
    with pytest.raises(ValueError, match=r"line 3: the key b'b\\xff\\xc3' is not UTF-8.*replace"):
        word2vec.load(path)
    assert word2vec.load(path, errors="replace")[0] == ["ok", "b\ufffd\ufffd"]
    assert word2vec.load(path, errors="ignore")[0] == ["ok", "b"]
    with pytest.raises(ValueError, match="errors='wrong'"):
        word2vec.load(path, errors="wrong")


def test_repeated_keys_keep_the_first(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    path = tmp_path / "v.txt"
    path.write_text("5 1\na 1\nb 2\na 3\nc 4\nb 5\n")
    with caplog.at_level(logging.WARNING):
        keys, matrix = word2vec.load(path)
    assert keys == ["a", "b", "c"]
    assert matrix.tolist() == [[1], [2], [4]]
    assert "dropped 2 rows" in caplog.text


@pytest.mark.parametrize("key", ["new york", "tab\there", "line\nend", "no\u00a0break", ""])
def test_text_refuses_keys_with_white_space(tmp_path: Path, key: str) -> None:
    with pytest.raises(ValueError, match="native") as caught:
        save(tmp_path / "v.txt", ["ok", key], MATRIX[:2])
    assert repr(key) in str(caught.value)
    assert not list(tmp_path.iterdir())
    save(tmp_path / "v.wv", ["ok", key], MATRIX[:2])
    assert load(tmp_path / "v.wv")[0] == ["ok", key]


def test_binary_refuses_keys_with_spaces(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=r"'new york'.*native"):
        save(tmp_path / "v.bin", ["new york"], MATRIX[:1])
    save(tmp_path / "v.bin", ["no\u00a0break"], MATRIX[:1])
    assert load(tmp_path / "v.bin")[0] == ["no\u00a0break"]


def test_keys_of_the_native_format(tmp_path: Path) -> None:
    keys = [5, -1, 2**62]
    save(tmp_path / "v.wv", keys, MATRIX[:3], np.array([3, 2, 1]))
    loaded, _, counts = load(tmp_path / "v.wv")
    assert loaded == keys
    assert counts is not None and counts.tolist() == [3, 2, 1]
    with pytest.raises(TypeError, match=r"float 1\.5"):
        save(tmp_path / "w.wv", [1.5, "a"], MATRIX[:2])  # type: ignore[list-item]
    with pytest.raises(ValueError, match="int64"):
        save(tmp_path / "w.wv", [2**63], MATRIX[:1])
    with pytest.raises(ValueError, match="surrogate"):
        save(tmp_path / "w.wv", ["\ud800"], MATRIX[:1])


# Cut off and damaged


@pytest.mark.parametrize("suffix", [".wv", ".bin", ".txt", ".txt.gz", ".bin.bz2", ".wv.xz"])
def test_a_file_cut_anywhere_is_an_error(tmp_path: Path, suffix: str) -> None:
    path = tmp_path / f"v{suffix}"
    save(path, KEYS, MATRIX)
    whole = path.read_bytes()
    for length in range(len(whole)):
        path.write_bytes(whole[:length])
        try:
            keys, matrix, _ = load(path)
        except (EOFError, ValueError) as error:
            assert str(path) in str(error)
        else:  # a text file may lack its last newline, or digits of its last value
            assert suffix == ".txt" and keys == KEYS and same(matrix[:-1], MATRIX[:-1])
            assert len(whole) - length <= len("0.857142866\n")


@pytest.mark.parametrize("suffix", [".txt", ".bin"])
@pytest.mark.parametrize("compress", [bytes, gzip.compress])
def test_the_number_of_rows_must_be_that_of_the_header(tmp_path: Path, suffix: str, compress: type) -> None:
    path = tmp_path / f"v{suffix}"
    save(path, KEYS, MATRIX)
    whole = path.read_bytes()
    path.write_bytes(compress(whole.replace(b"5 3", b"700 3", 1)))
    with pytest.raises(EOFError, match="announces 700 rows of 3 values, but the file holds 5"):
        load(path)
    path.write_bytes(compress(whole.replace(b"5 3", b"4 3", 1)))
    with pytest.raises(ValueError, match="more data follows"):
        load(path)


@pytest.mark.parametrize(
    "header",
    ["-5 3", "5 -3", "5 0", f"{10**18} 3", f"5 {10**18}", f"{10**18} {10**18}", f"1 {2**31 - 1}",
     f"{10**30} 1", "0 0"],
)  # fmt: skip
@pytest.mark.parametrize("compress", [bytes, gzip.compress])
def test_hostile_headers_reserve_no_memory(tmp_path: Path, header: str, compress: type) -> None:
    path = tmp_path / "v"
    for body in (b"a 1 2 3\nb 1 2 3\n", b"a " + bytes(12) + b"b " + bytes(12)):
        path.write_bytes(compress(header.encode() + b"\n" + body))
        for read in (load, lambda path: word2vec.load(path, binary=True)):
            with pytest.raises((ValueError, EOFError), match=r"values|binary=False"):
                read(path)


def test_int_and_str_keys_together_are_loaded_unchanged(tmp_path: Path) -> None:
    keys = [7, "7", -(2**63), "", "é"]
    save(tmp_path / "v.wv", keys, MATRIX[:5])
    assert load(tmp_path / "v.wv")[0] == keys
    for name in ("v.bin", "v.txt"):
        with pytest.raises(ValueError, match="7 and '7' would be one"):
            save(tmp_path / name, keys[:2], MATRIX[:2])


def test_binary_without_a_key(tmp_path: Path) -> None:
    path = tmp_path / "v.bin"
    path.write_bytes(b"2 1\n" + b"k" * (1 << 20) + b" 0000")
    with pytest.raises(ValueError, match=r"row 1.*no key and space"):
        word2vec.load(path, binary=True)
    path.write_bytes(b"2 1\na \0\0\0\0b\nc \0\0\0\0")
    with pytest.raises(ValueError, match=r"row 2.*no key and space"):
        word2vec.load(path, binary=True)
    path.write_bytes(b"1 1\na \0\0\0\0" + b" " * 20)
    with pytest.raises(ValueError, match="more data follows"):
        word2vec.load(path, binary=True)


@pytest.mark.parametrize(
    ("content", "text"),
    [
        (b"", "empty"),
        (pickle.dumps([1]), "pickle"),
        (b"\xba\x16\x4f\x2f\x0c\x00\x00\x00", "cut off in the settings"),
        (b"Once upon a time\n", "no file of vectors"),
        (bytes(range(256)), "no file of vectors"),
        (b"{}", "no file of vectors"),
    ],
)
def test_files_of_other_kinds(tmp_path: Path, content: bytes, text: str) -> None:
    (tmp_path / "v").write_bytes(content)
    with pytest.raises((ValueError, EOFError), match=text):
        load(tmp_path / "v")


def test_a_first_key_longer_than_the_head_of_the_file(tmp_path: Path) -> None:
    (tmp_path / "v").write_text(f"1 2\n{'k' * 100_000} 1 2\n")
    assert load(tmp_path / "v")[0] == ["k" * 100_000]
    (tmp_path / "v").write_text("no blank " + "k" * 100_000)
    with pytest.raises(ValueError, match="begins with b'no blank kkk"):
        load(tmp_path / "v")


@pytest.mark.parametrize("compress", [gzip.compress, bz2.compress, lzma.compress])
def test_damaged_compression_is_an_error_that_names_the_file(tmp_path: Path, compress: type) -> None:
    data = bytearray(compress(b"1 2\na 1 2\n" * 50))
    data[len(data) // 2] ^= 0xFF
    data[-6] ^= 0xFF
    (tmp_path / "v").write_bytes(data)
    with pytest.raises((ValueError, EOFError), match=re.escape(str(tmp_path))):
        load(tmp_path / "v")
