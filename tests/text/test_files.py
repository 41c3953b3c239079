"""Folders, patterns, links and pipes: regular files, each once. A file that changes while it is read is an error."""

from __future__ import annotations

import bz2
import gzip
import lzma
import os
import sys
import threading

import pytest

from wildvec.text import readers
from wildvec.text.corpus import Corpus
from wildvec.text.files import Paths, find_files

needs_links = pytest.mark.skipif(sys.platform == "win32", reason="links need privileges on Windows")
needs_pipes = pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="the system has no named pipes")


def names(paths) -> list[str]:
    return [os.path.basename(file) for file in find_files(Paths(paths))[0]]


@needs_pipes
def test_a_pipe_in_a_folder_is_not_opened(tmp_path):
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(FileNotFoundError, match="contains no files"):
        find_files(Paths(tmp_path))
    (tmp_path / "a.txt").write_text("one two")
    assert names(tmp_path) == names(str(tmp_path / "*")) == ["a.txt"]
    assert Corpus.read(tmp_path, min_count=1).raw_tokens == 2


@needs_pipes
def test_a_pipe_that_the_user_names_is_read(tmp_path):
    os.mkfifo(tmp_path / "pipe")
    writer = threading.Thread(target=(tmp_path / "pipe").write_text, args=("one two three",), daemon=True)
    writer.start()
    assert Corpus.read(tmp_path / "pipe", min_count=1).raw_tokens == 3
    writer.join()


@needs_links
def test_a_loop_of_links_is_read_once(tmp_path):
    inner = tmp_path / "data" / "inner"
    inner.mkdir(parents=True)
    (tmp_path / "data" / "a.txt").write_text("a")
    (inner / "b.txt").write_text("b")
    for name in ("up", "again"):  # glob.glob would follow each of them 40 times, in any combination
        (inner / name).symlink_to(tmp_path / "data", target_is_directory=True)
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "elsewhere" / "c.txt").write_text("c")
    (inner / "other").symlink_to(tmp_path / "elsewhere", target_is_directory=True)
    (inner / "copy.txt").symlink_to(inner / "b.txt")
    assert names(str(tmp_path / "data" / "**" / "*.txt")) == ["a.txt", "b.txt", "c.txt"]
    assert names(str(tmp_path / "data" / "**")) == ["a.txt", "b.txt", "c.txt"]
    assert names(inner) == ["b.txt"]
    assert len(Corpus.read(str(tmp_path / "data" / "**" / "*.txt"), min_count=1)) == 3


def test_patterns_over_all_folders(tmp_path, monkeypatch):
    for name in ("x.txt", "a/x.txt", "a/b/x.txt", "a/b/y.log", "a/.hidden/x.txt", "[a]/x.txt"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(name)
    monkeypatch.chdir(tmp_path)
    expected = [os.path.normpath(name) for name in ("[a]/x.txt", "a/b/x.txt", "a/x.txt", "x.txt")]
    assert [os.path.normpath(f) for f in find_files(Paths("**/x.txt"))[0]] == expected
    assert [os.path.normpath(f) for f in find_files(Paths("a/**/b/**/*.txt"))[0]] == expected[1:2]
    assert len(find_files(Paths(str(tmp_path / "**" / "x.txt")))[0]) == 4


def test_files_that_several_patterns_match_are_read_once(tmp_path):
    for name in ("a.txt", "b.txt"):
        (tmp_path / name).write_text(name)
    assert names([tmp_path, tmp_path / "*.txt", tmp_path / "a*"]) == ["a.txt", "b.txt"]
    assert names([tmp_path / "a.txt", tmp_path / "a.txt"]) == ["a.txt", "a.txt"]  # named twice
    assert find_files(Paths(tmp_path))[1] == 10


@needs_links
def test_a_broken_link_is_an_error(tmp_path):
    (tmp_path / "a.txt").write_text("one")
    (tmp_path / "b.txt").symlink_to(tmp_path / "missing")
    with pytest.raises(FileNotFoundError, match=r"b\.txt"):
        Corpus.read(tmp_path, min_count=1)


@pytest.mark.parametrize("change", ["shrink", "grow", "rewrite"])
@pytest.mark.parametrize("tokenizer", [None, str.split])
def test_a_file_that_changes_while_it_is_read_is_an_error(tmp_path, monkeypatch, change, tokenizer):
    path = tmp_path / "text.txt"
    path.write_text("one two\n" * 1000)
    os.utime(path, ns=(0, 0))
    read_bytes, reads = readers.read_bytes, []

    def change_after_the_first_read(stream, size):
        data = read_bytes(stream, size)
        if not reads:
            with open(path, "r+" if change == "rewrite" else "a") as file:
                file.truncate(4000 if change == "shrink" else None)
                file.write("" if change == "shrink" else "six")
        reads.append(size)
        if change == "shrink":
            os.truncate(path, 4000)
        return data

    monkeypatch.setattr(readers, "BLOCK_BYTES", 1000)
    monkeypatch.setattr(readers, "read_bytes", change_after_the_first_read)
    with pytest.raises(ValueError, match=r"text\.txt: the file changed while it was read \(8,000 bytes"):
        Corpus.read(path, min_count=1, tokenizer=tokenizer)


@pytest.mark.parametrize("compress", [gzip.compress, bz2.compress, lzma.compress])
def test_an_empty_compressed_file_is_an_empty_file(tmp_path, compress):
    path = tmp_path / "empty"
    path.write_bytes(compress(b""))
    with pytest.raises(ValueError, match=r"nothing was read from .*empty"):
        Corpus.read(path)
    (tmp_path / "text").write_text("one two")
    assert Corpus.read(tmp_path, min_count=1).vocab.keys == ["one", "two"]


def test_closed_standard_input_is_an_error(monkeypatch):
    monkeypatch.setattr(sys, "stdin", None)
    with pytest.raises(OSError, match=r"it is closed.*standard input"):
        Corpus.read("-")
