"""Models of users and items whose items have a bias, which is added to each score."""

from __future__ import annotations

import numpy as np

from wildvec.base.rows import with_ones
from wildvec.models.item_model import ItemModel
from wildvec.models.recommending import Floats
from wildvec.models.seen_items import SeenItems
from wildvec.models.settings import switch
from wildvec.models.triplet_objective import BIAS


class BiasedItemModel(ItemModel):
    """A model whose scores are u · i, plus the bias of the item with item_bias=True.

    Attributes:
        item_biases: float32 (items,): the bias of each item, by its row in `wv`; zeros with item_bias=False.
    """

    item_bias = switch(False, "items have a bias, which is added to their scores")

    @property
    def item_biases(self) -> Floats:
        """The bias of each item."""
        if not self.item_bias:
            return np.zeros(len(self.vocab), np.float32)
        return self._matrices["vectors"][:, self.vector_size + BIAS]

    def _scoring(self) -> tuple[Floats, Floats]:
        users, items = super()._scoring()
        if not self.item_bias:
            return users, items
        return with_ones(users), np.column_stack([items, self.item_biases])

    def _why_no_examples(self) -> str:
        if np.isin(self.user_counts, (0, len(self.vocab))).all():
            return "each user has all items, so there are no negatives; give more items"
        return super()._why_no_examples()

    def _queries_of_new(self, seen: SeenItems) -> Floats:
        queries = super()._queries_of_new(seen)
        return with_ones(queries) if self.item_bias else queries
