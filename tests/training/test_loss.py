"""The loss: exact values, sentences held out, patience, a time budget."""

from __future__ import annotations

import itertools
import math
import threading

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from reference import Reference, paths_of

from wildvec import Word2Vec
from wildvec._train import Task, Worker, alias_table
from wildvec.demo import toy
from wildvec.text.corpus import Corpus
from wildvec.training import matrices
from wildvec.training.held_out import chunks_to_measure, chunks_to_train, split_held_out
from wildvec.training.huffman import huffman_paths
from wildvec.training.plan import chunk_bounds
from wildvec.training.schedule import Schedule

SMALL = {"vector_size": 12, "min_count": 1, "epochs": 3, "workers": 1, "sg": 1}
OBJECTIVES = {
    "skip-gram": {},
    "skip-gram hs": {"hs": 1, "negative": 0},
    "skip-gram hs + negative": {"hs": 1},
    "skip-gram pair": {"update": "pair"},
    "skip-gram pair hs": {"update": "pair", "hs": 1, "negative": 0},
    "cbow": {"sg": 0},
    "cbow sum": {"sg": 0, "cbow_mean": 0},
    "cbow hs": {"sg": 0, "hs": 1, "negative": 0},
    "cbow hs + negative": {"sg": 0, "hs": 1},
    "cbow pair": {"sg": 0, "update": "pair"},
}


@pytest.fixture(scope="module")
def text():
    return list(toy.sentences(1500, seed=2))


def own_words(n):
    """Return sentences without common words: the vectors of a sentence change only if it is trained."""
    return [[f"{i}-{k}" for k in range(5)] for i in range(n)]


def untrained(model):
    """Return the sentences of own_words whose vectors still have their initial values."""
    drawn = matrices.random(len(model.wv), model.vector_size, model.seed)[:, : model.vector_size]
    same = (model.wv.vectors == drawn).all(axis=1)
    sentences = [
        {int(key.split("-")[0]) for key in np.array(model.wv.index_to_key)[which]} for which in (same, ~same)
    ]
    assert not sentences[0] & sentences[1], "each sentence is trained as a whole or not at all"
    return sentences[0]


# Values


def reference_of(model, vocab):
    noise = np.empty((len(vocab), 2), dtype=np.uint32)
    alias_table(vocab.noise_weights(model.ns_exponent), noise)
    n, size = len(vocab), model.vector_size
    return Reference(
        input=matrices.random(n, size, model.seed)[:, :size].astype(np.float64),
        output=np.zeros((n, size)) if model.negative else None,
        nodes=np.zeros((n - 1, size)) if model.hs else None,
        noise=noise,
        paths=paths_of(*huffman_paths(vocab.counts)[:3]),
        keep=vocab.keep_thresholds(model.sample),
        window=model.window,
        negative=model.negative,
        seed=model.seed,
        cbow=not model.sg,
        cbow_mean=bool(model.cbow_mean),
        pair=model.update == "pair",
    )


@pytest.mark.parametrize("objective", OBJECTIVES)
def test_the_losses_of_all_epochs_equal_those_of_the_numpy_reference(monkeypatch, objective):
    monkeypatch.setattr("wildvec.training.plan.CHUNK_ITEMS", 80)
    text = list(toy.sentences(250, seed=2))
    options = {"alpha": 0.1, "sample": 0.05, "window": 3, "held_out": 0.1, **SMALL, **OBJECTIVES[objective]}
    model = Word2Vec(text, **options)
    corpus = Corpus.read(text, min_count=1)
    sentences = np.split(corpus.ids, corpus.offsets[1:-1])
    held_out = split_held_out(len(corpus), 0.1, model.seed)
    chunks = chunks_to_train(chunk_bounds(corpus.offsets, 80), held_out)
    n_tokens = sum(len(s) for i, s in enumerate(sentences) if i not in held_out)
    reference = reference_of(model, corpus.vocab)

    def mean_loss(epoch, spans, rate_of):
        reference.loss = reference.examples = done = 0
        for c, (first, last) in enumerate(spans):
            reference.train_chunk(epoch, c, sentences[first:last], float(np.float32(rate_of(done))))
            done += sum(map(len, sentences[first:last]))
        return reference.loss / reference.examples

    for epoch in range(3):
        fall = (model.alpha - model.min_alpha) / 3
        loss = mean_loss(epoch, chunks, lambda done, e=epoch: model.alpha - fall * (e + done / n_tokens))  # noqa: B023
        assert model.epoch_losses[epoch] == pytest.approx(loss, rel=1e-5)
        assert model.held_out_losses[epoch] == pytest.approx(
            mean_loss(-1, chunks_to_measure(held_out), lambda _: 0), rel=1e-5
        )


# Sentences held out


@given(st.integers(2, 3000), st.floats(1e-6, 0.5), st.integers(0, 2**64 - 1))
def test_a_fraction_of_the_sentences_is_held_out(n, fraction, seed):
    held_out = split_held_out(n, fraction, seed)
    assert len(held_out) == max(1, round(fraction * n)) < n
    assert held_out[0] >= 0 and held_out[-1] < n and (np.diff(held_out) > 0).all()
    assert held_out.tolist() == split_held_out(n, fraction, seed).tolist()


@given(st.sets(st.integers(1, 59)), st.sets(st.integers(0, 59)))
def test_chunks_leave_out_the_sentences_held_out(bounds, held_out):
    bounds = np.array([0, *sorted(bounds), 60])
    held_out = np.array(sorted(held_out), dtype=np.int64)
    pieces = [list(range(first, last)) for first, last in chunks_to_train(bounds, held_out)]
    assert sorted([*itertools.chain(*pieces), *held_out]) == list(range(60))
    chunk_of = np.searchsorted(bounds, np.arange(60), side="right")
    assert all(piece and len(set(chunk_of[piece])) == 1 for piece in pieces)


@pytest.mark.parametrize("options", [{}, {"workers": 2}, {"sg": 0}, {"update": "pair"}], ids=str)
def test_sentences_held_out_are_never_trained(options):
    model = Word2Vec(own_words(40), held_out=0.1, sample=0, **{**SMALL, **options})
    held_out = untrained(model)
    assert held_out == set(split_held_out(40, 0.1, model.seed).tolist())
    assert len(model.held_out_losses) == model.epochs
    model.train(own_words(40), epochs=2)
    assert untrained(model) == held_out and len(model.held_out_losses) == model.epochs + 2


def test_other_seeds_hold_out_other_sentences():
    seeds = [untrained(Word2Vec(own_words(40), held_out=0.1, sample=0, seed=s, **SMALL)) for s in (1, 2, 3)]
    assert len(set(map(frozenset, seeds))) > 1


def test_nothing_is_held_out_by_default():
    model = Word2Vec(own_words(40), sample=0, **SMALL)
    assert not untrained(model) and model.held_out_losses == []


@pytest.mark.parametrize("workers", [1, 2])
def test_with_a_learning_rate_of_zero_the_held_out_loss_does_not_change(text, workers):
    model = Word2Vec(text, held_out=0.2, alpha=0, min_alpha=0, hs=1, **{**SMALL, "workers": workers})
    assert len(set(model.held_out_losses)) == 1


def test_measuring_changes_no_bit(text, monkeypatch):
    measured = Word2Vec(text, held_out=0.2, **SMALL)
    monkeypatch.setattr("wildvec.training.loop._Training._held_out_loss", lambda self: 0.0)
    not_measured = Word2Vec(text, held_out=0.2, **SMALL)
    assert not_measured.held_out_losses == [0.0] * 3 != measured.held_out_losses
    assert measured.wv.vectors.tobytes() == not_measured.wv.vectors.tobytes()


def test_the_held_out_loss_falls_while_the_model_learns():
    model = Word2Vec(list(toy.sentences(50_000, seed=3)), held_out=0.05, **SMALL)
    assert model.held_out_losses == sorted(model.held_out_losses, reverse=True)
    assert model.held_out_losses[-1] == pytest.approx(model.epoch_losses[-1], rel=0.1)


def test_a_saved_model_holds_out_the_same(tmp_path, text):
    model = Word2Vec(text, held_out=0.1, patience=2, max_seconds=1000, **SMALL)
    model.save(tmp_path / "model.wv")
    other = Word2Vec.load(tmp_path / "model.wv")
    assert (other.held_out, other.patience, other.max_seconds) == (0.1, 2, 1000)
    for each in (model, other):
        each.max_seconds = None
        each.train(text)
    assert other.held_out_losses == model.held_out_losses and len(model.held_out_losses) > 3
    assert other.wv.vectors.tobytes() == model.wv.vectors.tobytes()


@pytest.mark.parametrize(
    ("sentences", "options", "message"),
    [
        (
            [["one", "sentence"]],
            {"held_out": 0.1},
            "held_out=0.1: the data is only one unit, .*; give more data, or lower max_sentence_length",
        ),
        (
            [["alone"]] * 9 + [["two", "words"]],
            {"held_out": 0.01},
            "none of the 1 held-out units gives an example: with sample=0.001 and min_count=1 no sentence had two "
            "words left; raise sample .*; or give a larger held_out",
        ),
        (own_words(9), {"held_out": 0.7}, "held_out=0.7: give a number from 0 to 0.5"),
        (own_words(9), {"patience": 2}, "patience=2: there is no held-out loss; set held_out"),
        (
            own_words(9),
            {"patience": 0, "held_out": 0.1},
            "patience=0: give a whole number from 1 up, or None",
        ),
        (own_words(9), {"max_seconds": 0}, "max_seconds=0: give a number from 0.001 .* or None"),
        (own_words(9), {"max_seconds": math.nan}, "max_seconds=nan"),
    ],
)
def test_settings_that_make_no_sense_are_refused(sentences, options, message):
    with pytest.raises(ValueError, match=message):
        Word2Vec(sentences, **{**SMALL, **options})


# Patience


class Keeper:
    """Copies the vectors after each epoch."""

    def __init__(self):
        self.vectors = []

    def on_epoch_end(self, model):
        self.vectors.append(model.wv.vectors.copy())


@pytest.mark.parametrize("workers", [1, 2])
def test_patience_restores_the_vectors_of_the_best_epoch(workers):
    # The words are random, so after some epochs the model only overfits the trained sentences.
    words = np.random.default_rng(1).integers(0, 300, (150, 20)).tolist()
    keeper = Keeper()
    options = {**SMALL, "epochs": 200, "alpha": 0.1, "workers": workers, "vector_size": 50}
    model = Word2Vec(words, held_out=0.2, patience=3, callbacks=[keeper], sample=0, **options)
    best = int(np.argmin(model.held_out_losses))
    assert len(model.held_out_losses) == best + 4 == model.epochs_trained < 200
    assert model.wv.vectors.tobytes() == keeper.vectors[best].tobytes() != keeper.vectors[-1].tobytes()


@pytest.mark.parametrize(
    ("losses", "epochs", "best"),
    [
        ([3, 2, 2.5, 2, 1], 4, 2),
        ([3, 2, 2.5, 1, 1.5], 5, 4),
        ([1, 2, 2, 2, 2], 3, 1),
        ([5, 4, 3, 2, 1], 5, 5),
    ],
)
def test_patience_counts_epochs_without_a_new_minimum(text, monkeypatch, losses, epochs, best):
    measured = iter([9, *losses])
    monkeypatch.setattr("wildvec.training.loop._Training._held_out_loss", lambda self: next(measured))
    keeper = Keeper()
    model = Word2Vec(text, held_out=0.1, patience=2, callbacks=[keeper], **{**SMALL, "epochs": 5})
    assert model.held_out_losses == losses[:epochs] and model.epochs_trained == epochs
    assert model.wv.vectors.tobytes() == keeper.vectors[best - 1].tobytes()


# Time budget


class Clock:
    def __init__(self):
        self.now = 100.0

    def __call__(self):
        return self.now


@pytest.fixture
def work_units(monkeypatch):
    """Record (rates, seconds) of each call for training: one takes a quarter of a second, measuring two seconds."""
    clock, seen = Clock(), []

    class Watched(Worker):
        def train(self, epoch, first_chunk, chunks, rates, losses):
            clock.now += 0.25 if epoch >= 0 else 2
            if epoch >= 0:
                seen.append((rates.tolist(), clock.now - 100))
            return super().train(epoch, first_chunk, chunks, rates, losses)

    monkeypatch.setattr("wildvec.training.schedule.perf_counter", clock)
    monkeypatch.setattr("wildvec.training.loop.Worker", Watched)
    monkeypatch.setattr("wildvec.training.plan.CHUNK_ITEMS", 200)
    monkeypatch.setattr("wildvec.training.work_units.UNIT_SECONDS", 1e-9)  # one chunk at a time
    return seen


def test_in_a_time_budget_the_learning_rate_falls_with_the_time(text, work_units):
    model = Word2Vec(text, max_seconds=20, **{**SMALL, "epochs": 10**6})
    rates = [rate for unit, _ in work_units for rate in unit]
    assert rates[0] == pytest.approx(model.alpha) and rates == sorted(rates, reverse=True)
    assert len(rates) == 80 and work_units[-1][1] == 20
    assert rates == pytest.approx(np.linspace(model.alpha, model.min_alpha, 81)[:-1].tolist())
    whole, rest = divmod(80, len(chunk_bounds(Corpus.read(text, min_count=1).offsets, 200)) - 1)
    assert model.epochs_trained == len(model.epoch_losses) == whole + (rest > 0)


def test_a_time_budget_reserves_time_to_measure_the_held_out_loss(text, work_units):
    model = Word2Vec(text, max_seconds=9, held_out=0.001, **{**SMALL, "epochs": 10**6})
    assert work_units[-1][1] == 7 and len(work_units) > 8
    assert work_units[-1][0][0] == pytest.approx(model.min_alpha, abs=model.alpha * 0.25 / 7)
    assert len(model.held_out_losses) == model.epochs_trained


def test_a_time_budget_that_is_long_enough_changes_nothing(text, work_units):
    plenty = Word2Vec(text, max_seconds=10**6, **SMALL)
    assert plenty.wv.vectors.tobytes() == Word2Vec(text, **SMALL).wv.vectors.tobytes()
    assert plenty.epochs_trained == 3


def test_train_has_an_argument_for_the_time_budget(text, work_units):
    model = Word2Vec(**SMALL)
    model.build_vocab(text)
    model.train(text, epochs=10**6, max_seconds=2)
    assert len(work_units) == 8
    with pytest.raises(ValueError, match="max_seconds=-1"):
        model.train(text, max_seconds=-1)


def test_a_time_budget_that_is_too_short_gives_a_warning(text, work_units, caplog):
    model = Word2Vec(text, max_seconds=1, held_out=0.1, **SMALL)
    assert not work_units and model.epochs_trained == 0
    assert "nothing was learned: max_seconds=1 is too short" in caplog.text


def test_a_chunk_longer_than_the_time_budget_is_stopped(monkeypatch):
    clock = Clock()

    class Slow(Worker):
        def train(self, epoch, *args):
            clock.now += epoch == 0
            return super().train(epoch, *args)

    monkeypatch.setattr("wildvec.training.schedule.perf_counter", clock)
    monkeypatch.setattr("wildvec.training.loop.Worker", Slow)
    options = {"window": 500, "shrink_windows": False, "negative": 100, "update": "pair", "sample": 0}
    sentences = [[1, 2]] * 9
    sentences.insert(
        int(split_held_out(10, 0.1, 1)[0] == 0), [i % 50 for i in range(9_900)]
    )  # the place of a sentence that is trained
    model = Word2Vec(sentences, max_seconds=0.5, held_out=0.1, **{**SMALL, **options})
    pairs = model.get_latest_training_loss() / model.epoch_losses[0]
    assert model.epochs_trained == 1 and pairs < 9_900 * 500
    assert model.held_out_losses[0] > 0, "stopped workers can still measure the loss"


def test_an_epoch_that_begins_after_the_time_does_not_count(text, monkeypatch):
    clock, ended = Clock(), []

    class Slow:
        def on_epoch_begin(self, model):
            clock.now += 3

        def on_epoch_end(self, model):
            ended.append(model.epochs_trained)

    monkeypatch.setattr("wildvec.training.schedule.perf_counter", clock)
    model = Word2Vec(text, max_seconds=5, callbacks=[Slow()], **SMALL)
    assert model.epochs_trained == 1 and ended == [1]
    assert np.isfinite(model.epoch_losses).all() and len(model.epoch_losses) == 1


def test_an_epoch_whose_workers_start_after_the_time_does_not_count(text, monkeypatch, caplog):
    stopped = threading.Event()

    class Watched(Task):
        def stop(self, stop=True):
            super().stop(stop)
            if stop:
                stopped.set()

    class Late(Worker):
        def train(self, *args):
            assert stopped.wait(20)
            return super().train(*args)

    monkeypatch.setattr("wildvec.training.plan.Task", Watched)
    monkeypatch.setattr("wildvec.training.loop.Worker", Late)
    model = Word2Vec(text, max_seconds=0.01, **SMALL)
    assert model.epochs_trained == 0 and not model.epoch_losses
    assert "nothing was learned: max_seconds=0.01 is too short" in caplog.text


def test_the_learning_rate_follows_the_larger_of_progress_and_time():
    schedule = Schedule(4, 1.0, 0.0)
    assert schedule.rates(np.array([0.25, 0.75]), 0.5).tolist() == [0.5, 0.25]
    assert schedule.rates(np.array([0.25, 0.75]), 7).tolist() == [0, 0]
