"""Training on random walks: the same bits as training on the walks as sentences, on every ISA."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pytest

from wildvec._train import PATH_PADDING, Task, Worker, alias_table, isa_in_use, isas
from wildvec.graph.walks import WalkSettings, draw_walks, make_walks
from wildvec.training import matrices

N, SIZE, EPOCH, SEED = 13, 20, 2, 5
N_WALKS, PER_UNIT = 37, 2
CHUNKS = np.array([[0, 3], [3, 4], [4, 19]])
RATES = np.full(len(CHUNKS), 0.05, np.float32)


@pytest.fixture(params=isas())
def isa(request, monkeypatch):
    monkeypatch.setenv("WILDVEC_ISA", request.param)
    assert isa_in_use() == request.param


def make_graph(has_dead_ends, weighted):
    random = np.random.default_rng(1)
    edges = random.random((N, N)) < 0.25
    edges[np.arange(N), (np.arange(N) + 1) % N] = True
    edges[::4] &= not has_dead_ends
    offsets = np.concatenate([[0], np.cumsum(edges.sum(1))]).astype(np.int64)
    neighbours = np.nonzero(edges)[1].astype(np.int32)
    weights = random.uniform(0.5, 2, len(neighbours)).astype(np.float32) if weighted else None
    return SimpleNamespace(offsets=offsets, neighbours=neighbours, weights=weights, directed=True, n_nodes=N)


def new_task(kernel, settings, max_chunk):
    """A task with all that it needs but its items, and its matrices."""
    random = np.random.default_rng(2)
    task, found = Task(kernel, max_chunk=max_chunk, seed=SEED), []
    for role in ("input", "output", "nodes"):
        rows = matrices.allocate(N, SIZE, None)
        rows[:, :SIZE] = random.normal(0, 0.4, (N, SIZE))
        task.matrix(role, rows, SIZE)
        found.append(rows)
    task.windows(3, shrink=True, one_pair_at_a_time=settings.get("pair", False))
    if settings.get("cbow"):
        task.compose(average_hidden=True, average_grad=False)
    if settings.get("hs"):
        offsets = np.arange(N + 1, dtype=np.int64) * 3
        nodes = random.integers(0, N, offsets[-1] + PATH_PADDING).astype(np.int32)
        task.hierarchical_softmax(offsets, nodes, (nodes % 2).astype(np.uint8), 3)
    else:
        noise = np.empty((N, 2), np.uint32)
        alias_table(random.uniform(1, 3, N), noise)
        task.negative_sampling(noise, 4)
    if settings.get("sample"):
        task.subsample(random.integers(2**30, 2**32, N).astype(np.uint32))
    return task, found


def train(task, chunks):
    losses = np.zeros(len(chunks))
    worker = Worker(task)
    worker.merge()
    examples = worker.train(EPOCH, 4, chunks, RATES, losses)
    worker.merge()
    return losses.tolist(), examples


def give_walks(task, graph, walk_settings, **changes):
    alias = make_walks(graph, walk_settings, 1).alias
    arguments = {"n_walks": N_WALKS, "per_unit": PER_UNIT, "length": 9, "p": 0.5, "q": 2, "symmetric": False}
    task.walks(graph.offsets, graph.neighbours, graph.weights, alias, **arguments | changes)


@pytest.mark.usefixtures("isa")
@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize(
    "settings",
    [{}, {"pair": True}, {"hs": True}, {"cbow": True}, {"sample": True}],
    ids=lambda settings: "".join(settings) or "plain",
)
def test_walks_train_the_same_bits_as_sentences(settings, weighted):
    graph = make_graph(has_dead_ends="sample" not in settings, weighted=weighted)
    walk_settings = WalkSettings(3, 9, 0.5, 2)
    kernel = "cbow" if settings.get("cbow") else "skipgram"
    task, expected = new_task(kernel, settings, 30 * 9)
    walks = draw_walks(graph, walk_settings, SEED, EPOCH, 1)[:N_WALKS]
    offsets = np.concatenate([[0], np.cumsum((walks >= 0).sum(1))]).astype(np.int64)
    task.items(walks[walks >= 0], offsets)
    result = train(task, np.minimum(CHUNKS * PER_UNIT, N_WALKS))
    walking, found = new_task("walks_cbow" if settings.get("cbow") else "walks", settings, 30 * 9)
    give_walks(walking, graph, walk_settings)
    assert train(walking, CHUNKS) == result
    assert all((a == b).all() for a, b in zip(expected, found, strict=True))
    assert result[1] > 100


def test_a_task_checks_its_walks():
    graph, settings = make_graph(False, True), WalkSettings(3, 9, 0.5, 2)
    alias = make_walks(graph, settings, 1).alias
    for change in ({"length": 1}, {"p": 0}, {"n_walks": 0}, {"per_unit": 0}):
        with pytest.raises(ValueError, match=next(iter(change))):
            give_walks(new_task("walks", {}, 30)[0], graph, settings, **change)
    numbers = {"n_walks": 3, "per_unit": 1, "length": 5, "p": 1, "q": 1, "symmetric": True}
    for name, array in (
        ("offsets", graph.offsets[:-1]),
        ("offsets", graph.offsets[::-1].copy()),
        ("neighbours", graph.neighbours + 1),
        ("weights", None),
        ("weights", graph.weights[:-1]),
        ("alias", alias + 1),
        ("alias", None),
    ):
        arrays = {**vars(graph), "alias": alias, name: array}
        with pytest.raises(ValueError, match=r"nodes|offsets|neighbour|weight"):
            new_task("walks", {}, 30)[0].walks(
                *(arrays[key] for key in ("offsets", "neighbours", "weights", "alias")), **numbers
            )
    with pytest.raises(ValueError, match="lacks walks"):
        Worker(new_task("walks", {}, 30)[0])


def test_a_chunk_of_walks_must_fit():
    task, _ = new_task("walks", {}, 30)
    give_walks(task, make_graph(True, False), WalkSettings(3, 9, 0.5, 2))
    for chunks in ([[0, 4]], [[0, 20]], [[-1, 1]]):
        with pytest.raises(ValueError, match="chunk 0"):
            Worker(task).train(0, 0, np.array(chunks), RATES[:1], np.zeros(1))
