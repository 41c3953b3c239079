"""Models of users and items: recommendations, neighbours, new users and items, files."""

import copy
import pickle

import numpy as np
import pytest
from small_models import ArrayFeed, SmallObjective

from wildvec import Interactions
from wildvec.models.bpr import BPR
from wildvec.models.item_model import ItemModel
from wildvec.training.objective import MatrixSpec


class SmallItemModel(ItemModel):
    """Users and items whose dot products approach 1, by the kernel of cells."""

    NAME = "SmallItemModel"

    def __init__(self, interactions=None, callbacks=(), **settings):
        self._set_up({**settings, "others": {k: v for k, v in settings.items() if k not in self.SETTINGS}})
        self._start(interactions, callbacks)

    def _objective(self):
        class Objective(SmallObjective):
            def shapes(objective, n_items, n_users):
                spec = {"size": self.vector_size, "adagrad": 0.1}
                return (
                    MatrixSpec("vectors", "input", n_items, uses=np.full(n_items, 0.1), **spec),
                    MatrixSpec(
                        "user_vectors",
                        "output",
                        n_users,
                        uses=np.full(n_users, 0.1),
                        **spec,
                        rows_per_item=99,
                    ),
                )

            def matrices(objective, feed):
                return objective.shapes(len(self.vocab), len(self._users))

        return Objective("cells", ())

    def _feed(self, interactions, seen):
        dense = np.full((interactions.n_items, interactions.n_users), np.nan)
        dense[interactions.item_ids, interactions.user_ids] = 1
        return ArrayFeed.cells(dense)


def grouped(n_users=40, n_items=60, seed=1):
    """Users of two groups, who like the even or the odd items."""
    random = np.random.default_rng(seed)
    rows = [
        (f"u{u}", f"i{i}") for u in range(n_users) for i in random.permutation(n_items // 2)[:12] * 2 + u % 2
    ]
    return Interactions(rows)


@pytest.fixture(scope="module")
def model():
    return SmallItemModel(grouped(), vector_size=8, epochs=5, workers=1)


def test_recommends_what_numpy_recommends(model):
    rows, scores = model.recommend_rows(None, 5)
    data = grouped()
    expected = model.uv.vectors @ model.wv.vectors.T
    expected[data.user_ids, data.item_ids] = -np.inf
    order = np.argsort(-expected, axis=1)[:, :5]
    assert rows.tolist() == order.tolist()
    assert scores == pytest.approx(np.take_along_axis(expected, order, 1), abs=1e-5)


def test_forms_of_recommend(model):
    one = model.recommend("u3", 4)
    assert len(one) == 4 and not {item for item, _ in one} & set(grouped().items_of("u3"))
    assert model.recommend(["u3", "u4"], 4)[0] == one
    assert model.recommend("u3", 99, exclude_seen=False)[0][1] >= one[0][1]
    assert {item for item, _ in model.recommend("u3", 9, among=["i1", "i2"], exclude_seen=False)} == {
        "i1",
        "i2",
    }
    assert len(model.recommend(history=["i2", "i4", "unknown"])) == 10
    assert len(model.recommend("u3", 99)) == len(model.wv) - 12


def test_files_and_copies(model, tmp_path):
    model.save(tmp_path / "m.wv")
    for other in (
        SmallItemModel.load(tmp_path / "m.wv"),
        copy.deepcopy(model),
        pickle.loads(pickle.dumps(model)),
    ):
        assert other.recommend("u3") == model.recommend("u3")
        assert other.uv.index_to_key == model.uv.index_to_key


def test_new_users_and_items(model):
    other = copy.deepcopy(model)
    other.add_user("new", ["i2", "i4"])
    assert "i2" not in dict(other.recommend("new", 99))
    other.add_item("item", neighbours=["i2", "i4"])
    other.add_item("another", users=["u3", "new"])
    assert "another" not in dict(other.recommend("new", 99)) and "item" in dict(other.recommend("new", 99))
    other.partial_fit([("new", "i6"), ("newer", "i99")], epochs=1)
    assert "i6" not in dict(other.recommend("new", 99))
    assert other.uv.index_to_key[-1] == "newer" and other.wv.index_to_key[-1] == "i99"
    assert other.similar_users("newer", 3) and other.similar_items("i99", 3)
    assert other.explain("new", "i8", 2)


def test_a_user_without_interactions_gets_popular_items():
    data = Interactions([("a", 1), ("b", 1), ("b", 2)], users=["a", "b", "c"], items=[3, 2, 1])
    model = SmallItemModel(data, vector_size=8, epochs=1, workers=1)
    assert model.recommend("c") == [(1, 2.0), (3, 1.0), (2, 1.0)]
    assert model.recommend(["a", "c"], 1, among=[2, 3])[1] == [(3, 1.0)]
    assert model.user_counts.tolist() == [1, 2, 0]


def test_new_users_get_items_of_their_group():
    model = BPR(grouped(), vector_size=8, epochs=80, workers=1)
    for parity in (0, 1):
        found = model.recommend(history=[f"i{i}" for i in range(parity, 30, 2)], n=12)
        assert np.mean([int(item[1:]) % 2 == parity for item, _ in found]) > 0.7
    vectors = model.transform([["i2", "i4"], [], ["unknown"]])
    assert vectors[0] == pytest.approx(model.user_vector(["i4", "i2", "unknown"]), abs=1e-5)
    assert not vectors[1:].any()


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (lambda m: m.recommend("zoe"), KeyError, r"no user 'zoe'; for a new user, call recommend\(history"),
        (lambda m: m.recommend(["u1", "zoe"]), KeyError, "no user 'zoe'"),
        (lambda m: m.recommend("u1", among=["x"]), KeyError, "no item 'x'"),
        (lambda m: m.recommend("u1", 0), ValueError, "n=0"),
        (lambda m: m.recommend(history=["x"]), ValueError, "has none of these 1 items"),
        (lambda m: m.recommend(), TypeError, "give a user"),
        (lambda m: m.recommend("u1", history=["i1"]), TypeError, "not both"),
        (lambda m: m.recommend_rows([40]), IndexError, "rows from 40 to 40"),
        (lambda m: m.recommend_rows(exclude=Interactions([(1, 1)])), ValueError, "reindex"),
        (lambda m: m.similar_items("x"), KeyError, "no item 'x'"),
        (lambda m: m.explain("zoe", "i1"), KeyError, "no user 'zoe'"),
        (lambda m: m.add_user("u1", ["i1"]), ValueError, "a user 'u1' already"),
        (lambda m: m.add_user("zoe", ["x"]), KeyError, "no item 'x'"),
        (lambda m: m.add_item("i1", users=["u1"]), ValueError, "an item 'i1' already"),
        (lambda m: m.add_item("x"), ValueError, "and not both"),
        (lambda m: m.add_item("x", neighbours=[]), ValueError, "at least one item"),
        (lambda m: m.build([]), ValueError, "nothing to train on"),
        (
            lambda m: m.partial_fit([(5, 6)]),
            TypeError,
            "item 6 at position 0 of the new items is int, but 'i",
        ),
        (lambda m: m.partial_fit([(5, "i1")]), TypeError, "user 5 at position 0 of the new users is int"),
        (
            lambda m: m.partial_fit([]),
            ValueError,
            "no interactions between the model's 40 users and 60 items",
        ),
        (lambda m: m.train([("zoe", "x")]), ValueError, "no interactions between the model's"),
        (lambda m: m.fit(None), TypeError, "fit needs interactions"),
        (lambda m: m.add_user(5, ["i1"]), TypeError, "user 5 at position 0 of the new users is int"),
        (lambda m: m.add_item(5, neighbours=["i1"]), TypeError, "item 5 at position 0 of the new items"),
        (lambda m: m.add_item(5, users=["u1"]), TypeError, "item 5 at position 0 of the new items"),
        (lambda m: m.add_item(b"x", neighbours=["i1"]), TypeError, "bytes"),
        (lambda m: m.add_user("zoe", "i1"), TypeError, "history='i1': give a list"),
        (lambda m: m.add_item("x", users="u1"), TypeError, "users='u1': give a list"),
        (lambda m: m.add_item("x", neighbours="i1"), TypeError, "neighbours='i1': give a list"),
        (lambda m: m.recommend(1.5), TypeError, "users=1.5: give"),
        (lambda m: m.recommend(b"u1"), TypeError, "users=b'u1': give"),
        (lambda m: m.recommend("u1", among="i1"), TypeError, "among='i1': give a list"),
        (lambda m: m.transform(["i1"]), TypeError, "the items of a user='i1': give a list"),
        (lambda m: SmallItemModel().train([(1, 1)]), RuntimeError, "no users and items yet"),
    ],
)
def test_bad_input(model, call, error, message):
    before = state(model)
    with pytest.raises(error, match=message):
        call(model)
    assert state(model) == before


def state(model):
    keys = model.uv.index_to_key, model.wv.index_to_key
    return *keys, model.vocab.counts.tolist(), model.user_counts.tolist(), model.recommend("u1")


def test_counts_are_the_numbers_of_users():
    data = Interactions([("ann", "tea"), ("bob", "tea")], items=["tea", "milk"])
    for keep_seen, tea, milk in ((True, 2, 1), (False, 4, 2)):
        model = SmallItemModel(data, vector_size=8, epochs=1, workers=1, keep_seen=keep_seen)
        model.partial_fit([("ann", "tea"), ("bob", "tea"), ("eve", "milk"), ("eve", "beer")], epochs=1)
        assert model.vocab.counts.tolist() == model.wv.counts.tolist() == [tea, milk, 1]
    model = SmallItemModel(data, vector_size=8, epochs=1, workers=1)
    model.train([("ann", "milk"), ("bob", "milk"), ("ann", "tea")], epochs=1)
    assert model.wv.get_vecattr("milk", "count") == 2
    model.add_item("beer", users=["ann", "bob"])
    model.add_user("eve", ["tea"])
    assert model.vocab.counts.tolist() == [3, 2, 2]


def test_a_model_that_does_not_keep_seen_items(tmp_path):
    model = SmallItemModel(grouped(), vector_size=8, epochs=1, workers=1, keep_seen=False)
    model.save(tmp_path / "m.wv")
    for other in (model, SmallItemModel.load(tmp_path / "m.wv")):
        assert len(other.recommend("u1", 60, exclude_seen=False)) == 60
        with pytest.raises(RuntimeError, match="keep_seen=False"):
            other.recommend("u1")
        assert (other.user_counts == 12).all()
        with pytest.raises(ValueError, match="keep_seen=True: the model has a vocabulary"):
            other.keep_seen = True


def test_files_that_are_damaged(model, tmp_path):
    from wildvec.io import native

    model.save(tmp_path / "m.wv")
    tensors, metadata = native.read(tmp_path / "m.wv")[:2]
    for name, change in (
        ("seen.items", lambda x: x + 60),
        ("seen.offsets", lambda x: x[::-1].copy()),
        ("users.counts", lambda x: x[1:]),
    ):
        native.write(tmp_path / "bad.wv", {**tensors, name: change(tensors[name])}, metadata)
        with pytest.raises(ValueError, match=name.split(".")[0]):
            SmallItemModel.load(tmp_path / "bad.wv")
