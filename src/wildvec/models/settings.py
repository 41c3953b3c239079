"""The settings of Word2Vec and what each may be, for the model and for the command line."""

from __future__ import annotations

from wildvec.checks import Check, choice, number, whole
from wildvec.readers import ERRORS
from wildvec.workers import WORKERS

# The upper bounds keep scratch memory sane and Ctrl-C prompt: a step is no longer than window × negative.
SETTINGS: dict[str, Check] = {
    "vector_size": whole(1, 100_000),
    "alpha": number(0, 1e38),  # float32 holds it
    "min_alpha": number(0, 1e38),
    "window": whole(1, 10_000),
    "min_count": whole(0),
    "max_vocab_size": whole(1, none="no bound"),
    "max_final_vocab": whole(1, none="no bound"),
    "sample": number(0, 2**53),
    "seed": whole(),
    "workers": WORKERS,
    "sg": choice(0, 1),
    "hs": choice(0, 1),
    "negative": whole(0, 10_000),
    "ns_exponent": number(-10, 10),
    "cbow_mean": choice(0, 1),
    "epochs": whole(1, 10**9),
    "sorted_vocab": choice(0, 1),
    "update": choice("block", "pair"),
    "errors": choice(*ERRORS),
    "max_sentence_length": whole(1, 2**31 - 1),
}
