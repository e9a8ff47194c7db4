"""Counts of the market: each account stands in one way, territories add up, quarters are the calendar's."""

from __future__ import annotations

from datetime import date, timedelta

import pytest

from sync_worker.core.market.whitespace import Among, Cell, Due, Stand, Sum, quarters, territories, together

CELLS = [
    Cell("EMEA", "expansion", Stand.CUSTOMER, Due.NEXT, 3, 30.0, 2),
    Cell("EMEA", "new-logo", Stand.OWNED, None, 5, 0.1, 1),
    Cell("EMEA", "new-logo", Stand.UNOWNED, Due.NEXT, 2, 0.2, 2),
    Cell("EMEA", "new-logo", Stand.OUT, None, 9),
    Cell("APAC", "new-logo", Stand.OWNED, None, 40),
    Cell("", "new-logo", Stand.OWNED, None, 99),
    Cell("LATAM", "new-logo", Stand.OUT, None, 4),
]


@pytest.mark.parametrize(
    ("today", "following", "end", "names"),
    [
        (date(2026, 11, 22), date(2027, 1, 1), date(2027, 4, 1), ("Q4 2026", "Q1 2027")),
        (date(2024, 1, 1), date(2024, 4, 1), date(2024, 7, 1), ("Q1 2024", "Q2 2024")),
        (date(2026, 6, 30), date(2026, 7, 1), date(2026, 10, 1), ("Q2 2026", "Q3 2026")),
        (date(2026, 8, 31), date(2026, 10, 1), date(2027, 1, 1), ("Q3 2026", "Q4 2026")),
    ],
)
def test_quarters_are_those_of_the_calendar(today: date, following: date, end: date, names: tuple[str, str]) -> None:
    found = quarters(today)
    assert (found.following, found.end, found.names) == (following, end, names)


def test_every_day_lies_in_its_quarter_and_before_the_next() -> None:
    for day in (date(2023, 1, 1) + timedelta(days=days) for days in range(1_500)):
        found = quarters(day)
        assert day < found.following < found.end
        assert (found.following.day, found.following.month % 3) == (1, 1)
        assert (found.following - day).days <= 92


def test_the_market_is_everything_but_what_is_out_of_scope() -> None:
    emea = next(each for each in territories(CELLS)[0] if each.name == "EMEA")
    assert emea.market == Sum(10, 30.3, 5)
    assert emea.penetration == 0.3
    assert emea.motions == {"expansion": Sum(3, 30.0, 2), "new-logo": Sum(7, 0.1 + 0.2, 3)}


def test_renewals_are_those_of_customers_alone() -> None:
    emea = next(each for each in territories(CELLS)[0] if each.name == "EMEA")
    assert emea.due == {Due.NEXT: Sum(3, 30.0, 2)}


def test_the_largest_market_comes_first_and_accounts_without_a_territory_last() -> None:
    found, total = territories(CELLS)
    assert [each.name for each in found] == ["APAC", "EMEA", "LATAM", ""]
    assert total.market.accounts == 10 + 40 + 99
    assert sum(each.stand(Stand.OUT).accounts for each in found) == total.stand(Stand.OUT).accounts == 13


def test_a_territory_without_a_market_has_no_penetration() -> None:
    latam = next(each for each in territories(CELLS)[0] if each.name == "LATAM")
    assert latam.penetration is None


def test_sums_do_not_depend_on_the_order_in_which_a_store_counts() -> None:
    assert territories(CELLS) == territories(list(reversed(CELLS)))


def test_several_territories_as_one_line_are_their_sum() -> None:
    found, total = territories(CELLS)
    whole = together(found)
    assert whole.market == total.market
    assert whole.motions == total.motions
    assert whole.due == total.due


def test_prospects_are_unowned_and_owned_accounts() -> None:
    assert Among.UNOWNED.stands == (Stand.UNOWNED,)
    assert set(Among.PROSPECTS.stands) == {Stand.UNOWNED, Stand.OWNED}
