"""The base class of models of users and items: settings, data, training, new users and items.

In: Interactions. Out: rows of items (`wv`) and of users (`uv`), whose dot products are scores.
"""

from __future__ import annotations

import os
from collections.abc import Iterable
from contextlib import nullcontext
from typing import Any, ClassVar, Self

import numpy as np
from numpy.typing import NDArray

from wildvec.base.checks import number, whole
from wildvec.base.keys import Key
from wildvec.interactions.columns import check_keys
from wildvec.interactions.interactions import Interactions, as_interactions
from wildvec.models.callbacks import Callback, Callbacks
from wildvec.models.gensim_names import refuse_settings
from wildvec.models.recommending import as_list
from wildvec.models.resuming import claim_model_folder, load_checkpoint
from wildvec.models.seen_items import SeenItems
from wildvec.models.settings import Setting
from wildvec.models.user_rows import UserRows
from wildvec.text.vocab import Vocab
from wildvec.training.checkpoint import Training
from wildvec.training.feed import Feed
from wildvec.training.interaction_feed import InteractionFeed
from wildvec.training.matrices import FloatRows


class ItemModel(UserRows):
    """A model of users and items.

    A subclass names all settings in its constructor, which ends as follows:

        self._set_up(locals())
        self._start(interactions, callbacks)

    It implements `_objective`, and `_scoring` if scores are not dot products of the trained rows.

    Attributes:
        wv: The rows of items by key (KeyedVectors), with the number of users of each item in all trainings as counts
            (at least 1). `wv.vectors_lockf` can freeze rows, as in `Model`.
        uv: The rows of users by key, likewise.
        user_counts: int64 (users,): the number of items of each user in all trainings.
        Other attributes: see `Model`.
    """

    SAME_DATA: ClassVar[str] = "give the same interactions"
    TAKES_TEXTS: ClassVar[bool] = False

    negative = Setting(256, whole(1, 65_536), "negatives per block of pairs, or per pair")
    l2 = Setting(0.0, number(0, 1e6), "L2 penalty of the rows that a pair uses", metavar="X")

    def _start(self, interactions: Any, callbacks: Iterable[Callback[Self]]) -> None:
        """Take users and items from interactions and train; nothing if there are none. Used by constructors."""
        notifier = Callbacks(self, callbacks)
        if interactions is None:
            return
        data = as_interactions(interactions)
        with claim_model_folder(self) as folder:
            self.build(data)
            with self._attached_to_errors():
                self._train(self._feed_of(data), Training(self._schedule(), own_vocab=True), notifier, folder)

    # -- data -----------------------------------------------------------------------------------------------------

    def _feed(self, interactions: Interactions, seen: SeenItems) -> Feed:
        """Return what is trained on. seen: all items that each user has, which are never negatives."""
        own = (seen.offsets, seen.ids)
        return InteractionFeed(interactions.offsets, interactions.item_ids, interactions.n_items, own)

    def _feed_of(self, data: Interactions) -> Feed:
        """Return the feed of interactions, after those of unknown users and items are left out."""
        if data.users != self._users or data.items != self.vocab.keys:
            data = data.reindex(self._users, self.vocab.keys)
        if not len(data):
            raise ValueError(
                f"there are no interactions between the model's {len(self._users):,} users and "
                f"{len(self.vocab):,} items; give some, and new users and items to partial_fit"
            )
        return self._feed(data, self._add_seen(data))

    # -- training -------------------------------------------------------------------------------------------------

    def train(
        self,
        interactions: Any,
        epochs: int | None = None,
        start_alpha: float | None = None,
        end_alpha: float | None = None,
        callbacks: Iterable[Callback[Self]] = (),
        *,
        max_seconds: float | None = None,
    ) -> tuple[int, int]:
        """Train on interactions of the model's users and items; those of others are left out (see `partial_fit`).

        Args:
            interactions: As in the constructor.
            epochs: Passes over the interactions; default: `self.epochs`.
            start_alpha: Learning rate at the start; default: `self.alpha`.
            end_alpha: Learning rate at the end; default: `self.min_alpha`.
            callbacks: Objects with methods that are called during training, as in the constructor.
            max_seconds: Seconds after which training ends, if the epochs take longer; default: `self.max_seconds`.

        Returns:
            Number of trained interactions and of interactions read, of all epochs.

        Raises:
            RuntimeError: The model has no users and items yet.
            FloatingPointError: The rows are no longer finite.
            KeyboardInterrupt: Ctrl-C was pressed. Training stops within 0.1 s and the model keeps what it learned.
        """
        if not len(self.vocab):
            raise RuntimeError("the model has no users and items yet; call build or partial_fit")
        data = as_interactions(interactions)
        schedule = self._schedule(epochs, start_alpha, end_alpha, max_seconds)
        notifier = Callbacks(self, callbacks)
        with claim_model_folder(self) as folder:
            return self._train(self._feed_of(data), Training(schedule, own_vocab=False), notifier, folder)

    def partial_fit(
        self, interactions: Any, y: Any = None, *, epochs: int | None = None, start_alpha: float | None = None
    ) -> Self:
        """Train on new interactions, without the old ones. All rows go on from their values.

        New users and items get rows after the old ones, which begin as those of a new model. The seen items of users
        and the counts of items grow; a pair of user and item that the model has seen before does not count again.

        With keep_seen=False the model cannot tell which pairs are new: each pair counts, and items that a user had in
        an earlier training may be drawn as negatives of this user.

        Args:
            interactions: As in the constructor.
            y: Not used.
            epochs: Passes over the new interactions; default: `self.epochs`.
            start_alpha: Learning rate at the start; default: `self.alpha`.

        Raises:
            TypeError: Users or items are int in the model and str in the new interactions, or the reverse. The model
                is then unchanged.
        """
        data = as_interactions(interactions)
        if not len(self.vocab):
            self.build(data)
        else:
            self._grow_by(data)
        self.train(data, epochs, start_alpha)
        return self

    def fit(self, X: Any, y: Any = None, **others: Any) -> Self:
        """Take the users and items of interactions X and train new rows, as scikit-learn's estimators do."""
        refuse_settings(self, others)
        if X is None:
            raise TypeError("fit needs interactions; give them as in the constructor")
        self._start(X, ())
        return self

    def transform(self, X: Iterable[Iterable[Key]]) -> Any:
        """Return the vectors of new users, float32 (users, vector_size). X: the items of each; see `user_vector`.

        A user without known items gets zeros.
        """
        self._check_is_fitted()
        index = self.wv.key_to_index
        histories = [as_list("the items of a user", history) for history in as_list("X", X)]
        lists = [sorted({index[item] for item in history if item in index}) for history in histories]
        offsets = np.cumsum([0, *map(len, lists)], dtype=np.int64)
        ids = np.array([i for rows in lists for i in rows], np.int32)
        return self._wrap_output(self._fold_in(SeenItems(offsets, ids)), X)

    @classmethod
    def resume(
        cls,
        path: str | os.PathLike[str],
        interactions: Any = None,
        callbacks: Iterable[Callback[Self]] = (),
        **settings: Any,
    ) -> Self:
        """Continue a training from its checkpoints.

        Args:
            path: The folder of the checkpoints, or one of them.
            interactions: The same as before. A finished training needs none.
            callbacks: As in the constructor.
            settings: Settings that must be those of the checkpoint, or that may change (`workers`, …).
        """
        with load_checkpoint(cls, path) as (model, training, folder):
            model._check_same_settings(settings, fixed=("workers",) if model.deterministic else ())
            if interactions is None and not training.state.finished:
                raise TypeError("the training is not finished; give its interactions")
            data = None if interactions is None else as_interactions(interactions)
            opened = None if data is None else (lambda vocab: nullcontext(model._feed_of(data)))
            model._resume(training, opened, callbacks, folder)
            return model

    # -- new users and items --------------------------------------------------------------------------------------

    def add_user(self, key: Key, history: Iterable[Key]) -> None:
        """Add a user with the vector of `user_vector(history)`; training is not needed.

        Raises:
            KeyError: An item is unknown.
            TypeError: The key is not of the type of the model's users, str or int.
            ValueError: The user exists, or `history` is empty.
        """
        if key in self.uv:
            raise ValueError(f"there is a user {key!r:.60} already; partial_fit adds interactions")
        if not (items := as_list("history", history)):
            raise ValueError(f"history={items}: give at least one item")
        data = Interactions.from_columns([key] * len(items), items)
        self._item_rows(data.items)
        self._grow_by(data)
        data = data.reindex(self._users, self.vocab.keys)
        self._add_seen(data)
        seen = SeenItems(data.offsets, data.item_ids).take(np.array([len(self._users) - 1]))
        self._user_vectors[-1] = self._fold_in(seen)[0]

    def add_item(
        self, key: Key, *, neighbours: Iterable[Key] | None = None, users: Iterable[Key] | None = None
    ) -> None:
        """Add an item without training: its row is the mean of its neighbours' rows, or fits the users who have it.

        Args:
            key: The new item.
            neighbours: Items that are similar.
            users: Users that have the item. It is then one of their seen items.

        Raises:
            KeyError: A neighbour or a user is unknown.
            TypeError: The key is not of the type of the model's items, str or int.
            ValueError: The item exists, or not exactly one of the two is given.
        """
        if key in self.wv:
            raise ValueError(f"there is an item {key!r:.60} already; partial_fit adds interactions")
        if (neighbours is None) == (users is None):
            raise ValueError("give neighbours=[items] or users=[users], and not both")
        if neighbours is not None:
            row = self._row_of_neighbours(self._item_rows(as_list("neighbours", neighbours)))
            keys = [*self.vocab.keys, *check_keys("item", [key])]
            self._grow_to(Vocab(keys, np.append(self.vocab.counts, 1)), self._users)
            self._matrices["vectors"][-1] = row
            return
        if not (given := as_list("users", users)):
            raise ValueError("users=[]: give at least one user")
        rows = self._user_rows(given)
        row = self._fold_in_item(SeenItems(np.array([0, len(rows)]), np.sort(rows).astype(np.int32)))[0]
        data = Interactions.from_columns(given, [key] * len(given))
        self._grow_by(data)
        self._add_seen(data.reindex(self._users, self.vocab.keys))
        self._vectors[-1] = row

    def _row_of_neighbours(self, items: NDArray[np.int64]) -> FloatRows:
        """Return the mean of some rows of the padded matrix; its vector has the mean length of theirs."""
        if not len(items):
            raise ValueError("neighbours=[]: give at least one item")
        rows = self._matrices["vectors"][items]
        row: FloatRows = rows.mean(axis=0)
        vector, vectors = row[: self.vector_size], rows[:, : self.vector_size]
        length = float(np.linalg.norm(vector))
        if length > 0:
            vector *= np.float32(np.linalg.norm(vectors, axis=1).mean() / length)
        return row

    def _grow_by(self, data: Interactions) -> None:
        """Add the users and items of interactions that the model does not have."""
        new_items = [item for item in data.items if item not in self.vocab]
        vocab = Vocab(
            [*self.vocab.keys, *new_items],
            np.concatenate([self.vocab.counts, np.ones(len(new_items), np.int64)]),
        )
        self._grow_to(vocab, [*self._users, *(user for user in data.users if user not in self.uv)])
        if not self.keep_seen:  # else `_add_seen` counts the users of each item
            counts = self.vocab.counts.copy()
            counts[len(counts) - len(new_items) :] = 0
            counts[[self.vocab.key_to_index[item] for item in data.items]] += data.item_counts
            self._set_item_counts(counts)

    def _why_no_examples(self) -> str:
        return "no interaction gave an example; give more data"
