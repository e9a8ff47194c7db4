"""View of ``market``: the market by territory, what it is worth, motions, renewals, and who is like customers."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from sync_worker.core.market.lookalikes import Verdict
from sync_worker.core.market.whitespace import Due, Stand, Sum, together
from sync_worker.report.document import Column, Heading, Table
from sync_worker.report.lookalikes import NONE, alike, as_json
from sync_worker.report.words import amount, day

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from sync_worker.core.market.whitespace import Territory
    from sync_worker.market import Market
    from sync_worker.report.document import Answer, Block


def market(found: Market, limit: int) -> Answer:
    """``market``. ``limit``: how many territories get a line of their own."""
    lines = _lines(found, limit)
    blocks: list[Block] = [Heading(f"Market{_by(found)} — {day(found.at)}"), _standing(found, lines)]
    if found.value:
        blocks += [Heading(f"{found.value}{_by(found)}"), _worth(found, lines)]
    if found.motions:
        blocks += [Heading("Motions, without what is out of scope"), _motions(found, lines)]
    if found.renewal:
        blocks += [Heading(f"Renewals of customers, by {found.renewal}"), _renewals(found, lines)]
    if found.look_alikes is not None:
        blocks += alike(found, found.look_alikes, {each.name for each in found.territories[:limit]})
    return tuple(blocks), _payload(found)


def _by(found: Market) -> str:
    return f" by {found.by}" if found.by else ""


@dataclass(frozen=True, slots=True)
class _Line:
    """One line of each table: a territory, some of them together, or all."""

    name: str
    sums: Territory
    alike: int
    """Look-alikes among its accounts."""
    alike_value: float


def _lines(found: Market, limit: int) -> list[_Line]:
    """A line for each territory, one for the smallest ones together, and the total."""
    if not found.by:
        return [_line(found, [found.total], "all accounts")]
    lines = [_line(found, [each], each.name or NONE) for each in found.territories[:limit]]
    if rest := found.territories[limit:]:
        lines.append(_line(found, rest, f"all others ({len(rest):,})"))
    return [*lines, _line(found, found.territories, "total")]


def _line(found: Market, some: Sequence[Territory], name: str) -> _Line:
    told = found.look_alikes
    counts, values = (told.counts, told.values) if told else ({}, {})
    alike_value = sum(values.get(each.name, 0.0) for each in some)
    return _Line(name, together(some), sum(counts.get(each.name, 0) for each in some), alike_value)


def _looked(found: Market) -> bool:
    return found.look_alikes is not None and found.look_alikes.studied.verdict is Verdict.FOUND


def _table(found: Market, titles: Sequence[str], rows: Iterable[tuple[str, ...]]) -> Block:
    """A line for each territory and figures to the right; names of fields and motions may hold any letter."""
    columns = (Column(found.by or " "), *(Column(title, right=True) for title in titles))
    return Table(columns, tuple(rows))


def _standing(found: Market, lines: Sequence[_Line]) -> Block:
    titles = ["market", "customers", "owned", "unowned", "penetration", "out of scope"]
    rows = [(*_stands(line), *([f"{line.alike:,}"] if _looked(found) else [])) for line in lines]
    return _table(found, titles + ["look-alikes"] * _looked(found), rows)


def _stands(line: _Line) -> Iterator[str]:
    sums = line.sums
    yield line.name
    yield f"{sums.market.accounts:,}"
    for stand in (Stand.CUSTOMER, Stand.OWNED, Stand.UNOWNED):
        yield f"{sums.stand(stand).accounts:,}"
    yield "" if sums.penetration is None else f"{sums.penetration:.0%}"
    yield f"{sums.stand(Stand.OUT).accounts:,}"


def _worth(found: Market, lines: Sequence[_Line]) -> Block:
    def cells(line: _Line) -> Iterator[str]:
        yield line.name
        market = line.sums.market
        for sum_ in (market, *(line.sums.stand(each) for each in (Stand.CUSTOMER, Stand.OWNED, Stand.UNOWNED))):
            yield amount(sum_.value)
        if _looked(found):
            yield amount(line.alike_value)
        yield f"{market.valued / market.accounts:.0%}" if market.accounts else ""

    titles = ["market", "customers", "owned", "unowned", *["look-alikes"] * _looked(found), "filled"]
    return _table(found, titles, [tuple(cells(line)) for line in lines])


def _motions(found: Market, lines: Sequence[_Line]) -> Block:
    rows = [(line.name, *(_sum(line.sums.motions.get(name), found) for name in found.motions)) for line in lines]
    return _table(found, found.motions, rows)


def _renewals(found: Market, lines: Sequence[_Line]) -> Block:
    this, following = found.quarters.names
    told = [line for line in lines if line.sums.due]
    rows = [(line.name, *(_sum(line.sums.due.get(due), found) for due in Due)) for line in told]
    return _table(found, ["overdue", f"due in {this}", f"due in {following}"], rows)


def _sum(found: Sum | None, asked: Market) -> str:
    if found is None or not found.accounts:
        return ""
    return f"{found.accounts:,}" + (f" ({amount(found.value)})" if asked.value else "")


# As JSON


def _payload(found: Market) -> dict[str, object]:
    this, following = found.quarters.names
    told = found.look_alikes
    return {
        "at": found.at,
        "by": found.by,
        "value": found.value,
        "motions": found.motions,
        "renewal": found.renewal,
        "this_quarter": this,
        "next_quarter": following,
        "territories": [_territory(found, line) for line in found.territories],
        "total": _territory(found, found.total),
        "look_alikes": None if told is None else as_json(found, told),
    }


def _territory(found: Market, line: Territory) -> dict[str, object]:
    stands = {"customers": Stand.CUSTOMER, "owned": Stand.OWNED, "unowned": Stand.UNOWNED, "out_of_scope": Stand.OUT}
    shown = _line(found, found.territories if line is found.total else [line], line.name)
    return {
        "name": line.name,
        "market": line.market,
        **{name: line.stand(stand) for name, stand in stands.items()},
        "penetration": line.penetration,
        "motions": {name: line.motions.get(name, Sum()) for name in found.motions},
        "renewals": {due.name.lower(): line.due.get(due, Sum()) for due in Due},
        "look_alikes": {"accounts": shown.alike, "value": shown.alike_value},
    }
