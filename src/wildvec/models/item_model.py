"""The base class of models of users and items: settings, data, training, new users and items, files.

In: Interactions. Out: rows of items (`wv`) and of users (`uv`), whose dot products are scores.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from contextlib import nullcontext
from typing import Any, ClassVar, Protocol, Self

import numpy as np
from numpy.typing import NDArray

from wildvec.base.checks import number, whole
from wildvec.base.keys import Key
from wildvec.graph.numbering import number_keys
from wildvec.interactions.columns import check_keys
from wildvec.interactions.interactions import Interactions, as_interactions
from wildvec.io import keys as packed
from wildvec.models.base import Model
from wildvec.models.callbacks import Callback, Callbacks
from wildvec.models.recommending import Recommender, as_list
from wildvec.models.resuming import claim_model_folder, load_checkpoint
from wildvec.models.row_factors import grow_factors, row_factors
from wildvec.models.seen_items import SeenItems
from wildvec.models.settings import Setting, switch
from wildvec.text.vocab import Vocab
from wildvec.training.checkpoint import Training
from wildvec.training.feed import Feed
from wildvec.training.interaction_feed import InteractionFeed
from wildvec.training.matrices import FloatRows
from wildvec.training.objective import MatrixSpec, Objective
from wildvec.vectors.keyedvectors import KeyedVectors

USERS, COUNTS, FACTORS = "users.", "users.counts", "users.lockf"  # beginning and names of tensors in files


class ItemObjective(Objective, Protocol):
    """The objective of a model of users and items."""

    def shapes(self, n_items: int, n_users: int) -> tuple[MatrixSpec, ...]:
        """Return the matrices for numbers of items and users: "vectors" of items first, and "user_vectors"."""


class ItemModel(Recommender, Model):
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

    MATRICES: ClassVar[tuple[str, ...]] = ("vectors", "user_vectors")
    SAME_DATA: ClassVar[str] = "give the same interactions"
    TAKES_TEXTS: ClassVar[bool] = False

    vector_size = Model.vector_size.with_default(64)
    negative = Setting(256, whole(1, 65_536), "negatives per block of pairs, or per pair")
    l2 = Setting(0.0, number(0, 1e6), "L2 penalty of the rows that a pair uses", metavar="X")
    keep_seen = switch(
        True, "the model keeps the items of each user, which it does not recommend again", fixed=True
    )

    def _set_up(self, given: Mapping[str, Any]) -> None:
        self._users: list[Key] = []
        self._set_seen(SeenItems.empty(), np.empty(0, np.int64))
        super()._set_up(given)

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

    def build(self, interactions: Any) -> None:
        """Take the users and items of interactions. The model then has new random rows.

        interactions: As in the constructor. ValueError: there is no user or no item.
        """
        data = as_interactions(interactions)
        if not data.n_users or not data.n_items:
            raise ValueError(f"{data!r}: there is nothing to train on; give at least one user and one item")
        self._users = data.users
        self._set_seen(SeenItems.empty(data.n_users), np.zeros(data.n_users, np.int64))
        self._set_vocab(Vocab(data.items, np.maximum(data.item_counts, 1)))

    def _set_seen(self, seen: SeenItems, user_counts: NDArray[np.int64]) -> None:
        self._seen, self.user_counts = seen, user_counts

    def _add_seen(self, data: Interactions) -> SeenItems:
        """Add interactions, which have the model's users and items, to those that are kept; return all of them.

        With keep_seen=False these are the given ones alone.
        """
        seen = self._seen.joined(SeenItems(data.offsets, data.item_ids), len(self._users), len(self.vocab))
        if self.keep_seen:
            self._set_seen(seen, seen.counts)
            self._set_item_counts(np.bincount(seen.ids, minlength=len(self.vocab)))
        else:
            counts = np.zeros(len(self._users), np.int64)
            counts[: len(self.user_counts)] = self.user_counts
            self._set_seen(SeenItems.empty(len(counts)), np.maximum(counts, np.diff(data.offsets)))
        return seen

    def _set_item_counts(self, counts: NDArray[np.int64]) -> None:
        self.vocab = Vocab(self.vocab.keys, np.maximum(counts, 1))
        self.wv.counts = self.vocab.counts

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
        schedule, notifier = (
            self._schedule(epochs, start_alpha, end_alpha, max_seconds),
            Callbacks(self, callbacks),
        )
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

    def fit(self, X: Any, y: Any = None) -> Self:
        """Take the users and items of interactions X and train new rows, as scikit-learn's estimators do."""
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

    def _grow_to(self, vocab: Vocab, users: list[Key]) -> None:
        """Set longer lists of items and users that begin with the present ones; all that was learned is kept."""
        for name, old, new in (("item", self.vocab.keys, vocab.keys), ("user", self._users, users)):
            number_keys([old[:1], new[len(old) :]], name, (f"the model's {name}s", f"the new {name}s"))
        self._check_vocab(vocab)
        self._take_over_vectors()
        self._match_matrices()
        factors, n_new = self.uv.vectors_lockf, len(users) - len(self._users)
        self._users = users
        self._grow_matrices(vocab)
        self.uv.vectors_lockf = grow_factors(factors, n_new)
        self._set_seen(
            self._seen.joined(SeenItems.empty(), len(users), len(vocab)),
            np.concatenate([self.user_counts, np.zeros(n_new, np.int64)]),
        )

    # -- matrices -------------------------------------------------------------------------------------------------

    def _objective(self) -> ItemObjective:
        raise NotImplementedError

    def _matrix_specs(self, n_keys: int) -> tuple[MatrixSpec, ...]:
        return self._objective().shapes(n_keys, len(self._users))

    def _scoring(self) -> tuple[FloatRows, FloatRows]:
        return self._user_vectors, self._vectors

    @property
    def _user_vectors(self) -> FloatRows:
        """The rows of users without padding, (users, vector_size): a view of the matrix."""
        return self._matrices["user_vectors"][:, : self.vector_size]

    def _set_matrices(self, vocab: Vocab, rows: dict[str, FloatRows]) -> None:
        super()._set_matrices(vocab, rows)
        self.uv = KeyedVectors.from_arrays(self._users, self._user_vectors)
        factors = vars(self).pop("_factors_of_file", None)
        self.uv.vectors_lockf = np.ones(1, np.float32) if factors is None else factors.astype(np.float32)
        row_factors(self.uv, "uv")

    def _take_over_vectors(self) -> None:
        super()._take_over_vectors()
        given, rows = self.uv.vectors, self._user_vectors
        if self.uv.index_to_key != self._users or given.shape != rows.shape:
            raise ValueError(
                f"uv has {len(self.uv)} users × {given.shape[1]}, which are not the {len(self._users)} users × "
                f"{self.vector_size} of the model; save such vectors alone (uv.save)"
            )
        if len(rows) and not np.shares_memory(given, rows):
            rows[...] = given
            self.uv.vectors = rows

    def _rates_by_matrix(self) -> dict[str, FloatRows]:
        rates = super()._rates_by_matrix()
        if (factors := row_factors(self.uv, "uv")) is not None:
            rates["user_vectors"] = factors
        return rates

    # -- files ----------------------------------------------------------------------------------------------------

    def _more_tensors(self) -> dict[str, NDArray[Any]]:
        tensors = {USERS + name: array for name, array in packed.pack(self._users).items()}
        tensors[COUNTS] = self.user_counts
        if (factors := row_factors(self.uv, "uv")) is not None:
            tensors[FACTORS] = factors
        return {**super()._more_tensors(), **tensors, **(self._seen.to_tensors() if self.keep_seen else {})}

    def _set_more_tensors(self, tensors: Mapping[str, NDArray[Any]], n_keys: int) -> None:
        super()._set_more_tensors(tensors, n_keys)
        parts = {name.removeprefix(USERS): array for name, array in tensors.items() if name.startswith(USERS)}
        self._users = packed.unpack(parts)
        counts = tensors.get(COUNTS)
        if counts is None or counts.shape != (len(self._users),) or counts.dtype != np.int64:
            raise ValueError(f"{COUNTS} must be int64 ({len(self._users)},), one for each user")
        self._set_seen(SeenItems.from_tensors(tensors, len(self._users), n_keys), counts)
        self._factors_of_file = tensors.get(FACTORS)

    def __getstate__(self) -> dict[str, Any]:
        state = super().__getstate__()
        del state["uv"]
        return state | {"_user_factors": self.uv.vectors_lockf}

    def __setstate__(self, state: dict[str, Any]) -> None:
        self._factors_of_file = state.pop("_user_factors")
        super().__setstate__(state)

    def __repr__(self) -> str:
        size = f"{len(self._users):,} users and {len(self.vocab):,} items × {self.vector_size}"
        return f"{type(self).__name__}({size}, {self._kind()}{self._epochs_text()})"

    def _why_no_examples(self) -> str:
        return "no interaction gave an example; give more data"
