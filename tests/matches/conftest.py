"""The desk of the tests of files, with leads."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from connectors.port import Cursor, Page, Record, Ref, Stream
from sync_worker.config import MatchingConfig
from sync_worker.store import records
from tests.signals.conftest import (  # noqa: F401 - the same desk, on the stores of both engines
    NOW,
    Desk,
    desk,
)
from tests.store.conftest import postgresql_store, sqlite_store, store, url  # noqa: F401 - as above

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from connectors.port import Value

AUTO = MatchingConfig(auto=0.92)


@pytest.fixture
def show(desk: Desk) -> Callable[..., None]:  # noqa: F811 - pytest hands it over
    """Let a CRM show records of a stream: ``show(stream, crm="salesforce", L1={…})``."""

    def show(stream: Stream, crm: str = "salesforce", **shown: Mapping[str, Value] | None) -> None:
        found = tuple(
            Record(Ref(stream, id_.removeprefix("_")), fields or {}, NOW, deleted=fields is None)
            for id_, fields in shown.items()
        )
        with desk.store.begin() as tx:
            page = Page(found, Cursor("c"), full=False)
            records.save_page(tx, crm, stream, page, cycle=1, now=NOW, touches=("call",), engagement=())

    return show
