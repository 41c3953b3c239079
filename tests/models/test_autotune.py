"""The search for settings of TextClassifier: its result, its budget, its measures, and its errors."""

import copy
import logging
import time

import numpy as np
import pytest

from wildvec import KeyedVectors, TextClassifier
from wildvec.base.ragged import Ragged
from wildvec.models import autotune, autotune_data
from wildvec.models.autotune_metric import Metric
from wildvec.models.autotune_space import FIRST_TRIALS, SPACE
from wildvec.models.quantized_size import largest_cutoff
from wildvec.text import labelled

LABELS = ("even", "odd", "rare")


def make(n, seed):
    """Return texts of 6 of 60 words, and labels that follow from a pair of neighbours."""
    random = np.random.default_rng(seed)
    texts, labels = [], []
    for _ in range(n):
        words = random.integers(0, 60, 6)
        pair = int(random.integers(0, 2))
        words[2:4] = (60, 61) if pair else (61, 60)
        texts.append(" ".join(f"w{w}" for w in words))
        labels.append(LABELS[pair])
    labels[0] = "rare"
    return texts, labels


TRAIN, VALIDATION = make(120, 1), make(60, 2)


def tune(seconds=60, metric="f1", train=TRAIN, validation=VALIDATION, **options):
    options = {"workers": 1, "trainings": 12, "bucket": 5_000, **options}
    return TextClassifier.autotune(train, validation, seconds, metric, **options)


def test_the_best_model_is_found_and_all_trials_are_reported():
    model = tune()
    assert model.word_ngrams > 1, "the labels follow from the order of two words"
    assert (np.array(model.predict(VALIDATION[0])) == VALIDATION[1]).mean() > 0.9
    best = model.trials_[0]
    assert best.score == np.mean(best.scores) and best.seconds > 0
    assert {name: getattr(model, name) for name in best.settings} == best.settings
    repeated = [t for t in model.trials_ if len(t.scores) > 1]
    assert repeated and model.trials_[: len(repeated)] == repeated, "trials that were repeated are known best"
    assert [t.score for t in repeated] == sorted((t.score for t in repeated), reverse=True)
    assert sum(len(t.scores) for t in model.trials_) <= 12
    settings = [tuple(t.settings.items()) for t in model.trials_]
    assert len(set(settings)) == len(settings), "no settings are tried twice"


def test_one_worker_gives_the_same_result_for_the_same_seed():
    first, again, other = tune(seed=1), tune(seed=1), tune(seed=2)
    kept = [[(t.settings, t.scores) for t in model.trials_] for model in (first, again, other)]
    assert kept[0] == kept[1] != kept[2]
    np.testing.assert_array_equal(first.output_rows, again.output_rows)


def test_settings_that_are_given_are_not_searched():
    model = tune(word_ngrams=2, min_n=0, max_n=0, alpha=0.3, label_prefix="L:")
    for trial in model.trials_:
        assert not trial.settings.keys() & {"word_ngrams", "min_n", "max_n", "alpha"}
    assert (model.word_ngrams, model.alpha, model.label_prefix) == (2, 0.3, "L:")
    only_min = tune(min_n=2, max_n=3, trainings=3)
    assert all("max_n" not in trial.settings for trial in only_min.trials_)


def test_files_are_read_once(tmp_path, monkeypatch):
    paths = []
    for name, (texts, labels) in (("train", TRAIN), ("validation", VALIDATION)):
        paths.append(tmp_path / name)
        lines = [f"__label__{label} {text}\n" for text, label in zip(texts, labels, strict=True)]
        paths[-1].write_text("".join(lines) + "no label here\n")
    calls = []
    read = labelled._blocks_of_files
    monkeypatch.setattr(labelled, "_blocks_of_files", lambda *args: calls.append(args) or read(*args))
    from_files, from_lists = tune(train=paths[0], validation=str(paths[1])), tune()
    assert len(calls) == 2
    assert from_files.trials_[0].score == pytest.approx(from_lists.trials_[0].score, abs=0.1)


def test_features_of_recent_trials_are_kept(monkeypatch):
    monkeypatch.setattr(autotune_data, "FEATURES_KEPT", 2)
    data = autotune_data.Data(TRAIN, VALIDATION, TextClassifier(workers=1))
    feeds = [data.features_for(TextClassifier(word_ngrams=n, workers=1)).feed for n in (1, 2, 1, 3, 1, 2)]
    assert feeds[0] is feeds[2] is feeds[4] and feeds[1] is not feeds[5]
    assert len(data.features) == 2


def test_a_model_with_kept_features_is_that_of_fit():
    data = autotune_data.Data(TRAIN, VALIDATION, TextClassifier(workers=1))
    for _ in range(2):
        search = autotune.Search(
            TextClassifier, data, Metric.parse("f1", 1), {"workers": 1}, autotune.Budget(9, None)
        )
        trial, work = search._train({"word_ngrams": 2}, seed=1)
    fitted = TextClassifier(word_ngrams=2, workers=1).fit(*TRAIN)
    assert work == len(data.features_for(TextClassifier(word_ngrams=2)).feed.ids) * trial.epochs * 16
    np.testing.assert_array_equal(trial.predict_proba(VALIDATION[0]), fitted.predict_proba(VALIDATION[0]))


def test_pretrained_vectors_are_in_each_trial(tmp_path):
    words = sorted({word for text in TRAIN[0] for word in text.split()})
    vectors = KeyedVectors.from_arrays(words, np.full((len(words), 5), 0.5, np.float32))
    vectors.save(tmp_path / "vectors.wv")
    data = autotune_data.Data(TRAIN, VALIDATION, TextClassifier(workers=1))
    for _ in range(2):
        model = TextClassifier(workers=1, vector_size=5, pretrained=vectors)
        data.features_for(model)
        assert (model.wv[words] == 0.5).all()
    tuned = tune(pretrained=str(tmp_path / "vectors.wv"), trainings=4)
    assert tuned.vector_size == 5 and "vector_size" not in tuned.trials_[0].settings


class Clock:
    """A clock on which each reading takes some seconds."""

    def __init__(self, step):
        self.now, self.step = 0.0, step

    def __call__(self):
        self.now += self.step
        return self.now


def test_the_time_budget_ends_the_search(monkeypatch):
    monkeypatch.setattr(autotune, "perf_counter", Clock(0.5))
    model = tune(seconds=30, trainings=None)
    assert 3 <= len(model.trials_) <= 30
    monkeypatch.setattr(autotune, "perf_counter", Clock(1.0))
    assert len(tune(seconds=0.5, trainings=None).trials_) == 1, "the first trial is always finished"


def test_ctrl_c_keeps_the_best_model(monkeypatch, caplog):
    def interrupt(at):
        train = autotune.Search._train

        def interrupted(self, *args):
            if self.budget.n_done == at:
                raise KeyboardInterrupt
            return train(self, *args)

        monkeypatch.setattr(autotune.Search, "_train", interrupted)

    with monkeypatch.context():
        interrupt(3)
        with caplog.at_level(logging.WARNING):
            model = tune()
        assert len(model.trials_) == 3 and "the best of 3 trials is kept" in caplog.text
        assert model.epochs_trained and model.predict(["w60 w61"]).shape == (1,)
        interrupt(0)
        with pytest.raises(KeyboardInterrupt):
            tune()


def test_each_new_trial_is_reported():
    reported = []
    model = tune(report=reported.append, trainings=6)
    assert len(reported) == len(model.trials_) and set(map(id, reported)) == set(map(id, model.trials_))


def test_each_measure_leads_the_search():
    for metric in ("f1:odd", "precisionAtRecall:0.5", "recallAtPrecision:0.9:even", "f1:__label__odd"):
        model = tune(metric=metric, trainings=6)
        assert model.trials_[0].score > 0.8, metric
    assert tune(metric="f1", k=2, trainings=6).trials_[0].score == pytest.approx(2 / 3, abs=0.02)


def test_measures_are_those_of_label_metrics():
    scores = np.array([[0.9, 0.1], [0.4, 0.6], [0.7, 0.3], [0.2, 0.8]], np.float32)
    true = Ragged([0, 1, 1, 2, 1], [0, 1, 2, 3, 5])

    def measure(text, k=1):
        return Metric.parse(text, k).measure(scores, ["a", "b", "unknown"], true)

    assert measure("f1") == pytest.approx(2 * 3 / (4 + 5))
    assert measure("f1", k=2) == pytest.approx(2 * 4 / (8 + 5))
    assert measure("f1:b") == pytest.approx(2 * 2 / (2 + 3))
    assert measure("f1:a") == pytest.approx(2 * 1 / (2 + 1))
    assert measure("precisionAtRecall:0.6:b") == 1 and measure("precisionAtRecall:1:b") == pytest.approx(
        3 / 3
    )
    assert measure("recallAtPrecision:0.7") == pytest.approx(3 / 5)
    assert measure("recallAtPrecision:0.5:a") == 1


def test_the_space_holds_the_first_trials_and_changes_stay_inside():
    random = np.random.default_rng(0)
    names = [name for dimension in SPACE for name in dimension.names]
    defaults = {name: TextClassifier.SETTINGS[name].default for name in names}
    for settings in [defaults | first for first in FIRST_TRIALS]:
        assert settings.keys() == set(names)
        for _ in range(50):
            for dimension in SPACE:
                settings |= dimension.change(settings, 1.0, random)
            TextClassifier(**settings)  # which checks them
        for dimension in SPACE:
            assert dimension.change(settings, 0.0, random).items() <= settings.items()
            TextClassifier(**settings | dimension.draw(random))


def test_wrong_arguments_are_refused_before_any_training(tmp_path):
    cases = (
        ({"metric": "accuracy"}, "metric='accuracy': give 'f1', 'f1:label'"),
        ({"metric": "precisionAtRecall"}, "with x from 0 to 1"),
        ({"metric": "precisionAtRecall:2"}, "with x from 0 to 1"),
        ({"metric": "recallAtPrecision:x:odd"}, "with x from 0 to 1"),
        (
            {"metric": "f1:none"},
            "no training text has the label 'none'; the labels are 'odd', 'even', 'rare'",
        ),
        ({"seconds": 0}, "seconds=0: give a number"),
        ({"trainings": 0}, "trainings=0: give a whole number"),
        ({"k": 0}, "k=0: give a whole number"),
        ({"checkpoint": "x"}, "checkpoint: this setting is for a single training; leave it out"),
        ({"alpha": -1}, "alpha=-1"),
        ({"train": (["a"], [])}, "0 labels for 1 texts"),
        ({"validation": (["a", "b"], [[], []])}, "no validation text has a label"),
    )
    for options, message in cases:
        with pytest.raises(ValueError, match=message):
            tune(**options)
    for options in ({"train": ["a"]}, {"validation": None}):
        with pytest.raises(
            TypeError, match=r"give the path of a file with labels, or a pair \(texts, labels\)"
        ):
            tune(**options)
    with pytest.raises(FileNotFoundError):
        tune(train=tmp_path / "absent")


# -- quantised models ----------------------------------------------------------------------------------------------

MANY = make(400, 3)


def test_the_cutoff_is_the_largest_that_fits_into_a_file(tmp_path):
    for options in ({"word_ngrams": 2}, {"word_ngrams": 3, "min_n": 2, "max_n": 3, "vector_size": 9}):
        full = TextClassifier(workers=1, epochs=2, bucket=5_000, **options).fit(*MANY)
        cutoff = full.n_rows // 2
        small = copy.deepcopy(full).quantize(cutoff=cutoff)
        small.save(tmp_path / "small.ftz")
        size = (tmp_path / "small.ftz").stat().st_size
        assert largest_cutoff(full, size) == cutoff
        assert largest_cutoff(full, size - 1) == cutoff - 1
        assert largest_cutoff(full, 1_000) == 0 and largest_cutoff(full, 10**9) == full.n_rows


def test_a_bound_of_the_size_is_kept(tmp_path):
    model = tune(train=MANY, max_bytes=25_000, word_ngrams=2, vector_size=8, trainings=5)
    assert model.is_quantized and model.trials_[0].score > 0.8
    model.save(tmp_path / "model.ftz")
    assert 20_000 < (tmp_path / "model.ftz").stat().st_size <= 25_000
    with pytest.raises(ValueError, match="max_bytes=5000: no model is so small; give more"):
        tune(train=MANY, max_bytes=5_000, word_ngrams=2, trainings=3)
    assert not tune(max_bytes=5_000, word_ngrams=1, min_n=0, max_n=0, trainings=2).is_quantized


def test_texts_of_a_column_are_taken_by_position():
    pandas = pytest.importorskip("pandas")
    texts, labels = ["good", "bad"] * 20, ["x", "y"] * 20
    column = pandas.Series(texts, index=range(len(texts) - 1, -1, -1))
    data = autotune_data.Data((texts, labels), (column, labels), TextClassifier(workers=1))
    assert b"".join(data.blocks).decode().split() == texts


def test_a_search_ends_when_all_settings_are_tried():
    data = ["good", "bad"] * 20, ["x", "y"] * 20
    fixed = {
        "alpha": 0.5,
        "epochs": 1,
        "l2": 0.0,
        "vector_size": 4,
        "word_ngrams": 1,
        "min_n": 0,
        "bucket": 10,
    }
    start = time.perf_counter()
    model = TextClassifier.autotune(data, data, 30, workers=1, **fixed)
    assert {trial.settings["loss"] for trial in model.trials_} == {"softmax", "ova"}
    assert time.perf_counter() - start < 10
