"""Scores of people over HTTP: from what the CRM shows of contacts and their deeds to the account's explanation."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from connectors.port import Value
    from tests.cycle.office import Office

CHAMPIONS = """
version: 1
contacts:
  - id: champion
    max: 100
    best: 2
    parts:
      persona:
        max: 50
        terms:
          - {id: decides, when: title like '%chief%' or title like 'VP %', points: 50, because: Decides}
      engagement:
        max: 50
        linear: 90 days
        terms:
          - {id: asked, event: web_form, points: 25, because: Asked us}
          - {id: answered, event: reply, points: 15, because: Answered us}
          - {id: met, event: meeting, points: 20, because: Met us}
scores:
  - id: people
    max: 100
    parts:
      best:
        max: 100
        terms:
          - {id: best, scale: contact_score('champion'), from: 0, to: 100, points: 100, because: Has a champion}
    tiers: {A: 50, B: 0}
"""
POINTS = {"Web Form": 25, "Reply": 15, "Meeting": 20}


def own(office: Office, entity: str, contact: dict[str, Value]) -> list[dict[str, Value]]:
    """What somebody did with this contact at its account."""
    rows = (dict(row) for row in office.sandbox.company.rows(entity))
    whose = (contact["Id"], contact["AccountId"])
    return [row for row in rows if (row.get("WhoId"), row.get("AccountId")) == whose]


def expected(office: Office, contact: dict[str, Value]) -> float:
    """The guide's arithmetic over what the CRM holds."""
    title, today = str(contact.get("Title") or ""), datetime.now(UTC).date()
    persona = "chief" in title.lower() or title.lower().startswith("vp ")
    events: dict[str, float] = dict.fromkeys(POINTS, 0.0)
    deeds = [(row["Type"], row["CompletedDateTime"]) for row in own(office, "Task", contact) if row["IsClosed"]]
    deeds += [("Meeting", row["StartDateTime"]) for row in own(office, "Event", contact)]
    for kind, at in deeds:
        age = (today - datetime.fromisoformat(str(at)).date()).days
        if kind in events and age >= 0:
            events[str(kind)] += max(0.0, 1 - age / 90)
    return 50 * persona + min(50.0, sum(POINTS[kind] * left for kind, left in events.items()))


def test_an_account_has_the_score_of_its_best_contact_and_follows_what_contacts_do(office: Office) -> None:
    (office.rules / "champions.yaml").write_text(CHAMPIONS)
    people: dict[str, list[dict[str, Value]]] = {}
    for row in office.sandbox.company.rows("Contact"):
        if row.get("AccountId"):
            people.setdefault(str(row["AccountId"]), []).append(dict(row))
    with office.worker() as worker:
        decisions = {one.account: one for one in worker.plan().decided.decisions}
        best = {id_: max(expected(office, one) for one in each) for id_, each in people.items() if id_ in decisions}
        totals = {id_: decisions[id_].scores["people"].total for id_ in best}
        assert totals == pytest.approx(best, abs=1e-4)
        assert len({round(total) for total in totals.values()}) > 5
        quiet = next(id_ for id_, total in best.items() if total == 0 and len(people[id_]) > 1)
        told = worker.explain(quiet).contacts
        assert [(one.score, one.total, one.points) for one in told] == [("champion", 0, ())] * 2
    someone = str(people[quiet][1]["Id"])
    at = (datetime.now(UTC) - timedelta(hours=1)).strftime("%Y-%m-%dT%H:%M:%S.000+0000")
    deed = {"WhatId": quiet, "WhoId": someone, "Type": "Web Form", "Subject": "Web Form", "ActivityDate": at[:10]}
    done = {"Status": "Completed", "CompletedDateTime": at, "OwnerId": people[quiet][1]["OwnerId"]}
    office.sandbox.company.create("Task", {**deed, **done}, actor=str(people[quiet][1]["OwnerId"]))
    with office.worker() as worker:
        worker.pull()
        first = worker.explain(quiet).contacts[0]
    assert (first.contact, first.name) == (someone, people[quiet][1]["Name"])
    assert first.total == pytest.approx(25, abs=0.3)
    assert [point.because for point in first.points] == ["Asked us"]
