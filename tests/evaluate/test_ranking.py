"""Rankings: measures against values by hand and a slow reference, baselines, groups of items, clear errors."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from wildvec import BPR, Interactions
from wildvec.evaluate import ItemCosine, Popularity, ranking


class Fixed:
    """A model that recommends rows given in advance."""

    def __init__(self, train, rows):
        self.users, self.items = train.users, train.items
        self.item_counts = train.item_counts
        self.rows = np.array(rows)

    def recommend_rows(self, users, n, *, exclude_seen=True, exclude=None):
        found = self.rows[users][:, :n]
        return found, np.zeros(found.shape, np.float32)


def all_items(n_users, n_items):
    """Interactions that give users and items their numbers."""
    return Interactions.from_columns(
        np.arange(max(n_users, n_items)) % n_users, np.arange(max(n_users, n_items)) % n_items
    )


def test_measures_by_hand():
    train = all_items(3, 6)
    model = Fixed(train, [[0, 1, 2, 3], [4, 5, 0, 1], [2, 3, 4, 5]])
    test = Interactions([(0, 1), (0, 3), (0, 5), (1, 2)])  # user 2 has no test items
    results = ranking(model, test, k=[2, 4])
    two, four = results[2], results[4]
    assert two.n_users == 2
    assert two.recall == pytest.approx((1 / 3 + 0) / 2)
    assert four.recall == pytest.approx((2 / 3 + 0) / 2)
    assert four.precision == pytest.approx((2 / 4 + 0) / 2)
    assert two.hit_rate == four.hit_rate == 0.5
    ideal = 1 + 1 / np.log2(3) + 1 / np.log2(4)
    assert four.ndcg == pytest.approx((1 / np.log2(3) + 1 / np.log2(5)) / ideal / 2)
    assert two.ndcg == pytest.approx(1 / np.log2(3) / (1 + 1 / np.log2(3)) / 2)
    assert four.map == pytest.approx((1 / 2 + 2 / 4) / 3 / 2)
    assert four.mrr == pytest.approx(0.5 / 2)
    assert two.coverage == pytest.approx(4 / 6)
    assert ranking(model, test, k=4) == four


def slow_measures(lists, tests, k):
    """Means over users of recall, ndcg, map and mrr, by definition."""
    sums = np.zeros(4)
    for ranked, wanted in zip(lists, tests, strict=True):
        ranks = [rank for rank, item in enumerate(ranked[:k], 1) if item in wanted]
        most = min(k, len(wanted))
        sums += (
            len(ranks) / len(wanted),
            sum(1 / np.log2(r + 1) for r in ranks) / sum(1 / np.log2(r + 1) for r in range(1, most + 1)),
            sum((i + 1) / r for i, r in enumerate(ranks)) / most,
            1 / ranks[0] if ranks else 0,
        )
    return sums / len(lists)


@given(st.integers(1, 8), st.integers(1, 9), st.integers(0, 1000))
def test_measures_are_those_of_a_slow_reference(n_users, k, seed):
    random = np.random.default_rng(seed)
    n_items = 7
    lists = np.argsort(random.random((n_users, n_items)), axis=1)
    tests = [set(random.permutation(n_items)[: random.integers(1, 6)].tolist()) for _ in range(n_users)]
    test = Interactions([(user, item) for user, wanted in enumerate(tests) for item in wanted])
    result = ranking(Fixed(all_items(n_users, n_items), lists), test, k=k)
    measured = [result.recall, result.ndcg, result.map, result.mrr]
    np.testing.assert_allclose(measured, slow_measures(lists.tolist(), tests, k))


def test_training_items_are_left_out():
    train = Interactions([(1, 10), (2, 10), (3, 10), (1, 20), (2, 20), (3, 30)])
    test = Interactions([(3, 20)])
    assert ranking(Popularity(train), test, k=1).recall == 1  # 10 is more popular, but user 3 has it
    assert ranking(Popularity(train), test, k=1, train=Interactions([(3, 20)])).recall == 0


def test_users_and_items_without_training_are_counted():
    train = Interactions([(1, 10), (2, 20)])
    result = ranking(Popularity(train), Interactions([(1, 20), (1, 99), (7, 10)]), k=5)
    assert (result.n_users, result.n_unknown, result.recall) == (1, 2, 1.0)
    assert result.precision == pytest.approx(1 / 5)  # only one item is left to recommend


def test_groups_of_items_by_popularity():
    train = Interactions([(u, 0) for u in range(6)] + [(u, 1) for u in range(3)] + [(0, 2), (1, 3), (5, 4)])
    model = Fixed(train, [[4, 0, 1, 2, 3]] * 6)
    test = Interactions([(2, 4), (3, 4), (3, 2), (4, 1)])
    result = ranking(model, test, k=2, groups=2)
    head, tail = result.groups["head"], result.groups["tail"]
    assert (head.n_items, tail.n_items) == (1, 4)
    assert (head.n_test, tail.n_test) == (0, 4)
    assert np.isnan(head.recall)
    assert tail.recall == pytest.approx((1 + 1 / 2 + 0) / 3)
    assert (head.recommended, tail.recommended) == (0.5, 0.5)
    assert (head.coverage, tail.coverage) == (1, 1 / 4)
    named = ranking(model, test, k=2, groups={4: "new", 2: "old"}).groups
    assert named["new"].recall == 1
    assert named["old"].recall == 0
    assert "head: 1 items" in str(result)


def test_item_cosine_is_that_of_a_dense_reference():
    random = np.random.default_rng(1)
    dense = random.random((30, 12)) < 0.3
    train = Interactions.from_columns(*np.nonzero(dense)).reindex(range(30), range(12))
    counts = dense.sum(axis=0)
    common = dense.T.astype(float) @ dense
    similarity = common / np.sqrt(np.outer(counts, counts)) * common / (common + 3)
    similarity = np.nan_to_num(similarity)
    np.fill_diagonal(similarity, 0)
    scores = dense @ similarity
    scores[dense] = -np.inf
    rows, found = ItemCosine(train, neighbours=None, shrink=3).recommend_rows(None, 4)
    expected = np.argsort(-scores, axis=1, kind="stable")[:, :4]
    np.testing.assert_allclose(found, np.take_along_axis(scores, expected, axis=1), rtol=1e-5)
    np.testing.assert_allclose(np.take_along_axis(scores, rows, axis=1), found, rtol=1e-5)
    some, _ = ItemCosine(train, neighbours=None, shrink=3).recommend_rows([7, 2], 4)
    assert np.array_equal(some, rows[[7, 2]])


def test_item_cosine_keeps_the_nearest_neighbours():
    train = Interactions([(1, "a"), (1, "b"), (2, "a"), (2, "b"), (3, "a"), (3, "c"), (4, "b"), (4, "c")])
    rows, scores = ItemCosine(train, neighbours=1).recommend_rows([0], 3, exclude_seen=False)
    assert train.items[rows[0, 2]] == "c"
    # The nearest neighbour of c is a or b, and not both.
    np.testing.assert_allclose(scores[0], [2 / 3, 2 / 3, 1 / np.sqrt(6)], rtol=1e-6)


def test_bad_arguments_are_named():
    train = Interactions([(1, 10), (2, 20)])
    with pytest.raises(ValueError, match="k=0"):
        ranking(Popularity(train), train, k=0)
    with pytest.raises(ValueError, match="at least one number"):
        ranking(Popularity(train), train, k=[])
    with pytest.raises(ValueError, match="no interaction has a user and an item of the model"):
        ranking(Popularity(train), Interactions([(5, 10)]))
    with pytest.raises(TypeError, match="str has no method recommend_rows"):
        ranking("model", train)
    with pytest.raises(ValueError, match="groups=0"):
        ranking(Popularity(train), train, groups=0)
    with pytest.raises(ValueError, match="there is no item 99"):
        ranking(Popularity(train), train, groups={99: "x"})
    with pytest.raises(ValueError, match=r"train=.*no interaction has a user and an item of the model"):
        ranking(Popularity(train), train, train=[("1", "10")])
    model = BPR(train, epochs=1, vector_size=8, workers=1, keep_seen=False)
    with pytest.raises(ValueError, match="give train=interactions"):
        ranking(model, train)
    for baseline in (Popularity(train), ItemCosine(train)):
        with pytest.raises(IndexError, match="rows from 5 to 5; the model has 2"):
            baseline.recommend_rows([5])
        with pytest.raises(TypeError, match=r"users: float64 .*; give a flat array of row numbers"):
            baseline.recommend_rows([0.5])
        with pytest.raises(ValueError, match="n=0"):
            baseline.recommend_rows([0], 0)
        with pytest.raises(ValueError, match="other users or items than the model"):
            baseline.recommend_rows([0], exclude=Interactions([(1, 10)]))
    with pytest.raises(ValueError, match="neighbours=0"):
        ItemCosine(train, neighbours=0)


def test_test_interactions_of_the_training_are_warned_of(caplog):
    train = Interactions([(1, "tea"), (1, "milk"), (2, "tea"), (3, "jam")])
    for model in (BPR(train, vector_size=4, epochs=1, workers=1), Popularity(train)):
        caplog.clear()
        result = ranking(model, train, k=2)
        assert result.recall == 0 and "4 of 4 test interactions are in the training" in caplog.text
        caplog.clear()
        assert ranking(model, train, train=[], k=3).recall == 1 and not caplog.text
    assert "recall=0.0000, precision=0.0000" in repr(result)
