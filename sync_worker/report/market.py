"""View of ``market``: the market by territory, motions, renewals, what customers share, and who is like them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from sync_worker.core.market.lookalikes import Verdict
from sync_worker.core.market.whitespace import Due, Stand, Sum, together
from sync_worker.core.scorecard.leaks import Unusable
from sync_worker.report.document import Fields, Heading, Items, Text, Tone, table
from sync_worker.report.words import count, day, figure

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from sync_worker.core.market.evidence import Evidence, Line
    from sync_worker.core.market.fields import Suspect
    from sync_worker.core.market.lookalikes import Reason, Studied
    from sync_worker.core.market.whitespace import Territory
    from sync_worker.market import Market
    from sync_worker.market.alike import LookAlike, LookAlikes
    from sync_worker.report.document import Answer, Block

NONE = "(none)"
ALIKE = "customers and others have its values alike"
FEW = 3
"""Values of each field, and reasons of each account, that are shown; the JSON form has them all."""
WHOLE = 1_000
"""From here on a sum is told in whole numbers."""
CLEAR = 0.18
"""What is less than a fifth more common among customers is not worth a line."""


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
        blocks += _alike(found, found.look_alikes, {each.name for each in found.territories[:limit]})
    return tuple(blocks), _payload(found)


def _by(found: Market) -> str:
    return f" by {found.by}" if found.by else ""


@dataclass(frozen=True, slots=True)
class _Line:
    """One line of each table: a territory, some of them together, or all."""

    name: str
    sums: Territory
    alike: int


def _lines(found: Market, limit: int) -> list[_Line]:
    """A line for each territory, one for the smallest ones together, and the total."""
    if not found.by:
        return [_line(found, [found.total], "all accounts")]
    lines = [_line(found, [each], each.name or NONE) for each in found.territories[:limit]]
    if rest := found.territories[limit:]:
        lines.append(_line(found, rest, f"all others ({len(rest):,})"))
    return [*lines, _line(found, found.territories, "total")]


def _line(found: Market, some: Sequence[Territory], name: str) -> _Line:
    counts = found.look_alikes.counts if found.look_alikes else {}
    return _Line(name, together(some), sum(counts.get(each.name, 0) for each in some))


def _standing(found: Market, lines: Sequence[_Line]) -> Block:
    looked = found.look_alikes is not None and found.look_alikes.studied.verdict is Verdict.FOUND
    titles = f"{found.by or ' '}|>market|>customers|>owned|>unowned|>penetration|>out of scope"
    rows = [(*_stands(line), *([f"{line.alike:,}"] if looked else [])) for line in lines]
    return table(titles + ("|>look-alikes" if looked else ""), rows)


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
            yield _worthy(sum_.value)
        yield f"{market.valued / market.accounts:.0%}" if market.accounts else ""

    return table(f"{found.by or ' '}|>market|>customers|>owned|>unowned|>filled", [tuple(cells(one)) for one in lines])


def _motions(found: Market, lines: Sequence[_Line]) -> Block:
    titles = "|".join((found.by or " ", *(f">{name}" for name in found.motions)))
    rows = [(line.name, *(_sum(line.sums.motions.get(name), found) for name in found.motions)) for line in lines]
    return table(titles, rows)


def _renewals(found: Market, lines: Sequence[_Line]) -> Block:
    this, following = found.quarters.names
    told = [line for line in lines if line.sums.due]
    rows = [(line.name, *(_sum(line.sums.due.get(due), found) for due in Due)) for line in told]
    return table(f"{found.by or ' '}|>overdue|>due in {this}|>due in {following}", rows)


def _sum(found: Sum | None, asked: Market) -> str:
    if found is None or not found.accounts:
        return ""
    return f"{found.accounts:,}" + (f" ({_worthy(found.value)})" if asked.value else "")


# Look-alikes


def _alike(found: Market, alike: LookAlikes, shown: set[str]) -> Iterator[Block]:
    studied = alike.studied
    tone = Tone.GOOD if studied.verdict is Verdict.FOUND else Tone.WARN
    yield Heading("Look-alikes of customers")
    yield Text(f"{studied.verdict.value}: {studied.why}", tone)
    yield Fields(tuple(_compared(alike)))
    if studied.fields.suspects:
        yield Heading("Fields that may only say who is a customer")
        yield Items(tuple(Text(_suspected(each), Tone.WARN) for each in studied.fields.suspects))
    if studied.model is not None:
        yield Heading("What customers have in common")
        rows = [row for each in studied.model.fields for row in _shared(each)]
        yield table("field|~value|>of customers|>of others|>times", rows)
        yield Heading(f"The best {alike.among.value} accounts{' of each ' + found.by if found.by else ''}")
        yield from _best(found, [each for each in alike.best if each.territory in shown])


def _suspected(each: Suspect) -> str:
    return f"{each.field}, {'kept' if each.kept else 'set aside'}: {each.evidence}"


def _compared(alike: LookAlikes) -> Iterator[tuple[str, str]]:
    studied = alike.studied
    customers = count(studied.customers, "customer")
    yield "compared", f"{customers} with {studied.others:,} others in scope{_sampled(studied)}"
    if studied.model is not None:
        used = ", ".join(each.field for each in studied.model.fields) or "no field"
        yield "told by", used
        if studied.model.same:
            yield "repeats", ", ".join(f"{one} says what {other} says" for one, other in studied.model.same.items())
    if unused := _unused(studied):
        yield "not used", f"{', '.join(each.field for each in unused)} (--format json says why)"
    if studied.model is not None:
        found = f"{sum(alike.counts.values()):,} of {alike.looked_at:,} {alike.among.value} accounts"
        yield "found", f"{found} are as typical as half of the customers"


def _unused(studied: Studied) -> list[Unusable]:
    """Fields that nothing is said of elsewhere."""
    model = studied.model
    told = (
        {each.field for each in model.fields} | model.same.keys()
        if model
        else {each.name for each in studied.fields.used}
    )
    even = [Unusable(each.name, ALIKE) for each in studied.fields.used if each.name not in told]
    return sorted([*studied.fields.unusable, *even], key=lambda each: each.field)


def _sampled(studied: Studied) -> str:
    wins, others = studied.taught
    if (wins, others) == (studied.customers, studied.others):
        return ""
    return f"; {wins:,} and {others:,} of them, picked by hash, teach and judge"


def _shared(each: Evidence) -> Iterator[tuple[str, ...]]:
    for line in _strongest(each)[:FEW]:
        ours, theirs = line.won / each.won, line.others / each.others
        yield each.field, line.bin.said, f"{ours:.0%}", f"{theirs:.0%}", f"{ours / theirs:.1f}" if theirs else ""


def _strongest(each: Evidence) -> list[Line]:
    return sorted((line for line in each.lines if line.weight >= CLEAR), key=lambda line: -line.weight)


def _worthy(value: float) -> str:
    """A sum without the digits that nobody reads."""
    return f"{value:,.0f}" if abs(value) >= WHOLE else figure(value)


def _best(found: Market, best: Sequence[LookAlike]) -> Iterator[Block]:
    if not best:
        yield Text("none: nothing speaks for any of them")
        return
    titles = [found.by, "account", "id", "owner", ">likeness", f">{found.value}" if found.value else "", "~because"]
    yield table("|".join(title for title in titles if title), [tuple(_row(found, each)) for each in best])
    yield Text("likeness: the share of customers that are less typical than the account", Tone.QUIET)


def _row(found: Market, each: LookAlike) -> Iterator[str]:
    if found.by:
        yield each.territory or NONE
    name, owner = found.names.get(each.account, (each.account, ""))
    yield name
    yield each.account
    yield owner
    yield f"{each.likeness:.0%}"
    if found.value:
        yield "" if each.value is None else _worthy(each.value)
    yield "; ".join(_reason(one) for one in each.reasons[:FEW] if one.weight >= CLEAR)


def _reason(one: Reason) -> str:
    return f"{one.field} {one.value}, as {one.won:.0%} of customers and {one.others:.0%} of others"


# As JSON


def _payload(found: Market) -> dict[str, object]:
    this, following = found.quarters.names
    alike = found.look_alikes
    return {
        "at": found.at,
        "by": found.by,
        "value": found.value,
        "motions": found.motions,
        "renewal": found.renewal,
        "this_quarter": this,
        "next_quarter": following,
        "territories": [_territory(line, alike) for line in found.territories],
        "total": _territory(found.total, None),
        "look_alikes": None if alike is None else _found(found, alike),
    }


def _territory(line: Territory, alike: LookAlikes | None) -> dict[str, object]:
    stands = {"customers": Stand.CUSTOMER, "owned": Stand.OWNED, "unowned": Stand.UNOWNED, "out_of_scope": Stand.OUT}
    return {
        "name": line.name,
        "market": line.market,
        **{name: line.stand(stand) for name, stand in stands.items()},
        "penetration": line.penetration,
        "motions": line.motions,
        "renewals": {due.name.lower(): line.due.get(due, Sum()) for due in Due},
        **({"look_alikes": alike.counts.get(line.name, 0)} if alike else {}),
    }


def _found(found: Market, alike: LookAlikes) -> dict[str, object]:
    studied = alike.studied
    return {
        "verdict": studied.verdict.name.lower(),
        "why": studied.why,
        "customers": studied.customers,
        "others": studied.others,
        "taught": {"customers": studied.taught[0], "others": studied.taught[1]},
        "auc": studied.auc,
        "suspects": studied.fields.suspects,
        "unusable": _unused(studied),
        "fields": [_field(each) for each in studied.model.fields] if studied.model else [],
        "repeats": studied.model.same if studied.model else {},
        "among": alike.among,
        "looked_at": alike.looked_at,
        "found": sum(alike.counts.values()),
        "best": [_account(found, each) for each in alike.best],
    }


def _field(each: Evidence) -> dict[str, object]:
    lines = [{"value": line.bin.said, "weight": line.weight, "customers": line.won, "others": line.others}
             for line in each.lines if line.won or line.others]  # fmt: skip
    return {"field": each.field, "strength": each.strength, "values": lines}


def _account(found: Market, each: LookAlike) -> dict[str, object]:
    name, owner = found.names.get(each.account, (each.account, ""))
    return {
        "territory": each.territory,
        "account": each.account,
        "name": name,
        "owner": owner,
        "likeness": each.likeness,
        "value": each.value,
        "reasons": each.reasons,
    }
