"""The ledger of fairness: what each rep of a route has received and was entitled to, in count and in value."""

from __future__ import annotations

from datetime import date

import pytest

from sync_worker.core.routing import By, Cap, CapUsed, Desk, replay, standing
from sync_worker.core.steps import Position
from sync_worker.report.routes import stood
from sync_worker.report.text import plain
from sync_worker.routes import Routes
from tests.core.routing.team import NOW, POOL, Days, Office, account, members, route

AWAY = Office({"bob": [(NOW.date(), date.max)]})


def after(policy_by: By, accounts: int) -> tuple[Days, Desk]:
    days = Days(route(policy_by, members(ann=1.0, bob=0.5), score="priority"))
    days.run(account(f"a{at}", value=5.0 + at % 3) for at in range(accounts))
    days.policy = route(policy_by, members(ann=1.0, bob=0.5), score="priority", caps=(Cap(9, "9 a day", {"ann": 4}),))
    return days, Desk({"in": days.policy}, AWAY, NOW, replay(days.turns))


def test_each_rep_is_told_with_what_was_received_and_due_who_is_away_and_what_caps_have_used() -> None:
    _, desk = after(By.WEIGHTED, 60)
    (found,) = standing(desk, Position((account("waits"),), {}, POOL))
    ann, bob = found.members
    assert (ann.received.count, bob.received.count) == (40, 20)
    assert (round(ann.entitled.count, 6), round(bob.entitled.count, 6)) == (40, 20)
    assert ann.received.value + bob.received.value == 60 * 6
    assert (ann.away, bob.away) == ("", "away until further notice")
    assert ann.caps == (CapUsed("9 a day", 4, 9),)
    assert (found.waiting, found.left) == (1, ())
    assert found.off == pytest.approx(0, abs=1e-6)


def test_how_far_off_is_told_in_the_measure_of_the_turns_and_not_before_ten_were_due() -> None:
    _, early = after(By.VALUE, 12)
    (found,) = standing(early, Position((), {}, POOL))
    assert found.off is None
    _, later = after(By.VALUE, 90)
    (found,) = standing(later, Position((), {}, POOL))
    assert found.off is not None
    assert found.off < 0.05
    ann = found.members[0]
    assert ann.ahead == pytest.approx(ann.received.value - ann.entitled.value)


def test_accounts_that_nobody_may_have_are_told_with_why() -> None:
    everybody_away = Office({id_: [(NOW.date(), date(2026, 12, 3))] for id_ in ("ann", "bob", "cem")})
    (found,) = standing(Desk({"in": route()}, everybody_away, NOW), Position((account("a"),), {}, POOL))
    ((left, why),) = found.left
    assert (found.waiting, left) == (1, "a")
    assert why.startswith("nobody of the route in is free: Ann is away until 2026-12-03")
    text = plain(stood(Routes(NOW, (found,), {"a": "Acme"}))[0])
    assert f"Acme: {why}" in text
    assert "It matches 1 account of the pool; the next plan gives 0 of them." in text


def test_rules_without_routes_say_so() -> None:
    document, told = stood(Routes(NOW, (), {}))
    assert "The rules have no route" in plain(document)
    assert told["routes"] == []


@pytest.mark.parametrize("asks_for_hours", [True, False])
def test_hours_are_told_of_routes_that_ask_for_them_alone(asks_for_hours: bool) -> None:  # noqa: FBT001 - a parameter
    desk = Desk({"in": route(working_hours=asks_for_hours)}, Office(night=True), NOW)
    (found,) = standing(desk, Position((), {}, POOL))
    assert {member.working for member in found.members} == {not asks_for_hours}
