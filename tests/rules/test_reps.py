"""Rep files: what a column is, whose a row is, and the traps that spreadsheets set."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rules import FieldInfo, Type, digest, load, strangers, with_rep_files
from rules.problems import Notes
from rules.reps import read_reps
from tests.rules.stores import NOW

if TYPE_CHECKING:
    from tests.rules.conftest import Folder
    from tests.rules.stores import Store

RULES = "version: 1\nreps: [reps.csv]\n"
BOOK = """
scores: [{id: s, max: 9, parts: {f: {max: 9, terms: [{id: t, when: true, points: 1, because: x}]}}, tiers: {A: 0}}]
books: [{id: b, accounts: true, reps: "%s", capacity: %s, rank: s}]
"""


def problems(folder: Folder, text: str | bytes) -> list[str]:
    return folder.problems(rules_yaml=RULES, reps_csv=text)


def warnings(folder: Folder, text: str) -> list[str]:
    return [str(found) for found in folder.write(rules_yaml=RULES, reps_csv=text).load().warnings]


def test_the_cells_of_a_column_tell_its_type(folder: Folder) -> None:
    reps = folder.write(
        rules_yaml=RULES,
        reps_csv="Email,tenure,certified,hired_on,languages\n"
        "Ada@Acme.example,2.5,yes,2024-01-31,de|en\nbob@acme.example,-1,No,,fr\neve@acme.example,,,,\n",
    ).load().reps  # fmt: skip
    types = {name: info.type for name, info in reps.fields.items()}
    assert types == {"tenure": Type.NUMBER, "certified": Type.BOOLEAN, "hired_on": Type.DATE, "languages": Type.TEXT}
    assert {row.email: row.values for row in reps.rows} == {
        "ada@acme.example": {"tenure": 2.5, "certified": True, "hired_on": "2024-01-31", "languages": "de|en"},
        "bob@acme.example": {"tenure": -1.0, "certified": False, "languages": "fr"},
        "eve@acme.example": {},
    }


def test_a_header_may_say_the_type(folder: Folder) -> None:
    """… so that NO stays Norway, and a column may be empty for now."""
    text = "email,country (text),code (text),room (number),left (date),lead (yes/no)\na@x.example,NO,0123,,,\n"
    reps = folder.write(rules_yaml=RULES, reps_csv=text).load().reps
    assert [info.type for info in reps.fields.values()] == [
        Type.TEXT, Type.TEXT, Type.NUMBER, Type.DATE, Type.BOOLEAN,
    ]  # fmt: skip
    assert reps.rows[0].values == {"country": "NO", "code": "0123"}


def test_books_may_read_what_a_file_says(folder: Folder) -> None:
    text = "email,tenure,room,hired\na@x.example,3,40,2024-01-31\n"
    rules = BOOK % ("team = 'EMEA' and tenure > 2 and hired < '2026-01-01'", "room")
    loaded = folder.write(rules_yaml=RULES + rules, reps_csv=text).load()
    assert loaded.books[0].capacity == "room"
    wrong = BOOK % ("tenur > 2 and tenure = 'long'", "hired")
    assert folder.problems(rules_yaml=RULES + wrong) == [
        "rules.yaml:5:40: unknown rep field 'tenur' — did you mean 'tenure'?",
        "rules.yaml:5:63: 'tenure' is a number, 'long' is text",
        "rules.yaml:5:82: 'hired' is a date, a capacity is a number",
    ]


def test_a_field_that_the_crm_has_keeps_its_type(folder: Folder) -> None:
    assert problems(folder, "email,capacity,team\na@x.example,many,EMEA\nb@x.example,007,1\n") == [
        "reps.csv:2:13: 'many' is not a number, as 'capacity' wants — write a number such as 120 or 0.5"
    ]
    (problem,) = problems(folder, "email,capacity (text)\na@x.example,many\n")
    assert problem.startswith("reps.csv:1:7: 'capacity' is text here and a number in the CRM — head it 'capacity'")


def test_rules_may_name_a_picklists_values_and_the_files_own(folder: Folder) -> None:
    level = FieldInfo("level", Type.TEXT, "Level", ("Junior", "Senior"))
    words = replace(folder.vocabulary, rep={**folder.vocabulary.rep, "level": level})
    folder.write(rules_yaml=RULES, reps_csv="email,level\na@x.example,Principal\nb@x.example,Senior\n")
    assert load(folder.path, words).reps.fields["level"].values == ("Junior", "Senior", "Principal")


def test_several_files_are_one(folder: Folder) -> None:
    """… where each rep's cells are filled by one of them alone."""
    rules = "version: 1\nreps: [emea.csv, amer.csv, skills.csv]\n"
    emea = "email,capacity\nada@x.example,10\n"
    amer = "email,capacity\nbob@x.example,20\n"
    skills = "email,skill\nADA@x.example,banking\n"
    loaded = folder.write(rules_yaml=rules, emea_csv=emea, amer_csv=amer, skills_csv=skills).load()
    assert {row.email: row.values for row in loaded.reps.rows} == {
        "ada@x.example": {"capacity": 10.0, "skill": "banking"},
        "bob@x.example": {"capacity": 20.0},
    }
    assert folder.problems(amer_csv="email,capacity\nada@x.example,20\n") == [
        "amer.csv:2:1: 'capacity' of 'ada@x.example' is in another file, too — see emea.csv:2:1"
    ]
    (problem,) = folder.problems(amer_csv="email,skill (number)\nbob@x.example,20\n", skills_csv="email,skill (text)\n")
    assert problem.startswith("skills.csv:1:7: 'skill' is text here and a number in another file")


def test_the_version_of_the_rules_is_that_of_their_rep_files_too(folder: Folder) -> None:
    folder.write(rules_yaml=RULES, reps_csv="email,x\na@x.example,1\n")
    before = digest(folder.path)
    folder.write(reps_csv="email,x\na@x.example,2\n")
    assert digest(folder.path) != before


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("", "1:1: the table is empty"),
        ("name,email\nAda,a@x.example\n", "1:1: the first column is 'name', not 'email' — begin each line with"),
        ("email;capacity\na@x.example;3\n", "1:1: the columns are separated by semicolons"),
        ("email,\na@x.example,3\n", "1:7: the column has no name"),
        ("email,Years with us\na@x.example,3\n", "1:7: 'Years with us' is no field's name — write a name such as"),
        ("email,x (whole)\na@x.example,3\n", "1:7: 'x (whole)' is no field's name"),
        ("email,x,x\na@x.example,3,4\n", "1:9: the column 'x' is here twice"),
        ("email,Capacity\na@x.example,3\n", "1:7: 'Capacity' is the field 'capacity' but for its capitals — head the"),
        ("email,x,X\na@x.example,3,4\n", "1:7: 'x' is the field 'X' but for its capitals"),
        ("email,E-mail,Email\na@x.example,3,4\n", "1:7: 'E-mail' is no field's name"),
        ("email,EMAIL\na@x.example,b@x.example\n", "1:7: the column 'email' is here twice"),
        ("email,x\na@x.example,3\nA@X.example,4\n", "3:1: 'a@x.example' is here twice — first at reps.csv:2:1"),
        ("email,x\n,3\n", "2:1: the row has no e-mail address"),
        ("email,x\nAda,3\n", "2:1: 'Ada' is no e-mail address — it names the rep: write it as the CRM has it"),
        ("email,x\na@x.example b@x.example,3\n", "2:1: 'a@x.example b@x.example' is no e-mail address"),
        ("email,x\na@x.example\n", "2:1: the row has 1 cells, the header has 2"),
        ('email,x\n"a@x.example,3\n', "2:1: a double quote is not closed"),
        ("email,x\na@x.example,1\nb@x.example,2\nc@x.example,two\n",
         "4:13: 'two' is text, and most of the column 'x' is a number — correct it; if all of it is text, head the"),
        ("email,x\na@x.example,SE\nb@x.example,NO\nc@x.example,DE\n",
         "3:13: 'NO' is yes/no, and most of the column 'x' is text"),
        ("email,x\na@x.example,0123\nb@x.example,4567\nc@x.example,0999\n",
         "3:13: '4567' is a number, and most of the column 'x' is text"),
        ('email,x (number)\na@x.example,"1,200"\n', "2:13: '1,200' is not a number, as 'x' wants: it has separators"),
        ("email,x (date)\na@x.example,31.01.2024\n", "2:13: '31.01.2024' is not a date, as 'x' wants: people read"),
        ("email,x (date)\na@x.example,2024-02-30\n", "2:13: '2024-02-30' is not a date"),
        ("email,x (yes/no)\na@x.example,1\n", "2:13: '1' is neither yes nor no, as 'x' wants — write yes"),
        (b"email,x\na@x.example,M\xfcnchen\n", "2:14: the file is not UTF-8: here stands 'a@x.example,München'"),
    ],
)  # fmt: skip
def test_a_mistake_is_told_at_its_cell(folder: Folder, text: str | bytes, problem: str) -> None:
    found = problems(folder, text)
    assert any(one.startswith(f"reps.csv:{problem}") for one in found), found


def test_all_mistakes_come_at_once(folder: Folder) -> None:
    found = problems(folder, "email,x\nAda,1\nb@x.example,two\nc@x.example,3\nc@x.example,4\n")
    assert [one.split(": ")[0] for one in found] == ["reps.csv:2:1", "reps.csv:3:13", "reps.csv:5:1"]


def test_a_condition_is_not_at_fault_where_a_cell_is(folder: Folder) -> None:
    rules = RULES + BOOK % ("x > 2", "x")
    found = folder.problems(rules_yaml=rules, reps_csv="email,x\na@x.example,1\nb@x.example,2\nc@x.example,?\n")
    assert [one.split(": ")[0] for one in found] == ["reps.csv:4:13"]


@pytest.mark.parametrize(
    ("text", "warning"),
    [
        ("email,x\n", "1:7: the column 'x' has no values, so it counts as text — say its type: x (number)"),
        ("email,x\na@x.example,1/2/2024\nb@x.example,3/4/2024\n", "2:13: '1/2/2024' is text to 'x' — write a date as"),
        ("email,x (text)\na@x.example,0123\nb@x.example,0456\nc@x.example,789\n", "4:13: '789' may have lost its"),
        ("email,x\na@x.example,7E+11\nb@x.example,none\n", "2:13: '7E+11' may be a code that a spreadsheet turned"),
    ],
)
def test_what_is_probably_not_meant_is_a_warning(folder: Folder, text: str, warning: str) -> None:
    assert any(one.startswith(f"reps.csv:{warning}") for one in warnings(folder, text))


def test_a_list_of_files_that_cannot_be_is_told(folder: Folder) -> None:
    folder.write(reps_csv="email,x\na@x.example,1\n")
    assert folder.problems(rules_yaml="version: 1\nreps: [rep.csv]\n")[0].startswith(
        "rules.yaml:2:8: there is no table 'rep.csv' in the folder — did you mean 'reps.csv'?"
    )
    assert folder.problems(rules_yaml="version: 1\nreps: [reps.csv, reps.csv]\n") == [
        "rules.yaml:2:18: 'reps.csv' is listed twice — first at rules.yaml:2:8"
    ]
    found = folder.problems(rules_yaml="version: 1\nreps: [reps.csv]\ntables: [reps.csv]\n")
    assert "rules.yaml:2:8: 'reps.csv' is a decision table, too — it is listed at rules.yaml:3:10; keep one" in found
    assert folder.problems(rules_yaml="version: 1\nreps: reps.csv\n") == [
        "rules.yaml:2:7: 'reps' is a list — begin each entry with '- '"
    ]


def test_a_rep_file_that_nobody_lists_is_a_warning(folder: Folder) -> None:
    rules = folder.write(rules_yaml="version: 1", reps_csv="Email,x\na@x.example,1\n").load()
    assert [str(found) for found in rules.warnings] == [
        "reps.csv:1:1: no rules file uses this table — add it: reps: [reps.csv]"
    ]


def test_without_addresses_in_the_crm_nobody_can_be_told_apart(folder: Folder) -> None:
    rep = {name: info for name, info in folder.vocabulary.rep.items() if name != "email"}
    folder.vocabulary = replace(folder.vocabulary, rep=rep)
    (problem,) = problems(folder, "email,x\na@x.example,1\n")
    assert problem.startswith("rules.yaml:2:8: the CRM's users have no field 'email'")


def test_a_row_about_nobody_is_named_with_the_nearest_address(folder: Folder) -> None:
    text = "email,x\nada@x.example,1\nbbo@x.example,2\nzoe@y.example,3\n"
    reps = folder.write(rules_yaml=RULES, reps_csv=text).load().reps
    users = [f"{name}@x.example" for name in ("ada", "bob", *map(str, range(12)))]
    assert [str(found) for found in strangers(reps, users)] == [
        "reps.csv:3:1: no user of the CRM has the address 'bbo@x.example' — did you mean 'bob@x.example'?",
        "reps.csv:4:1: no user of the CRM has the address 'zoe@y.example' — nothing in the row has an effect",
    ]


def test_an_editor_is_told_of_the_files_fields_even_where_the_rules_are_wrong(folder: Folder) -> None:
    folder.write(rules_yaml=RULES + "scop: []\n", reps_csv="email,room\na@x.example,lots\nb@x.example,1\n")
    assert with_rep_files(folder.path, folder.vocabulary).rep.keys() == {*folder.vocabulary.rep, "room"}
    assert with_rep_files(folder.path / "gone", folder.vocabulary) == folder.vocabulary


@given(text=st.text(alphabet='email,@x."\n\r1 yesno-()/\x00é', max_size=80))
def test_no_text_breaks_it(text: str) -> None:
    """It is read, or every mistake has a place in the file."""
    notes = Notes()
    reps = read_reps({"reps.csv": "email," + text}, {"x": FieldInfo("x", Type.NUMBER)}, notes)
    assert all(one.file == "reps.csv" and one.line > 0 and one.column > 0 for one in notes.problems)
    assert all(value is not None for row in reps.rows for value in row.values.values())


def test_reps_are_chosen_by_how_long_they_have_been_there(folder: Folder, store: Store) -> None:
    """What a file says of them, and what the passing of days makes of it; the same on each store."""
    conditions = (
        "days_since(hired_on) > 180",
        "days_until(back_on) <= 0 or back_on is empty",
        "tenure >= 2 and includes(languages, 'DE', 'NO')",
    )
    books = "".join(
        f'  - {{id: b{number}, accounts: true, capacity: 5, rank: s, reps: "{text}"}}\n'
        for number, text in enumerate(conditions)
    )
    score = "{id: s, max: 1, parts: {p: {max: 1, terms: [{id: t, when: true, points: 1, because: x}]}}, tiers: {A: 0}}"
    ruleset = folder.write(
        rules_yaml=f"version: 1\nreps: [reps.csv]\nscores: [{score}]\nbooks:\n{books}",
        reps_csv="email,tenure,hired_on,back_on,languages (text)\na@example.com,2,2026-05-26,2026-12-01,DE|EN\n",
    ).load()
    people = [
        {"hired_on": "2026-05-26", "tenure": 2, "languages": "DE|EN", "back_on": "2026-11-22"},
        {"hired_on": "2026-05-25T23:00:00Z", "tenure": 1.9, "languages": "NO", "back_on": "2026-11-23"},
        {"languages": "NO;SE", "tenure": 7},
    ]
    found = store.judge_reps(ruleset, people)
    assert [[bool(row[f"eligible__{number}"]) for number in (1, 2, 3)] for row in found] == [
        [False, True, True],
        [True, False, False],
        [False, True, True],
    ]
    tomorrow = store.judge_reps(ruleset, people, now=NOW + timedelta(days=1))
    assert [bool(row["eligible__1"]) for row in tomorrow] == [True, True, False]
    assert [bool(row["eligible__2"]) for row in tomorrow] == [True, True, True]
