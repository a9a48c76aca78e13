"""A carrier of requests and responses: each request lands on a process that knows nothing but the database.

A process takes the session and its version of the flow out of the store, goes one step, stores it, and does at once what
needs no caller: requests and look-ups. What is left are the words and the question of the answer to the carrier.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from dialer.flows import FlowPorts, FlowShelf
from ivr import ports
from ivr.asterisk import stored
from ivr.engine import State, advance, begin
from ivr.engine import commands as do
from ivr.engine import events as ev
from ivr.flow import nodes
from ivr.flow.model import Flow


@dataclass(frozen=True, slots=True)
class Begun:
    """The first request of a call."""

    flow: str
    caller: str
    called: str
    language: str
    contact: Mapping[str, Any]


class Process:
    """Keeps nothing of a call between two requests; versions of flows, which never change, are read once. `taken` gets every event that moved the session, those it made itself too."""

    def __init__(
        self, world: FlowPorts, shelf: FlowShelf, answer: ports.Answer, taken: list[ev.Event]
    ) -> None:
        self._shelf = shelf
        self._world, self._answer, self._taken = world, answer, taken

    async def begin(self, call: str, begun: Begun, at: float) -> list[do.Command]:
        if await self._world.sessions.load(call) is not None:
            return []  # the carrier asked twice
        flow = await self._shelf.flow(begun.flow)
        state = begin(
            flow,
            call,
            caller=begun.caller,
            called=begun.called,
            language=begun.language,
            contact=begun.contact,
        )
        return await self._steps(flow, state, 0, ev.Started(at=at))

    async def event(self, call: str, event: ev.Event) -> list[do.Command]:
        """The commands of the step and of those that followed without the caller; none for what came late or twice."""
        kept = await self._world.sessions.load(call)
        assert kept is not None, f"no session {call}"
        state, _ = stored.from_json(kept[0])
        flow = await self._shelf.flow(state.flow, state.version)
        return await self._steps(flow, state, kept[1], event)

    async def _steps(self, flow: Flow, state: State, revision: int, event: ev.Event) -> list[do.Command]:
        done: list[do.Command] = []
        following: ev.Event | None = event
        while following is not None:
            after, commands = advance(flow, state, following)
            if after is state:
                return done
            if not await self._world.sessions.save(state.call, stored.to_json(after, commands), revision):
                return done  # another process had it first
            self._taken.append(following)
            done += commands
            state, revision = after, revision + 1
            following = await self._carried_out(state, commands)
        return done

    async def _carried_out(self, state: State, commands: Sequence[do.Command]) -> ev.Event | None:
        for command in commands:
            if isinstance(command, do.Http):
                return ev.HttpDone(
                    at=state.at, turn=command.turn, status=self._answer.status, body=self._answer.body
                )
            registered = await self._registered(state, command)
            if registered is not None:
                return ev.RequestDone(
                    at=state.at,
                    turn=getattr(command, "turn", None),
                    ok=registered.ok,
                    reference=registered.reference,
                )
        return None

    async def _registered(self, state: State, command: do.Command) -> ports.Registered | None:
        world, call = self._world, state.call
        match command:
            case do.OptOut(number=number, scope=scope):
                return await world.opt_outs.register(call, number, scope)
            case do.Callback(number=number, queue=queue, about=about):
                return await world.callbacks.request(call, number, None, queue, about)
            case do.Sms(number=number, text=text):
                return await world.messages.send(call, number, text)
            case do.Voicemail(box=box, clip=clip, seconds=seconds):
                return await world.voicemails.leave(call, box, clip, seconds, state.caller)
        return None


@dataclass
class Walker:
    """Chooses what a caller does next: of what can be done at a node, what was done least; giving up seldom."""

    flow: Flow
    tried: Counter[tuple[str, str]] = field(default_factory=Counter)
    visited: set[str] = field(default_factory=set)

    def next(self, state: State, at: float) -> ev.Event:
        self.visited.add(state.node)
        ways = self._ways(state)
        seldom = {"silence", "hang_up", "hush", self._refusal()}
        which = min(ways, key=lambda way: (self.tried[state.node, way] + 0.5) * (8 if way in seldom else 1))
        self.tried[state.node, which] += 1
        return self._event(state, which, at)

    def _refusal(self) -> str:
        refusal = self.flow.head.refusal
        return f"key:{refusal.key}" if refusal is not None else ""

    def _ways(self, state: State) -> list[str]:
        match state.wait:
            case "play":
                return ["play"]
            case "record":
                return ["record", "hush"]
            case "transfer":
                return [
                    "answered",
                    "busy",
                    "no_answer",
                    *(f"back:{name}" for name in self.flow.head.entry_points),
                ]
        node = self.flow.nodes[state.node]
        match node:
            case nodes.Menu():
                return [f"key:{key}" for key in node.choices] + ["silence"]
            case nodes.Question():
                return [f"key:{key}" for key in self._keys(node)] + ["silence", "hang_up"]
            case nodes.Gather():
                digits = ("12345678901234567890" * 2)[: max(node.min, 1)]
                return [f"key:{digits}", "key:1", "key:0930", "key:20260220", "silence"]
        raise AssertionError(f"waits for {state.wait!r} at {state.node}")

    def _keys(self, node: nodes.Question) -> list[str]:
        refusal = [self.flow.head.refusal.key] if self.flow.head.refusal and node.refusal else []
        if node.kind in ("number", "rating"):
            return [str(node.min), str(node.max % 10 if node.zero_is_ten else node.max), *refusal]
        keys = [option.key for option in node.options]
        return [*keys, *(["".join(keys)] if node.kind == "multiple" else []), *refusal]

    def _event(self, state: State, which: str, at: float) -> ev.Event:
        turn = state.turn
        kind, _, value = which.partition(":")
        match kind:
            case "play":
                return ev.PlayDone(at=at, turn=turn)
            case "record":
                return ev.RecordDone(at=at, turn=turn, clip=f"{state.call}-{turn}.wav", seconds=4.0)
            case "hush":
                return ev.RecordDone(at=at, turn=turn)
            case "key":
                return ev.InputDone(at=at, turn=turn, digits=value, ended_by="terminator")
            case "silence":
                return ev.InputDone(at=at, turn=turn)
            case "hang_up":
                return ev.HungUp(at=at)
            case "back":
                return ev.Returned(at=at, turn=turn, entry=value)
        return ev.TransferDone(at=at, turn=turn, outcome=which)
