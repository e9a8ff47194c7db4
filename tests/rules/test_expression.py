"""What a condition may say, and what is said about everything else, at its column."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tests.rules.conftest import Folder

GOOD = [
    "country in ('US', 'GB', 'DE') and type <> 'Partner'",
    "days_since(last_touch) > 90 or last_touch is empty",
    "NOT is_customer AND employees BETWEEN 10 AND 500",
    "not (country like 'U%' or country not like '_S')",
    "intent('cybersecurity') >= 60",
    "engagement('meeting') + 2 * engagement('reply', 7) >= 1.5",
    "touches(30) = 0",
    "days_until(renewal_date) between 0 and 90",
    "renewal_date < '2027-01-01' and '2026-01-01' <= renewal_date",
    "revenue / employees > 100000",
    "-employees < -5 and employees <> -1",
    "coalesce(region, owner_team, 'none') = 'EMEA'",
    "events('meeting', 30) >= 2 and events('webinar', 3650) = 0",
    "not includes(products, 'Suite', 'Lake') or includes(lower(products), 'suite')",
    "lower(name) like 'acme%'",
    "name like '100\\% sure' or name like 'a\\_b' or name like 'back\\\\slash'",
    "has(website) and not has(phone)",
    "is_customer = false and in_pool <> true",
    "do_not_move",
    "true",
    "is_customer is not empty",
    "name = 'O''Neil; DROP TABLE fact -- /* */'",
    "employees != 5",
    "((((employees))) > ((5)))",
    "employees in (1, 2, -3)",
    "created_at in ('2026-01-01', '2026-01-02')",
    "  employees\n > \n\n 5  ",
    "name = 'Ünïcode 🚀 日本'",
]
BAD = [
    ("events('meeting') > 1", "12: events() takes 2 values, not 1"),
    ("events('meeting', 1.5) > 1", "30: events() counts whole days — write 1"),
    ("events('meeting', 0) > 1", "30: the number of days is a number above 0 and up to 3,650"),
    ("events('meting', 5) > 1", "19: unknown engagement kind 'meting' — did you mean 'meeting'?"),
    ("events('meeting', 5)", "12: events() is a number, not a condition — compare it with something"),
    ("touches(0.5) > 1", "20: touches() counts whole days — write 1"),
    ("contact_score('people') > 5", "26: unknown score of contacts 'people'"),
    ("emploees > 5", "12: unknown field 'emploees' — did you mean 'employees'?"),
    ("employees > 'abc'", "24: 'employees' is a number, 'abc' is text"),
    ("employees > '100'", "24: 'employees' is a number, '100' is text — write 100 without quotes"),
    ("country = 5", "22: 'country' is text, 5 is a number — write '5' in quotes"),
    ("is_customer = 'yes'", "26: 'is_customer' is yes/no, 'yes' is text — write true or false without quotes"),
    ("is_customer > true", "12: yes/no values know no '>' — use = or <>"),
    ("renewal_date > 5", "27: 'renewal_date' is a date, 5 is a number — turn a date into days"),
    ("renewal_date > '5 May'", "27: '5 May' is not a date — write year-month-day: '2026-11-04'"),
    ("renewal_date > '2026-02-30'", "27: '2026-02-30' is not a date"),
    ("created_at - renewal_date > 3", "12: 'created_at' is a date, a number is wanted"),
    ("type = 'Partnr'", "19: 'Partnr' is not a value of the picklist 'type' — did you mean 'Partner'?"),
    ("type in ('Prospect', 'partner')", "33: 'partner' is not a value of the picklist 'type' — did you mean 'Pa"),
    ("employees", "12: 'employees' is a number, not a condition — compare it with something"),
    ("employees > 5 and country", "30: 'country' is text, not a condition"),
    ("employees > 5 > 3", "12: a condition stands where a value is wanted"),
    ("(employees > 5) = true", "13: a condition stands where a value is wanted"),
    ('country = "US"', "22: \"US\" is not part of a condition — text stands in single quotes: 'US'"),
    ("country = US", "22: unknown field 'US' — write 'US' in single quotes if it is text"),
    ("country == 'US'", "20: '==' is not a comparison — write '='"),
    ("country = 'US' && in_pool", "27: '&&' is not part of a condition — write 'and'"),
    ("country = 'US' || in_pool", "27: '||' is not part of a condition — write 'or'"),
    ("country = ''", "22: an empty text matches nothing — write 'is empty' or 'is not empty'"),
    ("country = null", "22: nothing can be compared with 'empty'"),
    ("country <> empty", "23: nothing can be compared with 'empty'"),
    ("country is null", "23: 'null' is called 'empty' here"),
    ("country is 'US'", "23: 'is' goes with 'empty' or 'not empty' only"),
    ("country = 'US", "22: a quote is not closed"),
    ("country = 'O'Neil'", "29: a quote is not closed"),
    ("(country = 'US'", "12: this bracket is not closed — add ')'"),
    ("country = 'US')", "26: ')' closes nothing"),
    ("country = 'US' and", "30: a value is missing after 'and'"),
    ("and country = 'US'", "12: a value is missing at the start, before 'and'"),
    ("country in ()", "24: a value is missing after '(', before ')'"),
    ("country in ('US',)", "29: a value is missing after ',', before ')'"),
    ("country in (region)", "24: 'in' takes fixed values only"),
    ("country in countries", "23: unknown list 'countries'"),
    ("country, region", "19: a comma outside brackets"),
    ("employees between 10 and 5", "30: nothing lies between 10 and 5 — the lower comes first"),
    ("employees like '5%'", "12: 'employees' is a number: 'like' reads text"),
    ("country like region", "25: 'like' takes a fixed text"),
    ("country like 'a\\b'", "25: a backslash in 'like' stands before %, _ or \\ only"),
    ("country like '%a%b%c%d%e%f%g%h%'", "25: more than 8 % in one pattern"),
    ("intent('cybersecurity')", "12: intent() is a number, not a condition"),
    ("intent('cybersecurty') > 5", "19: unknown intent topic 'cybersecurty' — did you mean 'cybersecurity'?"),
    ("intent(cybersecurity) > 5", "19: the intent topic stands in single quotes — did you mean 'cybersecurity'?"),
    ("engagement('meting') > 5", "23: unknown engagement kind 'meting' — did you mean 'meeting'?"),
    ("engagement('meeting', 0) > 5", "34: the half-life in days is a number above 0 and up to 3,650"),
    ("engagement() > 5", "23: a value is missing after '(', before ')'"),
    ("engagement('meeting', 1, 2) > 5", "12: engagement() takes 1 to 2 values, not 3"),
    ("touches(1.5) > 5", "20: touches() counts whole days"),
    ("days_since(employees) > 5", "12: 'employees' is a number, days_since() takes a date"),
    ("lower(employees) = 'x'", "18: 'employees' is a number, lower() takes text"),
    ("lower(name, name) = 'x'", "12: lower() takes 1 value, not 2"),
    ("coalesce(name) = 'x'", "12: coalesce() takes 2 to 8 values, not 1"),
    ("coalesce(name, 5) = 'x'", "27: 'name' is text, 5 is a number"),
    ("has(name) = true", "12: has() is a condition and stands alone"),
    ("upper(name) = 'X'", "12: unknown function 'upper' — known: coalesce, contact_score"),
    ("employees > 1e5", "24: '1e5' is not a number that rules know"),
    ("employees > 10abc", "24: '10abc' is not a number that rules know"),
    ("employees > 1_000", "24: '1_000' is not a number that rules know"),
    ("employees > 1,000", "25: a comma outside brackets"),
    (" * ".join(["revenue"] * 17) + " > 1", "12: this can grow beyond what a database can hold"),
]  # fmt: skip


@pytest.mark.parametrize("condition", GOOD)
def test_the_grammar_takes(folder: Folder, condition: str) -> None:
    folder.write(rules_yaml="version: 1\nscope:\n  - id: x\n    when: |2\n      " + condition.replace("\n", "\n      "))
    assert folder.load().scope[0].when.tree is not None


@pytest.mark.parametrize(("condition", "fault"), BAD)
def test_the_grammar_refuses_at_the_column(folder: Folder, condition: str, fault: str) -> None:
    path = folder.write(rules_yaml="version: 1\nscope:\n  - id: x\n    when: >-\n" + " " * 11 + condition)
    found = path.problems()[0]
    assert found.startswith("rules.yaml:5:" + fault), found


def test_all_mistakes_of_a_condition_come_at_once(folder: Folder) -> None:
    assert folder.faults("emploees > 5 and cuntry = 'US' or type = 'Partnr'") == [
        "12: unknown field 'emploees' — did you mean 'employees'?",
        "29: unknown field 'cuntry' — did you mean 'country'?",
        "53: 'Partnr' is not a value of the picklist 'type' — did you mean 'Partner'?",
    ]


def test_and_binds_closer_than_or_and_not_closer_than_both(folder: Folder) -> None:
    def tree(condition: str) -> object:
        folder.write(rules_yaml=f"version: 1\nscope:\n  - id: x\n    when: {condition}\n")
        return folder.load().scope[0].when.tree

    assert tree("in_pool or is_customer and do_not_move") == tree("in_pool or (is_customer and do_not_move)")
    assert tree("not in_pool and is_customer") == tree("(not in_pool) and is_customer")
    assert tree("not employees = 5 or in_pool") == tree("(not (employees = 5)) or in_pool")
    assert tree("employees + 2 * 3 - 1 = 5") == tree("((employees + (2 * 3)) - 1) = 5")


def test_fields_may_be_called_as_sql_calls_its_keywords(folder: Folder) -> None:
    from rules import FieldInfo, Type, Vocabulary, needs  # noqa: PLC0415 - this test alone speaks another vocabulary

    words = "select from where group order limit case end table interval current_date date values user all any exists"
    names = [*words.split(), "primary", "left", "desc", "offset", "window", "array", "map", "struct", "timestamp", "if"]
    folder.vocabulary = Vocabulary({name: FieldInfo(name, Type.NUMBER) for name in names}, {})
    for name in names:
        assert (
            folder.faults(f"{name} > 1 and not {name} in (1, 2) and {name} is not empty and -{name} + {name} < 3") == []
        )
        assert [column.name for column in needs(folder.load())] == [name]


def test_reps_are_chosen_without_account_fields_and_what_is_counted_of_accounts(folder: Folder) -> None:
    book = "version: 1\nbooks:\n  - {{id: b, accounts: true, reps: {}, capacity: 5, rank: s}}\nscores: []\n"
    found = folder.problems(rules_yaml=book.format("tem = 'A'"))
    assert found[0].startswith("rules.yaml:3:35: unknown rep field 'tem' — did you mean 'team'?")
    found = folder.problems(rules_yaml=book.format("touches(3) > 1"))
    assert found[0].startswith("rules.yaml:3:35: unknown function 'touches' — known: coalesce, days_since, days_until")


def test_a_letter_that_only_looks_like_the_right_one_is_told_by_its_number(folder: Folder) -> None:
    (fault,) = folder.faults("\u0435mployees > 1")
    assert fault.endswith("did you mean 'employees'? here stands the character U+0435")
    (fault,) = folder.faults("emploees > 1")
    assert fault.endswith("did you mean 'employees'?")
