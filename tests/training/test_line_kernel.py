"""The objective `line` against numpy on every instruction set: which edges it draws, and how it trains them."""

from __future__ import annotations

import numpy as np
import pytest
from reference import alias_draw, below, draw, mix, subkey

from wildvec._train import Task, Worker, alias_table, isas
from wildvec.graph.csr import build_csr
from wildvec.training import matrices

NODES, TILE = 13, 6
NOISE, FIRST, SECOND = 2, 3, 4  # streams of draws
ROLES = {1: ("input",), 2: ("input", "output"), 3: ("input", "output", "documents")}


def table_of(weights):
    table = np.empty((len(weights), 2), np.uint32)
    alias_table(np.asarray(weights, np.float64), table)
    return table


class Problem:
    """Edges of a small graph, on which node 0 has no neighbour, and the same values for numpy."""

    def __init__(
        self, order, *, size=20, negative=5, weighted=False, n_edges=100, private=0, adagrad=None, seed=4
    ):
        random = np.random.default_rng(seed)
        ends = random.integers(1, NODES, (2, 30)).astype(np.int32)
        weights = random.uniform(0.2, 3, 30).astype(np.float32) if weighted else None
        self.offsets, self.neighbours, self.weights = build_csr(*ends, weights, NODES, NODES, True)
        self.order, self.size, self.negative, self.n_edges, self.seed = order, size, negative, n_edges, seed
        degrees = np.diff(self.offsets).astype(float)
        if weighted:
            rows = np.repeat(np.arange(NODES), np.diff(self.offsets))
            degrees = np.bincount(rows, self.weights, NODES)
        self.sources, self.noise = table_of(degrees), table_of(np.arange(1, NODES + 1) ** 0.75)
        self.alias = np.empty((len(self.neighbours), 2), np.uint32) if weighted else None
        for i in range(NODES if weighted else 0):
            edges = slice(self.offsets[i], self.offsets[i + 1])
            if edges.stop > edges.start:
                self.alias[edges] = table_of(self.weights[edges])
        self.rows = {}
        for role in ROLES[order]:
            rows = matrices.allocate(NODES, size, adagrad)
            rows[:, :size] = random.normal(0, 0.4, (NODES, size))
            self.rows[role] = rows
        self.expected = {role: rows[:, :size].astype(float) for role, rows in self.rows.items()}
        self.task = self.make_task(private)

    def make_task(self, private):
        task = Task("line", max_chunk=self.n_edges, seed=self.seed)
        for role, rows in self.rows.items():
            task.matrix(role, rows, self.size, width=matrices.padded_width(self.size))
        task.edges(
            *(self.offsets, self.neighbours, self.sources, self.weights, self.alias),
            n_edges=self.n_edges,
            per_unit=10,
        )
        task.line(self.noise, self.negative, self.order)
        for role in self.rows:
            task.private_rows(
                role, np.full(private, 0.1, np.float32), np.arange(private, dtype=np.int32)[::-1].copy()
            )
        task.workers(1, n_hottest=2, merge_every=3)
        return task

    def train(self, rate=0.1):
        losses, worker = np.zeros(1), Worker(self.task)
        units = -(-self.n_edges // 10)
        worker.merge()
        examples = worker.train(0, 0, np.array([[0, units]]), np.array([rate], np.float32), losses)
        worker.merge()
        return losses[0], examples

    def edges(self, key):
        for e in range(self.n_edges):
            i = alias_draw(self.sources, draw(subkey(key, FIRST), e))
            first, last = self.offsets[i], self.offsets[i + 1]
            bits = draw(subkey(key, SECOND), e)
            at = (
                below(bits, int(last - first))
                if self.alias is None
                else alias_draw(self.alias[first:last], bits)
            )
            yield i, int(self.neighbours[first + at])

    def reference(self, rate=0.1):
        """Train in numpy and return the loss."""
        key = subkey(subkey(mix(self.seed), 0), 0)
        edges, loss = list(self.edges(key)), 0.0
        for first in range(0, len(edges), TILE):
            block = edges[first : first + TILE]
            start = first // TILE * self.negative
            noise = [
                alias_draw(self.noise, draw(subkey(key, NOISE), start + k)) for k in range(self.negative)
            ]
            pairs = {1: [("input", "input")], 2: [("input", "output")]}
            for roles in pairs.get(self.order, [("input", "output"), ("documents", "documents")]):
                loss += self.step(block, noise, *roles, rate)
        return loss

    def step(self, block, noise, of_hidden, of_targets, rate):
        changes = {role: np.zeros_like(rows) for role, rows in self.expected.items()}
        loss = 0.0
        for i, j in block:
            for target, sign in [(j, 1), *((k, -1) for k in noise if k != j)]:
                hidden, row = self.expected[of_hidden][i], self.expected[of_targets][target]
                score = sign * (hidden @ row)
                loss += np.log1p(np.exp(-score))
                gradient = rate * sign / (1 + np.exp(score))
                changes[of_hidden][i] += gradient * row
                changes[of_targets][target] += gradient * hidden
        for role, change in changes.items():
            self.expected[role] += change
        return loss

    def check(self):
        loss, examples = self.train()
        assert examples == self.n_edges
        assert loss == pytest.approx(self.reference(), rel=1e-5)
        for role, rows in self.rows.items():
            np.testing.assert_allclose(rows[:, : self.size], self.expected[role], atol=2e-5)
            assert not rows[:, self.size :].any()


@pytest.mark.parametrize("isa", isas())
@pytest.mark.parametrize("order", [1, 2, 3])
@pytest.mark.parametrize("weighted", [False, True])
def test_it_matches_numpy_on_every_isa(monkeypatch, isa, order, weighted):
    monkeypatch.setenv("WILDVEC_ISA", isa)
    for size, negative, private in ((1, 1, 0), (20, 5, 4), (33, 12, NODES)):
        Problem(order, size=size, negative=negative, weighted=weighted, private=private).check()


def test_rate_0_measures_the_loss_and_changes_no_row():
    problem = Problem(3)
    before = {role: rows.copy() for role, rows in problem.rows.items()}
    loss, _ = problem.train(0)
    assert loss == pytest.approx(problem.reference(0), rel=1e-5)
    assert all(np.array_equal(rows, before[role]) for role, rows in problem.rows.items())


def test_edges_are_drawn_by_weight():
    problem = Problem(2, weighted=True, n_edges=20_000)
    key = subkey(subkey(mix(problem.seed), 0), 0)
    drawn = np.zeros((NODES, NODES))
    np.add.at(drawn, tuple(np.transpose(list(problem.edges(key)))), 1)
    expected = np.zeros((NODES, NODES))
    expected[np.repeat(np.arange(NODES), np.diff(problem.offsets)), problem.neighbours] = problem.weights
    expected *= 20_000 / expected.sum()
    cells = expected > 0
    assert not drawn[~cells].any()
    chi2 = ((drawn - expected)[cells] ** 2 / expected[cells]).sum()
    assert chi2 < cells.sum() + 5 * np.sqrt(2 * cells.sum())


def test_wrong_tables_raise():
    problem = Problem(2)

    def task():
        task = Task("line", max_chunk=10, seed=1)
        for role, rows in problem.rows.items():
            task.matrix(role, rows, problem.size)
        return task

    edges = {"offsets": problem.offsets, "neighbours": problem.neighbours, "n_edges": 10, "per_unit": 10}
    all_nodes = table_of(np.ones(NODES))  # node 0 has no neighbour
    for sources in (all_nodes, problem.sources[:-1]):
        with pytest.raises(ValueError, match="sources"):
            task().edges(**edges, sources=sources)
    with pytest.raises(ValueError, match="documents"):
        task().line(problem.noise, 5, 3)
    with pytest.raises(ValueError, match="noise"):
        task().line(problem.noise[:-1], 5, 2)
    lacking = task()
    lacking.edges(**edges, sources=problem.sources)
    with pytest.raises(ValueError, match="lacks edges or line"):
        Worker(lacking)
