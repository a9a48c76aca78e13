"""The carrier's drawn numbers as a world of the simulator: the same calls, in the same order, at the same desks."""

import random
from collections.abc import Sequence

from dialer.domain.events import LineSign
from dialer.lab.world.drawn import DrawnCall, call_of
from dialer.pacing.pacer import ContactFeatures, LineEnd
from dialer.simulation.fate import AgentMove, CallFate, Movement

# as measured between the exchanges of one machine
_WAY_S = 0.02
_AFTERWARDS_S = 1800.0  # pacing looks half an hour ahead, and must not see the end


class Replica:
    """A `World` of `len(numbers)` contacts, dialled in an order that `shuffled` draws; None: as listed.

    Dialling and work end at `ends_s`; the day goes on, as it does for a campaign that somebody stops.
    """

    answer_within_s = 2.0
    ring_for_s = 100.0  # the drawn numbers ring shorter
    busy_at_start: Sequence[tuple[int, float]] = ()

    def __init__(
        self,
        numbers: Sequence[str],
        agents: int,
        lines: int,
        wrap_up_s: float,
        warm_up_s: float,
        ends_s: float,
        shuffled: int | None = None,
    ) -> None:
        self._numbers = list(numbers)
        if shuffled is not None:
            random.Random(shuffled).shuffle(self._numbers)
        self._wrap_up_s, self._ends_s = wrap_up_s, ends_s
        self.lines, self.warm_up_s = lines, warm_up_s
        self.day_s = ends_s + _AFTERWARDS_S
        come = [AgentMove(0.0, agent, Movement.COME) for agent in range(1, agents + 1)]
        gone = [AgentMove(ends_s, agent, Movement.VANISH) for agent in range(1, agents + 1)]
        self.moves: Sequence[AgentMove] = (*come, *gone)

    def contact(self, n: int, at: float) -> ContactFeatures | None:
        return self._features(n) if n < len(self._numbers) and at < self._ends_s else None

    def fate(self, n: int, at: float) -> CallFate:
        return self._fate(call_of(self._numbers[n]), self._features(n))

    def _features(self, n: int) -> ContactFeatures:
        digits = self._numbers[n].removeprefix("+")
        return ContactFeatures(number_type="fixed line or mobile", area=digits[:4])

    def _fate(self, call: DrawnCall, contact: ContactFeatures) -> CallFate:
        if not call.rings_for:
            return CallFate(_WAY_S, contact=contact)
        after, signs = _WAY_S + call.rings_for, ((_WAY_S, LineSign.RINGING),)
        if not call.answered:
            return CallFate(after, signs=signs, contact=contact)
        return CallFate(
            after,
            LineEnd.PERSON,
            after,
            talk=call.talks_for,
            wrap_up=self._wrap_up_s,
            signs=signs,
            contact=contact,
        )
