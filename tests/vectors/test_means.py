"""Means of rows, compared with numpy; wrong arguments of the extension raise."""

import numpy as np
import pytest

from wildvec._search import mean_rows as mean_rows_of_batch
from wildvec.base.ragged import Ragged
from wildvec.vectors.means import mean_rows


def lists(n, n_rows, seed=0):
    random = np.random.default_rng(seed)
    return [random.integers(0, n_rows, size).astype(np.int32) for size in random.integers(0, 6, n)]


def ragged(arrays):
    offsets = np.concatenate([[0], np.cumsum([len(a) for a in arrays])]).astype(np.int64)
    return Ragged(np.concatenate([np.empty(0, np.int32), *arrays]), offsets)


@pytest.mark.parametrize("dim", [1, 2, 7, 16, 67])
@pytest.mark.parametrize("kind", ["contiguous", "padded", "columns", "reversed", "float64"])
def test_means_are_those_of_numpy(dim, kind):
    wide = np.random.default_rng(1).normal(size=(20, dim + 5)).astype(np.float32)
    matrix = {
        "contiguous": wide[:, :dim].copy(),
        "padded": wide[:, :dim],
        "columns": np.asfortranarray(wide[:, :dim]),
        "reversed": wide[::-1, :dim],
        "float64": wide[:, :dim].astype(np.float64),
    }[kind]
    rows = lists(30, 20)
    found = mean_rows(matrix, [ragged(rows[:11]), ragged(rows[11:])], 30)
    expected = [matrix[ids].mean(0) if len(ids) else np.zeros(dim) for ids in rows]
    assert found.dtype == np.float32 and found.shape == (30, dim)
    np.testing.assert_allclose(found, expected, rtol=1e-5, atol=1e-6)


def test_no_lists_and_no_rows():
    assert mean_rows(np.zeros((3, 2), np.float32), [], 0).shape == (0, 2)
    assert mean_rows(np.zeros((0, 2), np.float32), [ragged([np.empty(0, np.int32)])], 1).tolist() == [[0, 0]]
    with pytest.raises(ValueError, match="there are 1 lists and not 2; the data changed"):
        mean_rows(np.zeros((3, 2), np.float32), [ragged([np.zeros(1, np.int32)])], 2)


def test_wrong_arguments_of_the_extension_raise():
    def call(ids=(0, 1), offsets=(0, 1, 2), means=(2, 3), rows=(2, 3)):
        mean_rows_of_batch(
            np.zeros(rows, np.float32),
            np.array(ids, np.int32),
            np.array(offsets, np.int64),
            np.zeros(means, np.float32),
        )

    call()
    for wrong in (
        {"ids": (0, 2)},
        {"ids": (-2, 0)},
        {"offsets": (0, 2)},
        {"offsets": (0, 3, 2)},
        {"offsets": (1, 1, 2)},
        {"offsets": (0, 1, 1)},
        {"means": (2, 4)},
        {"rows": (0, 3)},
        {"offsets": ()},
    ):
        with pytest.raises(ValueError):
            call(**wrong)
