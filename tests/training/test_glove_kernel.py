"""GloVe: the C kernel against numpy, the order of cells, chunks that conflict."""

from __future__ import annotations

import itertools
import math
import threading

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from wildvec._train import CellOrder, Task, Worker, isa_in_use, isas
from wildvec.models.glove_objective import EXTRA
from wildvec.training import matrices
from wildvec.training.cells import OrderedCells, split_columns
from wildvec.training.conflicts import ConflictFreeUnits, Division, epoch_order
from wildvec.training.objective import MatrixSpec
from wildvec.training.schedule import Budget
from wildvec.training.state import State

ROWS, COLUMNS = 7, 23


@pytest.fixture(params=isas())
def isa(request, monkeypatch):
    monkeypatch.setenv("WILDVEC_ISA", request.param)
    assert isa_in_use() == request.param
    return request.param


class Problem:
    """Units of one row each, and the same values for numpy."""

    def __init__(
        self, size=20, *, lengths=(9, 1, 0, 4, 23, 2, 3), seed=3, rates=None, x_max=10.0, exponent=0.75
    ):
        random = np.random.default_rng(seed)
        self.size, self.x_max, self.exponent = size, x_max, exponent
        self.rates = None if rates is None else np.asarray(rates, np.float32)
        self.offsets = np.concatenate([[0], np.cumsum(lengths)]).astype(np.int64)
        columns = [random.permutation(COLUMNS)[:n] for n in lengths]
        self.ids = np.concatenate(columns).astype(np.int32)
        self.counts = np.exp(random.uniform(-4, 6, len(self.ids))).astype(np.float32)
        self.unit_rows = random.integers(0, ROWS, len(lengths)).astype(np.int32)
        self.input, self.output = self.matrix(random, "input", ROWS), self.matrix(random, "output", COLUMNS)
        self.task = Task("glove", max_chunk=len(self.ids), seed=seed)
        for role, rows in (("input", self.input), ("output", self.output)):
            row_rate = None if self.rates is None else self.rates[: len(rows)].copy()
            self.task.matrix(role, rows, size, row_rate=row_rate)
        self.task.items(self.ids, self.offsets, "output")
        self.task.cell_counts(self.counts, self.unit_rows)
        self.task.glove(x_max=x_max, exponent=exponent)
        self.expected = [rows.astype(np.float64) for rows in (self.input, self.output)]
        self.loss = 0.0

    def matrix(self, random, role, n):
        rows = matrices.create(MatrixSpec(role, role, n, self.size, extra=EXTRA), seed=1)
        rows[:, : self.size] = random.normal(0, 0.4, (n, self.size))
        rows[:, self.size] = random.normal(0, 0.4, n)
        rows[:, self.size + 1 : self.size + 3] = random.uniform(0, 2, (n, 2))
        return rows

    def train(self, rate):
        losses = np.zeros(1)
        chunks = np.array([[0, len(self.offsets) - 1]])
        examples = Worker(self.task).train(0, 0, chunks, np.array([rate], np.float32), losses)
        assert examples == len(self.ids)
        return losses[0]

    def reference(self, rate):
        for unit, row in enumerate(self.unit_rows):
            cells = range(self.offsets[unit], self.offsets[unit + 1])
            for batch in range(0, len(cells), 4):
                self.step(self.expected[0][row], row, cells[batch : batch + 4], float(np.float32(rate)))

    def factor(self, row):
        return 1.0 if self.rates is None else float(self.rates[row])

    def step(self, w, row, cells, rate):
        size, (bias, squares, bias_squares) = self.size, range(self.size, self.size + 3)
        x, columns = self.counts[cells.start : cells.stop].astype(float), self.ids[cells.start : cells.stop]
        c = self.expected[1][columns]
        error = np.log(x) - c[:, :size] @ w[:size] - c[:, bias] - w[bias]
        weights = np.minimum(1, (x / np.float32(self.x_max)) ** np.float32(self.exponent))
        gradient = weights * error
        self.loss += float((gradient * error).sum()) / 2
        if rate == 0:
            return
        old = w[:size].copy()
        w_factor, c_factors = self.factor(row), np.array([self.factor(column) for column in columns])
        if w_factor:
            w[squares] += float((gradient**2 * (c[:, :size] ** 2).sum(1)).sum()) / size
            w[bias_squares] += float((gradient**2).sum())
            w[:size] += w_factor * (gradient @ c[:, :size]) / math.sqrt(rate**-2 + w[squares])
            w[bias] += w_factor * float(gradient.sum()) / math.sqrt(1 + w[bias_squares])
        for column, g, factor in zip(columns, gradient, c_factors, strict=True):
            if factor:
                row_of = self.expected[1][column]
                row_of[squares] += g * g * (old @ old) / size
                row_of[bias_squares] += g * g
                row_of[:size] += factor * g * old / math.sqrt(rate**-2 + row_of[squares])
                row_of[bias] += factor * g / math.sqrt(1 + row_of[bias_squares])

    def check(self, rate=0.05, tolerance=2e-5):
        loss = self.train(rate)
        self.reference(rate)
        assert loss == pytest.approx(self.loss, rel=1e-5)
        for ours, theirs in zip((self.input, self.output), self.expected, strict=True):
            np.testing.assert_allclose(ours, theirs, rtol=tolerance, atol=tolerance)
            assert not ours[:, self.size + 3 :].any(), "padding must stay zero"


@pytest.mark.parametrize("size", range(1, 68))
def test_every_size_matches_numpy_on_every_isa(isa, size):
    Problem(size).check()


@pytest.mark.parametrize("rate", [0, 1e-3, 1.0])
def test_every_rate_matches_numpy(isa, rate):
    Problem().check(rate, tolerance=1e-4)


def test_at_rate_0_only_the_loss_is_measured(isa):
    problem = Problem()
    before = problem.input.tobytes(), problem.output.tobytes()
    assert problem.train(0) > 0
    assert before == (problem.input.tobytes(), problem.output.tobytes())


def test_rates_of_rows_match_numpy_and_0_freezes_them(isa):
    rates = np.resize([1, 0, 0.5], COLUMNS)
    problem = Problem(rates=rates)
    before = problem.input.copy(), problem.output.copy()
    problem.check()
    for old, new in zip(before, (problem.input, problem.output), strict=True):
        assert (old[1::3] == new[1::3]).all()


@pytest.mark.parametrize(("x_max", "exponent"), [(1e-6, 0.75), (100, 0), (3, 2)])
def test_weights_match_numpy(isa, x_max, exponent):
    Problem(x_max=x_max, exponent=exponent).check()


@given(lengths=st.lists(st.integers(0, COLUMNS), min_size=1, max_size=9).filter(any), seed=st.integers(0, 99))
def test_any_units_match_numpy(lengths, seed):
    Problem(9, lengths=lengths, seed=seed).check()


def test_many_cells_match_numpy(isa):  # more than logarithms that are computed together
    Problem(5, lengths=[23, 22, 21] * 20).check(tolerance=1e-3)


@pytest.mark.parametrize("rate", [1.0, 10.0, 1e6])
def test_extreme_rates_stay_finite(isa, rate):
    problem = Problem(20, x_max=1e-6)
    for _ in range(50):
        problem.train(rate)
    assert np.isfinite(problem.input).all() and np.abs(problem.output).max() < 1e6


def test_wrong_arguments_are_refused():
    problem = Problem()
    task = Task("glove", max_chunk=99, seed=1)
    task.matrix("input", problem.input, 20)
    task.matrix("output", problem.output, 20)
    task.items(problem.ids, problem.offsets, "output")
    with pytest.raises(ValueError, match="lacks cell_counts"):
        Worker(task)
    with pytest.raises(ValueError, match="the rows of units holds the id 7"):
        task.cell_counts(problem.counts, np.full(len(problem.unit_rows), ROWS, np.int32))
    with pytest.raises(ValueError, match="1 counts of 42 cells"):
        task.cell_counts(problem.counts[:1], problem.unit_rows)
    with pytest.raises(ValueError, match="x_max=0"):
        task.glove(x_max=0, exponent=1)
    narrow = Task("glove", max_chunk=99, seed=1)
    for role in ("input", "output"):
        narrow.matrix(role, np.zeros((30, 16), np.float32), 14)
    with pytest.raises(ValueError, match="need three columns behind their values"):
        narrow.glove(x_max=1, exponent=1)


# -- the order of cells --------------------------------------------------------------------------------------------


def random_cells(n=60, density=0.3, seed=1):
    random = np.random.default_rng(seed)
    matrix = random.random((n, n)) * (random.random((n, n)) < density)
    offsets = np.concatenate([[0], np.cumsum((matrix > 0).sum(1))]).astype(np.int64)
    return offsets, np.nonzero(matrix)[1].astype(np.int32), matrix[matrix > 0].astype(np.float32)


def as_set(rows, columns, values):
    return set(zip(rows.tolist(), columns.tolist(), values.tolist(), strict=True))


@pytest.fixture
def small_chunks(monkeypatch):
    monkeypatch.setattr("wildvec.training.cells.CHUNK_CELLS", 20)
    monkeypatch.setattr("wildvec.training.cells.PIECE_CELLS", 50)


@pytest.mark.usefixtures("small_chunks")
@pytest.mark.parametrize("held_out", [0, 0.2])
def test_each_cell_is_in_one_chunk_or_held_out(held_out):
    offsets, columns, values = random_cells()
    cells = OrderedCells((offsets, columns, values), 16, held_out, 5, workers=2)
    division = cells.division
    rows = np.repeat(cells.unit_rows, np.diff(division.offsets))
    assert as_set(rows, cells.columns, cells.values) == as_set(
        np.repeat(np.arange(60), np.diff(offsets)), columns, values
    )
    units = sorted(itertools.chain(division.chunks.tolist(), division.held_out.tolist()))
    assert units[0][0] == 0 and all(a[1] == b[0] for a, b in itertools.pairwise(units))
    n_held_out = sum(division.offsets[b] - division.offsets[a] for a, b in division.held_out)
    assert abs(n_held_out - held_out * len(columns)) <= 4 * math.sqrt(held_out * len(columns))
    assert len(division.chunks) > 10


@pytest.mark.usefixtures("small_chunks")
def test_chunks_that_do_not_conflict_share_no_row():
    cells = OrderedCells(random_cells(), 16, 0, 5, workers=1)
    division = cells.division
    touched = []
    for first, last in division.chunks:
        items = slice(division.offsets[first], division.offsets[last])
        touched.append((set(cells.unit_rows[first:last].tolist()), set(cells.columns[items].tolist())))
    for a, b in itertools.combinations(range(len(touched)), 2):
        if not (division.groups[a] == division.groups[b]).any():
            assert all(x.isdisjoint(y) for x, y in zip(touched[a], touched[b], strict=True))


@pytest.mark.usefixtures("small_chunks")
def test_the_order_depends_on_the_seed_and_not_on_the_workers():
    one, two, other = (
        OrderedCells(random_cells(), 16, 0.1, seed, workers).columns.tobytes()
        for seed, workers in ((5, 1), (5, 3), (6, 1))
    )
    assert one == two != other


@given(st.lists(st.integers(0, 9), min_size=1, max_size=30), st.integers(1, 8), st.integers(1, 20))
def test_strips_are_bounded_by_columns_and_cells(counts, most_columns, most_cells):
    ends = split_columns(np.array(counts), most_columns, most_cells)
    starts = [0, *ends[:-1]]
    assert ends[-1] == len(counts)
    for first, last in zip(starts, ends, strict=True):
        assert first < last <= first + most_columns
        assert last == first + 1 or sum(counts[first:last]) <= most_cells


def test_wrong_uses_of_an_order_are_refused():
    offsets, columns, values = random_cells(4, 1)
    rows, blocks = np.arange(4, dtype=np.int32), np.array([0, 2, 4])

    def make(strip_ends=(2, 4), rows=rows, blocks=blocks):
        return CellOrder(offsets, columns, values, np.array(strip_ends), rows, blocks, held_out=0, key=1)

    for arguments in ({"strip_ends": [2, 3]}, {"strip_ends": [4, 2]}, {"blocks": np.array([0, 5])},
                      {"rows": rows + 1}):  # fmt: skip
        with pytest.raises(ValueError):
            make(**arguments)
    order = make()
    with pytest.raises(ValueError, match="allocate the arrays first"):
        order.order(0, 9)
    with pytest.raises(IndexError):
        order.count(2, 9)
    assert order.count(0, 99)
    with pytest.raises(ValueError, match="arrays of"):
        order.allocate(
            np.zeros(1, np.int32), np.zeros(1, np.float32), np.zeros(2, np.int64), np.zeros(1, np.int32)
        )


# -- chunks that conflict ------------------------------------------------------------------------------------------


def division_of(n_blocks, n_strips):
    groups = np.stack(np.indices((n_blocks, n_strips)), axis=-1).reshape(-1, 2)
    n = len(groups)
    chunks = np.stack([np.arange(n), np.arange(1, n + 1)], axis=1)
    return Division(chunks, groups, np.empty((0, 2), np.int64), np.arange(n + 1))


@given(st.integers(1, 6), st.integers(1, 6), st.integers(1, 5), st.integers(0, 99))
def test_chunks_in_conflict_are_trained_one_after_the_other_in_order(n_blocks, n_strips, n_workers, seed):
    division = division_of(n_blocks, n_strips)
    order = epoch_order(division.groups, seed, 0)
    units = ConflictFreeUnits(division, order, n_workers, Budget(), State())
    lock, running, begun = threading.Lock(), set(), []

    def work():
        for chunk, _ in units:
            with lock:
                groups = set(enumerate(division.groups[order[chunk]].tolist()))
                assert running.isdisjoint(groups)
                running.update(groups)
                begun.append(chunk)
            with lock:
                running.difference_update(groups)
            units.done(chunk, chunk + 1, 1, 1e-3)

    threads = [threading.Thread(target=work) for _ in range(n_workers)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(begun) == list(range(len(order))) and units.over and units.examples == len(order)
    for column in (0, 1):
        by_group = {}
        for chunk in begun:
            by_group.setdefault(division.groups[order[chunk], column], []).append(chunk)
        assert all(chunks == sorted(chunks) for chunks in by_group.values())


@given(st.integers(1, 9), st.integers(1, 9), st.integers(0, 99))
def test_chunks_of_a_stratum_do_not_conflict(n_blocks, n_strips, seed):
    groups = division_of(n_blocks, n_strips).groups
    order = epoch_order(groups, seed, epoch=1)
    assert sorted(order) == list(range(len(groups)))
    for stratum in groups[order].reshape(-1, min(n_blocks, n_strips), 2):
        assert all(len(set(column)) == len(stratum) for column in stratum.T.tolist())


def test_a_pass_that_is_paused_keeps_the_skipped_chunks_for_later():
    order = np.array([0, 1, 6, *range(2, 6), *range(7, 12)])  # (block, strip): (0, 0), (0, 1), (1, 2), …
    units = ConflictFreeUnits(division_of(3, 4), order, 2, Budget(), State())
    first, second = iter(units), iter(units)
    assert next(first) == (0, 1)
    assert next(second) == (2, 3), "chunk 1 is in the block of chunk 0"
    units.pause_from(-math.inf)
    units.done(2, 3, 1, 1e-3)
    units.done(0, 1, 1, 1e-3)
    assert not list(first) and not list(second), "no chunk begins after Ctrl-C"
    assert units.next == 3 and units.skipped == [1] and units.examples == units.items_done == 2
    state = State(losses=units.losses[:3], skipped=np.array(units.skipped), examples=2)
    resumed = ConflictFreeUnits(division_of(3, 4), order, 2, Budget(), state)
    assert resumed.items_done == 2 and not resumed.over
    begun = []
    for chunk, end in resumed:
        begun.append(chunk)
        resumed.done(chunk, end, 1, 1e-3)
    assert begun[0] == 1 and sorted(begun) == [1, *range(3, 12)] and resumed.over and resumed.items_done == 12


def test_a_pass_is_not_over_while_a_chunk_is_skipped():
    state = State(losses=np.zeros(4), skipped=np.array([2]))
    units = ConflictFreeUnits(division_of(2, 2), np.arange(4), 2, Budget(), state)
    assert not units.over and list(units) == [(2, 3)] and units.over


def test_a_failed_worker_ends_all_others():
    units = ConflictFreeUnits(division_of(1, 9), np.arange(9), 2, Budget(), State())
    assert next(iter(units)) == (0, 1)
    waiting = threading.Thread(target=list, args=(iter(units),))
    waiting.start()
    units.fail(RuntimeError("no"))
    waiting.join(5)
    assert not waiting.is_alive()
