"""Salesforce's values become the port's, and nothing is guessed."""

from __future__ import annotations

import csv
import io
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectors.port import BadReply, FieldType
from connectors.salesforce.values import from_csv, from_json, to_json
from connectors.values import instant, iso, snake

TEXT, NUMBER, BOOLEAN, DATE = FieldType.TEXT, FieldType.NUMBER, FieldType.BOOLEAN, FieldType.DATE


@pytest.mark.parametrize(
    ("sent", "kind", "value"),
    [
        (None, TEXT, None),
        ("", TEXT, None),
        ("Müller & Söhne", TEXT, "Müller & Söhne"),
        ("a\x00b", TEXT, "ab"),
        ("half \ud800 pair", TEXT, "half \ufffd pair"),
        (50.0, NUMBER, 50),
        (0.5, NUMBER, 0.5),
        (7, NUMBER, 7),
        (True, BOOLEAN, True),
        ("2026-11-04", DATE, "2026-11-04"),
        ("2026-11-04T10:00:00.000+0000", DATE, "2026-11-04T10:00:00Z"),
        ("2026-11-04T10:00:00.250+0000", DATE, "2026-11-04T10:00:00.250Z"),
        ("2026-11-04T12:00:00.000+0200", DATE, "2026-11-04T10:00:00Z"),
    ],
)
def test_a_rest_value_becomes_the_ports(sent: object, kind: FieldType, value: object) -> None:
    assert from_json(sent, kind) == value
    assert type(from_json(sent, kind)) is type(value)


@pytest.mark.parametrize(
    ("sent", "kind"),
    [
        ({"city": "Oslo"}, TEXT),
        (7, TEXT),
        ("7", NUMBER),
        (True, NUMBER),
        (float("nan"), NUMBER),
        (float("inf"), NUMBER),
        ("true", BOOLEAN),
        (0, BOOLEAN),
        ("04.11.2026", DATE),
        ("2026-11-04T10:00:00", DATE),
        (20261104, DATE),
    ],
)
def test_a_value_of_another_type_is_a_bad_reply_and_never_a_guess(sent: object, kind: FieldType) -> None:
    with pytest.raises(BadReply):
        from_json(sent, kind)


@pytest.mark.parametrize(
    ("cell", "kind", "value"),
    [("", TEXT, None), ("NO", TEXT, "NO"), ("02139", TEXT, "02139"), ("120", NUMBER, 120), ("120.0", NUMBER, 120),
     ("1.5E3", NUMBER, 1500), ("-0.25", NUMBER, -0.25), ("true", BOOLEAN, True), ("false", BOOLEAN, False),
     ("2026-11-04T10:00:00.000Z", DATE, "2026-11-04T10:00:00Z")],
)  # fmt: skip
def test_a_csv_cell_becomes_the_same_value_as_in_rest(cell: str, kind: FieldType, value: object) -> None:
    assert from_csv(cell, kind) == value


@pytest.mark.parametrize(
    ("cell", "kind"), [("x", NUMBER), ("nan", NUMBER), ("1", BOOLEAN), ("soon", DATE), ("inf", NUMBER)]
)
def test_a_csv_cell_of_another_type_is_a_bad_reply(cell: str, kind: FieldType) -> None:
    with pytest.raises(BadReply):
        from_csv(cell, kind)


@given(st.floats(allow_nan=False, allow_infinity=False) | st.integers(-(10**15), 10**15))
def test_a_number_is_one_value_however_it_travels(number: float) -> None:
    through_rest = from_json(json.loads(json.dumps(number)), NUMBER)
    assert through_rest == from_csv(repr(number), NUMBER) == number


@given(st.text().filter(lambda text: "\x00" not in text))
def test_a_text_is_one_value_however_it_travels(text: str) -> None:
    sheet = io.StringIO(newline="")
    csv.writer(sheet, lineterminator="\n", quoting=csv.QUOTE_ALL).writerow([text, "end"])
    cell = next(csv.reader(io.StringIO(sheet.getvalue(), newline="")))[0]
    assert from_json(text, TEXT) == from_csv(cell, TEXT)


@given(st.datetimes().map(lambda at: at.isoformat(timespec="milliseconds") + "+0000"))
def test_a_time_keeps_its_instant(text: str) -> None:
    assert instant(iso(instant(text))) == instant(text)


def test_nan_is_never_written() -> None:
    with pytest.raises(ValueError, match="nan cannot be written"):
        to_json(float("nan"))


@pytest.mark.parametrize(
    ("said", "kind"),
    [("Web Form", "web_form"), ("Call", "call"), ("ListEmail", "list_email"), ("LinkedIn", "linked_in"),
     ("Demo / On-site", "demo_on_site"), (" Reply ", "reply")],
)  # fmt: skip
def test_a_kind_of_activity_is_one_plain_word(said: str, kind: str) -> None:
    assert snake(said) == kind
