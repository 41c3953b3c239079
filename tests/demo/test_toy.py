"""The toy world: its sentences are the same on every run and contain the words of its questions."""

from __future__ import annotations

import random
from collections import Counter
from itertools import islice

import numpy as np
import pytest

from wildvec.demo import toy


def test_the_seed_alone_determines_the_sentences():
    first = list(toy.sentences(5000, seed=7))
    random.random()  # draws from the global generator change nothing
    assert first == list(toy.sentences(5000, seed=7))
    assert first != list(toy.sentences(5000, seed=8))


@pytest.mark.parametrize("tokens", [0, 1, 100, 12_345])
def test_the_number_of_words(tokens):
    n_words = sum(map(len, toy.sentences(tokens)))
    assert tokens <= n_words < tokens + 20


def test_the_questions_are_in_the_format_of_the_google_analogies():
    sections = [line[2:] for line in toy.ANALOGIES if line.startswith(": ")]
    questions = [line.split() for line in toy.ANALOGIES if not line.startswith(":")]
    assert len(sections) == 6 and len(questions) == 1498
    assert all(len(set(question)) == 4 for question in questions)
    assert ["man", "woman", "king", "queen"] in questions
    assert ["france", "paris", "japan", "tokyo"] in questions


def test_every_word_of_a_question_occurs_often():
    counts = Counter(word for sentence in toy.sentences(300_000) for word in sentence)
    words = {word for line in toy.ANALOGIES if line[0] != ":" for word in line.split()}
    assert min(counts[word] for word in words) > 50
    assert not [word for word in counts if word != word.lower() or not word]


def test_the_words_of_the_picture_occur():
    words = {word for sentence in toy.sentences(300_000) for word in sentence}
    for sides, pairs in toy.PICTURE.values():
        assert len(sides) == 2
        assert {word for pair in pairs for word in pair} <= words


def test_no_word_has_two_roles():
    pairs = [*toy.PEOPLE, *toy.COUNTRIES, *toy.ANIMALS, *(tuple(v.split()) for v in toy.VERBS)]
    words = [word for pair in pairs for word in pair]
    assert len(words) == len(set(words))
    context = " ".join(
        word for table in (toy.PEOPLE, toy.COUNTRIES, toy.VERBS, toy.ANIMALS) for word in table.values()
    ).split()
    assert not set(context) & set(words)


def test_the_two_words_of_a_pair_have_the_same_context_words():
    """The contexts of king and queen differ only in the words of their side."""
    near: dict[str, Counter[str]] = {"king": Counter(), "queen": Counter(), "witch": Counter()}
    for sentence in islice(toy.sentences(10**9), 60_000):
        for word in near.keys() & set(sentence):
            near[word].update(sentence)
    crown = {word: near[word]["crown"] / near[word].total() for word in near}
    assert crown["king"] == pytest.approx(crown["queen"], rel=0.3) and crown["witch"] == 0
    assert near["king"]["he"] and not near["king"]["she"]
    assert near["queen"]["she"] and not near["queen"]["he"]


def test_most_edges_of_the_graph_are_inside_of_groups():
    edges, groups = toy.graph(n_groups=3, group_size=20)
    same = groups[edges[:, 0]] == groups[edges[:, 1]]
    assert len(groups) == 60 and (edges[:, 0] < edges[:, 1]).all()
    assert len(np.unique(edges, axis=0)) == len(edges)
    assert same.mean() > 0.8
    np.testing.assert_array_equal(edges, toy.graph(n_groups=3, group_size=20)[0])


def test_users_have_different_songs_of_two_genres_at_most():
    pairs = toy.interactions(n_users=50)
    assert len(set(pairs)) == len(pairs) == 600
    genres = {}
    for user, song in pairs:
        genres.setdefault(user, set()).add(song.split("-")[0])
    assert len(genres) == 50 and max(map(len, genres.values())) == 2
    assert set().union(*genres.values()) == set(toy.GENRES)
