"""Why an account stands where it stands: today, and on any day since the worker first decided."""

from sync_worker.explain.nearest import Lacking, Nearest
from sync_worker.explain.now import Explanation, explain
from sync_worker.explain.telling import Capped, Made, RuleTried, TermCounted, Told
from sync_worker.explain.then import Past, explain_at, moment
from sync_worker.explain.tiers import NextTier
from sync_worker.explain.why_not import Reason, WhyNot, why_not

__all__ = [
    "Capped",
    "Explanation",
    "Lacking",
    "Made",
    "Nearest",
    "NextTier",
    "Past",
    "Reason",
    "RuleTried",
    "TermCounted",
    "Told",
    "WhyNot",
    "explain",
    "explain_at",
    "moment",
    "why_not",
]
