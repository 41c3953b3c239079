"""The objective of `TextClassifier`: the mean of the rows of a bag, and a loss over labels."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from wildvec._train import PATH_PADDING, Task
from wildvec.text.vocab import noise_weights
from wildvec.training.alias import make_alias_table
from wildvec.training.objective import MatrixSpec

LOSSES = ("softmax", "ova", "hs", "ns")
NOISE_EXPONENT = 0.5  # as in fastText
CURVATURE = 0.3


@dataclass(frozen=True)
class BagObjective:
    """Bags of rows of the input matrix, and labels that are rows of the output matrix."""

    n_rows: int
    vector_size: int
    label_counts: NDArray[np.int64]
    loss: str
    negative: int
    l2: float

    @property
    def kernel(self) -> str:
        """The name of the objective in the C core."""
        return "supervised"

    @property
    def n_labels(self) -> int:
        """The number of labels."""
        return len(self.label_counts)

    def matrices(self, feed: Any) -> tuple[MatrixSpec, ...]:
        """Return the rows of features, and those of labels (loss="hs": of the nodes of their tree)."""
        n, n_labels = self.n_rows, self.n_labels
        uses = None if feed is None else feed.uses(n)
        return (
            MatrixSpec(
                "input_rows", "input", n, self.vector_size, uses=uses, curvature=CURVATURE, l2=self.l2
            ),
            MatrixSpec(
                "output_rows",
                "output",
                n_labels,
                self.vector_size,
                "zeros",
                uses=np.ones(n_labels),
                curvature=CURVATURE,
                rows_per_item=n_labels,
            ),
        )

    def attach(self, task: Task) -> None:
        """Give the task the settings of the loss."""
        if self.loss == "ns":
            noise = make_alias_table(noise_weights(self.label_counts, NOISE_EXPONENT))
            task.supervised(self.loss, noise=noise, negative=self.negative)
        else:
            task.supervised(self.loss, paths=label_paths(self.label_counts) if self.loss == "hs" else None)


def label_paths(
    counts: NDArray[np.int64],
) -> tuple[NDArray[np.int64], NDArray[np.int32], NDArray[np.uint8], int]:
    """Return the path from the root to each label in fastText's Huffman tree: offsets, nodes, codes, longest.

    counts: falling. A code is 1 where the path turns right; the root is node len(counts) - 2. `huffman_paths` joins
    equal counts in another order and numbers the nodes from the root.

    >>> offsets, nodes, codes, longest = label_paths(np.array([8, 1, 1]))
    >>> offsets.tolist(), nodes[:5].tolist(), codes[:5].tolist(), longest
    ([0, 1, 3, 5], [1, 1, 0, 1, 0], [1, 0, 1, 0, 0], 2)
    """
    n = len(counts)
    weights: list[float] = [*map(int, counts), *([math.inf] * max(n - 1, 0))]
    parent, is_right = [-1] * len(weights), [0] * len(weights)
    leaf, inner = n - 1, n
    for node in range(n, 2 * n - 1):
        children = []
        for _ in range(2):
            if leaf >= 0 and weights[leaf] < weights[inner]:
                children.append(leaf)
                leaf -= 1
            else:
                children.append(inner)
                inner += 1
        weights[node] = weights[children[0]] + weights[children[1]]
        parent[children[0]] = parent[children[1]] = node
        is_right[children[1]] = 1
    nodes, codes, ends = [], [], [0]
    for label in range(n):
        path, at = [], label
        while parent[at] >= 0:
            path.append((parent[at] - n, is_right[at]))
            at = parent[at]
        nodes += [node for node, _ in reversed(path)]
        codes += [code for _, code in reversed(path)]
        ends.append(len(nodes))
    padding = [0] * PATH_PADDING
    longest = int(np.diff(ends).max()) if n else 0
    return (
        np.array(ends, np.int64),
        np.array(nodes + padding, np.int32),
        np.array(codes + padding, np.uint8),
        longest,
    )
