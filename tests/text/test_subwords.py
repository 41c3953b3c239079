"""Character n-grams against fastText's rules, written in Python."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wildvec.compat.fasttext.subwords import char_ngrams, hash_of
from wildvec.text import subwords
from wildvec.text.subwords import find_ngrams

WORDS = st.text(st.characters(exclude_categories=["Cs"]), max_size=12) | st.integers(-(10**6), 10**6)


def expected(word, min_n, max_n, bucket):
    return [hash_of(gram) % bucket for gram in char_ngrams(str(word), min_n, max_n)]


@given(st.lists(WORDS, max_size=5), st.integers(0, 7), st.integers(0, 7), st.integers(1, 2**31 - 1))
def test_the_buckets_are_those_of_fasttext(words, min_n, max_n, bucket):
    found = find_ngrams(words, min_n, max_n, bucket)
    assert [row.tolist() for row in found] == [expected(word, min_n, max_n, bucket) for word in words]


def test_words_are_joined_across_calls(monkeypatch):
    words = ["one", "zwölf", "三十", "one", "", "five"]
    monkeypatch.setattr(subwords, "WORDS_AT_ONCE", 2)
    found = find_ngrams(words, 2, 4, 1000)
    assert [row.tolist() for row in found] == [expected(word, 2, 4, 1000) for word in words]


@pytest.mark.parametrize("min_n, max_n, bucket", [(3, 6, 0), (3, 0, 10), (4, 3, 10)])
def test_no_ngrams(min_n, max_n, bucket):
    found = find_ngrams(["word", "other"], min_n, max_n, bucket)
    assert [row.tolist() for row in found] == [[], []]


def test_the_end_of_a_line_has_no_ngrams():
    assert [len(row) for row in find_ngrams(["</s>", "</s"], 3, 6, 10)] == [0, 6]


@pytest.mark.parametrize("arguments", [(-1, 6, 10), (3, -6, 10), (3, 6, -1), (3, 1001, 10)])
def test_numbers_out_of_range(arguments):
    with pytest.raises(ValueError, match="do not fit"):
        find_ngrams(["word"], *arguments)


def test_a_str_is_no_list_of_words():
    with pytest.raises(TypeError, match="give a list of words"):
        find_ngrams("word", 3, 6, 10)
