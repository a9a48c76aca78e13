"""Contacts: lists in bulk by COPY, and single contacts for people."""

from collections.abc import Mapping, Sequence
from datetime import datetime

import asyncpg

from dialer.domain.contact import TRANSITIONS, ContactSignal, ContactState
from dialer.domain.contact_rows import NewContact, RefusedRow
from dialer.domain.ids import CampaignId, ContactId
from dialer.domain.phone_number import PhoneNumber
from dialer.domain.transitions import IllegalTransition, following
from dialer.errors import BadInput, Conflict, NotFound
from dialer.ports.storage import ContactView
from dialer.storage.postgres.pool import Database
from dialer.storage.postgres.queries import named

_BEGIN = named("begin_list")
_FINISH = named("finish_list")
_LOCK_LISTS = named("lock_lists")
_KNOWN_NUMBERS = named("known_numbers")
_KNOWN_IDS = named("known_external_ids")
_SUPPRESSED = named("suppressed_among")
_RESERVE = named("reserve_contact_ids")
_PAGE = named("contact_page")
_PAGE_IN_STATE = named("contact_page_in_state")
_BY_ID = named("contact_by_id")
_LOCK = named("lock_contact")
_MOVE = named("move_contact")

_CONTACT_COLUMNS = (
    "id", "campaign_id", "list_id", "external_id", "name", "language", "zone", "attributes", "due_at", "priority",
)  # fmt: skip
_NUMBER_COLUMNS = ("contact_id", "campaign_id", "position", "e164", "zones")


class PostgresContacts:
    def __init__(self, database: Database) -> None:
        self._database = database

    async def begin_list(self, campaign: CampaignId, source: str, now: datetime) -> int:
        new = await self._database.value(_BEGIN, campaign, source, now)
        if new is None:
            raise NotFound(f"there is no campaign {campaign}")
        return int(new)

    async def add_contacts(
        self, campaign: CampaignId, list_id: int, contacts: Sequence[NewContact], now: datetime
    ) -> Sequence[RefusedRow]:
        async def add(connection: asyncpg.Connection) -> Sequence[RefusedRow]:
            await connection.execute(_LOCK_LISTS.sql, campaign)
            known = await _known(connection, campaign, list_id, contacts)
            new, refused = known.divide(contacts)
            await _copy(connection, campaign, list_id, new, now)
            return refused

        return await self._database.transaction(add)

    async def finish_list(self, list_id: int, read: int, taken: int, refused: int) -> None:
        if await self._database.value(_FINISH, list_id, read, taken, refused) is None:
            raise NotFound(f"there is no list {list_id}")

    async def contacts(
        self, campaign: CampaignId, after: ContactId | None, most: int, state: ContactState | None = None
    ) -> Sequence[ContactView]:
        if state is None:
            rows = await self._database.rows(_PAGE, campaign, after or 0, most)
        else:
            rows = await self._database.rows(_PAGE_IN_STATE, campaign, after or 0, most, state.value)
        return [_view(row) for row in rows]

    async def contact(self, contact: ContactId) -> ContactView:
        row = await self._database.row(_BY_ID, contact)
        if row is None:
            raise _missing(contact)
        return _view(row)

    async def move_contact(
        self, contact: ContactId, signal: ContactSignal, due_at: datetime | None, because: str
    ) -> ContactState:
        async def move(connection: asyncpg.Connection) -> ContactState:
            state = await connection.fetchval(_LOCK.sql, contact)
            if state is None:
                raise _missing(contact)
            after = _following(ContactState(state), signal)
            if after is ContactState.READY and due_at is None:
                raise BadInput(
                    "a contact that becomes ready needs the time from which it may be dialled", "due_at"
                )
            ready_from = due_at if after is ContactState.READY else None
            await connection.execute(_MOVE.sql, contact, after.value, ready_from, because)
            return after

        return await self._database.transaction(move)


class _Known:
    """What the campaign has already, and what this batch adds on the way: key → where it was met."""

    def __init__(self, met: dict[tuple[str, str], str]) -> None:
        self._met = met

    def divide(self, contacts: Sequence[NewContact]) -> tuple[list[NewContact], list[RefusedRow]]:
        new: list[NewContact] = []
        refused: list[RefusedRow] = []
        for contact in contacts:
            because = self._duplicate(contact)
            if because is None:
                self._met.update((key, f"on line {contact.line} already") for key, _ in _keys(contact))
                new.append(contact)
            else:
                refused.append(RefusedRow(contact.line, because))
        return new, refused

    def _duplicate(self, contact: NewContact) -> str | None:
        return next((f"{what} is {self._met[key]}" for key, what in _keys(contact) if key in self._met), None)


def _keys(contact: NewContact) -> Sequence[tuple[tuple[str, str], str]]:
    numbers = [
        (("number", each.number.e164), "the number" if len(contact.numbers) == 1 else f"number {nth}")
        for nth, each in enumerate(contact.numbers, 1)
    ]
    if contact.external_id is None:
        return numbers
    return [*numbers, (("id", contact.external_id), "the external id")]


async def _known(
    connection: asyncpg.Connection, campaign: CampaignId, list_id: int, contacts: Sequence[NewContact]
) -> _Known:
    numbers = [each.number.e164 for contact in contacts for each in contact.numbers]
    ids = [contact.external_id for contact in contacts if contact.external_id is not None]
    met: dict[tuple[str, str], str] = {}
    for row in await connection.fetch(_KNOWN_NUMBERS.sql, campaign, numbers):
        met["number", row["e164"]] = _place(row, list_id)
    for row in await connection.fetch(_KNOWN_IDS.sql, campaign, ids) if ids else ():
        met["id", row["external_id"]] = _place(row, list_id)
    for row in await connection.fetch(_SUPPRESSED.sql, numbers):
        met["number", row["e164"]] = "that of somebody who asked to be forgotten"
    return _Known(met)


def _place(row: Mapping[str, object], list_id: int) -> str:
    return "earlier in this list already" if row["list_id"] == list_id else "in the campaign already"


async def _copy(
    connection: asyncpg.Connection,
    campaign: CampaignId,
    list_id: int,
    contacts: Sequence[NewContact],
    now: datetime,
) -> None:
    if not contacts:
        return
    ids = [row["id"] for row in await connection.fetch(_RESERVE.sql, len(contacts))]
    people = [
        (
            own,
            campaign,
            list_id,
            each.external_id,
            each.name,
            each.language,
            each.zone,
            each.attributes,
            now,
            each.priority,
        )
        for own, each in zip(ids, contacts, strict=True)
    ]
    numbers = [
        (own, campaign, position, each.number.e164, each.zones)
        for own, contact in zip(ids, contacts, strict=True)
        for position, each in enumerate(contact.numbers, 1)
    ]
    await connection.copy_records_to_table("contacts", records=people, columns=_CONTACT_COLUMNS)
    await connection.copy_records_to_table("contact_numbers", records=numbers, columns=_NUMBER_COLUMNS)


def _following(state: ContactState, signal: ContactSignal) -> ContactState:
    try:
        return following(TRANSITIONS, state, signal)
    except IllegalTransition as illegal:
        raise Conflict(f"the contact is {state}: {illegal}") from None


def _missing(contact: ContactId) -> NotFound:
    return NotFound(f"there is no contact {contact}")


def _view(row: asyncpg.Record) -> ContactView:
    return ContactView(
        id=ContactId(row["id"]),
        campaign=CampaignId(row["campaign_id"]),
        name=row["name"],
        state=ContactState(row["state"]),
        due_at=row["due_at"],
        attempts=row["attempts"],
        because=row["because"],
        numbers=tuple(PhoneNumber(number) for number in row["numbers"]),
    )
