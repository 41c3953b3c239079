"""Co-occurrence counts: equal to a plain Python reference for any workers and memory; PMI; files; bad input."""

from __future__ import annotations

import os
import re
import signal
import threading
import time
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import wildvec
from wildvec import Cooccurrence
from wildvec._cooccur import Counter, Positions, Text
from wildvec.cooccurrence import counting
from wildvec.cooccurrence.cell_buffer import CellBuffer
from wildvec.cooccurrence.counting import Window, count_corpus
from wildvec.demo import toy
from wildvec.text.corpus import Corpus

ARRAYS = ("counts", "offsets", "columns", "values")


def reference(sentences, n, window, symmetric, distance_weighting):
    """The dense matrix, float64, by the definition."""
    matrix = np.zeros((n, n))
    for sentence in sentences:
        for i, word in enumerate(sentence):
            for j in range(max(0, i - window), min(len(sentence), i + window + 1 if symmetric else i)):
                if i != j:
                    matrix[word, sentence[j]] += 1 / abs(i - j) if distance_weighting else 1
    return matrix


def dense(pairs):
    matrix = np.zeros((len(pairs), len(pairs)))
    rows = np.repeat(np.arange(len(pairs)), np.diff(pairs.offsets))
    matrix[rows, pairs.columns] = pairs.values
    return matrix


def random_sentences(seed=1, words=60, sentences=80, longest=30):
    """Sentences in which few words are frequent."""
    rng = np.random.default_rng(seed)
    lengths = rng.integers(1, longest, sentences)
    return [[f"w{min(words - 1, int(x))}" for x in rng.pareto(0.7, n)] for n in lengths]


def sentences_of(corpus):
    return [corpus.ids[a:b] for a, b in zip(corpus.offsets[:-1], corpus.offsets[1:], strict=True)]


def same(a, b):
    return a.keys == b.keys and all(np.array_equal(getattr(a, name), getattr(b, name)) for name in ARRAYS)


@pytest.fixture(scope="module")
def corpus():
    return Corpus.read(random_sentences(), min_count=1)


@pytest.fixture(scope="module")
def pairs(corpus):
    return Cooccurrence.from_corpus(corpus, window=4)


# Counting


@pytest.mark.parametrize("window", [1, 3, 10, 64, 130, 1000])
@pytest.mark.parametrize("symmetric", [False, True])
@pytest.mark.parametrize("distance_weighting", [False, True])
def test_counts_equal_the_definition(corpus, window, symmetric, distance_weighting):
    found = Cooccurrence.from_corpus(
        corpus, window=window, symmetric=symmetric, distance_weighting=distance_weighting
    )
    expected = reference(sentences_of(corpus), len(found), window, symmetric, distance_weighting)
    np.testing.assert_allclose(dense(found), expected, rtol=1e-6)
    assert (found.values > 0).all()
    assert found.counts.tolist() == corpus.vocab.counts.tolist()
    assert (found.window, found.symmetric, found.distance_weighting) == (
        window,
        symmetric,
        distance_weighting,
    )
    for a, b in zip(found.offsets[:-1], found.offsets[1:], strict=True):
        assert (np.diff(found.columns[a:b]) > 0).all()


@given(
    st.lists(st.lists(st.integers(0, 9), min_size=1, max_size=80), min_size=1, max_size=5),
    st.integers(1, 100),
    st.booleans(),
)
def test_windows_end_at_the_sentence(sentences, window, symmetric):
    corpus = Corpus.read(sentences, min_count=1, workers=1)
    found = Cooccurrence.from_corpus(corpus, window=window, symmetric=symmetric, workers=1)
    expected = reference(sentences_of(corpus), len(found), window, symmetric, True)
    np.testing.assert_allclose(dense(found), expected, rtol=1e-6)


@pytest.mark.parametrize("workers", [1, 2, 5])
@pytest.mark.parametrize("max_memory", [None, 1])
def test_workers_and_memory_do_not_change_the_bits(corpus, pairs, workers, max_memory, monkeypatch, tmp_path):
    monkeypatch.setattr(counting, "UNIT_CELLS", 100)
    monkeypatch.setattr(counting, "MIN_BUDGET", 400)
    monkeypatch.setattr(counting, "PIECE_PAIRS", 50)  # rows are counted in several calls
    monkeypatch.setattr(counting, "PIECE_TOKENS", 7)
    found = Cooccurrence.from_corpus(
        corpus, window=4, workers=workers, max_memory=max_memory, cache_dir=tmp_path
    )
    assert same(found, pairs)
    in_file = isinstance(found.values, np.memmap) or isinstance(found.values.base, np.memmap)
    assert in_file == (max_memory == 1)
    assert not list(tmp_path.iterdir())


def test_rows_in_several_passes_have_few_positions_each(corpus):
    text = Text(corpus.ids, corpus.offsets, len(corpus.vocab))
    text.count(len(corpus.ids))
    work = counting._Counting(text, Window(4), 1)
    units = list(work.units(400))
    assert len({id(unit.positions) for unit in units}) > 3
    assert [unit.first for unit in units[1:]] == [unit.last for unit in units[:-1]]
    assert units[-1].last == len(corpus.vocab)


def test_sentences_a_file_and_a_corpus_give_the_same(corpus, pairs, tmp_path):
    path = tmp_path / "text.txt"
    path.write_text("\n".join(" ".join(sentence) for sentence in random_sentences()), encoding="utf-8")
    assert same(Cooccurrence(random_sentences(), window=4, min_count=1), pairs)
    assert same(Cooccurrence(corpus_file=path, window=4, min_count=1), pairs)
    assert same(Cooccurrence(corpus_file=[str(path)], window=4, min_count=1, workers=1), pairs)
    rare = Cooccurrence(random_sentences(), window=4, min_count=3)
    assert min(rare.counts) >= 3


def test_words_outside_the_vocabulary_take_no_part_in_distances():
    found = Cooccurrence([["a", "rare", "b"], ["a", "b"]], min_count=2, window=1)
    assert found["a", "b"] == found["b", "a"] == 2


def test_a_corpus_without_neighbours_has_no_cells():
    found = Cooccurrence([["a"], ["b"], ["a"]], min_count=1)
    assert (found.keys, found.offsets.tolist(), len(found.values)) == (["a", "b"], [0, 0, 0], 0)
    assert found.columns.dtype == np.int32
    assert found.most_common("a") == []
    assert found["a", "b"] == 0


def test_long_sums_are_exact_in_double():
    """A sum of 40 million ones would stop at 2**24 in float32."""
    corpus = Corpus.from_ids(np.zeros(100_001, np.int32), [0, 100_001], max_sentence_length=200_000)
    found = Cooccurrence.from_corpus(corpus, window=200, distance_weighting=False)
    assert found.values[0] == np.float32(2 * (200 * 100_001 - 200 * 201 / 2))


def test_repr_and_cells(pairs):
    assert repr(pairs).startswith(f"Cooccurrence({len(pairs)} keys, {len(pairs.values):,} cells, window 4")
    matrix = dense(pairs)
    for i, a in enumerate(pairs.keys[:5]):
        assert [pairs[a, b] for b in pairs.keys] == matrix[i].tolist()
    best = pairs.most_common("w0", 3)
    assert [x for _, x in best] == sorted(matrix[pairs.key_to_index["w0"]], reverse=True)[:3]
    assert len(pairs.most_common("w0", None)) == np.count_nonzero(matrix[pairs.key_to_index["w0"]])
    assert "w0" in pairs
    assert "unknown" not in pairs
    with pytest.raises(KeyError, match="'unknown' is not among the"):
        pairs["w0", "unknown"]


@pytest.mark.parametrize("workers", [1, 2])
def test_ctrl_c_stops_the_count_of_a_long_row(workers):
    corpus = Corpus.from_ids(np.zeros(1_000_000, np.int32), range(0, 1_000_001, 10_000))
    timer = threading.Timer(0.1, os.kill, [os.getpid(), signal.SIGINT])
    timer.start()
    started = time.perf_counter()
    with pytest.raises(KeyboardInterrupt):
        Cooccurrence.from_corpus(corpus, window=9_999, workers=workers)  # more than 10 s of work
    assert time.perf_counter() - started < 3
    timer.join()


def test_the_examples_of_the_documentation_run(tmp_path, monkeypatch):
    pytest.importorskip("scipy")
    monkeypatch.chdir(tmp_path)
    lines = [" ".join(sentence) for sentence in toy.sentences(tokens=20_000, seed=1)]
    Path("wiki.txt").write_text("\n".join(lines), encoding="utf-8")
    document = Path(__file__).parents[2] / "docs" / "cooccurrence.md"
    names: dict[str, object] = {}
    for block in re.findall(r"^```python\n(.*?)^```$", document.read_text(encoding="utf-8"), re.M | re.S):
        exec(block, names)
    assert names["matrix"].nnz


# The extension


def small_text():
    ids, offsets = np.array([0, 1, 0, 2], np.int32), np.array([0, 3, 4])
    text = Text(ids, offsets, 3)
    text.count(4)
    return text


def test_the_extension_refuses_wrong_arguments():
    ids, offsets = np.array([0, 1, 3], np.int32), np.array([0, 3])
    for bad in ([0, 2], [1, 3], [0, 4, 3], [0, -1, 3]):
        with pytest.raises(ValueError, match="offsets"):
            Text(ids, np.array(bad), 3)
    with pytest.raises(ValueError, match="id 3 at position 2"):
        Text(ids, offsets, 3).count(3)
    with pytest.raises(ValueError, match="id -1 at position 0"):
        Text(np.array([-1], np.int32), np.array([0, 1]), 3).count(9)
    text = small_text()
    with pytest.raises(ValueError, match="counted first"):
        Positions(Text(ids, offsets, 4), 0, 4)
    for first, last in ((-1, 2), (0, 4), (2, 2)):
        with pytest.raises(ValueError, match="words"):
            Positions(text, first, last)
    with pytest.raises(ValueError, match="window=0"):
        Counter(text, 0, True, True)
    counter, positions = Counter(text, 2, True, True), Positions(text, 0, 2)
    arrays = np.empty(9, np.int32), np.empty(9, np.float32), np.empty(3, np.int64)
    with pytest.raises(RuntimeError, match="no rows"):
        counter.run(1)
    with pytest.raises(ValueError, match="not complete"):
        counter.start(positions, 0, 2, *arrays)
    positions.collect(100)
    for first, last in ((0, 3), (1, 1), (-1, 1)):
        with pytest.raises(ValueError, match="rows"):
            counter.start(positions, first, last, *arrays)
    with pytest.raises(ValueError, match="too short"):
        counter.start(positions, 0, 2, arrays[0][:2], *arrays[1:])
    with pytest.raises(ValueError, match="another text"):
        Counter(small_text(), 2, True, True).start(positions, 0, 2, *arrays)
    counter.start(positions, 0, 2, *arrays)
    with pytest.raises(RuntimeError, match="not finished"):
        counter.start(positions, 0, 2, *arrays)
    assert not counter.run(1)
    assert counter.run(100)
    assert (counter.n_cells, arrays[0][:3].tolist(), arrays[1][:3].tolist()) == (
        3,
        [0, 1, 0],
        [1.0, 2.0, 2.0],
    )


def test_counts_of_positions_and_tokens_are_checked():
    most = 2**63 - 1
    text = Text(np.array([0, 1, 0, 1, 2], np.int32), np.array([0, 5]), 3)
    for n in (2, -1, most, most):
        text.count(n)
    assert (text.n_counted, text.counts.tolist()) == (5, [2, 2, 1])
    positions = Positions(text, 0, 3)
    for n in (2, -1, most, most):
        positions.collect(n)
    assert positions.n_collected == 5
    counter, columns = Counter(text, 2, True, True), np.empty(9, np.int32)
    counter.start(positions, 0, 3, columns, np.empty(9, np.float32), np.empty(3, np.int64))
    with pytest.raises(ValueError, match="n=-5: give 0 or more positions"):
        counter.run(-5)
    assert counter.run(most)


def test_two_threads_cannot_use_one_counter():
    text = Text(np.zeros(2_000_000, np.int32), np.array([0, 2_000_000]), 1)
    errors, ready = [], threading.Barrier(4)

    def count():
        ready.wait()
        try:
            text.count(2_000_000)
        except RuntimeError as error:
            errors.append(str(error))

    threads = [threading.Thread(target=count) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert text.counts.tolist() == [2_000_000]
    assert all("another thread uses this object" in error for error in errors)


def test_a_buffer_moves_to_a_file(tmp_path):
    for most in (0, 8, 12, 10_000):
        buffer = CellBuffer(np.int32, most, tmp_path)
        for piece in ([1, 2], [], [3], [4, 5, 6]):
            buffer.append(np.array(piece, np.int32))
        assert buffer.in_memory == (most >= 24)
        array = buffer.finish()
        buffer.close()
        assert array.tolist() == [1, 2, 3, 4, 5, 6]
    with pytest.raises(OSError, match="cache_dir must be a folder"):
        CellBuffer(np.int32, 0, tmp_path / "none")


# PMI


@pytest.mark.parametrize("symmetric", [False, True])
@pytest.mark.parametrize("exponent", [1, 0.75, 0])
def test_pmi_equals_its_formula(corpus, symmetric, exponent):
    pytest.importorskip("scipy")
    pairs = Cooccurrence.from_corpus(corpus, window=3, symmetric=symmetric)
    counts = dense(pairs)
    contexts = counts.sum(0) ** exponent * (counts.sum(0) > 0)
    with np.errstate(divide="ignore", invalid="ignore"):
        expected = np.log(
            counts / counts.sum() / np.outer(counts.sum(1) / counts.sum(), contexts / contexts.sum())
        )
    found = pairs.pmi(context_exponent=exponent)
    assert found.dtype == np.float32
    np.testing.assert_allclose(found.toarray()[counts > 0], expected[counts > 0], rtol=1e-4, atol=1e-5)
    for shift in (0, np.log(2), -1):
        positive = np.where(counts > 0, np.maximum(expected - shift, 0), 0)
        shifted = pairs.ppmi(shift=shift, context_exponent=exponent)
        np.testing.assert_allclose(shifted.toarray(), positive, rtol=1e-4, atol=1e-5)
        assert (shifted.data > 0).all()


def test_pmi_of_a_matrix_without_cells_is_empty():
    pytest.importorskip("scipy")
    assert Cooccurrence([["a"]], min_count=1).ppmi().nnz == 0


def test_pmi_refuses_bad_settings(pairs):
    with pytest.raises(ValueError, match="shift=nan"):
        pairs.ppmi(shift=np.nan)
    with pytest.raises(ValueError, match="context_exponent=-1"):
        pairs.pmi(context_exponent=-1)
    with pytest.raises(ValueError, match=r"context_exponent=1\.5"):
        pairs.ppmi(context_exponent=1.5)


def test_without_scipy_the_error_names_the_extra(pairs, monkeypatch):
    monkeypatch.setitem(__import__("sys").modules, "scipy.sparse", None)
    with pytest.raises(ImportError, match=r"pip install wildvec\[scipy\]"):
        pairs.to_scipy()


# Other formats


def test_scipy_in_and_out(pairs):
    sparse = pytest.importorskip("scipy.sparse")
    matrix = pairs.to_scipy()
    assert np.shares_memory(matrix.data, pairs.values)
    np.testing.assert_array_equal(matrix.toarray(), dense(pairs))
    about = {"window": 4, "symmetric": True, "distance_weighting": True, "counts": pairs.counts}
    assert same(Cooccurrence.from_scipy(matrix, pairs.keys, **about), pairs)
    assert same(Cooccurrence.from_scipy(matrix.tocoo(), pairs.keys, **about), pairs)
    messy = sparse.csr_array(
        (np.array([1.0, 0.0, 2.0, 3.0]), np.array([1, 0, 0, 0]), np.array([0, 2, 4])), shape=(2, 2)
    )
    before = messy.data.copy()
    tidy = Cooccurrence.from_scipy(messy, ["a", "b"])
    assert tidy.columns.tolist() == [1, 0]
    assert tidy.values.tolist() == [1, 5]
    assert np.array_equal(messy.data, before)
    with pytest.raises(ValueError, match="not square"):
        Cooccurrence.from_scipy(sparse.csr_array((2, 3)), ["a", "b"])
    with pytest.raises(TypeError, match="no scipy sparse matrix"):
        Cooccurrence.from_scipy(np.eye(2), ["a", "b"])


@pytest.mark.parametrize("mmap", [False, True])
def test_a_file_holds_everything(pairs, mmap, tmp_path):
    path = tmp_path / "counts.wv"
    pairs.save(path)
    loaded = Cooccurrence.load(path, mmap=mmap)
    assert same(loaded, pairs)
    assert repr(loaded) == repr(pairs)
    unknown = Cooccurrence.from_arrays([7, "b"], [0, 1, 1], [1], [0.5])
    unknown.save(path)
    assert repr(Cooccurrence.load(path)) == "Cooccurrence(2 keys, 1 cells, not symmetric)"
    assert Cooccurrence.load(path)[7, "b"] == 0.5


def test_wrong_files_are_refused(pairs, tmp_path):
    path = tmp_path / "counts.wv"
    pairs.save(path)
    data = path.read_bytes()
    path.write_bytes(data[:-1000])
    with pytest.raises(EOFError, match=r"counts\.wv"):
        Cooccurrence.load(path)
    wildvec.KeyedVectors.from_arrays(["a"], np.ones((1, 2), np.float32)).save(path)
    with pytest.raises(AttributeError, match="not a Cooccurrence"):
        Cooccurrence.load(path)


def test_stanford_files(pairs, tmp_path):
    path, vocab = tmp_path / "cooccurrence.bin", tmp_path / "vocab.txt"
    pairs.save_stanford(path, vocab)
    about = {"window": 4, "symmetric": True, "distance_weighting": True}
    assert same(Cooccurrence.load_stanford(path, vocab, **about), pairs)
    records = np.fromfile(path, [("row", "<i4"), ("column", "<i4"), ("value", "<f8")])
    assert len(records) == len(pairs.values)
    assert records["value"].sum() == pytest.approx(pairs.values.sum(dtype=float))
    shuffled = np.random.default_rng(1).permutation(records)
    half = shuffled.copy()
    half["value"] /= 2
    np.concatenate([half, half]).tofile(path)  # records of the same cell are added
    assert same(Cooccurrence.load_stanford(path, vocab, **about), pairs)


def test_wrong_stanford_files_are_refused(pairs, tmp_path):
    path, vocab = tmp_path / "cooccurrence.bin", tmp_path / "vocab.txt"
    pairs.save_stanford(path, vocab)
    path.write_bytes(path.read_bytes()[:-3])
    with pytest.raises(EOFError, match=f"cut off after {len(pairs.values) - 1} records"):
        Cooccurrence.load_stanford(path, vocab)
    record = np.array([(1, len(pairs) + 1, 1.0)], [("row", "<i4"), ("column", "<i4"), ("value", "<f8")])
    record.tofile(path)
    with pytest.raises(ValueError, match="record 0 names a word"):
        Cooccurrence.load_stanford(path, vocab)
    record["column"], record["value"] = 1, np.nan
    record.tofile(path)
    with pytest.raises(ValueError, match=r"values\[0\] is nan"):
        Cooccurrence.load_stanford(path, vocab)
    vocab.write_text("a b c\n")
    with pytest.raises(ValueError, match=r"vocab\.txt, line 1"):
        Cooccurrence.load_stanford(path, vocab)
    with pytest.raises(ValueError, match="white space"):
        Cooccurrence.from_arrays(["a b"], [0, 0], [], []).save_stanford(path, vocab)


# Bad input


@pytest.mark.parametrize(
    ("changed", "error", "text"),
    [
        ({"keys": ["a", "a"]}, ValueError, "'a' occurs twice"),
        ({"keys": ["a", 1.5]}, TypeError, r"keys\[1\]"),
        ({"keys": []}, ValueError, "no key"),
        ({"keys": ["a"]}, ValueError, "offsets must be 2 numbers"),
        ({"offsets": [0, 3, 3]}, ValueError, "number of cells, 2"),
        ({"offsets": [0, 3, 2]}, ValueError, "rise"),
        ({"offsets": [[0, 1, 2]]}, TypeError, "flat array of integers"),
        ({"offsets": [0.0, 1.0, 2.0]}, TypeError, "flat array of integers"),
        ({"columns": [0, 2]}, ValueError, r"columns\[1\] is 2; with 2 keys, give 0 to 1"),
        ({"columns": [-1, 0]}, ValueError, r"columns\[0\] is -1"),
        ({"columns": [0]}, ValueError, "1 columns do not fit 2 values"),
        ({"offsets": [0, 2, 2], "columns": [1, 0]}, ValueError, "row 0 do not rise at cell 1"),
        ({"offsets": [0, 0, 2], "columns": [1, 1]}, ValueError, "row 1 do not rise at cell 1"),
        ({"values": [1, np.nan]}, ValueError, r"values\[1\] is nan"),
        ({"values": [1, np.inf]}, ValueError, "finite"),
        ({"values": [-1.0, 1]}, ValueError, r"values\[0\] is -1\.0"),
        ({"values": [0.0, 1]}, ValueError, "above 0"),
        ({"values": [1e300, 1]}, ValueError, "float32"),
        ({"values": ["x", "y"]}, TypeError, "flat array of numbers"),
        ({"counts": [1]}, ValueError, "one integer for each"),
        ({"counts": [1, -2]}, ValueError, r"counts\[1\] is -2"),
        ({"window": 0}, ValueError, "window=0"),
    ],
)
def test_wrong_arrays_are_refused(changed, error, text):
    good = {"keys": ["a", "b"], "offsets": [0, 1, 2], "columns": [1, 0], "values": [2.0, 2.0]}
    assert dense(Cooccurrence.from_arrays(**good)).tolist() == [[0, 2], [2, 0]]
    with pytest.raises(error, match=text):
        Cooccurrence.from_arrays(**{**good, **changed})


@pytest.mark.parametrize(
    ("arguments", "error", "text"),
    [
        ({"window": 0}, ValueError, "window=0"),
        ({"window": 2.5}, TypeError, r"window=2\.5"),
        ({"symmetric": 2}, ValueError, "symmetric=2"),
        ({"distance_weighting": "no"}, ValueError, "distance_weighting='no'"),
        ({"max_memory": 0}, ValueError, "max_memory=0"),
        ({"max_memory": 1e9}, TypeError, "max_memory"),
        ({"workers": 0}, ValueError, "workers=0"),
        ({"min_count": 100}, ValueError, "min_count=100"),
        ({"corpus_file": "x"}, TypeError, "either sentences or corpus_file"),
    ],
)
def test_wrong_settings_are_refused(arguments, error, text):
    with pytest.raises(error, match=text):
        Cooccurrence([["a", "b"]], **arguments)
    if "corpus_file" not in arguments and "min_count" not in arguments:
        with pytest.raises(error, match=text):
            Cooccurrence.from_corpus(Corpus.read([["a"]], min_count=1), **arguments)


def test_nothing_given_is_an_error():
    with pytest.raises(TypeError, match="either sentences or corpus_file"):
        Cooccurrence()


def test_a_full_disk_is_an_error(corpus, monkeypatch, tmp_path):
    def fail(self, data):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(CellBuffer, "_write", fail)
    monkeypatch.setattr(counting, "MIN_BUDGET", 400)
    with pytest.raises(OSError, match="No space left"):
        count_corpus(corpus, Window(4), 2, 1, tmp_path)
    assert not list(tmp_path.iterdir())
