"""Errors of the C core. In: a status of csrc/status.h. Out: one exception with a text that says what to do."""

from __future__ import annotations

NOT_FINITE = 4

EXCEPTIONS: dict[int, tuple[type[Exception], str]] = {
    1: (
        MemoryError,
        "out of memory; use a smaller window, negative or vector_size, a larger min_count or fewer workers",
    ),
    2: (ValueError, "unknown instruction set; WILDVEC_ISA takes scalar, avx2, avx512 or neon"),
    3: (ValueError, "this processor lacks the instruction set; unset WILDVEC_ISA, or set it to scalar"),
    NOT_FINITE: (
        FloatingPointError,
        "the vectors are no longer finite; lower alpha (0.025 is usual), or train with fewer workers",
    ),
    5: (ValueError, "no objective of the C core has this name; see csrc/train/objectives.h"),
    20: (OverflowError, "more than 2**31 distinct tokens; give max_vocab_size or coarser tokens"),
    21: (ValueError, "a key occurs twice in the vocabulary; keys must be distinct"),
    22: (ValueError, "a token contains a NUL character, which separates tokens; remove it"),
    60: (ValueError, "not a decimal number; each line is a key and its values, separated by spaces"),
    61: (ValueError, "wrong number of values; every row must have the same number"),
    62: (ValueError, "no key and space where a record begins; the file is corrupt or not binary"),
}


def check(status: int, where: str = "") -> None:
    """Raise the exception of `status`, or return if it is 0. where: the value and the place, for the message."""
    if status:
        kind, text = EXCEPTIONS[status]
        raise kind(f"{where}: {text}" if where else text)
