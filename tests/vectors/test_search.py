"""Every instruction set finds the same rows and scores as a reference in double precision."""

import os
import signal
import threading
import time

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from wildvec._search import Best, Queries, choose_isa
from wildvec.vectors import search


def available(isa):
    try:
        choose_isa(isa)
    except ValueError:
        return False
    return True


ISAS = [isa for isa in ("scalar", "avx2", "avx512", "neon") if available(isa)]
DTYPES = [np.float16, np.float32, np.float64]


@pytest.fixture(params=ISAS)
def isa(request, monkeypatch):
    monkeypatch.setenv("WILDVEC_ISA", request.param)
    return request.param


@pytest.fixture
def many_cpus(monkeypatch):
    """Search with up to 8 threads, also on a machine with fewer CPUs."""
    search._pool().shutdown()
    search._pool.cache_clear()
    monkeypatch.setattr(search, "_cpus", lambda: 8)
    yield
    search._pool().shutdown()
    search._pool.cache_clear()


def reference_cosines(queries, matrix):
    """(n_queries, n) in double precision; zero rows score 0."""

    def unit(rows):
        rows = np.asarray(rows, np.float64)
        with np.errstate(all="ignore"):
            norms = np.linalg.norm(rows, axis=1, keepdims=True)
            return rows / np.where(norms == 0, 1, norms)

    return unit(queries) @ unit(matrix).T


def random_rows(seed, n, dim, dtype=np.float32):
    """Rows of very different lengths, a zero row and a NaN row among them, some of them twice."""
    rng = np.random.default_rng(seed)
    rows = rng.standard_normal((n, dim)) * 10.0 ** rng.integers(-2, 3, (n, 1))
    if n > 4:
        rows[n // 2] = 0
        rows[n // 3, -1] = np.nan
        rows[-1] = rows[0]
    return rows.astype(dtype)


def strided(rows, gap, backwards):
    """The same rows with other numbers between them, or stored from last to first."""
    n, dim = rows.shape
    padded = np.full((n, dim + gap), np.nan, dtype=rows.dtype)
    padded[:, :dim] = rows[::-1] if backwards else rows
    view = padded[:, :dim]
    return view[::-1] if backwards else view


def check(queries, matrix, k, **limits):
    """top_k agrees with the reference up to the rounding of nearly equal scores."""
    found, scores = search.top_k(queries, matrix, k, **limits)
    start, stop, _ = slice(limits.get("start", 0), limits.get("stop")).indices(len(matrix))
    expected = reference_cosines(queries, matrix.astype(np.float32))[:, start:stop]
    k = min(k, max(stop - start, 0))
    assert found.shape == scores.shape == (len(queries), k)
    for i, row_scores in enumerate(expected):
        best = np.sort(row_scores[~np.isnan(row_scores)])[::-1][:k]
        ranked = len(best)
        assert (found[i, ranked:] == -1).all() and np.isnan(scores[i, ranked:]).all()
        np.testing.assert_allclose(scores[i, :ranked], best, atol=3e-6)
        np.testing.assert_allclose(row_scores[found[i, :ranked] - start], best, atol=3e-6)
        assert len(set(found[i, :ranked].tolist())) == ranked
        pairs = list(zip(-scores[i, :ranked], found[i, :ranked], strict=True))
        assert pairs == sorted(pairs), "best first, and of equal scores the lower row"


@pytest.mark.parametrize("n_queries", [1, 3, 40])
def test_all_dims(isa, n_queries):
    for dim in range(1, 68):
        rows = random_rows(dim, 37, dim)
        check(np.random.default_rng(dim).standard_normal((n_queries, dim)), rows, 5)


@given(
    seed=st.integers(0, 1000),
    n=st.integers(1, 300),
    dim=st.integers(1, 67),
    n_queries=st.sampled_from([1, 2, 13, 25, 49, 70, 97]),
    k=st.integers(1, 320),
    dtype=st.sampled_from(DTYPES),
    gap=st.integers(0, 9),
    backwards=st.booleans(),
    workers=st.integers(1, 3),
)
def test_any_shape(isa, seed, n, dim, n_queries, k, dtype, gap, backwards, workers):
    matrix = strided(random_rows(seed, n, dim, dtype), gap, backwards)
    queries = np.random.default_rng(seed + 1).standard_normal((n_queries, dim))
    check(queries, matrix, k, workers=workers)
    check(queries[:2], matrix, k, start=n // 4, stop=n - n // 4, workers=workers)


def test_a_score_has_the_same_bits_on_every_code_path(isa):
    matrix = random_rows(5, 3000, 67)
    queries = np.random.default_rng(6).standard_normal((100, 67))
    rows, scores = search.top_k(queries, matrix, 7, workers=2)
    every = search.cosines(queries, matrix, workers=2)
    np.testing.assert_array_equal(np.take_along_axis(every, rows, axis=1), scores)
    for i in range(0, 100, 9):
        single, single_scores = search.top_k(queries[i : i + 1], matrix, 7, workers=1)
        np.testing.assert_array_equal(single[0], rows[i])
        np.testing.assert_array_equal(single_scores[0], scores[i])
        largest = search.top_of(every[i], 7)
        np.testing.assert_array_equal(largest[0], rows[i])
        np.testing.assert_array_equal(largest[1], scores[i])


def test_workers_and_work_units_do_not_change_the_result(isa, monkeypatch, many_cpus):
    matrix = np.random.default_rng(0).integers(-2, 3, (5000, 4)).astype(np.float32)  # full of ties
    queries = matrix[:60] + np.float32(0.5)
    expected = search.top_k(queries, matrix, 50, workers=1)
    monkeypatch.setattr(search, "_UNIT_FLOATS", 512)
    for workers in (2, 3, 8):
        for n in (1, 60):
            rows, scores = search.top_k(queries[:n], matrix, 50, workers=workers)
            np.testing.assert_array_equal(rows, expected[0][:n])
            np.testing.assert_array_equal(scores, expected[1][:n])


def test_searches_with_any_number_of_workers_share_few_threads(many_cpus):
    matrix = random_rows(7, 40_000, 40)
    for start in range(40):
        search.top_k(matrix[:2], matrix, 5, start=start * 900, workers=64 - start)
    threads = [thread for thread in threading.enumerate() if thread.name.startswith("wildvec-search")]
    assert 1 <= len(threads) <= 7


def test_a_search_without_helper_threads(many_cpus, monkeypatch):
    def refuse(thread):
        raise RuntimeError("can't start new thread")

    matrix = random_rows(7, 20_000, 40)
    expected = search.top_k(matrix[:2], matrix, 5, workers=1)[0]
    with monkeypatch.context() as patched:
        patched.setattr(threading.Thread, "start", refuse)
        found = search.top_k(matrix[:2], matrix, 5, workers=8)[0]
    np.testing.assert_array_equal(found, expected)


def test_ties_go_to_the_lower_row(isa):
    matrix = np.ones((500, 9), np.float32)
    for n_queries in (1, 100):
        rows, scores = search.top_k(np.ones((n_queries, 9)), matrix, 20)
        assert (rows == np.arange(20)).all() and scores == pytest.approx(1, abs=1e-6)
        assert (scores <= 1).all()


@pytest.mark.parametrize("n_queries", [1, 100])
def test_zero_nan_and_extreme_rows(isa, n_queries):
    scales = [1, 0, 1e-45, 1e-30, 1e-19, 1e19, 1e38]
    matrix = np.array([[s, s] for s in scales] + [[np.nan, 1], [np.inf, 1], [-1, -1]], np.float32)
    rows, scores = search.top_k(np.ones((n_queries, 2)), matrix, len(matrix))
    expected = [1] * 6 + [0, -1] + [np.nan] * 2
    np.testing.assert_allclose(scores, np.tile(np.array(expected), (n_queries, 1)), atol=1e-6)
    assert set(rows[0, :6].tolist()) == {0, 2, 3, 4, 5, 6}
    assert rows[0, 6:].tolist() == [1, 9, -1, -1]


def test_a_unit_row_does_not_depend_on_the_other_rows():
    rows = np.random.default_rng(0).standard_normal((50, 33))
    odd = np.vstack([rows, 0 * rows[:1], 1e-200 * rows[:1], 1e200 * rows[:1], np.nan + rows[:1]])
    units = search.unit(odd)
    np.testing.assert_array_equal(units[:50], search.unit(rows))
    np.testing.assert_array_equal(units[:1], search.unit(rows[:1]))
    np.testing.assert_allclose(units[51:53], units[[0, 0]], rtol=1e-12)
    assert not units[50].any() and np.isnan(units[53]).all()


def test_zero_nan_and_no_queries(isa):
    matrix = random_rows(1, 20, 3)
    rows, scores = search.top_k([[0, 0, 0], [np.nan, 1, 1], [1e-300, 0, 0], [1e300, 0, 0]], matrix, 3)
    assert rows[0].tolist() == [0, 1, 2] and (scores[0] == 0).all()
    assert rows[1].tolist() == [-1, -1, -1]
    np.testing.assert_array_equal(rows[2], rows[3])
    np.testing.assert_array_equal(scores[2], scores[3])
    assert search.top_k(np.empty((0, 3)), matrix, 3)[0].shape == (0, 3)
    assert search.top_k([[1, 1, 1]], matrix, 3, start=7, stop=7)[0].shape == (1, 0)
    assert search.top_k([[1, 1, 1]], matrix[:0], 3)[0].shape == (1, 0)
    assert search.cosines([[1, 1, 1]], matrix[:0]).shape == (1, 0)


def test_the_byte_kernel_loses_no_near_row(isa):
    """Rows that are equal in bytes, and rows with one large number, whose other bytes are small."""
    rng = np.random.default_rng(3)
    base = rng.standard_normal(90)
    matrix = (base + 1e-4 * rng.standard_normal((2000, 90))).astype(np.float32)
    matrix[::3, 0] *= 300
    check(base + 1e-4 * rng.standard_normal((64, 90)), matrix, 10)


def test_a_wide_matrix(isa):
    matrix = random_rows(9, 40, 33_000)
    check(np.random.default_rng(1).standard_normal((30, 33_000)), matrix, 3)


def test_chosen_rows():
    matrix = random_rows(2, 200, 12)
    chosen = np.array([3, 50, 51, 199])
    rows, scores = search.top_k(matrix[:40], matrix, 3, rows=chosen)
    inside, inside_scores = search.top_k(matrix[:40], matrix[chosen], 3)
    np.testing.assert_array_equal(rows, np.where(inside < 0, -1, chosen[inside]))
    np.testing.assert_array_equal(scores, inside_scores)
    every = search.cosines(matrix[:2], matrix, rows=[50, 3])
    np.testing.assert_array_equal(every, search.cosines(matrix[:2], matrix)[:, [50, 3]])
    with pytest.raises(IndexError, match="200"):
        search.top_k(matrix[:1], matrix, 3, rows=[200])


def test_any_float_matrix(tmp_path):
    wanted = random_rows(8, 400, 21)
    expected = search.top_k(wanted[:50], wanted, 6)
    np.save(tmp_path / "rows.npy", wanted)
    read_only = wanted.copy()
    read_only.flags.writeable = False
    unaligned = np.frombuffer(b"x" + wanted.tobytes(), dtype=np.uint8)[1:].view(np.float32)
    forms = {
        "mapped": np.load(tmp_path / "rows.npy", mmap_mode="r"),
        "read-only": read_only,
        "column by column": np.asfortranarray(wanted),
        "every other column": np.repeat(wanted, 2, axis=1)[:, ::2],
        "unaligned": unaligned.reshape(wanted.shape),
        "other byte order": wanted.astype(wanted.dtype.newbyteorder()),
        "double": wanted.astype(np.float64),
    }
    for name, matrix in forms.items():
        rows, scores = search.top_k(wanted[:50], matrix, 6)
        np.testing.assert_array_equal(rows, expected[0], err_msg=name)
        np.testing.assert_array_equal(scores, expected[1], err_msg=name)


def test_many_queries_are_searched_in_several_passes(monkeypatch):
    matrix = random_rows(4, 150, 10)
    expected = search.top_k(matrix, matrix, 4)
    monkeypatch.setattr(search, "_QUERIES_PER_PASS", 32)
    np.testing.assert_array_equal(search.top_k(matrix, matrix, 4)[0], expected[0])


def test_bad_input():
    matrix = random_rows(1, 10, 3)
    with pytest.raises(ValueError, match="3 columns"):
        search.top_k([[1, 2]], matrix, 1)
    with pytest.raises(ValueError, match="k=0"):
        search.top_k([[1, 2, 3]], matrix, 0)
    with pytest.raises(TypeError, match="int64"):
        search.top_k([[1, 2, 3]], np.ones((2, 3), np.int64), 1)
    with pytest.raises(TypeError, match="dimensions"):
        search.top_k([[1, 2, 3]], matrix[0], 1)
    with pytest.raises(ValueError, match="workers"):
        search.top_k(np.ones((100, 300)), random_rows(1, 400, 300), 1, workers=0)


def test_the_extension_checks_its_arguments():
    queries = Queries(np.ones((2, 3), np.float32), 0)
    best = Best(queries, 2)
    with pytest.raises(ValueError, match="do not fit"):
        best.scan(np.ones((4, 5), np.float32), 0)
    with pytest.raises(ValueError, match="do not fit"):
        best.scan(np.ones((4, 6), np.float32)[:, ::2], 0)
    with pytest.raises(ValueError, match="of one search"):
        best.merge(Best(Queries(np.ones((2, 3), np.float32), 0), 2))
    with pytest.raises(ValueError, match="shape"):
        best.write(np.empty((2, 3), np.float32), np.empty((2, 2), np.int64))
    with pytest.raises(ValueError, match="do not fit into out"):
        queries.cosines(np.ones((4, 3), np.float32), np.empty((2, 3), np.float32), 0)
    with pytest.raises(ValueError, match="at least"):
        Queries(np.empty((0, 3), np.float32), 0)
    with pytest.raises(ValueError, match="do not fit into out"):
        queries.cosines(np.ones((4, 3), np.float32), np.empty((2, 4), np.float32), 2**63 - 1)
    for k in (0, 2**62):
        with pytest.raises(ValueError, match=f"k={k}"):
            Best(queries, k)
    for isa in (-1, 99):
        with pytest.raises(ValueError, match="instruction set"):
            Queries(np.ones((2, 3), np.float32), isa)


@pytest.mark.parametrize("name", ["sse9", "AVX2"])
def test_an_unknown_instruction_set_is_an_error(monkeypatch, name):
    monkeypatch.setenv("WILDVEC_ISA", name)
    with pytest.raises(ValueError, match=name):
        search.top_k([[1.0]], np.ones((1, 1), np.float32), 1)


def test_an_error_in_one_thread_ends_all_and_is_raised():
    class Broken(Exception):
        pass

    seen = []

    def fine(first, stop):
        seen.append(first)
        time.sleep(0.001)

    def broken(first, stop):
        raise Broken

    with pytest.raises(Broken):
        search._run_units(0, 10_000, 1, [fine, broken])
    assert len(seen) < 10_000


def test_searches_in_several_threads_at_once():
    matrix = random_rows(7, 4000, 40)
    expected = search.top_k(matrix[:50], matrix, 5, workers=1)[0]
    found = {}

    def search_often(name):
        found[name] = [search.top_k(matrix[:50], matrix, 5, workers=3)[0] for _ in range(10)]

    threads = [threading.Thread(target=search_often, args=(name,)) for name in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert all((rows == expected).all() for name in range(4) for rows in found[name])


@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")
@pytest.mark.filterwarnings("ignore:This process .* is multi-threaded:DeprecationWarning")
def test_a_forked_child_searches():
    matrix = random_rows(7, 4000, 40)
    expected = search.top_k(matrix[:50], matrix, 5, workers=2)[0]
    child = os.fork()
    if child == 0:
        signal.alarm(20)  # instead of a hang
        same = (search.top_k(matrix[:50], matrix, 5, workers=2)[0] == expected).all()
        os._exit(0 if same else 1)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0


@pytest.mark.skipif(not hasattr(signal, "setitimer"), reason="needs a timer signal")
def test_ctrl_c_ends_a_search_soon():
    matrix = np.ones((200_000, 64), np.float32)
    queries = np.random.default_rng(0).standard_normal((4000, 64))

    def interrupt(*_):
        raise KeyboardInterrupt

    before = signal.signal(signal.SIGALRM, interrupt)
    try:
        signal.setitimer(signal.ITIMER_REAL, 0.05)
        started = time.perf_counter()
        with pytest.raises(KeyboardInterrupt):
            for _ in range(1000):
                search.top_k(queries, matrix, 5)
        assert time.perf_counter() - started < 1
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)
    assert search.top_k(queries[:1], matrix, 1)[0].tolist() == [[0]]
