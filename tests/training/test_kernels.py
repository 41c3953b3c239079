"""The C kernels against numpy, on every ISA that this processor has."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from reference import NOISE_SPAN, Reference, below, draw, mix, paths_of, subkey

from wildvec import Word2Vec
from wildvec._train import (
    PAD,
    Task,
    Worker,
    alias_table,
    init_rows,
    isa_in_use,
    isas,
    noise_draws,
    shared_noise,
)
from wildvec.demo import toy
from wildvec.training import matrices
from wildvec.training.huffman import huffman_paths

N_WORDS = 40
MODELS = {
    "skip-gram": {},
    "skip-gram hs": {"hs": True, "negative": 0},
    "skip-gram hs + negative": {"hs": True},
    "skip-gram pair": {"pair": True},
    "skip-gram pair hs": {"pair": True, "hs": True, "negative": 0},
    "cbow": {"cbow": True},
    "cbow sum": {"cbow": True, "cbow_mean": False},
    "cbow hs": {"cbow": True, "hs": True, "negative": 0},
    "cbow sum hs": {"cbow": True, "cbow_mean": False, "hs": True, "negative": 0},
    "cbow hs + negative": {"cbow": True, "hs": True},
    "cbow pair": {"cbow": True, "pair": True},
    "cbow pair hs": {"cbow": True, "pair": True, "hs": True, "negative": 0},
}


def make_private(task, role, n, n_private, slots):
    """Give workers private copies of the first rows, or of other ones."""
    n_private = min(n, n_private)
    ids = np.random.default_rng(1).permutation(n)[:n_private].astype(np.int32) if slots == "any" else None
    task.private_rows(role, np.zeros(n_private, np.float32), ids)


class Run:
    """The same start for the C core and for the reference."""

    def __init__(
        self,
        size=20,
        *,
        hs=False,
        negative=5,
        window=3,
        seed=7,
        n_hot=0,
        n_hottest=5,
        merge_every=1000,
        sample=True,
        cbow=False,
        cbow_mean=True,
        pair=False,
        shrink_windows=True,
        shuffle=False,
        lengths=(30, 1, 2, 17, 3, 50),
        n_words=N_WORDS,
        slots="first",
    ):
        random = np.random.default_rng(seed)
        counts = np.sort(random.integers(1, 500, n_words))[::-1].astype(np.int64)
        self.size = size
        self.offsets = np.concatenate([[0], np.cumsum(lengths)]).astype(np.int64)
        self.ids = random.choice(n_words, self.offsets[-1], p=counts / counts.sum()).astype(np.int32)
        self.keep = random.integers(2**30, 2**32, n_words).astype(np.uint32)
        if not sample:
            self.keep[:] = 2**32 - 1
        self.noise = np.empty((n_words, 2), dtype=np.uint32)
        alias_table(counts**0.75, self.noise)
        offsets, nodes, codes, longest = huffman_paths(counts)
        self.input = self.matrix(random, n_words)
        self.output = self.matrix(random, n_words) if negative else None
        self.nodes = self.matrix(random, n_words - 1) if hs else None
        self.task = Task("cbow" if cbow else "skipgram", max_chunk=int(self.offsets[-1]), seed=seed)
        self.task.matrix("input", self.input, size)
        if negative:
            self.task.matrix("output", self.output, size)
        if hs:
            self.task.matrix("nodes", self.nodes, size)
        self.task.items(self.ids, self.offsets)
        self.task.subsample(self.keep)
        self.task.windows(window, shrink=shrink_windows, one_pair_at_a_time=pair, shuffle=shuffle)
        if cbow:
            self.task.compose(average_hidden=cbow_mean, average_grad=not cbow_mean)
        if negative:
            self.task.negative_sampling(self.noise, negative)
        if hs:
            self.task.hierarchical_softmax(offsets, nodes, codes, longest)
        for role, rows in (("input", self.input), ("output", self.output), ("nodes", self.nodes)):
            if rows is not None:
                make_private(self.task, role, len(rows), n_hot, slots)
        self.task.workers(1, n_hottest=n_hottest, merge_every=merge_every)
        self.reference = Reference(
            *(
                None if m is None else m[:, :size].astype(np.float64)
                for m in (self.input, self.output, self.nodes)
            ),
            noise=self.noise,
            paths=paths_of(offsets, nodes, codes),
            keep=self.keep,
            window=window,
            negative=negative,
            seed=seed,
            cbow=cbow,
            shrink_windows=shrink_windows,
            cbow_mean=cbow_mean,
            pair=pair,
            shuffle=shuffle,
        )

    def matrix(self, random, n):
        return matrices.padded(random.normal(0, 0.4, (n, self.size)).astype(np.float32))

    def both(self, rate=0.05, epoch=2, chunk=5):
        chunks = np.array([[0, len(self.offsets) - 1]])
        losses = np.zeros(1)
        worker = Worker(self.task)
        worker.merge()
        examples = worker.train(epoch, chunk, chunks, np.array([rate], dtype=np.float32), losses)
        worker.merge()
        sentences = [self.ids[a:b] for a, b in itertools.pairwise(self.offsets)]
        self.reference.train_chunk(epoch, chunk, sentences, float(np.float32(rate)))
        return losses[0], examples

    def check(self, loss, examples, tolerance=2e-5):
        assert examples == self.reference.examples
        assert loss == pytest.approx(self.reference.loss, rel=1e-5)
        for ours, theirs in (
            (self.input, self.reference.input),
            (self.output, self.reference.output),
            (self.nodes, self.reference.nodes),
        ):
            if ours is not None:
                np.testing.assert_allclose(ours[:, : self.size], theirs, atol=tolerance)
                assert not ours[:, self.size :].any(), "padding must stay zero"


@pytest.fixture(params=isas())
def isa(request, monkeypatch):
    monkeypatch.setenv("WILDVEC_ISA", request.param)
    assert isa_in_use() == request.param
    return request.param


@pytest.mark.parametrize("model", MODELS)
def test_every_objective_matches_numpy_on_every_isa(isa, model):
    run = Run(**MODELS[model])
    run.check(*run.both())


@pytest.mark.parametrize("size", range(1, 68))
def test_every_size_matches_numpy_on_every_isa(isa, size):
    run = Run(size, lengths=(25, 3))
    run.check(*run.both())


@pytest.mark.parametrize("window", [1, 2, 5, 6, 9, 14])
@pytest.mark.parametrize("model", ["skip-gram", "cbow", "skip-gram hs + negative", "cbow hs + negative"])
def test_windows_wider_than_a_tile_of_registers(isa, model, window):
    run = Run(window=window, shrink_windows=False, sample=False, lengths=(40, 7), **MODELS[model])
    run.check(*run.both())


@pytest.mark.parametrize("model", MODELS)
def test_items_of_a_unit_are_shuffled(isa, model):
    run = Run(shuffle=True, window=2, **MODELS[model])
    run.check(*run.both())


@settings(max_examples=60, deadline=None)
@given(
    model=st.sampled_from(sorted(MODELS)),
    lengths=st.lists(st.integers(1, 12), min_size=1, max_size=8),
    window=st.integers(1, 7),
    seed=st.integers(0, 2**32),
    shrink_windows=st.booleans(),
)
def test_any_corpus_matches_numpy(model, lengths, window, seed, shrink_windows):
    run = Run(9, window=window, seed=seed, shrink_windows=shrink_windows, lengths=lengths, **MODELS[model])
    run.check(*run.both())


@pytest.mark.parametrize(
    "model", ["skip-gram", "skip-gram hs + negative", "cbow", "cbow hs + negative", "skip-gram pair"]
)
def test_the_noise_of_a_long_chunk_matches_numpy(isa, model):
    run = Run(8, lengths=(6 * NOISE_SPAN,), window=1, sample=False, **MODELS[model])
    run.check(*run.both(rate=0.01), tolerance=1e-4)


@pytest.mark.parametrize("n_words", [N_WORDS, 5000])  # with many words, negatives are seldom the same
@pytest.mark.parametrize("negative", [1, 2, 5, 10, 20, 64, 65, 200])
def test_any_number_of_negatives_matches_numpy(negative, n_words):
    run = Run(8, lengths=(900,), window=1, sample=False, negative=negative, n_words=n_words)
    run.check(*run.both(rate=0.01), tolerance=1e-4)


@pytest.mark.parametrize("negative", [3, 4, 7, 11, 13])
def test_any_number_of_targets_in_wide_windows_matches_numpy(isa, negative):
    run = Run(20, window=4, negative=negative)
    run.check(*run.both())


@pytest.mark.parametrize("n_windows", [0, 1, 3, 37, 300])
@pytest.mark.parametrize("negative", [1, 2, 5, 16, 17, 20, 64, 65])
@pytest.mark.parametrize("model", ["skip-gram", "cbow"])
def test_draws_of_noise_are_counted(model, negative, n_windows):
    reference = Run(negative=negative, **MODELS[model]).reference
    n_noise = negative if reference.cbow else shared_noise(negative)
    assert noise_draws(n_noise, n_windows) == len(
        {i for _ in range(n_windows) for i in reference.next_draws()}
    )


@pytest.mark.parametrize("model", ["skip-gram", "cbow", "skip-gram hs + negative", "cbow hs + negative"])
@pytest.mark.parametrize("slots", ["first", "any"])
@pytest.mark.parametrize("n_hot", [3, 40, 500])
def test_private_rows_lose_no_update(isa, model, n_hot, slots):
    run = Run(n_hot=n_hot, merge_every=4, slots=slots, **MODELS[model])
    run.check(*run.both())


@pytest.mark.parametrize("n_hot", [0, 3, N_WORDS])
def test_a_work_unit_may_end_after_any_chunk(n_hot):
    whole, parts = Run(n_hot=n_hot), Run(n_hot=n_hot)
    one, other = Worker(whole.task), Worker(parts.task)
    chunks, rates = np.array([[0, 2], [2, 3], [4, 6]]), np.array([0.05, 0.04, 0.03], dtype=np.float32)
    losses, other_losses = np.zeros(3), np.zeros(3)
    one.merge()
    one.train(0, 0, chunks, rates, losses)
    one.merge()
    other.merge()
    other.train(0, 0, chunks[:1], rates[:1], other_losses[:1])
    other.train(0, 1, chunks[1:], rates[1:], other_losses[1:])
    other.merge()
    assert losses.tobytes() == other_losses.tobytes()
    assert whole.input.tobytes() == parts.input.tobytes()
    assert whole.output.tobytes() == parts.output.tobytes()


@pytest.mark.parametrize("model", MODELS)
def test_the_step_is_bounded_at_extreme_rates(isa, model):
    run = Run(8, lengths=(9, 7), **MODELS[model])
    run.check(*run.both(rate=0.9), tolerance=1e-3)
    assert np.abs(run.input).max() < 20


@pytest.mark.parametrize("options", [{"negative": 1000}, {"alpha": 0.5}])
def test_large_steps_stay_finite_on_real_sentences(options):
    text = list(toy.sentences(30_000, seed=3))
    model = Word2Vec(
        text, **{"sg": 1, "vector_size": 32, "epochs": 1, "min_count": 1, "workers": 1} | options
    )
    assert np.abs(model.wv.vectors).max() < 100


@pytest.mark.parametrize(("model", "scale"), [("skip-gram", 20), ("cbow", 50)])
def test_the_loss_of_pairs_that_are_far_off_matches_numpy(isa, model, scale):
    run = Run(**MODELS[model])
    run.input *= scale
    run.reference.input *= scale
    loss, examples = run.both(rate=0.0)
    assert run.reference.far_off > 10
    run.check(loss, examples)


@pytest.mark.parametrize("rate", [1e-6, 0])
def test_scores_beyond_the_range_of_exp_stay_finite(isa, rate):
    run = Run()
    run.input *= 300
    losses = np.zeros(1)
    Worker(run.task).train(0, 0, np.array([[0, 6]]), np.array([rate], dtype=np.float32), losses)
    assert np.isfinite(run.input).all() and np.isfinite(losses).all()


def test_not_a_number_is_reported(isa):
    run = Run()
    run.output[3] = np.nan
    with pytest.raises(FloatingPointError, match="lower alpha"):
        Worker(run.task).train(0, 0, np.array([[0, 6]]), np.array([0.05], dtype=np.float32), np.zeros(1))


def test_an_isa_that_is_unknown_or_missing_is_an_error(monkeypatch):
    monkeypatch.setenv("WILDVEC_ISA", "altivec")
    with pytest.raises(ValueError, match="WILDVEC_ISA=altivec"):
        isa_in_use()
    missing = ({"scalar", "avx2", "avx512", "neon"} - set(isas())).pop()
    monkeypatch.setenv("WILDVEC_ISA", missing)
    with pytest.raises(ValueError, match=f"WILDVEC_ISA={missing}.*lacks"):
        isa_in_use()


def test_new_rows_are_drawn_by_seed_and_row():
    matrix = np.ones((5, 2 * PAD), dtype=np.float32)
    init_rows(matrix, 2, 20, 9)
    assert (matrix[:2] == 1).all() and not matrix[2:, 20:].any()
    expected = [(draw(subkey(mix(9), 3), k) >> 40) / 2**23 - 1 for k in range(20)]
    np.testing.assert_allclose(matrix[3, :20], np.array(expected) / 20, rtol=1e-6)


@given(st.lists(st.floats(0, 1e6), min_size=1, max_size=50).filter(lambda w: sum(w) > 1e-3))
def test_alias_table_has_the_weights_it_was_made_of(weights):
    weights = np.array(weights)
    table = np.empty((len(weights), 2), dtype=np.uint32)
    alias_table(weights, table)
    share = np.zeros(len(weights))
    for column, (threshold, alias) in enumerate(table):
        share[column] += threshold / 2**32
        share[alias] += 1 - threshold / 2**32
    np.testing.assert_allclose(share / len(weights), weights / weights.sum(), atol=1e-6)


def test_draws_are_even():
    key = subkey(mix(3), 4)
    counts = np.bincount([below(draw(key, i), 10) for i in range(20_000)], minlength=10)
    assert ((counts - 2000) ** 2 / 2000).sum() < 27.9  # chi-square with 9 degrees of freedom, p = 0.001


@given(st.lists(st.integers(1, 10**6), min_size=2, max_size=60))
def test_huffman_paths_are_an_optimal_prefix_code(counts):
    counts = np.array(counts, dtype=np.int64)
    offsets, nodes, codes, longest = huffman_paths(counts)
    lengths = np.diff(offsets)
    assert longest == lengths.max() and (2.0**-lengths).sum() == pytest.approx(1)
    paths = {tuple(zip(nodes[a:b], codes[a:b], strict=True)) for a, b in itertools.pairwise(offsets)}
    assert len(paths) == len(counts) and all(nodes[a] == 0 for a in offsets[:-1])
    heap = sorted(counts.tolist())
    cost = 0
    while len(heap) > 1:
        joined = heap.pop(0) + heap.pop(0)
        cost += joined
        heap = sorted([*heap, joined])
    assert (counts * lengths).sum() == cost
