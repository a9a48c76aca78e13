"""What is announced before it is recorded, and what becomes of a recording that is paused."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import replace
from datetime import timedelta
from uuid import uuid4

import pytest

from dialer.compliance.call import CalledPlace
from dialer.compliance.place import place_of
from dialer.domain.campaign import CampaignPlan, RecordingAnnouncement
from dialer.domain.ids import AgentId, AttemptId, RunnerId
from dialer.domain.phone_number import PhoneNumber
from dialer.engine.reconciler import _revived
from dialer.engine.recorder import RecordingHouse
from dialer.errors import Conflict
from dialer.ports.storage import RecordingMarks
from dialer.telephony.fake import TALKS
from tests.support.floor_in_virtual_time import PLAN, VirtualFloor, floor
from tests.support.virtual_time import run

pytestmark = pytest.mark.unit

PROMPT = "fairdial/recorded-en"
TEXAS = CalledPlace("US", ("TX",))
ONE_PARTY = RecordingHouse(TEXAS, lambda *_: CalledPlace("US", ("OR",)))
ALL_PARTY = RecordingHouse(TEXAS, lambda *_: CalledPlace("US", ("CA",)))
TALK = replace(TALKS, talk_s=400)


def of_one_call(
    scene: Callable[[VirtualFloor, AttemptId], Awaitable[None]],
    house: RecordingHouse,
    plan: CampaignPlan = PLAN,
    agents: int = 1,
) -> None:
    """`scene` begins when caller and agent have talked for a moment."""

    async def whole() -> None:
        async with floor(lambda _: TALK, contacts=1, agents=agents, plan=plan, house=house) as hall:
            await asyncio.sleep(10)
            (attempt,) = hall.engine.supervisor.calls
            await scene(hall, attempt)

    run(whole())


def told(hall: VirtualFloor) -> list[str]:
    of_recordings = ("announc", "recording", "not_recorded")
    return [line.kind for line in hall.attempts.lines if line.kind.startswith(of_recordings)]


def last_marks(hall: VirtualFloor) -> RecordingMarks:
    return hall.recordings.marks[-1]


def test_where_one_party_suffices_nothing_is_said_and_recording_begins_with_the_join() -> None:
    async def scene(hall: VirtualFloor, attempt: AttemptId) -> None:
        assert hall.recordings.begun == [f"{attempt}-1.wav"]
        assert told(hall) == []

    of_one_call(scene, ONE_PARTY)


@pytest.mark.parametrize("house", [ALL_PARTY, RecordingHouse(TEXAS), RecordingHouse()])
def test_where_all_parties_must_know_it_is_said_first_and_kept_that_it_was(house: RecordingHouse) -> None:
    async def scene(hall: VirtualFloor, attempt: AttemptId) -> None:
        assert told(hall) == ["announcing", "announcement_started", "announced"]
        assert hall.recordings.begun == [f"{attempt}-1.wav"]
        marks = last_marks(hall)
        assert (marks.announcement, marks.announced_at is not None, marks.discard) == (PROMPT, True, "")

    of_one_call(scene, house)


def test_without_the_announcement_nothing_is_kept() -> None:
    async def scene(hall: VirtualFloor, attempt: AttemptId) -> None:
        hall.telephony.dead_prompts.add(PROMPT)
        call = hall.engine.supervisor.calls[attempt]
        hall.engine.recorder.joined(call, hall.engine._clock.now())
        await asyncio.sleep(1)
        assert told(hall)[-1] == "not_recorded"
        assert "not played to its end" in last_marks(hall).discard
        with pytest.raises(Conflict):
            await hall.engine.recorder.pause(attempt, "Ana")

    of_one_call(scene, ALL_PARTY)


@pytest.mark.parametrize(
    ("state", "announced"), [("California", True), ("CA", True), ("Oregon", False), ("", False)]
)
def test_the_state_a_person_lives_in_counts_beside_that_of_the_number(state: str, announced: bool) -> None:
    """A number of Oregon that went with its owner to California: also for the engine that takes the call over."""

    async def scene() -> None:
        house = RecordingHouse(TEXAS, lambda _, lives_in: place_of(PhoneNumber("+15035550123"), lives_in))
        async with floor(
            lambda _: TALK, contacts=1, agents=1, house=house, attributes={"State": state}
        ) as hall:
            await asyncio.sleep(10)
            assert told(hall) == (["announcing", "announcement_started", "announced"] if announced else [])
            (call,) = hall.engine.supervisor.calls.values()
            (adopted,) = await hall.attempts.open_attempts(RunnerId(uuid4()))
            revived = _revived(adopted, call.campaign, call.dialled_at)
            assert hall.engine.recorder.name(revived) == (None if announced else f"{call.id}-1")

    run(scene())


@pytest.mark.parametrize(
    ("choice", "house", "kinds"),
    [
        (RecordingAnnouncement.ALWAYS, ONE_PARTY, 3),
        (RecordingAnnouncement.NEVER, ALL_PARTY, 0),
    ],
)
def test_a_campaign_may_always_say_it_or_never(
    choice: RecordingAnnouncement, house: RecordingHouse, kinds: int
) -> None:
    async def scene(hall: VirtualFloor, attempt: AttemptId) -> None:
        assert len(told(hall)) == kinds
        assert hall.recordings.begun == [f"{attempt}-1.wav"]

    of_one_call(scene, house, replace(PLAN, announce_recording=choice, announce_why="counsel said so"))


def test_a_campaign_that_never_says_it_says_why() -> None:
    with pytest.raises(ValueError, match="announce_why"):
        replace(PLAN, announce_recording=RecordingAnnouncement.NEVER)


def test_a_pause_is_silent_until_it_is_ended_and_again_is_the_same_pause() -> None:
    async def scene(hall: VirtualFloor, attempt: AttemptId) -> None:
        recorder = hall.engine.recorder
        await recorder.pause(attempt, "Ana")
        await recorder.pause(attempt, "Ana")
        assert recorder.is_paused(attempt)
        assert hall.telephony._calls[attempt].muted
        await asyncio.sleep(30)
        await recorder.resume(attempt, "Ana")
        assert not hall.telephony._calls[attempt].muted
        await asyncio.sleep(1)
        (silence,) = last_marks(hall).silences
        assert silence.until is not None
        assert silence.until - silence.since == timedelta(seconds=30)
        assert silence.by == "Ana"
        assert told(hall) == ["recording_pause", "recording_paused", "recording_resumed"]

    of_one_call(scene, ONE_PARTY)


def test_a_pause_that_nobody_ends_is_over_after_a_while_and_one_at_the_end_of_the_call_ends_with_it() -> None:
    async def scene(hall: VirtualFloor, attempt: AttemptId) -> None:
        recorder = hall.engine.recorder
        await recorder.pause(attempt, "Ana")
        await asyncio.sleep(119)
        assert recorder.is_paused(attempt)
        await asyncio.sleep(2)
        assert not recorder.is_paused(attempt)
        await recorder.pause(attempt, "Ana")
        await hall.engine.supervisor.hang_up(attempt)
        await asyncio.sleep(5)
        first, second = last_marks(hall).silences
        assert first.until is not None
        assert first.until - first.since == timedelta(seconds=120)
        assert second.until is not None

    of_one_call(scene, ONE_PARTY)


def test_a_pause_that_the_exchange_does_not_acknowledge_ends_the_recording_there() -> None:
    async def scene(hall: VirtualFloor, attempt: AttemptId) -> None:
        recorder = hall.engine.recorder
        hall.telephony.keeps_listening = True
        with pytest.raises(Conflict, match="stopped"):
            await recorder.pause(attempt, "Ana")
        assert not hall.telephony._calls[attempt].recorded
        for again in (recorder.pause, recorder.resume):
            with pytest.raises(Conflict, match="not being recorded"):
                await again(attempt, "Ana")
        await asyncio.sleep(20)
        await hall.engine.supervisor.hang_up(attempt)
        await asyncio.sleep(5)
        marks = last_marks(hall)
        assert marks.silences == ()
        assert marks.ends is not None
        assert hall.recordings.talks == [marks.ends]
        assert told(hall)[-1] == "recording_stopped"

    of_one_call(scene, ONE_PARTY)


def test_with_the_link_gone_nothing_is_kept_from_the_moment_the_pause_was_asked_for() -> None:
    async def scene(hall: VirtualFloor, attempt: AttemptId) -> None:
        hall.telephony.link_up = False
        with pytest.raises(Conflict):
            await hall.engine.recorder.pause(attempt, "Ana")
        await asyncio.sleep(1)
        assert last_marks(hall).ends is not None

    of_one_call(scene, ONE_PARTY)


def test_the_next_agent_does_not_record_what_the_last_one_paused() -> None:
    async def scene(hall: VirtualFloor, attempt: AttemptId) -> None:
        await hall.engine.recorder.pause(attempt, "Ana")
        first = hall.engine.supervisor.calls[attempt].agent
        assert first is not None
        hall.telephony.drop_phone(AgentId(first))
        await asyncio.sleep(2)
        assert hall.engine.supervisor.calls[attempt].agent not in (None, first)
        assert hall.engine.recorder.is_paused(attempt)
        assert hall.telephony._calls[attempt].muted
        assert hall.recordings.begun == [f"{attempt}-1.wav", f"{attempt}-2.wav"]

    of_one_call(scene, ONE_PARTY, agents=2)


def test_a_call_that_is_not_recorded_cannot_be_paused() -> None:
    async def scene(hall: VirtualFloor, attempt: AttemptId) -> None:
        with pytest.raises(Conflict, match="not being recorded"):
            await hall.engine.recorder.pause(attempt, "Ana")

    of_one_call(scene, ALL_PARTY, replace(PLAN, record=False))
