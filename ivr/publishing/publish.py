"""Into the store and out of it, checked both ways."""

import hashlib
import json
from datetime import datetime

from ivr.errors import NotPublished
from ivr.flow.model import Flow
from ivr.flow.reader import canonical, from_document
from ivr.ports import FlowStore, Publication


async def publish(store: FlowStore, flow: Flow, at: datetime, by: str = "") -> tuple[Publication, bool]:
    """The publication, and whether this version is new to the store. Earlier versions stay."""
    publication = Publication(flow.name, flow.version, at, by)
    new = await store.publish(publication, canonical(flow.document))
    return publication, new


async def fetch(store: FlowStore, name: str, version: str | None = None) -> Flow:
    """Raises `NotPublished`, also for a document that is no longer what was published."""
    if version is None and (history := await store.history(name)):
        version = history[-1].version
    stored = await store.document(name, version)
    digest = hashlib.sha256(stored).hexdigest()
    if version is not None and not digest.startswith(version):
        raise NotPublished(
            f"{name}@{version[:12]}: the stored document has been changed (its hash is {digest[:12]})"
        )
    flow = from_document(json.loads(stored), f"{name}@{digest[:12]}")
    if flow.version != digest:
        raise NotPublished(
            f"{name}@{digest[:12]} was published by a program this one cannot follow: publish it again"
        )
    return flow
