"""fairdial campaign …"""

import tomllib
from datetime import timedelta
from pathlib import Path
from typing import Annotated, Any

import typer

from dialer.cli import console
from dialer.cli import plan_options as options
from dialer.cli.config import flat
from dialer.cli.session import Session, with_session
from dialer.domain.campaign import Campaign, CampaignPlan, CampaignSignal
from dialer.domain.pacing_plan import PacingMode
from dialer.domain.plan_document import plan_from_json, plan_to_json
from dialer.domain.rules_document import check_profiles
from dialer.errors import BadInput
from dialer.words import name_of

commands = console.group("Create and steer campaigns.")

Which = Annotated[str, typer.Argument(metavar="CAMPAIGN", help="Name or id.")]
Json = Annotated[bool, typer.Option("--json", help="As JSON.")]

# 16 CFR 310.4(b)(4)(i)
_LEGAL_WINDOW = timedelta(days=30)


@commands.command()
@options.with_plan
def create(
    context: typer.Context,
    from_file: Annotated[Path | None, typer.Option(help="A plan as TOML; options win over it.")] = None,
    **plan: object,
) -> None:
    """Create a campaign; it begins as a draft."""
    document = options.laid_over(_plan_file(from_file), options.given(context.params))
    with_session(lambda session: _create(session, document))


@commands.command("set")
@options.with_plan
def change(
    context: typer.Context,
    which: Which,
    **plan: object,
) -> None:
    """Change parts of a campaign's plan; takes effect with the next decision."""
    changes = options.given(context.params)
    if not changes:
        raise BadInput("nothing to change: `fairdial campaign set --help` lists the options")
    with_session(lambda session: _change(session, which, changes))


def _plan_file(file: Path | None) -> dict[str, Any]:
    if file is None:
        return {}
    try:
        return tomllib.loads(file.read_text("utf-8"))
    except OSError as unreadable:
        raise BadInput(f"cannot read {file}: {unreadable.strerror}") from None
    except (UnicodeDecodeError, tomllib.TOMLDecodeError) as wrong:
        raise BadInput(f"{file}: {wrong}") from None


def _plan(session: Session, document: dict[str, Any]) -> CampaignPlan:
    if document.get("pacing", {}).get("mode") == PacingMode.INBOUND and session.settings.trunks:
        document = {"trunk": next(iter(session.settings.trunks)), **document}  # it never dials
    plan = plan_from_json(document)
    if plan.trunk not in session.settings.trunks:
        known = ", ".join(session.settings.trunks) or "none yet"
        raise BadInput(f"there is no trunk {plan.trunk!r} in the settings; there are: {known}", "trunk")
    check_profiles(plan.rules, session.rulebook().profiles)
    return plan


async def _create(session: Session, document: dict[str, Any]) -> None:
    if document.get("rules", {}).get("overrides"):
        raise BadInput(
            "rules.overrides: a rule is loosened by `fairdial campaign override`", "rules.overrides"
        )
    plan = _plan(session, document)
    created = await session.store.campaigns.create_campaign(plan, session.clock.now())
    await session.audit(
        "campaign.create",
        str(created),
        name=plan.name,
        announce_recording=plan.announce_recording.value,
        announce_why=plan.announce_why,
    )
    console.tell("cli.campaign_created", name=plan.name, id=created)


async def _change(session: Session, which: str, changes: dict[str, Any]) -> None:
    campaign = await session.campaign(which)
    plan = _plan(session, options.laid_over(plan_to_json(campaign.plan), changes))
    await session.store.campaigns.change_plan(campaign.id, plan)
    await session.audit("campaign.change_plan", str(campaign.id), **changes)
    console.tell("cli.campaign_changed", name=plan.name)


@commands.command("list")
def list_campaigns(as_json: Json = False) -> None:
    """All campaigns."""
    campaigns = with_session(lambda session: session.store.campaigns.campaigns())
    if as_json:
        console.show_json([_document(campaign) for campaign in campaigns])
        return
    rows = [(each.id, each.plan.name, _state(each), each.plan.trunk, _hours(each)) for each in campaigns]
    console.show(("id", "name", "state", "trunk", "hours"), rows)


def _document(campaign: Campaign) -> dict[str, object]:
    return {"id": campaign.id, "state": campaign.state, "plan": plan_to_json(campaign.plan)}


def _state(campaign: Campaign) -> str:
    return name_of("campaign", campaign.state, console.language())


def _hours(campaign: Campaign) -> str:
    hours = campaign.plan.hours
    return f"{hours.start:%H:%M}–{hours.end:%H:%M}"


@commands.command()
def show(which: Which, as_json: Json = False) -> None:
    """One campaign with its plan."""
    campaign = with_session(lambda session: session.campaign(which))
    document = _document(campaign)
    if as_json:
        console.show_json(document)
        return
    rows = [("id", campaign.id), ("state", _state(campaign))]
    console.show(("setting", "value"), [*rows, *flat("", plan_to_json(campaign.plan))])


@commands.command()
def status(which: Which, as_json: Json = False) -> None:
    """Contacts by state, outcomes, and abandonment over 30 days."""
    document = with_session(lambda session: _status(session, which))
    if as_json:
        console.show_json(document)
    else:
        _show_status(document)


async def _status(session: Session, which: str) -> dict[str, Any]:
    campaign, now = await session.campaign(which), session.clock.now()
    store = session.store.campaigns
    legal = await store.abandonment(campaign.id, now - _LEGAL_WINDOW)
    return {
        "id": campaign.id,
        "name": campaign.plan.name,
        "state": campaign.state,
        "contacts": await store.contact_counts(campaign.id, now),
        "outcomes": dict(await store.outcomes(campaign.id)),
        "abandonment": {"30_days": legal},
    }


def _show_status(document: dict[str, Any]) -> None:
    words, counts, legal = console.language(), document["contacts"], document["abandonment"]["30_days"]
    typer.echo(f"{document['name']}: {name_of('campaign', document['state'], words)}")
    contacts = [(name_of("contact", state, words), count) for state, count in counts.by_state.items()]
    due = [(name_of("figure", "due", words), counts.due_now)]
    console.show(("state", "count"), contacts + due)
    outcomes = [(name_of("disposition", name, words), count) for name, count in document["outcomes"].items()]
    console.show(("result", "count"), outcomes)
    rate = f" ({legal.abandoned / legal.answered:.2%})" if legal.answered else ""
    typer.echo(f"{name_of('figure', 'abandonment', words)}: {legal.abandoned} / {legal.answered}{rate}")


async def _move(session: Session, which: str, signal: CampaignSignal) -> None:
    campaign = await session.campaign(which)
    state = await session.store.campaigns.move_campaign(campaign.id, signal, session.clock.now())
    await session.audit(f"campaign.{signal}", str(campaign.id))
    words = name_of("campaign", state, console.language())
    console.tell("cli.campaign_moved", name=campaign.plan.name, state=words)


@commands.command("start")
def start_campaign(which: Which) -> None:
    """Start dialling."""
    with_session(lambda session: _move(session, which, CampaignSignal.START))


@commands.command()
def pause(which: Which) -> None:
    """No new dials; calls in progress go on."""
    with_session(lambda session: _move(session, which, CampaignSignal.PAUSE))


@commands.command()
def resume(which: Which) -> None:
    """Dial again after a pause."""
    with_session(lambda session: _move(session, which, CampaignSignal.RESUME))


@commands.command()
def stop(which: Which) -> None:
    """Finish the calls in progress, then stop."""
    with_session(lambda session: _move(session, which, CampaignSignal.STOP))
