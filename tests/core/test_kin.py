"""Where families go together, one rep gets all of a family that waits, or nobody gets any of it, and is told why."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from hypothesis import given
from hypothesis import strategies as st

from sync_worker.core.books import Allowance, BookPolicy, refill
from sync_worker.core.model import Decision, Rep, Score
from sync_worker.core.steps import Position

if TYPE_CHECKING:
    from random import Random

    from sync_worker.core.steps import Assignment

POOL = "pool"
FAMILIES = {"head": "head", "child": "head", "grandchild": "head", "other": "other"}
BOOK = BookPolicy("emea", "priority", together=True, families=FAMILIES)


def account(id_: str, score: float = 50, owner: str = POOL, *, resting: bool = False, book: str = "emea") -> Decision:
    scores = {"priority": Score(score, "B", ())}
    return Decision(id_, "salesforce", id_, owner, "target", None, None, book, scores, resting=resting)


def rep(id_: str, capacity: int) -> Rep:
    return Rep(id_, id_.title(), {"salesforce": id_}, {"emea": capacity})


def filled(*accounts: Decision, reps: tuple[Rep, ...], book: BookPolicy = BOOK) -> Assignment:
    return refill(Position(accounts, {one.id: one for one in reps}, POOL), [book])


def owners(found: Assignment) -> dict[str, str]:
    return {change.account: change.after for change in found.changes}


FAMILY = (account("head", 10), account("child", 90), account("grandchild", 40))


def test_a_family_goes_to_one_rep_as_its_best_account_s_turn_comes() -> None:
    found = filled(*FAMILY, account("other", 80), reps=(rep("ann", 3), rep("bob", 9)))
    assert owners(found) == {"child": "ann", "grandchild": "ann", "head": "ann", "other": "bob"}
    assert found.changes[0].reason == "priority 90, tier B; Ann has room for 3, with its family of 3"


def test_apart_each_account_goes_for_itself() -> None:
    found = filled(*FAMILY, reps=(rep("ann", 3), rep("bob", 9)), book=replace(BOOK, together=False))
    assert set(owners(found).values()) == {"ann", "bob"}


def test_a_family_for_which_nobody_has_room_waits_and_leaves_the_room_to_others() -> None:
    found = filled(*FAMILY, account("other", 5), reps=(rep("ann", 2), rep("bob", 2)))
    assert owners(found) == {"other": "ann"}
    assert {one.because for one in found.unassigned} == {"no book of emea has room for its family of 3"}


def test_a_limit_counts_the_whole_family() -> None:
    found = filled(*FAMILY, reps=(rep("ann", 9),), book=replace(BOOK, allowance=Allowance(total=2)))
    assert not found.changes
    assert {one.because for one in found.unassigned} == {
        "the limit of the book emea leaves no room for its family of 3"
    }


def test_who_has_the_rest_of_the_family_gets_what_waits_of_it() -> None:
    found = filled(account("head", owner="bob"), account("child"), reps=(rep("ann", 9), rep("bob", 2)))
    assert owners(found) == {"child": "bob"}


def test_what_waits_of_a_family_stays_while_its_rep_is_full_or_the_book_is_not_for_that_rep() -> None:
    found = filled(account("head", owner="bob"), account("child"), reps=(rep("ann", 9), rep("bob", 1)))
    assert [one.because for one in found.unassigned] == ["its family is with Bob, whose book is full"]
    found = filled(account("head", owner="zoe"), account("child"), reps=(rep("ann", 9),))
    assert [one.because for one in found.unassigned] == ["its family is with a rep for whom the book emea is not"]


def test_a_family_waits_for_one_of_it_that_rests() -> None:
    found = filled(account("head"), account("child", resting=True), reps=(rep("ann", 9),))
    assert {one.account: one.because for one in found.unassigned} == {
        "head": "one of its family rests after its return",
        "child": "it rests after its return",
    }


accounts = st.lists(
    st.builds(
        account,
        st.sampled_from([f"{family}{number}" for family in "xyz" for number in range(4)]),
        st.integers(0, 3),
        st.sampled_from([POOL, POOL, POOL, "ann", "bob", "zoe"]),
        resting=st.sampled_from([False, False, False, True]),
        book=st.sampled_from(["emea", "emea", "amer"]),
    ),
    max_size=12,
    unique_by=lambda decision: decision.account,
)


@given(accounts, st.integers(0, 5), st.integers(0, 5), st.randoms(use_true_random=False))
def test_no_family_that_waits_is_ever_divided_whatever_the_order_of_the_accounts(
    drawn: list[Decision], ann: int, bob: int, shuffle: Random
) -> None:
    roots = {decision.account: decision.account[0] for decision in drawn}
    book, reps = replace(BOOK, families=roots), (rep("ann", ann), rep("bob", bob))
    found = filled(*drawn, reps=reps, book=book)
    assert found == filled(*shuffle.sample(drawn, len(drawn)), reps=reps, book=book)
    given_to = owners(found)
    for root in set(roots.values()):
        family = [one for one in drawn if roots[one.account] == root and one.book == "emea" and one.owner == POOL]
        assert len({given_to.get(one.account) for one in family}) <= 1
    for who, most in (("ann", ann), ("bob", bob)):
        had = sum(one.owner == who for one in drawn)
        got = list(given_to.values()).count(who)
        assert not got or had + got <= most
