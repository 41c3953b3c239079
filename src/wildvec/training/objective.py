"""Objectives: what is trained, in terms of the C core: a kernel, its matrices, its settings.

An objective names a line of the table in csrc/train/objectives.h and declares its matrices. Allocation, storage,
private rows and the memory estimate follow from the declarations. The training loop uses objectives through this
interface only.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, Protocol

import numpy as np
from numpy.typing import NDArray

from wildvec._train import Task
from wildvec.training.feed import Feed

FloatArray = NDArray[np.float64]


@dataclass(frozen=True)
class MatrixSpec:
    """One matrix of an objective.

    name: of the tensor in files. role: "input", "output", "nodes" or "documents" in the kernel. rows, size: its
    shape. init: "uniform" in ±1 / size, drawn by (seed, row), "unit": the same with the length 1, or "zeros". uses:
    (rows) how often one example uses each row, on average; None: unknown. has_private_rows: whether workers have
    private copies of the most used rows, which `uses` decides. curvature: part of the remaining distance by which
    one use moves a row, divided by the learning rate; it scales merged changes (csrc/train/objective/merge.inc.h).
    rows_per_item: most rows that one item touches. adagrad: the first value of the sums of squared gradients; None:
    SGD. l2: each use also moves a row by -rate · l2 · row. extra: name and first value of further columns, which
    lie behind the `size` values of a row (a bias, a sum of squared gradients). Files hold them as
    "<matrix>.<name>".
    """

    name: str
    role: Literal["input", "output", "nodes", "documents"]
    rows: int
    size: int
    init: Literal["uniform", "unit", "zeros"] = "uniform"
    uses: FloatArray | None = None
    has_private_rows: bool = True
    curvature: float = 0.0
    rows_per_item: int = 1
    adagrad: float | None = None
    l2: float = 0.0
    extra: tuple[tuple[str, float], ...] = ()


class Objective(Protocol):
    """What a model trains."""

    @property
    def kernel(self) -> str:
        """The name of the objective in csrc/train/objectives.h."""

    def matrices(self, feed: Feed) -> tuple[MatrixSpec, ...]:
        """The matrices, that of the role "input" first."""

    def attach(self, task: Task) -> None:
        """Give the task its settings and tables; its matrices and items are set."""
