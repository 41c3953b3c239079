"""LINE: what its two orders learn, and vectors that are made of both."""

from __future__ import annotations

import numpy as np
import pytest

from wildvec import LINE, KeyedVectors
from wildvec.graph.graph import Graph

SETTINGS = {"vector_size": 16, "epochs": 60, "alpha": 0.1, "workers": 1}


def groups(n=80, degree=12, seed=1):
    """Return a graph in which nearly all edges are within one of four groups, and the group of each node."""
    random = np.random.default_rng(seed)
    group = np.arange(n) % 4
    ends = random.integers(0, n, (2, 12 * n * degree))
    chance = np.where(group[ends[0]] == group[ends[1]], 0.5, 0.01)
    ends = ends[:, random.random(ends.shape[1]) < chance][:, : n * degree]
    return Graph.from_edges(*ends), group


@pytest.mark.parametrize("unit", [0.004, 1.0, 1e20])
def test_counts_are_degrees_in_any_unit(unit):
    star = Graph.from_edges([0] * 100, range(1, 101), weights=[unit] * 100)
    counts = LINE(star, vector_size=2, epochs=1).wv.counts
    assert counts[1] > 0 and (counts[1:] == counts[1]).all()
    assert counts[0] == pytest.approx(100 * counts[1], rel=0.01)


def test_a_graph_without_edges_is_refused():
    with pytest.raises(ValueError, match=r"no edge.*give at least one"):
        LINE(Graph.from_edges([], [], nodes=[1, 2]), vector_size=2)


@pytest.mark.parametrize("order", [1, 2, "both"])
@pytest.mark.parametrize("workers", [1, 3])
def test_nodes_of_a_group_are_near_each_other(order, workers):
    graph, group = groups()
    wv = LINE(graph, order=order, **SETTINGS | {"workers": workers}).wv
    near = [group[node] == group[other] for node in range(80) for other, _ in wv.most_similar(node, topn=5)]
    assert np.mean(near) > 0.9


def test_only_the_second_order_joins_nodes_with_the_same_neighbours():
    random = np.random.default_rng(2)
    left = random.integers(0, 40, 4000)
    right = 40 + random.integers(0, 10, 4000) * 4 + left % 4  # edges only between two sides
    graph = Graph.from_edges(left, right)
    model = LINE(graph, order=2, **SETTINGS)
    best = [model.wv.most_similar(node, topn=1)[0][0] for node in range(40)]
    assert np.mean([other < 40 and other % 4 == node % 4 for node, other in enumerate(best)]) > 0.9


def test_vectors_of_both_orders_are_two_halves_of_length_1(tmp_path):
    graph, _ = groups()
    seen = []

    class Callback:
        def on_epoch_end(self, model):
            seen.append(model.wv.vectors.copy())

    model = LINE(graph, vector_size=8, epochs=2, workers=1, callbacks=[Callback()])
    rows = model.wv.vectors
    for half in (rows[:, :4], rows[:, 4:]):
        np.testing.assert_allclose(np.linalg.norm(half, axis=1), 1, rtol=1e-5)
    assert len(seen) == 2
    assert not np.allclose(seen[0], seen[1])
    assert np.array_equal(seen[1], rows)
    model.save(tmp_path / "line.wv")
    assert np.array_equal(KeyedVectors.load(tmp_path / "line.wv").vectors, rows)
    loaded = LINE.load(tmp_path / "line.wv")
    assert np.array_equal(loaded.wv.vectors, rows)
    loaded.train(graph, epochs=1)
    assert not np.allclose(loaded.wv.vectors, rows)
    loaded.wv.vectors = rows * 2
    with pytest.raises(ValueError, match="cannot be set"):
        loaded.train(graph)


def test_settings_that_do_not_fit():
    with pytest.raises(ValueError, match="vector_size=5"):
        LINE(vector_size=5)
    for order in (0, 3, "first"):
        with pytest.raises(ValueError, match="order="):
            LINE(order=order)
    with pytest.raises(ValueError, match="nothing to train on"):
        LINE(Graph.from_edges([], [], nodes=[1, 2]), order=1)


def test_isolated_nodes_keep_finite_rows_and_weights_count():
    graph = Graph.from_edges([1, 1, 3], [2, 3, 4], [1.0, 9.0, 1.0], nodes=[1, 2, 3, 4, 5])
    model = LINE(graph, order=1, **SETTINGS)
    assert np.isfinite(model.wv.vectors).all()
    assert model.wv.similarity(1, 3) > model.wv.similarity(1, 5)
    assert repr(model) == "LINE(5 keys × 16, order 1, 60 epochs trained)"
