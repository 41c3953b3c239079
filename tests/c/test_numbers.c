/* Tested: the parsers of vector files, with blocks of exact size, cut at every byte, and of random bytes. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "harness.h"
#include "text/numbers.h"

enum { DIM = 3, MAX_ROWS = 8, MAX_ODD = 16 };

struct result {
    enum wv_status status;
    struct wv_vector_report report;
    float rows[MAX_ROWS * DIM];
    int64_t odd[MAX_ODD * 3];
    uint8_t keys[256];
};

/* All buffers are on the heap with their exact size, so that AddressSanitizer finds an access one byte beyond. */
static struct result read_block(const void *bytes, int64_t size, int binary, int spaced_keys)
{
    struct result result;
    memset(&result, 0, sizeof result);
    uint8_t *block = malloc((size_t)size + !size);
    uint8_t *keys = malloc((size_t)size + !size);
    float *rows = malloc(sizeof result.rows);
    int64_t *odd = malloc(sizeof result.odd);
    memcpy(block, bytes, (size_t)size);
    memset(rows, 0, sizeof result.rows);
    struct wv_vector_sink sink = {rows, MAX_ROWS, DIM, keys, odd, MAX_ODD, spaced_keys};
    result.status = binary ? wv_read_vector_records(block, size, &sink, &result.report)
                           : wv_read_vector_lines(block, size, &sink, &result.report);
    memcpy(result.rows, rows, sizeof result.rows);
    memcpy(result.odd, odd, sizeof(int64_t) * 3 * (size_t)result.report.n_odd);
    memcpy(result.keys, keys, (size_t)result.report.key_bytes);
    free(block);
    free(keys);
    free(rows);
    free(odd);
    return result;
}

static struct result read_text(const char *text, int spaced_keys)
{
    return read_block(text, (int64_t)strlen(text), 0, spaced_keys);
}

static void lines_are_parsed(void)
{
    struct result r = read_text("king 1 -.5e1 +0.25\n\n\tb c\n", 0);
    CHECK(r.status == WV_WRONG_WIDTH || r.status == WV_NOT_A_NUMBER);
    r = read_text("king 1 -.5e1 +0.25 \r\n \nqueen\t1e-2  2. 16777217\nrest 1 2", 0);
    CHECK(r.status == WV_OK);
    CHECK(r.report.rows == 2 && r.report.lines == 3);
    CHECK(r.report.key_bytes == 11 && !memcmp(r.keys, "king\nqueen\n", 11));
    CHECK(r.rows[0] == 1.0f && r.rows[1] == -5.0f && r.rows[2] == 0.25f && r.rows[3] == 0.01f);
    CHECK(r.report.n_odd == 1 && r.odd[0] == 5); /* halfway between two floats */
    r = read_text("a b 1 2 3\n. . . 4 5 6\n", 1);
    CHECK(r.status == WV_OK && r.report.rows == 2);
    CHECK(!memcmp(r.keys, "a b\n. . .\n", 10));
    CHECK(r.rows[3] == 4.0f);
}

static void errors_report_their_bytes(void)
{
    struct result r = read_text("a 1 2 3\nb 1 zwei 3\n", 0);
    CHECK(r.status == WV_NOT_A_NUMBER && r.report.lines == 1);
    CHECK(r.report.bad_begin == 12 && r.report.bad_end == 16);
    CHECK(read_text("a 1 2\n", 0).status == WV_WRONG_WIDTH);
    CHECK(read_text("a 1 2 3 4\n", 0).status == WV_WRONG_WIDTH);
    CHECK(read_text("a 1 2 1e\n", 0).status == WV_NOT_A_NUMBER);
    CHECK(read_text("a 1 2 .\n", 0).status == WV_NOT_A_NUMBER);
    CHECK(read_text("a 1 2 +\n", 1).status == WV_NOT_A_NUMBER);
    CHECK(read_text("a nan -INF infinity\n", 0).report.n_odd == 3);
    CHECK(read_text("a nan in infinit\n", 0).status == WV_NOT_A_NUMBER);
}

static void full_outputs_stop_before_a_row(void)
{
    char text[400] = "";
    for (int i = 0; i < 12; i++)
        strcat(text, "k 1e-30 1e-30 1e99\n");
    struct result r = read_text(text, 0);
    CHECK(r.status == WV_OK && r.report.rows == 5 && r.report.n_odd == 15);
    CHECK(r.report.bytes == 5 * 19);
}

static void records_are_parsed(void)
{
    char data[64];
    const float values[DIM] = {1.0f, -2.5f, 1e-40f};
    memcpy(data, "\nk ", 3);
    memcpy(data + 3, values, 12);
    memcpy(data + 15, "\nlong ", 6);
    memcpy(data + 21, values, 12);
    for (int64_t size = 0; size <= 33; size++) {
        struct result r = read_block(data, size, 1, 0);
        CHECK(r.status == WV_OK);
        CHECK(r.report.rows == (size >= 15) + (size >= 33));
        CHECK(r.report.bytes == (size < 15 ? 0 : size < 33 ? 15 : 33));
    }
    struct result r = read_block(data, 33, 1, 0);
    CHECK(!memcmp(r.keys, "k\nlong\n", 7) && !memcmp(r.rows + DIM, values, sizeof values));
    memcpy(data + 15, "lo\ng  ", 6);
    r = read_block(data, 33, 1, 0);
    CHECK(r.status == WV_BAD_RECORD && r.report.rows == 1 && r.report.bad_begin == 15);
}

static void random_bytes_stay_within_the_outputs(void)
{
    static const char alphabet[] = " \t\r\n\n01239.+-eEnaif\xff\0kK";
    uint32_t state = 1;
    uint8_t bytes[64];
    int valid = 0;
    for (int round = 0; round < 200000; round++) {
        int64_t size = round % 64;
        for (int64_t i = 0; i < size; i++) {
            state = state * 1664525u + 1013904223u;
            bytes[i] = (uint8_t)alphabet[(state >> 16) % (sizeof alphabet - 1)];
        }
        struct result r = read_block(bytes, size, round / 64 % 2, round / 128 % 2);
        valid += r.report.rows <= MAX_ROWS && r.report.bytes <= size && r.report.n_odd <= MAX_ODD &&
                 r.report.key_bytes <= r.report.bytes;
    }
    CHECK(valid == 200000);
}

int main(void)
{
    lines_are_parsed();
    errors_report_their_bytes();
    full_outputs_stop_before_a_row();
    records_are_parsed();
    random_bytes_stay_within_the_outputs();
    return finish();
}
