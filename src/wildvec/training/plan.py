"""The plan of one training, computed once: chunks, workers, rounds or private rows, held-out units."""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from wildvec._train import Task
from wildvec.training.conflicts import Division
from wildvec.training.deterministic import Rounds
from wildvec.training.feed import Feed
from wildvec.training.held_out import (
    SPLIT_ADVICE,
    Chunks,
    chunks_before_and_behind,
    chunks_to_measure,
    chunks_to_train,
    split_held_out,
)
from wildvec.training.hot_rows import MergePlan, plan_merges
from wildvec.training.matrices import FloatRows, value_width
from wildvec.training.objective import MatrixSpec, Objective

logger = logging.getLogger(__name__)

CHUNK_ITEMS = 10_000


@dataclass(frozen=True)
class Plan:
    """How a feed is trained.

    chunks: (n, 2) the first and last (exclusive) unit of each chunk. held_out: the same of the held-out units, one
    chunk for each. offsets: items before each unit, and their total. longest: items of the longest chunk. workers:
    number of workers that take part. rounds: in which they train if the bits must not depend on timing; else None.
    merges: private rows of workers that share rows. division: if some chunks conflict, see `conflicts`; their order
    is then drawn for each epoch.
    """

    chunks: Chunks
    held_out: Chunks
    offsets: NDArray[np.int64]
    longest: int
    workers: int
    rounds: Rounds | None
    merges: MergePlan
    division: Division | None = None

    @classmethod
    def make(
        cls,
        feed: Feed,
        specs: Sequence[MatrixSpec],
        *,
        workers: int,
        deterministic: bool = False,
        held_out: float = 0.0,
        seed: int = 1,
        split_advice: str = SPLIT_ADVICE,
    ) -> Plan:
        """Plan a training of `feed` with up to `workers` workers.

        held_out: fraction of the units that are not trained; `seed` selects them. split_advice: how to get smaller
        units, for messages.

        Raises:
            ValueError: There are no items, or there is only one unit, and it would be held out.
        """
        if divide := getattr(feed, "divide", None):
            return cls._of_division(divide(held_out, seed), specs, workers)
        sizes = feed.sizes
        if not sizes.any():
            n_units = f"all {len(sizes):,} units are empty" if len(sizes) else "there are no units"
            raise ValueError(f"nothing to train on: {n_units}; give data with at least one item")
        rounds = None
        if deterministic and workers > 1:
            rounds = Rounds.of(workers, _frequencies(specs))
        offsets = np.concatenate([[0], np.cumsum(sizes)])
        bounds = chunk_bounds(offsets, chunk_items(rounds))
        if hold_out := getattr(feed, "hold_out", None):
            trained, measured = chunks_before_and_behind(bounds, hold_out(held_out))
        else:
            units = split_held_out(len(sizes), held_out, seed, split_advice)
            trained, measured = chunks_to_train(bounds, units), chunks_to_measure(units)
        longest = int(np.diff(offsets[bounds]).max())
        if rounds and longest > 2 * rounds.tokens_per_worker:
            logger.warning(
                "a unit has %d items, but a worker trains %d items in a round, so some workers will be idle in each "
                "round; %s",
                *(int(sizes.max()), rounds.tokens_per_worker, split_advice),
            )
        workers = rounds.workers if rounds else min(workers, len(bounds) - 1)
        merges = plan_merges(specs, 1 if rounds else workers)
        return cls(
            trained,
            measured,
            offsets,
            longest,
            workers,
            rounds,
            merges,
        )

    @classmethod
    def _of_division(cls, division: Division, specs: Sequence[MatrixSpec], workers: int) -> Plan:
        """Return the plan for a feed that divides its data itself (`conflicts.DividedFeed`)."""
        offsets = division.offsets
        longest = max(
            int((offsets[chunks[:, 1]] - offsets[chunks[:, 0]]).max(initial=1))
            for chunks in (division.chunks, division.held_out)
        )
        workers = min(workers, max(1, len(division.chunks)))
        return cls(
            division.chunks,
            division.held_out,
            offsets,
            longest,
            workers,
            None,
            plan_merges(specs, 1),
            division,
        )

    def make_task(
        self,
        objective: Objective,
        feed: Feed,
        matrices: Mapping[str, FloatRows],
        row_rates: Mapping[str, NDArray[np.float32]],
        seed: int,
    ) -> Task:
        """Return the task of the C core.

        matrices: of the objective, by name. row_rates: factors of the learning rate of rows, by matrix name.
        """
        specs = objective.matrices(feed)
        task = Task(objective.kernel, max_chunk=self.longest, seed=seed)
        for spec in specs:
            task.matrix(
                spec.role,
                matrices[spec.name],
                spec.size,
                width=value_width(spec),
                row_rate=row_rates.get(spec.name),
                curvature=spec.curvature,
                l2=spec.l2,
            )
        feed.attach(task)
        objective.attach(task)
        for spec, rows in zip(specs, self.merges.rows, strict=True):
            is_prefix = np.array_equal(rows.ids, np.arange(len(rows.ids)))
            task.private_rows(spec.role, rows.uses, None if is_prefix else rows.ids)
        task.workers(self.workers, n_hottest=self.merges.n_hottest, merge_every=self.merges.merge_every)
        if self.rounds:
            tokens = self.rounds.tokens_per_worker + self.longest  # the last chunk may reach beyond the end
            task.rounds(tokens, {spec.role: min(spec.rows, tokens * spec.rows_per_item) for spec in specs})
        return task


def chunk_items(rounds: Rounds | None) -> int:
    """Return the number of items of a chunk, except that units are not split."""
    return CHUNK_ITEMS if rounds is None else min(CHUNK_ITEMS, rounds.tokens_per_worker)


def chunk_bounds(offsets: NDArray[np.int64], items: int) -> NDArray[np.int64]:
    """Return the units at which chunks of about `items` items begin, and the number of units.

    >>> chunk_bounds(np.array([0, 2, 4, 5]), 3).tolist()
    [0, 2, 3]
    """
    starts = np.searchsorted(offsets, np.arange(0, offsets[-1], items))
    return np.unique(np.append(starts, len(offsets) - 1)).astype(np.int64)


def _frequencies(specs: Sequence[MatrixSpec]) -> NDArray[np.float64]:
    """Return how often each row of the first matrix is trained, or of the first one whose uses are known."""
    known = [spec.uses for spec in specs if spec.uses is not None]
    return known[0] if known else np.ones(specs[0].rows)
