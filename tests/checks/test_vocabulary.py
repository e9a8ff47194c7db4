"""The words that rules may use, of two CRMs and of files, and the settings that name one that there is not."""

from __future__ import annotations

from typing import Any

import pytest

from connectors.port import Field, FieldType, Schema, Stream
from rules import Type, Vocabulary
from sync_worker.config import (
    Config,
    ConfigInvalid,
    FieldsConfig,
    HomeConfig,
    HubSpotConfig,
    IntentConfig,
    SalesforceConfig,
    SignalsConfig,
)
from sync_worker.vocabulary import merged, read_only, stored_schemas, vocabulary

OWNER = Field("owner", "OwnerId", FieldType.TEXT, writable=True)
TEXT, NUMBER = FieldType.TEXT, FieldType.NUMBER


def schema(*fields: Field, **streams: tuple[Field, ...]) -> Schema:
    of = {Stream.ACCOUNTS: (OWNER, *fields), **{Stream(name): own for name, own in streams.items()}}
    return Schema({stream: {field.name: field for field in own} for stream, own in of.items()}, {})


def config(**sections: object) -> Config:
    settings = {"salesforce": SalesforceConfig("https://a.example.com"), "hubspot": HubSpotConfig(), **sections}
    return Config(**settings)  # type: ignore[arg-type]  # each by its own name


def words(one: Schema, other: Schema, settings: Config | None = None) -> Vocabulary:
    return vocabulary(stored_schemas({"salesforce": one, "hubspot": other}), settings or config())


def problem(one: Schema, other: Schema, settings: Config | None = None) -> str:
    with pytest.raises(ConfigInvalid) as caught:
        words(one, other, settings)
    [only] = caught.value.problems
    return str(only).removeprefix("config: ")


def picklist(name: str, *values: str) -> Field:
    return Field(name, name, TEXT, values=values, writable=True)


def test_rules_may_name_what_either_crm_has() -> None:
    found = words(schema(picklist("region", "EMEA")), schema(Field("stage", "lifecyclestage", TEXT)))
    assert {"owner", "region", "stage"} <= found.account.keys()
    assert found.account["region"].values == ("EMEA",)


def test_the_values_of_two_picklists_are_united() -> None:
    found = words(schema(picklist("tier", "A", "B")), schema(picklist("tier", "B", "C")))
    assert found.account["tier"].values == ("A", "B", "C")


def test_a_text_that_is_free_in_one_crm_may_hold_anything() -> None:
    found = words(schema(picklist("country", "DE")), schema(Field("country", "country", TEXT)))
    assert found.account["country"].values == ()


def test_one_name_cannot_be_two_types() -> None:
    """Also where no rule reads it: what is worked out of opportunities reads them under one type."""
    one = schema(opportunities=(Field("amount", "Amount", NUMBER),))
    other = schema(opportunities=(Field("amount", "amount", TEXT),))
    assert problem(one, other) == (
        "fields.opportunities.amount is number in salesforce (Amount) and text in hubspot (amount)"
        " — map fields of one type to it, or give them two names"
    )


def test_a_field_that_may_not_be_edited_is_named_with_its_crm_where_there_are_two() -> None:
    locked = Field("score", "priority_score", NUMBER)
    free = Field("score", "Score__c", NUMBER, writable=True)
    own = config(fields=FieldsConfig(score="score"))
    assert read_only(stored_schemas({"salesforce": schema(free), "hubspot": schema(locked)}), own) == [
        "priority_score (hubspot)"
    ]
    assert read_only(stored_schemas({"hubspot": schema(locked)}), own) == ["priority_score"]
    assert not merged(stored_schemas({"a": schema(free), "b": schema(locked)}))["accounts"]["score"]["writable"]


@pytest.mark.parametrize("written", ["score", "tier", "reasons"])
def test_what_is_written_must_have_a_field_in_each_crm(written: str) -> None:
    named: dict[str, Any] = {written: "p"}
    told = problem(schema(picklist("p")), schema(), config(fields=FieldsConfig(**named)))
    assert told == (
        f"fields.{written} = 'p' has no field in hubspot, whose accounts get it as well"
        ' — name one for each under [fields.accounts]: p = { salesforce = "…", hubspot = "…" }'
    )


def test_a_field_that_was_mapped_since_the_latest_pull_is_known_by_name() -> None:
    fields = FieldsConfig(score="p", accounts={"p": {"salesforce": "P__c", "hubspot": "p"}})
    assert words(schema(), schema(), config(fields=fields)).account.keys() >= {"owner"}


def test_a_field_that_was_left_out_since_the_latest_pull_is_not() -> None:
    fields = FieldsConfig(do_not_move="p", accounts={"p": ""})
    told = problem(schema(picklist("p")), schema(picklist("p")), config(fields=fields))
    assert told.startswith("fields.do_not_move = 'p' names no account field")
    told = problem(schema(picklist("p")), schema(picklist("p")), config(fields=FieldsConfig(claim="clam")))
    assert told.startswith("fields.claim = 'clam' names no account field")


@pytest.mark.parametrize(
    ("section", "told"),
    [
        (
            {"home": HomeConfig("hubspot", field="hom")},
            "home.field = 'hom' names no account field — did",
        ),
        ({"home": HomeConfig("hubspot", link="x")}, "home.link = 'x' names no account field"),
        ({"intent": IntentConfig({"t": "x"})}, "intent.topics.t = 'x' names no account field"),
        ({"signals": SignalsConfig(precedence={"hme": ("a",)})}, "signals.precedence.hme names no account field — did"),
        ({"signals": SignalsConfig(fields={"home": "text"})}, "signals.fields.home is a field of the CRM already"),
        ({"signals": SignalsConfig(fields={"in_pool": "text"})}, "signals.fields.in_pool is worked out by the worker"),
    ],
)
def test_a_setting_that_names_what_there_is_not_is_told(section: dict[str, object], told: str) -> None:
    assert problem(schema(picklist("home")), schema(), config(**section)).startswith(told)


def test_fields_and_topics_of_files_are_words_too() -> None:
    own = config(
        signals=SignalsConfig(fields={"technology": "text", "growth": "number"}, precedence={"growth": ("zoominfo",)}),
        intent=IntentConfig({"cloud": ""}),
    )
    found = words(schema(), schema(), own)
    assert found.account["growth"].type is Type.NUMBER
    assert found.account["technology"].type is Type.TEXT
    assert found.topics == {"cloud"}


def test_a_field_of_a_further_score_is_needed_in_each_crm_and_may_be_edited_there() -> None:
    own = config(fields=FieldsConfig(models={"inbound": {"tier": "heat"}}))
    locked = Field("heat", "Heat__c", TEXT, writable=False)
    told = problem(schema(locked), schema(), own)
    assert told.startswith("fields.models.inbound.tier = 'heat' has no field in hubspot")
    assert problem(schema(), schema(), own).startswith("fields.models.inbound.tier = 'heat' names no account field")
    assert read_only(stored_schemas({"salesforce": schema(locked)}), own) == ["Heat__c"]


def test_nothing_is_written_to_a_field_that_only_files_have() -> None:
    own = config(signals=SignalsConfig(fields={"x": "text"}), fields=FieldsConfig(tier="x"))
    assert problem(schema(), schema(), own).startswith("fields.tier = 'x' names no account field")
