"""`wildvec train-graph`: learn vectors of the nodes of a graph and write them to a file."""

from __future__ import annotations

import argparse
from typing import Any

from wildvec.cli.options import GRAPH_MODELS
from wildvec.cli.output import add_format, check_before_work
from wildvec.cli.training import (
    Report,
    add_model_options,
    chosen_kind,
    given_settings,
    train_and_save,
    train_model,
)
from wildvec.graph.graph import Graph

TERMS = {  # the settings of models of texts, in words of graphs
    "words on each side of the centre word": "steps before and after a node that are its context",
    "of the text": "of the degrees",
    "the lines": "the walks or edges",
    "words": "nodes",
}


def add_to(commands: Any) -> None:
    """Declare the command. Its options are the models' settings, with their defaults."""
    parser = commands.add_parser(
        "train-graph",
        help="learn vectors of the nodes of a graph",
        description="Learn vectors of the nodes of a graph from a file of edges and save them. Each line holds two "
        "nodes and, if it is there, the weight of their edge, divided by tabs, commas or spaces. Ctrl-C and SIGTERM "
        "stop early and save what was learned.",
    )
    parser.add_argument("edges", help="file of edges, plain or compressed")
    parser.add_argument(
        "-o",
        "--output",
        required=True,
        help="the file to write: .wv native, .bin word2vec binary, .txt or .vec word2vec text, .glove GloVe text; "
        "- is stdout",
    )
    add_format(parser, model="native, with all that further training needs")
    parser.add_argument(
        "--directed", action="store_true", help="an edge leads from the first node to the second only"
    )
    parser.add_argument(
        "--header", action="store_true", help="the first line names the columns, whatever their names"
    )
    parser.add_argument("--unweighted", action="store_true", help="a third value of a line is no weight")
    parser.add_argument(
        "--method",
        choices=tuple(GRAPH_MODELS),
        default="deepwalk",
        help="what is trained (default: deepwalk)",
    )
    add_model_options(parser, GRAPH_MODELS, terms=TERMS)
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Train and save; if training is interrupted, save what was learned."""
    settings = given_settings(args, GRAPH_MODELS, "method")
    kind = chosen_kind(args, whole_model=False)
    check_before_work(args.output, [args.edges])
    report = Report(args.output, kind)

    def train() -> Any:
        graph = Graph.read(
            args.edges,
            header=args.header or None,
            weighted=False if args.unweighted else None,
            directed=args.directed,
        )
        return train_model(GRAPH_MODELS[args.method], graph, args, settings, report)

    return train_and_save(args, report, train)
