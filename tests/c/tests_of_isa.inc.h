/* All tests of one ISA. Included once in its region, after its vector header (see test_isa_*.c). */
#include "vec.inc.h"

#include "step.inc.h"

#include "losses.inc.h"
#include "rules.inc.h"

#include "bench.inc.h"

static void benchmarks_run(void)
{
    for (int k = 0; k < 26; k++)
        CHECK(bench_block(1 + k % WV_TILE, 1 + k % 7, 16 * (1 + k % 3), 3, 1) == 0);
    CHECK(bench_multiply_adds(100) == 2400.0 * VEC_LANES);
}

static void run_tests_of_isa(void)
{
    vector_functions();
    steps();
    losses();
    rules();
    benchmarks_run();
}
