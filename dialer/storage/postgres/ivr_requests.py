"""What callers ask an IVR for: opt-outs, call-backs, voicemails, text messages.

Each class fulfils one port of `ivr.ports` by its shape. The same request twice in one call, as after a crash between two
steps, is one request with one reference.
"""

import hashlib
from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Generic, TypeVar

import asyncpg

from dialer.clock import Clock
from dialer.ports.ivr import CallerRequest, RequestKind, RequestState, SpooledCallback
from dialer.storage.postgres.ivr_numbers import e164_of
from dialer.storage.postgres.pool import Database
from dialer.storage.postgres.queries import named

_REGISTER = named("register_request")
_REFERENCE = named("reference_of_request")
_GATE = named("wait_for_the_gate")
_OPT_OUT = named("register_ivr_opt_out")
_REQUESTS = named("requests_of")
_SETTLE = named("settle_request")

Registered = TypeVar("Registered")
Outcome = Callable[[bool, str], Registered]
"""(ok, reference)"""

_LONGEST = 2000


class RequestDesk:
    """Where requests are registered, whatever their kind."""

    def __init__(self, database: Database, clock: Clock, region: str) -> None:
        self.database, self.clock, self.region = database, clock, region

    async def register(
        self,
        kind: RequestKind,
        call: str,
        number: str,
        *,
        due_at: datetime | None = None,
        queue: str = "",
        about: str = "",
        box: str = "",
        clip: str = "",
        seconds: float | None = None,
        words: str = "",
    ) -> str:
        """The reference."""
        once = once_of(kind, call, number, due_at, queue, about, box, clip, words)
        e164 = e164_of(number, self.region)
        row = await self.database.row(
            _REGISTER, once, kind, "flow", call, number[:60], e164, self.clock.now(), due_at, queue,
            about[:_LONGEST], box, clip, seconds, words[:_LONGEST], {},
        )  # fmt: skip
        if row is None:  # the same was registered between our looking and our writing
            row = await self.database.row(_REFERENCE, once)
        assert row is not None  # noqa: S101  requests are only removed after months
        return str(row["reference"])

    async def opt_out(self, call: str, number: str, scope: str) -> str | None:
        """The reference; None when the number cannot be one. In force when this returns."""
        e164 = e164_of(number, self.region)
        if e164 is None:
            return None
        once = once_of(RequestKind.OPT_OUT, call, e164, scope)
        asked = (once, call, number[:60], e164, scope, self.clock.now())

        async def register(connection: asyncpg.Connection) -> str:
            # through the gate first, as with a key pressed during the message: who is in it may be dialling the number
            await connection.execute(_GATE.sql)
            return str(await connection.fetchval(_OPT_OUT.sql, *asked))

        return await self.database.transaction(register)

    # --- as people look at it ---------------------------------------------------------------------------------------

    async def requests(
        self, kind: RequestKind | None, state: RequestState | None, most: int
    ) -> Sequence[CallerRequest]:
        return [_request(row) for row in await self.database.rows(_REQUESTS, kind or "", state or "", most)]

    async def settle(self, reference: str, state: RequestState, by: str, problem: str, now: datetime) -> bool:
        return await self.database.value(_SETTLE, reference, state, by, problem, now) is not None

    async def take_spooled(self, callback: SpooledCallback) -> bool:
        detail = {
            "caller": callback.caller,
            "called": callback.called,
            "language": callback.language,
            "uniqueid": callback.uniqueid,
        }
        row = await self.database.row(
            _REGISTER, f"spool:{callback.id}", RequestKind.CALLBACK, "fallback", "", callback.number,
            e164_of(callback.number, self.region), callback.at, None, "", "", "", "", None, "", detail,
        )  # fmt: skip
        return row is not None and bool(row["is_new"])


class _OfPort(Generic[Registered]):
    """`outcome` makes the port's own `Registered`."""

    def __init__(self, desk: RequestDesk, outcome: Outcome[Registered]) -> None:
        self._desk, self._outcome = desk, outcome

    async def _register(self, kind: RequestKind, call: str, number: str, **more: object) -> Registered:
        return self._outcome(True, await self._desk.register(kind, call, number, **more))  # type: ignore[arg-type]


class PostgresOptOuts(_OfPort[Registered]):
    async def register(self, call: str, number: str, scope: str) -> Registered:
        """`campaign` and `client` are those of the attempt the call is linked to, `all` where there is none.

        `marketing` is everything as well: the list knows campaigns, not purposes.
        """
        reference = await self._desk.opt_out(call, number, scope)
        return self._outcome(reference is not None, reference or "")


class PostgresCallbacks(_OfPort[Registered]):
    async def request(
        self, call: str, number: str, at: datetime | None, queue: str | None, about: str
    ) -> Registered:
        """`at` is aware."""
        return await self._register(
            RequestKind.CALLBACK, call, number, due_at=at, queue=queue or "", about=about
        )


class PostgresVoicemails(_OfPort[Registered]):
    async def leave(self, call: str, box: str, clip: str, seconds: float, caller: str) -> Registered:
        return await self._register(RequestKind.VOICEMAIL, call, caller, box=box, clip=clip, seconds=seconds)


class PostgresTextMessages(_OfPort[Registered]):
    """An outbox: whoever sends them settles them."""

    async def send(self, call: str, number: str, text: str) -> Registered:
        return await self._register(RequestKind.SMS, call, number, words=text)


def once_of(kind: str, call: str, *parts: object) -> str:
    """A key made of what is asked for: the same again in the same call has the same."""
    written = "\x1f".join(["" if part is None else str(part) for part in parts])
    return f"{kind}:{call}:{hashlib.sha256(written.encode()).hexdigest()[:24]}"


def _request(row: asyncpg.Record) -> CallerRequest:
    known = {name: row[name] for name in CallerRequest.__dataclass_fields__ if name in row.keys()}  # noqa: SIM118
    return CallerRequest(**{**known, "kind": RequestKind(row["kind"]), "state": RequestState(row["state"])})
