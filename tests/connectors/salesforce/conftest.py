"""Connectors to a scripted server, and a sandbox: quick to lose patience, and closed at the end."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

import pytest

from connectors.salesforce import ClientCredentials, MemoryJobs, SalesforceConnector, SalesforceSettings
from connectors.sandbox import Sandbox
from connectors.transport import Patience
from tests.connectors.contract.salesforce import SalesforceSandbox

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.connectors.salesforce.scripted import Scripted

QUICK = Patience(tries=3, first_wait=0.01, longest_wait=0.02, in_all=5.0)


class Connect(Protocol):
    """Builds a connector to a scripted server; settings by name."""

    def __call__(self, server: Scripted, **settings: object) -> SalesforceConnector: ...


@pytest.fixture
def connect() -> Iterator[Connect]:
    opened: list[SalesforceConnector] = []

    def build(server: Scripted, **settings: object) -> SalesforceConnector:
        values = {"url": server.url, "auth": ClientCredentials("app", "s3cret"), "patience": QUICK, **settings}
        opened.append(SalesforceConnector(SalesforceSettings(**values), {}, jobs=MemoryJobs()))  # type: ignore[arg-type]
        return opened[-1]

    yield build
    for each in opened:
        each.close()


@pytest.fixture
def company() -> Iterator[SalesforceSandbox]:
    """A small seeded company behind the sandbox's Salesforce dialect."""
    with Sandbox(accounts=60, reps=6, seed=7) as sandbox:
        harness = SalesforceSandbox(sandbox)
        yield harness
        harness.close()
