"""The architecture: which package imports which, sizes of modules and functions, rules of the C core."""

import ast
import re
import warnings
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
PACKAGE = ROOT / "src" / "wildvec"
CSRC = ROOT / "csrc"

# In this order: a package may import only packages listed before it (or itself).
PACKAGES = (
    *(
        "base",
        "_text",
        "_phrases",
        "text",
        "_graph",
        "graph",
        "interactions",
        "_quantize",
        "quantize",
        "tables",
        "io",
        "_cooccur",
        "cooccurrence",
        "_train",
        "training",
        "_search",
        "vectors",
    ),
    *("models", "evaluate", "__init__", "demo", "cli", "__main__", "compat"),
)

# Largest sizes by the design; a test warns above them and fails above twice as much.
PYTHON_MODULE, PYX_FUNCTION, C_FUNCTION, INC_FILE, SETUP_FILE = 400, 25, 50, 150, 60

C_FILES = sorted(f for f in CSRC.rglob("*") if f.suffix in {".c", ".h"})
PYTHON_FILES = sorted([*PACKAGE.rglob("*.py"), *PACKAGE.rglob("*.pyx"), *PACKAGE.rglob("*.pyi")])


def relative(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


def package_of(dotted: str) -> str:
    """wildvec.io.native -> io; wildvec -> __init__."""
    return dotted.split(".")[1] if "." in dotted else "__init__"


def module_name(path: Path) -> str:
    parts = ["wildvec", *path.relative_to(PACKAGE).with_suffix("").parts]
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def exists(dotted: str) -> bool:
    place = PACKAGE.joinpath(*dotted.split(".")[1:])
    return place.is_dir() or any(place.with_suffix(s).exists() for s in (".py", ".pyx"))


def python_lines(path: Path) -> str:
    """The source in a form that ast can read: of a .pyx only the import lines, with cimport as import."""
    text = path.read_text(encoding="utf-8")
    if path.suffix != ".pyx":
        return text
    statement = re.compile(r"^[ \t]*((?:from\s+[\w.]+\s+)?c?import\s+(?:\([^)]*\)|[^\n#]*))", re.M)
    return "\n".join(s.replace("cimport", "import") for s in statement.findall(text))


def imports(path: Path) -> Iterator[str]:
    """All modules of wildvec that `path` imports, in functions and under TYPE_CHECKING too."""
    package = module_name(path) if path.name == "__init__.py" else module_name(path).rpartition(".")[0]
    for node in ast.walk(ast.parse(python_lines(path))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names if alias.name.split(".")[0] == "wildvec")
        elif isinstance(node, ast.ImportFrom):
            parents = package.split(".")
            above = parents[: len(parents) - node.level + 1] if node.level else []
            base = ".".join([*above, *([node.module] if node.module else [])])
            if base.split(".")[0] == "wildvec":
                for alias in node.names:
                    inner = f"{base}.{alias.name}"
                    yield inner if exists(inner) else base


@pytest.mark.parametrize("path", PYTHON_FILES, ids=relative)
def test_a_package_imports_only_packages_listed_before_it(path):
    own = package_of(module_name(path))
    assert own in PACKAGES, f"{relative(path)}: add the new package {own!r} to PACKAGES"
    for imported in imports(path):
        package = package_of(imported)
        assert package in PACKAGES, f"{relative(path)} imports {imported}, which is in no package"
        allowed = package == own or PACKAGES.index(package) < PACKAGES.index(own)
        assert allowed, f"{relative(path)} imports {imported}, which is listed after it"


def test_imports_of_every_form_are_found(tmp_path, monkeypatch):
    monkeypatch.setattr("test_architecture.PACKAGE", tmp_path)
    (tmp_path / "io").mkdir()
    (tmp_path / "vocab.py").touch()
    module = tmp_path / "io" / "native.py"
    module.write_text(
        "import wildvec.vocab\nfrom wildvec import vocab, __version__\nfrom .. import vocab\n"
        "from ..vocab import Vocab\nfrom . import native\nimport numpy\n"
        "def f():\n    from wildvec.vocab import Vocab\n"
    )
    expected = ["wildvec"] + 5 * ["wildvec.vocab"] + ["wildvec.io.native"]
    assert sorted(imports(module)) == sorted(expected)
    guard = tmp_path / "_text.pyx"
    guard.write_text("from libc.stdint cimport int64_t\nfrom wildvec.vocab cimport (a,\n  b)\n")
    assert list(imports(guard)) == 2 * ["wildvec.vocab"]


def c_functions(path: Path) -> Iterator[tuple[str, int]]:
    """(name, lines) of each function, which begins with { and ends with } in column 0."""
    lines = path.read_text(encoding="utf-8").splitlines()
    start = None
    for number, line in enumerate(lines):
        if line == "{":
            head = "".join(lines[max(0, number - 8) : number]).rpartition("}")[2]
            names = re.findall(r"(\w+)\(", head.rpartition(";")[2])
            start = (names[0] if names else "?", number)
        elif line == "}" and start:
            yield start[0], number - start[1] + 1
            start = None


def pyx_functions(path: Path) -> Iterator[tuple[str, int]]:
    """(name, lines) of each function of a .pyx, without docstrings and blank lines."""
    text = re.sub(r'"""[\s\S]*?"""', "", path.read_text(encoding="utf-8"))
    lines = [line for line in text.splitlines() if line.strip()]
    for number, line in enumerate(lines):
        start = re.match(r"(\s*)(?:def|cpdef|cdef)\b[^=]*?(\w+)\s*\(", line)
        if start:
            rest = lines[number + 1 :]
            # The last line of a long signature, `) -> x:`, is not indented more than its def.
            inside = (s.startswith((start[1] + " ", start[1] + ")")) for s in rest)
            length = 1 + next((n for n, ok in enumerate(inside) if not ok), len(rest))
            yield start[2], length


def sizes() -> Iterator[tuple[str, int, int]]:
    """(name, lines, largest size) of all that has a largest size."""
    for path in PYTHON_FILES:
        if path.suffix == ".py":
            yield relative(path), len(path.read_text(encoding="utf-8").splitlines()), PYTHON_MODULE
        elif path.suffix == ".pyx":
            for name, lines in pyx_functions(path):
                yield f"{relative(path)}: {name}", lines, PYX_FUNCTION
    for path in C_FILES:
        for name, lines in c_functions(path):
            yield f"{relative(path)}: {name}", lines, C_FUNCTION
        if path.name.endswith(".inc.h"):
            yield relative(path), len(path.read_text(encoding="utf-8").splitlines()), INC_FILE
    setup = ROOT / "setup.py"
    yield relative(setup), len(setup.read_text(encoding="utf-8").splitlines()), SETUP_FILE


@pytest.mark.filterwarnings("default::UserWarning")
def test_modules_and_functions_stay_small():
    over = [f"{what}: {lines} lines, suggested {guide}" for what, lines, guide in sizes() if lines > guide]
    gross = [f"{what}: {lines} lines" for what, lines, guide in sizes() if lines > 2 * guide]
    if over:
        warnings.warn("larger than the design suggests:\n" + "\n".join(over), stacklevel=1)
    assert not gross, "more than twice the suggested size; split these by noun"


def without_comments(path: Path) -> str:
    text = re.sub(r"/\*[\s\S]*?\*/", "", path.read_text(encoding="utf-8"))
    return re.sub(r"//[^\n]*", "", text)


def test_the_build_has_no_flags_that_change_floats_or_processors():
    forbidden = re.compile(r"fast-?math|-Ofast|/fp:fast|-march=|-mtune=|openmp|<omp\.h>|pragma omp", re.I)
    for path in [ROOT / "setup.py", ROOT / "pyproject.toml", *C_FILES]:
        text = without_comments(path) if path in C_FILES else path.read_text(encoding="utf-8")
        assert not forbidden.search(text), f"{relative(path)}: {forbidden.search(text)}"
    assert "-ffp-contract=off" in (ROOT / "setup.py").read_text(encoding="utf-8")


def test_compiler_extensions_stay_in_region_h():
    """MSVC has none of these. A builtin is allowed beside its replacement for MSVC."""
    gnu = re.compile(r"__attribute__|__int128|__typeof|\btypeof\b|\(\{")
    for path in C_FILES:
        text = without_comments(path)
        found = gnu.search(text) or ("_MSC_VER" not in text and re.search(r"__builtin_\w+", text))
        assert not found or path.name == "region.h", f"{relative(path)}: {found}"


def test_system_headers_come_before_regions():
    for path in C_FILES:
        text = without_comments(path)
        inside_one = path.name.endswith(".inc.h") or path.name.startswith("vec_")
        before, begin, region = text.partition("WV_REGION_BEGIN(")
        late = re.search(r"#\s*include\s*<", text if inside_one else region)
        assert not late or path.name == "region.h", f"{relative(path)}: {late}"
        assert not begin or "WV_REGION_END" in region, f"{relative(path)}: region left open"
        assert not before.count("WV_REGION_END") or path.name == "region.h", relative(path)


def test_every_vector_header_has_the_same_functions():
    def with_included(path):
        text = path.read_text("utf-8")
        return text + "".join(
            (CSRC / name).read_text("utf-8") for name in re.findall(r'#include "(.+)"', text)
        )

    words = {
        path.name: set(re.findall(r"^WV_INLINE [\w ]+?\**(vec_\w+)\(", with_included(path), re.M))
        for path in (CSRC / "isa").glob("vec_*.h")
    }
    assert words["vec_scalar.h"]
    assert len(words) == 4
    for name, functions in words.items():
        assert functions == words["vec_scalar.h"], name


@pytest.mark.parametrize("path", C_FILES, ids=relative)
def test_c_files_use_standard_terms_and_the_prefix_wv(path):
    assert not re.search(r"\b(syn0|syn1|syn1neg|neu1e?|l1)\b", path.read_text("utf-8"))
    for name in re.findall(
        r"^(?!static|WV_INLINE|WV_APART|typedef|#|\s)[\w ]+?[ *](\w+)\(", without_comments(path), re.M
    ):
        assert name.startswith(("wv_", "WV_")), f"{relative(path)}: {name} is not static and not wv_"


@pytest.mark.parametrize("path", sorted(PACKAGE.glob("*.pyx")), ids=relative)
def test_extensions_need_no_numpy_at_build_time_and_use_the_limited_api(path):
    text = path.read_text(encoding="utf-8")
    assert not re.search(r"cimport\s+numpy|numpy/\w+\.h|cpython\.array|import_array", text)


def test_every_loss_has_a_c_test():
    tested = (ROOT / "tests" / "c" / "losses.inc.h").read_text("utf-8")
    for path in sorted((CSRC / "train" / "objective").glob("loss_*.inc.h")):
        name = path.name.removeprefix("loss_").removesuffix(".inc.h")
        assert re.search(rf"\b(call_)?{name}, weight_of", tested), (
            f"{path.name}: add it to LOSSES in losses.inc.h"
        )
