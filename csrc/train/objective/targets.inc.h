/* The output rows of a window and the weights of its pairs. In: centres, the noise distribution, Huffman paths. Out:
 * targets, and the weights of a block. The targets of a window differ from each other: a negative that was drawn
 * twice counts twice, one that is a centre is dropped. */

WV_INLINE void add_target(struct wv_stream *stream, float *row, float first, float second)
{
    stream->targets[stream->n_targets++] = (struct wv_target){row, {first, second}};
}

/* The path of a word: left turns are positive pairs, right turns negative ones (Mikolov et al. 2013). */
WV_INLINE void add_path(struct wv_worker *worker, struct wv_stream *stream, int32_t word)
{
    const struct wv_task *task = worker->task;
    for (int64_t k = task->path_offsets[word]; k < task->path_offsets[word + 1]; k++)
        add_target(stream, row_at(&worker->nodes, task->path_nodes[k]), task->path_codes[k] ? -1.0f : 1.0f, 0);
}

/* The noise words of the next window (negative). They are drawn for many windows at once, so that the look-ups in the
 * table wait for memory together. */
WV_INLINE const int32_t *next_noise(const struct wv_task *task, struct wv_stream *stream)
{
    const int n = task->negative;
    const uint64_t window = stream->n_drawn++;
    if (window % WV_DRAW_WINDOWS == 0)
        for (int k = 0; k < n * WV_DRAW_WINDOWS; k++) {
            uint64_t draw = wv_draw(stream->noise_key, window * (uint64_t)n + (uint64_t)k);
            stream->noise[k] = wv_alias_draw(task->noise, task->n_words, draw);
        }
    return stream->noise + window % WV_DRAW_WINDOWS * (uint64_t)n;
}

/* The negatives of a window in which some are the same, or a centre. */
static void add_repeated(struct wv_worker *worker, struct wv_stream *stream, const int32_t *centres,
                         const int32_t *noise)
{
    for (int k = 0; k < worker->task->negative; k++) {
        float times = 0;
        int seen_before = noise[k] == centres[0] || noise[k] == centres[1];
        for (int other = 0; other < worker->task->negative; other++) {
            times += noise[other] == noise[k];
            seen_before |= other < k && noise[other] == noise[k];
        }
        if (!seen_before)
            add_target(stream, row_at(&worker->output, noise[k]), -times, -times);
    }
}

WV_INLINE void add_negatives(struct wv_worker *worker, struct wv_stream *stream, const int32_t *centres)
{
    const int32_t *noise = next_noise(worker->task, stream);
    int repeated = 0;
    for (int k = 0; k < worker->task->negative; k++) {
        repeated |= noise[k] == centres[0] || noise[k] == centres[1];
        for (int before = 0; before < k; before++)
            repeated |= noise[before] == noise[k];
    }
    if (repeated)
        add_repeated(worker, stream, centres, noise);
    else
        for (int k = 0; k < worker->task->negative; k++)
            add_target(stream, row_at(&worker->output, noise[k]), -1, -1);
}

/* The targets of the stream's window. */
WV_INLINE void choose_targets(struct wv_worker *worker, struct wv_stream *stream)
{
    const struct wv_task *task = worker->task;
    const struct wv_chunk *chunk = &worker->chunk;
    const int64_t first = stream->window.centre, last = first + stream->window.n_centres - 1;
    const int32_t centres[2] = {chunk->words[first], chunk->words[last]};
    stream->n_targets = 0;
    if (task->node_rows)
        add_path(worker, stream, centres[0]);
    if (!task->negative)
        return;
    const int one_word = centres[0] == centres[1];
    add_target(stream, chunk->output[first], 1, (float)one_word);
    if (!one_word)
        add_target(stream, chunk->output[last], 0, 1);
    add_negatives(worker, stream, centres);
}

/* Gives the window's targets to a block. Bit i of members[c] says whether hidden row i belongs to centre c. */
WV_INLINE void fill_targets(const struct wv_stream *stream, struct wv_block *block, const unsigned members[2])
{
    float first[WV_TILE_LANES], second[WV_TILE_LANES];
    for (int i = 0; i < WV_TILE_LANES; i++) {
        first[i] = (float)(int)(members[0] >> i & 1);
        second[i] = (float)(int)(members[1] >> i & 1);
    }
    block->n = stream->n_targets;
    float *weights = block->weights; /* each row of lanes writes over what the one before had too many */
    for (int j = 0; j < block->n; j++, weights += block->m) {
        const struct wv_target *target = &stream->targets[j];
        float lanes[WV_TILE_LANES];
        for (int i = 0; i < WV_TILE_LANES; i++)
            lanes[i] = target->weight[0] * first[i] + target->weight[1] * second[i];
        memcpy(weights, lanes, sizeof lanes);
        block->targets[j] = target->row;
    }
    /* Scores are worked on in whole vectors: what stands behind the last pair must not count. */
    memset(weights, 0, WV_PAD * sizeof *weights);
}

/* Lets the block ask for its targets, if it is the first one that needs them. */
WV_INLINE void ask_for_targets(struct wv_block *block, int is_first)
{
    block->asked = block->targets;
    block->n_asked = is_first ? block->n : 0;
}
