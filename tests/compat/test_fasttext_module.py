"""wildvec.compat.fasttext: the shape and the results of fastText's Python module, without the package fasttext."""

import pickle
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from wildvec.compat import fasttext
from wildvec.compat.fasttext import util
from wildvec.compat.fasttext.subwords import char_ngrams, hash_of

WORDS = [f"w{i}" for i in range(300)]


@pytest.fixture(scope="module")
def data(tmp_path_factory):
    draw = np.random.default_rng(0)
    lines = []
    for _ in range(400):
        label = draw.integers(3)
        words = draw.choice(WORDS[label * 100 : label * 100 + 100], 8)
        lines.append(f"__label__{label} {'__label__b ' if draw.random() < 0.2 else ''}{' '.join(words)}")
    path = tmp_path_factory.mktemp("data") / "train.txt"
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return str(path)


def read_lines(path):
    return Path(path).read_text(encoding="utf-8").splitlines()


def train(data, **settings):
    return fasttext.train_supervised(data, **{"dim": 8, "lr": 0.5, "epoch": 5, "thread": 1, **settings})


@pytest.fixture(scope="module")
def model(data):
    return train(data)


@pytest.fixture(scope="module")
def with_ngrams(data):
    return train(data, wordNgrams=2, minn=2, maxn=4, bucket=1000)


@pytest.fixture(scope="module")
def unsupervised(data):
    return fasttext.train_unsupervised(data, minn=0, maxn=0, bucket=0, minCount=1, dim=8, thread=1)


# -- arguments ----------------------------------------------------------------------------------------------------


def test_defaults_are_those_of_fasttext(data):
    model = fasttext.train_supervised(input=data)
    args = model.f.getArgs()
    expected = {
        "lr": 0.1,
        "dim": 100,
        "ws": 5,
        "epoch": 5,
        "minCount": 1,
        "minn": 0,
        "maxn": 0,
        "neg": 5,
        "bucket": 0,
    }
    assert {name: getattr(args, name) for name in expected} == expected
    assert (model.loss, model.label, model.wordNgrams) == ("softmax", "__label__", 1)


def test_snake_case_and_positions(data):
    model = fasttext.train_supervised(
        data, 0.2, 4, min_count=2, word_ngrams=2, label_prefix="__label__", bucket=50
    )
    args = model.f.getArgs()
    assert (args.lr, args.dim, args.minCount, args.wordNgrams, args.bucket) == (0.2, 4, 2, 2, 50)


@pytest.mark.parametrize(
    "arguments, named, error, message",
    [
        (["x"], {"foo": 1}, TypeError, "unexpected keyword argument 'foo'"),
        (["x"], {"minCount": 1, "min_count": 2}, TypeError, "multiple values for argument 'minCount'"),
        (["x"], {"input": "y"}, TypeError, "multiple values"),
        ([], {}, TypeError, "input"),
        (["x"] * 40, {}, TypeError, "by position"),
        (["x"], {"lr": "fast"}, TypeError, "lr='fast'"),
        (["x"], {"dim": 0}, ValueError, "dim=0"),
        (["x"], {"loss": "hinge"}, ValueError, "loss='hinge'"),
        (["x"], {"wordNgrams": 2, "bucket": 0}, ValueError, "bucket=0"),
        (["no-such-file"], {}, FileNotFoundError, "no-such-file"),
    ],
)
def test_bad_arguments(arguments, named, error, message):
    with pytest.raises(error, match=message):
        fasttext.train_supervised(*arguments, **named)


@pytest.mark.parametrize(
    "named, message",
    [
        ({"maxn": 0, "model": "supervised"}, "train_supervised"),
        ({"maxn": 0, "loss": "ova"}, "loss='ova'"),
    ],
)
def test_what_unsupervised_training_lacks_is_refused(data, named, message):
    with pytest.raises(ValueError, match=message):
        fasttext.train_unsupervised(data, **named)


@pytest.fixture(scope="module")
def lines(tmp_path_factory):
    path = tmp_path_factory.mktemp("unsupervised") / "lines.txt"
    path.write_text("walk walks walked __label__x\ntalk talks größer\vtalk\n" * 30, encoding="utf-8")
    return str(path)


@pytest.mark.parametrize("named", [{}, {"model": "cbow"}, {"loss": "hs"}, {"maxn": 0}], ids=str)
def test_training_with_ngrams(lines, named, tmp_path):
    options = {"dim": 8, "minCount": 1, "bucket": 500, "thread": 1, "epoch": 2} | named
    model = fasttext.train_unsupervised(lines, **options)
    words, counts = model.get_words(include_freq=True)
    found = dict(zip(words, counts.tolist(), strict=True))
    assert found == {"</s>": 60, "talk": 60, "walk": 30, "walks": 30, "walked": 30, "talks": 30, "größer": 30}
    for word in (*words, "walking"):
        _, rows = model.get_subwords(word)
        total = sum((model.get_input_vector(row) for row in rows.tolist()), np.zeros(8))
        np.testing.assert_allclose(model.get_word_vector(word), total / max(1, len(rows)), atol=1e-6)
    assert model.get_subwords("</s>")[0] == ["</s>"]
    assert (
        len(model.get_nearest_neighbors("walking", k=3)) == 3
        and len(model.get_analogies("walk", "walks", "talk")) == 4
    )
    assert model.get_input_matrix().shape == (7 + (0 if "maxn" in named else 500), 8)
    model.save_model(tmp_path / "a.bin")
    again = fasttext.load_model(tmp_path / "a.bin")
    np.testing.assert_array_equal(again.get_input_matrix(), model.get_input_matrix())
    np.testing.assert_allclose(again["walking"], model["walking"], atol=1e-7)
    again.save_model(tmp_path / "b.bin")
    assert (tmp_path / "a.bin").read_bytes() == (tmp_path / "b.bin").read_bytes()
    np.testing.assert_array_equal(pickle.loads(pickle.dumps(model))["walking"], model["walking"])


def test_unsupervised_training_begins_with_given_vectors(lines, tmp_path):
    path = tmp_path / "given.vec"
    path.write_text("2 3\nwalk 1 2 3\nnew 4 5 6\n")
    options = {"dim": 3, "minCount": 1, "maxn": 0, "thread": 1, "epoch": 0}
    model = fasttext.train_unsupervised(lines, pretrainedVectors=str(path), **options)
    assert model["walk"].tolist() == [1, 2, 3] and model["new"].tolist() == [4, 5, 6]
    with pytest.raises(ValueError, match="dim is 4"):
        fasttext.train_unsupervised(lines, pretrainedVectors=str(path), **options | {"dim": 4})


@pytest.mark.parametrize("name", ["cbow", "skipgram", "supervised"])
def test_functions_that_fasttext_removed_raise(name):
    with pytest.raises(Exception, match=f"`{name}` is not supported any more"):
        getattr(fasttext, name)("x")


def test_install_as_fasttext_replaces_the_package_unless_it_is_imported():
    program = (
        "from wildvec.compat.fasttext import install_as_fasttext as install; install(); install()\n"
        "import fasttext, fasttext.util, fasttext.FastText\n"
        "from fasttext import load_model; from fasttext.FastText import train_supervised\n"
        "assert fasttext.__name__ == 'wildvec.compat.fasttext'\n"
        "import sys, types; sys.modules['fasttext'] = types.ModuleType('fasttext')\n"
        "try: install()\nexcept ImportError as error: print(error)\n"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert "fasttext is imported already" in done.stdout


# -- tokens and subwords ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "text, tokens",
    [
        ("", []),
        (" ", []),
        ("\n", ["</s>"]),
        ("a\tb\n", ["a", "b", "</s>"]),
        ("a\u00a0b\x0bc\0d", ["a\u00a0b", "c", "d"]),
    ],
)
def test_tokenize(text, tokens):
    assert fasttext.tokenize(text) == tokens


def test_ngrams_and_hashes_of_fasttext():
    # The values are those of fastText 0.9.2, for a model of 361 words and 3,000 buckets.
    assert char_ngrams("zé", 2, 4) == ["<z", "<zé", "<zé>", "zé", "zé>", "é>"]
    assert [361 + hash_of(ngram) % 3000 for ngram in ("<z", "<zz", "<zzé", "é>", "abc")] == [
        1636,
        3228,
        3084,
        3142,
        1692,
    ]


def test_a_word_vector_is_the_mean_of_the_rows_of_its_subwords(with_ngrams):
    for word in ("w1", "unknown", "é"):
        names, rows = with_ngrams.get_subwords(word)
        assert len(names) == len(rows)
        mean = np.mean([with_ngrams.get_input_vector(row) for row in rows], axis=0)
        np.testing.assert_allclose(with_ngrams.get_word_vector(word), mean, rtol=1e-5)
        assert np.array_equal(with_ngrams[word], with_ngrams.get_word_vector(word))
    assert with_ngrams.get_subword_id("w1>") in with_ngrams.get_subwords("w1")[1]


def test_without_subwords(model):
    names, rows = model.get_subwords("w1")
    assert (names, rows.tolist()) == (["w1"], [model.get_word_id("w1")])
    assert model.get_subwords("unknown")[0] == []
    assert not model.get_word_vector("unknown").any()
    with pytest.raises(ValueError, match="bucket"):
        model.get_subword_id("abc")


# -- dictionary ---------------------------------------------------------------------------------------------------


def test_words_labels_and_frequencies(model, data):
    words, counts = model.get_words(include_freq=True)
    tokens = [t for line in read_lines(data) for t in line.split() if not t.startswith("__label__")]
    expected = {word: tokens.count(word) for word in set(tokens)} | {"</s>": 400}
    assert dict(zip(words, counts.tolist(), strict=True)) == expected
    assert model.words == words
    assert "w1" in model
    assert "unknown" not in model
    labels, frequencies = model.get_labels(include_freq=True)
    assert model.labels == labels
    assert sorted(labels) == ["__label__0", "__label__1", "__label__2", "__label__b"]
    assert frequencies.tolist() == sorted(frequencies.tolist(), reverse=True)
    assert model.get_label_id(labels[1]) == 1
    assert (model.get_label_id("x"), model.get_word_id("x")) == (-1, -1)


def test_get_line(model):
    line = "w1 __label__0 new __label__unknown </s> w2"
    assert model.get_line(line) == (["w1", "new", "</s>"], ["__label__0"])
    assert model.get_line(["w1", "__label__b"]) == ([["w1", "</s>"], ["</s>"]], [[], ["__label__b"]])


# -- predictions --------------------------------------------------------------------------------------------------


def test_predict_one_line_and_many(model):
    labels, scores = model.predict("w1 w2 w3")
    assert (labels, scores.dtype, scores.shape) == (("__label__0",), np.float64, (1,))
    many, all_scores = model.predict(["w1 w2 w3", "w201 w202 w203", ""], k=2)
    assert many[0][0] == "__label__0"
    assert many[1][0] == "__label__2"
    assert [len(of) for of in many] == [2, 2, 2]
    assert all_scores[0].dtype == np.float32
    assert np.isclose(all_scores[0][0], scores[0])
    assert model.predict([]) == ([], [])


def test_k_and_threshold(model):
    assert len(model.predict("w1", k=-1)[0]) == 4
    labels, scores = model.predict("w1", k=-1, threshold=0.2)
    assert len(labels) == len(scores) < 4
    assert model.predict("w1", threshold=2)[0] == ()
    with pytest.raises(ValueError, match="k=0"):
        model.predict("w1", k=0)


@pytest.mark.parametrize("method", ["predict", "get_line", "get_sentence_vector"])
def test_lines_with_line_ends_are_refused(model, method):
    with pytest.raises(ValueError, match="one line at a time"):
        getattr(model, method)("a\nb")
    with pytest.raises(TypeError, match="line of text"):
        getattr(model, method)(3)


@pytest.mark.parametrize("loss", ["softmax", "ns", "hs", "ova"])
def test_all_losses(data, loss, tmp_path):
    model = train(data, loss=loss)
    n, precision, recall = model.test(data)
    assert n == 400
    assert precision > 0.9
    assert 0.7 < recall < precision
    model.save_model(tmp_path / "model.bin")
    again = fasttext.load_model(tmp_path / "model.bin")
    assert again.predict("w1 w2", k=4)[0] == model.predict("w1 w2", k=4)[0]


def test_probabilities_of_ova_are_those_of_fasttexts_table(data):
    model = train(data, loss="ova")
    exact = model.classifier.predict(["w1 w2 w3"], k=1)[0][0][1]
    rounded = model.predict("w1 w2 w3")[1][0]
    table = 1 / (1 + np.exp(-(np.arange(513) / 32 - 8)))
    assert np.abs(table - rounded).min() < 1e-6
    assert abs(exact - rounded) < 0.008


def test_measures_agree(model, data):
    n, precision, recall = model.test(data)
    lines = [model.get_line(line) for line in read_lines(data)]
    found, _ = model.predict([" ".join(words) for words, _ in lines])
    assert util.test(found, [labels for _, labels in lines]) == (precision, recall)
    by_label = model.test_label(data)
    assert set(by_label) == set(model.labels)
    assert set(by_label["__label__0"]) == {"precision", "recall", "f1score"}
    meter = model.get_meter(data)
    scores, correct = meter.score_vs_true("__label__0")
    assert len(scores) == len(correct) == n
    precisions, recalls = meter.precision_recall_curve()
    assert len(precisions) == len(recalls)
    assert meter.precision_at_recall(0.5) >= meter.precision_at_recall(0.9)
    assert meter.recall_at_precision(0.5, "__label__1") > 0.9


def test_lines_without_known_labels_do_not_count(model, tmp_path):
    path = tmp_path / "test.txt"
    path.write_text("__label__0 w1\nw1 w2\n__label__new w1\n\n__label__0\n", encoding="utf-8")
    assert model.test(path)[0] == 2  # the last line has the feature </s>


# -- vectors ------------------------------------------------------------------------------------------------------


def test_vectors_of_an_unsupervised_model(unsupervised, tmp_path):
    assert unsupervised.get_dimension() == 8
    assert unsupervised.get_labels() == unsupervised.words
    assert "</s>" in unsupervised
    neighbours = unsupervised.get_nearest_neighbors("w1", k=3)
    assert len(neighbours) == 3
    assert all(isinstance(word, str) and score <= 1 for score, word in neighbours)
    assert len(unsupervised.get_analogies("w1", "w2", "w3", k=2)) == 2
    unsupervised.save_model(tmp_path / "vectors.bin")
    again = fasttext.load_model(tmp_path / "vectors.bin")
    assert np.array_equal(again.get_input_matrix(), unsupervised.get_input_matrix())
    assert again.get_nearest_neighbors("w1", k=3) == neighbours
    for call in (lambda: again.predict("w1"), lambda: again.test("x"), lambda: again.quantize()):
        with pytest.raises(ValueError, match="supervised"):
            call()


def test_an_empty_file_has_an_empty_vocabulary(tmp_path):
    (tmp_path / "empty.txt").touch()
    with pytest.raises(ValueError, match="Empty vocabulary"):
        fasttext.train_unsupervised(str(tmp_path / "empty.txt"), maxn=0)


def test_the_sentence_vector(model, unsupervised):
    rows = [model.get_word_vector(word) for word in ("w1", "w2", "</s>")]
    np.testing.assert_allclose(model.get_sentence_vector("w1 w2 unknown"), np.mean(rows, axis=0), rtol=1e-4)
    units = [v / np.linalg.norm(v) for v in map(unsupervised.get_word_vector, ("w1", "w2"))]
    np.testing.assert_allclose(unsupervised.get_sentence_vector("w1 w2"), np.mean(units, axis=0), rtol=1e-4)
    assert not unsupervised.get_sentence_vector("unknown").any()


@pytest.mark.parametrize("row", [-1, 10**9])
def test_rows_out_of_range_raise(model, row):
    with pytest.raises(ValueError, match="out of range"):
        model.get_input_vector(row)


def test_matrices_can_be_replaced_and_reduced(data):
    model = train(data)
    before, label = model.get_input_matrix(), model.predict("w1 w2 w3")[0]
    with pytest.raises(ValueError, match="size mismatch"):
        model.set_matrices(before, model.get_output_matrix()[:, :3])
    model.set_matrices(before, -model.get_output_matrix())
    assert model.predict("w1 w2 w3")[0] != label
    model.set_matrices(before, -model.get_output_matrix())
    assert util.reduce_model(model, 4) is model
    assert model.get_dimension() == 4
    assert model.predict("w1 w2 w3")[0] == label


def test_find_nearest_neighbor():
    vectors = np.eye(3)
    assert util.find_nearest_neighbor(np.array([3, 2, 1]), vectors, {0}) == 1
    assert util.find_nearest_neighbor(np.array([3.0, 2, 1]), vectors, set(), np.empty(3)) == 0
    with pytest.raises(ValueError, match="ban_set"):
        util.find_nearest_neighbor(np.ones(3), vectors, {0, 1, 2})
    with pytest.raises(NotImplementedError, match="downloads nothing"):
        util.download_model("vectors_english")


# -- quantisation -------------------------------------------------------------------------------------------------


def test_quantize(data, tmp_path):
    model = train(data, wordNgrams=2, minn=2, maxn=3, bucket=2000)
    n_words, before = len(model.words), model.test(data)
    model.quantize(input=data, cutoff=400, retrain=True, qnorm=True)
    assert model.is_quantized()
    assert len(model.words) < n_words
    assert model.test(data)[1] > before[1] - 0.05
    for method in ("get_input_matrix", "get_output_matrix"):
        with pytest.raises(ValueError, match="quantized"):
            getattr(model, method)()
    with pytest.raises(ValueError, match="already quantized"):
        model.quantize()
    names, rows = model.get_subwords("w1")
    assert len(names) == len(rows)
    assert (rows < 400).all()
    model.save_model(tmp_path / "small.ftz")
    again = fasttext.load_model(tmp_path / "small.ftz")
    assert again.is_quantized()
    assert again.words == model.words
    assert again.predict("w1 w2", k=4)[0] == model.predict("w1 w2", k=4)[0]
    model.f.loadModel(str(tmp_path / "small.ftz"))
    assert model.is_quantized()


@pytest.mark.parametrize(
    "options, message",
    [({"qout": True}, "too small"), ({"cutoff": 100}, "too small"), ({"retrain": True}, "input file path")],
)
def test_a_failed_quantisation_leaves_the_model_unchanged(data, options, message):
    model = train(data)
    words, prediction = model.words, model.predict("w1", k=4)[1].tolist()
    with pytest.raises(ValueError, match=message):
        model.quantize(**options)
    assert not model.is_quantized()
    assert model.words == words
    assert model.predict("w1", k=4)[1].tolist() == prediction


def test_models_can_be_pickled(model, unsupervised):
    for each in (model, unsupervised):
        again = pickle.loads(pickle.dumps(each))
        assert again.words == each.words
        assert again.f.getArgs().dim == each.f.getArgs().dim
    assert pickle.loads(pickle.dumps(model)).predict("w1")[0] == model.predict("w1")[0]


def test_load_model_refuses_other_files(tmp_path):
    (tmp_path / "text.bin").write_text("no model")
    with pytest.raises(ValueError, match="no fastText model"):
        fasttext.load_model(tmp_path / "text.bin")
    with pytest.raises(FileNotFoundError):
        fasttext.load_model(tmp_path / "nothing.bin")


def test_numbers_of_labels_and_neighbours_are_checked(tmp_path):
    path = tmp_path / "train.txt"
    path.write_text("__label__a x\n__label__b y\n" * 20)
    model = fasttext.train_supervised(str(path), dim=4, thread=1)
    for k, error in ((0, ValueError), (1.5, TypeError), (None, TypeError)):
        with pytest.raises(error, match=f"k={k}"):
            model.predict("x", k=k)
    with pytest.raises(ValueError, match="threshold=nan"):
        model.predict("x", threshold=float("nan"))
    with pytest.raises(ValueError, match="k=-1"):
        model.get_nearest_neighbors("x", k=-1)


def test_wrong_model_and_word(tmp_path):
    path = tmp_path / "text.txt"
    path.write_text("night day nights\n" * 9)
    with pytest.raises(ValueError, match="give 'skipgram' or 'cbow'"):
        fasttext.train_unsupervised(str(path), model="foo")
    model = fasttext.train_unsupervised(str(path), minCount=1, epoch=1, dim=8, bucket=20, thread=1)
    with pytest.raises(TypeError, match="give a str"):
        model.get_word_vector(5)
