"""A telephony driver with everything it reports kept for the test."""

import asyncio
import random
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, nullcontext
from dataclasses import dataclass, field
from datetime import UTC, datetime, time, timedelta
from pathlib import PurePosixPath
from typing import Protocol, TypeVar
from uuid import UUID, uuid4

from dialer.bootstrap import ami_link
from dialer.clock import SystemClock
from dialer.compliance.gate import DialPermit
from dialer.compliance.rulebook import PROJECT_DEFAULT
from dialer.domain.air import Direction
from dialer.domain.campaign import CallingHours, Campaign, CampaignPlan, CampaignState
from dialer.domain.campaign_rules import CampaignRules, RuleOverride
from dialer.domain.disposition import HangupCause
from dialer.domain.events import LineSign, LinkUp, TelephonyEvent
from dialer.domain.ids import AgentId, AttemptId, CampaignId, TrunkName
from dialer.lab.bench.ear_receiver import EarReceiver
from dialer.lab.centre import OUR_TRUNK, CallCentre
from dialer.lab.world.numbers import Behaviour, behaviour_of, number
from dialer.pacing.pacer import LineEnd
from dialer.ports.telephony import Telephony
from dialer.simulation.exchange import SimulatedExchange
from dialer.simulation.fate import CallFate
from dialer.simulation.floor_book import FloorBook
from dialer.simulation.result import DayResult
from dialer.telephony.asterisk.driver import AsteriskTelephony
from dialer.telephony.asterisk.trunks import DialString
from dialer.telephony.fake import BUSY, RINGS_OUT, FakeTelephony, Script
from ivr.agi.protocol import Conversation
from ivr.agi.server import FastAgiServer
from tests.support.gate import permit_for

Event = TypeVar("Event")
ALL_DAY = CallingHours(time(0), time(23, 59, 59, 999999))
MESSAGE = "fairdial/abandoned-en"


def permit(
    number: str, ring_for: timedelta = timedelta(seconds=16), on_foreign: str | None = None
) -> DialPermit:
    """`on_foreign`: what an override on record says of foreign ring-back tones."""
    field, at = "on_foreign_ringback", datetime(2026, 1, 1, tzinfo=UTC)
    said = () if on_foreign is None else (RuleOverride(PROJECT_DEFAULT, field, on_foreign, "me", "test", at),)
    plan = CampaignPlan(
        "driver test",
        TrunkName("carrier"),
        hours=ALL_DAY,
        ring_for=ring_for,
        rules=CampaignRules(overrides=said),
    )
    return permit_for(Campaign(CampaignId(1), CampaignState.RUNNING, plan), AttemptId(uuid4()), number)


class Exchange:
    """`drop_phone` hangs up at the agent's phone. `listening` are the taps that are open, which lead to `ears`."""

    def __init__(self, driver: Telephony, phones: list[str], drop_phone: Callable[[AgentId], object]) -> None:
        self.driver, self.phones, self.drop_phone = driver, phones, drop_phone
        self.events: list[TelephonyEvent] = []
        self.ears = "127.0.0.1:9"
        self.listening: Callable[[], set[UUID]] = set
        self.receiver: EarReceiver | None = None
        self.call_in: Callable[[str, int], object] = _nobody_calls_in
        """A caller comes out of a flow into this queue, for so many seconds."""
        self.flows: list[dict[str, str]] | None = None  # what scripts of flows were asked

    async def until_listening(self, *taps: UUID, within_s: float = 5) -> None:
        """Until exactly these taps are open."""
        async with asyncio.timeout(within_s):
            while self.listening() != set(taps):  # noqa: ASYNC110
                await asyncio.sleep(0.01)

    async def wait(self, kind: type[Event], within_s: float = 10, **fields: object) -> Event:
        """The first event of this kind with these field values, past or future."""
        async with asyncio.timeout(within_s):
            while True:
                for event in self.events:
                    if isinstance(event, kind) and all(
                        getattr(event, name) == value for name, value in fields.items()
                    ):
                        return event
                await asyncio.sleep(0.01)

    def of(self, attempt: AttemptId) -> list[TelephonyEvent]:
        return [event for event in self.events if getattr(event, "attempt", None) == attempt]


def _nobody_calls_in(queue: str, within_s: int) -> None:
    raise AssertionError("nobody calls in on this exchange")


class _Runs(Protocol):
    async def run(self) -> None: ...


@asynccontextmanager
async def asterisk_exchange(centre: CallCentre, *, first_life: bool = True) -> AsyncIterator[Exchange]:
    """Beside another one that is not `first_life` shares the script in the place of the service's."""
    rng, settings = random.Random(), centre.settings
    heard: list[TelephonyEvent] = []
    driver = AsteriskTelephony(
        ami_link(settings, rng),
        {TrunkName("carrier"): DialString(OUR_TRUNK)},
        PurePosixPath(settings.recordings.landing),
        heard.append,
        SystemClock(),
        rng,
    )
    made = Exchange(
        driver, centre.phone_names, lambda agent: centre.drop_phone(centre.phone_names[agent - 1])
    )
    made.events = heard
    made.flows = []
    flows = _flows(centre, made.flows) if first_life else nullcontext()
    async with EarReceiver() as receiver, flows:
        made.receiver, made.ears, made.listening = receiver, receiver.address, lambda: receiver.open
        running = asyncio.ensure_future(driver.run())
        try:
            await made.wait(LinkUp)
            made.call_in = _FromOutside(centre)
            yield made
            await _hang_up_everything(driver)
        finally:
            running.cancel()
            await asyncio.gather(running, return_exceptions=True)


@asynccontextmanager
async def _flows(centre: CallCentre, asked: list[dict[str, str]]) -> AsyncIterator[None]:
    """A script in the place of the service's: `press-one` asks for an agent first, every flow takes a second."""

    async def flow(conversation: Conversation) -> str:
        query = dict(conversation.request.query)
        parts = [await conversation.command("GET VARIABLE", name) for name in _CONTACT]
        asked.append({**query, "contact": "".join(part.note or "" for part in parts)})
        if query.get("name") == "press-one" and not query.get("outcome"):
            for name, value in (("TARGET", "service"), ("RING_S", "3")):
                await conversation.set_variable(f"FAIRDIAL_{name}", value)
            await conversation.set_variable("IVR_NEXT", "wait")
            return "transferring"
        await conversation.command("WAIT FOR DIGIT", 1000)
        return "done"

    async def gone(conversation: Conversation) -> str:
        return "gone"

    agi = centre.settings.agi
    server = FastAgiServer(agi.host, agi.port, {"flow": flow, "gone": gone}, report=lambda end: None)
    await server.start()
    try:
        yield
    finally:
        await server.close()


_CONTACT = ("FAIRDIAL_CONTACT", *(f"FAIRDIAL_CONTACT_{nth}" for nth in range(2, 10)))


class _FromOutside:
    """The exchange itself dials the carrier, so that the channel is none of ours, and leads it where flows lead callers."""

    def __init__(self, centre: CallCentre) -> None:
        self._pbx, self._count = centre.pbx, 0

    def __call__(self, queue: str, within_s: int) -> None:
        self._count += 1
        extension = f"called-us-{self._count}"
        steps = (
            f"Set(FAIRDIAL_TARGET={queue})",
            f"Set(FAIRDIAL_RING_S={within_s})",
            "Set(FAIRDIAL_SESSION=)",
            "Set(FAIRDIAL_PRIORITY=3)",
            "Set(CALLERID(num)=+12025550143)",
            "Goto(fairdial-transfer,wait,1)",
        )
        for priority, step in enumerate(steps, start=1):
            self._pbx.cli(f"dialplan add extension {extension},{priority},{step} into fairdial-probe replace")
        line = number(Behaviour.TONE_UNTIL_HUNG_UP, 60 + self._count)
        self._pbx.cli(f"channel originate PJSIP/{line}@{OUR_TRUNK} extension {extension}@fairdial-probe")


async def _hang_up_everything(driver: Telephony) -> None:
    census = await driver.census()
    for agent in census.desks:
        await driver.disconnect_desk(agent)
    for call in census.calls:
        await driver.end_stray(call.attempt)


_SCRIPTS = {
    Behaviour.BUSY: BUSY,
    Behaviour.RINGS_OUT: RINGS_OUT,
    Behaviour.REJECTS: Script(ring_s=None, end_s=0.1, cause=HangupCause(21, 403, "Call Rejected")),
    Behaviour.NOT_IN_SERVICE: Script(ring_s=None, end_s=0.1, cause=HangupCause(1, 404, "Unallocated")),
    Behaviour.CONGESTED: Script(ring_s=None, end_s=0.1, cause=HangupCause(34, 503, "Congestion")),
    Behaviour.TONE: Script(ring_s=0.1, answer_s=1.0, talk_s=4.0),
    Behaviour.TONE_UNTIL_HUNG_UP: Script(ring_s=None, answer_s=0.05, talk_s=60.0, flow_s=1.0),
    Behaviour.SAYS_NOTHING: Script(
        ring_s=None, answer_s=0.05, talk_s=60.0, speaks=((0.0, Direction.AGENT, 60.0),)
    ),
    Behaviour.SENDS_NOTHING: Script(
        ring_s=None,
        answer_s=0.05,
        talk_s=60.0,
        speaks=((0.0, Direction.AGENT, 60.0),),
        rtp_until_s={Direction.CALLER: 0.0},
    ),
    Behaviour.PRESSES_NINE: Script(ring_s=None, answer_s=0.05, talk_s=60.0, presses_s=1.0),
    Behaviour.PRESSES_FIVE: Script(
        ring_s=None, answer_s=0.05, talk_s=60.0, flow_s=1.0, wants_agent_s=0.3, wants_within_s=3.0
    ),
    Behaviour.EARLY_MEDIA: Script(ring_s=0.1, answer_s=2.0, talk_s=4.0),
    Behaviour.GIVEN_UP_BY_NETWORK: Script(ring_s=0.1, end_s=4.0, cause=HangupCause(19, 480, "No answer")),
}


@asynccontextmanager
async def fake_exchange() -> AsyncIterator[Exchange]:
    heard: list[TelephonyEvent] = []
    driver = FakeTelephony(lambda number: _SCRIPTS[behaviour_of(number.e164)], heard.append, SystemClock())
    made = Exchange(driver, ["tone-101", "tone-102"], driver.drop_phone)
    made.events = heard
    made.listening = lambda: set[UUID](driver.taps.values())
    made.call_in = lambda queue, within_s: driver.call_in(
        queue, "+12025550143", within_s=within_s, priority=3
    )
    driver.raise_link()
    yield made


@dataclass(slots=True)
class _Scripted(CallFate):
    cause: HangupCause = field(default_factory=HangupCause)


def _fate(script: Script) -> CallFate:
    never = float("inf")
    return _Scripted(
        never if script.end_s is None else script.end_s,
        LineEnd.NOT_ANSWERED if script.answer_s is None else LineEnd.PERSON,
        script.answer_s,
        talk=script.talk_s,
        patience=script.talk_s,
        signs=() if script.ring_s is None else ((script.ring_s, LineSign.RINGING),),
        cause=script.cause,
    )


def _cause(fate: CallFate) -> HangupCause:
    return fate.cause if isinstance(fate, _Scripted) else HangupCause()


@asynccontextmanager
async def simulated_exchange() -> AsyncIterator[Exchange]:
    heard: list[TelephonyEvent] = []
    book = FloorBook(DayResult(3600.0))
    driver = SimulatedExchange(
        lambda leave: _fate(_SCRIPTS[behaviour_of(leave.number.e164)]),
        heard.append,
        SystemClock(),
        book,
        cause=_cause,
    )
    made = Exchange(driver, ["tone-101", "tone-102"], driver.drop_phone)
    made.events = heard
    driver.raise_link()
    yield made
    assert book.result.dropped_early == 0
