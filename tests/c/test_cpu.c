/* Tested on this processor: names, detection and choice of the instruction sets agree. */
#include "cpu.h"

#include <string.h>

#include "harness.h"

static void names_are_distinct(void)
{
    for (int i = 0; i < WV_N_ISAS; i++) {
        CHECK(wv_isa_name((enum wv_isa)i) != NULL);
        for (int j = 0; j < i; j++)
            CHECK(strcmp(wv_isa_name((enum wv_isa)i), wv_isa_name((enum wv_isa)j)) != 0);
    }
}

static void detection_is_consistent(void)
{
    CHECK(wv_cpu_has(WV_SCALAR));
    CHECK(wv_cpu_has(WV_NEON) == WV_ARM);
    CHECK(!wv_cpu_has(WV_AVX512) || wv_cpu_has(WV_AVX2));
    CHECK(WV_X86 || !wv_cpu_has(WV_AVX2));
}

static void a_name_selects_its_isa_or_fails(void)
{
    for (int i = 0; i < WV_N_ISAS; i++) {
        enum wv_isa requested = (enum wv_isa)i, chosen = WV_SCALAR;
        enum wv_status expected = wv_cpu_has(requested) ? WV_OK : WV_UNSUPPORTED_ISA;
        CHECK(wv_choose_isa(wv_isa_name(requested), &chosen) == expected);
        CHECK(expected != WV_OK || chosen == requested);
    }
    enum wv_isa unchanged = WV_SCALAR;
    CHECK(wv_choose_isa("sse9", &unchanged) == WV_UNKNOWN_ISA);
    CHECK(wv_choose_isa("AVX2", &unchanged) == WV_UNKNOWN_ISA);
}

static void no_name_selects_the_widest_isa(void)
{
    enum wv_isa of_null = WV_SCALAR, of_empty = WV_SCALAR;
    CHECK(wv_choose_isa(NULL, &of_null) == WV_OK);
    CHECK(wv_choose_isa("", &of_empty) == WV_OK);
    CHECK(of_null == of_empty);
    CHECK(wv_cpu_has(of_null));
    CHECK(of_null != WV_SCALAR || !(wv_cpu_has(WV_AVX2) || wv_cpu_has(WV_NEON)));
    CHECK(of_null == WV_AVX512 || !wv_cpu_has(WV_AVX512));
}

int main(void)
{
    names_are_distinct();
    detection_is_consistent();
    a_name_selects_its_isa_or_fails();
    no_name_selects_the_widest_isa();
    return finish();
}
