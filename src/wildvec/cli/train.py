"""`wildvec train`: learn vectors from text and write them to a file."""

from __future__ import annotations

import argparse
import math
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from wildvec import io
from wildvec.cli.options import MODELS, SETTINGS, UsageError, add_setting, add_switch, option_name
from wildvec.cli.output import (
    add_format,
    check_before_work,
    check_no_input,
    output_kind,
)
from wildvec.cli.streams import say
from wildvec.cli.training import BYTES_PER_VALUE, CHECKPOINT_OPTIONS, STOP_OPTIONS, Report, train_and_save
from wildvec.models.doc2vec import Doc2Vec
from wildvec.models.facebook_models import save_facebook_model
from wildvec.models.fasttext import FastText
from wildvec.models.text_model import TextModel
from wildvec.training.checkpoint import list_checkpoints
from wildvec.vectors.keyedvectors import KeyedVectors

MODEL_OPTIONS = (
    "update",
    *("vector_size", "window", "epochs", "negative", "ns_exponent", "alpha", "min_alpha", "sample"),
    *("seed", "workers"),
)
NGRAM_OPTIONS = ("min_n", "max_n", "bucket")
GLOVE_OPTIONS = ("x_max", "exponent", "combine", "initial", "mittens", "max_memory")
SWITCHES = {  # options of settings whose options have other names
    "sg": "--cbow",
    "cbow_mean": "--cbow-sum",
    "hs": "--hs",
    "shrink_windows": "--full-windows",
    "symmetric": "--left-only",
    "distance_weighting": "--equal-weights",
    "dm": "--dbow",
    "dm_mean": "--dm-sum",
}
TEXT_OPTIONS = ("min_count", "max_final_vocab", "max_vocab_size", "max_sentence_length", "errors")
SKIPGRAM = ("word2vec", "fasttext")  # the models that are skip-gram unless --cbow is given


def add_to(commands: Any) -> None:
    """Declare the command. Its options are the models' settings, with their defaults except skip-gram."""
    parser = commands.add_parser(
        "train",
        help="learn vectors from text",
        description="Learn vectors from text files (each line is a sentence) and save them. The model is skip-gram; "
        "--cbow trains CBOW, which is the default of the Python class Word2Vec. --model fasttext also learns vectors "
        "of character n-grams, for unknown words; --model doc2vec learns a vector of each line (its tag is the "
        "number of the line, from 0), and its files hold the whole model, or in the formats of word2vec and GloVe "
        "the vectors of the lines; --model glove trains GloVe. Ctrl-C and SIGTERM stop early and save what was "
        "learned.",
    )
    parser.add_argument(
        "inputs",
        nargs="+",
        metavar="INPUT",
        help="text file (plain or compressed), folder or glob pattern; - is stdin",
    )
    parser.add_argument(
        "-o",
        "--output",
        required=True,
        help="the file to write: .wv native, .bin word2vec binary, .txt or .vec word2vec text, "
        ".glove GloVe text; - is stdout",
    )
    add_format(
        parser,
        model="native, with all that further training needs (Word2Vec.load, GloVe.load)",
        fasttext="fastText's .bin, of --model fasttext",
    )
    model = parser.add_argument_group("model")
    model.add_argument(
        "--model", choices=tuple(MODELS), default="word2vec", help="what is trained (default: word2vec)"
    )
    add_switch(model, "--cbow", "sg", 0, "train CBOW instead of skip-gram")
    add_switch(model, "--cbow-sum", "cbow_mean", 0, "CBOW: add up the context vectors instead of their mean")
    add_switch(model, "--hs", "hs", 1, "add hierarchical softmax (alone: --negative 0)")
    add_switch(model, "--full-windows", "shrink_windows", False, "always use the full window")
    add_switch(model, "--deterministic", "deterministic", True)
    _add_settings(model, MODEL_OPTIONS)
    _add_settings(parser.add_argument_group("fastText"), NGRAM_OPTIONS)
    _add_doc2vec(parser.add_argument_group("Doc2Vec"))
    glove = parser.add_argument_group("GloVe")
    add_switch(glove, "--left-only", "symmetric", False, "count words on the left only")
    add_switch(
        glove, "--equal-weights", "distance_weighting", False, "count 1 at any distance, not 1/distance"
    )
    _add_settings(glove, GLOVE_OPTIONS)
    _add_settings(parser.add_argument_group("early stopping"), STOP_OPTIONS)
    checkpoints = parser.add_argument_group("checkpoints")
    add_setting(checkpoints, "checkpoint")
    checkpoints.add_argument(
        "--resume",
        action="store_true",
        help="resume the training from its newest checkpoint in DIR, with the same text; options that are left out "
        "stay as they were. If DIR has no checkpoint, start a new training",
    )
    _add_settings(checkpoints, CHECKPOINT_OPTIONS)
    text = parser.add_argument_group("text")
    add_switch(text, "--lowercase", "lowercase", True)
    _add_settings(text, TEXT_OPTIONS)
    add_setting(text, "cache_dir")
    parser.set_defaults(run=run)


def _add_doc2vec(group: Any) -> None:
    add_switch(group, "--dbow", "dm", 0, "train PV-DBOW instead of PV-DM")
    add_switch(
        group, "--dbow-words", "dbow_words", 1, "PV-DBOW: train the vectors of words too, by skip-gram"
    )
    add_switch(group, "--dm-sum", "dm_mean", 0, "PV-DM: add up the vectors instead of their mean")
    add_switch(group, "--dm-concat", "dm_concat", 1, "PV-DM: concatenate the vectors, which is slow")
    add_setting(group, "pretrained")
    add_switch(group, "--freeze-words", "freeze_words", True)


def _add_settings(group: Any, names: Sequence[str]) -> None:
    for name in names:
        add_setting(group, name)


class _Report(Report):
    """Callback that prints progress and keeps the model."""

    def on_train_begin(self, model: TextModel) -> None:
        super().on_train_begin(model)
        say(f"memory at the peak: at most {model.estimate_memory()['total'] / 1e6:,.0f} MB")

    def output_bytes(self, model: TextModel) -> int:
        return output_bytes(model, self.kind)

    def on_train_end(self, model: TextModel) -> None:
        if model.patience is not None and model.held_out_losses:
            best = model.held_out_losses.index(min(model.held_out_losses)) + 1
            say(f"the vectors are those of epoch {best}")
        if len(model.epoch_losses) > 1 and model.epoch_losses[-1] > model.epoch_losses[-2]:
            say(
                "note: the training loss may rise in the last epochs, because each example is scored just before its "
                f"own update; {'the held-out loss is' if model.held_out else '--held-out measures the loss'} without "
                "this effect"
            )


def output_bytes(model: TextModel, kind: io.Kind | None) -> int:
    """Return about how many bytes the output takes, without compression and without its keys."""
    if kind is None:
        return sum(rows.nbytes for rows in model._unpadded_matrices().values())
    n_rows = len(_vectors(model))
    if isinstance(model, FastText) and kind in (io.Kind.NATIVE, io.Kind.FASTTEXT):
        n_rows = 2 * n_rows + (model.bucket if kind is io.Kind.FASTTEXT else len(model.wv.vectors_ngrams))
    return BYTES_PER_VALUE.get(kind, 4) * n_rows * model.vector_size


def run(args: argparse.Namespace) -> int:
    """Train and save; if training is interrupted, save what was learned."""
    settings = {name: value for name, value in vars(args).items() if name in SETTINGS}
    _check_options(args, settings)
    kind = _kind(args)
    report = _Report(args.output, kind)
    return train_and_save(args, report, lambda: _train(args, settings, report), _save, summary)


def _kind(args: argparse.Namespace) -> io.Kind | None:
    """Return the kind of file to write; None is the whole model."""
    if args.format == "model":
        return None
    if args.format == "fasttext":
        return io.Kind.FASTTEXT
    kind = output_kind(args.output, args.format)
    return None if args.model == "doc2vec" and kind is io.Kind.NATIVE else kind


def _check_options(args: argparse.Namespace, settings: dict[str, Any]) -> None:
    """Raise before anything is read if the options do not fit each other or the output cannot be written."""
    for name in settings:
        if name not in MODELS[args.model].SETTINGS:
            option = SWITCHES.get(name, option_name(name))
            raise UsageError(f"{option} is no option of --model {args.model}; leave it out")
    if args.format == "fasttext" and args.model != "fasttext":
        raise UsageError(f"--format fasttext is no format of --model {args.model}; add --model fasttext")
    folder = settings.get("checkpoint")
    if args.resume and folder is None:
        raise UsageError("--resume needs the folder of the checkpoints; add --checkpoint DIR")
    if settings.get("negative") == 0 and not (settings.get("hs") or args.resume):
        raise UsageError("--negative 0 leaves nothing to train on; add --hs")
    if "patience" in settings and not (settings.get("held_out") or args.resume):
        raise UsageError("--patience needs a held-out loss; add --held-out 0.01")
    if settings.get("deterministic") and "max_seconds" in settings:
        raise UsageError("--deterministic and --max-seconds exclude each other; give --epochs instead")
    check_before_work(args.output, args.inputs)
    if folder is not None:
        check_no_input(Path(folder, "checkpoint-000001.wv"), args.inputs)


def _train(args: argparse.Namespace, settings: dict[str, Any], report: _Report) -> TextModel:
    """Train a new model, or resume with the settings of the checkpoint; given ones must be the same."""
    cls: Any = MODELS[args.model]
    settings = {**settings, "corpus_file": args.inputs, "callbacks": [report]}
    if args.resume and list_checkpoints(settings["checkpoint"]):
        resumed: TextModel = cls.resume(settings.pop("checkpoint"), **settings)
        return resumed
    if args.model in SKIPGRAM:
        settings = {"sg": 1, **settings}
    model: TextModel = cls(**settings)
    return model


def _save(model: TextModel, output: Any, kind: io.Kind | None) -> None:
    if kind is None:
        model.save(output)
    elif isinstance(model, FastText) and kind is io.Kind.FASTTEXT:
        save_facebook_model(model, output)
    elif isinstance(model, FastText) and kind is io.Kind.NATIVE:
        model.wv.save_native(output)
    else:
        vectors = _vectors(model)
        io.save(output, vectors.index_to_key, vectors.vectors, vectors.counts, kind)


def _vectors(model: TextModel) -> KeyedVectors:
    """Return what is saved if the format holds one matrix: for Doc2Vec the vectors of the lines."""
    return model.dv if isinstance(model, Doc2Vec) else model.wv


def summary(model: TextModel) -> str:
    """Return one line about the text and the speed."""
    text = f"{len(model.wv):,} words, {model.corpus_total_words:,} tokens"
    if math.isnan(model.tokens_per_second):  # interrupted
        return text
    return f"{text}; {model.tokens_per_second:,.0f} tokens/s with {model.workers} workers"
