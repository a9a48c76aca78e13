"""Which consent stands for a call, and which revocations stand against it."""

from collections.abc import Iterable, Sequence
from datetime import date, datetime

from dialer.compliance.call import ConsentStanding
from dialer.compliance.profile import ConsentKind
from dialer.domain.consent import EVERY, Consent, GivenKind, Reassigned, ReassignedAnswer, Revocation

# 47 CFR 64.1200(a)(10), second part, waived until this day (DA 26-12 of 6 January 2026); it is read as the duty's first day
REVOKE_ALL_FROM = date(2027, 1, 31)

_KINDS = {GivenKind.EXPRESS: ConsentKind.EXPRESS, GivenKind.WRITTEN: ConsentKind.WRITTEN}


def revocation_stops(revoked: str, topic: str, on: date, *, revoke_all: bool) -> bool:
    """Whether taking back consent on the topic `revoked` stops calls on `topic`; "" is every topic.

    With `revoke_all` a no on one topic is a no on all. Without it another topic may be called about, until the day on
    which the law takes the choice away.
    """
    return revoke_all or on >= REVOKE_ALL_FROM or EVERY in (revoked, topic) or _same(revoked, topic)


def standing(
    consents: Iterable[Consent], revocations: Iterable[Revocation], seller: str, topic: str, now: datetime
) -> ConsentStanding:
    """What is known of one number for calls in the name of `seller` on `topic`.

    A consent stands for the seller it names only, on its own topic or, without one, on all; a call without a topic needs a
    consent without one. Of several the written one counts, then the one that lifts calling hours, then the latest.
    `revoked` holds what was taken back and not given again since: what it stops is for `revocation_stops` to say.
    """
    against = [each for each in revocations if each.at <= now and _same(each.seller, seller, EVERY)]
    good = [
        each for each in consents if _covers(each, seller, topic, now) and not _ended(each, against, topic)
    ]
    if not good:
        return ConsentStanding(revoked=tuple((each.topic, each.at) for each in against))
    best = max(good, key=lambda each: (each.kind is GivenKind.WRITTEN, each.lifts_hours, each.given_at))
    newest = max(each.given_at for each in good)
    return ConsentStanding(
        kind=_KINDS[best.kind],
        id=best.id,
        given_at=best.given_at,
        lifts_hours=best.lifts_hours,
        revoked=tuple((each.topic, each.at) for each in against if each.at >= newest),
    )


def _covers(consent: Consent, seller: str, topic: str, now: datetime) -> bool:
    begun = consent.given_at <= now and (consent.expires_at is None or now < consent.expires_at)
    alive = consent.revoked_at is None or consent.revoked_at > now
    return begun and alive and _same(consent.seller, seller) and _same(consent.topic, topic, EVERY)


def _ended(consent: Consent, against: Iterable[Revocation], topic: str) -> bool:
    """By a revocation of all topics or of this one; what it does to other topics is not the consent's business."""
    return any(each.at >= consent.given_at and _same(each.topic, topic, EVERY) for each in against)


def _same(written: str, *wanted: str) -> bool:
    """Names as people write them: case and spaces around do not matter."""
    return written.strip().casefold() in {each.strip().casefold() for each in wanted}


def reassigned_answer(answers: Sequence[ReassignedAnswer], given_at: datetime | None) -> Reassigned | None:
    """What the latest answer says of the consent given at `given_at`; None when nothing was asked that speaks of it.

    The database says whether a number was reassigned since the date asked about (47 CFR 64.1200(m)): "no" since an earlier
    date than the consent's is as good, "no" since a later one says nothing, "yes" since a later one says all. An answer from
    before the consent speaks of somebody else.
    """
    usable = [each for each in answers if given_at is None or _speaks_of(each, given_at)]
    return max(usable, key=lambda each: each.asked_at).answer if usable else None


def _speaks_of(answer: ReassignedAnswer, given_at: datetime) -> bool:
    reaches_back = answer.consent_on <= given_at.date() or answer.answer is Reassigned.YES
    return answer.asked_at >= given_at and reaches_back
