"""In: edges of every kind. Tested: rows of neighbours equal a reference, what counts as an edge, and clear errors."""

import copy
import pickle
import threading

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from wildvec import Graph
from wildvec._graph import find_bad_row
from wildvec.graph import csr
from wildvec.graph.graph import as_graph

sparse = pytest.importorskip("scipy.sparse")
networkx = pytest.importorskip("networkx")
pandas = pytest.importorskip("pandas")
polars = pytest.importorskip("polars")

TRIANGLE = [("a", "b"), ("b", "c"), ("c", "a")]


def matrix_of(n, sources, targets, weights, directed):
    """The dense matrix by the definition."""
    matrix = np.zeros((n, n))
    for i, (a, b) in enumerate(zip(sources, targets, strict=True)):
        weight = 1 if weights is None else float(np.float32(weights[i]))
        for row, column in {(a, b)} if directed else {(a, b), (b, a)}:
            matrix[row, column] = 1 if weights is None else matrix[row, column] + weight
    return matrix


edges = st.integers(1, 12).flatmap(
    lambda n: st.tuples(
        st.just(n),
        st.lists(
            st.tuples(st.integers(0, n - 1), st.integers(0, n - 1), st.sampled_from([0.25, 1, 2.5])),
            max_size=60,
        ),
    )
)


@given(edges, st.booleans(), st.booleans(), st.integers(1, 4))
def test_a_graph_equals_its_definition(case, directed, weighted, workers):
    n, rows = case
    sources, targets, weights = ([row[i] for row in rows] for i in range(3))
    weights = weights if weighted else None
    graph = Graph((sources, targets, weights), nodes=n, directed=directed, workers=workers)
    matrix = matrix_of(n, sources, targets, weights, directed)
    np.testing.assert_array_equal(graph.to_scipy().toarray(), matrix.astype(np.float32))
    assert graph.nodes == list(range(n))
    assert graph.n_edges == np.count_nonzero(matrix if directed else np.triu(matrix))
    np.testing.assert_allclose(graph.degrees, matrix.sum(1))
    for row in range(n):
        columns = graph.neighbours[graph.offsets[row] : graph.offsets[row + 1]]
        assert np.all(np.diff(columns) > 0)
        assert graph.neighbours_of(row) == np.flatnonzero(matrix[row]).tolist()
        assert all(graph.has_edge(row, column) == (matrix[row, column] > 0) for column in range(n))
    assert Graph(tuple(graph.edges()), nodes=n, directed=directed) == graph


@pytest.fixture
def small_pieces(monkeypatch):
    monkeypatch.setattr(csr, "PIECE_ENTRIES", 1000)
    monkeypatch.setattr(csr, "UNIT_ENTRIES", 500)
    monkeypatch.setattr(csr, "HUGE_UNIT", 3000)


@pytest.mark.parametrize("weighted", [False, True])
def test_the_bits_do_not_depend_on_workers_and_pieces(weighted, small_pieces):
    rng = np.random.default_rng(1)
    n, m = 20_000, 30_000
    rows = np.where(rng.random(m) < 0.3, 7, rng.integers(0, n, m)).astype(
        np.int32
    )  # one row has 9,000 entries
    columns = rng.integers(0, n // 10, m).astype(np.int32)
    weights = rng.random(m).astype(np.float32) if weighted else None
    first = csr.build_csr(rows, columns, weights, n, n, True, 1)
    expected = sparse.coo_array(
        (np.ones(m) if weights is None else weights.astype(float), (rows, columns)), (n, n)
    )
    loops = sparse.diags_array(expected.tocsr().diagonal())
    expected = sparse.csr_array(expected + expected.T - loops)
    expected.eliminate_zeros()
    np.testing.assert_array_equal(first[0], expected.indptr)
    np.testing.assert_array_equal(first[1], expected.indices)
    if weighted:
        np.testing.assert_allclose(first[2], expected.data, rtol=1e-6)
    for workers in (2, 3):
        other = csr.build_csr(rows, columns, weights, n, n, True, workers)
        assert all(a is b if a is None else np.array_equal(a, b) for a, b in zip(first, other, strict=True))


def test_rows_and_columns_may_have_different_numbers():
    offsets, columns, weights = csr.build_csr(
        np.array([1, 1], np.int32), np.array([7, 3], np.int32), np.array([1, 2], np.float32), 3, 8
    )
    assert (offsets.tolist(), columns.tolist(), weights.tolist()) == ([0, 0, 2, 2], [3, 7], [2, 1])
    with pytest.raises(
        ValueError, match="entry 1 is at row 1, column 3; the matrix has 3 rows and 3 columns"
    ):
        csr.build_csr(np.array([1, 1], np.int32), np.array([0, 3], np.int32), None, 3, 3)


def test_the_builder_refuses_calls_in_another_order():
    rows, columns = np.array([0, 1, 1], np.int32), np.array([1, 0, 1], np.int32)
    builder = csr.CsrBuilder(rows, columns, None, 2, 2, False, 1)
    for call in (builder.allocate, lambda: builder.place(0, 1), lambda: builder.plan(1), builder.take):
        with pytest.raises(RuntimeError):
            call()
    assert builder.count(0, 2) == 1
    for call in (builder.allocate, lambda: builder.count(1, 1), lambda: builder.count(0, -1)):
        with pytest.raises(RuntimeError):
            call()
    assert builder.count(0, 2) == 0
    builder.allocate()
    for call in (builder.allocate, lambda: builder.count(0, 1), lambda: builder.plan(1)):
        with pytest.raises(RuntimeError):
            call()
    assert builder.place(0, 10) == 0
    assert builder.place(0, 10) == 0
    assert builder.plan(1) == [0, 1, 2]
    assert builder.sort(1) == 2
    for call in (lambda: builder.sort(1), lambda: builder.sort(2), lambda: builder.sort(-1), builder.take):
        with pytest.raises(RuntimeError):
            call()
    assert builder.sort(0) == 1
    assert builder.take()[0].tolist() == [1, 0, 1]
    with pytest.raises(RuntimeError):
        builder.take()


def test_the_builder_gives_no_rows_whose_sort_was_stopped():
    rows, columns = np.zeros(20_000, np.int32), np.arange(20_000, dtype=np.int32)[::-1].copy()
    builder = csr.CsrBuilder(rows, columns, None, 1, 20_000, False, 1)
    assert builder.count(0, 20_000) == 0
    builder.allocate()
    assert builder.place(0, 20_000) == 0
    builder.plan(20_000)
    builder.stop()
    builder.sort(0)
    builder.stop(False)
    with pytest.raises(RuntimeError, match="not all sorted"):
        builder.take()


@pytest.mark.parametrize(
    "arguments",
    [
        (3, 2, None, 2, 2, 1),
        (2, 2, 1, 2, 2, 1),
        (2, 2, None, -1, 2, 1),
        (2, 2, None, 2, 2**31, 1),
        (2, 2, None, 2, 2, 3),
    ],
)
def test_the_builder_refuses_arrays_that_do_not_fit(arguments):
    n_rows_given, n_columns_given, n_weights, n_rows, n_columns, n_parts = arguments
    weights = None if n_weights is None else np.ones(n_weights, np.float32)
    with pytest.raises(ValueError, match=r"give|at most"):
        csr.CsrBuilder(
            np.zeros(n_rows_given, np.int32),
            np.zeros(n_columns_given, np.int32),
            weights,
            n_rows,
            n_columns,
            False,
            n_parts,
        )


def test_bad_rows_are_found():
    offsets = np.array([0, 2, 3])
    assert find_bad_row(offsets, np.array([0, 1, 1], np.int32), 2, 0, 2) == -1
    assert find_bad_row(offsets, np.array([0, 0, 1], np.int32), 2, 0, 2) == 0
    assert find_bad_row(offsets, np.array([0, 1, 2], np.int32), 2, 0, 2) == 1
    for bad in ((np.array([0, 2, 4]), 0, 2), (np.array([1, 2, 3]), 0, 2), (offsets, 0, 3), (offsets, -1, 2)):
        with pytest.raises(ValueError, match="must rise from 0 to 3"):
            find_bad_row(bad[0], np.array([0, 1, 1], np.int32), 2, bad[1], bad[2])


def test_ctrl_c_stops_a_build(monkeypatch, small_pieces):
    counted = threading.Event()

    class Interrupted(csr.CsrBuilder):
        def place(self, part, n):
            counted.set()
            raise KeyboardInterrupt

    monkeypatch.setattr(csr, "CsrBuilder", Interrupted)
    n_threads = threading.active_count()
    with pytest.raises(KeyboardInterrupt):
        Graph(np.zeros((5000, 2), np.int32), workers=2)
    assert counted.is_set()
    assert threading.active_count() == n_threads


def test_what_counts_as_an_edge():
    assert Graph([(1, 2), (2, 1), (1, 2)]).n_edges == 1
    assert Graph([(1, 2, 0.5), (2, 1, 2)]).weights.tolist() == [2.5, 2.5]
    assert Graph([(1, 2), (2, 1)], directed=True).n_edges == 2
    loop = Graph([(5, 5, 2), (5, 6, 3)])
    assert (loop.n_edges, loop.degree(5), loop.neighbours_of(5)) == (2, 5, [5, 6])
    without = Graph([(1, 2, 0), (2, 3, 1)])
    assert (without.nodes, without.n_edges, without.weights) == ([1, 2, 3], 1, None)
    isolated = Graph(TRIANGLE, nodes=["z", "a"])
    assert isolated.nodes == ["z", "a", "b", "c"]
    assert (isolated.degree("z"), isolated.neighbours_of("z")) == (0, [])


def test_columns_of_frames_are_found_by_their_names(caplog):
    frame = pandas.DataFrame({"count": [5, 6], "U": ["a", "b"], "V": ["b", "c"]})
    assert Graph(frame) == Graph([("a", "b"), ("b", "c")])
    assert "not used: the columns ['count']; weights='count' takes it as the weight" in caplog.text
    assert Graph(frame, weights="count") == Graph([("a", "b", 5), ("b", "c", 6)])
    caplog.clear()
    assert Graph(frame, weights=False) == Graph([("a", "b"), ("b", "c")])
    assert Graph(frame.rename(columns={"count": "Weight"})) == Graph(frame, weights="count")
    assert Graph(pandas.DataFrame([[1, 2, 0.5]])).weights.tolist() == [0.5, 0.5]
    with pytest.raises(
        ValueError, match="rename two of them to source and target, and one of weights to weight"
    ):
        Graph(pandas.DataFrame({"a": [1], "b": [2], "c": [3]}))
    assert not caplog.text


@pytest.mark.parametrize("data", [[], np.empty((0, 2)), ([], []), networkx.Graph()])
def test_a_graph_may_be_empty(data):
    graph = Graph(data)
    assert (len(graph), graph.n_edges, graph.offsets.tolist(), graph.degrees.tolist()) == (0, 0, [0], [])
    assert Graph(data, nodes=3).to_scipy().shape == (3, 3)
    assert graph.edges().sources.tolist() == []
    assert repr(graph) == "Graph(0 nodes, 0 edges)"


def test_names_are_kept():
    assert Graph([(30, -5), (10, 30)]).nodes == [-5, 10, 30]
    assert Graph([("b", "a"), ("a", "c")]).nodes == ["b", "a", "c"]
    assert Graph(np.array([["b", "a"]])).nodes == ["b", "a"]
    far = Graph([(-(2**63), 2**63 - 1), (0, 5)])
    assert far.nodes == [-(2**63), 0, 5, 2**63 - 1]
    assert far.neighbours_of(5) == [0]
    assert Graph(np.array([[1.0, 2.0], [2.0, 7.0]])).nodes == [1, 2, 7]
    assert all(type(node) is int for node in Graph(np.array([[1, 2]], np.uint8)).nodes)
    assert "a" in Graph(TRIANGLE)
    assert 1 not in Graph(TRIANGLE)


def test_frames_of_all_libraries_give_the_same_graph():
    columns = {"weight": [1.5, 2.0], "target": ["b", "c"], "source": ["a", "b"], "time": [1, 2]}
    expected = Graph([("a", "b", 1.5), ("b", "c", 2)])
    assert Graph(pandas.DataFrame(columns)) == expected
    assert Graph(polars.DataFrame(columns)) == expected
    assert Graph(pandas.DataFrame(columns), weights="time") == Graph([("a", "b", 1), ("b", "c", 2)])
    plain = pandas.DataFrame({"u": ["a", "b"], "v": ["b", "c"]})
    assert Graph(plain).weights is None
    assert Graph((polars.Series(["a", "b"]), pandas.Series(["b", "c"]), [1.5, 2])) == expected


def test_sparse_matrices():
    dense = np.array([[0, 2, 0], [2, 1, 3], [0, 3, 0]])
    graph = Graph(sparse.csr_matrix(dense))
    np.testing.assert_array_equal(graph.to_scipy().toarray(), dense)
    assert Graph(sparse.coo_array(np.triu(dense))) == graph
    assert Graph(sparse.csc_array(np.tril(dense)), nodes=["x", "y", "z"]).nodes == ["x", "y", "z"]
    assert Graph(sparse.csr_array(np.triu(dense)), directed=True).n_edges == 3
    assert Graph(sparse.csr_array(dense != 0)).weights is None
    assert Graph(sparse.csr_array(dense), weights=False).weights is None


def test_networkx_graphs():
    karate = networkx.karate_club_graph()
    assert networkx.utils.graphs_equal(Graph(karate).to_networkx(), weighted_only(karate))
    assert Graph(karate, weights=False).weights is None
    ring = networkx.cycle_graph(4, networkx.DiGraph)
    assert Graph(ring).directed
    assert not Graph(ring, directed=False).directed
    both = Graph(networkx.Graph([("a", "b"), ("b", "b")]), directed=True)
    assert (both.n_edges, both.neighbours_of("a"), both.neighbours_of("b")) == (3, ["b"], ["a", "b"])
    multi = networkx.MultiGraph([(1, 2, {"weight": 2}), (1, 2, {})])
    multi.add_node(9)
    assert (Graph(multi).weights.tolist(), Graph(multi).nodes) == ([3, 3], [1, 2, 9])
    with pytest.raises(ValueError, match="weights='cost': no edge of the graph has this attribute"):
        Graph(karate, weights="cost")
    with pytest.raises(
        TypeError, match=r"node \(0, 0\) at position 0 of the sources is tuple; nodes are str or int"
    ):
        Graph(networkx.grid_2d_graph(2, 2))


def weighted_only(graph):
    """The graph without other attributes."""
    plain = networkx.Graph()
    plain.add_nodes_from(graph.nodes)
    plain.add_weighted_edges_from(graph.edges(data="weight"))
    return plain


@pytest.mark.parametrize(
    ("data", "options", "message"),
    [
        ([("a", "b", -1)], {}, r"the weight -1 of edge 0 \('a' – 'b'\): weights must be positive"),
        ([(1, 2, 1), (2, 3, float("nan"))], {}, "the weight nan of edge 1"),
        ([(1, 2, float("inf"))], {}, "the weight inf of edge 0"),
        ([(1, 2, 1e300)], {}, r"the weight 1e\+300 of edge 0"),
        ([(1, 2, 1e-300)], {}, "the weight 1e-300 of edge 0"),
        ([(1, 2, 3e38), (1, 2, 3e38)], {}, "add up beyond float32"),
        ([(1, 2, "x")], {}, "not numbers"),
        ([("a", 1)], {}, "node 1 at position 0 of the targets is int, but 'a' before it is str"),
        ([("a", "b"), (1, "b")], {}, "node 1 at position 1 of the sources is int, but 'a' before it is str"),
        ([(1, 2)], {"nodes": ["a"]}, "give nodes of one type"),
        ([(1,), (2,)], {}, r"edge 0 has 1 values: \(1,\); an edge is \(source, target\)"),
        ([(1, 2), (1, 2, 3)], {}, "edge 1 has 3 values, but edge 0 has 2"),
        (["ab"], {}, "edge 0 is str 'ab'"),
        ([(None, 1)], {}, "node None at position 0 of the sources is NoneType; nodes are str or int"),
        ([(True, False)], {}, "node True at position 0 of the sources is bool"),
        ([(1.5, 2)], {}, "node 1.5 at position 0 of the sources is float"),
        ([(2**63, 2)], {}, "does not fit into int64"),
        ([("\ud800", "b")], {}, "lone surrogate"),
        (np.array([[1.5, 2]]), {}, "node 1.5 at position 0 of the sources is no whole number"),
        (np.array([[1, np.nan]]), {}, "node nan at position 0 of the targets is missing"),
        (np.ones((4, 1)), {}, r"edges of the shape \(4, 1\)"),
        (np.ones((2, 9)), {}, r"give edges\.T"),
        (np.ones((9, 9)), {}, "csr_array"),
        (np.array([[2**64 - 1, 1]], np.uint64), {}, "does not fit into int64"),
        (([1, 2], [1]), {}, "2 sources and 1 targets"),
        (([1], [1]), {"weights": [1, 2]}, r"weights of the shape \(2,\) for 1 edges"),
        (([1], [1], [1]), {"weights": [1]}, "give one of them"),
        ((np.ones((2, 2)), [1, 2]), {}, r"the sources of nodes has the shape \(2, 2\)"),
        (sparse.csr_array(np.ones((2, 3))), {}, r"a matrix of the shape \(2, 3\)"),
        (
            sparse.csr_array([[0, 1, 1], [2, 0, 0], [1, 0, 0]]),
            {},
            r"not symmetric: \[0, 1\] is 1, \[1, 0\] is 2",
        ),
        (sparse.csr_array([[0.0, -1], [-1, 0]]), {}, "the weight -1.0 of edge 0"),
        (sparse.csr_array(np.eye(2)), {"nodes": ["a"]}, "1 distinct nodes for a matrix of 2 rows"),
        (pandas.DataFrame({"a": [1]}), {}, r"the frame has the columns \['a'\]"),
        (pandas.DataFrame({"source": ["a", None], "target": ["b", "c"]}), {}, "at position 1 of the sources"),
        (pandas.DataFrame({"source": [1], "target": [2]}), {"weights": "w"}, "weights='w': the columns"),
        (5, {}, "int is no graph; give"),
        ({1: [2]}, {}, "dict is no graph"),
        ([(1, 2)], {"workers": 0}, "workers=0"),
    ],
)
def test_errors_name_value_place_and_remedy(data, options, message):
    with pytest.raises((ValueError, TypeError), match=message):
        Graph(data, **options)


def test_subgraphs():
    graph = Graph([(1, 2, 2), (2, 3, 4), (3, 1, 5), (4, 4, 6)])
    part = graph.subgraph([4, 3, 1])
    assert (part.nodes, part.weights.tolist(), part.n_edges) == ([1, 3, 4], [5, 5, 6], 2)
    less = graph.without_edges([1, 3, 0], [0, 3, 3])
    assert (less.nodes, less.n_edges, less.has_edge(1, 2), less.has_edge(2, 3)) == (
        [1, 2, 3, 4],
        2,
        False,
        True,
    )
    directed = Graph([(1, 2), (2, 1)], directed=True).without_edges([0], [1])
    assert (directed.has_edge(1, 2), directed.has_edge(2, 1)) == (False, True)
    with pytest.raises(IndexError, match="9 is not the index of a node"):
        graph.without_edges([9], [0])
    with pytest.raises(KeyError, match="7 is none of the 4 nodes"):
        graph.subgraph([7])


@pytest.mark.parametrize("method", ["neighbours_of", "degree"])
def test_unknown_nodes_are_key_errors(method):
    for node in ("x", 1, ["a"]):
        with pytest.raises(KeyError, match="is none of the 3 nodes of the graph, whose names are str"):
            getattr(Graph(TRIANGLE), method)(node)


def test_graphs_are_compared_copied_and_pickled():
    graph = Graph([("a", "b", 2), ("c", "c", 1)])
    graph.node_to_index  # noqa: B018 (what is computed at the first use is not pickled)
    for other in (pickle.loads(pickle.dumps(graph)), copy.deepcopy(graph), Graph(graph.to_networkx())):
        assert other == graph
        assert other.fingerprint() == graph.fingerprint()
        assert "node_to_index" not in vars(other)
        with pytest.raises(ValueError, match="read-only"):
            other.neighbours[0] = 1
    assert graph != Graph([("a", "b", 3), ("c", "c", 1)])
    assert graph != Graph([("a", "b", 2), ("c", "c", 1)], directed=True)
    assert graph.fingerprint() != Graph([("a", "b", 3), ("c", "c", 1)]).fingerprint()
    assert graph != 1
    assert repr(graph) == "Graph(3 nodes, 2 edges, weighted)"
    assert as_graph(graph) is graph
    with pytest.raises(TypeError, match="directed=True: the data is a Graph already"):
        as_graph(graph, directed=True)
