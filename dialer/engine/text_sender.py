"""Sends the text messages that callers asked for, each at least once.

At least: a message is taken in hand, handed to the gateway, and then noted as sent; who dies between the last two has it
sent again by another, under the same idempotency key, by which a gateway that knows such keys sends it once. Whether the
number is on a list is asked at the moment of sending, not when the caller asked.
"""

import asyncio
import logging
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Final

from dialer.clock import Clock
from dialer.errors import StorageDown
from dialer.ports.texts import Handed, TextFigures, TextGateway, TextInHand, TextOutbox, TextsWaiting

log = logging.getLogger(__name__)

_LOOK_S: Final = 1.0
_COUNT_S: Final = 5.0
_AT_ONCE: Final = 8
_FIRST_PAUSE_S: Final = 10.0
_GROWTH: Final = 3.0
_LONGEST_PAUSE_S: Final = 3600.0
_LONGEST_PROBLEM: Final = 300


@dataclass(frozen=True, slots=True)
class TextRules:
    """`in_hand`: longer than the gateway may take to answer. After `tries`, or `give_up` after it was asked for, a message
    has failed: one that comes a day late does harm."""

    in_hand: timedelta = timedelta(seconds=60)
    tries: int = 8
    give_up: timedelta = timedelta(hours=6)


def _key(text: TextInHand) -> str:
    """Of a retry by hand another one: a gateway may answer a key that it knows as it did before."""
    return text.reference if text.send_by is None else f"{text.reference}-{text.send_by.timestamp():.0f}"


def pause_s(tries: int, spread: float) -> float:
    """After so many tries in vain: 10 s, 30 s, 90 s … an hour; `spread` from 0 to 1 is up to a quarter more, so that what
    failed together is not tried together."""
    return min(_FIRST_PAUSE_S * _GROWTH ** (tries - 1), _LONGEST_PAUSE_S) * (1 + spread / 4)


class TextSender:
    """`gateway` None: nothing is sent, and what waits is counted. `spread` gives numbers from 0 to 1."""

    def __init__(
        self,
        outbox: TextOutbox,
        gateway: TextGateway | None,
        rules: TextRules,
        clock: Clock,
        spread: Callable[[], float],
    ) -> None:
        self._outbox, self._gateway, self._rules = outbox, gateway, rules
        self._clock, self._spread = clock, spread
        self._waiting = TextsWaiting()
        self._done = TextFigures()
        self._trouble = ""
        self._count_at = 0.0

    @property
    def figures(self) -> TextFigures:
        since = self._waiting.since
        oldest = (self._clock.now() - since).total_seconds() if since is not None else 0.0
        return replace(self._done, waiting=self._waiting.count, oldest_s=max(oldest, 0.0))

    @property
    def problem(self) -> str | None:
        """For people. None: nothing is wrong, or nothing is to be sent."""
        if not self._waiting.count:
            return None
        if self._gateway is None:
            return f"{self._waiting.count} wait and there is no gateway: set FAIRDIAL_SMS__URL"
        return self._trouble or None

    async def close(self) -> None:
        if self._gateway is not None:
            await self._gateway.close()

    async def run(self) -> None:
        """Never returns. A database that is away is waited for."""
        down = False
        while True:
            try:
                busy = await self.look()
                down = False
            except StorageDown as why:
                if not down:
                    log.warning("text messages wait", extra={"action": "sms.no_database", "why": str(why)})
                busy, down = False, True
            if not busy:
                await asyncio.sleep(_LOOK_S)

    async def look(self) -> bool:
        """Send what is due. Whether there may be more. Raises `StorageDown`."""
        if self._clock.monotonic() >= self._count_at:
            self._waiting = await self._outbox.waiting()
            self._count_at = self._clock.monotonic() + _COUNT_S
        if self._gateway is None:
            return False
        now = self._clock.now()
        due = await self._outbox.take(now, now + self._rules.in_hand, _AT_ONCE)
        if not due:
            return False
        done = await asyncio.gather(
            *(self._send(text, self._gateway) for text in due), return_exceptions=True
        )
        self._count_at = 0.0
        for failure in done:
            if isinstance(failure, BaseException):
                raise failure
        return len(due) == _AT_ONCE

    async def _send(self, text: TextInHand, gateway: TextGateway) -> None:
        now = self._clock.now()
        why = await self._why_not(text, now)
        if why is not None:
            await self._fail(text, why)
            return
        assert text.number is not None  # noqa: S101  said by _why_not
        handed = await gateway.hand_over(text.number, text.words, _key(text))
        if handed.taken:
            self._trouble = ""
            noted = await self._outbox.sent(text, handed.gateway_id, self._clock.now())
            self._done = replace(self._done, sent=self._done.sent + noted)
            self._tell("sms.sent", text)
            return
        problem = handed.problem[:_LONGEST_PROBLEM]
        if handed.refused or text.tries >= self._rules.tries:
            await self._fail(text, problem)
        else:
            await self._put_off(text, problem, handed)

    async def _why_not(self, text: TextInHand, now: datetime) -> str | None:
        if text.number is None:
            return "not a telephone number"
        if now >= (text.send_by or text.requested_at + self._rules.give_up):
            return "too late: it was not sent in time"
        if text.tries > self._rules.tries:  # whoever had it in hand died each time
            return "tried too often"
        listed = await self._outbox.listed(text, now)
        return None if listed is None else f"on the do-not-call list ({listed})"

    async def _fail(self, text: TextInHand, why: str) -> None:
        if await self._outbox.failed(text, why, self._clock.now()):
            self._done = replace(self._done, failed=self._done.failed + 1)
        self._tell("sms.failed", text, why)

    async def _put_off(self, text: TextInHand, why: str, handed: Handed) -> None:
        wait_s = max(pause_s(text.tries, self._spread()), min(handed.again_after_s, _LONGEST_PAUSE_S))
        if await self._outbox.put_off(text, why, self._clock.now() + timedelta(seconds=wait_s)):
            self._done = replace(self._done, put_off=self._done.put_off + 1)
        self._trouble = f"the last try failed: {why}"
        self._tell("sms.put_off", text, why)

    def _tell(self, action: str, text: TextInHand, why: str = "") -> None:
        log.log(
            logging.WARNING if why else logging.INFO,
            "text message",
            extra={
                "action": action,
                "reference": text.reference,
                "number": text.number.masked if text.number is not None else "",
                "tries": text.tries,
                "why": why,
            },
        )
