"""Signals of one high tone after the other: special information tones, fax and modem.

Sources: ITU-T E.180 (950, 1400, 1800 Hz, ±50 Hz, 330 ms ± 70 ms each); the North American categories are coded by a low
or high frequency and a short (274 ms) or long (380 ms) duration of the first two (Telcordia GR-674); T.30 for CNG
(1100 ± 38 Hz, 0.5 s every 3 s) and CED (2100 ± 15 Hz, 2.6–4 s); V.25 and Bell 103 answer tones.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from dialer.audio.frontend import Floats

_SHARE = 0.6
_CHANGE_HZ = 35.0
_LOWEST_HZ = 850.0
_GAP_S = 0.16
_SHORT_S = 0.327
_NORTH_AMERICA = {
    # low or high frequency and short or long duration of the first, then of the second
    "LSLS": "intercept",
    "HLLS": "vacant_code",
    "LSHL": "reorder_intra_lata",
    "HSLL": "reorder_inter_lata",
    "HLHL": "no_circuit_intra_lata",
    "LLLL": "no_circuit_inter_lata",
    "LLHS": "ineffective_other",
    "HSHS": "reserved",
}
_CED_HZ, _ANSWER_HZ, _CNG_HZ = 2100.0, 2225.0, 1100.0


@dataclass(slots=True)
class _Segment:
    hz: float
    first_s: float
    last_s: float
    looks: int = 1


@dataclass(frozen=True, slots=True)
class HighSignal:
    name: str
    """`sit`, `fax` or `modem`."""
    detail: str


class HighTones:
    """The high tones of one stream. Told of windows in which one line above 850 Hz holds most of the power."""

    __slots__ = ("_said", "_segments")

    def __init__(self) -> None:
        self._segments: list[_Segment] = []
        self._said = ""

    @staticmethod
    def concern(hz: Floats, share: Floats) -> NDArray[np.bool_]:
        """Of many streams: the strongest lines of their last windows, and those lines' share of the power."""
        return (hz >= _LOWEST_HZ) & (share >= _SHARE)

    @property
    def idle(self) -> bool:
        """No high tone is being heard."""
        return not self._segments

    def heard(self, at_s: float, hz: float, onset_s: float) -> HighSignal | None:
        """A window that ended at `at_s`, in a burst that began at `onset_s`."""
        middle = at_s - 0.08
        last = self._segments[-1] if self._segments else None
        if last is not None and at_s - last.last_s > _GAP_S and middle - last.last_s > _GAP_S:
            self._segments, last, self._said = [], None, ""
        if last is not None and abs(hz - last.hz) <= _CHANGE_HZ:
            last.hz += (hz - last.hz) / (last.looks + 1)
            last.looks += 1
            last.last_s = at_s
        else:
            first = onset_s if last is None else (middle + last.last_s - 0.08) / 2
            self._segments.append(_Segment(hz, first, at_s))
        return self._steady()

    def over(self, end_s: float) -> HighSignal | None:
        """The burst has ended."""
        found = None
        if self._segments:
            self._segments[-1].last_s = end_s
            found = self._triple() or self._calling_fax(end_s)
        self._segments, self._said = [], ""
        return found

    def _steady(self) -> HighSignal | None:
        if len(self._segments) != 1 or self._said:
            return None
        only = self._segments[0]
        if only.last_s - only.first_s < 0.6:
            return None
        if abs(only.hz - _CED_HZ) <= 20:
            self._said = "fax"
            return HighSignal("fax", "CED, or a modem's answer tone: 2100 Hz")
        if abs(only.hz - _ANSWER_HZ) <= 20:
            self._said = "modem"
            return HighSignal("modem", "answer tone 2225 Hz")
        return None

    def _calling_fax(self, end_s: float) -> HighSignal | None:
        only = self._segments[0]
        if len(self._segments) == 1 and abs(only.hz - _CNG_HZ) <= 38 and 0.4 <= end_s - only.first_s <= 0.6:
            return HighSignal("fax", "CNG: 1100 Hz")
        return None

    def _triple(self) -> HighSignal | None:
        three = [segment for segment in self._segments if segment.looks >= 2][-3:]
        if len(three) < 3:
            return None
        first, second, third = (segment.hz for segment in three)
        if not (880 <= first <= 1050 and 1330 <= second <= 1470 and 1570 <= third <= 1890):
            return None
        return HighSignal("sit", self._category(three))

    def _category(self, three: list[_Segment]) -> str:
        first, second, third = three
        near_na = abs(third.hz - 1776.7) <= 9
        low_1, high_1 = abs(first.hz - 913.8) <= 9, abs(first.hz - 985.2) <= 9
        low_2, high_2 = abs(second.hz - 1370.6) <= 9, abs(second.hz - 1428.5) <= 9
        if not (near_na and (low_1 or high_1) and (low_2 or high_2)):
            return "itu"
        lengths = (second.first_s - first.first_s, third.first_s - second.first_s)
        code = "".join(
            ("L" if low else "H") + ("S" if length < _SHORT_S else "L")
            for low, length in zip((low_1, low_2), lengths, strict=True)
        )
        return _NORTH_AMERICA.get(code, "itu")
