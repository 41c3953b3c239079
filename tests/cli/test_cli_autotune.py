"""The options of train-classifier that search for settings."""

import argparse

import pytest

from wildvec.cli import autotune
from wildvec.cli.options import UsageError


def parse(*words):
    parser = argparse.ArgumentParser(exit_on_error=False)
    autotune.add_options(parser)
    return parser.parse_args(words)


def test_options_lead_the_search(tmp_path, capsys):
    lines = ["__label__a good film\n", "__label__b bad film\n"] * 10
    path = tmp_path / "texts"
    path.write_text("".join(lines))
    args = parse("--autotune", str(path), "--autotune-seconds", "0.5", "--autotune-metric", "f1:a")
    model = autotune.train(args, str(path), {"workers": 1, "loss": "softmax", "bucket": 1_000})
    assert model.predict(["good film"]).tolist() == ["a"]
    printed = capsys.readouterr().err
    assert (
        "trial 1: " in printed and f"best of {len(model.trials_)} trials: f1:a 1.0000 with --alpha" in printed
    )
    assert "--loss" not in printed


def test_defaults_and_wrong_values():
    args = parse()
    assert args.autotune is None
    autotune.check_options(args)
    with pytest.raises(UsageError, match="add --autotune FILE"):
        autotune.check_options(parse("--autotune-seconds", "5"))
    for words, message in (
        (("--autotune-seconds", "0"), "'0': give a number"),
        (("--autotune-metric", "accuracy"), "metric='accuracy': give 'f1'"),
        (("--autotune-predictions", "0"), "'0': give a whole number"),
        (("--autotune-bytes", "x"), "'x': give a number"),
    ):
        with pytest.raises(argparse.ArgumentError, match=message):
            parse(*words)
