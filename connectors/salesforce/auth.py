"""The access token: fetched once, renewed in time, and never fought over. The client library is given none of this.

A library that renews by itself re-sends a request without its own headers, which would turn a conditional write into
an overwrite; so the token lives here, and the transport puts it on each request.
"""

from __future__ import annotations

import threading
import time
from typing import TYPE_CHECKING

import jwt

from connectors.origin import LOOPBACK_HOSTS, Origin
from connectors.port import BadReply, CrmError, Unauthorized, Unreachable
from connectors.salesforce.errors import Refused
from connectors.salesforce.settings import AccessToken, Auth, ClientCredentials, JwtBearer
from connectors.transport import Garbled, Passing, Transport

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

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


class Token:
    """One token for all threads. Renewal is single-flight; credentials refused once stay refused.

    ``wall`` gives seconds since the epoch (for a JWT's expiry), ``tick`` a monotonic clock.
    """

    def __init__(
        self,
        auth: Auth,
        transport: Transport,
        *,
        wall: Callable[[], float] = time.time,
        tick: Callable[[], float] = time.monotonic,
    ) -> None:
        self._auth = auth
        self._transport = transport
        self._wall, self._tick = wall, tick
        self._lock = threading.Lock()
        self._token = auth.token if isinstance(auth, AccessToken) else ""
        self._renew_at = 0.0
        self._failed: Unauthorized | None = None

    def token(self) -> str:
        """See Bearer. Renews ahead of time; if nobody answers then, the old token goes on working."""
        with self._lock:
            self._refuse_if_failed()
            if isinstance(self._auth, AccessToken) or (self._token and self._tick() < self._renew_at):
                return self._token
            try:
                self._fetch()
            except Unreachable:
                if not self._token:
                    raise
                self._renew_at = self._tick() + REST_AFTER_FAILURE
            return self._token

    def renew(self, refused: str) -> str:
        """See Bearer. Whoever comes second with the same refused token gets the one that the first has fetched."""
        with self._lock:
            self._refuse_if_failed()
            if self._token != refused:
                return self._token
            if isinstance(self._auth, AccessToken):
                self._failed = Unauthorized(
                    "Salesforce refused the access token, and a bare token cannot be renewed",
                    hint="give a fresh token, or better a client id with a secret or a key",
                )
                raise self._failed
            self._fetch()
            return self._token

    def _refuse_if_failed(self) -> None:
        if self._failed is not None:
            raise Unauthorized(str(self._failed), hint=self._failed.hint)

    def _fetch(self) -> None:
        try:
            reply = self._transport.read(self._ask)
        except Refused as error:
            # A wrong secret does not come right by itself, and asking again may lock the app out.
            self._failed = Unauthorized(f"Salesforce refused the credentials: {oauth_error(error)}", hint=HINT)
            raise self._failed from error
        except Passing as error:
            # It has been asked often enough: the read that needs the token must not multiply the tries by its own.
            raise Unreachable(str(error), hint=error.hint) from error
        except Garbled as error:
            raise BadReply(str(error), hint=error.hint) from error
        self._token = self._checked(reply)
        self._renew_at = self._tick() + RENEW_AFTER

    def _ask(self) -> object:
        form, basic = self._grant()
        response = self._transport.session.post(
            f"{self._transport.origin.url}/services/oauth2/token", data=form, auth=basic
        )
        return response.json()

    def _grant(self) -> tuple[dict[str, str], tuple[str, str] | None]:
        match self._auth:
            case ClientCredentials(client_id, client_secret):
                return {"grant_type": "client_credentials"}, (client_id, client_secret)
            case JwtBearer():
                return {"grant_type": JWT_GRANT, "assertion": self._assertion(self._auth)}, None
        raise AssertionError  # pragma: no cover - a bare token is never fetched

    def _assertion(self, auth: JwtBearer) -> str:
        claims = {
            "iss": auth.client_id,
            "sub": auth.username,
            "aud": auth.audience or audience(self._transport.origin),
            "exp": int(self._wall()) + ASSERTION_LIVES,
        }
        try:
            return jwt.encode(claims, auth.private_key, algorithm="RS256")
        except (ValueError, TypeError, jwt.PyJWTError) as error:
            self._failed = Unauthorized(
                "the private key cannot be read",
                hint="give an RSA key in PEM form, the one whose certificate the app has",
            )
            raise self._failed from error

    def _checked(self, reply: object) -> str:
        token = reply.get("access_token") if isinstance(reply, dict) else None
        if not isinstance(reply, dict) or not isinstance(token, str) or not token:
            raise BadReply("Salesforce's token reply holds no access_token", hint="check that the url is the org's own")
        self._check_instance(reply)
        return token

    def _check_instance(self, reply: Mapping[str, object]) -> None:
        ours = self._transport.origin
        instance = reply.get("instance_url")
        if not isinstance(instance, str) or not instance:
            return
        try:
            theirs = Origin(instance)
        except ValueError as error:
            raise BadReply(f"Salesforce named {instance!r} as the org's address", hint="set the url by hand") from error
        same_machine = ours.loopback and theirs.host in LOOPBACK_HOSTS and theirs.port == ours.port
        if (theirs.host, theirs.port) != (ours.host, ours.port) and not same_machine:
            self._failed = Unauthorized(
                f"these credentials belong to {theirs.url}, not to {ours.url}",
                hint=f"set the url to {theirs.url} if that is the org you mean",
            )
            raise self._failed


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
