"""Labels as users give them: one or several for each text, of any plain type."""

import math

import numpy as np
import pytest

from wildvec.models.label_lists import (
    array_of_labels,
    encode_labels,
    encode_with_known,
    lists_of_labels,
    ragged_of,
)


def test_one_label_or_a_list_of_labels_for_each_text():
    given = ["a", ["b", "a"], (), {"c"}, np.array([1, 2]), np.int64(3), True, 0.5]
    assert lists_of_labels(given, 8) == [["a"], ["b", "a"], [], ["c"], [1, 2], [3], [True], [0.5]]
    assert lists_of_labels(np.array(["x", "y"]), 2) == [["x"], ["y"]]


def test_what_is_no_label_is_refused():
    for given, message in (
        ("abc", "give a list with one label, or a list of labels, for each text"),
        (5, "give a list with one label"),
        (["a", None], "label of text 1 is missing"),
        ([["a", ["b"]]], "label .'b'. of text 0 is list"),
        ([math.nan], "label of text 0 is missing"),
    ):
        with pytest.raises(TypeError, match=message):
            lists_of_labels(given, 2)
    with pytest.raises(ValueError, match="1 labels for 2 texts"):
        lists_of_labels(["a"], 2)


def test_ids_of_labels_by_falling_count():
    labels, counts, ids, offsets = encode_labels([["a"], ["b", "c"], ["b"], []], 1)
    assert (labels[0], sorted(labels), counts) == ("b", ["a", "b", "c"], [2, 1, 1])
    assert [labels[i] for i in ids.tolist()] == ["a", "b", "c", "b"] and offsets.tolist() == [0, 1, 3, 4, 4]
    labels, counts, ids, offsets = encode_labels([["a"], ["b", "c"], ["b"], []], 2)
    assert (labels, counts, ids.tolist(), offsets.tolist()) == (["b"], [2], [0, 0], [0, 0, 1, 2, 2])


def test_unknown_labels_come_after_the_known_ones():
    labels, rows = encode_with_known([["b"], [], ["x", "a"], ["x"]], ["a", "b"])
    assert labels == ["a", "b", "x"] and [row.tolist() for row in rows] == [[1], [], [2, 0], [2]]
    assert len(ragged_of([])) == 0
    assert array_of_labels([1, "a"]).dtype == object and array_of_labels(["a", "b"]).dtype.kind == "U"
