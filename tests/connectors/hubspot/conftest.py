"""A small seeded account behind the sandbox's HubSpot dialect, and connectors to it and to scripted servers."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol

import pytest

from connectors.hubspot import AccessToken, HubSpotConnector, HubSpotSettings
from connectors.sandbox import Sandbox
from connectors.transport import Patience
from tests.connectors.contract.hubspot import HubSpotSandbox

if TYPE_CHECKING:
    from collections.abc import Iterator

QUICK = Patience(tries=3, first_wait=0.01, longest_wait=0.02, in_all=5.0)


class Connect(Protocol):
    """Builds a connector to an address; settings by name."""

    def __call__(self, url: str, **settings: object) -> HubSpotConnector: ...


@pytest.fixture
def connect() -> Iterator[Connect]:
    opened: list[HubSpotConnector] = []

    def build(url: str, **settings: object) -> HubSpotConnector:
        values: dict[str, Any] = {"url": url, "auth": AccessToken("key"), "patience": QUICK, **settings}
        opened.append(HubSpotConnector(HubSpotSettings(**values), {}))
        return opened[-1]

    yield build
    for each in opened:
        each.close()


@pytest.fixture
def account() -> Iterator[HubSpotSandbox]:
    """Sixty companies; a search sees each change at once, and may be asked as often as one likes."""
    with Sandbox(crm="hubspot", accounts=60, reps=6, seed=7, search_lag=0.0, search_limit=1000) as sandbox:
        harness = HubSpotSandbox(sandbox)
        yield harness
        harness.close()
