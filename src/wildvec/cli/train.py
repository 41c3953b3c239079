"""`wildvec train`: from text to a file of vectors."""

from __future__ import annotations

import argparse
import inspect
import math
import sys
from typing import Any

from wildvec import io
from wildvec.cli.options import UsageError, add_format, add_setting, drop_output, output_kind
from wildvec.io.atomic import check_output
from wildvec.models.word2vec import Word2Vec
from wildvec.training import checkpoint

OPTIONS = inspect.signature(Word2Vec).parameters
MODEL_OPTIONS = {
    "vector_size": "values in a vector",
    "window": "words on each side",
    "epochs": "times through the text",
    "negative": "noise words to an example; 0: none",
    "ns_exponent": "noise words are drawn by count to this power",
    "alpha": "learning rate at the start",
    "min_alpha": "learning rate at the end",
    "sample": "words above this share of the text are thinned out; 0: none",
    "seed": "same seed and one worker, or --deterministic: same vectors",
    "workers": "threads (default: the CPUs it may use)",
}
STOP_OPTIONS = {
    "held_out": "share of the lines to keep aside and tell the loss of; 0: none",
    "patience": "with --held-out: stop after so many epochs without a lower loss there, and keep the best",
    "max_seconds": "end training after so long, the learning rate at its end",
}
CHECKPOINT_OPTIONS = {
    "checkpoint_minutes": "write one so many minutes after the last",
    "checkpoint_epochs": "write one whenever so many epochs are over (default: none)",
    "keep_checkpoints": "leave the newest so many",
}
TEXT_OPTIONS = {
    "min_count": "leave out words that are rarer",
    "max_final_vocab": "keep at most so many words (default: all)",
    "max_vocab_size": "bound the words held while reading (default: none)",
    "max_sentence_length": "split longer lines there",
}


def add_to(commands: Any) -> None:
    """Declare the command; its options are Word2Vec's, its defaults too, but for skip-gram."""
    parser = commands.add_parser(
        "train",
        help="learn vectors from text",
        description="Learn vectors from text files (a line is a sentence) and save them. Ctrl-C "
        "stops early and saves what was learned so far.",
    )
    parser.add_argument(
        "inputs",
        nargs="+",
        metavar="INPUT",
        help="text file, plain or compressed, folder or glob; - is stdin",
    )
    parser.add_argument(
        "-o",
        "--output",
        required=True,
        help="the file to write: .wv native, .bin word2vec binary, .txt or .vec word2vec text",
    )
    add_format(parser, model="native, with all that training can go on from (Word2Vec.load)")
    learned = parser.add_argument_group("what is learned, and how")
    learned.add_argument("--cbow", action="store_true", help="CBOW (default: skip-gram)")
    learned.add_argument("--cbow-sum", action="store_true", help="CBOW adds words up, no mean")
    learned.add_argument("--hs", action="store_true", help="hierarchical softmax, too")
    learned.add_argument("--full-windows", action="store_true", help="never draw smaller windows")
    learned.add_argument(
        "--update",
        choices=["block", "pair"],
        default="block",
        help="pair: the classic update, slower (default: block)",
    )
    learned.add_argument(
        "--deterministic",
        action="store_true",
        help="same seed, same number of workers: same vectors; slower",
    )
    _add_settings(learned, MODEL_OPTIONS)
    stop = parser.add_argument_group("how it is watched, and when it ends")
    _add_settings(stop, STOP_OPTIONS)
    kept = parser.add_argument_group("how a killed training goes on")
    kept.add_argument("--checkpoint", metavar="DIR", help="folder for checkpoints, made if it is not there")
    kept.add_argument(
        "--resume",
        action="store_true",
        help="go on from the newest checkpoint in DIR with the same text and options; begin if there is none",
    )
    _add_settings(kept, CHECKPOINT_OPTIONS)
    read = parser.add_argument_group("how the text is read")
    read.add_argument("--lowercase", action="store_true", help="fold upper case")
    read.add_argument(
        "--errors",
        choices=["strict", "replace", "ignore"],
        default="strict",
        help="what to do about bytes that are not UTF-8 (default: strict)",
    )
    read.add_argument("--cache-dir", help="folder for what does not fit in memory")
    _add_settings(read, TEXT_OPTIONS)
    parser.set_defaults(run=run)


def _add_settings(group: Any, texts: dict[str, str]) -> None:
    for name, text in texts.items():
        add_setting(group, name, text, OPTIONS[name].default)


def _say(text: str) -> None:
    """Print to stderr, as stdout may be the output; that nobody reads it is no reason to lose what is learned."""
    try:
        print(text, file=sys.stderr, flush=True)
    except BrokenPipeError:
        drop_output(sys.stderr)


class _Report:
    """Tells what memory is needed, each epoch's loss as it ends, and which epoch was the best."""

    def on_train_begin(self, model: Word2Vec) -> None:
        _say(f"memory at the peak: about {model.estimate_memory()['total'] / 1e6:,.0f} MB")

    def on_epoch_end(self, model: Word2Vec) -> None:
        held_out = f", {model.held_out_losses[-1]:.4f} held out" if model.held_out else ""
        _say(f"epoch {len(model.epoch_losses)}/{model.epochs}: loss {model.epoch_losses[-1]:.4f}{held_out}")

    def on_train_end(self, model: Word2Vec) -> None:
        if model.patience is not None and model.held_out_losses:
            best = model.held_out_losses.index(min(model.held_out_losses)) + 1
            _say(f"the vectors are those of epoch {best}")


def run(args: argparse.Namespace) -> int:
    """Train, save, sum up."""
    if not args.negative and not args.hs:
        raise UsageError("--negative 0 leaves nothing to train on; add --hs")
    if args.patience is not None and not args.held_out:
        raise UsageError("--patience needs a loss to watch; add --held-out 0.01, say")
    if args.deterministic and args.max_seconds is not None:
        raise UsageError("--deterministic leaves no room for --max-seconds; give --epochs instead")
    if args.resume and args.checkpoint is None:
        raise UsageError("--resume needs the folder to go on from; add --checkpoint DIR")
    kind = None if args.format == "model" else output_kind(args.output, args.format)
    check_output(args.output)
    settings = {name: value for name, value in vars(args).items() if name in OPTIONS}
    settings |= {
        "corpus_file": args.inputs,
        "sg": int(not args.cbow),
        "cbow_mean": int(not args.cbow_sum),
        "shrink_windows": not args.full_windows,
        "callbacks": [_Report()],
    }
    interrupted = False
    try:
        if args.resume and checkpoint.found(args.checkpoint):
            model = Word2Vec.resume(settings.pop("checkpoint"), **settings)
        else:
            model = Word2Vec(**settings)
    except KeyboardInterrupt as interrupt:
        learned = getattr(interrupt, "model", None)
        if learned is None or not len(learned.wv):
            raise
        model, interrupted = learned, True
    _save(model, args.output, kind)
    _say(summary(model))
    if interrupted:
        more = "" if args.checkpoint is None else "; --resume goes on"
        _say(f"wildvec: interrupted; {args.output} holds what was learned{more}")
        return 130
    _say(f"saved {args.output}")
    return 0


def summary(model: Word2Vec) -> str:
    """One line about what was read and how fast."""
    text = f"{len(model.wv):,} words, {model.corpus_total_words:,} tokens"
    if math.isnan(model.tokens_per_second):  # interrupted
        return text
    return f"{text}; {model.tokens_per_second:,.0f} tokens/s with {model.workers} workers"


def _save(model: Word2Vec, output: str, kind: io.Kind | None) -> None:
    if kind is None:
        model.save(output)
    else:
        vectors = model.wv
        io.save(output, vectors.index_to_key, vectors.vectors, vectors.counts, kind)
