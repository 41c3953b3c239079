"""Every kind of source gives the same corpus, and a source that cannot be read raises a clear error."""

from __future__ import annotations

import bz2
import gzip
import io
import logging
import lzma
import os
import subprocess
import sys
from contextlib import contextmanager
from pathlib import Path
from unittest import mock

import numpy as np
import pytest

from wildvec.text import files, readers
from wildvec.text.corpus import Corpus
from wildvec.text.vocab import Vocab

TEXT = "the cat sat\non the mat\n" * 50
SENTENCES = [line.split() for line in TEXT.splitlines()]


def zstd_frames(data: bytes) -> bytes:
    """Return two zstd frames of one uncompressed block each; no compressor is needed."""

    def frame(part: bytes) -> bytes:
        size = len(part).to_bytes(4, "little")
        block = (1 | len(part) << 3).to_bytes(3, "little")
        return b"\x28\xb5\x2f\xfd\xa0" + size + block + part

    return frame(data[:100]) + frame(data[100:])


COMPRESSED = {
    "gz": gzip.compress(TEXT.encode()),
    "bz2": bz2.compress(TEXT.encode()),
    "xz": lzma.compress(TEXT.encode()),
}


def read(source, **options):
    return Corpus.read(source, **{"min_count": 1, "workers": 2, **options})


def same(source, **options) -> bool:
    expected, corpus = read(SENTENCES), read(source, **options)
    return (
        corpus.vocab.keys == expected.vocab.keys
        and corpus.ids.tolist() == expected.ids.tolist()
        and corpus.offsets.tolist() == expected.offsets.tolist()
    )


@pytest.fixture
def path(tmp_path) -> Path:
    file = tmp_path / "text.txt"
    file.write_text(TEXT, newline="\n")
    return file


def test_one_file_as_every_kind_of_source(path):
    assert same(path) and same(str(path)) and same([path]) and same(iter([path]))
    with open(path, "rb") as file:
        assert same(file)
    with open(path) as file:
        assert same(file)
    with open(path, "rb", buffering=0) as file:
        assert same(file)
    assert same(io.BytesIO(TEXT.encode())) and same(io.StringIO(TEXT))


@pytest.mark.parametrize("kind", COMPRESSED)
def test_compressed_files_are_recognised_by_content(tmp_path, kind):
    path = tmp_path / "no_extension"
    path.write_bytes(COMPRESSED[kind])
    assert same(path)
    with open(path, "rb") as file, mock.patch.object(readers, "BLOCK_BYTES", 50):
        assert same(file)


@pytest.mark.parametrize("kind", COMPRESSED)
def test_truncated_and_damaged_files(tmp_path, kind):
    path = tmp_path / f"text.{kind}"
    path.write_bytes(COMPRESSED[kind][:-10])
    with pytest.raises(EOFError, match=rf"text\.{kind}: .* ends too early"):
        read(path)
    path.write_bytes(COMPRESSED[kind][:30] + b"\xff" * 60)
    with pytest.raises(ValueError, match=rf"text\.{kind}: damaged"):
        read(path)


def test_zstd(tmp_path):
    path = tmp_path / "text.zst"
    path.write_bytes(zstd_frames(TEXT.encode()))
    with (
        mock.patch.dict(sys.modules, {"zstandard": None, "compression": None}),
        pytest.raises(ModuleNotFoundError, match=r"wildvec\[zstd\]"),
    ):
        read(path)
    try:
        assert same(path)
    except ModuleNotFoundError:
        return  # neither Python 3.14 nor zstandard; the error was tested above
    path.write_bytes(zstd_frames(TEXT.encode())[:-10])
    with pytest.raises(EOFError, match="ends too early"):
        read(path)


@pytest.mark.parametrize("result", [None, 5, "a b"])
def test_a_tokenizer_must_return_a_list_of_tokens(result):
    with pytest.raises(TypeError, match=r"sentence 1: the tokenizer .* gave"):
        read(io.BytesIO(b"1\n2\n"), tokenizer=lambda line: [line] if line == "1" else result)
    with pytest.raises(TypeError, match="tokenizer='split': give a function"):
        read(io.BytesIO(b"1\n"), tokenizer="split")


def test_a_str_in_an_iterable_is_never_a_path(path):
    assert same(files.Paths([str(path)]))
    with pytest.raises(TypeError, match=r"item 1 is the str .* among paths"):
        read([path, str(path)])
    with pytest.raises(TypeError, match="path 1 is int 5"):
        files.Paths([path, 5])


def test_the_zstd_reader_joins_frames_and_detects_a_missing_end():
    class Frame:  # ends at "|", as zstandard's decompressobj ends at the end of a frame
        eof, unused_data = False, b""

        def decompress(self, data: bytes) -> bytes:
            if b"!" in data:
                raise RuntimeError("bad frame")
            part, bar, self.unused_data = data.partition(b"|")
            self.eof = bool(bar)
            return part

    def reader(data: bytes):
        return files._ZstdReader(io.BytesIO(data), Frame)

    whole = reader(b"one |two|")
    assert [whole.read(5), whole.read(5), whole.read(5)] == [b"one t", b"wo", b""]
    cut = reader(b"one |tw")
    assert cut.read(100) == b"one tw"
    with pytest.raises(EOFError):
        cut.read(100)
    with pytest.raises(files.zlib.error, match="bad frame"):
        reader(b"!").read(5)


def test_directories_patterns_and_several_files(tmp_path):
    names = ["b.txt", "a.txt", "c.log", ".hidden"]
    for name in names:
        (tmp_path / name).write_text(f"in {name}")  # no line end: a file ends its sentence
    (tmp_path / "folder").mkdir()
    assert read(tmp_path).vocab.keys == ["in", "a.txt", "b.txt", "c.log"]
    assert read(str(tmp_path / "*.txt")).vocab.keys == ["in", "a.txt", "b.txt"]
    given = read([tmp_path / "c.log", tmp_path / "a.txt"])
    assert given.vocab.keys == ["in", "c.log", "a.txt"] and len(given) == 2
    (tmp_path / "odd[1].txt").write_text("odd")
    assert read(str(tmp_path / "odd[1].txt")).vocab.keys == ["odd"]


def test_missing_files(tmp_path):
    with pytest.raises(FileNotFoundError, match="a single str is a path"):
        read("the cat sat on the mat")
    with pytest.raises(FileNotFoundError, match=r"no such file.*\*\.txt"):
        read(tmp_path / "*.txt")
    with pytest.raises(FileNotFoundError, match="contains no files"):
        read(tmp_path)
    with pytest.raises(FileNotFoundError):
        read([tmp_path / "one", tmp_path / "two"])
    with pytest.raises(FileNotFoundError):
        read("x" * 100_000)


def test_stdin(tmp_path, monkeypatch):
    monkeypatch.setattr(sys, "stdin", mock.Mock(buffer=io.BytesIO(TEXT.encode())))
    assert same("-")
    packed = io.BufferedReader(io.BytesIO(COMPRESSED["gz"]))
    monkeypatch.setattr(sys, "stdin", mock.Mock(buffer=packed))
    assert same("-")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "stdin", mock.Mock(buffer=io.BytesIO(TEXT.encode())))
    assert same(files.Paths(["-"]))
    Path("-").write_text(TEXT)
    assert same(Path("-"))


def test_iterables_of_every_kind():
    assert same(iter(SENTENCES)) and same(tuple(map(tuple, SENTENCES)))
    assert same(iter(s) for s in SENTENCES)
    assert same([np.array(s) for s in SENTENCES]) and same([dict.fromkeys(s) for s in SENTENCES])
    assert same([[], *SENTENCES, []])
    rows = read(np.array([[1, 2], [3, 1]]))
    assert rows.vocab.keys == [1, 2, 3] and rows.ids.tolist() == [0, 1, 2, 0]


def test_a_generator_is_read_once():
    taken = 0

    def sentences():
        nonlocal taken
        for sentence in SENTENCES:
            taken += 1
            yield sentence

    assert same(sentences()) and taken == len(SENTENCES)


def test_a_str_in_a_list_is_a_sentence_with_one_warning(caplog):
    with caplog.at_level(logging.WARNING):
        assert same(TEXT.splitlines()) and len(caplog.records) == 1
        assert "list of words" in caplog.text
        caplog.clear()
        assert same(TEXT.splitlines(), tokenizer=str.split) and not caplog.records
    assert len(read(["one\ntwo three"])) == 1


def test_tokenizer(path):
    assert same(path, tokenizer=str.split)
    upper = read(path, tokenizer=lambda line: [line.upper()])
    assert upper.vocab.keys == ["THE CAT SAT", "ON THE MAT"]
    numbers = read(io.BytesIO(b"1 2\r\n2\n\n"), tokenizer=lambda line: map(int, line.split(" ")))
    assert numbers.vocab.keys == [2, 1] and numbers.offsets.tolist() == [0, 2, 3]
    lower = read(["A b"], tokenizer=str.split, lowercase=True)
    assert lower.vocab.keys == ["a", "b"]
    assert read(io.BytesIO(b"A b"), tokenizer=list, lowercase=True).vocab.keys == ["a", " ", "b"]
    with mock.patch.object(readers, "BLOCK_BYTES", 3):
        assert same(path, tokenizer=str.split)
    with pytest.raises(ValueError, match="byte 2"):
        read(io.BytesIO(b"a \xff"), tokenizer=str.split)

    def broken(line: str):
        raise KeyError(line)

    with pytest.raises(KeyError, match="the cat sat"):
        read(path, tokenizer=broken)


def test_lowercase_of_lists():
    sentences = [["AB", "ΑΣ", 5, "İ"], ["Ab"]]
    assert read(sentences, lowercase=True).vocab.keys == ["ab", "ας", 5, "i̇"]
    assert read([["AB"], ["Σ"]], lowercase=True).vocab.keys == ["ab", "σ"]


def test_integers_and_strings_in_one_sentence():
    keys = [1, "1", -5, "é", np.int64(9), 2**63 - 1, -(2**63), "", "\xff"]
    found = read([keys]).vocab.keys
    assert found == keys and [type(k) for k in found] == [int if k != str(k) else str for k in keys]
    assert read([[True, np.uint8(3)]]).vocab.keys == [1, 3]


def test_tokens_of_every_width_and_length():
    class Word(str):
        __slots__ = ()

    keys = [c * n for c in ("a", "é", "€", "😀") for n in (1, 15, 16, 17, 63, 64, 65, 500)]
    keys += ["mixed é€😀" * 3, "a b", "\n", "\xa0", "", Word("word"), np.str_("ü")]
    assert read([keys[:20], tuple(keys[20:])]).vocab.keys == keys
    assert read([[3, 4], [*keys, 5]]).vocab.keys == [3, 4, *keys, 5]


def test_reading_caches_nothing_in_the_tokens_of_the_user():
    tokens = [c * n for c in ("é", "€", "😀") for n in (1, 100)]
    sizes = [sys.getsizeof(token) for token in tokens]  # counts a cached UTF-8 copy
    read([tokens])
    assert [sys.getsizeof(token) for token in tokens] == sizes


@pytest.mark.parametrize("late", [2, "late"])
def test_lists_that_grow_while_they_are_read(late):
    class Growing(list):
        """A sentence that makes another one longer."""

        def __iter__(self):
            target.extend([late] * 5000)
            return super().__iter__()

    target = ["word"]
    assert read([target, Growing(["word"])]).ids.tolist() == [0, 0]
    target = [1]
    with pytest.raises(ValueError, match="sentences from 0 on changed while they were read"):
        read([Growing([1]), target])


@pytest.mark.parametrize(
    ("source", "error", "match"),
    [
        (3, TypeError, "source is int 3"),
        (None, TypeError, "source is NoneType"),
        (b"text", TypeError, "BytesIO"),
        ([["a"], 5], TypeError, "sentence 1 is int 5"),
        ([["a"], None], TypeError, "sentence 1 is NoneType"),
        ([["a"], b"x"], TypeError, "sentence 1 is bytes"),
        ([["a"], ["b", b"x"]], TypeError, "sentence 1, token 1: bytes b'x'"),
        ([["a"], [1, 2**63]], ValueError, "sentence 1, token 1: the integer 9223372036854775808"),
        ([["a"], [1, 1.5]], TypeError, "sentence 1, token 1: float 1.5"),
        ([[1, 1.5]], TypeError, "sentence 0, token 1: float 1.5"),
        ([["a", None]], TypeError, "sentence 0, token 1: NoneType"),
        ([[["a"]]], TypeError, "sentence 0, token 0: list"),
        ([["a", "\ud800"]], ValueError, "sentence 0, token 1: .* lone surrogate"),
        ([], ValueError, "nothing was read from list"),
        ([[], ()], ValueError, "nothing was read"),
    ],
)
def test_an_error_names_the_bad_sentence(source, error, match):
    with pytest.raises(error, match=match):
        read(source)


@pytest.mark.parametrize("lowercase", [False, True])
@pytest.mark.parametrize("more", [[], [7]], ids=["text", "mixed"])
def test_methods_of_a_subclass_of_str_are_not_called(lowercase, more):
    class Override(str):
        def encode(self, *args):
            raise AssertionError

        lower = encode

    words = ["é" * 100, "ä"]
    corpus = Corpus.read([[*map(Override, words), *more]], min_count=1, lowercase=lowercase)
    assert corpus.vocab.keys == [*words, *more]


@pytest.mark.parametrize("options", [{}, {"lowercase": True}], ids=str)
@pytest.mark.parametrize("more", [[], [7]], ids=["text", "mixed"])
def test_a_nul_in_a_token_is_an_error_on_every_code_path(options, more):
    sentences = [[], ["B", "a\0b", *more], ["c", "d"]]
    with pytest.raises(ValueError, match=r"sentence 1, token 1: 'a\\x00b' contains a NUL"):
        read(sentences, **options)
    known = Corpus.read(sentences, vocab=Vocab(["c", "d", "b", "a"], [1] * 4), **options)
    assert known.ids.tolist() == ([2, 0, 1] if options else [0, 1])


def test_sentence_numbers_count_over_batches():
    with (
        mock.patch.object(readers, "BATCH_TOKENS", 10),
        pytest.raises(TypeError, match="sentence 300, token 0: float"),
    ):
        read([["a"]] * 300 + [[0.5]])


def test_empty_files(tmp_path):
    path = tmp_path / "empty.txt"
    for content in (b"", b"\n\n", b"\xef\xbb\xbf", b" \xc2\xa0\n"):
        path.write_bytes(content)
        with pytest.raises(ValueError, match=r"nothing was read from .*empty\.txt"):
            read(path)


def test_a_stream_that_returns_no_bytes():
    with pytest.raises(TypeError, match=r"read.. gave NoneType.*mode 'rb'"):
        read(mock.Mock(spec=["read"], read=lambda size: None))


def test_a_binary_file(tmp_path):
    path = tmp_path / "program"
    path.write_bytes(bytes(range(256)) * 100)
    for errors in ("strict", "ignore", "replace"):
        with pytest.raises(
            ValueError, match=r"program: this is binary data.*2,200 of the first 25,600 bytes"
        ):
            read(path, errors=errors)


@pytest.mark.parametrize("tokenizer", [None, str.split])
def test_a_file_is_closed_when_reading_fails(tmp_path, monkeypatch, tokenizer):
    @contextmanager
    def open_file(path):
        with files.open_file(path) as (stream, position):
            opened.append(stream)
            yield stream, position

    opened = []
    monkeypatch.setattr(readers, "open_file", open_file)
    monkeypatch.setattr(readers, "BLOCK_BYTES", 16)
    rest = b" more" * 200  # the file does not end before the error
    (tmp_path / "broken.txt").write_bytes(b"good words " * 9 + b"\x80" + rest)
    with pytest.raises(ValueError, match="byte 99") as error:
        Corpus.read(tmp_path / "broken.txt", tokenizer=tokenizer, workers=2)
    assert opened[0].closed, "the traceback keeps all frames alive"
    del error


@pytest.mark.skipif(sys.platform == "win32", reason="locales of POSIX")
def test_text_is_utf8_in_any_locale(tmp_path):
    path = tmp_path / "wörter.txt"
    path.write_text("é 中\n", encoding="utf-8")
    code = (
        "import sys; from wildvec.text.corpus import Corpus;"
        "sources = [sys.argv[1], '-', open(sys.argv[1], 'rb')];"
        "print([ascii(Corpus.read(s, min_count=1).vocab.keys) for s in sources])"
    )
    environment = os.environ | {"LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"}
    command = [sys.executable, "-c", code, str(path)]
    with open(path, "rb") as stdin:
        run = subprocess.run(
            command, stdin=stdin, capture_output=True, text=True, env=environment, check=True
        )
    assert run.stdout.count(ascii(["é", "中"]).replace("\\", "\\\\")) == 3, run.stdout
    with (
        open(path, encoding="ascii") as file,
        pytest.raises(ValueError, match=r"rter\.txt: 'ascii' codec .* open the file in mode 'rb'"),
    ):
        read(file)
