"""Consent, and its end. Numbers are sent in bodies: addresses end up in the logs of proxies."""

from datetime import datetime

from pydantic import Field

from dialer.domain.consent import EVERY, Consent, GivenKind, Revocation, RevokedBy
from dialer.domain.phone_number import BadNumber, PhoneNumber, parse_number
from dialer.errors import BadInput
from dialer.ports.storage import DoNotCallEntry
from dialer.web.models import Changed, In, Line, NumberOut, Out, Time
from dialer.web.operations import Call, Operation
from dialer.web.roles import Role


class OfNumber(In):
    number: str = Field(min_length=3, max_length=40)


class NewConsent(OfNumber):
    kind: GivenKind = GivenKind.EXPRESS
    given_at: Time
    source: Line = Field(min_length=1, description="where it was given: a form, a shop, a call")
    seller: Line = Field(default="", description="in whose favour; empty: the house's own")
    topic: Line = Field(default="", description="empty: every topic of this seller")
    wording: str = Field(default="", max_length=4000, description="what the person agreed to, word for word")
    proof: Line = Field(default="", description="where the evidence lies")
    lifts_hours: bool = Field(default=False, description="asked to be called at such hours")
    expires_at: Time | None = None


class NewRevocation(OfNumber):
    seller: Line = Field(default="", description="empty: of all sellers")
    topic: Line = Field(default="", description="empty: on all topics")
    reason: Line = ""
    never_again: bool = Field(default=False, description="onto the do-not-call list as well")


class ConsentOut(Out):
    number: NumberOut
    kind: GivenKind
    given_at: datetime
    source: str
    seller: str
    topic: str
    wording: str
    proof: str
    lifts_hours: bool
    expires_at: datetime | None
    revoked_at: datetime | None
    revoked_by: RevokedBy | None
    last_used_at: datetime | None


class RevocationOut(Out):
    number: NumberOut
    at: datetime
    how: RevokedBy
    seller: str
    topic: str
    detail: str


class ConsentsOut(Out):
    number: str
    consents: list[ConsentOut]
    revocations: list[RevocationOut]


def _number(call: Call, written: str) -> PhoneNumber:
    try:
        return parse_number(written, call.deps.region)
    except BadNumber as wrong:
        raise BadInput(str(wrong), "number") from None


async def add_consent(call: Call) -> Changed:
    wanted, now = await call.body(NewConsent), call.deps.clock.now()
    if wanted.given_at > now:
        raise BadInput("given_at lies in the future", "given_at")
    if wanted.expires_at is not None and wanted.expires_at <= wanted.given_at:
        raise BadInput("expires_at must be after given_at", "expires_at")
    fields = wanted.model_dump(exclude={"number"})
    consent = Consent(number=_number(call, wanted.number), **fields)
    new = await call.deps.store.consent.add_consents([consent], f"user: {call.caller.name}", now)
    await call.audit("consent.add", consent.number.masked, **consent.for_audit())
    return Changed(changed=new > 0)


async def add_revocation(call: Call) -> Changed:
    wanted, now = await call.body(NewRevocation), call.deps.clock.now()
    number, by = _number(call, wanted.number), f"user: {call.caller.name}"
    if wanted.never_again:
        entry = DoNotCallEntry(number, None, by, wanted.reason or "took consent back", now)
        await call.deps.store.do_not_call.add_do_not_call([entry])
    revocation = Revocation(
        number, now, RevokedBy.API, wanted.seller or EVERY, wanted.topic or EVERY, wanted.reason
    )
    new = await call.deps.store.consent.record_revocations([revocation], by, now)
    await call.audit(
        "consent.revoke",
        number.masked,
        seller=wanted.seller,
        topic=wanted.topic,
        never_again=wanted.never_again,
    )
    return Changed(changed=new > 0)


async def check_consents(call: Call) -> ConsentsOut:
    number = _number(call, (await call.body(OfNumber)).number)
    store = call.deps.store.consent
    return ConsentsOut(
        number=number.e164,
        consents=[ConsentOut.model_validate(each) for each in await store.consents(number)],
        revocations=[RevocationOut.model_validate(each) for each in await store.revocations(number)],
    )


OPERATIONS = (
    Operation(
        "POST",
        "/api/v1/consents",
        Role.SUPERVISOR,
        "Record that somebody agreed to be called",
        add_consent,
        request=NewConsent,
        response=Changed,
    ),
    Operation(
        "POST",
        "/api/v1/consents/check",
        Role.SUPERVISOR,
        "Every consent of a number, and what was taken back",
        check_consents,
        request=OfNumber,
        response=ConsentsOut,
    ),
    Operation(
        "POST",
        "/api/v1/revocations",
        Role.AGENT,
        "Record that consent was taken back; it counts for the next call",
        add_revocation,
        request=NewRevocation,
        response=Changed,
    ),
)
