"""Models that gensim saves, in one file or with arrays in other files: they load with all that was learned."""

import numpy as np
import pytest

import wildvec

pytest.importorskip("gensim")
from gensim import models

RNG = np.random.default_rng(0)
TOPICS = ["cat", "dog", "cow", "hen", "bird", "fish"], ["red", "blue", "green", "pink", "grey", "brown"]
# Rare words of equal counts: gensim's Huffman tree joins them in another order than ours.
TEXT = [[f"rare{i}" for i in range(j, 40, 4)] for j in range(4)] + [
    [str(word) for word in RNG.choice(TOPICS[i % 2], 8)] for i in range(120)
]
COMMON = {"vector_size": 12, "min_count": 1, "epochs": 5, "workers": 1, "seed": 3}
LOSSES = {"negative": {"negative": 4}, "hs": {"hs": 1, "negative": 0}, "both": {"hs": 1, "negative": 2}}
DOCUMENTS = {
    "dbow": {"dm": 0},
    "dbow_words": {"dm": 0, "dbow_words": 1},
    "dm_mean": {"dm": 1, "dm_mean": 1},
    "dm_sum": {"dm": 1, "dm_mean": 0},
    "dm_concat": {"dm": 1, "dm_concat": 1, "window": 2},
}


@pytest.fixture(params=["one file", "separate arrays"])
def save(request, tmp_path):
    """Save with gensim; return the path."""

    def save(model):
        path = tmp_path / "saved.model"
        model.save(str(path), **({} if request.param == "one file" else {"sep_limit": 0}))
        assert (len(list(tmp_path.iterdir())) > 1) == (request.param != "one file")
        return path

    return save


def check_vectors(ours, theirs):
    assert ours.index_to_key == theirs.index_to_key
    np.testing.assert_array_equal(ours.vectors, theirs.vectors)
    for key in theirs.index_to_key[:3]:
        expected = theirs.most_similar(key, topn=4)
        found = ours.most_similar(key, topn=4)
        assert [name for name, _ in found] == [name for name, _ in expected]
        np.testing.assert_allclose([s for _, s in found], [s for _, s in expected], atol=1e-5)


def check_counts(ours, theirs):
    for key in theirs.index_to_key:
        assert ours.get_vecattr(key, "count") == theirs.get_vecattr(key, "count")


def check_training(model, text):
    """Training goes on, and all numbers stay finite."""
    model.workers = 1
    model.train(text, total_examples=len(text), epochs=2, start_alpha=0.01, end_alpha=0.001)
    assert np.isfinite(model.epoch_losses).all() and np.isfinite(model.wv.vectors).all()


@pytest.mark.parametrize("sg", [0, 1])
@pytest.mark.parametrize("loss", LOSSES)
def test_word2vec(save, tmp_path, sg, loss):
    theirs = models.Word2Vec(TEXT, sg=sg, **LOSSES[loss], **COMMON)
    ours = wildvec.Word2Vec.load(save(theirs))
    check_vectors(ours.wv, theirs.wv)
    check_counts(ours.wv, theirs.wv)
    for name in ("sg", "hs", "negative", "window", "min_count", "epochs", "vector_size", "corpus_count"):
        assert getattr(ours, name) == getattr(theirs, name)
    if theirs.negative:
        np.testing.assert_array_equal(ours._unpadded_matrices()["output_rows"], theirs.syn1neg)
    if theirs.hs:
        sentences = [TEXT[0][:5], TEXT[1][:4], TEXT[5], TEXT[6]]  # gensim reads a rough table of logarithms
        np.testing.assert_allclose(ours.score(sentences), theirs.score(sentences, 4), rtol=0.05)
        ours.save(tmp_path / "ours")
        again = wildvec.Word2Vec.load(tmp_path / "ours")
        np.testing.assert_array_equal(again.score(sentences), ours.score(sentences))
    check_training(ours, TEXT)


@pytest.mark.parametrize("sg", [0, 1])
@pytest.mark.parametrize("loss", ["negative", "hs"])
def test_fasttext(save, sg, loss):
    theirs = models.FastText(TEXT, sg=sg, bucket=200, **LOSSES[loss], **COMMON)
    ours = wildvec.FastText.load(save(theirs))
    assert ours.wv.index_to_key == theirs.wv.index_to_key
    np.testing.assert_allclose(ours.wv.vectors, theirs.wv.vectors, atol=1e-6)
    check_counts(ours.wv, theirs.wv)
    for word in ("cats", "bluegreen", "x"):
        np.testing.assert_allclose(ours.wv[word], theirs.wv[word], atol=1e-6)
    check_training(ours, TEXT)


@pytest.mark.parametrize("loss", ["negative", "hs"])
@pytest.mark.parametrize("mode", DOCUMENTS)
@pytest.mark.parametrize("tags", ["int", "str"])
def test_doc2vec(save, mode, loss, tags):
    if mode == "dm_concat" and tags == "str":
        pytest.skip("the tags do not change what is concatenated")
    documents = [
        models.doc2vec.TaggedDocument(text, [i if tags == "int" else f"doc {i}"])
        for i, text in enumerate(TEXT)
    ]
    theirs = models.Doc2Vec(documents, **DOCUMENTS[mode], **LOSSES[loss], **COMMON)
    ours = wildvec.Doc2Vec.load(save(theirs))
    check_vectors(ours.wv, theirs.wv)
    check_vectors(ours.dv, theirs.dv)
    for name in ("dm", "dm_concat", "dbow_words", "negative", "hs", "window"):
        assert getattr(ours, name) == getattr(theirs, name)
    inferred = ours.infer_vector(TEXT[0], epochs=30)
    assert inferred.shape == (12,) and np.isfinite(inferred).all()
    check_training(ours, [wildvec.TaggedDocument(d.words, d.tags) for d in documents])


def test_key_vectors(save):
    theirs = models.Word2Vec(TEXT, **COMMON).wv
    theirs.set_vecattr("cat", "legs", 4)
    ours = wildvec.KeyedVectors.load(save(theirs))
    check_vectors(ours, theirs)
    check_counts(ours, theirs)
    assert ours.get_vecattr("cat", "legs") == 4


def test_vectors_with_subwords(save):
    theirs = models.FastText(TEXT, bucket=200, **COMMON).wv
    ours = wildvec.FastTextKeyedVectors.load(save(theirs))
    np.testing.assert_allclose(ours["cats"], theirs["cats"], atol=1e-6)


@pytest.mark.parametrize("scoring", ["default", "npmi"])
def test_phrases(tmp_path, scoring):
    text = [*TEXT, *[["new", "york", "of", "the", "blue"]] * 30]
    threshold = 0.3 if scoring == "npmi" else 0.1
    options = {"min_count": 2, "threshold": threshold, "scoring": scoring}
    theirs = models.Phrases(text, connector_words=models.phrases.ENGLISH_CONNECTOR_WORDS, **options)
    theirs.save(str(tmp_path / "phrases"))
    ours = wildvec.Phrases.load(tmp_path / "phrases")
    assert dict(ours.vocab) == dict(theirs.vocab)
    assert ours.export_phrases() == pytest.approx(theirs.export_phrases())
    theirs.freeze().save(str(tmp_path / "frozen"))
    frozen = wildvec.FrozenPhrases.load(tmp_path / "frozen")
    assert frozen.phrasegrams == pytest.approx(theirs.freeze().phrasegrams)
    assert frozen[text[-1]] == theirs[text[-1]]
