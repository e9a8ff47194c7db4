"""What routes read beside their own conditions, as SELECTs: accounts' values and caps, reps' membership and weight.

It writes SQL text and runs none, as ``compile`` does.
"""

from __future__ import annotations

from datetime import UTC
from typing import TYPE_CHECKING

from rules.chain import Chain, fence, read
from rules.compile import ColumnKind, Compiled, CompiledColumn
from rules.facts import members_of, rep_needs, value_of, weight_of
from rules.sql import Writer, named
from rules.vocabulary import Type

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime

    from rules.model import Ruleset
    from rules.sql import Dialect


def compile_routed(ruleset: Ruleset, dialect: Dialect, *, now: datetime, landmark: datetime) -> Compiled | None:
    """For every account: its value to each route that has a field for it, and whether each cap on accounts counts it.

    None where no route asks. A cap's column bears the route's id, and in ``term`` the cap's place among the route's,
    from 0; it is 1 or NULL. Otherwise as ``compile_accounts``.
    """
    chain = Chain(ruleset, dialect, now, landmark, "", direct=True)
    found = list(_of_accounts(ruleset, chain.writer))
    if not found:
        return None
    columns = [CompiledColumn("account_id", ColumnKind.ACCOUNT_ID, Type.TEXT), *(column for column, _ in found)]
    chain.score([(column.name, sql) for column, sql in found])
    return Compiled(chain.select([named(column.name) for column in columns]), tuple(columns))


def _of_accounts(ruleset: Ruleset, writer: Writer) -> Iterator[tuple[CompiledColumn, str]]:
    for index, route in enumerate(ruleset.routes, 1):
        if (value := value_of(route, ruleset)) is not None:
            name = f"worth__{index}"
            yield CompiledColumn(name, ColumnKind.VALUE, Type.NUMBER, route.id), writer.rounded(writer.value(value))
        for place, cap in enumerate(route.caps):
            if cap.when is not None:
                name = f"cap__{index}_{place}"
                sql = f"CASE WHEN {writer.condition(cap.when.tree)} THEN 1 END"
                yield CompiledColumn(name, ColumnKind.CAP, Type.NUMBER, route.id, term=str(place)), sql


def compile_members(ruleset: Ruleset, dialect: Dialect, *, now: datetime) -> Compiled:
    """Every rep's ``rep_id`` and, for each route, whether the rep belongs to it, and the weight, NULL if empty.

    Nobody belongs to a route that names one rep, or goes by owner. Otherwise as ``compile_reps``.
    """
    if now.tzinfo is None:
        raise ValueError("now needs a time zone")
    writer = Writer(dialect, now.astimezone(UTC).date(), {})
    columns, selected = [CompiledColumn("rep_id", ColumnKind.REP_ID, Type.TEXT)], ["rep_id"]
    yes, no = writer.boolean(value=True), writer.boolean(value=False)
    for index, route in enumerate(ruleset.routes, 1):
        members = members_of(route)
        test = f"CASE WHEN {writer.condition(members)} THEN {yes} ELSE {no} END" if members is not None else no
        columns.append(CompiledColumn(f"member__{index}", ColumnKind.MEMBER, Type.BOOLEAN, route.id))
        columns.append(CompiledColumn(f"weight__{index}", ColumnKind.WEIGHT, Type.NUMBER, route.id))
        selected += [f"{test} AS member__{index}", f"{writer.value(weight_of(route))} AS weight__{index}"]
    facts = ["rep_id", *(f"{read(column, writer, 1.0)} AS {named(column.name)}" for column in rep_needs(ruleset))]
    stage = f"SELECT {', '.join(facts)} FROM rep_fact{fence(dialect)}"  # noqa: S608 - names are checked by rules.facts
    return Compiled(f"WITH facts AS ({stage})\nSELECT {', '.join(selected)} FROM facts", tuple(columns))
