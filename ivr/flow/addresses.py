"""Which addresses a flow may ask: https, a host written out in the flow and on its list, no user, no way round.

And which SIP addresses it may transfer to: `sip:user@host`, of characters that mean nothing in a dial string.
"""

import re
from dataclasses import dataclass
from typing import Final
from urllib.parse import quote, urlsplit

_HOST: Final = re.compile(r"[a-z0-9-]{1,63}(?:\.[a-z0-9-]{1,63})*(?::[0-9]{1,5})?")


# RFC 3261 allows more in the user: what separates anything in Dial(), in a header or in the dialplan is left out
_SIP: Final = re.compile(
    r"sip:(?P<user>[A-Za-z0-9+](?:[A-Za-z0-9_.+-]{0,62}[A-Za-z0-9])?)@(?P<host>[A-Za-z0-9.-]{1,253})(?::(?P<port>[0-9]{1,5}))?"
)
_LABEL: Final = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?")


class AddressRefused(ValueError):
    """scheme, host, user, form"""


@dataclass(frozen=True, slots=True)
class SipAddress:
    """`host` in small letters; a name or an IPv4 address."""

    user: str
    host: str
    port: int | None = None

    def __str__(self) -> str:
        return f"sip:{self.user}@{self.host}" + (f":{self.port}" if self.port is not None else "")


def sip_address(text: str) -> SipAddress:
    """`sip:user@host` or `sip:user@host:port`: no parameters, no headers, no password. Raises `AddressRefused`."""
    if not text.startswith("sip:"):
        raise AddressRefused("scheme")
    found = _SIP.fullmatch(text)
    if found is None:
        raise AddressRefused("form")
    host, port = found["host"].lower(), int(found["port"]) if found["port"] else None
    if not all(_LABEL.fullmatch(label) for label in host.split(".")):
        raise AddressRefused("host")
    if port is not None and not 1 <= port <= 65535:
        raise AddressRefused("form")
    return SipAddress(found["user"], host, port)


def host_of(url: str, *, whole: bool = True) -> str:
    """Host and port of an address, or of the beginning of one that is still to be filled in (`whole` is false).

    Raises `AddressRefused`.
    """
    if any(char.isspace() or not char.isprintable() for char in url) or "\\" in url:
        raise AddressRefused("form")
    if not url.startswith("https://"):
        raise AddressRefused("scheme")
    rest = url.removeprefix("https://")
    authority = re.split(r"[/?#]", rest, maxsplit=1)[0]
    if not whole and authority == rest:  # the host itself would be filled in
        raise AddressRefused("host")
    if "@" in authority:
        raise AddressRefused("user")
    if not _HOST.fullmatch(authority):
        raise AddressRefused("host")
    return authority


def allowed(url: str, hosts: tuple[str, ...]) -> bool:
    """What an executor asks before it connects, and again for every redirect."""
    try:
        return host_of(url) in hosts and urlsplit(url).netloc in hosts
    except (AddressRefused, ValueError):
        return False


def filled(value: str) -> str:
    """A value inside an address: it cannot become a path, a query or a host."""
    return quote(value, safe="")
