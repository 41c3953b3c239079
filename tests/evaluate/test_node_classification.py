"""Node classification: F1 as scikit-learn's, liblinear's classifiers, all forms of labels, clear errors."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from wildvec import KeyedVectors
from wildvec.evaluate import node_classification
from wildvec.evaluate.logistic import fit_logistic, predict_scores
from wildvec.evaluate.node_classification import f1_scores, predict_labels
from wildvec.evaluate.node_labels import read_node_labels


def blobs(n=60, classes=3, seed=0):
    """Vectors around one center per class, and the class of each node."""
    random = np.random.default_rng(seed)
    labels = random.integers(classes, size=n)
    vectors = random.normal(0, 3, (classes, 5))[labels] + random.normal(0, 1, (n, 5))
    wv = KeyedVectors(5)
    wv.add_vectors(list(range(n)), vectors.astype(np.float32))
    return wv, labels


def test_vectors_of_separate_classes_are_classified():
    wv, labels = blobs()
    result = node_classification(wv, dict(enumerate(labels)), shuffles=4)
    assert result.micro_f1 > 0.9
    assert result.micro_f1s.shape == result.macro_f1s.shape == (4,)
    assert (result.n_nodes, result.n_labels, result.n_unknown) == (60, 3, 0)
    again = node_classification(wv, dict(enumerate(labels)), shuffles=4)
    assert np.array_equal(result.micro_f1s, again.micro_f1s)


def test_a_validation_does_not_depend_on_the_test_nodes():
    wv, labels = blobs()
    test = np.random.default_rng([1, 0]).permutation(60)[30:]
    changed = {node: "other" if node in set(test.tolist()) else label for node, label in enumerate(labels)}
    options = {"shuffles": 1, "seed": 1}
    assert node_classification(wv, changed, validation=True, **options).micro_f1 > 0.8
    assert node_classification(wv, changed, **options).micro_f1 == 0
    with pytest.raises(ValueError, match="a validation needs two for training"):
        node_classification(wv, changed, train_fraction=1 / 60, validation=True)


def test_random_labels_are_not_predicted():
    wv, _ = blobs(200)
    labels = np.random.default_rng(1).integers(4, size=200)
    assert node_classification(wv, dict(enumerate(labels))).micro_f1 < 0.4


def test_several_fractions_use_the_same_shuffles():
    wv, labels = blobs()
    few, many = node_classification(wv, dict(enumerate(labels)), train_fraction=[0.1, 0.5], shuffles=2)
    assert (few.train_fraction, many.train_fraction) == (0.1, 0.5)
    one = node_classification(wv, dict(enumerate(labels)), train_fraction=0.5, shuffles=2)
    assert np.array_equal(one.micro_f1s, many.micro_f1s)


def test_the_whole_protocol_agrees_with_scikit_learn():
    linear_model = pytest.importorskip("sklearn.linear_model")
    metrics = pytest.importorskip("sklearn.metrics")
    wv, labels = blobs(80, 4)
    has_label = labels[:, None] == np.arange(4)
    has_label[::5, 0] = True  # some nodes have two labels
    lists = {i: np.flatnonzero(row).tolist() for i, row in enumerate(has_label)}
    result = node_classification(wv, lists, shuffles=1, seed=7)

    order = np.random.default_rng([7, 0]).permutation(80)
    train, test = order[:40], order[40:]
    scores = np.stack(
        [
            linear_model.LogisticRegression(solver="liblinear", tol=1e-8)
            .fit(wv.vectors[train], has_label[train, label])
            .decision_function(wv.vectors[test])
            for label in range(4)
        ],
        axis=1,
    )
    predicted = np.zeros_like(has_label[test])
    for row, k in enumerate(has_label[test].sum(axis=1)):
        predicted[row, np.argsort(-scores[row])[:k]] = True
    for average, measured in (("micro", result.micro_f1), ("macro", result.macro_f1)):
        expected = metrics.f1_score(has_label[test], predicted, average=average)
        assert measured == pytest.approx(expected, abs=1e-9)


@pytest.mark.parametrize("l2", [0.1, 1.0, 20.0])
def test_logistic_regressions_have_the_weights_of_liblinear(l2):
    linear_model = pytest.importorskip("sklearn.linear_model")
    random = np.random.default_rng(3)
    features = random.normal(size=(100, 4))
    labels = random.random((100, 3)) < [0.1, 0.5, 0.7]
    weights = fit_logistic(features, labels, l2)
    for column in range(3):
        model = linear_model.LogisticRegression(solver="liblinear", C=1 / l2, tol=1e-8, max_iter=1000)
        model.fit(features, labels[:, column])
        expected = np.append(model.coef_, model.intercept_)
        np.testing.assert_allclose(weights[:, column], expected, atol=2e-3)
    scores = predict_scores(features, weights)
    np.testing.assert_allclose(scores, features @ weights[:-1] + weights[-1], rtol=1e-4, atol=1e-5)


@given(arrays(np.bool_, (6, 3)), arrays(np.bool_, (6, 3)))
def test_f1_is_that_of_scikit_learn(predicted, true):
    metrics = pytest.importorskip("sklearn.metrics")
    expected = [
        metrics.f1_score(true, predicted, average=average, zero_division=0) for average in ("micro", "macro")
    ]
    assert f1_scores(predicted, true) == pytest.approx(expected)


@given(arrays(np.float32, (5, 4), elements=st.floats(-2, 2, width=32)), arrays(np.bool_, (5, 4)))
def test_as_many_labels_are_predicted_as_there_are(scores, true):
    predicted = predict_labels(scores, true)
    assert np.array_equal(predicted.sum(axis=1), true.sum(axis=1))
    lowest = np.where(predicted, scores, np.inf).min(axis=1)
    highest = np.where(predicted, -np.inf, scores).max(axis=1)
    assert (lowest >= highest).all()


def test_all_forms_of_labels_are_the_same(tmp_path):
    file = tmp_path / "labels.txt"
    file.write_text("# node label\n1 x\n\n2 y z\n3 x\n")
    numbers = [(1, "x"), (2, "y"), (2, "z"), (3, "x")]
    rows = {1: 0, 2: 1, 3: 2}
    forms = [
        {1: "x", 2: ["y", "z"], 3: ("x",)},
        numbers,
        [(1, "x"), (2, ["y", "z"]), (3, "x")],
        np.array(numbers, dtype=object),
        file,
        str(file),
    ]
    for form in forms:
        found = read_node_labels(form, rows)
        assert found.rows.tolist() == [0, 1, 2]
        assert found.names == ["x", "y", "z"]
        assert found.has_label.astype(int).tolist() == [[1, 0, 0], [0, 1, 1], [1, 0, 0]]


def test_texts_of_integers_are_nodes_only_as_python_writes_them():
    found = read_node_labels([("1", "x"), ("-2", "y"), ("01", "x"), ("--1", "x")], {1: 0, -2: 1})
    assert (found.rows.tolist(), found.unknown) == ([0, 1], ["01", "--1"])


@pytest.mark.parametrize("library", ["pandas", "polars"])
def test_frames_of_labels(library):
    frames = pytest.importorskip(library)
    frame = frames.DataFrame({"node": ["a", "b", "b"], "label": [1, 1, 2]})
    found = read_node_labels(frame, {"a": 0, "b": 1})
    assert found.names == [1, 2]
    assert found.has_label.astype(int).tolist() == [[1, 0], [1, 1]]


def test_nodes_without_vectors_are_left_out(caplog):
    wv, labels = blobs()
    given_labels = {**dict(enumerate(labels)), 1000: 1}
    result = node_classification(wv, given_labels, shuffles=1)
    assert (result.n_nodes, result.n_unknown) == (60, 1)
    assert "1 labelled nodes have no vector" in caplog.text


@pytest.mark.parametrize(
    ("labels", "message"),
    [
        ({"x": 1, "y": 2}, "no node of the labels has a vector .*'x', 'y'"),
        ([], "no node of the labels"),
        ({0: 1, 1: 1}, "the same label, 1"),
        ([(0, 1), (1,)], r"pair 2 of the labels is \(1,\)"),
        (["ab", "cd"], "pair 1 of the labels is 'ab'"),
        (np.zeros((4, 3)), r"shape \(4, 3\); give two"),
    ],
)
def test_bad_labels_are_named(labels, message):
    with pytest.raises(ValueError, match=message):
        node_classification(blobs()[0], labels)


def test_a_line_without_label_is_named(tmp_path):
    file = tmp_path / "labels.txt"
    file.write_text("1 2\n3\n")
    with pytest.raises(ValueError, match=r"labels.txt, line 2: node '3' has no label"):
        node_classification(blobs()[0], file)


@pytest.mark.parametrize("label", [None, float("nan"), np.nan, [[1]]])
def test_a_missing_label_is_named(label):
    with pytest.raises(TypeError, match="of node 0 is neither str nor number"):
        node_classification(blobs()[0], {0: label, 1: 2})


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"train_fraction": 0}, "train_fraction=0"),
        ({"train_fraction": 1.0}, "train_fraction=1.0"),
        ({"train_fraction": [0.5, 2]}, "train_fraction=2"),
        ({"train_fraction": 0.001}, "leaves 0 of 60 nodes for training"),
        ({"shuffles": 0}, "shuffles=0"),
        ({"l2": -1}, "l2=-1"),
        ({"seed": -1}, "seed=-1"),
    ],
)
def test_bad_settings_are_named(settings, message):
    wv, labels = blobs()
    with pytest.raises(ValueError, match=message):
        node_classification(wv, dict(enumerate(labels)), **settings)


def test_vectors_that_are_not_finite_are_an_error():
    wv, labels = blobs()
    wv.vectors[3, 1] = np.inf
    with pytest.raises(ValueError, match="node 3 has a value that is not finite"):
        node_classification(wv, dict(enumerate(labels)))


def test_other_objects_are_refused():
    with pytest.raises(TypeError, match="ndarray: give KeyedVectors"):
        node_classification(np.zeros((3, 2)), {0: 1, 1: 2})
    with pytest.raises(TypeError, match="labels are int"):
        node_classification(blobs()[0], 3)


def test_series_and_labels_without_nodes():
    pandas = pytest.importorskip("pandas")
    wv, labels = blobs()
    expected = node_classification(wv, dict(enumerate(labels)), shuffles=2)
    assert repr(node_classification(wv, pandas.Series(labels), shuffles=2)) == repr(expected)
    assert repr(expected).startswith(f"NodeClassificationResult(micro_f1={expected.micro_f1:.4f}, macro_f1=")
    with pytest.raises(ValueError, match=r"shape \(60,\); give two columns: .* dict\(zip\(wv.index_to_key"):
        node_classification(wv, labels)
