"""Precision, recall and their curves: known answers, the definitions, and the conventions of fastText."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from wildvec.base.ragged import Ragged
from wildvec.models.label_metrics import LabelMetrics


def ragged(lists):
    offsets = np.concatenate([[0], np.cumsum([len(x) for x in lists])]).astype(np.int64)
    return Ragged(np.array([i for x in lists for i in x], np.int32), offsets)


def metrics(predictions, true, labels="abc"):
    """predictions: per text a list of (label id, score)."""
    scores = [score for text in predictions for _, score in text]
    return LabelMetrics(
        list(labels), ragged([[i for i, _ in text] for text in predictions]), scores, ragged(true)
    )


# Five texts; all labels were predicted with the scores that a model of fastText gave. Text 4 has its label twice.
SCORES = [
    [(0, 0.99486440), (2, 0.0048564486), (1, 0.00030926260)],
    [(1, 0.98376435), (2, 0.00898914), (0, 0.00727654)],
    [(0, 0.98712665), (2, 0.00891871), (1, 0.00398464)],
    [(2, 0.97111493), (0, 0.01911501), (1, 0.00980014)],
    [(0, 0.99296844), (2, 0.0069310791), (1, 0.00013044298)],
]
TRUE = [[0], [1], [0], [2], [0, 0]]


def test_measures_of_the_best_label_are_those_that_fasttext_gave():
    at_1 = metrics(SCORES, TRUE).at(k=1)
    assert (at_1.n_texts, at_1.precision, at_1.recall) == (5, 1.0, 5 / 6)
    assert at_1.by_label() == {
        "a": {"precision": 1.0, "recall": 0.75, "f1": 6 / 7},
        "b": {"precision": 1.0, "recall": 1.0, "f1": 1.0},
        "c": {"precision": 1.0, "recall": 1.0, "f1": 1.0},
    }
    none = metrics(SCORES, TRUE).at(k=1, threshold=2.0)
    assert math.isnan(none.precision) and none.recall == 0
    assert np.isnan(none.precisions).all() and none.recalls.tolist() == none.f1s.tolist() == [0, 0, 0]


def test_curves_are_those_that_fasttext_gave():
    every = metrics(SCORES, TRUE)
    for at, n in ((every, 3), (every.at(k=2), 2), (every.at(k=1), 1)):
        precisions, recalls = at.precision_recall_curve()
        n_correct = np.minimum(np.arange(1, 5 * n + 1), 5)
        np.testing.assert_allclose(precisions, [*(n_correct / np.arange(1, 5 * n + 1)), 1])
        np.testing.assert_allclose(recalls, [*(n_correct / 6), 0])
    precisions, recalls = every.precision_recall_curve("a")
    np.testing.assert_allclose(precisions, [1, 1, 1, 0.75, 0.6, 1])
    np.testing.assert_allclose(recalls, [0.25, 0.5, 0.75, 0.75, 0.75, 0])
    precisions, recalls = every.precision_recall_curve("b")  # ends where the recall is 1
    assert precisions.tolist() == [1, 1] and recalls.tolist() == [1, 0]
    scores, true = every.score_vs_true("a")
    np.testing.assert_allclose(scores, [0.00727654, 0.01911501, 0.98712665, 0.99296844, 0.9948644])
    assert scores.dtype == np.float32 and true.tolist() == [0, 0, 1, 1, 1]


def test_the_best_point_of_a_curve_that_meets_a_bound():
    every = metrics(SCORES, TRUE)
    assert every.precision_at_recall(0.5, "a") == 1
    assert every.precision_at_recall(0.8, "a") == 0, "no threshold has this recall"
    assert every.recall_at_precision(0.5, "a") == 0.75
    assert every.recall_at_precision(1.1) == 0
    assert every.precision_at_recall(0.8) == 1


def test_equal_scores_are_one_point_of_the_curve():
    at = metrics([[(0, 0.5)], [(0, 0.5)], [(0, 0.9)]], [[0], [1], [0]])
    precisions, recalls = at.precision_recall_curve("a")
    np.testing.assert_allclose(precisions, [1, 2 / 3, 1])
    np.testing.assert_allclose(recalls, [0.5, 1, 0])


def test_labels_without_cases_have_no_measure():
    at = metrics([[(0, 0.9)], [(0, 0.8)]], [[0], [1]])
    assert at.precisions.tolist()[:1] == [0.5] and np.isnan(at.precisions[1:]).all()
    assert at.recalls.tolist()[:2] == [1, 0] and math.isnan(at.recalls[2])
    assert math.isnan(at.f1s[2]) and at.f1s[1] == 0
    assert [len(x) for x in at.precision_recall_curve("c")] == [0, 0]
    assert at.precision_at_recall(0.1, "c") == at.recall_at_precision(0.1, "c") == 0
    never_true = metrics([[(2, 0.9)]], [[0]])
    precisions, recalls = never_true.precision_recall_curve("c")
    assert precisions.tolist() == [0, 1] and math.isnan(recalls[0])
    assert never_true.recall_at_precision(0, "c") == 0


def test_nothing_predicted_and_no_texts():
    nothing = metrics([[], []], [[0], []])
    assert math.isnan(nothing.precision) and nothing.recall == 0 and nothing.f1 == 0
    empty = metrics([], [])
    assert math.isnan(empty.precision) and math.isnan(empty.recall) and math.isnan(empty.f1)
    assert repr(empty) == "LabelMetrics(0 texts, 3 labels: precision nan, recall nan, F1 nan)"
    assert empty.at(k=1).n_texts == 0


def test_a_table_of_all_or_the_most_frequent_labels():
    at = metrics(SCORES, TRUE).at(k=1)
    lines = at.table().splitlines()
    assert [line.split()[0] for line in lines] == ["label", "a", "b", "c", "over"]
    assert lines[1].split() == ["a", "1.000", "0.750", "0.857", "4", "3"]
    assert [line.split()[0] for line in at.table(most=1).splitlines()] == ["label", "a", "over"]
    assert repr(at) == "LabelMetrics(5 texts, 3 labels: precision 1.000, recall 0.833, F1 0.909)"


N_LABELS = 4
a_text = st.tuples(
    st.lists(st.tuples(st.integers(0, N_LABELS - 1), st.integers(0, 4)), unique_by=lambda p: p[0]),
    st.sets(st.integers(0, N_LABELS - 1)),
)


@given(st.lists(a_text, max_size=8), st.integers(0, 3), st.integers(0, 4))
def test_measures_follow_their_definitions(texts, k, threshold):
    """The definitions of scikit-learn's precision_score, recall_score and f1_score for several labels per text."""
    predictions = [sorted(predicted, key=lambda p: -p[1]) for predicted, _ in texts]
    at = metrics(predictions, [sorted(true) for _, true in texts], "abcd").at(k, threshold)
    kept = [[i for i, score in text[:k] if score >= threshold] for text in predictions]
    yes = np.array([[i in text for i in range(N_LABELS)] for text in kept], bool).reshape(-1, N_LABELS)
    is_true = np.array([[i in true for i in range(N_LABELS)] for _, true in texts], bool).reshape(
        -1, N_LABELS
    )
    both = (yes & is_true).sum(0)
    with np.errstate(invalid="ignore"):
        np.testing.assert_allclose(at.precisions, both / yes.sum(0))
        np.testing.assert_allclose(at.recalls, both / is_true.sum(0))
        np.testing.assert_allclose(at.f1s, 2 * both / (yes.sum(0) + is_true.sum(0)))
        np.testing.assert_allclose(at.precision, both.sum() / yes.sum())
        np.testing.assert_allclose(at.recall, both.sum() / is_true.sum())


@given(st.lists(a_text, min_size=1, max_size=8), st.floats(0, 1))
def test_each_point_of_a_curve_is_the_measure_at_a_threshold(texts, bound):
    predictions = [sorted(predicted, key=lambda p: -p[1]) for predicted, _ in texts]
    every = metrics(predictions, [sorted(true) for _, true in texts], "abcd")
    for label in (None, "b"):
        scores = np.unique(every.score_vs_true(label)[0])[::-1]
        precisions, recalls = every.precision_recall_curve(label)
        for score, precision, recall in zip(scores, precisions[:-1], recalls[:-1], strict=False):
            at = every.at(threshold=score)
            expected = (at.precision, at.recall) if label is None else (at.precisions[1], at.recalls[1])
            np.testing.assert_allclose((precision, recall), expected)
        best = max([p for p, r in zip(precisions, recalls, strict=True) if r >= bound], default=0)
        assert every.precision_at_recall(bound, label) == best


def test_arguments_that_do_not_fit_are_refused():
    def new(predicted=((0,),), scores=(0.5,), true=((0,),), labels="ab"):
        return LabelMetrics(list(labels), ragged(predicted), scores, ragged(true))

    new()
    for arguments, message in (
        ({"true": [[0], [1]]}, "1 texts have predicted labels and 2 true ones"),
        ({"scores": [0.5, 0.5]}, r"scores has the shape \(2,\); give one score for each of the 1 predicted"),
        ({"true": [[2]]}, r"true.values\[0\]=2 is no label id; give 0 to 1"),
        ({"predicted": [[-1]]}, r"predicted.values\[0\]=-1 is no label id"),
        ({"predicted": [[0, 1]], "scores": [0.4, 0.5]}, "in falling order of scores"),
        ({"scores": [math.nan]}, "without NaN"),
        ({"labels": "aa"}, "a label occurs twice"),
    ):
        with pytest.raises(ValueError, match=message):
            new(**arguments)
    new([[], [0], [], [1], []], [0.4, 0.5], [[]] * 5)  # scores may rise from text to text
    with pytest.raises(ValueError, match="label='x': the labels are 'a', 'b'"):
        new().score_vs_true("x")
    with pytest.raises(ValueError, match="k=-1: give a whole number from 0 up"):
        new().at(k=-1)
