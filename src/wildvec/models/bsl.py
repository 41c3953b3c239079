"""BSL: users and items, trained with the bilateral softmax loss; sampled softmax is a special case.

Wu, Chen, Wu, Shi, Zhang, Wang (2024), "BSL: Understanding and Improving Softmax Loss for Recommendation".
"""

from __future__ import annotations

import math
import os
from collections.abc import Iterable, Mapping
from typing import Any, ClassVar, Self

from numpy.typing import ArrayLike

from wildvec.base.checks import Check, number
from wildvec.models.callbacks import Callback
from wildvec.models.cosine_model import CosineModel
from wildvec.models.item_objective import SharedNegatives
from wildvec.models.settings import Setting


class BSL(CosineModel):
    """Users and items: softmax of cosines over the negatives, with a weight for the positive and the negative side.

    The loss of a pair (u, i) with negatives j is -cos(u, i) / t + weight · log Σ exp(cos(u, j) / t) with the
    temperature t; `weight` is the ratio of the two temperatures of the paper. weight=1 is sampled softmax. The pairs
    of a block share their negatives; a user's own items are never negatives of the user. Rows keep the length 1 and
    are trained by AdaGrad with one sum of squared gradients for each row.

    The loss may fall below 0, because the pair is not in the denominator.

    With `interactions` the constructor trains. Without, call `build` and `train`, or `partial_fit`.

    Args:
        interactions: Interactions, or what `Interactions` takes: pairs, columns, a sparse matrix, a frame, a path.
            Weights of interactions are not used.
        item_features: Numbers that describe items, float (items, features), by the order of `interactions.items`.
            The row of an item is then the sum of its own row and a learned projection of its features, and new items
            need no interactions; see `FeatureModel`.
        vector_size: Values in a vector.
        negative: Negatives of a block of pairs; at most all items.
        block: Pairs that share their negatives.
        temperature: Scores are divided by it. The smaller it is, the more negatives with high scores count.
        weight: Weight of the negatives in the loss.
        ns_exponent: Negatives are drawn in proportion to the counts of items to this power; 0: uniformly.
        popularity: Scores are cosine · (users of the item + 1) ** popularity. It takes effect in scores only.
        feature_l2: With item_features: each use of an item's own row, or of a row of the projection, also moves it by
            -rate · feature_l2 · row. With more, items depend more on their features.
        alpha: Learning rate of AdaGrad: the size of a row's first change, for each value.
        min_alpha: Learning rate at the end; it falls linearly.
        epochs: Passes over the pairs, each in a new random order.
        keep_seen: The model keeps the items of each user, so that they are not recommended again.
        seed: The same seed gives the same bits, with one worker or with deterministic=True.
        workers: Threads; default: the CPUs that this process may use.
        deterministic: The same seed and number of workers give the same bits; slower.
        held_out: Fraction of the pairs that are not trained. Their loss is measured after each epoch.
        patience: Training stops after this many epochs without a new minimum of the held-out loss. The rows are then
            those of the best epoch. None: all epochs.
        max_seconds: Training ends after this time, if the epochs take longer.
        callbacks: Objects with methods that are called during training; see `CallbackAny2Vec`.
        checkpoint: Folder for checkpoints, which `resume` continues from and `load` opens.
        checkpoint_minutes: Minutes between two checkpoints; None: none by time.
        checkpoint_epochs: Epochs between two checkpoints; None: none by epochs.
        keep_checkpoints: Number of newest checkpoints that are kept.
        others: No others are allowed; the message of the error names similar settings.

    Attributes:
        wv: The rows of items (KeyedVectors), with the number of users of each item as counts.
        uv: The rows of users (KeyedVectors).
        Other attributes: see `ItemModel` and `Model`.

    >>> model = BSL([("ann", "tea"), ("ann", "milk"), ("bob", "tea"), ("eve", "beer")], epochs=2, vector_size=8)
    >>> model
    BSL(3 users and 3 items × 8, 2 epochs trained)
    >>> [item for item, score in model.recommend("ann")]
    ['beer']
    """

    NAME: ClassVar[str] = "BSL"
    STATE: ClassVar[Mapping[str, Check]] = {  # the loss falls below 0: the positive is not in the denominator
        **CosineModel.STATE,
        "_latest_loss": number(-math.inf, math.inf),
    }

    temperature = Setting(0.08, number(1e-3, 1e3), "scores are divided by X", metavar="X")
    weight = Setting(1.2, number(0, 1e9), "weight of the negatives in the loss", metavar="X")
    popularity = CosineModel.popularity.with_default(0.02)
    epochs = CosineModel.epochs.with_default(20)

    def __init__(
        self,
        interactions: Any = None,
        *,
        item_features: ArrayLike | None = None,
        vector_size: int = 64,
        negative: int = 256,
        block: int = 128,
        temperature: float = 0.08,
        weight: float = 1.2,
        ns_exponent: float = 0.0,
        popularity: float = 0.02,
        feature_l2: float = 1.0,
        alpha: float = 0.3,
        min_alpha: float = 0.0,
        epochs: int = 20,
        keep_seen: bool = True,
        seed: int = 1,
        workers: int | None = None,
        deterministic: bool = False,
        held_out: float = 0.0,
        patience: int | None = None,
        max_seconds: float | None = None,
        callbacks: Iterable[Callback[Self]] = (),
        checkpoint: str | os.PathLike[str] | None = None,
        checkpoint_minutes: float | None = 10,
        checkpoint_epochs: int | None = None,
        keep_checkpoints: int = 2,
        **others: Any,
    ) -> None:
        self._set_up(locals())
        self._start_with_features(interactions, item_features, callbacks)

    def _objective(self) -> SharedNegatives:
        return SharedNegatives(
            "bsl",
            len(self._users),
            self.vector_size,
            self.vocab.counts,
            self.block,
            self.negative,
            weight=self.weight,
            temperature=self.temperature,
            ns_exponent=self.ns_exponent,
            l2=self.feature_l2,
            features=self.item_features,
        )
