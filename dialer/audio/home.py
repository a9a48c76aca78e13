"""What counts as home on a trunk: its country's tones, and those learned from its own answered calls."""

from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache

from dialer.audio.cadence import Repertoire, entries
from dialer.audio.zones import Kind, Sound, Zones, load, same
from dialer.errors import BadInput

TOLERANCE_HZ = 8.0
"""China allows its exchanges ±25 Hz, which is all that lies between it and Europe: the operator may widen this."""


@dataclass(frozen=True)
class Home:
    """`countries`: ISO codes; `learned`: tones heard on this trunk before domestic answers."""

    countries: frozenset[str]
    learned: tuple[Sound, ...] = ()
    tolerance_hz: float = TOLERANCE_HZ
    sources: frozenset[str] = frozenset({"e180", "asterisk", "dahdi"})
    """Of the shipped table."""

    @classmethod
    def of(cls, *countries: str, learned: Iterable[Sound] = (), tolerance_hz: float = TOLERANCE_HZ) -> "Home":
        """Raises `BadInput` for a country without a known ring-back tone, unless one was learned."""
        zones = load()
        codes = frozenset(zones.country(code) for code in countries)
        learned = tuple(learned)
        without = sorted(code for code in codes if not zones.of(code, Kind.RING))
        if not learned and (without or not codes):
            raise BadInput(
                f"{', '.join(without) or 'no country'}: no ring-back tone is known: let the trunk's be learned first",
                "home",
            )
        if not 1 <= tolerance_hz <= 30:
            raise BadInput(
                f"tolerance {tolerance_hz:g} Hz: say 1 to 30; from 25 on, Chinese and European tones are one",
                "tolerance",
            )
        return cls(codes, learned, tolerance_hz)

    def zones(self) -> Zones:
        return load(self.sources)


@lru_cache(maxsize=256)
def repertoire(home: Home) -> Repertoire:
    """The tones to compare with; built once for each home."""
    zones = home.zones()
    ours = [*home.learned, *(sound for code in sorted(home.countries) for sound in zones.of(code))]
    ours = list(dict.fromkeys(ours))
    our_rings = [sound for sound in ours if sound.kind is Kind.RING]
    alike = [ring for ring in zones.rings() if any(same(ring, our) for our in our_rings)]
    return Repertoire(entries(zones.sounds, ours, home.tolerance_hz, alike))
