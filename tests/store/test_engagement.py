"""Folding gives what rescanning gives, in any order of inserts, changes and deletes."""

from __future__ import annotations

import itertools
import math
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import delete, insert, select, update

from connectors.port import Record, Stream
from sync_worker.store import check, engagement, records, schema
from sync_worker.store import settings as stored
from tests.store.crm import ENGAGEMENT, account, activity, full, page, save

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sqlalchemy import Connection

    from sync_worker.store import Store

NOW = datetime(2026, 11, 20, 9, 30, tzinfo=UTC)
HALF_LIVES = [1.0, 14.0, 90.0]

_events = st.builds(
    lambda id_, who, kind, days, done, deleted: replace(
        activity(id_, NOW, account=who, kind=kind, at=_iso(NOW - timedelta(days=days)), done=done), deleted=deleted
    ),
    st.sampled_from("abcdef"),
    st.sampled_from(["x", "y", None]),
    st.sampled_from(["meeting", "web_form", "call"]),
    st.integers(-400, 4000),
    st.booleans(),
    st.booleans(),
)


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(history=st.lists(st.lists(_events, min_size=1, max_size=4), max_size=6), full_=st.booleans())
def test_folding_is_rescanning(store: Store, history: list[list[Record]], *, full_: bool) -> None:
    with store.begin() as tx:
        for table in (schema.record, schema.activity, schema.engagement, schema.setting):
            tx.execute(delete(table))
        engagement.refold(tx, HALF_LIVES, NOW - timedelta(days=30))
        minutes = itertools.count()
        for part in history:
            later = [replace(each, modified=NOW + timedelta(minutes=next(minutes))) for each in part]
            save(tx, (full if full_ else page)(*later), NOW)
        folded = _sums(tx)
        assert engagement.drifted(tx) == 0
        engagement.rescan(tx, NOW)
        rescanned = _sums(tx)
    latest = {each.ref.id: each for part in history for each in part}
    assert folded.keys() == rescanned.keys()
    for key, (events, total) in folded.items():
        assert events == rescanned[key][0]
        assert total == pytest.approx(rescanned[key][1], rel=1e-9, abs=1e-9)
    assert {key: events for key, (events, _) in folded.items()} == _expected(list(latest.values()))


def test_a_decayed_sum_counts_an_event_of_one_half_life_ago_by_half(store: Store) -> None:
    with store.begin() as tx:
        engagement.refold(tx, [14.0], NOW)
        ages = (0, 14, 28)
        save(tx, page(*(_meeting(f"{age}", NOW - timedelta(days=age)) for age in ages)), NOW)
        assert _decayed(tx, 14.0, NOW) == pytest.approx(1 + 0.5 + 0.25)
        assert _decayed(tx, 14.0, NOW + timedelta(days=14)) == pytest.approx((1 + 0.5 + 0.25) / 2)


def test_an_event_counts_the_same_at_whatever_hour_of_its_day_it_was(store: Store) -> None:
    with store.begin() as tx:
        engagement.refold(tx, [14.0], NOW)
        day = NOW.replace(hour=0, minute=0)
        save(
            tx, page(_meeting("e", day), _meeting("f", day + timedelta(hours=23, minutes=59))), day + timedelta(days=1)
        )
        assert _sums(tx)["x", "meeting", 14.0] == (2, 2.0)


def test_a_half_life_that_a_rule_begins_to_use_is_folded_from_all_activities(store: Store) -> None:
    with store.begin() as tx:
        save(tx, page(_meeting("e", NOW)), NOW)
        assert _sums(tx) == {}, "no rule reads engagement yet"
        engagement.refold(tx, [14.0], NOW)
        assert list(_sums(tx)) == [("x", "meeting", 14.0)]
        engagement.refold(tx, [14.0, 7.0], NOW)
        assert list(_sums(tx)) == [("x", "meeting", 7.0), ("x", "meeting", 14.0)]
        engagement.refold(tx, [], NOW)
        assert _sums(tx) == {}


def test_the_landmark_moves_before_the_exponent_grows_large_and_the_sums_with_it(store: Store) -> None:
    with store.begin() as tx:
        engagement.refold(tx, [1.0, 30.0], NOW)
        save(tx, page(_meeting("e", NOW)), NOW)
        first = engagement.landmark(tx)
        engagement.refold(tx, [1.0, 30.0], NOW + timedelta(days=100))
        assert engagement.landmark(tx) == first
        later = NOW + timedelta(days=400)
        engagement.refold(tx, [1.0, 30.0], later)
        assert engagement.landmark(tx) == later.replace(hour=0, minute=0)
        save(tx, page(_meeting("f", later)), later)
        assert _decayed(tx, 30.0, later) == pytest.approx(1 + 2 ** (-400 / 30))
        assert _decayed(tx, 1.0, later) == pytest.approx(1)


def test_no_date_however_mistyped_overflows_a_sum(store: Store) -> None:
    with store.begin() as tx:
        engagement.refold(tx, [0.5], NOW)
        events = [
            activity(f"{year}", NOW, account="x", kind="meeting", at=f"{year}-01-01") for year in ("0001", "9999")
        ]
        save(tx, page(*events), NOW)
        (total,) = (total for _, total in _sums(tx).values())
        assert math.isfinite(total)
        assert _decayed(tx, 0.5, NOW) == pytest.approx(1), "what is done cannot lie ahead: it counts as of now"


def test_what_counts_as_engagement_can_change_and_is_then_folded_anew(store: Store) -> None:
    with store.begin() as tx:
        engagement.refold(tx, [14.0], NOW)
        save(tx, page(_meeting("e", NOW), activity("f", NOW, account="x", kind="webinar", at=_iso(NOW))), NOW)
        assert [kind for _, kind, _ in _sums(tx)] == ["meeting"]
        save(tx, page(_meeting("g", NOW)), NOW, engagement=("webinar",), touches=("meeting",))
        assert [(kind, events) for (_, kind, _), (events, _) in _sums(tx).items()] == [("webinar", 1)]
        flags = select(schema.activity.c.kind, schema.activity.c.touch).distinct()
        assert {row.kind: row.touch for row in tx.execute(flags)} == {"meeting": True, "webinar": False}


def test_the_winner_of_a_merge_has_the_engagement_of_both(store: Store) -> None:
    with store.begin() as tx:
        engagement.refold(tx, [14.0], NOW)
        save(tx, page(account("x", NOW), account("y", NOW)), NOW)
        save(tx, page(_meeting("e", NOW), activity("f", NOW, account="y", kind="meeting", at=_iso(NOW))), NOW)
        save(tx, page(replace(account("y", NOW), deleted=True, merged_into="x")), NOW)
        assert {key: events for key, (events, _) in _sums(tx).items()} == {("x", "meeting", 14.0): 2}
        folded = _sums(tx)
        engagement.rescan(tx, NOW)
        assert _sums(tx) == folded


def test_activities_that_a_full_pull_no_longer_shows_stop_counting(store: Store) -> None:
    with store.begin() as tx:
        engagement.refold(tx, [14.0], NOW)
        save(tx, full(_meeting("e", NOW), _meeting("f", NOW)), NOW, cycle=1)
        save(tx, full(_meeting("e", NOW)), NOW, cycle=2)
        assert records.delete_unseen(tx, "salesforce", Stream.ACTIVITIES, 2, NOW) == 1
        assert [events for events, _ in _sums(tx).values()] == [1]


@pytest.mark.parametrize("fields", [{"at": "yesterday"}, {"at": "0001-01-01T00:00:00+14:00"}, {"kind": "x" * 256}])
def test_an_activity_that_cannot_be_placed_in_time_or_kind_is_set_aside(store: Store, fields: dict[str, str]) -> None:
    with store.begin() as tx:
        odd = activity("e", NOW, **({"account": "x", "kind": "meeting", "at": "2026-11-01"} | fields))
        assert save(tx, page(odd, _meeting("f", NOW)), NOW).quarantined == 1
        assert tx.execute(select(schema.activity.c.id)).scalars().all() == ["f"]


def test_a_sum_that_has_lost_an_event_is_found_by_the_check_and_mended_by_a_full_pull(store: Store, url: str) -> None:
    with store.begin() as tx:
        engagement.refold(tx, [7.0, 14.0], NOW)
        save(tx, full(_meeting("e", NOW), _meeting("f", NOW)), NOW)
        assert engagement.drifted(tx) == 0
        tx.execute(update(schema.engagement).values(events=1).where(schema.engagement.c.half_life_days == 7))
    assert any("engagement sums" in problem for problem in check(url).problems)
    with store.begin() as tx:
        records.delete_unseen(tx, "salesforce", Stream.ACTIVITIES, 1, NOW)
        assert engagement.drifted(tx) == 0


def test_more_events_than_fit_into_one_block_are_folded(store: Store) -> None:
    with store.begin() as tx:
        stored.put(tx, "landmark", "2026-11-01T00:00:00+00:00", NOW)
        common = {"kind": "meeting", "at": datetime(2026, 11, 1, tzinfo=UTC), "touch": False, "engagement": True}
        tx.execute(
            insert(schema.activity), [common | {"id": f"e{n}", "account_id": f"a{n % 7}"} for n in range(21_000)]
        )
        engagement.refold(tx, [14.0], NOW)
        assert sum(events for events, _ in _sums(tx).values()) == 21_000
        assert sum(total for _, total in _sums(tx).values()) == 21_000


def _sums(tx: Connection) -> dict[tuple[str, str, float], tuple[int, float]]:
    c = schema.engagement.c
    rows = tx.execute(select(schema.engagement).order_by(c.account_id, c.kind, c.half_life_days))
    return {(row.account_id, row.kind, row.half_life_days): (row.events, row.sum) for row in rows}


def _decayed(tx: Connection, half_life: float, now: datetime) -> float:
    age = (now.date() - engagement.landmark(tx).date()).days
    return _sums(tx)["x", "meeting", half_life][1] * 2 ** (-age / half_life)


def _expected(latest: Sequence[Record]) -> dict[tuple[str, str, float], int]:
    counted: dict[tuple[str, str, float], int] = {}
    for each in latest:
        who, kind = each.fields["account"], each.fields["kind"]
        if each.deleted or not each.fields["done"] or not who or kind not in ENGAGEMENT:
            continue
        for half_life in HALF_LIVES:
            key = (str(who), str(kind), half_life)
            counted[key] = counted.get(key, 0) + 1
    return counted


def _meeting(id_: str, at: datetime) -> Record:
    return activity(id_, NOW, account="x", kind="meeting", at=_iso(at))


def _iso(at: datetime) -> str:
    return at.isoformat().replace("+00:00", "Z")
