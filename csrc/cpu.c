/* In: cpuid, xgetbv and (on macOS) sysctl. Out: which instruction sets are supported.
 * __builtin_cpu_supports is not used: it is wrong with musl and with Apple's clang. */
#include "cpu.h"

#include <stddef.h>
#include <stdint.h>
#include <string.h>

#if WV_X86
#if defined(_MSC_VER)
#include <intrin.h>
#else
#include <cpuid.h>
#endif
#if defined(__APPLE__)
#include <sys/sysctl.h>
#endif

/* regs: receive eax, ebx, ecx, edx of the leaf; zeros if the processor has no such leaf. */
static void cpuid(uint32_t leaf, uint32_t regs[4])
{
#if defined(_MSC_VER)
    int out[4];
    __cpuid(out, 0);
    if ((uint32_t)out[0] < leaf) {
        memset(regs, 0, 4 * sizeof *regs);
        return;
    }
    __cpuidex(out, (int)leaf, 0);
    memcpy(regs, out, sizeof out);
#else
    if (!__get_cpuid_count(leaf, 0, &regs[0], &regs[1], &regs[2], &regs[3]))
        memset(regs, 0, 4 * sizeof *regs);
#endif
}

/* Returns the register state that the operating system saves: bits 1, 2: xmm, ymm; bits 5, 6, 7: AVX-512. */
static uint64_t saved_state(void)
{
#if defined(_MSC_VER)
    return _xgetbv(0);
#else
    uint32_t low, high;
    __asm__ volatile("xgetbv" : "=a"(low), "=d"(high) : "c"(0));
    return (uint64_t)high << 32 | low;
#endif
}

static int os_saves_avx512(uint64_t state)
{
#if defined(__APPLE__)
    /* macOS enables the state at the first use, so xgetbv does not show it before. */
    int has = 0;
    size_t size = sizeof has;
    (void)state;
    return sysctlbyname("hw.optional.avx512f", &has, &size, NULL, 0) == 0 && has;
#else
    return (state & 0xe6) == 0xe6;
#endif
}

static int x86_has(enum wv_isa isa)
{
    uint32_t leaf1[4], leaf7[4];
    cpuid(1, leaf1);
    cpuid(7, leaf7);
    const uint32_t osxsave_avx_fma = 1u << 27 | 1u << 28 | 1u << 12;
    const uint32_t avx2 = 1u << 5;
    const uint32_t avx512_f_dq_bw_vl = 1u << 16 | 1u << 17 | 1u << 30 | 1u << 31;
    if ((leaf1[2] & osxsave_avx_fma) != osxsave_avx_fma || !(leaf7[1] & avx2))
        return 0;
    uint64_t state = saved_state();
    if ((state & 0x6) != 0x6)
        return 0;
    if (isa == WV_AVX2)
        return 1;
    return (leaf7[1] & avx512_f_dq_bw_vl) == avx512_f_dq_bw_vl && os_saves_avx512(state);
}
#endif

int wv_cpu_has_vnni(void)
{
#if WV_X86
    uint32_t leaf7[4];
    cpuid(7, leaf7);
    return x86_has(WV_AVX512) && (leaf7[2] & 1u << 11);
#else
    return 0;
#endif
}

int wv_cpu_has(enum wv_isa isa)
{
    if (isa == WV_SCALAR)
        return 1;
    if (isa == WV_NEON)
        return WV_ARM;
#if WV_X86
    return x86_has(isa);
#else
    return 0;
#endif
}

static const char *const NAMES[WV_N_ISAS] = {"scalar", "avx2", "avx512", "neon"};

const char *wv_isa_name(enum wv_isa isa)
{
    return NAMES[isa];
}

enum wv_status wv_choose_isa(const char *name, enum wv_isa *isa)
{
    static const enum wv_isa best_first[] = {WV_AVX512, WV_AVX2, WV_NEON, WV_SCALAR};
    for (int i = 0; i < WV_N_ISAS; i++) {
        enum wv_isa candidate = best_first[i];
        if (name && *name) {
            if (strcmp(name, NAMES[candidate]) != 0)
                continue;
            *isa = candidate;
            return wv_cpu_has(candidate) ? WV_OK : WV_UNSUPPORTED_ISA;
        }
        if (wv_cpu_has(candidate)) {
            *isa = candidate;
            return WV_OK;
        }
    }
    return WV_UNKNOWN_ISA;
}
