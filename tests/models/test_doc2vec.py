"""Doc2Vec: what it learns, tags, growth, inference, given vectors of words, files. See also test_common.py."""

from __future__ import annotations

import copy
import pickle
import signal

import numpy as np
import pytest

from wildvec import Doc2Vec, KeyedVectors, TaggedDocument, TaggedLineDocument, Word2Vec
from wildvec.training import deterministic
from wildvec.training.matrices import random

SETTINGS = {"vector_size": 16, "min_count": 1, "workers": 1, "epochs": 20, "sample": 0, "alpha": 0.05}
KINDS = {
    "PV-DBOW": {"dm": 0},
    "PV-DBOW, hs": {"dm": 0, "hs": 1, "negative": 0},
    "PV-DBOW, words": {"dm": 0, "dbow_words": 1},
    "PV-DM, mean": {"alpha": 0.1},
    "PV-DM, sum": {"dm_mean": 0},
    "PV-DM, sum, hs": {"dm_mean": 0, "hs": 1, "negative": 0},
    "PV-DM, concatenation": {"dm_concat": 1, "window": 2, "alpha": 0.1},
}
each_kind = pytest.mark.parametrize("kind", KINDS.values(), ids=KINDS)


def make_documents(n=60, n_topics=3, seed=1, length=30):
    """Return n documents; the topic of document i is i % n_topics, and each topic has its own words."""
    generator = np.random.default_rng(seed)
    words = generator.integers(0, 12, (n, length))
    common = generator.random((n, length)) < 0.3
    return [
        TaggedDocument(
            [
                f"common{w}" if c else f"topic{i % n_topics}_{w}"
                for w, c in zip(words[i], common[i], strict=True)
            ],
            [i],
        )
        for i in range(n)
    ]


DOCUMENTS = make_documents()


def fraction_of_neighbours_with_the_same_topic(rows, others=None):
    """Return how often the nearest other row is of the same topic, where row i has the topic i % 3."""
    unit = rows / np.linalg.norm(rows, axis=1)[:, None]
    base = unit if others is None else others / np.linalg.norm(others, axis=1)[:, None]
    cosines = unit @ base.T
    if others is None:
        np.fill_diagonal(cosines, -2)
    return np.mean(cosines.argmax(axis=1) % 3 == np.arange(len(rows)) % 3)


# -- what it learns ----------------------------------------------------------------------------------------------


@each_kind
def test_documents_with_the_same_words_become_similar(kind):
    model = Doc2Vec(DOCUMENTS, **SETTINGS | kind)
    assert model.dv.vectors.shape == (60, 16)
    assert fraction_of_neighbours_with_the_same_topic(model.dv.vectors) > 0.9
    new = model.infer_vectors(document.words for document in make_documents(30, seed=2))
    assert fraction_of_neighbours_with_the_same_topic(new, model.dv.vectors) > 0.9


def test_words_are_learned_where_the_objective_trains_them():
    start = random(1, 16, seed=1)[0, :16]
    for kind, is_trained in [({"dm": 0}, False), ({"dm": 0, "dbow_words": 1}, True), ({"dm": 1}, True)]:
        model = Doc2Vec(DOCUMENTS, **SETTINGS | kind)
        assert np.array_equal(model.wv.vectors[0], start) != is_trained


def test_a_tag_of_several_documents_and_several_tags_of_one():
    documents = [
        TaggedDocument(words, [f"doc{i}", f"topic{i % 3}"]) for i, (words, _) in enumerate(DOCUMENTS)
    ]
    model = Doc2Vec(documents, dm=0, **SETTINGS)
    assert len(model.dv) == 63
    topics, rows = model.dv[[f"topic{k}" for k in range(3)]], model.dv[[f"doc{i}" for i in range(60)]]
    unit = topics / np.linalg.norm(topics, axis=1)[:, None]
    assert np.mean((rows @ unit.T).argmax(axis=1) == np.arange(60) % 3) > 0.9
    assert model.dv.get_vecattr("topic1", "doc_count") == 20
    assert model.dv.get_vecattr("topic1", "word_count") == 600


def test_a_file_of_lines_is_the_same_as_its_documents(tmp_path):
    path = tmp_path / "lines.txt"
    path.write_text("".join(" ".join(words) + "\n" for words, _ in DOCUMENTS))
    models = [
        Doc2Vec(corpus_file=path, **SETTINGS),
        Doc2Vec(TaggedLineDocument(path), **SETTINGS),
        Doc2Vec(DOCUMENTS, **SETTINGS),
    ]
    for model in models[1:]:
        assert np.array_equal(model.dv.vectors, models[0].dv.vectors)
    assert models[0].corpus_count == 60


def test_the_first_arguments_have_the_order_of_gensim():
    names = list(Doc2Vec.__init__.__annotations__)
    assert names[:16] == [
        *(
            "documents",
            "corpus_file",
            "vector_size",
            "dm_mean",
            "dm",
            "dbow_words",
            "dm_concat",
            "dm_tag_count",
        ),
        *("dv", "dv_mapfile", "comment", "trim_rule", "callbacks", "window", "epochs", "shrink_windows"),
    ]
    model = Doc2Vec(None, None, 8, 0, 0, 1, 0, 1, None, None, "a comment", None, (), 3, 4, False)
    assert (model.vector_size, model.dm_mean, model.dm, model.dbow_words) == (8, 0, 0, 1)
    assert (model.window, model.epochs, model.shrink_windows) == (3, 4, False)


def test_it_is_a_word2vec_with_other_names_for_two_settings():
    model = Doc2Vec(dm=0, dm_mean=0)
    assert isinstance(model, Word2Vec)
    assert (model.sg, model.cbow_mean, model.dbow) == (1, 0, True)
    assert {"sg", "cbow_mean"}.isdisjoint(model.get_params())
    assert Doc2Vec().dm_mean == 1
    with pytest.raises(TypeError, match="sg=1: there is no argument of this name"):
        Doc2Vec(sg=1)
    with pytest.raises(ValueError, match="dv is given: build_vocab makes the vectors of tags"):
        Doc2Vec(dv=KeyedVectors(100))


@pytest.mark.parametrize(
    ("kind", "text"),
    [
        ({"dm": 0}, "PV-DBOW"),
        ({"dm": 0, "dbow_words": 1}, "PV-DBOW with words"),
        ({}, "PV-DM with mean"),
        ({"dm_mean": 0}, "PV-DM with sum"),
        ({"dm_concat": 1}, "PV-DM with concatenation"),
    ],
)
def test_the_text_form_names_the_objective(kind, text):
    assert repr(Doc2Vec(**kind)) == f"Doc2Vec(0 tags and 0 words × 100, {text}, 0 epochs trained)"


# -- vocabulary and tags -----------------------------------------------------------------------------------------


@each_kind
def test_new_documents_can_be_added_to_a_trained_model(kind):
    model = Doc2Vec(DOCUMENTS, **SETTINGS | kind)
    words, tags = model.wv.vectors.copy(), model.dv.vectors.copy()
    n_words = len(model.wv)
    more = [
        TaggedDocument(["brand", "new", *words], [60 + i, "late"])
        for i, (words, _) in enumerate(DOCUMENTS[:6])
    ]
    if model.dm_concat:
        more = [TaggedDocument(words, tags[:1]) for words, tags in more]
    model.build_vocab(more, update=True)
    assert model.corpus_count == 6
    assert len(model.wv) == n_words + 2
    assert model.dv.index_to_key[60:66] == [60, 61, 62, 63, 64, 65]
    assert np.array_equal(model.wv.vectors[:n_words], words)
    assert np.array_equal(model.dv.vectors[:60], tags)
    model.train([*DOCUMENTS, *more], total_examples=66, epochs=20)
    assert fraction_of_neighbours_with_the_same_topic(model.dv.vectors[:66]) > 0.8
    assert not np.array_equal(model.dv.vectors[:60], tags)


def test_growth_keeps_factors_of_rows():
    model = Doc2Vec(DOCUMENTS, **SETTINGS)
    model.dv.vectors_lockf = np.ones(60, np.float32)
    model.dv.vectors_lockf[3] = 0
    model.build_vocab([TaggedDocument(["new"] * 3, ["x"])], update=True)
    assert model.dv.vectors_lockf.tolist() == [1, 1, 1, 0] + [1] * 57
    row = model.dv[3].copy()
    model.train(DOCUMENTS, epochs=1)
    assert np.array_equal(model.dv[3], row)


def test_growth_adds_counts():
    model = Doc2Vec([TaggedDocument(["a", "b"], ["x"])], **SETTINGS)
    model.build_vocab([TaggedDocument(["a", "c", "a"], ["x", "y"])], update=True)
    assert [model.dv.get_vecattr(tag, "doc_count") for tag in "xy"] == [2, 1]
    assert [model.dv.get_vecattr(tag, "word_count") for tag in "xy"] == [5, 3]
    assert model.wv.get_vecattr("a", "count") == 3


def test_a_new_vocabulary_forgets_the_tags():
    model = Doc2Vec(DOCUMENTS, **SETTINGS)
    model.build_vocab(DOCUMENTS[:10])
    assert len(model.dv) == 10
    model.build_vocab_from_freq({"a": 5, "b": 3})
    assert (len(model.dv), model.wv.index_to_key) == (0, ["a", "b"])
    model.build_vocab([TaggedDocument(["a", "c"], ["x"])], update=True)
    assert (model.dv.index_to_key, model.wv.index_to_key) == (["x"], ["a", "b", "c"])


def test_unknown_tags_in_training_are_left_out(caplog):
    model = Doc2Vec(DOCUMENTS[:10], **SETTINGS)
    model.train(DOCUMENTS, epochs=1)
    assert len(model.dv) == 10
    assert "50 of 60 tags are not in the model" in caplog.text


def test_a_training_without_any_known_tag_is_refused():
    model = Doc2Vec(DOCUMENTS[:10], dm=0, **SETTINGS)
    with pytest.raises(ValueError, match="no document has a tag of the model"):
        model.train([TaggedDocument(["topic0_1"], ["unknown"])])


def test_documents_longer_than_a_piece_keep_their_tag():
    long = [TaggedDocument(words * 100, tags) for words, tags in DOCUMENTS[:6]]
    model = Doc2Vec(long, dm=0, max_sentence_length=50, **SETTINGS | {"epochs": 2})
    trained, raw = model.train(long, epochs=1)
    assert trained == raw == 6 * 3_000
    assert fraction_of_neighbours_with_the_same_topic(model.dv.vectors) == 1


def test_the_order_of_documents_matters_little():
    documents = sorted(DOCUMENTS, key=lambda document: document.tags[0] % 3)
    model = Doc2Vec(documents, dm=0, **SETTINGS)
    assert fraction_of_neighbours_with_the_same_topic(model.dv.vectors) > 0.9


def test_the_loss_of_held_out_pieces_falls():
    documents = [TaggedDocument(words * 10, tags) for words, tags in DOCUMENTS]
    model = Doc2Vec(documents, dm=0, held_out=0.1, **SETTINGS)
    assert len(model.held_out_losses) == 20
    assert model.held_out_losses[-1] < 0.95 * model.held_out_losses[0]


@pytest.mark.parametrize(
    "kind", [{"dm": 0}, {"dm": 0, "update": "pair"}, {"dm": 1}, {"dm": 1, "dm_concat": 1, "dm_tag_count": 7}]
)
def test_rounds_have_space_for_many_tags_and_words(kind, monkeypatch):
    monkeypatch.setattr(deterministic, "STALE_TOKENS", (250, 250))
    words = [f"w{i}" for i in range(3_000)]
    documents = [TaggedDocument(words[i : i + 10], list(range(i, i + 7))) for i in range(0, 3_000, 10)]
    settings = SETTINGS | {"vector_size": 4, "window": 1, "epochs": 1, "workers": 2, "deterministic": True}
    model = Doc2Vec(documents, **settings, **kind)
    assert np.isfinite(model.epoch_losses).all()


def test_frozen_documents_do_not_change():
    model = Doc2Vec(**SETTINGS)
    model.build_vocab(DOCUMENTS)
    model.dv.vectors_lockf = np.zeros(1, np.float32)
    start = model.dv.vectors.copy()
    model.train(DOCUMENTS)
    assert np.array_equal(model.dv.vectors, start)
    model.dv.vectors_lockf = np.ones(7, np.float32)
    with pytest.raises(
        ValueError, match=r"dv.vectors_lockf has the shape \(7,\); give one factor, or one for each"
    ):
        model.train(DOCUMENTS)


def test_vectors_assigned_to_dv_are_trained_further():
    model = Doc2Vec(**SETTINGS)
    model.build_vocab(DOCUMENTS)
    given = np.full((60, 16), 0.25)
    model.dv.vectors = given
    model.dv.vectors_lockf = np.zeros(1, np.float32)
    model.train(DOCUMENTS, epochs=1)
    assert np.array_equal(model.dv.vectors, given)
    model.dv.vectors = given[:3]
    with pytest.raises(ValueError, match="dv has 60 tags × 16, which are not the 60 tags × 16 of the model"):
        model.train(DOCUMENTS, epochs=1)


# -- inference ---------------------------------------------------------------------------------------------------


@each_kind
def test_an_inferred_vector_depends_on_model_and_words_only(kind):
    model = Doc2Vec(DOCUMENTS, **SETTINGS | kind)
    texts = [document.words for document in make_documents(20, seed=3)]
    before = [model.wv.vectors.copy(), model.dv.vectors.copy()]
    together = model.infer_vectors(texts)
    assert together.shape == (20, 16) and together.dtype == np.float32
    assert np.array_equal(model.wv.vectors, before[0]) and np.array_equal(model.dv.vectors, before[1])
    assert np.array_equal(model.infer_vectors(texts[::-1]), together[::-1])
    assert np.array_equal(model.infer_vector(texts[3]), together[3])
    model.workers = 3
    assert np.array_equal(model.infer_vectors(texts), together)


def test_documents_can_be_given_in_many_ways():
    model = Doc2Vec(DOCUMENTS, **SETTINGS)
    words = ["topic0_1", "common2", "unknown"]
    same = [words, tuple(words), np.array(words), " ".join(words), TaggedDocument(words, ["x"])]
    rows = model.infer_vectors(same)
    assert (rows == rows[0]).all()
    assert np.array_equal(model.infer_vector(iter(words)), rows[0])
    assert np.array_equal(model.transform(same), rows)


def test_a_document_without_known_words_has_a_small_random_vector():
    model = Doc2Vec(DOCUMENTS, **SETTINGS)
    rows = model.infer_vectors([[], ["unknown"], ["topic0_1"]])
    assert np.isfinite(rows).all() and np.abs(rows[:2]).max() <= 1 / 16
    assert model.infer_vectors([]).shape == (0, 16)


def test_more_epochs_give_longer_vectors():
    model = Doc2Vec(DOCUMENTS, **SETTINGS)
    words = DOCUMENTS[0].words
    lengths = [np.linalg.norm(model.infer_vector(words, epochs=epochs)) for epochs in (1, 20, 200)]
    assert lengths == sorted(lengths)
    few = model.infer_vector(words, alpha=1e-9, min_alpha=1e-9, epochs=1)
    assert np.abs(few).max() <= 1.001 / 16


def test_bad_input_of_inference_is_refused():
    model = Doc2Vec(**SETTINGS)
    with pytest.raises(RuntimeError, match="there is no vocabulary yet"):
        model.infer_vector(["a"])
    model.build_vocab(DOCUMENTS)
    with pytest.raises(TypeError, match="doc_words='a text': give a list of words"):
        model.infer_vector("a text")
    with pytest.raises(TypeError, match="the texts are str"):
        model.infer_vectors("a text")
    with pytest.raises(TypeError, match="text 1 is int 5"):
        model.infer_vectors([["a"], 5])
    with pytest.raises(ValueError, match="epochs=-1"):
        model.infer_vector(["a"], epochs=-1)


@pytest.mark.skipif(not hasattr(signal, "setitimer"), reason="needs a timer signal")
@pytest.mark.parametrize("dm", [0, 1])
def test_ctrl_c_ends_the_inference_of_a_long_document(dm):
    model = Doc2Vec(make_documents(), **SETTINGS | {"epochs": 1}, dm=dm)
    words = make_documents(1)[0].words * 20_000
    expected = model.infer_vector(words[:50])
    before = signal.signal(signal.SIGALRM, signal.default_int_handler)
    try:
        signal.setitimer(signal.ITIMER_REAL, 0.3)
        with pytest.raises(KeyboardInterrupt):
            model.infer_vector(words, epochs=10_000)
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)
    np.testing.assert_array_equal(model.infer_vector(words[:50]), expected)


def test_the_similarity_of_unseen_documents_is_a_cosine():
    model = Doc2Vec(DOCUMENTS, dm=0, **SETTINGS)
    first, second, other = (document.words for document in make_documents(4, seed=5)[:3])
    same = make_documents(4, seed=5)[3].words
    assert model.similarity_unseen_docs(first, first) == pytest.approx(1)
    assert model.similarity_unseen_docs(first, same) > model.similarity_unseen_docs(first, second)
    assert -1 <= model.similarity_unseen_docs(first, other) <= 1


# -- vectors of words that are given -----------------------------------------------------------------------------


@pytest.fixture
def given_words():
    keys = [f"topic0_{k}" for k in range(12)]
    return KeyedVectors.from_arrays(keys, np.arange(12 * 16, dtype=np.float32).reshape(12, 16) / 100)


@pytest.mark.parametrize("kind", [{"dm": 1}, {"dm": 0, "dbow_words": 1}], ids=str)
def test_given_vectors_of_words_start_a_model(given_words, tmp_path, kind):
    given_words.save(tmp_path / "words.wv")
    for given in (given_words, tmp_path / "words.wv"):
        model = Doc2Vec(pretrained=given, **SETTINGS | kind)
        model.build_vocab(DOCUMENTS)
        assert np.array_equal(model.wv[given_words.index_to_key], given_words.vectors)
        model.train(DOCUMENTS, epochs=1)
        assert not np.array_equal(model.wv[given_words.index_to_key], given_words.vectors)


def test_frozen_words_keep_the_given_vectors(given_words, tmp_path):
    model = Doc2Vec(DOCUMENTS, pretrained=given_words, freeze_words=True, **SETTINGS)
    assert np.array_equal(model.wv[given_words.index_to_key], given_words.vectors)
    start = random(len(model.wv), 16, seed=1)[:, :16]
    others = [row for row, key in enumerate(model.wv.index_to_key) if key not in given_words]
    assert (model.wv.vectors[others] != start[others]).any(axis=1).all()
    assert fraction_of_neighbours_with_the_same_topic(model.dv.vectors) > 0.9
    model.save(tmp_path / "model.wv")
    loaded = Doc2Vec.load(tmp_path / "model.wv")
    loaded.train(DOCUMENTS, epochs=1)
    assert np.array_equal(loaded.wv[given_words.index_to_key], given_words.vectors)


def test_words_that_a_growth_adds_get_given_vectors(given_words):
    model = Doc2Vec(DOCUMENTS[1:3], pretrained=given_words, freeze_words=True, **SETTINGS)
    assert "topic0_1" not in model.wv
    model.build_vocab(DOCUMENTS[:1], update=True)
    model.train(DOCUMENTS[:3], epochs=2)
    added = [key for key in given_words if key in model.wv]
    assert added and np.array_equal(model.wv[added], given_words[added])


def test_given_vectors_that_have_no_effect_or_do_not_fit_are_refused(given_words):
    with pytest.raises(ValueError, match="pretrained has no effect with dm=0 and dbow_words=0"):
        Doc2Vec(dm=0, pretrained=given_words)
    with pytest.raises(ValueError, match="freeze_words=True: there are no vectors to keep; give pretrained"):
        Doc2Vec(DOCUMENTS, freeze_words=True)
    with pytest.raises(ValueError, match="pretrained has vectors of 16 values, but vector_size=100"):
        Doc2Vec(DOCUMENTS, pretrained=given_words)
    with pytest.raises(TypeError, match="pretrained=5: give KeyedVectors"):
        Doc2Vec(pretrained=5)


# -- files -------------------------------------------------------------------------------------------------------


@each_kind
def test_files_and_copies_hold_the_whole_model(kind, tmp_path):
    documents = [TaggedDocument(words, [f"doc{tags[0]}"]) for words, tags in DOCUMENTS]
    model = Doc2Vec(documents, **SETTINGS | kind)
    model.dv.vectors_lockf = np.ones(60, np.float32)
    model.dv.vectors_lockf[2] = 0
    model.save(tmp_path / "model.wv")
    copies = [Doc2Vec.load(tmp_path / "model.wv"), pickle.loads(pickle.dumps(model)), copy.deepcopy(model)]
    model.train(documents, epochs=1)
    for other in copies:
        assert other.dv.index_to_key == model.dv.index_to_key
        assert other.dv.get_vecattr("doc7", "word_count") == 30
        assert other.dv.vectors_lockf[2] == 0
        other.train(documents, epochs=1)
        assert np.array_equal(other.dv.vectors, model.dv.vectors)
        assert np.array_equal(other.infer_vector(["common1"]), model.infer_vector(["common1"]))


def test_the_tags_of_a_file_are_checked(tmp_path):
    from wildvec.io import native

    Doc2Vec(DOCUMENTS, **SETTINGS).save(tmp_path / "model.wv")
    tensors, metadata = native.read(tmp_path / "model.wv")
    for change in (
        {"documents.keys.int": np.arange(59)},
        {"documents.keys.int": np.zeros(60, np.int64)},
        {"documents.doc_counts": np.ones(60, np.float32)},
        {"documents.lockf": np.ones(3, np.float32)},
        {"documents.lockf": np.full(60, -1, np.float32)},
        {"document_vectors": np.zeros((60, 15), np.float32)},
    ):
        native.write(tmp_path / "bad.wv", {**tensors, **change}, metadata)
        with pytest.raises(ValueError, match=r"bad\.wv"):
            Doc2Vec.load(tmp_path / "bad.wv")


@pytest.mark.parametrize("binary", [False, True])
def test_vectors_in_word2vec_format(tmp_path, binary):
    model = Doc2Vec(DOCUMENTS, **SETTINGS)
    path = tmp_path / "vectors"
    for words, tags in [(True, False), (False, True), (True, True)]:
        model.save_word2vec_format(path, doctag_vec=tags, word_vec=words, binary=binary)
        found = KeyedVectors.load_word2vec_format(path, binary=binary)
        assert len(found) == len(model.wv) * words + len(model.dv) * tags
        if tags:
            assert np.allclose(found["*dt_5"], model.dv[5])
        if words:
            assert np.allclose(found["common1"], model.wv["common1"])
    with pytest.raises(ValueError, match="nothing would be written"):
        model.save_word2vec_format(path, word_vec=False)


def test_indexing_a_model_gives_words_and_tags():
    model = Doc2Vec([TaggedDocument(["a", "b"], ["b", "c", 0])], **SETTINGS)
    assert np.array_equal(model["a"], model.wv["a"])
    assert np.array_equal(model["b"], model.wv["b"])
    assert np.array_equal(model["c"], model.dv["c"])
    assert np.array_equal(model[np.int64(0)], model.dv[0])
    assert np.array_equal(model[["a", "c"]], [model.wv["a"], model.dv["c"]])
    with pytest.raises(KeyError, match="unknown"):
        model["unknown"]


# -- memory, scikit-learn ----------------------------------------------------------------------------------------


def test_memory_is_estimated_with_the_tags():
    model = Doc2Vec(vector_size=100)
    parts = model.estimate_memory(1_000, tokens=10**6, sentences=5_000)
    assert parts["document_vectors"] == 5_000 * 448
    assert parts["tags"] == 5_000 * 200
    model = Doc2Vec(DOCUMENTS, **SETTINGS)
    assert model.estimate_memory()["document_vectors"] == 60 * 64
    assert model.estimated_lookup_memory() == 60 * 200


def test_an_estimator_learns_the_vectors_of_texts():
    texts = [" ".join(words) for words, _ in DOCUMENTS]
    model = Doc2Vec(dm=0, **SETTINGS).fit(texts)
    assert model.dv.index_to_key == list(range(60))
    assert fraction_of_neighbours_with_the_same_topic(model.transform(texts)) > 0.9
    assert model.get_feature_names_out()[1] == "doc2vec1"


@pytest.mark.parametrize("negative", [0, 5])
def test_concatenation_predicts_nothing_from_words_alone(negative):
    documents = [TaggedDocument(["a", "b", "c"], [number]) for number in range(3)]
    model = Doc2Vec(
        documents, dm_concat=1, hs=1, negative=negative, vector_size=4, min_count=1, epochs=1, workers=1
    )
    with pytest.raises(RuntimeError, match="dm_concat=1"):
        model.score([["a", "b"]])
    if negative:
        with pytest.raises(RuntimeError, match="dm_concat=1"):
            model.predict_output_word(["a"])
