"""A call through a flow: commands onto the line and into the ports, what comes of them back into the engine."""

import logging
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any, Final

from ivr.agi.protocol import Conversation
from ivr.asterisk.effects import Effects
from ivr.asterisk.first_words import FirstWords, Listened
from ivr.asterisk.line import Line, Recordings, file_name
from ivr.asterisk.masking import masked
from ivr.asterisk.session import Session
from ivr.engine import commands as do
from ivr.engine import events as ev
from ivr.errors import CallerHungUp
from ivr.ports import Waits

log = logging.getLogger(__name__)


class Dialplan:
    """The names this executor shares with the dialplan: variables of the channel, extensions of
    [fairdial-transfer]."""

    DIAL: Final = "dial"
    WAIT: Final = "wait"

    NEXT: Final = "IVR_NEXT"
    SESSION: Final = "FAIRDIAL_SESSION"
    TARGET: Final = "FAIRDIAL_TARGET"
    RING_S: Final = "FAIRDIAL_RING_S"
    PRIORITY: Final = "FAIRDIAL_PRIORITY"
    AGENT: Final = "FAIRDIAL_AGENT"
    IN_VAIN: Final = "FAIRDIAL_IN_VAIN"
    CONTACT: Final = "FAIRDIAL_CONTACT"
    ENTRY: Final = "FAIRDIAL_ENTRY"
    OUTCOME: Final = "FAIRDIAL_OUTCOME"


TRANSFERRING: Final = "transferring"
"""The result while a transfer is under way: the call has left us and may come back."""


class Call:
    def __init__(
        self,
        session: Session,
        conversation: Conversation,
        line: Line,
        effects: Effects,
        recordings: Recordings,
        words: FirstWords | None = None,
    ) -> None:
        self._session, self._agi, self._line = session, conversation, line
        self._effects, self._recordings = effects, recordings
        self._listened = Listened(session.call, words)
        self._leaving = ""
        self._gone = False

    async def run(self, begin: ev.Event | None, tell: Mapping[str, str]) -> str:
        """`begin` is what brings the caller here; None takes up the commands of the last step. Gives the result.
        `tell` are variables of the channel, set as soon as the first step is stored.

        Raises CallerHungUp when the caller has gone; the session is at its end then."""
        commands = await self._step(begin) if begin is not None else self._session.left
        try:
            await self._stored()
            await self._tell(tell)
            await self._on(commands)
        finally:
            await self._session.settled()
        if self._gone:
            raise CallerHungUp(self._session.state.node)
        return self._leaving or self._session.state.ended

    async def _tell(self, variables: Mapping[str, str]) -> None:
        try:
            for name, value in variables.items():
                await self._agi.set_variable(name, value)
        except CallerHungUp:
            self._gone = True

    async def hung_up(self) -> None:
        """The end of the session of a caller who is gone; nothing is asked of the line any more."""
        self._gone = True
        await self._on(await self._step(ev.HungUp(at=self._session.at())))

    async def talked(self) -> None:
        """The caller was put through and hung up afterwards, in the dialplan."""
        self._gone = True
        await self._on(await self._step(ev.TransferDone(at=self._session.at(), outcome="answered")))

    async def _on(self, commands: Sequence[do.Command]) -> None:
        """Until the flow has ended, or has let the call go."""
        while (event := await self._carry_out(commands)) is not None:
            commands = await self._step(event)

    async def _step(self, event: ev.Event) -> Sequence[do.Command]:
        if self._gone:
            return await self._session.last_step(event)
        await self._stored()
        return self._session.step(event)

    async def _stored(self) -> None:
        """The last step is in the store. Keys pressed meanwhile are kept."""
        if not self._session.at_rest:
            await self._line.meanwhile(self._session.stored())

    async def _carry_out(self, commands: Sequence[do.Command]) -> ev.Event | None:
        """The event of what was waited for; None when nothing more is. Of a caller who has gone all is done that needs no
        line, and the rest is a hang-up."""
        event: ev.Event | None = None
        for command in commands:
            if not self._gone:
                try:
                    if not self._only_said(command):
                        await self._stored()
                    event = await _DO[type(command)](self, command)
                    continue
                except CallerHungUp:
                    self._gone = True
            await self._session.stored_at_last()
            event = await self._without_line(command)
        return event

    def _only_said(self, command: do.Command) -> bool:
        """Whether it changes nothing in the world, so that it may begin before its step is stored."""
        if type(command) is do.SaveAnswer:
            return self._effects.answers is None
        return type(command) in _ONLY_SAID

    async def _without_line(self, command: do.Command) -> ev.Event | None:
        if type(command) not in _ON_LINE:
            return await _DO[type(command)](self, command)
        return ev.HungUp(at=self._session.at()) if getattr(command, "turn", 0) else None

    # --- on the line ------------------------------------------------------------------------------------------------------

    async def _play(self, command: do.Play) -> ev.Event | None:
        if not command.turn:
            await self._line.say(command.prompts)
            return None
        self._line.drop_keys()
        complete = await self._line.say(command.prompts)
        self._listened.whole()
        return ev.PlayDone(at=self._session.at(), turn=command.turn, complete=complete)

    async def _gather(self, command: do.Gather) -> ev.Event:
        session, line = self._session, self._line
        if not command.ahead:
            line.drop_keys()
        self._listened.begins(line.files(command.prompts))
        try:
            await line.ask(command.prompts, min(command.timeout_s, command.total_s))
        except CallerHungUp:
            self._listened.broken()
            raise
        self._listened.whole()
        key, ends_at = await line.take(0), session.at() + command.total_s
        while key and session.unfinished(key):
            key = await line.take(min(command.between_digits_s, ends_at - session.at()))
        if key:
            return ev.Digits(at=session.at(), turn=command.turn, digits=key)
        return ev.Timeout(at=session.at(), turn=command.turn)

    async def _record(self, command: do.Record) -> ev.Event:
        session = self._session
        await self._line.say(command.prompts)
        recorded = await self._line.record(
            self._recordings,
            file_name(session.call, command.turn),
            command.longest_s,
            command.silence_s,
            command.terminator,
            command.beep,
        )
        return ev.RecordDone(at=session.at(), turn=command.turn, clip=recorded.clip, seconds=recorded.seconds)

    # --- out of the flow --------------------------------------------------------------------------------------------------

    async def _transfer(self, command: do.Transfer) -> ev.Event | None:
        """Gone to the dialplan, which dials or lets the caller wait and comes back with the outcome; or done already."""
        session = self._session
        self._line.drop_keys()
        log.info(
            "transfer",
            extra={
                "action": "ivr.transfer",
                "call": session.call,
                "kind": command.kind,
                "target": masked(command.target) if command.kind in ("number", "sip") else command.target,
            },
        )
        if command.kind in ("number", "sip"):
            target = self._effects.dial_string(command)
            if target is not None:
                await self._leave(Dialplan.DIAL, command, target)
                return None
            outcome = "failed"
        else:
            given = await self._line.meanwhile(self._effects.transfer(session.call, command))
            if isinstance(given, Waits):
                await self._leave(Dialplan.WAIT, command, given.queue, given)
                return None
            outcome = given
        return ev.TransferDone(at=session.at(), turn=command.turn, outcome=outcome)

    async def _leave(
        self, extension: str, command: do.Transfer, target: str, waits: Waits | None = None
    ) -> None:
        for name, value in (
            (Dialplan.SESSION, self._session.call),
            (Dialplan.TARGET, target),
            (Dialplan.RING_S, str(max(1, round(command.timeout_s)))),
            (Dialplan.PRIORITY, str(command.priority)),
            (Dialplan.AGENT, waits.agent if waits is not None else ""),
            (Dialplan.IN_VAIN, "BUSY" if waits is not None and waits.in_vain == "busy" else "NOANSWER"),
            (Dialplan.NEXT, extension),
        ):
            await self._agi.set_variable(name, value)
        self._leaving = TRANSFERRING

    # --- in the world -----------------------------------------------------------------------------------------------------

    async def _http(self, command: do.Http) -> ev.Event:
        answer = await self._line.meanwhile(self._effects.look_up(self._session.call, command))
        return ev.HttpDone(at=self._session.at(), turn=command.turn, status=answer.status, body=answer.body)

    async def _request(self, command: Any) -> ev.Event:
        session = self._session
        registered = await self._line.meanwhile(
            self._effects.request(session.call, command, session.state.caller)
        )
        return ev.RequestDone(
            at=session.at(), turn=command.turn, ok=registered.ok, reference=registered.reference
        )

    async def _save(self, command: do.SaveAnswer) -> None:
        await self._line.meanwhile(self._effects.save(self._session.call, command))

    # --- for the log ------------------------------------------------------------------------------------------------------

    async def _fault(self, command: do.Fault) -> None:
        log.error(
            "the flow went wrong: %s",
            command.reason,
            extra={"action": "ivr.fault", "node": command.node, **self._which()},
        )

    async def _hang_up(self, command: do.HangUp) -> None:
        """The dialplan does it, once it has the result."""

    async def _ended(self, command: do.Ended) -> None:
        log.info(
            "session ended",
            extra={
                "action": "ivr.ended",
                "result": command.result,
                "node": command.node,
                "seconds": command.seconds,
                "checks": command.checks,
                "caller": masked(self._session.state.caller),
                **self._which(),
            },
        )

    def _which(self) -> dict[str, str]:
        state = self._session.state
        return {"call": state.call, "flow": state.flow, "version": state.version[:12]}


_DO: Final[Mapping[type, Callable[[Call, Any], Awaitable[ev.Event | None]]]] = {
    do.Play: Call._play,
    do.Gather: Call._gather,
    do.Record: Call._record,
    do.Transfer: Call._transfer,
    do.Http: Call._http,
    do.OptOut: Call._request,
    do.Callback: Call._request,
    do.Sms: Call._request,
    do.Voicemail: Call._request,
    do.SaveAnswer: Call._save,
    do.Fault: Call._fault,
    do.HangUp: Call._hang_up,
    do.Ended: Call._ended,
}

_ONLY_SAID: Final = frozenset({do.Play, do.Gather, do.Fault})
_ON_LINE: Final = frozenset({do.Play, do.Gather, do.Record, do.Transfer, do.Http})
"""What makes no sense for a caller who is gone. A request is made all the same."""
