"""From words to the tree, by recursive descent. Field and object names are not looked up here."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

from connectors.sandbox.soql.tokens import QueryError, Token, Word, tokenise, unquote
from connectors.sandbox.soql.tree import (
    All,
    Any,
    Call,
    Compare,
    Condition,
    Fields,
    In,
    Literal,
    Not,
    Order,
    Path,
    Select,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

MOST_CHARACTERS = 100_000
MOST_OFFSET = 2000
DEEPEST = 50
"""Levels of parentheses, NOTs and queries within queries."""
_CLAUSES = frozenset({"WHERE", "GROUP", "HAVING", "ORDER", "LIMIT", "OFFSET", "FOR", "USING", "WITH", "ALL", "UPDATE"})
_COMPARISONS = {"=": "=", "!=": "!=", "<>": "!=", "<": "<", "<=": "<=", ">": ">", ">=": ">="}
RELATIVE = frozenset(
    {"YESTERDAY", "TODAY", "TOMORROW", "LAST_90_DAYS", "NEXT_90_DAYS"}
    | {f"{when}_{unit}" for when in ("LAST", "THIS", "NEXT") for unit in ("WEEK", "MONTH", "QUARTER", "YEAR")}
)
COUNTED = frozenset(
    {f"{when}_N_{unit}" for when in ("LAST", "NEXT") for unit in ("DAYS", "WEEKS", "MONTHS", "QUARTERS", "YEARS")}
    | {f"N_{unit}_AGO" for unit in ("DAYS", "WEEKS", "MONTHS", "QUARTERS", "YEARS")}
)
AGGREGATES = frozenset({"COUNT", "COUNT_DISTINCT", "SUM", "AVG", "MIN", "MAX"})
FUNCTIONS = AGGREGATES | {"TOLABEL", "DAY_ONLY", "CALENDAR_YEAR", "CALENDAR_MONTH", "CALENDAR_QUARTER"}


def parse(text: str) -> Select:
    """The statement's tree. Raises QueryError with Salesforce's code and the place."""
    if len(text) > MOST_CHARACTERS:
        raise QueryError(
            "QUERY_TOO_COMPLICATED", f"SOQL statements cannot be longer than {MOST_CHARACTERS} characters."
        )
    parser = _Parser(text)
    select = parser.select()
    parser.expect_end()
    return select


class _Parser:
    def __init__(self, text: str) -> None:
        self.text, self.tokens, self.at, self.depth = text, tokenise(text), 0, 0

    # Words

    @property
    def token(self) -> Token:
        return self.tokens[self.at]

    def next(self) -> Token:
        token = self.token
        self.at += 1
        return token

    def is_word(self, *words: str) -> bool:
        return self.token.word is Word.NAME and self.token.upper in words

    def takes(self, *words: str) -> bool:
        """Steps over these words if they are all next."""
        ahead = self.tokens[self.at : self.at + len(words)]
        if [token.upper for token in ahead if token.word is not Word.STRING] != list(words):
            return False
        self.at += len(words)
        return True

    def expect(self, text: str) -> Token:
        if self.token.upper != text or self.token.word is Word.STRING:
            raise self.unexpected()
        return self.next()

    def expect_end(self) -> None:
        if self.token.word is not Word.END:
            raise self.unexpected()

    def unexpected(self) -> QueryError:
        token = self.token
        return QueryError("MALFORMED_QUERY", f"unexpected token: {_shown(token)}", self.text, token.at)

    def name(self) -> Token:
        if self.token.word is not Word.NAME:
            raise self.unexpected()
        return self.next()

    def number(self) -> int:
        if self.token.word is not Word.NUMBER or not self.token.text.isdigit():
            raise self.unexpected()
        return int(self.next().text)

    @contextmanager
    def deeper(self) -> Iterator[None]:
        self.depth += 1
        if self.depth > DEEPEST:
            raise QueryError(
                "QUERY_TOO_COMPLICATED", "Query is either selecting too many fields or is too deeply nested."
            )
        yield
        self.depth -= 1

    # Clauses

    def select(self) -> Select:
        with self.deeper():
            return self.clauses()

    def clauses(self) -> Select:
        self.expect("SELECT")
        columns = [self.column()]
        while self.takes(","):
            columns.append(self.column())
        self.expect("FROM")
        source = self.name()
        alias = self.alias()
        self.scope()
        where = self.condition() if self.takes("WHERE") else None
        self.security()
        group = self.group()
        having = self.condition() if self.takes("HAVING") else None
        order = self.order()
        limit = self.number() if self.takes("LIMIT") else None
        offset = self.offset()
        all_rows = self.tail()
        return Select(
            tuple(columns), source.text, alias, where, group, having, order, limit, offset, all_rows, source.at
        )

    def alias(self) -> str:
        self.takes("AS")
        if self.token.word is Word.NAME and self.token.upper not in _CLAUSES and "." not in self.token.text:
            return self.next().text
        return ""

    def scope(self) -> None:
        if self.takes("USING"):
            self.expect("SCOPE")
            self.name()

    def security(self) -> None:
        if self.takes("WITH"):
            self.name()

    def column(self) -> Path | Call | Fields | Select:
        if self.takes("("):
            inner = self.select()
            self.expect(")")
            return inner
        token = self.name()
        if self.token.text != "(":
            return Path(tuple(token.text.split(".")), token.at)
        if token.upper == "FIELDS":
            self.next()
            which = self.name()
            self.expect(")")
            return Fields(which.upper, which.at)
        call = self.call(token)
        if self.token.word is Word.NAME and not self.is_word("FROM"):
            return Call(call.function, call.argument, self.next().text, call.at)
        return call

    def call(self, token: Token) -> Call:
        if token.upper not in FUNCTIONS:
            raise QueryError("MALFORMED_QUERY", f"unexpected token: '{token.text}'", self.text, token.at)
        self.expect("(")
        argument = None
        if self.token.text != ")":
            inner = self.name()
            argument = Path(tuple(inner.text.split(".")), inner.at)
        elif token.upper != "COUNT":
            raise self.unexpected()
        self.expect(")")
        return Call(token.upper, argument, "", token.at)

    def field(self) -> Path | Call:
        token = self.name()
        return self.call(token) if self.token.text == "(" else Path(tuple(token.text.split(".")), token.at)

    def group(self) -> tuple[Path | Call, ...]:
        if not self.takes("GROUP"):
            return ()
        self.expect("BY")
        keys = [self.field()]
        while self.takes(","):
            keys.append(self.field())
        return tuple(keys)

    def order(self) -> tuple[Order, ...]:
        if not self.takes("ORDER"):
            return ()
        self.expect("BY")
        keys = [self.order_key()]
        while self.takes(","):
            keys.append(self.order_key())
        return tuple(keys)

    def order_key(self) -> Order:
        key = self.field()
        descending = self.takes("DESC")
        if not descending:
            self.takes("ASC")
        nulls_last = False
        if self.takes("NULLS"):
            nulls_last = self.takes("LAST")
            if not nulls_last:
                self.expect("FIRST")
        return Order(key, descending, nulls_last)

    def offset(self) -> int:
        if not self.takes("OFFSET"):
            return 0
        at, number = self.token.at, self.number()
        if number > MOST_OFFSET:
            message = (
                f"SOQL offset must be less than or equal to {MOST_OFFSET}: maximum SOQL offset allowed is {MOST_OFFSET}"
            )
            raise QueryError("NUMBER_OUTSIDE_VALID_RANGE", message, self.text, at)
        return number

    def tail(self) -> bool:
        all_rows = False
        while True:
            if self.takes("ALL", "ROWS"):
                all_rows = True
            elif self.takes("FOR") or self.takes("UPDATE"):
                self.name()
            else:
                return all_rows

    # Conditions

    def condition(self) -> Condition:
        first = self.negation()
        if self.is_word("AND"):
            return All(self.chain("AND", first))
        if self.is_word("OR"):
            return Any(self.chain("OR", first))
        return first

    def chain(self, word: str, first: Condition) -> tuple[Condition, ...]:
        parts = [first]
        while self.takes(word):
            parts.append(self.negation())
        # SOQL has no precedence between the two: mixing them without parentheses is an error.
        if self.is_word("AND", "OR"):
            raise self.unexpected()
        return tuple(parts)

    def negation(self) -> Condition:
        if self.takes("NOT"):
            with self.deeper():
                return Not(self.negation())
        if self.takes("("):
            with self.deeper():
                inner = self.condition()
            self.expect(")")
            return inner
        return self.comparison()

    def comparison(self) -> Condition:
        left = self.field()
        if self.takes("IN"):
            return In(left, self.choices(), negated=False)
        if self.is_word("NOT"):
            self.next()
            self.expect("IN")
            return In(left, self.choices(), negated=True)
        if self.takes("LIKE"):
            return Compare(left, "like", self.literal())
        op = _COMPARISONS.get(self.token.text)
        if op is None or self.token.word is not Word.SIGN:
            raise self.unexpected()
        self.next()
        return Compare(left, op, self.literal())

    def choices(self) -> tuple[Literal, ...] | Select:
        self.expect("(")
        if self.is_word("SELECT"):
            inner = self.select()
            self.expect(")")
            return inner
        values = [self.literal()]
        while self.takes(","):
            values.append(self.literal())
        self.expect(")")
        return tuple(values)

    def literal(self) -> Literal:
        token = self.next()
        match token.word:
            case Word.STRING:
                return Literal("string", unquote(token.text), token.at)
            case Word.NUMBER:
                return Literal("number", float(token.text), token.at)
            case Word.DATE | Word.DATETIME:
                return Literal(token.word.name.lower(), token.text, token.at)
            case Word.NAME:
                return self.named_literal(token)
            case _:
                self.at -= 1
                raise self.unexpected()

    def named_literal(self, token: Token) -> Literal:
        if token.upper in {"TRUE", "FALSE"}:
            return Literal("boolean", token.upper == "TRUE", token.at)
        if token.upper == "NULL":
            return Literal("null", None, token.at)
        if token.upper in RELATIVE:
            return Literal("relative", token.upper, token.at)
        if token.upper in COUNTED and self.takes(":"):
            return Literal("relative", f"{token.upper}:{self.number()}", token.at)
        self.at -= 1
        raise QueryError(
            "MALFORMED_QUERY",
            f"Bind variables only allowed in Apex code: unexpected token: '{token.text}'",
            self.text,
            token.at,
        )


def _shown(token: Token) -> str:
    return "'<EOF>'" if token.word is Word.END else f"'{token.text}'"
