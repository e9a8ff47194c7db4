"""View of ``rules check``: what the rule files hold."""

from __future__ import annotations

from dataclasses import asdict
from shlex import quote
from typing import TYPE_CHECKING

from rules.lint import Severity
from sync_worker.report import findings
from sync_worker.report.document import Commands, Text, Tone, table

if TYPE_CHECKING:
    from pathlib import Path

    from rules import Ruleset, Vocabulary
    from rules.lint import Finding
    from sync_worker.lint import Linted
    from sync_worker.report.document import Answer, Document

SECTIONS = (
    "scores", "grids", "contacts", "scope", "protect", "returns", "books", "routes", "service_levels", "covers",
    "schemes", "conditions", "lists", "tables",
)  # fmt: skip


def checked(rules: Ruleset, linted: Linted, folder: Path, *, strict: bool = False, notes: bool = True) -> Answer:
    """``rules check``. ``strict``: warnings fail, too; ``notes``: whether people are told what is worth knowing."""
    held = {section: [_name(one) for one in getattr(rules, section)] for section in SECTIONS}
    held["reps"] = list(rules.reps.fields)
    counts = {section: len(names) for section, names in held.items()} | {"reps": len(rules.reps.rows)}
    counts |= {"absences": len(rules.absences), "holidays": len(rules.holidays)}
    held |= {"absences": sorted({row.email for row in rules.absences})}
    held |= {"holidays": sorted({holiday.calendar for holiday in rules.holidays})}
    rows = [(section, counts[section], ", ".join(names)) for section, names in held.items() if names]
    wrong = [one for one in linted.findings if fails(one, strict=strict)]
    head = f"the rules in {folder} {'have findings that fail' if wrong else 'are right'}; version {rules.version[:12]}"
    shown = [one for one in linted.findings if notes or one.severity is not Severity.NOTE]
    document: Document = (
        Text(head, Tone.BAD if wrong else Tone.GOOD),
        table("section|>count|~names", rows),
        *findings.blocks(shown),
        Text(findings.summary(linted), Tone.QUIET),
    )
    payload = {"ok": not wrong, "folder": folder, "version": rules.version, "sections": held}
    warned = [asdict(one.problem) for one in linted.findings if one.severity is Severity.WARNING]
    stored = None if linted.in_scope is None else {"accounts": linted.accounts, "in_scope": linted.in_scope}
    return document, {**payload, "warnings": warned, "findings": findings.as_json(linted.findings), "stored": stored}


def fails(finding: Finding, *, strict: bool) -> bool:
    """Whether the finding makes a check fail."""
    return finding.severity is Severity.ERROR or (strict and finding.severity is Severity.WARNING)


def written(schema: Path, *, tests: bool = False) -> Answer:
    """``rules schema --output``."""
    line = f"# yaml-language-server: $schema={schema.name}"
    what = "test file" if tests else "rule file"
    return (
        Text(f"the schema of {what}s is in {schema}", Tone.GOOD),
        Text(f"put this at the top of a {what} beside it, and editors will complete and check: {line}"),
    ), {"schema": schema}


def saved_words(file: Path, vocabulary: Vocabulary) -> Answer:
    """``rules words --output``."""
    counts = {"account": len(vocabulary.account), "rep": len(vocabulary.rep), "topics": len(vocabulary.topics)}
    return (
        Text(
            f"the words of {counts['account']} account fields and {counts['rep']} rep fields are in {file}", Tone.GOOD
        ),
        Text("commit it beside the rules, and make it again when the CRM's fields or picklists change"),
        Commands(((f"sync-worker rules test --words {quote(str(file))}", "test the rules where there is no CRM"),)),
    ), {"words": file, "fields": counts}


def _name(one: object) -> str:
    return str(getattr(one, "id", None) or getattr(one, "name", None) or one)
