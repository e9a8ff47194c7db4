"""Views of the store's upkeep: made, upgraded, checked."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sync_worker.report.document import Commands, Fields, Heading, Items, Text, Tone, table

if TYPE_CHECKING:
    from sync_worker.report.document import Answer
    from sync_worker.store import CheckReport


def upgraded(place: str) -> Answer:
    """After ``db upgrade``; ``place`` is a URL without its password."""
    return (Text(f"the store {place} is up to date", Tone.GOOD),), {"store": place, "upgraded": True}


def checked(found: CheckReport) -> Answer:
    """After ``db check``."""
    payload = {
        "ok": found.ok,
        "store": found.place,
        "dialect": found.dialect,
        "revision": found.revision,
        "journal": found.journal,
        "rows": found.rows,
        "problems": found.problems,
    }
    about = Fields((("store", found.place), ("revision", found.revision), ("journal", found.journal or "the server's")))
    counts = table("table|>rows", sorted(found.rows.items()))
    if found.ok:
        return (about, counts, Text("the store is sound", Tone.GOOD)), payload
    problems = Items(tuple(Text(problem, Tone.BAD) for problem in found.problems))
    way_out = Commands((("sync-worker pause --reason 'store damaged'", "then restore the latest backup"),))
    return (about, counts, Heading("Problems"), problems, way_out), payload
