"""CCL and BSL: that they learn, and popularity."""

from __future__ import annotations

import numpy as np
import pytest

from wildvec import BSL, CCL, Interactions

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
