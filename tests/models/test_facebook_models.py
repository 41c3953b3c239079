"""fastText's files: read and written by wildvec, fastText and gensim."""

import struct
from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest

from wildvec import (
    FastText,
    KeyedVectors,
    TextClassifier,
    load_facebook_model,
    load_facebook_vectors,
    save_facebook_model,
)
from wildvec.io import fasttext
from wildvec.io.fasttext import FastTextFile, FastTextSettings
from wildvec.quantize import Codebooks, QuantizedMatrix
from wildvec.training.huffman import huffman_paths

TEXT = [["walk", "walks", "walked", "</s>"], ["talk", "talks", "größer", "</s>"]] * 40
SETTINGS = {
    "skip-gram": {"sg": 1},
    "CBOW": {},
    "hierarchical softmax": {"hs": 1, "negative": 0},
    "both": {"hs": 1},
    "max_n=0": {"max_n": 0},
    "bucket=0": {"bucket": 0},
}


def train(**settings):
    return FastText(
        TEXT, **{"vector_size": 12, "min_count": 1, "epochs": 2, "workers": 1, "bucket": 300} | settings
    )


def rows(n, dim=4, seed=0):
    return np.random.default_rng(seed).normal(size=(n, dim)).astype(np.float32)


def make_file(words=("</s>", "night", "ab"), bucket=20, **changes):
    settings = {"dim": 4, "model": "skipgram", "loss": "ns", "bucket": bucket, "minn": 2, "maxn": 4}
    for name in tuple(changes):
        if name in FastTextSettings.__dataclass_fields__:
            settings[name] = changes.pop(name)
    n = len(words)
    file = FastTextFile(
        FastTextSettings(**settings),
        list(words),
        np.arange(n, 0, -1),
        [],
        np.empty(0, np.int64),
        rows(n + bucket),
        rows(n, seed=1),
        n_tokens=77,
    )
    return replace(file, **changes)


@pytest.mark.parametrize("name", SETTINGS)
def test_a_model_comes_back_and_its_file_has_the_same_bytes(name, tmp_path):
    model = train(**SETTINGS[name])
    first, second = tmp_path / "a.bin", tmp_path / "b.bin"
    save_facebook_model(model, first)
    loaded = load_facebook_model(first)
    save_facebook_model(loaded, second)
    assert first.read_bytes() == second.read_bytes()
    np.testing.assert_allclose(loaded.wv.vectors, model.wv.vectors, atol=1e-7)
    for setting in ("vector_size", "window", "epochs", "min_count", "sg", "hs", "sample"):
        assert getattr(loaded, setting) == getattr(model, setting)
    vectors = load_facebook_vectors(first)
    np.testing.assert_array_equal(vectors.vectors, loaded.wv.vectors)
    assert vectors.counts.tolist() == model.wv.counts.tolist()
    if model.max_n and model.bucket:
        np.testing.assert_array_equal(vectors["walking"], loaded.wv["walking"])


@pytest.mark.parametrize("loss", ["ns", "hs", "softmax"])
@pytest.mark.parametrize("version", [11, 12])
def test_a_file_of_fasttext_is_written_with_the_same_bytes(loss, version, tmp_path):
    file = make_file(loss=loss, neg=7, lr_update_rate=33, t=0.5, version=version)
    if loss == "hs":
        file.output[-1] = 0  # a tree has one node less than words
    paths = tmp_path / "a.bin", tmp_path / "b.bin"
    fasttext.write(paths[0], file)
    save_facebook_model(load_facebook_model(paths[0]), paths[1])
    assert paths[0].read_bytes() == paths[1].read_bytes()
    save_facebook_model(load_facebook_model(paths[0]), paths[1], lr_update_rate=5, word_ngrams=1)
    assert fasttext.read(paths[1]).settings.lr_update_rate == 5


def test_the_end_of_a_line_has_no_ngrams(tmp_path):
    file = make_file()
    fasttext.write(tmp_path / "a.bin", file)
    wv = load_facebook_vectors(tmp_path / "a.bin")
    np.testing.assert_array_equal(wv["</s>"], file.input[0])
    assert not np.allclose(wv["night"], file.input[1])


def test_words_that_are_not_utf8_keep_their_bytes(tmp_path):
    file = make_file(words=("</s>", "a\udcff", "größe", "b"))
    first, second = tmp_path / "a.bin", tmp_path / "b.bin"
    fasttext.write(first, file)
    for wv in (load_facebook_vectors(first), load_facebook_model(first).wv):
        assert wv.index_to_key == ["</s>", "a\\xff", "größe", "b"]
    assert load_facebook_vectors(first, errors="replace").index_to_key[1] == "a\ufffd"
    with pytest.raises(ValueError, match=r"a\.bin: the word b'a\\xff'"):
        load_facebook_vectors(first, errors="strict")
    save_facebook_model(load_facebook_model(first), second)
    assert first.read_bytes() == second.read_bytes()


def test_another_encoding(tmp_path):
    raw = "který".encode("cp852").decode("utf-8", "surrogateescape")
    path = tmp_path / "a.bin"
    fasttext.write(path, make_file(words=("</s>", raw)))
    model = load_facebook_model(path, encoding="cp852")
    assert model.wv.index_to_key == ["</s>", "který"]
    save_facebook_model(model, tmp_path / "b.bin", encoding="cp852")
    assert (tmp_path / "b.bin").read_bytes() == path.read_bytes()


def test_a_file_of_the_first_format_is_read(tmp_path):
    file = make_file()
    words = b"".join(
        word.encode() + b"\0" + struct.pack("<qb", count, 0)
        for word, count in zip(file.words, file.word_counts.tolist(), strict=True)
    )
    sizes = struct.pack("<3iq", len(file.words), len(file.words), 0, file.n_tokens)
    matrices = [struct.pack("<2q", *matrix.shape) + matrix.tobytes() for matrix in (file.input, file.output)]
    (tmp_path / "old.bin").write_bytes(b"".join([file.settings.pack(), sizes, words, *matrices]))
    read = load_facebook_model(tmp_path / "old.bin")
    np.testing.assert_array_equal(read.wv.vectors_ngrams, file.input[3:])
    assert read.corpus_total_words == 77


def test_rows_of_buckets_that_do_not_occur_depend_on_the_seed_and_the_bucket(tmp_path):
    paths = {seed: tmp_path / f"{seed}.bin" for seed in (1, 2)}
    files = {}
    for seed, path in paths.items():
        save_facebook_model(train(seed=seed, bucket=3_000), path)
        files[seed] = fasttext.read(path)
    n = len(files[1].words)
    used = train(bucket=3_000).wv.buckets
    free = np.delete(np.arange(3_000), used) + n
    assert len(free) > 2_000
    assert np.abs(files[1].input[free]).max() <= 1 / 12
    assert (files[1].input[free] != files[2].input[free]).mean() > 0.99
    assert len(np.unique(files[1].input[free], axis=0)) == len(free)
    save_facebook_model(train(seed=1, bucket=3_000, epochs=3), paths[2])
    np.testing.assert_array_equal(fasttext.read(paths[2]).input[free], files[1].input[free])


@pytest.mark.parametrize("name", ["skip-gram", "hierarchical softmax", "max_n=0"])
def test_a_loaded_model_is_trained_further_and_grows(name, tmp_path):
    path = tmp_path / "a.bin"
    save_facebook_model(train(**SETTINGS[name]), path)
    model = load_facebook_model(path)
    before, n_rows = model.wv["walk"].copy(), len(model.wv.vectors_ngrams)
    model.workers = 1
    model.train(TEXT, total_examples=len(TEXT), epochs=1)
    assert not np.array_equal(model.wv["walk"], before)
    trained = model.wv["walk"].copy()
    model.build_vocab([["new", "walk"]] * 9, update=True)
    assert "new" in model.wv.key_to_index and len(model.wv.vectors_ngrams) == n_rows
    np.testing.assert_allclose(model.wv["walk"], trained, atol=1e-6)
    model.train(TEXT, epochs=1)
    model.save(tmp_path / "native")
    again = FastText.load(tmp_path / "native")
    save_facebook_model(again, tmp_path / "b.bin")
    np.testing.assert_allclose(load_facebook_vectors(tmp_path / "b.bin").vectors, model.wv.vectors, atol=1e-6)


def test_vectors_of_a_supervised_model_and_the_refusal_of_the_model(tmp_path):
    texts, labels = [["good", "film"], ["bad", "film"]] * 20, ["yes", "no"] * 20
    path = tmp_path / "labels.bin"
    classifier = TextClassifier(vector_size=8, min_n=3, max_n=4, bucket=100, workers=1)
    classifier.fit([" ".join(text) for text in texts], labels)
    classifier.save_fasttext(path)
    wv = load_facebook_vectors(path)
    np.testing.assert_allclose(wv.vectors, KeyedVectors.load(path).vectors, atol=1e-6)
    assert wv["films"].any()
    with pytest.raises(NotImplementedError, match="TextClassifier"):
        load_facebook_model(path)


def test_the_vectors_of_a_pruned_model(tmp_path):
    codes = np.random.default_rng(1).integers(0, 256, (5, 2), np.uint8)
    matrix = QuantizedMatrix(codes, Codebooks(4, 2, rows(4, 256).ravel()))
    kept = np.array([[17, 1], [2, 0]], np.int32)
    file = make_file(
        model="supervised", input=matrix, output=rows(1), labels=["__label__a"], kept_buckets=kept
    )
    file.label_counts = np.ones(1, np.int64)
    fasttext.write(tmp_path / "a.ftz", file)
    wv = load_facebook_vectors(tmp_path / "a.ftz")
    assert wv.buckets.tolist() == [2, 17]
    np.testing.assert_array_equal(wv.vectors_ngrams, file.input.decode(np.array([3, 4])))
    np.testing.assert_allclose(wv.vectors, KeyedVectors.load(tmp_path / "a.ftz").vectors, rtol=1e-5)


def test_errors_name_the_file(tmp_path):
    path = tmp_path / "a.bin"
    with pytest.raises(FileNotFoundError):
        load_facebook_vectors(path)
    fasttext.write(path, make_file())
    data = path.read_bytes()
    for size in (0, 7, 40, 100, len(data) - 1):
        path.write_bytes(data[:size])
        for load in (load_facebook_vectors, load_facebook_model):
            with pytest.raises((EOFError, ValueError), match=r"a\.bin"):
                load(path)
    path.write_bytes(b"3 2\nthe 1 2\nof 3 4\nand 5 6\n" * 20)
    with pytest.raises(ValueError, match="no fastText model"):
        load_facebook_model(path)
    with pytest.raises(RuntimeError, match="build_vocab"):
        save_facebook_model(FastText(), path)


def test_a_value_that_is_not_finite_is_an_error(tmp_path):
    file = make_file()
    file.input[2, 1] = np.nan
    fasttext.write(tmp_path / "a.bin", file)
    with pytest.raises(ValueError, match="input matrix holds nan"):
        load_facebook_vectors(tmp_path / "a.bin")
    file.input[2, 1] = 3e38
    file.input[2, 2] = 3e38  # their sum overflows, but both are finite
    fasttext.write(tmp_path / "a.bin", file)
    assert np.isfinite(load_facebook_vectors(tmp_path / "a.bin").vectors_ngrams).all()


# The other programs, where they are installed


@pytest.mark.parametrize("name", ["skip-gram", "CBOW", "hierarchical softmax", "max_n=0"])
def test_gensim_reads_our_files_and_we_read_those_of_gensim(name, tmp_path):
    gensim = pytest.importorskip("gensim.models.fasttext")
    ours, theirs = tmp_path / "ours.bin", tmp_path / "theirs.bin"
    text = [[word for word in line if word != "</s>"] for line in TEXT]  # gensim gives it n-grams
    settings = {"vector_size": 12, "min_count": 1, "epochs": 2, "workers": 1, "bucket": 300} | SETTINGS[name]
    model = FastText(text, **settings)
    save_facebook_model(model, ours)
    if name != "max_n=0":
        found = gensim.load_facebook_vectors(str(ours))
        np.testing.assert_allclose(found.vectors, model.wv.vectors, atol=1e-5)
        np.testing.assert_allclose(found["walking"], load_facebook_vectors(ours)["walking"], atol=1e-5)
        gensim.save_facebook_model(gensim.load_facebook_model(str(ours)), str(theirs))
        read = load_facebook_vectors(theirs)
        np.testing.assert_allclose(read.vectors, model.wv.vectors, atol=1e-6)
        save_facebook_model(load_facebook_model(theirs), ours)
        assert ours.read_bytes() == theirs.read_bytes()


@pytest.mark.parametrize("name", SETTINGS)
def test_fasttext_reads_our_files(name, tmp_path):
    fasttext_module = pytest.importorskip("fasttext")
    path, again = tmp_path / "a.bin", tmp_path / "b.bin"
    model = train(**SETTINGS[name])
    save_facebook_model(model, path)
    loaded = fasttext_module.load_model(str(path))
    for word in model.wv.index_to_key:
        np.testing.assert_allclose(loaded.get_word_vector(word), model.wv[word], atol=1e-6)
    loaded.save_model(str(again))
    assert path.read_bytes() == again.read_bytes()


def fasttext_paths(counts):
    """Return the (row, bit) pairs of each word from the root on, as fastText's model computes them.

    fastText joins the two rarest trees; of equal ones an inner node comes first. It numbers the root last.
    """
    n = len(counts)
    weights, parents, bits = list(counts), {}, {}
    leaves, inner = list(range(n)), []
    for node in range(n, 2 * n - 1):
        pair = []
        for _ in range(2):
            is_leaf = leaves and (not inner or weights[leaves[-1]] < weights[inner[0]])
            pair.append(leaves.pop() if is_leaf else inner.pop(0))
        weights.append(weights[pair[0]] + weights[pair[1]])
        for bit, child in enumerate(pair):
            parents[child], bits[child] = node, bit
        inner.append(node)
    paths = []
    for word in range(n):
        path, at = [], word
        while at in parents:
            path.insert(0, (parents[at] - n, bits[at]))
            at = parents[at]
        paths.append(path)
    return paths


def test_the_tree_is_that_of_fasttext():
    counts = [40, 9, 9, 9, 5, 4, 4, 2, 1, 1, 1, 1]
    offsets, nodes, codes, _ = huffman_paths(np.array(counts))
    for word, path in enumerate(fasttext_paths(counts)):
        part = slice(offsets[word], offsets[word + 1])
        ours = zip(nodes[part].tolist(), codes[part].tolist(), strict=True)
        assert [(len(counts) - 2 - row, bit) for row, bit in path] == list(ours)


def test_a_loaded_model_has_the_loss_of_fasttext(tmp_path):
    """The model of a file predicts each word from its neighbours as fastText's model of the file does."""
    words = [f"w{i}" for i in range(9)]
    file = make_file(words, loss="hs", t=0.0, ws=1, maxn=0)
    file.output[-1] = 0
    fasttext.write(tmp_path / "a.bin", file)
    model = load_facebook_model(tmp_path / "a.bin")
    text = np.random.default_rng(3).integers(0, 9, (30, 8))
    losses = [
        np.logaddexp(0, -(2 * bit - 1) * (file.output[row] @ file.input[context])).sum()
        for line in text
        for context, word in [*pairwise(line), *pairwise(line[::-1])]
        for row, bit in [np.array(fasttext_paths(file.word_counts.tolist())[word]).T]
    ]
    sentences = [[words[i] for i in line] for line in text]
    model.train(sentences, total_examples=len(text), epochs=1, start_alpha=1e-9, end_alpha=1e-9)
    assert model.epoch_losses[-1] == pytest.approx(np.mean(losses), rel=1e-4)
