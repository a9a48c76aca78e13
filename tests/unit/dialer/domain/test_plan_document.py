import json
import re
from datetime import time, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dialer.domain.campaign import CallingHours, CampaignPlan
from dialer.domain.disposition import Disposition
from dialer.domain.ids import TrunkName
from dialer.domain.pacing_plan import PacingMode, PacingPlan
from dialer.domain.plan_document import plan_from_json, plan_to_json
from dialer.domain.recycling import RetryRule
from dialer.errors import BadInput

pytestmark = pytest.mark.unit

texts = st.text(st.characters(categories=["L", "N", "P"]), min_size=1, max_size=80)
spans = st.timedeltas(timedelta(0), timedelta(days=366))
counts = st.integers(1, 100_000)
hours = st.builds(
    lambda ends, days: CallingHours(min(ends), max(ends), days),
    st.sets(st.times(), min_size=2, max_size=2),
    st.frozensets(st.integers(0, 6), min_size=1),
)
rules = st.builds(RetryRule, spans, counts, st.booleans())
caps = st.floats(0, 0.2)
pacings = st.builds(
    PacingPlan,
    mode=st.sampled_from(PacingMode),
    lines_per_agent=st.floats(1, 20),
    weight=st.floats(0.01, 100),
    least_lines=st.integers(0, 10_000),
    day_cap=caps,
    period_cap=caps,
    half_hour_cap=caps,
    preview_for_s=st.floats(5, 600),
)


def plan_of(**fields: Any) -> CampaignPlan:
    """A flow only where nobody is at a desk, and names of queues as flows can say them."""
    mode = fields["pacing"].mode
    flow = "press-one" if mode is PacingMode.AGENTLESS and fields["message"] is None else None
    return CampaignPlan(
        **{**fields, "name": "queue" if mode is PacingMode.INBOUND else fields["name"], "flow": flow}
    )


plans = st.builds(
    plan_of,
    name=texts,
    trunk=texts.map(TrunkName),
    caller_id=st.none() | texts,
    hours=hours,
    ring_for=st.timedeltas(timedelta(seconds=15), timedelta(seconds=120)),
    answer_within=st.timedeltas(timedelta(milliseconds=1), timedelta(days=1)),
    abandoned_message=texts,
    message=st.none() | texts,
    wrap_up=spans,
    most_lines=st.none() | counts,
    record=st.booleans(),
    most_attempts=counts,
    retry=st.dictionaries(st.sampled_from(Disposition), rules),
    pacing=pacings,
)


@given(plans)
def test_a_plan_survives_the_way_through_json(plan: CampaignPlan) -> None:
    assert plan_from_json(json.loads(json.dumps(plan_to_json(plan)))) == plan


def test_what_is_left_out_takes_the_default() -> None:
    assert plan_from_json({"name": "a", "trunk": "main"}) == CampaignPlan("a", TrunkName("main"))


def test_the_document_reads_as_people_write_it() -> None:
    document = plan_to_json(CampaignPlan("a", TrunkName("main")))
    assert document["hours"] == {"start": "08:00", "end": "21:00", "weekdays": [0, 1, 2, 3, 4, 5, 6]}
    assert document["ring_for_s"] == 20
    assert document["retry"]["busy"] == {"delay_s": 600, "most": 4, "number_is_dead": False}
    assert plan_from_json({**document, "hours": {"start": "09:30"}}).hours.start == time(9, 30)
    assert document["pacing"] == {
        "mode": "predictive",
        "lines_per_agent": 1.5,
        "weight": 1.0,
        "least_lines": 0,
        "day_cap": 0.03,
        "period_cap": 0.03,
        "half_hour_cap": 0.05,
        "preview_for_s": 30.0,
    }
    power = plan_from_json({**document, "pacing": {"mode": "power", "lines_per_agent": 2}}).pacing
    assert power == PacingPlan(PacingMode.POWER, lines_per_agent=2)


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"name": ""}, "name"),
        ({"name": "x" * 81}, "name"),
        ({"name": "two\nlines"}, "name"),
        ({"trunk": 5}, "trunk"),
        ({"colour": "red"}, "colour"),
        ({"ring_for_s": 10}, "ring_for_s"),
        ({"ring_for_s": "20"}, "ring_for_s"),
        ({"ring_for_s": True}, "ring_for_s"),
        ({"wrap_up_s": -1}, "wrap_up_s"),
        ({"wrap_up_s": float("nan")}, "wrap_up_s"),
        ({"wrap_up_s": 1e300}, "wrap_up_s"),
        ({"record": "yes"}, "record"),
        ({"message": ""}, "message"),
        ({"message": 7}, "message"),
        ({"most_lines": 0}, "most_lines"),
        ({"most_attempts": 1.5}, "most_attempts"),
        ({"hours": []}, "hours"),
        ({"hours": {"start": "25:00"}}, "hours.start"),
        ({"hours": {"start": "08:00+01:00"}}, "hours.start"),
        ({"hours": {"start": "21:00", "end": "08:00"}}, "hours"),
        ({"hours": {"weekdays": [7]}}, "hours.weekdays"),
        ({"hours": {"weekdays": [True]}}, "hours.weekdays"),
        ({"retry": {"bussy": {"delay_s": 1, "most": 1}}}, "retry.bussy"),
        ({"retry": {"busy": {"most": 1}}}, "retry.busy.delay_s"),
        ({"retry": {"busy": {"delay_s": 1, "most": 1, "x": 1}}}, "retry.busy.x"),
        ({"retry": 1}, "retry"),
        ({"pacing": "power"}, "pacing"),
        ({"pacing": {"speed": 1}}, "pacing.speed"),
        ({"pacing": {"mode": "warp"}}, "pacing.mode"),
        ({"pacing": {"mode": ["power"]}}, "pacing.mode"),
        ({"pacing": {"lines_per_agent": 0.5}}, "pacing.lines_per_agent"),
        ({"pacing": {"lines_per_agent": float("nan")}}, "pacing.lines_per_agent"),
        ({"pacing": {"lines_per_agent": "2"}}, "pacing.lines_per_agent"),
        ({"pacing": {"weight": 0}}, "pacing.weight"),
        ({"pacing": {"weight": True}}, "pacing.weight"),
        ({"pacing": {"least_lines": 1.5}}, "pacing.least_lines"),
        ({"pacing": {"least_lines": -1}}, "pacing.least_lines"),
        ({"pacing": {"day_cap": 0.21}}, "pacing.day_cap"),
        ({"pacing": {"period_cap": -0.01}}, "pacing.period_cap"),
        ({"pacing": {"half_hour_cap": None}}, "pacing.half_hour_cap"),
        ({"pacing": {"preview_for_s": float("inf")}}, "pacing.preview_for_s"),
        ({"listening": {"dead_air_s": 2}}, "listening.dead_air_s"),
        ({"listening": {"dead_air_prompts": 6}}, "listening.dead_air_prompts"),
        ({"listening": {"dead_air_wait_s": 1}}, "listening.dead_air_wait_s"),
        ({"listening": {"dead_air_prompt": ""}}, "listening.dead_air_prompt"),
        ({"listening": {"dead_air_goodbye": "bye"}}, "listening.dead_air_goodbye"),
        ({"listening": {"dead_air_s": None, "dead_air_prompt": "ask"}}, "listening.dead_air_prompt"),
    ],
)
def test_what_is_wrong_is_named(change: dict[str, Any], field: str) -> None:
    with pytest.raises(BadInput) as wrong:
        plan_from_json({"name": "a", "trunk": "main", **change})
    assert wrong.value.field == field


@pytest.mark.parametrize(
    ("pacing", "message"),
    [
        (
            {"mode": "warp"},
            "pacing.mode: there is no such mode; there are preview, progressive, power, predictive, agentless, inbound",
        ),
        ({"day_cap": 3}, "pacing.day_cap: must be from 0 to 0.2"),
        ({"least_lines": 20_000}, "pacing.least_lines: must be from 0 to 10000"),
    ],
)
def test_what_pacing_allows_is_said(pacing: dict[str, Any], message: str) -> None:
    with pytest.raises(BadInput, match=f"^{re.escape(message)}$"):
        plan_from_json({"name": "a", "trunk": "main", "pacing": pacing})


def test_what_is_said_in_dead_air_is_kept() -> None:
    said = {
        "dead_air_s": 4,
        "dead_air_prompt": "fairdial/dead-air-zh",
        "dead_air_goodbye": "fairdial/dead-air-goodbye-zh",
        "dead_air_prompts": 3,
        "dead_air_wait_s": 2.5,
    }
    plan = plan_from_json({"name": "a", "trunk": "main", "listening": said})
    assert plan.listening.dead_air_wait == timedelta(seconds=2.5)
    assert plan_to_json(plan)["listening"].items() >= said.items()


@pytest.mark.parametrize("document", [{"trunk": "main"}, {"name": "a"}, [], None])
def test_a_plan_needs_a_name_and_a_trunk(document: object) -> None:
    with pytest.raises(BadInput):
        plan_from_json(document)


@pytest.mark.parametrize(
    ("fields", "wrong"),
    [
        ({"flow": "a, b"}, "flow: 'a, b' is no name of a flow"),
        ({"flow": "survey", "pacing": {"mode": "predictive"}}, "flow needs the pacing mode agentless"),
        ({"flow": "survey", "message": "x", "pacing": {"mode": "agentless"}}, "flow takes the place"),
    ],
)
def test_a_flow_is_of_agentless_campaigns(fields: dict[str, Any], wrong: str) -> None:
    with pytest.raises(BadInput, match=wrong):
        plan_from_json({"name": "spring", "trunk": "main", **fields})
