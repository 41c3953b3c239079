"""The base class of models of text: settings for reading, the vocabulary of a corpus, `train` and `resume`."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from typing import Any, ClassVar, Protocol, Self

from wildvec.base.checks import Check, checked, whole
from wildvec.base.keys import Key
from wildvec.io import gensim_pickle
from wildvec.models import memory
from wildvec.models.base import Model
from wildvec.models.callbacks import Callback, Callbacks
from wildvec.models.gensim_names import check_arguments
from wildvec.models.resuming import claim_model_folder, load_checkpoint
from wildvec.models.settings import Setting, function_or_none, one_of, path_of_folder, switch
from wildvec.text.corpus import Corpus
from wildvec.text.files import as_paths
from wildvec.text.readers import ERRORS, Tokenizer
from wildvec.text.texts import Texts
from wildvec.text.trimming import TrimRule
from wildvec.text.vocab import Vocab
from wildvec.training.checkpoint import Training
from wildvec.training.feed import Feed
from wildvec.vectors.means import mean_rows

Source = Any  # all that Corpus.read accepts
EITHER = (
    "give either {0} or corpus_file: the second argument by position is corpus_file, so name the others, as in "
    "vector_size=100"
)


class TextFeed(Feed, Protocol):
    """Text that was read: a Corpus, or what a model makes of it."""

    vocab: Vocab
    raw_tokens: int

    def __len__(self) -> int:
        """The number of sentences."""

    def __enter__(self) -> Self:
        """Return the feed."""

    def __exit__(self, *error: object) -> None:
        """Release its memory."""


class TextModel(Model):
    """A model that is trained on sentences.

    Attributes:
        corpus_count: Number of sentences of the corpus that the vocabulary was built from.
        corpus_total_words: Number of tokens that were read of it.
    """

    SAME_DATA: ClassVar[str] = "give the same text in the same order, and the same tokenizer"
    SPLIT_ADVICE: ClassVar[str] = "lower max_sentence_length so that long sentences are split"
    STATE: ClassVar[Mapping[str, Check]] = {
        **Model.STATE,
        "corpus_count": whole(0),
        "corpus_total_words": whole(0),
    }

    min_count = Setting(5, whole(0), "leave out words that occur less often")
    max_vocab_size = Setting[int | None](
        None,
        whole(1, none="no bound"),
        "remove rare words while reading, so that at most N are in memory (default: never)",
    )
    max_final_vocab = Setting[int | None](
        None, whole(1, none="no bound"), "keep at most the N most frequent words (default: all)"
    )
    trim_rule = Setting[TrimRule | None](
        None, function_or_none, "function that decides which words are kept", stored=False, changeable=True
    )
    sorted_vocab = one_of(1, 0, help="1: most frequent words first; 0: order of first appearance")
    lowercase = switch(False, "convert words to lower case")
    tokenizer = Setting[Tokenizer | None](
        None, function_or_none, "function from a line to its tokens", stored=False, changeable=True
    )
    errors = one_of(*ERRORS, help="what to do with bytes that are not UTF-8")
    max_sentence_length = Setting(10_000, whole(1, 2**31 - 1), "split lines that have more words")
    cache_dir = Setting[str | os.PathLike[str] | None](
        None,
        path_of_folder("temporary files"),
        "folder for a temporary file with text that does not fit into memory",
        stored=False,
        changeable=True,
        from_text=str,
        metavar="DIR",
    )

    def _start(self, sentences: Source, corpus_file: Source, callbacks: Iterable[Callback[Self]]) -> None:
        """Read a corpus, build the vocabulary and train; nothing if no corpus is given. Used by constructors."""
        notifier = Callbacks(self, callbacks)
        if sentences is None and corpus_file is None:
            return
        with claim_model_folder(self) as folder, self._read(sentences, corpus_file, None) as corpus:
            self._set_corpus(corpus)
            with self._attached_to_errors():
                self._train(corpus, Training(self._schedule(), own_vocab=True), notifier, folder)

    def _read(self, sentences: Source, corpus_file: Source, vocab: Vocab | None, **building: Any) -> TextFeed:
        """Read the text that is given; without a vocabulary, build one from it.

        building: the arguments `grow` and `trim_rule` of `Corpus.read`, if they differ from the settings.
        """
        return self._read_corpus(sentences, corpus_file, vocab, **building)

    def _read_corpus(
        self, sentences: Source, corpus_file: Source, vocab: Vocab | None, **building: Any
    ) -> Corpus:
        if (sentences is None) == (corpus_file is None):
            raise TypeError(EITHER.format("sentences"))
        source = as_paths(corpus_file) if sentences is None else sentences
        return Corpus.read(source, **self._reading_options(vocab, **building))

    def _reading_options(self, vocab: Vocab | None, **building: Any) -> dict[str, Any]:
        """Return the arguments of `Corpus.read` that the settings determine; those in `building` replace them."""
        return {
            "vocab": vocab,
            "min_count": self.min_count,
            "max_vocab_size": self.max_vocab_size,
            "max_final_vocab": self.max_final_vocab,
            "sorted_vocab": bool(self.sorted_vocab),
            "trim_rule": self.trim_rule,
            "workers": self.workers,
            "lowercase": self.lowercase,
            "tokenizer": self.tokenizer,
            "errors": self.errors,
            "max_sentence_length": self.max_sentence_length,
            "cache_dir": self.cache_dir,
            **building,
        }

    # -- vocabulary -----------------------------------------------------------------------------------------------

    def build_vocab(
        self,
        corpus_iterable: Source = None,
        corpus_file: Source = None,
        update: bool = False,
        progress_per: int = 10_000,
        keep_raw_vocab: bool = False,
        trim_rule: TrimRule | None = None,
        *,
        sentences: Source = None,
        **others: Any,
    ) -> None:
        """Read a corpus and build the vocabulary. The model then has new random vectors.

        Args:
            corpus_iterable: Sentences, as in the constructor.
            corpus_file: File of sentences, as in the constructor.
            update: True: the vocabulary becomes larger. All words that it has keep their vectors and their order, and
                their counts are added; the new words of the corpus follow them. `min_count`, `trim_rule` and
                `max_final_vocab` decide which new words are added. Nothing that was learned is lost.
            progress_per: Ignored.
            keep_raw_vocab: Ignored.
            trim_rule: A rule for this call; default: `self.trim_rule`.
            sentences: Another name of corpus_iterable.
            others: Other arguments of gensim: ignored if they change no result, else refused.

        >>> from wildvec import Word2Vec
        >>> model = Word2Vec([["king", "rules"], ["queen", "rules"]], min_count=1, workers=1)
        >>> model.build_vocab([["king", "travels"]], update=True)
        >>> model.wv.index_to_key, model.vocab.counts.tolist()
        (['rules', 'king', 'queen', 'travels'], [2, 2, 1, 1])
        """
        check_arguments(others)
        building = self._building(update, trim_rule)
        with self._read(_only(corpus_iterable, sentences), corpus_file, None, **building) as corpus:
            self._set_corpus(corpus, update)

    def _building(self, update: bool, trim_rule: TrimRule | None) -> dict[str, Any]:
        """Return the arguments of `Corpus.read` and `Vocab.from_counts` for a call that builds a vocabulary."""
        rule = {} if trim_rule is None else {"trim_rule": checked("trim_rule", trim_rule, function_or_none)}
        return {**rule, **({"grow": self.vocab} if update and len(self.vocab) else {})}

    def build_vocab_from_freq(
        self,
        word_freq: Mapping[Key, int],
        keep_raw_vocab: bool = False,
        corpus_count: int | None = None,
        trim_rule: TrimRule | None = None,
        update: bool = False,
        **others: Any,
    ) -> None:
        """Build the vocabulary from a table of frequencies. The model then has new random vectors.

        Args:
            word_freq: How often each word occurs.
            keep_raw_vocab: Ignored.
            corpus_count: Number of sentences, if known.
            trim_rule: A rule for this call; default: `self.trim_rule`.
            update: True: the vocabulary becomes larger, as in `build_vocab`.
            others: Other arguments of gensim: ignored if they change no result, else refused.

        >>> from wildvec import Word2Vec
        >>> model = Word2Vec(vector_size=16)
        >>> model.build_vocab_from_freq({"king": 7, "queen": 9, "rare": 1})
        >>> model.wv.index_to_key
        ['queen', 'king']
        """
        check_arguments(others)
        vocab = Vocab.from_counts(
            word_freq,
            min_count=self.min_count,
            max_final_vocab=self.max_final_vocab,
            sorted_vocab=bool(self.sorted_vocab),
            **{"trim_rule": self.trim_rule, **self._building(update, trim_rule)},
        )
        (self._grow if update else self._set_vocab)(vocab)
        self.corpus_count = corpus_count or 0
        self.corpus_total_words = sum(word_freq.values())

    def _set_corpus(self, corpus: TextFeed, update: bool = False) -> None:
        (self._grow if update else self._set_vocab)(corpus.vocab)
        self.corpus_count = len(corpus)
        self.corpus_total_words = corpus.raw_tokens

    def _reset(self, vocab: Vocab) -> None:
        try:
            super()._reset(vocab)
        except MemoryError as error:
            raise MemoryError(f"{error}; min_count and max_final_vocab leave out rare words") from None
        self.corpus_count = 0
        self.corpus_total_words = 0

    def estimate_memory(
        self,
        vocab_size: int | None = None,
        report: dict[str, int] | None = None,
        *,
        tokens: int | None = None,
        sentences: int | None = None,
    ) -> dict[str, int]:
        """Return upper bounds of the memory that training needs, in bytes: each part, and `total`.

        Args:
            vocab_size: Number of words in the vocabulary; default: the vocabulary of the model.
            report: A dict that receives the parts too, as in gensim.
            tokens: Tokens of the corpus; default: those of the corpus that the vocabulary was built from. If that is
                unknown too, the largest part of a corpus that stays in memory is counted.
            sentences: Sentences of the corpus, default as for tokens, or 20 tokens each.

        Returns:
            See `wildvec.models.memory.estimate`.

        Raises:
            ValueError: There is neither a vocabulary nor a vocab_size, or a number is negative.

        >>> from wildvec import Word2Vec
        >>> Word2Vec(vector_size=300).estimate_memory(1_000_000, tokens=1_000_000_000)["vectors"]
        1216000000
        """
        parts = memory.estimate(self, vocab_size, tokens, sentences)
        if report is not None:
            report.update(parts)
        return parts

    def _worker_bytes(self, n_words: int, tokens: int, longest: int) -> int:
        """Return an upper bound of the bytes that all workers need. longest: tokens of the longest sentence."""
        return 0

    def _table_bytes(self, n_words: int) -> int:
        """Return the bytes of tables by word that training needs."""
        return 0

    # -- training -------------------------------------------------------------------------------------------------

    def train(
        self,
        corpus_iterable: Source = None,
        corpus_file: Source = None,
        total_examples: int | None = None,
        total_words: int | None = None,
        epochs: int | None = None,
        start_alpha: float | None = None,
        end_alpha: float | None = None,
        word_count: int = 0,
        queue_factor: int = 2,
        report_delay: float = 1.0,
        compute_loss: bool = False,
        callbacks: Iterable[Callback[Self]] = (),
        *,
        max_seconds: float | None = None,
        sentences: Source = None,
        **others: Any,
    ) -> tuple[int, int]:
        """Train on a corpus. It is read once for all epochs; words outside the vocabulary are left out.

        Args:
            corpus_iterable: Sentences, as in the constructor.
            corpus_file: File of sentences, as in the constructor.
            total_examples: Ignored; the corpus is counted when it is read.
            total_words: Ignored too.
            epochs: Passes over the corpus; default: `self.epochs`.
            start_alpha: Learning rate at the start; default: `self.alpha`.
            end_alpha: Learning rate at the end; default: `self.min_alpha`.
            word_count: Ignored, like the next three, which only gensim uses; the loss is always computed.
            queue_factor: Ignored.
            report_delay: Ignored.
            compute_loss: Ignored.
            callbacks: Objects with methods that are called during training, as in the constructor.
            max_seconds: Seconds after which training ends, if the epochs take longer; default: `self.max_seconds`.
            sentences: Another name of corpus_iterable.
            others: Other arguments of gensim: ignored if they change no result, else refused.

        Returns:
            Number of trained words (those in the vocabulary, before subsampling) and of words read, of all epochs.

        Raises:
            RuntimeError: There is no vocabulary yet.
            FloatingPointError: The vectors are no longer finite.
            ValueError: A setting or an argument is out of range, or settings contradict each other.
            KeyboardInterrupt: Ctrl-C was pressed. Training stops within 0.1 s and the model keeps what it learned.

        >>> from wildvec import Word2Vec
        >>> model = Word2Vec(min_count=1, workers=1)
        >>> model.build_vocab([["king", "rules"], ["queen", "rules"]])
        >>> model.train([["king", "rules", "lands"]] * 10, epochs=2)
        (40, 60)
        """
        check_arguments(others)
        self._check_has_vocab()
        schedule = self._schedule(epochs, start_alpha, end_alpha, max_seconds)
        notifier = Callbacks(self, callbacks)
        source = _only(corpus_iterable, sentences)
        with claim_model_folder(self) as folder, self._read(source, corpus_file, self.vocab) as corpus:
            return self._train(corpus, Training(schedule, own_vocab=False), notifier, folder)

    def _check_has_vocab(self) -> None:
        if not len(self.vocab):
            raise RuntimeError("there is no vocabulary yet; call build_vocab first")

    def fit(self, X: Any, y: Any = None) -> Self:
        """Build the vocabulary of some texts and train new vectors, as scikit-learn's estimators do.

        Args:
            X: Texts: an iterable of str, which `tokenizer` or white space divides, or of lists of tokens.
            y: Not used.

        Raises:
            TypeError: X is a single str, or a token is neither str nor int.
            ValueError: X is a table or holds no token, or no word is left.
            Other errors are those of the constructor.

        >>> from wildvec import Word2Vec
        >>> model = Word2Vec(vector_size=16, min_count=1, workers=1).fit(["a text", "another text"])
        >>> model.transform(["text and text", "unknown words"]).shape
        (2, 16)
        """
        self._start(Texts(X, self.tokenizer, self.lowercase), None, ())
        return self

    def transform(self, X: Any) -> Any:
        """Return the mean of the vectors of each text's known tokens, float32 (texts, vector_size).

        A text without a known token has a row of zeros.

        Args:
            X: Texts, as for `fit`.

        Returns:
            An array, or a data frame if `set_output` or scikit-learn's configuration says so.

        Raises:
            NotFittedError: There is no vocabulary yet (a ValueError; scikit-learn's if it is imported).
            TypeError: X is a single str.
            ValueError: X is a table; give one of its columns.
        """
        self._check_is_fitted()
        texts = Texts(X, self.tokenizer, self.lowercase)
        means = mean_rows(self.wv.vectors, texts.known_ids(self.wv.key_to_index), len(texts))
        return self._wrap_output(means, X)

    def save(
        self,
        path: str | os.PathLike[str],
        separately: Iterable[str] | None = None,
        sep_limit: int = 10 * 2**20,
        ignore: Iterable[str] = (),
        pickle_protocol: int = 4,
    ) -> None:
        """Write the model to one file, with all that further training needs. `KeyedVectors.load` opens it too.

        Paths, functions and callbacks are not stored.

        Args:
            path: The file.
            separately: Ignored, like the others, which say how gensim pickles a model.
            sep_limit: Ignored.
            ignore: Ignored.
            pickle_protocol: Ignored.

        Raises:
            OSError: The file cannot be written. An existing file is then unchanged.
        """
        super().save(path)

    @classmethod
    def load(
        cls, path: str | os.PathLike[str], rethrow: bool = False, mmap: bool | str | None = None
    ) -> Self:
        """Read a model that `save` wrote, the model in a checkpoint, or one that gensim saved.

        Args:
            path: The file.
            rethrow: Ignored; only gensim uses it.
            mmap: Ignored; the matrices are read, because training changes them.

        Raises:
            EOFError: The file is cut off.
            ValueError: The file holds something else (then also AttributeError, as in gensim), is damaged, or holds a
                setting that is unknown or out of range.
            UnpicklingError: A pickle that is damaged, holds no model of gensim (then also ValueError and
                AttributeError), or refers to other things than gensim and numpy (the same).
        """
        if gensim_pickle.is_pickle(path):
            from wildvec.models import from_gensim

            return from_gensim.load_model(path, cls, mmap)  # type: ignore[type-var]
        return super().load(path)

    @classmethod
    def resume(
        cls,
        path: str | os.PathLike[str],
        sentences: Source = None,
        corpus_file: Source = None,
        callbacks: Iterable[Callback[Self]] = (),
        **settings: Any,
    ) -> Self:
        """Continue a training that was stopped or killed, from the newest checkpoint in a folder.

        With one worker, or `deterministic`, vectors and losses are the same bits as those of a training that was
        never stopped (on the same instruction set). If the training is finished, the result is its model; a text
        is not needed then, but if one is given, it is compared.

        Args:
            path: Folder with checkpoints, or one checkpoint file.
            sentences: The text that the training began with. Its vocabulary and a checksum of all ids and sentence
                ends are compared.
            corpus_file: The same, as a file.
            callbacks: Objects with methods that are called during training. `on_epoch_begin` is also called for an
                epoch that is continued.
            settings: `tokenizer` and `cache_dir` must be given again, as they are not stored. `workers` (unless
                `deterministic`) and the settings of checkpoints may change. Other settings must be the same.

        Raises:
            FileNotFoundError: There is no checkpoint.
            ValueError: No checkpoint is whole (a damaged one is skipped with a warning), or the text or a setting is
                another one.
            BlockingIOError: The training still runs.
            FileExistsError: The file is in a folder with checkpoints of another training.
            BaseException: Errors that stop the training have an attribute `model`, as in the constructor.

        >>> import tempfile
        >>> from wildvec import Word2Vec
        >>> text, folder = [["king", "rules", "land"]] * 50, tempfile.mkdtemp()
        >>> model = Word2Vec(text, vector_size=16, workers=1, checkpoint=folder, checkpoint_epochs=1)
        >>> same = Word2Vec.resume(folder, text)
        >>> bool((same.wv.vectors == model.wv.vectors).all())
        True
        """
        with load_checkpoint(cls, path) as (model, training, folder):
            model._check_same_settings(settings, fixed=("workers",) if model.deterministic else ())

            def open_corpus(vocab: Vocab | None) -> TextFeed:
                return model._read(sentences, corpus_file, vocab)

            has_text = sentences is not None or corpus_file is not None
            is_needed = has_text or not training.state.finished
            model._resume(training, open_corpus if is_needed else None, callbacks, folder)
            return model


def _only(corpus_iterable: Source, sentences: Source) -> Source:
    """Return the one of two names of the same argument that was used."""
    if corpus_iterable is not None and sentences is not None:
        raise TypeError("corpus_iterable and sentences mean the same; give one of them")
    return sentences if corpus_iterable is None else corpus_iterable
