"""The JSON Schema of rule files, with an org's own words, for completion and checking in an editor."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from rules.shapes import FileShape
from rules.vocabulary import Type

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from rules.vocabulary import FieldInfo, Vocabulary

_Schema = dict[str, Any]


def json_schema(vocabulary: Vocabulary) -> _Schema:
    """JSON Schema, draft 7, the newest that YAML editors read well. Conditions are text to it: ``load`` checks them."""
    schema = FileShape.model_json_schema()
    words = _words(vocabulary)
    found: _Schema = _filled(schema, words)
    found["title"] = "sync-worker rules"
    return {"$schema": "http://json-schema.org/draft-07/schema#", **found}


def _words(vocabulary: Vocabulary) -> Mapping[str, _Schema]:
    """What the org's words add to the places that name them, by the places' titles."""
    numeric = sorted(name for name, field in vocabulary.rep.items() if field.type is Type.NUMBER)
    topics = f"\n\nIntent topics: {', '.join(sorted(vocabulary.topics)) or 'none'}."
    events = f"\nEngagement kinds: {', '.join(sorted(vocabulary.events)) or 'none'}."
    accounts = f"Account fields:\n{_listed(vocabulary.account.values())}"
    people = f"Contact fields:\n{_listed(vocabulary.contact.values())}\n{events}"
    kinds: _Schema = {"type": "string", "enum": sorted(vocabulary.events)} if vocabulary.events else {"type": "string"}
    capacity: list[_Schema] = [{"type": "integer", "minimum": 1}]
    if numeric:
        capacity.append({"enum": numeric})
    return {
        "Condition on accounts": {"description": accounts + topics + events},
        "Condition on contacts": {"description": people},
        "Numeric field or formula of contacts": {"description": people},
        "Condition on reps": {"description": f"Rep fields:\n{_listed(vocabulary.rep.values())}"},
        "Numeric field or formula": {"description": accounts + topics + events},
        "Engagement kind": kinds,
        "Number or rep field": {"anyOf": capacity},
    }


def _listed(fields: Iterable[FieldInfo]) -> str:
    return "\n".join(_told(field) for field in sorted(fields, key=lambda field: field.name))


def _told(field: FieldInfo) -> str:
    label = f" “{field.label}”" if field.label else ""
    values = f": {', '.join(field.values)}" if field.values else ""
    return f"- {field.name} ({field.type}){label}{values}"


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
    return _joined(found, words.get(title, {}))


def _joined(found: _Schema, more: _Schema) -> _Schema:
    if "anyOf" in more:
        found.pop("type", None)
    described = [text for text in (found.get("description"), more.get("description")) if text]
    return {**found, **more, **({"description": "\n\n".join(described)} if described else {})}
