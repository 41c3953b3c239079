"""An objective reads one kind of input; a task refuses others, which would crash the worker."""

from __future__ import annotations

import numpy as np
import pytest

from wildvec._train import Task, alias_table
from wildvec.training import matrices

N = 4
IDS = np.arange(N, dtype=np.int32)
OFFSETS = np.arange(N + 1, dtype=np.int64)
NEIGHBOURS = IDS[::-1].copy()
WALKS = {"n_walks": N, "per_unit": 1, "length": 5, "p": 1, "q": 1, "symmetric": False}
OBJECTIVES = {
    "items": ("skipgram", "cbow", "cells", "glove", "fm", "supervised", "dbow"),
    "walks": ("walks", "walks_cbow"),
    "edges": ("line",),
    "interactions": ("bpr", "warp", "ccl", "bsl", "bpr_shared"),
}


def new_task(objective):
    task = Task(objective, max_chunk=100, seed=1)
    for role in ("input", "output"):
        task.matrix(role, matrices.allocate(N, 8, None), 8)
    return task


def give(task, kind, **changes):
    sources = np.empty((N, 2), np.uint32)
    alias_table(np.ones(N), sources)
    if kind == "items":
        task.items(IDS, OFFSETS)
    elif kind == "walks":
        task.walks(OFFSETS, NEIGHBOURS, **WALKS | changes)
    elif kind == "edges":
        task.edges(OFFSETS, NEIGHBOURS, sources, **{"n_edges": N, "per_unit": 1} | changes)
    else:
        task.interactions(IDS, IDS, N, IDS, OFFSETS)


@pytest.mark.parametrize("kind", OBJECTIVES)
def test_only_the_input_of_an_objective_is_taken(kind):
    for own, objectives in OBJECTIVES.items():
        for objective in objectives:
            if own == kind:
                give(new_task(objective), kind)
            else:
                with pytest.raises(ValueError, match=f"this objective reads no {kind}"):
                    give(new_task(objective), kind)


@pytest.mark.parametrize(
    ("kind", "change"),
    [
        ("walks", {"n_walks": 2**62}),
        ("walks", {"per_unit": 2**60}),
        ("edges", {"n_edges": 2**62 + 1}),
        ("edges", {"per_unit": 2**63 - 1}),
    ],
)
def test_numbers_of_items_fit_into_int64(kind, change):
    task = new_task("walks" if kind == "walks" else "line")
    with pytest.raises(ValueError, match=r"n_walks=.*give 1 to"):
        give(task, kind, **change)
