"""scikit-learn's conventions: its own checks, pipelines, searches and data frames; and that it is not imported."""

import subprocess
import sys
import warnings

import numpy as np
import pytest
import sklearn
from sklearn.base import clone, is_classifier
from sklearn.compose import ColumnTransformer
from sklearn.exceptions import NotFittedError as SklearnNotFittedError
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GridSearchCV, cross_val_score
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer
from sklearn.utils import get_tags
from sklearn.utils.estimator_checks import estimator_checks_generator

import wildvec
from wildvec import TextClassifier
from wildvec.models.text_model import TextModel

TEXT_MODELS = [
    model
    for name in wildvec.__all__
    if isinstance(model := getattr(wildvec, name), type) and issubclass(model, TextModel)
]
SETTINGS = {"vector_size": 8, "min_count": 1, "workers": 1, "epochs": 2}

# docs/scikit-learn.md has the same table.
EXPECTED_TO_FAIL = {
    "check_no_attributes_set_in_init": "a model without data has the attributes of gensim's models",
    "check_dont_overwrite_parameters": "what a model learned has gensim's names, which do not end with _",
    "check_do_not_raise_errors_in_init_or_set_params": "settings are checked at once",
    "check_set_params": "settings are checked at once",
    "check_parameters_default_constructible": "workers=None becomes the number of CPUs",
    "check_transformer_general": "texts have no number of features",
    "check_n_features_in": "texts have no number of features",
}

LIKELIHOOD = "score has gensim's arguments and returns the log-probability of each sentence"
EXPECTED_OF_MODEL = {
    "GloVe": {"check_fit2d_1feature": "texts of one word have no co-occurrences"},
    **{
        name: {"check_fit_score_takes_y": LIKELIHOOD, "check_pipeline_consistency": LIKELIHOOD}
        for name in ("Word2Vec", "FastText", "Doc2Vec")
    },
}
# Random vectors of words differ between texts of different words; inferred vectors of texts must be learned first.
LEARNS_SLOWLY = {"Doc2Vec": {"epochs": 20, "alpha": 0.2}}


class OfNumbers:
    """Makes a model of texts one of numbers, which scikit-learn can check: each number becomes a token."""

    def fit(self, X, y=None):
        return super().fit(tokens_of(X), y)

    def transform(self, X):
        return super().transform(tokens_of(X))

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.input_tags.string, tags.input_tags.two_d_array = False, True
        return tags


def tokens_of(X):
    if hasattr(X, "tocsr"):
        return X
    rows = np.asarray(X)
    if rows.ndim != 2:
        raise ValueError("Reshape your data")
    return [[f"{column}:{value:.0f}" for column, value in enumerate(row)] for row in rows]


def all_checks():
    for model in TEXT_MODELS:
        of_numbers = type(f"{model.__name__}OfNumbers", (OfNumbers, model), {"__module__": __name__})
        globals()[of_numbers.__name__] = of_numbers  # where pickle finds it
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", UserWarning)  # it does not inherit from BaseEstimator
            for estimator, check in estimator_checks_generator(of_numbers(**SETTINGS)):
                name = check.func.__name__
                reason = (EXPECTED_TO_FAIL | EXPECTED_OF_MODEL.get(model.__name__, {})).get(name)
                marks = [] if reason is None else [pytest.mark.xfail(reason=reason, strict=True)]
                if name != "check_array_api_input":  # it is skipped without a setting of scipy
                    yield pytest.param(estimator, check, id=f"{model.__name__}-{name}", marks=marks)


@pytest.mark.parametrize(("estimator", "check"), list(all_checks()))
@pytest.mark.filterwarnings("ignore")
def test_checks_of_scikit_learn(estimator, check):
    check(estimator)


def texts(n=120):
    """Return texts of two kinds, and their kinds."""
    random = np.random.default_rng(0)
    words = [random.choice(list("abcde" if i % 2 else "efghi"), 12) for i in range(n)]
    return [" ".join(w) for w in words], np.arange(n) % 2


each_model = pytest.mark.parametrize("model", TEXT_MODELS)


@each_model
def test_a_model_stands_in_a_pipeline_and_in_a_grid_search(model):
    X, y = texts()
    settings = SETTINGS | LEARNS_SLOWLY.get(model.__name__, {})
    pipeline = make_pipeline(model(**settings, seed=3), LogisticRegression())
    name = model.__name__.lower()
    search = GridSearchCV(pipeline, {f"{name}__vector_size": [4, 6], f"{name}__seed": [1, 2]}, cv=2).fit(X, y)
    assert search.best_score_ > 0.9
    assert search.best_estimator_[0].vector_size == search.best_params_[f"{name}__vector_size"]
    assert pipeline[0].epochs_trained == 0, "the search trains copies"
    assert repr(pipeline) and pipeline._repr_html_()
    names = pipeline.fit(X, y)[:-1].get_feature_names_out()
    assert names.tolist() == [f"{name}{i}" for i in range(8)]
    np.testing.assert_array_equal(clone(pipeline).fit(X, y).predict_proba(X), pipeline.predict_proba(X))


@each_model
def test_a_clone_has_the_settings_and_the_output_but_not_the_vocabulary(model):
    fitted = model(**SETTINGS, tokenizer=str.split).set_output(transform="pandas").fit(texts()[0])
    copy = clone(fitted)
    assert copy.get_params() == fitted.get_params() and len(copy.vocab) == 0
    assert list(copy.fit_transform(texts()[0])) == fitted.get_feature_names_out().tolist()


@each_model
def test_data_frames(model):
    pandas, polars = pytest.importorskip("pandas"), pytest.importorskip("polars")
    X, _ = texts(20)
    series = pandas.Series(X, index=range(7, 27))
    fitted = model(**SETTINGS).fit(series)
    rows = fitted.transform(X)
    assert isinstance(rows, np.ndarray) and rows.dtype == np.float32
    frame = fitted.set_output(transform="pandas").transform(series)
    assert frame.index.equals(series.index) and (frame.to_numpy() == rows).all()
    assert fitted.set_output().transform(X).index.tolist() == list(range(20)), "None changes nothing"
    other = fitted.set_output(transform="polars").transform(polars.Series(X))
    assert other.columns == list(frame) and (other.to_numpy() == rows).all()
    assert isinstance(fitted.set_output(transform="default").transform(X), np.ndarray)
    with sklearn.config_context(transform_output="polars"):
        assert isinstance(model(**SETTINGS).fit(X).transform(X), polars.DataFrame)
    with pytest.raises(
        ValueError, match="transform='numpy': give one of 'default', 'pandas', 'polars', or None"
    ):
        fitted.set_output(transform="numpy")
    with pytest.raises(ValueError, match=r"a table \(DataFrame\); give one of its columns"):
        fitted.transform(series.to_frame("text"))
    columns = ColumnTransformer([("text", model(**SETTINGS), "text")]).set_output(transform="pandas")
    assert list(columns.fit_transform(series.to_frame("text"))) == [f"text__{name}" for name in frame]


@each_model
def test_tags_describe_a_model_of_texts(model):
    tags = get_tags(model(**SETTINGS))
    assert tags.input_tags.string and not tags.input_tags.two_d_array and tags.no_validation
    assert not tags.non_deterministic and get_tags(model(workers=2)).non_deterministic
    assert tags.estimator_type is None and not tags.target_tags.required


@each_model
def test_an_unfitted_model_raises_the_error_of_scikit_learn(model):
    for use in (lambda m: m.transform(["a"]), lambda m: m.get_feature_names_out()):
        with pytest.raises(SklearnNotFittedError, match="is not fitted yet; call fit first"):
            use(model())


def test_scikit_learn_is_not_imported():
    code = """
import sys
from wildvec import Word2Vec
from wildvec.models.scikit_learn import NotFittedError
model = Word2Vec(vector_size=4, min_count=1, workers=1)
try:
    model.transform(["a"])
except NotFittedError as error:
    assert isinstance(error, ValueError) and isinstance(error, AttributeError)
assert model.fit_transform(["a b", "b a"]).shape == (2, 4)
assert not {"sklearn", "pandas", "polars", "torch", "scipy"} & sys.modules.keys()
"""
    subprocess.run([sys.executable, "-c", code], check=True)


# -- the classifier ------------------------------------------------------------------------------------------------


def test_the_classifier_stands_in_searches_and_pipelines():
    X, y = texts()
    names = np.where(y == 1, "odd", "even")
    model = TextClassifier(vector_size=8, workers=1)
    assert is_classifier(model) and get_tags(model).target_tags.required
    assert get_tags(model).classifier_tags is not None
    scores = cross_val_score(model, X, names, cv=3)
    assert scores.mean() > 0.9 and model.epochs_trained == 0
    search = GridSearchCV(model, {"word_ngrams": [1, 2], "alpha": [0.1, 0.5]}, cv=2).fit(X, names)
    assert search.best_score_ > 0.9 and search.predict(X[:2]).tolist() == names[:2].tolist()
    fitted = make_pipeline(FunctionTransformer(), clone(model)).fit(X, names)
    assert fitted.score(X, names) > 0.9 and fitted.classes_.tolist() == ["even", "odd"]
    as_features = make_pipeline(clone(model), LogisticRegression()).fit(X, names)
    assert as_features.score(X, names) > 0.9
    np.testing.assert_allclose(fitted.predict_proba(X).sum(axis=1), 1, rtol=1e-5)


def test_the_classifier_gives_data_frames_and_raises_before_fit():
    pandas = pytest.importorskip("pandas")
    X, y = texts(20)
    series = pandas.Series(X, index=range(7, 27))
    model = TextClassifier(vector_size=4, workers=1)
    for use in (model.transform, model.predict, model.predict_proba, lambda X: model.score(X, y)):
        with pytest.raises(SklearnNotFittedError, match="this TextClassifier is not fitted yet"):
            use(X)
    frame = model.fit(series, pandas.Series(y)).set_output(transform="pandas").transform(series)
    assert frame.index.equals(series.index) and list(frame) == [f"textclassifier{i}" for i in range(4)]
    assert model.predict(series).tolist() == model.predict(X).tolist()
    assert clone(model).fit_transform(X, y).shape == (20, 4)
