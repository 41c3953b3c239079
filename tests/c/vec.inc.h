/* Tested: the vector functions of one instruction set against plain C, and exp and log against libm.
 * test_isa_*.c include this file in the region of their instruction set, after its vector header. */
#include "isa/math.inc.h"

static const float ANY[] = {0.0f, -0.0f, 1.5f, -2.5f, 0.5f, 1e-30f, -3e20f, 7.0f, -1.0f, 2.5f, 1e6f, 3.49f};
enum { N_ANY = sizeof ANY / sizeof *ANY };

/* A loop over the VEC_LANES floats of a vector. */
#define FOR_LANES(k) for (int k = 0; k < VEC_LANES; k++)

static void fill(float *lanes, int shift)
{
    FOR_LANES(k) lanes[k] = ANY[(shift + 5 * k) % N_ANY];
}

static int same(float a, float b)
{
    return memcmp(&a, &b, sizeof a) == 0;
}

static void arithmetic_equals_that_of_c(void)
{
    float a[VEC_LANES], b[VEC_LANES], got[11][VEC_LANES];
    for (int shift = 0; shift < N_ANY * N_ANY; shift++) {
        fill(a, shift);
        fill(b, shift / N_ANY);
        const vec x = vec_load(a), y = vec_load(b);
        vec_store(got[0], vec_add(x, y));
        vec_store(got[1], vec_sub(x, y));
        vec_store(got[2], vec_mul(x, y));
        vec_store(got[3], vec_div(x, vec_add(vec_mul(y, y), vec_set(1))));
        vec_store(got[4], vec_min(x, y));
        vec_store(got[5], vec_max(x, y));
        vec_store(got[6], vec_sqrt(vec_mul(x, x)));
        vec_store(got[7], vec_oppose(x, y));
        vec_store(got[8], vec_fma(x, y, vec_set(0.25f)));
        vec_store(got[9], vec_abs(x));
        vec_store(got[10], vec_select(x, y, vec_set(1), x));
        unsigned greater = 0;
        FOR_LANES(k)
        {
            CHECK(got[0][k] == a[k] + b[k] && got[1][k] == a[k] - b[k] && same(got[2][k], a[k] * b[k]));
            CHECK(same(got[3][k], a[k] / (b[k] * b[k] + 1)));
            CHECK(got[4][k] == fminf(a[k], b[k]) && got[5][k] == fmaxf(a[k], b[k]));
            CHECK(same(got[6][k], sqrtf(a[k] * a[k])));
            CHECK(same(got[7][k], signbit(b[k]) ? a[k] : -a[k]) && same(got[9][k], fabsf(a[k])));
            CHECK(got[8][k] == fmaf(a[k], b[k], 0.25f) || got[8][k] == a[k] * b[k] + 0.25f);
            CHECK(same(got[10][k], a[k] > b[k] ? 1 : a[k]));
            greater |= (unsigned)(a[k] > b[k]) << k;
        }
        CHECK(vec_greater(x, y) == greater);
    }
    CHECK(vec_greater(vec_set((float)NAN), vec_zero()) == 0 && vec_greater(vec_zero(), vec_set((float)NAN)) == 0);
}

/* From heap memory of the exact size, so that AddressSanitizer finds a float too many. */
static void load_first_reads_n_floats(void)
{
    for (int n = 0; n <= VEC_LANES; n++) {
        float lanes[VEC_LANES], *source = malloc((size_t)n * sizeof *source + !n);
        for (int k = 0; k < n; k++)
            source[k] = (float)(k + 1);
        vec_store(lanes, vec_load_first(source, n));
        FOR_LANES(k) CHECK(lanes[k] == (k < n ? (float)(k + 1) : 0));
        free(source);
    }
}

/* With whole numbers, so that the order of the additions does not matter. */
static void lanes_are_summed(void)
{
    float many[VEC_SUMS][VEC_LANES], sums[VEC_LANES];
    vec vectors[VEC_SUMS];
    for (int v = 0; v < VEC_SUMS; v++) {
        FOR_LANES(k) many[v][k] = (float)((v * VEC_LANES + k) * (v + k) % 1009 - 300);
        vectors[v] = vec_load(many[v]);
    }
    vec_store(sums, vec_sums(vectors));
    for (int v = 0; v < VEC_SUMS; v++) {
        float sum = 0;
        FOR_LANES(k) sum += many[v][k];
        CHECK(sums[v] == sum && vec_sum(vectors[v]) == sum);
    }
}

/* Rows that share a vector: sum VEC_PACK · i + r is the product of row r and other row i. */
static void packed_sums_are_dot_products(void)
{
    enum { PART = VEC_LANES / VEC_PACK };
    float rows[VEC_PACK][2 * VEC_LANES], others[VEC_SUMS][2 * VEC_LANES], sums[VEC_LANES];
    float *row_starts[VEC_PACK];
    vec products[VEC_SUMS];
    for (int r = 0; r < VEC_PACK; r++) {
        row_starts[r] = rows[r];
        for (int k = 0; k < 2 * VEC_LANES; k++)
            rows[r][k] = (float)((k + 1) * (r + 2) % 13 - 6);
    }
    for (int i = 0; i < VEC_SUMS; i++) {
        for (int k = 0; k < 2 * VEC_LANES; k++)
            others[i][k] = (float)((k + 3) * (i + 1) % 11 - 5);
        products[i] = vec_mul(vec_load_packed(row_starts, 1), vec_load_repeated(others[i] + 1));
    }
    vec_store(sums, vec_sums_packed(products));
    for (int i = 0; i < VEC_SUMS; i++) {
        for (int r = 0; r < VEC_PACK; r++) {
            float sum = 0;
            for (int k = 1; k <= PART; k++)
                sum += rows[r][k] * others[i][k];
            CHECK(sums[VEC_PACK * i + r] == sum);
        }
    }
}

/* The result of f for x in one lane, with other numbers in the other lanes. */
#define IN_ONE_LANE(result, f, x, lane)                                                                            \
    do {                                                                                                           \
        float lanes_[VEC_LANES];                                                                                   \
        FOR_LANES(k_) lanes_[k_] = k_ == (lane) ? (x) : 1.0f;                                                      \
        vec_store(lanes_, f(vec_load(lanes_)));                                                                    \
        (result) = lanes_[lane];                                                                                   \
    } while (0)

/* Returns 1.25 · 2^n; shifted as for vec_times_exp2. */
static vec power_and_a_quarter(vec shifted)
{
    return vec_times_exp2(vec_set(1.25f), shifted);
}

static void exponents_and_mantissas_are_exact(void)
{
    for (int e = -126; e <= 127; e++) {
        float power, mantissa[VEC_LANES], exponent[VEC_LANES];
        const float x = ldexpf(1.0f + 0.003f * (float)(e + 126), e);
        vec part;
        IN_ONE_LANE(power, power_and_a_quarter, (float)e + 12582912.0f, e & (VEC_LANES - 1));
        CHECK(power == ldexpf(1.25f, e));
        vec_store(exponent, vec_split(vec_set(x), &part));
        vec_store(mantissa, part);
        FOR_LANES(k)
        {
            CHECK(mantissa[k] >= 0.70710f && mantissa[k] < 1.41422f && ldexpf(mantissa[k], (int)exponent[k]) == x);
        }
    }
}

/* Returns 0 for NaN. */
static int is_near(float got, double expected)
{
    return fabs((double)got - expected) <= 3e-7 * fabs(expected);
}

static void exp_and_log_are_close_to_libm(void)
{
    enum { STEPS = 20000 };
    for (int k = 0; k <= STEPS; k++) {
        const float x = -87 + 174 * (float)k / STEPS, y = expf(88.7f * (float)k / STEPS);
        const float little = 1 + ldexpf((float)k, -23);
        const float below_1 = expf(-44.0f * (float)(k + 1) / STEPS);
        float exp_x, log_y, log_little, log_below_1;
        IN_ONE_LANE(exp_x, vec_exp, x, k & (VEC_LANES - 1));
        IN_ONE_LANE(log_y, vec_log, y, k & (VEC_LANES - 1));
        IN_ONE_LANE(log_little, vec_log, little, k & (VEC_LANES - 1));
        CHECK(is_near(exp_x, exp((double)x)));
        CHECK(is_near(log_y, log((double)y)));
        CHECK(is_near(log_little, log((double)little)));
        IN_ONE_LANE(log_below_1, vec_log, below_1, k & (VEC_LANES - 1));
        CHECK(is_near(log_below_1, log((double)below_1)));
    }
    float least, most, none_exp, none_log;
    IN_ONE_LANE(least, vec_exp, -INFINITY, 0);
    IN_ONE_LANE(most, vec_exp, 1e30f, 0);
    IN_ONE_LANE(none_exp, vec_exp, (float)NAN, VEC_LANES - 1);
    IN_ONE_LANE(none_log, vec_log, (float)NAN, VEC_LANES - 1);
    CHECK(least > 0 && least < 2e-38f && most > 6e37f && isfinite(most));
    CHECK(isnan(none_exp) && isnan(none_log));
}

static void vector_functions(void)
{
    arithmetic_equals_that_of_c();
    load_first_reads_n_floats();
    lanes_are_summed();
    packed_sums_are_dot_products();
    exponents_and_mantissas_are_exact();
    exp_and_log_are_close_to_libm();
}
