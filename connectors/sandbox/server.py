"""Starts and stops the sandbox: inside a test (``Sandbox``) or as a process of its own (``serve``)."""

from __future__ import annotations

import json
import signal
import socket
import sys
import threading
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from queue import SimpleQueue
from typing import TYPE_CHECKING, Self, TextIO

import uvicorn
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.serialization import load_pem_public_key
from starlette.applications import Starlette
from starlette.routing import Mount

from connectors.sandbox.company import Company
from connectors.sandbox.control import control_routes, count_calls
from connectors.sandbox.effects import EffectLog
from connectors.sandbox.faults import Fault, FaultPlan, load_faults
from connectors.sandbox.gate import Gate, Wires
from connectors.sandbox.hubspot import hub as hubspot
from connectors.sandbox.hubspot.portal import Portal
from connectors.sandbox.hubspot.routes import HubSpot
from connectors.sandbox.salesforce.org import Org, Settings
from connectors.sandbox.salesforce.routes import Salesforce
from connectors.sandbox.seed import Seat, roster, seed_company
from connectors.sandbox.view import Clock
from connectors.sandbox.words import HUBSPOT, SALESFORCE

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from pathlib import Path
    from types import TracebackType

    from connectors.port import Value
    from connectors.sandbox.calls import Call, Dialect
    from connectors.sandbox.front import Front

HOST = "127.0.0.1"
CRMS = {"salesforce": SALESFORCE, "hubspot": HUBSPOT}
"""The CRMs whose dialects it speaks, each with the words of its fault plans."""
DAILY_CALLS = 100_000
"""What a Salesforce org has for a day."""
_LARGEST_HEAD = 1 << 20
"""So that addresses that are too long get an answer, not a closed connection."""


class SandboxError(ValueError):
    """The sandbox cannot be set up as asked. ``hint`` names the way out."""

    def __init__(self, message: str, hint: str) -> None:
        super().__init__(message)
        self.hint = hint


@dataclass(frozen=True, slots=True)
class Size:
    """What the company is drawn from."""

    seed: int = 7
    accounts: int = 2000
    reps: int = 25
    today: date | None = None
    """The day that the company's dates are counted back from; the current one, UTC, if not given."""


@dataclass(frozen=True, slots=True)
class Limits:
    """How many calls the CRM allows, and how fast its search sees a change."""

    daily: int | None = None
    """Calls a day; the CRM's own number if not given."""
    burst: int = 190
    """HubSpot: calls in any ten seconds."""
    search: int = 5
    """HubSpot: searches in any second."""
    search_lag: float = 5.0
    """HubSpot: seconds until a search sees a change."""


class Sandbox:
    """A sandbox on a loopback port, for as long as the ``with`` block runs.

    ``faults`` is a plan as plain values (see docs/sandbox.md). ``effects_file`` receives the effect log as it grows.
    Salesforce's state is ``company`` and ``org``; HubSpot's, of the same company, is ``portal`` and ``hub``.
    """

    def __init__(  # noqa: PLR0913 - each is one switch of the sandbox
        self,
        *,
        crm: str = "salesforce",
        accounts: int = 200,
        reps: int = 10,
        seed: int = 7,
        today: date | None = None,
        port: int = 0,
        faults: Iterable[Mapping[str, object] | Fault] | FaultPlan = (),
        effects_file: Path | None = None,
        daily_limit: int | None = None,
        burst_limit: int = 190,
        search_limit: int = 5,
        search_lag: float = 5.0,
        jwt_key: str = "",
    ) -> None:
        self.size = Size(seed, accounts, reps, today)
        self._salesforce: Org | None = None
        self._hubspot: hubspot.Hub | None = None
        limits = Limits(daily_limit, burst_limit, search_limit, search_lag)
        self._front, dialect = self._opened(crm, EffectLog(effects_file), limits, jwt_key)
        self._front.faults = faults if isinstance(faults, FaultPlan) else self._front.plan(faults)
        self._port = port
        self._wires = Wires()
        self._gate = Gate(dialect, self._front.clock, self._wires, seed)
        self._server: _Server | None = None
        self._thread: threading.Thread | None = None
        # A queue, not an event: a signal's handler may put into it at any instruction.
        self._ends: SimpleQueue[str] = SimpleQueue()

    def _opened(self, crm: str, log: EffectLog, limits: Limits, jwt_key: str) -> tuple[Front, Dialect]:
        size = self.size
        seeding = seed_company(size.seed, size.accounts, size.reps, size.today or datetime.now(UTC).date())
        match crm:
            case "salesforce":
                _check_key(jwt_key)
                settings = Settings(seed=size.seed, daily_limit=limits.daily or DAILY_CALLS, jwt_key=jwt_key)
                self._salesforce = Org(Company(seeding, log, Clock()), settings)
                return self._salesforce, Salesforce(self._salesforce)
            case "hubspot":
                self._hubspot = hubspot.Hub(Portal(seeding, log, Clock()), _hubspot_settings(size.seed, limits))
                return self._hubspot, HubSpot(self._hubspot)
            case _:
                raise _unknown(crm)

    # The CRM's state, for tests that reach into it

    @property
    def company(self) -> Company:
        """Salesforce's records. Raises SandboxError if it speaks another CRM's dialect."""
        return self.org.company

    @property
    def org(self) -> Org:
        """Salesforce's org. Raises SandboxError if it speaks another CRM's dialect."""
        if self._salesforce is None:
            raise SandboxError("this sandbox speaks HubSpot", "it has a portal and a hub")
        return self._salesforce

    @property
    def portal(self) -> Portal:
        """HubSpot's records. Raises SandboxError if it speaks another CRM's dialect."""
        return self.hub.portal

    @property
    def hub(self) -> hubspot.Hub:
        """HubSpot's account. Raises SandboxError if it speaks another CRM's dialect."""
        if self._hubspot is None:
            raise SandboxError("this sandbox speaks Salesforce", "it has a company and an org")
        return self._hubspot

    @property
    def reps(self) -> tuple[Seat, ...]:
        """Every rep with team and capacity, whatever the CRM has fields for: ``GET /sandbox/reps`` tells the same."""
        return roster(self._front.seeding)

    # Where it is and how to get in

    @property
    def url(self) -> str:
        """The address, without a slash at the end."""
        return self._gate.base

    @property
    def port(self) -> int:
        """The TCP port."""
        return self._port

    @property
    def crm(self) -> str:
        """Whose dialect it speaks."""
        return self._front.crm

    @property
    def client_id(self) -> str:
        """The connected app's key."""
        return str(self._front.credentials()["client_id"])

    @property
    def client_secret(self) -> str:
        """The connected app's secret."""
        return str(self._front.credentials()["client_secret"])

    @property
    def access_token(self) -> str:
        """A valid token of the integration."""
        with self._front.lock:
            return self._front.app_token()

    def user_token(self, who: str) -> str:
        """A valid token of a person, named by id, username (Salesforce), address (HubSpot) or full name.

        Raises KeyError.
        """
        with self._front.lock:
            return self._front.person_token(who)[0]

    def expire_tokens(self) -> None:
        """Every token given out so far is refused from now on."""
        with self._front.lock:
            self._front.expire_tokens()

    # What has happened

    @property
    def effects(self) -> list[dict[str, Value]]:
        """Every effective change so far, in order."""
        with self._front.lock:
            return self._front.log.lines()

    @property
    def calls(self) -> dict[str, object]:
        """``{"total": n, "by_kind": {…}}``."""
        return count_calls(self._front)

    @property
    def requests(self) -> list[Call]:
        """The latest calls in full, oldest first, without credentials: what a client really sent."""
        with self._front.lock:
            return list(self._front.heard)

    def reset_calls(self) -> None:
        """Counts calls from nought again, and forgets them."""
        with self._front.lock:
            self._front.calls.clear()
            self._front.heard.clear()

    def faults(self, *faults: Mapping[str, object] | Fault) -> None:
        """Puts these faults in force, instead of any others. Raises FaultPlanError."""
        with self._front.lock:
            self._front.faults = self._front.plan(faults)

    # Life

    def start(self) -> Self:
        """Binds the port and serves in a thread. Raises SandboxError if the port is taken."""
        listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            listener.bind((HOST, self._port))
        except OSError as taken:
            listener.close()
            message = f"port {self._port} of this machine cannot be used: {taken.strerror}"
            raise SandboxError(message, "name another port, or 0 for any free one") from None
        self._port = listener.getsockname()[1]
        self._gate.base = f"http://{HOST}:{self._port}"
        ready = threading.Event()
        self._server = _Server(self._configured(), ready)
        self._thread = threading.Thread(target=self._server.run, args=([listener],), name="sandbox", daemon=True)
        self._thread.start()
        ready.wait()
        return self

    def _configured(self) -> uvicorn.Config:
        routes = control_routes(self._front, self.about, self.ask_to_stop)
        app = Starlette(routes=[*routes, Mount("/", app=self._gate)])
        return uvicorn.Config(
            app,
            http=self._wires.protocol(),
            ws="none",
            lifespan="off",
            log_config=None,
            log_level="error",
            access_log=False,
            server_header=False,
            date_header=False,
            timeout_graceful_shutdown=2,
            h11_max_incomplete_event_size=_LARGEST_HEAD,
        )

    def stop(self) -> None:
        """Ends what still waits, closes every connection. Safe to call twice."""
        if self._server is not None and self._thread is not None:
            self._server.end(self._gate)
            self._thread.join()
            self._server = self._thread = None
        self._front.log.close()

    def ask_to_stop(self, *_signal: object) -> None:
        """Lets ``wait`` return. For any thread, and for handlers of signals."""
        self._ends.put("stop")

    def wait(self) -> None:
        """Waits until somebody asks for the end."""
        self._ends.get()

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    def about(self) -> dict[str, object]:
        """What a client has to know, as plain values."""
        return {
            "url": self.url,
            "crm": self.crm,
            **self._front.credentials(),
            "seed": self.size.seed,
            "accounts": self.size.accounts,
            "reps": self.size.reps,
        }


def _hubspot_settings(seed: int, limits: Limits) -> hubspot.Settings:
    settings = hubspot.Settings(
        seed=seed, burst_limit=limits.burst, search_limit=limits.search, search_lag=limits.search_lag
    )
    return settings if limits.daily is None else replace(settings, daily_limit=limits.daily)


def _unknown(crm: str) -> SandboxError:
    return SandboxError(f"the sandbox does not speak {crm!r}", f"it speaks {' and '.join(CRMS)}")


class _Server(uvicorn.Server):
    """uvicorn's server, which says when it is ready and can be ended from another thread."""

    def __init__(self, config: uvicorn.Config, ready: threading.Event) -> None:
        super().__init__(config)
        self._ready = ready

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        self._ready.set()

    def end(self, gate: Gate) -> None:
        self.should_exit = True
        gate.stop()


def _check_key(pem: str) -> None:
    if not pem:
        return
    try:
        load_pem_public_key(pem.encode())
    except (ValueError, UnsupportedAlgorithm):
        hint = "openssl rsa -in private.pem -pubout writes one"
        raise SandboxError("the key for JWT log-ins is no public key in PEM form", hint) from None


def serve(  # noqa: PLR0913 - each is one switch of the command line
    crm: str = "salesforce",
    *,
    port: int = 0,
    seed: int = 7,
    accounts: int = 2000,
    reps: int = 25,
    effects: Path | None = None,
    faults: Path | None = None,
    daily_limit: int | None = None,
    burst_limit: int = 190,
    search_lag: float = 5.0,
    jwt_key: Path | None = None,
    today: date | None = None,
    out: TextIO | None = None,
) -> None:
    """Serves until SIGTERM, SIGINT or ``POST /sandbox/shutdown``. Prints one JSON line when it is ready.

    Raises SandboxError (an unknown CRM, a bad key), FaultPlanError, and OSError (a file or the port).
    """
    if crm not in CRMS:
        raise _unknown(crm)
    sandbox = Sandbox(
        crm=crm,
        accounts=accounts,
        reps=reps,
        seed=seed,
        today=today,
        port=port,
        faults=load_faults(faults, CRMS[crm]) if faults else (),
        effects_file=effects,
        daily_limit=daily_limit,
        burst_limit=burst_limit,
        search_lag=search_lag,
        jwt_key=jwt_key.read_text(encoding="utf-8") if jwt_key else "",
    )
    with sandbox:
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, sandbox.ask_to_stop)
        print(json.dumps(sandbox.about()), file=out or sys.stdout, flush=True)
        sandbox.wait()
