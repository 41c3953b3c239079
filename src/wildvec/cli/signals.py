"""Ctrl-C, SIGTERM and SIGHUP: they stop a command, but they never stop the writing of what was learned."""

from __future__ import annotations

import os
import signal
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from types import FrameType
from typing import Any

NAMES = ("SIGINT", "SIGTERM", "SIGHUP")  # Windows has no SIGHUP
REPEAT_SECONDS = 5
MESSAGE = b"wildvec: stopping; wait until the output is written\n"


class StopSignals:
    """Handlers for the signals in a `with` block: they raise KeyboardInterrupt until `hold` is called.

    After one was raised, further signals within REPEAT_SECONDS are only recorded: impatient Ctrl-C must not end the
    saving that the first one began. Later ones raise again, in case the first exception was lost (Python ignores
    those in finalizers). A signal that the process ignores, as after nohup, stays ignored. code: 128 + the number of
    the first signal, or 0.
    """

    def __init__(self) -> None:
        self.code = 0
        self._held = False
        self._raised_at = -float("inf")
        self._before: dict[int, Any] = {}

    def __enter__(self) -> StopSignals:
        if threading.current_thread() is threading.main_thread():  # no other thread can set handlers
            for number in (getattr(signal, name) for name in NAMES if hasattr(signal, name)):
                if signal.getsignal(number) not in (signal.SIG_IGN, None):
                    self._before[number] = signal.signal(number, self._handle)
        return self

    def __exit__(self, *error: object) -> None:
        for number, handler in self._before.items():
            signal.signal(number, handler)

    def hold(self) -> None:
        """Only record signals from now on."""
        self._held = True

    @contextmanager
    def released(self) -> Iterator[None]:
        """Let signals raise KeyboardInterrupt again until the block ends."""
        self._held = False
        try:
            yield
        finally:
            self._held = True

    def _handle(self, number: int, frame: FrameType | None) -> None:
        self.code = self.code or 128 + number
        now = time.monotonic()
        if not self._held and now - self._raised_at > REPEAT_SECONDS:
            self._raised_at = now
            raise KeyboardInterrupt
        with suppress(OSError):  # print could be interrupted in the middle of a print
            os.write(2, MESSAGE)
