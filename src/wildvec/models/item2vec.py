"""Item2Vec: vectors of items from baskets, with the skip-gram or the CBOW of word2vec.

Barkan, Koenigstein (2016), "Item2Vec: Neural Item Embedding for Collaborative Filtering".
"""

from __future__ import annotations

import os
from collections.abc import Iterable
from typing import Any, ClassVar, Self

import numpy as np

from wildvec.base.checks import number, whole
from wildvec.base.ragged import Ragged
from wildvec.base.rows import unit_rows, with_ones
from wildvec.interactions.interactions import Interactions
from wildvec.models.basket_objective import BasketFeed, BasketObjective
from wildvec.models.callbacks import Callback, Callbacks
from wildvec.models.item_model import ItemModel
from wildvec.models.seen_items import SeenItems
from wildvec.models.settings import Setting, one_of
from wildvec.training.feed import Feed
from wildvec.training.matrices import FloatRows
from wildvec.training.schedule import Schedule
from wildvec.training.state import Epoch, Saver, State
from wildvec.vectors.means import mean_rows


class Item2Vec(ItemModel):
    """Vectors of items, learned from which items occur in the same baskets.

    A basket (the items of a user, a session, an order) is a set: its items are shuffled in each epoch, and each pair
    of items at most `window` places apart is a positive pair of skip-gram with negative sampling. A basket of up to
    `window + 1` items is thus trained with all its pairs. In a longer basket each pair has the same chance, and the
    work grows with the number of its items, not with the square of it.

    The row of a user is the mean of the rows of their items, each of length 1, and so is that of a new user. Items
    are scored by its cosine with the rows of items, times (number of users + 1) ** popularity. Weights of
    interactions are not used.

    With sg=0 (CBOW) the mean of the rows of the other items within `window` predicts each item. This is the task of
    recommending the next item of a basket; choose a window as large as the baskets. Items are then scored by the
    product of the mean of the user's items with their output rows, plus popularity · log(number of users + 1). Output
    rows learn how much more often an item occurs than it is drawn as a negative, so popularity=ns_exponent gives the
    logarithm of its probability, up to a constant; a larger value may rank better.

    With `interactions` the constructor trains. Without, call `build` and `train`, or `partial_fit`. Settings are
    attributes: they may be assigned later.

    Args:
        interactions: Interactions, or what `Interactions` takes: pairs (user, item), columns, a sparse matrix, a data
            frame, a path. For baskets: `Interactions.from_baskets`.
        vector_size: Values in a vector.
        sg: 1 for skip-gram, 0 for CBOW.
        window: How many places two items of a shuffled basket may be apart to be a pair.
        negative: Negatives of an item and its window.
        ns_exponent: Negatives are drawn by number of users to this power.
        sample: Items in more than this fraction of all interactions are trained less often; 0: all are kept.
        popularity: Exponent of the number of users in scores; 0: scores are cosines (with sg=0: products).
        alpha: Learning rate at the start.
        min_alpha: Learning rate at the end.
        epochs: Passes over the baskets.
        keep_seen: The model keeps the items of each user, so that it does not recommend them again. Without, a
            further training sets the rows of its users from the new items alone.
        seed: The same seed gives the same bits with one worker, or with `deterministic`.
        workers: Threads; default: the CPUs that this process may use.
        deterministic: The same seed and number of workers give the same bits; slower.
        held_out: Fraction of the baskets that are not trained. Their loss is measured after each epoch.
        patience: Training stops after this many epochs without a new minimum of the held-out loss.
        max_seconds: Training ends after this time, if the epochs take longer.
        callbacks: Objects with methods that are called during training, as in `Word2Vec`.
        checkpoint: Folder for checkpoints, which `resume` continues from and `load` opens.
        checkpoint_minutes: Minutes between two checkpoints; None: none by time.
        checkpoint_epochs: Epochs between two checkpoints; None: none by epochs.
        keep_checkpoints: Number of newest checkpoints that are kept.
        others: Unknown arguments, which are refused.

    Attributes:
        wv: The vectors of items by key (KeyedVectors).
        uv: The vectors of users by key (KeyedVectors), computed after each epoch.
        Other attributes: see `ItemModel` and `Model`.

    Raises:
        ValueError: A setting is out of range, or there are no interactions.
        TypeError: A setting has the wrong type, or there is no such setting.

    >>> from wildvec.demo import toy
    >>> model = Item2Vec(toy.interactions(), workers=1)
    >>> model
    Item2Vec(200 users and 100 items × 64, 20 epochs trained)
    >>> [item[:4] for item, score in model.recommend(history=["jazz-01", "jazz-02"], n=3)]
    ['jazz', 'jazz', 'jazz']
    """

    NAME: ClassVar[str] = "Item2Vec"
    MATRICES: ClassVar[tuple[str, ...]] = ("vectors", "output_rows", "user_vectors")

    negative = Setting(10, whole(1, 10_000), "negatives of an item and its window")
    l2 = None  # type: ignore[assignment]
    alpha = ItemModel.alpha.with_default(0.05)
    epochs = Setting(20, whole(1, 10**9), "passes over the interactions")
    sg = one_of(1, 0, help="1: skip-gram; 0: CBOW, the other items of a basket predict an item")
    window = Setting(10, whole(1, 10_000), "places that two items of a shuffled basket may be apart")
    ns_exponent = Setting(
        0.5, number(-10, 10), "negatives are drawn by number of users to this power", metavar="X"
    )
    sample = Setting(
        0.0,
        number(0, 2**53),
        "items above this fraction of the interactions are trained less often; 0: all are kept",
        metavar="FRACTION",
    )
    popularity = Setting(
        0.1, number(-10, 10), "exponent of the number of users in scores", changeable=True, metavar="X"
    )

    _seen_in_training: SeenItems | None = None

    def __init__(
        self,
        interactions: Any = None,
        *,
        vector_size: int = 64,
        sg: int = 1,
        window: int = 10,
        negative: int = 10,
        ns_exponent: float = 0.5,
        sample: float = 0.0,
        popularity: float = 0.1,
        alpha: float = 0.05,
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

    def _objective(self) -> BasketObjective:
        return BasketObjective(
            vocab=self.vocab,
            vector_size=self.vector_size,
            sg=self.sg,
            hs=0,
            negative=self.negative,
            window=self.window,
            sample=self.sample,
            ns_exponent=self.ns_exponent,
            cbow_mean=1,
            shrink_windows=False,
            update="block",
        )

    def _feed(self, interactions: Interactions, seen: SeenItems) -> Feed:
        return BasketFeed(interactions, seen)

    def _run(
        self, feed: Feed, schedule: Schedule, callbacks: Callbacks[Self], state: State, saver: Saver
    ) -> None:
        assert isinstance(feed, BasketFeed)
        self._seen_in_training = feed.seen
        try:
            super()._run(feed, schedule, callbacks, state, saver)
        finally:
            self._set_user_vectors()
            del self._seen_in_training

    def _add_epoch(self, epoch: Epoch) -> None:
        super()._add_epoch(epoch)
        self._set_user_vectors()  # for callbacks

    def _unpadded_matrices(self) -> dict[str, FloatRows]:
        self._set_user_vectors()  # for checkpoints, which may be written within an epoch
        return super()._unpadded_matrices()

    def _set_user_vectors(self) -> None:
        """Set the rows of the users that have items in the present training, if there is one."""
        if (seen := self._seen_in_training) is not None:
            has_items = seen.counts > 0
            self._user_vectors[has_items] = self._fold_in(seen)[has_items]

    def __getstate__(self) -> dict[str, Any]:
        state = super().__getstate__()
        state.pop("_seen_in_training", None)
        return state

    def _fold_in(self, seen: SeenItems) -> FloatRows:
        """Return the mean of the rows of each user's items, for skip-gram of length 1; zeros for users without."""
        rows = unit_rows(self._vectors) if self.sg else self._vectors
        return mean_rows(rows, [Ragged(seen.ids, seen.offsets)], len(seen))

    def _queries_of_new(self, seen: SeenItems) -> FloatRows:
        queries = super()._queries_of_new(seen)
        return queries if self.sg else with_ones(queries)

    def _scoring(self) -> tuple[FloatRows, FloatRows]:
        if not self.sg:
            biases = self.popularity * np.log(self.vocab.counts + 1.0)
            outputs = self._matrices["output_rows"][:, : self.vector_size]
            return with_ones(self._user_vectors), np.column_stack([outputs, biases.astype(np.float32)])
        factors = (self.vocab.counts + 1.0) ** self.popularity
        items = unit_rows(self._vectors) * factors[:, None].astype(np.float32)
        return unit_rows(self._user_vectors), items

    def _why_no_examples(self) -> str:
        if not self.sample:
            return "no user has two items; give more data"
        return f"with sample={self.sample:g} no user had two items left; raise sample (0 keeps all) or give more data"
