"""On the real exchange: what is said before a recording, and what is silent in it."""

import asyncio
import wave
from collections.abc import Sequence
from pathlib import Path

import aiohttp
import pytest

from dialer.clock import SystemClock
from dialer.domain.attempt import AttemptState
from dialer.domain.campaign import RecordingAnnouncement
from dialer.domain.ids import AttemptId
from dialer.lab.centre import CallCentre
from dialer.lab.world.numbers import Behaviour, number
from dialer.ports.storage import RecordingView
from dialer.web.auth import digest, new_token
from tests.support.service import Hall, hall
from tests.support.tones import sides, strength

pytestmark = pytest.mark.asterisk

CALLEE_HZ, AGENT_HZ = 697, 440


async def talking(floor: Hall, **plan: object) -> AttemptId:
    """A conversation of two tones that goes on."""
    await floor.log_in("tone-101")
    await floor.start()
    await floor.wait_agents()
    callee = number(Behaviour.TONE_UNTIL_HUNG_UP)
    await floor.dial(callee, **plan)
    return (await floor.wait_state(callee, AttemptState.TALKING)).id


async def token(floor: Hall) -> str:
    now, secret = SystemClock().now(), new_token()
    await floor.store.users.add_user("boss", "supervisor", None, None, now)
    await floor.store.users.add_token("boss", "", digest(secret), None, now)
    return secret


async def post(floor: Hall, secret: str, attempt: AttemptId, verb: str) -> int:
    http = floor.settings.http
    address = f"http://{http.host}:{http.port}/api/v1/calls/{attempt}/{verb}"
    async with (
        aiohttp.ClientSession() as session,
        session.post(address, headers={"Authorization": f"Bearer {secret}"}) as answer,
    ):
        return answer.status


async def stored(floor: Hall) -> tuple[RecordingView, Path]:
    (recording,) = await floor.wait_stored()
    return recording, floor.settings.recordings.folder / recording.name[:2] / recording.name


async def kinds(floor: Hall, attempt: AttemptId) -> list[str]:
    return [entry.kind for entry in await floor.store.history.timeline(attempt)]


async def wait_kind(floor: Hall, attempt: AttemptId, kind: str) -> None:
    async def there() -> bool:
        return kind in await kinds(floor, attempt)

    await floor.wait_for(there, f"the timeline says {kind}")


def seconds(samples: Sequence[int], rate: int, since: float, until: float) -> Sequence[int]:
    return samples[round(since * rate) : round(until * rate)]


def prompt_seconds(centre: CallCentre) -> float:
    with wave.open(str(centre.settings.prompts.folder / "recorded-en.wav")) as sound:
        return float(sound.getnframes() / sound.getframerate())


async def test_the_announcement_is_heard_by_both_and_is_in_the_recording(
    floor: Hall, prepared_centre: CallCentre
) -> None:
    attempt = await talking(floor, announce_recording=RecordingAnnouncement.ALWAYS)
    await wait_kind(floor, attempt, "announced")
    await asyncio.sleep(2)
    assert await post(floor, await token(floor), attempt, "hangup") == 204
    await floor.wait_campaign("finished")
    recording, file = await stored(floor)
    assert (recording.state, recording.problem) == ("stored", "")
    assert recording.marks.announcement == "fairdial/recorded-en"
    assert recording.marks.announced_at is not None
    left, right, rate = sides(file)
    lasts = prompt_seconds(prepared_centre)
    # what was sent to the callee: the agent's tone and the announcement over it, then the tone alone
    during = strength(seconds(right, rate, 0.2, lasts - 0.3), rate, AGENT_HZ)
    # where the mixing of three ends the tone's phase jumps, so that a second of it may cancel itself: tenths do not
    after = [
        strength(seconds(right, rate, lasts + 0.5 + n / 10, lasts + 0.6 + n / 10), rate, AGENT_HZ)
        for n in range(10)
    ]
    assert sum(each > 0.95 for each in after) >= 9, after
    assert during < 0.9, f"no other sound than the agent's tone: {during}"
    assert strength(seconds(left, rate, 0.2, lasts), rate, CALLEE_HZ) > 0.95, "the callee alone on the left"
    said = await kinds(floor, attempt)
    assert said.index("joined") < said.index("announcing") < said.index("announcement_started")


async def test_without_its_announcement_a_conversation_is_not_recorded(floor: Hall) -> None:
    attempt = await talking(
        floor, announce_recording=RecordingAnnouncement.ALWAYS, announcement="fairdial/there-is-no-such"
    )
    await wait_kind(floor, attempt, "not_recorded")
    assert (await floor.store.history.attempt(attempt)).state is AttemptState.TALKING, "the call goes on"
    await asyncio.sleep(1)
    assert await post(floor, await token(floor), attempt, "hangup") == 204
    await floor.wait_campaign("finished")
    (recording,) = await floor.wait_stored()
    assert recording.state == "failed"
    assert not list(floor.settings.recordings.landing.glob("*.wav")), "nothing of it is kept"
    assert not list(floor.settings.recordings.folder.rglob("*.wav"))


async def test_card_data_are_silence_and_the_file_is_as_long_as_the_call(floor: Hall) -> None:
    attempt = await talking(floor)
    secret = await token(floor)
    await asyncio.sleep(1.5)
    assert await post(floor, secret, attempt, "recording/pause") == 204
    await asyncio.sleep(2)
    assert await post(floor, secret, attempt, "recording/resume") == 204
    await asyncio.sleep(1.5)
    assert await post(floor, secret, attempt, "hangup") == 204
    await floor.wait_campaign("finished")
    recording, file = await stored(floor)
    assert recording.problem == "", "as long as the conversation"
    (silence,) = recording.marks.silences
    assert silence.until is not None
    since, until = silence.since.total_seconds(), silence.until.total_seconds()
    assert (silence.by, 1.9 < until - since < 2.6) == ("boss", True)
    for side, hertz in zip(sides(file)[:2], (CALLEE_HZ, AGENT_HZ), strict=True):
        rate = 8000
        assert not any(seconds(side, rate, since, until)), "not one sample of the pause"
        for part in ((since - 1, since - 0.1), (until + 0.2, until + 1)):
            assert strength(seconds(side, rate, *part), rate, hertz) > 0.95, part
    said = await kinds(floor, attempt)
    assert said.index("recording_pause") < said.index("recording_paused") < said.index("recording_resumed")
    actions = {row["action"] for row in await floor.store.pool.fetch("select action from audit")}
    assert {"recording.pause", "recording.resume"} <= actions


async def test_a_place_that_is_not_known_has_every_recording_announced(
    prepared_centre: CallCentre, tmp_path: Path
) -> None:
    async with hall(prepared_centre, tmp_path) as floor:
        places = floor.settings.recordings.model_copy(update={"our_place": None})
        floor.settings = floor.settings.model_copy(update={"recordings": places})
        floor.service.settings = floor.settings
        attempt = await talking(floor)
        await wait_kind(floor, attempt, "announced")
