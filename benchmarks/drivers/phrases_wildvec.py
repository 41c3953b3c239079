"""Find phrases with wildvec. In: settings as JSON. Out: CPU seconds of counting, freezing and joining a file."""

from __future__ import annotations

import json
import sys

import phrases_common

from wildvec import LineSentence, Phrases

settings = json.loads(sys.argv[1])
text, output, workers = settings["text"], settings["output"], settings["workers"]


def sentences() -> object:
    """Return the text as a file, or as lists in memory."""
    return list(LineSentence(text)) if settings["lists"] else LineSentence(text)


given = sentences()
phrases_common.run(
    settings,
    lambda source, **options: Phrases(source, workers=workers, **options),
    lambda: given,
    lambda frozen: frozen.join_file(text, output, workers=workers),
)
