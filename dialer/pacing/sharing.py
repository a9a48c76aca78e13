"""How campaigns that want to dial at the same time share agents and trunks.

New lines are split by weight, but that is not enough: a campaign that dials ahead keeps the risk above what a careful one
accepts, and leaves no agent free for one that dials for free agents only. Then the others never wish anything. So whoever
has more than its share of the load waits while a campaign that would dial has less.
"""

import heapq
import math
from collections.abc import Sequence
from dataclasses import dataclass

_MOST_OWED = 1.0  # lines: who could not use its share does not save it up
_SLACK = 1.0  # agents: above its share by that much a campaign may still dial
_DEBT_S = 30.0  # so long one agent too many makes a debt of one
_MOST_DEBT = 2.0  # agents
_LEAST_PER_LINE = 0.01


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


@dataclass(frozen=True, slots=True)
class Stake:
    """A campaign that competes for agents.

    `load`: its calls that hold an agent or will hold one, in agents: those talking or waiting, and the answers expected
    of its lines. `owed`: what it is behind its share (below 0: ahead), in agents, from `debts`.
    """

    load: float
    weight: float = 1.0
    owed: float = 0.0


def claim(waited: float, weight: float) -> float:
    """How much a caller of a queue is owed an agent after so long, in s: whoever's is largest is served first.

    Time-dependent priorities: L. Kleinrock, "A delay dependent queue discipline", Naval Research Logistics Quarterly 11
    (1964). With equal weights it is first come, first served; when agents are short for long, the mean waits of two queues
    come to be in the inverse ratio of their weights; and whoever waits is served at last, whatever the weight.
    """
    return weight * max(waited, 0.0)


def shares(stakes: Sequence[Stake]) -> list[float]:
    """The present load split by weight, in agents."""
    load, weight = sum(each.load for each in stakes), sum(each.weight for each in stakes)
    return [load * each.weight / weight for each in stakes]


def headrooms(stakes: Sequence[Stake]) -> list[float]:
    """How much load each may add now, in agents; whoever has none waits until the others have caught up.

    Debts count against their mean, so that the sum of all is one call for each campaign: somebody always has some.
    """
    if not stakes:
        return []
    mean = sum(each.owed for each in stakes) / len(stakes)
    return [
        share + _SLACK + each.owed - mean - each.load
        for share, each in zip(shares(stakes), stakes, strict=True)
    ]


def debts(stakes: Sequence[Stake], seconds: float) -> list[float]:
    """`owed` of each after so long with these loads.

    Without it the slack would be the whole floor to a campaign that dials boldly among one or two agents.
    """
    part = min(seconds / _DEBT_S, 1.0)
    owed = (
        each.owed + (share - each.load) * part for share, each in zip(shares(stakes), stakes, strict=True)
    )
    return [min(max(each, -_MOST_DEBT), _MOST_DEBT) for each in owed]


def lines_within(headroom: float, per_line: float, missing: int) -> int:
    """Lines that fit: each is `per_line` agents' load; `missing` to the campaign's minimum are allowed in any case."""
    fit = math.ceil(headroom / max(per_line, _LEAST_PER_LINE)) if headroom > 0 else 0
    return max(fit, missing, 0)


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
