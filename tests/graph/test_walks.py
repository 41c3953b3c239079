"""Random walks: against a reference that draws the same numbers, and against the exact probabilities of steps."""

from __future__ import annotations

import _thread
import math
import threading
import time

import numpy as np
import pytest
from reference import alias_draw, below, draw, mix, subkey

from wildvec import Graph, Node2Vec
from wildvec._graph import Walks
from wildvec.graph.walks import WalkSettings, draw_walks, make_walks

MASK = 2**64 - 1
MAX_TRIES = 32
SETTINGS = [(1, 1), (0.25, 0.25), (0.2, 3), (4, 0.5), (0.05, 0.5)]


def random_graph(n=12, directed=False, weighted=False, seed=1, density=0.3):
    random = np.random.default_rng(seed)
    edges = np.argwhere(random.random((n, n)) < density)
    weights = random.integers(1, 8, len(edges)) / 2 if weighted else None
    return Graph.from_edges(*edges.T, weights, nodes=np.arange(n), directed=directed)


def dense(graph):
    """The weights of all edges, (nodes, nodes)."""
    matrix = np.zeros((graph.n_nodes, graph.n_nodes))
    rows = np.repeat(np.arange(graph.n_nodes), np.diff(graph.offsets))
    matrix[rows, graph.neighbours] = 1 if graph.weights is None else graph.weights
    return matrix


def biased(weights, previous, node, p, q):
    """The weights of the steps from `node`, as Grover and Leskovec (2016) define them."""
    if previous is None:
        return weights[node].copy()
    bias = np.where(weights[previous] > 0, 1, 1 / q)
    bias[previous] = 1 / p
    return weights[node] * bias


class Reference:
    """The walks of csrc/graph/walks.c, one after the other, in Python."""

    def __init__(self, graph, settings, seed, epoch):
        self.weights, self.settings, self.n = dense(graph), settings, graph.n_nodes
        self.key = subkey(subkey(mix(seed), epoch & MASK), MASK)
        self.is_weighted, self.symmetric = graph.weights is not None, not graph.directed
        alias = make_walks(graph, settings, 1).alias
        bounds = zip(graph.offsets[:-1], graph.offsets[1:], strict=True)
        self.tables = [alias[a:b] if self.is_weighted else None for a, b in bounds]
        back, far = 1 / settings.p, 1 / settings.q
        self.most = max(1, far)
        folds = back > self.most and self.symmetric and not self.is_weighted
        self.extra = back - self.most if folds else 0
        self.most = max(self.most, back - self.extra)

    def first_node(self, number):
        key, mask, shift = subkey(self.key, MASK - number // self.n), 0, 1
        while mask + 1 < self.n:
            mask, shift = 2 * mask + 1, shift + 1
        shift, i = (shift + 1) // 2, number % self.n
        while True:
            for k in range(3):
                i = (i * (draw(key, 2 * k) | 1) + draw(key, 2 * k + 1)) & mask
                i ^= i >> shift
            if i < self.n:
                return i

    def propose(self, key, count, node):
        neighbours, bits = np.flatnonzero(self.weights[node]), draw(key, 2 * count)
        column = alias_draw(self.tables[node], bits) if self.is_weighted else below(bits, len(neighbours))
        return int(neighbours[column])

    def is_accepted(self, key, count, previous, node, proposed):
        """Whether a step is taken, and where to: the proposed node, or back."""
        bits = draw(key, 2 * count + 1)
        total = np.count_nonzero(self.weights[node]) * self.most + self.extra
        if self.extra and (bits >> 32) * 2.0**-32 * total < self.extra:
            return True, previous
        bias = biased(np.ones_like(self.weights) * (self.weights > 0), previous, node, *self.bias())[proposed]
        bias -= self.extra if proposed == previous else 0
        return (bits & 0xFFFFFFFF) < math.floor(bias / self.most * 2**32), proposed

    def bias(self):
        return self.settings.p, self.settings.q

    def weigh(self, key, count, previous, node):
        weights = biased(self.weights, previous, node, *self.bias())
        at = (draw(key, 2 * count) >> 11) * 2.0**-53 * weights.sum()
        return int(np.flatnonzero(np.cumsum(weights) > at)[0])

    def walk(self, number):
        key, count, previous = subkey(self.key, number), 0, None
        nodes = [self.first_node(number)]
        while len(nodes) < self.settings.walk_length and self.weights[nodes[-1]].any():
            tries, taken = 0, self.bias() == (1, 1) or previous is None
            proposed = self.propose(key, count, nodes[-1])
            while not taken:
                taken, step = self.is_accepted(key, count, previous, nodes[-1], proposed)
                if not taken:
                    count, tries = count + 1, tries + 1
                    if tries == max(MAX_TRIES, np.count_nonzero(self.weights[nodes[-1]]) // 4):
                        taken, step = True, self.weigh(key, count, previous, nodes[-1])
                    else:
                        proposed = self.propose(key, count, nodes[-1])
                if taken:
                    proposed = step
            count, previous = count + 1, nodes[-1]
            nodes.append(proposed)
        return nodes + [-1] * (self.settings.walk_length - len(nodes))


@pytest.mark.parametrize(("p", "q"), [*SETTINGS, (1e6, 1e6)])
@pytest.mark.parametrize("kind", ["plain", "directed", "weighted", "directed and weighted"])
def test_walks_are_those_of_the_reference(p, q, kind):
    graph = random_graph(directed="directed" in kind, weighted="weighted" in kind, density=0.2)
    settings = WalkSettings(2, 15, p, q)
    reference = Reference(graph, settings, 7, 2)
    expected = [reference.walk(number) for number in range(2 * graph.n_nodes)]
    assert draw_walks(graph, settings, 7, 2, 1).tolist() == expected


@pytest.mark.parametrize(("p", "q"), SETTINGS)
@pytest.mark.parametrize("kind", ["plain", "directed", "weighted", "directed and weighted"])
def test_steps_have_their_exact_probabilities(p, q, kind):
    graph = random_graph(7, directed="directed" in kind, weighted="weighted" in kind, density=0.4)
    walks = graph.walks(2_000, 40, p, q, seed=3, workers=1)
    weights, n = dense(graph), graph.n_nodes
    triples = np.stack([walks[:, :-2], walks[:, 1:-1], walks[:, 2:]]).reshape(3, -1)
    triples = triples[:, triples[2] >= 0].astype(np.int64)
    seen = np.bincount(triples[0] * n * n + triples[1] * n + triples[2], minlength=n**3).reshape(n, n, n)
    statistic, freedom = 0.0, 0
    for previous, node in np.argwhere(weights > 0):
        steps = biased(weights, previous, node, p, q)
        counts, expected = seen[previous, node], steps / max(steps.sum(), 1e-300) * seen[previous, node].sum()
        assert not counts[steps == 0].any()
        used = expected > 5
        statistic += ((counts - expected)[used] ** 2 / expected[used]).sum()
        freedom += max(0, used.sum() - 1)
    assert freedom > 20
    assert abs(statistic - freedom) < 5 * math.sqrt(2 * freedom)  # five standard deviations of chi-square


def test_each_pass_begins_once_at_each_node_in_another_order():
    walks = random_graph(50).walks(3, 2)
    passes = walks[:, 0].reshape(3, 50)
    assert all(sorted(row) == list(range(50)) for row in passes.tolist())
    assert len({tuple(row) for row in passes.tolist()}) == 3


@pytest.mark.parametrize("weighted", [False, True])
def test_a_seed_gives_the_same_walks_for_any_number_of_workers(weighted, monkeypatch):
    monkeypatch.setattr("wildvec.graph.walks.STEPS_AT_ONCE", 70)
    monkeypatch.setattr("wildvec.graph.walks.EDGES_AT_ONCE", 10)
    graph = random_graph(weighted=weighted)
    expected = graph.walks(4, 9, 0.5, 2, seed=-5, workers=1)
    assert (graph.walks(4, 9, 0.5, 2, seed=-5, workers=3) == expected).all()
    assert (graph.walks(4, 9, 0.5, 2, seed=6) != expected).any()


def test_walks_end_at_nodes_without_out_edges():
    graph = Graph.from_edges([0, 1], [1, 2], nodes=[0, 1, 2, 3], directed=True)
    walks = graph.walks(1, 4, 0.5, 0.5)
    expected = {0: [0, 1, 2, -1], 1: [1, 2, -1, -1], 2: [2, -1, -1, -1], 3: [3, -1, -1, -1]}
    assert {row[0]: row for row in walks.tolist()} == expected


def test_a_graph_without_nodes_or_edges_has_short_walks():
    assert Graph.from_edges([], []).walks().shape == (0, 80)
    assert Graph.from_edges([], [], nodes=["a"]).walks(1, 3).tolist() == [[0, -1, -1]]


@pytest.mark.parametrize(
    ("setting", "value"),
    [
        ("num_walks", 0),
        ("walk_length", 1),
        ("walk_length", 2.5),
        ("p", 0),
        ("q", -1),
        ("p", math.nan),
        ("workers", 0),
    ],
)
def test_a_bad_setting_is_named(setting, value):
    with pytest.raises((TypeError, ValueError), match=f"{setting}="):
        random_graph().walks(**{setting: value})


def test_the_extension_checks_its_arguments():
    offsets, neighbours = np.array([0, 1, 2]), np.array([1, 0], np.int32)
    good = {"length": 3, "p": 1, "q": 1, "symmetric": True}
    for bad in (
        {"length": 1},
        {"p": 0},
        {"offsets": np.array([0, 2, 1])},
        {"offsets": np.array([0])},
        {"neighbours": np.array([1, 2], np.int32)},
        {"weights": np.ones(3, np.float32)},
        {"weights": np.array([1, math.nan], np.float32)},
        {"weights": np.array([1, 0], np.float32)},
        {"weights": np.array([math.inf, 1], np.float32)},
        {"p": 1e-320},
        {"q": math.nan},
    ):
        with pytest.raises(ValueError, match=r"length=|offsets|neighbours|weights"):
            Walks(**{"offsets": offsets, "neighbours": neighbours, **good, **bad})
    walks = Walks(offsets, neighbours, np.ones(2, np.float32), **good)
    with pytest.raises(ValueError, match="nodes"):
        walks.build_alias(0, 3)
    with pytest.raises(ValueError, match="columns"):
        walks.draw(1, 0, 0, np.empty((1, 4), np.int32))
    with pytest.raises(ValueError, match="walk 9223372036854775807"):
        walks.draw(1, 0, 2**63 - 1, np.empty((1, 3), np.int32))


def star(n_leaves=60_000):
    """A graph whose hub is slow for walks with p = 1 and a large q: nearly all proposals are rejected."""
    return Graph.from_edges(np.zeros(n_leaves, np.int32), np.arange(1, n_leaves + 1))


@pytest.mark.parametrize("workers", [1, 2])
@pytest.mark.parametrize("trains", [False, True])
def test_ctrl_c_stops_walks_at_a_node_with_many_neighbours(workers, trains):
    graph, interrupted = star(), []

    def interrupt():
        interrupted.append(time.monotonic())
        _thread.interrupt_main()

    timer = threading.Timer(0.5, interrupt)
    timer.start()
    try:
        with pytest.raises(KeyboardInterrupt):
            if trains:
                Node2Vec(graph, q=1e9, vector_size=2, num_walks=1, workers=workers)
            else:
                graph.walks(1, 80, 1, 1e9, workers=workers)
    finally:
        timer.cancel()
        timer.join()
    assert time.monotonic() - interrupted[0] < 2  # 0.1 s on an idle machine


def test_stopped_walks_have_no_result():
    graph = star(10)
    walks = make_walks(graph, WalkSettings(1, 5, 1, 2), 1)
    nodes = np.empty((3, 5), np.int32)
    walks.stop()
    with pytest.raises(RuntimeError, match="stopped"):
        walks.draw(1, 0, 0, nodes)
    walks.stop(False)
    assert walks.draw(1, 0, 0, nodes).tolist() == [5, 5, 5]
