"""The base of models of users and items whose scores are cosines: rows have the length 1."""

from __future__ import annotations

import numpy as np

from wildvec.base.checks import number, whole
from wildvec.base.rows import unit_rows
from wildvec.models.item_features import FeatureModel
from wildvec.models.recommending import Floats
from wildvec.models.seen_items import SeenItems
from wildvec.models.settings import Setting


class CosineModel(FeatureModel):
    """A model that scores item i for user u by cos(u, i) · (users of i + 1) ** popularity."""

    popularity = Setting(
        0.04,
        number(-10, 10),
        "scores are cosine · (users of the item + 1) ** X",
        changeable=True,
        metavar="X",
    )
    feature_l2 = Setting(
        1.0, number(0, 1e6), "with item_features: L2 penalty of own rows and of the projection", metavar="X"
    )
    block = Setting(128, whole(1, 4096), "pairs that share their negatives")
    ns_exponent = Setting(
        0.0, number(-10, 10), "negatives are drawn by count ** X; 0: uniformly", metavar="X"
    )
    alpha = FeatureModel.alpha.with_default(0.3)
    min_alpha = FeatureModel.min_alpha.with_default(0.0)

    @property
    def l2(self) -> float:  # type: ignore[override]
        """0: there is no such setting, since rows have the length 1."""
        return 0.0

    def _scoring(self) -> tuple[Floats, Floats]:
        users, items = super()._scoring()
        popularity = (self.vocab.counts[:, None] + 1.0) ** self.popularity
        return unit_rows(users), (unit_rows(items) * popularity).astype(np.float32)

    def _fixed(self, rows: Floats) -> Floats:
        return unit_rows(rows)

    def _queries_of_new(self, seen: SeenItems) -> Floats:
        return unit_rows(super()._queries_of_new(seen))
