"""Memory straight from the system: zeroed, from a page border on, given back whole when it is freed."""

from __future__ import annotations

import mmap
import sys


def private_pages(n_bytes: int) -> mmap.mmap:
    """`n_bytes` of memory of this process alone (mmap's default would be shared with its children).

    >>> len(private_pages(100))
    100
    """
    if sys.platform == "win32":
        return mmap.mmap(-1, n_bytes)
    return mmap.mmap(-1, n_bytes, flags=mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS)
