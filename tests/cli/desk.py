"""A desk at which commands are typed: a folder with config and rules, a sandbox CRM behind it, and the answers."""

from __future__ import annotations

import json
import logging
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import structlog

from sync_worker.cli.root import run
from sync_worker.cli.starting import Crm, Template, start

if TYPE_CHECKING:
    from pathlib import Path

    import pytest

    from connectors.sandbox import Sandbox

POOL = "pool@acme.example"


@dataclass(frozen=True)
class Answer:
    """What one command said."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        """The object on stdout: all of it, and nothing else."""
        return json.loads(self.out)


@dataclass(frozen=True)
class Desk:
    """Where commands are typed."""

    folder: Path
    sandbox: Sandbox
    capsys: pytest.CaptureFixture[str]

    @property
    def config(self) -> Path:
        """The config file."""
        return self.folder / "config.toml"

    def type(self, *words: str) -> Answer:
        """Type ``sync-worker WORDS`` here."""
        return typed(self.capsys, *words, "--config", str(self.config))

    def ask(self, *words: str) -> Any:
        """The same, answered as JSON; it must go well."""
        answer = self.type(*words, "--format", "json")
        assert answer.code == 0, answer.err
        return answer.json


def typed(capsys: pytest.CaptureFixture[str], *words: str) -> Answer:
    """Type ``sync-worker WORDS`` in this process; logging is left as it was found."""
    capsys.readouterr()
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    try:
        code = run(words)
    finally:
        root.handlers[:], root.level = handlers, level
        structlog.reset_defaults()
    out, err = capsys.readouterr()
    return Answer(code, out, err)


def settle(folder: Path, sandbox: Sandbox) -> None:
    """What ``init --template demo`` writes, filled in for this sandbox."""
    crm = Crm(sandbox.crm)
    values = {f"{crm}.url": sandbox.url, f"{crm}.client_id": sandbox.client_id}
    made = start(folder, Template.DEMO, values, crms=(crm,))
    for name, secret in (("client_secret", sandbox.client_secret), ("access_token", sandbox.access_token)):
        (made.secrets / name).write_text(secret)
        (made.secrets / name).chmod(0o600)
    # The company is so small that the usual limits would stop every plan.
    with made.config.open("a") as config:
        config.write("\n[guards]\nowner_moves = 1.0\nrep_moves = 1.0\n")
