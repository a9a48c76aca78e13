"""Decides which lines are listened to, for how long, and tells the calls what the ears have heard of them.

A line is tapped when it has early media, and again from its answer on. The tap goes as soon as nothing more is wanted: the
ring-back tone is surely home and the campaign waits for no verdict, or it is known who answered.
"""

import asyncio
import contextlib
import logging
from collections.abc import Callable
from typing import Protocol
from uuid import uuid5

from dialer.audio.answered import Kind, News
from dialer.audio.ringback import Hypothesis
from dialer.domain.announcements import Announcement
from dialer.domain.events import LineEvidence, LineSign
from dialer.domain.ids import AttemptId
from dialer.domain.listening_plan import AnswerStrategy
from dialer.engine.home_tones import HomeTones
from dialer.engine.line_hearing import nobody_will_answer, sign_of
from dialer.engine.live_call import LiveCall
from dialer.errors import LinkDown, Refused
from dialer.ports.ears import (
    AnnouncementHeard,
    AnswerHeard,
    EarEvent,
    Ears,
    EarsFigures,
    EarsLost,
    EarsUp,
    RingHeard,
    TapClosed,
    TapId,
    TapOpened,
    ToneMeasured,
)
from dialer.ports.telephony import Telephony
from dialer.tasks import TaskOwner

log = logging.getLogger(__name__)

SURE_S = 6.0
"""After a home tone: the first burst may have been cut short, and a whole period of another country's be heard then."""


class CallFloor(Protocol):
    """Whoever follows the calls."""

    def evidence(self, event: LineEvidence) -> None: ...

    def heard_foreign(self, call: LiveCall) -> None: ...

    def heard_no_answer(self, call: LiveCall, because: str) -> None: ...

    def heard_answer(self, call: LiveCall, news: News) -> None: ...

    def deaf(self, call: LiveCall, because: str) -> None: ...


class LineListener:
    """`call_of` gives a call in progress. `keeps_listening`: there are announcements to recognise, which come after home
    tones as well."""

    def __init__(
        self,
        telephony: Telephony,
        ears: Ears,
        homes: HomeTones,
        tasks: TaskOwner,
        floor: CallFloor,
        call_of: Callable[[AttemptId], LiveCall | None],
        keeps_listening: Callable[[], bool],
    ) -> None:
        self._telephony, self._ears, self._homes, self._tasks = telephony, ears, homes, tasks
        self._floor, self._call_of, self._keeps_listening = floor, call_of, keeps_listening
        self._taps: dict[TapId, AttemptId] = {}
        self._of_call: dict[AttemptId, TapId] = {}
        self._signs: dict[AttemptId, LineSign] = {}
        self._at_home: set[TapId] = set()  # by what was heard last
        self._in_band: dict[AttemptId, LiveCall] = {}  # unanswered, with something to hear
        self._tapped = 0

    @property
    def open(self) -> int:
        return len(self._taps)

    # --- what happens to calls ------------------------------------------------------------------------------------------

    def signalled(self, call: LiveCall, sign: LineSign) -> None:
        """Only with early media is there anything to hear."""
        if sign is LineSign.PROGRESS and call.unanswered and call.plan.listening.before_answer:
            self._in_band[call.id] = call
            self._tap(call)

    def answered(self, call: LiveCall) -> bool:
        """Whether a verdict may come.

        Who is connected at once is heard no longer: no verdict would change anything.
        """
        if not call.plan.listening.waits:
            self._only_measure(call)
            return False
        self._in_band.pop(call.id, None)
        if call.id not in self._of_call and not self._tap(call):
            return False
        if call.answered_at is not None:
            self._ears.answered(self._of_call[call.id], call.answered_at)
        return True

    def _only_measure(self, call: LiveCall) -> None:
        """The ring-back tone that was heard may be home; the ears tell it when the tap closes."""
        if (tap := self._of_call.get(call.id)) is not None and call.answered_at is not None:
            self._ears.answered(tap, call.answered_at)
            self._tasks.spawn(self._untap(call.id), f"untap-{call.id}")

    def ended(self, call: LiveCall) -> None:
        self._signs.pop(call.id, None)
        self._in_band.pop(call.id, None)
        self._forget(call.id)

    def _tap(self, call: LiveCall) -> bool:
        if call.id in self._of_call:
            return True
        home = self._homes.home(call.trunk, call.claimed.number)
        if home is None or not self._ears.up:
            return False
        self._tapped += 1
        tap = TapId(uuid5(call.id, str(self._tapped)))
        self._taps[tap], self._of_call[call.id] = call.id, tap
        self._ears.listen(tap, home, call.plan.listening.audience)
        self._tasks.spawn(self._order(call, tap), f"tap-{call.id}")
        return True

    async def _order(self, call: LiveCall, tap: TapId) -> None:
        try:
            await self._telephony.tap(call.id, tap, self._ears.address)
        except (LinkDown, Refused) as why:
            if self._of_call.get(call.id) == tap:
                self._forget(call.id)
                self._floor.deaf(call, f"the line could not be tapped: {why}")

    def _drop(self, call: LiveCall) -> None:
        """Nothing more of this line is of interest."""
        if self._forget(call.id):
            self._tasks.spawn(self._untap(call.id), f"untap-{call.id}")

    def _forget(self, attempt: AttemptId) -> bool:
        tap = self._of_call.pop(attempt, None)
        if tap is None:
            return False
        self._taps.pop(tap, None)
        self._at_home.discard(tap)
        self._ears.drop(tap)
        return True

    async def _untap(self, attempt: AttemptId) -> None:
        with contextlib.suppress(LinkDown):  # it ends with the call
            await self._telephony.untap(attempt)

    # --- what the ears say ----------------------------------------------------------------------------------------------

    def take(self, event: EarEvent) -> None:
        """Must not raise."""
        try:
            self._take(event)
        except Exception:
            log.exception("hearing failed", extra={"action": "ears.unhandled", "event": repr(event)[:500]})

    def _take(self, event: EarEvent) -> None:
        match event:
            case TapOpened():
                return
            case EarsUp():
                self._listen_again()
                return
            case EarsLost(because=because):
                self._all_deaf(because)
                return
        attempt = self._taps.get(event.tap)
        call = None if attempt is None else self._call_of(attempt)
        if call is None:
            return
        match event:
            case RingHeard():
                self._ring_heard(call, event)
            case AnnouncementHeard():
                self._announcement_heard(call, event)
            case ToneMeasured():
                self._homes.heard(call.trunk, call.claimed.number, event.tone)
            case AnswerHeard():
                self._answer_heard(call, event)
            case TapClosed():
                self._forget(call.id)
                self._floor.deaf(call, "the tap was closed")

    def _listen_again(self) -> None:
        """The ears are new, and some lines have been ringing since before."""
        for call in list(self._in_band.values()):
            self._tap(call)

    def _all_deaf(self, because: str) -> None:
        log.warning(
            "ears lost", extra={"action": "ears.lost_by_engine", "why": because, "taps": len(self._taps)}
        )
        calls = [self._call_of(attempt) for attempt in self._taps.values()]
        self._taps.clear()
        self._of_call.clear()
        self._at_home.clear()
        for call in calls:
            if call is not None:
                self._floor.deaf(call, f"the ears are away: {because}")

    def _ring_heard(self, call: LiveCall, event: RingHeard) -> None:
        if not call.unanswered:
            return
        verdict = event.verdict
        if verdict.hypothesis is not Hypothesis.HOME:
            self._at_home.discard(event.tap)
        sign = sign_of(verdict)
        if sign is not None and self._signs.get(call.id) is not sign:
            self._signs[call.id] = sign
            self._floor.evidence(LineEvidence(call.id, event.at, sign))
        if verdict.may_hang_up and verdict.hypothesis is Hypothesis.FOREIGN:
            if call.hearing.foreign is None:
                call.hearing.foreign = verdict
                self._floor.heard_foreign(call)
        elif nobody_will_answer(verdict):
            if call.hearing.tone is None:
                call.hearing.tone = verdict.signal
                self._floor.heard_no_answer(call, f"{verdict.signal} tone")
        elif verdict.hypothesis is Hypothesis.HOME and event.tap not in self._at_home:
            self._at_home.add(event.tap)
            asyncio.get_running_loop().call_later(SURE_S, self._surely_home, call, event.tap)

    def _surely_home(self, call: LiveCall, tap: TapId) -> None:
        """From the answer on the tap is wanted again."""
        wanted = call.plan.listening.waits or self._keeps_listening()
        if tap in self._at_home and call.unanswered and not wanted:
            self._drop(call)

    def _announcement_heard(self, call: LiveCall, event: AnnouncementHeard) -> None:
        if not event.announcement:
            call.hearing.announcement = None  # it went on otherwise
            return
        if not call.unanswered or call.hearing.announcement is not None:
            return
        call.hearing.announcement = Announcement(event.announcement)
        self._floor.heard_no_answer(
            call, f"announcement {event.announcement} ({event.clip}, {event.similarity:.2f} alike)"
        )

    def _answer_heard(self, call: LiveCall, event: AnswerHeard) -> None:
        if call.unanswered:
            return
        news = event.news
        call.hearing.heard_answer(event.answered_at, news.answer, decided=news.kind is not Kind.SPEECH)
        self._floor.heard_answer(call, news)
        if not _wants_more(call, news):
            self._drop(call)


def _wants_more(call: LiveCall, news: News) -> bool:
    if news.kind is Kind.SPEECH:
        return True
    leaves = call.plan.listening.answer is AnswerStrategy.LEAVE_MESSAGE
    return leaves and call.hearing.machine and not call.hearing.fax and news.kind is not Kind.BEEP


class NoEars:
    """Of a floor on which nobody listens."""

    up = False
    problem: str | None = "this floor has no ears"
    address = ""

    def listen(self, *_: object) -> None: ...

    def answered(self, *_: object) -> None: ...

    def drop(self, *_: object) -> None: ...

    def figures(self) -> EarsFigures:
        return EarsFigures()
