"""A pytest plugin: gensim's own tests run against wildvec.

    pytest -p wildvec.compat.gensim.pytest_plugin --pyargs gensim.test.test_word2vec

gensim's models are replaced before pytest imports a test. The run fails if one of the replaced modules is gensim's
own.
"""

from __future__ import annotations

import sys
from typing import Any

from wildvec.compat.gensim.install import CLASSES, REPLACED, install_as_gensim


def pytest_configure() -> None:
    """Replace gensim's models. pytest has read the options and not yet imported a test."""
    install_as_gensim()


def find_modules_of_gensim() -> list[str]:
    """Return the names of modules and classes that should be wildvec's but are gensim's own."""
    names = {f"gensim.models.{name}" for name in (*REPLACED, "doc2vec_corpusfile", "fasttext_corpusfile")}
    loaded = {name: sys.modules[name] for name in names if name in sys.modules}
    wrong = [name for name, module in loaded.items() if not module.__name__.startswith("wildvec.")]
    models = sys.modules["gensim.models"]
    wrong += [f"gensim.models.{name}" for name in CLASSES if not _is_ours(getattr(models, name))]
    return wrong


def _is_ours(cls: type) -> bool:
    return cls.__module__.startswith("wildvec.")


def pytest_sessionfinish(session: Any) -> None:
    """Fail the run if a module under test is gensim's own."""
    if wrong := find_modules_of_gensim():
        print(f"\ngensim's own code is under test: {', '.join(sorted(wrong))}")  # noqa: T201
        session.exitstatus = 3
