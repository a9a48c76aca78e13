"""fairdial rules …: the law as data, what it says, and what it comes to for a number."""

import json
from collections.abc import Mapping
from datetime import date, datetime
from pathlib import Path
from typing import Annotated, Any
from zoneinfo import ZoneInfo

import typer

from dialer.cli import console, rule_explain
from dialer.cli.rule_words import RuleWords
from dialer.clock import SystemClock
from dialer.compliance.profile import Profile, Voice
from dialer.compliance.rulebook import Rulebook
from dialer.compliance.vectors.run import Outcome, run_case
from dialer.domain.campaign_rules import CallPurpose
from dialer.errors import BadInput
from dialer.rulebook.cases import read_cases
from dialer.rulebook.load import load_rules
from dialer.words import name_of

commands = console.group("Show the rules of law, and what they come to for a call.")

Json = Annotated[bool, typer.Option("--json", help="As JSON.")]
On = Annotated[
    str | None, typer.Option("--on", metavar="DATE", help="Day such as 2026-01-31; default: today.")
]


def rulebook() -> Rulebook:
    """The product's rules with the operator's own. Raises `BadInput` with file and line."""
    return load_rules(console.settings().rules.file).book


@commands.command("list")
def list_profiles(on: On = None, as_json: Json = False) -> None:
    """Every profile: what it is, whether it is in force, and how well its figures are known."""
    book, day = rulebook(), _day(on)
    if as_json:
        console.show_json(
            {
                "version": book.fingerprint,
                "on": day,
                "profiles": [_summary(each, day) for each in book.profiles.values()],
            }
        )
        return
    words = RuleWords(console.language())
    rows = [
        (
            profile.id,
            words.title(profile),
            name_of("nature", profile.nature, words.language),
            words.dates(profile),
            console.words("cli.yes" if profile.in_force(day) else "cli.no"),
            words.evidence("/".join(_tags(profile))),
        )
        for profile in book.profiles.values()
    ]
    console.show(("profile", "title", "nature", "dates", "in_force", "evidence"), rows)
    force = len(book.in_force(day))
    console.tell("rules.listed", all=len(book.profiles), force=force, day=day, version=book.fingerprint[:12])


def _summary(profile: Profile, day: date) -> Mapping[str, Any]:
    return {
        "id": profile.id,
        "title": profile.title,
        "title_zh": profile.title_zh,
        "nature": profile.nature,
        "effective_from": profile.effective_from,
        "effective_to": profile.effective_to,
        "in_force": profile.in_force(day),
        "named_only": profile.scope.named_only,
        "evidence": _tags(profile),
        "as_of": profile.as_of,
        "file": profile.file,
    }


def _tags(profile: Profile) -> list[str]:
    sources = [figure.source for figure in RuleWords("en").figures(profile)]
    return sorted(
        {tag for source in sources if source is not None for tag in source.evidence.split("/")},
        key="VSKXP".index,
    )


@commands.command()
def show(profile_id: Annotated[str, typer.Argument(metavar="ID")], as_json: Json = False) -> None:
    """Every figure of a profile, with its citation and how well it is known."""
    profile, words = rulebook().profile(profile_id), RuleWords(console.language())
    figures = list(words.figures(profile))
    if as_json:
        console.show_json({"profile": profile, "figures": figures})
        return
    nature = name_of("nature", profile.nature, words.language)
    typer.echo(
        f"{profile.id}: {words.title(profile)} · {nature} · {words.dates(profile)} · {profile.file} ({profile.as_of})"
    )
    rows = [
        (
            name_of("rule", figure.rule, words.language),
            figure.words,
            "" if figure.source is None else figure.source.citation,
            words.evidence("P" if figure.source is None else figure.source.evidence),
            "" if figure.source is None else figure.source.note,
        )
        for figure in figures
    ]
    console.show(("rule", "figure", "citation", "evidence", "note"), rows)
    console.tell("rules.no_advice")


@commands.command()
def explain(
    number: Annotated[str, typer.Option(help="As written in the settings' region, or with +country.")],
    purpose: Annotated[
        list[CallPurpose] | None, typer.Option(help="Why it is called; may be repeated.")
    ] = None,
    voice: Annotated[Voice, typer.Option(help="Who speaks.")] = Voice.LIVE,
    campaign: Annotated[
        str | None, typer.Option(help="Take purposes, rules at home and overrides from it.")
    ] = None,
    at: Annotated[
        str | None, typer.Option(help="Moment such as 2026-01-31T09:30-05:00; default: now.")
    ] = None,
    state: Annotated[str | None, typer.Option(help="US state of the person's address.")] = None,
    consent: Annotated[bool, typer.Option("--consent", help="The person consented.")] = False,
    as_json: Json = False,
) -> None:
    """Which profiles govern a call to a number and why, the strictest figures, and whether it may be called now."""
    asked = rule_explain.Question(
        number, frozenset(purpose or ()), voice, campaign, _moment(at), state, consent
    )
    found = rule_explain.answer(rulebook(), asked)
    if as_json:
        console.show_json(found.as_json())
    else:
        rule_explain.show(found)


@commands.command()
def check(
    file: Annotated[Path, typer.Argument(help="YAML file of test cases.")], as_json: Json = False
) -> None:
    """Ask every case of a file of the code that decides on calls. Status 1 when one comes out otherwise."""
    book = rulebook()
    outcomes = [run_case(book, case) for case in read_cases(file)]
    if as_json:
        console.show_json([_outcome(each) for each in outcomes])
    else:
        for outcome in outcomes:
            _tell(outcome)
        passed = sum(each.passed for each in outcomes)
        console.tell("rules.cases", passed=passed, all=len(outcomes))
    if not outcomes or not all(each.passed for each in outcomes):
        raise typer.Exit(1)


def _tell(outcome: Outcome) -> None:
    verdict = console.words("rules.case_passed" if outcome.passed else "rules.case_failed")
    because = [outcome.problem] if outcome.problem else []
    because += [
        console.words(
            "rules.case_difference",
            field=each.field,
            expected=_short(each.expected),
            found=_short(each.found),
        )
        for each in outcome.differences
    ]
    reason = f"  {'; '.join(because)}" if because else ""
    typer.echo(f"{verdict}  {outcome.case.id}  {outcome.case.kind}{reason}")


def _short(value: object) -> str:
    return json.dumps(value, ensure_ascii=False, default=str)


def _outcome(outcome: Outcome) -> Mapping[str, Any]:
    return {
        "id": outcome.case.id,
        "kind": outcome.case.kind,
        "line": outcome.case.line,
        "passed": outcome.passed,
        "problem": outcome.problem,
        "differences": outcome.differences,
    }


def _day(written: str | None) -> date:
    if written is None:
        return SystemClock().now().astimezone(ZoneInfo(console.settings().time_zone)).date()
    try:
        return date.fromisoformat(written)
    except ValueError:
        raise BadInput(f"{written!r} is not a day: say 2026-01-31", "on") from None


def _moment(written: str | None) -> datetime:
    """A time without a zone is one of the operator's zone."""
    if written is None:
        return SystemClock().now()
    try:
        at = datetime.fromisoformat(written)
    except ValueError:
        raise BadInput(f"{written!r} is not a moment: say 2026-01-31T09:30-05:00", "at") from None
    return at if at.tzinfo is not None else at.replace(tzinfo=ZoneInfo(console.settings().time_zone))
