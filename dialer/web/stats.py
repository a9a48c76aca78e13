"""The live figures as one JSON document, serialised once for everyone who asks."""

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

import orjson

from dialer.ports.floor import CampaignOnFloor, Floor, PartHealth, Snapshot
from dialer.ports.storage import Abandonment, ContactCounts


def serialised(snapshot: Snapshot, parts: Sequence[PartHealth]) -> bytes:
    return orjson.dumps(document(snapshot, parts), default=str, option=orjson.OPT_UTC_Z)


def document(snapshot: Snapshot, parts: Sequence[PartHealth]) -> dict[str, Any]:
    return {
        "at": snapshot.at,
        "parts": parts,
        "campaigns": [_campaign(campaign) for campaign in snapshot.campaigns],
        "agents": {
            "by_state": _counts(Counter(agent.state for agent in snapshot.agents)),
            "list": snapshot.agents,
        },
        "trunks": snapshot.trunks,
        "queues": snapshot.queues,
    }


def _campaign(campaign: CampaignOnFloor) -> dict[str, Any]:
    return {
        "id": campaign.id,
        "name": campaign.name,
        "state": campaign.state,
        "calls": _counts(campaign.calls),
        "contacts": contact_counts(campaign.contacts),
        "outcomes": _counts(campaign.outcomes),
        "abandonment": {window: abandonment(of) for window, of in campaign.abandonment.items()},
        "pacing": campaign.pacing,
        "decision": campaign.decision,
    }


def contact_counts(counts: ContactCounts) -> dict[str, Any]:
    return {
        "by_state": _counts(counts.by_state),
        "due_now": counts.due_now,
        "next_due_at": counts.next_due_at,
    }


def abandonment(of: Abandonment) -> dict[str, Any]:
    """The rate is null while nobody has answered: nothing is not zero per cent."""
    return {
        "since": of.since,
        "answered": of.answered,
        "abandoned": of.abandoned,
        "rate": of.abandoned / of.answered if of.answered else None,
    }


def _counts(counts: Mapping[Any, int]) -> dict[str, int]:
    return {str(name): count for name, count in counts.items() if count}


class StatsFeed:
    """The bytes of the latest snapshot, made again only when the floor has changed."""

    def __init__(self, floor: Floor) -> None:
        self._floor = floor
        self._snapshot: Snapshot | None = None
        self._parts: Sequence[PartHealth] = ()
        self._bytes = b""
        self.serialisations = 0

    def current(self) -> bytes:
        return self.of(self._floor.snapshot())

    def of(self, snapshot: Snapshot) -> bytes:
        parts = self._floor.parts()
        if snapshot is not self._snapshot or parts != self._parts:
            self._bytes = serialised(snapshot, parts)
            self._snapshot, self._parts = snapshot, parts
            self.serialisations += 1
        return self._bytes
