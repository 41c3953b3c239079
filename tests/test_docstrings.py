"""The examples in doc strings run and give what they say; each public name has one."""

import doctest
import importlib
import pkgutil

import pytest

import wildvec

FOUND = pkgutil.walk_packages(wildvec.__path__, "wildvec.")
MODULES = ["wildvec", *sorted(m.name for m in FOUND if not m.name.endswith("__main__"))]


@pytest.mark.parametrize("name", MODULES)
def test_examples_run(name, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    flags = doctest.ELLIPSIS | doctest.NORMALIZE_WHITESPACE
    result = doctest.testmod(importlib.import_module(name), optionflags=flags)
    assert result.failed == 0, "python -m doctest shows what differs"


def test_every_public_name_has_an_example():
    public = [getattr(wildvec, name) for name in getattr(wildvec, "__all__", ())]
    things = [thing for thing in public if callable(thing)]
    assert not [thing.__name__ for thing in things if ">>>" not in (thing.__doc__ or "")]
