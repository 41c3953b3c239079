"""Layers of PyTorch from rows by key, and texts as lists of row numbers, as nn.EmbeddingBag takes them."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any, Self

from numpy.typing import ArrayLike

from wildvec.base.keys import Key
from wildvec.base.ragged import Ragged, join_rows
from wildvec.text.texts import Texts
from wildvec.vectors import torch_layers
from wildvec.vectors.keyed_rows import KeyedRows


class RowLayers(KeyedRows):
    """Methods of `KeyedVectors` for programs that use PyTorch."""

    def to_torch(
        self,
        mode: str | None = None,
        *,
        freeze: bool = False,
        sparse: bool = False,
        padding: Key | None = None,
    ) -> Any:
        """Return a layer of PyTorch whose weight is `vectors`, without a copy: changes are seen on both sides.

        Row i belongs to the key `index_to_key[i]`. A key that is not in the vocabulary has no row: leave it out, as
        `encode` does. An empty bag gives zeros. See docs/pytorch.md.

        Args:
            mode: None: nn.Embedding. "mean", "sum" or "max": nn.EmbeddingBag of this mode.
            freeze: The layer does not train the rows.
            sparse: Gradients are sparse, which is faster for many rows; for SGD, Adagrad and SparseAdam.
            padding: A key whose row is the layer's `padding_idx`: it gets no gradient, and does not count in a bag.

        Raises:
            ImportError: PyTorch is not installed.
            ValueError: The vectors are read-only or have negative strides.
            KeyError: `padding` is not in the vocabulary.
        """
        row = None if padding is None else self.get_index(padding)
        return torch_layers.make_layer(self.vectors, mode, freeze, sparse, row)

    @classmethod
    def from_torch(cls, layer: Any, keys: Iterable[Key], counts: ArrayLike | None = None) -> Self:
        """Make an object of the weight of a layer of PyTorch; on the CPU it shares the memory.

        Args:
            layer: nn.Embedding, nn.EmbeddingBag or a tensor (n, vector_size).
            keys: The n keys of its rows.
            counts: How often each key occurred, or None.
        """
        return cls.from_arrays(keys, torch_layers.rows_of(layer), counts)

    def encode(
        self, texts: Any, *, tokenizer: Callable[[str], Iterable[Any]] | None = None, lowercase: bool = False
    ) -> Ragged:
        """Return the row numbers of the known tokens of each text, as nn.EmbeddingBag takes them.

        Args:
            texts: An iterable of str or of lists of tokens.
            tokenizer: A function from a str to its tokens; default: str.split.
            lowercase: Convert to lower case.

        Returns:
            `values` (int32) and `offsets` (int64, one more than texts). The bag takes `offsets[:-1]`.

        >>> from wildvec import KeyedVectors
        >>> wv = KeyedVectors.from_arrays(["a", "b"], [[1.0, 0.0], [0.0, 1.0]])
        >>> bags = wv.encode(["b a", "c", "a c a"])
        >>> bags.values.tolist(), bags.offsets[:-1].tolist()
        ([1, 0, 0, 0], [0, 2, 2])
        """
        return join_rows(list(Texts(texts, tokenizer, lowercase).known_ids(self.key_to_index)))
