"""gensim.models._fasttext_bin: names of gensim's reader of Facebook's files."""
