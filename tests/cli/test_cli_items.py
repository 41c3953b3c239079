"""`train-items` and `recommend`."""

from __future__ import annotations

import io
import signal
import subprocess
import sys
import time

import pytest

from wildvec import Interactions, Item2Vec, KeyedVectors, cli
from wildvec.demo import toy

QUICK = ["--loss", "item2vec", "--vector-size", "8", "--epochs", "2", "--workers", "1"]


@pytest.fixture(scope="module")
def songs(tmp_path_factory):
    path = tmp_path_factory.mktemp("songs") / "songs.tsv"
    path.write_text("".join(f"{user}\t{song}\n" for user, song in toy.interactions(40)), encoding="utf-8")
    return str(path)


@pytest.fixture(scope="module")
def model(songs, tmp_path_factory):
    path = str(tmp_path_factory.mktemp("model") / "songs.wv")
    assert cli.main(["train-items", songs, "-o", path, *QUICK]) == 0
    return path


def test_the_file_is_the_model_of_the_python_class(songs, model):
    same = Item2Vec(Interactions.read(songs), vector_size=8, epochs=2, workers=1)
    assert Item2Vec.load(model).recommend("user003", 4) == same.recommend("user003", 4)
    assert "jazz-01" in KeyedVectors.load(model)


def test_other_formats_hold_the_items(songs, tmp_path):
    path = str(tmp_path / "items.txt")
    assert cli.main(["train-items", songs, "-o", path, *QUICK]) == 0
    assert KeyedVectors.load(path).vectors.shape[1] == 8


def test_one_user(model, capsys):
    assert cli.main(["recommend", model, "user003", "-n", "3"]) == 0
    expected = Item2Vec.load(model).recommend("user003", 3)
    assert capsys.readouterr().out == "".join(f"{item}\t{score:.4f}\n" for item, score in expected)


def test_several_users_and_an_unknown_one(model, capsys):
    assert cli.main(["recommend", model, "user003", "nobody", "user004", "-n", "1"]) == 1
    result = capsys.readouterr()
    assert [line.split("\t")[0] for line in result.out.splitlines()] == ["user003", "user004"]
    assert result.err == "wildvec: there is no user 'nobody'\n"


def test_history_among_and_seen_items(model, capsys):
    own = Item2Vec.load(model)
    assert cli.main(["recommend", model, "--history", "jazz-01", "jazz-02", "-n", "2"]) == 0
    expected = own.recommend(history=["jazz-01", "jazz-02"], n=2)
    assert [line.split("\t")[0] for line in capsys.readouterr().out.splitlines()] == [i for i, _ in expected]
    assert cli.main(["recommend", model, "user003", "--include-seen", "--among", "jazz-01"]) == 0
    assert capsys.readouterr().out.startswith("jazz-01\t")


def test_all_users_in_a_file(model, tmp_path):
    path = tmp_path / "all.tsv"
    assert cli.main(["recommend", model, "--all", "-n", "2", "-o", str(path)]) == 0
    lines = [line.split("\t") for line in path.read_text(encoding="utf-8").splitlines()]
    own = Item2Vec.load(model)
    assert len(lines) == 80
    assert [item for user, item, _ in lines if user == "user007"] == [
        i for i, _ in own.recommend("user007", 2)
    ]


def test_baskets_have_numbers_as_users(tmp_path, capsys):
    text = tmp_path / "baskets.txt"
    text.write_text("39 41\n39 48 41\n41 48\n" * 5)
    path = str(tmp_path / "a.wv")
    assert cli.main(["train-items", str(text), "-o", path, "--input-format", "baskets", *QUICK]) == 0
    assert cli.main(["recommend", path, "0", "-n", "1"]) == 0
    assert capsys.readouterr().out.startswith("48\t"), "39 and 41 are in basket 0"


@pytest.mark.parametrize(
    ("arguments", "code", "message"),
    [
        (["recommend", "{model}", "user003", "--all"], 2, "only one of them"),
        (["recommend", "{model}", "user003", "-o", "a.tsv"], 2, "-o is an option of --all"),
        (["recommend", "{model}", "--history", "polka-01"], 1, "polka-01"),
        (
            ["recommend", "{model}", "--among", "jazz-01", "user003"],
            1,
            "no user is given; name users before --among",
        ),
        (
            ["recommend", "{unseen}", "user003"],
            2,
            "keep the items of users (--no-keep-seen); give --include-seen",
        ),
        (["train-items", "{empty}", "-o", "a.wv", "--loss", "item2vec"], 1, "empty.tsv has no interactions"),
        (["recommend", "{songs}", "user003"], 1, "songs.tsv is no file of vectors"),
        (["train-items", "{model}", "-o", "{model}", "--loss", "item2vec"], 2, "songs.wv"),
        (["train-items", "no.tsv", "-o", "a.wv", "--loss", "item2vec"], 1, "no.tsv: No such file"),
        (["train-items", "{songs}", "-o", "a.wv", "--loss", "item2vec", "--patience", "1"], 2, "--held-out"),
        (["train-items", "{songs}", "-o", "a.wv", "--loss", "item2vec", "--resume"], 2, "--checkpoint DIR"),
        (["train-items", "{songs}", "-o", "a.wv", "--loss", "item2vec", "--epochs", "0"], 2, "1 to 1e9"),
    ],
)
def test_wrong_use_is_one_line(songs, model, tmp_path, monkeypatch, capsys, arguments, code, message):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "stdin", io.StringIO())
    (tmp_path / "empty.tsv").touch()
    if "{unseen}" in arguments:
        Item2Vec(toy.interactions(3), epochs=1, workers=1, keep_seen=False).save(tmp_path / "unseen.wv")
    files = {"songs": songs, "model": model, "empty": "empty.tsv", "unseen": "unseen.wv"}
    assert cli.main([word.format(**files) for word in arguments]) == code
    last = capsys.readouterr().err.splitlines()[-1]
    assert message in last


def test_a_line_without_an_item_is_named(tmp_path, capsys):
    path = tmp_path / "bad.tsv"
    path.write_text("ann\ttea\nbob\n")
    assert cli.main(["train-items", str(path), "-o", str(tmp_path / "a.wv"), *QUICK]) == 1
    message = capsys.readouterr().err
    assert "bad.tsv" in message and "2" in message and message.count("\n") == 1


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no SIGTERM that a process can handle")
def test_sigterm_saves_what_was_learned(songs, tmp_path):
    path = tmp_path / "a.wv"
    command = [
        sys.executable,
        "-m",
        "wildvec",
        "train-items",
        songs,
        "-o",
        str(path),
        *QUICK,
        "--epochs",
        "1000000",
    ]
    process = subprocess.Popen(command, stderr=subprocess.PIPE, text=True)
    assert process.stderr is not None
    process.stderr.readline()  # the first epoch has ended
    time.sleep(0.05)
    process.send_signal(signal.SIGTERM)
    err = process.stderr.read()
    process.stderr.close()
    assert process.wait(30) == 143
    assert "holds what was learned" in err
    assert Item2Vec.load(path).recommend("user003", 1)
