"""The account's memory: any moment can be seen again, and every value has its history, whatever happened."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from connectors.sandbox.effects import EffectLog
from connectors.sandbox.hubspot.portal import APP, Portal
from connectors.sandbox.seed import seed_company
from connectors.sandbox.view import Clock
from tests.connectors.sandbox.conftest import TODAY

if TYPE_CHECKING:
    from connectors.sandbox.hubspot.records import Record

SEEDED = seed_company(3, 6, 5, TODAY)
STEPS = st.lists(
    st.tuples(st.sampled_from(["write", "clear", "create", "archive", "restore", "merge", "wipe"]), st.integers(0, 7)),
    max_size=12,
)


def take(portal: Portal, what: str, which: int) -> None:
    """One thing that may happen to a company."""
    ids = list(portal.records["companies"])
    one, other = ids[which % len(ids)], ids[(which + 1) % len(ids)]
    match what:
        case "write":
            portal.update("companies", one, {"city": f"City {which}", "zip": str(which)}, APP)
        case "clear":
            portal.edit("companies", one, "Dana Whitfield", city=None)
        case "create":
            portal.create("companies", {"name": f"New {which}"}, APP)
        case "archive":
            portal.archive("companies", one)
        case "restore":
            portal.restore("companies", one)
        case "merge" if len(ids) > 2:
            portal.merge("companies", one, other)
        case "wipe" if len(ids) > 2:
            portal.wipe("companies", one)


def fresh() -> Portal:
    return Portal(SEEDED, EffectLog(), Clock())


@settings(max_examples=60, deadline=None, derandomize=True)
@given(STEPS)
def test_any_moment_can_be_seen_again(steps: list[tuple[str, int]]) -> None:
    portal = fresh()
    seen: list[tuple[object, dict[str, Record]]] = []
    for what, which in steps:
        portal.clock.advance(10)
        seen.append((portal.clock.now(), dict(portal.records["companies"])))
        portal.clock.advance(10)
        take(portal, what, which)
    for moment, then in seen:
        older = portal.as_of("companies", moment)  # type: ignore[arg-type] # it is a datetime
        rebuilt = {**portal.records["companies"], **older}
        assert {id_: record for id_, record in rebuilt.items() if record is not None} == then


@settings(max_examples=60, deadline=None, derandomize=True)
@given(STEPS)
def test_the_latest_value_of_a_history_is_the_present_one(steps: list[tuple[str, int]]) -> None:
    portal = fresh()
    for what, which in steps:
        portal.clock.advance(1)
        take(portal, what, which)
    for record in portal.records["companies"].values():
        for name in ("city", "zip", "name", "hubspot_owner_id"):
            versions = portal.history("companies", record, name)
            assert (versions[0].value if versions else "") == record.values.get(name, "")
            assert [each.since for each in versions] == sorted((each.since for each in versions), reverse=True)


@settings(max_examples=60, deadline=None, derandomize=True)
@given(STEPS)
def test_the_effect_log_leads_from_the_seed_to_the_present(steps: list[tuple[str, int]]) -> None:
    """Replaying it over the first morning gives every writable value, merges and deletions included."""
    portal = fresh()
    values = {id_: dict(record.values) for id_, record in portal.records["companies"].items()}
    for what, which in steps:
        take(portal, what, which)
    if any(what == "merge" for what, _ in steps):
        return
    for effect in portal.log.effects:
        row = values.setdefault(effect.id, {})
        if effect.field == "hs_object_id":
            del values[effect.id]
        elif effect.after is None:
            row.pop(effect.field, None)
        elif effect.field != "archived":
            assert row.get(effect.field) == effect.before
            row[effect.field] = str(effect.after)
    for id_, record in portal.records["companies"].items():
        for name in ("city", "zip", "name", "hubspot_owner_id"):
            assert values[id_].get(name) == record.values.get(name)


def test_what_is_unknown_is_a_key_error_that_names_it() -> None:
    portal = fresh()
    with pytest.raises(KeyError, match="no record '5'"):
        portal.edit("companies", "5", name="x")
    with pytest.raises(KeyError, match="no property 'nonsense'"):
        portal.edit("companies", next(iter(portal.records["companies"])), nonsense="x")
    with pytest.raises(KeyError, match="no owner 'Nobody'"):
        portal.owner_named("Nobody")


def test_the_ids_of_the_seeding_lead_to_records_and_owners() -> None:
    """So a test can speak of one account in both CRMs."""
    portal = fresh()
    account = next(iter(SEEDED.tables["Account"].values()))
    assert portal.edit("companies", str(account["Id"]), city="Ushuaia")
    name, id_ = portal.ids[str(account["Id"])]
    assert (name, portal.records[name][id_].values["name"]) == ("companies", account["Name"])
    assert portal.owner_named(SEEDED.admin).name == "Dana Whitfield"
