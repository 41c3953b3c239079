/* The instruction sets that this processor and its operating system support. In: nothing, or a name. Out: a wv_isa.
 * The code for each instruction set is in isa/. */
#ifndef WILDVEC_CPU_H
#define WILDVEC_CPU_H

#include "status.h"

enum wv_isa { WV_SCALAR = 0, WV_AVX2 = 1, WV_AVX512 = 2, WV_NEON = 3 };
enum { WV_N_ISAS = 4 };

#if defined(__x86_64__) || defined(_M_X64)
#define WV_X86 1
#else
#define WV_X86 0
#endif
#if defined(__aarch64__) || defined(_M_ARM64)
#define WV_ARM 1
#else
#define WV_ARM 0
#endif

/* Returns 1 if the processor and the operating system support `isa`, else 0. */
int wv_cpu_has(enum wv_isa isa);

/* Returns 1 if AVX-512 with VNNI (sums of products of bytes) is supported, else 0. */
int wv_cpu_has_vnni(void);

/* Set *isa to the instruction set of this name, or to the fastest one that is supported if `name` is NULL or "". */
enum wv_status wv_choose_isa(const char *name, enum wv_isa *isa);

/* Returns "scalar", "avx2", "avx512" or "neon". */
const char *wv_isa_name(enum wv_isa isa);

#endif
