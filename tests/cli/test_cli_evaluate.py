"""`wildvec evaluate`: the kind of a file, its columns, and the number of pairs in the output."""

import numpy as np
import pytest

from wildvec import cli
from wildvec.io import save

PAIRS = {
    "ws353.csv": "Word 1,Word 2,Human (mean)\nsun,moon,7\nsun,star,8\nmoon,star,1\nsun,nothing,3\n",
    "simlex.txt": "word1\tword2\tPOS\tSimLex999\tconc(w1)\n"
    "sun\tmoon\tN\t7\t1\nsun\tstar\tN\t8\t2\nmoon\tstar\tN\t1\t3\nsun\tnothing\tN\t3\t1\n",
    "simverb.txt": "sun\tmoon\tV\t7\tNONE\nsun\tstar\tV\t8\tNONE\nmoon\tstar\tV\t1\tNONE\nsun\tnothing\tV\t3\tX\n",
    "rw.txt": "sun\tmoon\t7\t6\t8\nsun\tstar\t8\t8\t8\nmoon\tstar\t1\t0\t2\nsun\tnothing\t3\t3\t3\n",
    "index.csv": ",word1,word2,similarity\n0,sun,moon,7\n1,sun,star,8\n2,moon,star,1\n3,sun,nothing,3\n",
}
UNCLEAR = "ws-1,sun,moon,NOUN,7\nws-2,sun,star,NOUN,8\nws-3,moon,star,NOUN,1\n"


@pytest.fixture
def vectors(tmp_path):
    rows = np.array([[1, 0], [3, 4], [1, -0.5], [0, 1]], np.float32)
    save(tmp_path / "v.wv", ["sun", "moon", "star", "0"], rows)
    return str(tmp_path / "v.wv")


@pytest.mark.parametrize("name", PAIRS)
def test_published_files_need_no_option(vectors, tmp_path, capsys, name):
    (tmp_path / name).write_text(PAIRS[name])
    assert cli.main(["evaluate", vectors, str(tmp_path / name)]) == 0
    out = capsys.readouterr().out
    assert "Spearman 1.000, both words known in 3 of 4 pairs (75.0%)" in out


def test_an_unclear_file_needs_the_option_that_the_message_names(vectors, tmp_path, capsys):
    path = tmp_path / "unclear.csv"
    path.write_text(UNCLEAR)
    assert cli.main(["evaluate", vectors, str(path)]) == 1
    assert "--columns" in capsys.readouterr().err
    assert cli.main(["evaluate", vectors, str(path), "--columns", "2,3,5"]) == 0
    assert "3 of 3 pairs" in capsys.readouterr().out
    path.write_text(UNCLEAR.replace(",", ":"))
    assert cli.main(["evaluate", vectors, str(path), "--columns", "2,3,5", "--delimiter", ":"]) == 0
    path.write_text(UNCLEAR.replace(",", "\t"))
    assert cli.main(["evaluate", vectors, str(path), "--columns", "2,3,5", "--delimiter", "\\t"]) == 0
    assert cli.main(["evaluate", vectors, str(path), "--columns", "a,b"]) == 2
    assert "give three numbers, such as 1,2,4" in capsys.readouterr().err


def test_a_line_that_cannot_be_read_is_named(vectors, tmp_path, capsys):
    (tmp_path / "bad.csv").write_text("sun,moon,7\nsun,star\nmoon,star,2\n")
    assert cli.main(["evaluate", vectors, str(tmp_path / "bad.csv")]) == 1
    assert "bad.csv, line 2: 'sun,star' has no score in column 3" in capsys.readouterr().err
