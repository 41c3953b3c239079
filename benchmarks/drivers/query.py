"""Time queries and file loading in wildvec or gensim. In: JSON settings in argv[1]. Out: JSON figures.

Both have the same names (KeyedVectors, most_similar, load_word2vec_format), so one driver serves both. Only the batch
differs: one call of search in wildvec, a loop in gensim, which has no batch.
"""

import importlib
import json
import sys
import time
from collections.abc import Callable

import numpy as np

settings = json.loads(sys.argv[1])
system = settings["system"]
module = importlib.import_module("gensim.models" if system == "gensim" else system)
KeyedVectors = module.KeyedVectors
TOPN = 10


def seconds_of(action: Callable[[], object], repeats: int) -> float:
    """Return the time of the fastest of `repeats` calls after a first call, in seconds."""
    action()
    times = []
    for _ in range(repeats):
        started = time.perf_counter()
        action()
        times.append(time.perf_counter() - started)
    return min(times)


def random_vectors(words: int, vector_size: int) -> KeyedVectors:
    """Return random vectors with the keys w0, w1 and so on."""
    wv = KeyedVectors(vector_size)
    matrix = np.random.default_rng(1).standard_normal((words, vector_size), dtype=np.float32)
    wv.add_vectors([f"w{i}" for i in range(words)], matrix)
    return wv


def query_figures() -> dict[str, float]:
    """Return the seconds of one query and of settings["queries"] queries, by key."""
    wv = random_vectors(settings["words"], settings["vector_size"])
    keys = [f"w{i * 7919 % settings['words']}" for i in range(settings["queries"])]
    one = seconds_of(lambda: wv.most_similar(keys[0], topn=TOPN), settings["repeats"])
    if system == "wildvec":
        many = seconds_of(lambda: wv.search(keys, topn=TOPN), 3)
        looped = settings["queries"]
    else:
        looped = min(settings["queries"], settings["looped_queries"])
        many = seconds_of(lambda: [wv.most_similar(k, topn=TOPN) for k in keys[:looped]], 1)
    return {"one_query": one, "many_queries": many * settings["queries"] / looped}


def load_figures() -> dict[str, float]:
    """Return the seconds to load the same vectors from word2vec's binary and text format."""
    return {
        name: seconds_of(lambda b=binary, f=file: KeyedVectors.load_word2vec_format(f, binary=b), 2)
        for name, file, binary in (
            ("load_binary", settings["binary_file"], True),
            ("load_text", settings["text_file"], False),
        )
    }


print(json.dumps(load_figures() if "binary_file" in settings else query_figures()))
