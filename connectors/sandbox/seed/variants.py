"""How people misspell a company's name: punctuation, legal form, left-out words, typing errors."""

from __future__ import annotations

from typing import TYPE_CHECKING

from connectors.sandbox.seed.draw import weighted
from connectors.sandbox.seed.words import LEGAL_FORMS

if TYPE_CHECKING:
    from collections.abc import Callable
    from random import Random

_FORMS = frozenset(form for forms in LEGAL_FORMS.values() for form in forms)


def vary_name(draw: Random, name: str) -> str:
    """The name as somebody else would type it: 40 % punctuation, 19 % legal form, 16 % a word less, 7 % a typo."""
    change = weighted(draw, _CHANGES)
    return change(draw, name) if change else name


def _punctuate(draw: Random, name: str) -> str:
    return draw.choice(
        (name.replace(".", ""), name.replace(" ", "-", 1), name.upper(), f"{name},", name.replace(" ", "  ", 1))
    )


def _change_form(draw: Random, name: str) -> str:
    bare = _bare(name)
    return bare if bare != name else f"{name} {draw.choice(sorted(_FORMS))}"


def _drop_word(_draw: Random, name: str) -> str:
    words = _bare(name).split()
    return " ".join(words[:-1]) if len(words) > 1 else name


def _mistype(draw: Random, name: str) -> str:
    at = draw.randrange(1, max(2, len(name) - 1))
    return name[: at - 1] + name[at : at + 1] + name[at - 1 : at] + name[at + 1 :]


def _bare(name: str) -> str:
    for form in sorted(_FORMS, key=len, reverse=True):
        if name.endswith(f" {form}"):
            return name.removesuffix(f" {form}")
    return name


_CHANGES: tuple[tuple[Callable[[Random, str], str] | None, float], ...] = (
    (_punctuate, 40),
    (_change_form, 19),
    (_drop_word, 16),
    (_mistype, 7),
    (None, 18),
)
