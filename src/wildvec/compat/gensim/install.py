"""Make `import gensim.models` import wildvec's classes.

In: nothing. Out: entries of sys.modules. Where gensim is installed, its other modules stay gensim's own.
"""

from __future__ import annotations

import sys
from importlib import import_module
from importlib.util import find_spec
from types import ModuleType

# Modules of gensim.models that wildvec replaces. Of the second group gensim has only compiled code of its own.
REPLACED = (
    *("word2vec", "keyedvectors", "fasttext", "doc2vec", "phrases", "_fasttext_bin"),
    *("word2vec_inner", "fasttext_inner", "doc2vec_inner", "word2vec_corpusfile"),
)
HERE = "wildvec.compat.gensim"
CLASSES = ("Word2Vec", "FastText", "Doc2Vec", "KeyedVectors", "Phrases")  # that gensim.models has


def install_as_gensim() -> None:
    """Make `from gensim.models import Word2Vec` and the like give wildvec's classes, in this process.

    If gensim is installed, it is imported, and all else of it works as before. If not, `gensim` has only these
    models, `gensim.models.callbacks` and a few functions of `gensim.utils`.

    Raises:
        ImportError: gensim.models is imported already.
    """
    found = sys.modules.get("gensim.models")
    if found is not None and sys.modules.get("gensim.models.word2vec") is import_module(f"{HERE}.word2vec"):
        return
    if found is not None:
        raise ImportError(
            f"gensim.models is imported already, from {getattr(found, '__file__', 'an unknown place')}; call "
            "install_as_gensim before the first import of gensim"
        )
    modules = {name: import_module(f"{HERE}.{name}") for name in REPLACED}
    is_installed = find_spec("gensim") is not None
    sys.modules.update({f"gensim.models.{name}": module for name, module in modules.items()})
    models = import_module("gensim.models") if is_installed else _make_gensim()
    for name, module in modules.items():  # importing a module that is in sys.modules does not set this
        setattr(models, name, module)


def _make_gensim() -> ModuleType:
    """Put a small package `gensim` into sys.modules; return its `models`."""
    gensim, models = ModuleType("gensim"), ModuleType("gensim.models")
    utils, callbacks = import_module(f"{HERE}.utils"), import_module(f"{HERE}.callbacks")
    for package in (gensim, models):
        package.__path__ = []
        package.__doc__ = "gensim's models on wildvec; gensim itself is not installed."
    vars(gensim).update(models=models, utils=utils, __version__="4.4.0")
    models.callbacks = callbacks  # type: ignore[attr-defined]
    sys.modules.update({"gensim": gensim, "gensim.models": models, "gensim.utils": utils})
    sys.modules["gensim.models.callbacks"] = callbacks
    for name in CLASSES:
        setattr(models, name, getattr(import_module(f"{HERE}.{name.lower()}"), name))
    return models
