"""Memory by the page: straight from the system, or used again."""

from __future__ import annotations

import mmap
import sys
from typing import Any

import numpy as np
from numpy.typing import DTypeLike, NDArray


def private_pages(n_bytes: int) -> mmap.mmap:
    """`n_bytes` of memory of this process alone (mmap's default would be shared with its children).

    They are zeroed, begin on a page and go back to the system when they are freed.

    >>> len(private_pages(100))
    100
    """
    if sys.platform == "win32":
        return mmap.mmap(-1, n_bytes)
    return mmap.mmap(-1, n_bytes, flags=mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS)


class Scratch:
    """Arrays that go from hand to hand between threads: a new one would cost clearing and mapping its pages.

    They go back to the system when the last hand lets go (malloc would keep some).

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
        """An array of at least n elements of any value."""
        try:
            array = self._free.pop()
            if len(array) >= n:
                return array
        except IndexError:
            pass
        roomy = n + n // 8 + 1  # so that the next may be a little larger; a page never touched costs nothing
        return np.frombuffer(private_pages(roomy * self._dtype.itemsize), self._dtype)

    def give(self, array: NDArray[Any]) -> None:
        """Hand an array back; nobody may use it any more."""
        self._free.append(array)
