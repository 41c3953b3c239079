"""Read the machine code of the training kernels: multiply-adds and register spills of the inner loops.

    python tests/c/read_kernels.py neon                              # aarch64-linux-gnu-gcc
    python tests/c/read_kernels.py avx512 --cc clang
    python tests/c/read_kernels.py neon --cc "clang --target=aarch64-linux-gnu --sysroot=/usr/aarch64-linux-gnu"

Prints each innermost loop whose only products are multiply-adds (this excludes the sigmoid): its instructions,
multiply-adds, pointer loads and spills. Fails if a loop spills or none is found. Needs GNU objdump.
"""

from __future__ import annotations

import argparse
import re
import subprocess
import tempfile
from collections.abc import Iterator

from run import CSRC

FLAGS = ["-O3", "-std=c11", "-ffp-contract=off", "-fno-math-errno", f"-I{CSRC}"]  # as in setup.py
FUNCTION = re.compile(r"^[0-9a-f]+ <(\S+)>:$")
INSTRUCTION = re.compile(r"^\s*([0-9a-f]+):\s+(\S+)\s*(.*)$")
BRANCH = re.compile(r"(?:cb|tb|b\.|j).*?\b([0-9a-f]+) <")  # the group is the target address
ARM = {
    "fma": r"fmla",
    "other": r"f(mul|div)",
    "pointers": r"ld[rp] x",
    "spills": r"(ld|st)[rpu]+ [qd]\d.*\[(sp|x29)",
}
X86 = {
    "fma": r"vfn?m(add|sub)",
    "other": r"v(mul|div)",
    "pointers": r"mov +[^%$]*\(.*,%r..?$",
    "spills": r"v.*(\(%rsp|-0x[0-9a-f]+\(%rbp\))",
}


def functions(listing: str) -> Iterator[tuple[str, list[tuple[int, str]]]]:
    """Yield (name, [(address, instruction)]) of each function of a disassembly."""
    code: list[tuple[int, str]] = []
    for line in listing.splitlines():
        if start := FUNCTION.match(line):
            code = []
            yield start[1], code
        elif found := INSTRUCTION.match(line):
            code.append((int(found[1], 16), f"{found[2]} {found[3]}"))


def innermost_loops(code: list[tuple[int, str]]) -> Iterator[tuple[int, list[str]]]:
    """Yield (address, instructions) from the target of each backward branch to the branch, without outer loops."""
    branches = ((BRANCH.match(text), at) for at, text in code)
    spans = [(int(branch[1], 16), at) for branch, at in branches if branch and int(branch[1], 16) <= at]
    for first, last in spans:
        if not any((a, b) != (first, last) and first <= a and b <= last for a, b in spans):
            yield first, [text for at, text in code if first <= at <= last]


def disassembled(isa: str, compiler: str) -> str:
    """Compile kernels_<isa>.c and return its disassembly."""
    objdump = "aarch64-linux-gnu-objdump" if isa == "neon" else "objdump"
    with tempfile.NamedTemporaryFile(suffix=".o") as output:
        source = str(CSRC / "train" / f"kernels_{isa}.c")
        subprocess.run([*compiler.split(), *FLAGS, "-c", source, "-o", output.name], check=True)
        command = [objdump, "-d", "--no-show-raw-insn", output.name]
        return subprocess.run(command, check=True, capture_output=True, text=True).stdout


def main() -> int:
    """Print a line for each loop; return 1 if there is none or one spills."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("isa", choices=("neon", "avx2", "avx512"))
    parser.add_argument("--cc", help="compiler and its flags (default: gcc, for neon aarch64-linux-gnu-gcc)")
    chosen = parser.parse_args()
    patterns = ARM if chosen.isa == "neon" else X86
    compiler = chosen.cc or ("aarch64-linux-gnu-gcc" if chosen.isa == "neon" else "gcc")
    fma = spills = 0
    print(f"{'loop':24}{'instructions':>14}{'fma':>10}{'pointers':>10}{'spills':>10}")
    listed = list(functions(disassembled(chosen.isa, compiler)))
    for name, code in (item for item in listed if not item[0].startswith("bench")):
        for address, loop in innermost_loops(code):
            of = {
                key: sum(bool(re.match(pattern, text)) for text in loop) for key, pattern in patterns.items()
            }
            if of["fma"] and not of["other"]:
                fma, spills = fma + of["fma"], spills + of["spills"]
                print(
                    f"{f'{name} {address:x}':24}{len(loop):14}{of['fma']:10}{of['pointers']:10}{of['spills']:10}"
                )
    print(f"{fma} fused multiply-adds, {spills} spills")
    return 1 if spills or not fma else 0


if __name__ == "__main__":
    raise SystemExit(main())
