"""Evaluation files: kinds, delimiters, headers and columns, in the shapes of published files."""

import pytest

from wildvec.vectors.evaluation_files import detect_kind, read_pairs, read_questions

SUN, YORK = ("sun", "moon", 7.0), ("new york", "sun", 2.5)

SHAPES = {
    "tabs": "sun\tmoon\t7\nnew york\tsun\t2.5\n",
    "the first line is a pair with a phrase": "new york,sun,2.5\nsun,moon,7\n",
    "blanks after commas": "sun, moon, 7\nnew york,  sun, 2.5\n",
    "blanks before commas": "sun ,moon , 7\nnew york ,sun, 2.5\n",
    "quotes": '"sun","moon",7\n"new york","sun","2.5"\n',
    "semicolons": "sun;moon;7\nnew york;sun;2.5\n",
    "bars": "sun|moon|7\nnew york|sun|2.5\n",
    "white space and quotes": 'sun   moon\t 7\n"new york" sun 2.5\n',
    "an index column": ",word1,word2,similarity\n0,sun,moon,7\n5,new york,sun,2.5\n",
    "an index column with tabs": "\tword1\tword2\tsimilarity\n0\tsun\tmoon\t7\n1\tnew york\tsun\t2.5\n",
    "an index column without a title": '"word1" "word2" "x"\n"1" "sun" "moon" 7\n"2" "new york" "sun" 2.5\n',
    "an index column without a header": "10,sun,moon,7\n11,new york,sun,2.5\n",
    "a text index": "id,Word 1,Word 2,score\nws-1,sun,moon,7\nws-2,new york,sun,2.5\n",
    "comments and a byte order mark": "\ufeff# text, text\n#\nsun\tmoon\t7\n\n# end\nnew york\tsun\t2.5\n",
    "carriage returns": "sun\tmoon\t7\r\nnew york\tsun\t2.5\r\n",
    "empty cells at the end": "sun,moon,7,,\nnew york,sun,2.5,,\n",
    "a header of another width": 'Word 1 Word 2 Human (mean)\nsun moon 7\n"new york" sun 2.5\n',
    "WordSim-353": "Word 1,Word 2,Human (mean)\nsun,moon,7\nnew york,sun,2.5\n",
    "WordSim-353 with ratings": "Word 1,Word 2,Human (mean),1,2\nsun,moon,7,6,8\nnew york,sun,2.5,2,3\n",
    "WordSim-353 with relations": "# relation\ni\tsun\tmoon\t7\nt\tnew york\tsun\t2.5\n",
    "SimLex-999": "word1\tword2\tPOS\tSimLex999\tconc(w1)\tconc(w2)\tconcQ\tAssoc(USF)\tSimAssoc333\tSD(SimLex)\n"
    "sun\tmoon\tN\t7\t2.72\t2.81\t2\t7.25\t1\t0.41\nnew york\tsun\tN\t2.5\t1.75\t2.46\t1\t7.11\t1\t0.67\n",
    "SimVerb": "sun\tmoon\tV\t7\tSYNONYMS\nnew york\tsun\tV\t2.5\tCOHYPONYMS\n",
    "Multi-SimLex": ",Word 1,Word 2,POS,Mean\n0,sun,moon,NOUN,7\n1,new york,sun,NOUN,2.5\n",
    "RW": "sun\tmoon\t7\t6\t8\t7\t7\nnew york\tsun\t2.5\t1\t4\t2\t3\n",
}


@pytest.mark.parametrize("shape", SHAPES)
def test_shapes_of_pairs(tmp_path, shape):
    path = tmp_path / "pairs"
    path.write_bytes(SHAPES[shape].encode())
    assert detect_kind(path) == "pairs"
    assert sorted(read_pairs(path), reverse=True) == [SUN, YORK]
    assert sorted(read_pairs(SHAPES[shape].removeprefix("\ufeff").splitlines()), reverse=True) == [SUN, YORK]


def test_a_header_is_found_by_its_score_only():
    assert len(read_pairs(["word,text,1", "sun,moon,7"])) == 2
    assert read_pairs(["sun,moon,score", "sun,moon,7"]) == [SUN]


def test_columns_and_delimiter_can_be_given():
    lines = ["1:2:sun:x:moon", "7:2:sun:y:moon"]
    assert read_pairs(lines, delimiter=":", columns=(3, 5, 1))[1] == SUN
    assert read_pairs(["sun moon  7"], delimiter=" ") == [SUN]
    assert read_pairs(["1 2 7"]) == [("1", "2", 7.0)]


def test_pairs_as_tuples():
    assert read_pairs([("sun", "moon", 7)]) == [SUN]
    for wrong in (("sun", "moon"), ("sun", "moon", "x"), ("sun", "moon", float("nan")), 5):
        with pytest.raises(ValueError, match=r"pair 2 is .*give a tuple"):
            read_pairs([SUN, wrong])


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("sun,moon,7\nnew york,sun\nsun,sun,1\n", "line 2: 'new york,sun' has no score in column 3"),
        ("sun,moon,7\nnew york,sun,high\n", "line 2: 'new york,sun,high' has no score in column 3"),
        ("sun,moon,\nsun,sun,1\nmoon,moon,1\n", "line 1: 'sun,moon,' has no score in column 3"),
        (
            "sun,moon,7\nnew,york,sun,2\nsun,sun,1\n",
            "line 2: 'new,york,sun,2' has 4 fields, most lines have 3",
        ),
        ("sun moon 7\nnew york sun 2\nsun sun 1\n", "line 2: 'new york sun 2' has 4 fields"),
        (
            "new york sun 2\nsun moon 7\nsun sun 1\n",
            "line 1: 'new york sun 2' has 4 fields, most lines have 3",
        ),
        ("new york\nsun,moon,7\nsun,sun,1\n", "line 1: 'new york' has no score in column 3"),
        ("sun,moon\nsun,moon,7\nsun,sun,1\n", "line 1: 'sun,moon' has no score in column 3"),
        ("sun,moon,7\n,sun,1\n", "line 2: ',sun,1' has an empty word"),
        ("# x\n\nsun,moon,7\n'moon,inf\n", 'line 4: "\'moon,inf" has no score'),
        ("ws-1,sun,moon,NOUN,7\nws-2,sun,sun,NOUN,7\n", r"which of the 5 columns.*--columns 1,2,4"),
        ("1 2 3 4\n2 3 4 5\n", r"which of the 4 columns.*columns=\(1, 2, 4\)"),
        ("once upon a time there was\n", "holds no pairs"),
        ("", "holds no pairs"),
    ],
)
def test_a_line_that_cannot_be_read_is_an_error(tmp_path, text, message):
    (tmp_path / "pairs").write_text(text)
    for source in (text.splitlines(), tmp_path / "pairs"):
        with pytest.raises(ValueError, match=message):
            read_pairs(source)
    if "line" in message:
        with pytest.raises(ValueError, match=f"pairs, {message}"):
            read_pairs(tmp_path / "pairs")


def test_wrong_arguments():
    for columns in ((1, 2), (1, 1, 2), (1, 2, 3, 4)):
        with pytest.raises(ValueError, match="three different columns"):
            read_pairs(["sun,moon,7"], columns=columns)
    with pytest.raises(ValueError, match="columns=0"):
        read_pairs(["sun,moon,7"], columns=(0, 1, 2))
    for delimiter in ("", ", ", "\n"):
        with pytest.raises(ValueError, match="give one character"):
            read_pairs(["sun,moon,7"], delimiter=delimiter)


@pytest.mark.parametrize(
    "text",
    [": capitals\nAthens Greece Baghdad Iraq\n", "# x\ngood better rough rougher\nbad worse fine finer\n"],
)
def test_analogies_are_detected(text):
    assert detect_kind(text.splitlines()) == "analogies"
    assert len(read_questions(text.splitlines())) == 1


@pytest.mark.parametrize("text", ["once upon a time there was\n", "1 2 3 4\n2 3 4 5\n", "", "sun moon\n"])
def test_other_files_are_neither_analogies_nor_pairs(text):
    with pytest.raises(ValueError, match=r"neither analogies .*nor word pairs .*--analogies or --pairs"):
        detect_kind(text.splitlines())
