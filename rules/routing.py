"""The values that only routes have: turns, caps, absence, and who stands in. Reads text, as ``scalars`` does."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Annotated

from pydantic import PlainValidator, WithJsonSchema

from rules.scalars import Text, choice, rep_field, wrong
from rules.vocabulary import Type

if TYPE_CHECKING:
    from collections.abc import Sequence

TURNS = ("round robin", "weighted", "value", "least loaded", "owner", "named")
WEIGHED = ("weighted", "value", "least loaded")
"""Turns that go by a rep's weight."""
ABSENCE = ("catch up", "hold place", "reset")
NOBODY = ("hold", "pool", "ignore absence")
PERIODS = ("day", "week", "month")
DURING = ("working hours",)

_ADDRESS = re.compile(r"[^@\s]{1,100}@[^@\s]{1,150}")


def _address(value: object) -> Text:
    if not isinstance(value, Text) or not _ADDRESS.fullmatch(value):
        told = f"'{str(value)[:60]}' is no e-mail address" if isinstance(value, Text) else "an e-mail address is wanted"
        raise wrong(told, "name the rep as the CRM does: ada@example.com")
    return value


def _word(words: Sequence[str]) -> tuple[PlainValidator, WithJsonSchema]:
    return PlainValidator(choice(*words)), WithJsonSchema({"enum": list(words)})


TurnWord = Annotated[Text, *_word(TURNS)]
AbsenceWord = Annotated[Text, *_word(ABSENCE)]
NobodyWord = Annotated[Text, *_word(NOBODY)]
PeriodWord = Annotated[Text, *_word(PERIODS)]
DuringWord = Annotated[Text, *_word(DURING)]
Address = Annotated[
    Text, PlainValidator(_address), WithJsonSchema({"type": "string", "format": "email", "title": "A rep's address"})
]
RepNumber = Annotated[
    Text, PlainValidator(rep_field(Type.NUMBER)), WithJsonSchema({"type": "string", "title": "Number field of reps"})
]
