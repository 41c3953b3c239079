"""Propagation against numpy on every instruction set, and what its user relies on."""

from __future__ import annotations

import pickle
import threading

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from wildvec import KeyedVectors, Propagation
from wildvec._graph import PAD_ROWS, Propagator
from wildvec._train import isas
from wildvec.graph.graph import Graph
from wildvec.models import propagating
from wildvec.models.propagating import whitening_factors
from wildvec.training import matrices


def random_graph(n=50, degree=4, seed=1, weighted=False, **options):
    random = np.random.default_rng(seed)
    edges = random.integers(0, n, (2, n * degree // 2))
    weights = random.uniform(0.5, 2, edges.shape[1]).astype(np.float32) if weighted else None
    return Graph.from_edges(*edges, weights, nodes=np.arange(n), **options)


def dense(graph):
    """Return the adjacency matrix."""
    matrix = np.zeros((graph.n_nodes, graph.n_nodes))
    rows = np.repeat(np.arange(graph.n_nodes), np.diff(graph.offsets))
    matrix[rows, graph.neighbours] = 1 if graph.weights is None else graph.weights
    return matrix


def expected_rows(graph, size, *, iterations, regularization, self_weight, length, seed):
    """The same as `propagate`, in float64; rotated by another orthogonal matrix."""
    adjacency = dense(graph)
    if graph.directed:
        adjacency = adjacency + adjacency.T
        np.fill_diagonal(adjacency, np.diag(adjacency) / 2)
    degrees = adjacency.sum(1)
    degrees = degrees + regularization * degrees[degrees > 0].mean()
    rows = matrices.random(graph.n_nodes, size, seed)[:, :size].astype(float)
    for _ in range(iterations):
        rows = adjacency @ rows / degrees[:, None] + self_weight * rows
        q, _ = np.linalg.qr(rows * np.sqrt(degrees)[:, None])
        rows = q / np.sqrt(degrees)[:, None]
    rows = adjacency @ rows / degrees[:, None]
    return length * rows / np.maximum(np.linalg.norm(rows, axis=1, keepdims=True), 1e-30)


def products(rows):
    """Return all dot products, which do not depend on a rotation."""
    return rows.astype(float) @ rows.T.astype(float)


@pytest.mark.parametrize("isa", isas())
@pytest.mark.parametrize("size", [1, 7, 16, 17, 40])
@pytest.mark.parametrize("weighted", [False, True])
def test_it_matches_numpy_on_every_isa(monkeypatch, isa, size, weighted):
    monkeypatch.setenv("WILDVEC_ISA", isa)
    graph = random_graph(200, weighted=weighted)
    settings = {"iterations": 6, "regularization": 0.2, "self_weight": 0.4, "length": 3.0, "seed": 5}
    expected = expected_rows(graph, size, **settings)
    rows = Propagation(graph, vector_size=size, **settings).wv.vectors
    np.testing.assert_allclose(products(rows), products(expected), atol=2e-3)


@pytest.mark.parametrize("isa", isas())
@pytest.mark.parametrize("width", [16, 48, 64, 144, 272])
def test_kernels_match_numpy_on_every_isa(isa, width):
    graph, random = random_graph(40, weighted=True), np.random.default_rng(2)
    source, target = (random.normal(size=(40, width)).astype(np.float32) for _ in range(2))
    scale, degrees = (random.uniform(0.5, 2, 40).astype(np.float32) for _ in range(2))
    work = Propagator(graph.offsets, graph.neighbours, graph.weights, scale, degrees, source, target, isa)
    gram = (source.astype(float) * degrees[:, None]).T @ source
    np.testing.assert_allclose(np.triu(work.gram(0, 40)), np.triu(gram), atol=1e-3)
    work.propagate(3, 39, 0.5)
    propagated = scale[:, None] * (dense(graph) @ source) + 0.5 * source
    np.testing.assert_allclose(target[3:39], propagated[3:39], atol=1e-5)
    factors = random.normal(size=(width, width)).astype(np.float32)
    work.multiply(1, 38, factors)
    np.testing.assert_allclose(target[1:38], (source @ factors)[1:38], atol=1e-3)
    work.swap()
    before = target.copy()
    before[5] = target[5] = 0
    work.scale_rows(0, 40, 2.0)
    lengths = np.linalg.norm(target, axis=1)
    assert lengths[5] == 0
    np.testing.assert_allclose(np.delete(lengths, 5), 2, rtol=1e-5)


@pytest.mark.parametrize("weighted", [False, True])
def test_the_bits_do_not_depend_on_the_number_of_workers(monkeypatch, weighted):
    monkeypatch.setattr(propagating, "UNIT_VALUES", 3000)
    monkeypatch.setattr(propagating, "UNIT_PRODUCTS", 1500)
    graph = random_graph(weighted=weighted)
    one, three, other = (
        Propagation(graph, vector_size=12, workers=workers, seed=seed).wv.vectors
        for workers, seed in ((1, 1), (3, 1), (3, 2))
    )
    assert np.array_equal(one, three)
    assert not np.allclose(products(one), products(other), atol=1e-6)


def test_directed_edges_count_in_both_directions():
    edges = np.random.default_rng(1).integers(0, 30, (2, 60))
    loops = edges[:, edges[0] != edges[1]]
    found = [
        Propagation(Graph.from_edges(*loops, directed=directed), vector_size=8) for directed in (True, False)
    ]
    assert np.array_equal(found[0].wv.vectors, found[1].wv.vectors)


def test_nodes_without_edges_and_dimensions_that_a_graph_lacks_are_zero():
    graph = Graph.from_edges([1, 2], [2, 3], nodes=[9, 1, 2, 3])
    rows = Propagation(graph, vector_size=20, length=2).wv
    assert not rows[9].any()
    assert np.linalg.norm(rows[2]) == pytest.approx(2)
    assert np.isfinite(rows.vectors).all()
    assert not Propagation(Graph.from_edges([], [], nodes=[4, 5]), vector_size=3).wv.vectors.any()


@pytest.mark.parametrize("self_weight", [1e3, 1e6])
def test_a_large_self_weight_gives_rows(self_weight):
    rows = Propagation(random_graph(), vector_size=8, self_weight=self_weight).wv.vectors
    assert np.isfinite(rows).all() and np.linalg.matrix_rank(rows) == 8


@pytest.mark.parametrize("factor", [1e-40, 1e30])
def test_the_unit_of_weights_does_not_matter(factor):
    graph = random_graph(weighted=True)
    sources, targets, weights = graph.edges()
    scaled = Graph.from_edges(sources, targets, weights.astype(float) * factor, nodes=np.arange(50))
    found = [Propagation(g, vector_size=8, iterations=8).wv.vectors for g in (graph, scaled)]
    np.testing.assert_allclose(products(found[0]), products(found[1]), atol=0.02)


def test_groups_are_near_each_other():
    random = np.random.default_rng(3)
    group = np.arange(200) % 4
    ends = random.integers(0, 200, (2, 20_000))
    ends = ends[:, random.random(20_000) < np.where(group[ends[0]] == group[ends[1]], 0.4, 0.05)]
    wv = Propagation(Graph.from_edges(*ends), vector_size=8).wv
    near = [group[node] == group[other] for node in range(200) for other, _ in wv.most_similar(node, topn=5)]
    assert np.mean(near) > 0.95


def test_files_and_settings(tmp_path):
    model = Propagation(random_graph(), vector_size=12, iterations=8, self_weight=0.5)
    assert repr(model) == "Propagation(50 nodes × 12)"
    model.save(tmp_path / "nodes.wv")
    for loaded in (Propagation.load(tmp_path / "nodes.wv"), pickle.loads(pickle.dumps(model))):
        assert loaded.get_params() | {"workers": 1} == model.get_params() | {"workers": 1}
        assert np.array_equal(loaded.wv.vectors, model.wv.vectors)
        assert loaded.wv.index_to_key == model.wv.index_to_key
    assert np.array_equal(KeyedVectors.load(tmp_path / "nodes.wv").vectors, model.wv.vectors)
    KeyedVectors.from_arrays(["a"], np.ones((1, 2))).save(tmp_path / "other.wv")
    with pytest.raises(ValueError, match="KeyedVectors"):
        Propagation.load(tmp_path / "other.wv")
    assert repr(Propagation(iterations=3)) == "Propagation(not fitted, iterations=3)"
    assert Propagation().fit(random_graph()).wv.vectors.shape == (50, 128)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("vector_size", 0),
        ("iterations", 0),
        ("regularization", -1),
        ("self_weight", float("nan")),
        ("length", 0),
    ],
)
def test_settings_are_checked(name, value):
    with pytest.raises(ValueError, match=f"{name}={value}"):
        Propagation(**{name: value})


def test_an_unknown_setting_names_a_similar_one():
    with pytest.raises(TypeError, match=r"iteration=3: .*; did you mean iterations\?"):
        Propagation(iteration=3)


def test_transform_returns_rows_of_nodes_and_counts_are_degrees():
    model = Propagation(Graph([("a", "b", 2.0), ("b", "c", 1.0)], nodes=["z"]), vector_size=4)
    assert np.array_equal(model.transform(["c", "a"]), model.wv[["c", "a"]])
    assert model.transform([]).shape == (0, 4)
    assert dict(zip(model.wv.index_to_key, model.wv.counts.tolist(), strict=True)) == {
        "z": 1,
        "a": 2,
        "b": 3,
        "c": 1,
    }
    with pytest.raises(KeyError):
        model.transform(["x"])
    with pytest.raises(TypeError, match="'a': give a list of nodes"):
        model.transform("a")
    with pytest.raises(ValueError, match="not fitted"):
        Propagation().transform(["a"])


def test_a_graph_without_nodes_is_an_error():
    with pytest.raises(ValueError, match="no node"):
        Propagation(Graph.from_edges([], []))


def test_wrong_arguments_of_the_extension_raise():
    graph = random_graph(10)
    rows = [np.zeros((10, PAD_ROWS), np.float32) for _ in range(2)]
    ones = np.ones(10, np.float32)
    arrays = [graph.offsets, graph.neighbours, None, ones, ones, *rows, ""]
    wrong = {
        1: np.full_like(graph.neighbours, 10),
        2: np.ones(1, np.float32),
        3: ones[:9],
        4: ones[:9],
        5: np.zeros((10, 8), np.float32),
        6: rows[0],
        7: "none",
    }
    for position, value in wrong.items():
        with pytest.raises(ValueError, match=r"."):
            Propagator(*(value if k == position else array for k, array in enumerate(arrays)))
    work = Propagator(*arrays)
    for call in (
        lambda: work.propagate(0, 11, 0),
        lambda: work.gram(-1, 3),
        lambda: work.scale_rows(4, 3, 1),
    ):
        with pytest.raises(ValueError, match="rows"):
            call()
    with pytest.raises(ValueError, match="factors"):
        work.multiply(0, 10, np.zeros((3, 3), np.float32))


def test_an_interrupt_stops_all_threads(monkeypatch):
    class Bar:
        def __init__(self, *arguments): ...
        def __enter__(self):
            return self

        def __exit__(self, *error): ...

        def update(self, n):
            raise KeyboardInterrupt

    monkeypatch.setattr(propagating, "progress_bar", Bar)
    before = threading.active_count()
    with pytest.raises(KeyboardInterrupt):
        Propagation(random_graph(), vector_size=8, workers=3)
    assert threading.active_count() == before


@given(n=st.integers(1, 12), rank=st.integers(1, 12), seed=st.integers(0, 1000))
def test_whitening_factors_make_the_variances_1(n, rank, seed):
    rows = np.random.default_rng(seed).normal(size=(rank, n))
    factors = whitening_factors(rows.T @ rows)
    whitened = factors.T @ (rows.T @ rows) @ factors
    assert np.allclose(whitened, np.diag(np.diag(whitened)), atol=1e-3)
    assert np.allclose(np.sort(np.diag(whitened))[::-1][: min(n, rank)], 1, atol=1e-3)
