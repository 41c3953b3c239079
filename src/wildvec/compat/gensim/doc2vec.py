"""gensim.models.doc2vec: Doc2Vec with gensim's internals, and tagged documents."""

from __future__ import annotations

from wildvec.compat.gensim.absent import find

Doc2Vec = find("wildvec.models.doc2vec", "Doc2Vec")
TaggedDocument = find("wildvec.text.tagged", "TaggedDocument")
TaggedLineDocument = find("wildvec.text.tagged", "TaggedLineDocument")
