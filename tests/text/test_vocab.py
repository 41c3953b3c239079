"""The vocabulary: order, limits, thresholds, and the table in C."""

from __future__ import annotations

import math
from collections import Counter

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from wildvec._text import VocabTable
from wildvec.text.vocab import Vocab


def table_of(tokens: list[str], block: int = 0) -> tuple[VocabTable, list[int]]:
    table, ids = VocabTable(), np.empty(len(tokens) + 1, np.int32)
    keys = [token.encode() for token in tokens]
    table.scan_tokens(b"\0".join(keys), np.array([len(key) for key in keys], np.uint32), block, ids)
    return table, ids[: len(tokens)].tolist()


def keys_of(table: VocabTable) -> list[str]:
    data = table.keys(np.arange(len(table)), 0).tobytes()
    return data.decode().split("\0")[:-1]


TOKENS = st.lists(st.text("abcdefgh", max_size=20), min_size=1)


def test_from_counts_orders_and_limits():
    counts = {"rare": 1, "b": 7, "a": 7, "top": 9, "c": 5}
    assert Vocab.from_counts(counts).keys == ["top", "b", "a", "c"]
    assert Vocab.from_counts(counts, sorted_vocab=False).keys == ["b", "a", "top", "c"]
    assert Vocab.from_counts(counts.items(), min_count=8).keys == ["top"]
    assert Vocab.from_counts(counts, min_count=1, max_final_vocab=3).keys == ["top", "b", "a"]
    assert Vocab.from_counts(counts, max_final_vocab=2).keys == ["top"]  # ties go together
    vocab = Vocab.from_counts({3: 5, np.int64(4): 6})
    assert vocab.keys == [4, 3] and type(vocab.keys[0]) is int


@pytest.mark.parametrize(
    ("counts", "options", "error", "match"),
    [
        ({}, {}, ValueError, "min_count=5: there is none"),
        ({"a": 4}, {}, ValueError, "min_count=5: the most frequent occurs 4 times"),
        ({"a": 9, "b": 9}, {"max_final_vocab": 1}, ValueError, "max_final_vocab=1: too many"),
        ({"a": 9}, {"max_final_vocab": 0}, ValueError, "max_final_vocab=0"),
        ({"a": -1}, {}, ValueError, "count of 'a'=-1"),
        ({"a": 2.5}, {}, TypeError, "count of 'a'=2.5: give a whole number"),
        ([("a", 9), ("b", 9), ("a", 9)], {}, ValueError, "'a' occurs twice"),
        ({1.5: 9}, {}, TypeError, "key 0: float 1.5"),
        ({"a": 9, -(2**63) - 1: 9}, {}, ValueError, "key 1: the integer -9223372036854775809"),
    ],
)
def test_from_counts_refuses(counts, options, error, match):
    with pytest.raises(error, match=match):
        Vocab.from_counts(counts, **options)


def test_vocab_refuses_wrong_counts_and_keys():
    with pytest.raises(ValueError, match="2 keys need as many counts"):
        Vocab(["a", "b"], [1])
    with pytest.raises(ValueError, match="count 0 of 'b'"):
        Vocab(["a", "b"], [1, 0])
    with pytest.raises(ValueError, match="'a' occurs twice"):
        _ = "a" in Vocab(["a", "a"], [1, 1])


@pytest.mark.parametrize(
    "counts", [[2**62, 2**62, 2**62], [2**61, 2**61, 1 << 52], [2**63, 1, 1], [1e300, 1, 1]]
)
def test_the_sum_of_all_counts_is_bounded(counts):
    with pytest.raises(ValueError, match=r"2\*\*62 is possible, so divide them all"):
        Vocab(["a", "b", "c"], counts)


def test_counts_from_a_table_are_bounded():
    with pytest.raises(ValueError, match=r"the counts add up to 1\.38e\+19; at most 2\*\*62"):
        Vocab.from_counts({"a": 2**62, "b": 2**62, "c": 2**62})
    with pytest.raises(ValueError, match="count of 'a'=4611686018427387905: give a whole number from 0 to"):
        Vocab.from_counts({"a": 2**62 + 1})
    vocab = Vocab.from_counts({"a": 2**62 - 1, "b": 1}, min_count=1)
    assert vocab.total == 2**62 and vocab.keep_thresholds(1e-3)[1] == 2**32 - 1


@pytest.mark.parametrize("counts", [[1.5, 1], [np.nan, 1], [np.inf, 1]])
def test_counts_that_are_no_whole_numbers_are_refused(counts):
    with pytest.raises(ValueError, match=r"not a whole number|2\*\*62"):
        Vocab(["a", "b"], counts)


def test_vocab_is_a_collection():
    vocab = Vocab(["a", 7], [3, 2])
    assert len(vocab) == 2 and 7 in vocab and "7" not in vocab and list(vocab) == ["a", 7]
    assert vocab.total == 5 and vocab.key_to_index == {"a": 0, 7: 1}


@pytest.mark.parametrize("sample", [1e-3, 1e-5, 0.5, 1, 3.0, 100])
def test_keep_thresholds_follow_the_formula(sample: float):
    vocab = Vocab([str(i) for i in range(200)], np.arange(2000, 0, -10))
    threshold = sample * vocab.total if sample < 1 else int(sample * (3 + math.sqrt(5)) / 2)
    for count, kept in zip(vocab.counts.tolist(), vocab.keep_thresholds(sample), strict=True):
        chance = min(1.0, (math.sqrt(count / threshold) + 1) * (threshold / count))
        assert abs(int(kept) - chance * (2**32 - 1)) <= 1


def test_keep_thresholds_at_the_limits():
    vocab = Vocab(["a"], [5])
    assert vocab.keep_thresholds(0).tolist() == [2**32 - 1]
    assert vocab.keep_thresholds(0).dtype == np.uint32
    for bad in (-1e-3, math.nan, math.inf):
        with pytest.raises(ValueError, match="sample="):
            vocab.keep_thresholds(bad)


def test_noise_weights():
    vocab = Vocab(["a", "b"], [16, 1])
    assert vocab.noise_weights().tolist() == [8.0, 1.0]
    assert vocab.noise_weights(-1).tolist() == [1 / 16, 1.0]


@given(TOKENS)
def test_table_counts_like_a_dictionary(tokens: list[str]):
    table, ids = table_of(tokens, block=3)
    distinct = list(dict.fromkeys(tokens))
    counts, first = table.export()
    assert keys_of(table) == distinct
    assert ids == [distinct.index(token) for token in tokens]
    assert counts.tolist() == [Counter(tokens)[token] for token in distinct]
    assert first.tolist() == [3 << 32 | tokens.index(token) for token in distinct]


@given(TOKENS, TOKENS)
def test_merge_and_prune_return_the_new_ids(one: list[str], two: list[str]):
    into, _ = table_of(one, block=1)
    other, ids = table_of(two, block=0)
    renamed = into.merge(other)
    keys = keys_of(into)
    assert [keys[renamed[i]] for i in ids] == two
    counts, first = into.export()
    total = Counter(one + two)
    assert dict(zip(keys, counts.tolist(), strict=True)) == total
    assert all((position >> 32 == 0) == (key in two) for key, position in zip(keys, first, strict=True))
    renamed = into.prune(2)
    kept = keys_of(into)
    assert kept == [key for key in keys if total[key] >= 2]
    for key, new in zip(keys, renamed.tolist(), strict=True):
        assert new == (kept.index(key) if total[key] >= 2 else -1)


def test_a_table_grows_and_separates_keys_that_share_a_prefix():
    tokens = [f"{'prefix' * (i % 7)}{i}" for i in range(100_000)]
    table, ids = table_of(tokens + tokens)
    assert ids == [*range(100_000), *range(100_000)]
    assert keys_of(table) == tokens


def test_a_loaded_table_is_frozen():
    table = VocabTable()
    table.load(b"abcab", np.array([1, 3, 5]))  # a, bc, ab
    ids = np.empty(5, np.int32)
    table.scan_tokens(b"ab\0x\0a\0bc\0", np.array([2, 1, 1, 2, 0], np.uint32), 0, ids)
    assert ids.tolist() == [2, -1, 0, 1, -1] and len(table) == 3 and table.frozen
    with pytest.raises(ValueError, match="twice"):
        VocabTable().load(b"aa", np.array([1, 2]))
    with pytest.raises(ValueError, match="ends at 3"):
        VocabTable().load(b"aa", np.array([1, 3]))
    with pytest.raises(ValueError, match="ascend"):
        VocabTable().load(b"aa", np.array([3, 2]))


def test_the_table_checks_its_arguments():
    table, small = VocabTable(), np.empty(1, np.int32)
    with pytest.raises(ValueError, match="need 4 elements"):
        table.scan_text(b"a b c", 0, small, small)
    with pytest.raises(ValueError, match="need 2 elements"):
        table.scan_tokens(b"a\0b", np.array([1, 1], np.uint32), 0, small)
    with pytest.raises(ValueError, match="need 2 elements"):
        table.scan_ints(np.arange(2), 0, small)
    with pytest.raises(IndexError):
        table.keys(np.array([0]), 0)
    for length in (1, 3, 4, 2**32 - 1):  # too few bytes, a token with the separator, too many bytes
        with pytest.raises(ValueError, match="NUL"):
            table.scan_tokens(b"a\0b", np.array([length], np.uint32), 0, small)
