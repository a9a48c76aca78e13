"""Who of the running campaigns may start more lines, so that each has its share of the agents.

Only campaigns that would dial if they had agents count: not one whose list is empty, whose trunk is full or whose carrier
fails. What those leave is the others'.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass

from dialer.domain.campaign import Campaign
from dialer.domain.ids import CampaignId
from dialer.domain.pacing_plan import PacingMode
from dialer.engine.floor_reporter import CallCounts
from dialer.pacing.decision import Binding, PacingDecision
from dialer.pacing.pacer import Room
from dialer.pacing.sharing import Stake, debts, headrooms, lines_within, shares

_WAITS = frozenset(  # for agents, or for less risk: both come when others hold back
    {
        Binding.RISK,
        Binding.NOBODY_FREE,
        Binding.BUDGET,
        Binding.NO_ANSWERS,
        Binding.CARRIER,
        Binding.POLICY,
        Binding.SHARE,
    }
)
_ONE_EACH = frozenset(  # a predictive campaign that dials one line for each free agent
    {Binding.BUDGET, Binding.NO_ANSWERS, Binding.CARRIER}
)
_IDLE_S = 3.0  # so long a share may lie unused before it is the others'
_FAILURES = 5  # in a row: the carrier fails
_FAILS_FOR_S = 10.0
_PROBE_S = 5.0  # how often a list that had nothing due is asked again while no agent is free for it


@dataclass(slots=True)
class _Standing:
    """What is known of one campaign. `idle_since`: from when on it did not use its share although agents were there."""

    per_line: float = 1.0
    owed: float = 0.0
    due: bool = True  # as far as is known: the last claim found all it asked for
    waits: bool = False  # it wished nothing at the last look, but would with more agents
    idle_since: float | None = None
    probed_at: float = float("-inf")


@dataclass(frozen=True, slots=True)
class Share:
    """Lines a campaign may start now, and why no more."""

    lines: int
    because: str


class FloorShares:
    """Told of every decision and every claim. Times are monotonic seconds.

    `present`: a campaign's calls and offers to agents, whatever their state.
    """

    def __init__(self, counts: CallCounts, present: Callable[[CampaignId], int]) -> None:
        self._counts, self._present = counts, present
        self._standings: dict[CampaignId, _Standing] = {}
        self._settled_at: float | None = None

    def decided(self, campaign: Campaign, decision: PacingDecision, room: Room, now: float) -> None:
        standing = self._of(campaign)
        standing.per_line = _per_line(campaign, decision)
        full = room.trunk <= 0 or (room.campaign is not None and room.campaign <= 0)
        useless = decision.dial <= 0 and decision.binding not in _WAITS
        standing.waits = decision.dial <= 0 and not useless
        if full or room.obstacle is not None or useless:
            standing.idle_since = now if standing.idle_since is None else standing.idle_since
        elif standing.waits:
            standing.idle_since = None

    def claimed(self, campaign: Campaign, due: bool, dialled: int, now: float) -> None:
        standing = self._of(campaign)
        standing.due = due
        if dialled:
            standing.idle_since = None
        elif standing.idle_since is None:
            standing.idle_since = now

    def new_contacts(self) -> None:
        """Somewhere; whose list was empty is asked at the next look, and competes when there is something."""
        for standing in self._standings.values():
            standing.probed_at = float("-inf")

    def to_probe(self, campaign: Campaign, now: float) -> bool:
        """No agent is ever free for it beside those that dial ahead, so its list, once empty, has to be asked apart."""
        standing = self._of(campaign)
        if standing.due or not standing.waits or now - standing.probed_at < _PROBE_S:
            return False
        standing.probed_at = now
        return True

    def probed(self, campaign: Campaign, due: bool) -> None:
        self._of(campaign).due = due

    def of(self, running: Iterable[Campaign], now: float) -> Mapping[CampaignId, Share]:
        """The share of each that competes with others; the others are not limited."""
        rivals = [each for each in running if self._competes(each, now)]
        seconds, self._settled_at = now - (self._settled_at or now), now
        for campaign in [each for each in self._standings if each not in {rival.id for rival in rivals}]:
            self._standings[campaign].owed = 0.0
        if len(rivals) < 2:
            return {}
        stakes = self._stakes(rivals)
        for rival, owed in zip(rivals, debts(stakes, seconds), strict=True):
            self._of(rival).owed = owed
        stakes = self._stakes(rivals)
        return {
            rival.id: Share(self._lines(rival, headroom), _because(stake, share, len(rivals) - 1))
            for rival, stake, headroom, share in zip(
                rivals, stakes, headrooms(stakes), shares(stakes), strict=True
            )
        }

    def _competes(self, campaign: Campaign, now: float) -> bool:
        standing = self._of(campaign)
        if campaign.plan.pacing.mode is PacingMode.AGENTLESS or not standing.due:
            return False
        failed_at = self._counts.failed_at.get(campaign.id, float("-inf"))
        if self._counts.failed[campaign.id] >= _FAILURES and now - failed_at < _FAILS_FOR_S:
            return False
        return standing.idle_since is None or now - standing.idle_since < _IDLE_S

    def _stakes(self, rivals: Sequence[Campaign]) -> list[Stake]:
        return [Stake(self._load(each), each.plan.pacing.weight, self._of(each).owed) for each in rivals]

    def _load(self, campaign: Campaign) -> float:
        ringing = self._counts.ringing[campaign.id]
        held = self._present(campaign.id) - ringing - self._counts.message[campaign.id]
        return held + self._of(campaign).per_line * ringing

    def _lines(self, campaign: Campaign, headroom: float) -> int:
        missing = campaign.plan.pacing.least_lines - self._present(campaign.id)
        return lines_within(headroom, self._of(campaign).per_line, missing)

    def _of(self, campaign: Campaign) -> _Standing:
        return self._standings.setdefault(campaign.id, _Standing())


def _per_line(campaign: Campaign, decision: PacingDecision) -> float:
    """Agents one ringing line takes: those kept free for it, or the answers to be expected of it."""
    if decision.inputs is not None and decision.binding not in _ONE_EACH:
        return decision.inputs.answer_probability
    plan = campaign.plan.pacing
    return 1.0 / plan.lines_per_agent if plan.mode is PacingMode.POWER else 1.0


def _because(stake: Stake, share: float, others: int) -> str:
    return (
        f"its calls hold or will hold {stake.load:.1f} agents, its share beside {others} other "
        f"campaign{'s' if others > 1 else ''} is {share:.1f} (weight {stake.weight:g}), owed {stake.owed:+.1f}"
    )
