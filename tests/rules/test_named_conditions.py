"""A named condition is written once and means the same wherever a rule takes it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from rules import Mark

if TYPE_CHECKING:
    from rules import Ruleset
    from tests.rules.conftest import Folder
    from tests.rules.stores import Row, Store

CONDITIONS = "conditions: {big: employees >= 1000, near: country = 'US' or country is empty}"


def rules(folder: Folder, *sections: str) -> Ruleset:
    return folder.write(rules_yaml="\n".join(["version: 1", CONDITIONS, *sections, ""])).load()


def test_all_that_a_rule_uses_must_hold_and_so_must_its_own_condition(folder: Folder, store: Store) -> None:
    ruleset = rules(
        folder,
        "scope: [{id: one, use: big}]",
        "protect: [{id: two, use: [big, near], because: x}]",
        "return: [{id: three, use: near, when: in_pool or is_customer, reason: x}]",
        "books: [{id: four, use: big, accounts: is_customer, reps: true, capacity: 1, rank: s}, "
        "{id: five, use: near, reps: true, capacity: 1, rank: s}]",
        "routes: [{id: six, use: [near, big], when: is_customer, to: {by: owner}}]",
        "segments: {kind: {near-and-big: {use: [near, big]}, near-customer: {use: near, when: is_customer}, "
        "rest: otherwise}}",
        "scores: [{id: s, max: 9, parts: {p: {max: 9, terms: [{id: t, use: big, when: is_customer, points: 4, "
        "because: y}, {id: u, use: near, points: 1, because: y}]}}, tiers: {A: 0}}]",
    )
    accounts: list[Row] = [
        {"employees": 1000, "country": "US", "is_customer": True},
        {"employees": 1000, "country": "GB", "is_customer": True},
        {"employees": 5, "is_customer": True},
        {"employees": 5},
    ]
    columns = ("in_scope", "protect", "return_", "book", "route", "segment__1", "total__1")
    assert [[row[column] for column in columns] for row in store.judge(ruleset, accounts)] == [
        ["one", "two", "three", "four", "six", "near-and-big", 5],
        ["one", None, None, "four", None, "rest", 4],
        [None, None, "three", "five", None, "near-customer", 1],
        [None, None, None, "five", None, "rest", 1],
    ]


def test_people_read_the_names_with_what_they_stand_for(folder: Folder) -> None:
    ruleset = rules(
        folder,
        "scope:",
        "  - {id: a, use: big}",
        "  - id: b",
        "    use: [near, big]",
        "    when: in_pool or is_customer",
        "  - {id: c, use: near, when: in_pool}",
    )
    assert [rule.when.text for rule in ruleset.scope] == [
        "big (employees >= 1000)",
        "near (country = 'US' or country is empty) and big (employees >= 1000) and (in_pool or is_customer)",
        "near (country = 'US' or country is empty) and in_pool",
    ]
    assert [rule.when.uses for rule in ruleset.scope] == [("big",), ("near", "big"), ("near",)]
    assert [rule.when.mark for rule in ruleset.scope] == [
        Mark("rules.yaml", 4, 18),
        Mark("rules.yaml", 7, 11),
        Mark("rules.yaml", 8, 30),
    ]
    assert {name: found.text for name, found in ruleset.conditions.items()} == {
        "big": "employees >= 1000",
        "near": "country = 'US' or country is empty",
    }


def test_a_named_condition_reads_tables_and_schemes(folder: Folder, store: Store) -> None:
    ruleset = folder.write(
        a_yaml="version: 1\nconditions: {top: size = 'big' and territory = 'EMEA'}\nscope: [{id: x, use: top}]\n",
        b_yaml="version: 1\ntables: [t.csv]\nsegments: {size: {big: employees > 9, small: otherwise}}\n",
        t_csv="country,then territory\nGB,EMEA\n",
    ).load()
    found = store.judge(ruleset, [{"employees": 10, "country": "GB"}, {"employees": 10}, {"country": "GB"}])
    assert [row["in_scope"] for row in found] == ["x", None, None]


def test_a_condition_that_no_rule_uses_is_told(folder: Folder) -> None:
    ruleset = rules(folder, "scope: [{id: a, use: big}]")
    assert [str(warning) for warning in ruleset.warnings] == [
        "rules.yaml:2:44: no rule uses the condition 'near' — remove it, or use it"
    ]


@pytest.mark.parametrize(
    ("section", "told"),
    [
        ("scope: [{id: a, use: bigg}]", "3:22: unknown condition 'bigg' — did you mean 'big'?"),
        ("scope: [{id: a, use: [big, naer]}]", "3:28: unknown condition 'naer' — did you mean 'near'?"),
        ("scope: [{id: a, use: []}]", "3:17: 'use' has no entries — write at least one, or remove it"),
        ("scope: [{id: a, use: }]", "3:17: the value is missing — write a named condition"),
        ("scope: [{id: a, use: {big: near}}]", "3:22: 'use' is a list — begin each entry with '- '"),
        ("scope: [{id: a, uses: big}]", "3:17: unknown key 'uses' — did you mean 'use'?"),
        ("scope: [{id: a}]", "3:9: the key 'when' is missing here — or 'use' with the name of a condition"),
        ("protect: [{id: a}]", "3:11: the key 'because' is missing here — say in a few words why"),
        ("protect: [{id: a}]", "3:11: the key 'when' is missing here — or 'use' with the name of a condition"),
        (f"scope: [{{id: a, use: [{', '.join(['big'] * 21)}]}}]", "3:17: 'use' has 21 entries, over 20"),
        ("books: [{id: a, reps: true, capacity: 1, rank: s}]",
         "3:9: the key 'accounts' is missing here — no choice would mean every account, so it must be said"),
        ("books: [{id: a, use: big, when: in_pool, reps: true, capacity: 1, rank: s}]", "3:27: unknown key 'when'"),
        ("scope: [{id: a, when: big and in_pool}]",
         "3:23: unknown field 'big' — 'big' is a named condition: a rule takes it with use: big"),
    ],
)  # fmt: skip
def test_a_mistake_is_told_at_its_place(folder: Folder, section: str, told: str) -> None:
    found = folder.problems(rules_yaml=f"version: 1\n{CONDITIONS}\n{section}\n")
    assert any(one.startswith(f"rules.yaml:{told}") for one in found), found


@pytest.mark.parametrize(
    ("section", "told"),
    [
        ("conditions:", "2:1: 'conditions' has nothing below it — write its entries, or remove it"),
        ("conditions: [in_pool]", "2:13: a group of keys is wanted here — write key: value"),
        ("conditions: {two words: in_pool}", "2:14: 'two words' is not a name — use letters, digits and _"),
        ("conditions: {a: }", "2:14: the value is missing — write a condition, such as: employees >= 100"),
        ("conditions: {a: {use: b}}", "2:17: a group of keys stands where a condition"),
        ("conditions: {a: in_pool, b: a or is_customer}",
         "2:29: unknown field 'a' — 'a' is a named condition: a rule takes it with use: a"),
        ("conditions: {a: size = 'big'}\nsegments: {size: {big: {use: a}, small: otherwise}}",
         "3:30: 'a' reads 'size', which is worked out later — it is the scheme at rules.yaml:3:12"),
        ("conditions: {a: empliyees > 5}\nscope: [{id: x, use: a}]", "2:17: unknown field 'empliyees' — did you mean"),
    ],
)  # fmt: skip
def test_a_condition_that_cannot_be_used_is_told(folder: Folder, section: str, told: str) -> None:
    found = folder.problems(rules_yaml=f"version: 1\n{section}\n")
    assert any(one.startswith(f"rules.yaml:{told}") for one in found), found


def test_one_wrong_condition_does_not_make_the_others_unknown(folder: Folder) -> None:
    found = folder.problems(rules_yaml="version: 1\nconditions: {a: [x], b: in_pool}\nscope: [{id: x, use: [a, b]}]\n")
    assert [problem.partition(" ")[2] for problem in found] == [
        "a list stands where a condition, such as: employees >= 100 is wanted",
        "unknown condition 'a' — known: b",
    ]


def test_one_condition_has_one_home(folder: Folder) -> None:
    text = "version: 1\nconditions: {big: employees > 5}\nscope: [{id: %s, use: big}]\n"
    assert folder.problems(a_yaml=text % "x", b_yaml=text % "y") == [
        "b.yaml:2:14: the condition 'big' is here twice — first at a.yaml:2:14; choose another name"
    ]


def test_twenty_long_conditions_in_one_rule_are_answered(folder: Folder, store: Store) -> None:
    """Databases limit how deep an expression may be, and joined conditions are no deeper than the longest of them."""
    long = " or ".join(f"employees = {number}" for number in range(100))
    named = "\n".join(f"  c{number}: {long}" for number in range(20))
    uses = ", ".join(f"c{number}" for number in range(20))
    ruleset = folder.write(
        rules_yaml=f"version: 1\nconditions:\n{named}\nscope:\n  - id: x\n    use: [{uses}]\n    when: {long}\n"
        f"protect:\n  - id: y\n    use: [{uses}]\n    when: not ({long})\n    because: z\n"
    ).load()
    found = store.judge(ruleset, [{"employees": 99}, {"employees": 100}])
    assert [(row["in_scope"], row["protect"]) for row in found] == [("x", None), (None, None)]


def test_all_conditions_together_have_an_end(folder: Folder) -> None:
    long = " or ".join(f"employees = {number}" for number in range(100))
    named = "\n".join(f"  c{number}: {long}" for number in range(20))
    uses = ", ".join(f"c{number}" for number in range(20))
    rules = "\n".join(f"  - {{id: r{number}, use: [{uses}]}}" for number in range(50))
    (found,) = folder.problems(rules_yaml=f"version: 1\nconditions:\n{named}\nscope:\n{rules}\n")
    assert found == (
        "rules.yaml:57:21: the conditions hold more than 200,000 values and operators together — "
        "say what rules have in common as segments, or as a decision table"
    )
