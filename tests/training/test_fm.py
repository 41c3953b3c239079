"""The factorization machine: the C core against numpy, on every ISA."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from wildvec._train import Task, Worker, isa_in_use, isas, merge_round
from wildvec.training import matrices

ROWS, UNITS, MASK = 13, 11, 2**30
RATE = np.float32(0.1)


@pytest.fixture(params=isas())
def isa(request, monkeypatch):
    monkeypatch.setenv("WILDVEC_ISA", request.param)
    assert isa_in_use() == request.param
    return request.param


class Machine:
    """A small task and the same values for numpy."""

    def __init__(
        self, size=20, outputs=3, classes=True, *, seed=1, mask=0, rates=None, private=0, lengths=None
    ):
        random = np.random.default_rng(seed)
        self.size, self.width, self.outputs = size, matrices.padded_width(size), outputs
        lengths = random.integers(0, 6, UNITS) if lengths is None else lengths
        self.offsets = np.concatenate([[0], np.cumsum(lengths)]).astype(np.int64)
        self.ids = random.integers(0, ROWS, self.offsets[-1]).astype(np.int32)
        self.values = random.normal(0, 1, len(self.ids)).astype(np.float32)
        self.labels = random.integers(0, outputs, len(lengths)).astype(np.int32) if classes else None
        self.targets = None if classes else random.normal(0, 2, (len(lengths), outputs)).astype(np.float32)
        self.sizes = random.integers(0, size, ROWS).astype(np.int32)
        self.decay = random.uniform(0, 0.1, ROWS).astype(np.float32)
        self.masked = random.integers(0, ROWS, ROWS).astype(np.int32)
        self.pairs = np.zeros((outputs, self.width), np.float32)
        self.pairs[:, : size - 1] = random.normal(0, 1, (outputs, size - 1))
        self.rates = None if rates is None else np.asarray(rates, np.float32)
        self.input, self.output = (self.matrix(random, n) for n in (ROWS, outputs))
        self.input[:, :size][np.arange(size) >= self.sizes[:, None]] = 0
        self.task = self.make_task(mask, private)
        self.expected = [m.astype(np.float64).copy() for m in (self.input, self.output)]

    def matrix(self, random, n):
        rows = matrices.allocate(n, self.size, 0.5)
        rows[:, : self.size] = random.normal(0, 0.4, (n, self.size))
        return rows

    def make_task(self, mask, private):
        task = Task("fm", max_chunk=max(1, len(self.ids)), seed=1)
        task.matrix("input", self.input, self.size, width=self.width, row_rate=self.rates)
        task.matrix("output", self.output, self.size, width=self.width)
        task.items(self.ids, self.offsets)
        task.fm(self.values, labels=self.labels, targets=self.targets)
        task.fm_rows(self.pairs, self.sizes, self.decay, self.masked, mask)
        for role, rows in (("input", self.input), ("output", self.output)):
            task.private_rows(role, np.full(min(private, len(rows)), 0.1, np.float32))
        task.workers(1, n_hottest=2, merge_every=3)
        return task

    def train(self, rate=RATE):
        worker, losses = Worker(self.task), np.zeros(1)
        worker.merge()
        examples = worker.train(0, 0, np.array([[0, len(self.offsets) - 1]]), np.array([rate]), losses)
        worker.merge()
        return losses[0], examples

    # -- the same in numpy ----------------------------------------------------------------------------------------

    def change(self, matrix, row, gradient, rate):
        rows, n = self.expected[matrix], len(gradient)
        squares = rows[row, self.width : self.width + n]
        squares += gradient**2
        rows[row, :n] += rate * gradient / np.sqrt(squares)

    def scores(self, unit):
        """Return s, p and z of a unit."""
        items = slice(*self.offsets[unit : unit + 2])
        parts = self.values[items, None] * self.expected[0][self.ids[items], : self.size]
        sums = parts.sum(axis=0)
        pairs = (sums**2 - (parts**2).sum(axis=0)) / 2
        sums[-1] = 1
        return sums, pairs, self.expected[1][:, : self.size] @ sums + self.pairs[:, : self.size] @ pairs

    def units(self):
        """Return the units that have items."""
        return np.flatnonzero(np.diff(self.offsets)).tolist()

    def loss(self, unit, z):
        """Return the loss and the gradients of the scores."""
        if self.targets is not None:
            error = self.targets[unit] - z
            return (error**2).sum() / 2, error
        p = np.exp(z - z.max())
        p /= p.sum()
        return -np.log(p[self.labels[unit]]), (np.arange(self.outputs) == self.labels[unit]) - p

    def reference(self, rate=RATE):
        total = 0.0
        for unit in self.units():
            sums, _, z = self.scores(unit)
            loss, g = self.loss(unit, z)
            total += loss
            of_sum = g @ self.expected[1][:, : self.size]
            of_pairs = g @ self.pairs[:, : self.size]
            for k in range(self.outputs):
                self.change(1, k, g[k] * sums, float(rate))
            for t in range(self.offsets[unit], self.offsets[unit + 1]):
                i, x, n = self.ids[t], float(self.values[t]), self.sizes[self.ids[t]]
                factor = 1.0 if self.rates is None else float(self.rates[i])
                row = self.expected[0][i, :n]
                gradient = x * (of_sum[:n] + of_pairs[:n] * (sums[:n] - x * row)) - float(self.decay[i]) * row
                if factor:
                    self.change(0, i, gradient, float(rate) * factor)
        return total

    def check(self):
        loss, examples = self.train()
        assert examples == len(self.units())
        assert loss == pytest.approx(self.reference(), rel=1e-5)
        for ours, theirs in zip((self.input, self.output), self.expected, strict=True):
            np.testing.assert_allclose(ours, theirs, atol=3e-5, rtol=1e-4)


@pytest.mark.parametrize("size", [2, 3, 7, 8, 9, 15, 16, 17, 20, 31, 32, 33, 51, 67])
@pytest.mark.parametrize(("outputs", "classes"), [(1, False), (2, True), (7, True), (3, False), (33, True)])
def test_every_size_matches_numpy_on_every_isa(isa, size, outputs, classes):
    Machine(size, outputs, classes).check()


@pytest.mark.parametrize("private", [1, 4, 99])
def test_private_rows_lose_no_update(isa, private):
    Machine(private=private, rates=np.linspace(0, 2, ROWS)).check()


@given(
    lengths=st.lists(st.integers(0, 9), min_size=UNITS, max_size=UNITS).filter(any),
    outputs=st.integers(1, 20),
    classes=st.booleans(),
    seed=st.integers(0, 10**6),
)
def test_any_units_match_numpy(lengths, outputs, classes, seed):
    Machine(9, outputs, classes, lengths=lengths, seed=seed).check()


def test_at_rate_0_the_loss_is_measured_without_masks_and_no_bit_changes(isa):
    machine = Machine(mask=MASK)
    before = machine.input.tobytes(), machine.output.tobytes()
    loss, _ = machine.train(np.float32(0))
    assert (machine.input.tobytes(), machine.output.tobytes()) == before
    losses = [machine.loss(unit, machine.scores(unit)[2])[0] for unit in machine.units()]
    assert loss == pytest.approx(sum(losses), rel=1e-5)


def test_masked_items_train_the_row_that_stands_for_them():
    machine = Machine(mask=2**32 - 1)
    machine.ids[:], machine.masked[:], machine.sizes[:] = 3, 5, 19
    before = machine.input.copy()
    machine.train()
    changed = np.flatnonzero((machine.input != before).any(axis=1)).tolist()
    assert changed == [5]


def test_a_part_of_the_items_is_masked():
    machine = Machine(mask=MASK, lengths=np.full(1000, 2))
    machine.ids[:], machine.masked[:], machine.sizes[:], machine.values[:] = 3, 5, 19, 1
    machine.decay[:] = 0
    machine.train()
    uses = (machine.input[[3, 5], machine.width : machine.width + 19] - 0.5).sum(axis=1)
    assert 0.1 < uses[1] / uses.sum() < 0.4


def test_a_round_of_one_worker_is_plain_training():
    machine, plain = Machine(), Machine()
    machine.task.rounds(len(machine.ids), {"input": ROWS, "output": 3})
    worker = Worker(machine.task)
    worker.train(0, 0, np.array([[0, UNITS]]), np.array([RATE]), np.zeros(1))
    merge_round([worker], 0, 1, RATE)
    plain.train()
    np.testing.assert_allclose(machine.input, plain.input, atol=1e-6)
    np.testing.assert_allclose(machine.output, plain.output, atol=1e-6)


def test_frozen_targets_keep_their_bits():
    machine = Machine()
    machine.task.freeze_targets()
    before = machine.input.copy(), machine.output.tobytes()
    machine.train()
    assert (machine.input != before[0]).any() and machine.output.tobytes() == before[1]


def test_wrong_arguments_raise_and_never_crash():
    def task():
        made = Task("fm", max_chunk=4, seed=1)
        made.matrix("input", matrices.allocate(4, 8), 8)
        made.matrix("output", matrices.allocate(2, 8), 8)
        made.items(np.arange(4, dtype=np.int32), np.array([0, 2, 4]))
        return made

    ones, rows = np.ones(4, np.float32), np.zeros(4, np.int32)
    for values, given_ in (
        (ones[:3], {"labels": rows[:2]}),
        (ones, {}),
        (ones, {"labels": rows[:2], "targets": np.zeros((2, 2), np.float32)}),
        (ones, {"labels": rows[:1]}),
        (ones, {"labels": np.array([0, 2], np.int32)}),
        (ones, {"targets": np.zeros((2, 3), np.float32)}),
    ):
        with pytest.raises(ValueError, match=r"labels|targets"):
            task().fm(values, **given_)
    pairs = np.zeros((2, 16), np.float32)
    for arguments in (
        (pairs[:1].copy(), rows, ones, rows, 0),
        (pairs, rows[:3], ones, rows, 0),
        (pairs, rows, ones[:3], rows, 0),
        (pairs, rows + 8, ones, rows, 0),
        (pairs, rows, ones, rows + 4, 0),
    ):
        with pytest.raises(ValueError, match=r"pair_weights|sizes|masked"):
            task().fm_rows(*arguments)
    incomplete = task()
    with pytest.raises(ValueError, match="lacks fm"):
        Worker(incomplete)
    incomplete.fm(ones, labels=rows[:2])
    with pytest.raises(ValueError, match="lacks fm_rows"):
        Worker(incomplete)
    incomplete.fm_rows(pairs, rows, ones, rows, 0)
    incomplete.rounds(4, {"input": 4, "output": 1})
    with pytest.raises(ValueError, match="round_rows=1 for the output matrix: a worker can touch 2 rows"):
        Worker(incomplete)
