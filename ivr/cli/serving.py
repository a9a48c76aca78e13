"""serve: flows on any Asterisk, without a dialler."""

import asyncio
import logging
import signal
import sys
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer

from ivr.agi.server import AgiLimits, FastAgiServer, SessionEnd
from ivr.asterisk import Effects, FlowScript, PublishedFlows, Recordings, Sounds
from ivr.asterisk.standalone import DialStrings, FileSessions, FixedRoutes, Spool
from ivr.cli.console import language, opened, refuse, tell
from ivr.flow.model import Flow
from ivr.prompts import FileBook
from ivr.publishing import FileStore, publish
from ivr.words import Language, say

log = logging.getLogger("ivr.serve")

_PROMPTS_LOOKED_AT_S = 5.0


class _SystemClock:
    def now(self) -> datetime:
        return datetime.now(UTC)  # noqa: TID251  the clock of a program that runs by itself


def serve(
    ctx: typer.Context,
    flows: Annotated[
        list[str], typer.Argument(help="Files, or flows that ship; the first answers every number.")
    ],
    host: Annotated[str, typer.Option("--host", help="Where Asterisk reaches us.")] = "127.0.0.1",
    port: Annotated[int, typer.Option("--port", help="Of the FastAGI server.")] = 4573,
    store: Annotated[
        Path,
        typer.Option(
            "--store", envvar="FAIRDIAL_IVR_STORE", help="Folder of flows, sessions and what callers leave."
        ),
    ] = Path("ivr-store"),
    prompts: Annotated[
        Path, typer.Option("--prompts", help="Folder that `ivr prompts build` has filled.")
    ] = Path("ivr-prompts"),
    prompts_seen_as: Annotated[
        str, typer.Option("--prompts-seen-as", help="The same folder as Asterisk knows it.")
    ] = "",
    recordings: Annotated[
        str, typer.Option("--recordings", help="Folder, as Asterisk knows it, for what callers say.")
    ] = "/var/spool/fairdial/recordings",
    route: Annotated[
        list[str] | None, typer.Option("--route", help="NUMBER=FLOW: another flow for a called number.")
    ] = None,
    dial: Annotated[
        str, typer.Option("--dial", help="How to dial a number: PJSIP/{number}@trunk. Without it none is.")
    ] = "",
    dial_sip: Annotated[
        str,
        typer.Option("--dial-sip", help="How to dial a SIP address: PJSIP/trunk/{uri}. Without it none is."),
    ] = "",
    most: Annotated[int, typer.Option("--most", min=1, help="Callers at once.")] = 500,
) -> None:
    """Run flows for Asterisk's AGI(agi://HOST:PORT/inbound). Ends on SIGTERM, calls first get their ten seconds."""
    words, made = language(ctx), [opened(each) for each in flows]
    routes = FixedRoutes(_routes(route or [], made, words), made[0].name)
    logging.basicConfig(
        stream=sys.stderr, level=logging.INFO, format="%(asctime)s %(levelname)s %(name)s %(message)s"
    )
    clock, book = _SystemClock(), FileBook(prompts, prompts_seen_as)
    spool = Spool(store / "spool", clock)
    script = FlowScript(
        PublishedFlows(FileStore(store)),
        FileSessions(store / "sessions"),
        clock,
        Sounds(book),
        Effects(
            opt_outs=spool,
            callbacks=spool,
            voicemails=spool,
            answers=spool,
            gateways=DialStrings(dial, dial_sip),
        ),
        routes=routes,
        recordings=Recordings(recordings),
    )
    server = FastAgiServer(
        host,
        port,
        {"flow": script, "inbound": script, "gone": script.gone},
        report=_report,
        limits=AgiLimits(sessions=most),
    )
    try:
        asyncio.run(_serve(ctx, server, FileStore(store), made, book))
    except OSError as taken:
        refuse(f"{host}:{port}: {taken.strerror}")


def _routes(given: Sequence[str], flows: Sequence[Flow], words: Language) -> dict[str, str]:
    known, found = {flow.name for flow in flows}, {}
    for one in given:
        number, sign, flow = one.partition("=")
        if not sign or flow not in known:
            refuse(say("cli.bad_route", words, given=one))
        found[number] = flow
    return found


async def _serve(
    ctx: typer.Context, server: FastAgiServer, store: FileStore, flows: Sequence[Flow], book: FileBook
) -> None:
    clock, stop = _SystemClock(), asyncio.Event()
    for flow in flows:  # calls of an earlier run find their version again
        await publish(store, flow, clock.now(), "serve")
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    await server.start()
    tell(ctx, "cli.serving", flows=", ".join(flow.name for flow in flows), port=server.port)
    sys.stdout.flush()
    while not stop.is_set():
        try:
            async with asyncio.timeout(_PROMPTS_LOOKED_AT_S):
                await stop.wait()
        except TimeoutError:
            await asyncio.to_thread(book.refresh)
    await server.close()


def _report(end: SessionEnd) -> None:
    how = logging.INFO if end.outcome in ("done", "caller-left") else logging.WARNING
    log.log(how, "AGI %s: %s %s", end.script or "-", end.outcome, end.detail, extra={"action": "agi.ended"})
