"""gensim's models on wildvec: the same modules, classes, arguments and attributes, gensim's internals included.

    from wildvec.compat.gensim import install_as_gensim
    install_as_gensim()                 # before anything imports gensim
    from gensim.models import Word2Vec

Each module here stands for the module of the same name in `gensim.models`. The classes are subclasses of wildvec's
own: they add attributes such as `syn1neg` and `cum_table`, which are computed when they are read, and gensim's checks
of arguments. docs/from-gensim.md says what differs.
"""

from __future__ import annotations

from wildvec.compat.gensim.install import install_as_gensim

__all__ = ["install_as_gensim"]
