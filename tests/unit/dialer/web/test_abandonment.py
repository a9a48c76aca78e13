"""Abandonment over the API: worked out from the ledger whenever it is asked for."""

from datetime import timedelta

import pytest

from dialer.compliance.abandonment_classes import AnsweredBy
from tests.support.fake_floor import NOON
from tests.support.fake_ledger import attempt
from tests.unit.dialer.web.conftest import Served

pytestmark = pytest.mark.unit

PATH = "/api/v1/campaigns/1/abandonment"


@pytest.fixture
def counted(served: Served) -> Served:
    for nth in range(40):
        served.store.ledger.answer(NOON - timedelta(hours=2, seconds=nth))
    served.store.ledger.answer(NOON - timedelta(hours=1), None, 9.0)
    return served


async def test_the_own_caps_come_first_and_then_what_the_list_reaches(counted: Served) -> None:
    since = (NOON - timedelta(days=1)).isoformat().replace("+00:00", "Z")
    status, told = await counted.get(f"{PATH}?since={since}", "read_only")
    assert (status, told["live_answers"], told["verdict"]) == (200, 41, "pass")
    assert {"us_ftc_tsr", "us_fcc_tcpa"} <= set(told["profiles"])
    day, period = told["windows"][:2]
    assert (day["profile"], day["abandoned"], day["answered"], day["rate"]) == ("campaign", 1, 41, "2.44")
    assert (day["left"], day["open"], day["stored_answered"]) == (0, True, 200)
    assert (period["window"], period["classes"]) == ("block-1", {"joined": 40, "abandoned": 1})


async def test_profiles_may_be_chosen(counted: Served) -> None:
    since = (NOON - timedelta(days=1)).isoformat().replace("+00:00", "Z")
    _, told = await counted.get(
        f"{PATH}?since={since}&profile=us_ftc_tsr,%20us_fcc_tcpa&rules_as_of=2026-03-01"
    )
    assert told["profiles"] == ["campaign", "us_ftc_tsr", "us_fcc_tcpa"]
    fcc = told["windows"][-1]
    assert (fcc["profile"], fcc["violations"], fcc["limit"]) == (
        "us_fcc_tcpa",
        {"message_missing": 1},
        "3.00",
    )
    status, problem = await counted.get(f"{PATH}?profile=us_nothing")
    assert (status, "us_nothing" in problem["detail"]) == (404, True)


async def test_a_supervisor_says_who_was_heard(counted: Served) -> None:
    path = f"/api/v1/attempts/{attempt(41)}/verdict-review"
    assert (await counted.post(path, {"answered_by": "person"}, "agent"))[0] == 403
    assert (await counted.post(path, {"answered_by": "person", "note": "says hello"}, "supervisor"))[0] == 204
    assert counted.store.ledger.reviews[attempt(41)].answered_by is AnsweredBy.PERSON
    assert (await counted.post(path, {"answered_by": "somebody"}))[0] == 422
