"""Word2Vec: quality on the toy corpus, shared rows of several workers, Ctrl-C, files, wrong arguments."""

from __future__ import annotations

import hashlib
import itertools
import os
import pickle
import re
import signal
import subprocess
import sys
import threading
import time

import numpy as np
import pytest

from wildvec import Word2Vec
from wildvec._train import Worker, isas
from wildvec.demo import toy
from wildvec.training import matrices
from wildvec.training.hot_rows import merge_interval

SMALL = {"vector_size": 24, "min_count": 1, "epochs": 2, "workers": 1, "sg": 1}


@pytest.fixture(scope="module")
def world():
    return list(toy.sentences(200_000, seed=3))


@pytest.fixture(scope="module")
def small():
    return list(toy.sentences(20_000, seed=4))


def accuracy(model):
    return model.wv.evaluate_word_analogies(toy.ANALOGIES)[0]


def bits(model):
    return hashlib.sha256(model.wv.vectors.tobytes()).hexdigest()


@pytest.mark.parametrize(
    "options",
    [
        {"sg": 1},
        {"sg": 1, "hs": 1, "negative": 0},
        {"sg": 1, "hs": 1},
        {"sg": 1, "update": "pair"},
        {"sg": 0, "alpha": 0.05},
        {"sg": 0, "alpha": 0.05, "cbow_mean": 0},
        {"sg": 0, "alpha": 0.05, "hs": 1, "negative": 0},
        {"sg": 0, "alpha": 0.05, "update": "pair"},
    ],
    ids=str,
)
def test_the_toy_corpus_is_learned(world, options):
    model = Word2Vec(world, vector_size=48, epochs=8, workers=2, sample=0, **options)
    assert accuracy(model) > 0.85
    assert model.epoch_losses[-1] < model.epoch_losses[0]
    king = model.wv.most_similar(positive=["king", "woman"], negative=["man"], topn=3)
    assert "queen" in [word for word, _ in king]


@pytest.mark.parametrize("workers", [8, 32])
def test_many_workers_on_few_cores_keep_the_quality(world, workers):
    model = Word2Vec(world, vector_size=48, epochs=8, workers=workers, sample=0, sg=1)
    assert accuracy(model) > 0.85


@pytest.fixture
def only_private_rows(monkeypatch):
    """Return walks over few nodes: all rows are private copies, merged only at the begin and the end of a pass."""
    monkeypatch.setattr("wildvec.training.plan.CHUNK_ITEMS", 1_000)
    for interval in ("MERGE_EXAMPLES", "TYPICAL_USES"):
        monkeypatch.setattr(f"wildvec.training.hot_rows.{interval}", 10**9)
    return np.random.default_rng(1).integers(0, 50, (2_000, 20)).tolist()


def test_changes_of_private_rows_reach_the_matrix(only_private_rows):
    model = Word2Vec(**{**SMALL, "workers": 2, "epochs": 1})
    model.build_vocab(only_private_rows)
    start = model.wv.vectors.copy()
    model.train(only_private_rows)
    assert (model.wv.vectors != start).any(axis=1).all()


def test_workers_merge_before_and_after_each_pass(only_private_rows, monkeypatch):
    class Logging(Worker):
        def train(self, *work_unit):
            calls.append((id(self), "train"))
            return super().train(*work_unit)

        def merge(self):
            calls.append((id(self), "merge"))
            super().merge()

    calls = []
    monkeypatch.setattr("wildvec.training.loop.Worker", Logging)
    Word2Vec(only_private_rows, **{**SMALL, "workers": 2, "epochs": 3})
    for worker in {worker for worker, _ in calls}:
        steps = "".join(step[0] for of, step in calls if of == worker)
        assert re.fullmatch("(mt*m){3}", steps), steps


def test_uses_of_private_rows_are_counted_per_centre():
    counts = np.array([5, 4, 2, 1])
    weights = counts**0.75
    noise = weights / weights.sum()
    words = counts / 12
    nodes = [1, 7 / 12, 3 / 12]  # node 0: the root; 1: all words but the first; 2: the last two
    for settings, expected in (
        ({}, {"vectors": words, "output_rows": words + 2 * noise}),  # two centres share their negatives
        ({"sg": 1}, {"vectors": words, "output_rows": words + 3 * noise}),  # two centres have 6 for 4 each
        ({"update": "pair"}, {"vectors": words, "output_rows": words + 4 * noise}),
        ({"hs": 1}, {"vectors": words, "output_rows": words + 4 * noise, "node_rows": nodes}),
        ({"hs": 1, "negative": 0}, {"vectors": words, "node_rows": nodes}),
    ):
        model = Word2Vec(**{"sample": 0, "negative": 4, "min_count": 1} | settings)
        model.build_vocab_from_freq(dict(enumerate(counts.tolist())))
        specs = model._objective().matrices(None)
        assert [spec.name for spec in specs] == list(expected)
        for spec in specs:
            np.testing.assert_allclose(spec.uses, expected[spec.name], rtol=1e-6)


def test_the_fewer_words_the_more_often_rows_are_merged():
    zipf = 1 / np.arange(1, 100_001)
    fractions = np.random.default_rng(1).permutation(zipf / zipf.sum())
    assert [merge_interval(workers, fractions) for workers in (2, 3, 10_000)] == [2_500, 1_666, 1]
    few = {1: 2, 4: 10, 100: 250, 500: 1_250, 1_000: 2_500}
    assert {n: merge_interval(2, np.full(n, 1 / n)) for n in few} == few


@pytest.mark.parametrize(("nodes", "most"), [(100, 1.15), (500, 1.15), (1000, 1.25)])
def test_workers_keep_the_quality_where_all_words_are_about_as_frequent(nodes, most):
    steps = np.random.default_rng(1).integers(-3, 4, 200_000)
    walks = (np.cumsum(steps) % nodes).reshape(-1, 20).tolist()  # on a ring
    options = {"vector_size": 32, "window": 10, "negative": 20, "alpha": 0.05, "sample": 0, "epochs": 2}
    one, *several = (
        Word2Vec(walks, sg=1, held_out=0.02, workers=n, **options).held_out_losses[-1] for n in (1, 2, 3, 4)
    )
    assert all(
        loss < most * one for loss in several
    )  # measured: 1.00 to 1.07 on average; at most 1.04, 1.08, 1.15


def take_turns(engine, workers, units, epoch, rates, show):
    """Train the chunks one by one with alternating workers: what many cores do, on any number of cores."""
    for worker in workers:
        worker.merge()
    turns = itertools.cycle(workers)
    while (chunk := units.next) < len(units.chunks):
        units.next = end = chunk + 1
        arrays = units.chunks[chunk:end], rates(chunk, end), units.losses[chunk:end]
        units.done(chunk, end, next(turns).train(epoch, chunk, *arrays), 1)
    for worker in workers:
        worker.merge()


def walks_on_a_ring():
    steps = np.random.default_rng(1).integers(-3, 4, 100_000)
    return (np.cumsum(steps) % 1_000).reshape(-1, 20).tolist()


def words_by_zipf():
    random = np.random.default_rng(1)
    weights = 1 / np.arange(1, 20_001)
    words = random.choice(20_000, 100_000, p=weights / weights.sum())
    topics = random.integers(0, 50, 5_000).repeat(20)
    return np.where(random.random(100_000) < 0.5, words // 50 * 50 + topics, words).reshape(-1, 20).tolist()


@pytest.mark.parametrize(
    "objective", [{}, {"sg": 0}, {"hs": 1, "negative": 0}, {"hs": 1}, {"update": "pair"}], ids=str
)
@pytest.mark.parametrize("sentences", [walks_on_a_ring, words_by_zipf])
def test_any_number_of_simultaneous_workers_keeps_the_quality(sentences, objective, monkeypatch):
    monkeypatch.setattr("wildvec.training.plan.CHUNK_ITEMS", 200)
    monkeypatch.setattr("wildvec.training.loop._run_pass", take_turns)
    options = {
        "sg": 1,
        "vector_size": 32,
        "alpha": 0.05,
        "sample": 0,
        "epochs": 2,
        "min_count": 1,
    } | objective
    text = sentences()
    one, *several = (
        Word2Vec(text, held_out=0.02, workers=n, **options).held_out_losses[-1] for n in (1, 2, 3, 8, 32)
    )
    assert all(
        loss < 1.1 * one for loss in several
    )  # changes that are not scaled: up to 100 times, or not finite


def test_the_hash_seed_of_python_changes_nothing():
    script = (
        "from wildvec import Word2Vec; from wildvec.demo import toy; import hashlib;"
        "m = Word2Vec(toy.sentences(5000), vector_size=8, workers=1, epochs=1);"
        "print(hashlib.sha256(m.wv.vectors.tobytes()).hexdigest(), m.wv.index_to_key[:9])"
    )
    outputs = {
        subprocess.run(
            [sys.executable, "-c", script],
            env={**os.environ, "PYTHONHASHSEED": seed},
            capture_output=True,
            check=True,
            text=True,
        ).stdout
        for seed in ("0", "1")
    }
    assert len(outputs) == 1


def test_all_isas_give_nearly_the_same_vectors(small, monkeypatch):
    vectors = []
    for isa in isas():
        monkeypatch.setenv("WILDVEC_ISA", isa)
        vectors.append(Word2Vec(small[:300], **{**SMALL, "epochs": 1}).wv.vectors)
    for other in vectors[1:]:
        np.testing.assert_allclose(vectors[0], other, atol=1e-4)


def interrupt_after(seconds):
    timer = threading.Timer(seconds, signal.raise_signal, [signal.SIGINT])
    timer.start()
    return timer


@pytest.mark.parametrize(
    "options",
    [{}, {"update": "pair", "window": 20, "negative": 50}, {"deterministic": True, "workers": 5}],
    ids=str,
)
def test_ctrl_c_stops_soon_and_loses_nothing(world, options):
    # The epochs would take minutes; one chunk with the second settings takes far longer than a work unit should.
    model = Word2Vec(**{**SMALL, "vector_size": 200, "epochs": 1000, "workers": 2, **options})
    model.build_vocab(world)
    start, threads = bits(model), set(threading.enumerate())
    timer = interrupt_after(1.0)
    with pytest.raises(KeyboardInterrupt):
        model.train(world)
    late = time.perf_counter()
    timer.join()
    assert set(threading.enumerate()) <= threads, "no worker outlives training"
    assert time.perf_counter() - late < 1
    assert bits(model) != start and np.isfinite(model.wv.vectors).all()
    model.train(world[:50], epochs=1)


def test_ctrl_c_in_the_constructor_carries_the_model(world):
    timer = interrupt_after(1.0)
    with pytest.raises(KeyboardInterrupt) as interrupt:
        Word2Vec(world, **{**SMALL, "epochs": 1000})
    timer.join()
    assert isinstance(interrupt.value.model, Word2Vec)
    assert "king" in interrupt.value.model.wv


@pytest.mark.skipif(not hasattr(os, "fork"), reason="this system has no fork")
@pytest.mark.filterwarnings("ignore:.*fork.*:DeprecationWarning")
def test_a_fork_after_training_trains_too(small):
    model = Word2Vec(small, **{**SMALL, "workers": 2})
    child = os.fork()
    if child == 0:
        try:
            model.train(small, epochs=1)
        except BaseException:
            os._exit(1)
        os._exit(0)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0


def test_training_continues_with_another_text(small):
    model = Word2Vec(small, **SMALL)
    before = bits(model)
    model.train([["king", "unheard-of", "queen"]] * 100, epochs=3, start_alpha=0.01, end_alpha=0.001)
    assert model.epochs_trained == 5 and len(model.epoch_losses) == 5
    assert bits(model) != before
    assert "unheard-of" not in model.wv


def test_a_vocabulary_from_frequencies(small):
    model = Word2Vec(**{**SMALL, "min_count": 2})
    model.build_vocab_from_freq({"king": 10, "queen": 12, "rare": 1})
    assert model.wv.index_to_key == ["queen", "king"]
    model.train(small, epochs=1)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"2 1\na 1\nb 2\n", "is word2vec text, which holds vectors but no Word2Vec.*KeyedVectors.load"),
        (b"1 1\na \0\0\0\0", "is word2vec binary"),
        (b"a 1 2\nb 3 4\n", "is GloVe text"),
        (pickle.dumps([1]), "is a Python pickle.*save_word2vec_format"),
        (b"some notes\n", "is no file of vectors"),
    ],
)
def test_a_file_of_another_kind_is_named(tmp_path, content, message):
    (tmp_path / "other").write_bytes(content)
    with pytest.raises(ValueError, match=f"other {message}"):
        Word2Vec.load(tmp_path / "other")


def test_vectors_can_be_changed_in_place(small):
    model = Word2Vec(small, **SMALL)
    model.wv.vectors[:] = 0
    model.train(small, epochs=1)
    assert model.wv.vectors.any()
    assert model.wv.vectors.shape == (len(model.wv), 24)


def test_vectors_that_are_not_finite_end_training_with_the_remedy(small):
    model = Word2Vec(**SMALL)
    model.build_vocab(small)
    model.wv.vectors[0, :2] = np.inf, -np.inf
    with pytest.raises(FloatingPointError, match="no longer finite; lower alpha"):
        model.train(small)


def test_integer_tokens_are_keys():
    model = Word2Vec([[1, 2, 3], [2, 3, 4]] * 20, **SMALL)
    assert set(model.wv.index_to_key) == {1, 2, 3, 4} and model.wv[3].shape == (24,)


def test_sentences_of_one_word_train_nothing():
    model = Word2Vec([["alone"]] * 10 + [["two", "words"]], **SMALL)
    assert np.isfinite(model.wv.vectors).all()
    Word2Vec([["same", "same", "same"]] * 10, **SMALL)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"vector_size": 0}, "vector_size=0"),
        ({"window": 0}, "window=0"),
        ({"epochs": 0}, "epochs=0"),
        ({"negative": -1}, "negative=-1"),
        ({"negative": 0}, "hs=0 and negative=0"),
        ({"workers": 0}, "workers=0"),
        ({"update": "bulk"}, "update='bulk'"),
        ({"alpha": float("nan")}, "alpha=nan"),
        ({"sample": -1}, "sample=-1"),
        ({"min_count": 10**9}, "min_count=1000000000"),
        ({"sg": 2}, "sg=2"),
        ({"ns_exponent": float("inf")}, "ns_exponent=inf"),
        ({"window": 2**31}, "window=2147483648: give a whole number from 1 to 10,000"),
        ({"vector_size": 2**40}, "vector_size=1099511627776"),
        ({"negative": 1_000_000}, "negative=1000000: give a whole number from 0 to 10,000"),
    ],
    ids=str,
)
def test_a_setting_out_of_range_is_named(small, options, message):
    with pytest.raises(ValueError, match=message):
        Word2Vec(small, **{**SMALL, **options})


def test_a_training_that_learned_nothing_gives_a_warning(small, caplog):
    Word2Vec([["alone"]] * 10, **SMALL)
    Word2Vec(small, **{**SMALL, "sample": 1e-12})
    assert [r.message.startswith("nothing was learned") for r in caplog.records] == [True, True]
    assert "sample=1e-12 and min_count=1" in caplog.text
    caplog.clear()
    Word2Vec(small, **SMALL)
    assert not caplog.records


@pytest.mark.parametrize("name", ["vector_size", "window", "negative", "epochs", "min_count", "workers"])
def test_a_fraction_is_refused_and_not_rounded(name):
    with pytest.raises(TypeError, match=rf"{name}=16\.9: give a whole number"):
        Word2Vec(**{**SMALL, name: 16.9})


def test_arguments_of_train_are_checked_like_the_settings(small):
    model = Word2Vec(small, **SMALL)
    for name in ("start_alpha", "end_alpha"):
        with pytest.raises(ValueError, match=f"{name}=nan"):
            model.train(small, **{name: float("nan")})


def test_a_matrix_too_large_for_memory_names_its_size_and_the_remedy():
    with pytest.raises(
        MemoryError, match=r"4,000,000,000,000 × 112 float32 .* lower vector_size, or train fewer"
    ):
        matrices.allocate(4 * 10**12, 100)


def test_a_text_model_without_memory_names_the_settings_that_leave_out_words(monkeypatch):
    allocate = matrices.allocate
    monkeypatch.setattr(matrices, "allocate", lambda n, *rest: allocate(n and 10**13, *rest))
    with pytest.raises(
        MemoryError, match="train fewer keys; min_count and max_final_vocab leave out rare words"
    ):
        Word2Vec([["a", "b"]], min_count=1)


def test_strings_and_integers_side_by_side_survive_saving(tmp_path):
    Word2Vec([["a", 1, "1", -5]] * 9, **SMALL).save(tmp_path / "m")
    assert set(Word2Vec.load(tmp_path / "m").wv.index_to_key) == {"a", 1, "1", -5}


def test_missing_arguments_are_named(small, tmp_path):
    with pytest.raises(RuntimeError, match="build_vocab"):
        Word2Vec(**SMALL).train(small)
    with pytest.raises(TypeError, match="either sentences or corpus_file"):
        Word2Vec(small, tmp_path, **SMALL)
    with pytest.raises(FileNotFoundError):
        Word2Vec(corpus_file=tmp_path / "missing.txt", **SMALL)
    with pytest.raises(ValueError, match="two words"):
        Word2Vec([["one", "one"]] * 5, hs=1, **SMALL)
    with pytest.raises(ValueError, match="epochs=0"):
        Word2Vec(small, **SMALL).train(small, epochs=0)


def test_corpus_file_may_be_any_iterable_of_paths(tmp_path):
    path = tmp_path / "text"
    path.write_text("king rules land\n" * 9)
    for files in (path, str(path), [str(path)], iter([str(path)]), {str(path)}):
        assert "king" in Word2Vec(corpus_file=files, **SMALL).wv


def test_any_integer_is_a_seed():
    for seed in (-1, 2**70):
        assert "king" in Word2Vec([["king", "rules"]] * 9, seed=seed, **SMALL).wv


@pytest.mark.parametrize(
    "options",
    [
        {"sg": 1, "window": 10_000, "negative": 10_000, "vector_size": 1_000},
        {"sg": 1, "window": 10_000, "hs": 1, "negative": 0, "vector_size": 1_000},
        {"sg": 0, "window": 10_000, "vector_size": 100_000},
    ],
    ids=str,
)
def test_settings_whose_step_would_delay_ctrl_c_are_refused(options):
    with pytest.raises(ValueError, match=r"are too large together: a step would use .* lower one of them"):
        Word2Vec(**options)
    model = Word2Vec(min_count=1, sg=options["sg"], workers=1)
    model.build_vocab([["a", "b"]])
    with pytest.raises(ValueError, match="too large together"):
        model.set_params(**options | {"vector_size": 100, "window": 10_000, "negative": 10_000, "sg": 1})
    model.window = model.negative = 10_000
    model.sg = 1
    with pytest.raises(ValueError, match="too large together"):
        model.train([["a", "b"]])


def test_ctrl_c_stops_soon_with_the_largest_settings():
    words = np.random.default_rng(1).integers(0, 3_000, 30_000).tolist()
    settings = {
        "sg": 1,
        "update": "pair",
        "window": 4_000,
        "negative": 11,
        "vector_size": 1_000,
        "epochs": 1_000,
    }
    model = Word2Vec(**SMALL | settings, max_sentence_length=10**6, shrink_windows=False)
    model.build_vocab([words])
    timer = interrupt_after(1.0)
    start = time.perf_counter()
    with pytest.raises(KeyboardInterrupt):
        model.train([words])
    late = time.perf_counter() - start - 1.0
    timer.join()
    assert late < 1


@pytest.mark.parametrize("workers", [1, 8])
def test_the_order_of_the_vocabulary_does_not_change_the_quality(world, workers):
    """Rare words come first here, so the most used rows are not the first ones."""
    text = [[f"rare{i}", "king"] for i in range(50)] + world[::-1]
    options = {**SMALL, "workers": workers, "held_out": 0.02, "epochs": 3}
    by_count, by_place = (Word2Vec(text, sorted_vocab=n, **options) for n in (1, 0))
    assert by_place.wv.index_to_key[0] == "rare0" != by_count.wv.index_to_key[0]
    assert by_place.held_out_losses[-1] == pytest.approx(by_count.held_out_losses[-1], rel=0.05)


def test_hierarchical_softmax_can_begin_after_the_vocabulary_was_built(small, tmp_path):
    model = Word2Vec(small, **SMALL)
    assert list(model._matrices) == ["vectors", "output_rows"]
    model.hs = 1
    model.save(tmp_path / "model")
    for each in (model, Word2Vec.load(tmp_path / "model")):
        each.train(small, epochs=1)
        assert each._matrices["node_rows"].any()
    model.negative = 0
    model.train(small, epochs=1)
    assert list(model._matrices) == ["vectors", "node_rows"]
    model.hs = 0
    with pytest.raises(ValueError, match="hs=0 and negative=0"):
        model.train(small)


def test_train_returns_trained_words_and_words_read(small):
    model = Word2Vec(**SMALL)
    model.build_vocab([["king", "queen", "man", "woman"]])
    trained, raw = model.train(small, epochs=3)
    words = [word for sentence in small for word in sentence]
    assert raw == 3 * len(words)
    assert trained == 3 * sum(word in model.wv for word in words)


def test_a_subclass_writes_files_that_its_base_class_reads(small, tmp_path):
    class Own(Word2Vec):
        """A class of a user."""

    model = Own(small, **SMALL)
    assert repr(model).startswith("Own(")
    model.save(tmp_path / "model")
    assert type(Word2Vec.load(tmp_path / "model")) is Word2Vec
    assert type(Own.load(tmp_path / "model")) is Own
    assert bits(Own.load(tmp_path / "model")) == bits(model)


@pytest.mark.parametrize("workers", [1, 8])
@pytest.mark.parametrize(
    "options",
    [
        {"negative": 1000},
        {"negative": 64, "alpha": 0.2},
        {"alpha": 0.5},
        {"alpha": 0.5, "hs": 1, "negative": 0},
        {"alpha": 0.5, "sg": 0},
        {"alpha": 0.5, "sg": 0, "cbow_mean": 0},
    ],
    ids=str,
)
def test_many_negatives_and_large_rates_do_not_diverge(small, options, workers):
    settings = {**SMALL, "workers": workers, "epochs": 1, **options}
    model = Word2Vec(small[:700], held_out=0.05, **settings)
    targets = 20 if model.hs else model.negative + 1
    assert model.held_out_losses[0] < 2 * targets and np.linalg.norm(model.wv.vectors, axis=1).max() < 200
