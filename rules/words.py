"""A vocabulary as a file: rules are checked and tested with it where there is neither a CRM nor a store, as in CI.

It holds names, types, labels and picklist values: nothing of an account or a person.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import fields
from typing import TYPE_CHECKING, Any

from rules.problems import Problem, RulesInvalid, nearest
from rules.vocabulary import FieldInfo, Type, Vocabulary

if TYPE_CHECKING:
    from pathlib import Path

VERSION = 1
_AGAIN = "make the file again: sync-worker rules words --output FILE"
_KEYS = ("type", "label", "values")


def words_text(vocabulary: Vocabulary) -> str:
    """The vocabulary as JSON, always in the same order, so that a change of the org is a small difference."""
    sections: dict[str, object] = {"version": VERSION}
    for section in fields(vocabulary):
        held = getattr(vocabulary, section.name)
        sections[section.name] = (
            {name: _field(held[name]) for name in sorted(held)} if isinstance(held, Mapping) else sorted(held)
        )
    return json.dumps(sections, ensure_ascii=False, indent=1) + "\n"


def read_words(file: Path) -> Vocabulary:
    """The vocabulary that ``words_text`` wrote. Raises RulesInvalid with every problem."""
    try:
        held = json.loads(file.read_text(encoding="utf-8-sig"))
    except OSError as error:
        raise RulesInvalid([Problem(str(file), 1, 1, f"cannot be read: {error.strerror}", _AGAIN)]) from None
    except UnicodeDecodeError:
        raise RulesInvalid([Problem(str(file), 1, 1, "the file is not UTF-8", _AGAIN)]) from None
    except (json.JSONDecodeError, RecursionError) as error:
        at = (error.lineno, error.colno) if isinstance(error, json.JSONDecodeError) else (1, 1)
        raise RulesInvalid([Problem(str(file), *at, "the file is no JSON", _AGAIN)]) from None
    reading = _Reading(str(file))
    found = reading.vocabulary(held)
    if reading.problems:
        raise RulesInvalid(reading.problems)
    return found


def _field(info: FieldInfo) -> dict[str, object]:
    """What is empty is left out."""
    told = {"type": info.type.value, "label": info.label, "values": list(info.values)}
    return {key: value for key, value in told.items() if value}


class _Reading:
    """Checks what a file holds and gathers every problem on the way."""

    def __init__(self, file: str) -> None:
        self._file = file
        self.problems: list[Problem] = []

    def vocabulary(self, held: object) -> Vocabulary:
        sections = [section.name for section in fields(Vocabulary)]
        known = held if isinstance(held, dict) else {}
        if known.get("version") != VERSION:
            self._wrong("this is no words file of this version")
            return Vocabulary({}, {})
        for name in known.keys() - {"version", *sections}:
            self._wrong(f"unknown key '{name[:60]}'", nearest(name, sections))
        read: dict[str, Any] = {}
        for name in sections:
            # Which of the two a section is follows from what stands there: an older file may lack the newest.
            if isinstance(found := known.get(name), dict):
                read[name] = {key: self._info(f"{name}.{key}", key, value) for key, value in found.items()}
            elif isinstance(found, list):
                read[name] = frozenset(map(str, found))
            elif name in known:
                self._wrong(f"'{name}' is neither fields nor a list")
        return Vocabulary(**{"account": {}, "rep": {}, **read})

    def _info(self, path: str, name: str, value: object) -> FieldInfo:
        said = value if isinstance(value, dict) else {}
        kinds = [str(kind) for kind in Type]
        for key in said.keys() - set(_KEYS):
            self._wrong(f"unknown key '{path}.{key}'", nearest(key, _KEYS))
        if said.get("type") not in kinds:
            self._wrong(f"'{path}' has no type", f"known: {', '.join(kinds)}")
            return FieldInfo(name, Type.TEXT)
        values = said.get("values", [])
        if not isinstance(values, list):
            self._wrong(f"'{path}.values' is no list")
            values = []
        return FieldInfo(name, Type(said["type"]), str(said.get("label", "")), tuple(map(str, values)))

    def _wrong(self, message: str, hint: str = "") -> None:
        self.problems.append(Problem(self._file, 1, 1, message, hint or _AGAIN))
