"""From a folder's valid shapes to its Ruleset. Nothing can go wrong here: every problem has been noted before."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from rules import model
from rules.building_times import cover, service_level
from rules.routes import Route, RouteCap
from rules.scoring import decays
from rules.shapes import (
    AffinityShape,
    BookShape,
    BudgetShape,
    ContactPartShape,
    ContactScaleShape,
    ContactScoreShape,
    ContactWhenShape,
    LimitShape,
    PartShape,
    ReturnShape,
    ScaleShape,
    ScoreShape,
    StandInShape,
    WhenShape,
)

if TYPE_CHECKING:
    from collections.abc import Mapping

    from rules.names import NamedList
    from rules.presence import AbsenceRow, Holiday
    from rules.problems import Notes
    from rules.shapes import EventShape, FileShape, RouteShape


@dataclass(frozen=True, slots=True)
class Named:
    """What all other sections of a folder may name, read before them."""

    lists: Mapping[str, NamedList]
    tables: tuple[model.Table, ...]
    conditions: Mapping[str, model.Condition]
    schemes: tuple[model.Scheme, ...]
    reps: model.Reps
    absences: tuple[AbsenceRow, ...] = ()
    holidays: tuple[Holiday, ...] = ()


def ruleset(shapes: list[FileShape], version: str, named: Named, notes: Notes) -> model.Ruleset:
    """The rules in the order of the shapes."""
    return model.Ruleset(
        version=version,
        scores=tuple(_score(score) for shape in shapes for score in shape.scores),
        scope=tuple(
            model.ScopeRule(str(rule.id), rule.condition, str(rule.because or ""), rule.id.mark)
            for shape in shapes for rule in shape.scope
        ),
        protect=tuple(
            model.ProtectRule(str(rule.id), rule.condition, str(rule.because), rule.id.mark)
            for shape in shapes for rule in shape.protect
        ),
        returns=tuple(_return(rule) for shape in shapes for rule in shape.returns),
        books=tuple(_book(book) for shape in shapes for book in shape.books),
        lists={name: found.items for name, found in named.lists.items()},
        list_marks={name: found.mark for name, found in named.lists.items()},
        tables=named.tables,
        conditions=named.conditions,
        schemes=named.schemes,
        routes=tuple(_route(route) for shape in shapes for route in shape.routes),
        grids=tuple(
            model.Grid(str(grid.id), str(grid.rows), str(grid.columns), grid.id.mark)
            for shape in shapes for grid in shape.grids
        ),
        contacts=tuple(
            model.ContactScore(_score(score), score.best) for shape in shapes for score in shape.contacts
        ),
        reps=named.reps,
        absences=named.absences,
        holidays=named.holidays,
        service_levels=tuple(service_level(level) for shape in shapes for level in shape.service_levels),
        covers=tuple(cover(found) for shape in shapes for found in shape.covers),
        warnings=tuple(sorted(set(notes.warnings))),
    )  # fmt: skip


def _limit(shape: LimitShape | None) -> model.Limit | None:
    return model.Limit(str(shape.per), shape.most, str(shape.every)) if shape else None


def _return(shape: ReturnShape) -> model.ReturnRule:
    limit = _limit(shape.limit)
    return model.ReturnRule(str(shape.id), shape.condition, str(shape.reason), shape.rest, limit, shape.id.mark)


def _route(shape: RouteShape) -> Route:
    to, nobody = shape.to, shape.nobody
    return Route(
        id=str(shape.id),
        when=shape.condition,
        team=str(to.team or ""),
        reps=to.reps,
        by=str(to.by),
        because=str(shape.because or ""),
        mark=shape.id.mark,
        rep=str(to.rep or "").lower(),
        weight=str(shape.weight or ""),
        value=str(shape.value or ""),
        sticky_days=shape.sticky or 0,
        caps=tuple(
            RouteCap(
                cap.most or cap.holding or 0, str(cap.every or ""), cap.within or 0, cap.holding is not None, cap.when
            )
            for cap in shape.caps or ()
        ),
        absence=str(shape.absence or "reset"),
        working_hours=shape.during is not None,
        nobody="rep" if isinstance(nobody, StandInShape) else str(nobody or "hold"),
        stand_in=str(nobody.rep).lower() if isinstance(nobody, StandInShape) else "",
    )


def _book(shape: BookShape) -> model.Book:
    balance, keep, worked = shape.balance, shape.keep, shape.worked
    return model.Book(
        id=str(shape.id),
        accounts=shape.condition,
        reps=shape.reps,
        capacity=_capacity(shape.capacity),
        rank=str(shape.rank),
        limit=_limit(shape.limit),
        balance=model.Balance(str(balance.measure), balance.weight, balance.workload) if balance else None,
        keep=model.Keep(keep.weight, keep.tenure or 0) if keep else None,
        mark=shape.id.mark,
        model=model.Model(str(shape.model or model.Model.DYNAMIC)),
        owner=str(shape.owner or ""),
        workload=shape.workload,
        affinity=tuple(_affinity(term) for term in shape.affinity),
        worked=model.Worked(worked.green, worked.amber) if worked else None,
        together=shape.families == "together",
    )


def _capacity(shape: BudgetShape | str | int) -> model.Budget | str | int:
    if not isinstance(shape, BudgetShape):
        return shape if isinstance(shape, int) else str(shape)
    touches = shape.touches_per_week
    return model.Budget(touches if isinstance(touches, float) else str(touches), shape.per_account)


def _affinity(shape: AffinityShape) -> model.Affinity:
    same = model.Same(str(shape.same.account), str(shape.same.rep)) if shape.same else None
    return model.Affinity(str(shape.id), shape.accounts, shape.reps, same, shape.add, str(shape.because), shape.id.mark)


def _score(shape: ScoreShape | ContactScoreShape) -> model.Score:
    parts = tuple(_part(str(name), part) for name, part in shape.parts.items())
    tiers = tuple(model.Tier(str(name), floor) for name, floor in shape.tiers.items())
    margin = shape.hysteresis if isinstance(shape, ScoreShape) else None
    return model.Score(str(shape.id), shape.max, parts, tiers, shape.id.mark, margin or 0.0)


def _part(name: str, shape: PartShape | ContactPartShape) -> model.Part:
    said = [model.Decay(fade, days) for fade, days in decays(shape).items()]
    decay = said[0] if said else None
    return model.Part(name, shape.max, decay, tuple(_term(term, decay) for term in shape.terms))


def _term(
    shape: WhenShape | ScaleShape | EventShape | ContactWhenShape | ContactScaleShape, decay: model.Decay | None
) -> model.Term:
    name, because, mark = str(shape.id), str(shape.because), shape.id.mark
    if isinstance(shape, WhenShape | ContactWhenShape):
        return model.WhenTerm(name, shape.condition, shape.points, because, mark)
    if isinstance(shape, ScaleShape | ContactScaleShape):
        return model.ScaleTerm(name, shape.scale, shape.start, shape.end, shape.points, because, mark)
    if decay is None:
        raise ValueError(f"{mark}: a part with events has a decay, scoring.check_score saw to it")
    return model.EventTerm(name, str(shape.event), decay, shape.points, because, mark)
