"""fastText's model files: round trips of every kind, damage at every byte, and memory."""

import gzip
import io
import struct
import tracemalloc
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from wildvec import KeyedVectors
from wildvec.compat.fasttext.subwords import char_ngrams, hash_of
from wildvec.io import fasttext, load
from wildvec.io.fasttext import FastTextFile, FastTextSettings
from wildvec.quantize import Codebooks, QuantizedMatrix


def rows(n, dim, seed=0):
    return np.random.default_rng(seed).normal(size=(n, dim)).astype(np.float32)


def quantized(n, dim, norms=False, dsub=2):
    draw = np.random.default_rng(1)
    codes = draw.integers(0, 256, (n, -(-dim // dsub)), np.uint8)
    books = Codebooks(dim, min(dsub, dim), rows(dim, 256).ravel())
    if not norms:
        return QuantizedMatrix(codes, books)
    return QuantizedMatrix(
        codes, books, draw.integers(0, 256, n, np.uint8), Codebooks(1, 1, rows(1, 256).ravel())
    )


def make(n_words=3, n_labels=2, dim=5, bucket=0, **changes):
    settings = FastTextSettings(dim=dim, bucket=bucket, word_ngrams=2 if bucket else 1)
    file = FastTextFile(
        settings,
        ["</s>", *(f"wört{i}" for i in range(n_words - 1))],
        np.arange(n_words, 0, -1),
        [f"__label__{i}" for i in range(n_labels)],
        np.arange(n_labels, 0, -1) + 10**10,
        rows(n_words + bucket, dim),
        rows(n_labels, dim, 1),
        n_tokens=99,
    )
    return replace(file, **changes)


def to_bytes(file):
    stream = io.BytesIO()
    fasttext.write(stream, file)
    return stream.getvalue()


KEPT = np.array([[7, 1], [2, 0]], np.int32)
FILES = {
    "words": make(),
    "n-grams": make(bucket=4),
    "quantised": make(bucket=4, input=quantized(7, 5)),
    "norms": make(bucket=4, input=quantized(7, 5, True)),
    "output too": make(input=quantized(3, 5, True, dsub=3), output=quantized(2, 5, True)),
    "pruned": make(bucket=9, input=quantized(5, 5, True), kept_buckets=KEPT),
    "all n-grams pruned": make(bucket=9, input=quantized(3, 5), kept_buckets=KEPT[:0]),
    "no UTF-8": make(words=["</s>", "a\udcff", "b"]),
    **{loss: make(settings=FastTextSettings(dim=5, loss=loss)) for loss in fasttext.LOSSES[1:]},
    "unsupervised": make(
        settings=FastTextSettings(dim=5, model="skipgram", bucket=2, minn=3, maxn=6, t=0.5),
        n_labels=0,
        input=rows(5, 5),
        output=rows(3, 5),
    ),
}


def same(a, b):
    if isinstance(a, QuantizedMatrix):
        return all(same(x, y) for x, y in zip(vars(a).values(), vars(b).values(), strict=True))
    if isinstance(a, Codebooks):
        return (a.dim, a.dsub) == (b.dim, b.dsub) and np.array_equal(a.centroids, b.centroids)
    return np.array_equal(a, b) if isinstance(a, np.ndarray) else a == b


@pytest.mark.parametrize("name", FILES)
@pytest.mark.parametrize("compressed", [False, True])
def test_what_is_written_is_read(name, compressed, tmp_path):
    path = tmp_path / ("model.bin.gz" if compressed else "model.bin")
    fasttext.write(path, FILES[name])
    read = fasttext.read(path)
    for part, value in vars(FILES[name]).items():
        assert same(value, getattr(read, part)), part
    assert to_bytes(read) == to_bytes(FILES[name])


def test_the_first_bytes_are_those_of_fasttext():
    data = to_bytes(make())
    assert data[:8] == struct.pack("<2i", 793712314, 12)
    assert struct.unpack_from("<12id", data, 8) == (5, 5, 5, 1, 5, 1, 3, 3, 0, 0, 0, 100, 1e-4)
    assert struct.unpack_from("<3i2q", data, 64) == (5, 3, 2, 99, -1)
    assert data[92:106] == b"</s>\0" + struct.pack("<qb", 3, 0)
    assert fasttext.is_fasttext(data)


@pytest.mark.parametrize("name", ["n-grams", "output too", "pruned"])
def test_a_file_that_is_cut_off_anywhere_is_an_error_that_names_it(name, tmp_path):
    data = to_bytes(FILES[name])
    path = tmp_path / "cut.bin"
    # Every byte up to the matrices, then some: each block of numbers is one case.
    for n in [*range(280), *range(280, len(data), 311), len(data) - 1]:
        path.write_bytes(data[:n])
        with pytest.raises(EOFError, match=r"cut\.bin: .*(cut off|would take)"):
            fasttext.read(path)


def test_a_compressed_file_that_is_cut_off_is_an_error(tmp_path):
    data = to_bytes(FILES["pruned"])
    path = tmp_path / "cut.gz"
    for n in [0, 3, 50, 100, 300, len(data) - 1]:
        path.write_bytes(gzip.compress(data[:n]))
        with pytest.raises(EOFError, match=r"cut.gz: .*cut off"):
            fasttext.read(path)


@pytest.mark.parametrize("name", ["n-grams", "output too", "pruned"])
def test_no_changed_byte_crashes(name, tmp_path):
    data = to_bytes(FILES[name])
    path = tmp_path / "flipped.bin"
    for at in range(0, 330, 2):
        changed = bytearray(data)
        changed[at + at // 2 % 2] ^= (0x01, 0x80, 0xFF)[at // 2 % 3]
        path.write_bytes(changed)
        try:
            fasttext.read(path)
        except (ValueError, EOFError) as error:
            assert "flipped.bin" in str(error)


SIZES = {  # position and format of the sizes of FILES["words"]
    "dim": (8, "i"),
    "loss": (32, "i"),
    "model": (36, "i"),
    "bucket": (40, "i"),
    "entries": (64, "i"),
    "words": (68, "i"),
    "labels": (72, "i"),
    "kept": (84, "q"),
    "rows": (-2 * 5 * 4 - 16 - 1 - 3 * 5 * 4 - 16, "q"),
    "columns": (-2 * 5 * 4 - 16 - 1 - 3 * 5 * 4 - 8, "q"),
}


@pytest.mark.parametrize("value", [-2, -(2**31), 2**31 - 1, 10**6, 2**40, 2**62, 2**63 - 1])
@pytest.mark.parametrize("size", SIZES)
def test_absurd_sizes_are_refused_before_memory_is_reserved(size, value, tmp_path):
    at, kind = SIZES[size]
    if kind == "i":
        value = min(value, 2**31 - 1)
    data = bytearray(to_bytes(FILES["words"]))
    struct.pack_into(f"<{kind}", data, at % len(data), value)
    path = tmp_path / "absurd.bin"
    path.write_bytes(data)
    tracemalloc.start()
    try:
        with pytest.raises((ValueError, EOFError), match=r"absurd\.bin"):
            fasttext.read(path)
        assert tracemalloc.get_traced_memory()[1] < 20e6
    finally:
        tracemalloc.stop()


@pytest.mark.parametrize(
    "data, message",
    [
        (b"no model at all", "no fastText model"),
        (struct.pack("<2i", 793712314, 13) + bytes(100), "version 13"),
        (to_bytes(FILES["words"]) + b"x", "more bytes follow"),
    ],
)
def test_other_files_are_refused(data, message, tmp_path):
    path = tmp_path / "other.bin"
    path.write_bytes(data)
    with pytest.raises(ValueError, match=message):
        fasttext.read(path)


@pytest.mark.parametrize("bad", [np.nan, np.inf])
def test_values_that_are_not_finite_are_refused_with_their_place(bad, tmp_path):
    file = make()
    file.input[2, 1] = bad
    fasttext.write(tmp_path / "nan.bin", file)
    with pytest.raises(ValueError, match=r"nan.bin: .*the input matrix holds (nan|inf) \(byte \d+\)"):
        fasttext.read(tmp_path / "nan.bin")


def test_supervised_models_of_version_11_have_no_character_ngrams(tmp_path):
    data = bytearray(to_bytes(make(bucket=4)))
    struct.pack_into("<i", data, 4, 11)
    struct.pack_into("<2i", data, 44, 3, 6)
    (tmp_path / "old.bin").write_bytes(data)
    assert fasttext.read(tmp_path / "old.bin").settings.maxn == 0


@pytest.mark.parametrize(
    "changes, message",
    [
        ({"input": rows(4, 5)}, "input matrix has the shape"),
        ({"output": rows(2, 4)}, "output matrix has the shape"),
        ({"words": ["a", "a", "b"]}, "word occurs twice"),
        ({"labels": ["x", "x"]}, "label occurs twice"),
        ({"words": ["a b", "c", "d"]}, "white space"),
        ({"kept_buckets": KEPT}, "input matrix has the shape|not quantised"),
        ({"output": quantized(2, 5)}, "output alone"),
        ({"settings": FastTextSettings(dim=5, word_ngrams=2)}, "number of buckets is 0"),
    ],
)
def test_parts_that_do_not_fit_are_not_written(changes, message, tmp_path):
    with pytest.raises(ValueError, match=message):
        fasttext.write(tmp_path / "bad.bin", make(**changes))
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    "kept", [[[9, 0], [2, 1]], [[-1, 0], [2, 1]], [[3, 0], [3, 1]], [[3, 0], [4, 0]], [[3, 0], [4, 2]]]
)
def test_kept_ngrams_have_buckets_and_rows_of_their_own(kept):
    file = make(bucket=9, input=quantized(5, 5), kept_buckets=np.array(kept, np.int32))
    with pytest.raises(ValueError, match="n-gram"):
        file.check()


def test_reading_needs_little_more_memory_than_the_matrices(tmp_path):
    file = make(n_words=20_000, dim=100)
    fasttext.write(tmp_path / "large.bin", file)
    n_bytes = file.input.nbytes
    del file
    tracemalloc.start()
    try:
        read = fasttext.read(tmp_path / "large.bin")
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert len(read.words) == 20_000
    assert peak < n_bytes + 20e6  # the buffer, the words, and blocks of checks


def test_a_failed_write_leaves_the_old_file(tmp_path):
    path = tmp_path / "model.bin"
    fasttext.write(path, make())
    before = path.read_bytes()
    with pytest.raises(ValueError, match="white space"):
        fasttext.write(path, make(words=["a", "b\n", "c"]))
    assert path.read_bytes() == before


@settings(max_examples=25)
@given(
    words=st.lists(
        st.text(st.characters(codec="utf-8", exclude_characters="\0\t\n\v\f\r "), min_size=1), unique=True
    ),
    dim=st.integers(1, 5),
    bucket=st.integers(0, 3),
)
def test_any_words(words, dim, bucket, tmp_path):
    file = make(
        len(words),
        dim=dim,
        bucket=bucket,
        words=words,
        word_counts=np.ones(len(words), np.int64),
        input=rows(len(words) + bucket, dim),
    )
    fasttext.write(tmp_path / "any.bin", file)
    assert fasttext.read(tmp_path / "any.bin").words == words


# -- vectors of words ---------------------------------------------------------------------------------------------


def test_vectors_of_words_are_read_as_vectors(tmp_path):
    file = FILES["unsupervised"]
    fasttext.write(tmp_path / "v.bin", file)
    keys, matrix, counts = load(tmp_path / "v.bin")
    assert (keys, counts.tolist()) == (file.words, [3, 2, 1])
    ngrams = [char_ngrams(word, 3, 6) if word != "</s>" else [] for word in keys]
    for row, of_word in enumerate(ngrams):
        rows_of_word = [row, *(3 + hash_of(ngram) % 2 for ngram in of_word)]
        np.testing.assert_allclose(matrix[row], file.input[rows_of_word].mean(axis=0), rtol=1e-5)
    assert load(tmp_path / "v.bin", limit=2)[0] == keys[:2]
    wv = KeyedVectors.load(tmp_path / "v.bin")
    assert np.array_equal(wv["</s>"], file.input[0])


@pytest.mark.parametrize("name", ["words", "n-grams", "norms", "pruned", "all n-grams pruned"])
def test_vectors_of_words_without_character_ngrams_are_their_rows(name, tmp_path):
    fasttext.write(tmp_path / "v.bin", FILES[name])
    matrix = load(tmp_path / "v.bin")[1]
    expected = FILES[name].input
    expected = expected.decode() if isinstance(expected, QuantizedMatrix) else expected
    assert np.array_equal(matrix, expected[:3])


def test_pruned_ngrams_do_not_count(tmp_path):
    settings = FastTextSettings(dim=5, bucket=9, minn=2, maxn=3)
    file = replace(FILES["pruned"], settings=settings, words=["</s>", "ab", "cd"])
    fasttext.write(tmp_path / "v.bin", file)
    rows_of_bucket = {7: 4, 2: 3}
    hashes = [hash_of(ngram) % 9 for ngram in char_ngrams("ab", 2, 3)]
    numbers = [1, *(rows_of_bucket[bucket] for bucket in hashes if bucket in rows_of_bucket)]
    matrix = load(tmp_path / "v.bin")[1]
    np.testing.assert_allclose(matrix[1], file.input.decode()[numbers].mean(axis=0), rtol=1e-5)


def test_words_that_are_not_utf8(tmp_path, caplog):
    fasttext.write(tmp_path / "v.bin", replace(FILES["no UTF-8"], words=["a\udcff", "a", "b"]))
    with pytest.raises(ValueError, match=r"v\.bin: the word b'a\\xff' is not utf-8"):
        load(tmp_path / "v.bin")
    assert load(tmp_path / "v.bin", errors="replace")[0] == ["a\ufffd", "a", "b"]
    keys, matrix, _ = load(tmp_path / "v.bin", errors="ignore")
    assert (keys, len(matrix)) == (["a", "b"], 2)
    assert "dropped 1 rows" in caplog.text
