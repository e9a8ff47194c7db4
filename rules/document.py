"""YAML with a place for every key and value. Every scalar stays the text that was written.

Anchors, aliases, tags, duplicate keys and second documents are problems here, not features: a rule must read the
same to a person and to the worker.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import yaml

from rules.problems import Mark

if TYPE_CHECKING:
    from collections.abc import Iterator

    from rules.problems import Notes

MAX_FILE = 262_144
"""Bytes of one YAML file. A few thousand rules fit; a bomb does not."""
MAX_DEPTH = 12
"""Nested collections. The deepest rule needs eight."""
MAX_SCALARS = 20_000

_BROKEN = "\ue000broken\ue000"
"""Stands for a value that cannot be read. Its characters are for private use: no file means them."""
_MOST_BROKEN = 20
_SPLIT = (
    "a comma inside { } ends the value there: put the whole value in double quotes, or the rule on lines of its own"
)


@dataclass(frozen=True, slots=True)
class Scalar:
    """Text as written, quotes and folds removed; ``offsets`` are the source positions of its characters."""

    text: str
    mark: Mark
    plain: bool = True
    """Not quoted, not a block: the form in which YAML would guess a type."""
    source: str = ""
    origin: int = 0

    def at(self, offset: int) -> Mark:
        """The place in the file of the character at ``offset``, counted from 0."""
        index = _source_index(self, min(offset, len(self.text)))
        before = self.source[: index - self.origin]
        lines = before.count("\n")
        column = len(before) - before.rfind("\n") if lines else self.mark.column + len(before)
        return Mark(self.mark.file, self.mark.line + lines, column)


@dataclass(frozen=True, slots=True)
class Sequence:
    """A YAML list."""

    items: tuple[Node, ...]
    mark: Mark
    broken: bool = False
    """Nothing is left of it but broken items."""


@dataclass(frozen=True, slots=True)
class Mapping:
    """YAML keys and values in the order written, keys unique."""

    entries: tuple[tuple[Scalar, Node], ...]
    mark: Mark
    broken: bool = False
    """A comma has split a value, which is noted. Broken nodes are left out: their rest would only mislead."""
    _by_name: dict[str, tuple[Scalar, Node]] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "_by_name", {entry[0].text: entry for entry in self.entries})

    def key(self, name: str) -> Scalar | None:
        """The key as written, if it is there."""
        return self._by_name[name][0] if name in self._by_name else None

    def get(self, name: str) -> Node | None:
        """The value under ``name``, if it is there."""
        return self._by_name[name][1] if name in self._by_name else None


Node = Scalar | Sequence | Mapping


class _Refused(Exception):
    """The document cannot be understood any further; what is wrong has been noted."""


def parse(file: str, text: str, notes: Notes) -> Node | None:
    """The document's root; None when the file is empty or cannot be read, which is then noted."""
    if len(text) > MAX_FILE:
        notes.error(Mark(file, 1, 1), f"the file has {len(text):,} characters, over {MAX_FILE:,}", "split it in two")
        return None
    try:
        return _Composer(file, text, notes).compose()
    except _Refused:
        return None
    except yaml.MarkedYAMLError as error:
        mark, message, hint = _explained(file, text, error)
        if not any((known.file, known.line, known.hint) == (file, mark.line, _SPLIT) for known in notes.problems):
            notes.error(mark, message, hint)
        if hint == _SPLIT and (mended := _without_braces(text, mark.line)) is not None:
            return parse(file, mended, notes)
    except yaml.reader.ReaderError as error:
        before = text[: error.position]
        mark = Mark(file, before.count("\n") + 1, len(before) - before.rfind("\n"))
        notes.error(mark, f"the character U+{ord(text[error.position]):04X} is not allowed", "delete it")
    return None


def _without_braces(text: str, line: int) -> str | None:
    """The text with that line's braces taken for one broken value, so that the rest of the file can be read."""
    lines = text.split("\n")
    before, brace, _ = lines[line - 1].partition("{")
    if not brace or text.count(_BROKEN) >= _MOST_BROKEN:
        return None
    lines[line - 1] = f'{before}"{_BROKEN}"'
    return "\n".join(lines)


class _Composer:
    """Builds nodes from parse events, so that nothing is resolved, merged or constructed on the way."""

    def __init__(self, file: str, text: str, notes: Notes) -> None:
        self._file, self._text, self._notes = file, text, notes
        self._events: Iterator[yaml.Event] = yaml.parse(text, Loader=yaml.SafeLoader)
        self._scalars = 0

    def compose(self) -> Node | None:
        root: Node | None = None
        documents = 0
        for event in self._events:
            if isinstance(event, yaml.DocumentStartEvent):
                documents += 1
                if documents > 1 or event.version or event.tags:
                    raise self._refused(
                        event, "a second document or a directive", "one file is one document: remove '---' or '%'"
                    )
            elif isinstance(event, yaml.NodeEvent):
                root = self._node(event, 1)
        return None if isinstance(root, Scalar) and root.text == "" and root.plain else root

    def _refused(self, event: yaml.Event, what: str, hint: str) -> _Refused:
        self._notes.error(self._mark(event), f"{what} is not allowed in rules", hint)
        return _Refused()

    def _mark(self, event: yaml.Event) -> Mark:
        at = event.start_mark
        return Mark(self._file, at.line + 1, at.column + 1) if at else Mark(self._file, 1, 1)

    def _node(self, event: yaml.Event, depth: int) -> Node:
        if depth > MAX_DEPTH:
            raise self._refused(event, f"nesting deeper than {MAX_DEPTH}", "rules need no more than eight levels")
        match event:
            case yaml.AliasEvent():
                raise self._refused(
                    event, f"the alias '*{event.anchor}'", "write the value out, or name a list under 'lists'"
                )
            case yaml.ScalarEvent():
                self._check_bare(event)
                return self._scalar(event)
            case yaml.SequenceStartEvent():
                self._check_bare(event)
                return self._sequence(event, depth)
            case yaml.MappingStartEvent():
                self._check_bare(event)
                return self._mapping(event, depth)
            case _:  # events that are no nodes end the collections above and never come here
                raise TypeError(f"no node begins with {event!r}")

    def _check_bare(self, event: yaml.ScalarEvent | yaml.CollectionStartEvent) -> None:
        if event.anchor:
            raise self._refused(event, f"the anchor '&{event.anchor}'", "write the value out where it is used")
        if event.tag and event.tag != "!":
            raise self._refused(
                event, f"the tag '{event.tag}'", "remove it: every value is text until its key says otherwise"
            )

    def _scalar(self, event: yaml.ScalarEvent) -> Scalar:
        self._scalars += 1
        if self._scalars > MAX_SCALARS:
            raise self._refused(
                event, f"more than {MAX_SCALARS:,} values", "split the file, or move long lists to a CSV table"
            )
        start = event.start_mark.index if event.start_mark else 0
        end = event.end_mark.index if event.end_mark else start
        return Scalar(event.value, self._mark(event), event.style is None, self._text[start:end], start)

    def _sequence(self, event: yaml.SequenceStartEvent, depth: int) -> Sequence:
        items = []
        while not isinstance(child := next(self._events), yaml.SequenceEndEvent):
            items.append(self._node(child, depth + 1))
        whole = tuple(item for item in items if not _is_broken(item))
        return Sequence(whole, self._mark(event), broken=bool(items) and not whole)

    def _mapping(self, event: yaml.MappingStartEvent, depth: int) -> Mapping:
        entries: list[tuple[Scalar, Node]] = []
        seen: dict[str, Mark] = {}
        broken = False
        while not isinstance(child := next(self._events), yaml.MappingEndEvent):
            key = self._node(child, depth + 1)
            value = self._node(next(self._events), depth + 1)
            if not isinstance(key, Scalar):
                self._notes.error(key.mark, "a key must be one word", "write 'key: value'")
            elif event.flow_style and _is_fragment(key, value, entries, self._text):
                broken = broken or self._split(key, entries)
            elif key.text in seen:
                first = seen[key.text]
                self._notes.error(
                    key.mark, f"the key '{key.text}' is here twice", f"first at line {first.line}; remove one"
                )
            else:
                seen[key.text] = key.mark
                entries.append((key, value))
        whole = tuple((key, value) for key, value in entries if not _is_broken(value))
        return Mapping(whole, self._mark(event), broken)

    def _split(self, key: Scalar, entries: list[tuple[Scalar, Node]]) -> bool:
        name, value = entries[-1]
        text = value.text if isinstance(value, Scalar) else ""
        self._notes.error(key.mark, f"'{name.text}' breaks off at the comma: {text[:60]}", _SPLIT)
        return True


def _is_broken(node: Node) -> bool:
    return node.text == _BROKEN if isinstance(node, Scalar) else node.broken


def _is_fragment(key: Scalar, value: Node, entries: list[tuple[Scalar, Node]], text: str) -> bool:
    """A 'key' without a colon, after an unquoted value: a comma has cut it off that value."""
    empty = isinstance(value, Scalar) and value.plain and value.text == ""
    last = entries[-1][1] if entries else None
    if not empty or not isinstance(last, Scalar) or not last.plain:
        return False
    end = key.origin + len(key.source)
    return not text[end : end + 20].lstrip().startswith(":")


_EXPLANATIONS = (
    ("'\\t'", "a tab stands where YAML wants spaces", "indent with spaces"),
    ("mapping values are not allowed", "a second ': ' in one line", "put the whole value in double quotes"),
    ("expected ',' or '}'", "the { } breaks off here", _SPLIT),
    ("expected ',' or ']'", "the [ ] is not closed", "close it with ], and put values that hold a comma in quotes"),
    ("expected <block end>", "the indentation fits nothing above", "begin the keys of one entry in the same column"),
    ("could not find expected ':'", "a key without a colon", "write 'key: value'"),
)
"""What the parser says, and what it means to somebody who writes rules."""


def _explained(file: str, text: str, error: yaml.MarkedYAMLError) -> tuple[Mark, str, str]:
    """A parser's error in the words of somebody who writes rules."""
    problem, context = error.problem or str(error), error.context or ""
    at = error.context_mark if "quoted scalar" in context else error.problem_mark or error.context_mark
    mark = Mark(file, at.line + 1, at.column + 1) if at else Mark(file, 1, 1)
    if "quoted scalar" in context and "end of stream" in problem:
        return mark, "a quote is not closed", "close it with the same sign"
    line = text.split("\n")[mark.line - 1]
    if "\t" in line[: len(line) - len(line.lstrip())]:
        return mark, *_EXPLANATIONS[0][1:]
    if "expected <block end>" in problem and ": '" in line:
        hint = "a value that starts with ' must be put in double quotes as a whole"
        return mark, "text goes on after a closing quote", hint
    for needle, message, hint in _EXPLANATIONS:
        if needle in problem:
            return mark, message, hint
    return mark, f"this is not YAML: {problem}", "check quotes, brackets and indentation near this place"


def _source_index(scalar: Scalar, offset: int) -> int:
    """Where in the file the character at ``offset`` of the text stands: both are walked side by side."""
    source, position = scalar.source, _first(scalar.source)
    quote = source[:1] if source[:1] in ("'", '"') and not scalar.plain else ""
    for char in scalar.text[:offset]:
        position = _past(source, position, char, quote)
    if offset < len(scalar.text) and not scalar.text[offset].isspace():
        position = _skip_space(source, position, quote)
    return scalar.origin + min(position, len(source))


def _first(source: str) -> int:
    if source[:1] in ("'", '"'):
        return 1
    if source[:1] in ("|", ">"):  # a block's text begins after its header line
        return source.find("\n") + 1
    return 0


def _skip_space(source: str, position: int, quote: str) -> int:
    while position < len(source) and (
        source[position].isspace() or (quote == '"' and source.startswith("\\\n", position))
    ):
        position += 1 if source[position].isspace() else 2
    return position


_ESCAPED = {"x": 4, "u": 6, "U": 10}


def _past(source: str, position: int, char: str, quote: str) -> int:
    """The position after the source of one character of the text."""
    if char.isspace() and not source.startswith("\\", position):
        return position + 1 if source[position : position + 1].isspace() else position
    position = _skip_space(source, position, quote)
    if quote == '"' and source.startswith("\\", position):
        return position + _ESCAPED.get(source[position + 1 : position + 2], 2)
    return position + (2 if quote == "'" and char == "'" else 1)
