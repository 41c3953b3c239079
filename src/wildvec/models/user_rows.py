"""Rows of users and items: what models of them hold, how it grows, files.

In: users, items and which users have which items. Out: rows of items (`wv`) and of users (`uv`).
"""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Mapping
from typing import Any, ClassVar, Protocol

import numpy as np
from numpy.typing import NDArray

from wildvec.base.keys import Key
from wildvec.graph.numbering import number_keys
from wildvec.interactions.interactions import Interactions, as_interactions
from wildvec.io import keys as packed
from wildvec.models.base import Model
from wildvec.models.recommending import Recommender
from wildvec.models.row_factors import grow_factors, row_factors
from wildvec.models.seen_items import SeenItems
from wildvec.models.settings import switch
from wildvec.text.vocab import Vocab
from wildvec.training.matrices import FloatRows
from wildvec.training.objective import MatrixSpec, Objective
from wildvec.vectors.keyedvectors import KeyedVectors

USERS, COUNTS, FACTORS = "users.", "users.counts", "users.lockf"  # beginning and names of tensors in files


class ItemObjective(Objective, Protocol):
    """The objective of a model of users and items."""

    def shapes(self, n_items: int, n_users: int) -> tuple[MatrixSpec, ...]:
        """Return the matrices for numbers of items and users: "vectors" of items first, and "user_vectors"."""


class UserRows(Recommender, Model):
    """A model with rows of users beside those of its keys, the items; it may keep the items of each user.

    Attributes: see `ItemModel`.
    """

    MATRICES: ClassVar[tuple[str, ...]] = ("vectors", "user_vectors")

    vector_size = Model.vector_size.with_default(64)
    keep_seen = switch(
        True, "the model keeps the items of each user, which it does not recommend again", fixed=True
    )

    def _set_up(self, given: Mapping[str, Any]) -> None:
        self._users: list[Key] = []
        self._set_seen(SeenItems.empty(), np.empty(0, np.int64))
        super()._set_up(given)

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
        self._check_own_vectors()
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

    @abstractmethod
    def _objective(self) -> ItemObjective:
        """Return what the model trains; see `Model`."""

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
