"""Flows through the executor, with an Asterisk that is scripted: every command, every odd reply."""

import asyncio
import logging
from datetime import datetime
from zoneinfo import ZoneInfo

import pytest

from ivr.asterisk import Effects
from ivr.asterisk.standalone import DialStrings
from ivr.flow.model import Flow
from ivr.ports import Answer, Registered, Waits
from tests.support.fake_agi_caller import HANG_UP
from tests.support.fake_ami_server import eventually
from tests.unit.ivr.asterisk.rig import (
    CALL,
    DEAD,
    DONE,
    GONE,
    NO_KEY,
    exchange,
    key,
    played,
    result,
    variables,
)
from tests.unit.ivr.engine.calls import small

pytestmark = pytest.mark.unit

PROMPTS = """
prompts:
  hello: {en: hello}
  which: {en: which}
  number: {en: number}
  bye: {en: bye}
  none: {en: none}
"""
MENU = small(
    """
  first: {type: say, prompt: hello, next: menu}
  menu:
    type: menu
    prompt: which
    choices: {"1": one, "2": number}
    tries: 2
  number: {type: gather, prompt: number, into: given, max: 4, next: one}
  one: {type: hang_up, prompt: bye, result: served}
""",
    more=PROMPTS + "variables: {given: \"''\"}\nentry_points: {again: menu}\n",
)


def flow(nodes: str, more: str = "") -> Flow:
    return small(nodes + "\n  end: {type: hang_up, prompt: bye, result: served}\n", more=PROMPTS + more)


async def test_a_key_leads_through_the_flow_to_its_result() -> None:
    async with exchange(MENU) as pbx:
        caller = pbx.caller().says("STREAM FILE", DONE, key("1"), DONE)
        commands = await caller.call()
        assert played(commands) == ["hello", "which", "bye"]
        assert result(commands) == "served"
        assert (await pbx.state())["ended"] == "served"
        assert (await pbx.end()).outcome == "done"


async def test_the_called_number_has_a_route_and_others_hear_the_fallback() -> None:
    async with exchange(MENU) as pbx:
        commands = await pbx.caller("inbound").says("STREAM FILE", DONE, key("1"), DONE).call()
        assert result(commands) == "served"
        commands = await pbx.caller("inbound", agi_dnid="95001").call()
        assert commands == ['SET VARIABLE "IVR_RESULT" ""']


async def test_an_unknown_flow_is_a_failure() -> None:
    async with exchange(MENU) as pbx:
        assert await pbx.caller("flow?name=other").call() == []
        assert (await pbx.end()).outcome == "failed"


async def test_known_sounds_and_the_silence_after_them_are_one_command() -> None:
    async with exchange(MENU) as pbx:
        await pbx.caller().says("STREAM FILE", DONE).call()
        caller = pbx.caller(agi_uniqueid="2.2").says("EXEC", b"200 result=49\n", NO_KEY)
        commands = await caller.call()
        assert commands[1] == 'EXEC "Background" "p/hello&p/which&silence/5,n,,fairdial-no-extensions"'
        assert result(commands) == "served"


async def test_a_sound_that_has_gone_is_looked_for_again_and_the_wait_is_kept() -> None:
    async with exchange(MENU) as pbx:
        await pbx.caller().says("STREAM FILE", DONE).call()
        # Background comes back at once: a file was not there. The rest of the five seconds is waited for a key
        caller = (
            pbx.caller(agi_uniqueid="2.2").says("EXEC", NO_KEY).says("WAIT FOR DIGIT", b"200 result=49\n")
        )
        caller.says("STREAM FILE", DONE)
        commands = await caller.call()
        (waited,) = [int(each.split('"')[1]) for each in commands if each.startswith("WAIT FOR DIGIT")]
        assert 4_500 < waited <= 5_000
        assert played(commands[-3:]) == ["bye"]


async def test_silence_is_counted_and_leads_to_failure() -> None:
    async with exchange(MENU) as pbx:
        commands = await pbx.caller().says("STREAM FILE", DONE).call()
        assert played(commands) == [
            "hello", "which", "builtin/no_input", "which", "builtin/failure",
        ]  # fmt: skip
        assert result(commands) == "no_answer"


async def test_keys_are_collected_until_the_input_is_complete() -> None:
    async with exchange(MENU) as pbx:
        caller = pbx.caller().says("STREAM FILE", DONE, key("2"), key("4"), DONE)
        caller.says("WAIT FOR DIGIT", *(f"200 result={ord(each)}\n".encode() for each in "56#"))
        commands = await caller.call()
        assert (await pbx.state())["variables"] == {"given": "456"}
        assert commands.count('WAIT FOR DIGIT "3000"') == 3
        assert result(commands) == "served"


async def test_after_the_last_key_the_input_counts_without_a_terminator() -> None:
    async with exchange(MENU) as pbx:
        caller = pbx.caller().says("STREAM FILE", DONE, key("2"), key("4"), DONE)
        await caller.says("WAIT FOR DIGIT", b"200 result=53\n", NO_KEY).call()
        assert (await pbx.state())["variables"] == {"given": "45"}


async def test_a_prompt_without_barge_in_is_played_to_its_end() -> None:
    made = flow('  first: {type: menu, prompt: which, barge_in: no, choices: {"1": end}}')
    async with exchange(made) as pbx:
        commands = await pbx.caller().says("STREAM FILE", DONE, key("1"), DONE).call()
        assert commands[1] == 'STREAM FILE "p/which" "" "0"'
        assert commands[2] == 'STREAM FILE "silence/5" "0123456789*#" "0"'
        assert result(commands) == "served"


async def test_a_disclosure_counts_when_it_was_played_to_its_end() -> None:
    nodes = """
  first: {type: say, prompt: which, disclosure: price, barge_in: no, next: asked}
  asked: {type: branch, cases: [{when: heard.price, next: end}], otherwise: not_heard}
  not_heard: {type: hang_up, result: not_heard}
"""
    for reply, ended in (
        (DONE, "served"),
        (b"200 result=-1 endpos=0\n", "not_heard"),
    ):
        async with exchange(flow(nodes)) as pbx:
            commands = await pbx.caller().says("STREAM FILE", reply, DONE).call()
            assert result(commands) == ended


async def test_a_disclosure_of_which_a_part_has_no_sound_was_not_heard() -> None:
    nodes = """
  first: {type: say, prompt: [which, none], disclosure: price, barge_in: no, next: asked}
  asked: {type: branch, cases: [{when: heard.price, next: end}], otherwise: not_heard}
  not_heard: {type: hang_up, result: not_heard}
"""
    async with exchange(flow(nodes)) as pbx:
        commands = await pbx.caller().says("STREAM FILE", DONE, DONE).call()
        assert result(commands) == "not_heard"


async def test_missing_sounds_are_told_once_and_the_flow_goes_on(caplog: pytest.LogCaptureFixture) -> None:
    made = flow(
        '  first: {type: say, prompt: [none, hello], next: menu}\n  menu: {type: menu, prompt: which, choices: {"1": end}}'
    )
    caplog.set_level(logging.WARNING)
    async with exchange(made) as pbx:
        for number in ("1.1", "1.2"):
            # Asterisk has no file for `hello` either
            caller = pbx.caller(agi_uniqueid=number).says("STREAM FILE", GONE, key("1"), DONE)
            commands = await caller.call()
            assert result(commands) == "served"
    assert [each.action for each in caplog.records] == ["ivr.prompt_missing", "ivr.sound_absent"]  # type: ignore[attr-defined]


# --- what is done for the caller --------------------------------------------------------------------------------------

REQUESTS = {
    "opt_out": ("opt_out, scope: all", ["13800138000", "all"]),
    "sms": ("sms, text: hello", ["13800138000", "hello"]),
    "callback": (
        "callback, queue: q, at: \"'2026-03-02T10:00'\"",
        ["13800138000", datetime(2026, 3, 2, 10, tzinfo=ZoneInfo("Asia/Shanghai")), "q", ""],
    ),
}


@pytest.mark.parametrize("what", REQUESTS)
@pytest.mark.parametrize("outcome", ["done", "refused", "broken"])
async def test_requests_go_to_their_port(what: str, outcome: str) -> None:
    node, given = REQUESTS[what]
    made = flow(
        f"  first: {{type: {node}, next: end, on_failure: sorry}}\n  sorry: {{type: hang_up, result: sorry}}"
    )
    async with exchange(made) as pbx:
        if outcome != "done":
            pbx.world.does[what] = Registered(False) if outcome == "refused" else RuntimeError("away")
        commands = await pbx.caller().call()
        assert pbx.world.all(what) == [given]
        assert result(commands) == ("served" if outcome == "done" else "sorry")


async def test_a_call_back_at_no_time_is_refused() -> None:
    made = flow(
        "  first: {type: callback, at: \"'soon'\", next: end, on_failure: sorry}\n  sorry: {type: hang_up, result: sorry}"
    )
    async with exchange(made) as pbx:
        assert result(await pbx.caller().call()) == "sorry"
        assert not pbx.world.done


async def test_without_a_port_requests_fail() -> None:
    made = flow(
        "  first: {type: opt_out, next: end, on_failure: sorry}\n  sorry: {type: hang_up, result: sorry}"
    )
    async with exchange(made, effects=Effects()) as pbx:
        assert result(await pbx.caller().call()) == "sorry"


HTTP = """
  first: {type: http, url: "https://a.example/x", retries: 2, save: {given: x}, next: end, on_failure: sorry}
  sorry: {type: hang_up, result: sorry}
"""


@pytest.mark.parametrize(
    ("answer", "ended"),
    [
        (Answer(200, {"x": "y"}), "served"),
        (Answer(503), "sorry"),
        (Answer(0), "sorry"),
        (OSError("no network"), "sorry"),
    ],
)
async def test_a_look_up_knows_the_flows_hosts_and_how_often_it_may_ask(
    answer: Answer | Exception, ended: str
) -> None:
    more = "http_hosts: [a.example]\nvariables: {given: \"''\"}\n"
    async with exchange(flow(HTTP, more)) as pbx:
        pbx.world.does["http"] = answer
        assert result(await pbx.caller().call()) == ended
        (asked,) = pbx.world.all("http")
        assert asked[:3] == ["GET", "https://a.example/x", None]
        assert asked[-2:] == [2, ("a.example",)]


async def test_keys_pressed_during_a_look_up_answer_the_next_question() -> None:
    nodes = """
  first: {type: http, url: "https://a.example/x", next: menu}
  menu: {type: menu, prompt: which, choices: {"1": sorry, "2": end}}
  sorry: {type: hang_up, result: sorry}
"""
    async with exchange(flow(nodes, "http_hosts: [a.example]\n")) as pbx:
        heard = asyncio.Event()

        async def slow() -> Answer:
            await heard.wait()
            await asyncio.sleep(0.02)
            return Answer(200)

        pbx.world.does["http"] = slow
        caller = pbx.caller().says("STREAM FILE", key("2"), DONE)
        caller.on_command = lambda line: (
            heard.set() if line.startswith("NOOP") or "silence/10" in line else None
        )
        commands = await caller.call()
        assert commands[1] == 'STREAM FILE "silence/10" "0123456789*#" "0"'
        assert played(commands) == ["bye"], "the question was answered before it was put"
        assert result(commands) == "served"


# --- recordings ---------------------------------------------------------------------------------------------------------

VOICEMAIL = """
  first: {type: voicemail, prompt: hello, box: sales, longest: 60 s, next: end, on_failure: sorry}
  sorry: {type: hang_up, result: sorry}
"""


async def test_a_voicemail_is_recorded_and_left() -> None:
    async with exchange(flow(VOICEMAIL)) as pbx:
        caller = pbx.caller().says("STREAM FILE", DONE)
        commands = await caller.says("RECORD FILE", b"200 result=35 (dtmf) endpos=24000\n").call()
        assert 'RECORD FILE "/rec/1767582000_7-1" "wav" "#" "60000" "BEEP" "s=5"' in commands
        assert pbx.world.all("voicemail") == [["sales", "1767582000_7-1.wav", 3.0, "13800138000"]]
        assert result(commands) == "served"


async def test_what_was_said_until_the_caller_hung_up_is_left_too() -> None:
    async with exchange(flow(VOICEMAIL)) as pbx:
        caller = pbx.caller().says("STREAM FILE", DONE, DEAD)
        caller.says("RECORD FILE", b"200 result=-1 (hangup) endpos=16000\nHANGUP\n")
        commands = await caller.call()
        assert pbx.world.all("voicemail")[0][2] == 2.0
        assert result(commands) == "caller-left"
        assert (await pbx.state())["ended"] == "served", "only the good-bye was not heard"


@pytest.mark.parametrize(
    "reply", [b"200 result=-1 (writefile) endpos=0\n", b"200 result=0 (timeout) endpos=0\n", b"510 no\n"]
)
async def test_a_recording_that_cannot_be_made_leads_to_the_way_for_failures(reply: bytes) -> None:
    async with exchange(flow(VOICEMAIL)) as pbx:
        commands = await pbx.caller().says("STREAM FILE", DONE).says("RECORD FILE", reply).call()
        assert result(commands) == "sorry"


# --- transfers ------------------------------------------------------------------------------------------------------------

TRANSFER = """
  first: {type: transfer, %s, prompt: hello, timeout: 20 s, next: end, on_busy: busy, on_failure: sorry}
  busy: {type: hang_up, result: engaged}
  sorry: {type: hang_up, result: sorry}
"""


@pytest.mark.parametrize(
    ("outcome", "ended"),
    [
        ("answered", "served"),
        ("busy", "engaged"),
        ("no_answer", "sorry"),
        ("nonsense", "sorry"),
        (RuntimeError(), "sorry"),
    ],
)
async def test_who_takes_the_call_says_how_a_transfer_ended(outcome: object, ended: str) -> None:
    async with exchange(flow(TRANSFER % "queue: service")) as pbx:
        pbx.world.does["transfer"] = outcome
        commands = await pbx.caller().says("STREAM FILE", DONE).call()
        assert pbx.world.all("transfer") == [["queue", "service"]]
        assert result(commands) == ended


async def test_a_number_is_dialled_by_the_dialplan_which_comes_back_with_the_outcome() -> None:
    async with exchange(flow(TRANSFER % 'number: "4930123"')) as pbx:
        commands = await pbx.caller().says("STREAM FILE", DONE).call()
        told = variables(commands)
        assert (told["IVR_NEXT"], told["FAIRDIAL_TARGET"], told["FAIRDIAL_RING_S"]) == (
            "dial",
            "PJSIP/4930123@trunk",
            "20",
        )
        assert (told["FAIRDIAL_SESSION"], told["IVR_RESULT"]) == (CALL, "transferring")
        back = pbx.caller(f"flow?name=&session={CALL}&entry=&outcome=BUSY", agi_uniqueid="9.9")
        commands = await back.says("STREAM FILE", DONE).call()
        assert result(commands) == "engaged"
        assert variables(commands)["FAIRDIAL_OUTCOME"] == ""


async def test_where_nothing_can_be_dialled_a_transfer_fails() -> None:
    async with exchange(flow(TRANSFER % "sip: sip:a@b.example")) as pbx:
        assert result(await pbx.caller().says("STREAM FILE", DONE).call()) == "sorry"


async def test_who_waits_for_one_agent_says_so_to_the_dialplan() -> None:
    async with exchange(flow(TRANSFER % "agent: Ana")) as pbx:
        pbx.world.does["transfer"] = Waits("service", "7", "busy")
        told = variables(await pbx.caller().says("STREAM FILE", DONE).call())
        assert pbx.world.all("transfer") == [["agent", "Ana"]]
        names = ("IVR_NEXT", "FAIRDIAL_TARGET", "FAIRDIAL_AGENT", "FAIRDIAL_IN_VAIN")
        assert [told[name] for name in names] == ["wait", "service", "7", "BUSY"]


@pytest.mark.parametrize(
    ("kind", "target", "dialled"),
    [
        ("number", "+49 (30) 123-45", "PJSIP/+493012345@trunk"),
        ("number", "123&Local/s@evil", None),
        ("number", "123,60,U(evil)", None),
        ("number", "", None),
        ("sip", "sip:7@pbx.example.com", "PJSIP/trunk/sip:7@pbx.example.com"),
        ("sip", "sip:7&8@pbx.example.com", None),
    ],
)
def test_without_a_dialler_nothing_that_means_anything_gets_into_a_dial_string(
    kind: str, target: str, dialled: str | None
) -> None:
    assert DialStrings("PJSIP/{number}@trunk", "PJSIP/trunk/{uri}").dial_string(kind, target) == dialled


RETURN = """
  first: {type: gather, prompt: number, into: given, max: 1, next: on}
  on: {type: transfer, queue: service}
"""
RETURNING = "variables: {given: \"''\"}\nentry_points: {back: again}\n"
AGAIN = '  again: {type: branch, cases: [{when: given == "7", next: end}], otherwise: first}\n'


async def test_a_caller_comes_back_to_an_entry_point_with_what_was_entered() -> None:
    async with exchange(flow(RETURN + AGAIN, RETURNING)) as pbx:
        pbx.world.does["transfer"] = ""
        commands = await pbx.caller().says("STREAM FILE", key("7")).call()
        assert variables(commands)["IVR_NEXT"] == "wait"
        back = pbx.caller(f"flow?name=&session={CALL}&entry=back&outcome=ANSWER")
        assert result(await back.says("STREAM FILE", DONE).call()) == "served"


async def test_a_caller_whose_session_has_ended_begins_again_at_the_entry_point() -> None:
    async with exchange(flow(RETURN + AGAIN, RETURNING)) as pbx:
        pbx.world.does["transfer"] = "answered"
        assert result(await pbx.caller().says("STREAM FILE", key("7")).call()) == "transferred"
        back = pbx.caller(f"flow?session={CALL}&entry=back")
        assert result(await back.says("STREAM FILE", DONE).call()) == "served"


async def test_who_hangs_up_in_the_dialplan_was_talking_or_waiting() -> None:
    for outcome, ended in (("ANSWER", "transferred"), ("CANCEL", "hung_up")):
        async with exchange(flow(RETURN + AGAIN, RETURNING)) as pbx:
            pbx.world.does["transfer"] = ""
            await pbx.caller().says("STREAM FILE", key("7")).call()
            commands = await pbx.caller(f"gone?session={CALL}&outcome={outcome}").call()
            assert result(commands) == ended
            assert (await pbx.state())["ended"] == ended


# --- ends -----------------------------------------------------------------------------------------------------------------

SURVEY = """
  first:
    type: question
    kind: single
    prompt: which
    options: [{key: "1", code: "yes", label: {en: "yes"}}, {key: "2", code: "no", label: {en: "no"}}]
    next: second
  second: {type: question, kind: rating, prompt: number, next: end}
"""


async def test_who_hangs_up_leaves_the_answers_so_far() -> None:
    async with exchange(flow(SURVEY)) as pbx:
        caller = pbx.caller().says("STREAM FILE", key("1"), GONE).says("CHANNEL STATUS", b"200 result=-1\n")
        commands = await caller.call()
        assert pbx.world.all("answer") == [["first", "answered", "yes"], ["second", "cut_off", None]]
        assert result(commands) == "caller-left"
        assert (await pbx.end()).outcome == "caller-left"
        state = await pbx.state()
        assert (state["ended"], state["node"]) == ("hung_up", "second")


async def test_an_opt_out_counts_although_the_caller_hangs_up_meanwhile() -> None:
    async with exchange(flow("  first: {type: opt_out, next: end}")) as pbx:
        commands = await pbx.caller().says("SET VARIABLE", b"HANGUP\n200 result=1\n").call()
        assert pbx.world.all("opt_out") == [["13800138000", "marketing"]]
        assert result(commands) == "caller-left"


async def test_an_opt_out_after_words_that_were_not_heard_to_their_end_counts() -> None:
    async with exchange(
        flow("  first: {type: say, prompt: hello, next: out}\n  out: {type: opt_out, next: end}")
    ) as pbx:
        caller = pbx.caller().says("STREAM FILE", GONE).says("CHANNEL STATUS", b"200 result=-1\n")
        commands = await caller.call()
        assert pbx.world.all("opt_out") == [["13800138000", "marketing"]]
        assert result(commands) == "caller-left"


@pytest.mark.parametrize("reply", [HANG_UP, b"garbage\n", b"200 what\n"])
async def test_a_broken_link_leaves_the_session_as_it_is_and_another_process_takes_it_up(
    reply: bytes,
) -> None:
    async with exchange(MENU) as pbx:
        assert result(await pbx.caller().says("STREAM FILE", DONE, key("2"), reply).call()) is None
        assert (await pbx.end()).outcome in ("link-broken", "failed")
        assert (await pbx.state())["node"] == "number"
        back = pbx.caller(f"flow?name=&session={CALL}&entry=&outcome=")
        back.says("STREAM FILE", key("7"), DONE).says("WAIT FOR DIGIT", b"200 result=35\n")
        commands = await back.call()
        assert played(commands) == ["number", "bye"], "the last question was put once more"
        assert (await pbx.state())["variables"] == {"given": "7"}


async def test_a_session_nobody_knows_has_no_result() -> None:
    async with exchange(MENU) as pbx:
        assert result(await pbx.caller("flow?name=&session=1.1&entry=&outcome=").call()) == ""


async def test_a_session_that_went_on_elsewhere_is_left_alone() -> None:
    async with exchange(MENU) as pbx:
        caller = pbx.caller().says("STREAM FILE", DONE, key("1"))

        def meanwhile(line: str) -> None:
            if "p/which" in line:
                kept = pbx.store._kept[CALL]
                pbx.store._kept[CALL] = (kept[0], kept[1] + 1)

        caller.on_command = meanwhile
        assert result(await caller.call()) is None
        assert "SessionTaken" in (await pbx.end()).detail


class AwayStore:
    async def load(self, call: str) -> None:
        raise ConnectionError("away")

    async def save(self, call: str, state: object, revision: int) -> bool:
        raise ConnectionError("away")

    async def forget(self, call: str) -> None: ...


async def test_without_a_store_the_caller_hears_the_fallback() -> None:
    async with exchange(MENU, store=AwayStore()) as pbx:
        commands = await pbx.caller().call()
        assert commands == [], "no session is announced that is not stored"
        assert (await pbx.end()).outcome == "failed"


async def test_closing_the_server_ends_a_call_and_keeps_its_session() -> None:
    async with exchange(MENU) as pbx:
        caller = pbx.caller().says("STREAM FILE", b"\x00")
        waiting = asyncio.ensure_future(caller.call())
        await eventually(lambda: any("p/hello" in each for each in caller.commands))
        await pbx.server.close()
        await waiting
        assert (await pbx.state())["wait"] == "keys"
