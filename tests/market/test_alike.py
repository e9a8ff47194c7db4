"""Look-alikes out of a stream of accounts: the best of each territory, and an answer also where there is nobody."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from rules import Type
from sync_worker.core.market.lookalikes import Verdict, turn
from sync_worker.core.market.whitespace import Among, Stand
from sync_worker.market.alike import gather, look
from tests.core.market.drawn import accounts

if TYPE_CHECKING:
    from collections.abc import Sequence

FIT = {"industry": Type.TEXT, "employees": Type.NUMBER, "listed": Type.BOOLEAN}
Rows = list[tuple[Any, ...]]


def streamed(size: int = 100) -> list[Sequence[Sequence[Any]]]:
    """Accounts as the store streams them, in blocks."""
    rows, won = accounts()
    told: Rows = []
    for number, (row, mine) in enumerate(zip(rows, won, strict=True)):
        stand = Stand.CUSTOMER if mine else Stand.UNOWNED if number % 3 else Stand.OWNED
        region = ("EMEA", "APAC", None)[number % 3 if number % 5 else 0]
        told.append((f"A{number:05}", stand.value, region, float(number), *(row[name] for name in FIT)))
    return [list(zip(*told[start : start + size], strict=True)) for start in range(0, len(told), size)]


def test_the_best_of_each_territory_are_those_with_the_highest_likeness() -> None:
    heard: list[int] = []
    gathered = gather(streamed(), FIT, called={"EMEA": "Europe"}, told=heard.append)
    assert heard == [*range(100, 1_201, 100)]
    found = look(gathered, Among.UNOWNED, top=4, keep=())
    assert found.studied.verdict is Verdict.FOUND
    by_territory = {name: [one for one in found.best if one.territory == name] for name in ("Europe", "APAC", "")}
    assert [len(some) for some in by_territory.values()] == [4, 4, 4]
    for some in by_territory.values():
        order = [(-one.likeness, turn(one.account)) for one in some]
        assert order == sorted(order)
        assert all(one.value == float(one.account[1:]) and one.reasons[0].weight > 0 for one in some)
    assert sum(found.counts.values()) <= found.looked_at == sum(block[1].count("unowned") for block in streamed())
    assert found.values.keys() == found.counts.keys()


def test_more_is_asked_for_than_there_is() -> None:
    gathered = gather(streamed(), FIT, called={}, told=lambda _: None)
    found = look(gathered, Among.PROSPECTS, top=10_000, keep=())
    assert len(found.best) == len({one.account for one in found.best}) < found.looked_at
    assert min(one.likeness for one in found.best) < 0.5, (
        "likeness is told, whatever it is, where anything speaks for it"
    )


def test_the_size_of_blocks_does_not_matter() -> None:
    found = [
        look(gather(streamed(n), FIT, called={}, told=lambda _: None), Among.UNOWNED, top=3, keep=()) for n in (7, 999)
    ]
    assert found[0].best == found[1].best


@pytest.mark.parametrize("fit", [FIT, {}])
def test_an_empty_market_is_too_few(fit: dict[str, Type]) -> None:
    found = look(gather([], fit, called={}, told=lambda _: None), Among.UNOWNED, top=3, keep=())
    assert (found.studied.verdict, found.best, found.looked_at) == (Verdict.TOO_FEW, (), 0)


def test_without_a_field_that_says_what_an_account_is_there_is_no_signal() -> None:
    blocks = [block[:4] for block in streamed()]
    found = look(gather(blocks, {}, called={}, told=lambda _: None), Among.UNOWNED, top=3, keep=())
    assert found.studied.verdict is Verdict.NO_SIGNAL
    assert "no field is left" in found.studied.why
