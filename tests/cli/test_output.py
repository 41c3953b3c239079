"""Outputs: refused before the work if they cannot be written, and rescued after it if the disk is full."""

from __future__ import annotations

import errno
import os
import shutil
import tempfile
from pathlib import Path

import numpy as np
import pytest

from wildvec import KeyedVectors, Word2Vec, cli
from wildvec.io import load

QUICK = ["--vector-size", "8", "--epochs", "1", "--workers", "1"]


@pytest.fixture
def corpus(text, tmp_path):
    """A folder with one text."""
    folder = tmp_path / "corpus"
    folder.mkdir()
    shutil.copy(text, folder / "toy.txt")
    return folder


@pytest.mark.parametrize("output", ["corpus/toy.txt", "link.txt", "corpus/v.wv", "inside/v.wv"])
@pytest.mark.parametrize("source", ["corpus", "corpus/*", "corpus/toy.txt", "link.txt"])
def test_an_output_that_is_an_input_is_refused(corpus, tmp_path, monkeypatch, capsys, output, source):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "link.txt").symlink_to(corpus / "toy.txt")
    (tmp_path / "inside").symlink_to(corpus)
    if output.endswith(".wv"):
        source = "corpus"
    before = (corpus / "toy.txt").read_bytes()
    assert cli.main(["train", "other.txt", source, "-o", output]) == 2
    assert f"the output {output} " in capsys.readouterr().err
    assert (corpus / "toy.txt").read_bytes() == before and os.listdir(corpus) == ["toy.txt"]


def test_convert_refuses_its_input_as_output(vectors, tmp_path, capsys):
    before = Path(vectors).read_bytes()
    (tmp_path / "link.wv").symlink_to(vectors)
    for output in (vectors, str(tmp_path / "link.wv")):
        assert cli.main(["convert", vectors, output]) == 2
        assert "is also an input" in capsys.readouterr().err
    assert Path(vectors).read_bytes() == before


def test_checkpoints_are_not_written_into_the_input_folder(corpus, tmp_path, capsys):
    output = str(tmp_path / "v.wv")
    assert cli.main(["train", str(corpus), "-o", output, "--checkpoint", str(corpus)]) == 2
    assert f"lies in the input folder {corpus}" in capsys.readouterr().err
    assert os.listdir(corpus) == ["toy.txt"]


def test_a_read_only_output_is_refused(vectors, text, tmp_path, capsys):
    output = tmp_path / "old.wv"
    output.write_bytes(b"old")
    output.chmod(0o444)
    for command in (["train", text, "-o", str(output), *QUICK], ["convert", vectors, str(output)]):
        assert cli.main(command) == 1
        assert "it is read-only; make it writable" in capsys.readouterr().err
    assert output.read_bytes() == b"old"


# Standard output


def test_a_dash_is_standard_output(text, tmp_path, monkeypatch, run_wildvec):
    monkeypatch.chdir(tmp_path)
    done = run_wildvec("train", text, "-o", "-", *QUICK)
    assert done.returncode == 0 and "saved standard output" in done.stderr
    (tmp_path / "v.txt").write_text(done.stdout)
    assert len(KeyedVectors.load(tmp_path / "v.txt")) > 100
    assert os.listdir(tmp_path) == ["v.txt"]


@pytest.mark.parametrize("form", ["native", "binary", "text", "model"])
def test_standard_output_has_the_format_that_is_given(text, tmp_path, run_wildvec, form):
    redirect = f">{tmp_path / 'v'}"
    assert run_wildvec("train", text, "-o", "-", "--format", form, *QUICK, redirect=redirect).returncode == 0
    assert len(KeyedVectors.load(tmp_path / "v")) > 100
    if form == "model":
        assert Word2Vec.load(tmp_path / "v").sg == 1


def test_convert_writes_to_standard_output(vectors, tmp_path, monkeypatch, run_wildvec):
    monkeypatch.chdir(tmp_path)
    done = run_wildvec("convert", vectors, "-")
    assert done.returncode == 1 and "'new york'" in done.stderr, "text cannot hold a key with a space"
    done = run_wildvec("convert", vectors, "-", "--format", "native", redirect=">copy")
    assert done.returncode == 0 and "standard output: 5 vectors of 3 values, native" in done.stderr
    assert load("copy")[0] == load(vectors)[0] and not Path("-").exists()


def test_the_demo_needs_a_file_for_its_picture(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    assert cli.main(["demo", "-o", "-"]) == 2
    assert "give a file for the picture" in capsys.readouterr().err and not os.listdir(tmp_path)


# Full disks


@pytest.fixture
def rescue_folder(tmp_path, monkeypatch):
    """The folder for temporary files."""
    folder = tmp_path / "rescue"
    folder.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(folder))
    return folder


def fill_disk(monkeypatch, folders):
    """Let writing to these folders fail with ENOSPC."""

    def fsync(number):
        name = os.readlink(f"/proc/self/fd/{number}") if number is not None else ""
        if any(name.startswith(os.path.realpath(folder) + os.sep) for folder in folders):
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr("wildvec.io.atomic.os.fsync", fsync)


@pytest.mark.skipif(not os.path.exists("/proc/self/fd"), reason="needs the names of open files")
@pytest.mark.parametrize("form", ["text", "model"])
def test_a_trained_model_is_rescued_from_a_full_disk(
    text, tmp_path, monkeypatch, capsys, rescue_folder, form
):
    full = tmp_path / "full"
    full.mkdir()
    fill_disk(monkeypatch, [full])
    output = str(full / "v.txt")
    assert cli.main(["train", text, "-o", output, "--format", form, *QUICK]) == 1
    err = capsys.readouterr().err
    (saved,) = rescue_folder.glob("*/v.txt")
    assert f"cannot write {output}: " in err and f"what was learned is saved in {saved}\n" in err
    assert len(KeyedVectors.load(saved)) > 100 and not os.listdir(full)
    assert f"saved {output}" not in err


@pytest.mark.skipif(not os.path.exists("/proc/self/fd"), reason="needs the names of open files")
def test_if_every_disk_is_full_nothing_half_written_is_left(
    text, tmp_path, monkeypatch, capsys, rescue_folder
):
    fill_disk(monkeypatch, [tmp_path])
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(Path, "home", lambda: tmp_path)
    assert cli.main(["train", text, "-o", "v.wv", *QUICK]) == 1
    assert "v.wv: No space left on device" in capsys.readouterr().err
    assert os.listdir(tmp_path) == ["rescue"] and not os.listdir(rescue_folder)


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="needs /dev/full")
def test_vectors_are_rescued_from_standard_output_on_a_full_disk(text, tmp_path, run_wildvec):
    done = run_wildvec("train", text, "-o", "-", *QUICK, redirect=">/dev/full", TMPDIR=str(tmp_path))
    (saved,) = tmp_path.glob("wildvec-*/vectors")
    assert done.returncode == 1 and f"what was learned is saved in {saved}" in done.stderr
    assert len(KeyedVectors.load(saved)) > 100
    assert done.stderr.count("\n") == 4 and "Exception" not in done.stderr


@pytest.mark.skipif(os.name == "nt", reason="needs a POSIX shell")
def test_vectors_are_rescued_if_the_reader_of_standard_output_has_ended(text, tmp_path, run_wildvec):
    done = run_wildvec("train", text, "-o", "-", *QUICK, redirect="| true", TMPDIR=str(tmp_path))
    (saved,) = tmp_path.glob("wildvec-*/vectors")
    assert f"what was learned is saved in {saved}" in done.stderr and "Exception" not in done.stderr


def test_a_disk_with_little_space_is_a_warning_before_training(text, tmp_path, monkeypatch, capsys):
    usage = shutil.disk_usage(tmp_path)
    monkeypatch.setattr(shutil, "disk_usage", lambda folder: usage._replace(free=10_000))
    output = str(tmp_path / "v.wv")
    assert cli.main(["train", text, "-o", output, *QUICK]) == 0
    lines = capsys.readouterr().err.splitlines()
    assert lines[0].startswith(f"wildvec: warning: {output} will take about 0 MB, but its disk has only 0 MB")
    assert "epoch 1/1" in lines[2] and np.isfinite(load(output)[1]).all()
