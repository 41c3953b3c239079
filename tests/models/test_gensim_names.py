"""Names and arguments that users of gensim type from habit: each error says what to use today."""

import pytest

from wildvec import (
    CallbackAny2Vec,
    Doc2Vec,
    FastText,
    FrozenPhrases,
    KeyedVectors,
    Phrases,
    TaggedDocument,
    Word2Vec,
    load_facebook_model,
    save_facebook_model,
)
from wildvec.compat.gensim import callbacks

TEXT = [["night", "day", "nights"]] * 9


@pytest.fixture(scope="module")
def model():
    return Word2Vec(TEXT, vector_size=8, min_count=1, workers=1)


@pytest.fixture(scope="module")
def documents():
    tagged = [TaggedDocument(words, [i]) for i, words in enumerate(TEXT)]
    return Doc2Vec(tagged, vector_size=8, min_count=1, epochs=1, workers=1)


@pytest.mark.parametrize(
    ("name", "remedy"),
    [
        ("syn1neg", "install_as_gensim"),
        ("scan_vocab", "install_as_gensim"),
        ("make_cum_table", "install_as_gensim"),
        ("docvecs", "use dv"),
        ("init_sims", "no norms are stored"),
        ("wmdistance", "wv.wmdistance"),
        ("accuracy", "wv.evaluate_word_analogies"),
        ("vocabulary", "wv.key_to_index"),
        ("delete_temporary_training_data", "no call at all"),
    ],
)
def test_former_attributes(model, name, remedy):
    with pytest.raises(AttributeError, match=remedy):
        getattr(model, name)
    assert not hasattr(model.wv, "accuracy")


def test_a_model_is_not_its_vectors(model):
    with pytest.raises(TypeError, match=r"use wv\['night'\]"):
        model["night"]
    with pytest.raises(TypeError, match=r"'night' in model\.wv"):
        "night" in model  # noqa: B015


def test_former_arguments(documents):
    with pytest.raises(TypeError, match="epochs"):
        documents.infer_vector(["night"], steps=5)
    with pytest.raises(TypeError, match="connector_words"):
        Phrases(TEXT, common_terms=["of"])
    with pytest.raises(TypeError, match="there is no argument"):
        Phrases(TEXT, commonterms=["of"])
    with pytest.raises(TypeError, match="vector_size=100"):
        Word2Vec(TEXT, 100)


def test_new_words_need_build_vocab(model):
    with pytest.raises(ValueError, match=r"build_vocab\(…, update=True\)"):
        model.train([["new"]])


def test_frozen_phrases_say_what_they_lack(tmp_path):
    phrases = Phrases([["new", "york"]] * 9, min_count=1, threshold=0.1)
    frozen = phrases.freeze()
    for name, remedy in (("export_phrases", "phrasegrams"), ("vocab", "Phrases"), ("add_vocab", "Phrases")):
        with pytest.raises(AttributeError, match=remedy):
            getattr(frozen, name)
    with pytest.raises(AttributeError, match="freeze that again"):
        frozen.min_count = 3
    frozen.threshold = 99
    assert frozen[["new", "york"]] == ["new", "york"]
    frozen.save(tmp_path / "frozen")
    assert FrozenPhrases.load(tmp_path / "frozen").min_count == 1
    with pytest.raises(ValueError, match=r"FrozenPhrases\.load"):
        Phrases.load(tmp_path / "frozen")


def test_files_of_other_kinds(tmp_path, model):
    path = tmp_path / "model.bin"
    save_facebook_model(FastText(TEXT, vector_size=8, min_count=1, bucket=20, workers=1), path)
    with pytest.raises(ValueError, match="load_facebook_model"):
        FastText.load(path)
    with pytest.raises(TypeError, match="Word2Vec is no FastText"):
        save_facebook_model(model, path)
    with pytest.raises(TypeError, match="give the path"):
        model.save(5)
    (tmp_path / "text").write_text("some words\n" * 30)
    with pytest.raises(ValueError, match="no fastText model") as caught:
        load_facebook_model(tmp_path / "text")
    assert "the loss" not in str(caught.value)
    with pytest.raises(ValueError, match="fastText, gensim"):
        KeyedVectors.load(tmp_path / "text")


def test_the_base_class_of_callbacks():
    assert callbacks.CallbackAny2Vec is CallbackAny2Vec
    seen = []

    class Counter(CallbackAny2Vec):
        def on_epoch_end(self, model):
            seen.append(model.epochs_trained)

    Word2Vec(TEXT, vector_size=8, min_count=1, epochs=2, workers=1, callbacks=[Counter()])
    assert seen == [1, 2]
