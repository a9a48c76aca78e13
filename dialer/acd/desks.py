"""Agents at their desks: who is free, for how long, and what each asked for.

A wish (log in, pause, log out) is carried out as soon as the state allows: never in the middle of a call. What was asked
for in a call begins when its wrap-up is over; what is asked for in the wrap-up ends it.
"""

import logging
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import count

from dialer.acd.alarm import Alarm
from dialer.acd.reconnection import Reconnection
from dialer.clock import Clock
from dialer.domain.agent import TRANSITIONS, AgentSignal, AgentState
from dialer.domain.ids import AgentId, AttemptId
from dialer.domain.transitions import following
from dialer.errors import Conflict, LinkDown, NotFound, Refused
from dialer.ports.storage import AgentChange, AgentWish
from dialer.ports.telephony import Telephony
from dialer.tasks import TaskOwner

log = logging.getLogger(__name__)

_S, _G = AgentState, AgentSignal


@dataclass(slots=True)
class Desk:
    id: AgentId
    name: str
    phone: str
    since: datetime
    state: AgentState = AgentState.LOGGED_OUT
    reason: str = ""
    wish: AgentState = AgentState.LOGGED_OUT
    wish_reason: str = ""
    wish_waits: bool = False  # until the wrap-up is over
    attempt: AttemptId | None = None  # the call being handled or wrapped up
    idle_order: int = 0  # smaller has been free longer
    wrap_up_ends: datetime | None = None

    @property
    def is_connected(self) -> bool:
        return self.state not in (AgentState.LOGGED_OUT, AgentState.CONNECTING)


# what to do about a state that is not the wished one; pairs that are absent wait for a change of state
_TOWARDS = {
    (_S.LOGGED_OUT, _S.READY): _G.LOGIN,
    (_S.LOGGED_OUT, _S.PAUSED): _G.LOGIN,
    (_S.CONNECTING, _S.LOGGED_OUT): _G.LOGOUT,
    (_S.READY, _S.PAUSED): _G.PAUSE,
    (_S.READY, _S.LOGGED_OUT): _G.LOGOUT,
    (_S.PAUSED, _S.READY): _G.RESUME,
    (_S.PAUSED, _S.LOGGED_OUT): _G.LOGOUT,
    (_S.WRAP_UP, _S.PAUSED): _G.PAUSE,
    (_S.WRAP_UP, _S.LOGGED_OUT): _G.LOGOUT,
}


_AWAY = frozenset({_S.LOGGED_OUT, _S.PAUSED})
_TAKEN = frozenset({_S.PREVIEW, _S.ON_CALL})  # by one attempt, and free for no other

# the comings and goings; calls are told by the call itself
_WORTH_A_LINE = frozenset({_G.LOGIN, _G.PHONE_UP, _G.PHONE_DOWN, _G.PAUSE, _G.RESUME, _G.LOGOUT})


class Desks:
    """`record` is told every change of state, `seen` every change of state or wish; `on_free` is called when an agent
    became free.
    """

    def __init__(
        self,
        telephony: Telephony,
        record: Callable[[AgentChange], None],
        clock: Clock,
        tasks: TaskOwner,
        on_free: Callable[[], None],
        seen: Callable[[Desk], None],
    ) -> None:
        self._telephony, self._record, self._clock, self._tasks = telephony, record, clock, tasks
        self._on_free, self._seen = on_free, seen
        self._desks: dict[AgentId, Desk] = {}
        self._ready: dict[AgentId, Desk] = {}  # longest idle first
        self._to_tend: dict[AgentId, Desk] = {}  # in wrap-up, or not yet where they wish to be
        self._alarm = Alarm(clock)
        self._reconnection = Reconnection()
        self._order = count(1)
        # no phone is called before the exchange was asked which ones are connected: it would be called twice
        self.compared = False

    @property
    def all(self) -> Iterable[Desk]:
        return self._desks.values()

    @property
    def free(self) -> int:
        return len(self._ready)

    def desk(self, agent: AgentId) -> Desk | None:
        return self._desks.get(agent)

    def gave_up(self) -> list[AgentId]:
        """Agents whose phone could not be kept connected since the last call: their wish is to be taken back."""
        return self._reconnection.take_given_up()

    # --- wishes -----------------------------------------------------------------------------------------------------

    def take_wishes(self, wishes: Iterable[AgentWish]) -> None:
        for wished in wishes:
            desk = self._desks.get(wished.id)
            if desk is None:
                desk = self._desks[wished.id] = Desk(wished.id, wished.name, wished.phone, self._clock.now())
                if wished.state is not desk.state:  # the store speaks of an earlier life of this service
                    self._log(desk)
            if (desk.wish, desk.wish_reason) != (wished.wish, wished.wish_reason):
                desk.wish, desk.wish_reason = wished.wish, wished.wish_reason
                desk.wish_waits = False
                self._reconnection.forget(desk.id)
                self._note_to_tend(desk)
                self._seen(desk)
            desk.name, desk.phone = wished.name, wished.phone
        self.tend()

    def tend(self) -> None:
        """End wrap-ups whose time is over and bring every agent nearer to the wish."""
        now = self._clock.now()
        for desk in list(self._to_tend.values()):
            if desk.state is _S.WRAP_UP and desk.wrap_up_ends is not None and desk.wrap_up_ends <= now:
                self._wrapped_up(desk)
            else:
                self._converge(desk)

    async def tend_when_due(self) -> None:
        """Never returns. Sleeps until the next wrap-up ends or a lost phone is to be called again."""
        while True:
            dues = [due for desk in self._to_tend.values() if (due := self._due(desk)) is not None]
            await self._alarm.sleep_until(min(dues, default=None))
            self.tend()

    def _due(self, desk: Desk) -> datetime | None:
        if desk.state is _S.WRAP_UP:
            return desk.wrap_up_ends
        return (
            self._reconnection.next_try(desk.id, self._clock.now()) if desk.state is _S.LOGGED_OUT else None
        )

    def _note_to_tend(self, desk: Desk) -> None:
        if desk.state is _S.WRAP_UP or (desk.state, desk.wish) in _TOWARDS:
            self._to_tend[desk.id] = desk
        else:
            self._to_tend.pop(desk.id, None)

    def _converge(self, desk: Desk) -> None:
        if desk.wish_waits and desk.state is _S.WRAP_UP:
            return
        signal = _TOWARDS.get((desk.state, desk.wish))
        if signal is None or (signal is _G.LOGIN and not self._may_connect(desk)):
            return
        self._move(desk, signal, desk.wish_reason if signal is _G.PAUSE else "")
        if signal is _G.LOGIN:
            self._tasks.spawn(self._connect(desk), f"connect-{desk.id}")
        elif signal is _G.LOGOUT:
            self._tasks.spawn(self._disconnect(desk), f"disconnect-{desk.id}")

    def _may_connect(self, desk: Desk) -> bool:
        return (
            self.compared
            and self._telephony.link_up
            and self._reconnection.may_try(desk.id, self._clock.now())
        )

    async def _connect(self, desk: Desk) -> None:
        try:
            await self._telephony.connect_desk(desk.id, desk.phone)
        except (LinkDown, Refused) as why:
            log.warning(
                "phone not called", extra={"action": "desk.not_called", "agent": desk.name, "why": str(why)}
            )
            self.phone_down(desk.id, str(why))

    async def _disconnect(self, desk: Desk) -> None:
        try:
            await self._telephony.disconnect_desk(desk.id)
        except (LinkDown, Refused) as why:
            log.warning(
                "phone not hung up", extra={"action": "desk.not_hung_up", "agent": desk.name, "why": str(why)}
            )

    # --- phones -----------------------------------------------------------------------------------------------------

    def phone_up(self, agent: AgentId) -> None:
        desk = self._desks.get(agent)
        if desk is None or desk.state is not _S.CONNECTING:
            return
        self._reconnection.connected(agent, self._clock.now())
        if (
            desk.attempt is not None
        ):  # adopted in a call: free at no moment, or a waiting caller would get the agent
            self._enter(desk, _G.PHONE_UP)
            self._move(desk, _G.JOIN)
            return
        self._move(desk, _G.PHONE_UP)
        self._converge(desk)

    def phone_down(self, agent: AgentId, because: str) -> None:
        desk = self._desks.get(agent)
        if desk is None or desk.state is _S.LOGGED_OUT:
            return
        self._reconnection.lost(agent, self._clock.now())
        desk.attempt = None
        self._move(desk, _G.PHONE_DOWN, f"phone: {because}" if because else "phone")
        if (due := self._due(desk)) is not None:
            self._alarm.ring_by(due)

    def adopt(self, agent: AgentId, attempt: AttemptId | None) -> None:
        """The phone is connected already, from an earlier life of this service."""
        desk = self._desks.get(agent)
        if desk is None or desk.state not in (_S.LOGGED_OUT, _S.CONNECTING):
            return
        if desk.state is _S.LOGGED_OUT:
            self._move(desk, _G.LOGIN)
        desk.attempt = attempt
        self.phone_up(agent)

    def adopt_called(self, agent: AgentId) -> None:
        """The phone rings already, from an earlier life of this service."""
        desk = self._desks.get(agent)
        if desk is not None and desk.state is _S.LOGGED_OUT:
            self._move(desk, _G.LOGIN)

    # --- calls ------------------------------------------------------------------------------------------------------

    def named(self, text: str) -> Desk | None:
        """By the agent's name, whatever its case, or else by the phone."""
        wanted = text.strip().casefold()
        by_phone = None
        for desk in self._desks.values():
            if desk.name.casefold() == wanted:
                return desk
            if desk.phone.casefold() == wanted:
                by_phone = desk
        return by_phone

    def reserve(self, agent: AgentId, attempt: AttemptId) -> bool:
        """Take this agent for the call. False when not free."""
        desk = self._ready.get(agent)
        if desk is None:
            return False
        self._take(desk, attempt, _G.JOIN)
        return True

    def reserve_longest_idle(self, attempt: AttemptId) -> AgentId | None:
        """Take the agent who has been free longest for this call."""
        return self._take_longest_idle(attempt, _G.JOIN)

    def offer_to_longest_idle(self, attempt: AttemptId) -> AgentId | None:
        """Show the contact of this attempt to the agent who has been free longest, who gets no other call meanwhile."""
        return self._take_longest_idle(attempt, _G.OFFER)

    def _take_longest_idle(self, attempt: AttemptId, signal: AgentSignal) -> AgentId | None:
        desk = next(iter(self._ready.values()), None)
        if desk is None:
            return None
        self._take(desk, attempt, signal)
        return desk.id

    def _take(self, desk: Desk, attempt: AttemptId, signal: AgentSignal) -> None:
        desk.attempt = attempt
        self._move(desk, signal)

    def join_held(self, agent: AgentId, attempt: AttemptId) -> bool:
        """The agent who was held for this call gets it. False when that phone is gone."""
        desk = self._desks.get(agent)
        if desk is None or desk.state not in _TAKEN or desk.attempt != attempt:
            return False
        if desk.state is _S.PREVIEW:
            self._move(desk, _G.JOIN)
        else:
            self._seen(desk)  # taken over from an engine that is gone, before there was an answer
        return True

    def release(self, agent: AgentId, attempt: AttemptId | None) -> None:
        """The caller left before the two were joined, or the offer is over: the agent keeps the place in the queue."""
        desk = self._desks.get(agent)
        if desk is not None and desk.state in _TAKEN and desk.attempt == attempt:
            place, desk.attempt = desk.idle_order, None
            self._move(desk, _G.RELEASE)
            desk.idle_order = place
            self._ready = dict(sorted(self._ready.items(), key=lambda each: each[1].idle_order))
            self._converge(desk)

    def call_ended(self, agent: AgentId, attempt: AttemptId, wrap_up: timedelta) -> None:
        """Of another call than the agent has by now, this is no news."""
        desk = self._desks.get(agent)
        if desk is None or desk.state is not _S.ON_CALL or desk.attempt != attempt:
            return
        desk.wrap_up_ends = self._clock.now() + wrap_up
        desk.wish_waits = True
        self._move(desk, _G.CALL_ENDED)
        if wrap_up:
            self._alarm.ring_by(desk.wrap_up_ends)
        else:
            self._wrapped_up(desk)

    def end_wrap_up(self, agent: AgentId) -> None:
        if (desk := self._desks.get(agent)) is None:
            raise NotFound(f"there is no agent {agent}")
        if desk.state is not _S.WRAP_UP:
            raise Conflict(f"{desk.name} is {desk.state}, not in wrap-up")
        self._wrapped_up(desk)

    def _wrapped_up(self, desk: Desk) -> None:
        desk.wish_waits = False
        self._converge(desk)
        if desk.state is _S.WRAP_UP:
            self._move(desk, _G.WRAPPED_UP)

    def _move(self, desk: Desk, signal: AgentSignal, reason: str = "") -> None:
        self._enter(desk, signal, reason)
        if desk.state is _S.READY:
            desk.attempt, desk.wrap_up_ends = None, None
            desk.idle_order = next(self._order)
            if desk.wish is _S.READY:
                self._on_free()

    def _enter(self, desk: Desk, signal: AgentSignal, reason: str = "") -> None:
        before, desk.state = desk.state, following(TRANSITIONS, desk.state, signal)
        if before is _S.READY:
            self._ready.pop(desk.id, None)
        elif desk.state is _S.READY:
            self._ready[desk.id] = desk
        if desk.state in _AWAY:
            desk.attempt = desk.wrap_up_ends = None  # or the next login would take the desk for one in a call
        self._note_to_tend(desk)
        if signal in _WORTH_A_LINE:
            log.info(
                "agent",
                extra={
                    "action": f"agent.{signal}",
                    "agent": desk.name,
                    "state": desk.state.value,
                    "reason": reason,
                },
            )
        desk.reason, desk.since = reason, self._clock.now()
        self._log(desk)

    def _log(self, desk: Desk) -> None:
        self._seen(desk)
        self._record(AgentChange(desk.id, desk.state, desk.reason, desk.since, desk.attempt))
