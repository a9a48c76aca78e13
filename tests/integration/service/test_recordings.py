"""Conversations as they lie in the store: the right sides, the right length, and nothing lost or changed unnoticed."""

import asyncio
import hashlib
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from dialer.domain.attempt import AttemptState
from dialer.lab.environment import as_environment
from dialer.lab.world.numbers import Behaviour, number
from dialer.ports.storage import RecordingView
from tests.support.service import Hall
from tests.support.tones import hears, sides

pytestmark = pytest.mark.asterisk

CALLEE_HZ, AGENT_HZ = 697, 440


async def recorded(floor: Hall) -> tuple[RecordingView, Path]:
    """A call of a tone phone with a tone, after its end."""
    await floor.log_in("tone-101")
    await floor.start()
    await floor.wait_agents()
    await floor.dial(number(Behaviour.TONE))
    await floor.wait_campaign("finished")
    (recording,) = await floor.wait_stored()
    assert recording.state == "stored", recording.problem
    return recording, floor.settings.recordings.folder / recording.name[:2] / recording.name


def verified(floor: Hall) -> tuple[bool, str]:
    """What `fairdial recordings verify` says."""
    done = subprocess.run(
        [sys.executable, "-m", "dialer", "recordings", "verify"],
        env={**os.environ, **as_environment(floor.settings)},
        capture_output=True,
        text=True,
    )
    return done.returncode == 0, done.stdout + done.stderr


async def test_a_recording_has_the_callee_left_and_the_agent_right_and_changes_to_it_are_noticed(
    floor: Hall,
) -> None:
    recording, file = await recorded(floor)
    left, right, rate = sides(file)
    assert (hears(left, rate, CALLEE_HZ), hears(left, rate, AGENT_HZ)) == (True, False)
    assert (hears(right, rate, AGENT_HZ), hears(right, rate, CALLEE_HZ)) == (True, False)

    assert recording.problem == ""
    assert recording.talk is not None
    assert abs(len(left) / rate - recording.talk.total_seconds()) < 0.5
    (record,) = floor.records()
    assert abs(len(left) / rate - record.talked_s) < 0.5, "the carrier saw a conversation of the same length"

    content = file.read_bytes()
    assert (recording.bytes, recording.sha256) == (len(content), hashlib.sha256(content).hexdigest())
    (attempt,) = await floor.attempts()
    assert re.fullmatch(rf"{attempt.id}-1\.wav", recording.name), "made of ids only"
    assert not list(floor.settings.recordings.landing.glob("*.wav")), "the sides are cleared away"

    intact, said = await asyncio.to_thread(verified, floor)
    assert intact, said
    changes = (content[:-2] + bytes([content[-2] ^ 1, content[-1]]), content[: len(content) // 2], None)
    for changed in changes:
        if changed is None:
            file.unlink()
        else:
            file.write_bytes(changed)
        intact, said = await asyncio.to_thread(verified, floor)
        assert not intact, "unnoticed"
        assert str(recording.id) in said


async def test_a_recording_waits_for_a_landing_folder_that_is_away(floor: Hall) -> None:
    landing, away = floor.settings.recordings.landing, floor.folder / "away"
    await floor.log_in("tone-101")
    await floor.start()
    await floor.wait_agents()
    await floor.dial(number(Behaviour.TONE, 1))
    await floor.wait_state(number(Behaviour.TONE, 1), AttemptState.TALKING)
    landing.rename(away)
    await floor.wait_campaign("finished")
    await floor.wait_part("recordings", False)
    (recording,) = await floor.store.recordings.recordings(floor.campaign, None, 10)
    assert recording.state == "landed"
    away.rename(landing)
    (recording,) = await floor.wait_stored()
    assert (recording.state, recording.problem) == ("stored", "")
