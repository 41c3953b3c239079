"""Encoding of tables: rows and weights of items, knots of numbers, JSON."""

from __future__ import annotations

import json

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from wildvec.tables.encoder import Categories, Encoder, Numbers, fit_encoder, usual_size
from wildvec.tables.frames import read_table

NUMBERS = st.one_of(st.floats(-1e99, 1e99), st.just(np.nan))
CATEGORIES = st.one_of(st.text(max_size=2), st.none())


def column_of(values):
    return read_table(np.array([*values], dtype=object)[:, None])


def test_the_rows_of_a_small_table():
    table = read_table(np.array([["b", 1.0], ["a", 3.0], [None, np.nan], ["b", 2.0]], dtype=object))
    encoder = fit_encoder(table, bins=1)
    ids, weights = encoder.encode(table)
    # rows: a, b, missing, unknown; knots 1 and 3, missing
    assert ids.tolist() == [[1, 4, 5], [0, 4, 5], [2, 6, 6], [1, 4, 5]]
    assert weights.tolist() == [[1, 1, 0], [1, 0, 1], [1, 1, 0], [1, 0.5, 0.5]]
    assert encoder.row_counts().tolist() == [1, 2, 1, 0, 1.5, 1.5, 1]
    assert encoder.masked_rows().tolist() == [3, 3, 3, 3, 4, 5, 6]
    assert encoder.row_sizes().tolist() == [usual_size(3)] * 4 + [usual_size(2)] * 3


@given(values=arrays(np.float64, st.integers(1, 40), elements=NUMBERS), bins=st.integers(1, 20))
def test_numbers_are_means_of_two_knots(values, bins):
    table = read_table(values[:, None])
    (column,) = fit_encoder(table, bins=bins).columns
    assert isinstance(column, Numbers)
    ids, weights = column.encode(values)
    known = ~np.isnan(values)
    assert ids.min() >= 0 and ids.max() < column.n_rows
    np.testing.assert_allclose(weights.sum(axis=1), 1, rtol=1e-6)
    assert sum(column.row_counts()) == pytest.approx(max(len(values), 1) if known.any() else len(values) + 1)
    knots = np.array(column.knots)
    if known.any():
        assert (np.diff(knots) > 0).all()
        means = (knots[ids[known]] * weights[known]).sum(axis=1)
        np.testing.assert_allclose(means, values[known], rtol=1e-5, atol=1e-5 * np.abs(knots).max())
        assert np.isfinite(column.standardize(values)[known]).all()
    else:
        assert (ids == column.first + len(knots)).all()


@given(
    values=st.lists(CATEGORIES, min_size=1), others=st.lists(CATEGORIES, min_size=1), least=st.integers(1, 3)
)
def test_each_category_has_a_row(values, others, least):
    table = column_of(values)
    (column,) = fit_encoder(table, min_count=least).columns
    assert isinstance(column, Categories)
    assert column.categories == sorted({c for c in values if c is not None and values.count(c) >= least})
    assert sum(column.row_counts()) == len(values)
    expected = [
        column.missing_row
        if value is None
        else column.categories.index(value)
        if value in column.categories
        else column.unknown_row
        for value in others
    ]
    ids, weights = column.encode(np.array([*others, None], dtype=object)[:-1])
    assert ids[:, 0].tolist() == expected and (weights == 1).all()


def test_an_encoder_survives_json_and_damage_is_an_error():
    table = read_table([["a", 1.5, True], ["b", 2.5, False]])
    encoder = fit_encoder(table, sizes={"x0": 3})
    text = json.dumps(encoder.to_json())
    assert Encoder.from_json(json.loads(text)) == encoder
    for change in ({"first": 1}, {"counts": []}, {"size": 0}):
        columns = json.loads(text)
        columns[0] |= change
        with pytest.raises(ValueError, match="do not fit"):
            Encoder.from_json(columns)
    with pytest.raises(TypeError):
        Encoder.from_json([{"categories": []}])
    with pytest.raises(ValueError, match="0 columns"):
        Encoder.from_json([])


def test_a_column_without_any_value():
    encoder = fit_encoder(read_table(np.array([[None, np.nan], [None, np.nan]], dtype=object)))
    assert [type(column) for column in encoder.columns] == [Categories, Categories]
    (numbers,) = fit_encoder(read_table(np.full((2, 1), np.nan))).columns
    assert isinstance(numbers, Numbers) and numbers.missing == 2
