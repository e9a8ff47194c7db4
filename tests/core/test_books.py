"""Returns and refill: what may move, to whom, and in what order."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from sync_worker.core.books import Allowance, BookPolicy, ReturnPolicy
from sync_worker.core.model import Decision, Rep, Score
from tests.core.daily import assign

POOL = "pool"
BOOKS = (BookPolicy("emea", "priority"), BookPolicy("amer", "priority", Allowance(per_rep=1)))
RETURNS = (ReturnPolicy("unworked", "unworked", 30), ReturnPolicy("left", "owner left", 0, Allowance(per_rep=2)))


def decision(account: str, **changes: object) -> Decision:
    """An account of the pool that the book emea takes, unless said otherwise."""
    values: dict[str, object] = {
        "account": account,
        "crm": "salesforce",
        "name": f"Account {account}",
        "owner": POOL,
        "scope": "target",
        "protect": None,
        "return_": None,
        "book": "emea",
        "scores": {"priority": Score(50.0, "B", ())},
    }
    return Decision(**{**values, **changes})  # type: ignore[arg-type]


def rep(id_: str, **capacity: int) -> Rep:
    """An active rep with these capacities."""
    return Rep(id_, id_.title(), {"salesforce": id_}, capacity)


def by_id(*reps: Rep) -> dict[str, Rep]:
    return {one.id: one for one in reps}


def test_the_best_account_goes_to_the_emptiest_book() -> None:
    accounts = [
        decision("1", owner="ann"),
        decision("2", scores={"priority": Score(90.0, "A", ())}),
        decision("3", scores={"priority": Score(40.0, "C", ())}),
    ]
    changes = assign(accounts, by_id(rep("ann", emea=2), rep("bob", emea=2)), BOOKS, RETURNS, pool_user=POOL).changes
    assert [(change.account, change.after) for change in changes] == [("2", "bob"), ("3", "ann")]


def test_a_return_goes_to_the_pool_and_is_not_given_away_in_the_same_run() -> None:
    result = assign(
        [decision("1", owner="ann", return_="unworked")], by_id(rep("bob", emea=9)), BOOKS, RETURNS, pool_user=POOL
    )
    assert [(c.after, c.rule, c.rest_days) for c in result.changes] == [(POOL, "return:unworked", 30)]


def test_a_limit_counts_what_was_moved_earlier_in_its_period() -> None:
    returns = (ReturnPolicy("left", "owner left", 0, Allowance(per_rep=3, used_by_rep={"ann": 2})),)
    accounts = [decision(str(n), owner="ann", return_="left") for n in range(5)]
    assert len(assign(accounts, {}, BOOKS, returns, pool_user=POOL).changes) == 1


def test_the_previous_owner_gets_an_account_back_only_when_nobody_else_has_room_and_it_says_so() -> None:
    account = decision("1", previous_owner="ann")
    both = assign([account], by_id(rep("ann", emea=9), rep("bob", emea=1)), BOOKS, RETURNS, pool_user=POOL)
    alone = assign([account], by_id(rep("ann", emea=9)), BOOKS, RETURNS, pool_user=POOL)
    assert both.changes[0].after == "bob"
    assert alone.changes[0].after == "ann"
    assert "nobody else has room" in alone.changes[0].reason


def test_what_stays_in_the_pool_says_why() -> None:
    accounts = [decision("1", resting=True), decision("2", book=None), decision("3"), decision("4", book="amer")]
    result = assign(accounts, by_id(rep("ann", emea=0)), BOOKS, RETURNS, pool_user=POOL)
    assert {u.account: u.because for u in result.unassigned} == {
        "1": "it rests after its return",
        "2": "no book takes it",
        "3": "every book of emea is full",
        "4": "no rep who is active and not away may own accounts of the book amer",
    }


owners = st.sampled_from([POOL, "ann", "bob", "cid", None])
decisions = st.lists(
    st.builds(
        decision,
        account=st.uuids().map(str),
        owner=owners,
        scope=st.sampled_from(["target", None]),
        protect=st.sampled_from([None, None, "customers"]),
        held=st.sampled_from(["", "", "held"]),
        resting=st.booleans(),
        return_=st.sampled_from([None, "unworked", "left"]),
        book=st.sampled_from(["emea", "amer", None]),
        previous_owner=owners,
        scores=st.floats(0, 100).map(lambda total: {"priority": Score(round(total, 6), "B", ())}),
    ),
    max_size=40,
    unique_by=lambda d: d.account,
)
reps = st.builds(
    lambda ann, bob, cid: by_id(rep("ann", emea=ann, amer=ann), rep("bob", emea=bob), Rep("cid", "Cid", {}, cid)),
    st.integers(0, 8),
    st.integers(0, 8),
    st.fixed_dictionaries({"emea": st.integers(0, 8)}),
)


@given(decisions, reps)
def test_nothing_protected_held_or_out_of_scope_moves_and_no_book_overflows(
    accounts: list[Decision], people: dict[str, Rep]
) -> None:
    changes = assign(accounts, people, BOOKS, RETURNS, pool_user=POOL).changes
    known = {d.account: d for d in accounts}
    assert len({c.account for c in changes}) == len(changes)
    assert all(known[c.account].scope and not known[c.account].protect and not known[c.account].held for c in changes)
    before = Counter(d.owner for d in accounts if d.scope)
    gained = Counter(c.after for c in changes if c.after != POOL)
    for who, count in gained.items():
        assert people[who].users
        assert before[who] + count <= max(people[who].capacity.values())
    amer = Counter(c.after for c in changes if c.rule == "book:amer")
    assert all(count <= 1 for count in amer.values())


@given(decisions, reps, st.randoms(use_true_random=False))
def test_the_order_of_the_input_changes_nothing(accounts: list[Decision], people: dict[str, Rep], random) -> None:  # type: ignore[no-untyped-def] # noqa: ANN001 - hypothesis names no public type
    shuffled = random.sample(accounts, len(accounts))
    reps_shuffled = dict(random.sample(list(people.items()), len(people)))
    one = assign(accounts, people, BOOKS, RETURNS, pool_user=POOL)
    two = assign(shuffled, reps_shuffled, BOOKS, RETURNS, pool_user=POOL)
    assert one.changes == two.changes


def test_a_slot_that_was_freed_today_waits_for_tomorrow() -> None:
    """… so that a second run on the same day changes nothing."""
    reps = {"ann": Rep("ann", "Ann", {"salesforce": "ann"}, {"emea": 1})}
    pool = Decision("1", "salesforce", "1", "pool", "target", None, None, "emea", {"priority": Score(50, "B", ())})
    books = [BookPolicy("emea", "priority")]
    today = assign([pool], reps, books, [], pool_user="pool", freed={"ann": 1})
    assert not today.changes
    assert today.unassigned[0].because == "every book of emea is full"
    assert assign([pool], reps, books, [], pool_user="pool").changes


def test_a_rep_who_is_away_gets_nothing_from_a_refill() -> None:
    away = replace(rep("ann", emea=9), away="away until 2026-12-03")
    (change,) = assign([decision("1")], by_id(away, rep("bob", emea=1)), BOOKS, RETURNS, pool_user=POOL).changes
    assert change.after == "bob"
    alone = assign([decision("1")], by_id(away), BOOKS, RETURNS, pool_user=POOL)
    assert alone.unassigned[0].because == "no rep who is active and not away may own accounts of the book emea"
