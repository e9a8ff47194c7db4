"""The JSON Schema of rule files, with an org's own words, for completion and checking in an editor."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from rules import hover
from rules.names import ACCOUNT_FUNCTIONS, CONTACT_FUNCTIONS, REP_FUNCTIONS, computed
from rules.shapes import FileShape
from rules.vocabulary import Type

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    from rules.model import Ruleset
    from rules.vocabulary import FieldInfo, Vocabulary

_Schema = dict[str, Any]


def json_schema(vocabulary: Vocabulary, ruleset: Ruleset | None = None) -> _Schema:
    """JSON Schema, draft 7, the newest that YAML editors read well. Conditions are text to it: ``load`` checks them.

    With a ruleset, editors are told the fields that its tables and schemes fill, and offered its names.
    """
    schema = FileShape.model_json_schema()
    words = _words(vocabulary, ruleset)
    found: _Schema = _filled(schema, words)
    found["title"] = "sync-worker rules"
    return {"$schema": "http://json-schema.org/draft-07/schema#", **found}


def _words(vocabulary: Vocabulary, ruleset: Ruleset | None) -> Mapping[str, _Schema]:
    """What the org's words add to the places that name them, by the places' titles."""
    own = computed(ruleset) if ruleset else {}
    scores = [score.id for score in ruleset.scores] if ruleset else []
    numeric = sorted(name for name, field in vocabulary.rep.items() if field.type is Type.NUMBER)
    account = _help("Account field", {**vocabulary.account, **own}, ACCOUNT_FUNCTIONS, vocabulary)
    contact = _help("Contact field", vocabulary.contact, CONTACT_FUNCTIONS, vocabulary)
    kinds: _Schema = {"type": "string", "enum": sorted(vocabulary.events)} if vocabulary.events else {"type": "string"}
    capacity: list[_Schema] = [{"type": "integer", "minimum": 1}]
    if numeric:
        capacity.append({"enum": numeric})
    return {
        "Condition on accounts": account,
        "Condition on contacts": contact,
        "Condition on reps": _help("Rep field", vocabulary.rep, REP_FUNCTIONS, vocabulary),
        "Numeric field or formula": account,
        "Numeric field or formula of contacts": contact,
        "Engagement kind": kinds,
        # What stands in the files now, and whatever is about to be written.
        **({"Id of a score": {"anyOf": [{"enum": scores}, {"type": "string"}]}} if scores else {}),
        "Number or rep field": {"anyOf": capacity},
    }


def _help(noun: str, fields: Mapping[str, FieldInfo], functions: Collection[str], vocabulary: Vocabulary) -> _Schema:
    """What a condition may name, as plain text and as Markdown: editors show the one that they understand."""
    words = hover.spoken(vocabulary, functions)
    plain = (hover.listed(f"{noun}s", fields.values()), words)
    rich = (hover.called(functions), words.replace("\n", "  \n"), hover.tabled(noun, fields.values()))
    return {
        "description": "\n\n".join(filter(None, plain)),
        "markdownDescription": "\n\n".join(filter(None, rich)),
    }


def _filled(node: Any, words: Mapping[str, _Schema]) -> Any:  # noqa: ANN401 - any part of a JSON document
    """The schema with the org's words, and without the nulls that pydantic allows where a key may be left out."""
    if isinstance(node, list):
        return [_filled(item, words) for item in node]
    if not isinstance(node, dict):
        return node
    found = {key: _filled(value, words) for key, value in node.items() if not (key == "default" and value is None)}
    options = [option for option in found.get("anyOf", ()) if option != {"type": "null"}]
    if len(options) == 1:
        del found["anyOf"]
        found = {**options[0], **found}
    elif options:
        found["anyOf"] = options
    title = str(found.get("title", ""))
    if title.endswith("Shape"):
        found["title"] = title.removesuffix("Shape")
    found = _joined(found, words.get(title, {}))
    for key, below in found.get("properties", {}).items():
        if key in hover.KEYS and isinstance(below, dict) and "$ref" not in below:
            below.setdefault("description", hover.KEYS[key])
    return found


def _joined(found: _Schema, more: _Schema) -> _Schema:
    if "anyOf" in more:
        found.pop("type", None)
    own = found.get("description")
    helped: _Schema = {
        key: "\n\n".join(filter(None, (own, more[key])))
        for key in ("description", "markdownDescription")
        if key in more
    }
    return {**found, **more, **helped}
