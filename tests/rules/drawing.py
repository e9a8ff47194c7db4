"""Strategies that draw conditions, each with its meaning beside it, in the words of a small org."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from hypothesis import strategies as st

from rules import FieldInfo, Type, Vocabulary
from tests.rules import reference
from tests.rules.reference import Said, quoted

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from hypothesis.strategies import SearchStrategy

TEXTS = ("US", "us", "GB", "NO", "Ünïted", "O'Neil", "100%", "a_b", "back\\slash", "日本", "🚀", "Z", "a:b", "02139")
NUMBERS = (0.0, 1.0, -1.0, 2.5, 60.0, 1000.0, 99.999, 1e12, -0.25, 5.0, 30.0, 1e19, 1e-12, 14.0)
DAYS = ("2026-11-22", "2026-11-21", "2026-11-23", "2026-10-23", "2024-02-29", "1970-01-01", "2100-12-31")
MOMENTS = ("2026-11-22T00:00:00Z", "2026-11-22T23:59:59Z", "2026-08-24T07:15:00Z")
MANY = (
    "US",
    "US;GB",
    " US ; a:b",
    "us|Z",
    "O'Neil|日本",
    ";",
    "|US",
    "Z  Z;US",
    "USA",
    "a_b;;Z Z ",
    "🚀",
    "02139;2139",
)
"""Texts that hold several values."""
ACCOUNT: dict[str, tuple[Type, Sequence[Any]]] = {
    **dict.fromkeys(("country", "industry"), (Type.TEXT, TEXTS)),
    "products": (Type.TEXT, MANY),
    **dict.fromkeys(("employees", "revenue", "limit"), (Type.NUMBER, NUMBERS)),
    **dict.fromkeys(("is_customer", "in_pool"), (Type.BOOLEAN, (True, False))),
    **dict.fromkeys(("created_at", "last_touch", "owned_since"), (Type.DATE, DAYS + MOMENTS)),
}
REP: dict[str, tuple[Type, Sequence[Any]]] = {
    **dict.fromkeys(("team", "title"), (Type.TEXT, TEXTS)),
    **dict.fromkeys(("capacity", "tenure"), (Type.NUMBER, (0.0, 1.0, 2.5, 60.0, 1000.0, 99.999))),
    "languages": (Type.TEXT, MANY),
    "certified": (Type.BOOLEAN, (True, False)),
    "hired_on": (Type.DATE, DAYS + MOMENTS),
}
CONTACT: dict[str, tuple[Type, Sequence[Any]]] = {
    "title": (Type.TEXT, TEXTS),
    "skills": (Type.TEXT, MANY),
    "age": (Type.NUMBER, NUMBERS),
    "subscribed": (Type.BOOLEAN, (True, False)),
    "met_on": (Type.DATE, DAYS + MOMENTS),
}
POOLS = {name: pool for name, (_, pool) in ACCOUNT.items()}
REP_POOLS = {name: pool for name, (_, pool) in REP.items()}
CONTACT_POOLS = {name: pool for name, (_, pool) in CONTACT.items()}
VOCABULARY = Vocabulary(
    {name: FieldInfo(name, kind) for name, (kind, _) in ACCOUNT.items()},
    {name: FieldInfo(name, kind) for name, (kind, _) in REP.items()} | {"email": FieldInfo("email", Type.TEXT)},
    frozenset({"cloud"}),
    frozenset({"meeting", "web_form"}),
    contact={name: FieldInfo(name, kind) for name, (kind, _) in CONTACT.items()},
)
HOME = ("US", "O'Neil", "日本")
TARGETS = ("a:b", "02139", "back\\slash", "🚀")
HELD = ("US", "Z Z", "us", "O'Neil", "日本", "a:b", "02139", "🚀", "a_b", "U")
"""What texts of several values may be asked for."""
LISTS: Mapping[str, Sequence[str]] = {"home": HOME, "targets": TARGETS}
"""Lists that every drawn folder has."""

texts = st.sampled_from(TEXTS).map(lambda text: Said(quoted(text), lambda _: text))
figures = st.sampled_from((0, 1, 5, 14, 30, 60, 90, 2.5, 1000, 25000, 0.5)).map(
    lambda n: Said(f"{n}", lambda _: float(n))
)
spans = st.tuples(figures, figures).map(lambda pair: sorted(pair, key=lambda said: said.means({})))
dates = st.sampled_from(DAYS).map(lambda text: Said(quoted(text), lambda _: reference.day(text)))
signs = st.sampled_from(("=", "<>", "!=", "<", "<=", ">", ">="))
patterns = st.sampled_from(
    ("U%", "%s", "_S", "%", "ünï%", "100\\%", "a\\_b", "%\\\\%", "o'neil", "__", "%A%", "🚀", "%:%")
)
yes_no = (Said("true", lambda _: True), Said("false", lambda _: False))


@dataclass(frozen=True)
class Words:
    """What the conditions of one place may name."""

    texts: Sequence[str]
    numbers: Sequence[str]
    truths: Sequence[str]
    dates: Sequence[str]
    counts: Sequence[SearchStrategy[Said]] = ()
    """What is counted from events, touches, intent and contacts."""

    many: str = ""
    """A field that holds several values in a text."""

    def also(self, texts: Sequence[str] = (), numbers: Sequence[str] = ()) -> Words:
        """With the outputs of tables and schemes."""
        return replace(self, texts=(*self.texts, *texts), numbers=(*self.numbers, *numbers))

    # values

    def text_values(self) -> SearchStrategy[Said]:
        fields = st.sampled_from(self.texts).map(reference.text_field)
        return st.one_of(
            fields,
            fields.map(reference.lower),
            st.builds(reference.coalesce, fields, texts),
            st.builds(reference.coalesce, fields, fields.map(reference.lower), texts),
        )

    def date_values(self) -> SearchStrategy[Said]:
        fields = st.sampled_from(self.dates).map(reference.date_field)
        return st.one_of(fields, st.builds(reference.coalesce, fields, fields))

    def day_counts(self) -> SearchStrategy[Said]:
        return st.builds(reference.days, st.sampled_from(("days_since", "days_until")), self.date_values())

    def plain_numbers(self) -> SearchStrategy[Said]:
        fields = st.sampled_from(self.numbers).map(reference.number_field)
        return st.one_of(fields, *self.counts, self.day_counts(), st.builds(reference.coalesce, fields, figures))

    def numeric(self) -> SearchStrategy[Said]:
        plain = self.plain_numbers()
        return st.one_of(
            plain,
            st.builds(reference.arithmetic, plain, st.sampled_from("+-*/"), st.one_of(plain, figures)),
            plain.map(reference.negative),
        )

    # conditions

    def atoms(self) -> SearchStrategy[Said]:
        plain, numbers, counts = self.plain_numbers(), self.numeric(), self.day_counts()
        texts_, dates_ = self.text_values(), self.date_values()
        truths = st.sampled_from(self.truths)
        flags = truths.map(reference.text_field)
        lists = [(name, list(found)) for name, found in LISTS.items()]
        many = st.just(reference.text_field(self.many))
        held = st.one_of(many, many, many.map(reference.lower), texts_)
        return st.one_of(
            st.builds(reference.comparison, texts_, signs, st.one_of(texts, texts_)),
            st.builds(reference.comparison, st.one_of(numbers, figures), signs, st.one_of(figures, numbers)),
            st.builds(reference.comparison, counts, signs, figures),
            st.builds(reference.comparison, figures, signs, counts),
            st.builds(reference.comparison, dates_, signs, st.one_of(dates, dates_)),
            st.builds(
                reference.comparison, flags, st.sampled_from(("=", "<>")), st.one_of(st.sampled_from(yes_no), flags)
            ),
            st.builds(
                lambda value, ends, no: reference.between(value, ends[0], ends[1], no), numbers, spans, st.booleans()
            ),
            st.builds(reference.between, dates_, dates_, dates_, st.booleans()),
            st.builds(reference.membership, texts_, st.lists(texts, min_size=1, max_size=4), st.booleans()),
            st.builds(reference.membership, plain, st.lists(figures, min_size=1, max_size=4), st.booleans()),
            st.builds(reference.membership, dates_, st.lists(dates, min_size=1, max_size=4), st.booleans()),
            st.builds(
                lambda value, found, negated: reference.member_of(value, *found, negated=negated),
                texts_,
                st.sampled_from(lists),
                st.booleans(),
            ),
            st.builds(reference.like, texts_, patterns, st.booleans()),
            st.builds(reference.emptiness, st.one_of(texts_, numbers, dates_, flags), st.booleans()),
            st.one_of(texts_, plain).map(reference.has),
            st.builds(reference.includes, held, st.lists(st.sampled_from(HELD), min_size=1, max_size=3)),
            st.builds(lambda value, found: reference.includes_any(value, *found), held, st.sampled_from(lists)),
            truths.map(reference.truth),
            st.just(yes_no[0]),
        )

    def conditions(self, most: int = 6) -> SearchStrategy[Said]:
        return st.recursive(
            self.atoms(),
            lambda inner: st.one_of(
                inner.map(reference.opposite),
                st.builds(reference.joined, st.sampled_from(("and", "or")), st.lists(inner, min_size=2, max_size=3)),
            ),
            max_leaves=most,
        )


def _said(text: str, means: Any) -> SearchStrategy[Said]:
    return st.just(Said(text, means))


best_contacts = _said("contact_score('persona')", lambda row: row["contacts"]["persona"])
counts = (
    _said("intent('cloud')", lambda row: row["intent"]["cloud"]),
    _said("engagement('meeting')", lambda row: reference.halved(row, "meeting", 14)),
    _said("engagement('web_form', 7)", lambda row: reference.halved(row, "web_form", 7)),
    _said("events('meeting', 30)", lambda row: reference.within(row, "meeting", 30)),
    _said("events('web_form', 7)", lambda row: reference.within(row, "web_form", 7)),
    best_contacts,
    _said("touches(30)", lambda row: reference.touched(row, 30)),
    _said("touches(90)", lambda row: reference.touched(row, 90)),
)
FACTS = Words(
    texts=("country", "industry"),
    numbers=("employees", "revenue", "limit"),
    truths=("is_customer", "in_pool"),
    dates=("created_at", "last_touch", "owned_since"),
    counts=counts,
    many="products",
)
PEOPLE = Words(("team", "title"), ("capacity", "tenure"), ("certified",), ("hired_on",), many="languages")
HUMANS = Words(("title",), ("age",), ("subscribed",), ("met_on",), many="skills")
