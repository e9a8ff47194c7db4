"""A plan's figures agree with its rows and with the books as they stand."""

from __future__ import annotations

from sync_worker.core.model import Decision, PlanRow, Rep, RowKind
from sync_worker.core.people import people
from sync_worker.core.planning import ModelFields, PriorityFields
from sync_worker.core.steps import Unassigned
from sync_worker.core.summary import rule_shares, summarise

REPS = {
    "ann": Rep("ann", "Ann", {"salesforce": "ann"}, {"emea": 10}),
    "bob": Rep("bob", "Bob", {"salesforce": "bob"}, {"emea": 5, "amer": 5}),
    "gone": Rep("gone", "Gone", {}, {}),
    "idle": Rep("idle", "Idle", {"salesforce": "idle"}, {}),
}
NAMES = {rep.id: rep.name for rep in REPS.values()}


def decision(
    account: str, owner: str, *, scope: str | None = "target", book: str | None = "emea", motion: str = "new logo"
) -> Decision:
    return Decision(account, "salesforce", account, owner, scope, None, None, book, {}, fields={"motion": motion})


def move(account: str, before: str, after: str, rule: str = "book:emea") -> PlanRow:
    return PlanRow(1, "salesforce", account, account, RowKind.OWNER, {"owner": before}, {"owner": after}, rule, "", "")


DECISIONS = [
    decision("1", "ann", motion="renewal"),
    decision("2", "pool"),
    decision("3", "gone"),
    decision("4", "bob", book="amer"),
    decision("5", "ann", scope=None),
]
ROWS = [
    move("2", "pool", "bob"),
    move("3", "gone", "pool", "return:left"),
    PlanRow(3, "salesforce", "1", "1", RowKind.PRIORITY, {"tier": "B"}, {"tier": "A", "grade": "A1"}, "", "", ""),
]
FIELDS = PriorityFields((ModelFields("priority", tier="tier"), ModelFields("fit-timing", tier="grade")), step=5)
LEFT = [Unassigned("9", "it rests after its return")]
FOUND = summarise(
    ROWS, DECISIONS, REPS, NAMES, unassigned=LEFT, people=people([], {"salesforce": "pool"}), fields=FIELDS,
    schemes={"motion": ["renewal", "expansion", "new logo"]},
)  # fmt: skip


def test_accounts_out_of_scope_count_only_in_all() -> None:
    assert (FOUND["accounts"], FOUND["in_scope"]) == (5, 4)


def test_rows_are_counted_by_what_they_write() -> None:
    assert (FOUND["owner_changes"], FOUND["priority_writes"]) == (2, 1)
    assert FOUND["rules"] == {"book:emea": 1, "return:left": 1}
    assert FOUND["tiers"] == {"B → A": 1}
    assert FOUND["models"] == {"fit-timing": {"none → A1": 1}}


def test_each_book_shows_what_reps_own_of_it_before_and_after() -> None:
    """Account 2 is given and account 3 returned, so the book keeps its two; capacity is that of active reps."""
    assert FOUND["books"] == [
        {"book": "amer", "before": 1, "after": 1, "capacity": 5},
        {"book": "emea", "before": 2, "after": 2, "capacity": 15},
    ]
    assert FOUND["pool"] == {"before": 1, "after": 1, "left": {"it rests after its return": 1}}


def test_each_rep_with_a_book_or_a_move_is_listed_by_name() -> None:
    assert FOUND["reps"] == [
        {"rep": "ann", "name": "Ann", "before": 1, "loses": 0, "gains": 0, "after": 1, "capacity": 10},
        {"rep": "bob", "name": "Bob", "before": 1, "loses": 0, "gains": 1, "after": 2, "capacity": 5},
        {"rep": "gone", "name": "Gone", "before": 1, "loses": 1, "gains": 0, "after": 0, "capacity": 0},
    ]


def test_accounts_in_scope_are_counted_by_segment_in_the_order_of_the_scheme() -> None:
    assert FOUND["segments"] == [
        {"scheme": "motion", "segment": "renewal", "accounts": 1},
        {"scheme": "motion", "segment": "expansion", "accounts": 0},
        {"scheme": "motion", "segment": "new logo", "accounts": 3},
    ]


def test_a_rules_share_is_of_the_accounts_in_scope_at_that_time() -> None:
    earlier = [{"in_scope": 100, "rules": {"book:emea": 5}}, {"in_scope": 0, "rules": {"book:emea": 1}}, {}]
    assert rule_shares([FOUND, *earlier]) == {"book:emea": [0.25, 0.05], "return:left": [0.25]}
