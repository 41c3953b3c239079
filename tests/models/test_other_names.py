"""What users of node2vec, implicit and LightFM type from habit: each error says what to use here."""

import numpy as np
import pytest

from wildvec import BPR, CCL, DeepWalk, Node2Vec

PAIRS = [(user, item) for user in range(6) for item in range(user, user + 3)]


@pytest.fixture(scope="module")
def model():
    return BPR(PAIRS, vector_size=4, epochs=1, workers=1)


@pytest.mark.parametrize(
    ("model", "settings", "remedy"),
    [
        (DeepWalk, {"dimensions": 64}, "dimensions=64: the name of this argument is vector_size"),
        (Node2Vec, {"quiet": True}, "progress bars appear on a terminal only"),
        (BPR, {"factors": 64}, "vector_size"),
        (BPR, {"n_factors": 64}, "vector_size"),
        (BPR, {"no_components": 64}, "vector_size"),
        (BPR, {"iterations": 5}, "the name of this argument is epochs"),
        (BPR, {"regularization": 0.1}, "the name of this argument is l2"),
        (BPR, {"learning_rate": 0.1}, "the name of this argument is alpha"),
        (BPR, {"loss": "warp"}, "each loss is a model"),
        (CCL, {"features": np.zeros((9, 9))}, r"features=<ndarray of shape \(9, 9\)>: there is no argument"),
    ],
)
def test_settings_of_other_packages(model, settings, remedy):
    with pytest.raises(TypeError, match=remedy):
        model(**settings)


@pytest.mark.parametrize(
    ("call", "error", "remedy"),
    [
        (lambda m: m.recommend(1, N=3), TypeError, "N=3: the name of this argument is n"),
        (lambda m: m.recommend(1, filter_already_liked_items=True), TypeError, "is exclude_seen"),
        (lambda m: m.similar_items(1, topn=3), TypeError, "topn=3: the name of this argument is n"),
        (lambda m: m.recommend(1, pytest.importorskip("scipy.sparse").eye(3)), TypeError, "n is a matrix"),
        (lambda m: m.fit(PAIRS, show_progress=False), TypeError, "fit takes no settings; .*BPR"),
        (lambda m: DeepWalk().fit([(1, 2)], window=10), TypeError, r"DeepWalk\(…, window=10\)"),
        (lambda m: m.user_factors, AttributeError, "use uv.vectors"),
        (lambda m: m.predict, AttributeError, "use recommend"),
        (lambda m: DeepWalk().predict, AttributeError, "no attribute 'predict'$"),
        (
            lambda m: m.recommend("1"),
            KeyError,
            r"no user '1' \(the users of the model are int, and this is str\)",
        ),
        (lambda m: m.recommend(1, among=["2"]), KeyError, "the items of the model are int"),
        (lambda m: m.similar_items([1, 2]), TypeError, r"item \[1, 2\]: give one item"),
        (lambda m: m.recommend(1, among=5), TypeError, "among=5: give a list of them"),
        (lambda m: m.recommend(history=5), TypeError, "history=5: give a list of them"),
        (lambda m: m.recommend(history=[]), ValueError, r"history=\[\]: give at least one item"),
        (lambda m: CCL(PAIRS, item_features={"a": [1]}), TypeError, "item_features is a dict; give an array"),
    ],
)
def test_methods_and_attributes(model, call, error, remedy):
    with pytest.raises(error, match=remedy):
        call(model)


def test_items_that_a_history_names_and_the_model_lacks_are_logged(model, caplog):
    assert model.recommend(history=[1, 99], n=2)
    assert "history: the model does not have 99; left out" in caplog.text
