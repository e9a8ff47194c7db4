"""Turns are kept with their plan and count once their row may have landed, on both engines."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest
from sqlalchemy import insert, update

from sync_worker.core.model import RowKind, RowState
from sync_worker.core.people import Member, people
from sync_worker.core.routing import Amount, Arrival, Bar, Barred, Candidate, RouteTurn, replay
from sync_worker.store import plans, turns
from sync_worker.store.schema import owner_history, plan_row, record
from tests.store.plan_rows import plan, row

if TYPE_CHECKING:
    from sync_worker.core.model import Plan
    from sync_worker.store import Store

THIRD = round(1 / 3, 9)
CANDIDATES = (
    Candidate("ann", None, 1.0, 1.333333333),
    Candidate("bob", Barred(Bar.AWAY, "away until 2026-12-03"), 0.0, 0.5),
)


def turn(account: str, rep: str = "ann", route: str = "in") -> RouteTurn:
    shares = {"ann": Amount(THIRD, 4.5), "cem": Amount(1 - THIRD, 5.5)}
    return RouteTurn(route, account, rep, 10.0, shares, ("bob",), CANDIDATES)


def save(store: Store, wanted: Plan, given: list[RouteTurn], now: datetime) -> str:
    with store.begin() as tx:
        saved = plans.save(tx, wanted, now=now)
        turns.save(tx, saved, given)
    return saved


def counted(store: Store) -> dict[str, dict[str, float]]:
    """How many accounts each rep has received, by route."""
    with store.read() as tx:
        found = turns.ledgers(tx)
    return {route: {rep: one.received.count for rep, one in ledger.items()} for route, ledger in found.items()}


def account_of(wanted: Plan) -> str:
    return next(row.account for row in wanted.rows if row.kind is RowKind.OWNER)


@pytest.mark.parametrize(
    ("state", "counts"),
    [
        (RowState.PLANNED, False),
        (RowState.APPROVED, False),
        (RowState.SENT, True),
        (RowState.UNKNOWN, True),
        (RowState.CONFIRMED, True),
        (RowState.VERIFIED, True),
        (RowState.CONFLICT, False),
        (RowState.FAILED, False),
        (RowState.SUPERSEDED, False),
        (RowState.CANCELLED, False),
    ],
)
def test_a_turn_counts_once_its_row_may_have_landed(
    store: Store, now: datetime, state: RowState, counts: bool  # noqa: FBT001 - a case
) -> None:  # fmt: skip
    wanted = plan(now, "p")
    given = turn(account_of(wanted))
    save(store, wanted, [given], now)
    with store.begin() as tx:
        tx.execute(update(plan_row).values(state=state.value))
    assert counted(store) == ({"in": {"ann": 1.0, "cem": 0.0}} if counts else {})


def test_a_renewed_plan_keeps_the_turns_that_it_has(store: Store, now: datetime) -> None:
    wanted = plan(now, "p")
    account = account_of(wanted)
    assert save(store, wanted, [turn(account)], now) == "p"
    again = replace(wanted, id="q")
    assert save(store, again, [turn(account, "cem")], now) == "p"
    with store.begin() as tx:
        tx.execute(update(plan_row).values(state=RowState.CONFIRMED.value))
    assert counted(store) == {"in": {"ann": 1.0, "cem": 0.0}}


def test_the_latest_turn_of_an_account_tells_who_was_considered_and_what_became_of_it(
    store: Store, now: datetime
) -> None:
    wanted = plan(now, "p")
    account = account_of(wanted)
    save(store, wanted, [turn(account)], now)
    with store.read() as tx:
        assert turns.latest(tx, account) == (turn(account), "p", now, RowState.PLANNED)
        assert turns.latest(tx, "nobody's") is None


def test_ledgers_are_what_the_turns_that_count_say_in_their_order(store: Store, now: datetime) -> None:
    wanted = plan(now, "p")
    account = account_of(wanted)
    given = [turn(account, "ann"), turn(account, "cem", "out"), turn(account, "cem")]
    save(store, wanted, given, now)
    with store.begin() as tx:
        tx.execute(update(plan_row).values(state=RowState.VERIFIED.value))
    with store.read() as tx:
        assert turns.ledgers(tx) == replay(given)
    ledger = replay(given)["in"]
    assert (ledger["ann"].received, ledger["ann"].entitled) == (Amount(1.0, 10.0), Amount(0.666666666, 9.0))


def test_what_no_row_of_the_plan_gives_is_no_turn_of_it(store: Store, now: datetime) -> None:
    save(store, plan(now, "p"), [turn("not-in-the-plan")], now)
    with store.begin() as tx:
        tx.execute(update(plan_row).values(state=RowState.CONFIRMED.value))
    assert counted(store) == {}


@pytest.mark.parametrize(
    ("state", "counts"), [(RowState.VERIFIED, {}), (RowState.CONFLICT, {"in": {"ann": 3.0, "cem": 0.0}})]
)
def test_a_turn_that_was_rolled_back_is_given_back(
    store: Store, now: datetime, state: RowState, counts: dict[str, dict[str, float]]
) -> None:  # fmt: skip
    save(store, plan(now, "p"), [turn(f"acc-{number}") for number in (1, 2, 3)], now)
    with store.begin() as tx:
        tx.execute(update(plan_row).values(state=RowState.VERIFIED.value))
        plans.save(tx, plan(now, "back", rows=[row(n, after="ann", rule="rollback:p") for n in (1, 2, 3)]), now=now)
        tx.execute(update(plan_row).where(plan_row.c.plan_id == "back").values(state=state.value))
    assert counted(store) == counts


def test_an_account_came_when_its_owner_changed_or_else_when_the_crm_says_it_was_made(
    store: Store, now: datetime
) -> None:
    def account(id_: str, **fields: str) -> dict[str, object]:
        own = {"stream": "accounts", "crm": "salesforce", "modified": now, "deleted": False, "sequence": 1}
        return {**own, "id": id_, "fields": fields}

    made = [account("a", created_at="2026-11-02", parent="b"), account("b", created_at="2026-11-03T10:00:00Z")]
    lost = now - timedelta(days=2)
    moves = [
        {"account_id": "a", "at": now - timedelta(days=9), "before": "u-ann", "after": "u-bob"},
        {"account_id": "a", "at": lost, "before": "u-bob", "after": "pool"},
    ]
    everybody = people([Member("hubspot", "u-bob", "bob@acme.example", may_own=True)], {"salesforce": "pool"})
    with store.begin() as tx:
        tx.execute(insert(record), [*made, account("c")])
        tx.execute(insert(owner_history), moves)
    with store.read() as tx:
        found = turns.arrivals(tx, ["a", "b", "c", "gone"], everybody, now)
        assert turns.parents(tx) == {"a": "b", "b": None, "c": None}
    at = datetime(2026, 11, 3, 10, tzinfo=UTC)
    assert found == {"a": Arrival(lost, timedelta(days=2), "u-bob"), "b": Arrival(at, now - at)}


@pytest.mark.parametrize(("rule", "missed"), [("service:first", True), ("return:unworked", False)])
def test_an_account_that_a_service_level_took_away_is_known_by_it(
    store: Store, now: datetime, rule: str, missed: bool  # noqa: FBT001 - a case
) -> None:  # fmt: skip
    taken = row(1, after="pool", rule=rule)
    change = {"account_id": taken.account, "at": now, "before": "ann", "after": "pool", "plan_id": "p", "row_number": 1}
    with store.begin() as tx:
        plans.save(tx, plan(now, "p", rows=[taken]), now=now)
        tx.execute(insert(owner_history), change)
        found = turns.arrivals(tx, [taken.account], people([], {"salesforce": "pool"}), now)
    assert found[taken.account].missed is missed
