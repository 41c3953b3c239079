/* Prediction for bags of features. In: a trained model, lists of rows. Out: means of rows, probabilities of labels. The arithmetic
 * is in objective/predict_bags.inc.h. */
#include <stdlib.h>

#include "train/kernels.h"

enum wv_status wv_predict_bags(const struct wv_bag_model *model, const struct wv_bags *bags, int64_t n,
                               enum wv_isa isa, float *means, float *probabilities)
{
    const size_t n_scores = (size_t)model->n_labels + 2 * WV_PAD;
    struct wv_block block = {.m = 1, .n = (int)model->n_labels};
    struct wv_scratch scratch = {.scores = calloc(n_scores, sizeof(float)),
                                 .gradients = calloc(n_scores, sizeof(float))};
    block.targets = calloc(n_scores, sizeof *block.targets);
    block.weights = calloc(n_scores, sizeof *block.weights);
    const int is_ready = scratch.scores && scratch.gradients && block.targets && block.weights;
    if (is_ready) {
        for (int64_t j = 0; j < model->n_labels; j++)
            block.targets[j] = (float *)model->output + j * model->stride; /* never written */
        wv_kernels_of(isa)->predict_bags(model, bags, 0, n, &block, &scratch, means, probabilities);
    }
    free(scratch.scores);
    free(scratch.gradients);
    free(block.targets);
    free(block.weights);
    return is_ready ? WV_OK : WV_NO_MEMORY;
}
