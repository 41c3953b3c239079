/* Opens and closes a stretch of code for one instruction set, so that no file needs flags of its own.
 * All system headers must come before a region; inside it, choose by the names of the vector header alone, never by
 * __AVX512F__ (gcc defines it there, clang does not). */
#ifndef WILDVEC_REGION_H
#define WILDVEC_REGION_H

#define WV_PRAGMA(text) _Pragma(#text)

#if defined(__clang__)
#define WV_REGION_BEGIN(isa) WV_PRAGMA(clang attribute push(__attribute__((target(isa))), apply_to = function))
#define WV_REGION_END WV_PRAGMA(clang attribute pop)
#elif defined(__GNUC__)
#define WV_REGION_BEGIN(isa) WV_PRAGMA(GCC push_options) WV_PRAGMA(GCC target(isa))
#define WV_REGION_END WV_PRAGMA(GCC pop_options)
#else /* MSVC compiles every intrinsic everywhere */
#define WV_REGION_BEGIN(isa)
#define WV_REGION_END
#endif

#if defined(__clang__)
#define WV_UNROLL WV_PRAGMA(clang loop unroll(full)) /* `unroll` alone comes too late for arrays to be registers */
#elif defined(__GNUC__)
#define WV_UNROLL WV_PRAGMA(GCC unroll 32)
#else
#define WV_UNROLL
#endif

/* Loads a vector once, where the compiler would fetch it from memory again at each use. */
#if defined(_MSC_VER) && !defined(__clang__)
#define WV_IN_REGISTER(x) ((void)0)
#elif defined(__aarch64__)
#define WV_IN_REGISTER(x) __asm__("" : "+w"(x))
#elif defined(__x86_64__)
#define WV_IN_REGISTER(x) __asm__("" : "+v"(x)) /* on AVX-512 any of 32; x would be one of 16 */
#else
#define WV_IN_REGISTER(x) ((void)0)
#endif

/* Works out an address once, where the compiler would work out that of each vector behind it. */
#if defined(_MSC_VER) && !defined(__clang__)
#define WV_ADDRESS_IN_REGISTER(p) ((void)0)
#else
#define WV_ADDRESS_IN_REGISTER(p) __asm__("" : "+r"(p))
#endif

/* Bodies that must become part of their caller, so that its constants shape them; and others that must not, where all
 * together have more values than there are registers. */
#if defined(_MSC_VER)
#define WV_INLINE static __forceinline
#define WV_APART static __declspec(noinline)
#define WV_PREFETCH(address) _mm_prefetch((const char *)(address), _MM_HINT_T0)
#define WV_PREFETCH_TO_WRITE(address) WV_PREFETCH(address)
#else
#define WV_INLINE static inline __attribute__((always_inline))
#define WV_APART static __attribute__((noinline))
#define WV_PREFETCH(address) __builtin_prefetch(address)
#define WV_PREFETCH_TO_WRITE(address) __builtin_prefetch(address, 1) /* takes the line from other cores at once */
#endif

#endif
