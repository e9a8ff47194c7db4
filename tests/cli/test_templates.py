"""Each template runs as it is on a CRM without any field of its own, and its tests show what its rules do."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
import requests

from connectors.sandbox import Sandbox
from sync_worker.cli.starting import Crm, Template, start
from tests.cli.desk import Desk, typed

if TYPE_CHECKING:
    from pathlib import Path

TEAMS = {
    Template.SAAS: "Mid-Market",
    Template.HEALTHCARE: "Practices",
    Template.FINANCIAL_SERVICES: "Advice Line",
    Template.ROE_TOOLKIT: "Hunters",
}
"""A team of each template whose book takes many accounts."""
PLANNED = {
    Template.SAAS: Crm.SALESFORCE,
    Template.HEALTHCARE: Crm.SALESFORCE,
    Template.FINANCIAL_SERVICES: Crm.HUBSPOT,
    Template.ROE_TOOLKIT: Crm.HUBSPOT,
}
"""The CRM on which a template makes a plan; the starter's is made in test_starting, on both."""
OTHERS = [(template, crm) for template in TEAMS for crm in Crm if PLANNED[template] is not crm]


def settle(folder: Path, template: Template, sandbox: Sandbox) -> Path:
    """A folder with a template, told how to reach the sandbox; its config."""
    crm = Crm(sandbox.crm)
    values = {f"{crm}.url": sandbox.url, f"{crm}.client_id": sandbox.client_id, "pool.user": "pool@acme.example"}
    made = start(folder, template, values, crms=(crm,))
    for name, secret in (("client_secret", sandbox.client_secret), ("access_token", sandbox.access_token)):
        (made.secrets / name).write_text(secret)
        (made.secrets / name).chmod(0o600)
    return made.config


def fits(desk: Desk) -> None:
    """No mistake, no warning, no failed test."""
    desk.ask("db", "upgrade")
    found = desk.ask("rules", "check", "--tests", "--strict")
    assert (found["warnings"], found["tests"]["failed"], found["tests"]["test_warnings"]) == ([], 0, [])


@pytest.mark.parametrize(("template", "crm"), OTHERS)
def test_a_template_fits_a_crm_as_it_is_without_a_warning(
    tmp_path: Path, template: Template, crm: Crm, capsys: pytest.CaptureFixture[str]
) -> None:
    with Sandbox(crm=crm, seed=7, accounts=20, reps=2) as sandbox:
        fits(Desk(settle(tmp_path / "new", template, sandbox).parent, sandbox, capsys))


@pytest.mark.parametrize("template", PLANNED)
def test_a_plan_of_a_template_fills_books_once_reps_are_named(
    tmp_path: Path, template: Template, capsys: pytest.CaptureFixture[str]
) -> None:
    with Sandbox(crm=PLANNED[template], seed=7, accounts=120, reps=6) as sandbox:
        desk = Desk(settle(tmp_path / "new", template, sandbox).parent, sandbox, capsys)
        fits(desk)
        assert desk.ask("rules", "test", "--least", "90")["coverage"]["share"] >= 0.9
        name_reps(desk, TEAMS[template])
        with desk.config.open("a") as config:
            config.write("\n[guards]\nowner_moves = 1.0\nrep_moves = 1.0\n")
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
