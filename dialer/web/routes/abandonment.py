"""Abandonment as each regulator counts it, and reviews of machine verdicts by ear."""

from dialer.compliance.abandonment_classes import AnsweredBy
from dialer.domain.ids import AttemptId, CampaignId
from dialer.web.abandonment import AbandonmentQuery, AbandonmentReport, Asked, report
from dialer.web.models import In, Line
from dialer.web.operations import Call, Operation
from dialer.web.roles import Role


class VerdictReview(In):
    answered_by: AnsweredBy
    note: Line = ""


async def campaign_abandonment(call: Call) -> AbandonmentReport:
    query, deps = call.query(AbandonmentQuery), call.deps
    campaign = await deps.store.campaigns.campaign(CampaignId(call.number_in_path("campaign")))
    wanted = tuple(filter(None, (which.strip() for which in (query.profile or "").split(","))))
    asked = Asked(query.since, query.until, wanted, query.rules_as_of)
    return await report(deps.store, deps.rules, campaign, deps.zone, deps.clock.now(), asked)


async def review_verdict(call: Call) -> None:
    heard, attempt = await call.body(VerdictReview), AttemptId(call.uuid_in_path("attempt"))
    now = call.deps.clock.now()
    await call.deps.store.ledger.review(attempt, heard.answered_by, call.caller.name, heard.note, now)
    await call.audit("ledger.review", str(attempt), answered_by=heard.answered_by.value)


OPERATIONS = (
    Operation(
        "GET",
        "/api/v1/campaigns/{campaign}/abandonment",
        Role.READ_ONLY,
        "Abandonment under every profile and in every window, worked out from the ledger",
        campaign_abandonment,
        query=AbandonmentQuery,
        response=AbandonmentReport,
    ),
    Operation(
        "POST",
        "/api/v1/attempts/{attempt}/verdict-review",
        Role.SUPERVISOR,
        "Say who answered, by ear: the evidence for the estimate of false positives",
        review_verdict,
        request=VerdictReview,
        status=204,
    ),
)
