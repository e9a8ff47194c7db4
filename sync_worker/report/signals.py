"""View of ``signals``: what files told, how much of it found its account, and what could not be taken."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sync_worker.report.document import Heading, Text, Tone, table
from sync_worker.report.words import count, instant

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sync_worker.report.document import Answer, Block
    from sync_worker.signals import Told
    from sync_worker.store.signals import SourceCounts


FEW = 10
"""Topics that are named; the JSON form has them all."""


def signals(found: Told) -> Answer:
    """``signals``."""
    if not found.files:
        where = f"{found.folder} holds none that were taken in" if found.folder else "signals.folder is not set"
        return (Text(f"no file has told anything yet: {where}"),), {"signals": found}
    return (*_sources(found), *_unheard(found), *_unread(found), *_unmatched(found), *_files(found), *_bad(found)), {
        "signals": found
    }


def rate(one: SourceCounts) -> str:
    """The share that found its account: ``87%``."""
    return f"{one.match_rate:.0%}"


def _sources(found: Told) -> Iterator[Block]:
    yield Heading("Sources")
    yield table(
        "source|tells|>files|>told|>matched|>ambiguous|>unmatched|>match rate|>stale",
        [
            (s.source, s.kind, s.files, s.told, s.matched, s.ambiguous, s.unmatched, rate(s), s.stale)
            for s in found.sources
        ],
    )


def _unheard(found: Told) -> Iterator[Block]:
    for name, hint in found.unheard.items():
        meant = f" — {hint}" if hint else ""
        yield Text(f"signals.precedence names '{name}', of which nothing has been heard{meant}", Tone.WARN)


def _unread(found: Told) -> Iterator[Block]:
    if found.unread:
        shown = ", ".join(found.unread[:FEW]) + (", …" if len(found.unread) > FEW else "")
        yield Text(
            f"no rule can read {count(len(found.unread), 'topic')}: {shown}; name them under [intent.topics], or say "
            "under [signals.topics] what they mean",
            Tone.WARN,
        )


def _unmatched(found: Told) -> Iterator[Block]:
    if found.unmatched:
        yield Heading("Without an account")
        yield table("source|key|>told|~why", [(u.source, u.key, u.told, u.because) for u in found.unmatched])
        left = sum(s.unmatched + s.ambiguous for s in found.sources) - sum(u.told for u in found.unmatched)
        if left:
            yield Text(f"… and {left:,} more", Tone.QUIET)


def _files(found: Told) -> Iterator[Block]:
    yield Heading(f"Files — {count(found.files_in_all, 'file')}, the latest first")
    yield table(
        "file|tells|>lines|>bad|taken in",
        [(f.file, f.kind, f.lines, f.bad, instant(f.at)) for f in found.files],
    )


def _bad(found: Told) -> Iterator[Block]:
    if found.bad_lines:
        yield Heading("Not taken, the latest first")
        yield table(
            "where|~why",
            [(f"{b.file}:{b.line}" if b.line else b.file, b.reason) for b in found.bad_lines],
        )
        if found.bad_in_all > len(found.bad_lines):
            yield Text(f"… of {found.bad_in_all:,}: --limit shows more", Tone.QUIET)
