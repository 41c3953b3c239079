"""Word2Vec as a user sees it: quality on the toy world, seeds, interruption, continuation, files, bad input."""

from __future__ import annotations

import copy
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
from types import SimpleNamespace

import numpy as np
import pytest
from wildvec.models.task import uses_of_rows

from wildvec import KeyedVectors, Word2Vec
from wildvec._train import Worker, isas
from wildvec.demo import toy
from wildvec.training import matrices
from wildvec.training.huffman import huffman_paths
from wildvec.training.loop import merge_interval

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
def test_the_toy_world_is_learned(world, options):
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
    """Walks over so few nodes that all their rows are private, which are merged but once or twice in a pass."""
    monkeypatch.setattr("wildvec.training.loop.CHUNK_TOKENS", 1_000)
    for interval in ("MERGE_CENTRES", "TYPICAL_CENTRES"):
        monkeypatch.setattr(f"wildvec.training.loop.{interval}", 10**9)
    return np.random.default_rng(1).integers(0, 50, (2_000, 20)).tolist()


def test_workers_bring_their_private_rows_home(only_private_rows):
    model = Word2Vec(**{**SMALL, "workers": 2, "epochs": 1})
    model.build_vocab(only_private_rows)
    start = model.wv.vectors.copy()
    model.train(only_private_rows)
    assert (model.wv.vectors != start).any(axis=1).all()


def test_workers_merge_before_and_after_each_pass(only_private_rows, monkeypatch):
    class Logging(Worker):
        def train(self, *lease):
            calls.append((id(self), "train"))
            return super().train(*lease)

        def merge(self):
            calls.append((id(self), "merge"))
            super().merge()

    calls = []
    monkeypatch.setattr("wildvec.training.loop.Worker", Logging)
    Word2Vec(only_private_rows, **{**SMALL, "workers": 2, "epochs": 3})
    for worker in {worker for worker, _ in calls}:
        steps = "".join(step[0] for of, step in calls if of == worker)
        assert re.fullmatch("(mt*m){3}", steps), steps


def test_uses_of_private_rows_are_those_of_a_centre():
    counts = np.array([5, 4, 2, 1])
    weights = counts**0.75
    noise = weights / weights.sum()
    model = SimpleNamespace(sample=0, negative=4, ns_exponent=0.75, update="block")
    paths = huffman_paths(counts)  # 0: the root; 1: all but the first word; 2: the last two
    words, more, none = counts / 12, np.zeros(2), np.zeros(6)
    uses = uses_of_rows(model, counts, 6, None)  # two centres share their negatives
    np.testing.assert_allclose(uses, [[*words, *more], [*(words + 2 * noise), *more], none], rtol=1e-6)
    uses = uses_of_rows(model, counts, 2, paths)
    np.testing.assert_allclose(uses, [words[:2], (words + 4 * noise)[:2], [1, 7 / 12]], rtol=1e-6)
    model.update = "pair"
    np.testing.assert_allclose(uses_of_rows(model, counts, 1, None)[1], words[:1] + 4 * noise[:1], rtol=1e-6)


def test_rows_are_merged_as_often_as_words_are_few():
    zipf = 1 / np.arange(1, 100_001)
    shares = np.random.default_rng(1).permutation(zipf / zipf.sum())
    assert [merge_interval(workers, shares) for workers in (2, 3, 10_000)] == [2_500, 1_666, 1]
    few = {1: 2, 4: 10, 100: 250, 500: 1_250, 1_000: 2_500}
    assert {n: merge_interval(2, np.full(n, 1 / n)) for n in few} == few


@pytest.mark.parametrize(("nodes", "most"), [(100, 1.15), (500, 1.15), (1000, 1.25)])
def test_workers_keep_the_quality_where_all_words_are_about_as_frequent(nodes, most):
    steps = np.random.default_rng(1).integers(-3, 4, 200_000)
    walks = (np.cumsum(steps) % nodes).reshape(-1, 20).tolist()  # on a ring
    options = {"vector_size": 32, "window": 10, "negative": 20, "alpha": 0.05, "sample": 0, "epochs": 2}
    alone, *crews = (
        Word2Vec(walks, sg=1, held_out=0.02, workers=n, **options).held_out_losses[-1] for n in (1, 2, 3, 4)
    )
    assert all(
        loss < most * alone for loss in crews
    )  # seen: 1.00 to 1.07 on average; at most 1.04, 1.08 and 1.15


def take_turns(crew, leases, epoch, rates, show):
    """What many cores do at the same time, on any number of them: no worker gets further than the others."""
    for worker in crew.workers:
        worker.merge()
    workers = itertools.cycle(crew.workers)
    while (chunk := leases.next) < len(leases.chunks):
        leases.next = end = chunk + 1
        lease = leases.chunks[chunk:end], rates(chunk, end), leases.losses[chunk:end]
        leases.done(chunk, end, next(workers).train(epoch, chunk, *lease), 1)
    for worker in crew.workers:
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
def test_any_number_of_workers_side_by_side_keep_the_quality(sentences, objective, monkeypatch):
    monkeypatch.setattr("wildvec.training.loop.CHUNK_TOKENS", 200)
    monkeypatch.setattr("wildvec.training.loop._pass", take_turns)
    options = {
        "sg": 1,
        "vector_size": 32,
        "alpha": 0.05,
        "sample": 0,
        "epochs": 2,
        "min_count": 1,
    } | objective
    text = sentences()
    alone, *crews = (
        Word2Vec(text, held_out=0.02, workers=n, **options).held_out_losses[-1] for n in (1, 2, 3, 8, 32)
    )
    assert all(
        loss < 1.1 * alone for loss in crews
    )  # changes that are not scaled: up to 100 times, or not finite


@pytest.mark.parametrize("options", [{}, {"sg": 0}, {"hs": 1}, {"update": "pair"}], ids=str)
def test_one_worker_and_a_seed_give_the_same_bits(small, options):
    first, again, other = (Word2Vec(small, seed=s, **{**SMALL, **options}) for s in (5, 5, 6))
    assert bits(first) == bits(again) != bits(other)
    assert first.epoch_losses == again.epoch_losses


def test_the_hash_seed_of_python_changes_nothing():
    script = (
        "from wildvec import Word2Vec; from wildvec.demo import toy; import hashlib;"
        "m = Word2Vec(toy.sentences(5000), vector_size=8, workers=1, epochs=1);"
        "print(hashlib.sha256(m.wv.vectors.tobytes()).hexdigest(), m.wv.index_to_key[:9])"
    )
    answers = {
        subprocess.run(
            [sys.executable, "-c", script],
            env={**os.environ, "PYTHONHASHSEED": seed},
            capture_output=True,
            check=True,
            text=True,
        ).stdout
        for seed in ("0", "1")
    }
    assert len(answers) == 1


def test_all_isas_give_nearly_the_same_vectors(small, monkeypatch):
    vectors = []
    for isa in isas():
        monkeypatch.setenv("WILDVEC_ISA", isa)
        vectors.append(Word2Vec(small[:300], **{**SMALL, "epochs": 1}).wv.vectors)
    for other in vectors[1:]:
        np.testing.assert_allclose(vectors[0], other, atol=1e-4)


def test_callbacks_hear_of_every_epoch_and_see_the_model(small):
    heard = []

    class Listener:
        def on_train_begin(self, model):
            heard.append("begin")

        def on_epoch_end(self, model):
            heard.append((model.epochs_trained, len(model.epoch_losses), model.get_latest_training_loss()))

        def on_train_end(self, model):
            heard.append("end")

    model = Word2Vec(small, callbacks=[Listener()], **SMALL)
    assert heard[0] == "begin" and heard[-1] == "end"
    assert [h[:2] for h in heard[1:-1]] == [(1, 1), (2, 2)]
    assert 0 < heard[1][2] < heard[2][2] == model.get_latest_training_loss()


def test_an_exception_in_a_callback_stops_and_leaves_a_usable_model(small):
    class Stop(Exception):
        pass

    class Stopper:
        def on_epoch_end(self, model):
            raise Stop

    model = Word2Vec(**SMALL)
    model.build_vocab(small)
    before = bits(model)
    with pytest.raises(Stop):
        model.train(small, callbacks=[Stopper()])
    assert model.epochs_trained == 1 and bits(model) != before
    model.train(small, epochs=1)
    assert model.epochs_trained == 2


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
    # epochs enough for minutes; a chunk of the second setting takes far longer than a lease should
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


def test_ctrl_c_in_the_constructor_hands_out_the_model(world):
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


def test_two_models_train_at_once(small):
    alone = Word2Vec(small, **SMALL)
    models = [Word2Vec(**SMALL), Word2Vec(**{**SMALL, "seed": 2})]
    for model in models:
        model.build_vocab(small)
    threads = [threading.Thread(target=model.train, args=(small,)) for model in models]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert bits(models[0]) == bits(alone) != bits(models[1])


def test_build_vocab_and_train_is_what_the_constructor_does(small):
    model = Word2Vec(**SMALL)
    assert len(model.wv) == 0
    model.build_vocab(small)
    model.train(small, total_examples=model.corpus_count, epochs=model.epochs)
    assert bits(model) == bits(Word2Vec(small, **SMALL))
    assert model.corpus_count == len(small)
    assert model.corpus_total_words == sum(map(len, small))


def test_training_goes_on_with_more_text(small):
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


def test_a_saved_model_goes_on_as_if_it_had_not_been_saved(small, tmp_path):
    model = Word2Vec(small, hs=1, **SMALL)
    model.save(tmp_path / "model.wv")
    copies = [Word2Vec.load(tmp_path / "model.wv"), pickle.loads(pickle.dumps(model)), copy.deepcopy(model)]
    model.train(small, epochs=1)
    for other in copies:
        assert other.wv.vectors.base is not None, "vectors are a view of the training matrix"
        other.train(small, epochs=1)
        assert bits(other) == bits(model)
        assert other.epoch_losses == model.epoch_losses
        assert repr(other) == repr(model)
    vectors = KeyedVectors.load(tmp_path / "model.wv")
    assert vectors.index_to_key == model.wv.index_to_key


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
def test_a_file_of_another_kind_is_no_damaged_model(tmp_path, content, message):
    (tmp_path / "other").write_bytes(content)
    with pytest.raises(ValueError, match=f"other {message}"):
        Word2Vec.load(tmp_path / "other")


def test_vectors_are_live_and_writable(small):
    model = Word2Vec(small, **SMALL)
    model.wv.vectors[:] = 0
    model.train(small, epochs=1)
    assert model.wv.vectors.any()
    assert model.wv.vectors.shape == (len(model.wv), 24)


def test_a_diverging_model_says_what_to_do(small):
    with pytest.raises(FloatingPointError, match="lower alpha"):
        Word2Vec(small, **{**SMALL, "alpha": 1e30, "epochs": 5})


def test_integer_tokens_are_keys():
    model = Word2Vec([[1, 2, 3], [2, 3, 4]] * 20, **SMALL)
    assert set(model.wv.index_to_key) == {1, 2, 3, 4} and model.wv[3].shape == (24,)


def test_sentences_of_one_word_train_nothing_and_crash_nothing():
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


def test_training_that_trained_nothing_says_so(small, caplog):
    Word2Vec([["alone"]] * 10, **SMALL)
    Word2Vec(small, **{**SMALL, "sample": 1e-12})
    assert [r.message.startswith("nothing was learned") for r in caplog.records] == [True, True]
    assert "sample=1e-12 and min_count=1" in caplog.text
    caplog.clear()
    Word2Vec(small, **SMALL)
    assert not caplog.records


def test_what_is_no_callback_is_refused_before_any_work():
    with pytest.raises(TypeError, match="on_train_begin, on_epoch_begin, on_epoch_end, on_train_end"):
        Word2Vec("absent.txt", callbacks=[print], **SMALL)
    with pytest.raises(TypeError, match="give a list of callbacks"):
        Word2Vec("absent.txt", callbacks=object(), **SMALL)


@pytest.mark.parametrize("name", ["vector_size", "window", "negative", "epochs", "min_count", "workers"])
def test_a_fraction_is_refused_not_cut(name):
    with pytest.raises(TypeError, match=rf"{name}=16\.9: give a whole number"):
        Word2Vec(**{**SMALL, name: 16.9})


def test_what_train_is_given_is_checked_like_the_settings(small):
    model = Word2Vec(small, **SMALL)
    for name in ("start_alpha", "end_alpha"):
        with pytest.raises(ValueError, match=f"{name}=nan"):
            model.train(small, **{name: float("nan")})


def test_a_matrix_too_large_for_memory_names_its_size_and_the_remedy():
    with pytest.raises(MemoryError, match=r"4,000,000,000,000 × 112 float32 .* vector_size, .* min_count"):
        matrices.allocate(4 * 10**12, 100)


def test_strings_and_integers_side_by_side_survive_saving(tmp_path):
    Word2Vec([["a", 1, "1", -5]] * 9, **SMALL).save(tmp_path / "m")
    assert set(Word2Vec.load(tmp_path / "m").wv.index_to_key) == {"a", 1, "1", -5}


def test_what_is_missing_is_named(small, tmp_path):
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


def test_keys_added_to_wv_are_no_part_of_the_model(world, tmp_path):
    model = Word2Vec(world, **SMALL)
    model.wv.add_vector("new", np.ones(24))
    for use in (lambda: model.save(tmp_path / "m"), lambda: pickle.dumps(model), lambda: model.train(world)):
        with pytest.raises(ValueError, match="keys"):
            use()
    assert not (tmp_path / "m").exists()


def test_an_exception_that_stops_the_constructor_carries_the_model(world):
    class Refuses:
        def on_epoch_end(self, model):
            raise RuntimeError("enough")

    with pytest.raises(RuntimeError, match="enough") as caught:
        Word2Vec(world, callbacks=[Refuses()], **SMALL)
    assert caught.value.model.epochs_trained == 1
    assert caught.value.model.wv.most_similar("king", topn=1)


def test_every_iterable_of_corpus_files_holds_paths(tmp_path):
    path = tmp_path / "text"
    path.write_text("king rules land\n" * 9)
    for files in (path, str(path), [str(path)], iter([str(path)]), {str(path)}):
        assert "king" in Word2Vec(corpus_file=files, **SMALL).wv


def test_any_integer_is_a_seed():
    for seed in (-1, 2**70):
        assert "king" in Word2Vec([["king", "rules"]] * 9, seed=seed, **SMALL).wv
