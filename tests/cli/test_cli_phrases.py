"""`wildvec phrases`: the text with joined phrases, files of phrases, and usage errors."""

import pytest

from wildvec import FrozenPhrases, cli

LINES = ["in new york", "bank of america", "new york bank of america", "in america", "in bank"] * 10


@pytest.fixture
def text(tmp_path):
    path = tmp_path / "text.txt"
    path.write_text("".join(f"{line}\n" for line in LINES))
    return path


def test_phrases_are_joined(text, tmp_path, capsys):
    out = tmp_path / "joined.txt"
    command = ["phrases", text, "-o", out, "--threshold", "0.15", "--connector-words", "of the"]
    assert cli.main([*map(str, command), "--save", str(tmp_path / "phrases")]) == 0
    joined = ["in new_york", "bank_of_america", "new_york bank_of_america", "in america", "in bank"]
    assert out.read_text().splitlines() == joined * 10
    assert "joined.txt: 2 phrases" in capsys.readouterr().err
    phrases = FrozenPhrases.load(tmp_path / "phrases")
    assert sorted(phrases.phrasegrams) == ["bank_of_america", "new_york"]


def test_the_text_can_go_to_stdout(text, capfdbinary):
    options = ["--delimiter", "~", "--scoring", "npmi", "--threshold", "0.9", "--workers", "2"]
    assert cli.main(["phrases", str(text), "-o", "-", *options]) == 0
    out, err = capfdbinary.readouterr()
    assert out.splitlines()[0] == b"in new~york" and b"phrases" in err


def test_nothing_is_a_phrase_above_the_threshold(text, tmp_path):
    out = tmp_path / "joined.txt"
    assert cli.main(["phrases", str(text), "-o", str(out), "--threshold", "1e9"]) == 0
    assert out.read_text().splitlines() == LINES


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["-", "-o", "out"], "standard input"),
        (["missing.txt", "-o", "out"], "missing.txt"),
        (["{text}", "-o", "{text}"], "text.txt"),
        (["{text}", "-o", "out", "--scoring", "other"], "other"),
        (["{text}", "-o", "out", "--min-count", "0"], "min-count"),
    ],
)
def test_wrong_arguments(text, tmp_path, capsys, monkeypatch, arguments, message):
    monkeypatch.chdir(tmp_path)
    assert cli.main(["phrases", *(argument.format(text=text) for argument in arguments)]) in (1, 2)
    assert message in capsys.readouterr().err
    assert not (tmp_path / "out").exists() and text.read_text().splitlines() == LINES
