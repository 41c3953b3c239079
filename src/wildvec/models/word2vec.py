"""Word2Vec: skip-gram and CBOW with negative sampling or hierarchical softmax.

Mikolov, Chen, Corrado, Dean (2013), "Efficient Estimation of Word Representations in Vector Space";
Mikolov, Sutskever, Chen, Corrado, Dean (2013), "Distributed Representations of Words and Phrases".
"""

from __future__ import annotations

import logging
import math
import os
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import fields
from typing import Any, ClassVar, Self

import numpy as np
from numpy.typing import NDArray

from wildvec.base.checks import number, whole
from wildvec.base.keys import Key
from wildvec.models.callbacks import Callback
from wildvec.models.settings import Setting, one_of, switch
from wildvec.models.text_model import Source, TextModel
from wildvec.models.window_objective import WindowObjective
from wildvec.models.word_scores import first_sentences, most_probable, score_sentences
from wildvec.text.readers import Tokenizer
from wildvec.text.texts import Texts
from wildvec.text.trimming import TrimRule
from wildvec.text.vocab import NULL_WORD, Vocab
from wildvec.training import huffman, matrices
from wildvec.training.deterministic import Rounds
from wildvec.training.hot_rows import max_hot_rows
from wildvec.training.objective import MatrixSpec
from wildvec.training.plan import CHUNK_ITEMS

logger = logging.getLogger(__name__)

# A step that reads and changes more values would delay Ctrl-C by over 0.1 s.
LARGEST_STEP = 10**8
USUAL_PATH = 20  # nodes of a path in a Huffman tree
# Bytes of a worker's memory.
PER_THREAD = 200_000  # stack and small objects
BYTES_OF_WORKER = 16_000  # of any size of the settings
BYTES_PER_TARGET = 900  # of a block
BYTES_PER_POSITION = 160  # of a window
MAX_SHARED_NOISE = 64  # windows of more noise words share none (csrc/train/worker.c)


class Word2Vec(TextModel):
    """Vectors of words, learned from the words around them.

    With `sentences` or `corpus_file` the constructor reads the corpus, builds the vocabulary and trains. Without,
    call `build_vocab` and `train`. Settings are attributes: they may be assigned later, and are checked then.

    Args:
        sentences: Lists of tokens (str or int), or strings (split at white space, with a warning), in any iterable
            that is read once; a single str or path is a file.
        corpus_file: A path, a list of paths, a folder, a glob pattern or "-" for stdin. A line is a sentence. Files
            may be compressed (.gz, .bz2, .xz, .zst).
        vector_size: Values in a vector.
        alpha: Learning rate at the start.
        window: Words on each side of a word that count as its context.
        min_count: Words that occur less often are left out.
        max_vocab_size: Bound of the words held while reading; the rarest are dropped, by gensim's rule (see
            `Corpus.read`). None: no bound.
        sample: Words above this fraction of the corpus are trained less often; 0: all occurrences are trained.
        seed: With one worker, the same seed gives the same bits.
        workers: Threads; default: the CPUs that this process may use.
        min_alpha: Learning rate at the end; it falls linearly over all epochs.
        sg: 1 for skip-gram, 0 for CBOW.
        hs: 1 for hierarchical softmax.
        negative: Number of noise words per example; 0: no negative sampling.
        ns_exponent: Noise words are drawn with probability proportional to count ** ns_exponent.
        cbow_mean: CBOW predicts from the mean (1) or the sum (0) of the context.
        hashfxn: Ignored, like batch_words, compute_loss and comment, which only gensim uses: the loss is always
            computed, and the first values of a row depend on `seed` and the number of the row.
        epochs: Passes over the corpus.
        null_word: 1: the vocabulary has the additional word NUL (one character, code 0), which no text contains.
        trim_rule: A function of (word, count, min_count) that returns gensim's RULE_KEEP, RULE_DISCARD or
            RULE_DEFAULT (min_count decides). It is not stored in files.
        sorted_vocab: 1: the most frequent word comes first; 0: order of first appearance.
        batch_words: Ignored.
        compute_loss: Ignored.
        callbacks: Objects with at least one of the methods on_train_begin, on_epoch_begin, on_epoch_end and
            on_train_end, which get the model. No worker runs meanwhile.
        comment: Ignored.
        max_final_vocab: Raises min_count until the vocabulary has at most this many words. None: no bound.
        shrink_windows: True: each centre draws its width from 1 to window; False: always window.
        update: "block" trains two neighbouring centres together, with a common width (after Ji et al. 2016,
            "Parallelizing Word2Vec in Shared and Distributed Memory"). For 5 negatives each, the two centres of
            skip-gram draw 8 noise words, so they share 2; those of CBOW share all. With `hs`, CBOW's two centres have
            only the width in common, and skip-gram trains one centre at a time. For each window one new noise word is
            drawn; the others are repeated from recent windows (up to 1,000 back for up to 20 negatives), in
            combinations that seldom occur again. Above 64 noise words, and where a chunk (up to 10,000 tokens)
            begins, all are new. "pair" is the classic update, one pair at a time with new negatives; it is several
            times slower and meant for comparison.
        deterministic: The same seed and number of workers give the same bits, whatever the speed of threads and the
            number of CPUs. Workers train copies of rows, which are merged every 20,000 tokens or more often. Two
            workers take about twice the time, and the copies take memory. With a small vocabulary fewer workers take
            part. One worker gives the same bits without it.
        held_out: Fraction of the sentences, at least one, that is not trained. `seed` and the number of sentences
            decide which. Their loss is measured after each epoch, always with the same draws.
        patience: Training stops after this many epochs without a new minimum of the held-out loss. The vectors are
            then those of the best epoch, of which a copy is kept meanwhile. None: all epochs.
        max_seconds: Training (without reading) ends after this time, if the epochs take longer. The learning rate
            reaches min_alpha by then. Results then depend on the speed, so `deterministic` does not allow it.
        checkpoint: Folder for checkpoints, which `resume` continues from and `load` opens. It is created if it does
            not exist. One is written when training begins, at Ctrl-C (a second Ctrl-C skips it) and at the end.
        checkpoint_minutes: Minutes between two checkpoints; None: none by time.
        checkpoint_epochs: Epochs between two checkpoints; None: none by epochs.
        keep_checkpoints: Number of newest checkpoints that are kept.
        lowercase: Convert the text to lower case.
        tokenizer: Function from a line to its tokens; default: str.split.
        errors: What to do with bytes that are not UTF-8: "strict" raises, "replace" inserts U+FFFD, "ignore" omits.
        max_sentence_length: Longer sentences are split, counted in tokens.
        cache_dir: Folder for the ids of the corpus; default: memory, and the system's temporary folder if they are
            larger than 256 MB.
        others: Arguments that only gensim has: ignored if they change no result, else refused.

    Attributes:
        wv: The vectors (KeyedVectors). They can be changed in place, and `wv.vectors_lockf` can freeze them.
        epoch_losses: Mean loss per example of each epoch, in nats. An example is a pair of words with the negatives
            of the centre (skip-gram) or a centre (CBOW). It may rise in the last epochs while the vectors still
            improve, because each example is scored before its update, when its text has just been trained.
        held_out_losses: Mean loss per held-out example after each epoch that held any out. It does not rise for that
            reason.
        tokens_per_second: Speed of the last training. Other attributes: see `Model` and `TextModel`.

    Raises:
        ValueError: A setting is out of range, no word is left, or nothing can be held out.
        TypeError: A setting has the wrong type, or there is no such setting.
        FileExistsError: The folder for checkpoints holds those of another training.
        BlockingIOError: Another training writes to the folder.
        OSError: The first checkpoint cannot be written. If a later one cannot be written, training continues and a
            warning is logged.
        BaseException: Errors that stop the training (also KeyboardInterrupt) have an attribute `model`: the model
            with what it had learned.

    >>> text = [["king", "rules", "land"], ["queen", "rules", "land"]] * 50
    >>> model = Word2Vec(text, vector_size=16, min_count=1, epochs=2, workers=1)
    >>> model
    Word2Vec(4 keys × 16, CBOW, 2 epochs trained)
    >>> model.wv["king"].shape
    (16,)
    >>> model.epochs = 0
    Traceback (most recent call last):
    ValueError: epochs=0: give a whole number from 1 to 1e9
    """

    NAME: ClassVar[str] = "Word2Vec"
    MATRICES: ClassVar[tuple[str, ...]] = ("vectors", "output_rows", "node_rows")

    window = Setting(5, whole(1, 10_000), "words on each side of the centre word")
    sample = Setting(
        1e-3,
        number(0, 2**53),
        "words above this fraction of the text are trained less often; 0: no subsampling",
        metavar="FRACTION",
    )
    sg = one_of(0, 1, help="1: skip-gram; 0: CBOW")
    hs = one_of(0, 1, help="1: hierarchical softmax")
    negative = Setting(5, whole(0, 10_000), "noise words per example; 0: no negative sampling")
    ns_exponent = Setting(0.75, number(-10, 10), "noise words are drawn by count to this power", metavar="X")
    cbow_mean = one_of(1, 0, help="CBOW predicts from the mean (1) or the sum (0) of the context")
    null_word = one_of(0, 1, help="1: add the word NUL")
    shrink_windows = switch(True, "draw the width of each window from 1 to window")
    update = one_of("block", "pair", help="pair: the classic update, slower")

    def __init__(
        self,
        sentences: Source = None,
        corpus_file: Source = None,
        vector_size: int = 100,
        alpha: float = 0.025,
        window: int = 5,
        min_count: int = 5,
        max_vocab_size: int | None = None,
        sample: float = 1e-3,
        seed: int = 1,
        workers: int | None = None,
        min_alpha: float = 1e-4,
        sg: int = 0,
        hs: int = 0,
        negative: int = 5,
        ns_exponent: float = 0.75,
        cbow_mean: int = 1,
        hashfxn: Any = hash,
        epochs: int = 5,
        null_word: int = 0,
        trim_rule: TrimRule | None = None,
        sorted_vocab: int = 1,
        batch_words: int = 10_000,
        compute_loss: bool = False,
        callbacks: Iterable[Callback[Self]] = (),
        comment: str | None = None,
        max_final_vocab: int | None = None,
        shrink_windows: bool = True,
        *,
        update: str = "block",
        deterministic: bool = False,
        held_out: float = 0.0,
        patience: int | None = None,
        max_seconds: float | None = None,
        checkpoint: str | os.PathLike[str] | None = None,
        checkpoint_minutes: float | None = 10,
        checkpoint_epochs: int | None = None,
        keep_checkpoints: int = 2,
        lowercase: bool = False,
        tokenizer: Tokenizer | None = None,
        errors: str = "strict",
        max_sentence_length: int = 10_000,
        cache_dir: str | os.PathLike[str] | None = None,
        **others: Any,
    ) -> None:
        self._set_up(locals())
        self._start(sentences, corpus_file, callbacks)

    def _check_together(self) -> None:
        super()._check_together()
        if not self.hs and not self.negative:
            raise ValueError("hs=0 and negative=0 leave nothing to train on; set negative=5 or hs=1")
        if self._step_size() > LARGEST_STEP:
            raise ValueError(
                f"window={self.window}, negative={self.negative} and vector_size={self.vector_size} are too large "
                f"together: a step would use {self._step_size():.1e} values, and at most {LARGEST_STEP:.0e} are "
                "allowed so that Ctrl-C works at once; lower one of them"
            )

    def _step_size(self) -> int:
        """Return the number of values that training one centre uses, up to a small factor."""
        targets = self.negative + 1 + (USUAL_PATH if self.hs else 0)
        rows = 2 * self.window * targets if self.sg else 2 * self.window + targets
        return rows * self.vector_size

    def _set_vocab(self, vocab: Vocab) -> None:
        super()._set_vocab(self._with_null_word(vocab))

    def _with_null_word(self, vocab: Vocab) -> Vocab:
        if not self.null_word or NULL_WORD in vocab:
            return vocab
        return Vocab([*vocab.keys, NULL_WORD], np.append(vocab.counts, 1))

    def _check_vocab(self, vocab: Vocab) -> None:
        if self.hs and len(vocab) < 2:
            raise ValueError(
                f"hierarchical softmax needs at least two words, but the vocabulary is {vocab.keys}; give more text, "
                "or use negative sampling (hs=0, negative=5)"
            )

    def _more_tensors(self) -> dict[str, NDArray[Any]]:
        return {**super()._more_tensors(), **huffman.tree_tensors(self.vocab)}

    def _set_more_tensors(self, tensors: Mapping[str, NDArray[Any]], n_keys: int) -> None:
        super()._set_more_tensors(tensors, n_keys)
        huffman.set_tree(self.vocab, tensors)

    def _matrix_specs(self, n_keys: int) -> tuple[MatrixSpec, ...]:
        return self._objective().shapes(n_keys)

    def _objective(self) -> WindowObjective:
        names = [field.name for field in fields(WindowObjective)]
        return WindowObjective(**{name: getattr(self, name) for name in names})

    def _kind(self) -> str:
        return "skip-gram, " if self.sg else "CBOW, "

    def _check_predicts_from_words(self) -> None:
        """Raise RuntimeError if a hidden row needs more than words."""

    def _why_no_examples(self) -> str:
        return (
            f"with sample={self.sample:g} and min_count={self.min_count} no sentence had two words left; raise "
            "sample (0 keeps all), lower min_count or give longer sentences"
        )

    # -- probabilities and other models ---------------------------------------------------------------------------

    def score(
        self,
        sentences: Iterable[Sequence[Key] | str],
        total_sentences: int = 1_000_000,
        chunksize: int = 100,
        queue_factor: int = 2,
        report_delay: float = 1,
    ) -> NDArray[np.float32]:
        """Return the log-probability of each sentence, in nats, float32 (sentences,).

        It is the sum over all words of the sentence: of the logarithm of the word's probability given each word in
        its window (skip-gram), or given the whole window (CBOW); see Taddy 2015, "Document Classification by
        Inversion of Distributed Language Representations". Unknown words are left out.

        Args:
            sentences: Lists of tokens, or strings that `tokenizer` or white space divides.
            total_sentences: The most sentences that are scored; a warning is logged if there are more.
            chunksize: Ignored, like the other arguments, which only gensim uses.
            queue_factor: Ignored.
            report_delay: Ignored.

        Raises:
            RuntimeError: The model does not use hierarchical softmax (hs=1), or there is no vocabulary yet.

        >>> model = Word2Vec(hs=1, negative=0, min_count=1, vector_size=16)
        >>> model.build_vocab([["a", "b", "c"]])
        >>> [round(float(score), 1) for score in model.score([["a", "b"], ["unknown"]])]
        [-2.1, 0.0]
        """
        if not self.hs:
            raise RuntimeError("score needs hierarchical softmax; train a model with hs=1")
        self._check_has_vocab()
        self._check_predicts_from_words()
        self._take_over_vectors()
        texts = Texts(first_sentences(sentences, total_sentences), self.tokenizer, self.lowercase)
        batches = texts.known_ids(self.wv.key_to_index)
        matrices = {**self._matrices, "vectors": self._vectors}
        return score_sentences(self._objective(), matrices, batches, self.workers)

    def predict_output_word(
        self, context_words_list: Iterable[Key], topn: int = 10
    ) -> list[tuple[Key, float]] | None:
        """Return the words that are most probable as the centre of a context, with their probabilities.

        The probability is the softmax of output rows times the sum (or with `cbow_mean` the mean) of the context's
        vectors, over the whole vocabulary.

        Args:
            context_words_list: The words around the centre; unknown ones are left out.
            topn: How many words to return.

        Returns:
            Pairs (word, probability), the most probable first; None if no word of the context is known.

        Raises:
            RuntimeError: The model has no output rows, because it does not use negative sampling.
        """
        if not self.negative:
            raise RuntimeError("predict_output_word needs negative sampling; train a model with negative=5")
        if not len(self.vocab):
            raise RuntimeError("predict_output_word needs a trained model, but there is no vocabulary")
        self._check_predicts_from_words()
        self._take_over_vectors()
        rows = [self.wv.key_to_index[word] for word in context_words_list if word in self.wv]
        if not rows:
            logger.warning("all words of the context are unknown to the model")
            return None
        hidden = self._vectors[rows].sum(axis=0)
        if self.cbow_mean:
            hidden /= len(rows)
        best = most_probable(self._matrices["output_rows"][:, : self.vector_size] @ hidden, topn)
        return [(self.vocab.keys[row], probability) for row, probability in best]

    def reset_from(self, other_model: Word2Vec) -> None:
        """Take the vocabulary of another model; the model then has new random vectors."""
        self._set_vocab(Vocab(other_model.vocab.keys, other_model.vocab.counts))
        self.corpus_count = other_model.corpus_count
        self.corpus_total_words = other_model.corpus_total_words

    # -- memory (see `estimate_memory`) ---------------------------------------------------------------------------

    def _longest_path(self, n_words: int) -> int:
        """Return the usual length of the longest path in a Huffman tree of n words."""
        return 2 * (math.ceil(math.log2(n_words + 1)) + 1) if self.hs else 0

    def _table_bytes(self, n_words: int) -> int:
        """Return the bytes of the tables for subsampling, noise and Huffman paths."""
        paths = 8 + 5 * self._longest_path(n_words) if self.hs else 0
        return n_words * (4 + 8 + paths)

    def _worker_bytes(self, n_words: int, tokens: int, longest: int) -> int:
        """Return an upper bound of the bytes of all workers (csrc/train/worker.c).

        longest: tokens of the longest sentence.
        """
        specs, is_round = self._matrix_specs(n_words), self.deterministic and self.workers > 1
        n_noise = self._objective().noise_of_window()
        targets = 2 + n_noise + self._longest_path(n_words)
        tokens_per_worker = Rounds.max_tokens_per_worker(self.workers) if is_round else CHUNK_ITEMS
        chunk = min(tokens, tokens_per_worker + longest)
        scratch = BYTES_OF_WORKER + 24 * chunk + BYTES_PER_TARGET * targets + BYTES_PER_POSITION * self.window
        scratch += 12 * min(n_noise, MAX_SHARED_NOISE) ** 2 + 16 * matrices.padded_width(self.vector_size)
        if is_round:
            scratch += self._round_bytes(specs, min(tokens, chunk + tokens_per_worker))
        private = 0 if is_round else self._private_bytes(specs, tokens, longest)
        return self.workers * (PER_THREAD + scratch) + private

    def _private_bytes(self, specs: Sequence[MatrixSpec], tokens: int, longest: int) -> int:
        """Return an upper bound of the bytes of all private rows."""

        def size(workers: int) -> int:
            most = max_hot_rows(workers)
            return workers * sum(8 * matrices.row_width(spec) * min(spec.rows, most) for spec in specs)

        # A text of few chunks is trained by fewer workers, and each of them has more private rows.
        fewest = min(self.workers, max(1, tokens // (CHUNK_ITEMS + longest)))
        return max(size(workers) for workers in range(fewest, self.workers + 1))

    def _round_bytes(self, specs: Sequence[MatrixSpec], tokens: int) -> int:
        """Return an upper bound of the bytes of the rows that one worker copies in a deterministic round."""
        longest_path = self._longest_path(specs[0].rows)
        total = 0
        for spec in specs:
            per_token = longest_path if spec.name == "node_rows" else spec.rows_per_item
            total += (4 * matrices.row_width(spec) + 8) * min(spec.rows, tokens * per_token) + 4 * spec.rows
        return total
