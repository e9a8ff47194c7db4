"""What a rules file looks like: its keys, and the JSON Schema that follows from them. It reads no value itself."""

from rules.shapes.base import MAX_USED, LimitShape, RuleShape, Shape, keys_of
from rules.shapes.books import BalanceShape, BookShape, KeepShape
from rules.shapes.files import (
    ConditionsShape,
    FileShape,
    ListFileShape,
    ListShape,
    SchemeShape,
    SchemesShape,
    SegmentShape,
    TableShape,
)
from rules.shapes.ownership import ProtectShape, ReturnShape, ScopeShape
from rules.shapes.routing import RouteShape, TargetShape
from rules.shapes.scoring import (
    CappedShape,
    ContactPartShape,
    ContactScaleShape,
    ContactScoreShape,
    ContactTermShape,
    ContactWhenShape,
    EventShape,
    GridShape,
    PartShape,
    ScaleShape,
    ScoreShape,
    TermShape,
    WhenShape,
)

__all__ = [
    "MAX_USED",
    "BalanceShape",
    "BookShape",
    "CappedShape",
    "ConditionsShape",
    "ContactPartShape",
    "ContactScaleShape",
    "ContactScoreShape",
    "ContactTermShape",
    "ContactWhenShape",
    "EventShape",
    "FileShape",
    "GridShape",
    "KeepShape",
    "LimitShape",
    "ListFileShape",
    "ListShape",
    "PartShape",
    "ProtectShape",
    "ReturnShape",
    "RouteShape",
    "RuleShape",
    "ScaleShape",
    "SchemeShape",
    "SchemesShape",
    "ScopeShape",
    "ScoreShape",
    "SegmentShape",
    "Shape",
    "TableShape",
    "TargetShape",
    "TermShape",
    "WhenShape",
    "keys_of",
]
