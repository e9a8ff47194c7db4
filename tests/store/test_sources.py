"""What several sources say of an account becomes one value by declared rules, equal on both engines."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest
from sqlalchemy import insert

from connectors.files import Firmographics, Intent
from connectors.port import Stream
from rules import EngagementSource, FactColumn, FieldSource, IntentSource, TouchSource, Type
from sync_worker.core.matching import Match
from sync_worker.store import engagement, facts, records, schema, signals
from tests.store.crm import ENGAGEMENT, TOUCHES, account, activity, other, page
from tests.store.crm import save as save_home

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from sqlalchemy import Connection

    from connectors.port import Record, Value
    from sync_worker.store import Store

ONE = facts.FactSettings(pool_user_ids=("pool",), crms=("salesforce",), topics={"security": "intent_security"})
TWO = replace(ONE, crms=("salesforce", "hubspot"))
EMPLOYEES = FactColumn("employees", Type.NUMBER, FieldSource("employees"))
INDUSTRY = FactColumn("industry", Type.TEXT, FieldSource("industry"))
SECURITY = FactColumn("intent__security", Type.NUMBER, IntentSource("security"))


def test_a_file_fills_what_the_crm_leaves_empty(store: Store, now: datetime) -> None:
    with store.begin() as tx:
        save_home(tx, page(account("a", now, employees=None), account("b", now, employees=45)), now)
        say(tx, now, "a", "zoominfo", employees=500.0)
        say(tx, now, "b", "zoominfo", employees=500.0)
        assert column(tx, now, EMPLOYEES) == {"a": 500.0, "b": 45.0}


@pytest.mark.parametrize(
    ("declared", "wins"),
    [
        ((), 45.0),
        (("zoominfo",), 500.0),
        (("dnb", "zoominfo"), 700.0),
        (("salesforce", "zoominfo"), 45.0),
        (("nobody", "zoominfo"), 500.0),
    ],
)
def test_the_declared_order_of_sources_decides(
    store: Store, now: datetime, declared: tuple[str, ...], wins: float
) -> None:
    how = replace(ONE, precedence={"employees": declared})
    with store.begin() as tx:
        save_home(tx, page(account("a", now, employees=45)), now)
        say(tx, now, "a", "zoominfo", employees=500.0)
        say(tx, now, "a", "dnb", employees=700.0)
        assert column(tx, now, EMPLOYEES, how) == {"a": wins}


def test_without_a_declared_order_files_come_by_name(store: Store, now: datetime) -> None:
    with store.begin() as tx:
        save_home(tx, page(account("a", now)), now)
        say(tx, now, "a", "zoominfo", employees=500.0)
        say(tx, now, "a", "dnb", employees=700.0)
        assert column(tx, now, EMPLOYEES) == {"a": 700.0}


def test_a_source_that_says_it_under_two_keys_says_the_latest(store: Store, now: datetime) -> None:
    with store.begin() as tx:
        save_home(tx, page(account("a", now)), now)
        say(tx, now, "a", "zoominfo", "acme.com", employees=1.0)
        say(tx, now + timedelta(hours=1), "a", "zoominfo", "acme.de", employees=2.0)
        say(tx, now - timedelta(hours=1), "a", "zoominfo", "acme.fr", employees=3.0)
        assert column(tx, now, EMPLOYEES) == {"a": 2.0}


def test_what_belongs_to_no_account_changes_no_fact(store: Store, now: datetime) -> None:
    with store.begin() as tx:
        save_home(tx, page(account("a", now, employees=45)), now)
        say(tx, now, None, "zoominfo", "acme.com", employees=1.0)
        hint(tx, now, None, "bombora", 90)
        facts.build(tx, [EMPLOYEES, SECURITY], now=now, settings=replace(ONE, precedence={"employees": ("zoominfo",)}))
        row = facts.row(tx, "a")
    assert (row["employees"], row["intent__security"]) == (45.0, None)


TYPED: list[tuple[Type, Value, Any]] = [
    (Type.TEXT, "Müller", "Müller"),
    (Type.NUMBER, 12.5, 12.5),
    (Type.BOOLEAN, True, True),
    (Type.BOOLEAN, False, False),
    (Type.DATE, "2026-11-04", "2026-11-04"),
    (Type.DATE, "2026-11-04T10:00:00Z", "2026-11-04T10:00:00Z"),
    (Type.NUMBER, "12", None),
    (Type.DATE, "soon", None),
]
"""Type wanted, value told, fact."""


def test_values_of_files_keep_their_types(store: Store, now: datetime) -> None:
    columns = [FactColumn(f"odd_{n}", kind, FieldSource(f"odd_{n}")) for n, (kind, _, _) in enumerate(TYPED)]
    with store.begin() as tx:
        save_home(tx, page(account("a", now)), now)
        say(tx, now, "a", "zoominfo", "acme.com", **{f"odd_{n}": value for n, (_, value, _) in enumerate(TYPED)})
        facts.build(tx, columns, now=now, settings=ONE)
        row = facts.row(tx, "a")
    assert [(kind, value, row[f"odd_{n}"]) for n, (kind, value, _) in enumerate(TYPED)] == TYPED


def test_nobody_has_a_voice_in_what_the_crm_alone_says(store: Store, now: datetime) -> None:
    with store.begin() as tx:
        save_home(tx, page(account("a", now, name=None, owner=None)), now)
        say(tx, now, "a", "zoominfo", name="Other", owner="u9", do_not_move=True, tier="A")
        columns = [FactColumn("tier", Type.TEXT, FieldSource("tier"))]
        facts.build(tx, columns, now=now, settings=replace(ONE, crm_alone=ONE.crm_alone | {"tier"}))
        row = facts.row(tx, "a")
    assert (row["name"], row["owner"], row["do_not_move"], row["tier"]) == (None, None, False, None)


# Intent ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("combine", "score"), [("highest", 90.0), ("average", 70.0), ("latest", 50.0)])
def test_the_intent_of_several_sources_is_combined_as_declared(
    store: Store, now: datetime, combine: str, score: float
) -> None:
    """Each source counts once: the older signal of g2 under another key does not."""
    how = replace(ONE, combine=combine, observed="seen")
    with store.begin() as tx:
        save_home(tx, page(account("a", now, intent_security=70, seen="2026-11-10")), now)
        hint(tx, now - timedelta(days=3), "a", "bombora", 90)
        hint(tx, now - timedelta(days=1), "a", "g2", 50)
        hint(tx, now - timedelta(days=2), "a", "g2", 99, key="acme.de")
        assert column(tx, now, SECURITY, how) == {"a": score}


def test_stale_intent_does_not_count(store: Store, now: datetime) -> None:
    with store.begin() as tx:
        save_home(tx, page(account("a", now), account("b", now, intent_security=30)), now)
        hint(tx, now - timedelta(days=7), "a", "bombora", 90, days=7)
        hint(tx, now - timedelta(days=7), "b", "bombora", 90, days=7)
        assert column(tx, now, SECURITY) == {"a": None, "b": 30.0}
        before = now - timedelta(seconds=1)
        assert column(tx, before, SECURITY) == {"a": 90.0, "b": 90.0}


def test_undated_intent_of_a_crm_is_the_oldest(store: Store, now: datetime) -> None:
    with store.begin() as tx:
        save_home(tx, page(account("a", now, intent_security=70), account("b", now, intent_security=80)), now)
        hint(tx, now - timedelta(days=20), "a", "bombora", 10)
        assert column(tx, now, SECURITY, replace(ONE, combine="latest")) == {"a": 10.0, "b": 80.0}


def test_a_topic_that_only_files_have(store: Store, now: datetime) -> None:
    how = replace(ONE, topics={"security": ""})
    with store.begin() as tx:
        save_home(tx, page(account("a", now), account("b", now)), now)
        assert column(tx, now, SECURITY, how) == {"a": None, "b": None}
        hint(tx, now, "a", "bombora", 90)
        assert column(tx, now, SECURITY, how) == {"a": 90.0, "b": None}


def test_a_crm_score_outside_the_scale_counts_with_files_as_it_does_alone(store: Store, now: datetime) -> None:
    with store.begin() as tx:
        save_home(tx, page(account("a", now, intent_security=120), account("b", now, intent_security=-1)), now)
        alone = column(tx, now, SECURITY)
        hint(tx, now, "a", "bombora", 1)
        hint(tx, now, "b", "bombora", 1)
        assert (alone, column(tx, now, SECURITY)) == ({"a": 100.0, "b": None}, {"a": 100.0, "b": 1.0})


# Twins -----------------------------------------------------------------------------------------------------------


def test_a_twin_has_no_facts_of_its_own(store: Store, now: datetime) -> None:
    with store.begin() as tx:
        a_pair(tx, now)
        assert set(column(tx, now, EMPLOYEES, TWO)) == {"a", "9"}


@pytest.mark.parametrize(
    ("declared", "told"),
    [
        ((), {"a": "Home", "9": "Hub"}),
        (("hubspot",), {"a": "Twin", "9": "Hub"}),
        (("dnb", "hubspot"), {"a": "File", "9": "Hub"}),
        (("salesforce",), {"a": "Home", "9": "Hub"}),
    ],
)
def test_a_twin_says_what_the_home_leaves_empty_or_what_was_declared(
    store: Store, now: datetime, declared: tuple[str, ...], told: dict[str, str]
) -> None:
    how = replace(TWO, precedence={"industry": declared})
    with store.begin() as tx:
        a_pair(tx, now, {"industry": "Home", "employees": None}, {"industry": "Twin", "employees": 5})
        say(tx, now, "a", "dnb", industry="File")
        assert column(tx, now, INDUSTRY, how) == told
        assert column(tx, now, EMPLOYEES, how) == {"a": 5.0, "9": None}


def test_an_account_with_two_twins_is_one_account_and_any_of_them_protects_it(store: Store, now: datetime) -> None:
    derived = [FactColumn(name, facts.DERIVED[name].type, FieldSource(name)) for name in ("do_not_move", "is_customer")]
    with store.begin() as tx:
        a_pair(tx, now, {"industry": None}, {"industry": "Twin"})
        save(tx, "hubspot", now, account("8", now, industry="Second", box=True, type="Customer"))
        tx.execute(insert(schema.twin).values(account_id="8", home_id="a", because="hubspot links it to a"))
        assert column(tx, now, INDUSTRY, TWO) == {"a": "Twin", "9": "Hub"}
        facts.build(tx, derived, now=now, settings=replace(TWO, do_not_move="box"))
        told = {name: facts.row(tx, name) for name in ("a", "9")}
    assert (told["a"]["do_not_move"], told["a"]["is_customer"]) == (True, True)
    assert (told["9"]["do_not_move"], told["9"]["is_customer"]) == (False, False)


def test_the_work_on_a_twin_counts_for_its_account(store: Store, now: datetime) -> None:
    met = FactColumn("engagement__meeting__14d", Type.NUMBER, EngagementSource("meeting", 14.0))
    touched = FactColumn("touches__30d", Type.NUMBER, TouchSource(30))
    derived = [FactColumn(info.name, info.type, FieldSource(info.name)) for info in facts.DERIVED.values()]
    at = now.isoformat().replace("+00:00", "Z")
    with store.begin() as tx:
        engagement.refold(tx, [14.0], now)
        a_pair(tx, now, {"type": None}, {"type": "Customer"})
        for n, (crm, whose) in enumerate([("salesforce", "a"), ("hubspot", "7"), ("hubspot", "9")], start=1):
            save(tx, crm, now, activity(f"{n}1", now, account=whose, kind="meeting", at=at))
            save(
                tx, crm, now, other(Stream.OPPORTUNITIES, f"{n}2", now, account=whose, closed=False, won=True, amount=n)
            )
            save(tx, crm, now, other(Stream.CONTACTS, f"{n}3", now, account=whose))
        facts.build(tx, [*derived, met, touched], now=now, settings=TWO)
        home, alone = facts.row(tx, "a"), facts.row(tx, "9")
    counted = ("touches__30d", "open_opportunities", "won_opportunities", "open_amount", "contacts", met.name)
    assert [home[name] for name in counted] == [2, 2, 2, 3, 2, 2.0]
    assert [alone[name] for name in counted] == [1, 1, 1, 3, 1, 1.0]
    assert (home["is_customer"], home["crm"], alone["crm"]) == (True, "salesforce", "hubspot")
    assert home["last_touch"] == home["last_engagement"] == at


def test_do_not_move_is_honoured_in_whichever_crm_it_is_ticked(store: Store, now: datetime) -> None:
    with store.begin() as tx:
        a_pair(tx, now, {"do_not_move": False}, {"do_not_move": True})
        facts.build(tx, [], now=now, settings=TWO)
        assert (facts.row(tx, "a")["do_not_move"], facts.row(tx, "9")["do_not_move"]) == (True, False)


@pytest.mark.parametrize(("combine", "score"), [("highest", 80.0), ("average", 70.0), ("latest", 60.0)])
def test_the_intent_of_both_crms_counts_once_each(store: Store, now: datetime, combine: str, score: float) -> None:
    how = replace(TWO, combine=combine, observed="seen")
    with store.begin() as tx:
        home: dict[str, Value] = {"intent_security": 80, "seen": "2026-11-18T23:59:59Z"}
        a_pair(tx, now, home, {"intent_security": 60, "seen": "2026-11-19"})
        assert column(tx, now, SECURITY, how) == {"a": score, "9": None}


def test_a_type_that_says_customer_in_either_crm_protects(store: Store, now: datetime) -> None:
    customer = FactColumn("is_customer", Type.BOOLEAN, FieldSource("is_customer"))
    with store.begin() as tx:
        a_pair(tx, now, {"type": "Prospect"}, {"type": "Customer"})
        assert column(tx, now, customer, TWO) == {"a": True, "9": False}


def a_pair(
    tx: Connection, now: datetime, home: Mapping[str, Value] | None = None, other_: Mapping[str, Value] | None = None
) -> None:
    """Account a with its HubSpot twin 7, and account 9 that only HubSpot has."""
    save(tx, "salesforce", now, account("a", now, **home or {}))
    save(tx, "hubspot", now, account("7", now, **other_ or {}), account("9", now, industry="Hub"))
    tx.execute(insert(schema.twin).values(account_id="7", home_id="a", because="both are acme.com"))


def save(tx: Connection, crm: str, now: datetime, *shown: Record) -> None:
    """Save records of one stream of a CRM."""
    stream = shown[0].ref.stream
    records.save_page(tx, crm, stream, page(*shown), cycle=1, now=now, touches=TOUCHES, engagement=ENGAGEMENT)


def say(tx: Connection, at: datetime, whose: str | None, source: str, key: str = "acme.com", **values: Value) -> None:
    """Let a source say this of an account."""
    signals.begin_file(tx, f"{source} {key} {whose}", f"{source}.csv", at)
    key = f"{whose}.{key}"
    signals.keep_firmographics(
        tx, f"{source} {key.partition('.')[2]} {whose}", f"{source}.csv", [Firmographics(1, source, key, at, values)]
    )
    _match(tx, key, whose)


def hint(  # noqa: PLR0913 - each test says who, when, of whom and what
    tx: Connection, at: datetime, whose: str | None, source: str, score: float, *, key: str = "acme.com", days: int = 28
) -> None:
    """Let a source tell of an account's interest in security."""
    content, key = f"{source} {key} {whose} intent", f"{whose}.{key}"
    signals.begin_file(tx, content, f"{source}.csv", at)
    row = Intent(1, source, key, "security", score, at, at + timedelta(days=days))
    signals.keep_intent(tx, content, f"{source}.csv", [row])
    _match(tx, key, whose)


def column(tx: Connection, now: datetime, wanted: FactColumn, settings: facts.FactSettings = ONE) -> dict[str, Value]:
    """One fact of every account."""
    facts.build(tx, [wanted], now=now, settings=settings)
    return {id_: facts.row(tx, id_)[wanted.name] for id_ in facts.read_sets(tx)}


def _match(tx: Connection, key: str, whose: str | None) -> None:
    known = {one: Match(one.partition(".")[0], "") for one in signals.keys(tx) if not one.startswith("None")}
    signals.keep_matches(tx, {**{one: Match(None, "") for one in signals.keys(tx)}, **known, key: Match(whose, "")})
