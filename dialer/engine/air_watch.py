"""What is heard in conversations: dead air, sound one way only, no packets; questions in dead air, and a polite end.

Once a second the exchange is asked for the packets of all conversations; who speaks it tells by itself. After an
interruption everything is concluded anew: what was not heard meanwhile is not taken for silence.
"""

import asyncio
import logging
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import timedelta

from dialer.audio.dead_air import Ask, Asking, CallAir, Carried, Finding, Limits, Voice
from dialer.clock import Clock
from dialer.domain.air import Direction, Trouble
from dialer.domain.attempt import AttemptState
from dialer.domain.events import PromptEnded, Spoke
from dialer.domain.ids import AttemptId
from dialer.engine.live_call import LiveCall
from dialer.errors import LinkDown, Refused
from dialer.ports.floor import AirTrouble
from dialer.ports.telephony import Packets, Telephony
from dialer.tasks import TaskOwner

log = logging.getLogger(__name__)

_EVERY_S = 1.0
# as they are called on the timeline and in the log
_KINDS = {Trouble.DEAD_AIR: "dead_air", Trouble.ONE_WAY: "one_way_audio", Trouble.NO_RTP: "no_rtp"}


@dataclass(slots=True, eq=False)
class _Conversation:
    call: LiveCall
    asking: Asking | None
    """None: nothing is asked, or no more."""
    air: CallAir | None = None
    """None until the exchange listens."""
    voices: dict[Direction, Voice] = field(default_factory=lambda: {each: Voice() for each in Direction})
    counted: Packets | None = None
    saying: Ask = Ask.NOTHING
    farewell: bool = False
    """The goodbye was heard: the next look decides."""
    announcing: bool = False
    """Both are told that they are recorded."""

    def carried(self, now_s: float, count: Packets) -> dict[Direction, Carried]:
        before, self.counted = self.counted or count, count
        caller, agent = self.voices[Direction.CALLER].tick(now_s), self.voices[Direction.AGENT].tick(now_s)
        return {
            Direction.CALLER: Carried(_more(before.caller, count.caller), caller),
            Direction.AGENT: Carried(_more(before.agent, count.agent), agent),
        }


class AirWatch:
    """`note` writes to a call's timeline. `totals` counts findings since the start."""

    def __init__(
        self,
        telephony: Telephony,
        clock: Clock,
        tasks: TaskOwner,
        note: Callable[[LiveCall, str, str], None],
    ) -> None:
        self._telephony, self._clock, self._tasks, self._note = telephony, clock, tasks, note
        self._conversations: dict[AttemptId, _Conversation] = {}
        self.totals: Counter[Trouble] = Counter()

    # --- which conversations --------------------------------------------------------------------------------------------

    def joined(self, call: LiveCall) -> None:
        """Or found in conversation after an interruption."""
        plan = call.plan.listening
        if plan.dead_air is None or call.agentless:
            return
        asking = (
            Asking(plan.dead_air_prompts, plan.dead_air_wait.total_seconds())
            if plan.dead_air_prompt is not None
            else None
        )
        begun = self._conversations[call.id] = _Conversation(call, asking)
        self._tasks.spawn(self._watch(begun, plan.dead_air), f"watch-air-{call.id}")

    async def _watch(self, talk: _Conversation, after: timedelta) -> None:
        call = talk.call
        try:
            await self._telephony.watch_air(call.id)
        except (LinkDown, Refused) as why:
            self._drop(talk)
            log.info(
                "not watched",
                extra={"action": "air.not_watched", "attempt_id": str(call.id), "why": str(why)},
            )
            return
        talk.air = CallAir(self._clock.monotonic(), Limits(dead_air_s=after.total_seconds()))

    def left(self, attempt: AttemptId) -> None:
        """The conversation is over."""
        if (talk := self._conversations.get(attempt)) is not None:
            self._drop(talk)
            self._tasks.spawn(self._unwatch(attempt), f"unwatch-air-{attempt}")

    async def _unwatch(self, attempt: AttemptId) -> None:
        try:
            await self._telephony.unwatch_air(attempt)
        except LinkDown as down:
            log.info("still watched", extra={"action": "air.still_watched", "why": str(down)})

    def _drop(self, talk: _Conversation) -> None:
        if self._conversations.get(talk.call.id) is talk:
            del self._conversations[talk.call.id]

    def interrupted(self) -> None:
        """Nobody tells us who speaks: no conversation is concluded about until `joined` begins it anew."""
        self._conversations.clear()

    # --- what is heard --------------------------------------------------------------------------------------------------

    def spoke(self, event: Spoke) -> None:
        if (talk := self._conversations.get(event.attempt)) is not None:
            voice = talk.voices[event.direction]
            if event.speaking:
                voice.began(self._clock.monotonic())
            else:
                voice.ceased(event.lasted.total_seconds())

    def announcement(self, attempt: AttemptId, *, goes_on: bool) -> None:
        """Nobody has to speak while it does."""
        talk = self._conversations.get(attempt)
        if talk is None:
            return
        talk.announcing = goes_on
        if talk.air is not None:
            talk.air.listened(self._clock.monotonic())

    async def run(self) -> None:
        while True:
            await asyncio.sleep(_EVERY_S)
            await self.look()

    async def look(self) -> None:
        watched = [attempt for attempt, talk in self._conversations.items() if talk.air is not None]
        if not watched:
            return
        try:
            counts = await self._telephony.packets(watched)
        except (LinkDown, Refused) as why:
            log.info("packets not counted", extra={"action": "air.not_counted", "why": str(why)})
            return
        now_s = self._clock.monotonic()
        for attempt, count in counts.items():
            talk = self._conversations.get(attempt)
            if talk is not None and talk.air is not None:
                self._look_at(talk, talk.air, now_s, count)

    def _look_at(self, talk: _Conversation, air: CallAir, now_s: float, count: Packets) -> None:
        first = talk.counted is None
        carried = talk.carried(now_s, count)
        if first:
            return  # a count alone says nothing
        if talk.announcing:
            air.listened(now_s)
        for finding in air.hear(now_s, carried[Direction.CALLER], carried[Direction.AGENT]):
            self._found(talk.call, finding)
        self._ask(talk, now_s, air.present)

    def _found(self, call: LiveCall, finding: Finding) -> None:
        kind, lasted_s = _KINDS[finding.trouble], finding.at_s - finding.since_s
        from_whom = f"nothing from the {finding.direction}" if finding.direction is not None else ""
        detail = ", ".join(filter(None, (from_whom, f"{lasted_s:.0f} s")))
        self._note(call, f"{kind}_over" if finding.over else kind, detail)
        if not finding.over:
            self.totals[finding.trouble] += 1
        log.info(
            kind,
            extra={
                "action": f"air.{kind}",
                "attempt_id": str(call.id),
                "campaign": call.plan.name,
                "trunk": call.trunk,
                "direction": finding.direction,
                "seconds": round(lasted_s, 1),
                "over": finding.over,
            },
        )

    def trouble(self, attempt: AttemptId | None) -> AirTrouble | None:
        """What is wrong with a conversation now."""
        talk = self._conversations.get(attempt) if attempt is not None else None
        present = talk.air.present if talk is not None and talk.air is not None else None
        if present is None:
            return None
        ago = timedelta(seconds=self._clock.monotonic() - present.since_s)
        return AirTrouble(present.trouble, self._clock.now() - ago, present.direction)

    # --- asking, and the end --------------------------------------------------------------------------------------------

    def _ask(self, talk: _Conversation, now_s: float, present: Finding | None) -> None:
        if talk.farewell:
            talk.farewell = False
            self._part(talk, present)
            return
        if (
            talk.asking is None
            or talk.saying is not Ask.NOTHING
            or talk.call.state is not AttemptState.TALKING
        ):
            return
        plan, ask = talk.call.plan.listening, talk.asking.next(now_s, present)
        prompt = plan.dead_air_prompt if ask is Ask.PROMPT else plan.dead_air_goodbye
        if ask is Ask.NOTHING or prompt is None:
            return
        talk.saying = ask
        self._tasks.spawn(self._say(talk, prompt), f"say-{talk.call.id}")

    async def _say(self, talk: _Conversation, prompt: str) -> None:
        try:
            await self._telephony.say(talk.call.id, prompt)
        except (LinkDown, Refused) as why:
            self._not_said(talk, str(why))

    def _not_said(self, talk: _Conversation, why: str) -> None:
        """Said again after the wait."""
        if talk.saying is Ask.PROMPT and talk.asking is not None:
            talk.asking.not_said()
        talk.saying = Ask.NOTHING
        log.info(
            "not said",
            extra={"action": "air.not_said", "attempt_id": str(talk.call.id), "why": why},
        )

    def prompt_ended(self, event: PromptEnded) -> None:
        talk = self._conversations.get(event.attempt)
        if talk is None or talk.saying is Ask.NOTHING:
            return
        said, talk.saying = talk.saying, Ask.NOTHING
        if not event.complete:
            talk.asking = None  # nobody is sent away by a prompt that cannot be heard
            self._note(talk.call, "dead_air_prompt_failed", "not played to its end")
            log.warning(
                "prompt not played", extra={"action": "air.prompt_failed", "attempt_id": str(talk.call.id)}
            )
        elif said is Ask.END:
            talk.farewell = True
        elif talk.asking is not None:
            talk.asking.prompt_ended(self._clock.monotonic())
            self._note(talk.call, "dead_air_asked", f"{talk.asking.asked} of {talk.asking.prompts}")

    def _part(self, talk: _Conversation, present: Finding | None) -> None:
        """Unless somebody has answered the goodbye."""
        if present is None or present.trouble is not Trouble.DEAD_AIR:
            return
        self._note(talk.call, "dead_air_ended", "")
        talk.asking, talk.call.unheard = None, True
        self._tasks.spawn(self._hang_up(talk.call), f"dead-air-{talk.call.id}")

    async def _hang_up(self, call: LiveCall) -> None:
        try:
            await self._telephony.hang_up(call.id)
        except (LinkDown, Refused) as why:
            call.unheard = False
            log.info(
                "not ended", extra={"action": "air.not_ended", "attempt_id": str(call.id), "why": str(why)}
            )


def _more(before: int, now: int) -> int:
    """A stream that begins anew counts from 0 again."""
    return now - before if now >= before else now
