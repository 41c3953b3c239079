"""LINE: vectors of nodes from single edges.

Tang, Qu, Wang, Zhang, Yan, Mei (2015), "LINE: Large-scale Information Network Embedding".
"""

from __future__ import annotations

import os
from collections.abc import Iterable
from typing import Any, ClassVar, Self

import numpy as np

from wildvec.base.checks import number, whole
from wildvec.base.rows import unit_rows
from wildvec.graph.graph import Graph
from wildvec.models.callbacks import Callback, Callbacks
from wildvec.models.graph_model import GraphModel
from wildvec.models.line_objective import EdgeFeed, LineObjective
from wildvec.models.settings import Setting, number_from_text, one_of
from wildvec.training.feed import Feed
from wildvec.training.matrices import FloatRows
from wildvec.training.objective import MatrixSpec
from wildvec.training.schedule import Schedule
from wildvec.training.state import Epoch, Saver, State


class LINE(GraphModel):
    """Vectors of the nodes of a graph, learned from its edges.

    First order: nodes with an edge are near each other. Second order: nodes with edges to the same nodes are near
    each other. Edges are drawn by weight with alias tables; each is a positive pair, and nodes drawn by
    degree ** ns_exponent are negatives. Six edges that are drawn together share their
    negatives. In a directed graph an edge is a pair (source, target), and the first order ignores the direction.

    With `graph` the constructor trains. Without, call `build` and `train`. Settings are attributes.

    Args:
        graph: A Graph, or what it is made of.
        vector_size: Values in a vector.
        order: 1, 2, or "both": half of each vector is of the first order, half of the second, each of length 1, as
            in the paper. Both are trained together, on the same edges.
        negative: Negatives of an edge.
        ns_exponent: Negatives are drawn by degree to this power.
        alpha: Learning rate at the start.
        min_alpha: Learning rate at the end.
        epochs: Passes. A pass draws as many edges as the graph stores neighbours: twice its undirected edges.
        seed: The same seed gives the same bits with one worker, or with `deterministic`.
        workers: Threads; default: the CPUs that this process may use.
        deterministic: The same seed and number of workers give the same bits; slower.
        held_out: Fraction of the draws that only measure the loss.
        patience, max_seconds, callbacks, checkpoint, checkpoint_minutes, checkpoint_epochs, keep_checkpoints: As in
            `Word2Vec`.
        others: Arguments that only gensim has: ignored if they change no result, else refused.

    Attributes: see `GraphModel`. With order="both" `wv` is computed after each epoch, and its vectors cannot be set.

    >>> graph = Graph(np.array([[0, 1], [1, 2], [2, 0], [2, 3], [3, 4]]))
    >>> LINE(graph, vector_size=8, order=1, epochs=2, workers=1)
    LINE(5 keys × 8, order 1, 2 epochs trained)
    """

    NAME: ClassVar[str] = "LINE"
    MATRICES: ClassVar[tuple[str, ...]] = ("vectors", "output_rows", "second_rows", "first_rows")

    _is_training = False  # whether workers train, so that the vectors of `wv` may be old

    epochs = GraphModel.epochs.with_default(100)
    order = Setting[Any](
        "both",
        one_of("both", 1, 2, help="").check,
        "proximity: 1, 2 or both",
        fixed=True,
        from_text=lambda text: text if text == "both" else number_from_text(text),
        metavar="ORDER",
    )
    negative = Setting(5, whole(1, 1_000), "negatives of an edge")
    ns_exponent = Setting(0.75, number(-10, 10), "negatives are drawn by degree to this power", metavar="X")

    def __init__(
        self,
        graph: Any = None,
        *,
        vector_size: int = 128,
        order: int | str = "both",
        negative: int = 5,
        ns_exponent: float = 0.75,
        alpha: float = 0.025,
        min_alpha: float = 1e-4,
        epochs: int = 100,
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
        self._start(graph, callbacks)

    def _check_together(self) -> None:
        super()._check_together()
        if self.order == "both" and self.vector_size % 2:
            raise ValueError(f'vector_size={self.vector_size}: order="both" needs an even number')

    def _feed(self, graph: Graph) -> Feed:
        if not len(graph.neighbours):
            raise ValueError("the graph has no edge, so there is nothing to train on; give at least one edge")
        return EdgeFeed(graph, self.workers)

    def _objective(self) -> LineObjective:
        return LineObjective(self.vocab, self.vector_size, self.order, self.negative, self.ns_exponent)

    def _matrix_specs(self, n_keys: int) -> tuple[MatrixSpec, ...]:
        return self._objective().shapes(n_keys)

    def _kind(self) -> str:
        return f"order {self.order}, " if self.order != "both" else "both orders, "

    # -- both orders: vectors are computed from two matrices ------------------------------------------------------

    @property
    def _vectors(self) -> FloatRows:
        if self.order != "both":
            return super()._vectors
        size = self.vector_size // 2
        names = ("first_rows", "second_rows")
        return np.hstack([unit_rows(self._matrices[name][:, :size]) for name in names])

    def _show(self) -> None:
        """Set the vectors of `wv` to those of the matrices."""
        if self.order == "both" and len(self.wv) == len(self.vocab):
            self.wv.vectors = self._vectors

    def _take_over_vectors(self) -> None:
        if self.order != "both":
            super()._take_over_vectors()
            return
        self._check_own_vectors()
        if not self._is_training and not np.array_equal(self.wv.vectors, self._vectors):
            raise ValueError(
                'vectors of order="both" are computed and cannot be set; use order=1 or 2, or restore them'
            )
        self._show()

    def _rates_by_matrix(self) -> dict[str, FloatRows]:
        rates = super()._rates_by_matrix()
        if self.order != "both" or not rates:
            return rates
        return dict.fromkeys(("first_rows", "second_rows"), rates["vectors"])

    def _run(
        self, feed: Feed, schedule: Schedule, callbacks: Callbacks[Self], state: State, saver: Saver
    ) -> None:
        self._is_training = True
        try:
            super()._run(feed, schedule, callbacks, state, saver)
        finally:
            self._is_training = False
            self._show()

    def _add_epoch(self, epoch: Epoch) -> None:
        super()._add_epoch(epoch)
        self._show()
