/* The streams of PV-DBOW (step_dbow.inc.h). In: documents with tags. Out: kept tokens, divided into streams; the rows of each step. */

/* What a step trains. The rows of a stream that has ended are zero rows in scratch memory. */
struct dbow_step {
    float *documents[WV_TILE], *words[WV_TILE];
    float factors[WV_TILE]; /* of the learning rate of each document row */
    float active[WV_TILE];  /* 1, or 0: the stream has ended */
    int n_active;
};

struct dbow_streams {
    int64_t starts[WV_TILE + 1]; /* of each stream among the tokens of the chunk */
    int64_t n_steps;
};

/* Reads the kept tokens of documents that have a tag number `tag`. Returns whether there is such a document. */
static int read_dbow(struct wv_worker *worker, int64_t first, int64_t last, uint64_t key, int64_t tag)
{
    const struct wv_task *task = worker->task;
    const uint64_t keep_key = wv_subkey(key, KEEP_DRAWS);
    struct wv_chunk *chunk = &worker->chunk;
    int64_t n = 0, n_documents = 0, n_tagged = 0;
    for (int64_t s = first; s < last; s++) {
        const int64_t start = task->items.offsets[s], begin = n;
        if (task->tags.offsets[s + 1] - task->tags.offsets[s] <= tag)
            continue;
        for (int64_t t = start; t < task->items.offsets[s + 1]; t++) {
            const int64_t i = task->infers ? t - start : t - task->items.offsets[first];
            chunk->words[n] = task->items.ids[t];
            n += !task->keep || (uint32_t)(wv_draw(keep_key, (uint64_t)i) >> 32) <= task->keep[task->items.ids[t]];
        }
        n_tagged++;
        if (n == begin)
            continue;
        int32_t ids[WV_OVERRUN] = {task->tags.ids[task->tags.offsets[s] + tag]};
        float *rows[WV_OVERRUN];
        rows_at(&worker->views[WV_DOCUMENTS], ids, 1, rows);
        count_uses_of_tokens(&worker->views[WV_DOCUMENTS], ids, 1, n - begin);
        for (int64_t k = begin; k < n; k++)
            chunk->input[k] = rows[0];
        chunk->ends[n_documents++] = n;
    }
    rows_at(&worker->views[WV_OUTPUT], chunk->words, n, chunk->output);
    chunk->n = n;
    chunk->n_sentences = n_documents;
    chunk->noise_key = wv_subkey(key, NOISE_DRAWS + (uint64_t)tag);
    reset_noise(&chunk->noise);
    return n_tagged > 0;
}

static void divide_into_streams(const struct wv_task *task, const struct wv_chunk *chunk,
                                struct dbow_streams *streams)
{
    streams->n_steps = 0;
    streams->starts[0] = 0;
    for (int i = 0; i < WV_TILE; i++) {
        int64_t end = chunk->n * (i + 1) / WV_TILE;
        if (task->infers)
            end = i < chunk->n_sentences ? chunk->ends[i] : chunk->n;
        const int64_t n = end - streams->starts[i];
        streams->starts[i + 1] = end;
        streams->n_steps = n > streams->n_steps ? n : streams->n_steps;
    }
}

WV_INLINE void find_step(const struct wv_worker *worker, const struct dbow_streams *streams, int64_t t,
                         struct dbow_step *step)
{
    const struct wv_rows *documents = &worker->views[WV_DOCUMENTS];
    const float *row_rate = documents->matrix->row_rate;
    step->n_active = 0;
    for (int i = 0; i < WV_TILE; i++) {
        const int64_t k = streams->starts[i] + t;
        const int is_active = k < streams->starts[i + 1];
        step->documents[i] = is_active ? worker->chunk.input[k] : worker->scratch.hidden[0];
        step->words[i] = is_active ? worker->chunk.output[k] : worker->scratch.hidden[1];
        step->active[i] = (float)is_active;
        step->factors[i] = 1;
        step->n_active += is_active;
        if (row_rate && is_active)
            step->factors[i] = row_rate[id_of_row(documents, step->documents[i])];
    }
}

/* Rows of later steps: words, new documents, and the negative that only comes into use then. */
WV_INLINE int find_later(const struct wv_worker *worker, const struct dbow_streams *streams, int64_t t,
                         float **later)
{
    const struct wv_chunk *chunk = &worker->chunk;
    const struct wv_noise *noise = &chunk->noise;
    int n = 0;
    for (int i = 0; i < WV_TILE; i++) {
        const int64_t k = streams->starts[i] + t + WV_AHEAD;
        if (k >= streams->starts[i + 1])
            continue;
        later[n++] = chunk->output[k];
        later[n] = chunk->input[k];
        n += chunk->input[k] != chunk->input[k - 1];
    }
    const int64_t draw = noise->first + noise->window + WV_AHEAD + noise->positions[noise->n_noise - 1];
    if (noise_has_rows(worker) && draw < noise->n)
        later[n++] = noise->rows[draw];
    return n;
}
