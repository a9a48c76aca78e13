"""Which addresses a flow may ask: https, a host written out in the flow and on its list, no user, no way round."""

import re
from typing import Final
from urllib.parse import quote, urlsplit

_HOST: Final = re.compile(r"[a-z0-9-]{1,63}(?:\.[a-z0-9-]{1,63})*(?::[0-9]{1,5})?")


class AddressRefused(ValueError):
    """scheme, host, user, form"""


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
