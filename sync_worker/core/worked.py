"""How what reps own is worked, as their books expect: green, amber or red. Counts; decides nothing."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from sync_worker.core.model import Decision

STATES = ("green", "amber", "red")


def worked(decisions: Iterable[Decision], names: Mapping[str, str], pool_user: str) -> dict[str, object]:
    """Owned accounts in scope by book and state, and the same by rep, as JSON; empty where no book says what is worked.

    ``decisions`` are those in scope, with reps for users. What waits in the pool is nobody's work and does not count.
    """
    counted = Counter(
        (decision.book or "", decision.owner or "", decision.worked)
        for decision in decisions
        if decision.worked and decision.owner not in {None, pool_user}
    )
    if not counted:
        return {}
    books = sorted({book for book, _, _ in counted})
    reps = sorted({(names.get(rep, rep), rep, book) for book, rep, _ in counted})
    by_book: Counter[tuple[str, str]] = Counter()
    for (book, _, state), count in counted.items():
        by_book[book, state] += count
    return {
        "books": [{"book": book, **{state: by_book[book, state] for state in STATES}} for book in books],
        "reps": [
            {"rep": rep, "name": name, "book": book, **{state: counted[book, rep, state] for state in STATES}}
            for name, rep, book in reps
        ],
    }
