"""What the ears heard in the demonstration, beside what the lab knows of every number and what the carrier recorded."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from dialer.compliance.abandonment_classes import AnsweredBy
from dialer.domain.disposition import Disposition
from dialer.domain.ids import AttemptId, CampaignId
from dialer.lab.world.call_records import CallRecord
from dialer.lab.world.numbers import Behaviour, behaviour_of, rings_in
from dialer.lab.world.voices import PERSON, of_line
from dialer.ports.ledger import LedgerEntry
from dialer.ports.storage import AttemptView
from dialer.storage.postgres.store import PostgresStore

GOAL_S = 2.0
"""From the end of a person's greeting to the agent, at the 99th percentile: 16 CFR 310.4(b)(1)(iv), 47 CFR 64.1200(a)(7)."""

_MACHINES = (Behaviour.VOICEMAIL, Behaviour.FAX)
_SPEAK = (
    Behaviour.GREETS,
    Behaviour.GREETS_LATE,
    Behaviour.HESITATES,
    Behaviour.HOME_RINGBACK,
    Behaviour.MUSIC,
    Behaviour.SOUNDLESS,
)
_IN_BAND_AT_HOME = (
    Behaviour.HOME_RINGBACK,
    Behaviour.MUSIC,
    Behaviour.SOUNDLESS,
    Behaviour.BUSY_TONE,
    Behaviour.INFORMATION_TONES,
    Behaviour.ANNOUNCED,
    Behaviour.NOT_IN_SERVICE,
)
_AS_MACHINE = frozenset({Disposition.MACHINE, Disposition.MESSAGE_LEFT, Disposition.FAX})


@dataclass(frozen=True, slots=True)
class Abroad:
    """Calls to phones that ring in one other country. `said`: what was put on record of one of them."""

    country: str
    calls: int
    ended_as_foreign: int
    answered_by_carrier: int
    longest_s: float
    """From the carrier's first word of a call to its end, of those that were ended."""
    said: str


@dataclass(frozen=True, slots=True)
class HeardFigures:
    """Calls, except for the seconds. `people` are those who answered and spoke; `timed` have both times of the greeting."""

    abroad: Sequence[Abroad]
    at_home_in_band: int
    at_home_ended_as_foreign: int
    machines_answered: int
    machines_known: int
    people: int
    people_taken_for_machines: int
    timed: int
    greeting_to_agent_p50_s: float | None
    greeting_to_agent_p99_s: float | None

    @property
    def abroad_answered(self) -> int:
        return sum(each.answered_by_carrier for each in self.abroad)

    @property
    def kept(self) -> bool:
        late = self.greeting_to_agent_p99_s is not None and self.greeting_to_agent_p99_s > GOAL_S
        return not (self.abroad_answered or self.at_home_ended_as_foreign or late)

    def as_json(self) -> dict[str, Any]:
        return asdict(self)


@dataclass(frozen=True, slots=True)
class _Call:
    """`record` is the carrier's of the same call, `known` the ledger's, when it was answered."""

    attempt: AttemptView
    behaviour: Behaviour
    record: CallRecord
    known: LedgerEntry | None

    @property
    def number(self) -> str:
        return self.attempt.number.e164


async def ledger_of(
    store: PostgresStore, campaign: CampaignId, since: datetime, until: datetime
) -> dict[AttemptId, LedgerEntry]:
    """The answered calls."""
    return {each.attempt: each async for each in store.ledger.live_answers(campaign, since, until)}


def heard_figures(
    attempts: Sequence[AttemptView],
    records: Sequence[CallRecord],
    ledger: Mapping[AttemptId, LedgerEntry],
    english: Path,
) -> HeardFigures:
    """`english`: the folder of the prompts that the carrier's people and machines are made of."""
    calls = _calls(attempts, records, ledger)
    answered = [each for each in calls if each.record.answered is not None]
    machines = [each for each in answered if each.behaviour in _MACHINES]
    people = [each for each in answered if each.behaviour in _SPEAK and each.record.spoke is not None]
    at_home = [each for each in calls if each.behaviour in _IN_BAND_AT_HOME]
    waits = sorted(wait for each in people if (wait := _waited_s(each, english)) is not None)
    return HeardFigures(
        abroad=_abroad(calls),
        at_home_in_band=len(at_home),
        at_home_ended_as_foreign=sum(map(_is_foreign, at_home)),
        machines_answered=len(machines),
        machines_known=sum(each.attempt.disposition in _AS_MACHINE for each in machines),
        people=len(people),
        people_taken_for_machines=sum(map(_taken_for_machine, people)),
        timed=sum(map(_is_timed, people)),
        greeting_to_agent_p50_s=_quantile(waits, 0.5),
        greeting_to_agent_p99_s=_quantile(waits, 0.99),
    )


def _calls(
    attempts: Sequence[AttemptView],
    records: Sequence[CallRecord],
    ledger: Mapping[AttemptId, LedgerEntry],
) -> list[_Call]:
    """Those that both sides know: the n-th of a number is the n-th there."""
    theirs: dict[str, list[CallRecord]] = defaultdict(list)
    for record in sorted(records, key=lambda each: each.started, reverse=True):
        theirs[record.number].append(record)
    dialled = [(each.dialled_at, each) for each in attempts if each.dialled_at is not None]
    return [
        _Call(each, behaviour_of(each.number.e164), theirs[each.number.e164].pop(), ledger.get(each.id))
        for _, each in sorted(dialled, key=lambda pair: pair[0])
        if theirs[each.number.e164]
    ]


def _abroad(calls: Sequence[_Call]) -> list[Abroad]:
    by_country: dict[str, list[_Call]] = defaultdict(list)
    for each in calls:
        if (country := rings_in(each.number)) is not None:
            by_country[country].append(each)
    return [_of_country(country, by_country[country]) for country in sorted(by_country)]


def _of_country(country: str, calls: Sequence[_Call]) -> Abroad:
    ended = [each for each in calls if _is_foreign(each)]
    return Abroad(
        country,
        len(calls),
        len(ended),
        sum(each.record.answered is not None for each in calls),
        max(((each.record.ended - each.record.started).total_seconds() for each in ended), default=0.0),
        ended[0].attempt.because if ended else "",
    )


def _is_foreign(call: _Call) -> bool:
    return call.attempt.disposition is Disposition.FOREIGN_RINGBACK


def _taken_for_machine(call: _Call) -> bool:
    heard = call.known is not None and call.known.answer.verdict is AnsweredBy.MACHINE
    return heard or call.attempt.disposition in _AS_MACHINE


def _is_timed(call: _Call) -> bool:
    answer = call.known.answer if call.known is not None else None
    return answer is not None and answer.greeting_start is not None and answer.greeting_end is not None


def _waited_s(call: _Call, english: Path) -> float | None:
    """From the end of what was really played; 0 for whoever had the agent before that. None: had none."""
    joined, spoke = call.attempt.joined_at, call.record.spoke
    if joined is None or spoke is None:
        return None
    end = spoke + timedelta(seconds=of_line(call.number, PERSON, english).end_s)
    return max((joined - end).total_seconds(), 0.0)


def _quantile(ordered: Sequence[float], share: float) -> float | None:
    return ordered[min(int(len(ordered) * share), len(ordered) - 1)] if ordered else None
