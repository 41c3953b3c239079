"""The memory that is told before is the memory that is taken."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest

from wildvec import Word2Vec
from wildvec.text import id_buffer

TOKENS, WORDS, SENTENCES = 3_000_000, 30_000, 150_000

CHILD = """
import json, sys
from wildvec import Word2Vec
settings, text, folder = json.loads(sys.argv[1]), *sys.argv[2:]
print(flush=True)
sys.stdin.readline()
if folder:
    model = Word2Vec.resume(folder, corpus_file=text, checkpoint_minutes=None)
else:
    model = Word2Vec(corpus_file=text, min_count=1, epochs=1, window=1, **settings)
print(len(model.vocab), model.corpus_count, flush=True)
"""


@pytest.fixture(scope="module")
def text(tmp_path_factory) -> Path:
    """Each word once, the rest by Zipf's law, in random order."""
    random = np.random.default_rng(1)
    ranks = np.arange(WORDS)
    weights = 1 / (ranks + 1)
    drawn = random.choice(WORDS, TOKENS - WORDS, p=weights / weights.sum())
    words = [f"word{i}" for i in range(WORDS)]
    ids = random.permutation(np.concatenate([ranks, drawn])).reshape(SENTENCES, -1).tolist()
    path = tmp_path_factory.mktemp("memory") / "text.txt"
    path.write_text("\n".join(" ".join([words[i] for i in line]) for line in ids))
    return path


def anonymous(process: subprocess.Popen) -> int:
    """Bytes of RssAnon; 0 once the process has ended."""
    for line in Path(f"/proc/{process.pid}/status").read_text().splitlines():
        if line.startswith("RssAnon:"):
            return int(line.split()[1]) * 1024
    return 0


def measure(settings, text, folder="") -> tuple[int, list[int]]:
    """(what a training of its own process took at its peak beyond the imports, [words, sentences]).

    folder: where a training to be gone on with has its checkpoints.
    """
    command = [sys.executable, "-c", CHILD, json.dumps(settings), str(text), str(folder)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as child:
        assert child.stdin is not None and child.stdout is not None
        child.stdout.readline()
        base = peak = anonymous(child)
        child.stdin.write("\n")
        child.stdin.flush()
        while child.poll() is None:
            peak = max(peak, anonymous(child))
            time.sleep(0.002)
        return peak - base, [int(number) for number in child.stdout.read().split()]


@pytest.mark.parametrize(
    "settings",
    [
        {"vector_size": 100, "workers": 2, "sg": 1, "sample": 0, "negative": 1},
        {"vector_size": 300, "workers": 1, "negative": 1},
        {"vector_size": 200, "workers": 2, "hs": 1, "negative": 1},
        {"vector_size": 200, "workers": 8, "held_out": 0.001, "patience": 1, "negative": 1},
        {"vector_size": 200, "workers": 3, "sg": 1, "sample": 0, "deterministic": True},
        {"vector_size": 200, "workers": 3, "sg": 1, "negative": 20, "deterministic": True},
        {"vector_size": 200, "workers": 3, "negative": 20, "held_out": 0.1, "deterministic": True},
        {"vector_size": 200, "workers": 3, "negative": 65, "deterministic": True},
    ],
    ids=[
        "skip-gram",
        "one worker",
        "hierarchical softmax",
        "patience",
        "rounds",
        "many negatives",
        "cut rounds",
        "new negatives",
    ],
)
def test_the_estimate_is_within_a_tenth_of_the_peak(settings, text):
    if not Path("/proc/self/status").exists():
        return  # only Linux tells a process's own memory from that of libraries
    peak, (words, sentences) = measure(settings, text)
    assert (words, sentences) == (WORDS, SENTENCES)
    told = Word2Vec(min_count=1, **settings).estimate_memory(WORDS, tokens=TOKENS, sentences=SENTENCES)
    assert told["total"] == pytest.approx(peak, rel=0.1)


def test_a_training_that_goes_on_takes_no_more_than_one_that_begins(text, tmp_path):
    if not Path("/proc/self/status").exists():
        return

    class Stops:
        def on_epoch_end(self, model):
            raise KeyboardInterrupt

    settings = {"vector_size": 300, "min_count": 1, "workers": 2, "window": 1, "negative": 1, "epochs": 2}
    settings |= {"held_out": 0.001, "patience": 1}
    with pytest.raises(KeyboardInterrupt):
        Word2Vec(corpus_file=text, checkpoint=tmp_path, callbacks=[Stops()], **settings)
    peak, sizes = measure({}, text, tmp_path)
    told = Word2Vec(**settings).estimate_memory(WORDS, tokens=TOKENS, sentences=SENTENCES)
    assert sizes == [WORDS, SENTENCES] and told["total"] == pytest.approx(peak, rel=0.1)


def test_parts_and_what_they_depend_on():
    model = Word2Vec(vector_size=100, workers=1, negative=5, hs=1)
    parts = model.estimate_memory(10_000, tokens=1_000_000)
    assert parts["vectors"] == parts["output_rows"] == 10_000 * 112 * 4
    assert parts["node_rows"] == 9_999 * 112 * 4 and parts["best_epoch"] == 0
    assert parts["corpus"] > 4_000_000 and parts["total"] > 3 * parts["node_rows"]
    patient = Word2Vec(vector_size=100, workers=1, hs=1, held_out=0.1, patience=1)
    matrices = parts["vectors"] + parts["output_rows"] + parts["node_rows"]
    assert patient.estimate_memory(10_000, tokens=1_000_000)["best_epoch"] == matrices
    many = Word2Vec(vector_size=100, workers=8, negative=5, hs=1)
    assert many.estimate_memory(10_000, tokens=1_000_000)["workers"] > parts["workers"]
    in_rounds = Word2Vec(vector_size=100, workers=8, negative=5, hs=1, deterministic=True)
    copied = in_rounds.estimate_memory(10_000, tokens=1_000_000)["workers"]
    one_of_each = 3 * 10_000 * 4
    assert copied > many.estimate_memory(10_000, tokens=1_000_000)["workers"] > 8 * one_of_each
    few = model.estimate_memory(10_000, tokens=1_000_000, distinct=10_000)
    assert few["reading"] < parts["reading"] and few["vectors"] == parts["vectors"]


def test_what_lies_in_a_file_is_not_counted(tmp_path, monkeypatch):
    n = 1_000_000
    in_memory = Word2Vec(workers=1).estimate_memory(1000, tokens=n)
    in_file = Word2Vec(workers=1, cache_dir=tmp_path).estimate_memory(1000, tokens=n)
    assert in_memory["corpus"] - in_file["corpus"] == 4 * n
    monkeypatch.setattr("wildvec.models.memory.max_bytes_in_memory", lambda: 2 * n)
    half = Word2Vec(workers=1).estimate_memory(1000, tokens=n)
    assert half["corpus"] == in_file["corpus"]
    assert in_file["reading"] + n < half["reading"] < in_memory["reading"]


def test_a_vocabulary_that_is_known(tmp_path):
    model = Word2Vec(vector_size=10, min_count=1, workers=1)
    with pytest.raises(ValueError, match="no vocabulary yet; call build_vocab first, or give vocab_size"):
        model.estimate_memory()
    with pytest.raises(ValueError, match="tokens=-1"):
        model.estimate_memory(5, tokens=-1)
    model.build_vocab([["a", "b"], ["a"]] * 10)
    report = {"mine": 1}
    parts = model.estimate_memory(report=report)
    assert parts["vectors"] == 2 * 16 * 4
    assert report == {"mine": 1, **parts}


def test_ids_stay_in_memory_up_to_a_bound(monkeypatch):
    disk = id_buffer.shutil.disk_usage(".")
    for memory, free, room in (
        (2**40, 2**41, id_buffer.IN_MEMORY),  # plenty of both
        (1000, 2**41, 500),  # half of the memory
        (2**40, 2**20, 2**39),  # no disk to move to
        (float("inf"), 0, id_buffer.IN_MEMORY),  # a system that does not tell
    ):
        monkeypatch.setattr(id_buffer, "available_memory", lambda memory=memory: memory)
        monkeypatch.setattr(id_buffer.shutil, "disk_usage", lambda _, free=free: disk._replace(free=free))
        assert id_buffer.max_bytes_in_memory() == room
