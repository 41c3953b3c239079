"""wildvec.compat.gensim: the names of gensim, its internals as attributes, and its checks of arguments."""

import logging
import pickle
import subprocess
import sys

import numpy as np
import pytest

from wildvec import Word2Vec as CoreWord2Vec
from wildvec.compat.gensim.keyedvectors import KeyedVectors
from wildvec.compat.gensim.utils import save_as_line_sentence, simple_preprocess
from wildvec.compat.gensim.word2vec import Word2Vec
from wildvec.compat.gensim.word2vec_corpusfile import CythonLineSentence

TEXT = [["sun", "moon", "star"], ["sun", "moon"], ["sun", "sky"]] * 5
SETTINGS = {"vector_size": 4, "min_count": 1, "workers": 1, "epochs": 2, "sample": 0}

WITHOUT_GENSIM = """
import sys
from wildvec.compat.gensim import install
install.find_spec = lambda name: None  # gensim is not installed
install.install_as_gensim()
install.install_as_gensim()  # again: no effect
from gensim.models import Word2Vec, FastText, Doc2Vec, KeyedVectors, Phrases
from gensim.models.word2vec import LineSentence
from gensim.models.callbacks import CallbackAny2Vec
from gensim.models.doc2vec import TaggedDocument
from gensim.utils import simple_preprocess
import gensim, gensim.models.keyedvectors

class Count(CallbackAny2Vec):
    epochs = 0
    def on_epoch_end(self, model):
        self.epochs += 1

count = Count()
model = Word2Vec([simple_preprocess("The sun, the moon")] * 9, vector_size=4, callbacks=[count], epochs=3)
assert count.epochs == 3
assert isinstance(model.wv, gensim.models.KeyedVectors)
assert {cls.__module__.split(".")[0] for cls in (Word2Vec, FastText, Doc2Vec, KeyedVectors, Phrases)} == {"wildvec"}
"""

IMPORTED = """
import sys, types
sys.modules["gensim"] = sys.modules["gensim.models"] = types.ModuleType("gensim.models")
from wildvec.compat.gensim import install_as_gensim
try:
    install_as_gensim()
except ImportError as error:
    assert "gensim.models is imported already" in str(error)
else:
    raise SystemExit("no error")
"""


@pytest.mark.parametrize("program", [WITHOUT_GENSIM, IMPORTED], ids=["without gensim", "imported already"])
def test_install_as_gensim(program):
    result = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)
    assert result.returncode == 0, result.stderr


@pytest.fixture(scope="module")
def model() -> Word2Vec:
    return Word2Vec(TEXT, **SETTINGS, hs=1, negative=5, comment="a comment", batch_words=50)


def test_internals_are_computed_from_the_matrices(model):
    parts = model._unpadded_matrices()
    np.testing.assert_array_equal(model.syn1neg, parts["output_rows"])
    assert model.syn1.shape == (4, 4)
    np.testing.assert_array_equal(model.syn1[:3], parts["node_rows"])
    assert model.layer1_size == 4
    assert model.cum_table.shape == (4,)
    assert model.cum_table[-1] == 2**31 - 1
    assert (np.diff(model.cum_table.astype(np.int64)) > 0).all()
    assert (model.comment, model.batch_words, model.hashfxn) == ("a comment", 50, hash)
    assert model.running_training_loss == model.get_latest_training_loss() > 0
    assert (model.train_count, model.min_alpha_yet_reached) == (1, 1e-4)
    assert model.total_train_time > 0
    assert str(model) == "Word2Vec<vocab=4, vector_size=4, alpha=0.025>"
    assert [event["event"] for event in model.lifecycle_events] == ["created", "train"]


def test_syn1neg_can_be_changed_and_assigned():
    model = Word2Vec(TEXT, **SETTINGS)
    model.syn1neg[0] = 3
    assert (model._matrices["output_rows"][0, :4] == 3).all()
    model.syn1neg = np.full((4, 4), 2, np.float32)
    assert (model._matrices["output_rows"][:, :4] == 2).all()
    assert not hasattr(model, "syn1")


def test_paths_are_attributes_of_words(model):
    assert model.wv.get_vecattr("sun", "code").dtype == np.uint8
    lengths = {word: len(model.wv.get_vecattr(word, "point")) for word in model.wv.index_to_key}
    assert lengths["sun"] == min(lengths.values())
    assert all(model.wv.get_vecattr(word, "point")[0] == 0 for word in lengths)  # the root


def test_names_of_gensim_3_warn(model):
    for old, new in (("iter", "epochs"), ("size", "vector_size")):
        with pytest.warns(DeprecationWarning, match=f"{old} is deprecated; use {new}"):
            assert getattr(model, old) == getattr(model, new)


def test_arguments_and_methods_of_gensim_3_warn():
    with pytest.deprecated_call(match="use vector_size"):
        former = Word2Vec(TEXT, size=6, min_count=1)
    with pytest.deprecated_call(match="use epochs"):
        assert Word2Vec(iter=2).epochs == 2
    with pytest.deprecated_call(match=r"use wv\.most_similar"):
        assert len(former.most_similar(former.wv.index_to_key[0], topn=1)) == 1
    assert former.vector_size == 6


def test_files_by_the_names_of_gensims_arguments(model, tmp_path):
    model.save(fname_or_handle=tmp_path / "model")
    assert len(Word2Vec.load(fname=tmp_path / "model").wv) == len(model.wv)
    model.wv.save(fname_or_handle=tmp_path / "vectors")
    assert len(type(model.wv).load(fname=tmp_path / "vectors")) == len(model.wv)


def test_nothing_of_it_is_in_the_core():
    core = CoreWord2Vec(TEXT, **SETTINGS)
    for name in ("syn1neg", "cum_table", "layer1_size", "scan_vocab", "lifecycle_events", "train_count"):
        assert not hasattr(core, name)


def test_files_and_pickles_give_the_same_class(model, tmp_path):
    model.save(tmp_path / "model")
    for loaded in (Word2Vec.load(tmp_path / "model"), pickle.loads(pickle.dumps(model))):
        assert type(loaded) is Word2Vec
        assert type(loaded.wv) is KeyedVectors
        np.testing.assert_array_equal(loaded.syn1neg, model.syn1neg)
    np.testing.assert_array_equal(CoreWord2Vec.load(tmp_path / "model").wv.vectors, model.wv.vectors)
    with pytest.raises(AttributeError, match=r"load must be called on the class: Word2Vec\.load"):
        model.load(tmp_path / "model")


def test_a_corpus_is_checked_first_and_then_the_numbers():
    model = Word2Vec(**SETTINGS)
    model.build_vocab(TEXT)
    for corpus in (
        {},
        {"corpus_iterable": TEXT, "corpus_file": "x"},
        {"corpus_file": "missing"},
        {"corpus_iterable": 7},
    ):
        with pytest.raises(TypeError):
            model.train(**corpus)
    with pytest.raises(TypeError, match="a generator cannot be read 2 times"):
        model.train((sentence for sentence in TEXT), total_examples=15, epochs=2)
    with pytest.raises(ValueError, match="either total_examples or total_words"):
        model.train(TEXT, epochs=1)
    with pytest.raises(ValueError, match="explicit epochs count"):
        model.train(TEXT, total_examples=15)
    assert model.train(TEXT, total_examples=15, epochs=1)[1] == 35
    with pytest.raises(RuntimeError, match="first build vocabulary"):
        Word2Vec(**SETTINGS).train(TEXT)


def test_an_empty_vocabulary_is_an_error_of_train_only(caplog):
    model = Word2Vec(min_count=99)
    model.build_vocab(TEXT)
    assert "no token is left" in caplog.text
    assert len(model.wv) == 0
    with pytest.raises(RuntimeError):
        model.train(TEXT, total_examples=1, epochs=1)
    with pytest.raises(RuntimeError):
        Word2Vec(TEXT, min_count=99)
    with pytest.raises(RuntimeError):
        Word2Vec([])


def test_a_rising_rate_and_two_objectives_are_warned_of(caplog):
    model = Word2Vec(TEXT, **SETTINGS, hs=1)
    assert "Both hierarchical softmax and negative sampling are activated" in caplog.text
    assert "Effective 'alpha'" not in caplog.text
    model.train(TEXT, total_examples=15, epochs=1, start_alpha=0.1)
    assert "Effective 'alpha' higher than previous training cycles" in caplog.text


def test_scan_and_prepare_build_a_vocabulary():
    model = Word2Vec(**{**SETTINGS, "min_count": 5}, max_final_vocab=2)
    assert model.scan_vocab(TEXT) == (35, 15)
    assert model.raw_vocab == {"sun": 15, "moon": 10, "star": 5, "sky": 5}
    report = model.prepare_vocab(dry_run=True)
    assert (report["drop_unique"], report["retain_total"], report["num_retained_words"]) == (2, 25, 2)
    assert len(model.wv) == 0
    model.prepare_vocab()
    assert model.wv.index_to_key == ["sun", "moon"]
    assert model.effective_min_count == 6
    assert model.raw_vocab == {}
    model.build_vocab(TEXT, keep_raw_vocab=True)
    assert len(model.raw_vocab) == 4
    assert model.corpus_count == 15


def test_an_int_is_a_row_number_in_a_context(model):
    by_row = model.predict_output_word([0, 1], topn=2)
    assert by_row == model.predict_output_word(model.wv.index_to_key[:2], topn=2)


def test_events_are_logged(model, caplog):
    caplog.set_level(logging.INFO)
    model.add_lifecycle_event("read", note=5)
    assert model.lifecycle_events[-1]["note"] == 5
    assert "Word2Vec lifecycle event" in caplog.text


def test_stand_ins_of_gensim_utils(tmp_path):
    assert simple_preprocess("Déjà vu: 3 Cats!", deacc=True) == ["deja", "vu", "cats"]
    path = tmp_path / "text.txt"
    save_as_line_sentence([["a", "é"], ["b"]], str(path))
    assert list(CythonLineSentence(str(path))) == [[b"a", "é".encode()], [b"b"]]
    assert list(CythonLineSentence(str(path), max_sentence_length=1)) == [[b"a"], ["é".encode()], [b"b"]]
