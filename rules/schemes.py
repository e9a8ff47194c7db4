"""Schemes read in the order in which they are worked out: each may read the decision tables and the schemes before it.

``segments`` holds schemes of the user's own; ``motions`` and ``paths`` are one scheme each, with a field's name of the
language's own.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from pydantic import TypeAdapter, ValidationError

from rules.document import Mapping, Node, Scalar
from rules.model import Scheme, Segment
from rules.scalars import plain
from rules.shapes import SchemeShape, SchemesShape
from rules.vocabulary import FieldInfo, Type
from rules.wording import note_shape

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from rules.names import Names
    from rules.problems import Notes
    from rules.scalars import Context

OWN = {"motions": "motion", "paths": "path"}
"""Sections that are one scheme each, and the field that it fills."""
SECTIONS = ("segments", *OWN)
ROUTE = "route"
"""Under this name a decision tells the account's route, beside its segments."""
_SCHEMES = TypeAdapter(SchemesShape)
_SCHEME = TypeAdapter(SchemeShape)


@dataclass(frozen=True, slots=True)
class Draft:
    """A scheme as it stands in a file, before its conditions are read."""

    section: str
    name: str
    key: Scalar
    node: Node
    root: Mapping

    @property
    def field(self) -> FieldInfo:
        """The field that the scheme fills, as conditions may read it."""
        entries = self.node.entries if isinstance(self.node, Mapping) else ()
        return FieldInfo(self.name, Type.TEXT, values=tuple(key.text for key, _ in entries))


def drafts(roots: Iterable[Mapping], notes: Notes) -> tuple[Draft, ...]:
    """All schemes in the order written. What is there a second time is noted and left out."""
    found: dict[str, Draft] = {}
    for root in roots:
        _check_form(root, notes)
        for draft in _drafts(root):
            if draft.name in found:
                what = f"the scheme '{draft.name}' is" if draft.section == "segments" else f"'{draft.section}' are"
                notes.error(draft.key.mark, f"{what} here twice", f"first at {found[draft.name].key.mark}; join them")
            found.setdefault(draft.name, draft)
    return tuple(found.values())


def check_names(found: Iterable[Draft], names: Names, notes: Notes) -> None:
    """Note the schemes whose names are fields' already, or those of something else that is made of an account."""
    made = {**names.scored, ROUTE: "route"}
    for draft in found:
        if draft.name in made:
            what = "the field that routes fill" if draft.name == ROUTE else f"a {made[draft.name]}'s id"
            notes.error(draft.key.mark, f"'{draft.name}' is {what}", "give the scheme a name of its own")
        elif draft.name in names.fields:
            way = "give the scheme a name of its own"
            if draft.section in OWN:
                way = "call that field something else: under [fields.accounts] in config.toml, or in its table"
            notes.error(draft.key.mark, f"'{draft.name}' is already a field", way)


def _drafts(root: Mapping) -> Iterator[Draft]:
    for key, node in root.entries:
        if key.text in OWN:
            yield Draft(key.text, OWN[key.text], key, node, root)
        elif key.text == "segments" and isinstance(node, Mapping):
            yield from (Draft("segments", name.text, name, scheme, root) for name, scheme in node.entries)


def with_schemes(names: Names, found: Iterable[Draft]) -> Names:
    """The names with every scheme's field."""
    return replace(names, fields={**{draft.name: draft.field for draft in found}, **names.fields})


def later(found: Iterable[Draft]) -> dict[str, str]:
    """Why what is worked out before these schemes cannot read them, by field."""
    return {
        draft.name: f"it is the scheme at {draft.key.mark}: tables come first, then schemes as they stand"
        for draft in found
    }


def read_schemes(found: tuple[Draft, ...], context: Context) -> tuple[Scheme, ...]:
    """The schemes, each with what its conditions may read. ``context`` has the names without any scheme."""
    schemes: list[Scheme] = []
    for at, draft in enumerate(found):
        names = replace(with_schemes(context.account, found[:at]), later=later(found[at:]))
        scheme = _scheme(draft, replace(context, account=names))
        schemes += [scheme] if scheme else []
    return tuple(schemes)


def _check_form(root: Mapping, notes: Notes) -> None:
    """Note where 'segments' is not a group of schemes at all."""
    node = root.get("segments")
    if node is not None and not (isinstance(node, Mapping) and node.entries):
        try:
            _SCHEMES.validate_python(plain(node))
        except ValidationError as error:
            note_shape(root, error, notes, ("segments",))


def _scheme(draft: Draft, context: Context) -> Scheme | None:
    """The scheme; None when it is wrong, which is then noted."""
    try:
        if draft.section in OWN:
            shape = _SCHEME.validate_python(plain(draft.node), context=context)
        else:
            shapes = _SCHEMES.validate_python({plain(draft.key): plain(draft.node)}, context=context)
            (shape,) = shapes.values()
    except ValidationError as error:
        note_shape(draft.root, error, context.notes, (draft.section,))
        return None
    segments = tuple(Segment(str(name), found.condition if found else None, name.mark) for name, found in shape.items())
    _check_otherwise(draft, segments, context.notes)
    return Scheme(draft.name, segments, draft.key.mark)


def _check_otherwise(draft: Draft, segments: tuple[Segment, ...], notes: Notes) -> None:
    """Every account is in a segment, and every segment can be reached."""
    for segment in segments[:-1]:
        if segment.when is None:
            notes.error(segment.mark, f"'{segment.name}: otherwise' takes all that is left, so none below is reached",
                        "put it last")  # fmt: skip
    last = segments[-1]
    if all(segment.when is not None for segment in segments):
        what = f"the scheme '{draft.name}'" if draft.section == "segments" else f"'{draft.section}'"
        way = "end it with a segment for the rest, such as other: otherwise"
        notes.error(last.mark, f"{what} may leave accounts in no segment", way)
