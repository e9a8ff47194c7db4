"""How HubSpot hands out an access token: a static key, or in exchange for a refresh token."""

from __future__ import annotations

import math
import time
from typing import TYPE_CHECKING

from connectors.hubspot.errors import Refused
from connectors.hubspot.settings import AccessToken, Auth, RefreshToken
from connectors.port import BadReply, Unauthorized
from connectors.token import Grant, Token

if TYPE_CHECKING:
    from collections.abc import Callable

SPENT = 0.8
"""Share of a token's life after which it is renewed: a 401 alone does not tell that a token has expired."""
REST_AFTER_FAILURE = 60.0
"""Seconds before a renewal that found nobody home is tried again, while the old token still works."""


def bearer(auth: Auth, ask: Callable[[RefreshToken], object], *, tick: Callable[[], float] = time.monotonic) -> Token:
    """The token of these credentials. ``ask`` brings the reply of the token endpoint, with its retries."""
    if isinstance(auth, AccessToken):
        return Token(_no_other, rest=REST_AFTER_FAILURE, given=Grant(auth.token, math.inf), tick=tick)
    return Token(lambda: _fetched(auth, ask), rest=REST_AFTER_FAILURE, tick=tick)


def _no_other() -> Grant:
    raise Unauthorized(
        "HubSpot refused the access token, and a bare token cannot be renewed",
        hint="check the service key in HubSpot's settings, or make a new one",
    )


def _fetched(auth: RefreshToken, ask: Callable[[RefreshToken], object]) -> Grant:
    try:
        reply = ask(auth)
    except Refused as error:
        raise Unauthorized(
            f"HubSpot refused the credentials: {error.error.category}: {error.error.message}",
            hint="check client_id, the secret and the refresh token; install the app again if it was removed",
        ) from error
    token = reply.get("access_token") if isinstance(reply, dict) else None
    lives = reply.get("expires_in") if isinstance(reply, dict) else None
    if not isinstance(token, str) or not token or not isinstance(lives, int | float):
        raise BadReply("HubSpot's token reply holds no access_token with its expires_in")
    return Grant(token, lives * SPENT)
