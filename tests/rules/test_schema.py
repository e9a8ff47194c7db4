"""The JSON Schema that editors use agrees with what loads, and the starter packs agree with both."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
import yaml
from jsonschema import Draft7Validator

import rules
from rules import Type, json_schema, load

if TYPE_CHECKING:
    from rules import Vocabulary
    from tests.rules.conftest import Folder

TEMPLATES = sorted((Path(rules.__file__).parent / "templates").iterdir())


@pytest.fixture(scope="module")
def schema(vocabulary: Vocabulary) -> Draft7Validator:
    found = json_schema(vocabulary)
    Draft7Validator.check_schema(found)
    return Draft7Validator(found)


def complaints(schema: Draft7Validator, text: str) -> list[str]:
    return [error.message for error in schema.iter_errors(yaml.safe_load(text))]


@pytest.mark.parametrize("template", TEMPLATES, ids=lambda path: path.name)
def test_a_starter_pack_loads_without_a_warning_and_fits_the_schema(
    template: Path, vocabulary: Vocabulary, schema: Draft7Validator
) -> None:
    ruleset = load(template, vocabulary)
    assert ruleset.warnings == ()
    assert all((ruleset.scores, ruleset.scope, ruleset.protect, ruleset.returns, ruleset.books))
    for file in template.glob("*.yaml"):
        assert complaints(schema, file.read_text()) == []


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
        "version: 1\ntables: [t.xlsx]",
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
    assert {"enum": ["capacity"]} in shapes["BookShape"]["properties"]["capacity"]["anyOf"]
    assert "null" not in str(schema.schema)
