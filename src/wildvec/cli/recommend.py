"""`wildvec recommend`: print the items that a model recommends to users."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterable, Iterator
from typing import Any, TextIO

from wildvec.base.keys import Key
from wildvec.base.progress import progress_bar
from wildvec.cli.options import ITEM_MODELS, UsageError, argument_type, find_key, positive_number, queries
from wildvec.cli.output import STDOUT, check_before_work, output_name
from wildvec.cli.streams import argument_as_utf8, say
from wildvec.io.atomic import write_atomically
from wildvec.io.vectors import read_class
from wildvec.models.item_model import ItemModel
from wildvec.models.recommending import UnknownUserError

USERS_AT_ONCE = 10_000

Lines = Iterable[tuple[Key, list[tuple[Key, float]]]]


def add_to(commands: Any) -> None:
    """Declare the command."""
    parser = commands.add_parser(
        "recommend",
        help="print the items that a model recommends to users",
        description="Print the best items for users and their scores, best first, without the items that a user "
        "already has. Without USER, each line of stdin is a user. If there are several users, each output line "
        "begins with its user.",
    )
    parser.add_argument("model", help="a model of `train-items` (.wv)")
    parser.add_argument("words", nargs="*", metavar="USER", help="the users (default: the lines of stdin)")
    parser.add_argument(
        "-n",
        "--topn",
        type=argument_type(positive_number),
        default=10,
        metavar="N",
        help="how many items to print (default: 10)",
    )
    parser.add_argument(
        "--history", nargs="+", metavar="ITEM", help="recommend to a new user who has these items"
    )
    parser.add_argument("--all", action="store_true", help="recommend to all users of the model")
    parser.add_argument(
        "-o", "--output", default=STDOUT, help="with --all: the file to write (default: stdout)"
    )
    parser.add_argument(
        "--include-seen", action="store_true", help="print items that the user already has, too"
    )
    parser.add_argument("--among", nargs="+", metavar="ITEM", help="recommend only some of these items")
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Print the recommendations of every user; return 1 if one of them is unknown."""
    if (bool(args.words) + bool(args.history) + args.all) > 1:
        raise UsageError("give users, --history or --all, and only one of them")
    if args.output != STDOUT and not args.all:
        raise UsageError("-o is an option of --all; leave it out")
    check_before_work(args.output, [args.model])
    model = load_item_model(args.model)
    if not (model.keep_seen or args.include_seen or args.history):
        raise UsageError("the model does not keep the items of users (--no-keep-seen); give --include-seen")
    options = {"n": args.topn, "exclude_seen": not args.include_seen}
    if args.among:
        options["among"] = [_item(model, word) for word in args.among]
    if args.history:
        history = [_item(model, word) for word in args.history]
        _write(sys.stdout, [("", model.recommend(history=history, **options))], with_users=False)
        return 0
    if args.all:
        return _recommend_all(model, args.output, options)
    return _recommend_some(model, args.words, options)


def load_item_model(path: str) -> ItemModel:
    """Load a model of users and items; ValueError for any other file."""
    name = read_class(path)
    for cls in ITEM_MODELS.values():
        if name == cls.NAME:
            return cls.load(path)
    what = "no file of this package" if name is None else f"a {name}"
    raise ValueError(
        f"{path} is {what}, and no model of users and items; train one with `wildvec train-items`"
    )


def _recommend_some(model: ItemModel, words: list[str], options: dict[str, Any]) -> int:
    only_one, code, n_users = len(words) == 1, 0, 0
    for n_users, (word,) in enumerate(queries(words, 1), 1):  # noqa: B007
        try:
            best = model.recommend(find_key(model.uv, word), **options)
        except KeyError as error:
            say(f"wildvec: {error.what if isinstance(error, UnknownUserError) else error.args[0]}")
            code = 1
            continue
        _write(sys.stdout, [(word, best)], with_users=not only_one)
        sys.stdout.flush()
    if not n_users:
        raise ValueError(
            "no user is given; name users before --among and other options, or in lines of stdin"
        )
    return code


def _recommend_all(model: ItemModel, output: str, options: dict[str, Any]) -> int:
    """Write the recommendations of all users to a file, which appears when it is complete, or to stdout."""
    if output == STDOUT:
        _write(sys.stdout, _of_all(model, options), with_users=True)
        return 0
    with write_atomically(output) as stream:
        for text in _texts(_of_all(model, options), with_users=True):
            stream.write(text.encode("utf-8"))
    say(f"saved {output_name(output)}")
    return 0


def _of_all(model: ItemModel, options: dict[str, Any]) -> Iterator[tuple[Key, list[tuple[Key, float]]]]:
    users = model.uv.index_to_key
    with progress_bar(len(users), "recommending", " users") as bar:
        for first in range(0, len(users), USERS_AT_ONCE):
            some = users[first : first + USERS_AT_ONCE]
            yield from zip(some, model.recommend(some, **options), strict=True)
            bar.update(len(some))


def _texts(lines: Lines, with_users: bool) -> Iterator[str]:
    for user, best in lines:
        label = f"{user}\t" if with_users else ""
        yield "".join(f"{label}{item}\t{score:.4f}\n" for item, score in best)


def _write(stream: TextIO, lines: Lines, with_users: bool) -> None:
    for text in _texts(lines, with_users):
        stream.write(text)


def _item(model: ItemModel, word: str) -> Key:
    return find_key(model.wv, argument_as_utf8(word))
