"""Pickles that gensim saved. In: a file. Out: the name of the class and its attributes; no code of the pickle runs.

A pickle can name any function of any module. Here only the names of a list are accepted: numpy's constructors of
arrays, Python's containers, and gensim's classes, which become plain holders of attributes (`Saved`). gensim stores
large arrays in files beside the pickle; they are read too.
"""

from __future__ import annotations

import collections
import os
import pickle
import re
import zipfile
from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np

from wildvec.io.pickled_arrays import CONSTRUCTORS, PickledFunction, plain
from wildvec.text.files import decompressed

COMPRESSED_SUFFIXES = (".gz", ".bz2")  # for which gensim compresses the arrays, too
ATTRIBUTE = re.compile(r"\w+")
GENSIM_CLASS = re.compile(r"[A-Z]\w*")
PROTOCOLS = tuple(b"\x80%c" % number for number in range(2, 6))
OLD_PROTOCOLS = b"ccopy_reg\n"
DAMAGE = (
    EOFError,
    AttributeError,
    LookupError,
    TypeError,
    ValueError,
    ImportError,
    OverflowError,
    RecursionError,
)


class NotGensimError(pickle.UnpicklingError, ValueError, AttributeError):
    """A pickle holds something else than an object of gensim."""


class Saved:
    """The attributes of an object of gensim. `saved_class`: the name of its class."""

    saved_class = ""

    def __new__(cls, *args: Any) -> Saved:
        """Accept the arguments of a named tuple, as `saved_args`."""
        self = super().__new__(cls)
        if args:
            self.__dict__["saved_args"] = args
        return self

    def __init__(self, *args: Any) -> None:
        """Take the arguments of __new__."""

    def __setstate__(self, state: Any) -> None:
        if isinstance(state, tuple):
            state = {**(state[0] or {}), **(state[1] or {})}
        if not isinstance(state, Mapping):
            raise pickle.UnpicklingError(
                f"the state of a {self.saved_class} is {type(state).__name__}, not a dict"
            )
        self.__dict__.update((name, plain(value)) for name, value in state.items())

    def get(self, *names: str, default: Any = None) -> Any:
        """Return the first attribute of these names that is not None."""
        found = (self.__dict__.get(name) for name in names)
        return next((value for value in found if value is not None), default)


class SavedFunction:
    """The name of a function of gensim or Python that an attribute refers to; it cannot be called."""

    def __init__(self, name: str) -> None:
        self.name = name


class _Random(Saved):
    """The state of a random generator, which is not used."""

    saved_class = "random generator"

    def __setstate__(self, state: Any) -> None:
        pass


def _make_random(*args: Any) -> _Random:
    return _Random()


def _encode(text: Any, encoding: str = "latin1") -> bytes:
    """Return the bytes that Python 2 stored as text. A pickle may use no other encoding: some run code."""
    if not isinstance(text, str) or encoding not in ("latin1", "latin-1"):
        raise pickle.UnpicklingError(f"the pickle encodes as {encoding!r}; only latin1 is accepted")
    return text.encode("latin1")


def _reconstructor(cls: Any, base: Any, state: Any) -> Any:
    """Make an empty holder (protocols 0 and 1). Only for classes of gensim."""
    if not issubclass(cls, Saved) or base is not object:
        raise pickle.UnpicklingError(f"the pickle makes a {cls.__name__} in a way that is not accepted")
    return cls()


ALLOWED: dict[tuple[str, str], Any] = {
    ("collections", "OrderedDict"): collections.OrderedDict,
    ("_codecs", "encode"): PickledFunction(_encode),
    ("copy_reg", "_reconstructor"): PickledFunction(_reconstructor),
    ("copyreg", "_reconstructor"): PickledFunction(_reconstructor),
    **CONSTRUCTORS,
    **{(name, "defaultdict"): collections.defaultdict for name in ("collections", "UserString", "UserDict")},
    **{
        (module, name): kind
        for module in ("builtins", "__builtin__")
        for name, kind in {
            **{kind.__name__: kind for kind in (frozenset, set, int, float, str, bytes, bytearray, list)},
            **{kind.__name__: kind for kind in (dict, tuple, bool, complex, slice, object)},
            "long": int,
            "unicode": str,
        }.items()
    },
}


class _Unpickler(pickle.Unpickler):
    """Accepts the names of ALLOWED and gensim's classes."""

    def __init__(self, stream: Any, path: str) -> None:
        super().__init__(stream, encoding="latin1")
        self.path = path
        self.classes: dict[tuple[str, str], Any] = {}

    def find_class(self, module: str, name: str) -> Any:
        """Return what stands for a name in the pickle. UnpicklingError: the name is not accepted."""
        if (module, name) in ALLOWED:
            return ALLOWED[module, name]
        if module == "numpy.random" or module.startswith("numpy.random."):
            return PickledFunction(_make_random) if name.startswith("__") else _Random
        if module in ("builtins", "__builtin__") and name == "hash":
            return SavedFunction(name)
        if module == "gensim" or module.startswith("gensim."):
            if (module, name) not in self.classes:
                self.classes[module, name] = (
                    type(name, (Saved,), {"saved_class": name})
                    if GENSIM_CLASS.fullmatch(name)
                    else SavedFunction(name)
                )
            return self.classes[module, name]
        raise NotGensimError(
            f"{self.path}: the pickle refers to {module}.{name}, which is neither of gensim nor of numpy, so it "
            "is not loaded (a pickle can run any code); if you trust the file, load it with gensim and save the "
            "vectors with save_word2vec_format"
        )

    def persistent_load(self, pid: Any) -> Any:
        """Refuse references to objects outside of the pickle."""
        raise pickle.UnpicklingError(f"{self.path}: the pickle refers to an object outside of it ({pid!r})")


def is_pickle(path: str | os.PathLike[str]) -> bool:
    """Return whether a file, plain or compressed, begins as a pickle does.

    >>> is_pickle("no such file")
    False
    """
    try:
        with open(path, "rb") as raw:
            head = decompressed(raw).read(len(OLD_PROTOCOLS))
    except (OSError, EOFError, ModuleNotFoundError):
        return False
    return head.startswith((*PROTOCOLS, OLD_PROTOCOLS))


def read_gensim(path: str | os.PathLike[str], mmap: str | bool | None = None) -> tuple[str, dict[str, Any]]:
    """Read a file that gensim's `save` wrote, of any version: (name of the class, attributes).

    Objects in the attributes are `Saved`. mmap: "r" or True: map the arrays in separate files, read-only.

    Raises:
        NotGensimError: The pickle holds something else, or refers to something that is not accepted.
        UnpicklingError: The pickle is damaged.
        FileNotFoundError: An array beside the file is missing.
        ValueError: An array in a separate file is damaged.
    """
    name = os.fspath(path)
    with open(name, "rb") as raw:
        try:
            found = _Unpickler(decompressed(raw), name).load()
        except NotGensimError:
            raise
        except pickle.UnpicklingError as error:
            text = str(error)
            raise pickle.UnpicklingError(text if text.startswith(name) else f"{name}: {text}") from None
        except DAMAGE as error:
            raise pickle.UnpicklingError(f"{name}: damaged pickle: {error}") from error
    if not isinstance(found, Saved):
        raise NotGensimError(
            f"{name} is a Python pickle that holds a {type(found).__name__}, and wildvec opens only those of "
            "gensim's models and vectors; if it holds vectors, write them with save_word2vec_format"
        )
    _read_arrays(found, name, name.endswith(COMPRESSED_SUFFIXES), "r" if mmap else None)
    return found.saved_class, found.__dict__


def _read_arrays(saved: Saved, prefix: str, compressed: bool, mmap: Any) -> None:
    """Set the attributes that are stored in files of their own, also those of the objects in the attributes."""
    for attribute in _names(saved, "__numpys", prefix):
        file = f"{prefix}.{attribute}.{'npz' if compressed else 'npy'}"
        saved.__dict__[attribute] = _read_array(file, compressed, mmap)
    if any(_names(saved, "__scipys", prefix)):
        raise pickle.UnpicklingError(f"{prefix}: the object has sparse matrices, which no model of words has")
    for attribute in _names(saved, "__ignoreds", prefix):
        saved.__dict__[attribute] = None
    for attribute in _names(saved, "__recursive_saveloads", prefix):
        child = saved.__dict__.get(attribute)
        if isinstance(child, Saved):
            _read_arrays(child, f"{prefix}.{attribute}", compressed, mmap)


def _read_array(file: str, compressed: bool, mmap: Any) -> Any:
    try:
        loaded = np.load(file, mmap_mode=None if compressed else mmap, allow_pickle=False)
        return loaded["val"] if compressed else loaded
    except (ValueError, EOFError, LookupError, zipfile.BadZipFile) as error:
        raise ValueError(f"{file}: this is no array of numbers as gensim stores it: {error}") from error


def _names(saved: Saved, attribute: str, path: str) -> Iterator[str]:
    """Yield names of attributes; they become parts of file names, so they must be words."""
    for name in saved.__dict__.get(attribute) or ():
        if not isinstance(name, str) or not ATTRIBUTE.fullmatch(name):
            raise pickle.UnpicklingError(f"{path}: {name!r} is no name of an attribute")
        yield name
