import numpy as np
from numpy.typing import NDArray

# --- Files of vectors (csrc/text/numbers.h) ---

def read_vectors(
    block: bytes | bytearray | memoryview,
    rows: NDArray[np.float32],
    keys: NDArray[np.uint8],
    odd: NDArray[np.int64],
    binary: bool,
    spaced_keys: bool,
) -> tuple[int, int, int, int, int, int, tuple[int, int]]: ...
