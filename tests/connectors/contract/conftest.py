"""Each contract test runs on every CRM that has a harness. A second CRM joins by adding its name and harness here."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from connectors.sandbox import Sandbox
from tests.connectors.contract.salesforce import SalesforceSandbox

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.connectors.contract.harness import Crm


@pytest.fixture(params=["salesforce"])
def crm() -> Iterator[Crm]:
    """A small company, seeded alike for each test."""
    with Sandbox(accounts=60, reps=6, seed=7) as sandbox:
        harness = SalesforceSandbox(sandbox)
        yield harness
        harness.close()
