"""One HTTP policy for every connector: hosts, time limits, retries of reads, the call budget, and what a reply must be.

Every request of a connector, its client library's own included, leaves through ``PolicyAdapter``. Nothing here knows a
CRM: a connector brings its closed table of endpoints and a judge of its error replies. Writes pass exactly once;
``Transport.read`` is the only retry in the code base.
"""

from __future__ import annotations

import re
import threading
import time
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from http.client import HTTPException
from typing import TYPE_CHECKING, Protocol, TypeVar
from urllib.parse import urlsplit

import requests
import structlog
from requests.adapters import HTTPAdapter
from tenacity import (
    RetryCallState,
    Retrying,
    retry_if_exception_type,
    sleep_using_event,
    stop_after_attempt,
    stop_after_delay,
    stop_any,
    stop_when_event_set,
    wait_exponential_jitter,
)
from urllib3.exceptions import (
    ConnectTimeoutError,
    DecodeError,
    HTTPError,
    IncompleteRead,
    NameResolutionError,
    ReadTimeoutError,
)

from connectors.meter import ServerClock
from connectors.port import BadReply, CrmError, Unauthorized, Unreachable

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from requests import PreparedRequest, Response

    from connectors.meter import Meter
    from connectors.origin import Origin

log = structlog.get_logger(__name__)

Answer = TypeVar("Answer")

LARGEST_REPLY = 512 * 1024 * 1024
"""Bytes. A Bulk page of 10,000 wide rows stays far below it; more is a broken or hostile server."""
LONGEST_REPLY = 600.0
"""Seconds that one whole reply may take, however it drips. Salesforce ends a REST call after ten minutes itself."""
CHUNK = 256 * 1024
JSON = "application/json"
JSON_START = re.compile(rb"\s*[\[{]")

THROTTLED = frozenset({406, 420, 429, 500, 502, 503, 504})
"""Statuses that say "not now" rather than "no"."""


REASONS: tuple[tuple[tuple[type[BaseException], ...], str], ...] = (
    # The first that fits counts: urllib3's errors of connecting are all called time-outs.
    ((ConnectionRefusedError,), "the connection was refused"),
    ((ConnectionResetError, BrokenPipeError), "the connection was reset"),
    ((NameResolutionError,), "its name is not known here"),
    ((ConnectTimeoutError, requests.ConnectTimeout), "no connection in time"),
    ((ReadTimeoutError, requests.ReadTimeout), "no whole reply in time"),
    ((HTTPException, IncompleteRead, DecodeError), "the reply was cut short or damaged"),
)


class Passing(Unreachable):
    """Nothing answered, or a failure that may pass: a read may be asked again."""

    def __init__(self, message: str, *, hint: str = "", retry_after: float | None = None) -> None:
        super().__init__(message, hint=hint)
        self.retry_after = retry_after


class Garbled(BadReply):
    """A reply that was cut short or is not what was asked for: a read may be asked again."""


class Hopeless(Unauthorized):
    """A refusal of the session that no new token cures."""


@dataclass(frozen=True, slots=True)
class Endpoint:
    """One kind of request that a connector may make. What no endpoint matches is refused before it leaves."""

    kind: str
    method: str
    path: re.Pattern[str]
    reply: str = JSON
    """Media type of a good reply; empty when a good reply is 204 without a body."""
    bearer: bool = True
    """False for the token request itself, which carries credentials of its own."""


@dataclass(frozen=True, slots=True)
class Patience:
    """How long reads are asked again. Times in seconds."""

    tries: int = 5
    first_wait: float = 0.5
    longest_wait: float = 30.0
    in_all: float = 180.0


@dataclass(frozen=True, slots=True)
class TimeLimits:
    """Seconds to wait for a connection, for the next bytes, and for a whole reply."""

    connect: float = 10.0
    read: float = 120.0
    whole: float = LONGEST_REPLY


class Bearer(Protocol):
    """Who holds the access token."""

    def token(self) -> str:
        """The token to send now; raises Unauthorized once the credentials have failed for good."""

    def renew(self, refused: str) -> str:
        """A token other than ``refused``, which the CRM has just refused; raises Unauthorized if there is none."""


class PolicyAdapter(HTTPAdapter):
    """Where every request passes: known endpoint, own host, budget, token, time limits; then the reply is judged."""

    def __init__(self, transport: Transport) -> None:
        super().__init__(max_retries=0)
        self._transport = transport

    def send(  # noqa: PLR0913, PLR0917 - the signature is that of requests
        self,
        request: PreparedRequest,
        stream: bool = False,  # noqa: ARG002, FBT001, FBT002 - bodies are always read here, under the time limit
        timeout: object = None,  # noqa: ARG002 - the policy's own limits hold for every request
        verify: bool | str = True,  # noqa: FBT001, FBT002 - the signature is that of requests
        cert: object = None,  # noqa: ARG002 - client certificates are not used
        proxies: Mapping[str, str] | None = None,
    ) -> Response:
        """Send once (and once more with a new token after a 401, which proves that nothing was done)."""
        endpoint = self._transport.endpoint(request)
        request.url = self._transport.origin.rebase(request.url or "")
        # TLS verification has no off switch: False becomes True, a path to a CA bundle stays.
        exchange = _Exchange(self, verify or True, dict(proxies or {}))
        return self._transport.exchange(endpoint, request, exchange)

    def once(self, request: PreparedRequest, *, verify: bool | str, proxies: dict[str, str]) -> Response:
        """One exchange on the wire, its body read whole; Passing or Garbled when it breaks."""
        limits = self._transport.limits
        began = time.monotonic()
        try:
            response = super().send(
                request, stream=True, timeout=(limits.connect, limits.read), verify=verify, proxies=proxies
            )
            read_whole(response, until=began + limits.whole)
        except requests.exceptions.SSLError as error:
            raise Unreachable(
                f"{self._transport.origin.url} showed a certificate that cannot be trusted: {reason(error)}",
                hint="check the url; behind a company proxy set REQUESTS_CA_BUNDLE to its certificates",
            ) from error
        except (requests.RequestException, HTTPError, OSError) as error:
            raise Passing(
                f"{self._transport.origin.url} did not answer: {reason(error)}",
                hint="check the url, the network and the CRM's status page",
            ) from error
        return response


@dataclass(frozen=True, slots=True)
class _Exchange:
    """One prepared way to the wire, so that the same request can be sent again after a 401."""

    adapter: PolicyAdapter
    verify: bool | str
    proxies: dict[str, str]

    def __call__(self, request: PreparedRequest) -> Response:
        return self.adapter.once(request, verify=self.verify, proxies=self.proxies)


class Transport:
    """A requests session whose every request obeys the policy, and the one retry of reads.

    ``judge`` turns a reply of 300 and above into the error to raise; ``usage`` reads the org's calls used and its
    limit from the headers. ``bearer`` is set by the connector once it exists.
    """

    def __init__(  # noqa: PLR0913 - the parts of one policy, each named
        self,
        origin: Origin,
        endpoints: Sequence[Endpoint],
        *,
        judge: Callable[[Endpoint, Response], CrmError],
        usage: Callable[[Mapping[str, str]], tuple[int, int] | None],
        meter: Meter,
        limits: TimeLimits | None = None,
        patience: Patience | None = None,
        stop: threading.Event | None = None,
    ) -> None:
        self.origin = origin
        self.meter = meter
        self.limits = limits or TimeLimits()
        self.clock = ServerClock()
        self.stop = stop or threading.Event()
        self.bearer: Bearer | None = None
        self._endpoints = endpoints
        self._judge = judge
        self._usage = usage
        self._patience = patience or Patience()
        self.session = self._session()

    def _session(self) -> requests.Session:
        session = requests.Session()
        session.mount("https://", PolicyAdapter(self))
        session.mount("http://", PolicyAdapter(self))
        # A proxy named in the environment must not stand between the worker and its own machine.
        session.trust_env = not self.origin.loopback
        # An auth of its own, if an empty one: without it requests would look for a password in ~/.netrc.
        session.auth = _as_it_is
        session.headers["User-Agent"] = "sync-worker"
        return session

    def endpoint(self, request: PreparedRequest) -> Endpoint:
        """The table's entry for a request; one that is not in the table never leaves."""
        path = urlsplit(request.url or "").path
        for endpoint in self._endpoints:
            if endpoint.method == request.method and endpoint.path.fullmatch(path):
                return endpoint
        raise BadReply(f"refused to call {request.method} {path}: the connector has no such request")

    def exchange(
        self, endpoint: Endpoint, request: PreparedRequest, send: Callable[[PreparedRequest], Response]
    ) -> Response:
        """One call under the policy, with one renewal of the token. Other headers stay as the caller set them."""
        if not endpoint.bearer or self.bearer is None:
            return self._call(endpoint, request, send)
        token = self.bearer.token()
        for last in (False, True):
            request.headers["Authorization"] = f"Bearer {token}"
            try:
                return self._call(endpoint, request, send)
            except Hopeless:
                raise
            except Unauthorized:
                if last:
                    raise
                token = self.bearer.renew(token)
        raise AssertionError  # pragma: no cover - the loop returns or raises

    def _call(
        self, endpoint: Endpoint, request: PreparedRequest, send: Callable[[PreparedRequest], Response]
    ) -> Response:
        self.meter.admit(endpoint.kind)
        began = time.monotonic()
        status = 0
        try:
            response = send(request)
            status = response.status_code
        finally:
            # Neither query string nor body: both may hold what people wrote.
            log.debug("crm call", kind=endpoint.kind, status=status, seconds=round(time.monotonic() - began, 3))
        self.clock.note(response.headers.get("Date"))
        usage = self._usage(response.headers)
        if usage is not None:
            self.meter.tell(*usage)
        self._check(endpoint, response)
        return response

    def _check(self, endpoint: Endpoint, response: Response) -> None:
        status = response.status_code
        if 300 <= status < 400 and status != 304:  # noqa: PLR2004 - the range of redirects
            raise BadReply(
                f"{self.origin.url} answered {status}, a redirect, which is never followed",
                hint="set the url to the address that the CRM itself uses",
            )
        if status >= 300:  # noqa: PLR2004 - success ends below 300
            raise self._judge(endpoint, response)
        if not endpoint.reply:
            if status != requests.codes.no_content:
                raise Garbled(f"{endpoint.kind}: expected 204 without a body, got {status}")
            return
        media = response.headers.get("Content-Type", "").partition(";")[0].strip().lower()
        if status != requests.codes.no_content and media != endpoint.reply:
            raise Garbled(
                f"{endpoint.kind}: expected {endpoint.reply}, got {media or 'no content type'}",
                hint="a login or maintenance page answers instead of the CRM: check the url and the CRM's status page",
            )
        # Clients ask what they have read for its length or its keys; a bare number or word has neither.
        if media == JSON and not JSON_START.match(response.content):
            raise Garbled(f"{endpoint.kind}: the reply is neither a JSON object nor a list")

    def read(self, ask: Callable[[], Answer]) -> Answer:
        """``ask()``, asked again while failures pass, within the policy. Never give it a request that writes."""

        def asked() -> Answer:
            try:
                return ask()
            except requests.exceptions.JSONDecodeError as error:
                raise Garbled("the reply is no JSON, or was cut short", hint="try again later") from error

        return self._retrying()(asked)

    def _retrying(self) -> Retrying:
        patience = self._patience
        jitter = wait_exponential_jitter(
            multiplier=patience.first_wait, max=patience.longest_wait, jitter=patience.first_wait
        )

        def wait(state: RetryCallState) -> float:
            error = state.outcome.exception() if state.outcome else None
            asked_for = error.retry_after if isinstance(error, Passing) else None
            # Never longer than our own longest wait: a huge Retry-After would hang the run.
            return jitter(state) if asked_for is None else min(asked_for, patience.longest_wait)

        return Retrying(
            retry=retry_if_exception_type((Passing, Garbled)),
            stop=stop_any(
                stop_after_attempt(patience.tries),
                stop_after_delay(patience.in_all),
                stop_when_event_set(self.stop),
            ),
            wait=wait,
            sleep=sleep_using_event(self.stop),
            reraise=True,
        )

    def close(self) -> None:
        """Close the connections."""
        self.session.close()


def _as_it_is(request: PreparedRequest) -> PreparedRequest:
    return request


def read_whole(response: Response, *, until: float) -> None:
    """Read the body into the response; raises requests' own errors when it is cut, slow or too large."""
    chunks: list[bytes] = []
    size = 0
    # read1 hands over what has come; a plain read would wait for a whole chunk, however slowly it drips.
    while chunk := response.raw.read1(CHUNK, decode_content=True):
        chunks.append(chunk)
        size += len(chunk)
        if time.monotonic() > until or size > LARGEST_REPLY:
            response.close()
            raise requests.exceptions.ReadTimeout("the reply took too long or grew too large")
    response._content = b"".join(chunks)  # noqa: SLF001 - requests has no public way to give a response its body


def passing(origin: str, response: Response) -> Passing:
    """The error for a reply that says "not now"."""
    return Passing(
        f"{origin} answered {response.status_code}",
        hint="the CRM is overloaded or under maintenance: try again later",
        retry_after=retry_after(response.headers.get("Retry-After")),
    )


def retry_after(header: str | None) -> float | None:
    """Seconds from a Retry-After header, whether it is a number or a date; None when absent or unreadable."""
    if not header:
        return None
    try:
        return max(float(header), 0.0)
    except ValueError:
        pass
    try:
        return max((parsedate_to_datetime(header) - datetime.now(UTC)).total_seconds(), 0.0)
    except (ValueError, TypeError):
        return None


def reason(error: BaseException) -> str:
    """What broke, in a few words. Never the URL, whose query may hold what people wrote."""
    causes = [error]
    while (inner := _inner(causes[-1])) is not None and inner not in causes:
        causes.append(inner)
    for kinds, words in REASONS:
        if any(isinstance(cause, kinds) for cause in causes):
            return words
    last = causes[-1]
    return last.strerror if isinstance(last, OSError) and last.strerror else type(last).__name__


def _inner(error: BaseException) -> BaseException | None:
    for candidate in (getattr(error, "reason", None), *error.args, error.__cause__, error.__context__):
        if isinstance(candidate, BaseException) and candidate is not error:
            return candidate
    return None
