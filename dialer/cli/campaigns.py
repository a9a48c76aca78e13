"""fairdial campaign …"""

import tomllib
from datetime import timedelta
from pathlib import Path
from typing import Annotated, Any

import typer

from dialer.cli import console
from dialer.cli.config import flat
from dialer.cli.session import Session, with_session
from dialer.domain.campaign import Campaign, CampaignSignal
from dialer.domain.plan_document import plan_from_json, plan_to_json
from dialer.errors import BadInput
from dialer.words import name_of

commands = console.group("Create and steer campaigns.")

Which = Annotated[str, typer.Argument(metavar="CAMPAIGN", help="Name or id.")]
Json = Annotated[bool, typer.Option("--json", help="As JSON.")]

# 16 CFR 310.4(b)(4)(i)
_LEGAL_WINDOW = timedelta(days=30)


@commands.command()
def create(
    name: Annotated[str | None, typer.Option(help="Unique, at most 80 characters.")] = None,
    trunk: Annotated[str | None, typer.Option(help="A trunk of the settings.")] = None,
    from_file: Annotated[Path | None, typer.Option(help="A plan as TOML; options win over it.")] = None,
    caller_id: Annotated[str | None, typer.Option(help="E.164; default: the trunk's own.")] = None,
    start: Annotated[str | None, typer.Option(help="First local time of the called, such as 09:00.")] = None,
    end: Annotated[str | None, typer.Option(help="At this local time no call may begin.")] = None,
    weekdays: Annotated[str | None, typer.Option(help="Days as digits, 0 is Monday: 01234.")] = None,
    ring_for: Annotated[int | None, typer.Option(help="Seconds of ringing, at least 15.")] = None,
    wrap_up: Annotated[int | None, typer.Option(help="Seconds after a call.")] = None,
    most_lines: Annotated[int | None, typer.Option(help="Lines used at once.")] = None,
    most_attempts: Annotated[int | None, typer.Option(help="Attempts per contact.")] = None,
    record: Annotated[bool | None, typer.Option("--record/--no-record", help="Record the calls.")] = None,
) -> None:
    """Create a campaign; it begins as a draft."""
    options = {
        "name": name,
        "trunk": trunk,
        "caller_id": caller_id,
        "ring_for_s": ring_for,
        "wrap_up_s": wrap_up,
        "most_lines": most_lines,
        "most_attempts": most_attempts,
        "record": record,
    }
    document = _plan_file(from_file)
    document |= {field: value for field, value in options.items() if value is not None}
    hours = {"start": start, "end": end, "weekdays": _days(weekdays)}
    if given := {field: value for field, value in hours.items() if value is not None}:
        document["hours"] = {**document.get("hours", {}), **given}
    with_session(lambda session: _create(session, document))


def _days(written: str | None) -> list[int] | None:
    if written is None:
        return None
    if not (written.isascii() and written.isdigit()):
        raise BadInput("weekdays: digits from 0 (Monday) to 6 (Sunday), such as 01234", "weekdays")
    return [int(day) for day in written]


def _plan_file(file: Path | None) -> dict[str, Any]:
    if file is None:
        return {}
    try:
        return tomllib.loads(file.read_text("utf-8"))
    except OSError as unreadable:
        raise BadInput(f"cannot read {file}: {unreadable.strerror}") from None
    except (UnicodeDecodeError, tomllib.TOMLDecodeError) as wrong:
        raise BadInput(f"{file}: {wrong}") from None


async def _create(session: Session, document: dict[str, Any]) -> None:
    plan = plan_from_json(document)
    if plan.trunk not in session.settings.trunks:
        known = ", ".join(session.settings.trunks) or "none yet"
        raise BadInput(f"there is no trunk {plan.trunk!r} in the settings; there are: {known}", "trunk")
    created = await session.store.campaigns.create_campaign(plan, session.clock.now())
    await session.audit("campaign.create", str(created), name=plan.name)
    console.tell("cli.campaign_created", name=plan.name, id=created)


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
