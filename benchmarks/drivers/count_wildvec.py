"""Count co-occurrences with wildvec. In: settings as JSON. Out: CPU and wall seconds of reading and of counting."""

from __future__ import annotations

import json
import sys
import time

from wildvec import Cooccurrence
from wildvec.text.corpus import Corpus
from wildvec.text.files import Paths

settings = json.loads(sys.argv[1])
start, cpu_start = time.perf_counter(), time.process_time()
corpus = Corpus.read(
    Paths(settings["text"]),
    min_count=settings["min_count"],
    workers=settings["workers"],
    max_sentence_length=2**31 - 1,  # Stanford's programs do not split a line
)
read, cpu_read = time.perf_counter(), time.process_time()
pairs = Cooccurrence.from_corpus(
    corpus, window=settings["window"], workers=settings["workers"], max_memory=settings["max_memory"]
)
end, cpu_end = time.perf_counter(), time.process_time()
figures = {
    "cells": len(pairs.values),
    "read_cpu": cpu_read - cpu_start,
    "count_cpu": cpu_end - cpu_read,
    "read_seconds": read - start,
    "count_seconds": end - read,
}
print(json.dumps({name: round(value, 3) for name, value in figures.items()}))
