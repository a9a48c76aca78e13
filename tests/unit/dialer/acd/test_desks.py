"""Agents at their desks: who is next, when wrap-ups end, when wishes come true, how a lost phone is called again."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import timedelta
from uuid import UUID

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dialer.acd.desks import Desk, Desks
from dialer.domain.agent import AgentState
from dialer.domain.events import DeskDown, DeskUp, TelephonyEvent
from dialer.domain.ids import AgentId, AttemptId
from dialer.ports.storage import AgentChange, AgentWish
from dialer.tasks import TaskOwner
from dialer.telephony.fake import RINGS_OUT, FakeTelephony
from tests.support.virtual_time import START, VirtualClock, run

pytestmark = pytest.mark.unit

_S = AgentState
FIVE = timedelta(seconds=5)


class Hall:
    """Desks with phones, and somebody who tends them."""

    def __init__(self) -> None:
        self.clock, self.tasks = VirtualClock(), TaskOwner()
        self.phones = FakeTelephony(lambda _number: RINGS_OUT, self.hear, self.clock)
        self.changes: list[tuple[float, AgentId, AgentState]] = []
        self.desks = Desks(self.phones, self.record, self.clock, self.tasks, lambda: None, lambda _desk: None)
        self._calls = 0

    def hear(self, event: TelephonyEvent) -> None:
        if isinstance(event, DeskUp):
            self.desks.phone_up(event.agent)
        elif isinstance(event, DeskDown):
            self.desks.phone_down(event.agent, event.cause.text)

    def record(self, change: AgentChange) -> None:
        self.changes.append((self.clock.monotonic(), change.agent, change.state))

    def wish(self, agent: int, wish: AgentState) -> None:
        who = AgentId(agent)
        self.desks.take_wishes(
            [AgentWish(who, f"a{agent}", f"a{agent}", _S.LOGGED_OUT, "", START, wish, "", START)]
        )

    def desk(self, agent: int) -> Desk:
        desk = self.desks.desk(AgentId(agent))
        assert desk is not None
        return desk

    def state(self, agent: int) -> AgentState:
        return self.desk(agent).state

    def take_call(self) -> AgentId | None:
        self._calls += 1
        return self.desks.reserve_longest_idle(AttemptId(UUID(int=self._calls)))

    def end_call(self, agent: int, wrap_up: timedelta = FIVE) -> None:
        attempt = self.desk(agent).attempt
        assert attempt is not None
        self.desks.call_ended(AgentId(agent), attempt, wrap_up)

    def since(self, agent: int, state: AgentState) -> list[float]:
        return [at for at, who, entered in self.changes if (who, entered) == (agent, state)]


@asynccontextmanager
async def hall(agents: int) -> AsyncIterator[Hall]:
    made = Hall()
    made.phones.raise_link()
    made.desks.compared = True
    made.tasks.spawn(made.desks.tend_when_due(), "tend")
    for agent in range(1, agents + 1):
        made.wish(agent, _S.READY)
        await asyncio.sleep(0.001)
    yield made
    await made.tasks.close()


def test_whoever_is_free_longest_is_next_and_a_caller_who_left_costs_nobody_the_place() -> None:
    async def scene() -> None:
        async with hall(agents=3) as made:
            assert [made.take_call(), made.take_call()] == [1, 2]
            made.desks.release(AgentId(1), made.desk(1).attempt)
            made.desks.release(AgentId(2), made.desk(2).attempt)
            assert made.desks.free == 3
            assert [made.take_call() for _ in range(4)] == [1, 2, 3, None]
            assert made.desks.free == 0

    run(scene())


def test_each_wrap_up_ends_to_the_moment_whatever_began_before_it() -> None:
    async def scene() -> None:
        async with hall(agents=3) as made:
            begun = made.clock.monotonic()
            for agent, seconds in ((1, 60.0), (2, 5.0), (3, 0.0)):
                made.take_call()
                made.end_call(agent, timedelta(seconds=seconds))
            await asyncio.sleep(100)
            ends = [made.since(agent, _S.READY)[-1] - begun for agent in (1, 2, 3)]
            assert ends == pytest.approx([60.0, 5.0, 0.0], abs=1e-5)

    run(scene())


@pytest.mark.parametrize("wish", [_S.PAUSED, _S.LOGGED_OUT])
def test_what_is_asked_for_in_a_call_begins_after_its_wrap_up(wish: AgentState) -> None:
    async def scene() -> None:
        async with hall(agents=1) as made:
            ready = made.since(1, _S.READY)
            made.take_call()
            made.wish(1, wish)
            assert made.state(1) is _S.ON_CALL
            made.end_call(1)
            ended = made.clock.monotonic()
            await asyncio.sleep(4.9)
            assert made.state(1) is _S.WRAP_UP
            await asyncio.sleep(10)
            assert made.since(1, wish)[-1] == pytest.approx(ended + 5.0, abs=1e-5)
            assert made.since(1, _S.READY) == ready  # free at no moment in between

    run(scene())


def test_what_is_asked_for_in_the_wrap_up_ends_it() -> None:
    async def scene() -> None:
        async with hall(agents=1) as made:
            made.take_call()
            made.end_call(1)
            made.wish(1, _S.PAUSED)
            assert made.state(1) is _S.PAUSED
            made.wish(1, _S.READY)
            made.take_call()
            made.wish(1, _S.PAUSED)
            made.end_call(1)
            made.wish(1, _S.READY)  # thought better of it
            assert made.state(1) is _S.WRAP_UP
            made.desks.end_wrap_up(AgentId(1))
            assert made.state(1) is _S.READY

    run(scene())


def test_who_logged_out_in_the_wrap_up_is_free_after_the_next_login() -> None:
    async def scene() -> None:
        async with hall(agents=1) as made:
            made.take_call()
            made.end_call(1)
            made.wish(1, _S.LOGGED_OUT)
            await asyncio.sleep(1)
            made.wish(1, _S.READY)
            await asyncio.sleep(1)
            assert (made.state(1), made.desks.free) == (_S.READY, 1)

    run(scene())


def test_a_lost_phone_is_called_again_after_ever_longer_pauses_then_never() -> None:
    async def scene() -> None:
        async with hall(agents=1) as made:
            await asyncio.sleep(60)
            made.phones.dead_phones.add("a1")
            lost = made.clock.monotonic()
            made.phones.drop_phone(AgentId(1))
            await asyncio.sleep(60)
            calls = [at - lost for at in made.since(1, _S.CONNECTING) if at >= lost]
            assert calls == pytest.approx([2.0, 6.0, 14.0, 30.0], abs=1e-5)
            assert made.desks.gave_up() == [1]

    run(scene())


Step = Callable[[Hall, int], None]


def _take(made: Hall, _agent: int) -> None:
    ready = [desk for desk in made.desks.all if desk.state is _S.READY]
    longest = min(ready, key=lambda desk: desk.idle_order).id if ready else None
    assert made.take_call() == longest


def _end(made: Hall, agent: int) -> None:
    if made.state(agent) is _S.ON_CALL:
        made.end_call(agent)


def _release(made: Hall, agent: int) -> None:
    made.desks.release(AgentId(agent), made.desk(agent).attempt)


def _pause(made: Hall, agent: int) -> None:
    made.wish(agent, _S.PAUSED)


def _resume(made: Hall, agent: int) -> None:
    made.wish(agent, _S.READY)


def _drop(made: Hall, agent: int) -> None:
    made.phones.drop_phone(AgentId(agent))


_STEPS: list[Step] = [_take, _take, _end, _release, _pause, _resume, _drop]


@settings(max_examples=60, deadline=None)
@given(st.lists(st.tuples(st.sampled_from(_STEPS), st.integers(1, 4), st.floats(0, 4)), max_size=40))
def test_the_free_are_those_who_are_ready_and_the_longest_idle_comes_first(
    steps: list[tuple[Step, int, float]],
) -> None:
    async def scene() -> None:
        async with hall(agents=4) as made:
            for step, agent, then in steps:
                step(made, agent)
                assert made.desks.free == sum(desk.state is _S.READY for desk in made.desks.all)
                await asyncio.sleep(then)

    run(scene())
