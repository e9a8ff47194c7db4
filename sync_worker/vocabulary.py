"""The words that rules may use: what the CRM shows under the config's names, and what the worker derives from it."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypedDict

from connectors.port import Schema, Stream
from rules import FieldInfo, Type, Vocabulary
from sync_worker.config import ConfigInvalid, Problem
from sync_worker.config.problems import nearest
from sync_worker.store import facts

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from sync_worker.config import Config


class StoredField(TypedDict):
    """One field of the stored schema: ``connectors.port.Field`` as JSON."""

    name: str
    crm_name: str
    type: str
    label: str
    values: list[str]
    writable: bool


StoredSchema = dict[str, dict[str, StoredField]]
"""Stream → the worker's field name → field, as the latest pull saw them."""

StoredSchemas = dict[str, StoredSchema]
"""The stored schema of each CRM by its name, in the order of the config."""


def stored_schemas(schemas: Mapping[str, Schema]) -> StoredSchemas:
    """The CRMs' schemas as JSON, for the store."""
    return {crm: _stored(schema) for crm, schema in schemas.items()}


def _stored(schema: Schema) -> StoredSchema:
    return {
        stream.value: {
            name: StoredField(
                name=field.name,
                crm_name=field.crm_name,
                type=field.type.value,
                label=field.label,
                values=list(field.values),
                writable=field.writable,
            )
            for name, field in fields.items()
        }
        for stream, fields in schema.fields.items()
    }


def read_only(schemas: StoredSchemas, config: Config) -> list[str]:
    """The fields, by the CRMs' names, that the worker is to write and the integration user may not."""
    own, accounts = config.fields, [schema[Stream.ACCOUNTS] for schema in schemas.values()]
    names = ("owner", own.score, own.tier, own.reasons)
    wanted = [fields[name] for fields in accounts for name in names if name in fields]
    return [field["crm_name"] for field in wanted if not field["writable"]]


def merged(schemas: StoredSchemas) -> StoredSchema:
    """The fields of all CRMs under the worker's names. What two CRMs have is as the first one describes it."""
    found: StoredSchema = {}
    for schema in schemas.values():
        for stream, fields in schema.items():
            found[stream] = fields | found.get(stream, {})
    return found


def vocabulary(schemas: StoredSchemas, config: Config) -> Vocabulary:
    """Every account and rep field, topic and kind of engagement that rules may name.

    Raises ConfigInvalid where a setting names an account field that there is none of.
    """
    schema = merged(schemas)
    if problems := tuple(misnamed(schema, config)):
        raise ConfigInvalid(problems)
    return Vocabulary(
        account={**_fields(schema, Stream.ACCOUNTS), **facts.DERIVED},
        rep={**_fields(schema, Stream.USERS), **facts.REP_DERIVED},
        topics=frozenset(config.intent.topics),
        events=frozenset(config.activities.engagement),
    )


def misnamed(schema: StoredSchema, config: Config) -> Iterator[Problem]:
    """A misspelt do_not_move must not pass in silence: the box that reps tick would mean nothing."""
    # What was mapped since the latest pull is known by name, if not yet by type.
    known = {*schema.get(Stream.ACCOUNTS, {}), *config.fields.accounts}
    said = {f"fields.{key}": getattr(config.fields, key) for key in ("score", "tier", "reasons", "do_not_move")}
    said["intent.observed"] = config.intent.observed
    said |= {f"intent.topics.{topic}": field for topic, field in config.intent.topics.items()}
    for name, field in said.items():
        if field and field not in known:
            yield Problem("config", 0, 0, f"{name} = '{field}' names no account field", nearest(field, known))


def _fields(schema: Mapping[str, dict[str, StoredField]], stream: Stream) -> dict[str, FieldInfo]:
    return {
        name: FieldInfo(name=name, type=Type(field["type"]), label=field["label"], values=tuple(field["values"]))
        for name, field in schema.get(stream, {}).items()
    }
