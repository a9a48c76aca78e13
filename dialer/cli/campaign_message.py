"""fairdial campaign message: the abandoned-call message, checked against the law before anybody hears it."""

import hashlib
import os
import wave
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Annotated
from zoneinfo import ZoneInfo

import typer

from dialer.cli import console
from dialer.cli.session import Session, with_session
from dialer.compliance.message_text import Finding, lint
from dialer.domain.campaign import Campaign
from dialer.errors import BadInput
from dialer.web.abandonment import held_to
from dialer.words import Language, name_of, say

_MOST_AUDIO = 10 << 20
_VOICES: dict[Language, str] = {"en": "en-us", "zh": "cmn-latn-pinyin"}


def message(
    which: Annotated[str, typer.Argument(metavar="CAMPAIGN", help="Name or id.")],
    text: Annotated[str | None, typer.Option(help="What is said; default: seller, purpose, opt-out, number.")] = None,
    language: Annotated[Language, typer.Option(help="Of the text.")] = "en",
    spoken: Annotated[
        str | None, typer.Option(help="How the voice is to read it: pinyin with tone digits for Chinese.")
    ] = None,
    audio: Annotated[
        Path | None, typer.Option(help="A recording of the text, mono 16-bit WAV, instead of a synthetic voice.")
    ] = None,
    check: Annotated[bool, typer.Option("--check", help="Check the text and change nothing.")] = False,
) -> None:  # fmt: skip
    """Check the abandoned-call message, record it, and set it. Nothing is set that a profile finds fault with."""
    with_session(lambda session: _message(session, which, text, language, spoken, audio, check=check))


async def _message(
    session: Session,
    which: str,
    text: str | None,
    language: Language,
    spoken: str | None,
    audio: Path | None,
    *,
    check: bool,
) -> None:
    campaign = await session.campaign(which)
    said = text if text is not None else _template(session, campaign, language)
    typer.echo(said)
    findings = await _findings(session, campaign, said)
    for finding in findings:
        typer.echo(f"fairdial: {_told(finding)}", err=True)
    if findings:
        raise BadInput(console.words("message.refused", count=len(findings)), "text")
    console.tell("message.passed")
    if check:
        return
    if audio is None and language == "zh" and spoken is None:
        raise BadInput(console.words("message.needs_voice"), "audio")
    recorded = _own(audio) if audio is not None else _synthetic(language, spoken or said)
    await _set(session, campaign, language, said, recorded)


def _template(session: Session, campaign: Campaign, language: Language) -> str:
    rules = campaign.plan.rules
    if not rules.seller or not rules.seller_phone:
        raise BadInput(console.words("message.needs_seller"), "seller")
    key = session.settings.asterisk.opt_out_key
    return say("message.template", language, seller=rules.seller, phone=rules.seller_phone, press=key)


async def _findings(session: Session, campaign: Campaign, text: str) -> Sequence[Finding]:
    """Under every profile of the places the list reaches, and those at home."""
    today = session.clock.now().astimezone(ZoneInfo(session.settings.time_zone)).date()
    profiles = await held_to(session.store, session.rulebook(), campaign, today)
    rules = campaign.plan.rules
    return lint(text, rules.seller, rules.seller_phone, profiles, session.settings.asterisk.opt_out_key)


def _told(finding: Finding) -> str:
    words = f" ({', '.join(finding.words)})" if finding.words else ""
    part = name_of("message_part", finding.part, console.language())
    return f"{finding.profile}: {part}{words} — {finding.citation}"


def _own(file: Path) -> bytes:
    from dialer.lab.prompts import for_telephone

    try:
        if file.stat().st_size > _MOST_AUDIO:
            raise BadInput(f"{file}: larger than {_MOST_AUDIO >> 20} MiB", "audio")
        return for_telephone(file.read_bytes())
    except (OSError, EOFError, wave.Error) as unreadable:
        raise BadInput(f"cannot read {file}: {unreadable}", "audio") from None


def _synthetic(language: Language, text: str) -> bytes:
    from dialer.lab.prompts import speak

    return speak(_VOICES[language], text)


async def _set(session: Session, campaign: Campaign, language: Language, text: str, recorded: bytes) -> None:
    """A new name for each recording: a call in progress goes on hearing the old one, and what was played stays known."""
    from dialer.telephony.asterisk.render import prompt_prefix

    folder, seal = session.settings.prompts.folder, hashlib.sha256(recorded).hexdigest()
    name = f"message-{campaign.id}-{seal[:8]}-{language}"
    draft = folder / f".{name}.{os.getpid()}.new"
    try:
        draft.write_bytes(recorded)
        draft.replace(folder / f"{name}.wav")
    except OSError as unwritable:
        raise BadInput(f"cannot write into {folder}: {unwritable.strerror}", "audio") from None
    plan = replace(campaign.plan, abandoned_message=f"{prompt_prefix(folder)}/{name}")
    await session.store.campaigns.change_plan(campaign.id, plan)
    # 16 CFR 310.5(a)(1): each unique prerecorded message is kept, its words with it
    await session.audit("campaign.message", str(campaign.id), text=text, prompt=name, sha256=seal)
    console.tell("message.set", name=plan.name, prompt=plan.abandoned_message)
