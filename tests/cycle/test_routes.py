"""Routes over HTTP: whoever's turn it is owns the account in the CRM, and no turn is given twice."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest

from sync_worker.config import load
from sync_worker.report.explanation import explained
from sync_worker.report.routes import stood
from sync_worker.report.text import plain
from sync_worker.routes import routes
from sync_worker.store import turns

if TYPE_CHECKING:
    from sync_worker.app import Worker
    from sync_worker.config import Config
    from sync_worker.core.routing import Ledger
    from sync_worker.cycle import PlanReport
    from tests.cycle.office import Office

ROUTES = """
version: 1
routes:
  - id: enquiries
    when: lead_source in ('Web', 'Referral')
    to: {reps: "team like 'EMEA%' or team like 'AMER%'", by: KIND}
    because: Enquiries are answered in turn
    MORE
"""


def settings(office: Office, kind: str = "round robin", more: str = "", policy: str = "approve") -> Config:
    """The office's config, with the demo's rules and one route."""
    office.config(policy=policy, owner_moves=1.0)
    (office.rules / "routes.yaml").write_text(ROUTES.replace("KIND", kind).replace("MORE", more))
    flags = ("fields.accounts.lead_source=AccountSource", "guards.rep_moves=1.0")
    return load(office.folder / "config.toml", environ={}, flags=flags).config


def routed(report: PlanReport) -> dict[str, str]:
    """Whom the plan's routes give what."""
    changes = report.decided.assignment.changes
    return {change.account: change.after for change in changes if change.rule == "route:enquiries"}


def apply(worker: Worker, report: PlanReport) -> None:
    assert report.plan is not None
    plan = report.plan.plan
    worker.approve(plan.id, by="Rita Morgan", overrides=[guard.name for guard in plan.guards])
    applied, _ = worker.apply(plan.id)
    assert applied.stopped is None


def ledger(worker: Worker) -> Ledger:
    with worker.store.read() as tx:
        return turns.ledgers(tx).get("enquiries", {})


def say_whose_turn_it_was(office: Office, report: PlanReport) -> None:
    assert report.plan is not None
    names = {user["Id"]: user["Name"] for user in office.users()}
    for row in report.plan.plan.rows:
        if row.rule == "route:enquiries":
            begins = f"Enquiries are answered in turn: turn of {names[row.after['owner']]} ("
            assert row.reason.startswith(begins)


def is_explained_before(office: Office, worker: Worker, account: str, rep: str) -> None:
    names = {str(user["Id"]): str(user["Name"]) for user in office.users()}
    told = worker.explain(account)
    assert told.verdict == "It waits in the pool for its turn: the route enquiries gives it out."
    assert told.turn is not None
    assert told.turn.next
    assert told.turn.goes_to == names[rep]
    assert [one.name for one in told.turn.candidates if one.got_it] == [names[rep]]
    other = next(one for one in told.turn.candidates if not one.got_it and not one.bar)
    (reason,) = worker.why_not(account, other.rep).reasons
    assert reason.kind == "route"
    assert reason.text.startswith(f"The route enquiries gives it out, and it is the turn of {names[rep]} (")
    assert worker.why_not(account, rep).verdict == f"Nothing: the next plan gives it to {names[rep]}."
    pool = next(str(user["Name"]) for user in office.users() if user["Name"] == "Account Pool")
    assert [one.kind for one in worker.why_not(account, pool).reasons] == ["pool"]


def is_explained_after(office: Office, worker: Worker, account: str, rep: str) -> None:
    names = {str(user["Id"]): str(user["Name"]) for user in office.users()}
    told = worker.explain(account)
    assert told.turn is not None
    assert not told.turn.next
    assert (told.turn.goes_to, told.turn.state) == (names[rep], "verified")
    text = plain(explained(told)[0])
    assert "Whose turn is it? The route enquiries" in text
    assert f"it goes to {names[rep]}." in text


def is_reported(worker: Worker, given: dict[str, str]) -> None:
    found = routes(worker.parts)
    (one,) = found.routes
    assert {member.rep: member.received.count for member in one.members if member.received.count} == Counter(
        given.values()
    )
    text = plain(stood(found)[0])
    assert "enquiries: round robin" in text
    assert "AHEAD" in text
    assert one.off is None, "so few turns tell nothing of fairness"


def test_routed_accounts_get_their_owners_in_the_crm_and_a_second_plan_gives_nothing_twice(office: Office) -> None:
    with office.worker(settings(office)) as worker:
        first = worker.plan()
        given = routed(first)
        assert len(given) >= 3
        assert set(Counter(given.values()).values()) <= {1, 2}
        assert ledger(worker) == {}, "a plan that waits has given nobody a turn"
        say_whose_turn_it_was(office, first)
        is_explained_before(office, worker, *next(iter(given.items())))
        apply(worker, first)
        assert {account: office.account(account)["OwnerId"] for account in given} == given
        assert sum(one.received.count for one in ledger(worker).values()) == len(given)
        # Who joins later begins at the average, which is not 0 where not everybody may have every account.
        assert sum(one.entitled.count for one in ledger(worker).values()) == pytest.approx(len(given), abs=0.2)
    with office.worker(settings(office)) as worker:
        again = worker.plan()
        assert routed(again) == {}
        assert not again.decided.assignment.turns
        is_explained_after(office, worker, *next(iter(given.items())))
        is_reported(worker, given)


def test_a_waiting_plan_is_renewed_with_the_same_turns_and_a_rejected_one_gives_them_back(office: Office) -> None:
    with office.worker(settings(office)) as worker:
        first, second = worker.plan(), worker.plan()
        assert first.plan is not None
        assert second.plan is not None
        assert first.plan.plan.id == second.plan.plan.id
        with worker.store.read() as tx:
            kept = [turns.latest(tx, account) for account in routed(first)]
        assert {one and one[1] for one in kept} == {first.plan.plan.id}
        worker.reject(first.plan.plan.id, by="Rita Morgan", note="not today")
        assert ledger(worker) == {}
        again = worker.plan()
        assert routed(again) == routed(first)
        apply(worker, again)
        assert sum(one.received.count for one in ledger(worker).values()) == len(routed(first))


def turns_rest_on_a_number_of_the_account(office: Office, report: PlanReport) -> None:
    employees = {row["Id"]: row.get("NumberOfEmployees") for row in office.sandbox.company.rows("Account")}
    known = [turn for turn in report.decided.assignment.turns if employees[turn.account]]
    assert known
    assert all(turn.value == employees[turn.account] for turn in known)


def test_an_absent_rep_gets_nothing_and_the_reason_says_until_when(office: Office) -> None:
    config = settings(office, "value", "value: employees")
    with office.worker(config) as worker:
        first = worker.plan()
    given = routed(first)
    turns_rest_on_a_number_of_the_account(office, first)
    lucky = Counter(given.values()).most_common(1)[0][0]
    user = next(one for one in office.users() if one["Id"] == lucky)
    day = datetime.now(UTC).date()
    absence = f"email,from,until\n{user['Email']},{day - timedelta(days=2)},{day + timedelta(days=9)}\n"
    (office.rules / "absences.csv").write_text(absence)
    (office.rules / "absences.yaml").write_text("version: 1\nabsences: [absences.csv]\n")
    with office.worker(config) as worker:
        report = worker.plan()
    now_given = routed(report)
    assert lucky not in now_given.values()
    assert now_given.keys() == given.keys()
    reasons = [change.reason for change in report.decided.assignment.changes if change.rule == "route:enquiries"]
    assert all(f"{user['Name']} is away until {day + timedelta(days=9)}" in reason for reason in reasons)


def test_caps_of_a_week_hold_from_run_to_run_and_what_is_over_waits_outside_the_books(office: Office) -> None:
    """One account for each rep a week: the next run of the week has nothing to give to those who had theirs."""
    config = settings(office, more="caps: [{most: 1, every: month}, {holding: 1, when: employees > 1000000}]")
    with office.worker(config) as worker:
        first = worker.plan()
        given = routed(first)
        assert set(Counter(given.values()).values()) == {1}
        waiting = first.decided.assignment.kept
        apply(worker, first)
        again = worker.plan()
    assert not set(routed(again).values()) & set(given.values())
    books = {change.account for change in again.decided.assignment.changes if change.rule.startswith("book:")}
    assert not books & waiting
    told = {one.account: one.because for one in first.decided.assignment.unassigned}
    assert all("nobody of the route enquiries is free" in told[account] for account in waiting)
