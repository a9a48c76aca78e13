"""Contacts, and the lists they come from."""

from contextlib import suppress

from dialer.domain.contact import ContactSignal
from dialer.domain.ids import AgentId, CampaignId, ContactId
from dialer.errors import NotFound
from dialer.web.errors import Forbidden
from dialer.web.models import (
    Because,
    ContactMoved,
    ContactOut,
    ContactPage,
    ContactQuery,
    ListOut,
    Reopen,
    UploadQuery,
)
from dialer.web.operations import Call, Operation
from dialer.web.roles import Role
from dialer.web.uploads import received

MOST_UPLOAD = 200 << 20


def _id(call: Call) -> ContactId:
    return ContactId(call.number_in_path("contact"))


async def list_contacts(call: Call) -> ContactPage:
    asked = call.query(ContactQuery)
    store, campaign = call.deps.store, CampaignId(call.number_in_path("campaign"))
    await store.campaigns.campaign(campaign)
    after = ContactId(asked.after) if asked.after is not None else None
    rows = await store.contacts.contacts(campaign, after, asked.limit, asked.state)
    return ContactPage(
        contacts=[ContactOut.model_validate(row) for row in rows],
        next_after=rows[-1].id if len(rows) == asked.limit else None,
    )


async def get_contact(call: Call) -> ContactOut:
    if not Role(call.caller.role).covers(Role.SUPERVISOR):
        await _only_at_hand(call)
    return ContactOut.model_validate(await call.deps.store.contacts.contact(_id(call)))


async def _only_at_hand(call: Call) -> None:
    """Agents see whom they are asked to call, talk with or wrap up, and nobody else of the list."""
    agent = call.caller.agent
    if agent is None or _id(call) not in [await of(call, agent) for of in (_offered, _on_call)]:
        raise Forbidden("agents may read the contact at hand only")


async def _offered(call: Call, agent: AgentId) -> ContactId | None:
    with suppress(NotFound):
        return call.deps.floor.offer(agent).contact
    return None


async def _on_call(call: Call, agent: AgentId) -> ContactId | None:
    calls = {desk.id: desk.attempt for desk in call.deps.floor.snapshot().agents}
    with suppress(NotFound):
        if (attempt := calls.get(agent)) is not None:
            return (await call.deps.store.history.attempt(attempt)).contact
    return None


async def block_contact(call: Call) -> ContactMoved:
    words = await call.body(Because)
    because = words.because or f"blocked by {call.caller.name}"
    state = await call.deps.store.contacts.move_contact(_id(call), ContactSignal.BLOCK, None, because)
    await call.audit("contact.block", str(_id(call)), because=because)
    return ContactMoved(id=_id(call), state=state)


async def reopen_contact(call: Call) -> ContactMoved:
    words = await call.body(Reopen)
    because = words.because or f"reopened by {call.caller.name}"
    due_at = words.due_at or call.deps.clock.now()
    state = await call.deps.store.contacts.move_contact(_id(call), ContactSignal.REOPEN, due_at, because)
    await call.audit("contact.reopen", str(_id(call)), because=because)
    return ContactMoved(id=_id(call), state=state)


async def upload_list(call: Call) -> ListOut:
    asked = call.query(UploadQuery)
    campaign = CampaignId(call.number_in_path("campaign"))
    await call.deps.store.campaigns.campaign(campaign)
    async with received(call.request, MOST_UPLOAD) as file:
        summary = await call.deps.lists.take(campaign, asked.source, file)
    await call.audit(
        "list.import", str(campaign), source=asked.source, taken=summary.taken, refused=summary.refused
    )
    return ListOut.model_validate(summary)


ONE = "/api/v1/contacts/{contact}"
OPERATIONS = (
    Operation(
        "GET",
        "/api/v1/campaigns/{campaign}/contacts",
        Role.SUPERVISOR,
        "Contacts of a campaign in the order of their ids",
        list_contacts,
        query=ContactQuery,
        response=ContactPage,
    ),
    Operation(
        "GET",
        ONE,
        Role.AGENT,
        "One contact; agents the one offered to them or on their call",
        get_contact,
        response=ContactOut,
    ),
    Operation(
        "POST",
        ONE + "/block",
        Role.SUPERVISOR,
        "Never call this contact again",
        block_contact,
        request=Because,
        response=ContactMoved,
    ),
    Operation(
        "POST",
        ONE + "/reopen",
        Role.SUPERVISOR,
        "Put a finished contact back to be called",
        reopen_contact,
        request=Reopen,
        response=ContactMoved,
    ),
    Operation(
        "POST",
        "/api/v1/campaigns/{campaign}/lists",
        Role.SUPERVISOR,
        "Import a list of contacts as CSV, at most 200 MiB",
        upload_list,
        query=UploadQuery,
        response=ListOut,
        status=201,
        takes="text/csv",
    ),
)
