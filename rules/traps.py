"""What spreadsheets, word processors and copying do to values, and how to mend it. It reads no file.

A trap that leaves no value behind is an error in every cell; one that leaves another value is told where a value of
the wrong type stands, or is a warning where any text would do.
"""

from __future__ import annotations

import re
from itertools import pairwise
from typing import TYPE_CHECKING

from rules.vocabulary import Type

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from rules.problems import Notes
    from rules.sheet import Cell

Told = tuple[str, str]
"""What is wrong, and the way out."""

TYPOGRAPHIC = "‘’‚‛“”„‟‹›«»"  # noqa: RUF001 - the very characters that are looked for
"""Quotation marks that word processors set for ' and "."""

_ERRORS = re.compile(
    r"#(N/A|REF!|VALUE!|DIV/0!|NAME\?|NULL!|NUM!|SPILL!|CALC!|NV|WERT!|BEZUG!|ZAHL!|VALEUR!|NOM\?)|#{3,}"
)
_FORMULA = re.compile(r"=\s*(?:[A-Za-z_.$]+[0-9$]*\s*(?:[(:*/+&!-]|$)|.*\()")
_INVISIBLE = re.compile(
    r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u00ad\u200b\u2028-\u202e\u2060-\u2069\ufeff\ud800-\udfff]",
)
_WIDE_SPACE = re.compile(r"[\u00a0\u1680\u2000-\u200a\u202f\u205f\u3000]")
_MONTHS = (
    "jan|feb|mar|apr|may|jun|jul|aug|sep|sept|oct|nov|dec|"
    "mär|mrz|mai|okt|dez|janv|févr|avr|juin|juil|août|déc|ene|abr|ago|dic|gen|mag|giu|lug|set|ott|fev|out"
)
_MONTH_DAY = re.compile(rf"\d{{1,4}}[-. /]+({_MONTHS})\.?|({_MONTHS})\.?[-. /]+\d{{1,4}}", re.IGNORECASE)
_DAY = re.compile(r"\d{1,4}([./-])\d{1,2}\1\d{1,4}|\d{1,2}/\d{1,2}", re.ASCII)
_SCIENTIFIC = re.compile(r"-?\d([.,]\d+)?E\+?\d+", re.ASCII | re.IGNORECASE)
_HYPHENATED = re.compile(r"(\d+(?:\.\d+)?)\s*(?:[-\u2010-\u2015\u2212]|to|bis)\s*(\d+(?:\.\d+)?)", re.ASCII)
_AT_LEAST = re.compile(r"(\d+(?:\.\d+)?)\s*\+", re.ASCII)
_GROUPED = re.compile(r"-?\d{1,3}(?:([.,'\u2019 \u00a0\u2009\u202f])\d{3})(?:\1\d{3})*(?:[.,]\d+)?", re.ASCII)
_COMMA = re.compile(r"-?\d+,\d+", re.ASCII)
_THOUSANDS = re.compile(r"(?:[<>]=?\s*)?-?[1-9]\d{0,2}\.\d{3}", re.ASCII)
_PERCENT = re.compile(r"(-?\d+(?:[.,]\d+)?)\s*%", re.ASCII)
_MONEY = re.compile(r"(?:[$€£¥]|[A-Z]{3})\s*-?[\d.,' ]*\d|-?\d[\d.,' ]*\s*(?:[$€£¥]|[A-Z]{3}|[kKmM]|Mio\.?)")
_ID_15 = re.compile(
    r"(?=.{3}\d*[A-Za-z])(?=.{3}[A-Za-z]*\d)"  # both letters and digits behind the prefix
    r"(?:00[0-9A-Z]|500|701|a[0-9A-Z]{2}(?=.{0,6}\d))[A-Za-z0-9]{12}",
    re.ASCII,
)
_LONGEST = 60
"""Characters of a value that a trap has made of a number, a yes or no, or a date."""
_TRUE = frozenset(("1", "y", "x", "on", "t", "wahr", "ja", "vrai", "oui", "verdadero", "vero", "sí"))
_FALSE = frozenset(("0", "n", "off", "f", "falsch", "nein", "faux", "non", "falso"))


def broken(text: str) -> Told | None:
    """What leaves no value in a cell, whatever its column holds."""
    if _ERRORS.fullmatch(text):
        return f"'{text[:40]}' is a spreadsheet's error, not a value", "mend its formula, or empty the cell"
    if _FORMULA.match(text):
        return f"'{text[:40]}' is a formula, not its result", "save the sheet with its values, or write the value"
    if found := _INVISIBLE.search(text):
        return f"the cell has the invisible character U+{ord(found[0]):04X}", "type the cell anew"
    return None


def mistyped(text: str, wanted: Type) -> Told | None:
    """Why a text is not of the type that is wanted, if a trap has made it so: half a sentence, and the way out."""
    read = {Type.NUMBER: _number, Type.BOOLEAN: _truth, Type.DATE: _date}.get(wanted)
    # No trap makes a longer text, and looking for one in a text of thousands of spaces would take a minute.
    return read(text) if read and len(text) <= _LONGEST else None


def _number(text: str) -> Told | None:
    return next((found for read in (_dated, _shortened, _hyphenated, _signed, _grouped) if (found := read(text))), None)


def _dated(text: str) -> Told | None:
    if _MONTH_DAY.fullmatch(text) or _DAY.fullmatch(text):
        return "a spreadsheet may have turned a range into this date", "format the column as text, then write 3..5"
    return None


def _shortened(text: str) -> Told | None:
    if _SCIENTIFIC.fullmatch(text):
        return "a spreadsheet has shortened it", "format the column as a number, then write all digits"
    return None


def _hyphenated(text: str) -> Told | None:
    if found := _HYPHENATED.fullmatch(text):
        return "a range is written with two points", f"write {found[1]}..{found[2]}"
    if found := _AT_LEAST.fullmatch(text):
        return "'and more' is written before the number", f"write >={found[1]}"
    return None


def _signed(text: str) -> Told | None:
    if found := _PERCENT.fullmatch(text):
        number = float(found[1].replace(",", "."))
        return "it has a percent sign", f"write {number:g} or {number / 100:g}, as the field counts"
    return ("it has a unit", "write digits only: 1500000") if _MONEY.fullmatch(text) else None


def _grouped(text: str) -> Told | None:
    if _GROUPED.fullmatch(text):
        return "it has separators between thousands", "write digits, and a point before decimals: 1500.5"
    if _COMMA.fullmatch(text):
        return "it has a comma before its decimals", f"write {text.replace(',', '.')}"
    return None


def _truth(text: str) -> Told | None:
    if text.lower() in _TRUE | _FALSE:
        return "", "write yes" if text.lower() in _TRUE else "write no"
    return None


def _date(text: str) -> Told | None:
    if _DAY.fullmatch(text) or _MONTH_DAY.fullmatch(text):
        return "people read this in different ways", "write year-month-day: 2026-11-04"
    if re.fullmatch(r"[34]\d{4}(\.\d+)?", text, re.ASCII):
        return "it is how a spreadsheet counts days", "format the column as year-month-day: 2026-11-04"
    if re.match(r"\d{4}-\d{2}-\d{2}[T ]", text, re.ASCII):
        return "it has a time, and dates are whole days", f"write {text[:10]}"
    return None


# Where any text would do


def watch_texts(column: Iterable[Cell], notes: Notes) -> None:
    """Warn of what the texts in a column may have been: each trap once, at its first cell."""
    found = list(column)
    _lost_zeros(found, notes)
    for read in (_coded, _identified, _spaced, _quoted, _capital, _ranged):
        told = next(((cell.mark, told) for cell in found if (told := read(cell.text))), None)
        if told is not None:
            notes.warn(told[0], *told[1])


def pasted(text: str) -> Told | None:
    """What a text in a condition may have brought along from where it was copied."""
    if text != text.strip():
        return f"'{text[:40]}' has a space at its end or its start", "delete it"
    return next((told for read in (_identified, _spaced, _quoted) if (told := read(text))), None)


def watch_numbers(column: Iterable[Cell], notes: Notes) -> None:
    """Warn of numbers that all look like thousands: 1.000 is 1 here."""
    pointed = [cell for cell in column if "." in cell.text and ".." not in cell.text]
    if pointed and all(_THOUSANDS.fullmatch(cell.text) for cell in pointed):
        text = pointed[0].text.lstrip("<>= ")
        hint = f"if thousands are meant, write {text.replace('.', '')}"
        notes.warn(pointed[0].mark, f"'{text}' is {float(text):g}: the point parts off decimals", hint)


def unquoted(line: Sequence[Cell]) -> Told | None:
    """Why a row may have more cells than there are columns."""
    if any(cell.text[:1] in TYPOGRAPHIC and cell.text for cell in line):
        return "typographic quotes hold no cell together", 'write straight ones: "US, CA"'
    for left, right in pairwise(line):
        if left.text.lstrip("-").isdigit() and right.text.isdigit():
            return f"'{left.text},{right.text}' may be one number", f"write {left.text}.{right.text}"
    return None


def _ranged(text: str) -> Told | None:
    # 'Set 10' may well be a name; a spreadsheet joins day and month with a hyphen or a point.
    if not _MONTH_DAY.fullmatch(text) or not re.search("[-.]", text):
        return None
    hint = "format the column as text, then write what stood there"
    return f"'{text}' may be a range or a code that a spreadsheet turned into a date", hint


def _coded(text: str) -> Told | None:
    if not _SCIENTIFIC.fullmatch(text) or "+" not in text:
        return None
    hint = "its digits are lost: format the column as text, then write them again"
    return f"'{text}' may be a code that a spreadsheet turned into a number", hint


def _identified(text: str) -> Told | None:
    """Ids of 15 characters tell capitals apart, and so miss the ids of 18 that the CRM sends."""
    if not _ID_15.fullmatch(text):
        return None
    message = f"'{text}' looks like a Salesforce id of 15 characters, which never equals the 18 that the CRM has"
    return message, f"if its capitals are right, write {long_id(text)}"


def long_id(short: str) -> str:
    """The 18 characters of a Salesforce id of 15: behind it, for each five letters, which of them are capitals."""
    alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZ012345"
    fives = (short[at : at + 5] for at in range(0, 15, 5))
    return short + "".join(
        alphabet[sum(1 << at for at, letter in enumerate(five) if letter.isascii() and letter.isupper())]
        for five in fives
    )


def _spaced(text: str) -> Told | None:
    if found := _WIDE_SPACE.search(text):
        return f"'{text[:40]}' has the wide or unbreakable space U+{ord(found[0]):04X}", "type a plain space instead"
    return None


def _quoted(text: str) -> Told | None:
    found = next((letter for letter in text if letter in TYPOGRAPHIC), None)
    if found is None:
        return None
    straight = "".join("'" if letter in "‘’‚‛‹›" else '"' if letter in TYPOGRAPHIC else letter for letter in text)  # noqa: RUF001 - the very characters that are looked for
    return f"'{text[:40]}' has the typographic quote {found}", f"if the CRM has none, write {straight[:40]}"


def _capital(text: str) -> Told | None:
    if text not in ("TRUE", "FALSE"):
        return None
    hint = "format the column as text, then write what stood there"
    return f"'{text}' may be a text that a spreadsheet turned into yes or no", hint


def _lost_zeros(column: list[Cell], notes: Notes) -> None:
    codes = [cell for cell in column if cell.text.isdigit()]
    width = max((len(code.text) for code in codes), default=0)
    short = [code for code in codes if len(code.text) < width]
    if short and len(short) * 2 < len(codes) and width > 2:  # noqa: PLR2004 - 1 to 99 are numbers, not codes
        hint = f"most here have {width} digits: format the column as text, then write {short[0].text.zfill(width)}"
        notes.warn(short[0].mark, f"'{short[0].text}' may have lost its leading zeros to a spreadsheet", hint)
