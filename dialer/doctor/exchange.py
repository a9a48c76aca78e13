"""Asterisk: login, modules, dialplan, trunks and phones, and whether it reaches our FastAGI port and landing folder."""

import asyncio
import random
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import PurePosixPath
from uuid import uuid4

from dialer.doctor.finding import Finding, broken, doubtful, good
from dialer.errors import FairdialError
from dialer.settings import EarsSection, Settings
from dialer.telephony.asterisk import dialplan
from dialer.telephony.asterisk.ami_frames import AmiEvent
from dialer.telephony.asterisk.ami_link import AmiLink, AmiSettings
from ivr.agi.server import FastAgiServer

_PATIENCE_S = 6.0
_MEET_S = 2.0
_OLDEST = 18
_MODULES = (
    "chan_pjsip",
    "app_bridgewait",
    "app_mixmonitor",
    "app_playback",
    "app_userevent",
    "res_agi",
    "pbx_config",
)
# without them calls go on, unheard
_TAP_MODULES = ("chan_audiosocket", "res_audiosocket", "app_chanspy")
# without them calls go on, and nobody notices dead air
_AIR_MODULES = ("func_talkdetect", "func_channel")
_CONTEXTS = (
    dialplan.CONTEXT_ANSWERED,
    dialplan.CONTEXT_MESSAGE,
    dialplan.CONTEXT_DESK,
    dialplan.CONTEXT_PROBE,
)


async def examine_exchange(settings: Settings) -> AsyncIterator[Finding]:
    ami = settings.ami
    where = AmiSettings(ami.host, ami.port, ami.username, ami.secret.get_secret_value(), boot_s=_PATIENCE_S)
    link = AmiLink(where, random.Random(), {"UserEvent"})  # noqa: S311  # back-off only
    async with _held(link):
        try:
            async with asyncio.timeout(_PATIENCE_S):
                await link.wait_up()
        except TimeoutError:
            yield _unreachable(settings, link)
            return
        for examine in (_core, _modules, _contexts, _trunks, _phones, _agi, _ears, _landing):
            try:
                async for finding in examine(link, settings):
                    yield finding
            except FairdialError as failure:
                yield broken(
                    "asterisk", f"{examine.__name__.strip('_')}: {failure}", "look into Asterisk's log"
                )


@asynccontextmanager
async def _held(link: AmiLink) -> AsyncIterator[None]:
    async with asyncio.TaskGroup() as group:
        holding = group.create_task(link.run())
        try:
            yield
        finally:
            holding.cancel()


def _unreachable(settings: Settings, link: AmiLink) -> Finding:
    where = f"{settings.ami.host}:{settings.ami.port}"
    if "rejected" in (link.problem or ""):
        return broken(
            "ami", f"{where}: {link.problem}", "give manager.conf and FAIRDIAL_AMI__SECRET the same secret"
        )
    return broken(
        "ami",
        f"{where}: {link.problem}",
        "start Asterisk, enable AMI in manager.conf, check ami.host and ami.port",
    )


async def _core(link: AmiLink, _settings: Settings) -> AsyncIterator[Finding]:
    answer = await link.send({"Action": "CoreSettings"})
    version = answer.get("AsteriskVersion")
    major = version.partition(".")[0]
    if major.isdecimal() and int(major) < _OLDEST:
        yield broken("asterisk", f"version {version} is too old", f"use Asterisk {_OLDEST} or newer, best 22")
    else:
        yield good("asterisk", f"version {version or 'unknown'}")


async def _modules(link: AmiLink, _settings: Settings) -> AsyncIterator[Finding]:
    if unheard := await _not_loaded(link, _TAP_MODULES):
        yield doubtful(
            "ears",
            f"not loaded: {', '.join(unheard)}; nobody can listen to a line",
            "load them in modules.conf, and see Asterisk's log",
        )
    if unwatched := await _not_loaded(link, _AIR_MODULES):
        yield doubtful(
            "dead air",
            f"not loaded: {', '.join(unwatched)}; conversations cannot be watched",
            "load them in modules.conf, and see Asterisk's log",
        )
    if missing := await _not_loaded(link, _MODULES):
        yield broken(
            "modules",
            f"not loaded: {', '.join(missing)}",
            "load them in modules.conf, and see Asterisk's log",
        )
    else:
        yield good("modules", f"{len(_MODULES)} needed ones are loaded")


async def _not_loaded(link: AmiLink, names: Sequence[str]) -> list[str]:
    checks = [(name, {"Action": "ModuleCheck", "Module": f"{name}.so"}) for name in names]
    return [name for name, check in checks if not (await link.send(check)).ok]


async def _contexts(link: AmiLink, _settings: Settings) -> AsyncIterator[Finding]:
    missing = []
    for context in _CONTEXTS:
        try:
            await link.collect({"Action": "ShowDialPlan", "Context": context})
        except FairdialError:
            missing.append(context)
    if missing:
        yield broken(
            "dialplan", f"missing: {', '.join(missing)}", "include Fairdial's extensions.conf and reload"
        )
    else:
        yield good("dialplan", "Fairdial's contexts are there")


async def _trunks(link: AmiLink, settings: Settings) -> AsyncIterator[Finding]:
    for name in settings.trunks:
        try:
            details = await link.collect({"Action": "PJSIPShowEndpoint", "Endpoint": f"trunk-{name}"})
        except FairdialError:
            details = []
        yield _trunk(name, [each for each in details if each.name == "ContactStatusDetail"])


def _trunk(name: str, contacts: list[AmiEvent]) -> Finding:
    part = f"trunk {name}"
    if not contacts:
        return broken(
            part, f"Asterisk has no contact for trunk-{name}", "fairdial asterisk render, then reload pjsip"
        )
    uri, status = contacts[0].get("Uri"), contacts[0].get("Status")
    if status == "Unreachable":
        return broken(
            part, f"{uri} does not answer OPTIONS", "check the address, the firewall and the carrier"
        )
    if status != "Reachable":
        return doubtful(part, f"{uri}: {status or 'not checked'}", "set qualify_frequency to have it checked")
    return good(part, f"{uri} answers")


async def _phones(link: AmiLink, settings: Settings) -> AsyncIterator[Finding]:
    contacts = await link.collect({"Action": "PJSIPShowContacts"})
    registered = {each.get("Endpoint") for each in contacts}
    missing = [name for name in settings.phones if name not in registered]
    if missing:
        shown = ", ".join(missing[:5])
        yield doubtful(
            "phones", f"{len(missing)} not registered: {shown}", "they register when agents switch them on"
        )
    elif settings.phones:
        yield good("phones", f"all {len(settings.phones)} are registered")


# --- probes: a Local channel runs a line of our dialplan and tells what came out -------------------------------------


async def _agi(link: AmiLink, settings: Settings) -> AsyncIterator[Finding]:
    async with _listening(settings) as ours:
        result = await _probe(link, "agi", "")
    where = f"{settings.agi.host}:{settings.agi.port}"
    if result == "pong":
        yield good("agi", f"Asterisk reaches {where}{'' if ours else ' of the running service'}")
    else:
        yield broken(
            "agi",
            f"Asterisk does not reach {where}",
            "check agi.host, agi.port and FAIRDIAL_AGI in extensions.conf",
        )


@asynccontextmanager
async def _listening(settings: Settings) -> AsyncIterator[bool]:
    """Our own FastAGI server, unless the port is taken: then by the running service."""
    server = FastAgiServer(settings.agi.host, settings.agi.port, {}, report=lambda _end: None)
    try:
        await server.start()
    except OSError:
        yield False
        return
    try:
        yield True
    finally:
        await server.close()


async def _ears(link: AmiLink, settings: Settings) -> AsyncIterator[Finding]:
    """Asterisk brings us the sound of nothing; a running service sends it away as a stranger."""
    if not settings.ears.enabled:
        return
    met = asyncio.Event()
    async with _ears_port(settings.ears, met) as port:
        where = settings.ears.public_address or f"{settings.ears.host}:{port or settings.ears.port}"
        order = {
            "Action": "Originate",
            "Channel": f"AudioSocket/{where}/{uuid4()}/c(slin)",
            "Codecs": "slin",
            "Application": "Wait",
            "Data": "1",
            "Timeout": "3000",
        }
        reached = (await link.send(order)).ok
        if reached and port is not None:
            reached = await _within(met, _MEET_S)
    if reached:
        yield good("ears", f"Asterisk reaches {where}{' of the running service' if port is None else ''}")
    else:
        yield doubtful(
            "ears",
            f"Asterisk does not bring sound to {where}: lines are dialled unheard",
            "check ears.host, ears.port and ears.public_address, and that chan_audiosocket is loaded",
        )


@asynccontextmanager
async def _ears_port(ears: EarsSection, met: asyncio.Event) -> AsyncIterator[int | None]:
    """Our own port for it; None when the running service has it."""

    def meet(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        met.set()
        writer.close()

    try:
        server = await asyncio.start_server(meet, ears.host, ears.port)
    except OSError:
        yield None
        return
    async with server:
        yield server.sockets[0].getsockname()[1]


async def _within(event: asyncio.Event, seconds: float) -> bool:
    try:
        async with asyncio.timeout(seconds):
            await event.wait()
    except TimeoutError:
        return False
    return True


async def _landing(link: AmiLink, settings: Settings) -> AsyncIterator[Finding]:
    places = settings.recordings
    name = f"probe-{uuid4()}.wav"
    theirs = PurePosixPath(places.landing_in_asterisk or places.landing) / name
    await _probe(link, "record", str(theirs))
    file = places.landing / name
    for _ in range(20):
        if file.exists():
            file.unlink()
            yield good("recording", f"what Asterisk writes to {theirs.parent} arrives in {places.landing}")
            return
        await asyncio.sleep(0.1)
    yield broken(
        "recording",
        f"a file Asterisk wrote to {theirs.parent} did not arrive in {places.landing}",
        "share the folder, set recordings.landing and landing_in_asterisk, and let Asterisk's user write there",
    )


async def _probe(link: AmiLink, what: str, file: str) -> str | None:
    """The result that the dialplan reports; None when it reports none."""
    answer = await link.send(
        {
            "Action": "Originate",
            "Channel": f"Local/{what}@{dialplan.CONTEXT_PROBE}",
            "Application": "Wait",
            "Data": "3",
            "Variable": f"FAIRDIAL_PROBE_FILE={file}",
        }
    )
    if not answer.ok:
        return None
    try:
        async with asyncio.timeout(_PATIENCE_S):
            while True:
                event = await link.events.get()
                if isinstance(event, AmiEvent) and event.get("UserEvent") == dialplan.EVENT_PROBE:
                    return event.get("Result")
    except TimeoutError:
        return None
