"""Product quantisation: nearest centroids and k-means against numpy on every instruction set; quantised matrices."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from wildvec import _quantize
from wildvec.quantize import Codebooks, QuantizedMatrix


def available(isa):
    try:
        _quantize.choose_isa(isa)
    except ValueError:
        return False
    return True


ISAS = [isa for isa in ("scalar", "avx2", "avx512", "neon") if available(isa)]


@pytest.fixture(params=ISAS)
def isa(request):
    return _quantize.choose_isa(request.param)


def normal(*shape, seed=0):
    return np.random.default_rng(seed).normal(size=shape).astype(np.float32)


def squared_distances(values, centroids):
    return np.square(values[:, :, None].astype(np.float64) - centroids[:, None, :]).sum(axis=0)


@pytest.mark.parametrize("dsub", [1, 2, 3, 7, 64])
@pytest.mark.parametrize("n", [0, 1, 7, 16, 33, 100])
def test_the_nearest_centroid_is_found(isa, dsub, n):
    values, centroids = normal(dsub, n), normal(dsub, 256, seed=1)
    codes = np.zeros(n, np.uint8)
    _quantize.find_nearest(values, centroids, codes, isa)
    distances = squared_distances(values, centroids)
    chosen = np.take_along_axis(distances, codes[:, None].astype(int), axis=1)[:, 0]
    np.testing.assert_allclose(chosen, distances.min(axis=1, initial=np.inf), rtol=1e-5)


def test_of_equal_centroids_the_first_is_taken_and_no_other_byte_is_written(isa):
    centroids = np.repeat(normal(2, 128), 2, axis=1)
    codes = np.full((50, 3), 7, np.uint8)
    _quantize.find_nearest(normal(2, 60, seed=2)[:, :50], centroids, codes[:, 1], isa)
    assert (codes[:, 1] % 2 == 0).all()
    assert (codes[:, [0, 2]] == 7).all()


def test_extreme_points_have_a_code(isa):
    values = np.array([[3e38, -3e38, 1e-45, 0]], np.float32)
    codes = np.zeros(4, np.uint8)
    _quantize.find_nearest(values, np.linspace(-1, 1, 256, dtype=np.float32)[None], codes, isa)
    assert codes[2] in (127, 128)


def test_a_step_of_k_means_moves_centroids_to_means(isa):
    values, centroids = normal(2, 3000), normal(2, 256, seed=1)
    codes = np.zeros(3000, np.uint8)
    before = centroids.copy()
    _quantize.kmeans_step(values, centroids, codes, isa)
    used = np.unique(codes)
    for c in used[np.bincount(codes)[used] > 0]:
        mean = values[:, codes == c].mean(axis=1)
        near = np.abs(centroids[:, c] - mean) <= np.abs(mean) / 512 + 1e-5  # the largest clusters are split
        assert near.all()
    assert not np.array_equal(before, centroids)


def test_centroids_without_points_take_a_part_of_large_clusters(isa):
    values = normal(1, 2000)
    centroids = np.full((1, 256), 100, np.float32)
    codes = np.zeros(2000, np.uint8)
    for _ in range(40):
        _quantize.kmeans_step(values, centroids, codes, isa)
    assert len(np.unique(codes)) > 200


@pytest.mark.parametrize(
    "values, centroids, n_codes",
    [
        ((0, 5), (0, 256), 5),
        ((65, 5), (65, 256), 5),
        ((2, 5), (2, 255), 5),
        ((2, 5), (3, 256), 5),
        ((2, 5), (2, 256), 4),
    ],
)
def test_wrong_shapes_raise(values, centroids, n_codes):
    arguments = np.zeros(values, np.float32), np.zeros(centroids, np.float32), np.zeros(n_codes, np.uint8), 0
    for function in (_quantize.find_nearest, _quantize.kmeans_step):
        with pytest.raises(ValueError, match=r"give|must"):
            function(*arguments)


def test_points_that_are_not_contiguous_and_unknown_instruction_sets_raise():
    with pytest.raises(ValueError, match="contiguous"):
        _quantize.find_nearest(
            np.zeros((2, 10), np.float32)[:, ::2], np.zeros((2, 256), np.float32), np.zeros(5, np.uint8), 0
        )
    with pytest.raises(ValueError, match="instruction set"):
        _quantize.find_nearest(
            np.zeros((2, 5), np.float32), np.zeros((2, 256), np.float32), np.zeros(5, np.uint8), 99
        )


@pytest.mark.parametrize("norms", [False, True])
@pytest.mark.parametrize("dim, dsub", [(6, 2), (7, 2), (5, 3), (3, 4), (1, 1)])
def test_a_quantised_matrix_is_near_the_matrix(dim, dsub, norms):
    rows = normal(700, dim) * np.random.default_rng(1).gamma(2, size=(700, 1)).astype(np.float32)
    small = QuantizedMatrix.from_rows(rows, dsub, norms=norms)
    assert small.shape == rows.shape
    assert small.codes.shape == (700, -(-dim // dsub))
    error = np.square(small.decode() - rows).sum() / np.square(rows).sum()
    assert error < (0.03 if dsub < 3 else 0.2)


def test_lengths_of_their_own_make_the_error_smaller():
    rows = normal(2000, 16) * np.random.default_rng(1).gamma(1, size=(2000, 1)).astype(np.float32)
    errors = [
        np.square(QuantizedMatrix.from_rows(rows, norms=norms).decode() - rows).sum()
        for norms in (False, True)
    ]
    assert errors[1] < 0.6 * errors[0]


def test_the_result_depends_on_the_seed_but_not_on_the_workers():
    rows = normal(1000, 8)
    first, second, other = (
        QuantizedMatrix.from_rows(rows, norms=True, seed=seed, workers=workers)
        for seed, workers in ((3, 1), (3, 3), (4, 1))
    )
    assert np.array_equal(first.codes, second.codes)
    assert np.array_equal(first.codebooks.centroids, second.codebooks.centroids)
    assert np.array_equal(first.norm_codes, second.norm_codes)
    assert not np.array_equal(first.codebooks.centroids, other.codebooks.centroids)


def test_some_rows_are_decoded_as_all_are():
    small = QuantizedMatrix.from_rows(normal(300, 5), norms=True)
    whole = small.decode()
    assert np.array_equal(small.decode(slice(10, 20)), whole[10:20])
    assert np.array_equal(small.decode(np.array([5, 3])), whole[[5, 3]])


def test_rows_of_zeros_and_equal_rows_can_be_quantised():
    rows = np.zeros((400, 4), np.float32)
    rows[200:] = 1
    small = QuantizedMatrix.from_rows(rows, norms=True)
    np.testing.assert_allclose(small.decode(), rows, atol=0.01)


def test_centroids_have_the_layout_of_fasttext():
    books = Codebooks(3, 2, np.arange(3 * 256, dtype=np.float32))
    assert (books.n_parts, books.part(0).shape, books.part(1).shape) == (2, (256, 2), (256, 1))
    assert books.decode(np.array([[1, 2]], np.uint8)).tolist() == [[2, 3, 514]]


@pytest.mark.parametrize(
    "rows, message",
    [
        (normal(255, 4), "too small"),
        (
            np.where(np.arange(1200).reshape(300, 4) == 802, np.nan, 1).astype(np.float32),
            "row 200 holds a NaN",
        ),
        (np.zeros((300, 0), np.float32), "give rows of floats"),
        (np.zeros((300, 2), np.int32), "give rows of floats"),
    ],
)
def test_bad_matrices_are_refused(rows, message):
    with pytest.raises(ValueError, match=message):
        QuantizedMatrix.from_rows(rows)


@pytest.mark.parametrize("options", [{"dsub": 0}, {"dsub": 65}, {"seed": -1}, {"workers": 0}])
def test_bad_options_are_refused(options):
    with pytest.raises(ValueError, match=next(iter(options))):
        QuantizedMatrix.from_rows(normal(300, 4), **options)


@given(n=st.integers(256, 600), dim=st.integers(1, 9), dsub=st.integers(1, 10), norms=st.booleans())
def test_any_shape(n, dim, dsub, norms):
    small = QuantizedMatrix.from_rows(normal(n, dim), dsub, norms=norms)
    assert small.decode().shape == (n, dim)
    assert np.isfinite(small.decode()).all()
