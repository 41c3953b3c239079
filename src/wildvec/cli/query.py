"""`wildvec nearest` and `wildvec analogy`: questions to vectors, from arguments or from stdin."""

from __future__ import annotations

import argparse
import sys
from typing import Any

from wildvec.cli.options import UsageError, queries
from wildvec.vectors.keyedvectors import KeyedVectors


def add_to(commands: Any) -> None:
    """Declare the two commands."""
    nearest = commands.add_parser(
        "nearest",
        help="words whose vectors are nearest to a word's",
        description="Print the nearest words and their cosines. Without a word, read one from each "
        "line of stdin; with several, each output line begins with its word.",
    )
    analogy = commands.add_parser(
        "analogy",
        help="A is to B as C is to what?",
        description="Print the words nearest to B - A + C: `analogy wiki.wv man king woman`. "
        "Without words, read three from each line of stdin.",
    )
    for parser, metavar, n_words in ((nearest, "WORD", 1), (analogy, "A B C", 3)):
        parser.add_argument("vectors", help="a file of vectors of any kind")
        parser.add_argument("words", nargs="*", metavar=metavar)
        parser.set_defaults(run=run, n_words=n_words)
        parser.add_argument("-n", "--topn", type=int, default=10, help="how many to print (default: 10)")


def run(args: argparse.Namespace) -> int:
    """Answer every query; 1 if one of them had no answer."""
    if len(args.words) % args.n_words:
        raise UsageError(f"an analogy takes 3 words, not {len(args.words)}")
    if args.topn < 1:
        raise UsageError(f"--topn {args.topn}: must be at least 1")
    vectors = KeyedVectors.load(args.vectors)
    alone = len(args.words) == args.n_words or (not args.words and sys.stdin.isatty())
    code = 0
    for query in queries(args.words, args.n_words):
        try:
            answers = _answer(vectors, query, args.n_words, args.topn)
        except ValueError as error:
            print(f"wildvec: {error}", file=sys.stderr)
            code = 1
            continue
        label = "" if alone else " ".join(query) + "\t"
        for word, cosine in answers:
            print(f"{label}{word}\t{cosine:.4f}")
        sys.stdout.flush()
    return code


def _answer(vectors: KeyedVectors, query: list[str], n_words: int, topn: int) -> list[tuple[Any, float]]:
    if len(query) != n_words:
        raise ValueError(f"an analogy takes 3 words, not {len(query)}: {' '.join(query)}")
    keys = [_key(vectors, word) for word in query]
    if n_words == 1:
        return list(vectors.most_similar(keys[0], topn=topn))
    a, b, c = keys
    return list(vectors.most_similar(positive=[b, c], negative=[a], topn=topn))


def _key(vectors: KeyedVectors, word: str) -> str | int:
    """The key that a typed word stands for: also an integer, where the keys are such."""
    if word not in vectors and word.removeprefix("-").isdecimal() and int(word) in vectors:
        return int(word)
    if word not in vectors:
        raise ValueError(f"no vector for {word!r} among the {len(vectors)}")
    return word
