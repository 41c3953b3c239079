"""What an objective trains: the matrices of a model, by name."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

FloatArray = NDArray[np.floating[Any]]


@dataclass(frozen=True)
class MatrixSpec:
    """A matrix that a model trains.

    Attributes:
        name: Name of the tensor in files.
        rows: Number of rows.
        size: Values in a row, without padding.
        init: "uniform" for random values within ±1 / size, or "zeros".
        uses: How often training one example uses each row, (rows,); None where it is not known yet.
        optimizer: Name of the optimizer.
    """

    name: str
    rows: int
    size: int
    init: str
    uses: FloatArray | None = None
    optimizer: str = "sgd"
