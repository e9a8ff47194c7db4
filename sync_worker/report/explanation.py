"""View of ``explain``: fair to the rep who lost an account, and to the one who did not get it."""

from __future__ import annotations

from itertools import groupby
from typing import TYPE_CHECKING

from sync_worker.report.document import Fields, Heading, Items, Text, Tone, table
from sync_worker.report.words import day, figure, instant, value

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from datetime import datetime

    from sync_worker.explain import Explanation, RuleTried, TermCounted
    from sync_worker.report.document import Answer, Block
    from sync_worker.store.origins import Statement

SECTIONS = {
    "scope": "May the worker touch it at all? (one match is enough)",
    "protect": "Is it protected? (the first match decides)",
    "return": "Does it go back to the pool? (the first match decides)",
    "book": "Which book does it belong to? (the first match decides)",
}


def explained(found: Explanation) -> Answer:
    """``explain``."""
    document = (
        Heading(f"{found.name} ({found.account})"),
        Text(found.verdict),
        Fields(tuple(_standing(found))),
        *_rules(found),
        *_scores(found),
        *_empty(found),
        *_sources(found),
        *_signals(found),
        *_owners(found),
        *_plans(found),
    )
    return document, {"explanation": found}


def _standing(found: Explanation) -> Iterator[tuple[str, str]]:
    yield "owner", found.owner or "nobody"
    yield "seen", f"{instant(found.at)}, rules {found.rules_version[:12]}"
    if found.held:
        yield "held", found.held
    if found.resting:
        yield "resting", "it stays in the pool for now after its return"


def _rules(found: Explanation) -> Iterator[Block]:
    for section, members in groupby(found.rules, key=lambda rule: rule.section):
        yield Heading(SECTIONS.get(section, section))
        rows = [_tried(rule) for rule in members]
        why = any(row[-1] for row in rows)
        yield table("|rule|~condition|~saw" + ("|~because" if why else ""), [row if why else row[:-1] for row in rows])


def _tried(rule: RuleTried) -> tuple[str, ...]:
    mark = "DECIDES" if rule.decides else "yes" if rule.holds else "no"
    return mark, rule.id, " ".join(rule.text.split()), _seen(rule.values), rule.because if rule.holds else ""


def _seen(values: Mapping[str, object]) -> str:
    return ", ".join(f"{name} = {value(seen)}" for name, seen in values.items())


def _scores(found: Explanation) -> Iterator[Block]:
    for score, members in groupby(found.terms, key=lambda term: term.score):
        total, tier = found.scores.get(score, (0.0, ""))
        yield Heading(f"Score {score}: {figure(total)} points" + (f", tier {tier}" if tier else ""))
        listed = list(members)
        yield table("part|>points|>most|~why|~saw", [_term(term) for term in listed])
        if round(sum(term.points for term in listed), 6) != round(total, 6):
            yield Text("caps of parts and of the whole make the total differ from the sum", Tone.QUIET)


def _term(term: TermCounted) -> tuple[str, ...]:
    return term.part, figure(term.points), figure(term.most), term.because, _seen(term.values)


def _empty(found: Explanation) -> Iterator[Block]:
    if found.empty:
        yield Text(f"empty in the CRM, though the rules read them: {', '.join(found.empty)}", Tone.WARN)


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


def _owners(found: Explanation) -> Iterator[Block]:
    if found.owners:
        yield Heading("Owners, the latest first")
        rows = [(instant(c.at), c.before, c.after, c.because if c.plan else "by hand") for c in found.owners]
        yield table("when|from|to|~why", rows)


def _plans(found: Explanation) -> Iterator[Block]:
    if found.plan_rows:
        yield Heading("Plans")
        yield Items(tuple(Text(line) for line in found.plan_rows))
