"""The measured texts: from the folder $WILDVEC_DATA, decompressed once into a cache.

$WILDVEC_DATA holds text/wiki8.txt.xz and eval/{questions-words.txt,wordsim353.tsv,simlex999.txt};
the cache is $WILDVEC_CACHE or ~/.cache/wildvec.
"""

from __future__ import annotations

import lzma
import os
from pathlib import Path

WORDS_PER_LINE = 1000


def data_folder() -> Path:
    """$WILDVEC_DATA, which must be set."""
    folder = os.environ.get("WILDVEC_DATA")
    if not folder or not Path(folder).is_dir():
        raise SystemExit("set WILDVEC_DATA to the folder that holds text/ and eval/")
    return Path(folder)


def cache_folder() -> Path:
    """$WILDVEC_CACHE or ~/.cache/wildvec, made where it is missing."""
    folder = Path(os.environ.get("WILDVEC_CACHE") or Path.home() / ".cache" / "wildvec")
    folder.mkdir(parents=True, exist_ok=True)
    return folder


def read_words(text: Path, limit_mb: float | None) -> list[str]:
    """The words of a plain or .xz file, of its first `limit_mb` megabytes."""
    limit = int(limit_mb * 1e6) if limit_mb else -1
    with lzma.open(text) if text.suffix == ".xz" else text.open("rb") as file:
        head = file.read(limit)
    return head.decode("utf-8", errors="ignore").split()


def corpus(text: str, limit_mb: float | None = None) -> tuple[Path, int]:
    """(path, tokens) of a text in lines of 1,000 words: what every system reads without a cut.

    gensim's corpus_file cuts a line off after 10,000 tokens, and wiki8 is one line.
    """
    source = data_folder() / "text" / "wiki8.txt.xz" if text == "wiki8" else Path(text)
    part = f"-{limit_mb:g}mb" if limit_mb else ""
    lines = cache_folder() / f"{source.name.removesuffix('.xz').removesuffix('.txt')}{part}.lines.txt"
    counted = lines.with_suffix(".tokens")
    if not counted.exists():
        words = read_words(source, limit_mb)
        with lines.open("w", encoding="utf-8") as file:
            for start in range(0, len(words), WORDS_PER_LINE):
                file.write(" ".join(words[start : start + WORDS_PER_LINE]) + "\n")
        counted.write_text(str(len(words)))
    return lines, int(counted.read_text())
