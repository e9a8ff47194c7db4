"""Lint: each kind of finding, its place and its words; and that it says of rules what trying every account says."""

from __future__ import annotations

import time
from dataclasses import dataclass
from datetime import date
from itertools import product
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from rules.lint import Severity, Staff, lint

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.rules.conftest import Folder

TODAY = date(2026, 11, 22)
SCORE = (
    "scores:\n  - {id: s, max: 10, tiers: {A: 0}, parts: {p: {max: 10, terms: ["
    "{id: t, when: employees > 5, points: 1, because: x}]}}}\n"
)


def found(folder: Folder, text: str, staff: Staff | None = None, t_csv: str | None = None) -> list[str]:
    """The findings on a rules file, as ``line:column severity code: message — hint``."""
    folder.write(rules_yaml=f"version: 1\n{text}", **({} if t_csv is None else {"t_csv": t_csv}))
    rules = folder.load()
    return [
        f"{str(one.mark).removeprefix('rules.yaml:')} {one.severity} {one.code}: {one.message}"
        + (f" — {one.hint}" if one.hint else "")
        for one in lint(rules, folder.vocabulary, today=TODAY, staff=staff)
    ]


def protect(*conditions: str) -> str:
    """Protect rules r1, r2… with these conditions, on the lines from 3 on, and a scope."""
    rules = "".join(f'  - {{id: r{number}, because: x, when: "{when}"}}\n' for number, when in enumerate(conditions, 1))
    return f"protect:\n{rules}scope: [{{id: all, when: true}}]\n"


NARROWER = " — put the narrower one first, or delete this one"


@pytest.mark.parametrize(
    ("conditions", "hidden"),
    [
        (["employees > 5", "employees > 5"], {"r2": "'r1' above takes"}),
        (["employees >= 5", "employees > 5 and country = 'US'"], {"r2": "'r1' above takes"}),
        (["country in ('US', 'GB', 'NO')", "country in ('GB', 'US')"], {"r2": "'r1' above takes"}),
        (["true", "country = 'US'", "is_customer"], {"r2": "'r1' above takes", "r3": "'r1' above takes"}),
        (["employees < 10", "employees >= 10", "employees between 5 and 50"], {"r3": "'r1', 'r2' above together take"}),
        (["employees < 10", "employees >= 10", "country = 'US'"], {}),
        (["employees < 10 or employees is empty", "employees >= 10", "country = 'US'"],
         {"r3": "'r1', 'r2' above together take"}),
        (["is_customer", "not is_customer", "true"], {"r3": "'r1', 'r2' above together take"}),
        (["is_customer", "is_customer = false", "in_pool"], {}),
        (["days_since(last_touch) > 30", "days_since(last_touch) >= 90"], {"r2": "'r1' above takes"}),
        (["days_since(last_touch) > 30", "days_until(last_touch) < -60"], {"r2": "'r1' above takes"}),
        (["days_since(last_touch) > 30", "days_since(last_touch) >= 30.5"], {"r2": "'r1' above takes"}),
        (["days_since(last_touch) < 30.5", "days_since(last_touch) <= 30"], {"r2": "'r1' above takes"}),
        (["days_until(last_touch) > 29.5", "days_until(last_touch) >= 30"], {"r2": "'r1' above takes"}),
        (["days_since(last_touch) >= 90 or last_touch is empty", "touches(30) > 0", "last_touch is empty"],
         {"r3": "'r1' above takes"}),
        (["touches(30) >= 1", "touches(30) = 0", "is_customer"], {"r3": "'r1', 'r2' above together take"}),
        (["name like 'A%'", "name like 'A%' and is_customer"], {"r2": "'r1' above takes"}),
        (["name like 'A%' or is_customer", "is_customer"], {"r2": "'r1' above takes"}),
        (["intent('data_privacy') >= 60", "intent('data_privacy') between 70 and 100"], {"r2": "'r1' above takes"}),
        (["not (employees > 5 and is_customer)", "employees <= 5"], {"r2": "'r1' above takes"}),
        (["revenue > employees", "revenue > employees"], {"r2": "'r1' above takes"}),
        (["employees > 5", "revenue > 5"], {}),
        (["lower(country) = 'us'", "country = 'US'"], {}),
    ],
)  # fmt: skip
def test_a_rule_that_those_above_leave_nothing_is_never_reached(
    folder: Folder, conditions: list[str], hidden: dict[str, str]
) -> None:
    told = [one for one in found(folder, protect(*conditions)) if "unreachable-rule" in one]
    assert told == [
        f"{int(rule[1:]) + 2}:32 warning unreachable-rule: the rule '{rule}' is never reached: {by} all its accounts"
        f"{NARROWER}"
        for rule, by in hidden.items()
    ]


@pytest.mark.parametrize(
    "condition",
    [
        "employees > 5 and employees < 3",
        "country = 'US' and country = 'GB'",
        "country = 'US' and country is empty",
        "employees > 5 and not employees > 5",
        "is_customer and is_customer = false",
        "touches(30) < 0",
        "intent('cloud_migration') > 100",
        "days_since(last_touch) > 90 and last_touch > '2026-09-01'",
        "country in ('US', 'GB') and country not in ('US', 'GB', 'NO')",
        "employees = 5 and (country = 'US' or is_customer) and employees between 6 and 8",
        "touches(30) > 0 and touches(30) < 1",
    ],
)
def test_a_condition_that_contradicts_itself_never_matches(folder: Folder, condition: str) -> None:
    assert found(folder, protect(condition)) == [
        (
            "3:32 warning never-true: the rule 'r1' can never match: its condition contradicts itself"
            " — 'and' joins what must hold together; did you mean 'or'?"
        )
    ]


@pytest.mark.parametrize(
    "condition",
    [
        "country is empty or country is not empty",
        "country <> 'US' or country <> 'GB'",
        "employees > 5 or not employees > 5",
        "not (employees > 5 and employees < 3)",
        "touches(30) >= 0",
    ],
)
def test_a_condition_that_says_nothing_always_matches(folder: Folder, condition: str) -> None:
    assert found(folder, protect(condition)) == [
        (
            "3:32 warning always-true: the rule 'r1' matches every account, whatever its fields hold"
            " — write true if that is meant; else, did you mean 'and'?"
        )
    ]


@pytest.mark.parametrize(
    "condition",
    ["employees > 5 or employees <= 5", "employees > 3 and employees < 5", "country <> 'US'", "name like 'A%'",
     "days_since(last_touch) > 5 and days_since(last_touch) < 7", "employees > 5 and employees < 5.5"],
)  # fmt: skip
def test_a_condition_that_says_something_is_left_alone(folder: Folder, condition: str) -> None:
    assert found(folder, protect(condition)) == []


def test_a_rule_that_is_switched_off_is_a_note(folder: Folder) -> None:
    assert found(folder, protect("false")) == [
        "3:32 note never-true: the rule 'r1' is switched off: its condition is false"
    ]


def test_rules_that_divide_the_same_fields_and_overlap_are_a_note(folder: Folder) -> None:
    assert found(folder, protect("employees < 100", "employees between 50 and 200", "is_customer")) == [
        "4:32 note overlapping-rules: the rules 'r1' and 'r2' overlap: employees = 50 — 'r1' goes first"
    ]
    assert found(folder, protect("employees >= 1000", "employees >= 100")) == [], "the narrower one first is the way"
    assert found(folder, protect("employees >= 1000", "is_customer")) == [], "they are about different things"


def test_a_scope_rule_that_adds_nothing_is_a_note(folder: Folder) -> None:
    scope = "scope:\n  - {id: a, when: employees > 5}\n  - {id: b, when: employees > 10}\n"
    assert found(folder, scope) == [
        "4:19 note redundant-rule: the rule 'b' adds nothing: 'a' takes all its accounts — delete it, or widen it"
    ]


def books(scope: str, *accounts: str) -> str:
    """Books b1, b2… that take these accounts."""
    some = "".join(
        f'  - {{id: b{number}, reps: "true", rank: s, capacity: 5, accounts: "{when}"}}\n'
        for number, when in enumerate(accounts, 1)
    )
    return f'books:\n{some}scope: [{{id: all, when: "{scope}"}}]\n{SCORE}'


FALLBACK = "it stays where it is, and in the pool for good once it is there: add a last book with accounts: true"


@pytest.mark.parametrize(
    ("scope", "accounts", "left"),
    [
        ("true", ["employees >= 1000", "employees < 999"], "warning missing-fallback: … employees = 999"),
        ("true", ["employees >= 1000", "employees < 1000"], "note missing-fallback: … employees empty"),
        ("employees > 5", ["employees >= 1000", "employees < 1000"], None),
        ("country in ('US', 'GB')", ["country = 'US'"], "warning missing-fallback: … country = 'GB'"),
        ("true", ["country = 'US'"], "note missing-fallback: … any other country"),
        ("true", ["type = 'Prospect'", "type = 'Customer'"], "warning missing-fallback: … type = 'Partner'"),
        ("type <> 'Partner'", ["type = 'Prospect'", "type = 'Customer'"], "note missing-fallback: … type empty"),
        ("true", ["country = 'US'", "true"], None),
        ("country = 'US'", ["country in ('US', 'GB')"], None),
    ],
)
def test_accounts_that_no_book_takes_are_told_by_an_example(
    folder: Folder, scope: str, accounts: list[str], left: str | None
) -> None:
    told = [one for one in found(folder, books(scope, *accounts)) if "missing-fallback" in one]
    message = "no book takes an account in scope with"
    last = len(accounts) + 2
    assert told == ([f"{last}:10 {left.replace('…', message)} — {FALLBACK}"] if left else [])


def test_segments_are_all_the_values_of_their_scheme(folder: Folder) -> None:
    segments = "segments: {size: {big: employees > 1000, mid: employees > 100, small: otherwise}}\n"
    assert found(folder, books("true", "size = 'big'", "size in ('mid', 'small')") + segments) == []
    told = found(folder, books("true", "size = 'big'", "size = 'small'") + segments)
    assert told == [f"4:10 warning missing-fallback: no book takes an account in scope with size = 'mid' — {FALLBACK}"]


def test_a_value_that_no_row_of_a_table_gives_never_matches(folder: Folder) -> None:
    table = "country,then territory\nUS,America\n,World\n"
    rules = protect("territory = 'Amerika'", "territory = 'World'")
    assert found(folder, f"{rules}tables: [t.csv]\n", t_csv=table) == [
        "3:32 warning unknown-value: no row gives 'territory' the value 'Amerika' — did you mean 'America'?"
    ]


def test_segments_that_are_never_reached_are_told(folder: Folder) -> None:
    told = found(
        folder, "segments:\n  size:\n    mid: employees > 100\n    big: employees > 1000\n    small: otherwise\n"
    )
    assert told == [
        (
            "5:5 warning unreachable-rule: the segment 'big' is never reached: 'mid' above takes all its accounts"
            f"{NARROWER}"
        )
    ]


@pytest.mark.parametrize(
    ("text", "finding"),
    [
        ("protect: [{id: p, because: x, when: is_customer}]", "2:16 warning missing-scope: there is no scope, so no"),
        ("scope: [{id: a, when: true}]\nreturn: [{id: r, reason: x, when: is_customer, rest: 5 days}]",
         "3:15 warning missing-fallback: accounts go back to the pool, and no book takes them out again — add 'books'"),
        (books("true", "true") + "return: [{id: r, reason: x, when: is_customer}]",
         "7:15 note no-rest: what 'r' returns does not rest: the next refill may give it away at once — if that is"),
        (protect("owner = '0055g00000AbCdE'"), "3:32 warning odd-text: '0055g00000AbCdE' looks like a Salesforce id"),
        (protect("country = 'US '"), "3:32 warning odd-text: 'US ' has a space at its end or its start — delete it"),
        (protect("name = 'O’Neil'"), "3:32 warning odd-text: 'O’Neil' has the typographic quote ’"),  # noqa: RUF001 - it is what is tested
        ("lists: {x: [a]}\n" + protect("is_customer"), "2:9 warning odd: no condition uses the list 'x'"),
    ],
)  # fmt: skip
def test_what_is_missing_or_odd_is_told(folder: Folder, text: str, finding: str) -> None:
    (told,) = found(folder, text)
    assert told.startswith(finding)


def test_terms_that_give_nothing_and_tiers_out_of_reach_are_told(folder: Folder) -> None:
    terms = (
        "{id: none, when: is_customer, points: 0, because: x}, {id: more, when: employees > 5, points: 50, because: x},"
        "{id: never, when: employees > 5 and employees < 5, points: 5, because: x}"
    )
    parts = f"{{p: {{max: 40, terms: [{terms}]}}}}"
    text = f"scores:\n  - {{id: s, max: 100, tiers: {{A: 60, B: 40, C: 0}}, parts: {parts}}}\n"
    assert [one.split(" — ")[0].split(" ", 1)[1] for one in found(folder, text)] == [
        "warning unreached-tier: no account can reach tier A of 's': it begins at 60, and all terms give 40 at most",
        "warning dead-term: the term 'none' gives 0 points",
        "note capped-term: the term 'more' has 50 points, and its part counts 40 at most",
        "warning never-true: the term 'never' can never match: its condition contradicts itself",
    ]


def test_points_of_events_have_no_end_but_the_cap(folder: Folder) -> None:
    terms = "{id: met, event: meeting, points: 1, because: x}"
    text = (
        "scores:\n  - {id: s, max: 100, tiers: {A: 60, B: 0},"
        f" parts: {{p: {{max: 60, half_life: 14 days, terms: [{terms}]}}}}}}\n"
    )
    assert found(folder, text) == []


def test_rows_and_gaps_of_tables_are_told(folder: Folder) -> None:
    table = "country,employees,then x\nUS,<100,a\nUS,>200,b\nUS,<50,c\n"
    assert found(folder, "tables: [t.csv]", t_csv=table) == [
        (
            "t.csv:2:1 warning table-gap: no row takes an account with employees = 100"
            " — its outputs are then empty: add a row, or a last one with empty cells"
        ),
        (
            "t.csv:4:1 warning unreachable-row: this row is never reached: line 2 above it takes all its accounts"
            " — put the narrower one first, or delete this one"
        ),
    ]
    assert found(folder, "tables: [{file: t.csv, hit: collect}]", t_csv=table) == []


STAFF = Staff(
    active={"team": {"Enterprise", "Mid-Market"}, "name": {"Ada Berg"}, "id": {"u1"}, "languages": {"DE", "EN"}},
    everyone={
        "team": {"Enterprise", "Mid-Market", "Gone"},
        "name": {"Ada Berg", "Bo Dahl"},
        "id": {"u1", "u2"},
        "languages": {"DE", "EN", "NO"},
    },
    may_fill={"b": 0},
)


@pytest.mark.parametrize(
    ("reps", "findings"),
    [
        ("team = 'Enterprise'", []),
        ("team = 'Enterprize'",
         ["warning unknown-rep: no user of the CRM has the team 'Enterprize' — did you mean 'Enterprise'?"]),
        ("team in ('Enterprise', 'Gone')",
         ["warning inactive-rep: only inactive users have the team 'Gone' — take it out, or name who has followed"]),
        ("name <> 'Bo Dahl'",
         ["warning inactive-rep: only inactive users have the name 'Bo Dahl' — take it out, or name who has followed"]),
        ("region = 'Mars'", []),
        ("team like 'Ent%'", []),
    ],
)  # fmt: skip
def test_teams_and_people_that_nobody_is_are_told(folder: Folder, reps: str, findings: list[str]) -> None:
    text = books("true", "true").replace('reps: "true"', f'reps: "{reps}"')
    assert found(folder, text, STAFF) == [f"3:20 {one}" for one in findings]


def test_conditions_on_reps_are_looked_at_too(folder: Folder) -> None:
    text = books("true", "true").replace('reps: "true"', "reps: \"team = 'A' and team = 'B'\"")
    assert [one.split(" — ")[0] for one in found(folder, text)] == [
        "3:20 warning never-true: 'reps' of the book 'b1' can never match: its condition contradicts itself"
    ]
    text = books("true", "true").replace('reps: "true"', "reps: \"team <> 'A' or team <> 'B'\"")
    assert [one.split(" — ")[0] for one in found(folder, text)] == [
        "3:20 warning always-true: 'reps' of the book 'b1' matches every rep, whatever its fields hold"
    ]


def test_routes_owners_and_books_for_nobody_are_told(folder: Folder) -> None:
    text = (
        "books: [{id: b, accounts: true, reps: capacity > 5, rank: s, capacity: 5}]\n"
        "routes: [{id: r, when: true, to: {team: Enterprize, by: round robin}, because: x}]\n"
        "scope: [{id: a, when: owner = 'u2' or owner_team = 'Gone'}]\n" + SCORE
    )
    assert [one.split(" — ")[0] for one in found(folder, text, STAFF)] == [
        "2:39 warning empty-book: no active rep may fill the book 'b'",
        "3:15 warning unknown-rep: no user of the CRM has the team 'Enterprize'",
        "4:23 warning inactive-rep: only inactive users have the id 'u2'",
        "4:23 warning inactive-rep: only inactive users have the team 'Gone'",
    ]


def test_a_route_whose_weights_and_caps_come_to_nothing_is_told(folder: Folder) -> None:
    caps = "[{holding: 5, when: employees > 5 and employees < 3}, {most: 5, every: day}]"
    text = (
        "scope: [{id: a, when: in_pool}]\n"
        f"routes: [{{id: r, when: is_customer, to: {{team: x, by: weighted}}, caps: {caps}}},\n"
        "  {id: named, when: not is_customer, to: {rep: Gone@Acme.example, by: named},"
        " nobody: {rep: b@acme.example}}]\n"
    )
    known = {"team": {"x"}, "email": {"B@acme.example"}}
    assert [one.split(" — ")[0] for one in found(folder, text, Staff(known, known))] == [
        "3:15 note even-weights: the turns of 'r' go by weight, and no 'weight' says any: all count the same",
        "3:92 warning never-true: a cap of the route 'r' can never match: its condition contradicts itself",
        "4:8 warning unknown-rep: no user of the CRM has the email 'gone@acme.example'",
    ]


# Held to trying everyone


@dataclass(frozen=True)
class Said:
    """A condition as it is written, and whom it takes."""

    text: str
    means: Callable[[tuple[Any, ...]], bool]


def atom(text: str, place: int, means: Callable[[Any], bool]) -> Said:
    """A comparison of one field, false where that is empty."""
    return Said(text, lambda person: person[place] is not None and means(person[place]))


ATOMS = (
    atom("country = 'US'", 0, lambda value: value == "US"),
    atom("country in ('US', 'GB')", 0, lambda value: value in ("US", "GB")),
    Said("country is empty", lambda person: person[0] is None),
    Said("country <> 'GB'", lambda person: person[0] != "GB"),
    atom("employees >= 100", 1, lambda value: value >= 100),
    atom("employees < 50.5", 1, lambda value: value < 50.5),
    atom("employees between 50 and 100", 1, lambda value: 50 <= value <= 100),
    Said("employees is empty", lambda person: person[1] is None),
    atom("days_since(last_touch) > 30", 2, lambda value: value > 30),
    atom("days_until(last_touch) >= -90", 2, lambda value: value <= 90),
    atom("days_since(last_touch) >= 30.5", 2, lambda value: value > 30),
    atom("days_since(last_touch) < 30.5", 2, lambda value: value <= 30),
    atom("days_until(last_touch) > -90.5", 2, lambda value: value <= 90),
    atom("days_since(last_touch) <= 90.5", 2, lambda value: value <= 90),
    Said("days_since(last_touch) = 30.5", lambda _: False),
    atom("last_touch = '2026-10-23'", 2, lambda value: value == 30),
    atom("is_customer", 3, lambda value: value is True),
    atom("is_customer = false", 3, lambda value: value is False),
)
PEOPLE = tuple(product(
    (None, "GB", "NO", "US"),
    (None, 0, 50, 50.2, 50.5, 60, 100, 5000),
    (None, 0, 30, 31, 60, 90, 91),
    (None, True, False),
))  # fmt: skip
"""One account of every kind that the conditions tell apart: country, employees, days since the last touch, customer."""


def joined(word: str, sides: list[Said]) -> Said:
    test = all if word == "and" else any
    return Said(
        f" {word} ".join(f"({one.text})" for one in sides), lambda person: test(one.means(person) for one in sides)
    )


conditions = st.recursive(
    st.sampled_from(ATOMS),
    lambda inner: st.one_of(
        inner.map(lambda one: Said(f"not ({one.text})", lambda person: not one.means(person))),
        st.builds(joined, st.sampled_from(("and", "or")), st.lists(inner, min_size=2, max_size=3)),
    ),
    max_leaves=4,
)


@settings(max_examples=150, deadline=None, suppress_health_check=list(HealthCheck))
@given(said=st.lists(conditions, min_size=1, max_size=5))
def test_rules_are_unreachable_never_and_always_true_exactly_where_trying_everyone_says_so(
    folder: Folder, said: list[Said]
) -> None:
    rules = folder.write(rules_yaml=f"version: 1\n{protect(*(one.text for one in said))}").load()
    told = {(one.mark.line - 2, one.code) for one in lint(rules, folder.vocabulary, today=TODAY)}
    taken = [{number for number, person in enumerate(PEOPLE) if one.means(person)} for one in said]
    for number, people in enumerate(taken):
        above = set().union(*taken[:number])
        assert ((number + 1, "never-true") in told) is (not people)
        assert ((number + 1, "always-true") in told) is (len(people) == len(PEOPLE))
        assert ((number + 1, "unreachable-rule") in told) is (bool(people) and people <= above)


def test_a_folder_of_many_rules_is_looked_through_in_a_moment(folder: Folder) -> None:
    """Not timed to the second: comparing all pairs of all parts of all rules would take minutes."""
    many = [f"employees between {number} and {number * 3} and country in ('C{number}', 'D') or revenue > {number}"
            for number in range(1, 250)]  # fmt: skip
    rules = folder.write(rules_yaml=f"version: 1\n{protect(*many)}").load()
    started = time.process_time()
    lint(rules, folder.vocabulary, today=TODAY)
    assert time.process_time() - started < 10


def test_a_condition_of_too_many_parts_is_left_alone(folder: Folder) -> None:
    wide = " and ".join(f"(employees = {number} or revenue = {number})" for number in range(12))
    assert found(folder, protect(wide, "employees = 1")) == []


def test_findings_weigh_what_they_weigh() -> None:
    assert list(Severity) == ["error", "warning", "note"]
