/* Rows of tokens that consist of parts: the row of a word and those of its character n-grams (Bojanowski, Grave, Joulin, Mikolov
 * 2017). In: the words of a chunk, lists of parts. Out: the composed row of each token, while windows contain the token.
 *
 * The composed row is the mean of the parts when the token enters the first window. Block steps train it like any other
 * row. When the token has left the last window, the change of its row is added to all its parts. For a lone token this is fastText's
 * update, which adds the gradient of the mean to each part. Parts are read and written once per token, not per pair. */

WV_INLINE float *row_of_token(const struct wv_tokens *tokens, int64_t position)
{
    return tokens->rows + (position & (tokens->n_slots - 1)) * tokens->stride;
}

/* The rows of all tokens of a chunk. They have no values until the tokens enter. */
static void set_token_rows(struct wv_worker *worker)
{
    struct wv_tokens *tokens = &worker->tokens;
    for (int64_t position = 0; position < worker->chunk.n; position++)
        worker->chunk.input[position] = row_of_token(tokens, position);
    tokens->first = tokens->end = 0;
}

/* The parts of the token at a position. Returns their number. */
WV_INLINE int64_t parts_of_token(const struct wv_worker *worker, int64_t position, const int32_t **ids)
{
    const struct wv_ragged *parts = &worker->task->parts;
    const int64_t *offsets = parts->offsets + worker->chunk.words[position];
    *ids = parts->ids + offsets[0];
    return offsets[1] - offsets[0];
}

/* Vectors of rows that are processed together. Most rows have no more, so that a row is read in one piece. */
enum { PART_VECS = 8 };

/* Calls `body` for all vectors of rows of `width` floats: at most PART_VECS at a time, a constant of each call. */
#define WV_BY_VECS(width, body, ...)                                                                               \
    for (int at = 0; at < (width); at += PART_VECS * VEC_LANES) {                                                  \
        switch (((width) - at) / VEC_LANES) {                                                                      \
        case 1: body(__VA_ARGS__, at, 1); break;                                                                   \
        case 2: body(__VA_ARGS__, at, 2); break;                                                                   \
        case 3: body(__VA_ARGS__, at, 3); break;                                                                   \
        case 4: body(__VA_ARGS__, at, 4); break;                                                                   \
        case 5: body(__VA_ARGS__, at, 5); break;                                                                   \
        case 6: body(__VA_ARGS__, at, 6); break;                                                                   \
        case 7: body(__VA_ARGS__, at, 7); break;                                                                   \
        default: body(__VA_ARGS__, at, PART_VECS); break;                                                          \
        }                                                                                                          \
    }

/* row = before = the mean of n parts */
WV_INLINE void mean_of_parts(float *const *parts, int64_t n, float *row, float *before, int at, int n_vecs)
{
    const vec scale = vec_set(1 / (float)n);
    vec sum[PART_VECS];
    WV_UNROLL
    for (int v = 0; v < n_vecs; v++)
        sum[v] = vec_zero();
    for (int64_t k = 0; k < n; k++) {
        const float *part = parts[k] + at;
        WV_UNROLL
        for (int v = 0; v < n_vecs; v++)
            sum[v] = vec_add(sum[v], row_load(part, v * VEC_LANES));
    }
    WV_UNROLL
    for (int v = 0; v < n_vecs; v++) {
        const vec mean = vec_mul(sum[v], scale);
        vec_store(row + at + v * VEC_LANES, mean);
        vec_store(before + at + v * VEC_LANES, mean);
    }
}

/* parts += rate * (row - before) */
WV_INLINE void add_change(float *const *parts, int64_t n, const float *row, const float *before, float rate, int at,
                          int n_vecs)
{
    vec change[PART_VECS];
    WV_UNROLL
    for (int v = 0; v < n_vecs; v++) {
        const int lane = at + v * VEC_LANES;
        change[v] = vec_mul(vec_set(rate), vec_sub(vec_load(row + lane), vec_load(before + lane)));
        WV_IN_REGISTER(change[v]);
    }
    for (int64_t k = 0; k < n; k++) {
        float *part = parts[k] + at;
        WV_ADDRESS_IN_REGISTER(part);
        WV_UNROLL
        for (int v = 0; v < n_vecs; v++)
            row_add(part, v * VEC_LANES, change[v]);
    }
}

WV_INLINE float *before_of(const struct wv_tokens *tokens, float *row) { return row + tokens->stride / 2; }

static void compose_token(struct wv_worker *worker, int64_t position, int width)
{
    struct wv_tokens *tokens = &worker->tokens;
    const int32_t *ids;
    const int64_t n = parts_of_token(worker, position, &ids);
    float *row = row_of_token(tokens, position);
    rows_at(&worker->views[WV_INPUT], ids, n, tokens->parts);
    WV_BY_VECS(width, mean_of_parts, tokens->parts, n, row, before_of(tokens, row))
}

static void add_change_to_rows(float *const *parts, int64_t n, const float *row, const float *before, float rate,
                               int width)
{
    WV_BY_VECS(width, add_change, parts, n, row, before, rate)
}

/* Adds the change of a token's row to its parts. */
static void spread_token(struct wv_worker *worker, int64_t position, int width)
{
    struct wv_rows *view = &worker->views[WV_INPUT];
    const float *row_rate = view->matrix->row_rate;
    float *row = row_of_token(&worker->tokens, position), *before = before_of(&worker->tokens, row);
    float **parts = worker->tokens.parts;
    const int32_t *ids;
    const int64_t n = parts_of_token(worker, position, &ids);
    if (view->copy_of)
        copies_in_round(view, ids, n, parts);
    else
        rows_at(view, ids, n, parts);
    if (!row_rate) {
        add_change_to_rows(parts, n, row, before, 1, width);
        return;
    }
    for (int64_t k = 0; k < n; k++) {
        if (row_rate[ids[k]] > 0)
            add_change_to_rows(parts + k, 1, row, before, row_rate[ids[k]], width);
    }
}

/* Tokens before `first` leave, tokens before `end` enter. Tokens that leave at the same time as others enter are added first. */
static void move_tokens(struct wv_worker *worker, int64_t first, int64_t end, int width)
{
    struct wv_tokens *tokens = &worker->tokens;
    for (; tokens->first < first && tokens->first < tokens->end; tokens->first++) {
        if (worker->rate > 0)
            spread_token(worker, tokens->first, width);
    }
    if (tokens->first < first)
        tokens->first = tokens->end = first;
    for (; tokens->end < end; tokens->end++)
        compose_token(worker, tokens->end, width);
}
