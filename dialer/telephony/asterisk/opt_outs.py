"""Opt-outs as the dialplan remembers them in Asterisk's own database, which outlives this service and the exchange."""

from datetime import UTC, datetime

from dialer.domain.events import OptedOut
from dialer.telephony.asterisk.calls_in_hand import attempt_id


def read_opt_out(key: str, value: str) -> OptedOut | None:
    """Of `/<family>/<channel>` and `<seconds since the epoch> <key>`; None for an entry that is none of ours."""
    attempt = attempt_id(key.rpartition("/")[2])
    seconds, _, pressed = value.partition(" ")
    if attempt is None or not seconds.isdecimal() or len(seconds) > len("9999999999"):
        return None
    return OptedOut(attempt, datetime.fromtimestamp(int(seconds), UTC), pressed)
