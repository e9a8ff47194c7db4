"""View of ``explain``: fair to the rep who lost an account, and to the one who did not get it."""

from __future__ import annotations

from dataclasses import fields
from itertools import groupby
from typing import TYPE_CHECKING

from sync_worker.report.contest import contested
from sync_worker.report.document import Fields, Heading, Items, Text, Tone, table
from sync_worker.report.words import day, figure, instant, value

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence
    from datetime import datetime

    from sync_worker.core.model import Points
    from sync_worker.explain import Capped, Explanation, Nearest, NextTier, Past, RuleTried, TermCounted, Told
    from sync_worker.report.document import Answer, Block
    from sync_worker.store.origins import Statement

SECTIONS = {
    "scope": "May the worker touch it at all? (one match is enough)",
    "protect": "Is it protected? (the first match decides)",
    "return": "Does it go back to the pool? (the first match decides)",
    "book": "Which book does it belong to? (the first match decides)",
    "routes": "Which way does it go to a rep? (the first match decides)",
    "service_levels": "How soon is it to be touched? (the first match decides)",
    "worked": "Is it worked as its book expects? (the first match decides)",
    "affinity": "What of it makes some reps the better ones?",
    "covers": "Is it looked after while its owner is away? (the first match decides)",
}


def explained(found: Explanation) -> Answer:
    """``explain``."""
    document = (
        Heading(f"{found.name} ({found.account})"),
        Text(found.verdict),
        *(Text(one) for one in found.meanwhile),
        *(Text(sentence(one)) for one in found.nearest),
        Fields(tuple(_standing(found))),
        *_told(found.told),
        *_next_tiers(found),
        *contested(found.contest),
        *_contacts(found),
        *_sources(found),
        *_signals(found),
        *_matches(found),
        *_owners(found),
        *_turn(found),
        *_plans(found),
    )
    return document, {"explanation": flat(found)}


def past(found: Past) -> Answer:
    """``explain --at``."""
    document = (
        Heading(f"{found.name} ({found.account}) on {instant(found.asked)}"),
        Text(found.verdict),
        Fields(tuple(_stood(found))),
        *_not_kept(found),
        *_told(found.told),
        *_changed(found),
        *_owners(found),
        *_plans(found),
    )
    return document, {"explanation": flat(found)}


def sentence(found: Nearest) -> str:
    """As in: It would be in scope if country were DE (it is empty) and employees were 50 or more (it is 20)."""
    each = [f"{one.what} were {one.wanted} (it is {value(one.seen)})" for one in found.lacking]
    told = f"{found.outcome} if {' and '.join(each)}"
    return f"{told}: on its own that happens on {found.on.isoformat()}." if found.on else f"{told}."


def flat(found: Explanation | Past) -> dict[str, object]:
    """The object for ``--format json``: what the rules said stands beside the rest."""
    own = {field.name: getattr(found, field.name) for field in fields(found) if field.name != "told"}
    return {**own, **{field.name.rstrip("_"): getattr(found.told, field.name) for field in fields(found.told)}}


def _standing(found: Explanation) -> Iterator[tuple[str, str]]:
    yield "owner", found.owner or "nobody"
    yield "seen", f"{instant(found.at)}, rules {found.rules_version[:12]}"
    if found.held:
        yield "held", found.held
    if found.resting:
        yield "resting", f"in the pool until {found.resting_until}, after its return"


def _stood(found: Past) -> Iterator[tuple[str, str]]:
    yield "owner", found.owner
    run = f" in run {found.cycle}" if found.cycle else ""
    yield "decided", f"{instant(found.at)}{run}, rules {found.rules_version[:12]}"
    if found.held:
        yield "held", found.held
    if found.resting:
        yield "resting", "it stayed in the pool for a time after its return"
    for came in found.newer:
        yield "since then", f"rules {came.version[:12]} came on {instant(came.at)} and decided the same"


def _not_kept(found: Past) -> Iterator[Block]:
    if not found.kept:
        yield Text("The rules of that day were not kept: what they said is known, not how they read.", Tone.WARN)


def _changed(found: Past) -> Iterator[Block]:
    if found.changed:
        yield Heading("What that decision changed")
        yield Items(tuple(Text(line) for line in found.changed))


def _told(told: Told) -> Iterator[Block]:
    """What the rules said: the same blocks today and years later."""
    yield from _tables(told)
    yield from _rules(told.rules)
    yield from _scores(told)
    yield from _empty(told)


def _tables(told: Told) -> Iterator[Block]:
    if told.tables:
        yield Heading("What tables and grids say of it")
        rows = [(made.table, _seen(made.gave), _seen(made.values) or made.text) for made in told.tables]
        yield table("table|~says|~saw", rows)


def _rules(rules: Iterable[RuleTried]) -> Iterator[Block]:
    for (section, group), members in groupby(rules, key=lambda rule: (rule.section, rule.group)):
        in_scheme = group and section == "segments"
        yield Heading(
            f"Which {group} is it? (the first match decides)" if in_scheme else SECTIONS.get(section, section)
        )
        yield from _section(list(members))


def _section(rules: Sequence[RuleTried]) -> Iterator[Block]:
    rows = [_tried(rule) for rule in rules if rule.holds is not None]
    why = any(row[-1] for row in rows)
    if rows:
        yield table("|rule|~condition|~saw" + ("|~because" if why else ""), [row if why else row[:-1] for row in rows])
    if rest := [rule.id for rule in rules if rule.holds is None]:
        yield Text(f"not tried, since the decision had fallen: {', '.join(rest)}", Tone.QUIET)


def _tried(rule: RuleTried) -> tuple[str, ...]:
    mark = "DECIDES" if rule.decides else "yes" if rule.holds else "no"
    return mark, rule.id, " ".join(rule.text.split()), _seen(rule.values), rule.because if rule.holds else ""


def _seen(values: Mapping[str, object]) -> str:
    return ", ".join(f"{name} = {value(seen)}" for name, seen in values.items())


def _scores(told: Told) -> Iterator[Block]:
    for score, members in groupby(told.terms, key=lambda term: term.score):
        total, tier = told.scores.get(score, (0.0, ""))
        yield Heading(f"Score {score}: {figure(total)} points" + (f", tier {tier}" if tier else ""))
        yield table("part|>points|>most|~why|~saw", [_term(term) for term in members])
        if margin := told.margins.get(score):
            text = f"the CRM keeps the tier that it has until the score is {figure(margin)} points beyond the border"
            yield Text(text, Tone.QUIET)
        for capped in told.caps:
            if capped.score == score:
                yield Text(_capped(capped), Tone.QUIET)


def _next_tiers(found: Explanation) -> Iterator[Block]:
    if found.next_tiers:
        yield Heading("The next tier")
        yield Items(tuple(Text(_next_tier(one)) for one in found.next_tiers))


def _next_tier(one: NextTier) -> str:
    """``priority: 9.52 points short of tier B, which begins at 45``, and what would bring them."""
    short = f"{one.score}: {figure(one.missing)} points short of tier {one.tier}, which begins at {figure(one.floor)}"
    return "\n".join([short, *(sentence(way) for way in one.nearest)])


def _term(term: TermCounted) -> tuple[str, ...]:
    return term.part, figure(term.points), figure(term.most), term.because, _seen(term.values)


def _capped(capped: Capped) -> str:
    """``fit adds up to 52 and counts 40: its cap lets it count no more``."""
    bound = "more" if capped.sum > capped.points else "less"
    what = f"{capped.part or 'the whole'} adds up to {figure(capped.sum)} and counts {figure(capped.points)}"
    return f"{what}: its cap lets it count no {bound}"


def _empty(told: Told) -> Iterator[Block]:
    if told.empty:
        yield Heading("Empty, though the rules read it")
        yield table("field|~read in vain by", [(name, ", ".join(told.kept_from.get(name, ()))) for name in told.empty])


def _contacts(found: Explanation) -> Iterator[Block]:
    """Whom to call: by each score of contacts the best of the account."""
    for score, members in groupby(found.contacts, key=lambda one: one.score):
        listed = list(members)
        tier = "|tier" if any(one.tier for one in listed) else ""
        yield Heading(f"Best contacts by {score}")
        rows = [
            (one.name, one.title, figure(one.total), *((one.tier,) if tier else ()), _reasons(one.points))
            for one in listed
        ]
        yield table(f"contact|title|>points{tier}|~why", rows)


def _reasons(points: Iterable[Points]) -> str:
    """``Met us 25, Decides 20``."""
    return ", ".join(f"{one.because} {figure(one.points)}" for one in points)


def _sources(found: Explanation) -> Iterator[Block]:
    if found.sources:
        yield Heading("Where values come from, where sources differ")
        yield Items(tuple(Text(_disputed(name, said)) for name, said in found.sources.items()))


def _disputed(name: str, said: Sequence[Statement]) -> str:
    """``employees 500 from zoominfo (2026-11-01); salesforce says 450``."""
    first, *others = said
    more = [f"{one.source} says {value(one.value)}{_seen_on(one.observed_at)}" for one in others]
    return "; ".join([f"{name} {value(first.value)} from {first.source}{_seen_on(first.observed_at)}", *more])


def _seen_on(at: datetime | None) -> str:
    return f" ({day(at)})" if at else ""


def _matches(found: Explanation) -> Iterator[Block]:
    """Leads and lines of files, and why they are taken to be about the account."""
    if found.matches:
        yield Heading("Leads and files matched to it")
        yield table(
            "match|of|what|stands|>likeness|~why",
            [(m.id, m.source, m.name, m.state, f"{m.score:.2f}", m.because) for m in found.matches],
        )


def _signals(found: Explanation) -> Iterator[Block]:
    if found.signals:
        yield Heading("Signs of intent")
        yield table(
            "topic|source|>score|seen|counts until|",
            [
                (
                    one.topic,
                    one.source,
                    figure(one.score),
                    day(one.observed_at) if one.observed_at else "",
                    day(one.expires_at) if one.expires_at else "",
                    "stale" if one.stale else "live",
                )
                for one in found.signals
            ],
        )


def _owners(found: Explanation | Past) -> Iterator[Block]:
    if found.owners:
        yield Heading("Owners, the latest first")
        rows = [(instant(c.at), c.before, c.after, c.because if c.plan else "by hand") for c in found.owners]
        yield table("when|from|to|~why", rows)


def _turn(found: Explanation) -> Iterator[Block]:
    """Whom a route considered, and why it was that one's turn."""
    if (turn := found.turn) is None:
        return
    when = "In the next plan" if turn.next else f"On {day(turn.at)}, plan {turn.plan} ({turn.state})"
    yield Heading(f"Whose turn is it? The route {turn.route}")
    goes = f"it goes to {turn.goes_to}" if turn.goes_to else "nobody gets it"
    yield Text(f"{when}: {goes}{': ' if turn.because else ''}{turn.because}.")
    rows = [
        (one.name, figure(one.received), figure(one.entitled), "gets it" if one.got_it else one.because)
        for one in turn.candidates
    ]
    yield table("considered|>received|>entitled|~", rows)


def _plans(found: Explanation | Past) -> Iterator[Block]:
    if found.plan_rows:
        yield Heading("Plans")
        yield Items(tuple(Text(line) for line in found.plan_rows))
