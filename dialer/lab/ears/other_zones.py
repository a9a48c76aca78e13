"""Tone zones as other programs have them: strings such as `440+480/2000,0/4000`."""

import configparser
import ctypes
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from dialer.audio.zones import Kind, Lines, Sound

_KINDS = {1: Kind.BUSY, 2: Kind.RING, 3: Kind.CONGESTION}  # DAHDI_TONE_…
_NAMES = {"busy": Kind.BUSY, "ring": Kind.RING, "congestion": Kind.CONGESTION}
_HISTORIC = {"us-old", "us-o"}


@dataclass(frozen=True, slots=True)
class Element:
    """Frequencies added, or the first modulated by the second; none: silence. Seconds; None lasts."""

    hz: tuple[float, ...]
    modulated: bool
    seconds: float | None


@dataclass(frozen=True, slots=True)
class Written:
    """One tone of one zone in one of the programs."""

    source: str
    country: str
    kind: Kind
    text: str

    def elements(self) -> list[Element]:
        return [_element(part) for part in self.text.split(",") if part.strip()]

    def as_sound(self) -> Sound:
        """As the product's table would hold it: to ask whether two tones can be told apart."""
        steps: list[float | None] = []
        spectra: list[tuple[Lines, ...]] = []
        for element in self.elements():
            steps.append(element.seconds if element.hz or element.seconds is None else -element.seconds)
            spectra.append(_spectra(element))
        return Sound(
            self.kind, tuple(steps), tuple(spectra), frozenset({self.country}), frozenset({self.source})
        )


def _spectra(element: Element) -> tuple[Lines, ...]:
    if not element.hz:
        return ()
    if not element.modulated:
        return (tuple(sorted(element.hz)),)
    carrier, by = element.hz
    return ((carrier,), (carrier - by, carrier + by), (carrier - by, carrier, carrier + by))


def _element(text: str) -> Element:
    tone, _, milliseconds = text.strip().lstrip("!").partition("/")
    hz = tuple(float(each) for each in re.findall(r"[\d.]+", tone) if float(each) > 0)
    return Element(hz, "*" in tone, float(milliseconds) / 1000 if milliseconds else None)


class _ToneSound(ctypes.Structure):
    _fields_ = (("toneid", ctypes.c_int), ("data", ctypes.c_char * 256))


class _ToneZone(ctypes.Structure):
    _fields_ = (
        ("zone", ctypes.c_int),
        ("country", ctypes.c_char * 10),
        ("description", ctypes.c_char * 40),
        ("ringcadence", ctypes.c_int * 16),
        ("tones", _ToneSound * 16),
    )


def of_libtonezone(library: ctypes.CDLL) -> list[Written]:
    """Debian's libtonezone: the tables of DAHDI."""
    library.tone_zone_find_by_num.restype = ctypes.POINTER(_ToneZone)
    return [tone for number in range(64) for tone in _zone(library.tone_zone_find_by_num(number))]


def _zone(found: "ctypes._Pointer[_ToneZone]") -> Iterator[Written]:
    if not found:
        return
    zone = found.contents
    name = bytes(zone.country).decode()
    if name in _HISTORIC:
        return
    for tone in zone.tones:
        text = bytes(tone.data).decode()
        if text and tone.toneid in _KINDS:
            yield Written("libtonezone", _code(name), _KINDS[tone.toneid], text)


def of_indications(file: Path) -> list[Written]:
    """Asterisk's indications.conf."""
    parser = configparser.ConfigParser(strict=False, inline_comment_prefixes=(";",), interpolation=None)
    parser.read_string(re.sub(r"^(\w+)\s*=>\s*", r"\1 = ", file.read_text("utf-8"), flags=re.MULTILINE))
    return [
        Written("asterisk", _code(zone), kind, parser[zone][name])
        for zone in parser.sections()
        if zone != "general" and zone not in _HISTORIC
        for name, kind in _NAMES.items()
        if name in parser[zone]
    ]


def _code(name: str) -> str:
    return {"uk": "GB"}.get(name, name.upper())
