"""The conditions under ``conditions``, read one by one: a wrong one does not make the others unknown."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pydantic import TypeAdapter, ValidationError

from rules.document import Mapping, Node
from rules.scalars import plain
from rules.shapes import ConditionsShape
from rules.wording import note_shape

if TYPE_CHECKING:
    from collections.abc import Iterable

    from rules.model import Condition
    from rules.problems import Mark
    from rules.scalars import Context

_SHAPE = TypeAdapter(ConditionsShape)


def condition_names(roots: Iterable[Mapping]) -> frozenset[str]:
    """The names, whatever stands beside them."""
    nodes = (root.get("conditions") for root in roots)
    return frozenset(key.text for node in nodes if isinstance(node, Mapping) for key, _ in node.entries)


def read_conditions(roots: Iterable[Mapping], context: Context) -> dict[str, Condition]:
    """The conditions of all files by name; what is wrong with one is noted."""
    found: dict[str, Condition] = {}
    places: dict[str, Mark] = {}
    for root in roots:
        node = root.get("conditions")
        entries = node.entries if isinstance(node, Mapping) else ()
        for key, value in entries:
            if key.text in places:
                hint = f"first at {places[key.text]}; choose another name"
                context.notes.error(key.mark, f"the condition '{key.text}' is here twice", hint)
            places.setdefault(key.text, key.mark)
            found |= _read(root, Mapping(((key, value),), key.mark), context)
        if node is not None and not entries:
            _read(root, node, context)
    return found


def _read(root: Mapping, node: Node, context: Context) -> dict[str, Condition]:
    """The conditions that a node holds; none when they are not written as such, which is then noted."""
    try:
        shape = _SHAPE.validate_python(plain(node), context=context)
    except ValidationError as error:
        note_shape(root, error, context.notes, ("conditions",))
        return {}
    return {str(name): condition for name, condition in shape.items()}
