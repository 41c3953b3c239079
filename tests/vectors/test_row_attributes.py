"""Attributes of keys: values of any type that follow their keys, also into files."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from wildvec import KeyedVectors
from wildvec.io import attributes, native


@pytest.fixture
def wv() -> KeyedVectors:
    wv = KeyedVectors.from_arrays(["a", "b", "c"], np.eye(3, dtype=np.float32), [5, 9, 7])
    for key, year, colour, is_rare in (("a", 1999, "red", True), ("c", 2001, "blau", False)):
        wv.set_vecattr(key, "year", year)
        wv.set_vecattr(key, "colour", colour)
        wv.set_vecattr(key, "is_rare", is_rare)
    return wv


def values(wv: KeyedVectors, attr: str) -> list[object]:
    return [wv.get_vecattr(key, attr) for key in wv]


def test_values_of_several_types(wv: KeyedVectors) -> None:
    assert values(wv, "year") == [1999, 0, 2001] and type(wv.get_vecattr("a", "year")) is int
    assert values(wv, "colour") == ["red", None, "blau"]
    assert values(wv, "is_rare") == [True, False, False]
    wv.set_vecattr("a", "places", [1, 2])
    assert wv.get_vecattr("a", "places") == [1, 2]
    assert {name: array.dtype.kind for name, array in wv.expandos.items()} == {
        "count": "i",
        "year": "i",
        "colour": "O",
        "is_rare": "b",
        "places": "O",
    }


def test_an_attribute_keeps_its_type(wv: KeyedVectors) -> None:
    with pytest.raises(TypeError, match=r"attribute 'year' holds int64, which cannot hold .* float64"):
        wv.set_vecattr("a", "year", 0.5)
    wv.set_vecattr("a", "weight", 0.5)
    wv.set_vecattr("b", "weight", 2)
    assert values(wv, "weight") == [0.5, 2.0, 0.0]


def test_a_missing_key_or_attribute(wv: KeyedVectors) -> None:
    with pytest.raises(KeyError, match="nobody"):
        wv.set_vecattr("nobody", "new", 1)
    assert "new" not in wv.expandos
    with pytest.raises(KeyError, match="no attribute 'size'; there is 'count', 'year', 'colour', 'is_rare'"):
        wv.get_vecattr("a", "size")


def test_counts_are_the_attribute_count(wv: KeyedVectors) -> None:
    assert wv.counts is wv.expandos["count"]
    wv.counts = [1, 2, 3]
    assert wv.get_vecattr("c", "count") == 3
    wv.counts = None
    assert wv.counts is None and "count" not in wv.expandos
    with pytest.raises(ValueError, match="3 keys but 2 counts"):
        wv.counts = [1, 2]


def test_attributes_follow_their_keys(wv: KeyedVectors) -> None:
    wv.add_vectors(["d", "a"], np.ones((2, 3)), {"year": [2020, 1], "colour": ["green", "x"]})
    assert values(wv, "year") == [1999, 0, 2001, 2020] and values(wv, "count") == [5, 9, 7, 0]
    assert values(wv, "colour") == ["red", None, "blau", "green"]
    wv.add_vectors(["a"], np.ones((1, 3)), {"year": [1]}, replace=True)
    assert wv.get_vecattr("a", "year") == 1
    del wv["b"]
    assert values(wv, "year") == [1, 2001, 2020]
    wv.sort_by_descending_frequency()
    assert wv.index_to_key == ["c", "a", "d"] and values(wv, "year") == [2001, 1, 2020]
    chosen = wv.vectors_for_all(["d", "nobody", "c"], copy_vecattrs=True)
    assert chosen.index_to_key == ["d", "c"] and values(chosen, "year") == [2020, 2001]
    assert wv.vectors_for_all(["d"]).expandos == {}


def test_extras_that_do_not_fit(wv: KeyedVectors) -> None:
    with pytest.raises(ValueError, match="1 keys but 2 values of 'year'"):
        wv.add_vectors(["d"], np.ones((1, 3)), {"year": [1, 2]})
    with pytest.raises(TypeError, match="extras=True: give a dict"):
        wv.add_vectors(["d"], np.ones((1, 3)), True)  # type: ignore[arg-type]
    assert "d" not in wv


def test_allocation(wv: KeyedVectors) -> None:
    wv.allocate_vecattrs(["n", "text"], [int, str])
    assert values(wv, "n") == [0, 0, 0] and values(wv, "text") == [None] * 3
    with pytest.raises(TypeError, match="attribute 'n' holds int64"):
        wv.allocate_vecattrs(["n"], [float])


@pytest.mark.parametrize("mmap", [False, True])
def test_native_files_hold_all_attributes(wv: KeyedVectors, tmp_path: Path, mmap: bool) -> None:
    wv.set_vecattr("a", "places", [1, 2])
    wv.save(tmp_path / "v.wv", ignore=["count"])
    other = KeyedVectors.load(tmp_path / "v.wv", mmap=mmap)
    assert other.counts is None
    for attr in ("year", "colour", "is_rare", "places"):
        assert values(other, attr) == values(wv, attr)
        assert other.expandos[attr].dtype == wv.expandos[attr].dtype
    other.set_vecattr("b", "year", 7)
    assert values(other, "year") == [1999, 7, 2001]
    first = KeyedVectors.load(tmp_path / "v.wv", limit=1)
    assert values(first, "colour") == ["red"]


def test_a_value_that_no_file_holds(wv: KeyedVectors, tmp_path: Path) -> None:
    wv.set_vecattr("a", "thing", object())
    with pytest.raises(TypeError, match=r"attribute 'thing' cannot be written .*ignore=\['thing'\]"):
        wv.save(tmp_path / "v.wv")
    wv.save(tmp_path / "v.wv", ignore="thing")


@pytest.mark.parametrize(
    "tensor",
    [
        {"attributes.x": np.arange(2)},
        {"attributes_json.x": np.frombuffer(b"[1]", np.uint8)},
        {"attributes_json.x": np.frombuffer(b'{"dtype":"V9","values":[1,2,3]}', np.uint8)},
        {"attributes_json.x": np.frombuffer(b'{"dtype":"object","values":[1,2]}', np.uint8)},
        {"attributes_json.x": np.frombuffer(b"{", np.uint8)},
    ],
)
def test_damaged_attributes(tmp_path: Path, tensor: dict[str, np.ndarray]) -> None:
    tensors = {"vectors": np.eye(3), "keys.int": np.arange(3), **tensor}
    native.write(tmp_path / "v.wv", tensors, {"class": "KeyedVectors"})
    with pytest.raises(ValueError, match=r"v\.wv: damaged native file: "):
        KeyedVectors.load(tmp_path / "v.wv")


def test_counts_of_another_type_stay_what_they_are() -> None:
    packed = attributes.pack({"count": np.array([0.5, 1.5])})
    assert attributes.unpack(packed, 2)["count"].tolist() == [0.5, 1.5]
