"""Vectors of words and n-grams: compared with numpy, with unknown words, files and copies."""

import copy
import pickle

import numpy as np
import pytest

from wildvec import FastText, FastTextKeyedVectors, KeyedVectors
from wildvec.compat.fasttext.subwords import char_ngrams, hash_of

WORDS = ["night", "day", "</s>", "a", "größe"]
BUCKET = 50


def rows(n, dim=5, seed=0):
    return np.random.default_rng(seed).normal(size=(n, dim)).astype(np.float32)


def make(buckets=None, words=WORDS, dim=5, **rules):
    n_rows = BUCKET if buckets is None else len(buckets)
    rules = {"min_n": 3, "max_n": 6, "bucket": BUCKET} | rules
    counts = np.arange(len(words), 0, -1)
    return FastTextKeyedVectors.from_rows(
        words, counts, rows(len(words), dim), rows(n_rows, dim, 1), buckets=buckets, workers=1, **rules
    )


def expected(wv, word):
    """The mean of the rows of a word, one by one."""
    found = [wv.vectors_vocab[WORDS.index(word)]] if word in WORDS else []
    for ngram in char_ngrams(word, wv.min_n, wv.max_n) if word != "</s>" else ():
        bucket = hash_of(ngram) % wv.bucket
        if wv.buckets is None:
            found.append(wv.vectors_ngrams[bucket])
        elif bucket in wv.buckets:
            found.append(wv.vectors_ngrams[list(wv.buckets).index(bucket)])
    return np.mean(found, axis=0) if found else np.zeros(wv.vector_size)


SOME = np.array([1, 4, 8, 22, 23, 40, 49], np.int32)


@pytest.mark.parametrize("buckets", [None, SOME, SOME[:0]], ids=["all", "some", "none"])
@pytest.mark.parametrize("dim", [1, 5, 67])
def test_vectors_are_means_of_rows(buckets, dim):
    wv = make(buckets, dim=dim)
    for word in [*WORDS, "nights", "ö", "unknown", "x" * 40]:
        np.testing.assert_allclose(wv[word], expected(wv, word), rtol=1e-5, atol=1e-6)


def test_many_unknown_words_at_once_are_those_one_by_one():
    wv = make(SOME)
    words = [*(f"word{i}" for i in range(5_000)), "night", "day"]
    np.testing.assert_array_equal(wv[words], [wv[word] for word in words])


def test_in_and_has_index_for():
    wv = make()
    assert "nights" in wv and "night" in wv and "x" in wv
    assert "" not in wv and 3.5 not in wv
    assert wv.has_index_for("night") and not wv.has_index_for("nights")
    assert len(wv) == len(WORDS) == len(list(wv))


def test_a_word_without_ngrams_is_a_vector_of_zeros():
    assert not make()[""].any()
    assert not make(min_n=5)["ab"].any()
    assert not make().get_vector("", norm=True).any()


@pytest.mark.parametrize("rules", [{"max_n": 0}, {"bucket": 0}])
def test_without_ngrams_an_unknown_word_is_a_key_error(rules):
    wv = make(np.empty(0, np.int32), **rules)
    np.testing.assert_array_equal(wv.vectors, wv.vectors_vocab)
    for call in (wv.get_vector, wv.__getitem__, lambda key: wv[["day", key]], wv.most_similar):
        with pytest.raises(KeyError, match="nights"):
            call("nights")
    assert "nights" not in wv


def test_methods_take_unknown_words():
    wv = make()
    assert wv.similarity("nights", "nights") == pytest.approx(1)
    assert len(wv.most_similar(["nights", "days"], ["week"], topn=3)) == 3
    assert len(wv.most_similar_cosmul("nights", topn=2)) == 2
    assert wv.most_similar_to_given("nights", ["days", "nights"]) == "nights"
    assert len(wv.search(["nights", "day"], 2)[1]) == 2
    assert wv.doesnt_match(["nights", "nights", "größer"]) == "größer"
    assert wv.n_similarity(["nights"], ["nights"]) == pytest.approx(1)
    assert wv.distance("nights", "week") == pytest.approx(1 - wv.similarity("nights", "week"))
    assert wv.rank("nights", "day") >= 1
    assert np.linalg.norm(wv.get_vector("nights", norm=True)) == pytest.approx(1, abs=1e-6)
    found = wv.vectors_for_all(["night", "nights"])
    np.testing.assert_array_equal(found["nights"], wv["nights"])


def test_a_sentence_is_the_mean_of_unit_vectors():
    wv = make()
    units = [wv.get_vector(word, norm=True) for word in ("nights", "day")]
    np.testing.assert_allclose(wv.get_sentence_vector(["nights", "day"]), np.mean(units, 0), rtol=1e-5)
    with pytest.raises(ValueError):
        wv.get_sentence_vector([])
    with pytest.raises(TypeError):
        wv.get_sentence_vector("nights day")


def test_words_that_are_added_have_the_given_vectors():
    wv = make()
    wv.add_vectors(["nights", "no"], np.ones((2, 5)))
    assert wv.has_index_for("nights") and wv["nights"].tolist() == [1] * 5
    wv["nights"] = np.zeros(5)
    assert not wv["nights"].any()
    empty = FastTextKeyedVectors(2, 3, 6, 2_000_000)
    assert empty.add_vector("key", [1, 2]) == 0
    assert empty["key"].tolist() == [1, 2] and not empty["other"].any()


def test_removing_and_sorting_keep_the_rows_of_words():
    wv = make()
    wv.remove(["night"])
    wv.counts = [1, 2, 3, 4]
    wv.sort_by_descending_frequency()
    assert wv.index_to_key == ["größe", "a", "</s>", "day"]
    for row, word in enumerate(wv):
        np.testing.assert_array_equal(wv.vectors_vocab[row], rows(len(WORDS))[WORDS.index(word)])
        np.testing.assert_allclose(wv[word], expected(make(), word), rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("buckets", [None, SOME], ids=["all", "some"])
def test_files_pickles_and_copies_are_the_same(buckets, tmp_path):
    wv = make(buckets)
    path = tmp_path / "vectors.wv"
    wv.save(path)
    others = [
        FastTextKeyedVectors.load(path),
        FastTextKeyedVectors.load(path, mmap=True),
        KeyedVectors.load(path),
        pickle.loads(pickle.dumps(wv)),
        copy.deepcopy(wv),
    ]
    for other in others:
        assert type(other) is FastTextKeyedVectors
        assert other.index_to_key == wv.index_to_key and other.counts.tolist() == wv.counts.tolist()
        for word in ("night", "nights"):
            np.testing.assert_array_equal(other[word], wv[word])


def test_word2vec_format_holds_the_words(tmp_path):
    wv = make(words=["night", "day"])
    wv.save_word2vec_format(tmp_path / "words.txt")
    other = FastTextKeyedVectors.load_word2vec_format(tmp_path / "words.txt")
    np.testing.assert_allclose(other["night"], wv["night"], rtol=1e-5)
    assert "nights" not in other


def test_a_damaged_file_is_an_error(tmp_path):
    from wildvec.io import native

    wv = make(SOME)
    path = tmp_path / "vectors.wv"
    wv.save(path)
    tensors, metadata = native.read(path)
    damages = [
        {"buckets": np.full_like(SOME, SOME[0])},
        {"buckets": SOME + np.int32(BUCKET)},
        {"vectors_ngrams": rows(3)},
        {"vectors_vocab": rows(9)},
    ]
    metadata = {name: value for name, value in metadata.items() if name in ("class", "ngrams")}
    for damage in damages:
        native.write(path, tensors | damage, metadata)
        with pytest.raises(ValueError, match=r"vectors\.wv"):
            FastTextKeyedVectors.load(path)
    native.write(path, tensors, metadata | {"ngrams": '{"min_n": -1, "max_n": 3, "bucket": 9}'})
    with pytest.raises(ValueError, match="min_n"):
        FastTextKeyedVectors.load(path)


def test_rows_that_do_not_fit_are_an_error():
    with pytest.raises(ValueError, match="50 rows"):
        FastTextKeyedVectors.from_rows(["a"], None, rows(1), rows(50), min_n=3, max_n=6, bucket=10)
    with pytest.raises(ValueError, match="shape"):
        FastTextKeyedVectors.from_rows(["a"], None, rows(2), rows(10), min_n=3, max_n=6, bucket=10)
    with pytest.raises(ValueError, match="bucket=-1"):
        FastTextKeyedVectors(5, 3, 6, -1)


def test_an_int_is_no_word_where_keys_are_str():
    wv = make(min_n=1)
    assert 3 not in wv
    for call in (
        lambda: wv[3],
        lambda: wv[["day", 3]],
        lambda: wv.most_similar(0),
        lambda: wv.similarity("day", 5),
    ):
        with pytest.raises(KeyError, match="the keys are str here"):
            call()
    numbers = make(words=[10, 11, 12, 13, 14], min_n=1)
    assert 101 in numbers
    assert np.abs(numbers[101]).sum() > 0


def test_the_empty_word_has_no_neighbours():
    with pytest.raises(KeyError, match="''"):
        make().most_similar("")


def test_the_file_of_a_model_gives_vectors_with_ngrams(tmp_path):
    model = FastText([["night", "day", "nights"]] * 9, vector_size=8, min_count=1, bucket=50, workers=1)
    model.save(tmp_path / "model")
    for cls in (KeyedVectors, FastTextKeyedVectors):
        wv = cls.load(tmp_path / "model")
        assert type(wv) is FastTextKeyedVectors
        np.testing.assert_array_equal(wv[["nightly", "day"]], model.wv[["nightly", "day"]])
    assert type(KeyedVectors.load(tmp_path / "model", limit=2)) is KeyedVectors
