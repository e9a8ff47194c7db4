"""View of ``explain --why-not``: to be read by the rep who did not get the account."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sync_worker.report.document import Fields, Heading, Items, Text
from sync_worker.report.explanation import sentence
from sync_worker.report.words import day, instant

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sync_worker.explain import Reason, WhyNot
    from sync_worker.report.document import Answer, Block


def barred(found: WhyNot) -> Answer:
    """``explain --why-not``."""
    document = (
        Heading(f"{found.name} ({found.account}): why not {found.rep_name}?"),
        Items(tuple(Text(_told(reason)) for reason in found.reasons)),
        Fields(tuple(_standing(found))),
        *_more(found),
    )
    return document, {"why_not": found}


def _told(reason: Reason) -> str:
    return "\n".join([reason.text, *(sentence(one) for one in reason.nearest)])


def _standing(found: WhyNot) -> Iterator[tuple[str, str]]:
    yield "owner", found.owner
    if found.claim and found.claim.place:
        place, waiting = f"{found.claim.place:,}", f"{found.claim.waiting:,}"
        yield "turn", f"{place} of {waiting} in the pool for the book {found.claim.book}, the best first"
        first = found.claim.goes_to
        if first:
            yield (
                "goes to",
                f"{found.names.get(first.rep, first.rep)}, who then has {first.load + 1:,} of {first.capacity:,}",
            )
    if found.went:
        yield "last given", f"on {day(found.went.at)} to {found.went.after}: {found.went.because}"
    yield "seen", f"{instant(found.at)}, rules {found.rules_version[:12]}"


def _more(found: WhyNot) -> Iterator[Block]:
    if len(found.reasons) > 1:
        yield Text("Each of these stands in the way by itself.")
