"""What a key pressed during a message does: 47 CFR 64.1200(a)(7)(i)(B), an opt-out that can be used before hang-up."""

from dataclasses import dataclass
from enum import StrEnum

from dialer.compliance.refusal import RefusalReason


class Heard(StrEnum):
    """What the called person was listening to."""

    ABANDONED_MESSAGE = "abandoned_message"
    PRERECORDED_MESSAGE = "prerecorded_message"


@dataclass(frozen=True, slots=True)
class KeyEffect:
    """`opts_out`: the number goes onto the list of our own at once. `refusal`: why the next attempt is not allowed."""

    opts_out: bool
    ends_call: bool
    refusal: RefusalReason | None


IGNORED = KeyEffect(opts_out=False, ends_call=False, refusal=None)
OPTED_OUT = KeyEffect(opts_out=True, ends_call=True, refusal=RefusalReason.INTERNAL_DNC)


def on_key(pressed: str, heard: Heard, opt_out_key: str) -> KeyEffect:
    """Any other key is not heard, and the message goes on. Both messages give the same choice."""
    return OPTED_OUT if pressed == opt_out_key and heard in Heard else IGNORED
