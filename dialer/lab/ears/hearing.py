"""Plays clips to a tone ear, each for many homes at once, as live streams."""

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from dialer.audio.ear import ToneEar
from dialer.audio.frontend import FRAME
from dialer.audio.home import Home
from dialer.audio.ringback import Caution, Hypothesis, Verdict
from dialer.lab.ears.clips import Clip


@dataclass(slots=True)
class Heard:
    """What was said about one clip for one home. Times in seconds from the start of the clip, None: never."""

    verdicts: list[Verdict] = field(default_factory=list)

    @property
    def foreign_at(self) -> float | None:
        said = (each for each in self.verdicts if each.hypothesis is Hypothesis.FOREIGN)
        return next((each.at_s for each in said), None)

    @property
    def hung_up_at(self) -> float | None:
        return next((each.at_s for each in self.verdicts if each.may_hang_up), None)


def hear(
    clips: Sequence[Clip], homes: Sequence[Sequence[Home]], caution: Caution = Caution.BURST
) -> list[list[Heard]]:
    """For each clip and each of its homes. All clips are equally long."""
    ear = ToneEar(sum(map(len, homes)), caution)
    rows = [[ear.open(home) for home in wanted] for wanted in homes]
    streams = np.array([stream for row in rows for stream in row])
    heard = {int(stream): Heard() for stream in streams}
    audio = np.stack([clip.audio for clip in clips])
    times = [len(row) for row in rows]
    for at in range(0, audio.shape[1] - FRAME + 1, FRAME):
        for stream, verdict in ear.feed(np.repeat(audio[:, at : at + FRAME], times, axis=0), streams):
            heard[stream].verdicts.append(verdict)
    return [[heard[stream] for stream in row] for row in rows]
