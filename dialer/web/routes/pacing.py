"""Pacing: what a campaign's pacer decided, and the abandonment windows it is held to."""

from dialer.domain.ids import CampaignId
from dialer.web.abandonment import held_to
from dialer.web.operations import Call, Operation
from dialer.web.pacing import LOOK_BACK, Look, PacingOut, PacingQuery, report
from dialer.web.roles import Role


async def campaign_pacing(call: Call) -> PacingOut:
    query, now, store = call.query(PacingQuery), call.deps.clock.now(), call.deps.store
    campaign = await store.campaigns.campaign(CampaignId(call.number_in_path("campaign")))
    law = await held_to(store, call.deps.rules, campaign, now.astimezone(call.deps.zone).date(), loosen=True)
    look = Look(call.deps.zone, now, query.since or now - LOOK_BACK, query.limit, law)
    return await report(store.pacing, campaign, look, call.deps.floor.decisions(campaign.id, 1))


OPERATIONS = (
    Operation(
        "GET",
        "/api/v1/campaigns/{campaign}/pacing",
        Role.READ_ONLY,
        "The latest pacing decision, the abandonment windows, and samples of the decisions before",
        campaign_pacing,
        query=PacingQuery,
        response=PacingOut,
    ),
)
