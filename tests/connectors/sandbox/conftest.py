"""A small sandbox for each test, and the clients that people point at the real thing."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit, urlunsplit

import pytest
import requests
from requests.adapters import HTTPAdapter

from connectors.sandbox import Sandbox

if TYPE_CHECKING:
    from collections.abc import Iterator

TODAY = date(2026, 11, 20)


class Loopback(HTTPAdapter):
    """Sends what a client addresses to Salesforce to the sandbox instead."""

    def __init__(self, port: int) -> None:
        self.port = port
        super().__init__()

    def send(self, request: requests.PreparedRequest, *args: Any, **kwargs: Any) -> requests.Response:
        parts = urlsplit(str(request.url))
        request.url = urlunsplit(("http", f"127.0.0.1:{self.port}", parts.path, parts.query, ""))
        kwargs["timeout"] = kwargs.get("timeout") or 10
        return super().send(request, *args, **kwargs)


class Client:
    """Plain HTTP, with the integration user's token."""

    def __init__(self, sandbox: Sandbox, token: str | None = None) -> None:
        self.sandbox, self.session = sandbox, requests.Session()
        self.session.headers["Authorization"] = f"Bearer {token or sandbox.access_token}"
        self.base = f"{sandbox.url}/services/data/v66.0"

    def __call__(self, method: str, path: str, **more: Any) -> requests.Response:
        more.setdefault("timeout", 10)
        return self.session.request(method, path if path.startswith("http") else self.base + path, **more)

    def get(self, path: str, **params: Any) -> requests.Response:
        return self("GET", path, params=params)

    def rows(self, soql: str) -> list[dict[str, Any]]:
        """The records of a query, all pages."""
        reply = self.get("/query", q=soql)
        assert reply.status_code == 200, reply.text
        body = reply.json()
        found: list[dict[str, Any]] = body["records"]
        while not body["done"]:
            body = self("GET", self.sandbox.url + body["nextRecordsUrl"]).json()
            found += body["records"]
        return found


@pytest.fixture
def sandbox() -> Iterator[Sandbox]:
    with Sandbox(accounts=60, reps=6, seed=3, today=TODAY) as running:
        yield running


@pytest.fixture
def crm(sandbox: Sandbox) -> Iterator[Client]:
    client = Client(sandbox)
    yield client
    client.session.close()


@pytest.fixture(scope="module")
def still() -> Iterator[Sandbox]:
    """A sandbox that tests of one file only read."""
    with Sandbox(accounts=300, reps=8, seed=3, today=TODAY) as running:
        yield running


@pytest.fixture(scope="module")
def reader(still: Sandbox) -> Iterator[Client]:
    client = Client(still)
    yield client
    client.session.close()
