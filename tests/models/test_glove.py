"""GloVe: what users rely on beyond what every model does (tests/models/test_common.py)."""

from __future__ import annotations

import math
import pickle
import signal
import time
from typing import ClassVar

import numpy as np
import pytest

from wildvec import Cooccurrence, GloVe, KeyedVectors, Word2Vec
from wildvec.demo import toy
from wildvec.io import native
from wildvec.training.checkpoint import list_checkpoints
from wildvec.training.conflicts import ConflictFreeUnits

TEXT = list(toy.sentences(3_000, seed=2))
SMALL = {"vector_size": 12, "epochs": 3, "min_count": 1, "window": 3}


@pytest.fixture
def small_chunks(monkeypatch):
    monkeypatch.setattr("wildvec.training.cells.CHUNK_CELLS", 50)


def counts(text=None, **options):
    return Cooccurrence(text or TEXT, window=3, min_count=1, **options)


@pytest.mark.usefixtures("small_chunks")
def test_the_bits_do_not_depend_on_the_number_of_workers():
    models = [GloVe(TEXT, workers=workers, held_out=0.05, **SMALL) for workers in (1, 2, 3, 7)]
    first = models[0]
    for model in models[1:]:
        assert model.wv.vectors.tobytes() == first.wv.vectors.tobytes()
        assert model.epoch_losses == first.epoch_losses and model.held_out_losses == first.held_out_losses


def test_text_and_its_counts_give_the_same_vectors():
    by_text = GloVe(TEXT, **SMALL)
    by_counts = GloVe(cooccurrence=counts(), **SMALL)
    assert by_text.wv.index_to_key == by_counts.wv.index_to_key
    assert by_text.wv.vectors.tobytes() == by_counts.wv.vectors.tobytes()
    model = GloVe(**SMALL)
    model.build_vocab(counts())
    model.train(counts())
    assert model.wv.vectors.tobytes() == by_text.wv.vectors.tobytes()
    with pytest.raises(ValueError, match=r"are not the .* keys of the model"):
        model.train(counts([["a", "b"]]))
    with pytest.raises(TypeError, match="and not two of them"):
        GloVe(TEXT, cooccurrence=counts())
    with pytest.raises(TypeError, match="cooccurrence=3: give a Cooccurrence"):
        GloVe(cooccurrence=3)


def test_cells_of_low_rank_are_learned():
    """Cells exp(w·c + b + b') of known vectors have an error near 0 after training."""
    random = np.random.default_rng(1)
    w, c = random.normal(0, 0.5, (2, 60, 4))
    logs = w @ c.T + random.normal(0, 1, (60, 1)) + random.normal(0, 1, 60)
    offsets, columns = np.arange(0, 3601, 60), np.tile(np.arange(60), 60)
    cells = Cooccurrence.from_arrays(range(60), offsets, columns, np.exp(logs).ravel())
    model = GloVe(cooccurrence=cells, vector_size=8, epochs=300, x_max=1e-3, workers=2, held_out=0.05)
    assert model.epoch_losses[-1] < 1e-3 and model.held_out_losses[-1] < 5e-3


def test_words_of_one_kind_are_neighbours():
    text = list(toy.sentences(20_000, seed=2))
    model = GloVe(text, vector_size=20, epochs=30, min_count=5, window=5, x_max=10)
    neighbours = dict(model.wv.most_similar("king", topn=10))
    assert len({"husband", "palace", "heir", "jewel", "queen"} & neighbours.keys()) >= 2, neighbours


@pytest.mark.parametrize("options", [{"alpha": 1.0}, {"alpha": 1.0, "x_max": 1e-6}, {"exponent": 0}])
def test_extreme_settings_stay_finite(options):
    model = GloVe(TEXT, **{**SMALL, "epochs": 10}, **options)
    assert np.isfinite(model.wv.vectors).all() and np.abs(model.wv.vectors).max() < 1e3


def test_the_vectors_are_the_sum_or_one_of_the_two():
    model = GloVe(TEXT, **SMALL)
    rows = {name: model._matrices[f"{name}_rows"][:, :12] for name in ("word", "context")}
    assert (model.wv.vectors == rows["word"] + rows["context"]).all()
    for name, expected in rows.items():
        assert (GloVe(TEXT, combine=name, **SMALL).wv.vectors == expected).all()


def test_vectors_are_current_at_each_callback():
    class Looks:
        def on_epoch_begin(self, model):
            seen.append(model.wv.vectors.copy())

        def on_epoch_end(self, model):
            assert (model.wv.vectors == model._vectors).all()
            seen.append(model.wv.vectors.copy())

    seen = []
    GloVe(TEXT, callbacks=[Looks()], **SMALL)
    assert all((a == b).all() for a, b in zip(seen[1::2], seen[2::2], strict=False))
    assert not (seen[1] == seen[3]).all()


def test_min_alpha_is_alpha_unless_it_is_given():
    model = GloVe(alpha=0.1)
    assert model._schedule().min_alpha == 0.1 and model._schedule(start_alpha=0.2).min_alpha == 0.2
    model.min_alpha = 0.01
    assert model._schedule().min_alpha == 0.01


# -- checkpoints ---------------------------------------------------------------------------------------------------


@pytest.mark.usefixtures("small_chunks")
def test_ctrl_c_saves_what_was_learned_also_where_chunks_are_skipped(tmp_path, monkeypatch):
    """A worker holds the first chunk of an epoch until other chunks were skipped; then Ctrl-C is pressed."""

    class Interrupted(ConflictFreeUnits):
        def _find(self):
            if not self.pressed and len(self.skipped) > 2:
                self.pressed.append(len(self.skipped))
                signal.raise_signal(signal.SIGINT)
            return super()._find()

        def done(self, first, *arguments):
            while first == 0 and self._pause_from > -math.inf:
                time.sleep(1e-3)
            super().done(first, *arguments)

        pressed: ClassVar = []

    options = {**SMALL, "workers": 2}
    expected = GloVe(TEXT, **options)
    with monkeypatch.context() as patched, pytest.raises(KeyboardInterrupt) as interrupt:
        patched.setattr("wildvec.training.loop.ConflictFreeUnits", Interrupted)
        patched.setattr("wildvec.training.loop.STOP_SECONDS", 60)
        GloVe(TEXT, checkpoint=tmp_path, checkpoint_minutes=None, **options)
    stopped = interrupt.value.model
    newest = list_checkpoints(tmp_path)[0]
    tensors, _ = native.read(newest)
    assert stopped._is_in_checkpoint and Interrupted.pressed and len(tensors["skipped_chunks"])
    assert (GloVe.load(newest).wv.vectors == stopped.wv.vectors).all()
    for workers in (3, 1):
        resumed = GloVe.resume(newest, TEXT, workers=workers)
        assert resumed.wv.vectors.tobytes() == expected.wv.vectors.tobytes()
        assert resumed.epoch_losses == expected.epoch_losses


# -- given vectors -------------------------------------------------------------------------------------------------


WORDS = ("king", "queen")


def given(words=WORDS, size=12):
    return KeyedVectors.from_arrays(list(words), np.full((len(words), size), 2.0, np.float32))


def test_training_starts_from_given_vectors(tmp_path):
    given().save(tmp_path / "v.wv")
    for initial in (given(), tmp_path / "v.wv"):
        model = GloVe(initial=initial, **SMALL)
        model.build_vocab(TEXT)
        assert np.abs(model.wv[WORDS[0]] - 2).max() <= 2 / 12
        assert np.abs(model.wv["the"]).max() <= 2 / 12
    rows = np.ones((len(model.vocab), 12))
    model = GloVe(initial=rows, **SMALL)
    model.build_vocab(TEXT)
    assert np.abs(model.wv.vectors - 1).max() <= 2 / 12


def test_given_vectors_must_be_finite():
    bad = given()
    bad.vectors[1, 3] = np.nan
    for initial in (bad, np.full((len(GloVe(TEXT, **SMALL).vocab), 12), 1e300)):
        with pytest.raises(ValueError, match="initial has a vector that is not finite as float32, that of"):
            GloVe(TEXT, initial=initial, **SMALL)


def test_the_penalty_changes_nothing_at_rate_0():
    model = GloVe(initial=given(), mittens=0.1, **SMALL | {"alpha": 0})
    model.build_vocab(TEXT)
    before = model.wv.vectors.copy()
    model.train(TEXT, total_examples=model.corpus_count, epochs=2)
    assert np.array_equal(model.wv.vectors, before)


def test_the_penalty_keeps_vectors_near_the_given_ones(tmp_path):
    distances = []
    for mittens in (0, 1, 1e9):
        model = GloVe(TEXT, initial=given(), mittens=mittens, **SMALL)
        distances.append(float(np.abs(model.wv[WORDS[0]] - 2).max()))
    assert distances[0] > distances[1] > distances[2] and distances[2] < 1e-3
    model.save(tmp_path / "m")
    for other in (GloVe.load(tmp_path / "m"), pickle.loads(pickle.dumps(model))):
        other.train(TEXT, epochs=2)
        assert np.abs(other.wv[WORDS[0]] - 2).max() < 1e-3, "the given vectors are stored"


def test_given_vectors_that_do_not_fit_are_refused():
    with pytest.raises(ValueError, match="vectors of 5 values, but vector_size=12"):
        GloVe(TEXT, initial=given(size=5), **SMALL)
    with pytest.raises(ValueError, match=r"initial has the shape \(2, 12\); give"):
        GloVe(TEXT, initial=np.ones((2, 12)), **SMALL)
    with pytest.raises(ValueError, match=r"mittens=0.1 needs vectors of some of the words; give initial"):
        GloVe(TEXT, mittens=0.1, **SMALL)
    with pytest.raises(TypeError, match="initial=3: give KeyedVectors"):
        GloVe(initial=3)
    with pytest.raises(ValueError, match="finite"):
        GloVe(initial=np.full((2, 2), np.nan))
    model = GloVe(TEXT, **SMALL)
    with pytest.raises(ValueError, match=r"mittens=0.1: the model has a vocabulary"):
        model.mittens = 0.1


# -- bad input -----------------------------------------------------------------------------------------------------


def test_text_without_pairs_is_refused():
    with pytest.raises(ValueError, match="no two words occur together"):
        GloVe([["alone"], ["alone"]], min_count=1)


def test_too_few_cells_to_hold_out():
    with pytest.raises(ValueError, match="held_out=1e-06: no cell was drawn; give a larger held_out"):
        GloVe([["a", "b"]], min_count=1, held_out=1e-6)
    with pytest.raises(ValueError, match=r"held_out=0.5: no cell is left to train on"):
        for seed in range(99):
            GloVe([["a", "b"]], min_count=1, held_out=0.5, seed=seed)


def test_counts_in_a_file_and_wrong_objects(tmp_path):
    pairs, path = counts(), tmp_path / "counts.wv"
    pairs.save(path)
    model = GloVe(cooccurrence=path, **SMALL)
    assert model.wv.index_to_key == pairs.keys
    with pytest.raises(TypeError, match="its attribute wv"):
        GloVe(initial=model)
    with pytest.raises(TypeError, match="give two keys"):
        pairs["king"]
    model.save(path)
    with pytest.raises(ValueError, match=r"holds a GloVe, not a Word2Vec; load it with GloVe\.load"):
        Word2Vec.load(path)
