"""Routes name who is to get an inbound account, and the first that matches decides."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from rules import (
    ColumnKind,
    FieldInfo,
    Mark,
    Route,
    TraceKind,
    Type,
    compile_accounts,
    compile_members,
    compile_routed,
    needs,
    trace,
)
from rules.facts import rep_needs
from tests.rules.stores import LANDMARK, NOW

if TYPE_CHECKING:
    from tests.rules.conftest import Folder
    from tests.rules.stores import Row, Store

ROUTES = """version: 1
routes:
  - {id: large, when: employees >= 1000, to: {team: Enterprise, by: round robin}, because: Large}
  - {id: german, when: country = 'DE', to: {reps: "team = 'EMEA' and days_since(name) > 1", by: least loaded}}
  - {id: known, when: is_customer, to: {by: owner}}
"""


def test_the_first_route_that_matches_decides(folder: Folder, store: Store) -> None:
    ruleset = folder.write(rules_yaml=ROUTES.replace(" and days_since(name) > 1", "")).load()
    accounts: list[Row] = [
        {"employees": 1000, "country": "DE"},
        {"country": "DE", "is_customer": True},
        {"is_customer": True},
        {},
    ]
    assert [row["route"] for row in store.judge(ruleset, accounts)] == ["large", "german", "known", None]
    assert [(route.team, route.reps and route.reps.text, route.by, route.because) for route in ruleset.routes] == [
        ("Enterprise", None, "round robin", "Large"),
        ("", "team = 'EMEA'", "least loaded", ""),
        ("", None, "owner", ""),
    ]
    assert isinstance(ruleset.routes[0], Route)
    assert ruleset.routes[0].mark == Mark("rules.yaml", 3, 10)


def test_without_routes_there_is_no_answer_of_any(folder: Folder, store: Store) -> None:
    ruleset = folder.write(rules_yaml="version: 1\nscope: [{id: x, when: true}]\n").load()
    assert compile_accounts(ruleset, store.dialect, now=NOW, landmark=LANDMARK).of(ColumnKind.ROUTE) == ()


def test_a_trace_tells_the_routes_that_were_tried(folder: Folder, store: Store) -> None:
    ruleset = folder.write(rules_yaml=ROUTES.replace(" and days_since(name) > 1", "")).load()
    store.create("fact", "account_id", needs(ruleset), [{"account_id": "a0", "country": "DE"}])
    traced = trace(ruleset, store.dialect, now=NOW, landmark=LANDMARK, account_id="a0")
    (values,) = store.execute(traced.sql).fetchall()
    seen = {column.name: value for column, value in zip(traced.columns, values, strict=True)}
    told = [(one.rule, one.text, one.because, seen[one.name]) for one in traced.of(TraceKind.TRUTH, "routes")]
    assert told == [
        ("large", "employees >= 1000", "Large", 0),
        ("german", "country = 'DE'", "", 1),
        ("known", "is_customer", "", 0),
    ]


@pytest.mark.parametrize(
    ("to", "told"),
    [
        ("{team: Enterprise}", "2:37: the key 'by' is missing here"),
        ("{by: weighted}", "2:37: nobody is named here — say who with 'team' or 'reps', or write by: owner"),
        ("{team: A, reps: true, by: weighted}", "2:37: 'team' and 'reps' both say who — keep one"),
        ("{team: A, by: robin}", "2:51: 'robin' is not possible here — known: least loaded, named, owner"),
        ("{team: A, rep: a@b.example, by: named}", "2:37: 'team' and 'rep' both say who — keep one"),
        ("{team: A, by: named}", "2:37: 'rep' and by: named belong together — write {rep: ada@example.com, by: named}"),
        ("{rep: a@b.example, by: weighted}", "2:37: 'rep' and by: named belong together"),
        ("{rep: Ada, by: named}", "2:43: 'Ada' is no e-mail address — name the rep as the CRM does"),
        ("{team: A, by: round-robin}", "2:51: 'round-robin' is not possible here — did you mean 'round robin'?"),
        ("{teem: A, by: owner}", "2:38: unknown key 'teem' — did you mean 'team'?"),
        ("{reps: tem = 'A', by: weighted}", "2:44: unknown rep field 'tem' — did you mean 'team'?"),
        ("Enterprise", "2:37: a group of keys is wanted here — write key: value"),
        ("", "2:33: 'to' has nothing below it — write its entries, or remove it"),
    ],
)
def test_a_mistake_is_told_at_its_place(folder: Folder, to: str, told: str) -> None:
    found = folder.problems(rules_yaml=f"version: 1\nroutes: [{{id: a, when: in_pool, to: {to}}}]\n")
    assert any(one.startswith(f"rules.yaml:{told}") for one in found), found


def test_a_route_shares_the_ids_of_rules_and_needs_a_condition_and_a_target(folder: Folder) -> None:
    text = "version: 1\nscope: [{id: a, when: true}]\nroutes: [{id: a, when: true}, {id: b, to: {by: owner}}]\n"
    assert folder.problems(rules_yaml=text) == [
        "rules.yaml:3:10: the key 'to' is missing here — say who is to get the account: team or reps, and by",
        "rules.yaml:3:15: the id 'a' is taken — first used at rules.yaml:2:14; choose another",
        "rules.yaml:3:31: the key 'when' is missing here — or 'use' with the name of a condition",
    ]


def test_a_team_is_a_value_of_the_rep_field_team(folder: Folder) -> None:
    text = "version: 1\nroutes: [{id: a, when: true, to: {team: Enterprize, by: weighted}}]\n"
    team = FieldInfo("team", Type.TEXT, "", ("Enterprise", "Commercial"))
    vocabulary = folder.vocabulary
    folder.vocabulary = replace(vocabulary, rep={**vocabulary.rep, "team": team})
    assert folder.problems(rules_yaml=text) == [
        "rules.yaml:2:41: 'Enterprize' is not a value of the picklist 'team' — did you mean 'Enterprise'?"
    ]
    folder.vocabulary = replace(vocabulary, rep={name: one for name, one in vocabulary.rep.items() if name != "team"})
    (found,) = folder.problems(rules_yaml=text)
    assert found.startswith("rules.yaml:2:41: the CRM's users have no field 'team' — map it under [fields.users]")


FULL = """version: 1
scores:
  - id: priority
    max: 10
    parts: {fit: {max: 10, terms: [{id: x, when: true, points: 5, because: x}]}}
    tiers: {A: 0}
routes:
  - id: inbound
    when: country = 'DE'
    to: {team: EMEA, by: value}
    weight: capacity
    value: revenue
    sticky: 90 days
    caps: [{most: 5, every: day}, {most: 30, within: 1 week}, {holding: 40, when: employees >= 1000}, {holding: 90}]
    absence: catch up
    during: working hours
    nobody: {rep: Kim@Example.com}
  - id: by-score
    when: country = 'FR'
    to: {rep: Ada@Example.com, by: named}
    value: priority
    nobody: ignore absence
  - {id: plain, when: true, to: {reps: "capacity > 5", by: round robin}}
"""


def test_a_route_says_shares_values_caps_and_what_to_do_without_anybody(folder: Folder) -> None:
    full, by_score, plain = folder.write(rules_yaml=FULL).load().routes
    assert (full.weight, full.value, full.sticky_days) == ("capacity", "revenue", 90)
    assert [(cap.most, cap.every, cap.within_days, cap.holding, cap.when and cap.when.text) for cap in full.caps] == [
        (5, "day", 0, False, None),
        (30, "", 7, False, None),
        (40, "", 0, True, "employees >= 1000"),
        (90, "", 0, True, None),
    ]
    assert (full.absence, full.working_hours, full.nobody, full.stand_in) == (
        "catch up",
        True,
        "rep",
        "kim@example.com",
    )
    assert (by_score.rep, by_score.value, by_score.nobody) == ("ada@example.com", "priority", "ignore absence")
    assert (plain.weight, plain.value, plain.sticky_days, plain.caps) == ("", "", 0, ())
    assert (plain.absence, plain.working_hours, plain.nobody, plain.stand_in) == ("reset", False, "hold", "")


@pytest.mark.parametrize(
    ("keys", "told"),
    [
        ("to: {team: A, by: value}", "turns by value need to know it — add value: with a score's id"),
        ("to: {by: owner}, weight: capacity", "'weight' means nothing with by: owner — write by: weighted"),
        ("to: {team: A, by: weighted}, weight: name", "'name' is text, what stands here is a number"),
        ("to: {team: A, by: weighted}, weight: fte", "unknown rep field 'fte'"),
        ("to: {by: owner}, value: name", "'name' is neither a score nor a numeric field"),
        ("to: {by: owner}, sticky: 0 days", "0 days would count nothing"),
        ("to: {by: owner}, absence: wait", "'wait' is not possible here"),
        ("to: {by: owner}, nobody: wait", "'wait' is not possible here"),
        ("to: {by: owner}, nobody: {team: A}", "unknown key 'team'"),
        ("to: {by: owner}, during: holidays", "'holidays' is not possible here"),
        ("to: {by: owner}, caps: []", "'caps' has no entries"),
        ("to: {by: owner}, caps: [{most: 5}]", "this is no cap — write {most: 5, every: day}"),
        ("to: {by: owner}, caps: [{most: 5, every: day, within: 2 days}]", "this is no cap"),
        ("to: {by: owner}, caps: [{most: 5, every: day, when: in_pool}]", "this is no cap"),
        ("to: {by: owner}, caps: [{holding: 5, every: day}]", "this is no cap"),
        ("to: {by: owner}, caps: [{most: 5, every: run}]", "'run' is not possible here"),
    ],
)
def test_what_cannot_be_routed_by_is_told(folder: Folder, keys: str, told: str) -> None:
    found = folder.problems(rules_yaml=f"version: 1\nroutes: [{{id: a, when: in_pool, {keys}}}]\n")
    assert any(told in one for one in found), found


def test_values_and_what_caps_count_are_worked_out_in_the_store(folder: Folder, store: Store) -> None:
    ruleset = folder.write(rules_yaml=FULL).load()
    compiled = compile_routed(ruleset, store.dialect, now=NOW, landmark=LANDMARK)
    assert compiled is not None
    accounts: list[Row] = [
        {"account_id": "a0", "revenue": 12.5, "employees": 1000},
        {"account_id": "a1", "employees": 999},
        {"account_id": "a2"},
    ]
    store.create("fact", "account_id", needs(ruleset), accounts)
    told = [(column.kind, column.rule, column.term) for column in compiled.columns[1:]]
    assert told == [(ColumnKind.VALUE, "inbound", ""), (ColumnKind.CAP, "inbound", "2")]
    assert sorted(map(tuple, store.execute(compiled.sql).fetchall())) == [
        ("a0", 12.5, 1),
        ("a1", None, None),
        ("a2", None, None),
    ]


def test_who_belongs_to_a_route_and_with_what_weight_is_worked_out_in_the_store(folder: Folder, store: Store) -> None:
    ruleset = folder.write(rules_yaml=FULL).load()
    compiled = compile_members(ruleset, store.dialect, now=NOW)
    reps: list[Row] = [
        {"rep_id": "r0", "team": "EMEA", "capacity": 4},
        {"rep_id": "r1", "team": "emea", "capacity": 6},
        {"rep_id": "r2"},
    ]
    store.create("rep_fact", "rep_id", rep_needs(ruleset), reps)
    members = compiled.of(ColumnKind.MEMBER)
    rows = store.execute(compiled.sql).fetchall()
    at = {column.name: index for index, column in enumerate(compiled.columns)}
    who = {one.rule: sorted(row[0] for row in rows if row[at[one.name]]) for one in members}
    assert who == {"inbound": ["r0"], "by-score": [], "plain": ["r1"]}
    weight = compiled.of(ColumnKind.WEIGHT, "inbound")[0]
    assert {row[0]: row[at[weight.name]] for row in rows} == {"r0": 4, "r1": 6, "r2": None}
