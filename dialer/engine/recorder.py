"""Records conversations: says so first where the law wants it, and is silent while card data are spoken.

Whatever goes wrong, less is recorded and not more. Without the announcement that is due recording does not begin; of a pause
that the exchange does not acknowledge nothing is kept from the moment it was asked for, whatever the exchange goes on writing.
"""

import asyncio
import logging
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from dialer.clock import Clock
from dialer.compliance.call import CalledPlace
from dialer.compliance.recording_rules import RecordingRule, may_record, recording_rule
from dialer.domain.events import AnnouncementEnded, AnnouncementStarted
from dialer.domain.ids import AttemptId
from dialer.domain.phone_number import PhoneNumber
from dialer.engine.live_call import LiveCall
from dialer.engine.recording_log import RecordingMove, recording_name
from dialer.errors import Conflict, LinkDown, Refused
from dialer.ports.storage import RecordingMarks, Silence, TimelineEntry
from dialer.ports.telephony import Telephony
from dialer.tasks import TaskOwner

log = logging.getLogger(__name__)

# of a number, and of the state in which the list says the person lives
Place = Callable[[PhoneNumber, str | None], CalledPlace]


_SOMEWHERE = CalledPlace(None)


def _nowhere(_number: PhoneNumber, _state: str | None) -> CalledPlace:
    return _SOMEWHERE


@dataclass(frozen=True, slots=True)
class RecordingHouse:
    """Where our people sit, how a number's place is found, and after which time a pause that nobody ends is over.

    A place that is not known is treated as the strictest: every recording is announced.
    """

    own: CalledPlace = _SOMEWHERE
    place_of: Place = _nowhere
    resume_after: timedelta = timedelta(minutes=2)


@dataclass(slots=True)
class _Running:
    part: int
    begun_at: datetime
    marks: RecordingMarks = field(default_factory=RecordingMarks)
    resume: asyncio.TimerHandle | None = None
    landed: bool = False
    still_paused_by: str = ""  # when it landed: goes on with the next agent

    @property
    def paused(self) -> bool:
        return bool(self.marks.silences) and self.marks.silences[-1].until is None


class Recorder:
    """`write` gets every move, in order, and keeps it until it is stored: a recording may be late but not forgotten."""

    def __init__(
        self,
        telephony: Telephony,
        write: Callable[[RecordingMove], None],
        note: Callable[[TimelineEntry], None],
        clock: Clock,
        tasks: TaskOwner,
        house: RecordingHouse,
    ) -> None:
        self._telephony, self._write, self._keep_note = telephony, write, note
        self._clock, self._tasks, self._house = clock, tasks, house
        self._running: dict[AttemptId, _Running] = {}

    # --- the life of a recording ------------------------------------------------------------------------------------

    def name(self, call: LiveCall) -> str | None:
        """The name to record under from the join on; None when nothing is recorded, or something has to be said first."""
        if not call.plan.record or not may_record(self._rule(call), announced=False):
            return None
        return recording_name(call.id, call.parts)

    def joined(self, call: LiveCall, at: datetime) -> None:
        if not call.plan.record:
            return
        rule = self._rule(call)
        if may_record(rule, announced=False):
            self._begin(call, at, RecordingMarks())
        else:
            self._note(call.id, "announcing", f"{rule.because}: {rule.source.citation}")
            self._tasks.spawn(self._announce(call), f"announce-{call.id}")

    async def _announce(self, call: LiveCall) -> None:
        try:
            await self._telephony.announce(
                call.id, call.plan.announcement, recording_name(call.id, call.parts)
            )
        except (LinkDown, Refused) as why:
            self._not_recorded(call.id, str(why))

    def heard(self, call: LiveCall, event: AnnouncementStarted | AnnouncementEnded) -> None:
        """What came of the announcement."""
        if isinstance(event, AnnouncementStarted):
            self._begin(call, event.at, RecordingMarks(event.at, call.plan.announcement))
            self._note(call.id, "announcement_started", call.plan.announcement)
        elif event.complete:
            self._note(call.id, "announced", call.plan.announcement)
        else:
            self._untold(call, event.at)

    def _begin(self, call: LiveCall, at: datetime, marks: RecordingMarks) -> None:
        before = self._running.get(call.id)
        running = self._running[call.id] = _Running(call.parts, at, marks)
        self._write(RecordingMove(call.id, call.parts, at))
        if marks.announcement:
            self._mark(call.id, running, marks)
        if before is not None and before.still_paused_by:
            self._tasks.spawn(self._pause(call.id, running, before.still_paused_by), f"pause-{call.id}")

    def _untold(self, call: LiveCall, at: datetime) -> None:
        """It was not heard to its end, so what was recorded of the conversation is not kept."""
        why = f"{call.plan.announcement} was not played to its end"
        if (running := self._running.pop(call.id, None)) is not None:
            _stop(running)
            self._mark(call.id, running, replace(running.marks, discard=why))
            self._write(RecordingMove(call.id, running.part, running.begun_at, True, at - running.begun_at))
        self._not_recorded(call.id, why)

    def _not_recorded(self, attempt: AttemptId, why: str) -> None:
        self._note(attempt, "not_recorded", why)
        log.warning(
            "not recorded",
            extra={"action": "recording.not_announced", "attempt_id": str(attempt), "why": why},
        )

    def left(self, call: LiveCall, at: datetime) -> None:
        """The conversation is over, or this agent's part of it."""
        running = self._running.get(call.id)
        if running is None:
            running = self._unseen(call, at)
        if running is None or running.landed:
            return
        _stop(running)
        running.landed = True
        if running.paused:
            running.still_paused_by = running.marks.silences[-1].by
            self._close_silence(call.id, running, at)
        talk = None if call.unknown else at - running.begun_at
        if talk is not None and running.marks.ends is not None:
            talk = min(talk, running.marks.ends)
        self._write(RecordingMove(call.id, running.part, running.begun_at, True, talk))

    def _unseen(self, call: LiveCall, at: datetime) -> _Running | None:
        """One that an earlier engine may have begun; nothing is begun unseen where something has to be said first."""
        if not call.plan.record or not may_record(self._rule(call), announced=False):
            return None
        return _Running(call.parts, call.joined_at or at)

    def ended(self, attempt: AttemptId) -> None:
        if (running := self._running.pop(attempt, None)) is not None:
            _stop(running)

    def adopt(self, call: LiveCall, parts: int) -> None:
        """A conversation from before this engine, with so many recordings begun; whether one is paused is not known."""
        if parts and call.joined_at is not None:
            self._running[call.id] = _Running(parts, call.joined_at)

    def _rule(self, call: LiveCall) -> RecordingRule:
        house = self._house
        called = house.place_of(call.claimed.number, call.address_state)
        return recording_rule(house.own, called, call.plan.announce_recording)

    # --- pauses -----------------------------------------------------------------------------------------------------

    def is_paused(self, attempt: AttemptId) -> bool:
        return (running := self._running.get(attempt)) is not None and running.paused

    async def pause(self, attempt: AttemptId, by: str) -> None:
        """Silence from now on. Raises `Conflict` when nothing is recorded, or when the exchange does not acknowledge: then the
        recording has ended at this moment.
        """
        running = self._needed(attempt)
        if not running.paused:
            await self._pause(attempt, running, by)
            if running.marks.ends is not None:
                raise Conflict("the pause was not acknowledged: the recording was stopped")

    async def _pause(self, attempt: AttemptId, running: _Running, by: str) -> None:
        asked = self._clock.now()
        silences = (*running.marks.silences, Silence(asked - running.begun_at, None, by))
        # noted before it is asked for: should this service die now, the file is silent from here
        self._mark(attempt, running, replace(running.marks, silences=silences))
        self._note(attempt, "recording_pause", by)
        try:
            await self._telephony.pause_recording(attempt)
        except (LinkDown, Refused) as why:
            await self._end(attempt, running, asked, str(why))
            return
        if self._running.get(attempt) is running and running.paused:
            self._note(attempt, "recording_paused")
            limit = self._house.resume_after.total_seconds()
            running.resume = asyncio.get_running_loop().call_later(limit, self._too_long, attempt, running)

    async def _end(self, attempt: AttemptId, running: _Running, at: datetime, why: str) -> None:
        ends = at - running.begun_at
        self._mark(attempt, running, replace(running.marks, silences=running.marks.silences[:-1], ends=ends))
        self._note(attempt, "recording_stopped", f"the pause was not acknowledged: {why}")
        log.error(
            "recording stopped",
            extra={"action": "recording.pause_failed", "attempt_id": str(attempt), "why": why},
        )
        try:
            await self._telephony.stop_recording(attempt)
        except (LinkDown, Refused) as why_not:
            log.warning(
                "the exchange goes on recording; nothing of it is kept",
                extra={
                    "action": "recording.not_stopped",
                    "attempt_id": str(attempt),
                    "why": str(why_not),
                },
            )

    async def resume(self, attempt: AttemptId, by: str) -> None:
        """Raises `Conflict` when nothing is recorded, or the exchange does not take it up: it stays silent then."""
        running = self._needed(attempt)
        try:
            await self._telephony.resume_recording(attempt)
        except (LinkDown, Refused) as why:
            raise Conflict(f"the recording stays silent: {why}") from None
        _stop(running)
        if running.paused:
            self._close_silence(attempt, running, self._clock.now())
        self._note(attempt, "recording_resumed", by)

    def _too_long(self, attempt: AttemptId, running: _Running) -> None:
        if self._running.get(attempt) is running and running.paused:
            self._tasks.spawn(self._resume_by_itself(attempt), f"resume-{attempt}")

    async def _resume_by_itself(self, attempt: AttemptId) -> None:
        try:
            await self.resume(attempt, f"nobody for {self._house.resume_after.total_seconds():g} s")
        except Conflict as why:
            log.warning(
                "recording stays silent",
                extra={"action": "recording.not_resumed", "attempt_id": str(attempt), "why": str(why)},
            )

    def _needed(self, attempt: AttemptId) -> _Running:
        running = self._running.get(attempt)
        if running is None or running.landed or running.marks.ends is not None:
            raise Conflict("this call is not being recorded")
        return running

    def _close_silence(self, attempt: AttemptId, running: _Running, at: datetime) -> None:
        *earlier, last = running.marks.silences
        closed = replace(last, until=at - running.begun_at)
        self._mark(attempt, running, replace(running.marks, silences=(*earlier, closed)))

    def _mark(self, attempt: AttemptId, running: _Running, marks: RecordingMarks) -> None:
        running.marks = marks
        self._write(RecordingMove(attempt, running.part, running.begun_at, marks=marks))

    def _note(self, attempt: AttemptId, kind: str, detail: str = "") -> None:
        self._keep_note(TimelineEntry(attempt, self._clock.now(), kind, detail))


def _stop(running: _Running) -> None:
    if running.resume is not None:
        running.resume.cancel()
        running.resume = None
