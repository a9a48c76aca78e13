"""fairdial explain …: why a call was made, or a contact was not called: rules, checks, counts, in order."""

from datetime import datetime
from typing import Annotated
from uuid import UUID
from zoneinfo import ZoneInfo

import typer

from dialer.bootstrap import gatekeeper, trunk_limits
from dialer.cli import console
from dialer.cli.session import Session, with_session
from dialer.domain.ids import AttemptId, ContactId
from dialer.engine.explainer import (
    AttemptExplanation,
    CampaignExplanation,
    ContactExplanation,
    Explainer,
    Verdict,
)
from dialer.errors import BadInput, NotFound
from dialer.ports.storage import AttemptView
from dialer.registries.book import Registries
from dialer.web.explanations import attempt_out, contact_out, sources_of, why_it_matched
from dialer.words import name_of

commands = console.group("Why a call was made, or a contact was not called.")

Json = Annotated[bool, typer.Option("--json", help="As JSON.")]


def explainer(session: Session) -> Explainer:
    registries = Registries(session.settings.registries.folder, session.clock)
    keeper = gatekeeper(session.settings, registries, session.clock)
    shown = {limits.name: limits.caller_id for limits in trunk_limits(session.settings)}
    return Explainer(session.store, keeper, shown)


@commands.command()
def attempt(attempt_id: UUID, as_json: Json = False) -> None:
    """One attempt: what it was decided by, what was counted, everything that happened on it."""
    found = with_session(lambda session: _attempt(session, AttemptId(attempt_id)))
    if as_json:
        console.show_json(attempt_out(found).model_dump(mode="json"))
        return
    typer.echo(_headline(found.attempt))
    _grounds(found)
    if found.then is not None:
        console.tell("explain.then", moment=console.moment(found.then.at))
        _checks(found.then)
    _counted(found)
    console.tell("explain.timeline")
    console.show(("time", "event", "detail"), [(each.at, each.kind, each.detail) for each in found.timeline])
    _next(found.contact)


async def _attempt(session: Session, which: AttemptId) -> AttemptExplanation:
    return await explainer(session).attempt(which, session.clock.now())


@commands.command()
def contact(
    contact_id: Annotated[int | None, typer.Argument()] = None,
    number: Annotated[str | None, typer.Option(help="The contacts with this number instead.")] = None,
    as_json: Json = False,
) -> None:
    """One contact: the rules of its call, every check, stored refusals, attempts, and when it is next."""
    if (contact_id is None) == (number is None):
        raise BadInput("say which contact: its id, or --number", "contact_id")
    found = with_session(lambda session: _contacts(session, contact_id, number))
    if as_json:
        documents = [contact_out(each).model_dump(mode="json") for each in found]
        console.show_json(documents[0] if number is None else documents)
        return
    for each in found:
        _show_contact(each)


async def _contacts(
    session: Session, contact_id: int | None, written: str | None
) -> list[ContactExplanation]:
    wanted = (
        [ContactId(contact_id)]
        if contact_id is not None
        else list(await session.store.gate.contacts_with(session.number(written or "")))
    )
    if not wanted:
        raise NotFound("no contact has this number")
    explains, now = explainer(session), session.clock.now()
    return [await explains.contact(each, now) for each in wanted]


@commands.command()
def campaign(which: Annotated[str, typer.Argument(metavar="CAMPAIGN")], as_json: Json = False) -> None:
    """Why contacts of a campaign were not called today, by reason."""
    found = with_session(lambda session: _campaign(session, which))
    if as_json:
        console.show_json(
            {"campaign": found.campaign.id, "since": found.since, "refusals": list(found.refusals)}
        )
        return
    console.tell("explain.campaign", name=found.campaign.plan.name, since=console.moment(found.since))
    words = console.language()
    rows = [
        (name_of("refusal", each.reason, words), each.profile, each.citation, each.contacts, each.until)
        for each in found.refusals
    ]
    console.show(("reason", "profile", "citation", "contacts", "until"), rows)


async def _campaign(session: Session, which: str) -> CampaignExplanation:
    campaign = await session.campaign(which)
    since = _midnight(session.clock.now(), ZoneInfo(session.settings.time_zone))
    return await explainer(session).campaign(campaign.id, since)


def _midnight(now: datetime, zone: ZoneInfo) -> datetime:
    return now.astimezone(zone).replace(hour=0, minute=0, second=0, microsecond=0)


# --- words ------------------------------------------------------------------------------------------------------------


def _headline(view: AttemptView) -> str:
    words = console.language()
    result = (
        name_of("disposition", view.disposition, words)
        if view.disposition is not None
        else name_of("attempt", view.state, words)
    )
    because = f" ({view.because})" if view.because else ""
    cause = f" · Q.850 {view.cause.q850}" if view.cause.q850 else ""
    sip = f" · SIP {view.cause.sip}" if view.cause.sip else ""
    return f"{view.number.e164}: {result}{because}{cause}{sip}"


def _show_contact(found: ContactExplanation) -> None:
    words, view = console.language(), found.contact
    because = f" ({view.because})" if view.because else ""
    typer.echo(f"{view.name or view.id}: {name_of('contact', view.state, words)}{because}")
    if found.verdict is not None:
        _rules(found.verdict, found)
        console.tell("explain.now", moment=console.moment(found.verdict.at), number=found.number)
        _checks(found.verdict)
    _next(found)
    console.tell("explain.refusals")
    console.show(
        ("reason", "profile", "citation", "because", "first", "last", "times", "until"),
        [
            (
                name_of("refusal", each.reason, words),
                each.profile,
                each.citation,
                each.because,
                each.first_at,
                each.last_at,
                each.times,
                each.until,
            )
            for each in found.refusals
        ],
    )
    console.tell("explain.attempts")
    rows = [(one.id, one.claimed_at, _headline(one)) for one in found.attempts]
    console.show(("attempt", "time", "result"), rows)


def _rules(verdict: Verdict, found: ContactExplanation) -> None:
    console.tell("explain.rules", version=verdict.rules.rulebook[:12])
    rules = found.campaign.plan.rules
    loosened = {each.profile: each for each in verdict.rules.loosened}
    rows = [
        (
            profile.id,
            _why(why_it_matched(profile, rules)),
            "; ".join(
                dict.fromkeys(f"{source.citation} [{source.evidence}]" for _, source in sources_of(profile))
            ),
            f"{loosened[profile.id].by}: {loosened[profile.id].why}" if profile.id in loosened else "",
        )
        for profile in verdict.rules.profiles
    ]
    console.show(("profile", "why", "citation", "loosened"), rows)


def _why(matched: str) -> str:
    return console.words(f"rules.{matched}") if matched in ("named", "always") else matched


def _checks(verdict: Verdict) -> None:
    words = console.language()
    rows = [
        (
            name_of("check", name, words),
            console.words("explain.passes") if refusal is None else name_of("refusal", refusal.reason, words),
            figures if refusal is None else refusal.because,
            "" if refusal is None else " ".join(filter(None, (refusal.profile, refusal.citation))),
            None if refusal is None else refusal.until,
        )
        for name, refusal, figures in verdict.checks
    ]
    console.show(("check", "verdict", "figure", "citation", "until"), rows)


def _grounds(found: AttemptExplanation) -> None:
    if (decided := found.decided_by) is None:
        console.tell("explain.no_grounds")
        return
    grounds = decided.grounds
    console.tell(
        "explain.grounds" if found.same_book else "explain.grounds_of_older_book",
        profiles=", ".join(grounds.profiles),
        version=grounds.rulebook[:12],
        purposes=", ".join(grounds.purposes),
        voice=grounds.voice,
    )
    registries = ", ".join(f"{name} {version}" for name, version in grounds.registries)
    rows = [
        ("caller_id", decided.caller_id),
        ("registries", registries),
        ("consent", decided.consent or ""),
        ("subject", grounds.subject),
        ("seller", grounds.seller),
        ("debt", decided.debt),
    ]
    console.show(("setting", "value"), [row for row in rows if row[1]])


def _counted(found: AttemptExplanation) -> None:
    if not found.counted:
        return
    words = console.language()
    console.tell("explain.counted")
    rows = [
        (
            each.profile,
            name_of("abandonment.class", each.call_class, words),
            "" if each.waited is None else f"{each.waited.total_seconds():.3f} s",
            f"{each.limit.total_seconds():g} s",
            ", ".join(sorted(each.violations)),
            each.citation,
        )
        for each in found.counted
    ]
    console.show(("profile", "class", "waited", "limit", "violations", "citation"), rows)


def _next(found: ContactExplanation) -> None:
    if found.next_at is None:
        console.tell("explain.never", because=found.because or "–")
    else:
        console.tell("explain.next", moment=console.moment(found.next_at))
