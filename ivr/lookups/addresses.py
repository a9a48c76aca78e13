"""Where a name leads. The addresses that were looked at are those that are connected to: a name that changes its mind between
the look and the connection (DNS rebinding) gains nothing.
"""

import asyncio
import socket
from collections.abc import Awaitable, Callable, Sequence
from ipaddress import IPv4Address, IPv6Address, IPv6Network, ip_address
from typing import Any, Final

from aiohttp.abc import AbstractResolver, ResolveResult

Resolve = Callable[[str, int], Awaitable[Sequence[str]]]
"""(host, port) -> addresses. Raises `OSError`."""

_NAT64: Final = IPv6Network("64:ff9b::/96")


class PrivateAddress(OSError):
    """An `OSError`, so that the client takes it for a name that leads nowhere."""


def public(written: str) -> bool:
    """Whether an address is one of the internet at large: not loopback, private, link-local, shared, reserved, multicast.

    An IPv4 address inside an IPv6 one (mapped, 6to4, NAT64) counts as itself.
    """
    address = ip_address(written.partition("%")[0])
    if isinstance(address, IPv6Address):
        inner = _inner(address)
        if inner is not None:
            address = inner
    return address.is_global and not address.is_multicast


def _inner(address: IPv6Address) -> IPv4Address | None:
    if address in _NAT64:
        return IPv4Address(int(address) & 0xFFFFFFFF)
    return address.ipv4_mapped or address.sixtofour


async def by_the_system(host: str, port: int) -> Sequence[str]:
    found = await asyncio.get_running_loop().getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return list(dict.fromkeys(str(address[0]) for *_, address in found))


class CheckedResolver(AbstractResolver):
    """One address inside is enough to refuse the name: an honest name has none."""

    def __init__(self, resolve: Resolve, *, private: bool) -> None:
        self._resolve, self._private = resolve, private

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_UNSPEC
    ) -> list[ResolveResult]:
        found = await self._resolve(host, port)
        if not found:
            raise OSError(f"{host} has no address")
        if not self._private and not all(public(each) for each in found):
            raise PrivateAddress(f"{host} leads to an address that is not public")
        return [_result(host, port, each) for each in found]

    async def close(self) -> None: ...


def literal(host: str) -> str | None:
    """The address a host is written as; None for a name."""
    try:
        return str(ip_address(host.strip("[]")))
    except ValueError:
        return None


def _result(host: str, port: int, address: str) -> ResolveResult:
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    flags: Any = socket.AI_NUMERICHOST | socket.AI_NUMERICSERV
    return ResolveResult(hostname=host, host=address, port=port, family=family, proto=0, flags=flags)
