"""Routing: who gets an account of the pool at once, and in which turn. Pure; decides and stores nothing."""

from sync_worker.core.routing.caps import Cap
from sync_worker.core.routing.fairness import CapUsed, MemberStands, RouteStands, standing
from sync_worker.core.routing.policy import Arrival, Bar, Barred, By, Desk, Member, Nobody, RoutePolicy
from sync_worker.core.routing.step import routing
from sync_worker.core.routing.telling import Candidate
from sync_worker.core.routing.turns import Absent, Amount, Balance, Ledger, Measure, RouteTurn, Sums, replay

__all__ = [
    "Absent",
    "Amount",
    "Arrival",
    "Balance",
    "Bar",
    "Barred",
    "By",
    "Candidate",
    "Cap",
    "CapUsed",
    "Desk",
    "Ledger",
    "Measure",
    "Member",
    "MemberStands",
    "Nobody",
    "RoutePolicy",
    "RouteStands",
    "RouteTurn",
    "Sums",
    "replay",
    "routing",
    "standing",
]
