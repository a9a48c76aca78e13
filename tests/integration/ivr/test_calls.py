"""Real callers walk through a flow on a real exchange; what they heard is read from the recording."""

import asyncio
import signal
import sys
import wave
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest

from dialer.lab import processes
from dialer.lab.centre import CallCentre
from ivr.flow.model import Flow
from ivr.flow.reader import from_text
from tests.integration.ivr.rig import FOLDER, SECONDS, Heard, Rig, heard, make_prompts, make_tones

pytestmark = pytest.mark.asterisk

Serve = Callable[[Flow], Awaitable[Rig]]

TEXT = """
flow: small
title: Small
languages: [en]
start: welcome
variables: {given: "''", clip: "''"}
entry_points: {again: again}
prompts:
  welcome: {en: welcome}
  menu: {en: menu}
  number: {en: number}
  leave: {en: leave}
  bye: {en: bye}
  wait: {en: wait}
  again: {en: again}
nodes:
  welcome: {type: say, prompt: welcome, next: menu}
  menu:
    type: menu
    prompt: menu
    timeout: 2 s
    tries: 2
    choices: {"1": number, "2": leave, "3": busy, "4": through, "5": out, "6": agent}
  number: {type: gather, prompt: number, into: given, max: 12, timeout: 8 s, between_digits: 2 s, next: bye}
  leave: {type: voicemail, prompt: leave, box: sales, longest: 20 s, silence: 10 s, next: bye}
  busy: {type: transfer, number: "+12025553020", prompt: wait, on_busy: again, next: bye}
  through: {type: transfer, number: "+12025550997", prompt: wait, next: again}
  out: {type: opt_out, number: "12025550199", next: bye}
  agent: {type: transfer, queue: service, prompt: wait, timeout: 30 s, next: bye}
  again: {type: gather, prompt: again, into: clip, max: 1, next: bye}
  bye: {type: hang_up, prompt: bye, result: served}
"""
FLOW = from_text(TEXT)


def prompts(file: Path) -> list[str]:
    return [each.prompt for each in heard(file)]


async def test_a_caller_hears_the_prompts_and_a_key_cuts_them_short(serve: Serve) -> None:
    rig = await serve(FLOW)
    for _ in range(2):  # the second time all sounds are known, and go out in one command
        file = rig.call("Wait(2.2)", "SendDTMF(1,,100)", "Wait(0.7)", "SendDTMF(4711#,100,100)", "Wait(4)")
        await rig.at("bye")
        await rig.quiet()
        assert rig.state()["variables"]["given"] == "4711"
        assert rig.ends[-1].outcome == "done"
        welcome, menu, number, bye = heard(file)
        assert [welcome.prompt, menu.prompt, number.prompt, bye.prompt] == [
            "welcome",
            "menu",
            "number",
            "bye",
        ]
        assert abs(welcome.seconds - SECONDS) < 0.4
        assert menu.seconds < 1.2, "cut short by the key"
        assert number.seconds < 1.2, "cut short by the first digit"
        assert abs(bye.seconds - SECONDS) < 0.4


@pytest.mark.parametrize("digits", ["1023456789#", "1998877665544#"])
async def test_keys_typed_ahead_without_a_pause_are_all_there(serve: Serve, digits: str) -> None:
    rig = await serve(FLOW)
    for _ in range(3):
        file = rig.call("Wait(0.4)", f"SendDTMF({digits},50,50)", "Wait(4.5)")
        await rig.at("bye")
        await rig.quiet()
        assert rig.state()["variables"]["given"] == digits[1:-1]
        welcome, *between, bye = heard(file)
        assert (welcome.prompt, bye.prompt) == ("welcome", "bye")
        assert all(each.seconds < 0.3 for each in between), "the next key stops a question as it begins"


async def test_silence_leads_through_two_tries_to_the_end(serve: Serve) -> None:
    rig = await serve(FLOW)
    file = rig.call("Wait(20)")
    await rig.at("builtin/failure")
    await rig.quiet()
    found = heard(file)
    assert [each.prompt for each in found] == [
        "welcome", "menu", "builtin/no_input", "menu", "builtin/failure",
    ]  # fmt: skip
    assert 1.8 < _pause(found[1], found[2]) < 2.9, "two seconds for an answer"
    assert rig.state()["ended"] == "no_answer"


def _pause(before: Heard, after: Heard) -> float:
    return after.at - before.at - before.seconds


async def test_a_voicemail_is_kept_although_the_caller_hangs_up_in_the_middle(serve: Serve) -> None:
    rig = await serve(FLOW)
    rig.call("Wait(0.5)", "SendDTMF(2,,100)", "Wait(0.5)", "SendDTMF(5,,100)", "Wait(1)", "Milliwatt()")
    await rig.at("leave", "record")
    await asyncio.sleep(5)
    rig.centre.carrier.cli("channel request hangup all")
    await rig.quiet()
    state = await rig.at("bye")
    assert state["ended"] == "served", "the message was left; only the good-bye was not heard"
    ((_, box, clip, seconds),) = [each for each in rig.world.done if each[0] == "voicemail"]
    assert box == "sales"
    with wave.open(str(rig.recordings / clip)) as sound:
        assert abs(sound.getnframes() / sound.getframerate() - seconds) < 0.05
    assert 2 < seconds < 6
    assert rig.ends[-1].outcome == "caller-left"


@pytest.mark.parametrize(
    ("steps", "node", "wait"),
    [
        ((), "menu", "keys"),
        (("Wait(0.4)", "SendDTMF(1,,100)"), "number", "keys"),
        (("Wait(0.4)", "SendDTMF(5,,100)"), "out", "request"),
        (("Wait(0.4)", "SendDTMF(6,,100)"), "agent", "transfer"),
        (("Wait(0.4)", "SendDTMF(4,,100)"), "through", "transfer"),
    ],
)
async def test_who_hangs_up_is_missed_at_once_wherever_that_was(
    serve: Serve, steps: tuple[str, ...], node: str, wait: str
) -> None:
    rig = await serve(FLOW)
    rig.world.slow_s = 2.0
    rig.call(*steps, "Wait(30)")
    await rig.at(node, wait)
    await asyncio.sleep(1.0 if wait != "transfer" else 2.5)
    rig.centre.carrier.cli("channel request hangup all")

    async def ended() -> bool:
        return bool(rig.state()["ended"])

    await rig.wait_for(ended, "the session has ended", 6)
    state = rig.state()
    if node == "out":
        assert ("opted_out", rig.world.done[0][1]) in rig.world.done, "carried out all the same"
        assert (state["node"], state["ended"]) == ("bye", "served")
    elif node == "through":
        assert state["ended"] == "hung_up"
        assert state["node"] == "again", "the call had been put through, and what follows was not heard"
    else:
        assert (state["node"], state["ended"]) == (node, "hung_up")


async def test_a_number_that_is_busy_brings_the_caller_back(serve: Serve) -> None:
    rig = await serve(FLOW)
    file = rig.call("Wait(0.4)", "SendDTMF(3,,100)", "Wait(5)", "SendDTMF(8,,100)", "Wait(3)")
    await rig.at("bye")
    await rig.quiet()
    assert rig.state()["transfer"] == "busy"
    assert rig.state()["variables"]["clip"] == "8"
    assert [each for each in prompts(file) if each not in ("welcome", "menu")] == ["wait", "again", "bye"]


async def test_an_agent_sends_the_caller_back_to_a_named_node(serve: Serve) -> None:
    rig = await serve(FLOW)
    rig.call("Wait(0.4)", "SendDTMF(6,,100)", "Wait(30)")
    session = (await rig.at("agent", "transfer"))["call"]

    async def waits() -> str:
        listed = rig.centre.pbx.cli("core show channels concise")
        return next((line.split("!")[0] for line in listed.splitlines() if "BridgeWait" in line), "")

    channel = await rig.wait_for(waits, "the caller waits for an agent")
    rig.centre.pbx.cli(f"dialplan set chanvar {channel} FAIRDIAL_ENTRY again")
    rig.centre.pbx.cli(f"channel redirect {channel} fairdial-ivr,s,1")
    state = await rig.at("again", "keys")
    assert (state["call"], state["transfer"]) == (session, "returned")


async def test_a_session_is_taken_up_by_another_process(serve: Serve, tmp_path: Path) -> None:
    rig = await serve(FLOW)
    file = rig.call("Wait(0.4)", "SendDTMF(1,,100)", "Wait(6)", "SendDTMF(77#,100,100)", "Wait(5)")
    await rig.at("number", "keys")
    await asyncio.sleep(0.5)
    for task in rig.server._running:  # no farewell: the connection is gone, as in a crash
        task.cancel()
    await rig.at("bye")
    await rig.quiet()
    assert rig.state()["variables"]["given"] == "77"
    assert [each for each in prompts(file) if each not in ("welcome", "menu")] == ["number", "number", "bye"]
    assert [end.outcome for end in rig.ends] == ["cut-short", "done"]


async def test_a_program_that_is_killed_leaves_its_callers_to_the_next_one(
    centre: CallCentre, tmp_path: Path
) -> None:
    """`ivr serve` as anybody runs it, killed while a caller is being asked."""
    rig, log = Rig(centre, tmp_path, FLOW), tmp_path / "serve.log"
    make_tones(centre.pbx.sounds)
    make_prompts(centre.pbx.sounds)
    (tmp_path / "small.yaml").write_text(TEXT, "utf-8")
    agi = centre.settings.agi
    command = [sys.executable, "-m", "ivr", "serve", str(tmp_path / "small.yaml"), "--port", str(agi.port)]
    command += ["--store", str(tmp_path), "--prompts", str(centre.pbx.sounds / FOLDER)]
    first = processes.start(processes.dies_with_parent(command), log)
    try:
        assert await asyncio.to_thread(
            processes.wait_until, lambda: "served on" in log.read_text("utf-8"), 15
        )
        file = rig.call("Wait(0.4)", "SendDTMF(1,,100)", "Wait(9)", "SendDTMF(88#,100,100)", "Wait(5)")
        await rig.at("number", "keys")
        await asyncio.sleep(0.5)
        first.kill()
        first.wait()
        second = processes.start(processes.dies_with_parent(command), log)
        try:
            await rig.at("bye")
            await rig.quiet()
        finally:
            processes.stop(second, signal.SIGTERM, 12)
        assert second.returncode == 0
        assert rig.state()["variables"]["given"] == "88"
        assert [each for each in prompts(file) if each not in ("welcome", "menu")] == [
            "number",
            "number",
            "bye",
        ]
    finally:
        processes.stop(first, signal.SIGKILL, 1)
