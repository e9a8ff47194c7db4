"""Where ids and sites say nothing names decide, with addresses as evidence, and people have the last word."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sync_worker.core.matching import Aliases, How, Known, Match, Sought, Standing, Thresholds, match
from sync_worker.core.matching.places import country_of, phone_of, postcode_of

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

AUTO = Thresholds(auto=0.92)


def account(id_: str, name: str, *hosts: str, country: str = "", child: bool = False, phone: str = "") -> Known:
    """An account of this name."""
    return Known(id_, id_, hosts, child, name, country, phone=phone)


ACME = account("a", "Acme Robotics GmbH", country="Germany", phone="+49 30 123456-7")
GLOBEX = account("g", "Globex Corporation", "globex.example")


def found(
    sought: Sought, *known: Known, thresholds: Thresholds = AUTO, aliases: Mapping[str, str] | None = None
) -> Match:
    """The match of one."""
    return match([sought], known, {}, thresholds=thresholds, aliases=Aliases.of((aliases or {}).items()))[sought]


def test_the_same_name_links() -> None:
    hit = found(Sought(name="ACME ROBOTICS, Inc."), ACME, GLOBEX)
    assert (hit.account, hit.how, hit.score) == ("a", How.NAME, 1.0)
    assert hit.because == "the name is Acme Robotics GmbH"


def test_a_name_that_is_nearly_the_same_links_and_says_what_differs() -> None:
    hit = found(Sought(name="Acme Robotic"), ACME, GLOBEX)
    assert (hit.account, hit.how) == ("a", How.LIKE)
    assert hit.because == "the name is like Acme Robotics GmbH but for robotic/robotics"


def test_a_name_that_is_less_alike_waits_for_a_person() -> None:
    hit = found(Sought(name="Initech"), ACME, account("i", "Initech Technologies"))
    assert hit.account is None
    shown = [(one.account, one.because) for one in hit.review]
    assert shown == [("i", "the name is like Initech Technologies but for technologies")]
    assert hit.because.startswith("to be confirmed: ")


def test_a_name_that_is_hardly_alike_is_none() -> None:
    hit = found(Sought(name="Acne Studios"), ACME, GLOBEX)
    assert (hit.account, hit.review, hit.because) == (None, (), "no account has a name like Acne Studios")


def test_without_a_threshold_no_name_links_by_itself() -> None:
    hit = found(Sought(name="Acme Robotics"), ACME, thresholds=Thresholds())
    assert hit.account is None
    assert [one.account for one in hit.review] == ["a"]


def test_a_site_goes_before_a_name() -> None:
    hit = found(Sought(host="globex.example", name="Acme Robotics"), ACME, GLOBEX)
    assert (hit.account, hit.how) == ("g", How.WEBSITE)


def test_a_site_that_nobody_has_leaves_it_to_the_name() -> None:
    assert found(Sought(host="gmail.com", name="Acme Robotics"), ACME).account == "a"
    hit = found(Sought(host="initech.example", name="Initech"), ACME)
    assert hit.because == "no account has the domain initech.example, and no account has a name like Initech"


def test_a_phone_number_speaks_for_a_match_and_another_country_against_it() -> None:
    assert found(Sought(name="Acme"), ACME).review == ()
    assert [one.account for one in found(Sought(name="Acme", phone="(030) 1234567"), ACME).review] == ["a"]
    abroad = found(Sought(name="Acme Robotics", country="fr"), ACME)
    assert abroad.account is None
    assert abroad.review[0].because == "the name is Acme Robotics GmbH, but the country is Germany, not fr"


def test_a_name_of_words_that_everybody_has_is_no_proof() -> None:
    everybody = [account(f"x{n}", f"Global Solutions Unit{n}") for n in range(3_000)]
    hit = found(Sought(name="Global Solutions"), account("s", "Global Solutions Ltd"), *everybody)
    assert hit.account is None
    assert "a name that tells little" in hit.because


def test_what_a_person_rejected_is_not_proposed_again() -> None:
    assert found(Sought(name="Acme Robotics", rejected=frozenset("a")), ACME).review == ()
    no_more = found(Sought(host="globex.example", rejected=frozenset("g")), GLOBEX)
    assert (no_more.account, no_more.review) == (None, ())


def test_what_a_person_accepted_wins_over_site_and_name_but_not_over_an_id() -> None:
    said = found(Sought(host="globex.example", name="Globex", accepted="a"), ACME, GLOBEX)
    assert (said.account, said.how) == ("a", How.PERSON)
    assert found(Sought("g", accepted="a"), ACME, GLOBEX).account == "g"


def test_an_accepted_account_that_has_gone_leaves_it_to_the_rest() -> None:
    assert found(Sought(name="Globex", accepted="gone"), GLOBEX).account == "g"


@pytest.mark.parametrize("meant", ["a", "Acme Robotics"])
def test_an_alias_means_an_account_by_its_id_or_its_name(meant: str) -> None:
    hit = found(Sought(name="Big Robots plc"), ACME, GLOBEX, aliases={"big robots": meant})
    assert (hit.account, hit.how, hit.because) == ("a", How.ALIAS, f"alias {meant}")


def test_an_alias_may_be_a_site_and_mean_one() -> None:
    hit = found(Sought(host="mail.bigrobots.example"), ACME, GLOBEX, aliases={"bigrobots.example": "globex.example"})
    assert (hit.account, hit.how) == ("g", How.ALIAS)


def test_initials_find_the_whole_name_and_ask() -> None:
    ibm = account("i", "International Business Machines Corp.")
    assert [one.account for one in found(Sought(name="IBM"), ibm, ACME).review] == ["i"]


TIES: list[tuple[Sought, list[Known], dict[str, Standing], str]] = [
    (
        Sought(name="Acme", country="DE"),
        [account("1", "Acme", country="Germany"), account("2", "Acme")],
        {},
        "is in DE",
    ),
    (Sought(name="Acme"), [account("1", "Acme"), account("2", "Acme", child=True)], {}, "has no parent"),
    (
        Sought(name="Acme"),
        [account("1", "Acme"), account("2", "Acme")],
        {"1": Standing(deals=1), "2": Standing(owned=True, touched="2026")},
        "has open opportunities",
    ),
    (
        Sought(name="Acme"),
        [account("1", "Acme"), account("2", "Acme")],
        {"1": Standing(owned=True), "2": Standing(touched="2026")},
        "is a rep's",
    ),
    (
        Sought(name="Acme"),
        [account("1", "Acme"), account("2", "Acme")],
        {"1": Standing(touched="2026-11-02"), "2": Standing(touched="2026-11-01")},
        "was touched last",
    ),
    (Sought(name="Acme Inc"), [account("1", "Acme Inc."), account("2", "Acme GmbH")], {}, "is spelt Acme Inc"),
]
"""Sought, accounts, how they stand, what decides for account 1."""


@pytest.mark.parametrize(("sought", "known", "standing", "words"), TIES)
def test_of_several_accounts_the_first_question_that_tells_them_apart_decides(
    sought: Sought, known: list[Known], standing: dict[str, Standing], words: str
) -> None:
    def ask(asked: Collection[str]) -> Mapping[str, Standing]:
        assert set(asked) <= {"1", "2"}
        return standing

    hit = match([sought], known, {}, thresholds=AUTO, standing=ask)[sought]
    assert hit.account == "1"
    assert hit.because.endswith(words)


def test_where_nothing_tells_them_apart_all_are_shown_to_a_person() -> None:
    known = [account(id_, "Acme") for id_ in "dcba"]
    hit = found(Sought(name="Acme"), *known)
    assert hit.because == "ambiguous: 4 accounts have the name Acme: a, b, c, …"
    assert hit.ambiguous
    assert [one.account for one in hit.review] == ["a", "b", "c"]


def test_numbers_and_countries_are_read_in_any_writing() -> None:
    assert (
        phone_of("+49 (0)30 / 123 456-7") == phone_of("030 1234567")[-9:] or phone_of("+49 30 1234567") == "301234567"
    )
    assert phone_of("0000000000") == phone_of("12") == ""
    assert country_of("Deutschland") == country_of("de") == country_of("GERMANY") == "DE"
    assert postcode_of("D-10115") == postcode_of("10115")
    assert postcode_of("SW1A 1AA") == "sw1a1aa"


SOUGHT = st.builds(
    Sought,
    name=st.sampled_from(["Acme", "Acme Robotics", "Acne Robotics", "Global Solutions", "Zephyria", "IBM", ""]),
    host=st.sampled_from(["", "acme.example", "gmail.com"]),
    country=st.sampled_from(["", "DE", "Germany", "US"]),
    rejected=st.sets(st.sampled_from("ab")).map(frozenset),
)
KNOWN = st.builds(
    lambda id_, name, country, hosts, child: Known(id_, id_, tuple(hosts), child, name, country),
    st.sampled_from("abcdefgh"),
    st.sampled_from(["Acme Inc", "Acme Robotics", "Acme Robotics AG", "Global Solutions", "Zephyrya", "ACME"]),
    st.sampled_from(["", "Germany", "France"]),
    st.lists(st.sampled_from(["acme.example"]), max_size=1),
    st.booleans(),
)


@given(
    sought=st.lists(SOUGHT, unique=True, max_size=5),
    known=st.lists(KNOWN, max_size=8, unique_by=lambda one: one.id),
    data=st.data(),
)
def test_the_order_of_accounts_changes_no_match_and_every_one_says_why(
    sought: list[Sought], known: list[Known], data: st.DataObject
) -> None:
    at_once = match(sought, known, {}, thresholds=AUTO)
    shuffled = data.draw(st.permutations(known))
    assert at_once == match(list(reversed(sought)), shuffled, {}, thresholds=AUTO)
    for one, hit in at_once.items():
        assert hit.because or not (one.name or one.host)
        assert hit.account not in one.rejected
        assert not {proposal.account for proposal in hit.review} & one.rejected
        assert not (hit.account and hit.review)
