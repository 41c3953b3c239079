"""`train-graph`."""

from __future__ import annotations

import numpy as np
import pytest

from wildvec import DeepWalk, Graph, KeyedVectors, Node2Vec, cli
from wildvec.demo import toy

QUICK = ["--vector-size", "8", "--epochs", "1", "--num-walks", "2", "--walk-length", "10", "--workers", "1"]
SETTINGS = {"vector_size": 8, "epochs": 1, "num_walks": 2, "walk_length": 10, "workers": 1}


@pytest.fixture(scope="module")
def edges(tmp_path_factory):
    path = tmp_path_factory.mktemp("edges") / "edges.csv"
    path.write_text("".join(f"{a},{b}\n" for a, b in toy.graph()[0]), encoding="utf-8")
    return str(path)


def test_the_vectors_are_those_of_the_python_class(edges, tmp_path, capsys):
    path = str(tmp_path / "nodes.wv")
    options = ["--method", "node2vec", "--p", "0.5", "--q", "2", *QUICK]
    assert cli.main(["train-graph", edges, "-o", path, *options]) == 0
    wv = KeyedVectors.load(path)
    same = Node2Vec(Graph(edges), p=0.5, q=2, **SETTINGS).wv
    assert wv.index_to_key == same.index_to_key
    assert all(isinstance(node, int) for node in wv.index_to_key)
    np.testing.assert_array_equal(wv.vectors, same.vectors)
    capsys.readouterr()
    assert cli.main(["nearest", path, "0", "-n", "3"]) == 0
    assert [int(line.split("\t")[0]) for line in capsys.readouterr().out.splitlines()] == [
        node for node, _ in same.most_similar(0, topn=3)
    ]


def test_the_whole_model_can_be_trained_further(edges, tmp_path):
    path = str(tmp_path / "nodes.wv")
    assert cli.main(["train-graph", edges, "-o", path, "--format", "model", *QUICK]) == 0
    model = DeepWalk.load(path)
    model.train(Graph(edges), epochs=1)
    assert model.epochs_trained == 2


@pytest.mark.parametrize("method", ["deepwalk", "node2vec", "line", "propagation"])
def test_every_method_writes_a_vector_of_each_node(edges, tmp_path, method):
    path = str(tmp_path / "nodes.txt")
    assert cli.main(["train-graph", edges, "-o", path, "--method", method, "--vector-size", "8"]) == 0
    assert KeyedVectors.load(path).vectors.shape == (100, 8)


def test_directed_edges(tmp_path):
    path = tmp_path / "edges.tsv"
    path.write_text("a\tb\nb\tc\n" * 3, encoding="utf-8")
    out = str(tmp_path / "nodes.wv")
    assert cli.main(["train-graph", str(path), "-o", out, "--directed", *QUICK]) == 0
    np.testing.assert_array_equal(
        KeyedVectors.load(out).vectors, DeepWalk(Graph(path, directed=True), **SETTINGS).wv.vectors
    )


def test_a_third_value_is_a_weight_unless_unweighted(tmp_path):
    path, out = tmp_path / "edges.tsv", str(tmp_path / "nodes.wv")
    path.write_text("a b 9\nb c 1\nc a 1\n", encoding="utf-8")
    for option in ([], ["--unweighted"]):
        assert cli.main(["train-graph", str(path), "-o", out, *QUICK, *option]) == 0
        graph = Graph.read(path, weighted=False if option else None)
        np.testing.assert_array_equal(KeyedVectors.load(out).vectors, DeepWalk(graph, **SETTINGS).wv.vectors)


@pytest.mark.parametrize(
    ("text", "options", "code", "message"),
    [
        ("1,2\n3\n", [], 1, "line 2"),
        ("1,2,-1\n", [], 1, "-1"),
        ("1,2,nan\n", [], 1, "nan"),
        ("1,2,0.5\n3,4\n", [], 1, "--unweighted reads no weights"),
        ("a,b,c\n3,4,1\n", ["--header", "--p", "1"], 2, "--p is no option"),
        ("", [], 1, "no node"),
        ("1,2\n", ["--p", "0.5"], 2, "--p is no option of --method deepwalk"),
        ("1,2\n", ["--method", "node2vec", "--p", "-1"], 2, "'-1'"),
        ("1,2\n", ["--resume"], 2, "--checkpoint DIR"),
    ],
)
def test_bad_input_is_one_clear_line(tmp_path, capsys, text, options, code, message):
    path = tmp_path / "edges.csv"
    path.write_text(text, encoding="utf-8")
    assert cli.main(["train-graph", str(path), "-o", str(tmp_path / "a.wv"), *options]) == code
    assert message in capsys.readouterr().err.splitlines()[-1]


def test_the_help_and_errors_of_graphs_are_short_and_about_graphs(capsys):
    assert cli.main(["train-graph", "--help"]) == 0
    text = capsys.readouterr().out
    assert "noise nodes per example" in text and "words" not in text and "the lines" not in text
    assert cli.main(["train-graph", "edges.csv"]) == 2
    error = capsys.readouterr().err
    assert error.count("\n") == 1 and error.endswith("(see wildvec train-graph --help)\n")
