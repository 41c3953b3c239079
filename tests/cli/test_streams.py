"""Standard streams that are closed or full, and words in locales that are not UTF-8."""

from __future__ import annotations

import os

import numpy as np
import pytest

from wildvec import KeyedVectors, cli
from wildvec.cli.streams import argument_as_utf8, line_as_utf8
from wildvec.io import save

pytestmark = pytest.mark.skipif(os.name == "nt", reason="needs a POSIX shell")
QUICK = ["--vector-size", "8", "--epochs", "1", "--workers", "1"]
C_LOCALE = {"LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0", "PYTHONIOENCODING": ""}


@pytest.mark.parametrize("closed", ["<&-", ">&-", "2>&-", "<&- >&- 2>&-"])
def test_closed_streams_do_not_matter(text, vectors, tmp_path, run_wildvec, closed):
    output = tmp_path / "new.wv"
    done = run_wildvec("train", text, "-o", output, *QUICK, redirect=closed)
    assert done.returncode == 0 and "Traceback" not in done.stderr
    assert len(KeyedVectors.load(output)) > 100
    done = run_wildvec("nearest", vectors, "king", redirect=closed)
    assert done.returncode == 0 and not done.stderr


def test_a_closed_stream_that_is_needed_is_one_clear_line(text, tmp_path, run_wildvec):
    done = run_wildvec("train", text, "-o", "-", *QUICK, redirect=">&-")
    assert (done.returncode, done.stderr) == (
        2,
        "wildvec: standard output is closed; give a file for the output\n",
    )
    done = run_wildvec("train", "-", "-o", tmp_path / "v.wv", redirect="<&-")
    assert done.returncode == 1 and done.stderr.count("\n") == 1 and "nothing was read" in done.stderr


def test_an_error_is_reported_by_the_exit_code_if_stderr_is_closed(run_wildvec):
    assert run_wildvec("nearest", "absent.wv", "king", redirect="2>&-").returncode == 1
    assert run_wildvec("fly", redirect="2>&-").returncode == 2


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="needs /dev/full")
def test_a_full_disk_behind_a_stream_is_one_line_or_nothing(text, vectors, tmp_path, run_wildvec):
    done = run_wildvec("nearest", vectors, "king", redirect=">/dev/full")
    assert (done.returncode, done.stderr) == (1, "wildvec: No space left on device\n")
    done = run_wildvec("train", text, "-o", tmp_path / "new.wv", *QUICK, redirect="2>/dev/full")
    assert done.returncode == 0 and len(KeyedVectors.load(tmp_path / "new.wv")) > 100


# Words


@pytest.fixture
def cities(tmp_path):
    matrix = np.array([[1, 0], [1, 1], [0, 1]], np.float32)
    save(tmp_path / "cities.wv", ["Zürich", "東京", "Bern"], matrix, np.array([3, 2, 1]))
    return tmp_path / "cities.wv"


def test_words_that_are_not_ascii_are_found_in_the_c_locale(cities, run_wildvec):
    done = run_wildvec("nearest", cities, "Zürich", "東京", "-n", "1", **C_LOCALE)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.startswith("Z\\xfcrich\t\\u6771\\u4eac\t0.7071\n\\u6771\\u4eac\t")
    done = run_wildvec("analogy", cities, "Zürich", "東京", "Bern", **C_LOCALE)
    assert done.returncode == 0


def test_lines_of_stdin_that_are_not_ascii_are_found_in_the_c_locale(cities, tmp_path, run_wildvec):
    (tmp_path / "lines").write_bytes("Zürich\n東京\n".encode() + b"\xff\n")
    done = run_wildvec("nearest", cities, "-n", "1", redirect=f"<{tmp_path / 'lines'}", **C_LOCALE)
    assert done.returncode == 1 and len(done.stdout.splitlines()) == 2
    assert done.stderr.count("\n") == 1 and "is not in the vocabulary" in done.stderr


def test_a_line_of_stdin_that_is_not_utf_8_does_not_end_the_command(cities, tmp_path, run_wildvec):
    (tmp_path / "lines").write_bytes(b"\xff\n" + "Zürich\n".encode())
    done = run_wildvec("nearest", cities, "-n", "1", redirect=f"<{tmp_path / 'lines'}")
    assert done.returncode == 1 and "is not in the vocabulary" in done.stderr
    assert done.stdout.startswith("Zürich\t")


def test_words_of_a_latin_1_locale_are_decoded_as_utf_8(monkeypatch):
    monkeypatch.setattr("sys.getfilesystemencoding", lambda: "latin-1")
    monkeypatch.setattr("sys.stdin", type("Stream", (), {"encoding": "latin-1"}))
    for decode in (argument_as_utf8, line_as_utf8):
        assert decode("ZÃ¼rich") == "Zürich"
        assert decode("Z\xfcrich") == "Zürich", "bytes that are not UTF-8 stay as the locale has them"
        assert decode("king") == "king"


def test_a_word_in_another_case_is_suggested(vectors, capsys):
    assert cli.main(["nearest", vectors, "King"]) == 1
    assert capsys.readouterr().err.endswith("; did you mean 'king'?\n")
    assert cli.main(["analogy", vectors, "Man", "king", "woman"]) == 1
    assert capsys.readouterr().err.endswith("; did you mean 'man'?\n")


def test_any_word_can_be_printed_in_any_encoding(cities, run_wildvec):
    done = run_wildvec("nearest", cities, "Zürich", "-n", "1", PYTHONIOENCODING="ascii", PYTHONUTF8="1")
    assert (done.returncode, done.stdout) == (0, "\\u6771\\u4eac\t0.7071\n")


def test_a_reader_that_ends_is_no_error(vectors, run_wildvec):
    done = run_wildvec("nearest", vectors, "king", redirect="| true")
    assert (done.returncode, done.stderr) == (0, "")
