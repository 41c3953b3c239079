"""The documents: links lead to files, and the examples of README.md and docs/ run in order in one folder."""

import re
import shlex
from importlib.util import find_spec
from pathlib import Path

import pytest

from wildvec import cli
from wildvec.demo import toy

ROOT = Path(__file__).resolve().parents[1]
DOCUMENTS = sorted(
    [*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md"), *ROOT.glob("benchmarks/*.md"), *ROOT.glob("csrc/*.md")]
)


def relative(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


def python_blocks(path: Path) -> list[str]:
    return re.findall(r"^```python\n(.*?)^```$", path.read_text(encoding="utf-8"), re.M | re.S)


def command_lines(path: Path) -> list[list[str]]:
    lines = re.findall(r"^    wildvec (.+)$", path.read_text(encoding="utf-8"), re.M)
    return [shlex.split(line, comments=True) for line in lines]


@pytest.fixture
def folder_with_texts(tmp_path, monkeypatch):
    """The current folder, with the text and the questions that the examples name."""
    monkeypatch.chdir(tmp_path)
    for name, seed in (("wiki.txt", 1), ("more.txt", 2)):
        lines = (" ".join(sentence) for sentence in toy.sentences(tokens=20_000, seed=seed))
        Path(name).write_text("\n".join(lines) + "\n", encoding="utf-8")
    for name in ("train.txt", "test.txt"):
        Path(name).write_text("__label__pos a good film\n__label__neg a bad film\n" * 20, encoding="utf-8")
    songs = "".join(f"{user}\t{song}\n" for user, song in toy.interactions())
    Path("songs.tsv").write_text(songs, encoding="utf-8")
    edges = "".join(f"{a},{b}\n" for a, b in toy.graph()[0])
    Path("edges.csv").write_text(edges, encoding="utf-8")
    Path("questions-words.txt").write_text(": people\nman king woman queen\n", encoding="utf-8")
    return tmp_path


@pytest.mark.parametrize("path", DOCUMENTS, ids=relative)
def test_links_lead_to_files(path):
    for target in re.findall(r"\]\((?!https?:|#)([^)#]+)\)", path.read_text(encoding="utf-8")):
        assert (path.parent / target).exists(), f"{relative(path)} links to {target}"


@pytest.mark.parametrize(
    ("python", "command_line"),
    [("README.md", "README.md"), ("docs/usage.md", "docs/command-line.md")],
)
def test_examples_run_in_one_folder(python, command_line, folder_with_texts):
    blocks, commands = python_blocks(ROOT / python), command_lines(ROOT / command_line)
    assert blocks
    assert commands
    names: dict[str, object] = {}
    for block in blocks:
        exec(block, names)
    for words in commands:
        if words[0] != "demo":  # tests/demo runs it
            assert cli.main(words) == 0, words


OF_PACKAGES = {  # documents, and what they need
    "docs/scikit-learn.md": "sklearn",
    "docs/pytorch.md": "torch",
    "docs/autotune.md": "wildvec",
    "docs/documents.md": "wildvec",
    "docs/from-gensim.md": "wildvec",
    "docs/fasttext-vectors.md": "wildvec",
    "docs/phrases.md": "wildvec",
    "docs/from-implicit-and-node2vec.md": "wildvec",
    "docs/graphs.md": "scipy",
    "docs/users-and-items.md": "scipy",
}


@pytest.mark.parametrize("document", [d for d, module in OF_PACKAGES.items() if find_spec(module)])
def test_examples_of_a_page_run(document, folder_with_texts):
    names: dict[str, object] = {}
    for block in python_blocks(ROOT / document):
        exec(block, names)
    if document in ("docs/graphs.md", "docs/users-and-items.md"):
        for words in command_lines(ROOT / document):
            assert cli.main(words) == 0, words


def test_the_two_commands_of_the_readme_need_no_other_command():
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    commands = re.findall(r"^    (python3 .*?)(?:  +#.*)?$", text, re.M)
    assert len(commands) == 2
    for command in commands:
        venv, *later = command.split(" && ")
        assert venv == "python3 -m venv .venv"
        assert all(part.startswith(".venv/bin/") for part in later)
