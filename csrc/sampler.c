/* In: weights. Out: an alias table. Drawing from it is inline, in the header. */
#include "sampler.h"

#include <stdlib.h>

/* Splits the columns into those below and above the mean; each lower one is filled up from a higher one. */
enum wv_status wv_alias_build(const double *weights, int32_t n, struct wv_alias *table)
{
    double *share = malloc((size_t)n * sizeof *share);
    int32_t *stack =
        malloc((size_t)n * sizeof *stack); /* low columns grow from the left, high ones from the right */
    if (!share || !stack) {
        free(share);
        free(stack);
        return WV_NO_MEMORY;
    }
    double total = 0;
    for (int32_t i = 0; i < n; i++)
        total += weights[i];
    int32_t low = 0, high = n;
    for (int32_t i = 0; i < n; i++) {
        share[i] = weights[i] * n / total;
        if (share[i] < 1)
            stack[low++] = i;
        else
            stack[--high] = i;
    }
    while (low > 0 && high < n) {
        int32_t poor = stack[--low], rich = stack[high];
        table[poor] = (struct wv_alias){(uint32_t)(share[poor] * 4294967296.0), rich};
        share[rich] -= 1 - share[poor];
        if (share[rich] < 1) {
            high++;
            stack[low++] = rich;
        }
    }
    /* What is left has a share of 1, up to rounding. */
    while (low > 0) {
        int32_t i = stack[--low];
        table[i] = (struct wv_alias){UINT32_MAX, i};
    }
    for (; high < n; high++)
        table[stack[high]] = (struct wv_alias){UINT32_MAX, stack[high]};
    free(share);
    free(stack);
    return WV_OK;
}
