"""View of ``routes``: who received what of each route and was entitled to what, who is away, and what waits."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING

from sync_worker.report.document import Heading, Items, Text, Tone, table
from sync_worker.report.words import amount, count, figure

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sync_worker.core.routing import MemberStands, RouteStands
    from sync_worker.report.document import Answer, Block
    from sync_worker.routes import Routes

LEFT_SHOWN = 5
"""How many accounts are named that nobody may have."""


def stood(found: Routes) -> Answer:
    """``routes``."""
    document = tuple(block for one in found.routes for block in _route(one, found))
    nothing = Text("The rules have no route: docs/rules.md says how one is written.", Tone.QUIET)
    told = [{**asdict(one), "by": one.by.value} for one in found.routes]
    return document or (nothing,), {"at": found.at, "routes": told, "accounts": dict(found.accounts)}


def _route(one: RouteStands, found: Routes) -> Iterator[Block]:
    yield Heading(f"{one.route}: {one.by.value}")
    if one.members:
        yield _members(one)
    else:
        yield Text("No active rep belongs to it.", Tone.WARN)
    if one.off is not None:
        yield Text(f"Nobody is further than {one.off:.1%} from what was due.", Tone.QUIET)
    if one.waiting:
        goes = one.waiting - len(one.left)
        yield Text(f"It matches {count(one.waiting, 'account')} of the pool; the next plan gives {goes:,} of them.")
    yield from _left(one, found)


def _members(one: RouteStands) -> Block:
    by_value = any(member.received.value or member.entitled.value for member in one.members)
    capped = any(member.caps for member in one.members)
    titles = "rep|>weight|>received|>entitled" + ("|>value received|>value entitled" if by_value else "")
    titles += "|>ahead|>off" + ("|~caps" if capped else "") + "|now"
    return table(titles, [tuple(_cells(member, one, by_value=by_value, capped=capped)) for member in one.members])


def _cells(member: MemberStands, one: RouteStands, *, by_value: bool, capped: bool) -> Iterator[str]:
    turns = one.by.takes_turns
    yield from (member.name, figure(member.weight), figure(member.received.count))
    yield f"{member.entitled.count:.1f}" if turns else ""
    if by_value:
        yield amount(member.received.value)
        yield amount(member.entitled.value) if turns else ""
    yield f"{round(member.ahead, 1) + 0.0:+,.1f}" if turns else ""  # nothing is +0.0, and never -0.0
    yield "" if member.off is None else f"{member.off:+.1%}"
    if capped:
        yield "; ".join(f"{cap.used:,} of {cap.cap}" for cap in member.caps)
    yield member.away or ("" if member.working else "outside working hours")


def _left(one: RouteStands, found: Routes) -> Iterator[Block]:
    if one.left:
        shown = [Text(f"{found.accounts[account]}: {why}", Tone.WARN) for account, why in one.left[:LEFT_SHOWN]]
        more = len(one.left) - LEFT_SHOWN
        yield Items((*shown, *([Text(f"… and {count(more, 'account')} more", Tone.QUIET)] if more > 0 else [])))
