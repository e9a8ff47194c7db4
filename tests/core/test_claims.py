"""What a rep is told of an account's turn is what the assignment does."""

from __future__ import annotations

from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from sync_worker.core.books import Allowance, Bar, BookPolicy
from sync_worker.core.claims import Claim, Seat, claim
from sync_worker.core.model import Decision, Rep, Score
from sync_worker.core.steps import Position
from tests.core.daily import assign

POOL = "pool"
BOOKS = ("emea", "amer")


@st.composite
def offices(draw: st.DrawFn) -> tuple[list[Decision], dict[str, Rep], list[BookPolicy], dict[str, int]]:
    """A few accounts and reps, in all the states that decide who gets what."""
    names = [f"rep{at}" for at in range(draw(st.integers(1, 4)))]
    reps = {
        name: Rep(
            name,
            name.title(),
            {"salesforce": name} if draw(st.booleans()) else {"hubspot": name, "salesforce": name},
            {book: draw(st.integers(0, 4)) for book in BOOKS if draw(st.booleans())},
        )
        for name in names
    }
    limits = st.one_of(
        st.just(Allowance()),
        st.builds(Allowance, st.integers(0, 2), st.none(), st.just({names[0]: 1})),
        st.builds(Allowance, st.none(), st.integers(0, 3), st.just({names[0]: 1})),
    )
    books = [BookPolicy(book, "fit", draw(limits)) for book in BOOKS]
    decisions = [
        Decision(
            account=f"a{at}",
            crm=draw(st.sampled_from(("salesforce", "salesforce", "hubspot"))),
            name=f"Account {at}",
            owner=draw(st.sampled_from((POOL, POOL, *names))),
            scope=draw(st.sampled_from(("all", "all", None))),
            protect=draw(st.sampled_from((None, None, "named"))),
            return_=None,
            book=draw(st.sampled_from((*BOOKS, *BOOKS, None))),
            scores={"fit": Score(draw(st.integers(0, 3)), "", ())},
            held=draw(st.sampled_from(("", "", "held"))),
            resting=draw(st.sampled_from((False, False, True))),
            previous_owner=draw(st.sampled_from((None, *names))),
        )
        for at in range(draw(st.integers(1, 9)))
    ]
    return decisions, reps, books, {names[0]: draw(st.integers(0, 1))}


def asked(
    office: tuple[list[Decision], dict[str, Rep], list[BookPolicy], dict[str, int]], account: str, rep: Rep
) -> Claim | None:
    decisions, reps, books, freed = office
    return claim(account, rep, Position(tuple(decisions), reps, POOL, freed), books)


@given(offices())
def test_a_claim_names_who_the_next_run_gives_the_account_to(
    office: tuple[list[Decision], dict[str, Rep], list[BookPolicy], dict[str, int]],
) -> None:
    decisions, reps, books, freed = office
    assigned = assign(decisions, reps, books, [], pool_user=POOL, freed=freed)
    gets = {change.account: change.after for change in assigned.changes}
    stays = {one.account: one.because for one in assigned.unassigned}
    for decision in decisions:
        for rep in reps.values():
            found = asked(office, decision.account, rep)
            if decision.account in gets:
                assert found is not None
                assert found.goes_to is not None
                assert found.goes_to.rep == gets[decision.account]
                assert found.bar is None or gets[decision.account] != rep.id
                assert 1 <= found.place <= found.waiting
            elif decision.account in stays and found is not None and found.place:
                assert found.goes_to is None
                assert found.because == stays[decision.account]
                assert found.bar is not None, "what keeps every rep from it keeps this one, too"
            elif found is not None:
                assert (found.place, found.goes_to) == (0, None), "what does not wait has no turn"


BASE = Decision(
    account="a",
    crm="salesforce",
    name="A",
    owner=POOL,
    scope="all",
    protect=None,
    return_=None,
    book="emea",
    scores={"fit": Score(1.0, "", ())},
)
ANN = Rep("ann", "Ann", {"salesforce": "ann"}, {"emea": 2})
BOB = Rep("bob", "Bob", {"salesforce": "bob"}, {"emea": 4})


def others(owner: str, count: int) -> list[Decision]:
    return [replace(BASE, account=f"{owner}{at}", owner=owner) for at in range(count)]


def test_the_figures_are_those_of_its_turn() -> None:
    better = replace(BASE, account="better", scores={"fit": Score(9.0, "", ())})
    decisions = [BASE, better, *others("ann", 1), *others("bob", 1)]
    found = claim("a", BOB, Position(tuple(decisions), {"ann": ANN, "bob": BOB}, POOL), [BookPolicy("emea", "fit")])
    assert found == Claim("emea", None, Seat("bob", 2, 4), None, 2, 2, Seat("ann", 1, 2), "")


def test_each_bar_is_told() -> None:
    reps = {"ann": ANN, "bob": BOB}
    book = BookPolicy("emea", "fit", Allowance(per_rep=1, used_by_rep={"bob": 1}))
    stranger = Rep("cy", "Cy", {"hubspot": "cy"}, {"emea": 9})
    outsider = Rep("di", "Di", {"salesforce": "di"}, {"amer": 9})
    decisions = [BASE, *others("ann", 2)]
    bars = {
        rep.id: found.bar
        for rep in (ANN, BOB, stranger, outsider)
        if (found := claim("a", rep, Position(tuple(decisions), reps, POOL), [book]))
    }
    assert bars == {"ann": Bar.FULL, "bob": Bar.LIMIT, "cy": Bar.CRM, "di": Bar.BOOK}
    limited = claim("a", BOB, Position(tuple(decisions), reps, POOL), [book])
    assert limited is not None
    assert limited.limit == (1, 1)
    assert limited.because == "the limit of the book emea is reached"


def test_an_account_without_a_book_has_no_claims() -> None:
    unbooked = Position((replace(BASE, book=None),), {"ann": ANN}, POOL)
    found = claim("a", ANN, unbooked, [BookPolicy("emea", "fit")])
    assert found is None
