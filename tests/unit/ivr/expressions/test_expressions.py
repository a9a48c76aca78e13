"""The small language of expressions: what it means, what it refuses, and that nothing gets out of it."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ivr.errors import ExpressionError
from ivr.expressions import Value, compile_expression
from ivr.expressions.syntax import DEEPEST, LONGEST

pytestmark = pytest.mark.unit

NAMES: dict[str, Value] = {
    "digits": "0512", "five": "5", "n": 7, "half": 0.5, "yes": True, "list": ["a", "b"], "empty": "", "name": "王女士",
}  # fmt: skip


class Session:
    def value(self, path: tuple[str, ...]) -> Value:
        return NAMES.get(".".join(path))


def run(source: str) -> Value:
    return compile_expression(source)(Session())


@pytest.mark.parametrize(
    ("source", "value"),
    [
        ("1 + 2 * 3", 7),
        ("(1 + 2) * 3", 9),
        ("7 / 2", 3.5),
        ("6 / 2", 3),
        ("-n + 10", 3),
        ("7 % 4", 3),
        ("five == 5", True),
        ("digits == 512", True),
        ("digits == '512'", False),
        ("n != 7", False),
        ("'b' in list", True),
        ("'c' not in list", True),
        ("n in [1, 7]", True),
        ("'女' in name", True),
        ("not yes or n > 6", True),
        ("yes and n < 6", False),
        ("not not n", True),
        ("nothing == null", True),
        ("nothing < 3", False),
        ("nothing > 3", False),
        ("some.thing.deep == null", True),
        ("yes == 1", False),
        ("len(digits) == 4 and starts(digits, '05')", True),
        ("len(name)", 3),
        ("last(digits, 2)", "12"),
        ("first(digits, 2)", "05"),
        ("last(digits, 0)", ""),
        ("round(10 / 3, 2)", 3.33),
        ("round(2.6)", 3),
        ("min(3, five, 4)", 3),
        ("between(five, 1, 5)", True),
        ("is_date('20240229') and not is_date('20230229')", True),
        ("is_time('2359') and not is_time('2400')", True),
        ("digits('+86 138-0013')", "861380013"),
        ("text(0.5) + '!'", "0.5!"),
        ('"it\'s"', "it's"),
        ("'a' + 'b'", "ab"),
        ("list + ['c']", ["a", "b", "c"]),
    ],
)
def test_values(source: str, value: Value) -> None:
    assert run(source) == value


@pytest.mark.parametrize(
    ("source", "key"),
    [
        ("1 +", "unfinished"),
        ("1 2", "unexpected"),
        ("a..b", "unexpected"),
        ("a = 1", "bad_character"),
        ("__import__('os')", "unknown_function"),
        ("len()", "arguments"),
        ("len(1, 2)", "arguments"),
        ("lambda: 1", "bad_character"),
        ("[1, 2", "unfinished"),
        ("'open", "bad_character"),
        ("n if yes else 2", "unexpected"),
        ("１ + 1", "bad_character"),
        ("1234567890123456", "too_large"),
        ("(" * 500, "too_deep"),
        ("a" * (LONGEST + 1), "too_long"),
        ("a.b(1)", "unexpected"),
        ("", "unfinished"),
    ],
)
def test_refusals(source: str, key: str) -> None:
    with pytest.raises(ExpressionError) as refused:
        compile_expression(source)
    assert refused.value.key == key


def test_depth_has_a_limit_and_what_is_within_it_runs() -> None:
    assert run("(" * (DEEPEST - 1) + "1" + ")" * (DEEPEST - 1)) == 1
    with pytest.raises(ExpressionError, match="too_deep"):
        compile_expression("(" * DEEPEST + "1" + ")" * DEEPEST)


@pytest.mark.parametrize(
    ("source", "key"),
    [
        ("1 / 0", "division_by_zero"),
        ("1 % 0", "division_by_zero"),
        ("name + 1", "not_a_number"),
        ("nothing + 1", "not_a_number"),
        ("'٣' + 1", "not_a_number"),
        ("'３' > 1", "not_a_number"),
        ("999999999999999 * 999999999999999", "too_large"),
        ("-list", "not_a_number"),
    ],
)
def test_what_comes_to_no_value(source: str, key: str) -> None:
    with pytest.raises(ExpressionError) as refused:
        run(source)
    assert refused.value.key == key


def test_names_are_known_before_anything_runs() -> None:
    assert compile_expression("a.b == 1 and not len(c) or answer.q5.1 in d").names == {
        ("a", "b"), ("c",), ("answer", "q5", "1"), ("d",),
    }  # fmt: skip


@given(st.text(max_size=60))
def test_no_text_does_anything_but_compile_or_be_refused(source: str) -> None:
    try:
        expression = compile_expression(source)
    except ExpressionError:
        return
    try:
        expression(Session())
    except ExpressionError:
        return


_PIECES = st.sampled_from(
    ["1", "'x'", "n", "five", "nothing", "list", "(", ")", "+", "-", "*", "/", "%", "==", "<", "in", "not", "and", "or",
     "len(", "max(", ",", "[", "]", "true", "null"]
)  # fmt: skip


@given(st.lists(_PIECES, max_size=14))
def test_no_arrangement_of_its_own_words_raises_anything_else(pieces: list[str]) -> None:
    try:
        value = compile_expression(" ".join(pieces))(Session())
    except ExpressionError:
        return
    assert value is None or isinstance(value, str | int | float | bool | list)
