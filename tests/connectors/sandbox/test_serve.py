"""The sandbox as a process of its own, and what it says and does under /sandbox."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import time
from typing import TYPE_CHECKING, Any

import pytest
import requests

from connectors.sandbox import FaultPlanError, Sandbox, SandboxError, serve
from tests.connectors.sandbox.conftest import Client

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


class Served:
    """A sandbox in another process."""

    def __init__(self, *arguments: str) -> None:
        command = [sys.executable, "-m", "connectors.sandbox", "serve", *arguments]
        self.process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        assert self.process.stdout
        self.told: dict[str, Any] = json.loads(self.process.stdout.readline())

    def end(self, number: int = signal.SIGTERM) -> int:
        self.process.send_signal(number)
        return self.process.wait(10)


@pytest.fixture
def served(tmp_path: Path) -> Iterator[Served]:
    running = Served("--accounts", "50", "--reps", "5", "--effects", str(tmp_path / "effects.jsonl"))
    yield running
    running.process.kill()
    running.process.communicate()


def test_it_tells_in_one_line_how_to_reach_it(served: Served) -> None:
    told = served.told
    assert set(told) >= {"url", "crm", "client_id", "client_secret", "access_token", "seed", "accounts", "reps"}
    assert told["url"].startswith("http://127.0.0.1:")
    headers = {"Authorization": f"Bearer {told['access_token']}"}
    reply = requests.get(
        f"{told['url']}/services/data/v66.0/query?q=SELECT+COUNT()+FROM+Account", headers=headers, timeout=10
    )
    assert reply.json()["totalSize"] == 50


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_ends_it_quickly_and_well(served: Served, number: int) -> None:
    with requests.Session() as session:
        session.get(f"{served.told['url']}/services/data", timeout=10)
        start = time.monotonic()
        assert served.end(number) == 0
        assert time.monotonic() - start < 3


def test_it_ends_when_it_is_asked_to_over_http(served: Served) -> None:
    requests.post(f"{served.told['url']}/sandbox/shutdown", timeout=10)
    assert served.process.wait(10) == 0


def test_effects_are_in_the_file_even_if_it_is_killed(served: Served, tmp_path: Path) -> None:
    headers = {"Authorization": f"Bearer {served.told['access_token']}"}
    url = f"{served.told['url']}/services/data/v66.0/sobjects/Account/0015g0000000001AAA"
    requests.patch(url, json={"Phone": "1"}, headers=headers, timeout=10)
    served.end(signal.SIGKILL)
    lines = (tmp_path / "effects.jsonl").read_text(encoding="utf-8").splitlines()
    assert [json.loads(line)["after"] for line in lines] == ["1"]


def test_what_cannot_be_served_is_said_before_anything_starts(tmp_path: Path, sandbox: Sandbox) -> None:
    with pytest.raises(SandboxError, match="'pipedrive'"):
        serve("pipedrive")
    with pytest.raises(SandboxError, match="no public key"):
        Sandbox(accounts=1, reps=1, jwt_key="-----BEGIN PUBLIC KEY-----")
    plan = tmp_path / "faults.json"
    plan.write_text('[{"on": "query", "fault": "none"}]', encoding="utf-8")
    with pytest.raises(FaultPlanError, match="unknown fault 'none'"):
        serve(faults=plan)
    with pytest.raises(
        SandboxError, match=f"port {sandbox.port} of this machine cannot be used: Address already in use"
    ):
        serve(port=sandbox.port, accounts=1, reps=1)


# Under /sandbox


def test_calls_are_counted_by_kind_and_the_sandboxs_own_are_not(sandbox: Sandbox, crm: Client) -> None:
    id_ = next(iter(sandbox.company.tables["Account"]))
    crm.get("/query", q="SELECT Id FROM Account")
    crm.get(f"/sobjects/Account/{id_}")
    crm.get(f"/sobjects/Account/{id_}")
    crm.get("/nowhere")
    counted = requests.get(f"{sandbox.url}/sandbox/calls", timeout=10).json()
    assert counted == sandbox.calls == {"total": 4, "by_kind": {"not_found": 1, "query": 1, "row_get": 2}}
    assert requests.post(f"{sandbox.url}/sandbox/calls/reset", timeout=10).json() == {"total": 0, "by_kind": {}}


def test_what_clients_sent_can_be_read_without_their_credentials(sandbox: Sandbox, crm: Client) -> None:
    id_ = next(iter(sandbox.company.tables["Account"]))
    crm("PATCH", f"/sobjects/Account/{id_}", json={"Phone": "1"}, headers={"Sforce-Auto-Assign": "FALSE"})
    requests.post(f"{sandbox.url}/services/oauth2/token", data={"client_secret": sandbox.client_secret}, timeout=10)
    patch, token = sandbox.requests
    assert (patch.kind, patch.method, patch.headers["sforce-auto-assign"]) == ("row_patch", "PATCH", "FALSE")
    assert json.loads(patch.body) == {"Phone": "1"}
    assert sandbox.access_token not in repr(patch)
    assert sandbox.client_secret not in repr(token)


def test_faults_are_set_shown_and_lifted_over_http(sandbox: Sandbox, crm: Client) -> None:
    url = f"{sandbox.url}/sandbox/faults"
    set_ = requests.post(url, json=[{"on": "limits", "fault": "server_error", "every": 1}], timeout=10)
    assert set_.json() == [{"fault": "server_error", "on": "limits", "matched": 0, "struck": 0}]
    assert crm.get("/limits").status_code == 500
    assert requests.get(url, timeout=10).json()[0]["struck"] == 1
    wrong = requests.post(url, json={"on": "limits", "fault": "nothing"}, timeout=10)
    assert wrong.status_code == 400
    assert "unknown fault 'nothing'" in wrong.json()["error"]
    requests.delete(url, timeout=10)
    assert crm.get("/limits").status_code == 200


def test_the_clock_moves_for_stamps_dates_and_relative_literals(sandbox: Sandbox, crm: Client) -> None:
    before = crm.get("/limits").headers["Date"]
    moved = requests.post(f"{sandbox.url}/sandbox/clock", json={"advance_seconds": 40 * 86_400}, timeout=10)
    assert moved.status_code == 200
    assert crm.get("/limits").headers["Date"] != before
    sandbox.company.edit("Account", next(iter(sandbox.company.tables["Account"])), Phone="1")
    assert len(crm.rows("SELECT Id FROM Account WHERE LastModifiedDate = TODAY")) == 1
    assert requests.post(f"{sandbox.url}/sandbox/clock", json={}, timeout=10).status_code == 400


def test_a_token_of_a_person_is_given_by_name(sandbox: Sandbox) -> None:
    told = requests.post(f"{sandbox.url}/sandbox/tokens", json={"username": "pool@acme.example"}, timeout=10).json()
    assert told == {"access_token": sandbox.user_token("Account Pool"), "user_id": sandbox.company.seeding.pool}
    unknown = requests.post(f"{sandbox.url}/sandbox/tokens", json={"username": "nobody"}, timeout=10)
    assert unknown.status_code == 400
    assert "'nobody'" in unknown.json()["error"]


def test_a_person_edits_over_http(sandbox: Sandbox) -> None:
    id_ = next(iter(sandbox.company.tables["Account"]))
    url = f"{sandbox.url}/sandbox/edit"
    given = {"object": "Account", "id": id_, "actor": "Dana Whitfield", "set": {"Phone": "1"}}
    assert requests.post(url, json=given, timeout=10).json() == {"changed": True}
    assert requests.get(f"{sandbox.url}/sandbox/effects", timeout=10).json() == sandbox.effects
    assert sandbox.effects[0]["actor"] == sandbox.company.seeding.admin
    assert requests.post(url, json={**given, "set": {"Fone": "1"}}, timeout=10).status_code == 400


def test_many_clients_at_once_lose_nothing(sandbox: Sandbox) -> None:
    from concurrent.futures import ThreadPoolExecutor  # noqa: PLC0415 - only this test needs threads

    id_ = next(iter(sandbox.company.tables["Account"]))

    def write(number: int) -> int:
        client = Client(sandbox)
        status = client("PATCH", f"/sobjects/Account/{id_}", json={"Phone": str(number)}).status_code
        client.session.close()
        return status

    with ThreadPoolExecutor(8) as pool:
        assert set(pool.map(write, range(40))) == {204}
    assert len(sandbox.effects) == 40
    for earlier, later in zip(sandbox.effects, sandbox.effects[1:], strict=False):
        assert later["before"] == earlier["after"]
