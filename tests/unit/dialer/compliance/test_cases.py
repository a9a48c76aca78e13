"""The cases that follow from the texts of the law, each asked of the code that decides."""

from pathlib import Path

import pytest

from dialer.compliance.vectors.run import KINDS, Case, differences, run_case
from dialer.rulebook.cases import read_cases
from tests.support.rules import shipped

pytestmark = pytest.mark.unit

CASES = read_cases(Path(__file__).with_name("cases.yaml"))


@pytest.mark.parametrize("case", CASES, ids=[case.id for case in CASES])
def test_a_case(case: Case) -> None:
    outcome = run_case(shipped(), case)
    assert outcome.passed, f"{outcome.problem}{outcome.differences}: {case.note}"


def test_every_kind_is_asked() -> None:
    assert {case.kind for case in CASES} == set(KINDS)


@pytest.mark.parametrize("case", CASES, ids=[case.id for case in CASES])
def test_a_wrong_expectation_is_noticed(case: Case) -> None:
    """A comparison that lets everything pass would pass the cases as well."""
    spoilt = {name: _spoilt(value) for name, value in case.expect.items() if name != "not_deletable_on"}
    if spoilt:
        outcome = run_case(shipped(), Case(case.id, case.kind, case.profiles, case.given, spoilt))
        assert {each.field.split(".")[0].split("[")[0] for each in outcome.differences} == set(spoilt)


def _spoilt(value: object) -> object:
    if isinstance(value, bool):
        return not value
    if isinstance(value, int):
        return value + 1
    if isinstance(value, list):
        return [*value, {"id": "no such", "A": 1} if value and isinstance(value[0], dict) else "no such"]
    if isinstance(value, dict):
        return {name: _spoilt(each) for name, each in value.items()}
    if isinstance(value, str) and value[:1].isdigit():
        return "2001-01-01" if "-" in value else "77777/77778" if "/" in value else "77777"
    return "something else"


@pytest.mark.parametrize(
    ("kind", "profiles", "given", "problem"),
    [
        ("horoscope", ("us_fl",), {}, "nobody answers"),
        ("hours_check", ("us_xx",), {}, "no profile us_xx"),
        ("hours_check", ("us_fl",), {"zones": ["America/New_York"]}, "given lacks 'at'"),
        ("hours_check", ("us_fl",), {"zones": ["America/New_York"], "at": "noon"}, "cannot be understood"),
        (
            "foreign_ringback",
            ("us_fl",),
            {"ring_at_ms": 0, "identified_at_ms": 1, "override": {"value": "flag_only"}},
            "by and reason",
        ),
    ],
)
def test_a_case_that_cannot_be_asked_has_not_passed(
    kind: str, profiles: tuple[str, ...], given: dict[str, object], problem: str
) -> None:
    outcome = run_case(shipped(), Case("X1", kind, profiles, given, {}))
    assert not outcome.passed
    assert problem in outcome.problem


def test_only_what_is_expected_counts() -> None:
    assert differences({"a": 1}, {"a": 1, "b": 2}) == []
    assert differences({"violations": ["x", "y"]}, {"violations": {"y", "x"}}) == []
    assert differences({"rate": "6/200"}, {"rate": "3/100"}) == []
    assert [each.field for each in differences({"by": {"c": 1}}, {"by": {"c": 2}})] == ["by.c"]
    assert differences({"a": 1}, {}) != []
    assert differences({"allowed": True}, {"allowed": 1}) != []
