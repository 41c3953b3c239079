"""Phrases: counts, scores and joined sentences are those of a plain reference; files, pickles and errors."""

import math
import pickle

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from wildvec import ENGLISH_CONNECTOR_WORDS, FrozenPhrases, LineSentence, Phrases, Word2Vec
from wildvec.models.phrases import PhrasesTransformation, npmi_scorer, original_scorer
from wildvec.text import phrase_counts

SENTENCES = [
    *(["new", "york", "is", "large"] for _ in range(3)),
    ["the", "bank", "of", "america", "is", "in", "new", "york"],
    ["the", "bank", "of", "america"],
]


class Reference:
    """The rules of counting and joining in plain Python."""

    def __init__(self, sentences, delimiter, connectors, max_size):
        self.delimiter, self.connectors = delimiter, connectors
        self.counts, self.n_tokens, least = {}, 0, 1
        for sentence in sentences:
            self.count(sentence)
            if len(self.counts) > max_size:
                self.counts = {key: n for key, n in self.counts.items() if n >= least}
                least += 1

    def count(self, sentence):
        self.n_tokens += len(sentence)
        begin = None
        for i, word in enumerate(sentence):
            if word in self.connectors:
                continue
            strings = [word] if begin is None else [word, self.delimiter.join(sentence[begin : i + 1])]
            for string in strings:
                self.counts[string] = self.counts.get(string, 0) + 1
            begin = i

    def score(self, words, scorer, min_count):
        a, b, both = (self.counts.get(s, 0) for s in (words[0], words[-1], self.delimiter.join(words)))
        if not (a and b and both):
            return -math.inf
        return scorer(a, b, both, len(self.counts), min_count, self.n_tokens)

    def join(self, sentence, scorer, min_count, threshold):
        result, begin, i = [], None, 0
        for i, word in enumerate(sentence):
            if word in self.connectors:
                if begin is None:
                    result.append(word)
            elif begin is None:
                begin = i
            elif self.score(sentence[begin : i + 1], scorer, min_count) > threshold:
                result.append(self.delimiter.join(sentence[begin : i + 1]))
                begin = None
            else:
                result += sentence[begin:i]
                begin = i
        return result if begin is None else result + sentence[begin:]


# Words that contain the delimiter, so that different pairs are the same string.
words = st.sampled_from(["a", "b", "c", "a_b", "b_c", "of", "the", "_", "a_", "é", "日本"])
corpora = st.lists(st.lists(words, max_size=12), max_size=12)


@settings(max_examples=150, deadline=None)
@given(
    corpora,
    st.sampled_from([(), ("of", "the"), ("a_b",)]),
    st.sampled_from(["_", " ", "__", ""]),
    st.sampled_from([3, 8, 10**9]),
    st.sampled_from([("default", original_scorer, 0.01), ("npmi", npmi_scorer, -0.5)]),
    st.integers(1, 3),
    st.integers(1, 3),
)
def test_counts_and_joined_sentences_are_those_of_the_reference(
    sentences, connectors, delimiter, max_size, scoring, min_count, workers
):
    name, scorer, threshold = scoring
    reference = Reference(sentences, delimiter, connectors, max_size)
    phrases = Phrases(
        sentences, min_count, threshold, max_size, delimiter, 1, name, connectors, workers=workers
    )
    assert phrases.vocab == reference.counts
    assert list(phrases.vocab) == list(reference.counts) or max_size < 100
    assert len(phrases._counts) == len(reference.counts)
    if any(reference.counts.values()) and reference.n_tokens > 1:
        expected = [reference.join(s, scorer, min_count, threshold) for s in sentences]
        assert [phrases[s] for s in sentences] == expected


@pytest.mark.parametrize("workers", [1, 3])
def test_batches_of_a_file_are_joined_at_their_ends(tmp_path, monkeypatch, workers):
    monkeypatch.setattr(phrase_counts, "BATCH_TOKENS", 7)
    monkeypatch.setattr(phrase_counts, "FEW_TOKENS", 0)
    monkeypatch.setattr("wildvec.text.readers.BLOCK_BYTES", 16)
    random = np.random.default_rng(1)
    sentences = [[f"w{i}" for i in random.integers(0, 5, n)] for n in (3, 40, 1, 25)]
    path = tmp_path / "a.txt"
    path.write_text("\n".join(map(" ".join, sentences)))
    expected = Reference(sentences, "_", ("w0",), 10**9).counts
    for source in (path, LineSentence(path), sentences, iter(sentences)):
        assert Phrases(source, connector_words={"w0"}, workers=workers).vocab == expected


def test_phrases_with_connector_words():
    phrases = Phrases(SENTENCES, min_count=1, threshold=1, connector_words=ENGLISH_CONNECTOR_WORDS)
    assert phrases[SENTENCES[3]] == ["the", "bank_of_america", "is", "in", "new_york"]
    assert phrases.find_phrases(SENTENCES[3:]).keys() == {"bank_of_america", "new_york"}
    assert "of" not in phrases.vocab


def test_a_corpus_is_joined_lazily_and_can_be_read_again():
    phrases = Phrases(SENTENCES, min_count=1, threshold=1)
    joined = phrases[SENTENCES]
    assert list(joined) == list(joined) == [phrases[sentence] for sentence in SENTENCES]
    assert len(joined) == len(SENTENCES)

    def endless():
        while True:
            yield ["new", "york"]

    assert next(iter(phrases[endless()])) == ["new_york"]
    assert phrases[[]] == [] and list(phrases[[[], []]]) == [[], []]
    assert phrases[(word for word in ["new", "york"])] == ["new_york"]


def test_trigrams_are_phrases_of_phrases():
    corpus = [["new", "york", "city", f"w{i}"] for i in range(6)] + [["city", "new", "w"], ["york"]]
    first = Phrases(corpus, min_count=1, threshold=1).freeze()
    second = Phrases(first[corpus], min_count=1, threshold=0.5)
    assert second[first[corpus[0]]][0] == "new_york_city"


def test_settings_can_change():
    phrases = Phrases(SENTENCES)
    assert phrases.export_phrases() == {}
    phrases.min_count, phrases.threshold = 1, 1
    exported = phrases.export_phrases()
    assert exported["new_york"] == original_scorer(4, 4, 4, len(phrases.vocab), 1, 0)
    phrases.threshold = exported["new_york"]  # a score must be higher
    assert "new_york" not in phrases.export_phrases()
    phrases.scoring, phrases.threshold = npmi_scorer, 0.9
    assert "new_york" in phrases.export_phrases()
    with pytest.raises(AttributeError):
        phrases.delimiter = " "


def test_more_sentences_are_added():
    phrases = Phrases(SENTENCES[:2])
    phrases.add_vocab(iter(SENTENCES[2:]))
    whole = Phrases(SENTENCES)
    assert phrases.vocab == whole.vocab and list(phrases.vocab) == list(whole.vocab)
    assert phrases.corpus_word_count == whole.corpus_word_count == sum(map(len, SENTENCES))


def always_one(worda_count, wordb_count, bigram_count, len_vocab, min_count, corpus_word_count):
    """A scorer of the user."""
    return 1


@pytest.mark.parametrize("scoring", ["default", "npmi", always_one])
@pytest.mark.parametrize("frozen", [False, True])
def test_files_and_pickles_keep_all(tmp_path, scoring, frozen):
    phrases = Phrases(
        SENTENCES, min_count=1, threshold=0.5, scoring=scoring, connector_words={"of"}, delimiter="-"
    )
    model = phrases.freeze() if frozen else phrases
    model.save(tmp_path / "p.wv")
    for other in (type(model).load(tmp_path / "p.wv"), pickle.loads(pickle.dumps(model))):
        assert list(other[SENTENCES]) == list(model[SENTENCES])
        assert other.connector_words == {"of"} and other.scoring is model.scoring
        if not frozen:
            assert other.vocab == phrases.vocab and list(other.vocab) == list(phrases.vocab)
            other.add_vocab([["new", "york"]])
            assert other.vocab["new-york"] == phrases.vocab["new-york"] + 1
    with pytest.raises(ValueError, match="holds a"):
        (Phrases if frozen else FrozenPhrases).load(tmp_path / "p.wv")


def test_a_damaged_file_is_refused(tmp_path):
    from wildvec.io import native

    Phrases(SENTENCES).save(tmp_path / "p.wv")
    tensors, metadata = native.read(tmp_path / "p.wv")
    metadata = {key: metadata[key] for key in ("class", "phrases")}
    native.write(tmp_path / "q.wv", {**tensors, "starts": tensors["starts"] + 1000}, metadata)
    with pytest.raises(ValueError, match="damaged file of phrases"):
        Phrases.load(tmp_path / "q.wv")


def test_files_are_joined(tmp_path):
    phrases = Phrases(SENTENCES, min_count=1, threshold=1)
    path, out = tmp_path / "a.txt", tmp_path / "b.txt"
    path.write_text("\n".join(map(" ".join, SENTENCES)) + "\n\nnew  york")
    size = phrases.join_file(path, out, workers=2)
    joined = [" ".join(sentence) for sentence in phrases[SENTENCES]]
    assert out.read_text() == "\n".join([*joined, "", "new_york", ""])
    assert size == out.stat().st_size


def test_the_analysis_uses_a_score_of_a_subclass():
    class Pairs(PhrasesTransformation):
        def score_candidate(self, word_a, word_b, in_between):
            phrase = "_".join([word_a, *in_between, word_b])
            return (phrase, 2.0) if phrase in ("a_of_b", "c_d") else (None, None)

    pairs = Pairs({"of"})
    assert pairs[["of", "a", "of", "b", "of", "c", "d", "of"]] == ["of", "a_of_b", "of", "c_d", "of"]
    assert list(pairs.analyze_sentence(["c", "d", "e"])) == [("c_d", 2.0), ("e", None)]


@pytest.mark.parametrize(
    ("wrong", "error", "text"),
    [
        ({"min_count": 0}, ValueError, "min_count=0"),
        ({"threshold": -1}, ValueError, "threshold=-1"),
        ({"scoring": "npmi", "threshold": 2}, ValueError, "from -1 to 1"),
        ({"scoring": "pmi"}, ValueError, "scoring='pmi'"),
        ({"scoring": lambda worda_count: 1}, ValueError, "lacks the parameters wordb_count"),
        ({"threshold": float("nan")}, ValueError, "threshold=nan"),
        ({"delimiter": b"_"}, TypeError, "give a str"),
        ({"delimiter": "\0"}, ValueError, "NUL"),
        ({"delimiter": "\ud800"}, ValueError, "lone surrogate"),
        ({"sentences": [["a", 1]]}, TypeError, "sentence 0, token 1 is int 1"),
        ({"sentences": [["a", b"b"]]}, TypeError, "token 1"),
        ({"sentences": [["a\0b", "c"]]}, ValueError, "NUL"),
    ],
)
def test_wrong_arguments(wrong, error, text):
    with pytest.raises(error, match=text):
        Phrases(**{"sentences": SENTENCES, **wrong})


def test_wrong_sentences():
    phrases = Phrases(SENTENCES)
    with pytest.raises(TypeError, match="list of words"):
        phrases["new york"]
    with pytest.raises(TypeError, match="token 1 is int 3"):
        phrases[["new", 3]]
    with pytest.raises(TypeError, match="sentence 1 is int 3"):
        list(phrases[[["new"], 3]])


def test_phrases_of_phrases_of_a_file(tmp_path):
    """A file as sentences has no length; gensim's users join its phrases, and count phrases of these."""
    path = tmp_path / "text"
    path.write_text("new york city\nnew york city hall\n" * 5)
    pairs = Phrases(LineSentence(path), min_count=1, threshold=0.1)
    triples = Phrases(pairs[LineSentence(path)], min_count=1, threshold=0.1)
    joined = triples[pairs[LineSentence(path)]]
    assert next(iter(joined)) == ["new_york_city"]
    model = Word2Vec(joined, min_count=1, vector_size=16, epochs=1)
    assert "new_york_city" in model.wv
