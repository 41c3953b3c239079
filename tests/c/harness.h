/* The test framework of the C core: CHECK counts, run_threads starts threads, finish prints the counts.
 * It needs pthreads, as the sanitizers do; on Windows the core is tested from Python only. */
#ifndef WILDVEC_TEST_HARNESS_H
#define WILDVEC_TEST_HARNESS_H

#include <math.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>

static int wv_test_passed, wv_test_failed;

/* Count one check. A failure does not end the program, so that a run shows all failures. */
#define CHECK(condition)                                                                                           \
    do {                                                                                                           \
        if (condition) {                                                                                           \
            wv_test_passed++;                                                                                      \
        } else {                                                                                                   \
            wv_test_failed++;                                                                                      \
            fprintf(stderr, "%s:%d: failed: %s\n", __FILE__, __LINE__, #condition);                                \
        }                                                                                                          \
    } while (0)

/* |actual − expected| ≤ tolerance; NaN fails. */
#define CHECK_NEAR(actual, expected, tolerance) CHECK(fabs((double)(actual) - (double)(expected)) <= (tolerance))

enum { WV_TEST_MAX_THREADS = 64 };

struct wv_test_thread {
    pthread_t id;
    void (*body)(void *shared, int thread);
    void *shared;
    int thread;
};

static inline void *wv_test_enter(void *argument)
{
    struct wv_test_thread *self = argument;
    self->body(self->shared, self->thread);
    return NULL;
}

/* Run body(shared, 0 … n-1), each on its own thread, and wait until all have ended. n <= 64.
 * CHECK is not thread-safe: threads store results, and the caller checks them afterwards. */
static inline void run_threads(int n, void (*body)(void *shared, int thread), void *shared)
{
    struct wv_test_thread threads[WV_TEST_MAX_THREADS];
    for (int i = 0; i < n; i++) {
        threads[i].body = body;
        threads[i].shared = shared;
        threads[i].thread = i;
        if (pthread_create(&threads[i].id, NULL, wv_test_enter, &threads[i]) != 0) {
            fprintf(stderr, "cannot start thread %d of %d\n", i, n);
            abort();
        }
    }
    for (int i = 0; i < n; i++)
        pthread_join(threads[i].id, NULL);
}

/* Print "N passed, M failed" and return the exit status. */
static inline int finish(void)
{
    printf("%d passed, %d failed\n", wv_test_passed, wv_test_failed);
    return wv_test_failed != 0;
}

#endif
