"""Reading an expression into its tree. The grammar is in the package's docstring."""

import re
from dataclasses import dataclass
from typing import Final, NamedTuple

from ivr.errors import ExpressionError

LONGEST: Final = 500
DEEPEST: Final = 20
MOST_PARTS: Final = 200

_TOKEN: Final = re.compile(
    r"\s*(?:(?P<number>[0-9]+(?:\.[0-9]+)?)|(?P<name>[A-Za-z_][A-Za-z0-9_]*)"
    r"|(?P<text>'[^'\n]*'|\"[^\"\n]*\")|(?P<sign>==|!=|<=|>=|[-+*/%<>()\[\],.]))"
)
_WORDS: Final = frozenset({"and", "or", "not", "in", "true", "false", "null"})
_CONSTANTS: Final[dict[str, bool | None]] = {"true": True, "false": False, "null": None}
_COMPARISONS: Final = frozenset({"==", "!=", "<", "<=", ">", ">=", "in"})

Number = int | float


@dataclass(frozen=True, slots=True)
class Literal:
    value: str | Number | bool | None


@dataclass(frozen=True, slots=True)
class Name:
    path: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Unary:
    sign: str
    operand: "Tree"


@dataclass(frozen=True, slots=True)
class Binary:
    sign: str
    left: "Tree"
    right: "Tree"
    at: int


@dataclass(frozen=True, slots=True)
class Call:
    function: str
    arguments: tuple["Tree", ...]
    at: int


@dataclass(frozen=True, slots=True)
class Listing:
    items: tuple["Tree", ...]


Tree = Literal | Name | Unary | Binary | Call | Listing


class _Token(NamedTuple):
    kind: str  # number, name, text, sign, word, end
    text: str
    at: int


def parse(source: str) -> Tree:
    """Raises `ExpressionError`: too_long, bad_character, unexpected, unfinished, too_deep, too_many_parts."""
    if len(source) > LONGEST:
        raise ExpressionError("too_long", most=LONGEST)
    reader = _Reader(_tokens(source))
    tree = reader.expression()
    reader.expect("end", "")
    return tree


def _tokens(source: str) -> list[_Token]:
    tokens: list[_Token] = []
    place, text = 0, source.rstrip()
    while place < len(text):
        found = _TOKEN.match(text, place)
        if found is None:
            at = place + len(text[place:]) - len(text[place:].lstrip())
            raise ExpressionError("bad_character", at, character=text[at])
        kind = found.lastgroup or ""
        word = found[kind]
        tokens.append(_Token("word" if word in _WORDS else kind, word, found.start(kind)))
        place = found.end()
    return [*tokens, _Token("end", "", len(text))]


class _Reader:
    def __init__(self, tokens: list[_Token]) -> None:
        self._tokens, self._place = tokens, 0
        self._depth = self._parts = 0

    # --- tokens ---

    @property
    def _next(self) -> _Token:
        return self._tokens[self._place]

    def _take(self) -> _Token:
        token = self._next
        self._place += token.kind != "end"
        self._parts += 1
        if self._parts > MOST_PARTS:
            raise ExpressionError("too_many_parts", token.at, most=MOST_PARTS)
        return token

    def _accept(self, *texts: str) -> _Token | None:
        if self._next.kind in ("sign", "word") and self._next.text in texts:
            return self._take()
        return None

    def expect(self, kind: str, text: str) -> _Token:
        token = self._next
        if token.kind != kind or (text and token.text != text):
            raise self._unexpected(token)
        return self._take()

    @staticmethod
    def _unexpected(token: _Token) -> ExpressionError:
        if token.kind == "end":
            return ExpressionError("unfinished", token.at)
        return ExpressionError("unexpected", token.at, what=token.text)

    # --- grammar ---

    def expression(self) -> Tree:
        self._depth += 1
        if self._depth > DEEPEST:
            raise ExpressionError("too_deep", self._next.at, most=DEEPEST)
        tree = self._conjunction()
        while sign := self._accept("or"):
            tree = Binary("or", tree, self._conjunction(), sign.at)
        self._depth -= 1
        return tree

    def _conjunction(self) -> Tree:
        tree = self._negation()
        while sign := self._accept("and"):
            tree = Binary("and", tree, self._negation(), sign.at)
        return tree

    def _negation(self) -> Tree:
        negations = 0
        while self._accept("not"):
            negations += 1
        tree = self._comparison()
        if negations:  # "not not x" is the truth of x
            tree = Unary("not", Unary("not", tree)) if negations % 2 == 0 else Unary("not", tree)
        return tree

    def _comparison(self) -> Tree:
        left = self._sum()
        sign = self._next
        if sign.kind in ("sign", "word") and sign.text in _COMPARISONS:
            self._take()
            return Binary(sign.text, left, self._sum(), sign.at)
        if self._accept("not"):
            self.expect("word", "in")
            return Unary("not", Binary("in", left, self._sum(), sign.at))
        return left

    def _sum(self) -> Tree:
        tree = self._product()
        while sign := self._accept("+", "-"):
            tree = Binary(sign.text, tree, self._product(), sign.at)
        return tree

    def _product(self) -> Tree:
        tree = self._factor()
        while sign := self._accept("*", "/", "%"):
            tree = Binary(sign.text, tree, self._factor(), sign.at)
        return tree

    def _factor(self) -> Tree:
        minus = 0
        while self._accept("-"):
            minus += 1
        tree = self._atom()
        return Unary("-", tree) if minus % 2 else tree

    def _atom(self) -> Tree:
        token = self._take()
        match token.kind:
            case "number":
                return Literal(float(token.text) if "." in token.text else _whole(token))
            case "text":
                return Literal(token.text[1:-1])
            case "name":
                return self._named(token)
            case "word" if token.text in _CONSTANTS:
                return Literal(_CONSTANTS[token.text])
            case "sign" if token.text == "(":
                tree = self.expression()
                self.expect("sign", ")")
                return tree
            case "sign" if token.text == "[":
                return Listing(self._list("]"))
        raise self._unexpected(token)

    def _named(self, first: _Token) -> Tree:
        if self._accept("("):
            return Call(first.text, self._list(")"), first.at)
        path = [first.text]
        while self._accept("."):
            part = self._take()
            if part.kind not in ("name", "word", "number"):
                raise self._unexpected(part)
            path.append(part.text)
        return Name(tuple(path))

    def _list(self, closing: str) -> tuple[Tree, ...]:
        if self._accept(closing):
            return ()
        items = [self.expression()]
        while self._accept(","):
            items.append(self.expression())
        self.expect("sign", closing)
        return tuple(items)


def _whole(token: _Token) -> int:
    if len(token.text) > 15:
        raise ExpressionError("too_large", token.at)
    return int(token.text)
