"""Routes name who is to get an inbound account, and the first that matches decides."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from rules import ColumnKind, FieldInfo, Mark, Route, TraceKind, Type, compile_accounts, needs, trace
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
        ("{team: A, by: robin}", "2:51: 'robin' is not possible here — known: least loaded, owner, round robin"),
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
