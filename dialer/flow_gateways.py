"""Where flows may dial: telephone numbers over one trunk, SIP addresses of known hosts over another.

What a flow dials may hold whatever a caller keyed in or another system answered. A number is read and written anew, an
address is taken apart and put together again, so that nothing of it can mean anything to Dial(); and where it leads is on the
installation's list, so that nobody telephones at its cost. No campaign calls here: it is the caller who is put through, at
the caller's own wish, and no gate is asked.
"""

import logging
from collections.abc import Sequence
from dataclasses import dataclass

from dialer.domain.phone_number import BadNumber, parse_number
from dialer.errors import Misconfigured
from dialer.settings import Settings
from dialer.telephony.asterisk.trunks import DialString
from ivr.flow.addresses import AddressRefused, sip_address
from ivr.ports import Gateways

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class TrunkGateways:
    """`ivr.ports.Gateways`. `numbers`: what they begin with, in E.164; none: all but premium-rate ones. `sip_endpoint`: of
    Asterisk; None: no SIP addresses. `sip_hosts` as `pbx.example.com`, `*.example.com`, `192.0.2.7`.
    """

    trunk: DialString | None
    region: str
    numbers: Sequence[str] = ()
    sip_endpoint: str | None = None
    sip_hosts: Sequence[str] = ()

    def dial_string(self, kind: str, target: str) -> str | None:
        found, why = self._number(target) if kind == "number" else self._sip(target)
        if found is None:
            log.warning("not dialled for a flow: %s", why, extra={"action": "ivr.no_gateway", "kind": kind})
        return found

    def _number(self, target: str) -> tuple[str | None, str]:
        if self.trunk is None:
            return None, "no trunk; set FAIRDIAL_IVR__TRUNK"
        try:
            number = parse_number(target, self.region)
        except BadNumber as bad:
            return None, str(bad)
        if self.numbers and not number.e164.startswith(tuple(self.numbers)):
            return None, "the number is none of FAIRDIAL_IVR__NUMBERS"
        if not self.numbers and number.is_premium:
            return None, "a premium-rate number; name it in FAIRDIAL_IVR__NUMBERS if that is meant"
        return self.trunk.to(number), ""

    def _sip(self, target: str) -> tuple[str | None, str]:
        if self.sip_endpoint is None:
            return None, "no trunk for SIP addresses; set FAIRDIAL_IVR__SIP_TRUNK"
        try:
            address = sip_address(target)
        except AddressRefused as refused:
            return None, f"not a SIP address that can be dialled ({refused})"
        if not any(_matches(address.host, allowed.lower()) for allowed in self.sip_hosts):
            return None, f"{address.host} is none of FAIRDIAL_IVR__SIP_HOSTS"
        return f"PJSIP/{self.sip_endpoint}/{address}", ""


def _matches(host: str, allowed: str) -> bool:
    return host.endswith(allowed[1:]) if allowed.startswith("*.") else host == allowed


def opened_gateways(settings: Settings) -> TrunkGateways:
    """Raises `Misconfigured`."""
    ours = settings.ivr
    for field, name in (("TRUNK", ours.trunk), ("SIP_TRUNK", ours.sip_trunk)):
        if name is not None and name not in settings.trunks:
            raise Misconfigured(
                f"ivr: there is no trunk {name!r}; set FAIRDIAL_IVR__{field} to one of the trunks"
            )
    to = None
    if ours.trunk is not None:
        trunk = settings.trunks[ours.trunk]
        to = DialString(f"trunk-{ours.trunk}", trunk.number_format, trunk.prefix)
    endpoint = None if ours.sip_trunk is None else f"trunk-{ours.sip_trunk}"
    return TrunkGateways(to, settings.default_region, ours.numbers, endpoint, ours.sip_hosts)


_gateways: type[Gateways] = TrunkGateways
