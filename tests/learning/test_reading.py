"""Files of deals are read whole or refused whole: every mistake at once, each with its place and the way out."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from sync_worker.core.scorecard.columns import Kind
from sync_worker.learning.reading import Asked, HistoryUnusable, read
from tests.learning.deals import deals, write

if TYPE_CHECKING:
    from pathlib import Path


def asked(*files: Path, **more: object) -> Asked:
    return Asked(**{"files": files, "outcome": "stage", "won": "Closed Won", **more})  # type: ignore[arg-type]


def refused(question: Asked) -> list[str]:
    with pytest.raises(HistoryUnusable) as caught:
        read(question)
    assert caught.value.hint
    return str(caught.value).split("\n  ")


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
def test_the_separator_is_the_header_s(tmp_path: Path, delimiter: str) -> None:
    path = write(tmp_path / "deals.csv", deals(50), delimiter)
    found = read(asked(path, date="asked_on", group="account", drop=("deal",))).history
    assert [(each.name, each.kind) for each in found.columns] == [
        ("industry", Kind.TEXT),
        ("employees", Kind.NUMBER),
        ("buyer_role", Kind.TEXT),
        ("colour", Kind.TEXT),
    ]
    assert found.days is not None
    assert found.keys is not None
    assert (len(found), len(set(found.keys))) == (50, 25)


def test_files_are_one_history_whatever_the_order_of_their_columns(tmp_path: Path) -> None:
    rows = deals(60)
    turned = [dict(reversed(row.items())) for row in rows[40:]]
    one, two = write(tmp_path / "a.csv", rows[:40]), write(tmp_path / "b.csv", turned)
    whole = write(tmp_path / "c.csv", rows)
    apart, together = read(asked(one, two)).history, read(asked(whole)).history
    assert [each.distinct for each in apart.columns] == [each.distinct for each in together.columns]
    assert apart.won.tolist() == together.won.tolist()
    held_out = read(asked(one, test=(two,))).history.held_out
    assert held_out is not None
    assert held_out.tolist() == [False] * 40 + [True] * 20


def test_open_deals_are_left_out_and_counted(tmp_path: Path) -> None:
    rows = deals(50)
    rows[3] |= {"stage": ""}
    rows[4] |= {"stage": "Negotiation"}
    path = write(tmp_path / "deals.csv", rows)
    assert read(asked(path)).open == 1, "without --lost, all that is not won is lost"
    found = read(asked(path, lost="closed lost"))
    assert (found.open, len(found.history)) == (2, 48)


def test_a_byte_order_mark_and_lines_of_windows_are_read(tmp_path: Path) -> None:
    path = write(tmp_path / "deals.csv", deals(50))
    path.write_bytes(b"\xef\xbb\xbf" + path.read_bytes().replace(b"\n", b"\r\n") + b"\r\n\r\n")
    assert len(read(asked(path)).history) == 50


def test_every_mistake_of_every_file_comes_at_once(tmp_path: Path) -> None:
    good = write(tmp_path / "good.csv", deals(30))
    short = tmp_path / "short.csv"
    short.write_text(good.read_text() + "D1,A1\nD2,A2,2025-01-01\n")
    other = tmp_path / "other.csv"
    other.write_text("deal,stage,stage\n1,Closed Won,x\n")
    empty = tmp_path / "empty.csv"
    empty.write_text("\n")
    latin = tmp_path / "latin.csv"
    latin.write_bytes(good.read_bytes() + "D9,A9,2025-01-01,Bücher,4,CIO,red,Closed Won\n".encode("cp1252"))
    latin_1 = "here stands '2025-01-01,Bücher,4,CIO,' if it is Windows-1252"
    assert refused(asked(good, short, other, empty, latin, date="asked_at", drop=("color",))) == [
        "short.csv:32:1: the row has 2 cells, the header has 8",
        "short.csv:33:1: the row has 3 cells, the header has 8",
        "other.csv:1:1: the column 'stage' is there twice",
        "other.csv:1:1: the files differ in their columns: account, asked_on, buyer_role, colour, employees, industry",
        "empty.csv:1:1: the file is empty — its first line names the columns",
        f"latin.csv:32:19: the file is not UTF-8: {latin_1} — save it as UTF-8 (Excel: 'CSV UTF-8')",
        "--date: there is no column 'asked_at' — did you mean 'asked_on'?",
        "--drop: there is no column 'color' — did you mean 'colour'?",
    ]


def test_what_is_no_csv_file_steers_no_terminal(tmp_path: Path) -> None:
    path = tmp_path / "deals.csv"
    path.write_bytes(b"\x1b[2J,stage\n1,x\n")
    assert refused(asked(path)) == ["deals.csv:1:1: a column's name holds control characters — is this a CSV file?"]


def test_an_open_quote_is_told_with_its_line(tmp_path: Path) -> None:
    path = tmp_path / "deals.csv"
    path.write_text('name,stage\n"Acme,Closed Won\n')
    assert refused(asked(path))[0].startswith("deals.csv:2:1: ")


def test_dates_that_are_none_are_told_line_by_line(tmp_path: Path) -> None:
    rows = deals(40)
    for at in range(30):
        rows[at] |= {"asked_on": "22.11.2026"}
    told = refused(asked(write(tmp_path / "deals.csv", rows), date="asked_on"))
    assert told[0] == "deals.csv:2:1: '22.11.2026' is not a date, as asked_on wants"
    assert told[-1] == "… and 10 more"


def test_an_outcome_that_never_occurs_shows_those_that_do(tmp_path: Path) -> None:
    (told,) = refused(asked(write(tmp_path / "deals.csv", deals(40)), won="Won"))
    assert told.startswith("stage does not tell 'Won' from anything else: it holds 'Closed Lost' (")


def test_a_champion_that_is_no_number_is_refused(tmp_path: Path) -> None:
    (told,) = refused(asked(write(tmp_path / "deals.csv", deals(40)), champion="colour"))
    assert told == "--champion: 'colour' holds 'blue', not numbers"


def test_a_file_of_roles_alone_has_nothing_to_learn_from(tmp_path: Path) -> None:
    path = tmp_path / "deals.csv"
    path.write_text("id,stage\n1,Closed Won\n2,x\n")
    assert refused(asked(path, drop=("id",))) == ["no column is left to learn from"]
