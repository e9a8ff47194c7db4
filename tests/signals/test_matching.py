"""Signals find their accounts, also later: accounts come, merge and change their sites, and two CRMs are paired."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from sqlalchemy import select

from connectors.port import Cursor, Page, Record, Ref, Stream
from sync_worker.config import HubSpotConfig
from sync_worker.core.homes import Homes, Twin
from sync_worker.core.matching import AMBIGUOUS
from sync_worker.signals import match_up, take_in
from sync_worker.store import records, schema, settings, twins
from tests.signals.conftest import NOW

if TYPE_CHECKING:
    from tests.signals.conftest import Desk

ACME, OTHER = "0015g00000000VuAAI", "0015g00000000VvAAI"
BY_SITE = "domain,topic,score,observed_at\nacme.example,security,60,2026-11-09\n"


def whose(desk: Desk) -> list[tuple[str | None, str]]:
    """The account of every signal, and why."""
    c = schema.signal.c
    with desk.store.read() as tx:
        return [(row.account_id, row.because) for row in tx.execute(select(c.account_id, c.because).order_by(c.key))]


def test_an_account_that_comes_later_gets_the_signals_that_waited_for_it(desk: Desk) -> None:
    desk.drop("bombora.csv", BY_SITE)
    take_in(desk.parts)
    assert whose(desk) == [(None, "no account has the domain acme.example")]
    desk.accounts(_0015g00000000VuAAI={"website": "https://www.acme.example"})
    take_in(desk.parts)
    assert whose(desk) == [(ACME, "website acme.example")]


def test_a_second_account_of_the_site_makes_the_match_doubtful_until_it_has_a_parent(desk: Desk) -> None:
    desk.drop("bombora.csv", BY_SITE)
    desk.accounts(_0015g00000000VuAAI={"website": "acme.example"})
    take_in(desk.parts)
    desk.accounts(_0015g00000000VvAAI={"website": "acme.example"})
    take_in(desk.parts)
    [(account, because)] = whose(desk)
    assert account is None
    assert because.startswith(AMBIGUOUS)
    desk.accounts(_0015g00000000VvAAI={"website": "acme.example", "parent": ACME})
    take_in(desk.parts)
    assert whose(desk)[0][0] == ACME


def test_the_signals_of_a_merged_account_are_the_winner_s(desk: Desk) -> None:
    desk.drop("bombora.csv", BY_SITE.replace("domain", "account_id").replace("acme.example", ACME))
    desk.accounts(_0015g00000000VuAAI={}, _0015g00000000VvAAI={})
    take_in(desk.parts)
    assert whose(desk) == [(ACME, f"id {ACME}")]
    with desk.store.begin() as tx:
        lost = Record(Ref(Stream.ACCOUNTS, ACME), {}, NOW, deleted=True, merged_into=OTHER)
        page = Page((lost,), Cursor("d"), full=False)
        records.save_page(tx, "salesforce", Stream.ACCOUNTS, page, cycle=1, now=NOW, touches=(), engagement=())
    take_in(desk.parts)
    assert whose(desk) == [(OTHER, f"id {ACME}, merged into {OTHER}")]


def test_the_signals_of_a_deleted_account_wait(desk: Desk) -> None:
    desk.drop("bombora.csv", BY_SITE)
    desk.accounts(_0015g00000000VuAAI={"website": "acme.example"})
    take_in(desk.parts)
    with desk.store.begin() as tx:
        gone = Record(Ref(Stream.ACCOUNTS, ACME), {}, NOW, deleted=True)
        page = Page((gone,), Cursor("d"), full=False)
        records.save_page(tx, "salesforce", Stream.ACCOUNTS, page, cycle=1, now=NOW, touches=(), engagement=())
    take_in(desk.parts)
    assert whose(desk) == [(None, "no account has the domain acme.example")]


def test_the_accounts_of_a_crm_that_the_config_names_no_more_are_no_matches(desk: Desk) -> None:
    desk.drop("bombora.csv", BY_SITE)
    desk.accounts(_0015g00000000VuAAI={"website": "acme.example"})
    desk.accounts("hubspot", _77={"domain": "acme.example"})
    desk.parts.config = replace(desk.parts.config, hubspot=HubSpotConfig())
    take_in(desk.parts)
    assert whose(desk)[0][1].startswith(AMBIGUOUS)
    desk.parts.config = replace(desk.parts.config, hubspot=None)
    take_in(desk.parts)
    assert whose(desk) == [(ACME, "website acme.example")]


def test_a_signal_that_means_a_twin_is_its_home_s(desk: Desk) -> None:
    desk.parts.config = replace(desk.parts.config, hubspot=HubSpotConfig())
    lines = BY_SITE.replace("domain", "domain,hubspot_id").replace("acme.example", "acme.example,")
    desk.drop("bombora.csv", f"{lines},77,security,60,2026-11-09\n")
    desk.accounts(_0015g00000000VuAAI={"website": "acme.example"})
    desk.accounts("hubspot", _77={"domain": "acme.example"})
    take_in(desk.parts)
    assert [account for account, _ in whose(desk)] == ["77", None], "two accounts, as far as anybody has said"
    with desk.store.begin() as tx:
        twins.keep(tx, Homes((Twin("77", ACME, "both are acme.example"),), 0), NOW)
        match_up(tx, desk.parts.config, NOW)
    assert whose(desk) == [(ACME, f"id 77, a record of {ACME}"), (ACME, "website acme.example")]


def test_nothing_is_matched_again_while_nothing_has_changed(desk: Desk) -> None:
    desk.drop("bombora.csv", BY_SITE)
    desk.accounts(_0015g00000000VuAAI={"website": "acme.example"})
    take_in(desk.parts)
    with desk.store.begin() as tx:
        tx.execute(schema.signal.update().values(because="seen"))
    take_in(desk.parts)
    assert whose(desk) == [(ACME, "seen")]
    with desk.store.begin() as tx:
        settings.delete(tx, "signals_matched")
        match_up(tx, desk.parts.config, NOW)
    assert whose(desk) == [(ACME, "website acme.example")]
