"""A search for the settings of `TextClassifier`. In: texts for training and for validation. Out: the best model.

The first trials are good settings for most texts. Later ones change the best settings so far: by much at the
beginning, by little at the end. The last part of the time trains the best settings again with other seeds, because
the highest of many scores is partly luck. The texts are read once, and their features are kept for later trials.
"""

from __future__ import annotations

import logging
import math
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from time import perf_counter
from typing import Any, Generic, TypeAlias, TypeVar

import numpy as np

from wildvec.base.checks import checked, number, whole
from wildvec.base.progress import progress_bar
from wildvec.models.autotune_data import Data
from wildvec.models.autotune_metric import Metric
from wildvec.models.autotune_space import FIRST_TRIALS, SPACE, Settings
from wildvec.models.callbacks import Callbacks
from wildvec.models.quantized_size import largest_cutoff
from wildvec.models.text_classifier import TextClassifier
from wildvec.quantize.product import CENTROIDS
from wildvec.training.checkpoint import Training
from wildvec.vectors.keyedvectors import KeyedVectors

T = TypeVar("T", bound=TextClassifier)

OF_ONE_TRAINING = {"max_seconds", "checkpoint", "patience", "held_out"}

logger = logging.getLogger(__name__)

# Fractions of the time budget.
BROAD_UNTIL = 0.3  # half of the trials until then draw from the whole space
REPEAT_FROM = 0.75  # the best trials are repeated, or later if that takes less time
LONGEST_TRIAL = 0.25
FINALISTS, REPEATS = 10, 2
TOO_LARGE = -1.0  # score of a model that cannot be made small enough
SEED_STEP = 1_000_003  # between the seeds of repeated trials
MAX_KNOWN_DRAWS = 1_000  # draws without new settings after which all settings count as tried


@dataclass
class Trial:
    """Settings, the scores of their trainings (one for each seed), and what the first training took.

    seconds: reading of features included. work: trained features times vector_size.
    """

    settings: Settings
    scores: list[float]
    seconds: float
    work: float

    @property
    def score(self) -> float:
        """The mean score."""
        return math.fsum(self.scores) / len(self.scores)


Report: TypeAlias = Callable[[Trial], None] | None


def search(
    cls: type[T],
    train: Any,
    validation: Any,
    seconds: float,
    metric: str,
    k: int,
    trainings: int | None,
    max_bytes: int | None,
    report: Report,
    fixed: Mapping[str, Any],
) -> T:
    """Return the best model of a search; see `TextClassifier.autotune`."""
    checked("seconds", seconds, number(1e-3, 1e9))
    checked("trainings", trainings, whole(1, none="no limit"))
    checked("max_bytes", max_bytes, whole(1, none="no limit and no quantisation"))
    measure = Metric.parse(metric, checked("k", k, whole(1)))
    if given := fixed.keys() & OF_ONE_TRAINING:
        raise ValueError(f"{min(given)}: this setting is for a single training; leave it out")
    if (vectors := fixed.get("pretrained")) is not None:  # they are read once, and have a size
        if not isinstance(vectors, KeyedVectors):
            vectors = KeyedVectors.load(vectors)
        fixed = {"vector_size": vectors.vector_size, **fixed, "pretrained": vectors}
    data = Data(train, validation, cls(**fixed))
    return Search(cls, data, measure, fixed, Budget(seconds, trainings), max_bytes, report).run()


class Budget:
    """The time that is left. seconds: of the whole search. trainings: ends it earlier; None: no limit."""

    def __init__(self, seconds: float, trainings: int | None) -> None:
        self.seconds, self.trainings = seconds, trainings
        self.n_done = 0
        self.start = perf_counter()

    @property
    def used(self) -> float:
        """The seconds that are used up."""
        return perf_counter() - self.start

    @property
    def left(self) -> float:
        """The seconds that are left."""
        return self.seconds - self.used

    @property
    def fraction(self) -> float:
        """The fraction that is used up, of the seconds or of the trainings."""
        return max(self.used / self.seconds, self.n_done / (self.trainings or math.inf))

    def allows(self, trainings: int, seconds: float) -> bool:
        """Return whether some more trainings of so many seconds fit into what is left."""
        return trainings * seconds < self.left and self.n_done + trainings <= (self.trainings or math.inf)


class Search(Generic[T]):
    """A search for the settings of one model class.

    fixed: settings that all trials have. data: the texts. max_bytes: of a quantised model; None: none is quantised.
    report: called with each new trial.
    """

    def __init__(
        self,
        cls: type[T],
        data: Data,
        metric: Metric,
        fixed: Mapping[str, Any],
        budget: Budget,
        max_bytes: int | None = None,
        report: Report = None,
    ) -> None:
        self.cls, self.data, self.metric, self.fixed, self.budget = cls, data, metric, fixed, budget
        self.max_bytes, self.report = max_bytes, report
        self.seed = cls(**fixed).seed
        self.random = np.random.default_rng(self.seed % 2**64)
        self.space = [dimension for dimension in SPACE if not fixed.keys() & set(dimension.names)]
        self.trials: list[Trial] = []
        self.best: tuple[Trial, T] | None = None

    def run(self) -> T:
        """Search until the budget is used up or Ctrl-C is pressed; return the best model."""
        try:
            with progress_bar(round(min(self.budget.seconds, 1e9)), "autotune", "s") as bar:
                for _ in self._steps():
                    bar.update(round(self.budget.used) - int(bar.n))
        except KeyboardInterrupt:
            if self.best is None:
                raise
            logger.warning("stopped by Ctrl-C; the best of %d trials is kept", len(self.trials))
        assert self.best is not None  # the first trial has no time limit
        trial, model = self.best
        if trial.score == TOO_LARGE:
            raise ValueError(
                f"max_bytes={self.max_bytes}: no model is so small; give more, or a smaller vector_size"
            )
        model.trials_ = self._ranked()
        logger.info("best of %d trials: score %.4f with %s", len(self.trials), trial.score, trial.settings)
        return model

    def _steps(self) -> Iterator[None]:
        """Train once in each step."""
        for settings in self._proposals():
            self._try(settings)
            yield
            if self._is_time_to_repeat():
                break
        for trial in self._ranked()[:FINALISTS]:
            if self.budget.allows(REPEATS, trial.seconds):
                yield from self._repeat(trial)

    def _is_time_to_repeat(self) -> bool:
        """Return whether the rest of the budget is needed to repeat the best trials."""
        finalists, budget = self._ranked()[:FINALISTS], self.budget
        seconds = 1.5 * REPEATS * sum(trial.seconds for trial in finalists)
        is_needed = not budget.allows(REPEATS * len(finalists) + 1, seconds / (REPEATS * len(finalists) + 1))
        return budget.fraction >= REPEAT_FROM and is_needed

    def _ranked(self) -> list[Trial]:
        """Return all trials, those that were repeated first; then the best ones, of equal ones the cheapest."""
        return sorted(self.trials, key=lambda trial: (-len(trial.scores), -trial.score, trial.work))

    # -- settings -------------------------------------------------------------------------------------------------

    def _proposals(self) -> Iterator[Settings]:
        """Yield settings: some that are good for most texts, then random ones, each once."""
        names = [name for dimension in self.space for name in dimension.names]
        defaults = {name: self.cls.SETTINGS[name].default for name in names}
        first = [defaults | {n: v for n, v in settings.items() if n in names} for settings in FIRST_TRIALS]
        tried: list[Settings] = []
        for settings in first:
            if settings not in tried:
                tried.append(settings)
                yield settings
        n_known = 0
        while n_known < MAX_KNOWN_DRAWS:
            n_known += 1
            if (settings := self._draw()) not in tried:
                tried.append(settings)
                yield settings
                n_known = 0

    def _draw(self) -> Settings:
        """Return settings near those of one of the best trials, at the beginning also from the whole space."""
        part = min(1.0, self.budget.fraction / REPEAT_FROM)
        if part < BROAD_UNTIL and self.random.random() < 0.5:
            parts = [dimension.draw(self.random) for dimension in self.space]
        else:
            parents = self._ranked()[: 1 + len(self.trials) // 5]
            parent = parents[int(self.random.integers(len(parents)))].settings
            parts = [dimension.change(parent, 1 - 0.8 * part, self.random) for dimension in self.space]
        return {name: value for part in parts for name, value in part.items()}

    # -- trials ---------------------------------------------------------------------------------------------------

    def _try(self, settings: Settings) -> None:
        """Train with new settings, and keep the model if it is the best one."""
        start = perf_counter()
        model, work = self._train(settings, self.seed)
        score = self._score(model)
        trial = Trial(settings, [score], perf_counter() - start, work)
        self.trials.append(trial)
        if self.best is None or trial.score > self.best[0].score:
            self.best = trial, model
        if self.report is not None:
            self.report(trial)
        logger.info("trial %d: score %.4f with %s", len(self.trials), trial.score, settings)

    def _repeat(self, trial: Trial) -> Iterator[None]:
        """Train again with other seeds. The best trial of those that were repeated is the best of all."""
        scores = []
        for repeat in range(1, REPEATS + 1):
            model, _ = self._train(trial.settings, self.seed + repeat * SEED_STEP)
            scores.append(self._score(model))
            yield
        trial.scores += scores
        assert self.best is not None
        best = self.best[0]
        if best is not trial and (len(best.scores) == 1 or trial.score > best.score):
            self.best = trial, model

    def _train(self, settings: Settings, seed: int) -> tuple[T, float]:
        """Return a trained model, and the number of trained features times vector_size."""
        model = self.cls(**{**self.fixed, **settings, "seed": seed})
        features = self.data.features_for(model)
        work = float(len(features.feed.ids)) * model.epochs * model.vector_size
        schedule = model._schedule(max_seconds=self._time_limit(work, model.deterministic))
        self.budget.n_done += 1
        model._train(features.feed, Training(schedule, own_vocab=True), Callbacks(model, ()), None)
        return model, work

    def _time_limit(self, work: float, is_deterministic: bool) -> float | None:
        """Return the seconds after which a training ends, or None if it ends earlier by itself.

        The learning rate reaches its end by then, so the result depends on the speed of the machine.
        """
        if not self.trials or is_deterministic:
            return None
        limit = max(0.01, min(self.budget.left, LONGEST_TRIAL * self.budget.seconds))
        slowest = max(trial.seconds / trial.work for trial in self.trials)
        return None if slowest * work < limit / 2 else limit

    def _score(self, model: TextClassifier) -> float:
        """Return the measure of a model, after it is quantised if that is wanted; TOO_LARGE if it does not fit."""
        if self.max_bytes is not None and model.n_rows >= CENTROIDS:
            qout = len(model.labels) >= CENTROIDS
            cutoff = largest_cutoff(model, self.max_bytes, qout=qout)
            if cutoff < CENTROIDS:
                return TOO_LARGE
            model.quantize(cutoff=cutoff, qout=qout)
        return self.data.measure(model, self.metric)
