/* Many queries on AVX-512 with VNNI, four times faster than in floats. In: rows of floats and queries packed as bytes.
 * Out: entries in the heaps. The scores that rank are those of score.inc.h, in floats.
 *
 * Query and row are rounded to bytes, q = q' + dq and r = r' + dr. Then q.r and q'.r' differ by at most
 * |dr| + |dq| |r'| for a unit query, and the lengths of dq and dr are known: only a row whose bytes come this close to
 * the worst score in a heap can enter it, and gets its score in floats. The answer stays exact. */
#include "cpu.h"
#include "isa/region.h"
#include "topk.h"

#include <math.h>
#include <stdint.h>
#include <string.h>

#if WV_X86
#include <immintrin.h>

/* Fills `packed` with four numbers of each query of a group, the next four, ...; scale, slack, reach and offsets. */
static void pack_bytes(struct wv_queries *queries)
{
    int64_t group = queries->group;
    int8_t *packed = queries->packed;
    for (int64_t q = 0; q < queries->n; q++) {
        const float *row = queries->rows + q * queries->stride;
        if (isinf(queries->slack[q]))
            continue;
        double largest = 0, squares = 0;
        for (int64_t d = 0; d < queries->dim; d++)
            largest = fmax(largest, fabs(row[d]));
        double scale = largest > 0 ? 127 / largest : 1;
        int32_t sum = 0;
        for (int64_t d = 0; d < queries->dim; d++) {
            double rounded = rint(row[d] * scale), off = row[d] - rounded / scale;
            squares += off * off;
            sum += (int32_t)rounded;
            packed[(q / group * queries->packed_dim + d / 4 * 4) * group + q % group * 4 + d % 4] = (int8_t)rounded;
        }
        queries->scale[q] = (float)scale;
        queries->slack[q] += (float)sqrt(squares) * 1.001f;
        queries->reach[q] = (float)(scale * (1 + sqrt(squares) * 1.001));
        queries->offsets[q] = -128 * sum; /* the bytes of a row are 128 too large */
    }
}

WV_REGION_BEGIN("avx512f,avx512dq,avx512bw,avx512vl,avx512vnni,avx2,fma")
#include "isa/vec_avx512.h"
#include "score.inc.h"
#include "scan.inc.h"

enum { BYTE_ROWS = 4 }; /* with twice as many, compilers run out of registers */

/* bytes: the row, scaled so that its largest number is 127, rounded, plus 128. inverse: 1 / |row|; becomes what makes
 * a sum of products of bytes a cosine times the scale of the query. Returns |dr| / |row|, rounded up. */
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
        vec off = vec_sub(x, _mm512_cvtepi32_ps(rounded));
        squares = vec_fma(off, off, squares);
        __m128i signed_bytes = _mm512_cvtepi32_epi8(rounded);
        _mm_storeu_si128((__m128i *)(bytes + d), _mm_xor_si128(signed_bytes, _mm_set1_epi8((char)0x80)));
    }
    *inverse /= scale;
    return sqrtf(vec_sum(squares)) * *inverse * 1.001f;
}

/* Adds the products of four numbers of each row and query. */
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

/* BYTE_ROWS rows of bytes against `vecs` (constant) vectors of queries, of which q is the first; hits: bit i of
 * hits[row][vec] is set where that query may be near. Returns whether any is. */
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
    for (int64_t d = 0; d < queries->packed_dim; d += 8) { /* twice: the sums change places every other time */
        add_products(queries, packed + d * GROUP, vecs, bytes + d, sums);
        add_products(queries, packed + (d + 4) * GROUP, vecs, bytes + d + 4, sums);
    }
    WV_UNROLL
    for (int i = 0; i < BYTE_ROWS; i++)
        WV_UNROLL
    for (int j = 0; j < vecs; j++) {
        vec scores = vec_mul(_mm512_cvtepi32_ps(sums[i][j]), vec_set(inverse[i]));
        vec limit = vec_sub(vec_load(best->limits + q + j * VEC_LANES),
                            vec_mul(vec_set(errors[i]), vec_load(queries->reach + q + j * VEC_LANES)));
        any |= hits[i][j] = vec_greater(scores, limit);
    }
    return any;
}

static void scan_many(struct wv_best *best, const float *rows, int64_t n, int64_t stride, int64_t first)
{
    const struct wv_queries *queries = best->queries;
    float scores[WV_BLOCK_ROWS], squares[WV_BLOCK_ROWS], inverse[WV_BLOCK_ROWS], errors[WV_BLOCK_ROWS] = {0};
    unsigned hits[BYTE_ROWS][TILE_VECS];
    score_block(queries, 0, rows, n, stride, scores, squares);
    invert_norms(best, rows, n, stride, squares, inverse, first);
    for (int64_t i = 0; i < n; i++)
        errors[i] = row_to_bytes(rows + i * stride, queries->dim, best->bytes + i * queries->stride, inverse + i);
    for (int64_t q = 0; q < queries->n; q += GROUP) {
        int64_t vecs = queries->n - q < GROUP ? (queries->n - q + VEC_LANES - 1) / VEC_LANES : TILE_VECS;
        for (int64_t i = 0; i < n; i += BYTE_ROWS) {
            const uint8_t *bytes = best->bytes + i * queries->stride;
            unsigned any = vecs == 3   ? tile(best, q, 3, bytes, inverse + i, errors + i, hits)
                           : vecs == 2 ? tile(best, q, 2, bytes, inverse + i, errors + i, hits)
                                       : tile(best, q, 1, bytes, inverse + i, errors + i, hits);
            for (int64_t j = i; any && j < i + BYTE_ROWS && j < n; j++)
                for (int64_t v = 0; v < vecs; v++)
                    enter(best, q + v * VEC_LANES, hits[j - i][v], rows + j * stride, squares[j], first + j);
        }
    }
}
WV_REGION_END

const struct wv_search_kernels wv_search_vnni = {GROUP, 1, pack_bytes, scan_few, scan_many, cosines};
#endif
