"""deterministic=True: the same seed and number of workers give the same bits, whatever the speed of each thread."""

from __future__ import annotations

import hashlib
import itertools
import subprocess
import sys
import threading
from contextlib import contextmanager
from types import SimpleNamespace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from reference import Reference, alias_draw, draw

import wildvec.training.loop
from wildvec import Word2Vec, cli
from wildvec._train import Task, Worker, alias_table, merge_round
from wildvec.demo import toy
from wildvec.training import matrices
from wildvec.training.deterministic import Rounds

SMALL = {"vector_size": 12, "min_count": 1, "epochs": 2, "sg": 1, "sample": 0.1, "deterministic": True}
OBJECTIVES = {
    "skip-gram": {},
    "skip-gram hs": {"hs": 1, "negative": 0},
    "skip-gram hs + negative": {"hs": 1},
    "skip-gram pair": {"update": "pair"},
    "skip-gram pair hs": {"update": "pair", "hs": 1},
    "cbow": {"sg": 0},
    "cbow hs": {"sg": 0, "hs": 1, "negative": 0},
    "cbow hs + negative": {"sg": 0, "hs": 1},
    "cbow pair": {"sg": 0, "update": "pair"},
}


@pytest.fixture(scope="module")
def text():
    return list(toy.sentences(500, seed=2))


@pytest.fixture
def small_rounds(monkeypatch):
    """Divide a small text into many rounds, on more threads than there may be CPUs."""
    monkeypatch.setattr("wildvec.training.deterministic.STALE_TOKENS", (200, 200))
    monkeypatch.setattr("wildvec.training.deterministic.LEAST_TOKENS", 20)
    monkeypatch.setattr("wildvec.training.deterministic.default_workers", lambda: 4)


@contextmanager
def load():
    """Run three busy processes, for a minute at most, so that threads run in changing order."""
    code = "from time import monotonic; end = monotonic() + 60\nwhile monotonic() < end: pass"
    processes = [subprocess.Popen([sys.executable, "-c", code]) for _ in range(3)]
    try:
        yield
    finally:
        for process in processes:
            process.kill()
            process.wait()


def bits(model):
    """Return a hash of all results of a training."""
    everything = hashlib.sha256(repr(model.epoch_losses + model.held_out_losses).encode())
    for matrix in model._matrices.values():
        everything.update(matrix.tobytes())
    return everything.hexdigest()


# The same bits


@pytest.mark.usefixtures("small_rounds")
def test_twenty_runs_under_load_give_the_same_bits(text):
    settings = SMALL | {"workers": 3, "held_out": 0.05, "hs": 1}
    with load():
        assert len({bits(Word2Vec(text, **settings)) for _ in range(20)}) == 1


@pytest.mark.usefixtures("small_rounds")
@pytest.mark.parametrize("objective", OBJECTIVES)
def test_every_objective_gives_the_same_bits_on_any_number_of_threads(monkeypatch, text, objective):
    settings = SMALL | {"workers": 5} | OBJECTIVES[objective]
    expected = bits(Word2Vec(text, **settings))
    for n_threads in (1, 2, 4, 5):
        monkeypatch.setattr("wildvec.training.deterministic.default_workers", lambda n=n_threads: n)
        assert bits(Word2Vec(text, **settings)) == expected


@pytest.mark.usefixtures("small_rounds")
def test_the_seed_and_the_number_of_workers_choose_the_bits(text):
    runs = [bits(Word2Vec(text, **SMALL, seed=seed, workers=n)) for seed in (1, 2) for n in (1, 2, 3)]
    assert len(set(runs)) == len(runs)


@pytest.mark.usefixtures("small_rounds")
def test_one_worker_gives_the_bits_of_training_that_is_not_deterministic(text):
    ours, plain = (Word2Vec(text, **SMALL | {"deterministic": d, "workers": 1}) for d in (True, False))
    assert bits(ours) == bits(plain)


def test_a_text_of_one_chunk_has_one_worker_even_if_held_out_sentences_cut_it(text):
    settings = {**SMALL, "deterministic": False, "held_out": 0.1}
    assert len({bits(Word2Vec(text, workers=workers, **settings)) for workers in (1, 4)}) == 1


@pytest.mark.usefixtures("small_rounds")
def test_continued_training_gives_the_same_bits_after_save_and_load(tmp_path, text):
    model = Word2Vec(text, **SMALL, workers=3)
    model.save(tmp_path / "model")
    other = Word2Vec.load(tmp_path / "model")
    assert other.deterministic is True
    for one in (model, other):
        one.train(text)
    assert bits(model) == bits(other)


def test_a_time_budget_is_refused(text):
    with pytest.raises(ValueError, match=r"max_seconds=9 with deterministic=True.*give epochs"):
        Word2Vec(text, max_seconds=9, **SMALL)
    model = Word2Vec(text, **SMALL, workers=1)
    with pytest.raises(ValueError, match="max_seconds=9 with deterministic"):
        model.train(text, max_seconds=9)


def test_the_command_line_has_the_option(text, tmp_path, capsys):
    path = tmp_path / "text.txt"
    path.write_text("\n".join(map(" ".join, text)))
    output = tmp_path / "m.wv"
    options = "--deterministic --vector-size 8 --min-count 1 --workers 3 --format model"
    assert cli.main(["train", str(path), "-o", str(output), *options.split()]) == 0
    model = Word2Vec.load(output)
    assert (model.deterministic, model.workers) == (True, 3)
    again = Word2Vec(path, sg=1, vector_size=8, min_count=1, workers=3, deterministic=True)
    assert bits(model) == bits(again)
    assert cli.main(["train", str(path), "-o", str(output), "--deterministic", "--max-seconds", "9"]) == 2
    assert "--max-seconds" in capsys.readouterr().err


# Quality


@pytest.mark.parametrize("objective", ["skip-gram", "skip-gram hs", "cbow"])
def test_many_workers_learn_what_one_learns(objective):
    """The plain sum of the changes of 32 workers would be far too large a step."""
    text = list(toy.sentences(100_000, seed=3))
    settings = SMALL | {"vector_size": 20, "alpha": 0.05, "held_out": 0.02} | OBJECTIVES[objective]
    one, many = (Word2Vec(text, **settings, workers=n).held_out_losses[-1] for n in (1, 32))
    assert many < 1.05 * one


# Merging a round


class Bench:
    """A task with two sentences of `length` tokens each."""

    RATE, WINDOW, SEED = 0.05, 3, 7
    CONTEXTS = WINDOW + 1

    def __init__(self, part=None, n_words=20, length=60, negative=4, pair=False):
        random = np.random.default_rng(5)
        self.negative = negative
        self.ids = random.integers(0, n_words, 2 * length).astype(np.int32)
        self.input, self.output = matrices.random(n_words, 10, 1), matrices.random(n_words, 10, 2)
        self.noise = np.empty((n_words, 2), dtype=np.uint32)
        alias_table(np.ones(n_words), self.noise)
        self.task = Task("skipgram", max_chunk=length, seed=self.SEED)
        self.task.matrix("input", self.input, 10, curvature=0.14 * self.CONTEXTS * (1 + negative))
        self.task.matrix("output", self.output, 10, curvature=0.33 * self.CONTEXTS)
        self.task.items(self.ids, np.array([0, length, 2 * length]))
        self.task.windows(self.WINDOW, shrink=True, one_pair_at_a_time=pair)
        self.task.negative_sampling(self.noise, negative)
        self.task.workers(1, n_hottest=1, merge_every=1)
        tokens = 2 * length if part is None else part
        if tokens:
            self.task.rounds(tokens, {"input": n_words, "output": n_words})

    def train(self, worker, sentence=0, chunk=0):
        chunks = np.array([[sentence, sentence + 1]])
        worker.train(0, chunk, chunks, np.array([self.RATE], dtype=np.float32), np.zeros(1))


def plainly_trained(n_words=20, **other):
    bench = Bench(0, n_words, **other)
    bench.train(Worker(bench.task))
    return bench


LONG = {"length": 1600}  # its windows use noise that was drawn several times


@pytest.mark.parametrize("other", [{}, LONG, LONG | {"negative": 65}, LONG | {"pair": True}], ids=str)
def test_a_round_with_one_worker_equals_plain_training(other):
    bench, plain = Bench(**other), plainly_trained(**other)
    worker = Worker(bench.task)
    for _ in range(2):  # changes that are not merged have no effect
        bench.train(worker)
        assert bench.input.tobytes() == Bench(**other).input.tobytes()
    for part in range(3):
        merge_round([worker], part, 3, bench.RATE)
    np.testing.assert_allclose(bench.input, plain.input, atol=1e-7)
    np.testing.assert_allclose(bench.output, plain.output, atol=1e-7)
    merge_round([worker], 0, 1, bench.RATE)
    np.testing.assert_allclose(bench.input, plain.input, atol=1e-7)


def times_drawn(bench):
    """Return how often each word is drawn as noise for sentence 0, also where it is not used as a negative."""
    times = np.zeros(len(bench.input), dtype=int)

    class Counting(Reference):
        def next_draws(self):
            numbers = super().next_draws()
            for number in numbers:
                times[alias_draw(self.noise, draw(self._noise_key, number))] += 1
            return numbers

    everything = np.full(len(times), 2**32 - 1)
    matrices = bench.input.copy(), bench.output.copy(), None
    reference = Counting(*matrices, bench.noise, [], everything, bench.WINDOW, bench.negative, bench.SEED)
    reference.train_chunk(0, 0, [bench.ids[:60]], bench.RATE)
    return times


@pytest.mark.parametrize("n_words", [20, 4], ids=["many words", "few words"])
def test_sums_of_changes_are_scaled_by_how_often_a_row_is_used(n_words):
    bench, plain, before = Bench(n_words=n_words), plainly_trained(n_words), Bench(n_words=n_words)
    workers = [Worker(bench.task) for _ in range(3)]
    for worker in workers:
        bench.train(worker)  # all train the same
    merge_round(workers, 0, 1, bench.RATE)
    as_centre = np.bincount(bench.ids[:60], minlength=n_words)
    for matrix, uses, curvature in (
        ("input", as_centre, 0.14 * bench.CONTEXTS * (1 + bench.negative)),
        ("output", as_centre + times_drawn(before), 0.33 * bench.CONTEXTS),
    ):
        start, end = getattr(before, matrix), getattr(plain, matrix)
        used = (bench.RATE * curvature * uses)[:, None]
        expected = start + (end - start) * 3 * (1 + used) / (1 + 3 * used)
        np.testing.assert_allclose(getattr(bench, matrix), expected, atol=1e-6)


def test_changes_are_added_in_the_order_of_the_workers():
    sums = []
    for order in ([0, 1], [0, 1], [1, 0]):
        bench = Bench()
        workers = [Worker(bench.task), Worker(bench.task)]
        for sentence in order:
            bench.train(workers[sentence], sentence, sentence)
        merge_round(workers, 0, 1, bench.RATE)
        sums.append(bench.output.tobytes())
    assert sums[0] == sums[1] == sums[2]


def test_a_part_of_a_round_that_is_too_long_is_refused():
    bench = Bench(part=59)
    with pytest.raises(ValueError, match="60 items in a round, but workers have space for 59"):
        bench.train(Worker(bench.task))


# Division into rounds


@given(
    sizes=st.lists(st.integers(0, 40), min_size=1, max_size=60).filter(any),
    workers=st.integers(1, 5),
    tokens=st.integers(1, 30),
)
def test_rounds_contain_each_chunk_once_and_in_order(sizes, workers, tokens):
    before = np.concatenate([[0], np.cumsum(sizes)])
    rounds = Rounds(workers, tokens)
    done = 0
    for start in rounds.starts(before).tolist():
        parts = rounds.parts(before, start)
        assert start == done and [w for w, _, _ in parts] == sorted({w for w, _, _ in parts})
        for worker, first, last in parts:
            assert first == done < last and 0 <= worker < workers
            assert before[last - 1] - before[first] < tokens, (
                "without its last chunk, a part has less than its size"
            )
            done = last
    assert done == len(sizes) or before[done] == before[-1], "except empty chunks at the end"


@pytest.mark.parametrize("n_words", [1, 100, 10**5])
def test_the_tokens_of_all_other_workers_in_a_round_do_not_grow_with_their_number(n_words):
    frequencies = 1 / np.arange(1.0, n_words + 1)
    stale = Rounds.of(2, frequencies).tokens_per_worker
    assert 1000 <= stale <= 10_000
    for workers in (3, 8, 32, 1000):
        rounds = Rounds.of(workers, frequencies)
        assert rounds.workers <= workers and rounds.tokens_per_worker >= 125
        assert rounds.tokens - rounds.tokens_per_worker == pytest.approx(stale, rel=0.02)


@pytest.mark.usefixtures("small_rounds")
@pytest.mark.parametrize("last_call", [0, 1, 6])
def test_a_worker_that_fails_does_not_block_the_others(monkeypatch, text, last_call):
    calls = itertools.count()

    class Failing(Worker):
        def train(self, *args):
            if next(calls) >= last_call:
                raise OSError("no more")
            return super().train(*args)

    monkeypatch.setattr("wildvec.training.loop.Worker", Failing)
    model = Word2Vec(**SMALL, workers=5)
    model.build_vocab(text)
    with pytest.raises(OSError, match="no more"):
        model.train(text)
    assert np.isfinite(model.wv.vectors).all()


@pytest.mark.usefixtures("small_rounds")
def test_a_thread_that_does_not_start_does_not_block_the_others(monkeypatch, text):
    starts = itertools.count()

    class Thread(threading.Thread):
        def start(self):
            if next(starts) == 2:
                raise RuntimeError("can't start new thread")
            super().start()

    monkeypatch.setattr(
        wildvec.training.loop, "threading", SimpleNamespace(Thread=Thread, Event=threading.Event)
    )
    with pytest.raises(RuntimeError, match="can't start"):
        Word2Vec(text, **SMALL, workers=5)
