"""What ``init`` writes fits the CRM it was asked for, as it is, and says what a person has to add."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from connectors.sandbox import Sandbox
from sync_worker.cli.starting import SUGGESTED, Crm, Template, start
from sync_worker.config import load
from tests.cli.desk import Desk, typed

if TYPE_CHECKING:
    from pathlib import Path

    from sync_worker.config import Config

BOTH = (Crm.SALESFORCE, Crm.HUBSPOT)


def settled(folder: Path, template: Template, crms: tuple[Crm, ...]) -> Config:
    made = start(folder, template, crms=crms)
    assert "@" not in made.config.read_text().replace(SUGGESTED[template]["pool.user"], "")
    for name in ("client_secret", "access_token"):
        (made.secrets / name).write_text("hush")
    return load(made.config, environ={}).config


@pytest.mark.parametrize("template", Template)
@pytest.mark.parametrize("crms", [(Crm.SALESFORCE,), (Crm.HUBSPOT,), BOTH])
def test_every_config_loads_and_names_the_crms_asked_for(
    tmp_path: Path, template: Template, crms: tuple[Crm, ...]
) -> None:
    config = settled(tmp_path / "x", template, crms)
    assert config.crms == crms
    assert config.home.crm == ("salesforce" if crms == BOTH else "")


def test_each_crm_gets_its_own_names_of_the_demos_fields(tmp_path: Path) -> None:
    config = settled(tmp_path / "x", Template.DEMO, BOTH)
    salesforce, hubspot = config.fields.own("salesforce"), config.fields.own("hubspot")
    assert (salesforce["accounts"]["score"], hubspot["accounts"]["score"]) == ("Priority_Score__c", "priority_score")
    assert salesforce["accounts"].keys() == hubspot["accounts"].keys()
    assert salesforce["users"] == {"capacity": "Book_Capacity__c"}
    assert hubspot["users"] == {"capacity": ""}  # an owner has no fields of an account's own
    assert hubspot["activities"] == {"kind": "engagement_kind"}


@pytest.mark.parametrize(
    ("flags", "crms", "wanted"),
    [
        ((), ["salesforce"], ["the consumer key"]),
        (("--crm", "hubspot"), ["hubspot"], ["secrets/access_token: a service key"]),
        (("--crm", "hubspot", "--crm", "salesforce"), ["salesforce", "hubspot"],
         ["the consumer key", "secrets/access_token", "under [home]"]),
    ],
)  # fmt: skip
def test_it_says_what_a_person_has_to_add(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], flags: tuple[str, ...], crms: list[str], wanted: list[str]
) -> None:
    answer = typed(capsys, "init", str(tmp_path / "x"), *flags)
    assert answer.code == 0
    words = " ".join(answer.out.split())
    assert all(one in words for one in [*wanted, "under [pool]"])
    assert typed(capsys, "init", str(tmp_path / "y"), *flags, "--format", "json").json["crms"] == crms


@pytest.mark.parametrize("crm", Crm)
def test_the_starter_fits_a_crm_without_any_custom_field(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], crm: Crm
) -> None:
    """… and a plan writes nothing."""
    with Sandbox(crm=crm, seed=7, accounts=120, reps=6) as sandbox:
        values = {f"{crm}.url": sandbox.url, f"{crm}.client_id": sandbox.client_id, "pool.user": "pool@acme.example"}
        made = start(tmp_path / "new", Template.STARTER, values, crms=(crm,))
        for name, secret in (("client_secret", sandbox.client_secret), ("access_token", sandbox.access_token)):
            (made.secrets / name).write_text(secret)
            (made.secrets / name).chmod(0o600)
        desk = Desk(made.folder, sandbox, capsys)
        desk.ask("db", "upgrade")
        assert desk.ask("rules", "check", "--tests", "--strict")["tests"]["failed"] == 0
        assert desk.ask("rules", "test", "--least", "90")["ok"]
        assert desk.type("doctor").code == 0
        answer = desk.type("plan")
        assert answer.code == 0, answer.err
        assert not sandbox.effects
