"""Checked access to the product quantisation of the C core (csrc/quantize): k-means and nearest centroids."""

import numpy as np
from numpy.typing import NDArray

CENTROIDS: int
MAX_DSUB: int

def choose_isa(name: str) -> int: ...
def find_nearest(
    values: NDArray[np.float32], centroids: NDArray[np.float32], codes: NDArray[np.uint8], isa: int
) -> None: ...
def kmeans_step(
    values: NDArray[np.float32], centroids: NDArray[np.float32], codes: NDArray[np.uint8], isa: int
) -> None: ...
