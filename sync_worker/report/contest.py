"""Who might have an account, as ``explain`` tells it to whoever got it and to whoever did not."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from sync_worker.report.document import Heading, Text, Tone, table
from sync_worker.report.words import count, figure

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sync_worker.core.contest import Candidate, Contest
    from sync_worker.report.document import Block

MOST = 8
"""Candidates, and reps who are out of the question, that are told by name."""

BEYOND = 10
"""A place that costs more than this many times what the account is worth has no price: no account could leave it."""


def contested(found: Contest | None) -> Iterator[Block]:
    """The candidates, the margin, and who is out of the question."""
    if found is None:
        return
    yield Heading(
        f"Who might have it? The book {found.book}, filled {'by prices' if found.by == 'prices' else 'in turns'}"
    )
    if found.candidates:
        by_prices = found.candidates[0].net is not None
        heads = "rep|>worth|>place|>evenness|>move|>net|>has|" if by_prices else "rep|>has|>full|"
        told = found.candidates[:MOST]
        yield table(heads, [_priced(one, found) if by_prices else _turned(one, found) for one in told])
        if len(told) < len(found.candidates):
            yield Text(f"… and {count(len(found.candidates) - len(told), 'more rep')} behind these", Tone.QUIET)
    if line := _margin(found):
        yield Text(line)
    if found.because:
        yield Text(f"Nobody gets it with the next plan: {found.because}.")
    yield from _excluded(found)


def _priced(one: Candidate, found: Contest) -> tuple[str, ...]:
    figures = (one.worth, None, one.evenness, one.move, None) if _closed(one) else _weighed(one)
    has = f"{one.load:,} of {one.capacity:,}"
    return one.name, *("" if number is None else _points(number) for number in figures), has, _state(one, found)


def _points(number: float) -> str:
    return f"{round(number, 1) + 0.0:,.1f}"  # nothing is 0.0, and never -0.0


def _weighed(one: Candidate) -> tuple[float | None, ...]:
    return one.worth, one.slot, one.evenness, one.move, one.net


def _closed(one: Candidate) -> bool:
    """Whether the book is full, and nothing that could leave it sets a price for a place."""
    return one.bar == "full" and (one.slot or 0.0) > BEYOND * max(one.worth or 0.0, 1.0)


def _turned(one: Candidate, found: Contest) -> tuple[str, ...]:
    full = f"{one.load / one.capacity:.0%}" if one.capacity else "no room"
    return one.name, f"{one.load:,} of {one.capacity:,}", full, _state(one, found)


def _state(one: Candidate, found: Contest) -> str:
    if one.rep == found.chosen:
        state = "has it" if found.owner == one.rep else "gets it"
    else:
        state = {"full": "has no place left", "limit": "has all that a period gives"}.get(one.bar, "")
    return ", ".join([*([state] if state else []), *one.suits])


def _margin(found: Contest) -> str:
    names = {one.rep: one for one in found.candidates}
    if found.chosen not in names:
        return ""
    chosen = names[found.chosen]
    place = f" A place with {chosen.name} costs {figure(chosen.slot)} points." if chosen.slot else ""
    if found.runner_up not in names:
        return f"{chosen.name} is the only one who may have it.{place}"
    return _before(chosen, names[found.runner_up], found) + ("" if found.margin is None else place)


def _before(chosen: Candidate, rival: Candidate, found: Contest) -> str:
    if found.margin is None and found.owner == found.chosen:
        return f"If it came to the pool, {rival.name} would come before the others."
    if found.margin is None:
        return f"{rival.name} comes next after {chosen.name}."
    if _closed(rival):
        return f"{rival.name} comes next after {chosen.name}, but has no place left."
    if found.margin >= 0:
        return f"{chosen.name} is ahead of {rival.name} by {figure(found.margin)} points."
    behind = f"{rival.name} is ahead of {chosen.name} by {figure(-found.margin)} points"
    return f"{behind}, but has no place or no move left."


def _excluded(found: Contest) -> Iterator[Block]:
    alike = Counter(one.because for one in found.excluded)
    for because, number in sorted(alike.items(), key=lambda pair: (pair[1], pair[0])):
        names = [one.name for one in found.excluded if one.because == because]
        who = ", ".join(names) if number <= MOST else f"{count(number, 'rep')}"
        yield Text(f"Out of the question: {who} ({because}).", Tone.QUIET)
