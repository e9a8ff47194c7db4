"""Views of ``matches``: how much found its account, what waits for a person, what people said."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sync_worker.report.document import Heading, Text, Tone, table
from sync_worker.report.words import instant

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sync_worker.matches import Matched
    from sync_worker.report.document import Answer, Block
    from sync_worker.store.matches import Pair

WORDS = {
    "review": "Waiting for your word, the likeliest first",
    "linked": "Found, the surest first",
    "none": "Without an account",
    "accepted": "Accepted, the latest first",
    "rejected": "Rejected, the latest first",
}


def matched(found: Matched) -> Answer:
    """``matches list``."""
    return (*_rates(found), *_pairs(found)), {"matches": found}


def judged(pair: Pair, *, accepted: bool) -> Answer:
    """``matches accept`` and ``matches reject``."""
    account = pair.account_name or pair.account
    if accepted:
        told = f"{pair.name} is {account} ({pair.account}) from the next run on"
    else:
        told = f"{pair.name} is not {account} ({pair.account}), and will not be proposed as such again"
    return (Text(told, Tone.GOOD),), {"match": pair, "accepted": accepted}


def _rates(found: Matched) -> Iterator[Block]:
    if not found.rates:
        yield Text("nothing was matched yet: 'sync-worker plan' does it, once leads or files are there")
        return
    yield Heading("Match rates")
    yield table(
        "source|>keys|>found|>to confirm|>without|>match rate",
        [(r.source, r.keys, r.linked, r.review, r.none, f"{r.rate:.0%}") for r in found.rates],
    )
    if found.auto is None:
        yield Text("names link nothing by themselves: matching.auto is not set", Tone.QUIET)


def _pairs(found: Matched) -> Iterator[Block]:
    if not found.pairs:
        if found.rates:
            yield Text(f"none of them is in the state '{found.state}'")
        return
    yield Heading(WORDS[found.state])
    if found.state in {"accepted", "rejected"}:
        yield table(
            "match|of|what|account|by|at|~note",
            [(p.id, p.source, p.name, _account(p), p.by, instant(p.at) if p.at else "", p.note) for p in found.pairs],
        )
        return
    yield table(
        "match|of|what|account|>likeness|~why",
        [(p.id, p.source, p.name, _account(p), _score(p), p.because) for p in found.pairs],
    )
    if found.state == "review":
        yield Text(
            "say what each is: 'sync-worker matches accept MATCH' or 'sync-worker matches reject MATCH'",
            Tone.QUIET,
        )


def _account(pair: Pair) -> str:
    return f"{pair.account_name} ({pair.account})" if pair.account_name else pair.account


def _score(pair: Pair) -> str:
    return "" if pair.score is None or not pair.account else f"{pair.score:.2f}"
