"""Which tones the networks of which countries play, and which of them sound the same.

The table is `tones.json`: E.180 Supplement 2 and two independent collections, contradictions kept, the sources of each
row beside it. Groups of countries are computed from it, never written down.
"""

import json
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from functools import lru_cache
from importlib import resources
from itertools import pairwise
from typing import Any

from dialer.errors import BadInput

SAME_HZ = 6.0
"""Two frequencies nearer than this are one: 0.5 % of detuning on either side and what codecs do."""
SAME_SHARE = 0.10
"""Of a duration. E.180 asks exchanges for ±10 %."""
_LOWEST_HZ, _HIGHEST_HZ = 300.0, 3400.0  # what a telephone channel passes
_RESOLVED_HZ = 18.0  # side lines nearer to their carrier are one line in a 160 ms window


class Kind(StrEnum):
    RING = "ring"
    BUSY = "busy"
    CONGESTION = "congestion"
    UNOBTAINABLE = "number_unobtainable"
    SIT = "sit"
    DIAL = "dial"
    OTHER = "other"
    """A service tone that a caller may meet: waiting, queue, intercept, reorder and the like."""


Lines = tuple[float, ...]
"""Frequencies heard together, in Hz, rising."""


@dataclass(frozen=True, slots=True)
class Sound:
    """One tone, and who plays it.

    `steps` are seconds, on positive, off negative; None lasts. `spectra` has for every step the line sets that may be
    seen (a modulated tone may show three, depending on its depth); empty for silence.
    """

    kind: Kind
    steps: tuple[float | None, ...]
    spectra: tuple[tuple[Lines, ...], ...]
    countries: frozenset[str]
    sources: frozenset[str]
    loop_from: int = 0
    once: bool = False
    """Played once, or no repetition is stated."""
    certain: bool = True
    """False: doubted, historic or a PBX's. May be the home tone, is never evidence of a foreign one."""
    as_written: str = ""

    @property
    def period_s(self) -> float | None:
        if any(step is None for step in self.steps):
            return None
        return sum(abs(step) for step in self.steps[self.loop_from :] if step is not None)

    @property
    def is_cadenced(self) -> bool:
        """On and off in turn, long enough to be told apart: what `cadence` can follow."""
        on = [step is None or step > 0 for step in self.steps]
        turns = all(here != after for here, after in pairwise(on))
        silences = [-step for step in self.steps if step is not None and step < 0]
        return on[0] and turns and min(silences, default=1.0) >= 0.075


@dataclass(frozen=True)
class Zones:
    sounds: tuple[Sound, ...]
    names: Mapping[str, str]
    """ISO 3166-1 alpha-2 to English name."""

    def country(self, code: str) -> str:
        """The code as the table has it. Raises `BadInput`."""
        wanted = {"UK": "GB"}.get(code.strip().upper(), code.strip().upper())
        if wanted not in self.names:
            raise BadInput(
                f"{code}: no tones are known for this country: `fairdial tones list` has them all", "country"
            )
        return wanted

    def of(self, country: str, *kinds: Kind) -> tuple[Sound, ...]:
        code = self.country(country)
        return tuple(s for s in self.sounds if code in s.countries and (not kinds or s.kind in kinds))

    def rings(self) -> tuple[Sound, ...]:
        return tuple(sound for sound in self.sounds if sound.kind is Kind.RING and sound.certain)

    def same_ring(self, home: str) -> frozenset[str]:
        """Countries one of whose ring tones cannot be told from one of `home`'s."""
        ours = self.of(home, Kind.RING)
        alike = [sound for sound in self.rings() if any(same(sound, our) for our in ours)]
        return frozenset().union(*(sound.countries for sound in alike)) - {self.country(home)}

    def groups(self) -> list[tuple[Sound, frozenset[str]]]:
        """Ring tones with all countries that play them within tolerance, the most common first."""
        common = sorted(self.rings(), key=lambda sound: (-len(sound.countries), sound.as_written))
        found: list[tuple[Sound, set[str]]] = []
        for sound in common:
            group = next((members for head, members in found if same(head, sound)), None)
            if group is None:
                found.append((sound, set(sound.countries)))
            else:
                group |= sound.countries
        ordered = sorted(found, key=lambda each: -len(each[1]))
        return [(head, frozenset(members)) for head, members in ordered]


def same(one: Sound, other: Sound) -> bool:
    """Whether a listener could not tell them apart: each frequency and duration within tolerance."""
    return same_cadence(one.steps, other.steps) and all(
        not a or any(same_lines(x, y) for x in a for y in b)
        for a, b in zip(one.spectra, other.spectra, strict=True)
    )


def same_lines(one: Sequence[float], other: Sequence[float], within_hz: float = SAME_HZ) -> bool:
    return len(one) == len(other) and all(abs(a - b) <= within_hz for a, b in zip(one, other, strict=True))


def same_cadence(one: Sequence[float | None], other: Sequence[float | None]) -> bool:
    return len(one) == len(other) and all(_same_step(a, b) for a, b in zip(one, other, strict=True))


def _same_step(one: float | None, other: float | None) -> bool:
    if one is None or other is None:
        return one is other
    return one * other > 0 and abs(one - other) <= SAME_SHARE * max(abs(one), abs(other)) + 1e-9


@lru_cache(maxsize=8)
def load(sources: frozenset[str] = frozenset({"e180", "asterisk", "dahdi"})) -> Zones:
    """The shipped table, or what some of its sources say."""
    table = json.loads(resources.files(__package__).joinpath("tones.json").read_text("utf-8"))
    rows = [row for row in table["tones"] if _is_usable(row) and not sources.isdisjoint(row["sources"])]
    return Zones(tuple(_merged(rows, sources)), table["countries"])


def _is_usable(row: Mapping[str, Any]) -> bool:
    lines = [hz for step in _by_step(row) for hz in step]
    return bool(lines) and all(_LOWEST_HZ <= hz <= _HIGHEST_HZ for hz in lines)


def _is_certain(row: Mapping[str, Any]) -> bool:
    return not (row.get("doubt") or row.get("historic") or row.get("only") == "pabx")


def _by_step(row: Mapping[str, Any]) -> list[list[float]]:
    hz = row["hz"]
    if hz and not isinstance(hz[0], list):
        return [hz if step is None or step > 0 else [] for step in row["cadence"]]
    return [step or [] for step in hz]


def _merged(rows: Iterable[Mapping[str, Any]], sources: Collection[str]) -> list[Sound]:
    """One sound for each tone as written, with all countries that list it."""
    found: dict[tuple[Any, ...], Sound] = {}
    for row in rows:
        spectra = tuple(_spectra(step, row.get("modulated_by_hz")) for step in _by_step(row))
        kind = Kind(row["kind"]) if row["kind"] in set(Kind) else Kind.OTHER
        sound = Sound(
            kind,
            tuple(row["cadence"]),
            spectra,
            frozenset({row["country"]}),
            frozenset(row["sources"]) & frozenset(sources),
            row.get("lead_in", 0),
            bool(row.get("once")),
            _is_certain(row),
            _written(row),
        )
        key = (kind, sound.steps, spectra, sound.loop_from, sound.once, sound.certain)
        before = found.get(key, sound)
        found[key] = replace(
            before, countries=before.countries | sound.countries, sources=before.sources | sound.sources
        )
    return list(found.values())


def _spectra(hz: Sequence[float], modulated_by: float | None) -> tuple[Lines, ...]:
    if not hz:
        return ()
    if modulated_by is None:
        return (tuple(sorted(float(each) for each in hz)),)
    carrier = float(hz[0])
    low, high = carrier - modulated_by, carrier + modulated_by
    if modulated_by < _RESOLVED_HZ:
        return ((carrier,), (low, high))
    # the bare product, a shallow modulation, a deep one; a deep one may lose a side line
    return ((low, high), (carrier,), (low, carrier, high), (low, carrier), (carrier, high))


def _written(row: Mapping[str, Any]) -> str:
    steps = _by_step(row)
    tones = " / ".join(dict.fromkeys("+".join(f"{hz:g}" for hz in step) for step in steps if step))
    if modulation := row.get("modulated_by_hz"):
        tones += f"*{modulation:g}"
    return f"{tones} Hz, {written_cadence(row['cadence'])}"


def written_cadence(steps: Sequence[float | None]) -> str:
    """E.g. 0.4 (0.2) 0.4 (2); silences in brackets."""
    said = ["continuous" if step is None else f"{step:g}" if step > 0 else f"({-step:g})" for step in steps]
    return " ".join(said)
