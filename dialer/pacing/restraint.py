"""How many lines the risk allows, and what holds a campaign back when the risk is not the only obstacle."""

from dialer.domain.abandonment import WindowKind
from dialer.pacing.budget import Allowance
from dialer.pacing.campaign_mind import CampaignMind
from dialer.pacing.decision import Binding
from dialer.pacing.outlook import Outlook

_MOST_RATE_OF_CAP = 1.5
LEAST_ACCEPTED = 1e-6  # a window that the law asks for is spent
# accepted while the half-hour has not a call to spare: to stop for it costs more than it saves
HALF_HOUR_RISK = 0.003
# how often a line finds out whether the carrier works again: once a second, in a long outage once in a fiftieth of its time.
# Each costs a contact its turn: an hour of one a second would use up a list
_PROBE_EVERY_S, _PROBE_SHARE, _PROBE_LEAST_OFTEN_S = 1.0, 0.02, 60.0


def accepted_risk(mind: CampaignMind, allowance: Allowance) -> float:
    """The risk accepted for one line, so that the allowed share of the answers is lost."""
    if allowance.stop is not None:
        return LEAST_ACCEPTED
    if allowance.nearly_spent:
        others = [state.rate for state in allowance.windows if state.kind is not WindowKind.HALF_HOUR]
        lawful = min(others, default=HALF_HOUR_RISK) / mind.losses.ratio
        return max(min(lawful, HALF_HOUR_RISK), LEAST_ACCEPTED)
    rate = min(allowance.rate, _MOST_RATE_OF_CAP * mind.plan.day_cap)
    return max(rate / mind.losses.ratio, LEAST_ACCEPTED)


def lines_wanted(outlook: Outlook, accepted: float, most: int, certain: int) -> tuple[int, float]:
    """Lines to start, and the mean risk of those started. `certain`: lines that have a free agent each, whatever happens."""
    risk = outlook.risk
    if risk > accepted or most == 0:
        return certain, risk
    return max(min(outlook.lines_within(accepted, most), most), certain), (risk + accepted) / 2


def held_back(
    mind: CampaignMind, outlook: Outlook, allowance: Allowance, wanted: int, certain: int, now: float
) -> tuple[int, Binding]:
    """What is left of the wish when the risk is not the only obstacle, and the obstacle."""
    if not outlook.agents:
        return 0, Binding.NO_AGENTS
    if mind.carrier_fails:
        return probes(mind, wanted, now), Binding.CARRIER
    if allowance.stop is not None:
        return certain, Binding.BUDGET
    if wanted > certain and mind.is_just_back(now):
        return certain, Binding.CARRIER
    if wanted > certain and mind.is_dry(now):
        return certain, Binding.NO_ANSWERS
    return wanted, Binding.BUDGET if allowance.nearly_spent else Binding.RISK


def probes(mind: CampaignMind, wanted: int, now: float) -> int:
    """Lines that find out whether the carrier works again: one, or none yet."""
    pause = min(max(_PROBE_EVERY_S, _PROBE_SHARE * (now - mind.failing_since)), _PROBE_LEAST_OFTEN_S)
    if wanted <= 0 or now - mind.probed_at < pause:
        return 0
    mind.probed_at = now
    return 1
