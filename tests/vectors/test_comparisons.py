"""Norms, means, centrality, indexers, analogies by products, and the Word Mover's Distance."""

from __future__ import annotations

import itertools
import math
import sys
from typing import Any

import numpy as np
import pytest

from wildvec import KeyedVectors

RNG = np.random.default_rng(3)
WORDS = [f"w{i}" for i in range(30)]


@pytest.fixture
def wv() -> KeyedVectors:
    return KeyedVectors.from_arrays(
        WORDS, np.random.default_rng(3).standard_normal((30, 6)).astype(np.float32)
    )


@pytest.mark.parametrize("dtype", [np.float16, np.float32, np.float64])
def test_norms_are_those_of_the_current_vectors(dtype: type) -> None:
    wv = KeyedVectors.from_arrays(["a", "b", "zero"], np.array([[3, 4], [0, 2], [0, 0]], dtype))
    assert wv.norms.tolist() == [5, 2, 0] and wv.norms.dtype == dtype
    wv.vectors[0] = [0, 1]
    wv.fill_norms(force=True)
    wv.norms = None
    assert wv.norms.tolist() == [1, 2, 0] and wv.get_normed_vectors().tolist() == [[0, 1], [0, 1], [0, 0]]
    with pytest.raises(AttributeError, match=r"change wv\.vectors"):
        wv.norms = np.ones(3)
    vectors = wv.vectors
    wv.unit_normalize_all()
    assert wv.vectors is vectors and vectors.tolist() == [[0, 1], [0, 1], [0, 0]]


def test_read_only_vectors_are_copied_to_be_scaled() -> None:
    matrix = np.array([[3.0, 4.0]])
    matrix.flags.writeable = False
    wv = KeyedVectors.from_arrays(["a"], matrix)
    wv.unit_normalize_all()
    assert wv.vectors == pytest.approx(np.array([[0.6, 0.8]])) and matrix[0, 0] == 3


def test_arguments_have_the_names_of_gensim(wv: KeyedVectors) -> None:
    assert wv.similarity(w1="w1", w2="w2") == 1 - wv.distance(w1="w1", w2="w2")
    assert wv.n_similarity(ws1=["w1"], ws2=["w2"]) == pytest.approx(wv.similarity("w1", "w2"))
    assert wv.rank(key1="w1", key2="w2") == 1 + len(wv.closer_than(key1="w1", key2="w2"))
    assert wv.most_similar_to_given(key1="w1", keys_list=["w1", "w2"]) == "w1"
    assert wv.similar_by_word(word="w1", topn=3) == wv.similar_by_key(key="w1", topn=3)
    assert wv.doesnt_match(words=["w1", "w2"]) in ("w1", "w2")
    distances = wv.distances(word_or_vector="w1", other_words=["w2"])
    assert distances == pytest.approx([wv.distance("w1", "w2")], abs=1e-6)
    for nothing in ((), None, []):
        assert wv.distances("w1", nothing).shape == (30,)


def test_keys_that_are_missing_are_left_out_of_means(wv: KeyedVectors) -> None:
    assert wv.n_similarity(["w1", "nobody"], ["w2"]) == pytest.approx(wv.similarity("w1", "w2"))
    assert wv.n_similarity(["nobody"], ["w2"]) == 0
    with pytest.raises(ValueError, match="no ws2; give at least one"):
        wv.n_similarity(["w1"], [])


def test_cosines_of_a_vector_with_rows(wv: KeyedVectors) -> None:
    cosines = KeyedVectors.cosine_similarities(wv["w1"], wv.vectors)
    np.testing.assert_array_equal(cosines, wv.similarities("w1"))
    assert wv.cosine_similarities([1, 1], [[2, 2], [0, 0], [1, -1]]).tolist() == pytest.approx(
        [1, 0, 0], abs=1e-6
    )


@pytest.mark.parametrize("use_norm", [True, False])
def test_rank_by_centrality(wv: KeyedVectors, use_norm: bool, caplog: pytest.LogCaptureFixture) -> None:
    wv.vectors[4] *= 100
    words = ["w3", "w4", "nobody", "w9", "w7"]
    ranked = wv.rank_by_centrality(words, use_norm=use_norm)
    rows = wv.vectors[[3, 4, 9, 7]].astype(np.float64)
    units = rows / np.linalg.norm(rows, axis=1)[:, None]
    mean = (units if use_norm else rows).mean(axis=0)
    scores = units @ mean / np.linalg.norm(mean)
    expected = sorted(zip(scores, ["w3", "w4", "w9", "w7"], strict=True), reverse=True)
    assert [word for _, word in ranked] == [word for _, word in expected]
    assert [score for score, _ in ranked] == pytest.approx([score for score, _ in expected])
    assert "['nobody']" in caplog.text and wv.doesnt_match(words) == wv.rank_by_centrality(words)[-1][1]


def test_keys_of_both_types_are_ranked() -> None:
    wv = KeyedVectors.from_arrays(["a", 7], [[1.0, 0.0], [0.0, 1.0]])
    assert {key for _, key in wv.rank_by_centrality(["a", 7])} == {"a", 7}


def test_relative_cosine_similarity(wv: KeyedVectors) -> None:
    total = sum(score for _, score in wv.most_similar("w1", topn=5))
    assert wv.relative_cosine_similarity("w1", "w2", topn=5) == pytest.approx(
        wv.similarity("w1", "w2") / total
    )
    with pytest.raises(ValueError, match="topn=0: there is no key to compare 'w1' with"):
        wv.relative_cosine_similarity("w1", "w2", topn=0)


class Indexer:
    """An index in the form of gensim's AnnoyIndexer."""

    def most_similar(self, vector: np.ndarray, num_neighbors: int) -> list[tuple[str, float]]:
        self.vector, self.number = vector, num_neighbors
        return [("w1", 1.0)]


def test_an_indexer_searches_instead(wv: KeyedVectors) -> None:
    indexer = Indexer()
    assert wv.most_similar(["w1", "w2"], topn=4, indexer=indexer) == [("w1", 1.0)]
    units = wv.get_normed_vectors()
    expected = units[1] + units[2]
    np.testing.assert_allclose(indexer.vector, expected / np.linalg.norm(expected), rtol=1e-5)
    assert indexer.number == 4 and indexer.vector.dtype == np.float32
    assert wv.most_similar("w1", topn=None, indexer=indexer).shape == (30,)
    assert wv.most_similar("w1", topn=0, indexer=indexer) == []
    with pytest.raises(ValueError, match="an indexer searches all keys"):
        wv.most_similar("w1", restrict_vocab=5, indexer=indexer)


# Evaluation


def test_analogies_by_products(wv: KeyedVectors) -> None:
    questions = [" ".join(RNG.choice(WORDS, 4, replace=False)) for _ in range(200)]
    _, sections = wv.evaluate_word_analogies(questions, 25, similarity_function="most_similar_cosmul")
    known = [tuple(q.upper().split()) for q in questions if all(int(w[1:]) < 25 for w in q.split())]
    for question in known:
        a, b, c, d = (word.lower() for word in question)
        best = wv.most_similar_cosmul([b, c], [a], topn=1, clip_end=25)[0][0]
        assert (question in sections[-1]["correct"]) == (best == d)
    assert len(sections[-1]["correct"]) + len(sections[-1]["incorrect"]) == len(known)
    with pytest.raises(ValueError, match="similarity_function='cosine': give 'most_similar' or"):
        wv.evaluate_word_analogies(questions, similarity_function="cosine")


def test_word_pairs_in_another_encoding(tmp_path: Any) -> None:
    wv = KeyedVectors.from_arrays(["bär", "hund", "wal"], np.eye(3)[[0, 0, 1]])
    (tmp_path / "pairs.tsv").write_bytes("bär\thund\t9\nbär\twal\t1\nhund\twal\t2\n".encode("latin-1"))
    pearson, spearman, unknown = wv.evaluate_word_pairs(str(tmp_path / "pairs.tsv"), "\t", "latin-1")
    assert pearson.statistic == pearson[0] > 0.9 and spearman.pvalue == spearman[1] and unknown == 0
    assert spearman.correlation == spearman[0]
    with pytest.raises(ValueError, match="is not UTF-8"):
        wv.evaluate_word_pairs(tmp_path / "pairs.tsv")
    with pytest.raises(ValueError, match="encoding='nonsense': unknown encoding"):
        wv.evaluate_word_pairs(tmp_path / "pairs.tsv", encoding="nonsense")


# Word Mover's Distance


def test_without_pot_the_error_names_the_extra(wv: KeyedVectors, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "ot", None)
    with pytest.raises(ImportError, match=r"pip install 'wildvec\[wmd\]'"):
        wv.wmdistance(["w1"], ["w2"])


@pytest.mark.parametrize("norm", [True, False])
def test_documents_of_equal_lengths_are_matched_at_the_least_cost(wv: KeyedVectors, norm: bool) -> None:
    pytest.importorskip("ot")
    rows = wv.get_normed_vectors() if norm else wv.vectors
    first, second = ["w1", "w2", "w3", "w4"], ["w5", "w2", "w6", "w7"]
    costs = [
        sum(
            float(np.linalg.norm(rows[int(a[1:])] - rows[int(b[1:])]))
            for a, b in zip(first, order, strict=True)
        )
        / 4
        for order in itertools.permutations(second)
    ]  # an optimal transport between equal weights is a permutation
    assert wv.wmdistance(first, second, norm=norm) == pytest.approx(min(costs), rel=1e-5)


def test_word_movers_distance(wv: KeyedVectors, caplog: pytest.LogCaptureFixture) -> None:
    pytest.importorskip("ot")
    document = ["w1", "w2", "w2", "nobody"]
    assert wv.wmdistance(document, document) == 0
    assert wv.wmdistance(document, ["w3"]) == pytest.approx(wv.wmdistance(["w3"], document))
    units = wv.get_normed_vectors()
    lengths = np.linalg.norm(units[[1, 2]] - units[3], axis=1)
    assert wv.wmdistance(document, ["w3", "w3"]) == pytest.approx((lengths[0] + 2 * lengths[1]) / 3, rel=1e-5)
    assert wv.wmdistance(["nobody"], ["w1"]) == wv.wmdistance(["w1"], []) == math.inf
    assert "without known words" in caplog.text
    wv.vectors[5] = wv.vectors[1]
    assert wv.wmdistance(["w1"], ["w5"]) == pytest.approx(0, abs=1e-6)
    with pytest.raises(TypeError, match="document1='w1 w2' is one key"):
        wv.wmdistance("w1 w2", ["w1"])
