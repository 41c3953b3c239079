"""Layers of PyTorch: they share rows with models, in both directions. Collected where PyTorch is installed."""

import numpy as np
import pytest
import torch
from torch import nn

from wildvec import KeyedVectors, TextClassifier, Word2Vec

TEXTS = ["a b c", "b c d e", "zz a", "e"] * 5


def model(**settings):
    return Word2Vec(vector_size=10, min_count=1, workers=1, epochs=2, **settings).fit(TEXTS)


def bag_inputs(wv, texts):
    bags = wv.encode(texts)
    return torch.from_numpy(bags.values), torch.from_numpy(bags.offsets[:-1])


@pytest.mark.parametrize("mode", [None, "mean", "sum", "max"])
@pytest.mark.parametrize("sparse", [False, True])
def test_a_layer_shares_the_rows_of_a_model(mode, sparse):
    if mode == "max" and sparse:
        return  # PyTorch has no sparse gradient for it
    trained = model()
    layer = trained.to_torch(mode, sparse=sparse)
    assert isinstance(layer, nn.Embedding if mode is None else nn.EmbeddingBag)
    assert layer.weight.data_ptr() == trained.wv.vectors.ctypes.data and layer.weight.requires_grad
    before = trained.wv.vectors.copy()
    padding = trained._matrices["vectors"][:, 10:].copy()
    ids = torch.tensor([trained.wv.key_to_index["a"], trained.wv.key_to_index["c"]])
    loss = (layer(ids) if mode is None else layer(ids, torch.tensor([0]))).sum()
    loss.backward()
    torch.optim.SGD(layer.parameters(), lr=0.1).step()
    changed = (trained.wv.vectors != before).any(axis=1)
    assert sorted(np.flatnonzero(changed)) == sorted(ids.tolist())
    assert (trained._matrices["vectors"][:, 10:] == padding).all()
    trained.wv.vectors[ids[0]] = 7
    assert (layer.weight[ids[0]] == 7).all()


@pytest.mark.parametrize("optimizer", [torch.optim.Adam, torch.optim.Adagrad, torch.optim.AdamW])
def test_optimizers_change_the_rows_in_place(optimizer):
    trained = model()
    layer = trained.to_torch("mean")
    steps = optimizer(layer.parameters(), lr=0.1)
    before = trained.wv.vectors.copy()
    for _ in range(3):
        steps.zero_grad()
        layer(*bag_inputs(trained.wv, TEXTS)).square().sum().backward()
        steps.step()
    assert (trained.wv.vectors != before).all()
    np.testing.assert_array_equal(layer.weight.detach().numpy(), trained.wv.vectors)


def test_a_bag_of_the_known_tokens_gives_what_transform_gives():
    trained = model()
    texts = ["a b unknown c", "unknown", "", "d d"]
    found = trained.to_torch("mean")(*bag_inputs(trained.wv, texts)).detach().numpy()
    np.testing.assert_allclose(found, trained.transform(texts), rtol=1e-6, atol=1e-7)


def test_a_model_trains_on_with_rows_that_pytorch_changed():
    trained, other = model(), model()
    with torch.no_grad():
        trained.to_torch().weight.mul_(0.5)
    other.wv.vectors *= 0.5
    for each in (trained, other):
        each.train([text.split() for text in TEXTS])
    np.testing.assert_array_equal(trained.wv.vectors, other.wv.vectors)


def test_assigned_vectors_are_shared_too():
    trained = model()
    trained.wv.vectors = np.ones_like(trained.wv.vectors)
    layer = trained.to_torch()
    assert (layer.weight == 1).all() and layer.weight.data_ptr() == trained._vectors.ctypes.data


def test_frozen_rows_and_padding():
    wv = model().wv
    assert not wv.to_torch(freeze=True).weight.requires_grad
    layer = wv.to_torch("mean", padding="a")
    assert layer.padding_idx == wv.key_to_index["a"]
    ids = torch.tensor([[wv.key_to_index[key] for key in ("a", "b", "a")]])
    np.testing.assert_array_equal(layer(ids)[0].detach().numpy(), wv["b"])
    with pytest.raises(KeyError, match="'x' is not in the vocabulary"):
        wv.to_torch(padding="x")


@pytest.mark.parametrize("dtype", [np.float16, np.float32, np.float64])
def test_there_and_back(dtype):
    matrix = np.random.default_rng(0).normal(size=(4, 3)).astype(dtype)
    wv = KeyedVectors.from_arrays(list("abcd"), matrix)
    for layer in (wv.to_torch(), wv.to_torch("mean"), wv.to_torch().weight, torch.from_numpy(matrix)):
        back = KeyedVectors.from_torch(layer, wv.index_to_key, counts=[4, 3, 2, 1])
        assert back.vectors.dtype == dtype and np.shares_memory(back.vectors, matrix)
        assert back.index_to_key == list("abcd") and back.counts.tolist() == [4, 3, 2, 1]
    brain = wv.to_torch().to(torch.bfloat16)
    assert KeyedVectors.from_torch(brain, list("abcd")).vectors.dtype == np.float32


def test_what_cannot_be_shared_is_refused(tmp_path):
    wv = model().wv
    wv.save(tmp_path / "vectors")
    with pytest.raises(ValueError, match="the vectors are read-only"):
        KeyedVectors.load(tmp_path / "vectors", mmap="r").to_torch()
    with pytest.raises(ValueError, match="PyTorch has no negative ones"):
        KeyedVectors.from_arrays(["a", "b"], np.eye(2)[::-1]).to_torch()
    with pytest.raises(ValueError, match="mode='average': give one of 'mean', 'sum', 'max', or None"):
        wv.to_torch("average")
    for wrong in (nn.ReLU(), torch.zeros(3), torch.zeros(3, 2, dtype=torch.int32), np.zeros((3, 2))):
        with pytest.raises(TypeError, match=r"give an nn.Embedding, an nn.EmbeddingBag or a tensor"):
            KeyedVectors.from_torch(wrong, ["a", "b", "c"])
    with pytest.raises(ValueError, match="4 keys"):
        KeyedVectors.from_torch(torch.zeros(3, 2), list("abcd"))
    with pytest.raises(ValueError, match="is not fitted yet"):
        Word2Vec().to_torch()


@pytest.mark.parametrize("options", [{}, {"word_ngrams": 2, "bucket": 100}], ids=str)
def test_a_classifier_shares_the_rows_of_features_and_labels(options):
    texts, labels = ["a b", "b c", "c d", "d a"] * 10, [0, 1, 2, 1] * 10
    trained = TextClassifier(vector_size=6, workers=1, **options).fit(texts, labels)
    bag, linear = layers = trained.to_torch()
    assert bag.weight.data_ptr() == trained._matrices["input_rows"].ctypes.data
    assert linear.weight.data_ptr() == trained.output_rows.ctypes.data

    def scores(texts):
        bags = trained.encode(texts)
        return linear(bag(torch.from_numpy(bags.values), torch.from_numpy(bags.offsets[:-1])))

    order = [trained.labels.index(label) for label in trained.classes_.tolist()]
    found = scores(texts).softmax(1)[:, order].detach().numpy()
    np.testing.assert_allclose(found, trained.predict_proba(texts), rtol=1e-4, atol=1e-6)
    steps = torch.optim.Adam(layers.parameters(), lr=0.1)
    target = torch.tensor([trained.labels.index(label) for label in [2, 0, 0, 0] * 10])
    for _ in range(50):
        steps.zero_grad()
        nn.functional.cross_entropy(scores(texts), target).backward()
        steps.step()
    assert trained.predict(texts[:4]).tolist() == [2, 0, 0, 0], "PyTorch changed the model"
    assert not any(p.requires_grad for p in trained.to_torch(freeze=True).parameters())
    with pytest.raises(ValueError, match="mode='sum', loss='softmax': only mode='mean'"):
        trained.to_torch("sum")
