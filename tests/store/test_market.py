"""The store counts the market and streams its accounts alike on both engines."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from typing import TYPE_CHECKING

import pytest

from connectors.port import Stream
from rules import Type
from sync_worker.core.market.whitespace import Cell, Due, Stand, quarters
from sync_worker.store import facts, market
from tests.store.crm import account, other, page, save

if TYPE_CHECKING:
    from datetime import datetime

    from sqlalchemy import Connection

    from connectors.port import Value
    from sync_worker.store import Store

SETTINGS = facts.FactSettings(pool_user_ids=("pool",))
SCOPED = """SELECT id AS account_id, CASE WHEN id NOT IN ('out', 'their') THEN 'in: 100%' END AS in_scope,
'North: 50%s' AS then__1, 'new-logo' AS "motion:1" FROM record WHERE stream = 'accounts'"""
JUDGED = market.Judged(SCOPED, "account_id", "in_scope")
SEEN = market.Seen(judged=JUDGED, quarters=quarters(date(2026, 11, 20)))


def a_market(tx: Connection, now: datetime) -> None:
    users: dict[str, dict[str, Value]] = {"u1": {"active": True}, "u2": {"active": False}, "pool": {"active": True}}
    save(tx, page(*(other(Stream.USERS, id_, now, can_own=True, **fields) for id_, fields in users.items())), now)
    told: dict[str, dict[str, Value]] = {
        "typed": {"type": "Customer - Direct", "renewal": "2026-12-31", "revenue": 2.5},
        "won": {"renewal": "2027-01-01T00:00:00Z", "region": "EMEA"},
        "their": {"type": "Customer", "renewal": "2026-11-19"},
        "owned": {"region": "EMEA", "renewal": "2026-12-31", "revenue": 4},
        "pooled": {"owner": "pool", "listed": True},
        "orphan": {"owner": None},
        "left": {"owner": "u2", "revenue": 1.0},
        "unseen": {"owner": "u404", "revenue": 1e308},
        "out": {"owner": "pool"},
    }
    save(tx, page(*(account(id_, now, **fields) for id_, fields in told.items())), now)
    save(tx, page(replace(account("gone", now), deleted=True)), now)
    save(tx, page(other(Stream.OPPORTUNITIES, "o1", now, account="won", closed=True, won=True)), now)


def stands(tx: Connection, now: datetime) -> dict[str, str]:
    blocks = market.stream(tx, SEEN, now=now, settings=SETTINGS)
    return {id_: stand for ids, found, *_ in blocks for id_, stand in zip(ids, found, strict=True)}


def test_each_account_stands_in_one_way(store: Store, now: datetime) -> None:
    with store.begin() as tx:
        a_market(tx, now)
    with store.read() as tx:
        found = stands(tx, now)
        out = sum(
            cell.accounts for cell in market.cells(tx, SEEN, now=now, settings=SETTINGS) if cell.stand is Stand.OUT
        )
    assert found == {
        "typed": Stand.CUSTOMER,
        "won": Stand.CUSTOMER,
        "their": Stand.CUSTOMER,
        "owned": Stand.OWNED,
        "unseen": Stand.OWNED,  # who no longer shows may still be there
        "pooled": Stand.UNOWNED,
        "orphan": Stand.UNOWNED,
        "left": Stand.UNOWNED,
    }
    assert out == 1


def test_cells_are_counted_by_field_standing_and_renewal_with_what_they_are_worth(store: Store, now: datetime) -> None:
    seen = replace(SEEN, territory=("region", Type.TEXT), value="revenue", renewal="renewal")
    with store.begin() as tx:
        a_market(tx, now)
        found = {
            (cell.territory, cell.stand, cell.due): cell for cell in market.cells(tx, seen, now=now, settings=SETTINGS)
        }
    assert found == {
        (cell.territory, cell.stand, cell.due): cell
        for cell in (
            Cell("", "", Stand.CUSTOMER, Due.THIS, 1, 2.5, 1),
            Cell("", "", Stand.CUSTOMER, Due.OVERDUE, 1),
            Cell("EMEA", "", Stand.CUSTOMER, Due.NEXT, 1),
            Cell("EMEA", "", Stand.OWNED, Due.THIS, 1, 4.0, 1),
            Cell("", "", Stand.OWNED, None, 1),
            Cell("", "", Stand.UNOWNED, None, 3, 1.0, 1),
            Cell("", "", Stand.OUT, None, 1),
        )
    }


def test_what_rules_say_tells_territories_and_motions_whatever_its_letters(store: Store, now: datetime) -> None:
    judged = replace(JUDGED, territory="then__1", motion="motion:1")
    with store.begin() as tx:
        a_market(tx, now)
        found = market.cells(tx, replace(SEEN, judged=judged), now=now, settings=SETTINGS)
    assert {(cell.territory, cell.motion) for cell in found} == {("North: 50%s", "new-logo")}


@pytest.mark.parametrize(("name", "expected"), [("listed", {"yes": 1, "": 8}), ("in_pool", {"yes": 2, "no": 7})])
def test_yes_or_no_tells_territories_too(store: Store, now: datetime, name: str, expected: dict[str, int]) -> None:
    counts: dict[str, int] = {}
    with store.begin() as tx:
        a_market(tx, now)
        for cell in market.cells(tx, replace(SEEN, territory=(name, Type.BOOLEAN)), now=now, settings=SETTINGS):
            counts[cell.territory] = counts.get(cell.territory, 0) + cell.accounts
    assert counts == expected


def test_a_stream_brings_typed_fields_block_by_block_in_the_order_of_ids(
    store: Store, now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(market, "AT_ONCE", 3)
    fields = {"region": Type.TEXT, "revenue": Type.NUMBER, "listed": Type.BOOLEAN}
    with store.begin() as tx:
        a_market(tx, now)
        blocks = list(market.stream(tx, replace(SEEN, fields=fields), now=now, settings=SETTINGS))
    assert [len(block[0]) for block in blocks] == [3, 3, 2]
    rows = {row[0]: row[4:] for block in blocks for row in zip(*block, strict=True)}
    assert list(rows) == sorted(rows)
    assert rows["owned"] == ("EMEA", 4.0, None)
    assert bool(rows["pooled"][2]) is True


def test_accounts_are_named_with_their_owners(store: Store, now: datetime) -> None:
    with store.begin() as tx:
        a_market(tx, now)
        assert market.named(tx, ["orphan", "owned"]) == {"orphan": ("ORPHAN", None), "owned": ("OWNED", "u1")}
