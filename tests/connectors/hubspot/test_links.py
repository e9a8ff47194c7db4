"""What a reply says of associations: of some records where they lead, of some that there are none, of some nothing."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from connectors.hubspot.replies import links_of
from connectors.port import BadReply
from tests.connectors.salesforce.scripted import Answer, Scripted

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tests.connectors.hubspot.conftest import Connect

IDS = ["1", "2", "3"]


def link(start: str, *ends: str, primary: str = "") -> dict[str, Any]:
    kinds = [{"category": "HUBSPOT_DEFINED", "typeId": 5}]
    labelled = [{"category": "HUBSPOT_DEFINED", "typeId": 6, "label": "Primary"}]
    found = [{"toObjectId": end, "associationTypes": labelled if end == primary else kinds} for end in ends]
    return {"from": {"id": start}, "to": found}


def none(*starts: str, category: str = "OBJECT_NOT_FOUND", key: str = "fromObjectId") -> dict[str, Any]:
    return {"category": category, "message": "No company is associated with it.", "context": {key: list(starts)}}


def reply(*results: dict[str, Any], errors: list[dict[str, Any]] | None = None) -> dict[str, Any]:
    told = {"errors": errors, "numErrors": len(errors)} if errors else {}
    return {"status": "COMPLETE", "results": list(results), **told}


def ask(connect: Connect, *replies: dict[str, Any]) -> tuple[Mapping[str, str], int]:
    """What comes of these replies in turn, and how many calls it took."""
    with Scripted(*(Answer(each) for each in replies)) as server:
        found = connect(server.url)._client.associations("deals", "companies", IDS)
        return found, len(server.asked)


def test_the_primary_end_counts_and_else_the_oldest() -> None:
    links = links_of(reply(link("1", "30", "9", primary="30"), link("2", "30", "9"), link("3")), IDS, "deals")
    assert (dict(links.ends), set(links.none), set(links.silent)) == ({"1": "30", "2": "9"}, {"3"}, set())


def test_a_record_named_in_an_error_has_none(connect: Connect) -> None:
    assert ask(connect, reply(link("1", "9"), errors=[none("2"), none("3")])) == ({"1": "9"}, 1)


def test_an_error_that_names_no_record_explains_any(connect: Connect) -> None:
    assert ask(connect, reply(link("1", "9"), errors=[{"category": "OBJECT_NOT_FOUND"}])) == ({"1": "9"}, 1)


def test_where_no_record_is_ever_named_silence_that_lasts_means_none(connect: Connect) -> None:
    """The description of the newest version has no place for errors beside results."""
    assert ask(connect, reply(link("1", "9")), reply()) == ({"1": "9"}, 2)
    assert ask(connect, reply(link("1", "9")), reply(link("3", "8"))) == ({"1": "9", "3": "8"}, 2)


def test_where_one_is_named_silence_about_another_is_no_answer(connect: Connect) -> None:
    with pytest.raises(BadReply, match="say nothing of 1 of its records"):
        ask(connect, reply(link("1", "9"), errors=[none("2")]))
    with pytest.raises(BadReply, match="say nothing of 1 of its records"):
        ask(connect, reply(link("1", "9")), reply(errors=[none("2")]))


def test_another_error_is_no_answer(connect: Connect) -> None:
    with pytest.raises(BadReply, match="INTERNAL_ERROR"):
        ask(connect, reply(link("1", "9"), errors=[none("2", category="INTERNAL_ERROR")]))


@pytest.mark.parametrize(
    "result",
    [
        {},
        {"from": {}, "to": []},
        {"from": {"id": "1"}},
        {"from": {"id": "1"}, "to": [{}]},
        {"from": {"id": "1"}, "to": ["9"]},
        {"from": {"id": "1"}, "to": [{"toObjectId": "nine"}]},
    ],
    ids=["empty", "no start", "no ends", "an end without an id", "a text", "no number"],
)
def test_an_association_of_another_shape_is_a_bad_reply(connect: Connect, result: dict[str, Any]) -> None:
    with pytest.raises(BadReply, match="an association of deals does not say where"):
        ask(connect, reply(result))


def test_an_id_may_come_as_a_number(connect: Connect) -> None:
    numbers = {"from": {"id": 1}, "to": [{"toObjectId": 9, "associationTypes": []}]}
    assert ask(connect, reply(numbers, errors=[none("2", "3")])) == ({"1": "9"}, 1)
