"""An upper bound of the memory that a model needs: settings and sizes in, bytes by part out.

The bound is simple and therefore high: the measured peak of a training is usually 80 to 95% of it, or 35 to 65% with
deterministic training and where min_count leaves out most words. It counts the memory of this process beyond Python
and its libraries. A corpus in a mapped file is counted as if it were in memory. A corpus that the caller keeps in
memory is not counted. The pairs of words that GloVe counts are estimated, see glove_memory.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from wildvec._text import vocab_bytes
from wildvec.base.checks import checked, whole
from wildvec.base.threads import AHEAD
from wildvec.text.id_buffer import max_bytes_in_memory
from wildvec.text.readers import BLOCK_BYTES
from wildvec.training import matrices

if TYPE_CHECKING:
    from wildvec.models.text_model import TextModel

# Measured, in bytes.
PER_KEY = 170  # a str of eight letters, its places in two lists, a dict and an array of counts
KEY_BYTES = 12  # of a key's UTF-8
PER_BLOCK = 4 * BLOCK_BYTES  # text that is read, and its ids
PER_SENTENCE = 24  # two offsets, while sentences are encoded also their ends
FIXED = 16 << 20  # progress bar, threads, free lists of the allocator
WORDS_PER_SENTENCE = 20


def estimate(
    model: TextModel, vocab_size: int | None, tokens: int | None, sentences: int | None
) -> dict[str, int]:
    """Return upper bounds in bytes; arguments as in `TextModel.estimate_memory`.

    The parts are "vocab", each matrix by name, "corpus", "tables", "workers", "best_epoch" (the copy that `patience`
    keeps), and "reading": all memory before training begins. While a vocabulary is built, all words of the corpus are
    in memory; the bound assumes at most min_count of them for each one that stays. "total" is the larger of reading
    and training.
    """
    has_vocab = vocab_size is None
    n_words = _count("vocab_size", vocab_size, len(model.vocab))
    if not n_words:
        raise ValueError("there is no vocabulary yet; call build_vocab first, or give vocab_size")
    tokens = _count("tokens", tokens, model.corpus_total_words) or max_bytes_in_memory() // 4
    sentences = _count("sentences", sentences, model.corpus_count) or tokens // WORDS_PER_SENTENCE
    rows = {spec.name: 4 * spec.rows * matrices.row_width(spec) for spec in model._matrix_specs(n_words)}
    longest = min(tokens, model.max_sentence_length)
    vocab = PER_KEY * n_words
    corpus = 4 * tokens + PER_SENTENCE * sentences
    training = {
        "corpus": corpus,
        "tables": model._table_bytes(n_words),
        "workers": model._worker_bytes(n_words, tokens, longest),
        "best_epoch": sum(rows.values()) if model.patience else 0,
    }
    if has_vocab:
        words, standing = _word_table(n_words), vocab + sum(rows.values())
    else:
        distinct = min(tokens, n_words * max(1, model.min_count))
        words, standing = _word_tables(distinct, tokens, model.workers), vocab
    reading = standing + corpus + words + (model.workers + AHEAD + 1) * PER_BLOCK
    peak = max(reading, vocab + sum(rows.values()) + sum(training.values()))
    return {"vocab": vocab, **rows, **training, "reading": reading, "total": peak + FIXED}


def _count(name: str, given: int | None, default: int) -> int:
    count: int | None = checked(name, given, whole(0, none="the default"))
    return default if count is None else count


def _word_table(n_words: int) -> int:
    return vocab_bytes(n_words, KEY_BYTES * n_words)


def _word_tables(distinct: int, tokens: int, workers: int) -> int:
    """Return the bytes of one table per worker; the first gets all words in the end, and is copied when it grows."""
    other = _word_table(min(distinct, tokens // workers))
    return 2 * _word_table(distinct) + (workers - 1) * other
