"""What both drivers of phrases do: time each step, and describe the result."""

from __future__ import annotations

import hashlib
import json
import time
from collections.abc import Callable
from typing import Any


def run(
    settings: dict[str, Any], make: Any, sentences: Callable[[], Any], join: Callable[[Any], int]
) -> None:
    """Count, freeze and join; print the CPU seconds of each step as JSON."""
    figures: dict[str, Any] = {}

    def timed(name: str, step: Callable[[], Any]) -> Any:
        start = time.process_time()
        result = step()
        figures[name] = round(time.process_time() - start, 3)
        return result

    phrases = timed("count", lambda: make(sentences(), min_count=settings["min_count"]))
    frozen = timed("freeze", phrases.freeze)
    figures["bytes"] = timed("join", lambda: join(frozen))
    found = sorted(frozen.phrasegrams.items())
    figures["phrases"] = len(found)
    figures["digest"] = hashlib.sha256(repr(found).encode()).hexdigest()[:16]
    print(json.dumps(figures))
