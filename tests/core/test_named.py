"""Who is named by an account's field or by a claim gets it, where a book allows it; who does not is told why."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sync_worker.core.books import Allowance, BookPolicy, Model, refilling
from sync_worker.core.model import Decision, OwnerChange, Rep, Score
from sync_worker.core.named import Directory, FixedBook, Person, claiming, fixing
from sync_worker.core.steps import Position, assign

if TYPE_CHECKING:
    from collections.abc import Mapping
    from random import Random

    from sync_worker.core.steps import Assignment

POOL = "pool"
FIXED = BookPolicy("named", "priority", model=Model.FIXED)
OPEN = BookPolicy("whoever", "priority", model=Model.OPEN)
TURNS = BookPolicy("emea", "priority")
PEOPLE = Directory(
    {
        "ann@acme.example": Person("ann", "Ann Lee", active=True),
        "ann": Person("ann", "Ann Lee", active=True),
        "bob": Person("bob", "Bob Kim", active=True),
        "eve": Person("eve", "Eve Roth", active=False),
        "two@acme.example": Person("", "Two", active=False),
        POOL: Person(POOL, "Account Pool", active=True),
    }
)


def account(id_: str, owner: str = POOL, **more: object) -> Decision:
    score = Score(float(str(more.pop("score", 50))), "B", ())
    made = Decision(id_, "salesforce", id_, owner, "target", None, None, "named", {"priority": score})
    return replace(made, **more)  # type: ignore[arg-type]


def rep(id_: str, name: str, **capacity: int) -> Rep:
    return Rep(id_, name, {"salesforce": id_}, capacity)


REPS = {"ann": rep("ann", "Ann Lee", named=2, whoever=2, emea=2), "bob": rep("bob", "Bob Kim", emea=5)}


def position(*accounts: Decision, reps: Mapping[str, Rep] = REPS) -> Position:
    return Position(accounts, reps, POOL)


def fixed(*accounts: Decision, policy: BookPolicy = FIXED, reps: Mapping[str, Rep] = REPS) -> Assignment:
    return fixing([FixedBook(policy, "territory_owner")], PEOPLE)(position(*accounts, reps=reps))


def claimed(claims: Mapping[str, str], *accounts: Decision, policy: BookPolicy = OPEN) -> Assignment:
    return claiming([policy, FIXED, TURNS], PEOPLE, claims)(position(*accounts))


def test_an_account_of_a_fixed_book_goes_to_whom_it_names_from_the_pool_or_from_another_rep() -> None:
    found = fixed(account("1", named_owner=" ANN@acme.example"), account("2", owner="bob", named_owner="ann"))
    assert {change.account: (change.before, change.after, change.rule, change.reason) for change in found.changes} == {
        "1": (POOL, "ann", "book:named", "territory_owner names Ann Lee"),
        "2": ("bob", "ann", "book:named", "territory_owner names Ann Lee"),
    }


def test_who_is_named_and_has_the_account_already_keeps_it_without_a_word() -> None:
    found = fixed(account("1", owner="ann", named_owner="ann"), account("2", owner="bob", named_owner=None))
    assert found == type(found)()


@pytest.mark.parametrize(
    ("named", "why"),
    [
        (None, "territory_owner names nobody"),
        ("zoe@acme.example", "territory_owner names zoe@acme.example, whom the CRM does not know"),
        ("two@acme.example", "territory_owner names two@acme.example, and several users have that address"),
        ("eve", "territory_owner names Eve Roth, who may own no accounts"),
        ("bob", "territory_owner names Bob Kim, and the book named is not for that rep"),
    ],
)
def test_whoever_is_named_and_cannot_have_the_account_is_told(named: str | None, why: str) -> None:
    waiting, owned = account("1", named_owner=named), account("2", owner="cid", named_owner=named)
    found = fixed(waiting, owned)
    assert not found.changes
    assert [(one.account, one.because) for one in found.unassigned] == [("1", why)]
    assert [(one.account, one.rule, one.because) for one in found.refused] == (
        [("2", "book:named", why)] if named else []
    )


def test_a_fixed_book_is_filled_up_to_capacity_the_best_accounts_first() -> None:
    accounts = [account(str(score), named_owner="ann", score=score) for score in (10, 90, 50)]
    found = fixed(*accounts)
    assert sorted(change.account for change in found.changes) == ["50", "90"]
    assert [one.because for one in found.unassigned] == ["territory_owner names Ann Lee, and that rep's book is full"]


def test_a_fixed_book_s_limit_holds() -> None:
    policy = replace(FIXED, allowance=Allowance(total=1))
    found = fixed(account("1", named_owner="ann"), account("2", named_owner="ann"), policy=policy)
    assert len(found.changes) == 1
    assert "the limit of the book named is reached" in found.unassigned[0].because


def test_an_account_that_rests_waits_though_somebody_is_named() -> None:
    found = fixed(account("1", named_owner="ann", resting=True))
    assert [one.because for one in found.unassigned] == ["it rests after its return"]


def test_what_waits_in_an_open_book_goes_to_whoever_claims_it_and_to_nobody_else() -> None:
    accounts = [account("1", book="whoever"), account("2", book="whoever"), account("3", book="whoever", resting=True)]
    found = assign(position(*accounts), [claiming([OPEN], PEOPLE, {"2": "ann"}), refilling([OPEN])])
    assert [(c.account, c.after, c.rule, c.reason) for c in found.changes] == [
        ("2", "ann", "claim:whoever", "the claim names Ann Lee")
    ]
    assert {one.account: one.because for one in found.unassigned} == {
        "1": "it waits for a rep to claim it",
        "3": "it rests after its return",
    }


@pytest.mark.parametrize(
    ("changed", "claim", "why"),
    [
        ({}, "bob", "the claim names Bob Kim, and the book whoever is not for that rep"),
        ({}, "nobody@acme.example", "the claim names nobody@acme.example, whom the CRM does not know"),
        ({"owner": "bob"}, "ann", "it is not in the pool"),
        ({"protect": "customer"}, "ann", "it is protected by customer"),
        ({"held": "Ann Lee changed the owner"}, "ann", "it is held: Ann Lee changed the owner"),
        ({"scope": None}, "ann", "it is not in scope"),
        ({"resting": True}, "ann", "it rests after its return"),
        ({"book": None}, "ann", "no book takes it"),
        ({"book": "named"}, "ann", "the owners of the book named are fixed"),
    ],
)
def test_a_claim_that_cannot_be_met_is_refused_with_its_reason(changed: dict[str, Any], claim: str, why: str) -> None:
    found = claimed({"1": claim}, replace(account("1", book="whoever"), **changed))
    assert not found.changes
    assert [one.because for one in found.refused] == [why]


def test_the_claim_of_a_rep_who_has_the_account_is_met() -> None:
    assert not claimed({"1": "ann"}, account("1", book="whoever", owner="ann")).refused


def test_a_claim_counts_in_the_limit_of_a_book_that_is_filled_in_turns() -> None:
    """… and goes before the refill, which then has no more to give."""
    book = replace(TURNS, allowance=Allowance(total=1))
    accounts = [account("1", book="emea", score=10), account("2", book="emea", score=90)]
    found = assign(position(*accounts), [claiming([book], PEOPLE, {"1": "bob"}), refilling([book])])
    assert [(change.account, change.rule) for change in found.changes] == [("1", "claim:emea")]
    assert [one.because for one in found.unassigned] == ["the limit of the book emea is reached"]


def test_what_a_step_before_has_moved_is_not_given_to_a_claimant() -> None:
    start = position(account("1", book="whoever")).after([OwnerChange("1", POOL, "bob", "route:x", "")])
    (refused,) = claiming([OPEN], PEOPLE, {"1": "ann"})(start).refused
    assert refused.because == "route:x moves it in the same run"


accounts = st.lists(
    st.builds(
        account,
        st.uuids().map(str),
        st.sampled_from([POOL, "ann", "bob", "cid"]),
        book=st.sampled_from(["named", "whoever", "emea", None]),
        named_owner=st.sampled_from([None, "ann", "bob", "eve", "zoe"]),
        protect=st.sampled_from([None, None, "customer"]),
        held=st.sampled_from(["", "", "held"]),
        resting=st.booleans(),
        score=st.integers(0, 3),
    ),
    max_size=25,
    unique_by=lambda decision: decision.account,
)


@given(accounts, st.randoms(use_true_random=False), st.integers(0, 4))
def test_nobody_gets_more_than_the_book_holds_and_the_order_of_accounts_changes_nothing(
    drawn: list[Decision], shuffle: Random, most: int
) -> None:
    reps = {"ann": rep("ann", "Ann Lee", named=most, whoever=most, emea=most), "bob": rep("bob", "Bob", emea=most)}
    claims = {one.account: "ann" for one in drawn[::2]}
    steps = [
        claiming([FIXED, OPEN, TURNS], PEOPLE, claims),
        fixing([FixedBook(FIXED, "f")], PEOPLE),
        refilling([TURNS]),
    ]
    found = assign(position(*drawn, reps=reps), steps)
    shuffled = assign(position(*shuffle.sample(drawn, len(drawn)), reps=reps), steps)
    assert found == shuffled
    known = {one.account: one for one in drawn}
    assert all(
        known[c.account].scope and not known[c.account].protect and not known[c.account].held for c in found.changes
    )
    for id_ in reps:
        had = sum(one.owner == id_ for one in drawn)
        got = sum(change.after == id_ for change in found.changes)
        assert not got or had + got <= most
