"""The FastAGI reader against replies recorded from Asterisk 22, and against hostile ones."""

import asyncio
from collections.abc import Awaitable, Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ivr.agi.protocol import Conversation, Reply, parse_request, quote
from ivr.agi.wire import LONGEST_LINE, Wire
from ivr.errors import CallerHungUp, IvrError, LinkBroken, NoReply, ProtocolViolation

pytestmark = pytest.mark.unit


class Socket:
    """Where a conversation writes to."""

    def __init__(self) -> None:
        self.written: list[str] = []

    def write(self, data: bytes) -> None:
        self.written.append(data.decode())


def conversation(replies: bytes, *, eof: bool = True, command_s: float = 1) -> tuple[Conversation, Socket]:
    wire, socket = Wire(), Socket()
    wire.attach(socket)
    wire.data_received(replies)
    if eof:
        wire.eof_received()
    return Conversation(parse_request(b""), wire, command_s), socket


async def asked(replies: bytes, verb: str = "NOOP", *args: str | int) -> Reply:
    return await conversation(replies)[0].command(verb, *args)


# --- the request ---


def test_the_script_is_named_apart_from_its_query() -> None:
    request = parse_request(b"agi_network_script: ivr/main?lang=zh&x=%E5%BC%A0&empty=\n")
    assert request.script == "ivr/main"
    assert request.query == {"lang": "zh", "x": "张", "empty": ""}


def test_arguments_come_in_order_and_values_keep_colons() -> None:
    request = parse_request(b"agi_arg_2: b: c\nagi_arg_1: a\nagi_arg_4: lost\nagi_callerid: 100\n")
    assert request.args == ("a", "b: c")
    assert request.headers["agi_callerid"] == "100"


@given(st.binary(max_size=300))
def test_arbitrary_headers_never_raise(block: bytes) -> None:
    parse_request(block)


# --- commands ---


@pytest.mark.parametrize(
    "value", ['he said "hi"', '" "', 'a" "b', "back\\slash", "\u2028", "(a)", "张伟明", "", "${SECRET}"]
)
async def test_arguments_are_quoted(value: str) -> None:
    talk, socket = conversation(b"200 result=1\n")
    await talk.command("SET VARIABLE", "X", value)
    escaped = value.replace("\\", "\\\\").replace('"', '\\"')
    assert socket.written == [f'SET VARIABLE "X" "{escaped}"\n']


@pytest.mark.parametrize("value", ["a\nHANGUP", "a\rb", "a\x00b"])
async def test_an_argument_cannot_become_a_command(value: str) -> None:
    talk, socket = conversation(b"200 result=1\n")
    with pytest.raises(ValueError, match="control character"):
        quote(value)
    with pytest.raises(ValueError, match="control character"):
        await talk.command("NOOP", value)
    with pytest.raises(ValueError, match="control character"):
        await talk.command("SET VARIABLE", "X", "plain", value)
    with pytest.raises(ValueError, match="control character"):
        await talk.command(f"NOOP {value}")
    assert socket.written == []
    assert (await talk.command("NOOP")).ok, "nothing was sent, so nothing is out of step"


# --- replies ---


@pytest.mark.parametrize(
    ("raw", "reply"),
    [
        (b"200 result=0\n", Reply(200, "0")),
        (b"200 result=123\n", Reply(200, "123")),
        (b"200 result= (timeout)\n", Reply(200, "", "timeout")),
        (b"200 result=12 (timeout)\n", Reply(200, "12", "timeout")),
        (b"200 result=1 (a (b) c)\n", Reply(200, "1", "a (b) c")),
        (b"200 result=0 endpos=8000\n", Reply(200, "0", None, {"endpos": "8000"})),
        (b"200 result=35 (dtmf) endpos=8000\n", Reply(200, "35", "dtmf", {"endpos": "8000"})),
        (b"200 result=-2\n", Reply(200, "-2")),
        (b"200 result=1 ()\n", Reply(200, "1", "")),
        (b"510 Invalid or unknown command\n", Reply(510, text="Invalid or unknown command")),
        (b"520 Invalid command syntax.\n", Reply(520, text="Invalid command syntax.")),
        (
            b"520-Usage follows:\nNOOP x\n520 End of proper usage.\n",
            Reply(520, text="Usage follows:\nNOOP x"),
        ),
    ],
)
async def test_each_reply_is_read_whole(raw: bytes, reply: Reply) -> None:
    talk, _ = conversation(raw + b"200 result=99\n")
    assert await talk.command("NOOP") == reply
    assert (await talk.command("NOOP")).result == "99", "the stream is in step afterwards"


async def test_no_digits_and_a_time_out_look_different() -> None:
    assert (await asked(b"200 result= (timeout)\n")).timed_out
    assert not (await asked(b"200 result=\n")).timed_out


async def test_a_value_with_newlines_is_read_to_its_end() -> None:
    talk, _ = conversation(b"200 result=1 (one\ntwo (2) x\nthree)\n200 result=0\n")
    assert (await talk.command("GET VARIABLE", "X")).note == "one\ntwo (2) x\nthree"
    assert (await talk.command("NOOP")).result == "0"


@pytest.mark.parametrize("at", range(1, 60))
async def test_replies_split_anywhere_are_the_same(at: int) -> None:
    stream = "HANGUP\n200 result=1 (张\n伟明)\n520-Usage:\nx\n520 End.\n".encode()
    wire = Wire()
    wire.attach(Socket())
    talk = Conversation(parse_request(b""), wire, 1)
    wire.data_received(stream[:at])
    asyncio.get_running_loop().call_later(0.001, wire.data_received, stream[at:])
    assert (await talk.command("GET VARIABLE", "X")).note == "张\n伟明"
    assert (await talk.command("NOOP")).code == 520


# --- hang-up, or not ---


async def test_an_inline_hangup_is_no_answer() -> None:
    talk, _ = conversation(b"HANGUP\n200 result=7\n")
    assert (await talk.command("NOOP")).result == "7"
    assert talk.hangup_seen


async def test_a_progress_line_is_no_answer() -> None:
    assert (await asked(b"100 Trying...\n200 result=7\n")).result == "7"


async def test_a_missing_prompt_is_no_hangup() -> None:
    talk, socket = conversation(b"200 result=-1 endpos=0\n200 result=6\n")
    reply = await talk.command("STREAM FILE", "nosuch", "")
    assert (reply.result, reply.ok) == ("-1", False)
    assert socket.written[-1] == "CHANNEL STATUS\n"


@pytest.mark.parametrize("status", [b"511 Command Not Permitted on a dead channel\n", b"200 result=-1\n"])
async def test_minus_one_on_a_dead_channel_is_a_hangup(status: bytes) -> None:
    with pytest.raises(CallerHungUp):
        await asked(b"200 result=-1\n" + status)


async def test_a_dead_channel_is_a_hangup_and_its_variables_can_still_be_set() -> None:
    talk, _ = conversation(
        b"511 Command Not Permitted on a dead channel or intercept routine\n200 result=1\n"
    )
    with pytest.raises(CallerHungUp):
        await talk.command("STREAM FILE", "x", "")
    await talk.set_variable("X", "y")


async def test_end_of_file_is_a_broken_link() -> None:
    for partial in (b"", b"200 resu", b"520-usage\n", b"200 result=1 (open\n"):
        with pytest.raises(LinkBroken):
            await asked(partial)


# --- out of step ---


async def test_a_command_has_a_deadline_after_which_the_conversation_is_over() -> None:
    talk, socket = conversation(b"", eof=False, command_s=0.02)
    with pytest.raises(NoReply):
        await talk.command("STREAM FILE", "x", "")
    with pytest.raises(LinkBroken, match="never got its reply"):
        await talk.command("NOOP")
    assert len(socket.written) == 1


async def test_a_cancelled_command_does_not_shift_the_replies() -> None:
    talk, _ = conversation(b"", eof=False)
    with pytest.raises(TimeoutError):
        await asyncio.wait_for(talk.command("WAIT FOR DIGIT", 5000), 0.01)
    with pytest.raises(LinkBroken):
        await talk.command("NOOP")


async def test_commands_wait_for_each_other() -> None:
    talk, _ = conversation(b"200 result=1\n200 result=2\n200 result=3\n")
    replies = await asyncio.gather(*(talk.command("NOOP", n) for n in range(3)))
    assert [reply.result for reply in replies] == ["1", "2", "3"]


@pytest.mark.parametrize(
    "raw",
    [
        b"\n",
        b"garbage\n",
        b"200 nonsense\n",
        b"x" * (LONGEST_LINE + 2),
        b"200 result=1 (" + b"a\n" * LONGEST_LINE,
    ],
)
async def test_what_is_no_reply_is_a_violation(raw: bytes) -> None:
    with pytest.raises(ProtocolViolation):
        await asked(raw)


@given(raw=st.binary(max_size=200))
def test_arbitrary_replies_raise_nothing_else(raw: bytes) -> None:
    async def ask() -> None:
        talk, _ = conversation(raw)
        try:
            await talk.command("NOOP")
        except IvrError:
            return

    run(ask)


def run(work: Callable[[], Awaitable[None]]) -> None:
    async def main() -> None:
        await work()

    asyncio.run(main())
