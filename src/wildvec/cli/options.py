"""Options that several commands share."""

from __future__ import annotations

import argparse
import re
import sys
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from wildvec.base.checks import whole
from wildvec.base.keys import Key
from wildvec.cli.streams import argument_as_utf8, line_as_utf8, say
from wildvec.models.bpr import BPR
from wildvec.models.bsl import BSL
from wildvec.models.ccl import CCL
from wildvec.models.doc2vec import Doc2Vec
from wildvec.models.fasttext import FastText
from wildvec.models.glove import GloVe
from wildvec.models.item2vec import Item2Vec
from wildvec.models.item_model import ItemModel
from wildvec.models.line import LINE
from wildvec.models.node2vec import DeepWalk, Node2Vec
from wildvec.models.propagation import Propagation
from wildvec.models.settings import HasSettings, number_from_text
from wildvec.models.text_model import TextModel
from wildvec.models.warp import WARP
from wildvec.models.word2vec import Word2Vec
from wildvec.text.readers import ERRORS
from wildvec.vectors.keyedvectors import KeyedVectors

READING_OPTIONS = ("limit", "errors", "encoding")
MODELS: dict[str, type[TextModel]] = {  # the values of --model
    "word2vec": Word2Vec,
    "fasttext": FastText,
    "doc2vec": Doc2Vec,
    "glove": GloVe,
}
ITEM_MODELS: dict[str, type[ItemModel]] = {  # the values of --loss
    "bpr": BPR,
    "warp": WARP,
    "ccl": CCL,
    "bsl": BSL,
    "item2vec": Item2Vec,
}
GRAPH_MODELS: dict[str, type[HasSettings]] = {  # the values of --method
    "deepwalk": DeepWalk,
    "node2vec": Node2Vec,
    "line": LINE,
    "propagation": Propagation,
}


# Settings that have options of other names, or none, stay as they are.
_OTHERS = {
    "sg",
    "hs",
    "cbow_mean",
    "shrink_windows",
    "deterministic",
    "lowercase",
    "sorted_vocab",
    "tokenizer",
    "trim_rule",
    "symmetric",
    "distance_weighting",
    "null_word",
    "dm",
    "dm_mean",
    "dm_concat",
    "dm_tag_count",
    "dbow_words",
    "freeze_words",
}
SETTINGS = {name for model in MODELS.values() for name in model.SETTINGS}
_ALL_MODELS: tuple[type[HasSettings], ...] = (*MODELS.values(), *ITEM_MODELS.values(), *GRAPH_MODELS.values())
_ALL_SETTINGS = {name for model in _ALL_MODELS for name in model.SETTINGS}
_NAMES = [*sorted(_ALL_SETTINGS - _OTHERS), *READING_OPTIONS, "restrict_vocab"]
_ARGUMENT = re.compile(rf"\b({'|'.join(_NAMES)})=('?)([\w.+-]+)\2")
# A name without a value, if it is no English word and no part of a path: between spaces, before punctuation.
_BARE_NAME = re.compile(
    rf"(?<![^\s(])({'|'.join(name for name in _NAMES if '_' in name)})(?=[,;)]|\.?(?:\s|$))"
)


class UsageError(Exception):
    """A wrong command line; the exit code is 2."""


def argument_type(parse: Callable[[str], Any]) -> Callable[[str], Any]:
    """Return a `type=` for an option. It refuses what `parse` refuses, with the same message."""

    def convert(text: str) -> Any:
        try:
            return parse(text)
        except (TypeError, ValueError) as error:
            raise argparse.ArgumentTypeError(f"{text!r}: {error}") from None

    return convert


def positive_number(text: str) -> int:
    """Return a whole number from 1 up, else ValueError or TypeError."""
    number: int = whole(1)(number_from_text(text))
    return number


def add_setting(
    parser: Any,
    name: str,
    models: Mapping[str, type[HasSettings]] = MODELS,
    terms: Mapping[str, str] | None = None,
) -> None:
    """Add an option for a setting of one model or of several. Left out, it is absent from the parsed arguments.

    models: all models of the command by the value of its option. terms: see `add_model_options`.
    """
    by_model = {key: model.SETTINGS[name] for key, model in models.items() if name in model.SETTINGS}
    setting = next(iter(by_model.values()))
    others = [
        f"; {model}: {of_model.default}"
        for model, of_model in by_model.items()
        if of_model.default not in (None, setting.default)
    ]
    shown = f"{setting.default}{''.join(others)}"
    is_shown = setting.default is not None
    only = "" if len(by_model) == len(models) else f"{', '.join(by_model)}: "
    text = setting.help
    for term, other in (terms or {}).items():
        text = text.replace(term, other)
    if setting.choices == (True, False):
        add_two_way_switch(parser, name, f"{only}{text} (default: {_yes_or_no(setting.default)})")
        return
    parser.add_argument(
        option_name(name),
        type=argument_type(setting.parse),
        choices=setting.choices or None,
        default=argparse.SUPPRESS,
        metavar=None if setting.choices else setting.metavar,
        help=f"{only}{text} (default: {shown})" if is_shown else only + text,
    )


def add_two_way_switch(parser: Any, name: str, text: str) -> None:
    """Add two options without a value, which give a setting the values True and False."""
    parser.add_argument(
        option_name(name), action=argparse.BooleanOptionalAction, default=argparse.SUPPRESS, help=text
    )


def _yes_or_no(value: Any) -> str:
    return "yes" if value else "no"


def add_switch(parser: Any, option: str, name: str, value: Any, text: str = "") -> None:
    """Add an option without a value, which gives a setting of a model this value. text: help, if it is another."""
    parser.add_argument(
        option,
        dest=name,
        action="store_const",
        const=value,
        default=argparse.SUPPRESS,
        help=text or next(model.SETTINGS[name].help for model in MODELS.values() if name in model.SETTINGS),
    )


def add_reading_options(parser: Any) -> None:
    """Add options that say how a file of vectors is read; `load_vectors` uses them."""
    parser.add_argument(
        "--limit",
        type=argument_type(positive_number),
        default=argparse.SUPPRESS,
        metavar="N",
        help="read only the first N vectors",
    )
    parser.add_argument(
        "--errors",
        choices=ERRORS,
        default=argparse.SUPPRESS,
        help="what to do with bytes that are not valid in the encoding of --encoding (default: strict)",
    )
    parser.add_argument(
        "--encoding",
        default=argparse.SUPPRESS,
        metavar="NAME",
        help="encoding of the keys, such as latin-1 (default: utf-8)",
    )


def in_option_syntax(message: str) -> str:
    """Return a message with Python arguments written as options of the command line.

    >>> in_option_syntax("give errors='replace' or another checkpoint_minutes=5")
    'give --errors replace or another --checkpoint-minutes 5'
    >>> in_option_syntax("lower min_count, or read min_count.txt")
    'lower --min-count, or read min_count.txt'
    """
    message = message.replace("Graph.read(path, weighted=False) reads", "--unweighted reads")
    message = message.replace("header=True", "--header")
    message = _ARGUMENT.sub(lambda match: f"{option_name(match[1])} {match[3]}", message)
    return _BARE_NAME.sub(lambda match: option_name(match[1]), message)


def option_name(name: str) -> str:
    """Return the option of a setting."""
    return f"--{name.replace('_', '-')}"


def load_vectors(args: argparse.Namespace, path: str) -> KeyedVectors:
    """Load a file of vectors as the reading options say."""
    given: dict[str, Any] = {name: value for name, value in vars(args).items() if name in READING_OPTIONS}
    return KeyedVectors.load(path, **given)


def find_key(vectors: KeyedVectors, word: str) -> Key:
    """Return the key that a word stands for: an integer if only that is a key, else the word itself."""
    if word not in vectors and word.removeprefix("-").isdecimal() and int(word) in vectors:
        return int(word)
    return word


def queries(words: list[str], n_words: int) -> Iterator[list[str]]:
    """Yield queries of `n_words` words: from the command line, or without words one from each line of stdin.

    On a terminal there is a prompt. A query of one word is a whole line, with its spaces.
    """
    if words:
        words = [argument_as_utf8(word) for word in words]
        yield from (words[i : i + n_words] for i in range(0, len(words), n_words))
        return
    for line in _lines():
        line = line_as_utf8(line)
        query = [line.strip()] if n_words == 1 else line.split()
        if any(query):
            yield query


def _lines() -> Iterator[str]:
    if not sys.stdin.isatty():
        yield from sys.stdin
        return
    say("one query on each line; Ctrl-D ends")
    while True:
        try:
            yield input("> ")
        except EOFError:
            print()
            return
