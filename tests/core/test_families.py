"""Families: every account in one, whatever the parents say."""

from __future__ import annotations

import random
from typing import TYPE_CHECKING

from hypothesis import given
from hypothesis import strategies as st

from sync_worker.core.families import families, nearest_owner

if TYPE_CHECKING:
    from collections.abc import Mapping

IDS = st.sampled_from("abcdefghij")
FORESTS = st.dictionaries(IDS, st.none() | IDS | st.just("gone") | st.just(""), min_size=1)


def test_a_family_is_what_one_ultimate_parent_has_below_it() -> None:
    found = families({"group": None, "de": "group", "berlin": "de", "fr": "group", "alone": None})
    assert found.roots == {"group": "group", "de": "group", "berlin": "group", "fr": "group", "alone": "alone"}
    assert found.members == {"alone": ("alone",), "group": ("berlin", "de", "fr", "group")}
    assert list(found.ancestors("berlin")) == ["de", "group"]
    assert found.below("group") == ("de", "fr", "berlin")


def test_a_circle_is_reported_with_its_accounts_and_makes_one_family() -> None:
    found = families({"b": "c", "c": "a", "a": "b", "child": "c", "itself": "itself"})
    assert found.cycles == (("a", "b", "c"), ("itself",))
    assert found.members == {"a": ("a", "b", "c", "child"), "itself": ("itself",)}


def test_a_parent_that_no_account_is_is_named_with_its_children() -> None:
    found = families({"a": "gone", "b": "gone", "c": "a"})
    assert found.missing == {"gone": ("a", "b")}
    assert found.roots == {"a": "a", "b": "b", "c": "a"}


def test_a_declared_exception_stays_with_all_below_it() -> None:
    found = families({"group": None, "de": "group", "berlin": "de", "fr": "group"})
    assert found.below("group", apart={"de"}) == ("fr",)


def test_the_owner_comes_from_the_nearest_parent_in_the_region_else_from_the_ultimate_parent() -> None:
    found = families({"group": None, "emea": "group", "de": "emea", "berlin": "de", "tokyo": "emea"})
    regions = {"group": "US", "emea": "EMEA", "de": "EMEA", "berlin": "EMEA", "tokyo": "APAC"}
    owners = {"group": "ann", "emea": "eve"}
    assert (kin := nearest_owner(found, "berlin", regions, owners))
    assert (kin.account, kin.owner, kin.because) == ("emea", "eve", "the nearest parent in EMEA")
    assert (kin := nearest_owner(found, "tokyo", regions, owners))
    assert (kin.account, kin.owner, kin.because) == ("group", "ann", "the ultimate parent")
    assert nearest_owner(found, "group", regions, owners) is None


def test_two_accounts_without_a_region_are_not_in_the_same_one() -> None:
    found = families({"group": None, "de": "group", "berlin": "de"})
    assert (kin := nearest_owner(found, "berlin", {}, {"de": "eve", "group": "ann"}))
    assert kin.account == "group"


@given(FORESTS)
def test_every_account_is_in_exactly_one_family_and_the_order_of_rows_changes_nothing(
    parents: Mapping[str, str | None],
) -> None:
    found = families(parents)
    everyone = [account for members in found.members.values() for account in members]
    assert sorted(everyone) == sorted(parents)
    assert all(account in found.members[root] for account, root in found.roots.items())
    rows = list(parents.items())
    random.Random(len(rows)).shuffle(rows)  # noqa: S311 - an order, no secret
    assert families(dict(rows)) == found


@given(FORESTS)
def test_whoever_climbs_arrives_at_the_ultimate_parent(parents: Mapping[str, str | None]) -> None:
    found = families(parents)
    for account, root in found.roots.items():
        assert [account, *found.ancestors(account)][-1] == root
    for root, members in found.members.items():
        assert sorted([root, *found.below(root)]) == list(members)


@given(FORESTS)
def test_what_is_reported_as_a_circle_is_one_and_none_is_left_out(parents: Mapping[str, str | None]) -> None:
    found = families(parents)
    for circle in found.cycles:
        assert all(parents[one] == above for one, above in zip(circle, (*circle[1:], circle[0]), strict=True))
    in_circles = {account for circle in found.cycles for account in circle}
    for account in parents:
        above, steps = parents[account], 0
        while above and above != account and steps < len(parents):
            above, steps = parents.get(above), steps + 1
        assert (above == account) == (account in in_circles)


def test_a_chain_of_a_hundred_thousand_takes_no_time_worth_noting() -> None:
    chain: dict[str, str | None] = {f"{n:06}": f"{n - 1:06}" for n in range(1, 100_000)}
    chain["000000"] = None
    assert set(families(chain).roots.values()) == {"000000"}
