"""Checked access to the product quantisation of the C core (csrc/quantize): k-means and nearest centroids."""

from libc.stdint cimport int64_t, uint8_t

from wildvec.base.status import check


cdef extern from "wildvec.h" nogil:
    enum wv_isa:
        pass
    int wv_choose_isa(const char *name, wv_isa *isa)

    enum:
        WV_CENTROIDS, WV_MAX_DSUB
    struct wv_points:
        const float *values
        int64_t n, stride
        int dsub
    int wv_find_nearest(const wv_points *points, const float *centroids, uint8_t *codes, int64_t code_stride,
                        wv_isa isa)
    int wv_kmeans_step(const wv_points *points, float *centroids, uint8_t *codes, wv_isa isa)


CENTROIDS = WV_CENTROIDS
MAX_DSUB = WV_MAX_DSUB


def choose_isa(str name) -> int:
    """Return the number of an instruction set; "" is the best one that this CPU has."""
    cdef wv_isa isa
    encoded = name.encode()
    check(wv_choose_isa(encoded, &isa), f"WILDVEC_ISA={name!r}" if name else "")
    return isa


cdef wv_points make_points(const float[:, :] values, const float[:, ::1] centroids, int64_t n_codes) except *:
    """Check the shapes of points (dsub, n), centroids (dsub, 256) and codes (n,)."""
    cdef wv_points points
    cdef int64_t dsub = values.shape[0], n = values.shape[1]
    if not 1 <= dsub <= WV_MAX_DSUB:
        raise ValueError(f"points of {dsub} values; give 1 to {WV_MAX_DSUB}")
    if n and (values.strides[1] != 4 or values.strides[0] % 4):
        raise ValueError("the values of each column of points must be contiguous")
    if (centroids.shape[0], centroids.shape[1]) != (dsub, WV_CENTROIDS):
        shape = centroids.shape[0], centroids.shape[1]
        raise ValueError(f"centroids of shape {shape} for points of {dsub} values; give {(dsub, WV_CENTROIDS)}")
    if n_codes != n:
        raise ValueError(f"{n_codes} codes for {n} points; give one code per point")
    points.values = &values[0, 0] if n else NULL
    points.n = n
    points.stride = values.strides[0] // 4
    points.dsub = <int>dsub
    return points


def find_nearest(const float[:, :] values, const float[:, ::1] centroids, uint8_t[:] codes, int isa) -> None:
    """Set codes (n,) to the numbers of the centroids (dsub, 256) that are nearest to points (dsub, n)."""
    cdef wv_points points = make_points(values, centroids, codes.shape[0])
    cdef int status
    if points.n:
        with nogil:
            status = wv_find_nearest(&points, &centroids[0, 0], &codes[0], codes.strides[0], <wv_isa>isa)
        check(status, "k-means")


def kmeans_step(const float[:, :] values, float[:, ::1] centroids, uint8_t[::1] codes, int isa) -> None:
    """Move centroids (dsub, 256) by one iteration of k-means over points (dsub, n), and set their codes (n,)."""
    cdef wv_points points = make_points(values, centroids, codes.shape[0])
    cdef int status
    if points.n:
        with nogil:
            status = wv_kmeans_step(&points, &centroids[0, 0], &codes[0], <wv_isa>isa)
        check(status, "k-means")
