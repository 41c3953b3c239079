"""Memory in pages: arrays that come from the system directly, and a pool that reuses them."""

from __future__ import annotations

import mmap
import sys
from typing import Any

import numpy as np
from numpy.typing import DTypeLike, NDArray


def private_pages(n_bytes: int) -> mmap.mmap:
    """Allocate `n_bytes` of zeroed memory that starts on a page. Freed pages go back to the system.

    The memory is private: mmap's default would share it with child processes.

    >>> len(private_pages(100))
    100
    """
    if sys.platform == "win32":
        return mmap.mmap(-1, n_bytes)
    return mmap.mmap(-1, n_bytes, flags=mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS)


class Scratch:
    """A pool of arrays that threads pass to each other.

    A new array would cost the time to map and clear its pages. When the pool is freed, the pages go back to the
    system; malloc would keep some of them.

    >>> scratch = Scratch(np.int32)
    >>> array = scratch.take(10)
    >>> scratch.give(array)
    >>> scratch.take(5) is array
    True
    """

    def __init__(self, dtype: DTypeLike) -> None:
        self._dtype = np.dtype(dtype)
        self._free: list[NDArray[Any]] = []

    def take(self, n: int) -> NDArray[Any]:
        """Return an array of at least n elements with arbitrary values."""
        try:
            array = self._free.pop()
            if len(array) >= n:
                return array
        except IndexError:
            pass
        larger = (
            n + n // 8 + 1
        )  # the next request may be a little larger; pages that nobody touches cost nothing
        return np.frombuffer(private_pages(larger * self._dtype.itemsize), self._dtype)

    def give(self, array: NDArray[Any]) -> None:
        """Put an array back. The caller must not use it afterwards."""
        self._free.append(array)
