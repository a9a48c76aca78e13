"""What the ears hear on real calls, judged by the carrier's records and by what its subscribers really said."""

import os
import signal
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from dialer.compliance.rulebook import PROJECT_DEFAULT
from dialer.domain.attempt import AttemptState
from dialer.domain.campaign_rules import CallPurpose, CampaignRules, RuleOverride
from dialer.domain.disposition import Disposition
from dialer.domain.listening_plan import AnswerStrategy, Audience, ListeningPlan
from dialer.domain.pacing_plan import PacingMode, PacingPlan
from dialer.lab.centre import CallCentre
from dialer.lab.ports import HOST, Ports
from dialer.lab.world.call_records import CallRecord
from dialer.lab.world.numbers import ABROAD, Behaviour, number, rings_in
from dialer.lab.world.voices import MACHINE, PERSON, Said, of_line
from dialer.ports.storage import AttemptView
from tests.support.service import Hall, hall

pytestmark = [pytest.mark.asterisk, pytest.mark.timeout(90)]

WHEN = datetime(2026, 1, 1, tzinfo=UTC)
AT_ONCE = CampaignRules(
    purposes=frozenset({CallPurpose.INFORMATIONAL}),
    overrides=(RuleOverride(PROJECT_DEFAULT, "on_foreign_ringback", "hang_up_now", "me", "test", WHEN),),
)
# two seconds from the end of the greeting, where our own convention counts from the answer
TSR = "us_ftc_tsr"
FROM_THE_GREETING = CampaignRules(
    purposes=frozenset({CallPurpose.INFORMATIONAL}),
    home=frozenset({TSR}),
    overrides=(
        RuleOverride(TSR, "hours", "off", "me", "test", WHEN),
        RuleOverride(TSR, "registry", "off", "me", "test", WHEN),
        RuleOverride(TSR, "caller_id", "no_proof", "me", "test", WHEN),
        RuleOverride(TSR, "on_foreign_ringback", "hang_up_now", "me", "test", WHEN),
    ),
)
ALL_AT_ONCE = PacingPlan(PacingMode.POWER, lines_per_agent=4.0)
WAITS = ListeningPlan(answer=AnswerStrategy.WAIT_FOR_VERDICT, audience=Audience.HOMES)
LEAVES = ListeningPlan(answer=AnswerStrategy.LEAVE_MESSAGE, audience=Audience.HOMES)
PHONES = ("agent-101", "agent-102", "agent-103", "agent-104", "tone-101", "tone-102")
TONES = {"CN": "450", "GB": "400+450", "DE": "425", "FR": "440", "JP": "400", "TW": "440+480"}
"""ITU-T E.180; of the Japanese 400 Hz the modulation by 15 Hz is not counted."""
GREETING_WITHIN_S = 0.25
AGENT_WITHIN = timedelta(seconds=2)
RING_LEAST = timedelta(seconds=15)


@pytest.fixture
async def begun(floor: Hall) -> AsyncIterator[Hall]:
    """With all agents at their desks and the ears up. At the end nothing listens any more."""
    await floor.log_in(*PHONES)
    await floor.start()
    await floor.wait_agents()
    await floor.wait_part("ears", True)
    yield floor
    await no_ear_is_left(floor)


async def no_ear_is_left(floor: Hall) -> None:
    async def none() -> bool:
        return "AudioSocket" not in floor.centre.pbx.cli("core show channels concise")

    await floor.wait_for(none, "no ear is left on the exchange", within_s=10)


async def ended(floor: Hall, numbers: Sequence[str]) -> dict[str, AttemptView]:
    """Of a campaign that has run to its end."""
    await floor.wait_campaign("finished", within_s=70)
    await floor.assert_accounted()
    return {each.number.e164: each for each in await floor.attempts() if each.number.e164 in numbers}


def record_of(floor: Hall, called: str) -> CallRecord:
    (record,) = (each for each in floor.records() if each.number == called)
    return record


async def said_in_timeline(floor: Hall, attempt: AttemptView, kind: str) -> str:
    (entry,) = (each for each in await floor.store.history.timeline(attempt.id) if each.kind == kind)
    return entry.detail


@dataclass(frozen=True)
class Ledger:
    greeting_start: datetime | None
    greeting_end: datetime | None
    verdict: str | None


async def ledger(floor: Hall, attempt: AttemptView) -> Ledger:
    row = await floor.store.pool.fetchrow(
        "select greeting_start_at, greeting_end_at, machine_verdict from attempts where id = $1", attempt.id
    )
    assert row is not None
    return Ledger(*row)


def assert_heard_as_played(heard: Ledger, record: CallRecord, said: Said, *, to_its_end: bool) -> None:
    """`to_its_end`: the line stayed open until the greeting was over."""
    assert record.spoke is not None
    pairs = [(heard.greeting_start, said.start_s), (heard.greeting_end, said.end_s)]
    for at, played_s in pairs if to_its_end else pairs[:1]:
        assert at is not None
        assert (at - record.spoke).total_seconds() == pytest.approx(played_s, abs=GREETING_WITHIN_S)


def said_by(floor: Hall, called: str, kind: str) -> Said:
    return of_line(called, kind, floor.centre.carrier.program.english)


async def test_foreign_ringback_ends_the_call_before_its_answer_and_nothing_else_does(begun: Hall) -> None:
    floor = begun
    abroad = [number(Behaviour.ABROAD, n) for n in range(len(ABROAD))]
    people = [
        number(Behaviour.HOME_RINGBACK, 0),
        number(Behaviour.HOME_RINGBACK, 1),
        number(Behaviour.MUSIC),
        number(Behaviour.SOUNDLESS),
    ]
    busy, dead, announced = (
        number(each) for each in (Behaviour.BUSY_TONE, Behaviour.INFORMATION_TONES, Behaviour.ANNOUNCED)
    )
    await floor.dial(*abroad, *people, busy, dead, announced, rules=AT_ONCE, pacing=ALL_AT_ONCE)
    calls = await ended(floor, [*abroad, *people, busy, dead, announced])
    for each in abroad:
        record, country = record_of(floor, each), rings_in(each) or ""
        assert (record.answered, record.disposition) == (None, "NO ANSWER"), each
        assert record.ended - record.started < timedelta(seconds=12), each
        assert (calls[each].disposition, calls[each].ended_by_us) == (Disposition.FOREIGN_RINGBACK, True), (
            each
        )
        told = await said_in_timeline(floor, calls[each], "foreign_ringback")
        assert told in calls[each].because, each
        assert f": {TONES[country]} Hz" in told, told
    for each in people:
        assert calls[each].disposition is Disposition.CONNECTED, each
        assert record_of(floor, each).answered is not None
    assert calls[busy].disposition is Disposition.BUSY
    assert calls[dead].disposition is Disposition.NOT_IN_SERVICE
    assert calls[announced].disposition is Disposition.NO_ANSWER
    for each in (busy, dead, announced):
        record = record_of(floor, each)
        assert record.answered is None
        assert RING_LEAST <= record.ended - record.started < RING_LEAST + timedelta(seconds=3), each


async def test_where_the_law_lets_it_ring_a_foreign_line_rings_its_time_and_then_goes(begun: Hall) -> None:
    floor = begun
    abroad = [number(Behaviour.ABROAD, 10 * len(ABROAD) + n) for n in (0, len(ABROAD) - 1)]
    await floor.dial(*abroad, ring_for=timedelta(seconds=24), pacing=ALL_AT_ONCE)
    calls = await ended(floor, abroad)
    for each in abroad:
        record = record_of(floor, each)
        assert calls[each].disposition is Disposition.FOREIGN_RINGBACK, each
        assert record.answered is None
        assert RING_LEAST <= record.ended - record.started < RING_LEAST + timedelta(seconds=2), each


async def test_machines_get_no_agent_and_people_get_one_before_they_wait(begun: Hall) -> None:
    floor = begun
    people = [number(Behaviour.GREETS, n) for n in range(5)]
    machines = [number(Behaviour.VOICEMAIL, n) for n in range(3)]
    fax, hesitates = number(Behaviour.FAX), number(Behaviour.HESITATES)
    everybody = [*people, *machines, fax, hesitates]
    await floor.dial(
        *everybody, rules=FROM_THE_GREETING, listening=WAITS, pacing=PacingPlan(PacingMode.PROGRESSIVE)
    )
    calls = await ended(floor, everybody)
    for each in machines:
        call, heard = calls[each], await ledger(floor, calls[each])
        assert (call.disposition, call.joined_at, call.ended_by_us) == (Disposition.MACHINE, None, True), each
        assert heard.verdict == "machine"
        assert_heard_as_played(heard, record_of(floor, each), said_by(floor, each, MACHINE), to_its_end=False)
    for each in people:
        call, heard, said = calls[each], await ledger(floor, calls[each]), said_by(floor, each, PERSON)
        record = record_of(floor, each)
        assert call.disposition is Disposition.CONNECTED, each
        assert heard.verdict == "person"
        assert_heard_as_played(heard, record, said, to_its_end=True)
        assert call.joined_at is not None
        assert record.spoke is not None
        assert timedelta(0) < call.joined_at - record.spoke - timedelta(seconds=said.end_s) < AGENT_WITHIN, (
            each
        )
    assert calls[fax].disposition is Disposition.FAX
    silent = calls[hesitates]
    assert silent.disposition is Disposition.CONNECTED
    assert silent.answered_at is not None
    assert silent.joined_at is not None
    assert silent.joined_at - silent.answered_at < AGENT_WITHIN


async def test_a_machine_gets_its_message_after_the_beep_and_a_person_an_agent(begun: Hall) -> None:
    floor = begun
    machines = [number(Behaviour.VOICEMAIL, n) for n in (10, 12)]
    person, fax = number(Behaviour.GREETS, 10), number(Behaviour.FAX, 10)
    await floor.dial(*machines, person, fax, rules=FROM_THE_GREETING, listening=LEAVES)
    calls = await ended(floor, [*machines, person, fax])
    for each in machines:
        call, said, spoke = calls[each], said_by(floor, each, MACHINE), record_of(floor, each).spoke
        assert (call.disposition, call.joined_at) == (Disposition.MESSAGE_LEFT, None), each
        assert said.beep_s is not None
        assert spoke is not None
        assert call.message_at is not None
        beeped = spoke + timedelta(seconds=said.beep_s)
        assert beeped < call.message_at < beeped + timedelta(seconds=1), each
        heard = await ledger(floor, call)
        assert heard.verdict == "machine"
        assert_heard_as_played(heard, record_of(floor, each), said, to_its_end=True)
    assert calls[person].disposition is Disposition.CONNECTED
    assert calls[fax].disposition is Disposition.FAX


def pid_of_the_ears(floor: Hall) -> int | None:
    """The service's child that listens."""
    assert floor.service.pid is not None
    children = Path(f"/proc/{floor.service.pid}/task").glob("*/children")
    for pid in (int(word) for file in children for word in file.read_text("ascii").split()):
        if b"dialer.listening" in Path(f"/proc/{pid}/cmdline").read_bytes():
            return pid
    return None


async def test_calls_go_on_without_ears_and_the_ears_come_back(begun: Hall) -> None:
    floor = begun
    rings, greets = (number(each, 20) for each in (Behaviour.HOME_RINGBACK, Behaviour.HESITATES))
    before, after = (number(Behaviour.ABROAD, n * len(ABROAD)) for n in (20, 21))
    await floor.dial(rings, greets, before, rules=FROM_THE_GREETING, listening=WAITS, pacing=ALL_AT_ONCE)
    for each in (rings, before):
        await floor.wait_state(each, AttemptState.RINGING)
    await floor.wait_state(greets, AttemptState.WAITING)
    first = pid_of_the_ears(floor)
    assert first is not None
    os.kill(first, signal.SIGKILL)
    await floor.wait_part("ears", False)
    assert (await floor.wait_state(greets, AttemptState.TALKING, AttemptState.ENDED)).joined_at is not None
    await floor.wait_part("ears", True)
    assert pid_of_the_ears(floor) not in (None, first)
    await floor.add(after)
    calls = await ended(floor, [rings, greets, before, after])
    assert calls[rings].disposition is Disposition.CONNECTED
    assert calls[greets].disposition is Disposition.CONNECTED
    for abroad in (before, after):
        assert calls[abroad].disposition is Disposition.FOREIGN_RINGBACK
        assert record_of(floor, abroad).answered is None


@pytest.fixture
async def deaf_floor(prepared_centre: CallCentre, tmp_path: Path) -> AsyncIterator[Hall]:
    """With ears of which the exchange is told a wrong address."""
    with Ports(1) as ports:
        wrong = {"port": ports.one(), "public_address": f"{HOST}:9"}
        ears = prepared_centre.settings.ears.model_copy(update=wrong)
        async with hall(prepared_centre, tmp_path, ears=ears) as made:
            yield made


async def test_whoever_cannot_be_heard_is_taken_for_a_person(deaf_floor: Hall) -> None:
    floor = deaf_floor
    await floor.log_in(*PHONES[:2])
    await floor.start()
    await floor.wait_agents()
    person = number(Behaviour.GREETS, 30)
    await floor.dial(person, rules=FROM_THE_GREETING, listening=WAITS)
    call = (await ended(floor, [person]))[person]
    assert call.disposition is Disposition.CONNECTED
    assert call.joined_at is not None
    assert call.answered_at is not None
    assert call.joined_at - call.answered_at < AGENT_WITHIN
    await no_ear_is_left(floor)
