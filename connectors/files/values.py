"""Single values of a file: ids, scores, dates, account fields. What cannot be taken for certain is never guessed."""

from __future__ import annotations

import math
import os
import re
from datetime import UTC, date, datetime
from typing import TYPE_CHECKING

from connectors.files.model import Unfit
from connectors.port import FieldType

if TYPE_CHECKING:
    from connectors.port import Value

LONGEST_TEXT = 4_000
"""Letters in one value. No account field that rules read is longer."""

HIGHEST_SCORE = 100

_FIGURE = re.compile(r"[+-]?[0-9]{1,300}(\.[0-9]{1,300})?([eE][+-]?[0-9]{1,3})?", re.ASCII)
_SHORTENED = re.compile(r"[0-9]([.,][0-9]+)?[eE]\+?[0-9]{1,3}", re.ASCII)
_WHOLE = re.compile(r"[0-9]+[.,]0+", re.ASCII)
_SALESFORCE = re.compile(r"0[A-Za-z0-9]{14}([A-Za-z0-9]{3})?", re.ASCII)
_HUBSPOT = re.compile(r"[1-9][0-9]{0,19}", re.ASCII)
_TIME = re.compile(
    "[0-9]{4}-[0-9]{2}-[0-9]{2}"
    r"([T ][0-9]{2}:[0-9]{2}(:[0-9]{2}(\.[0-9]{1,9})?)?(Z|[+-][0-9]{2}:?[0-9]{2})?)?"
)
_DAY_NUMBER = re.compile(r"[0-9]{5}(\.[0-9]+)?", re.ASCII)

_ACCOUNT = "001"
_SHORT = 15
_LOST_ZEROS = 13
"""An account's id of 15 figures begins with 00; no HubSpot id has come near to 13 figures."""

_SUFFIX = "ABCDEFGHIJKLMNOPQRSTUVWXYZ012345"
_YES, _NO = ("true", "yes", "y", "1"), ("false", "no", "n", "0")
_SHOWN = 60


def shown(cell: object) -> str:
    """The cell in quotes, cut where it is long."""
    text = str(cell)
    return repr(text if len(text) <= _SHOWN else f"{text[:_SHOWN]}…")


def printable(name: str) -> str:
    """A file's name as text; bytes that are no UTF-8 are replaced."""
    return os.fsencode(name).decode("utf-8", "replace").replace("\0", "")


def text(cell: object, name: str, longest: int = LONGEST_TEXT) -> str:
    """The cell as text without blanks around it; empty for none."""
    if cell is None:
        return ""
    if isinstance(cell, bool):
        return "true" if cell else "false"
    if isinstance(cell, dict | list):
        raise Unfit(f"{name} is a list or an object, not a single value")
    found = str(cell).strip()
    if len(found) > longest:
        raise Unfit(f"{name} has {len(found):,} letters, over {longest:,}")
    if "\0" in found:
        raise Unfit(f"{name} holds a NUL")
    if wrong := next((letter for letter in found if "\ud800" <= letter <= "\udfff"), None):
        if "\udc80" <= wrong <= "\udcff":
            raise Unfit(f"{name} is not UTF-8 (byte 0x{ord(wrong) - 0xDC00:02X}): save the file as UTF-8")
        raise Unfit(f"{name} holds half a letter (U+{ord(wrong):04X})")
    return found


def number(cell: object, name: str) -> float:
    """A finite number. Raises Unfit for all else, an empty cell included."""
    found = _figure(cell, name)
    if found is None or not math.isfinite(found):
        raise Unfit(f"{name} {shown(cell)} is no number: write one such as 85 or 85.5")
    return found


def score(cell: object) -> float:
    """A score from 0 to 100."""
    found = number(cell, "score")
    if not 0 <= found <= HIGHEST_SCORE:
        raise Unfit(f"score {shown(cell)} is not between 0 and {HIGHEST_SCORE}")
    return found


def moment(cell: object, name: str) -> datetime:
    """A moment in UTC; a day is its beginning, and a time without a zone is UTC."""
    found = text(cell, name)
    if not found:
        raise Unfit(f"{name} is empty")
    if isinstance(cell, str) and _TIME.fullmatch(found):
        try:
            read = datetime.fromisoformat(found)
            return (read if read.tzinfo else read.replace(tzinfo=UTC)).astimezone(UTC)
        except (ValueError, OverflowError):
            raise Unfit(f"{name} {shown(cell)} is not in the calendar") from None
    if _DAY_NUMBER.fullmatch(found):
        raise Unfit(f"{name} {shown(cell)} is a spreadsheet's number for a day: format the column as year-month-day")
    raise Unfit(f"{name} {shown(cell)} is no date: write year-month-day, 2026-11-04 or 2026-11-04T10:00:00Z")


def record_id(cell: object) -> str:
    """An account's id as its CRM has it, a Salesforce id of 15 letters with its last three; empty for none."""
    found = text(cell, "account id")
    if _SALESFORCE.fullmatch(found):
        return _salesforce(found)
    if _HUBSPOT.fullmatch(found) and len(found) != _LOST_ZEROS:
        return found
    if not found:
        return ""
    raise Unfit(f"account id {shown(cell)} {_why_no_id(found)}")


def field(cell: object, name: str, kind: FieldType) -> Value:
    """A value of an account field; None for an empty cell."""
    found = text(cell, name)
    if not found:
        return None
    if kind is FieldType.NUMBER:
        return number(cell, name)
    if kind is FieldType.BOOLEAN:
        return _yes_no(found, name)
    if kind is FieldType.DATE:
        read = moment(cell, name)
        return found if _is_day(found) else f"{read.replace(tzinfo=None).isoformat(timespec='seconds')}Z"
    return found


def _figure(cell: object, name: str) -> float | None:
    if isinstance(cell, bool):
        return None
    try:
        if isinstance(cell, int | float):
            return float(cell)
        found = text(cell, name)
        return float(found) if _FIGURE.fullmatch(found) else None
    except OverflowError:
        return None


def _yes_no(found: str, name: str) -> bool:
    word = found.casefold()
    if word not in (*_YES, *_NO):
        raise Unfit(f"{name} {shown(found)} is neither yes nor no")
    return word in _YES


def _is_day(found: str) -> bool:
    try:
        return date.fromisoformat(found).isoformat() == found
    except ValueError:
        return False


def _salesforce(found: str) -> str:
    if not found.startswith(_ACCOUNT):
        raise Unfit(f"account id {shown(found)} is no account's: in Salesforce those begin with {_ACCOUNT}")
    whole = found[:_SHORT] + _last_three(found[:_SHORT])
    if len(found) > _SHORT and found != whole:
        raise Unfit(f"account id {shown(found)} does not fit its last three letters: was its case changed?")
    return whole


def _last_three(short: str) -> str:
    """What makes an id of 15 letters safe where case is lost: a letter for each five, a bit for each capital."""
    capitals = ["A" <= letter <= "Z" for letter in short]
    fives = (capitals[start : start + 5] for start in (0, 5, 10))
    return "".join(_SUFFIX[sum(capital << place for place, capital in enumerate(five))] for five in fives)


def _why_no_id(found: str) -> str:
    if _SHORTENED.fullmatch(found):
        return "was shortened by a spreadsheet: format the column as text and export it again"
    if _WHOLE.fullmatch(found):
        return "was taken for a number: format the column as text and export it again"
    if _HUBSPOT.fullmatch(found):
        return "has lost its leading zeros in a spreadsheet: format the column as text and export it again"
    return "is neither a Salesforce id (15 or 18 letters and figures) nor a HubSpot id (figures)"
