"""What ``rules check`` looks at: a folder against a file of words, or against the store and the CRM's fields."""

from __future__ import annotations

import sys
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from sync_worker.cli.output import write

if TYPE_CHECKING:
    from pathlib import Path

    from rules import Ruleset, Vocabulary
    from sync_worker.cli.session import Session
    from sync_worker.lint import Linted
    from sync_worker.rule_tests import Ran


@dataclass(frozen=True, slots=True)
class Looked:
    """A rules folder that can be used, and what was found."""

    folder: Path
    words: Vocabulary
    rules: Ruleset
    linted: Linted
    ran: Ran | None = None
    """What became of the tests beside the rules, where they were to be run."""


def look(session: Session, words: Path | None, folder: Path | None, *, tests: bool, annotations: bool) -> Looked:
    """Read the rules, lint and test them. Raises RulesInvalid; with ``annotations`` its mistakes are written before."""
    from rules import RulesInvalid
    from sync_worker.report import findings
    from sync_worker.rule_tests import run_beside

    try:
        seen = _looked(session, words, folder)
        return replace(seen, ran=run_beside(seen.folder, seen.rules, seen.words)) if tests else seen
    except RulesInvalid as invalid:
        if annotations:
            write(sys.stdout, findings.mistakes(invalid.problems, folder or session.rules_folder()))
        raise


def _looked(session: Session, words: Path | None, folder: Path | None) -> Looked:
    from datetime import UTC, datetime

    from rules import load
    from sync_worker.lint import lint_offline

    at, vocabulary = session.words(words, folder)
    if words is not None:
        rules = load(at, vocabulary)
        return Looked(at, vocabulary, rules, lint_offline(rules, vocabulary, datetime.now(UTC).date()))
    with session.informed() as worker:
        rules = worker.load_rules() if folder is None else load(at, vocabulary)
        return Looked(at, vocabulary, rules, worker.lint(rules, vocabulary))
