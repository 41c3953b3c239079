"""In: columns of names. Tested: the numbers of names by their definition, for integers of any range and for str."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from wildvec._graph import Numbering
from wildvec.graph import numbering
from wildvec.graph.numbering import number_keys

small = st.integers(-5, 20)
large = st.integers(-(2**63), 2**63 - 1)


@given(st.lists(st.lists(st.one_of(small, large), max_size=20), min_size=1, max_size=3), st.integers(1, 30))
def test_integers_are_numbered_in_ascending_order(columns, piece):
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(numbering, "PIECE", piece)
        keys, ids = number_keys(columns)
    assert keys == sorted({key for column in columns for key in column})
    assert [[keys[i] for i in column] for column in ids] == columns
    assert all(column.dtype == np.int32 for column in ids)


@given(st.lists(st.lists(st.text("abé", max_size=3), max_size=20), min_size=1, max_size=3))
def test_str_are_numbered_by_first_use(columns):
    keys, ids = number_keys(columns)
    assert keys == list(dict.fromkeys(key for column in columns for key in column))
    assert [[keys[i] for i in column] for column in ids] == columns


@pytest.mark.parametrize("dtype", [np.int8, np.uint16, np.int32, np.uint64, np.float32, object])
def test_arrays_of_all_types(dtype):
    keys, (ids, none) = number_keys([np.array([7, 3, 7], dtype), np.array([], dtype)])
    assert (keys, ids.tolist(), none.tolist()) == ([3, 7], [1, 0, 1], [])
    assert all(type(key) is int for key in keys)


def test_integers_that_are_far_apart():
    column = np.random.default_rng(1).integers(-(2**63), 2**63 - 1, 20_000)
    keys, (ids, again) = number_keys([column, column[::-2]])
    assert keys == np.unique(column).tolist()
    assert np.array_equal(np.array(keys)[ids], column)
    assert np.array_equal(np.array(keys)[again], column[::-2])


def test_numbers_need_as_much_space_as_keys():
    with pytest.raises(ValueError, match="1 numbers for 2 keys"):
        Numbering().number(np.array([1, 2]), np.empty(1, np.int32))
    assert Numbering().keys().tolist() == []


@pytest.mark.parametrize(
    ("columns", "message"),
    [
        ([[1], ["a"]], "user 'a' at position 0 of column 1 is str, but 1 before it is int"),
        ([["a", 1]], "user 1 at position 1 of column 0 is int, but 'a' before it is str"),
        ([[b"a"]], "user b'a' at position 0 of column 0 is bytes; users are str or int"),
        ([np.array(["2020-01-01"], "M8[D]")], "column 0 is date; users are str or int"),
        ([np.array([2.0**60])], "no whole number below"),
        (["abc"], "str 'abc' is no column"),
        ([5], "int '5' is no column"),
    ],
)
def test_errors(columns, message):
    with pytest.raises((TypeError, ValueError), match=message):
        number_keys(columns, "user")
