"""Several scores and grids over HTTP: each account gets them in one write, each in a field of its own, and no other."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pytest

from sync_worker.config import ConfigInvalid, load
from sync_worker.core.model import PlanState, RowKind, RowState

if TYPE_CHECKING:
    from sync_worker.config import Config
    from tests.cycle.office import Office

INBOUND = """
version: 1
scores:
  - id: inbound
    max: 100
    parts:
      asked:
        max: 100
        linear: 90 days
        terms:
          - {id: form, event: web_form, points: 60, because: Asked us lately}
          - {id: answer, event: reply, points: 30, because: Answered us lately}
    tiers: {Hot: 60, Warm: 20, Cold: 0}
grids:
  - {id: priority-inbound, rows: priority, columns: inbound}
"""
FLAGS = (
    'fields.models.inbound={ tier = "rating", reasons = "why" }',
    'fields.models.priority-inbound={ tier = "grade" }',
    "fields.accounts.why=Description",
    "fields.accounts.grade=AccountNumber",
)


def settings(office: Office, *flags: str) -> Config:
    """The office's config with these flags, and a score of its own for accounts that come by themselves."""
    office.config(policy="automatic")
    (office.rules / "inbound.yaml").write_text(INBOUND)
    return load(office.folder / "config.toml", environ={}, flags=flags).config


def test_each_score_and_grid_has_its_field_and_each_account_one_write(office: Office) -> None:
    own = settings(office, *FLAGS)
    with office.worker(own) as worker:
        plan = office.approved(worker, overrides=["foreign_values"])
        applied, verified = worker.apply(plan.plan.id)
    priorities = [row.row for row in plan.rows if row.row.kind is RowKind.PRIORITY]
    assert applied.counts == {RowState.CONFIRMED: len(plan.rows)}
    assert verified.verified == len(plan.rows)
    assert set(Counter(row.account for row in priorities).values()) == {1}
    graded = 0
    for row in priorities:
        shown = office.account(row.account)
        written = tuple(shown.get(name) for name in ("Priority_Tier__c", "Rating", "Description", "AccountNumber"))
        assert written == tuple(row.after[name] for name in ("tier", "rating", "why", "grade"))
        assert row.after["grade"] == f"{row.after['tier']}{row.after['rating']}"
        graded += row.after["rating"] != "Cold" and "lately" in str(row.after["why"])
    assert graded > 10
    assert plan.plan.summary["models"]
    with office.worker(own) as worker:
        assert worker.plan().plan is None


def test_values_that_people_wrote_into_a_field_are_not_replaced_unless_somebody_agrees(office: Office) -> None:
    """Once: what the worker has taken over is its own from then on."""
    own = settings(office, *FLAGS)
    with office.worker(own) as worker:
        plan = worker.plan().plan
        assert plan is not None
        (finding,) = [one for one in plan.plan.guards if one.name == "foreign_values"]
        assert "salesforce's rating" in finding.message
        assert plan.state is PlanState.HELD
        office.approved(worker, overrides=["foreign_values"])
        worker.apply(plan.plan.id)
    changed = next(row.row.account for row in plan.rows if row.row.kind is RowKind.PRIORITY)
    office.sandbox.company.edit("Account", changed, actor="admin@acme.example", Rating="Hot")
    with office.worker(own) as worker:
        again = worker.plan().plan
    assert again is not None
    assert not again.plan.guards


def test_a_field_that_nobody_named_for_a_score_is_never_written(office: Office) -> None:
    with office.worker(settings(office)) as worker:
        plan = office.approved(worker)
        worker.apply(plan.plan.id)
    fields = {str(effect["field"]) for effect in office.sandbox.effects}
    assert fields <= {"OwnerId", "Priority_Score__c", "Priority_Tier__c", "Priority_Reasons__c"}


@pytest.mark.parametrize(
    ("flag", "told"),
    [
        ('fields.models.inbond={ tier = "rating" }',
         "fields.models.inbond names neither a score nor a grid of the rules — did you mean 'inbound'?"),
        ('fields.models.priority-inbound={ score = "rating" }',
         "fields.models.priority-inbound.score: the grid 'priority-inbound' has a grade alone — write tier for it"),
        ('fields.models.inbound={ tier = "ratng" }',
         "fields.models.inbound.tier = 'ratng' names no account field — did you mean 'rating'?"),
    ],
)  # fmt: skip
def test_fields_for_what_there_is_not_stop_the_plan(office: Office, flag: str, told: str) -> None:
    with office.worker() as worker:
        worker.pull()
    with office.worker(settings(office, flag)) as worker, pytest.raises(ConfigInvalid) as caught:
        worker.plan()
    assert [str(problem).removeprefix("config: ") for problem in caught.value.problems] == [told]


VENDOR = """
version: 1
scores:
  - id: vendor
    max: 100
    parts:
      fit: {max: 100, terms: [{id: fit, scale: vendor_fit, from: 0, to: 100, points: 100, because: Fits them}]}
    tiers: {A: 60, B: 0}
protect:
  - {id: ruled-out, when: vendor_fit = -1, because: The vendor says to leave it alone}
"""


def test_a_vendors_score_from_a_file_makes_points_and_its_minus_one_keeps_an_account_where_it_is(
    office: Office,
) -> None:
    own = settings(office, "signals.fields.vendor_fit=number", "signals.folder=signals")
    (office.rules / "vendor.yaml").write_text(VENDOR)
    (office.folder / "signals").mkdir()
    with office.worker(own) as worker:
        free = [one.account for one in worker.plan().decided.decisions if one.scope and not one.protect]
    liked, ruled_out, unknown = free[:3]
    today = datetime.now(UTC).date()
    (office.folder / "signals" / "vendor.csv").write_text(
        f"account_id,vendor_fit,date\n{liked},85,{today}\n{ruled_out},-1,{today}\n"
    )
    with office.worker(own) as worker:
        decisions = {decision.account: decision for decision in worker.plan().decided.decisions}
    assert [decisions[id_].scores["vendor"].total for id_ in (liked, ruled_out, unknown)] == [85, 0, 0]
    assert decisions[liked].scores["vendor"].tier == "A"
    assert [decisions[id_].protect for id_ in (liked, ruled_out, unknown)] == [None, "ruled-out", None]
