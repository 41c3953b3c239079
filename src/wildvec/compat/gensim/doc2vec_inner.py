"""gensim.models.doc2vec_inner: names that programs import from gensim's compiled module."""

FAST_VERSION = 1  # the kernels are compiled
