"""Views of what a plan says of reps' work and of their wishes: how books are worked, and who was refused what."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sync_worker.core.refusals import refusals
from sync_worker.core.worked import STATES
from sync_worker.report.document import Heading, Text, Tone, table
from sync_worker.report.words import count

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from sync_worker.decide import Decided
    from sync_worker.report.document import Block


def worked(summary: Mapping[str, Any]) -> Iterator[Block]:
    """How what reps own is worked, by book and by rep; nothing where no book says what it expects."""
    if found := summary.get("worked"):
        yield Heading("How accounts are worked, as their books expect")
        books = [(one["book"], *(one[state] for state in STATES)) for one in found["books"]]
        yield table("book|>green|>amber|>red", books)
        rows = [(one["name"], one["book"], *(one[state] for state in STATES)) for one in found["reps"]]
        yield table("rep|book|>green|>amber|>red", rows)


def refused(summary: Mapping[str, Any]) -> Iterator[Block]:
    """Claims that were not met, and accounts of fixed books that stay with somebody else."""
    if found := summary.get("refused"):
        yield Heading("Named, and not given")
        rows = [(one["account_name"], one["rule"].partition(":")[0], one["because"]) for one in found["accounts"]]
        words = {"claim": "claimed", "book": "fixed book"}
        yield table("account||~why", [(name, words[kind], why) for name, kind, why in rows])
        more = found["claims"] + found["fixed"] - len(rows)
        if more:
            yield Text(f"… and {count(more, 'account')} more", Tone.QUIET)


def refused_in(decided: Decided) -> tuple[tuple[Block, ...], dict[str, object]]:
    """The same where there is no plan to tell it: what somebody is named for, and nothing is to be changed."""
    of = {decision.account: decision for decision in decided.decisions}
    found = refusals(decided.assignment.refused, of, decided.names)
    return tuple(refused({"refused": found})), {"refused": found} if found else {}
