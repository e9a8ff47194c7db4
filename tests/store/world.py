"""A small world that changes at random: rules to choose from, and things that may happen to accounts and to time."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import TYPE_CHECKING, Any

from hypothesis import strategies as st
from sqlalchemy import delete

from connectors.port import Cursor, Page, Record, Ref, Stream, User
from rules import FieldInfo, Type, Vocabulary, load
from sync_worker.core.homes import Homes, Twin
from sync_worker.store import holds, ownership, records, schema, twins
from sync_worker.store.derivable import FactSettings
from sync_worker.store.holds import Hold
from sync_worker.store.upsert import upsert
from tests.store.crm import ENGAGEMENT, TOUCHES

if TYPE_CHECKING:
    from pathlib import Path

    from hypothesis.strategies import SearchStrategy
    from sqlalchemy import Connection

    from rules import Ruleset

START = datetime(2026, 11, 20, 9, 30, tzinfo=UTC)
HOME, OTHER = ("a", "b", "c", "d"), ("7", "8")
ACCOUNTS = (*HOME, *OTHER)
USERS = ("u1", "u2", "u9")
KINDS = ("meeting", "web_form", "call", "email")

CONDITIONS = """
days_since(last_touch) > 30
days_since(last_touch) > 9.5 or last_touch is empty
not days_since(last_engagement) <= 3
days_since(last_engagement) = 7
days_since(owned_since) < 30
days_since(owned_since) between 2 and 5
days_until(renewal_date) <= 14
days_until(renewal_date) <> 0
30 < days_since(renewal_date)
days_since(created_at) - 3 > days_since(last_touch)
days_since(coalesce(last_touch, created_at)) >= 10
days_since(created_at) in (3, 33)
days_until(resting_until) > 2
days_until(held_until) < 20
days_since(created_at) / 7 >= 5
last_touch < '2026-11-25'
touches(7) >= 2
touches(30) = 0
touches(90) < 3
engagement('meeting', 3) >= 0.5
engagement('meeting') > 0.25 and engagement('web_form', 30) < 2
engagement('web_form', 1) > engagement('meeting', 7)
intent('security') >= 60
intent('cloud') > 10 and intent('security') is empty
in_pool
not owner_active
owner_team = 'East'
is_customer
open_opportunities > 0 and open_amount >= 100
won_opportunities = 1
contacts > 1
crm = 'hubspot'
do_not_move
resting_until is empty
previous_owner = 'u2'
industry = 'Software' and employees > 100
""".strip().splitlines()

SCORES = """
  - id: halved
    max: 100
    parts:
      met: {max: 40, half_life: 3 days, terms: [{id: met, event: meeting, points: 10, because: x}]}
      less: {max: 20, half_life: 14 days, terms: [{id: form, event: web_form, points: -4, because: x}]}
      rest: {max: 40, terms: [{id: software, when: industry = 'Software', points: 25, because: x}]}
    tiers: {A: 30, B: 10, C: 0}
  - id: faded
    max: 60
    parts:
      line: {max: 30, linear: 10 days, terms: [{id: met, event: meeting, points: 5, because: x}]}
      long: {max: 30, linear: 90 days, terms: [{id: form, event: web_form, points: 3, because: x}]}
    tiers: {A: 20, B: 5, C: 0}
  - id: windowed
    max: 60
    parts:
      week: {max: 30, window: 7 days, terms: [{id: met, event: meeting, points: 5, because: x}]}
      day: {max: 30, window: 1 days, terms: [{id: form, event: web_form, points: 7, because: x}]}
    tiers: {A: 20, B: 5, C: 0}
  - id: scaled
    max: 50
    parts:
      age: {max: 25, terms: [{id: age, scale: days_since(last_touch), from: 60, to: 0, points: 25, because: x}]}
      size: {max: 25, terms: [{id: size, scale: employees, from: 10, to: 1000, points: 25, because: x}]}
    tiers: {A: 20, B: 5, C: 0}
"""
REST = """
segments:
  warmth:
    hot: engagement('meeting', 7) > 0.5
    worked: touches(14) > 0
    cold: otherwise
motions:
  renewal: is_customer and days_until(renewal_date) between 0 and 60
  new logo: otherwise
contacts:
  - id: champion
    max: 100
    parts:
      did: {max: 90, half_life: 7 days, terms: [{id: met, event: meeting, points: 10, because: x}]}
      titled: {max: 10, terms: [{id: t, when: has(title), points: 10, because: x}]}
protect:
  - {id: orphaned, when: not owner_active, because: x}
  - {id: wanted, when: intent('security') > 30 and employees > 100, because: x}
  - {id: resting, when: days_until(resting_until) > 2 or held_until is empty and previous_owner = 'u2', because: x}
  - {id: champions, when: contact_score('champion') > 12, because: x}
  - {id: warm, when: warmth = 'hot' and motion = 'renewal', because: x}
books:
  - id: kept
    model: fixed
    owner: previous_owner
    accounts: previous_owner is not empty and employees > 100
    reps: true
    capacity: 5
    rank: halved
    worked: {green: touches(7) > 0, amber: days_since(last_touch) < 30}
  - id: given
    accounts: true
    reps: true
    capacity: 5
    rank: halved
    balance: {measure: employees, weight: 1}
    workload: days_since(last_touch) + engagement('meeting', 3)
    affinity:
      - {id: soon, accounts: days_until(renewal_date) < 14, add: 1, because: x}
      - {id: same, same: {account: industry, rep: team}, add: 1, because: x}
    worked: {green: "engagement('meeting', 3) > 0.5"}
"""


def _fields(names: str, kind: Type) -> dict[str, FieldInfo]:
    return {name: FieldInfo(name, kind) for name in names.split()}


WORDS = Vocabulary(
    _fields("industry type crm owner_team previous_owner", Type.TEXT)
    | _fields("employees open_opportunities won_opportunities open_amount contacts", Type.NUMBER)
    | _fields("renewal_date created_at last_touch last_engagement owned_since held_until resting_until", Type.DATE)
    | _fields("in_pool owner_active is_customer do_not_move", Type.BOOLEAN),
    _fields("team", Type.TEXT),
    frozenset({"security", "cloud"}),
    frozenset(ENGAGEMENT),
    frozenset(TOUCHES),
    {"title": FieldInfo("title", Type.TEXT)},
)

SETTINGS = FactSettings(
    ("u9",), "box", {"security": "intent_security", "cloud": ""}, "intent_at", 28, ("salesforce", "hubspot")
)


@cache
def all_rules(folder: Path) -> Ruleset:
    """Every rule of this world, read once: rulesets are drawn from it."""
    protect = "".join(f'  - {{id: p{at}, when: "{text}", because: x}}\n' for at, text in enumerate(CONDITIONS))
    folder.mkdir()
    (folder / "drawn.yaml").write_text(f"version: 1\nscores:{SCORES}protect:\n{protect}")
    (folder / "rest.yaml").write_text(f"version: 1\n{REST}")
    return load(folder, WORDS)


@st.composite
def rulesets(draw: st.DrawFn, every: Ruleset) -> Ruleset:
    """Some of the rules; what reads the segments and the contacts, if these are there."""
    own = [rule for rule in every.protect if rule.id.startswith("p")]
    protect = draw(st.lists(st.sampled_from(own), max_size=6, unique=True))
    scores = draw(st.lists(st.sampled_from(every.scores), max_size=3, unique=True))
    more = draw(st.booleans())
    books = [book for book in every.books if draw(st.booleans())]
    kept = [rule for rule in every.protect if more and rule not in own]
    return replace(
        every,
        version=",".join(
            [*(rule.id for rule in protect), *(score.id for score in scores), *(book.id for book in books), str(more)]
        ),
        protect=(*protect, *kept),
        scores=tuple(scores),
        schemes=every.schemes if more else (),
        contacts=every.contacts if more else (),
        books=tuple(books),
    )


@dataclass
class World:
    """What is so now. ``tx`` is the transaction in which all of it happens, and which is undone in the end."""

    tx: Connection
    now: datetime = START
    settings: FactSettings = SETTINGS
    touches: tuple[str, ...] = TOUCHES
    cycle: int = 1
    shown: dict[Ref, Record] = field(default_factory=dict)
    """The latest of each record."""

    def save(self, made: Record, *, full: bool = False) -> None:
        """Bring a record as a pull does."""
        stream, crm = made.ref.stream, "hubspot" if made.ref.id.lstrip("ox")[:1].isdigit() else "salesforce"
        page = Page((replace(made, modified=self.now),), Cursor("c"), full=full)
        saved = records.save_page(
            self.tx, crm, stream, page, cycle=self.cycle, now=self.now, touches=self.touches, engagement=ENGAGEMENT
        )
        ownership.notice(self.tx, saved.owners, now=self.now, hold_days=5)
        self.shown[made.ref] = made

    def ago(self, seconds: int) -> datetime:
        """So long ago."""
        return self.now - timedelta(seconds=seconds)


Step = Callable[[World], None]
"""Something that happens."""

DAY = 86_400
ids = st.sampled_from(ACCOUNTS)
_ages = st.one_of(st.integers(0, 3 * DAY), st.integers(0, 40).map(lambda days: days * DAY), st.integers(0, 400 * DAY))


def stamp(at: datetime) -> str:
    return at.strftime("%Y-%m-%dT%H:%M:%SZ")


def _account(id_: str, fields: dict[str, Any], ages: list[int], *, deleted: bool, full: bool) -> Step:
    def happen(world: World) -> None:
        dates = {
            "created_at": stamp(world.ago(ages[0])),
            "renewal_date": stamp(world.ago(-ages[1]))[:10],
            "intent_at": stamp(world.ago(ages[2]))[:10],
        }
        made = {name: value for name, value in {**fields, **dates}.items() if value is not None}
        world.save(Record(Ref(Stream.ACCOUNTS, id_), {"name": id_, **made}, world.now, deleted=deleted), full=full)

    return happen


def _drawn(which: SearchStrategy[str], *, sound: bool) -> SearchStrategy[Step]:
    odd = [] if sound else [float("nan")]  # sets the record aside
    fields = {
        "owner": st.sampled_from([*USERS, None]),
        "industry": st.sampled_from(["Software", "Bank", None]),
        "employees": st.sampled_from([5, 150, 2_000.5, None, *odd]),
        "type": st.sampled_from(["Customer", "Prospect", None]),
        "intent_security": st.sampled_from([0, 33.333_333_33, 61, 140, None]),
        "box": st.sampled_from([True, False, None]),
    }
    ages, deleted = st.lists(_ages, min_size=3, max_size=3), st.sampled_from([False, False, False, not sound])
    return st.builds(_account, which, st.fixed_dictionaries(fields), ages, deleted=deleted, full=st.booleans())


accounts = _drawn(ids, sound=False)


def _merge(loser: str, winner: str) -> Step:
    def happen(world: World) -> None:
        fields = world.shown.get(Ref(Stream.ACCOUNTS, loser), Record(Ref(Stream.ACCOUNTS, loser), {}, world.now)).fields
        merged = None if loser == winner else winner
        world.save(
            Record(Ref(Stream.ACCOUNTS, loser), fields, world.now, deleted=merged is not None, merged_into=merged)
        )

    return happen


merges: SearchStrategy[Step] = st.builds(_merge, st.sampled_from(HOME), st.sampled_from(HOME))


def _activity(at: int, account: str, kind: str, age: int, contact: int | None, *, state: str) -> Step:  # noqa: PLR0913 - drawn
    def happen(world: World) -> None:
        fields: dict[str, Any] = {
            "account": account,
            "kind": kind,
            "at": stamp(world.ago(age)),
            "done": state != "open",
            "owner": "u1",
        }
        if contact is not None:
            fields["contact"] = f"x{contact}"
        world.save(
            Record(Ref(Stream.ACTIVITIES, f"o{account in OTHER:d}{at}"), fields, world.now, deleted=state == "deleted")
        )

    return happen


activities: SearchStrategy[Step] = st.builds(
    _activity,
    st.integers(0, 9),
    ids,
    st.sampled_from(KINDS),
    _ages,
    st.sampled_from([None, 1, 2]),
    state=st.sampled_from(["done", "done", "done", "open", "deleted"]),
)


def _hanging(stream: Stream, at: int, account: str | None, fields: dict[str, Any], *, deleted: bool) -> Step:
    def happen(world: World) -> None:
        made = {name: value for name, value in {"account": account, **fields}.items() if value is not None}
        world.save(Record(Ref(stream, f"x{at}"), made, world.now, deleted=deleted))

    return happen


_flags = st.sampled_from([True, False, None])
opportunities: SearchStrategy[Step] = st.builds(
    _hanging,
    st.just(Stream.OPPORTUNITIES),
    st.integers(0, 4),
    st.one_of(ids, st.none()),
    st.fixed_dictionaries({"closed": _flags, "won": _flags, "amount": st.sampled_from([50, 120.5, None])}),
    deleted=st.sampled_from([False, False, True]),
)
contacts: SearchStrategy[Step] = st.builds(
    _hanging,
    st.just(Stream.CONTACTS),
    st.integers(0, 4),
    ids,
    st.fixed_dictionaries({"title": st.sampled_from(["Head", None])}),
    deleted=st.sampled_from([False, False, True]),
)


def _users(active: list[bool], teams: list[str | None]) -> Step:
    def happen(world: World) -> None:
        shown = [
            User(id_, on, can_own=True, fields={"name": id_, "team": team})
            for id_, on, team in zip(USERS, active, teams, strict=True)
        ]
        world.cycle += 1
        records.save_users(world.tx, "salesforce", shown[: 2 + active[0]], cycle=world.cycle, now=world.now)

    return happen


users: SearchStrategy[Step] = st.builds(
    _users,
    st.lists(st.booleans(), min_size=3, max_size=3),
    st.lists(st.sampled_from(["East", "West", None]), min_size=3, max_size=3),
)


def _held(id_: str, lasts: int, *, what: str) -> Step:
    def happen(world: World) -> None:
        until = world.ago(-lasts)
        match what:
            case "hold":
                holds.start(world.tx, Hold(id_, holds.PERSON, world.now, until, "x"))
            case "release":
                holds.release(world.tx, id_)
            case "rest":
                holds.start_rest(world.tx, id_, until, "x", "u2", world.now)
            case _:
                holds.end_rest(world.tx, id_)

    return happen


held: SearchStrategy[Step] = st.builds(
    _held, ids, _ages, what=st.sampled_from(["hold", "hold", "release", "rest", "rest", "end"])
)


def _signal(id_: str | None, source: str, topic: str, score: float, ages: tuple[int, int]) -> Step:
    def happen(world: World) -> None:
        _file(world)
        key = {"source": source, "key": f"{id_}.org", "topic": topic}
        told = {"score": score, "observed_at": world.ago(ages[0]), "expires_at": world.ago(-ages[1])}
        upsert(world.tx, schema.signal, [{**key, **told, "account_id": id_, "because": "", "digest": "f", "line": 1}])

    return happen


signals: SearchStrategy[Step] = st.builds(
    _signal,
    st.one_of(ids, st.none()),
    st.sampled_from(["x", "y"]),
    st.sampled_from(["security", "cloud"]),
    st.sampled_from([5.0, 66.666_666_66, 90.0]),
    st.tuples(_ages, _ages),
)


def _firmographic(id_: str, source: str, value: float | None) -> Step:
    def happen(world: World) -> None:
        _file(world)
        c = schema.firmographic.c
        if value is None:
            world.tx.execute(delete(schema.firmographic).where(c.account_id == id_, c.source == source))
            return
        row = {"source": source, "key": f"{id_}.org", "field": "employees", "value": value, "observed_at": world.now}
        upsert(world.tx, schema.firmographic, [{**row, "account_id": id_, "because": "", "digest": "f", "line": 1}])

    return happen


firmographics: SearchStrategy[Step] = st.builds(
    _firmographic, ids, st.sampled_from(["x", "y"]), st.sampled_from([7.0, 700.0, None])
)


def _file(world: World) -> None:
    row = {"digest": "f", "file": "f", "kind": "intent", "lines": 1, "bad": 0, "at": world.now}
    upsert(world.tx, schema.signal_file, [row])


def _twins(pairs: dict[str, str]) -> Step:
    def happen(world: World) -> None:
        found = tuple(Twin(account, home, "x") for account, home in sorted(pairs.items()))
        twins.keep(world.tx, Homes(found, 0), world.now)

    return happen


pairs: SearchStrategy[Step] = st.builds(_twins, st.dictionaries(st.sampled_from(OTHER), st.sampled_from(HOME[:2])))


def _clock(seconds: int) -> Step:
    def happen(world: World) -> None:
        world.now += timedelta(seconds=seconds)

    return happen


clocks: SearchStrategy[Step] = st.one_of(
    st.integers(0, 120),
    st.integers(0, 2 * DAY),
    st.integers(0, 40).map(lambda days: days * DAY),
    st.integers(0, 366 * DAY),
).map(_clock)
set_back: SearchStrategy[Step] = st.sampled_from([-60, -DAY // 2, -3 * DAY]).map(_clock)


def _set(settings: FactSettings, touches: tuple[str, ...]) -> Step:
    def happen(world: World) -> None:
        world.settings, world.touches = settings, touches

    return happen


choices: SearchStrategy[Step] = st.builds(
    _set,
    st.builds(
        lambda crms, combine, days: replace(SETTINGS, crms=crms, combine=combine, time_to_live_days=days),
        st.sampled_from([("salesforce", "hubspot"), ("salesforce",)]),
        st.sampled_from(["highest", "average", "latest"]),
        st.sampled_from([3, 28]),
    ),
    st.sampled_from([TOUCHES, ("call", "web_form")]),
)


def _gone(stream: Stream) -> Step:
    def happen(world: World) -> None:
        """A full pull that shows only the first half of the stream's records."""
        world.cycle += 1
        of_stream = [made for ref, made in sorted(world.shown.items()) if ref.stream is stream and not made.deleted]
        for made in of_stream[: (len(of_stream) + 1) // 2]:
            world.save(made, full=True)
        records.delete_unseen(world.tx, "salesforce", stream, world.cycle, world.now)

    return happen


gone: SearchStrategy[Step] = st.builds(_gone, st.sampled_from([Stream.ACCOUNTS, Stream.ACTIVITIES, Stream.CONTACTS]))

_often = (accounts, activities, clocks)
_sometimes = (opportunities, contacts, users, users, held, signals, firmographics, merges, pairs, gone)
# What has everything made anew is rare: it would leave little to be found.
# (one_of would take each of them once.)
happenings: SearchStrategy[Step] = st.sampled_from([*_often * 5, *_sometimes * 2, set_back, choices]).flatmap(
    lambda each: each
)
beginnings: SearchStrategy[list[Step]] = st.tuples(
    st.tuples(*(_drawn(st.just(id_), sound=True) for id_ in ACCOUNTS)),
    st.lists(st.one_of(pairs, merges, held, signals, firmographics, contacts, opportunities), max_size=4),
    st.lists(activities, max_size=6),
    users.map(lambda one: [one]),
).map(lambda groups: [step for group in groups for step in group])
