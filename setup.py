"""Build the extension modules. Everything else is in pyproject.toml."""

import os
import sysconfig
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Lock

from Cython.Build import cythonize
from setuptools import Extension, setup
from setuptools.command.build_ext import build_ext

CSRC = Path("csrc")
MODULES = {
    "_text": "text/*.c",
    "_train": "cpu.c sampler.c graph/walks.c train/*.c",
    "_search": "cpu.c search/*.c",
    "_quantize": "cpu.c quantize/*.c",
    "_cooccur": "cooccur/*.c",
    "_graph": "cpu.c sampler.c graph/*.c",
    "_phrases": "phrases/*.c text/tokenize.c",
}
# -ffp-contract=off: all compilers compute a*b+c in the same way, so all give the same bits. -g0: debug symbols make
# the wheels five times as large. -fno-wrapv: Python's own flags contain -fwrapv, which makes training 6% slower.
UNIX_FLAGS = ["-O3", "-g0", "-std=c11", "-ffp-contract=off", "-fno-math-errno", "-fno-wrapv"]
FLAGS = ["/O2", "/std:c11", "/utf-8"] if sysconfig.get_platform().startswith("win") else UNIX_FLAGS
# One wheel serves Python 3.11 and later. Free-threaded builds have no limited API.
ABI3 = os.environ.get("WILDVEC_ABI3") == "1" and not sysconfig.get_config_var("Py_GIL_DISABLED")


class ParallelBuild(build_ext):
    """Compile the C files of all extensions on all cores. A file that two extensions share is compiled once."""

    def build_extensions(self):
        compile_serially, jobs, lock = self.compiler.compile, {}, Lock()

        def compile_in_parallel(sources, **options):
            with lock:
                for source in filter(lambda source: source not in jobs, sources):
                    jobs[source] = pool.submit(compile_serially, [source], **options)
            return [name for source in sources for name in jobs[source].result()]

        if not getattr(self.compiler, "initialized", True):
            self.compiler.initialize()  # MSVC: otherwise each thread initializes the compiler
        self.compiler.compile = compile_in_parallel
        self.parallel = True  # each extension has a thread, which waits for its C files and links them
        with ThreadPoolExecutor(os.cpu_count()) as pool:
            super().build_extensions()


def extension(name: str, patterns: str) -> Extension:
    """Describe one module: its .pyx file and the files of csrc that match the patterns."""
    return Extension(
        f"wildvec.{name}",
        [f"src/wildvec/{name}.pyx", *sorted(str(file) for p in patterns.split() for file in CSRC.glob(p))],
        include_dirs=[str(CSRC)],
        depends=sorted(
            str(h)
            for folder in ("*", "isa/*", "graph/*", f"{name[1:]}/**/*")
            for h in CSRC.glob(f"{folder}.h")
        ),
        define_macros=[("Py_LIMITED_API", "0x030B0000")] if ABI3 else [],
        extra_compile_args=FLAGS,
        py_limited_api=ABI3,
    )


extensions = [extension(name, patterns) for name, patterns in MODULES.items()]
directives = {"language_level": 3, "freethreading_compatible": True, "show_performance_hints": False}
modules = cythonize(extensions, build_dir="build/cython", compiler_directives=directives)
options = {"bdist_wheel": {"py_limited_api": "cp311"}} if ABI3 else {}
setup(cmdclass={"build_ext": ParallelBuild}, ext_modules=modules, options=options)
