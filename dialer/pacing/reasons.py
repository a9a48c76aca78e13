"""Why a predictive campaign dials no more lines, in words for logs and for people who read English."""

from collections.abc import Callable, Mapping

from dialer.pacing.campaign_mind import CampaignMind
from dialer.pacing.decision import Binding, DecisionInputs
from dialer.pacing.restraint import LEAST_ACCEPTED


def _risk(inputs: DecisionInputs, mind: CampaignMind) -> str:
    return (
        f"one more line would find nobody free with {inputs.risk:.1%}, accepted are {inputs.accepted_risk:.1%} "
        f"({inputs.ready} free, {inputs.ringing} ringing, {inputs.waiting} waiting)"
    )


def _budget(inputs: DecisionInputs, mind: CampaignMind) -> str:
    left = ", ".join(f"{w.kind} {w.abandoned}/{w.answered}" for w in inputs.windows)
    if inputs.accepted_risk > LEAST_ACCEPTED:
        risk = f"{inputs.accepted_risk:.2%}"
        return f"the allowance of the half-hour is nearly spent ({left}): only lines with a risk of at most {risk}"
    return f"the abandonment allowance is spent ({left}): one line for each free agent"


def _dry(inputs: DecisionInputs, mind: CampaignMind) -> str:
    return f"{mind.lines_since_answer} lines without an answer: one line for each free agent"


def _carrier(inputs: DecisionInputs, mind: CampaignMind) -> str:
    if not mind.carrier_fails:
        return "the carrier has just come back, and nobody knows yet how many answer: one line for each free agent"
    return of_failing_carrier(mind)


def of_failing_carrier(mind: CampaignMind) -> str:
    return (
        f"{mind.failures_in_a_row} calls in a row failed at the carrier: single lines until they go through"
    )


REASONS: Mapping[Binding, Callable[[DecisionInputs, CampaignMind], str]] = {
    Binding.RISK: _risk,
    Binding.BUDGET: _budget,
    Binding.NO_ANSWERS: _dry,
    Binding.NO_AGENTS: lambda inputs, mind: "no agent takes calls",
    Binding.CARRIER: _carrier,
}
