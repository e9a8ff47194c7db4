"""The demo can fail: what the CRM's log lacks, and what it has besides, is found in either CRM's way of writing."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from sync_worker.cli.demo.evidence import compare
from sync_worker.core.model import PlanRow, RowKind, RowState
from sync_worker.store.plans import StoredRow

if TYPE_CHECKING:
    from pathlib import Path

    from sync_worker.cli.demo.evidence import Evidence

FIELDS = {
    "salesforce": {"score": "Priority_Score__c", "tier": "Priority_Tier__c", "named": "Named__c"},
    "hubspot": {"score": "priority_score", "tier": "priority_tier", "named": "named"},
}
AS_WRITTEN = {"salesforce": (50.0, "B", True), "hubspot": ("50", "B", "true")}
"""The values after, as each CRM's log has them."""


def stored(crm: str) -> StoredRow:
    row = PlanRow(
        number=1,
        crm=crm,
        account="a1",
        account_name="Acme",
        kind=RowKind.PRIORITY,
        before={"score": None, "tier": "B", "named": False},
        after={"score": 50, "tier": "B", "named": True},
        rule="score:priority",
        reason="priority 50, tier B",
        read_set="r",
    )
    return StoredRow(row, "p1", RowState.VERIFIED)


def logged(tmp_path: Path, crm: str, *lines: tuple[str, object], row: StoredRow | None = None) -> Evidence:
    effects = tmp_path / "effects.jsonl"
    told = [{"id": "a1", "field": FIELDS[crm][name], "after": after} for name, after in lines]
    effects.write_text("".join(json.dumps(line) + "\n" for line in told))
    return compare([row or stored(crm)], FIELDS, effects)


@pytest.mark.parametrize("crm", FIELDS)
def test_a_log_of_exactly_the_changes_agrees(tmp_path: Path, crm: str) -> None:
    """A field that kept its value is no change."""
    score, _, named = AS_WRITTEN[crm]
    found = logged(tmp_path, crm, ("score", score), ("named", named))
    assert (found.ok, found.planned, found.logged) == (True, 2, 2)


@pytest.mark.parametrize("crm", FIELDS)
def test_what_is_missing_and_what_was_not_planned_are_found(tmp_path: Path, crm: str) -> None:
    score, tier, _ = AS_WRITTEN[crm]
    found = logged(tmp_path, crm, ("score", score), ("score", score), ("tier", tier))
    own = FIELDS[crm]
    assert not found.ok
    assert found.missing == (("a1", own["named"], "true"),)
    assert sorted(found.unplanned) == [("a1", own["score"], "50"), ("a1", own["tier"], "B")]


def test_another_value_is_both(tmp_path: Path) -> None:
    found = logged(tmp_path, "hubspot", ("score", "50.5"), ("named", "true"))
    assert found.missing == (("a1", "priority_score", "50"),)
    assert found.unplanned == (("a1", "priority_score", "50.5"),)


def test_a_row_that_was_not_written_wants_nothing_in_the_log(tmp_path: Path) -> None:
    waiting = replace(stored("hubspot"), state=RowState.APPROVED)
    assert logged(tmp_path, "hubspot", row=waiting).ok
    assert not logged(tmp_path, "hubspot", ("score", "50"), row=waiting).ok
