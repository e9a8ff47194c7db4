"""What stands in one field of all accounts, on both engines."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sync_worker.store.standing import filled
from tests.store.crm import account, page, save

if TYPE_CHECKING:
    from datetime import datetime

    from sync_worker.store import Store


def test_a_field_is_told_of_the_accounts_alone_that_have_something_in_it(store: Store, now: datetime) -> None:
    with store.begin() as tx:
        shown = [
            account("a", now, claim="ann@acme.example"),
            account("b", now, claim=" "),
            account("c", now, claim=None),
            account("d", now),
            account("e", now, claim="u7"),
        ]
        save(tx, page(*shown), now)
        assert filled(tx, "claim") == {"a": "ann@acme.example", "e": "u7"}
        assert filled(tx, "nothing") == {}
