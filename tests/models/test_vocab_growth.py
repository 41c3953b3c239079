"""A vocabulary that grows: which rows are kept, what new rows are, and what training goes on with."""

import copy
import dataclasses
import itertools
from collections import Counter

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from wildvec import GloVe, Word2Vec
from wildvec.text.corpus import Corpus
from wildvec.text.vocab import Vocab, VocabRules
from wildvec.training import matrices
from wildvec.training.objective import MatrixSpec

OLD = [["sun", "moon", "star"], ["sun", "moon"], ["sun", "sky"]] * 5
NEW = [["sun", "comet", "comet"], ["comet", "meteor"], ["dust", "moon"]] * 3 + [["once"]]
SETTINGS = {"vector_size": 8, "min_count": 2, "workers": 1, "epochs": 2, "sample": 0}


def grown(**settings) -> tuple[Word2Vec, Word2Vec]:
    """A trained model, and a copy of it with a larger vocabulary."""
    model = Word2Vec(OLD, **{**SETTINGS, **settings})
    larger = copy.deepcopy(model)
    larger.build_vocab(NEW, update=True)
    return model, larger


@pytest.mark.parametrize("settings", [{}, {"sg": 1}, {"hs": 1, "negative": 0}, {"hs": 1}], ids=str)
def test_old_rows_are_kept_and_new_rows_are_those_of_a_new_model(settings):
    model, larger = grown(**settings)
    assert larger.wv.index_to_key == [*model.wv.index_to_key, "comet", "meteor", "dust"]
    n = len(model.vocab)
    np.testing.assert_array_equal(larger.wv.vectors[:n], model.wv.vectors)
    fresh = Word2Vec(**{**SETTINGS, **settings})
    fresh.build_vocab_from_freq(dict(zip(larger.vocab.keys, larger.vocab.counts.tolist(), strict=True)))
    np.testing.assert_array_equal(larger.wv.vectors[n:], fresh.wv.vectors[n:])
    for name, rows in larger._unpadded_matrices().items():
        kept = model._unpadded_matrices()[name]
        np.testing.assert_array_equal(rows[: len(kept)], kept)
        if name != "vectors":
            assert not rows[len(kept) :].any()


def test_counts_are_added_and_rare_new_words_are_left_out():
    model, larger = grown()
    counts = Counter(word for sentence in [*OLD, *NEW] for word in sentence)
    for word in larger.wv.index_to_key:
        assert larger.wv.get_vecattr(word, "count") == counts[word]
    assert "once" not in larger.wv
    assert larger.corpus_count == len(NEW) - 1  # without the sentence that has no known word
    assert larger.corpus_total_words == sum(map(len, NEW))
    assert larger.epochs_trained == model.epochs_trained == 2
    assert larger.epoch_losses == model.epoch_losses


@pytest.mark.parametrize("settings", [{}, {"sg": 1, "workers": 2}, {"hs": 1, "negative": 0}], ids=str)
def test_training_goes_on_after_save_and_load(settings, tmp_path):
    _, larger = grown(**settings)
    larger.save(tmp_path / "model")
    loaded = Word2Vec.load(tmp_path / "model")
    np.testing.assert_array_equal(loaded.wv.vectors, larger.wv.vectors)
    before = loaded.wv.vectors.copy()
    trained, read = loaded.train(NEW, epochs=3)
    assert read == 3 * larger.corpus_total_words
    assert trained == read - 3  # "once"
    assert (loaded.wv["comet"] != before[loaded.wv.get_index("comet")]).any()
    assert loaded.epochs_trained == 5


def test_training_of_a_grown_model_can_be_resumed(tmp_path):
    class Stop:
        def on_epoch_end(self, model):
            if model.epochs_trained == 4:
                raise KeyboardInterrupt

    _, whole = grown()
    _, stopped = grown(checkpoint=None)
    stopped.checkpoint = tmp_path
    whole.train(NEW, epochs=4)
    with pytest.raises(KeyboardInterrupt):
        stopped.train(NEW, epochs=4, callbacks=[Stop()])
    resumed = Word2Vec.resume(tmp_path, NEW)
    np.testing.assert_array_equal(resumed.wv.vectors, whole.wv.vectors)
    assert resumed.wv.index_to_key == whole.wv.index_to_key


def test_frozen_rows_stay_frozen_and_new_rows_are_not():
    model = Word2Vec(OLD, **SETTINGS)
    model.wv.vectors_lockf = np.zeros(len(model.wv), np.float32)
    model.wv.set_vecattr("sun", "year", 1999)
    model.build_vocab(NEW, update=True)
    assert model.wv.vectors_lockf.tolist() == [0] * 4 + [1] * 3
    assert model.wv.get_vecattr("sun", "year") == 1999
    assert model.wv.get_vecattr("comet", "year") == 0
    before = model.wv.vectors.copy()
    model.train(NEW, epochs=2)
    np.testing.assert_array_equal(model.wv.vectors[:4], before[:4])
    assert (model.wv.vectors[4:] != before[4:]).any()


def test_a_table_of_counts_can_grow_a_vocabulary():
    model = Word2Vec(vector_size=4, min_count=2)
    model.build_vocab_from_freq({"a": 5, "b": 3})
    vectors = model.wv.vectors.copy()
    model.build_vocab_from_freq({"c": 9, "b": 1, "d": 1}, update=True, corpus_count=7)
    assert model.wv.index_to_key == ["a", "b", "c"]
    assert model.vocab.counts.tolist() == [5, 4, 9]
    np.testing.assert_array_equal(model.wv.vectors[:2], vectors)
    assert (model.corpus_count, model.corpus_total_words) == (7, 11)


def test_growing_an_empty_model_builds_its_vocabulary():
    model = Word2Vec(**SETTINGS)
    model.build_vocab(OLD, update=True)
    assert model.wv.index_to_key == ["sun", "moon", "star", "sky"]


def test_max_final_vocab_bounds_old_and_new_words_together():
    _, larger = grown(max_final_vocab=5)
    assert larger.wv.index_to_key[4:] == ["comet"]
    _, same = grown(max_final_vocab=4)
    assert len(same.wv) == 4


def test_glove_grows():
    model = GloVe(OLD, vector_size=4, min_count=2, epochs=2)
    parts = {name: rows.copy() for name, rows in model._unpadded_matrices().items()}
    model.build_vocab(NEW, update=True)
    for name, rows in model._unpadded_matrices().items():
        np.testing.assert_array_equal(rows[: len(parts[name])], parts[name])
    model.train(NEW, epochs=1)
    assert model.epochs_trained == 3


words = st.lists(st.lists(st.sampled_from("abcdefg"), max_size=6), min_size=1, max_size=8)


@given(words, words, st.integers(1, 3), st.booleans())
def test_growth_equals_counting_by_hand(old, new, min_count, sorted_vocab):
    if not any(old) or not any(new):
        return
    first = Corpus.read(old, min_count=1)
    counts = Counter(word for sentence in new for word in sentence)
    order = list(dict.fromkeys(word for sentence in new for word in sentence))
    added = [word for word in order if word not in first.vocab and counts[word] >= min_count]
    if sorted_vocab:
        added.sort(key=lambda word: -counts[word])
    expected = [*first.vocab.keys, *added]
    try:
        corpus = Corpus.read(new, min_count=min_count, grow=first.vocab, sorted_vocab=sorted_vocab, workers=2)
    except ValueError as error:
        assert "none of the tokens read" in str(error)
        return
    assert corpus.vocab.keys == expected
    total = Counter(word for sentence in old for word in sentence) + counts
    assert corpus.vocab.counts.tolist() == [total[word] for word in expected]
    texts = [[expected[i] for i in corpus.ids[a:b]] for a, b in itertools.pairwise(corpus.offsets)]
    assert texts == [kept for sentence in new if (kept := [w for w in sentence if w in expected])]


def test_sums_of_squared_gradients_are_kept():
    spec = MatrixSpec("vectors", "input", 3, 4, adagrad=1.0, extra=(("bias", 0.0),))
    old = matrices.create(dataclasses.replace(spec, rows=2), seed=1)
    old += 2
    rows = matrices.grow(spec, old, seed=1)
    np.testing.assert_array_equal(rows[:2], old)
    np.testing.assert_array_equal(rows[2], matrices.create(spec, seed=1)[2])


def test_rules_choose_nothing_new_without_an_error():
    rules = VocabRules(min_count=5, grow=Vocab(["a"], [3]))
    vocab, ids = rules.choose(np.array([2, 1]), np.arange(2), lambda tokens: [["a", "b"][i] for i in tokens])
    assert (vocab.keys, vocab.counts.tolist(), ids.tolist()) == (["a"], [5], [0, -1])


def test_growth_in_a_callback_is_refused_because_later_epochs_would_be_lost():
    class Grow:
        def on_epoch_end(self, model):
            model.build_vocab(NEW, update=True)

    with pytest.raises(RuntimeError, match="call build_vocab after train"):
        Word2Vec(OLD, **SETTINGS, callbacks=[Grow()])
