"""Link prediction: splits of edges keep graphs connected, non-edges are none, AUC and average precision."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from wildvec import Graph, KeyedVectors
from wildvec.evaluate import link_prediction, split_edges
from wildvec.evaluate.binary_metrics import average_precision, roc_auc


def random_graph(n=40, m=200, seed=0, directed=False, weights=False):
    random = np.random.default_rng(seed)
    ends = random.integers(n, size=(2, m))
    values = random.random(m).astype(np.float32) + 0.5 if weights else None
    return Graph.from_edges(*ends, weights=values, nodes=np.arange(n), directed=directed)


def edges_of(graph):
    """{(source, target): weight} of all stored edges."""
    sources = np.repeat(np.arange(graph.n_nodes), np.diff(graph.offsets)).tolist()
    weights = [1.0] * len(sources) if graph.weights is None else graph.weights.tolist()
    return dict(zip(zip(sources, graph.neighbours.tolist(), strict=True), weights, strict=True))


def n_components(graph):
    sparse = pytest.importorskip("scipy.sparse")
    ones = np.ones(len(graph.neighbours))
    matrix = sparse.csr_matrix((ones, graph.neighbours, graph.offsets), shape=(graph.n_nodes,) * 2)
    return sparse.csgraph.connected_components(matrix, directed=False)[0]


@pytest.mark.parametrize("directed", [False, True])
@pytest.mark.parametrize("weights", [False, True])
@pytest.mark.parametrize("seed", [1, 2])
def test_a_split_keeps_components_nodes_weights_and_self_loops(directed, weights, seed):
    graph = random_graph(seed=seed, directed=directed, weights=weights)
    split = split_edges(graph, 0.4, seed=seed)
    train, all_edges = edges_of(split.train), edges_of(graph)
    held_out = set(map(tuple, split.edges.tolist()))
    non_edges = set(map(tuple, split.non_edges.tolist()))
    pairs = {(min(e), max(e)) for e in all_edges if e[0] != e[1]}

    assert split.train.nodes == graph.nodes
    assert split.train.directed == directed
    assert n_components(split.train) == n_components(graph)
    assert len(held_out) == len(non_edges) == len(split.edges) == round(0.4 * len(pairs))
    assert held_out <= pairs
    assert not non_edges & pairs
    assert all(a < b for a, b in held_out | non_edges)
    assert train == {e: w for e, w in all_edges.items() if (min(e), max(e)) not in held_out}
    assert any(a == b for a, b in train)  # a self-loop


def test_a_seed_gives_the_same_split():
    graph = random_graph()
    first, same, other = (split_edges(graph, 0.3, seed=seed) for seed in (1, 1, 2))
    assert np.array_equal(first.edges, same.edges)
    assert np.array_equal(first.non_edges, same.non_edges)
    assert not np.array_equal(first.edges, other.edges)


def test_each_edge_outside_the_forest_is_held_out_equally_often():
    graph = Graph.from_edges([0, 1, 2, 3], [1, 2, 3, 0])
    counts = np.zeros((4, 4), int)
    for seed in range(200):
        a, b = split_edges(graph, 0.25, seed=seed).edges[0]
        counts[a, b] += 1
    assert (counts[[0, 1, 2, 0], [1, 2, 3, 3]] > 25).all()


def test_all_non_edges_of_a_dense_graph_are_found():
    a, b = np.triu_indices(8, 1)
    graph = Graph.from_edges(a[3:], b[3:])
    split = split_edges(graph, 3 / 25)
    assert sorted(map(tuple, split.non_edges.tolist())) == [(0, 1), (0, 2), (0, 3)]


@pytest.mark.parametrize(
    ("graph", "fraction", "message"),
    [
        (
            Graph.from_edges([0, 1], [1, 2]),
            0.5,
            "no edge can be held out: 2 of 2 edges keep the graph connected",
        ),
        (random_graph(), 0, "fraction=0"),
        (random_graph(), 0.95, "fraction=0.95: .* cannot be held out; give one between 0.00. and 0.7"),
        (random_graph(), 2, "fraction=2"),
        (Graph.from_edges([], [], nodes=[1, 2]), 0.5, "no edge can be held out: the graph has none"),
        (Graph.from_edges(*np.triu_indices(6, 1)), 0.5, "the graph has 0"),
    ],
)
def test_what_cannot_be_split_is_named(graph, fraction, message):
    with pytest.raises(ValueError, match=message):
        split_edges(graph, fraction)


def circle(n=60):
    """A ring with edges to the next three nodes, and the places of its nodes on a circle."""
    nodes = np.arange(n)
    graph = Graph.from_edges(np.tile(nodes, 3), np.concatenate([(nodes + step) % n for step in (1, 2, 3)]))
    wv = KeyedVectors(3)
    angles = 2 * np.pi * nodes / n
    wv.add_vectors(nodes.tolist(), np.stack([np.cos(angles), np.sin(angles), 0 * angles], axis=1))
    return graph, wv


def test_neighbours_on_a_circle_are_predicted():
    graph, wv = circle()
    split = split_edges(graph, 0.4)
    result = link_prediction(wv, split)
    assert (
        set(result.auc)
        == {"average", "hadamard", "l1", "l2", "dot", "cosine"}
        == set(result.average_precision)
    )
    assert result.auc["l1"] > 0.95
    assert result.auc["cosine"] > 0.99
    assert result.auc["average"] < 0.7  # the middle of two nodes does not tell how far they are
    assert result.auc[result.best] == max(result.auc.values())
    assert result.n_classifier + result.n_test == len(split.edges)
    assert link_prediction(wv, split, classifier_edges=5).n_classifier == 5
    assert "cosine: AUC" in str(result)


def test_a_classifier_is_that_of_scikit_learn():
    linear_model = pytest.importorskip("sklearn.linear_model")
    metrics = pytest.importorskip("sklearn.metrics")
    split = split_edges(circle()[0], 0.4)
    wv = KeyedVectors(4)
    wv.add_vectors(list(range(60)), np.random.default_rng(1).normal(size=(60, 4)).astype(np.float32))
    result = link_prediction(wv, split, operators=["hadamard"])
    n = result.n_classifier
    train, test = (
        np.concatenate([split.edges[part], split.non_edges[part]]) for part in (slice(n), slice(n, None))
    )
    features = wv.vectors[train[:, 0]] * wv.vectors[train[:, 1]]
    mean, scale = features.mean(axis=0), features.std(axis=0)
    model = linear_model.LogisticRegression(solver="liblinear", tol=1e-8)
    model.fit((features - mean) / scale, np.arange(2 * n) < n)
    scores = model.decision_function((wv.vectors[test[:, 0]] * wv.vectors[test[:, 1]] - mean) / scale)
    is_edge = np.arange(len(test)) < len(test) // 2
    assert result.auc["hadamard"] == pytest.approx(metrics.roc_auc_score(is_edge, scores), abs=1e-3)
    expected = metrics.average_precision_score(is_edge, scores)
    assert result.average_precision["hadamard"] == pytest.approx(expected, abs=2e-3)


@given(arrays(np.float64, 12, elements=st.integers(-3, 3).map(float)), arrays(np.bool_, 12))
def test_auc_and_average_precision_are_those_of_scikit_learn(scores, is_positive):
    metrics = pytest.importorskip("sklearn.metrics")
    if 0 < is_positive.sum() < 12:
        assert roc_auc(scores, is_positive) == pytest.approx(metrics.roc_auc_score(is_positive, scores))
        expected = metrics.average_precision_score(is_positive, scores)
        assert average_precision(scores, is_positive) == pytest.approx(expected)
    else:
        assert np.isnan(roc_auc(scores, is_positive))


def test_bad_arguments_are_named():
    graph, wv = circle()
    split = split_edges(graph, 0.4)
    with pytest.raises(ValueError, match="operators='sum': give one of 'average'"):
        link_prediction(wv, split, operators=["sum"])
    with pytest.raises(ValueError, match="classifier_edges=0"):
        link_prediction(wv, split, classifier_edges=0)
    with pytest.raises(ValueError, match="1 edge is held out; two are needed"):
        link_prediction(wv, split_edges(graph, 1 / 180))
    with pytest.raises(TypeError, match="split is Graph; give the result of split_edges"):
        link_prediction(wv, graph)
    with pytest.raises(TypeError, match=r"operators='l1': give a list, for example \['l1'\]"):
        link_prediction(wv, split, operators="l1")
    few = KeyedVectors(2)
    few.add_vectors([0, 1], np.ones((2, 2)))
    with pytest.raises(KeyError, match="node 2 has no vector"):
        link_prediction(few, split)


def test_vectors_that_are_not_finite_have_no_auc():
    graph, wv = circle()
    split = split_edges(graph, 0.4)
    wv.vectors[7, 1] = np.nan
    with pytest.raises(ValueError, match="the vector of node 7 has a value that is not finite"):
        link_prediction(wv, split)
    for measure in (roc_auc, average_precision):
        with pytest.raises(ValueError, match="score 1 is NaN"):
            measure(np.array([1, np.nan, 2]), np.array([True, True, False]))
