"""Objectives other than word2vec, and the general update: the C core against numpy, on every ISA."""

from __future__ import annotations

import threading

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from wildvec._train import Task, Worker, alias_table, apply_deltas, huffman, isa_in_use, isas, merge_round
from wildvec.training import matrices

ROWS, COLUMNS = 11, 17
CELLS = ("cells",)  # kernels of cells; all others train bags
RATE = np.float32(0.1)


@pytest.fixture(params=isas())
def isa(request, monkeypatch):
    monkeypatch.setenv("WILDVEC_ISA", request.param)
    assert isa_in_use() == request.param
    return request.param


class Problem:
    """A small task and the same values for numpy. rules: "adagrad", "l2", and "frozen" rows of the input matrix."""

    def __init__(
        self,
        kernel,
        size=20,
        *,
        seed=3,
        adagrad=None,
        l2=0.0,
        rates=None,
        private=0,
        lengths=None,
        weights=1.0,
    ):
        random = self.random = np.random.default_rng(seed)
        self.kernel, self.size, self.adagrad, self.l2 = kernel, size, adagrad, l2
        self.rates = None if rates is None else np.asarray(rates, np.float32)
        n_input = ROWS if kernel in CELLS else COLUMNS
        n_output = COLUMNS if kernel in CELLS else ROWS
        self.input, self.output = self.matrix(n_input), self.matrix(n_output)
        lengths = random.integers(0, 9, ROWS) if lengths is None else lengths
        self.offsets = np.concatenate([[0], np.cumsum(lengths)]).astype(np.int64)
        if kernel in CELLS:
            chosen = [np.sort(random.choice(n_output, n, replace=False)) for n in lengths]
            self.ids = np.concatenate([*chosen, []]).astype(np.int32)
        else:
            self.ids = random.integers(0, n_input, self.offsets[-1]).astype(np.int32)
        self.task = task = Task(kernel, max_chunk=max(1, int(self.offsets[-1])), seed=seed)
        width = matrices.padded_width(size)
        task.matrix("input", self.input, size, width=width, row_rate=self.rates, l2=l2)
        task.matrix("output", self.output, size, width=width, l2=l2)
        task.items(self.ids, self.offsets, "output" if kernel in CELLS else "input")
        if kernel in CELLS:
            self.values = random.normal(0, 1, len(self.ids)).astype(np.float32)
            self.weights = (weights * random.uniform(0.1, 2, len(self.ids))).astype(np.float32)
            task.cells(self.values, self.weights)
        else:
            n_labels = random.integers(0, 4, len(lengths))
            self.label_offsets = np.concatenate([[0], np.cumsum(n_labels)]).astype(np.int64)
            self.labels = random.integers(0, n_output, self.label_offsets[-1]).astype(np.int32)
            task.labels(self.labels, self.label_offsets)
            task.compose(average_hidden=True, average_grad=True)
        for role, rows in (("input", self.input), ("output", self.output)):
            ids = random.permutation(len(rows))[:private].astype(np.int32)
            task.private_rows(role, np.full(len(ids), 0.1, np.float32), ids)
        task.workers(1, n_hottest=2, merge_every=3)
        self.expected = [m.astype(np.float64).copy() for m in (self.input, self.output)]
        self.loss, self.examples = 0.0, 0

    def matrix(self, n):
        rows = matrices.allocate(n, self.size, self.adagrad)
        rows[:, : self.size] = self.random.normal(0, 0.4, (n, self.size))
        return rows

    def train(self, rate=RATE):
        losses = np.zeros(1)
        worker = Worker(self.task)
        worker.merge()
        examples = worker.train(0, 0, np.array([[0, len(self.offsets) - 1]]), np.array([rate]), losses)
        worker.merge()
        return losses[0], examples

    # -- the same in numpy ------------------------------------------------------------------------------------

    def change(self, matrix, row, gradient, rate):
        """One row by its rule."""
        rows, width = self.expected[matrix], matrices.padded_width(self.size)
        factor = float(self.rates[row]) if matrix == 0 and self.rates is not None else 1.0
        if factor == 0:
            return
        gradient = gradient - float(np.float32(self.l2)) * rows[row, : self.size]
        if self.adagrad is not None:
            squares = rows[row, width : width + self.size]
            squares += gradient**2
            gradient = gradient / np.sqrt(squares)
        rows[row, : self.size] += float(rate) * factor * gradient

    def reference(self, rate=RATE):
        for unit in range(len(self.offsets) - 1):
            items = slice(self.offsets[unit], self.offsets[unit + 1])
            (self.cells_of if self.kernel in CELLS else self.bag)(unit, items, rate)
        return self.loss, self.examples

    def cells_of(self, i, items, rate):
        for first in range(items.start, items.stop, 16):
            cells = slice(first, min(first + 16, items.stop))
            columns, weights = self.ids[cells], self.weights[cells].astype(float)
            hidden, targets = (
                self.expected[0][i, : self.size].copy(),
                self.expected[1][columns, : self.size].copy(),
            )
            error = self.values[cells] - targets @ hidden
            self.loss += float((0.5 * weights * error**2).sum())
            for column, g in zip(columns, weights * error, strict=True):
                self.change(1, column, g * hidden, rate)
            self.change(0, i, (weights * error) @ targets, rate)
            self.examples += len(columns)

    def bag(self, b, items, rate):
        features, labels = self.ids[items], self.labels[self.label_offsets[b] : self.label_offsets[b + 1]]
        if not len(features) or not len(labels):
            return
        hidden = self.expected[0][features, : self.size].mean(0)
        targets = self.expected[1][:, : self.size].copy()
        wanted = np.bincount(labels, minlength=len(targets)) / len(labels)
        scores = targets @ hidden
        p = np.exp(scores - scores.max())
        p /= p.sum()
        self.loss -= float(wanted @ np.log(p))
        gradient = (wanted - p) @ targets
        for label, g in enumerate(wanted - p):
            self.change(1, label, g * hidden, rate)
        for feature in features:
            self.change(0, feature, gradient / len(features), rate)
        self.examples += 1

    def check(self, loss, examples, tolerance=2e-5):
        expected_loss, expected_examples = self.reference()
        assert examples == expected_examples > 0
        assert loss == pytest.approx(expected_loss, rel=1e-5)
        for ours, theirs in zip((self.input, self.output), self.expected, strict=True):
            np.testing.assert_allclose(ours, theirs, atol=tolerance, rtol=1e-4)


KERNELS = [*CELLS, "classify"]
RULES = {
    "sgd": {},
    "adagrad": {"adagrad": 0.5},
    "l2": {"l2": 0.02},
    "adagrad, l2": {"adagrad": 0.5, "l2": 0.02},
    "rates": {"rates": np.linspace(0, 2, COLUMNS)},
    "adagrad, rates": {"adagrad": 0.1, "rates": np.linspace(0, 2, COLUMNS)},
}


def problem(kernel, size=20, rule="sgd", **options):
    options = {**RULES[rule], **options}
    if kernel in CELLS and "rates" in options:
        options["rates"] = options["rates"][:ROWS]
    return Problem(kernel, size, **options)


@pytest.mark.parametrize("rule", RULES)
@pytest.mark.parametrize("kernel", KERNELS)
def test_every_rule_matches_numpy_on_every_isa(isa, kernel, rule):
    run = problem(kernel, rule=rule)
    run.check(*run.train())


@pytest.mark.parametrize("size", range(1, 68))
@pytest.mark.parametrize("kernel", KERNELS)
def test_every_size_matches_numpy_on_every_isa(isa, kernel, size):
    for rule in ("sgd", "adagrad"):
        run = problem(kernel, size, rule)
        run.check(*run.train())


@pytest.mark.parametrize("rule", ["sgd", "adagrad, rates"])
@pytest.mark.parametrize("private", [1, 4, 99])
@pytest.mark.parametrize("kernel", KERNELS)
def test_private_rows_lose_no_update(isa, kernel, private, rule):
    run = problem(kernel, rule=rule, private=private)
    run.check(*run.train())


@given(
    kernel=st.sampled_from(KERNELS),
    rule=st.sampled_from(sorted(RULES)),
    lengths=st.lists(st.integers(0, COLUMNS), min_size=ROWS, max_size=ROWS).filter(any),
    seed=st.integers(0, 10**6),
)
def test_any_units_match_numpy(kernel, rule, lengths, seed):
    run = problem(kernel, 9, rule, lengths=lengths, seed=seed)
    loss, examples = run.train()
    if examples:
        run.check(loss, examples)


@pytest.mark.parametrize("rule", RULES)
@pytest.mark.parametrize("kernel", KERNELS)
def test_at_rate_0_the_loss_is_measured_and_no_bit_changes(isa, kernel, rule):
    run = problem(kernel, rule=rule)
    before = [run.input.tobytes(), run.output.tobytes()]
    loss, examples = run.train(np.float32(0))
    assert examples and loss == pytest.approx(run.reference(0)[0], rel=1e-5)
    assert [run.input.tobytes(), run.output.tobytes()] == before


def in_a_round(run, n_workers=1):
    """Train the units on workers in one round; returns the workers before their merge."""
    n_items, roles = int(run.offsets[-1]), {"input": len(run.input), "output": len(run.output)}
    run.task.rounds(max(1, n_items), roles)
    cuts = np.linspace(0, len(run.offsets) - 1, n_workers + 1).astype(int)
    workers = [Worker(run.task) for _ in range(n_workers)]
    for worker, first, last in zip(workers, cuts[:-1], cuts[1:], strict=True):
        worker.train(0, 0, np.array([[first, last]]), np.array([RATE]), np.zeros(1))
    return workers


@pytest.mark.parametrize("rule", RULES)
@pytest.mark.parametrize("kernel", KERNELS)
def test_a_round_of_one_worker_is_plain_training(kernel, rule):
    run, plain = problem(kernel, rule=rule), problem(kernel, rule=rule)
    merge_round(in_a_round(run), 0, 1, RATE)
    plain.train()
    np.testing.assert_allclose(run.input, plain.input, atol=1e-6)
    np.testing.assert_allclose(run.output, plain.output, atol=1e-6)


@pytest.mark.parametrize("rule", ["rates", "adagrad, rates"])
@pytest.mark.parametrize("kernel", KERNELS)
def test_a_frozen_row_keeps_its_value(isa, kernel, rule):
    rates = np.ones(COLUMNS)
    rates[[0, 2, 3]] = 0
    for private in (0, 5, 99):
        run = problem(kernel, rule=rule, rates=rates, private=private)
        before = run.input.copy()
        run.train()
        np.testing.assert_array_equal(run.input[[0, 2, 3]], before[[0, 2, 3]])
        assert (run.input != before).any()
    run = problem(kernel, rule=rule, rates=rates)
    merge_round(in_a_round(run, 3), 0, 1, RATE)
    np.testing.assert_array_equal(run.input[[0, 2, 3]], before[[0, 2, 3]])


@pytest.mark.parametrize("kernel", KERNELS)
def test_frozen_targets_keep_their_bits_while_the_input_rows_learn(isa, kernel):
    run = problem(kernel)
    run.task.freeze_targets()
    before = run.input.copy(), run.output.tobytes()
    first, _ = run.train()
    second, _ = run.train()
    assert second < first
    assert (run.input != before[0]).any() and run.output.tobytes() == before[1]


@pytest.mark.parametrize("rule", ["sgd", "adagrad"])
@pytest.mark.parametrize("kernel", KERNELS)
def test_deltas_of_a_worker_give_the_same_rows_elsewhere(kernel, rule):
    run, elsewhere = problem(kernel, rule=rule), problem(kernel, rule=rule)
    (worker,) = in_a_round(run)
    for role, rows in (("input", elsewhere.input), ("output", elsewhere.output)):
        ids, deltas = worker.export_deltas(role)
        assert len(set(ids.tolist())) == len(ids) > 0 and deltas.shape == (len(ids), rows.shape[1])
        apply_deltas(elsewhere.task, role, ids, deltas)
    merge_round([worker], 0, 1, RATE)
    np.testing.assert_allclose(elsewhere.input, run.input, atol=1e-6)
    np.testing.assert_allclose(elsewhere.output, run.output, atol=1e-6)


def test_wrong_arguments_raise_and_never_crash():
    rows = matrices.allocate(4, 8)
    with pytest.raises(ValueError, match="objective 'cellos'"):
        Task("cellos", max_chunk=1, seed=1)
    task = Task("classify", max_chunk=3, seed=1)
    with pytest.raises(ValueError, match="matrix 'output': set it first"):
        task.labels(np.array([0], np.int32), np.array([0, 1]))
    task.matrix("input", rows, 8)
    with pytest.raises(ValueError, match="input rows have 8"):
        task.matrix("output", rows, 7)
    task.matrix("output", matrices.allocate(3, 8), 8)
    for ids, offsets in (([4], [0, 1]), ([-1], [0, 1]), ([0], [0, 2]), ([0, 1], [0, 2, 1]), ([0], [1])):
        with pytest.raises(ValueError, match=r"the items|offsets"):
            task.items(np.array(ids, np.int32), np.array(offsets))
    with pytest.raises(ValueError, match="lacks items"):
        Worker(task)
    task.items(np.array([0, 1, 2, 3], np.int32), np.array([0, 2, 4]))
    with pytest.raises(ValueError, match="lacks labels"):
        Worker(task)
    with pytest.raises(ValueError, match="the id 3"):
        task.labels(np.array([3, 0], np.int32), np.array([0, 1, 2]))
    task.labels(np.array([2, 0], np.int32), np.array([0, 1, 2]))
    task.compose(average_hidden=True, average_grad=True)
    worker, losses = Worker(task), np.zeros(1)
    for first, last, message in ((0, 3, "of 2"), (-1, 1, "of 2"), (1, 0, "of 2"), (0, 2, "space for 3")):
        with pytest.raises(ValueError, match=message):
            worker.train(0, 0, np.array([[first, last]]), np.array([RATE]), losses)
    with pytest.raises(ValueError, match="wanted 16"):
        apply_deltas(task, "input", np.array([0], np.int32), np.zeros((1, 8), np.float32))
    with pytest.raises(ValueError, match="the id 4"):
        apply_deltas(task, "input", np.array([4], np.int32), np.zeros((1, 16), np.float32))
    cells = Task("cells", max_chunk=3, seed=1)
    cells.matrix("input", rows, 8)
    cells.matrix("output", rows.copy(), 8)
    cells.items(np.array([1, 2, 0, 0], np.int32), np.array([0, 2, 4]), "output")
    with pytest.raises(ValueError, match="item 3: the columns of a unit must rise"):
        cells.cells(np.zeros(4, np.float32), np.ones(4, np.float32))
    with pytest.raises(ValueError, match="5 private rows"):
        cells.private_rows("input", np.zeros(5, np.float32))


def task_of(kernel, n_outputs, role="input"):
    """A task of one unit of four items, with four input rows."""
    task = Task(kernel, max_chunk=4, seed=1)
    task.matrix("input", matrices.allocate(4, 8), 8)
    task.matrix("output", matrices.allocate(n_outputs, 8), 8)
    task.items(np.arange(4, dtype=np.int32) % n_outputs, np.array([0, 4]), role)
    return task


def test_rows_that_a_matrix_or_a_round_lacks_raise():
    noise = np.empty((2, 2), np.uint32)
    alias_table(np.ones(2), noise)
    task = task_of("skipgram", 2)
    task.windows(2, shrink=False, one_pair_at_a_time=False)
    task.negative_sampling(noise, 3)
    with pytest.raises(ValueError, match="2 output rows for 4 input rows"):
        Worker(task)
    task = task_of("cells", 4)
    task.cells(np.zeros(4, np.float32), np.ones(4, np.float32))
    with pytest.raises(ValueError, match="role='output'"):
        Worker(task)
    task = task_of("classify", 4)
    task.labels(np.zeros(1, np.int32), np.array([0, 1]))
    task.compose(average_hidden=True, average_grad=True)
    task.rounds(4, {"input": 4, "output": 1})
    with pytest.raises(ValueError, match="round_rows=1 for the output matrix: a worker can touch 4 rows"):
        Worker(task)


def test_cbow_without_composed_rows_raises():
    noise = np.empty((4, 2), np.uint32)
    alias_table(np.ones(4), noise)
    task = task_of("cbow", 4)
    task.windows(100, shrink=False, one_pair_at_a_time=False)
    task.negative_sampling(noise, 3)
    with pytest.raises(ValueError, match="lacks compose"):
        Worker(task)


def test_two_labels_are_enough_for_a_classifier():
    task = task_of("classify", 2)
    task.labels(np.ones(1, np.int32), np.array([0, 1]))
    task.compose(average_hidden=True, average_grad=True)
    losses = np.zeros(1)
    assert Worker(task).train(0, 0, np.array([[0, 1]]), np.array([RATE]), losses) == 1
    assert losses[0] == pytest.approx(np.log(2))


def window_task(kernel="skipgram", n=30, **rounds):
    """A task of 60 tokens that lacks nothing."""
    task = Task(kernel, max_chunk=60, seed=1)
    for role in ("input", "output"):
        task.matrix(role, matrices.random(n, 8, 1), 8)
    task.items(np.arange(60, dtype=np.int32) % n, np.array([0, 30, 60]))
    task.windows(3, shrink=True, one_pair_at_a_time=False)
    if kernel == "cbow":
        task.compose(average_hidden=True, average_grad=False)
    noise = np.empty((n, 2), np.uint32)
    alias_table(np.ones(n), noise)
    task.negative_sampling(noise, 5)
    if rounds:
        task.rounds(60, rounds)
    return task


def train_all(worker):
    return worker.train(0, 0, np.array([[0, 2]]), np.array([RATE]), np.zeros(1))


def test_each_part_of_a_task_is_set_once_and_before_its_workers():
    task = window_task()
    ids, offsets = np.zeros(9, np.int32), np.array([0, 9])
    with pytest.raises(ValueError, match="items cannot be set, because it is set already"):
        task.items(ids, offsets)
    with pytest.raises(ValueError, match="the input matrix cannot be set"):
        task.matrix("input", matrices.random(2, 8, 1), 8)
    task.private_rows("input", np.ones(3, np.float32))
    with pytest.raises(ValueError, match="private rows of input cannot be set"):
        task.private_rows("input", np.ones(1, np.float32))
    with pytest.raises(ValueError, match="all different"):
        task.private_rows("output", np.ones(2, np.float32), np.array([4, 4], np.int32))
    Worker(task)
    for change in (
        lambda: task.subsample(np.zeros(30, np.uint32)),
        lambda: task.private_rows("output", np.ones(1, np.float32)),
        lambda: task.rounds(60, {"input": 30, "output": 30}),
        lambda: task.freeze_targets(),
    ):
        with pytest.raises(ValueError, match="because the task has workers already"):
            change()


def test_rounds_need_copies_of_all_rows_that_a_worker_can_touch():
    with pytest.raises(ValueError, match="round_rows=29 for the output matrix: a worker can touch 30 rows"):
        Worker(window_task(input=30, output=29))
    with pytest.raises(ValueError, match="round_rows=0 for the output matrix"):
        Worker(window_task(input=30))
    train_all(Worker(window_task(input=30, output=30)))


def test_workers_of_different_tasks_cannot_be_merged():
    one, other, plain = (Worker(window_task(**r)) for r in ({"input": 30, "output": 30},) * 2 + ({},))
    train_all(one)
    for workers in ([one, other], [one, plain], [plain]):
        with pytest.raises(ValueError, match="must belong to one task, which has rounds"):
            merge_round(workers, 0, 1, RATE)
    merge_round([one], 0, 1, RATE)


def test_a_worker_on_two_threads_is_refused():
    worker, errors = Worker(window_task()), []

    def train():
        for _ in range(300):
            try:
                train_all(worker)
            except RuntimeError as error:
                errors.append(str(error))

    threads = [threading.Thread(target=train) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert set(errors) <= {"another thread uses this worker; give each thread its own"}
    assert train_all(worker) > 0


def test_sizes_that_would_overflow_are_refused():
    task = Task("skipgram", max_chunk=60, seed=1)
    with pytest.raises(ValueError, match="window=1073741824"):
        task.windows(2**30, shrink=False, one_pair_at_a_time=False)
    for role in ("input", "output"):
        task.matrix(role, matrices.random(3, 8, 1), 8)
    noise = np.full((3, 2), 3, np.uint32)
    with pytest.raises(ValueError, match="negative=40000000"):
        task.negative_sampling(noise, 40_000_000)
    with pytest.raises(ValueError, match="the noise holds the id 3 of 3"):
        task.negative_sampling(noise, 5)
    with pytest.raises(ValueError, match="1 nodes and 1 codes for paths of"):
        n = 2000
        nodes, codes = np.zeros(1, np.int32), np.zeros(1, np.uint8)
        huffman(np.ones(n, np.int64), np.arange(n, dtype=np.int32), np.zeros(n + 1, np.int64), nodes, codes)


def test_bags_without_features_give_no_example():
    task = Task("classify", max_chunk=3, seed=1)
    for role in ("input", "output"):
        task.matrix(role, matrices.random(3, 8, 1), 8)
    task.items(np.zeros(0, np.int32), np.array([0, 0, 0]))
    task.labels(np.zeros(2, np.int32), np.array([0, 1, 2]))
    task.compose(average_hidden=True, average_grad=True)
    assert task.worker_bytes() > 0
    assert train_all(Worker(task)) == 0


def test_large_weights_of_cells_stay_finite():
    run = problem("cells")
    heavy = Problem("cells", seed=3, weights=1e6)
    heavy.train(np.float32(0.05))
    assert np.isfinite(heavy.input).all() and run.train()[1] > 0
