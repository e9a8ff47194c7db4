"""Who else might have an account, by the next plan's own steps: rivals, what each is short of, and who is out."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sync_worker.assigning.limits import policies
from sync_worker.assigning.priced import priced_books
from sync_worker.assigning.steps import as_books_find_it, position
from sync_worker.core.contest import contest
from sync_worker.decide import everyone, people_of

if TYPE_CHECKING:
    from datetime import datetime

    from sqlalchemy import Connection

    from rules import Ruleset
    from sync_worker.core.contest import Contest
    from sync_worker.parts import Parts


def contest_for(tx: Connection, parts: Parts, rules: Ruleset, account: str, now: datetime) -> Contest | None:
    """The account's contest as the next plan would have it; None where no book takes it, or no rule lets it in.

    All accounts are looked at, since what one rep is to get depends on what the others have.
    """
    if not rules.books:
        return None
    everybody = people_of(tx, parts)
    start = position(tx, parts, rules, everybody, everyone(tx, parts, rules, now), now)
    books, _ = policies(tx, rules, everybody, now)
    found = as_books_find_it(tx, parts, rules, everybody, start, now)
    return contest(account, found, books, priced_books(tx, books, None, now))
