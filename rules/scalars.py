"""The values of a rules file: text with a place, read as ids, numbers, durations and conditions. It knows no keys.

A condition is parsed on the spot, so that one reading of a file reports its shape and its conditions together. What
conditions may name comes with the validation context, a ``Context``.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Annotated, Any

from pydantic import PlainValidator, ValidationInfo, WithJsonSchema
from pydantic_core import PydanticCustomError, PydanticKnownError

from rules.conditions import Used, too_early
from rules.document import Mapping, Node, Scalar, Sequence
from rules.expression import parse_condition, parse_number
from rules.model import Condition, Formula
from rules.names import NOBODY, kind, no_event
from rules.problems import nearest
from rules.vocabulary import Type

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from collections.abc import Mapping as Words

    from rules.gate import Fault
    from rules.names import Names
    from rules.problems import Mark, Notes

    _Condition = Condition
    _Formula = Formula
    _Used = Used
else:
    # Our own validators make these; pydantic need not look inside the trees.
    _Condition = _Formula = _Used = Any

MAX_TEXT = 1_000
MAX_POINTS = 1_000_000.0
_ID = re.compile(r"[a-z0-9][a-z0-9_-]{0,62}", re.ASCII)
_WORD = re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,62}", re.ASCII)
_SEGMENT = re.compile(r"[^\W_][\w &+/.'-]{0,62}")
_DURATION = re.compile(r"([0-9]{1,4}) (day|days|week|weeks)", re.ASCII)
_MOST_DAYS = 3_650
"""Ten years."""


@dataclass(frozen=True, slots=True)
class Context:
    """What the validators may look up, and where they note problems."""

    account: Names
    rep: Names
    scores: frozenset[str]
    notes: Notes
    conditions: Words[str, Condition] = field(default_factory=dict)
    """The named conditions, which rules take with ``use``."""
    contact: Names = NOBODY
    """What conditions on contacts may name."""


class Text(str):
    """A scalar's text that remembers its place."""

    __slots__ = ("scalar",)
    scalar: Scalar

    @classmethod
    def of(cls, scalar: Scalar) -> Text:
        """The scalar's text."""
        found = cls(scalar.text)
        found.scalar = scalar
        return found

    @property
    def mark(self) -> Mark:
        """Where the text begins."""
        return self.scalar.mark


def plain(node: Node) -> Any:  # noqa: ANN401 - whatever the file holds; pydantic gives it a type
    """The node as dicts, lists and Text, which is what the shapes below validate."""
    if isinstance(node, Mapping):
        return {Text.of(key): plain(value) for key, value in node.entries}
    if isinstance(node, Sequence):
        return [plain(item) for item in node.items]
    return Text.of(node)


def _context(info: ValidationInfo) -> Context:
    context: Context | None = info.context
    if context is None:
        raise TypeError("rule files are validated with a Context")
    return context


def wrong(message: str, hint: str = "") -> PydanticCustomError:
    """A value that a validator refuses."""
    return PydanticCustomError("rules", "{text}", {"text": message, "hint": hint})


def _text(value: object, wanted: str) -> Text:
    if isinstance(value, Text) and value.strip():
        return value
    if isinstance(value, Text):
        raise wrong("the value is missing", f"write {wanted}")
    raise wrong(f"a {'list' if isinstance(value, list) else 'group of keys'} stands where {wanted} is wanted")


def _said(value: object) -> Text:
    text = _text(value, "a text")
    if len(text) > MAX_TEXT:
        raise wrong(f"the text has {len(text):,} characters, over {MAX_TEXT:,}")
    return text


def _id(value: object) -> Text:
    text = _text(value, "an id")
    if not _ID.fullmatch(text):
        raise wrong(f"'{text[:70]}' is not an id", "use a-z, 0-9, - and _, at most 63 characters: emea-enterprise")
    return text


def _word(value: object) -> Text:
    text = _text(value, "a name")
    if not _WORD.fullmatch(text):
        raise wrong(f"'{text[:70]}' is not a name", "use letters, digits and _, at most 63 characters: core_industries")
    return text


def _segment(value: object) -> Text:
    text = _text(value, "a segment's name")
    if not _SEGMENT.fullmatch(text) or text != text.strip():
        raise wrong(
            f"'{text[:70]}' is not a segment's name",
            "use letters, digits, spaces and - _ & + / . ', at most 63 characters: mid-market",
        )
    return text


def _figure(value: object, wanted: str, least: float, most: float) -> float:
    text = _text(value, wanted)
    if not re.fullmatch(r"-?[0-9]{1,15}(\.[0-9]{1,15})?", text, re.ASCII):
        raise wrong(f"'{text[:40]}' is not {wanted}")
    if not least <= float(text) <= most:
        raise wrong(f"{text[:40]} is out of range", f"from {least:,g} to {most:,g}")
    return float(text)


def _between(least: float, most: float) -> Callable[[object], float]:
    return lambda value: _figure(value, "a number", least, most)


def _whole(least: int, most: int) -> Callable[[object], int]:
    def read(value: object) -> int:
        found = _figure(value, "a whole number", least, most)
        if found != int(found):
            raise wrong(f"'{value}' is not a whole number")
        return int(found)

    return read


def _days(value: object) -> int:
    text = _text(value, "a duration")
    found = _DURATION.fullmatch(text)
    if not found or (days := int(found[1]) * (7 if found[2].startswith("week") else 1)) > _MOST_DAYS:
        raise wrong(f"'{text[:40]}' is not a duration", "write a number and days or weeks, up to ten years: 30 days")
    return days


def _age(value: object) -> int:
    if days := _days(value):
        return days
    raise wrong("0 days would count nothing", "write at least 1 day")


def choice(*words: str) -> Callable[[object], Text]:
    """A validator that takes one of these words and nothing else."""

    def read(value: object) -> Text:
        text = _text(value, "one of " + ", ".join(words))
        if text not in words:
            raise wrong(f"'{text[:40]}' is not possible here", nearest(text, words))
        return text

    return read


def _parsed(text: Text, faults: Iterable[Fault], notes: Notes) -> None:
    for fault in faults:
        if fault.message:  # else it was noted at its own place, such as a list's item
            notes.error(text.scalar.at(fault.offset), fault.message, fault.hint)


def _condition(value: object, names: Names, notes: Notes, wanted: str) -> Condition:
    text = _text(value, wanted)
    found, faults = parse_condition(text, names)
    _parsed(text, faults, notes)
    # Without a tree the problem is noted and the rules are never used, so the type may be stretched here.
    return Condition(str(text), _unless_faulty(found), text.mark)


def _unless_faulty(found: Any) -> Any:  # noqa: ANN401 - it stands for a tree that is not there
    return found


def _account_condition(value: object, info: ValidationInfo) -> Condition:
    context = _context(info)
    return _condition(value, context.account, context.notes, "a condition, such as: employees >= 100")


def _when(value: object, info: ValidationInfo) -> Condition | None:
    """A rule's own condition, which may be missing beside ``use``."""
    if value is not None:
        return _account_condition(value, info)
    if info.data.get("use", True) is None:  # a 'use' that is wrong is there all the same, and noted
        raise PydanticKnownError("missing")
    return None


def _use(value: object, info: ValidationInfo) -> Used:
    context = _context(info)
    text = _text(value, "a named condition")
    if text not in context.conditions:
        hint = nearest(text, context.conditions) or "write it under 'conditions'"
        raise wrong(f"unknown condition '{text[:60]}'", hint)
    found = context.conditions[text]
    if late := too_early(found, context.account.later):
        raise wrong(f"'{text}' reads '{late}', which is worked out later", context.account.later[late])
    return Used(str(text), found, text.mark)


def one_or_more(value: object) -> object:
    """A list of one where a text stands alone."""
    return [value] if isinstance(value, Text) else value


def _rep_condition(value: object, info: ValidationInfo) -> Condition:
    context = _context(info)
    return _condition(value, context.rep, context.notes, "a condition on reps, such as: team = 'EMEA Enterprise'")


def _contact_condition(value: object, info: ValidationInfo) -> Condition:
    context = _context(info)
    return _condition(
        value, context.contact, context.notes, "a condition on contacts, such as: title like '%Security%'"
    )


def _formula(value: object, info: ValidationInfo) -> Formula:
    context = _context(info)
    return _number(value, context.account, context.notes)


def _contact_formula(value: object, info: ValidationInfo) -> Formula:
    context = _context(info)
    return _number(value, context.contact, context.notes)


def _number(value: object, names: Names, notes: Notes) -> Formula:
    text = _text(value, "a number's field or formula")
    found, faults = parse_number(text, names)
    _parsed(text, faults, notes)
    return Formula(str(text), _unless_faulty(found), text.mark)


def _event(value: object, info: ValidationInfo) -> Text:
    names = _context(info).account
    text = _text(value, "an engagement kind")
    if text not in names.events:
        raise wrong(f"unknown engagement kind '{text[:60]}'", no_event(text, names))
    return text


def _team(value: object, info: ValidationInfo) -> Text:
    fields = _context(info).rep.fields
    text = _text(value, "a team's name")
    if "team" not in fields:
        raise wrong(
            "the CRM's users have no field 'team'", "map it under [fields.users] in config.toml, or say who with 'reps'"
        )
    values = fields["team"].values
    if values and text not in values:
        raise wrong(f"'{text[:60]}' is not a value of the picklist 'team'", nearest(text, values))
    return text


def _rank(value: object, info: ValidationInfo) -> Text:
    scores = _context(info).scores
    text = _text(value, "a score's id")
    if text not in scores:
        raise wrong(f"unknown score '{text[:60]}'", nearest(text, scores) or "define it under 'scores'")
    return text


def _measure(value: object, info: ValidationInfo) -> Text:
    context = _context(info)
    text = _text(value, "a score's id or a numeric field")
    numeric = {name for name, found in context.account.fields.items() if found.type is Type.NUMBER}
    if text not in context.scores | numeric:
        raise wrong(f"'{text[:60]}' is neither a score nor a numeric field", nearest(text, context.scores | numeric))
    return text


_PLAIN_NUMBER = re.compile(r"-?[0-9.]+", re.ASCII)


def _capacity(value: object, info: ValidationInfo) -> int | Text:
    text = _text(value, "a number or a rep's field")
    if _PLAIN_NUMBER.fullmatch(text):
        return _whole(1, 100_000)(text)
    return _field(text, _context(info).rep, Type.NUMBER, "a capacity is")


def rep_field(wanted: Type) -> Callable[[object, ValidationInfo], Text]:
    """Reads the name of a rep's field of this type."""
    return lambda value, info: _field(_text(value, "a rep's field"), _context(info).rep, wanted, "what stands here is")


def _touches_per_week(value: object, info: ValidationInfo) -> float | Text:
    text = _text(value, "a number or a rep's field")
    if _PLAIN_NUMBER.fullmatch(text):
        return _figure(text, "a number", 0.001, 1_000_000)
    return _field(text, _context(info).rep, Type.NUMBER, "touches are")


def _field(text: Text, names: Names, wanted: Type, what: str) -> Text:
    """The name of a field that has the wanted type. ``what`` begins what a refusal says of it: a capacity is."""
    if text in names.later:
        raise wrong(f"'{text}' is worked out later", names.later[text])
    if text not in names.fields:
        raise wrong(f"unknown {names.noun} '{text[:60]}'", nearest(text, names.fields))
    if (found := names.fields[text].type) is not wanted:
        raise wrong(f"'{text}' is {kind(found)}, {what} {kind(wanted)}")
    return text


def _account_text(value: object, info: ValidationInfo) -> Text:
    return _field(_text(value, "a text field"), _context(info).account, Type.TEXT, "what stands here is")


def _version(value: object) -> Text:
    text = _text(value, "the version 1")
    if text != "1":
        raise wrong(f"version '{text[:20]}' is not known", "write version: 1")
    return text


_NUMBER_SCHEMA = {"type": "number"}
Id = Annotated[Text, PlainValidator(_id), WithJsonSchema({"type": "string", "pattern": f"^{_ID.pattern}$"})]
Word = Annotated[Text, PlainValidator(_word), WithJsonSchema({"type": "string", "pattern": f"^{_WORD.pattern}$"})]
Said = Annotated[Text, PlainValidator(_said), WithJsonSchema({"type": "string", "minLength": 1, "maxLength": MAX_TEXT})]
Item = Annotated[Text, PlainValidator(_said), WithJsonSchema({"type": ["string", "number", "boolean"]})]
Points = Annotated[float, PlainValidator(_between(-MAX_POINTS, MAX_POINTS)), WithJsonSchema(_NUMBER_SCHEMA)]
Figure = Annotated[float, PlainValidator(_between(-1e15, 1e15)), WithJsonSchema(_NUMBER_SCHEMA)]
Cap = Annotated[
    float, PlainValidator(_between(0.001, MAX_POINTS)), WithJsonSchema(_NUMBER_SCHEMA | {"exclusiveMinimum": 0})
]
Weight = Annotated[float, PlainValidator(_between(0, 1_000)), WithJsonSchema(_NUMBER_SCHEMA | {"minimum": 0})]
Count = Annotated[int, PlainValidator(_whole(1, 1_000_000)), WithJsonSchema({"type": "integer", "minimum": 1})]
Best = Annotated[int, PlainValidator(_whole(1, 20)), WithJsonSchema({"type": "integer", "minimum": 1, "maximum": 20})]
_DAYS_SCHEMA = {"type": "string", "pattern": f"^{_DURATION.pattern}$", "examples": ["30 days", "2 weeks"]}
Days = Annotated[int, PlainValidator(_days), WithJsonSchema(_DAYS_SCHEMA)]
Age = Annotated[int, PlainValidator(_age), WithJsonSchema(_DAYS_SCHEMA)]
_CONDITION_SCHEMA = {"type": ["string", "boolean"], "minLength": 1, "maxLength": 4_000}
AccountCondition = Annotated[
    _Condition,
    PlainValidator(_account_condition),
    WithJsonSchema(_CONDITION_SCHEMA | {"title": "Condition on accounts"}),
]
WhenCondition = Annotated[
    _Condition | None,
    PlainValidator(_when),
    WithJsonSchema(_CONDITION_SCHEMA | {"title": "Condition on accounts"}),
]
NamedCondition = Annotated[
    _Condition,
    PlainValidator(_account_condition),
    # In a group of its own, since the title of a value under any key is dropped, and with it what editors show.
    WithJsonSchema({"allOf": [_CONDITION_SCHEMA | {"title": "Condition on accounts"}]}),
]
Use = Annotated[_Used, PlainValidator(_use), WithJsonSchema({"type": "string", "title": "Named condition"})]
# Editors know no letters but A-Z by a class, so the schema says what may not stand there.
_SEGMENT_SCHEMA = {"type": "string", "pattern": r"^[^\s_|;,:<>(){}\[\]\"-][^|;,:<>(){}\[\]\"]{0,62}$"}
SegmentName = Annotated[Text, PlainValidator(_segment), WithJsonSchema(_SEGMENT_SCHEMA)]
TeamName = Annotated[Text, PlainValidator(_team), WithJsonSchema({"type": "string", "title": "Team of reps"})]
RepCondition = Annotated[
    _Condition, PlainValidator(_rep_condition), WithJsonSchema(_CONDITION_SCHEMA | {"title": "Condition on reps"})
]
NumericFormula = Annotated[
    _Formula, PlainValidator(_formula), WithJsonSchema({"type": "string", "title": "Numeric field or formula"})
]
ContactCondition = Annotated[
    _Condition,
    PlainValidator(_contact_condition),
    WithJsonSchema(_CONDITION_SCHEMA | {"title": "Condition on contacts"}),
]
ContactFormula = Annotated[
    _Formula,
    PlainValidator(_contact_formula),
    WithJsonSchema({"type": "string", "title": "Numeric field or formula of contacts"}),
]
EventKind = Annotated[Text, PlainValidator(_event), WithJsonSchema({"type": "string", "title": "Engagement kind"})]
ScoreId = Annotated[Text, PlainValidator(_rank), WithJsonSchema({"type": "string", "title": "Id of a score"})]
Measure = Annotated[
    Text, PlainValidator(_measure), WithJsonSchema({"type": "string", "title": "Score or numeric field"})
]
Capacity = Annotated[
    int | Text,
    PlainValidator(_capacity),
    WithJsonSchema({"type": ["integer", "string"], "title": "Number or rep field"}),
]
TouchesPerWeek = Annotated[
    float | Text,
    PlainValidator(_touches_per_week),
    WithJsonSchema({"type": ["number", "string"], "title": "Number or rep field of touches"}),
]
PerAccount = Annotated[
    float, PlainValidator(_between(0.001, 1_000_000)), WithJsonSchema(_NUMBER_SCHEMA | {"exclusiveMinimum": 0})
]
Share = Annotated[
    float, PlainValidator(_between(-1, 10)), WithJsonSchema(_NUMBER_SCHEMA | {"minimum": -1, "maximum": 10})
]
Workload = Annotated[
    _Formula,
    PlainValidator(_formula),
    WithJsonSchema({"type": ["number", "string"], "title": "Numeric field or formula"}),
]
AccountText = Annotated[
    Text, PlainValidator(_account_text), WithJsonSchema({"type": "string", "title": "Text field of accounts"})
]
RepText = Annotated[
    Text, PlainValidator(rep_field(Type.TEXT)), WithJsonSchema({"type": "string", "title": "Text field of reps"})
]
MODELS = ("fixed", "open", "dynamic")
ModelWord = Annotated[Text, PlainValidator(choice(*MODELS)), WithJsonSchema({"enum": list(MODELS)})]
FAMILIES = ("together", "apart")
FamiliesWord = Annotated[Text, PlainValidator(choice(*FAMILIES)), WithJsonSchema({"enum": list(FAMILIES)})]
Version = Annotated[Text, PlainValidator(_version), WithJsonSchema({"const": 1})]
PerWord = Annotated[Text, PlainValidator(choice("rep", "book")), WithJsonSchema({"enum": ["rep", "book"]})]
EveryWord = Annotated[
    Text, PlainValidator(choice("run", "day", "week")), WithJsonSchema({"enum": ["run", "day", "week"]})
]
HITS = ("first", "unique", "collect")
HitWord = Annotated[Text, PlainValidator(choice(*HITS)), WithJsonSchema({"enum": list(HITS)})]
FileName = Annotated[Text, PlainValidator(_said), WithJsonSchema({"type": "string", "pattern": r"^[^/\\]+\.csv$"})]
