"""View of ``rules check``: what the rule files hold."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sync_worker.report.document import Text, Tone, table

if TYPE_CHECKING:
    from pathlib import Path

    from rules import Ruleset
    from sync_worker.report.document import Answer

SECTIONS = ("scores", "scope", "protect", "returns", "books", "lists", "tables")


def checked(rules: Ruleset, folder: Path) -> Answer:
    """``rules check``."""
    held = {section: [_name(one) for one in getattr(rules, section)] for section in SECTIONS}
    rows = [(section, len(names), ", ".join(names)) for section, names in held.items() if names]
    return (
        Text(f"the rules in {folder} are right; version {rules.version[:12]}", Tone.GOOD),
        table("section|>count|~names", rows),
    ), {"ok": True, "folder": folder, "version": rules.version, "sections": held}


def written(schema: Path) -> Answer:
    """``rules schema --output``."""
    line = f"# yaml-language-server: $schema={schema.name}"
    return (
        Text(f"the schema of rule files is in {schema}", Tone.GOOD),
        Text(f"put this at the top of a rule file beside it, and editors will complete and check: {line}"),
    ), {"schema": schema}


def _name(one: object) -> str:
    return str(getattr(one, "id", None) or getattr(one, "name", None) or one)
