"""The step of bags with labels (csrc/train/objective/step_supervised.inc.h) against numpy, on every ISA."""

from __future__ import annotations

import numpy as np
import pytest

from wildvec._train import PATH_PADDING, BagModel, Task, Worker, alias_table, isa_in_use, isas
from wildvec.models.classify_objective import label_paths
from wildvec.training import matrices

FEATURES, LABELS, BAGS = 30, 9, 25
NEGATIVE = 4
MAX_CHANGE, MAX_VALUE = 4, 1e4
MASK = 2**64 - 1


@pytest.fixture(params=isas())
def isa(request, monkeypatch):
    monkeypatch.setenv("WILDVEC_ISA", request.param)
    assert isa_in_use() == request.param
    return request.param


def mix(x):
    x = (x ^ x >> 30) * 0xBF58476D1CE4E5B9 & MASK
    x = (x ^ x >> 27) * 0x94D049BB133111EB & MASK
    return x ^ x >> 31


def draw(key, i):
    return mix(key + (i + 1) * 0x9E3779B97F4A7C15 & MASK)


def subkey(key, number):
    return mix(draw(key, number) ^ 0xD6E8FEB86659FD93)


def below(value, n):
    return (value >> 32) * n >> 32


class Problem:
    """Bags with labels, and the same values for numpy."""

    def __init__(self, loss, size, *, l2=0.0, rates=None, seed=5, private=0):
        random = np.random.default_rng(seed)
        self.loss, self.size, self.l2, self.rates, self.seed = loss, size, l2, rates, seed
        self.input, self.output = (self.matrix(n, random) for n in (FEATURES, LABELS))
        self.offsets, self.ids = self.lists(random, 0, 12, FEATURES)
        self.label_offsets, self.labels = self.lists(random, 0, 4, LABELS)
        self.counts = np.arange(LABELS, 0, -1) ** 2
        self.paths = label_paths(self.counts)
        self.noise = np.empty((LABELS, 2), np.uint32)
        alias_table(np.sqrt(self.counts), self.noise)
        task = self.task = Task("supervised", max_chunk=int(self.offsets[-1]), seed=seed)
        task.matrix("input", self.input, size, l2=l2, row_rate=rates)
        task.matrix("output", self.output, size)
        task.items(self.ids, self.offsets)
        task.labels(self.labels, self.label_offsets)
        paths = self.paths if loss == "hs" else None
        task.supervised(loss, noise=self.noise if loss == "ns" else None, negative=NEGATIVE, paths=paths)
        for role, rows in (("input", self.input), ("output", self.output)):
            ids = random.permutation(len(rows))[:private].astype(np.int32)
            task.private_rows(role, np.full(len(ids), 0.1, np.float32), ids)
        task.workers(1, n_hottest=2, merge_every=3)
        self.expected = [m[:, :size].astype(np.float64) for m in (self.input, self.output)]

    def matrix(self, n, random):
        rows = matrices.allocate(n, self.size)
        rows[:, : self.size] = random.normal(0, 0.8, (n, self.size))
        return rows

    def lists(self, random, low, high, n):
        offsets = np.concatenate([[0], np.cumsum(random.integers(low, high, BAGS))]).astype(np.int64)
        return offsets, random.integers(0, n, offsets[-1]).astype(np.int32)

    def train(self, rate):
        losses, worker = np.zeros(1), Worker(self.task)
        worker.merge()
        examples = worker.train(0, 0, np.array([[0, BAGS]]), np.array([rate], np.float32), losses)
        worker.merge()
        return losses[0], examples

    # -- the same in numpy ------------------------------------------------------------------------------------

    def targets(self, labels, key):
        """Rows, and 1 for a positive target, 0 for a negative one; or the wanted probabilities."""
        if self.loss in ("softmax", "ova"):
            wanted = np.bincount(labels, minlength=LABELS).astype(float)
            return np.arange(LABELS), wanted / len(labels) if self.loss == "softmax" else np.minimum(wanted, 1)
        label = labels[below(draw(key, 0), len(labels))]
        if self.loss == "hs":
            offsets, nodes, codes, _ = self.paths
            path = slice(offsets[label], offsets[label + 1])
            return nodes[path], codes[path].astype(float)
        rows = [label]
        for j in range(1, 1 + NEGATIVE):
            column = below(draw(key, j), LABELS)
            threshold, alias = self.noise[column].tolist()
            drawn = column if draw(key, j) & 0xFFFFFFFF < threshold else alias
            if drawn != label:
                rows.append(drawn)
        return np.array(rows), np.array([1.0] + [0.0] * (len(rows) - 1))

    def reference(self, rate):
        loss, examples = 0.0, 0
        rows, targets = self.expected
        chunk_key = subkey(subkey(mix(self.seed), 0), 0)
        for b in range(BAGS):
            features = self.ids[self.offsets[b] : self.offsets[b + 1]]
            labels = self.labels[self.label_offsets[b] : self.label_offsets[b + 1]]
            if not len(features) or not len(labels):
                continue
            examples += 1
            ids, wanted = self.targets(labels, subkey(chunk_key, b))
            h = rows[features].mean(axis=0)
            scores = targets[ids] @ h
            if self.loss == "softmax":
                log_p = scores - scores.max() - np.log(np.exp(scores - scores.max()).sum())
                loss -= wanted @ log_p
                p = np.exp(log_p)
            else:
                p = 1 / (1 + np.exp(-scores))
                loss += np.logaddexp(0, np.where(wanted == 1, -scores, scores)).sum()
            self.update(features, ids, h, wanted - p, rate)
        return loss, examples

    def update(self, features, ids, h, error, rate):
        rows, targets = self.expected
        n, gradient = len(features), error @ targets[ids]
        merged = {int(i): error[ids == i].sum() for i in ids}  # a label that was drawn twice is one target
        longest = np.linalg.norm(targets[ids], axis=1).max()
        change = max(map(abs, merged.values())) * h @ h + np.linalg.norm(gradient) * longest / n
        step = min(rate, MAX_CHANGE / change)
        for i, e in merged.items():
            targets[i] = np.clip(targets[i] + step * e * h, -MAX_VALUE, MAX_VALUE)
        for feature in features:
            factor = step * (1 if self.rates is None else self.rates[feature])
            kept = max(0, 1 - factor * self.l2) * rows[feature] if factor else rows[feature]
            rows[feature] = np.clip(kept + factor / n * gradient, -MAX_VALUE, MAX_VALUE)


LOSSES = ("softmax", "ova", "hs", "ns")
each_loss = pytest.mark.parametrize("loss", LOSSES)


@each_loss
@pytest.mark.parametrize("size", [1, 7, 16, 17, 33, 64, 67])
@pytest.mark.usefixtures("isa")
def test_one_epoch(loss, size):
    problem = Problem(loss, size, l2=0.01)
    assert problem.train(0.3) == pytest.approx(problem.reference(np.float32(0.3)), rel=1e-4)
    for rows, expected in zip((problem.input, problem.output), problem.expected, strict=True):
        np.testing.assert_allclose(rows[:, :size], expected, rtol=2e-3, atol=2e-4)
        assert not rows[:, size:].any()


@each_loss
@pytest.mark.usefixtures("isa")
def test_large_rates_are_bounded(loss):
    problem = Problem(loss, 20)
    problem.train(1e3)
    problem.reference(1e3)
    for rows, expected in zip((problem.input, problem.output), problem.expected, strict=True):
        assert np.isfinite(rows).all()
        assert np.abs(rows).max() < 100
        assert np.abs(expected).max() < 100


@each_loss
@pytest.mark.usefixtures("isa")
def test_rows_with_rates_and_private_rows(loss):
    rates = np.random.default_rng(1).choice(np.array([0, 0.5, 1], np.float32), FEATURES)
    problem = Problem(loss, 20, rates=rates, l2=0.01, private=5)
    before = problem.input.copy()
    assert problem.train(0.3) == pytest.approx(problem.reference(np.float32(0.3)), rel=1e-4)
    np.testing.assert_allclose(problem.input[:, :20], problem.expected[0], rtol=2e-3, atol=2e-4)
    np.testing.assert_array_equal(problem.input[rates == 0], before[rates == 0])


@each_loss
@pytest.mark.usefixtures("isa")
def test_rate_0_measures_the_loss(loss):
    problem = Problem(loss, 20, l2=1)
    before = problem.input.copy(), problem.output.copy()
    assert problem.train(0) == pytest.approx(problem.reference(0), rel=1e-4)
    np.testing.assert_array_equal(problem.input, before[0])
    np.testing.assert_array_equal(problem.output, before[1])


@each_loss
@pytest.mark.parametrize("size", [1, 16, 20, 100])
@pytest.mark.usefixtures("isa")
def test_predictions(loss, size):
    problem = Problem(loss, size)
    model = BagModel(problem.input, problem.output, size, loss, problem.paths)
    sizes = np.diff(problem.offsets) + np.arange(BAGS) % 3
    means, p = model.predict(problem.ids, problem.offsets, sizes)
    for b in range(BAGS):
        features = problem.ids[problem.offsets[b] : problem.offsets[b + 1]]
        h = problem.input[features, :size].sum(axis=0, dtype=np.float64) / max(sizes[b], 1)
        np.testing.assert_allclose(means[b, :size], h, rtol=1e-4, atol=1e-5)
        np.testing.assert_allclose(p[b], reference_probabilities(problem, h), rtol=1e-3, atol=1e-6)
    assert model.predict(problem.ids, problem.offsets, sizes, probabilities=False)[1] is None


def reference_probabilities(problem, h):
    scores = problem.output[:, : problem.size].astype(np.float64) @ h
    if problem.loss == "softmax":
        e = np.exp(scores - scores.max())
        return e / e.sum()
    p = 1 / (1 + np.exp(-scores))
    if problem.loss != "hs":
        return p
    offsets, nodes, codes, _ = problem.paths
    paths = [slice(offsets[label], offsets[label + 1]) for label in range(LABELS)]
    return [np.prod(np.where(codes[path], p[nodes[path]], 1 - p[nodes[path]])) for path in paths]


def test_wrong_arguments_are_refused():
    problem = Problem("softmax", 4)
    ids, offsets, sizes = problem.ids, problem.offsets, np.ones(BAGS, np.int64)
    model = BagModel(problem.input, problem.output, 4, "softmax")
    for bad in (
        (ids + np.int32(FEATURES), offsets, sizes),
        (ids, offsets + 1, sizes),
        (ids, offsets, sizes[1:]),
    ):
        with pytest.raises(ValueError, match=r"bags"):
            model.predict(*bad)
    with pytest.raises(ValueError, match="give rows and labels"):
        BagModel(problem.input, problem.output, 4, "hinge")
    with pytest.raises(ValueError, match="rows of 16 and 32 columns"):
        BagModel(problem.input, matrices.allocate(3, 20), 4, "softmax")
    task = Task("supervised", max_chunk=100, seed=1)
    task.matrix("input", problem.input, 4)
    task.matrix("output", problem.output, 4)
    task.items(ids, offsets)
    task.labels(problem.labels, problem.label_offsets)
    with pytest.raises(ValueError, match="the task lacks supervised"):
        Worker(task)
    with pytest.raises(ValueError, match="loss 'hinge': give one of softmax, ova, hs, ns"):
        task.supervised("hinge")
    with pytest.raises(ValueError, match="give a table of 9 × 2"):
        task.supervised("ns", noise=np.zeros((3, 2), np.uint32), negative=2)
    offsets, nodes, codes, longest = problem.paths
    with pytest.raises(ValueError, match="the paths holds the id"):
        task.supervised("hs", paths=(offsets, nodes + np.int32(99), codes, longest))
    assert len(nodes) == offsets[-1] + PATH_PADDING
