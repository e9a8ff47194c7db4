"""What an explanation tells besides the rules: covers that run."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from sqlalchemy import insert

from sync_worker.explain.meanwhile import meanwhile
from sync_worker.store.schema import owner_history, plan, plan_row

if TYPE_CHECKING:
    from pathlib import Path

from tests.explain.little import NOW, Company


def test_a_cover_is_told_until_the_account_has_gone_back(tmp_path: Path) -> None:
    with Company(tmp_path) as company, company.parts.store.begin() as tx:
        tx.execute(
            insert(plan).values(
                id="p", hash="h", created_at=NOW, expires_at=NOW, state="applied", rules_version="", config_digest="",
                worker_version="", guards=[], summary={},
            )
        )  # fmt: skip
        for number, rule, before, after in ((1, "cover:deals", "ann", "bob"), (2, "cover-end:deals", "bob", "ann")):
            tx.execute(
                insert(plan_row).values(
                    plan_id="p", number=number, crm="salesforce", account_id="a1", account_name="", kind="owner",
                    before={"owner": before}, after={"owner": after}, rule=rule, reason="", read_set="",
                    state="verified", sent_at=NOW,
                )
            )  # fmt: skip
            tx.execute(
                insert(owner_history).values(
                    account_id="a1", at=NOW + timedelta(minutes=number), before=before, after=after, plan_id="p",
                    row_number=number,
                )
            )  # fmt: skip
            told = list(meanwhile(tx, "a1", NOW))
            assert told == (["bob looks after it for ann, to whom it goes back by itself."] if number == 1 else [])
