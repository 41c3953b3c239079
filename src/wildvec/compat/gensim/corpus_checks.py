"""gensim's checks of the arguments of `build_vocab` and `train`: TypeErrors first, then ValueErrors."""

from __future__ import annotations

import logging
import os
from collections.abc import Iterable, Sequence
from types import GeneratorType
from typing import Any

logger = logging.getLogger(__name__)

STR_SENTENCE = (
    "Each 'sentences' item should be a list of words (usually unicode strings). "
    "First item here is instead plain %s."
)


def check_corpus(corpus_iterable: Any, corpus_file: Any, passes: int = 1) -> None:
    """Raise TypeError unless there is one corpus, and it can be read `passes` times as in gensim."""
    if corpus_file is None and corpus_iterable is None:
        raise TypeError("Either one of corpus_file or corpus_iterable value must be provided")
    if corpus_file is not None and corpus_iterable is not None:
        raise TypeError("Both corpus_file and corpus_iterable must not be provided at the same time")
    if corpus_iterable is None:
        if not isinstance(corpus_file, (str, os.PathLike)) or not os.path.isfile(corpus_file):
            raise TypeError(
                f"Parameter corpus_file must be a valid path to a file, got {corpus_file!r} instead"
            )
        return
    if not isinstance(corpus_iterable, Iterable) or isinstance(corpus_iterable, (str, bytes)):
        raise TypeError(f"The corpus must be an iterable of lists of words, got {corpus_iterable!r} instead")
    if isinstance(corpus_iterable, GeneratorType) and passes > 1:
        raise TypeError(f"a generator cannot be read {passes} times; give a list, or an object with __iter__")
    if isinstance(corpus_iterable, Sequence) and corpus_iterable and isinstance(corpus_iterable[0], str):
        logger.warning(STR_SENTENCE, type(corpus_iterable[0]))


def check_totals(total_examples: int | None, total_words: int | None, epochs: int | None) -> None:
    """Raise ValueError unless the size of the corpus and the number of epochs are given."""
    if total_words is None and total_examples is None:
        raise ValueError(
            "You must specify either total_examples or total_words, for proper learning rate and progress "
            "calculations. If you've just built the vocabulary using the same corpus, using the count cached in the "
            "model is sufficient: total_examples=model.corpus_count."
        )
    if epochs is None or epochs <= 0:
        raise ValueError("You must specify an explicit epochs count. The usual value is epochs=model.epochs.")
