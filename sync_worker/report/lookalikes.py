"""View of look-alikes: what customers share, by what measure, which fields tell nothing, and who is like them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sync_worker.core.market.lookalikes import Verdict
from sync_worker.core.scorecard.leaks import Unusable
from sync_worker.report.document import Column, Fields, Heading, Items, Table, Text, Tone, table
from sync_worker.report.words import amount, count

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Sequence

    from sync_worker.core.market.evidence import Evidence, Line
    from sync_worker.core.market.fields import Suspect
    from sync_worker.core.market.lookalikes import Reason, Studied
    from sync_worker.market import Market
    from sync_worker.market.alike import LookAlike, LookAlikes
    from sync_worker.report.document import Block

NONE = "(none)"
"""What accounts without a territory are counted under."""
ALIKE = "customers and others have its values alike"
FEW = 3
"""Values of each field, and reasons of each account, that are shown; the JSON form has them all."""
CLEAR = 0.18
"""What is less than a fifth more common among customers is not worth a line."""


def alike(found: Market, told: LookAlikes, shown: Collection[str]) -> Iterator[Block]:
    """The part of the answer for people; of the best accounts those of the territories that are ``shown``."""
    studied = told.studied
    tone = Tone.GOOD if studied.verdict is Verdict.FOUND else Tone.WARN
    yield Heading("Look-alikes of customers")
    yield Text(f"{studied.verdict.value}: {studied.why}", tone)
    yield Fields(tuple(_compared(told)))
    if studied.fields.suspects:
        yield Heading("Fields that may only say who is a customer")
        yield Items(tuple(Text(_suspected(each), Tone.WARN) for each in studied.fields.suspects))
    if studied.model is not None:
        yield Heading("What customers have in common")
        rows = [row for each in studied.model.fields for row in _shared(each)]
        yield table("field|~value|>of customers|>of others|>times", rows)
        yield Heading(f"The best {told.among.value} accounts{' of each ' + found.by if found.by else ''}")
        yield from _best(found, [each for each in told.best if each.territory in shown])


def _suspected(each: Suspect) -> str:
    return f"{each.field}, {'kept' if each.kept else 'set aside'}: {each.evidence}"


def _compared(told: LookAlikes) -> Iterator[tuple[str, str]]:
    studied = told.studied
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
        found = f"{sum(told.counts.values()):,} of {told.looked_at:,} {told.among.value} accounts"
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


def _best(found: Market, best: Sequence[LookAlike]) -> Iterator[Block]:
    if not best:
        yield Text("none: nothing speaks for any of them")
        return
    columns = [Column(found.by)] if found.by else []
    columns += [Column("account"), Column("id"), Column("owner"), Column("likeness", right=True)]
    columns += [Column(found.value, right=True)] if found.value else []
    columns += [Column("because", folds=True)]
    yield Table(tuple(columns), tuple(tuple(_row(found, each)) for each in best))
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
        yield "" if each.value is None else amount(each.value)
    yield "; ".join(_reason(one) for one in each.reasons[:FEW] if one.weight >= CLEAR)


def _reason(one: Reason) -> str:
    return f"{one.field} {one.value}, as {one.won:.0%} of customers and {one.others:.0%} of others"


# As JSON


def as_json(found: Market, told: LookAlikes) -> dict[str, object]:
    """The same for scripts: everything."""
    studied = told.studied
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
        "among": told.among,
        "looked_at": told.looked_at,
        "found": sum(told.counts.values()),
        "best": [_account(found, each) for each in told.best],
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
