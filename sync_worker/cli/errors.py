"""Exceptions as failures that a person can act on: one message, the way out, an exit code. Never a traceback."""

from __future__ import annotations

import errno
import sqlite3
from dataclasses import dataclass
from enum import IntEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping


class Exit(IntEnum):
    """Exit codes, the same for every command."""

    OK = 0
    FAILED = 1
    USAGE = 2
    CHANGES = 3
    """``plan --check`` only: there is something to do."""
    INVALID = 4
    """The rules or the config cannot be used."""
    PARTLY = 5
    """Applied in part: some rows ended otherwise or have not ended."""
    GUARD = 6
    """A guard stopped the plan before its first write."""
    STALE = 7
    """The plan is stale, or nobody has approved it."""
    INTERRUPTED = 130


@dataclass(frozen=True, slots=True)
class Failure:
    """What went wrong, for a person at 3 am and for a script."""

    kind: str
    message: str
    hint: str = ""
    exit_code: int = Exit.FAILED
    problems: tuple[Mapping[str, object], ...] = ()
    bug: bool = False

    def lines(self) -> tuple[str, ...]:
        """The message as stderr shows it."""
        return (f"error: {self.message}", *((f"  {self.hint}",) if self.hint else ()))


def failure_of(error: BaseException) -> Failure:
    """What an exception means to whoever typed the command."""
    if isinstance(error, KeyboardInterrupt):
        return Failure("interrupted", "interrupted", "nothing is lost: run the same command again", Exit.INTERRUPTED)
    for known in (_invalid, _refused, _named, _system):
        if failure := known(error):
            return failure
    kind = type(error).__name__
    hint = "this is a bug: run it again with --debug and report what it prints"
    return Failure("bug", f"{kind}: {error}", hint, bug=True)


def _invalid(error: BaseException) -> Failure | None:
    """Rules or config with mistakes: all of them, one a line."""
    problems = getattr(error, "problems", None)
    if not isinstance(problems, tuple):
        return None
    what = "the rules" if type(error).__name__ == "RulesInvalid" else "the config"
    count = f"{len(problems)} mistake{'s' if len(problems) != 1 else ''} in {what}"
    told = "\n".join(f"  {problem}" for problem in problems)
    kind = "rules_invalid" if what == "the rules" else "config_invalid"
    return Failure(kind, f"{count}\n{told}", "", Exit.INVALID, tuple(_problem(problem) for problem in problems))


def _problem(problem: object) -> dict[str, object]:
    file = getattr(problem, "file", None) or getattr(problem, "where", "")
    places = {name: getattr(problem, name, None) for name in ("line", "column", "message", "hint")}
    return {"file": str(file), **places}


def _refused(error: BaseException) -> Failure | None:
    """A plan that may not be applied: stale, unapproved, or stopped by a guard."""
    code = getattr(error, "exit_code", None)
    if not isinstance(code, int):
        return None
    return Failure(_kind(error), str(error), str(getattr(error, "hint", "")), code)


def _named(error: BaseException) -> Failure | None:
    """Every error of ours carries a hint."""
    hint = getattr(error, "hint", None)
    return Failure(_kind(error), str(error), hint) if isinstance(hint, str) else None


def _system(error: BaseException) -> Failure | None:
    if isinstance(error, sqlite3.Error):
        return Failure("store", f"the store failed: {error}", "run 'sync-worker db check'")
    if isinstance(error, FileExistsError):
        return Failure("exists", f"{error.filename} is already there", "name another file, or move this one away first")
    if isinstance(error, OSError) and error.errno == errno.ENOSPC:
        return Failure("disk_full", "the disk is full", "free space and run the same command again; nothing was lost")
    if isinstance(error, OSError):
        where = f"{error.filename}: " if error.filename else ""
        return Failure("system", f"{where}{error.strerror or error}", "mend this and run the same command again")
    return None


def _kind(error: BaseException) -> str:
    """``PlanRefused`` → ``plan_refused``."""
    return "".join(f"_{letter.lower()}" if letter.isupper() else letter for letter in type(error).__name__).lstrip("_")
