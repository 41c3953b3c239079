"""The macros of csrc/isa/region.h, preprocessed as MSVC would do it, with a stub of its header."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
COMPILER = shutil.which("gcc") or shutil.which("clang") or shutil.which("cc")


def test_msvc_reads_the_sources_as_utf8():
    assert '"/utf-8"' in (ROOT / "setup.py").read_text(encoding="utf-8")


@pytest.mark.skipif(COMPILER is None, reason="there is no C compiler")
@pytest.mark.parametrize(
    ("processor", "prefetch"), [("_M_X64", "_mm_prefetch("), ("_M_ARM64", "__prefetch(")]
)
def test_prefetch_of_msvc_uses_a_declared_intrinsic(tmp_path, processor, prefetch):
    (tmp_path / "intrin.h").write_text("declared_by_intrin\n")
    (tmp_path / "a.c").write_text('#include "isa/region.h"\nWV_PREFETCH(p); WV_PREFETCH_TO_WRITE(q);\n')
    command = [COMPILER, "-E", "-P", "-U__clang__", "-U__GNUC__", "-D_MSC_VER=1940", f"-D{processor}=1"]
    command += [f"-I{ROOT / 'csrc'}", f"-I{tmp_path}", str(tmp_path / "a.c")]
    text = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    declared, _, used = text.partition("declared_by_intrin")
    assert "prefetch" not in declared and used.count(prefetch) == 2
