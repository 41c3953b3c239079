"""Keys that are added, replaced and removed; copies; vectors of chosen keys."""

from __future__ import annotations

import copy
import pickle

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from wildvec import KeyedVectors

KEYS = st.one_of(st.integers(0, 12), st.sampled_from("abcdefgh"))
CHANGES = st.lists(
    st.tuples(st.sampled_from(["add", "set", "remove", "copy"]), st.lists(KEYS, max_size=5, unique=True))
)


def check(wv: KeyedVectors, expected: dict[object, tuple[float, int]]) -> None:
    """Compare vectors and counts with a dict from key to both."""
    assert list(wv) == list(expected) and len(wv) == len(wv.vectors) == len(expected)
    assert wv.key_to_index == {key: row for row, key in enumerate(expected)}
    for key, (value, count) in expected.items():
        assert wv[key].tolist() == [value, -value] and wv.get_vecattr(key, "count") == count


@given(CHANGES)
def test_a_series_of_changes_is_that_of_a_dict(changes: list[tuple[str, list[int | str]]]) -> None:
    wv = KeyedVectors(2, count=3)
    wv.counts = []
    expected: dict[object, tuple[float, int]] = {}
    for number, (change, keys) in enumerate(changes, 1):
        vectors = [[number, -number] for _ in keys]
        if change == "add":
            wv.add_vectors(keys, np.reshape(vectors, (len(keys), 2)), {"count": np.full(len(keys), number)})
            expected |= {key: (number, number) for key in keys if key not in expected}
        elif change == "set":
            wv[keys] = np.reshape(vectors, (len(keys), 2))
            expected |= {key: (number, expected[key][1] if key in expected else 0) for key in keys}
        elif change == "remove":
            known = [key for key in keys if key in expected]
            wv.remove(known)
            expected = {key: value for key, value in expected.items() if key not in known}
        else:
            older, wv = wv, copy.copy(wv)
            wv.add_vector("only here", [7, -7])
            assert "only here" not in older
            del wv["only here"]
        check(wv, expected)


def test_one_key_with_its_vector() -> None:
    wv = KeyedVectors(3)
    wv.add_vectors("king", np.arange(3.0))
    wv.add_vectors(7, [[1, 1, 1]])
    wv["queen"] = [2, 2, 2]
    assert list(wv) == ["king", 7, "queen"] and wv["king"].tolist() == [0, 1, 2]


def test_removal() -> None:
    wv = KeyedVectors.from_arrays(["a", "b", "c", "d"], np.eye(4))
    wv.vectors_lockf = np.array([0, 1, 0.5, 2], np.float32)
    with pytest.raises(KeyError, match="nobody"):
        wv.remove(["a", "nobody"])
    assert len(wv) == 4
    wv.remove("a")
    del wv[["c", "c"]]
    assert list(wv) == ["b", "d"] and "a" not in wv and wv.vectors_lockf.tolist() == [1, 2]
    assert wv.most_similar("b") == [("d", 0.0)]
    wv.remove([])
    wv.remove(wv.index_to_key)
    assert len(wv) == 0 and wv.vectors.shape == (0, 4)
    wv["e"] = np.ones(4)
    assert wv.most_similar(np.ones(4)) == [("e", pytest.approx(1))]


def test_sorting() -> None:
    wv = KeyedVectors.from_arrays(["a", "b", "c", "d"], np.arange(4.0)[:, None], [1, 5, 1, 5])
    wv.sort_by_descending_frequency()
    assert list(wv) == ["b", "d", "a", "c"] and wv.vectors[:, 0].tolist() == [1, 3, 0, 2]
    wv.counts = None
    with pytest.raises(ValueError, match="there are no counts to sort by"):
        wv.sort_by_descending_frequency()
    KeyedVectors(2).sort_by_descending_frequency()


def test_resizing_after_the_list_of_keys_was_changed() -> None:
    wv = KeyedVectors.from_arrays(["a", "b"], np.eye(2, dtype=np.float32), [3, 2])
    wv.index_to_key += ["c", "d"]
    wv.resize_vectors(seed=1)
    assert wv.vectors.shape == (4, 2) and wv.get_vecattr("d", "count") == 0 and wv.get_index("c") == 2
    assert wv.vectors.dtype == np.float32 and (np.abs(wv.vectors[2:]) <= 0.5).all() and wv.vectors[2:].any()
    wv.index_to_key.pop()
    wv.resize_vectors()
    assert len(wv.vectors) == 3 and "d" not in wv


def test_copies_and_pickles_are_independent() -> None:
    wv = KeyedVectors.from_arrays(["a"], np.ones((1, 2)), [4])
    wv.set_vecattr("a", "colour", "red")
    for other in (copy.copy(wv), copy.deepcopy(wv), pickle.loads(pickle.dumps(wv))):
        assert other.get_vecattr("a", "colour") == "red" and other["a"].tolist() == [1, 1]
        other.add_vector("b", [0, 1])
        del other["a"]
        assert list(other) == ["b"] and list(wv) == ["a"] and wv.get_vecattr("a", "count") == 4
    assert np.shares_memory(copy.copy(wv).vectors, wv.vectors)


def test_vectors_for_all() -> None:
    wv = KeyedVectors.from_arrays(["a", "b", 3], np.eye(3))
    other = wv.vectors_for_all(iter([3, "x", "a", 3]))
    assert (
        list(other) == [3, "a"] and other[3].tolist() == [0, 0, 1] and other.vectors.dtype == wv.vectors.dtype
    )
    assert len(wv.vectors_for_all([])) == len(wv.vectors_for_all(["x"])) == 0


class WithInference(KeyedVectors):
    """Vectors of unknown keys are the mean of all."""

    def __contains__(self, key: object) -> bool:
        return True

    def _infer_vector(self, key: object) -> np.ndarray:
        return self.vectors.mean(axis=0)


def test_a_subclass_computes_vectors_of_unknown_keys() -> None:
    wv = WithInference.from_arrays(["a", "b"], np.eye(2))
    assert wv["x"].tolist() == [0.5, 0.5] and wv[["a", "x"]].tolist() == [[1, 0], [0.5, 0.5]]
    assert not wv.has_index_for("x") and wv.get_index("x", -1) == -1
    assert {key for key, _ in wv.most_similar("x")} == {"a", "b"} == {key for key, _ in wv.search(["x"])[0]}
    assert wv.similarity("x", "a") == pytest.approx(0.5**0.5)
    assert wv.distances("a", ["x", "b"]) == pytest.approx([1 - 0.5**0.5, 1])
    assert wv.rank("x", "a") in (1, 2) and wv.doesnt_match(["a", "x", "b"]) in ("a", "b")
    assert list(wv.vectors_for_all(["x", "a"])) == ["x", "a"]
    assert list(wv.vectors_for_all(["x", "a"], allow_inference=False)) == ["a"]
    with pytest.raises(KeyError):
        wv.remove(["x"])
    wv["x"] = [0, 3]
    assert list(wv) == ["a", "b", "x"] and wv["x"].tolist() == [0, 3]
