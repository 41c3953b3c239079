"""Phrases in native files. In: an object. Out: a file, and from it the object."""

from __future__ import annotations

import json
import os
import sys
from dataclasses import fields
from typing import TYPE_CHECKING, Any, TypeVar

import numpy as np

from wildvec.io import keys, native
from wildvec.text.phrase_counts import PhraseArrays

if TYPE_CHECKING:
    from wildvec.models.phrases import PhrasesTransformation

T = TypeVar("T", bound="PhrasesTransformation")

SETTINGS = ("min_count", "threshold", "delimiter")  # of both classes


def save(path: str | os.PathLike[str], model: PhrasesTransformation) -> None:
    """Write Phrases or FrozenPhrases."""
    from wildvec.models.phrases import Phrases

    header = {name: getattr(model, name) for name in SETTINGS}
    header |= {"connector_words": sorted(model.connector_words), "scoring": _name_of(model)}
    if isinstance(model, Phrases):
        arrays, n_tokens, min_reduce = model.__getstate__()["_arrays"]
        tensors = {field.name: getattr(arrays, field.name) for field in fields(PhraseArrays)}
        header |= {"max_vocab_size": model.max_vocab_size, "n_tokens": n_tokens, "min_reduce": min_reduce}
        name = "Phrases"
    else:
        grams = model.phrasegrams  # type: ignore[attr-defined]
        tensors = {**keys.pack(list(grams)), "scores": np.fromiter(grams.values(), np.float64, len(grams))}
        name = "FrozenPhrases"
    native.write(path, tensors, {"class": name, "phrases": json.dumps(header)})


def _name_of(model: Any) -> str:
    """Return the name of the scoring function: "default", "npmi", or module:name of another function."""
    from wildvec.models.phrases import SCORERS

    for name, scorer in SCORERS.items():
        if model.scoring is scorer:
            return name
    return f"{model.scoring.__module__}:{model.scoring.__qualname__}"


def _scorer(name: str) -> Any:
    """Return the scoring function of a name. No module is imported; that of the function must be, before."""
    from wildvec.models.phrases import SCORERS, check_scorer

    if name in SCORERS:
        return SCORERS[name]
    module, _, function = name.partition(":")
    found: Any = sys.modules.get(module)
    for part in function.split("."):
        found = getattr(found, part, None)
    if found is None:
        raise ValueError(
            f"the scoring function {name} is not there; import its module before you load the file"
        )
    return check_scorer(found)


def load(path: str | os.PathLike[str], cls: type[T]) -> T:
    """Read Phrases or FrozenPhrases; see `PhrasesTransformation.load`."""
    from wildvec.models.phrases import Phrases

    with open(path, "rb") as stream:
        head = stream.read(16)
    if not native.is_native(head):
        from wildvec.models import from_gensim

        of_gensim: T = from_gensim.load_phrases(path, cls)
        return of_gensim
    tensors, metadata = native.read(path)
    native.check_class(path, metadata, "Phrases" if issubclass(cls, Phrases) else "FrozenPhrases")
    try:
        header = json.loads(metadata["phrases"])
        read = _phrases if issubclass(cls, Phrases) else _frozen
        found: T = read(cls, header, tensors)
        return found
    except (KeyError, TypeError, ValueError, IndexError, UnicodeDecodeError) as error:
        raise ValueError(f"{os.fspath(path)}: damaged file of phrases: {error}") from error


def _phrases(cls: Any, header: dict[str, Any], tensors: native.Tensors) -> Any:
    arrays = PhraseArrays(**{field.name: np.array(tensors[field.name]) for field in fields(PhraseArrays)})
    given = {name: header[name] for name in (*SETTINGS, "max_vocab_size", "connector_words")}
    model = cls(**given, scoring=_scorer(header["scoring"]))
    model._counts.add_arrays(arrays, header["n_tokens"], header["min_reduce"])
    return model


def _frozen(cls: Any, header: dict[str, Any], tensors: native.Tensors) -> Any:
    model = cls.__new__(cls)
    grams = dict(zip(map(str, keys.unpack(tensors)), tensors["scores"].tolist(), strict=True))
    model.__setstate__(
        {
            **{name: header[name] for name in SETTINGS},
            "connector_words": frozenset(header["connector_words"]),
            "scoring": _scorer(header["scoring"]),
            "phrasegrams": grams,
        }
    )
    return model
