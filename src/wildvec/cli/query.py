"""`wildvec nearest` and `wildvec analogy`: print the nearest words; queries are arguments or lines of stdin."""

from __future__ import annotations

import argparse
import sys
from typing import Any

from wildvec.cli.options import (
    READING_OPTIONS,
    UsageError,
    add_reading_options,
    argument_type,
    find_key,
    load_vectors,
    positive_number,
    queries,
)
from wildvec.cli.streams import say
from wildvec.io.gensim_pickle import is_pickle
from wildvec.io.vectors import read_class
from wildvec.models.doc2vec import Doc2Vec
from wildvec.models.fasttext import FastText
from wildvec.models.fasttext_files import is_fasttext_file
from wildvec.vectors.facebook_vectors import load_facebook_vectors
from wildvec.vectors.keyedvectors import KeyedVectors


def add_to(commands: Any) -> None:
    """Declare the two commands."""
    nearest = commands.add_parser(
        "nearest",
        help="print the words nearest to a word",
        description="Print the nearest words and their cosine similarities. Without WORD, each line of stdin "
        "is a word. If there are several words, each output line begins with its word. If VECTORS is a "
        "fastText model, an unknown word has a vector too.",
    )
    nearest.add_argument(
        "--docs",
        action="store_true",
        help="VECTORS is a Doc2Vec model: print the documents nearest to the document with the tag WORD",
    )
    analogy = commands.add_parser(
        "analogy",
        help="complete analogies: A is to B as C is to ...",
        description="Print the words nearest to B - A + C: `analogy wiki.wv man king woman`. "
        "Without words, each line of stdin holds three.",
    )
    for parser, metavar, n_words, text in (
        (nearest, "WORD", 1, "the words to look up (default: the lines of stdin)"),
        (analogy, "A B C", 3, "the three words of each analogy (default: the lines of stdin)"),
    ):
        parser.add_argument("vectors", help="a file of vectors of any format")
        parser.add_argument("words", nargs="*", metavar=metavar, help=text)
        parser.set_defaults(run=run, n_words=n_words, docs=False)
        parser.add_argument(
            "-n",
            "--topn",
            type=argument_type(positive_number),
            default=10,
            metavar="N",
            help="how many words to print (default: 10)",
        )
        add_reading_options(parser)


def run(args: argparse.Namespace) -> int:
    """Print the result of every query; return 1 if one of them failed."""
    if len(args.words) % args.n_words:
        raise UsageError(f"an analogy takes 3 words, not {len(args.words)}")
    vectors = _load(args)
    only_one = len(args.words) == args.n_words or (not args.words and sys.stdin.isatty())
    code = 0
    for query in queries(args.words, args.n_words):
        try:
            results = _nearest(vectors, query, args.n_words, args.topn)
        except (KeyError, ValueError) as error:
            say(f"wildvec: {str(error.args[0]).partition('; test with')[0]}")  # a remedy for Python only
            code = 1
            continue
        label = "" if only_one else " ".join(query) + "\t"
        for word, cosine in results:
            print(f"{label}{word}\t{cosine:.4f}")
        sys.stdout.flush()
    return code


def _load(args: argparse.Namespace) -> KeyedVectors:
    """Load vectors; those of a fastText model with its n-grams, which give unknown words a vector."""
    options = [name for name in READING_OPTIONS if name in args]
    if args.docs and options:
        raise UsageError(f"--{options[0]} is no option of --docs; leave it out")
    if args.docs:
        return Doc2Vec.load(args.vectors).dv
    if options or is_pickle(args.vectors):
        return load_vectors(args, args.vectors)
    if is_fasttext_file(args.vectors):
        return load_facebook_vectors(args.vectors)
    if read_class(args.vectors) == FastText.NAME:
        return FastText.load(args.vectors).wv
    return load_vectors(args, args.vectors)


def _nearest(vectors: KeyedVectors, query: list[str], n_words: int, topn: int) -> list[tuple[Any, float]]:
    if len(query) != n_words:
        raise ValueError(f"an analogy takes 3 words, not {len(query)}: {' '.join(query)}")
    keys = [find_key(vectors, word) for word in query]
    if n_words == 1:
        return list(vectors.most_similar(keys[0], topn=topn))
    a, b, c = keys
    return list(vectors.most_similar(positive=[b, c], negative=[a], topn=topn))
