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

    from rules import Ruleset
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
    names = ("owner", *config.fields.written.values())
    return [
        f"{field['crm_name']} ({crm})" if len(schemas) > 1 else field["crm_name"]
        for crm, schema in schemas.items()
        for field in (schema[Stream.ACCOUNTS][name] for name in names if name in schema[Stream.ACCOUNTS])
        if not field["writable"]
    ]


def merged(schemas: StoredSchemas) -> StoredSchema:
    """The fields of all CRMs under the worker's names. What two CRMs have is as the first one describes it.

    It is a picklist where all of them have one, with the values of all: a text that is free in one may hold anything.
    """
    found: StoredSchema = {}
    for schema in schemas.values():
        for stream, fields in schema.items():
            known = found.setdefault(stream, {})
            for name, field in fields.items():
                known[name] = _both(known[name], field) if name in known else field
    return found


def _both(one: StoredField, other: StoredField) -> StoredField:
    free = not (one["values"] and other["values"])
    values = [] if free else list(dict.fromkeys((*one["values"], *other["values"])))
    return {**one, "values": values, "writable": one["writable"] and other["writable"]}


def vocabulary(schemas: StoredSchemas, config: Config) -> Vocabulary:
    """Every field of accounts, reps and contacts, every topic and every kind of activity that rules may name.

    Raises ConfigInvalid where a setting names an account field that there is none of, and where one name would be two
    things.
    """
    problems = (*misnamed(schemas, config), *half_written(schemas, config), *at_odds(schemas), *taken(schemas, config))
    if problems:
        raise ConfigInvalid(problems)
    schema = merged(schemas)
    filed = {name: FieldInfo(name, Type(kind)) for name, kind in config.signals.fields.items()}
    return Vocabulary(
        account={**_fields(schema, Stream.ACCOUNTS), **filed, **facts.DERIVED},
        rep={**_fields(schema, Stream.USERS), **facts.REP_DERIVED},
        topics=frozenset(config.intent.topics),
        events=frozenset(config.activities.engagement),
        touches=frozenset(config.activities.touches),
        contact=_fields(schema, Stream.CONTACTS),
    )


def covers(schemas: StoredSchemas, config: Config) -> bool:
    """Whether these were told under the CRMs and the mapped fields that the config names now."""
    if set(schemas) != set(config.crms):
        return False
    mapped = ((crm, stream, own) for crm in schemas for stream, own in config.fields.own(crm).items())
    return all(
        name in schemas[crm].get(stream, {}) for crm, stream, own in mapped for name, said in own.items() if said
    )


def misnamed(schemas: StoredSchemas, config: Config) -> Iterator[Problem]:
    """A misspelt do_not_move must not pass in silence: the box that reps tick would mean nothing."""
    known = set().union(*(_accounts(crm, schemas, config) for crm in schemas))
    own = config.fields
    filled = (("do_not_move", own.do_not_move), ("claim", own.claim))
    said = {f"fields.{key}": name for key, name in (*own.written.items(), *filled)}
    said |= {"home.field": config.home.field, "home.link": config.home.link, "intent.observed": config.intent.observed}
    said |= {f"intent.topics.{topic}": field for topic, field in config.intent.topics.items()}
    for setting, name in said.items():
        if name and name not in known:
            yield _wrong(f"{setting} = '{name}' names no account field", nearest(name, known))
    for name in config.signals.precedence:
        if name not in known | config.signals.fields.keys():
            hint = nearest(name, known | config.signals.fields.keys())
            yield _wrong(f"signals.precedence.{name} names no account field", hint)


def mismatched(config: Config, rules: Ruleset) -> Iterator[Problem]:
    """Settings that name a score or a grid which the rules lack, or want of a grid what it has not."""
    scores, grids, own = [score.id for score in rules.scores], [grid.id for grid in rules.grids], config.fields
    if config.rules.score not in scores and (scores or own.score or own.tier or own.reasons):
        hint = nearest(config.rules.score, scores)
        yield _wrong(f"rules.score = '{config.rules.score}' names no score of the rules", hint)
    for model, taken in own.models.items():
        if model in grids:
            more = [f"fields.models.{model}.{key}" for key, name in taken.items() if name and key != "tier"]
            yield from (_wrong(f"{key}: the grid '{model}' has a grade alone", "write tier for it") for key in more)
        elif model not in scores:
            hint = nearest(model, [*scores, *grids])
            yield _wrong(f"fields.models.{model} names neither a score nor a grid of the rules", hint)


def half_written(schemas: StoredSchemas, config: Config) -> Iterator[Problem]:
    """What is written is written to the accounts of every CRM, so every CRM must have a field for it."""
    having = {crm: _accounts(crm, schemas, config) for crm in schemas}
    each = ", ".join(f'{crm} = "…"' for crm in having)
    for setting, name in config.fields.written.items():
        lacking = [crm for crm, known in having.items() if name not in known]
        for crm in lacking if len(lacking) < len(having) else ():
            hint = f"name one for each under [fields.accounts]: {name} = {{ {each} }}"
            yield _wrong(f"fields.{setting} = '{name}' has no field in {crm}, whose accounts get it as well", hint)


def at_odds(schemas: StoredSchemas) -> Iterator[Problem]:
    """Rules know one type for each name, whichever CRM an account is of."""
    seen: dict[tuple[str, str], tuple[str, StoredField]] = {}
    for crm, schema in schemas.items():
        for stream, fields in schema.items():
            for name, field in fields.items():
                first, other = seen.setdefault((stream, name), (crm, field))
                if other["type"] != field["type"]:
                    ones = f"{other['type']} in {first} ({other['crm_name']})"
                    message = f"fields.{stream}.{name} is {ones} and {field['type']} in {crm} ({field['crm_name']})"
                    yield _wrong(message, "map fields of one type to it, or give them two names")


def taken(schemas: StoredSchemas, config: Config) -> Iterator[Problem]:
    """A field that only files have cannot bear the name of one that there is already."""
    for name in config.signals.fields:
        owners = [crm for crm in schemas if name in _accounts(crm, schemas, config)]
        if owners:
            hint = f"take it out of [signals.fields]: files may fill {' and '.join(owners)}'s all the same"
            yield _wrong(f"signals.fields.{name} is a field of the CRM already", hint)
        elif name in facts.DERIVED:
            yield _wrong(f"signals.fields.{name} is worked out by the worker", "give it another name")


def _wrong(message: str, hint: str) -> Problem:
    return Problem("config", 0, 0, message, hint)


def _accounts(crm: str, schemas: StoredSchemas, config: Config) -> set[str]:
    """The account fields of a CRM: what was mapped since the latest pull is known by name, if not yet by type."""
    own = config.fields.own(crm)[Stream.ACCOUNTS]
    now, gone = {name for name, said in own.items() if said}, {name for name, said in own.items() if not said}
    return ({*schemas[crm].get(Stream.ACCOUNTS, {})} | now) - gone


def _fields(schema: Mapping[str, dict[str, StoredField]], stream: Stream) -> dict[str, FieldInfo]:
    return {
        name: FieldInfo(name=name, type=Type(field["type"]), label=field["label"], values=tuple(field["values"]))
        for name, field in schema.get(stream, {}).items()
    }
