"""Config: which CRMs it names, what each needs, fields by CRM, the home of what both have, signals from files."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from sync_worker.config import ConfigInvalid, Loaded, load

if TYPE_CHECKING:
    from pathlib import Path

    from sync_worker.config import HubSpotConfig

POOL = '[pool]\nuser = "pool@acme.com"\n'
SALESFORCE = '[salesforce]\nurl = "https://acme.my.salesforce.com"\nclient_id = "key"\nclient_secret_file = "secret"\n'
HUBSPOT = '[hubspot]\naccess_token_file = "secret"\n'
HOME = '[home]\ncrm = "salesforce"\n'
BOTH = SALESFORCE + HUBSPOT + HOME + POOL
VARIABLE = "SYNC_WORKER__SALESFORCE__URL"


@pytest.fixture
def file(tmp_path: Path) -> Path:
    (tmp_path / "secret").write_text("s3cret\n")
    return tmp_path / "config.toml"


def loaded(file: Path, text: str, *flags: str, **environ: str) -> Loaded:
    file.write_text(text)
    return load(file, environ=environ, flags=flags)


def problems(file: Path, text: str, *flags: str, **environ: str) -> list[str]:
    with pytest.raises(ConfigInvalid) as caught:
        loaded(file, text, *flags, **environ)
    return [str(problem).replace(f"{file}:", "") for problem in caught.value.problems]


def problem(file: Path, text: str, *flags: str, **environ: str) -> str:
    [only] = problems(file, text, *flags, **environ)
    return only


# Which CRMs ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "named"),
    [
        (SALESFORCE + POOL, ("salesforce",)),
        (HUBSPOT + POOL, ("hubspot",)),
        (HUBSPOT + SALESFORCE + HOME + POOL, ("salesforce", "hubspot")),
    ],
)
def test_a_section_makes_a_crm_one_of_the_configs(file: Path, text: str, named: tuple[str, ...]) -> None:
    found = loaded(file, text)
    assert found.config.crms == named
    assert {setting.name.split(".")[0] for setting in found.settings} & {"salesforce", "hubspot"} == set(named)


def test_without_a_crm_the_config_says_to_name_one(file: Path) -> None:
    told = problem(file, POOL)
    assert "the config names no CRM — name your CRM: write a [salesforce] or a [hubspot] section" in told


def test_a_profile_may_name_the_crm(file: Path) -> None:
    file.write_text(POOL + '[profile.test.hubspot]\naccess_token_file = "secret"\n')
    assert load(file, environ={}, profile="test").config.crms == ("hubspot",)
    with pytest.raises(ConfigInvalid, match="names no CRM"):
        load(file, environ={})


def test_variables_alone_may_name_the_crm(file: Path) -> None:
    assert loaded(file, POOL, SYNC_WORKER__HUBSPOT__ACCESS_TOKEN_ENV="T", T="x").config.crms == ("hubspot",)


def test_a_variable_that_makes_a_crm_unawares_is_told_by_its_name(file: Path) -> None:
    told = problems(file, HUBSPOT + POOL, **{VARIABLE: "https://acme.my.salesforce.com"})
    assert len(told) == 3
    assert "'home.crm' is missing, which a config with salesforce and hubspot needs" in told[0]
    assert f"{VARIABLE}: 'salesforce.client_id' is missing" in told[1]
    assert f"{VARIABLE} makes salesforce one of the config's CRMs" in told[1]


def test_a_header_alone_is_asked_for_what_it_needs(file: Path) -> None:
    assert problem(file, "[hubspot]\n" + POOL) == (
        "1:2: 'hubspot.access_token' is missing, which auth = 'token' needs — "
        "write access_token_file or access_token_env under [hubspot]"
    )


@pytest.mark.parametrize(
    ("auth", "needed"),
    [("token", {"access_token"}), ("oauth", {"client_id", "client_secret", "refresh_token"})],
)
def test_each_way_to_sign_in_to_hubspot_says_what_it_needs(file: Path, auth: str, needed: set[str]) -> None:
    told = problems(file, f"[hubspot]\nauth = '{auth}'\n{POOL}")
    assert {line.split("'")[1] for line in told} == {f"hubspot.{key}" for key in needed}


@pytest.mark.parametrize("key", ["hubspot.client_id", "pool.user"])
def test_what_is_needed_and_was_left_empty_is_missing(file: Path, key: str) -> None:
    text = f'[hubspot]\nauth = "oauth"\nclient_id = "id"\nclient_secret_env = "T"\nrefresh_token_env = "T"\n{POOL}'
    assert f"'{key}' is missing" in problem(file, text, f"{key}=", T="x")


def test_a_secret_in_a_profile_is_told_once(file: Path) -> None:
    file.write_text(POOL + '[profile.test.hubspot]\naccess_token = "hunter2"\n')
    with pytest.raises(ConfigInvalid) as caught:
        load(file, environ={}, profile="test")
    [only] = caught.value.problems
    assert "'hubspot.access_token' is a secret" in only.message


def test_a_way_to_sign_in_that_there_is_not_is_all_that_is_told(file: Path) -> None:
    assert problem(file, f"[hubspot]\nauth = 'basic'\n{POOL}").startswith("2:1: hubspot.auth = 'basic' should be")


def test_mistakes_of_both_crms_come_at_once(file: Path) -> None:
    text = "[salesforce]\nurl = 'http://x.com'\n[hubspot]\napi_version = '2026-05'\nshare = 1\n"
    told = problems(file, text)
    assert [line.split(" ")[0] for line in told] == ["", "", "1:2:", "1:2:", "2:1:", "3:2:", "4:1:", "5:1:"]


@pytest.mark.parametrize(
    "line",
    [
        "url = 'http://api.hubapi.com'",
        "url = 'https://api.hubapi.com/crm/v3'",
        "api_version = 'v4'",
        "api_version = '2026-9'",
        "timeout_read = 601",
        "timeout_connect = 0",
        "call_share_org = 0",
        "call_share_run = '120%'",
        "burst_share = 75",
        "calls_per_run = -1",
        "overlap_minutes = 1441",
        "settle_seconds = -1",
        "settle_seconds = inf",
        "access_token = 'pat-eu1-1234'",
    ],
)
def test_a_value_of_hubspot_out_of_its_shape_is_told_with_its_place(file: Path, line: str) -> None:
    told = problem(file, f"{HUBSPOT}{line}\n{POOL}".replace('access_token_file = "secret"\naccess', "access"))
    assert told.startswith(("2:1: ", "3:1: "))
    assert "pat-eu1" not in told


def test_hubspot_is_set_as_it_was_written(file: Path) -> None:
    text = (
        '[hubspot]\nurl = "http://127.0.0.1:9/"\napi_version = "v3"\nauth = "oauth"\nclient_id = "id"\n'
        'client_secret_env = "A"\nrefresh_token_env = "B"\ncalls_per_run = 7\nburst_share = "50%"\n'
    )
    section: HubSpotConfig | None = loaded(file, text + POOL, A="one", B="two").config.hubspot
    assert section is not None
    assert (section.url, section.api_version, section.calls_per_run) == ("http://127.0.0.1:9", "v3", 7)
    assert (section.client_secret, section.refresh_token, section.burst_share) == ("one", "two", 0.5)
    assert "one" not in repr(section)
    assert "two" not in repr(section)


def test_the_files_that_hold_secrets_are_known(file: Path) -> None:
    (file.parent / "url").write_text("postgresql+psycopg://w:x@h/d")
    found = loaded(file, BOTH.replace('token_file = "secret"', 'token_file = "/tmp/t"') + "[store]\nurl_file = 'url'\n",
                   "hubspot.access_token_env=T", T="x").config  # fmt: skip
    assert set(found.secret_files) == {file.parent / "secret", file.parent / "url"}


# Fields by CRM ---------------------------------------------------------------------------------------------------


def own(file: Path, lines: str, *flags: str, **environ: str) -> dict[str, dict[str, str]]:
    fields = loaded(file, f"{BOTH}[fields.accounts]\n{lines}\n", *flags, **environ).config.fields
    return {crm: dict(fields.own(crm)["accounts"]) for crm in ("salesforce", "hubspot")}


def test_a_field_goes_to_both_crms_or_has_a_name_in_each(file: Path) -> None:
    assert own(file, 'a = "both"\nb = { salesforce = "B__c", hubspot = "b" }\nc.hubspot = "c"\nd = ""') == {
        "salesforce": {"a": "both", "b": "B__c", "c": "", "d": ""},
        "hubspot": {"a": "both", "b": "b", "c": "c", "d": ""},
    }


def test_a_field_that_a_table_leaves_out_is_not_there_even_if_it_is_a_standard_one(file: Path) -> None:
    """An empty name is how a connector is told to leave one out."""
    assert own(file, 'phone = { salesforce = "Phone" }')["hubspot"] == {"phone": ""}


def test_the_origin_of_a_field_is_shown_for_each_crm(file: Path) -> None:
    found = loaded(file, f'{BOTH}[fields.accounts]\nb = {{ salesforce = "B__c", hubspot = "b" }}\n')
    shown = {setting.name: (setting.value, str(setting.origin)) for setting in found.settings}
    assert shown["fields.accounts.b.hubspot"] == ("b", f"{file}:12")
    assert shown["fields.accounts.b.salesforce"] == ("B__c", f"{file}:12")


@pytest.mark.parametrize("by", ["flag", "variable"])
def test_a_flag_and_a_variable_may_hold_a_table(file: Path, by: str) -> None:
    table = '{ salesforce = "B__c", hubspot = "b" }'
    flags = [f"fields.accounts.b={table}"] if by == "flag" else []
    environ = {"SYNC_WORKER__FIELDS__ACCOUNTS__B": table} if by == "variable" else {}
    found = own(file, 'b = "other"', *flags, **environ)
    assert found == {"salesforce": {"b": "B__c"}, "hubspot": {"b": "b"}}


@pytest.mark.parametrize(
    ("line", "told"),
    [
        ('a = { hubspt = "a" }', "12:7: unknown CRM 'hubspt' in fields.accounts.a — did you mean 'hubspot'?"),
        ("a = {}", "names no field: write one for each CRM that has it"),
        ('a = { hubspot = "a b" }', "is no CRM field name"),
        ("a = { hubspot = 1 }", "is a number here: put it in quotes"),
        ('a = { hubspot = { x = "y" } }', "should be a valid string"),
        ('a = ["x"]', "should be a valid string"),
        ('"A b" = { hubspot = "a" }', "rules cannot spell"),
    ],
)
def test_a_table_by_crm_that_cannot_be_says_why(file: Path, line: str, told: str) -> None:
    assert told in problem(file, f"{BOTH}[fields.accounts]\n{line}\n")


@pytest.mark.parametrize(
    ("flag", "told"),
    [
        ("fields.accounts.a={ hubspot = }", "is no table by CRM"),
        ('fields.accounts.a={ hubspt = "a" }', "unknown CRM 'hubspt'"),
    ],
)
def test_a_table_in_a_flag_that_cannot_be_says_why(file: Path, flag: str, told: str) -> None:
    assert told in problem(file, BOTH, flag)


# The home of what both have --------------------------------------------------------------------------------------


def test_two_crms_need_a_home_said(file: Path) -> None:
    told = problem(file, SALESFORCE + HUBSPOT + POOL)
    assert told.endswith(
        "'home.crm' is missing, which a config with salesforce and hubspot needs — "
        'write crm = "salesforce" or crm = "hubspot" under [home]: it decides on the accounts that both have'
    )


@pytest.mark.parametrize(
    ("said", "told"),
    [
        ("hubspt", "8:1: home.crm = 'hubspt' is no CRM that the worker knows: did you mean 'hubspot'?"),
        ("", "8:1: 'home.crm' is missing"),
    ],
)
def test_a_home_that_is_no_crm_is_told_once(file: Path, said: str, told: str) -> None:
    assert problem(file, BOTH.replace('crm = "salesforce"', f'crm = "{said}"')).startswith(told)


def test_one_crm_has_no_need_of_a_home(file: Path) -> None:
    told = problem(file, HUBSPOT + HOME + POOL)
    assert told.startswith("4:1: [home] decides between two CRMs, and the config names hubspot alone")


# Signals from files ----------------------------------------------------------------------------------------------

SIGNALS = """\
[intent.topics]
cybersecurity = ""
[signals]
folder = "drops"
combine = "latest"
[signals.precedence]
employees = ["zoominfo", "hubspot"]
[signals.fields]
technology = "text"
headcount_growth = "number"
[signals.topics]
"Cyber Security" = "cybersecurity"
"""


def test_signals_are_set_as_they_were_written(file: Path) -> None:
    found = loaded(file, BOTH + SIGNALS, "signals.precedence.revenue=dnb, salesforce")
    signals = found.config.signals
    assert signals.folder == file.parent / "drops"
    assert dict(signals.precedence) == {"employees": ("zoominfo", "hubspot"), "revenue": ("dnb", "salesforce")}
    assert dict(signals.fields) == {"technology": "text", "headcount_growth": "number"}
    assert dict(signals.topics) == {"Cyber Security": "cybersecurity"}
    assert signals.combine == "latest"
    assert ("signals.precedence.employees", ["zoominfo", "hubspot"]) in [(s.name, s.value) for s in found.settings]


@pytest.mark.parametrize(
    ("before", "after", "told"),
    [
        ("employees = [", "owner = [", "only the CRM says what 'owner' is"),
        ("employees = [", "do_not_move = [", "only the CRM says what 'do_not_move' is"),
        ("employees = [", "priority = [", "only the CRM says what 'priority' is"),
        ('["zoominfo", "hubspot"]', "[]", "names no source"),
        ('["zoominfo", "hubspot"]', '""', "names no source"),
        ('["zoominfo", "hubspot"]', '["a", "a"]', "names a source twice"),
        ('["zoominfo", "hubspot"]', "[1]", "is a number here"),
        ('"text"', '"txt"', "should be 'text', 'number', 'yes/no' or 'date'"),
        ("technology", '"Tech stack"', "rules cannot spell"),
        ("technology", "region", "signals.fields.region is a field of the CRM already"),
        ('= "cybersecurity"', '= "cybersecurty"', "names no topic of [intent.topics] — did you mean 'cybersecurity'?"),
        ('= "cybersecurity"', '= ""', "names no topic: write one of [intent.topics]"),
        ('"latest"', '"newest"', "should be 'highest', 'average' or 'latest'"),
    ],
)
def test_signals_that_cannot_be_say_why(file: Path, before: str, after: str, told: str) -> None:
    fields = '[fields]\nscore = "priority"\n[fields.accounts]\npriority = "Score__c"\nregion = "Region__c"\n'
    assert told in problem(file, BOTH + fields + SIGNALS.replace(before, after, 1))


def test_without_a_folder_nothing_can_come_in_files(file: Path) -> None:
    told = problems(file, BOTH + SIGNALS.replace('folder = "drops"\n', ""))
    assert ["names no account field, and there is no folder" in line for line in told] == [True, False, False]
    assert all(line.endswith("signals.folder") for line in told)


def test_a_crm_that_the_config_does_not_name_is_no_source(file: Path) -> None:
    told = problem(file, SALESFORCE + POOL + SIGNALS)
    assert told.endswith("names hubspot, which has no section — take it out, or write a [hubspot] section")


# Digest ----------------------------------------------------------------------------------------------------------


def digest(file: Path, *flags: str, text: str = BOTH + SIGNALS) -> str:
    return loaded(file, text, *flags, T="other").config.digest


@pytest.mark.parametrize(
    "flag",
    [
        "home.crm=hubspot",
        "home.field=home",
        "home.link=salesforce_id",
        "home.by_domain=false",
        "signals.combine=average",
        "signals.precedence.employees=zoominfo",
        "signals.fields.technology=date",
        "signals.topics.x=cybersecurity",
        "hubspot.url=https://api-eu1.hubapi.com",
        'fields.accounts.a={ hubspot = "a" }',
    ],
)
def test_what_can_change_a_plan_changes_the_digest(file: Path, flag: str) -> None:
    assert digest(file) != digest(file, flag)


@pytest.mark.parametrize(
    "flag",
    [
        "hubspot.access_token_env=T",
        "salesforce.client_secret_env=T",
        "hubspot.api_version=v3",
        "hubspot.settle_seconds=9",
        "hubspot.burst_share=10%",
        "signals.folder=elsewhere",
    ],
)
def test_what_cannot_change_a_plan_leaves_the_digest(file: Path, flag: str) -> None:
    """A secret above all: it would have to be known to whoever compares."""
    assert digest(file) == digest(file, flag)


def test_another_crm_makes_another_digest(file: Path) -> None:
    assert digest(file, text=SALESFORCE + POOL) != digest(file, text=HUBSPOT + POOL)


# Whatever is written ---------------------------------------------------------------------------------------------

names = st.from_regex(r"[a-z][a-z0-9_]{0,9}", fullmatch=True)
crm_fields = st.from_regex(r"[A-Za-z][A-Za-z0-9_]{0,9}", fullmatch=True)
by_crm = st.dictionaries(st.sampled_from(["salesforce", "hubspot"]), crm_fields, min_size=1).map(
    lambda table: "{ " + ", ".join(f'{crm} = "{name}"' for crm, name in table.items()) + " }"
)
maps = st.dictionaries(names, crm_fields.map('"{}"'.format) | by_crm | st.just('""'), max_size=5)
streams = st.sampled_from(["users", "accounts", "contacts", "leads", "opportunities", "activities"])


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    sections=st.permutations([SALESFORCE, HUBSPOT, POOL]),
    home=st.sampled_from(["salesforce", "hubspot"]),
    fields=st.dictionaries(streams, maps),
)
def test_any_config_that_names_both_crms_and_a_home_loads(
    file: Path, sections: list[str], home: str, fields: dict[str, dict[str, str]]
) -> None:
    text = "".join(sections) + f'[home]\ncrm = "{home}"\n'
    for stream, mapped in fields.items():
        text += f"[fields.{stream}]\n" + "".join(f"{name} = {said}\n" for name, said in mapped.items())
    config = loaded(file, text).config
    assert config.crms == ("salesforce", "hubspot")
    assert config.home.crm == home
    for crm in config.crms:
        own = config.fields.own(crm)
        assert {stream: own[stream].keys() for stream in fields} == {each: fields[each].keys() for each in fields}
        assert all(isinstance(said, str) for mapped in own.values() for said in mapped.values())
