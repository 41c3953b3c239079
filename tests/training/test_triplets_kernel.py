"""Triplets of BPR and WARP: the C core against numpy, on every ISA."""

from __future__ import annotations

import math
import threading
import time

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from reference import MASK, alias_draw, below, draw, mix, subkey

from wildvec._train import Task, Worker, alias_table, isa_in_use, isas, merge_round
from wildvec.models.triplet_objective import Triplets
from wildvec.training import matrices

USERS, ITEMS, SEED, EPOCH, CHUNK = 7, 23, 5, 2, 3
RATE = np.float32(0.2)


@pytest.fixture(params=isas())
def isa(request, monkeypatch):
    monkeypatch.setenv("WILDVEC_ISA", request.param)
    assert isa_in_use() == request.param
    return request.param


def permute(key, n, i):
    """Return the pair of unit i: csrc/permutation.h."""
    bits = (n - 1).bit_length()
    while True:
        for k in range(3):
            i = (i * (draw(key, 2 * k) | 1) + draw(key, 2 * k + 1)) & ((1 << bits) - 1)
            i ^= i >> (bits + 2) // 2
        if i < n:
            return i


class Problem:
    """Users with items, and the same values for numpy."""

    def __init__(
        self,
        kernel="bpr",
        size=20,
        *,
        candidates=1,
        l2=0.05,
        bias=True,
        popular=False,
        rates=None,
        seed=1,
        lengths=None,
    ):
        random = np.random.default_rng(seed)
        self.kernel, self.size, self.candidates, self.l2, self.bias = (
            kernel,
            size,
            candidates,
            float(np.float32(l2)),
            bias,
        )
        lengths = random.integers(0, 9, USERS) if lengths is None else lengths
        self.offsets = np.concatenate([[0], np.cumsum(lengths)]).astype(np.int64)
        self.items = np.concatenate([np.sort(random.permutation(ITEMS)[:n]) for n in lengths]).astype(
            np.int32
        )
        self.users = np.repeat(np.arange(USERS, dtype=np.int32), lengths)
        self.sampling = None
        if popular:
            self.sampling = np.empty((ITEMS, 2), np.uint32)
            alias_table(1 / np.arange(1.0, ITEMS + 1), self.sampling)
        self.rates = None if rates is None else np.asarray(rates, np.float32)
        objective = Triplets(kernel, USERS, size, np.ones(ITEMS, np.int64), candidates, 0.5, l2, bias)
        self.rows, self.task = {}, Task(kernel, max_chunk=len(self.items), seed=SEED)
        for spec in objective.shapes(ITEMS, USERS):
            rows = self.rows[spec.role] = matrices.create(spec, 1)
            rows[:, :size] = random.normal(0, 0.5, (len(rows), size))
            rows[:, size] = random.uniform(0.1, 2, len(rows))
            if bias and spec.role == "input":
                rows[:, size + 1] = random.normal(0, 0.5, len(rows))
            row_rate = None if self.rates is None else self.rates[: len(rows)].copy()
            self.task.matrix(spec.role, rows, size, row_rate=row_rate, l2=spec.l2)
        self.task.interactions(self.users, self.items, len(self.items), self.items, self.offsets)
        self.task.triplets(candidates, sampling=self.sampling, margin=0.5, item_bias=bias)
        self.expected = {role: rows.astype(np.float64) for role, rows in self.rows.items()}

    def train(self, rate=RATE):
        losses = np.zeros(1)
        chunk = np.array([[0, len(self.items)]])
        return Worker(self.task).train(EPOCH, CHUNK, chunk, np.array([rate]), losses), losses[0]

    # -- the same in numpy ----------------------------------------------------------------------------------------

    def negatives(self, user, key):
        own, counter = set(self.items[self.offsets[user] : self.offsets[user + 1]].tolist()), 0
        for _ in range(self.candidates):
            for _ in range(100):
                bits, counter = draw(key, counter), counter + 1
                item = below(bits, ITEMS) if self.sampling is None else alias_draw(self.sampling, bits)
                if item not in own:
                    break
            else:
                return
            yield item

    def score(self, user, item):
        size, row = self.size, self.expected["input"][item]
        return float(self.expected["output"][user, :size] @ row[:size]) + (row[size + 1] if self.bias else 0)

    def choose(self, user, item, key):
        """Return the negative, the gradient and the loss; None: there is no negative, or none has a loss."""
        drawn = list(self.negatives(user, key))
        if not drawn:
            return None
        score = self.score(user, item)
        if self.kernel == "bpr":
            negative = max(drawn, key=lambda n: self.score(user, n)) if self.candidates > 1 else drawn[0]
            z = score - self.score(user, negative)
            return negative, 1 / (1 + math.exp(z)), math.log1p(math.exp(-z))
        for n, negative in enumerate(drawn, start=1):
            if (violation := 0.5 - score + self.score(user, negative)) > 0:
                weight = math.log(1 + (ITEMS - 1) // n) / math.log(ITEMS)
                return negative, weight, weight * violation
        return negative, 0, 0

    def reference(self, rate=RATE):
        examples, loss, n = 0, 0.0, len(self.items)
        epoch_key = subkey(mix(SEED), EPOCH)
        for unit in range(n):
            pair = permute(subkey(epoch_key, MASK - 1), n, unit)
            user, item = int(self.users[pair]), int(self.items[pair])
            chosen = self.choose(user, item, subkey(subkey(epoch_key, CHUNK), unit))
            if chosen is None:
                continue
            examples += 1
            loss += chosen[2]
            if chosen[2]:
                self.step(user, item, *chosen[:2], float(rate))
        return examples, loss

    def step(self, user, positive, negative, g, rate):
        items, size = self.expected["input"], self.size
        u = self.expected["output"][user]
        p, n = items[positive], items[negative]
        steps = [
            (u, g * (p - n)[:size], user, None),
            (p, g * u[:size], positive, g),
            (n, -g * u[:size], negative, -g),
        ]
        changes = []
        for row, gradient, i, of_bias in steps:
            gradient = gradient - self.l2 * row[:size]
            factor = rate * (1 if self.rates is None else float(self.rates[i]))
            if not factor:
                continue
            squares = row[size] + (gradient**2).mean()
            change = np.zeros(len(row))
            change[:size], change[size] = factor / math.sqrt(squares) * gradient, squares - row[size]
            if self.bias and of_bias is not None:
                change[size + 1] = factor / math.sqrt(squares) * (of_bias - self.l2 * row[size + 1])
            changes.append((row, change))
        for row, change in changes:
            row += change

    def check(self):
        examples, loss = self.train()
        expected, expected_loss = self.reference()
        assert examples == expected
        assert loss == pytest.approx(expected_loss, rel=1e-4, abs=1e-4)
        for role, rows in self.rows.items():
            np.testing.assert_allclose(rows, self.expected[role], atol=2e-4, rtol=2e-4)


KINDS = [
    {},
    {"candidates": 5, "bias": False},
    {"candidates": 20, "popular": True},
    {"kernel": "warp", "candidates": 12},
    {"kernel": "warp", "candidates": 3, "popular": True, "rates": np.linspace(0, 1, ITEMS)},
]


@pytest.mark.parametrize("kind", KINDS, ids=str)
@pytest.mark.parametrize("size", [1, 7, 16, 17, 64, 67])
def test_each_size_matches_numpy_on_every_isa(isa, size, kind):
    Problem(size=size, **kind).check()


@given(
    lengths=st.lists(st.integers(0, ITEMS), min_size=USERS, max_size=USERS).filter(any),
    kind=st.sampled_from([{}, {"popular": True, "bias": False}]),  # rounding does not decide what is trained
    seed=st.integers(0, 10**6),
)
def test_any_users_match_numpy(lengths, kind, seed):
    Problem(size=9, lengths=lengths, seed=seed, **kind).check()


def test_users_who_have_all_items_are_left_out(isa):
    problem = Problem(lengths=[ITEMS] * USERS)
    before = problem.rows["input"].tobytes()
    assert problem.train() == (0, 0) and problem.rows["input"].tobytes() == before


@pytest.mark.parametrize("kind", KINDS, ids=str)
def test_at_rate_0_the_loss_is_measured_and_no_bit_changes(isa, kind):
    problem = Problem(**kind)
    before = {role: rows.tobytes() for role, rows in problem.rows.items()}
    _, loss = problem.train(np.float32(0))
    assert {role: rows.tobytes() for role, rows in problem.rows.items()} == before
    problem.step = lambda *_: None
    assert loss == pytest.approx(problem.reference()[1], rel=1e-4)


def test_a_round_of_one_worker_is_plain_training():
    problem, plain = Problem(candidates=9), Problem(candidates=9)
    problem.task.rounds(len(problem.items), {"input": ITEMS, "output": USERS})
    worker, chunk = Worker(problem.task), np.array([[0, len(problem.items)]])
    worker.train(EPOCH, CHUNK, chunk, np.array([RATE]), np.zeros(1))
    merge_round([worker], 0, 1, RATE)
    plain.train()
    for role, rows in problem.rows.items():
        np.testing.assert_allclose(rows, plain.rows[role], atol=1e-6)


def test_a_stop_ends_the_search_for_a_negative(isa):
    problem = Problem(kernel="bpr", candidates=10_000_000)
    worker = Worker(problem.task)
    chunk, rate = np.array([[0, len(problem.items)]]), np.array([RATE])
    thread = threading.Thread(target=worker.train, args=(EPOCH, CHUNK, chunk, rate, np.zeros(1)))
    thread.start()
    time.sleep(0.02)
    problem.task.stop()
    start = time.monotonic()
    thread.join()
    assert time.monotonic() - start < 0.5


def test_scores_far_apart_stay_finite(isa):
    problem = Problem()
    for rows in problem.rows.values():
        rows[:, : problem.size] *= 30
    examples, loss = problem.train()
    assert math.isfinite(loss) and examples and all(np.isfinite(rows).all() for rows in problem.rows.values())


def test_wrong_arguments_raise_and_never_crash():
    def task(size=8):
        made = Task("bpr", max_chunk=4, seed=MASK)
        for role, n in (("input", ITEMS), ("output", 2)):
            made.matrix(role, matrices.allocate(n, size), size)
        ids = np.arange(4, dtype=np.int32)
        made.interactions(ids // 2, ids, 4, ids, np.array([0, 2, 4]))
        return made

    for arguments in (
        (0,),
        (1, np.zeros((ITEMS - 1, 2), np.uint32)),
        (1, np.full((ITEMS, 2), ITEMS, np.uint32)),
    ):
        with pytest.raises(ValueError, match=r"candidates|noise"):
            task().triplets(arguments[0], sampling=arguments[1] if len(arguments) > 1 else None)
    for margin in (-1.0, math.nan):
        with pytest.raises(ValueError, match="margin"):
            task().triplets(1, margin=margin)
    with pytest.raises(ValueError, match="lacks triplets"):
        Worker(task())
    narrow = task(size=16)
    narrow.triplets(1)
    with pytest.raises(ValueError, match="need 2 columns"):
        Worker(narrow)
    small = task()
    small.triplets(5)
    small.rounds(2, {"input": 11, "output": 2})
    with pytest.raises(ValueError, match="round_rows=11 for the input matrix: a worker can touch 12 rows"):
        Worker(small)
