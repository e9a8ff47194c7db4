"""The token: how it is asked for, renewed in time by one thread for all, and given up for good when refused."""

from __future__ import annotations

import base64
import threading
from contextlib import closing
from typing import TYPE_CHECKING
from urllib.parse import parse_qs

import jwt
import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from connectors.origin import Origin
from connectors.port import BadReply, Unauthorized, Unreachable
from connectors.salesforce import (
    AccessToken,
    ClientCredentials,
    JwtBearer,
    MemoryJobs,
    SalesforceConnector,
    SalesforceSettings,
)
from connectors.salesforce.auth import REST_AFTER_FAILURE, audience, bearer
from connectors.sandbox import Sandbox
from tests.connectors.salesforce.scripted import HTML, Answer, Scripted

if TYPE_CHECKING:
    from connectors.salesforce.settings import Auth
    from connectors.token import Token
    from tests.connectors.salesforce.conftest import Connect

NOTHING = Answer({"totalSize": 0, "done": True, "records": []})
EXPIRED = Answer([{"message": "Session expired or invalid", "errorCode": "INVALID_SESSION_ID"}], 401)
REFUSED = Answer({"error": "invalid_client", "error_description": "invalid client credentials"}, 400)
HALF_AN_HOUR = 1800.0


class Tick:
    """A monotonic clock that moves when told."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


def token_of(connect: Connect, server: Scripted, auth: Auth, tick: Tick | None = None) -> Token:
    transport = connect(server)._transport
    return bearer(auth, transport, wall=lambda: 1_795_000_000.0, tick=tick or Tick())


def pem_of(key: rsa.RSAPrivateKey) -> str:
    return key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    ).decode()


def granted(*tokens: str) -> list[Answer]:
    return [Answer({"access_token": token}) for token in tokens]


def test_client_credentials_go_as_basic_authorization_and_never_in_the_address(connect: Connect) -> None:
    with Scripted(NOTHING) as server:
        assert token_of(connect, server, ClientCredentials("app", "s3cret")).token() == "T1"
        (asked,) = server.token_calls
        assert base64.b64decode(asked.headers["Authorization"].removeprefix("Basic ")) == b"app:s3cret"
        assert parse_qs(asked.body.decode()) == {"grant_type": ["client_credentials"]}
        assert asked.path == "/services/oauth2/token"


def test_a_jwt_is_signed_for_the_user_and_lives_three_minutes(connect: Connect) -> None:
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    with Scripted(NOTHING) as server:
        token_of(connect, server, JwtBearer("app", "worker@acme.example", pem_of(key))).token()
        form = parse_qs(server.token_calls[0].body.decode())
        assert form["grant_type"] == ["urn:ietf:params:oauth:grant-type:jwt-bearer"]
        claims = jwt.decode(
            form["assertion"][0], key.public_key(), ["RS256"], audience=server.url, options={"verify_exp": False}
        )
        assert claims == {"iss": "app", "sub": "worker@acme.example", "aud": server.url, "exp": 1_795_000_180}


def test_a_jwt_opens_the_sandbox_as_its_user_and_another_key_does_not() -> None:
    mine, other = (rsa.generate_private_key(public_exponent=65537, key_size=2048) for _ in range(2))
    public = mine.public_key().public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)
    with Sandbox(accounts=20, reps=2, jwt_key=public.decode()) as sandbox:
        username = str(sandbox.company.tables["User"][sandbox.company.seeding.integration]["Username"])

        def connector(key: rsa.RSAPrivateKey) -> SalesforceConnector:
            auth = JwtBearer(sandbox.client_id, username, pem_of(key))
            return SalesforceConnector(SalesforceSettings(sandbox.url, auth), {}, jobs=MemoryJobs())

        with closing(connector(mine)) as welcome:
            assert len(list(welcome.users())) == len(sandbox.company.rows("User"))
        with closing(connector(other)) as stranger, pytest.raises(Unauthorized, match="invalid_grant") as caught:
            stranger.describe()
        assert "pre-authorised" in caught.value.hint


def test_a_wrong_secret_is_refused_by_the_sandbox_in_salesforces_words() -> None:
    with Sandbox(accounts=20, reps=2) as sandbox:
        settings = SalesforceSettings(sandbox.url, ClientCredentials(sandbox.client_id, "not the secret"))
        with closing(SalesforceConnector(settings, {}, jobs=MemoryJobs())) as connector:
            with pytest.raises(Unauthorized, match="invalid_client") as caught:
                connector.describe()
            assert "not the secret" not in str(caught.value)


def test_a_jwt_is_meant_for_the_login_server_of_its_kind_of_org() -> None:
    assert audience(Origin("https://acme.my.salesforce.com")) == "https://login.salesforce.com"
    assert audience(Origin("https://acme--uat.sandbox.my.salesforce.com")) == "https://test.salesforce.com"


def test_a_key_that_cannot_be_read_is_named_and_not_shown(connect: Connect) -> None:
    with Scripted(NOTHING) as server:
        token = token_of(connect, server, JwtBearer("app", "worker@acme.example", "-----BEGIN NONSENSE"))
        with pytest.raises(Unauthorized, match="private key cannot be read") as caught:
            token.token()
        assert "NONSENSE" not in str(caught.value)
        assert server.token_calls == []


def test_refused_credentials_stay_refused_without_asking_again(connect: Connect) -> None:
    """Asking again and again with a wrong secret locks the app out."""
    with Scripted(NOTHING) as server:
        server.tokens[0] = REFUSED
        connector = connect(server)
        for _ in range(3):
            with pytest.raises(Unauthorized, match="invalid_client") as caught:
                connector.describe()
            assert "client_id" in caught.value.hint
        assert (len(server.token_calls), len(server.asked)) == (1, 0)


def test_a_token_is_renewed_ahead_of_time(connect: Connect) -> None:
    tick = Tick()
    with Scripted(NOTHING) as server:
        server.tokens.extend(granted("T2"))
        token = token_of(connect, server, ClientCredentials("app", "s3cret"), tick)
        assert token.token() == token.token() == "T1"
        tick.now = HALF_AN_HOUR
        assert token.token() == "T2"


def test_the_old_token_goes_on_working_when_nobody_answers_its_renewal(connect: Connect) -> None:
    tick = Tick()
    with Scripted(NOTHING) as server:
        server.tokens.extend([*[Answer(HTML, 503, "text/html")] * 3, *granted("T2")])
        token = token_of(connect, server, ClientCredentials("app", "s3cret"), tick)
        token.token()
        tick.now = HALF_AN_HOUR
        assert token.token() == token.token() == "T1"
        assert len(server.token_calls) == 4
        tick.now += REST_AFTER_FAILURE
        assert token.token() == "T2"


def test_a_first_token_that_nobody_hands_out_is_unreachable(connect: Connect) -> None:
    with Scripted(NOTHING) as server:
        server.tokens[0] = Answer(HTML, 503, "text/html")
        with pytest.raises(Unreachable, match="503"):
            connect(server).describe()
        assert len(server.token_calls) == 3  # the tries of one policy, not its square


def test_many_threads_with_one_refused_token_cost_one_renewal(connect: Connect) -> None:
    with Scripted(NOTHING) as server:
        server.tokens.extend([Answer({"access_token": "T2"}, stall=0.1), *granted("T3")])
        token = token_of(connect, server, ClientCredentials("app", "s3cret"))
        refused = token.token()
        renewed: list[str] = []
        threads = [threading.Thread(target=lambda: renewed.append(token.renew(refused))) for _ in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert renewed == ["T2"] * 8
        assert len(server.token_calls) == 2


def test_a_bare_token_cannot_be_renewed(connect: Connect) -> None:
    with Scripted(EXPIRED) as server:
        connector = connect(server, auth=AccessToken("stale"))
        for _ in range(2):
            with pytest.raises(Unauthorized, match="cannot be renewed"):
                connector.describe()
        assert (len(server.asked), len(server.token_calls)) == (1, 0)


@pytest.mark.parametrize("reply", [{}, {"access_token": ""}, {"access_token": 7}, ["T1"]])
def test_a_token_reply_without_a_token_is_a_bad_reply(connect: Connect, reply: object) -> None:
    with Scripted(NOTHING) as server:
        server.tokens[0] = Answer(reply)
        with pytest.raises(BadReply, match="no access_token"):
            connect(server).describe()


def test_credentials_of_another_org_are_refused_by_name(connect: Connect) -> None:
    with Scripted(NOTHING) as server:
        server.tokens[0] = Answer({"access_token": "T1", "instance_url": "https://other.my.salesforce.com"})
        with pytest.raises(Unauthorized, match=r"belong to https://other\.my\.salesforce\.com"):
            connect(server).describe()
        assert server.asked == []
