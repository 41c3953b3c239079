"""`wildvec evaluate`: how well vectors answer analogies or rank pairs of words."""

from __future__ import annotations

import argparse
from pathlib import Path
from textwrap import indent
from typing import Any

from wildvec import io
from wildvec.vectors import evaluate


def add_to(commands: Any) -> None:
    """Declare the command."""
    parser = commands.add_parser(
        "evaluate",
        help="score vectors on analogies or on word pairs",
        description="Each file's content says what it is: analogies as Google has them "
        "(': section' lines, then four words a line) or pairs (two words and a score).",
    )
    parser.add_argument("vectors", help="a file of vectors of any kind")
    parser.add_argument("questions", nargs="+", metavar="FILE")
    kind = parser.add_mutually_exclusive_group()
    for name in ("analogies", "pairs"):
        kind.add_argument(
            f"--{name}",
            dest="kind",
            action="store_const",
            const=name,
            help=f"the files hold {name}, whatever they look like",
        )
    parser.add_argument(
        "--restrict-vocab", type=int, default=300_000, help="use the first so many words only"
    )
    parser.add_argument("--case-sensitive", action="store_true", help="do not fold case")
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Evaluate on each file."""
    keys, matrix, _ = io.load(args.vectors)
    for path in args.questions:
        kind = args.kind or kind_of(path)
        score = evaluate.analogies if kind == "analogies" else evaluate.word_pairs
        result = score(
            keys,
            matrix,
            path,
            restrict_vocab=args.restrict_vocab,
            case_insensitive=not args.case_sensitive,
        )
        print(f"{path}:\n{indent(str(result), '  ')}", flush=True)
    return 0


def kind_of(path: str) -> str:
    """'analogies' or 'pairs', by the first line that is neither empty nor a comment."""
    with Path(path).open(encoding="utf-8-sig", errors="replace") as lines:
        for line in lines:
            fields = line.replace(",", " ").split()
            if not fields or fields[0].startswith("#"):
                continue
            if fields[0].startswith(":") or len(fields) == 4:
                return "analogies"
            if len(fields) == 3:
                return "pairs"
            break
    raise ValueError(
        f"{path} looks like neither analogies (four words a line) nor pairs (two words and a "
        "score); say --analogies or --pairs"
    )
