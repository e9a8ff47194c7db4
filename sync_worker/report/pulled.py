"""View of ``pull``: what each stream brought."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sync_worker.report.document import Text, Tone, table
from sync_worker.report.words import count

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sync_worker.pull import PullReport
    from sync_worker.report.document import Answer, Block


def pulled(report: PullReport) -> Answer:
    """``pull``."""
    rows = [
        (name, "full" if c.full else "changes", c.pulled, c.new, c.changed, c.deleted, c.quarantined)
        for name, c in report.streams.items()
    ]
    listed = table("stream|read|>records|>new|>changed|>deleted|>unreadable", rows)
    return (listed, *_notes(report)), {"streams": report.streams, "held": report.held}


def _notes(report: PullReport) -> Iterator[Block]:
    if report.held:
        them = "it" if report.held == 1 else "them"
        yield Text(f"{count(report.held, 'account')} moved by hand: the worker stays away from {them}", Tone.WARN)
    told = report.streams.get("signals")
    if told and told.quarantined:
        yield Text("lines of files that were not taken: 'sync-worker signals' lists them with reasons", Tone.WARN)
    if any(counts.quarantined for name, counts in report.streams.items() if name != "signals"):
        yield Text("unreadable records are set aside: 'sync-worker status' lists them with reasons", Tone.WARN)
