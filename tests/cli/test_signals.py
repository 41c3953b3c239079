"""Ctrl-C, SIGTERM and SIGHUP: they stop the command, and what was trained is on disk."""

from __future__ import annotations

import errno
import os
import signal
import subprocess
import sys
import threading

import pytest

from wildvec import KeyedVectors, Word2Vec, cli
from wildvec.cli import signals
from wildvec.cli.signals import StopSignals
from wildvec.cli.train import _Report
from wildvec.training.checkpoint import list_checkpoints

QUICK = ["--vector-size", "8", "--epochs", "3", "--workers", "1"]
ALL = [getattr(signal, name) for name in signals.NAMES if hasattr(signal, name)]

pytestmark = pytest.mark.skipif(os.name == "nt", reason="signals of POSIX")


@pytest.mark.parametrize("number", ALL)
def test_a_signal_stops_training_and_saves_what_was_learned(text, tmp_path, number):
    output = tmp_path / "toy.wv"
    endless = ["--epochs", "100000", "--max-seconds", "300"]  # the limit ends a child whose parent was killed
    command = [sys.executable, "-m", "wildvec", "train", text, "-o", str(output), *endless]
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True) as child:
        assert "memory at the peak: at most" in child.stderr.readline()
        assert "epoch 1/" in child.stderr.readline()
        child.send_signal(number)
        _, err = child.communicate(timeout=120)
    assert child.returncode == 128 + number
    assert f"interrupted; {output} holds what was learned\n" in err and "Traceback" not in err
    assert "king" in KeyedVectors.load(output)


def raise_signals_at(monkeypatch, method, *numbers):
    """Raise signals when the training calls this method of the progress report for the second time, or once."""

    def report(self, model):
        calls.append(model)
        getattr(_Report, "_" + method)(self, model)
        if len(calls) == (1 if method in ("on_train_begin", "on_train_end") else 2):
            for number in numbers:
                signal.raise_signal(number)

    calls = []
    monkeypatch.setattr(_Report, "_" + method, getattr(_Report, method), raising=False)
    monkeypatch.setattr(_Report, method, report)


def raise_signal_at_writing(monkeypatch, number, quiet=0):
    """Raise a signal whenever a file is written, after the first `quiet` files; return the list of files."""

    def fsync(stream):
        written.append(stream)
        if len(written) > quiet:
            signal.raise_signal(number)

    written = []
    monkeypatch.setattr("wildvec.io.atomic.os.fsync", fsync)
    monkeypatch.setattr("wildvec.io.atomic._sync_folder", lambda folder: None)
    return written


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_while_the_output_is_written_does_not_stop_the_writing(
    text, tmp_path, monkeypatch, capsys, number
):
    output = tmp_path / "v.wv"
    written = raise_signal_at_writing(monkeypatch, number)
    assert cli.main(["train", text, "-o", str(output), *QUICK]) == 128 + number
    assert capsys.readouterr().err.endswith(f"saved {output}\n")
    monkeypatch.undo()
    plain = tmp_path / "plain.wv"
    assert cli.main(["train", text, "-o", str(plain), *QUICK]) == 0
    assert len(written) == 1 and output.read_bytes() == plain.read_bytes()


@pytest.mark.parametrize("moment", ["on_epoch_begin", "on_epoch_end", "on_train_end"])
@pytest.mark.parametrize("form", ["native", "model"])
def test_further_signals_do_not_stop_the_saving_that_the_first_one_began(
    text, tmp_path, monkeypatch, capsys, moment, form
):
    output, folder = tmp_path / "v.wv", tmp_path / "run"
    options = ["--checkpoint", str(folder), "--checkpoint-minutes", "1000", "--format", form]
    raise_signals_at(monkeypatch, moment, signal.SIGINT)
    raise_signal_at_writing(
        monkeypatch, signal.SIGTERM, quiet=2 if moment == "on_train_end" else 1
    )  # earlier checkpoints
    assert cli.main(["train", text, "-o", str(output), *QUICK, *options]) == 130
    assert (
        f"interrupted; {output} holds what was learned; add --resume to continue\n" in capsys.readouterr().err
    )
    newest = Word2Vec.load(list_checkpoints(folder)[0])
    assert newest.epochs_trained == {"on_epoch_begin": 1, "on_epoch_end": 2, "on_train_end": 3}[moment]
    assert (KeyedVectors.load(output).vectors == newest.wv.vectors).all()


def test_after_a_stop_without_a_checkpoint_the_message_says_that_the_newest_one_is_older(
    text, tmp_path, monkeypatch, capsys
):
    def disk_is_full(stream):
        written.append(stream)
        if len(written) == 2:  # after the checkpoint at the beginning, before the output
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    written = []
    monkeypatch.setattr("wildvec.io.atomic.os.fsync", disk_is_full)
    monkeypatch.setattr("wildvec.io.atomic._sync_folder", lambda folder: None)
    output, folder = tmp_path / "v.wv", tmp_path / "run"
    raise_signals_at(monkeypatch, "on_epoch_end", signal.SIGINT)
    options = ["--checkpoint", str(folder), "--checkpoint-minutes", "1000"]
    assert cli.main(["train", text, "-o", str(output), *QUICK, *options]) == 130
    err = capsys.readouterr().err
    assert f"{output} holds what was learned; the newest checkpoint is older, so --resume would" in err
    assert "add --resume" not in err
    assert Word2Vec.load(list_checkpoints(folder)[0]).epochs_trained == 0 and output.exists()


def test_a_signal_before_training_writes_nothing(text, tmp_path, monkeypatch, capsys):
    raise_signals_at(monkeypatch, "on_train_begin", signal.SIGTERM, signal.SIGTERM)
    assert cli.main(["train", text, "-o", str(tmp_path / "v.wv"), *QUICK]) == 143
    assert capsys.readouterr().err.endswith("wildvec: interrupted\n") and not os.listdir(tmp_path)


def test_a_signal_in_another_command_ends_it(vectors, monkeypatch, capsys):
    monkeypatch.setattr(KeyedVectors, "load", lambda *_, **__: signal.raise_signal(signal.SIGTERM))
    assert cli.main(["nearest", vectors, "king"]) == 143
    assert capsys.readouterr().err == "wildvec: interrupted\n"


def test_a_signal_stops_the_writing_to_a_pipe_and_a_file_is_written_instead(
    text, tmp_path, monkeypatch, capsys
):
    def write_to_full_pipe(output, write):
        signal.raise_signal(signal.SIGTERM)

    monkeypatch.setattr("wildvec.cli.output.write_output", write_to_full_pipe)
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    os.mkfifo(tmp_path / "fifo")
    for output, name in (("-", "vectors"), (str(tmp_path / "fifo"), "fifo")):
        assert cli.main(["train", text, "-o", output, "--format", "text", *QUICK]) == 143
        (saved,) = tmp_path.glob(f"*/{name}")
        assert f"interrupted; what was learned is saved in {saved}\n" in capsys.readouterr().err
        assert "king" in KeyedVectors.load(saved)


# Handlers


def test_handlers_are_set_in_the_block_and_restored_after_it():
    before = [signal.getsignal(number) for number in ALL]
    with StopSignals():
        assert all(signal.getsignal(number) not in before for number in ALL)
    assert [signal.getsignal(number) for number in ALL] == before


def test_an_ignored_signal_stays_ignored():
    before = signal.signal(signal.SIGHUP, signal.SIG_IGN)
    try:
        with StopSignals() as stop:
            signal.raise_signal(signal.SIGHUP)
        assert stop.code == 0 and signal.getsignal(signal.SIGHUP) is signal.SIG_IGN
    finally:
        signal.signal(signal.SIGHUP, before)


def test_a_later_signal_raises_again_unless_signals_are_held(monkeypatch, capfd):
    with StopSignals() as stop:
        with pytest.raises(KeyboardInterrupt):
            signal.raise_signal(signal.SIGINT)
        signal.raise_signal(signal.SIGTERM)
        monkeypatch.setattr(signals, "REPEAT_SECONDS", -1)
        with pytest.raises(KeyboardInterrupt):
            signal.raise_signal(signal.SIGTERM)
        stop.hold()
        signal.raise_signal(signal.SIGTERM)
        assert stop.code == 130, "the first one decides"
    assert capfd.readouterr().err == 2 * signals.MESSAGE.decode()


def test_a_command_can_run_in_another_thread(vectors, capsys):
    codes = []
    thread = threading.Thread(target=lambda: codes.append(cli.main(["nearest", vectors, "king", "-n", "1"])))
    thread.start()
    thread.join()
    assert codes == [0]
