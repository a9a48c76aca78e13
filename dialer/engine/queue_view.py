"""Queues and their callers as the web sees them."""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import datetime

from dialer.domain.campaign import Campaign, CampaignState
from dialer.engine.live_call import LiveCall
from dialer.engine.queue_book import QueueBook
from dialer.ports.floor import CallerOnFloor, CurrentCall, QueueOnFloor


def queues_on_floor(
    campaigns: Iterable[Campaign], book: QueueBook, calls: Iterable[LiveCall], now: datetime
) -> Sequence[QueueOnFloor]:
    """Those that are or were open."""
    calls = list(calls)
    return [
        _queue(campaign, book, calls, now)
        for campaign in campaigns
        if campaign.plan.inbound and campaign.state is not CampaignState.DRAFT
    ]


def _queue(campaign: Campaign, book: QueueBook, calls: Sequence[LiveCall], now: datetime) -> QueueOnFloor:
    found = book.of(campaign.id, calls)
    since = found.waiting_since
    return QueueOnFloor(
        campaign.id,
        campaign.plan.name,
        found.waiting,
        since,
        (now - since).total_seconds() if since is not None else 0.0,
        campaign.plan.answer_within.total_seconds(),
        found.answered,
        found.in_time,
        found.left,
    )


def caller_on_floor(call: LiveCall) -> CallerOnFloor | None:
    waited = call.waited()
    if not call.inbound or waited is None:
        return None
    return CallerOnFloor(call.plan.name, waited.total_seconds())


def current_call(call: LiveCall) -> CurrentCall:
    caller, waited = call.caller, call.waited()
    known = CurrentCall(
        call.id,
        call.state,
        call.campaign.id,
        call.claimed.contact,
        call.claimed.number if call.claimed.number.e164 else None,
        call.joined_at,
        call.inbound,
    )
    if caller is None:
        return known
    return replace(
        known,
        queue=call.plan.name,
        waited_s=waited.total_seconds() if waited is not None else None,
        called=caller.called,
        language=caller.language,
        session=caller.session or None,
        entered=caller.variables,
        answers=caller.answers,
    )
