"""From a tree to a function of the session. Built once when a flow is read, run at every branch."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Final, Protocol

from ivr.errors import ExpressionError
from ivr.expressions.functions import FUNCTIONS, LONGEST_TEXT, Value, as_number, bounded, number, text
from ivr.expressions.syntax import Binary, Call, Listing, Literal, Name, Tree, Unary, parse

MOST_ITEMS: Final = 100


class Scope(Protocol):
    def value(self, path: tuple[str, ...]) -> Value:
        """What a dotted name stands for; null when it stands for nothing."""
        ...


Run = Callable[[Scope], Value]


@dataclass(frozen=True, slots=True)
class Expression:
    """`names` are the dotted names it reads, for the check that each of them exists."""

    source: str
    names: frozenset[tuple[str, ...]] = field(compare=False)
    run: Run = field(compare=False, repr=False)

    def __call__(self, scope: Scope) -> Value:
        """Raises `ExpressionError` when it comes to no value."""
        return self.run(scope)


def compile_expression(source: str) -> Expression:
    """Raises `ExpressionError` with the place of the first mistake."""
    names: set[tuple[str, ...]] = set()
    run = _built(parse(source), names)
    return Expression(source.strip(), frozenset(names), run)


def truth(value: Value) -> bool:
    return bool(value)


def _built(tree: Tree, names: set[tuple[str, ...]]) -> Run:
    match tree:
        case Literal(value):
            return lambda scope: value
        case Name(path):
            names.add(path)
            return lambda scope: scope.value(path)
        case Listing(items):
            return _listing([_built(item, names) for item in items])
        case Unary("not", operand):
            inner = _built(operand, names)
            return lambda scope: not inner(scope)
        case Unary(_, operand):
            inner = _built(operand, names)
            return lambda scope: -number(inner(scope))
        case Call():
            return _call(tree, [_built(argument, names) for argument in tree.arguments])
        case Binary():
            return _binary(tree, _built(tree.left, names), _built(tree.right, names))


def _listing(items: list[Run]) -> Run:
    if len(items) > MOST_ITEMS:
        raise ExpressionError("too_many_parts", most=MOST_ITEMS)
    return lambda scope: [item(scope) for item in items]


def _call(tree: Call, arguments: list[Run]) -> Run:
    if tree.function not in FUNCTIONS:
        raise ExpressionError("unknown_function", tree.at, name=tree.function, known=", ".join(FUNCTIONS))
    least, most, function = FUNCTIONS[tree.function]
    if not least <= len(arguments) <= most:
        wanted = str(least) if least == most else f"{least}-{most}"
        raise ExpressionError("arguments", tree.at, name=tree.function, wanted=wanted, given=len(arguments))
    return lambda scope: function(*[argument(scope) for argument in arguments])


def _binary(tree: Binary, left: Run, right: Run) -> Run:
    if tree.sign == "and":
        return lambda scope: bool(left(scope)) and bool(right(scope))
    if tree.sign == "or":
        return lambda scope: bool(left(scope)) or bool(right(scope))
    operation = _OPERATIONS[tree.sign]
    return lambda scope: operation(left(scope), right(scope))


# --- operators --------------------------------------------------------------------------------------------------------


def _equal(left: Value, right: Value) -> bool:
    if isinstance(left, bool) or isinstance(right, bool):
        return left is right
    if isinstance(left, str) is isinstance(right, str):
        return left == right
    one, other = as_number(left), as_number(right)
    return one is not None and one == other


def _ordered(left: Value, right: Value) -> int | None:
    """-1, 0, 1; None when there is no order because something is null."""
    if left is None or right is None:
        return None
    if isinstance(left, str) and isinstance(right, str):
        return (left > right) - (left < right)
    one, other = number(left), number(right)
    return (one > other) - (one < other)


def _within(left: Value, right: Value) -> bool:
    if isinstance(right, list):
        return any(_equal(left, item) for item in right)
    return left is not None and isinstance(right, str) and text(left) in right


def _sum(left: Value, right: Value) -> Value:
    if isinstance(left, list) and isinstance(right, list):
        if len(left) + len(right) > MOST_ITEMS:
            raise ExpressionError("too_large")
        return [*left, *right]
    if isinstance(left, str) and isinstance(right, str):
        if len(left) + len(right) > LONGEST_TEXT:
            raise ExpressionError("too_large")
        return left + right
    return bounded(number(left) + number(right))


def _quotient(left: Value, right: Value) -> Value:
    divisor = number(right)
    if divisor == 0:
        raise ExpressionError("division_by_zero")
    return bounded(number(left) / divisor)


def _remainder(left: Value, right: Value) -> Value:
    divisor = number(right)
    if divisor == 0:
        raise ExpressionError("division_by_zero")
    return bounded(number(left) % divisor)


_OPERATIONS: Final[Mapping[str, Callable[[Value, Value], Value]]] = {
    "==": _equal,
    "!=": lambda left, right: not _equal(left, right),
    "<": lambda left, right: _ordered(left, right) == -1,
    "<=": lambda left, right: _ordered(left, right) in (-1, 0),
    ">": lambda left, right: _ordered(left, right) == 1,
    ">=": lambda left, right: _ordered(left, right) in (0, 1),
    "in": _within,
    "+": _sum,
    "-": lambda left, right: bounded(number(left) - number(right)),
    "*": lambda left, right: bounded(number(left) * number(right)),
    "/": _quotient,
    "%": _remainder,
}
