"""The life of an access token: fetched once, renewed in time, and never fought over. Knows no CRM.

A client library that renews by itself re-sends a request as it sees fit, which could turn a conditional write into an
overwrite; so the token lives here, and the transport puts it on each request.
"""

from __future__ import annotations

import threading
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from connectors.port import BadReply, Unauthorized, Unreachable
from connectors.transport import Garbled, Passing

if TYPE_CHECKING:
    from collections.abc import Callable


@dataclass(frozen=True, slots=True)
class Grant:
    """An access token, and the seconds after which it is renewed, which is well before it ends."""

    token: str = field(repr=False)
    lasts: float


class Token:
    """See Bearer. One token for all threads: renewal is single-flight, and credentials refused once stay refused.

    ``fetch`` exchanges the credentials for a token, with its own retries; its Unauthorized is final. After a renewal
    that found nobody home the old token goes on working, and it is tried again after ``rest`` seconds. ``given`` is a
    token that is there already. ``tick`` is a monotonic clock.
    """

    def __init__(
        self,
        fetch: Callable[[], Grant],
        *,
        rest: float,
        given: Grant | None = None,
        tick: Callable[[], float] = time.monotonic,
    ) -> None:
        self._fetch, self._rest, self._tick = fetch, rest, tick
        self._lock = threading.Lock()
        self._failed: Unauthorized | None = None
        self._token, self._renew_at = "", 0.0
        if given is not None:
            self._take(given)

    def token(self) -> str:
        """See Bearer. Renews ahead of time."""
        with self._lock:
            self._refuse_if_failed()
            if self._token and self._tick() < self._renew_at:
                return self._token
            try:
                self._take(self._asked())
            except Unreachable:
                if not self._token:
                    raise
                self._renew_at = self._tick() + self._rest
            return self._token

    def renew(self, refused: str) -> str:
        """See Bearer. Whoever comes second with the same refused token gets the one that the first has fetched."""
        with self._lock:
            self._refuse_if_failed()
            if self._token == refused:
                self._take(self._asked())
            return self._token

    def _refuse_if_failed(self) -> None:
        if self._failed is not None:
            raise Unauthorized(str(self._failed), hint=self._failed.hint)

    def _asked(self) -> Grant:
        try:
            return self._fetch()
        except Unauthorized as error:
            # A wrong secret does not come right by itself, and asking again may lock the app out.
            self._failed = error
            raise
        except Passing as error:
            # It has been asked often enough: the read that needs the token must not multiply the tries by its own.
            raise Unreachable(str(error), hint=error.hint) from error
        except Garbled as error:
            raise BadReply(str(error), hint=error.hint) from error

    def _take(self, grant: Grant) -> None:
        self._token, self._renew_at = grant.token, self._tick() + grant.lasts
