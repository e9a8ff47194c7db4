"""How people misspell a company's name: punctuation, legal form, left-out words, typing errors."""

from __future__ import annotations

from typing import TYPE_CHECKING

from connectors.sandbox.seed.words import LEGAL_FORMS

if TYPE_CHECKING:
    from random import Random

_FORMS = frozenset(form for forms in LEGAL_FORMS.values() for form in forms)


def vary_name(draw: Random, name: str) -> str:
    """The name as somebody else would type it: 40 % punctuation, 19 % legal form, 16 % a word less, 7 % a typo."""
    chance = draw.random()
    if chance < 0.40:
        return _punctuate(draw, name)
    if chance < 0.59:
        return _change_form(draw, name)
    if chance < 0.75:
        return _drop_word(name)
    return _mistype(draw, name) if chance < 0.82 else name


def _punctuate(draw: Random, name: str) -> str:
    return draw.choice(
        (name.replace(".", ""), name.replace(" ", "-", 1), name.upper(), f"{name},", name.replace(" ", "  ", 1))
    )


def _change_form(draw: Random, name: str) -> str:
    bare = _bare(name)
    return bare if bare != name else f"{name} {draw.choice(sorted(_FORMS))}"


def _drop_word(name: str) -> str:
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
