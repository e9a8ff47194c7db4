"""``POST …/search``: filters over an index that runs behind the records. It never shows archived ones."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from fnmatch import fnmatchcase
from functools import lru_cache
from typing import TYPE_CHECKING

from connectors.sandbox.calls import Reply
from connectors.sandbox.hubspot.moments import milliseconds, read_moment
from connectors.sandbox.hubspot.objects import object_type
from connectors.sandbox.hubspot.shapes import Type
from connectors.sandbox.hubspot.show import Wanted, shown
from connectors.sandbox.hubspot.strike import index_lag, page_size
from connectors.sandbox.hubspot.wire import JSON, body_of, cursor_in, invalid, limit_in, listed, texts

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from datetime import datetime

    from connectors.sandbox.calls import Call
    from connectors.sandbox.hubspot.hub import Hub
    from connectors.sandbox.hubspot.portal import Portal
    from connectors.sandbox.hubspot.records import Record
    from connectors.sandbox.hubspot.shapes import ObjectType, Property

MOST_IN_PAGE, IN_PAGE = 200, 10
MOST_GROUPS, MOST_FILTERS, LONGEST_QUERY = 6, 25, 3000
MOST_REMEMBERED = 8
"""Searches whose results are kept for their next pages."""
Comparable = float | str


@dataclass(frozen=True, slots=True)
class Filter:
    """One condition on one property. ``values`` are as the property's type compares them."""

    prop: Property
    operator: str
    values: tuple[Comparable, ...]

    def holds(self, record: Record) -> bool:
        """Whether the record meets it."""
        text = record.values.get(self.prop.name)
        return _OPERATORS[self.operator](None if text is None else comparable(self.prop, text), self.values)


@dataclass(frozen=True, slots=True)
class Search:
    """A search as it was asked for: any of the groups, all filters of a group."""

    groups: tuple[tuple[Filter, ...], ...]
    words: tuple[str, ...]
    sort: tuple[Property, bool] | None
    limit: int
    start: int
    wanted: Wanted


def search(hub: Hub, call: Call, name: str) -> Reply:
    """Filters, sorts and pages. Raises Refused beyond the last result that may be seen."""
    shape = object_type(name)
    asked = read_search(hub.portal, shape, body_of(call))
    most = hub.settings.search_results
    if asked.start >= most:
        raise invalid(f"A search shows its first {most} results; narrow its filters to see others")
    found = _remembered(hub, call, shape, asked)
    end = min(asked.start + page_size(call, asked.limit), most)
    page = found[asked.start : end]
    body: dict[str, object] = {
        "total": len(found),
        "results": [shown(hub.portal, shape, record, asked.wanted) for record in page],
    }
    if len(found) > end:
        body["paging"] = {"next": {"after": str(end), "link": f"?after={end}"}}
    return Reply(200, body, content_type=JSON)


def _remembered(hub: Hub, call: Call, shape: ObjectType, asked: Search) -> list[Record]:
    """All results. The pages of one search are cut from one list for as long as the index knows nothing new."""
    moment = hub.portal.clock.now() - index_lag(call, timedelta(seconds=hub.settings.search_lag))
    edition = hub.portal.edition(shape.name, moment)
    key = (shape.name, asked.groups, asked.words, asked.sort, edition)
    if key not in hub.found:
        while len(hub.found) >= MOST_REMEMBERED:
            hub.found.pop(next(iter(hub.found)))
        hub.found[key] = _found(hub.portal, moment, shape, asked)
    return hub.found[key]


def _found(portal: Portal, moment: datetime, shape: ObjectType, asked: Search) -> list[Record]:
    found = [record for record in indexed(portal, moment, shape) if _matches(shape, asked, record)]
    found.sort(key=_order(shape, asked))
    if asked.sort and asked.sort[1]:
        found.reverse()
    return found


def indexed(portal: Portal, moment: datetime, shape: ObjectType) -> list[Record]:
    """The records as the index knew them then. What has been archived or merged since is gone at once."""
    older = portal.as_of(shape.name, moment)
    known = (older.get(record.id, record) for record in portal.rows(shape.name))
    return [record for record in known if record is not None and not record.archived]


def comparable(prop: Property, text: str) -> Comparable:
    """A value as its type compares: a number, milliseconds, or a text without capitals."""
    if prop.type in {Type.DATE, Type.DATETIME}:
        return _instant(text)
    if prop.type is Type.NUMBER:
        try:
            return float(text)
        except ValueError:
            return text
    return text.lower() if prop.type is Type.STRING else text


@lru_cache(maxsize=1 << 17)
def _instant(text: str) -> Comparable:
    """Milliseconds since 1970. Pages of one search ask for the same moments again and again."""
    moment = read_moment(text)
    return float(milliseconds(moment)) if moment else text


# Reading what is asked


def read_search(portal: Portal, shape: ObjectType, body: Mapping[str, object]) -> Search:
    """The search of a body. Raises Refused."""
    groups = listed(body, "filterGroups")
    read = tuple(_group(portal, shape, group) for group in groups) or ((),)
    if body.get("filters"):
        read = (*(read if groups else ()), _group(portal, shape, {"filters": body["filters"]}))
    count = sum(len(group) for group in read)
    if len(read) > MOST_GROUPS or count > MOST_FILTERS:
        raise invalid(f"A search may have {MOST_GROUPS} filter groups and {MOST_FILTERS} filters, not {count}")
    query = str(body.get("query") or "")
    if len(query) > LONGEST_QUERY:
        raise invalid(f"query is longer than {LONGEST_QUERY} characters")
    start = cursor_in(body.get("after"))
    limit = limit_in(body.get("limit") or None, IN_PAGE, MOST_IN_PAGE)
    wanted = Wanted(texts(body, "properties"))
    return Search(read, tuple(query.lower().split()), _sort(portal, shape, body), limit, start, wanted)


def _known(portal: Portal, shape: ObjectType, name: object) -> Property:
    prop = portal.known(shape.name, str(name))
    if prop is None:
        raise invalid(f"There was a problem with the request: property {name!r} does not exist")
    return prop


def _sort(portal: Portal, shape: ObjectType, body: Mapping[str, object]) -> tuple[Property, bool] | None:
    """The first sort counts; there cannot be a second. A name with a minus sorts downwards."""
    for given in listed(body, "sorts"):
        if isinstance(given, dict):
            return _known(portal, shape, given.get("propertyName")), given.get("direction") == "DESCENDING"
        text = str(given)
        return _known(portal, shape, text.lstrip("-")), text.startswith("-")
    return None


def _group(portal: Portal, shape: ObjectType, given: object) -> tuple[Filter, ...]:
    if not isinstance(given, dict):
        raise invalid("Invalid input JSON on line 1, column 1: a filter group must be an object")
    return tuple(_filter(portal, shape, each) for each in listed(given, "filters"))


def _filter(portal: Portal, shape: ObjectType, given: object) -> Filter:
    if not isinstance(given, dict):
        raise invalid("Invalid input JSON on line 1, column 1: a filter must be an object")
    prop, operator = _known(portal, shape, given.get("propertyName")), str(given.get("operator"))
    if operator not in _OPERATORS:
        raise invalid(f"operator: {operator!r} is none of {', '.join(_OPERATORS)}")
    values = _operands(operator, given)
    if operator in {"IN", "NOT_IN"}:
        # The values of a list are compared as they are, so those of a text property must be in small letters.
        return Filter(prop, operator, tuple(_typed(prop, value, fold=False) for value in values))
    return Filter(prop, operator, tuple(_typed(prop, value, fold=True) for value in values))


def _operands(operator: str, given: Mapping[str, object]) -> list[str]:
    wanted = {"BETWEEN": ("value", "highValue"), "HAS_PROPERTY": (), "NOT_HAS_PROPERTY": ()}.get(operator, ("value",))
    if operator in {"IN", "NOT_IN"}:
        values = listed(given, "values")
        if not values:
            raise invalid(f"operator {operator} needs 'values'")
        return [str(value) for value in values]
    missing = [name for name in wanted if given.get(name) is None]
    if missing:
        raise invalid(f"operator {operator} needs {' and '.join(repr(name) for name in missing)}")
    return [_plain(given[name]) for name in wanted]


def _plain(value: object) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def _typed(prop: Property, text: str, *, fold: bool) -> Comparable:
    if prop.type is Type.STRING and not fold:
        return text
    found = comparable(prop, text)
    if isinstance(found, str) and prop.type in {Type.DATE, Type.DATETIME, Type.NUMBER}:
        raise invalid(f"{text!r} is no value for {prop.name}, which is a {prop.type.value}")
    return found


# Deciding


def _same_kind(one: Comparable, other: Comparable) -> bool:
    return isinstance(one, str) == isinstance(other, str)


def _compare(
    test: Callable[[Comparable, Comparable], bool],
) -> Callable[[Comparable | None, Sequence[Comparable]], bool]:
    def holds(value: Comparable | None, operands: Sequence[Comparable]) -> bool:
        return value is not None and _same_kind(value, operands[0]) and test(value, operands[0])

    return holds


def _between(value: Comparable | None, operands: Sequence[Comparable]) -> bool:
    low, high = operands
    return value is not None and _compare(_at_least)(value, [low]) and _compare(_at_most)(value, [high])


def _at_least(one: Comparable, other: Comparable) -> bool:
    return one >= other  # type: ignore[operator] # both are numbers, or both are texts


def _at_most(one: Comparable, other: Comparable) -> bool:
    return one <= other  # type: ignore[operator] # both are numbers, or both are texts


def _has_token(value: Comparable | None, operands: Sequence[Comparable]) -> bool:
    """Any word of the value fits; a star stands for any letters."""
    words = str(value or "").lower().replace("@", " ").replace(".", " ").split()
    wanted = str(operands[0]).lower()
    whole = str(value or "").lower()
    return value is not None and (fnmatchcase(whole, wanted) or any(fnmatchcase(word, wanted) for word in words))


_OPERATORS: Mapping[str, Callable[[Comparable | None, Sequence[Comparable]], bool]] = {
    "EQ": lambda value, operands: value is not None and value == operands[0],
    "NEQ": lambda value, operands: value != operands[0],
    "LT": _compare(lambda one, other: not _at_least(one, other)),
    "LTE": _compare(_at_most),
    "GT": _compare(lambda one, other: not _at_most(one, other)),
    "GTE": _compare(_at_least),
    "BETWEEN": _between,
    "IN": lambda value, operands: value is not None and value in operands,
    "NOT_IN": lambda value, operands: value not in operands,
    "HAS_PROPERTY": lambda value, _operands: value is not None,
    "NOT_HAS_PROPERTY": lambda value, _operands: value is None,
    "CONTAINS_TOKEN": _has_token,
    "NOT_CONTAINS_TOKEN": lambda value, operands: not _has_token(value, operands),
}
"""What a record without the property meets: NEQ, NOT_IN, NOT_CONTAINS_TOKEN and NOT_HAS_PROPERTY [unsourced]."""


def _matches(shape: ObjectType, asked: Search, record: Record) -> bool:
    if not any(all(each.holds(record) for each in group) for group in asked.groups):
        return False
    if not asked.words:
        return True
    text = " ".join(record.values.get(name, "") for name in shape.searched).lower()
    return all(word in text for word in asked.words)


def _order(shape: ObjectType, asked: Search) -> Callable[[Record], tuple[bool, Comparable, int]]:
    """By the property that is asked for, else by the date of creation; equal ones by id."""
    prop = asked.sort[0] if asked.sort else shape.properties[shape.created]

    def key(record: Record) -> tuple[bool, Comparable, int]:
        text = record.values.get(prop.name)
        value = comparable(prop, text) if text is not None else None
        if value is None or (prop.type is Type.NUMBER and isinstance(value, str)):
            return True, 0.0, int(record.id)
        return False, value, int(record.id)

    return key
