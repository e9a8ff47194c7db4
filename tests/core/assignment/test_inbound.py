"""Accounts that come in between two plans: yesterday's prices place them nearly as well as hindsight would."""

from __future__ import annotations

import pytest

from benchmarks.books.inbound import BOOKS, PRICES, book, captured


@pytest.mark.parametrize("name", BOOKS)
def test_yesterdays_prices_capture_nine_tenths_of_what_hindsight_could(name: str) -> None:
    for seed in (1, 2):
        found = captured(book(name, 1_500, 25, seed), seed)
        assert found[PRICES] >= 0.9, found
        assert found["greedy"] <= found[PRICES] - 0.1, found
        assert found[f"{PRICES}, evenness counted again"] < found[PRICES], found
