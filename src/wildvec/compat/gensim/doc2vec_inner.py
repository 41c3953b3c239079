"""gensim.models.doc2vec_inner: names that programs import from gensim's compiled module."""
