"""Quantised classifiers and fastText's files of classifiers."""

import copy
import logging
import pickle

import numpy as np
import pytest

from wildvec import TextClassifier, cli
from wildvec.io import fasttext, native
from wildvec.models.fasttext_files import is_fasttext_name

LABELS = ["a", "b", "c"]


def make_texts(n=300, seed=0):
    draw = np.random.default_rng(seed)
    numbers = draw.integers(3, size=n)
    texts = [" ".join(f"w{number}_{w}" for w in draw.integers(100, size=8)) for number in numbers.tolist()]
    return texts, [LABELS[number] for number in numbers.tolist()]


TEXTS, TRUE = make_texts()


def fit(**settings):
    options = {"vector_size": 8, "word_ngrams": 2, "bucket": 5000, "workers": 1, "binary": False, **settings}
    return TextClassifier(**options).fit(TEXTS, TRUE)


@pytest.fixture(scope="module")
def model():
    return fit()


def copy_of(model):
    return pickle.loads(pickle.dumps(model))


@pytest.mark.parametrize("loss", ["softmax", "ova", "hs", "ns"])
@pytest.mark.parametrize("options", [{}, {"cutoff": 400}, {"cutoff": 400, "texts": TEXTS, "labels": TRUE}])
def test_a_quantised_model_predicts_is_saved_and_loaded(loss, options, tmp_path):
    model = fit(loss=loss)
    before = model.score(TEXTS, TRUE)
    assert model.quantize(**options) is model
    assert model.is_quantized
    assert model.score(TEXTS, TRUE) > before - 0.05
    found = model.predict(TEXTS, k=3)
    for name in ("small.wv", "small.ftz", "small.ftz.gz"):
        model.save(tmp_path / name)
        again = TextClassifier.load(tmp_path / name)
        assert again.is_quantized
        assert again.predict(TEXTS, k=3) == found
        assert again.test(TEXTS, TRUE) == model.test(TEXTS, TRUE)
    assert pickle.loads(pickle.dumps(model)).predict(TEXTS, k=3) == found


def test_the_files_are_small(model, tmp_path):
    small = copy_of(model).quantize()
    for each, name in ((model, "large.wv"), (small, "small.wv"), (small, "small.ftz")):
        each.save(tmp_path / name)
    large, *others = ((tmp_path / name).stat().st_size for name in ("large.wv", "small.wv", "small.ftz"))
    assert all(size < large / 2 for size in others)
    assert fasttext.read(tmp_path / "small.ftz").kept_buckets is not None


def test_the_longest_rows_are_kept_and_the_end_of_a_line(model):
    small = copy_of(model).quantize(cutoff=300)
    assert small.n_rows == 300
    assert "</s>" in small.words
    rows = model._matrices["input_rows"][:, : model.vector_size]
    lengths = np.linalg.norm(rows, axis=1)
    longest = np.sort(lengths)[-300]
    kept = {word for word, length in zip(model.words, lengths.tolist(), strict=False) if length > longest}
    assert kept | {"</s>"} == set(small.words)
    assert np.array_equal(small.word_counts, [model.word_counts[model.words.index(w)] for w in small.words])


def test_ngrams_that_were_pruned_do_not_count(model):
    small = copy_of(model).quantize(cutoff=300)
    word = next(w for w in small.words if w != "</s>")
    one, other = small.transform([word, f"{word} unknown"])
    np.testing.assert_allclose(one, other, rtol=1e-6)


def test_training_again_makes_up_for_pruning():
    model = fit(epochs=1, alpha=0.1)
    pruned, again = (
        copy_of(model).quantize(cutoff=260, **options)
        for options in ({}, {"texts": TEXTS, "labels": TRUE, "epochs": 10, "alpha": 0.7})
    )
    texts, true = make_texts(seed=1)
    assert again.score(texts, true) > pruned.score(texts, true)
    assert (again.epochs, again.alpha) == (1, 0.1)
    assert again.epochs_trained == 11


def test_the_texts_may_be_a_file(model, tmp_path):
    path = tmp_path / "train.txt"
    path.write_text("".join(f"__label__{label} {text}\n" for label, text in zip(TRUE, TEXTS, strict=True)))
    small = copy_of(model).quantize(path, cutoff=300)
    assert small.epochs_trained == 2 * model.epochs_trained


def test_the_result_does_not_depend_on_the_workers(model):
    results = []
    for workers in (1, 3):
        small = copy_of(model)
        small.workers = workers
        results.append(small.quantize(cutoff=400)._quantized.input.codes)
    assert np.array_equal(*results)


def test_the_output_is_quantised_too():
    labels = [f"label{i % 300}" for i in range(900)]
    model = TextClassifier(vector_size=6, workers=1).fit([f"w{i % 300} x" for i in range(900)], labels)
    before = model.score([f"w{i} x" for i in range(300)], labels[:300])
    model.quantize(qout=True)
    assert model._quantized.output is not None
    assert model.score([f"w{i} x" for i in range(300)], labels[:300]) > before - 0.2


@pytest.mark.parametrize(
    "options, message",
    [
        ({"qout": True}, "output matrix is too small"),
        ({"cutoff": 255}, "input matrix is too small"),
        ({"texts": TEXTS, "labels": TRUE}, "give cutoff"),
        ({"cutoff": -1}, "cutoff=-1"),
        ({"dsub": 0}, "dsub=0"),
        ({"alpha": -1.0}, "alpha=-1"),
        ({"texts": TEXTS, "labels": TRUE[:-1], "cutoff": 300}, "299 labels for 300 texts"),
    ],
)
def test_a_failure_leaves_the_model_unchanged(model, options, message):
    each = copy_of(model)
    found = each.predict(TEXTS, k=3)
    with pytest.raises(ValueError, match=message):
        each.quantize(**options)
    assert not each.is_quantized
    assert each.predict(TEXTS, k=3) == found


def test_a_quantised_model_is_not_trained(model, tmp_path):
    small = copy_of(model).quantize()
    for call in (lambda: small.fit(TEXTS, TRUE), small.quantize):
        with pytest.raises(ValueError, match="already quantized"):
            call()
    (tmp_path / "t.txt").write_text("__label__a b\n")
    with pytest.raises(ValueError, match="already quantized"):
        small.fit_file(tmp_path / "t.txt")


def test_a_model_without_training_is_not_quantised():
    with pytest.raises(ValueError, match="not fitted"):
        TextClassifier().quantize()


@pytest.mark.parametrize(
    "name, change, message",
    [
        ("input_rows.codes", lambda a: a[:, :-1].copy(), "do not fit"),
        ("input_rows.codes", lambda a: a[:-1].copy(), "fit|shape"),
        ("input_rows.centroids", lambda a: a[:-1].copy(), "do not fit"),
        ("input_rows.centroids", lambda a: a.astype(np.float64), "wrong type"),
        ("input_rows.norm_codes", lambda a: a[1:].copy(), "do not fit"),
        ("input_rows.dsub", lambda a: a * 0, "do not fit"),
    ],
)
def test_codes_that_do_not_fit_are_refused(model, tmp_path, name, change, message):
    path = tmp_path / "small.wv"
    copy_of(model).quantize().save(path)
    tensors, metadata = native.read(path)
    tensors[name] = change(tensors[name])
    own = {key: value for key, value in metadata.items() if key not in ("format", "version")}
    native.write(path, tensors, own)
    with pytest.raises(ValueError, match=message):
        TextClassifier.load(path)


# -- fastText's files ---------------------------------------------------------------------------------------------


def test_a_model_is_read_back_from_its_bin_file(model, tmp_path):
    model.save(tmp_path / "model.bin")
    again = TextClassifier.load(tmp_path / "model.bin")
    assert (again.words, again.labels, again.label_counts) == (model.words, model.labels, model.label_counts)
    assert np.array_equal(again.word_counts, model.word_counts)
    assert np.array_equal(again.input_rows, model.input_rows)
    assert again.predict(TEXTS, k=3) == model.predict(TEXTS, k=3)
    assert (again.word_ngrams, again.bucket, again.loss, again.label_prefix) == (
        2,
        5000,
        "softmax",
        "__label__",
    )
    again.save(tmp_path / "again.bin")
    assert (tmp_path / "again.bin").read_bytes() == (tmp_path / "model.bin").read_bytes()


@pytest.mark.parametrize("prefix", ["#", "", "__label__"])
def test_labels_with_another_prefix(prefix, tmp_path):
    fit(label_prefix=prefix).save_fasttext(tmp_path / "model.bin")
    again = TextClassifier.load_fasttext(tmp_path / "model.bin", label_prefix=prefix)
    assert sorted(again.labels) == LABELS
    whole = TextClassifier.load(tmp_path / "model.bin")
    expected = prefix if prefix != "__label__" else ""
    assert sorted(whole.labels) == [f"{expected}{label}" for label in LABELS]


def test_labels_that_are_numbers_become_text(tmp_path):
    model = TextClassifier(vector_size=4, workers=1).fit(["a b", "c d"] * 5, [1, 2] * 5)
    model.save_fasttext(tmp_path / "model.bin")
    assert sorted(TextClassifier.load(tmp_path / "model.bin").labels) == ["1", "2"]


def test_labels_with_white_space_are_refused(tmp_path):
    model = TextClassifier(vector_size=4, workers=1).fit(["a b", "c d"], ["x y", "z"])
    with pytest.raises(ValueError, match="white space"):
        model.save_fasttext(tmp_path / "model.bin")
    assert not list(tmp_path.iterdir())


def test_a_model_that_counts_features_once_gets_a_warning(tmp_path, caplog):
    with caplog.at_level(logging.WARNING):
        fit(binary=True).save(tmp_path / "model.bin")
    assert "binary=False" in caplog.text


def test_words_that_are_not_utf8_are_left_out(model, tmp_path, caplog):
    model.save(tmp_path / "model.bin")
    file = fasttext.read(tmp_path / "model.bin")
    odd = file.words[5]
    file.words[5] = "\udcff"
    fasttext.write(tmp_path / "odd.bin", file)
    with caplog.at_level(logging.WARNING):
        again = TextClassifier.load(tmp_path / "odd.bin")
    assert "1 words are not UTF-8" in caplog.text
    assert again.words == [word for word in model.words if word != odd]
    texts = [text for text in TEXTS if odd not in text.split()]
    assert again.predict(texts, k=3) == model.predict(texts, k=3)


def test_unsupervised_models_are_refused(tmp_path):
    settings = fasttext.FastTextSettings(dim=2, model="skipgram")
    rows = np.ones((1, 2), np.float32)
    one = np.ones(1, np.int64)
    file = fasttext.FastTextFile(settings, ["a"], one, [], one[:0], rows, rows)
    fasttext.write(tmp_path / "v.bin", file)
    with pytest.raises(ValueError, match=r"v\.bin: it holds a skipgram model"):
        TextClassifier.load(tmp_path / "v.bin")


@pytest.mark.parametrize(
    "name, expected",
    [("a.bin", True), ("a.FTZ", True), ("a.ftz.gz", True), ("a.bin.wv", False), ("bin", False), (3, False)],
)
def test_names_of_fasttext_files(name, expected):
    assert is_fasttext_name(name) == expected


def test_a_copy_is_independent(model):
    other = copy.deepcopy(model).quantize()
    assert not model.is_quantized
    assert other.is_quantized


# -- command ------------------------------------------------------------------------------------------------------


def test_the_command(model, tmp_path, capsys):
    text = tmp_path / "train.txt"
    text.write_text("".join(f"__label__{label} {words}\n" for label, words in zip(TRUE, TEXTS, strict=True)))
    model.save(tmp_path / "model.wv")
    source, output = str(tmp_path / "model.wv"), str(tmp_path / "small.ftz")
    options = ["--cutoff", "300", "--retrain", "--input", str(text), "--epochs", "3", "--alpha", "0.3"]
    assert cli.main(["quantize", source, "-o", output, *options]) == 0
    assert "300 of" in capsys.readouterr().err
    assert TextClassifier.load(output).is_quantized


@pytest.mark.parametrize(
    "options, message",
    [
        (["--retrain"], "--input FILE"),
        (["--retrain", "--input", "x"], "--cutoff N"),
        (["--input", "x"], "add --retrain"),
        (["--cutoff", "0"], "--cutoff"),
    ],
)
def test_wrong_options_of_the_command(options, message, capsys):
    assert cli.main(["quantize", "model.wv", "-o", "small.ftz", *options]) == 2
    assert message in capsys.readouterr().err


def test_ftz_is_for_quantised_models(model, tmp_path, capsys):
    with pytest.raises(ValueError, match=r"not quantised.*call quantize first, or save as \.bin"):
        model.save(tmp_path / "model.ftz")
    assert cli.main(["train-classifier", "text", "-o", str(tmp_path / "model.ftz")]) == 2
    assert "wildvec quantize" in capsys.readouterr().err


def test_the_warning_names_the_option_of_the_command_line(tmp_path, caplog):
    fit(binary=True).save(tmp_path / "model.bin")
    assert "--count-repeats" in caplog.text
