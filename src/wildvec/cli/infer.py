"""`wildvec infer`: vectors of new documents from a Doc2Vec model."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

import numpy as np

from wildvec.cli.options import UsageError, argument_type
from wildvec.cli.output import check_before_work, output_name, write_or_rescue
from wildvec.cli.streams import say
from wildvec.io.atomic import write_atomically
from wildvec.models.doc2vec import Doc2Vec
from wildvec.text.files import Paths
from wildvec.text.labelled import text_lines
from wildvec.text.readers import ERRORS
from wildvec.training.matrices import FloatRows

SCHEDULE = ("epochs", "alpha", "min_alpha")
ROWS_AT_ONCE = 1_000
DIGITS = 9  # that determine a float32


def add_to(commands: Any) -> None:
    """Declare the command."""
    parser = commands.add_parser(
        "infer",
        help="compute vectors of new documents",
        description="Compute a vector of each line of a text with a Doc2Vec model (`wildvec train --model doc2vec`). "
        "The vector of a line depends only on the model and the line.",
    )
    parser.add_argument("model", help="a file of a Doc2Vec model")
    parser.add_argument(
        "inputs",
        nargs="+",
        metavar="INPUT",
        help="text file with one document a line (plain or compressed), folder or glob pattern; - is stdin",
    )
    parser.add_argument(
        "-o",
        "--output",
        required=True,
        help="the file to write, a row for each line: .npy numpy (float32), .tsv text; - is .tsv on stdout",
    )
    for name in SCHEDULE:
        setting = Doc2Vec.SETTINGS[name]
        parser.add_argument(
            f"--{name.replace('_', '-')}",
            type=argument_type(setting.parse),
            metavar=setting.metavar,
            help=f"{setting.help} (default: that of the training)",
        )
    workers = Doc2Vec.SETTINGS["workers"]
    parser.add_argument("--workers", type=argument_type(workers.parse), metavar="N", help=workers.help)
    parser.add_argument("--errors", choices=ERRORS, help=Doc2Vec.SETTINGS["errors"].help)
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Infer and write the vectors."""
    ending = Path(args.output).suffix.lower()
    if args.output != "-" and ending not in (".npy", ".tsv"):
        raise UsageError(f"{args.output}: give an output that ends with .npy or .tsv")
    check_before_work(args.output, [args.model, *args.inputs])
    model = Doc2Vec.load(args.model)
    model.workers = args.workers
    lines = list(text_lines(Paths(args.inputs), args.errors or model.errors))
    vectors = model.infer_vectors(lines, **{name: getattr(args, name) for name in SCHEDULE})
    args.signals.hold()
    is_saved = write_or_rescue(args.output, lambda path: _write(path, vectors, ending), args.signals)
    if is_saved:
        say(f"{output_name(args.output)}: {len(vectors):,} vectors of {vectors.shape[1]} values")
    return 0 if is_saved else 1


def _write(path: Any, vectors: FloatRows, ending: str) -> None:
    with write_atomically(path) as stream:
        if ending == ".npy":
            np.save(stream, vectors)
            return
        for first in range(0, len(vectors), ROWS_AT_ONCE):
            rows = vectors[first : first + ROWS_AT_ONCE].tolist()
            lines = ("\t".join(f"{value:.{DIGITS}g}" for value in row) for row in rows)
            stream.write(("\n".join(lines) + "\n").encode())
