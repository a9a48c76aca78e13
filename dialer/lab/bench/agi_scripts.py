"""The same script three times: on our FastAGI server, on panoramisk's, and as a process of its own on pyst2's AGI.

`python -m dialer.lab.bench.agi_scripts ours|panoramisk PORT [uvloop]` serves.
"""

import asyncio
import logging
import sys
from typing import Any

import uvloop

from dialer.lab.ports import HOST

PAIRS = 10
COMMANDS = 2 * PAIRS + 1
SCRIPT = "bench"


async def _ours(port: int) -> None:
    from ivr.agi.protocol import Conversation
    from ivr.agi.server import AgiLimits, FastAgiServer

    async def script(talk: Conversation) -> str:
        for _ in range(PAIRS):
            await talk.command("SET VARIABLE", "FAIRDIAL_BENCH", "1")
            await talk.command("GET VARIABLE", "FAIRDIAL_BENCH")
        return "done"

    server = FastAgiServer(
        HOST, port, {SCRIPT: script}, report=lambda end: None, limits=AgiLimits(sessions=500)
    )
    await server.start()
    await asyncio.Event().wait()


async def _panoramisk(port: int) -> None:
    from panoramisk import fast_agi

    async def script(request: Any) -> None:
        for _ in range(PAIRS):
            await request.send_command('SET VARIABLE "FAIRDIAL_BENCH" "1"')
            await request.send_command('GET VARIABLE "FAIRDIAL_BENCH"')
        await request.send_command('SET VARIABLE "IVR_RESULT" "done"')

    application = fast_agi.Application()
    application.add_route(SCRIPT, script)
    async with await asyncio.start_server(application.handler, HOST, port) as server:
        await server.serve_forever()


CLASSIC = f"""
from asterisk.agi import AGI

agi = AGI()
for _ in range({PAIRS}):
    agi.set_variable("FAIRDIAL_BENCH", "1")
    agi.get_variable("FAIRDIAL_BENCH")
agi.set_variable("IVR_RESULT", "done")
"""
"""A program of its own: what it imports is part of what a call costs."""


def main(kind: str, port: str, loop: str = "") -> None:
    logging.basicConfig(level=logging.WARNING)
    server = _ours(int(port)) if kind == "ours" else _panoramisk(int(port))
    factory = uvloop.new_event_loop if loop == "uvloop" else None
    with asyncio.Runner(loop_factory=factory) as runner:
        runner.run(server)


if __name__ == "__main__":
    main(*sys.argv[1:])
