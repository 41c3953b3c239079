"""The arguments of gensim's load_word2vec_format, save_word2vec_format and load."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from wildvec import KeyedVectors
from wildvec.io import counts

KEYS = ["king", "queen", "rook"]
MATRIX = np.arange(6, dtype=np.float32).reshape(3, 2)


@pytest.fixture
def wv() -> KeyedVectors:
    return KeyedVectors.from_arrays(KEYS, MATRIX, np.array([3, 9, 5]))


@pytest.mark.parametrize("binary", [True, False])
def test_counts_in_a_separate_file(tmp_path: Path, wv: KeyedVectors, binary: bool) -> None:
    path, vocab = tmp_path / "v", tmp_path / "vocab.txt"
    wv.save_word2vec_format(path, vocab, binary)
    assert vocab.read_text() == "queen 9\nrook 5\nking 3\n"
    other = KeyedVectors.load_word2vec_format(path, fvocab=vocab, binary=binary)
    assert other.index_to_key == ["queen", "rook", "king"]
    assert other.counts is not None and other.counts.tolist() == [9, 5, 3]
    assert KeyedVectors.load_word2vec_format(path, binary=binary).counts is None


def test_counts_that_are_missing_or_damaged(
    tmp_path: Path, wv: KeyedVectors, caplog: pytest.LogCaptureFixture
) -> None:
    path, vocab = tmp_path / "v", tmp_path / "vocab.txt"
    vocab.write_text("queen 9\n\nnew york 4\n")
    assert counts.load(vocab, ["new york", "king", "queen"]).tolist() == [4, 0, 9]
    assert "no count for 1 keys, the first is 'king'" in caplog.text
    for line in ("queen", "queen many", "queen -1", "queen 99999999999999999999"):
        vocab.write_text(f"king 1\n{line}\n")
        with pytest.raises(ValueError, match=rf"vocab\.txt, line 2: b'{line}\\n' is not a key and its count"):
            counts.load(vocab, KEYS)
    vocab.write_bytes(b"b\xe4r 1\n")
    with pytest.raises(ValueError, match=r"line 1: the key .* is not UTF-8"):
        counts.load(vocab, ["bär"])
    assert counts.load(vocab, ["bär"], encoding="latin-1").tolist() == [1]
    wv.counts = None
    with pytest.raises(ValueError, match="have no counts; leave fvocab out"):
        wv.save_word2vec_format(path, fvocab=vocab)


def test_no_header_prefix_and_append(tmp_path: Path, wv: KeyedVectors) -> None:
    path = tmp_path / "v.txt"
    wv.save_word2vec_format(path, write_header=False)
    other = KeyedVectors.load_word2vec_format(path, no_header=True)
    assert other.index_to_key == ["queen", "rook", "king"]
    with pytest.raises(ValueError, match="no_header=True"):
        KeyedVectors.load_word2vec_format(path)
    with pytest.raises(ValueError, match="binary file needs its header"):
        KeyedVectors.load_word2vec_format(path, binary=True, no_header=True)
    for binary, suffix in ((False, ".txt.gz"), (True, ".bin"), (False, ".txt")):
        path = tmp_path / f"both{suffix}"
        wv.save_word2vec_format(path, binary=binary, total_vec=6, prefix="*dt_", sort_attr=None)
        wv.save_word2vec_format(path, binary=binary, write_header=False, append=True, sort_attr=None)
        other = KeyedVectors.load_word2vec_format(path, binary=binary)
        assert other.index_to_key == [*(f"*dt_{key}" for key in KEYS), *KEYS]
        assert np.array_equal(other.vectors, np.concatenate([MATRIX, MATRIX]))
    with pytest.raises(ValueError, match="'a b king' does not fit"):
        wv.save_word2vec_format(path, prefix="a b ")


def test_the_order_of_rows(tmp_path: Path, wv: KeyedVectors) -> None:
    wv.save_word2vec_format(tmp_path / "v", sort_attr=None)
    assert KeyedVectors.load(tmp_path / "v").index_to_key == KEYS
    with pytest.raises(ValueError, match="sort_attr='year': give 'count'"):
        wv.save_word2vec_format(tmp_path / "v", sort_attr="year")


@pytest.mark.parametrize("datatype", [np.float16, np.float32, np.float64])
def test_types_of_values(tmp_path: Path, wv: KeyedVectors, datatype: type) -> None:
    wv.save_word2vec_format(tmp_path / "v")
    assert KeyedVectors.load_word2vec_format(tmp_path / "v", datatype=datatype).vectors.dtype == datatype
    with pytest.raises(TypeError, match="give float16"):
        KeyedVectors.load_word2vec_format(tmp_path / "v", datatype=int)


def test_keys_that_are_not_utf8(tmp_path: Path) -> None:
    (tmp_path / "v").write_bytes(b"1 1\nb\xe4r 2\n")
    for name in ("unicode_errors", "errors"):
        wv = KeyedVectors.load_word2vec_format(tmp_path / "v", **{name: "ignore"})
        assert wv.index_to_key == ["br"]
    assert KeyedVectors.load_word2vec_format(tmp_path / "v", encoding="latin1").index_to_key == ["bär"]


def test_mmap_as_gensim_writes_it(tmp_path: Path, wv: KeyedVectors) -> None:
    wv.save(tmp_path / "model.kv")
    assert not KeyedVectors.load(tmp_path / "model.kv", mmap="r").vectors.flags.writeable
    assert KeyedVectors.load(tmp_path / "model.kv", mmap=None).vectors.flags.writeable
    with pytest.raises(ValueError, match="mmap='c': give True or 'r'"):
        KeyedVectors.load(tmp_path / "model.kv", mmap="c")
