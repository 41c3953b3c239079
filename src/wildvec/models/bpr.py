"""BPR: users and items, trained so that each user's items have higher scores than others.

Rendle, Freudenthaler, Gantner, Schmidt-Thieme (2009), "BPR: Bayesian Personalized Ranking from Implicit Feedback".
"""

from __future__ import annotations

import os
from collections.abc import Iterable
from typing import Any, ClassVar, Self

from numpy.typing import ArrayLike

from wildvec.base.checks import number
from wildvec.models.callbacks import Callback
from wildvec.models.item_bias import BiasedItemModel
from wildvec.models.item_features import FeatureModel
from wildvec.models.item_objective import SharedNegatives
from wildvec.models.settings import Setting, switch
from wildvec.models.triplet_objective import Triplets


class BPR(BiasedItemModel, FeatureModel):
    """Users and items: each pair (user u, item p) is compared with a negative n, an item that the user does not have.

    The loss of a triplet is -log σ(u · p - u · n). Rows are trained by AdaGrad with one sum of squared gradients for
    each row. With negative=1 this is the method of Rendle et al. (2009). With more, the negative with the highest
    score among that many draws is trained (dynamic negative sampling; Zhang, Chen, Wang, Yu 2013), which ranks much
    better and takes longer.

    With `interactions` the constructor trains. Without, call `build` and `train`, or `partial_fit`.

    Args:
        interactions: Interactions, or what `Interactions` takes: pairs, columns, a sparse matrix, a frame, a path.
            Weights of interactions are not used.
        item_features: Numbers that describe items, float (items, features), by the order of `interactions.items`.
            They need shared_negatives=True. The row of an item is then the sum of its own row and a learned
            projection of its features (VBPR; He, McAuley 2016), and new items need no interactions: see
            `FeatureModel`.
        negative: Items that are drawn for each pair, of which the one with the highest score is its negative. With
            shared_negatives: negatives of a block of pairs; all are trained.
        shared_negatives: The pairs of a block have the same negatives: faster for many negatives.
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

    >>> model = BPR([("ann", "tea"), ("ann", "milk"), ("bob", "tea"), ("eve", "beer")], epochs=2, vector_size=8)
    >>> model
    BPR(3 users and 3 items × 8, 2 epochs trained)
    >>> [item for item, score in model.recommend("ann")]
    ['beer']
    """

    NAME: ClassVar[str] = "BPR"

    negative = BiasedItemModel.negative.with_default(20)
    shared_negatives = switch(False, "the pairs of a block have the same negatives, which are all trained")
    l2 = BiasedItemModel.l2.with_default(0.05)
    ns_exponent = Setting(
        0.0, number(-10, 10), "negatives are drawn by count ** X; 0: uniformly", metavar="X"
    )
    alpha = BiasedItemModel.alpha.with_default(0.2)
    epochs = BiasedItemModel.epochs.with_default(20)

    def __init__(
        self,
        interactions: Any = None,
        *,
        item_features: ArrayLike | None = None,
        vector_size: int = 64,
        negative: int = 20,
        shared_negatives: bool = False,
        l2: float = 0.05,
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
        self._start_with_features(interactions, item_features, callbacks)

    def set_item_features(self, features: ArrayLike, n_items: int | None = None) -> None:
        """Set features; see `FeatureModel`. ValueError: also without shared_negatives."""
        if not self.shared_negatives:
            raise ValueError("item_features needs shared negatives; set shared_negatives=True")
        super().set_item_features(features, n_items)

    def _check_together(self) -> None:
        super()._check_together()
        if self.shared_negatives and self.item_bias:
            raise ValueError(
                "item_bias=True with shared_negatives=True is not possible; set one of them to False"
            )

    def _objective(self) -> Triplets | SharedNegatives:
        n_users, size, counts = len(self._users), self.vector_size, self.vocab.counts
        if self.shared_negatives:
            return SharedNegatives(
                "bpr_shared",
                n_users,
                size,
                counts,
                negative=self.negative,
                l2=self.l2,
                ns_exponent=self.ns_exponent,
                features=self.item_features,
            )
        return Triplets(
            "bpr",
            n_users,
            size,
            counts,
            negative=self.negative,
            l2=self.l2,
            item_bias=self.item_bias,
            ns_exponent=self.ns_exponent,
        )
