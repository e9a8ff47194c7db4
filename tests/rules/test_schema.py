"""The JSON Schema that editors use agrees with what loads, and the starter packs agree with both."""

from __future__ import annotations

import re
import tomllib
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
import yaml
from jsonschema import Draft7Validator

import rules
from rules import FieldInfo, RulesInvalid, Type, hover, json_schema, load
from rules.names import ACCOUNT_FUNCTIONS, CONTACT_FUNCTIONS, REP_FUNCTIONS
from rules.testing import load_tests, schema_of_tests

if TYPE_CHECKING:
    from rules import Vocabulary
    from tests.rules.conftest import Folder

TEMPLATES = sorted((Path(rules.__file__).parent / "templates").iterdir())
CONFIGS = Path(__file__).parents[2] / "sync_worker" / "config" / "templates"
DOCS = Path(__file__).parents[2] / "docs"


class Plain(yaml.SafeLoader):
    """YAML 1.2, as editors read it: a date is text, and so are yes, no and on."""


Plain.yaml_implicit_resolvers = {
    letter: [(tag, found) for tag, found in resolvers if not tag.endswith((":timestamp", ":bool"))]
    for letter, resolvers in yaml.SafeLoader.yaml_implicit_resolvers.items()
}
Plain.add_implicit_resolver("tag:yaml.org,2002:bool", re.compile("^(true|false)$"), list("tf"))


def checked(found: dict[str, Any]) -> Draft7Validator:
    Draft7Validator.check_schema(found)
    return Draft7Validator(found)


@pytest.fixture(scope="module")
def schema(vocabulary: Vocabulary) -> Draft7Validator:
    return checked(json_schema(vocabulary))


def complaints(schema: Draft7Validator, text: str) -> list[str]:
    return [error.message for error in schema.iter_errors(yaml.load(text, Plain))]  # noqa: S506 - a SafeLoader


def words_of(template: Path, vocabulary: Vocabulary) -> Vocabulary:
    """The words with those that the template's config adds."""
    file = CONFIGS / f"{template.name}.toml"
    if template.name in {"demo", "starter"}:
        return vocabulary
    config = tomllib.loads(file.read_text())
    own = {name: FieldInfo(name, Type(kind)) for name, kind in config["signals"]["fields"].items()}
    kinds = frozenset(config.get("activities", {}).get("engagement", vocabulary.events))
    return replace(vocabulary, account={**vocabulary.account, **own}, events=kinds)


@pytest.mark.parametrize("template", TEMPLATES, ids=lambda path: path.name)
def test_a_starter_pack_and_its_tests_load_without_a_warning_and_fit_the_schemas(
    template: Path, vocabulary: Vocabulary
) -> None:
    words = words_of(template, vocabulary)
    ruleset = load(template, words)
    suite = load_tests(template, ruleset, words)
    assert ruleset.warnings == ()
    assert all((ruleset.scores, ruleset.scope, ruleset.protect, ruleset.returns, ruleset.books, suite.tests))
    of_rules, of_tests = checked(json_schema(words, ruleset)), checked(schema_of_tests(words, ruleset))
    for file in template.glob("*.yaml"):
        assert complaints(of_tests if file.name.endswith(".test.yaml") else of_rules, file.read_text()) == []


def test_the_guides_rules_fit_the_schema(schema: Draft7Validator) -> None:
    for page in ("rules.md", "rule-tests.md"):
        blocks = re.findall(
            r"^```(yaml(?: rules\.yaml)?)\n(.*?)^```$", (DOCS / page).read_text(), re.MULTILINE | re.DOTALL
        )
        assert blocks
        for _, text in blocks:
            assert complaints(schema, text) == [], text


def test_every_key_has_help(schema: Draft7Validator) -> None:
    assert isinstance(schema.schema, dict)
    for name, shape in {"file": schema.schema, **schema.schema["$defs"]}.items():
        for key, below in shape.get("properties", {}).items():
            assert below.get("description") or "$ref" in below, f"{name}.{key}"


def test_editors_are_told_of_every_function() -> None:
    assert hover.FUNCTIONS.keys() == ACCOUNT_FUNCTIONS
    assert ACCOUNT_FUNCTIONS >= CONTACT_FUNCTIONS | REP_FUNCTIONS
    guide = (DOCS / "rules-reference.md").read_text()
    for how, _ in hover.FUNCTIONS.values():
        assert f"`{how}`" in guide


def test_editors_are_offered_what_the_rules_define_themselves(vocabulary: Vocabulary, folder: Folder) -> None:
    folder.write(
        rules_yaml="version: 1\nsegments: {size: {large: employees >= 1000, small: otherwise}}\ntables: [t.csv]\n"
        "scores: [{id: s, max: 9, parts: {p: {max: 9, terms: [{id: a, when: true, points: 9, because: x}]}},"
        " tiers: {1: 5, low: 0}}]\n"
        "books: [{id: all, accounts: true, reps: true, capacity: 5, rank: s}]\n",
        t_csv="country,then territory\nNO,Nordics\n,elsewhere\n",
    )
    ruleset = folder.load()
    shapes = json_schema(vocabulary, ruleset)["$defs"]
    assert "- size (text): large, small" in shapes["ScopeShape"]["properties"]["when"]["description"]
    assert "| `territory` | text |" in shapes["ScopeShape"]["properties"]["when"]["markdownDescription"]
    assert {"enum": ["s"]} in shapes["BookShape"]["properties"]["rank"]["anyOf"]
    test = schema_of_tests(vocabulary, ruleset)["properties"]["tests"]["items"]["properties"]
    assert test["expect"]["properties"]["book"]["enum"] == ["all", "none", "any"]
    assert {"enum": ["large", "small"]} in test["expect"]["properties"]["size"]["anyOf"]
    assert (
        test["given"]["properties"]["type"]["description"] == "type (text) “Account Type”: Prospect, Customer, Partner"
    )


@pytest.mark.parametrize(
    ("given", "expect", "fits"),
    [
        ("{country: NO, zip: 02139, employees: 5, is_customer: yes}", "{scope: x}", True),
        ("{last_touch: 3 days ago, renewal_date: 2026-11-04, type: empty}", "{scope: none}", True),
        ("{events: {meeting: [today], reply: 3 days ago}, touches: 1 day ago}", "{scope: any}", True),
        ("{type: Somewhere else, intent: {cybersecurity: 70}}", "{scores: {s: 5}}", True),
        ("{contacts: 5}", "{scores: {s: {tier: 1, at_least: 5, points: {a: 9}, parts: {p: 9}}}}", True),
        ("{}", "{reps: {eligible: [ada], not: bo, capacity: {ada: empty}}}", True),
        ("{emploees: 5}", "{scope: x}", False),
        ("{employees: many}", "{scope: x}", False),
        ("{last_touch: soon}", "{scope: x}", False),
        ("{intent: {cyber: 70}}", "{scope: x}", False),
        ("{events: {call: today}}", "{scope: x}", False),
        ("{}", "{}", False),
        ("{}", "{scope: y}", False),
        ("{}", "{scores: {s: {tier: 2}}}", False),
        ("{}", "{scores: {t: 5}}", False),
        ("{}", "{reps: {eligable: ada}}", False),
    ],
)
def test_what_fits_the_schema_of_tests_loads_and_what_does_not_does_not(
    vocabulary: Vocabulary,
    folder: Folder,
    given: str,
    expect: str,
    fits: bool,  # noqa: FBT001 - pytest names it
) -> None:
    folder.write(
        rules_yaml="version: 1\nscope: [{id: x, when: true}]\n"
        "scores: [{id: s, max: 9, parts: {p: {max: 9, terms: [{id: a, when: true, points: 9, because: x}]}},"
        " tiers: {1: 5, low: 0}}]\n"
    )
    text = "version: 1\non: 2026-11-22\nreps: {ada: {team: Sales}, bo: {team: Sales}}\n"
    text += f"tests: [{{name: x, given: {given}, expect: {expect}}}]\n"
    ruleset = folder.load()
    (folder.path / "a.test.yaml").write_text(text)
    try:
        load_tests(folder.path, ruleset, vocabulary)
        loads = True
    except RulesInvalid:
        loads = False
    assert (loads, complaints(checked(schema_of_tests(vocabulary, ruleset)), text) == []) == (fits, fits)


def test_the_demos_pack_fits_a_crm_that_knows_no_capacities(vocabulary: Vocabulary) -> None:
    rep = {name: field for name, field in vocabulary.rep.items() if name != "capacity"}
    demo = next(path for path in TEMPLATES if path.name == "demo")
    assert load(demo, replace(vocabulary, rep=rep)).reps.fields["capacity"].type is Type.NUMBER


def test_there_is_a_pack_to_start_with_and_one_for_the_demo() -> None:
    assert {"starter", "demo"} <= {path.name for path in TEMPLATES}


@pytest.mark.parametrize(
    "text",
    [
        "scope: []",
        "version: 2",
        "version: 1\nscoop: []",
        "version: 1\nscope: [{id: x}]",
        "version: 1\nscope: [{id: X Y, when: true}]",
        "version: 1\nscope: []",
        "version: 1\nprotect: [{id: x, when: true, because: y, more: z}]",
        "version: 1\nreturn: [{id: x, when: true, reason: y, rest: soon}]",
        "version: 1\nreturn: [{id: x, when: true, reason: y, limit: {per: team, most: 1, every: run}}]",
        "version: 1\nbooks: [{id: x, accounts: true, reps: true, capacity: team, rank: s}]",
        "version: 1\nbooks: [{id: x, accounts: true, reps: true, capacity: 0, rank: s}]",
        "version: 1\nbooks: [{id: x, accounts: true, reps: true, capacity: {touches_per_week: 5}, rank: s}]",
        "version: 1\nbooks: [{id: x, accounts: true, reps: true, capacity: 1, rank: s, model: loose}]",
        "version: 1\nbooks: [{id: x, accounts: true, reps: true, capacity: 1, rank: s, families: some}]",
        "version: 1\nbooks: [{id: x, accounts: true, reps: true, capacity: 1, rank: s, worked: {amber: true}}]",
        (
            "version: 1\nbooks: [{id: x, accounts: true, reps: true, capacity: 1, rank: s, "
            "affinity: [{id: a, add: 1, because: y}]}]"
        ),
        "version: 1\ntables: [t.xlsx]",
        "version: 1\nscope: [{id: x, use: []}]",
        "version: 1\nscope: [{id: x, use: {a: b}}]",
        "version: 1\nbooks: [{id: x, reps: true, capacity: 1, rank: s}]",
        "version: 1\nconditions: {a: [in_pool]}",
        "version: 1\nconditions: {two words: in_pool}",
        "version: 1\nlists: {a: {file: a.csv}}",
        "version: 1\nlists: {a: {file: a.csv, column: b, sheet: c}}",
        "version: 1\nsegments: {size: {}}",
        "version: 1\nsegments: {size: {big: {whn: in_pool}, small: otherwise}}",
        "version: 1\nmotions: {'a|b': otherwise}",
        "version: 1\npaths: {a: [otherwise]}",
        "version: 1\nroutes: [{id: x, when: true}]",
        "version: 1\nroutes: [{id: x, when: true, to: {team: a}}]",
        "version: 1\nroutes: [{id: x, when: true, to: {by: weighted}}]",
        "version: 1\nroutes: [{id: x, when: true, to: {team: a, reps: true, by: weighted}}]",
        "version: 1\nroutes: [{id: x, when: true, to: {team: a, by: turns}}]",
    ],
)
def test_what_does_not_load_does_not_fit_either(schema: Draft7Validator, folder: Folder, text: str) -> None:
    assert complaints(schema, text)
    assert folder.problems(rules_yaml=text)


def test_an_editor_is_told_the_org_s_own_words(schema: Draft7Validator) -> None:
    assert isinstance(schema.schema, dict)
    shapes: dict[str, Any] = schema.schema["$defs"]
    described = shapes["BookShape"]["properties"]["accounts"]["description"]
    assert "- type (text) “Account Type”: Prospect, Customer, Partner" in described
    assert "Intent topics: cloud_migration, cybersecurity, data_privacy." in described
    assert shapes["EventShape"]["properties"]["event"]["enum"] == ["meeting", "reply", "web_form", "webinar"]
    assert {"enum": ["capacity"]} in shapes["BookShape"]["properties"]["capacity"]["oneOf"][0]["anyOf"]
    assert "null" not in str(schema.schema)
