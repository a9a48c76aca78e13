"""What the agent's word on a call does to the contact and to the do-not-call list."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from dialer.domain.consent import Revocation, RevokedBy
from dialer.domain.contact import ContactSignal, ContactState
from dialer.domain.disposition import UNTIL_AGREED, Disposition
from dialer.domain.recycling import Aftermath, aftermath
from dialer.errors import BadInput, Conflict
from dialer.ports.storage import AttemptView, DoNotCallEntry
from dialer.web.deps import Store

_FURTHEST_CALLBACK = timedelta(days=366)
_MOST_EARLIER = 1000

_LEADS_TO: Mapping[ContactSignal, ContactState] = {
    ContactSignal.RETRY: ContactState.READY,
    ContactSignal.FINISH: ContactState.DONE,
    ContactSignal.EXHAUST: ContactState.EXHAUSTED,
    ContactSignal.BLOCK: ContactState.BLOCKED,
}


@dataclass(frozen=True, slots=True)
class AgentWord:
    result: Disposition
    note: str
    callback_at: datetime | None


@dataclass(frozen=True, slots=True)
class Noted:
    disposition: Disposition
    contact_state: ContactState
    due_at: datetime | None


async def note_result(store: Store, attempt: AttemptView, word: AgentWord, by: str, now: datetime) -> Noted:
    """Raises `BadInput` for an impossible call-back, `Conflict` while the call lasts or when it had no agent."""
    if attempt.ended_at is None:
        raise Conflict("the call has not ended yet")
    _check_callback(word, now)
    then = await _aftermath(store, attempt, attempt.ended_at, word)
    state = _LEADS_TO[then.signal]
    due_at = then.due_at if state is ContactState.READY else None
    if word.result is Disposition.DO_NOT_CALL:
        # first the list: should the second step fail, nobody is called who asked not to be
        await _block(store, attempt, by, now)
    if word.result is Disposition.ABROAD and word.callback_at is not None:
        await _leave_in_peace(store, attempt, by, now, word.callback_at)
    await store.history.note_result(
        attempt.id, word.result, word.note, word.callback_at, state, due_at, then.because, now
    )
    return Noted(word.result, state, due_at)


def _check_callback(word: AgentWord, now: datetime) -> None:
    if word.result is Disposition.CALLBACK and word.callback_at is None:
        raise BadInput("a call-back needs callback_at", "callback_at")
    if word.callback_at is not None and word.result not in UNTIL_AGREED:
        raise BadInput(
            "callback_at goes with a call-back, or with the day of return of who is abroad", "callback_at"
        )
    if word.callback_at is not None and not now < word.callback_at < now + _FURTHEST_CALLBACK:
        raise BadInput("callback_at must lie in the coming year", "callback_at")


async def _aftermath(store: Store, attempt: AttemptView, ended_at: datetime, word: AgentWord) -> Aftermath:
    campaign = await store.campaigns.campaign(attempt.campaign)
    contact = await store.contacts.contact(attempt.contact)
    earlier = await store.history.attempts(attempt.campaign, None, _MOST_EARLIER, attempt.contact)
    so = sum(other.disposition is word.result for other in earlier if other.id != attempt.id)
    return aftermath(
        word.result,
        campaign.plan.retry,
        ended_at=ended_at,
        times_so=so + 1,
        attempts=contact.attempts,
        most_attempts=campaign.plan.most_attempts,
        other_numbers=len(contact.numbers) - 1,
        callback_at=word.callback_at,
    )


async def _leave_in_peace(
    store: Store, attempt: AttemptView, by: str, now: datetime, until: datetime
) -> None:
    """Whoever is abroad would pay for the call: no campaign calls the number before the day of return."""
    reason = f"abroad until {until:%Y-%m-%d}"
    entry = DoNotCallEntry(attempt.number, None, f"agent: {by}", reason, now, expires_at=until)
    await store.do_not_call.add_do_not_call([entry])


async def _block(store: Store, attempt: AttemptView, by: str, now: datetime) -> None:
    entry = DoNotCallEntry(attempt.number, None, f"agent: {by}", "asked during the call", now)
    await store.do_not_call.add_do_not_call([entry])
    said_at = attempt.ended_at or now  # the same moment when the agent says it twice
    revocation = Revocation(attempt.number, said_at, RevokedBy.AGENT, detail=by, attempt=attempt.id)
    await store.consent.record_revocations([revocation], f"agent: {by}", now)
