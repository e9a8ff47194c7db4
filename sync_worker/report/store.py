"""Views of the store's upkeep: made, upgraded, checked."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sync_worker.report.document import Commands, Fields, Heading, Items, Text, Tone, table

if TYPE_CHECKING:
    from sync_worker.astray import Astray
    from sync_worker.report.document import Answer
    from sync_worker.store import CheckReport


def upgraded(place: str) -> Answer:
    """After ``db upgrade``; ``place`` is a URL without its password."""
    return (Text(f"the store {place} is up to date", Tone.GOOD),), {"store": place, "upgraded": True}


def checked(found: CheckReport, astray: Astray | None, why: str) -> Answer:
    """After ``db check``. ``why``: what kept facts and outcomes from being compared, where they were not."""
    payload = {
        "ok": found.ok and not astray,
        "store": found.place,
        "dialect": found.dialect,
        "revision": found.revision,
        "journal": found.journal,
        "rows": found.rows,
        "problems": found.problems,
        "astray": None if astray is None else {"facts": astray.facts, "outcomes": astray.outcomes},
    }
    about = Fields((("store", found.place), ("revision", found.revision), ("journal", found.journal or "the server's")))
    counts = table("table|>rows", sorted(found.rows.items()))
    if found.ok:
        return (about, counts, *_compared(astray, why)), payload
    problems = Items(tuple(Text(problem, Tone.BAD) for problem in found.problems))
    way_out = Commands((("sync-worker pause --reason 'store damaged'", "then restore the latest backup"),))
    return (about, counts, Heading("Problems"), problems, way_out), payload


def _compared(astray: Astray | None, why: str) -> tuple[Text | Commands, ...]:
    if astray is None:
        return Text("the store is sound", Tone.GOOD), Text(f"facts and outcomes were not compared: {why}")
    if not astray:
        return (Text("the store is sound; facts and outcomes are those of a full pass", Tone.GOOD),)
    told = f"{astray.facts:,} facts and {astray.outcomes:,} outcomes are not those of a full pass"
    return Text(told, Tone.BAD), Commands((("sync-worker plan", "makes them anew; then tell us of it"),))
