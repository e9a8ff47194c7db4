"""From a folder to a Ruleset, or to all of its problems at once."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from pydantic import ValidationError

from rules.absences import read_absences, read_holidays
from rules.building import Named, ruleset
from rules.document import Mapping, Node, Scalar, Sequence, parse
from rules.folder import decoded, digest_of, read_folder
from rules.lists import list_files, read_lists
from rules.model import Hit
from rules.names import CONTACT_FUNCTIONS, REP_FUNCTIONS, Names
from rules.naming import condition_names, read_conditions
from rules.problems import Mark, Notes, RulesInvalid, nearest
from rules.reps import EMAIL, read_reps
from rules.scalars import Context, plain
from rules.schemes import SECTIONS, check_names, drafts, later, read_schemes, with_schemes
from rules.scoring import check_grids, check_score
from rules.shapes import FileShape
from rules.sizes import check_counts
from rules.tables import promised, read_table
from rules.unused import note_unused
from rules.wording import note_shape

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from collections.abc import Mapping as Words
    from pathlib import Path

    from rules.folder import RuleFile
    from rules.model import Reps, Ruleset, Table
    from rules.names import NamedList
    from rules.shapes import ContactScoreShape, ScoreShape
    from rules.vocabulary import FieldInfo, Vocabulary

_RULES = ("scope", "protect", "return", "books", "routes", "service_levels", "covers")
"""Sections whose ids share one name space: the decision log names a rule by its id alone."""
_EARLIER = ("conditions", *SECTIONS)
"""Sections that are read before the rest, which may name what they say."""


_NOUNS = {
    "tables": "a decision table",
    "reps": "a rep file",
    "absences": "a file of absences",
    "holidays": "a file of holidays",
}
"""Sections that list CSV files, and what one of them is called."""


def load(folder: Path, vocabulary: Vocabulary) -> Ruleset:
    """The folder's rules, checked against the vocabulary. Raises RulesInvalid with every problem of every file."""
    files = read_folder(folder)
    notes = Notes()
    roots, texts = _parsed(files, notes)
    if not roots and not notes.problems:
        notes.error(
            Mark(str(folder), 1, 1), "no rules here", "add a .yaml file, or make a starter with 'sync-worker init'"
        )
    _check_ids(roots.values(), notes)
    named, context = _named(list(roots.values()), texts, vocabulary, notes)
    _note_unused(roots.values(), texts, notes)
    shapes = [shape for root in roots.values() if (shape := _shaped(root, context)) is not None]
    check_grids(shapes, _made(named), notes)
    _stop_if_wrong(notes)
    found = ruleset(shapes, digest_of(files), named, notes)
    check_counts(found, notes)
    _stop_if_wrong(notes)
    return replace(found, warnings=tuple(sorted({*found.warnings, *note_unused(found)})))


def _stop_if_wrong(notes: Notes) -> None:
    if notes.problems:
        raise RulesInvalid(notes.problems)


def _named(
    roots: list[Mapping], texts: dict[str, str | None], vocabulary: Vocabulary, notes: Notes
) -> tuple[Named, Context]:
    """What the sections name for each other, in the order in which they may, and what all conditions may name."""
    lists, schemes = read_lists(roots, texts, notes), drafts(roots, notes)
    scored = {found.text: noun for noun in ("score", "grid") for found in _ids(roots, f"{noun}s")}
    scores, contacts = (frozenset(found.text for found in _ids(roots, section)) for section in ("scores", "contacts"))
    names = Names(
        vocabulary.account, lists, vocabulary.topics, vocabulary.events, touches=vocabulary.touches,
        scored=scored, contacts=contacts, later=later(schemes), conditions=condition_names(roots),
    )  # fmt: skip
    reps = _reps(roots, texts, vocabulary.rep, notes)
    tables, names = _tables(roots, texts, names, notes)
    check_names(schemes, names, notes)
    rep = Names({**vocabulary.rep, **reps.fields}, lists, functions=REP_FUNCTIONS, noun="rep field")
    everything = replace(with_schemes(names, schemes), later={})
    context = Context(everything, rep, scores, notes, contact=_contact_names(vocabulary, lists))
    context = replace(context, conditions=read_conditions(roots, context))
    built = read_schemes(schemes, replace(context, account=names))
    absences = read_absences(dict(_listed(roots, "absences", texts, notes)), notes)
    holidays = read_holidays(dict(_listed(roots, "holidays", texts, notes)), notes)
    return Named(lists, tables, context.conditions, built, reps, absences, holidays), context


def _contact_names(vocabulary: Vocabulary, lists: Words[str, NamedList]) -> Names:
    """What scores of contacts may name: the contacts' own fields, and what the contacts did."""
    return Names(
        vocabulary.contact, lists, events=vocabulary.events, touches=vocabulary.touches,
        functions=CONTACT_FUNCTIONS, noun="contact field",
    )  # fmt: skip


def with_rep_files(folder: Path, vocabulary: Vocabulary) -> Vocabulary:
    """The words with the rep fields that the folder's files add, as far as they can be read: for editors."""
    notes = Notes()
    try:
        roots, texts = _parsed(read_folder(folder), notes)
    except RulesInvalid:
        return vocabulary
    reps = _reps(roots.values(), texts, vocabulary.rep, notes)
    return replace(vocabulary, rep={**vocabulary.rep, **reps.fields})


def digest(folder: Path) -> str:
    """The rules' version: hex SHA-256 over the names and bytes of the folder's rule files. Raises RulesInvalid."""
    return digest_of(read_folder(folder))


def _parsed(files: Iterable[RuleFile], notes: Notes) -> tuple[dict[str, Mapping], dict[str, str | None]]:
    """The YAML files' roots and the CSV files' texts, by name; None for a text that cannot be read."""
    roots: dict[str, Mapping] = {}
    texts: dict[str, str | None] = {}
    for file in files:
        text = decoded(file)
        if isinstance(text, tuple):
            notes.error(*text)
            if file.name.lower().endswith(".csv"):
                texts[file.name] = None
        elif file.name.lower().endswith(".csv"):
            texts[file.name] = text
        else:
            root = parse(file.name, text, notes)
            if isinstance(root, Mapping):
                roots[file.name] = root
            elif root is not None:
                notes.error(
                    root.mark, "a rules file holds keys, such as 'scope:' and 'books:'", "begin with version: 1"
                )
    return roots, texts


def _section(roots: Iterable[Mapping], name: str) -> Iterator[Node]:
    for root in roots:
        node = root.get(name)
        if isinstance(node, Sequence):
            yield from node.items


def _ids(roots: Iterable[Mapping], *sections: str) -> Iterator[Scalar]:
    for section in sections:
        for item in _section(roots, section):
            found = item.get("id") if isinstance(item, Mapping) else None
            if isinstance(found, Scalar):
                yield found


def _made(named: Named) -> frozenset[str]:
    """What decision tables and schemes make of an account, and the route."""
    outputs = {output.name for table in named.tables for output in table.outputs}
    return frozenset({*outputs, *(scheme.name for scheme in named.schemes), "route"})


def _check_ids(roots: Iterable[Mapping], notes: Notes) -> None:
    _check_unique(sorted(_ids(roots, *_RULES), key=lambda scalar: scalar.mark), notes)
    _check_unique(_ids(roots, "scores", "grids", "contacts"), notes)
    for score in (*_section(roots, "scores"), *_section(roots, "contacts")):
        _check_unique(_term_ids(score), notes)
    for book in _section(roots, "books"):
        _check_unique(_affinity_ids(book), notes)


def _term_ids(score: Node) -> Iterator[Scalar]:
    parts = score.get("parts") if isinstance(score, Mapping) else None
    for _, part in parts.entries if isinstance(parts, Mapping) else ():
        terms = part.get("terms") if isinstance(part, Mapping) else None
        for term in terms.items if isinstance(terms, Sequence) else ():
            found = term.get("id") if isinstance(term, Mapping) else None
            if isinstance(found, Scalar):
                yield found


def _affinity_ids(book: Node) -> Iterator[Scalar]:
    terms = book.get("affinity") if isinstance(book, Mapping) else None
    for term in terms.items if isinstance(terms, Sequence) else ():
        found = term.get("id") if isinstance(term, Mapping) else None
        if isinstance(found, Scalar):
            yield found


def _check_unique(ids: Iterable[Scalar], notes: Notes) -> None:
    seen: dict[str, Mark] = {}
    for scalar in ids:
        if scalar.text in seen and scalar.text:
            notes.error(
                scalar.mark, f"the id '{scalar.text}' is taken", f"first used at {seen[scalar.text]}; choose another"
            )
        seen.setdefault(scalar.text, scalar.mark)


def _tables(
    roots: Iterable[Mapping], texts: dict[str, str | None], names: Names, notes: Notes
) -> tuple[tuple[Table, ...], Names]:
    """The tables in the order listed, and the names with their outputs: a table may read those before it."""
    tables: list[Table] = []
    hits = dict(_hits(roots))
    for name, text in _listed(roots, "tables", texts, notes):
        table = read_table(name, text, names, notes, hits.get(name, Hit.FIRST))
        tables += [table] if table else []
        names = replace(names, fields={**promised(name, text), **names.fields})
    return tuple(tables), names


def _reps(roots: Iterable[Mapping], texts: dict[str, str | None], known: Words[str, FieldInfo], notes: Notes) -> Reps:
    """What the rep files say."""
    found = dict(_listed(roots, "reps", texts, notes))
    if found and EMAIL not in known:
        at = next(_section(roots, "reps")).mark
        message = "the CRM's users have no field 'email', so nobody could tell whose rows these are"
        notes.error(at, message, "map it under [fields.users] in config.toml")
    return read_reps(found, known, notes)


def _listed(
    roots: Iterable[Mapping], section: str, texts: dict[str, str | None], notes: Notes
) -> Iterator[tuple[str, str]]:
    """The names and texts of the CSV files that a section lists, in its order; what it cannot have is noted."""
    used: dict[str, Mark] = {}
    for scalar in _files(roots, section):
        name = scalar.text
        if name in used:
            notes.error(scalar.mark, f"'{name}' is listed twice", f"first at {used[name]}")
        elif name not in texts:
            hint = nearest(name, texts) or "put the CSV file beside this one"
            notes.error(scalar.mark, f"there is no table '{name}' in the folder", hint)
        elif (text := texts[name]) is not None:
            yield name, text
        used.setdefault(name, scalar.mark)


def _hits(roots: Iterable[Mapping]) -> Iterator[tuple[str, Hit]]:
    """The hit policies that tables name, by file."""
    for item in _section(roots, "tables"):
        file, hit = (item.get(key) if isinstance(item, Mapping) else None for key in ("file", "hit"))
        if isinstance(file, Scalar) and isinstance(hit, Scalar) and hit.text in set(Hit):
            yield file.text, Hit(hit.text)


def _files(roots: Iterable[Mapping], section: str) -> Iterator[Scalar]:
    for item in _section(roots, section):
        scalar = item.get("file") if isinstance(item, Mapping) else item
        if isinstance(scalar, Scalar):
            yield scalar


def _note_unused(roots: Iterable[Mapping], texts: dict[str, str | None], notes: Notes) -> None:
    """A CSV file that nothing lists is a slip; one that is listed as two kinds is a mistake."""
    listed: dict[str, tuple[str, Mark]] = {}
    for section in _NOUNS:
        for scalar in sorted(_files(roots, section), key=lambda found: found.mark):
            noun, mark = listed.setdefault(scalar.text, (section, scalar.mark))
            if noun != section:
                notes.error(scalar.mark, f"'{scalar.text}' is {_NOUNS[noun]}, too", f"it is listed at {mark}; keep one")
    for name in sorted(texts.keys() - listed.keys() - {scalar.text for scalar in list_files(roots)}):
        section = _section_of((texts[name] or "").split("\n", 1)[0].lower())
        notes.warn(Mark(name, 1, 1), "no rules file uses this table", f"add it: {section}: [{name}]")


def _section_of(header: str) -> str:
    """Where a file with this first line probably belongs."""
    columns = [column.strip() for column in header.split(",")]
    if columns[0] == EMAIL:
        return "absences" if {"from", "until"} <= set(columns) else "reps"
    return "holidays" if columns[:2] == ["calendar", "date"] else "tables"


# What the sections say, in the order of the files


def _shaped(root: Mapping, context: Context) -> FileShape | None:
    """The file's shape; None when it is wrong, which is then noted."""
    try:
        rest = Mapping(tuple(entry for entry in root.entries if entry[0].text not in _EARLIER), root.mark)
        shape = FileShape.model_validate(plain(rest), context=context)
    except ValidationError as error:
        note_shape(root, error, context.notes)
        return None
    scores: list[ScoreShape | ContactScoreShape] = [*shape.scores, *shape.contacts]
    for score in scores:
        check_score(score, context.notes)
    return shape
