"""The base class of all models: settings, matrices, training, resuming, files.

In: settings and a feed (the data to train on). Out: vectors by key, losses. The module of a model adds its own
settings, its matrices and its way to read data.
"""

from __future__ import annotations

import logging
import math
import os
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, Self

import numpy as np
from numpy.typing import NDArray

from wildvec.base.checks import Check, number, whole
from wildvec.base.status import NOT_FINITE, check
from wildvec.models import stored
from wildvec.models.callbacks import Callback, Callbacks
from wildvec.models.gensim_names import check_arguments, missing_attribute
from wildvec.models.resuming import make_saver
from wildvec.models.row_factors import grow_factors, row_factors
from wildvec.models.scikit_learn import ScikitLearnMethods
from wildvec.models.training_settings import TrainingSettings
from wildvec.text.vocab import Vocab
from wildvec.training import matrices
from wildvec.training.checkpoint import Training
from wildvec.training.feed import Feed
from wildvec.training.held_out import SPLIT_ADVICE
from wildvec.training.loop import Engine, run
from wildvec.training.matrices import FloatRows
from wildvec.training.objective import MatrixSpec, Objective
from wildvec.training.plan import Plan
from wildvec.training.schedule import Schedule
from wildvec.training.state import Epoch, Saver, State
from wildvec.vectors.keyedvectors import KeyedVectors

logger = logging.getLogger(__name__)

OpenFeed = Callable[[Vocab | None], AbstractContextManager[Feed]]


def losses(value: Any) -> list[float]:
    """Return a list of losses; ValueError for anything else."""
    if not isinstance(value, list) or not all(type(loss) in (int, float) for loss in value):
        raise ValueError("give a list of numbers")
    return [float(loss) for loss in value]


class Model(TrainingSettings, ScikitLearnMethods, ABC):
    """A model: settings, a vocabulary, and matrices that training changes.

    A subclass declares its settings as class attributes (see `Setting`) and names all settings in its constructor.
    The constructor calls `_set_up(locals())`. The subclass implements `_matrix_specs`, `_objective` and a way to read
    data, which calls `_set_vocab` and `_train`.

    Attributes:
        wv: The rows of the matrix "vectors" by key (KeyedVectors). Values may be changed in place or assigned to
            `wv.vectors`. `wv.vectors_lockf` is gensim's factor of each row's change, float32 of length 1 or one
            factor per row: 1 trains a row (the default for all), 0 freezes it. Each training copies the factors when
            it begins: a change during a training takes effect in the next one.
        vocab: Keys and counts of these rows (Vocab).
        epochs_trained: Number of epochs in all trainings so far.
        epoch_losses: Mean loss per example of each epoch, in nats. It may rise in the last epochs while the vectors
            still improve, because each example is scored before its update, when its data has just been trained.
        held_out_losses: Mean loss per held-out example after each epoch that held examples out.
        tokens_per_second: Speed of the last training; NaN before the first.
    """

    NAME: ClassVar[str]  # class name in files
    MATRICES: ClassVar[tuple[str, ...]] = ("vectors",)  # names of all matrices that the model may have
    SAME_DATA: ClassVar[str] = "give the same data in the same order"  # remedy when `resume` gets other data
    SPLIT_ADVICE: ClassVar[str] = SPLIT_ADVICE  # how to get smaller units of data, for messages
    STATE: ClassVar[Mapping[str, Check]] = {  # attributes that files contain besides the settings
        "epochs_trained": whole(0),
        "epoch_losses": losses,
        "held_out_losses": losses,
        "_latest_loss": number(0, math.inf),
    }

    def _set_up(self, given: Mapping[str, Any]) -> None:
        """Set all settings; the model has no vocabulary yet.

        given: Values by name, usually `locals()` of the constructor; "others" holds its unknown arguments.
        """
        check_arguments(given.get("others", {}), self.SETTINGS)
        self._set_settings(given)
        self._own_folder: Path | None = None  # the folder that holds only checkpoints of this model
        self._is_in_checkpoint = False  # whether the newest checkpoint holds all that the model learned
        self.vocab = Vocab([], [])
        self._reset(self.vocab)

    # -- vocabulary and matrices ----------------------------------------------------------------------------------

    @abstractmethod
    def _matrix_specs(self, n_keys: int) -> tuple[MatrixSpec, ...]:
        """Return the matrices that the settings need for a vocabulary of n keys; the first is "vectors"."""

    @abstractmethod
    def _objective(self) -> Objective:
        """Return what the model trains, for its vocabulary and settings."""

    def _check_vocab(self, vocab: Vocab) -> None:
        """Raise ValueError if the model cannot be trained with a vocabulary."""

    def _set_vocab(self, vocab: Vocab) -> None:
        self._check_vocab(vocab)
        self._reset(vocab)

    def _reset(self, vocab: Vocab) -> None:
        """Set a vocabulary and new matrices, and forget earlier trainings."""
        specs = self._matrix_specs(len(vocab))
        self._set_matrices(vocab, {spec.name: matrices.create(spec, self.seed) for spec in specs})
        self.epochs_trained = 0
        self.epoch_losses: list[float] = []
        self.held_out_losses: list[float] = []
        self.tokens_per_second = math.nan
        self._latest_loss = 0.0

    def _set_matrices(self, vocab: Vocab, rows: dict[str, FloatRows]) -> None:
        self.vocab = vocab
        self._matrices = rows
        self.wv = self._make_wv(vocab)
        self.wv.vectors_lockf = np.ones(1, np.float32)

    def _make_wv(self, vocab: Vocab) -> KeyedVectors:
        """Return what `wv` is, for the current matrices."""
        return KeyedVectors.from_arrays(vocab.keys, self._vectors, vocab.counts)

    def _grow(self, vocab: Vocab) -> None:
        """Set a vocabulary that begins with the keys of the present one; all that was learned is kept.

        New rows are those that a new model with this vocabulary has. The factors of new rows are 1.
        """
        if not len(self.vocab):
            self._set_vocab(vocab)
            return
        self._check_vocab(vocab)
        self._take_over_vectors()
        self._match_matrices()
        self._grow_matrices(vocab)

    def _grow_matrices(self, vocab: Vocab) -> None:
        old, n_new = self.wv, len(vocab) - len(self.vocab)
        rows = {
            spec.name: matrices.grow(spec, self._matrices[spec.name], self.seed)
            for spec in self._matrix_specs(len(vocab))
        }
        self._set_matrices(vocab, rows)
        self.wv.vectors_lockf = grow_factors(old.vectors_lockf, n_new)
        self.wv.expandos = {**old.expandos, **self.wv.expandos}
        self.wv.allocate_vecattrs()

    @property
    def _vectors(self) -> FloatRows:
        """The trained vectors without padding, (keys, vector_size): a view of the matrix."""
        return self._matrices["vectors"][:, : self.vector_size]

    def _unpadded_matrices(self) -> dict[str, FloatRows]:
        """Return views without padding by tensor name, of the matrices that the settings need.

        With AdaGrad, these are also the sums of squared gradients. A matrix that changed settings need is a new one.
        """
        parts: dict[str, FloatRows] = {}
        for spec in self._matrix_specs(len(self.vocab)):
            parts |= matrices.views(spec, self._rows_of(spec))
        return parts

    def _more_tensors(self) -> dict[str, NDArray[Any]]:
        """Return arrays that files of the model contain besides the matrices."""
        return {}

    def _set_more_tensors(self, tensors: Mapping[str, NDArray[Any]], n_keys: int) -> None:
        """Set the arrays that `_more_tensors` returned. ValueError: they do not fit the settings and STATE."""

    def _compact_tensors(self, tensors: dict[str, np.ndarray[Any, Any]]) -> dict[str, np.ndarray[Any, Any]]:
        """Return the tensors that a file contains, from those of all vectors and matrices."""
        return tensors

    @classmethod
    def _expand_tensors(cls, tensors: dict[str, np.ndarray[Any, Any]]) -> dict[str, np.ndarray[Any, Any]]:
        """Return what `_compact_tensors` got. ValueError: the tensors do not fit each other."""
        return tensors

    def _rows_of(self, spec: MatrixSpec) -> FloatRows:
        """Return the rows of a matrix; new ones if the model does not have it yet."""
        rows = self._matrices.get(spec.name)
        return matrices.create(spec, self.seed) if rows is None else rows

    def _match_matrices(self) -> None:
        """Create matrices that changed settings need and drop those that they do not need."""
        self._check_vocab(self.vocab)
        needed: dict[str, FloatRows] = {}
        for spec in self._matrix_specs(len(self.vocab)):
            needed[spec.name] = rows = self._rows_of(spec)
            expected = (spec.rows, matrices.row_width(spec))
            if rows.shape != expected:
                raise ValueError(f"{spec.name} has the shape {rows.shape}, but the settings need {expected}")
        self._matrices = needed

    def _take_over_vectors(self) -> None:
        """Copy vectors that were assigned to `wv.vectors` into the matrix that is trained.

        Raises:
            ValueError: `wv` has other keys than the model, or its vectors another shape.
        """
        self._check_own_vectors()
        given, rows = self.wv.vectors, self._vectors
        if given.strides != rows.strides or _address(given) != _address(rows):
            rows[...] = given
            self.wv.vectors = rows

    def _check_own_vectors(self) -> None:
        """Raise ValueError if `wv` has other keys than the model, or its vectors another shape."""
        if self.wv.index_to_key != self.vocab.keys:
            raise ValueError(
                f"wv has {len(self.wv)} keys, which are not the {len(self.vocab)} keys that the model learned; save "
                "such vectors alone (wv.save), or build a new model for them"
            )
        expected = (len(self.vocab), self.vector_size)
        if self.wv.vectors.shape != expected:
            raise ValueError(f"wv.vectors has the shape {self.wv.vectors.shape}; the model needs {expected}")

    def _row_rates(self) -> dict[str, FloatRows]:
        """Return copies of the factors of changes by matrix name, float32 (rows,); nothing where all are 1.

        Raises:
            ValueError: `wv.vectors_lockf` is not one finite factor, or one for each key; see `row_factors`.
        """
        factors = row_factors(self.wv, "wv")
        return {} if factors is None else {"vectors": factors}

    def _set_row_rates(self, factors: FloatRows) -> None:
        """Set the factors of changes that `_row_rates` returned; (1,): one for all rows."""
        self.wv.vectors_lockf = factors

    def _rates_by_matrix(self) -> dict[str, FloatRows]:
        """Return the factors of changes for each matrix that training changes."""
        return self._row_rates()

    def _check_finite(self) -> None:
        """Raise FloatingPointError if training left a value that is not finite."""
        with np.errstate(invalid="ignore"):
            sums = [rows.sum(dtype=np.float64) for rows in self._matrices.values()]
        if not np.isfinite(sums).all():
            check(NOT_FINITE, f"alpha={self.alpha}, {self.workers} workers")

    # -- training -------------------------------------------------------------------------------------------------

    def _train(
        self, feed: Feed, training: Training, callbacks: Callbacks[Self], folder: Path | None
    ) -> tuple[int, int]:
        """Train on a feed. Returns trained tokens and tokens read of all epochs in this training."""
        state = training.state
        if not state.begun:
            self._latest_loss = 0.0
        callbacks.notify("on_train_begin")
        self._check_together()
        self._take_over_vectors()
        self._match_matrices()
        saver = make_saver(self, folder, training, feed)
        try:
            self._run(feed, training.schedule, callbacks, state, saver)
        finally:
            self._is_in_checkpoint = saver.is_current
        self.tokens_per_second = state.tokens_per_second
        self._warn_if_nothing_learned(training)
        callbacks.notify("on_train_end")
        raw = sum(epoch.tokens for epoch in state.epochs)
        return round(raw * self._trained_items(feed) / max(1, feed.raw_items)), raw

    def _trained_items(self, feed: Feed) -> int:
        """Return how many of the items that were read an epoch trains."""
        return int(feed.sizes.sum())

    def _run(
        self, feed: Feed, schedule: Schedule, callbacks: Callbacks[Self], state: State, saver: Saver
    ) -> None:
        """Plan the training and run the training loop. This is the only method that uses the engine."""
        objective, seed = self._objective(), self.seed % 2**64
        plan = Plan.make(
            feed,
            objective.matrices(feed),
            workers=self.workers,
            deterministic=self.deterministic,
            held_out=self.held_out,
            seed=seed,
            split_advice=self.SPLIT_ADVICE,
        )
        task = plan.make_task(objective, feed, self._matrices, self._rates_by_matrix(), seed)
        rows = list(self._matrices.values())

        def check_rows() -> None:
            if list(map(id, rows)) != list(map(id, self._matrices.values())):
                raise RuntimeError(
                    "a callback has built a new vocabulary, so this training changes rows that the model no longer "
                    "has; call build_vocab after train"
                )
            self._check_finite()

        engine = Engine(task, plan, feed.raw_items, rows, check_rows, self._why_no_examples, seed)
        run(engine, schedule, callbacks, state, saver)

    def _resume(
        self,
        training: Training,
        open_feed: OpenFeed | None,
        callbacks: Iterable[Callback[Self]],
        folder: Path,
    ) -> None:
        """Continue a training; if it is finished, only compare the data.

        open_feed: Opens the data, with a vocabulary if the training had one; None: no data to compare.
        """
        notifier = Callbacks(self, callbacks)
        if training.state.finished:
            self.tokens_per_second = training.state.tokens_per_second
        if open_feed is None:
            return
        with (
            open_feed(None if training.own_vocab else self.vocab) as feed,
            self._attached_to_errors(),
        ):
            training.check_feed(feed, self.SAME_DATA)
            if not training.state.finished:
                self._train(feed, training, notifier, folder)

    def _add_epoch(self, epoch: Epoch) -> None:
        self.epochs_trained += 1
        self.epoch_losses.append(epoch.mean_loss)
        self._latest_loss += epoch.loss
        if not math.isnan(epoch.held_out_loss):
            self.held_out_losses.append(epoch.held_out_loss)

    def _warn_if_nothing_learned(self, training: Training) -> None:
        epochs = training.state.epochs
        if not any(epoch.tokens for epoch in epochs):
            logger.warning("nothing was learned: max_seconds=%g is too short", training.schedule.max_seconds)
        elif not any(epoch.examples for epoch in epochs):
            logger.warning("nothing was learned: %s", self._why_no_examples())

    def _why_no_examples(self) -> str:
        """Return the reason and the remedy when the data gave no example."""
        return "the data holds no example; give more data"

    @contextmanager
    def _attached_to_errors(self) -> Iterator[None]:
        """Set attribute `model` of exceptions, where the caller has no other way to get the model."""
        try:
            yield
        except BaseException as error:
            error.model = self  # type: ignore[attr-defined]
            raise

    def get_latest_training_loss(self) -> float:
        """Return the loss of the latest training so far: the sum over all examples, in nats."""
        return self._latest_loss

    # -- scikit-learn (see scikit_learn.py) and PyTorch ------------------------------------------------------------

    def __sklearn_is_fitted__(self) -> bool:
        return len(self.vocab) > 0

    @property
    def _n_features_out(self) -> int:
        return self.vector_size

    def to_torch(self, mode: str | None = None, **options: Any) -> Any:
        """Return a layer of PyTorch that shares the model's rows; see `KeyedVectors.to_torch`.

        Its training changes `wv`, and a further training of the model begins with the changed rows.
        """
        self._check_is_fitted()
        self._take_over_vectors()
        return self.wv.to_torch(mode, **options)

    def _is_deterministic(self) -> bool:
        return self.deterministic or self.workers == 1

    # -- files ----------------------------------------------------------------------------------------------------

    def save(self, path: str | os.PathLike[str]) -> None:
        """Write the model to one file, with all that further training needs. `KeyedVectors.load` opens it too.

        Paths and functions (`checkpoint`, `cache_dir`, `tokenizer`) are not stored: set them again after `load`.

        Raises:
            OSError: The file cannot be written. An existing file is then unchanged.
        """
        stored.write(self, path)

    @classmethod
    def load(cls, path: str | os.PathLike[str]) -> Self:
        """Read a model that `save` wrote, or the model in a checkpoint.

        Raises:
            EOFError: The file is cut off.
            ValueError: The file holds something else (then also AttributeError, as in gensim), is damaged, or holds a
                setting that is unknown or out of range.
        """
        return stored.read(cls, path)[0]

    def __getstate__(self) -> dict[str, Any]:
        return stored.state_of(self)

    def __setstate__(self, state: dict[str, Any]) -> None:
        stored.restore(self, state)

    def __repr__(self) -> str:
        size = f"{len(self.vocab):,} keys × {self.vector_size}"
        return f"{type(self).__name__}({size}, {self._kind()}{self._epochs_text()})"

    def _epochs_text(self) -> str:
        return f"{self.epochs_trained} epoch{'s' * (self.epochs_trained != 1)} trained"

    def _kind(self) -> str:
        """Return what the text form of a model says about its objective."""
        return ""

    if not TYPE_CHECKING:

        def __getattr__(self, name: str) -> Any:
            raise missing_attribute(self, name)

        def __getitem__(self, key: Any) -> Any:
            raise TypeError(f"a {type(self).__name__} model has no rows by key; use wv[{key!r:.60}]")

        def __contains__(self, key: Any) -> bool:
            raise TypeError(f"a {type(self).__name__} model has no keys; use {key!r:.60} in model.wv")


def _address(array: np.ndarray[Any, Any]) -> int:
    address: int = array.__array_interface__["data"][0]
    return address
