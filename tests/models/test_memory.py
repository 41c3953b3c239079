"""The estimate of memory is an upper bound of the measured peak, and not far above it."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from wildvec import Cooccurrence, GloVe, Word2Vec
from wildvec.models.glove_memory import estimate_cells
from wildvec.models.word2vec import PER_THREAD
from wildvec.text import id_buffer
from wildvec.text.corpus import Corpus
from wildvec.training.plan import Plan

TOKENS, WORDS, SENTENCES = 3_000_000, 30_000, 150_000

CHILD = """
import json, sys
import wildvec
settings, text, folder = json.loads(sys.argv[1]), *sys.argv[2:]
Model = getattr(wildvec, settings.pop("model", "Word2Vec"))
print(flush=True)
sys.stdin.readline()
if folder:
    model = Model.resume(folder, corpus_file=text, checkpoint_minutes=None)
else:
    model = Model(corpus_file=text, **{"epochs": 1, "window": 1} | settings)
print(len(model.vocab), model.corpus_count, flush=True)
"""


needs_proc = pytest.mark.skipif(
    not Path("/proc/self/status").exists(),
    reason="only Linux separates the memory of a process from that of libraries",
)


@pytest.fixture(scope="module")
def text(tmp_path_factory) -> Path:
    """A text in which each word occurs once or more, otherwise by Zipf's law, in random order."""
    random = np.random.default_rng(1)
    ranks = np.arange(WORDS)
    weights = 1 / (ranks + 1)
    drawn = random.choice(WORDS, TOKENS - WORDS, p=weights / weights.sum())
    words = [f"word{i}" for i in range(WORDS)]
    ids = random.permutation(np.concatenate([ranks, drawn])).reshape(SENTENCES, -1).tolist()
    path = tmp_path_factory.mktemp("memory") / "text.txt"
    path.write_text("\n".join(" ".join([words[i] for i in line]) for line in ids))
    return path


def own_memory(process: subprocess.Popen) -> int:
    """Return the bytes of RssAnon; 0 if the process has ended."""
    for line in Path(f"/proc/{process.pid}/status").read_text().splitlines():
        if line.startswith("RssAnon:"):
            return int(line.split()[1]) * 1024
    return 0


def measure(settings, text, folder="") -> tuple[int, list[int]]:
    """Return the peak memory of a training in another process beyond its imports, and [words, sentences].

    folder: Checkpoints of a training to resume.
    """
    command = [sys.executable, "-c", CHILD, json.dumps(settings), str(text), str(folder)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as child:
        assert child.stdin is not None and child.stdout is not None
        child.stdout.readline()
        base = peak = own_memory(child)
        child.stdin.write("\n")
        child.stdin.flush()
        while child.poll() is None:
            peak = max(peak, own_memory(child))
            time.sleep(0.002)
        return peak - base, [int(number) for number in child.stdout.read().split()]


@needs_proc
@pytest.mark.parametrize(
    ("settings", "least"),
    [
        ({"vector_size": 100, "workers": 2, "sg": 1, "sample": 0, "negative": 1}, 0.7),
        ({"vector_size": 300, "workers": 1, "negative": 1}, 0.75),
        ({"vector_size": 200, "workers": 2, "hs": 1, "negative": 1}, 0.75),
        (
            {"vector_size": 200, "workers": 8, "held_out": 0.001, "patience": 1, "negative": 1, "epochs": 2},
            0.75,
        ),
        ({"vector_size": 100, "workers": 2, "negative": 1, "min_count": 20}, 0.28),
        ({"vector_size": 100, "workers": 3, "negative": 5, "deterministic": True}, 0.38),
    ],
    ids=["skip-gram", "one worker", "hierarchical softmax", "patience", "rare words", "deterministic"],
)
def test_the_peak_is_below_the_bound_and_near_it(settings, least, text):
    settings = {"min_count": 1} | settings
    peak, (words, sentences) = measure(settings, text)
    assert sentences == SENTENCES and (words == WORDS or settings["min_count"] > 1)
    bound = Word2Vec(**settings).estimate_memory(words, tokens=TOKENS, sentences=SENTENCES)
    assert least * bound["total"] < peak < bound["total"]


@needs_proc
def test_the_peak_of_glove_is_below_the_bound_and_near_it(text):
    settings = {"min_count": 1, "workers": 2, "window": 2, "vector_size": 100}
    peak, (words, sentences) = measure({"model": "GloVe", **settings}, text)
    bound = GloVe(**settings).estimate_memory(words, tokens=TOKENS, sentences=sentences)
    assert 0.5 * bound["total"] < peak < bound["total"]


@pytest.mark.parametrize("window", [1, 5, 20])
@pytest.mark.parametrize("symmetric", [True, False])
def test_the_estimated_number_of_pairs_is_near_that_of_text_in_random_order(window, symmetric):
    random = np.random.default_rng(window)
    ids = random.zipf(1.3, 60_000) % 3_000
    sentences = [list(map(str, line)) for line in ids.reshape(-1, 600).tolist()]
    options = {"window": window, "symmetric": symmetric, "min_count": 2}
    model = GloVe(**options)
    model.build_vocab(sentences)
    estimate = model.estimate_memory()
    pairs = Cooccurrence(sentences, **options)
    steps, n_words = 1 + symmetric, len(pairs)
    cells = estimate_cells(model.vocab.counts, steps * window)
    assert len(pairs.columns) <= cells <= min(1.25 * len(pairs.columns), n_words**2)
    model.build_vocab(pairs)
    assert model.estimate_memory()["workers"] <= estimate["workers"], "the number is exact"


def test_the_number_of_pairs_is_exact_after_training():
    text = [["a", "b"]] * 10 + [["c", "d"]] * 10
    model = GloVe(min_count=1, workers=1)
    model.build_vocab(text)
    before = model.estimate_memory()["workers"]
    model.train(text, epochs=1)
    assert model._n_cells == 4 and model.estimate_memory()["workers"] < before
    assert model.estimate_memory(tokens=80)["workers"] > before, "of another corpus"
    assert estimate_cells(np.zeros(3), 10) == 0


@needs_proc
def test_a_resumed_training_needs_no_more_than_the_bound(text, tmp_path):
    class Stops:
        def on_epoch_end(self, model):
            raise KeyboardInterrupt

    settings = {"vector_size": 300, "min_count": 1, "workers": 2, "window": 1, "negative": 1, "epochs": 2}
    settings |= {"held_out": 0.001, "patience": 1}
    with pytest.raises(KeyboardInterrupt):
        Word2Vec(corpus_file=text, checkpoint=tmp_path, callbacks=[Stops()], **settings)
    peak, sizes = measure({}, text, tmp_path)
    bound = Word2Vec(**settings).estimate_memory(WORDS, tokens=TOKENS, sentences=SENTENCES)
    assert sizes == [WORDS, SENTENCES] and peak < bound["total"]


def test_the_parts_follow_from_settings_and_sizes():
    model = Word2Vec(vector_size=100, workers=1, negative=5, hs=1)
    parts = model.estimate_memory(10_000, tokens=1_000_000)
    assert parts["vectors"] == parts["output_rows"] == 10_000 * 112 * 4
    assert parts["node_rows"] == 9_999 * 112 * 4 and parts["best_epoch"] == 0
    assert parts["corpus"] > 4_000_000 and parts["total"] > 3 * parts["node_rows"]
    patient = Word2Vec(vector_size=100, workers=1, hs=1, held_out=0.1, patience=1)
    matrices = parts["vectors"] + parts["output_rows"] + parts["node_rows"]
    assert patient.estimate_memory(10_000, tokens=1_000_000)["best_epoch"] == matrices
    several = Word2Vec(vector_size=100, workers=8, negative=5, hs=1)
    copies = Word2Vec(vector_size=100, workers=8, negative=5, hs=1, deterministic=True)
    workers = [each.estimate_memory(10_000, tokens=1_000_000)["workers"] for each in (model, several, copies)]
    assert workers[0] < workers[1] < workers[2]
    larger = model.estimate_memory(10_000, tokens=2_000_000)
    assert larger["corpus"] > parts["corpus"] and larger["vectors"] == parts["vectors"]


@pytest.fixture(scope="module")
def corpus():
    """A corpus of 40,000 words by Zipf's law in sentences of 20."""
    n_words, n_tokens = 40_000, 200_000
    weights = 1 / np.arange(1, n_words + 1)
    drawn = np.random.default_rng(1).choice(n_words, n_tokens - n_words, p=weights / weights.sum())
    return Corpus.from_ids(np.concatenate([np.arange(n_words), drawn]), np.arange(0, n_tokens + 1, 20))


@pytest.mark.parametrize("workers", [1, 2, 8])
@pytest.mark.parametrize(
    "settings",
    [
        *({"sg": sg, "negative": n} for sg in (0, 1) for n in (1, 5, 64, 1_000)),
        {"sg": 1, "negative": 40},
        {"sg": 1, "negative": 0, "hs": 1},
        {"sg": 0, "negative": 5, "hs": 1},
        {"sg": 1, "negative": 5, "update": "pair"},
        {"sg": 1, "negative": 1_000, "update": "pair"},
        {"sg": 0, "negative": 5, "update": "pair"},
        {"sg": 0, "negative": 5, "window": 1_000},
        {"sg": 1, "negative": 5, "window": 1, "vector_size": 300},
    ],
    ids=str,
)
def test_the_bound_of_workers_is_near_the_bytes_that_they_allocate(settings, workers, corpus):
    common = {"vector_size": 8, "min_count": 1, "sample": 0, "max_sentence_length": 20, "workers": workers}
    for deterministic in (False, True):
        model = Word2Vec(**common | settings, deterministic=deterministic)
        model._set_corpus(corpus)
        objective = model._objective()
        plan = Plan.make(corpus, objective.matrices(corpus), workers=workers, deterministic=deterministic)
        task = plan.make_task(objective, corpus, model._matrices, {}, model.seed)
        real = plan.workers * task.worker_bytes()
        bound = model.estimate_memory()["workers"]
        assert plan.workers == workers and bound >= real + workers * PER_THREAD
        if not deterministic:  # the rows that a round copies depend on the frequencies
            assert bound <= 2 * real + workers * PER_THREAD


def test_a_short_text_has_fewer_workers_with_more_private_rows(corpus):
    short = corpus.offsets[1_100]
    corpus = Corpus.from_ids(corpus.ids[:short] % 2_500, corpus.offsets[:1_101])
    model = Word2Vec(vector_size=8, min_count=1, workers=8, sg=1, sample=0, max_sentence_length=20)
    model._set_corpus(corpus)
    objective = model._objective()
    plan = Plan.make(corpus, objective.matrices(corpus), workers=8)
    task = plan.make_task(objective, corpus, model._matrices, {}, model.seed)
    assert plan.workers == 3
    assert model.estimate_memory()["workers"] >= plan.workers * task.worker_bytes()


def test_sums_of_squared_gradients_are_counted(monkeypatch):
    model = Word2Vec(vector_size=100, workers=1)
    plain = model.estimate_memory(10_000, tokens=1_000_000)
    specs = Word2Vec._matrix_specs
    monkeypatch.setattr(
        Word2Vec, "_matrix_specs", lambda self, n: tuple(replace(s, adagrad=1.0) for s in specs(self, n))
    )
    assert model.estimate_memory(10_000, tokens=1_000_000)["vectors"] == 2 * plain["vectors"]


def test_the_sizes_of_a_known_vocabulary_are_the_defaults():
    model = Word2Vec(vector_size=10, min_count=1, workers=1)
    with pytest.raises(ValueError, match="no vocabulary yet; call build_vocab first, or give vocab_size"):
        model.estimate_memory()
    with pytest.raises(ValueError, match="tokens=-1"):
        model.estimate_memory(5, tokens=-1)
    with pytest.raises(TypeError, match="vocab_size='5'"):
        model.estimate_memory("5")
    model.build_vocab([["a", "b"], ["a"]] * 10)
    report = {"mine": 1}
    parts = model.estimate_memory(report=report)
    assert parts["vectors"] == 2 * 16 * 4
    assert report == {"mine": 1, **parts}


def test_ids_stay_in_memory_up_to_a_bound(monkeypatch):
    disk = id_buffer.shutil.disk_usage(".")
    for memory, free, room in (
        (2**40, 2**41, id_buffer.IN_MEMORY),  # enough of both
        (1000, 2**41, 500),  # half of the memory
        (2**40, 2**20, 2**39),  # no space on the disk
        (float("inf"), 0, id_buffer.IN_MEMORY),  # a system without these figures
    ):
        monkeypatch.setattr(id_buffer, "available_memory", lambda memory=memory: memory)
        monkeypatch.setattr(id_buffer.shutil, "disk_usage", lambda _, free=free: disk._replace(free=free))
        assert id_buffer.max_bytes_in_memory() == room
