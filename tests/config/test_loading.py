"""Config: layers, places, secrets and mistakes."""

from __future__ import annotations

from pathlib import Path

import pytest

from sync_worker.config import Config, ConfigInvalid, Loaded, SalesforceConfig, load

WHOLE = """\
[salesforce]
url = "https://acme.my.salesforce.com"
client_id = "key"
client_secret_file = "secret"

[pool]
user = "pool@acme.com"
"""


@pytest.fixture
def file(tmp_path: Path) -> Path:
    (tmp_path / "secret").write_text("s3cret\n")
    return tmp_path / "config.toml"


def loaded(file: Path, text: str = WHOLE, *more: str, **environ: str) -> Loaded:
    file.write_text(text)
    return load(file, environ=environ, flags=more)


def salesforce(config: Config) -> SalesforceConfig:
    assert config.salesforce
    return config.salesforce


def problems(file: Path, text: str, *more: str, **environ: str) -> list[str]:
    with pytest.raises(ConfigInvalid) as caught:
        loaded(file, text, *more, **environ)
    return [str(problem).replace(f"{file}:", "") for problem in caught.value.problems]


def problem(file: Path, text: str, *more: str, **environ: str) -> str:
    [only] = problems(file, text, *more, **environ)
    return only


def origin(found: Loaded, name: str) -> str:
    return next(str(setting.origin) for setting in found.settings if setting.name == name)


# Layers ----------------------------------------------------------------------------------------------------------


def test_the_stronger_layer_wins_and_the_origin_says_which(file: Path) -> None:
    """Defaults < file < profile < environment < flags."""
    text = WHOLE + "[server]\nhost = '127.0.0.2'\nport = 1\n[profile.test.server]\nport = 2\n"
    file.write_text(text)
    variable = {"SYNC_WORKER__SERVER__PORT": "3"}

    def port(profile: str | None, environ: dict[str, str], *flags: str) -> tuple[int, str]:
        found = load(file, environ=environ, profile=profile, flags=flags)
        return found.config.server.port, origin(found, "server.port")

    assert port(None, {}) == (1, f"{file}:10")
    assert port("test", {}) == (2, f"{file}:12")
    assert port("test", variable) == (3, "SYNC_WORKER__SERVER__PORT")
    assert port("test", variable, "server.port=4") == (4, "--set server.port")
    assert origin(load(file, environ={}), "log.level") == "default"


def test_maps_are_merged_name_by_name(file: Path) -> None:
    text = WHOLE + '[fields.accounts]\nregion = "Region__c"\n[profile.test.fields.accounts]\nsegment = "Segment__c"\n'
    file.write_text(text)
    found = load(file, environ={"SYNC_WORKER__FIELDS__ACCOUNTS__REGION": "Area__c"}, profile="test")
    assert dict(found.config.fields.accounts) == {"region": "Area__c", "segment": "Segment__c"}


def test_an_unknown_profile_names_the_nearest(file: Path) -> None:
    file.write_text(WHOLE + "[profile.production.server]\nport = 2\n")
    with pytest.raises(ConfigInvalid, match="no profile 'prodution' — did you mean 'production'"):
        load(file, environ={}, profile="prodution")


def test_mistakes_in_unused_profiles_are_told(file: Path) -> None:
    told = problem(file, WHOLE + "[profile.test.server]\nprt = 2\n")
    assert told == "9:1: unknown key 'prt' in [server] — did you mean 'port'?"


def test_variables_of_others_are_left_alone(file: Path) -> None:
    assert loaded(file, WHOLE, SYNC_WORKER_CONFIG="x", PATH="y").config.pool.user == "pool@acme.com"


def test_an_unknown_variable_is_a_mistake(file: Path) -> None:
    told = problem(file, WHOLE, SYNC_WORKER__SERVER__PROT="1")
    assert told == "SYNC_WORKER__SERVER__PROT: unknown key 'prot' in [server] — did you mean 'port'?"


@pytest.mark.parametrize(
    ("flag", "said"),
    [
        ("server.port", "holds no value"),
        ("server=1", "names a section alone"),
        ("sever.port=1", "did you mean 'server'?"),
        ("fields.accounts=x", "write section.key.name=value"),
        ("server.port.x=1", "write section.key=value"),
        ("salesforce.client_secret=x", "is a secret"),
    ],
)
def test_a_flag_that_cannot_be_used_says_why(file: Path, flag: str, said: str) -> None:
    assert said in problem(file, WHOLE, flag)


def test_lists_in_flags_are_parted_by_commas(file: Path) -> None:
    assert loaded(file, WHOLE, "activities.touches=call, email").config.activities.touches == ("call", "email")


# Places ----------------------------------------------------------------------------------------------------------


def test_relative_places_start_at_the_config_file(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir("/")
    found = loaded(file, WHOLE).config
    assert found.rules.folder == file.parent / "rules"
    assert found.store.url == f"sqlite:///{file.parent}/sync-worker.db"
    assert salesforce(found).client_secret == "s3cret"


def test_absolute_places_stay(file: Path) -> None:
    found = loaded(file, WHOLE + "[store]\nurl = 'sqlite:////var/lib/w.db'\n[rules]\nfolder = '/etc/rules'\n").config
    assert (found.store.url, found.rules.folder) == ("sqlite:////var/lib/w.db", Path("/etc/rules"))


# Mistakes --------------------------------------------------------------------------------------------------------


def test_every_mistake_comes_at_once_in_the_order_of_lines(file: Path) -> None:
    text = """\
[salesforce]
url = "http://acme.my.salesforce.com"
client_secret = "abc"
api_version = 66.0

[sever]
port = 1

[guards]
owner_moves = 5
rep_moves = "lots"

[schedule]
daily = "5:30"
time_zone = "Berlin"
"""
    told = problems(file, text)
    assert [line.partition(" ")[0].rstrip(":") for line in told] == [
        "",
        "1:2",
        "2:1",
        "3:1",
        "4:1",
        "6:2",
        "10:1",
        "11:1",
        "14:1",
        "15:1",
    ]
    assert "did you mean 'server'" in told[5]


@pytest.mark.parametrize("text", ["[pool\nuser = 1", "a = ", "[pool]\nuser = 'x'\nuser = 'y'", "x = 'a"])
def test_a_file_that_is_no_toml_says_where(file: Path, text: str) -> None:
    told = problem(file, text)
    assert told[0].isdigit()
    assert "(at line" not in told


def test_a_missing_file_says_how_to_make_one(tmp_path: Path) -> None:
    with pytest.raises(ConfigInvalid, match="sync-worker init"):
        load(tmp_path / "none.toml", environ={})


def test_what_is_required_is_missed(file: Path) -> None:
    told = "\n".join(problems(file, "[salesforce]\n"))
    assert all(
        name in told for name in ("salesforce.url", "salesforce.client_id", "salesforce.client_secret", "pool.user")
    )


@pytest.mark.parametrize(
    ("auth", "needed"), [("jwt", {"client_id", "username", "private_key"}), ("token", {"access_token"})]
)
def test_each_way_to_sign_in_says_what_it_needs(file: Path, auth: str, needed: set[str]) -> None:
    text = f"[salesforce]\nurl='https://a.example.com'\nauth='{auth}'\n[pool]\nuser='p@a.com'\n"
    told = problems(file, text)
    assert {line.split("'")[1].removeprefix("salesforce.") for line in told} == needed


@pytest.mark.parametrize(
    "url",
    [
        "http://acme.my.salesforce.com",
        "http://192.168.0.1",
        "http://localhost.example.com",
        "http://127.0.0.1.example.com",
        "http://0.0.0.0:80",
        "http://127.9.9.9",
        "https://acme.my.salesforce.com:99999",
        "https://acme.my.salesforce.com:0",
        "https://acme.my.salesforce.com:443x",
        "https://u:p@acme.com",
        "https://acme.com/services",
        "acme.com",
        "ftp://acme.com",
        "",
    ],
)
def test_an_address_that_is_not_safe_or_not_whole_is_refused(file: Path, url: str) -> None:
    told = problem(file, WHOLE.replace("https://acme.my.salesforce.com", url))
    assert told.startswith("2:1: salesforce.url = ")


@pytest.mark.parametrize("url", ["http://127.0.0.1:1", "http://localhost:80/", "http://[::1]:5"])
def test_plain_http_is_for_this_machine(file: Path, url: str) -> None:
    found = loaded(file, WHOLE.replace("https://acme.my.salesforce.com", url)).config
    assert salesforce(found).url == url.rstrip("/")


@pytest.mark.parametrize(
    ("written", "share"), [('"5%"', 0.05), ('"12.5 %"', 0.125), ("0.3", 0.3), ("1", 1.0), ('"0.2"', 0.2)]
)
def test_a_share_is_a_fraction_or_a_percentage(file: Path, written: str, share: float) -> None:
    assert loaded(file, f"{WHOLE}[guards]\nowner_moves = {written}\n").config.guards.owner_moves == pytest.approx(share)


def test_a_share_over_one_shows_both_ways_to_write_it(file: Path) -> None:
    assert problem(file, WHOLE + "[guards]\nowner_moves = 5\n").endswith('is 500 %: write "5%" or 0.05')


@pytest.mark.parametrize(
    "line",
    [
        "[server]\nport = 65536",
        "[server]\nport = -1",
        "[schedule]\ntime_zone = 'Mars/Olympus'",
        "[schedule]\ndaily = '24:00'",
        "[apply]\npolicy = 'auto'",
        "[apply]\nhold_days = -1",
        "[guards]\nrule_growth = 1.0",
        "[guards]\nfewer_rows = nan",
        "[salesforce.x]\ny = 1",
        "[fields.accounts]\n'Région' = 'Region__c'",
        "[fields.accounts]\nregion = 'Region__c; DELETE'",
        "[intent.topics]\nx = 'A B'",
        "[store]\nurl = 'mysql://x'",
        "[store]\nurl = 'sqlite://'",
        "[store]\nurl = 'postgresql://h/d'",
        "[activities]\ntouches = 5",
        "[fields]\naccounts = 'x'",
        "[profile]\nx = 1",
        "[log]\nlevel = 'loud'",
    ],
)
def test_a_value_out_of_its_shape_is_told_once_with_its_place(file: Path, line: str) -> None:
    told = problem(file, f"{WHOLE}{line}\n")
    assert told[0].isdigit(), told


def test_a_number_where_a_path_belongs_is_told_in_plain_words(file: Path) -> None:
    told = problem(file, WHOLE + "[rules]\nfolder = 3\n")
    assert told.endswith("rules.folder = 3 should be a path, in quotes")


# Secrets ---------------------------------------------------------------------------------------------------------


def test_a_secret_in_the_file_is_refused_and_not_repeated(file: Path) -> None:
    told = problem(file, WHOLE.replace('client_secret_file = "secret"', 'client_secret = "hunter2"'))
    assert "hunter2" not in told
    assert "client_secret_file" in told
    assert "client_secret_env" in told


def test_a_secret_may_come_from_a_variable(file: Path) -> None:
    text = WHOLE.replace('client_secret_file = "secret"', 'client_secret_env = "SF"')
    assert salesforce(loaded(file, text, SF="from-env").config).client_secret == "from-env"
    assert "SF" in problem(file, text)


def test_the_two_ways_to_a_secret_do_not_stand_side_by_side(file: Path) -> None:
    assert "stands beside" in problem(file, WHOLE.replace("[pool]", 'client_secret_env = "SF"\n[pool]'), SF="x")


def test_a_stronger_layer_may_take_the_secret_from_elsewhere(file: Path) -> None:
    """… even when the file that the weaker one names is not there."""
    (file.parent / "secret").unlink()
    found = loaded(file, WHOLE, SF="x", SYNC_WORKER__SALESFORCE__CLIENT_SECRET_ENV="SF")
    assert salesforce(found.config).client_secret == "x"


@pytest.mark.parametrize("state", ["missing", "empty", "folder", "binary"])
def test_a_secret_file_that_cannot_be_used_says_how_to_mend_it(file: Path, state: str) -> None:
    secret = file.parent / "secret"
    secret.unlink()
    if state == "empty":
        secret.write_text("\n")
    elif state == "folder":
        secret.mkdir()
    elif state == "binary":
        secret.write_bytes(b"\xff\xfe\x00")
    assert str(secret) in problem(file, WHOLE)


@pytest.mark.parametrize(
    ("held", "why"),
    [("hunter2\nhunter3", "more than one line"), ("\ufeffhunter2", "a letter that no secret has")],
)
def test_a_secret_that_no_header_can_hold_is_refused_and_not_repeated(file: Path, held: str, why: str) -> None:
    """An HTTP library would refuse it, too, and show it."""
    (file.parent / "secret").write_text(held)
    told = problem(file, WHOLE)
    assert why in told
    assert "hunter" not in told


def test_commands_that_never_meet_the_crm_need_no_secret(file: Path) -> None:
    (file.parent / "secret").unlink()
    file.write_text(WHOLE)
    assert salesforce(load(file, environ={}, read_secrets=False).config).client_secret == ""


def test_no_secret_is_shown(file: Path) -> None:
    (file.parent / "url").write_text("postgresql+psycopg://worker:hunter2@db/worker")
    found = loaded(file, WHOLE + '[store]\nurl_file = "url"\n')
    told = f"{found.settings} {found.config!r}"
    assert found.config.store.url.endswith("hunter2@db/worker")
    assert "hunter2" not in told
    assert "s3cret" not in told
    assert "***" in told


@pytest.mark.parametrize(
    "url", ["postgresql+psycopg://u:hunter2@h/d", "postgresql+psycopg://h/d?user=u&password=hunter2"]
)
def test_a_password_in_the_store_url_is_refused_and_not_repeated(file: Path, url: str) -> None:
    told = problem(file, f"{WHOLE}[store]\nurl = '{url}'\n")
    assert "hunter2" not in told
    assert "url_file" in told


# What takes scores -----------------------------------------------------------------------------------------------


def test_each_score_may_have_fields_of_its_own(file: Path) -> None:
    text = (
        WHOLE
        + '[fields]\nscore = "s"\n[fields.models]\ninbound = { tier = "t" }\n[fields.models.fit-timing]\ntier = "g"\n'
    )
    found = loaded(file, text, 'fields.models.outbound={ score = "o" }')
    assert found.config.fields.written == {
        "score": "s",
        "models.inbound.tier": "t",
        "models.fit-timing.tier": "g",
        "models.outbound.score": "o",
    }
    assert origin(found, "fields.models.inbound.tier") == f"{file}:11"
    assert origin(found, "fields.models.outbound.score") == "--set fields.models.outbound"


@pytest.mark.parametrize(
    ("models", "told"),
    [
        ('inbound = "t"', "names no fields: write a table like"),
        ("inbound = {}", "names no fields: write a table like"),
        ('inbound = { teir = "t" }', "has 'teir', which takes nothing: did you mean 'tier'?"),
        ('inbound = { tier = "My Tier" }', "has 'My Tier', which rules cannot spell"),
        ("inbound = { tier = 3 }", 'is a number here: put it in quotes, "3"'),
        ('priority = { tier = "t" }', "is the score of rules.score, whose fields are fields.score, tier and reasons"),
        ('a = { tier = "t" }\nb = { tier = "t" }', "fields.models.b.tier = 't', which fields.models.a.tier has taken"),
        ('a = { tier = "t", score = "t" }', "'t', which fields.models.a."),
        ('a = { score = "s" }', "fields.models.a.score = 's', which fields.score has taken"),
        ('a = { score = "owner" }', "fields.models.a.score = 'owner', which people fill"),
        ('a = { score = "keep" }', "fields.models.a.score = 'keep', which people fill"),
        ('a = { tier = "wish" }', "fields.models.a.tier = 'wish', which people fill"),
    ],
)
def test_fields_that_cannot_take_a_score_are_refused(file: Path, models: str, told: str) -> None:
    text = WHOLE + f'[fields]\nscore = "s"\ndo_not_move = "keep"\nclaim = "wish"\n[fields.models]\n{models}\n'
    assert told in problem(file, text)


@pytest.mark.parametrize("kind", ["call", "email", "task"])
def test_what_reps_do_is_no_engagement(file: Path, kind: str) -> None:
    told = problem(file, WHOLE + f'[activities]\nengagement = ["meeting", "{kind}"]\n')
    assert told.startswith(f"9:1: activities.engagement names '{kind}', which is what reps do")


# Digest ----------------------------------------------------------------------------------------------------------


def digest(file: Path, *flags: str) -> str:
    return loaded(file, WHOLE, *flags).config.digest


@pytest.mark.parametrize(
    "flag",
    [
        "guards.owner_moves=4%",
        "pool.user=x@y.com",
        "apply.score_step=6",
        "fields.accounts.a=A__c",
        "rules.score=other",
        'fields.models.inbound={ tier = "t" }',
        "salesforce.url=https://b.my.salesforce.com",
    ],
)
def test_what_can_change_a_plan_changes_the_digest(file: Path, flag: str) -> None:
    assert digest(file) != digest(file, flag)


@pytest.mark.parametrize(
    "flag",
    [
        "server.port=1",
        "log.level=debug",
        "store.url=sqlite:///x.db",
        "schedule.daily=01:00",
        "apply.policy=automatic",
        "salesforce.client_id=z",
        "salesforce.url=https://acme.my.salesforce.com:8443",
        "salesforce.timeout_read=7",
        "guards.owner_moves=0.05",
    ],
)
def test_what_cannot_change_a_plan_leaves_the_digest(file: Path, flag: str) -> None:
    assert digest(file) == digest(file, flag)
