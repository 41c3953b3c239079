"""gensim.models.fasttext_inner: names that programs import from gensim's compiled module."""
