"""What a model will take of memory at its peak: settings, vocabulary and corpus in numbers → bytes by part.

Counted is what the process takes for itself (RssAnon on Linux) beyond the interpreter and its libraries. Pages of
mapped files are not, nor a corpus that the caller holds in memory.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray

from wildvec._text import vocab_bytes
from wildvec._train import noise_draws, worker_bytes
from wildvec.base.checks import checked, whole
from wildvec.base.threads import AHEAD
from wildvec.models.task import kept_tokens, private_rows, rounds_of
from wildvec.text.id_buffer import max_bytes_in_memory
from wildvec.text.readers import BLOCK_BYTES
from wildvec.text.vocab import noise_weights
from wildvec.training import matrices
from wildvec.training.deterministic import Rounds
from wildvec.training.loop import chunk_tokens, crew_size

# Measured, in bytes.
PER_KEY = 150  # a str of eight letters, its places in two lists, a dict and an array of counts
KEY_BYTES = 9  # of UTF-8
PER_THREAD = 150_000  # its stack and its arena of small objects
PER_CHUNK = 64  # its bounds, its loss, its rate
WORDS_PER_SENTENCE = 20
HEAPS = 0.56  # of Heaps' law: the distinct words of a text grow with this power of its length
TOKENS_PER_BLOCK = BLOCK_BYTES // 6


def estimate(
    model: Any, vocab_size: int | None, tokens: int | None, sentences: int | None, distinct: int | None
) -> dict[str, int]:
    """Bytes by part; what is None comes from the model or is guessed.

    vocab, vectors, output_rows (negative sampling), node_rows (hierarchical softmax): what stays with the model.
    corpus, tables, workers, best_epoch (the copy for patience): what training adds. reading: what reading the corpus
    takes, with what stands by then. total: the peak.
    """
    is_read = vocab_size is None
    vocab_size = _number("vocab_size", vocab_size, len(model.vocab))
    if not vocab_size:
        raise ValueError("there is no vocabulary yet; call build_vocab first, or give vocab_size")
    tokens = _number("tokens", tokens, model.corpus_total_words)
    sentences = _number("sentences", sentences, model.corpus_count or tokens // WORDS_PER_SENTENCE)
    # By Zipf's law words become rarer in proportion to their rank; in real text a little faster.
    distinct = _number("distinct", distinct, min(tokens, int(vocab_size * max(1, model.min_count) ** 0.8)))
    matrices = _matrices(model, vocab_size)
    model_itself = {"vocab": PER_KEY * vocab_size} | matrices
    ids = 4 * tokens
    room = 0 if model.cache_dir is not None else max_bytes_in_memory()
    share = min(1.0, room / ids) if ids else 1.0  # what has been read when the ids move to a file
    counts = model.vocab.counts if is_read else _zipf(vocab_size, tokens)
    rounds = rounds_of(model, counts)
    training = {
        "corpus": _in_memory(ids, share) + _sentences(model, tokens, sentences, rounds),
        "tables": _tables(model, vocab_size),
        "workers": _workers(model, counts, tokens, sentences, rounds),
        "best_epoch": sum(matrices.values()) if model.patience else 0,
    }
    standing = sum(model_itself.values())
    if is_read:
        written = standing if model.epochs_trained else model_itself["vocab"] + matrices["vectors"]
        words = words_then = vocab_bytes(vocab_size, KEY_BYTES * vocab_size)
    else:
        written = 0
        words, words_then = (_word_tables(model.workers, int(distinct * part**HEAPS)) for part in (1, share))
    reading = max(int(ids * share) + words_then, _in_memory(ids, share) + max(words, 8 * sentences))
    reading += written + _blocks(model.workers, tokens) + 4 * sentences
    total = max(reading, standing + sum(training.values()))
    return model_itself | training | {"reading": reading, "total": total}


def _in_memory(ids: int, share: float) -> int:
    return ids if share == 1 else 0


def _number(name: str, given: int | None, default: int) -> int:
    number: int | None = checked(name, given, whole(0, none="what the model knows"))
    return default if number is None else number


def _matrices(model: Any, n: int) -> dict[str, int]:
    row = 4 * matrices.padded_width(model.vector_size)
    return {
        "vectors": n * row,
        "output_rows": n * row if model.negative else 0,
        "node_rows": max(0, n - 1) * row if model.hs else 0,
    }


def _tables(model: Any, n: int) -> int:
    """Subsampling, noise, Huffman paths."""
    paths = 8 + 5 * _path(n) if model.hs else 0
    return n * ((4 if model.sample else 0) + (8 if model.negative else 0) + paths)


def _path(n: int) -> int:
    """Nodes on the way to a word, the mean of all words (a rare one's is long)."""
    return math.ceil(math.log2(n + 1)) + 1


def _zipf(n: int, tokens: int) -> NDArray[np.int64]:
    """How often each of n words occurs in so many tokens: in inverse proportion to its rank, and once at least."""
    shares = 1 / np.arange(1, n + 1)
    counts: NDArray[np.int64] = np.maximum(1, tokens / shares.sum() * shares).astype(np.int64)
    return counts


def _sentences(model: Any, tokens: int, sentences: int, rounds: Rounds | None) -> int:
    """Offsets, and the bounds, losses and rates of the chunks."""
    n_chunks: int = tokens // chunk_tokens(rounds) + 2 * math.ceil(model.held_out * sentences)
    return 8 * sentences + PER_CHUNK * n_chunks


def _workers(
    model: Any, counts: NDArray[np.int64], tokens: int, sentences: int, rounds: Rounds | None
) -> int:
    n, chunk = len(counts), chunk_tokens(rounds)
    n_workers = crew_size(tokens // chunk + 1, model.workers, rounds)
    scratch = worker_bytes(
        cbow=not model.sg,
        n_words=n,
        dim=matrices.padded_width(model.vector_size),
        window=model.window,
        negative=model.negative,
        max_path=2 * _path(n) if model.hs else 0,
        n_hot=private_rows(model, counts, n_workers, rounds)[0],
        max_chunk=min(tokens, chunk + tokens // max(1, sentences)),
    )
    copies = _round_copies(model, counts, tokens, sentences, rounds) if rounds else 0
    return int(n_workers * (PER_THREAD + scratch) + copies)


def _round_copies(
    model: Any, counts: NDArray[np.int64], tokens: int, sentences: int, rounds: Rounds
) -> float:
    """What all workers hold of the matrices, while they train or, if that is more, measure what is held out.

    Sentences held out cut the text of a share; when they are measured, each is a piece of its own.
    """
    held_out: float = model.held_out
    share = max(1, min(tokens, rounds.share))
    sentences_per_token = sentences / max(1, tokens)
    copies = _copies(model, counts, share, 1 + held_out * share * sentences_per_token)
    if not held_out:
        return rounds.workers * copies
    measured = max(1, min(share, held_out * tokens))
    when_measured = _copies(model, counts, measured, max(1, measured * sentences_per_token))
    # No more workers measure than there are shares of such text.
    measuring = min(rounds.workers, held_out * tokens / measured)
    return rounds.workers * copies + measuring * max(0, when_measured - copies)


def _copies(model: Any, counts: NDArray[np.int64], share: float, pieces: float) -> int:
    """What a worker holds of the matrices in a round: tables of all rows, and copies of those that its share needs.

    There is room for more copies, but no memory before one is made. pieces: how many pieces of text the share
    consists of; each draws negatives of its own.
    """
    kept = kept_tokens(model, counts)
    kept *= share / counts.sum()
    made = _distinct(kept)
    n_tables = 1
    if model.negative:
        noise = noise_weights(counts, model.ns_exponent)
        made += _distinct(kept + noise * (_draws(model, kept.sum(), pieces) / noise.sum()))
        n_tables += 1
    if model.hs:
        made += _nodes(kept)
        n_tables += 1
    return int(made * (4 * matrices.padded_width(model.vector_size) + 8) + n_tables * 4 * len(counts))


def _distinct(expected: NDArray[np.float64]) -> float:
    """How many different things occur, each of which is expected so often."""
    return float(-np.expm1(-expected).sum())


def _nodes(expected: NDArray[np.float64]) -> float:
    """Huffman nodes on the ways to words, each of which is expected so often.

    Those that all ways together visit once or more; below, where a node is visited half as often as its parent, each
    word's own.
    """
    own = -np.expm1(-expected) * np.maximum(0, -np.log2(expected))
    return float(np.minimum(expected, 1).sum() + own.sum())


def _draws(model: Any, centres: float, pieces: float) -> float:
    """How many negatives a worker draws for so many centres, in so many pieces of text."""
    if model.update == "block":
        windows = centres if model.hs else centres / 2  # two neighbouring centres share them
        return pieces * noise_draws(model.negative, math.ceil(windows / pieces))
    pairs = 1 if not model.sg else model.window + 1 if model.shrink_windows else 2 * model.window
    return float(centres * pairs * model.negative)


def _blocks(workers: int, tokens: int) -> int:
    """Text on its way, with its ids."""
    n_blocks = min(tokens // TOKENS_PER_BLOCK + 1, workers + AHEAD + 1)
    return n_blocks * (BLOCK_BYTES + 4 * TOKENS_PER_BLOCK)


def _word_tables(workers: int, distinct: int) -> int:
    """The first gets all words in the end, and stands twice while it grows.

    A share of the text has more than its share of the words.
    """
    own = math.ceil(distinct / workers**HEAPS)
    others = (workers - 1) * vocab_bytes(own, KEY_BYTES * own)
    return vocab_bytes(distinct, KEY_BYTES * distinct) + vocab_bytes(distinct // 2, 0) + others
