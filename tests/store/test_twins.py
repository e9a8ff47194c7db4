"""Which records are one account is worked out from what the store has, and stays so while a record cannot be read."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest
from sqlalchemy import select

from connectors.port import Stream
from sync_worker.config import Config, HomeConfig, HubSpotConfig, SalesforceConfig
from sync_worker.core.homes import Homes, Twin
from sync_worker.homes import pair_up
from sync_worker.store import holds, records, twins
from sync_worker.store.schema import rest
from tests.store.crm import ENGAGEMENT, TOUCHES, account, page

if TYPE_CHECKING:
    from datetime import datetime

    from sqlalchemy import Connection

    from connectors.port import Record
    from sync_worker.store import Store

HOME = "0015g00000000VuAAI"
CONFIG = Config(
    salesforce=SalesforceConfig(url="https://acme.my.salesforce.com"),
    hubspot=HubSpotConfig(),
    home=HomeConfig(crm="salesforce", link="other"),
)


def save(tx: Connection, crm: str, now: datetime, *shown: Record) -> None:
    records.save_page(tx, crm, Stream.ACCOUNTS, page(*shown), cycle=1, now=now, touches=TOUCHES, engagement=ENGAGEMENT)


def paired(tx: Connection, now: datetime) -> list[tuple[str, str]]:
    pair_up(tx, CONFIG, now)
    return [(twin.account, twin.home) for twin in twins.of(tx, HOME)]


@pytest.mark.parametrize("link", [HOME, HOME[:15], f" {HOME} "])
def test_a_link_is_read_as_people_and_programs_write_it(store: Store, now: datetime, link: str) -> None:
    with store.begin() as tx:
        save(tx, "salesforce", now, account(HOME, now))
        save(tx, "hubspot", now, account("7", now, other=link))
        assert paired(tx, now) == [("7", HOME)]


def test_a_link_may_be_a_number(store: Store, now: datetime) -> None:
    with store.begin() as tx:
        save(tx, "salesforce", now, account(HOME, now, other=12345678901.0))
        save(tx, "hubspot", now, account("12345678901", now))
        assert paired(tx, now) == [("12345678901", HOME)]


def test_a_link_to_what_was_merged_leads_to_the_winner(store: Store, now: datetime) -> None:
    with store.begin() as tx:
        save(tx, "salesforce", now, account(HOME, now, other="7"))
        save(tx, "hubspot", now, account("7", now), account("8", now))
        assert paired(tx, now) == [("7", HOME)]
        gone = replace(account("7", now), deleted=True, merged_into="9")
        save(tx, "hubspot", now, gone, account("9", now))
        assert paired(tx, now) == [("9", HOME)]


def test_pairs_are_found_anew_when_an_account_or_the_config_has_changed_and_only_then(
    store: Store, now: datetime
) -> None:
    with store.begin() as tx:
        save(tx, "salesforce", now, account(HOME, now))
        save(tx, "hubspot", now, account("7", now, other=HOME))
        assert paired(tx, now) == [("7", HOME)]
        twins.keep(tx, Homes((), 0), now)
        assert paired(tx, now) == [], "nothing has changed since"
        save(tx, "hubspot", now, account("8", now))
        assert paired(tx, now) == [("7", HOME)]
        pair_up(tx, replace(CONFIG, home=HomeConfig(crm="hubspot", link="other")), now)
        assert [(twin.account, twin.home) for twin in twins.of(tx, HOME)] == [(HOME, "7")]
        pair_up(tx, replace(CONFIG, hubspot=None), now)
        assert twins.of(tx, HOME) == []


def test_a_twin_stays_a_twin_while_its_home_is_set_aside(store: Store, now: datetime) -> None:
    with store.begin() as tx:
        save(tx, "salesforce", now, account(HOME, now, other="7"))
        save(tx, "hubspot", now, account("7", now))
        save(tx, "salesforce", now, account(HOME, now, other="7", revenue=float("nan")))
        assert records.quarantined(tx), "it could not be understood"
        assert paired(tx, now) == [("7", HOME)]


def test_what_becomes_a_twin_hands_its_hold_and_its_rest_on_to_its_home(store: Store, now: datetime) -> None:
    """I12: an account that changes its home is held on; else the other CRM's record would move at once."""
    until = now + timedelta(days=30)
    with store.begin() as tx:
        save(tx, "salesforce", now, account(HOME, now))
        save(tx, "hubspot", now, account("7", now, other=HOME))
        twins.keep(tx, Homes((Twin("7", HOME, "linked"),), 0), now)
        holds.start(tx, holds.Hold(HOME, holds.PERSON, now, until, "Ann moved it"))
        holds.start_rest(tx, HOME, until, "unworked", "u1", now)
        twins.keep(tx, Homes((Twin(HOME, "7", "linked"),), 0), now)
        assert [held.account for held in holds.current(tx, now)] == ["7"]
        assert tx.execute(select(rest.c.account_id)).scalars().all() == ["7"]
