"""Leads find their accounts in each cycle, people have the last word, and what they said is kept."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest
from sqlalchemy import select

from connectors.port import Stream
from sync_worker.config import HubSpotConfig
from sync_worker.matches import judge, match_leads, told
from sync_worker.parts import Stopped
from sync_worker.report.matches import judged, matched
from sync_worker.report.text import plain
from sync_worker.signals import take_in
from sync_worker.store import audit, matches, schema, settings
from tests.matches.conftest import AUTO
from tests.signals.conftest import NOW

if TYPE_CHECKING:
    from collections.abc import Callable

    from sync_worker.store.matches import Pair
    from tests.signals.conftest import Desk

ACME, OTHER = "0015g00000000VuAAI", "0015g00000000VvAAI"
LEAD = "00Q5g00000000AAAAA"


@pytest.fixture
def leads(desk: Desk, show: Callable[..., None]) -> Desk:
    """Two accounts, and a lead of each kind."""
    desk.parts.config = replace(desk.parts.config, matching=AUTO)
    desk.accounts(
        _0015g00000000VuAAI={"name": "Acme Robotics GmbH", "website": "acme.example", "country": "Germany"},
        _0015g00000000VvAAI={"name": "Globex Technologies"},
    )
    show(
        Stream.LEADS,
        _00Q5g00000000AAAAA={"company": "Whatever", "email": "ann@acme.example"},
        _00Q5g00000000BBBBB={"company": "ACME ROBOTICS", "email": "bob@gmail.com", "country": "DE"},
        _00Q5g00000000CCCCC={"company": "Globex", "email": ""},
        _00Q5g00000000DDDDD={"company": "Initech", "email": "dan@gmail.com"},
    )
    again(desk)
    return desk


def again(desk: Desk) -> None:
    """Match as a cycle does."""
    with desk.store.begin() as tx:
        match_leads(tx, desk.parts.config, desk.parts.clock())


def found(desk: Desk, state: str) -> list[Pair]:
    """The matches in a state."""
    return list(told(desk.parts, state, "", 20).pairs)


def test_leads_are_linked_by_site_and_by_name_and_the_rest_waits_or_says_why_not(leads: Desk) -> None:
    linked = {(pair.key, pair.account, pair.because) for pair in found(leads, "linked")}
    assert linked == {
        (LEAD, ACME, "website acme.example"),
        ("00Q5g00000000BBBBB", ACME, "the name is Acme Robotics GmbH, same country"),
    }
    [waits] = found(leads, "review")
    assert (waits.key, waits.account, waits.account_name) == ("00Q5g00000000CCCCC", OTHER, "Globex Technologies")
    [none] = found(leads, "none")
    assert none.because == "gmail.com tells no two companies apart, and no account has a name like Initech"
    [rate] = told(leads.parts, "review", "leads", 20).rates
    assert (rate.keys, rate.linked, rate.review, rate.none, rate.rate) == (4, 2, 1, 1, 0.5)


def test_an_accepted_match_holds_from_then_on_and_stands_in_the_audit_log(leads: Desk) -> None:
    [waits] = found(leads, "review")
    judge(leads.parts, waits.id[:6], accepted=True, by="anna", note="the same since 2020")
    assert not found(leads, "review")
    again(leads)
    [accepted] = found(leads, "accepted")
    assert (accepted.account, accepted.by, accepted.note, accepted.at) == (OTHER, "anna", "the same since 2020", NOW)
    assert (waits.key, OTHER, "a person said so") in {(p.key, p.account, p.because) for p in found(leads, "linked")}
    with leads.store.read() as tx:
        [entry] = audit.search(tx, account=OTHER, limit=10)
        assert matches.leads(tx)[waits.key] == OTHER
    assert (entry.kind, entry.values) == ("match.accepted", {"by": "anna", "note": "the same since 2020"})


def test_a_rejected_match_is_never_proposed_again_even_by_its_site(leads: Desk) -> None:
    by_site = next(pair for pair in found(leads, "linked") if pair.key == LEAD)
    judge(leads.parts, by_site.id, accepted=False, by="anna", note="")
    [waits] = found(leads, "review")
    judge(leads.parts, waits.id, accepted=False, by="anna", note="")
    for _ in range(2):
        again(leads)
        assert not found(leads, "review")
        assert {pair.key for pair in found(leads, "none")} == {LEAD, waits.key, "00Q5g00000000DDDDD"}


def test_a_person_may_take_their_word_back(leads: Desk) -> None:
    [waits] = found(leads, "review")
    judge(leads.parts, waits.id, accepted=False, by="anna", note="")
    leads.parts.clock = lambda: NOW + timedelta(minutes=1)
    judge(leads.parts, waits.id, accepted=True, by="anna", note="")
    again(leads)
    assert not found(leads, "rejected")
    assert waits.key in {pair.key for pair in found(leads, "linked")}


def test_an_id_that_is_none_or_several_is_refused_with_a_way_out(leads: Desk) -> None:
    with pytest.raises(Stopped, match="there is no match zzz"):
        judge(leads.parts, "zzz", accepted=True, by="anna", note="")
    with pytest.raises(Stopped, match="there is no match"):
        judge(leads.parts, "", accepted=True, by="anna", note="")


def test_without_a_threshold_names_link_nothing_and_the_list_says_so(leads: Desk) -> None:
    leads.parts.config = replace(leads.parts.config, matching=replace(AUTO, auto=None))
    again(leads)
    assert {pair.key for pair in found(leads, "linked")} == {LEAD}
    assert "matching.auto is not set" in plain(matched(told(leads.parts, "review", "", 20))[0])


def test_an_alias_of_the_config_counts_from_the_next_run_on(leads: Desk) -> None:
    leads.parts.config = replace(leads.parts.config, matching=replace(AUTO, aliases={"Initech": OTHER}))
    again(leads)
    assert ("00Q5g00000000DDDDD", OTHER) in {(pair.key, pair.account) for pair in found(leads, "linked")}


def test_a_lead_that_has_gone_is_matched_no_more_and_a_new_account_may_be_meant(
    leads: Desk, show: Callable[..., None]
) -> None:
    show(Stream.LEADS, _00Q5g00000000CCCCC=None)
    leads.accounts(_0015g00000000VwAAI={"name": "Initech LLC"})
    again(leads)
    assert not found(leads, "review")
    assert ("00Q5g00000000DDDDD", "0015g00000000VwAAI") in {(p.key, p.account) for p in found(leads, "linked")}


def test_of_two_accounts_the_one_with_an_open_opportunity_is_meant(leads: Desk, show: Callable[..., None]) -> None:
    leads.accounts(_0015g00000000VxAAI={"name": "Acme Robotics AG", "country": "Germany"})
    again(leads)
    assert {pair.key for pair in found(leads, "linked")} == {LEAD}
    show(Stream.OPPORTUNITIES, _0065g00000000AAAAA={"account": ACME, "closed": False, "won": False})
    again(leads)
    linked = {pair.key: pair.because for pair in found(leads, "linked")}
    assert linked["00Q5g00000000BBBBB"].endswith("which 2 accounts have and only this one has open opportunities")


def test_contacts_without_an_account_are_matched_like_leads(leads: Desk, show: Callable[..., None]) -> None:
    leads.parts.config = replace(leads.parts.config, hubspot=HubSpotConfig())
    leads.accounts("hubspot", _77={"name": "Acme Robotics", "domain": "acme.example", "owner": "9"})
    show(Stream.CONTACTS, "hubspot", _301={"email": "eve@shop.acme.example"}, _302={"email": "x@a.b", "account": "77"})
    again(leads)
    keys = {pair.key for state in ("linked", "review", "none") for pair in found(leads, state)}
    assert "301" in keys
    assert "302" not in keys


def test_nothing_is_matched_anew_while_nothing_has_changed(leads: Desk) -> None:
    with leads.store.begin() as tx:
        tx.execute(schema.account_match.delete())
    again(leads)
    assert not found(leads, "linked")
    with leads.store.begin() as tx:
        settings.delete(tx, "leads_matched")
    again(leads)
    assert len(found(leads, "linked")) == 2


def test_lines_of_files_with_a_name_alone_find_their_account_and_may_be_confirmed(leads: Desk) -> None:
    leads.drop(
        "g2.csv", "company,topic,score,date\nAcme Robotics Inc,security,60,2026-11-19\nGlobex,cloud,70,2026-11-19\n"
    )
    take_in(leads.parts)
    signal = schema.signal.c

    def whose() -> dict[str, str | None]:
        with leads.store.read() as tx:
            return {row.key: row.account_id for row in tx.execute(select(signal.key, signal.account_id))}

    assert whose() == {"name: Acme Robotics Inc": ACME, "name: Globex": None}
    [waits] = [pair for pair in found(leads, "review") if pair.source == "signals"]
    judge(leads.parts, waits.id, accepted=True, by="anna", note="")
    take_in(leads.parts)
    assert whose()["name: Globex"] == OTHER


def test_what_is_shown_to_people_names_the_account_and_the_way_on(leads: Desk) -> None:
    shown = plain(matched(told(leads.parts, "review", "", 20))[0])
    assert "leads      4      2           1        1         50%" in shown
    assert f"Globex Technologies ({OTHER})" in shown
    assert "'sync-worker matches accept MATCH'" in shown
    [waits] = found(leads, "review")
    assert plain(judged(waits, accepted=True)[0]) == f"Globex is Globex Technologies ({OTHER}) from the next run on\n"
    assert "will not be proposed" in plain(judged(waits, accepted=False)[0])
    assert "the likeliest first" not in plain(matched(told(leads.parts, "accepted", "", 20))[0])
