"""``doctor`` and ``status`` over one CRM and over two: each check says whose it is, and a bad one the way out."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from sync_worker.app import open_worker
from sync_worker.config import load

if TYPE_CHECKING:
    from tests.checks.conftest import Place

OF_EACH = ("CRM", "fields", "pool user", "clock", "API calls")


def test_with_one_crm_all_is_well_and_no_check_names_it(one: Place) -> None:
    found = one.doctor()
    assert list(found) == ["secrets", "store", "CRM", "fields", "rules", "pool user", "clock", "API calls"]
    assert all(ok for ok, _, _ in found.values()), found


def test_with_two_crms_each_check_of_one_names_it(both: Place) -> None:
    found = both.doctor()
    own = {f"{name} ({crm})" for name in OF_EACH for crm in ("salesforce", "hubspot")}
    assert set(found) == {"secrets", "store", "rules"} | own
    assert all(ok for ok, _, _ in found.values()), found
    assert {found[f"CRM ({crm})"][1].partition(": ")[0] for crm in both.sandboxes} == {
        sandbox.url for sandbox in both.sandboxes.values()
    }


def test_a_crm_that_refuses_is_named_and_the_other_one_is_looked_at(both: Place) -> None:
    (both.folder / "secrets" / "access_token").write_text("of nobody")
    found = both.doctor()
    assert found["CRM (hubspot)"][0] is False
    assert "refused" in found["CRM (hubspot)"][1]
    assert {name for name, (ok, _, _) in found.items() if ok is None} == {
        "rules",
        *(f"{name} (hubspot)" for name in OF_EACH[1:]),
    }
    assert all(found[f"{name} (salesforce)"][0] for name in OF_EACH), found


def test_a_scope_that_is_missing_is_named(both: Place) -> None:
    both.sandboxes["hubspot"].faults({"on": "owners", "fault": "hide_object", "object": "deals"})
    ok, message, hint = both.doctor()["fields (hubspot)"]
    assert ok is False
    assert "deals" in message
    assert "scopes" in hint


def test_a_field_that_may_not_be_edited_is_named_in_its_crm(both: Place) -> None:
    both.sandboxes["hubspot"].faults(
        {"on": "owners", "fault": "read_only_field", "object": "companies", "field": "priority_tier"}
    )
    found = both.doctor()
    assert found["fields (hubspot)"][:2] == (False, "the integration user may not edit priority_tier of accounts")
    assert found["fields (salesforce)"][0] is True


def test_a_field_that_one_crm_lacks_is_named_with_the_way_out(both: Place) -> None:
    """A plain name goes to both."""
    ok, message, hint = both.doctor("fields.accounts.region=Region__c")["fields (hubspot)"]
    assert ok is False
    assert "Region__c" in message
    assert '{ salesforce = "…", hubspot = "…" } in [fields]' in hint


def test_what_is_written_must_have_a_field_in_each_crm(both: Place) -> None:
    ok, message, _ = both.doctor('fields.accounts.score={ salesforce = "Priority_Score__c" }')["rules"]
    assert ok is False
    assert "fields.score = 'score' has no field in hubspot" in message
    assert 'score = { salesforce = "…", hubspot = "…" }' in message


def test_the_pool_user_must_be_known_in_each_crm_by_mail(both: Place) -> None:
    """A Salesforce username that is no address of HubSpot's is told there."""
    [name] = [
        str(user["Username"])
        for user in both.sandboxes["salesforce"].company.rows("User")
        if user["Name"] == "Account Pool"
    ]
    found = both.doctor(f"pool.user={name}x")
    for crm in both.sandboxes:
        ok, message, hint = found[f"pool user ({crm})"]
        assert (ok, message) == (False, f"the pool user {name}x is no user of {crm}")
        assert "e-mail address that an active user of every CRM has" in hint


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o602, 0o620])
def test_a_secret_that_others_may_read_is_bad_and_the_cure_is_typed_out(both: Place, mode: int) -> None:
    file = both.folder / "secrets" / "access_token"
    file.chmod(mode)
    ok, message, hint = both.doctor()["secrets"]
    assert (ok, message, hint) == (False, f"others may read or change {file}", f"chmod 600 {file}")


def test_secrets_in_variables_lie_in_no_file(one: Place) -> None:
    config = one.folder / "config.toml"
    config.write_text(config.read_text().replace("_file =", "_env ="))
    [sandbox] = one.sandboxes.values()
    environ = {"secrets/client_secret": sandbox.client_secret, "secrets/access_token": sandbox.access_token}
    with open_worker(load(config, environ=environ).config) as worker:
        [check] = [check for check in worker.doctor() if check.name == "secrets"]
    assert (check.ok, check.message) == (True, "none lies in a file")


def test_hubspot_under_oauth_does_not_say_how_many_calls_are_used(both: Place) -> None:
    sandbox = both.sandboxes["hubspot"]
    for name in ("client_secret", "refresh_token"):
        (both.folder / name).write_text(getattr(sandbox.hub, name))
        (both.folder / name).chmod(0o600)
    found = both.doctor(
        "hubspot.auth=oauth",
        f"hubspot.client_id={sandbox.client_id}",
        f"hubspot.client_secret_file={both.folder / 'client_secret'}",
        f"hubspot.refresh_token_file={both.folder / 'refresh_token'}",
    )
    assert found["CRM (hubspot)"][0] is True
    assert found["API calls (hubspot)"][:2] == (None, "the CRM does not say how many are used")


def test_a_folder_of_signals_must_be_there(one: Place) -> None:
    drops = one.folder / "drops"
    ok, message, hint = one.doctor("signals.folder=drops")["signals"]
    assert (ok, message, hint) == (False, f"{drops} is no folder", "make it, or correct signals.folder")
    drops.mkdir()
    assert one.doctor("signals.folder=drops")["signals"][0] is True


# Status ----------------------------------------------------------------------------------------------------------


def test_status_tells_the_calls_of_each_org(both: Place) -> None:
    with both.worker() as worker:
        worker.pull()
        found = worker.status()
    assert found.org_calls.keys() == both.sandboxes.keys()
    for crm, sandbox in both.sandboxes.items():
        assert 0 < found.org_calls[crm].used <= int(str(sandbox.calls["total"]))
    assert found.org_calls["salesforce"].limit != found.org_calls["hubspot"].limit
    assert (found.org_used, found.org_limit) == (None, None)


def test_with_one_crm_its_calls_are_the_orgs(one: Place) -> None:
    with one.worker() as worker:
        worker.pull()
        found = worker.status()
    [calls] = found.org_calls.values()
    assert (found.org_used, found.org_limit) == (calls.used, calls.limit)


def test_the_words_of_rules_are_asked_anew_when_the_config_names_another_crm(both: Place) -> None:
    config = both.folder / "config.toml"
    text = config.read_text()
    alone = text[: text.index("[hubspot]")] + text[text.index("[store]") :]
    config.write_text(alone)
    with both.worker() as worker:
        worker.pull()
        assert "stage" not in worker.vocabulary().account
    config.write_text(text)
    with both.worker() as worker:
        assert "stage" in worker.vocabulary().account
