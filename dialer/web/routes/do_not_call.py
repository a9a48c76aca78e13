"""The do-not-call list. Numbers are sent in bodies: addresses end up in the logs of proxies."""

import re

from dialer.domain.ids import CampaignId
from dialer.domain.phone_number import BadNumber, PhoneNumber, parse_number
from dialer.errors import BadInput
from dialer.ports.storage import DoNotCallEntry, ListKind
from dialer.web.models import Changed, DoNotCallAnswer, DoNotCallNew, DoNotCallNumber, DoNotCallOut
from dialer.web.operations import Call, Operation
from dialer.web.roles import Role


def _number(call: Call, written: str, kind: ListKind = ListKind.NUMBER) -> PhoneNumber:
    if kind is ListKind.PREFIX:
        if not re.fullmatch(r"\+[1-9][0-9]{0,14}", written):
            raise BadInput("a prefix is a plus and the first digits of numbers, such as +1900", "number")
        return PhoneNumber(written)
    try:
        return parse_number(written, call.deps.region)
    except BadNumber as wrong:
        raise BadInput(str(wrong), "number") from None


async def _campaign(call: Call, campaign: int | None) -> CampaignId | None:
    if campaign is None:
        return None
    return (await call.deps.store.campaigns.campaign(CampaignId(campaign))).id


async def add_do_not_call(call: Call) -> Changed:
    wanted = await call.body(DoNotCallNew)
    if wanted.channel and wanted.kind is not ListKind.SENSITIVE:
        raise BadInput("a channel is of the kind sensitive", "channel")
    entry = DoNotCallEntry(
        _number(call, wanted.number, wanted.kind),
        await _campaign(call, wanted.campaign),
        f"user: {call.caller.name}",
        wanted.reason,
        call.deps.clock.now(),
        wanted.expires_at,
        wanted.kind,
        wanted.channel,
    )
    new = await call.deps.store.do_not_call.add_do_not_call([entry])
    await call.audit("do_not_call.add", entry.number.masked, campaign=wanted.campaign)
    return Changed(changed=new > 0)


async def remove_do_not_call(call: Call) -> Changed:
    wanted = await call.body(DoNotCallNumber)
    number, campaign = _number(call, wanted.number, wanted.kind), await _campaign(call, wanted.campaign)
    gone = await call.deps.store.do_not_call.remove_do_not_call(number, campaign, wanted.kind)
    await call.audit("do_not_call.remove", number.masked, campaign=wanted.campaign, was_listed=gone)
    return Changed(changed=gone)


async def check_do_not_call(call: Call) -> DoNotCallAnswer:
    wanted = await call.body(DoNotCallNumber)
    number = _number(call, wanted.number)
    entries = await call.deps.store.do_not_call.do_not_call(number)
    if wanted.campaign is not None:
        entries = [entry for entry in entries if entry.campaign in (None, wanted.campaign)]
    return DoNotCallAnswer(
        number=number.e164,
        listed=bool(entries),
        entries=[DoNotCallOut.model_validate(entry) for entry in entries],
    )


OPERATIONS = (
    Operation(
        "POST",
        "/api/v1/do-not-call",
        Role.SUPERVISOR,
        "Never call a number again, everywhere or in one campaign",
        add_do_not_call,
        request=DoNotCallNew,
        response=Changed,
    ),
    Operation(
        "POST",
        "/api/v1/do-not-call/remove",
        Role.SUPERVISOR,
        "Take a number off the list",
        remove_do_not_call,
        request=DoNotCallNumber,
        response=Changed,
    ),
    Operation(
        "POST",
        "/api/v1/do-not-call/check",
        Role.SUPERVISOR,
        "Whether a number is on the list",
        check_do_not_call,
        request=DoNotCallNumber,
        response=DoNotCallAnswer,
    ),
)
