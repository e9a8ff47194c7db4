"""Who gets in, as whom, and how everybody else is refused."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

import jwt
import pytest
import requests
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from connectors.sandbox import Sandbox
from tests.connectors.sandbox.conftest import TODAY, Client

if TYPE_CHECKING:
    from collections.abc import Iterator

KEY = rsa.generate_private_key(public_exponent=65537, key_size=2048)
OTHER = rsa.generate_private_key(public_exponent=65537, key_size=2048)
PUBLIC = KEY.public_key().public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)
GRANT = "urn:ietf:params:oauth:grant-type:jwt-bearer"


@pytest.fixture(scope="module")
def keyed() -> Iterator[Sandbox]:
    with Sandbox(accounts=20, reps=5, seed=3, today=TODAY, jwt_key=PUBLIC.decode()) as running:
        yield running


def ask(sandbox: Sandbox, form: dict[str, str], auth: tuple[str, str] | None = None) -> requests.Response:
    return requests.post(f"{sandbox.url}/services/oauth2/token", data=form, auth=auth, timeout=10)


def test_client_credentials_give_a_token_of_the_integration_user(still: Sandbox) -> None:
    form = {"grant_type": "client_credentials"}
    by_header = ask(still, form, (still.client_id, still.client_secret))
    by_form = ask(still, {**form, "client_id": still.client_id, "client_secret": still.client_secret})
    body = by_header.json()
    assert body["access_token"] == by_form.json()["access_token"] == still.access_token
    assert body["instance_url"] == still.url
    assert body["token_type"] == "Bearer"
    assert body["id"] == f"{still.url}/id/{still.company.seeding.org}/{still.company.seeding.integration}"
    assert {"issued_at", "signature", "scope"} <= set(body)


@pytest.mark.parametrize(
    ("form", "error"),
    [
        ({}, "invalid_request"),
        ({"grant_type": "magic"}, "unsupported_grant_type"),
        ({"grant_type": "client_credentials"}, "invalid_client_id"),
        ({"grant_type": "client_credentials", "client_id": "CLIENT", "client_secret": "x"}, "invalid_client"),
        ({"grant_type": "refresh_token", "client_id": "CLIENT", "refresh_token": "x"}, "invalid_grant"),
        ({"grant_type": GRANT, "assertion": "x"}, "invalid_grant"),
        ({"grant_type": "password", "username": "u", "password": "p"}, "invalid_grant"),
    ],
)
def test_wrong_credentials_are_refused_as_oauth_has_it(still: Sandbox, form: dict[str, str], error: str) -> None:
    reply = ask(still, {key: value.replace("CLIENT", still.client_id) for key, value in form.items()})
    assert (reply.status_code, reply.json()["error"]) == (400, error)
    assert reply.json()["error_description"]


def test_a_refresh_token_gives_an_access_token(still: Sandbox) -> None:
    form = {"grant_type": "refresh_token", "client_id": still.client_id, "refresh_token": still.org.refresh_token}
    assert ask(still, form).json()["access_token"] == still.access_token


def assertion(sandbox: Sandbox, key: rsa.RSAPrivateKey = KEY, **changed: Any) -> str:
    claims = {
        "iss": sandbox.client_id, "sub": "integration@acme.example", "aud": "https://login.salesforce.com",
        "exp": str(int(time.time()) + 180), **changed,
    }  # fmt: skip
    return jwt.encode({name: value for name, value in claims.items() if value is not None}, key, algorithm="RS256")


def test_a_signed_assertion_gives_a_token_of_its_subject(keyed: Sandbox) -> None:
    for audience in ("https://login.salesforce.com", "https://acme.my.salesforce.com", keyed.url):
        body = ask(keyed, {"grant_type": GRANT, "assertion": assertion(keyed, aud=audience)}).json()
        assert body["access_token"] == keyed.access_token
    person = ask(keyed, {"grant_type": GRANT, "assertion": assertion(keyed, sub="admin@acme.example")}).json()
    assert person["access_token"] == keyed.user_token("admin@acme.example") != keyed.access_token


def test_an_assertion_is_checked_in_every_claim(keyed: Sandbox) -> None:
    wrong = {
        "signature": assertion(keyed, OTHER),
        "issuer": assertion(keyed, iss="somebody"),
        "subject": assertion(keyed, sub="nobody@acme.example"),
        "audience": assertion(keyed, aud="https://example.org"),
        "expired": assertion(keyed, exp=int(time.time()) - 600),
        "too far": assertion(keyed, exp=int(time.time()) + 3600),
        "no exp": assertion(keyed, exp=None),
        "nonsense": "a.b.c",
    }
    for what, text in wrong.items():
        reply = ask(keyed, {"grant_type": GRANT, "assertion": text})
        assert reply.status_code == 400, what
        assert reply.json()["error"] in {"invalid_grant", "invalid_client_id"}, what


def test_somebody_who_has_left_gets_no_token(keyed: Sandbox) -> None:
    leaver = next(user for user in keyed.company.tables["User"].values() if not user["IsActive"])
    reply = ask(keyed, {"grant_type": GRANT, "assertion": assertion(keyed, sub=leaver["Username"])})
    assert (reply.status_code, reply.json()["error"]) == (400, "inactive_user")


def test_without_a_valid_token_every_call_is_401(still: Sandbox) -> None:
    for headers in ({}, {"Authorization": "Bearer x"}, {"Authorization": "Basic eDp5"}):
        reply = requests.get(f"{still.url}/services/data/v66.0/limits", headers=headers, timeout=10)
        assert reply.status_code == 401
        assert reply.json() == [{"message": "Session expired or invalid", "errorCode": "INVALID_SESSION_ID"}]


def test_an_expired_token_is_refused_and_the_next_one_is_another(sandbox: Sandbox) -> None:
    old = sandbox.access_token
    crm = Client(sandbox, old)
    sandbox.expire_tokens()
    assert crm.get("/limits").status_code == 401
    new = ask(sandbox, {"grant_type": "client_credentials"}, (sandbox.client_id, sandbox.client_secret)).json()
    assert new["access_token"] != old
    crm.session.close()
    crm = Client(sandbox, new["access_token"])
    assert crm.get("/limits").status_code == 200
    crm.session.close()


def test_a_token_can_be_given_up(sandbox: Sandbox, crm: Client) -> None:
    url = f"{sandbox.url}/services/oauth2/revoke"
    assert requests.post(url, data={"token": "unknown"}, timeout=10).status_code == 400
    assert requests.post(url, data={"token": sandbox.access_token}, timeout=10).status_code == 200
    assert crm.get("/limits").status_code == 401


def test_the_same_seed_has_the_same_secrets() -> None:
    one, two, three = (Sandbox(accounts=1, reps=1, seed=seed, today=TODAY) for seed in (5, 5, 6))
    assert (one.client_secret, one.access_token) == (two.client_secret, two.access_token)
    assert one.client_secret != three.client_secret


def test_a_token_says_whose_it_is(still: Sandbox, reader: Client) -> None:
    info = reader("GET", f"{still.url}/services/oauth2/userinfo").json()
    assert info["user_id"] == still.company.seeding.integration
    assert info["organization_id"] == still.company.seeding.org
    assert reader("GET", info["sub"]).json()["username"] == "integration@acme.example"


def test_a_password_is_refused_over_soap(still: Sandbox) -> None:
    reply = requests.post(f"{still.url}/services/Soap/u/59.0", data="<x/>", timeout=10)
    assert reply.status_code == 500
    assert "<sf:exceptionCode>INVALID_OPERATION</sf:exceptionCode>" in reply.text
