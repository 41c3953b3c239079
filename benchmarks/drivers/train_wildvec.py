"""Train with wildvec. In: JSON settings in argv[1]. Out: word2vec binary, JSON figures."""

import gc
import json
import sys
import time
from collections.abc import Iterator

from words import write_words

import wildvec


def read_lines(path: str) -> Iterator[list[str]]:
    """Yield the words of each line."""
    with open(path, encoding="utf-8") as file:
        for line in file:
            yield line.split()


settings = json.loads(sys.argv[1])
corpus, output, tokens = (settings.pop(name) for name in ("corpus", "output", "tokens"))
given, words = settings.pop("given", "file"), settings.pop("words", None)
source = {"corpus_file": corpus}
if given != "file":
    lines = read_lines(corpus)
    source = {"sentences": lines if given == "lines" else list(lines)}

gc.collect()  # a full collection of new lists must not fall into the measured time
started = time.perf_counter()
model = getattr(wildvec, settings.pop("class", "Word2Vec"))(**source, **settings)
seconds = time.perf_counter() - started
train_seconds = tokens * settings["epochs"] / model.tokens_per_second
model.wv.save_word2vec_format(output, binary=True)
if words:
    write_words(words, output, model.wv)

figures = {
    "version": wildvec.__version__,
    "scan_seconds": seconds - train_seconds,  # scan, encoding and initial rows
    "train_seconds": train_seconds,
    "words": len(model.wv),
}
print(json.dumps(figures))
