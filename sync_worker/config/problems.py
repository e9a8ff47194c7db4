"""What can be wrong with a config, said once with its place and the way out. Raises; prints nothing."""

from __future__ import annotations

import difflib
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable


@dataclass(frozen=True, slots=True, order=True)
class Problem:
    """One mistake. ``where`` is a file's path or a variable's or flag's name; line and column count from 1, 0: none."""

    where: str
    line: int
    column: int
    message: str
    hint: str = ""

    def __str__(self) -> str:
        place = f"{self.where}:{self.line}:{self.column}" if self.line else self.where
        return f"{place}: {self.message}" + (f" — {self.hint}" if self.hint else "")


class ConfigInvalid(Exception):
    """The config cannot be used. ``problems`` holds all of its mistakes, in the order of their places."""

    def __init__(self, problems: Iterable[Problem]) -> None:
        self.problems = tuple(sorted(set(problems)))
        super().__init__("\n".join(str(problem) for problem in self.problems))


def nearest(word: str, known: Iterable[str]) -> str:
    """A hint with the nearest known word, or with all of them when they are few; empty when there is none."""
    words = sorted(known)
    close = difflib.get_close_matches(word, words, n=1, cutoff=0.6)
    if close:
        return f"did you mean '{close[0]}'?"
    few = 12
    return f"known: {', '.join(words)}" if 0 < len(words) <= few else ""
