/* Macros that start and end a region of code for one instruction set, so that no file needs its own compiler flags.
 * Include system headers before a region. Inside it, test the constants of the vector header (VEC_LANES), never __AVX512F__:
 * gcc defines it in a region, clang does not. */
#ifndef WILDVEC_REGION_H
#define WILDVEC_REGION_H

#include <stdint.h>

#define WV_PRAGMA(text) _Pragma(#text)

#if defined(__clang__)
#define WV_REGION_BEGIN(isa) WV_PRAGMA(clang attribute push(__attribute__((target(isa))), apply_to = function))
#define WV_REGION_END WV_PRAGMA(clang attribute pop)
#elif defined(__GNUC__)
#define WV_REGION_BEGIN(isa) WV_PRAGMA(GCC push_options) WV_PRAGMA(GCC target(isa))
#define WV_REGION_END WV_PRAGMA(GCC pop_options)
#else /* MSVC allows all intrinsics everywhere */
#define WV_REGION_BEGIN(isa)
#define WV_REGION_END
#endif

#if defined(__clang__)
#define WV_UNROLL WV_PRAGMA(clang loop unroll(full)) /* with `unroll` alone, arrays would not become registers */
#elif defined(__GNUC__)
#define WV_UNROLL WV_PRAGMA(GCC unroll 32)
#else
#define WV_UNROLL
#endif

/* Keeps a vector in a register; the compiler would otherwise load it from memory again at each use. */
#if defined(_MSC_VER) && !defined(__clang__)
#define WV_IN_REGISTER(x) ((void)0)
#elif defined(__aarch64__)
#define WV_IN_REGISTER(x) __asm__("" : "+w"(x))
#elif defined(__x86_64__)
#define WV_IN_REGISTER(x) __asm__("" : "+v"(x)) /* any of the 32 registers of AVX-512; "x" would allow only 16 */
#else
#define WV_IN_REGISTER(x) ((void)0)
#endif

/* Keeps an address in a register; the compiler would otherwise compute the address of each vector after it. */
#if defined(_MSC_VER) && !defined(__clang__)
#define WV_ADDRESS_IN_REGISTER(p) ((void)0)
#else
#define WV_ADDRESS_IN_REGISTER(p) __asm__("" : "+r"(p))
#endif

/* WV_INLINE: a function that must be inlined, so that constant arguments of the caller specialise it. WV_APART: one that must
 * not be inlined, because the caller would then need more values than there are registers. */
#if defined(_MSC_VER)
#define WV_INLINE static __forceinline
#define WV_APART static __declspec(noinline)
#else
#define WV_INLINE static inline __attribute__((always_inline))
#define WV_APART static __attribute__((noinline))
#endif

#if defined(_MSC_VER) && !defined(__clang__)
#include <intrin.h>
#if defined(_M_ARM64)
#define WV_PREFETCH(address) __prefetch(address)
#else
#define WV_PREFETCH(address) _mm_prefetch((const char *)(address), _MM_HINT_T0)
#endif
#define WV_PREFETCH_TO_WRITE(address) WV_PREFETCH(address)
#else
#define WV_PREFETCH(address) __builtin_prefetch(address)
#define WV_PREFETCH_TO_WRITE(address) __builtin_prefetch(address, 1) /* also takes the line from other cores */
#endif

/* Reads and writes of an int32_t that another thread changes, without an order: the flags that stop work. */
#if defined(_MSC_VER) && !defined(__clang__)
#define WV_LOAD_RELAXED(p) (*(const volatile int32_t *)(p))
#define WV_STORE_RELAXED(p, value) (*(volatile int32_t *)(p) = (value))
#else
#define WV_LOAD_RELAXED(p) __atomic_load_n((p), __ATOMIC_RELAXED)
#define WV_STORE_RELAXED(p, value) __atomic_store_n((p), (value), __ATOMIC_RELAXED)
#endif

static inline void wv_set_flag(int32_t *flag, int32_t value) { WV_STORE_RELAXED(flag, value); }

static inline int32_t wv_get_flag(const int32_t *flag) { return WV_LOAD_RELAXED(flag); }

#endif
