"""Vectors by key: look them up, compare them, find the nearest ones; arguments of all kinds."""

import copy
import pickle
import sys

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from wildvec.vectors import keyed_rows, search
from wildvec.vectors.keyedvectors import KeyedVectors

N, DIM = 300, 20


@pytest.fixture
def wv():
    matrix = np.random.default_rng(0).standard_normal((N, DIM)).astype(np.float32)
    return KeyedVectors.from_arrays([f"w{i}" for i in range(N)], matrix, np.arange(N, 0, -1))


def unit(rows):
    rows = np.asarray(rows, np.float64)
    return rows / np.linalg.norm(rows, axis=-1, keepdims=True)


def nearest(wv, query, topn, out=(), among=None):
    """Return the keys nearest to a vector, computed in double precision."""
    scores = unit(wv.vectors) @ unit(query)
    rows = [row for row in np.argsort(-scores, kind="stable") if wv.index_to_key[row] not in out]
    return [wv.index_to_key[r] for r in rows if among is None or wv.index_to_key[r] in among][:topn]


def keys_of(found):
    return [key for key, _ in found]


# Keys and rows


def test_lookup(wv):
    assert len(wv) == N and "w3" in wv and "nobody" not in wv and 3 not in wv
    assert repr(wv) == "KeyedVectors(300 keys × 20, float32)"
    assert wv.vector_size == DIM and wv.get_vecattr("w0", "count") == N
    np.testing.assert_array_equal(wv["w3"], wv.vectors[3])
    np.testing.assert_array_equal(wv[["w3", "w1"]], wv.vectors[[3, 1]])
    assert wv[[]].shape == (0, DIM)
    assert wv.get_index("w7") == 7 and wv.get_index("nobody", -1) == -1
    assert np.linalg.norm(wv.get_vector("w3", norm=True)) == pytest.approx(1)


def test_a_row_is_a_read_only_view_and_vectors_are_live(wv):
    row = wv["w3"]
    with pytest.raises(ValueError, match="read-only"):
        row[0] = 1
    wv.vectors[3] = 7
    assert (row == 7).all()
    several = wv[["w3"]]
    several[0] = 1
    assert (wv["w3"] == 7).all()


def test_a_change_of_vectors_takes_effect_at_once(wv):
    wv.most_similar("w0")
    wv.vectors[5] = 1000 * wv.vectors[0]
    assert wv.most_similar("w0", topn=1) == [("w5", pytest.approx(1, abs=1e-6))]


def test_the_error_for_a_missing_key_names_a_remedy(wv):
    with pytest.raises(KeyError, match=r"'W3' is not in the vocabulary of 300 keys.*'w3'"):
        wv["W3"]
    with pytest.raises(KeyError, match=r"the keys are str here: row i is wv.vectors\[i\]"):
        wv[0]
    with pytest.raises(KeyError, match="nobody"):
        wv.most_similar(["w1", "nobody"])
    with pytest.raises(KeyError, match="nobody"):
        wv.search(["w1", "nobody"])
    with pytest.raises(TypeError, match=r"1\.5 is float, not a key"):
        wv[1.5]


def test_int_keys_are_keys():
    wv = KeyedVectors.from_arrays([10, 20, 0], np.eye(3))
    assert wv[0].tolist() == [0, 0, 1] and wv[np.int64(10)].tolist() == [1, 0, 0]
    assert keys_of(wv.most_similar(10)) == [20, 0]
    assert keys_of(wv.most_similar([np.int64(10), 20])) == [0]
    with pytest.raises(KeyError, match="2 is not in the vocabulary of 3"):
        wv[2]


def test_construction_refuses_wrong_arguments():
    with pytest.raises(ValueError, match="'a' occurs at rows 0 and 2"):
        KeyedVectors.from_arrays(["a", "b", "a"], np.eye(3))
    with pytest.raises(ValueError, match="2 keys but 3 rows"):
        KeyedVectors.from_arrays(["a", "b"], np.eye(3))
    with pytest.raises(ValueError, match="2 counts"):
        KeyedVectors.from_arrays(["a", "b", "c"], np.eye(3), [1, 2])
    with pytest.raises(TypeError, match="float; give str or int"):
        KeyedVectors.from_arrays(["a", 1.5, "c"], np.eye(3))
    with pytest.raises(ValueError, match="shape"):
        KeyedVectors.from_arrays(["a"], np.ones(3))
    with pytest.raises(ValueError, match="vector_size=0"):
        KeyedVectors(0)
    with pytest.raises(TypeError, match="vector_size='3'"):
        KeyedVectors("3")
    with pytest.raises(ValueError, match="count=-1"):
        KeyedVectors(3, count=-1)
    with pytest.raises(TypeError, match="keys='abc' is one key"):
        KeyedVectors.from_arrays("abc", np.eye(3))
    with pytest.raises(TypeError, match=r"counts of shape \(3,\) and float64; give one integer"):
        KeyedVectors.from_arrays(["a", "b", "c"], np.eye(3), [1, 2, 2.5])
    with pytest.raises(TypeError, match="int32"):
        KeyedVectors(3, dtype=np.int32)


@pytest.mark.parametrize("dtype", [np.float16, np.float32, np.float64])
def test_from_arrays_copies_nothing(dtype):
    padded = np.random.default_rng(1).standard_normal((50, 16)).astype(dtype)
    wv = KeyedVectors.from_arrays(range(50), padded[:, :10])
    assert np.shares_memory(wv.vectors, padded) and wv.vectors.dtype == dtype
    assert keys_of(wv.most_similar(3)) == nearest(wv, padded[3, :10], 10, out=[3])
    padded.flags.writeable = False
    wv = KeyedVectors.from_arrays(range(50), padded)
    assert len(wv.most_similar(3)) == 10


def test_adding_vectors():
    wv = KeyedVectors(3, count=4)
    storage = wv._storage
    wv.add_vectors(["a", "b"], np.eye(3)[:2])
    assert wv.add_vector("c", [0, 0, 1]) == 2
    wv["d"] = [1, 1, 1]
    assert np.shares_memory(wv.vectors, storage)
    wv.add_vectors(["e", "a"], [[5, 5, 5], [9, 9, 9]])
    assert wv["a"].tolist() == [1, 0, 0] and wv["e"].tolist() == [5, 5, 5]
    wv[["a", "f"]] = [[9, 9, 9], [8, 8, 8]]
    assert wv["a"].tolist() == [9, 9, 9] and wv.index_to_key == list("abcdef")
    assert wv.vectors.shape == (6, 3) and wv.vectors.dtype == np.float32
    with pytest.raises(ValueError, match="2 keys but 1 vectors"):
        wv.add_vectors(["x", "y"], [[1, 2, 3]])
    with pytest.raises(ValueError, match="shape"):
        wv.add_vectors(["x"], [[1, 2]])
    with pytest.raises(ValueError, match="occurs"):
        wv.add_vectors(["x", "x"], np.eye(3)[:2])
    assert "x" not in wv


def test_added_keys_count_zero(wv):
    wv.add_vector("new", np.ones(DIM))
    assert wv.counts.shape == (N + 1,) and wv.get_vecattr("new", "count") == 0
    with pytest.raises(KeyError, match="attribute"):
        wv.get_vecattr("new", "colour")


@pytest.mark.parametrize("copied", [copy.deepcopy, lambda wv: pickle.loads(pickle.dumps(wv))])
def test_copies(wv, copied):
    other = copied(wv)
    assert other.index_to_key == wv.index_to_key and other.most_similar("w1") == wv.most_similar("w1")
    other.vectors[:] = 0
    other.add_vector("new", np.ones(DIM))
    assert wv.vectors.any() and "new" not in wv


# Comparing


def test_similarity(wv):
    for i in range(50):
        assert wv.similarity(f"w{i}", f"w{i}") == 1 and wv.distance(f"w{i}", f"w{i}") == 0
    assert wv.similarity("w1", "w2") == pytest.approx(unit(wv.vectors[1]) @ unit(wv.vectors[2]))
    assert wv.similarity("w1", "w2") == wv.similarity("w2", "w1") == wv.similarity(wv["w1"], wv["w2"])
    assert type(wv.similarity("w1", "w2")) is float
    wv.vectors[4] = 0
    assert wv.similarity("w4", "w1") == 0


def test_similarities(wv):
    scores = wv.similarities("w1")
    assert scores.shape == (N,) and scores.dtype == np.float32
    np.testing.assert_allclose(scores, unit(wv.vectors) @ unit(wv["w1"]), atol=1e-6)
    np.testing.assert_array_equal(wv.similarities("w1", ["w9", "w2"]), scores[[9, 2]])
    np.testing.assert_array_equal(wv.distances(wv["w1"]), 1 - scores)


def test_n_similarity(wv):
    expected = unit(wv.vectors[[1, 2]].mean(0)) @ unit(wv.vectors[[3]].mean(0))
    assert wv.n_similarity(["w1", "w2"], ["w3"]) == pytest.approx(expected, abs=1e-6)
    with pytest.raises(ValueError, match="at least one"):
        wv.n_similarity([], ["w1"])


def test_rank_and_closer_than(wv):
    order = nearest(wv, wv["w1"], N, out=["w1"])
    assert [wv.rank("w1", key) for key in order[:5]] == [1, 2, 3, 4, 5]
    assert set(wv.closer_than("w1", order[4])) == set(order[:4])


def test_restrict_vocab_must_not_be_negative(wv):
    for search_method in (wv.most_similar, wv.most_similar_cosmul, wv.similar_by_key):
        with pytest.raises(ValueError, match="restrict_vocab=-1: give a whole number from 0 up"):
            search_method("w0", restrict_vocab=-1)
    with pytest.raises(ValueError, match="restrict_vocab=-1"):
        wv.evaluate_word_pairs([("w0", "w1", 1.0), ("w0", "w2", 2.0)], restrict_vocab=-1)


def test_doesnt_match(wv, caplog):
    wv.vectors[:3] += 10
    assert wv.doesnt_match(["w0", "w9", "w1", "w2"]) == "w9"
    assert wv.doesnt_match(["w0", "nobody", "w9", "w1", "w2"]) == "w9"
    assert "['nobody']" in caplog.text
    with pytest.raises(TypeError, match="give a list of keys"):
        wv.doesnt_match("w0 w1")
    with pytest.raises(ValueError, match=r"none of the keys \['nobody'\]"):
        wv.doesnt_match(["nobody"])
    assert wv.most_similar_to_given("w0", ["w9", "w1", "w20"]) == "w1"


def test_mean_vector(wv):
    rows = wv.vectors[[1, 2]]
    np.testing.assert_allclose(wv.get_mean_vector(["w1", "w2"]), unit(rows).mean(0), atol=1e-6)
    weighted = wv.get_mean_vector(["w1", "w2"], [3, -1], pre_normalize=False)
    np.testing.assert_allclose(weighted, (3 * rows[0] - rows[1]) / 4, atol=1e-6)
    np.testing.assert_array_equal(wv.get_mean_vector(["w1", "nobody"]), wv.get_mean_vector(["w1"]))
    assert np.linalg.norm(wv.get_mean_vector(["w1", "w2"], post_normalize=True)) == pytest.approx(1)
    with pytest.raises(KeyError, match="nobody"):
        wv.get_mean_vector(["nobody"], ignore_missing=False)
    with pytest.raises(ValueError, match="no keys"):
        wv.get_mean_vector([])
    with pytest.raises(ValueError, match="weights"):
        wv.get_mean_vector(["w1"], [1, 2])


# Finding the nearest


def test_most_similar(wv):
    found = wv.most_similar("w1", topn=7)
    assert keys_of(found) == nearest(wv, wv["w1"], 7, out=["w1"])
    assert all(type(score) is float for _, score in found)
    assert (
        wv.most_similar(["w1"], topn=7) == wv.similar_by_key("w1", 7) == wv.similar_by_word("w1", 7) == found
    )
    combined = unit(wv["w1"]) + unit(wv["w2"]) - unit(wv["w3"])
    expected = nearest(wv, combined, 5, out=["w1", "w2", "w3"])
    assert keys_of(wv.most_similar(["w1", "w2"], ["w3"], topn=5)) == expected
    assert keys_of(wv.most_similar(["w1", ("w2", 1.0)], [("w3", -1.0)], topn=5)) == expected
    assert keys_of(wv.most_similar(["w1", "w2", "w3"], weights=[1, 1, -1], topn=5)) == expected
    assert keys_of(wv.most_similar(["w1", wv["w2"]], "w3", topn=5))[0] in ("w2", expected[0])


def test_a_key_and_its_vector_score_the_same(wv):
    by_key = dict(wv.most_similar("w1", topn=N))
    by_vector = dict(wv.most_similar(wv["w1"], topn=N))
    assert by_vector.pop("w1") == pytest.approx(1, abs=1e-6)
    assert by_key == by_vector == dict(wv.similar_by_vector(wv["w1"], N)[1:])
    every = wv.most_similar("w1", topn=None)
    assert every.shape == (N,) and all(every[wv.get_index(k)] == s for k, s in by_key.items())


def test_arrays_of_keys_are_keys(wv):
    keys = ["w1", "w2"]
    for array in (np.array(keys), np.array(keys, dtype=object)):
        assert wv.most_similar(array) == wv.most_similar(keys)
        assert wv.most_similar_cosmul(array, np.array(["w3"])) == wv.most_similar_cosmul(keys, "w3")
        assert wv.search(array) == wv.search(keys)
        assert wv.most_similar("w9", restrict=array) == wv.most_similar("w9", restrict=keys)
        assert wv.n_similarity(array, array) == pytest.approx(1)
        assert wv.doesnt_match(array) in keys and wv.most_similar_to_given("w1", array) == "w1"
        np.testing.assert_array_equal(wv.similarities("w9", array), wv.similarities("w9", keys))
        np.testing.assert_array_equal(wv.get_mean_vector(array), wv.get_mean_vector(keys))
        np.testing.assert_array_equal(wv[array], wv[keys])
    wv[np.array(["w1", "new"])] = np.ones((2, DIM))
    assert wv["new"][0] == 1 and wv.most_similar(np.array("w1")) == wv.most_similar("w1")


def test_an_array_of_int_keys_as_long_as_a_vector_is_not_a_vector():
    wv = KeyedVectors.from_arrays(range(5), np.eye(5)[:, :3] + 1)
    keys = np.array([0, 1, 2])
    assert wv.most_similar(keys) == wv.most_similar([0, 1, 2])
    assert wv.search(keys) == wv.search([0, 1, 2]) and len(wv.search(keys)) == 3
    assert keys_of(wv.similar_by_vector(keys)) == keys_of(wv.most_similar(keys.astype(float)))
    assert wv.search(np.array([[1, 2, 3], [3, 2, 1]])) == wv.search(np.array([[1.0, 2, 3], [3, 2, 1]]))


def test_an_array_of_ints_with_str_keys_names_the_remedy(wv):
    with pytest.raises(KeyError, match="a query vector must hold floats"):
        wv.most_similar(np.ones(DIM, np.int64))


def test_iteration_gives_the_keys(wv):
    assert list(wv) == wv.index_to_key and dict.fromkeys(wv) == dict.fromkeys(wv.index_to_key)


def test_a_key_of_the_other_type_is_suggested(wv):
    ints = KeyedVectors.from_arrays([1, -2], np.eye(2))
    for text, key in (("1", "1"), ("-2", "-2")):
        with pytest.raises(KeyError, match=rf"did you mean {key} \(the keys are int here\)"):
            ints[text]
    with pytest.raises(KeyError, match="the keys are int here"):
        ints["king"]
    with pytest.raises(KeyError, match=r"did you mean '7' \(the keys are str here\)"):
        KeyedVectors.from_arrays(["7"], np.eye(1))[7]
    with pytest.raises(KeyError, match="test with `key in wv`"):
        ints[9]


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda wv: wv.most_similar("w1", topn="3"), "topn='3': give a whole number from 0 up, or None"),
        (lambda wv: wv.most_similar_cosmul("w1", topn=1.5), "topn=1.5: give a whole number"),
        (lambda wv: wv.search(["w1"], topn=None), "topn=None: give a whole number"),
        (lambda wv: wv.most_similar("w1", clip_start="a"), "clip_start='a': give a whole number"),
        (lambda wv: wv.most_similar([None]), "None is None, not a key or vector; give a str, an int, or"),
        (lambda wv: wv.most_similar(b"w1"), "b'w1' is bytes, not a key; decode it to a str"),
        (lambda wv: wv.most_similar([b"w1"]), "b'w1' is bytes, not a key; decode it to a str"),
        (lambda wv: wv.similarity(b"w1", "w2"), "b'w1' is bytes, not a key; decode it to a str"),
        (lambda wv: wv[b"w1"], "b'w1' is bytes, not a key; decode it to a str"),
        (lambda wv: wv.search(b"w1"), "b'w1' is bytes, not a key; decode it to a str"),
        (lambda wv: wv[None], "None is None, not a key; give a str or an int"),
        (lambda wv: wv[[["w1"]]], r"\['w1'\] is list, not a key"),
        (lambda wv: wv.get_index(["w1"]), r"\['w1'\] is list, not a key"),
        (lambda wv: wv.most_similar(3.5), "positive=3.5 is float; give a list"),
        (lambda wv: wv.most_similar([{}]), "{} is dict, not a key or vector"),
        (lambda wv: wv.search("w1"), "for a single query call most_similar"),
        (lambda wv: wv.search([("w1", 2.0)]), "is tuple, not a key or vector"),
        (lambda wv: wv.similarities("w1", "w2"), "others='w2' is one key; give a list of keys"),
        (lambda wv: wv.similarities("w1", [None]), "None is None, not a key"),
        (lambda wv: wv.most_similar_to_given("w1", "w2"), "keys_list='w2' is one key"),
    ],
)
def test_arguments_of_wrong_types(wv, call, message):
    with pytest.raises(TypeError, match=message):
        call(wv)


@pytest.mark.parametrize(
    ("positive", "message"),
    [
        ([("w1", "much")], "weight 'much' of a pair"),
        ([("w1", np.nan)], "weight nan of a pair"),
        ([("w1", 1, 2)], "has 3 elements; give"),
        ([[1.0, 2.0]], r"shape \(2,\); give one of shape \(20,\)"),
        (np.ones((2, 3)), r"shape \(3,\); give one of shape \(20,\)"),
        ([], "no input"),
    ],
)
def test_arguments_of_wrong_values(wv, positive, message):
    with pytest.raises(ValueError, match=message):
        wv.most_similar(positive)


def test_a_single_key_in_place_of_a_list(wv):
    assert wv.n_similarity("w1", ["w2"]) == pytest.approx(wv.similarity("w1", "w2"))
    np.testing.assert_array_equal(wv.get_mean_vector("w1"), wv.get_mean_vector(["w1"]))


@pytest.mark.parametrize("name", sorted(keyed_rows.FORMER_NAMES))
def test_a_former_name_is_an_error_that_gives_the_current_one(wv, name):
    with pytest.raises(AttributeError, match=f"'KeyedVectors' object has no attribute '{name}'; use "):
        getattr(wv, name)
    assert not hasattr(wv, name)


def test_the_current_names(wv):
    with pytest.raises(AttributeError, match="use index_to_key"):
        wv.index2word  # noqa: B018
    with pytest.raises(AttributeError, match=r"attribute 'nothing'$"):
        wv.nothing  # noqa: B018


def test_topn_and_wrong_input(wv):
    assert wv.most_similar("w1", topn=0) == []
    for find in (lambda: wv.most_similar("w1", topn=-1), lambda: wv.search(["w1"], topn=-1)):
        with pytest.raises(ValueError, match="topn=-1: give a whole number from 0 up"):
            find()
    for value in (np.nan, np.inf):
        vector = np.where(np.arange(wv.vector_size) == 1, value, 1.0)
        for find in (lambda v: wv.most_similar(v), lambda v: wv.search([v]), wv.similar_by_vector):
            with pytest.raises(ValueError, match="holds nan or inf; give finite numbers"):
                find(vector)
    assert len(wv.most_similar("w1", topn=10**6)) == N - 1
    with pytest.raises(TypeError):
        wv.most_similar("w1", topn=2.5)
    with pytest.raises(ValueError, match="no input"):
        wv.most_similar()
    with pytest.raises(ValueError, match="shape"):
        wv.most_similar(np.ones(DIM + 1))
    with pytest.raises(ValueError, match="weights"):
        wv.most_similar(["w1"], weights=[1, 2])


def test_restrictions(wv):
    first = nearest(wv, wv["w1"], 5, out=["w1"], among=wv.index_to_key[:40])
    assert keys_of(wv.most_similar("w1", topn=5, restrict_vocab=40)) == first
    middle = nearest(wv, wv["w1"], 5, among=wv.index_to_key[100:200])
    assert keys_of(wv.most_similar("w1", topn=5, clip_start=100, clip_end=200)) == middle
    chosen = ["w7", "w250", "w1", "w30", "w7"]
    found = wv.most_similar("w1", restrict=chosen)
    assert keys_of(found) == nearest(wv, wv["w1"], 5, out=["w1"], among=chosen)
    assert keys_of(wv.most_similar("w1", restrict=chosen, restrict_vocab=100)) == [
        key for key in keys_of(found) if key != "w250"
    ]
    scores = wv.most_similar("w1", topn=None, restrict=chosen)
    np.testing.assert_array_equal(scores, wv.similarities("w1", chosen))
    assert wv.most_similar("w1", topn=None, clip_start=5, clip_end=9).shape == (4,)
    assert wv.most_similar("w1", restrict=[]) == []
    with pytest.raises(KeyError, match="nobody"):
        wv.most_similar("w1", restrict=["nobody"])
    with pytest.raises(TypeError, match="one key"):
        wv.most_similar("w1", restrict="w7")


def test_search_takes_an_iterator(wv):
    keys = wv.index_to_key[:2]
    assert wv.search(iter(keys)) == wv.search(keys)


def test_a_row_with_nan_is_last_in_rank():
    rows = np.array([[1, 0], [0, 1], [np.nan, 1], [-1, 0]], np.float32)
    wv = KeyedVectors.from_arrays(list("abcd"), rows)
    assert [wv.rank("a", key) for key in "bdc"] == [1, 2, 3]


def test_keys_from_numpy_are_plain():
    wv = KeyedVectors.from_arrays(np.arange(3), np.eye(3))
    assert {type(key) for key in wv.index_to_key} == {int}
    assert {type(key) for key in KeyedVectors.from_arrays(np.array(["a"]), [[1.0]]).index_to_key} == {str}


def test_search_finds_the_same_as_most_similar(wv):
    keys = [f"w{i}" for i in range(60)]
    assert wv.search(keys, topn=4) == [wv.most_similar(key, topn=4) for key in keys]
    assert wv.search(wv.vectors[:30], topn=4) == [wv.most_similar(v, topn=4) for v in wv.vectors[:30]]
    mixed = ["w1", wv["w2"], "w3"]
    assert wv.search(mixed, topn=4) == [wv.most_similar(q, topn=4) for q in mixed]
    limits = {"topn": 4, "restrict": keys[::7], "workers": 2}
    assert wv.search(keys, **limits) == [wv.most_similar(key, **limits) for key in keys]
    assert wv.search([]) == [] and wv.search(["w1", "w2"], topn=0) == [[], []]
    for single in ("w1", wv["w1"]):
        with pytest.raises(TypeError, match="most_similar"):
            wv.search(single)


@given(st.integers(1, 67), st.integers(2, 60), st.integers(0, 99))
def test_search_has_the_bits_of_most_similar(dim, n, seed):
    wv = KeyedVectors.from_arrays(range(n), np.random.default_rng(seed).standard_normal((n, dim)))
    assert wv.search(range(n), topn=3) == [wv.most_similar(key, topn=3) for key in range(n)]


def test_cosmul(wv):
    shifted = (1 + unit(wv.vectors) @ unit(wv.vectors[:4]).T) / 2
    expected = shifted[:, 0] * shifted[:, 1] / (shifted[:, 2] + 1e-6)
    scores = wv.most_similar_cosmul(["w0", "w1"], "w2", topn=None)
    np.testing.assert_allclose(scores, expected, rtol=1e-5)
    best = [f"w{row}" for row in np.argsort(-expected) if row > 2][:6]
    assert keys_of(wv.most_similar_cosmul(["w0", "w1"], ["w2"], topn=6)) == best
    among = keys_of(wv.most_similar_cosmul(["w0", "w1"], ["w2"], restrict=best[::-2], topn=6))
    assert among == [key for key in best if key in best[::-2]]
    clipped = wv.most_similar_cosmul(["w0", "w1"], ["w2"], clip_start=200, topn=N)
    assert len(clipped) == 100 and {int(key[1:]) for key in keys_of(clipped)} == set(range(200, 300))
    assert wv.most_similar_cosmul("w0", topn=0) == []
    with pytest.raises(ValueError, match="no input"):
        wv.most_similar_cosmul()


def test_rows_of_zeros_and_nan(wv):
    wv.vectors[2], wv.vectors[3, 4] = 0, np.nan
    found = dict(wv.most_similar("w0", topn=N))
    assert found["w2"] == 0 and "w3" not in found and len(found) == N - 2
    assert wv.most_similar("w3") == []
    assert keys_of(wv.most_similar("w2", topn=2)) == ["w0", "w1"]
    assert np.isnan(wv.similarity("w3", "w1"))


def test_no_keys_at_all():
    wv = KeyedVectors(3)
    assert len(wv) == 0 and wv.most_similar(np.ones(3)) == [] and wv.search(np.ones((2, 3))) == [[], []]


# Files


@pytest.mark.parametrize("mmap", [False, True])
def test_files(wv, tmp_path, mmap):
    wv.save(tmp_path / "vectors.wv")
    other = KeyedVectors.load(tmp_path / "vectors.wv", mmap=mmap)
    assert other.index_to_key == wv.index_to_key and (other.counts == wv.counts).all()
    assert other.most_similar("w1") == wv.most_similar("w1")


@pytest.mark.parametrize("binary", [False, True])
def test_word2vec_files(wv, tmp_path, binary):
    path = tmp_path / "vectors"
    wv.save_word2vec_format(path, binary=binary)
    for other in (KeyedVectors.load_word2vec_format(path, binary=binary), KeyedVectors.load(path)):
        assert other.index_to_key == wv.index_to_key
        np.testing.assert_array_equal(other.vectors, wv.vectors)
    assert len(KeyedVectors.load_word2vec_format(path, binary=binary, limit=9)) == 9


# Evaluation


def test_evaluation_as_gensim_returns_it(wv):
    score, sections = wv.evaluate_word_analogies([": one", "w1 w2 w3 w4", "w1 w2 w3 nobody"])
    assert score in (0, 1) and [s["section"] for s in sections] == ["one", "Total accuracy"]
    assert sections[0]["correct"] + sections[0]["incorrect"] == [("W1", "W2", "W3", "W4")]
    score, sections = wv.evaluate_word_analogies(["w1 w2 w3 nobody"], dummy4unknown=True)
    assert score == 0 and len(sections[-1]["incorrect"]) == 1
    pairs = [("w1", "w2", 1.0), ("w3", "w4", 2.0), ("w5", "w6", 0.5), ("w1", "nobody", 3)]
    pearson, spearman, unknown = wv.evaluate_word_pairs(pairs)
    assert -1 <= pearson[0] <= 1 and 0 <= spearman[1] <= 1 and unknown == 25


def test_the_search_module_does_not_use_keys():
    assert not hasattr(search, "KeyedVectors")


# -- layers of PyTorch (see test_torch_layers.py, which needs PyTorch) --


def test_texts_are_encoded_as_bags_of_rows():
    wv = KeyedVectors.from_arrays(["a", "B", 7], np.eye(3))
    bags = wv.encode(["a x B", "", ["B", 7, 8]])
    assert [bag.tolist() for bag in bags] == [[0, 1], [], [1, 2]]
    assert bags.values.dtype == np.int32 and bags.offsets.tolist() == [0, 2, 2, 4]
    assert [bag.tolist() for bag in wv.encode(["A"], lowercase=True)] == [[0]]
    assert [bag.tolist() for bag in wv.encode(["a-B"], tokenizer=lambda text: text.split("-"))] == [[0, 1]]
    assert len(wv.encode([])) == 0


def test_without_pytorch_the_error_names_the_extra(monkeypatch):
    monkeypatch.setitem(sys.modules, "torch", None)
    wv = KeyedVectors.from_arrays(["a"], np.ones((1, 2)))
    for use in (wv.to_torch, lambda: KeyedVectors.from_torch(np.eye(1), ["a"])):
        with pytest.raises(ImportError, match=r"this needs PyTorch: pip install 'wildvec\[torch\]'"):
            use()


def test_endings_of_other_formats_are_warned_of(wv, tmp_path, caplog):
    wv.save(tmp_path / "v.kv")
    assert not caplog.text
    wv.save(tmp_path / "v.csv")
    assert "v.csv: written in the native format; for text choose the ending .txt" in caplog.text
