"""FastAGI: one block of headers in, then one reply for each command. Tells a hang-up from a failure.

What is known of Asterisk 22 and shaped this: `result=-1` also means a missing prompt, a file that cannot
be written or an unknown channel; after a hang-up a line `HANGUP` comes between replies; a variable whose
value holds newlines spreads over several lines; `agi_network_script` carries the query string.

Between two commands Asterisk reads the channel and throws away what it reads, keys included. It also reads commands
into a buffer of its own and looks for the next one only when more arrives on the socket: two lines sent at once
leave the second one lying there. STREAM FILE alone ends when a command arrives, and then says nothing of itself.
"""

import asyncio
import contextlib
import re
from collections.abc import Awaitable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final, NamedTuple, TypeVar
from urllib.parse import parse_qsl, unquote

from ivr.agi.turn import Turn
from ivr.agi.wire import LONGEST_LINE, Wire
from ivr.errors import CallerHungUp, IvrError, LinkBroken, NoReply, ProtocolViolation

KEYS: Final = "0123456789*#"

_AT_ONCE_S: Final = 0.03  # two keys never come closer: what takes no longer than this needs no ear
_NUDGE_S: Final = 0.025  # twice as long each time
_NUDGES: Final = 8

Result = TypeVar("Result")

_NOTHING: Final[Mapping[str, str]] = MappingProxyType({})
_CONTROL: Final = re.compile(r"[\r\n\x00]")
_RESULT: Final = re.compile(
    r"result=(?P<result>[^ ]*)(?: \((?P<note>.*)\))?(?P<extra>(?: \w+=[^ ]*)*) ?", re.DOTALL
)


@dataclass(frozen=True, slots=True)
class AgiRequest:
    script: str
    query: Mapping[str, str]
    args: tuple[str, ...]
    headers: Mapping[str, str]


class Reply(NamedTuple):
    """`note` is what stood in parentheses: a value, `timeout`, `writefile`. `text` explains codes 510 and 520."""

    code: int
    result: str = ""
    note: str | None = None
    extra: Mapping[str, str] = _NOTHING
    text: str = ""

    @property
    def ok(self) -> bool:
        return self.code == 200 and self.result not in ("-1", "-2")

    @property
    def timed_out(self) -> bool:
        return self.note == "timeout"

    @property
    def key(self) -> str:
        """The key whose code is the result, else an empty text."""
        code = int(self.result) if self.result.isascii() and self.result.isdigit() else 0
        return chr(code) if 32 < code < 127 and chr(code) in KEYS else ""


def parse_request(block: bytes) -> AgiRequest:
    headers = {}
    for line in block.decode("utf-8", "replace").split("\n"):
        name, colon, value = line.partition(":")
        if colon:
            headers[name.strip()] = value.removeprefix(" ")
    path, _, query = headers.get("agi_network_script", "").partition("?")
    args: list[str] = []
    while (arg := headers.get(f"agi_arg_{len(args) + 1}")) is not None:
        args.append(arg)
    return AgiRequest(
        unquote(path.lstrip("/")),
        dict(parse_qsl(query, keep_blank_values=True)) if query else {},
        tuple(args),
        headers,
    )


def quote(value: str) -> str:
    """Raises ValueError for a control character, which would end the command."""
    if value.isprintable() and '"' not in value and "\\" not in value:
        return f'"{value}"'
    if _CONTROL.search(value):
        raise ValueError("control character in AGI argument")
    return '"' + value.replace("\\", "\\\\").replace('"', '\\"') + '"'


def _line(verb: str, args: tuple[str | int, ...]) -> bytes:
    if not verb.isprintable():
        raise ValueError("control character in AGI command")
    words = [str(arg) for arg in args]
    plain = '" "'.join(words)
    if not words:
        line = verb
    elif plain.isprintable() and "\\" not in plain and plain.count('"') == 2 * len(words) - 2:
        line = f'{verb} "{plain}"'
    else:
        line = " ".join([verb, *map(quote, words)])
    return line.encode() + b"\n"


class Conversation:
    """One caller. Commands go one at a time; each gets exactly one reply.

    A command that was cancelled or ran out of time leaves its reply on the way: the next one would take
    it for its own. From then on the conversation is over, and every command raises LinkBroken.
    """

    def __init__(
        self,
        request: AgiRequest,
        wire: Wire,
        command_s: float = 120,
    ) -> None:
        self.request = request
        self.hangup_seen = False
        self._wire = wire
        self._command_s = command_s
        self._turn = Turn()
        self._in_step = True

    async def command(self, verb: str, *args: str | int, within_s: float | None = None) -> Reply:
        """Raises CallerHungUp only when the channel is really gone. 510 and 520 are replies."""
        limit, line = within_s or self._command_s, _line(verb, args)
        if self._turn.taken:
            await self._turn.mine()
        self._turn.taken = True
        try:
            raw = await self._asked(limit, line)
            reply = self._plain(raw) or await self._unusual(verb, raw)
            # -1 is also "no such prompt", "cannot write", "no such channel": ask before believing it
            if reply.result == "-1" and (await self._exchange(limit, verb, _STATUS)).result == "-1":
                raise CallerHungUp(verb)
            return reply
        except NoReply:
            raise NoReply(f"{verb}: no reply within {limit} s") from None
        finally:
            self._turn.over()

    async def last_words(self, verb: str, *args: str | int, within_s: float | None = None) -> Reply:
        """As `command`, for one whose reply counts although the caller has hung up meanwhile."""
        async with self._turn:
            return await self._exchange(within_s or self._command_s, verb, _line(verb, args))

    async def meanwhile(
        self, work: Awaitable[Result], silence: str, quiet_s: float = 0.0
    ) -> tuple[Result, str]:
        """Does the work, and gives the keys pressed while it took its time. `silence` is a sound file of some seconds;
        for `quiet_s` no key can come."""
        task = asyncio.ensure_future(work)  # noqa: TID251  waited for or cancelled below
        try:
            done, _ = await asyncio.wait((task,), timeout=max(_AT_ONCE_S, quiet_s))
            keys = ""
            if not done and not self.hangup_seen:
                with contextlib.suppress(
                    IvrError
                ):  # the work is done to its end; the next command says what happened
                    keys = await self._overhear(task, silence)
            return await task, keys
        finally:
            task.cancel()

    async def _overhear(self, task: "asyncio.Future[Result]", silence: str) -> str:
        keys = ""
        async with self._turn:
            if not self._in_step:
                raise LinkBroken("an earlier command never got its reply")
            self._in_step = False
            reply: Reply | None = Reply(200, "0")
            while not task.done() and reply is not None and reply.ok:
                reply = await self._ear(task, silence)
                keys += reply.key if reply is not None else ""
            if reply is None:
                keys += await self._hush()
            self._in_step = True
        return keys

    async def _ear(self, task: "asyncio.Future[Result]", silence: str) -> Reply | None:
        """What Asterisk says when a key is pressed, the silence is over, or the caller has gone; None: it still plays."""
        self._write(" ".join(["STREAM FILE", quote(silence), quote(KEYS), quote("0")]))
        self._wire.limit(self._command_s)
        reading = asyncio.ensure_future(self._next_reply())  # noqa: TID251  waited for or cancelled below
        try:
            await asyncio.wait((task, reading), return_when=asyncio.FIRST_COMPLETED)
            return await self._read_reply(*reading.result()) if reading.done() else None
        finally:
            if not reading.done():
                reading.cancel()
                await asyncio.wait((reading,))

    async def _hush(self) -> str:
        """Ends the silence. A key pressed at this moment comes before the answer."""
        keys, owed = "", 1
        self._write("NOOP")
        while owed:
            self._wire.limit(_NUDGE_S * 2 ** (owed - 1) if owed < _NUDGES else self._command_s)
            try:
                reply = await self._read_reply(*await self._next_reply())
            except NoReply:  # Asterisk had read both lines at once, and looks only when there is a third
                if owed >= _NUDGES:
                    raise
                self._write("NOOP")
                owed += 1
                continue
            owed -= "endpos" not in reply.extra
            keys += reply.key if "endpos" in reply.extra else ""
        return keys

    def _write(self, line: str) -> None:
        self._wire.write(line.encode() + b"\n")

    async def set_variable(self, name: str, value: str) -> None:
        """Works after a hang-up as well, for as long as Asterisk keeps the script."""
        await self.command("SET VARIABLE", name, value)

    async def _exchange(self, within_s: float, verb: str, line: bytes) -> Reply:
        raw = await self._asked(within_s, line)
        return self._plain(raw) or await self._unusual(verb, raw)

    def _asked(self, within_s: float, line: bytes) -> "asyncio.Future[bytes]":
        if not self._in_step:
            raise LinkBroken("an earlier command never got its reply")
        self._in_step = False
        wire = self._wire
        wire.write(line)
        wire.limit(within_s)
        return wire.answer()

    def _plain(self, raw: bytes) -> Reply | None:
        """Most replies: known ones, and the value of a variable."""
        reply = _PLAIN.get(raw) or _with_value(raw)
        self._in_step = reply is not None
        return reply

    async def _unusual(self, verb: str, raw: bytes) -> Reply:
        reply = await self._read_reply(*await self._next_reply(raw))
        self._in_step = True
        if reply.code == 511:
            raise CallerHungUp(verb)
        if raw.startswith(b"200 ") and reply.note is None and not reply.extra and len(_PLAIN) < _MOST_PLAIN:
            _PLAIN[raw] = reply
        return reply

    async def _next_reply(self, first: bytes | None = None) -> tuple[str, str, str]:
        line = await self._line() if first is None else first.decode("utf-8", "replace")
        while line == "HANGUP" or line.startswith("100 "):
            self.hangup_seen = self.hangup_seen or line == "HANGUP"
            line = await self._line()
        if not (line[:3].isascii() and line[:3].isdigit()):
            raise ProtocolViolation("a line that is no reply")
        return line[:3], line[3:4], line[4:]

    async def _read_reply(self, code: str, mark: str, rest: str) -> Reply:
        if code == "520" and mark == "-":
            return Reply(520, text=await self._usage(rest))
        if code != "200":
            return Reply(int(code), text=rest)
        match = await self._result(rest)
        extra = dict(pair.split("=", 1) for pair in match["extra"].split())
        return Reply(200, match["result"], match["note"], extra)

    async def _usage(self, first: str) -> str:
        usage, size = [first], 0
        while not (line := await self._line()).startswith("520 "):
            usage.append(line)
            size = _grown(size, line)
        return "\n".join(usage)

    async def _result(self, first: str) -> re.Match[str]:
        match = _RESULT.fullmatch(first)
        lines, size = [first], 0
        while match is None:  # a variable's value may hold newlines: read on until its parenthesis closes
            if "(" not in first:
                raise ProtocolViolation("a result that does not parse")
            line = await self._line()
            lines.append(line)
            size = _grown(size, line)
            match = _RESULT.fullmatch("\n".join(lines)) if ")" in line else None
        return match

    async def _line(self) -> str:
        return (await self._wire.line()).decode("utf-8", "replace")


def _with_value(raw: bytes) -> Reply | None:
    """`200 result=1 (value)`, of GET VARIABLE, on one line: without the expression that reads all replies."""
    if raw.startswith(_VALUE) and raw.endswith(b")"):
        return Reply(200, "1", raw[len(_VALUE) : -1].decode("utf-8", "replace"), _NOTHING)
    return None


_VALUE: Final = b"200 result=1 ("
_STATUS: Final = b"CHANNEL STATUS\n"
_MOST_PLAIN: Final = 256
_PLAIN: dict[bytes, Reply] = {}
"""Replies that are nothing but a result, by their line: there are few, and they come all the time."""


def _grown(size: int, line: str) -> int:
    size += len(line) + 1
    if size > LONGEST_LINE:
        raise ProtocolViolation("reply too long")
    return size
