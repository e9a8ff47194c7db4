"""Times to the minute as a rules file writes them: of the clock, or of a rep's working hours. It reads no clock."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Annotated, Any

from pydantic import PlainValidator, WithJsonSchema

from rules.presence import Span
from rules.scalars import Text, choice, wrong

if TYPE_CHECKING:
    _Span = Span
else:
    # The validator makes it; pydantic need not look inside.
    _Span = Any

_MINUTES = {"minute": 1, "hour": 60, "day": 24 * 60, "week": 7 * 24 * 60}
_SPAN = re.compile(r"([0-9]{1,4}) (working )?(minute|hour|day|week)s?", re.ASCII)
_MOST = {False: 90 * 24 * 60, True: 500 * 60}
"""Minutes at most, of the clock and of working time: what is due later than in a quarter is no first touch."""
_HINT = "write 4 working hours, 30 minutes, 8 hours or 2 days"


def _span(value: object) -> Span:
    if not isinstance(value, Text) or not value.strip():
        raise wrong("a time is wanted here", _HINT)
    found = _SPAN.fullmatch(value)
    if not found:
        raise wrong(f"'{value[:40]}' is not a time", _HINT)
    working = bool(found[2])
    if working and found[3] in ("day", "week"):
        hint = "a rep's days differ in length: write working hours, such as 16 working hours"
        raise wrong(f"'{value[:40]}' does not say how long a working {found[3]} is", hint)
    minutes = int(found[1]) * _MINUTES[found[3]]
    if not 0 < minutes <= _MOST[working]:
        raise wrong(f"{value[:40]} is out of range", "from 1 minute to 90 days, or to 500 working hours")
    return Span(str(value), minutes, working)


def _yes_no(value: object) -> bool:
    return choice("yes", "no", "true", "false")(value) in ("yes", "true")


SpanOfTime = Annotated[
    _Span,
    PlainValidator(_span),
    WithJsonSchema(
        {"type": "string", "pattern": f"^{_SPAN.pattern}$", "examples": ["4 working hours", "30 minutes", "2 days"]}
    ),
]
YesNo = Annotated[bool, PlainValidator(_yes_no), WithJsonSchema({"enum": ["yes", "no", True, False]})]
SUCCESSORS = ("round robin", "least loaded")
SuccessorWord = Annotated[Text, PlainValidator(choice(*SUCCESSORS)), WithJsonSchema({"enum": list(SUCCESSORS)})]
PoolWord = Annotated[Text, PlainValidator(choice("pool")), WithJsonSchema({"enum": ["pool"]})]
COVERING = ("cover", "team")
CoveringWord = Annotated[Text, PlainValidator(choice(*COVERING)), WithJsonSchema({"enum": list(COVERING)})]
