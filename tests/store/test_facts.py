"""Facts are what the CRM shows and what the worker derives, one row for each live account, equal on both engines."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest
from sqlalchemy import insert

from connectors.port import Stream, User
from rules import EngagementSource, FactColumn, FieldInfo, FieldSource, IntentSource, TouchSource, Type
from sync_worker.store import engagement, facts, holds, ownership, records, schema
from tests.store.crm import account, activity, other, page, save

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from sqlalchemy import Connection

    from connectors.port import Value
    from sync_worker.store import Store

SETTINGS = facts.FactSettings(pool_user_ids=("pool",))


def test_every_derived_fact_of_an_account(store: Store, now: datetime) -> None:
    with store.begin() as tx:
        _a_company(tx, now)
        row = _facts(tx, now, *(_field(info.name, info.type) for info in facts.DERIVED.values()))["a"]
    assert row == {
        "name": "Acme",
        "owner": "u1",
        "crm": "salesforce",
        "owner_active": True,
        "owner_team": "EMEA",
        "in_pool": False,
        "do_not_move": False,
        "is_customer": True,
        "open_opportunities": 2,
        "won_opportunities": 1,
        "open_amount": 1500.5,
        "last_touch": "2026-11-10T12:00:00Z",
        "last_engagement": "2026-11-08T00:00:00Z",
        "owned_since": "2026-11-01T00:00:00Z",
        "previous_owner": "u9",
        "held_until": "2026-12-20T09:30:00Z",
        "resting_until": "2026-12-01T09:30:00Z",
        "contacts": 2,
    }


@pytest.mark.parametrize("amounts", [(0.1, 0.2, 0.3), (0.3, 0.2, 0.1), (0.7, 0.1, -0.2)])
def test_the_order_of_opportunities_makes_no_other_amount(
    store: Store, now: datetime, amounts: tuple[float, ...]
) -> None:
    with store.begin() as tx:
        save(tx, page(account("a", now)), now)
        opportunities = enumerate(amounts)
        save(
            tx,
            page(*(other(Stream.OPPORTUNITIES, f"o{at}", now, account="a", amount=a) for at, a in opportunities)),
            now,
        )
        assert _facts(tx, now, _field("open_amount", Type.NUMBER))["a"]["open_amount"] == 0.6


def test_an_account_about_which_nothing_is_known_has_empty_facts_not_wrong_ones(store: Store, now: datetime) -> None:
    with store.begin() as tx:
        save(tx, page(account("a", now, name="", owner=None)), now)
        row = _facts(tx, now, *(_field(info.name, info.type) for info in facts.DERIVED.values()))["a"]
    nothing = dict.fromkeys(facts.DERIVED) | {"name": None, "owner": None}
    known = {"crm": "salesforce", "in_pool": False, "do_not_move": False, "is_customer": False, "open_amount": 0}
    counts = {"open_opportunities": 0, "won_opportunities": 0, "contacts": 0}
    assert row == nothing | known | counts


def test_only_live_accounts_that_can_be_read_have_facts(store: Store, now: datetime) -> None:
    with store.begin() as tx:
        save(tx, page(*(account(id_, now) for id_ in "abc")), now)
        save(tx, page(replace(account("b", now), deleted=True), account("c", now, name="\0")), now)
        assert facts.build(tx, [], now=now, settings=SETTINGS) == 1
        assert set(facts.read_sets(tx)) == {"a"}


@pytest.mark.parametrize(
    ("owner", "facts_of_owner"),
    [
        ("u1", (False, True, "EMEA")),
        ("u2", (False, False, None)),
        ("pool", (True, True, None)),
        ("u404", (False, None, None)),
    ],
)
def test_an_owner_is_active_or_not_or_unknown(
    store: Store, now: datetime, owner: str, facts_of_owner: tuple[bool, bool | None, str | None]
) -> None:
    with store.begin() as tx:
        _users(tx, now)
        save(tx, page(account("a", now, owner=owner)), now)
        row = _facts(tx, now, _field("owner_active", Type.BOOLEAN), _field("owner_team", Type.TEXT))["a"]
    assert (row["in_pool"], row["owner_active"], row["owner_team"]) == facts_of_owner


def test_an_owner_whom_the_crm_no_longer_shows_has_not_left(store: Store, now: datetime) -> None:
    with store.begin() as tx:
        _users(tx, now)
        records.save_users(tx, "salesforce", [], cycle=2, now=now)
        save(tx, page(account("a", now, owner="u1")), now)
        assert _facts(tx, now, _field("owner_active", Type.BOOLEAN))["a"]["owner_active"] is None


ODD: list[tuple[Type, Any, Any]] = [
    (Type.TEXT, "Müller", "Müller"),
    (Type.TEXT, "", None),
    (Type.TEXT, 12, "12"),
    (Type.TEXT, True, "true"),
    (Type.TEXT, "12%:x''\"", "12%:x''\""),
    (Type.NUMBER, 12, 12.0),
    (Type.NUMBER, -0.25, -0.25),
    (Type.NUMBER, 1e18, 1e18),
    (Type.NUMBER, -1e18, -1e18),
    (Type.NUMBER, 10**19, None),
    (Type.NUMBER, -1e300, None),
    (Type.NUMBER, 1e-9, 1e-9),
    (Type.NUMBER, -1e-300, 0.0),
    (Type.NUMBER, 0, 0.0),
    (Type.NUMBER, "12", None),
    (Type.NUMBER, "", None),
    (Type.NUMBER, True, None),
    (Type.BOOLEAN, True, True),
    (Type.BOOLEAN, False, False),
    (Type.BOOLEAN, "true", None),
    (Type.BOOLEAN, 1, None),
    (Type.DATE, "2026-11-04", "2026-11-04"),
    (Type.DATE, "2026-11-04T10:00:00Z", "2026-11-04T10:00:00Z"),
    (Type.DATE, "2026-11-04T10:00:00.123Z", "2026-11-04T10:00:00Z"),
    (Type.DATE, "2024-02-29", "2024-02-29"),
    (Type.DATE, "2026-02-29", None),
    (Type.DATE, "1900-02-29", None),
    (Type.DATE, "2000-02-29T00:00:00Z", "2000-02-29T00:00:00Z"),
    (Type.DATE, "2026-02-30T00:00:00Z", None),
    (Type.DATE, "2026-13-01", None),
    (Type.DATE, "2026-04-31", None),
    (Type.DATE, "0000-01-01", None),
    (Type.DATE, "2026-11-04T24:00:00Z", None),
    (Type.DATE, "2026-11-04T10:00:00", None),
    (Type.DATE, "2026-11-04T10:00:00.Z", None),
    (Type.DATE, "2026-11-04T10:00:00xZ", None),
    (Type.DATE, "soon", None),
    (Type.DATE, 20261104, None),
    (Type.DATE, None, None),
]
"""Type wanted, value given, fact."""


def test_a_field_of_another_type_is_empty_and_never_an_error(store: Store, now: datetime) -> None:
    columns = [_field(f"odd_{n}", kind) for n, (kind, _, _) in enumerate(ODD)]
    with store.begin() as tx:
        save(tx, page(account("a", now, **{f"odd_{n}": value for n, (_, value, _) in enumerate(ODD)})), now)
        found = _facts(tx, now, *columns)["a"]
    told = [(kind, value, found[f"odd_{n}"]) for n, (kind, value, _) in enumerate(ODD)]
    assert told == ODD
    assert [type(fact) for *_, fact in told] == [type(fact) for *_, fact in ODD]


INTENT = [
    (70, "2026-11-20", 70.0),
    (70, "2026-10-23", 70.0),
    (70, "2026-10-22", None),
    (70, None, None),
    (120, "2026-11-20", 100.0),
    (-1, "2026-11-20", None),
    (None, "2026-11-20", None),
    (0, "2026-11-20T08:00:00Z", 0.0),
]
"""Score, day observed, fact; it lives for 28 days."""


def test_intent_counts_until_its_time_is_over(store: Store, now: datetime) -> None:
    how = replace(SETTINGS, topics={"security": "intent_security"}, observed="intent_updated")
    with store.begin() as tx:
        shown = (account(f"{n}", now, intent_security=s, intent_updated=at) for n, (s, at, _) in enumerate(INTENT))
        save(tx, page(*shown), now)
        column = FactColumn("intent__security", Type.NUMBER, IntentSource("security"))
        facts.build(tx, [column], now=now, settings=how)
        told = [facts.row(tx, f"{n}")["intent__security"] for n in range(len(INTENT))]
    assert told == [fact for *_, fact in INTENT]


def test_intent_without_a_date_field_never_grows_old(store: Store, now: datetime) -> None:
    with store.begin() as tx:
        save(tx, page(account("a", now, intent_security=70)), now)
        column = FactColumn("intent__security", Type.NUMBER, IntentSource("security"))
        facts.build(tx, [column], now=now, settings=replace(SETTINGS, topics={"security": "intent_security"}))
        assert facts.row(tx, "a")["intent__security"] == 70


def test_touches_are_counted_by_their_days(store: Store, now: datetime) -> None:
    midnight = now.replace(hour=0, minute=0, second=0, microsecond=0)
    week_ago = midnight - timedelta(days=7)
    at = [week_ago, week_ago - timedelta(seconds=1), midnight - timedelta(days=1), now]
    with store.begin() as tx:
        save(tx, page(account("a", now)), now)
        done = [activity(f"t{n}", now, account="a", kind="call", at=_iso(when)) for n, when in enumerate(at)]
        save(tx, page(*done, activity("e", now, account="a", kind="web_form", at=_iso(now))), now)
        row = _facts(tx, now, _touches(7), _touches(1), _touches(30))["a"]
    assert (row["touches__1d"], row["touches__7d"], row["touches__30d"]) == (2, 3, 4)


def test_engagement_stays_folded_in_the_table_and_is_shown_decayed(store: Store, now: datetime) -> None:
    column = FactColumn("engagement__meeting__14d", Type.NUMBER, EngagementSource("meeting", 14.0))
    with store.begin() as tx:
        engagement.refold(tx, [14.0], now - timedelta(days=60))
        save(tx, page(account("a", now), account("b", now)), now)
        save(tx, page(activity("e", now, account="a", kind="meeting", at=_iso(now - timedelta(days=14)))), now)
        shown = _facts(tx, now, column)
        stored = tx.exec_driver_sql("SELECT engagement__meeting__14d FROM fact ORDER BY account_id").scalars().all()
    assert (shown["a"][column.name], shown["b"][column.name]) == (0.5, 0.0)
    assert stored[0] == pytest.approx(2 ** ((60 - 14) / 14))
    assert stored[1] == 0


def test_the_do_not_move_box_is_honoured_whatever_its_field_is_called(store: Store, now: datetime) -> None:
    with store.begin() as tx:
        ticked, unticked = account("a", now, keep_out=True), account("b", now, keep_out=False)
        save(tx, page(ticked, unticked, account("c", now, keep_out=None)), now)
        facts.build(tx, [], now=now, settings=replace(SETTINGS, do_not_move="keep_out"))
        assert [facts.row(tx, id_)["do_not_move"] for id_ in "abc"] == [True, False, False]


def test_a_field_called_do_not_move_is_honoured_without_being_configured(store: Store, now: datetime) -> None:
    with store.begin() as tx:
        save(tx, page(account("a", now, do_not_move=True), account("b", now)), now)
        facts.build(tx, [], now=now, settings=SETTINGS)
        assert [facts.row(tx, id_)["do_not_move"] for id_ in "ab"] == [True, False]


def test_what_hung_on_the_loser_of_a_merge_counts_for_the_winner(store: Store, now: datetime) -> None:
    with store.begin() as tx:
        save(tx, page(account("a", now), account("b", now)), now)
        save(tx, page(other(Stream.OPPORTUNITIES, "o", now, account="a", closed=False, won=False, amount=1)), now)
        save(tx, page(activity("t", now, account="a", kind="call", at="2026-11-01T00:00:00Z")), now)
        save(tx, page(replace(account("a", now), deleted=True, merged_into="b")), now)
        save(tx, page(activity("u", now, account="a", kind="call", at="2026-11-02T00:00:00Z")), now)
        row = _facts(tx, now, _field("open_opportunities", Type.NUMBER), _touches(30))["b"]
    assert (row["open_opportunities"], row["touches__30d"]) == (1, 2)


def test_a_table_of_facts_has_exactly_what_is_asked_for(store: Store, now: datetime) -> None:
    with store.begin() as tx:
        save(tx, page(account("a", now, industry="Software")), now)
        assert set(_facts(tx, now, _field("industry", Type.TEXT))["a"]) == {*facts.ALWAYS, "industry"}
        assert set(_facts(tx, now)["a"]) == set(facts.ALWAYS)


def test_a_read_set_changes_with_what_the_rules_read_and_with_nothing_else(store: Store, now: datetime) -> None:
    def read_set(**fields: Value) -> str:
        with store.begin() as tx:
            save(tx, page(account("a", now, **fields)), now)
            facts.build(tx, [_field("industry", Type.TEXT)], now=now, settings=how)
            return facts.read_sets(tx, ["a", "b"])["a"]

    how = replace(SETTINGS, do_not_move="keep_out")
    before = read_set(industry="Software")
    assert read_set(industry="Software", name="Other", owner="u2", phone="1") == before
    assert read_set(industry="Banking") != before
    assert read_set(industry="Software", keep_out=True) != before, "the box counts though no rule reads it"
    assert read_set(industry="Software") == before


def test_a_read_set_does_not_change_when_time_passes_or_the_landmark_moves(store: Store, now: datetime) -> None:
    column = FactColumn("engagement__meeting__1d", Type.NUMBER, EngagementSource("meeting", 1.0))
    with store.begin() as tx:
        engagement.refold(tx, [1.0], now)
        save(tx, page(account("a", now)), now)
        save(tx, page(activity("e", now, account="a", kind="meeting", at=_iso(now))), now)
        _facts(tx, now, column)
        before, mark = facts.read_sets(tx), engagement.landmark(tx)
        later = now + timedelta(days=300)
        engagement.refold(tx, [1.0], later)
        assert engagement.landmark(tx) > mark
        _facts(tx, later, column)
        assert facts.read_sets(tx) == before
        save(tx, page(activity("f", now, account="a", kind="meeting", at=_iso(now))), later)
        _facts(tx, later, column)
        assert facts.read_sets(tx) != before


def test_reps_have_the_fields_of_their_users(store: Store, now: datetime) -> None:
    fields = {
        "team": FieldInfo("team", Type.TEXT),
        "capacity": FieldInfo("capacity", Type.NUMBER),
        "Start Date": FieldInfo("Start Date", Type.DATE),
    }
    with store.begin() as tx:
        _users(tx, now)
        assert facts.build_reps(tx, fields) == 3
        rows = tx.exec_driver_sql("SELECT * FROM rep_fact ORDER BY rep_id").mappings().all()
    assert [(r["rep_id"], bool(r["active"]), bool(r["can_own"]), r["team"], r["capacity"]) for r in rows] == [
        ("pool", True, True, None, None),
        ("u1", True, True, "EMEA", 120.0),
        ("u2", False, False, None, None),
    ]
    assert "2024-01-31" in rows[1].values()


def test_inputs_are_right_in_any_order(store: Store, now: datetime) -> None:
    ids = [f"{n:04}" for n in range(200)]
    with store.begin() as tx:
        save(tx, page(*(account(id_, now, industry=id_) for id_ in ids)), now)
        facts.build(tx, [_field("industry", Type.TEXT)], now=now, settings=SETTINGS)
        inputs = facts.inputs(tx)
        for id_ in [*ids, *reversed(ids), *ids[::7]]:
            assert inputs[id_]["industry"] == id_
        with pytest.raises(KeyError):
            inputs["nobody"]


def _a_company(tx: Connection, now: datetime) -> None:
    _users(tx, now)
    save(tx, page(account("a", now, name="Acme", owner="u1", type="Customer - Direct", created_at="2020-01-01")), now)
    deals: list[dict[str, Value]] = [
        {"closed": False, "won": False, "amount": 1000},
        {"closed": None, "won": False, "amount": 500.5},
        {"closed": True, "won": True, "amount": 9000},
        {"closed": True, "won": False, "amount": 9000},
    ]
    save(tx, page(*(other(Stream.OPPORTUNITIES, f"o{n}", now, account="a", **d) for n, d in enumerate(deals))), now)
    people = [other(Stream.CONTACTS, id_, now, account="a") for id_ in ("c1", "c2", "c3")]
    save(tx, page(*people[:2], replace(people[2], deleted=True)), now)
    save(
        tx,
        page(
            activity("t1", now, account="a", kind="call", at="2026-11-10T12:00:00Z"),
            activity("t2", now, account="a", kind="task", at="2026-11-12", done=False),
            activity("t3", now, account="a", kind="web_form", at="2026-11-08"),
            activity("t4", now, account=None, kind="call", at="2026-11-13"),
        ),
        now,
    )
    tx.execute(
        insert(schema.owner_history).values(account_id="a", at=now - timedelta(days=99), before="u8", after="u9")
    )
    changed = now.replace(month=11, day=1, hour=0, minute=0)
    tx.execute(insert(schema.owner_history).values(account_id="a", at=changed, before="u9", after="u1"))
    holds.start(tx, holds.Hold("a", holds.PERSON, now, now + timedelta(days=30), "why"))
    ownership.start_rest(tx, "a", now + timedelta(days=11), "unworked", "u7", now)


def _users(tx: Connection, now: datetime) -> None:
    users = [
        User("u1", active=True, can_own=True, fields={"team": "EMEA", "capacity": 120, "Start Date": "2024-01-31"}),
        User("u2", active=False, can_own=False, fields={"team": "", "capacity": "many"}),
        User("pool", active=True, can_own=True, fields={}),
    ]
    records.save_users(tx, "salesforce", users, cycle=1, now=now)


def _facts(tx: Connection, now: datetime, *columns: FactColumn) -> dict[str, Mapping[str, Any]]:
    facts.build(tx, columns, now=now, settings=SETTINGS)
    return {id_: facts.row(tx, id_) for id_ in facts.read_sets(tx)}


def _field(name: str, kind: Type) -> FactColumn:
    return FactColumn(name, kind, FieldSource(name))


def _touches(days: int) -> FactColumn:
    return FactColumn(f"touches__{days}d", Type.NUMBER, TouchSource(days))


def _iso(at: datetime) -> str:
    return at.isoformat().replace("+00:00", "Z")
