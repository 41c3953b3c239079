"""Arrays in pickles: those of numpy are read; what would make numpy crash is an error. No gensim is needed."""

import pickle
import sys
import types

import numpy as np
import pytest

from wildvec.io.gensim_pickle import read_gensim
from wildvec.io.pickled_arrays import PickledArray, PickledDType

CORE = np._core if hasattr(np, "_core") else np.core
RECONSTRUCT, SCALAR, FROM_BUFFER = (
    CORE.multiarray._reconstruct,
    CORE.multiarray.scalar,
    CORE.numeric._frombuffer,
)
POINTER = b"A" * 8


class Made:
    """Something that a pickle makes by a call, and to which it then gives a state."""

    def __init__(self, function, *args, state=None):
        self.result = (function, args) if state is None else (function, args, state)

    def __reduce__(self):
        return self.result


def dtype(name, *state):
    return Made(np.dtype, name, False, True, state=state or None)


def array(kind, data, shape=(1,), cls=np.ndarray):
    return Made(RECONSTRUCT, cls, (0,), b"b", state=(1, shape, kind, False, data))


NOT_AN_OBJECT = dtype("O", 3, "|", None, None, None, 8, 8, 0)
FIELD_OF_OBJECTS = dtype("V8", 3, "|", None, ("a",), {"a": (np.dtype("O"), 0)}, 8, 1, 0)
FIELD_FAR_AWAY = dtype("V8", 3, "|", None, ("a",), {"a": (np.dtype("f8"), 1 << 30)}, 8, 1, 0)


@pytest.fixture
def saved(monkeypatch, tmp_path):
    """Return a function that reads an object of gensim with the attribute `x`."""
    for name in ("gensim", "gensim.models", "gensim.models.keyedvectors"):
        monkeypatch.setitem(sys.modules, name, types.ModuleType(name))
    cls = type("KeyedVectors", (), {"__module__": "gensim.models.keyedvectors"})
    sys.modules[cls.__module__].KeyedVectors = cls

    def read(value, protocol):
        thing = cls()
        thing.x = value
        (tmp_path / "file").write_bytes(pickle.dumps(thing, protocol))
        return read_gensim(tmp_path / "file")[1]["x"]

    return read


@pytest.mark.parametrize("protocol", [2, 4, 5])
@pytest.mark.parametrize(
    "value",
    [
        np.arange(6, dtype=np.float32).reshape(2, 3),
        np.asfortranarray(np.arange(6.0).reshape(2, 3)),
        np.arange(3, dtype=">i4"),
        np.array(["a", "bcd"]),
        np.array([True, False]),
        np.array([[1, 2], "text", None], dtype=object),
        np.zeros((0, 5), np.float32),
        np.float32(1.5),
    ],
)
def test_arrays_and_numbers(saved, value, protocol):
    found = saved(value, protocol)
    assert type(found) is type(value) and found.shape == value.shape
    assert found.dtype.newbyteorder("=") == value.dtype.newbyteorder("=")
    assert found.tolist() == value.tolist()


def test_arrays_in_a_dict_are_of_the_class_of_numpy(saved):
    assert type(saved({"count": np.arange(3), "other": 1}, 4)["count"]) is np.ndarray


@pytest.mark.parametrize(
    "value",
    [
        array(dtype("O"), POINTER),
        array(NOT_AN_OBJECT, POINTER),
        array(FIELD_OF_OBJECTS, POINTER),
        array(FIELD_FAR_AWAY, POINTER),
        array(dtype("O"), [1], shape=(100_000,)),
        array(dtype("O"), [1], shape=(-1,)),
        array(dtype("f8"), POINTER, shape=(1 << 40,)),
        array(dtype("f8", 3, "<>", None, None, None, 8, 8, 0), POINTER),
        array(dtype("f4,f4"), POINTER),
        array(dtype("f8"), POINTER, cls=dict),
        Made(SCALAR, NOT_AN_OBJECT, POINTER),
        Made(SCALAR, FIELD_OF_OBJECTS, POINTER),
        Made(FROM_BUFFER, bytearray(POINTER), NOT_AN_OBJECT, (1,), "C"),
        Made(FROM_BUFFER, bytearray(POINTER), dtype("f8"), (5,), "C"),
        Made(FROM_BUFFER, np.arange(3.0), dtype("f8"), (3,), "C"),
        Made(np.ndarray, (1,), NOT_AN_OBJECT, POINTER),
        Made(np.ndarray, (1 << 40,)),
        Made(np.dtype, {"names": ["a"], "formats": ["O"], "offsets": [1 << 30]}),
        Made(RECONSTRUCT, np.ndarray, (0,), b"b", state=(None, {"shape": (5,)})),
    ],
)
def test_what_would_crash_is_an_error(saved, value):
    with pytest.raises(pickle.UnpicklingError):
        saved(value, 4)


def test_the_values_of_an_array_are_set_once():
    values = PickledArray((0,), np.int8)
    state = (1, (2,), PickledDType("i1"), False, b"ab")
    values.__setstate__(state)
    assert values.tolist() == [97, 98]
    with pytest.raises(pickle.UnpicklingError, match="twice"):
        values.__setstate__(state)


def test_a_pickle_cannot_set_attributes_of_functions(tmp_path):
    # pickletools.dis explains it: the function _codecs.encode, and BUILD with the attribute __defaults__.
    (tmp_path / "file").write_bytes(b"\x80\x02c_codecs\nencode\n(N}X\x0c\0\0\0__defaults__(tstb.")
    with pytest.raises(pickle.UnpicklingError, match="attributes of a function"):
        read_gensim(tmp_path / "file")
