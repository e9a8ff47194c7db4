"""Each contract test runs on every CRM that has a harness. A second CRM joins by adding its name and harness here."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from connectors.sandbox import Sandbox
from tests.connectors.contract.hubspot import HubSpotSandbox
from tests.connectors.contract.salesforce import SalesforceSandbox

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from tests.connectors.contract.harness import Crm


HARNESSES: Mapping[str, type[SalesforceSandbox | HubSpotSandbox]] = {
    "salesforce": SalesforceSandbox,
    "hubspot": HubSpotSandbox,
}


@pytest.fixture(params=HARNESSES)
def crm(request: pytest.FixtureRequest) -> Iterator[Crm]:
    """A small company, seeded alike for each test. An index that lags, and its pace, have tests of their own."""
    with Sandbox(crm=request.param, accounts=60, reps=6, seed=7, search_lag=0.0, search_limit=1000) as sandbox:
        harness = HARNESSES[request.param](sandbox)
        yield harness
        harness.close()
