"""How campaigns that want to dial at the same time share agents and trunks."""

import heapq
from collections.abc import Sequence
from dataclasses import dataclass

_MOST_OWED = 1.0  # lines: who could not use its share does not save it up


@dataclass(frozen=True, slots=True)
class Want:
    """One campaign: how many lines it would start, and what it has.

    `weight` and `least` (lines) are the plan's; `present` are its calls out, whatever their state; `credit` is the part
    of a line that earlier rounds owe it (below 0: that it was given too much).
    """

    wish: int
    weight: float = 1.0
    least: int = 0
    present: int = 0
    credit: float = 0.0

    def level(self, given: int) -> float:
        """The lower, the sooner it is given one more. Half a line ahead: no campaign is favoured for being small."""
        return (self.present + given + 0.5 - self.credit) / self.weight


def split(total: int, wants: Sequence[Want]) -> list[int]:
    """`total` new lines among `wants`, in their order.

    First what is missing to the minimums, the largest gap first; then one by one to whoever has least for its weight
    (the divisor method of Sainte-Laguë). Nobody gets more than it wishes, and nothing is left while anybody wishes more.
    """
    given = [0] * len(wants)
    left = _minimums(max(total, 0), wants, given)
    queue = [
        (want.level(n), nth) for nth, (want, n) in enumerate(zip(wants, given, strict=True)) if n < want.wish
    ]
    heapq.heapify(queue)
    while left > 0 and queue:
        _, nth = heapq.heappop(queue)
        given[nth] += 1
        left -= 1
        if given[nth] < wants[nth].wish:
            heapq.heappush(queue, (wants[nth].level(given[nth]), nth))
    return given


def credits(wants: Sequence[Want], given: Sequence[int]) -> list[float]:
    """What the next round owes each: so that even single lines, one after the other, go by weight in the long run."""
    total, weight = sum(given), sum(want.weight for want in wants)
    owed = (want.credit + total * want.weight / weight - n for want, n in zip(wants, given, strict=True))
    return [min(max(each, -_MOST_OWED), _MOST_OWED) for each in owed]


def _minimums(left: int, wants: Sequence[Want], given: list[int]) -> int:
    """Fills `given` up to the minimums; returns what is left."""
    gaps = [
        (-gap, nth)
        for nth, want in enumerate(wants)
        if (gap := want.least - want.present) > 0 and want.wish > 0
    ]
    heapq.heapify(gaps)
    while left > 0 and gaps:
        gap, nth = heapq.heappop(gaps)
        given[nth] += 1
        left -= 1
        if gap + 1 < 0 and given[nth] < wants[nth].wish:
            heapq.heappush(gaps, (gap + 1, nth))
    return left
