"""What Word2Vec has for programs that were written for gensim: rules, scores, predictions, callbacks."""

import copy
import inspect
import pickle

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from wildvec import Word2Vec
from wildvec.text.corpus import Corpus
from wildvec.text.trimming import RULE_DEFAULT, RULE_DISCARD, RULE_KEEP
from wildvec.training.huffman import huffman_paths

TEXT = [["red", "green", "blue"], ["red", "green"], ["red", "grey", "black"]] * 6 + [["rare", "red"]]
SETTINGS = {"vector_size": 8, "min_count": 2, "workers": 1, "epochs": 3, "sample": 0}


def test_parameters_are_in_the_order_of_gensim():
    names = [
        *(
            "sentences",
            "corpus_file",
            "vector_size",
            "alpha",
            "window",
            "min_count",
            "max_vocab_size",
            "sample",
        ),
        *(
            "seed",
            "workers",
            "min_alpha",
            "sg",
            "hs",
            "negative",
            "ns_exponent",
            "cbow_mean",
            "hashfxn",
            "epochs",
        ),
        *("null_word", "trim_rule", "sorted_vocab", "batch_words", "compute_loss", "callbacks", "comment"),
        *("max_final_vocab", "shrink_windows"),
    ]
    parameters = inspect.signature(Word2Vec).parameters
    assert list(parameters)[: len(names)] == names
    kinds = {parameter.kind for parameter in list(parameters.values())[len(names) : -1]}
    assert kinds == {inspect.Parameter.KEYWORD_ONLY}


# -- which words are kept ------------------------------------------------------------------------------------------


def rule(word, count, min_count):
    return {"rare": RULE_KEEP, "red": RULE_DISCARD}.get(word, RULE_DEFAULT)


def test_a_rule_keeps_and_discards_words():
    model = Word2Vec(TEXT, **{**SETTINGS, "min_count": 7}, trim_rule=rule)
    assert sorted(model.wv.index_to_key) == ["green", "rare"]
    model.build_vocab(TEXT, trim_rule=lambda word, count, min_count: RULE_DEFAULT)
    assert sorted(model.wv.index_to_key) == ["green", "red"]
    model.build_vocab_from_freq({"red": 9, "rare": 1, "blue": 8})
    assert sorted(model.wv.index_to_key) == ["blue", "rare"]


def test_a_rule_gets_word_count_and_min_count():
    calls = {}

    def record(word, count, min_count):
        calls[word] = count, min_count
        return RULE_DEFAULT

    Word2Vec(**SETTINGS).build_vocab(TEXT, trim_rule=record)
    assert calls["red"] == (19, 2)
    assert calls["rare"] == (1, 2)


@pytest.mark.parametrize("wrong", [None, 7, "keep"])
def test_a_rule_that_returns_nonsense_is_an_error(wrong):
    with pytest.raises(ValueError, match=f"trim_rule returned {wrong!r} for 'red': return RULE_KEEP"):
        Word2Vec(TEXT, **SETTINGS, trim_rule=lambda *args: wrong)
    with pytest.raises(TypeError, match=r"trim_rule=5: give a function"):
        Word2Vec(trim_rule=5)
    with pytest.raises(TypeError, match=r"trim_rule=5: give a function"):
        Word2Vec(**SETTINGS).build_vocab(TEXT, trim_rule=5)


def prune_as_gensim(sentences, most):
    """Counts after reading with gensim's rule."""
    counts, least = {}, 1
    for sentence in sentences:
        for word in sentence:
            counts[word] = counts.get(word, 0) + 1
        if len(counts) > most:
            counts = {word: n for word, n in counts.items() if n >= least}
            least += 1
    return counts


sentences = st.lists(st.lists(st.sampled_from("abcdefghijkl"), max_size=7), min_size=1, max_size=40)


@given(sentences, st.integers(1, 8), st.sampled_from([str, int]))
def test_max_vocab_size_prunes_by_the_rule_of_gensim(text, most, kind):
    text = [[ord(word) for word in sentence] if kind is int else sentence for sentence in text]
    expected = prune_as_gensim(text, most)
    if not expected:
        return
    corpus = Corpus.read(text, min_count=1, max_vocab_size=most, workers=2)
    assert dict(zip(corpus.vocab.keys, corpus.vocab.counts.tolist(), strict=True)) == expected


@given(sentences, st.integers(1, 8))
def test_max_vocab_size_prunes_files_like_lists(tmp_path_factory, text, most):
    expected = prune_as_gensim(text, most)
    if not expected:
        return
    path = tmp_path_factory.getbasetemp() / "pruned.txt"
    path.write_text("".join(" ".join(sentence) + "\n" for sentence in text))
    corpus = Corpus.read(path, min_count=1, max_vocab_size=most)
    assert dict(zip(corpus.vocab.keys, corpus.vocab.counts.tolist(), strict=True)) == expected
    same = Corpus.read(text, min_count=1, max_vocab_size=most)
    assert corpus.ids.tolist() == same.ids.tolist()
    assert corpus.offsets.tolist() == same.offsets.tolist()


def test_the_null_word_is_the_last_word():
    model = Word2Vec(TEXT, **SETTINGS, null_word=1)
    assert model.wv.index_to_key[-1] == "\0"
    assert model.wv.get_vecattr("\0", "count") == 1
    assert len(pickle.loads(pickle.dumps(model)).wv) == len(model.wv)


def test_the_null_word_is_stored(tmp_path):
    model = Word2Vec(TEXT, **SETTINGS, null_word=1, hs=1)
    model.save(tmp_path / "model")
    loaded = Word2Vec.load(tmp_path / "model")
    assert loaded.wv.index_to_key == model.wv.index_to_key
    loaded.train(TEXT, epochs=1)


def test_without_words_the_error_is_a_value_error_and_as_in_gensim_a_runtime_error():
    for kind in (ValueError, RuntimeError):
        with pytest.raises(kind, match="no token is left with min_count=99"):
            Word2Vec(TEXT, min_count=99)
        with pytest.raises(kind, match="nothing was read"):
            Word2Vec([])


# -- probabilities -------------------------------------------------------------------------------------------------


def log_probability(model, word, hidden):
    ends, nodes, codes, _ = huffman_paths(model.vocab.counts)
    path = slice(*ends[[model.wv.get_index(word), model.wv.get_index(word) + 1]])
    rows = model._unpadded_matrices()["node_rows"][nodes[path]].astype(np.float64)
    return -np.log1p(np.exp(-(1.0 - 2.0 * codes[path]) * (rows @ hidden))).sum()


def score_by_hand(model, sentence):
    known = [word for word in sentence if word in model.wv]
    total = 0.0
    for i, word in enumerate(known):
        near = [
            model.wv[other].astype(np.float64)
            for j, other in enumerate(known)
            if j != i and abs(i - j) <= model.window
        ]
        if model.sg:
            total += sum(log_probability(model, word, row) for row in near)
        else:
            hidden = np.sum(near, axis=0) if near else np.zeros(model.vector_size)
            hidden = hidden / max(1, len(near)) if model.cbow_mean else hidden
            total += log_probability(model, word, hidden)
    return total


@pytest.mark.parametrize("settings", [{"sg": 1}, {"cbow_mean": 1}, {"cbow_mean": 0, "negative": 5}], ids=str)
def test_score_is_the_log_probability_of_hierarchical_softmax(settings):
    model = Word2Vec(TEXT, **SETTINGS, hs=1, alpha=0.3, window=2, **settings)
    given = [["red", "green", "grey", "blue", "red"], [], ["unknown"], ["blue"], ["green", "new", "black"]]
    expected = [score_by_hand(model, sentence) for sentence in given]
    scores = model.score(given)
    assert scores.dtype == np.float32
    np.testing.assert_allclose(scores, expected, rtol=1e-5)
    np.testing.assert_array_equal(model.score(iter(given)), scores)
    many = model.score(given * 4000)
    np.testing.assert_allclose(many, np.tile(scores, 4000), rtol=1e-5)


def test_score_needs_hierarchical_softmax_and_a_vocabulary(caplog):
    with pytest.raises(RuntimeError, match="needs hierarchical softmax; train a model with hs=1"):
        Word2Vec(TEXT, **SETTINGS).score(TEXT)
    with pytest.raises(RuntimeError, match="no vocabulary yet"):
        Word2Vec(hs=1).score(TEXT)
    model = Word2Vec(TEXT, **SETTINGS, hs=1)
    assert len(model.score(TEXT, total_sentences=2)) == 2
    assert "more than total_sentences=2" in caplog.text
    assert model.score([]).shape == (0,)


@pytest.mark.parametrize("cbow_mean", [0, 1])
def test_predict_output_word_is_a_softmax_over_output_rows(cbow_mean):
    model = Word2Vec(TEXT, **SETTINGS, cbow_mean=cbow_mean, alpha=0.3)
    context = ["red", "blue", "unknown"]
    hidden = model.wv[["red", "blue"]].sum(axis=0) / (2 if cbow_mean else 1)
    weights = np.exp(model._unpadded_matrices()["output_rows"] @ hidden)
    predicted = model.predict_output_word(context, topn=3)
    assert [word for word, _ in predicted] == [model.wv.index_to_key[i] for i in np.argsort(-weights)[:3]]
    expected = np.sort(weights / weights.sum())[::-1][:3]
    np.testing.assert_allclose([probability for _, probability in predicted], expected, rtol=1e-5)


def test_predict_output_word_without_what_it_needs():
    model = Word2Vec(TEXT, **SETTINGS)
    assert model.predict_output_word(["unknown"]) is None
    assert model.predict_output_word([]) is None
    with pytest.raises(RuntimeError, match="needs negative sampling"):
        Word2Vec(TEXT, **SETTINGS, hs=1, negative=0).predict_output_word(["red"])
    with pytest.raises(RuntimeError, match="there is no vocabulary"):
        Word2Vec().predict_output_word(["red"])


# -- the rest ------------------------------------------------------------------------------------------------------


def test_reset_from_takes_the_vocabulary():
    model, other = Word2Vec(TEXT, **SETTINGS), Word2Vec([["x", "y", "y"]] * 3, **SETTINGS)
    model.reset_from(other)
    assert model.wv.index_to_key == ["y", "x"]
    assert model.vocab.counts.tolist() == [6, 3]
    assert (model.corpus_count, model.corpus_total_words) == (3, 9)
    assert model.epochs_trained == 0


def test_arguments_of_save_and_load_are_accepted(tmp_path):
    model = Word2Vec(TEXT, **SETTINGS, hashfxn=len, batch_words=5, compute_loss=True, comment="x")
    model.save(tmp_path / "model", separately=["vectors"], sep_limit=0, ignore=["x"], pickle_protocol=5)
    loaded = Word2Vec.load(tmp_path / "model", mmap="r")
    np.testing.assert_array_equal(loaded.wv.vectors, model.wv.vectors)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["model"]


def test_a_deep_copy_is_independent():
    model = Word2Vec(TEXT, **SETTINGS)
    other = copy.deepcopy(model)
    before = model.wv.vectors.copy()
    other.build_vocab([["new", "red"]] * 3, update=True)
    other.train(TEXT, epochs=2)
    np.testing.assert_array_equal(model.wv.vectors, before)
    assert "new" not in model.wv


def test_callbacks_are_called_and_not_stored(tmp_path):
    class Loss:
        def __init__(self):
            self.losses = []

        def on_epoch_end(self, model):
            self.losses.append(model.get_latest_training_loss())

    callback = Loss()
    model = Word2Vec(TEXT, **SETTINGS, callbacks=[callback], compute_loss=True)
    assert len(callback.losses) == 3
    assert callback.losses == sorted(callback.losses)
    assert callback.losses[0] > 0
    model.save(tmp_path / "model")
    Word2Vec.load(tmp_path / "model").train(TEXT, None, 19, None, 1, 0.02, None, 0, 2, 1.0, True, [])
    assert len(callback.losses) == 3


def test_an_internal_of_gensim_is_an_error_that_names_where_it_is():
    for name in ("syn1neg", "random", "running_training_loss"):
        with pytest.raises(AttributeError, match=f"{name}.*wildvec.compat.gensim"):
            getattr(Word2Vec(), name)
