"""A small HubSpot account for each test, plain HTTP to it, and HubSpot's own client."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import hubspot  # type: ignore[import-untyped] # HubSpot's client has no types of its own
import pytest
import requests

from connectors.sandbox import Sandbox
from tests.connectors.sandbox.conftest import TODAY

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence


class Account:
    """Plain HTTP, with the app's key unless told otherwise."""

    def __init__(self, sandbox: Sandbox, token: str | None = None) -> None:
        self.sandbox, self.session = sandbox, requests.Session()
        self.session.headers["Authorization"] = f"Bearer {token or sandbox.access_token}"

    def __call__(self, method: str, path: str, **more: Any) -> requests.Response:
        more.setdefault("timeout", 10)
        return self.session.request(method, self.sandbox.url + path, **more)

    def get(self, path: str, **params: Any) -> Any:
        """The body of a GET that must go well."""
        reply = self("GET", path, params=params)
        assert reply.status_code == 200, reply.text
        return reply.json()

    def post(self, path: str, body: Any = None, status: int = 200) -> Any:
        """The body of a POST that must end so."""
        reply = self("POST", path, json=body if body is not None else {})
        assert reply.status_code == status, reply.text
        return reply.json() if reply.content else None

    def patch(self, id_: str, *, version: str = "v3", of: str = "companies", **properties: Any) -> requests.Response:
        """Changes properties of one record."""
        path = f"/crm/v3/objects/{of}/{id_}" if version == "v3" else f"/crm/objects/{version}/{of}/{id_}"
        return self("PATCH", path, json={"properties": properties})

    def search(self, *filters: dict[str, Any], name: str = "companies", **more: Any) -> Any:
        """The body of a search with one group of filters."""
        groups = [{"filters": list(filters)}] if filters else []
        return self.post(f"/crm/v3/objects/{name}/search", {"filterGroups": groups, **more})

    def everything(self, name: str, **params: Any) -> list[dict[str, Any]]:
        """All records of one type, page by page."""
        found: list[dict[str, Any]] = []
        after = None
        while True:
            page = self.get(f"/crm/v3/objects/{name}", limit=100, **({"after": after} if after else {}), **params)
            found += page["results"]
            if "paging" not in page:
                return found
            after = page["paging"]["next"]["after"]

    def close(self) -> None:
        self.session.close()


def companies(sandbox: Sandbox, count: int = 1) -> list[str]:
    """The first few companies."""
    return list(sandbox.portal.records["companies"])[:count]


def company(sandbox: Sandbox) -> str:
    return companies(sandbox)[0]


def other_owner(sandbox: Sandbox, id_: str) -> str:
    """A rep who does not own the company."""
    owner = sandbox.portal.records["companies"][id_].values.get("hubspot_owner_id")
    reps = (sandbox.portal.owner_ids[rep] for rep in sandbox.portal.seeding.reps)
    return next(rep for rep in reps if rep != owner)


def category(reply: requests.Response) -> tuple[int, str]:
    body = reply.json()
    assert body["status"] == "error"
    assert body["correlationId"] == reply.headers["X-HubSpot-Correlation-Id"]
    return reply.status_code, body["category"]


def codes(reply: requests.Response) -> Sequence[str]:
    """What is wrong with the values of a write."""
    assert category(reply) == (400, "VALIDATION_ERROR")
    return [each["code"] for each in reply.json()["errors"]]


@pytest.fixture
def sandbox() -> Iterator[Sandbox]:
    with Sandbox(crm="hubspot", accounts=60, reps=6, seed=3, today=TODAY, search_lag=0, search_limit=1000) as running:
        yield running


@pytest.fixture
def hub(sandbox: Sandbox) -> Iterator[Account]:
    account = Account(sandbox)
    yield account
    account.close()


@pytest.fixture(scope="module")
def still() -> Iterator[Sandbox]:
    """An account that the tests of one file only read."""
    with Sandbox(
        crm="hubspot", accounts=300, reps=8, seed=3, today=TODAY, search_limit=1000, burst_limit=10_000
    ) as running:
        yield running


@pytest.fixture(scope="module")
def reader(still: Sandbox) -> Iterator[Account]:
    account = Account(still)
    yield account
    account.close()


def client_of(sandbox: Sandbox) -> Any:
    """HubSpot's own client, unmodified. Its ``api_request`` has a setting of its own for the address."""
    return hubspot.HubSpot(access_token=sandbox.access_token, host=sandbox.url, base_url=sandbox.url)


@pytest.fixture
def client(sandbox: Sandbox) -> Any:
    return client_of(sandbox)
