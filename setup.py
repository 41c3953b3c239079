"""Build the three extension modules; everything else stands in pyproject.toml."""

import os
import sysconfig
from pathlib import Path

from Cython.Build import cythonize
from setuptools import Extension, setup

CSRC = Path("csrc")
HEADERS = sorted(map(str, CSRC.rglob("*.h")))
MSVC = sysconfig.get_platform().startswith("win")
# No contraction of a*b+c: the bits must not depend on the compiler's mood.
# Debug symbols would make wheels five times as large. Python's own flags let signed integers wrap around, which takes
# indices of loops away from the optimiser: training would be 6% slower.
UNIX_FLAGS = ["-O3", "-g0", "-std=c11", "-ffp-contract=off", "-fno-math-errno", "-fno-wrapv"]
FLAGS = ["/O2", "/std:c11", "/utf-8"] if MSVC else UNIX_FLAGS
# A wheel for every Python from 3.11 on; free-threaded builds have no limited API.
ABI3 = os.environ.get("WILDVEC_ABI3") == "1" and not sysconfig.get_config_var("Py_GIL_DISABLED")


def extension(name: str, *rooms: str) -> Extension:
    """One module from its .pyx and all C files of its rooms (cpu.c is what two of them share)."""
    sources = [f"src/wildvec/{name}.pyx"]
    for room in rooms:
        sources += sorted(map(str, CSRC.glob(room)))
    return Extension(
        f"wildvec.{name}",
        sources,
        include_dirs=[str(CSRC)],
        depends=HEADERS,
        define_macros=[("Py_LIMITED_API", "0x030B0000")] if ABI3 else [],
        extra_compile_args=FLAGS,
        py_limited_api=ABI3,
    )


setup(
    ext_modules=cythonize(
        [
            extension("_text", "text/*.c"),
            extension("_train", "cpu.c", "sampler.c", "train/*.c"),
            extension("_search", "cpu.c", "search/*.c"),
        ],
        build_dir="build/cython",
        compiler_directives={"language_level": 3, "freethreading_compatible": True},
    ),
    options={"bdist_wheel": {"py_limited_api": "cp311"}} if ABI3 else {},
)
