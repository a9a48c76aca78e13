"""fairdial campaign override: loosen one rule for one campaign, in the name of whoever types, with a reason."""

from dataclasses import replace
from typing import Annotated

import typer

from dialer.cli import console
from dialer.cli.session import Session, with_session
from dialer.compliance.overrides import LOOSENINGS, check_override
from dialer.domain.campaign_rules import RuleOverride
from dialer.domain.rules_document import unknown_profile
from dialer.errors import BadInput, NotFound

Which = Annotated[str, typer.Argument(metavar="CAMPAIGN", help="Name or id.")]
ProfileId = Annotated[str, typer.Option("--profile", help="The profile whose rule it is.")]
Field = Annotated[str, typer.Option("--field", help=f"One of {', '.join(LOOSENINGS)}.")]
Value = Annotated[str | None, typer.Option("--value", help="What takes the rule's place, such as off.")]
Why = Annotated[str | None, typer.Option("--why", help="The reason, for the record.")]
Remove = Annotated[bool, typer.Option("--remove", help="The rule binds again.")]


def override(
    which: Which,
    profile: ProfileId,
    field: Field,
    value: Value = None,
    why: Why = None,
    remove: Remove = False,
) -> None:
    """Loosen one rule of one profile for this campaign; kept with your name in the plan and in the audit trail."""
    if remove:
        with_session(lambda session: _remove(session, which, profile, field))
        return
    if not value or not (why or "").strip():
        raise BadInput("a rule is loosened only with --value and --why", "value" if not value else "why")
    with_session(lambda session: _override(session, which, profile, field, value or "", (why or "").strip()))


async def _override(session: Session, which: str, profile: str, field: str, value: str, why: str) -> None:
    campaign, known = await session.campaign(which), session.rulebook().profiles
    if profile not in known:
        raise unknown_profile(profile, "profile", known)
    check_override(field, value, known[profile])
    new = RuleOverride(profile, field, value, session.actor, why, session.clock.now())
    kept = [each for each in campaign.plan.rules.overrides if (each.profile, each.field) != (profile, field)]
    rules = replace(campaign.plan.rules, overrides=(*kept, new))
    await session.store.campaigns.change_plan(campaign.id, replace(campaign.plan, rules=rules))
    await session.audit(
        "campaign.override", str(campaign.id), profile=profile, field=field, value=value, why=why
    )
    console.tell("cli.override_set", profile=profile, field=field, value=value)


async def _remove(session: Session, which: str, profile: str, field: str) -> None:
    campaign = await session.campaign(which)
    rules = campaign.plan.rules
    kept = tuple(each for each in rules.overrides if (each.profile, each.field) != (profile, field))
    if len(kept) == len(rules.overrides):
        raise NotFound(f"{campaign.plan.name}: {field} of {profile} is not loosened")
    plan = replace(campaign.plan, rules=replace(rules, overrides=kept))
    await session.store.campaigns.change_plan(campaign.id, plan)
    await session.audit("campaign.override_removed", str(campaign.id), profile=profile, field=field)
    console.tell("cli.override_removed", profile=profile, field=field)
