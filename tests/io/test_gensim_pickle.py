"""Pickles of gensim: what its classes would write is read, everything else is refused. No gensim is needed."""

import gzip
import os
import pickle
import sys
import types

import numpy as np
import pytest

from wildvec import Doc2Vec, FastText, FastTextKeyedVectors, FrozenPhrases, KeyedVectors, Phrases, Word2Vec
from wildvec.io import gensim_pickle

WORDS = ["b", "a", "c"]
COUNTS = {"a": 5, "b": 9, "c": 2}
ROWS = np.arange(12, dtype=np.float32).reshape(3, 4)
OUTPUT = ROWS + 100
MODULES = ("word2vec", "keyedvectors", "fasttext", "doc2vec", "phrases")


@pytest.fixture
def make(monkeypatch):
    """Return a function that makes an object of a class of gensim, which is then pickled as gensim does it."""

    modules = ("gensim", "gensim.models", *(f"gensim.models.{name}" for name in MODULES))
    for module in modules:
        monkeypatch.setitem(sys.modules, module, types.ModuleType(module))

    def make_object(name, **attributes):
        module, _, class_name = name.rpartition(".")
        home = sys.modules[module]
        if not hasattr(home, class_name):
            setattr(home, class_name, type(class_name, (), {"__module__": module}))
        result = getattr(home, class_name)()
        vars(result).update(attributes)
        return result

    return make_object


def dump(path, thing, protocol=4):
    path.write_bytes(pickle.dumps(thing, protocol))
    return path


def vectors(make, rows=ROWS):
    return make(
        "gensim.models.keyedvectors.KeyedVectors",
        vector_size=4,
        index_to_key=WORDS,
        key_to_index={word: i for i, word in enumerate(WORDS)},
        vectors=rows,
        expandos={"count": np.array([9, 5, 2]), "rank": np.array([1, 2, 3])},
    )


def word2vec(make, **more):
    settings = {"vector_size": 4, "window": 3, "sg": 1, "hs": 0, "negative": 2, "epochs": 2, "min_count": 1}
    state = {
        "wv": vectors(make),
        "syn1neg": OUTPUT,
        "hashfxn": hash,
        "random": np.random.RandomState(1),
        **more,
    }
    return make("gensim.models.word2vec.Word2Vec", corpus_count=7, train_count=1, **settings, **state)


@pytest.mark.parametrize("protocol", [2, 3, 4, 5])
def test_vectors(tmp_path, make, protocol):
    wv = KeyedVectors.load(dump(tmp_path / "kv", vectors(make), protocol))
    assert wv.index_to_key == WORDS and np.array_equal(wv.vectors, ROWS)
    assert wv.get_vecattr("b", "count") == 9 and wv.get_vecattr("a", "rank") == 2


@pytest.mark.parametrize("mmap", [None, "r"])
def test_arrays_in_separate_files(tmp_path, make, mmap):
    thing = word2vec(make)
    del thing.syn1neg, thing.wv.vectors
    vars(thing).update(
        {"__numpys": ["syn1neg"], "__recursive_saveloads": ["wv"], "__ignoreds": ["cum_table"]}
    )
    vars(thing.wv).update({"__numpys": ["vectors"]})
    path = dump(tmp_path / "model", thing)
    np.save(f"{path}.syn1neg.npy", OUTPUT)
    np.save(f"{path}.wv.vectors.npy", ROWS)
    name, state = gensim_pickle.read_gensim(path, mmap)
    assert name == "Word2Vec" and isinstance(state["syn1neg"], np.memmap) == bool(mmap)
    assert np.array_equal(Word2Vec.load(path, mmap=mmap).wv.vectors, ROWS)
    os.remove(f"{path}.wv.vectors.npy")
    with pytest.raises(FileNotFoundError):
        Word2Vec.load(path)


def test_compressed_pickles_have_compressed_arrays(tmp_path, make):
    thing = vectors(make)
    del thing.vectors
    vars(thing)["__numpys"] = ["vectors"]
    path = tmp_path / "kv.gz"
    path.write_bytes(gzip.compress(pickle.dumps(thing, 2)))
    np.savez_compressed(f"{path}.vectors.npz", val=ROWS)
    assert np.array_equal(KeyedVectors.load(path).vectors, ROWS)


def test_a_model_is_trained_further(tmp_path, make):
    model = Word2Vec.load(dump(tmp_path / "model", word2vec(make)))
    assert (model.window, model.sg, model.negative, model.epochs, model.corpus_count) == (3, 1, 2, 2, 7)
    assert model.vocab.keys == WORDS and model.vocab.counts.tolist() == [9, 5, 2]
    assert np.array_equal(model.wv.vectors, ROWS)
    assert np.array_equal(model._matrices["output_rows"][:, :4], OUTPUT)
    model.train([["a", "b", "c"]] * 100)
    assert not np.array_equal(model.wv.vectors, ROWS)
    assert KeyedVectors.load(tmp_path / "model").index_to_key == WORDS


def test_models_of_gensim_3_have_parts(tmp_path, make):
    entries = {
        word: make("gensim.models.keyedvectors.Vocab", index=i, count=COUNTS[word])
        for i, word in enumerate(WORDS)
    }
    wv = make(
        "gensim.models.keyedvectors.Word2VecKeyedVectors", vocab=entries, index2word=WORDS, vectors=ROWS
    )
    old = make(
        "gensim.models.word2vec.Word2Vec",
        wv=wv,
        iter=3,
        sg=0,
        window=2,
        negative=5,
        vocabulary=make(
            "gensim.models.word2vec.Word2VecVocab", min_count=1, sample=0.01, max_vocab_size=None
        ),
        trainables=make("gensim.models.word2vec.Word2VecTrainables", syn1neg=OUTPUT, layer1_size=4, seed=3),
    )
    model = Word2Vec.load(dump(tmp_path / "old", old, 2))
    assert (model.epochs, model.sample, model.seed, model.min_count) == (3, 0.01, 3, 1)
    assert model.vocab.counts.tolist() == [9, 5, 2] and np.array_equal(model.wv.vectors, ROWS)


def test_the_huffman_tree_keeps_its_nodes(tmp_path, make):
    points = np.empty(3, object)
    points[:] = [np.array([1]), np.array([1, 0]), np.array([1, 0])]  # node 1 is the root
    thing = word2vec(make, syn1=ROWS[:2] + 50)
    vars(thing).update(hs=1, negative=0)
    thing.wv.expandos["point"] = points
    codes = np.empty(3, object)
    codes[:] = [np.array([1]), np.array([0, 1]), np.array([0, 0])]
    thing.wv.expandos["code"] = codes
    model = Word2Vec.load(dump(tmp_path / "hs", thing))
    assert np.array_equal(model._matrices["node_rows"][:, :4], ROWS[1::-1] + 50)


def test_subwords(tmp_path, make):
    random = np.random.default_rng(1)
    buckets = random.normal(size=(20, 4)).astype(np.float32)
    wv = make("gensim.models.fasttext.FastTextKeyedVectors", min_n=3, max_n=4, bucket=20, vectors_vocab=ROWS)
    vars(wv).update(vars(vectors(make)), vectors_ngrams=buckets)
    del wv.vectors  # which gensim computes when it reads
    thing = make(
        "gensim.models.fasttext.FastText", wv=wv, syn1neg=OUTPUT, vector_size=4, negative=2, min_count=1
    )
    model = FastText.load(dump(tmp_path / "ft", thing))
    of_words = KeyedVectors.load(
        tmp_path / "ft"
    )  # gensim does not write the vectors of words, but their rows
    assert isinstance(of_words, FastTextKeyedVectors)
    assert np.array_equal(of_words["unknown"], model.wv["unknown"])
    assert np.array_equal(model.wv.vectors_vocab, ROWS)
    alone = KeyedVectors.load(dump(tmp_path / "ftkv", wv))
    for word in ("a", "unknown"):
        assert np.allclose(model.wv[word], alone[word])
    model.train([["a", "b", "c"]] * 50)
    model.save(tmp_path / "ft.wv")
    assert np.array_equal(FastText.load(tmp_path / "ft.wv").wv["unknown"], model.wv["unknown"])


@pytest.mark.parametrize("dm", [0, 1])
def test_documents(tmp_path, make, dm):
    tags = [0, 1, "x"]
    documents = np.eye(3, 4, dtype=np.float32)
    dv = make("gensim.models.keyedvectors.KeyedVectors", index_to_key=tags, vectors=documents)
    dv.expandos = {"doc_count": np.array([1, 2, 3]), "word_count": np.array([4, 5, 6])}
    thing = make(
        "gensim.models.doc2vec.Doc2Vec", **{**vars(word2vec(make)), "sg": 1 - dm, "dv": dv, "dm_concat": 0}
    )
    model = Doc2Vec.load(dump(tmp_path / "d2v", thing))
    assert model.dm == dm and model.dv.index_to_key == tags
    assert np.array_equal(model.dv.vectors, documents) and np.array_equal(model.wv.vectors, ROWS)
    assert model._tags.word_counts.tolist() == [4, 5, 6]
    assert model.infer_vector(["a", "b"]).shape == (4,)


def test_phrases_of_all_versions(tmp_path, make):
    new = make("gensim.models.phrases.Phrases", vocab={"a": 3, "b": 3, "a_b": 3}, min_count=1, threshold=0.1)
    vars(new).update(
        delimiter="_", corpus_word_count=6, max_vocab_size=100, connector_words=frozenset(["of"])
    )
    phrases = Phrases.load(dump(tmp_path / "new", new))
    assert phrases[["a", "b"]] == ["a_b"] and phrases.vocab == new.vocab and phrases.corpus_word_count == 6
    phrases.add_vocab([["a", "b"]])
    assert phrases.vocab["a_b"] == 4 and phrases.connector_words == {"of"}
    old = make(
        "gensim.models.phrases.Phraser", phrasegrams={(b"a", b"b"): (3, 7.5)}, threshold=1, delimiter=b"_"
    )
    frozen = FrozenPhrases.load(dump(tmp_path / "old", old))
    assert frozen.phrasegrams == {"a_b": 7.5} and frozen[["a", "b"]] == ["a_b"]
    with pytest.raises(ValueError, match="not a Phrases"):
        Phrases.load(tmp_path / "old")


def test_old_models_without_rows_of_words_are_refused(tmp_path, make):
    old = make("gensim.models.fasttext.FastText", vector_size=4, wv=vectors(make), min_n=3, max_n=4, bucket=5)
    path = dump(tmp_path / "old", old)
    with pytest.raises(pickle.UnpicklingError, match=r"before 3\.0.*KeyedVectors\.load"):
        FastText.load(path)
    assert len(KeyedVectors.load(path)) == 3


def test_another_class_is_named(tmp_path, make):
    path = dump(tmp_path / "model", word2vec(make))
    with pytest.raises(
        ValueError, match=r"holds a Word2Vec of gensim, not a Doc2Vec; load it with Word2Vec\.load"
    ):
        Doc2Vec.load(path)


class Calls:
    """An object whose pickle calls a function."""

    def __init__(self, function, *args):
        self.call = function, args

    def __reduce__(self):
        return self.call


@pytest.mark.parametrize(
    ("function", "name"),
    [
        (os.system, "posix.system|nt.system"),
        (eval, "builtins.eval"),
        (os.getcwd, "getcwd"),
        (getattr, "getattr"),
    ],
)
@pytest.mark.parametrize("inside", [False, True])
def test_code_is_refused_and_does_not_run(tmp_path, make, function, name, inside):
    attack = Calls(function, f"open({str(tmp_path / 'ran')!r}, 'w')")
    thing = word2vec(make, callbacks=attack) if inside else attack
    path = dump(tmp_path / "bad", thing)
    for cls in (Word2Vec, KeyedVectors, Phrases):
        with pytest.raises(pickle.UnpicklingError, match=f"refers to .*({name})"):
            cls.load(path)
    assert not (tmp_path / "ran").exists()


def test_other_tricks_are_refused(tmp_path, make):
    with pytest.raises(pickle.UnpicklingError, match="only latin1"):
        Word2Vec.load(dump(tmp_path / "codec", Calls(__import__("_codecs").encode, "x", "rot13")))
    thing = vectors(make)
    vars(thing)["__numpys"] = ["../../etc/vectors"]
    with pytest.raises(pickle.UnpicklingError, match="no name of an attribute"):
        KeyedVectors.load(dump(tmp_path / "path", thing))
    for error in (pickle.UnpicklingError, ValueError, AttributeError):  # the last as in gensim
        with pytest.raises(error, match="holds a dict"):
            KeyedVectors.load(dump(tmp_path / "dict", {"a": 1}))
    path = tmp_path / "objects"
    vars(thing)["__numpys"] = ["vectors"]
    dump(path, thing)
    np.save(f"{path}.vectors.npy", np.array([Calls(os.getcwd)], object))
    with pytest.raises(ValueError, match="allow_pickle"):
        KeyedVectors.load(path)


@pytest.mark.parametrize("length", [2, 30, 200, -1])
def test_a_file_that_is_cut_off(tmp_path, make, length):
    path = tmp_path / "cut"
    path.write_bytes(pickle.dumps(word2vec(make))[:length])
    with pytest.raises(pickle.UnpicklingError, match="cut"):
        Word2Vec.load(path)


def test_vectors_that_do_not_fit(tmp_path, make):
    with pytest.raises(pickle.UnpicklingError, match=r"3 keys, but vectors of the shape \(2, 4\)"):
        KeyedVectors.load(dump(tmp_path / "short", vectors(make, ROWS[:2])))


@pytest.mark.parametrize("mmap", [None, "r"])
def test_an_array_of_objects_in_a_separate_file_is_refused_with_its_path(tmp_path, make, mmap):
    thing = vectors(make)
    del thing.vectors
    vars(thing)["__numpys"] = ["vectors"]
    path = dump(tmp_path / "kv", thing)
    np.save(f"{path}.vectors.npy", np.array([[{}]], object), allow_pickle=True)
    with pytest.raises(ValueError, match=r"kv\.vectors\.npy: this is no array of numbers"):
        KeyedVectors.load(path, mmap=mmap)
