"""The plan of a training: chunks, private rows, errors and warnings that hold for every kind of data."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from wildvec.training import hot_rows, matrices
from wildvec.training.hot_rows import max_hot_rows, plan_merges
from wildvec.training.objective import MatrixSpec
from wildvec.training.plan import Plan, chunk_bounds


@dataclass(frozen=True)
class Sizes:
    """A feed of which only the sizes of units are used."""

    sizes: np.ndarray


def spec(role, uses, rows=None):
    """Return a matrix of one column; uses None: without private rows."""
    uses = None if uses is None else np.asarray(uses, float)
    return MatrixSpec(role, role, len(uses) if rows is None else rows, 1, uses=uses)


def plan(sizes, workers=1, **options):
    return Plan.make(
        Sizes(np.asarray(sizes, np.int64)), [spec("input", np.ones(100))], workers=workers, **options
    )


@given(st.lists(st.integers(1, 9), min_size=1, max_size=40), st.integers(1, 12))
def test_chunks_are_whole_units(sizes, items):
    offsets = np.cumsum([0, *sizes])
    bounds = chunk_bounds(offsets, items)
    assert bounds[0] == 0 and bounds[-1] == len(sizes) and bounds.dtype == np.int64
    in_chunks = np.diff(offsets[bounds])
    assert (in_chunks > 0).all() and (in_chunks < items + max(sizes)).all()


@pytest.mark.parametrize(("sizes", "reason"), [([], "there are no units"), ([0, 0], "all 2 units are empty")])
@pytest.mark.parametrize("options", [{}, {"held_out": 0.1}, {"workers": 3, "deterministic": True}], ids=str)
def test_data_without_items_is_refused(sizes, reason, options):
    with pytest.raises(ValueError, match=f"nothing to train on: {reason}; give data with at least one item"):
        plan(sizes, **options)


def test_empty_units_among_others_are_allowed():
    made = plan([0, 3, 0])
    assert made.longest == 3 and made.offsets.tolist() == [0, 0, 3, 3]


def test_messages_do_not_depend_on_the_kind_of_data(caplog):
    with pytest.raises(
        ValueError, match=r"only one unit, .*; give more data, or split the data into smaller units"
    ):
        plan([5], held_out=0.1)
    with pytest.raises(ValueError, match="give more data, or cut the walks"):
        plan([5], held_out=0.1, split_advice="cut the walks")
    plan([40_000, 10], workers=3, deterministic=True)
    assert "a unit has 40000 items" in caplog.text
    assert "some workers will be idle in each round; split the data into smaller units" in caplog.text


def test_no_memory_for_a_matrix_is_an_error_with_a_remedy(monkeypatch):
    def refuse(size):
        raise OSError("out of memory")

    monkeypatch.setattr(matrices, "private_pages", refuse)
    with pytest.raises(
        MemoryError, match=r"10 × 112 float32 \(0.0 GB\); lower vector_size, or train fewer keys"
    ):
        matrices.allocate(10, 100)


def test_matrices_of_equal_height_have_the_same_private_rows(monkeypatch):
    monkeypatch.setattr(hot_rows, "LEAST_HOT", 2)
    monkeypatch.setattr(hot_rows, "HOT_ROWS", 4)
    monkeypatch.setattr(hot_rows, "ZIPF_ROWS", 4)
    uses = [0.1, 0.1, 0.6, 0.2], [0.7, 0.1, 0.1, 0.1]
    merges = plan_merges([spec("input", uses[0]), spec("output", uses[1])], workers=2)
    assert [rows.ids.tolist() for rows in merges.rows] == [[0, 2], [0, 2]]
    assert merges.rows[0].uses.tolist() == np.float32([0.1, 0.6]).tolist()
    assert merges.rows[1].uses.tolist() == np.float32([0.7, 0.1]).tolist()


def test_a_matrix_of_another_height_has_its_own_most_used_rows(monkeypatch):
    monkeypatch.setattr(hot_rows, "LEAST_HOT", 2)
    monkeypatch.setattr(hot_rows, "HOT_ROWS", 4)
    monkeypatch.setattr(hot_rows, "ZIPF_ROWS", 4)
    first, other = [0.1, 0.1, 0.6, 0.2], [0.0, 0.1, 0.1, 0.2, 0.0, 0.6]
    rows = plan_merges([spec("input", first), spec("output", other)], workers=2).rows
    assert [r.ids.tolist() for r in rows] == [[2, 3], [5, 3]]
    assert rows[1].uses.tolist() == np.float32([0.6, 0.2]).tolist()
    rows = plan_merges([spec("input", first), spec("output", [1.0])], workers=2).rows
    assert [r.ids.tolist() for r in rows] == [[2, 3], [0]]


def test_merges_are_as_often_as_the_first_matrix_is_used():
    word = np.full(1000, 1 / 1000)
    once = plan_merges([spec("input", word)], workers=2).merge_every
    assert plan_merges([spec("input", word), spec("output", 6 * word)], workers=2).merge_every == once
    assert plan_merges([spec("input", 10 * word)], workers=2).merge_every == once // 10


def test_nodes_of_a_tree_have_private_rows_from_the_root(monkeypatch):
    monkeypatch.setattr(hot_rows, "LEAST_HOT", 2)
    monkeypatch.setattr(hot_rows, "HOT_ROWS", 4)
    monkeypatch.setattr(hot_rows, "ZIPF_ROWS", 4)
    rows = plan_merges([spec("input", [0.1, 0.1, 0.6, 0.2]), spec("nodes", [1.0, 0.4, 0.6])], workers=2).rows
    assert [r.ids.tolist() for r in rows] == [[2, 3], [0, 1]]
    rows = plan_merges([spec("input", [0.1, 0.9]), spec("output", None, 5)], workers=2).rows
    assert [r.ids.tolist() for r in rows] == [[1, 0], []]


@given(st.integers(1, 60), st.floats(0, 2), st.integers(1, 3_000))
def test_no_worker_has_more_private_rows_than_the_bound(workers, exponent, n):
    uses = 1 / np.arange(1.0, n + 1) ** exponent
    merges = plan_merges([spec("input", uses)], workers)
    assert len(merges.rows[0].ids) <= max_hot_rows(workers)
