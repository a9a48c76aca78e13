"""What an operator's file loosens is never silent."""

import logging
from collections.abc import Iterable

from dialer.clock import Clock
from dialer.ports.storage import UserStore
from dialer.rulebook.operators_file import Loosened

log = logging.getLogger(__name__)


async def tell_loosened(loosened: Iterable[Loosened], users: UserStore, clock: Clock) -> None:
    """Into the log and the audit trail, with every start of the service."""
    for one in loosened:
        detail = {"field": one.field, "by": one.by, "why": one.why, "on": one.on.isoformat()}
        log.warning("rule loosened", extra={"action": "rules.loosened", "profile": one.profile, **detail})
        await users.audit("rules.file", "rules.loosened", one.profile, detail, clock.now())
