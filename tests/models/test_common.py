"""What every model does: seeds, settings, callbacks, held-out loss, time budget, resuming, files.

A new model adds one or more cases to CASES. A model that does not read sentences gives a Case its own methods.
"""

from __future__ import annotations

import copy
import hashlib
import inspect
import json
import math
import pickle
import threading
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pytest
from small_models import ArrayFeed, BagModel, CellModel

from wildvec import (
    Doc2Vec,
    FastText,
    GloVe,
    Interactions,
    KeyedVectors,
    TaggedDocument,
    TextClassifier,
    Word2Vec,
)
from wildvec.demo import toy
from wildvec.io import native
from wildvec.models.base import Model
from wildvec.models.bpr import BPR
from wildvec.models.bsl import BSL
from wildvec.models.callbacks import Callbacks
from wildvec.models.ccl import CCL
from wildvec.models.resuming import claim_model_folder
from wildvec.models.table_model import TableFeed, TableModel
from wildvec.models.warp import WARP
from wildvec.tables.encoder import fit_encoder
from wildvec.tables.frames import Column, Table
from wildvec.text.labelled import lines_of_texts
from wildvec.training.checkpoint import Training, list_checkpoints
from wildvec.training.held_out import split_held_out

COMMON = {"vector_size": 12, "epochs": 3, "workers": 1}


@dataclass(frozen=True)
class Case:
    """A model class with settings and data.

    more: data with the same keys that takes longer to train. generalizes: whether the held-out loss can fall; else
    unit u trains row u of the vectors, and a row that is held out is not trained. other_settings: settings that a
    trained model may get.
    """

    name: str
    model: type[Model]
    settings: dict[str, Any] = field(default_factory=dict)
    data: Any = field(default_factory=lambda: list(toy.sentences(1_500, seed=2)))
    more: Any = field(default_factory=lambda: list(toy.sentences(20_000, seed=4)))
    generalizes: bool = True
    other_settings: dict[str, Any] = field(default_factory=lambda: {"hs": 1})

    def __str__(self):
        return self.name

    def new(self, **settings) -> Model:
        """Return a model without a vocabulary."""
        return self.model(**COMMON | self.settings | settings)

    def build(self, model, data):
        """Build the vocabulary of a model."""
        model.build_vocab(data)

    def built(self, data=None, **settings) -> Model:
        """Return a model with a vocabulary that is not trained."""
        model = self.new(**settings)
        self.build(model, self.data if data is None else data)
        return model

    def trained(self, data=None, **settings) -> Model:
        """Return a trained model."""
        return self.model(self.data if data is None else data, **COMMON | self.settings | settings)

    def train(self, model, data=None, **arguments):
        """Train a model that has a vocabulary."""
        return model.train(self.data if data is None else data, **arguments)

    def trained_vectors(self, model) -> KeyedVectors:
        """Return vectors that training changes."""
        return model.wv

    def transformed(self, model, texts, words):
        """Return what `transform` gives for texts that hold two words, no known word (twice), and the two words."""
        mean = model.wv[list(words)].mean(axis=0)
        return [mean, mean * 0, mean * 0, mean]

    def resume(self, path, **settings) -> Model:
        """Continue a training from its checkpoints."""
        return self.model.resume(path, self.data, **settings)


class FeedCase(Case):
    """A case whose data are feeds and not sentences."""

    def build(self, model, data):
        model.build(data)


class ClassifierCase(Case):
    """A case whose data are texts and labels. `fit` begins anew, so `train` is made of the parts of `fit`."""

    def build(self, model, data):
        model._prepare(lines_of_texts(data[0], model.workers), [[label] for label in data[1]])

    def trained(self, data=None, **settings):
        callbacks = settings.pop("callbacks", ())
        return self.new(**settings).fit(*(self.data if data is None else data), callbacks=callbacks)

    def train(self, model, data=None, callbacks=(), **schedule):
        feed = model._same_feed(*(self.data if data is None else data), None)
        notifier = Callbacks(model, callbacks)
        with claim_model_folder(model) as folder:
            training = Training(model._schedule(**schedule), own_vocab=False)
            return model._train(feed, training, notifier, folder)

    def resume(self, path, callbacks=(), **settings):
        return self.model.resume(path, *self.data, callbacks=callbacks, **settings)


def labelled_texts(n):
    """Return n texts of eight words, each with one of 5 labels that follows from the first word."""
    random = np.random.default_rng(1)
    words = random.integers(0, 60, (n, 8))
    texts = [" ".join(f"w{k}" for k in text) for text in words.tolist()]
    return texts, [f"label{first % 5}" for first in words[:, 0].tolist()]


class TableCase(FeedCase):
    """A case whose data are an encoder of tables and a feed."""

    def build(self, model, data):
        model.build(data[0], 3, is_regression=False)

    def trained(self, data=None, callbacks=(), **settings):
        model = self.built(data, **settings)
        with model._attached_to_errors():
            self.train(model, data, callbacks=callbacks)
        return model

    def train(self, model, data=None, **arguments):
        return model.train((self.data if data is None else data)[1], **arguments)

    def resume(self, path, **settings):
        return self.model.resume(path, lambda model: self.data[1], **settings)


def tables(n):
    """Return an encoder of tables with two categorical columns and one of numbers, and a feed of n rows."""
    random = np.random.default_rng(1)
    colors, shapes, numbers = np.arange(n) % 20, np.arange(n) % 7, random.normal(size=n)
    columns = zip("abc", (colors.astype(object), shapes.astype(object), numbers), strict=True)
    table = Table(tuple(Column(name, values) for name, values in columns), None, n, "numpy")
    encoder = fit_encoder(table, sizes=8, bins=4)
    labels = (colors + shapes + (numbers > 0)) % 3
    order = random.permutation(n)
    ids, values = encoder.encode(table)
    return encoder, TableFeed(ids[order], values[order], labels[order].astype(np.int32))


def documents(n, seed=2):
    """Return n documents of one sentence each; 20 have the same int tag, and every third one has a second tag."""
    sentences = toy.sentences(n, seed=seed)
    return [
        TaggedDocument(words, [i // 20, "third"] if i % 3 == 0 else [i // 20])
        for i, words in enumerate(sentences)
    ]


class DocumentCase(Case):
    """A case of Doc2Vec, where PV-DBOW does not train words."""

    def trained_vectors(self, model):
        return model.wv if model.dm or model.dbow_words else model.dv

    def transformed(self, model, texts, words):
        return model.infer_vectors([words, [], [], words])


def document_case(name, **settings):
    """Return a case of Doc2Vec."""
    return DocumentCase(name, Doc2Vec, {"min_count": 1, **settings}, documents(1_500), documents(1_500) * 14)


def cells(n):
    """Return a feed of n rows of cells of a matrix of low rank."""
    random = np.random.default_rng(1)
    matrix = random.normal(size=(n, 3)) @ random.normal(size=(3, 50))
    matrix[random.random(matrix.shape) < 0.1] = math.nan
    return ArrayFeed.cells(matrix)


def bags(n):
    """Return a feed of n bags of 100 features, each with one of 10 labels that follows from the first feature."""
    random = np.random.default_rng(1)
    features = random.integers(0, 100, (n, 8))
    return ArrayFeed.bags(features, features[:, :1] % 10, 100, 10)


def liked_items(n_liked):
    """Return interactions of 60 users, each with n_liked of 80 items that fit the user."""
    random = np.random.default_rng(1)
    own = [random.permutation(40)[:n_liked] * 2 + user % 2 for user in range(60)]
    names = [f"i{i}" for i in range(80)]
    return Interactions([(f"u{u}", names[i]) for u, items in enumerate(own) for i in items], items=names)


def item_case(name, model, **settings):
    """Return a case of a model of users and items."""
    return FeedCase(name, model, settings, liked_items(12), liked_items(30), other_settings={"alpha": 0.2})


TEXT_CASES = [
    Case("skip-gram", Word2Vec, {"sg": 1, "min_count": 1}),
    Case("skip-gram, hierarchical softmax", Word2Vec, {"sg": 1, "hs": 1, "negative": 0, "min_count": 1}),
    Case("skip-gram, classic update", Word2Vec, {"sg": 1, "update": "pair", "min_count": 1}),
    Case("CBOW", Word2Vec, {"min_count": 1}),
    Case("CBOW, both", Word2Vec, {"hs": 1, "min_count": 1}),
    document_case("PV-DM, mean"),
    document_case("PV-DBOW", dm=0),
    document_case("PV-DBOW, words", dm=0, dbow_words=1),
    document_case("PV-DM, sum, both", dm_mean=0, hs=1),
    Case("FastText, skip-gram", FastText, {"sg": 1, "min_count": 1, "bucket": 5_000}),
    Case("FastText, CBOW, both", FastText, {"hs": 1, "min_count": 1, "bucket": 5_000}),
    Case("GloVe", GloVe, {"min_count": 1, "window": 3}, other_settings={"x_max": 5}),
    Case("GloVe, word rows", GloVe, {"min_count": 1, "window": 3, "combine": "word"}),
]
CASES = [
    *TEXT_CASES,
    FeedCase(
        "cells", CellModel, {"alpha": 0.05}, cells(60), cells(60), generalizes=False
    ),  # whole rows are held out
    FeedCase("bags", BagModel, {"alpha": 0.3}, bags(300), bags(3_000)),
    *(
        ClassifierCase(
            f"classifier, {loss}",
            TextClassifier,
            {"loss": loss, "bucket": 500, "word_ngrams": 2},
            labelled_texts(300),
            labelled_texts(3_000),
        )
        for loss in ("softmax", "ova", "hs", "ns")
    ),
    TableCase("table", TableModel, {}, tables(500), tables(5_000)),
    item_case("BPR", BPR, negative=3),
    item_case("BPR, biases", BPR, negative=1, item_bias=True),
    item_case("BPR, shared negatives", BPR, negative=20, shared_negatives=True),
    item_case("WARP", WARP, negative=5),
    item_case("CCL", CCL, negative=20, block=16),
    item_case("BSL", BSL, negative=20, block=16, temperature=1.0),
]
FIRST_OF_EACH_MODEL = list({case.model: case for case in reversed(CASES)}.values())
FIRST_OF_EACH_TEXT_MODEL = list({case.model: case for case in reversed(TEXT_CASES)}.values())

each_case = pytest.mark.parametrize("case", CASES, ids=str)
# FastText composes the vector of a key of rows that other keys have too; see test_fasttext_model.py.
each_case_of_own_rows = pytest.mark.parametrize(
    "case", [case for case in CASES if case.model is not FastText], ids=str
)
each_model = pytest.mark.parametrize("case", FIRST_OF_EACH_MODEL, ids=lambda case: case.model.NAME)
each_text_model = pytest.mark.parametrize("case", FIRST_OF_EACH_TEXT_MODEL, ids=lambda case: case.model.NAME)


def bits(model):
    """Return a hash of all matrices, and the losses."""
    digest = hashlib.sha256()
    model._take_over_vectors()
    for name, rows in model._unpadded_matrices().items():
        digest.update(name.encode() + np.ascontiguousarray(rows).tobytes())
    return digest.hexdigest(), model.epochs_trained, model.epoch_losses, model.held_out_losses


@pytest.fixture
def small_rounds(monkeypatch):
    """Divide a small text into many chunks and rounds, for deterministic training too."""
    monkeypatch.setattr("wildvec.training.plan.CHUNK_ITEMS", 200)
    monkeypatch.setattr("wildvec.training.cells.CHUNK_CELLS", 100)
    monkeypatch.setattr("wildvec.training.work_units.UNIT_SECONDS", 1e-9)
    monkeypatch.setattr("wildvec.training.deterministic.STALE_TOKENS", (200, 200))
    monkeypatch.setattr("wildvec.training.deterministic.LEAST_TOKENS", 20)


# -- seeds ---------------------------------------------------------------------------------------------------------


@each_case
def test_one_worker_gives_the_same_bits_for_the_same_seed(case):
    first, again, other = (case.trained(seed=seed) for seed in (5, 5, 6))
    assert bits(first) == bits(again)
    assert bits(first)[0] != bits(other)[0]


@each_case
@pytest.mark.usefixtures("small_rounds")
def test_deterministic_training_gives_the_same_bits_on_any_number_of_threads(case, monkeypatch):
    results = []
    for n_threads in (1, 2, 3):
        monkeypatch.setattr("wildvec.training.deterministic.default_workers", lambda n=n_threads: n)
        results.append(bits(case.trained(deterministic=True, workers=3)))
    assert results[0] == results[1] == results[2]


@each_case
def test_the_constructor_does_the_same_as_build_and_train(case):
    model = case.built()
    trained, raw = case.train(model)
    assert bits(model) == bits(case.trained())
    assert trained > 0
    assert trained <= raw or isinstance(case, ClassifierCase)  # whose items are n-grams too


@each_model
def test_two_models_can_train_at_the_same_time(case):
    expected = bits(case.trained())
    models = [case.built(), case.built()]
    threads = [threading.Thread(target=case.train, args=(model,)) for model in models]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [bits(model) for model in models] == [expected, expected]


# -- settings ------------------------------------------------------------------------------------------------------


@each_text_model
def test_each_setting_is_in_the_signature_with_its_default_and_in_the_docstring(case):
    parameters = inspect.signature(case.model).parameters
    described = case.model.__doc__.partition("Args:")[2].partition("Attributes:")[0]
    for name, setting in case.model.SETTINGS.items():
        assert parameters[name].default == setting.default, name
        assert f"\n        {name}: " in described, name
        assert setting.help and setting.name == name
        if setting.default is not None:
            assert setting.checked(setting.default) == setting.default


@each_model
def test_each_setting_is_checked_in_the_constructor_and_at_assignment(case):
    model = case.built()
    for name in case.model.SETTINGS:
        for value in (object(), -1, math.nan, "x"):
            before = getattr(model, name)
            errors = []
            for use in (lambda n, v: case.new(**{n: v}), lambda n, v: setattr(model, n, v)):
                try:
                    use(name, value)
                except (TypeError, ValueError) as error:
                    errors.append((type(error), str(error)))
                    assert str(error).startswith(f"{name}={value!r}: ")
            if len(errors) == 2:
                assert errors[0] == errors[1]
                assert getattr(model, name) is before
            else:  # the value is allowed, as -1 for a seed
                assert not errors
                setattr(model, name, before)


@each_model
@pytest.mark.parametrize("value", [-1, 0, 1.5, "3", None])
def test_epochs_that_make_no_sense_are_refused_everywhere(case, value):
    model = case.built()
    with pytest.raises((TypeError, ValueError), match=f"epochs={value!r}: give a whole number from 1"):
        model.epochs = value
    with pytest.raises((TypeError, ValueError), match=f"epochs={value!r}: give a whole number from 1"):
        model.set_params(epochs=value)
    if value is not None:
        with pytest.raises((TypeError, ValueError), match=f"epochs={value!r}: give a whole number from 1"):
            case.train(model, epochs=value)
    assert model.epochs == COMMON["epochs"] and model.epochs_trained == 0


@each_model
def test_a_learning_rate_that_a_loop_lowers_never_gets_negative(case):
    model = case.built(alpha=0.003, min_alpha=0.003, epochs=1)
    with pytest.raises(ValueError, match=r"alpha=-0.001"):
        for _ in range(3):
            case.train(model)
            model.alpha -= 0.002
            model.min_alpha = model.alpha
    assert model.epochs_trained == 2 and model.epoch_losses[-1] < 10


@each_model
def test_settings_that_contradict_each_other_are_refused_in_the_constructor_and_before_training(case):
    contradictions = (
        ({"patience": 2}, "patience=2: there is no held-out loss; set held_out"),
        ({"deterministic": True, "max_seconds": 9}, "max_seconds=9 with deterministic=True"),
    )
    for settings, message in contradictions:
        with pytest.raises(ValueError, match=message):
            case.new(**settings)
        model = case.built()
        with pytest.raises(ValueError, match=message):
            model.set_params(**settings)
        for name, value in settings.items():
            setattr(model, name, value)
        with pytest.raises(ValueError, match=message):
            case.train(model)
        assert model.epochs_trained == 0


@each_model
@pytest.mark.parametrize("value", ["no", "False", 2, None])
def test_a_switch_takes_true_and_false_only(case, value):
    switches = [name for name, setting in case.model.SETTINGS.items() if isinstance(setting.default, bool)]
    assert "deterministic" in switches
    for name in switches:
        with pytest.raises(ValueError, match=f"{name}={value!r}: give True or False"):
            case.new(**{name: value})
        assert getattr(case.new(**{name: np.bool_(True)}), name) is True


@each_model
def test_the_vector_size_cannot_change_when_there_is_a_vocabulary(case):
    model = case.new()
    model.vector_size = 13
    model = case.built(vector_size=13)
    model.vector_size = 13
    with pytest.raises(ValueError, match="vector_size=14: the model has a vocabulary and vector_size=13"):
        model.vector_size = 14


@each_text_model
def test_get_params_gives_the_arguments_of_an_equal_model(case):
    model = case.new(epochs=7, checkpoint="folder")
    params = model.get_params(deep=False)
    assert list(params) == list(case.model.SETTINGS)
    assert (params["epochs"], params["checkpoint"]) == (7, "folder")
    other = case.model(**params)
    assert all(other.get_params()[name] is value for name, value in params.items()), (
        "scikit-learn's clone needs it"
    )


def test_a_model_class_can_have_other_defaults():
    class Longer(Word2Vec):
        epochs = Word2Vec.epochs.with_default(10)

    assert (Longer.SETTINGS["epochs"].default, Word2Vec.SETTINGS["epochs"].default) == (10, 5)
    assert list(Longer.SETTINGS) == list(Word2Vec.SETTINGS)
    with pytest.raises(ValueError, match="epochs=0: give"):
        Longer().epochs = 0


@each_model
def test_set_params_changes_all_or_nothing(case):
    model = case.new()
    assert model.set_params(epochs=9, alpha=0.5) is model
    assert (model.epochs, model.alpha) == (9, 0.5)
    with pytest.raises(ValueError, match="alpha=-1"):
        model.set_params(epochs=3, alpha=-1)
    with pytest.raises(ValueError, match=r"no setting 'epoch'; the settings are .*epochs"):
        model.set_params(epoch=3)
    assert (model.epochs, model.alpha) == (9, 0.5)


@each_model
def test_settings_are_parsed_from_command_line_text(case):
    settings = case.model.SETTINGS
    assert settings["epochs"].parse("3") == 3
    assert settings["alpha"].parse("1e-2") == 0.01
    assert settings["cache_dir" if "cache_dir" in settings else "checkpoint"].parse("7") == "7"
    for name, text, message in (
        ("epochs", "0", "^give a whole number from 1"),
        ("epochs", "3.5", "^give a whole number"),
        ("alpha", "fast", "^give a number"),
    ):
        with pytest.raises((TypeError, ValueError), match=message):
            settings[name].parse(text)


@each_model
def test_names_of_old_versions_of_gensim_are_refused_with_the_name_of_today(case):
    for name, today in (("size", "vector_size"), ("iter", "epochs")):
        with pytest.raises(TypeError, match=f"{name}=5: the name of this argument is {today}"):
            case.new(**{name: 5})
    with pytest.raises(TypeError, match="vectorsize=5: there is no argument of this name"):
        case.new(vectorsize=5)
    model = case.new()
    for name, today in (("syn0", "wv.vectors"), ("most_similar", "wv.most_similar"), ("iter", "epochs")):
        with pytest.raises(AttributeError, match=f"no attribute '{name}'; use {today}$"):
            getattr(model, name)
        assert not hasattr(model, name)
    with pytest.raises(AttributeError, match=r"no attribute 'nonsense'$"):
        model.nonsense  # noqa: B018


@each_text_model
def test_arguments_of_gensim_that_change_no_result_are_accepted(case):
    model = case.new(compute_loss=True, batch_words=1000, trim_rule=None, null_word=0, hashfxn=hash)
    model.build_vocab(corpus_iterable=case.data, progress_per=5, keep_raw_vocab=False)
    trained, raw = case.train(
        model,
        total_examples=model.corpus_count,
        total_words=model.corpus_total_words,
        epochs=2,
        compute_loss=True,
        queue_factor=2,
        report_delay=1.0,
        word_count=0,
    )
    assert trained == raw == 2 * model.corpus_total_words
    with pytest.raises(TypeError, match="corpus_iterable and sentences mean the same"):
        model.train(case.data, sentences=case.data)


# -- callbacks -----------------------------------------------------------------------------------------------------


class Recorder:
    """Records all calls, and the number of epochs and the sum of losses at each."""

    def __init__(self):
        self.calls = []

    def __getattr__(self, name):
        if not name.startswith("on_"):
            raise AttributeError(name)
        return lambda model: self.calls.append((name, model.epochs_trained, model.get_latest_training_loss()))


@each_case
def test_callbacks_are_called_before_and_after_training_and_each_epoch(case):
    recorder = Recorder()
    model = case.trained(epochs=2, callbacks=[recorder])
    assert [call[:2] for call in recorder.calls] == [
        ("on_train_begin", 0),
        ("on_epoch_begin", 0),
        ("on_epoch_end", 1),
        ("on_epoch_begin", 1),
        ("on_epoch_end", 2),
        ("on_train_end", 2),
    ]
    losses = [loss for name, _, loss in recorder.calls if name == "on_epoch_end"]
    assert 0 < losses[0] < losses[1] == model.get_latest_training_loss()


@each_text_model
def test_objects_without_a_method_of_a_callback_are_refused_before_any_work(case):
    with pytest.raises(TypeError, match="on_train_begin, on_epoch_begin, on_epoch_end, on_train_end"):
        case.trained("absent.txt", callbacks=[print])
    with pytest.raises(TypeError, match="give a list of callbacks"):
        case.trained("absent.txt", callbacks=object())


@each_model
@pytest.mark.parametrize("error", [KeyboardInterrupt, RuntimeError])
def test_an_error_in_a_callback_stops_training_and_carries_the_model(case, error):
    class Stops:
        def on_epoch_end(self, model):
            raise error("enough")

    with pytest.raises(error, match="enough") as caught:
        case.trained(callbacks=[Stops()])
    model = caught.value.model
    assert model.epochs_trained == 1 and np.isfinite(model.wv.vectors).all()
    before = bits(model)
    case.train(model, epochs=1)
    assert model.epochs_trained == 2 and bits(model)[0] != before[0]


class Assigns:
    """Replaces the vectors after each epoch, in place or by assignment."""

    def __init__(self, in_place):
        self.in_place = in_place

    def on_epoch_end(self, model):
        vectors = model.wv.vectors
        units = vectors / np.linalg.norm(vectors, axis=1, keepdims=True)
        if self.in_place:
            vectors[:] = units
        else:
            model.wv.vectors = units


@each_case_of_own_rows
def test_vectors_that_a_callback_assigns_are_trained_further(case):
    assigned, in_place = (case.trained(callbacks=[Assigns(way)]) for way in (False, True))
    assert bits(assigned) == bits(in_place)
    assert bits(assigned)[0] != bits(case.trained())[0]
    np.testing.assert_allclose(np.linalg.norm(assigned.wv.vectors, axis=1), 1, rtol=1e-5)


@each_model
def test_vectors_assigned_between_trainings_are_trained_further_and_saved(case, tmp_path):
    model, other = case.trained(), case.trained()
    model.wv.vectors = np.flipud(model.wv.vectors)  # a view of the same memory, with other strides
    other.wv.vectors[:] = other.wv.vectors[::-1].copy()
    model.save(tmp_path / "model")
    assert bits(case.model.load(tmp_path / "model")) == bits(other)
    for each in (model, other):
        case.train(each)
    assert bits(model) == bits(other)


@each_model
def test_vectors_of_another_shape_or_other_keys_are_refused(case, tmp_path):
    uses = (case.train, pickle.dumps, lambda model: model.save(tmp_path / "model"))
    for use in uses:
        model = case.built()
        model.wv.vectors = model.wv.vectors[:, :5]
        with pytest.raises(ValueError, match=r"wv.vectors has the shape \(.*, 5\); the model needs"):
            use(model)
        model = case.built()
        model.wv.add_vector("new", np.ones(12))
        with pytest.raises(
            ValueError, match=r"wv has .* keys, which are not the .* keys that the model learned"
        ):
            use(model)
    assert not (tmp_path / "model").exists()


# -- frozen rows ---------------------------------------------------------------------------------------------------


@each_case_of_own_rows
def test_factors_of_rows_are_checked_before_training(case):
    model = case.built()
    assert model.wv.vectors_lockf.tolist() == [1.0] and model._row_rates() == {}
    for factors, message in (
        (np.ones(3), r"wv.vectors_lockf has the shape \(3,\); give one factor, or one for each of the"),
        (np.ones((len(model.wv), 1)), "has the shape"),
        (np.array([-1.0]), r"vectors_lockf\[0\]=-1.0: give a finite number from 0 up"),
        (np.array([math.nan]), r"vectors_lockf\[0\]=nan"),
        (np.full(len(model.wv), math.inf), r"vectors_lockf\[0\]=inf"),
    ):
        model.wv.vectors_lockf = factors
        with pytest.raises(ValueError, match=message):
            case.train(model)


@each_case_of_own_rows
def test_factors_of_rows_are_stored(case, tmp_path):
    model = case.built()
    model.wv.vectors_lockf = np.ones(len(model.wv), np.float32)
    model.wv.vectors_lockf[3] = 0
    model.save(tmp_path / "model")
    for other in (
        case.model.load(tmp_path / "model"),
        pickle.loads(pickle.dumps(model)),
        copy.deepcopy(model),
    ):
        assert other.wv.vectors_lockf.tolist() == model.wv.vectors_lockf.tolist()
        assert other._row_rates()["vectors"].tolist() == model.wv.vectors_lockf.tolist()


@each_case_of_own_rows
@pytest.mark.parametrize("options", [{}, {"workers": 3}, {"workers": 3, "deterministic": True}], ids=str)
def test_frozen_rows_do_not_change(case, options):
    model = case.built(case.more, **options)
    start = case.trained_vectors(model).vectors.copy()
    case.trained_vectors(model).vectors_lockf = np.ones(len(case.trained_vectors(model)), np.float32)
    case.trained_vectors(model).vectors_lockf[::2] = 0
    case.train(model, case.more)
    changed = (case.trained_vectors(model).vectors != start).any(axis=1)
    assert not changed[::2].any() and changed[1::2].all()
    case.trained_vectors(model).vectors_lockf = np.zeros(1, np.float32)
    start = case.trained_vectors(model).vectors.copy()
    case.train(model, case.more, epochs=1)
    assert (case.trained_vectors(model).vectors == start).all()


@each_case_of_own_rows
def test_factors_that_a_callback_changes_take_effect_in_the_next_training(case):
    class Frees:
        def on_epoch_end(self, model):
            case.trained_vectors(model).vectors_lockf[:] = 1

    model = case.built()
    start = case.trained_vectors(model).vectors.copy()
    case.trained_vectors(model).vectors_lockf = np.zeros(len(case.trained_vectors(model)), np.float32)
    case.train(model, callbacks=[Frees()])
    assert (case.trained_vectors(model).vectors == start).all()
    case.train(model)
    assert (case.trained_vectors(model).vectors != start).any()


# -- held-out loss and time budget ---------------------------------------------------------------------------------


def loss_of_cells(model, feed, units):
    """Return the mean loss of the cells of some units."""
    others = model._matrices["others"][:, : model.vector_size]
    losses = []
    for u in units:
        cells = slice(*feed.offsets[u : u + 2])
        error = feed.values[cells] - others[feed.ids[cells]] @ model.wv.vectors[u]
        losses.append(feed.weights[cells] * error**2 / 2)
    return np.concatenate(losses).mean()


@each_case
def test_the_held_out_loss_falls_or_is_that_of_rows_without_training(case):
    model = case.trained(case.more, held_out=0.1, alpha=case.settings.get("alpha", 0.05))
    losses = model.held_out_losses
    assert len(losses) == 3 and np.isfinite(losses).all()
    if case.generalizes:
        assert losses[2] < losses[0]
        assert losses[2] == pytest.approx(model.epoch_losses[2], rel=0.2)
    else:
        held_out = split_held_out(len(case.more.sizes), 0.1, model.seed)
        unchanged = (model.wv.vectors == case.built(case.more).wv.vectors).all(axis=1)
        assert np.flatnonzero(unchanged).tolist() == held_out.tolist()
        assert losses[2] == pytest.approx(loss_of_cells(model, case.more, held_out), rel=1e-5)
    assert case.trained().held_out_losses == []


@each_case
def test_patience_returns_the_vectors_of_the_best_epoch(case):
    class Keeps:
        def on_epoch_end(self, model):
            kept.append(model.wv.vectors.copy())

    kept = []
    model = case.trained(held_out=0.1, patience=1, epochs=40, alpha=0.2, min_alpha=0.2, callbacks=[Keeps()])
    best = int(np.argmin(model.held_out_losses))
    assert model.epochs_trained == len(kept) == min(40, best + 2)
    assert (model.wv.vectors == kept[best]).all()


@each_case
def test_a_time_budget_ends_training(case):
    model = case.trained(case.more, epochs=10**6, max_seconds=0.2)
    assert 0 < model.epochs_trained < 10**6
    assert np.isfinite(model.wv.vectors).all()


# -- resuming and files --------------------------------------------------------------------------------------------


@each_case
@pytest.mark.parametrize("options", [{}, {"deterministic": True, "workers": 2}], ids=str)
@pytest.mark.usefixtures("small_rounds")
def test_a_resumed_training_gives_the_bits_of_an_uninterrupted_one(case, options, tmp_path):
    options = {"held_out": 0.05, **options}
    expected = bits(case.trained(**options))
    every = {"checkpoint": tmp_path, "checkpoint_minutes": 0, "keep_checkpoints": 1000}
    assert bits(case.trained(**every, **options)) == expected
    files = list_checkpoints(tmp_path)
    states = [Training.unpack(file, *native.read(file)).state for file in files]
    middle = next(i for i, state in enumerate(states) if len(state.losses))
    for file in (files[middle], files[-1]):
        assert bits(case.resume(file, checkpoint_minutes=None)) == expected


@each_case
def test_copies_of_a_model_continue_as_the_model_does(case, tmp_path):
    model = case.trained(held_out=0.1)
    model.save(tmp_path / "model")
    copies = [case.model.load(tmp_path / "model"), pickle.loads(pickle.dumps(model)), copy.deepcopy(model)]
    case.train(model, epochs=1)
    for other in copies:
        assert other.get_params() == model.get_params()
        assert not np.shares_memory(other.wv.vectors, model.wv.vectors)
        case.train(other, epochs=1)
        assert bits(other) == bits(model)
        assert repr(other) == repr(model) and repr(model).startswith(case.model.NAME)
    vectors = KeyedVectors.load(tmp_path / "model")
    assert vectors.index_to_key == model.wv.index_to_key


@each_model
def test_paths_are_not_stored(case, tmp_path):
    paths = {"checkpoint", "cache_dir"} & case.model.SETTINGS.keys()
    model = case.built(**dict.fromkeys(paths, str(tmp_path)))
    model.save(tmp_path / "model")
    assert str(tmp_path).encode() not in (tmp_path / "model").read_bytes()
    assert {case.model.load(tmp_path / "model").get_params()[name] for name in paths} == {None}


def rewrite_header(path, **changes):
    """Change the settings in a model file; its checksums fit."""
    tensors, metadata = native.read(path)
    header = json.loads(metadata["model"])
    header |= changes
    native.write(path, tensors, metadata | {"model": json.dumps(header)})


@each_model
@pytest.mark.parametrize(
    ("name", "value", "message"),
    [
        ("checkpoint", "/tmp/any", "'checkpoint' is no setting of a"),
        ("train", "x", "'train' is no setting of a"),
        ("_matrices", {}, "'_matrices' is no setting of a"),
        ("epochs", "x", "epochs='x': give a whole number"),
        ("epochs", -1, "epochs=-1: give a whole number"),
        ("alpha", None, "alpha=None: give a number"),
        ("alpha", math.nan, "alpha=nan: give a number"),
        (
            "vector_size",
            13,
            "(vectors|word_rows|input_rows|subword_rows) has the shape .* but the settings need",
        ),
        ("patience", 3, "patience=3: there is no held-out loss"),
        ("epochs_trained", -1, "epochs_trained=-1"),
        ("epoch_losses", "x", "epoch_losses='x': give a list of numbers"),
        ("held_out_losses", [[]], "held_out_losses="),
        ("_latest_loss", "x", "_latest_loss='x'"),
    ],
)
def test_settings_in_a_file_are_checked(case, tmp_path, name, value, message):
    path = tmp_path / "model"
    case.trained().save(path)
    rewrite_header(path, **{name: value})
    with pytest.raises(ValueError, match=f"model: {message}"):
        case.model.load(path)


@each_model
@pytest.mark.parametrize("text", ["", "[]", "{}", "null", "{"])
def test_a_file_without_proper_settings_is_refused(case, tmp_path, text):
    path = tmp_path / "model"
    case.trained().save(path)
    tensors, metadata = native.read(path)
    native.write(path, tensors, metadata | {"model": text})
    with pytest.raises(ValueError, match=str(path)):
        case.model.load(path)


@each_case
@pytest.mark.parametrize("wrong", ["rows", "columns", "dimensions"])
def test_matrices_in_a_file_that_do_not_fit_the_settings_are_refused(case, tmp_path, wrong):
    path = tmp_path / "model"
    model = case.trained()
    for name, matrix in model._unpadded_matrices().items():
        if name == "vectors":
            continue
        model.save(path)
        tensors, metadata = native.read(path)
        cut = {"rows": matrix[:-1], "columns": matrix[..., None][:, :-1], "dimensions": matrix[None]}[wrong]
        native.write(path, tensors | {name: cut.copy()}, metadata)
        with pytest.raises(ValueError, match=f"{name} has the shape .* but the settings need"):
            case.model.load(path)


@each_case
@pytest.mark.parametrize("is_trained", [True, False])
def test_a_file_without_a_matrix_that_the_settings_need_is_refused(case, tmp_path, is_trained):
    path = tmp_path / "model"
    model = case.trained() if is_trained else case.built()
    for name in model._matrices:
        model.save(path)
        tensors, metadata = native.read(path)
        del tensors[name]
        native.write(path, tensors, metadata)
        with pytest.raises(ValueError, match=f"model.* {name}"):
            case.model.load(path)


@each_text_model
def test_a_model_whose_settings_were_changed_before_it_was_saved_can_be_loaded(case, tmp_path):
    model = case.trained()
    before = set(model._matrices)
    model.set_params(**case.other_settings)
    model.save(tmp_path / "model")
    for other in (case.model.load(tmp_path / "model"), pickle.loads(pickle.dumps(model))):
        for each in (other, copy.deepcopy(model)):
            case.train(each)
        assert bits(other) == bits(each)
    assert set(model._matrices) == before, "saving does not change the model"


@each_case
def test_matrices_of_another_type_are_converted(case, tmp_path):
    path = tmp_path / "model"
    model = case.trained()
    model.save(path)
    tensors, metadata = native.read(path)
    wide = {name: tensors[name].astype(np.float64) for name in model._unpadded_matrices()}
    native.write(path, tensors | wide, metadata)
    assert bits(case.model.load(path)) == bits(model)


# -- scikit-learn (see test_scikit_learn.py, which needs it) -------------------------------------------------------


@each_text_model
def test_a_model_is_an_estimator_and_a_transformer(case):
    model = case.new()
    same = case.model(**model.get_params()).set_params(epochs=model.epochs)
    assert model.fit(case.data, y=None) is model and model.__sklearn_is_fitted__()
    rows = model.transform(case.data)
    assert rows.shape == (len(case.data), model.vector_size) and rows.dtype == np.float32
    assert (same.fit_transform(iter(case.data)) == rows).all()
    assert bits(same) == bits(model) == bits(case.trained()), "fit does what the constructor does with data"
    first, second = model.wv.index_to_key[:2]
    texts = [f"{first} unknown {second}", "unknown", "", [first, second]]
    np.testing.assert_allclose(
        model.transform(texts), case.transformed(model, texts, (first, second)), rtol=1e-6
    )
    assert model.fit(case.more) is model and bits(model) == bits(case.trained(case.more)), "fit begins again"


@each_model
def test_a_model_that_is_not_fitted_says_so(case):
    model = case.new()
    assert not model.__sklearn_is_fitted__()
    with pytest.raises(ValueError, match=f"this {case.model.NAME} is not fitted yet; call fit first"):
        model.get_feature_names_out()
