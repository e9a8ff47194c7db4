"""Names are compared without what two people would write differently, and are alike as far as their rare words are."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sync_worker.core.matching import likeness, name_of
from sync_worker.core.matching.likeness import Rarity, slip_likeness, word_likeness
from sync_worker.core.matching.names import Name

WORDS = {
    "* The Müller & Söhne (Berlin) G.m.b.H., Hamburg": (("muller", "sohne"), ("hamburg", "berlin")),
    "Ben &amp; Jerry's": (("ben", "jerrys"), ()),
    "Smith and Sons, Ltd.": (("smith", "sons"), ()),
    "D S M I.P. Assets B.V.": (("dsmip", "assets"), ()),
    "N.V.Nutricia": (("nutricia",), ()),
    "Naamloze Vennootschap Nutricia": (("nutricia",), ()),
    "A.P. Møller - Mærsk A/S": (("ap", "moller", "maersk"), ()),
    "Acme Nederland": (("acme", "nl"), ()),
    "Acme Holland B.V.": (("acme", "nl"), ()),
    "Unilever N.V., Rotterdam": (("unilever",), ("rotterdam",)),
    "Widget sp. z o.o.": (("widget",), ()),
    "AS Roma": (("as", "roma"), ()),
    "SAS Institute Inc": (("sas", "institute"), ()),
    "Limited": (("limited",), ()),
    "The": (("the",), ()),
    "株式会社アクメ": (("アクメ",), ()),
    "!!!": ((), ()),
    "": ((), ()),
}
"""Text, words of its name, words aside."""


@pytest.mark.parametrize("text", WORDS)
def test_the_words_of_a_name(text: str) -> None:
    assert name_of(text) == Name(*WORDS[text])


FORMS = "Inc. LLC Ltd GmbH AG S.A. SpA BV N.V. Oy AB KK Co. Pty Sdn.Bhd. S.R.L. ApS Kft d.o.o. OOO PLC SE".split()  # noqa: SIM905 - a list to read


@pytest.mark.parametrize("form", FORMS)
def test_a_legal_form_makes_no_other_name(form: str) -> None:
    assert name_of(f"Zephyria Robotics {form}").words == ("zephyria", "robotics")


@given(st.text(max_size=60))
def test_any_text_has_a_name_that_is_its_own(text: str) -> None:
    name = name_of(text)
    assert likeness(name, name).score == 1.0
    assert all(word == word.casefold() for word in name.words)


NAMES = st.lists(
    st.sampled_from("acme zephyria robotics robotic global solutions müller gmbh inc 24 x (berlin) the".split()),  # noqa: SIM905 - as above
    min_size=1,
    max_size=4,
).map(" ".join)


@given(NAMES, NAMES)
def test_likeness_is_between_0_and_1_and_the_same_from_either_side(one: str, other: str) -> None:
    found, back = likeness(name_of(one), name_of(other)), likeness(name_of(other), name_of(one))
    assert 0 <= found.score <= 1
    assert found.score == pytest.approx(back.score)
    assert set(found.differ) == set(back.differ)


SAME = [
    ("Zephyria Robotics GmbH", "zephyria-robotics"),
    ("Zephyria Robotics", "Zephyria Robotic Inc."),
    ("Zephyria Robotics", "ZephyriaRobotics"),
    ("Hoffmann-La Roche", "Hoffmann Laroche AG"),
    ("Hunter Douglas Industries", "HUNTERDOUGLASINDUSTRIESB.V."),
    ("Quadrille Technologies", "Quadrille Tech"),
    ("Brandywine International", "Brandywine Internatl. Ltd"),
    ("Café Zéphyr S.A.", "CAFE ZEPHYR"),
    ("Brandywine, Inc.", "Brandwyine"),
]
OTHER = [
    ("Zephyria Robotics", "Zephyria Chemicals"),
    ("Bayer AG", "Mayer AG"),
    ("Global Solutions", "Global Services"),
    ("Acme Germany", "Acme France"),
    ("Studio 54", "Studio 45"),
    ("Yadra B.V.", "Yadrasa Inc."),
    ("First National Bank", "First Regional Bank"),
    ("Zephyria", "Zephyria Quadrille"),
]


@pytest.mark.parametrize(("one", "other"), SAME)
def test_the_same_company_in_other_letters_is_found(one: str, other: str) -> None:
    assert likeness(name_of(one), name_of(other)).score >= 0.92


@pytest.mark.parametrize(("one", "other"), OTHER)
def test_another_company_is_not_taken_for_it(one: str, other: str) -> None:
    assert likeness(name_of(one), name_of(other)).score < 0.92


def test_initials_are_worth_a_question_and_no_more() -> None:
    assert 0.75 <= likeness(name_of("IBM"), name_of("International Business Machines Corp.")).score < 0.92
    assert likeness(name_of("IBX"), name_of("International Business Machines Corp.")).score == 0


def test_what_differs_is_told() -> None:
    assert likeness(name_of("Zephyria Robotics"), name_of("Zephyria Trading")).differ == ("robotics", "trading")


def test_a_word_that_many_accounts_have_tells_less() -> None:
    one, other = name_of("Zephyria Quadrille"), name_of("Zephyria Brandywine")
    common = Rarity(100_000, {"zephyria": 20_000})
    assert likeness(one, other, common).score < likeness(one, other).score
    assert common.of("zephyria") < common.of("quadrille")


def test_a_slip_is_told_from_another_word() -> None:
    assert slip_likeness("zephyra", "zephyria") > 0.85
    assert slip_likeness("yephyria", "zephyria") < slip_likeness("zephyrio", "zephyria")
    assert word_likeness("cat", "car") == 0
    assert word_likeness("area51", "area52") == 0
