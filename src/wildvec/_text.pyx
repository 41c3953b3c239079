"""Guards around the text room of the C core."""


# --- Files of vectors (csrc/text/numbers.h) ---

from libc.stdint cimport int64_t, uint8_t


cdef extern from "text/numbers.h" nogil:
    struct wv_vector_sink:
        float *rows
        int64_t max_rows
        int64_t dim
        uint8_t *keys
        int64_t *odd
        int64_t max_odd
        int spaced_keys

    struct wv_vector_report:
        int64_t bytes
        int64_t lines
        int64_t rows
        int64_t key_bytes
        int64_t n_odd
        int64_t bad_begin
        int64_t bad_end

    int wv_read_vector_lines(
        const uint8_t *, int64_t, const wv_vector_sink *, wv_vector_report *)
    int wv_read_vector_records(
        const uint8_t *, int64_t, const wv_vector_sink *, wv_vector_report *)


def read_vectors(
    const uint8_t[::1] block, float[:, ::1] rows, uint8_t[::1] keys, int64_t[:, ::1] odd,
    bint binary, bint spaced_keys,
):
    """Parse whole lines (or binary records): (status, bytes, lines, rows, key bytes, odd, bad)."""
    cdef wv_vector_sink sink
    cdef wv_vector_report report = wv_vector_report(0, 0, 0, 0, 0, 0, 0)
    cdef int64_t size = block.shape[0]
    cdef int status
    if keys.shape[0] < size or odd.shape[1] != 3 or odd.shape[0] < rows.shape[1]:
        raise ValueError("keys must be as large as the block, odd (>= dim, 3)")
    if not size or not rows.shape[0] or not rows.shape[1]:
        return 0, 0, 0, 0, 0, 0, (0, 0)
    sink = wv_vector_sink(
        &rows[0, 0], rows.shape[0], rows.shape[1], &keys[0], &odd[0, 0], odd.shape[0], spaced_keys)
    with nogil:
        if binary:
            status = wv_read_vector_records(&block[0], size, &sink, &report)
        else:
            status = wv_read_vector_lines(&block[0], size, &sink, &report)
    return (status, report.bytes, report.lines, report.rows, report.key_bytes, report.n_odd,
            (report.bad_begin, report.bad_end))
