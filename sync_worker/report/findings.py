"""Lint's findings for people, as JSON, and as the commands by which CI marks lines of a change."""

from __future__ import annotations

from collections import Counter
from itertools import groupby
from typing import TYPE_CHECKING

from rules.lint import Severity
from sync_worker.report.document import Heading, Items, Text, Tone

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from pathlib import Path

    from rules import Problem
    from rules.lint import Finding
    from sync_worker.lint import Linted
    from sync_worker.report.document import Block

_TONES = {Severity.ERROR: Tone.BAD, Severity.WARNING: Tone.WARN, Severity.NOTE: Tone.QUIET}
_COMMANDS = {Severity.ERROR: "error", Severity.WARNING: "warning", Severity.NOTE: "notice"}


def blocks(findings: Sequence[Finding]) -> Iterator[Block]:
    """The findings file by file, each with its place, its weight and its kind."""
    for file, ones in groupby(findings, key=lambda one: one.mark.file):
        yield Heading(file)
        yield Items(tuple(_line(one) for one in ones))


def _line(one: Finding) -> Text:
    hint = f" — {one.hint}" if one.hint else ""
    return Text(f"{one.mark}: {one.severity}: {one.message}{hint} [{one.code}]", _TONES[one.severity])


def summary(linted: Linted) -> str:
    """How many findings there are, and of which accounts."""
    counted = Counter(one.severity for one in linted.findings)
    some = [f"{count} {severity}{'s' if count > 1 else ''}" for severity in Severity if (count := counted[severity])]
    if linted.in_scope is None:
        return f"{', '.join(some) or 'nothing found'}; no accounts were looked at: run 'sync-worker pull' first"
    accounts = f"{linted.in_scope:,} accounts in scope of {linted.accounts:,}, as of the latest pull"
    return f"{', '.join(some) or 'nothing found'}; looked at {accounts}"


def as_json(findings: Sequence[Finding]) -> list[Mapping[str, object]]:
    """The findings as objects."""
    return [
        {"code": one.code, "severity": one.severity, "file": one.mark.file, "line": one.mark.line,
         "column": one.mark.column, "message": one.message, "hint": one.hint}
        for one in findings
    ]  # fmt: skip


# Workflow commands


def workflow_commands(findings: Sequence[Finding], folder: Path) -> str:
    """One workflow command a line, as GitHub Actions and those who understand it read them."""
    return "".join(_annotation(_COMMANDS[one.severity], one.problem, folder, one.code) for one in findings)


def mistakes(problems: Sequence[Problem], folder: Path, title: str = "invalid") -> str:
    """The same for mistakes that keep the rules from being read, and for tests that fail."""
    return "".join(_annotation("error", problem, folder, title) for problem in problems)


def _annotation(command: str, problem: Problem, folder: Path, title: str) -> str:
    # A folder that cannot be read is a problem of the folder itself, which its file then names.
    file = problem.file if problem.file == str(folder) else (folder / problem.file).as_posix()
    properties = {"file": file, "line": problem.line, "col": problem.column, "title": title}
    told = ",".join(f"{name}={_escaped(str(value), ':,')}" for name, value in properties.items())
    hint = f" — {problem.hint}" if problem.hint else ""
    return f"::{command} {told}::{_escaped(problem.message + hint, '')}\n"


def _escaped(text: str, more: str) -> str:
    """Per cents and line ends, and the signs that part properties, as ``%`` and their number."""
    for sign in f"%\r\n{more}":
        text = text.replace(sign, f"%{ord(sign):02X}")
    return text
