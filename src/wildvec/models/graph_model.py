"""The base class of models of graphs: the nodes of a graph, `train`, `resume`, and vectors of nodes.

In: a Graph, or what it is made of. Out: rows of nodes (`wv`).
"""

from __future__ import annotations

import math
import os
from abc import abstractmethod
from collections.abc import Iterable
from contextlib import nullcontext
from typing import Any, ClassVar, Self

import numpy as np
from numpy.typing import NDArray

from wildvec.base.keys import Key
from wildvec.graph.graph import Graph, as_graph
from wildvec.models.base import Model
from wildvec.models.callbacks import Callback, Callbacks
from wildvec.models.gensim_names import refuse_settings
from wildvec.models.resuming import claim_model_folder, load_checkpoint
from wildvec.text.vocab import Vocab
from wildvec.training.checkpoint import Training
from wildvec.training.feed import Feed
from wildvec.vectors.keyedvectors import KeyedVectors

LEAST_COUNT = 100  # of a node with edges, if degrees are not whole
MAX_TOTAL = 2**53  # of all counts


class GraphModel(Model):
    """A model of the nodes of a graph.

    A subclass names all settings in its constructor, which ends as follows:

        self._set_up(locals())
        self._start(graph, callbacks)

    It implements `_objective`, `_matrix_specs` and `_feed`.

    Attributes:
        wv: The rows of nodes by name (KeyedVectors), in the order of `Graph.nodes`. The count of a node is its
            degree: the weights of its edges, in a directed graph those to it and from it, rounded, at least 1.
            Degrees that are not whole are first multiplied by a power of ten, so that the smallest is 100 or more.
        Other attributes: see `Model`.
    """

    SAME_DATA: ClassVar[str] = "give the same graph"
    TAKES_TEXTS: ClassVar[bool] = False

    vector_size = Model.vector_size.with_default(128)

    def _start(self, graph: Any, callbacks: Iterable[Callback[Self]]) -> None:
        """Take the nodes of a graph and train; nothing if there is none. Used by constructors."""
        notifier = Callbacks(self, callbacks)
        if graph is None:
            return
        data = as_graph(graph)
        with claim_model_folder(self) as folder:
            self.build(data)
            with self._attached_to_errors():
                self._train(self._feed(data), Training(self._schedule(), own_vocab=True), notifier, folder)

    @abstractmethod
    def _feed(self, graph: Graph) -> Feed:
        """Return what is trained on. The graph has the nodes of the model."""

    def build(self, graph: Any) -> None:
        """Take the nodes of a graph. The model then has new random rows.

        Args:
            graph: As in the constructor.

        Raises:
            ValueError: The graph has no node.
        """
        data = as_graph(graph)
        if not data.n_nodes:
            raise ValueError("the graph has no node, so there is nothing to train on; give at least one edge")
        self._set_vocab(Vocab(data.nodes, node_counts(data)))

    def train(
        self,
        graph: Any,
        epochs: int | None = None,
        start_alpha: float | None = None,
        end_alpha: float | None = None,
        callbacks: Iterable[Callback[Self]] = (),
        *,
        max_seconds: float | None = None,
    ) -> tuple[int, int]:
        """Train on a graph that has the nodes of the model; its edges may differ from those of earlier trainings.

        Args:
            graph: As in the constructor.
            epochs: Passes over the data; default: `self.epochs`.
            start_alpha: Learning rate at the start; default: `self.alpha`.
            end_alpha: Learning rate at the end; default: `self.min_alpha`.
            callbacks: Objects with methods that are called during training, as in the constructor.
            max_seconds: Seconds after which training ends, if the epochs take longer; default: `self.max_seconds`.

        Returns:
            Number of trained items (of walks: nodes) and of items that the data has, of all epochs.

        Raises:
            RuntimeError: The model has no nodes yet.
            ValueError: The graph has other nodes than the model.
            FloatingPointError: The rows are no longer finite.
            KeyboardInterrupt: Ctrl-C was pressed. Training stops within 0.1 s and the model keeps what it learned.
        """
        if not len(self.vocab):
            raise RuntimeError("the model has no nodes yet; call build first")
        feed = self._feed(self._checked(graph))
        training = Training(self._schedule(epochs, start_alpha, end_alpha, max_seconds), own_vocab=False)
        notifier = Callbacks(self, callbacks)
        with claim_model_folder(self) as folder:
            return self._train(feed, training, notifier, folder)

    def _checked(self, graph: Any) -> Graph:
        data = as_graph(graph)
        if data.nodes != self.vocab.keys:
            raise ValueError(
                f"the graph has {data.n_nodes:,} nodes, which are not the {len(self.vocab):,} nodes of the model in "
                "their order; build a new model for it"
            )
        return data

    @classmethod
    def resume(
        cls,
        path: str | os.PathLike[str],
        graph: Any = None,
        callbacks: Iterable[Callback[Self]] = (),
        **settings: Any,
    ) -> Self:
        """Continue a training from its checkpoints; see `Word2Vec.resume`.

        Args:
            path: The folder of the checkpoints, or one of them.
            graph: The same as before. A finished training needs none.
            callbacks: As in the constructor.
            settings: Settings that must be those of the checkpoint, or that may change (`workers`, …).
        """
        with load_checkpoint(cls, path) as (model, training, folder):
            model._check_same_settings(settings, fixed=("workers",) if model.deterministic else ())
            if graph is None and not training.state.finished:
                raise TypeError("the training is not finished; give its graph")
            opened = (
                None if graph is None else (lambda vocab: nullcontext(model._feed(model._checked(graph))))
            )
            model._resume(training, opened, callbacks, folder)
            return model

    def fit(self, X: Any, y: Any = None, **others: Any) -> Self:
        """Take the nodes of a graph X and train new rows, as scikit-learn's estimators do."""
        refuse_settings(self, others)
        if X is None:
            raise TypeError("X is None; give a graph")
        self._start(X, ())
        return self

    def transform(self, X: Iterable[Key]) -> Any:
        """Return the rows of nodes, float32 (nodes, vector_size). X: names of nodes. KeyError: one is unknown."""
        self._check_is_fitted()
        return self._wrap_output(rows_of_nodes(self.wv, X), X)

    def _why_no_examples(self) -> str:
        return "the graph has no edge between two nodes; give at least one"


def rows_of_nodes(wv: KeyedVectors, nodes: Iterable[Key]) -> NDArray[np.float32]:
    """Return the rows of nodes, float32 (nodes, dim). KeyError: one is unknown. TypeError: it is a single name."""
    if isinstance(nodes, (str, bytes)) or not isinstance(nodes, Iterable):
        raise TypeError(f"{nodes!r:.60}: give a list of nodes")
    keys = list(nodes)
    return np.asarray(wv[keys]) if keys else np.empty((0, wv.vector_size), np.float32)


def node_counts(graph: Graph) -> NDArray[np.int64]:
    """Return the degree of each node, int64 (nodes,): the weights of its edges, rounded, at least 1.

    Degrees that are not whole, or that add up to more than MAX_TOTAL, are first multiplied by a power of ten.
    """
    degrees = graph.degrees
    if graph.directed:
        degrees = degrees + np.bincount(graph.neighbours, graph.weights, graph.n_nodes)
    return np.maximum(np.rint(degrees * _factor_of_counts(degrees)), 1).astype(np.int64)


def _factor_of_counts(degrees: NDArray[np.float64]) -> float:
    """Return the power of ten that makes the smallest degree LEAST_COUNT, or the sum MAX_TOTAL if that is less.

    >>> [_factor_of_counts(np.array(degrees)) for degrees in ([0.0, 3.0], [0.4, 0.004], [1e20, 1.0])]
    [1.0, 100000.0, 1e-05]
    """
    positive, total = degrees[degrees > 0], float(degrees.sum())
    is_whole = bool((positive == np.rint(positive)).all())
    if not total or (is_whole and total <= MAX_TOTAL):
        return 1.0
    wanted = 0 if is_whole else max(0, math.ceil(math.log10(LEAST_COUNT / float(positive.min()))))
    return 10.0 ** min(wanted, math.floor(math.log10(MAX_TOTAL / total)))
