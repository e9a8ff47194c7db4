"""Motions, paths, schemes and routes over HTTP: in the plan's figures, in the decisions, in what explain tells."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sync_worker.config import load

if TYPE_CHECKING:
    from sync_worker.config import Config
    from tests.cycle.office import Office

POLICY = """
version: 1
conditions:
  large: employees >= 1000
segments:
  size: {enterprise: {use: large}, mid-market: employees >= 200, small: otherwise}
motions: {renewal: is_customer and renewal_date is not empty, expansion: is_customer, new logo: otherwise}
paths: {inbound: lead_source = 'Web', outbound: otherwise}
routes:
  - {id: inbound-large, use: large, when: path = 'inbound', to: {by: owner}, because: Enquiries of large companies}
  - {id: inbound, when: path = 'inbound', to: {by: owner}}
lists:
  named: {file: named.csv, column: account}
protect:
  - {id: named, when: name in named, because: On the list that we share with marketing}
"""


def settings(office: Office) -> Config:
    """The office's config, with the demo's rules and these, and a list of three accounts."""
    office.config()
    accounts = sorted(str(row["Name"]) for row in office.sandbox.company.rows("Account"))[:3]
    (office.rules / "policy.yaml").write_text(POLICY)
    (office.rules / "named.csv").write_text("account,why\n" + "".join(f'"{name}",x\n' for name in accounts))
    flags = ("fields.accounts.lead_source=AccountSource",)
    return load(office.folder / "config.toml", environ={}, flags=flags).config


def test_a_plan_counts_the_accounts_in_scope_by_every_scheme(office: Office) -> None:
    with office.worker(settings(office)) as worker:
        report = worker.plan()
    assert report.plan is not None
    counted = report.plan.plan.summary["segments"]
    assert isinstance(counted, list)
    assert [(one["scheme"], one["segment"]) for one in counted] == [
        ("size", "enterprise"), ("size", "mid-market"), ("size", "small"),
        ("motion", "renewal"), ("motion", "expansion"), ("motion", "new logo"),
        ("path", "inbound"), ("path", "outbound"),
    ]  # fmt: skip
    scoped = [decision for decision in report.decided.decisions if decision.scope]
    for one in counted:
        assert one["accounts"] == sum(decision.fields[one["scheme"]] == one["segment"] for decision in scoped)
    assert sum(one["accounts"] for one in counted) == 3 * len(scoped), "each is in exactly one segment of each scheme"
    routes = {decision.fields["route"] for decision in report.decided.decisions}
    assert routes == {"inbound-large", "inbound", None}
    named = [decision.name for decision in report.decided.decisions if decision.protect == "named"]
    assert len(named) <= 3


def test_explain_tells_which_segment_an_account_is_in_and_what_was_tried_for_it(office: Office) -> None:
    own = settings(office)
    with office.worker(own) as worker:
        report = worker.plan()
        found = next(one for one in report.decided.decisions if one.fields["route"] == "inbound-large")
        told = worker.explain(found.account).told
    tried = [(rule.group, rule.id, rule.holds, rule.decides) for rule in told.rules if rule.section == "segments"]
    assert [one for one in tried if one[0] == "size"] == [
        ("size", "enterprise", True, True),
        ("size", "mid-market", None, False),
        ("size", "small", None, False),
    ]
    assert ("path", "inbound", True, True) in tried
    assert told.fields["size"] == "enterprise"
    routed = told.first("routes")
    assert routed is not None
    assert (routed.id, routed.because) == ("inbound-large", "Enquiries of large companies")
    assert routed.text == "large (employees >= 1000) and path = 'inbound'"
    assert routed.values["path"] == "inbound"
