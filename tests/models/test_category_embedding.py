"""CategoryEmbedding: scikit-learn's checks, frames in and out, columns, predictions, bad input, files."""

from __future__ import annotations

import datetime
import decimal
import json
import pickle
import re
import subprocess
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import polars as pl
import pytest
import sklearn
from sklearn.base import clone, is_classifier, is_regressor
from sklearn.compose import make_column_transformer
from sklearn.exceptions import NotFittedError
from sklearn.linear_model import Ridge
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import make_pipeline
from sklearn.utils import estimator_checks

from wildvec import (
    CategoryEmbedding,
    CategoryEmbeddingClassifier,
    CategoryEmbeddingRegressor,
    KeyedVectors,
)
from wildvec.io import native

CLASSES = (CategoryEmbedding, CategoryEmbeddingClassifier, CategoryEmbeddingRegressor)
QUICK = {"epochs": 2}


def table(n=300, seed=1):
    """Return a pandas frame, and a target that depends on its columns and on pairs of them."""
    random = np.random.default_rng(seed)
    city = random.choice(["bonn", "lima", "oslo", "rome"], n)
    shop = random.integers(0, 15, n)
    heat = random.normal(20, 5, n)
    open_ = random.choice([True, False], n)
    frame = pd.DataFrame({"city": city, "shop": [f"s{i}" for i in shop], "heat": heat, "open": open_})
    y = np.where(city == "rome", 2, 0) + 0.1 * shop + np.where(open_, 1, -1) * np.where(city == "oslo", 1, -1)
    return frame, y + 0.3 * np.abs(heat - 20)


@pytest.fixture(scope="module")
def fitted():
    frame, y = table()
    return CategoryEmbedding(epochs=10).fit(frame, y)


# -- scikit-learn's conventions ------------------------------------------------------------------------------------


@pytest.mark.filterwarnings("ignore")  # the checks provoke warnings
@pytest.mark.parametrize("cls", CLASSES)
def test_scikit_learn_finds_no_fault(cls):
    for result in estimator_checks.check_estimator(cls(epochs=3), on_skip=None, on_fail=None):
        if result["status"] != "skipped" or "SCIPY_ARRAY_API" not in str(result["exception"]):
            assert result["status"] == "passed", (result["check_name"], result["exception"])


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("cls", CLASSES)
@pytest.mark.parametrize(
    "check",
    [
        "dataframe_column_names_consistency",
        "transformer_get_feature_names_out",
        "transformer_get_feature_names_out_pandas",
        "set_output_transform",
        "set_output_transform_pandas",
        "set_output_transform_polars",
        "global_output_transform_pandas",
        "global_set_output_transform_polars",
        "n_features_in_after_fitting",
    ],
)
def test_the_checks_of_names_and_frames_pass(cls, check):
    getattr(estimator_checks, f"check_{check}")(cls.__name__, cls(**QUICK))


def test_an_import_of_wildvec_imports_neither_scikit_learn_nor_pandas_nor_polars():
    code = (
        "import sys, wildvec; m = wildvec.CategoryEmbedding(epochs=1).fit([['a'], ['b']], [1.0, 2.0]);"
        "m.transform([['a']]); print(sorted({'sklearn', 'pandas', 'polars'} & set(sys.modules)))"
    )
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert result.stdout == "[]\n"


def test_kinds_of_estimators():
    assert is_classifier(CategoryEmbeddingClassifier()) and is_regressor(CategoryEmbeddingRegressor())
    assert not is_classifier(CategoryEmbedding()) and not is_regressor(CategoryEmbedding())
    assert hasattr(CategoryEmbeddingClassifier(), "predict_proba")
    assert not hasattr(CategoryEmbeddingRegressor(), "predict_proba")
    assert (
        repr(CategoryEmbedding(sizes=3, random_state=None)) == "CategoryEmbedding(sizes=3, random_state=None)"
    )
    assert clone(CategoryEmbedding("regression", sizes={"a": 3})).get_params()["sizes"] == {"a": 3}


def test_it_stands_in_pipelines_and_searches():
    frame, y = table()
    columns = make_column_transformer((CategoryEmbedding(**QUICK), ["city", "shop"]), remainder="passthrough")
    model = make_pipeline(columns, Ridge()).fit(frame, y)
    assert model.score(frame, y) > 0.5
    assert model[:-1].get_feature_names_out()[0] == "categoryembedding__city_0"
    search = GridSearchCV(CategoryEmbeddingRegressor(**QUICK), {"l2": [0.3, 1000.0]}, cv=2).fit(frame, y)
    assert search.best_params_ == {"l2": 0.3}


def test_use_before_fit_is_an_error():
    for use in (
        lambda m: m.transform([["a"]]),
        lambda m: m.predict([["a"]]),
        lambda m: m.predict_proba([["a"]]),
        lambda m: m.embeddings_,
        lambda m: m.get_feature_names_out(),
        lambda m: m.save("x"),
    ):
        with pytest.raises(NotFittedError, match="this CategoryEmbedding is not fitted yet"):
            use(CategoryEmbedding())


def test_the_random_state_decides_the_result():
    frame, y = table(60)

    def rows(**settings):
        return CategoryEmbedding(**QUICK, **settings).fit(frame, y).transform(frame).to_numpy().tobytes()

    assert rows(random_state=3) == rows(random_state=3) != rows(random_state=4)
    assert rows(random_state=np.random.RandomState(3)) == rows(random_state=np.random.RandomState(3))
    assert rows(random_state=None) != rows(random_state=None)
    assert rows(workers=3, deterministic=True) == rows(workers=3, deterministic=True)


# -- frames --------------------------------------------------------------------------------------------------------


def polars_of(frame):
    return pl.DataFrame({name: frame[name].to_list() for name in frame})


def test_pandas_and_polars_give_the_same_and_frames_give_frames(fitted):
    frame, y = table()
    other = CategoryEmbedding(epochs=10).fit(polars_of(frame), pl.Series(y))
    ours, theirs = fitted.transform(frame), other.transform(polars_of(frame))
    assert isinstance(ours, pd.DataFrame) and isinstance(theirs, pl.DataFrame)
    assert list(ours.columns) == theirs.columns == list(fitted.get_feature_names_out())
    np.testing.assert_array_equal(ours.to_numpy(), theirs.to_numpy())
    array = (
        CategoryEmbedding(epochs=10)
        .fit(frame.to_numpy(dtype=object), y)
        .transform(frame.to_numpy(dtype=object))
    )
    np.testing.assert_array_equal(ours.to_numpy(), array)


def test_names_of_features(fitted):
    names = list(fitted.get_feature_names_out())
    assert names[:4] == ["city_0", "city_1", "city_2", "city_3"]
    assert names[4] == "shop_0" and "heat" in names and names[-1] == "open_2"
    frame, y = table()
    wide = CategoryEmbedding(sizes=11, **QUICK).fit(frame[["city"]], y)
    assert list(wide.get_feature_names_out())[:2] == ["city_00", "city_01"]
    assert list(
        CategoryEmbedding(sizes=2, **QUICK).fit([["a"], ["b"]], [1.0, 2.0]).get_feature_names_out()
    ) == [
        "x0_0",
        "x0_1",
    ]


def test_the_container_of_features_can_be_set():
    frame, y = table(50)
    model = CategoryEmbedding(**QUICK).fit(frame, y)
    assert isinstance(model.set_output(transform="polars").transform(frame), pl.DataFrame)
    assert isinstance(model.set_output(transform="default").transform(frame), np.ndarray)
    assert model.set_output(transform="pandas").transform(frame.iloc[10:20]).index.tolist() == list(
        range(10, 20)
    )
    with sklearn.config_context(transform_output="polars"):
        assert isinstance(CategoryEmbedding(**QUICK).fit_transform(frame, y), pl.DataFrame)
    with pytest.raises(ValueError, match="transform='arrow': give one of 'default', 'pandas', 'polars'"):
        model.set_output(transform="arrow")


@pytest.mark.parametrize("library", [pd, pl])
def test_a_series_is_one_column(library):
    series, y = library.Series(["a", "b"] * 20), [1.0, 2.0] * 20
    model = CategoryEmbedding(sizes=2, **QUICK).fit(series, y)
    assert list(model.transform(series).columns) == ["column_0", "column_1"]
    named = library.Series(["a", "b"] * 20, name="city") if library is pd else series.alias("city")
    assert list(CategoryEmbedding(sizes=1, **QUICK).fit(named, y).transform(named).columns) == ["city_0"]


def test_the_example_of_the_documentation_runs():
    text = (Path(__file__).parents[2] / "docs" / "tables.md").read_text(encoding="utf-8")
    names = {}
    exec(re.search(r"^```python\n(.*?)^```$", text, re.M | re.S)[1], names)
    assert list(names["features"].columns)[:: len(names["features"].columns) - 1] == ["city_0", "temperature"]


# -- columns -------------------------------------------------------------------------------------------------------


def kinds(frame, **settings):
    """Return the names of the categorical columns."""
    return sorted(
        CategoryEmbedding(**QUICK, **settings).fit(frame, np.arange(len(frame), dtype=float)).embeddings_
    )


def test_which_columns_are_categorical():
    days = [datetime.date(2026, 1, 1 + i) for i in range(4)]
    frame = pd.DataFrame(
        {
            "text": ["a", "b", "a", None],
            "boolean": [True, False, True, True],
            "category": pd.Categorical(["x", "y", "x", "x"]),
            "numbers as category": pd.Categorical([1, 2, 1, 2]),
            "nullable boolean": pd.array([True, None, False, True], dtype="boolean"),
            "string": pd.array(["a", None, "b", "c"], dtype="string"),
            "dates as objects": pd.Series(days, dtype=object),
            "int": [1, 2, 3, 4],
            "float": [1.0, np.nan, 3.0, 4.0],
            "nullable int": pd.array([1, None, 3, 4], dtype="Int64"),
            "day": pd.to_datetime(days),
            "zone": pd.to_datetime(days).tz_localize("Europe/Rome"),
            "duration": pd.to_timedelta([1, 2, 3, 4], unit="h"),
            "numbers as objects": pd.Series([1, 2.5, None, 4], dtype=object),
        }
    )
    categorical = ["boolean", "category", "dates as objects", "nullable boolean", "numbers as category"]
    categorical += ["string", "text"]
    assert kinds(frame) == categorical
    assert kinds(frame, categorical=["int", 8]) == sorted([*categorical, "int", "float"])
    assert kinds(frame, categorical="all") == sorted(frame.columns)
    other = pl.DataFrame(
        {"text": ["a", None, "b"], "day": days[:3], "kind": ["x", "y", "x"], "n": [1, None, 3]}
    )
    assert kinds(other.with_columns(pl.col("kind").cast(pl.Categorical))) == ["kind", "text"]


def test_embeddings_have_the_categories_as_keys():
    frame = pd.DataFrame(
        {"n": [3, 1, 3], "x": [0.5, 1.0, np.nan], "b": [True, False, True], "s": ["v", "u", "u"]}
    )
    model = CategoryEmbedding(categorical=["n", "x"], sizes={"n": 4}, **QUICK).fit(frame, [1.0, 2.0, 3.0])
    keys = {name: vectors.index_to_key for name, vectors in model.embeddings_.items()}
    assert keys == {"n": [1, 3], "x": ["0.5", 1], "b": ["False", "True"], "s": ["u", "v"]}
    vectors = model.embeddings_["n"]
    assert (
        isinstance(vectors, KeyedVectors) and vectors.vector_size == 4 and vectors.counts.tolist() == [1, 2]
    )
    np.testing.assert_array_equal(model.transform(frame).to_numpy()[0, :4], vectors[3])


def test_numbers_are_standardized_and_missing_ones_stay_missing():
    x = np.array([[1.0], [2.0], [np.nan], [3.0]])
    features = CategoryEmbedding(**QUICK).fit(x, [1.0, 2.0, 3.0, 4.0]).transform(x)
    np.testing.assert_allclose(features[:, 0], [-1.224745, 0, np.nan, 1.224745], rtol=1e-5)


# -- predictions ---------------------------------------------------------------------------------------------------


def test_regression_learns_pairs_of_columns_and_curves():
    (frame, y), (unseen, true) = table(3000), table(1000, seed=2)
    assert CategoryEmbeddingRegressor().fit(frame, y).score(unseen, true) > 0.97
    small = CategoryEmbedding(epochs=5).fit(frame, y)
    assert small.task_ == "regression" and small.predict(unseen).dtype == np.float64


@pytest.mark.parametrize("labels", [["no", "yes"], [0, 1], [False, True], ["a", "b", "c"]], ids=str)
def test_classification_learns_pairs_of_columns(labels):
    random = np.random.default_rng(1)
    x = random.integers(0, 6, (4000, 2))
    wanted = np.array(labels)[(x.sum(axis=1)) % len(labels)]
    model = CategoryEmbedding(categorical="all").fit(x[:3000], wanted[:3000])
    assert model.task_ == "classification" and model.classes_.tolist() == labels
    assert model.score(x[3000:], wanted[3000:]) > 0.95
    probabilities = model.predict_proba(x[3000:])
    np.testing.assert_allclose(probabilities.sum(axis=1), 1)
    assert (model.classes_[probabilities.argmax(axis=1)] == model.predict(x[3000:])).all()


def test_unknown_and_missing_categories_get_the_mean_effect():
    random = np.random.default_rng(1)
    x = np.array([f"c{i}" for i in random.integers(0, 40, 4000)], dtype=object)[:, None]
    y = np.array([int(c[1:]) for c in x[:, 0]], dtype=float)
    model = CategoryEmbedding().fit(x, y)
    assert model.predict([["new"], [None], [np.nan]]) == pytest.approx([20, 20, 20], abs=4)
    assert np.abs(model.unknown_["x0"]).max() > 0
    x[:500] = None
    y[:500] = 60
    model = CategoryEmbedding().fit(x, y)
    assert model.predict([[None]])[0] == pytest.approx(60, abs=4)
    assert model.predict([["new"]])[0] < 40


def test_rare_categories_count_as_unknown():
    x = [["a"]] * 30 + [["b"]] * 30 + [["c"], ["d"]]
    model = CategoryEmbedding(min_count=2, **QUICK).fit(x, np.arange(62.0))
    assert model.embeddings_["x0"].index_to_key == ["a", "b"]
    np.testing.assert_array_equal(model.transform([["c"]]), model.unknown_["x0"][None])


@pytest.mark.parametrize(
    "settings", [{"alpha": 1.0, "epochs": 30}, {"l2": 1e6}, {"mask": 0.5}, {"l2": 0.0}], ids=str
)
def test_extreme_settings_give_finite_predictions(settings):
    frame, y = table(40)
    y[0] = 1e30
    assert np.isfinite(CategoryEmbedding(**settings).fit(frame, y).predict(frame)).all()


def test_held_out_rows_stop_the_training():
    frame, y = table(400)
    model = CategoryEmbedding(l2=0.0, held_out=0.2, patience=2, epochs=300).fit(frame, y)
    losses = model.model_.held_out_losses
    assert len(losses) < 300 and int(np.argmin(losses)) == len(losses) - 3


# -- bad input -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("x", "y", "message"),
    [
        ([["a"], ["b"]], [1.0, np.nan], r"Input y contains NaN: y\[1\]=nan"),
        ([["a"], ["b"]], [1.0, np.inf], r"Input y contains infinity"),
        ([["a"], ["b"]], ["x", None], r"Input y contains NaN or None: y\[1\]"),
        ([["a"], ["b"]], ["x", "x"], r"y has only one class, \['x'\]"),
        ([["a"], ["b"]], np.array(["x", 1], dtype=object), "mixes types"),
        ([["a"], ["b"]], [1.0], r"inconsistent numbers of samples: \[2, 1\]"),
        ([["a"], ["b"]], None, "requires y to be passed"),
        ([["a"], [1]], [1.0, 2.0], r"column 'x0' mixes number \(1\) and str \('a'\); convert it"),
        ([["a"], [True]], [1.0, 2.0], r"column 'x0' mixes bool \(True\) and str"),
        ([[1.0], [np.inf]], [1.0, 2.0], "contains infinity or a value too large: column 'x0', row 1 is inf"),
        ([[1 + 2j], [1]], [1.0, 2.0], "Complex data not supported"),
        ([], [], "Expected 2D array, got 1D array"),
        (np.empty((0, 3)), [], r"0 sample\(s\)"),
        (np.empty((3, 0)), [1.0, 2.0, 3.0], r"0 feature\(s\)"),
        (pd.DataFrame({"a": []}), [], r"0 sample\(s\)"),
        (pl.DataFrame(), [], r"0 feature\(s\)"),
        (pd.DataFrame([["x", "y"]], columns=["a", "a"]), [1.0], "column 'a' occurs twice"),
    ],
)
def test_bad_tables_and_targets_are_refused(x, y, message):
    with pytest.raises(ValueError, match=message):
        CategoryEmbedding(**QUICK).fit(x, y)


def test_values_that_are_no_categories_are_refused():
    with pytest.raises(TypeError, match=r"column 'x0': argument must be a string or a number, not dict"):
        CategoryEmbedding(**QUICK).fit(np.array([[{}], ["a"]], dtype=object), [1.0, 2.0])
    with pytest.raises(TypeError, match=r"LazyFrame: call its method collect\(\) first"):
        CategoryEmbedding(**QUICK).fit(pl.DataFrame({"a": ["x"]}).lazy(), [1.0])


@pytest.mark.parametrize(
    ("setting", "value", "message"),
    [
        ("task", "rank", "task='rank': give one of"),
        ("sizes", 0, "sizes=0: give a whole number"),
        ("sizes", {"city": 0}, r"sizes\['city'\]=0: give a whole number"),
        ("sizes", {"town": 3}, "sizes: there is no column 'town'; the columns are city, shop"),
        ("categorical", ["town"], "categorical: there is no column 'town'"),
        ("categorical", [9], "categorical: there is no column 9"),
        ("categorical", "city", "categorical='city': give a list"),
        ("bins", 0, "bins=0: give a whole number"),
        ("min_count", 0, "min_count=0"),
        ("alpha", 1.5, "alpha=1.5: give a number from 0 to 1"),
        ("mask", 0.9, "mask=0.9: give a number from 0 to 0.5"),
        ("epochs", 0, "epochs=0: give a whole number"),
        ("patience", 2, "patience=2: there is no held-out loss"),
    ],
)
def test_settings_are_checked_in_fit(setting, value, message):
    frame, y = table(20)
    with pytest.raises(ValueError, match=message):
        CategoryEmbedding(**{setting: value}).fit(frame, y)


def test_a_fit_that_fails_changes_nothing():
    frame, y = table(50)
    model = CategoryEmbedding(**QUICK).fit(frame, y > 1)
    expected = model.predict(frame)
    with pytest.raises(ValueError, match="contains NaN"):
        model.fit(frame[["city"]], np.full(50, np.nan))
    np.testing.assert_array_equal(model.predict(frame), expected)


def test_other_columns_than_in_training_are_refused(fitted):
    frame, _ = table(20)
    for changed, message in (
        (frame.drop(columns="shop"), "seen at fit time, yet now missing:\n- shop"),
        (frame.rename(columns={"city": "town"}), "unseen at fit time:\n- town"),
        (frame[["shop", "city", "heat", "open"]], "must be in the same order"),
        (
            frame.assign(heat="warm"),
            r"column 'heat' holds 'warm' \(str\), but it held a value of the type number",
        ),
        (frame.assign(city=3), r"column 'city' holds 3 \(number\), but it held a value of the type str"),
    ):
        for use in (fitted.predict, fitted.transform):
            with pytest.raises(ValueError, match=message):
                use(changed)
    with (
        pytest.raises(ValueError, match="X has 2 features, but CategoryEmbedding is expecting 4"),
        pytest.warns(UserWarning, match="does not have valid feature names"),
    ):
        fitted.predict([["rome", "s1"]])


# -- files ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("task", ["regression", "classification"])
def test_copies_and_files_predict_the_same(task, tmp_path):
    frame, y = table(100)
    frame.loc[3, "city"] = None
    y = y if task == "regression" else np.where(y > 1, "high", "low")
    model = CategoryEmbedding(**QUICK).fit(frame, y)
    model.save(tmp_path / "model")
    for other in (pickle.loads(pickle.dumps(model)), CategoryEmbedding.load(tmp_path / "model")):
        np.testing.assert_array_equal(other.predict(frame), model.predict(frame))
        pd.testing.assert_frame_equal(other.transform(frame), model.transform(frame))
    other_class = CategoryEmbeddingClassifier if task == "regression" else CategoryEmbeddingRegressor
    with pytest.raises(ValueError, match=f"the file holds a model for {task}"):
        other_class.load(tmp_path / "model")


def test_a_training_is_resumed_with_the_same_bits(tmp_path):
    class Stops:
        def on_epoch_end(self, model):
            if model.epochs_trained == 2:
                raise RuntimeError("enough")

    frame, y = table(100)
    settings = {"epochs": 4, "checkpoint_epochs": 1}
    expected = CategoryEmbedding(**settings).fit(frame, y).predict(frame)
    with pytest.raises(RuntimeError, match="enough"):
        CategoryEmbedding(**settings, checkpoint=tmp_path, callbacks=[Stops()]).fit(frame, y)
    model = CategoryEmbedding.resume(tmp_path, frame, y)
    np.testing.assert_array_equal(model.predict(frame), expected)
    with pytest.raises(ValueError, match="not the data that the training began with"):
        CategoryEmbedding.resume(tmp_path, frame, y + 1)


@pytest.mark.parametrize(
    "y",
    [
        np.array(["2020-01-01", "2021-01-01"], "datetime64[D]"),
        np.array([b"a", b"b"]),
        np.array([decimal.Decimal(1), decimal.Decimal(2)], dtype=object),
    ],
)
def test_classes_that_a_file_cannot_hold_are_refused(y):
    with pytest.raises(ValueError, match="Unknown label type"):
        CategoryEmbedding(epochs=1).fit([["a"], ["b"]], y)


def test_equal_numbers_are_not_stretched():
    model = CategoryEmbedding(epochs=1).fit(np.full((3, 1), 0.1), [1.0, 2.0, 3.0])
    np.testing.assert_allclose(model.transform([[0.2]]), [[0.1]], rtol=1e-6)


def test_transform_of_a_huge_number_is_finite():
    model = CategoryEmbedding(epochs=1).fit([[0.0], [1.0]], [0.0, 1.0])
    assert np.isfinite(model.transform([[1e90]])).all()


def test_two_features_of_one_name_are_refused():
    table = pytest.importorskip("polars").DataFrame({"a": ["x", "y"], "a_0": [1.0, 2.0]})
    model = CategoryEmbedding(epochs=1, sizes=2).fit(table, [1.0, 2.0])
    with pytest.raises(ValueError, match="two features have the name 'a_0'"):
        model.transform(table)


@pytest.mark.parametrize("categorical", [[False, True], [1.5], True])
def test_categorical_takes_names_and_positions(categorical):
    with pytest.raises(TypeError, match="categorical"):
        CategoryEmbedding(categorical=categorical, epochs=1).fit([["a", 1.0], ["b", 2.0]], [1.0, 2.0])


def test_values_that_no_number_can_hold_are_named():
    with pytest.raises(ValueError, match="'x0' holds a whole number that is too large"):
        CategoryEmbedding(epochs=1).fit(np.array([[10**400], [1]], dtype=object), [1.0, 2.0])
    with pytest.raises(ValueError, match="'x0' holds bytes that are not UTF-8"):
        CategoryEmbedding(epochs=1).fit(np.array([[b"a"], [b"\xff"]]), [1.0, 2.0])
    with pytest.raises(ValueError, match="y holds 'x', which is no number"):
        CategoryEmbedding("regression", epochs=1).fit([["a"], ["b"]], ["1", "x"])


def test_score_needs_a_target_per_row():
    for y in ([1.0, 2.0], ["a", "b"]):
        model = CategoryEmbedding(epochs=1).fit([["a"], ["b"]], y)
        with pytest.raises(ValueError, match="1 targets for 2 rows"):
            model.score([["a"], ["b"]], y[:1])


def _damage_details(**values):
    return lambda header: header["details"].update(values)


def _damage_column(number, **values):
    return lambda header: header["columns"][number].update(values)


@pytest.mark.parametrize(
    "damage",
    [
        lambda header: header.update(details={}),
        _damage_details(task="other"),
        _damage_details(task="regression"),
        _damage_details(dtype="zz"),
        _damage_details(classes=["x"]),
        _damage_details(names=["x"]),
        _damage_column(0, categories=[["a"], ["b"]]),
        _damage_column(0, counts=[-1, 1]),
        _damage_column(1, knots=["1", "2"]),
        _damage_column(1, scale=0),
        _damage_column(1, mean="x"),
    ],
)
def test_a_damaged_file_is_refused(damage, tmp_path):
    model = CategoryEmbedding(epochs=1, bins=1).fit([["a", 1.0], ["b", 2.0]], ["x", "y"])
    model.save(tmp_path / "whole")
    tensors, metadata = native.read(tmp_path / "whole")
    header = json.loads(metadata["model"])
    damage(header)
    native.write(tmp_path / "damaged", tensors, {**metadata, "model": json.dumps(header)})
    with pytest.raises(ValueError, match="damaged: "):
        CategoryEmbedding.load(tmp_path / "damaged")


def test_pandas_categories_of_numbers_are_categories():
    frame = pd.DataFrame({"shop": pd.Series([1, 2, 3, 1] * 10, dtype="category"), "age": range(40)})
    model = CategoryEmbedding(**QUICK).fit(frame, np.arange(40.0))
    assert sorted(model.embeddings_["shop"].index_to_key) == [1, 2, 3]
    as_int = frame.assign(shop=frame["shop"].astype(int))
    np.testing.assert_array_equal(model.predict(frame), model.predict(as_int))


def test_a_column_without_vectors_is_named(fitted):
    with pytest.raises(KeyError, match=r"column 'heat' holds numbers.*categorical="):
        fitted.embeddings_["heat"]
    with pytest.raises(KeyError, match=r"no column 'citi'; the categorical columns are city, shop, open"):
        fitted.unknown_["citi"]


@pytest.mark.parametrize("cls", CLASSES)
def test_errors_name_classes_that_users_know(cls):
    with pytest.raises(ValueError, match=f"{cls.__name__} requires y to be passed"):
        cls().fit([["a"], ["b"]])
    with pytest.raises(TypeError, match="CategoryEmbedding"):
        cls(epoch=3)
