"""What the parts of the driver have in common."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from dialer.clock import Clock
from dialer.ports.telephony import EventSink
from dialer.telephony.asterisk.ami_frames import AmiMessage
from dialer.telephony.asterisk.ami_wire import Headers
from dialer.telephony.asterisk.calls_in_hand import Switchboard


@dataclass(frozen=True, slots=True)
class Wiring:
    """`send` is the link's: it returns Asterisk's answer, be it success or error, and raises `LinkDown`."""

    board: Switchboard
    send: Callable[[Headers], Awaitable[AmiMessage]]
    sink: EventSink
    clock: Clock
