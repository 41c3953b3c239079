"""Features of items: places of new items, rows as sums, files, resuming, growing, errors."""

from __future__ import annotations

import copy

import numpy as np
import pytest

from wildvec import BPR, BSL, CCL, Interactions
from wildvec.models.cosine_model import unit_rows

GROUPS, PER_GROUP = 4, 15
SETTINGS = {"vector_size": 16, "epochs": 20, "negative": 20, "workers": 1}
MODELS = [(CCL, {"block": 16}), (BSL, {"block": 16}), (BPR, {"shared_negatives": True, "l2": 0.01})]


def taste(n_users=120, seed=1, per_user=6):
    """Return interactions of users who like the items of one group each: item i is in group i % GROUPS."""
    random = np.random.default_rng(seed)
    users = np.repeat(np.arange(n_users), per_user)
    items = random.integers(0, PER_GROUP, len(users)) * GROUPS + users % GROUPS
    every = np.arange(GROUPS * PER_GROUP)  # each item has a user, so that the order of items is known
    return Interactions.from_columns(np.r_[every % GROUPS, users], np.r_[every, items])


def features_of(items):
    """Return one-hot groups of items and noise, in the order of items."""
    random = np.random.default_rng(5)
    groups = np.eye(GROUPS)[np.asarray(items) % GROUPS]
    return np.column_stack([groups, 0.1 * random.normal(size=(len(items), 3))]) * 7 + 2


def train(kind=BSL, more=None, **settings):
    data = taste()
    more = {"block": 16} if more is None else more
    return kind(data, item_features=features_of(data.items), **SETTINGS | more | settings)


def sums(model):
    """Return the rows of items from their parts."""
    own = model._matrices["own_vectors"][:, : model.vector_size]
    rows = own + model.item_features @ model.projection
    return rows if isinstance(model, BPR) else unit_rows(rows)


@pytest.mark.parametrize(("kind", "more"), MODELS)
def test_an_item_that_nobody_has_is_recommended_by_its_features(kind, more):
    model = train(kind, more)
    assert model.epoch_losses[-1] < model.epoch_losses[0]
    for group in range(GROUPS):
        key = 1000 + group
        model.add_item_by_features(key, features_of([group])[0])
        np.testing.assert_allclose(model.wv[key], model.project(features_of([group]))[0], atol=1e-6)
        best = np.argsort(-(model.uv.vectors @ model.wv[key]))[:10]
        assert np.mean(np.array(model.uv.index_to_key)[best] % GROUPS == group) > 0.8


@pytest.mark.parametrize(("kind", "more"), MODELS)
def test_known_items_are_still_recommended(kind, more):
    model = train(kind, more)
    found = [item % GROUPS == user % GROUPS for user in range(4, 40) for item, _ in model.recommend(user, 3)]
    assert np.mean(found) > 0.9


@pytest.mark.parametrize(("kind", "more"), MODELS)
def test_rows_are_sums(kind, more):
    seen = []

    class Watch:
        def on_epoch_end(self, model):
            seen.append(np.abs(model.wv.vectors - sums(model)).max())

    model = train(kind, more, epochs=2, callbacks=[Watch()])
    assert max(seen) < 1e-6
    np.testing.assert_array_equal(model.wv.vectors, sums(model))
    assert model.projection.any()


@pytest.mark.parametrize(("kind", "more"), MODELS)
def test_files_and_copies_keep_all(tmp_path, kind, more):
    model = train(kind, more, epochs=2)
    model.save(tmp_path / "model")
    models, new = [model, kind.load(tmp_path / "model"), copy.deepcopy(model)], features_of([1, 2])
    for other in models[1:]:
        np.testing.assert_array_equal(model.project(new), other.project(new))
        np.testing.assert_array_equal(model.wv.vectors, other.wv.vectors)
    for other in models:
        other.train(taste(), epochs=1)
    for other in models[1:]:
        np.testing.assert_array_equal(model.wv.vectors, other.wv.vectors)


@pytest.mark.parametrize("workers", [1, 3])
def test_deterministic_training_repeats_its_bits(workers):
    models = [train(workers=workers, deterministic=True, epochs=3) for _ in range(2)]
    assert (models[0].wv.vectors == models[1].wv.vectors).all()
    assert (models[0].projection == models[1].projection).all()


def test_workers_share_the_projection():
    model = train(workers=3, epochs=20)
    model.add_item_by_features(1000, features_of([2])[0])
    best = np.argsort(-(model.uv.vectors @ model.wv[1000]))[:10]
    assert np.mean(np.array(model.uv.index_to_key)[best] % GROUPS == 2) > 0.8


def test_held_out_loss_falls_and_the_best_epoch_stays():
    model = train(held_out=0.1, patience=2, epochs=6)
    assert min(model.held_out_losses) < model.held_out_losses[0]
    np.testing.assert_array_equal(model.wv.vectors, sums(model))


def test_a_training_is_resumed_with_the_same_bits(tmp_path):
    class Stop:
        def on_epoch_end(self, model):
            if model.epochs_trained == 2:
                raise KeyboardInterrupt

    expected, folder = train(epochs=4), tmp_path / "run"
    with pytest.raises(KeyboardInterrupt):
        train(epochs=4, checkpoint=folder, callbacks=[Stop()])
    resumed = BSL.resume(folder, taste())
    np.testing.assert_array_equal(resumed.wv.vectors, expected.wv.vectors)
    np.testing.assert_array_equal(resumed.projection, expected.projection)


def test_more_items_and_interactions():
    model = train(epochs=5)
    model.add_item(777, neighbours=[0, 4])
    near = unit_rows(model.wv.vectors[[model.wv.key_to_index[i] for i in (0, 4)]].mean(axis=0)[None])[0]
    np.testing.assert_allclose(model.wv[777], near, atol=1e-5)
    before = model.wv[777].copy()
    model.partial_fit([(500, 0), (500, 4), (500, 778)], epochs=1)
    assert len(model.item_features) == len(model.wv) == GROUPS * PER_GROUP + 2
    assert model.wv[777] @ before > 0.5
    np.testing.assert_array_equal(model.wv.vectors, sums(model))


def test_features_of_a_trained_model_keep_its_rows():
    data = taste()
    model = BPR(data, shared_negatives=True, **SETTINGS | {"epochs": 2})
    before = model.wv.vectors.copy()
    model.set_item_features(features_of(data.items))
    np.testing.assert_allclose(model.wv.vectors, before, atol=1e-6)
    np.testing.assert_allclose(sums(model), before, atol=1e-6)
    model.train(data, epochs=1)
    with pytest.raises(ValueError, match="make a new model"):
        model.set_item_features(features_of(data.items))


def test_assigned_rows_are_taken_over():
    model = train(BPR, {"shared_negatives": True}, epochs=1)
    rows = np.random.default_rng(1).normal(size=model.wv.vectors.shape).astype(np.float32)
    model.wv.vectors = rows
    model.train(taste(), epochs=1, start_alpha=1e-9, end_alpha=1e-9)
    np.testing.assert_allclose(model.wv.vectors, rows, atol=1e-5)


def test_frozen_own_rows():
    model = train(epochs=1)
    model.wv.vectors_lockf = np.zeros(1, np.float32)
    own = model._matrices["own_vectors"].copy()
    model.train(taste(), epochs=1)
    assert (model._matrices["own_vectors"] == own).all()


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


def test_equal_features_are_no_error():
    model = BSL(taste(), item_features=np.ones((60, 2)), **SETTINGS | {"epochs": 1})
    assert np.isfinite(model.wv.vectors).all()


def test_features_need_interactions_and_shared_negatives():
    with pytest.raises(ValueError, match="give both"):
        BSL(item_features=np.zeros((3, 2)))
    with pytest.raises(RuntimeError, match="no features"):
        BSL(taste(), **SETTINGS | {"epochs": 1}).project(np.zeros(3))
    with pytest.raises(ValueError, match="shared_negatives=True"):
        BPR(taste(), item_features=np.zeros((60, 2)))
