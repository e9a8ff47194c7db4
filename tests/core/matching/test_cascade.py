"""What comes from outside finds its account by id, host or registered domain, or is told why it does not."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sync_worker.core.matching import AMBIGUOUS, Known, Match, Sought, host_of, match, site_of

HOSTS = {
    "acme.com": "acme.com",
    "https://user@www.Acme.com:8080/path?x#y": "acme.com",
    "//acme.com": "acme.com",
    "http:\\\\acme.com\\x": "",
    "acme.com.": "acme.com",
    "info@acme.com": "acme.com",
    "mailto:info@acme.com": "acme.com",
    " ACME.COM/ ": "acme.com",
    "www.com": "www.com",
    "www.www.acme.com": "acme.com",
    "https://www.müller.de": "xn--mller-kva.de",
    "xn--mller-kva.de": "xn--mller-kva.de",
    "1.2.3.4": "",
    "http://[::1]/": "",
    "localhost": "",
    "acme": "",
    "acme..com": "",
    "-acme.com": "",
    "a b.com": "",
    "acme.com, beta.com": "",
    "\0acme.com": "",
    f"{'a' * 64}.com": "",
    f"{'a.' * 200}com": "",
    "": "",
}
"""Address, host."""


@pytest.mark.parametrize("address", HOSTS)
def test_the_host_of_an_address(address: str) -> None:
    assert host_of(address) == HOSTS[address]


SITES = {
    "shop.acme.co.uk": "acme.co.uk",
    "https://www.acme.com/about": "acme.com",
    "one.github.io": "one.github.io",
    "co.uk": "",
    "gmail.com": "",
    "mail.yahoo.co.jp": "",
    "de.linkedin.com/company/acme": "",
    "acme.example": "acme.example",
}
"""Address, registered domain."""


@pytest.mark.parametrize("address", SITES)
def test_the_site_of_an_address(address: str) -> None:
    assert site_of(address) == SITES[address]


def account(id_: str, *hosts: str, of: str = "", child: bool = False) -> Known:
    """A record; ``of``: the account whose twin it is."""
    return Known(id_, of or id_, hosts, child)


def found(sought: Sought, *known: Known, **merged: str) -> Match:
    """The match of one, as far as its account and reason."""
    return bare(match([sought], known, merged)[sought])


def bare(whole: Match) -> Match:
    """Which account, and why."""
    return Match(whole.account, whole.because)


def test_an_id_finds_its_account() -> None:
    assert found(Sought("a"), account("a"), account("b")) == Match("a", "id a")


def test_an_id_that_nobody_has_says_so() -> None:
    assert found(Sought("z"), account("a")) == Match(None, "no account has the id z")


def test_the_id_of_a_merged_account_finds_the_one_that_lives_on() -> None:
    assert found(Sought("a"), account("b"), a="b") == Match("b", "id a, merged into b")


def test_the_id_of_a_twin_finds_its_home() -> None:
    assert found(Sought("7"), account("a"), account("7", of="a")) == Match("a", "id 7, a record of a")


def test_the_same_host_goes_before_the_same_site() -> None:
    known = (account("a", "acme.com"), account("b", "de.acme.com"))
    assert found(Sought(host="de.acme.com"), *known) == Match("b", "website de.acme.com")
    assert found(Sought(host="acme.com"), *known) == Match("a", "website acme.com")


def test_another_host_of_the_site_finds_it() -> None:
    assert found(Sought(host="shop.acme.com"), account("a", "acme.com")) == Match("a", "domain acme.com")
    assert found(Sought(host="acme.com"), account("a", "eu.shop.acme.com")) == Match("a", "domain acme.com")


def test_two_hosters_pages_are_two_sites() -> None:
    assert found(Sought(host="one.github.io"), account("a", "two.github.io")).account is None


@pytest.mark.parametrize("host", ["gmail.com", "linkedin.com", "co.uk"])
def test_what_many_share_finds_nobody(host: str) -> None:
    assert found(Sought(host=host), account("a", host)) == Match(None, f"{host} tells no two companies apart")


def test_of_several_accounts_of_one_site_the_only_one_without_a_parent_is_meant() -> None:
    known = (account("a", "acme.com"), account("b", "acme.com", child=True), account("c", "acme.com", child=True))
    because = "website acme.com, which 3 accounts have and only this one has no parent"
    assert found(Sought(host="acme.com"), *known) == Match("a", because)


@pytest.mark.parametrize("children", [True, False])
def test_where_no_single_one_is_meant_it_is_nobody_s(children: bool) -> None:  # noqa: FBT001 - pytest gives it
    known = [account(id_, "acme.com", child=children) for id_ in "dcba"]
    match_ = found(Sought(host="acme.com"), *known)
    assert match_ == Match(None, "ambiguous: 4 accounts have the website acme.com: a, b, c, …")
    assert match_.ambiguous


def test_an_account_and_its_twin_are_one() -> None:
    known = (account("a", "acme.com"), account("7", "acme.com", of="a"))
    assert found(Sought(host="acme.com"), *known) == Match("a", "website acme.com")


def test_no_match_is_not_ambiguous() -> None:
    assert not found(Sought(host="acme.com")).ambiguous
    assert not found(Sought("a"), account("a")).ambiguous


SOUGHT = st.one_of(
    st.sampled_from("abc").map(Sought),
    st.sampled_from(["acme.com", "x.acme.com", "y.acme.com", "beta.co.uk", "gmail.com"]).map(lambda h: Sought(host=h)),
)
KNOWN = st.builds(
    lambda id_, hosts, child: Known(id_, id_, tuple(hosts), child),
    st.sampled_from("abcdef"),
    st.lists(st.sampled_from(["acme.com", "x.acme.com", "z.acme.com", "beta.co.uk", "gmail.com"]), max_size=2),
    st.booleans(),
)


@given(
    sought=st.lists(SOUGHT, unique=True, max_size=6),
    known=st.lists(KNOWN, max_size=6, unique_by=lambda one: one.id),
    data=st.data(),
)
def test_neither_the_order_of_accounts_nor_what_else_is_sought_matters(
    sought: list[Sought], known: list[Known], data: st.DataObject
) -> None:
    at_once = {one: bare(whole) for one, whole in match(sought, known, {}).items()}
    shuffled = data.draw(st.permutations(known))
    assert at_once == {one: found(one, *shuffled) for one in sought}
    for one in at_once.values():
        assert one.because
        assert one.ambiguous == (one.account is None and one.because.startswith(AMBIGUOUS))


@given(st.text(max_size=80))
def test_any_text_has_a_host_or_none(text: str) -> None:
    host = host_of(text)
    assert host == host_of(host)
    assert host.isascii()
    assert site_of(text) == site_of(host)
