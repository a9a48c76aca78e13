"""A trunk's own ring-back tones, learned from its answered domestic calls. They beat every table.

What is kept is a small JSON document:

    {"format": 1, "trunk": "north", "tones": [{"hz": [449.8], "cadence": [1.0, -4.0], "calls": 37}]}

A tone counts as home once it was heard in `ENOUGH_CALLS` calls and in `ENOUGH_SHARE` of all: now and then somebody is
abroad who answers, or a call is forwarded there.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from dialer.audio.zones import Kind, Sound, same_cadence, same_lines, written_cadence
from dialer.errors import BadInput

ENOUGH_CALLS = 3
ENOUGH_SHARE = 0.1
_MOST_TONES = 32
_SAME_BURST_S = 0.06


@dataclass(frozen=True, slots=True)
class MeasuredTone:
    """Lines in Hz; cadence in seconds, on positive, off negative; how many calls it was heard in."""

    hz: tuple[float, ...]
    cadence: tuple[float, ...]
    calls: int = 1

    def is_like(self, other: "MeasuredTone") -> bool:
        return same_lines(self.hz, other.hz) and same_cadence(self.cadence, other.cadence)

    def with_another(self, other: "MeasuredTone") -> "MeasuredTone":
        """The mean of both, weighted by calls."""
        calls = self.calls + other.calls

        def mean(mine: Sequence[float], theirs: Sequence[float]) -> tuple[float, ...]:
            return tuple(
                (a * self.calls + b * other.calls) / calls for a, b in zip(mine, theirs, strict=True)
            )

        return MeasuredTone(mean(self.hz, other.hz), mean(self.cadence, other.cadence), calls)

    def as_sound(self) -> Sound:
        written = f"{'+'.join(f'{hz:.0f}' for hz in self.hz)} Hz, {written_cadence(self.cadence)} (learned)"
        spectra = tuple((self.hz,) if step > 0 else () for step in self.cadence)
        return Sound(
            Kind.RING, self.cadence, spectra, frozenset(), frozenset({"learned"}), as_written=written
        )


@dataclass(frozen=True)
class LearnedTones:
    trunk: str
    tones: tuple[MeasuredTone, ...] = ()

    def hear(self, tone: MeasuredTone) -> "LearnedTones":
        """With one more answered domestic call."""
        known = next((index for index, each in enumerate(self.tones) if each.is_like(tone)), None)
        if known is None:
            often = sorted(self.tones, key=lambda each: -each.calls)[: _MOST_TONES - 1]
            return replace(self, tones=(*(each for each in self.tones if each in often), tone))
        tones = list(self.tones)
        tones[known] = tones[known].with_another(tone)
        return replace(self, tones=tuple(tones))

    def sounds(self, enough_calls: int = ENOUGH_CALLS) -> tuple[Sound, ...]:
        """What counts as home."""
        enough = max(enough_calls, ENOUGH_SHARE * sum(tone.calls for tone in self.tones))
        return tuple(tone.as_sound() for tone in self.tones if tone.calls >= enough)

    def as_document(self) -> dict[str, Any]:
        tones = [
            {
                "hz": [round(hz, 1) for hz in tone.hz],
                "cadence": [round(step, 2) for step in tone.cadence],
                "calls": tone.calls,
            }
            for tone in sorted(self.tones, key=lambda tone: -tone.calls)
        ]
        return {"format": 1, "trunk": self.trunk, "tones": tones}

    @classmethod
    def from_document(cls, document: object) -> "LearnedTones":
        """Raises `BadInput` that names what is wrong."""
        if not isinstance(document, Mapping) or document.get("format") != 1:
            raise BadInput(
                'learned tones: not a document of format 1 ({"format": 1, "trunk": …, "tones": […]})'
            )
        tones = document.get("tones")
        if not isinstance(tones, list):
            raise BadInput('learned tones: "tones" is not a list', "tones")
        return cls(str(document.get("trunk", "")), tuple(_tone(row, n) for n, row in enumerate(tones, 1)))


def _tone(row: object, number: int) -> MeasuredTone:
    try:
        if not isinstance(row, Mapping):
            raise TypeError
        hz = tuple(sorted(float(each) for each in row["hz"]))
        cadence = tuple(float(each) for each in row["cadence"])
        calls = int(row["calls"])
    except (KeyError, TypeError, ValueError):
        raise BadInput(f'learned tone {number}: wants "hz", "cadence" and "calls"', "tones") from None
    on_and_off = len(cadence) % 2 == 0 and all(
        (step > 0) == (place % 2 == 0) for place, step in enumerate(cadence)
    )
    if not hz or not cadence or not on_and_off or calls < 1:
        raise BadInput(
            f"learned tone {number}: a cadence is on (positive) and off (negative) in turn", "tones"
        )
    return MeasuredTone(hz, cadence, calls)


def measured(
    hz: Sequence[float], bursts: Sequence[tuple[float, bool]], silences: Sequence[float]
) -> MeasuredTone | None:
    """What was heard as one period: bursts (length, whether the onset was heard) and the silences between them.

    The period ends with its longest silence. None without one whole burst followed by a silence and another burst.
    """
    if not hz or not silences:
        return None
    used = bursts[-len(silences) - 1 :]
    lengths = [length for length, _ in used]
    if not used[0][1]:
        lengths, silences = lengths[1:], silences[1:]
    pairs = list(zip(lengths, silences, strict=False))
    if not pairs:
        return None
    longest = max(silence for _, silence in pairs)
    ends = [place for place, (_, silence) in enumerate(pairs) if silence > 0.8 * longest]
    first = ends[0] + 1 if len(ends) > 1 else 0
    period = pairs[first : ends[1] + 1] if len(ends) > 1 else pairs[: ends[0] + 1]
    cadence = tuple(step for on, off in period for step in (round(on, 3), -round(off, 3)))
    return MeasuredTone(tuple(round(each, 1) for each in hz), cadence)
