"""The gate before the parser: a condition's text cut into the few tokens of the grammar, or the reason why not.

Nothing is parsed here. The limits hold before any recursive code sees the text.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from itertools import pairwise, zip_longest

from sqlglot import Dialect
from sqlglot.errors import TokenError
from sqlglot.tokenizer_core import Token, TokenType

from rules.problems import nearest
from rules.traps import TYPOGRAPHIC

MAX_CHARACTERS = 4_000
MAX_NODES = 400
MAX_DEPTH = 32
FUNCTION_PREFIX = "rule__"
"""Before a function's name, so that the parser takes it for one that it does not know."""

DIALECT = Dialect.get_or_raise(None)

_WORDS = {
    "and": TokenType.AND,
    "or": TokenType.OR,
    "not": TokenType.NOT,
    "in": TokenType.IN,
    "like": TokenType.LIKE,
    "between": TokenType.BETWEEN,
    "is": TokenType.IS,
    "true": TokenType.TRUE,
    "false": TokenType.FALSE,
}
_COMPARISONS = {TokenType.EQ, TokenType.NEQ, TokenType.LT, TokenType.LTE, TokenType.GT, TokenType.GTE}
_ARITHMETIC = {TokenType.PLUS, TokenType.DASH, TokenType.STAR, TokenType.SLASH}
_SIGNS = _COMPARISONS | _ARITHMETIC | {TokenType.L_PAREN, TokenType.R_PAREN, TokenType.COMMA}
_VALUES = {TokenType.VAR, TokenType.STRING, TokenType.NUMBER, TokenType.TRUE, TokenType.FALSE}
_PREFIXES = {TokenType.NOT, TokenType.DASH, TokenType.L_PAREN}
_OPENS = _VALUES | _PREFIXES
_JOINS = _COMPARISONS | _ARITHMETIC | {_WORDS[word] for word in ("and", "or", "in", "like", "between", "is", "not")}
_JOINS |= {TokenType.COMMA, TokenType.R_PAREN}
_AFTER_NOT = {TokenType.IN, TokenType.LIKE, TokenType.BETWEEN}

_NUMBER = re.compile(r"[0-9]{1,15}(\.[0-9]{1,15})?", re.ASCII)
_NAME = re.compile(r"[^\W\d]\w*")
_UNREADABLE = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff\ud800-\udfff]")
_HINTS = {
    TokenType.SEMICOLON: ("';'", "a condition is one line of logic: join parts with 'and' or 'or'"),
    TokenType.DOT: ("'.'", "fields have one plain name; see 'fields' in the configuration"),
    TokenType.PERCENT: ("'%'", "it stands only inside the text of 'like'"),
    TokenType.DPIPE: ("'||'", "write 'or'"),
    TokenType.AMP: ("'&'", "write 'and'"),
    TokenType.DAMP: ("'&&'", "write 'and'"),
    TokenType.L_BRACKET: ("'['", "a list stands in round brackets: in ('US', 'GB')"),
}


@dataclass(frozen=True, slots=True)
class Fault:
    """What is wrong at an offset of the text, counted from 0."""

    offset: int
    message: str
    hint: str = ""


def tokens(text: str, functions: frozenset[str]) -> list[Token] | Fault:
    """The text's tokens, safe to hand to the parser; or the first thing in it that is none of the grammar's."""
    if fault := _unreadable(text):
        return fault
    try:
        found = _cut(text)
    except (TokenError, ValueError, OverflowError):
        return _unclosed(text)
    admitted: list[Token] = []
    for token in found:
        checked = _admitted(token, text)
        if isinstance(checked, Fault):
            return checked
        admitted.append(checked)
    fault = _oversize(admitted) or _called(admitted, functions) or _misplaced(admitted, text)
    return fault or _named(admitted)


def _cut(text: str) -> list[Token]:
    """The text's tokens, cut behind a bracket.

    At the start of a statement the tokenizer takes ``show`` or ``call`` for a command, and the rest for its text.
    """
    bracket, *found = DIALECT.tokenize(f"({text}")
    cut = [
        Token(each.token_type, each.text, each.line, each.col, each.start - 1, each.end - 1, each.comments)
        for each in found
    ]
    if bracket.comments and cut:
        cut[0].comments.extend(bracket.comments)
    return cut


def _unreadable(text: str) -> Fault | None:
    if not text.strip():
        return Fault(0, "the condition is empty", "write what must hold, such as: employees >= 100")
    if len(text) > MAX_CHARACTERS:
        return Fault(0, f"the condition has {len(text):,} characters, over {MAX_CHARACTERS:,}", "use a list or a table")
    if found := _UNREADABLE.search(text):
        return Fault(found.start(), f"the invisible character U+{ord(found[0]):04X} is not allowed", "delete it")
    return None


def _unclosed(text: str) -> Fault:
    """The tokenizer gave up: in a text this short only an open quote does that."""
    opened = text.rfind("'") if text.count("'") % 2 else text.rfind('"')
    return Fault(max(opened, 0), "a quote is not closed", "close it with '; a quote inside text is doubled: 'O''Neil'")


def _admitted(token: Token, text: str) -> Token | Fault:  # noqa: PLR0911 - one return for each kind of token
    written = text[token.start : token.end + 1]
    if token.comments or written.startswith(("--", "/*")):
        return Fault(_comment(text), "a comment is not allowed in a condition", "use YAML's # on a line of its own")
    if token.token_type is TokenType.STRING:
        return _string(token, written)
    if token.token_type is TokenType.NUMBER:
        return _number(token, written, text)
    if written == "==":
        return Fault(token.start, "'==' is not a comparison", "write '='")
    if token.token_type in _SIGNS and written in {"=", "<>", "!=", "<", "<=", ">", ">=", *"+-*/(),"}:
        return token
    if _NAME.fullmatch(written) and token.token_type is not TokenType.IDENTIFIER:
        # Every word but the grammar's own is a name, also those that SQL reserves: limit, order, group.
        return _retyped(token, _WORDS.get(written.lower(), TokenType.VAR), written)
    if token.token_type is TokenType.IDENTIFIER:
        return Fault(token.start, f"{written[:20]} is not part of a condition", "text stands in single quotes: 'US'")
    if written[0] in TYPOGRAPHIC:
        message = f"{written[0]} is a typographic quote"
        return Fault(token.start, message, "text stands in straight ones: 'US'")
    what, hint = _HINTS.get(token.token_type, (f"'{written[:20]}'", ""))
    return Fault(token.start, f"{what} is not part of a condition", hint)


def _retyped(token: Token, token_type: TokenType, text: str) -> Token:
    return Token(token_type, text, token.line, token.col, token.start, token.end)


def _comment(text: str) -> int:
    """Where the first comment outside quotes begins."""
    bare = re.sub(r"'[^']*'", lambda quoted: " " * len(quoted[0]), text)
    found = re.search(r"--|/\*", bare)
    return found.start() if found else 0


def _string(token: Token, written: str) -> Token | Fault:
    if not written.startswith("'"):
        return Fault(token.start, f"{written[:12]} is not a text", "text stands in single quotes: 'US'")
    if "\n" in token.text or "\t" in token.text:
        return Fault(
            token.start, "a text in a condition goes over the end of a line", "close it with ' on the same line"
        )
    return token


def _number(token: Token, written: str, text: str) -> Token | Fault:
    after = text[token.end + 1 : token.end + 2]
    if _NUMBER.fullmatch(written) and not (after.isalnum() or after in ("_", ".")):
        return token
    shown = re.match(r"[\w.]+", text[token.start :])
    return Fault(
        token.start,
        f"'{shown[0] if shown else written}' is not a number that rules know"[:80],
        "write digits with an optional point: 250000 or 0.5, at most 15 digits on either side",
    )


def _named(found: list[Token]) -> list[Token]:
    """Names as the parser takes them for nothing else: fields quoted, functions none of its own."""
    named = []
    for token, after in zip_longest(found, found[1:]):
        if token.token_type is not TokenType.VAR:
            named.append(token)
        elif after is not None and after.token_type is TokenType.L_PAREN:
            named.append(_retyped(token, TokenType.VAR, FUNCTION_PREFIX + token.text.lower()))
        else:
            named.append(_retyped(token, TokenType.IDENTIFIER, token.text))
    return named


def _oversize(found: list[Token]) -> Fault | None:
    nodes = depth = run = 0
    for token in found:
        run = run + 1 if token.token_type in (TokenType.NOT, TokenType.DASH) else 0
        depth += (token.token_type is TokenType.L_PAREN) - (token.token_type is TokenType.R_PAREN)
        nodes += token.token_type not in (TokenType.L_PAREN, TokenType.R_PAREN, TokenType.COMMA)
        if depth + run > MAX_DEPTH:
            return Fault(token.start, f"nested deeper than {MAX_DEPTH}", "split the rule in two")
        if nodes > MAX_NODES:
            return Fault(token.start, f"more than {MAX_NODES} values and operators", "use a list or a table")
    return None


def _called(found: list[Token], functions: frozenset[str]) -> Fault | None:
    """A word before a bracket is a function, or a mistake."""
    for token, after in pairwise(found):
        called = token.token_type is TokenType.VAR and after.token_type is TokenType.L_PAREN
        if called and token.text.lower() not in functions:
            return Fault(token.start, f"unknown function '{token.text[:40]}'", nearest(token.text, functions))
    return None


def _misplaced(found: list[Token], text: str) -> Fault | None:
    """Values and operators take turns, and brackets match: said in words before the parser says it in its own."""
    opened: list[Token] = []
    before: Token | None = None
    for token in found:
        if fault := _turn(before, token, len(opened)):
            return fault
        if token.token_type is TokenType.L_PAREN:
            opened.append(token)
        elif token.token_type is TokenType.R_PAREN:
            opened.pop()
        before = token
    if before is not None and not _ends_value(before):
        return Fault(len(text.rstrip()), f"a value is missing after '{before.text}'")
    return Fault(opened[-1].start, "this bracket is not closed", "add ')'") if opened else None


def _ends_value(token: Token) -> bool:
    return token.token_type in _VALUES or token.token_type is TokenType.R_PAREN


def _turn(before: Token | None, token: Token, depth: int) -> Fault | None:  # noqa: PLR0911 - one for each neighbour
    kind = token.token_type
    if kind is TokenType.R_PAREN and depth == 0:
        return Fault(token.start, "')' closes nothing", "remove it, or add '(' before")
    if before is not None and _ends_value(before):
        if kind is TokenType.L_PAREN and before.token_type is TokenType.VAR:
            return None
        if kind not in _JOINS:
            return Fault(token.start, f"'{token.text[:40]}' follows a value", "join conditions with 'and' or 'or'")
        if kind is TokenType.COMMA and depth == 0:
            return Fault(token.start, "a comma outside brackets", "join conditions with 'and' or 'or'")
        return None
    if before is not None and before.token_type is TokenType.IS and kind is TokenType.NOT:
        return None
    if before is not None and before.token_type is TokenType.NOT and kind in _AFTER_NOT:
        return None
    if kind not in _OPENS:
        after = f"after '{before.text}'" if before is not None else "at the start"
        return Fault(token.start, f"a value is missing {after}, before '{token.text}'")
    return None
