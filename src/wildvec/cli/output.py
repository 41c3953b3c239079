"""The output of a command: checked before the work, written after it, never lost if the disk is full."""

from __future__ import annotations

import os
import shutil
import sys
import tempfile
from collections.abc import Callable, Sequence
from contextlib import nullcontext, suppress
from pathlib import Path
from typing import Any

from wildvec.cli.options import UsageError
from wildvec.cli.signals import StopSignals
from wildvec.cli.streams import say
from wildvec.io import Kind
from wildvec.io.atomic import STANDARD_STREAM, check_output, check_output_is_no_input
from wildvec.io.vectors import kind_by_name

STDOUT = STANDARD_STREAM
FORMATS = {"native": Kind.NATIVE, "binary": Kind.BINARY, "text": Kind.TEXT, "glove": Kind.GLOVE}

Write = Callable[[Any], object]  # writes to a path or to a binary stream


def add_format(parser: Any, **more: str) -> None:
    """Add --format, for an output whose ending does not name the format. more: further formats and their help."""
    kinds = "".join(f"; {name}: {text}" for name, text in more.items())
    parser.add_argument(
        "--format",
        choices=[*FORMATS, *more],
        help=f"format of the output file (default: by its ending, text for stdout){kinds}",
    )


def output_name(output: str) -> str:
    """Return the name of an output for messages."""
    return "standard output" if output == STDOUT else output


def output_kind(output: str, name: str | None) -> Kind:
    """Return the kind of file to write; UsageError if neither --format nor the ending names one."""
    if name:
        return FORMATS[name]
    if output == STDOUT:
        return Kind.TEXT
    try:
        return kind_by_name(output)
    except ValueError as error:
        raise UsageError(f"{error}, or add --format") from None


def check_before_work(output: str, inputs: Sequence[str]) -> None:
    """Raise the error that writing the output would raise; UsageError if the output is one of the inputs."""
    if output == STDOUT:
        if sys.__stdout__ is None:
            raise UsageError("standard output is closed; give a file for the output")
        return
    check_output(output)
    check_no_input(output, inputs)


def check_no_input(output: str | os.PathLike[str], inputs: Sequence[str]) -> None:
    """Raise UsageError if the output is one of the inputs, or in one of them that is a folder."""
    try:
        check_output_is_no_input(output, inputs)
    except ValueError as error:
        raise UsageError(str(error)) from None


def warn_if_disk_is_small(output: str, n_bytes: int) -> None:
    """Warn if the output's folder has less free space than the output will take."""
    folder = os.path.dirname(os.path.realpath(output))
    if _is_pipe(output):
        return
    with suppress(OSError):
        free = shutil.disk_usage(folder).free
        if free < n_bytes:
            say(
                f"wildvec: warning: {output} will take about {n_bytes / 1e6:,.0f} MB, but its disk has only "
                f"{free / 1e6:,.0f} MB free; free some space before the training ends"
            )


def write_output(output: str, write: Write) -> None:
    """Call `write` with the path of the output, or with standard output."""
    if output != STDOUT:
        write(output)
        return
    write(sys.stdout.buffer)
    sys.stdout.buffer.flush()


def write_or_rescue(output: str, write: Write, signals: StopSignals) -> bool:
    """Write the output. If that fails, write it to another folder and say where; return whether it did not fail.

    The temporary folder is tried first, then the home folder, then the current folder. Signals cannot stop the
    writing of a file. They can stop the writing to a pipe, which may take for ever; then a file is written instead.
    OSError: every folder failed.
    """
    signals.hold()
    try:
        with signals.released() if _is_pipe(output) else nullcontext():
            write_output(output, write)
    except (OSError, KeyboardInterrupt) as error:
        place = _rescue("vectors" if output == STDOUT else os.path.basename(output), write)
        if place is None:
            raise
        reason = getattr(error, "strerror", None) or str(error) or "interrupted"
        say(f"wildvec: cannot write {output_name(output)}: {reason}; what was learned is saved in {place}")
        return False
    return True


def _is_pipe(output: str) -> bool:
    """Whether the output is standard output, a pipe or a device."""
    return output == STDOUT or (os.path.exists(output) and not os.path.isfile(output))


def _rescue(name: str, write: Write) -> Path | None:
    """Write to the first folder that has the space; return the path, or None if there is no such folder."""
    for parent in (tempfile.gettempdir, Path.home, Path.cwd):
        folder = None
        try:
            folder = tempfile.mkdtemp(prefix="wildvec-", dir=parent())
            write(Path(folder, name))
            return Path(folder, name)
        except (OSError, RuntimeError):  # RuntimeError: there is no home folder
            if folder is not None:
                shutil.rmtree(folder, ignore_errors=True)
    return None
