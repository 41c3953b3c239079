/* In: weights. Out: an alias table. wv_alias_draw is inline, in the header. */
#include "sampler.h"

#include <stdlib.h>

/* Vose's method: columns with less than the mean weight are filled up from columns with more. */
enum wv_status wv_alias_build(const double *weights, int32_t n, struct wv_alias *table)
{
    double *scaled = malloc((size_t)n * sizeof *scaled); /* weights with a mean of 1 */
    int32_t *stack =
        malloc((size_t)n * sizeof *stack); /* two stacks: low columns from the left, high ones from the right */
    if (!scaled || !stack) {
        free(scaled);
        free(stack);
        return WV_NO_MEMORY;
    }
    double total = 0;
    for (int32_t i = 0; i < n; i++)
        total += weights[i];
    int32_t low = 0, high = n;
    for (int32_t i = 0; i < n; i++) {
        scaled[i] = weights[i] * n / total;
        if (scaled[i] < 1)
            stack[low++] = i;
        else
            stack[--high] = i;
    }
    while (low > 0 && high < n) {
        int32_t lower = stack[--low], higher = stack[high];
        table[lower] = (struct wv_alias){(uint32_t)(scaled[lower] * 4294967296.0), higher};
        scaled[higher] -= 1 - scaled[lower];
        if (scaled[higher] < 1) {
            high++;
            stack[low++] = higher;
        }
    }
    /* The columns left have a weight of 1, up to rounding. */
    while (low > 0) {
        int32_t i = stack[--low];
        table[i] = (struct wv_alias){UINT32_MAX, i};
    }
    for (; high < n; high++)
        table[stack[high]] = (struct wv_alias){UINT32_MAX, stack[high]};
    free(scaled);
    free(stack);
    return WV_OK;
}
