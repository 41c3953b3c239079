"""Text files as sentences: what iteration gives is what models read in C."""

import bz2
import gzip
import io

import pytest

from wildvec import LineSentence, PathLineSentences, Text8Corpus, Word2Vec
from wildvec.text.corpus import Corpus

TEXT = "one two three four\n\n  five\u2003six \nseven"
LINES = [["one", "two", "three", "four"], ["five", "six"], ["seven"]]


def read_in_c(source):
    """Return the sentences that a corpus has of a source."""
    corpus = Corpus.read(source, min_count=1)
    keys = corpus.vocab.keys
    return [
        [keys[i] for i in corpus.ids[a:b]] for a, b in zip(corpus.offsets, corpus.offsets[1:], strict=False)
    ]


@pytest.fixture
def path(tmp_path):
    file = tmp_path / "a.txt"
    file.write_text(TEXT, encoding="utf-8")
    return file


@pytest.mark.parametrize("longest", [1, 3, 10_000])
def test_lines_of_a_file(path, longest):
    expected = [line[i : i + longest] for line in LINES for i in range(0, len(line), longest)]
    sentences = LineSentence(path, max_sentence_length=longest)
    assert list(sentences) == list(sentences) == read_in_c(sentences) == read_in_c(sentences) == expected


def test_open_and_compressed_files(path):
    with open(path, "rb") as stream:
        assert list(LineSentence(stream)) == read_in_c(LineSentence(stream)) == LINES
    assert list(LineSentence(io.StringIO(TEXT))) == read_in_c(LineSentence(io.StringIO(TEXT))) == LINES
    packed = path.with_suffix(".gz")
    packed.write_bytes(gzip.compress(TEXT.encode()))
    assert list(LineSentence(packed)) == read_in_c(LineSentence(str(packed))) == LINES


def test_a_limit_counts_lines(path):
    assert list(LineSentence(path, limit=2)) == read_in_c(LineSentence(path, limit=2)) == LINES[:1]


def test_files_of_a_folder(tmp_path):
    (tmp_path / "2.txt.bz2").write_bytes(bz2.compress(b"c d\n"))
    (tmp_path / "1.txt").write_text("a b\nx")
    (tmp_path / "sub").mkdir()
    sentences = PathLineSentences(tmp_path)
    assert list(sentences) == read_in_c(sentences) == [["a", "b"], ["x"], ["c", "d"]]
    assert list(PathLineSentences(tmp_path, limit=1)) == [["a", "b"], ["c", "d"]]
    assert list(PathLineSentences(tmp_path / "1.txt")) == [["a", "b"], ["x"]]
    with pytest.raises(ValueError, match="neither a file nor a folder"):
        PathLineSentences(tmp_path / "no")


@pytest.mark.parametrize("longest", [1, 3, 7, 100])
def test_a_long_text_is_cut_into_sentences(path, longest):
    words = [word for line in LINES for word in line]
    expected = [words[i : i + longest] for i in range(0, len(words), longest)]
    sentences = Text8Corpus(path, longest)
    assert list(sentences) == read_in_c(sentences) == expected


def test_models_take_them(path):
    model = Word2Vec(LineSentence(path), min_count=1, vector_size=4, workers=1)
    assert model.corpus_count == 3 and model.corpus_total_words == 7


@pytest.mark.parametrize("wrong", [{"max_sentence_length": 0}, {"limit": -1}])
def test_wrong_arguments(path, wrong):
    with pytest.raises(ValueError, match="give"):
        LineSentence(path, **wrong)
