"""View of ``doctor``: each check with what it found and how to mend it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from sync_worker.report.document import Items, Text, Tone

if TYPE_CHECKING:
    from collections.abc import Iterable

    from sync_worker.report.document import Answer


class Check(Protocol):
    """One thing that was looked at. ``ok`` is None where it could not be judged."""

    @property
    def name(self) -> str:
        """What was looked at."""

    @property
    def ok(self) -> bool | None:
        """How it stands."""

    @property
    def message(self) -> str:
        """What was found."""

    @property
    def hint(self) -> str:
        """The way out."""


_MARKS = {True: ("ok", Tone.GOOD), False: ("bad", Tone.BAD), None: ("skipped", Tone.WARN)}


def checks(found: Iterable[Check]) -> Answer:
    """``doctor``."""
    listed = tuple(found)
    bad = sum(check.ok is False for check in listed)
    payload = {
        "ok": not bad,
        "checks": [{"name": c.name, "ok": c.ok, "message": c.message, "hint": c.hint} for c in listed],
    }
    end = Text(f"{bad} of {len(listed)} checks failed", Tone.BAD) if bad else Text("all is well", Tone.GOOD)
    return (Items(tuple(_line(check) for check in listed)), end), payload


def _line(check: Check) -> Text:
    mark, tone = _MARKS[check.ok]
    way_out = f"\nway out: {check.hint}" if check.hint and check.ok is not True else ""
    return Text(f"{mark}: {check.name}: {check.message}{way_out}", tone)
