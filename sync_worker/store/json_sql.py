"""Reading one typed value out of a record's JSON, in the SQL of each engine. What has another type reads as NULL.

Dates come out as ``YYYY-MM-DD`` or ``YYYY-MM-DDTHH:MM:SSZ``, fractions of a second cut off; what is no date of the
calendar is NULL, so that no later statement can trip over it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol

from sqlalchemy import Float, Text, and_, case, cast, false, func, literal_column, null, or_, true

from rules.bounds import LARGEST, SMALLEST

if TYPE_CHECKING:
    from sqlalchemy import ColumnElement

    Json = ColumnElement[Any]

_DIGIT_DAY = "[0-9][0-9][0-9][0-9]-[0-9][0-9]-[0-9][0-9]"

_DAY = (
    "(?!0000)[0-9]{4}-("
    "(01|03|05|07|08|10|12)-(0[1-9]|[12][0-9]|3[01])|(04|06|09|11)-(0[1-9]|[12][0-9]|30)|02-(0[1-9]|1[0-9]|2[0-8]))"
    "|([0-9]{2}(0[48]|[2468][048]|[13579][26])|([02468][048]|[13579][26])00)-02-29"
)
_CLOCK = r"([01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9](\.[0-9]+)?Z"


class JsonReader(Protocol):
    """Values of a JSON object by name; without a name the JSON is itself the value.

    An empty text is NULL, and so is a missing name.
    """

    def text(self, fields: Json, name: str | None) -> ColumnElement[Any]:
        """A text; a number or yes/no is written out."""

    def number(self, fields: Json, name: str | None) -> ColumnElement[Any]:
        """A number as a double, within the range that rules count with (``rules.bounds.kept``)."""

    def yes_no(self, fields: Json, name: str | None) -> ColumnElement[Any]:
        """True or false."""

    def date(self, fields: Json, name: str | None) -> ColumnElement[Any]:
        """A date or time as text, UTC."""


class SqliteJson:
    """SQLite's JSON functions."""

    def text(self, fields: Json, name: str | None) -> ColumnElement[Any]:
        """See ``JsonReader``."""
        kind, value = self._parts(fields, name)
        written = cast(value, Text)
        ways = {"text": func.nullif(value, ""), "true": "true", "false": "false", "integer": written, "real": written}
        return case(ways, value=kind, else_=null())

    def number(self, fields: Json, name: str | None) -> ColumnElement[Any]:
        """See ``JsonReader``."""
        kind, value = self._parts(fields, name)
        return case((kind.in_(("integer", "real")), _kept(cast(value, Float))), else_=null())

    def yes_no(self, fields: Json, name: str | None) -> ColumnElement[Any]:
        """See ``JsonReader``."""
        kind, _ = self._parts(fields, name)
        return case({"true": true(), "false": false()}, value=kind, else_=null())

    def date(self, fields: Json, name: str | None) -> ColumnElement[Any]:
        """See ``JsonReader``."""
        kind, value = self._parts(fields, name)
        second = func.substr(value, 1, 19).concat("Z")
        # SQLite takes 30 February for 2 March, and shows it once it has to add something: only a day that it gives
        # back unchanged is one.
        day = and_(value.op("GLOB")(_DIGIT_DAY), func.date(value, "+0 days") == value)
        fraction = or_(func.length(value) == len("2026-11-04T10:00:00Z"), value.op("GLOB")("*:[0-9][0-9].[0-9]*Z"))
        instant = and_(
            value.op("GLOB")(_DIGIT_DAY + "T[0-9][0-9]:[0-9][0-9]:[0-9][0-9]*Z"),
            fraction,
            func.substr(value, 21).op("NOT GLOB")("*[^0-9]*Z"),
            func.strftime("%Y-%m-%dT%H:%M:%SZ", func.substr(value, 1, 19), "+0 seconds") == second,
        )
        dated = and_(kind == "text", value >= "0001")
        return case((dated, case((day, value), (instant, second), else_=null())), else_=null())

    def _parts(self, fields: Json, name: str | None) -> tuple[ColumnElement[Any], ColumnElement[Any]]:
        if name is None:
            return func.json_type(fields, "$"), func.json_extract(fields, "$")
        if '"' in name or "\\" in name:
            raise ValueError(f"a field cannot be called {name!r}")
        path = f'$."{name}"'
        return func.json_type(fields, path), func.json_extract(fields, path)


class PostgresqlJson:
    """PostgreSQL's jsonb functions."""

    def text(self, fields: Json, name: str | None) -> ColumnElement[Any]:
        """See ``JsonReader``."""
        return func.nullif(self._value(fields, name), "")

    def number(self, fields: Json, name: str | None) -> ColumnElement[Any]:
        """See ``JsonReader``."""
        number = self._kind(fields, name) == "number"
        return case((number, _kept(cast(self._value(fields, name), Float(53)))), else_=null())

    def yes_no(self, fields: Json, name: str | None) -> ColumnElement[Any]:
        """See ``JsonReader``."""
        value = self._value(fields, name)
        given = self._kind(fields, name) == "boolean"
        return case((and_(given, value == "true"), true()), (given, false()), else_=null())

    def date(self, fields: Json, name: str | None) -> ColumnElement[Any]:
        """See ``JsonReader``."""
        value = self._value(fields, name)
        return case(
            (self._kind(fields, name) != "string", null()),
            (value.op("~")(f"^({_DAY})$"), value),
            (value.op("~")(f"^({_DAY})T{_CLOCK}$"), func.substr(value, 1, 19).concat("Z")),
            else_=null(),
        )

    def _value(self, fields: Json, name: str | None) -> ColumnElement[Any]:
        if name is None:
            return fields.op("#>>", return_type=Text())(literal_column("'{}'"))
        return func.jsonb_extract_path_text(fields, name, type_=Text())

    def _kind(self, fields: Json, name: str | None) -> ColumnElement[Any]:
        return func.jsonb_typeof(fields if name is None else func.jsonb_extract_path(fields, name))


def _kept(number: ColumnElement[Any]) -> ColumnElement[Any]:
    """What ``rules.bounds.kept`` makes of the number."""
    least, most = 10.0**SMALLEST, 10.0**LARGEST
    common = number.between(least, most)
    below, none = number.between(-most, -least), number.between(-least, least)
    return case((common, number), (none, 0.0), (below, number), else_=null())


def reader(dialect: str) -> JsonReader:
    """The one for an engine, ``sqlite`` or ``postgresql``."""
    return SqliteJson() if dialect == "sqlite" else PostgresqlJson()
