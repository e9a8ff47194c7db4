"""Which of several accounts that would all do is meant. The order of the questions is the same everywhere."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sync_worker.core.matching.names import name_of
from sync_worker.core.matching.places import city_of, country_of
from sync_worker.core.matching.values import AMBIGUOUS, Standing

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Mapping

    from sync_worker.core.matching.values import Known, Sought

    Ask = Callable[[Collection[str]], Mapping[str, Standing]]

NOWHERE = Standing()

NAMED = 3
"""How many of the accounts a match lay between are named."""


def settle(
    sought: Sought, records: Iterable[Known], standing: Mapping[str, Standing]
) -> tuple[str, str] | tuple[None, str]:
    """The account that is meant, and what it alone has; None where no question sets one apart.

    In this order: it has the name, it is in the country, it has no parent, it has open opportunities, a rep owns it,
    it was touched last. A question that leaves several goes on with these.
    """
    left: dict[str, list[Known]] = {}
    for record in records:
        left.setdefault(record.account, []).append(record)
    for words, holds in _questions(sought, left, standing):
        yes = {account: known for account, known in left.items() if holds(account)}
        if len(yes) == 1:
            return next(iter(yes)), words
        left = yes or left
    return None, ""


def undecided(accounts: Collection[str], what: str) -> str:
    """That it is nobody's, with the accounts that it lies between."""
    named = ", ".join(sorted(accounts)[:NAMED]) + (", …" if len(accounts) > NAMED else "")
    return f"{AMBIGUOUS}{len(accounts)} accounts have {what}: {named}"


def _questions(
    sought: Sought, accounts: Mapping[str, list[Known]], standing: Mapping[str, Standing]
) -> list[tuple[str, Callable[[str], bool]]]:
    """Each question's answer in words, and what asks it of an account."""
    country, name = country_of(sought.country), name_of(sought.name).words if sought.name else ()

    spelling = city_of(sought.name)

    def named(account: str) -> bool:
        return bool(name) and any(name_of(record.name).words == name for record in accounts[account])

    def spelt(account: str) -> bool:
        return bool(name) and any(city_of(record.name) == spelling for record in accounts[account])

    def at_home(account: str) -> bool:
        return bool(country) and any(country_of(record.country) == country for record in accounts[account])

    def on_top(account: str) -> bool:
        return not any(record.child for record in accounts[account])

    def stands(account: str) -> Standing:
        return standing.get(account, NOWHERE)

    latest = max((stands(account).touched for account in accounts), default="")
    return [
        (f"is called {sought.name}", named),
        (f"is spelt {sought.name}", spelt),
        (f"is in {sought.country}", at_home),
        ("has no parent", on_top),
        ("has open opportunities", lambda account: stands(account).deals > 0),
        ("is a rep's", lambda account: stands(account).owned),
        ("was touched last", lambda account: bool(latest) and stands(account).touched == latest),
    ]
