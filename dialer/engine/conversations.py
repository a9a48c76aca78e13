"""Conversations of callers and agents: from the join until the two part, recorded and watched."""

from collections import deque

from dialer.domain.attempt import AttemptSignal, AttemptState
from dialer.domain.events import (
    AnnouncementEnded,
    AnnouncementStarted,
    CallJoined,
    CallLeftAgent,
    PromptEnded,
    Spoke,
)
from dialer.engine.air_watch import AirWatch
from dialer.engine.call_books import CallBooks
from dialer.engine.hand_over import HandOver
from dialer.engine.live_call import LiveCall
from dialer.engine.queue_book import QueueBook
from dialer.engine.recorder import Recorder

Heard = AnnouncementStarted | AnnouncementEnded | PromptEnded | Spoke


class Conversations:
    """`answer_to_join_s`: how long callers waited for their agent, of the last so many."""

    def __init__(
        self, books: CallBooks, recordings: Recorder, air: AirWatch, hand_over: HandOver, queues: QueueBook
    ) -> None:
        self._books, self._recordings, self._air = books, recordings, air
        self._hand_over, self._queues = hand_over, queues
        self.answer_to_join_s: deque[float] = deque(maxlen=10_000)

    def joined(self, call: LiveCall, event: CallJoined) -> None:
        call.move(AttemptSignal.JOINED)
        if call.joined_at is None:
            call.joined_at = event.at
            if call.inbound:
                self._queues.answered(call)
            elif call.answered_at is not None:
                self.answer_to_join_s.append((event.at - call.answered_at).total_seconds())
        call.agent = event.agent
        call.parts = max(call.parts, 1)  # an adopted call may have been joined unseen
        self._books.keep(call, "joined", f"agent {event.agent}")
        self._recordings.joined(call, event.at)
        self._air.joined(call)

    def heard(self, call: LiveCall, event: Heard) -> None:
        match event:
            case PromptEnded():
                self._air.prompt_ended(event)
            case Spoke():
                self._air.spoke(event)
            case _:
                self._recordings.heard(call, event)
                self._air.announcement(call.id, goes_on=isinstance(event, AnnouncementStarted))

    def left_agent(self, call: LiveCall, event: CallLeftAgent) -> None:
        """The agent is lost: the caller gets another one."""
        if call.state is AttemptState.WAITING and call.agent is not None:
            self._hand_over.not_joined(call, call.agent)  # back before the two had met
            return
        call.move(AttemptSignal.AGENT_LOST)
        call.left_at = event.at
        self._recordings.left(call, event.at)
        self._air.left(call.id)
        self._books.keep(call, "agent_lost", f"agent {call.agent}")
        if call.agent is not None:
            self._hand_over.desks.call_ended(call.agent, call.id, call.plan.wrap_up)
        call.agent = None
        self._hand_over.seek_agent(call)
