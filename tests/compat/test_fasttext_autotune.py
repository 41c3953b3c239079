"""fastText's autotune arguments: what is given is not searched, and the model has the settings that were found."""

import numpy as np
import pytest

from wildvec.compat import fasttext
from wildvec.compat.fasttext import autotune
from wildvec.models.text_classifier import TextClassifier


@pytest.fixture
def files(tmp_path):
    random = np.random.default_rng(1)
    paths = []
    for name, n in (("train", 200), ("validation", 80)):
        labels = random.integers(0, 2, n)
        words = random.integers(0, 40, (n, 6)) + 20 * labels[:, None]
        lines = [
            f"__label__{label} {' '.join(f'w{w}' for w in ws)}\n"
            for label, ws in zip(labels, words, strict=True)
        ]
        paths.append(tmp_path / name)
        paths[-1].write_text("".join(lines))
    return [str(path) for path in paths]


def train(files, **arguments):
    return fasttext.train_supervised(
        files[0],
        autotuneValidationFile=files[1],
        autotuneDuration=1,
        thread=1,
        seed=3,
        bucket=1_000,
        **arguments,
    )


def test_the_best_settings_are_found(files):
    model = train(files)
    assert model.test(files[1])[1] > 0.8
    best = model.classifier.trials_[0]
    assert {
        "alpha": model.lr,
        "vector_size": model.dim,
        "epochs": model.epoch,
    }.items() <= best.settings.items()
    assert model.get_dimension() == model.dim
    assert model.loss == "softmax" and model.bucket == 1_000, (
        "fastText does not search for these, or they are given"
    )


def test_given_arguments_are_not_searched(files, monkeypatch):
    seen = {}

    def search(train, validation, seconds, metric, **settings):
        seen.update(settings, paths=[train, validation], seconds=seconds, metric=metric)
        return TextClassifier(workers=1).fit_file(train)

    monkeypatch.setattr(TextClassifier, "autotune", search)
    train(
        files,
        lr=0.3,
        wordNgrams=2,
        autotuneMetric="f1:__label__1",
        autotunePredictions=2,
        autotuneModelSize="5k",
    )
    assert (seen["alpha"], seen["word_ngrams"], seen["bucket"], seen["seed"]) == (0.3, 2, 1_000, 3)
    assert (seen["paths"], seen["seconds"], seen["metric"]) == (files, 1, "f1:__label__1")
    assert (seen["k"], seen["max_bytes"], seen["loss"]) == (2, 5_000, "softmax")
    assert not seen.keys() & {"vector_size", "epochs", "min_n", "max_n"}


def test_sizes_are_read_as_in_fasttext():
    for text in ("2 MB", "-1", "0", "M"):
        with pytest.raises(ValueError, match=f"autotuneModelSize='{text}': give a number of bytes"):
            autotune.bytes_of(text)
