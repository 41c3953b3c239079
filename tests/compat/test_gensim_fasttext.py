"""compat.gensim.fasttext: gensim's internals of FastText and its vectors."""

import numpy as np
import pytest

from wildvec.compat.gensim import fasttext
from wildvec.compat.gensim.fasttext_inner import compute_ngrams, compute_ngrams_bytes, ft_ngram_hashes

TEXT = [["walk", "walks", "walked"], ["talk", "talks", "talked"]] * 20


@pytest.fixture(scope="module")
def model():
    return fasttext.FastText(TEXT, vector_size=8, min_count=1, bucket=300, workers=1)


def test_all_buckets_seem_to_have_rows(model):
    wv = model.wv
    assert type(wv) is fasttext.FastTextKeyedVectors and wv.compatible_hash
    assert wv.vectors_ngrams.shape == (300, 8) and len(wv.buckets) < 300
    np.testing.assert_array_equal(wv.vectors_ngrams[wv.buckets], model._parts()[1])
    assert [b.tolist() for b in wv.buckets_word] == [ft_ngram_hashes(word, 3, 6, 300) for word in wv]
    assert "walking" in wv and not wv.has_index_for("walking")


def test_vectors_are_composed_again_from_changed_rows(model, tmp_path):
    path = tmp_path / "a.bin"
    fasttext.save_facebook_model(model, path)
    wv = fasttext.load_facebook_vectors(path)
    before = wv.vectors.copy()
    wv.init_post_load(2 * np.concatenate([wv.vectors_vocab, wv.vectors_ngrams]))
    np.testing.assert_allclose(wv.vectors, 2 * before, rtol=1e-5)
    wv.vectors_ngrams[...] = 0
    wv.adjust_vectors()
    parts = [1 + len(buckets) for buckets in wv.buckets_word]
    np.testing.assert_allclose(wv.vectors, wv.vectors_vocab / np.array(parts)[:, None], rtol=1e-5)


def test_a_model_of_both_losses_comes_back(tmp_path):
    model = fasttext.FastText(TEXT, vector_size=8, min_count=1, bucket=300, workers=1, hs=1, negative=5)
    fasttext.save_facebook_model(model, tmp_path / "a.bin")
    loaded = fasttext.load_facebook_model(tmp_path / "a.bin")
    assert (loaded.hs, loaded.negative) == (1, 5)
    np.testing.assert_array_equal(loaded.syn1, model.syn1)


def test_ngrams_in_both_orders():
    assert compute_ngrams("ab", 2, 3) == ["<a", "ab", "b>", "<ab", "ab>"]
    assert compute_ngrams_bytes("ö", 2, 3) == ["<ö".encode(), "<ö>".encode(), "ö>".encode()]
