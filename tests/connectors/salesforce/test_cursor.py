"""A cursor survives being saved, and anything that is not one of ours means a full pull."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectors.port import Cursor
from connectors.salesforce.cursor import Position, Standing, decode, encode
from connectors.values import instant, iso

TIMES = st.datetimes().map(lambda at: iso(instant(at.isoformat(timespec="milliseconds") + "Z")))
POSITIONS = st.builds(Position, TIMES, st.from_regex(r"[A-Za-z0-9]{18}", fullmatch=True))
STANDINGS = st.builds(
    Standing,
    upto=TIMES | st.just(""),
    began=TIMES | st.just(""),
    floor=TIMES | st.just(""),
    after=POSITIONS | st.none(),
    job=st.sampled_from(["", "750000000000001AAA"]),
    locator=st.sampled_from(["", "MTAwMDA"]),
    seen=st.integers(0, 10**9),
)


@given(st.dictionaries(st.sampled_from(["Task", "Event"]), STANDINGS))
def test_a_saved_cursor_says_what_it_said(standings: dict[str, Standing]) -> None:
    assert decode(encode("digest", standings), "digest") == standings


@pytest.mark.parametrize(
    "text",
    ["", "null", "[]", "not json", '{"version": 1}', '{"version": 99, "schema": "digest", "objects": {}}',
     '{"version": 1, "schema": "digest", "objects": {"Account": {"upto": "yesterday"}}}',
     '{"version": 1, "schema": "digest", "objects": {"Account": {"when": "2026-11-04T10:00:00Z"}}}',
     '{"version": 1, "schema": "digest", "objects": {"Account": {"after": {"stamp": 3, "id": "x"}}}}'],
)  # fmt: skip
def test_text_that_is_no_cursor_of_ours_means_a_full_pull(text: str) -> None:
    assert decode(Cursor(text), "digest") == {}


def test_another_schema_means_a_full_pull() -> None:
    cursor = encode("before", {"Account": Standing(upto="2026-11-04T10:00:00Z")})
    assert decode(cursor, "after") == {}
