/* Bags with labels, fastText's supervised mode (Joulin, Grave, Bojanowski, Mikolov 2016). In: units, each a list of features
 * (input rows) and a list of labels. Out: trained rows, the loss.
 *
 * The hidden row h is the mean of the n feature rows. Targets are output rows: all labels (softmax, one-vs-all), the nodes
 * of the path to one label (hierarchical softmax), or one label and negatives. With e = the gradient of the loss by a score,
 * o += rate e h for each target and w += rate / n Σ e o for each feature. Softmax gives each of several labels the same
 * probability; one-vs-all trains all labels; the others train one label, which is drawn. A bag without features or
 * without labels is skipped.
 *
 * A step changes no score of its bag by more than MAX_CHANGE, and no value exceeds MAX_VALUE (bag_rows.inc.h), so rows stay
 * finite at any rate. */
static const float MAX_CHANGE = 4;

/* The targets are all labels; those of the bag have the weight `weight`, the others `other`. */
WV_INLINE void target_all_labels(struct wv_worker *worker, struct wv_block *block, const int32_t *labels,
                                 int64_t n_labels, float weight, float other)
{
    fill_labels(worker, block);
    for (int j = 0; j < block->n; j++)
        block->weights[j] = other;
    for (int64_t k = 0; k < n_labels; k++)
        block->weights[labels[k]] = weight > 0 && other < 0 ? weight : block->weights[labels[k]] + weight;
}

/* The targets are the nodes on the path to a label; right turns (code 1) are positive, as in fastText. */
WV_INLINE void target_path(struct wv_worker *worker, struct wv_block *block, int32_t label)
{
    const struct wv_task *task = worker->task;
    const int64_t start = task->paths.offsets[label];
    block->n = (int)(task->paths.offsets[label + 1] - start);
    rows_at(&worker->views[WV_OUTPUT], task->paths.ids + start, block->n, block->targets);
    for (int j = 0; j < block->n; j++)
        block->weights[j] = (float)(2 * task->path_codes[start + j] - 1);
}

/* The targets are a label and drawn negatives. A negative that is the label, or was drawn before, has no weight. */
WV_INLINE void target_noise(struct wv_worker *worker, struct wv_block *block, int32_t label, uint64_t key)
{
    const struct wv_task *task = worker->task;
    const int32_t n_labels = (int32_t)task->matrices[WV_OUTPUT].n;
    int32_t *ids = worker->chunk.of_bag;
    block->n = 1 + task->negative;
    ids[0] = label;
    block->weights[0] = 1;
    for (int j = 1; j < block->n; j++) {
        ids[j] = wv_alias_draw(task->noise, n_labels, wv_draw(key, (uint64_t)j));
        block->weights[j] = -1;
        for (int i = 0; i < j; i++) { /* a label drawn twice is trained with twice the weight */
            if (ids[i] == ids[j]) {
                block->weights[j] = 0;
                block->weights[i] -= i > 0 ? 1 : 0;
                break;
            }
        }
    }
    for (int j = block->n; j < block->n + WV_OVERRUN; j++)
        ids[j] = label;
    rows_at(&worker->views[WV_OUTPUT], ids, block->n, block->targets);
}

/* Chooses the targets of bag b, then scores them; gradients = those of the loss by the scores. */
static void score_bag(struct wv_worker *worker, struct wv_block *block, int64_t b, uint64_t key)
{
    const struct wv_task *task = worker->task;
    const int32_t *labels = task->labels.ids + task->labels.offsets[b];
    const int64_t n_labels = task->labels.offsets[b + 1] - task->labels.offsets[b];
    const int32_t drawn = labels[wv_below(wv_draw(key, 0), (uint32_t)n_labels)];
    switch (task->bag_loss) {
    case WV_BAG_SOFTMAX: target_all_labels(worker, block, labels, n_labels, 1 / (float)n_labels, 0); break;
    case WV_BAG_OVA: target_all_labels(worker, block, labels, n_labels, 1, -1); break;
    case WV_BAG_PATHS: target_path(worker, block, drawn); break;
    default: target_noise(worker, block, drawn, key); break;
    }
    memset(block->weights + block->n, 0, WV_PAD * sizeof *block->weights);
    score(block, &worker->scratch, task->matrices[WV_INPUT].size);
    if (task->bag_loss == WV_BAG_SOFTMAX)
        softmax(block, &worker->scratch, &worker->loss, 1);
    else
        weighted_logistic(block, &worker->scratch, &worker->loss, 1);
}

/* hidden_grad = Σ e o over the targets. Returns the largest |o|. */
static float sum_targets(const struct wv_block *block, const float *gradients, float *hidden_grad, int width)
{
    float longest = 0;
    memset(hidden_grad, 0, (size_t)width * sizeof *hidden_grad);
    for (int j = 0; j < block->n; j++) {
        vec norm = vec_zero();
        for (int at = 0; at < width; at += VEC_LANES) {
            const vec row = row_load(block->targets[j], at);
            norm = vec_fma(row, row, norm);
            vec_store(hidden_grad + at, vec_fma(vec_set(gradients[j]), row, vec_load(hidden_grad + at)));
        }
        const float length = vec_sum(norm);
        longest = length > longest ? length : longest;
    }
    return sqrtf(longest);
}

static float length_of(const float *row, int width)
{
    vec sum = vec_zero();
    for (int at = 0; at < width; at += VEC_LANES)
        sum = vec_fma(vec_load(row + at), vec_load(row + at), sum);
    return sqrtf(vec_sum(sum));
}

/* The rate of a step that changes no score by more than MAX_CHANGE. A score changes by rate (e h·h + g·o / n) at most, where
 * g = Σ e o is the gradient of h. longest: the largest |o|. n: features. */
static float bound_bag_rate(const struct wv_block *block, const struct wv_scratch *scratch, float longest,
                            int64_t n, int width, float rate)
{
    const float h = length_of(scratch->hidden[0], width), g = length_of(scratch->hidden_grad[0], width);
    float error = 0;
    for (int j = 0; j < block->n; j++)
        error = fabsf(scratch->gradients[j]) > error ? fabsf(scratch->gradients[j]) : error;
    const float change = error * h * h + g * longest / (float)n;
    return rate * change > MAX_CHANGE ? MAX_CHANGE / change : rate;
}

/* Trains the targets and the n feature rows of a bag whose gradients are known. */
static void update_bag(struct wv_worker *worker, const struct wv_block *block, const int32_t *ids,
                       float *const *rows, int64_t n, float rate, int width)
{
    const struct wv_task *task = worker->task;
    const struct wv_scratch *scratch = &worker->scratch;
    const float *hidden = scratch->hidden[0], *gradients = scratch->gradients;
    const float longest = sum_targets(block, gradients, scratch->hidden_grad[0], width);
    const float step = bound_bag_rate(block, scratch, longest, n, width, rate);
    const float keep_target = fmaxf(0, 1 - step * task->matrices[WV_OUTPUT].l2);
    for (int j = 0; j < block->n; j++) {
        for (int at = 0; at < width; at += VEC_LANES) {
            const vec change = vec_mul(vec_set(step * gradients[j]), vec_load(hidden + at));
            row_store(block->targets[j], at,
                      clamp(vec_fma(row_load(block->targets[j], at), vec_set(keep_target), change)));
        }
    }
    const struct wv_matrix *input = &task->matrices[WV_INPUT];
    if (input->row_rate)
        spread_bag_by_rates(input, ids, rows, n, scratch->hidden_grad[0], width, step);
    else
        spread_bag(rows, n, scratch->hidden_grad[0], width, step / (float)n, fmaxf(0, 1 - step * input->l2));
}

static double train_supervised(struct wv_worker *worker, int64_t first, int64_t last, uint64_t key, float rate,
                               int64_t *examples)
{
    const struct wv_task *task = worker->task;
    const int size = task->matrices[WV_INPUT].size;
    const int width = (size + VEC_LANES - 1) / VEC_LANES * VEC_LANES;
    const int64_t *offsets = task->items.offsets, *labels = task->labels.offsets;
    struct wv_block *block = &worker->ring[0];
    block->hidden = worker->scratch.hidden;
    block->m = 1;
    worker->loss.sum = 0;
    worker->rate = rate;
    read_bags(worker, first, last, key);
    for (int64_t b = first; b < last && !WV_LOAD_RELAXED(&task->stop); b++) {
        float *const *rows = worker->chunk.input + (offsets[b] - offsets[first]);
        const int64_t n = offsets[b + 1] - offsets[b];
        if (!n || labels[b + 1] == labels[b])
            continue;
        compose_bag(rows, n, offsets[last] - offsets[b], worker->scratch.hidden[0], width);
        score_bag(worker, block, b, wv_subkey(key, (uint64_t)(b - first)));
        if (rate > 0)
            update_bag(worker, block, task->items.ids + offsets[b], rows, n, rate, width);
        *examples += 1;
        worker->n_trained += 1;
        if (worker->n_private && worker->n_trained - worker->merged_at[0] >= task->merge_every)
            merge_hottest(worker);
    }
    return worker->loss.sum;
}
