"""The scripts of the FastAGI server: which flow, which session, and what brings the caller here.

`agi://host/inbound` asks the routes for the called number's flow. `agi://host/flow?name=…` begins a flow, at an entry point
with `&entry=…`. `&session=<id>` goes on with a session: with `entry` whoever had the caller sends the caller back there;
with `outcome=<DIALSTATUS>` a transfer has come to its end; with neither a process died, and its last step is done again.
`agi://host/gone?session=<id>` ends the session of a caller who hung up while the dialplan had the call.
"""

import json
import logging
from collections import OrderedDict
from collections.abc import Mapping
from typing import Any, Final, Protocol

from ivr.agi.protocol import AgiRequest, Conversation
from ivr.asterisk import stored
from ivr.asterisk.call import Call, Dialplan
from ivr.asterisk.effects import Effects
from ivr.asterisk.first_words import FirstWords
from ivr.asterisk.line import Line, Recordings
from ivr.asterisk.masking import masked
from ivr.asterisk.session import Session
from ivr.asterisk.sounds import Sounds
from ivr.engine import State, begin
from ivr.engine import events as ev
from ivr.errors import NotPublished
from ivr.expressions import Value
from ivr.flow.model import Flow
from ivr.ports import Clock, FlowStore, Routes, SessionStore
from ivr.publishing import fetch

log = logging.getLogger(__name__)

_MOST_FLOWS: Final = 64
_MOST_PARTS: Final = 16
_OUTCOMES: Final = {
    "ANSWER": "answered",
    "BUSY": "busy",
    "NOANSWER": "no_answer",
    "CANCEL": "no_answer",
}
"""DIALSTATUS; all others failed."""


class Flows(Protocol):
    async def flow(self, name: str, version: str | None = None) -> Flow:
        """The current version, or the one asked for. Raises `NotPublished`."""
        ...


class PublishedFlows:
    """Out of a flow store; a version is read once."""

    def __init__(self, store: FlowStore) -> None:
        self._store = store
        self._read: OrderedDict[tuple[str, str], Flow] = OrderedDict()

    async def flow(self, name: str, version: str | None = None) -> Flow:
        if version is None:
            history = await self._store.history(name)
            if not history:
                raise NotPublished(f"no flow {name!r} has been published")
            version = history[-1].version
        key = name, version
        if key not in self._read:
            self._read[key] = await fetch(self._store, name, version)
            if len(self._read) > _MOST_FLOWS:
                self._read.popitem(last=False)
        self._read.move_to_end(key)
        return self._read[key]


class FlowScript:
    """For `flow` and `inbound` of the FastAGI server. The result is the flow's own; empty where nothing answers."""

    def __init__(
        self,
        flows: Flows,
        store: SessionStore,
        clock: Clock,
        sounds: Sounds,
        effects: Effects,
        *,
        routes: Routes | None = None,
        recordings: Recordings | None = None,
        first_words: FirstWords | None = None,
    ) -> None:
        self._flows, self._store, self._clock = flows, store, clock
        self._sounds, self._effects, self._routes = sounds, effects, routes
        self._recordings = recordings or Recordings()
        self._first_words = first_words

    async def __call__(self, conversation: Conversation) -> str:
        request = conversation.request
        session_id = request.query.get("session") or ""
        found = await self._store.load(session_id) if session_id else None
        if found is not None:
            return await self._go_on(conversation, *found)
        if session_id and not request.query.get("name"):
            log.warning("no session", extra={"action": "ivr.no_session", "call": session_id})
            return ""
        return await self._begin(conversation, session_id)

    # --- a new session ----------------------------------------------------------------------------------------------------

    async def _begin(self, conversation: Conversation, session_id: str) -> str:
        request = conversation.request
        flow = await self._which(request)
        if flow is None:
            return ""
        call = session_id or request.headers.get("agi_uniqueid", "")
        state = begin(
            flow,
            call,
            caller=_number(request, "caller", "agi_callerid"),
            called=_number(request, "called", "agi_dnid"),
            language=request.query.get("language"),
            contact=await _contact(conversation) if flow.head.contact_fields else None,
        )
        return await self._start(conversation, Session(self._store, self._clock, flow, state), {})

    async def _which(self, request: AgiRequest) -> Flow | None:
        name: str | None = request.query.get("name")
        if not name and self._routes is not None:
            called = _number(request, "called", "agi_dnid")
            name = await self._routes.flow(called, self._clock.now())
            if name is None:
                log.info("no route", extra={"action": "ivr.no_route", "called": masked(called)})
        return await self._flows.flow(name) if name else None

    async def _start(
        self, conversation: Conversation, session: Session, variables: Mapping[str, Value]
    ) -> str:
        entry = conversation.request.query.get("entry") or None
        begun = ev.Started(at=session.at(), entry=entry, variables=variables)
        return await self._run(conversation, session, begun)

    # --- a session that is there ------------------------------------------------------------------------------------------

    async def _go_on(self, conversation: Conversation, kept: Mapping[str, Any], revision: int) -> str:
        session = await self._restored(kept, revision)
        query, state = conversation.request.query, session.state
        if query.get("entry") and (state.ended or state.wait != "transfer"):
            return await self._anew(conversation, session)
        if state.ended:
            return state.ended
        event: ev.Event | None = None
        if query.get("entry"):
            event = ev.Returned(at=session.at(), entry=query["entry"])
        elif query.get("outcome") and state.wait == "transfer":
            event = ev.TransferDone(at=session.at(), outcome=_outcome(query["outcome"]))
        log.info(
            "session taken up",
            extra={"action": "ivr.taken_up", "call": session.call, "node": state.node, "wait": state.wait},
        )
        return await self._run(conversation, session, event)

    async def _restored(self, kept: Mapping[str, Any], revision: int) -> Session:
        state, left = stored.from_json(kept)
        flow = await self._flows.flow(state.flow, state.version)
        session = Session(self._store, self._clock, flow, state, revision)
        session.left = left
        return session

    async def _anew(self, conversation: Conversation, before: Session) -> str:
        """Sent to an entry point although nothing waits for a return: once more from there, with what was entered."""
        old = before.state
        state = State(
            old.call, old.flow, old.version, old.language, old.caller, old.called, dict(old.contact)
        )
        state.answers, state.heard = dict(old.answers), list(old.heard)
        session = Session(self._store, self._clock, before.flow, state, before.revision)
        return await self._start(conversation, session, old.variables)

    async def gone(self, conversation: Conversation) -> str:
        """The script `gone`: the caller hung up while the dialplan had the call."""
        query = conversation.request.query
        found = await self._store.load(query.get("session", ""))
        if found is None:
            return ""
        session = await self._restored(*found)
        if session.state.ended:
            return session.state.ended
        call = self._call(conversation, session)
        if query.get("outcome") == "ANSWER" and session.state.wait == "transfer":
            await call.talked()
        else:
            await call.hung_up()
        return session.state.ended

    # --- both -------------------------------------------------------------------------------------------------------------

    async def _run(self, conversation: Conversation, session: Session, event: ev.Event | None) -> str:
        call = self._call(conversation, session)
        query = conversation.request.query
        # with its session the dialplan can come back should this process die
        tell = {Dialplan.SESSION: session.call}
        for name, key in ((Dialplan.ENTRY, "entry"), (Dialplan.OUTCOME, "outcome")):
            if query.get(key):
                tell[name] = ""
        return await call.run(event, tell)

    def _call(self, conversation: Conversation, session: Session) -> Call:
        line = Line(conversation, self._sounds)
        return Call(session, conversation, line, self._effects, self._recordings, self._first_words)


def _number(request: AgiRequest, name: str, header: str) -> str:
    given = request.query.get(name) or request.headers.get(header, "")
    return "" if given in ("unknown", "anonymous") else given


def _outcome(dial_status: str) -> str:
    return _OUTCOMES.get(dial_status.upper(), "failed")


async def _contact(conversation: Conversation) -> Mapping[str, Value]:
    """A JSON object in one variable of the channel or, with _2, _3, in several; what is no plain value is left out."""
    text, name = "", Dialplan.CONTACT
    for nth in range(2, _MOST_PARTS + 2):
        part = (await conversation.command("GET VARIABLE", name)).note
        if not part:
            break
        text, name = text + part, f"{Dialplan.CONTACT}_{nth}"
    try:
        found = json.loads(text or "{}")
    except ValueError:
        log.warning("contact is no JSON", extra={"action": "ivr.contact_unreadable"})
        return {}
    plain = found if isinstance(found, dict) else {}
    return {name: value for name, value in plain.items() if isinstance(value, str | int | float | bool)}
