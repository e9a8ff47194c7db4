"""I7: a plan over its blast radius says so, with both figures; a plan at the limit passes."""

from __future__ import annotations

import pytest

from sync_worker.core.guards import Ground, Guards, Limit, judge
from sync_worker.core.model import PlanRow, RowKind
from sync_worker.core.people import people

GUARDS = Guards(Limit(0.05, 500, 10), Limit(0.20, 50, 10), 3.0)
NAMES = {"ann": "Ann Lee", "bob": "Bob Ray"}


def moves(count: int, *, before: str = "pool", after: str = "ann", rule: str = "book:emea") -> list[PlanRow]:
    return [
        PlanRow(
            n,
            "salesforce",
            f"{before}{after}{n}",
            "Acme",
            RowKind.OWNER,
            {"owner": before},
            {"owner": after},
            rule,
            "",
            "",
        )
        for n in range(1, count + 1)
    ]


def test_what_goes_to_and_fro_is_held_beyond_the_limit() -> None:
    few = Guards(Limit(1, 500, 10), Limit(1, 500, 10), 3.0, ping_pong_days=30, ping_pong_most=2)
    assert not judge(moves(3), ground(came_back=2), few)
    (finding,) = judge(moves(3), ground(came_back=3), few)
    assert (finding.name, finding.message) == (
        "ping_pong",
        "3 accounts would go back to an owner who had them within the last 30 days; the limit is 2",
    )


def ground(**changes: object) -> Ground:
    values: dict[str, object] = {
        "in_scope": 1000,
        "books": {},
        "names": NAMES,
        "earlier_shares": {},
        "people": people([], {"salesforce": "pool"}),
    }
    return Ground(**{**values, **changes})  # type: ignore[arg-type]


@pytest.mark.parametrize(("in_scope", "limit"), [(0, 10), (100, 10), (1000, 50), (9_999, 499), (1_000_000, 500)])
def test_owner_moves_stop_above_five_per_cent_between_floor_and_ceiling(in_scope: int, limit: int) -> None:
    books = {"ann": 10_000}
    spread = [*moves(limit // 2), *moves(limit - limit // 2, after="bob")]
    at = ground(in_scope=in_scope, books=books)
    lenient = Guards(GUARDS.owner_moves, Limit(1, 10_000, 10_000), 3.0)
    assert not judge(spread, at, lenient)
    (finding,) = judge([*spread, *moves(1, before="bob", after="pool")], at, lenient)
    assert finding.name == "owner_moves"
    assert f"{limit + 1:,} of {in_scope:,}" in finding.message


def test_one_rep_may_not_gain_or_lose_too_much_but_the_pool_may() -> None:
    (finding,) = judge(moves(21), ground(books={"ann": 100}), GUARDS)
    assert finding.name == "rep_moves"
    assert finding.message == "Ann Lee would gain 21, over 20"
    (finding,) = judge(moves(21, before="ann", after="pool"), ground(books={"ann": 100}), GUARDS)
    assert finding.message == "Ann Lee would lose 21, over 20"


def test_many_reps_over_the_limit_are_told_worst_first_and_counted() -> None:
    over = [row for n in range(5) for row in moves(11 + n, after=f"rep{n}")]
    (finding,) = judge(over, ground(in_scope=10_000), GUARDS)
    assert finding.message == (
        "rep4 would gain 15, over 10; rep3 would gain 14, over 10; rep2 would gain 13, over 10; and 2 more like these"
    )


def test_a_rule_that_triples_its_usual_share_is_named() -> None:
    calm = ground(earlier_shares={"book:emea": [0.01, 0.004, 0.005]}, books={"ann": 200})
    assert not judge(moves(15), calm, GUARDS)
    (finding,) = judge(moves(16), calm, GUARDS)
    assert finding.name == "rule_growth"
    assert "book:emea would move 16 accounts (1.6%); its 30-day median is 0.5%" in finding.message


def test_priorities_trip_no_guard() -> None:
    rows = [
        PlanRow(n, "salesforce", str(n), "Acme", RowKind.PRIORITY, {}, {}, "score:priority", "", "")
        for n in range(5000)
    ]
    assert not judge(rows, ground(), GUARDS)
