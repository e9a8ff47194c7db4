"""A company's name as matching compares it: without what two people would write differently. It compares nothing."""

from __future__ import annotations

import re
import unicodedata
from typing import TYPE_CHECKING, NamedTuple

from sync_worker.core.matching.words import LEADING, LEGAL, LEGAL_PHRASES, NOTHING, PLACES, WEAK

if TYPE_CHECKING:
    from collections.abc import Sequence

LONGEST = 300
"""Letters of a name that are read: a longer one is no name."""

_LETTERS = str.maketrans({"ø": "o", "æ": "ae", "œ": "oe", "ł": "l", "đ": "d", "ð": "d", "þ": "th", "\u0131": "i"})
_APOSTROPHES = re.compile("['\u2019\u2018`\u00b4]")
_ESCAPED = re.compile(r"\{[\w ]+\((\w+)\)\}")
_ENTITY = re.compile(r"&(?:amp|lt|gt|quot);?")
_BRACKETS = re.compile(r"[(\[]([^()\[\]]*)(?:[)\]]|$)")
_WORDS = re.compile(r"[^\W_]+")
_UNSPACED = re.compile(
    "\u682a\u5f0f\u4f1a\u793e|\u6709\u9650\u4f1a\u793e|\u80a1\u4efd\u6709\u9650\u516c\u53f8|\u6709\u9650\u516c\u53f8|\uc8fc\uc2dd\ud68c\uc0ac"
)
"""Japanese, Chinese and Korean legal forms, which stand against the name without a blank."""

_UNTOLD = frozenset((*PLACES, *NOTHING))
_PHRASES: dict[str, list[tuple[str, ...]]] = {}
for _phrase in sorted(LEGAL_PHRASES, key=len, reverse=True):
    _PHRASES.setdefault(_phrase[0], []).append(_phrase)
_LEGAL_WORDS = LEGAL.union(LEADING, _PHRASES)


class Name(NamedTuple):
    """A company's name in words. Two names with the same ``key`` are the same name. A tuple: there are millions."""

    words: tuple[str, ...]
    """Small, without accents, legal forms, ``the`` and ``and``; a country in whichever language is its code."""
    aside: tuple[str, ...] = ()
    """What stood in brackets, or behind the legal form: a town, a former name. It counts little."""

    @property
    def key(self) -> str:
        """The words in one text."""
        return " ".join(self.words)


def name_of(text: str) -> Name:
    """The name in this text; one without words where it holds none.

    ``* The Müller & Söhne (Berlin) G.m.b.H., Hamburg`` is ``muller sohne``, with ``berlin`` and ``hamburg`` aside.
    """
    small = plain(text[:LONGEST])
    aside: list[str] = []
    if "(" in small or "[" in small:
        inside = _BRACKETS.findall(small)
        aside = [word for part in inside for word in _unruly(_WORDS.findall(part))]
        small = _BRACKETS.sub(" ", small)
    words = _unruly(_WORDS.findall(small))
    front, back = _without_legal(words)
    core, behind = _told(front), _told([*back, *aside])
    if not core:
        core, behind = behind or tuple(words), ()
    if not behind:
        return Name(core)
    return Name(core, tuple(word for word in dict.fromkeys(behind) if word not in core and word not in LEGAL))


def plain(text: str) -> str:
    """The text in small letters without accents and apostrophes."""
    small = text.casefold()
    if "&" in small:
        small = _ENTITY.sub("&", small)
    if "{" in small:
        small = _ESCAPED.sub(r"\1", small)
    if small.isascii():
        return _APOSTROPHES.sub("", small) if "'" in small or "`" in small else small
    small = _UNSPACED.sub(" ", small)
    small = small.translate(_LETTERS)
    small = "".join(one for one in unicodedata.normalize("NFKD", small) if not unicodedata.combining(one))
    # Letters of other shapes are capitals again once they are plain.
    return _APOSTROPHES.sub("", small.casefold())


def _unruly(words: list[str]) -> list[str]:
    """Single letters that stand side by side as one word: ``b v`` is ``bv``, ``d s m b v`` is ``dsm bv``."""
    if not words or min(map(len, words)) > 1:
        return words
    found: list[str] = []
    run = ""
    for word in [*words, ""]:
        if len(word) == 1 and not word.isdigit():
            run += word
            continue
        if run:
            found.extend(_split(run))
            run = ""
        if word:
            found.append(word)
    return found


def _split(run: str) -> tuple[str, ...]:
    """A run of letters, its legal form apart."""
    if run in LEGAL:
        return (run,)
    for length in (4, 3, 2):
        if len(run) > length and run[-length:] in LEGAL:
            return run[:-length], run[-length:]
    return (run,)


def _without_legal(words: Sequence[str]) -> tuple[list[str], list[str]]:
    """The words before the legal form, and those behind it. Where it stands in front, what follows is the name."""
    if _LEGAL_WORDS.isdisjoint(words):
        return list(words), []
    core: list[str] = []
    behind: list[str] = []
    ended = False
    at = 0
    while at < len(words):
        length = _legal_at(words, at, first=not core)
        if length:
            ended = ended or (bool(core) and (length > 1 or words[at] not in WEAK))
            at += length
            continue
        (behind if ended else core).append(words[at])
        at += 1
    return core, behind


def _legal_at(words: Sequence[str], at: int, *, first: bool) -> int:
    """How many words here are a legal form; 0 where a name goes on."""
    for phrase in _PHRASES.get(words[at], ()):
        if tuple(words[at : at + len(phrase)]) == phrase:
            return len(phrase)
    if first:
        return 1 if words[at] in LEADING and len(words) > at + 1 else 0
    return 1 if words[at] in LEGAL else 0


def _told(words: Sequence[str]) -> tuple[str, ...]:
    if _UNTOLD.isdisjoint(words):
        return tuple(words)
    return tuple(PLACES.get(word, word) for word in words if word not in NOTHING)
