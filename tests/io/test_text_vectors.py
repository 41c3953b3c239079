"""Text vectors as people have them: no header or another one, odd line ends, keys with spaces, huge lines."""

from __future__ import annotations

import bz2
import gzip
import lzma
import re
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from wildvec import KeyedVectors
from wildvec.io import glove, load, source, word2vec


def write(tmp_path: Path, data: str | bytes) -> Path:
    path = tmp_path / "v"
    path.write_bytes(data.encode() if isinstance(data, str) else data)
    return path


# Files without a word2vec header


@pytest.mark.parametrize(
    ("text", "lines"),
    [
        ("3 4 120\nthe .1 .2 .3 .4\nof 1 2 3 4\n", "line 1, '3 4 120'.* it has 2.* have 4; remove"),
        ("3 4 120\nthe .1 .2 .3 .4\n", "line 1, '3 4 120'"),
        ("# 3 4\nthe .1 .2 .3 .4\nof 1 2 3 4\n", "line 1, '# 3 4'"),
        ("# vectors of 1999\nthe .1 .2 .3 .4\nof 1 2 3 4\n", "line 1, at 'vectors'.*not a decimal number"),
        ("3.0 4.0\nthe .1 .2 .3 .4\nof 1 2 3 4\n", r"line 1, '3\.0 4\.0'"),
        ("the 1 2\nof 1 2 3\nto 1 2 3\n", "line 1, 'the 1 2'.* it has 2.* have 3"),
        ("the 1 2 3\nof 1 2\nto 1 2 3\n", "line 2, 'of 1 2'"),
        ("the 1 2\nof 1 2 3\nto 1 2\n", "line 2, 'of 1 2 3'.* it has 3.* have 2; .*'_'"),
        ("\nthe 1 2\nof 1 2 3\n", "line 2 has 2 values, line 3 has 3"),
        ("the 1 2\nof 1 2 3\n\nto 1 2\nin 1 2 3\n", "line 1 has 2 values, line 2 has 3"),
        ("7 1 2\n8 1 2 3\n", "line 1 has 2 values, line 2 has 3"),
    ],
)
def test_rows_that_disagree_are_an_error_that_names_lines(tmp_path: Path, text: str, lines: str) -> None:
    path = write(tmp_path, text)
    for read in (load, glove.load):
        with pytest.raises(ValueError, match=lines):
            read(path)


def test_a_row_that_is_longer_far_from_the_first_is_an_error(tmp_path: Path) -> None:
    rows = [f"word{i} {i} 1" for i in range(40_000)]
    rows[39_000] = "word 1 2 3"
    with pytest.raises(ValueError, match=r"line 39001, 'word 1 2 3'.*wrong number of values"):
        load(write(tmp_path, "\n".join(rows)))


@pytest.mark.parametrize("end", ["\n", ""])
def test_a_first_key_may_hold_integers(tmp_path: Path, end: str, caplog: pytest.LogCaptureFixture) -> None:
    path = write(tmp_path, f"24 7 .1 .2 .3\nthe .1 .2 .3{end}")
    keys, matrix, _ = load(path)
    assert keys == ["24 7", "the"] and matrix.shape == (2, 3)
    assert "keys that look like numbers: 1 (first: '24 7'); check that the file has no header" in caplog.text


def test_keys_may_all_be_numbers(tmp_path: Path) -> None:
    assert load(write(tmp_path, "1 .1 .2 .3\n2 1 2 3\n3 4 5 6\n"))[0] == ["1", "2", "3"]
    assert load(write(tmp_path, "infinity .1 .2\nnan 1 2\n1e5 3 4\n"))[0] == ["infinity", "nan", "1e5"]


def test_a_cut_last_row_does_not_decide(tmp_path: Path) -> None:
    with pytest.raises(EOFError, match="last line, 2"):
        load(write(tmp_path, "a 1 2 3 4 5 6\nb 1 2"))


def test_long_rows_decide_too(tmp_path: Path) -> None:
    row = " 1.5" * 100_000
    keys, matrix, _ = load(write(tmp_path, f"a{row}\nb{row}\nc{row}\n"))
    assert keys == ["a", "b", "c"] and matrix.shape == (3, 100_000)


# Line ends


@pytest.mark.parametrize("text", ["2 2\nthe .5 1\nof 2 3\n", "the .5 1\nof 2 3\n"])
@pytest.mark.parametrize("end", ["\r", "\r\n"])
@pytest.mark.parametrize("last", [True, False])
def test_line_ends_of_other_systems(tmp_path: Path, text: str, end: str, last: bool) -> None:
    data = text.replace("\n", end) if last else text.replace("\n", end).rstrip()
    for content in (data.encode(), gzip.compress(data.encode())):
        keys, matrix, _ = load(write(tmp_path, content))
        assert keys == ["the", "of"] and matrix.tolist() == [[0.5, 1], [2, 3]]


def test_many_lines_that_end_with_a_return(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("wildvec.io.source.WINDOW", 100)
    keys = [f"word{i}" for i in range(1000)]
    found, matrix, _ = load(write(tmp_path, "\r".join(f"{key} 1 2 3" for key in keys)))
    assert found == keys and matrix.tolist() == 1000 * [[1, 2, 3]]


@pytest.mark.parametrize("header", ["", "3 2\n"])
def test_mixed_line_ends_are_an_error(tmp_path: Path, header: str) -> None:
    with pytest.raises(ValueError, match=r"line \d.*(wrong number of values|inside a line)"):
        load(write(tmp_path, f"{header}the 1 2\nof 1 2\rto 1 2\nin 1 2\n"))


# Any text


@given(
    st.sampled_from(["", "2 2\n", "1 1\r"]),
    st.lists(st.text("a1 .\t\r#-e\xa0", min_size=1, max_size=9), max_size=8),
    st.sampled_from(["\n", "\r", "\r\n"]),
)
@settings(max_examples=400, deadline=None)
def test_any_text_is_read_or_is_a_clear_error(
    tmp_path_factory: pytest.TempPathFactory, header: str, lines: list[str], end: str
) -> None:
    path = write(tmp_path_factory.getbasetemp(), header + end.join(lines))
    try:
        keys, matrix, _ = load(path)
    except (ValueError, EOFError) as error:
        assert str(path) in str(error)
    else:
        assert matrix.shape[0] == len(keys) and np.isfinite(matrix).all()
        for key in keys:
            assert not re.search(r"[ \t][+-]?\d+$", key) or re.fullmatch(r"[\d \t]+", key)


# Keys with spaces


def test_keys_with_spaces_below_a_header(tmp_path: Path) -> None:
    path = write(tmp_path, "4 2\nthe .1 .2\nnew york 1 2\n  new  york\tcity 3 4 \n24 7 5 6\n")
    keys = ["the", "new york", "new  york\tcity", "24 7"]
    assert load(path)[0] == word2vec.load(path)[0] == keys
    assert load(path)[1].tolist()[1:] == [[1, 2], [3, 4], [5, 6]]
    first = write(tmp_path, "2 2\nnew york 1 2\nthe .1 .2\n")
    assert load(first)[0] == ["new york", "the"]


def test_a_column_of_counts_is_not_taken_for_part_of_the_key(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=r"line 2, 'the 1061396 \.1 \.2'.* it has 3, the header says 2"):
        load(write(tmp_path, "2 2\nthe 1061396 .1 .2\nof 593677 1 2\n"))


def test_many_keys_with_spaces_are_read_fast_enough(tmp_path: Path) -> None:
    rows = "".join(f"new word {i}x 1\n" for i in range(100_000))
    assert load(write(tmp_path, f"100000 1\n{rows}"))[0][-1] == "new word 99999x"


# Options


def test_readers_take_the_options_that_their_messages_name(tmp_path: Path) -> None:
    for header in (b"3 1\n", b""):
        path = write(tmp_path, header + b"ok 1\nb\xe4r 2\n\nzoo 3\n")
        line = 3 if header else 2
        with pytest.raises(ValueError, match=rf"line {line}: the key b'b\\xe4r' is not UTF-8; give errors="):
            KeyedVectors.load(path)
        assert KeyedVectors.load(path, errors="replace").index_to_key == ["ok", "b\ufffdr", "zoo"]
        assert KeyedVectors.load(path, errors="ignore").index_to_key == ["ok", "br", "zoo"]
        assert KeyedVectors.load(path, encoding="latin-1").index_to_key == ["ok", "bär", "zoo"]
        assert KeyedVectors.load(path, limit=1).index_to_key == ["ok"]
        assert KeyedVectors.load_word2vec_format(
            path, encoding="latin-1", limit=2, no_header=not header
        ).index_to_key == ["ok", "bär"]


def test_rows_of_binary_files_are_counted_from_one(tmp_path: Path) -> None:
    path = write(tmp_path, b"2 1\nok \0\0\0\0b\xe4r \0\0\0\0")
    with pytest.raises(ValueError, match="row 2: the key"):
        word2vec.load(path, binary=True)


@pytest.mark.parametrize("encoding", ["gbk", "shift_jis", "cp1252", "latin-1"])
def test_encodings_that_contain_ascii(tmp_path: Path, encoding: str) -> None:
    keys = ["a", "ß" if encoding in ("cp1252", "latin-1") else "日本", "b"]
    path = write(tmp_path, "".join(f"{key} 1 2\n" for key in keys).encode(encoding))
    assert load(path, encoding=encoding)[0] == keys


@pytest.mark.parametrize(
    ("options", "error", "text"),
    [
        ({"limit": -1}, ValueError, "limit=-1"),
        ({"limit": "3"}, TypeError, "limit='3'"),
        ({"errors": "wrong"}, ValueError, "errors='wrong': give one of 'strict'"),
        ({"encoding": "utf-16"}, ValueError, "encoding='utf-16': .*convert the file to UTF-8"),
        ({"encoding": "utf-7"}, ValueError, "convert the file to UTF-8"),
        ({"encoding": "hz"}, ValueError, "convert the file to UTF-8"),
        ({"encoding": "no-such"}, ValueError, "encoding='no-such': unknown"),
        ({"encoding": "hex"}, ValueError, "encoding='hex'"),
        ({"encoding": None}, TypeError, "encoding=None"),
    ],
)
def test_options_are_checked(tmp_path: Path, options: dict, error: type[Exception], text: str) -> None:
    path = write(tmp_path, "a 1 2\n")
    for read in (load, KeyedVectors.load, glove.load, word2vec.load):
        with pytest.raises(error, match=text):
            read(path, **options)


# Files that unpack to something else


@pytest.mark.parametrize("compress", [bytes, gzip.compress, bz2.compress, lzma.compress])
def test_an_empty_compressed_file_is_an_empty_file(tmp_path: Path, compress: type) -> None:
    path = write(tmp_path, compress(b""))
    for read in (load, word2vec.load, glove.load, KeyedVectors.load):
        with pytest.raises(EOFError, match="v: the file is empty"):
            read(path)


@pytest.mark.parametrize("data", [b"a" + b" 1" * 4000, b"2 3\na" + b" 1" * 4000, b"2 9000\n" + b"a" * 8000])
def test_a_line_without_end_is_an_error(tmp_path: Path, data: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(source, "WINDOW", 500)
    monkeypatch.setattr(source, "MAX_RECORD", 2000)
    for content in (data, gzip.compress(data)):
        with pytest.raises((ValueError, EOFError), match=r"v.*(longer than 2,000 bytes|no file of vectors)"):
            load(write(tmp_path, content))


def test_a_wide_row_of_less_than_the_bound_is_read(tmp_path: Path) -> None:
    matrix = np.ones((2, 2_000_000), np.float32)
    for name in ("w.bin", "w.txt"):
        KeyedVectors.from_arrays(["a", "b"], matrix).save(tmp_path / name)
        assert np.array_equal(load(tmp_path / name)[1], matrix)
