"""Who is let in: the app's key and OAuth tokens, each refusal with its category."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
import requests

from tests.connectors.sandbox.hubspot.conftest import Account, category

if TYPE_CHECKING:
    from connectors.sandbox import Sandbox

LIST = "/crm/v3/objects/companies"
VERSIONS = ("v1", "v3", "2026-03", "2026-09")


def form(sandbox: Sandbox, **other: str) -> dict[str, str]:
    return {
        "grant_type": "refresh_token",
        "client_id": sandbox.client_id,
        "client_secret": sandbox.client_secret,
        "refresh_token": sandbox.hub.refresh_token,
        **other,
    }


def ask(sandbox: Sandbox, version: str = "v1", **other: str) -> requests.Response:
    return requests.post(f"{sandbox.url}/oauth/{version}/token", data=form(sandbox, **other), timeout=10)


@pytest.mark.parametrize("version", VERSIONS)
def test_a_refresh_token_brings_a_token_for_half_an_hour(sandbox: Sandbox, version: str) -> None:
    body = ask(sandbox, version).json()
    assert (body["token_type"], body["expires_in"], body["refresh_token"]) == (
        "bearer", 1800, sandbox.hub.refresh_token,
    )  # fmt: skip
    account = Account(sandbox, body["access_token"])
    assert account.get(LIST)["results"]
    sandbox.portal.clock.advance(1801)
    refused = account("GET", LIST)
    account.close()
    assert category(refused) == (401, "EXPIRED_AUTHENTICATION")


def test_the_key_does_not_end(sandbox: Sandbox, hub: Account) -> None:
    sandbox.portal.clock.advance(365 * 86_400)
    assert hub.get(LIST)["results"]


@pytest.mark.parametrize(
    ("other", "status"),
    [
        ({"grant_type": "password"}, "BAD_GRANT_TYPE"),
        ({"client_id": "x"}, "BAD_CLIENT_ID"),
        ({"client_secret": "x"}, "BAD_CLIENT_SECRET"),
        ({"refresh_token": "x"}, "BAD_REFRESH_TOKEN"),
        ({"grant_type": "authorization_code", "code": "x"}, "BAD_AUTH_CODE"),
    ],
)
def test_wrong_credentials_bring_no_token(sandbox: Sandbox, other: dict[str, str], status: str) -> None:
    reply = ask(sandbox, **other)
    assert (reply.status_code, reply.json()["status"]) == (400, status)
    assert {"message", "correlationId"} <= set(reply.json())


@pytest.mark.parametrize("headers", [{}, {"Authorization": "Bearer nonsense"}, {"Authorization": "Basic eDp5"}])
def test_a_call_without_a_good_token_is_401(sandbox: Sandbox, headers: dict[str, str]) -> None:
    refused = requests.get(sandbox.url + LIST, headers=headers, timeout=10)
    assert category(refused) == (401, "INVALID_AUTHENTICATION")


def test_tokens_and_keys_can_be_withdrawn(sandbox: Sandbox, hub: Account) -> None:
    old = sandbox.access_token
    sandbox.expire_tokens()
    assert category(hub("GET", LIST)) == (401, "EXPIRED_AUTHENTICATION")
    assert sandbox.access_token != old
    again = Account(sandbox)
    assert again.get(LIST)["results"]
    again.close()


def test_a_token_can_be_looked_at_and_given_back(sandbox: Sandbox) -> None:
    token = ask(sandbox).json()["access_token"]

    def state() -> object:
        return requests.post(f"{sandbox.url}/oauth/2026-09/token/introspect", data={"token": token}, timeout=10).json()[
            "active"
        ]

    assert state() is True
    requests.post(f"{sandbox.url}/oauth/2026-09/token/revoke", data={"token": token}, timeout=10)
    assert state() is False
    gone = requests.get(f"{sandbox.url}/oauth/v1/access-tokens/{token}", timeout=10)
    assert category(gone) == (404, "OBJECT_NOT_FOUND")


def test_secrets_are_functions_of_the_seed_and_stay_out_of_what_was_heard(sandbox: Sandbox) -> None:
    secret = ask(sandbox).json()["access_token"]
    requests.get(f"{sandbox.url}/oauth/v1/access-tokens/{secret}", timeout=10)
    heard = repr(sandbox.requests)
    assert all(word not in heard for word in (secret, sandbox.client_secret, sandbox.hub.refresh_token))
    assert sandbox.access_token.startswith("pat-na1-")
