"""Scope, protect and return as a rules file writes them."""

from __future__ import annotations

from rules.scalars import Days, Id, Said
from rules.shapes.base import LimitShape, RuleShape


class ScopeShape(RuleShape):
    """Accounts that the worker may touch. Nothing is in scope by default."""

    id: Id
    because: Said | None = None


class ProtectShape(RuleShape):
    """Accounts that may not move, and why. The first match wins."""

    id: Id
    because: Said


class ReturnShape(RuleShape):
    """Accounts that go back to the pool. The first match wins."""

    id: Id
    reason: Said
    """Why, as reports count it: unworked, poor fit, owner has left."""
    rest: Days = 0
    """How long nobody gets the account again."""
    limit: LimitShape | None = None
    """How many accounts the rule may return."""
