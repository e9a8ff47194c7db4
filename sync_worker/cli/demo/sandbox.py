"""The demo's sandbox: a process of its own, started, found again, stopped. Touches nothing the demo did not make."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import time
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import requests

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from sync_worker.cli.starting import Crm

MARKER = ".sync-worker-demo"
READY_SECONDS = 60.0
STOP_SECONDS = 10.0


class DemoFailed(Exception):
    """The demo cannot go on. ``hint`` names the way out."""

    def __init__(self, message: str, *, hint: str = "") -> None:
        super().__init__(message)
        self.hint = hint


@dataclass(frozen=True, slots=True)
class Company:
    """Which company the sandbox makes up, and for which CRM."""

    crm: Crm
    accounts: int
    reps: int
    seed: int


@dataclass(frozen=True, slots=True)
class Sandbox:
    """A running sandbox. ``effects`` is its own log of what really changed."""

    url: str
    client_id: str
    client_secret: str
    access_token: str
    process: int
    effects: Path

    def calls(self) -> Mapping[str, int]:
        """The API calls that it has answered, by kind."""
        found: Mapping[str, int] = _ask("GET", f"{self.url}/sandbox/calls")["by_kind"]
        return found

    def capacities(self) -> Mapping[str, int]:
        """How many accounts each rep may own, by e-mail address: what the company's own list of people says."""
        return {rep["email"]: rep["capacity"] for rep in _ask("GET", f"{self.url}/sandbox/reps")}


def clean(folder: Path) -> None:
    """Make an empty folder for the demo; an earlier demo's sandbox is stopped and its state removed.

    Raises DemoFailed for a folder that no demo made.
    """
    if folder.is_symlink() or (folder.exists() and not folder.is_dir()):
        raise DemoFailed(f"{folder} is no folder of its own", hint="name another one with --folder")
    if folder.exists() and any(folder.iterdir()):
        if not (folder / MARKER).exists():
            raise DemoFailed(f"{folder} holds files that no demo made", hint="name another one with --folder")
        stop_earlier(folder)
        shutil.rmtree(folder)
    folder.mkdir(parents=True, exist_ok=True)
    (folder / MARKER).write_text("Made by 'sync-worker demo', which replaces this folder when it runs again.\n")


def stop_earlier(folder: Path) -> None:
    """Stop the sandbox that an earlier demo left running here, if it still answers under its own name."""
    try:
        told = json.loads((folder / "sandbox.json").read_text(encoding="utf-8"))
        about = _ask("GET", f"{told['url']}/sandbox")
        if about.get("access_token") == told["access_token"]:
            _ask("POST", f"{told['url']}/sandbox/shutdown")
    except (OSError, ValueError, KeyError, TypeError, requests.RequestException):
        return  # nobody answers there any more


@contextmanager
def running(folder: Path, company: Company, *, keep: bool) -> Iterator[Sandbox]:
    """A sandbox for as long as the block lasts; with ``keep`` it goes on when the block ends well."""
    process = _started(folder, company)
    kept = False
    try:
        yield _ready(folder, process)
        kept = keep
    finally:
        if not kept:
            _stop(process)


def _started(folder: Path, company: Company) -> subprocess.Popen[bytes]:
    command = [sys.executable, "-m", "sync_worker", "sandbox", "serve", "--crm", company.crm, "--port", "0"]
    command += ["--seed", str(company.seed), "--accounts", str(company.accounts), "--reps", str(company.reps)]
    command += ["--effects", str(folder / "effects.jsonl")]
    told = os.open(folder / "sandbox.json", os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(told, "wb") as out, (folder / "sandbox.log").open("wb") as log:
        # In a session of its own: Ctrl-C is for the demo, which then stops the sandbox itself.
        return subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=out, stderr=log, start_new_session=True)  # noqa: S603 - our own program


def _ready(folder: Path, process: subprocess.Popen[bytes]) -> Sandbox:
    until = time.monotonic() + READY_SECONDS
    while time.monotonic() < until and process.poll() is None:
        text = (folder / "sandbox.json").read_text(encoding="utf-8")
        if text.endswith("\n"):
            told = json.loads(text)
            keys = ("url", "client_id", "client_secret", "access_token")
            return Sandbox(**{key: told[key] for key in keys}, process=process.pid, effects=folder / "effects.jsonl")
        time.sleep(0.02)
    log = (folder / "sandbox.log").read_text(encoding="utf-8", errors="replace").strip().split("\n")[-1]
    raise DemoFailed(f"the sandbox did not start: {log or 'no answer'}", hint=f"read {folder / 'sandbox.log'}")


def _stop(process: subprocess.Popen[bytes]) -> None:
    process.terminate()
    try:
        process.wait(STOP_SECONDS)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


def _ask(method: str, url: str) -> Any:  # noqa: ANN401 - whatever the sandbox tells
    with requests.Session() as http:
        http.trust_env = False  # a proxy for the world is none for this machine
        answer = http.request(method, url, timeout=5)
        answer.raise_for_status()
        return answer.json()
