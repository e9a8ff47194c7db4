"""Test files are checked as strictly as rules: every mistake has its place, and the nearest right word."""

from __future__ import annotations

import random
import re
from dataclasses import replace
from datetime import date
from typing import TYPE_CHECKING

import pytest

from rules import FieldInfo, RulesInvalid, Type, digest
from rules.testing import Given, load_tests

if TYPE_CHECKING:
    from rules.testing import RuleTest
    from tests.rules.conftest import Folder

RULES = """version: 1
lists: {near: [GB, NO]}
tables: [territories.csv]
scores:
  - id: priority
    max: 100
    parts:
      fit: {max: 40, terms: [{id: size, scale: employees, from: 0, to: 100, points: 40, because: Size}]}
    tiers: {A: 50, B: 0}
scope: [{id: near-us, when: country in near}]
protect: [{id: customer, when: is_customer, because: Customers stay}]
return: [{id: unworked, when: days_since(last_touch) > 90, reason: unworked}]
books: [{id: all, accounts: true, reps: team = 'Sales', capacity: capacity, rank: priority}]
"""
TABLE = "country,then territory,then weight (number)\nGB,Britain,2\nNO,Nordics,1\n"
TEST = "version: 1\non: 2026-11-22\n"


@pytest.fixture
def rules(folder: Folder) -> Folder:
    return folder.write(rules_yaml=RULES, territories_csv=TABLE)


def read(folder: Folder, text: str) -> tuple[RuleTest, ...]:
    (folder.path / "a.test.yaml").write_text(text)
    return load_tests(folder.path, folder.load(), folder.vocabulary).tests


def problems(folder: Folder, text: str) -> list[str]:
    try:
        read(folder, text)
    except RulesInvalid as invalid:
        return [str(problem).removeprefix("a.test.yaml:") for problem in invalid.problems]
    return []


def one(folder: Folder, given: str, expect: str = "{scope: none}") -> list[str]:
    """What is wrong with one test; its given begins at 5:12, its expect at 6:13."""
    return problems(folder, f"{TEST}tests:\n  - name: x\n    given: {given}\n    expect: {expect}\n")


def given(folder: Folder, text: str) -> Given:
    (found,) = read(folder, f"{TEST}tests: [{{name: x, given: {text}, expect: {{scope: none}}}}]")
    return found.given


def test_a_test_file_is_no_rule_file_and_no_part_of_the_rules_version(rules: Folder) -> None:
    before = digest(rules.path)
    assert problems(rules, TEST + "tests: [{name: x, given: {country: GB}, expect: {scope: near-us}}]") == []
    assert digest(rules.path) == before
    rules.load()


def test_values_are_read_by_the_types_of_their_fields(rules: Folder) -> None:
    found = given(rules, "{country: NO, zip: 02139, employees: 100}")
    assert found.fields == {"country": "NO", "zip": "02139", "employees": 100.0}
    assert given(rules, "{is_customer: yes, in_pool: false}").fields == {"is_customer": True, "in_pool": False}
    assert given(rules, "{type: empty, industry: 'empty'}").fields == {"type": None, "industry": "empty"}


def test_days_count_from_the_day_of_the_test(rules: Folder) -> None:
    found = given(rules, "{last_touch: 91 days ago, renewal_date: in 1 day, owned_since: today}")
    assert found.fields == {"last_touch": "2026-08-23", "renewal_date": "2026-11-23", "owned_since": "2026-11-22"}
    found = given(rules, "{events: {meeting: [today, 2026-10-01], reply: 3 days ago}, touches: [1 day ago]}")
    assert found.events == {"meeting": (date(2026, 11, 22), date(2026, 10, 1)), "reply": (date(2026, 11, 19),)}
    # what the buyer and a rep did together is a touch as well
    assert found.touches == (date(2026, 11, 21), date(2026, 11, 22), date(2026, 10, 1))


def test_a_test_of_another_day_counts_the_defaults_from_its_own(rules: Folder) -> None:
    text = f"{TEST}defaults: {{last_touch: 10 days ago, country: GB}}\ntests:\n"
    text += "  - {name: x, on: 2026-12-22, given: {country: NO}, expect: {scope: near-us}}\n"
    text += "  - {name: y, expect: {scope: near-us}}\n"
    first, second = read(rules, text)
    assert first.given.fields == {"last_touch": "2026-12-12", "country": "NO"}
    assert second.given.fields == {"last_touch": "2026-11-12", "country": "GB"}


def test_a_field_and_a_group_of_one_name_do_not_hide_each_other(rules: Folder) -> None:
    found = given(rules, "{contacts: 3, intent: {cybersecurity: 70}}")
    assert (found.fields, found.intent) == ({"contacts": 3.0}, {"cybersecurity": 70.0})


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("{emploees: 5}", "5:13: unknown field 'emploees' — did you mean 'employees'?"),
        ("{employees: many}", "5:24: 'many' is not a number, as 'employees' wants — write 70 or 0.5"),
        ("{is_customer: perhaps}",
         "5:26: 'perhaps' is neither yes nor no, as 'is_customer' wants — write yes or no"),
        ("{last_touch: soon}",
         "5:25: 'soon' is not a day — write a date (2026-11-04), today, 3 days ago or in 30 days"),
        ("{last_touch: 2026-02-30}",
         "5:25: '2026-02-30' is not a day — write a date (2026-11-04), today, 3 days ago or in 30 days"),
        ("{country: }", "5:21: 'country' has no value — write one, or remove the key; 'empty' is an empty value"),
        ("{country: [GB]}", "5:22: 'country' is a single value"),
        ("{intent: {cybersec: 70}}", "5:22: unknown intent topic 'cybersec' — did you mean 'cybersecurity'?"),
        ("{intent: {cybersecurity: 170}}", "5:37: 170 is out of range for 'cybersecurity' — from 0 to 100"),
        ("{intent: 70}", "5:13: 'intent' holds a group or a list — write intent: {cybersecurity: 70}"),
        ("{events: {meting: [today]}}", "5:22: unknown engagement kind 'meting' — did you mean 'meeting'?"),
        ("{events: {meeting: [in 3 days]}}",
         "5:32: 2026-11-25 is after 2026-11-22, the day of the test — what is to come is no event yet"),
        ("{territory: Nordics}", "5:13: 'territory' is what the rules say — put it under 'expect'"),
        ("[GB]", "5:12: 'given' is a group of keys — write key: value"),
    ],
)  # fmt: skip
def test_what_cannot_be_given_is_told(rules: Folder, text: str, told: str) -> None:
    assert one(rules, text) == [told]


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("{scope: near-uss}", "6:21: unknown rule 'near-uss' of 'scope' — did you mean 'near-us'?"),
        ("{book: unworked}", "6:20: unknown rule 'unworked' of 'book' — known: all, any, none"),
        ("{teritory: Nordics}", "6:14: the rules say nothing of 'teritory' — did you mean 'territory'?"),
        ("{employees: 5}", "6:14: the rules say nothing of 'employees'"),
        ("{weight: heavy}", "6:22: 'heavy' is not a number, as 'weight' wants — write 70 or 0.5"),
        ("{scores: {prio: 5}}", "6:23: unknown score 'prio' — known: priority"),
        ("{scores: {priority: {tier: C}}}", "6:40: unknown tier 'C' of the score 'priority' — known: A, B"),
        ("{scores: {priority: {points: {sice: 5}}}}",
         "6:43: unknown term 'sice' of the score 'priority' — did you mean 'size'?"),
        ("{scores: {priority: {at_leest: 5}}}", "6:34: unknown key 'at_leest' — did you mean 'at_least'?"),
        ("{reps: {eligible: [ada]}}",
         "6:32: unknown rep 'ada' — say what the rep is like under 'reps:' at the top of the file"),
        ("{}", "6:13: the test expects nothing — write scope, protect, return, book or scores"),
    ],
)  # fmt: skip
def test_what_cannot_be_expected_is_told(rules: Folder, text: str, told: str) -> None:
    (found,) = one(rules, "{country: GB}", text)
    assert found.startswith(told)


CONTACTS = """contacts:
  - {id: champion, max: 9, parts: {p: {max: 9, terms: [{id: it, when: title = 'CIO', points: 9, because: x}]}}}
"""


def test_contacts_are_checked_by_their_own_fields(rules: Folder) -> None:
    rules.write(more_yaml="version: 1\n" + CONTACTS)
    rules.vocabulary = replace(rules.vocabulary, contact={"title": FieldInfo("title", Type.TEXT)})
    assert one(
        rules, "{contacts: {ada: {titel: CIO, events: {meting: today}}}}", "{contacts: {champion: {bo: 5}}}"
    ) == [
        "5:30: unknown contact field 'titel' — did you mean 'title'?",
        "5:51: unknown engagement kind 'meting' — did you mean 'meeting'?",
        "6:36: unknown contact 'bo' — known: ada",
    ]
    assert one(rules, "{country: GB}", "{contacts: {champ: {bo: 5}, champion: {bo: 5}}}") == [
        "6:25: unknown contact score 'champ' — did you mean 'champion'?",
        "6:52: unknown contact 'bo' — say what the contact is like under 'contacts:' of 'given'",
    ]
    known = "{contacts: {ada: {title: CIO, events: {reply: today}}}}"
    (found,) = read(
        rules, f"{TEST}tests: [{{name: x, given: {known}, expect: {{contacts: {{champion: {{ada: 9}}}}}}}}]"
    )
    assert found.given.contacts["ada"].fields == {"title": "CIO"}
    assert found.given.events == {"reply": (date(2026, 11, 22),)}


def test_what_a_picklist_lacks_is_a_warning_since_records_may_hold_it(rules: Folder) -> None:
    (rules.path / "a.test.yaml").write_text(TEST + "tests: [{name: x, given: {type: Partnr}, expect: {scope: none}}]")
    found = load_tests(rules.path, rules.load(), rules.vocabulary)
    assert found.tests[0].given.fields == {"type": "Partnr"}
    assert [str(one) for one in found.warnings] == [
        "a.test.yaml:3:33: 'Partnr' is not a value of the picklist 'type' — did you mean 'Partner'?"
    ]


def test_a_file_says_what_it_lacks_and_what_it_has_too_much_all_at_once(rules: Folder) -> None:
    text = "tests:\n  - {name: x, given: {country: GB}, expect: {scope: any}}\n"
    text += "  - {name: x, giving: {country: GB}, expect: {scope: any}}\n  - {given: {country: GB}}\n"
    assert problems(rules, text) == [
        "1:1: the key 'on' is missing here — say the day of the tests: on: 2026-11-22",
        "1:1: the key 'version' is missing here — begin the file with version: 1",
        "3:5: the key 'given' is missing here — say what the account is like",
        "3:12: the test 'x' is here twice — first at a.test.yaml:2:12; say in the name what this one is about",
        "3:15: unknown key 'giving' — did you mean 'given'?",
        "4:5: the key 'expect' is missing here",
        "4:5: the key 'name' is missing here",
    ]


def test_reps_of_tests_have_what_the_rep_files_say_of_them(rules: Folder) -> None:
    rules.write(reps_csv="email,capacity,tenure\nada@example.com,120,3\n")
    rules.write(rules_yaml=RULES + "reps: [reps.csv]\n")
    text = f"{TEST}reps:\n  ada: {{email: Ada@example.com, team: Sales, capacity: 5}}\n  bo: {{tenure: 1}}\n"
    text += "tests: [{name: x, given: {country: GB}, expect: {scope: any}}]\n"
    (found,) = read(rules, text)
    assert found.reps == {
        "ada": {"email": "Ada@example.com", "team": "Sales", "capacity": 120.0, "tenure": 3.0},
        "bo": {"tenure": 1.0},
    }
    assert problems(rules, text.replace("tenure: 1", "tenur: 1")) == [
        "5:8: unknown rep field 'tenur' — did you mean 'tenure'?"
    ]


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("- a\n", "1:1: a test file holds keys, such as 'on:' and 'tests:' — begin with version: 1"),
        (TEST + "on: &x 2026-11-22\ntests: []", "3:5: the anchor '&x' is not allowed in rules"),
        (TEST.replace("2026-11-22", "22.11.2026") + "tests: []",
         "2:5: '22.11.2026' is not a date — write year-month-day: 2026-11-22"),
        (TEST.replace("1\n", "2\n") + "tests: []", "1:10: this version is not known — write version: 1"),
        (TEST + "tests:\n  name: x\n", "4:3: 'tests' is a list — begin each entry with '- ', or write [a, b]"),
        (TEST + "tests: [x]\n", "3:9: a test is a group of keys — write key: value"),
    ],
)  # fmt: skip
def test_a_file_that_is_none_is_told(rules: Folder, text: str, told: str) -> None:
    assert problems(rules, text)[0].startswith(told)


SCRAPS = ("{", "}", "[", "]", ":", ",", "- ", "\n", "  ", "'", '"', "&a", "*a", "!x", "empty", "none", "99999 days ago",
          "in 99999 days", "0001-01-01", "9999-12-31", "\x00", "é", "🙂", "1e999", "-1", "null", "~", "\t")  # fmt: skip


@pytest.mark.parametrize("seed", range(4))
def test_whatever_stands_in_a_test_file_it_loads_or_is_refused_with_places(rules: Folder, seed: int) -> None:
    draw = random.Random(seed)  # noqa: S311 - it plays, it keeps no secret
    whole = (
        f"{TEST}defaults: {{country: GB, touches: [3 days ago]}}\nreps: {{ada: {{team: Sales, capacity: 5}}}}\ntests:\n"
        "  - {name: x, given: {events: {meeting: [today]}, intent: {cybersecurity: 70}}, expect: {book: all}}\n"
        "  - {name: y, given: {employees: 50}, expect: {scores: {priority: {total: 20, points: {size: 20}}}}}\n"
    )
    for _ in range(40):
        text = whole
        for _ in range(draw.randint(1, 4)):
            start = draw.randrange(len(text))
            text = text[:start] + draw.choice(SCRAPS) + text[start + draw.choice((0, 0, 1, 5, 20)) :]
        for problem in problems(rules, text):
            assert re.match(r"\d+:\d+: \S", problem), (text, problem)
