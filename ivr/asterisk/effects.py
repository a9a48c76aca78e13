"""What a flow does in the world, through the ports. What there is no port for fails as a request that was refused."""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any, Final
from zoneinfo import ZoneInfo

from ivr.asterisk.masking import masked
from ivr.engine import commands as do
from ivr.ports import (
    Answer,
    Answers,
    Callbacks,
    Gateways,
    Lookups,
    OptOuts,
    Registered,
    TextMessages,
    Transfers,
    Voicemails,
    Waits,
)

log = logging.getLogger(__name__)

_LONGEST_S: Final = 15.0
_LONGEST_PAUSE_S: Final = 5.0  # between two attempts of a look-up
OUTCOMES: Final = frozenset({"answered", "busy", "no_answer", "failed"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Effects:
    """`gateways` turn numbers and SIP addresses into what Dial() takes; `transfers` reach agents and queues."""

    opt_outs: OptOuts | None = None
    callbacks: Callbacks | None = None
    voicemails: Voicemails | None = None
    texts: TextMessages | None = None
    transfers: Transfers | None = None
    gateways: Gateways | None = None
    lookups: Lookups | None = None
    answers: Answers | None = None

    # --- requests -----------------------------------------------------------------------------------------------------------

    async def request(self, call: str, command: do.Command, caller: str) -> Registered:
        port, ask = _REQUESTS[type(command)]
        found = getattr(self, port)
        if found is None:
            log.error(
                "this installation has no %s",
                port,
                extra={"action": "ivr.no_port", "port": port, "call": call},
            )
            return Registered(False)
        try:
            async with asyncio.timeout(_LONGEST_S):
                registered = await ask(found, call, command, caller)
        except Exception as failure:  # the flow has a way for a request that fails
            self._failed(call, command, failure)
            return Registered(False)
        log.info(
            "request",
            extra={
                "action": f"ivr.{command.DO}",
                "call": call,
                "ok": registered.ok,
                "reference": registered.reference,
                "number": masked(getattr(command, "number", "")),
            },
        )
        return registered

    def _failed(self, call: str, command: do.Command, failure: Exception) -> None:
        log.error(
            "%s failed: %s",
            command.DO,
            type(failure).__name__,
            exc_info=failure,
            extra={"action": "ivr.request_failed", "call": call, "what": command.DO},
        )

    # --- answers, transfers, look-ups -----------------------------------------------------------------------------------

    async def save(self, call: str, command: do.SaveAnswer) -> None:
        """The answer is in the session as well: what fails here is not lost."""
        if self.answers is None:
            return
        try:
            async with asyncio.timeout(_LONGEST_S):
                await self.answers.save(call, asdict(command))
        except Exception as failure:
            self._failed(call, command, failure)

    async def transfer(self, call: str, command: do.Transfer) -> str | Waits:
        """answered, busy, no_answer, failed; or how the caller waits."""
        if self.transfers is None:
            return "failed"
        try:
            async with asyncio.timeout(command.timeout_s + _LONGEST_S):
                outcome = await self.transfers.transfer(call, command.kind, command.target, command.context)
        except Exception as failure:
            self._failed(call, command, failure)
            return "failed"
        if not outcome:
            return Waits(command.target)
        return outcome if isinstance(outcome, Waits) or outcome in OUTCOMES else "failed"

    def dial_string(self, command: do.Transfer) -> str | None:
        return self.gateways.dial_string(command.kind, command.target) if self.gateways is not None else None

    async def look_up(self, call: str, command: do.Http) -> Answer:
        if self.lookups is None:
            return Answer(0)
        try:
            async with asyncio.timeout((command.timeout_s + _LONGEST_PAUSE_S) * (command.retries + 1)):
                return await self.lookups.look_up(
                    command.method,
                    command.url,
                    command.body,
                    timeout_s=command.timeout_s,
                    retries=command.retries,
                    hosts=command.hosts,
                )
        except TimeoutError:
            return Answer(0)
        except Exception as failure:
            self._failed(call, command, failure)
            return Answer(0)


def _moment(command: do.Callback) -> datetime | None:
    """Raises `ValueError` for what is no date and time."""
    if not command.at:
        return None
    at = datetime.fromisoformat(command.at)
    return at if at.tzinfo is not None else at.replace(tzinfo=ZoneInfo(command.time_zone))


async def _opt_out(port: OptOuts, call: str, one: do.OptOut, caller: str) -> Registered:
    return await port.register(call, one.number, one.scope)


async def _callback(port: Callbacks, call: str, one: do.Callback, caller: str) -> Registered:
    return await port.request(call, one.number, _moment(one), one.queue, one.about)


async def _sms(port: TextMessages, call: str, one: do.Sms, caller: str) -> Registered:
    return await port.send(call, one.number, one.text)


async def _voicemail(port: Voicemails, call: str, one: do.Voicemail, caller: str) -> Registered:
    return await port.leave(call, one.box, one.clip, one.seconds, caller)


_Request = Callable[[Any, str, Any, str], Awaitable[Registered]]
_REQUESTS: Final[Mapping[type, tuple[str, _Request]]] = {
    do.OptOut: ("opt_outs", _opt_out),
    do.Callback: ("callbacks", _callback),
    do.Sms: ("texts", _sms),
    do.Voicemail: ("voicemails", _voicemail),
}
