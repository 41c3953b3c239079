"""Train with gensim. In: JSON settings in argv[1]. Out: word2vec binary, JSON figures."""

import gc
import json
import sys
import time

import gensim
import gensim.models
from gensim.models.word2vec import LineSentence
from words import write_words

settings = json.loads(sys.argv[1])
corpus, output, tokens = (settings.pop(name) for name in ("corpus", "output", "tokens"))
given, words = settings.pop("given", "file"), settings.pop("words", None)
source = {"corpus_file": corpus}
if given != "file":
    lines = LineSentence(corpus)
    source = {"corpus_iterable": lines if given == "lines" else list(lines)}

gc.collect()  # a full collection of new lists must not fall into the measured time
started = time.perf_counter()
model = getattr(gensim.models, settings.pop("class", "Word2Vec"))(**settings)
model.build_vocab(**source)
scanned = time.perf_counter()
counts = {"total_words": model.corpus_total_words, "total_examples": model.corpus_count}
model.train(**source, **counts, epochs=model.epochs)
trained = time.perf_counter()
model.wv.save_word2vec_format(output, binary=True)
if words:
    write_words(words, output, model.wv)

figures = {
    "version": gensim.__version__,
    "scan_seconds": scanned - started,
    "train_seconds": trained - scanned,
    "words": len(model.wv),
}
print(json.dumps(figures))
