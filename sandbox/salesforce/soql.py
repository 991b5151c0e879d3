"""SOQL as text, read into values: what is selected, from what, under which conditions and in which order."""

import re
from dataclasses import dataclass
from functools import cache
from importlib import resources
from typing import Any

from lark import Lark, Token, Transformer, UnexpectedInput, UnexpectedToken
from lark.exceptions import VisitError

from sandbox.salesforce.errors import Refusal

_BEFORE = 34  # how much of the query the service repeats before the place of an error


@dataclass(frozen=True, slots=True)
class Path:
    """A field, perhaps through parents: `Account.Name`. `at` is where it stands in the text."""

    names: tuple[str, ...]
    at: int


@dataclass(frozen=True, slots=True)
class Count:
    """`COUNT()` without a path, `COUNT(Id)` with one."""

    path: Path | None


@dataclass(frozen=True, slots=True)
class Literal:
    """A value: its kind (string, number, boolean, null, date, datetime, relative) and its text."""

    kind: str
    text: str


@dataclass(frozen=True, slots=True)
class Comparison:
    """A path, an operator (`in` and `not in` take several literals) and what it is compared with."""

    path: Path
    operator: str
    literals: tuple[Literal, ...]


@dataclass(frozen=True, slots=True)
class Group:
    """Conditions joined by `and` or `or`."""

    operator: str
    parts: tuple["Condition", ...]


@dataclass(frozen=True, slots=True)
class Not:
    """A condition denied."""

    part: "Condition"


Condition = Comparison | Group | Not


@dataclass(frozen=True, slots=True)
class Ordering:
    """One field to sort by; rows without a value come first unless said otherwise."""

    path: Path
    descending: bool
    nulls_first: bool


@dataclass(frozen=True, slots=True)
class Select:
    """A query."""

    items: tuple["Path | Count | Select", ...]
    source: str
    at: int
    where: Condition | None
    order: tuple[Ordering, ...]
    limit: int | None
    offset: int


def parse(text: str) -> Select:
    """Read a query; raises `Refusal` MALFORMED_QUERY."""
    try:
        found = _Reader().transform(_parser().parse(text))
    except UnexpectedInput as error:
        raise _unexpected(text, error) from None
    except VisitError as error:
        if isinstance(error.orig_exc, Refusal):
            raise error.orig_exc from None
        raise
    if not isinstance(found, Select):
        raise TypeError(f"the grammar made a {type(found).__name__} of a query")
    return found


def located(text: str, at: int, code: str, message: str) -> Refusal:
    """An error body that shows the place in the query, over several lines, as the service does."""
    row = text.count("\n", 0, at) + 1
    column = at - (text.rfind("\n", 0, at) + 1) + 1
    start = 0
    if at > _BEFORE:  # begin at a word
        start = next((i + 1 for i in range(at - _BEFORE - 1, at) if text[i] in " ,\n"), at)
    shown = text[start : at + 40].replace("\n", " ")
    return Refusal(400, code, f"\n{shown}\n{' ' * (at - start)}^\nERROR at Row:{row}:Column:{column}\n{message}")


def _unexpected(text: str, error: UnexpectedInput) -> Refusal:
    at = error.pos_in_stream
    if at is None or at < 0 or at >= len(text) or (isinstance(error, UnexpectedToken) and error.token.type == "$END"):
        return located(text, len(text), "MALFORMED_QUERY", "unexpected token: '<EOF>'")
    word = re.match(r"\s*([\w:.-]+|.)", text[at:], re.DOTALL)
    return located(text, at, "MALFORMED_QUERY", f"unexpected token: '{word[1] if word else text[at]}'")


@cache
def _parser() -> Lark:
    grammar = (resources.files(__package__) / "soql.lark").read_text(encoding="utf-8")
    return Lark(grammar, parser="lalr", maybe_placeholders=False)


class _Reader(Transformer[Token, Any]):
    def start(self, parts: list[Any]) -> Select:
        return parts[0]  # type: ignore[no-any-return]  # the grammar puts a select here

    def select(self, parts: list[Any]) -> Select:
        source = next(i for i, part in enumerate(parts) if isinstance(part, Token))
        rest: dict[str, Any] = dict(parts[source + 1 :])
        name = parts[source]
        return Select(
            items=tuple(parts[:source]),
            source=str(name),
            at=name.start_pos or 0,
            where=rest.get("where"),
            order=rest.get("order", ()),
            limit=rest.get("limit"),
            offset=rest.get("offset", 0),
        )

    def path(self, parts: list[Token]) -> Path:
        return Path(tuple(str(part) for part in parts), parts[0].start_pos or 0)

    def count_rows(self, _parts: list[Any]) -> Count:
        return Count(None)

    def count_field(self, parts: list[Any]) -> Count:
        return Count(parts[1])

    def child(self, parts: list[Any]) -> Select:
        return parts[0]  # type: ignore[no-any-return]  # as in start

    def where(self, parts: list[Any]) -> tuple[str, Condition]:
        return "where", parts[0]

    def conjunction(self, parts: list[Any]) -> Group:
        return Group("and", tuple(parts))

    def disjunction(self, parts: list[Any]) -> Group:
        return Group("or", tuple(parts))

    def negation(self, parts: list[Any]) -> Not:
        return Not(parts[0])

    def comparison(self, parts: list[Any]) -> Comparison:
        path, operator, *literals = parts
        word = " ".join(str(operator).lower().split())
        return Comparison(path, {"<>": "!="}.get(word, word), tuple(literals))

    def literal(self, parts: list[Token]) -> Literal:
        token = parts[0]
        kind = {"TRUE": "boolean", "FALSE": "boolean"}.get(token.type, token.type.lower())
        return Literal(kind, str(token)[1:-1] if kind == "string" else str(token))

    def order(self, parts: list[Ordering]) -> tuple[str, tuple[Ordering, ...]]:
        return "order", tuple(parts)

    def ordering(self, parts: list[Any]) -> Ordering:
        words = {part.type: str(part).upper() for part in parts[1:]}
        return Ordering(parts[0], words.get("DIRECTION") == "DESC", not words.get("NULLS", "").endswith("LAST"))

    def limit(self, parts: list[Token]) -> tuple[str, int]:
        return "limit", int(parts[0])

    def offset(self, parts: list[Token]) -> tuple[str, int]:
        return "offset", int(parts[0])


_ESCAPES = {"n": "\n", "r": "\r", "t": "\t", "b": "\b", "f": "\f", '"': '"', "'": "'", "\\": "\\"}


def unescape(text: str, *, like: bool = False) -> str:
    r"""The characters a string literal stands for; in LIKE `\_` and `\%` keep their backslash for the pattern."""

    def one(match: re.Match[str]) -> str:
        letter = match[1]
        if letter.startswith("u"):
            return chr(int(letter[1:], 16))
        if letter in "_%" and like:
            return match[0]
        if letter not in _ESCAPES:
            message = f"Invalid string literal '{text}'. Illegal character sequence '{match[0]}' in string literal."
            raise Refusal(400, "MALFORMED_QUERY", message)
        return _ESCAPES[letter]

    return re.sub(r"\\(u[0-9A-Fa-f]{4}|.)", one, text, flags=re.DOTALL)
