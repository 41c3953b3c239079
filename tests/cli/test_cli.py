"""The commands: what they print, which files they write, and their exit codes."""

from __future__ import annotations

import io
import os
import shlex
import subprocess
import sys
from pathlib import Path
from xml.etree import ElementTree

import numpy as np
import pytest

from wildvec import KeyedVectors, Word2Vec, cli
from wildvec.cli.options import in_option_syntax
from wildvec.cli.train import _Report
from wildvec.demo import run as demo
from wildvec.demo import toy
from wildvec.io import Kind, load, save


def stdin(monkeypatch: pytest.MonkeyPatch, lines: str) -> None:
    monkeypatch.setattr(sys, "stdin", io.StringIO(lines))


# Queries


def test_nearest(vectors, capsys):
    assert cli.main(["nearest", vectors, "king", "-n", "2"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[0] == "queen\t0.8165" and len(lines) == 2


def test_without_words_queries_are_lines_of_stdin(vectors, capsys, monkeypatch):
    stdin(monkeypatch, "king\n\nnew york\nnobody\nman\n")
    assert cli.main(["nearest", vectors, "--topn", "1"]) == 1
    out, err = capsys.readouterr()
    assert [line.split("\t")[0] for line in out.splitlines()] == ["king", "new york", "man"]
    assert err == "wildvec: 'nobody' is not in the vocabulary of 5 keys\n"


def test_several_words_are_several_queries(vectors, capsys):
    assert cli.main(["nearest", vectors, "king", "woman", "-n", "1"]) == 0
    assert capsys.readouterr().out == "king\tqueen\t0.8165\nwoman\tqueen\t0.8165\n"


def test_words_may_follow_options(vectors, capsys):
    assert cli.main(["nearest", vectors, "king", "-n", "1", "woman"]) == 0
    assert capsys.readouterr().out == "king\tqueen\t0.8165\nwoman\tqueen\t0.8165\n"
    assert cli.main(["nearest", vectors, "--top", "king"]) == 2
    assert cli.main(["nearest", vectors, "--unknown", "king"]) == 2
    assert cli.main(["demo", "king"]) == 2


def test_analogy_prints_the_words_nearest_to_b_minus_a_plus_c(vectors, capsys, monkeypatch):
    assert cli.main(["analogy", vectors, "man", "king", "woman", "-n", "1"]) == 0
    assert capsys.readouterr().out.startswith("queen\t")
    stdin(monkeypatch, "man king woman\nman king\n")
    assert cli.main(["analogy", vectors, "-n", "1"]) == 1
    out, err = capsys.readouterr()
    assert out.startswith("man king woman\tqueen\t")
    assert "3 words, not 2: man king" in err


def test_a_terminal_gets_a_prompt(vectors, capsys, monkeypatch):
    lines = iter(["king"])

    def typed(prompt: str) -> str:
        print(prompt, end="")
        try:
            return next(lines)
        except StopIteration:
            raise EOFError from None

    monkeypatch.setattr("builtins.input", typed)
    monkeypatch.setattr(sys, "stdin", type("Terminal", (), {"isatty": lambda self: True})())
    assert cli.main(["nearest", vectors, "-n", "1"]) == 0
    assert capsys.readouterr().out == "> queen\t0.8165\n> \n"


def test_integer_keys_are_found(tmp_path, capsys):
    save(tmp_path / "v.wv", [7, -3, 5], np.array([[1, 0], [1, 1], [-1, 0]], np.float32))
    assert cli.main(["nearest", str(tmp_path / "v.wv"), "7", "-n", "1"]) == 0
    assert cli.main(["nearest", "-n", "1", str(tmp_path / "v.wv"), "--", "-3"]) == 0
    assert capsys.readouterr().out.splitlines() == ["-3\t0.7071", "7\t0.7071"]


def test_evaluate_recognises_analogies_and_pairs(vectors, tmp_path, capsys):
    questions, pairs = tmp_path / "q.csv", tmp_path / "p.txt"
    questions.write_text(": family\nman king woman queen\nman king woman nobody\n")
    pairs.write_text("# word, word, score\nman\tking\t7\nman\tqueen\t5\nking\tqueen\t8\n")
    assert cli.main(["evaluate", vectors, str(questions), str(pairs)]) == 0
    out = capsys.readouterr().out
    assert "family: 100.0% (1 of 1)" in out and "50.0% of 2 questions" in out
    assert "Spearman 1.000" in out
    assert cli.main(["evaluate", vectors, str(questions), "--analogies"]) == 0
    (tmp_path / "prose").write_text("once upon a time there was\n")
    capsys.readouterr()
    assert cli.main(["evaluate", vectors, str(tmp_path / "prose")]) == 1
    assert "neither analogies" in capsys.readouterr().err


def test_analogies_may_begin_with_a_byte_order_mark_and_must_be_utf_8(vectors, tmp_path, capsys):
    (tmp_path / "bom").write_bytes(b"\xef\xbb\xbf: family\nman king woman queen\n")
    (tmp_path / "latin").write_bytes(b": famili\xe8re\nman king woman queen\n")
    assert cli.main(["evaluate", vectors, str(tmp_path / "bom")]) == 0
    assert cli.main(["evaluate", vectors, str(tmp_path / "latin")]) == 1
    assert "latin is not UTF-8" in capsys.readouterr().err


# Files


@pytest.mark.parametrize(
    ("name", "kind"),
    [("o.bin", Kind.BINARY), ("o.wv", Kind.NATIVE), ("o.VEC", Kind.TEXT), ("o.txt.gz", Kind.TEXT)],
)
def test_convert(vectors, tmp_path, capsys, name, kind):
    source = str(tmp_path / "no-spaces.wv")
    keys_before, matrix_before = (values[:4] for values in load(vectors)[:2])
    save(source, keys_before, matrix_before, np.arange(4, 0, -1))
    assert cli.main(["convert", source, str(tmp_path / name)]) == 0
    assert capsys.readouterr().out.rstrip().endswith(f"4 vectors of 3 values, {kind.value}")
    assert cli.main(["convert", str(tmp_path / name), str(tmp_path / "back.wv")]) == 0
    keys, matrix, _ = load(tmp_path / "back.wv")
    assert keys == keys_before and np.array_equal(matrix, matrix_before)


def test_convert_refuses_keys_that_the_format_cannot_hold(vectors, tmp_path, capsys):
    assert cli.main(["convert", vectors, str(tmp_path / "o.txt")]) == 1
    assert "'new york'" in capsys.readouterr().err
    assert cli.main(["convert", vectors, str(tmp_path / "o.csv")]) == 2
    assert "--format" in capsys.readouterr().err
    assert cli.main(["convert", vectors, str(tmp_path / "o.csv"), "--format", "native"]) == 0
    assert sorted(p.name for p in tmp_path.iterdir()) == ["o.csv", "v.wv"]


@pytest.mark.parametrize(
    ("message", "shown"),
    [
        (
            "Check the language of the words, and restrict_vocab",
            "Check the language of the words, and --restrict-vocab",
        ),
        ("restrict_vocab=-1: give more", "--restrict-vocab -1: give more"),
        (
            "lower min_count, (cache_dir) or max_final_vocab.",
            "lower --min-count, (--cache-dir) or --max-final-vocab.",
        ),
        ("min_count.txt: no such file", "min_count.txt: no such file"),
        ("data/min_count: no such file", "data/min_count: no such file"),
        ("min_count: no such file", "min_count: no such file"),
        ("'min_count' is not in the vocabulary", "'min_count' is not in the vocabulary"),
        ("my_min_count, max_vocab_sizes", "my_min_count, max_vocab_sizes"),
        ("the window has no sample", "the window has no sample"),
    ],
)
def test_names_of_arguments_in_messages_become_options(message, shown):
    assert in_option_syntax(message) == shown


# Training


def test_train(text, tmp_path, capsys):
    output = tmp_path / "toy.bin"
    options = ["--vector-size", "20", "--epochs", "2", "--workers", "1", "--seed", "3"]
    assert cli.main(["train", text, "-o", str(output), *options]) == 0
    out, err = capsys.readouterr()
    assert not out, "stdout may be the output"
    assert "epoch 2/2: loss " in err and "tokens/s" in err and f"saved {output}" in err
    keys, matrix, _ = load(output)
    model = Word2Vec(
        corpus_file=text, sg=1, vector_size=20, epochs=2, workers=1, seed=3
    )  # the other defaults are equal
    assert keys == model.wv.index_to_key and np.array_equal(matrix, model.wv.vectors)


def test_train_prints_the_held_out_loss_and_the_best_epoch(text, tmp_path, capsys):
    options = "--held-out .01 --patience 1 --max-seconds 1e6 --epochs 2 --vector-size 8 --format model"
    assert cli.main(["train", text, "-o", str(tmp_path / "m"), *options.split()]) == 0
    err = capsys.readouterr().err
    model = Word2Vec.load(tmp_path / "m")
    assert (model.held_out, model.patience, model.max_seconds) == (0.01, 1, 1e6)
    losses = zip(model.epoch_losses, model.held_out_losses, strict=True)
    for number, (loss, held_out) in enumerate(losses, 1):
        assert f"epoch {number}/2: loss {loss:.4f}, {held_out:.4f} held out\n" in err
    assert f"the vectors are those of epoch {1 + np.argmin(model.held_out_losses)}\n" in err
    assert cli.main(["train", text, "-o", str(tmp_path / "n"), "--patience", "2"]) == 2
    assert "--held-out" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("losses", "held_out", "end"),
    [
        ([3.0, 2.0, 2.1], 0.0, "--held-out measures the loss without this effect\n"),
        ([3.0, 2.0, 2.1], 0.1, "the held-out loss is without this effect\n"),
        ([3.0, 3.1, 2.0], 0.0, None),
        ([3.0], 0.0, None),
    ],
)
def test_a_training_loss_that_rises_at_the_end_is_explained(capsys, losses, held_out, end):
    model = Word2Vec(held_out=held_out)
    model.epoch_losses = losses
    _Report("v.wv", None).on_train_end(model)
    err = capsys.readouterr().err
    assert (
        err == "" if end is None else err.startswith("note: the training loss may rise") and err.endswith(end)
    )


def test_train_reads_stdin_and_takes_every_option(text, tmp_path):
    options = shlex.split(
        "--cbow --cbow-sum --hs --full-windows --update pair --vector-size 10 --window 3 "
        "--epochs 1 --negative 2 --ns-exponent .5 --alpha .05 --min-alpha .001 --sample 0 "
        "--workers 2 --min-count 2 --max-final-vocab 300 --max-vocab-size 10000 --lowercase "
        "--errors replace --max-sentence-length 100 --format model"
    )
    output = tmp_path / "model"
    with open(text, "rb") as stream:
        done = subprocess.run(
            [sys.executable, "-m", "wildvec", "train", "-", "-o", str(output), *options],
            stdin=stream,
            capture_output=True,
            text=True,
        )
    assert done.returncode == 0, done.stderr
    model = Word2Vec.load(output)
    assert (model.sg, model.hs, model.cbow_mean, model.shrink_windows) == (0, 1, 0, False)
    assert (model.window, model.sample, model.update) == (3, 0, "pair")
    assert len(model.wv) <= 300
    model.train(toy.sentences(1000))


def test_stdin_may_be_one_of_several_inputs(text, tmp_path):
    command = ["train", text, "-", "-o", str(tmp_path / "v.wv"), "--epochs", "1", "--vector-size", "8"]
    words = "from the pipe alone\n" * 9
    done = subprocess.run(
        [sys.executable, "-m", "wildvec", *command], input=words, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    assert {"king", "pipe"} <= set(load(tmp_path / "v.wv")[0])


@pytest.mark.parametrize("output", ["no/such/v.wv", ".", "v.csv"])
def test_outputs_are_checked_before_any_work(text, tmp_path, capsys, monkeypatch, output):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("wildvec.cli.train.MODELS", {"word2vec": Word2Vec, "glove": None})
    monkeypatch.setattr("wildvec.cli.train._train", None)
    assert cli.main(["train", text, "-o", output]) in (1, 2)
    assert cli.main(["demo", "-o", "no/such/toy.svg"]) == 1
    lines = capsys.readouterr().err.splitlines()
    assert len(lines) == 2 and lines[1].endswith("its folder does not exist")


@pytest.mark.skipif(os.name == "nt", reason="needs pipes that can be opened by name")
def test_training_does_not_need_a_reader_of_stderr_and_writes_to_pipes(text, tmp_path):
    train = [sys.executable, "-m", "wildvec", "train", text, "--vector-size", "8", "--epochs", "2", "-o"]
    reading, writing = os.pipe()
    os.close(reading)
    assert subprocess.run([*train, str(tmp_path / "v.wv")], stderr=writing, timeout=60).returncode == 0
    os.close(writing)
    assert len(KeyedVectors.load(tmp_path / "v.wv")) > 100
    out = subprocess.run([*train, "/dev/stdout", "--format", "text"], capture_output=True, timeout=60)
    assert out.returncode == 0 and b"\nthe " in out.stdout
    (tmp_path / "v.txt").write_bytes(out.stdout)
    assert "the" in KeyedVectors.load(tmp_path / "v.txt")


# Exit codes


@pytest.mark.parametrize(
    "line",
    [[], ["fly"], ["nearest"], ["train", "x"], ["analogy", "v.wv", "man", "king"],
     ["nearest", "v.wv", "king", "-n", "0"], ["train", "x", "-o", "y.wv", "--epochs", "many"]],
)  # fmt: skip
def test_a_wrong_command_line_has_exit_code_2(line, capsys):
    assert cli.main(line) == 2
    assert capsys.readouterr().err


@pytest.mark.parametrize(
    "line",
    [["nearest", "absent.wv", "king"], ["convert", "absent.wv", "o.bin"],
     ["train", "absent.txt", "-o", "o.wv"], ["evaluate", "absent.wv", "q.txt"]],
)  # fmt: skip
def test_a_failure_is_one_line_and_exit_code_1(line, tmp_path, capsys, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert cli.main(line) == 1
    out, err = capsys.readouterr()
    assert not out and err.startswith("wildvec: ") and err.count("\n") == 1 and "absent" in err
    assert not list(tmp_path.iterdir())


def test_bad_settings_are_one_line(text, tmp_path, capsys):
    train = ["train", text, "-o", str(tmp_path / "o.wv")]
    assert cli.main([*train, "--negative", "0"]) == 2
    assert cli.main([*train, "--min-count", "10000000"]) == 1
    assert cli.main([*train, "--cache-dir", str(tmp_path / "nodir")]) == 1
    lines = capsys.readouterr().err.splitlines()
    assert len(lines) == 3 and "--negative 0" in lines[0]
    assert f"{tmp_path / 'nodir'}: " in lines[2] and "cache_dir" in lines[2]


@pytest.mark.parametrize("option", ["--epochs 0", "--workers 0", "--vector-size 0", "--window 1.5",
                                    "--alpha nan", "--sample -1", "--min-count x", "--alpha 1e999",
                                    "--held-out .9", "--patience 1.5", "--max-seconds soon"])  # fmt: skip
def test_a_setting_out_of_range_is_an_error_that_names_the_option(option, capsys):
    assert cli.main(["train", "absent.txt", "-o", "o.wv", *option.split()]) == 2
    err = capsys.readouterr().err
    assert f"argument {option.split()[0]}: '{option.split()[1]}': give " in err
    for option in ("--workers", "--epochs"):
        assert cli.main(["demo", option, "0"]) == 2
        out, err = capsys.readouterr()
        assert not out and f"argument {option}: '0': give " in err


def test_ctrl_c_has_exit_code_130(vectors, capsys, monkeypatch):
    def interrupt(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("wildvec.vectors.keyed_files.load_attributed", interrupt)
    assert cli.main(["nearest", vectors, "king"]) == 130
    assert capsys.readouterr().err == "wildvec: interrupted\n"


def test_help_and_version(capsys):
    assert cli.main(["--version"]) == 0
    assert cli.main(["train", "--help"]) == 0
    out = " ".join(capsys.readouterr().out.split())
    assert "--vector-size N values per vector (default: 100)" in out
    assert (
        "The model is skip-gram; --cbow trains CBOW, which is the default of the Python class Word2Vec" in out
    )


@pytest.mark.parametrize("command", [["nearest", "v.vec", "sun"], ["convert", "v.vec", "o.wv"],
                                     ["plot", "v.vec", "-o", "o.svg"]])  # fmt: skip
def test_limit_and_errors_say_how_vectors_are_read(command, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    Path("v.vec").write_bytes(b"3 2\nsun 1 0\nmoon 1 1\nd\xfcne 0 1\n")
    assert cli.main(command) == 1
    err = capsys.readouterr().err
    assert "--errors replace" in err and "--encoding latin-1" in err
    assert cli.main([*command, "--encoding", "latin-1"]) == 0
    assert cli.main([*command, "--errors", "replace"]) == 0
    assert cli.main([*command, "--limit", "2"]) == 0
    assert cli.main([*command, "--limit", "0"]) == 2


def test_demo(tmp_path, capsys):
    model = demo.run(tmp_path / "toy.svg", tokens=400_000, epochs=3)
    out = capsys.readouterr().out
    assert "man is to king as woman is to queen" in out and "tokens/s" in out
    result = model.wv.most_similar(positive=["paris", "japan"], negative=["france"], topn=1)
    assert result[0][0] == "tokyo"
    ElementTree.parse(tmp_path / "toy.svg")
