"""`wildvec cooccur`: the counts of Cooccurrence in a file, and Stanford's files."""

import numpy as np
import pytest

from wildvec import Cooccurrence, cli


@pytest.fixture
def text(tmp_path):
    path = tmp_path / "text.txt"
    path.write_text("a b c a\nB a c\n" * 5, encoding="utf-8")
    return path


def test_counts_are_those_of_the_class(text, tmp_path, capsys):
    output = tmp_path / "counts.wv"
    options = ["--window", "2", "--left", "--equal-weights", "--lowercase", "--min-count", "2"]
    assert cli.main(["cooccur", str(text), "-o", str(output), "--max-memory", "1000000", *options]) == 0
    assert "3 words" in capsys.readouterr().err
    found, settings = Cooccurrence.load(output), {"symmetric": False, "distance_weighting": False}
    expected = Cooccurrence(corpus_file=text, window=2, lowercase=True, min_count=2, **settings)
    assert repr(found) == repr(expected)
    assert found.keys == expected.keys
    assert np.array_equal(found.values, expected.values)


def test_stanford_files(text, tmp_path):
    output, vocab = tmp_path / "cooccurrence.bin", tmp_path / "vocab.txt"
    arguments = ["cooccur", str(text), "-o", str(output), "--stanford-vocab", str(vocab), "--min-count", "1"]
    assert cli.main(arguments) == 0
    found, expected = Cooccurrence.load_stanford(output, vocab), Cooccurrence(corpus_file=text, min_count=1)
    assert found.keys == expected.keys
    assert np.array_equal(found.values, expected.values)


def test_wrong_command_lines(text, tmp_path, capsys):
    output = str(tmp_path / "counts.wv")
    assert cli.main(["cooccur", str(text), "-o", str(text)]) == 2
    assert cli.main(["cooccur", str(text), "-o", output, "--window", "0"]) == 2
    assert cli.main(["cooccur", str(text), "-o", output, "--min-count", "100"]) == 1
    assert "--min-count 100" in capsys.readouterr().err
    assert cli.main(["cooccur", str(text), "-o", output, "--stanford-vocab", output]) == 2
