"""Ctrl-C during a write: it stops at the next row, says so, and the same command goes on with the rest."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import time
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tests.cli.desk import Desk


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_an_apply_that_is_told_to_stop_can_be_typed_again(desk: Desk, number: signal.Signals) -> None:
    plan = desk.ask("plan")["plan"]
    desk.ask("approve", plan["id"])
    desk.sandbox.faults({"on": "row_patch", "every": 1, "fault": "stall", "seconds": 0.3})
    command = [
        sys.executable,
        "-m",
        "sync_worker",
        "apply",
        plan["id"],
        "--config",
        str(desk.config),
        "--format",
        "json",
    ]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        until = time.monotonic() + 60
        while not desk.sandbox.effects and process.poll() is None and time.monotonic() < until:
            time.sleep(0.02)
        process.send_signal(number)
        out, err = process.communicate(timeout=60)
    stopped = json.loads(out)
    assert process.returncode == 5, err
    assert "stopping at the next safe place" in err
    assert "Traceback" not in err
    assert stopped["stopped"]
    assert stopped["resumable"]
    assert stopped["rows"]["approved"] > 0

    desk.sandbox.faults()
    again = desk.type("apply", plan["id"], "--format", "json").json
    # The account that was moved first has other inputs now: its priority is planned again next time.
    assert set(again["rows"]) <= {"verified", "superseded"}
    assert again["rows"].get("superseded", 0) <= 2
    changed = [(effect["id"], effect["field"]) for effect in desk.sandbox.effects]
    assert len(changed) == len(set(changed)), "each planned change happened once"
