"""In: edge lists in text files. Tested: separators, headers, comments, names, weights, compression, clear errors."""

import bz2
import gzip
import lzma
import tempfile
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from wildvec import Graph
from wildvec.base.keys import integer_of_text
from wildvec.graph import edge_files


def write(folder, text, name="edges.txt", opener=open):
    path = folder / name
    with opener(path, "wb") as file:
        file.write(text if isinstance(text, bytes) else text.encode())
    return path


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("1 2\n2 3\n", [(1, 2), (2, 3)]),
        ("1 2\r\n2 3", [(1, 2), (2, 3)]),
        ("# comment\n% comment\n\n1\t2\n   \n2\t3\n#", [(1, 2), (2, 3)]),
        ("  1   2 \n 2 \t 3", [(1, 2), (2, 3)]),
        ("1,2\n2,3\n", [(1, 2), (2, 3)]),
        ("1;2;.5\n2;3;1e3\n", [(1, 2, 0.5), (2, 3, 1000)]),
        ("1 2 0.1 77\n2 3 0.123456789012345678 78\n", [(1, 2, 0.1), (2, 3, 0.12345679)]),
        ("source,target\n1,2\n2,3\n", [(1, 2), (2, 3)]),
        ("source,target,weight\na,b,2\nb,c,3\n", [("a", "b", 2), ("b", "c", 3)]),
        ("# FromNodeId\tToNodeId\n1\t2\n", [(1, 2)]),
        ("x y\n1 2\n", [(1, 2)]),
        ("\ufefffrom;to\na;b\n", [("a", "b")]),
        ("a b\nb c\n", [("a", "b"), ("b", "c")]),
        (
            "New York,Rio de Janeiro\nRio de Janeiro,Köln\n",
            [("New York", "Rio de Janeiro"), ("Rio de Janeiro", "Köln")],
        ),
        ('"a, b",c\nc,"d ""e"""\n', [("a, b", "c"), ("c", 'd "e"')]),
        ("1 2\n3 x\n", [("1", "2"), ("3", "x")]),
        ("1 2\n3 04\n", [("1", "2"), ("3", "04")]),
        ("1 -2\n-9223372036854775808 9223372036854775807\n", [(1, -2), (-(2**63), 2**63 - 1)]),
        ("1 9223372036854775808\n", [("1", "9223372036854775808")]),
        ("source target\n", []),
        ("", []),
        ("# nothing\n", []),
        ("a\tb c\t 1.5 \tx\n d \te\t2e0\t\n", [("a", "b c", 1.5), ("d", "e", 2)]),
        ('a b\n"c" d\n', [("a", "b"), ('"c"', "d")]),
        ("1 2 0.00000000000000000000000000012345\n", [(1, 2, 1.2345e-28)]),
    ],
)
def test_edge_lists_of_usual_forms(text, expected, tmp_path):
    assert Graph(write(tmp_path, text)) == Graph(expected)


def test_options(tmp_path):
    path = write(tmp_path, "a b,1 2,7\na b,x,0\n")
    assert Graph.read(path, separator=",").nodes == ["a b", "1 2", "x"]
    assert Graph.read(path, separator=",", weighted=False, nodes=["z"], directed=True).nodes == [
        "z",
        "a b",
        "1 2",
        "x",
    ]
    named = write(tmp_path, "source target\n")
    assert Graph.read(named, header=False).n_edges == 1
    assert Graph.read(write(tmp_path, "1 2\n3 4\n"), header=True).nodes == [3, 4]
    assert Graph(write(tmp_path, "1 2 5\n"), weights=False, nodes=[9]).nodes == [1, 2, 9]
    assert Graph(str(path)).n_edges == 1


@pytest.mark.parametrize("opener", [gzip.open, bz2.open, lzma.open])
def test_compressed_files(opener, tmp_path):
    assert Graph(write(tmp_path, "1 2\n2 3\n", "edges.csv.z", opener)).nodes == [1, 2, 3]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("a\n", r"edges\.txt, line 1: the value 'a' with the separator ' '; a line is 'source target'"),
        ("# x\n1 2\n\n3\n", "line 4: the value '3'"),
        ("1,2\n3,\n", "line 2: the values '3', ''"),
        ("h,t\n1,2\n3\n", "line 3: the value '3'"),
        ("1 2 3\n1 2\n", "line 2: the values '1', '2' .* weighted=False"),
        ("1 2 3\n1 2 x\n", "line 2: the weight 'x' is no number"),
        ("1 2 3\n1 2 nan\n", "the weight nan of edge 1"),
        ("1 2 3\n1 2 -3\n", r"the weight -3\.0 of edge 1 \(1 – 2\)"),
        (b"a b\n\xff c\n", r"not UTF-8"),
        ("1 2\r3 4\r5 6\r", "line 1: a carriage return within the line"),
        ("1 2\n3 4\r5 6\n", "line 2: a carriage return within the line"),
        ("a b\nc d\re f\n", "line 2: a carriage return within the line"),
        ("1 2 3\n1 2 1_0\n", "line 2: the weight '1_0' is no number"),
    ],
)
def test_errors_name_the_line(text, message, tmp_path):
    with pytest.raises(ValueError, match=message):
        Graph(write(tmp_path, text))


def test_other_errors(tmp_path):
    with pytest.raises(FileNotFoundError):
        Graph(tmp_path / "none.txt")
    with pytest.raises(ValueError, match="separator='x': give"):
        Graph.read(write(tmp_path, "1 2"), separator="x")
    with pytest.raises(TypeError, match="the weights of a file are its third column"):
        Graph(write(tmp_path, "1 2"), weights=[1])


names = st.one_of(
    st.integers(-(2**63), 2**63 - 1).map(str), st.sampled_from(["a", "07", "x y", "é", "-0", "+1"])
)
rows = st.lists(
    st.tuples(names, names, st.sampled_from(["1", "0.5", "3.25", "1e-3", "123456.7890123456789"])),
    max_size=30,
)


@settings(max_examples=25)
@given(rows, st.booleans(), st.sampled_from([1, 20, 1 << 22]))
def test_blocks_of_any_size_give_the_same_graph(rows, weighted, block):
    with tempfile.TemporaryDirectory() as folder, pytest.MonkeyPatch.context() as patch:
        patch.setattr(edge_files, "BLOCK_BYTES", block)
        path = write(Path(folder), "".join(",".join(row if weighted else row[:2]) + "\n" for row in rows))
        graph = Graph.read(path, header=False)
    ints = all(integer_of_text(name) is not None for row in rows for name in row[:2])
    convert = int if ints else str
    columns = [[convert(row[0]) for row in rows], [convert(row[1]) for row in rows]]
    weights = [float(row[2]) for row in rows] if weighted and rows else None
    assert graph == Graph((*columns, weights))


def test_a_header_with_another_order_of_columns_is_refused(tmp_path):
    (tmp_path / "edges.csv").write_text("count,source,target\n5,1,2\n")
    with pytest.raises(ValueError, match="the columns count, source, target; put source and target first"):
        Graph(tmp_path / "edges.csv")


def test_edge_lists_of_networkx(tmp_path):
    path = tmp_path / "edges.txt"
    path.write_text("1 2 {}\n2 3 {}\n")
    assert Graph(path) == Graph([(1, 2), (2, 3)])
    path.write_text("1 2 {'weight': 3}\n")
    with pytest.raises(ValueError, match="write_weighted_edgelist"):
        Graph(path)
