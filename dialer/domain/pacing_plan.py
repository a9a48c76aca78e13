"""How a campaign is paced. One setting serves everyone: what differs between floors is learnt, not typed in."""

from dataclasses import dataclass
from enum import StrEnum


class PacingMode(StrEnum):
    PREVIEW = "preview"  # the agent sees the contact first and decides
    PROGRESSIVE = "progressive"  # one line for each free agent
    POWER = "power"  # a fixed number of lines for each free agent
    PREDICTIVE = "predictive"  # as many as the abandonment allowance lets answer without an agent
    AGENTLESS = "agentless"  # no agents: channels and calls per second are the only limits
    INBOUND = "inbound"  # a queue of callers: it never dials


@dataclass(frozen=True, slots=True)
class PacingPlan:
    """`weight` and `least_lines` matter only while several campaigns want the same agents and trunks. Of queues the weight is
    how much a second of waiting counts beside other queues.

    `day_cap` and `period_cap` are shares of the calls answered by people (16 CFR 310.4(b)(4)(i): 3 % over 30 days); the
    day is judged as well because a campaign may be stopped on any evening. `half_hour_cap` guards every half-hour with
    enough answers to speak of a share. `preview_for_s` is how long an offered contact is held for the agent. Of an inbound
    queue nothing else counts: its callers are served before lines are started for any campaign.
    """

    mode: PacingMode = PacingMode.PREDICTIVE
    lines_per_agent: float = 1.5
    weight: float = 1.0
    least_lines: int = 0
    day_cap: float = 0.03
    period_cap: float = 0.03
    half_hour_cap: float = 0.05
    preview_for_s: float = 30.0

    def __post_init__(self) -> None:
        if not 1.0 <= self.lines_per_agent <= 20.0:
            raise ValueError("lines_per_agent must be from 1 to 20")
        if not 0.01 <= self.weight <= 100.0:
            raise ValueError("weight must be from 0.01 to 100")
        if not 0 <= self.least_lines <= 10_000:
            raise ValueError("least_lines must be from 0 to 10000")
        for name in ("day_cap", "period_cap", "half_hour_cap"):
            if not 0.0 <= getattr(self, name) <= 0.2:
                raise ValueError(f"{name} must be from 0 to 0.2")
        if not 5.0 <= self.preview_for_s <= 600.0:
            raise ValueError("preview_for_s must be from 5 to 600")
