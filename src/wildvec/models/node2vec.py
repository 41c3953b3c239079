"""Vectors of nodes from random walks: Node2Vec, and DeepWalk, which is Node2Vec with p = q = 1."""

from __future__ import annotations

import os
from collections.abc import Iterable
from dataclasses import fields
from typing import Any, ClassVar, Self

from wildvec.graph.graph import Graph
from wildvec.graph.walks import BIAS, NUM_WALKS, WALK_LENGTH, WalkSettings
from wildvec.models.callbacks import Callback
from wildvec.models.graph_model import GraphModel
from wildvec.models.settings import Setting
from wildvec.models.walk_objective import WalkFeed, WalkObjective
from wildvec.models.word2vec import Word2Vec
from wildvec.text.vocab import Vocab
from wildvec.training.objective import MatrixSpec


class Node2Vec(GraphModel):
    """Vectors of the nodes of a graph, learned from random walks as if they were sentences.

    Grover, Leskovec (2016), "node2vec: Scalable Feature Learning for Networks". A step of a walk goes from node v,
    where it came from node t, to a neighbour x with a probability proportional to the weight of the edge (v, x),
    times 1/p if x is t, times 1 if there is an edge from t to x, else times 1/q. A walk ends early at a node without
    out-edges; an isolated node trains nothing and keeps its random vector.

    Walks are drawn during training and not stored. They depend on the seed, the epoch and their number only;
    `Graph.walks` returns those of the first epoch.

    Args:
        graph: A Graph, or anything that `Graph` takes. Without it, call `build` and `train`.
        vector_size: Values in a vector.
        window: Steps before and after a node that count as its context.
        walk_length: Nodes of a walk, at most.
        num_walks: Walks from each node in an epoch.
        p: A large p makes walks return seldom to the node before.
        q: A large q keeps walks near, as breadth-first search does; a small one lets them go far.
        negative: Noise nodes per example; 0: no negative sampling.
        hs: 1: hierarchical softmax.
        ns_exponent: Noise nodes are drawn by degree to this power.
        sample: Nodes above this fraction of the degrees are trained less often; 0: no subsampling.
        sg: 1: skip-gram; 0: CBOW.
        cbow_mean: CBOW predicts from the mean (1) or the sum (0) of the context.
        shrink_windows: Draw the width of each window from 1 to window.
        update: "pair": the classic update of word2vec.c, slower.
        epochs: Each epoch draws num_walks new walks from each node.
        alpha: Learning rate at the start.
        min_alpha: Learning rate at the end.
        seed: The same seed gives the same walks, with any number of workers. With one worker, or `deterministic`, it
            gives the same vectors.
        workers: Threads; default: the CPUs that this process may use.
        deterministic: The same seed and number of workers give the same vectors; slower.
        held_out: Fraction of the walks that only measure the loss; other walks still train their edges.
        patience: Training stops after this many epochs without a new minimum of the held-out loss. The vectors are
            then those of the best epoch. None: all epochs.
        max_seconds: Training ends after this time, if the epochs take longer.
        callbacks: Objects with at least one of the methods on_train_begin, on_epoch_begin, on_epoch_end and
            on_train_end, which get the model. No worker runs meanwhile.
        checkpoint: Folder for checkpoints, which `resume` continues from and `load` opens.
        checkpoint_minutes: Minutes between two checkpoints; None: none by time.
        checkpoint_epochs: Epochs between two checkpoints; None: none by epochs.
        keep_checkpoints: Number of newest checkpoints that are kept.
        others: Arguments that only gensim has: ignored if they change no result, else refused.

    Attributes:
        wv: The vectors by node (KeyedVectors).
        Other attributes: see `GraphModel` and `Model`.

    Raises:
        ValueError: A setting is out of range, or the graph has no node.
        TypeError: A setting has the wrong type, or there is no such setting.
        Other errors: as `Graph` and `Word2Vec`.

    >>> from wildvec import Graph
    >>> graph = Graph.from_edges(["ann", "bob", "eve"], ["bob", "cyd", "ann"])
    >>> model = Node2Vec(graph, p=0.5, q=2, vector_size=16, epochs=1, workers=1)
    >>> model
    Node2Vec(4 keys × 16, skip-gram, p=0.5, q=2, 1 epoch trained)
    >>> model.wv["ann"].shape
    (16,)
    """

    NAME: ClassVar[str] = "Node2Vec"
    MATRICES: ClassVar[tuple[str, ...]] = ("vectors", "output_rows", "node_rows")

    epochs = Setting(8, GraphModel.epochs.check, "times that num_walks new walks from each node are trained")
    window = Word2Vec.window.with_default(10)
    walk_length = Setting(80, WALK_LENGTH, "nodes of a walk")
    num_walks = Setting(10, NUM_WALKS, "walks from each node in an epoch")
    p = Setting(1.0, BIAS, "a large X makes walks return seldom to the node before", metavar="X")
    q = Setting(
        1.0, BIAS, "a large X keeps walks near their start, a small one lets them go far", metavar="X"
    )
    sample = Word2Vec.sample.with_default(0.0)
    sg = Word2Vec.sg.with_default(1)
    hs = Word2Vec.hs
    negative = Word2Vec.negative
    ns_exponent = Word2Vec.ns_exponent
    cbow_mean = Word2Vec.cbow_mean
    shrink_windows = Word2Vec.shrink_windows
    update = Word2Vec.update

    def __init__(
        self,
        graph: Any = None,
        *,
        vector_size: int = 128,
        window: int = 10,
        walk_length: int = 80,
        num_walks: int = 10,
        p: float = 1.0,
        q: float = 1.0,
        negative: int = 5,
        hs: int = 0,
        ns_exponent: float = 0.75,
        sample: float = 0.0,
        sg: int = 1,
        cbow_mean: int = 1,
        shrink_windows: bool = True,
        update: str = "block",
        epochs: int = 8,
        alpha: float = 0.025,
        min_alpha: float = 1e-4,
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
        if not self.hs and not self.negative:
            raise ValueError("hs=0 and negative=0 leave nothing to train on; set negative=5 or hs=1")

    def _check_vocab(self, vocab: Vocab) -> None:
        if self.hs and len(vocab) < 2:
            raise ValueError(
                f"hierarchical softmax needs at least two nodes, but the graph has only {vocab.keys}; "
                "use negative sampling (hs=0, negative=5)"
            )

    def _walk_settings(self) -> WalkSettings:
        return WalkSettings(self.num_walks, self.walk_length, self.p, self.q)

    def _feed(self, graph: Graph) -> WalkFeed:
        return WalkFeed(graph, self._walk_settings(), self.workers)

    def _matrix_specs(self, n_keys: int) -> tuple[MatrixSpec, ...]:
        return self._objective().shapes(n_keys)

    def _objective(self) -> WalkObjective:
        return WalkObjective(**{field.name: getattr(self, field.name) for field in fields(WalkObjective)})

    def _kind(self) -> str:
        return f"{'skip-gram' if self.sg else 'CBOW'}, p={self.p:g}, q={self.q:g}, "


def _one(name: str) -> Any:
    """Return a property that is 1 and cannot be set."""

    def refuse(model: DeepWalk, value: Any) -> None:
        raise AttributeError(f"{name}={value!r}: DeepWalk has p = q = 1; use Node2Vec({name}={value!r})")

    return property(lambda model: 1.0, refuse)


class DeepWalk(Node2Vec):
    """Vectors of the nodes of a graph, learned from random walks of first order: `Node2Vec` with p = q = 1.

    Perozzi, Al-Rfou, Skiena (2014), "DeepWalk: Online Learning of Social Representations". Each step goes to a
    neighbour with a probability proportional to the weight of the edge. The paper uses hierarchical softmax (hs=1,
    negative=0).

    Arguments, attributes and errors are those of `Node2Vec`, without p and q.

    >>> from wildvec import Graph
    >>> graph = Graph.from_edges(["ann", "bob", "eve"], ["bob", "cyd", "ann"])
    >>> DeepWalk(graph, vector_size=16, epochs=1, workers=1)
    DeepWalk(4 keys × 16, skip-gram, 1 epoch trained)
    """

    NAME: ClassVar[str] = "DeepWalk"

    p = _one("p")
    q = _one("q")

    def __init__(
        self,
        graph: Any = None,
        *,
        vector_size: int = 128,
        window: int = 10,
        walk_length: int = 80,
        num_walks: int = 10,
        negative: int = 5,
        hs: int = 0,
        ns_exponent: float = 0.75,
        sample: float = 0.0,
        sg: int = 1,
        cbow_mean: int = 1,
        shrink_windows: bool = True,
        update: str = "block",
        epochs: int = 8,
        alpha: float = 0.025,
        min_alpha: float = 1e-4,
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

    def _kind(self) -> str:
        return "skip-gram, " if self.sg else "CBOW, "
