"""Scores on analogies and on word pairs: questions that count, pairs that are left out, the figures."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from wildvec.vectors import evaluate

WORDS = ["man", "woman", "king", "queen", "boy", "girl", "King", "QUEEN"]
MATRIX = np.array(
    [[1, 0, 0], [1, 1, 0], [1, 0, 3], [1, 1, 3], [2, 0, 1], [2, 1, 1], [9, 9, 0], [0, 9, 9]],
    np.float32,
)
QUESTIONS = """\
# a comment
: royalty
man king woman queen
Woman Queen Man King

: family
man woman boy girl
man woman boy king
man woman boy prince
"""


def test_sections(tmp_path):
    path = tmp_path / "questions.txt"
    path.write_text(QUESTIONS)
    for source in (path, str(path), QUESTIONS.splitlines()):
        result = evaluate.analogies(WORDS, MATRIX, source)
        royalty, family = result.sections
        assert (royalty.name, family.name) == ("royalty", "family")
        assert royalty.correct == [
            ("MAN", "KING", "WOMAN", "QUEEN"),
            ("WOMAN", "QUEEN", "MAN", "KING"),
        ]
        assert family.correct == [("MAN", "WOMAN", "BOY", "GIRL")]
        assert family.incorrect == [("MAN", "WOMAN", "BOY", "KING")] and family.skipped == 1
        assert (result.correct, result.total, result.skipped) == (3, 4, 1)
        assert result.accuracy == 0.75 and result.coverage == 0.8
        assert str(result).splitlines() == [
            "royalty: 100.0% (2 of 2)",
            "family: 50.0% (1 of 2)",
            "all: 75.0% (3 of 4), all words known in 80.0% of 5 questions",
        ]


def test_the_first_of_several_spellings_is_used():
    assert evaluate.analogies(WORDS, MATRIX, ["man king woman QUEEN"]).correct == 1
    result = evaluate.analogies(
        WORDS, MATRIX, ["man king woman QUEEN", "man king woman queen"], case_insensitive=False
    )
    assert (result.correct, result.total) == (1, 2)


def test_restriction_to_the_first_words():
    result = evaluate.analogies(WORDS, MATRIX, ["man king woman queen"], restrict_vocab=3)
    assert (result.total, result.skipped, result.accuracy, result.coverage) == (0, 1, 0, 0)
    everything = evaluate.analogies(WORDS, MATRIX, ["man king woman queen"], restrict_vocab=None)
    assert everything.correct == 1


def test_unknown_words_can_count_as_wrong():
    result = evaluate.analogies(WORDS, MATRIX, ["man woman boy prince"], unknown_as_wrong=True)
    assert (result.total, result.correct, result.skipped) == (1, 0, 0)


def test_given_words_are_never_the_answer():
    keys, matrix = ["a", "A", "b", "c", "d"], np.eye(5, dtype=np.float32)[[0, 0, 1, 2, 3]]
    matrix[4] = [0, 1, 0.5, 0, 0]
    assert evaluate.analogies(keys, matrix, ["a b c d"]).correct == 1


def test_many_questions_are_searched_in_batches(monkeypatch):
    rng = np.random.default_rng(0)
    keys, matrix = [f"w{i}" for i in range(200)], rng.standard_normal((200, 8)).astype(np.float32)
    lines = [" ".join(f"w{i}" for i in rng.choice(200, 4, replace=False)) for _ in range(300)]
    whole = evaluate.analogies(keys, matrix, lines)
    monkeypatch.setattr(evaluate, "_BATCH", 7)
    assert evaluate.analogies(keys, matrix, lines) == whole
    units = matrix / np.linalg.norm(matrix, axis=1, keepdims=True)
    correct = 0
    for line in lines:
        a, b, c, d = (int(word[1:]) for word in line.split())
        scores = units @ (units[b] - units[a] + units[c])
        scores[[a, b, c]] = -9
        correct += int(scores.argmax()) == d
    assert whole.correct == correct


def test_int_keys():
    assert evaluate.analogies([1, 2, 3, 4], MATRIX[:4], ["1 3 2 4"]).correct == 1


def test_a_question_of_five_words_names_its_line(tmp_path):
    (tmp_path / "q.txt").write_text(": x\na b c d\na b c d e\n")
    with pytest.raises(ValueError, match=r"q\.txt, line 3: 'a b c d e' has 5 words"):
        evaluate.analogies(WORDS, MATRIX, tmp_path / "q.txt")
    with pytest.raises(FileNotFoundError):
        evaluate.analogies(WORDS, MATRIX, tmp_path / "none.txt")


PAIRS = [("man", "boy", 5.0), ("king", "queen", 9.0), ("man", "girl", 1.5), ("man", "prince", 2.0)]


@pytest.mark.parametrize(
    "text",
    [
        "# comment\nman\tboy\t5\nking\tqueen\t9\nman\tgirl\t1.5\nman\tprince\t2\n",
        "word1\tword2\tPOS\tSimLex999\tconc\nman\tboy\tN\t5\t1\nking\tqueen\tN\t9\t2\n"
        "man\tgirl\tN\t1.5\t3\nman\tprince\tA\t2.0\t3\n",
        "Word 1,Word 2,Human (mean)\nman,boy,5\nking,queen,9.00\nman,girl,1.5\nman,prince,2",
        "\ufeffMan Boy 5 5 5\r\nKing Queen 9 1 1\r\nman girl 1.5 0 0\r\nman prince 2 0 0\r\n",
    ],
)
def test_formats_of_pairs(tmp_path, text):
    (tmp_path / "pairs.txt").write_text(text, encoding="utf-8")
    result = evaluate.word_pairs(WORDS, MATRIX, tmp_path / "pairs.txt")
    assert result == evaluate.word_pairs(WORDS, MATRIX, PAIRS)
    assert (result.pairs, result.unknown, result.coverage) == (3, 1, 0.75)


def test_figures_of_pairs():
    result = evaluate.word_pairs(WORDS, MATRIX, PAIRS)
    rows = [[WORDS.index(word) for word in pair[:2]] for pair in PAIRS[:3]]
    units = MATRIX / np.linalg.norm(MATRIX, axis=1, keepdims=True)
    cosines = [units[a] @ units[b] for a, b in rows]
    assert result.pearson == pytest.approx(np.corrcoef(cosines, [5, 9, 1.5])[0, 1])
    assert str(result) == (
        f"Pearson {result.pearson:.3f}, Spearman {result.spearman:.3f}, "
        "both words known in 3 of 4 pairs (75.0%)"
    )
    zeros = evaluate.word_pairs(WORDS, MATRIX, PAIRS, unknown_as_zero=True)
    assert zeros.pearson == pytest.approx(np.corrcoef([*cosines, 0], [5, 9, 1.5, 2])[0, 1])
    assert zeros.coverage == 0.75


def test_pairs_without_a_correlation(tmp_path):
    with pytest.raises(ValueError, match="1 of 2 pairs have known words"):
        evaluate.word_pairs(WORDS, MATRIX, [("man", "boy", 1), ("x", "y", 2)])
    (tmp_path / "none.tsv").write_text("man boy\n")
    for nothing, name in ([], "the source"), (tmp_path / "none.tsv", r"none\.tsv"):
        with pytest.raises(ValueError, match=f"{name} holds no pairs; give lines of two words and a number"):
            evaluate.word_pairs(WORDS, MATRIX, nothing)
    with pytest.raises(ValueError, match="line 2: 'man boy nan' has no score"):
        evaluate.word_pairs(WORDS, MATRIX, ["man girl 1", "man boy nan"])
    constant = evaluate.word_pairs(WORDS, MATRIX, [("man", "boy", 1), ("man", "girl", 1)])
    assert np.isnan(constant.pearson) and np.isnan(constant.spearman_p)


@given(st.lists(st.tuples(st.integers(-5, 5), st.integers(-5, 5)), min_size=3, max_size=40))
def test_correlations_against_their_definitions(values):
    a, b = np.array(values, dtype=float).T
    ranks = [np.array([np.mean(np.flatnonzero(np.sort(x) == v)) + 1 for v in x]) for x in (a, b)]
    for x, expected in zip((a, b), ranks, strict=True):
        np.testing.assert_array_equal(evaluate._ranks(x), expected)
    if np.ptp(a) and np.ptp(b):
        assert evaluate._pearson(a, b) == pytest.approx(np.corrcoef(a, b)[0, 1], abs=1e-12)
    else:
        assert np.isnan(evaluate._pearson(a, b))


@pytest.mark.parametrize(
    ("correlation", "n", "expected"),  # by Student's t with n - 2 degrees of freedom
    [
        (0.5, 10, 0.14111328125),
        (-0.5, 10, 0.14111328125),
        (0.0, 50, 1.0),
        (0.3, 4, 0.7),
        (1.0, 20, 0.0),
        (0.8, 3, 0.409665529398267),
    ],
)
def test_p_values(correlation, n, expected):
    assert evaluate._p_value(correlation, n) == pytest.approx(expected, abs=1e-9)
