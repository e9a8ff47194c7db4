"""The benchmark of matching measures what it says, and a small run of it finds nearly all."""

from __future__ import annotations

from benchmarks.matching import STRANGERS, accounts, leads, measure


def test_the_same_seed_makes_the_same_names() -> None:
    assert list(accounts(1, 50)) == list(accounts(1, 50))
    assert leads(1, 20, 50) == leads(1, 20, 50) != leads(2, 20, 50)


def test_so_many_leads_are_nobody_s() -> None:
    made = leads(1, 100, 1_000)
    assert sum(not right for _, right in made) == round(100 * STRANGERS)


def test_of_few_accounts_nearly_all_are_found_and_few_links_are_wrong() -> None:
    figures = measure(1, 3_000, 300)
    assert figures.found >= 0.9
    assert figures.wrong <= 0.03
    assert figures.linked >= 0.6
