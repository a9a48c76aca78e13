"""Plays the shell: turns keys into events, commands into lines of a transcript. Time passes as it would on a call."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final

from ivr.engine import State, advance, begin
from ivr.engine import commands as do
from ivr.engine import events as ev
from ivr.flow.model import Flow
from ivr.rehearse.keys import OUTCOMES, Key

_SECONDS_A_CHARACTER: Final = {"zh": 0.22, "en": 0.065}

Ask = Callable[[str, do.Command], Key | None]
"""The next key for a wait: `keys`, `record`, `transfer`, where None hangs up; `request`, where None lets it succeed."""


@dataclass(frozen=True, slots=True)
class Line:
    """`who`: says, plays, caller, does, note, end. `seconds` into the call."""

    seconds: float
    who: str
    text: str
    node: str
    command: Mapping[str, Any] | None = None


@dataclass(slots=True)
class Rehearsal:
    flow: Flow
    state: State
    lines: list[Line] = field(default_factory=list)
    commands: list[do.Command] = field(default_factory=list)

    @property
    def result(self) -> str:
        return self.state.ended


def rehearse(
    flow: Flow,
    ask: Ask,
    at: datetime,
    *,
    caller: str = "13800138000",
    language: str | None = None,
    contact: Mapping[str, Any] | None = None,
    entry: str | None = None,
    replies: Iterator[ev.HttpDone] | None = None,
    tell: Callable[[Line], None] = lambda line: None,
) -> Rehearsal:
    """Until the call has ended. Contact fields that are not given have the flow's examples."""
    known = {**flow.head.contact_fields, **(contact or {})}
    state = begin(flow, "rehearsal", caller=caller, called="95000", language=language, contact=known)
    player = _Player(Rehearsal(flow, state), ask, at.timestamp(), replies or iter(()), tell)
    player.step(ev.Started(at=player.now, entry=entry))
    while not player.rehearsal.state.ended:
        player.step(player.next_event())
    return player.rehearsal


class _Player:
    def __init__(
        self,
        rehearsal: Rehearsal,
        ask: Ask,
        now: float,
        replies: Iterator[ev.HttpDone],
        tell: Callable[[Line], None],
    ) -> None:
        self.rehearsal, self._ask, self.now = rehearsal, ask, now
        self._begun, self._replies, self._tell = now, replies, tell
        self._waiting: do.Command | None = None

    def step(self, event: ev.Event) -> None:
        done = self.rehearsal
        done.state, commands = advance(done.flow, done.state, event)
        for command in commands:
            done.commands.append(command)
            self._show(command)
            if getattr(command, "turn", 0):
                self._waiting = command

    # --- what is heard and done ---

    def _line(self, who: str, text: str, command: do.Command | None = None) -> None:
        shown = do.as_json(command) if command is not None else None
        line = Line(round(self.now - self._begun, 1), who, text, self.rehearsal.state.node, shown)
        self.rehearsal.lines.append(line)
        self._tell(line)

    def _show(self, command: do.Command) -> None:
        for one in getattr(command, "prompts", ()):
            self._line("plays" if not one.text else "says", one.text or f"[{one.file}]")
            self.now += len(one.text) * _SECONDS_A_CHARACTER.get(one.language, 0.07)
        match command:
            case do.Play() | do.Gather() | do.Record() | do.HangUp():
                pass
            case do.Ended(result=result):
                self._line("end", result, command)
            case do.Fault(reason=reason):
                self._line("note", f"fault: {reason}", command)
            case _:
                self._line("does", _summary(command), command)

    # --- what happens next ---

    def next_event(self) -> ev.Event:
        wait, command = self.rehearsal.state.wait, self._waiting
        assert command is not None  # noqa: S101  a call that has not ended waits for something
        if wait == "play":
            return ev.PlayDone(at=self.now)
        if wait == "http":
            self.now += 0.5
            return self._http()
        if wait == "request":
            return self._request(command)
        key = self._ask(wait, command) or Key("hangup")
        while key.kind == "wait":
            self.now += float(key.value)
            self._line("note", f"{key.value} s")
            key = self._ask(wait, command) or Key("hangup")
        self._line(
            "caller", f"{key.kind}:{key.value}" if key.kind in ("record", "return") else key.value or key.kind
        )
        return self._event(wait, key, command)

    def _request(self, command: do.Command) -> ev.Event:
        """Registered, unless the script says `fail`."""
        self.now += 0.2
        key = self._ask("request", command)
        ok = key is None or key.kind != "fail"
        self._line("note", "ok" if ok else "fail")
        return ev.RequestDone(at=self.now, ok=ok, reference=str(1000 + self.rehearsal.state.turn))

    def _http(self) -> ev.Event:
        reply = next(self._replies, None)
        status, body = (reply.status, reply.body) if reply is not None else (0, None)
        self._line("note", f"HTTP {status}")
        return ev.HttpDone(at=self.now, status=status, body=body)

    def _event(self, wait: str, key: Key, command: do.Command) -> ev.Event:
        if key.kind == "hangup":
            return ev.HungUp(at=self.now)
        if key.kind == "return" and wait == "transfer":
            self.now += 60
            return ev.Returned(at=self.now, entry=key.value)
        if wait == "transfer":
            self.now += 60
            return ev.TransferDone(at=self.now, outcome=key.kind if key.kind in OUTCOMES else "answered")
        if wait == "record":
            seconds = float(key.value) if key.kind == "record" else 0.0
            self.now += seconds
            return ev.RecordDone(at=self.now, clip="rehearsal" if seconds else "", seconds=seconds)
        return self._keys(key, command)

    def _keys(self, key: Key, command: do.Command) -> ev.Event:
        if key.kind != "digits":
            self.now += getattr(command, "timeout_s", 5.0)
            return ev.InputDone(at=self.now)
        self.now += 0.5 * len(key.value)
        end = getattr(command, "terminator", "")
        digits = key.value
        ended_by = "timeout"
        if end and digits.endswith(end):
            digits, ended_by = digits[: -len(end)], "terminator"
        return ev.InputDone(at=self.now, digits=digits, ended_by=ended_by)


def _summary(command: do.Command) -> str:
    match command:
        case do.SaveAnswer(question=question, status=status, value=value, clip=clip):
            clip_ = f" + {clip}" if clip else ""
            return f"{command.DO} {question}: {status}{f' {value}' if value is not None else ''}{clip_}"
        case do.Transfer(kind=kind, target=target):
            return f"{command.DO} {kind} {target}"
        case do.OptOut(number=number, scope=scope):
            return f"{command.DO} {number} ({scope})"
        case do.Callback(number=number, queue=queue, about=about):
            return f"{command.DO} {number} {queue or ''} {about}".rstrip()
        case do.Sms(number=number, text=text):
            return f"{command.DO} {number}: {text}"
        case do.Voicemail(box=box, seconds=seconds):
            return f"{command.DO} {box} {seconds:g} s"
        case do.Http(method=method, url=url):
            return f"{command.DO} {method} {url}"
        case _:
            return command.DO
