"""`wildvec plot`: the words in the picture, and refusals before anything is written."""

from xml.etree import ElementTree

import numpy as np
import pytest

from wildvec import cli
from wildvec.io import save

KEYS = ["sun", "moon", "star", "sea"]


@pytest.fixture
def vectors(tmp_path):
    rows = np.random.default_rng(0).standard_normal((4, 5)).astype(np.float32)
    save(tmp_path / "v.wv", KEYS, rows, np.array([1, 4, 3, 2]))
    return str(tmp_path / "v.wv")


def words_in(svg):
    ElementTree.fromstring(svg)
    return {key for key in [*KEYS, "7", "-3"] if f">{key}</text>" in svg}


def test_the_given_words_are_drawn(vectors, tmp_path, capsys):
    output = tmp_path / "p.svg"
    assert cli.main(["plot", vectors, "sun", "-o", str(output), "sea", "sun", "--title", "Sun & sea"]) == 0
    assert words_in(output.read_text()) == {"sun", "sea"} and "Sun &amp; sea" in output.read_text()
    assert capsys.readouterr().out == f"{output}: a picture of 2 words\n"


def test_the_most_frequent_words_are_drawn_without_words(vectors, tmp_path, capsys):
    assert cli.main(["plot", vectors, "-n", "2", "-o", str(tmp_path / "p.svg")]) == 0
    assert words_in((tmp_path / "p.svg").read_text()) == {"moon", "star"}
    capsys.readouterr()
    assert cli.main(["plot", vectors, "-o", "-"]) == 0
    assert words_in(capsys.readouterr().out) == set(KEYS)


def test_files_without_counts_have_the_most_frequent_words_first(tmp_path):
    save(tmp_path / "v.txt", KEYS, np.eye(4, dtype=np.float32))
    assert cli.main(["plot", str(tmp_path / "v.txt"), "-n", "2", "-o", str(tmp_path / "p.svg")]) == 0
    assert words_in((tmp_path / "p.svg").read_text()) == {"sun", "moon"}


def test_integer_keys_are_found(tmp_path):
    save(tmp_path / "v.wv", [7, -3, 5], np.eye(3, dtype=np.float32))
    assert cli.main(["plot", "-o", str(tmp_path / "p.svg"), str(tmp_path / "v.wv"), "--", "7", "-3"]) == 0
    assert words_in((tmp_path / "p.svg").read_text()) == {"7", "-3"}


@pytest.mark.parametrize(
    ("arguments", "code", "message"),
    [
        (["Sun", "-o", "p.svg"], 1, "did you mean 'sun'"),
        (["-o", "p.png"], 2, "p.png: the picture is SVG; give a name that ends in .svg"),
        (["-n", "0", "-o", "p.svg"], 2, "'0': give a whole number from 1 up"),
        (["-o", "no/p.svg"], 1, "folder does not exist"),
        ([], 2, "-o/--output"),
    ],
)
def test_refusals_leave_no_file(vectors, tmp_path, monkeypatch, capsys, arguments, code, message):
    monkeypatch.chdir(tmp_path)
    assert cli.main(["plot", vectors, *arguments]) == code
    assert message in capsys.readouterr().err
    assert [path.name for path in tmp_path.iterdir()] == ["v.wv"]
