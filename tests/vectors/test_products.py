"""The best rows by dot product, with excluded rows: every instruction set agrees with numpy."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from wildvec._search import Best, Queries, choose_isa
from wildvec.vectors import search
from wildvec.vectors.products import best_products


def available(isa):
    try:
        choose_isa(isa)
    except ValueError:
        return False
    return True


@pytest.fixture(params=[isa for isa in ("scalar", "avx2", "avx512", "neon") if available(isa)])
def isa(request, monkeypatch):
    monkeypatch.setenv("WILDVEC_ISA", request.param)


def random_exclusions(random, n_queries, n):
    """Up to a third of the rows for each query."""
    lists = [np.sort(random.permutation(n)[: random.integers(0, n // 3 + 1)]) for _ in range(n_queries)]
    offsets = np.cumsum([0, *map(len, lists)])
    return offsets, np.concatenate([*lists, []]).astype(np.int32)


def check(queries, matrix, k, exclude=None, rows=None, workers=None):
    """best_products agrees with numpy up to the rounding of nearly equal scores."""
    found, scores = best_products(queries, matrix, k, exclude=exclude, rows=rows, workers=workers)
    expected = queries.astype(float) @ matrix.astype(float).T
    tolerance = 1e-5 * np.outer(np.linalg.norm(queries, axis=1), np.linalg.norm(matrix, axis=1)).max()
    allowed = np.ones(expected.shape, bool)
    if rows is not None:
        allowed[:] = False
        allowed[:, rows] = True
    for q in range(len(queries)):
        if exclude is not None:
            allowed[q, exclude[1][exclude[0][q] : exclude[0][q + 1]]] = False
        best = np.sort(expected[q, allowed[q]])[::-1][: found.shape[1]]
        n = len(best)
        assert (found[q, n:] == -1).all() and np.isnan(scores[q, n:]).all()
        assert allowed[q, found[q, :n]].all() and len(set(found[q, :n].tolist())) == n
        np.testing.assert_allclose(scores[q, :n], best, atol=tolerance)
        np.testing.assert_allclose(expected[q, found[q, :n]], best, atol=tolerance)
        pairs = list(zip(-scores[q, :n], found[q, :n], strict=True))
        assert pairs == sorted(pairs), "best first, and of equal scores the lower row"


def test_a_second_call_without_ids_excludes_nothing():
    rows = np.arange(1, 11, dtype=np.float32)[:, None]
    best = Best(Queries(np.ones((1, 1), np.float32), choose_isa(""), 10.0), 3)
    for n in (4000, 0):
        best.exclude(np.array([0, n]), np.arange(n, dtype=np.int32))
    best.scan(rows, 0)
    scores, found = np.empty((1, 3), np.float32), np.empty((1, 3), np.int64)
    best.write(scores, found)
    assert found.tolist() == [[9, 8, 7]]


@given(
    seed=st.integers(0, 1000),
    n=st.integers(1, 300),
    dim=st.integers(1, 67),
    n_queries=st.sampled_from([1, 2, 25, 49, 97]),
    k=st.integers(1, 40),
    spread=st.sampled_from([0, 1, 6]),
    workers=st.integers(1, 3),
)
def test_any_shape(isa, seed, n, dim, n_queries, k, spread, workers):
    random = np.random.default_rng(seed)
    matrix = random.standard_normal((n, dim)) * 10.0 ** random.uniform(-spread, spread, (n, 1))
    matrix[n // 2] = 0
    queries = (
        random.standard_normal((n_queries, dim)) * 10.0 ** random.uniform(-2, 2, (n_queries, 1))
    ).astype("f")
    exclude = random_exclusions(random, n_queries, n)
    check(queries, matrix.astype("f"), k, exclude, workers=workers)
    check(queries[:3], matrix.astype("f"), k, rows=np.unique(random.integers(0, n, 50)), workers=workers)


def test_excluded_rows_among_a_subset(isa):
    random = np.random.default_rng(3)
    matrix, queries = (random.standard_normal((n, 20)).astype("f") for n in (200, 60))
    check(queries, matrix, 30, random_exclusions(random, 60, 200), rows=np.arange(7, 190, 3))
    found, _ = best_products(queries, matrix, 5, rows=np.array([], np.int64))
    assert found.shape == (60, 0)


def test_the_division_among_threads_does_not_change_the_result(isa, monkeypatch):
    random = np.random.default_rng(4)
    matrix, queries = (random.integers(-2, 3, (n, 6)).astype("f") for n in (3000, 300))  # full of ties
    exclude = random_exclusions(random, 300, 3000)
    expected = best_products(queries, matrix, 20, exclude=exclude, workers=1)
    monkeypatch.setattr(search, "_cpus", lambda: 3)
    for per_pass in (64, 4096):
        monkeypatch.setattr(search, "_QUERIES_PER_PASS", per_pass)
        found = best_products(queries, matrix, 20, exclude=exclude, workers=3)
        np.testing.assert_array_equal(found[0], expected[0])
        np.testing.assert_array_equal(found[1], expected[1])


@pytest.mark.parametrize("n_queries", [1, 100])
def test_rows_and_queries_that_are_not_finite(isa, n_queries):
    matrix = np.array([[np.nan, 1], [1, 1], [0, 0], [1e38, 1e38], [-1e-30, 0]], np.float32)
    queries = np.ones((n_queries, 2), np.float32)
    found, _ = best_products(queries, matrix, 5)
    assert (found == [3, 1, 2, 4, -1]).all()
    queries[0, 1] = np.nan
    assert (best_products(queries, matrix, 5)[0][0] == -1).all()


def test_wrong_exclusions_are_refused():
    queries = Queries(np.ones((2, 3), np.float32), choose_isa(""), 1.0)
    ids = np.array([1, 2], np.int32)
    for offsets in ([0, 1], [0, 2, 1], [0, 1, 3], [-1, 0, 1]):
        with pytest.raises(ValueError, match="offsets"):
            Best(queries, 2).exclude(np.array(offsets, np.int64), ids)
    with pytest.raises(ValueError, match="columns"):
        best_products(np.ones((2, 3), np.float32), np.ones((4, 2), np.float32), 1)


def test_an_error_in_one_thread_ends_all_of_them(monkeypatch):
    monkeypatch.setattr(search, "_cpus", lambda: 2)
    monkeypatch.setattr(search, "_QUERIES_PER_PASS", 8)
    queries, matrix = np.ones((64, 32), np.float32), np.ones((9000, 32), np.float32)

    def fail(target, first, stop):
        raise KeyboardInterrupt

    monkeypatch.setattr(search._Target, "floats", fail)
    with pytest.raises(KeyboardInterrupt):
        best_products(queries, matrix, 5, workers=2)
