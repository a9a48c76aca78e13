"""A gateway, or a small relay in front of one, that takes messages as JSON over HTTP.

    POST <url>
    Authorization: Bearer <token>
    Idempotency-Key: <reference>
    {"to": "+12025550143", "from": "Acme", "text": "…", "reference": "<reference>"}

2xx: taken; `id` or `message_id` of a JSON answer is kept. 408, 425, 429 and 5xx, no answer, no connection: later again, not
before `Retry-After` seconds (RFC 9110, 10.2.3). All else: refused for good. Redirects are not followed: they would carry the
token elsewhere. Idempotency-Key: draft-ietf-httpapi-idempotency-key-header.
"""

import asyncio
import json
import logging
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

import aiohttp

from dialer.domain.phone_number import PhoneNumber
from dialer.ports.texts import Handed, TextGateway

log = logging.getLogger(__name__)

_MOST_BYTES: Final = 16 * 1024
_MOST_SAID: Final = 120
_MAY_PASS: Final = frozenset({408, 425, 429})
_UNPRINTABLE: Final = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]+")
_DIGITS: Final = re.compile(r"\d{5,}")


@dataclass(frozen=True, slots=True)
class HttpGatewayPlace:
    """`sender` is shown to the recipient: a number, or a name where the country allows one; "": the gateway's own."""

    url: str
    token: str = ""
    sender: str = ""
    timeout_s: float = 15.0


class HttpTextGateway:
    """Close it when the service ends."""

    def __init__(self, place: HttpGatewayPlace) -> None:
        self._place = place
        self._client: aiohttp.ClientSession | None = None

    async def close(self) -> None:
        if self._client is not None:
            await self._client.close()
            self._client = None

    async def hand_over(self, to: PhoneNumber, words: str, key: str) -> Handed:
        body = {"to": to.e164, "text": words, "reference": key}
        if self._place.sender:
            body["from"] = self._place.sender
        try:
            async with (
                asyncio.timeout(self._place.timeout_s),
                self._open().post(
                    self._place.url, json=body, headers=self._headers(key), allow_redirects=False
                ) as answer,
            ):
                return _read(answer.status, answer.headers, await answer.content.read(_MOST_BYTES))
        except TimeoutError:
            return Handed(False, problem=f"no answer within {self._place.timeout_s:g} s")
        except (aiohttp.ClientError, OSError) as failure:
            return Handed(False, problem=f"not reached: {type(failure).__name__}")

    def _open(self) -> aiohttp.ClientSession:
        if self._client is None:
            self._client = aiohttp.ClientSession(trust_env=False, cookie_jar=aiohttp.DummyCookieJar())
        return self._client

    def _headers(self, key: str) -> Mapping[str, str]:
        token = {"Authorization": f"Bearer {self._place.token}"} if self._place.token else {}
        return {"Idempotency-Key": key, **token}


def _read(status: int, headers: Mapping[str, str], body: bytes) -> Handed:
    if 200 <= status < 300:
        return Handed(True, _id(body))
    problem = f"HTTP {status}"
    if status in _MAY_PASS or status >= 500:
        after = headers.get("Retry-After", "")
        return Handed(
            False,
            problem=problem,
            again_after_s=float(after) if after.isdecimal() and len(after) < 7 else 0.0,
        )
    said = _said(body)
    return Handed(False, problem=f"{problem}: {said}" if said else problem, refused=True)


def _id(body: bytes) -> str:
    try:
        found: Any = json.loads(body)
    except ValueError:
        return ""
    given = found.get("id") or found.get("message_id") if isinstance(found, dict) else None
    return _UNPRINTABLE.sub(" ", str(given))[:100] if isinstance(given, str | int) else ""


def _said(body: bytes) -> str:
    """In the gateway's words, without the number that they may repeat."""
    text = _UNPRINTABLE.sub(" ", body.decode("utf-8", "replace")).strip()
    return _DIGITS.sub("…", text)[:_MOST_SAID]


_gateway: type[TextGateway] = HttpTextGateway
