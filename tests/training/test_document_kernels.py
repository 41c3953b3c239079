"""PV-DBOW and PV-DM: the C core against numpy, on every ISA; and vectors of new documents."""

from __future__ import annotations

import itertools
from dataclasses import dataclass, field

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from reference import (
    KEEP,
    NOISE,
    WIDTH,
    Block,
    Reference,
    alias_draw,
    draw,
    mix,
    paths_of,
    sigmoid,
    subkey,
    tiles,
)

from wildvec._train import Task, Worker, alias_table, isa_in_use, isas, merge_round
from wildvec.base.ragged import Ragged
from wildvec.models.document_objective import DocumentObjective
from wildvec.models.inference import infer
from wildvec.text.vocab import Vocab
from wildvec.training import matrices
from wildvec.training.huffman import huffman_paths

N_WORDS, N_DOCUMENTS, STREAMS = 40, 9, 6
NULL_WORD = 3
LENGTHS = (30, 1, 2, 0, 17, 3, 50, 1)
MODELS = {
    "dbow": {"kernel": "dbow"},
    "dbow hs": {"kernel": "dbow_words", "hs": True, "negative": 0},
    "dbow hs + negative": {"kernel": "dbow_words", "hs": True},
    "dbow pair": {"kernel": "dbow_words", "pair": True},
    "dbow words": {"kernel": "dbow_words", "words": True},
    "dbow words hs": {"kernel": "dbow_words", "words": True, "hs": True, "negative": 0},
    "dm": {"kernel": "dm"},
    "dm sum": {"kernel": "dm", "mean": False},
    "dm hs": {"kernel": "dm", "hs": True, "negative": 0},
    "dm pair": {"kernel": "dm", "pair": True},
    "dm concat": {"kernel": "dm_concat"},
    "dm concat hs + negative": {"kernel": "dm_concat", "hs": True},
}


@dataclass
class DocumentReference(Reference):
    """`input` holds the rows of words, then those of documents. rates: factor of each of these rows."""

    kernel: str = ""
    words: bool = False
    concat_tags: int = 0
    rates: np.ndarray = field(default_factory=lambda: np.ones(1))
    freeze_targets: bool = False

    def train_units(self, units, epoch, chunk, rate):
        key = subkey(subkey(mix(self.seed), epoch), chunk)
        self._noise_key, self._windows = subkey(key, NOISE), 0
        kept, read = [], 0
        for words, tags in units:
            draws = [draw(subkey(key, KEEP), read + i) >> 32 for i in range(len(words))]
            tags = [N_WORDS + tag for tag in tags]
            kept.append(
                ([int(w) for w, bits in zip(words, draws, strict=True) if bits <= self.keep[w]], tags)
            )
            read += len(words)
        if self.kernel == "dbow":
            for k in range(max(len(tags) for _, tags in kept)):
                self._noise_key, self._windows = subkey(key, NOISE + k), 0
                self.streams([(tags[k], w) for words, tags in kept if len(tags) > k for w in words], rate)
            return
        self._before = 0
        for words, tags in kept:
            if self.is_trained(words, tags):
                self._tags = tags
                for block in self.blocks([words], subkey(key, WIDTH)):
                    self.step(block, rate)

    def is_trained(self, words, tags):
        if self.concat_tags:
            return bool(words) and len(tags) == self.concat_tags
        return len(words) >= (1 if tags else 2) and bool(tags or self.words or self.kernel == "dm")

    def blocks(self, sentences, width_key):
        """As the base class, but the draws of widths count the words of earlier documents."""
        (words,) = sentences
        alone = self.pair or self.concat_tags or (self.nodes is not None and not self.cbow)
        for centre in range(0, len(words), 1 if alone else 2):
            width = self.window
            if self.shrink_windows:
                width = 1 + (draw(width_key, self._before + centre) >> 32) * width // 2**32
            centres = [centre] if alone or centre + 1 == len(words) else [centre, centre + 1]
            yield from self.blocks_of_window(words, centres, width)
        self._before += len(words)

    def blocks_of_window(self, words, centres, width):
        around = [
            [
                t
                for t in range(c - width, c + width + 1)
                if t != c and (self.concat_tags or 0 <= t < len(words))
            ]
            for c in centres
        ]
        if self.cbow:
            rows = [
                [words[t] if 0 <= t < len(words) else NULL_WORD for t in positions] for positions in around
            ]
            context = [self._tags + r for r in rows]
            separate = self.nodes is not None and not self.concat_tags
            targets = (self.targets_of_each if separate else self.choose_targets)(words, centres)
            yield Block(context, np.eye(len(centres)), targets, len(centres))
            return
        positions = sorted({t for c in around for t in c}) if self.words else []
        rows = [words[t] for t in positions] + self._tags
        members = np.array([[t in c for t in positions] + [True] * len(self._tags) for c in around], float)
        shared = None if self.pair else self.choose_targets(words, centres)
        for part in [[r] for r in range(len(rows))] if self.pair else tiles(list(range(len(rows)))):
            targets = shared or self.choose_targets(words, centres)
            yield Block([[rows[r]] for r in part], members[:, part], targets, int(members[:, part].sum()))

    def step(self, block, rate):
        joined = bool(self.concat_tags)
        if joined:
            hidden = np.concatenate([self.input[block.context[0]].ravel()])[np.newaxis]
        else:
            scales = [1 / len(rows) if self.cbow_mean or not self.cbow else 1.0 for rows in block.context]
            sums = [self.input[rows].sum(0) for rows in block.context]
            hidden = np.array([scale * row for scale, row in zip(scales, sums, strict=True)])
        gradient = np.zeros_like(hidden)
        all_weights = np.array([by_centre @ block.members for _, _, by_centre in block.targets])
        separate = self.cbow and self.nodes is not None
        bounds = np.abs(all_weights).sum(0 if separate else None)
        rates = np.minimum(rate, 1 / np.sqrt(np.maximum(bounds, 1e-9)))
        for (matrix, row, _), weights in zip(block.targets, all_weights, strict=True):
            score = hidden @ matrix[row] * np.sign(weights)
            g = rates * weights * sigmoid(-score)
            self.loss += float((np.abs(weights) * np.log1p(np.exp(-score))).sum())
            gradient += g[:, None] * matrix[row]
            if not self.freeze_targets:
                matrix[row] += g @ hidden
        if joined:
            gradient = gradient.reshape(len(block.context[0]), -1)
            for row, change in zip(block.context[0], gradient, strict=True):
                self.input[row] += self.rates[row] * change
        else:
            for rows, change in zip(block.context, gradient, strict=True):
                divided = change if self.cbow_mean or not self.cbow else change / len(rows)
                np.add.at(self.input, rows, self.rates[rows, np.newaxis] * divided)
        self.examples += block.examples

    def streams(self, pairs, rate):
        n = len(pairs)
        starts = [n * i // STREAMS for i in range(STREAMS + 1)]
        rate = min(rate, 1 / np.sqrt(STREAMS * (1 + self.negative)))
        for t in range(max(np.diff(starts))):
            step = [pairs[a + t] for a, b in itertools.pairwise(starts) if a + t < b]
            self.stream_step(np.array([d for d, _ in step]), np.array([w for _, w in step]), rate)

    def stream_step(self, documents, words, rate):
        drawn = self.choose_targets_of_streams()
        negatives = np.array(list(dict.fromkeys(drawn)))
        weights = np.array([[-drawn.count(n) * float(n != w) for n in negatives] for w in words])
        hidden, before = self.input[documents], self.output[negatives].copy()
        scores = hidden @ before.T
        positive = (hidden * self.output[words]).sum(1)
        self.loss += float(
            (np.abs(weights) * np.log1p(np.exp(scores))).sum() + np.log1p(np.exp(-positive)).sum()
        )
        g, g_positive = rate * weights * sigmoid(scores), rate * sigmoid(-positive)
        change = g @ before
        if not self.freeze_targets:
            self.output[negatives] += g.T @ hidden
        for i, word in enumerate(words):
            change[i] += g_positive[i] * self.output[word]
            if not self.freeze_targets:
                self.output[word] += g_positive[i] * hidden[i]
        np.add.at(self.input, documents, self.rates[documents, np.newaxis] * change)
        self.examples += len(documents)

    def choose_targets_of_streams(self):
        return [alias_draw(self.noise, draw(self._noise_key, i)) for i in self.next_draws()]

    def next_draws(self):
        if self.kernel == "dbow":
            spacing = max(1, 256 // max(1, (self.negative - 1) ** 2))
            self._windows += 1
            n = self.negative
            return [
                self._windows - 1 + spacing * k * k if n <= 64 else (self._windows - 1) * n + k
                for k in range(n)
            ]
        return super().next_draws()


class Run:
    """The same start for the C core and for the reference. tags: of each document; None: 0 to 3 drawn ones."""

    def __init__(
        self,
        size=20,
        *,
        kernel,
        hs=False,
        negative=5,
        words=False,
        mean=True,
        pair=False,
        window=3,
        seed=7,
        lengths=LENGTHS,
        n_tags=None,
        n_hot=0,
        rates=False,
        freeze=False,
        sample=True,
    ):
        random = np.random.default_rng(seed)
        counts = np.sort(random.integers(1, 500, N_WORDS))[::-1].astype(np.int64)
        self.size, self.kernel = size, kernel
        concat = 2 if kernel == "dm_concat" else 0
        n_of_each = random.integers(0, 4, len(lengths)) if n_tags is None else np.full(len(lengths), n_tags)
        if concat:
            n_of_each = np.where(n_of_each > 1, concat, n_of_each)
        self.offsets = np.concatenate([[0], np.cumsum(lengths)]).astype(np.int64)
        self.ids = random.choice(N_WORDS, self.offsets[-1], p=counts / counts.sum()).astype(np.int32)
        self.tag_offsets = np.concatenate([[0], np.cumsum(n_of_each)]).astype(np.int64)
        self.tags = random.integers(0, N_DOCUMENTS, self.tag_offsets[-1]).astype(np.int32)
        keep = random.integers(2**30 if sample else 2**32 - 1, 2**32, N_WORDS).astype(np.uint32)
        noise = np.empty((N_WORDS, 2), dtype=np.uint32)
        alias_table(counts**0.75, noise)
        offsets, nodes, codes, longest = huffman_paths(counts)
        target_size = (concat + 2 * window) * size if concat else size
        self.task = task = Task(kernel, max_chunk=max(1, int(self.offsets[-1])), seed=seed)
        self.rows = {"input": self.matrix(random, N_WORDS, size)}
        if negative:
            self.rows["output"] = self.matrix(random, N_WORDS, target_size)
        if hs:
            self.rows["nodes"] = self.matrix(random, N_WORDS - 1, target_size)
        self.rows["documents"] = self.matrix(random, N_DOCUMENTS, size)
        self.sizes = {"input": size, "output": target_size, "nodes": target_size, "documents": size}
        factors = random.choice([0, 0.5, 1, 2], N_WORDS + N_DOCUMENTS).astype(np.float32) if rates else None
        for role, rows in self.rows.items():
            of_rows = None
            if factors is not None and role in ("input", "documents"):
                of_rows = factors[:N_WORDS].copy() if role == "input" else factors[N_WORDS:].copy()
            task.matrix(role, rows, self.sizes[role], row_rate=of_rows)
        task.items(self.ids, self.offsets)
        task.tags(self.tags, self.tag_offsets)
        task.documents(
            train_words=words or kernel.startswith("dm"),
            concat_tags=concat,
            null_word=NULL_WORD if concat else 0,
        )
        task.subsample(keep)
        task.windows(window, shrink=not concat, one_pair_at_a_time=pair)
        if kernel == "dm":
            task.compose(average_hidden=mean, average_grad=not mean)
        if negative:
            task.negative_sampling(noise, negative)
        if hs:
            task.hierarchical_softmax(offsets, nodes, codes, longest)
        if freeze:
            task.freeze_targets()
        for role, rows in self.rows.items():
            ids = random.permutation(len(rows))[:n_hot].astype(np.int32)
            task.private_rows(role, np.full(len(ids), 0.1, np.float32), ids)
        task.workers(1, n_hottest=2, merge_every=7)
        first = {role: rows[:, : self.sizes[role]].astype(np.float64) for role, rows in self.rows.items()}
        self.reference = DocumentReference(
            np.concatenate([first["input"], first["documents"]]), first.get("output"), first.get("nodes"),
            noise=noise, paths=paths_of(offsets, nodes, codes), keep=keep, window=window, negative=negative,
            seed=seed, cbow=kernel.startswith("dm"), shrink_windows=not concat, cbow_mean=mean, pair=pair,
            kernel=kernel, words=words, concat_tags=concat, freeze_targets=freeze,
            rates=np.ones(N_WORDS + N_DOCUMENTS) if factors is None else factors.astype(float),
        )  # fmt: skip

    @staticmethod
    def matrix(random, n, size):
        return matrices.padded(random.normal(0, 0.4, (n, size)).astype(np.float32))

    def units(self):
        words = [self.ids[a:b] for a, b in itertools.pairwise(self.offsets)]
        tags = [self.tags[a:b].tolist() for a, b in itertools.pairwise(self.tag_offsets)]
        return list(zip(words, tags, strict=True))

    def train(self, rate=0.05):
        losses, worker = np.zeros(1), Worker(self.task)
        worker.merge()
        chunks = np.array([[0, len(self.offsets) - 1]])
        examples = worker.train(2, 5, chunks, np.array([rate], np.float32), losses)
        worker.merge()
        return losses[0], examples

    def check(self, loss, examples, rate=0.05, tolerance=3e-5):
        reference = self.reference
        reference.train_units(self.units(), 2, 5, float(np.float32(rate)))
        assert examples == reference.examples
        assert loss == pytest.approx(reference.loss, rel=1e-5)
        expected = {
            "input": reference.input[:N_WORDS],
            "documents": reference.input[N_WORDS:],
            "output": reference.output,
            "nodes": reference.nodes,
        }
        for role, rows in self.rows.items():
            np.testing.assert_allclose(
                rows[:, : self.sizes[role]], expected[role], atol=tolerance, err_msg=role
            )
            assert not rows[:, self.sizes[role] :].any(), "padding must stay zero"


@pytest.fixture(params=isas())
def isa(request, monkeypatch):
    monkeypatch.setenv("WILDVEC_ISA", request.param)
    assert isa_in_use() == request.param
    return request.param


@pytest.mark.parametrize("rates", [False, True])
@pytest.mark.parametrize("model", MODELS)
def test_every_objective_matches_numpy_on_every_isa(isa, model, rates):
    run = Run(**MODELS[model], rates=rates)
    loss, examples = run.train()
    assert examples
    run.check(loss, examples)


@pytest.mark.parametrize("size", [*range(1, 68, 3), 100])
@pytest.mark.parametrize("model", ["dbow", "dbow words", "dm", "dm concat"])
def test_sizes_match_numpy_on_every_isa(isa, model, size):
    run = Run(size, lengths=(25, 3, 8), **MODELS[model], n_tags=2)
    run.check(*run.train())


@pytest.mark.parametrize("model", MODELS)
def test_frozen_targets_and_private_rows_match_numpy(isa, model):
    frozen = Run(**MODELS[model], freeze=True)
    frozen.check(*frozen.train())
    private = Run(**MODELS[model], n_hot=6)
    private.check(*private.train())


@settings(max_examples=60, deadline=None)
@given(
    model=st.sampled_from(sorted(MODELS)),
    lengths=st.lists(st.integers(0, 12), min_size=1, max_size=8),
    negative=st.sampled_from([1, 5, 20, 70]),
    seed=st.integers(0, 2**32),
    window=st.integers(1, 7),
)
def test_any_documents_match_numpy(model, lengths, negative, seed, window):
    options = {"negative": negative} | MODELS[model]
    run = Run(9, lengths=lengths, seed=seed, window=window, **options)
    run.check(*run.train())


@pytest.mark.parametrize("model", MODELS)
def test_at_rate_0_no_row_changes(isa, model):
    run = Run(**MODELS[model])
    before = {role: rows.copy() for role, rows in run.rows.items()}
    loss, examples = run.train(0)
    assert examples and loss > 0
    for role, rows in run.rows.items():
        np.testing.assert_array_equal(rows, before[role])


@pytest.mark.parametrize("model", MODELS)
def test_a_round_of_one_worker_is_plain_training(model):
    run, plain = Run(**MODELS[model]), Run(**MODELS[model])
    n = int(run.offsets[-1])
    run.task.rounds(n, {role: len(rows) for role, rows in run.rows.items()})
    worker = Worker(run.task)
    worker.train(2, 5, np.array([[0, len(LENGTHS)]]), np.array([0.05], np.float32), np.zeros(1))
    merge_round([worker], 0, 1, 0.05)
    plain.train()
    for role in run.rows:
        np.testing.assert_allclose(run.rows[role], plain.rows[role], atol=1e-6)


@pytest.mark.parametrize(
    ("model", "options", "role", "least"),
    [
        ("dbow", {"n_tags": 3}, "output", 32),
        ("dbow pair", {"n_tags": 1, "window": 1}, "output", 32),
        ("dm pair", {"n_tags": 3}, "output", 12),
        ("dm concat", {}, "input", 3),
    ],
)
def test_a_round_has_space_for_every_row_that_two_tokens_can_use(model, options, role, least):
    run = Run(**MODELS[model], **options)
    rows = {name: len(rows) for name, rows in run.rows.items()}
    run.task.rounds(2, {**rows, role: least - 1})
    with pytest.raises(ValueError, match=f"the {role} matrix: a worker can touch {least} rows"):
        Worker(run.task)


# -- vectors of new documents -------------------------------------------------------------------------------------


def objective(**settings):
    vocab = Vocab([f"w{i}" for i in range(N_WORDS)] + ["\0"], np.arange(2 * N_WORDS + 1, N_WORDS, -1))
    defaults = {
        "vector_size": 20, "sg": 0, "hs": 0, "negative": 5, "window": 3, "sample": 0.01, "ns_exponent": 0.75,
        "cbow_mean": 1, "shrink_windows": True, "update": "block", "dm": 0, "dm_mean": None, "dm_concat": 0,
        "dm_tag_count": 1, "dbow_words": 0, "n_documents": 0,
    }  # fmt: skip
    return DocumentObjective(vocab, **{**defaults, **settings})


OBJECTIVES = {
    "dbow": {},
    "dbow words": {"dbow_words": 1},
    "dbow hs": {"hs": 1, "negative": 0},
    "dm": {"dm": 1},
    "dm sum": {"dm": 1, "dm_mean": 0},
    "dm hs": {"dm": 1, "hs": 1},
    "dm concat": {"dm": 1, "dm_concat": 1, "dm_tag_count": 2},
}


def trained(of, seed=1):
    random = np.random.default_rng(seed)
    return {
        spec.name: matrices.padded(random.normal(0, 0.4, (spec.rows, spec.size)))
        for spec in of.shapes(len(of.vocab))
    }


def ragged(documents):
    offsets = np.concatenate([[0], np.cumsum([len(d) for d in documents])]).astype(np.int64)
    return Ragged(np.concatenate([np.empty(0, np.int32), *documents]).astype(np.int32), offsets)


def some_documents(n=40, seed=3):
    random = np.random.default_rng(seed)
    return [random.integers(0, N_WORDS, random.integers(0, 60)) for _ in range(n)]


@pytest.mark.parametrize("kind", OBJECTIVES)
def test_a_vector_does_not_depend_on_other_documents_or_workers(isa, kind):
    of = objective(**OBJECTIVES[kind])
    rows, documents = trained(of), some_documents()
    vectors = infer(of, rows, ragged(documents), 3, 0.05, 0.001, workers=1)
    assert vectors.shape == (len(documents), 20) and np.isfinite(vectors).all()
    np.testing.assert_array_equal(infer(of, rows, ragged(documents), 3, 0.05, 0.001, workers=3), vectors)
    for chosen in ([7], [5, 3], [*range(39, -1, -1), 2]):
        alone = infer(of, rows, ragged([documents[i] for i in chosen]), 3, 0.05, 0.001, workers=2)
        np.testing.assert_array_equal(alone, vectors[chosen])


@pytest.mark.parametrize("kind", OBJECTIVES)
def test_inference_changes_no_row_of_the_model_and_depends_on_the_seed(kind):
    of = objective(**OBJECTIVES[kind])
    rows, documents = trained(of), ragged(some_documents(5))
    before = {name: matrix.copy() for name, matrix in rows.items()}
    vectors = infer(of, rows, documents, 2, 0.05, 0.001, seed=1)
    for name, matrix in rows.items():
        np.testing.assert_array_equal(matrix, before[name])
    assert (infer(of, rows, documents, 2, 0.05, 0.001, seed=2) != vectors).any(1).all()


def test_documents_without_words_and_no_documents():
    of = objective()
    rows = trained(of)
    vectors = infer(of, rows, ragged([[], [1, 2], []]), 2, 0.05, 0.001)
    np.testing.assert_array_equal(vectors[0], vectors[2])
    assert np.abs(vectors[0]).max() <= 1 / 20
    assert infer(of, rows, ragged([]), 2, 0.05, 0.001).shape == (0, 20)


def test_bad_arguments():
    of = objective()
    with pytest.raises(ValueError, match="epochs=0"):
        infer(of, trained(of), ragged([[1]]), 0, 0.05, 0.001)
    with pytest.raises(ValueError, match="the id 99"):
        infer(of, trained(of), ragged([[99]]), 1, 0.05, 0.001)
