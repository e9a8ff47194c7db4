"""Scores of the people at an account: what they may read, what they come to, and what is refused with which words."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from rules import (
    ColumnKind,
    ContactSource,
    Decay,
    EngagementSource,
    EventsSource,
    EventTerm,
    Fade,
    FadingSource,
    FieldSource,
    Type,
    json_schema,
    needs,
)
from rules.contacts import CONTACT_TABLE, best_contacts, compile_contacts, contact_needs, contacts_age
from tests.rules.stores import NOW
from tests.rules.test_compile import rules

if TYPE_CHECKING:
    from rules import Ruleset
    from tests.rules.conftest import Folder
    from tests.rules.stores import Store

CHAMPION = """contacts:
  - id: champion
    max: 60
    best: 2
    parts:
      persona:
        max: 50
        terms:
          - {id: security, when: title like '%security%' and not opted_out, points: 40, because: Works in security}
          - {id: senior, scale: seniority, from: 0, to: 10, points: 20, because: Senior}
      engagement:
        max: 30
        half_life: 14 days
        terms:
          - {id: met, event: meeting, points: 10, because: Met us}
    tiers: {high: 50, low: 0}
"""


def ask(store: Store, ruleset: Ruleset, people: list[dict[str, Any]], *, best: bool = False) -> list[dict[str, Any]]:
    """What each contact comes to, or each account."""
    keyed = [{"account_id": "a", "contact_id": f"c{number}", **each} for number, each in enumerate(people)]
    columns = (*contact_needs(ruleset.contacts), *KEYS)
    store.create(CONTACT_TABLE, "contact_id", columns, keyed)
    return store.ask((best_contacts if best else compile_contacts)(ruleset.contacts, store.dialect, now=NOW))


class _Key:
    """A column of the table that is no fact."""

    name, type = "account_id", Type.TEXT


KEYS: Any = (_Key(),)


def test_a_contact_is_scored_by_what_it_is_and_what_it_did(folder: Folder, store: Store) -> None:
    ruleset = rules(folder, CHAMPION)
    people: list[dict[str, Any]] = [
        {"title": "Head of Security", "seniority": 5, "engagement__meeting__14d": 1.5},
        {"title": "Security", "seniority": 10, "engagement__meeting__14d": 5},
        {"title": "Security", "opted_out": True},
        {},
    ]
    found = ask(store, ruleset, people)
    assert [(row["contact_id"], row["total__1"], row["tier__1"]) for row in found] == [
        ("c0", 60, "high"), ("c1", 60, "high"), ("c2", 0, "low"), ("c3", 0, "low"),
    ]  # fmt: skip
    assert [row["points__1_1"] for row in found] == [40, 40, 0, 0]
    assert [row["points__1_3"] for row in found] == [15, 50, 0, 0]


def test_an_account_has_the_highest_total_of_its_contacts(folder: Folder, store: Store) -> None:
    ruleset = rules(folder, CHAMPION.replace("max: 60", "max: 100"))
    people: list[dict[str, Any]] = [
        {"title": "Security"}, {"seniority": 5}, {"account_id": "b", "seniority": 2.5}, {"account_id": "c"},
    ]  # fmt: skip
    found = ask(store, ruleset, people, best=True)
    assert [(row["account_id"], row["best__1"]) for row in found] == [("a", 40), ("b", 5), ("c", 0)]


def test_what_contacts_are_scored_by_is_read_of_contacts_alone(folder: Folder) -> None:
    """Accounts have the fact that they are asked for, and no field of their contacts."""
    ruleset = rules(folder, CHAMPION, "scope: [{id: x, when: contact_score('champion') >= 50}]")
    assert [column.source for column in needs(ruleset)] == [ContactSource("champion")]
    assert [column.source for column in contact_needs(ruleset.contacts)] == [
        EngagementSource("meeting", 14), FieldSource("opted_out"), FieldSource("seniority"), FieldSource("title"),
    ]  # fmt: skip
    [score] = ruleset.contacts
    assert (score.best, score.score.parts[1].decay) == (2, Decay(Fade.HALF_LIFE, 14))
    assert not contacts_age(ruleset.contacts)


@pytest.mark.parametrize(
    ("when", "ages"),
    [
        ("days_since(joined_on) > 30", True),
        ("\"engagement('reply', 3) > 1\"", False),
        ("\"events('reply', 3) > 1\"", False),
    ],
)
def test_it_is_known_whether_contacts_change_with_the_days_alone(folder: Folder, when: str, ages: bool) -> None:  # noqa: FBT001 - a parameter of the test
    text = CHAMPION.replace("title like '%security%' and not opted_out", when)
    assert contacts_age(rules(folder, text).contacts) is ages


def test_events_of_contacts_grow_old_in_each_way(folder: Folder, store: Store) -> None:
    part = "{{max: 9, {}, terms: [{{id: {}, event: reply, points: 2, because: x}}]}}"
    parts = ", ".join(
        f"{name}: {part.format(decay, name)}" for name, decay in (("l", "linear: 9 days"), ("w", "window: 5 days"))
    )
    ruleset = rules(folder, f"contacts: [{{id: s, max: 99, parts: {{{parts}}}}}]")
    assert {column.source for column in contact_needs(ruleset.contacts)} == {
        FadingSource("reply", 9),
        EventsSource("reply", 5),
    }
    assert [term.decay for term in ruleset.contacts[0].score.terms if isinstance(term, EventTerm)] == [
        Decay(Fade.LINEAR, 9), Decay(Fade.WINDOW, 5),
    ]  # fmt: skip
    [row] = ask(store, ruleset, [{"fading__reply__9d": 1.25, "events__reply__5d": 3}])
    assert (row["total__1"], ruleset.contacts[0].best) == (8.5, 3)


def test_a_score_of_contacts_needs_no_tiers(folder: Folder, store: Store) -> None:
    ruleset = rules(folder, CHAMPION.replace("    tiers: {high: 50, low: 0}\n", ""))
    compiled = compile_contacts(ruleset.contacts, store.dialect, now=NOW)
    assert compiled.of(ColumnKind.TIER) == ()
    assert len(ask(store, ruleset, [{}])) == 1


@pytest.mark.parametrize(
    ("before", "after", "problem"),
    [
        ("title like", "titel like", "10:34: unknown contact field 'titel' — did you mean 'title'?"),
        ("title like '%security%'", "employees > 5",
         "10:34: unknown contact field 'employees'"),
        ("title like '%security%'", "touches(30) > 1", "10:34: unknown function 'touches'"),
        ("title like '%security%'", "contact_score('champion') > 1", "10:34: unknown function 'contact_score'"),
        ("title like '%security%'", "engagement('call') > 1",
         "10:45: unknown engagement kind 'call' — 'call' is a touch: it is what your reps did"),
        ("event: meeting", "event: task", "16:30: unknown engagement kind 'task' — 'task' is a touch"),
        ("when: title", "use: title", "10:"),
        ("scale: seniority", "scale: title", "11:"),
        ("half_life: 14 days", "half_life: 14 days\n        window: 3 days", "12:7: part 'engagement' has half_life"),
        ("best: 2", "best: 0", "5:11: 0 is out of range"),
        ("best: 2", "bests: 2", "5:5: unknown key 'bests' — did you mean 'best'?"),
        ("tiers: {high: 50, low: 0}", "tiers: {high: 50}", "17:13: scores below 50 have no tier"),
        ("half_life: 14 days", "halflife: 14 days", "did you mean 'half_life'?"),
        ("because: Senior", "becuse: Senior", "did you mean 'because'?"),
    ],
)  # fmt: skip
def test_a_score_of_contacts_that_cannot_be_meant_is_refused(
    folder: Folder, before: str, after: str, problem: str
) -> None:
    assert before in CHAMPION
    found = folder.problems(rules_yaml=f"version: 1\n{CHAMPION.replace(before, after, 1)}")
    assert found
    assert any(problem in one for one in found), found


def test_ids_of_scores_of_accounts_contacts_and_grids_differ(folder: Folder) -> None:
    score = "scores: [{id: champion, max: 9, parts: {f: {max: 9, terms: [{id: t, when: true, points: 1, because: x}]}}, tiers: {A: 0}}]"  # noqa: E501 - one line
    [problem] = folder.problems(rules_yaml=f"version: 1\n{score}\n{CHAMPION}")
    assert problem.startswith("rules.yaml:4:9: the id 'champion' is taken")


def test_an_account_names_a_score_of_contacts_that_there_is(folder: Folder) -> None:
    text = f"version: 1\n{CHAMPION}scope: [{{id: x, when: contact_score('champon') > 1}}]\n"
    [problem] = folder.problems(rules_yaml=text)
    assert "'champon'" in problem
    assert problem.endswith("did you mean 'champion'?")


def test_no_event_term_of_an_account_counts_what_reps_did(folder: Folder) -> None:
    told = "'email' is a touch: it is what your reps did, and says nothing of the buyer; touches(30) counts them"
    term = "{id: t, event: email, points: 1, because: x}"
    parts = f"{{e: {{max: 9, window: 3 days, terms: [{term}]}}}}"
    [problem] = folder.problems(
        rules_yaml=f"version: 1\nscores: [{{id: s, max: 9, parts: {parts}, tiers: {{A: 0}}}}]\n"
    )
    assert problem.endswith(f"unknown engagement kind 'email' — {told}")
    for condition in ("engagement('email') > 1", "events('email', 3) > 1"):
        [fault] = folder.faults(condition)
        assert fault.endswith(told)


def test_an_editor_knows_the_fields_of_contacts(folder: Folder) -> None:
    schema = str(json_schema(folder.vocabulary))
    assert "- seniority (number)" in schema
