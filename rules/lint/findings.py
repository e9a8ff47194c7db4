"""What lint finds: kinds, weights and places. It finds nothing itself."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

from rules.problems import Mark, Problem

if TYPE_CHECKING:
    from collections.abc import Iterable

    from rules.tracing import Tried


class Severity(StrEnum):
    """How much a finding weighs."""

    ERROR = "error"
    """The rules cannot be used."""
    WARNING = "warning"
    """Probably not meant."""
    NOTE = "note"
    """Worth knowing, and often meant."""


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing about the rules. ``code`` names its kind, in small letters and hyphens."""

    code: str
    severity: Severity
    mark: Mark
    message: str
    hint: str = ""

    def __str__(self) -> str:
        return str(self.problem)

    @property
    def problem(self) -> Problem:
        """The finding without its kind."""
        return Problem(self.mark.file, self.mark.line, self.mark.column, self.message, self.hint)


def warning(code: str, mark: Mark, message: str, hint: str = "") -> Finding:
    """Something that is probably not meant."""
    return Finding(code, Severity.WARNING, mark, message, hint)


def note(code: str, mark: Mark, message: str, hint: str = "") -> Finding:
    """Something worth knowing."""
    return Finding(code, Severity.NOTE, mark, message, hint)


def told(one: Tried) -> str:
    """What a condition belongs to, in words: the book 'enterprise'."""
    nouns = {
        "books": "book",
        "routes": "route",
        "service_levels": "service level",
        "covers": "cover",
        "segments": "segment",
        "scores": "term",
        "worked": "state",
        "affinity": "affinity",
    }
    return f"the {nouns.get(one.section, 'rule')} '{one.term or one.rule}'"


def of_loading(problems: Iterable[Problem], severity: Severity, code: str) -> tuple[Finding, ...]:
    """What was found elsewhere, as findings."""
    return tuple(
        Finding(code, severity, Mark(one.file, one.line, one.column), one.message, one.hint) for one in problems
    )


def in_order(findings: Iterable[Finding]) -> tuple[Finding, ...]:
    """By place, the weightier first at each; each once."""
    weights = list(Severity)
    return tuple(sorted(dict.fromkeys(findings), key=lambda one: (one.mark, weights.index(one.severity), one.message)))
