/* The scan for many queries on AVX-512 with VNNI, four times faster than with floats. In: rows of floats and queries
 * packed as bytes. Out: entries in the heaps, with the exact scores of score.inc.h.
 *
 * Query and row are rounded to bytes: q = q' + dq and r = r' + dr. q.r and q'.r' differ by at most
 * |dr| |q| + |dq| |r'|, where |r'| <= |r| + |dr|. Cosines have |q| = |r| = 1 here. The lengths of dq and dr are known. So a row can only enter a heap if its score in bytes plus
 * this bound is above the worst score in the heap. Such a row gets an exact score, and the result is exact. */
#include "cpu.h"
#include "isa/region.h"
#include "topk.h"

#include <math.h>
#include <stdint.h>
#include <string.h>

#if WV_X86
#include <immintrin.h>

/* Fill `packed` group by group: the first four numbers of each query, then the next four, ... Also set scale, slack,
 * row_factor, query_error and offsets. */
static void pack_bytes(struct wv_queries *queries)
{
    int64_t group = queries->group;
    int8_t *packed = queries->packed;
    for (int64_t q = 0; q < queries->n; q++) {
        const float *row = queries->rows + q * queries->stride;
        if (isinf(queries->slack[q]))
            continue;
        double largest = 0, squares = 0, length = 0;
        for (int64_t d = 0; d < queries->dim; d++) {
            largest = fmax(largest, fabs(row[d]));
            length += (double)row[d] * (double)row[d];
        }
        length = queries->is_product ? sqrt(length) * 1.001 : 1;
        double scale = largest > 0 ? 127 / largest : 1;
        int32_t sum = 0;
        for (int64_t d = 0; d < queries->dim; d++) {
            double rounded = rint(row[d] * scale), rest = row[d] - rounded / scale;
            squares += rest * rest;
            sum += (int32_t)rounded;
            packed[(q / group * queries->packed_dim + d / 4 * 4) * group + q % group * 4 + d % 4] = (int8_t)rounded;
        }
        queries->scale[q] = (float)scale;
        double error = sqrt(squares) * 1.001;
        queries->row_factor[q] = (float)(scale * (length + error));
        if (queries->is_product)
            queries->query_error[q] = length > 0 ? (float)(error / length) : 0;
        else
            queries->slack[q] += (float)error;
        queries->offsets[q] = -128 * sum; /* the bytes of a row have 128 added */
    }
}

WV_REGION_BEGIN("avx512f,avx512dq,avx512bw,avx512vl,avx512vnni,avx2,fma")
#include "isa/vec_avx512.h"
#include "score.inc.h"
#include "scan.inc.h"

enum { BYTE_ROWS = 4 }; /* with 8 rows, the sums do not fit into the registers */

/* Round a row to bytes: the numbers are scaled so that the largest is 127, then rounded, then 128 is added. *inverse is
 * 1 / |row| at first, for products 1; it becomes the factor from a sum of products of bytes to the score times the scale of
 * the query. Returns |dr| / |row|, for products |dr|, rounded up. */
static float row_to_bytes(const float *row, int64_t dim, uint8_t *bytes, float *inverse)
{
    __m512 largest = _mm512_setzero_ps(), squares = _mm512_setzero_ps();
    for (int64_t d = 0; d < dim; d += VEC_LANES)
        largest =
            _mm512_max_ps(largest, _mm512_abs_ps(vec_load_first(row + d, dim - d < 16 ? (int)(dim - d) : 16)));
    float scale = 127 / _mm512_reduce_max_ps(largest);
    for (int64_t d = 0; d < dim; d += VEC_LANES) {
        vec x = vec_mul(vec_load_first(row + d, dim - d < 16 ? (int)(dim - d) : 16), vec_set(scale));
        __m512i rounded = _mm512_cvtps_epi32(x);
        vec error = vec_sub(x, _mm512_cvtepi32_ps(rounded));
        squares = vec_fma(error, error, squares);
        __m128i signed_bytes = _mm512_cvtepi32_epi8(rounded);
        _mm_storeu_si128((__m128i *)(bytes + d), _mm_xor_si128(signed_bytes, _mm_set1_epi8((char)0x80)));
    }
    *inverse /= scale;
    return sqrtf(vec_sum(squares)) * *inverse * 1.001f;
}

/* Add the products of four numbers of each row and query to the sums. */
WV_INLINE void add_products(const struct wv_queries *queries, const int8_t *packed, const int vecs,
                            const uint8_t *bytes, __m512i sums[BYTE_ROWS][TILE_VECS])
{
    WV_UNROLL
    for (int i = 0; i < BYTE_ROWS; i++) {
        int32_t four;
        memcpy(&four, bytes + i * queries->stride, sizeof four);
        __m512i row = _mm512_set1_epi32(four);
        WV_UNROLL
        for (int j = 0; j < vecs; j++)
            sums[i][j] = _mm512_dpbusd_epi32(sums[i][j], row, _mm512_loadu_si512(packed + j * VEC_LANES * 4));
    }
}

/* Multiply BYTE_ROWS rows of bytes with `vecs` vectors of queries, the first of which is query q; vecs is a constant.
 * Sets bit i of hits[row][vec] if the row may enter the heap of that query. Returns nonzero if any bit is set. */
WV_INLINE unsigned tile(const struct wv_best *best, int64_t q, const int vecs, const uint8_t *bytes,
                        const float *inverse, const float *errors, unsigned hits[BYTE_ROWS][TILE_VECS])
{
    const struct wv_queries *queries = best->queries;
    __m512i sums[BYTE_ROWS][TILE_VECS];
    const int8_t *packed = (const int8_t *)queries->packed + q * queries->packed_dim;
    unsigned any = 0;
    WV_UNROLL
    for (int i = 0; i < BYTE_ROWS; i++)
        WV_UNROLL
    for (int j = 0; j < vecs; j++)
        sums[i][j] = _mm512_loadu_si512(queries->offsets + q + j * VEC_LANES);
    for (int64_t d = 0; d < queries->packed_dim; d += 8) { /* unrolled twice: it saves moves between registers */
        add_products(queries, packed + d * GROUP, vecs, bytes + d, sums);
        add_products(queries, packed + (d + 4) * GROUP, vecs, bytes + d + 4, sums);
    }
    WV_UNROLL
    for (int i = 0; i < BYTE_ROWS; i++)
        WV_UNROLL
    for (int j = 0; j < vecs; j++) {
        vec scores = vec_mul(_mm512_cvtepi32_ps(sums[i][j]), vec_set(inverse[i]));
        vec limit = vec_sub(vec_load(best->limits + q + j * VEC_LANES),
                            vec_mul(vec_set(errors[i]), vec_load(queries->row_factor + q + j * VEC_LANES)));
        any |= hits[i][j] = vec_greater(scores, limit);
    }
    return any;
}

/* Set of_group[i] to errors[i], for products plus the error that comes from the bytes of a group of queries. */
static void add_query_errors(const struct wv_queries *queries, int64_t q, const float *errors, const float *squares,
                             float *of_group)
{
    vec largest = vec_zero();
    for (int64_t j = 0; j < GROUP; j += VEC_LANES)
        largest = vec_max(largest, vec_load(queries->query_error + q + j));
    vec error = vec_set(_mm512_reduce_max_ps(largest) * 1.001f);
    for (int64_t i = 0; i < WV_BLOCK_ROWS; i += VEC_LANES)
        vec_store(of_group + i, vec_fma(error, vec_sqrt(vec_load(squares + i)), vec_load(errors + i)));
}

static void scan_many(struct wv_best *best, const float *rows, int64_t n, int64_t stride, int64_t first)
{
    const struct wv_queries *queries = best->queries;
    float scores[WV_BLOCK_ROWS], squares[WV_BLOCK_ROWS], inverse[WV_BLOCK_ROWS], errors[WV_BLOCK_ROWS] = {0};
    float of_group[WV_BLOCK_ROWS];
    unsigned hits[BYTE_ROWS][TILE_VECS];
    score_block(queries, 0, rows, n, stride, scores, squares);
    invert_norms(best, rows, n, stride, squares, inverse, first);
    for (int64_t i = 0; i < n; i++)
        errors[i] = row_to_bytes(rows + i * stride, queries->dim, best->bytes + i * queries->stride, inverse + i);
    for (int64_t q = 0; q < queries->n; q += GROUP) {
        if (queries->is_product)
            add_query_errors(queries, q, errors, squares, of_group);
        const float *row_errors = queries->is_product ? of_group : errors;
        int64_t vecs = queries->n - q < GROUP ? (queries->n - q + VEC_LANES - 1) / VEC_LANES : TILE_VECS;
        for (int64_t i = 0; i < n; i += BYTE_ROWS) {
            const uint8_t *bytes = best->bytes + i * queries->stride;
            unsigned any = vecs == 3   ? tile(best, q, 3, bytes, inverse + i, row_errors + i, hits)
                           : vecs == 2 ? tile(best, q, 2, bytes, inverse + i, row_errors + i, hits)
                                       : tile(best, q, 1, bytes, inverse + i, row_errors + i, hits);
            for (int64_t j = i; any && j < i + BYTE_ROWS && j < n; j++)
                for (int64_t v = 0; v < vecs; v++)
                    push_hits(best, q + v * VEC_LANES, hits[j - i][v], rows + j * stride, squares[j], first + j);
        }
    }
}
WV_REGION_END

const struct wv_search_kernels wv_search_vnni = {GROUP, 1, pack_bytes, scan_few, scan_many, cosines};
#endif
