"""FastText: vectors of words and n-grams, growth, frozen rows, memory, divergence."""

from __future__ import annotations

import copy
import pickle

import numpy as np
import pytest

from wildvec import FastText, FastTextKeyedVectors, Word2Vec
from wildvec.demo import toy
from wildvec.text.subwords import find_ngrams

SETTINGS = {"vector_size": 12, "epochs": 2, "workers": 1, "min_count": 1, "bucket": 3_000, "sg": 1}
TEXT = list(toy.sentences(800, seed=2))
MORE = [[f"{word}ly" for word in sentence] for sentence in TEXT[:200]]


def trained(text=TEXT, **settings):
    return FastText(text, **SETTINGS | settings)


def composed(model, word):
    """Return the mean of the parts of a word, found without the model's index."""
    wv = model.wv
    (grams,) = find_ngrams([word], model.min_n, model.max_n, model.bucket)
    row_of = dict(zip(wv.buckets.tolist(), wv.vectors_ngrams, strict=True))
    rows = [row_of[gram] for gram in grams.tolist()]
    return np.vstack([wv.vectors_vocab[wv.key_to_index[word]], rows]).mean(axis=0)


@pytest.mark.parametrize(
    "options", [{}, {"sg": 0}, {"hs": 1, "negative": 0}, {"deterministic": True, "workers": 3}]
)
def test_vectors_are_means_of_the_rows_of_words_and_ngrams(options):
    model = trained(**options)
    assert isinstance(model, Word2Vec) and type(model.wv) is FastTextKeyedVectors
    for word in model.wv.index_to_key[:20]:
        np.testing.assert_allclose(model.wv[word], composed(model, word), atol=1e-6)
    assert np.isfinite(model.wv["neverseen"]).all()


def test_the_vectors_learn():
    wv = trained(epochs=20, alpha=0.05, sg=1).wv
    start = FastText(**SETTINGS)
    start.build_vocab(TEXT)
    assert (start.wv.vectors != wv.vectors).any(axis=1).all()
    assert (start.wv.vectors_ngrams != wv.vectors_ngrams).any(axis=1).all()


@pytest.mark.parametrize("bucket", [3_000, 2**31 - 1])
def test_only_buckets_that_occur_have_rows_in_the_order_of_their_use(bucket):
    model = trained(bucket=bucket, epochs=1)
    grams = list(dict.fromkeys(find_ngrams(model.wv.index_to_key, 3, 6, bucket).values.tolist()))
    assert model.wv.buckets.tolist() == grams
    assert model._matrices["subword_rows"].shape[0] == len(model.wv.index_to_key) + len(grams)
    assert model.estimate_memory()["subword_rows"] == model._matrices["subword_rows"].nbytes


def test_vectors_are_current_in_callbacks():
    seen = []

    class Looks:
        def on_epoch_end(self, model):
            word = model.wv.index_to_key[0]
            np.testing.assert_allclose(model.wv[word], composed(model, word), atol=1e-6)
            seen.append(model.wv[word].copy())

    trained(callbacks=[Looks()])
    assert len(seen) == 2 and (seen[0] != seen[1]).any()


@pytest.mark.parametrize("rules", [{"min_n": 4, "max_n": 3}, {"max_n": 0}, {"bucket": 0}])
def test_without_ngrams_it_is_word2vec(rules):
    model = trained(**rules)
    assert model.wv.vectors_ngrams.shape == (0, 12)
    assert (model.wv.vectors == model.wv.vectors_vocab).all()
    with pytest.raises(KeyError):
        model.wv["neverseen"]


def test_a_word_that_is_too_short_is_a_vector_of_zeros():
    assert not trained(min_n=5).wv["ab"].any()


def test_new_words_bring_new_buckets_and_old_rows_are_kept():
    model = trained()
    before = {word: model.wv[word].copy() for word in model.wv.index_to_key}
    rows = dict(zip(model.wv.buckets.tolist(), model.wv.vectors_ngrams.copy(), strict=True))
    n_words, n_rows = len(model.wv.key_to_index), len(model.wv.buckets)
    model.build_vocab(MORE, update=True)
    assert len(model.wv.key_to_index) > n_words and len(model.wv.buckets) > n_rows
    for word, vector in before.items():
        np.testing.assert_allclose(model.wv[word], vector, atol=1e-6)
    for bucket, row in zip(model.wv.buckets.tolist(), model.wv.vectors_ngrams, strict=True):
        if bucket in rows:
            assert (row == rows[bucket]).all()
    assert (model.wv.vectors_ngrams != 0).any(axis=1).all()
    model.train(MORE)
    assert (model.wv.vectors_vocab[n_words:] != 0).any(axis=1).all()


def frozen():
    """Return a model whose words with even numbers and last n-grams are frozen."""
    model = FastText(**SETTINGS)
    model.build_vocab(TEXT)
    model.wv.vectors_vocab_lockf = np.ones(len(model.vocab), np.float32)
    model.wv.vectors_vocab_lockf[::2] = 0
    model.wv.vectors_ngrams_lockf = np.ones(len(model.wv.buckets), np.float32)
    model.wv.vectors_ngrams_lockf[-50:] = 0
    return model


@pytest.mark.parametrize(
    "options", [{}, {"workers": 3}, {"workers": 3, "deterministic": True}, {"sg": 0}], ids=str
)
def test_frozen_rows_do_not_change(options):
    model = frozen()
    for name, value in options.items():
        setattr(model, name, value)
    words, ngrams = model.wv.vectors_vocab.copy(), model.wv.vectors_ngrams.copy()
    model.train(TEXT, epochs=3)
    changed = (model.wv.vectors_vocab != words).any(axis=1)
    assert not changed[::2].any() and changed[1::2].all()
    changed = (model.wv.vectors_ngrams != ngrams).any(axis=1)
    assert not changed[-50:].any() and changed[:-50].mean() > 0.9


def test_factors_of_rows_are_stored_and_grow(tmp_path):
    model = frozen()
    model.save(tmp_path / "model")
    grown = copy.deepcopy(model)
    grown.build_vocab(MORE, update=True)
    others = (FastText.load(tmp_path / "model"), pickle.loads(pickle.dumps(model)))
    for other in others:
        for name in ("vectors_vocab_lockf", "vectors_ngrams_lockf"):
            assert getattr(other.wv, name).tolist() == getattr(model.wv, name).tolist()
    assert grown.wv.vectors_vocab_lockf[: len(model.vocab)].tolist() == model.wv.vectors_vocab_lockf.tolist()
    is_frozen = grown.wv.vectors_ngrams_lockf == 0
    assert grown.wv.buckets[is_frozen].tolist() == model.wv.buckets[-50:].tolist()


@pytest.mark.parametrize(
    "name, factors, message",
    [
        ("vectors_vocab_lockf", np.ones(2), r"has the shape \(2,\)"),
        ("vectors_ngrams_lockf", np.array([-1.0]), r"vectors_ngrams_lockf\[0\]=-1"),
        ("vectors_lockf", np.zeros(1), "set wv.vectors_vocab_lockf"),
    ],
)
def test_factors_are_checked(name, factors, message):
    model = frozen()
    setattr(model.wv, name, factors)
    with pytest.raises(ValueError, match=message):
        model.train(TEXT)


def test_rows_that_were_assigned_are_trained_further():
    model, other = trained(), trained()
    model.wv.vectors_ngrams = model.wv.vectors_ngrams * 2
    other.wv.vectors_ngrams[...] *= 2
    for each in (model, other):
        each.train(TEXT)
    assert (model.wv.vectors == other.wv.vectors).all()
    model.wv.vectors_vocab = np.zeros((3, 12), np.float32)
    with pytest.raises(ValueError, match=r"wv.vectors_vocab has the shape \(3, 12\)"):
        model.train(TEXT)


def test_files_keep_rows_of_ngrams(tmp_path):
    model = trained()
    model.save(tmp_path / "model")
    other = FastText.load(tmp_path / "model")
    assert (other.wv["neverseen"] == model.wv["neverseen"]).all()
    assert (other.wv.vectors == model.wv.vectors).all()
    for each in (model, other):
        each.train(TEXT)
    assert (other.wv.vectors_ngrams == model.wv.vectors_ngrams).all()


def test_huge_values_are_an_error():
    model = trained()
    model.wv.vectors_ngrams[0] = 1e6
    with pytest.raises(FloatingPointError, match=r"values up to 1.*e\+06"):
        model.train(TEXT, epochs=1)


def test_rules_of_ngrams_cannot_change():
    model = trained()
    for name in ("min_n", "max_n", "bucket"):
        with pytest.raises(ValueError, match="cannot change"):
            setattr(model, name, 2)
    with pytest.raises(ValueError, match="word_ngrams=2"):
        FastText(word_ngrams=2)


def test_integers_are_words():
    model = trained([[1, 20, 300], [20, 1, 4000]] * 20)
    np.testing.assert_allclose(model.wv[4000], composed(model, 4000), atol=1e-6)


def test_scores_are_those_of_word2vec_with_the_composed_vectors():
    settings = {"hs": 1, "negative": 0, "vector_size": 16, "min_count": 1, "workers": 1, "sample": 0}
    model, words = FastText(TEXT, **settings), Word2Vec(TEXT, **settings)
    assert words.wv.index_to_key == model.wv.index_to_key
    words.wv.vectors = model.wv.vectors.copy()
    words._matrices["node_rows"][...] = model._matrices["node_rows"]
    np.testing.assert_allclose(model.score(TEXT[:5]), words.score(TEXT[:5]), rtol=1e-6)
