"""Drops of intent and firmographics, CSV and JSONL: one file into typed rows and faults, line by line.

It knows no store and no config, keeps nothing, and writes nothing. A line that cannot be taken is a fault with its
reason; a file that cannot be read as a whole is refused.
"""

from connectors.files.columns import NAME
from connectors.files.model import Fault, Firmographics, Intent, Kind, Reading, Refused, Row
from connectors.files.reading import digest, read
from connectors.files.values import printable

__all__ = [
    "NAME",
    "Fault",
    "Firmographics",
    "Intent",
    "Kind",
    "Reading",
    "Refused",
    "Row",
    "digest",
    "printable",
    "read",
]
