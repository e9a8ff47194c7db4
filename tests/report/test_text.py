"""Plain text: aligned, without escape codes, and safe whatever a CRM holds."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sync_worker.report.document import Commands, Fields, Heading, Items, Text, table
from sync_worker.report.text import plain, safe, width

HOSTILE = "a\x1b[31mred\x1b[0m\r\nforged: line\x07\u202egnp\u0000\u009b2J"


def test_a_table_is_aligned_and_figures_stand_to_the_right() -> None:
    shown = plain((table("name|>count|why", [("Ann", 5, "x"), ("Bartholomew", 1204, "")]),))
    assert shown == "NAME         COUNT  WHY\nAnn              5  x\nBartholomew   1204\n"


def test_wide_letters_count_as_two_cells() -> None:
    shown = plain((table("name|city", [("東京電力", "x"), ("Zoë", "y")]),)).split("\n")
    assert shown[1] == "東京電力  x"
    assert shown[2] == "Zoë       y"


def test_blocks_are_parted_by_one_empty_line() -> None:
    document = (
        Heading("Part", scene=True),
        Heading("Head"),
        Text("One\nTwo"),
        Fields((("a", "1"), ("long", "2"))),
        Items((Text("x\nmore"), Text("y"))),
        Commands((("sync-worker plan", "why"), ("sync-worker show x", ""))),
    )
    assert plain(document) == (
        "Part\n====\n\nHead\n\nOne\nTwo\n\na:     1\nlong:  2\n\n- x\n  more\n- y\n\n"
        "  sync-worker plan    # why\n  sync-worker show x\n"
    )


@pytest.mark.parametrize(
    "document",
    [
        (Heading(HOSTILE),),
        (Text(HOSTILE.replace("\n", " ")),),
        (Fields(((HOSTILE, HOSTILE),)),),
        (Items((Text(HOSTILE),)),),
        (Commands(((HOSTILE, HOSTILE),)),),
        (table("a", [(HOSTILE,)]),),
    ],
    ids=["heading", "text", "fields", "items", "commands", "table"],
)
def test_what_a_crm_holds_steers_no_terminal_and_forges_no_line(document: tuple[Heading, ...]) -> None:
    shown = plain(document)
    assert not set(shown) & set("\x1b\r\x07\x00\u202e\u009b")
    assert not any(line.startswith("forged") for line in shown.split("\n"))


@given(st.text())
def test_a_safe_text_is_one_line_of_visible_letters(text: str) -> None:
    shown = safe(text)
    assert len(shown.splitlines()) <= 1
    assert all(letter.isprintable() for letter in shown if letter.isascii())


@given(st.lists(st.tuples(st.text(max_size=8), st.text(max_size=8)), min_size=1, max_size=5))
def test_every_row_is_one_line_and_columns_stand_under_each_other(rows: list[tuple[str, str]]) -> None:
    lines = plain((table("a|>b", rows),))[:-1].split("\n")
    assert len(lines) == len(rows) + 1
    first = max(1, *(width(safe(row[0])) for row in rows))
    for line, (left, right) in zip(lines[1:], rows, strict=True):
        assert line.startswith(safe(left).rstrip())
        assert line.rstrip().endswith(safe(right).rstrip())
        assert width(line) <= first + 2 + max(1, *(width(safe(row[1])) for row in rows))
