"""Who is asking: Bearer tokens, and names with passwords exchanged for a short-lived token.

A token is `fd_` and 256 random bits; the store keeps only its SHA-256, which for a random secret needs no salt. A
look-up is remembered for five seconds, so that polling does not become database load; a revoked token therefore
lives on for at most that long.
"""

import asyncio
import hashlib
import re
import secrets
from collections import deque
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from aiohttp import hdrs, web
from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from dialer.clock import Clock
from dialer.ports.storage import Caller, UserStore
from dialer.web.errors import Forbidden, NotSignedIn, TooManyAttempts
from dialer.web.roles import Role

_TOKEN = re.compile(r"fd_[A-Za-z0-9_-]{43}")
_REMEMBER_S = 5.0
_MOST_REMEMBERED = 10_000
SESSION = timedelta(hours=12)  # one shift


def new_token() -> str:
    return "fd_" + secrets.token_urlsafe(32)


def digest(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()


@dataclass(frozen=True, slots=True)
class _Remembered:
    until: float
    caller: Caller
    rank: int


class Gate:
    """Admits a request when its token belongs to somebody with the role."""

    def __init__(self, users: UserStore, clock: Clock) -> None:
        self._users = users
        self._clock = clock
        # by digest of the whole header, so that no token lies in memory
        self._remembered: dict[bytes, _Remembered] = {}

    async def admit(self, request: web.Request, needed: Role) -> Caller:
        known = self._recall(request) or await self._look_up(request)
        if known.rank < needed.rank:
            raise Forbidden(f"this needs the role {needed}")
        return known.caller

    async def caller(self, request: web.Request) -> Caller:
        return (self._recall(request) or await self._look_up(request)).caller

    def _recall(self, request: web.Request) -> _Remembered | None:
        known = self._remembered.get(_key(request.headers.get(hdrs.AUTHORIZATION, "")))
        return known if known is not None and known.until > self._clock.monotonic() else None

    async def _look_up(self, request: web.Request) -> _Remembered:
        header, asked_at = request.headers.get(hdrs.AUTHORIZATION, ""), self._clock.monotonic()
        key = _key(header)
        self._remembered.pop(key, None)
        caller = await self._users.caller_of_token(digest(_token_in(header)), self._clock.now())
        if caller is None:
            raise NotSignedIn("this token is unknown, expired or revoked")
        if len(self._remembered) >= _MOST_REMEMBERED:
            self._remembered.clear()
        known = _Remembered(asked_at + _REMEMBER_S, caller, Role(caller.role).rank)
        self._remembered[key] = known
        return known


def _key(header: str) -> bytes:
    return hashlib.sha256(header.encode("utf-8", "surrogateescape")).digest()


def _token_in(header: str) -> str:
    scheme, _, token = header.partition(" ")
    if scheme.lower() != "bearer" or not _TOKEN.fullmatch(token):
        raise NotSignedIn("send an Authorization header with a Bearer token")
    return token


@dataclass(slots=True)
class AttemptLimit:
    """At most `most` attempts for one key within `within_s` seconds."""

    clock: Clock
    most: int
    within_s: float
    _seen: dict[str, deque[float]] = field(default_factory=dict)

    def take(self, key: str) -> None:
        """Count one attempt. Raises `TooManyAttempts`."""
        now = self.clock.monotonic()
        if len(self._seen) >= _MOST_REMEMBERED:
            self._forget_old(now)
        seen = self._seen.setdefault(key, deque())
        while seen and seen[0] <= now - self.within_s:
            seen.popleft()
        if len(seen) >= self.most:
            wait = int(seen[0] + self.within_s - now) + 1
            raise TooManyAttempts(f"try again in {wait} s", wait)
        seen.append(now)

    def clear(self, key: str) -> None:
        self._seen.pop(key, None)

    def _forget_old(self, now: float) -> None:
        self._seen = {
            key: seen for key, seen in self._seen.items() if seen and seen[-1] > now - self.within_s
        }


@dataclass(frozen=True, slots=True)
class Session:
    token: str
    expires_at: datetime
    caller: Caller


class PasswordDoor:
    """Exchanges name and password for a token; the same work is done for unknown names.

    The limits are per address, and per name and address: somebody else's guessing cannot lock a user out.
    """

    def __init__(self, users: UserStore, clock: Clock, hasher: PasswordHasher | None = None) -> None:
        self._users = users
        self._clock = clock
        self._hasher = hasher or PasswordHasher()
        self._decoy = self._hasher.hash(secrets.token_urlsafe(16))
        self._by_address = AttemptLimit(clock, most=30, within_s=60)
        self._by_name = AttemptLimit(clock, most=5, within_s=60)
        self._at_once = asyncio.Semaphore(2)  # argon2 takes 64 MiB each

    async def sign_in(self, name: str, password: str, address: str) -> Session:
        self._by_address.take(address)
        self._by_name.take(f"{address} {name}")
        found = await self._users.password_hash(name)
        caller, stored = found if found is not None else (None, self._decoy)
        async with self._at_once:
            matches = await asyncio.to_thread(self._matches, stored, password)
        if not matches or caller is None:
            raise NotSignedIn("name or password is wrong")
        self._by_name.clear(f"{address} {name}")
        return await self._open(caller)

    async def _open(self, caller: Caller) -> Session:
        token, now = new_token(), self._clock.now()
        await self._users.add_token(caller.name, "signed in", digest(token), now + SESSION, now)
        return Session(token, now + SESSION, caller)

    def _matches(self, stored: str, password: str) -> bool:
        try:
            return self._hasher.verify(stored, password)
        except (VerificationError, InvalidHashError):
            return False


GATE: web.AppKey[Gate] = web.AppKey("gate", Gate)
DOOR: web.AppKey[PasswordDoor] = web.AppKey("door", PasswordDoor)
