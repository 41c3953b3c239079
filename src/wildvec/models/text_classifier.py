"""TextClassifier: labels of texts from the mean of feature vectors (Joulin, Grave, Bojanowski, Mikolov 2016)."""

from __future__ import annotations

import math
import os
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import nullcontext
from functools import partial
from typing import Any, ClassVar, Self

import numpy as np
from numpy.typing import NDArray

from wildvec._text import FeatureTable, remap_block
from wildvec._train import BagModel
from wildvec.base.checks import Check, checked, choice, number, whole
from wildvec.base.ragged import Ragged
from wildvec.models import classifier_settings, quantizing
from wildvec.models.bag_feed import BagFeed, compact_features, shuffle_lists
from wildvec.models.base import Model
from wildvec.models.callbacks import Callback, Callbacks
from wildvec.models.classifier_settings import ClassifierSettings, Pretrained
from wildvec.models.classify_objective import BagObjective, label_paths
from wildvec.models.label_lists import (
    Label,
    Labels,
    array_of_labels,
    encode_labels,
    encode_with_known,
    lists_of_labels,
    ragged_of,
    warn_of_unknown,
)
from wildvec.models.label_metrics import LabelMetrics, TestResult
from wildvec.models.quantizable import QuantizableClassifier
from wildvec.models.resuming import claim_model_folder, load_checkpoint
from wildvec.models.text_encoder import Predictor, TextEncoder, in_blocks
from wildvec.text import labelled
from wildvec.text.files import Paths
from wildvec.text.labelled import Lines, Tokens
from wildvec.text.vocab import Vocab, select_tokens
from wildvec.training.checkpoint import Training
from wildvec.training.matrices import FloatRows
from wildvec.training.objective import MatrixSpec
from wildvec.vectors.keyedvectors import KeyedVectors
from wildvec.vectors.torch_layers import make_classifier

Texts = Iterable[str | Tokens]
Ids = NDArray[np.int32]
THRESHOLD = number(-math.inf, math.inf, none="no bound")


class TextClassifier(ClassifierSettings, QuantizableClassifier):
    """A linear classifier of texts on the mean of learned vectors: fastText's supervised mode.

    The features of a text are its words, hashed n-grams of words and hashed character n-grams of words. Each feature
    has a row of `vector_size` values; the mean of the rows of a text is compared with a row for each label. Features,
    hashes and arithmetic are those of fastText (Joulin, Grave, Bojanowski, Mikolov 2016: "Bag of Tricks for Efficient
    Text Classification"). n-grams that do not occur in training have no row and count as zeros.

    Args:
        vector_size: Values per vector.
        alpha: Learning rate at the start.
        min_alpha: Learning rate at the end.
        epochs: Passes over the texts.
        min_count: Words that occur less often are left out.
        min_count_label: Labels that occur less often are left out.
        word_ngrams: Longest n-gram of words; 1: words alone.
        min_n: Shortest character n-gram.
        max_n: Longest character n-gram; 0: none.
        bucket: Number of different n-grams, to which they are hashed.
        loss: "softmax"; "ova": one logistic loss per label, for texts with several labels; "hs": hierarchical
            softmax, for thousands of labels; "ns": negative sampling.
        negative: Negatives of each text, for loss="ns".
        l2: Each use of a feature moves its row by -alpha * l2 * row, which makes rows of frequent features smaller.
        binary: Each feature counts once in a text, however often it occurs. fastText counts all occurrences.
        pretrained: Vectors of words to begin with (KeyedVectors), or the path of their file; vector_size must be
            theirs. Words that the texts do not contain become words of the model too. It is not stored.
        label_prefix: How labels begin in files. Tokens that begin with it are no words.
        errors: Bytes in files that are not UTF-8: "strict" raises, "replace" and "ignore" do what they say.
        workers, seed, deterministic, held_out, patience, max_seconds, checkpoint, checkpoint_minutes,
            checkpoint_epochs, keep_checkpoints: see `Word2Vec`.

    Attributes:
        words, word_counts: The words, most frequent first, and their counts.
        labels, label_counts: The labels, most frequent first, and their counts.
        classes_: The labels in ascending order, as in scikit-learn.
        wv: The vectors of the words (KeyedVectors).
        input_rows: (n_words + bucket, vector_size): rows of words, then of buckets; a copy.
        output_rows: (n_labels, vector_size), a view.

    >>> texts = ["good film", "great film", "bad film", "awful film"] * 10
    >>> model = TextClassifier(vector_size=8, workers=1).fit(texts, ["pos", "pos", "neg", "neg"] * 10)
    >>> model.predict(["a great film"]).tolist()
    ['pos']
    """

    NAME: ClassVar[str] = "TextClassifier"
    ESTIMATOR_TYPE: ClassVar[str | None] = "classifier"
    MATRICES: ClassVar[tuple[str, ...]] = ("input_rows", "output_rows")
    SAME_DATA: ClassVar[str] = "give the same texts and labels in the same order"
    SPLIT_ADVICE: ClassVar[str] = "give more texts"
    STATE: ClassVar[Mapping[str, Check]] = {
        **Model.STATE,
        "labels": classifier_settings.labels,
        "label_counts": classifier_settings.counts,
        "n_rows": whole(0),
        "pruned": choice(False, True),
    }

    def __init__(
        self,
        *,
        vector_size: int = 16,
        alpha: float = 0.7,
        min_alpha: float = 0.0,
        epochs: int = 5,
        min_count: int = 1,
        min_count_label: int = 0,
        word_ngrams: int = 1,
        min_n: int = 0,
        max_n: int = 0,
        bucket: int = 2_000_000,
        loss: str = "softmax",
        negative: int = 5,
        l2: float = 0.008,
        binary: bool = True,
        pretrained: Pretrained = None,
        label_prefix: str = "__label__",
        errors: str = "strict",
        seed: int = 1,
        workers: int | None = None,
        deterministic: bool = False,
        held_out: float = 0.0,
        patience: int | None = None,
        max_seconds: float | None = None,
        checkpoint: str | os.PathLike[str] | None = None,
        checkpoint_minutes: float | None = 10,
        checkpoint_epochs: int | None = None,
        keep_checkpoints: int = 2,
        **others: Any,
    ) -> None:
        self._forget()
        self._set_up(locals())

    def _forget(self) -> None:
        """Have no labels and no buckets."""
        self.labels: list[Label] = []
        self.label_counts: list[int] = []
        self.n_rows = 0  # of the input matrix: words and the buckets that occur
        self._used_buckets: Ids = np.empty(
            0, np.int32
        )  # ascending; bucket _used_buckets[k] has row n_words + k
        self.trials_: list[Any] = []  # of `autotune`
        self._encoder: TextEncoder | None = None
        self._label_array: NDArray[Any] = np.array([])
        self.pruned = False  # whether n-grams without rows do not count in the mean
        self._quantized: quantizing.Quantized | None = None

    # -- what was learned -----------------------------------------------------------------------------------------

    @property
    def words(self) -> list[str]:
        """The words, most frequent first."""
        return self.vocab.keys  # type: ignore[return-value]

    @property
    def word_counts(self) -> NDArray[np.int64]:
        """How often each word occurs."""
        return self.vocab.counts

    @property
    def classes_(self) -> NDArray[Any]:
        """The labels in ascending order."""
        self._check_is_fitted()
        return array_of_labels(sorted(self.labels, key=lambda label: (isinstance(label, str), label)))

    @property
    def input_rows(self) -> FloatRows:
        """The rows of words, then of all buckets, (n_words + bucket, vector_size): a copy."""
        used, n_words = self._matrices["input_rows"][:, : self.vector_size], len(self.vocab)
        rows = np.zeros((n_words + self._n_buckets, self.vector_size), np.float32)
        rows[:n_words] = used[:n_words]
        rows[n_words + self._used_buckets] = used[n_words:]
        return rows

    @property
    def output_rows(self) -> FloatRows:
        """The rows of the labels, (n_labels, vector_size): a view."""
        return self._matrices["output_rows"][:, : self.vector_size]

    @property
    def _n_buckets(self) -> int:
        """The number of buckets in use: 0 without n-grams."""
        return self.bucket if self.word_ngrams > 1 or self.max_n else 0

    @classmethod
    def from_arrays(
        cls,
        words: Sequence[str],
        word_counts: Sequence[int] | NDArray[np.int64],
        labels: Sequence[Label],
        label_counts: Sequence[int] | NDArray[np.int64],
        input_rows: NDArray[np.floating],
        output_rows: NDArray[np.floating],
        **settings: Any,
    ) -> Self:
        """Return a model with given rows, for example those of a fastText file.

        Args:
            words: The words.
            word_counts: Their counts.
            labels: The labels.
            label_counts: Their counts.
            input_rows: (n_words + bucket, vector_size): rows of words, then of buckets; without n-grams (n_words,
                vector_size) suffices. Rows of buckets that are zero are not stored.
            output_rows: (n_labels, vector_size).
            settings: As in the constructor, except that `binary` is False by default, as in fastText.

        Raises:
            ValueError: A shape does not fit, a label occurs twice, or a value is NaN or infinite.
        """
        classifier_settings.labels(list(labels))
        checked_counts = classifier_settings.counts([int(n) for n in label_counts])
        for name, given in (("input_rows", input_rows), ("output_rows", output_rows)):
            if not np.isfinite(given).all():
                raise ValueError(f"{name} holds NaN or infinity; give finite values")
        model = cls(**{"binary": False, **settings, "vector_size": output_rows.shape[1]})
        n_words = len(words)
        expected = (n_words + model._n_buckets, model.vector_size)
        if input_rows.shape != expected:
            raise ValueError(f"input_rows has the shape {input_rows.shape}, but the settings need {expected}")
        if output_rows.shape[0] != len(labels) or len(label_counts) != len(labels):
            raise ValueError(
                f"{output_rows.shape[0]} output rows and {len(label_counts)} counts for {len(labels)} labels"
            )
        of_buckets = input_rows[n_words:]
        used = np.flatnonzero(of_buckets.any(axis=1)).astype(np.int32)
        model._set_parts(Vocab(words, word_counts), list(labels), checked_counts, used)
        rows = model._matrices["input_rows"][:, : model.vector_size]
        rows[:n_words] = input_rows[:n_words]
        rows[n_words:] = of_buckets[used]
        model.output_rows[...] = output_rows
        return model

    def _set_parts(self, vocab: Vocab, labels: list[Label], label_counts: list[int], used: Ids) -> None:
        """Set words, labels and used buckets; the model then has new matrices."""
        self._forget()
        self.labels, self.label_counts, self._used_buckets = labels, label_counts, used
        self._label_array = array_of_labels(labels)
        self.n_rows = len(vocab) + len(used)
        self._set_vocab(vocab)

    def __sklearn_is_fitted__(self) -> bool:
        return bool(self.labels)

    # -- matrices (see Model) -------------------------------------------------------------------------------------

    def _matrix_specs(self, n_keys: int) -> tuple[MatrixSpec, ...]:
        return self._objective().matrices(None)

    def _objective(self) -> BagObjective:
        return BagObjective(
            self.n_rows,
            self.vector_size,
            np.array(self.label_counts, np.int64),
            self.loss,
            self.negative,
            self.l2,
        )

    @property
    def _vectors(self) -> FloatRows:
        return self._matrices["input_rows"][: len(self.vocab), : self.vector_size]

    def _row_rates(self) -> dict[str, FloatRows]:
        """Return factors of changes: those of words that `wv.vectors_lockf` has, and 1 for n-grams."""
        rates = super()._row_rates()
        if rates:
            of_ngrams = np.ones(self.n_rows - len(self.vocab), np.float32)
            rates["input_rows"] = np.concatenate([rates["vectors"], of_ngrams])
        return rates

    def _more_tensors(self) -> dict[str, NDArray[Any]]:
        return {"used_buckets": self._used_buckets}

    def _set_more_tensors(self, tensors: Mapping[str, NDArray[Any]], n_keys: int) -> None:
        used = tensors.get("used_buckets")
        if used is None or used.ndim != 1 or used.dtype != np.int32 or len(used) + n_keys != self.n_rows:
            raise ValueError("used_buckets is missing or does not fit; the file is damaged")
        if len(used) and (used[0] < 0 or used[-1] >= self._n_buckets or (np.diff(used) <= 0).any()):
            raise ValueError(
                f"used_buckets must ascend within {self._n_buckets} buckets; the file is damaged"
            )
        if len(self.labels) != len(self.label_counts):
            raise ValueError("labels and label_counts differ in length; the file is damaged")
        self._used_buckets = used.copy()
        self._label_array = array_of_labels(self.labels)
        self._encoder = None
        self._quantized = quantizing.from_tensors(tensors)

    def __getstate__(self) -> dict[str, Any]:
        return {**super().__getstate__(), "_encoder": None}

    # -- training -------------------------------------------------------------------------------------------------

    def fit(
        self, texts: Texts, labels: Labels | None = None, *, callbacks: Iterable[Callback[Self]] = ()
    ) -> Self:
        """Learn from texts and their labels; the model forgets what it had learned before.

        Args:
            texts: Texts (str), or lists of tokens. A text is split at white space as fastText does.
            labels: One label, or a list of labels, for each text: str or numbers. It must be given.
            callbacks: Objects with methods that are called during training, as in `Word2Vec`.

        Raises:
            TypeError: A text or a label has a wrong type.
            ValueError: There are not as many labels as texts, no text has a label, or no word is left.
        """
        if labels is None:
            raise TypeError(
                "fit needs texts and their labels; for a file of labelled texts, call fit_file(path)"
            )
        lines = labelled.lines_of_texts(texts, self.workers)
        return self._fit(lines, lists_of_labels(labels, len(lines)), callbacks)

    def fit_file(
        self,
        path: str | os.PathLike[str] | Iterable[str | os.PathLike[str]],
        *,
        callbacks: Iterable[Callback[Self]] = (),
    ) -> Self:
        """Learn from files with one text a line, in which tokens that begin with `label_prefix` are labels.

        Args:
            path: One or more files, folders or patterns; "-" is standard input. They may be compressed.
            callbacks: As in `fit`.

        Raises:
            FileNotFoundError: There is no such file.
            ValueError: No line has a label, or no word is left.
        """
        return self._fit(self._read(path), None, callbacks)

    @classmethod
    def autotune(
        cls,
        train: Any,
        validation: Any,
        seconds: float = 300,
        metric: str = "f1",
        *,
        k: int = 1,
        trainings: int | None = None,
        max_bytes: int | None = None,
        report: Callable[[Any], None] | None = None,
        **settings: Any,
    ) -> Self:
        """Search for settings that predict the labels of validation texts best, and return the trained model.

        alpha, epochs, l2, vector_size, word_ngrams, min_n and max_n, bucket and loss are searched (docs/autotune.md).
        The model has an attribute `trials_`: the settings, scores and seconds of all trials, the best first. Ctrl-C
        ends the search and keeps the best model so far.

        Args:
            train: The path of a file with labels, or a pair (texts, labels) as in `fit`.
            validation: The same, with other texts. Texts without labels do not count.
            seconds: Duration of the search, after the texts are read.
            metric: What to maximize, as in fastText: "f1", "f1:label", "precisionAtRecall:x" or
                "recallAtPrecision:x" with x from 0 to 1, which may end with ":label" too.
            k: Number of labels that are predicted for each text, for "f1".
            trainings: Ends the search after so many trainings; None: no limit.
            max_bytes: Quantise each model to a .ftz file of at most so many bytes before it is measured (see
                `quantize`); None: no quantisation. Models of fewer than 256 words and n-grams are not quantised.
            report: Called with each new trial (with attributes `settings`, `score` and `seconds`).
            settings: Values that are not searched, for example `loss="ova"`; also `workers`, `seed` and the like.

        Raises:
            TypeError: An argument has a wrong type.
            ValueError: An argument is out of range, a text set has no labels, or no text has the label of the metric.

        >>> data = ["good film", "great film", "bad film", "awful film"] * 10, ["pos", "pos", "neg", "neg"] * 10
        >>> model = TextClassifier.autotune(data, data, trainings=5, workers=1)
        >>> model.predict(["a great film"]).tolist(), model.trials_[0].score
        (['pos'], 1.0)
        """
        from wildvec.models import autotune  # which imports this module

        return autotune.search(
            cls, train, validation, seconds, metric, k, trainings, max_bytes, report, settings
        )

    def _read(self, path: str | os.PathLike[str] | Iterable[str | os.PathLike[str]]) -> Lines:
        if not self.label_prefix:
            raise ValueError("label_prefix='': labels in files need a prefix, for example '__label__'")
        return labelled.lines_of_paths(Paths(path), self.workers, self.errors)

    def _fit(
        self, lines: Lines, labels: list[list[Label]] | None, callbacks: Iterable[Callback[Self]]
    ) -> Self:
        notifier = Callbacks(self, callbacks)
        self._check_not_quantized("be trained")
        with claim_model_folder(self) as folder:
            feed = self._prepare(lines, labels)
            with self._attached_to_errors():
                self._train(feed, Training(self._schedule(), own_vocab=True), notifier, folder)
        return self

    def _prepare(self, lines: Lines, labels: list[list[Label]] | None) -> BagFeed:
        """Set words, labels and new matrices; return the features and labels of all lines."""
        is_label = lines.with_prefix(self.label_prefix)
        pretrained = self._pretrained_vectors()
        table, vocab = self._feature_table(lines, is_label, pretrained)
        if labels is None:
            label_feed = self._labels_in(lines, is_label)
        else:
            label_feed = encode_labels(labels, self.min_count_label)
        names, counts, label_ids, label_offsets = label_feed
        if not names:
            raise ValueError(
                f"no line has a label; labels begin with {self.label_prefix!r} (label_prefix)"
                if labels is None
                else self._why_no_labels()
            )
        order = np.random.default_rng(self.seed % 2**64).permutation(len(lines)).astype(np.int32)
        ids, offsets, used = compact_features(lines, table, len(vocab) + self._n_buckets, order, self.workers)
        used_buckets = used[len(vocab) :] - np.int32(len(vocab))
        self._set_parts(vocab, names, counts, used_buckets)
        self._begin_with(pretrained)
        labels_of = shuffle_lists(label_ids, label_offsets, order)
        return BagFeed(ids, offsets, *labels_of, lines.n_tokens)

    def _why_no_labels(self) -> str:
        if self.min_count_label <= 1:
            return "no text has a label; give texts with labels"
        return f"no label is left with min_count_label={self.min_count_label}; lower it"

    def _begin_with(self, pretrained: KeyedVectors | None) -> None:
        """Set the rows of words to given vectors."""
        if pretrained is not None:
            ids_of = [self.vocab.key_to_index[key] for key in pretrained.index_to_key if key in self.vocab]
            self._vectors[ids_of] = pretrained.vectors[[key in self.vocab for key in pretrained.index_to_key]]

    def _pretrained_vectors(self) -> KeyedVectors | None:
        """Return the vectors to begin with. ValueError: their size is not vector_size."""
        given = self.pretrained
        if given is None:
            return None
        vectors = given if isinstance(given, KeyedVectors) else KeyedVectors.load(given)
        if vectors.vector_size != self.vector_size:
            raise ValueError(
                f"the pretrained vectors have {vectors.vector_size} values; set vector_size={vectors.vector_size}"
            )
        if not (is_finite := np.isfinite(vectors.vectors).all(axis=1)).all():
            key = vectors.index_to_key[int(is_finite.argmin())]
            raise ValueError(f"the pretrained vector of {key!r} holds NaN or infinity; leave it out")
        return vectors

    def _feature_table(
        self, lines: Lines, is_label: NDArray[np.uint8], pretrained: KeyedVectors | None
    ) -> tuple[FeatureTable, Vocab]:
        """Return the features of each type, and the words."""
        types = np.flatnonzero(is_label == 0)
        if not len(types):
            raise ValueError("there is no text to learn from; give texts with words")
        chosen = select_tokens(lines.counts[types], lines.first[types], max(self.min_count, 1), None, True)
        types = types[chosen]
        words = np.full(len(lines.counts), -1, np.int32)
        words[types] = np.arange(len(types), dtype=np.int32)
        vocab = Vocab(lines.texts_of(types), lines.counts[types])
        if pretrained is not None:
            more = [key for key in pretrained.index_to_key if isinstance(key, str) and key not in vocab]
            vocab = Vocab([*vocab.keys, *more], np.append(vocab.counts, np.ones(len(more), np.int64)))
        table = FeatureTable(
            lines.keys, lines.key_ends, words, is_label, n_words=len(vocab), **self._feature_settings()
        )
        return table, vocab

    def _feature_settings(self) -> dict[str, Any]:
        return {
            "word_ngrams": self.word_ngrams,
            "min_n": self.min_n,
            "max_n": self.max_n,
            "bucket": self._n_buckets,
            "binary": self.binary,
            "prefix": self.label_prefix.encode(),
        }

    def _labels_in(
        self, lines: Lines, is_label: NDArray[np.uint8]
    ) -> tuple[list[Label], list[int], Ids, NDArray[np.int64]]:
        """Return the labels in a file, their counts, and the label ids of each line."""
        types = np.flatnonzero(is_label)
        keep = lines.counts[types] >= max(self.min_count_label, 1)
        types = types[keep]
        types = types[np.lexsort((lines.first[types], -lines.counts[types]))]
        names = [name[len(self.label_prefix) :] for name in lines.texts_of(types)]
        label_of = np.full(len(lines.counts), -1, np.int32)
        label_of[types] = np.arange(len(types), dtype=np.int32)
        ids: list[Ids] = [np.empty(0, np.int32)]
        ends: list[NDArray[np.int64]] = [np.zeros(1, np.int64)]
        n = 0
        for block in lines.blocks:
            labels_of, label_ends = label_of[block.types], block.ends.copy()
            n_kept = remap_block(labels_of, label_ends)
            ids.append(labels_of[:n_kept])
            ends.append(label_ends + np.int64(n))
            n += n_kept
        return list(names), lines.counts[types].tolist(), np.concatenate(ids), np.concatenate(ends)

    def _why_no_examples(self) -> str:
        return "no text has both a word and a label; give texts with both"

    @classmethod
    def resume(
        cls,
        path: str | os.PathLike[str],
        texts: Texts | None = None,
        labels: Labels | None = None,
        *,
        file: str | os.PathLike[str] | Iterable[str | os.PathLike[str]] | None = None,
        callbacks: Iterable[Callback[Self]] = (),
        **settings: Any,
    ) -> Self:
        """Continue a training that was stopped or killed, from the newest checkpoint in a folder.

        Args:
            path: Folder with checkpoints, or one checkpoint file.
            texts: As in `fit`, with `labels`; or
            labels: As in `fit`.
            file: As the path in `fit_file`.
            callbacks: As in `fit`.
            settings: `workers` (unless `deterministic`) and the settings of checkpoints may change.

        Raises:
            FileNotFoundError: There is no checkpoint.
            ValueError: No checkpoint is whole, or the texts or a setting are others.
        """
        with load_checkpoint(cls, path) as (model, training, folder):
            model._check_same_settings(settings, fixed=("workers",) if model.deterministic else ())
            has_data = texts is not None or file is not None
            if not has_data and not training.state.finished:
                raise TypeError("give the texts and labels, or the file, that the training began with")

            def open_feed(_: Vocab | None) -> Any:
                return nullcontext(model._same_feed(texts, labels, file))

            model._resume(training, open_feed if has_data else None, callbacks, folder)
            return model

    def _same_feed(self, texts: Texts | None, labels: Labels | None, file: Any) -> BagFeed:
        """Return the features of the data with which the training began; the model keeps its rows."""
        other = type(self)(**self.get_params() | {"checkpoint": None})
        if file is not None:
            return other._prepare(other._read(file), None)
        if texts is None or labels is None:
            raise TypeError("give texts and labels, or file")
        lines = labelled.lines_of_texts(texts, self.workers)
        return other._prepare(lines, lists_of_labels(labels, len(lines)))

    # -- prediction -----------------------------------------------------------------------------------------------

    def _predictor(self) -> Predictor:
        """Return what predicts with the present rows."""
        self._check_is_fitted()
        if not np.may_share_memory(self.wv.vectors, self._vectors):  # others were assigned
            self._take_over_vectors()
        if self._encoder is None:
            self._encoder = TextEncoder(
                self.words, self._used_buckets, self._n_buckets, self._feature_settings(), self.pruned
            )
        rows = (self._matrices["input_rows"], self._matrices["output_rows"])
        paths = label_paths(np.array(self.label_counts)) if self.loss == "hs" else None
        return Predictor(self._encoder, BagModel(*rows, self.vector_size, self.loss, paths), self.vector_size)

    def transform(self, texts: Texts) -> Any:
        """Return the vector of each text, the mean of its features' rows: float32 (n, vector_size).

        It is a data frame if `set_output` or scikit-learn's configuration says so.
        """
        parts = list(in_blocks(texts, self._predictor().means, self.workers))
        rows = np.concatenate(parts) if parts else np.empty((0, self.vector_size), np.float32)
        return self._wrap_output(rows, texts)

    def encode(self, texts: Texts) -> Ragged:
        """Return the rows of the features of each text, as the layers of `to_torch` take them.

        Features without a row are left out: unknown words, and n-grams that do not occur in training.
        """
        parts = list(in_blocks(texts, self._predictor().encoder.encode, self.workers))
        ids = np.concatenate([np.empty(0, np.int32), *(part[0] for part in parts)])
        lengths = [np.diff(part[1]) for part in parts]
        return Ragged(ids, np.cumsum(np.concatenate([np.zeros(1, np.int64), *lengths])))

    def to_torch(self, mode: str | None = "mean", **options: Any) -> Any:
        """Return nn.Sequential(nn.EmbeddingBag, nn.Linear), which shares the rows of features and labels.

        Nothing is copied: training in PyTorch changes the model. The bag takes what `encode` gives (docs/pytorch.md).
        The columns of the output are in the order of `labels`, those of `predict_proba` in the order of `classes_`.
        n-grams without a row do not count in the mean of the bag, but in that of `predict`, unless it is pruned.

        Args:
            mode: "mean"; no other is supported.
            options: `freeze` and `sparse` as in `KeyedVectors.to_torch`.

        Raises:
            ImportError: PyTorch is not installed.
            ValueError: With loss="hs" there is no row for each label.
        """
        self._check_is_fitted()
        if mode != "mean" or self.loss == "hs":
            has = "only mode='mean' and a loss with a row for each label (softmax, ova, ns) are supported"
            raise ValueError(f"mode={mode!r}, loss={self.loss!r}: {has}")
        self._take_over_vectors()
        rows = self._matrices["input_rows"][:, : self.vector_size]
        return make_classifier(rows, self.output_rows, **options)

    def predict_proba(self, texts: Texts) -> FloatRows:
        """Return the probability of each label for each text: float32 (n, n_labels), columns as in `classes_`.

        With loss="ova" or "ns" the probabilities of the labels are independent of each other.
        """
        parts = list(in_blocks(texts, self._predictor().probabilities, self.workers))
        order = [self.labels.index(label) for label in self.classes_.tolist()]
        whole_rows = np.concatenate(parts) if parts else np.empty((0, len(self.labels)), np.float32)
        return whole_rows[:, order]

    def predict(self, texts: Texts, k: int | None = None, threshold: float | None = None) -> Any:
        """Return the most probable label of each text, or the k most probable ones.

        Args:
            texts: As in `fit`; unknown words have no rows, but their n-grams may.
            k: Number of labels per text; -1: all.
            threshold: Least probability of a label.

        Returns:
            Without k and threshold an array of labels (n). Else for each text a list of (label, probability), the
            most probable one first, which is empty if no label reaches the threshold.
        """
        predictor, names = self._predictor(), self.labels
        if k is None and threshold is None:
            best = list(in_blocks(texts, predictor.best, self.workers))
            return self._label_array[np.concatenate(best) if best else np.empty(0, np.int64)]
        n = len(names) if k == -1 else checked("k", 1 if k is None else k, whole(1))
        least = checked("threshold", threshold, THRESHOLD)
        top = partial(predictor.top, k=min(n, len(names)), threshold=-math.inf if least is None else least)
        return [
            [(names[label], p) for label, p in line]
            for block in in_blocks(texts, top, self.workers)
            for line in block
        ]

    def score(self, texts: Texts, labels: Iterable[Label]) -> float:
        """Return the fraction of texts whose most probable label is the given one (accuracy)."""
        found: list[Label] = self.predict(texts).tolist()
        wanted = lists_of_labels(labels, len(found))
        if several := [number for number, of_text in enumerate(wanted) if len(of_text) != 1]:
            raise ValueError(
                f"text {several[0]} has {len(wanted[several[0]])} labels; measure with test instead"
            )
        return sum(label == of_text[0] for label, of_text in zip(found, wanted, strict=True)) / max(
            1, len(found)
        )

    def test(
        self,
        texts: Texts | str | os.PathLike[str],
        labels: Labels | None = None,
        k: int = 1,
        threshold: float = 0.0,
    ) -> TestResult:
        """Measure predictions of texts whose labels are known.

        Args:
            texts: Texts, or (without labels) the path of a file as for `fit_file`.
            labels: One label, or a list of labels, for each text. Texts without labels do not count. Labels that the
                model does not know can only be missed.
            k: Number of labels that are predicted for each text; -1: all.
            threshold: Least probability of a predicted label.

        Returns:
            (examples, precision, recall): precision is the fraction of predicted labels that are right, recall the
            fraction of labels that are predicted.

        Raises:
            ValueError: No text has a label.
        """
        metrics = self.label_metrics(texts, labels, k, threshold)
        return TestResult(metrics.n_texts, metrics.precision, metrics.recall)

    def label_metrics(
        self,
        texts: Texts | Paths | str | os.PathLike[str],
        labels: Labels | None = None,
        k: int = -1,
        threshold: float = 0.0,
    ) -> LabelMetrics:
        """Return precision, recall and F1 of each label and over all labels, and their curves.

        The arguments are those of `test`. Known labels that the model does not have are in `labels` too.

        >>> texts, labels = ["good film", "bad film"] * 10, ["pos", "neg"] * 10
        >>> model = TextClassifier(vector_size=8, workers=1).fit(texts, labels)
        >>> model.label_metrics(texts, labels, k=1)
        LabelMetrics(20 texts, 2 labels: precision 1.000, recall 1.000, F1 1.000)
        """
        self._check_is_fitted()
        lines: list[Any]
        wanted: list[set[Label]]
        if isinstance(texts, (str, os.PathLike, Paths)) and labels is None:
            lines, found_labels = labelled.split_labels(Paths(texts), self.label_prefix, self.errors)
            wanted = [set(of_text) for of_text in found_labels]
        elif labels is None or isinstance(texts, (str, os.PathLike)):
            raise TypeError("give texts and their labels, or the path of a file with labels")
        else:
            labelled.check_texts(texts)
            lines = list(texts)
            wanted = [set(given) for given in lists_of_labels(labels, len(lines))]
        chosen = [i for i, known in enumerate(wanted) if known]
        if not chosen:
            hint = f"; labels begin with {self.label_prefix!r} (label_prefix)" if labels is None else ""
            raise ValueError(f"no text has a label, so that nothing can be measured{hint}")
        warn_of_unknown(set().union(*wanted) - set(self.labels))
        found = self.predict([lines[i] for i in chosen], k, threshold)
        names, true = encode_with_known([sorted(wanted[i], key=str) for i in chosen], self.labels)
        ids = {label: i for i, label in enumerate(names)}
        predicted = ragged_of([[ids[label] for label, _ in of_text] for of_text in found])
        scores = np.array([p for of_text in found for _, p in of_text], np.float32)
        return LabelMetrics(names, predicted, scores, true)

    def __repr__(self) -> str:
        if not self.labels:
            return self._settings_text()
        size = f"{len(self.vocab):,} words, {len(self.labels):,} labels × {self.vector_size}"
        return f"TextClassifier({size}, {self._epochs_text()})"
