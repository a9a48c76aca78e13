"""Flows on a real exchange with the real service: callers from the outside, campaigns, and back from an agent."""

from collections.abc import Sequence

import pytest

from dialer.clock import SystemClock
from dialer.domain.inbound import Route
from dialer.domain.phone_number import parse_number
from dialer.flows import publish_flow
from dialer.lab.centre import CALLER_ID
from ivr.flow.model import Flow
from ivr.samples import sample
from tests.support.service import Hall

pytestmark = pytest.mark.asterisk

CALLER = "+12025550143"


async def publish(floor: Hall, flow: Flow) -> None:
    await publish_flow(floor.store.ivr_flows, flow, SystemClock().now(), "test")


def call_in(floor: Hall, name: str, *steps: str) -> None:
    """A call from the carrier's side, on which the caller does this."""
    carrier = floor.centre.carrier
    for priority, application in enumerate([*steps, "Hangup()"], start=1):
        carrier.cli(f"dialplan add extension {name},{priority},{application} into callers replace")
    carrier.cli(f"channel originate PJSIP/{CALLER_ID}@pbx extension {name}@callers")


async def sessions(floor: Hall) -> Sequence[str]:
    rows = await floor.store.pool.fetch("select call from ivr_sessions order by started_at")
    return [row["call"] for row in rows]


async def test_a_caller_from_outside_reaches_the_flow_of_the_number(floor: Hall) -> None:
    await publish(floor, sample("opt-out"))
    await floor.store.inbound.set_route(Route("*", "opt-out", "UTC"), SystemClock().now(), "test")
    await floor.start()
    english, no_calls_at_all, right = "SendDTMF(2,,100)", "SendDTMF(8,,100)", "SendDTMF(1,,100)"
    entered = f"SendDTMF({CALLER.removeprefix('+1')}#,100,100)"
    call_in(
        floor,
        "withheld",
        "Wait(1)",
        english,
        "Wait(1)",
        no_calls_at_all,
        "Wait(1)",
        entered,
        "Wait(1)",
        right,
        "Wait(3)",
    )

    async def ended() -> Sequence[str]:
        rows = await floor.store.pool.fetch("select call from ivr_sessions where ended_at is not null")
        return [row["call"] for row in rows]

    (which,) = await floor.wait_for(ended, "the caller went through the flow to its end")
    found = await floor.store.ivr_calls.session(which)
    assert (found.flow, found.language, found.result) == ("opt-out", "en", "done")
    assert await floor.store.do_not_call.do_not_call(parse_number(CALLER, "US"))
