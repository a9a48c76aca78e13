"""What people are told about pacing: decisions, windows, allowance."""

from dataclasses import replace
from datetime import timedelta

import pytest

from dialer.domain.ids import CampaignId
from dialer.pacing.decision import PacingDecision
from dialer.pacing.pacer import Lesson
from dialer.ports.pacing import DecisionSample
from tests.support.fake_floor import NOON
from tests.support.pacing_samples import an_hour, lesson
from tests.unit.dialer.web.conftest import Served

pytestmark = pytest.mark.unit

PATH = "/api/v1/campaigns/1/pacing"
SPRING = CampaignId(1)


async def started(served: Served) -> None:
    assert (await served.post("/api/v1/campaigns/1/start"))[0] == 200
    served.store.pacing.samples = an_hour(SPRING, NOON)


async def test_a_campaign_that_never_ran_has_neither_decisions_nor_windows(served: Served) -> None:
    status, told = await served.get(PATH, "read_only")
    assert (status, told["mode"], told["state"]) == (200, "predictive", "draft")
    assert (told["latest"], told["windows"], told["samples"]) == (None, [], [])


async def test_the_latest_decision_comes_with_everything_it_was_made_from(served: Served) -> None:
    await started(served)
    _, told = await served.get(PATH)
    latest = told["latest"]
    assert latest == told["samples"][-1]
    assert (latest["binding"], latest["decisions"], latest["at"]) == ("risk", 40, "2026-03-02T14:59:50Z")
    assert latest["inputs"]["on_call"] == 18
    assert [window["kind"] for window in latest["inputs"]["windows"]] == ["day", "period", "half_hour"]


async def test_a_decision_that_is_not_stored_yet_is_the_latest(
    served: Served, monkeypatch: pytest.MonkeyPatch
) -> None:
    await started(served)
    new = DecisionSample(SPRING, NOON, PacingDecision(3, "now"), 1)
    monkeypatch.setattr(served.floor, "decisions", lambda campaign, most: [new][:most])
    _, told = await served.get(PATH)
    assert (told["latest"]["because"], len(told["samples"])) == ("now", 360)


async def test_windows_are_counted_now_and_say_what_is_left(served: Served) -> None:
    await started(served)
    served.store.pacing.answered, served.store.pacing.abandoned = 199, 3
    _, told = await served.get(PATH)
    day, period, half_hour = told["windows"]
    assert (day["begins"], day["ends"]) == ("2026-03-02T00:00:00Z", "2026-03-02T21:00:00Z")
    assert (day["answered"], day["abandoned"], day["rate"], day["left"]) == (199, 3, 3 / 199, 2)
    assert (day["forecast"], day["allowed_rate"]) == (900 - 359 * 3 // 2, 0.034)
    assert (period["left"], half_hour["left"], half_hour["ends"]) == (2, 6, None)


async def test_an_old_forecast_is_not_shown_as_one_of_now(served: Served) -> None:
    await started(served)
    served.clock.go_on(600)
    _, told = await served.get(PATH)
    assert [window["forecast"] for window in told["windows"]] == [None] * 3
    assert told["latest"] is not None


async def test_a_window_without_limit_has_no_rate(served: Served) -> None:
    await started(served)
    _, told = await served.get(PATH)
    assert told["samples"][0]["inputs"]["windows"][2]["rate"] is None


async def test_a_rule_that_forecasts_nothing_has_no_inputs(served: Served) -> None:
    await started(served)
    served.store.pacing.samples = [DecisionSample(SPRING, NOON, PacingDecision(1, "one each"), 3)]
    _, told = await served.get(PATH)
    assert (told["latest"]["binding"], told["latest"]["inputs"]) == ("policy", None)


async def test_since_and_limit_narrow_the_samples(served: Served) -> None:
    await started(served)
    old = an_hour(SPRING, NOON - timedelta(hours=2))
    served.store.pacing.samples[:0] = old
    assert len((await served.get(PATH))[1]["samples"]) == 360
    assert len((await served.get(f"{PATH}?limit=7"))[1]["samples"]) == 7
    _, told = await served.get(f"{PATH}?since=2026-03-02T12:00:00Z&limit=1000")
    assert len(told["samples"]) == 720


async def test_others_decisions_stay_out(served: Served) -> None:
    await started(served)
    served.store.pacing.samples = [replace(each, campaign=CampaignId(2)) for each in an_hour(SPRING, NOON)]
    assert (await served.get(PATH))[1]["samples"] == []


@pytest.mark.parametrize(
    "query", ["since=yesterday", "limit=0", "limit=999999", "until=2026-03-02T12:00:00Z"]
)
async def test_a_wrong_question_is_refused(served: Served, query: str) -> None:
    assert (await served.get(f"{PATH}?{query}"))[0] == 422


async def test_there_is_none_of_a_campaign_that_is_not_there(served: Served) -> None:
    assert (await served.get("/api/v1/campaigns/9/pacing"))[0] == 404


async def test_who_answers_is_told_from_the_kept_lesson(served: Served) -> None:
    await started(served)
    served.store.pacing.kept = [lesson(SPRING)]
    _, told = await served.get(PATH, "read_only")
    answers = told["answers"]
    assert answers["trusted"] is True
    assert answers["error"] < answers["plain_error"]
    assert {each["kind"] for each in answers["features"]} >= {"list"}
    best = next(
        each for each in answers["features"] if (each["kind"], each["value"]) == ("list", "customers")
    )
    assert best["times"] > 1
    for tenth in answers["reliability"]:
        assert tenth["least"] <= tenth["foreseen"] <= tenth["most"]
        assert 0 <= tenth["answered"] <= 1


@pytest.mark.parametrize("kept", [[], [Lesson(SPRING, 1, {"model": {}})], [Lesson(SPRING, 99, {})]])
async def test_nothing_is_told_of_who_answers_without_a_lesson_that_can_be_read(
    served: Served, kept: list[Lesson]
) -> None:
    served.store.pacing.kept = kept
    _, told = await served.get(PATH)
    assert told["answers"] is None
