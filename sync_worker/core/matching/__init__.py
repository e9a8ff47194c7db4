"""Which account something from outside is about. One matcher for the whole product, and every match says why.

Pure: the accounts come as values, and nothing is remembered from one matching to the next.
"""

from sync_worker.core.matching.aliases import Aliases
from sync_worker.core.matching.cascade import match
from sync_worker.core.matching.likeness import likeness
from sync_worker.core.matching.names import name_of
from sync_worker.core.matching.sites import host_of, site_of
from sync_worker.core.matching.values import AMBIGUOUS, How, Known, Match, Proposal, Sought, Standing, Thresholds

__all__ = [
    "AMBIGUOUS",
    "Aliases",
    "How",
    "Known",
    "Match",
    "Proposal",
    "Sought",
    "Standing",
    "Thresholds",
    "host_of",
    "likeness",
    "match",
    "name_of",
    "site_of",
]
