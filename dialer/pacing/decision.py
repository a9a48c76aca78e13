"""What a pacer decides, and everything it decided from: the answer to "why is it not dialling?"."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from dialer.domain.abandonment import WindowKind


class Binding(StrEnum):
    """What kept the number of lines from being larger. The words for people are `binding.<value>` in the catalogue."""

    RISK = "risk"  # one more line would too probably be answered with nobody free
    NOBODY_FREE = "nobody_free"  # no agent for whom to dial in this mode
    NO_AGENTS = "no_agents"  # nobody is logged in
    BUDGET = "budget"  # the abandonment allowance of a window is spent
    TRUNK = "trunk"
    CAMPAIGN_LIMIT = "campaign_limit"  # the plan's own most_lines
    SHARE = "share"  # other campaigns' share of agents and trunks
    EMPTY = "empty"  # nobody else in the list is due
    NO_ANSWERS = "no_answers"  # nobody has answered for so long that more lines would be wild guessing
    CARRIER = "carrier"  # calls fail at once: probing until they go through
    OBSTACLE = "obstacle"  # telephony or the database is away, the service stops …
    POLICY = "policy"  # a rival's own rule


@dataclass(frozen=True, slots=True)
class WindowState:
    """One abandonment window at a decision. `rate` is the share of the answers to come that may be abandoned.

    `profile` names the rules that ask for the window; empty for the operator's own.
    """

    kind: WindowKind
    cap: float
    answered: int
    abandoned: int
    forecast: float  # answers expected until it ends
    rate: float
    profile: str = ""


@dataclass(slots=True)  # a frozen one takes three times as long to make, and every decision makes one
class DecisionInputs:
    """The floor as the pacer saw it, not to be changed. Shares and probabilities are 0 to 1, times seconds."""

    at: float
    ready: int
    on_call: int
    wrap_up: int
    ringing: int
    waiting: int
    answer_probability: float  # of the next contact
    expected_answers: float  # of the lines that ring now
    risk: float  # that nobody is free for the next line if it is answered
    accepted_risk: float
    promised: float  # abandonments expected of the lines out
    windows: Sequence[WindowState] = ()


@dataclass(frozen=True, slots=True)
class PacingDecision:
    """`because` is for logs and people who read English; `binding` says the same in one word."""

    dial: int
    because: str
    binding: Binding = Binding.POLICY
    inputs: DecisionInputs | None = None
