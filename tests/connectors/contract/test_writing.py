"""What every connector promises of its writes: each is sent once, and each result says only what is known."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from connectors.port import LimitReached, NotPermitted, Outcome, Ref, Stream, Value, Write

if TYPE_CHECKING:
    from collections.abc import Iterator

    from connectors.port import Connector, WriteResult
    from tests.connectors.contract.harness import Breakage, Crm, Refusal


def refs(crm: Crm, count: int) -> list[Ref]:
    return [Ref(Stream.ACCOUNTS, each) for each in sorted(crm.ids(Stream.ACCOUNTS))[:count]]


def other_owner(crm: Crm, ref: Ref) -> str:
    return next(rep for rep in crm.reps() if rep != crm.value(ref, "owner"))


def owner_writes(crm: Crm, connector: Connector, chosen: list[Ref], **more: Value) -> list[Write]:
    """Changes of owner, with the versions of a fresh read."""
    records = {record.ref: record for record in connector.read(chosen, versions=True)}
    return [
        Write(f"w{place}", ref, {"owner": other_owner(crm, ref), **more}, records[ref].version)
        for place, ref in enumerate(chosen)
    ]


def score_writes(chosen: list[Ref], score: Value = 71) -> list[Write]:
    return [Write(f"w{place}", ref, {"score": score, "tier": "A"}) for place, ref in enumerate(chosen)]


def outcomes(results: list[WriteResult]) -> dict[str, Outcome]:
    assert len({result.id for result in results}) == len(results)
    return {result.id: result.outcome for result in results}


def gather(into: list[WriteResult], results: Iterator[WriteResult]) -> None:
    """Keep what came before an error, too."""
    for result in results:
        into.append(result)  # noqa: PERF402 - extend would lose them


@pytest.fixture(params=[False, True], ids=["usual", "other"])
def connector(crm: Crm, request: pytest.FixtureRequest) -> Connector:
    """Owner writes travel in one way or the other; the promises are the same."""
    return crm.connect(**(crm.other_settings() if request.param else {}))


def test_an_owner_write_takes_effect_once_with_all_its_fields(crm: Crm, connector: Connector) -> None:
    chosen = refs(crm, 30)
    writes = owner_writes(crm, connector, chosen, score=64, tier="B", reasons="Core industry")
    assert set(outcomes(list(connector.write(writes))).values()) == {Outcome.DONE}
    expected = [(write.ref, name, value) for write in writes for name, value in write.changes.items()]
    assert sorted(crm.effects(), key=str) == sorted(expected, key=str)


def test_an_owner_write_over_a_persons_change_is_a_conflict_or_shows_in_the_history(
    crm: Crm, connector: Connector
) -> None:
    """A CRM that compares versions writes nothing. One that does not overwrites, and its history tells of both."""
    chosen = refs(crm, 3)
    writes = owner_writes(crm, connector, chosen)
    before, ours = crm.value(chosen[1], "owner"), writes[1].changes["owner"]
    theirs = next(rep for rep in crm.reps() if rep not in {before, ours})
    crm.edit(chosen[1], owner=theirs)
    results = outcomes(list(connector.write(writes)))
    assert results == {"w0": Outcome.DONE, "w1": results["w1"], "w2": Outcome.DONE}
    (history,) = connector.history([chosen[1]], "owner")
    steps = [(change.before, change.after) for change in history.changes if change.before is not None]
    if connector.conditional:
        assert results["w1"] is Outcome.CONFLICT
        assert {ref for ref, _, _ in crm.effects()} == {chosen[0], chosen[2]}
        assert steps == [(before, theirs)]
    else:
        assert results["w1"] is Outcome.DONE
        assert steps == [(before, theirs), (theirs, ours)]


def test_the_same_owner_write_sent_twice_takes_effect_once(crm: Crm, connector: Connector) -> None:
    """Where there are versions, its own first effect has moved it, so a repeat cannot land on anything newer."""
    writes = owner_writes(crm, connector, refs(crm, 1))
    again = Outcome.CONFLICT if connector.conditional else Outcome.DONE
    assert outcomes(list(connector.write(writes))) == {"w0": Outcome.DONE}
    assert outcomes(list(connector.write(writes))) == {"w0": again}
    assert len(crm.effects()) == 1


@pytest.mark.parametrize(
    ("refusal", "outcome"),
    [("busy", Outcome.BUSY), ("failed", Outcome.FAILED), ("gone", Outcome.GONE), ("inactive owner", Outcome.FAILED)],
)
def test_a_refused_owner_write_says_why_and_leaves_the_others_alone(
    crm: Crm, connector: Connector, refusal: Refusal, outcome: Outcome
) -> None:
    chosen = refs(crm, 3)
    writes = owner_writes(crm, connector, chosen)
    if refusal == "inactive owner":
        writes[1] = Write("w1", chosen[1], {"owner": crm.inactive_user()}, writes[1].version)
    if refusal == "gone":
        crm.delete(chosen[1])
    else:
        crm.refuse(chosen[1], refusal)
    results = list(connector.write(writes))
    assert outcomes(results) == {"w0": Outcome.DONE, "w1": outcome, "w2": Outcome.DONE}
    assert next(result for result in results if result.id == "w1").code
    assert {ref for ref, _, _ in crm.effects()} == {chosen[0], chosen[2]}


@pytest.mark.parametrize("breakage", ["reset before", "lost reply", "error page", "server error"])
def test_a_broken_owner_write_leaves_its_rows_unknown_and_is_never_sent_again(crm: Crm, breakage: Breakage) -> None:
    connector = crm.connect()
    chosen = refs(crm, 3)
    writes = owner_writes(crm, connector, chosen)
    broken = chosen[: crm.owner_rows_a_call]
    crm.break_write(breakage, owner=True)
    crm.reset_calls()
    results = outcomes(list(connector.write(writes)))
    assert results == {write.id: Outcome.UNKNOWN if write.ref in broken else Outcome.DONE for write in writes}
    assert crm.calls() == 1 + len(chosen) - len(broken)
    landed = {ref for ref, _, _ in crm.effects()}
    assert landed == (set(chosen) if breakage == "lost reply" else set(chosen) - set(broken))


def test_an_owner_write_without_a_version_is_refused_wherever_versions_exist(crm: Crm, connector: Connector) -> None:
    chosen = refs(crm, 2)
    writes = owner_writes(crm, connector, chosen[:1])
    bare = Write("bare", chosen[1], {"owner": other_owner(crm, chosen[1])})
    if not connector.conditional:
        assert set(outcomes(list(connector.write([*writes, bare]))).values()) == {Outcome.DONE}
        return
    with pytest.raises(ValueError, match="without a version"):
        list(connector.write([*writes, bare]))
    assert crm.effects() == []


@pytest.mark.parametrize(
    ("changes", "error"),
    [({"colour": "red"}, ValueError), ({}, ValueError), ({"score": float("nan")}, ValueError),
     ({"created_at": "2026-11-04T10:00:00Z"}, NotPermitted)],
)  # fmt: skip
def test_a_write_that_cannot_be_meant_is_refused_before_anything_is_sent(
    crm: Crm, changes: dict[str, Value], error: type[Exception]
) -> None:
    connector = crm.connect()
    chosen = refs(crm, 2)
    with pytest.raises(error):
        list(connector.write([*score_writes(chosen[:1]), Write("odd", chosen[1], changes)]))
    assert crm.effects() == []


def test_field_writes_take_effect_once_each(crm: Crm) -> None:
    connector = crm.connect()
    chosen = refs(crm, 60)
    results = outcomes(list(connector.write(score_writes(chosen))))
    assert set(results.values()) == {Outcome.DONE}
    expected = [(ref, name, value) for ref in chosen for name, value in (("score", 71), ("tier", "A"))]
    assert sorted(crm.effects(), key=str) == sorted(expected, key=str)


def test_a_none_clears_a_field(crm: Crm) -> None:
    connector = crm.connect()
    (ref,) = refs(crm, 1)
    list(connector.write(score_writes([ref])))
    assert outcomes(list(connector.write([Write("w", ref, {"score": None, "tier": None})]))) == {"w": Outcome.DONE}
    assert (crm.value(ref, "score"), crm.value(ref, "tier")) == (None, None)


def test_two_writes_of_one_record_both_take_effect_in_order(crm: Crm) -> None:
    connector = crm.connect()
    (ref,) = refs(crm, 1)
    writes = [Write("first", ref, {"score": 1}), Write("second", ref, {"score": 2})]
    assert outcomes(list(connector.write(writes))) == {"first": Outcome.DONE, "second": Outcome.DONE}
    assert [value for _, _, value in crm.effects()] == [1, 2]


@pytest.mark.parametrize(("refusal", "outcome"), [("busy", Outcome.BUSY), ("failed", Outcome.FAILED)])
def test_a_refused_field_write_says_why_and_leaves_the_others_alone(
    crm: Crm, refusal: Refusal, outcome: Outcome
) -> None:
    connector = crm.connect()
    chosen = refs(crm, 5)
    connector.describe()
    crm.refuse(chosen[2], refusal)
    results = outcomes(list(connector.write(score_writes(chosen))))
    assert results == {"w0": Outcome.DONE, "w1": Outcome.DONE, "w2": outcome, "w3": Outcome.DONE, "w4": Outcome.DONE}
    assert {ref for ref, _, _ in crm.effects()} == set(chosen) - {chosen[2]}


def test_a_field_write_to_a_deleted_record_is_gone(crm: Crm) -> None:
    connector = crm.connect()
    chosen = refs(crm, 3)
    crm.delete(chosen[0])
    results = outcomes(list(connector.write(score_writes(chosen))))
    assert results == {"w0": Outcome.GONE, "w1": Outcome.DONE, "w2": Outcome.DONE}


def test_a_value_that_the_crm_does_not_take_fails_alone(crm: Crm) -> None:
    connector = crm.connect()
    chosen = refs(crm, 4)
    writes = [*score_writes(chosen[:3]), Write("odd", chosen[3], {"tier": "Z"})]
    assert outcomes(list(connector.write(writes)))["odd"] is Outcome.FAILED
    assert {ref for ref, _, _ in crm.effects()} == set(chosen[:3])


def test_a_value_of_another_type_fails_alone_though_the_crm_refuses_the_whole_batch(crm: Crm) -> None:
    connector = crm.connect()
    chosen = refs(crm, 8)
    writes = [*score_writes(chosen[:7]), Write("odd", chosen[7], {"score": "high"})]
    results = outcomes(list(connector.write(writes)))
    assert results.pop("odd") is Outcome.FAILED
    assert set(results.values()) == {Outcome.DONE}
    assert {ref for ref, _, _ in crm.effects()} == set(chosen[:7])


@pytest.mark.parametrize("breakage", ["reset before", "lost reply", "error page", "server error", "cut reply"])
def test_a_broken_field_write_leaves_all_its_rows_unknown_and_is_never_sent_again(crm: Crm, breakage: Breakage) -> None:
    connector = crm.connect()
    connector.describe()
    chosen = refs(crm, 5)
    crm.break_write(breakage, owner=False)
    crm.reset_calls()
    results = outcomes(list(connector.write(score_writes(chosen))))
    assert set(results.values()) == {Outcome.UNKNOWN}
    assert crm.calls() == 1
    landed = {ref for ref, _, _ in crm.effects()}
    assert landed in (set(), set(chosen))
    if breakage == "lost reply":
        assert landed == set(chosen)


def test_rows_that_the_budget_does_not_reach_are_not_sent_and_have_no_result(crm: Crm) -> None:
    """Writes of one record travel in calls of their own, whatever else a call may carry."""
    connector = crm.connect()
    connector.describe()
    (ref,) = refs(crm, 1)
    writes = [Write(f"w{score}", ref, {"score": score}) for score in (1, 2, 3)]
    connector = crm.connect(calls_per_run=connector.budget().spent + 2)
    connector.describe()
    results: list[WriteResult] = []
    with pytest.raises(LimitReached):
        gather(results, connector.write(writes))
    assert outcomes(results) == {"w1": Outcome.DONE, "w2": Outcome.DONE}
    assert [value for _, _, value in crm.effects()] == [1, 2]


def test_writing_nothing_costs_nothing(crm: Crm, connector: Connector) -> None:
    crm.reset_calls()
    assert list(connector.write([])) == []
    assert crm.calls() == 0
