"""What the ears say decides about calls: on a scripted exchange in virtual time, with ears that hear what the test says."""

import asyncio
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

import pytest

from dialer.audio.answer_strategy import NO_BEEP_S
from dialer.audio.answered import Answer, Kind, Verdict
from dialer.audio.learned import MeasuredTone
from dialer.audio.ringback import Hypothesis, Signal
from dialer.compliance.abandonment_classes import AnsweredBy
from dialer.compliance.rulebook import PROJECT_DEFAULT
from dialer.domain.announcements import Announcement, default_announcement_rules
from dialer.domain.attempt import AttemptState
from dialer.domain.campaign import CampaignPlan
from dialer.domain.campaign_rules import CampaignRules, RuleOverride
from dialer.domain.disposition import Disposition, HangupCause
from dialer.domain.events import LineSign
from dialer.domain.listening_plan import AnswerStrategy, ListeningPlan
from dialer.engine.listener import SURE_S
from dialer.engine.live_call import LiveCall
from dialer.pacing.pacer import LineEnd
from dialer.ports.ears import AnnouncementHeard, TapClosed, ToneMeasured
from dialer.ports.ledger import Heard
from dialer.telephony.fake import Script
from tests.support.fake_ears import FakeEars
from tests.support.floor_in_virtual_time import PLAN, VirtualFloor, floor
from tests.support.memory_ledger import MemoryAttempt
from tests.support.pacers import Flood, Witness
from tests.support.virtual_time import START, run

pytestmark = pytest.mark.unit

RINGS = Script(sign=LineSign.PROGRESS)
ANSWERS = Script(answer_s=3.0, sign=LineSign.PROGRESS)
LONG = timedelta(seconds=40)


def plan(answer: AnswerStrategy = AnswerStrategy.CONNECT_AT_ONCE, **changes: object) -> CampaignPlan:
    return replace(PLAN, listening=replace(ListeningPlan(), answer=answer, **changes))  # type: ignore[arg-type]


def waits() -> CampaignPlan:
    return plan(AnswerStrategy.WAIT_FOR_VERDICT)


def foreign(policy: str) -> CampaignPlan:
    said = RuleOverride(PROJECT_DEFAULT, "on_foreign_ringback", policy, "me", "test", START)
    return replace(PLAN, ring_for=LONG, rules=CampaignRules(overrides=(said,)))


def only(hall: VirtualFloor) -> LiveCall:
    (call,) = hall.engine.supervisor.calls.values()
    return call


def row(hall: VirtualFloor) -> MemoryAttempt:
    (found,) = hall.attempts.rows.values()
    return found


def now(hall: VirtualFloor):  # type: ignore[no-untyped-def]
    return hall.engine._clock.now()


@dataclass
class Played:
    call: LiveCall
    ends: list[Disposition]
    heard: Heard | None

    def after_answer_s(self, moment: datetime | None) -> float:
        assert moment is not None
        assert self.call.answered_at is not None
        return (moment - self.call.answered_at).total_seconds()


def verdict(kind: Verdict, at_s: float, start_s: float | None = 0.4, end_s: float | None = None) -> Answer:
    return Answer(kind, at_s, start_s, end_s, machine=0.99 if kind is Verdict.MACHINE else 0.01)


class TestBeforeTheAnswer:
    def test_a_line_without_early_media_is_not_tapped(self) -> None:
        async def scene() -> None:
            ears = FakeEars()
            async with floor(lambda _: Script(), contacts=1, agents=1, ears=ears) as hall:
                await asyncio.sleep(5)
                assert (ears.homes, hall.telephony.taps) == ({}, {})

        run(scene())

    @pytest.mark.parametrize(
        ("policy", "rung_s"), [("hang_up_now", 4.0), ("hang_up_after_min_ring", 15.0), ("flag_only", 40.0)]
    )
    def test_a_foreign_tone_ends_the_call_as_its_rules_say(self, policy: str, rung_s: float) -> None:
        async def scene() -> None:
            ears = FakeEars()
            async with floor(lambda _: RINGS, contacts=1, agents=1, plan=foreign(policy), ears=ears) as hall:
                await asyncio.sleep(4.5)  # it rings since 0.5 s
                assert hall.telephony.taps[only(hall).id] == ears.only
                assert ears.homes[ears.only].countries == {"US"}
                ears.ring(ears.only, now(hall), Hypothesis.FOREIGN)
                await asyncio.sleep(60)
                end, progress = row(hall).settlement, row(hall).progress
                assert end is not None
                assert progress is not None
                assert progress.rang_at is not None
                assert end.disposition is Disposition.FOREIGN_RINGBACK
                assert "DE, IT: 425 Hz" in end.because
                assert (end.ended_at - progress.rang_at).total_seconds() == pytest.approx(rung_s, abs=0.01)
                assert end.due_at == end.ended_at + timedelta(days=7)
                assert any(entry.kind == "foreign_ringback" for entry in hall.attempts.lines)

        run(scene())

    def test_who_answers_all_the_same_is_connected(self) -> None:
        async def scene() -> None:
            ears = FakeEars()
            async with floor(lambda _: ANSWERS, contacts=1, agents=1, ears=ears) as hall:
                await asyncio.sleep(2.5)
                ears.ring(ears.only, now(hall), Hypothesis.FOREIGN)
                await asyncio.sleep(40)
                assert hall.attempts.ends() == [Disposition.CONNECTED]

        run(scene())

    def test_home_ends_the_listening_unless_a_verdict_is_waited_for(self) -> None:
        async def scene(campaign: CampaignPlan) -> bool:
            ears = FakeEars()
            async with floor(lambda _: RINGS, contacts=1, agents=1, plan=campaign, ears=ears) as hall:
                await asyncio.sleep(4)
                ears.ring(ears.only, now(hall), Hypothesis.HOME)
                await asyncio.sleep(SURE_S - 0.5)
                assert ears.homes
                await asyncio.sleep(1)
                assert bool(hall.telephony.taps) == bool(ears.homes)
                return bool(ears.homes)

        assert run(scene(PLAN)) is False
        assert run(scene(waits())) is True

    def test_what_sounded_like_home_may_turn_out_foreign(self) -> None:
        async def scene() -> None:
            ears = FakeEars()
            at_once = foreign("hang_up_now")
            async with floor(lambda _: RINGS, contacts=1, agents=1, plan=at_once, ears=ears) as hall:
                await asyncio.sleep(4)
                ears.ring(ears.only, now(hall), Hypothesis.HOME)
                await asyncio.sleep(1)
                ears.ring(ears.only, now(hall), Hypothesis.AMBIGUOUS)
                await asyncio.sleep(SURE_S)
                ears.ring(ears.only, now(hall), Hypothesis.FOREIGN)
                await asyncio.sleep(1)
                assert hall.attempts.ends() == [Disposition.FOREIGN_RINGBACK]

        run(scene())

    def test_a_busy_tone_ends_the_call_after_the_ring_minimum(self) -> None:
        async def scene() -> None:
            ears, told = FakeEars(), Flood()
            async with floor(
                lambda _: RINGS,
                contacts=1,
                agents=1,
                plan=replace(PLAN, ring_for=LONG),
                ears=ears,
                pacer=told,
            ) as hall:
                await asyncio.sleep(4)
                ears.ring(ears.only, now(hall), Hypothesis.NOT_TONE, Signal.BUSY)
                await asyncio.sleep(20)
                end, progress = row(hall).settlement, row(hall).progress
                assert end is not None
                assert progress is not None
                assert progress.rang_at is not None
                assert end.disposition is Disposition.BUSY
                assert end.ended_at - progress.rang_at == timedelta(seconds=15)

        run(scene())

    def test_an_announcement_has_its_own_disposition_and_retry(self) -> None:
        async def scene() -> None:
            ears = FakeEars()
            script = replace(RINGS, end_s=9.0, cause=HangupCause(18, 480, "No answer"))
            async with floor(lambda _: script, contacts=1, agents=1, ears=ears) as hall:
                await asyncio.sleep(4)
                ears.sink(AnnouncementHeard(ears.only, now(hall), "powered_off", 0.97, "off-1"))
                await asyncio.sleep(10)
                end = row(hall).settlement
                assert end is not None
                assert end.disposition is Disposition.POWERED_OFF
                rule = default_announcement_rules()[Announcement.POWERED_OFF]
                assert end.due_at == end.ended_at + rule.delay

        run(scene())

    def test_what_the_network_says_precisely_is_believed(self) -> None:
        async def scene() -> None:
            ears = FakeEars()
            script = replace(RINGS, end_s=9.0, cause=HangupCause(1, 404, "Unallocated"))
            async with floor(lambda _: script, contacts=1, agents=1, ears=ears) as hall:
                await asyncio.sleep(4)
                ears.ring(ears.only, now(hall), Hypothesis.NOT_TONE, Signal.BUSY)
                await asyncio.sleep(10)
                assert hall.attempts.ends() == [Disposition.NOT_IN_SERVICE]

        run(scene())

    def test_tones_of_answered_lines_become_home_and_are_kept(self) -> None:
        async def scene() -> None:
            ears, tone = FakeEars(), MeasuredTone((450.0,), (1.0, -4.0))
            async with floor(lambda _: ANSWERS, contacts=4, agents=1, ears=ears) as hall:
                for _ in range(4):
                    await asyncio.sleep(2)
                    learned = ears.homes[ears.only].learned
                    await asyncio.sleep(2)
                    ears.sink(ToneMeasured(ears.only, tone))
                    await asyncio.sleep(35.0)
                assert len(learned) == 1, "the fourth call knows what three have taught"
                await asyncio.sleep(61)
                ((kept),) = hall.attempts.tones.values()
                assert (kept.trunk, kept.country) == ("main", "US")
                assert kept.document["tones"][0]["calls"] == 4

        run(scene())


class TestWaitingForTheVerdict:
    def scene_of(
        self, heard: list[tuple[float, Kind, Answer]], campaign: CampaignPlan, agents: int = 1
    ) -> Played:
        """`heard`: seconds after the answer, what is heard then."""

        async def scene() -> Played:
            ears = FakeEars()
            async with floor(
                lambda _: ANSWERS, contacts=1, agents=agents, plan=campaign, ears=ears, pacer=Flood()
            ) as hall:
                await asyncio.sleep(3.2)
                tap, call = ears.only, only(hall)
                assert call.answered_at is not None
                for at_s, kind, answer in heard:
                    await asyncio.sleep((call.answered_at - now(hall)).total_seconds() + at_s)
                    assert call.joined_at is None, "nobody is connected before the verdict"
                    ears.answer(tap, now(hall), kind, answer)
                await asyncio.sleep(60)
                return Played(call, hall.attempts.ends(), hall.attempts.heard.get(call.id))

        return run(scene())

    def test_a_person_is_joined_at_the_verdict_and_the_greeting_is_in_the_ledger(self) -> None:
        found = self.scene_of(
            [
                (0.5, Kind.SPEECH, verdict(Verdict.UNCERTAIN, 0.5)),
                (1.7, Kind.VERDICT, verdict(Verdict.PERSON, 1.7, end_s=1.25)),
            ],
            waits(),
        )
        assert found.ends == [Disposition.CONNECTED]
        assert found.after_answer_s(found.call.joined_at) == pytest.approx(1.7)
        assert found.heard is not None
        assert found.after_answer_s(found.heard.greeting_start) == pytest.approx(0.4)
        assert found.after_answer_s(found.heard.greeting_end) == pytest.approx(1.25)
        assert found.heard.verdict is AnsweredBy.PERSON

    def test_a_machine_is_hung_up_and_has_its_disposition(self) -> None:
        found = self.scene_of(
            [
                (0.5, Kind.SPEECH, verdict(Verdict.UNCERTAIN, 0.5)),
                (2.6, Kind.VERDICT, verdict(Verdict.MACHINE, 2.6)),
            ],
            waits(),
        )
        assert found.ends == [Disposition.MACHINE]
        assert found.heard is not None
        assert found.heard.verdict is AnsweredBy.MACHINE

    def test_silence_is_connected_before_two_seconds_are_over(self) -> None:
        found = self.scene_of([], waits())
        assert found.ends == [Disposition.CONNECTED]
        assert 1.5 < found.after_answer_s(found.call.joined_at) < 2.0

    def test_whoever_speaks_on_is_waited_for_but_not_for_ever(self) -> None:
        found = self.scene_of([(0.5, Kind.SPEECH, verdict(Verdict.UNCERTAIN, 0.5))], waits())
        assert 6.0 < found.after_answer_s(found.call.joined_at) <= 8.0

    def test_a_fax_is_a_fax(self) -> None:
        found = self.scene_of([(1.0, Kind.VERDICT, verdict(Verdict.FAX, 1.0, None))], waits())
        assert found.ends == [Disposition.FAX]

    def test_a_message_is_left_after_the_beep(self) -> None:
        campaign = plan(AnswerStrategy.LEAVE_MESSAGE, machine_message="fairdial/please-call")
        found = self.scene_of(
            [
                (0.5, Kind.SPEECH, verdict(Verdict.UNCERTAIN, 0.5)),
                (2.6, Kind.VERDICT, verdict(Verdict.MACHINE, 2.6)),
                (9.0, Kind.GREETING_OVER, verdict(Verdict.MACHINE, 2.6, end_s=7.8)),
                (9.4, Kind.BEEP, verdict(Verdict.MACHINE, 2.6, end_s=7.8)),
            ],
            campaign,
        )
        assert found.ends == [Disposition.MESSAGE_LEFT]
        assert found.call.message == "fairdial/please-call"
        assert found.after_answer_s(found.call.message_at) == pytest.approx(9.4)

    def test_a_machine_that_never_beeps_gets_its_message_too(self) -> None:
        found = self.scene_of(
            [
                (0.5, Kind.SPEECH, verdict(Verdict.UNCERTAIN, 0.5)),
                (2.6, Kind.VERDICT, verdict(Verdict.MACHINE, 2.6)),
                (9.0, Kind.GREETING_OVER, verdict(Verdict.MACHINE, 2.6, end_s=7.8)),
            ],
            plan(AnswerStrategy.LEAVE_MESSAGE),
        )
        assert found.ends == [Disposition.MESSAGE_LEFT]
        assert found.after_answer_s(found.call.message_at) == pytest.approx(7.8 + NO_BEEP_S)

    def test_with_nobody_free_the_message_begins_two_seconds_after_the_greeting(self) -> None:
        found = self.scene_of(
            [
                (0.5, Kind.SPEECH, verdict(Verdict.UNCERTAIN, 0.5)),
                (3.0, Kind.VERDICT, verdict(Verdict.PERSON, 3.0, end_s=2.5)),
            ],
            waits(),
            agents=0,
        )
        assert found.ends == [Disposition.ABANDONED]
        assert 4.0 < found.after_answer_s(found.call.message_at) <= 4.5

    @pytest.mark.parametrize("loss", ["ears", "tap", "refused"])
    def test_without_ears_whoever_answers_is_connected_at_once(self, loss: str) -> None:
        async def scene() -> timedelta:
            ears = FakeEars()
            async with floor(lambda _: ANSWERS, contacts=1, agents=1, plan=waits(), ears=ears) as hall:
                await asyncio.sleep(2.5)
                if loss == "refused":
                    ears.up = False
                    ears.die(now(hall))
                await asyncio.sleep(1.0)
                if loss == "ears":
                    ears.die(now(hall))
                elif loss == "tap":
                    ears.sink(TapClosed(ears.only, now(hall), 0))
                await asyncio.sleep(2)
                call = only(hall)
                assert call.state is AttemptState.TALKING
                assert call.joined_at is not None
                assert call.answered_at is not None
                return call.joined_at - call.answered_at

        assert run(scene()) <= timedelta(seconds=0.5)


def test_who_is_held_for_a_verdict_keeps_no_agent_from_other_lines() -> None:
    """To pacing a line that a machine has answered was never answered; a person's is, once an agent is wanted."""

    async def scene(heard: Verdict) -> tuple[list[str], list[LineEnd]]:
        ears, told = FakeEars(), Witness()
        async with floor(
            lambda _: ANSWERS, contacts=1, agents=1, plan=waits(), ears=ears, pacer=told
        ) as hall:
            await asyncio.sleep(3.2)
            tap, call = ears.only, only(hall)
            ears.answer(tap, now(hall), Kind.SPEECH, verdict(Verdict.UNCERTAIN, 0.5))
            await asyncio.sleep(1.5)
            assert "answered" not in [kind for kind, *_ in told.told]
            ears.answer(tap, now(hall), Kind.VERDICT, verdict(heard, 1.7, end_s=1.2))
            await asyncio.sleep(60)
            assert call.answered_at is not None
            return [kind for kind, *_ in told.told if kind in ("answered", "ended")], told.details("ended")

    assert run(scene(Verdict.MACHINE)) == (["ended"], [LineEnd.NOT_ANSWERED])
    assert run(scene(Verdict.PERSON)) == (["answered", "ended"], [LineEnd.PERSON])


def test_who_is_connected_at_once_is_heard_no_longer() -> None:
    async def scene() -> None:
        ears = FakeEars()
        async with floor(lambda _: ANSWERS, contacts=1, agents=1, ears=ears) as hall:
            await asyncio.sleep(2.5)
            assert set(hall.telephony.taps) == {only(hall).id}
            await asyncio.sleep(1.0)
            assert only(hall).state is AttemptState.TALKING
            assert hall.telephony.taps == {}
            assert ears.answered_at, "what rang may be measured"

    run(scene())


def test_a_number_of_a_country_without_known_tones_is_never_foreign() -> None:
    async def scene() -> None:
        ears = FakeEars()
        async with floor(lambda _: RINGS, contacts=0, agents=1, ears=ears) as hall:
            hall.attempts.add(hall.campaign, "+8821612345678", START)  # a satellite network
            await asyncio.sleep(5)
            assert ears.homes == {}

    run(scene())
