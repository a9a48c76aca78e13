import random
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dialer.domain.abandonment import AbandonmentWindow, WindowCount, WindowKind
from dialer.domain.events import LineSign
from dialer.domain.ids import CampaignId
from dialer.domain.pacing_plan import PacingMode, PacingPlan
from dialer.pacing.decision import Binding, PacingDecision
from dialer.pacing.floor_pacer import FairPacer
from dialer.pacing.pacer import UNKNOWN_CONTACT, ContactFeatures, Lesson, LineEnd, Presence, Room
from dialer.pacing.restraint import HALF_HOUR_RISK

pytestmark = pytest.mark.unit

CAMPAIGN, OTHER = CampaignId(1), CampaignId(2)
MORNING = datetime(2026, 11, 20, 9, tzinfo=UTC)
WIDE = Room(1000)


def wall(now: float) -> datetime:
    return MORNING + timedelta(seconds=now)


def day(cap: float = 0.03) -> AbandonmentWindow:
    return AbandonmentWindow(WindowKind.DAY, cap, MORNING, MORNING + timedelta(hours=8), timedelta(days=1))


class Floor:
    """A pacer and the few facts a test tells it."""

    def __init__(
        self, agents: int = 10, answered: int = 1000, abandoned: int = 20, mode: PacingMode | None = None
    ) -> None:
        self.pacer, self.now, self.line = FairPacer(), 1000.0, 0
        plan = PacingPlan() if mode is None else PacingPlan(mode)
        self.pacer.plans({CAMPAIGN: plan}, self.now)
        self.pacer.counted(CAMPAIGN, [WindowCount(day(), answered, abandoned, MORNING)])
        for agent in range(agents):
            self.pacer.present(agent, Presence.READY, self.now)
        self.decide()

    def dial(self, lines: int = 1, contact: ContactFeatures = UNKNOWN_CONTACT) -> list[int]:
        dialled = list(range(self.line, self.line + lines))
        self.line += lines
        for line in dialled:
            self.pacer.dialled(line, CAMPAIGN, contact, self.now, wall(self.now))
        return dialled

    def end(self, lines: list[int], how: LineEnd = LineEnd.NOT_ANSWERED) -> None:
        for line in lines:
            self.pacer.ended(line, how, self.now, wall(self.now))

    def talk(self, agent: int, line: int) -> None:
        self.pacer.answered(line, self.now, wall(self.now))
        self.pacer.joined(line, agent, self.now)
        self.pacer.present(agent, Presence.ON_CALL, self.now)

    def wait(self, seconds: float) -> None:
        """The dial loop looks at the floor every half second at least."""
        until = self.now + seconds
        while self.now + 0.5 < until:
            self.now += 0.5
            self.decide()
        self.now = until

    def decide(self, room: Room = WIDE) -> PacingDecision:
        return self.pacer.decide(CAMPAIGN, room, self.now, wall(self.now))


def test_free_agents_get_more_lines_than_there_are_agents() -> None:
    found = Floor(agents=10).decide()
    assert found.dial > 10
    assert found.binding is Binding.RISK
    assert found.inputs is not None
    assert found.inputs.ready == 10


def test_lines_that_ring_hold_back_further_ones() -> None:
    floor = Floor(agents=10)
    first = floor.decide().dial
    floor.dial(first)
    assert floor.decide().dial <= 2


def test_wrap_ups_about_to_end_are_dialled_for() -> None:
    floor = Floor(agents=20)
    for turn in range(3):
        for agent in range(20):
            line = floor.dial()[0]
            floor.talk(agent, line)
            floor.end([line], LineEnd.PERSON)
            floor.pacer.present(agent, Presence.WRAP_UP, floor.now)
        floor.now += 12.0
        if turn < 2:
            for agent in range(20):
                floor.pacer.present(agent, Presence.READY, floor.now)
    late = floor.decide().dial
    floor.now -= 11.5
    assert late > floor.decide().dial


def test_a_spent_allowance_leaves_one_line_for_each_free_agent() -> None:
    found = Floor(agents=10, answered=1000, abandoned=60).decide()
    assert (found.dial, found.binding) == (10, Binding.BUDGET)
    assert "60/1000" in found.because


def test_a_spent_half_hour_leaves_lines_that_are_almost_sure_to_find_somebody_free() -> None:
    half = AbandonmentWindow(WindowKind.HALF_HOUR, 0.05, MORNING, None, timedelta(minutes=30), 100)
    floor = Floor(agents=10)
    usual = floor.decide().dial
    count = WindowCount(half, 140, 7, wall(floor.now))
    floor.pacer.counted(CAMPAIGN, [WindowCount(day(), 1000, 20, MORNING), count])
    found = floor.decide()
    assert 10 < found.dial < usual
    assert found.binding is Binding.BUDGET
    assert "the half-hour is nearly spent" in found.because
    assert "7/140" in found.because


def test_a_spent_half_hour_takes_no_more_risk_than_the_other_windows_allow() -> None:
    half = AbandonmentWindow(WindowKind.HALF_HOUR, 0.05, MORNING, None, timedelta(minutes=30), 100)
    accepted = []
    for lost in (20, 51):  # of a day that still allows a little
        floor = Floor(agents=10, answered=1000, abandoned=lost)
        count = WindowCount(half, 140, 7, wall(floor.now))
        floor.pacer.counted(CAMPAIGN, [WindowCount(day(), 1000, lost, MORNING), count])
        inputs = floor.decide().inputs
        assert inputs is not None
        accepted.append(inputs.accepted_risk)
    assert accepted[0] == HALF_HOUR_RISK
    assert 0.0 < accepted[1] < HALF_HOUR_RISK


def test_without_agents_nothing_is_dialled() -> None:
    found = Floor(agents=0).decide()
    assert (found.dial, found.binding) == (0, Binding.NO_AGENTS)


def test_an_agent_who_leaves_after_the_call_is_not_dialled_for() -> None:
    floor = Floor(agents=2)
    floor.talk(0, floor.dial()[0])
    staying = floor.decide().inputs
    floor.pacer.present(0, Presence.ON_CALL, floor.now, leaving=True)
    leaving = floor.decide().inputs
    assert staying is not None
    assert leaving is not None
    assert floor.decide().dial <= 6


@pytest.mark.parametrize(
    ("room", "binding"),
    [
        (Room(3), Binding.TRUNK),
        (Room(1000, 2), Binding.CAMPAIGN_LIMIT),
        (Room(1000, None, "stopping"), Binding.OBSTACLE),
    ],
)
def test_whatever_limits_it_is_named(room: Room, binding: Binding) -> None:
    found = Floor(agents=10).decide(room)
    assert found.binding is binding
    assert found.dial <= 3


def test_a_carrier_that_fails_is_probed_once_a_second() -> None:
    floor = Floor(agents=10)
    for _ in range(15):
        floor.end(floor.dial(), LineEnd.CARRIER_FAILED)
    dialled = 0
    for _ in range(40):
        floor.now += 0.25
        dials = floor.decide().dial
        dialled += dials
        floor.end(floor.dial(dials), LineEnd.CARRIER_FAILED)
    assert 8 <= dialled <= 12
    assert floor.decide().binding is Binding.CARRIER
    floor.now += 1.0
    floor.dial(floor.decide().dial)
    floor.now += 4.0
    back = floor.decide()
    assert "just come back" in back.because
    assert back.dial == 9
    floor.now += 60.0
    assert floor.decide().binding is not Binding.CARRIER


def probed(floor: Floor, minutes: float) -> list[float]:
    """When, in seconds from now, single lines were dialled while every one fails."""
    begun, dialled = floor.now, []
    while floor.now < begun + 60.0 * minutes:
        floor.now += 0.5
        if dials := floor.decide().dial:
            dialled += [floor.now - begun] * dials
            floor.end(floor.dial(dials), LineEnd.CARRIER_FAILED)
    return dialled


@pytest.mark.parametrize("mode", [PacingMode.PREDICTIVE, PacingMode.PROGRESSIVE, PacingMode.AGENTLESS])
def test_a_long_outage_costs_few_contacts_their_turn_in_every_mode(mode: PacingMode) -> None:
    floor = Floor(agents=10, mode=mode)
    for _ in range(15):
        floor.end(floor.dial(), LineEnd.CARRIER_FAILED)
    dialled = probed(floor, 60)
    assert len([at for at in dialled if at < 30]) > 25
    assert 100 < len(dialled) < 350
    assert dialled[-1] - dialled[-2] == pytest.approx(60, abs=3)
    found = floor.decide()
    assert (found.binding, "failed at the carrier" in found.because) == (Binding.CARRIER, True)
    floor.now += 61.0
    floor.dial(floor.decide().dial)
    floor.now += 4.0
    assert floor.decide().dial > 1, "the line that was not refused says that the carrier works again"


def test_in_preview_agents_see_for_themselves_that_the_carrier_fails() -> None:
    floor = Floor(agents=10, mode=PacingMode.PREVIEW)
    for _ in range(15):
        floor.end(floor.dial(), LineEnd.CARRIER_FAILED)
    assert floor.decide().dial == 10


def test_a_carrier_that_fails_teaches_nothing_about_contacts() -> None:
    floor = Floor(agents=10)
    before = floor.decide().inputs
    for _ in range(100):
        floor.end(floor.dial(), LineEnd.CARRIER_FAILED)
    after = floor.decide().inputs
    assert before is not None
    assert after is not None
    assert after.answer_probability == pytest.approx(before.answer_probability, rel=0.05)


def test_an_hour_without_answers_slows_down_and_says_so() -> None:
    floor = Floor(agents=5)
    for _ in range(150):
        lines = floor.dial(min(floor.decide().dial, 5))
        floor.now += 25.0
        floor.end(lines)
    found = floor.decide()
    assert (found.dial, found.binding) == (5, Binding.NO_ANSWERS)
    assert "without an answer" in found.because


def test_a_machine_that_reached_nobody_counts_as_no_answer() -> None:
    floor = Floor(agents=5)
    line = floor.dial()[0]
    floor.pacer.answered(line, floor.now, wall(floor.now))
    floor.end([line], LineEnd.MACHINE)
    found = floor.decide().inputs
    assert found is not None
    assert found.windows[0].answered == 1000
    assert found.waiting == 0


def test_contacts_who_answer_more_often_are_dialled_fewer_at_a_time() -> None:
    rng = random.Random(5)
    good, bad = ContactFeatures(area="+1202"), ContactFeatures(area="+1305")
    floor = Floor(agents=20)
    for n in range(800):
        contact, chance = ((good, 0.6), (bad, 0.05))[n % 2]
        line = floor.dial(1, contact)[0]
        floor.wait(rng.uniform(1.0, 5.0))
        if rng.random() < chance:
            floor.pacer.answered(line, floor.now, wall(floor.now))
            floor.end([line], LineEnd.PERSON)
        else:
            floor.end([line])
    assert floor.pacer.admit(CAMPAIGN, [good] * 30, floor.now) < floor.pacer.admit(
        CAMPAIGN, [bad] * 30, floor.now
    )


def test_the_modes_without_forecast_go_by_counts() -> None:
    assert Floor(agents=4, mode=PacingMode.PROGRESSIVE).decide().dial == 4
    assert Floor(agents=4, mode=PacingMode.POWER).decide().dial == 6
    assert Floor(agents=0, mode=PacingMode.AGENTLESS).decide(Room(7)).dial == 7


def test_lines_of_another_campaign_take_agents_too() -> None:
    floor = Floor(agents=10)
    alone = floor.decide().dial
    floor.pacer.plans({CAMPAIGN: PacingPlan(), OTHER: PacingPlan()}, floor.now)
    for n in range(20):
        floor.pacer.dialled(("other", n), OTHER, UNKNOWN_CONTACT, floor.now, wall(floor.now))
    assert floor.decide().dial < alone


def test_what_was_learnt_is_taken_up_after_a_restart() -> None:
    floor, rng = Floor(agents=10), random.Random(1)
    for _ in range(250):
        line = floor.dial()[0]
        floor.wait(rng.uniform(2.0, 10.0))
        if rng.random() < 0.55:
            floor.pacer.answered(line, floor.now, wall(floor.now))
            floor.end([line], LineEnd.PERSON)
        else:
            floor.end([line])
    learnt = floor.decide().inputs
    again = Floor(agents=10)
    for lesson in floor.pacer.lessons():
        again.pacer.learnt(lesson)
    remembered = again.decide().inputs
    assert learnt is not None
    assert remembered is not None
    assert remembered.answer_probability == pytest.approx(learnt.answer_probability, abs=0.15)
    assert remembered.answer_probability > 0.4


@pytest.mark.parametrize(
    "document",
    [{}, {"hazards": 3}, {"hazards": {}, "talk": {}, "wrap_up": {}, "model": {}, "chance": []}],
)
def test_a_lesson_that_cannot_be_read_is_ignored(document: dict[str, object]) -> None:
    floor = Floor()
    before = floor.decide().dial
    floor.pacer.learnt(Lesson(CAMPAIGN, 1, document))
    floor.pacer.learnt(Lesson(CAMPAIGN, 99, document))
    floor.pacer.learnt(Lesson(OTHER, 1, document))
    assert floor.decide().dial == before


EVENTS = st.lists(
    st.tuples(
        st.sampled_from(["dial", "sign", "answer", "join", "end", "present", "decide", "wait", "back"]),
        st.integers(0, 12),
        st.integers(0, 4),
    ),
    max_size=60,
)


@given(EVENTS)
@settings(max_examples=60, deadline=None)
def test_events_out_of_turn_never_raise_and_never_dial_beyond_the_room(
    events: list[tuple[str, int, int]],
) -> None:
    floor = Floor(agents=3)
    pacer, signs, ends, presences = floor.pacer, list(LineSign), list(LineEnd), list(Presence)
    for kind, line, agent in events:
        match kind:
            case "dial":
                pacer.dialled(line, CAMPAIGN, UNKNOWN_CONTACT, floor.now, wall(floor.now))
            case "sign":
                pacer.signalled(line, signs[agent % len(signs)], floor.now)
            case "answer":
                pacer.answered(line, floor.now, wall(floor.now))
            case "join":
                pacer.joined(line, agent, floor.now)
            case "end":
                pacer.ended(line, ends[agent % len(ends)], floor.now, wall(floor.now))
            case "present":
                pacer.present(agent, presences[line % len(presences)], floor.now, leaving=line % 2 == 0)
            case "wait":
                floor.now += line * 7.0
            case "back":
                floor.now -= line * 3.0
            case _:
                assert 0 <= floor.decide(Room(line)).dial <= line


@pytest.mark.parametrize("compared_after", [0.0, 4.0], ids=["at once", "4 s later"])
def test_answers_of_lines_taken_over_teach_nothing(compared_after: float) -> None:
    """After a restart the answers of the time in between come all at once, and nobody foresaw them.

    However long the calls are still being compared with the exchange: until then nothing is heard of them.
    """
    pacer, now = FairPacer(), 1000.0
    pacer.plans({CAMPAIGN: PacingPlan()}, now)
    pacer.counted(CAMPAIGN, [WindowCount(day(), 1000, 20, MORNING)])
    for agent in range(20):
        pacer.present(agent, Presence.READY, now)
    for line in range(10):
        pacer.dialled(line, CAMPAIGN, UNKNOWN_CONTACT, now - 3.0, wall(now - 3.0))
    room = Room(1000, obstacle="calls are being compared with the exchange") if compared_after else WIDE
    before = pacer.decide(CAMPAIGN, room, now, wall(now)).inputs
    now += compared_after
    pacer.decide(CAMPAIGN, room, now, wall(now))
    for line in range(10):
        pacer.answered(line, now + 0.2, wall(now + 0.2))
        pacer.joined(line, line, now + 0.2)
    after = pacer.decide(CAMPAIGN, WIDE, now + 0.3, wall(now + 0.3)).inputs
    assert before is not None
    assert after is not None
    assert after.answer_probability == pytest.approx(before.answer_probability, abs=0.02)
    assert after.windows[0].answered == 1010


def test_a_campaign_learns_who_answers_in_every_mode() -> None:
    """It may be dialled for free agents only today and predictively tomorrow."""
    floor, rng = Floor(agents=10, mode=PacingMode.PROGRESSIVE), random.Random(2)
    for _ in range(300):
        line = floor.dial()[0]
        floor.wait(rng.uniform(2.0, 10.0))
        floor.decide()
        if rng.random() < 0.55:
            floor.pacer.answered(line, floor.now, wall(floor.now))
            floor.end([line], LineEnd.PERSON)
        else:
            floor.end([line])
    floor.pacer.plans({CAMPAIGN: PacingPlan()}, floor.now)
    inputs = floor.decide().inputs
    assert inputs is not None
    assert inputs.answer_probability == pytest.approx(0.55, abs=0.1)
