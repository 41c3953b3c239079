"""From a source to a Corpus: equal to a plain Python reference for any division of the work."""

from __future__ import annotations

import gc
import io
import itertools
import os
import signal
import threading
import time
from collections import Counter
from unittest import mock

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from wildvec.base.ragged import Ragged
from wildvec.base.threads import _cgroup_quota, check_workers, default_workers, in_order
from wildvec.text import corpus as corpus_module
from wildvec.text import id_buffer, readers
from wildvec.text.corpus import Corpus
from wildvec.text.vocab import Vocab


def reference(sentences, min_count=1, longest=10_000, order=None):
    """Return (keys, counts, sentences of ids), computed in plain Python."""
    pieces = [s[i : i + longest] for s in sentences for i in range(0, len(s), longest)]
    counts = Counter(token for piece in pieces for token in piece)
    if order is None:
        order = [key for key, n in counts.most_common() if n >= min_count]
    ids = {key: i for i, key in enumerate(order)}
    encoded = [[ids[token] for token in piece if token in ids] for piece in pieces]
    return order, [counts[key] for key in order], [piece for piece in encoded if piece]


def parts_of(corpus: Corpus):
    sentences = [part.tolist() for part in Ragged(corpus.ids, corpus.offsets)]
    return corpus.vocab.keys, corpus.vocab.counts.tolist(), sentences


WORDS = st.one_of(st.sampled_from(["a", "b", "c", "dd", "é"]), st.integers(-3, 3), st.just(2**62))
SENTENCES = st.lists(st.lists(WORDS, max_size=12), max_size=20)
LINES = st.lists(st.lists(st.sampled_from(["a", "b", "c", "dd", "é", "long" * 9])), max_size=20)


@given(SENTENCES, st.integers(1, 3), st.integers(1, 5), st.integers(1, 4), st.integers(1, 9))
def test_sentences_equal_the_reference(sentences, min_count, longest, workers, batch):
    expected = reference(sentences, min_count, longest)
    with mock.patch.object(readers, "BATCH_TOKENS", batch):
        options = {"min_count": min_count, "max_sentence_length": longest, "workers": workers}
        if expected[0]:
            corpus = Corpus.read(iter(sentences), **options)
            assert parts_of(corpus) == expected
            assert corpus.raw_tokens == sum(map(len, sentences))
        else:
            with pytest.raises(ValueError, match=r"nothing was read|no token is left"):
                Corpus.read(iter(sentences), **options)


@given(LINES, st.integers(1, 3), st.integers(1, 5), st.integers(1, 4), st.integers(1, 40))
def test_text_equals_the_reference(lines, min_count, longest, workers, block):
    expected = reference(lines, min_count, longest)
    data = "\n".join(map(" ".join, lines)).encode()
    with mock.patch.object(readers, "BLOCK_BYTES", block):
        if expected[0]:
            corpus = Corpus.read(
                io.BytesIO(data), min_count=min_count, max_sentence_length=longest, workers=workers
            )
            assert parts_of(corpus) == expected


@given(
    st.lists(st.lists(st.text(st.characters(exclude_categories=["Cc", "Cs", "Z"]), min_size=1)), min_size=1),
    st.sampled_from([1, 3, 100]),
    st.booleans(),
)
def test_lists_and_the_same_text_in_a_file_give_the_same_corpus(lines, batch, lowercase):
    data = "\n".join(map(" ".join, lines)).encode()
    options = {"min_count": 1, "workers": 2, "lowercase": lowercase}
    if any(lines):
        with mock.patch.object(readers, "BATCH_TOKENS", batch):
            corpus = Corpus.read(lines, **options)
        assert parts_of(corpus) == parts_of(Corpus.read(io.BytesIO(data), **options))


@given(LINES, LINES, st.integers(1, 4), st.booleans())
def test_encoding_with_a_given_vocabulary(lines, known, workers, as_text):
    order = reference(known)[0]
    expected = reference(lines, order=order)[2]
    source = io.BytesIO("\n".join(map(" ".join, lines)).encode()) if as_text else lines
    if order and expected:
        vocab = Vocab(order, np.ones(len(order)))
        corpus = Corpus.read(source, vocab=vocab, workers=workers)
        assert corpus.vocab is vocab
        assert parts_of(corpus)[2] == expected


def test_a_given_vocabulary_of_any_keys():
    vocab = Vocab(["New York", "", "a\0b", 7, "7"], [1] * 5)
    assert Corpus.read([["", 7, "7", "New York", "x"]], vocab=vocab).ids.tolist() == [1, 3, 4, 0]
    assert Corpus.read(io.BytesIO(b"a\0b 7"), vocab=vocab).ids.tolist() == [2, 4]
    with pytest.raises(ValueError, match="none of the tokens read is in the vocabulary"):
        Corpus.read([["unknown"]], vocab=vocab)


def test_order_of_ids():
    text = [["z", "y", "y", "x", "x", "w"]]
    assert Corpus.read(text, min_count=1).vocab.keys == ["y", "x", "z", "w"]
    assert Corpus.read(text, min_count=1, sorted_vocab=False).vocab.keys == ["z", "y", "x", "w"]
    assert Corpus.read(text, min_count=1, max_final_vocab=2).vocab.keys == ["y", "x"]


def test_the_result_does_not_depend_on_the_number_of_workers():
    random = np.random.default_rng(1)
    words = (random.zipf(1.3, 50_000) % 3000).astype(str).tolist()
    data = " ".join(words).encode()
    results = []
    for workers, block in ((1, 1 << 20), (2, 1000), (7, 333)):
        with mock.patch.object(readers, "BLOCK_BYTES", block):
            results.append(parts_of(Corpus.read(io.BytesIO(data), workers=workers)))
    assert results[0] == results[1] == results[2]
    assert results[0] == reference([words], 5)


def test_max_vocab_size_drops_the_rarest():
    sentences = [["often", f"rare{i}", "often", f"rare{i}b"] for i in range(200)]
    with mock.patch.object(readers, "BATCH_TOKENS", 100):
        results = [Corpus.read(sentences, min_count=1, max_vocab_size=150, workers=n) for n in (1, 4)]
    assert parts_of(results[0]) == parts_of(results[1])
    corpus = results[0]
    assert len(corpus.vocab) <= 150 and corpus.vocab.keys[0] == "often"
    assert corpus.raw_tokens == 800
    assert np.bincount(corpus.ids).tolist() == corpus.vocab.counts.tolist()
    assert corpus.vocab.counts[0] == 400
    everything = Corpus.read(sentences, min_count=1, max_vocab_size=401)
    assert len(everything.vocab) == 401


def test_from_ids():
    corpus = Corpus.from_ids(np.array([5, -1, 5, 5, 2**40]), np.array([0, 2, 2, 5]))
    assert parts_of(corpus) == ([5, -1, 2**40], [3, 1, 1], [[0, 1], [0, 0, 2]])
    corpus = Corpus.from_ids(np.array([1, 0, 1], np.uint8), [0, 1, 3], ["x", "y"], min_count=2)
    assert parts_of(corpus) == (["y"], [2], [[0], [0]])
    with mock.patch.object(corpus_module, "FROM_IDS_TOKENS", 7):
        ids = np.arange(100) % 10
        again = Corpus.from_ids(ids, [0, 33, 34, 100], workers=3)
    assert again.ids.tolist() == ids.tolist() and again.offsets.tolist() == [0, 33, 34, 100]
    with pytest.raises(ValueError, match=r"id 2 is outside of keys \(0\.\.1\)"):
        Corpus.from_ids([0, 2], [0, 2], ["x", "y"])
    with pytest.raises(ValueError, match="does not fit into int64"):
        Corpus.from_ids(np.array([2**64 - 1], np.uint64), [0, 1])
    with pytest.raises(ValueError, match="nothing was read from the ids"):
        Corpus.from_ids([], [0])


def test_ragged_refuses_arrays_that_do_not_fit():
    for values, offsets, error in (
        ([1, 2], [0, 1], ValueError),
        ([1, 2], [1, 2], ValueError),
        ([1, 2], [], TypeError),
        ([1, 2], [0, 2, 1, 2], ValueError),
        ([1.5], [0, 1], TypeError),
        ([1], [0.0, 1.0], TypeError),
        ([[1]], [0, 1], TypeError),
    ):
        with pytest.raises(error, match=r"values|offsets"):
            Ragged(values, offsets)
    with pytest.raises(IndexError):
        Ragged([1], [0, 1])[1]


def open_files() -> set[str]:
    folder = "/proc/self/fd"
    return set(os.listdir(folder)) if os.path.isdir(folder) else set()


def test_ids_in_a_file_are_the_same_and_the_file_disappears(tmp_path):
    sentences = [[f"w{i % n}" for i in range(n)] for n in range(1, 60)]
    plain = Corpus.read(sentences, min_count=2)
    before = open_files()
    with (
        mock.patch.object(readers, "BATCH_TOKENS", 50),
        Corpus.read(sentences, min_count=2, cache_dir=tmp_path) as mapped,
    ):
        assert isinstance(mapped.ids, np.memmap)
        assert parts_of(mapped) == parts_of(plain)
    assert len(mapped.ids) == 0 and len(mapped) == 0
    gc.collect()
    assert list(tmp_path.iterdir()) == [] and open_files() == before


def test_ids_move_to_a_file_when_memory_is_short():
    sentences = [[f"w{i}" for i in range(100)] for _ in range(20)]
    with (
        mock.patch.object(id_buffer, "available_memory", lambda: 5000),
        mock.patch.object(readers, "BATCH_TOKENS", 100),
    ):
        corpus = Corpus.read(sentences)
    assert isinstance(corpus.ids, np.memmap)
    assert corpus.ids.tolist() == list(range(100)) * 20


def test_a_failure_leaves_no_file(tmp_path):
    with pytest.raises(FileNotFoundError):
        Corpus.read([["a"]], cache_dir=tmp_path / "missing")
    with pytest.raises(ValueError, match="min_count=5"):
        Corpus.read([["a"]], cache_dir=tmp_path)
    full = OSError(28, "No space left on device")
    store = id_buffer.IdBuffer(tmp_path)
    store.file.close()
    store.file = mock.Mock(write=mock.Mock(side_effect=full))
    with pytest.raises(OSError, match="free some space") as error:
        store.append(np.zeros(3, np.int32))
    assert error.value.errno == 28 and error.value.filename == str(tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_available_memory(tmp_path):
    assert id_buffer.available_memory() > 0
    (tmp_path / "meminfo").write_text("MemTotal: 9 kB\nMemAvailable:   2 kB\n")
    assert id_buffer._meminfo(tmp_path / "meminfo") == 2048
    assert id_buffer._meminfo(tmp_path / "none") == id_buffer._cgroup(tmp_path) == float("inf")
    (tmp_path / "memory.max").write_text("100\n")
    (tmp_path / "memory.current").write_text("30\n")
    assert id_buffer._cgroup(tmp_path) == 70


@pytest.mark.parametrize(
    ("options", "match"),
    [
        ({"workers": 0}, "workers=0"),
        ({"max_vocab_size": 0}, "max_vocab_size=0"),
        ({"max_sentence_length": 0}, "max_sentence_length=0"),
        ({"max_final_vocab": 0}, "max_final_vocab=0"),
        ({"errors": "lenient"}, "errors='lenient'"),
        ({"min_count": 9}, "min_count=9: the most frequent occurs 2 times"),
        ({"min_count": -1}, "min_count=-1: give a whole number"),
        ({"lowercase": "no"}, "lowercase='no': give False or True"),
        ({"sorted_vocab": "no"}, "sorted_vocab='no': give False or True"),
    ],
)
def test_errors_name_the_bad_setting(options, match):
    with pytest.raises(ValueError, match=match):
        Corpus.read([["a", "a"]], **{"min_count": 1, **options})


@pytest.mark.parametrize("options", [{"cache_dir": True}, {"cache_dir": 1}, {"min_count": "5"}])
def test_settings_of_a_wrong_type_are_named(options):
    (name,) = options
    with pytest.raises(TypeError, match=f"{name}="):
        Corpus.read([["a"]], **{"min_count": 1, **options})


def test_a_fingerprint_distinguishes_ids_and_sentences():
    texts = ([["a", "b"], ["a"]], [["b", "a"], ["a"]], [["a"], ["b", "a"]], [["a", "b", "a"]])
    prints = [Corpus.read(text, min_count=1, sorted_vocab=False).fingerprint() for text in texts]
    ids = Corpus.from_ids([0, 1, 0], [0, 2, 3])
    assert ids.fingerprint()["checksum"] == prints[0]["checksum"] and ids.sizes.dtype == np.int64
    assert ids.sizes.tolist() == [2, 1] and ids.fingerprint()["vocabulary"] != prints[0]["vocabulary"]
    assert len({print["checksum"] for print in prints}) == 4


def test_worker_count(tmp_path):
    assert check_workers(None) == default_workers() >= 1
    assert _cgroup_quota(tmp_path) == float("inf")
    (tmp_path / "cpu.max").write_text("max 100000\n")
    assert _cgroup_quota(tmp_path) == float("inf")
    (tmp_path / "cpu.max").write_text("150000 100000\n")
    assert _cgroup_quota(tmp_path) == 1.5
    (tmp_path / "cpu.max").unlink()
    (tmp_path / "cpu").mkdir()
    (tmp_path / "cpu" / "cpu.cfs_quota_us").write_text("-1\n")
    (tmp_path / "cpu" / "cpu.cfs_period_us").write_text("100000\n")
    assert _cgroup_quota(tmp_path) == float("inf")


def test_in_order_keeps_the_order_and_raises_errors():
    def slow_when_even(n: int) -> int:
        time.sleep(0.002 * (n % 2 == 0))
        return n

    assert list(in_order([slow_when_even] * 3, range(50))) == list(range(50))
    threads = threading.active_count()
    with pytest.raises(ZeroDivisionError):
        list(in_order([lambda n: 1 // n] * 2, [1, 1, 0, 1]))

    def broken_items():
        yield 1
        raise KeyError("source")

    with pytest.raises(KeyError, match="source"):
        list(in_order([abs] * 2, broken_items()))
    assert threading.active_count() == threads


def test_a_thread_that_does_not_start_is_an_error(monkeypatch):
    class Thread(threading.Thread):
        def start(self):
            if threading.active_count() > threads + 1:
                raise RuntimeError("can't start new thread")
            super().start()

    threads = threading.active_count()
    monkeypatch.setattr("wildvec.base.threads.threading.Thread", Thread)
    with pytest.raises(RuntimeError, match="can't start"):
        list(in_order([abs] * 4, range(50)))
    assert threading.active_count() == threads


def test_closing_the_generator_ends_the_threads_at_once():
    threads = threading.active_count()
    results = in_order([lambda n: time.sleep(0.02)] * 2, range(1000))
    next(results)
    began = time.perf_counter()
    results.close()
    assert time.perf_counter() - began < 0.1
    assert threading.active_count() == threads


def test_control_c_in_the_step_of_the_caller_is_raised_at_once():
    def own(n):
        raise KeyboardInterrupt

    def other(n):
        time.sleep(0.05)
        return n

    threads = threading.active_count()
    with pytest.raises(KeyboardInterrupt):
        next(in_order([own, other], range(9)))
    assert threading.active_count() == threads


@pytest.mark.parametrize("as_text", [True, False])
def test_control_c_stops_reading(as_text: bool):
    class Endless:
        def read(self, size: int) -> bytes:
            return b"word " * (size // 5)

    pressed = []

    def press():
        pressed.append(time.perf_counter())
        signal.raise_signal(signal.SIGINT)

    threads = threading.active_count()
    timer = threading.Timer(0.2, press)
    timer.start()
    with pytest.raises(KeyboardInterrupt):
        Corpus.read(Endless() if as_text else itertools.repeat(["word"] * 100), workers=2)
    assert time.perf_counter() - pressed[0] < 1  # 0.1 s on a machine that has nothing else to do
    timer.join()
    assert threading.active_count() == threads
