"""Documents with tags: readers, row numbers of tags, pieces of long documents."""

from __future__ import annotations

import gzip
import io
import logging
from collections import namedtuple

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from wildvec.text.files import Paths
from wildvec.text.tagged import TaggedCorpus, TaggedDocument, TaggedLineDocument
from wildvec.text.tags import GivenTags, TagTable

LINES = "one two\n\nthree one\n \ntwo\n"


def read(documents, **options):
    return TaggedCorpus.read(documents, min_count=1, **options)


def units(corpus):
    """Return the words and the tags of each unit."""
    keys = corpus.vocab.keys
    words = [
        [keys[i] for i in corpus.ids[a:b]] for a, b in zip(corpus.offsets, corpus.offsets[1:], strict=False)
    ]
    return list(zip(words, ([corpus.table.keys[row] for row in rows] for rows in corpus.tags), strict=True))


# -- documents ---------------------------------------------------------------------------------------------------


def test_a_tagged_document_is_a_tuple_of_words_and_tags():
    words, tags = document = TaggedDocument(["a"], ["x"])
    assert (words, tags) == (["a"], ["x"])
    assert document == TaggedDocument(words=["a"], tags=["x"])
    assert str(document) == "TaggedDocument<['a'], ['x']>"


@pytest.mark.parametrize("suffix", ["", ".gz"])
def test_lines_of_a_file_are_documents_that_can_be_read_again(tmp_path, suffix):
    path = tmp_path / f"text{suffix}"
    path.write_bytes(gzip.compress(LINES.encode()) if suffix else LINES.encode())
    documents = TaggedLineDocument(path)
    expected = [(line.split(), [number]) for number, line in enumerate(LINES.splitlines())]
    assert list(documents) == list(documents) == expected


@pytest.mark.parametrize("kind", [io.StringIO, lambda text: io.BytesIO(text.encode())])
def test_lines_of_an_open_file_are_documents(kind):
    documents = TaggedLineDocument(kind(LINES))
    assert [document.words for document in documents] == [line.split() for line in LINES.splitlines()]
    assert len(list(documents)) == 5


@pytest.mark.parametrize("tokenizer", [None, str.split])
def test_every_way_to_give_lines_gives_the_same_corpus(tmp_path, tokenizer):
    path = tmp_path / "text"
    path.write_text(LINES)
    documents = TaggedLineDocument(path)
    expected = [(["one", "two"], [0]), (["three", "one"], [2]), (["two"], [4])]
    opened = [TaggedLineDocument(kind) for kind in (io.StringIO(LINES), io.BytesIO(LINES.encode()))]
    for source in (Paths(path), documents, list(documents), iter(list(documents)), *opened):
        corpus = read(source, tokenizer=tokenizer)
        assert units(corpus) == expected
        assert corpus.n_documents == 5
        assert corpus.table.keys == [0, 1, 2, 3, 4]


@given(st.lists(st.text("ab \n", max_size=6), max_size=8), st.booleans())
def test_a_file_has_one_document_a_line(lines, ends_with_newline):
    text = "\n".join(["c", *lines]) + "\n" * ends_with_newline
    expected = text.removesuffix("\n").split("\n")
    corpus = read(io.BytesIO(text.encode()))
    assert corpus.n_documents == len(expected)
    assert units(corpus) == [(line.split(), [i]) for i, line in enumerate(expected) if line.split()]


def test_any_object_with_words_and_tags_is_a_document():
    Review = namedtuple("Review", "words tags stars")
    corpus = read([Review(["a"], ["x"], 5), TaggedDocument(("b", "a"), ("y", 3))])
    assert units(corpus) == [(["a"], ["x"]), (["b", "a"], ["y", 3])]


def test_words_in_one_string_are_split_with_a_warning(caplog):
    corpus = read([TaggedDocument("a b", [0]), TaggedDocument("b c", [1])])
    assert [words for words, _ in units(corpus)] == [["a", "b"], ["b", "c"]]
    assert sum("Each 'words' should be a list of words" in text for text in caplog.messages) == 1


@pytest.mark.parametrize(
    ("documents", "message"),
    [
        ([["a", "b"]], r"document 0 is list \['a', 'b'\]; give TaggedDocument\(words, tags\)"),
        ([TaggedDocument(["a"], [0]), "text"], "document 1 is str 'text'"),
        (
            [TaggedDocument(["a"], "tag")],
            r"document 0: tags='tag'; give a list of tags, for example \['tag'\]",
        ),
        ([TaggedDocument(["a"], 7)], r"document 0: tags=7; give a list of tags, for example \[7\]"),
        (
            [TaggedDocument(["a"], []), TaggedDocument(["a"], [1.5])],
            "document 1: a tag is float 1.5; give str or int",
        ),
        ([TaggedDocument([b"a"], [0])], "sentence 0, token 0: bytes"),
        ("text", "the documents are str 'text'"),
        (5, "the documents are int 5"),
    ],
)
def test_other_documents_are_refused_with_their_place(documents, message):
    with pytest.raises(TypeError, match=message):
        read(documents)


# -- tags --------------------------------------------------------------------------------------------------------


def test_int_tags_are_row_numbers_and_strings_follow():
    table = TagTable.of(GivenTags([["b", 2], [np.int64(0), "a"], ["b"]]))
    assert table.keys == [0, 1, 2, "b", "a"]
    assert table.rows_of(GivenTags([["a", "b"], [2, 3]])).tolist() == [4, 3, 2, -1]


def test_a_tag_that_occurs_in_several_documents_is_one_row_with_counts():
    corpus = read(
        [TaggedDocument(["a", "b"], ["x", "y"]), TaggedDocument(["c"], ["x"]), TaggedDocument([], ["y"])]
    )
    assert units(corpus) == [(["a", "b"], ["x", "y"]), (["c"], ["x"])]
    assert corpus.table.doc_counts.tolist() == [2, 2]
    assert corpus.table.word_counts.tolist() == [3, 2]


@pytest.mark.parametrize(
    ("tags", "message"),
    [
        ([[0], [-1]], "document 1: tag -1: an int tag is a row number, from 0 up"),
        ([["a", -3]], "document 0: tag -3"),
        ([[0], [2**40]], "the int tag 1099511627776 needs 1,099,511,627,777 new rows for 2 documents"),
        ([["a", 2**70]], "the int tag 1180591620717411303424 needs"),
        ([[-(2**70)]], "document 0: tag -1180591620717411303424"),
        ([[5_000_000]], "needs 5,000,001 new rows for 1 documents.*make the tags str"),
    ],
)
def test_int_tags_that_can_be_no_row_are_refused(tags, message):
    with pytest.raises(ValueError, match=message):
        TagTable.of(GivenTags(tags))


def test_rows_that_no_document_uses_are_announced(caplog):
    table = TagTable.of(GivenTags([[9]]))
    assert len(table) == 10
    assert "the highest int tag is 9, so that 1 documents need 10 new rows" in caplog.text
    caplog.clear()
    assert len(table.grown(GivenTags([[11]]))) == 12
    assert not caplog.text


def test_a_table_grows_behind_its_rows():
    table = TagTable.of(GivenTags([[1]])).grown(GivenTags([[3, "x"]]))
    assert table.keys == [0, 1, 2, 3, "x"]
    table = table.grown(GivenTags([[6, "y", 3]]))  # row 4 is that of "x"
    assert table.keys == [0, 1, 2, 3, "x", 6, "y"]
    assert table.rows_of(GivenTags([[6], [4], ["x"]])).tolist() == [5, -1, 4]


def test_unknown_tags_are_left_out_with_a_warning(caplog):
    known = TagTable.of(GivenTags([["x"], ["y"]]))
    documents = [
        TaggedDocument(["a"], ["new", "y"]),
        TaggedDocument(["a"], ["x"]),
        TaggedDocument(["b"], ["other"]),
    ]
    corpus = read(documents, known=known)
    assert units(corpus) == [(["a"], ["y"]), (["a"], ["x"]), (["b"], [])]
    assert "2 of 4 tags are not in the model and are left out" in caplog.text
    grown = read(documents, known=known, grow_tags=True)
    assert grown.table.keys == ["x", "y", "new", "other"]
    assert [rows.tolist() for rows in grown.tags] == [[2, 1], [0], [3]]


tags_of_documents = st.lists(
    st.lists(st.one_of(st.integers(0, 20), st.sampled_from("abc")), max_size=3), max_size=8
)


@given(tags_of_documents, tags_of_documents)
def test_every_tag_has_its_row(first, second):
    table = TagTable.of(GivenTags(first)).grown(GivenTags(second))
    assert len(set(table.keys)) == len(table)
    for tags in (first, second):
        flat = [tag for of_document in tags for tag in of_document]
        assert [table.keys[row] for row in table.rows_of(GivenTags(tags))] == flat


# -- pieces ------------------------------------------------------------------------------------------------------


def test_long_documents_are_divided_into_pieces_with_all_tags():
    documents = [
        TaggedDocument(list("abcde"), ["x", "z"]),
        TaggedDocument([], ["e"]),
        TaggedDocument(list("ab"), ["y"]),
    ]
    corpus = read(documents, max_sentence_length=2)
    assert units(corpus) == [
        (["a", "b"], ["x", "z"]),
        (["c", "d"], ["x", "z"]),
        (["e"], ["x", "z"]),
        (["a", "b"], ["y"]),
    ]
    assert (corpus.n_documents, len(corpus), corpus.sizes.tolist()) == (3, 4, [2, 2, 1, 2])
    assert corpus.table.word_counts.tolist() == [5, 5, 0, 2]


def test_documents_longer_than_10_000_words_are_read_whole():
    corpus = read([TaggedDocument(["w"] * 25_000, ["x"])])
    assert len(corpus.ids) == 25_000
    assert corpus.sizes.tolist() == [10_000, 10_000, 5_000]


def test_documents_whose_words_are_rare_are_no_units():
    corpus = TaggedCorpus.read([TaggedDocument(["a", "a"], [0]), TaggedDocument(["b"], [1])], min_count=2)
    assert units(corpus) == [(["a", "a"], [0])]
    assert len(corpus.table) == 2


def test_the_fingerprint_depends_on_the_tags():
    prints = [
        read([TaggedDocument(["a"], [tag]), TaggedDocument(["a"], ["z"])]).fingerprint() for tag in "xzx"
    ]
    assert prints[0] == prints[2] != prints[1]


def test_a_closed_corpus_is_empty():
    with read([TaggedDocument(["a"], [0])]) as corpus:
        assert repr(corpus) == "TaggedCorpus(1 documents, 1 tokens, 1 tags)"
    assert len(corpus) == len(corpus.tags) == 0


def test_it_is_silent_about_proper_documents(caplog):
    caplog.set_level(logging.INFO)
    read([TaggedDocument(["a"], [0]), TaggedDocument(["b"], [1])])
    assert caplog.messages == []


def test_a_seed_puts_units_into_another_order(tmp_path):
    documents = [TaggedDocument([f"w{i}"] * (i % 5 + 1), [i, f"t{i % 2}"]) for i in range(50)]
    plain, first, again = (units(read(documents, seed=seed)) for seed in (None, 1, 1))
    assert first == again != plain
    assert sorted(first, key=lambda unit: unit[1][0]) == plain
    assert units(read(documents, seed=1, cache_dir=tmp_path)) == first
    assert units(read(documents, seed=2)) != first
    assert units(read(documents[:1], seed=1)) == plain[:1]
