"""What every list says of a number: our own, the person's consent and revocations, the registries of whole countries."""

from collections.abc import Iterable, Iterator, Sequence
from datetime import date, datetime, timedelta

from dialer.compliance.call import ConsentStanding, ListStanding, NextCall
from dialer.compliance.consent import revocation_stops
from dialer.compliance.profile import ConsentKind, Profile, RegistryRule
from dialer.compliance.refusal import Refusal, RefusalReason
from dialer.domain.campaign_rules import CallPurpose
from dialer.domain.registry import RegistryListing

_STRENGTH = {ConsentKind.NONE: 0, ConsentKind.EXPRESS: 1, ConsentKind.WRITTEN: 2}
_ONE_DAY = timedelta(days=1)  # elsewhere it may be tomorrow already


def list_refusal(
    profiles: Sequence[Profile],
    lists: ListStanding,
    consent: ConsentStanding,
    next_call: NextCall,
    on: date,
    *,
    revoke_all: bool,
) -> Refusal | None:
    """The first list that forbids the call, in the order of what weighs most; None: none does.

    Our own list and revocations beat consent and any relationship; consent beats a registry where its rule says so. A
    registry that a call needs and that is missing, unreadable or too old forbids it whether or not the number is on it.
    """
    checks = (
        _own_lists(lists, revoked=_revoked(profiles, consent, next_call, on, revoke_all=revoke_all)),
        _consent_missing(profiles, lists, consent, next_call, on),
        _registries(profiles, lists, consent, on),
        _reassigned(profiles, lists),
    )
    return next((refusal for check in checks for refusal in check), None)


def _own_lists(lists: ListStanding, *, revoked: Refusal | None) -> Iterator[Refusal]:
    if lists.internal_dnc is not None:
        because = "the number is on our own do-not-call list"
        yield _ours(RefusalReason.INTERNAL_DNC, because, lists.internal_dnc, lists.internal_dnc_until)
    if revoked is not None:
        yield revoked
    if lists.complaint is not None:
        yield _ours(RefusalReason.COMPLAINT, "the number complained before", lists.complaint)
    if lists.blocked_prefix is not None:
        yield _ours(RefusalReason.BLOCKED_PREFIX, "numbers that begin so are blocked", lists.blocked_prefix)
    if lists.sensitive is not None:
        yield _ours(
            RefusalReason.SENSITIVE, "a sensitive customer who prefers another channel", lists.sensitive
        )


def _ours(reason: RefusalReason, because: str, why: str, until: datetime | None = None) -> Refusal:
    return Refusal(reason, until, f"{because}: {why}" if why else because)


# --- consent ----------------------------------------------------------------------------------------------------------


def _revoked(
    profiles: Sequence[Profile],
    consent: ConsentStanding,
    next_call: NextCall,
    on: date,
    *,
    revoke_all: bool,
) -> Refusal | None:
    for topic, when in consent.revoked:
        if _given_again(consent, when):
            continue
        for profile, everything in _reach(profiles, on, revoke_all=revoke_all):
            if revocation_stops(topic, next_call.subject, on, revoke_all=everything):
                because = f"consent was taken back on {when:%Y-%m-%d}" + (
                    f" (topic {topic})" if topic else ""
                )
                rule = profile.opt_out if profile is not None else None
                source = rule.source.citation if rule is not None else ""
                return Refusal(RefusalReason.REVOKED, None, because, profile.id if profile else "", source)
    return None


def _given_again(consent: ConsentStanding, revoked_at: datetime) -> bool:
    stands = consent.kind is not ConsentKind.NONE and consent.given_at is not None
    return stands and consent.given_at is not None and consent.given_at > revoked_at


def _reach(
    profiles: Sequence[Profile], on: date, *, revoke_all: bool
) -> Iterator[tuple[Profile | None, bool]]:
    """Who makes a revocation count, and whether on every topic: our own setting, then the law of the day."""
    yield None, revoke_all
    for profile in profiles:
        rule = profile.opt_out
        if rule is not None and rule.all_topics_from is not None:
            yield profile, on >= rule.all_topics_from


def _consent_missing(
    profiles: Sequence[Profile], lists: ListStanding, consent: ConsentStanding, next_call: NextCall, on: date
) -> Iterator[Refusal]:
    for profile in profiles:
        rule = profile.consent
        if rule is None or (rule.from_day is not None and on < rule.from_day):
            continue
        if rule.purposes and rule.purposes.isdisjoint(_widened(next_call.purposes)):
            continue
        if rule.relationship_suffices and lists.relationship:
            continue
        if _STRENGTH[consent.kind] < _STRENGTH[rule.least]:
            because = f"{rule.least} consent is needed, and there is {consent.kind}"
            yield Refusal(RefusalReason.CONSENT_MISSING, None, because, profile.id, rule.source.citation)


def _widened(purposes: frozenset[CallPurpose]) -> frozenset[CallPurpose]:
    return purposes | {CallPurpose.SALES} if CallPurpose.INSURANCE in purposes else purposes


# --- registries -------------------------------------------------------------------------------------------------------


def _registries(
    profiles: Sequence[Profile], lists: ListStanding, consent: ConsentStanding, on: date
) -> Iterator[Refusal]:
    """First whatever cannot be relied on, then what is listed. The youngest age that any of the rules asks for binds all."""
    bound = [
        (profile, profile.registry)
        for profile in profiles
        if profile.registry is not None and not _free_of(profile.registry, lists, consent)
    ]
    if not bound:
        return
    oldest = min(rule.oldest_days for _, rule in bound)
    needed = [(profile, rule, name) for profile, rule in bound for name in rule.registries]
    for profile, rule, name in needed:
        if (problem := _unfit(_listing(lists.registries, name), name, oldest, on)) is not None:
            yield Refusal(RefusalReason.REGISTRY_STALE, None, problem, profile.id, rule.source.citation)
    for profile, rule, name in needed:
        listing = _listing(lists.registries, name)
        if listing is not None and listing.listed:
            because = f"the number is on the registry {name}, copy of {listing.as_of}"
            yield Refusal(RefusalReason.REGISTRY_LISTED, None, because, profile.id, rule.source.citation)


def _free_of(rule: RegistryRule, lists: ListStanding, consent: ConsentStanding) -> bool:
    if rule.consent_overrides and consent.kind is not ConsentKind.NONE:
        return True
    return rule.relationship_overrides and lists.relationship


def _listing(registries: Iterable[RegistryListing], name: str) -> RegistryListing | None:
    return next((each for each in registries if each.registry == name), None)


def _unfit(listing: RegistryListing | None, name: str, oldest_days: int, on: date) -> str | None:
    if listing is None:
        return f"there is no copy of the registry {name}"
    if not listing.readable or listing.as_of is None:
        return f"the copy of the registry {name} cannot be read"
    if listing.as_of > on + _ONE_DAY:
        return f"the copy of the registry {name} is dated {listing.as_of}, which is yet to come"
    age = (on - listing.as_of).days
    return (
        f"the copy of the registry {name} is {age} days old; {oldest_days} are allowed"
        if age > oldest_days
        else None
    )


def _reassigned(profiles: Sequence[Profile], lists: ListStanding) -> Iterator[Refusal]:
    reasons = {"yes": RefusalReason.RND_YES, "no_data": RefusalReason.RND_NO_DATA}
    reason = reasons.get(lists.reassigned or "")
    if reason is None:
        return
    for profile in profiles:
        if profile.registry is not None and profile.registry.reassigned_check:
            because = (
                "the number was given to somebody else since consent was given"
                if reason is RefusalReason.RND_YES
                else "the Reassigned Numbers Database has no data on the number, which is no safe harbour"
            )
            yield Refusal(reason, None, because, profile.id, profile.registry.source.citation)
