"""The reference of the rule language is whole: every field that needs no mapping, every function, every limit."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from connectors.hubspot import fields as hubspot
from connectors.port import Stream
from connectors.salesforce import fields as salesforce
from rules import document, expression, folder, gate, lists, needs, shapes, sheet, sizes, values
from rules.facts import FieldSource, IntentSource
from rules.names import CONTACT_FUNCTIONS, REP_FUNCTIONS
from sync_worker.config.values import ActivitiesConfig
from sync_worker.store.derivable import DERIVED, REP_DERIVED
from tests.rules.test_docs import BLOCKS, blocks

if TYPE_CHECKING:
    from collections.abc import Mapping

    from rules import FieldInfo
    from tests.rules.conftest import Folder

DOCS = Path(__file__).parents[2] / "docs"
GUIDE = (DOCS / "rules.md").read_text(encoding="utf-8")
REFERENCE = (DOCS / "rules-reference.md").read_text(encoding="utf-8")
BY_DEFAULT = [crm.DEFAULT_FIELDS for crm in (salesforce, hubspot)]


def section(heading: str) -> str:
    """The text below a heading, up to the next one."""
    return re.split(r"(?m)^#{2,3} ", REFERENCE.split(f" {heading}\n", 1)[1])[0]


def known(fields: Mapping[str, FieldInfo]) -> list[tuple[str, str]]:
    return sorted((name, str(info.type)) for name, info in fields.items())


def test_every_derived_field_is_there_with_its_type() -> None:
    text = section("What the worker derives")
    accounts, reps = (re.findall(r"(?m)^\| `(\w+)` \| ([a-z/]+) \|", part) for part in text.split("For each rep:"))
    assert sorted(accounts) == known(DERIVED)
    assert sorted(reps) == known(REP_DERIVED)


@pytest.mark.parametrize(
    ("of", "stream"), [("accounts", Stream.ACCOUNTS), ("reps", Stream.USERS), ("contacts", Stream.CONTACTS)]
)
def test_the_fields_that_need_no_mapping_are_those_of_the_connectors(of: str, stream: Stream) -> None:
    row = re.search(rf"(?m)^\| {of} \|(.*)\|(.*)\|(.*)\|$", section("What every CRM has"))
    assert row
    both, first, second = (set(re.findall(r"`(\w+)`", cell)) for cell in row.groups())
    one, other = (set(fields[stream]) for fields in BY_DEFAULT)
    assert (both, first, second) == (one & other, one - other, other - one)


def test_the_guide_names_what_has_to_be_mapped_for_its_examples(folder: Folder) -> None:
    folder.write(**{f"example{number}_yaml": text for number, text in enumerate(blocks("yaml"))})
    folder.write(**{kind[4:].replace(".", "_"): text for kind, text in BLOCKS if kind.startswith("csv ")})
    scope = [f'  - {{id: c{n}, when: "{text}"}}\n' for n, text in enumerate("".join(blocks("conditions")).splitlines())]
    folder.write(conditions_yaml="".join(["version: 1\nscope:\n", *scope]))
    sources = [column.source for column in needs(folder.load())]
    everywhere = set(BY_DEFAULT[0][Stream.ACCOUNTS]) & set(BY_DEFAULT[1][Stream.ACCOUNTS])
    own = {found.field for found in sources if isinstance(found, FieldSource)} - everywhere - DERIVED.keys()
    topics = {found.topic for found in sources if isinstance(found, IntentSource)}
    named = re.search(r"have to be mapped in the config(.*?)\.\n\n", GUIDE, re.DOTALL)
    assert named
    assert set(re.findall(r"`(\w+)`", named[1])) == own | topics


def test_the_functions_of_each_kind_of_condition_are_those_that_it_knows() -> None:
    rows = dict(re.findall(r"(?m)^\| (contacts|reps) \(.*?\) \| (.*) \|$", section("Functions")))
    assert {of: set(re.findall(r"`(\w+)`", row)) for of, row in rows.items()} == {
        "contacts": CONTACT_FUNCTIONS,
        "reps": REP_FUNCTIONS,
    }


def test_the_kinds_of_events_and_touches_are_those_of_the_defaults() -> None:
    rows = dict(re.findall(r"(?m)^\| `\[activities\] (\w+)` \| (.*?) \|", section("Events and touches")))
    defaults = ActivitiesConfig()
    assert {key: tuple(re.findall(r"`(\w+)`", row)) for key, row in rows.items()} == {
        "engagement": tuple(defaults.engagement),
        "touches": tuple(defaults.touches),
    }


def test_every_limit_is_told() -> None:
    text = section("Limits") + section("Functions")
    limits = (
        gate.MAX_CHARACTERS, gate.MAX_NODES, gate.MAX_DEPTH, expression.MAX_INCLUDED, expression.MAX_WILDCARDS,
        shapes.MAX_USED, lists.MAX_ITEMS, sheet.MAX_ROWS, sheet.MAX_COLUMNS, document.MAX_FILE, document.MAX_SCALARS,
        folder.MAX_FILES, sizes.MAX_RULES, sizes.MAX_TERMS, sizes.MAX_SEGMENTS, sizes.MAX_CONDITIONS, sizes.MAX_NODES,
        sizes.MAX_LISTED, values.MAX_DAYS, sheet.MAX_CELLS, sheet.MAX_CELL, folder.MAX_BYTES, folder.MAX_TOTAL,
    )  # fmt: skip
    for limit in limits:
        assert re.search(rf"(?<![\d,]){limit:,}(?![\d,]*\d)", text), f"{limit:,}"
