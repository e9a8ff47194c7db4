"""The access token: a static key, or one that is renewed in time and never fought over. The client library has none."""

from __future__ import annotations

import threading
import time
from typing import TYPE_CHECKING

from connectors.hubspot.errors import Refused
from connectors.hubspot.settings import AccessToken, Auth, RefreshToken
from connectors.port import BadReply, Unauthorized, Unreachable
from connectors.transport import Garbled, Passing

if TYPE_CHECKING:
    from collections.abc import Callable

SPENT = 0.8
"""Share of a token's life after which it is renewed: a 401 alone does not tell that a token has expired."""
REST_AFTER_FAILURE = 60.0
"""Seconds before a renewal that found nobody home is tried again, while the old token still works."""


class Token:
    """One token for all threads. Renewal is single-flight; credentials refused once stay refused.

    ``ask`` exchanges the credentials for the reply of the token endpoint, with its retries; ``tick`` is monotonic.
    """

    def __init__(
        self, auth: Auth, ask: Callable[[RefreshToken], object], *, tick: Callable[[], float] = time.monotonic
    ) -> None:
        self._auth, self._ask, self._tick = auth, ask, tick
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
                self._fetch(self._auth)
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
                    "HubSpot refused the access token, and a bare token cannot be renewed",
                    hint="check the service key in HubSpot's settings, or make a new one",
                )
                raise self._failed
            self._fetch(self._auth)
            return self._token

    def _refuse_if_failed(self) -> None:
        if self._failed is not None:
            raise Unauthorized(str(self._failed), hint=self._failed.hint)

    def _fetch(self, auth: RefreshToken) -> None:
        try:
            reply = self._ask(auth)
        except Refused as error:
            # A wrong secret does not come right by itself.
            self._failed = Unauthorized(
                f"HubSpot refused the credentials: {error.error.category}: {error.error.message}",
                hint="check client_id, the secret and the refresh token; install the app again if it was removed",
            )
            raise self._failed from error
        except Passing as error:
            # It has been asked often enough: the read that needs the token must not multiply the tries by its own.
            raise Unreachable(str(error), hint=error.hint) from error
        except Garbled as error:
            raise BadReply(str(error), hint=error.hint) from error
        self._take(reply)

    def _take(self, reply: object) -> None:
        token = reply.get("access_token") if isinstance(reply, dict) else None
        lives = reply.get("expires_in") if isinstance(reply, dict) else None
        if not isinstance(token, str) or not token or not isinstance(lives, int | float):
            raise BadReply("HubSpot's token reply holds no access_token with its expires_in")
        self._token, self._renew_at = token, self._tick() + lives * SPENT
