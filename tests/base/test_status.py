"""Every status of the C core has one exception with a text that says what to do."""

import re
from pathlib import Path

import pytest

from wildvec.base.status import EXCEPTIONS, check

HEADER = Path(__file__).resolve().parents[2] / "csrc" / "status.h"
CODES = {
    name: int(number)
    for name, number in re.findall(r"^\s*(WV_\w+)\s*=\s*(\d+)", HEADER.read_text("utf-8"), re.M)
}
ERRORS = {name: code for name, code in CODES.items() if name != "WV_OK"}


def test_codes_are_distinct_and_start_with_ok():
    assert CODES["WV_OK"] == 0
    assert len(set(CODES.values())) == len(CODES)


def test_the_table_has_exactly_the_codes_of_the_header():
    assert set(EXCEPTIONS) == set(ERRORS.values())


def test_ok_raises_nothing():
    check(CODES["WV_OK"], "anywhere")


@pytest.mark.parametrize("name", ERRORS)
def test_each_error_names_its_place_and_a_remedy(name):
    kind, text = EXCEPTIONS[ERRORS[name]]
    assert issubclass(kind, Exception)
    what, _, remedy = text.partition("; ")
    assert what.strip(), text
    assert len(remedy.split()) >= 2, f"{name}: write 'what was wrong; what to do', not {text!r}"
    with pytest.raises(kind) as bare:
        check(ERRORS[name])
    assert text in str(bare.value)
    with pytest.raises(kind) as placed:
        check(ERRORS[name], "line 7 of a.txt")
    assert "line 7 of a.txt" in str(placed.value)
    assert text in str(placed.value)
