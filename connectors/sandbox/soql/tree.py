"""The tree of a SOQL statement, and the statement's text again (``str``)."""

from __future__ import annotations

from dataclasses import dataclass

from connectors.sandbox.soql.tokens import quote


@dataclass(frozen=True, slots=True)
class Path:
    """A field, perhaps a parent's: ``Account.Owner.Name``."""

    names: tuple[str, ...]
    at: int = 0

    def __str__(self) -> str:
        return ".".join(self.names)


@dataclass(frozen=True, slots=True)
class Call:
    """A function of a field: an aggregate (``COUNT``, ``MAX``…), a date part, or ``toLabel``."""

    function: str
    argument: Path | None
    alias: str = ""
    at: int = 0

    def __str__(self) -> str:
        alias = f" {self.alias}" if self.alias else ""
        return f"{self.function}({self.argument or ''}){alias}"


@dataclass(frozen=True, slots=True)
class Fields:
    """``FIELDS(ALL)``, ``FIELDS(STANDARD)`` or ``FIELDS(CUSTOM)``."""

    which: str
    at: int = 0

    def __str__(self) -> str:
        return f"FIELDS({self.which})"


@dataclass(frozen=True, slots=True)
class Literal:
    """A value. ``kind`` is string, number, boolean, null, date, datetime or relative."""

    kind: str
    value: str | float | bool | None
    at: int = 0

    def __str__(self) -> str:
        match self.kind:
            case "string":
                return quote(str(self.value))
            case "boolean":
                return "true" if self.value else "false"
            case "null":
                return "null"
            case _:
                return str(self.value)


@dataclass(frozen=True, slots=True)
class Compare:
    """``field op value``; ``op`` is one of = != < <= > >= like."""

    left: Path | Call
    op: str
    right: Literal

    def __str__(self) -> str:
        return f"{self.left} {self.op} {self.right}"


@dataclass(frozen=True, slots=True)
class In:
    """``field in (…)`` or ``field not in (…)``, over values or over a query's answer."""

    left: Path | Call
    choices: tuple[Literal, ...] | Select
    negated: bool

    def __str__(self) -> str:
        inner = str(self.choices) if isinstance(self.choices, Select) else ", ".join(map(str, self.choices))
        return f"{self.left} {'not in' if self.negated else 'in'} ({inner})"


@dataclass(frozen=True, slots=True)
class Not:
    """``not condition``."""

    inner: Condition

    def __str__(self) -> str:
        return f"(not {_wrapped(self.inner)})"


@dataclass(frozen=True, slots=True)
class All:
    """``a and b …``."""

    parts: tuple[Condition, ...]

    def __str__(self) -> str:
        return " and ".join(_wrapped(part) for part in self.parts)


@dataclass(frozen=True, slots=True)
class Any:
    """``a or b …``."""

    parts: tuple[Condition, ...]

    def __str__(self) -> str:
        return " or ".join(_wrapped(part) for part in self.parts)


Condition = Compare | In | Not | All | Any


def _wrapped(condition: Condition) -> str:
    return f"({condition})" if isinstance(condition, All | Any) else str(condition)


@dataclass(frozen=True, slots=True)
class Order:
    """One key of an order. Nulls come first unless it says otherwise."""

    key: Path | Call
    descending: bool = False
    nulls_last: bool = False

    def __str__(self) -> str:
        return (
            f"{self.key}{' desc' if self.descending else ' asc'}{' nulls last' if self.nulls_last else ' nulls first'}"
        )


@dataclass(frozen=True, slots=True)
class Select:
    """A whole statement, or a query within one."""

    columns: tuple[Path | Call | Fields | Select, ...]
    source: str
    alias: str = ""
    where: Condition | None = None
    group: tuple[Path | Call, ...] = ()
    having: Condition | None = None
    order: tuple[Order, ...] = ()
    limit: int | None = None
    offset: int = 0
    all_rows: bool = False
    at: int = 0
    """Where the object is named."""

    def __str__(self) -> str:
        columns = ", ".join(f"({column})" if isinstance(column, Select) else str(column) for column in self.columns)
        source = f"{self.source} {self.alias}".rstrip()
        clauses = [f"select {columns} from {source}"]  # noqa: S608 - it is SOQL, printed for the parser to read again
        clauses += [f"where {self.where}"] if self.where else []
        clauses += [f"group by {', '.join(map(str, self.group))}"] if self.group else []
        clauses += [f"having {self.having}"] if self.having else []
        clauses += [f"order by {', '.join(map(str, self.order))}"] if self.order else []
        clauses += [f"limit {self.limit}"] if self.limit is not None else []
        clauses += [f"offset {self.offset}"] if self.offset else []
        return " ".join([*clauses, *(["all rows"] if self.all_rows else [])])
