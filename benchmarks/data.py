"""Texts for measurements. In: $WILDVEC_DATA, or Zipf's law. Out: files in a cache, with lines of 1,000 words.

$WILDVEC_DATA contains text/wiki8.txt.xz and, in eval/, questions-words.txt, wordsim353.tsv, simlex999.txt and
EN-RW-STANFORD.txt.
The cache is $WILDVEC_CACHE or ~/.cache/wildvec.
"""

from __future__ import annotations

import itertools
import lzma
import os
import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np

WORDS_PER_LINE = 1000
PIECE = 1 << 24  # bytes per read
ZIPF_TOKENS = 20_000_000
ZIPF_LETTERS = 5


def data_folder() -> Path:
    """Return $WILDVEC_DATA. It must be set."""
    folder = os.environ.get("WILDVEC_DATA")
    if not folder or not Path(folder).is_dir():
        raise SystemExit("set WILDVEC_DATA to the folder that contains text/ and eval/")
    return Path(folder)


def cache_folder() -> Path:
    """Return $WILDVEC_CACHE or ~/.cache/wildvec; create it if it does not exist."""
    folder = Path(os.environ.get("WILDVEC_CACHE") or Path.home() / ".cache" / "wildvec")
    folder.mkdir(parents=True, exist_ok=True)
    return folder


def read_words(text: Path, limit_mb: float | None) -> Iterator[list[str]]:
    """Yield the words of the first `limit_mb` megabytes of a plain or .xz file, one list per piece."""
    left = int(limit_mb * 1e6) if limit_mb else sys.maxsize
    cut_off = b""
    with lzma.open(text) if text.suffix == ".xz" else text.open("rb") as file:
        while piece := file.read(min(left, PIECE)):
            left -= len(piece)
            piece = cut_off + piece
            end = max(piece.rfind(space) for space in (b" ", b"\n", b"\t", b"\r")) + 1
            cut_off = piece[end:]
            yield piece[:end].decode("utf-8", errors="ignore").split()
    yield cut_off.decode("utf-8", errors="ignore").split()


def write_text(source: Path, limit_mb: float | None, lines: Path) -> int:
    """Write the words of a text in lines of 1,000. Return the number of words."""
    n = 0
    words = itertools.chain.from_iterable(read_words(source, limit_mb))
    with lines.open("w", encoding="utf-8") as file:
        while line := list(itertools.islice(words, WORDS_PER_LINE)):
            file.write(" ".join(line) + "\n")
            n += len(line)
    return n


def write_zipf(n_words: int, limit_mb: float | None, lines: Path) -> int:
    """Write 20M words of five letters in random order and return their number.

    The count of word r is proportional to 1 / r. Counts are computed, not drawn, so each of up to 1.3M
    words occurs at least once.
    """
    limit = int(limit_mb * 1e6) // (ZIPF_LETTERS + 1) if limit_mb else ZIPF_TOKENS
    n_tokens = min(ZIPF_TOKENS, limit) // WORDS_PER_LINE * WORDS_PER_LINE
    expected = np.cumsum(1 / np.arange(1, n_words + 1))
    ends = np.rint(n_tokens * expected / expected[-1]).astype(np.int64)
    ids = np.repeat(np.arange(n_words), np.diff(ends, prepend=0))
    np.random.default_rng(1).shuffle(ids)
    words = np.full((n_words, ZIPF_LETTERS + 1), ord(" "), dtype=np.uint8)
    words[:, :-1] = ord("a") + np.arange(n_words)[:, None] // 26 ** np.arange(ZIPF_LETTERS) % 26
    text = words[ids]
    text[WORDS_PER_LINE - 1 :: WORDS_PER_LINE, -1] = ord("\n")
    text.tofile(lines)
    return n_tokens


def corpus(text: str, limit_mb: float | None = None) -> tuple[Path, int]:
    """Return (path, tokens) of a text in lines of 1,000 words.

    text: "wiki8", "zipf-<words>" or a file. gensim's corpus_file ignores the rest of a line after 10,000 tokens, and
    wiki8 is one line.
    """
    source = data_folder() / "text" / "wiki8.txt.xz" if text == "wiki8" else Path(text)
    part = f"-{limit_mb:g}mb" if limit_mb else ""
    lines = cache_folder() / f"{source.name.removesuffix('.xz').removesuffix('.txt')}{part}.lines.txt"
    counted = lines.with_suffix(".tokens")
    if not counted.exists():
        is_zipf = text.startswith("zipf-")
        n = write_zipf(int(text[5:]), limit_mb, lines) if is_zipf else write_text(source, limit_mb, lines)
        counted.write_text(str(n))
    return lines, int(counted.read_text())
