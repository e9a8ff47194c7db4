"""The traps of spreadsheets: each has its own message, its place and a way out, in whatever file it is met."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

import pytest

from rules import RulesInvalid
from rules.traps import long_id

if TYPE_CHECKING:
    from tests.rules.conftest import Folder

USES = "version: 1\ntables: [t.csv]\nreps: [r.csv]\nlists: {{targets: {{file: l.csv, column: {column}}}}}\n"
SCOPE = "scope: [{id: x, when: zip in targets}]\n"


def told(folder: Folder, **files: str | bytes) -> list[str]:
    """Mistakes and warnings of a folder."""
    try:
        return [str(one) for one in folder.write(**files).load().warnings]
    except RulesInvalid as invalid:
        return [str(one) for one in invalid.problems]


def everywhere(folder: Folder, header: str, cells: str) -> dict[str, list[str]]:
    """What is said of the same column in a decision table, a rep file and a list, each without its file's name."""
    rows = cells.split("\n")
    known = "".join(f"{number}@x.example,{cell}\n" for number, cell in enumerate(rows))
    found = told(
        folder,
        rules_yaml=USES.format(column="zip") + SCOPE,
        t_csv=f"zip,then note,then {header}\n" + "".join(f"0,{n},{cell}\n" for n, cell in enumerate(rows)),
        r_csv=f"email,{header}\n{known}",
        l_csv="zip\n" + "".join(f"{cell}\n" for cell in rows),
    )
    return {file: _said_of(file, found) for file in ("t.csv", "r.csv", "l.csv")}


def _said_of(file: str, found: list[str]) -> list[str]:
    return [one.removeprefix(f"{file}:") for one in found if one.startswith(file)]


def test_names_that_only_look_a_little_like_traps_are_left_alone(folder: Folder) -> None:
    names = "Set 10\nmay 5\n3M\n2K Games\n001\n0815-4711\ntrue\nA-1\n=\n-5\n#1\n1E5\nE+5"
    found = everywhere(folder, "code (text)", names)
    assert found == {"t.csv": [], "r.csv": [], "l.csv": []}


LOST = "its digits are lost: format the column as text, then write them again"
STOOD = "format the column as text, then write what stood there"


@pytest.mark.parametrize(
    ("cells", "line", "message"),
    [
        ("10115\n2139\n80331", 3, ("'2139' may have lost its leading zeros to a spreadsheet"
         " — most here have 5 digits: format the column as text, then write 02139")),
        ("1.23E+15", 2, f"'1.23E+15' may be a code that a spreadsheet turned into a number — {LOST}"),
        ("03-May", 2, f"'03-May' may be a range or a code that a spreadsheet turned into a date — {STOOD}"),
        ("Jan-50", 2, f"'Jan-50' may be a range or a code that a spreadsheet turned into a date — {STOOD}"),
        ("10-Dez", 2, f"'10-Dez' may be a range or a code that a spreadsheet turned into a date — {STOOD}"),
        ("0015g00000AbCdE", 2, ("'0015g00000AbCdE' looks like a Salesforce id of 15 characters, which never equals the"
         " 18 that the CRM has — if its capitals are right, write 0015g00000AbCdEAAV")),
        ("New\u00a0York", 2, "'New\\u00a0York' has the wide or unbreakable space U+00A0 — type a plain space instead"),
        ("O’Neil", 2, "'O’Neil' has the typographic quote ’ — if the CRM has none, write O'Neil"),  # noqa: RUF001 - it is what is tested
        ("“US”", 2, "'“US”' has the typographic quote “ — if the CRM has none, write \"US\""),
        ("FALSE", 2, f"'FALSE' may be a text that a spreadsheet turned into yes or no — {STOOD}"),
    ],
)  # fmt: skip
def test_what_a_text_may_have_been_is_a_warning(folder: Folder, cells: str, line: int, message: str) -> None:
    found = everywhere(folder, "code (text)", cells)
    assert found["t.csv"] == [f"{line}:5: {message}"]
    assert found["r.csv"] == [f"{line}:13: {message}"]
    assert found["l.csv"] == [f"{line}:1: {message}"]


@pytest.mark.parametrize(
    ("cell", "message"),
    [
        ("#N/A", "'#N/A' is a spreadsheet's error, not a value — mend its formula, or empty the cell"),
        ("#REF!", "'#REF!' is a spreadsheet's error, not a value — mend its formula, or empty the cell"),
        ("#WERT!", "'#WERT!' is a spreadsheet's error, not a value — mend its formula, or empty the cell"),
        ("######", "'######' is a spreadsheet's error, not a value — mend its formula, or empty the cell"),
        ("=B2", "'=B2' is a formula, not its result — save the sheet with its values, or write the value"),
        ("=SUM(A1:A2)", "'=SUM(A1:A2)' is a formula, not its result — save the sheet with its values, or write"),
        ("U\u200bS", "the cell has the invisible character U+200B — type the cell anew"),
        ("US\ufeff", "the cell has the invisible character U+FEFF — type the cell anew"),
        ("\u202eSU", "the cell has the invisible character U+202E — type the cell anew"),
    ],
)
def test_what_leaves_no_value_is_a_mistake_in_every_file(folder: Folder, cell: str, message: str) -> None:
    found = everywhere(folder, "code (text)", cell)
    assert [one[: len(message) + 5].split(": ", 1)[1][: len(message)] for one in found["t.csv"]] == [message]
    assert [one.split(": ", 1)[1][: len(message)] for one in found["r.csv"]] == [message]
    assert [one.split(": ", 1)[1][: len(message)] for one in found["l.csv"]] == [message]


@pytest.mark.parametrize(
    ("cell", "message"),
    [
        ("03-May", ": a spreadsheet may have turned a range into this date — format the column as text, then"),
        ("3/5/2026", ": a spreadsheet may have turned a range into this date — format the column as text"),
        ("3/5", ": a spreadsheet may have turned a range into this date — format the column as text"),
        ("1.23E+15", ": a spreadsheet has shortened it — format the column as a number, then write all digits"),
        ("100-500", ": a range is written with two points — write 100..500"),
        ("100–500", ": a range is written with two points — write 100..500"),  # noqa: RUF001 - it is what is tested
        ("500+", ": 'and more' is written before the number — write >=500"),
        ('"1,5"', ": it has a comma before its decimals — write 1.5"),
        ('"1,500"', ": it has separators between thousands — write digits, and a point before decimals: 1500.5"),
        ("1.234.567", ": it has separators between thousands"),
        ("1'500", ": it has separators between thousands"),
        ("1\u00a0500", ": it has separators between thousands"),
        ("50%", ": it has a percent sign — write 50 or 0.5, as the field counts"),
        ("$1500", ": it has a unit — write digits only: 1500000"),
        ("2k", ": it has a unit — write digits only: 1500000"),
    ],
)  # fmt: skip
def test_a_number_that_is_none_is_told_with_what_became_of_it(folder: Folder, cell: str, message: str) -> None:
    shown = cell.strip('"').replace("\u00a0", "\\u00a0")
    (table,) = told(folder, rules_yaml="version: 1\ntables: [t.csv]", t_csv=f"employees,then note\n{cell},a\n")
    assert table.startswith(f"t.csv:2:1: '{shown}' is not a number, as 'employees' wants{message}")
    (reps,) = told(folder, rules_yaml="version: 1\nreps: [r.csv]", r_csv=f"email,size (number)\na@x.example,{cell}\n",
                   t_csv="zip,then a\n,b")[:1]  # fmt: skip
    assert reps.startswith(f"r.csv:2:13: '{shown}' is not a number, as 'size' wants{message}")


@pytest.mark.parametrize(
    ("field", "cell", "message"),
    [
        ("created_at", "04.11.2026", "not a date, as 'created_at' wants: people read this in different ways"),
        ("created_at", "11/04/26", "not a date, as 'created_at' wants: people read this in different ways"),
        ("created_at", "4-Nov", "not a date, as 'created_at' wants: people read this in different ways"),
        ("created_at", "46330", "not a date, as 'created_at' wants: it is how a spreadsheet counts days"),
        ("created_at", "2026-11-04 10:00", ("not a date, as 'created_at' wants: it has a time, and dates are whole days"
         " — write 2026-11-04")),
        ("is_customer", "1", "neither yes nor no, as 'is_customer' wants — write yes"),
        ("is_customer", "FALSCH", "neither yes nor no, as 'is_customer' wants — write no"),
        ("is_customer", "perhaps", "neither yes nor no, as 'is_customer' wants — write yes or no"),
    ],
)  # fmt: skip
def test_a_date_or_a_truth_that_is_none_is_told_with_the_way_out(
    folder: Folder, field: str, cell: str, message: str
) -> None:
    (found,) = told(folder, rules_yaml="version: 1\ntables: [t.csv]", t_csv=f"{field},then note\n{cell},a\n")
    assert found.startswith(f"t.csv:2:1: '{cell}' is {message}")


def test_true_and_false_of_a_spreadsheet_are_yes_and_no(folder: Folder) -> None:
    table = "is_customer,then note\nTRUE,a\nFALSE,b\n"
    assert told(folder, rules_yaml="version: 1\ntables: [t.csv]", t_csv=table) == []


def test_points_that_part_thousands_are_a_warning_where_no_number_has_other_decimals(folder: Folder) -> None:
    table = "employees,then note\n>=1.000,a\n"
    warning = "'1.000' is 1: the point parts off decimals — if thousands are meant, write 1000"
    assert told(folder, rules_yaml="version: 1\ntables: [t.csv]", t_csv=table) == [f"t.csv:2:1: {warning}"]
    reps = "email,quota\na@x.example,1.500\nb@x.example,250\n"
    warning = "'1.500' is 1.5: the point parts off decimals — if thousands are meant, write 1500"
    assert told(folder, rules_yaml="version: 1\nreps: [t.csv]", t_csv=reps) == [f"t.csv:2:13: {warning}"]
    reps = "email,quota\na@x.example,1.500\nb@x.example,2.25\n"
    assert told(folder, rules_yaml="version: 1\nreps: [t.csv]", t_csv=reps) == []


FILES = {
    "table": ("version: 1\ntables: [t.csv]", "zip{0}then note\n02139{0}a\n"),
    "reps": ("version: 1\nreps: [t.csv]", "email{0}code (text)\na@x.example{0}02139\n"),
    "list": ("version: 1\nlists: {targets: {file: t.csv, column: zip}}\n" + SCOPE, "zip{0}note\n02139{0}a\n"),
}


@pytest.mark.parametrize("kind", FILES)
@pytest.mark.parametrize(
    ("separator", "message"),
    [(";", "the columns are separated by semicolons — save the table with commas: spreadsheets take the separator"),
     ("\t", "the columns are separated by tabs — save the table with commas"),
     ("|", "the columns are separated by bars — save the table with commas")],
)  # fmt: skip
def test_other_separators_than_commas_are_named(folder: Folder, kind: str, separator: str, message: str) -> None:
    rules, text = FILES[kind]
    (found,) = told(folder, rules_yaml=rules, t_csv=text.format(separator))[:1]
    assert found.startswith(f"t.csv:1:1: {message}")


@pytest.mark.parametrize("kind", FILES)
@pytest.mark.parametrize(
    ("encoding", "message"),
    [("cp1252", "the file is not UTF-8: here stands '"), ("utf-16", "the file is UTF-16 — save it as UTF-8"),
     ("utf-16-le", "the file is UTF-16, or no text at all — save it as UTF-8"), ("utf-8", None), ("utf-8-sig", None)],
)  # fmt: skip
def test_every_encoding_is_read_or_named(folder: Folder, kind: str, encoding: str, message: str | None) -> None:
    rules, text = FILES[kind]
    found = told(folder, rules_yaml=rules, t_csv=text.format(",").replace("02139", "Zürich").encode(encoding))
    if message is None:
        assert found == []
    else:
        assert message in found[0]
        assert found[0].startswith("t.csv:")
        assert found[0].endswith("save it as UTF-8 (Excel: 'CSV UTF-8')")


@pytest.mark.parametrize("kind", FILES)
def test_rows_of_another_width_are_mistakes_but_empty_cells_behind_the_last_are_not(folder: Folder, kind: str) -> None:
    rules, text = FILES[kind]
    assert told(folder, rules_yaml=rules, t_csv=text.format(",").replace("\n", ",,\n")) == []
    row = text.format(",").splitlines()[1]
    message = "the row has 3 cells, the header has 2"
    (found,) = told(folder, rules_yaml=rules, t_csv=f"{text.format(',')}{row},x\n")[:1]
    assert found == f"t.csv:3:1: {message} — a comma inside a cell needs double quotes around the cell"
    (found,) = told(folder, rules_yaml=rules, t_csv=f"{text.format(',')}“{row},x”\n")[:1]
    assert found == f't.csv:3:1: {message}: typographic quotes hold no cell together — write straight ones: "US, CA"'
    (found,) = told(folder, rules_yaml=rules, t_csv=f"{text.format(',')}{row.split(',')[0]}\n")[:1]
    assert found == (
        "t.csv:3:1: the row has 1 cells, the header has 2 — every column needs its comma, also behind an empty cell"
    )


@pytest.mark.parametrize("kind", FILES)
def test_the_line_that_tells_excel_its_separator_is_named(folder: Folder, kind: str) -> None:
    rules, text = FILES[kind]
    (found,) = told(folder, rules_yaml=rules, t_csv="sep=;\n" + text.format(";"))[:1]
    assert found == "t.csv:1:1: 'sep=;' is a line for Excel alone — delete it"


def test_a_row_that_is_there_twice_is_a_warning(folder: Folder) -> None:
    for hit in ("first", "collect"):
        table = "country,then note\nUS,a\nGB,b\nUS,a\n"
        found = told(folder, rules_yaml=f"version: 1\ntables: [{{file: t.csv, hit: {hit}}}]", t_csv=table)
        assert found == ["t.csv:4:1: this row is the same as line 2 — delete it"]


def test_spaces_around_a_cell_do_not_count(folder: Folder) -> None:
    rules = folder.write(rules_yaml="version: 1\ntables: [t.csv]", t_csv="country , then note\n  US\u00a0, a \n").load()
    assert rules.tables[0].rows[0].values == ("a",)
    assert rules.warnings == ()


@pytest.mark.parametrize(
    ("condition", "fault"),
    [
        ("country = ‘US’", "22: ‘ is a typographic quote — text stands in straight ones: 'US'"),  # noqa: RUF001 - it is what is tested
        ("country = “US”", "22: “ is a typographic quote — text stands in straight ones: 'US'"),
        ("«US» = country", "12: « is a typographic quote — text stands in straight ones: 'US'"),
    ],
)
def test_a_condition_pasted_from_a_document_is_mended_in_one_reading(
    folder: Folder, condition: str, fault: str
) -> None:
    assert folder.faults(condition) == [fault]


def test_typographic_quotes_inside_a_text_are_the_texts_own(folder: Folder) -> None:
    assert folder.faults("name = 'O’Neil'") == []  # noqa: RUF001 - it is what is tested


def test_a_salesforce_id_of_15_characters_has_one_of_18() -> None:
    assert long_id("0015g00000AbCdE") == "0015g00000AbCdEAAV"
    assert long_id("001d000000aaaaa") == "001d000000aaaaaAAA"


@pytest.mark.parametrize("cell", ["1" + " " * 32_000 + "x", "$" + " " * 32_000 + "x", "|" * 32_000, "w|" * 16_000])
def test_no_cell_takes_long_to_be_told_of(folder: Folder, cell: str) -> None:
    folder.write(t_csv=f"employees,then a\n{cell},x\n", rules_yaml="version: 1\ntables: [t.csv]\n")
    began = time.process_time()
    with pytest.raises(RulesInvalid) as caught:
        folder.load()
    assert time.process_time() - began < 1
    assert 1 <= len(caught.value.problems) <= 20


def test_a_table_names_no_more_values_than_a_database_should_be_handed(folder: Folder) -> None:
    cell = "|".join(f"w{at}" for at in range(5_000))
    rows = "".join(f"{cell},x{at}\n" for at in range(11))
    folder.write(t_csv=f"industry,then a\n{rows}", rules_yaml="version: 1\ntables: [t.csv]\n")
    with pytest.raises(RulesInvalid, match=r"t.csv:12:1: the table's cells name more than 50,000 values together"):
        folder.load()
