"""Texts of any form become tokens or known ids; what is no list of texts is refused."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from wildvec.text import texts as module
from wildvec.text.texts import Texts


@pytest.mark.parametrize("make", [list, tuple, np.array, iter], ids=str)
def test_any_iterable_of_texts_can_be_read_twice(make):
    found = Texts(make(["a  b\n", "", "c"]))
    assert len(found) == 3
    assert list(found) == list(found) == [["a", "b"], [], ["c"]]


def test_tokens_of_any_form():
    assert list(Texts([["a", 1], ("b",), np.array([1, 2]), iter("xy")])) == [
        ["a", 1],
        ["b"],
        [1, 2],
        ["x", "y"],
    ]
    assert list(Texts(["A b", ["C", 1]], lowercase=True)) == [["a", "b"], ["c", 1]]
    divided = Texts(["A-b", ["C-d"]], tokenizer=lambda text: text.split("-"), lowercase=True)
    assert list(divided) == [
        ["a", "b"],
        ["c-d"],
    ]


@pytest.mark.parametrize("size", [1, 2, 100])
def test_known_ids_in_batches_of_any_size(monkeypatch, size):
    monkeypatch.setattr(module, "BATCH_TOKENS", size)
    ids = {"a": 0, "b": 1, 7: 2}
    batches = list(Texts(["a x b", "", ["b", 7, 8], "x", ["a"] * 3]).known_ids(ids))
    rows = [row.tolist() for batch in batches for row in batch]
    assert rows == [[0, 1], [], [1, 2], [], [0, 0, 0]]
    assert all(batch.values.dtype == np.int32 for batch in batches)
    assert (len(batches) == 1) == (size == 100)
    assert list(Texts([]).known_ids(ids)) == []


@given(
    st.lists(st.text(alphabet=st.sampled_from("ab\xe9\x01\0 \n\r\x85\u2028\x1fI\u0130\ud800")), max_size=6),
    st.booleans(),
    st.sampled_from([1, 20, 10**6]),
)
def test_much_text_gives_the_ids_of_a_lookup_of_each_token(texts, lowercase, size):
    found = Texts(texts, lowercase=lowercase)
    tokens = sorted({token for text in found for token in text if "\ud800" not in token})
    ids = {key: i for i, key in enumerate(dict.fromkeys([*tokens[::2], 7, "\x01"]))}
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(module, "BLOCK_BYTES", size)
        fast = [row.tolist() for batch in found._ids_of_lines(ids) for row in batch]
    assert fast == [row.tolist() for batch in found._ids_of_tokens(ids) for row in batch]
    assert len(fast) == len(texts)


@given(
    st.lists(
        st.lists(
            st.text(alphabet=st.sampled_from("ab\xe9\x01 \n\x85I\u0130\ud800"), max_size=3) | st.just(7),
            max_size=4,
        ),
        max_size=6,
    ),
    st.booleans(),
    st.sampled_from([1, 5, 10**6]),
)
def test_many_tokens_give_the_ids_of_a_lookup_of_each(lists, lowercase, size):
    found = Texts(lists, lowercase=lowercase)
    tokens = {token: None for text in found for token in text if "\ud800" not in str(token)}
    ids = {key: i for i, key in enumerate(tokens) if i % 3}
    ids = {key: i for i, key in enumerate(ids)}
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(module, "BATCH_TOKENS", size)
        fast = [row.tolist() for batch in found._ids_of_lists(ids) for row in batch]
        assert fast == [row.tolist() for batch in found._ids_of_tokens(ids) for row in batch]
    assert len(fast) == len(lists)


def test_the_core_encodes_many_tokens_only(monkeypatch):
    calls = []
    monkeypatch.setattr(Texts, "_ids_of_lists", lambda self, ids: calls.append(self) or iter(()))
    ids = {f"w{i}": i for i in range(100)}
    many = [["w1", "w2", "w3"]] * 200
    for texts in (Texts([["w1"]]), Texts([*many, "w1"]), Texts([*many, ("w1",)])):
        list(texts.known_ids(ids))
        assert not calls
    list(Texts(many).known_ids(ids))
    assert calls
    monkeypatch.undo()
    with pytest.raises(TypeError, match="text 200 has a token that is neither str nor int"):
        list(Texts([*many, [["a"]]]).known_ids(ids))


def test_the_core_encodes_much_text_only(monkeypatch):
    calls = []
    monkeypatch.setattr(Texts, "_ids_of_lines", lambda self, ids: calls.append(self) or iter(()))
    ids = {f"w{i}": i for i in range(100)}
    few, many = ["w1 w2"], ["w1 w2 w3"] * 200
    for texts in (Texts(few), Texts([*many, ["w1"]]), Texts(many, tokenizer=str.split)):
        list(texts.known_ids(ids))
        assert not calls
    list(Texts(many).known_ids(ids))
    assert calls


def test_what_is_no_list_of_texts_is_refused():
    for wrong in ("one text", b"bytes", 5, None):
        with pytest.raises(TypeError, match=r"give a list of texts \(of one text: \[text\]\)"):
            Texts(wrong)
    with pytest.raises(TypeError, match="text 1 is float nan; give a str or a list of tokens"):
        list(Texts(["a", float("nan")]))
    with pytest.raises(TypeError, match="text 0 is bytes b'a'; give a str"):
        list(Texts([b"a"]))
    with pytest.raises(TypeError, match="text 1 has a token that is neither str nor int"):
        list(Texts(["a", [["a"]]]).known_ids({}))
    with pytest.raises(ValueError, match="a table"):
        Texts(Table())
    with pytest.raises(TypeError, match="a sparse matrix"):
        Texts(Sparse())


class Table(list):
    columns = ("text",)


class Sparse(list):
    def tocsr(self):
        return self
