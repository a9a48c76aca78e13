"""Asks Asterisk to send only the events somebody wants. A convenience: the wire drops the others anyway.

Filters touch events only: the items of a list action are answers and pass in any case (Asterisk 22).
"""

import logging
from collections.abc import Iterable

from dialer.errors import LinkDown
from dialer.telephony.asterisk.ami_wire import AmiWire

log = logging.getLogger(__name__)


class FilterHalfInstalled(LinkDown):
    """Some names were accepted and others not, which hides events that are wanted."""


async def install_filter(wire: AmiWire, names: Iterable[str], within_s: float) -> None:
    """To be called while no wanted event flows: between the first name and the last, the others are lost.

    A refusal is no failure: events then come unfiltered.
    """
    wanted = sorted(set(names))
    for position, name in enumerate(wanted):
        if await _accepted(wire, "MatchCriteria", f"name({name}),action(include)", within_s):
            continue
        if position:
            raise FilterHalfInstalled(f"Filter refused for {name}")
        await _install_legacy(wire, wanted, within_s)
        return


async def _install_legacy(wire: AmiWire, names: list[str], within_s: float) -> None:
    # before MatchCriteria a filter was one regular expression over the whole event
    pattern = f"^Event: ({'|'.join(names)})[[:cntrl:]]"
    if not await _accepted(wire, "Filter", pattern, within_s):
        log.warning("Asterisk takes no event filter", extra={"action": "ami.unfiltered"})


async def _accepted(wire: AmiWire, header: str, criterion: str, within_s: float) -> bool:
    request = {"Action": "Filter", "Operation": "Add", header: criterion}
    return (await wire.exchange(request, within_s))[0].ok
