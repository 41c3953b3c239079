"""The toy world: the same on every run, and holding what its questions ask for."""

from __future__ import annotations

import random
from collections import Counter
from itertools import islice

import pytest

from wildvec.demo import toy


def test_the_seed_says_it_all():
    first = list(toy.sentences(5000, seed=7))
    random.random()  # somebody else's draws change nothing
    assert first == list(toy.sentences(5000, seed=7))
    assert first != list(toy.sentences(5000, seed=8))


@pytest.mark.parametrize("tokens", [0, 1, 100, 12_345])
def test_as_many_words_as_asked_for(tokens):
    n_words = sum(map(len, toy.sentences(tokens)))
    assert tokens <= n_words < tokens + 20


def test_the_questions_are_in_googles_format():
    sections = [line[2:] for line in toy.ANALOGIES if line.startswith(": ")]
    questions = [line.split() for line in toy.ANALOGIES if not line.startswith(":")]
    assert len(sections) == 6 and len(questions) == 1498
    assert all(len(set(question)) == 4 for question in questions)
    assert ["man", "woman", "king", "queen"] in questions
    assert ["france", "paris", "japan", "tokyo"] in questions


def test_every_word_asked_for_occurs_often():
    counts = Counter(word for sentence in toy.sentences(300_000) for word in sentence)
    asked = {word for line in toy.ANALOGIES if line[0] != ":" for word in line.split()}
    assert min(counts[word] for word in asked) > 50
    assert not [word for word in counts if word != word.lower() or not word]


def test_pictures_show_words_that_occur():
    words = {word for sentence in toy.sentences(300_000) for word in sentence}
    for sides, pairs in toy.PICTURE.values():
        assert len(sides) == 2
        assert {word for pair in pairs for word in pair} <= words


def test_no_word_means_two_things():
    pairs = [*toy.PEOPLE, *toy.COUNTRIES, *toy.ANIMALS, *(tuple(v.split()) for v in toy.VERBS)]
    words = [word for pair in pairs for word in pair]
    assert len(words) == len(set(words))
    company = " ".join(
        word for table in (toy.PEOPLE, toy.COUNTRIES, toy.VERBS, toy.ANIMALS) for word in table.values()
    ).split()
    assert not set(company) & set(words)


def test_the_answers_are_in_no_vector_but_in_the_company():
    """King and queen keep the same company, but for what tells men from women."""
    near: dict[str, Counter[str]] = {"king": Counter(), "queen": Counter(), "witch": Counter()}
    for sentence in islice(toy.sentences(10**9), 60_000):
        for word in near.keys() & set(sentence):
            near[word].update(sentence)
    crown = {word: near[word]["crown"] / near[word].total() for word in near}
    assert crown["king"] == pytest.approx(crown["queen"], rel=0.3) and crown["witch"] == 0
    assert near["king"]["he"] and not near["king"]["she"]
    assert near["queen"]["she"] and not near["queen"]["he"]
