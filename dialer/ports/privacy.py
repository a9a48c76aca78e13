"""What the store keeps of a person, and how it is destroyed. Every method may raise `StorageDown`."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from typing import Any, Protocol
from uuid import UUID

from dialer.domain.ids import AttemptId, CampaignId, ContactId
from dialer.domain.phone_number import PhoneNumber


@dataclass(frozen=True, slots=True)
class CallOnFile:
    """`profiles`: by which the dial was decided; None where that was not kept. `held`: why a legal hold is on it, or "".

    `last_call_at`: of the same number, this call or a later one.
    """

    attempt: AttemptId
    campaign: CampaignId
    e164: str
    at: datetime
    last_call_at: datetime
    profiles: tuple[str, ...] | None
    held: str = ""
    ended: bool = True


@dataclass(frozen=True, slots=True)
class AudioOnFile:
    recording: UUID
    attempt: AttemptId
    name: str
    state: str


@dataclass(frozen=True, slots=True)
class ConsentOnFile:
    id: int
    e164: str
    given_at: datetime
    last_used_at: datetime | None
    held: str = ""


@dataclass(frozen=True, slots=True)
class RequestOnFile:
    """What somebody asked for: `what` is do_not_call or revocations."""

    what: str
    id: int
    e164: str
    at: datetime
    held: str = ""


@dataclass(frozen=True, slots=True)
class ContactOnFile:
    """`others`: numbers of the same contact, which are not erased with this one."""

    contact: ContactId
    others: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Erasure:
    """`answer_by`: GDPR Art. 12(3), one month after it was asked for."""

    id: int
    number: PhoneNumber
    asked_at: datetime
    answer_by: date


@dataclass(frozen=True, slots=True)
class Hold:
    """Exactly one of `number`, `attempt` and `campaign` is held. `until` None: until it is released."""

    why: str
    number: PhoneNumber | None = None
    attempt: AttemptId | None = None
    campaign: CampaignId | None = None
    until: date | None = None
    id: int | None = None
    begun_by: str = ""
    begun_at: datetime | None = None
    released_at: datetime | None = None
    released_by: str | None = None


@dataclass(frozen=True, slots=True)
class FlowCallOnFile:
    """A call in the IVR, with what was answered and asked for on it; or, as `request REFERENCE`, what was asked for without one.

    `e164` is "" where no number was shown. `clips`: the recordings of the caller's own words that the store knows of; the
    folder may have more of them.
    """

    call: str
    e164: str
    at: datetime
    ended: bool
    consent: bool
    clips: tuple[str, ...]
    held: str = ""


@dataclass(frozen=True, slots=True)
class FlowRequestOnFile:
    """What a caller asked for in a flow: `kind` is callback, voicemail, opt_out or sms. `call`: where that is on file."""

    id: int
    reference: str
    kind: str
    e164: str
    at: datetime
    clip: str
    call: str
    held: str = ""


class ClipStore(Protocol):
    """Recordings of what callers said in flows. Each method raises `OSError`, also when the folder is away."""

    def of_calls(self, calls: Collection[str]) -> Mapping[str, Sequence[str]]:
        """All that there are of these calls, also those that no answer and no request names: takes that were too short,
        and what a flow only keeps in a variable."""
        ...

    def path(self, name: str) -> Path | None:
        """None when it is not there. Accepts only names that flows make."""
        ...

    def purge(self, name: str) -> bool:
        """False when it was not there. Again. Raises `OSError` when it stays."""
        ...


class PrivacyStore(Protocol):
    async def flow_calls_on_file(self, number: PhoneNumber, today: date) -> Sequence[FlowCallOnFile]: ...

    async def erase_flow_calls(self, number: PhoneNumber, calls: Sequence[str]) -> int:
        """Codes and counts stay for the figures, under a pseudonym; words, numbers, contact fields go."""
        ...

    async def forget_clips(self, calls: Sequence[str], clips: Sequence[str]) -> None:
        """To be called when the files are gone. Again."""
        ...

    async def calls_on_file(self, number: PhoneNumber, today: date) -> Sequence[CallOnFile]: ...

    async def audio_on_file(self, number: PhoneNumber) -> Sequence[AudioOnFile]: ...

    async def consents_on_file(self, number: PhoneNumber, today: date) -> Sequence[ConsentOnFile]: ...

    async def requests_on_file(self, number: PhoneNumber, today: date) -> Sequence[RequestOnFile]: ...

    async def contacts_on_file(self, number: PhoneNumber) -> Sequence[ContactOnFile]: ...

    async def hold_on_number(self, number: PhoneNumber, today: date) -> str:
        """Why; "" when there is none."""
        ...

    async def file_on_number(self, number: PhoneNumber) -> Mapping[str, Sequence[Mapping[str, Any]]]:
        """All that is held of it, by kind."""
        ...

    async def begin_erasure(self, number: PhoneNumber, by: str, now: datetime, answer_by: date) -> Erasure:
        """From now on the number is neither dialled nor imported. One that is open goes on. Again."""
        ...

    async def open_erasures(self, today: date) -> Sequence[Erasure]:
        """Those that have something to do: broken off, or waiting until today."""
        ...

    async def end_erasure(
        self, erasure: int, next_on: date | None, done: bool, result: Mapping[str, Any], now: datetime
    ) -> None: ...

    async def purge_recordings(self, recordings: Sequence[UUID], why: str, now: datetime) -> None:
        """To be called when the audio is gone. Again."""
        ...

    async def pseudonymise(self, number: PhoneNumber, attempts: Sequence[AttemptId]) -> int: ...

    async def erase_contacts(self, number: PhoneNumber) -> int: ...

    async def erase_refusals(self, number: PhoneNumber) -> int: ...

    async def erase_consents(self, consents: Sequence[int]) -> int: ...

    async def erase_requests(self, what: str, ids: Sequence[int]) -> int: ...

    async def erase_reassigned_answers(self, number: PhoneNumber) -> int: ...

    async def add_hold(self, hold: Hold, by: str, now: datetime) -> int: ...

    async def release_hold(self, hold: int, by: str, now: datetime) -> bool:
        """False when there is no such hold in force."""
        ...

    async def holds(self) -> Sequence[Hold]: ...


@dataclass(frozen=True, slots=True)
class RetentionRun:
    """`purged` and `kept` count by class; kept are those due by age that something held."""

    id: int
    started_at: datetime
    ended_at: datetime | None
    run_by: str
    purged: Mapping[str, int]
    kept: Mapping[str, int]
    problem: str


class RetentionStore(Protocol):
    """Pages by age. `after` is the last of the page before."""

    async def audio_by_age(
        self, before: datetime, after: tuple[datetime, UUID] | None, most: int, today: date
    ) -> Sequence[tuple[AudioOnFile, CallOnFile, datetime]]:
        """With the moment each recording began."""
        ...

    async def calls_by_age(
        self, campaign: CampaignId, before: datetime, after: CallOnFile | None, most: int, today: date
    ) -> Sequence[CallOnFile]:
        """Ended ones without audio."""
        ...

    async def delete_calls(self, attempts: Sequence[AttemptId]) -> int: ...

    async def delete_timelines(self, attempts: Sequence[AttemptId]) -> int: ...

    async def delete_refusals(self, before: datetime, today: date) -> int: ...

    async def count_refusals(self, before: datetime, today: date) -> int: ...

    async def consents_by_age(
        self, before: datetime, after: int, most: int, now: datetime, today: date
    ) -> Sequence[ConsentOnFile]:
        """Ended ones only."""
        ...

    async def requests_by_age(
        self, before: datetime, after: int, most: int, today: date
    ) -> Sequence[RequestOnFile]:
        """Do-not-call entries that expired."""
        ...

    async def flow_calls_by_age(
        self, before: datetime, after: FlowCallOnFile | None, most: int, today: date
    ) -> Sequence[FlowCallOnFile]:
        """Nothing has happened on them since. Without the requests that no call is known of."""
        ...

    async def delete_flow_calls(self, calls: Sequence[str]) -> int:
        """With their answers."""
        ...

    async def flow_requests_by_age(
        self, before: datetime, after: int, most: int, today: date
    ) -> Sequence[FlowRequestOnFile]:
        """Neither due nor settled since."""
        ...

    async def delete_flow_requests(self, requests: Sequence[int]) -> int: ...

    async def begin_run(self, by: str, now: datetime) -> int: ...

    async def end_run(
        self, run: int, purged: Mapping[str, int], kept: Mapping[str, int], problem: str, now: datetime
    ) -> None: ...

    async def runs(self, most: int) -> Sequence[RetentionRun]:
        """The latest first."""
        ...
