"""Atomic writing: errors leave the old file, outputs are checked before work begins."""

from __future__ import annotations

import errno
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from wildvec import KeyedVectors
from wildvec.io import Kind, atomic, load, save

KEYS = ["king", "queen", "Zürich", "東京", "a_b"]
MATRIX = np.arange(15, dtype=np.float32).reshape(5, 3) / 7 - 1


@pytest.mark.parametrize("error", [KeyboardInterrupt, OSError, ZeroDivisionError])
def test_a_failure_leaves_the_old_file_and_nothing_else(tmp_path: Path, error: type[BaseException]) -> None:
    path = tmp_path / "v.txt.gz"
    path.write_bytes(b"old")
    with pytest.raises(error), atomic.write_atomically(path) as stream:
        stream.write(b"new")
        raise error
    assert path.read_bytes() == b"old"
    assert list(tmp_path.iterdir()) == [path]


def test_outputs_that_cannot_be_written(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match="its folder does not exist"):
        save(tmp_path / "no" / "v.wv", KEYS, MATRIX)
    with pytest.raises(IsADirectoryError, match="it is a folder"):
        atomic.check_output(tmp_path)
    with pytest.raises(ValueError, match="the ending decides the format"):
        save(tmp_path / "v.csv", KEYS, MATRIX)


@pytest.mark.skipif(os.name == "nt", reason="modes and links of POSIX")
def test_a_rewrite_keeps_mode_and_link(tmp_path: Path) -> None:
    real, link = tmp_path / "real.bin", tmp_path / "link.bin"
    save(real, KEYS, MATRIX)
    real.chmod(0o640)
    link.symlink_to(real)
    save(link, KEYS[:2], MATRIX[:2])
    assert link.is_symlink() and real.stat().st_mode & 0o777 == 0o640
    assert load(real)[0] == KEYS[:2]


def test_equal_vectors_make_equal_compressed_files(tmp_path: Path) -> None:
    for name in ("a.txt.gz", "b.txt.gz"):
        save(tmp_path / name, KEYS, MATRIX)
    assert (tmp_path / "a.txt.gz").read_bytes() == (tmp_path / "b.txt.gz").read_bytes()


class FullDisk:
    """A file that refuses bytes after the first thousand."""

    def __init__(self, file: Any) -> None:
        self.file = file
        self.left = 1000

    def write(self, data: Any) -> int:
        self.left -= len(data)
        if self.left < 0:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        return int(self.file.write(data))

    def __enter__(self) -> FullDisk:
        return self

    def __exit__(self, *error: object) -> None:
        self.file.close()

    def __getattr__(self, name: str) -> Any:
        return getattr(self.file, name)


@pytest.mark.parametrize("suffix", [".wv", ".bin", ".txt", ".txt.gz", ".bin.xz", ".wv.bz2"])
def test_a_full_disk_leaves_the_old_file_and_says_what_to_do(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, suffix: str
) -> None:
    path = tmp_path / f"v{suffix}"
    path.write_bytes(b"old")
    monkeypatch.setattr(atomic, "open", lambda *args: FullDisk(open(*args)), raising=False)  # noqa: SIM115
    matrix = np.random.default_rng(1).standard_normal((500, 10))
    with pytest.raises(OSError, match=r"free some space or write to another folder: '.*v\.") as caught:
        save(path, list(range(500)), matrix)
    assert caught.value.errno == errno.ENOSPC and caught.value.filename == str(path)
    assert path.read_bytes() == b"old" and list(tmp_path.iterdir()) == [path]


LIMITED = """
import resource, sys
import numpy as np
from wildvec.io import save
resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, 100_000))
save(sys.argv[1], list(range(50_000)), np.zeros((50_000, 2)))
"""


@pytest.mark.skipif(os.name == "nt", reason="limits of POSIX")
@pytest.mark.parametrize("suffix", [".wv", ".txt"])
def test_a_limit_on_the_size_of_files_is_explained(tmp_path: Path, suffix: str) -> None:
    command = [sys.executable, "-c", LIMITED, str(tmp_path / f"v{suffix}")]
    result = subprocess.run(command, capture_output=True, text=True, check=False)
    assert "raise the limit (ulimit -f)" in result.stderr and f"v{suffix}" in result.stderr
    assert not list(tmp_path.iterdir())


def test_a_read_only_file_is_not_replaced(tmp_path: Path) -> None:
    path = tmp_path / "v.wv"
    save(path, KEYS, MATRIX)
    path.chmod(0o444)
    for write in (lambda: save(path, KEYS[:1], MATRIX[:1]), lambda: atomic.check_output(path)):
        with pytest.raises(PermissionError, match=r"v\.wv: it is read-only"):
            write()
    assert load(path)[0] == KEYS
    path.chmod(0o644)
    save(path, KEYS[:1], MATRIX[:1])
    assert load(path)[0] == KEYS[:1]


def test_an_output_that_is_an_input_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    corpus, other = tmp_path / "corpus.txt", tmp_path / "other.txt"
    corpus.touch()
    other.touch()
    check = atomic.check_output_is_no_input
    for inputs in (
        [corpus],
        [other, str(corpus)],
        [str(tmp_path / "*.txt")],
        [tmp_path / "x" / ".." / corpus],
    ):
        (tmp_path / "x").mkdir(exist_ok=True)
        with pytest.raises(ValueError, match=r"corpus\.txt is also an input"):
            check(corpus, inputs)
    with pytest.raises(ValueError, match=r"new\.wv lies in the input folder"):
        check(tmp_path / "new.wv", ["-", tmp_path])
    monkeypatch.chdir(tmp_path)
    with pytest.raises(ValueError, match=r"new\.wv lies in the input folder \."):
        check("new.wv", ["."])
    check("new.wv", ["corpus.txt", "*.txt", "x", "-", "absent.txt"])
    check("x/new.wv", ["."])
    check("-", ["-", "."])


@pytest.mark.skipif(os.name == "nt", reason="links need a right there")
def test_an_output_that_is_an_input_is_refused_through_links(tmp_path: Path) -> None:
    corpus, folder = tmp_path / "corpus.txt", tmp_path / "folder"
    corpus.touch()
    folder.mkdir()
    (tmp_path / "link.txt").symlink_to(corpus)
    (tmp_path / "folder_link").symlink_to(folder)
    (folder / "to_corpus").symlink_to(corpus)
    check = atomic.check_output_is_no_input
    for output, source in (
        ("link.txt", "corpus.txt"),
        ("corpus.txt", "link.txt"),
        ("folder/v.wv", "folder_link"),
        ("folder_link/v.wv", "folder"),
        ("corpus.txt", "folder/*"),
    ):
        with pytest.raises(ValueError, match="input"):
            check(tmp_path / output, [tmp_path / source])


# The ending decides


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("v.wv", Kind.NATIVE), ("v.kv", Kind.NATIVE), ("v", Kind.NATIVE), ("v.csv", Kind.NATIVE),
        ("v.wv.gz", Kind.NATIVE), ("v.bin", Kind.BINARY), ("v.BIN", Kind.BINARY), ("v.bin.xz", Kind.BINARY),
        ("v.txt", Kind.TEXT), ("v.vec", Kind.TEXT), ("v.vec.gz", Kind.TEXT), ("wiki.300.txt", Kind.TEXT),
    ],
)  # fmt: skip
def test_the_ending_decides_the_format(tmp_path: Path, name: str, kind: Kind) -> None:
    wv = KeyedVectors.from_arrays(KEYS, MATRIX, np.arange(5))
    wv.save(tmp_path / name)
    save(tmp_path / "expected", KEYS, MATRIX, np.arange(5), kind)
    found = KeyedVectors.load(tmp_path / name)
    expected = load(tmp_path / "expected")
    assert found.index_to_key == expected[0]
    assert (found.counts is None) == (kind is not Kind.NATIVE)
    if "." in name and name[-2:].lower() not in ("gz", "xz"):
        assert (tmp_path / name).read_bytes() == (tmp_path / "expected").read_bytes()
