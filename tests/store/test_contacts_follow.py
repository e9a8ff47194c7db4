"""Whatever happens to contacts, their events and accounts: what it touches is made anew, and nothing is missed."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from connectors.port import Record, Stream
from rules import needs
from sync_worker.store import facts
from sync_worker.store.derivable import FactSettings
from tests.store.crm import account, activity, other, page, save

if TYPE_CHECKING:
    from collections.abc import Callable

    from sqlalchemy import Connection

    from rules import Ruleset
    from sync_worker.store import Store

    Step = Callable[[Connection, datetime], None]

ACCOUNTS, PEOPLE, EVENTS = ("a1", "a2", "a3", "a4"), ("c1", "c2", "c3"), tuple(f"e{at}" for at in range(8))
KINDS = ("meeting", "web_form", "reply", "call")
TITLES = (None, "Head of Security", "CFO")


def _contact(id_: str, at: str | None, title: str | None, joined: int | None, *, deleted: bool) -> Step:
    def step(tx: Connection, now: datetime) -> None:
        on = (now - timedelta(days=joined)).date().isoformat() if joined is not None else None
        shown = other(Stream.CONTACTS, id_, now, account=at, name=id_, title=title, joined_on=on)
        save(tx, page(Record(shown.ref, shown.fields, now, deleted=deleted)), now)

    return step


def _event(id_: str, who: str | None, at: str, kind: str, days: int, *, deleted: bool) -> Step:  # noqa: PLR0913 - what an event has
    def step(tx: Connection, now: datetime) -> None:
        when = (now - timedelta(days=days)).strftime("%Y-%m-%dT%H:%M:%SZ")
        shown = activity(id_, now, account=at, kind=kind, at=when, contact=who)
        save(tx, page(Record(shown.ref, shown.fields, now, deleted=deleted)), now)

    return step


def _merge(loser: str, winner: str) -> Step:
    def step(tx: Connection, now: datetime) -> None:
        if loser != winner:
            gone = account(loser, now)
            save(tx, page(Record(gone.ref, gone.fields, now, deleted=True, merged_into=winner)), now)

    return step


def _back(id_: str) -> Step:
    def step(tx: Connection, now: datetime) -> None:
        save(tx, page(account(id_, now)), now)

    return step


deleted = st.booleans().flatmap(lambda once: st.booleans().map(lambda twice: once and twice))
steps = st.one_of(
    st.builds(
        _contact,
        st.sampled_from(PEOPLE),
        st.none() | st.sampled_from(ACCOUNTS),
        st.sampled_from(TITLES),
        st.none() | st.sampled_from((0, 364, 365, 366)),
        deleted=deleted,
    ),
    st.builds(
        _event,
        st.sampled_from(EVENTS),
        st.none() | st.sampled_from(PEOPLE),
        st.sampled_from(ACCOUNTS),
        st.sampled_from(KINDS),
        st.sampled_from((0, 1, 13, 29, 30, 31, 59, 60, 800)),
        deleted=deleted,
    ),
    st.builds(_merge, st.sampled_from(ACCOUNTS), st.sampled_from(ACCOUNTS)),
    st.builds(_back, st.sampled_from(ACCOUNTS)),
)
clock = st.sampled_from((0, 1, 3_600, 86_400, 86_400, 7 * 86_400, 30 * 86_400, 366 * 86_400))
history = st.lists(st.tuples(st.lists(steps, max_size=4), clock), min_size=1, max_size=7)


def _followed(tx: Connection, rules: Ruleset, now: datetime) -> tuple[int, bool]:
    """How many rows are not what a full build makes of them, once what has changed was made anew."""
    how: dict[str, Any] = {"now": now, "settings": FactSettings(("pool",), contacts=rules.contacts)}
    done = facts.refresh(tx, needs(rules), **how)
    return facts.check(tx, needs(rules), mend=False, **how), done.full


@settings(max_examples=8, deadline=None, suppress_health_check=list(HealthCheck))
@given(drawn=history)
def test_what_is_made_anew_for_some_accounts_is_what_a_full_build_makes(
    store: Store,
    rules: Ruleset,
    now: datetime,
    drawn: list[tuple[list[Step], int]],
) -> None:
    with store.begin() as tx:
        for id_ in ACCOUNTS:
            save(tx, page(account(id_, now)), now)
        _event("e0", "c1", "a1", "call", 0, deleted=False)(tx, now)  # from the first one on its kinds are known
        facts.build(tx, needs(rules), now=now, settings=FactSettings(("pool",), contacts=rules.contacts))
    for happened, seconds in drawn:
        now += timedelta(seconds=seconds)
        with store.begin() as tx:
            for step in happened:
                step(tx, now)
        with store.begin() as tx:
            assert _followed(tx, rules, now) == (0, False)
