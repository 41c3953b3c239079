"""The Huffman tree of a vocabulary for hierarchical softmax: counts in, the path to each word out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from wildvec._train import PATH_PADDING, huffman
from wildvec.text.vocab import Vocab

Paths = tuple[NDArray[np.int64], NDArray[np.int32], NDArray[np.uint8], int]  # see `huffman_paths`
TREE_TENSORS = ("path_ends", "path_nodes", "path_codes")


def paths_of(vocab: Vocab) -> Paths:
    """Return the paths of the words of a vocabulary in its own tree, or in that of its counts."""
    return huffman_paths(vocab.counts) if vocab.tree is None else vocab.tree


def huffman_paths(counts: NDArray[np.int64]) -> Paths:
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


def join_paths(nodes: Sequence[ArrayLike], codes: Sequence[ArrayLike]) -> Paths:
    """Return the paths of words, given one by one, in the form of `huffman_paths`.

    ValueError: they are not the paths of one tree with a leaf for each word and the root 0.

    >>> join_paths([[0], [0, 1], [0, 1]], [[0], [1, 0], [1, 1]])[0].tolist()
    [0, 1, 3, 5]
    """
    parts = [np.asarray(path) for path in nodes]
    turns = [np.asarray(path) for path in codes]
    if [len(path) for path in parts] != [len(path) for path in turns]:
        raise ValueError("a path in the Huffman tree has not as many turns as nodes")
    padding = np.zeros(PATH_PADDING, np.uint8)
    offsets = np.cumsum([0, *map(len, parts)], dtype=np.int64)
    return _checked((offsets, _joined(parts, padding, np.int32), _joined(turns, padding, np.uint8), 0))


def _joined(parts: list[NDArray[np.generic]], padding: NDArray[np.uint8], dtype: type) -> NDArray[Any]:
    return np.concatenate([*parts, padding]).astype(dtype)


def _checked(paths: Paths) -> Paths:
    """Return paths with the length of the longest. ValueError: they are no Huffman tree."""
    offsets, nodes, codes, _ = paths
    n_words, end = len(offsets) - 1, len(nodes) - PATH_PADDING
    lengths = np.diff(offsets)
    if n_words < 2 or offsets[0] or offsets[-1] != end or lengths.min() < 1 or len(codes) != len(nodes):
        raise ValueError(f"paths of {n_words} words with {end} nodes are no Huffman tree")
    if nodes.min() < 0 or nodes.max() > n_words - 2 or codes.max() > 1 or nodes[offsets[:-1]].any():
        raise ValueError(
            f"the nodes of the Huffman tree must lie in 0..{n_words - 2}, and each path begin at 0"
        )
    return offsets, nodes, codes, int(lengths.max())


def tree_tensors(vocab: Vocab) -> dict[str, NDArray[Any]]:
    """Return the tree of a vocabulary as arrays for a file; nothing if it is that of the counts."""
    return {} if vocab.tree is None else dict(zip(TREE_TENSORS, vocab.tree[:3], strict=True))


def set_tree(vocab: Vocab, tensors: Mapping[str, NDArray[Any]]) -> None:
    """Set the tree that `tree_tensors` returned. ValueError: it does not fit the vocabulary."""
    found = [tensors[name] for name in TREE_TENSORS if name in tensors]
    if not found:
        return
    types = [array.dtype for array in found]
    if types != [np.int64, np.int32, np.uint8] or len(found[0]) != len(vocab) + 1:
        raise ValueError("the Huffman tree does not fit the vocabulary; the file is damaged")
    vocab.tree = _checked((found[0], found[1], found[2], 0))
