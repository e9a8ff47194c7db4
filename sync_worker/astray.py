"""The self-check of facts and outcomes: made anew beside what was kept, they must be the same. What is not is mended.

Once a day while deciding, and on demand. It needs the facts and outcomes to be up to date, and knows no rule.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from rules import needs
from sync_worker.store import changes, facts, outcomes, settings
from sync_worker.store.days import number

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from rules import Ruleset
    from sync_worker.store.facts import FactSettings, Refreshed
    from sync_worker.store.outcomes import Evaluated

_CHECKED = "checked_on"


@dataclass(frozen=True, slots=True)
class Astray:
    """How many rows were not what a full pass makes. Anything but 0 is a defect."""

    facts: int
    outcomes: int

    def __bool__(self) -> bool:
        return bool(self.facts or self.outcomes)


@dataclass(frozen=True, slots=True)
class Judged:
    """The outcomes as they are kept now, the accounts whose decision has changed, and what the self-check found."""

    evaluated: Evaluated
    changed: frozenset[str]
    astray: Astray
    facts: int
    """The state of the facts that the outcomes rest on."""


def judge(tx: Connection, rules: Ruleset, how: FactSettings, refreshed: Refreshed) -> Judged:
    """Bring the outcomes up to date with the facts that were just refreshed. The first time on a day, check both.

    Where somebody else changes records meanwhile, the next time as well: what they change is not told from the rest.
    """
    now = refreshed.now
    due = settings.get(tx, _CHECKED) != number(now)
    wrong = facts.check(tx, needs(rules), now=now, settings=how, mend=True) if due and not refreshed.full else 0
    evaluated = outcomes.evaluate(tx, rules, now=now)
    changed, lost = set(outcomes.changed(tx, evaluated)), 0
    if due and not evaluated.full:
        lost, mended = outcomes.check(tx, rules, now=now, mend=True)
        evaluated = mended or evaluated
        changed.update(outcomes.changed(tx, mended) if mended else ())
    if due and not changes.noted(tx):
        settings.put(tx, _CHECKED, number(now), now)
    return Judged(evaluated, frozenset(changed), Astray(wrong, lost), facts.latest(tx))


def look(tx: Connection, rules: Ruleset, how: FactSettings, refreshed: Refreshed) -> Astray:
    """Bring the outcomes up to date, and say how much would be otherwise if all were made anew. It mends nothing."""
    now = refreshed.now
    outcomes.evaluate(tx, rules, now=now)
    wrong = facts.check(tx, needs(rules), now=now, settings=how, mend=False)
    return Astray(wrong, outcomes.check(tx, rules, now=now, mend=False)[0])


def check_again(tx: Connection) -> None:
    """Let the next ``judge`` check, whatever the day."""
    settings.delete(tx, _CHECKED)
