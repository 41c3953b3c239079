"""fastText's Python module on wildvec: the same functions, arguments, defaults and results.

    import wildvec.compat.fasttext as fasttext
    model = fasttext.train_supervised("train.txt", wordNgrams=2)

or, before anything imports fasttext, for programs that cannot be changed:

    from wildvec.compat.fasttext import install_as_fasttext
    install_as_fasttext()

docs/from-fasttext.md says what differs.
"""

from __future__ import annotations

import sys
from typing import NoReturn

from wildvec.compat.fasttext import util
from wildvec.compat.fasttext.arguments import supervised_default, unsupervised_default
from wildvec.compat.fasttext.model import _FastText as _FastText
from wildvec.compat.fasttext.subwords import BOW, EOS, EOW, tokenize
from wildvec.compat.fasttext.training import load_model, train_supervised, train_unsupervised

__all__ = [
    "BOW",
    "EOS",
    "EOW",
    "cbow",
    "install_as_fasttext",
    "load_model",
    "skipgram",
    "supervised",
    "supervised_default",
    "tokenize",
    "train_supervised",
    "train_unsupervised",
    "unsupervised_default",
    "util",
]

FastText = sys.modules[__name__]  # fastText's functions and class are in fasttext.FastText


def install_as_fasttext() -> None:
    """Make `import fasttext` import this module, in this process.

    Raises:
        ImportError: The fasttext package is imported already.
    """
    here = sys.modules[__name__]
    found = sys.modules.get("fasttext", here)
    if found is not here:
        raise ImportError(
            f"fasttext is imported already, from {getattr(found, '__file__', 'an unknown place')}; call "
            "install_as_fasttext before the first `import fasttext`"
        )
    names = {"": here, ".FastText": here, ".util": util, ".util.util": util}
    sys.modules.update({f"fasttext{name}": module for name, module in names.items()})


def _refuse(name: str, instead: str) -> NoReturn:
    raise Exception(f"`{name}` is not supported any more, as in fasttext itself; use `{instead}`")


def cbow(*args: object, **kwargs: object) -> NoReturn:
    """Raise: fastText removed this function in 2019."""
    _refuse("cbow", "train_unsupervised(..., model='cbow')")


def skipgram(*args: object, **kwargs: object) -> NoReturn:
    """Raise: fastText removed this function in 2019."""
    _refuse("skipgram", "train_unsupervised(..., model='skipgram')")


def supervised(*args: object, **kwargs: object) -> NoReturn:
    """Raise: fastText removed this function in 2019."""
    _refuse("supervised", "train_supervised")
