"""A bar is shown only on a terminal and only for long work; otherwise tqdm is not loaded."""

from __future__ import annotations

import io
import subprocess
import sys

from wildvec.base import progress


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def run(monkeypatch, stderr, delay: float, initial: int = 0) -> tuple[str, float]:
    monkeypatch.setattr(sys, "stderr", stderr)
    monkeypatch.setattr(progress, "DELAY_SECONDS", delay)
    with progress.progress_bar(100, "reading", "B", initial) as bar:
        bar.update(40)
        bar.update(10)
    return stderr.getvalue(), bar.n


def test_a_bar_is_shown_on_a_terminal_and_starts_at_initial(monkeypatch):
    shown, n = run(monkeypatch, Terminal(), 0)
    assert "reading" in shown and "50.0/100" in shown and n == 50
    shown, n = run(monkeypatch, Terminal(), 0, initial=20)
    assert "70.0/100" in shown and n == 70


def test_no_bar_for_short_work_or_without_a_terminal(monkeypatch):
    assert run(monkeypatch, Terminal(), 60) == ("", 50)
    assert run(monkeypatch, io.StringIO(), 0) == ("", 50)


def test_without_a_terminal_tqdm_is_not_loaded():
    code = (
        "import sys; from wildvec.text.corpus import Corpus;"
        "Corpus.read([['a']] * 9); print('tqdm' in sys.modules)"
    )
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert run.stdout == "False\n"
