"""KeyedVectors of wildvec.compat.gensim: what gensim does without documenting it, and names of gensim 3."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from wildvec.compat.gensim import keyedvectors
from wildvec.compat.gensim.keyedvectors import KeyedVectors


@pytest.fixture
def wv() -> KeyedVectors:
    return KeyedVectors.from_arrays(["a", "b", 7], np.eye(3, dtype=np.float32)[[0, 0, 1]])


def test_an_int_that_is_no_key_is_a_row(wv: KeyedVectors) -> None:
    assert wv[1].tolist() == wv["b"].tolist() and wv[7].tolist() == [0, 1, 0]
    assert wv.most_similar(0, topn=1) == [("b", 1.0)]
    assert 2 in wv and 7 in wv and 3 not in wv and None not in wv and wv.next_index == 3
    with pytest.raises(KeyError):
        wv[3]
    wv[1] = [5, 5, 5]
    assert wv.index_to_key == ["a", "b", 7, 1] and wv["b"].tolist() == [1, 0, 0]


def test_counts_are_made_up_where_a_file_has_none(wv: KeyedVectors, tmp_path: Path) -> None:
    wv.save_word2vec_format(tmp_path / "v")
    for load in (KeyedVectors.load_word2vec_format, keyedvectors.load_word2vec_format):
        other = load(tmp_path / "v")
        assert type(other) is KeyedVectors and other.expandos["count"].tolist() == [3, 2, 1]
    (tmp_path / "vocab").write_text("a 9\nb 8\n7 6\n")
    assert (
        KeyedVectors.load_word2vec_format(tmp_path / "v", tmp_path / "vocab").get_vecattr("a", "count") == 9
    )
    chosen = other.vectors_for_all(["b", "x"])
    assert type(chosen) is KeyedVectors and chosen.get_vecattr("b", "count") == 1
    assert other.vectors_for_all(["b"], copy_vecattrs=True).get_vecattr("b", "count") == 2


def test_errors_and_ignored_arguments(wv: KeyedVectors) -> None:
    for lists in ((["a"], []), ([], ["a"]), ([], [])):
        with pytest.raises(ZeroDivisionError):
            wv.n_similarity(*lists)
    assert wv.n_similarity("a", ["b"]) == 1
    wv.evaluate_word_analogies([": x", "a b a b"], similarity_function="anything")
    with pytest.raises(NotImplementedError):
        wv.similarity_unseen_docs(["a"], ["b"])


def test_names_of_gensim_3(wv: KeyedVectors) -> None:
    with pytest.deprecated_call(match="use get_vector"):
        assert wv.word_vec("a").tolist() == [1, 0, 0]
    with pytest.deprecated_call(match="use closer_than"):
        assert wv.words_closer_than("a", 7) == ["b"]
    wv.vectors *= 2
    with pytest.deprecated_call(match="unit_normalize_all"):
        wv.init_sims(replace=True)
    assert wv.norms.tolist() == [1, 1, 1]
    assert keyedvectors.EuclideanKeyedVectors is keyedvectors.Word2VecKeyedVectors is KeyedVectors


def test_words_of_old_vocabularies() -> None:
    few, many = keyedvectors.Vocab(count=2, index=1), keyedvectors.CompatVocab(count=3)
    assert few < many and str(few) == "CompatVocab<count:2, index:1>" and keyedvectors.Vocab().count == 0


def test_random_vectors() -> None:
    vector = keyedvectors.pseudorandom_weak_vector(10)
    assert vector.shape == (10,) and vector.dtype == np.float32 and np.abs(vector).max() <= 0.05
    same = [keyedvectors.pseudorandom_weak_vector(5, "seed", len) for _ in range(2)]
    np.testing.assert_array_equal(*same)
    rows = keyedvectors.prep_vectors((3, 2), np.ones((2, 2)))
    assert rows[:2].tolist() == [[1, 1], [1, 1]] and rows.dtype == np.float32 and np.abs(rows[2]).max() <= 0.5
    assert keyedvectors.prep_vectors((3, 2), rows) is rows


def test_attributes_of_gensim_3(wv: KeyedVectors) -> None:
    for name, expected in (("index2word", ["a", "b", 7]), ("index2entity", ["a", "b", 7])):
        with pytest.deprecated_call(match="use index_to_key"):
            assert getattr(wv, name) == expected
    with pytest.deprecated_call(match="use vectors"):
        assert wv.syn0 is wv.vectors
    for name in ("syn0norm", "vectors_norm"):
        with pytest.deprecated_call(match="get_normed_vectors"):
            assert np.array_equal(getattr(wv, name), wv.vectors)
    wv.set_vecattr("b", "count", 5)
    with pytest.deprecated_call(match="key_to_index"):
        vocab = wv.vocab
    assert list(vocab) == ["a", "b", 7] and (vocab["b"].index, vocab["b"].count) == (1, 5)
    with pytest.raises(AttributeError, match="no attribute 'nothing'"):
        getattr(wv, "nothing")  # noqa: B009
