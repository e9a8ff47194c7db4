"""Each template runs as it is on a CRM without any field of its own, and its tests show what its rules do."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
import requests

from connectors.sandbox import Sandbox
from sync_worker.cli.starting import Crm, Template, start
from tests.cli.desk import Desk, typed

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

OWN = [template for template in Template if template is not Template.DEMO]
TEAMS = {
    Template.SAAS: "Mid-Market",
    Template.HEALTHCARE: "Practices",
    Template.FINANCIAL_SERVICES: "Advice Line",
    Template.ROE_TOOLKIT: "Hunters",
}
"""A team of each template whose book takes many accounts."""


@pytest.fixture(scope="module", params=Crm)
def sandbox(request: pytest.FixtureRequest) -> Iterator[Sandbox]:
    with Sandbox(crm=request.param, seed=7, accounts=20, reps=2) as found:
        yield found


def settle(folder: Path, template: Template, sandbox: Sandbox) -> Path:
    """A folder with a template, told how to reach the sandbox; its config."""
    crm = Crm(sandbox.crm)
    values = {f"{crm}.url": sandbox.url, f"{crm}.client_id": sandbox.client_id, "pool.user": "pool@acme.example"}
    made = start(folder, template, values, crms=(crm,))
    for name, secret in (("client_secret", sandbox.client_secret), ("access_token", sandbox.access_token)):
        (made.secrets / name).write_text(secret)
        (made.secrets / name).chmod(0o600)
    return made.config


@pytest.mark.parametrize("template", OWN)
def test_a_template_fits_either_crm_as_it_is_without_a_warning(
    tmp_path: Path, template: Template, sandbox: Sandbox, capsys: pytest.CaptureFixture[str]
) -> None:
    desk = Desk(settle(tmp_path / "new", template, sandbox).parent, sandbox, capsys)
    desk.ask("db", "upgrade")
    found = desk.ask("rules", "check", "--tests", "--strict")
    assert (found["warnings"], found["tests"]["failed"], found["tests"]["test_warnings"]) == ([], 0, [])
    if sandbox.crm == Crm.SALESFORCE:
        assert desk.ask("rules", "test", "--least", "90")["coverage"]["share"] >= 0.9


@pytest.mark.parametrize("template", TEAMS)
def test_a_plan_of_a_template_fills_books_once_reps_are_named(
    tmp_path: Path, template: Template, capsys: pytest.CaptureFixture[str]
) -> None:
    crm = Crm.SALESFORCE if template in (Template.SAAS, Template.HEALTHCARE) else Crm.HUBSPOT
    with Sandbox(crm=crm, seed=7, accounts=150, reps=6) as sandbox:
        desk = Desk(settle(tmp_path / "new", template, sandbox).parent, sandbox, capsys)
        name_reps(desk, TEAMS[template])
        with desk.config.open("a") as config:
            config.write("\n[guards]\nowner_moves = 1.0\nrep_moves = 1.0\n")
        desk.ask("db", "upgrade")
        assert desk.type("doctor").code == 0
        plan = desk.ask("plan")["plan"]
        assert plan["summary"]["owner_changes"] > 0, plan["summary"]
        assert not sandbox.effects


def name_reps(desk: Desk, team: str) -> None:
    """Fill reps.csv with the sandbox's reps, all of one team."""
    file = desk.folder / "rules" / "reps.csv"
    columns = file.read_text().strip().split(",")
    values = {"team (text)": team, "capacity (number)": "500"}
    reps = requests.get(f"{desk.sandbox.url}/sandbox/reps", timeout=10).json()
    rows = [",".join([rep["email"], *(values.get(column, "") for column in columns[1:])]) for rep in reps]
    file.write_text("\n".join([",".join(columns), *rows]) + "\n")


def test_init_lists_the_templates_and_names_what_one_leaves_open(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    listed = typed(capsys, "init", "--list", "--format", "json").json["templates"]
    assert list(listed) == [template.value for template in Template]
    answer = typed(capsys, "init", str(tmp_path / "x"), "--template", "saas", "--format", "json").json
    assert answer["unfilled"] == ["renewal_date", "trial_started", "lead_source"]
    assert answer["topics"] == ["cybersecurity", "cloud_migration", "data_privacy"]
    told = " ".join(typed(capsys, "init", str(tmp_path / "y"), "--template", "healthcare").out.split())
    assert "what your CRM calls setting, beds, purchasing_group, contract_end, tender." in told
    assert "reps.csv: a line for each rep" in told
