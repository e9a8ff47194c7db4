"""How Salesforce hands out an access token: for a client's secret, or for a JWT that a key has signed."""

from __future__ import annotations

import math
import time
from typing import TYPE_CHECKING

import jwt

from connectors.origin import LOOPBACK_HOSTS, Origin
from connectors.port import BadReply, CrmError, Unauthorized
from connectors.salesforce.errors import Refused
from connectors.salesforce.settings import AccessToken, Auth, ClientCredentials, JwtBearer
from connectors.token import Grant, Token

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from connectors.transport import Transport

RENEW_AFTER = 30 * 60.0
"""Seconds. The shortest session an org can set is 15 minutes, its default two hours; a 401 covers the rest."""
REST_AFTER_FAILURE = 5 * 60.0
"""Seconds before a renewal that found nobody home is tried again, while the old token still works."""
ASSERTION_LIVES = 180
JWT_GRANT = "urn:ietf:params:oauth:grant-type:jwt-bearer"
HINT = (
    "check client_id and the secret or key, that the flow is enabled in the app, that its run-as or pre-authorised "
    "user is active, and that the url is this org's"
)


def bearer(
    auth: Auth,
    transport: Transport,
    *,
    wall: Callable[[], float] = time.time,
    tick: Callable[[], float] = time.monotonic,
) -> Token:
    """The token of these credentials. ``wall`` gives seconds since the epoch, for a JWT's expiry."""
    if isinstance(auth, AccessToken):
        return Token(_no_other, rest=REST_AFTER_FAILURE, given=Grant(auth.token, math.inf), tick=tick)
    return Token(lambda: _fetched(auth, transport, wall), rest=REST_AFTER_FAILURE, tick=tick)


def _no_other() -> Grant:
    raise Unauthorized(
        "Salesforce refused the access token, and a bare token cannot be renewed",
        hint="give a fresh token, or better a client id with a secret or a key",
    )


def _fetched(auth: ClientCredentials | JwtBearer, transport: Transport, wall: Callable[[], float]) -> Grant:
    def ask() -> object:
        form, basic = _grant(auth, transport.origin, wall)
        return transport.session.post(f"{transport.origin.url}/services/oauth2/token", data=form, auth=basic).json()

    try:
        reply = transport.read(ask)
    except Refused as error:
        raise Unauthorized(f"Salesforce refused the credentials: {oauth_error(error)}", hint=HINT) from error
    token = reply.get("access_token") if isinstance(reply, dict) else None
    if not isinstance(reply, dict) or not isinstance(token, str) or not token:
        raise BadReply("Salesforce's token reply holds no access_token", hint="check that the url is the org's own")
    _check_instance(reply, transport.origin)
    return Grant(token, RENEW_AFTER)


def _grant(
    auth: ClientCredentials | JwtBearer, origin: Origin, wall: Callable[[], float]
) -> tuple[dict[str, str], tuple[str, str] | None]:
    match auth:
        case ClientCredentials(client_id, client_secret):
            return {"grant_type": "client_credentials"}, (client_id, client_secret)
        case JwtBearer():
            return {"grant_type": JWT_GRANT, "assertion": _assertion(auth, origin, wall)}, None


def _assertion(auth: JwtBearer, origin: Origin, wall: Callable[[], float]) -> str:
    claims = {
        "iss": auth.client_id,
        "sub": auth.username,
        "aud": auth.audience or audience(origin),
        "exp": int(wall()) + ASSERTION_LIVES,
    }
    try:
        return jwt.encode(claims, auth.private_key, algorithm="RS256")
    except (ValueError, TypeError, jwt.PyJWTError) as error:
        raise Unauthorized(
            "the private key cannot be read",
            hint="give an RSA key in PEM form, the one whose certificate the app has",
        ) from error


def _check_instance(reply: Mapping[str, object], ours: Origin) -> None:
    instance = reply.get("instance_url")
    if not isinstance(instance, str) or not instance:
        return
    try:
        theirs = Origin(instance)
    except ValueError as error:
        raise BadReply(f"Salesforce named {instance!r} as the org's address", hint="set the url by hand") from error
    same_machine = ours.loopback and theirs.host in LOOPBACK_HOSTS and theirs.port == ours.port
    if (theirs.host, theirs.port) != (ours.host, ours.port) and not same_machine:
        raise Unauthorized(
            f"these credentials belong to {theirs.url}, not to {ours.url}",
            hint=f"set the url to {theirs.url} if that is the org you mean",
        )


def audience(origin: Origin) -> str:
    """Whom a JWT is meant for: the shared login server of production or of sandboxes, or a loopback server itself."""
    if origin.loopback:
        return origin.url
    return "https://test.salesforce.com" if ".sandbox." in origin.host else "https://login.salesforce.com"


def oauth_error(error: CrmError) -> str:
    """``invalid_grant: …`` from the refused token request."""
    if isinstance(error, Refused) and error.errors:
        return "; ".join(f"{entry.code}: {entry.message}" for entry in error.errors)
    return str(error)
