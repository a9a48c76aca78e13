"""What the report says of the ears, worked out from records of which the truth is known."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import uuid4

import numpy as np
import pytest

from dialer.compliance.abandonment_classes import AnsweredBy, LiveAnswer
from dialer.domain.attempt import AttemptState
from dialer.domain.disposition import Disposition, HangupCause
from dialer.domain.ids import AgentId, AttemptId, CampaignId, ContactId, TrunkName
from dialer.domain.phone_number import PhoneNumber
from dialer.lab.demo import heard
from dialer.lab.demo.heard import HeardFigures, heard_figures
from dialer.lab.world.call_records import CallRecord
from dialer.lab.world.numbers import Behaviour, number
from dialer.lab.world.voices import Said
from dialer.ports.ledger import LedgerEntry
from dialer.ports.storage import AttemptView

pytestmark = pytest.mark.unit

T0 = datetime(2026, 11, 22, 10, 0, tzinfo=UTC)
HELLO_ENDS_S = 1.0


def after(seconds: float) -> datetime:
    return T0 + timedelta(seconds=seconds)


@pytest.fixture(autouse=True)
def everybody_says_hello(monkeypatch: pytest.MonkeyPatch) -> None:
    said = Said("person-0", np.zeros(0, np.int16), 0.4, HELLO_ENDS_S)
    monkeypatch.setattr(heard, "of_line", lambda *_: said)


class Calls:
    """Each is dialled at T0; those who answer do so after 2 s and are heard from 2.1 s on."""

    def __init__(self) -> None:
        self.attempts: list[AttemptView] = []
        self.records: list[CallRecord] = []
        self.ledger: dict[AttemptId, LedgerEntry] = {}

    def unanswered(self, called: str, disposition: Disposition, ended_s: float = 5.0) -> None:
        self._add(called, disposition, answered=False, joined_s=None, ended_s=ended_s)

    def answered(
        self,
        called: str,
        disposition: Disposition,
        joined_s: float | None = None,
        verdict: AnsweredBy = AnsweredBy.PERSON,
        *,
        timed: bool = True,
    ) -> None:
        attempt = self._add(called, disposition, answered=True, joined_s=joined_s, ended_s=9.0)
        answer = LiveAnswer(
            after(2),
            greeting_start=after(2.5) if timed else None,
            greeting_end=after(3.1) if timed else None,
            verdict=verdict,
        )
        self.ledger[attempt.id] = LedgerEntry(
            attempt.id, CampaignId(1), ContactId(1), attempt.number, None, disposition, T0, None, answer, None
        )

    def _add(
        self, called: str, disposition: Disposition, *, answered: bool, joined_s: float | None, ended_s: float
    ) -> AttemptView:
        joined = None if joined_s is None else after(joined_s)
        attempt = AttemptView(
            AttemptId(uuid4()),
            CampaignId(1),
            ContactId(len(self.attempts)),
            PhoneNumber(called),
            AttemptState.ENDED,
            disposition,
            "as heard",
            TrunkName("carrier"),
            AgentId(1) if joined else None,
            T0,
            T0,
            after(0.1),
            after(2) if answered else None,
            joined,
            None,
            None,
            after(ended_s),
            HangupCause(16),
            True,
            "",
        )
        self.attempts.append(attempt)
        self.records.append(
            CallRecord(
                called,
                "+12025550100",
                T0,
                after(2) if answered else None,
                after(ended_s),
                "ANSWERED" if answered else "NO ANSWER",
                16,
                0.0,
                "",
                "",
                spoke=after(2.1) if answered else None,
            )
        )
        return attempt

    def figures(self) -> HeardFigures:
        return heard_figures(self.attempts, self.records, self.ledger, Path())


def test_calls_abroad_are_counted_by_country_and_the_carriers_word_counts() -> None:
    calls = Calls()
    calls.unanswered(number(Behaviour.ABROAD, 0), Disposition.FOREIGN_RINGBACK, 5.0)
    calls.unanswered(number(Behaviour.ABROAD, 6), Disposition.FOREIGN_RINGBACK, 6.5)
    calls.unanswered(number(Behaviour.ABROAD, 1), Disposition.NO_ANSWER, 16.0)
    calls.unanswered(number(Behaviour.HOME_RINGBACK), Disposition.NO_ANSWER)
    found = calls.figures()
    assert [
        (each.country, each.calls, each.ended_as_foreign, each.answered_by_carrier, each.longest_s)
        for each in found.abroad
    ] == [("CN", 2, 2, 0, 6.5), ("GB", 1, 0, 0, 0.0)]
    assert (found.at_home_in_band, found.at_home_ended_as_foreign, found.kept) == (1, 0, True)


def test_a_foreign_call_that_was_answered_breaks_the_promise() -> None:
    calls = Calls()
    calls.answered(number(Behaviour.ABROAD, 2), Disposition.CONNECTED, 3.5)
    found = calls.figures()
    assert (found.abroad_answered, found.kept) == (1, False)


def test_a_home_call_that_ended_as_foreign_breaks_the_promise() -> None:
    calls = Calls()
    calls.unanswered(number(Behaviour.MUSIC), Disposition.FOREIGN_RINGBACK)
    found = calls.figures()
    assert (found.at_home_ended_as_foreign, found.kept) == (1, False)


def test_machines_and_people_are_held_against_what_the_numbers_are() -> None:
    calls = Calls()
    calls.answered(number(Behaviour.VOICEMAIL), Disposition.MACHINE, verdict=AnsweredBy.MACHINE)
    calls.answered(number(Behaviour.VOICEMAIL, 1), Disposition.CONNECTED, 4.0)
    calls.answered(number(Behaviour.GREETS), Disposition.CONNECTED, 4.0)
    calls.answered(number(Behaviour.GREETS, 1), Disposition.MACHINE, verdict=AnsweredBy.MACHINE)
    calls.answered(number(Behaviour.GREETS, 2), Disposition.CONNECTED, 3.7, timed=False)
    found = calls.figures()
    assert (found.machines_answered, found.machines_known) == (2, 1)
    assert (found.people, found.people_taken_for_machines, found.timed) == (3, 1, 2)


@pytest.mark.parametrize(("joined_s", "kept"), [(5.09, True), (5.2, False)])
def test_the_wait_is_from_the_end_of_what_was_played(joined_s: float, kept: bool) -> None:
    calls = Calls()
    calls.answered(number(Behaviour.GREETS), Disposition.CONNECTED, joined_s)
    calls.answered(number(Behaviour.HESITATES), Disposition.CONNECTED, 2.5)  # the agent was there first
    found = calls.figures()
    assert found.greeting_to_agent_p50_s == pytest.approx(joined_s - 2.1 - HELLO_ENDS_S)
    assert found.kept is kept
    only_early = replace(found, greeting_to_agent_p50_s=None, greeting_to_agent_p99_s=None)
    assert only_early.kept


def test_the_second_call_to_a_number_is_the_second_record() -> None:
    calls = Calls()
    called = number(Behaviour.GREETS)
    calls.unanswered(called, Disposition.BUSY)
    calls.answered(called, Disposition.CONNECTED, 4.0)
    calls.attempts[1] = replace(calls.attempts[1], dialled_at=after(60))
    calls.records[1] = replace(calls.records[1], started=after(60))
    assert calls.figures().people == 1
