"""The executor behind the port `Lookups`, on aiohttp."""

import asyncio
import json
import logging
import re
import ssl
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, NoReturn, Self
from urllib.parse import urljoin, urlsplit

import aiohttp
from yarl import URL

from ivr.lookups.addresses import CheckedResolver, PrivateAddress, Resolve, by_the_system, literal, public
from ivr.ports import Answer, Lookups

log = logging.getLogger(__name__)

MOST_BYTES: Final = 64 * 1024
MOST_REDIRECTS: Final = 3
MOST_RETRIES: Final = 5
IDEMPOTENT: Final = frozenset({"GET", "HEAD", "PUT", "DELETE"})
"""RFC 9110, 9.2.2: the same request again does no harm. Others are sent once, whatever the flow says."""

METHODS: Final = IDEMPOTENT | {"POST", "PATCH"}

_REDIRECTS: Final = frozenset({301, 302, 303, 307, 308})
_MAY_PASS: Final = frozenset({0, 408, 425, 429, 500, 502, 503, 504})
_HOST: Final = re.compile(r"[a-z0-9-]{1,63}(?:\.[a-z0-9-]{1,63})*(?::[0-9]{1,5})?")
_CONTROL: Final = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u2028\u2029]")
_BREAKS: Final = re.compile(r"[\t\r\n]+")
_FIRST_PAUSE_S: Final = 0.2
_LONGEST_PAUSE_S: Final = 2.0


class Refused(Exception):
    """What is not done, or not taken, whoever asks; a further attempt would be the same. The message names the host."""


@dataclass(frozen=True, slots=True)
class LookupRules:
    """The installation's word. `hosts`: `crm.example.com`, with `:8443`, or `*.example.com` for all below; none: nobody.

    `plain`: hosts of the list that may be asked without TLS. `private`: addresses inside the house may be reached.
    """

    hosts: frozenset[str] = frozenset()
    plain: frozenset[str] = frozenset()
    private: bool = False

    def allows(self, host: str) -> bool:
        if host in self.hosts:
            return True
        name, _, port = host.partition(":")
        above = name.split(".")[1:]
        patterns = (f"*.{'.'.join(above[nth:])}{f':{port}' if port else ''}" for nth in range(len(above)))
        return any(pattern in self.hosts for pattern in patterns)


@dataclass(frozen=True, slots=True)
class Told:
    """One attempt, for logs and counters; no address, no body: both may hold personal data."""

    method: str
    host: str
    status: int
    problem: str


class HttpLookups:
    """Close it when the service ends. `sleep` and `resolve` are the tests'."""

    def __init__(
        self,
        rules: LookupRules,
        *,
        tls: ssl.SSLContext | None = None,
        resolve: Resolve = by_the_system,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
        report: Callable[[Told], None] = lambda told: None,
        at_once: int = 100,
    ) -> None:
        self._rules, self._tls, self._sleep, self._report = rules, tls, sleep, report
        self._resolver = CheckedResolver(resolve, private=rules.private)
        self._at_once = at_once
        self._client: aiohttp.ClientSession | None = None

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()

    async def close(self) -> None:
        if self._client is not None:
            await self._client.close()
            self._client = None

    async def ask(self, method: str, url: str, body: Mapping[str, Any] | None, timeout_s: float) -> Answer:
        """One attempt, on hosts of the installation's list. Status 0 when there was none, or it was refused."""
        return (await self._attempt(method, url, body, timeout_s, None))[0]

    async def look_up(
        self,
        method: str,
        url: str,
        body: Mapping[str, Any] | None,
        *,
        timeout_s: float,
        retries: int,
        hosts: Sequence[str],
    ) -> Answer:
        """What an `Http` command asks for: hosts of the flow and of the installation, further attempts with growing pauses."""
        left = min(retries, MOST_RETRIES) if method in IDEMPOTENT else 0
        pause = _FIRST_PAUSE_S
        while True:
            answer, final = await self._attempt(method, url, body, timeout_s, hosts)
            if final or not left or answer.status not in _MAY_PASS:
                return answer
            left -= 1
            await self._sleep(pause)
            pause = min(2 * pause, _LONGEST_PAUSE_S)

    # --- one attempt ------------------------------------------------------------------------------------------------

    async def _attempt(
        self,
        method: str,
        url: str,
        body: Mapping[str, Any] | None,
        timeout_s: float,
        hosts: Sequence[str] | None,
    ) -> tuple[Answer, bool]:
        """The answer, and whether there is no use in asking again."""
        answer, problem, final = Answer(0), "", False
        try:
            async with asyncio.timeout(timeout_s):
                answer = await self._followed(method, url, body, hosts)
        except (Refused, PrivateAddress) as refused:
            problem, final = str(refused), True
        except TimeoutError:
            problem = f"no answer within {timeout_s:g} s"
        except (aiohttp.ClientError, OSError, ValueError) as failed:
            inside = isinstance(getattr(failed, "__cause__", None), PrivateAddress)
            problem = str(failed.__cause__) if inside else type(failed).__name__
            final = inside or isinstance(failed, ValueError)
        told = Told(method, _host_for_people(url), answer.status, problem)
        if problem:
            log.warning("lookup", extra={"action": "ivr.lookup", "host": told.host, "why": problem})
        self._report(told)
        return answer, final

    async def _followed(
        self, method: str, url: str, body: Mapping[str, Any] | None, hosts: Sequence[str] | None
    ) -> Answer:
        first, scheme = self._admitted(method, url, hosts), urlsplit(url).scheme
        for _ in range(MOST_REDIRECTS + 1):
            async with self._opened().request(
                method,
                URL(url, encoded=True),
                data=None if body is None else json.dumps(body, ensure_ascii=False).encode(),
                headers=_HEADERS if body is None else {**_HEADERS, "Content-Type": "application/json"},
                allow_redirects=False,
                ssl=self._tls if self._tls is not None else True,
            ) as answer:
                if answer.status not in _REDIRECTS:
                    return await _taken(answer, first)
                url = urljoin(url, answer.headers.get("Location", ""))
            if method not in ("GET", "HEAD"):
                _refuse(first, f"a redirect in answer to {method} is not followed")
            if (self._admitted(method, url, hosts), urlsplit(url).scheme) != (first, scheme):
                _refuse(first, "a redirect to another host is not followed")
        raise Refused(f"{first}: more than {MOST_REDIRECTS} redirects")

    def _admitted(self, method: str, url: str, hosts: Sequence[str] | None) -> str:
        """Host and port. Raises `Refused`."""
        if method not in METHODS:
            raise Refused(f"the method {method[:20]!r} is not sent")
        if len(url) > 4000 or not url.isascii() or not url.isprintable() or " " in url or "\\" in url:
            raise Refused("an address with control characters, spaces or letters that are not encoded")
        parts = urlsplit(url)
        host = parts.netloc
        if not _HOST.fullmatch(host):
            raise Refused("an address without a plain host")
        if parts.scheme != "https" and not (parts.scheme == "http" and host in self._rules.plain):
            _refuse(host, "only https is asked")
        if hosts is not None and host not in hosts:
            _refuse(host, "is not on the flow's list")
        if not self._rules.allows(host):
            _refuse(host, "is not on the installation's list (ivr.http_hosts)")
        address = literal(parts.hostname or "")
        if address is not None and not self._rules.private and not public(address):
            _refuse(host, "is an address that is not public")
        return host

    def _opened(self) -> aiohttp.ClientSession:
        """Made at the first use: it belongs to the running loop."""
        if self._client is None:
            self._client = aiohttp.ClientSession(
                connector=aiohttp.TCPConnector(
                    resolver=self._resolver, limit=self._at_once, ttl_dns_cache=10, happy_eyeballs_delay=None
                ),
                cookie_jar=aiohttp.DummyCookieJar(),
                auto_decompress=False,  # what is small on the wire may be huge once unpacked
                timeout=aiohttp.ClientTimeout(total=None),
                trust_env=False,
            )
        return self._client


_HEADERS: Final = {"Accept": "application/json", "Accept-Encoding": "identity", "User-Agent": "fairdial-ivr"}


def _refuse(host: str, why: str) -> NoReturn:
    raise Refused(f"{host}: {why}")


def _host_for_people(url: str) -> str:
    host = urlsplit(url[:4000]).netloc if url.isprintable() else ""
    return host if _HOST.fullmatch(host) else "?"


async def _taken(answer: aiohttp.ClientResponse, host: str) -> Answer:
    """The body counts only of a success; any other is told by its status alone."""
    if not 200 <= answer.status < 300 or answer.status == 204 or answer.method == "HEAD":
        return Answer(answer.status)
    if answer.headers.get("Content-Encoding", "identity").lower() != "identity":
        _refuse(host, "a compressed answer, which was not asked for")
    kind = answer.content_type
    if kind != "application/json" and not kind.endswith("+json"):
        _refuse(host, f"an answer of type {kind[:60]!r}, not JSON")
    if (answer.content_length or 0) > MOST_BYTES:
        _refuse(host, f"an answer of more than {MOST_BYTES} bytes")
    body = bytearray()
    async for piece in answer.content.iter_any():
        body += piece
        if len(body) > MOST_BYTES:
            _refuse(host, f"an answer of more than {MOST_BYTES} bytes")
    return Answer(answer.status, _read(bytes(body), host))


def _read(body: bytes, host: str) -> Any:
    def constant(_: str) -> NoReturn:
        raise ValueError

    try:
        return _clean(json.loads(body.decode("utf-8"), parse_constant=constant), host)
    except (ValueError, RecursionError):
        _refuse(host, "an answer that is no JSON")


def _clean(value: Any, host: str) -> Any:
    """Without characters that would steer a terminal, a log or a protocol; breaks of lines become spaces."""
    if isinstance(value, str):
        if _CONTROL.search(value):
            _refuse(host, "an answer with control characters")
        return _BREAKS.sub(" ", value)
    if isinstance(value, list):
        return [_clean(each, host) for each in value]
    if isinstance(value, dict):
        return {_clean(name, host): _clean(each, host) for name, each in value.items()}
    return value


_port: type[Lookups] = HttpLookups
