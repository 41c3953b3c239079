"""Pairs of users and items that share their negatives: the C core against numpy, on every ISA."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from reference import draw, mix, subkey

from wildvec._train import Task, Worker, alias_table, isa_in_use, isas
from wildvec.training import matrices
from wildvec.training.interaction_feed import InteractionFeed
from wildvec.training.objective import MatrixSpec

USERS, ITEMS, BLOCK, SEED = 9, 23, 16, 5
KERNELS = ("ccl", "bsl", "bpr_shared")
EXTRA = (("squares", 1e-8),)
KEY_OF_CHUNK = 1


@pytest.fixture(params=isas())
def isa(request, monkeypatch):
    monkeypatch.setenv("WILDVEC_ISA", request.param)
    assert isa_in_use() == request.param
    return request.param


def permutation(key, n):
    """Return the numbers 0 … n - 1 in the order of csrc/permutation.h."""
    bits = max(0, (n - 1).bit_length())
    mask, shift = 2**bits - 1, (bits + 2) // 2
    factors = [(draw(key, 2 * k) | 1, draw(key, 2 * k + 1)) for k in range(3)]

    def step(x):
        for factor, term in factors:
            x = (x * factor + term) & mask
            x ^= x >> shift
        return x

    order = []
    for i in range(n):
        x = step(i)
        while x >= n:
            x = step(x)
        order.append(x)
    return order


@given(st.integers(1, 300), st.integers(0, 2**64 - 1))
def test_the_order_is_a_permutation(n, key):
    assert sorted(permutation(key, n)) == list(range(n))


class Problem:
    """A small task, and the same values for numpy."""

    def __init__(self, kernel, size, *, negative=6, seed=3, l2=0.0, row_rate=None, n_trained=None, **loss):
        random = self.random = np.random.default_rng(seed)
        self.kernel, self.size, self.negative, self.l2, self.loss = kernel, size, negative, l2, loss
        lists = [np.sort(random.choice(ITEMS, n, replace=False)) for n in random.integers(0, 8, USERS)]
        self.lists = lists
        offsets = np.concatenate([[0], np.cumsum([len(x) for x in lists])])
        feed = self.feed = InteractionFeed(offsets, np.concatenate(lists), ITEMS)
        self.n = len(feed.item_ids)
        self.n_trained = self.n if n_trained is None else n_trained
        self.items, self.users = self.rows(ITEMS, "vectors"), self.rows(USERS, "user_vectors")
        task = self.task = Task(kernel, max_chunk=self.n, seed=SEED)
        width = matrices.padded_width(size + 1)
        task.matrix("input", self.items, size, width=width, row_rate=row_rate, l2=l2)
        task.matrix("output", self.users, size, width=width, l2=l2)
        task.interactions(feed.users, feed.item_ids, self.n_trained, feed.item_ids, feed.offsets)
        task.shared_negatives(negative, block=BLOCK, **loss)
        self.row_rate = np.ones(ITEMS) if row_rate is None else row_rate
        self.expected = [rows.astype(np.float64) for rows in (self.items, self.users)]

    def rows(self, n, name):
        init = "uniform" if self.kernel == "bpr_shared" else "unit"
        rows = matrices.create(MatrixSpec(name, "input", n, self.size, init, extra=EXTRA), SEED)
        rows[:, self.size] = 0.01
        return rows

    def train(self, epoch, rate):
        """Train all units in one chunk, with both; return the losses."""
        losses = np.zeros(1)
        chunks = np.array([[0, self.n_trained]], np.int64)
        examples = Worker(self.task).train(epoch, KEY_OF_CHUNK, chunks, np.array([rate], np.float32), losses)
        assert examples == self.n_trained
        return losses[0], self.reference(epoch, rate)

    def reference(self, epoch, rate):
        epoch_key = subkey(mix(SEED), epoch % 2**64)
        order = permutation(subkey(epoch_key, 2**64 - 2), self.n_trained)
        if self.n_trained < self.n:
            held_out = permutation(subkey(SEED, 2), self.n)
            order = [held_out[k] for k in order]
        key = subkey(epoch_key, KEY_OF_CHUNK)
        items_in_order = permutation(key, ITEMS)
        total = 0.0
        for block, first in enumerate(range(0, self.n_trained, BLOCK)):
            pairs = order[first : first + BLOCK]
            negatives = [items_in_order[(block * self.negative + j) % ITEMS] for j in range(self.negative)]
            total += self.train_block(pairs, np.array(negatives), rate)
        return total

    def train_block(self, pairs, negatives, rate):
        items, users = self.expected
        size, sphere = self.size, self.kernel != "bpr_shared"
        u, p = self.feed.users[pairs], self.feed.item_ids[pairs]
        of_users, of_items = users[u, :size].copy(), items[p, :size].copy()
        of_negatives = items[negatives, :size].copy()
        scores, positive = of_users @ of_negatives.T, (of_users * of_items).sum(axis=1)
        is_negative = np.array([[j not in self.lists[user] for j in negatives] for user in u])
        loss, weights, pull = self.loss_of(scores, positive, is_negative)
        for k, user in enumerate(u):
            self.change(users[user], pull[k] * of_items[k] - weights[k] @ of_negatives, rate, sphere)
        for k, item in enumerate(p):
            self.change(items[item], pull[k] * of_users[k], rate * self.row_rate[item], sphere)
        for j, item in enumerate(negatives):
            self.change(items[item], -weights[:, j] @ of_users, rate * self.row_rate[item], sphere)
        return loss.sum()

    def loss_of(self, scores, positive, is_negative):
        n = scores.shape[1]
        if self.kernel == "ccl":
            over = np.where(is_negative, scores - self.loss["margin"], -1)
            weight = self.loss["weight"] / n
            loss = 1 - positive + weight * np.maximum(over, 0).sum(axis=1)
            return loss, weight * (over > 0), np.ones(len(positive))
        if self.kernel == "bsl":
            t, weight = self.loss["temperature"], self.loss["weight"]
            e = np.where(is_negative, np.exp(scores / t), 0)
            total = e.sum(axis=1)
            has = total > 0
            total = np.where(has, total, 1)
            loss = np.where(has, weight * np.log(total) - positive / t, 0)
            return loss, weight * e / total[:, None], has.astype(float)
        x = np.where(is_negative, scores - positive[:, None], -np.inf)
        weights = 1 / (1 + np.exp(-x)) / n
        return np.log1p(np.exp(x)).sum(axis=1) / n, weights, weights.sum(axis=1)

    def change(self, row, gradient, rate, sphere):
        if rate <= 0:
            return
        x = row[: self.size]
        gradient = gradient - ((gradient @ x) / (x @ x) if sphere else self.l2) * x
        squared = gradient @ gradient
        if squared < 1e-14:
            return
        row[self.size] += squared / self.size
        x += rate / np.sqrt(row[self.size]) * gradient
        if sphere:
            x /= np.linalg.norm(x)

    def check(self, tolerance=2e-3):
        for rows, expected in zip((self.items, self.users), self.expected, strict=True):
            np.testing.assert_allclose(rows[:, : self.size], expected[:, : self.size], atol=tolerance)
            assert not rows[:, self.size + 1 :].any()


def settings_of(kernel):
    return {
        "ccl": {"margin": 0.1, "weight": 5.0},
        "bsl": {"temperature": 0.3, "weight": 1.2},
        "bpr_shared": {},
    }[kernel]


@pytest.mark.parametrize("kernel", KERNELS)
@pytest.mark.parametrize("size", [1, 2, 7, 8, 15, 16, 17, 31, 33, 48, 63, 64, 67])
def test_two_epochs_are_those_of_numpy(isa, kernel, size):
    problem = Problem(kernel, size, **settings_of(kernel))
    for epoch in range(2):
        got, expected = problem.train(epoch, 0.05)
        assert got == pytest.approx(expected, rel=2e-3, abs=1e-3)
        if (
            kernel == "bpr_shared" or size > 2
        ):  # on a circle, rounding decides about gradients that are almost 0
            problem.check()


@pytest.mark.parametrize("kernel", KERNELS)
def test_rate_0_measures_the_loss_only(isa, kernel):
    problem = Problem(kernel, 20, **settings_of(kernel))
    before = [problem.items.copy(), problem.users.copy()]
    got, expected = problem.train(0, 0.0)
    assert got == pytest.approx(expected, rel=1e-4)
    assert (problem.items == before[0]).all()
    assert (problem.users == before[1]).all()


def test_l2_frozen_rows_and_held_out_pairs(isa):
    frozen = (np.arange(ITEMS) % 3 != 0).astype(np.float32)
    problem = Problem("bpr_shared", 20, l2=0.1, row_rate=frozen, n_trained=20)
    first = problem.items.copy()
    got, expected = problem.train(3, 0.1)
    assert got == pytest.approx(expected, rel=1e-3)
    problem.check()
    assert (problem.items[::3] == first[::3]).all()


def test_a_users_own_items_are_no_negatives(isa):
    """All items are negatives, so without the exclusion each user would be pushed away from its items."""
    problem = Problem("bsl", 16, negative=ITEMS, temperature=0.1, weight=1.0)
    got, expected = problem.train(0, 0.05)
    assert got == pytest.approx(expected, rel=1e-3)
    problem.check()


def test_a_user_with_all_items_has_no_loss(isa):
    task = Task("bsl", max_chunk=3, seed=1)
    spec = MatrixSpec("vectors", "input", 3, 8, "unit", extra=EXTRA)
    rows, user = matrices.create(spec, 1), matrices.create(spec, 2)[:1]
    task.matrix("input", rows, 8)
    task.matrix("output", user, 8)
    ids = np.arange(3, dtype=np.int32)
    task.interactions(np.zeros(3, np.int32), ids, 3, ids, np.array([0, 3]))
    task.shared_negatives(3, block=16, temperature=0.1)
    losses, before = np.zeros(1), rows.copy()
    Worker(task).train(0, 0, np.array([[0, 3]]), np.array([0.3], np.float32), losses)
    assert losses[0] == 0
    np.testing.assert_allclose(rows, before, atol=1e-6)


def test_negatives_of_a_distribution_differ(isa):
    """With the rare items alone in the distribution, no other item changes, and each changes once in a block."""
    problem = Problem("ccl", 16, negative=4, margin=-1.0, weight=1.0)
    weights = np.where(np.arange(ITEMS) < 3, 1.0, 0.0)
    table = np.empty((ITEMS, 2), np.uint32)
    alias_table(weights, table)
    task = Task("ccl", max_chunk=1, seed=1)
    task.matrix("input", problem.items, 16)
    task.matrix("output", problem.users, 16)
    task.interactions(
        np.zeros(1, np.int32),
        np.full(1, ITEMS - 1, np.int32),
        1,
        *(np.empty(0, np.int32), np.zeros(USERS + 1, int)),
    )
    task.shared_negatives(4, block=16, sampling=table, margin=-1.0)
    before = problem.items.copy()
    Worker(task).train(0, 0, np.array([[0, 1]]), np.array([0.1], np.float32), np.zeros(1))
    changed = np.flatnonzero((problem.items != before).any(axis=1))
    assert changed.tolist() == [0, 1, 2, ITEMS - 1]


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"users": np.array([9], np.int32)}, "users holds the id 9"),
        ({"items": np.array([-1], np.int32)}, "items holds the id -1"),
        ({"n_trained": 2}, "2 trained"),
        ({"own_ids": np.array([2, 1], np.int32), "own_offsets": np.array([0] + [2] * USERS)}, "must rise"),
        ({"own_offsets": np.array([0, 0])}, "9 rows"),
        ({"users": np.empty(0, np.int32), "items": np.empty(0, np.int32)}, "0 users of 0 items"),
    ],
)
def test_bad_pairs_are_refused(change, message):
    task = Problem("bsl", 8).task
    task = Task("bsl", max_chunk=1, seed=1)
    task.matrix("input", np.zeros((ITEMS, 16), np.float32), 8)
    task.matrix("output", np.zeros((USERS, 16), np.float32), 8)
    arguments = {
        "users": np.zeros(1, np.int32),
        "items": np.zeros(1, np.int32),
        "n_trained": 1,
        "own_ids": np.zeros(1, np.int32),
        "own_offsets": np.array([0] + [1] * USERS),
    }
    with pytest.raises(ValueError, match=message):
        task.interactions(**arguments | change)


@pytest.mark.parametrize(
    "arguments",
    [
        {"n_negatives": 0},
        {"n_negatives": ITEMS + 1},
        {"block": 10},
        {"block": 0},
        {"temperature": 0.0},
        {"weight": float("nan")},
        {"margin": float("nan")},
        {"sampling": np.zeros((3, 2), np.uint32)},
    ],
)
def test_bad_settings_are_refused(arguments):
    task = Task("bsl", max_chunk=1, seed=1)
    task.matrix("input", np.zeros((ITEMS, 16), np.float32), 8)
    with pytest.raises(ValueError, match="give"):
        task.shared_negatives(**{"n_negatives": 3, "block": 16} | arguments)


def test_rows_need_a_column_behind_their_values():
    problem = Problem("bsl", 8)
    task = Task("bsl", max_chunk=1, seed=1)
    task.matrix("input", np.zeros((ITEMS, 16), np.float32), 16)
    task.matrix("output", np.zeros((USERS, 16), np.float32), 16)
    feed = problem.feed
    task.interactions(feed.users, feed.item_ids, 1, feed.item_ids, feed.offsets)
    task.shared_negatives(3, block=16)
    with pytest.raises(ValueError, match="behind their values"):
        Worker(task)


def test_frozen_targets_and_blocks_that_take_too_long_are_refused():
    frozen = Problem("ccl", 8)
    frozen.task.freeze_targets()
    with pytest.raises(ValueError, match="row rate 0"):
        Worker(frozen.task)
    n, size = 5000, 500
    task = Task("bsl", max_chunk=1, seed=1)
    task.matrix("input", np.zeros((n, 512), np.float32), size)
    task.matrix("output", np.zeros((1, 512), np.float32), size)
    one = np.zeros(1, np.int32)
    task.interactions(one, one, 1, one, np.array([0, 1]))
    task.shared_negatives(n, block=1024)
    with pytest.raises(
        ValueError, match="5000 negatives in blocks of 1024 pairs with rows of 500 values: give fewer"
    ):
        Worker(task)


def test_the_feed_holds_out_pairs():
    feed = InteractionFeed(np.array([0, 60, 100]), np.r_[:60, :40], 60)
    assert feed.hold_out(0.1) == 90
    assert feed.hold_out(0) == 100
    with pytest.raises(ValueError, match="give more data"):
        InteractionFeed(np.array([0, 1]), np.zeros(1), 1).hold_out(0.1)
