"""The effect log: every effective change, each once, in order, and nothing else."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectors.sandbox import Sandbox
from connectors.sandbox.company import Company
from connectors.sandbox.effects import EffectLog
from connectors.sandbox.seed import seed_company
from connectors.sandbox.view import Clock
from tests.connectors.sandbox.conftest import TODAY, Client

if TYPE_CHECKING:
    from pathlib import Path


def test_each_changed_field_is_one_line_of_the_file_at_once(tmp_path: Path) -> None:
    log = tmp_path / "effects.jsonl"
    with Sandbox(accounts=5, reps=2, today=TODAY, effects_file=log) as sandbox:
        crm = Client(sandbox)
        id_ = next(iter(sandbox.company.tables["Account"]))
        before = sandbox.company.tables["Account"][id_].get("Phone")
        reply = crm("PATCH", f"/sobjects/Account/{id_}", json={"Phone": "1", "Rating": None, "Name": "É"})
        lines = [json.loads(line) for line in log.read_text(encoding="utf-8").splitlines()]
        crm.session.close()
    assert lines == sandbox.effects
    assert [line["seq"] for line in lines] == list(range(1, len(lines) + 1))
    phone = next(line for line in lines if line["field"] == "Phone")
    assert set(phone) == {"seq", "time", "object", "id", "field", "before", "after", "actor", "request_id"}
    assert (phone["object"], phone["id"], phone["before"], phone["after"]) == ("Account", id_, before, "1")
    assert phone["actor"] == sandbox.company.seeding.integration
    assert phone["request_id"] == reply.headers["X-Request-Id"]
    assert {line["field"] for line in lines} <= {"Phone", "Rating", "Name"}


def test_a_merge_tells_of_the_loser_and_of_every_child_that_moved(sandbox: Sandbox) -> None:
    winner, loser = list(sandbox.company.tables["Account"])[:2]
    children = {
        (name, row["Id"])
        for name, column in (("Contact", "AccountId"), ("Task", "AccountId"), ("Opportunity", "AccountId"))
        for row in sandbox.company.tables[name].values()
        if row.get(column) == loser
    }
    sandbox.company.merge("Account", winner, loser, "Dana Whitfield")
    moved = {(effect["object"], effect["id"]) for effect in sandbox.effects if effect["field"] == "AccountId"}
    assert moved >= children
    flags = {effect["field"]: effect["after"] for effect in sandbox.effects if effect["id"] == loser}
    assert flags == {"IsDeleted": True, "MasterRecordId": winner}
    assert {effect["actor"] for effect in sandbox.effects} == {sandbox.company.seeding.admin}


def test_an_undelete_brings_the_record_back_and_not_its_children(sandbox: Sandbox) -> None:
    winner, loser = list(sandbox.company.tables["Account"])[:2]
    sandbox.company.merge("Account", winner, loser)
    sandbox.company.undelete("Account", loser)
    assert sandbox.company.tables["Account"][loser]["IsDeleted"] is False
    assert not [row for row in sandbox.company.rows("Contact") if row.get("AccountId") == loser]


COMPANY = seed_company(3, 6, 2, TODAY)
IDS = list(COMPANY.tables["Account"])
EDITS = st.tuples(
    st.sampled_from(IDS),
    st.sampled_from(["Phone", "Rating", "OwnerId", "Priority_Score__c"]),
    st.sampled_from([None, "a", "b", 1.0]),
    st.booleans(),
)


class Undone(Exception):
    """Takes a transaction of this test back."""


def undo(wanted: bool) -> None:  # noqa: FBT001 - it is its only subject
    if wanted:
        raise Undone


@given(st.lists(EDITS, max_size=20))
def test_the_log_replayed_over_the_seeding_gives_the_company_as_it_is(
    edits: list[tuple[str, str, object, bool]],
) -> None:
    company = Company(COMPANY, EffectLog(), Clock())
    for id_, field, value, refused in edits:
        try:
            with company.transaction("somebody"):
                company.update("Account", id_, {field: value}, "somebody")  # type: ignore[dict-item]
                undo(refused)
        except Undone:
            continue
    replayed = {id_: dict(row) for id_, row in COMPANY.tables["Account"].items()}
    for effect in company.log.effects:
        assert replayed[effect.id].get(effect.field) == effect.before != effect.after
        replayed[effect.id][effect.field] = effect.after
    for id_, row in company.tables["Account"].items():
        for field in ("Phone", "Rating", "OwnerId", "Priority_Score__c"):
            assert replayed[id_].get(field) == row.get(field)


@pytest.mark.parametrize(
    ("id_", "who", "field", "unknown"),
    [("nobody", "", "Phone", "nobody"), ("", "", "Fone", "Fone"), ("", "stranger", "Phone", "stranger")],
)
def test_a_direct_edit_names_what_it_does_not_know(
    sandbox: Sandbox, id_: str, who: str, field: str, unknown: str
) -> None:
    record = id_ or next(iter(sandbox.company.tables["Account"]))
    with pytest.raises(KeyError, match=unknown):
        sandbox.company.edit("Account", record, who, **{field: "1"})
    assert sandbox.effects == []
