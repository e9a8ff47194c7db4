"""The guide tells the truth: its examples are one valid rules folder, and its mistakes get the messages it shows."""

from __future__ import annotations

import re
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING

from rules import shapes
from rules.lint import lint
from rules.names import ACCOUNT_FUNCTIONS

if TYPE_CHECKING:
    from tests.rules.conftest import Folder

ROOT = Path(__file__).parents[2]
GUIDE = "".join((ROOT / "docs" / page).read_text(encoding="utf-8") for page in ("rules.md", "rules-reference.md"))
BLOCKS = re.findall(r"^```([^\n]*)\n(.*?)^```$", GUIDE, re.MULTILINE | re.DOTALL)


def blocks(kind: str) -> list[str]:
    return [text for found, text in BLOCKS if found == kind]


def test_the_examples_are_one_valid_folder(folder: Folder) -> None:
    folder.write(**{f"example{number}_yaml": text for number, text in enumerate(blocks("yaml"))})
    files = {kind.removeprefix("csv ").replace(".", "_"): text for kind, text in BLOCKS if kind.startswith("csv ")}
    folder.write(**files)
    rules = folder.load()
    assert rules.warnings == ()
    assert all(
        (
            rules.scope,
            rules.protect,
            rules.returns,
            rules.scores,
            rules.books,
            rules.lists,
            rules.tables,
            rules.schemes,
            rules.routes,
            rules.conditions,
            rules.reps.rows,
            rules.absences,
            rules.holidays,
            rules.service_levels,
            rules.covers,
        )
    )


def test_the_rules_that_the_readme_shows_are_valid(folder: Folder) -> None:
    (shown,) = re.findall(r"(?ms)^```yaml\n(.*?)^```$", (ROOT / "README.md").read_text(encoding="utf-8"))
    score = next(text for text in blocks("yaml") if "id: priority" in text)
    (lists,) = (text for text in blocks("yaml") if "core_industries: [" in text)
    files = {kind[4:].replace(".", "_"): text for kind, text in BLOCKS if kind.startswith("csv ")}
    assert folder.problems(readme_yaml=f"version: 1\n{shown}", score_yaml=score, lists_yaml=lists, **files) == []


def test_every_condition_of_the_guide_is_one(folder: Folder) -> None:
    conditions = "".join(blocks("conditions")).splitlines()
    assert len(conditions) >= 7
    terms = "".join(f"  - id: c{number}\n    when: {text}\n" for number, text in enumerate(conditions))
    folder.write(rules_yaml=f"version: 1\nlists: {{core_industries: [Software]}}\nscope:\n{terms}")
    assert [rule.when.text for rule in folder.load().scope] == conditions


def test_every_condition_on_reps_of_the_guide_is_one(folder: Folder) -> None:
    conditions = "".join(blocks("rep conditions")).splitlines()
    assert len(conditions) == 3
    score = "{id: s, max: 1, parts: {p: {max: 1, terms: [{id: t, when: true, points: 1, because: x}]}}, tiers: {A: 0}}"
    books = "".join(
        f'  - {{id: b{number}, accounts: true, capacity: 1, rank: s, reps: "{text}"}}\n'
        for number, text in enumerate(conditions)
    )
    folder.write(rules_yaml=f"version: 1\nreps: [reps.csv]\nscores: [{score}]\nbooks:\n{books}")
    folder.write(reps_csv=blocks("csv reps.csv")[0])
    assert [book.reps.text for book in folder.load().books] == conditions


def test_mistakes_get_the_messages_that_the_guide_shows(folder: Folder) -> None:
    wrong, told = blocks("yaml wrong"), blocks("problems")
    assert len(wrong) == len(told) == 2
    for text, problems in zip(wrong, told, strict=True):
        assert folder.problems(rules_yaml=text) == problems.splitlines()


def test_findings_are_those_that_the_guide_shows(folder: Folder) -> None:
    (text,), (told,) = blocks("yaml findings"), blocks("findings")
    rules = folder.write(rules_yaml=text).load()
    found = lint(rules, folder.vocabulary, today=date(2026, 11, 22))
    assert [f"{one.mark}: {one.severity}: {one.message} — {one.hint} [{one.code}]" for one in found] == (
        told.splitlines()
    )


def test_every_kind_of_finding_is_in_the_guide() -> None:
    source = "".join(path.read_text(encoding="utf-8") for path in sorted((ROOT / "rules" / "lint").glob("*.py")))
    codes = set(re.findall(r"(?:note|warning|say)\(\s*\"([a-z-]+)\"", source))
    assert len(codes) > 20
    for code in codes:
        assert f"`{code}`" in GUIDE, f"the guide does not mention '{code}'"


def test_every_key_and_function_is_in_the_guide() -> None:
    known = [shape for shape in vars(shapes).values() if isinstance(shape, type) and issubclass(shape, shapes.Shape)]
    for key in {key for shape in known for key in shapes.keys_of(shape)}:
        assert re.search(rf"`{key}`|\b{key}:", GUIDE), f"the guide does not mention '{key}'"
    for function in ACCOUNT_FUNCTIONS:
        assert f"`{function}(" in GUIDE
