"""One file becomes rows and faults: what is meant is taken, what is doubtful is said, nothing ends in a traceback."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from connectors.files import Fault, Firmographics, Intent, Reading, Refused, digest, read
from connectors.files.columns import source_of
from connectors.files.values import record_id
from connectors.port import FieldType
from connectors.sandbox import ids
from sync_worker.core.matching import host_of

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from connectors.port import Value

NOW = datetime(2026, 11, 20, 9, 30, tzinfo=UTC)
HOW = Reading(
    now=NOW,
    fields={
        "employees": FieldType.NUMBER,
        "industry": FieldType.TEXT,
        "founded": FieldType.DATE,
        "public": FieldType.BOOLEAN,
    },
    topics={"cyber security": "security"},
    time_to_live=timedelta(days=28),
    host_of=host_of,
    not_sources=("salesforce", "hubspot"),
)
ACME = "0015g00000000VuAAI"
HEADER = "account_id,topic,score,observed_at"


def intent(topic: str = '"x"', score: str = "5", date: str = '"2026-11-16"') -> str:
    """A line of JSON with these values."""
    return f'{{"id": "{ACME}", "topic": {topic}, "score": {score}, "date": {date}}}'


NO_ACCOUNT = (
    "no column names the account: call one account_id or account, domain or company_domain, or company or company_name"
)


class Folder:
    """Where files are written and read."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def read(self, content: str | bytes, name: str = "bombora.csv") -> list[Intent | Firmographics | Fault]:
        """The file's rows. Raises Refused."""
        file = self.path / name
        file.write_bytes(content if isinstance(content, bytes) else content.encode())
        return list(read(file, HOW))

    def line(self, line: str, header: str = HEADER) -> Intent | Firmographics | Fault:
        """One line, in a file that is good besides."""
        good = ",".join(
            {"score": "1", "observed_at": "2026-11-01", "topic": "x"}.get(h, ACME) for h in header.split(",")
        )
        return self.read(f"{header}\n{line}\n{good}\n")[0]

    def why(self, line: str, header: str = HEADER) -> str:
        """Why a line is not taken."""
        found = self.line(line, header)
        assert isinstance(found, Fault), found
        assert found.line == 2
        return found.reason

    def refusal(self, content: str | bytes, name: str = "bombora.csv") -> str:
        """Why a file is not taken."""
        with pytest.raises(Refused) as refused:
            self.read(content, name)
        return str(refused.value)


@pytest.fixture
def folder(tmp_path: Path) -> Folder:
    """An empty folder."""
    return Folder(tmp_path)


# What is taken ---------------------------------------------------------------------------------------------------


def test_a_line_of_intent_is_read_whole(folder: Folder) -> None:
    row = folder.line(f"{ACME},Cyber Security,85.5,2026-11-16T10:00:00+02:00,7,G2", f"{HEADER},ttl_days,source")
    seen = datetime(2026, 11, 16, 8, tzinfo=UTC)
    assert row == Intent(2, "g2", ACME, "security", 85.5, seen, seen + timedelta(days=7))


def test_a_line_of_fields_is_read_whole_and_empty_cells_say_nothing(folder: Folder) -> None:
    header = "Website,Employees,Industry,Founded,Public,Date"
    (row,) = folder.read(f"{header}\nhttps://www.Acme.com/x,500,,2001-02-03,Yes,2026-11-16\n", "zoominfo 2026.csv")
    said: dict[str, Value] = {"employees": 500.0, "founded": "2001-02-03", "public": True}
    assert row == Firmographics(2, "zoominfo", "acme.com", datetime(2026, 11, 16, tzinfo=UTC), said)


@pytest.mark.parametrize("separator", [",", ";", "\t"])
@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
@pytest.mark.parametrize("mark", ["", "\ufeff"])
def test_every_spreadsheets_way_to_write_a_table_is_read(folder: Folder, separator: str, end: str, mark: str) -> None:
    lines = [["Account ID", "Topic", "Score", "Observed-At"], [ACME, f'"a{separator} b"', "5", "2026-11-16"]]
    content = mark + end.join(separator.join(line) for line in lines) + end
    (row,) = folder.read(content)
    assert isinstance(row, Intent)
    assert (row.line, row.key, row.topic, row.score) == (2, ACME, "a_b", 5)


def test_a_line_that_names_the_separator_is_obeyed(folder: Folder) -> None:
    (row,) = folder.read(f"sep=|\n{HEADER.replace(',', '|')}\n{ACME}|x|5|2026-11-16\n")
    assert isinstance(row, Intent)
    assert row.line == 3


def test_lines_keep_their_numbers_past_empty_ones_and_breaks_in_cells(folder: Folder) -> None:
    rows = folder.read(f'\n{HEADER}\n\n{ACME},"x\ny",5,2026-11-16\n,,,\n{ACME},z,999,2026-11-16\n')
    assert [row.line for row in rows] == [4, 7]


def test_objects_may_have_keys_of_their_own(folder: Folder) -> None:
    rows = folder.read(
        f'{{"id": "{ACME}", "topic": "x", "score": 5, "date": "2026-11-16"}}\n\n'
        f'{{"id": "{ACME}", "topic": "x", "score": "6.5", "date": "2026-11-16", "ttl": 3}}\n'
        '{"id": 123456, "topic": "x", "score": 7, "date": "2026-11-16", "town": "Rome"}\n',
        "g2.jsonl",
    )
    assert [(row.line, row.score) for row in rows if isinstance(row, Intent)] == [(1, 5), (3, 6.5), (4, 7)]
    assert rows[-1] == Fault(0, "columns left out: 'town'")


def test_the_first_heading_of_a_list_has_the_meaning_and_the_others_are_told(folder: Folder) -> None:
    rows = folder.read(f"{HEADER},id\n{ACME},x,5,2026-11-16,77\n")
    assert [row.key for row in rows if isinstance(row, Intent)] == [ACME]
    assert rows[-1] == Fault(0, "columns left out: 'id'")


@pytest.mark.parametrize(
    ("name", "source"),
    [
        ("bombora-2026.csv", "bombora"),
        ("G2_x.csv", "g2"),
        ("6sense.jsonl", "6sense"),
        ("d n b.csv", "d"),
        ("-x.csv", ""),
    ],
)
def test_a_file_without_a_source_column_bears_its_source_in_its_name(name: str, source: str) -> None:
    assert source_of(name) == source


def test_an_id_of_fifteen_letters_gets_its_last_three() -> None:
    for number in range(0, 5_000_000, 77_777):
        whole = ids.record_id("001", number)
        assert record_id(whole[:15]) == record_id(whole) == whole


def test_the_digest_is_of_the_content_alone(folder: Folder) -> None:
    for name in ("a.csv", "b.jsonl"):
        (folder.path / name).write_bytes(b"x")
    assert digest(folder.path / "a.csv") == digest(folder.path / "b.jsonl")


# What is not taken -----------------------------------------------------------------------------------------------

BAD_IDS = {
    "7E+11": "was shortened by a spreadsheet: format the column as text and export it again",
    "7.01E+11": "was shortened by a spreadsheet: format the column as text and export it again",
    "1000000000123": "has lost its leading zeros in a spreadsheet: format the column as text and export it again",
    "512.0": "was taken for a number: format the column as text and export it again",
    "0035g00000000Vu": "is no account's: in Salesforce those begin with 001",
    "0015g00000000vuaai": "does not fit its last three letters: was its case changed?",
    "0015g00000000VuAAB": "does not fit its last three letters: was its case changed?",
    "acme": "is neither a Salesforce id (15 or 18 letters and figures) nor a HubSpot id (figures)",
    "-5": "is neither a Salesforce id (15 or 18 letters and figures) nor a HubSpot id (figures)",
}


@pytest.mark.parametrize("id_", BAD_IDS)
def test_an_id_that_a_spreadsheet_has_spoilt_says_how(folder: Folder, id_: str) -> None:
    assert folder.why(f"{id_},x,5,2026-11-16") == f"account id '{id_}' {BAD_IDS[id_]}"


@pytest.mark.parametrize(
    "score", ["nan", "inf", "-inf", "1e999", "85%", "1_000", "", "high", "\u0665", "0x10", "8 5", "8;5"]
)
def test_a_score_that_is_no_number_is_none(folder: Folder, score: str) -> None:
    assert folder.why(f"{ACME},x,{score},2026-11-16").endswith("is no number: write one such as 85 or 85.5")


@pytest.mark.parametrize("score", ["-0.1", "100.01", "1e5"])
def test_a_score_outside_the_scale_is_none(folder: Folder, score: str) -> None:
    assert folder.why(f"{ACME},x,{score},2026-11-16") == f"score '{score}' is not between 0 and 100"


BAD_DATES = {
    "": "is empty",
    "11/16/2026": "is no date: write year-month-day, 2026-11-04 or 2026-11-04T10:00:00Z",
    "20261116": "is no date: write year-month-day, 2026-11-04 or 2026-11-04T10:00:00Z",
    "2026-W47": "is no date: write year-month-day, 2026-11-04 or 2026-11-04T10:00:00Z",
    "46342": "is a spreadsheet's number for a day: format the column as year-month-day",
    "2026-02-30": "is not in the calendar",
    "0000-01-01": "is not in the calendar",
    "0001-01-01T00:00:00+14:00": "is not in the calendar",
    "2026-11-16T25:00:00Z": "is not in the calendar",
    "2026-11-22": "is in the future",
}


@pytest.mark.parametrize("at", BAD_DATES)
def test_a_date_that_cannot_be_meant_is_none(folder: Folder, at: str) -> None:
    shown = f"'{at}' " if at else ""
    assert folder.why(f"{ACME},x,5,{at}") == f"observed_at {shown}{BAD_DATES[at]}"


def test_a_vendor_s_day_may_have_begun_before_ours(folder: Folder) -> None:
    row = folder.line(f"{ACME},x,5,2026-11-21T09:30:00Z")
    assert isinstance(row, Intent)


@pytest.mark.parametrize(
    ("cells", "why"),
    [
        ("0,", "ttl_days '0' is not between 0 and 3650"),
        ("-1,", "ttl_days '-1' is not between 0 and 3650"),
        ("99999999,", "ttl_days '99999999' is not between 0 and 3650"),
        ("soon,", "ttl_days 'soon' is no number: write one such as 85 or 85.5"),
        ("7,2026-12-01", "gives both ttl_days and expires_at"),
        (",2026-11-16", "expires_at is not after observed_at"),
    ],
)
def test_an_end_that_cannot_be_meant_is_none(folder: Folder, cells: str, why: str) -> None:
    content = f"{HEADER},ttl_days,expires_at\n{ACME},x,5,2026-11-16,{cells}\n{ACME},x,5,2026-11-16,,2026-12-01\n"
    first, good = folder.read(content)
    assert first == Fault(2, why)
    assert isinstance(good, Intent)
    assert good.expires_at == datetime(2026, 12, 1, tzinfo=UTC)


@pytest.mark.parametrize(
    ("line", "why"),
    [
        (",x,5,2026-11-16", "names no account: neither its id nor its domain"),
        (f"{ACME},,5,2026-11-16", "topic is empty"),
        (f"{ACME},---,5,2026-11-16", "topic '---' has no letters"),
        (f"{ACME},{'x' * 101},5,2026-11-16", "topic has 101 letters, over 100"),
        (f"{ACME},x,5", "has 3 cells, the header has 4: quote a cell that holds a separator"),
        (f"{ACME},x,5,2026-11-16,", "has 5 cells, the header has 4: quote a cell that holds a separator"),
        (f"{ACME},a\0b,5,2026-11-16", "topic holds a NUL"),
        (f'{ACME},"a"b,5,2026-11-16', "its quotes do not fit or a cell is too long: ',' expected after '\"'"),
    ],
)
def test_a_line_that_says_too_little_or_too_much_is_none(folder: Folder, line: str, why: str) -> None:
    assert folder.why(line) == why


def test_bytes_of_another_encoding_are_told_where_they_are_read_and_only_there(folder: Folder) -> None:
    header = "domain,industry,name,date"
    lines = ["acme.com,Baker,B\u00e4cker,2026-11-16", "acme.com,B\u00e4cker,,2026-11-16"]
    rows = folder.read("\n".join([header, *lines]).encode("cp1252"))
    assert isinstance(rows[0], Firmographics)
    assert rows[1] == Fault(3, "industry is not UTF-8 (byte 0xE4): save the file as UTF-8")


@pytest.mark.parametrize(
    ("line", "why"),
    [
        ("{", "is not JSON at column 2: write one object in each line"),
        ("[1]", "is JSON but no object: write one object in each line"),
        ('{"id": 1, "id": 2}', "gives one key twice"),
        ('{"score": NaN}', "holds NaN, which is no number"),
        ('{"a": ' * 100_000, "is not JSON: write one object in each line"),
        (f'{{"score": {"9" * 5_000}}}', "is not JSON: write one object in each line"),
        (
            "{}",
            NO_ACCOUNT,
        ),
        (
            f'{{"id": "{ACME}", "employees": 5, "date": "2026-11-16"}}',
            "is of firmographics, and the file began with intent: make two files of it",
        ),
        (intent(topic='["x"]'), "topic is a list or an object, not a single value"),
        (intent(topic='"\\ud800"'), "topic holds half a letter (U+D800)"),
        (intent(score="true"), "score 'True' is no number: write one such as 85 or 85.5"),
        (
            intent(date="1763251200"),
            "observed_at '1763251200' is no date: write year-month-day, 2026-11-04 or 2026-11-04T10:00:00Z",
        ),
    ],
)
def test_an_object_that_cannot_be_taken_is_told(folder: Folder, line: str, why: str) -> None:
    assert folder.read(f"{intent()}\n{line}\n", "g2.jsonl")[1] == Fault(2, why)


def test_a_source_may_not_bear_a_crm_s_name(folder: Folder) -> None:
    assert folder.why(f"{ACME},x,5,2026-11-16,HubSpot", f"{HEADER},source").startswith(
        "source 'hubspot' is a CRM's name"
    )


def test_a_cell_or_line_without_end_is_told_and_passed_over(folder: Folder) -> None:
    rows = folder.read(
        f"{HEADER}\n" + "".join(f"{ACME},{'x' * letters},5,2026-11-16\n" for letters in (2_000_000, 9_000_000, 1))
    )
    assert [(row.line, isinstance(row, Fault)) for row in rows] == [(2, True), (3, True), (4, False)]


REFUSALS: dict[str, bytes] = {
    "is UTF-16: save it as UTF-8": HEADER.encode("utf-16"),
    "is a spreadsheet or an archive: save it as CSV (UTF-8)": b"PK\x03\x04...",
    "is compressed: unpack it": b"\x1f\x8b\x08",
    "has no header that says what its columns are, such as account_id,topic,score,observed_at": b"",
    "holds no line below its header": HEADER.encode(),
    "a file of intent needs a column for score: call one score or intent_score": b"account_id,topic,date\n1,2,3\n",
    "a file of firmographics needs a column for observed_at: call one observed_at or observed": b"url,employees\n1,2",
    NO_ACCOUNT: b"score,date\n1,2",
    "two columns are called 'topic': leave one": b"id,topic,Topic,score,date\n1,2,3,4,5\n",
    "two columns are called 'score': leave one": b"id,topic,score,score,date\n1,2,3,4,5\n",
    "none of its columns is an account field that files may fill: 'size'": b"domain,size,date\nacme.com,1,2026-11-16\n",
    "none of its lines can be taken": HEADER.encode() + b"\nx,x,x,x\n",
    "11 of 50 lines are bad, over 20%: none of it was taken": (
        f"{HEADER}\n" + f"{ACME},x,5,2026-11-16\n" * 39 + "x,x,x,x\n" * 11
    ).encode(),
}


@pytest.mark.parametrize("why", REFUSALS)
def test_a_file_that_cannot_be_taken_is_refused_with_one_message(folder: Folder, why: str) -> None:
    assert folder.refusal(REFUSALS[why]) == why


def test_few_bad_lines_refuse_no_file(folder: Folder) -> None:
    content = f"{HEADER}\n{ACME},x,5,2026-11-16\n" + "x,x,x,x\n" * 10
    assert len(folder.read(content)) == 11


def test_a_file_of_another_kind_is_refused_by_its_name(folder: Folder) -> None:
    assert (
        folder.refusal(b"PK", "drop.xlsx")
        == "is no file that is read here: those end in .csv, .tsv, .txt, .jsonl, .ndjson"
    )


# Whatever comes --------------------------------------------------------------------------------------------------

ANY_BYTES = st.one_of(
    st.binary(max_size=300),
    st.text(alphabet=',;\t"\n\r\0{}[]:ab1é\ud800', max_size=200).map(
        lambda text: text.encode("utf-8", "surrogatepass")
    ),
)
HEADS = ("", f"{HEADER}\n", "domain;employees;date\n", "\ufeffsep=;\n", '{"id": "1", ')


@given(
    head=st.sampled_from(HEADS), body=ANY_BYTES, suffix=st.sampled_from((".csv", ".jsonl", ".tsv", ".txt", ".NDJSON"))
)
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_no_bytes_end_in_a_traceback(folder: Folder, head: str, body: bytes, suffix: str) -> None:
    """They are rows, faults or a refusal; and every row can be stored as text."""
    file = folder.path / f"any{suffix}"
    file.write_bytes(head.encode() + body)
    try:
        rows = list(read(file, HOW))
    except Refused:
        return
    for row in rows:
        if isinstance(row, Fault):
            assert row.reason
            row.reason.encode()
        else:
            assert row.observed_at.tzinfo is UTC
            row.key.encode()


@given(
    cells=st.lists(
        st.text(st.characters(exclude_categories=["Cs"]), max_size=20).filter(lambda text: "\0" not in text),
        min_size=1,
        max_size=5,
    )
)
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_a_text_survives_any_separator_and_quote_in_it(folder: Folder, cells: Sequence[str]) -> None:
    lines = ['"' + cell.replace('"', '""') + f'",acme.com,1,{NOW.date()}' for cell in cells]
    rows = folder.read("industry,domain,employees,date\n" + "\n".join(lines) + "\n", "zoominfo.csv")
    told = [row.values.get("industry") for row in rows if isinstance(row, Firmographics)]
    assert told == [cell.strip() or None for cell in cells]
