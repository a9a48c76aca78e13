"""Campaigns: plans, and the signals that start and stop them."""

from datetime import timedelta

from dialer.domain.campaign import CampaignPlan, CampaignSignal
from dialer.domain.ids import CampaignId
from dialer.domain.rules_document import check_profiles
from dialer.errors import BadInput
from dialer.web.figures import AbandonmentOut, ContactCountsOut
from dialer.web.models import Created
from dialer.web.operations import Call, Operation, OperationHandler
from dialer.web.plans import (
    CampaignCounts,
    CampaignList,
    CampaignMoved,
    CampaignOut,
    NewCampaign,
    PlanPatch,
    campaign_out,
    patched,
    plan_of,
)
from dialer.web.roles import Role
from dialer.web.stats import abandonment, contact_counts

# 16 CFR 310.4(b)(4)(i) measures abandonment over 30 days
_LEGAL_WINDOW = timedelta(days=30)


def _id(call: Call) -> CampaignId:
    return CampaignId(call.number_in_path("campaign"))


def _known_trunk(call: Call, trunk: str) -> None:
    if call.deps.trunks is not None and trunk not in call.deps.trunks:
        raise BadInput("there is no trunk of this name in the settings", "trunk")


def _known_rules(call: Call, plan: CampaignPlan) -> None:
    if call.deps.rules.profiles:
        check_profiles(plan.rules, call.deps.rules.profiles)


async def list_campaigns(call: Call) -> CampaignList:
    campaigns = await call.deps.store.campaigns.campaigns()
    return CampaignList(campaigns=[campaign_out(campaign) for campaign in campaigns])


async def create_campaign(call: Call) -> Created:
    wanted = await call.body(NewCampaign)
    _known_trunk(call, wanted.trunk)
    plan = plan_of(wanted)
    _known_rules(call, plan)
    created = await call.deps.store.campaigns.create_campaign(plan, call.deps.clock.now())
    await call.audit(
        "campaign.create",
        str(created),
        name=plan.name,
        announce_recording=plan.announce_recording.value,
        announce_why=plan.announce_why,
    )
    return Created(id=created)


async def get_campaign(call: Call) -> CampaignOut:
    return campaign_out(await call.deps.store.campaigns.campaign(_id(call)))


async def change_plan(call: Call) -> CampaignOut:
    patch = await call.body(PlanPatch)
    store = call.deps.store.campaigns
    plan = patched((await store.campaign(_id(call))).plan, patch)
    _known_trunk(call, plan.trunk)
    _known_rules(call, plan)
    await store.change_plan(_id(call), plan)
    await call.audit(
        "campaign.change_plan", str(_id(call)), **patch.model_dump(mode="json", exclude_unset=True)
    )
    return campaign_out(await store.campaign(_id(call)))


async def count_campaign(call: Call) -> CampaignCounts:
    store, now = call.deps.store.campaigns, call.deps.clock.now()
    await store.campaign(_id(call))
    contacts = await store.contact_counts(_id(call), now)
    legal = await store.abandonment(_id(call), now - _LEGAL_WINDOW)
    return CampaignCounts(
        contacts=ContactCountsOut.model_validate(contact_counts(contacts)),
        outcomes=await store.outcomes(_id(call)),
        abandonment={"30_days": AbandonmentOut.model_validate(abandonment(legal))},
    )


def _moving(signal: CampaignSignal) -> OperationHandler:
    async def move(call: Call) -> CampaignMoved:
        store = call.deps.store.campaigns
        state = await store.move_campaign(_id(call), signal, call.deps.clock.now())
        await call.audit(f"campaign.{signal}", str(_id(call)))
        return CampaignMoved(id=_id(call), signal=signal, state=state)

    move.__name__ = f"{signal}_campaign"
    return move


def _move(signal: CampaignSignal, summary: str) -> Operation:
    path = f"/api/v1/campaigns/{{campaign}}/{signal}"
    return Operation("POST", path, Role.SUPERVISOR, summary, _moving(signal), response=CampaignMoved)


ONE = "/api/v1/campaigns/{campaign}"
OPERATIONS = (
    Operation(
        "GET",
        "/api/v1/campaigns",
        Role.READ_ONLY,
        "All campaigns",
        list_campaigns,
        response=CampaignList,
    ),
    Operation(
        "POST",
        "/api/v1/campaigns",
        Role.SUPERVISOR,
        "Create a campaign; it begins as a draft",
        create_campaign,
        request=NewCampaign,
        response=Created,
        status=201,
    ),
    Operation("GET", ONE, Role.READ_ONLY, "One campaign with its plan", get_campaign, response=CampaignOut),
    Operation(
        "PATCH",
        ONE,
        Role.SUPERVISOR,
        "Change parts of the plan; takes effect with the next decision",
        change_plan,
        request=PlanPatch,
        response=CampaignOut,
    ),
    Operation(
        "GET",
        ONE + "/counts",
        Role.READ_ONLY,
        "Contacts by state, outcomes, and abandonment over 30 days",
        count_campaign,
        response=CampaignCounts,
    ),
    _move(CampaignSignal.START, "Start dialling"),
    _move(CampaignSignal.PAUSE, "No new dials; calls in progress go on"),
    _move(CampaignSignal.RESUME, "Dial again after a pause"),
    _move(CampaignSignal.STOP, "Finish the calls in progress, then stop"),
)
