"""A call from the outside while the IVR is not there: the fallback script takes a call-back number."""

import json
import wave
from array import array
from pathlib import Path

import pytest

from dialer.lab.centre import CALLER_ID
from tests.support.service import Hall

pytestmark = pytest.mark.asterisk

# a "w" is half a second: the closed message and the question for the number are over, its answer is awaited
_PATIENCE = "w" * 26


def _call_in(floor: Hall, application: str) -> None:
    """A call from the carrier's side, on which the caller does this."""
    floor.centre.carrier.cli(f"channel originate PJSIP/{CALLER_ID}@pbx application {application}")


def _loud_seconds(file: Path) -> int:
    with wave.open(str(file)) as sound:
        rate, samples = sound.getframerate(), array("h", sound.readframes(sound.getnframes()))
    seconds = (samples[start : start + rate] for start in range(0, len(samples), rate))
    return sum(max(map(abs, second)) > 1000 for second in seconds)


@pytest.mark.parametrize("service", ["is down", "has no flow for the number"])
async def test_the_fallback_takes_a_number_and_leaves_it_in_the_spool(floor: Hall, service: str) -> None:
    digits = "2025550123" if service == "is down" else "2025550124"
    if service != "is down":
        await floor.start()
    heard = floor.folder / "heard.wav"
    before = set(floor.centre.callbacks.glob("*.json"))
    _call_in(floor, f"Record {heard},0,12,kq")
    _call_in(floor, f"SendDTMF {_PATIENCE}{digits}#wwwwwwww")

    async def left() -> set[Path]:
        return set(floor.centre.callbacks.glob("*.json")) - before

    (file,) = await floor.wait_for(left, "a call-back request is in the spool")
    request = json.loads(file.read_text("utf-8"))
    assert request["number"] == digits
    assert request["id"] == file.stem
    await floor.wait_quiet()
    assert _loud_seconds(heard) >= 5, "the closed message was played"
