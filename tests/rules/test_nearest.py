"""The fewest atoms that would have to differ, what each would have to be, and the day on which time alone does it."""

from __future__ import annotations

from datetime import date, timedelta
from itertools import combinations
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rules import Type, tree
from rules.facts import column_of
from rules.fitting import tried
from rules.nearest import Flip, atoms, holds, ways
from rules.needed import due, needs_of
from rules.tree import (
    And,
    Between,
    Comparator,
    Comparison,
    Constant,
    Days,
    Empty,
    FieldValue,
    Like,
    Membership,
    Not,
    Or,
)

if TYPE_CHECKING:
    from collections.abc import Callable

    from rules.probing import Seen
    from rules.tree import Tree

TODAY = date(2026, 11, 22)
SIZE, NAME, MET = FieldValue("employees", Type.NUMBER), FieldValue("name", Type.TEXT), FieldValue("met", Type.DATE)
IS = FieldValue("is_customer", Type.BOOLEAN)


def atom(number: int) -> Tree:
    return tree.Truth(FieldValue(f"f{number}", Type.BOOLEAN))


@st.composite
def trees(draw: st.DrawFn) -> Tree:
    """Conditions in which every atom stands once."""
    left = iter(range(40))
    inner = st.recursive(
        st.builds(lambda: atom(next(left))),
        lambda below: st.one_of(
            below.map(Not),
            st.lists(below, min_size=2, max_size=3).map(lambda each: And(tuple(each))),
            st.lists(below, min_size=2, max_size=3).map(lambda each: Or(tuple(each))),
        ),
        max_leaves=9,
    )
    return draw(inner)


@given(trees(), st.integers(0, 2**40), st.booleans())
def test_the_first_way_does_it_and_no_smaller_one_would(root: Tree, seed: int, wanted: bool) -> None:  # noqa: FBT001 - drawn
    every = list(dict.fromkeys(atoms(root)))
    truths = {one: bool(seed >> at & 1) for at, one in enumerate(every)}
    found = ways(root, truths.__getitem__, wanted=wanted)

    def does_it(flipped: tuple[Tree, ...]) -> bool:
        return holds(root, lambda one: truths[one] ^ (one in flipped)) is wanted

    assert all(does_it(tuple(flip.atom for flip in way)) for way in found)
    fewest = next(n for n in range(len(every) + 1) if any(does_it(some) for some in combinations(every, n)))
    assert len(found[0]) == fewest
    assert [len(way) for way in found] == sorted(len(way) for way in found)


def test_equal_ways_come_in_reading_order_and_an_atom_counts_once() -> None:
    a, b, c = (atom(number) for number in range(3))
    both = Or((And((a, b)), And((a, c)), c))
    assert ways(both, {a: False, b: True, c: False}.__getitem__, wanted=True)[:2] == (
        (Flip(a, becomes=True),),
        (Flip(c, becomes=True),),
    )
    twice = And((a, Or((a, b))))
    assert ways(twice, {a: False, b: False}.__getitem__, wanted=True)[0] == (Flip(a, becomes=True),)


def unasked(one: Tree) -> bool:
    raise AssertionError(one)


def test_no_way_makes_an_atom_yes_and_no_at_once_nor_a_constant_another_one() -> None:
    a = atom(1)
    assert ways(And((a, Not(a))), {a: True}.__getitem__, wanted=True) == ()
    never = tree.Truth(Constant(value=False, type=Type.BOOLEAN))
    assert ways(never, unasked, wanted=True) == ()
    assert ways(never, unasked, wanted=False) == ((),)


def test_what_the_question_takes_for_granted_does_not_differ() -> None:
    a, b = atom(1), atom(2)
    found = ways(Or((a, b)), {a: False, b: False}.__getitem__, wanted=True, fixed=frozenset({"f1"}))
    assert found == ((Flip(b, becomes=True),),)


def seeing(*seen: tuple[tree.Value, Seen]) -> Callable[[tree.Value], Seen]:
    return dict(seen).__getitem__


def number(value: float) -> Constant:
    return Constant(value, Type.NUMBER)


def days_since(comparator: Comparator, count: float) -> Comparison:
    return Comparison(comparator, Days(MET, ahead=False), number(count))


C = Comparator
NEEDED: list[tuple[Tree, bool, tree.Read, Seen, str, Seen]] = [
    (Comparison(C.GE, SIZE, number(1000)), True, SIZE, 950.0, "employees were 1,000 or more", 1000.0),
    (Comparison(C.GE, SIZE, number(1000)), False, SIZE, 1200.0, "employees were below 1,000", 999.0),
    (Comparison(C.LT, number(50), SIZE), True, SIZE, 20.0, "employees were above 50", 51.0),
    (Comparison(C.EQ, NAME, Constant("Acme", Type.TEXT)), True, NAME, None, "name were Acme", "Acme"),
    (Comparison(C.NE, NAME, Constant("Acme", Type.TEXT)), True, NAME, "Acme", "name were other than Acme", "other 1"),
    (Membership(NAME, ("A", "B", "C", "D", "E")), True, NAME, "X", "name were one of A, B, C or 2 more", "A"),
    (Membership(NAME, ("A", "B"), "targets"), False, NAME, "A", "name were other than on the list targets", "other 1"),
    (Empty(MET), True, MET, "2026-09-01", "met were empty", None),
    (Not(Empty(MET)).condition, False, MET, None, "met were filled in", "2000-01-01"),
    (tree.Truth(IS), False, IS, True, "is_customer were no", False),
    (Like(NAME, "%Ba_k\\%%"), True, NAME, "X", "name were like '%Ba_k\\%%'", "Baxk%"),
    (Between(SIZE, number(10), number(20)), True, SIZE, 5.0, "employees were 10 or more and 20 or less", 10.0),
    (days_since(C.GT, 90), True, MET, "2026-09-01", "met were before 2026-08-24", "2026-08-23"),
    (days_since(C.LE, 21), False, MET, "2026-11-11", "met were before 2026-11-01", "2026-10-31"),
    (days_since(C.LT, 30), True, MET, "2024-01-01", "met were after 2026-10-23", "2026-10-24"),
    (
        Comparison(C.LE, Days(MET, ahead=True), number(30)), True, MET, "2027-02-01", "met were 2026-12-22 or earlier",
        "2026-12-22",
    ),
]  # fmt: skip


@pytest.mark.parametrize(("root", "becomes", "value", "seen", "told", "try_"), NEEDED)
def test_a_need_says_what_a_value_would_have_to_be_and_one_that_is(  # noqa: PLR0913, PLR0917 - a table's columns
    root: Tree,
    becomes: bool,  # noqa: FBT001 - a table's column
    value: tree.Read,
    seen: Seen,
    told: str,
    try_: Seen,
) -> None:
    (need,) = needs_of((Flip(root, becomes),), seeing((value, seen)), TODAY)
    assert f"{need.what} were {need.wanted}" == told
    assert need.seen == seen
    assert tried((need,)) == {column_of(value).name: try_}


def test_values_are_chosen_within_all_that_is_said_of_one_field() -> None:
    way = tuple(
        Flip(one, becomes=True) for one in (Comparison(C.GT, SIZE, number(5)), Comparison(C.LE, SIZE, number(9)))
    )
    assert tried(needs_of(way, seeing((SIZE, None)), TODAY)) == {"employees": 6.0}
    against = (*way, Flip(Comparison(C.LT, SIZE, number(3)), becomes=True))
    assert tried(needs_of(against, seeing((SIZE, None)), TODAY)) is None
    reckoned = tree.Arithmetic(tree.Operator.MULTIPLY, SIZE, number(2))
    way = (Flip(Comparison(C.GT, reckoned, number(5)), becomes=True),)
    (need,) = needs_of(way, seeing((reckoned, 4.0)), TODAY)
    assert (need.what, need.wanted, tried((need,))) == ("(employees * 2)", "above 5", None)


COUNTS = st.one_of(st.integers(0, 400), st.sampled_from((0.5, 30.25, 89.75))).map(float)


@given(
    st.sampled_from([C.GT, C.GE, C.LT, C.LE, C.EQ, C.NE]), COUNTS, st.booleans(), st.booleans(), st.integers(-500, 500)
)
def test_time_alone_brings_it_on_the_day_that_is_told_and_on_none_before(
    comparator: Comparator,
    count: float,
    ahead: bool,  # noqa: FBT001 - drawn
    becomes: bool,  # noqa: FBT001 - drawn
    away: int,
) -> None:
    met = TODAY + timedelta(days=away)

    def is_so(day: date) -> bool:
        between = (met - day).days if ahead else (day - met).days
        compared = {C.GT: between > count, C.GE: between >= count, C.LT: between < count, C.LE: between <= count}
        return {**compared, C.EQ: between == count, C.NE: between != count}[comparator]

    if is_so(TODAY) is becomes or (comparator in {C.EQ, C.NE} and count % 1):
        return
    root = Comparison(comparator, Days(MET, ahead=ahead), number(count))
    needs = needs_of((Flip(root, becomes),), seeing((MET, met.isoformat())), TODAY)
    on = due(needs)
    later = (TODAY + timedelta(days=days) for days in range(1, 1500))
    assert on == next((day for day in later if is_so(day) is becomes), None)


def test_several_things_are_brought_by_time_only_when_it_brings_them_all() -> None:
    waits = Flip(days_since(C.GT, 90), becomes=True)
    other = Flip(Comparison(C.GE, SIZE, number(1000)), becomes=True)
    seen = seeing((MET, "2026-09-01"), (SIZE, 3.0))
    (alone,) = needs_of((waits,), seen, TODAY)
    assert alone.on == date(2026, 12, 1)
    assert due(needs_of((waits, other), seen, TODAY)) is None
    assert due(needs_of((waits, Flip(days_since(C.GT, 100), becomes=True)), seen, TODAY)) == date(2026, 12, 11)
