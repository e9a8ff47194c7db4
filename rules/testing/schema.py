"""The JSON Schema of test files, with an org's own fields and the ids of its rules, for completion in an editor."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from rules import hover
from rules.testing.expecting import NONE, ids_of, said
from rules.testing.model import ANY
from rules.testing.nodes import EMPTY
from rules.vocabulary import Type

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from rules.model import Ruleset, Score
    from rules.vocabulary import FieldInfo, Vocabulary

_Schema = dict[str, Any]

_DATE = r"\d{4}-\d{2}-\d{2}"
_DAY: _Schema = {
    "type": "string",
    "pattern": rf"^({_DATE}|today|\d{{1,5}} days? ago|in \d{{1,5}} days?|{EMPTY})$",
    "examples": ["today", "3 days ago", "in 30 days"],
}
_DAYS: _Schema = {"anyOf": [_DAY, {"type": "array", "items": _DAY}]}
_ANYTHING: _Schema = {"type": ["string", "number", "boolean"]}
_NUMBER: _Schema = {"anyOf": [{"type": "number"}, {"const": EMPTY}]}
_VALUES: Mapping[Type, _Schema] = {
    Type.TEXT: _ANYTHING,
    Type.NUMBER: _NUMBER,
    Type.BOOLEAN: {"enum": [True, False, "yes", "no", EMPTY]},
    Type.DATE: _DAY,
}
_RULES = {
    "scope": "The scope rule that takes the account; none: out of scope.",
    "protect": "The first protect rule that matches.",
    "return": "The first return rule that matches.",
    "book": "The account's book.",
    "route": "The first route that matches.",
    "service_level": "The first service level that matches.",
    "cover": "The first cover that matches.",
}


def schema_of_tests(vocabulary: Vocabulary, ruleset: Ruleset | None) -> _Schema:
    """JSON Schema, draft 7. Without a ruleset, as while the rules have mistakes, what tests expect has any name."""
    return {
        "$schema": "http://json-schema.org/draft-07/schema#",
        "title": "Tests of sync-worker rules",
        **_keys(
            {
                "version": {"const": 1, "description": hover.KEYS["version"]},
                "on": {"type": "string", "pattern": f"^{_DATE}$", "description": "The UTC day of the tests."},
                "defaults": _given(vocabulary, ruleset, "What every account is given, unless its test says otherwise."),
                "reps": _reps(vocabulary, ruleset),
                "tests": {"type": "array", "items": _test(vocabulary, ruleset), "description": "One test each."},
            },
            required=("version", "on", "tests"),
        ),
    }


def _keys(properties: Mapping[str, _Schema], *, required: Iterable[str] = ()) -> _Schema:
    found: _Schema = {"type": "object", "properties": dict(properties), "additionalProperties": False}
    return found | ({"required": list(required)} if required else {})


def _test(vocabulary: Vocabulary, ruleset: Ruleset | None) -> _Schema:
    return _keys(
        {
            "name": {"type": "string", "minLength": 1, "description": "What the test is about, in a sentence."},
            "on": {
                "type": "string",
                "pattern": f"^{_DATE}$",
                "description": "A day of its own, instead of the file's.",
            },
            "given": _given(vocabulary, ruleset, "What the account is like. What is not named is empty."),
            "expect": _expect(ruleset),
        },
        required=("name", "expect"),
    )


def _field(info: FieldInfo) -> _Schema:
    """A field with its label and type; a picklist's values are offered, others may be typed."""
    value = _VALUES[info.type]
    if info.values:
        value = {"anyOf": [{"enum": list(info.values)}, value]}
    return {**value, "description": hover.told(info)}


def _given(vocabulary: Vocabulary, ruleset: Ruleset | None, description: str) -> _Schema:
    figure = {"type": "number", "minimum": 0, "maximum": 100}
    contacts = [contact.score.id for contact in ruleset.contacts] if ruleset else []
    signals = {
        "intent": (_keys(dict.fromkeys(sorted(vocabulary.topics), figure)), "Live intent by topic, 0 to 100."),
        "events": (_keys(dict.fromkeys(sorted(vocabulary.events), _DAYS)), "What the buyer did, by kind: the days."),
        "touches": (_DAYS, "The days on which reps called, wrote or met."),
        "contacts": (_people(vocabulary), "People at the account: a name for the test, and what they are like."),
        "contact_score": (
            _keys({name: {"type": "number"} for name in contacts}),
            "The best contact's total, by score.",
        ),
    }
    known = {name: _field(info) for name, info in sorted(vocabulary.account.items())}
    for name, (schema, about) in signals.items():
        schemas = [schema, known[name]] if name in known else [schema]
        known[name] = {"anyOf": schemas, "description": about}
    return {**_keys(known), "description": description}


def _people(vocabulary: Vocabulary) -> _Schema:
    fields = {name: _field(info) for name, info in sorted(vocabulary.contact.items())}
    did = _keys(dict.fromkeys(sorted(vocabulary.events), _DAYS))
    events = {"anyOf": [did, fields["events"]] if "events" in fields else [did], "description": "What they did."}
    return {"type": "object", "additionalProperties": _keys({**fields, "events": events})}


def _reps(vocabulary: Vocabulary, ruleset: Ruleset | None) -> _Schema:
    fields = {**vocabulary.rep, **(ruleset.reps.fields if ruleset else {})}
    rep = _keys({name: _field(info) for name, info in sorted(fields.items())})
    about = "People made up: a name for the tests, and their fields."
    return {"type": "object", "additionalProperties": rep, "description": about}


def _expect(ruleset: Ruleset | None) -> _Schema:
    described = {"description": "What the rules should say. What is not named may be as it likes."}
    if ruleset is None:
        return {"type": "object", "minProperties": 1, **described}
    rules = {
        section: {"enum": [*ids, NONE, ANY], "description": _RULES[section]} for section, ids in ids_of(ruleset).items()
    }
    fields = {name: _field(info) for name, info in said(ruleset).items()}
    scores = _keys({score.id: _score(score) for score in ruleset.scores})
    totals: _Schema = {"type": "object", "additionalProperties": {"type": "number"}}
    people = {**_keys({one.score.id: totals for one in ruleset.contacts}), "description": "Contacts' totals, by score."}
    more = {
        "contacts": people,
        "scores": {**scores, "description": "Totals, tiers and points by score."},
        "reps": _eligible(),
    }
    return {**_keys({**fields, **rules, **more}), "minProperties": 1, **described}


def _score(score: Score) -> _Schema:
    number: _Schema = {"type": "number"}
    tiers = {"enum": [name for tier in score.tiers for name in _readings(tier.name)]}
    keys = {
        "total": {**number, "description": "The total, to two digits behind the point."},
        "at_least": {**number, "description": "The least that the total may be."},
        "at_most": {**number, "description": "The most that the total may be."},
        "tier": {**tiers, "description": "The tier."},
        "parts": {**_keys({part.name: number for part in score.parts}), "description": "Sums within their caps."},
        "points": {**_keys({term.id: number for term in score.terms}), "description": "Points before any cap."},
    }
    return {"anyOf": [number, _keys(keys)], "description": f"The score {score.id}: its total, or more of it."}


def _readings(name: str) -> list[str | int]:
    """A name as written, and as a number where YAML takes it for one."""
    return [name, int(name)] if name.isdigit() else [name]


def _eligible() -> _Schema:
    names: _Schema = {"anyOf": [{"type": "string"}, {"type": "array", "items": {"type": "string"}}]}
    keys = {
        "eligible": {**names, "description": "Reps who may get accounts of this account's book."},
        "not": {**names, "description": "Reps who may not."},
        "capacity": {"type": "object", "additionalProperties": _NUMBER, "description": "Accounts that a rep may own."},
    }
    return {**_keys(keys), "description": "Who may own accounts of this account's book."}
