"""Item2Vec: baskets are sets, users are means of their items."""

from __future__ import annotations

import copy

import numpy as np
import pytest

from wildvec import Interactions, Item2Vec
from wildvec.demo import toy

QUICK = {"vector_size": 16, "workers": 1}


@pytest.fixture(scope="module")
def model():
    return Item2Vec(toy.interactions(), epochs=15, **QUICK)


def genres(recommended):
    return {song.split("-")[0] for song, _ in recommended}


def test_items_of_the_same_baskets_are_near(model):
    same = [
        song[:4] == near[:4] for song in model.wv.index_to_key for near, _ in model.similar_items(song, 5)
    ]
    assert np.mean(same) > 0.9
    assert genres(model.recommend(history=["rock-00", "rock-03"], n=5)) == {"rock"}


def test_users_are_means_of_their_items_of_length_1(model):
    unit = model.wv.get_normed_vectors()
    own = Interactions(toy.interactions()).items_of("user003")
    expected = np.mean([unit[model.wv.key_to_index[song]] for song in own], axis=0)
    np.testing.assert_allclose(model.uv["user003"], expected, atol=1e-6)
    np.testing.assert_allclose(model.user_vector(own), expected, atol=1e-6)


def test_scores_are_cosines_times_popularity(model):
    popular = model.recommend("user003", 1, exclude_seen=False)[0]
    cosine = model.uv.cosine_similarities(model.uv["user003"], model.wv.vectors)[
        model.wv.key_to_index[popular[0]]
    ]
    count = model.wv.get_vecattr(popular[0], "count")
    assert popular[1] == pytest.approx(float(cosine) * (count + 1) ** model.popularity, rel=1e-5)
    model.popularity = 3.0
    most = model.wv.index_to_key[int(np.argmax(model.vocab.counts))]
    assert most in [song for song, _ in model.recommend("user003", 3, exclude_seen=False)]
    model.popularity = Item2Vec.popularity.default


def test_scores_of_cbow_are_products_with_output_rows_and_a_bias_of_popularity():
    model = Item2Vec(toy.interactions(), sg=0, window=30, epochs=15, ns_exponent=1.0, popularity=1.0, **QUICK)
    own = Interactions(toy.interactions()).items_of("user003")
    mean = model.wv[own].mean(axis=0)
    np.testing.assert_allclose(model.uv["user003"], mean, atol=1e-6)
    outputs = model._matrices["output_rows"][:, : model.vector_size]
    scores = outputs @ mean + np.log(model.vocab.counts + 1.0)
    for found in (
        model.recommend("user003", 5, exclude_seen=False),
        model.recommend(history=own, n=5, exclude_seen=False),
    ):
        rows = [model.wv.key_to_index[song] for song, _ in found]
        assert rows == np.argsort(-scores)[:5].tolist()
        np.testing.assert_allclose([score for _, score in found], scores[rows], rtol=1e-4)


def test_a_long_basket_pairs_all_of_its_items_in_the_long_run():
    """With window=1, items that are far apart in the order of the data are neighbours in some epoch."""
    rows = [(user, item) for user in range(40) for item in range(user % 2, 60, 2)]
    model = Item2Vec(rows, window=1, epochs=20, **QUICK)
    cosines = model.wv.cosine_similarities(model.wv[0], model.wv[list(range(60))])
    assert cosines[2:60:2].min() > cosines[1:60:2].max()


def test_one_worker_gives_the_same_bits_and_the_seed_others():
    def vectors(**settings):
        return Item2Vec(toy.interactions(30), epochs=2, **QUICK | settings).wv.vectors

    np.testing.assert_array_equal(vectors(), vectors())
    assert (vectors() != vectors(seed=2)).any()
    rounds = {"workers": 2, "deterministic": True}
    np.testing.assert_array_equal(vectors(**rounds), vectors(**rounds))


def test_new_items_are_recommended(model):
    new = Item2Vec(toy.interactions(), epochs=15, **QUICK)
    new.add_item("jazz-99", neighbours=["jazz-01", "jazz-02"])
    assert "jazz-99" in [song for song, _ in new.recommend(history=["jazz-01", "jazz-02"], n=5)]
    fans = [user for user, song in toy.interactions() if song == "folk-01"]
    new.add_item("folk-99", users=fans)
    assert genres(new.similar_items("folk-99", 3)) == {"folk"}


def test_partial_fit_trains_new_users_and_items():
    model = Item2Vec(toy.interactions(), epochs=5, **QUICK)
    model.partial_fit([("bob", "jazz-01"), ("bob", "jazz-02"), ("bob", "jazz-99")], epochs=3)
    assert genres(model.recommend("bob", 3)) == {"jazz"}
    assert model.wv.get_vecattr("jazz-99", "count") == 1


def test_users_with_one_item_or_none():
    data = Interactions.from_columns(["ann"], ["tea"], all_users=["ann", "eve"], all_items=["tea", "milk"])
    model = Item2Vec(data, epochs=1, **QUICK)
    assert model.recommend("ann", 1)[0][0] == "milk"
    assert len(model.recommend("eve", 2)) == 2
    assert not model.uv["eve"].any()


def test_checkpoints_and_callbacks_have_the_rows_of_users(tmp_path):
    class Watcher:
        def on_epoch_end(self, model):
            self.recommended = copy.deepcopy(model).recommend("user003")

    watcher = Watcher()
    settings = {"checkpoint": tmp_path / "run", "checkpoint_epochs": 1, "callbacks": [watcher]} | QUICK
    model = Item2Vec(toy.interactions(30), epochs=2, **settings)
    first, last = (Item2Vec.load(path) for path in sorted((tmp_path / "run").glob("*.wv")))
    assert watcher.recommended == model.recommend("user003") == last.recommend("user003")
    unit = first.wv.get_normed_vectors()
    own = [first.wv.key_to_index[song] for user, song in toy.interactions(30) if user == "user003"]
    np.testing.assert_allclose(first.uv["user003"], unit[own].mean(axis=0), atol=1e-6)
    assert model._seen_in_training is None


def test_a_message_about_baskets_of_one_item(caplog):
    Item2Vec([("ann", "tea"), ("bob", "milk")], epochs=1, **QUICK)
    assert "no user has two items; give more data" in caplog.text


@pytest.mark.parametrize(
    "settings", [{"l2": 0.1}, {"window": 0}, {"negative": 0}, {"sg": 2}, {"popularity": "x"}]
)
def test_wrong_settings_are_named(settings):
    with pytest.raises((TypeError, ValueError), match=next(iter(settings))):
        Item2Vec(**settings)
