"""What is wrong with a rules folder, and where. Collects and words problems; it never reads a file."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from rapidfuzz import fuzz, process

if TYPE_CHECKING:
    from collections.abc import Iterable

_NEAR = 70.0
"""Similarity, 0-100, from which a word counts as a slip of the pen rather than another word."""


@dataclass(frozen=True, slots=True, order=True)
class Mark:
    """A place in a rules file. ``line`` and ``column`` count from 1, columns in characters."""

    file: str
    line: int
    column: int

    def __str__(self) -> str:
        return f"{self.file}:{self.line}:{self.column}"


@dataclass(frozen=True, slots=True, order=True)
class Problem:
    """One mistake. ``message`` says what is wrong with which value, ``hint`` the way out."""

    file: str
    line: int
    column: int
    message: str
    hint: str = ""

    def __str__(self) -> str:
        told = f"{self.file}:{self.line}:{self.column}: {self.message}" + (f" — {self.hint}" if self.hint else "")
        return told if told.isprintable() else "".join(map(_seen, told))


def _seen(char: str) -> str:
    """The character, or its number: what a file holds must neither hide in a message nor steer a terminal."""
    return char if char.isprintable() else f"\\u{ord(char):04x}"


class RulesInvalid(Exception):
    """The rules cannot be used. ``problems`` holds every problem of every file, in reading order."""

    def __init__(self, problems: Iterable[Problem]) -> None:
        self.problems: tuple[Problem, ...] = tuple(sorted(set(problems)))
        super().__init__("\n".join(map(str, self.problems)))


@dataclass(slots=True)
class Notes:
    """Where the loader writes down what it finds, so that one reading reports everything."""

    problems: list[Problem] = field(default_factory=list)
    warnings: list[Problem] = field(default_factory=list)

    def error(self, mark: Mark, message: str, hint: str = "") -> None:
        """Note a mistake that makes the rules unusable."""
        self.problems.append(Problem(mark.file, mark.line, mark.column, message, hint))

    def warn(self, mark: Mark, message: str, hint: str = "") -> None:
        """Note something that is legal and probably not meant."""
        self.warnings.append(Problem(mark.file, mark.line, mark.column, message, hint))


def nearest(word: str, words: Iterable[str], near: float = _NEAR) -> str:
    """The hint for a word that is not among ``words``: the nearest one, or the choice when it is short.

    ``near`` is the similarity, 0-100, that the nearest one has at least.
    """
    known = sorted(words)
    found = process.extractOne(word[:100], known, scorer=fuzz.ratio, processor=str.lower, score_cutoff=near)
    if found is not None:
        odd = next((sign for sign in word[:100] if not sign.isascii() and sign not in found[0]), "")
        # A letter of another alphabet may look like the right one.
        told = f" here stands the character U+{ord(odd):04X}" if odd else ""
        return f"did you mean '{found[0]}'?{told}"
    if 0 < len(known) <= 12:  # noqa: PLR2004 - more than a dozen words help nobody in one message
        return f"known: {', '.join(known)}"
    return ""
