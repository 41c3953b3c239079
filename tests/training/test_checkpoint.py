"""Checkpoints: a training that was stopped in any way can be resumed and gives the bits of one that was not."""

from __future__ import annotations

import copy
import errno
import hashlib
import json
import logging
import os
import pickle
import random
import signal
import subprocess
import sys
import time

import numpy as np
import pytest

import wildvec.training.loop
from wildvec import KeyedVectors, Word2Vec
from wildvec._train import Worker
from wildvec.cli import main
from wildvec.demo import toy
from wildvec.io import lock, native
from wildvec.training.checkpoint import Training, list_checkpoints
from wildvec.training.schedule import Budget

SMALL = {"vector_size": 24, "min_count": 1, "epochs": 4, "workers": 1, "sample": 0, "sg": 1}
OFTEN = {"checkpoint_minutes": 0}  # after every work unit


@pytest.fixture(scope="module")
def text():
    return list(toy.sentences(60_000, seed=3))


@pytest.fixture
def many_chunks(monkeypatch):
    """Small chunks, so that an epoch of a small text can be stopped in many places."""
    monkeypatch.setattr("wildvec.training.plan.CHUNK_ITEMS", 2000)
    monkeypatch.setattr("wildvec.training.work_units.UNIT_SECONDS", 1e-3)


def bits(model):
    """A checksum of the matrices, and the losses."""
    digest = hashlib.sha256()
    for matrix in model._matrices.values():
        digest.update(matrix.tobytes())
    losses = (
        model.epochs_trained,
        model.epoch_losses,
        model.held_out_losses,
        model.get_latest_training_loss(),
    )
    return digest.hexdigest(), losses


def training_in(path):
    return Training.unpack(path, *native.read(path))


def in_mid_epoch(files):
    return [file for file in files if len(training_in(file).state.losses)]


# -- the same bits ---------------------------------------------------------------------------------------------------

CHILD = """
import os, signal, sys
from wildvec import Word2Vec
from wildvec.demo import toy
from wildvec.training import checkpoint
from wildvec.io import atomic, native

folder, moment, calls = sys.argv[1], sys.argv[2], int(sys.argv[3])

def dies(function):
    def call(*args, **options):
        global calls
        calls -= 1
        if calls < 0:
            os.kill(os.getpid(), getattr(signal, "SIGKILL", 1))
        return function(*args, **options)
    return call

if moment == "the middle of a file":
    native._bytes_of = dies(native._bytes_of)
elif moment == "before the file has its name":
    atomic.os.replace = dies(os.replace)
elif moment == "before the old one is removed":
    checkpoint.Path.unlink = dies(checkpoint.Path.unlink)
text = list(toy.sentences(60_000, seed=3))
print("ready", flush=True)
if checkpoint.list_checkpoints(folder):
    Word2Vec.resume(folder, text)
else:
    Word2Vec(text, checkpoint=folder, checkpoint_minutes=5e-4, **eval(sys.argv[4]))
"""
SLOW = {**SMALL, "vector_size": 50, "epochs": 12, "update": "pair", "held_out": 0.02, "patience": 6}


def run_until_killed(folder, options, moment, calls, seconds):
    """Train or resume in another process; return whether it was killed before it was done."""
    arguments = [sys.executable, "-c", CHILD, str(folder), moment, str(calls), repr(options)]
    with subprocess.Popen(arguments, stdout=subprocess.PIPE) as child:
        child.stdout.readline()
        try:
            code = child.wait(seconds)
        except subprocess.TimeoutExpired:
            child.kill()
            code = child.wait()
    assert code == 0 or code == -getattr(signal, "SIGKILL", -1), f"it failed by itself: {code}"
    return code != 0


@pytest.mark.parametrize("workers", [1, 2])
def test_a_process_killed_at_ten_moments_ends_with_the_same_bits(text, tmp_path, workers):
    options = {**SLOW, "workers": workers, "deterministic": True}
    uninterrupted = bits(Word2Vec(text, **options))
    draw = random.Random(7)
    moments = [("any time", 0, draw.uniform(0, 0.3)) for _ in range(7)]
    moments += [
        ("the middle of a file", draw.randint(0, 60), 60),
        ("before the file has its name", draw.randint(1, 3), 60),
        ("before the old one is removed", draw.randint(1, 3), 60),
    ]
    draw.shuffle(moments)
    run = 0
    while moments:
        if run_until_killed(tmp_path / str(run), options, *moments[-1]):
            moments.pop()
        else:  # done too early: try again from the start
            run += 1
            assert run < 10
    while run_until_killed(tmp_path / str(run), options, "nowhere", 0, 60):
        pytest.fail("nothing killed it")
    for folder in tmp_path.iterdir():
        assert bits(Word2Vec.resume(folder)) == uninterrupted
        assert len(list_checkpoints(folder)) == len(os.listdir(folder)) == 2, "nothing half written is left"


@pytest.mark.parametrize(
    "options",
    [
        {},
        {"sg": 0, "shrink_windows": False},
        {"hs": 1, "negative": 0, "sample": 1e-3},
        {"hs": 1, "update": "pair", "lowercase": True},
        {"max_vocab_size": 60, "sorted_vocab": 0},
        {"held_out": 0.03},
        {"held_out": 0.03, "patience": 2, "min_alpha": 0.1, "epochs": 9},
        {"deterministic": True, "workers": 3},
        {"deterministic": True, "workers": 2, "held_out": 0.03, "patience": 2, "min_alpha": 0.1, "epochs": 9},
        {"deterministic": True, "workers": 2, "hs": 1, "sg": 0, "held_out": 0.03, "patience": 3},
    ],
    ids=str,
)
def test_resuming_from_any_checkpoint_gives_the_bits_of_the_uninterrupted_run(
    text, many_chunks, tmp_path, options
):
    options = {**SMALL, **options}
    uninterrupted = bits(Word2Vec(text, **options))
    model = Word2Vec(text, checkpoint=tmp_path, keep_checkpoints=1000, **OFTEN, **options)
    assert bits(model) == uninterrupted, "writing changes nothing"
    assert (model.epochs_trained < model.epochs) == (options["epochs"] == 9), "patience has an end"
    files = list_checkpoints(tmp_path)
    middle = in_mid_epoch(files)
    assert middle
    for file in {files[-1], files[-2], middle[0], middle[len(middle) // 2], files[1], files[0]}:
        assert bits(Word2Vec.resume(file, text, checkpoint_minutes=None)) == uninterrupted


def test_train_with_the_vocabulary_of_another_text_can_be_resumed(text, many_chunks, tmp_path):
    models = []
    for folder in (None, tmp_path):
        model = Word2Vec(checkpoint=folder, keep_checkpoints=1000, **OFTEN, **SMALL)
        model.build_vocab([*text[:2000], ["a", "word", "of", "its", "own"]])
        model.train(text[:3000], epochs=1)
        model.train(text[::-1], epochs=2, start_alpha=0.02)
        models.append(model)
    assert bits(models[0]) == bits(models[1])
    second = [
        file
        for file in in_mid_epoch(list_checkpoints(tmp_path))
        if training_in(file).schedule.first_epoch == 1
    ]
    assert bits(Word2Vec.resume(second[-1], text[::-1])) == bits(models[0])


def test_what_a_callback_changes_for_later_trainings_does_not_change_a_resumed_one(
    text, many_chunks, tmp_path
):
    class Changes:
        def on_epoch_end(self, model):
            model.set_params(window=9, hs=1, negative=0, seed=7, held_out=0, sample=1e-3, keep_checkpoints=1)
            model.wv.vectors_lockf[:] = 1

    models = []
    for folder in (None, tmp_path):
        model = Word2Vec(checkpoint=folder, keep_checkpoints=1000, held_out=0.03, **OFTEN, **SMALL)
        model.build_vocab(text)
        model.wv.vectors_lockf = np.ones(len(model.wv), np.float32)
        model.wv.vectors_lockf[::2] = 0
        model.train(text, callbacks=[Changes()])
        models.append(model)
    assert models[0].window == 9 and bits(models[0]) == bits(models[1])
    for file in (list_checkpoints(tmp_path)[0], in_mid_epoch(list_checkpoints(tmp_path))[0]):
        resumed = Word2Vec.resume(file, text, checkpoint_minutes=None)
        assert bits(resumed) == bits(models[0])
        assert (resumed.window, resumed.negative, resumed.seed) == (5, 5, 1)
        assert not resumed.wv.vectors_lockf[::2].any()


def test_several_workers_lose_no_epoch_and_no_token(text, many_chunks, tmp_path):
    options = {**SMALL, "workers": 3}
    model = Word2Vec(text, checkpoint=tmp_path, keep_checkpoints=1000, **OFTEN, **options)
    middle = in_mid_epoch(list_checkpoints(tmp_path))
    again = Word2Vec.resume(middle[len(middle) // 2], text, workers=2)
    assert again.workers == 2 and again.epochs_trained == 4
    epochs = training_in(list_checkpoints(tmp_path)[0]).state.epochs
    assert [epoch.tokens for epoch in epochs] == [model.corpus_total_words] * 4
    assert again.epoch_losses[-1] == pytest.approx(model.epoch_losses[-1], rel=0.02)


def test_a_resumed_training_counts_the_time_spent_before(text, many_chunks, tmp_path):
    options = {**SMALL, "epochs": 10**6, "held_out": 0.1}
    Word2Vec(text, checkpoint=tmp_path, max_seconds=0.5, keep_checkpoints=1000, **OFTEN, **options)
    before = list_checkpoints(tmp_path)
    middle = in_mid_epoch(before)[len(before) // 4]
    model = Word2Vec.resume(middle, text)
    after = [training_in(file).state for file in list_checkpoints(tmp_path)[: -len(before)]]
    assert min(state.elapsed for state in after) > training_in(middle).state.elapsed
    assert all(state.reserve > 0 for state in after) and after[0].finished
    assert bits(Word2Vec.resume(tmp_path)) == bits(model)


def test_an_incomplete_epoch_counts_if_no_time_is_left_for_its_rest(text, many_chunks, tmp_path, monkeypatch):
    Word2Vec(text, checkpoint=tmp_path, max_seconds=60, keep_checkpoints=1000, **OFTEN, **SMALL)
    file = in_mid_epoch(list_checkpoints(tmp_path))[-1]
    monkeypatch.setattr("wildvec.training.loop.Budget", lambda seconds, *_: Budget(seconds, elapsed=seconds))
    before, after = Word2Vec.load(file), Word2Vec.resume(file, text)
    assert (after.epochs_trained, len(after.epoch_losses)) == (before.epochs_trained + 1,) * 2
    assert (after.wv.vectors == before.wv.vectors).all()


# -- Ctrl-C, full disks, exceptions ----------------------------------------------------------------------------------


def press_ctrl_c(monkeypatch, fraction):
    """Press Ctrl-C once, when this fraction of the training is done."""
    pressed = []

    class Bar:
        def __init__(self, total, *_):
            self.n, self.limit = 0, total * fraction

        def update(self, n):
            self.n += n
            if self.n >= self.limit and not pressed:
                pressed.append(self.n)
                raise KeyboardInterrupt

        def __enter__(self):
            return self

        def __exit__(self, *_):
            pass

    monkeypatch.setattr("wildvec.training.loop.progress_bar", Bar)
    monkeypatch.setattr("wildvec.training.loop.WAKE_SECONDS", 1e-3)


@pytest.fixture
def ctrl_c(monkeypatch, many_chunks):
    """Ctrl-C a quarter into the second of four epochs; work units may end, also on a busy machine."""
    press_ctrl_c(monkeypatch, 5 / 16)
    monkeypatch.setattr("wildvec.training.loop.STOP_SECONDS", 60)
    return {"checkpoint_minutes": None, **SMALL, "update": "pair", "negative": 15}


def test_ctrl_c_writes_a_checkpoint_with_all_that_was_learned(text, ctrl_c, tmp_path):
    with pytest.raises(KeyboardInterrupt) as interrupt:
        Word2Vec(text, checkpoint=tmp_path, keep_checkpoints=9, **ctrl_c)
    files = list_checkpoints(tmp_path)
    assert len(files) == 2, "the first and the last"
    assert in_mid_epoch(files) == files[:1] and len(training_in(files[0]).state.epochs) == 1
    stopped = Word2Vec.load(files[0])
    assert bits(stopped) == bits(interrupt.value.model), "all that was learned is in it"
    assert interrupt.value.model._is_in_checkpoint
    resumed = bits(Word2Vec.resume(files[0], text))
    assert resumed == bits(Word2Vec.resume(files[1], text)), "as from the start"


def test_ctrl_c_while_the_held_out_loss_is_measured_loses_nothing(text, tmp_path, monkeypatch):
    def interrupted(*arguments):
        calls.append(arguments)
        if len(calls) == 3:
            raise KeyboardInterrupt
        return measured(*arguments)

    calls = []
    measured = wildvec.training.loop._Training._held_out_loss
    monkeypatch.setattr("wildvec.training.loop._Training._held_out_loss", interrupted)
    options = {**SMALL, "held_out": 0.1}
    with pytest.raises(KeyboardInterrupt):
        Word2Vec(text, checkpoint=tmp_path, checkpoint_minutes=None, **options)
    assert [len(training_in(file).state.epochs) for file in list_checkpoints(tmp_path)] == [1, 0]
    assert bits(Word2Vec.resume(tmp_path, text)) == bits(Word2Vec(text, **options))


def ctrl_c_at_write(monkeypatch, number):
    """Press Ctrl-C once, while checkpoint `number` is written; return a list that grows with each checkpoint."""

    def fsync(stream):
        written.append(stream)
        if len(written) == number:
            raise KeyboardInterrupt

    written = []
    monkeypatch.setattr("wildvec.io.atomic.os.fsync", fsync)
    monkeypatch.setattr("wildvec.io.atomic._sync_folder", lambda folder: None)
    return written


@pytest.mark.parametrize("moment", ["on_epoch_begin", "on_epoch_end", "writing"])
def test_ctrl_c_between_two_epochs_loses_nothing(text, tmp_path, monkeypatch, moment):
    class Callback:
        def on_epoch_begin(self, model):
            if model.epochs_trained == 2 and moment == "on_epoch_begin":
                raise KeyboardInterrupt

        def on_epoch_end(self, model):
            if model.epochs_trained == 2 and moment == "on_epoch_end":
                raise KeyboardInterrupt

    if moment == "writing":
        ctrl_c_at_write(monkeypatch, 3)
    options = {**SMALL, "held_out": 0.03, "patience": 1}
    with pytest.raises(KeyboardInterrupt) as interrupt:
        every = {"checkpoint_minutes": None, "checkpoint_epochs": 1 if moment == "writing" else None}
        Word2Vec(text, checkpoint=tmp_path, callbacks=[Callback()], **every, **options)
    assert len(training_in(list_checkpoints(tmp_path)[0]).state.epochs) == 2
    assert bits(Word2Vec.load(list_checkpoints(tmp_path)[0])) == bits(interrupt.value.model)
    assert bits(Word2Vec.resume(tmp_path, text)) == bits(Word2Vec(text, **options))


def test_ctrl_c_while_the_last_checkpoint_is_written_writes_it_again(text, tmp_path, monkeypatch):
    ctrl_c_at_write(monkeypatch, 2)
    options = {**SMALL, "held_out": 0.03, "patience": 1}
    with pytest.raises(KeyboardInterrupt):
        Word2Vec(text, checkpoint=tmp_path, checkpoint_minutes=None, **options)
    assert training_in(list_checkpoints(tmp_path)[0]).state.finished
    assert bits(Word2Vec.resume(tmp_path)) == bits(Word2Vec(text, **options))


def test_ctrl_c_while_the_best_rows_are_copied_logs_a_warning(text, tmp_path, monkeypatch, caplog):
    def interrupted(self, loss):
        raise KeyboardInterrupt

    monkeypatch.setattr("wildvec.training.schedule.Patience.add", interrupted)
    options = {**SMALL, "held_out": 0.03, "patience": 1}
    with pytest.raises(KeyboardInterrupt):
        Word2Vec(text, checkpoint=tmp_path, checkpoint_minutes=None, **options)
    last = list_checkpoints(tmp_path)[0]
    assert "cannot write a checkpoint: training stopped at the end of an epoch, perhaps while" in caplog.text
    assert f"were copied. The last checkpoint is {last}" in caplog.text
    assert "Training continues" not in caplog.text
    monkeypatch.undo()
    assert bits(Word2Vec.resume(tmp_path, text)) == bits(Word2Vec(text, **options))


def test_ctrl_c_after_the_last_epoch_of_patience_adds_no_epoch(text, tmp_path):
    class Stops:
        def on_epoch_end(self, model):
            losses = model.held_out_losses
            if losses[-1] > min(losses):
                raise KeyboardInterrupt

    options = {**SMALL, "held_out": 0.03, "patience": 1, "min_alpha": 0.1, "epochs": 20}
    with pytest.raises(KeyboardInterrupt):
        Word2Vec(text, checkpoint=tmp_path, callbacks=[Stops()], **options)
    uninterrupted = bits(Word2Vec(text, **options))
    assert uninterrupted[1][0] < 20
    assert bits(Word2Vec.resume(tmp_path, text)) == uninterrupted


def test_ctrl_c_in_a_long_chunk_leaves_the_earlier_checkpoint(text, tmp_path, monkeypatch):
    press_ctrl_c(monkeypatch, 0)
    words = [word for sentence in text for word in sentence]
    with pytest.raises(KeyboardInterrupt) as interrupt:
        Word2Vec(
            [words[:9_000]],
            checkpoint=tmp_path,
            **{**SMALL, "update": "pair", "window": 200, "negative": 200, "vector_size": 300},
        )
    assert [training_in(file).state.begun for file in list_checkpoints(tmp_path)] == [False]
    start = Word2Vec.load(list_checkpoints(tmp_path)[0]).wv.vectors
    assert (interrupt.value.model.wv.vectors != start).any(), "but the model has what was learned"


class SlowWorker:
    """A worker whose calls take at least 10 ms, or longer than a stop may take."""

    def __init__(self, worker, blocks):
        self.worker, self.blocks = worker, blocks

    def train(self, *arguments):
        examples = self.worker.train(*arguments)
        time.sleep(3 * wildvec.training.loop.STOP_SECONDS if self.blocks else 0.01)
        return examples

    def merge(self):
        self.worker.merge()


@pytest.mark.parametrize("blocks", [False, True])
def test_ctrl_c_writes_a_checkpoint_only_if_the_current_work_units_end_soon(
    text, many_chunks, tmp_path, monkeypatch, caplog, blocks
):
    press_ctrl_c(monkeypatch, 1 / 16)
    monkeypatch.setattr("wildvec.training.loop.Worker", lambda task: SlowWorker(Worker(task), blocks))
    for attempt in range(1 if blocks else 20):  # on a busy machine, a short work unit may take too long, too
        caplog.clear()
        folder = tmp_path / str(attempt)
        with pytest.raises(KeyboardInterrupt) as interrupt:
            Word2Vec(text, checkpoint=folder, checkpoint_minutes=None, **SMALL)
        model = interrupt.value.model
        newest = list_checkpoints(folder)[0]
        assert model._is_in_checkpoint == training_in(newest).state.begun
        if model._is_in_checkpoint:
            break
        press_ctrl_c(monkeypatch, 1 / 16)
    assert model._is_in_checkpoint != blocks
    if blocks:
        reason = "cannot write a checkpoint: a chunk was half trained when training stopped"
        assert f"{reason}. The last checkpoint is {newest}\n" in caplog.text
        assert (model.wv.vectors != Word2Vec.load(newest).wv.vectors).any()
    else:
        assert bits(Word2Vec.load(newest)) == bits(model) and not caplog.text


def test_a_second_ctrl_c_stops_the_writing_and_leaves_the_earlier_checkpoint(
    text, ctrl_c, tmp_path, monkeypatch
):
    written = ctrl_c_at_write(monkeypatch, 2)
    with pytest.raises(KeyboardInterrupt) as interrupt:
        Word2Vec(text, checkpoint=tmp_path, **ctrl_c)
    assert not interrupt.value.model._is_in_checkpoint
    assert len(written) == 2 and os.listdir(tmp_path) == ["checkpoint-000001.wv"]


def full_after(monkeypatch, times):
    """Let the disk be full after `times` files."""
    calls = []

    def fsync(stream):
        calls.append(stream)
        if len(calls) > times:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr("wildvec.io.atomic.os.fsync", fsync)
    monkeypatch.setattr("wildvec.io.atomic._sync_folder", lambda folder: None)


def test_training_continues_when_a_later_checkpoint_cannot_be_written(
    text, many_chunks, tmp_path, monkeypatch, caplog
):
    full_after(monkeypatch, 3)
    model = Word2Vec(text, checkpoint=tmp_path, **OFTEN, **SMALL)
    reason = f"{os.strerror(errno.ENOSPC)}; free some space or write to another folder"
    last = tmp_path / "checkpoint-000003.wv"
    assert (
        f"cannot write a checkpoint: {tmp_path / 'checkpoint-000004.wv'}: {reason}. Training continues; "
        f"the last checkpoint is {last}\n" in caplog.text
    )
    assert caplog.text.endswith(f"{reason}. The last checkpoint is {last}\n"), "the training is finished"
    assert sorted(os.listdir(tmp_path)) == ["checkpoint-000002.wv", "checkpoint-000003.wv"]
    monkeypatch.undo()
    monkeypatch.setattr("wildvec.training.plan.CHUNK_ITEMS", 2000)
    assert bits(model) == bits(Word2Vec(text, **SMALL)) == bits(Word2Vec.resume(tmp_path, text))


def test_a_full_disk_is_an_error_at_the_first_checkpoint(text, tmp_path, monkeypatch):
    full_after(monkeypatch, 0)
    with pytest.raises(OSError, match="free some space or write to another folder") as caught:
        Word2Vec(text, checkpoint=tmp_path, **SMALL)
    assert caught.value.errno == errno.ENOSPC and str(caught.value).count("free some space") == 1
    assert caught.value.model.epochs_trained == 0 and not os.listdir(tmp_path)


def test_ctrl_c_with_a_full_disk_still_raises_keyboard_interrupt(text, ctrl_c, tmp_path, monkeypatch, caplog):
    full_after(monkeypatch, 1)
    with pytest.raises(KeyboardInterrupt) as interrupt:
        Word2Vec(text, checkpoint=tmp_path, **ctrl_c)
    assert "cannot write a checkpoint: " in caplog.text and "Training continues" not in caplog.text
    assert interrupt.value.model.epochs_trained == 1 and not interrupt.value.model._is_in_checkpoint


def test_an_exception_in_a_callback_leaves_the_earlier_checkpoint(text, tmp_path):
    class Refuses:
        def on_epoch_end(self, model):
            if model.epochs_trained == 2:
                raise RuntimeError("enough")

    every = {"checkpoint": tmp_path, "checkpoint_minutes": None, "checkpoint_epochs": 1}
    with pytest.raises(RuntimeError, match="enough"):
        Word2Vec(text, callbacks=[Refuses()], **every, **SMALL)
    assert len(training_in(list_checkpoints(tmp_path)[0]).state.epochs) == 1
    with pytest.raises(RuntimeError, match="enough") as caught:
        Word2Vec.resume(tmp_path, text, callbacks=[Refuses()])
    assert caught.value.model.epochs_trained == 2
    assert bits(Word2Vec.resume(tmp_path, text)) == bits(Word2Vec(text, **SMALL))


# -- files and folders -----------------------------------------------------------------------------------------------


@pytest.fixture
def folder(text, tmp_path, many_chunks):
    """Two checkpoints of an unfinished training, both within an epoch."""
    Word2Vec(text, checkpoint=tmp_path / "all", keep_checkpoints=1000, **OFTEN, **SMALL)
    run = tmp_path / "run"
    run.mkdir()
    for file in in_mid_epoch(list_checkpoints(tmp_path / "all"))[1::-1]:
        file.rename(run / file.name)
    return run


def test_a_checkpoint_opens_as_the_model_so_far(text, folder):
    file = list_checkpoints(folder)[0]
    model = Word2Vec.load(file)
    vectors = KeyedVectors.load(file)
    assert 0 < model.epochs_trained == len(model.epoch_losses) < 4 and model.checkpoint is None
    assert (vectors.vectors == model.wv.vectors).all() and vectors.index_to_key == model.wv.index_to_key
    model.train(text, epochs=1)


def test_the_number_of_checkpoints_is_bounded_and_a_finished_training_stays_as_it_is(
    text, many_chunks, tmp_path
):
    folder = tmp_path / "new"
    model = Word2Vec(text, checkpoint=folder, keep_checkpoints=3, **OFTEN, **SMALL)
    assert len(os.listdir(folder)) == 3 and "checkpoint-000003.wv" not in os.listdir(folder)

    again = Word2Vec.resume(folder)
    assert bits(again) == bits(model) and again.tokens_per_second > 0
    assert repr(again) == repr(model) and len(os.listdir(folder)) == 3


def test_a_finished_training_compares_a_text_that_is_given(text, tmp_path):
    model = Word2Vec(text, checkpoint=tmp_path, **SMALL)
    assert bits(Word2Vec.resume(tmp_path, text)) == bits(model)
    with pytest.raises(ValueError, match="not the data that the training began with"):
        Word2Vec.resume(tmp_path, text[1:])
    with pytest.raises(FileNotFoundError):
        Word2Vec.resume(tmp_path, corpus_file=tmp_path / "absent.txt")


def rewrite(file, change):
    """Change the stored training; the new file has correct checksums."""
    tensors, metadata = native.read(file)
    entries = json.loads(metadata["training"])
    change(entries, tensors)
    own = {name: value for name, value in metadata.items() if name not in ("format", "version", "crc32")}
    native.write(file, tensors, {**own, "training": json.dumps(entries)})


@pytest.mark.parametrize(
    "change",
    [
        lambda entries, _: entries.update(checkpoint="/elsewhere"),
        lambda entries, _: entries["state"].update(train="x"),
        lambda entries, _: entries["state"].pop("elapsed"),
        lambda entries, _: entries["state"].update(finished="no"),
        lambda entries, _: entries["schedule"].update(epochs="many"),
        lambda entries, _: entries["schedule"].update(alpha=[1]),
        lambda entries, _: entries["schedule"].update(epochs=1),
        lambda entries, _: entries["schedule"].update(patience=3),
        lambda entries, _: entries.update(epochs=7),
        lambda entries, _: entries.update(epochs=[None]),
        lambda entries, _: entries.update(isa=None),
        lambda entries, _: entries.update(own_vocab=[]),
        lambda entries, _: entries.update(data=["a", "b"]),
        lambda entries, _: entries.update(version="3"),
        lambda entries, _: entries.clear(),
        lambda _, tensors: tensors.pop("chunk_losses"),
        lambda _, tensors: tensors.update(chunk_losses=np.zeros((2, 2))),
        lambda _, tensors: tensors.pop("skipped_chunks"),
        lambda _, tensors: tensors.update(skipped_chunks=np.zeros(1)),
        lambda _, tensors: tensors.update(skipped_chunks=np.array([10**9])),
        lambda _, tensors: tensors.update(skipped_chunks=np.array([-1])),
        lambda _, tensors: tensors.update(best_0=np.zeros((3, 3), np.float32)),
    ],
)
def test_wrong_entries_with_correct_checksums_are_a_clear_error(text, folder, change):
    newest = list_checkpoints(folder)[0]
    rewrite(newest, change)
    with pytest.raises(ValueError, match=f"{newest}: damaged checkpoint: "):
        Word2Vec.resume(newest, text)
    assert Word2Vec.resume(folder, text, checkpoint_minutes=None).epochs_trained == 4, "the older one is used"


def test_more_chunk_losses_than_chunks_are_refused(text, folder):
    newest = list_checkpoints(folder)[0]
    rewrite(newest, lambda _, tensors: tensors.update(chunk_losses=np.zeros(10**5)))
    with pytest.raises(ValueError, match="holds losses of 100000 chunks, but an epoch has"):
        Word2Vec.resume(newest, text)


def test_a_fingerprint_without_its_checksum_fits_no_text(text, folder):
    newest = list_checkpoints(folder)[0]
    rewrite(newest, lambda entries, _: entries["data"].pop("checksum"))
    with pytest.raises(ValueError, match="not the data that the training began with: checksum"):
        Word2Vec.resume(newest, text)


def test_the_rows_of_the_best_epoch_must_fit_the_model(text, tmp_path):
    every = {"checkpoint_minutes": None, "checkpoint_epochs": 1, "keep_checkpoints": 9}
    Word2Vec(text, checkpoint=tmp_path, held_out=0.03, patience=9, **every, **SMALL)
    file = list_checkpoints(tmp_path)[2]
    assert training_in(file).state.best_rows
    rewrite(file, lambda _, tensors: tensors.update(best_0=tensors["best_0"][:5]))
    with pytest.raises(ValueError, match="the rows of the best epoch do not fit"):
        Word2Vec.resume(file, text)


def test_checkpoints_can_be_written_by_epochs_only(text, tmp_path):
    every = {"checkpoint_minutes": None, "checkpoint_epochs": 2, "keep_checkpoints": 9}
    Word2Vec(text, checkpoint=tmp_path, **every, **{**SMALL, "epochs": 5})
    states = [training_in(file).state for file in reversed(list_checkpoints(tmp_path))]
    assert [len(state.epochs) for state in states] == [0, 2, 4, 5]
    assert [state.finished for state in states] == [False, False, False, True]


@pytest.mark.parametrize("damage", ["cut", "flipped", "empty", "foreign", "vectors"])
def test_a_damaged_checkpoint_is_skipped_with_a_warning(text, folder, caplog, damage):
    newest, older = list_checkpoints(folder)
    content = bytearray(newest.read_bytes())
    content[-100] ^= 1
    broken = {"cut": bytes(content[:-50]), "flipped": bytes(content), "empty": b"", "foreign": b"some text\n"}
    if damage == "vectors":
        KeyedVectors.load(older).save(newest)
    else:
        newest.write_bytes(broken[damage])
    resumed = Word2Vec.resume(folder, text)
    assert f"checkpoint skipped: {newest}" in caplog.text
    assert bits(resumed) == bits(Word2Vec(text, **SMALL))


def test_no_checkpoint_and_only_damaged_ones_are_different_errors(text, folder, tmp_path):
    for empty in (tmp_path / "absent", tmp_path):
        with pytest.raises(FileNotFoundError, match=r"no checkpoint in .*: nothing to resume"):
            Word2Vec.resume(empty, text)
    for file in list_checkpoints(folder):
        file.write_bytes(file.read_bytes()[:-1])
    with pytest.raises(ValueError, match=r"every checkpoint in .* is damaged: .*cut off.*cut off"):
        Word2Vec.resume(folder, text)
    Word2Vec(text, **SMALL).save(tmp_path / "model.wv")
    with pytest.raises(ValueError, match=r"model\.wv holds a model, but no training that can be resumed"):
        Word2Vec.resume(tmp_path / "model.wv", text)


def test_another_text_is_refused(text, folder):
    swapped = [text[1], text[0], *text[2:]]
    renamed = [["KING" if word == "king" else word for word in sentence] for sentence in text]
    joined = [text[0] + text[1], *text[2:]]
    for other, message in (
        (text[:-1], "sentences 6862, not 6863"),
        (swapped, "checksum"),
        (joined, "sentences"),
        (renamed, "vocabulary"),
    ):
        with pytest.raises(
            ValueError, match=f"not the data that the training began with.*{message}"
        ) as caught:
            Word2Vec.resume(folder, other)
        assert caught.value.model.epochs_trained < 4
    with pytest.raises(TypeError, match="either sentences or corpus_file"):
        Word2Vec.resume(folder)


def test_a_deterministic_training_cannot_change_its_number_of_workers(text, many_chunks, tmp_path):
    options = {**SMALL, "workers": 2, "deterministic": True}
    Word2Vec(text, checkpoint=tmp_path, keep_checkpoints=1000, **OFTEN, **options)
    file = in_mid_epoch(list_checkpoints(tmp_path))[0]
    with pytest.raises(ValueError, match="workers=1, but the training began with 2"):
        Word2Vec.resume(file, text, workers=1)
    assert Word2Vec.resume(file, text, workers=2).workers == 2


def test_settings_may_be_repeated_but_not_changed(text, folder):
    with pytest.raises(ValueError, match="epochs=9, but the training began with 4"):
        Word2Vec.resume(folder, text, epochs=9)
    with pytest.raises(ValueError, match="shrink_windows=False, but"):
        Word2Vec.resume(folder, text, shrink_windows=False)
    with pytest.raises(ValueError, match="window=0: give"):
        Word2Vec.resume(folder, text, window=0)
    with pytest.raises(TypeError, match="windows=5: there is no such setting"):
        Word2Vec.resume(folder, text, windows=5)
    changes = {"checkpoint_minutes": 3, "keep_checkpoints": 5, "workers": None, "cache_dir": folder}
    model = Word2Vec.resume(folder, text, **SMALL | changes)
    assert (model.checkpoint_minutes, model.keep_checkpoints, model.workers) == (3, 5, 1)


def test_a_tokenizer_must_be_given_again(text, many_chunks, tmp_path):
    def letters(line):
        return [word[0] for word in line.split()]

    lines = [" ".join(sentence) for sentence in text]
    whole = {"tokenizer": letters, "checkpoint": tmp_path, "keep_checkpoints": 99, **OFTEN, **SMALL}
    model = Word2Vec(lines, **whole)
    file = in_mid_epoch(list_checkpoints(tmp_path))[0]
    with pytest.raises(ValueError, match="the same tokenizer"):
        Word2Vec.resume(file, lines)
    assert bits(Word2Vec.resume(file, lines, tokenizer=letters)) == bits(model)


def test_checkpoints_of_another_training_are_never_touched(text, folder):
    with pytest.raises(FileExistsError, match="holds the checkpoints of another training"):
        Word2Vec("not even read", checkpoint=folder, **SMALL)
    original = Word2Vec.resume(folder, text)
    before = sorted(list_checkpoints(folder))
    for other in (
        copy.deepcopy(original),
        pickle.loads(pickle.dumps(original)),
        Word2Vec.load(list_checkpoints(folder)[0]),
    ):
        other.checkpoint = folder
        with pytest.raises(FileExistsError):
            other.train(text)
    copied = folder / "copied.wv"
    copied.write_bytes(list_checkpoints(folder)[1].read_bytes())
    with pytest.raises(FileExistsError):
        Word2Vec.resume(copied, text)
    elsewhere = folder / "elsewhere"
    elsewhere.mkdir()
    copied = copied.rename(elsewhere / "copied.wv")
    assert (
        bits(Word2Vec.resume(copied, text)) == bits(original)
        and copied.exists()
        and len(list_checkpoints(elsewhere)) == 1
    )
    assert sorted(list_checkpoints(folder)) == before
    original.keep_checkpoints = 1
    original.train(text, epochs=1)
    assert len(list_checkpoints(folder)) == 1, "a training replaces its own checkpoints"


def test_two_trainings_never_write_to_one_folder_at_the_same_time(text, tmp_path):
    class Begins:
        def on_epoch_end(self, model):
            for begin in (
                lambda: Word2Vec("not even read", checkpoint=tmp_path, **SMALL),
                lambda: Word2Vec.resume(tmp_path, text),
                lambda: model.train(text),
            ):
                with pytest.raises(BlockingIOError, match="another training writes to this folder") as caught:
                    begin()
                refused.append(caught.value.filename)

    refused = []
    model = Word2Vec(text, checkpoint=tmp_path, callbacks=[Begins()], **SMALL)
    assert refused == [str(tmp_path)] * 12 and model.epochs_trained == 4
    assert len(os.listdir(tmp_path)) == 2, "no lock is left"
    with lock.lock_folder(tmp_path):
        assert bits(Word2Vec.resume(tmp_path)) == bits(model), (
            "a finished training can be loaded all the same"
        )


def test_checkpoints_stay_in_the_locked_folder_when_the_working_folder_changes(text, tmp_path, monkeypatch):
    class Moves:
        def on_train_begin(self, model):
            (tmp_path / "away").mkdir()
            monkeypatch.chdir(tmp_path / "away")

    monkeypatch.chdir(tmp_path)
    Word2Vec(text, checkpoint="run", callbacks=[Moves()], **SMALL)
    assert len(list_checkpoints(tmp_path / "run")) == 2 and not os.listdir(tmp_path / "away")


def test_other_processes_see_a_lock_and_it_ends_with_its_process(text, tmp_path):
    code = "import sys; from pathlib import Path; from wildvec.io.lock import lock_folder\n"
    code += "with lock_folder(Path(sys.argv[1])): print(flush=True); sys.stdin.read()"
    command = [sys.executable, "-c", code, str(tmp_path)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as child:
        child.stdout.readline()
        with pytest.raises(BlockingIOError, match="another training"):
            Word2Vec("not even read", checkpoint=tmp_path, **SMALL)
        child.kill()
    assert len(os.listdir(tmp_path)) == 1, "the file is left, but not its lock"
    Word2Vec(text, checkpoint=tmp_path, **SMALL)
    assert len(os.listdir(tmp_path)) == len(list_checkpoints(tmp_path)) == 2


@pytest.mark.skipif(os.name == "nt", reason="an open file cannot go there")
def test_a_lock_file_that_is_removed_before_it_is_locked_is_made_again(tmp_path, monkeypatch):
    def goes_first(file):
        if not locked:
            os.unlink(tmp_path / lock.NAME)
        locked.append(os.fstat(file.fileno()).st_ino)
        real(file)

    locked, real = [], lock._lock
    monkeypatch.setattr("wildvec.io.lock._lock", goes_first)
    with lock.lock_folder(tmp_path):
        assert len(locked) == 2 and os.stat(tmp_path / lock.NAME).st_ino == locked[1]
    with pytest.raises(RuntimeError), lock.lock_folder(tmp_path):
        raise RuntimeError
    assert not os.listdir(tmp_path)


def test_a_training_that_never_began_has_no_right_to_a_folder(text, tmp_path):
    first = Word2Vec(checkpoint=tmp_path, **SMALL)
    first.build_vocab(text)
    with pytest.raises(FileNotFoundError):
        first.train(corpus_file=tmp_path / "absent")
    Word2Vec(text, checkpoint=tmp_path, **SMALL)
    before = list_checkpoints(tmp_path)
    with pytest.raises(FileExistsError, match="holds the checkpoints of another training"):
        first.train(text)
    assert list_checkpoints(tmp_path) == before


def test_a_file_system_without_locks_can_be_used(text, tmp_path, monkeypatch):
    def no_lock(file):
        raise OSError(errno.ENOSYS, os.strerror(errno.ENOSYS))

    monkeypatch.setattr("wildvec.io.lock._lock", no_lock)
    Word2Vec(text, checkpoint=tmp_path, **SMALL)
    assert len(os.listdir(tmp_path)) == 2


def test_a_file_system_without_stable_inode_numbers_can_be_used(text, tmp_path, monkeypatch):
    monkeypatch.setattr("wildvec.io.lock._is_file_at", lambda file, path: False)
    Word2Vec(text, checkpoint=tmp_path, **SMALL)
    assert len(os.listdir(tmp_path)) == 2


def test_an_impossible_folder_is_an_error_before_the_text_is_read(tmp_path):
    (tmp_path / "file").touch()
    for path in (tmp_path / "no" / "such", tmp_path / "file"):
        with pytest.raises(OSError, match="checkpoint must be a folder"):
            Word2Vec("not even read", checkpoint=path, **SMALL)
    for value in ("", 5):
        with pytest.raises(TypeError, match=f"checkpoint={value!r}: give the path of a folder"):
            Word2Vec("not even read", checkpoint=value, **SMALL)


def test_another_instruction_set_logs_a_warning(text, folder, caplog, monkeypatch):
    monkeypatch.setattr("wildvec.training.checkpoint.isa_in_use", lambda: "vax")
    Word2Vec.resume(folder, text)
    assert "continues with vax: the last bits will differ" in caplog.text


def test_the_time_for_writing_is_logged(text, tmp_path, caplog):
    caplog.set_level(logging.INFO)
    Word2Vec(text, checkpoint=tmp_path, **SMALL)
    assert "checkpoint-000002.wv: written in 0." in caplog.text


# -- the command line ------------------------------------------------------------------------------------------------


def test_one_command_line_begins_resumes_and_repeats(text, tmp_path, capsys, many_chunks):
    lines, output, folder = tmp_path / "text", tmp_path / "out.wv", tmp_path / "run"
    lines.write_text("".join(" ".join(sentence) + "\n" for sentence in text))
    settings = ["--epochs", "4", "--workers", "1", "--vector-size", "24", "--min-count", "1"]
    plain = ["train", str(lines), "-o", str(output), *settings]
    command = [
        *plain,
        "--checkpoint",
        str(folder),
        "--checkpoint-minutes",
        "0",
        "--keep-checkpoints",
        "99",
    ]
    assert main(plain) == 0
    expected = KeyedVectors.load(output).vectors
    assert main([*command, "--resume"]) == 0
    assert main(command) == 1
    assert "holds the checkpoints of another training" in capsys.readouterr().err
    files = list_checkpoints(folder)
    for file in files[: files.index(in_mid_epoch(files)[1])]:
        file.unlink()
    for message in ("saved", "nothing was trained"):
        output.unlink()
        assert main([*command, "--resume"]) == 0
        assert message in capsys.readouterr().err
        np.testing.assert_array_equal(KeyedVectors.load(output).vectors, expected)
    assert main([*command, "--resume", "--window", "3"]) == 1
    assert "--window 3, but the training began with 5" in capsys.readouterr().err
    assert main([*plain, "--resume"]) == 2
    assert "add --checkpoint DIR" in capsys.readouterr().err


def test_options_that_are_left_out_stay_as_the_training_began(text, tmp_path, capsys):
    lines, output, folder = tmp_path / "text", tmp_path / "out.wv", tmp_path / "run"
    lines.write_text("".join(" ".join(sentence) + "\n" for sentence in text[:500]))
    resume = ["train", str(lines), "-o", str(output), "--checkpoint", str(folder), "--resume"]
    options = ["--deterministic", "--cbow", "--workers", "2", "--epochs", "3", "--vector-size", "8"]
    assert main([*resume, *options, "--checkpoint-epochs", "1", "--keep-checkpoints", "9"]) == 0
    expected = KeyedVectors.load(output).vectors
    for file in list_checkpoints(folder)[:2]:
        file.unlink()
    capsys.readouterr()
    assert main(resume) == 0
    assert "resumed: Word2Vec(" in capsys.readouterr().err
    np.testing.assert_array_equal(KeyedVectors.load(output).vectors, expected)


def test_a_finished_training_is_not_resumed_with_another_text(text, tmp_path, capsys):
    lines, other, output = tmp_path / "text", tmp_path / "other", tmp_path / "out.wv"
    lines.write_text("".join(" ".join(sentence) + "\n" for sentence in text[:500]))
    other.write_text("".join(" ".join(sentence) + "\n" for sentence in text[500:900]))
    options = ["-o", str(output), "--checkpoint", str(tmp_path / "run"), "--resume", "--vector-size", "8"]
    assert main(["train", str(lines), *options]) == 0
    output.unlink()
    assert main(["train", str(other), *options]) == 1
    assert "not the data that the training began with" in capsys.readouterr().err
    assert main(["train", str(tmp_path / "absent"), *options]) == 1
    assert f"{tmp_path / 'absent'}: no such file" in capsys.readouterr().err
    assert not output.exists()
    assert main(["train", str(lines), *options]) == 0
    assert f"nothing was trained: the training in {tmp_path / 'run'} is finished" in capsys.readouterr().err
    assert output.exists()
