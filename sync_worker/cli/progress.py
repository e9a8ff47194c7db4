"""Progress on stderr: bars on a terminal, a line per finished step elsewhere, nothing when quiet."""

from __future__ import annotations

import sys
from contextlib import contextmanager
from typing import TYPE_CHECKING

from sync_worker.cli.output import Format, on_terminal

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from sync_worker.cli.output import Output
    from sync_worker.parts import Progress

Watch = "Callable[[Progress], None]"


@contextmanager
def watching(out: Output) -> Iterator[Callable[[Progress], None]]:
    """What a worker reports its steps to, for as long as the command runs."""
    if out.quiet:
        yield _silent
    elif on_terminal(sys.stderr) and out.format is Format.TEXT:
        with _bars(out) as watch:
            yield watch
    else:
        yield _Lines(out)


def _silent(progress: Progress) -> None:
    del progress


class _Lines:
    """One line when a step is complete."""

    def __init__(self, out: Output) -> None:
        self._out = out
        self._told: tuple[str, int] | None = None

    def __call__(self, progress: Progress) -> None:
        told = (progress.step, progress.done)
        if progress.done and progress.done == progress.total and told != self._told:
            self._out.note(f"{progress.step}: {progress.done:,}")
            self._told = told


@contextmanager
def _bars(out: Output) -> Iterator[Callable[[Progress], None]]:
    from rich.progress import BarColumn, MofNCompleteColumn, TextColumn, TimeElapsedColumn
    from rich.progress import Progress as Bars

    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with Bars(*columns, console=out.console(stderr=True), transient=True) as bars:
        tasks = {}

        def watch(progress: Progress) -> None:
            if progress.step not in tasks:
                tasks[progress.step] = bars.add_task(progress.step, total=progress.total)
            bars.update(tasks[progress.step], completed=progress.done, total=progress.total)

        yield watch
