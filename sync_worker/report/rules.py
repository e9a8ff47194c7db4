"""View of ``rules check``: what the rule files hold."""

from __future__ import annotations

from dataclasses import asdict
from shlex import quote
from typing import TYPE_CHECKING

from sync_worker.report.document import Commands, Heading, Items, Text, Tone, table

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from rules import Problem, Ruleset, Vocabulary
    from sync_worker.report.document import Answer, Document

SECTIONS = ("scores", "scope", "protect", "returns", "books", "lists", "tables")


def checked(rules: Ruleset, warnings: Sequence[Problem], folder: Path) -> Answer:
    """``rules check``."""
    held = {section: [_name(one) for one in getattr(rules, section)] for section in SECTIONS}
    held["reps"] = list(rules.reps.fields)
    counts = {section: len(names) for section, names in held.items()} | {"reps": len(rules.reps.rows)}
    rows = [(section, counts[section], ", ".join(names)) for section, names in held.items() if names]
    document: Document = (
        Text(f"the rules in {folder} are right; version {rules.version[:12]}", Tone.GOOD),
        table("section|>count|~names", rows),
    )
    if warnings:
        document += Heading("Probably not meant"), Items(tuple(Text(str(one), Tone.WARN) for one in warnings))
    payload = {"ok": True, "folder": folder, "version": rules.version, "sections": held}
    return document, {**payload, "warnings": [asdict(one) for one in warnings]}


def written(schema: Path) -> Answer:
    """``rules schema --output``."""
    line = f"# yaml-language-server: $schema={schema.name}"
    return (
        Text(f"the schema of rule files is in {schema}", Tone.GOOD),
        Text(f"put this at the top of a rule file beside it, and editors will complete and check: {line}"),
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
