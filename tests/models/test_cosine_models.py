"""CCL and BSL: that they learn, popularity, features of items."""

from __future__ import annotations

import numpy as np
import pytest

from wildvec import BSL, CCL, Interactions
from wildvec.models.item_features import least_squares

GROUPS, PER_GROUP = 4, 15


def taste(n_users=120, seed=1, per_user=6):
    """Return interactions of users who like the items of one group each: item i is in group i % GROUPS."""
    random = np.random.default_rng(seed)
    users = np.repeat(np.arange(n_users), per_user)
    items = random.integers(0, PER_GROUP, len(users)) * GROUPS + users % GROUPS
    every = np.arange(GROUPS * PER_GROUP)  # each item has a user, so that the order of items is known
    users, items = np.r_[every % GROUPS, users], np.r_[every, items]
    return Interactions.from_columns(users, items)


SETTINGS = {"vector_size": 16, "epochs": 30, "negative": 20, "block": 16, "workers": 1}


@pytest.mark.parametrize("model", [CCL, BSL])
def test_recommended_items_are_of_the_users_group(model):
    trained = model(taste(), **SETTINGS)
    found = [
        item % GROUPS == user % GROUPS for user in range(4, 40) for item, _ in trained.recommend(user, 3)
    ]
    assert np.mean(found) > 0.9
    assert trained.epoch_losses[-1] < trained.epoch_losses[0]


@pytest.mark.parametrize("model", [CCL, BSL])
def test_rows_have_the_length_1(model):
    trained = model(taste(), **SETTINGS)
    for rows in (trained.wv.vectors, trained.uv.vectors):
        np.testing.assert_allclose(np.linalg.norm(rows, axis=1), 1, rtol=1e-4)


def test_scores_are_cosine_times_popularity():
    model = BSL(taste(), popularity=0.5, **SETTINGS)
    cosine = model.wv["5"] if "5" in model.wv else model.wv[5]
    expected = float(model.uv[7] @ cosine) * (model.vocab.counts[model.wv.key_to_index[5]] + 1) ** 0.5
    scores = dict(model.recommend(7, 60, exclude_seen=False))
    assert scores[5] == pytest.approx(expected, rel=1e-4)


@pytest.mark.parametrize("workers", [1, 3])
def test_deterministic_training_repeats_its_bits(workers):
    settings = SETTINGS | {"workers": workers, "deterministic": True, "epochs": 3}
    rows = [BSL(taste(), **settings).wv.vectors for _ in range(2)]
    assert (rows[0] == rows[1]).all()


def test_held_out_loss_falls():
    model = BSL(taste(), held_out=0.1, **SETTINGS)
    assert len(model.held_out_losses) == SETTINGS["epochs"]
    assert min(model.held_out_losses) < model.held_out_losses[0]


# -- features -----------------------------------------------------------------------------------------------------


def features_of_groups(items):
    """Return one-hot groups of items and noise, in the order of items."""
    random = np.random.default_rng(5)
    groups = np.eye(GROUPS)[np.asarray(items) % GROUPS]
    return np.column_stack([groups, 0.1 * random.normal(size=(len(items), 3))]) * 7 + 2


@pytest.mark.parametrize("model", [CCL, BSL])
def test_an_item_that_nobody_has_is_recommended_by_its_features(model):
    data = taste()
    trained = model(data, item_features=features_of_groups(data.items), **SETTINGS)
    for group in range(GROUPS):
        key = 1000 + group
        trained.add_item_by_features(key, features_of_groups([group])[0])
        cosines = trained.uv.vectors @ trained.wv[key]
        best = np.argsort(-cosines)[:10]
        assert np.mean(np.array(trained.uv.index_to_key)[best] % GROUPS == group) > 0.8


def test_features_are_kept_in_files(tmp_path):
    data = taste()
    model = BSL(data, item_features=features_of_groups(data.items), **SETTINGS)
    model.save(tmp_path / "model")
    loaded = BSL.load(tmp_path / "model")
    new = features_of_groups([1, 2])
    np.testing.assert_array_equal(model.project(new), loaded.project(new))


def test_least_squares_finds_the_projection():
    random = np.random.default_rng(1)
    features, expected = random.normal(size=(200, 6)).astype(np.float32), random.normal(size=(6, 3))
    weights = random.uniform(0.1, 1, (200, 1)).astype(np.float32)
    found = least_squares(features, features @ expected, weights, np.zeros((6, 3), np.float32))
    np.testing.assert_allclose(found, expected, atol=0.02)


@pytest.mark.parametrize(
    ("features", "message"),
    [
        (np.zeros((3, 2)), "one row for each of the 60 items"),
        (np.zeros(60), "one row for each"),
        (np.full((60, 2), np.nan), "row 0 that is not finite"),
    ],
)
def test_bad_features_are_refused(features, message):
    with pytest.raises(ValueError, match=message):
        BSL(taste(), item_features=features, **SETTINGS)


def test_features_need_interactions():
    with pytest.raises(ValueError, match="give both"):
        BSL(item_features=np.zeros((3, 2)))
    with pytest.raises(RuntimeError, match="no features"):
        BSL(taste(), **SETTINGS).project(np.zeros(3))
