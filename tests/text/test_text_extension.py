"""Wrong arguments and wrong use of the extension raise; they never crash."""

from __future__ import annotations

import threading

import numpy as np
import pytest

from wildvec import _text
from wildvec._text import VocabTable, join_tokens, remap_block, split_sentences, vocab_bytes


def ints(*values: int) -> np.ndarray:
    return np.array(values, np.int32)


def loaded(*keys: bytes) -> VocabTable:
    table = VocabTable()
    table.load(b"".join(keys), np.cumsum([len(key) for key in keys]))
    return table


@pytest.mark.parametrize(
    ("arguments", "match"),
    [
        ((ints(2, 1), 5, 10, 0), "ascend"),
        ((ints(-1), 5, 10, 0), "ascend"),
        ((ints(6), 5, 10, 0), "at most 5"),
        ((ints(1), -1, 10, 0), "n_ids=-1"),
        ((ints(1), 2**31, 10, 0), "n_ids=2147483648"),
        ((ints(1), 5, 0, 0), "max_sentence_length=0"),
        ((ints(1), 5, 10, 11), "open_tokens=11"),
        ((ints(1), 5, 10, -1), "open_tokens=-1"),
    ],
)
def test_split_sentences_checks_its_arguments(arguments, match):
    with pytest.raises(ValueError, match=match):
        split_sentences(*arguments)


def test_split_sentences_of_any_open_length():
    for open_tokens in range(4):
        ends, left = split_sentences(ints(4, 4), 9, 3, open_tokens)
        assert np.diff(ends).max() <= 3 and ends[0] + open_tokens <= 3 and left <= 3


def test_remap_block_checks_ids_and_ends():
    for bad_map in (ints(), ints(5)):
        with pytest.raises(IndexError, match="outside the map"):
            remap_block(ints(0, 1), ints(), bad_map)
    with pytest.raises(IndexError):
        remap_block(ints(2**31 - 1), ints(), ints(0))
    for ends in (ints(3), ints(1, 0), ints(-1)):
        with pytest.raises(ValueError, match="ascend"):
            remap_block(ints(0, 0), ends, ints(5))
    ids = ints(-(2**31), 0, -1)
    assert remap_block(ids, ints(3), ints(7)) == 1 and ids[0] == 7


def test_a_table_checks_its_arguments():
    table, ids = VocabTable(), np.empty(9, np.int32)
    for block in (-1, 2**32):
        for scan in (
            lambda block=block: table.scan_text(b"a", block, ids, ids),
            lambda block=block: table.scan_tokens(b"a", np.ones(1, np.uint32), block, ids),
            lambda block=block: table.scan_ints(np.ones(1, np.int64), block, ids),
        ):
            with pytest.raises(ValueError, match="block="):
                scan()
    for bad in (np.array([-1]), np.array([0]), np.array([0, 2**40])):
        with pytest.raises(IndexError, match="the ids must lie in"):
            table.keys(bad, 0)
    with pytest.raises(OverflowError):
        table.keys(np.array([0]), 256)
    with pytest.raises(ValueError, match="ends at 0"):
        VocabTable().load(b"a", np.empty(0, np.int64))
    with pytest.raises(ValueError, match="ascend"):
        VocabTable().load(b"ab", np.array([-1, 2]))
    assert len(table) == 0


@pytest.mark.parametrize("size", [-1, 2**31, 2**62])
def test_vocab_bytes_checks_its_arguments(size):
    with pytest.raises(ValueError, match="size="):
        vocab_bytes(size, 10)
    with pytest.raises(ValueError, match="key_bytes=-1"):
        vocab_bytes(1, -1)
    assert vocab_bytes(0, 0) > 0 and vocab_bytes(2**31 - 1, 2**62) > 2**62


def test_join_tokens_checks_its_arguments():
    byte, length = np.empty(1, np.uint8), np.empty(1, np.uint32)
    with pytest.raises(ValueError, match="ends must have"):
        join_tokens(iter([["a"]]), list, 0, ints(), byte, length)
    for data, lengths in ((byte[:0], length), (byte, length[:0])):
        with pytest.raises(ValueError, match="at least one element"):
            join_tokens(iter([["a"]]), list, 0, ints(0), data, lengths)
    for wrong in (None, [1], np.empty(1, np.float32), np.empty((1, 1), np.uint8)):
        with pytest.raises((TypeError, ValueError)):
            join_tokens(iter([["a"]]), list, 0, ints(0), wrong, length)
    with pytest.raises(TypeError):
        join_tokens(iter([5]), lambda item, number: None, 0, ints(0), byte, length)


def test_none_is_refused_everywhere():
    table, ids = VocabTable(), np.empty(9, np.int32)
    calls = [
        lambda: _text.prepare_text(None, False),
        lambda: _text.last_space(None),
        lambda: split_sentences(None, 1, 1, 0),
        lambda: remap_block(None, ids),
        lambda: remap_block(ids, None),
        lambda: table.load(None, np.empty(0, np.int64)),
        lambda: table.load(b"", None),
        lambda: table.scan_text(None, 0, ids, ids),
        lambda: table.scan_text(b"a", 0, None, ids),
        lambda: table.scan_tokens(b"a", None, 0, ids),
        lambda: table.scan_ints(None, 0, ids),
        lambda: table.merge(None),
        lambda: table.keys(None, 0),
        lambda: _text.read_vectors(None, np.empty((1, 1), np.float32), None, None, False, False),
    ]
    for call in calls:
        with pytest.raises(TypeError):
            call()


def test_a_frozen_table_cannot_be_changed():
    table = loaded(b"a", b"b")
    other = VocabTable()
    for change in (
        lambda: table.load(b"c", np.array([1])),
        lambda: table.merge(other),
        lambda: table.prune(1),
    ):
        with pytest.raises(RuntimeError, match="frozen"):
            change()
    assert sorted(other.merge(table).tolist()) == [0, 1] and len(table) == 2


def test_a_table_cannot_be_merged_into_itself():
    table, ids = VocabTable(), np.empty(9, np.int32)
    table.scan_text(b"a b c", 0, ids, ids)
    with pytest.raises(RuntimeError, match="another thread uses this table"):
        table.merge(table)
    assert table.scan_text(b"c", 1, ids, ids)[0] == 1 and ids[0] == 2  # the lock is free again


def run_threads(n: int, body) -> list[Exception]:
    errors: list[Exception] = []
    barrier = threading.Barrier(n)

    def run(thread: int) -> None:
        barrier.wait()
        for i in range(30):
            try:
                body(thread, i)
            except RuntimeError as error:
                errors.append(error)

    threads = [threading.Thread(target=run, args=(i,)) for i in range(n)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return errors


def test_threads_that_share_a_table_get_an_error_or_a_right_result():
    table = VocabTable()
    texts = [" ".join(f"t{thread}x{i}" for i in range(20_000)).encode() for thread in range(3)]
    done = []

    def body(thread: int, i: int) -> None:
        ids, ends = np.empty(100_000, np.int32), np.empty(100_000, np.int32)
        if i % 5 == 4:
            table.keys(np.arange(len(table)), 0)
            table.export()
        else:
            assert table.scan_text(texts[thread], i, ids, ends) == (20_000, 0)
            done.append(thread)

    errors = run_threads(3, body)
    assert all("give each thread its own" in str(error) for error in errors)
    counts, _ = table.export()
    assert len(counts) == 20_000 * len(set(done))
    assert sorted(set(counts.tolist())) == sorted({done.count(thread) for thread in set(done)})


def test_threads_share_a_frozen_table():
    words = [b"w%d" % i for i in range(5000)]
    table = loaded(*words)
    text = b" ".join([*words, b"unknown"])

    def body(thread: int, i: int) -> None:
        ids, ends = np.empty(len(text), np.int32), np.empty(len(text), np.int32)
        assert table.scan_text(text, i, ids, ends) == (5001, 0)
        assert ids[:5001].tolist() == [*range(5000), -1]

    assert run_threads(3, body) == []
