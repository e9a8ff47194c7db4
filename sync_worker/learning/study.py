"""One question to a history, from files to answer: whether a scorecard is in it, and what that would be as rules."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from rules import RulesInvalid
from sync_worker.core.scorecard.learning import Judge, Learned, Verdict, learn
from sync_worker.core.scorecard.names import Subject, subject
from sync_worker.core.scorecard.profile import Trait, profile
from sync_worker.learning.champion import totals
from sync_worker.learning.reading import Asked, HistoryUnusable, read
from sync_worker.learning.rule_file import loaded, rule_names, rule_text, vocabulary

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from sync_worker.core.scorecard.columns import Column, Floats


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """What somebody wants to know."""

    asked: Asked
    keep: tuple[str, ...] = ()
    about: Mapping[str, Subject]
    """Of whom columns tell, where their names mislead."""
    champion_rules: Path | None = None
    champion_score: str = ""
    score: str
    """The id of the score in the rule file."""
    seed: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Studied:
    """The answer."""

    learned: Learned
    open: int
    """Rows left out because their deals have not ended."""
    profile: tuple[Trait, ...]
    renamed: Mapping[str, str]
    """Columns whose names no rule could use, and what the rule file calls them."""
    rules: str
    """The rule file; empty unless there is a table to use."""


def study(question: Question) -> Studied:
    """The answer to a question. Raises HistoryUnusable, OSError."""
    deals = read(question.asked)
    columns = deals.history.columns
    _known(question, columns)
    called = rule_names([column.name for column in columns])
    history = deals.history
    if question.champion_rules is not None:
        history = replace(history, champion=_in_force(question, columns, called))
    learned = learn(history, keep=question.keep, seed=question.seed)
    subjects = {column.name: question.about.get(column.name, subject(column.name)) for column in columns}
    made = learned.scorecard
    text = ""
    if made is not None and learned.verdict is Verdict.LEARNED:
        preface = tuple(_preface(question, learned))
        text = rule_text(made, score=question.score, subjects=subjects, preface=preface, called=called)
        _check(text, columns, called)
    return Studied(
        learned=learned,
        open=deals.open,
        profile=profile(made.table, subjects) if made else (),
        renamed={name: word for name, word in called.items() if name != word},
        rules=text,
    )


def _known(question: Question, columns: tuple[Column, ...]) -> None:
    names = {column.name for column in columns}
    said = [("--keep", name) for name in question.keep] + [("--about", name) for name in question.about]
    wrong = [f"{option}: there is no field '{name}'" for option, name in said if name not in names]
    if wrong:
        raise HistoryUnusable(wrong, f"the fields are {', '.join(sorted(names))}")


def _in_force(question: Question, columns: tuple[Column, ...], called: Mapping[str, str]) -> Floats:
    """The points in force, row by row."""
    path = question.champion_rules
    if path is None:
        raise HistoryUnusable(["there are no points in force"], "name their file with --champion-rules")
    try:
        rules = loaded(path.read_text(encoding="utf-8"), vocabulary(columns, called))
    except RulesInvalid as invalid:
        wrong = [str(problem).replace("rules.yaml", path.name, 1) for problem in invalid.problems]
        hint = "the file may hold only scores and lists, over columns of the history; dates change with today"
        raise HistoryUnusable(wrong, hint) from None
    only = rules.scores[0].id if len(rules.scores) == 1 else ""
    return totals(rules, question.champion_score or only, columns, called)


def _check(text: str, columns: tuple[Column, ...], called: Mapping[str, str]) -> None:
    """No file is offered that the rules' own check would refuse."""
    try:
        loaded(text, vocabulary(columns, called))
    except RulesInvalid as invalid:
        wrong = [f"the table cannot be said in rules: {problem.message}" for problem in invalid.problems]
        raise HistoryUnusable(wrong, "rename the columns, or leave them out with --drop") from None


def _preface(question: Question, learned: Learned) -> Iterator[str]:
    """What a reviewer of the file should know before its first line."""
    made = learned.scorecard
    files = ", ".join(path.name for path in question.asked.files)
    yield f"Learned from {files}: {learned.rows:,} deals, {learned.won:,} of them won ({question.asked.outcome})."
    if made is not None:
        auc = made.metrics.auc
        yield f"Judged by {learned.judge.value}: AUC {auc.value:.3f}, 95 % between {auc.low:.3f} and {auc.high:.3f}."
    aside = [each for each in learned.suspects if each.aside]
    for each in aside:
        yield f"Set aside: {each.field}, {each.sign.value}: {each.evidence}."
    for each in learned.suspects:
        if not each.aside:
            yield f"Look at {each.field}, {each.sign.value}: {each.evidence}."
    if learned.judge is Judge.CROSSED:
        yield "No dates were given, so nobody knows whether this still held in the newest period."
    yield "Read every line, change what you know better, and commit it."
