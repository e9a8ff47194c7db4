"""View of ``levels``: first touches that are awaited, due or missed, who is away, and who looks after what."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING

from sync_worker.core.service_levels import State
from sync_worker.report.document import Heading, Text, Tone, table
from sync_worker.report.words import count

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from datetime import datetime

    from sync_worker.core.service_levels import FirstTouch
    from sync_worker.levels import Covered, LookedAfter, Touch
    from sync_worker.report.document import Answer, Block

SHOWN = 20
"""How many lines of each kind people are shown: JSON has all."""


def stood(found: LookedAfter) -> Answer:
    """``levels``."""
    document = (*_levels(found), *_away(found), *_covered(found))
    nothing = Text("The rules have no service level, and nobody is away: docs/rules.md says how both are written.")
    return document or (nothing,), asdict(found)


def reminded(due: Sequence[FirstTouch], names: Mapping[str, str]) -> tuple[tuple[Block, ...], list[dict[str, object]]]:
    """The owners who are to be reminded now, for people and as JSON; ``plan`` tells them once."""
    told: list[dict[str, object]] = [
        {"account": one.account, "name": one.name, "level": one.level, "owner": one.owner, "due": one.due}
        for one in due
    ]
    if not due:
        return (), told
    rows = [(one.name, names.get(one.owner, one.owner), one.level, _utc(one.due)) for one in due[:SHOWN]]
    head = Heading(f"{count(len(due), 'account')} to be touched soon")
    more = _more(len(due), "account", "accounts")
    return (head, table("account|owner|service level|due (UTC)", rows), *more), told


def _utc(moment: datetime | None) -> str:
    return f"{moment:%Y-%m-%d %H:%M}" if moment else ""


def _levels(found: LookedAfter) -> Iterator[Block]:
    for level in found.levels:
        own = [touch for touch in found.touches if touch.level == level]
        counts = {state: sum(touch.state is state for touch in own) for state in State}
        yield Heading(f"{level}: " + ", ".join(f"{number:,} {state.value}" for state, number in counts.items()))
        urgent = sorted(own, key=lambda touch: touch.state is not State.MISSED)
        if urgent:
            rows = [_touch(touch) for touch in urgent[:SHOWN]]
            yield table("account|owner|state|due, by the owner's clock|~next", rows)
        yield from _more(len(urgent), "first touch", "first touches")


def _touch(touch: Touch) -> tuple[str, ...]:
    told = f"reminded at {_clock(touch.reminded_at)}" if touch.reminded_at else ""
    due = _clock(touch.due) if touch.due else "when the owner is back"
    return touch.name, touch.owner_name, touch.state.value, due, touch.next or told


def _away(found: LookedAfter) -> Iterator[Block]:
    if found.away:
        yield Heading("Away")
        rows = [(one.name, str(one.until or "until further notice"), f"{one.accounts:,}") for one in found.away]
        yield table("rep|until|>accounts", rows)


def _covered(found: LookedAfter) -> Iterator[Block]:
    if found.covered:
        covered = sum(bool(one.by) for one in found.covered)
        yield Heading(f"Accounts of absent reps: {count(covered, 'account')} covered")
        yield table("account|of|looked after by|~next", [_cells(one) for one in found.covered[:SHOWN]])
        yield from _more(len(found.covered), "account", "accounts")


def _cells(one: Covered) -> tuple[str, ...]:
    return one.name, one.owner_name, one.by_name or "nobody", one.because


def _more(number: int, noun: str, nouns: str) -> Iterator[Block]:
    if (more := number - SHOWN) > 0:
        yield Text(f"… and {more:,} more {noun if more == 1 else nouns}", Tone.QUIET)


def _clock(moment: datetime) -> str:
    return f"{moment:%Y-%m-%d %H:%M} {moment.tzname()}"
