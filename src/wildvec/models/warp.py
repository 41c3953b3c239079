"""WARP: users and items, trained with more weight where an item of a user has a bad rank.

Weston, Bengio, Usunier (2011), "WSABIE: Scaling Up To Large Vocabulary Image Annotation".
"""

from __future__ import annotations

import os
from collections.abc import Iterable
from typing import Any, ClassVar, Self

from wildvec.base.checks import number
from wildvec.models.callbacks import Callback
from wildvec.models.item_bias import BiasedItemModel
from wildvec.models.settings import Setting
from wildvec.models.triplet_objective import Triplets


class WARP(BiasedItemModel):
    """Users and items: for each pair (user u, item p), negatives are drawn until one violates the margin.

    A negative is an item that the user does not have; n violates the margin if u · n > u · p - margin. The first such
    n is trained with the weight log(1 + (items - 1) / draws) / log(items), which estimates how bad the rank of p is.
    Rows are trained by AdaGrad with one sum of squared gradients for each row.

    With `interactions` the constructor trains. Without, call `build` and `train`, or `partial_fit`.

    Args:
        interactions: Interactions, or what `Interactions` takes: pairs, columns, a sparse matrix, a frame, a path.
            Weights of interactions are not used.
        negative: Most draws for a pair (LightFM: max_sampled). If none violates the margin, the pair is skipped.
        margin: Difference of scores from which a negative has no loss.
        vector_size: Values in a vector.
        l2: Penalty: each use of a row also moves it by -rate · l2 · row.
        item_bias: Items have a bias, which is added to their scores.
        ns_exponent: Negatives are drawn in proportion to the counts of items to this power; 0: uniformly.
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
        item_biases: float32 (items,): the bias of each item; zeros without `item_bias`.
        Other attributes: see `ItemModel` and `Model`.

    >>> model = WARP([("ann", "tea"), ("ann", "milk"), ("bob", "tea"), ("eve", "beer")], epochs=2, vector_size=8)
    >>> model
    WARP(3 users and 3 items × 8, 2 epochs trained)
    >>> [item for item, score in model.recommend("ann")]
    ['beer']
    """

    NAME: ClassVar[str] = "WARP"

    negative = BiasedItemModel.negative.with_default(50)
    margin = Setting(
        1.0, number(0, 1e30), "difference of scores from which a negative has no loss", metavar="X"
    )
    l2 = BiasedItemModel.l2.with_default(0.2)
    ns_exponent = Setting(
        0.0, number(-10, 10), "negatives are drawn by count ** X; 0: uniformly", metavar="X"
    )
    alpha = BiasedItemModel.alpha.with_default(0.2)
    epochs = BiasedItemModel.epochs.with_default(20)

    def __init__(
        self,
        interactions: Any = None,
        *,
        vector_size: int = 64,
        negative: int = 50,
        margin: float = 1.0,
        l2: float = 0.2,
        item_bias: bool = False,
        ns_exponent: float = 0.0,
        alpha: float = 0.2,
        min_alpha: float = 1e-4,
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
        self._start(interactions, callbacks)

    def _objective(self) -> Triplets:
        return Triplets(
            "warp",
            len(self._users),
            self.vector_size,
            self.vocab.counts,
            self.negative,
            self.margin,
            self.l2,
            self.item_bias,
            self.ns_exponent,
        )
