"""The final figures: from the database, beside the carrier's own records of the same calls."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from datetime import datetime
from typing import Any

from dialer.compliance.abandonment_windows import HALF_HOUR_ANSWERS
from dialer.domain.abandonment import over
from dialer.domain.agent import AgentState
from dialer.domain.campaign import RING_MINIMUM, CampaignPlan
from dialer.domain.contact import ContactState
from dialer.domain.disposition import ANSWERED_BY_PERSON, Disposition
from dialer.domain.ids import CampaignId, ContactId
from dialer.lab.demo.flows import FlowFigures
from dialer.lab.demo.heard import HeardFigures
from dialer.lab.demo.law import LawFigures
from dialer.lab.world.call_records import CallRecord
from dialer.lab.world.numbers import Behaviour, behaviour_of
from dialer.ports.pacing import DecisionSample
from dialer.ports.storage import AttemptView, ContactView, RecordingView
from dialer.storage.postgres.store import PostgresStore

_PAGE = 1000
_MOST_DECISIONS = 10_000
_SAYS_NOTHING = "the caller is silent"
_WORKING = (AgentState.ON_CALL, AgentState.WRAP_UP)


@dataclass(frozen=True, slots=True)
class Figures:
    contacts: int
    contacts_by_state: Mapping[str, int]
    dialled: int
    refused: int
    outcomes: Mapping[str, int]
    answered: int
    answered_by_people: int
    abandoned: int
    abandonment_rate: float | None
    abandonment_cap: float
    abandonment_kept: bool
    """Within the cap, or too few answers to speak of a share: a pacer that knows nobody yet may lose two of ten."""
    accepted_risk: float | None
    """Mean over the predictive decisions, of every line: that nobody is free when it is answered."""
    answer_rate: float | None
    agent_occupancy: float | None
    mean_agent_wait_s: float | None
    answer_to_agent_s: Mapping[str, float | None]
    recordings: int
    recordings_total_s: float
    recordings_doubtful: Sequence[str]
    shortest_unanswered_ring_s: float | None
    cut_before_15_s: int
    carrier: Mapping[str, Any]
    do_not_call_listed: int
    do_not_call_dialled: int
    law: LawFigures
    heard: HeardFigures
    flows: FlowFigures
    each_contact: Sequence[Mapping[str, Any]] = field(repr=False)

    def as_json(self) -> dict[str, Any]:
        return asdict(self)


@dataclass(frozen=True, slots=True)
class Evidence:
    plan: CampaignPlan
    decisions: Sequence[DecisionSample]
    contacts: Sequence[ContactView]
    attempts: Sequence[AttemptView]
    recordings: Sequence[RecordingView]
    records: Sequence[CallRecord]
    do_not_call: frozenset[str]


async def read_evidence(
    store: PostgresStore,
    campaign: CampaignId,
    began: datetime,
    ended: datetime,
    records: Sequence[CallRecord],
    do_not_call: Sequence[str],
) -> Evidence:
    plan = (await store.campaigns.campaign(campaign)).plan
    decisions = await store.pacing.decisions(campaign, began, ended, _MOST_DECISIONS)
    return Evidence(
        plan,
        decisions,
        await _all_contacts(store, campaign),
        await _all_attempts(store, campaign),
        await store.recordings.recordings(campaign, None, 1_000_000),
        records,
        frozenset(do_not_call),
    )


async def _all_contacts(store: PostgresStore, campaign: CampaignId) -> list[ContactView]:
    found: list[ContactView] = []
    while page := await store.contacts.contacts(campaign, found[-1].id if found else None, _PAGE):
        found.extend(page)
    return found


async def _all_attempts(store: PostgresStore, campaign: CampaignId) -> list[AttemptView]:
    found: dict[Any, AttemptView] = {}
    before: datetime | None = None
    while page := await store.history.attempts(campaign, before, _PAGE):
        fresh = [each for each in page if each.id not in found]
        found.update((each.id, each) for each in fresh)
        before = page[-1].claimed_at
        if not fresh:
            break
    return list(found.values())


async def time_of_agents(
    store: PostgresStore, since: datetime, until: datetime
) -> tuple[float | None, float | None]:
    """(occupancy of the paid time, mean wait between calls in s)"""
    seconds: dict[AgentState, float] = dict.fromkeys(AgentState, 0.0)
    stays = Counter[AgentState]()
    for each in await store.agents.time_in_states(since, until):
        seconds[each.state] += each.seconds
        stays[each.state] += each.times
    working = sum(seconds[state] for state in _WORKING)
    paid = working + seconds[AgentState.READY]
    calls = stays[AgentState.ON_CALL]
    return (working / paid if paid else None), (seconds[AgentState.READY] / calls if calls else None)


def figures(
    evidence: Evidence,
    occupancy: float | None,
    mean_wait_s: float | None,
    law: LawFigures,
    heard: HeardFigures,
    flows: FlowFigures,
) -> Figures:
    dialled = [each for each in evidence.attempts if each.dialled_at is not None]
    answered = [each for each in dialled if each.answered_at is not None]
    by_people = [each for each in answered if each.disposition in ANSWERED_BY_PERSON]
    abandoned = sum(each.disposition is Disposition.ABANDONED for each in by_people)
    rings = [
        (each.ended_at - each.rang_at).total_seconds()
        for each in dialled
        if each.ended_by_us
        and each.answered_at is None
        and each.rang_at
        and each.ended_at
        # these are ended at once by a rule that was loosened on record
        and each.disposition is not Disposition.FOREIGN_RINGBACK
    ]
    stored = [each for each in evidence.recordings if each.state == "stored"]
    cap = evidence.plan.pacing.day_cap
    return Figures(
        contacts=len(evidence.contacts),
        contacts_by_state=dict(Counter(each.state.value for each in evidence.contacts)),
        dialled=len(dialled),
        refused=sum(each.disposition is Disposition.REFUSED for each in evidence.attempts),
        outcomes=dict(Counter(each.disposition.value for each in evidence.attempts if each.disposition)),
        answered=len(answered),
        answered_by_people=len(by_people),
        abandoned=abandoned,
        abandonment_rate=abandoned / len(by_people) if by_people else None,
        abandonment_cap=cap,
        abandonment_kept=len(by_people) < HALF_HOUR_ANSWERS or not over(cap, len(by_people), abandoned),
        accepted_risk=_accepted_risk(evidence.decisions),
        answer_rate=len(answered) / len(dialled) if dialled else None,
        agent_occupancy=occupancy,
        mean_agent_wait_s=mean_wait_s,
        answer_to_agent_s=_delays(answered),
        recordings=len(stored),
        recordings_total_s=sum(each.duration.total_seconds() for each in stored if each.duration),
        recordings_doubtful=_doubtful(evidence),
        shortest_unanswered_ring_s=min(rings, default=None),
        cut_before_15_s=sum(ring < RING_MINIMUM.total_seconds() for ring in rings),
        carrier=_compare(dialled, evidence.records),
        do_not_call_listed=len(evidence.do_not_call),
        do_not_call_dialled=sum(_plus(each.number) in evidence.do_not_call for each in evidence.records),
        law=law,
        heard=heard,
        flows=flows,
        each_contact=_contacts(evidence),
    )


def _doubtful(evidence: Evidence) -> list[str]:
    """Problems that are none of the callee's making: one of the behaviours is to say nothing."""
    silent = {each.id for each in evidence.attempts if behaviour_of(each.number.e164) is Behaviour.SILENT}
    return [
        f"{each.name}: {each.problem or each.state}"
        for each in evidence.recordings
        if each.state != "stored"
        or (each.problem and not (each.attempt in silent and each.problem == _SAYS_NOTHING))
    ]


def _accepted_risk(decisions: Sequence[DecisionSample]) -> float | None:
    weighed = [
        (each.decision.inputs.accepted_risk, each.decisions)
        for each in decisions
        if each.decision.inputs is not None
    ]
    total = sum(count for _, count in weighed)
    return sum(risk * count for risk, count in weighed) / total if total else None


def _delays(answered: Sequence[AttemptView]) -> dict[str, float | None]:
    delays = sorted(
        (each.joined_at - each.answered_at).total_seconds()
        for each in answered
        if each.joined_at and each.answered_at
    )
    return {"p50": _quantile(delays, 0.5), "p99": _quantile(delays, 0.99)}


def _quantile(ordered: Sequence[float], share: float) -> float | None:
    return ordered[min(int(len(ordered) * share), len(ordered) - 1)] if ordered else None


def _compare(dialled: Sequence[AttemptView], records: Sequence[CallRecord]) -> dict[str, Any]:
    """Call for call, by number: how often each was dialled, and how often it was answered."""
    ours = Counter(each.number.e164 for each in dialled)
    theirs = Counter(_plus(record.number) for record in records)
    ours_answered = Counter(each.number.e164 for each in dialled if each.answered_at)
    theirs_answered = Counter(_plus(record.number) for record in records if record.answered)
    return {
        "calls_ours": ours.total(),
        "calls_theirs": theirs.total(),
        "answered_ours": ours_answered.total(),
        "answered_theirs": theirs_answered.total(),
        "agree": ours == theirs and ours_answered == theirs_answered,
        "numbers_that_differ": sorted(
            number
            for number in ours.keys() | theirs.keys()
            if ours[number] != theirs[number] or ours_answered[number] != theirs_answered[number]
        ),
    }


def _plus(number: str) -> str:
    return number if number.startswith("+") else f"+{number}"


def _contacts(evidence: Evidence) -> list[dict[str, Any]]:
    attempts: dict[ContactId, list[AttemptView]] = {}
    for each in sorted(evidence.attempts, key=lambda attempt: attempt.claimed_at):
        attempts.setdefault(each.contact, []).append(each)
    return [_contact(contact, attempts.get(contact.id, [])) for contact in evidence.contacts]


def _contact(contact: ContactView, attempts: Sequence[AttemptView]) -> dict[str, Any]:
    return {
        "contact": contact.id,
        "numbers": [number.e164 for number in contact.numbers],
        "behaviour": behaviour_of(contact.numbers[0].e164).name.lower(),
        "state": contact.state.value,
        "because": contact.because,
        "never_tried": contact.state is ContactState.READY and not attempts,
        "attempts": [
            {
                "id": str(each.id),
                "number": each.number.e164,
                "dialled": each.dialled_at is not None,
                "disposition": each.disposition.value if each.disposition else each.state.value,
                "joined": each.joined_at is not None,
                "q850": each.cause.q850,
                "sip": each.cause.sip,
            }
            for each in attempts
        ],
    }
