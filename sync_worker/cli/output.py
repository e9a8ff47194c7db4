"""Where answers, progress and errors go: answers to stdout, everything else to stderr. Decides nothing but looks."""

from __future__ import annotations

import os
import sys
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, TextIO

if TYPE_CHECKING:
    from collections.abc import Mapping

    from rich.console import Console

    from sync_worker.report.document import Document


class Format(StrEnum):
    """How an answer is written."""

    TEXT = "text"
    JSON = "json"


@dataclass(frozen=True, slots=True)
class Output:
    """The two streams of one command."""

    format: Format = Format.TEXT
    quiet: bool = False
    color: bool = True

    @property
    def rich(self) -> bool:
        """True when a person sits before stdout."""
        return self.format is Format.TEXT and on_terminal(sys.stdout)

    def answer(self, document: Document, payload: Mapping[str, object]) -> None:
        """The command's result, in the form that was asked for."""
        if self.format is Format.JSON:
            from sync_worker.report.encode import answer

            write(sys.stdout, answer(payload) + "\n")
        else:
            self.show(document)

    def show(self, document: Document) -> None:
        """For people only; the JSON form comes whole and at the end."""
        if self.rich:
            from sync_worker.report.terminal import show

            show(document, self.console())
        elif self.format is Format.TEXT:
            from sync_worker.report.text import plain

            write(sys.stdout, plain(document))

    def scene(self, document: Document) -> None:
        """A part of a long answer: an empty line parts it from the next."""
        self.show(document)
        if self.format is Format.TEXT:
            write(sys.stdout, "\n")

    def console(self, *, stderr: bool = False) -> Console:
        """A Rich console on one of the two streams."""
        from rich.console import Console

        return Console(stderr=stderr, no_color=not self.color, highlight=False, soft_wrap=False)

    def note(self, line: str) -> None:
        """Something worth knowing that is no result. Quiet runs leave it out."""
        if not self.quiet:
            write(sys.stderr, line + "\n")

    def complain(self, line: str) -> None:
        """Something that must be read; quiet runs say it too."""
        write(sys.stderr, line + "\n")


def on_terminal(stream: TextIO) -> bool:
    """True for a terminal that understands more than lines."""
    return stream.isatty() and os.environ.get("TERM", "") not in {"", "dumb"}


def write(stream: TextIO, text: str) -> None:
    """Write text as it is; letters that the stream's encoding lacks become ``?``.

    A reader who has seen enough (head, less) ends the answer, not the command: its exit code stays true.
    """
    encoding = stream.encoding or "utf-8"
    try:
        stream.write(text.encode(encoding, "replace").decode(encoding))
        stream.flush()
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())
