"""Words that consist of parts: the kernel against numpy, on every ISA, and what follows from fastText's update."""

from __future__ import annotations

import itertools
from dataclasses import dataclass, field

import numpy as np
import pytest
from reference import Reference, paths_of

from wildvec._train import PATH_PADDING, Task, Worker, alias_table, isas
from wildvec.training import matrices
from wildvec.training.huffman import huffman_paths

N_WORDS, N_ROWS = 30, 80
MODELS = {
    "skip-gram": {},
    "skip-gram, hs": {"hs": True, "negative": 0},
    "skip-gram, pair": {"pair": True},
    "cbow": {"cbow": True},
    "cbow, sum": {"cbow": True, "cbow_mean": False},
    "cbow, hs + negative": {"cbow": True, "hs": True},
}


@dataclass
class SubwordReference(Reference):
    """`input` holds the rows of tokens, by position; `rows` those of words and n-grams. rates: of these rows."""

    has_parts = True
    rows: np.ndarray = field(default_factory=lambda: np.zeros(0))
    parts: list[list[int]] = field(default_factory=list)
    rates: np.ndarray = field(default_factory=lambda: np.ones(N_ROWS))

    def train_chunk(self, epoch, chunk, sentences, rate):
        self.first = self.end = 0
        super().train_chunk(epoch, chunk, sentences, rate)
        self.move_tokens(len(self.word_of), len(self.word_of))

    def subsampled(self, sentences, key):
        kept = super().subsampled(sentences, key)
        self.word_of = [word for words in kept for word in words]
        self.input = np.zeros((len(self.word_of), self.rows.shape[1]))
        self.before = self.input.copy()
        ends = list(itertools.accumulate(map(len, kept)))
        return [list(range(end - len(words), end)) for words, end in zip(kept, ends, strict=True)]

    def blocks_of_window(self, words, centres, width):
        low, end = max(0, centres[0] - self.window), min(len(words), centres[-1] + width + 1)
        self.move_tokens(words[low], words[end - 1] + 1)
        yield from super().blocks_of_window(words, centres, width)

    def choose_targets(self, words, centres):
        return super().choose_targets([self.word_of[position] for position in words], centres)

    def move_tokens(self, first, end):
        for position in range(self.first, min(first, self.end)):
            parts = self.parts[self.word_of[position]]
            change = self.input[position] - self.before[position]
            np.add.at(self.rows, parts, self.rates[parts][:, None] * change)
        self.first = first
        for position in range(max(first, self.end), end):
            mean = self.rows[self.parts[self.word_of[position]]].mean(axis=0)
            self.input[position] = self.before[position] = mean
        self.end = max(self.end, end)


class Run:
    """The same start for the C core and for the reference."""

    def __init__(
        self,
        size=20,
        *,
        hs=False,
        negative=5,
        window=3,
        cbow=False,
        cbow_mean=True,
        pair=False,
        rates=None,
        n_hot=0,
        lengths=(30, 1, 2, 17, 3, 50),
    ):
        random = np.random.default_rng(3)
        counts = np.sort(random.integers(1, 500, N_WORDS))[::-1].astype(np.int64)
        self.size, self.offsets = size, np.concatenate([[0], np.cumsum(lengths)]).astype(np.int64)
        self.ids = random.choice(N_WORDS, self.offsets[-1], p=counts / counts.sum()).astype(np.int32)
        sizes = random.integers(0, 12, N_WORDS)
        parts = [
            [word, *random.integers(N_WORDS, N_ROWS, n).tolist()] for word, n in enumerate(sizes.tolist())
        ]
        self.part_ids = np.array([*itertools.chain(*parts), *[0] * PATH_PADDING], np.int32)
        self.part_offsets = np.concatenate([[0], np.cumsum(sizes + 1)]).astype(np.int64)
        keep = random.integers(2**30, 2**32, N_WORDS).astype(np.uint32)
        noise = np.empty((N_WORDS, 2), dtype=np.uint32)
        alias_table(counts**0.75, noise)
        offsets, nodes, codes, longest = huffman_paths(counts)
        self.input = self.matrix(random, N_ROWS)
        self.output = self.matrix(random, N_WORDS) if negative else None
        self.nodes = self.matrix(random, N_WORDS - 1) if hs else None
        self.task = task = Task("cbow" if cbow else "skipgram", max_chunk=int(self.offsets[-1]), seed=5)
        task.matrix("input", self.input, size, row_rate=rates)
        if negative:
            task.matrix("output", self.output, size)
        if hs:
            task.matrix("nodes", self.nodes, size)
        task.items(self.ids, self.offsets)
        task.parts(self.part_ids, self.part_offsets)
        task.subsample(keep)
        task.windows(window, shrink=True, one_pair_at_a_time=pair)
        if cbow:
            task.compose(average_hidden=cbow_mean, average_grad=not cbow_mean)
        if negative:
            task.negative_sampling(noise, negative)
        if hs:
            task.hierarchical_softmax(offsets, nodes, codes, longest)
        if n_hot:
            ids = random.permutation(N_ROWS)[:n_hot].astype(np.int32)
            task.private_rows("input", np.full(n_hot, 0.1, np.float32), ids)
        task.workers(1, n_hottest=5, merge_every=4)
        start, output, inner = (
            None if rows is None else rows[:, :size].astype(np.float64)
            for rows in (self.input, self.output, self.nodes)
        )
        self.reference = SubwordReference(
            np.zeros(0),
            output,
            inner,
            noise,
            paths_of(offsets, nodes, codes),
            keep,
            window,
            negative,
            5,
            cbow=cbow,
            cbow_mean=cbow_mean,
            pair=pair,
            rows=start,
            parts=parts,
            **({} if rates is None else {"rates": rates.astype(np.float64)}),
        )

    def matrix(self, random, n):
        return matrices.padded(random.normal(0, 0.4, (n, self.size)).astype(np.float32))

    def train(self, rate=0.05, n_units=None):
        n_units = len(self.offsets) - 1 if n_units is None else n_units
        losses, worker = np.zeros(1), Worker(self.task)
        worker.merge()
        examples = worker.train(2, 5, np.array([[0, n_units]]), np.array([rate], np.float32), losses)
        worker.merge()
        return losses[0], examples

    def check(self, rate=0.05):
        loss, examples = self.train(rate)
        sentences = [self.ids[a:b] for a, b in itertools.pairwise(self.offsets)]
        self.reference.train_chunk(2, 5, sentences, float(np.float32(rate)))
        assert examples == self.reference.examples
        assert loss == pytest.approx(self.reference.loss, rel=1e-5)
        for ours, theirs in (
            (self.input, self.reference.rows),
            (self.output, self.reference.output),
            (self.nodes, self.reference.nodes),
        ):
            if ours is not None:
                np.testing.assert_allclose(ours[:, : self.size], theirs, atol=3e-5)
                assert not ours[:, self.size :].any()


@pytest.fixture(params=isas(), autouse=True)
def isa(request, monkeypatch):
    """Run each test with every instruction set of this processor."""
    monkeypatch.setenv("WILDVEC_ISA", request.param)


@pytest.mark.parametrize("options", MODELS.values(), ids=MODELS)
def test_the_kernel_is_the_reference(options):
    Run(**options).check()


@pytest.mark.parametrize("size", [1, 7, 16, 67, 100, 130, 300])
@pytest.mark.parametrize("cbow", [False, True], ids=["skip-gram", "cbow"])
def test_any_size(size, cbow):
    Run(size, cbow=cbow).check()


@pytest.mark.parametrize("window", [1, 2, 8, 100])
def test_any_window(window):
    Run(window=window).check()


@pytest.mark.parametrize("options", MODELS.values(), ids=MODELS)
def test_each_row_has_its_rate(options):
    rates = np.random.default_rng(1).choice([0, 0.5, 1], N_ROWS).astype(np.float32)
    Run(rates=rates, **options).check()


def test_private_rows_give_the_same_as_shared_ones():
    Run(n_hot=20).check()


def test_at_rate_0_rows_keep_their_values():
    run = Run()
    before = run.input.copy()
    loss, _ = run.train(rate=0)
    assert loss > 0
    assert (run.input == before).all()


@pytest.mark.parametrize(
    "ids, offsets, message",
    [
        ([0, 80], [0, 1, 2], "the id 80"),
        ([0, 1], [0, 1, 1], "1 to"),
        ([0, 1], [0, 1, 9], "run from 0 to at most 2"),
        ([0, 1], [0, 1, 2], "the items holds the id"),
    ],
)
def test_parts_are_checked(ids, offsets, message):
    run = Run()
    task = Task("skipgram", max_chunk=200, seed=1)
    task.matrix("input", run.input, run.size)
    task.items(run.ids, run.offsets)
    with pytest.raises(ValueError, match=message):
        task.parts(np.array([*ids, *[0] * PATH_PADDING], np.int32), np.array(offsets, np.int64))
