"""TextClassifier: features as in fastText, losses, predictions, files, bad input."""

from __future__ import annotations

import bz2
import itertools
import logging
import math
import pickle

import numpy as np
import pytest

from wildvec import KeyedVectors, TextClassifier
from wildvec.models.classify_objective import label_paths
from wildvec.models.label_lists import array_of_labels
from wildvec.models.text_encoder import top_labels
from wildvec.text.labelled import lines_of_texts

LOSSES = ("softmax", "ova", "hs", "ns")
each_loss = pytest.mark.parametrize("loss", LOSSES)
SMALL = {"vector_size": 8, "workers": 1, "bucket": 1_000}


def texts_and_labels(n=300, n_labels=5, seed=1):
    """Texts of eight words; the label follows from the words that begin with the letter of the label."""
    random = np.random.default_rng(seed)
    labels = random.integers(0, n_labels, n)
    texts = []
    for label in labels.tolist():
        own = [f"{'abcdefgh'[label]}{k}" for k in random.integers(0, 6, 3)]
        other = [f"x{k}" for k in random.integers(0, 40, 5)]
        texts.append(" ".join(random.permutation(own + other).tolist()))
    return texts, [f"label{label}" for label in labels.tolist()]


def fnv(text):
    """FNV-1a of 32 bits over bytes that are extended with their sign, as in fastText."""
    value = 2166136261
    for byte in text.encode():
        value = (value ^ (byte if byte < 128 else byte | 0xFFFFFF00)) * 16777619 % 2**32
    return value


def signed(value):
    return value - 2**32 if value >= 2**31 else value


def reference_features(words, model):
    """The features of a text in plain Python; None for buckets without a row."""
    known = {word: i for i, word in enumerate(model.words)}
    n_words, features = len(known), []
    tokens = [w for w in words if not w.startswith(model.label_prefix)] + ["</s>"]
    for token in tokens:
        if token in known:
            features.append(known[token])
        marked = f"<{token}>"
        for i, n in itertools.product(range(len(marked)), range(max(model.min_n, 1), model.max_n + 1)):
            is_mark = n == 1 and i in (0, len(marked) - 1)
            if i + n <= len(marked) and not is_mark and token != "</s>":
                features.append(n_words + fnv(marked[i : i + n]) % model.bucket)
    for i in range(len(tokens)):
        value = signed(fnv(tokens[i]))
        for j in range(i + 1, min(len(tokens), i + model.word_ngrams)):
            value = (value * 116049371 + signed(fnv(tokens[j]))) % 2**64
            features.append(n_words + value % model.bucket)
    return sorted(set(features)) if model.binary else features


@pytest.mark.parametrize(
    ("word_ngrams", "min_n", "max_n"), [(1, 0, 0), (2, 0, 0), (4, 0, 0), (1, 2, 4), (3, 1, 2)]
)
@pytest.mark.parametrize("binary", [True, False])
def test_features_are_those_of_fasttext(word_ngrams, min_n, max_n, binary):
    texts = ["the cat the naïve cat", "日本語 the dog", "a", "cat dog ß __label__x dog"] * 2
    settings = {"word_ngrams": word_ngrams, "min_n": min_n, "max_n": max_n, "min_count": 3, "binary": binary}
    model = TextClassifier(**SMALL | settings).fit(texts, ["p", "q", "p", "q"] * 2)
    rows = model.input_rows
    for text in [*texts, "", "unknown 日本 cat cat", "the __label__zzz cat"]:
        features = reference_features(text.split(), model)
        expected = rows[features].sum(axis=0) / max(len(features), 1)
        np.testing.assert_allclose(model.transform([text])[0], expected, rtol=1e-4, atol=1e-6)


def test_words_and_labels_of_a_file(tmp_path):
    path = tmp_path / "train.txt"
    path.write_text(
        "__label__b x y\v__label__a z\n\nx\tx\rx\n__label__a y no-break\u00a0space\n__label__a end", "utf-8"
    )
    model = TextClassifier(**SMALL).fit_file(path)
    assert dict(zip(model.words, model.word_counts.tolist(), strict=True)) == {
        "</s>": 4,
        "x": 4,
        "y": 2,
        "z": 1,
        "no-break\u00a0space": 1,
        "end": 1,
    }
    assert model.words[:3] in (["</s>", "x", "y"], ["x", "</s>", "y"])
    assert (model.labels, model.label_counts, model.classes_.tolist()) == (["a", "b"], [3, 1], ["a", "b"])


def test_a_file_and_lists_give_the_same_model(tmp_path):
    texts, labels = texts_and_labels()
    path = tmp_path / "train.txt.bz2"
    lines = [f"__label__{label} {text}" for text, label in zip(texts, labels, strict=True)]
    path.write_bytes(bz2.compress("\n".join([*lines, ""]).encode()))
    settings = SMALL | {"word_ngrams": 2}
    from_file = TextClassifier(**settings).fit_file(path)
    from_texts = TextClassifier(**settings).fit(texts, labels)
    from_tokens = TextClassifier(**settings).fit([text.split() for text in texts], [[x] for x in labels])
    assert from_file.labels == from_texts.labels
    for model in (from_texts, from_tokens):
        np.testing.assert_array_equal(model.input_rows, from_file.input_rows)
    assert from_file.test(path) == from_texts.test(texts, labels)


def test_the_result_does_not_depend_on_the_number_of_threads_that_read(monkeypatch):
    monkeypatch.setattr("wildvec.text.labelled.BLOCK_BYTES", 200)
    texts, labels = texts_and_labels()
    first = TextClassifier(**SMALL).fit(texts, labels)
    other = TextClassifier(**SMALL | {"workers": 3, "deterministic": True})
    feed = other._prepare(lines_of_texts(texts, 3), [[label] for label in labels])
    assert other.words == first.words
    assert feed.fingerprint() == first._same_feed(texts, labels, None).fingerprint()
    many = TextClassifier(**SMALL | {"workers": 3}).fit(texts, labels)
    np.testing.assert_array_equal(many.predict(texts), [many.predict([text])[0] for text in texts])


# -- learning ------------------------------------------------------------------------------------------------------


@each_loss
@pytest.mark.parametrize("workers", [1, 2])
def test_each_loss_learns(loss, workers):
    texts, labels = texts_and_labels(600)
    model = TextClassifier(**SMALL | {"loss": loss, "epochs": 10, "workers": workers})
    model.fit(texts[:400], labels[:400])
    assert model.score(texts[400:], labels[400:]) > 0.95
    assert model.epoch_losses[-1] < 0.5 * model.epoch_losses[0]


@each_loss
def test_probabilities(loss):
    texts, labels = texts_and_labels()
    model = TextClassifier(**SMALL | {"loss": loss}).fit(texts, labels)
    p = model.predict_proba(texts)
    assert p.shape == (300, 5)
    assert p.dtype == np.float32
    assert (p >= 0).all()
    assert (p <= 1).all()
    if loss in ("softmax", "hs"):
        np.testing.assert_allclose(p.sum(axis=1), 1, rtol=1e-5)
    hidden, rows = model.transform(texts), model.output_rows
    order = [model.labels.index(label) for label in model.classes_.tolist()]
    np.testing.assert_allclose(p, reference_probabilities(hidden @ rows.T, loss, model)[:, order], rtol=2e-4)


def reference_probabilities(scores, loss, model):
    if loss == "softmax":
        e = np.exp(scores - scores.max(axis=1, keepdims=True))
        return e / e.sum(axis=1, keepdims=True)
    sigmoid = 1 / (1 + np.exp(-scores))
    if loss != "hs":
        return sigmoid
    offsets, nodes, codes, _ = label_paths(np.array(model.label_counts))
    result = np.ones_like(scores)
    for label, k in itertools.product(range(scores.shape[1]), range(len(nodes))):
        if offsets[label] <= k < offsets[label + 1]:
            right = sigmoid[:, nodes[k]]
            result[:, label] *= right if codes[k] else 1 - right
    return result


def test_several_labels_per_text():
    texts, labels = texts_and_labels(400)
    both = [[label, "all"] for label in labels]
    for loss in LOSSES:
        model = TextClassifier(**SMALL | {"loss": loss, "epochs": 10}).fit(texts, both)
        found = model.predict(texts, k=2)
        assert np.mean([{x for x, _ in line} == set(y) for line, y in zip(found, both, strict=True)]) > 0.9, (
            loss
        )
        assert model.labels[0] == "all"


def test_labels_in_order_are_no_problem_because_texts_are_shuffled():
    texts, labels = texts_and_labels(600, n_labels=2)
    order = np.argsort(labels, kind="stable")
    model = TextClassifier(**SMALL).fit([texts[i] for i in order], [labels[i] for i in order])
    assert model.score(texts, labels) > 0.95


@each_loss
@pytest.mark.parametrize("alpha", [1, 10, 1e3, 1e38])
def test_rows_stay_finite_at_any_rate(loss, alpha):
    texts, labels = ["a b c", "b c d d d d d d d d d d", "e"], [["x", "y"], ["y"], ["z", "x"]]
    for size, binary in itertools.product((1, 16, 17, 300), (True, False)):
        model = TextClassifier(
            **SMALL
            | {"loss": loss, "alpha": alpha, "vector_size": size, "binary": binary, "epochs": 20}
            | {"word_ngrams": 2, "l2": 1}
        ).fit(texts, labels)
        assert np.isfinite(model.epoch_losses).all()
        assert np.isfinite(model.predict_proba([*texts, "", "unknown"])).all()
        assert np.isfinite(model._matrices["input_rows"]).all()


def test_l2_makes_rows_of_frequent_features_smaller():
    texts, labels = texts_and_labels(400)
    texts = [f"often {text}" for text in texts]

    def length(l2):
        model = TextClassifier(**SMALL | {"l2": l2, "epochs": 20}).fit(texts, labels)
        return np.linalg.norm(model.wv["often"])

    assert length(0.1) < 0.2 * length(0)


# -- predictions ---------------------------------------------------------------------------------------------------


def test_predict_with_k_and_threshold():
    texts, labels = texts_and_labels()
    model = TextClassifier(**SMALL).fit(texts, labels)
    p = model.predict_proba(texts[:20])
    for line, of_text in zip(model.predict(texts[:20], k=3), p, strict=True):
        assert [x for _, x in line] == sorted(of_text.tolist(), reverse=True)[:3]
        assert all(of_text[model.classes_.tolist().index(label)] == x for label, x in line)
    assert [len(line) for line in model.predict(texts[:20], k=-1)] == [5] * 20
    assert [len(line) for line in model.predict(texts[:20], k=9)] == [5] * 20
    expected = [int((of_text >= 0.3).sum()) for of_text in p]
    assert [len(line) for line in model.predict(texts[:20], k=-1, threshold=0.3)] == expected
    assert [line[0][0] for line in model.predict(texts[:20], k=1)] == model.predict(texts[:20]).tolist()
    assert model.predict(texts[:1], threshold=1.1) == [[]]


def test_top_labels_of_many_are_those_of_a_full_sort():
    p = np.random.default_rng(1).random((50, 200)).astype(np.float32)
    p[:, ::3] = p[:, :1]
    expected = np.argsort(-p, axis=1, kind="stable")
    for k in (1, 2, 10, 150, 200):
        found = top_labels(p, k)
        np.testing.assert_array_equal(
            np.take_along_axis(p, found, 1), np.take_along_axis(p, expected[:, :k], 1)
        )


def test_no_text_and_empty_texts():
    texts, labels = texts_and_labels()
    model = TextClassifier(**SMALL).fit([*texts, "", "   "], [*labels, "label0", "label0"])
    assert model.predict([]).shape == (0,)
    assert model.predict([], k=1) == []
    assert model.predict_proba([]).shape == (0, 5)
    assert model.transform([]).shape == (0, 8)
    assert model.predict(["", []]).tolist() == [model.predict(["  \t"])[0]] * 2


def test_a_line_end_in_a_text_counts_as_a_space():
    texts, labels = texts_and_labels()
    model = TextClassifier(**SMALL | {"word_ngrams": 2}).fit(texts, labels)
    joined = [f"{a} {b}" for a, b in itertools.pairwise(texts)]
    with_ends = [f"{a}\n{b}" for a, b in itertools.pairwise(texts)]
    np.testing.assert_array_equal(model.predict_proba(with_ends), model.predict_proba(joined))


@pytest.mark.parametrize(
    "labels",
    [["p", "q"], [1, 0], [True, False], [1.5, 0.5], np.array([3, 4]), np.array(["u", "v"]), ["p", 7]],
)
def test_labels_keep_their_type(labels):
    model = TextClassifier(**SMALL | {"epochs": 30, "l2": 0}).fit(
        ["good film", "bad show"] * 20, list(labels) * 20
    )
    plain = np.asarray(labels, object).tolist()
    assert model.predict(["good film", "bad show"]).tolist() == plain
    assert sorted(map(str, model.classes_.tolist())) == sorted(map(str, plain))
    again = pickle.loads(pickle.dumps(model))
    assert again.predict(["good film", "bad show"]).tolist() == plain


def test_save_and_load(tmp_path):
    texts, labels = texts_and_labels()
    settings = {"word_ngrams": 2, "min_n": 2, "max_n": 3, "loss": "hs", "label_prefix": "#"}
    model = TextClassifier(**SMALL | settings).fit(texts, [[label, 7] for label in labels])
    model.save(tmp_path / "model.clf")
    again = TextClassifier.load(tmp_path / "model.clf")
    assert again.get_params() == model.get_params()
    assert again.labels == model.labels
    np.testing.assert_array_equal(again.input_rows, model.input_rows)
    assert again.predict(texts, k=2) == model.predict(texts, k=2)


def test_from_arrays_gives_back_a_model():
    texts, labels = texts_and_labels()
    model = TextClassifier(**SMALL | {"word_ngrams": 2, "binary": False}).fit(texts, labels)
    other = TextClassifier.from_arrays(
        *(model.words, model.word_counts, model.labels, model.label_counts),
        *(model.input_rows, model.output_rows),
        word_ngrams=2,
        bucket=1_000,
    )
    np.testing.assert_array_equal(other.predict_proba(texts), model.predict_proba(texts))
    with pytest.raises(ValueError, match=r"input_rows has the shape \(3, 8\), but the settings need"):
        TextClassifier.from_arrays(["a"], [1], ["x"], [1], np.zeros((3, 8)), np.zeros((1, 8)))


def test_fasttexts_huffman_tree_joins_the_rarest_labels_first():
    offsets, nodes, codes, longest = label_paths(np.array([9, 4, 3, 3]))
    assert np.diff(offsets).tolist() == [1, 2, 3, 3]
    assert nodes[: offsets[-1]].tolist() == [2, 2, 1, 2, 1, 0, 2, 1, 0]
    assert longest == 3
    assert label_paths(np.array([5]))[0].tolist() == [0, 0]
    assert len(codes) == len(nodes)


# -- measures ------------------------------------------------------------------------------------------------------


def test_measures():
    texts = ["good film"] * 4 + ["bad film"] * 4
    model = TextClassifier(**SMALL | {"epochs": 50, "l2": 0}).fit(texts, ["pos"] * 4 + ["neg"] * 4)
    assert model.test(["good film", "bad film"], ["pos", "pos"]) == (2, 0.5, 0.5)
    assert model.test(["good film", "bad film"], [["pos", "neg"], []]) == (1, 1.0, 0.5)
    assert model.test(["good film", "bad film"], ["pos", "unknown"], k=2) == (2, 0.25, 0.5)
    examples, precision, recall = model.test(["good film"], ["pos"], threshold=1)
    assert (examples, recall) == (1, 0)
    assert math.isnan(precision)
    metrics = model.label_metrics(["good film", "bad film"], ["pos", "unknown"], k=1)
    assert metrics.by_label()["pos"] == {"precision": 1.0, "recall": 1.0, "f1": 1.0}
    assert metrics.by_label()["unknown"]["recall"] == 0
    assert model.score(["good film", "bad film"], ["pos", "pos"]) == 0.5


# -- vectors to begin with -----------------------------------------------------------------------------------------


def test_pretrained_vectors(tmp_path):
    texts, labels = texts_and_labels(100)
    wv = KeyedVectors.from_arrays(["x1", "a0", "new"], np.arange(24, dtype=np.float32).reshape(3, 8) / 10)
    wv.save(tmp_path / "vectors.wv")
    for given in (wv, tmp_path / "vectors.wv"):
        model = TextClassifier(**SMALL | {"pretrained": given, "alpha": 0.0}).fit(texts, labels)
        np.testing.assert_array_equal(model.wv["x1"], wv["x1"])
        np.testing.assert_array_equal(model.wv["new"], wv["new"])
        assert model.words[-1] == "new"
    with pytest.raises(ValueError, match="the pretrained vectors have 8 values; set vector_size=8"):
        TextClassifier(**SMALL | {"pretrained": wv, "vector_size": 9}).fit(texts, labels)
    with pytest.raises(TypeError, match="pretrained=5: give KeyedVectors or the path"):
        TextClassifier(pretrained=5)


# -- bad input -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("texts", "labels", "error", "message"),
    [
        (["a", "b"], ["x"], ValueError, "1 labels for 2 texts"),
        ("a b", ["x"], TypeError, "give a list of texts, not one text"),
        (["a", 5], ["x", "y"], TypeError, "text 1 is int 5; give a str or a list of tokens"),
        (["a", None], ["x", "y"], TypeError, "text 1 is NoneType None"),
        ([["a", 5]], ["x"], TypeError, "text 0, token 1 is int 5; give a str"),
        ([["a b"]], ["x"], ValueError, "text 0, token 0: 'a b' contains white space"),
        ([["a", ""]], ["x"], ValueError, "text 0, token 1: '' is empty"),
        (["a \ud800"], ["x"], ValueError, "text 0: .* it is not Unicode"),
        (["a"], "x", TypeError, "give a list with one label"),
        (["a"], [None], TypeError, "label of text 0 is missing"),
        (["a"], [math.nan], TypeError, "label of text 0 is missing"),
        (["a", "b"], [[], []], ValueError, "no text has a label"),
        ([], [], ValueError, "there is no text to learn from"),
    ],
)
def test_bad_texts_and_labels(texts, labels, error, message):
    with pytest.raises(error, match=message):
        TextClassifier(**SMALL).fit(texts, labels)


def test_files_without_labels_or_words(tmp_path):
    path = tmp_path / "train.txt"
    path.write_text("no label here\n")
    with pytest.raises(ValueError, match="no line has a label; labels begin with '__label__'"):
        TextClassifier(**SMALL).fit_file(path)
    path.write_text("__label__x a\n__label__y b\n")
    with pytest.raises(ValueError, match="no token is left with min_count=9"):
        TextClassifier(**SMALL | {"min_count": 9}).fit_file(path)
    with pytest.raises(ValueError, match="no line has a label"):
        TextClassifier(**SMALL | {"min_count_label": 2}).fit_file(path)
    with pytest.raises(ValueError, match="labels in files need a prefix"):
        TextClassifier(**SMALL | {"label_prefix": ""}).fit_file(path)
    with pytest.raises(FileNotFoundError):
        TextClassifier(**SMALL).fit_file(tmp_path / "missing.txt")
    path.write_bytes(b"__label__x caf\xe9\n")
    with pytest.raises(ValueError, match="is not UTF-8"):
        TextClassifier(**SMALL).fit_file(path)
    assert "caf\ufffd" in TextClassifier(**SMALL | {"errors": "replace"}).fit_file(path).words


def test_one_class_is_learned():
    for loss in LOSSES:
        model = TextClassifier(**SMALL | {"loss": loss}).fit(["a b", "c"], ["only", "only"])
        assert model.predict(["a", "zzz"]).tolist() == ["only", "only"]


def test_rare_labels_are_left_out():
    texts, labels = texts_and_labels()
    model = TextClassifier(**SMALL | {"min_count_label": 2}).fit([*texts, "a0"], [*labels, "rare"])
    assert "rare" not in model.labels
    assert model.test(["a0"], ["rare"]) == (1, 0, 0)


def test_a_model_that_is_not_fitted_says_so():
    for use in (
        lambda m: m.predict(["a"]),
        lambda m: m.transform(["a"]),
        lambda m: m.test(["a"], ["x"]),
    ):
        with pytest.raises(ValueError, match="not fitted"):
            use(TextClassifier())
    assert not hasattr(TextClassifier(), "classes_")


def test_settings_that_contradict_each_other():
    with pytest.raises(ValueError, match="min_n=5 is larger than max_n=3"):
        TextClassifier(min_n=5, max_n=3)


def test_array_of_labels():
    assert array_of_labels(["a", "b"]).dtype.kind == "U"
    assert array_of_labels([1, 2]).dtype.kind == "i"
    assert array_of_labels([]).shape == (0,)


def test_texts_of_one_label_alone_warn_when_nothing_can_be_learned(caplog):
    with caplog.at_level(logging.WARNING):
        TextClassifier(**SMALL).fit(["a", "b"], [["x"], []])
    assert not caplog.records


def test_a_threshold_is_a_number():
    model = TextClassifier(vector_size=4, workers=1).fit(["a", "b"], ["x", "y"])
    with pytest.raises(ValueError, match="threshold=nan"):
        model.predict(["a"], threshold=math.nan)
    with pytest.raises(TypeError, match="threshold='high'"):
        model.predict(["a"], threshold="high")


def test_a_table_is_no_list_of_texts():
    table = pytest.importorskip("pandas").DataFrame({"text": ["a", "b"], "other": ["c", "d"]})
    model = TextClassifier(vector_size=4, workers=1)
    with pytest.raises(ValueError, match="one of its columns"):
        model.fit(table, ["x", "y"])
    assert len(model.fit(table["text"], ["x", "y"]).predict(table["text"])) == 2
    with pytest.raises(ValueError, match="one of its columns"):
        model.predict(table)


def test_a_missing_label_is_named():
    for missing in (None, math.nan):
        with pytest.raises(TypeError, match="label of text 1 is missing"):
            TextClassifier().fit(["a", "b"], ["x", missing])
    with pytest.raises(ValueError, match="no text has a label"):
        TextClassifier().fit(["a", "b"], [[], []])


def test_score_takes_one_label_per_text():
    model = TextClassifier(vector_size=4, workers=1, alpha=2).fit(["a", "b"] * 20, ["x", "y"] * 20)
    assert model.score(["a", "b"], [["x"], ["y"]]) == model.score(["a", "b"], ["x", "y"]) == 1
    with pytest.raises(ValueError, match="text 1 has 2 labels"):
        model.score(["a", "b"], [["x"], ["x", "y"]])


def test_the_loss_of_a_trained_model_is_fixed():
    model = TextClassifier(vector_size=4, workers=1).fit(["a", "b"], ["x", "y"])
    with pytest.raises(ValueError, match="loss"):
        model.set_params(loss="hs")


def test_assigned_vectors_predict():
    model = TextClassifier(vector_size=4, workers=1).fit(["a", "b"], ["x", "y"])
    model.wv.vectors = np.zeros_like(model.wv.vectors)
    assert not model.transform(["a"]).any()


def test_huge_label_counts_have_paths():
    model = TextClassifier.from_arrays(
        ["a"], [1], ["x", "y"], [2**62, 2**62], np.ones((1, 4)), np.ones((2, 4)), loss="hs"
    )
    assert model.predict_proba(["a"]).sum() == pytest.approx(1)


@pytest.mark.parametrize(
    ("labels", "counts", "value", "problem"),
    [
        (["x", "x"], [1, 1], 1, "occurs twice"),
        (["x", "y"], [1, -1], 1, "counts"),
        (["x", "y"], [1, 1], math.nan, "input_rows holds NaN"),
    ],
)
def test_from_arrays_checks(labels, counts, value, problem):
    with pytest.raises((TypeError, ValueError), match=problem):
        TextClassifier.from_arrays(["a"], [1], labels, counts, np.full((1, 4), value), np.ones((2, 4)))


def test_pretrained_vectors_are_finite():
    vectors = KeyedVectors.from_arrays(["a", "b"], np.array([[1.0], [math.nan]], np.float32))
    with pytest.raises(ValueError, match="vector of 'b' holds NaN"):
        TextClassifier(vector_size=1, pretrained=vectors).fit(["a"], ["x"])


def test_tables_and_arrays_of_two_dimensions_are_no_texts():
    model = TextClassifier(vector_size=4, workers=1).fit(["a", "b"], ["x", "y"])
    array = np.array([["a", "b"], ["c", "d"]])
    table = pytest.importorskip("pandas").DataFrame(array, columns=["p", "q"])
    uses = (model.predict, model.predict_proba, model.transform, lambda x: model.test(x, ["x", "y"]))
    for data in (array, table):
        for use in (*uses, lambda x: model.fit(x, ["x", "y"])):
            with pytest.raises(ValueError, match="one of its columns"):
                use(data)


@pytest.mark.parametrize(
    ("given", "name"),
    [("lr", "alpha"), ("wordNgrams", "word_ngrams"), ("word_ngram", "word_ngrams"), ("thread", "workers")],
)
def test_other_names_of_settings_are_recognized(given, name):
    with pytest.raises(TypeError, match=rf"{given}=2: .* {name}\b"):
        TextClassifier(**{given: 2})


def test_measures_need_labels_and_name_unknown_ones(tmp_path, caplog):
    model = TextClassifier(vector_size=4, workers=1).fit(["a", "b"], ["x", "y"])
    (tmp_path / "text").write_text("a\nb\n")
    with pytest.raises(ValueError, match=r"no text has a label.*'__label__'"):
        model.test(tmp_path / "text")
    with pytest.raises(ValueError, match="no text has a label"):
        model.test(["a"], [[]])
    assert not caplog.records
    assert model.test(["a", "b"], ["z", "z"]) == (2, 0, 0)
    assert "labels that do not occur in training count as missed: 'z'" in caplog.text


def test_the_text_form():
    model = TextClassifier(vector_size=4, epochs=1, workers=1)
    assert repr(model) == "TextClassifier(not fitted, vector_size=4, epochs=1)"
    assert repr(model.fit(["a"], ["x"])) == "TextClassifier(2 words, 1 labels × 4, 1 epoch trained)"


def test_fit_of_a_path_names_fit_file():
    with pytest.raises(TypeError, match="call fit_file"):
        TextClassifier().fit("train.txt")
