"""What the dialplan is told of a flow that a call is sent through: variables of its channel."""

import json
import re
from collections.abc import Mapping
from typing import Final
from urllib.parse import quote

from dialer.errors import BadInput
from dialer.ports.telephony import FlowOrder
from dialer.telephony.asterisk import dialplan

# what can mean nothing in a dialplan or in the address of a FastAGI script
_NAME: Final = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_./-]{0,199}")
_CHUNK: Final = 700
"""Characters of a value: Asterisk takes 1024 bytes a line, and none beyond."""
_MOST_CHUNKS: Final = 8


def variables(order: FlowOrder) -> Mapping[str, str]:
    """In the order in which they are to be set. Raises `BadInput`."""
    for field in ("flow", "session", "entry"):
        value = getattr(order, field)
        if not _NAME.fullmatch(value) and (value or field != "entry"):
            raise BadInput(
                f"{field}: {value[:80]!r} is no name of a flow, a session or an entry point", field
            )
    return {
        dialplan.VARIABLE_FLOW: order.flow,
        dialplan.VARIABLE_SESSION: order.session,
        dialplan.VARIABLE_ENTRY: order.entry,
        dialplan.VARIABLE_CALLER: quote(order.caller, safe=""),
        dialplan.VARIABLE_OUTCOME: "",
        dialplan.VARIABLE_TRIES: "",
        dialplan.VARIABLE_JOINED: "",
        **_contact(order.contact),
    }


def _contact(contact: Mapping[str, str]) -> Mapping[str, str]:
    """As ASCII, which has no line ends; in several variables, the last of them empty. What is too much is left out."""
    room, taken = _CHUNK * _MOST_CHUNKS - 2, {}
    for name, value in contact.items():
        size = len(json.dumps({name: value}))
        if size <= room:
            room -= size
            taken[name] = value
    text = json.dumps(taken, separators=(",", ":"))
    chunks = [text[at : at + _CHUNK] for at in range(0, len(text), _CHUNK)] + [""]
    name = dialplan.VARIABLE_CONTACT
    return {name if not nth else f"{name}_{nth + 1}": chunk for nth, chunk in enumerate(chunks)}
