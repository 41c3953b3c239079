"""`train --model fasttext` and `--model doc2vec`, `infer`, and `nearest` with unknown words and documents."""

from __future__ import annotations

import numpy as np
import pytest

from wildvec import Doc2Vec, FastText, KeyedVectors, cli, load_facebook_model, load_facebook_vectors
from wildvec.vectors.fasttext_keyedvectors import FastTextKeyedVectors

TEXT = "the king rules the land\nthe queen rules the land\n\na film about a king\n" * 5
QUICK = ["--vector-size", "8", "--epochs", "2", "--min-count", "1", "--workers", "1"]
N_GRAMS = ["--model", "fasttext", "--bucket", "500", *QUICK]


@pytest.fixture
def text(tmp_path):
    path = tmp_path / "text.txt"
    path.write_text(TEXT)
    return str(path)


@pytest.fixture
def train(text, tmp_path):
    """Train with some options; return the path of the output."""

    def run(name, *options):
        path = str(tmp_path / name)
        assert cli.main(["train", text, "-o", path, *options]) == 0
        return path

    return run


# fastText


@pytest.mark.parametrize(
    ("name", "form"),
    [("a.wv", None), ("a.bin", "native"), ("a.bin", "fasttext"), ("a.model", "model")],
)
def test_an_unknown_word_has_neighbours(train, capsys, name, form):
    path = train(name, *N_GRAMS, *(["--format", form] if form else []))
    capsys.readouterr()
    assert cli.main(["nearest", path, "kingly", "-n", "1"]) == 0
    word, cosine = capsys.readouterr().out.split()
    wv = FastText(corpus_file=path.replace(name, "text.txt"), sg=1, bucket=500, **settings()).wv
    if form == "fasttext":  # which has random rows for n-grams that the text does not contain
        wv = load_facebook_vectors(path)
    assert wv.most_similar("kingly", topn=1)[0] == (word, pytest.approx(float(cosine), abs=1e-4))


def settings():
    return {"vector_size": 8, "epochs": 2, "min_count": 1, "workers": 1}


def test_files_of_fasttext_models(train):
    assert isinstance(KeyedVectors.load(train("a.wv", *N_GRAMS)), FastTextKeyedVectors)
    model = load_facebook_model(train("a.bin", *N_GRAMS, "--format", "fasttext"))
    assert (model.sg, model.bucket, model.vector_size) == (1, 500, 8)
    assert FastText.load(train("a.model", *N_GRAMS, "--format", "model", "--cbow")).sg == 0
    assert "king" in KeyedVectors.load(train("a.txt", *N_GRAMS)), "word2vec text has words only"


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--format", "fasttext"], "--format fasttext is no format of --model word2vec"),
        (["--min-n", "2"], "--min-n is no option of --model word2vec"),
        (["--model", "fasttext", "--dbow"], "--dbow is no option of --model fasttext"),
        (["--model", "doc2vec", "--cbow"], "--cbow is no option of --model doc2vec"),
    ],
)
def test_options_of_another_model_are_refused(text, tmp_path, capsys, options, message):
    assert cli.main(["train", text, "-o", str(tmp_path / "a.wv"), *options]) == 2
    assert message in capsys.readouterr().err


# Doc2Vec


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        ([], {"dm": 1, "dm_mean": 1}),
        (["--dm-sum"], {"dm": 1, "dm_mean": 0}),
        (["--dm-concat"], {"dm": 1, "dm_concat": 1}),
        (["--dbow", "--dbow-words"], {"dm": 0, "dbow_words": 1}),
    ],
)
def test_a_line_is_a_document_and_the_file_is_the_model(train, text, options, expected):
    model = Doc2Vec.load(train("a.wv", "--model", "doc2vec", *QUICK, *options))
    assert {name: getattr(model, name) for name in expected} == expected
    same = Doc2Vec(corpus_file=text, **settings(), **expected)
    assert len(model.dv) == len(TEXT.splitlines())
    np.testing.assert_array_equal(model.dv.vectors, same.dv.vectors)


def test_other_formats_hold_the_vectors_of_lines(train):
    wv = KeyedVectors.load(train("a.txt", "--model", "doc2vec", *QUICK))
    assert wv.index_to_key == [str(number) for number in range(len(TEXT.splitlines()))]


def test_nearest_documents(train, capsys):
    path = train("a.wv", "--model", "doc2vec", *QUICK)
    capsys.readouterr()
    assert cli.main(["nearest", path, "--docs", "3", "-n", "2"]) == 0
    lines = capsys.readouterr().out.splitlines()
    expected = Doc2Vec.load(path).dv.most_similar(3, topn=2)
    assert [line.split("\t")[0] for line in lines] == [str(tag) for tag, _ in expected]
    assert cli.main(["nearest", path, "--docs", "king"]) == 1
    assert "'king' is not in the vocabulary" in capsys.readouterr().err
    assert cli.main(["nearest", path, "--docs", "3", "--limit", "2"]) == 2
    assert cli.main(["nearest", train("b.wv", *QUICK), "--docs", "3"]) == 1
    assert "not a Doc2Vec" in capsys.readouterr().err


@pytest.mark.parametrize("name", ["v.npy", "v.tsv"])
def test_infer_writes_a_row_for_each_line(train, text, tmp_path, capsys, name):
    path = train("a.wv", "--model", "doc2vec", *QUICK)
    output = tmp_path / name
    assert cli.main(["infer", path, text, "-o", str(output), "--epochs", "3"]) == 0
    assert capsys.readouterr().err.endswith("20 vectors of 8 values\n")
    found = np.load(output) if name.endswith("npy") else np.loadtxt(output, np.float32)
    expected = Doc2Vec.load(path).infer_vectors(TEXT.splitlines(), epochs=3)
    np.testing.assert_array_equal(found, expected)


def test_what_infer_refuses(train, text, tmp_path, capsys):
    path = train("a.wv", *QUICK)
    assert cli.main(["infer", path, text, "-o", str(tmp_path / "v.csv")]) == 2
    assert "give an output that ends with .npy or .tsv" in capsys.readouterr().err
    assert cli.main(["infer", path, text, "-o", str(tmp_path / "v.npy")]) == 1
    assert "not a Doc2Vec" in capsys.readouterr().err
    assert cli.main(["infer", text, text, "-o", text.replace(".txt", ".tsv"), "--epochs", "0"]) == 2
