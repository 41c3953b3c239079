"""The folder for ids that do not fit into memory."""

from __future__ import annotations

import os

import pytest

from wildvec import Word2Vec
from wildvec.text.id_buffer import IdBuffer


@pytest.mark.parametrize("value", [True, False, 1, ["folder"]])
def test_a_cache_dir_that_is_no_path_is_refused_and_closes_no_stream(value):
    with pytest.raises(TypeError, match=r"cache_dir=.*: give the path of a folder"):
        IdBuffer(value)
    with pytest.raises(TypeError, match="cache_dir"):
        Word2Vec([["a", "b"]], min_count=1, cache_dir=value)
    os.fstat(1)
