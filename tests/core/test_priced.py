"""Books filled by prices: who may get what, what never moves, and that nothing is left to do afterwards."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sync_worker.core.affinity import AffinityTerm
from sync_worker.core.assignment.certificate import Certificate
from sync_worker.core.books import Allowance, Balance, BookPolicy, refilling
from sync_worker.core.evenness import as_others_would, figures, prices_kept
from sync_worker.core.model import Decision, Rep, Score
from sync_worker.core.priced import PricedBook, Unproven, fill, filling
from sync_worker.core.rebalance import Cap
from sync_worker.core.steps import Position, assign

if TYPE_CHECKING:
    from collections.abc import Iterable

    from sync_worker.core.steps import Assignment

POOL = "pool"
GERMAN = AffinityTerm("german", 0.2, "Speaks German", of_accounts=True, of_reps=True)
EMEA = BookPolicy("emea", "priority", balance=Balance("priority", 1.0), affinity=(GERMAN,))
AMER = BookPolicy("amer", "priority", balance=Balance("priority", 1.0))


def account(id_: str, score: float = 50.0, **changes: object) -> Decision:
    """An account of the pool that the book emea takes, unless said otherwise."""
    values: dict[str, object] = {
        "account": id_,
        "crm": "salesforce",
        "name": f"Account {id_}",
        "owner": POOL,
        "scope": "target",
        "protect": None,
        "return_": None,
        "book": "emea",
        "scores": {"priority": Score(score, "B", ())},
        "potential": score,
    }
    return Decision(**{**values, **changes})  # type: ignore[arg-type]


def rep(id_: str, *suits: str, **capacity: int) -> Rep:
    """An active rep with these capacities."""
    return Rep(id_, id_.title(), {"salesforce": id_}, capacity, {"emea": frozenset(suits)})


def position(accounts: Iterable[Decision], *reps: Rep, freed: dict[str, int] | None = None) -> Position:
    return Position(tuple(accounts), {one.id: one for one in reps}, POOL, freed or {})


def run(start: Position, *books: PricedBook) -> Assignment:
    """The books, and after them whatever is filled in turns."""
    return assign(start, (filling(books), refilling([book.policy for book in books])))


def moved(found: Assignment) -> dict[str, str]:
    return {change.account: change.after for change in found.changes}


def carried_out(start: Position, found: Assignment) -> Position:
    """Where everything stands once the CRM shows it."""
    after = moved(found)
    return replace(
        start,
        decisions=tuple(replace(one, owner=after.get(one.account, one.owner)) for one in start.decisions),
    )


@st.composite
def worlds(draw: st.DrawFn) -> Position:
    """Some reps, and accounts of two books with and without owners, some of which may not move."""
    ids = [f"rep{n}" for n in range(draw(st.integers(1, 4)))]
    capacity = st.dictionaries(st.sampled_from(["emea", "amer"]), st.integers(0, 6))
    reps = [rep(id_, *draw(st.sampled_from([(), ("german",)])), **draw(capacity)) for id_ in ids]
    accounts = [
        account(
            f"a{number:02}",
            draw(st.integers(0, 100)),
            owner=draw(st.sampled_from([POOL, POOL, *ids, "gone"])),
            book=draw(st.sampled_from(["emea", "emea", "amer", None])),
            protect=draw(st.sampled_from([None, None, "customer"])),
            held=draw(st.sampled_from(["", "", "a person"])),
            resting=draw(st.integers(0, 5)) == 0,
            scope=draw(st.sampled_from(["target", "target", "target", None])),
            previous_owner=draw(st.sampled_from([None, *ids])),
            suits=draw(st.sampled_from([frozenset(), frozenset({"german"})])),
        )
        for number in range(draw(st.integers(0, 25)))
    ]
    return position(accounts, *reps)


BOOKS = (PricedBook(EMEA), PricedBook(AMER))


@settings(max_examples=25, deadline=None)
@given(worlds(), st.sampled_from([None, Cap(most=2), Cap(share=0.5)]))
def test_no_capacity_is_exceeded_and_what_may_not_move_does_not(start: Position, cap: Cap | None) -> None:
    found = run(start, *(replace(book, cap=cap) for book in BOOKS))
    movable = {one.account: one for one in start.movable()}
    load = Counter(one.owner for one in carried_out(start, found).decisions if one.scope)
    before = start.load()
    for change in found.changes:
        one, who = movable[change.account], start.reps[change.after]
        assert one.book in who.capacity
        assert load[who.id] <= max(*who.capacity.values(), before[who.id])
        assert not (one.resting and one.owner == POOL)
        assert cap is not None or one.owner == POOL
    assert not {change.account for change in found.changes} & {one.account for one in found.unassigned}


@settings(max_examples=25, deadline=None)
@given(worlds())
def test_a_refill_leaves_nothing_for_the_next_one_to_do(start: Position) -> None:
    found = run(start, *BOOKS)
    again = run(carried_out(start, found), *BOOKS)
    assert again.changes == ()


@settings(max_examples=25, deadline=None)
@given(worlds(), st.randoms(use_true_random=False), st.sampled_from([None, Cap(most=3)]))
def test_the_order_of_accounts_and_reps_changes_nothing(start: Position, luck: object, cap: Cap | None) -> None:
    books = [replace(book, cap=cap) for book in BOOKS]
    accounts, reps = list(start.decisions), list(start.reps.values())
    luck.shuffle(accounts)  # type: ignore[attr-defined]
    luck.shuffle(reps)  # type: ignore[attr-defined]
    one, other = run(start, *books), run(position(accounts, *reps), *books)
    assert (one.changes, one.unassigned) == (other.changes, other.unassigned)
    assert prices_kept(one.priced) == prices_kept(other.priced)


@settings(max_examples=25, deadline=None)
@given(worlds(), st.integers(0, 5))
def test_a_rebalance_takes_no_more_from_owners_than_its_cap_all_books_together(start: Position, most: int) -> None:
    found = run(start, *(replace(book, cap=Cap(most=most)) for book in BOOKS))
    owners = {one.account: one for one in start.decisions}

    def might_keep(id_: str) -> bool:
        one = owners[id_]
        return one.owner in start.reps and str(one.book) in start.reps[str(one.owner)].capacity

    assert sum(might_keep(change.account) for change in found.changes) <= most


def test_every_pool_account_of_a_priced_book_goes_somewhere_or_says_why() -> None:
    accounts = [account("1"), account("2", resting=True), account("3", book="amer"), account("4", 40.0)]
    found = run(position(accounts, rep("ann", emea=1)), *BOOKS)
    assert moved(found) == {"1": "ann"}
    assert {one.account: one.because for one in found.unassigned} == {
        "2": "it rests after its return",
        "3": "no rep who is active and not away may own accounts of the book amer",
        "4": "every book of emea is full",
    }


def test_whoever_has_less_of_a_fair_share_gets_the_better_accounts() -> None:
    owned = [account(f"o{n}", 60.0, owner="ann") for n in range(4)]
    pool = [account("best", 90.0), account("good", 70.0), account("fair", 30.0)]
    found = run(position([*owned, *pool], rep("ann", emea=6), rep("bob", emea=6)), PricedBook(EMEA))
    assert moved(found) == {"best": "bob", "good": "bob", "fair": "bob"}


def test_an_account_goes_to_whom_it_suits_and_the_row_says_so() -> None:
    accounts = [account("1", suits=frozenset({"german"})), account("2")]
    found = run(position(accounts, rep("ann", emea=2), rep("bob", "german", emea=2)), PricedBook(EMEA))
    (reason,) = [change.reason for change in found.changes if change.account == "1"]
    assert moved(found) == {"1": "bob", "2": "ann"}
    assert reason.startswith("priority 50, tier B; Bob (speaks German) before Ann by ")
    assert {change.rule for change in found.changes} == {"book:emea"}


def test_the_previous_owner_gets_it_only_where_nobody_else_may_have_it_and_it_says_so() -> None:
    back = account("1", previous_owner="ann")
    both = run(position([back], rep("ann", emea=9), rep("bob", emea=1)), PricedBook(EMEA))
    alone = run(position([back], rep("ann", emea=9)), PricedBook(EMEA))
    assert (moved(both), moved(alone)) == ({"1": "bob"}, {"1": "ann"})
    assert alone.changes[0].reason.endswith("Ann again, since nobody else may have it")


def test_a_limit_for_each_rep_counts_what_was_given_before_in_its_period() -> None:
    limited = replace(EMEA, allowance=Allowance(per_rep=3, used_by_rep={"ann": 2}))
    found = run(
        position([account(str(n)) for n in range(9)], rep("ann", emea=9), rep("bob", emea=9)), PricedBook(limited)
    )
    assert Counter(moved(found).values()) == {"ann": 1, "bob": 3}
    assert {one.because for one in found.unassigned} == {"the limit of the book emea is reached"}


def test_a_limit_for_all_lets_the_best_accounts_go() -> None:
    limited = replace(EMEA, allowance=Allowance(total=3, used_by_rep={"ann": 1}))
    accounts = [account(str(n), 10.0 * n) for n in range(1, 7)]
    found = run(position(accounts, rep("ann", emea=9), rep("bob", emea=9)), PricedBook(limited))
    assert set(moved(found)) == {"6", "5"}
    assert {one.because for one in found.unassigned} == {"the limit of the book emea is reached"}


def test_what_was_returned_today_frees_its_place_on_a_later_day() -> None:
    owned = [account(f"o{n}", owner="ann") for n in range(2)]
    found = run(position([*owned, account("1")], rep("ann", emea=3), freed={"ann": 1}), PricedBook(EMEA))
    assert moved(found) == {}


def test_accounts_of_other_books_take_a_reps_places_too() -> None:
    others = [account(f"o{n}", owner="ann", book="amer") for n in range(2)]
    found = run(position([*others, account("1"), account("2")], rep("ann", emea=3, amer=3)), PricedBook(EMEA))
    assert len(moved(found)) == 1


def test_a_rebalance_moves_from_whoever_has_most_and_says_how_much_that_is() -> None:
    owned = [account(f"o{n}", 50.0, owner="ann") for n in range(6)]
    found = run(position(owned, rep("ann", emea=6), rep("bob", emea=6)), PricedBook(EMEA, cap=Cap(share=0.5)))
    assert len(found.changes) == 3
    assert {(change.rule, change.after) for change in found.changes} == {("rebalance:emea", "bob")}
    assert found.changes[0].reason.endswith("Ann has 208% of a fair share, Bob 0%")


def test_whoever_is_young_in_a_book_or_protected_stays_in_a_rebalance() -> None:
    owned = [account(f"o{n}", owner="ann", protect="customer" if n < 3 else None) for n in range(6)]
    book = PricedBook(EMEA, cap=Cap(share=1.0), young=frozenset({"o3", "o4"}))
    found = run(position(owned, rep("ann", emea=6), rep("bob", emea=6)), book)
    assert set(moved(found)) == {"o5"}


def test_what_its_owner_may_not_have_any_longer_uses_up_no_moves() -> None:
    owned = [account(f"o{n}", owner="gone") for n in range(3)]
    found = run(position(owned, rep("ann", emea=2)), PricedBook(EMEA, cap=Cap(most=0)))
    assert [change.after for change in found.changes] == ["ann", "ann"]
    assert all("its owner is no rep of the book emea" in change.reason for change in found.changes)


def test_a_family_goes_together_or_not_at_all() -> None:
    families = {"1": "1", "2": "1", "3": "1"}
    three = [account(str(n), 50.0 + n) for n in (1, 2, 3)]
    book = PricedBook(replace(EMEA, together=True, families=families))
    fits = run(position(three, rep("ann", emea=2), rep("bob", emea=3)), book)
    waits = run(position(three, rep("ann", emea=2), rep("bob", emea=2)), book)
    assert moved(fits) == {"1": "bob", "2": "bob", "3": "bob"}
    assert moved(waits) == {}


def test_prices_of_an_earlier_plan_change_how_long_it_takes_and_leave_a_valid_proof() -> None:
    accounts = [account(str(n), 5.0 + 7 * n % 90) for n in range(30)]
    start = position(accounts, rep("ann", emea=5), rep("bob", emea=9), rep("cleo", emea=7))
    first = fill(start, PricedBook(EMEA))
    known = prices_kept([first])[0].prices
    again = fill(position(accounts, *start.reps.values(), rep("dan", emea=3)), PricedBook(EMEA, start=known))
    assert again.certificate.faults == ()
    assert 0 <= again.certificate.gap <= 0.02


def test_a_book_that_is_not_what_its_prices_prove_is_never_planned(monkeypatch: pytest.MonkeyPatch) -> None:
    faulty = Certificate(("the value is above the bound",), 2.0, 1.0)
    monkeypatch.setattr("sync_worker.core.priced.check", lambda *_: faulty)
    with pytest.raises(Unproven, match="book emea does not pass its own proof: the value is above the bound"):
        fill(position([account("1")], rep("ann", emea=1)), PricedBook(EMEA))


def test_the_figures_say_how_even_books_are_before_and_after() -> None:
    owned = [account(f"o{n}", 50.0, owner="ann") for n in range(6)]
    start = position(owned, rep("ann", emea=6), rep("bob", emea=6))
    found = run(start, PricedBook(EMEA, cap=Cap(share=0.5)))
    told: Any = figures(found.priced, {"ann": "Ann Lee"})
    (book,) = told["books"]
    assert (book["before"]["potential"]["variation"], book["after"]["potential"]["variation"]) == (1.0, 0.0)
    assert (book["before"]["potential"]["gini"], book["after"]["potential"]["gini"]) == (0.5, 0.0)
    assert (book["moves"]["chosen"], book["moves"]["most"], book["moves"]["share"]) == (3, 3, 0.5)
    assert [rep["name"] for rep in book["reps"]] == ["bob", "Ann Lee"]
    untouched = as_others_would(found.priced[0], {one.account: one.owner for one in owned}, proven=False)
    assert untouched["after"] == book["before"]


def test_a_team_whose_reps_suit_all_accounts_alike_is_evened_out_nearly_as_well_as_can_be() -> None:
    """Prices alone say little of who gets what, where everybody is as good for everything."""
    names = [f"rep{n}" for n in range(8)]
    reps = [rep(name, emea=40 + 5 * (n % 3)) for n, name in enumerate(names)]
    owned = [account(f"o{n:03}", 3.0 + n * 37 % 90, owner=names[n * n % 11 % 8]) for n in range(200)]
    pool = [account(f"p{n:03}", 2.0 + n * 53 % 95) for n in range(200)]
    start = position([*owned, *pool], *reps)
    told: Any = figures(run(start, PricedBook(EMEA, cap=Cap(share=0.05))).priced, {})["total"]
    assert 0 < told["moves"]["chosen"] <= 10
    assert told["gap"] <= 0.011
    assert told["after"]["potential"]["gini"] < told["before"]["potential"]["gini"] / 2


@pytest.mark.parametrize("cap", [None, Cap(share=0.5)])
def test_whoever_owns_what_is_not_for_them_has_no_room_for_another_instead(cap: Cap | None) -> None:
    elsewhere = Rep("ann", "Ann", {"hubspot": "ann-h"}, {"emea": 1})
    start = position([account("a1", owner="ann"), account("a2", crm="hubspot")], elsewhere)
    assert not run(start, PricedBook(EMEA, cap=cap)).changes


def test_a_rebalance_brings_no_family_together_beyond_a_capacity() -> None:
    book = PricedBook(replace(EMEA, together=True, families={"root": "root", "child": "root"}), cap=Cap(share=0.5))
    accounts = [account("root"), account("child", owner="ann")]
    assert not run(position(accounts, rep("ann", emea=1)), book).changes
    assert moved(run(position(accounts, rep("ann", emea=2)), book)) == {"root": "ann"}


@pytest.mark.parametrize("cap", [None, Cap(share=0.5)])
def test_an_account_goes_back_to_a_previous_owner_who_has_its_family(cap: Cap | None) -> None:
    book = PricedBook(replace(EMEA, together=True, families={"root": "root", "child": "root"}), cap=cap)
    accounts = [account("root", previous_owner="ann"), account("child", owner="ann")]
    assert moved(run(position(accounts, rep("ann", emea=2), rep("bob", emea=2)), book)) == {"root": "ann"}


@pytest.mark.parametrize("much", [1e15, 1e18, 1e300, float("inf")])
def test_a_slip_of_the_pen_in_one_account_stops_no_plan(much: float) -> None:
    accounts = [account("a1", potential=much, workload=much), account("a2"), account("a3")]
    found = run(position(accounts, rep("ann", emea=2), rep("bob", emea=2)), PricedBook(EMEA))
    assert len(found.changes) == 3


def test_a_rep_who_is_away_gets_nothing_and_keeps_what_is_there() -> None:
    owned = [account(f"o{n}", 60.0, owner="bob") for n in range(2)]
    bob = replace(rep("bob", emea=6), away="away until 2026-12-03")
    start = position([*owned, account("new")], rep("ann", emea=6), bob)
    assert moved(run(start, PricedBook(EMEA))) == {"new": "ann"}
    both = run(position([account("new")], bob), PricedBook(EMEA))
    assert both.unassigned[0].because == "no rep who is active and not away may own accounts of the book emea"
    again = fill(start, PricedBook(EMEA, cap=Cap(most=9)))
    assert not again.certificate.faults
    assert {rep for account, rep in again.goes_to.items() if account == "new"} == {"ann"}


def test_what_a_book_has_to_take_from_its_owners_leaves_the_next_book_all_moves_there_are() -> None:
    left = [account(f"o{n}", owner="gone") for n in range(3)]
    owned = [account(f"a{n}", owner="ann", book="amer") for n in range(6)]
    start = position([*left, *owned], rep("ann", amer=6), rep("bob", emea=3), rep("cy", amer=6))
    found = run(start, *(replace(book, cap=Cap(most=2)) for book in BOOKS))
    assert Counter(change.rule for change in found.changes) == {"rebalance:emea": 3, "rebalance:amer": 2}


@pytest.mark.parametrize("cap", [None, Cap(share=1.0)])
def test_what_somebody_covers_brings_its_family_to_nobody(cap: Cap | None) -> None:
    book = PricedBook(replace(EMEA, together=True, families=dict.fromkeys(("root", "one", "two"), "root")), cap=cap)
    accounts = [account("root", 90.0, owner="bob"), account("one", owner="cid"), account("two")]
    start = replace(position(accounts, *(rep(id_, emea=3) for id_ in ("bob", "cid"))), kept=frozenset({"root"}))
    assert moved(run(start, book)) == {"two": "cid"}
