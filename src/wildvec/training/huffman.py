"""The Huffman tree of a vocabulary for hierarchical softmax: counts in, the path to each word out."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from wildvec._train import PATH_PADDING, huffman


def huffman_paths(
    counts: NDArray[np.int64],
) -> tuple[NDArray[np.int64], NDArray[np.int32], NDArray[np.uint8], int]:
    """Return the path from the root to each word: offsets, nodes, codes, and the length of the longest path.

    The path of word i is ``nodes[offsets[i]:offsets[i + 1]]``; node 0 is the root. A code is 1 where the path turns
    right. Nodes and codes have PATH_PADDING additional zeros, because training reads them in groups of eight.

    >>> offsets, nodes, codes, longest = huffman_paths(np.array([8, 1, 1]))
    >>> offsets.tolist(), nodes[:5].tolist(), longest
    ([0, 1, 3, 5], [0, 0, 1, 0, 1], 2)
    """
    order = np.argsort(-counts, kind="stable").astype(np.int32)
    offsets = np.empty(len(counts) + 1, dtype=np.int64)
    huffman(counts, order, offsets, None, None)
    nodes = np.zeros(offsets[-1] + PATH_PADDING, dtype=np.int32)
    codes = np.zeros(offsets[-1] + PATH_PADDING, dtype=np.uint8)
    huffman(counts, order, offsets, nodes, codes)
    return offsets, nodes, codes, int(np.diff(offsets).max())
