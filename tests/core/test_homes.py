"""An account that two CRMs have is planned in one of them, and the same one whatever order the records come in."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sync_worker.core.homes import Listed, Twin, pair

ACME = Listed("001A", "salesforce", site="acme.com")
ACME_TOO = Listed("7", "hubspot", site="acme.com")


def twins(*accounts: Listed, home: str = "salesforce", by_site: bool = True) -> list[tuple[str, str]]:
    return [(twin.account, twin.home) for twin in pair(accounts, home=home, by_site=by_site).twins]


def test_one_site_in_two_crms_is_one_account_at_the_declared_home() -> None:
    assert twins(ACME, ACME_TOO) == [("7", "001A")]
    assert twins(ACME, ACME_TOO, home="hubspot") == [("001A", "7")]
    assert twins(ACME, ACME_TOO, by_site=False) == []


def test_a_site_that_stands_for_several_records_pairs_nothing_and_says_so() -> None:
    found = pair([ACME, ACME_TOO, Listed("001B", "salesforce", site="acme.com")], home="salesforce", by_site=True)
    assert (found.twins, found.doubtful) == ((), 3)


def test_subsidiaries_in_one_crm_alone_are_no_doubt() -> None:
    assert pair([ACME, Listed("001B", "salesforce", site="acme.com")], home="salesforce", by_site=True).doubtful == 0


def test_a_link_pairs_whatever_the_sites_say() -> None:
    linked = Listed("7", "hubspot", link="001B", site="acme.com")
    found = pair([ACME, Listed("001B", "salesforce"), linked], home="salesforce", by_site=True)
    assert found.twins == (Twin("7", "001B", "hubspot links it to 001B"),)


def test_a_salesforce_id_without_its_last_three_letters_links_as_well() -> None:
    whole = "001Qy00000AbCdEIAV"
    assert twins(Listed(whole, "salesforce"), Listed("7", "hubspot", link=whole[:15])) == [("7", whole)]
    assert twins(Listed(whole, "salesforce"), Listed("7", "hubspot", link=whole[:14])) == []


def test_a_link_within_one_crm_or_into_the_void_pairs_nothing() -> None:
    assert twins(Listed("7", "hubspot", link="8"), Listed("8", "hubspot"), Listed("9", "hubspot", link="001Z")) == []


@pytest.mark.parametrize("home", ["salesforce", "hubspot"])
def test_what_a_record_says_of_its_home_goes_before_the_declared_one(home: str) -> None:
    says = Listed("7", "hubspot", site="acme.com", home="hubspot")
    assert twins(ACME, says, home=home) == [("001A", "7")]
    assert twins(ACME, Listed("7", "hubspot", site="acme.com", home="elsewhere"), home="hubspot") == [("001A", "7")]


RECORDS = st.lists(
    st.builds(
        lambda number, crm, link, site, home: Listed(f"{crm[0]}{number}", crm, link, site, home),
        st.integers(0, 4),
        st.sampled_from(["salesforce", "hubspot"]),
        st.sampled_from(["", "s0", "s1", "s2", "h0", "h1", "h2"]),
        st.sampled_from(["", "acme.com", "bolt.com"]),
        st.sampled_from(["", "salesforce", "hubspot"]),
    ),
    unique_by=lambda one: one.id,
)


@given(RECORDS, st.randoms(use_true_random=False))
def test_no_account_has_two_homes_and_no_home_is_itself_a_twin(records: list[Listed], shuffle: object) -> None:
    found = pair(records, home="salesforce", by_site=True)
    crm = {one.id: one.crm for one in records}
    gone = {twin.account for twin in found.twins}
    assert len(gone) == len(found.twins)
    assert not gone & {twin.home for twin in found.twins}
    assert all(crm[twin.account] != crm[twin.home] for twin in found.twins)
    mixed = list(records)
    shuffle.shuffle(mixed)  # type: ignore[attr-defined] # random.Random has it
    assert pair(mixed, home="salesforce", by_site=True) == found
