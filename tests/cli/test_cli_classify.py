"""The commands train-classifier, predict and test."""

from __future__ import annotations

import io
import sys

import pytest

from wildvec import TextClassifier
from wildvec.cli import main


@pytest.fixture
def files(tmp_path):
    lines = [
        f"__label__{'pos' if i % 2 else 'neg'} {'good' if i % 2 else 'bad'} film w{i % 7}\n"
        for i in range(80)
    ]
    (tmp_path / "train.txt").write_text("".join(lines))
    (tmp_path / "test.txt").write_text("good film\nbad film\n\n")
    model = tmp_path / "model.clf"
    options = ["--word-ngrams", "2", "--epochs", "10", "--workers", "1", "--bucket", "1000"]
    assert main(["train-classifier", str(tmp_path / "train.txt"), "-o", str(model), *options]) == 0
    return tmp_path


def test_train_predict_and_test(files, capsys):
    model = str(files / "model.clf")
    assert TextClassifier.load(model).get_params()["word_ngrams"] == 2
    assert main(["predict", model, str(files / "test.txt")]) == 0
    assert capsys.readouterr().out.split("\n")[:2] == ["pos", "neg"]
    assert main(["predict", model, str(files / "test.txt"), "-k", "2", "--probabilities"]) == 0
    first = capsys.readouterr().out.split("\n")[0].split()
    assert first[::2] == ["pos", "neg"]
    assert float(first[1]) + float(first[3]) == pytest.approx(1, abs=1e-4)
    assert main(["predict", model, str(files / "test.txt"), "--threshold", "1"]) == 0
    assert capsys.readouterr().out.split("\n")[:2] == ["", ""]
    assert main(["test", model, str(files / "train.txt"), "--per-label"]) == 0
    output = capsys.readouterr().out
    assert output.startswith("examples\t80\nprecision\t1.0000\nrecall\t1.0000\n")
    assert "over all" in output


def test_standard_input(files, capsys, monkeypatch):
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(b"good film\n"), "utf-8"))
    assert main(["predict", str(files / "model.clf"), "-"]) == 0
    assert capsys.readouterr().out == "pos\n"


def test_bytes_that_are_not_utf8(files, capsys):
    model, text = str(files / "model.clf"), files / "odd.txt"
    text.write_bytes(b"good \xff film\n")
    assert main(["predict", model, str(text)]) == 1
    assert "--errors replace" in capsys.readouterr().err
    assert main(["predict", model, str(text), "--errors", "replace"]) == 0
    assert capsys.readouterr().out == "pos\n"


def test_the_validation_file_is_no_output(files, capsys):
    train, other = (str(files / name) for name in ("train.txt", "test.txt"))
    assert main(["train-classifier", train, "-o", other, "--autotune", other]) == 2
    assert "is also an input" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("arguments", "code", "message"),
    [
        (["train-classifier", "missing.txt", "-o", "out.clf"], 1, "missing.txt: no such file"),
        (["train-classifier", "missing.txt", "-o", "out.clf", "--loss", "hinge"], 2, "give one of 'softmax'"),
        (["train-classifier", "x", "-o", "y", "--patience", "2"], 2, "--patience needs a held-out loss"),
        (["predict", "missing.clf", "x"], 1, "missing.clf"),
        (["test", "missing.clf", "x", "-k", "0"], 2, "give a whole number from 1 up"),
    ],
)
def test_wrong_arguments(arguments, code, message, capsys, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert main(arguments) == code
    assert message in capsys.readouterr().err


def test_a_text_without_labels_cannot_be_measured(files, capsys):
    assert main(["test", str(files / "model.clf"), str(files / "test.txt")]) == 1
    captured = capsys.readouterr()
    assert "no text has a label" in captured.err and not captured.out
