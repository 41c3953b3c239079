"""DeepWalk and Node2Vec: what they learn, their walks, and their errors."""

from __future__ import annotations

import inspect

import numpy as np
import pytest

from wildvec import DeepWalk, Graph, KeyedVectors, Node2Vec
from wildvec.models.walk_objective import WalkFeed
from wildvec.training.plan import CHUNK_ITEMS

SMALL = {"vector_size": 8, "num_walks": 3, "walk_length": 10, "epochs": 1, "workers": 1}


def two_groups(n=20, seed=1):
    """A graph of two cliques of n nodes, named by str, with one edge between them."""
    names = [f"{group}{i}" for group in "ab" for i in range(n)]
    pairs = [(group * n + i, group * n + j) for group in (0, 1) for i in range(n) for j in range(i)]
    edges = np.array([*pairs, (0, n)])
    return Graph((np.array(names)[edges[:, 0]], np.array(names)[edges[:, 1]]))


@pytest.mark.parametrize("settings", [{}, {"hs": 1, "negative": 0}, {"p": 0.5, "q": 0.5}, {"sg": 0}], ids=str)
def test_nodes_of_a_group_are_near_each_other(settings):
    wv = Node2Vec(two_groups(), vector_size=16, workers=1, alpha=0.05, **settings).wv
    nearest = [wv.most_similar(node, topn=10) for node in wv.index_to_key]
    same = [
        node[0] == other[0]
        for node, found in zip(wv.index_to_key, nearest, strict=True)
        for other, _ in found
    ]
    assert np.mean(same) >= 0.9


def test_the_constructor_takes_what_a_graph_takes(tmp_path):
    edges = np.array([[7, 3], [3, 9]])
    path = tmp_path / "edges.csv"
    path.write_text("7,3\n3,9\n")
    for data in (edges, Graph(edges), path, (edges[:, 0], edges[:, 1])):
        wv = DeepWalk(data, **SMALL).wv
        assert isinstance(wv, KeyedVectors)
        assert dict(zip(wv.index_to_key, wv.counts.tolist(), strict=True)) == {3: 2, 7: 1, 9: 1}


@pytest.mark.parametrize("name", ["p", "q"])
def test_deepwalk_has_no_p_and_q(name):
    with pytest.raises(AttributeError, match=f"{name}=2: DeepWalk has p = q = 1; use Node2Vec\\({name}=2"):
        setattr(DeepWalk(), name, 2)


def test_deepwalk_is_node2vec_with_p_and_q_1():
    graph = two_groups(5)
    assert (DeepWalk(graph, **SMALL).wv.vectors == Node2Vec(graph, **SMALL).wv.vectors).all()
    assert "p" not in DeepWalk.SETTINGS and Node2Vec.SETTINGS.keys() - DeepWalk.SETTINGS.keys() == {"p", "q"}


@pytest.mark.parametrize("model", [DeepWalk, Node2Vec])
def test_each_setting_is_in_the_signature_with_its_default_and_in_the_docstring(model):
    parameters = inspect.signature(model).parameters
    for name, setting in model.SETTINGS.items():
        assert parameters[name].default == setting.default, name
        assert f"\n        {name}: " in Node2Vec.__doc__, name


def test_an_isolated_node_keeps_its_vector_and_the_others_change():
    graph = Graph([(0, 1), (1, 2)], nodes=[0, 1, 2, 3])
    model = Node2Vec(**SMALL)
    model.build(graph)
    before = model.wv.vectors.copy()
    model.train(graph)
    assert (model.wv.vectors != before).any(axis=1).tolist() == [True, True, True, False]


def test_counts_are_degrees_in_a_directed_graph_of_both_directions():
    graph = Graph(([0, 1, 0], [1, 2, 2], [0.2, 3.0, 1.5]), directed=True)
    assert Node2Vec(graph, **SMALL).wv.counts.tolist() == [170, 320, 450]


def test_a_graph_without_edges_trains_nothing_and_says_so(caplog):
    model = Node2Vec(Graph([], nodes=["a", "b"]), **SMALL)
    assert "the graph has no edge between two nodes" in caplog.text
    assert model.wv.index_to_key == ["a", "b"]


def test_bad_data_is_refused():
    with pytest.raises(ValueError, match="no node"):
        DeepWalk(Graph([]), **SMALL)
    with pytest.raises(ValueError, match="at least two nodes"):
        DeepWalk(Graph([], nodes=["a"]), hs=1, negative=0, **SMALL)
    with pytest.raises(ValueError, match="leave nothing to train on"):
        DeepWalk(negative=0)
    for bad in ({"p": 0}, {"q": -1}, {"walk_length": 1}, {"num_walks": 0}):
        with pytest.raises(ValueError, match=f"{next(iter(bad))}="):
            Node2Vec(**bad)
    with pytest.raises(TypeError, match="did you mean walk_length"):
        Node2Vec(walk_lenght=5)


def test_train_needs_the_nodes_of_the_model():
    model = DeepWalk(**SMALL)
    with pytest.raises(RuntimeError, match="call build first"):
        model.train([(0, 1)])
    model.build([(0, 1)])
    with pytest.raises(ValueError, match="not the 2 nodes of the model"):
        model.train([(0, 2)])
    assert model.train([(0, 1)])[0] == 2 * 3 * 10


def test_transform_returns_rows_of_nodes():
    model = DeepWalk(**SMALL).fit([("a", "b"), ("b", "c")])
    assert (model.transform(["c", "a"]) == model.wv[["c", "a"]]).all()
    assert model.transform([]).shape == (0, 8)
    with pytest.raises(KeyError):
        model.transform(["d"])


@pytest.mark.parametrize(
    ("n_nodes", "length", "num_walks"), [(5, 10, 3), (5_000, 80, 10), (1_000_000, 80, 10)]
)
def test_units_of_walks_cover_them_all_and_are_few(n_nodes, length, num_walks):
    graph = Graph([], nodes=0)
    graph.offsets = np.zeros(n_nodes + 1, np.int64)
    feed = WalkFeed(graph, Node2Vec(num_walks=num_walks, walk_length=length)._walk_settings(), 1)
    sizes = feed.sizes
    assert sizes.sum() == feed.raw_items == n_nodes * length * num_walks
    assert sizes.max() <= CHUNK_ITEMS
    assert len(sizes) <= max(20_000, n_nodes * num_walks * length // 9_000)
