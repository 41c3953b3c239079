"""BPR and WARP: what they learn, biases, negatives, errors."""

import copy

import numpy as np
import pytest

from wildvec import Interactions
from wildvec.models.bpr import BPR
from wildvec.models.warp import WARP

SETTINGS = {"vector_size": 8, "epochs": 30, "workers": 1, "alpha": 0.1, "l2": 0.01}
KINDS = [
    (BPR, {"negative": 1}),
    (BPR, {"negative": 5, "item_bias": True}),
    (BPR, {"negative": 16, "shared_negatives": True}),
    (WARP, {"negative": 10}),
]


def groups(n_users=60, n_items=40, n_liked=9, seed=1):
    """Return pairs of users of two groups, who like the even or the odd items."""
    random = np.random.default_rng(seed)
    liked = [random.permutation(n_items // 2)[:n_liked] * 2 + u % 2 for u in range(n_users)]
    return Interactions([(f"u{u}", f"i{i}") for u, items in enumerate(liked) for i in items])


@pytest.fixture(params=KINDS, ids=str)
def model(request):
    kind, settings = request.param
    return kind(groups(), **SETTINGS, **settings)


def test_users_get_items_of_their_group(model):
    best = {user: [item for item, _ in model.recommend(user, 5)] for user in model.uv.index_to_key}
    hits = [int(item[1:]) % 2 == int(user[1:]) % 2 for user, items in best.items() for item in items]
    assert np.mean(hits) > 0.95
    assert model.epoch_losses[-1] < model.epoch_losses[0]


def test_a_new_user_gets_items_like_the_history(model):
    items = [item for item, _ in model.recommend(history=["i2", "i4", "i6", "i8"], n=5)]
    assert sum(int(item[1:]) % 2 == 0 for item in items) >= 4


def test_scores_are_dot_products_and_biases(model):
    rows, scores = model.recommend_rows([3], 4)
    expected = model.wv.vectors[rows[0]] @ model.uv.vectors[3]
    if isinstance(model, BPR) and model.item_bias:
        assert model.item_biases.any()
        expected = expected + model.item_biases[rows[0]]
    else:
        assert not model.item_biases.any()
    assert scores[0] == pytest.approx(expected, abs=1e-4)


def test_popular_items_get_a_higher_bias():
    pairs = [(u, i) for u in range(200) for i in range(12) if (u * 7 + i * 13) % 12 >= i]
    model = BPR(pairs, negative=1, item_bias=True, **SETTINGS)
    counts, biases = model.vocab.counts, model.item_biases
    assert np.corrcoef(counts, biases)[0, 1] > 0.5


def test_training_continues_with_new_users_and_items(model):
    other = copy.deepcopy(model)
    other.partial_fit([("new", "i1"), ("new", "i3"), ("u0", "other")], epochs=2)
    assert "i1" not in dict(other.recommend("new", 99)) and "other" in dict(other.recommend("new", 99))
    assert other.epochs_trained == model.epochs_trained + 2


def test_a_file_holds_rows_biases_and_settings(model, tmp_path):
    model.save(tmp_path / "m.wv")
    loaded = type(model).load(tmp_path / "m.wv")
    assert loaded.recommend("u1") == model.recommend("u1")
    assert loaded.get_params() == model.get_params()


def test_frozen_items_keep_their_rows():
    model = BPR(**SETTINGS, negative=3)
    model.build(groups())
    model.wv.vectors_lockf = np.zeros(len(model.wv), np.float32)
    items, users = model.wv.vectors.copy(), model.uv.vectors.copy()
    model.train(groups())
    assert (model.wv.vectors == items).all() and (model.uv.vectors != users).any()


def test_a_user_who_has_everything_is_left_out(caplog):
    model = BPR([("a", "x"), ("a", "y"), ("b", "x")], **SETTINGS, negative=1)
    assert model.recommend("a") == [] and [item for item, _ in model.recommend("b")] == ["y"]
    assert "nothing was learned" not in caplog.text
    BPR([("a", "x"), ("b", "x")], **SETTINGS)
    assert "nothing was learned: each user has all items" in caplog.text


def test_wrong_settings_raise():
    for settings in ({"negative": 0}, {"l2": -1}, {"ns_exponent": "x"}, {"item_bias": 2}, {"unknown": 1}):
        with pytest.raises((ValueError, TypeError)):
            BPR(**settings)
    with pytest.raises(ValueError, match="margin"):
        WARP(margin=-1)
    with pytest.raises(ValueError, match="item_bias=True with shared_negatives=True"):
        BPR(groups(), item_bias=True, shared_negatives=True)
