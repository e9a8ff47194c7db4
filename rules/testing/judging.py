"""What was expected against what came out, and why it came out so. Pure: it is told what the engine said."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rules.testing.model import ANY, Failure, Result, Subject

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from rules.testing.model import Counted, Expectation, Outcome, RuleTest, Scored, Tried, Value

_CLOSE = 0.005
"""Figures are compared as reports show them: to two digits behind the point."""
SECTION_OF_BOOKS = "books"


def judged(test: RuleTest, outcome: Outcome) -> Result:
    """What became of a test."""
    return Result(test, tuple(failure for one in test.expected if (failure := _failure(one, outcome)) is not None))


def _failure(expected: Expectation, outcome: Outcome) -> Failure | None:
    got = _got(expected, outcome)
    if _met(expected, got):
        return None
    wanted = ANY if expected.wanted == ANY else _told(expected, expected.wanted)
    return Failure(expected, _sentence(expected, wanted), _told(expected, got), tuple(_why(expected, outcome)))


def _got(expected: Expectation, outcome: Outcome) -> Value:  # noqa: PLR0911 - one return for each subject
    owner, item = expected.owner, expected.item
    match expected.subject:
        case Subject.RULE:
            return outcome.decided.get(owner)
        case Subject.FIELD:
            return outcome.fields.get(owner)
        case Subject.TOTAL | Subject.AT_LEAST | Subject.AT_MOST:
            return outcome.totals[owner]
        case Subject.TIER:
            return outcome.tiers[owner]
        case Subject.PART:
            return outcome.parts[owner, item]
        case Subject.POINTS:
            return next(one.points for one in outcome.counted if (one.score, one.term) == (owner, item))
        case Subject.ELIGIBLE:
            return owner in outcome.eligible
        case Subject.CAPACITY:
            return outcome.eligible.get(owner)
        case Subject.CONTACT:
            return _scored(expected, outcome).total


def _met(expected: Expectation, got: Value) -> bool:
    wanted = expected.wanted
    if expected.subject is Subject.RULE and wanted == ANY:
        return got is not None
    if _is_figure(wanted) and _is_figure(got):
        difference = float(str(got)) - float(str(wanted))
        low = -_CLOSE if expected.subject is not Subject.AT_MOST else float("-inf")
        high = _CLOSE if expected.subject is not Subject.AT_LEAST else float("inf")
        return low <= difference <= high
    return got == wanted


def _is_figure(value: Value) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _sentence(expected: Expectation, wanted: str) -> str:
    bound = expected.subject in (Subject.AT_LEAST, Subject.AT_MOST)
    return f"{expected.subject} {wanted}" if bound else wanted


def _told(expected: Expectation, value: Value) -> str:
    if expected.subject is Subject.ELIGIBLE:
        return "eligible" if value else "not eligible"
    if value is None and expected.subject is Subject.RULE:
        return "none"
    return shown(value)


def shown(value: Value) -> str:
    """A value as a person reads it; figures to two digits behind the point."""
    if value is None:
        return "empty"
    if isinstance(value, bool):
        return "yes" if value else "no"
    return f"{value:,.2f}".rstrip("0").rstrip(".") if isinstance(value, int | float) else value


# Why


def _why(expected: Expectation, outcome: Outcome) -> Iterator[str]:
    owner = expected.owner
    match expected.subject:
        case Subject.RULE:
            yield from _tried(outcome, owner, wanted=str(expected.wanted))
        case Subject.FIELD:
            yield from _tried(outcome, owner, wanted=str(expected.wanted))
        case Subject.ELIGIBLE | Subject.CAPACITY:
            book = outcome.decided.get("book")
            yield f"the account's book is {book}" if book else "no book takes the account"
            if book:
                yield f"eligible for it: {', '.join(outcome.eligible) or 'nobody'}"
        case Subject.CONTACT:
            points = _scored(expected, outcome).points
            yield "; ".join(f"{term} {shown(value)}" for term, value in points.items())
        case _:
            yield from _points(outcome, owner)


def _scored(expected: Expectation, outcome: Outcome) -> Scored:
    """What the contact has that is expected to have something."""
    wanted = expected.owner, expected.item
    return next(one for one in outcome.contacts if (one.score, one.contact) == wanted)


def _tried(outcome: Outcome, section: str, wanted: str) -> Iterator[str]:
    """The rules that were tried, up to the first that holds, and the one that was wanted."""
    found = [one for one in outcome.tried if one.section == section]
    first = next((number for number, one in enumerate(found) if one.decides), len(found))
    for number, one in enumerate(found):
        if number <= first:
            yield _line(one, "decides" if one.decides else "no")
        elif one.id == wanted:
            yield _line(one, "comes later" if one.holds else "no")


def _line(one: Tried, verdict: str) -> str:
    text = " ".join(one.text.split())
    return f"{verdict}: {one.id}" + (f": {text}" if text else "") + _seen(one.seen)


def _points(outcome: Outcome, score: str) -> Iterator[str]:
    for part in dict.fromkeys(one.part for one in outcome.counted if one.score == score):
        terms = [one for one in outcome.counted if (one.score, one.part) == (score, part)]
        yield f"{part} {shown(outcome.parts[score, part])}: {'; '.join(map(_term, terms))}"


def _term(one: Counted) -> str:
    return f"{one.term} {shown(one.points)}{_seen(one.seen)}"


def _seen(seen: Mapping[str, Value]) -> str:
    return f" ({', '.join(f'{name} = {shown(value)}' for name, value in seen.items())})" if seen else ""
