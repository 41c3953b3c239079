"""Checks return the value in its proper type, or raise an error that names setting, value and remedy."""

from __future__ import annotations

import math

import numpy as np
import pytest

from wildvec.base.checks import checked, choice, number, whole
from wildvec.base.checksum import checksum


def test_values_get_their_proper_type():
    assert checked("n", np.int8(3), whole(0)) == 3 and type(checked("n", np.int8(3), whole(0))) is int
    assert type(checked("x", 3, number(0, 5))) is float
    assert checked("b", np.bool_(True), choice(False, True)) is True
    assert checked("n", None, whole(1, none="all")) is None
    assert checked("x", None, number(1, 2, none="none")) is None


@pytest.mark.parametrize(
    ("value", "check", "error", "text"),
    [
        (1.0, whole(0), TypeError, "a=1.0: give a whole number from 0 up"),
        ("3", whole(0, 9), TypeError, "a='3': give a whole number from 0 to 9"),
        (-1, whole(0), ValueError, "a=-1: give"),
        (None, whole(0), TypeError, "a=None: give"),
        (0, whole(1, none="all"), ValueError, "or None for all"),
        (math.nan, number(0, 1), ValueError, "a=nan: give a number from 0 to 1"),
        ("0.5", number(0, 1), TypeError, "a='0.5': give a number"),
        (10**400, number(0, 1), TypeError, "give a number"),
        (np.zeros(2), number(0, 1), TypeError, "give a number"),
        ("no", choice(False, True), ValueError, "a='no': give False or True"),
        (np.arange(2), choice(0, 1), ValueError, "give 0 or 1"),
        (
            "no",
            choice("strict", "replace", "ignore"),
            ValueError,
            "give one of 'strict', 'replace', 'ignore'",
        ),
        (0, whole(1, 10**9), ValueError, "give a whole number from 1 to 1e9"),
        (
            0,
            number(1e-3, 1e9, none="no limit"),
            ValueError,
            "give a number from 0.001 to 1e9, or None for no limit",
        ),
    ],
)
def test_errors_name_the_setting_and_the_remedy(value, check, error, text):
    with pytest.raises(error) as raised:
        checked("a", value, check)
    assert text in str(raised.value) and str(raised.value).startswith("a=")


def test_a_checksum_is_that_of_all_bytes():
    import zlib

    array = np.arange(700_000, dtype=np.int32)
    assert checksum(array) == f"{zlib.crc32(array.tobytes()):08x}"
    assert checksum(array.reshape(7, -1)) == checksum(array)
    assert checksum(array.reshape(700, -1)[:, :3]) == checksum(array.reshape(700, -1)[:, :3].copy())
    assert checksum(np.array(5)) == checksum(np.array([5]))
    assert checksum(np.empty((5, 0))) == "00000000"
    assert checksum(np.empty(0, np.int64)) == "00000000"
